//! Unaligned barriers: the barrier overtakes records, and what it overtook is in the snapshot.

use smallvec::SmallVec;

use crate::model::{Barrier, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, Refusal, SnapshotProtocol, TaskView};

/// Exactly once without alignment (semantics 3, UNALIGNED; N3, N8, N11): the state is saved at
/// the first barrier, which goes on at once, ahead of all records in the output channels. Until
/// an input's own barrier is in, what arrives on it is saved as well as processed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unaligned {
    /// The highest id seen.
    newest: Option<SnapshotId>,
    /// Inputs that still owe the newest barrier; empty when no snapshot is under way here.
    open: SmallVec<[ChannelId; 4]>,
}

impl Unaligned {
    fn snapshot(&mut self, barrier: Barrier, out: &mut Effects) {
        if let (Some(older), false) = (self.newest, self.open.is_empty()) {
            out.push(Effect::Decline(older, Refusal::Subsumed));
        }
        self.newest = Some(barrier.snapshot);
        out.push(Effect::SaveState(barrier.snapshot));
        out.push(Effect::Overtake(barrier));
    }
}

impl SnapshotProtocol for Unaligned {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.newest < Some(id) {
            self.snapshot(Barrier { snapshot: id }, out);
            out.push(Effect::Ack(id));
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = Some(barrier.snapshot);
        if id > self.newest {
            self.snapshot(barrier, out);
            self.open = task.inputs().collect();
        }
        // An obsolete barrier ends nothing (N4).
        if id != self.newest || self.open.is_empty() {
            return;
        }
        self.open.retain(|open| *open != input);
        if self.open.is_empty() {
            out.push(Effect::Ack(barrier.snapshot));
        }
    }

    fn on_record(&mut self, _task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        if let (Some(id), true) = (self.newest, self.open.contains(&input)) {
            out.push(Effect::SaveRecord(id, input, *record));
        }
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
