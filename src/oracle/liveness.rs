//! Liveness: once faults stop, everything moves to its end. Every triggered snapshot ends, and
//! within its timeout; every record is emitted and taken; nothing stays stuck. A snapshot that only its timeout can end
//! hangs, too, unless a message of the coordinator was lost in this attempt, or a newer snapshot was given up, whose
//! marker ends older ones where it meets them without a word to the coordinator (B3, as in Flink).

use std::hash::{Hash, Hasher};

use super::answers::Answers;
use super::{End, First, Moment, Verdict, missing_path};
use crate::kernel::{Id, Ticks, clone_fields};
use crate::model::{Kind, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// See the module.
#[derive(Debug)]
pub struct Liveness {
    timeout: Ticks,
    pending: Vec<(SnapshotId, Ticks)>,
    /// Who started them, where a process did.
    initiators: Vec<(SnapshotId, TaskId)>,
    left: Option<String>,
    failed: bool,
    /// Whether a message of the coordinator was lost in this attempt.
    lost: bool,
    /// The newest snapshot that was given up in this attempt: its marker ends older ones without a word (B3, L1).
    given_up: Option<SnapshotId>,
    /// By task, up to the last source: whether the coordinator heard that it is done.
    exhausted: Vec<bool>,
    answers: Answers,
    first: First,
}

clone_fields!(Liveness { timeout, pending, initiators, left, failed, lost, given_up, exhausted, answers, first });

impl Liveness {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Since when a snapshot is pending is a matter of time, of which a search has none; who started
    /// one that is over has no future. What is left over shows at the end only.
    pub(super) fn hash_state<H: Hasher>(&self, oldest: Option<SnapshotId>, state: &mut H) {
        self.answers.hash_state(oldest, state);
        state.write_usize(self.pending.len());
        for (id, _) in &self.pending {
            let initiator = self.initiators.iter().find(|(initiated, _)| initiated == id).map(|(_, task)| *task);
            // What was given up matters to what is older and pending alone: later ones have later numbers.
            (id, initiator, Some(*id) < self.given_up).hash(state);
        }
        (self.failed, self.lost).hash(state);
        self.exhausted.iter().for_each(|exhausted| exhausted.hash(state));
    }

    /// For one scenario; `timeout` is the longest a snapshot may be pending.
    pub fn new(plan: &Plan, timeout: Ticks) -> Self {
        Liveness {
            timeout,
            pending: Vec::new(),
            initiators: Vec::new(),
            left: None,
            failed: false,
            lost: false,
            given_up: None,
            exhausted: vec![false; plan.sources().iter().map(|source| source.index() + 1).max().unwrap_or(0)],
            answers: Answers::new(plan),
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.pending.clear();
        self.initiators.clear();
        self.exhausted.fill(false);
        self.answers.reset();
        (self.left, self.failed, self.lost, self.given_up, self.first) = (None, false, false, None, First::default());
    }

    pub(super) fn job_failed(&self) -> bool {
        self.failed
    }

    /// Whether something never came to its end.
    pub(super) fn is_stuck(&self, plan: &Plan) -> bool {
        self.left.is_some() || !self.pending.is_empty() || self.unfinished_source(plan).is_some()
    }

    /// Whether the end of the step has to be looked at.
    pub(super) fn is_unsettled(&self) -> bool {
        self.answers.is_unsettled()
    }

    /// The step is over.
    pub(super) fn settle(&mut self, plan: &Plan, moment: Moment) {
        self.answers.settle(plan, moment, &mut self.first);
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        Answers::reads(fact)
            || matches!(
                fact,
                Fact::Triggered { .. }
                    | Fact::Initiated { .. }
                    | Fact::Completed { .. }
                    | Fact::Aborted { .. }
                    | Fact::Exhausted { .. }
                    | Fact::Failover
                    | Fact::JobFailed
                    | Fact::NoticeLost { .. }
                    | Fact::StoodStill { .. }
                    | Fact::LeftBehind { .. }
            )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        if Answers::reads(fact) {
            self.answers.rare_fact(plan, moment, fact, &mut self.first);
        }
        match fact {
            Fact::Triggered { snapshot } => self.pending.push((snapshot, moment.at)),
            Fact::Initiated { task, snapshot } => self.initiators.push((snapshot, task)),
            Fact::Completed { snapshot } | Fact::Aborted { snapshot, .. } => {
                if let Fact::Aborted { .. } = fact {
                    self.given_up = self.given_up.max(Some(snapshot));
                }
                let Some(at) = self.pending.iter().position(|(id, _)| *id == snapshot) else { return };
                let (_, since) = self.pending.remove(at);
                let took = moment.at.since(since);
                if took > self.timeout {
                    self.first.note(moment, fact.describe(plan), format!("an end within {}", self.timeout), format!("it took {took}"));
                }
            }
            Fact::Exhausted { task } => {
                if let Some(exhausted) = self.exhausted.get_mut(task.index()) {
                    *exhausted = true;
                }
            }
            Fact::Failover => {
                self.exhausted.fill(false);
                (self.lost, self.given_up) = (false, None);
            }
            Fact::NoticeLost { .. } => self.lost = true,
            // Nobody tells processes anything, and a snapshot of theirs waits as long as it takes.
            Fact::StoodStill { snapshot } if !self.lost && self.given_up < Some(snapshot) && !plan.has_processes() => {
                self.first.note(moment, fact.describe(plan), "a snapshot that ends while something can happen", "it waits for its timeout");
            }
            Fact::JobFailed => self.failed = true,
            // A message that no state of its receiver takes is the process's business.
            Fact::LeftBehind { channel, .. } if matches!(plan.kind(plan.channels()[channel].to), Kind::Automaton(_)) => {}
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
        let waits_for_ever = |(id, task): &(SnapshotId, TaskId)| {
            let is_pending = self.pending.iter().any(|(pending, _)| pending == id);
            is_pending.then(|| missing_path(plan, *id, *task)).flatten()
        };
        if let Some(missing) = self.initiators.iter().find_map(waits_for_ever) {
            return Verdict::Incomplete(missing);
        }
        let at_end = "at the end".to_owned();
        if self.first.is_some() {
            self.left.take().iter().for_each(|left| self.first.also(left));
        } else if let Some(left) = self.left.take() {
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
