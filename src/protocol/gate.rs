//! What the handlers with one pending snapshot per task share (semantics B1-B8): which inputs
//! are in, which have ended, when a newer snapshot or a cancellation ends the pending one.

use smallvec::SmallVec;

use crate::model::{ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, TaskView};
use crate::trace::Refusal;

/// The inputs of one task and the one snapshot that they may be aligning for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Gate {
    /// The highest id seen.
    newest: Option<SnapshotId>,
    /// How many inputs were open when the newest began; 0 when it is not pending here.
    target: u32,
    /// Inputs that have delivered its barrier or ended since.
    arrived: SmallVec<[ChannelId; 4]>,
    /// Inputs that have ended.
    ended: SmallVec<[ChannelId; 4]>,
    /// The highest id that the coordinator gave up before it began here (K2).
    given_up: Option<SnapshotId>,
}

impl Gate {
    /// The snapshot that inputs are still awaited for.
    pub fn pending(&self) -> Option<SnapshotId> {
        self.newest.filter(|_| self.target > 0)
    }

    pub fn is_pending(&self, id: SnapshotId) -> bool {
        self.pending() == Some(id)
    }

    /// Whether `input` still owes the pending barrier.
    pub fn owes(&self, input: ChannelId) -> bool {
        self.target > 0 && !self.arrived.contains(&input) && !self.ended.contains(&input)
    }

    /// Starts `id` if it is newer than all before and gives a pending older one up (B2). It is not
    /// pending where no input is open. A task can be triggered directly while ends are still on their way
    /// to it (P2): they take the barrier's place.
    pub fn begin(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) -> bool {
        if self.newest >= Some(id) {
            return false;
        }
        if let Some(older) = self.pending() {
            self.abort(task, older, Refusal::Subsumed, out);
        }
        self.newest = Some(id);
        self.target = (task.inputs().len() - self.ended.len()) as u32;
        true
    }

    /// The pending barrier is in on `input`, or the input has ended: counted once (B6). Says whether
    /// it was the last.
    pub fn arrive(&mut self, input: ChannelId) -> bool {
        if !self.arrived.contains(&input) {
            self.arrived.push(input);
        }
        self.arrived.len() as u32 == self.target
    }

    /// Nothing more is awaited: every channel is taken from again (B8).
    pub fn finish(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        self.target = 0;
        self.arrived.clear();
        for input in task.inputs().filter(|&input| task.is_blocked(input)) {
            out.push(Effect::Unblock(input));
        }
    }

    /// B5 and K6: everything is resumed, the coordinator and the tasks behind are told.
    pub fn abort(&mut self, task: &TaskView<'_>, id: SnapshotId, why: Refusal, out: &mut Effects) {
        self.finish(task, out);
        out.push(Effect::Decline(id, why));
        out.push(Effect::Cancel(id));
    }

    /// B3 and B4. A pending older snapshot is dropped without a word of its own.
    pub fn cancel(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) -> bool {
        let is_newer = self.newest < Some(id);
        if !is_newer && (self.newest != Some(id) || self.arrived.is_empty()) {
            return false;
        }
        self.newest = Some(id);
        self.abort(task, id, Refusal::Cancelled, out);
        true
    }

    /// Remembers that `input` has ended. Without checkpoints after tasks have finished the pending
    /// snapshot is given up (B7); says whether it is pending still.
    pub fn end(&mut self, task: &TaskView<'_>, input: ChannelId, goes_on: bool, out: &mut Effects) -> bool {
        if !self.ended.contains(&input) {
            self.ended.push(input);
        }
        match self.pending() {
            Some(id) if !goes_on => {
                self.abort(task, id, Refusal::InputEnded, out);
                false
            }
            pending => pending.is_some(),
        }
    }

    /// The coordinator gave `id` up (K7): remembered while it has not begun here.
    pub fn give_up(&mut self, id: SnapshotId) {
        if self.newest < Some(id) {
            self.given_up = self.given_up.max(Some(id));
        }
    }

    /// Whether there is no point in taking `id`; the tasks behind are told instead (K2).
    pub fn is_given_up(&self, id: SnapshotId) -> bool {
        self.given_up == Some(id)
    }
}
