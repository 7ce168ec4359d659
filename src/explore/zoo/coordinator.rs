//! What the coordinator does wrong.

use super::wrong::{CoordinatorBug, coordinator};
use super::{ANY, EXACT, Mutant, Need, Seam};
use crate::model::{SnapshotId, TaskId};
use crate::protocol::{Command, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, Report, Settings, Timer};
use crate::trace::{Reason, Refusal};

pub(super) const TABLE: &[Mutant] = &[
    Mutant {
        name: "restores_nothing",
        stands_for: "FLINK-25486",
        what: "starts from the beginning after every failure, though snapshots are complete",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RestoresNothing>),
    },
    Mutant {
        name: "restores_the_first",
        stands_for: "FLINK-20441",
        what: "restores the first snapshot that was completed instead of the latest",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RestoresTheFirst>),
    },
    Mutant {
        name: "restores_an_unfinished_one",
        stands_for: "class: a restore from an incomplete snapshot",
        what: "restores the snapshot that was pending at the failure",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RestoresUnfinished>),
    },
    Mutant {
        name: "completes_with_one_missing",
        stands_for: "class: one ack too few",
        what: "completes a snapshot when all acks but one are in",
        caught_by: "consistent_cut",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<OneMissing>),
    },
    Mutant {
        name: "any_ack_counts",
        stands_for: "Arroyo 2090cb97",
        what: "counts a late ack of an older snapshot for the pending one",
        caught_by: "consistent_cut",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<AnyAckCounts>),
    },
    Mutant {
        name: "ids_start_again",
        stands_for: "Arroyo #1003",
        what: "numbers snapshots from 1 again after a failure",
        caught_by: "engine_sanity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<IdsStartAgain>),
    },
    Mutant {
        name: "notifies_too_early",
        stands_for: "class: a notice before the metadata",
        what: "tells sinks to commit before the snapshot is durable",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Coordinator(coordinator::<NotifiesEarly>),
    },
    Mutant {
        name: "aborts_the_completed",
        stands_for: "FLINK-5667",
        what: "gives up a snapshot that is complete",
        caught_by: "engine_sanity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<AbortsTheCompleted>),
    },
    Mutant {
        name: "pending_outlives_the_failure",
        stands_for: "class: failover forgets what is pending",
        what: "gives up nothing when the job fails",
        caught_by: "liveness",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<PendingOutlives>),
    },
    Mutant {
        name: "timeout_ignored",
        stands_for: "class: no timeout",
        what: "waits for ever for acks that do not come",
        caught_by: "liveness",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<TimeoutIgnored>),
    },
    Mutant {
        name: "timeout_completes",
        stands_for: "class: an unknown outcome taken for success",
        what: "takes a snapshot whose time is up for complete",
        caught_by: "consistent_cut",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<TimeoutCompletes>),
    },
    Mutant {
        name: "failed_upload_counts",
        stands_for: "FLINK-17350",
        what: "counts a task whose part did not get into storage as one whose part did",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<FailureCounts>),
    },
    Mutant {
        name: "no_last_checkpoint",
        stands_for: "FLINK-34117",
        what: "ends the run without a checkpoint behind the last records",
        caught_by: "delivery",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Coordinator(no_last_checkpoint),
    },
    Mutant {
        name: "never_notifies",
        stands_for: "FLINK-23471",
        what: "completes snapshots and tells nobody",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Coordinator(coordinator::<NeverNotifies>),
    },
    Mutant {
        name: "notifies_one_behind",
        stands_for: "class: off by one in the notices",
        what: "names the snapshot before the completed one in its notices",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Coordinator(coordinator::<OneBehind>),
    },
    Mutant {
        name: "notifies_of_the_aborted",
        stands_for: "class: an abort taken for a completion",
        what: "tells sinks to commit what was given up",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Coordinator(coordinator::<NotifiesOfTheAborted>),
    },
];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RestoresNothing;

impl CoordinatorBug for RestoresNothing {
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(if let Command::Restore(_) = command { Command::Restore(None) } else { command })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RestoresTheFirst(Option<SnapshotId>);

impl CoordinatorBug for RestoresTheFirst {
    fn edit(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Complete(id) => {
                self.0.get_or_insert(id);
                Some(command)
            }
            Command::Restore(_) => Some(Command::Restore(self.0)),
            _ => Some(command),
        }
    }
}

/// What is pending, and what of that is still in storage after the failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RestoresUnfinished(Option<SnapshotId>);

impl CoordinatorBug for RestoresUnfinished {
    fn edit(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Trigger(id) => self.0 = Some(id),
            Command::Abort(id, Reason::Failover) if self.0 == Some(id) => return None,
            Command::Complete(id) | Command::Abort(id, _) if self.0 == Some(id) => self.0 = None,
            Command::Restore(latest) => return Some(Command::Restore(self.0.take().or(latest))),
            _ => {}
        }
        Some(command)
    }
}

/// Who has acked what is pending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OneMissing(Vec<(SnapshotId, TaskId)>);

impl CoordinatorBug for OneMissing {
    fn edit(&mut self, command: Command) -> Option<Command> {
        if let Command::Complete(id) | Command::Abort(id, _) = command {
            self.0.retain(|(pending, _)| *pending != id);
        }
        Some(command)
    }

    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        right.on_report(view, from, report, out);
        let Report::Ack(id) = report else { return };
        out.rewrite(|command| {
            if command == Command::Count(from, id) {
                self.0.push((id, from));
            }
            Some(command)
        });
        let has = |task: &TaskId| self.0.contains(&(id, *task));
        if self.0.iter().filter(|(pending, _)| *pending == id).count() as u32 + 1 == view.tasks
            && let Some(missing) = (0..).map(TaskId).find(|task| !has(task))
        {
            self.0.push((id, missing));
            right.on_report(view, missing, Report::Ack(id), out);
            // Nobody has said so.
            out.rewrite(|command| Some(command).filter(|command| *command != Command::Count(missing, id)));
        }
    }
}

/// What is pending, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct AnyAckCounts(Vec<SnapshotId>);

impl CoordinatorBug for AnyAckCounts {
    fn edit(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Trigger(id) => self.0.push(id),
            Command::Complete(id) | Command::Abort(id, _) => self.0.retain(|pending| *pending != id),
            _ => {}
        }
        Some(command)
    }

    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        let report = match (report, self.0.first()) {
            (Report::Ack(id), Some(&oldest)) if !self.0.contains(&id) => Report::Ack(oldest),
            _ => report,
        };
        right.on_report(view, from, report, out);
    }
}

/// The right coordinator goes on counting; what is seen of its numbers is less by `base`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct IdsStartAgain {
    base: u32,
    highest: u32,
}

impl IdsStartAgain {
    fn shown(&self, id: SnapshotId) -> SnapshotId {
        SnapshotId(id.0 - self.base)
    }

    fn meant(&self, id: SnapshotId) -> SnapshotId {
        SnapshotId(id.0 + self.base)
    }

    fn shown_timer(&self, timer: Timer) -> Timer {
        match timer {
            Timer::Timeout(id) => Timer::Timeout(self.shown(id)),
            Timer::Store(id) => Timer::Store(self.shown(id)),
            _ => timer,
        }
    }
}

impl CoordinatorBug for IdsStartAgain {
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(match command {
            Command::Trigger(id) => {
                self.highest = id.0;
                Command::Trigger(self.shown(id))
            }
            Command::Count(task, id) => Command::Count(task, self.shown(id)),
            Command::Ignore(task, id) => Command::Ignore(task, self.shown(id)),
            Command::Store(id) => Command::Store(self.shown(id)),
            Command::Complete(id) => Command::Complete(self.shown(id)),
            Command::Notify(id) => Command::Notify(self.shown(id)),
            Command::Abort(id, reason) => Command::Abort(self.shown(id), reason),
            Command::SetTimer(timer) => Command::SetTimer(self.shown_timer(timer)),
            Command::CancelTimer(timer) => Command::CancelTimer(self.shown_timer(timer)),
            _ => command,
        })
    }

    fn on_timer(&mut self, right: &mut Coordinator, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        let timer = match timer {
            Timer::Timeout(id) => Timer::Timeout(self.meant(id)),
            Timer::Store(id) => Timer::Store(self.meant(id)),
            _ => timer,
        };
        right.on_timer(view, timer, out);
    }

    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        let report = match report {
            Report::Ack(id) => Report::Ack(self.meant(id)),
            Report::Decline(id, why) => Report::Decline(self.meant(id), why),
            Report::DataEnded | Report::Finished => report,
        };
        right.on_report(view, from, report, out);
    }

    fn after_failure(&mut self) {
        self.base = self.highest;
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NotifiesEarly;

impl CoordinatorBug for NotifiesEarly {
    fn edit_all(&mut self, out: &mut Commands) {
        for command in std::mem::take(out).drain() {
            if let Command::Store(id) = command {
                out.push(Command::Notify(id));
            }
            out.push(command);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct AbortsTheCompleted;

impl CoordinatorBug for AbortsTheCompleted {
    fn edit_all(&mut self, out: &mut Commands) {
        for command in std::mem::take(out).drain() {
            out.push(command);
            if let Command::Complete(id) = command {
                out.push(Command::Abort(id, Reason::Subsumed));
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct PendingOutlives;

impl CoordinatorBug for PendingOutlives {
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(command).filter(|command| !matches!(command, Command::Abort(_, Reason::Failover)))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct TimeoutIgnored;

impl CoordinatorBug for TimeoutIgnored {
    fn on_timer(&mut self, right: &mut Coordinator, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        if !matches!(timer, Timer::Timeout(_)) {
            right.on_timer(view, timer, out);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct TimeoutCompletes;

impl CoordinatorBug for TimeoutCompletes {
    fn edit_all(&mut self, out: &mut Commands) {
        for command in std::mem::take(out).drain() {
            if let Command::Abort(id, Reason::Timeout) = command {
                out.push(Command::Complete(id));
                out.push(Command::Notify(id));
            } else {
                out.push(command);
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct FailureCounts;

impl CoordinatorBug for FailureCounts {
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        let report = if let Report::Decline(id, Refusal::Failed) = report { Report::Ack(id) } else { report };
        right.on_report(view, from, report, out);
    }
}

fn no_last_checkpoint(right: Coordinator) -> CoordinatorBox {
    CoordinatorBox::new(Coordinator::new(Settings { final_checkpoint: false, ..right.settings().clone() }))
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NeverNotifies;

impl CoordinatorBug for NeverNotifies {
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(command).filter(|command| !matches!(command, Command::Notify(_)))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OneBehind(Option<SnapshotId>);

impl CoordinatorBug for OneBehind {
    fn edit(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Notify(id) => self.0.replace(id).map(Command::Notify),
            _ => Some(command),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NotifiesOfTheAborted;

impl CoordinatorBug for NotifiesOfTheAborted {
    fn edit_all(&mut self, out: &mut Commands) {
        for command in std::mem::take(out).drain() {
            out.push(command);
            match command {
                // At a failure everybody is stopped and nobody is told anything.
                Command::Abort(_, Reason::Failover) => {}
                Command::Abort(id, _) => out.push(Command::Notify(id)),
                _ => {}
            }
        }
    }
}
