//! The seams of the outside world: how sinks commit and how storage keeps a copy.
//!
//! Both are stateless logic; what they remember is the task's state and the external log.

use std::fmt::Debug;

use smallvec::SmallVec;

use crate::model::{ChannelId, Commit, Record, SnapshotId, TaskState};

/// What becomes of a record that reaches a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Visible at once.
    Publish,
    /// Into the open transaction.
    Write,
    /// Nowhere.
    Drop,
}

/// What a sink may ask of the outside system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SinkEffect {
    /// Close the open transaction under this snapshot's id (pre-commit).
    Prepare(SnapshotId),
    /// Make a pre-committed transaction visible; idempotent.
    Commit(SnapshotId),
    /// Take a pre-committed transaction back.
    RollBack(SnapshotId),
    /// Forget what is in the open transaction.
    DropOpen,
}

/// The effects of one handler call.
pub type SinkEffects = SmallVec<[SinkEffect; 4]>;

/// How a sink commits. `pending` are the pre-committed transactions that it does not know to be
/// committed; they are its state, which a snapshot saves.
pub trait SinkLogic: Debug + Send + Sync {
    /// A record arrives.
    fn on_record(&self) -> Placement;
    /// The task's state is about to be copied for a snapshot.
    fn on_save(&self, _pending: &mut Vec<SnapshotId>, _id: SnapshotId, _out: &mut SinkEffects) {}
    /// The coordinator says that a snapshot is complete.
    fn on_completed(&self, _pending: &mut Vec<SnapshotId>, _id: SnapshotId, _out: &mut SinkEffects) {}
    /// The task comes up with `pending` restored; `prepared` is what the outside system holds.
    fn on_restored(&self, _pending: &mut Vec<SnapshotId>, _prepared: &[SnapshotId], _out: &mut SinkEffects) {}
}

/// Every record is visible at once: all sinks but those that commit (T9).
#[derive(Debug)]
pub struct Immediate;

impl SinkLogic for Immediate {
    fn on_record(&self) -> Placement {
        Placement::Publish
    }
}

/// Two-phase commit (T1-T4).
#[derive(Debug)]
pub struct TwoPhase;

impl SinkLogic for TwoPhase {
    fn on_record(&self) -> Placement {
        Placement::Write
    }

    fn on_save(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        out.push(SinkEffect::Prepare(id));
        pending.push(id);
    }

    /// All up to `id`, in order: a notice that was lost is made good by the next one (T2).
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        let due = pending.partition_point(|&other| other <= id);
        out.extend(pending.drain(..due).map(SinkEffect::Commit));
    }

    /// Commits again what the snapshot names, since its notice may have been lost, and takes
    /// back what later attempts left behind (T4).
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        let unknown = prepared.iter().filter(|&id| !pending.contains(id));
        out.extend(unknown.map(|&id| SinkEffect::RollBack(id)));
        out.extend(pending.drain(..).map(SinkEffect::Commit));
        out.push(SinkEffect::DropOpen);
    }
}

/// The right logic for a kind of sink.
pub fn sink_logic(commit: Commit) -> &'static dyn SinkLogic {
    match commit {
        Commit::Plain | Commit::Idempotent | Commit::Upsert | Commit::Additive => &Immediate,
        Commit::TwoPhase => &TwoPhase,
    }
}

/// How durable storage keeps a task's state.
pub trait StorageLogic: Debug + Send + Sync {
    /// The copy that a snapshot stores.
    fn save(&self, state: &TaskState) -> TaskState {
        state.clone()
    }
    /// The copy that a restored task gets.
    fn load(&self, stored: &TaskState) -> TaskState {
        stored.clone()
    }
    /// What it gives back of what one task's part holds of its input channels, in the order in which that was saved.
    fn load_contents(&self, _contents: &mut Vec<(ChannelId, Record)>) {}
}

/// Storage that keeps what it is given.
#[derive(Debug)]
pub struct Faithful;

impl StorageLogic for Faithful {}
