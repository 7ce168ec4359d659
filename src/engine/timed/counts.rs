//! How often each fault of a run took place: what never happened was not tested.

use crate::engine::{Fault, Notice};
use crate::kernel::Ticks;
use crate::model::{SnapshotId, TaskId};

/// By the number of the fault, the stall and the slow spell in the scenario: how often it took place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Crashes; messages lost, repeated or overtaken; uploads failed.
    pub faults: Vec<u32>,
    /// Messages that a stall held up.
    pub stalls: Vec<u32>,
    /// Records that took longer.
    pub slows: Vec<u32>,
    /// Crashes that are due at a time, and whose they are.
    due: Vec<(Ticks, TaskId, usize)>,
}

impl FaultCounts {
    pub(super) fn reset(&mut self, faults: usize, stalls: usize, slows: usize) {
        for (counts, length) in [(&mut self.faults, faults), (&mut self.stalls, stalls), (&mut self.slows, slows)] {
            counts.clear();
            counts.resize(length, 0);
        }
        self.due.clear();
    }

    pub(super) fn expect_crash(&mut self, at: u64, task: TaskId, fault: usize) {
        self.due.push((Ticks(at), task, fault));
    }

    /// A crash was due; the dead do not die again.
    pub(super) fn crash_due(&mut self, at: u64, task: TaskId, happens: bool) {
        let Some(first) = self.due.iter().position(|&(due, dying, _)| (due, dying) == (Ticks(at), task)) else { return };
        let (_, _, fault) = self.due.remove(first);
        self.faults[fault] += u32::from(happens);
    }

    pub(super) fn lost(&mut self, faults: &[Fault], task: TaskId, notice: Notice) {
        self.count(faults, |fault| *fault == Fault::Lose { task, notice });
    }

    pub(super) fn repeated(&mut self, faults: &[Fault], task: TaskId, notice: Notice) {
        self.count(faults, |fault| *fault == Fault::Repeat { task, notice });
    }

    /// A message let another one pass.
    pub(super) fn postponed(&mut self, faults: &[Fault], task: TaskId, snapshot: SnapshotId) {
        let is_it = |fault: &Fault| matches!(fault, Fault::Postpone { task: whose, snapshot: of, .. } if (*whose, *of) == (task, snapshot));
        self.count(faults, is_it);
    }

    pub(super) fn upload_failed(&mut self, faults: &[Fault], task: TaskId, snapshot: SnapshotId) {
        self.count(faults, |fault| *fault == Fault::FailUpload { task, snapshot });
    }

    fn count(&mut self, faults: &[Fault], is_meant: impl Fn(&Fault) -> bool) {
        for (count, _) in self.faults.iter_mut().zip(faults).filter(|(_, fault)| is_meant(fault)) {
            *count += 1;
        }
    }
}
