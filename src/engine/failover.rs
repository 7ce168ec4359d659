//! Crash, stop, deploy, restore.

use super::world::{Job, Slot, Status, World, initial_state};
use super::{Lane, Observer, Touch};
use crate::model::{Element, Kind, Record, SnapshotId, TaskId, TaskState};
use crate::protocol::{SnapshotProtocol, Timer};
use crate::trace::Fact;

/// What a task starts with when there is nothing to restore, in the memory of what it had.
fn reset(state: &mut TaskState, kind: &Kind) {
    match state {
        TaskState::Keyed(entries) => entries.clear(),
        TaskState::Join(entries) => entries.clear(),
        TaskState::Sink(pending) => pending.clear(),
        _ => *state = initial_state(kind),
    }
}

impl World {
    /// A task dies: what is volatile is gone, and nothing else (law 5). The others go on until
    /// the failure is noticed.
    pub(super) fn crash<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        self.wipe(task);
        observer.fact(Fact::Crashed { task });
        if self.timers.binary_search(&Timer::Restart).is_err() {
            self.arm(Timer::Detect, observer);
        }
    }

    fn wipe(&mut self, task: TaskId) {
        let kind = self.setup.plan.kind(task);
        let work = &mut *self.tasks[task];
        self.missing += u32::from(work.status == Status::Up);
        work.status = Status::Down;
        reset(&mut work.state, kind);
        work.is_finished = false;
        self.set_alarm(task, None);
        self.protocols[task].reset();
        if !self.savings.is_empty() {
            self.savings.retain(|saving| saving.task != task);
        }
        if self.is_stuck(task) {
            self.outboxes.clear(task.0 as usize);
        }
    }

    /// The failure is noticed: everything of this attempt stops (scope "all").
    pub(super) fn fail<O: Observer>(&mut self, observer: &mut O) {
        observer.fact(Fact::Failover);
        self.job = Job::Running;
        self.disarm(Timer::Detect, observer);
        for task in self.setup.plan.tasks().ids() {
            // From here on its messages are those of an attempt that is over (F5).
            if !self.notices.is_empty(task.0 as usize) {
                self.notices.for_each_mut(task.0 as usize, |slot| slot.item.old = true);
            }
            if !self.reports.is_empty(task.0 as usize) {
                self.reports.for_each_mut(task.0 as usize, |slot| slot.item.old = true);
            }
            if self.tasks[task].status != Status::Down {
                self.wipe(task);
            }
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_failure(view, out));
    }

    /// A new attempt begins: its channels are empty.
    pub(super) fn deploy<O: Observer>(&mut self, snapshot: Option<SnapshotId>, observer: &mut O) {
        observer.fact(Fact::Restoring { snapshot });
        self.restoring = snapshot;
        for channel in self.setup.plan.channels().ids() {
            let at = channel.0 as usize;
            if self.blocked[at] {
                self.blocked[at] = false;
            }
            if self.setup.fencing && !self.data.is_empty(at) {
                observer.fact(Fact::Cleared { channel, elements: self.data.len(at) as u32 });
                self.data.clear(at);
                observer.touch(Touch::Cleared(channel));
            }
        }
        self.start_over();
        self.reinstate(snapshot, observer);
        for task in self.setup.plan.tasks().ids() {
            self.tasks[task].status = Status::Restoring;
            observer.touch(Touch::Restoring(task));
        }
    }

    /// What tasks only remember while they run. Where there is nothing to forget, nothing is touched: a
    /// search would copy it and take its fingerprint again.
    fn start_over(&mut self) {
        if self.turns.iter().any(|turn| *turn > 0) {
            self.turns.fill(0);
        }
        if self.gone.contains(&true) {
            self.gone.fill(false);
        }
        if !self.ended.is_empty() {
            self.ended.clear();
        }
        if !self.piggyback.is_off() {
            self.piggyback.stamps.fill(0);
            self.piggyback.counts.fill(0);
        }
    }

    /// N12: what the snapshot holds of channels is back in them before anything new.
    fn reinstate<O: Observer>(&mut self, snapshot: Option<SnapshotId>, observer: &mut O) {
        if self.setup.forgets_channels {
            return;
        }
        let stored = self.storage.iter().find(|stored| Some(stored.id) == snapshot);
        let parts: Vec<_> = stored.into_iter().flat_map(|stored| stored.parts.iter().flatten().cloned()).collect();
        for &(channel, record) in parts.iter().flat_map(|part| &part.channels) {
            observer.fact(Fact::Reinstated { channel, name: record.name });
            let stamp = observer.sent(Lane::Data(channel));
            self.data.push_back(channel.0 as usize, Slot { item: Element::Record(Record { stamp: 0, ..record }), stamp });
            if let Some(count) = self.piggyback.counts.get_mut(channel.0 as usize) {
                *count += 1;
            }
        }
    }

    /// One task comes up with its part of the snapshot.
    pub(super) fn restore<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let snapshot = self.restoring;
        match self.part(task).map(|stored| self.setup.storage.load(stored)) {
            Some(loaded) => self.tasks[task].state = loaded,
            None => reset(&mut self.tasks[task].state, self.setup.plan.kind(task)),
        }
        let digest = self.tasks[task].state.digest();
        self.tasks[task].status = Status::Up;
        self.missing -= 1;
        observer.fact(Fact::Restored { task, snapshot, digest });
        if let Some(id) = snapshot {
            self.protocol(task, observer, |protocol, _, _| protocol.on_restored(id));
        }
        self.rewind(task, observer);
        self.sink(task, observer, |sink, pending, prepared, out| sink.on_restored(pending, prepared, out));
        observer.touch(Touch::Woke(task));
        if self.missing == 0 {
            self.restoring = None;
            observer.fact(Fact::Resumed);
            self.coordinate(observer, |coordinator, view, out| coordinator.on_running(view, out));
        }
    }

    fn part(&self, task: TaskId) -> Option<&TaskState> {
        let id = self.restoring?;
        let stored = self.storage.iter().find(|stored| stored.id == id)?;
        stored.parts[task.0 as usize].as_ref().map(|part| &part.state)
    }

    /// A source that cannot replay goes on where its feed is; any source may already be at its end.
    fn rewind<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        if self.is_feed(task) {
            self.tasks[task].state = TaskState::Source(self.feeds[task.0 as usize]);
        }
        self.report_exhaustion(task, observer);
    }

    /// Whether the job is between its start and its end.
    pub fn is_running(&self) -> bool {
        self.job == Job::Running
    }
}
