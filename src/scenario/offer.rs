//! What a scenario offers to whoever explores it: what may go wrong in it, and how often.

use super::Scenario;
use crate::engine::{Fault, Notice, Step, World};
use crate::model::TaskId;
use crate::protocol::{Claims, CoordinatorBox, ProtocolBox, ProtocolKind};

/// How often what a driver may choose happens in a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Snapshots that somebody asks for; one where they are periodic.
    pub snapshots: u32,
    /// Crashes, random ones included.
    pub crashes: u32,
    /// Lost triggers.
    pub lost_triggers: u32,
    /// Other lost messages of the coordinator.
    pub lost_notices: u32,
    /// Messages of the coordinator that come twice.
    pub repeated_notices: u32,
    /// Messages of the coordinator that come late, behind others.
    pub postponed_notices: u32,
    /// Parts of a snapshot that do not get into storage.
    pub failed_uploads: u32,
}

impl Scenario {
    /// What is claimed of its snapshots.
    pub fn claims(&self) -> Claims {
        self.claims
    }

    /// Its protocol.
    pub fn protocol(&self) -> ProtocolKind {
        self.protocol
    }

    /// Whether it expects that an invariant is violated.
    pub fn expects_violation(&self, invariant: &str) -> bool {
        self.expect.expects_violation(invariant)
    }

    /// How often what a driver may choose happens in it.
    pub fn offers(&self) -> Offers {
        let mut offers = Offers { snapshots: self.setup.requests, ..Offers::default() };
        offers.snapshots += u32::from(self.settings.enabled && self.settings.periodic);
        for fault in &self.faults {
            match fault {
                Fault::Crash { .. } => offers.crashes += 1,
                Fault::RandomCrashes { count, .. } => offers.crashes += count,
                Fault::Lose { notice: Notice::Trigger(_), .. } => offers.lost_triggers += 1,
                Fault::Lose { .. } => offers.lost_notices += 1,
                Fault::Repeat { .. } => offers.repeated_notices += 1,
                Fault::Postpone { .. } => offers.postponed_notices += 1,
                Fault::FailUpload { .. } => offers.failed_uploads += 1,
            }
        }
        for step in self.schedule().unwrap_or_default() {
            match step {
                Step::Crash(_) => offers.crashes += 1,
                Step::Lose(_) => offers.lost_notices += 1,
                Step::Repeat(_) => offers.repeated_notices += 1,
                Step::Postpone(_) => offers.postponed_notices += 1,
                Step::FailUpload(..) => offers.failed_uploads += 1,
                _ => {}
            }
        }
        offers
    }

    /// A world in which nothing has happened yet, with protocols of your own.
    pub fn world_of(&self, protocol: &mut dyn FnMut(TaskId) -> ProtocolBox) -> World {
        World::new(self.setup.clone(), protocol, CoordinatorBox::new(self.coordinator()))
    }

    /// The same scenario with so many requests for a snapshot. Where they are periodic, whoever
    /// explores it counts them.
    #[must_use]
    pub fn with_requests(self, requests: u32) -> Scenario {
        if self.settings.periodic { self } else { self.with_setup(|setup| setup.requests = requests) }
    }
}
