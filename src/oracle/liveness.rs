//! Liveness: once faults stop, everything moves to its end. Every triggered snapshot ends, and
//! within its timeout; every record is emitted and taken; nothing stays stuck.

use super::{End, First, Moment, Verdict};
use crate::kernel::{Id, Ticks};
use crate::model::{Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// See the module.
#[derive(Clone, Debug)]
pub struct Liveness {
    timeout: Ticks,
    pending: Vec<(SnapshotId, Ticks)>,
    left: Option<String>,
    failed: bool,
    /// By task: whether the coordinator heard that the source is done.
    exhausted: Vec<bool>,
    first: First,
}

impl Liveness {
    /// For one scenario; `timeout` is the longest a snapshot may be pending.
    pub fn new(plan: &Plan, timeout: Ticks) -> Self {
        Liveness {
            timeout,
            pending: Vec::new(),
            left: None,
            failed: false,
            exhausted: vec![false; plan.tasks().len()],
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.pending.clear();
        self.exhausted.fill(false);
        (self.left, self.failed, self.first) = (None, false, First::default());
    }

    pub(super) fn job_failed(&self) -> bool {
        self.failed
    }

    /// Whether something never came to its end.
    pub(super) fn is_stuck(&self, plan: &Plan) -> bool {
        self.left.is_some() || !self.pending.is_empty() || self.unfinished_source(plan).is_some()
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Triggered { snapshot } => self.pending.push((snapshot, moment.at)),
            Fact::Completed { snapshot } | Fact::Aborted { snapshot, .. } => {
                let Some(at) = self.pending.iter().position(|(id, _)| *id == snapshot) else { return };
                let (_, since) = self.pending.remove(at);
                let took = moment.at.since(since);
                if took > self.timeout {
                    self.first.note(moment, fact.describe(plan), format!("an end within {}", self.timeout), format!("it took {took}"));
                }
            }
            Fact::Exhausted { task } => self.exhausted[task.index()] = true,
            Fact::Failover => self.exhausted.fill(false),
            Fact::JobFailed => self.failed = true,
            Fact::LeftBehind { .. } if self.left.is_none() => self.left = Some(fact.describe(plan)),
            _ => {}
        }
    }

    fn unfinished_source(&self, plan: &Plan) -> Option<TaskId> {
        plan.sources().iter().copied().find(|task| !self.exhausted[task.index()])
    }

    pub(super) fn verdict(&mut self, plan: &Plan, end: End) -> Verdict {
        if self.failed {
            return Verdict::Incomplete("the job failed: no restart was left".to_owned());
        }
        let at_end = "at the end".to_owned();
        if let Some(left) = self.left.take() {
            self.first.note(end.moment, at_end, "every record taken", left);
        } else if end.cut_short {
            self.first.note(end.moment, at_end, "a run that comes to rest", format!("still going after {}", end.moment.at));
        } else if let Some(&(id, since)) = self.pending.first() {
            self.first.note(end.moment, at_end, "every snapshot completed or aborted", format!("snapshot {id} pending since {since}"));
        } else if let Some(task) = self.unfinished_source(plan) {
            self.first.note(end.moment, at_end, "every source at its end", format!("{} is not", plan.task_name(task)));
        }
        self.first.verdict()
    }
}
