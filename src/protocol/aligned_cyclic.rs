//! Aligned barriers on a dataflow with loops: what a back edge carries is logged.

use super::gate::Gate;
use crate::model::{Barrier, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// Carbone et al. 2015, the cyclic algorithm (semantics Y2): regular inputs align as usual. A task
/// at the end of a back edge saves its state and sends the barrier on without waiting for that
/// edge (waiting would be for ever, Y4); the records that come by it until the barrier has gone
/// round are the edge's contents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlignedCyclic {
    gate: Gate,
    /// The state is saved and back edges still owe the barrier.
    is_logging: bool,
    logs: bool,
    goes_on: bool,
}

impl AlignedCyclic {
    /// `logs`: whether back edges are logged; without that their records are lost in a failure.
    pub fn new(logs: bool, goes_on: bool) -> Self {
        AlignedCyclic { gate: Gate::default(), is_logging: false, logs, goes_on }
    }

    fn snapshot(id: SnapshotId, out: &mut Effects) {
        out.push(Effect::SaveState(id));
        out.push(Effect::Broadcast(Barrier::aligned(id)));
    }

    /// Counts an input and does what is due: says whether the input has to wait.
    fn arrive(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) -> bool {
        let mut is_last = self.gate.arrive(task, input);
        let awaits_regular = task.inputs().any(|input| !task.is_back_edge(input) && self.gate.owes(task, input));
        if !self.is_logging && !awaits_regular {
            Self::snapshot(id, out);
            self.is_logging = true;
            for input in task.inputs().filter(|&input| task.is_blocked(input)) {
                out.push(Effect::Unblock(input));
            }
            is_last |= !self.logs;
        }
        if is_last {
            out.push(Effect::Ack(id));
            self.gate.finish(task, out);
            self.is_logging = false;
        }
        !is_last && awaits_regular
    }

    fn begin(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.gate.begin(task, id, out) {
            self.is_logging = false;
        }
    }
}

impl SnapshotProtocol for AlignedCyclic {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if !self.gate.begin(task, id, out) {
            return;
        }
        Self::snapshot(id, out);
        // The head of a loop that nothing comes into any more still has to wait for its back edges.
        self.is_logging = self.logs && self.gate.is_pending(id);
        if !self.is_logging {
            out.push(Effect::Ack(id));
            self.gate.finish(task, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        self.begin(task, id, out);
        if self.gate.is_pending(id) && self.arrive(task, input, id, out) && !task.is_back_edge(input) {
            out.push(Effect::Block(input));
        }
    }

    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        if let (true, Some(id), true) = (self.is_logging, self.gate.pending(), self.gate.owes(task, input)) {
            out.push(Effect::SaveRecord(id, input, *record));
        }
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn on_cancel(&mut self, task: &TaskView<'_>, _input: ChannelId, id: SnapshotId, out: &mut Effects) {
        if self.gate.cancel(task, id, out) {
            self.is_logging = false;
        }
    }

    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        if !self.gate.end(task, input, self.goes_on, out) {
            self.is_logging = false;
        } else if let Some(id) = self.gate.pending() {
            self.arrive(task, input, id, out);
        }
    }

    fn reset(&mut self) {
        self.gate = Gate::default();
        self.is_logging = false;
    }
}
