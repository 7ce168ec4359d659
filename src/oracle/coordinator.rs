//! The coordinator's own rules: when a snapshot may be triggered (C3 to C7), what counts as its completion (C9, C10,
//! C12), what is kept (C15), which failures count (C11, C18), what a failover gives up (C2, C19), and when the run
//! may end (E2). Each is judged from what is heard and done, in the step in which it happens.

use std::hash::{Hash, Hasher};

use super::{First, Moment, Verdict};
use crate::kernel::{Id, clone_fields};
use crate::model::{Plan, SnapshotId, TaskId};
use crate::protocol::{FINAL_TRIES, Settings};
use crate::trace::{Fact, Reason, Refusal};

/// A set of tasks, a bit each.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct Tasks {
    bits: Vec<u64>,
    count: u32,
}

clone_fields!(Tasks { bits, count });

impl Tasks {
    fn contains(&self, task: TaskId) -> bool {
        self.bits.get(task.index() / 64).is_some_and(|word| word >> (task.index() % 64) & 1 == 1)
    }

    /// Whether it was not there before.
    fn insert(&mut self, task: TaskId) -> bool {
        let (word, bit) = (task.index() / 64, 1 << (task.index() % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        self.count += u32::from(is_new);
        is_new
    }

    fn clear(&mut self) {
        self.bits.clear();
        self.count = 0;
    }
}

/// A snapshot that is triggered and has not ended.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Pending {
    id: SnapshotId,
    /// Whose part is stored, and whose ack counted.
    stored: Tasks,
    acked: Tasks,
    /// All acks are in, and in which step that was told.
    all_acked: bool,
    /// Triggered when every task was at the end of its data.
    is_last: bool,
}

clone_fields!(Pending { id, stored, acked, all_acked, is_last });

/// See the module.
#[derive(Debug)]
pub struct CoordinatorRules {
    settings: Settings,
    /// How many completed snapshots are kept.
    retain: u32,
    pending: Vec<Pending>,
    /// Closed ones, for their memory.
    spare: Vec<Pending>,
    /// Completed and kept, oldest first.
    kept: Vec<SnapshotId>,
    /// How many should be.
    to_keep: u32,
    newest: Option<SnapshotId>,
    latest: Option<SnapshotId>,
    /// Somebody asked for a snapshot and waits for it.
    asked: bool,
    /// The pause after a completed snapshot goes on.
    pausing: bool,
    /// Failures that count since the last success.
    failures: u32,
    /// Between a failover and the end of the restore.
    is_down: bool,
    /// A task has died since the last deployment.
    has_died: bool,
    deployments: u32,
    /// Tasks that are at the end of their data, as far as the coordinator has heard.
    drained: Tasks,
    finished: Tasks,
    /// Last checkpoints that were tried in this attempt, and whether one was completed.
    tries: u32,
    has_last: bool,
    /// What this step has to bring about still.
    step: Step,
    first: First,
}

/// What has happened in a step and obliges the coordinator, or is its reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    is_open: bool,
    all_acked: Option<SnapshotId>,
    completed: Option<SnapshotId>,
    refused: Option<(SnapshotId, Refusal)>,
}

clone_fields!(CoordinatorRules {
    settings,
    retain,
    pending,
    spare,
    kept,
    to_keep,
    newest,
    latest,
    asked,
    pausing,
    failures,
    is_down,
    has_died,
    deployments,
    drained,
    finished,
    tries,
    has_last,
    step,
    first,
});

impl CoordinatorRules {
    /// For one scenario: `settings` and `retain` are what it says, whatever coordinator runs in it.
    pub fn new(settings: Settings, retain: u32) -> Self {
        CoordinatorRules {
            settings,
            retain,
            pending: Vec::new(),
            spare: Vec::new(),
            kept: Vec::new(),
            to_keep: 0,
            newest: None,
            latest: None,
            asked: false,
            pausing: false,
            failures: 0,
            is_down: false,
            has_died: false,
            deployments: 0,
            drained: Tasks::default(),
            finished: Tasks::default(),
            tries: 0,
            has_last: false,
            step: Step::default(),
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.spare.append(&mut self.pending);
        self.kept.clear();
        self.forget_attempt();
        (self.newest, self.latest, self.is_down, self.has_died) = (None, None, false, false);
        (self.to_keep, self.deployments) = (0, 0);
        (self.step, self.first) = (Step::default(), First::default());
    }

    fn forget_attempt(&mut self) {
        (self.asked, self.pausing, self.failures) = (false, false, 0);
        (self.tries, self.has_last) = (0, false);
        self.drained.clear();
        self.finished.clear();
    }

    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the end of the step has to be looked at.
    #[inline(always)]
    pub(super) fn is_unsettled(&self) -> bool {
        self.step.is_open
    }

    /// Failures have a future only where they are counted, and so have restarts. The world tells the rest apart, but
    /// for what a wrong coordinator does.
    pub(super) fn hash_state<H: Hasher>(&self, state: &mut H) {
        (&self.pending, self.asked, self.pausing, self.is_down, self.has_died).hash(state);
        (self.settings.tolerable_failures.map(|_| self.failures), self.settings.restarts.map(|_| self.deployments)).hash(state);
        (self.kept.len(), self.tries, self.has_last, self.drained.count, &self.finished).hash(state);
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::Requested
                | Fact::PauseOver
                | Fact::Triggered { .. }
                | Fact::Uploaded { .. }
                | Fact::Acked { .. }
                | Fact::AllAcked { .. }
                | Fact::Completed { .. }
                | Fact::Discarded { .. }
                | Fact::RefusalHeard { .. }
                | Fact::Aborted { .. }
                | Fact::AbortHeard { .. }
                | Fact::Notified { .. }
                | Fact::Crashed { .. }
                | Fact::Failover
                | Fact::Restoring { .. }
                | Fact::Resumed
                | Fact::Exhausted { .. }
                | Fact::TaskFinished { .. }
                | Fact::JobFailed
                | Fact::Finished
        )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        let before = self.first.is_some();
        let wrong = self.take(plan, fact);
        if let Some((expected, actual)) = wrong
            && !before
        {
            self.first.note(moment, fact.describe(plan), expected, actual);
        }
    }

    /// Takes a fact in; what is wrong about it, as what was expected and what there is instead.
    fn take(&mut self, plan: &Plan, fact: Fact) -> Option<(String, String)> {
        match fact {
            Fact::Requested => {
                // C6: what is asked for while not all tasks run fails.
                self.asked |= self.settings.enabled && !self.is_down;
                self.step.is_open = true;
            }
            Fact::PauseOver => {
                self.pausing = false;
                self.step.is_open = true;
            }
            Fact::Triggered { snapshot } => return self.triggered(plan, snapshot),
            Fact::Uploaded { task, snapshot } => {
                if let Some(pending) = self.find(snapshot) {
                    pending.stored.insert(task);
                }
            }
            Fact::Acked { task, snapshot } => return self.acked(task, snapshot),
            Fact::AllAcked { snapshot } => return self.all_acked(plan, snapshot),
            Fact::Completed { snapshot } => return self.completed(plan, snapshot),
            Fact::Discarded { snapshot } => return self.discarded(snapshot),
            Fact::RefusalHeard { snapshot, why, .. } => {
                self.step.is_open = true;
                self.step.refused = Some((snapshot, why));
            }
            Fact::Aborted { snapshot, reason } => return self.aborted(snapshot, reason),
            Fact::AbortHeard { snapshot, .. } if self.find(snapshot).is_some() => {
                return wrong("word of what was given up", "it is pending still");
            }
            Fact::Notified { snapshot, .. } if Some(snapshot) > self.latest => {
                return wrong("word of a completion once the metadata is durable (C12)", "it is not complete");
            }
            Fact::Crashed { .. } => self.has_died = true,
            Fact::Failover => return self.failed_over(),
            Fact::Restoring { .. } => return self.deployed(),
            Fact::Resumed => {
                self.is_down = false;
                self.step.is_open = true;
            }
            Fact::Exhausted { task } => drop(self.drained.insert(task)),
            Fact::TaskFinished { task } => drop(self.finished.insert(task)),
            Fact::JobFailed if self.settings.restarts.is_none_or(|limit| self.deployments < limit) => {
                let limit = self.settings.restarts.map_or("any number of".to_owned(), |limit| limit.to_string());
                return wrong(format!("a restart: there are {limit}"), format!("none after {}", self.deployments));
            }
            Fact::Finished => return self.ended(plan),
            _ => {}
        }
        None
    }

    fn find(&mut self, id: SnapshotId) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.id == id)
    }

    fn is_drained(&self, plan: &Plan) -> bool {
        !self.settings.endless && self.drained.count as usize == plan.tasks().len()
    }

    fn triggered(&mut self, plan: &Plan, id: SnapshotId) -> Option<(String, String)> {
        let (pending, is_last) = (self.pending.len() as u32, self.is_drained(plan));
        let (follows_on, pausing) = (self.newest.map_or(0, |newest| newest.0) + 1, self.pausing && !is_last);
        let asked = std::mem::take(&mut self.asked) || is_last && self.settings.final_checkpoint;
        let (mut stored, mut acked) = self.spare.pop().map_or_else(Default::default, |spare| (spare.stored, spare.acked));
        stored.clear();
        acked.clear();
        self.pending.push(Pending { id, stored, acked, all_acked: false, is_last });
        self.newest = self.newest.max(Some(id));
        self.tries += u32::from(is_last);
        // Nothing comes behind the last one, so nothing of before matters to it.
        self.pausing &= !is_last;
        self.step.is_open = true;
        let most = self.settings.max_concurrent;
        match () {
            () if self.is_down => wrong("snapshots while every task runs (C6)", "the job is down"),
            () if pending >= most => wrong(format!("at most {most} pending at once (C4)"), format!("{pending} are pending already")),
            () if id.0 != follows_on => wrong(format!("number {follows_on}, which is next (C7)"), format!("number {id}")),
            () if pausing => wrong("no snapshot in the pause after a completed one (C5)", "the pause goes on"),
            () if !asked => wrong("a snapshot that somebody asked for (C1)", "nobody did"),
            () => None,
        }
    }

    fn acked(&mut self, task: TaskId, id: SnapshotId) -> Option<(String, String)> {
        let Some(pending) = self.find(id) else { return wrong("an ack of what is pending (C10)", "it is not pending") };
        let (is_stored, is_new) = (pending.stored.contains(task), pending.acked.insert(task));
        match (is_stored, is_new) {
            (false, _) => wrong("an ack that the task sent, its part stored (C9)", "it sent none in this attempt"),
            (true, false) => wrong("the first ack of each task (C10)", "a second one"),
            (true, true) => None,
        }
    }

    fn all_acked(&mut self, plan: &Plan, id: SnapshotId) -> Option<(String, String)> {
        (self.step.is_open, self.step.all_acked) = (true, Some(id));
        let finished = std::mem::take(&mut self.finished);
        let missing = self.find(id).and_then(|pending| {
            pending.all_acked = true;
            let is_missing = |task: &TaskId| !pending.acked.contains(*task) && !finished.contains(*task);
            // The tasks are looked through only where somebody is missing.
            let all = pending.acked.count as usize == plan.tasks().len();
            if all { None } else { plan.tasks().ids().find(is_missing) }
        });
        self.finished = finished;
        missing.and_then(|task| wrong("the acks of all tasks that had not finished (C9)", format!("none of {}", plan.task_name(task))))
    }

    fn completed(&mut self, plan: &Plan, id: SnapshotId) -> Option<(String, String)> {
        self.step.is_open = true;
        self.step.completed = Some(id);
        // Snapshots of processes need not complete in the order of their numbers.
        self.kept.insert(self.kept.partition_point(|kept| *kept < id), id);
        self.to_keep = self.retain.min(self.to_keep + 1);
        self.latest = self.latest.max(Some(id));
        self.failures = 0;
        let pending = self.close(id)?;
        let (all_acked, is_last) = (pending.all_acked, pending.is_last);
        self.spare.push(pending);
        self.has_last |= is_last;
        self.pausing |= self.settings.min_pause && !self.is_drained(plan);
        match () {
            () if !all_acked => wrong("a snapshot with all its acks (C9)", "acks are missing"),
            () if self.step.all_acked == Some(id) => wrong("its metadata durable first (C12)", "it has not been written"),
            () => None,
        }
    }

    fn discarded(&mut self, id: SnapshotId) -> Option<(String, String)> {
        let oldest = self.kept.first().copied();
        self.kept.retain(|kept| *kept != id);
        if oldest == Some(id) { None } else { wrong("that the oldest goes (C15)", "there is an older one") }
    }

    fn close(&mut self, id: SnapshotId) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.id == id)?;
        Some(self.pending.remove(at))
    }

    fn aborted(&mut self, id: SnapshotId, reason: Reason) -> Option<(String, String)> {
        self.step.is_open = true;
        let pending = self.close(id)?;
        self.spare.push(pending);
        let refused = self.step.refused.filter(|(refused, _)| *refused == id).map(|(_, why)| why);
        // C18: what is nobody's fault does not count.
        let counts =
            reason == Reason::Timeout || reason == Reason::Declined && matches!(refused, Some(Refusal::Failed | Refusal::TooLarge));
        self.failures += u32::from(counts);
        let has_reason = match reason {
            Reason::Timeout => true,
            Reason::Declined => refused.is_some(),
            Reason::Subsumed => self.step.completed > Some(id),
            Reason::Failover => self.is_down,
        };
        let expected = match reason {
            Reason::Declined => "given up once a task has refused it (C11)",
            Reason::Subsumed => "given up when a newer one is complete (C12)",
            _ => "given up at a failover (C19)",
        };
        if has_reason { None } else { wrong(expected, "that did not happen") }
    }

    fn too_many(&self) -> bool {
        self.settings.tolerable_failures.is_some_and(|tolerable| self.failures > tolerable)
    }

    fn failed_over(&mut self) -> Option<(String, String)> {
        let has_cause = self.has_died || self.too_many();
        let failures = self.failures;
        self.forget_attempt();
        (self.is_down, self.step.is_open) = (true, true);
        let tolerable = self.settings.tolerable_failures.map_or("any number of".to_owned(), |tolerable| tolerable.to_string());
        let expected = || format!("a task that died, or more failed snapshots than the {tolerable} that are tolerable (C18)");
        if has_cause { None } else { wrong(expected(), format!("none died, and {failures} failed")) }
    }

    fn deployed(&mut self) -> Option<(String, String)> {
        self.has_died = false;
        self.deployments += 1;
        match self.settings.restarts.filter(|limit| self.deployments > *limit) {
            Some(limit) => wrong(format!("at most {limit} restarts"), format!("restart {}", self.deployments)),
            None => None,
        }
    }

    fn ended(&mut self, plan: &Plan) -> Option<(String, String)> {
        self.asked = false;
        let Settings { enabled, final_checkpoint, after_end, .. } = self.settings;
        let all_finished = self.finished.count as usize == plan.tasks().len();
        let wants_last = enabled && final_checkpoint && !all_finished && (after_end || self.finished.count == 0);
        match () {
            () if !self.is_drained(plan) => wrong("every task at the end of its data (E2)", "some are not"),
            () if wants_last && !self.has_last && self.tries < FINAL_TRIES => {
                wrong("a last checkpoint behind all records (E2)", format!("none after {} tries", self.tries))
            }
            () => None,
        }
    }

    /// The step is over: what it obliged the coordinator to must be done.
    pub(super) fn settle(&mut self, plan: &Plan, moment: Moment) {
        let step = std::mem::take(&mut self.step);
        if !step.is_open || self.first.is_some() {
            return;
        }
        let at = |what: &str| what.to_owned();
        let stays = |id: SnapshotId| self.pending.iter().any(|pending| pending.id == id);
        let older = step.completed.filter(|_| !self.settings.endless).and_then(|completed| {
            let oldest = self.pending.first()?.id;
            (oldest < completed).then_some((oldest, completed))
        });
        let kept = self.kept.len() as u32;
        if let Some((oldest, completed)) = older {
            let what = format!("snapshot {completed} is complete");
            self.first.note(moment, what, "older pending ones given up (C12)", format!("snapshot {oldest} is pending"));
        } else if let Some((id, _)) = step.refused.filter(|(id, _)| stays(*id)) {
            self.first.note(moment, format!("snapshot {id} was refused"), "that it is given up (C11)", "it is pending");
        } else if self.is_down && !self.pending.is_empty() {
            let what = at("the job is down");
            self.first.note(moment, what, "that what was pending is given up (C19)", format!("snapshot {} is pending", self.pending[0].id));
        } else if self.too_many() && !self.is_down {
            let what = format!("{} snapshots in a row failed", self.failures);
            self.first.note(moment, what, "that the job fails over (C18)", "it goes on");
        } else if kept != self.to_keep {
            let expected = format!("the newest {} kept (C15)", self.to_keep);
            self.first.note(moment, at("what is kept of completed snapshots"), expected, format!("{kept} kept"));
        } else if self.owes_a_trigger(plan) {
            self.first.note(
                moment,
                at("a snapshot that was asked for waits"),
                "that it is triggered: nothing is in its way (C3)",
                "it is not",
            );
        }
    }

    /// A request waits, and nothing that it could wait for is there.
    fn owes_a_trigger(&self, plan: &Plan) -> bool {
        let Settings { max_concurrent, after_end, .. } = self.settings;
        let may_ask_for_more = after_end && (self.finished.count as usize) < plan.tasks().len() || self.finished.count == 0;
        let has_room = (self.pending.len() as u32) < max_concurrent;
        self.asked && may_ask_for_more && has_room && !(self.is_down || self.pausing || self.is_drained(plan))
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends every rule that is broken")]
fn wrong(expected: impl Into<String>, actual: impl Into<String>) -> Option<(String, String)> {
    Some((expected.into(), actual.into()))
}
