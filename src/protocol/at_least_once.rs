//! Barriers without alignment: no input is ever blocked.

use crate::model::{Barrier, ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// How many snapshots one task follows at a time; the oldest is forgotten beyond (semantics 5).
const TRACKED: usize = 50;

/// At-least-once (semantics L1-L3, L7): the snapshot is taken when the last barrier is in, and
/// holds records that came behind earlier barriers. They are replayed too: duplicates, no loss.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AtLeastOnce {
    /// The highest id seen.
    newest: Option<SnapshotId>,
    /// Snapshots whose barriers are still coming in and how many inputs owe one, oldest first.
    pending: Vec<(SnapshotId, u32)>,
}

impl AtLeastOnce {
    fn snapshot(barrier: Barrier, out: &mut Effects) {
        out.push(Effect::SaveState(barrier.snapshot));
        out.push(Effect::Broadcast(barrier));
        out.push(Effect::Ack(barrier.snapshot));
    }
}

impl SnapshotProtocol for AtLeastOnce {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.newest < Some(id) {
            self.newest = Some(id);
            Self::snapshot(Barrier { snapshot: id }, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, _input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        if Some(id) > self.newest {
            self.newest = Some(id);
            // A newer one does not void older ones (L2), or slow inputs would never complete any.
            self.pending.push((id, task.inputs().len() as u32));
            if self.pending.len() > TRACKED {
                self.pending.remove(0);
            }
        }
        // L3: an id that is not followed is ignored.
        let Some(at) = self.pending.iter().position(|(pending, _)| *pending == id) else { return };
        self.pending[at].1 -= 1;
        if self.pending[at].1 == 0 {
            self.pending.drain(..=at);
            Self::snapshot(barrier, out);
        }
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
