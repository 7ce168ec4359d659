//! The grammar between a world and its driver.

use std::hash::{Hash, Hasher};

use crate::model::{ChannelId, SnapshotId, TaskId};
use crate::protocol::Timer;
use crate::trace::Fact;

/// One atomic thing that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The job starts.
    Start,
    /// A source emits the next record of its log.
    Emit(TaskId),
    /// The receiver takes the first element of a channel.
    Deliver(ChannelId),
    /// The receiver takes a record, by its place in the channel, and works on it: what that brings about comes with
    /// [`Complete`](Step::Complete), unless the task dies before.
    Begin(ChannelId, u32),
    /// A task is through with the record that it took.
    Complete(TaskId),
    /// A task takes the first message that the coordinator sent it.
    Tell(TaskId),
    /// The coordinator takes the first message that a task sent it.
    Hear(TaskId),
    /// The first message of the coordinator to a task is lost.
    Lose(TaskId),
    /// The first message of the coordinator to a task is sent once more, and comes behind all that are on their way.
    Repeat(TaskId),
    /// The first message of the coordinator to a task, word of a complete snapshot, is overtaken by the next one.
    Postpone(TaskId),
    /// A task's part of a snapshot is in durable storage; of its oldest, where none is said.
    Upload(TaskId, Option<SnapshotId>),
    /// A task comes up again.
    Restore(TaskId),
    /// An armed timer is due.
    Fire(Timer),
    /// Somebody asks for a checkpoint.
    Request,
    /// A task dies.
    Crash(TaskId),
    /// A task's part of a snapshot does not get into storage; of its oldest, where none is said.
    FailUpload(TaskId, Option<SnapshotId>),
    /// The receiver takes an element, not the first, of a channel that does not keep order.
    Take(ChannelId, u32),
    /// A barrier that waits behind records in a channel is announced to the receiver.
    Announce(ChannelId, SnapshotId),
    /// A task's timer is due: the alignment budget that it waits for is used up.
    Alarm(TaskId),
    /// A process starts a snapshot.
    Initiate(TaskId),
}

/// Why a step cannot happen now. Each reason has one touch that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing is there to be taken; ends when something is sent.
    Empty,
    /// The receiver has blocked the channel; ends with [`Touch::Unblocked`].
    Blocked,
    /// The task has output that does not fit; ends with [`Touch::Room`].
    Stuck(TaskId),
    /// The task works on a record; ends when it is through.
    Busy(TaskId),
    /// The task is not up; ends with [`Touch::Woke`].
    Down(TaskId),
    /// Inputs of the task have not ended yet; ends with [`Touch::Woke`].
    Open,
    /// The process does not take this message in its present state; ends with [`Touch::Woke`].
    Unwilling,
    /// It is not offered in this state.
    Never,
}

/// What became possible through a step, so that a driver never has to scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The receiver takes from the channel again.
    Unblocked(ChannelId),
    /// What this task sends in the rest of the step was waiting for room that is there now.
    Refilling(TaskId),
    /// The channel was emptied.
    Cleared(ChannelId),
    /// All output of the task has found room.
    Room(TaskId),
    /// The task is up.
    Woke(TaskId),
    /// This barrier was put last into the channel and is to be announced when it arrives.
    Coming(ChannelId, SnapshotId),
    /// The task's timer is due.
    Alarm(TaskId),
    /// The task's part of the snapshot waits for its upload.
    Saving(TaskId, SnapshotId),
    /// The task is being deployed.
    Restoring(TaskId),
    /// The timer was armed.
    Armed(Timer),
    /// The timer was disarmed.
    Disarmed(Timer),
}

/// What the coordinator tells a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Start a snapshot; only those are told from whom the barrier starts.
    Trigger(SnapshotId),
    /// The snapshot is complete; only tasks that listen are told.
    Completed(SnapshotId),
    /// The snapshot was given up (K7).
    Aborted(SnapshotId),
}

impl Notice {
    /// The snapshot it is about.
    pub fn snapshot(self) -> SnapshotId {
        let (Notice::Trigger(id) | Notice::Completed(id) | Notice::Aborted(id)) = self;
        id
    }
}

/// How a barrier came to stand ahead of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Its sender put it there: it still has to travel.
    Entering,
    /// Its receiver moved it there: it has arrived.
    Waiting,
}

/// Everything that carries messages in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Records and barriers.
    Data(ChannelId),
    /// From the coordinator to a task.
    Tell(TaskId, Notice),
    /// From a task to the coordinator.
    Hear(TaskId),
}

/// A driver's note on a message, for instance when it arrives. The world carries it and never
/// looks at it: it takes no part in equality or hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamp(pub u64);

impl PartialEq for Stamp {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stamp {}

impl Hash for Stamp {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Who watches a step being applied: drivers, oracles, traces.
pub trait Observer {
    /// Something happened.
    fn fact(&mut self, fact: Fact);

    /// A message was put into a lane; the answer is stored with it.
    fn sent(&mut self, _lane: Lane) -> Stamp {
        Stamp::default()
    }

    /// A barrier was put ahead of the records in a channel, `is_first` when ahead of everything; the
    /// answer is stored with it.
    fn ahead(&mut self, _channel: ChannelId, _how: Ahead, _is_first: bool) -> Stamp {
        Stamp::default()
    }

    /// Something became possible.
    fn touch(&mut self, _touch: Touch) {}

    /// The run is over, and this is what the state of a task shows for a key.
    fn shown(&mut self, _task: TaskId, _key: u32, _value: u64) {}
}

/// Watches nothing.
impl Observer for () {
    fn fact(&mut self, _fact: Fact) {}
}
