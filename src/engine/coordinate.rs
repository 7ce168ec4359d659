//! Between the tasks and the coordinator: its messages, its timers, its commands.

use std::sync::Arc;

use super::world::{Job, Mail, Slot, Status, Stored, World};
use super::{Lane, Notice, Observer, Touch};
use crate::kernel::part;
use crate::model::{Part, SnapshotId, TaskId, TaskState};
use crate::protocol::{Command, Commands, Coordination, CoordinatorView, Report, SnapshotProtocol, Timer, Told};
use crate::trace::{Fact, Reason, Refusal};

impl World {
    pub(super) fn report<O: Observer>(&mut self, from: TaskId, report: Report, observer: &mut O) {
        let stamp = observer.sent(Lane::Hear(from));
        self.messages.reports.push_back(from.0 as usize, Slot { item: Mail { item: report, old: false }, stamp });
    }

    fn notify<O: Observer>(&mut self, to: TaskId, notice: Notice, observer: &mut O) {
        let stamp = observer.sent(Lane::Tell(to, notice));
        self.messages.notices.push_back(to.0 as usize, Slot { item: Mail { item: notice, old: false }, stamp });
    }

    pub(super) fn tell<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let Mail { item, old } = self.messages.notices.pop_front(task.0 as usize).expect("ready: not empty").item;
        let snapshot = item.snapshot();
        if old && self.setup.fencing {
            return observer.fact(Fact::Fenced { task });
        }
        if self.tasks[task].status == Status::Down {
            return observer.fact(Fact::NoticeLost { task, snapshot });
        }
        match item {
            // P3: it finished while the trigger was on its way.
            Notice::Trigger(snapshot) if self.tasks[task].is_finished => {
                observer.fact(Fact::Declined { task, snapshot, why: Refusal::Finished });
                self.report(task, Report::Decline(snapshot, Refusal::Finished), observer);
            }
            Notice::Trigger(id) => {
                observer.fact(Fact::TriggerReceived { task, snapshot: id });
                self.protocol(task, observer, |protocol, view, out| protocol.on_trigger(view, id, out));
            }
            Notice::Aborted(id) => self.hear_abort(task, id, observer),
            Notice::Completed(id) => {
                observer.fact(Fact::Notified { task, snapshot: id });
                self.sink(task, observer, |sink, pending, _, out| sink.on_completed(pending, id, out));
                self.close(task, id, observer);
            }
        }
    }

    pub(super) fn lose<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let lost = self.messages.notices.pop_front(task.0 as usize).expect("ready: not empty").item.item;
        observer.fact(Fact::NoticeLost { task, snapshot: lost.snapshot() });
    }

    /// The copy comes behind all that has been sent: next to the first one it could never be older than what the task
    /// has heard.
    pub(super) fn repeat<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let item = self.messages.notices.front(task.0 as usize).expect("ready: not empty").item;
        let stamp = observer.sent(Lane::Tell(task, item.item));
        self.messages.notices.push_back(task.0 as usize, Slot { item, stamp });
        observer.fact(Fact::NoticeRepeated { task, snapshot: item.item.snapshot() });
    }

    pub(super) fn postpone<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let next = self.messages.notices.remove(task.0 as usize, 1).expect("ready: there are two");
        let late = self.messages.notices.front(task.0 as usize).expect("ready: there are two").item.item;
        self.messages.notices.push_front(task.0 as usize, next);
        observer.fact(Fact::NoticePostponed { task, snapshot: late.snapshot() });
    }

    pub(super) fn hear<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let Mail { item, old } = self.messages.reports.pop_front(task.0 as usize).expect("ready: not empty").item;
        if old && self.setup.fencing {
            return observer.fact(Fact::Fenced { task });
        }
        match item {
            Report::Ack(..) => {}
            Report::Decline(snapshot, why) => observer.fact(Fact::RefusalHeard { task, snapshot, why }),
            Report::DataEnded => observer.fact(Fact::Exhausted { task }),
            Report::Finished => self.centre.gone[task.0 as usize] = true,
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_report(view, task, item, out));
    }

    /// K7: what is on its way to storage is dropped; what is not taken yet will not be (K2).
    fn hear_abort<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) {
        observer.fact(Fact::AbortHeard { task, snapshot });
        let before = self.tasks.savings.len();
        self.tasks.savings.retain(|saving| (saving.task, saving.snapshot) != (task, snapshot));
        if self.tasks.savings.len() < before {
            observer.fact(Fact::PartDropped { task, snapshot });
        }
        if snapshot.0 > self.tasks[task].taken {
            self.tasks.add_void(task, snapshot);
        }
        self.protocol(task, observer, |protocol, view, out| protocol.on_abort(view, snapshot, out));
        self.pass_voids(task, observer);
    }

    pub(super) fn fire<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        self.disarm(timer, observer);
        match timer {
            Timer::Budget(snapshot) => return self.use_up_budget(snapshot, observer),
            Timer::First | Timer::Interval => observer.fact(Fact::Requested),
            Timer::Pause => observer.fact(Fact::PauseOver),
            Timer::Timeout(snapshot) if self.stands_still() => observer.fact(Fact::StoodStill { snapshot }),
            _ => {}
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_timer(view, timer, out));
    }

    pub(super) fn arm<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        if let Err(at) = self.centre.timers.binary_search(&timer) {
            self.centre.timers.insert(at, timer);
            observer.touch(Touch::Armed(timer));
        }
    }

    pub(super) fn disarm<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        if let Ok(at) = self.centre.timers.binary_search(&timer) {
            self.centre.timers.remove(at);
            observer.touch(Touch::Disarmed(timer));
        }
    }

    /// Calls one handler of the coordinator and carries out its commands; commands may call it
    /// again, so this goes on until it asks for nothing more.
    pub(super) fn coordinate<O: Observer>(
        &mut self,
        observer: &mut O,
        call: impl FnOnce(&mut dyn Coordination, &CoordinatorView, &mut Commands),
    ) {
        let mut commands = Commands::default();
        let view = self.coordinator_view();
        part("coordinator", || call(self.centre.logic.get(), &view, &mut commands));
        for command in commands.drain() {
            if self.suits(command, observer) {
                self.command(command, observer);
            }
        }
    }

    fn command<O: Observer>(&mut self, command: Command, observer: &mut O) {
        match command {
            Command::Trigger(snapshot) => self.trigger(snapshot, observer),
            Command::Count(task, snapshot) => observer.fact(Fact::Acked { task, snapshot }),
            Command::Ignore(task, snapshot) => observer.fact(Fact::AckIgnored { task, snapshot }),
            Command::Store(snapshot) => {
                observer.fact(Fact::AllAcked { snapshot });
                self.arm(Timer::Store(snapshot), observer);
            }
            Command::Complete(snapshot) => self.complete(snapshot, observer),
            Command::Notify(snapshot) => self.notify_complete(snapshot, observer),
            Command::Abort(snapshot, reason) => {
                self.durable.discard(snapshot);
                self.end_budget(snapshot, observer);
                observer.fact(Fact::Aborted { snapshot, reason });
                if reason != Reason::Failover {
                    self.notify_running(Notice::Aborted(snapshot), observer);
                }
            }
            Command::SetTimer(timer) => self.arm(timer, observer),
            Command::CancelTimer(timer) => self.disarm(timer, observer),
            Command::Fail => self.fail(observer),
            Command::Restore(snapshot) => self.deploy(snapshot, observer),
            Command::GiveUp => {
                self.centre.job = Job::Failed;
                observer.fact(Fact::JobFailed);
            }
            Command::Finish => {
                self.centre.job = Job::Finished;
                observer.fact(Fact::Finished);
            }
        }
    }

    fn trigger<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        observer.fact(Fact::Triggered { snapshot });
        self.durable.newest = self.durable.newest.max(Some(snapshot));
        let parts = vec![None; self.tasks.len()];
        self.durable.snapshots.push(Stored { id: snapshot, completed: false, parts });
        if self.setup.budget {
            self.arm(Timer::Budget(snapshot), observer);
        }
        match (self.centre.initiator, self.setup.told) {
            (_, Told::Everybody) => self.notify_running(Notice::Trigger(snapshot), observer),
            (Some(task), Told::Roots) => {
                observer.fact(Fact::Initiated { task, snapshot });
                self.protocol(task, observer, |protocol, view, out| protocol.on_trigger(view, snapshot, out));
            }
            (None, Told::Roots) if !self.centre.gone.contains(&true) => {
                for at in 0..self.setup.plan.sources().len() {
                    self.notify(self.setup.plan.sources()[at], Notice::Trigger(snapshot), observer);
                }
            }
            (None, Told::Roots) => self.trigger_rest(snapshot, observer),
        }
    }

    /// P2: what has finished is recorded as such; every running task with no running task before it
    /// is told.
    fn trigger_rest<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        for task in self.setup.plan.tasks().ids() {
            let plan = &self.setup.plan;
            let is_gone = |task: TaskId| self.centre.gone[task.0 as usize];
            // What comes by a back edge is the task's own.
            let mut before = plan.inputs(task).filter(|&input| !plan.is_back_edge(input)).map(|input| plan.channels()[input].from);
            if is_gone(task) {
                let position = plan.log_length(task);
                let state = TaskState::Source(position);
                observer.fact(Fact::OffsetSaved { task, snapshot, position });
                observer.fact(Fact::Saved { task, snapshot, entries: 0, digest: state.digest() });
                let part = Arc::new(Part { state, channels: Vec::new(), is_finished: true });
                if let Some(stored) = self.durable.snapshots.last_mut() {
                    stored.parts[task.0 as usize] = Some(part);
                }
            } else if before.all(is_gone) {
                self.notify(task, Notice::Trigger(snapshot), observer);
            }
        }
    }

    /// Sinks that commit then listen, and sources that wait to finish.
    fn notify_complete<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        for at in 0..self.tasks.closing.len() {
            let (task, _) = self.tasks.closing[at];
            self.notify(task, Notice::Completed(snapshot), observer);
        }
        for at in 0..self.setup.plan.sinks().len() {
            let task = self.setup.plan.sinks()[at];
            if self.setup.plan.is_two_phase(task) {
                self.notify(task, Notice::Completed(snapshot), observer);
            }
        }
    }

    fn notify_running<O: Observer>(&mut self, notice: Notice, observer: &mut O) {
        for task in self.setup.plan.tasks().ids() {
            if !self.tasks[task].is_finished {
                self.notify(task, notice, observer);
            }
        }
    }

    /// A process starts a snapshot of its own accord.
    pub(super) fn initiate<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let at = self.centre.initiations.iter().position(|other| *other == task).expect("ready: it is to initiate one");
        self.centre.initiations.remove(at);
        self.centre.initiator = Some(task);
        observer.fact(Fact::Requested);
        self.coordinate(observer, |coordinator, view, out| coordinator.on_request(view, out));
        self.centre.initiator = None;
    }

    fn end_budget<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        if self.setup.budget {
            self.disarm(Timer::Budget(snapshot), observer);
            self.centre.overdue.retain(|id| *id != snapshot);
        }
    }

    fn complete<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        self.end_budget(snapshot, observer);
        observer.fact(Fact::Completed { snapshot });
        self.durable.complete(snapshot, self.setup.retain, |snapshot| observer.fact(Fact::Discarded { snapshot }));
    }
}
