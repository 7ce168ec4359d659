//! Answers: who has all that it needs for its part of a snapshot takes it, or refuses it, before anything else
//! happens, and nobody refuses without a reason. So a snapshot that could have been completed is not lost in silence,
//! whatever ends it: a timeout, a newer snapshot, a failure.
//!
//! A trigger is answered by a copy (K10), the last barrier by a part that is whole (B8, L1). What is void needs no
//! answer: what the task refused or was told of (K7), and what is older than a snapshot that it knows of (B1, K1).

use std::hash::{Hash, Hasher};

use super::{First, Moment};
use crate::kernel::{Id, clone_fields};
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::{Fact, Refusal};

/// What one task has heard of snapshots; numbers are one more than those of the snapshots, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Heard {
    /// The newest that it knows of.
    newest: u32,
    /// Inputs that have brought the barrier of the newest, or have ended.
    arrived: u32,
    /// The newest that it has answered: by a part that is whole, or a refusal; or that it was told to be given up.
    answered: u32,
}

/// Mark of an input that has ended.
const ENDED: u32 = u32::MAX;

/// What this step must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    task: TaskId,
    snapshot: SnapshotId,
    by_trigger: bool,
    is_saved: bool,
}

/// Why a task may refuse in this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Cancellation(TaskId, SnapshotId),
    End(TaskId),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Answers {
    /// By task, as far as one has heard of a snapshot: without snapshots it takes no memory.
    heard: Vec<Heard>,
    /// By channel: the newest barrier that it has brought, as in [`Heard`].
    brought: Vec<u32>,
    due: Option<Due>,
    cause: Option<Cause>,
}

clone_fields!(Answers { heard, brought, due, cause });

fn number(snapshot: SnapshotId) -> u32 {
    snapshot.0.saturating_add(1)
}

impl Answers {
    pub fn new(plan: &Plan) -> Self {
        Answers { heard: Vec::new(), brought: vec![0; plan.channels().len()], due: None, cause: None }
    }

    /// A new run, or a new attempt.
    pub fn reset(&mut self) {
        self.heard.fill(Heard::default());
        self.brought.fill(0);
        (self.due, self.cause) = (None, None);
    }

    /// Whether the end of the step has to be looked at.
    pub fn is_unsettled(&self) -> bool {
        self.due.is_some() || self.cause.is_some()
    }

    /// What is older than all that can still come has no future, and neither has what belongs to one step.
    pub fn hash_state<H: Hasher>(&self, oldest: Option<SnapshotId>, state: &mut H) {
        let oldest = oldest.map_or(ENDED, number);
        let alive = |number: u32| if number < oldest { 0 } else { number };
        // How far the list goes has no future.
        let used = self.heard.iter().rposition(|heard| *heard != Heard::default()).map_or(0, |last| last + 1);
        for heard in &self.heard[..used] {
            (alive(heard.newest), alive(heard.answered)).hash(state);
        }
        self.brought.iter().for_each(|&brought| alive(brought).hash(state));
    }

    pub fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::TriggerReceived { .. }
                | Fact::Initiated { .. }
                | Fact::Announced { .. }
                | Fact::BarrierReceived { .. }
                | Fact::InputEnded { .. }
                | Fact::CancelReceived { .. }
                | Fact::Saved { .. }
                | Fact::Whole { .. }
                | Fact::Declined { .. }
                | Fact::AbortHeard { .. }
                | Fact::Crashed { .. }
                | Fact::Failover
        )
    }

    pub fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact, first: &mut First) {
        let receiver = |channel: ChannelId| plan.channels()[channel].to;
        match fact {
            Fact::TriggerReceived { task, snapshot } | Fact::Initiated { task, snapshot } => self.triggered(task, snapshot),
            Fact::Announced { channel, snapshot } => self.learn(plan, receiver(channel), snapshot),
            Fact::BarrierReceived { channel, snapshot } => self.barrier(plan, channel, snapshot),
            Fact::InputEnded { channel } => self.ended(plan, channel),
            Fact::CancelReceived { channel, snapshot } => self.cause = Some(Cause::Cancellation(receiver(channel), snapshot)),
            Fact::Saved { task, snapshot, .. } => {
                // A record's colour can tell it of a snapshot, too.
                self.learn(plan, task, snapshot);
                self.save(task, snapshot);
            }
            Fact::Whole { task, snapshot } => self.answer(task, snapshot),
            Fact::Declined { task, snapshot, why } => {
                if !self.has_reason(plan, task, snapshot, why) {
                    first.note(moment, fact.describe(plan), "a snapshot refused for a reason that is there", unfounded(why));
                }
                self.answer(task, snapshot);
            }
            Fact::AbortHeard { task, snapshot } => self.answer(task, snapshot),
            Fact::Crashed { task } => {
                *self.of(task) = Heard::default();
                self.due = None;
            }
            Fact::Failover => self.reset(),
            _ => {}
        }
    }

    fn of(&mut self, task: TaskId) -> &mut Heard {
        if task.index() >= self.heard.len() {
            self.heard.resize(task.index() + 1, Heard::default());
        }
        &mut self.heard[task.index()]
    }

    fn triggered(&mut self, task: TaskId, snapshot: SnapshotId) {
        let heard = self.of(task);
        if heard.newest.max(heard.answered) < number(snapshot) {
            (heard.newest, heard.arrived) = (number(snapshot), 0);
            self.due = Some(Due { task, snapshot, by_trigger: true, is_saved: false });
        }
    }

    /// A task gets to know of a snapshot.
    fn learn(&mut self, plan: &Plan, task: TaskId, snapshot: SnapshotId) {
        if self.of(task).newest < number(snapshot) {
            let ended = plan.inputs(task).filter(|input| self.brought[input.index()] == ENDED).count();
            let heard = self.of(task);
            (heard.newest, heard.arrived) = (number(snapshot), ended as u32);
        }
    }

    fn barrier(&mut self, plan: &Plan, channel: ChannelId, snapshot: SnapshotId) {
        let task = plan.channels()[channel].to;
        self.learn(plan, task, snapshot);
        let brought = &mut self.brought[channel.index()];
        let is_new = *brought < number(snapshot);
        *brought = (*brought).max(number(snapshot));
        if is_new && self.of(task).newest == number(snapshot) {
            self.arrived(plan, task);
        }
    }

    fn ended(&mut self, plan: &Plan, channel: ChannelId) {
        let task = plan.channels()[channel].to;
        self.cause = Some(Cause::End(task));
        let brought = std::mem::replace(&mut self.brought[channel.index()], ENDED);
        if brought < self.of(task).newest {
            self.arrived(plan, task);
        }
    }

    /// One more input; with the last one the answer is due. Where a channel need not keep order the last barrier says
    /// nothing of what still comes.
    fn arrived(&mut self, plan: &Plan, task: TaskId) {
        let heard = self.of(task);
        heard.arrived += 1;
        let heard = *heard;
        if heard.arrived == plan.inputs(task).len() as u32 && heard.answered < heard.newest && plan.is_ordered() {
            self.due = Some(Due { task, snapshot: SnapshotId(heard.newest - 1), by_trigger: false, is_saved: false });
        }
    }

    /// A copy of the state is enough of an answer to a trigger: the rest comes with barriers.
    fn save(&mut self, task: TaskId, snapshot: SnapshotId) {
        if let Some(due) = self.due.as_mut().filter(|due| (due.task, due.snapshot) == (task, snapshot)) {
            due.is_saved = due.by_trigger;
        }
    }

    fn answer(&mut self, task: TaskId, snapshot: SnapshotId) {
        let answered = &mut self.of(task).answered;
        *answered = (*answered).max(number(snapshot));
    }

    fn has_reason(&mut self, plan: &Plan, task: TaskId, snapshot: SnapshotId, why: Refusal) -> bool {
        match why {
            // A newer one has begun (B2).
            Refusal::Subsumed => self.of(task).newest > number(snapshot),
            // Its own marker, or a newer one's (L4).
            Refusal::Cancelled => matches!(self.cause, Some(Cause::Cancellation(by, id)) if by == task && id >= snapshot),
            // B7, in the step of the end or in any later one.
            Refusal::InputEnded => plan.inputs(task).any(|input| self.brought[input.index()] == ENDED),
            // The engine says so itself, and storage is free to fail.
            Refusal::Finished | Refusal::Failed | Refusal::TooLarge => true,
        }
    }

    /// The step is over.
    pub fn settle(&mut self, plan: &Plan, moment: Moment, first: &mut First) {
        self.cause = None;
        let Some(Due { task, snapshot, by_trigger, is_saved }) = self.due.take() else { return };
        if is_saved || self.of(task).answered >= number(snapshot) {
            return;
        }
        let (name, heard) = (plan.task_name(task), if by_trigger { "the trigger" } else { "the last barrier" });
        let what = format!("{name} has {heard} of snapshot {snapshot}");
        first.note(moment, what, "its part of the snapshot, or a refusal", "neither");
    }
}

/// What is not there.
fn unfounded(why: Refusal) -> &'static str {
    match why {
        Refusal::Subsumed => "no newer one has begun",
        Refusal::Cancelled => "no cancellation came",
        Refusal::InputEnded => "no input has ended",
        Refusal::Finished | Refusal::Failed | Refusal::TooLarge => "nothing is wrong",
    }
}
