//! Aligned barriers: block every input that has delivered its barrier until all have.

use super::gate::Gate;
use crate::kernel::clone_fields;
use crate::model::{Barrier, ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// Exactly-once by alignment (Carbone et al. 2015; semantics B1-B8).
///
/// One snapshot at a time per task. A barrier of a newer one gives the older one up (B2),
/// barriers of older ones are ignored (B1).
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Aligned {
    gate: Gate,
    goes_on: bool,
}

clone_fields!(Aligned { gate, goes_on });

impl Aligned {
    /// `goes_on`: whether checkpoints are taken after inputs have ended (B6, else B7).
    pub fn new(goes_on: bool) -> Self {
        Aligned { gate: Gate::default(), goes_on }
    }

    /// Snapshot, then barrier: both in one step, so no record comes between them (K3).
    fn snapshot(id: SnapshotId, out: &mut Effects) {
        out.push(Effect::SaveState(id));
        out.push(Effect::Broadcast(Barrier::aligned(id)));
        out.push(Effect::Ack(id));
    }

    /// Counts an input and says whether it was the last.
    fn arrive(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) -> bool {
        let is_last = self.gate.arrive(task, input);
        if is_last {
            Self::snapshot(id, out);
            self.gate.finish(task, out);
        }
        is_last
    }
}

impl SnapshotProtocol for Aligned {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.gate.begin(task, id, out) {
            Self::snapshot(id, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        self.gate.begin(task, id, out);
        if self.gate.is_pending(id) && !self.arrive(task, input, id, out) {
            out.push(Effect::Block(input));
        }
    }

    fn on_cancel(&mut self, task: &TaskView<'_>, _input: ChannelId, id: SnapshotId, out: &mut Effects) {
        self.gate.cancel(task, id, out);
    }

    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        if self.gate.end(task, input, self.goes_on, out)
            && let Some(id) = self.gate.pending()
        {
            self.arrive(task, input, id, out);
        }
    }

    fn reset(&mut self) {
        self.gate = Gate::default();
    }
}
