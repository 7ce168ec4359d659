//! Barriers that may overtake records: at once, or when aligning has taken too long.

use smallvec::SmallVec;

use super::gate::Gate;
use crate::kernel::clone_fields;
use crate::model::{Barrier, BarrierKind, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// Where a task is with its pending snapshot (semantics 3, ALTERNATING).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    /// Aligned so far: inputs with an early barrier wait (WAIT-A, COLLECT-A).
    #[default]
    Aligning,
    /// The budget was used up before the first barrier (WAIT-U).
    Hurried,
    /// The state is saved and the barrier is gone; until an input's own barrier is in, what comes on
    /// it is saved as well as processed (COLLECT-U).
    Collecting,
}

/// Exactly once, with channel contents in the snapshot where aligning would take too long
/// (semantics B1-B8, N2-N4, N8).
///
/// `unaligned` and `aligned_timeout` are this one handler, as in Flink; they differ in the barriers
/// that their sources send. Every snapshot starts aligned. An unaligned barrier, or an alignment
/// budget used up, turns it: the state is saved at once, the barrier goes ahead of all records.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Alternating {
    gate: Gate,
    phase: Phase,
    /// Whether an input has delivered the pending barrier; ends alone turn nothing unaligned.
    has_barrier: bool,
    /// Whether the budget counts: barriers that must keep their place have none.
    is_timed: bool,
    /// Inputs whose barrier has arrived and waits behind records.
    announced: SmallVec<[ChannelId; 4]>,
    starts_unaligned: bool,
    goes_on: bool,
}

clone_fields!(Alternating { gate, phase, has_barrier, is_timed, announced, starts_unaligned, goes_on });

impl Alternating {
    /// Barriers overtake from the source on. `goes_on`: whether checkpoints are taken after inputs
    /// have ended (B6, else B7).
    pub fn unaligned(goes_on: bool) -> Self {
        Alternating {
            gate: Gate::default(),
            phase: Phase::Aligning,
            has_barrier: false,
            is_timed: false,
            announced: SmallVec::new(),
            starts_unaligned: true,
            goes_on,
        }
    }

    /// Barriers keep their place until the snapshot's budget is used up.
    pub fn aligned_timeout(goes_on: bool) -> Self {
        Alternating { starts_unaligned: false, ..Self::unaligned(goes_on) }
    }

    /// B2: a newer snapshot starts, aligned.
    fn begin(&mut self, task: &TaskView<'_>, barrier: Barrier, out: &mut Effects) {
        if self.gate.begin(task, barrier.snapshot, out) {
            self.forget();
        }
        let is_timed = matches!(barrier.kind, BarrierKind::Timed { .. });
        if is_timed && !self.is_timed && self.gate.is_pending(barrier.snapshot) {
            self.is_timed = true;
            out.push(Effect::SetTimer(barrier.snapshot));
        }
    }

    fn forget(&mut self) {
        (self.phase, self.has_barrier, self.is_timed) = (Phase::Aligning, false, false);
        self.announced.clear();
    }

    fn end(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        out.push(Effect::CancelTimer);
        self.gate.finish(task, out);
        self.forget();
    }

    fn prioritise_announced(&mut self, id: SnapshotId, out: &mut Effects) {
        self.announced.drain(..).for_each(|input| out.push(Effect::Prioritise(input, id)));
    }

    fn save_aligned(&self, id: SnapshotId, out: &mut Effects) {
        out.push(Effect::SaveState(id));
        // A barrier that had to keep its place on the way in may overtake again on the way out.
        out.push(if self.starts_unaligned { Effect::Overtake(id) } else { Effect::Broadcast(Barrier::timed(id)) });
    }

    /// The state is saved and the barrier leaves, ahead of everything.
    fn save_unaligned(&mut self, id: SnapshotId, out: &mut Effects) {
        self.phase = Phase::Collecting;
        out.push(Effect::SaveState(id));
        out.push(Effect::Overtake(id));
    }

    /// One more input is in, by its barrier, which went ahead of so many records, or by its end. What is to be saved is
    /// saved before the ack says that the part is whole.
    fn arrive(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, overtook: u32, out: &mut Effects) -> bool {
        self.announced.retain(|announced| *announced != input);
        if self.phase == Phase::Hurried && self.has_barrier {
            self.save_unaligned(id, out);
        }
        let is_last = self.gate.arrive(task, input);
        let is_whole = is_last && self.phase != Phase::Hurried;
        match (self.phase, is_last) {
            (Phase::Aligning, true) => self.save_aligned(id, out),
            // Nobody's timer is needed to see that it is late (the passive timeout).
            (Phase::Aligning, false) if self.is_timed && self.has_barrier && task.is_overdue(id) => {
                self.prioritise_announced(id, out);
                self.save_unaligned(id, out);
            }
            _ => {}
        }
        if overtook > 0 {
            out.push(Effect::SaveOvertaken(id, input, overtook));
        }
        if is_whole {
            out.push(Effect::Ack(id));
            self.end(task, out);
        }
        is_last
    }
}

impl SnapshotProtocol for Alternating {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if !self.gate.begin(task, id, out) {
            return;
        }
        if self.starts_unaligned {
            self.save_unaligned(id, out);
        } else {
            self.save_aligned(id, out);
        }
        out.push(Effect::Ack(id));
        self.forget();
    }

    fn on_announcement(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        self.begin(task, barrier, out);
        if !self.gate.is_pending(id) || !self.gate.owes(task, input) {
            return;
        }
        match self.phase {
            Phase::Aligning => self.announced.push(input),
            Phase::Hurried | Phase::Collecting => out.push(Effect::Prioritise(input, id)),
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        self.begin(task, barrier, out);
        // An obsolete barrier changes nothing (B1) and ends nothing (N4).
        if !self.gate.is_pending(id) {
            return;
        }
        self.has_barrier = true;
        let is_unaligned = matches!(barrier.kind, BarrierKind::Unaligned { .. });
        if is_unaligned && self.phase == Phase::Aligning {
            self.prioritise_announced(id, out);
            self.save_unaligned(id, out);
        }
        let is_last = self.arrive(task, input, id, barrier.overtook(), out);
        // A channel that gave an aligned barrier stays blocked after the switch, up to the last.
        if !is_last && !is_unaligned {
            out.push(Effect::Block(input));
        }
    }

    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        if let (Phase::Collecting, Some(id), true) = (self.phase, self.gate.pending(), self.gate.owes(task, input)) {
            out.push(Effect::SaveRecord(id, input, *record));
        }
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn on_timer(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if !self.gate.is_pending(id) || self.phase != Phase::Aligning {
            return;
        }
        self.prioritise_announced(id, out);
        if self.has_barrier {
            self.save_unaligned(id, out);
        } else {
            self.phase = Phase::Hurried;
        }
    }

    fn on_cancel(&mut self, task: &TaskView<'_>, _input: ChannelId, id: SnapshotId, out: &mut Effects) {
        if self.gate.cancel(task, id, out) {
            out.push(Effect::CancelTimer);
            self.forget();
        }
    }

    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        let was_pending = self.gate.pending().is_some();
        if self.gate.end(task, input, self.goes_on, out) {
            if let Some(id) = self.gate.pending() {
                self.arrive(task, input, id, 0, out);
            }
        } else if was_pending {
            out.push(Effect::CancelTimer);
            self.forget();
        }
    }

    fn reset(&mut self) {
        self.gate = Gate::default();
        self.forget();
    }
}
