//! What goes wrong in a timed run, and when.

use super::Notice;
use crate::kernel::Ticks;
use crate::model::{Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// A named point of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the words are the scenario's; see docs/format.md")]
pub enum Point {
    RecordEmitted,
    RecordReceived,
    OutputVisible,
    Triggered,
    BarrierReceived,
    AlignmentStarted,
    StateSaved,
    Uploaded,
    Acked,
    AllAcked,
    Completed,
    Aborted,
    Notified,
    Prepared,
    Committed,
    Crashed,
    Detected,
    Restoring,
    Restored,
    Resumed,
}

impl Point {
    /// Whether a snapshot can be asked for at this point.
    pub fn has_snapshot(self) -> bool {
        use Point::{
            Aborted, Acked, AlignmentStarted, AllAcked, BarrierReceived, Committed, Completed, Notified, Prepared, Restoring, StateSaved,
            Triggered, Uploaded,
        };
        matches!(
            self,
            Aborted
                | Acked
                | AlignmentStarted
                | AllAcked
                | BarrierReceived
                | Committed
                | Completed
                | Notified
                | Prepared
                | Restoring
                | StateSaved
                | Triggered
                | Uploaded
        )
    }

    /// Whether a task reaches this point, rather than the job.
    pub fn has_task(self) -> bool {
        !matches!(
            self,
            Point::Triggered | Point::AllAcked | Point::Completed | Point::Aborted | Point::Detected | Point::Restoring | Point::Resumed
        )
    }

    /// The task and snapshot of a fact that reaches this point; `None` when it does not.
    pub fn reached_by(self, fact: Fact, plan: &Plan) -> Option<(Option<TaskId>, Option<SnapshotId>)> {
        let receiver = |channel| plan.channels()[channel].to;
        let at = |task: TaskId| Some((Some(task), None));
        let both = |task: TaskId, snapshot: SnapshotId| Some((Some(task), Some(snapshot)));
        let job = |snapshot: SnapshotId| Some((None, Some(snapshot)));
        match (self, fact) {
            (Point::RecordEmitted, Fact::Emitted { task, .. }) => at(task),
            (Point::RecordReceived, Fact::Received { channel, .. }) => at(receiver(channel)),
            (Point::OutputVisible, Fact::Output { task, .. }) => at(task),
            (Point::Triggered, Fact::Triggered { snapshot }) => job(snapshot),
            (Point::BarrierReceived, Fact::BarrierReceived { channel, snapshot }) => both(receiver(channel), snapshot),
            (Point::AlignmentStarted, Fact::Blocked { channel }) => at(receiver(channel)),
            (Point::StateSaved, Fact::Saved { task, snapshot, .. }) => both(task, snapshot),
            (Point::Uploaded, Fact::Uploaded { task, snapshot }) => both(task, snapshot),
            (Point::Acked, Fact::Acked { task, snapshot }) => both(task, snapshot),
            (Point::AllAcked, Fact::AllAcked { snapshot }) => job(snapshot),
            (Point::Completed, Fact::Completed { snapshot }) => job(snapshot),
            (Point::Aborted, Fact::Aborted { snapshot, .. }) => job(snapshot),
            (Point::Notified, Fact::Notified { task, snapshot }) => both(task, snapshot),
            (Point::Prepared, Fact::Prepared { task, snapshot }) => both(task, snapshot),
            (Point::Committed, Fact::Committed { task, snapshot, .. }) => both(task, snapshot),
            (Point::Crashed, Fact::Crashed { task }) => at(task),
            (Point::Detected, Fact::Failover) => Some((None, None)),
            (Point::Restoring, Fact::Restoring { snapshot }) => Some((None, snapshot)),
            (Point::Restored, Fact::Restored { task, .. }) => at(task),
            (Point::Resumed, Fact::Resumed) => Some((None, None)),
            _ => None,
        }
    }
}

/// A condition on what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Whose doing it is; `None` for anybody's.
    pub task: Option<TaskId>,
    /// What is reached.
    pub point: Point,
    /// For which snapshot; `None` for any. Points that belong to no snapshot ask for none.
    pub snapshot: Option<SnapshotId>,
    /// The how-manieth time, from 1.
    pub nth: u32,
    /// How long after.
    pub after: Ticks,
}

impl When {
    /// When something that waits for this happens, in a run with these facts; none where it never does.
    pub fn due(self, plan: &Plan, facts: impl IntoIterator<Item = (Ticks, Fact)>) -> Option<Ticks> {
        let mut watch = Watch::default();
        // Whose crash it would be does not matter.
        let task = plan.tasks().ids().next()?;
        watch.reset(&[Fault::Crash { task, moment: Moment::When(self) }], plan);
        facts.into_iter().find_map(|(at, fact)| {
            watch.see(fact, plan);
            watch.take_due().map(|(_, after, _)| at + after)
        })
    }

    fn is_met_by(&self, fact: Fact, plan: &Plan, aligning: &[Option<SnapshotId>]) -> bool {
        let Some((task, snapshot)) = self.point.reached_by(fact, plan) else { return false };
        // A channel that is blocked says nothing of the snapshot; the barrier before it did.
        let snapshot = match (self.point, task) {
            (Point::AlignmentStarted, Some(task)) => aligning.get(task.0 as usize).copied().flatten(),
            _ => snapshot,
        };
        (self.task.is_none() || self.task == task) && (self.snapshot.is_none() || self.snapshot == snapshot)
    }
}

/// When a task dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At this time.
    At(Ticks),
    /// When this has happened.
    When(When),
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A task dies.
    Crash {
        /// Which.
        task: TaskId,
        /// When.
        moment: Moment,
    },
    /// Tasks die at random times: `count` times, about `every` apart.
    RandomCrashes {
        /// Which tasks may die.
        tasks: Vec<TaskId>,
        /// How often.
        count: u32,
        /// The mean distance.
        every: Ticks,
        /// Not before.
        from: Ticks,
    },
    /// A task's part of a snapshot does not get into storage, and the task refuses the snapshot (K5).
    FailUpload {
        /// Whose part.
        task: TaskId,
        /// Of which snapshot.
        snapshot: SnapshotId,
    },
    /// A message of the coordinator is lost.
    Lose {
        /// To whom.
        task: TaskId,
        /// Which.
        notice: Notice,
    },
    /// A message of the coordinator comes twice.
    Repeat {
        /// To whom.
        task: TaskId,
        /// Which.
        notice: Notice,
    },
    /// Word of a complete snapshot takes longer, and lets pass what comes meanwhile.
    Postpone {
        /// To whom.
        task: TaskId,
        /// Of which snapshot.
        snapshot: SnapshotId,
        /// How much longer.
        by: Ticks,
    },
}

/// The conditions that are still open in a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Who dies, when, how often that was, and the number of the fault.
    open: Vec<(TaskId, When, u32, usize)>,
    /// The newest barrier that each task has received; empty when nothing is watched.
    aligning: Vec<Option<SnapshotId>>,
    due: Vec<(TaskId, Ticks, usize)>,
}

impl Watch {
    pub fn reset(&mut self, faults: &[Fault], plan: &Plan) {
        self.open.clear();
        self.due.clear();
        self.aligning.clear();
        for (number, fault) in faults.iter().enumerate() {
            if let Fault::Crash { task, moment: Moment::When(when) } = fault {
                self.open.push((*task, *when, 0, number));
            }
        }
        if !self.open.is_empty() {
            self.aligning.resize(plan.tasks().len(), None);
        }
    }

    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    #[inline(never)]
    pub fn see(&mut self, fact: Fact, plan: &Plan) {
        if let Fact::BarrierReceived { channel, snapshot } = fact {
            self.aligning[plan.channels()[channel].to.0 as usize] = Some(snapshot);
        }
        let Watch { open, aligning, due } = self;
        open.retain_mut(|(task, when, seen, fault)| {
            *seen += u32::from(when.is_met_by(fact, plan, aligning));
            let is_met = *seen >= when.nth;
            if is_met {
                due.push((*task, when.after, *fault));
            }
            !is_met
        });
    }

    /// Crashes whose condition was met in the last step: who, how long after, and the number of the fault.
    pub fn take_due(&mut self) -> Option<(TaskId, Ticks, usize)> {
        if self.due.is_empty() { None } else { Some(self.due.remove(0)) }
    }
}
