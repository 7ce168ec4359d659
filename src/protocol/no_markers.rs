//! Photographs without agreement: what markers are for, shown by leaving them out.

use crate::model::{Barrier, ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// Wrong on purpose: everybody saves its own state when it is told to, and nobody looks at the
/// channels. What is under way is missing, or is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoMarkers;

impl SnapshotProtocol for NoMarkers {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        out.push(Effect::SaveState(id));
        out.push(Effect::Ack(id));
    }

    fn on_barrier(&mut self, _task: &TaskView<'_>, _input: ChannelId, _barrier: Barrier, _out: &mut Effects) {}

    fn reset(&mut self) {}
}
