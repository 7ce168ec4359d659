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
    Mutant {
        name: "one_more_at_once",
        stands_for: "class: off by one in what may be pending (C4)",
        what: "lets one more snapshot be pending than is allowed",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(one_more_at_once),
    },
    Mutant {
        name: "pause_ignored",
        stands_for: "class: a rule without effect (C5)",
        what: "triggers the next snapshot without the pause that is asked for",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(pause_ignored),
    },
    Mutant {
        name: "request_outlives_the_failure",
        stands_for: "class: a request that should fail (C6)",
        what: "takes a snapshot that was asked for while the job was down, once it is up",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RequestOutlives>),
    },
    Mutant {
        name: "request_forgotten",
        stands_for: "class: a request that waits and is lost (C3)",
        what: "forgets what is asked for while as many snapshots are pending as may be",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RequestForgotten>),
    },
    Mutant {
        name: "completes_before_the_metadata",
        stands_for: "class: complete before it is durable",
        what: "takes a snapshot for complete when the last ack is in, its metadata not yet written (C12)",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<BeforeTheMetadata>),
    },
    Mutant {
        name: "older_ones_stay_pending",
        stands_for: "class: no subsumption (C12)",
        what: "leaves older snapshots pending when a newer one is complete",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<OlderStay>),
    },
    Mutant {
        name: "refusal_ignored",
        stands_for: "class: a refusal without effect (C11)",
        what: "goes on waiting for a snapshot that a task has refused",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<RefusalIgnored>),
    },
    Mutant {
        name: "every_refusal_counts",
        stands_for: "class: a refusal taken for a failure",
        what: "counts every refusal as a failure, though nobody is to blame (C18)",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<EveryRefusalCounts>),
    },
    Mutant {
        name: "success_does_not_reset",
        stands_for: "class: failures in a row taken for failures (C18)",
        what: "goes on counting failures after a success",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<NoReset>),
    },
    Mutant {
        name: "failures_never_count",
        stands_for: "class: a limit without effect (C18)",
        what: "lets any number of snapshots fail",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(failures_never_count),
    },
    Mutant {
        name: "one_restart_too_few",
        stands_for: "class: off by one in the restarts",
        what: "gives up the job with one restart left",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(one_restart_too_few),
    },
    Mutant {
        name: "ends_before_all_have",
        stands_for: "class: the end of one taken for that of all (E2)",
        what: "ends the run when all tasks but one are at the end of their data",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Coordinator(coordinator::<EndsEarly>),
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

fn with_settings(right: &Coordinator, change: impl FnOnce(&mut Settings)) -> CoordinatorBox {
    let mut settings = right.settings().clone();
    change(&mut settings);
    CoordinatorBox::new(Coordinator::new(settings))
}

fn one_more_at_once(right: Coordinator) -> CoordinatorBox {
    with_settings(&right, |settings| settings.max_concurrent = settings.max_concurrent.saturating_add(1))
}

fn pause_ignored(right: Coordinator) -> CoordinatorBox {
    with_settings(&right, |settings| settings.min_pause = false)
}

fn failures_never_count(right: Coordinator) -> CoordinatorBox {
    with_settings(&right, |settings| settings.tolerable_failures = None)
}

fn one_restart_too_few(right: Coordinator) -> CoordinatorBox {
    with_settings(&right, |settings| settings.restarts = settings.restarts.map(|limit| limit.saturating_sub(1)))
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RequestOutlives {
    is_down: bool,
    asked: bool,
}

impl CoordinatorBug for RequestOutlives {
    fn on_request(&mut self, right: &mut Coordinator, view: &CoordinatorView, out: &mut Commands) {
        self.asked |= self.is_down;
        right.on_request(view, out);
    }

    fn on_running(&mut self, right: &mut Coordinator, view: &CoordinatorView, out: &mut Commands) {
        self.is_down = false;
        right.on_running(view, out);
        if std::mem::take(&mut self.asked) {
            right.on_request(view, out);
        }
    }

    fn after_failure(&mut self) {
        self.is_down = true;
    }
}

/// What is pending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RequestForgotten(Vec<SnapshotId>);

impl CoordinatorBug for RequestForgotten {
    fn edit(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Trigger(id) => self.0.push(id),
            Command::Complete(id) | Command::Abort(id, _) => self.0.retain(|pending| *pending != id),
            _ => {}
        }
        Some(command)
    }

    fn on_request(&mut self, right: &mut Coordinator, view: &CoordinatorView, out: &mut Commands) {
        if self.0.len() < right.settings().max_concurrent as usize {
            right.on_request(view, out);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct BeforeTheMetadata;

impl CoordinatorBug for BeforeTheMetadata {
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        right.on_report(view, from, report, out);
        let mut stored = None;
        out.rewrite(|command| {
            if let Command::Store(id) = command {
                stored = Some(id);
            }
            Some(command)
        });
        if let Some(id) = stored {
            out.push(Command::CancelTimer(Timer::Store(id)));
            right.on_timer(view, Timer::Store(id), out);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OlderStay;

impl CoordinatorBug for OlderStay {
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(command).filter(|command| !matches!(command, Command::Abort(_, Reason::Subsumed)))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RefusalIgnored;

impl CoordinatorBug for RefusalIgnored {
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        if !matches!(report, Report::Decline(..)) {
            right.on_report(view, from, report, out);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct EveryRefusalCounts;

impl CoordinatorBug for EveryRefusalCounts {
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        let report = if let Report::Decline(id, _) = report { Report::Decline(id, Refusal::Failed) } else { report };
        right.on_report(view, from, report, out);
    }
}

/// Failures since the last failover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NoReset(u32);

impl NoReset {
    fn count(&mut self, right: &Coordinator, is_failure: bool, out: &mut Commands) {
        let (mut gave_up, mut fails) = (false, false);
        out.rewrite(|command| {
            gave_up |= matches!(command, Command::Abort(..));
            fails |= command == Command::Fail;
            Some(command)
        });
        self.0 += u32::from(is_failure && gave_up);
        if !fails && gave_up && right.settings().tolerable_failures.is_some_and(|tolerable| self.0 > tolerable) {
            out.push(Command::Fail);
        }
    }
}

impl CoordinatorBug for NoReset {
    fn on_timer(&mut self, right: &mut Coordinator, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        right.on_timer(view, timer, out);
        self.count(right, matches!(timer, Timer::Timeout(_)), out);
    }

    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        right.on_report(view, from, report, out);
        self.count(right, matches!(report, Report::Decline(_, Refusal::Failed)), out);
    }

    fn after_failure(&mut self) {
        self.0 = 0;
    }
}

/// How many tasks are at the end of their data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct EndsEarly(u32);

impl CoordinatorBug for EndsEarly {
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        right.on_report(view, from, report, out);
        self.0 += u32::from(report == Report::DataEnded);
        if report == Report::DataEnded && self.0 > 1 && self.0 + 1 == view.all {
            out.push(Command::Finish);
        }
    }

    fn after_failure(&mut self) {
        self.0 = 0;
    }
}
