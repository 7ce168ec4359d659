//! What the handlers with one pending snapshot per task share (semantics B1-B8): which inputs
//! are in, which have ended, when a newer snapshot or a cancellation ends the pending one.

use crate::kernel::clone_fields;
use crate::model::{ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, TaskView};
use crate::trace::Refusal;

/// It has delivered the pending barrier, or ended since that began.
const ARRIVED: u8 = 1;
/// It has ended.
const ENDED: u8 = 2;

/// The inputs of one task and the one snapshot that they may be aligning for. There is one per task,
/// so it is small: no memory of its own where there is one input, which is most tasks.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Gate {
    /// The highest id seen, plus one; 0 before the first.
    after_newest: u32,
    /// How many inputs were open when the newest began; 0 when it is not pending here.
    target: u32,
    /// How many of them have arrived.
    arrived: u32,
    /// By input, from the task's first on: the marks above. Empty while no input has any.
    marks: Box<[u8]>,
}

clone_fields!(Gate { after_newest, target, arrived, marks });

impl Gate {
    fn newest(&self) -> Option<SnapshotId> {
        self.after_newest.checked_sub(1).map(SnapshotId)
    }

    /// The snapshot that inputs are still awaited for.
    pub fn pending(&self) -> Option<SnapshotId> {
        self.newest().filter(|_| self.target > 0)
    }

    pub fn is_pending(&self, id: SnapshotId) -> bool {
        self.pending() == Some(id)
    }

    fn at(task: &TaskView<'_>, input: ChannelId) -> usize {
        let first = task.inputs().next().map_or(0, |first| first.0);
        (input.0 - first) as usize
    }

    fn mark(&mut self, task: &TaskView<'_>, input: ChannelId, mark: u8) -> bool {
        if self.marks.is_empty() {
            self.marks = vec![0; task.inputs().len()].into();
        }
        let marks = &mut self.marks[Self::at(task, input)];
        let is_new = *marks & mark == 0;
        *marks |= mark;
        is_new
    }

    /// Whether `input` still owes the pending barrier.
    pub fn owes(&self, task: &TaskView<'_>, input: ChannelId) -> bool {
        self.arrived < self.target && self.marks.get(Self::at(task, input)).is_none_or(|marks| *marks == 0)
    }

    /// Starts `id` if it is newer than all before and gives a pending older one up (B2). It is not
    /// pending where no input is open.
    pub fn begin(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) -> bool {
        if self.after_newest > id.0 {
            return false;
        }
        if let Some(older) = self.pending() {
            self.abort(task, older, Refusal::Subsumed, out);
        }
        self.after_newest = id.0 + 1;
        let ended = self.marks.iter().filter(|marks| **marks & ENDED != 0).count();
        self.target = (task.inputs().len() - ended) as u32;
        true
    }

    /// The pending barrier is in on `input`, or the input has ended: counted once (B6). Says whether
    /// it was the last.
    pub fn arrive(&mut self, task: &TaskView<'_>, input: ChannelId) -> bool {
        // With one input nothing has to be remembered.
        let is_new = self.target == 1 && self.marks.is_empty() || self.mark(task, input, ARRIVED);
        self.arrived += u32::from(is_new);
        self.arrived == self.target
    }

    /// Nothing more is awaited: every channel is taken from again (B8).
    pub fn finish(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        (self.target, self.arrived) = (0, 0);
        self.marks.iter_mut().for_each(|marks| *marks &= !ARRIVED);
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

    /// B3 and B4. A pending older snapshot is dropped without a word of its own. One that is pending by its
    /// announcement alone is given up, too: whoever ignores the marker then aligns for a barrier that never comes, and
    /// where channels are full no newer one gets through to end that (run 36,005,003 of seed 20).
    pub fn cancel(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) -> bool {
        let is_newer = self.after_newest <= id.0;
        if !is_newer && !self.is_pending(id) {
            return false;
        }
        self.after_newest = id.0 + 1;
        self.abort(task, id, Refusal::Cancelled, out);
        true
    }

    /// Remembers that `input` has ended. Without checkpoints after tasks have finished the pending
    /// snapshot is given up (B7); says whether it is pending still.
    pub fn end(&mut self, task: &TaskView<'_>, input: ChannelId, goes_on: bool, out: &mut Effects) -> bool {
        // The mark of an arrival must not be made by the end itself: that is counted in `arrive`.
        self.mark(task, input, ENDED);
        match self.pending() {
            Some(id) if !goes_on => {
                self.abort(task, id, Refusal::InputEnded, out);
                false
            }
            pending => pending.is_some(),
        }
    }
}
