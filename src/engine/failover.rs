//! Crash, stop, deploy, restore.

use super::world::{ChannelContents, Job, Slot, Status, World, initial_state};
use super::{Lane, Observer, Touch};
use crate::kernel::part;
use crate::model::{ChannelId, Element, Kind, Part, Record, SnapshotId, TaskId, TaskState};
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
        if self.centre.timers.binary_search(&Timer::Restart).is_err() {
            self.arm(Timer::Detect, observer);
        }
    }

    fn wipe(&mut self, task: TaskId) {
        let kind = self.setup.plan.kind(task);
        self.tasks.missing += u32::from(self.tasks[task].status == Status::Up);
        let work = &mut *self.tasks[task];
        work.status = Status::Down;
        reset(&mut work.state, kind);
        (work.is_finished, work.taken) = (false, 0);
        self.tasks.put_down(task);
        self.tasks.set_alarm(task, None);
        self.tasks.forget_voids(task, SnapshotId(u32::MAX));
        if !self.tasks.closing.is_empty() {
            self.tasks.closing.retain(|(owner, _)| *owner != task);
        }
        self.tasks.protocols[task].reset();
        if !self.tasks.savings.is_empty() {
            self.tasks.savings.retain(|saving| saving.task != task);
        }
        if self.is_stuck(task) {
            self.channels.outboxes.clear(task.0 as usize);
        }
    }

    /// The failure is noticed: everything of this attempt stops (scope "all").
    pub(super) fn fail<O: Observer>(&mut self, observer: &mut O) {
        observer.fact(Fact::Failover);
        self.centre.job = Job::Running;
        self.disarm(Timer::Detect, observer);
        for task in self.setup.plan.tasks().ids() {
            // From here on its messages are those of an attempt that is over (F5).
            if !self.messages.notices.is_empty(task.0 as usize) {
                self.messages.notices.for_each_mut(task.0 as usize, |slot| slot.item.old = true);
            }
            if !self.messages.reports.is_empty(task.0 as usize) {
                self.messages.reports.for_each_mut(task.0 as usize, |slot| slot.item.old = true);
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
        self.centre.restoring = snapshot;
        for channel in self.setup.plan.channels().ids() {
            let at = channel.0 as usize;
            if self.channels.blocked[at] {
                self.channels.blocked[at] = false;
            }
            if self.setup.fencing && !self.channels.data.is_empty(at) {
                observer.fact(Fact::Cleared { channel, elements: self.channels.data.len(at) as u32 });
                self.channels.ends -= self.channels.data.iter(at).filter(|slot| slot.item == Element::EndOfData).count() as u32;
                self.channels.data.clear(at);
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
        if self.channels.turns.iter().any(|turn| *turn > 0) {
            self.channels.turns.fill(0);
        }
        if self.centre.gone.contains(&true) {
            self.centre.gone.fill(false);
        }
        self.channels.await_ends(&self.setup.plan);
        if !self.channels.ended.is_empty() {
            self.channels.ended.clear();
        }
        if !self.channels.piggyback.is_off() {
            self.channels.piggyback.stamps.fill(0);
            self.channels.piggyback.counts.fill(0);
        }
    }

    /// N12: what the snapshot holds of channels is back in them before anything new.
    fn reinstate<O: Observer>(&mut self, snapshot: Option<SnapshotId>, observer: &mut O) {
        let stored = snapshot.and_then(|id| self.durable.find(id));
        let parts = stored.into_iter().flat_map(|stored| stored.parts.iter().flatten());
        let mut contents: Vec<(ChannelId, Record)> = parts.flat_map(|stored| self.contents_of(stored)).collect();
        match self.setup.channel_contents {
            ChannelContents::Restored => {}
            ChannelContents::Forgotten => contents.clear(),
            ChannelContents::Backwards => contents.reverse(),
        }
        for (channel, record) in contents {
            observer.fact(Fact::Reinstated { channel, name: record.name, value: record.value });
            let stamp = observer.sent(Lane::Data(channel));
            self.channels.data.push_back(channel.0 as usize, Slot { item: Element::Record(Record { stamp: 0, ..record }), stamp });
            if let Some(count) = self.channels.piggyback.counts.get_mut(channel.0 as usize) {
                *count += 1;
            }
        }
    }

    fn contents_of(&self, stored: &Part) -> Vec<(ChannelId, Record)> {
        let mut contents = stored.channels.clone();
        part("storage, load_contents", || self.setup.storage.load_contents(&mut contents));
        contents
    }

    /// One task comes up with its part of the snapshot.
    pub(super) fn restore<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let snapshot = self.centre.restoring;
        let stored = self.part(task);
        let had_finished = stored.is_some_and(|stored| stored.is_finished);
        let loaded = stored.map(|stored| part("storage, load", || self.setup.storage.load(&stored.state)));
        match loaded.filter(|loaded| self.can_be(task, loaded, observer)) {
            Some(loaded) => self.tasks[task].state = loaded,
            None => reset(&mut self.tasks[task].state, self.setup.plan.kind(task)),
        }
        let digest = self.tasks[task].state.digest();
        self.tasks[task].status = Status::Up;
        self.tasks.missing -= 1;
        observer.fact(Fact::Restored { task, snapshot, digest });
        if let Some(id) = snapshot {
            self.protocol(task, observer, |protocol, _, _| protocol.on_restored(id));
        }
        self.rewind(task, had_finished, observer);
        self.sink(task, observer, |sink, pending, prepared, out| sink.on_restored(pending, prepared, out));
        observer.touch(Touch::Woke(task));
        if self.tasks.missing == 0 {
            self.centre.restoring = None;
            observer.fact(Fact::Resumed);
            self.coordinate(observer, |coordinator, view, out| coordinator.on_running(view, out));
        }
    }

    fn part(&self, task: TaskId) -> Option<&Part> {
        let id = self.centre.restoring?;
        let stored = self.durable.find(id)?;
        stored.parts[task.0 as usize].as_deref()
    }

    /// Whether the job is between its start and its end.
    pub fn is_running(&self) -> bool {
        self.centre.job == Job::Running
    }
}
