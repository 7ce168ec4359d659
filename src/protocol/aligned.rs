//! Aligned barriers: block every input that has delivered its barrier until all have.

use crate::model::{Barrier, ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, Refusal, SnapshotProtocol, TaskView};

/// Exactly-once by alignment (Carbone et al. 2015; semantics B1, B2, B5, B8).
///
/// One snapshot at a time per task. A barrier of a newer one gives the older one up (B2),
/// barriers of older ones are ignored (B1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Aligned {
    /// The highest id seen.
    newest: Option<SnapshotId>,
    /// How many inputs still owe the newest barrier; 0 when none is being aligned.
    owing: u32,
}

impl Aligned {
    fn unblock_all(task: &TaskView<'_>, out: &mut Effects) {
        for input in task.inputs().filter(|&input| task.is_blocked(input)) {
            out.push(Effect::Unblock(input));
        }
    }

    /// Snapshot, then barrier: both in one step, so no record comes between them (K3).
    fn snapshot(barrier: Barrier, out: &mut Effects) {
        out.push(Effect::SaveState(barrier.snapshot));
        out.push(Effect::Broadcast(barrier));
        out.push(Effect::Ack(barrier.snapshot));
    }
}

impl SnapshotProtocol for Aligned {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.newest < Some(id) {
            self.newest = Some(id);
            Self::snapshot(Barrier { snapshot: id }, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = Some(barrier.snapshot);
        if id > self.newest {
            if self.owing > 0 {
                Self::unblock_all(task, out);
                out.push(Effect::Decline(self.newest.expect("an alignment has an id"), Refusal::Subsumed));
            }
            self.newest = id;
            self.owing = task.inputs().len() as u32;
        } else if id < self.newest || self.owing == 0 {
            return;
        }
        self.owing -= 1;
        if self.owing > 0 {
            out.push(Effect::Block(input));
            return;
        }
        Self::snapshot(barrier, out);
        Self::unblock_all(task, out);
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
