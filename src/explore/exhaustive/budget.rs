//! What a search may spend, and what pays for what.

use crate::engine::{Control, Step};
use crate::protocol::Timer;
use crate::scenario::Offers;

/// How often what only somebody outside brings about may still happen. Budgets are part of the state:
/// they end the search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Snapshots that are asked for, by request or periodically.
    pub snapshots: u32,
    /// Tasks that die.
    pub crashes: u32,
    /// Messages of the coordinator that are lost.
    pub losses: u32,
    /// Messages of the coordinator that come twice.
    pub repeats: u32,
    /// Words of a completion that the next message overtakes.
    pub postponements: u32,
    /// Parts of a snapshot that do not get into storage.
    pub failed_uploads: u32,
    /// Snapshots that take too long.
    pub timeouts: u32,
    /// Snapshots that use up their time for aligning.
    pub alignments: u32,
    /// Final checkpoints that are tried again while records may still be under way; without a budget
    /// there is no end to them. At an end of the search they are tried in any case.
    pub finals: u32,
}

impl Budget {
    /// What a scenario holds. Time for aligning may run out for every snapshot.
    pub fn of(offers: &Offers) -> Budget {
        Budget {
            snapshots: offers.snapshots,
            crashes: offers.crashes,
            losses: offers.lost_triggers + offers.lost_notices,
            repeats: offers.repeated_notices,
            postponements: offers.postponed_notices,
            failed_uploads: offers.failed_uploads,
            timeouts: 0,
            alignments: u32::MAX,
            finals: 0,
        }
    }

    /// The least that has to take steps of its own for these faults to find a place.
    pub fn needs(self) -> Control {
        let mut control = Control::INSTANT;
        if self.losses > 0 || self.repeats > 0 {
            control = control.with(Control::TRIGGERS).with(Control::NOTICES);
        }
        if self.postponements > 0 {
            control = control.with(Control::NOTICES);
        }
        if self.failed_uploads > 0 {
            control = control.with(Control::UPLOADS);
        }
        control
    }

    /// What a step is paid with; `None` when it is free.
    fn purse(&mut self, step: Step) -> Option<&mut u32> {
        match step {
            Step::Request | Step::Fire(Timer::First | Timer::Interval) => Some(&mut self.snapshots),
            Step::Crash(_) => Some(&mut self.crashes),
            Step::Lose(_) => Some(&mut self.losses),
            Step::Repeat(_) => Some(&mut self.repeats),
            Step::Postpone(_) => Some(&mut self.postponements),
            Step::FailUpload(..) => Some(&mut self.failed_uploads),
            Step::Fire(Timer::Timeout(_)) => Some(&mut self.timeouts),
            Step::Fire(Timer::Budget(_)) => Some(&mut self.alignments),
            Step::Fire(Timer::Final) => Some(&mut self.finals),
            // Pauses follow from what was paid for.
            _ => None,
        }
    }

    pub(super) fn affords(mut self, step: Step) -> bool {
        self.purse(step).is_none_or(|left| *left > 0)
    }

    /// Whether a step is paid for at all.
    pub(super) fn charges(mut self, step: Step) -> bool {
        self.purse(step).is_some()
    }

    pub(super) fn spend(&mut self, step: Step) {
        if let Some(left) = self.purse(step)
            && *left != u32::MAX
        {
            *left -= 1;
        }
    }
}
