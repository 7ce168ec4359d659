//! The coordinator's side: its logic, its timers, and what it knows of the job.

use super::Setup;
use crate::kernel::{Printed, Prints, clone_fields};
use crate::model::{SnapshotId, TaskId};
use crate::protocol::{CoordinatorBox, Timer};

/// How the job as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) enum Job {
    NotStarted,
    Running,
    Failed,
    Finished,
}

/// The coordinator and what surrounds it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Centre {
    pub job: Job,
    /// Checkpoints that are still to be asked for.
    pub requests: u32,
    /// What tasks that come up are given, while any of them is not up yet.
    pub restoring: Option<SnapshotId>,
    /// Who starts the snapshot that is being triggered; only within a step.
    pub initiator: Option<TaskId>,
    pub logic: Printed<CoordinatorBox>,
    /// Armed timers, sorted.
    pub timers: Printed<Vec<Timer>>,
    /// Pending snapshots whose alignment budget is used up.
    pub overdue: Printed<Vec<SnapshotId>>,
    /// Sources that it knows to have finished, by task; empty when none ever does.
    pub gone: Printed<Vec<bool>>,
    /// Snapshots that processes are still to start.
    pub initiations: Printed<Vec<TaskId>>,
}

clone_fields!(Centre { job, requests, restoring, initiator, logic, timers, overdue, gone, initiations });

impl Centre {
    pub fn new(setup: &Setup, logic: CoordinatorBox) -> Self {
        let plan = &setup.plan;
        let finishes = plan.operators().iter().any(|operator| operator.kind.finishes());
        Centre {
            job: Job::NotStarted,
            requests: setup.requests,
            restoring: None,
            initiator: None,
            logic: Printed::new(logic),
            timers: Printed::default(),
            overdue: Printed::default(),
            gone: Printed::new(vec![false; if finishes { plan.tasks().len() } else { 0 }]),
            initiations: Printed::new(setup.initiators.clone()),
        }
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add_small(&(self.job, self.requests, self.restoring));
        prints.add(&mut self.logic);
        prints.add(&mut self.timers);
        prints.add(&mut self.overdue);
        prints.add(&mut self.gone);
        prints.add(&mut self.initiations);
    }
}
