//! Sink commit rules (T1-T4): nothing is visible before a checkpoint that covers it is complete;
//! no transaction takes effect twice; a restore settles every transaction that it finds: everything up to the restored
//! snapshot is committed, and what later attempts left is taken back (T4); in the end nothing that a completed
//! checkpoint covers is open.

use std::hash::{Hash, Hasher};

use super::state::unordered;
use super::{End, First, Moment, Verdict};
use crate::kernel::clone_fields;
use crate::model::{Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// See the module.
#[derive(Debug)]
pub struct SinkRules {
    latest: Option<SnapshotId>,
    /// Closed and neither committed nor taken back.
    prepared: Vec<(TaskId, SnapshotId)>,
    /// Whose commit the output that follows belongs to.
    committing: Option<TaskId>,
    /// Who comes up in this step.
    restored: Option<TaskId>,
    first: First,
}

clone_fields!(SinkRules { latest, prepared, committing, restored, first });

impl SinkRules {
    /// For one scenario.
    pub fn new(_plan: &Plan) -> Self {
        SinkRules { latest: None, prepared: Vec::new(), committing: None, restored: None, first: First::default() }
    }

    /// Whether what becomes visible now may belong to a commit.
    #[inline(always)]
    pub(super) fn is_committing(&self) -> bool {
        self.committing.is_some()
    }

    /// What a commit makes visible is visible before anything else happens.
    pub(super) fn end_commit(&mut self) {
        self.committing = None;
    }

    /// Whether the end of the step has to be looked at.
    #[inline(always)]
    pub(super) fn is_unsettled(&self) -> bool {
        self.committing.is_some() || self.restored.is_some()
    }

    /// The step is over: who came up in it has settled every transaction that was there.
    pub(super) fn settle(&mut self, plan: &Plan, moment: Moment) {
        self.end_commit();
        let Some(task) = self.restored.take() else { return };
        if let Some(&(_, snapshot)) = self.prepared.iter().find(|(owner, _)| *owner == task) {
            let what = format!("{} is up, and its transaction {snapshot} is pre-committed", plan.task_name(task));
            self.first.note(moment, what, "a commit, or that it is taken back (T4)", "neither");
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Which transaction was closed first has no future. What is under way within a step is none of a
    /// state's between steps.
    pub(super) fn hash_state<H: Hasher>(&self, state: &mut H) {
        self.latest.hash(state);
        unordered(self.prepared.iter().map(|(task, id)| (u64::from(task.0), u64::from(id.0), 0)), state);
    }

    pub(super) fn reset(&mut self) {
        self.prepared.clear();
        (self.latest, self.committing, self.restored, self.first) = (None, None, None, First::default());
    }

    /// Whether a record of this sink may become visible now.
    #[inline(always)]
    pub(super) fn allows_output(&self, plan: &Plan, task: TaskId) -> bool {
        self.committing == Some(task) || !plan.is_two_phase(task)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn uncommitted(&mut self, plan: &Plan, moment: Moment, task: TaskId, name: u64) {
        let record = plan.describe(plan.tasks()[task].operator, name);
        self.first.note(moment, format!("{record} is visible"), "output only by a commit", "output without one");
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::Completed { .. } | Fact::Prepared { .. } | Fact::Committed { .. } | Fact::RolledBack { .. } | Fact::Restored { .. }
        )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Completed { snapshot } => self.latest = Some(snapshot),
            Fact::Prepared { task, snapshot } => self.prepared.push((task, snapshot)),
            Fact::Committed { task, snapshot, again } => {
                self.committing = Some(task);
                self.committed(plan, moment, task, snapshot, again);
            }
            Fact::RolledBack { task, snapshot } => {
                self.take(task, snapshot);
                if Some(snapshot) <= self.latest {
                    let expected = format!("a commit: snapshot {} is complete", self.latest.expect("not less than some"));
                    self.first.note(moment, fact.describe(plan), expected, "the transaction is taken back");
                }
            }
            Fact::Restored { task, .. } => self.restored = Some(task),
            _ => {}
        }
    }

    fn take(&mut self, task: TaskId, snapshot: SnapshotId) -> bool {
        let found = self.prepared.iter().position(|entry| *entry == (task, snapshot));
        found.map(|at| self.prepared.remove(at)).is_some()
    }

    fn committed(&mut self, plan: &Plan, moment: Moment, task: TaskId, snapshot: SnapshotId, again: bool) {
        let was_open = self.take(task, snapshot);
        let what = || Fact::Committed { task, snapshot, again }.describe(plan);
        if Some(snapshot) > self.latest {
            let latest = self.latest.map_or("none is complete".to_owned(), |id| format!("the latest complete is {id}"));
            self.first.note(moment, what(), "a completed checkpoint that covers the transaction", latest);
        } else if !again && !was_open {
            self.first.note(moment, what(), "a transaction that is pre-committed", "one that is not");
        }
    }

    pub(super) fn verdict(&mut self, plan: &Plan, end: End, job_failed: bool) -> Verdict {
        let covered = self.prepared.iter().find(|(_, id)| Some(*id) <= self.latest);
        if let Some(&(task, snapshot)) = covered
            && !end.cut_short
            && !job_failed
        {
            let what = format!("transaction {snapshot} of {} at the end", plan.task_name(task));
            self.first.note(end.moment, what, "committed: a completed checkpoint covers it", "still pre-committed");
        }
        self.first.verdict()
    }
}
