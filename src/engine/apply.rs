//! The one interpreter: applies a step, a protocol's effects, the coordinator's commands.

use std::sync::Arc;

use smallvec::SmallVec;

use super::router::Router;
use super::world::{Job, Mail, Saving, Slot, Status, Stored, Task, World};
use super::{Lane, Notice, Observer, Step, Touch};
use crate::model::{Barrier, ChannelId, Element, Kind, Part, Record, SinkLog, SnapshotId, TaskId, TaskState, process};
use crate::protocol::{
    Command, Commands, Coordination, CoordinatorView, Effect, Effects, Placement, ProtocolBox, Report, SinkEffect, SinkEffects, SinkLogic,
    SnapshotProtocol, TaskView, Timer,
};
use crate::trace::Fact;

impl World {
    /// Applies one step, which must be ready.
    #[inline(always)]
    pub fn apply<O: Observer>(&mut self, step: Step, observer: &mut O) {
        debug_assert_eq!(self.ready(step), Ok(()), "{step:?} is not ready");
        match step {
            Step::Deliver(channel) => self.deliver(channel, observer),
            Step::Emit(task) => self.emit(task, observer),
            _ => self.apply_control(step, observer),
        }
    }

    #[inline(never)]
    fn apply_control<O: Observer>(&mut self, step: Step, observer: &mut O) {
        match step {
            Step::Start => self.start(observer),
            Step::Tell(task) => self.tell(task, observer),
            Step::Hear(task) => self.hear(task, observer),
            Step::Lose(task) => self.lose(task, observer),
            Step::Upload(task) => self.upload(task, observer),
            Step::Restore(task) => self.restore(task, observer),
            Step::Fire(timer) => self.fire(timer, observer),
            Step::Request => {
                self.requests -= 1;
                self.coordinate(observer, |coordinator, view, out| coordinator.on_request(view, out));
            }
            Step::Crash(task) => self.crash(task, observer),
            Step::Emit(_) | Step::Deliver(_) => unreachable!("handled by apply"),
        }
    }

    fn start<O: Observer>(&mut self, observer: &mut O) {
        self.job = Job::Running;
        for task in self.setup.plan.tasks().ids() {
            observer.touch(Touch::Woke(task));
            self.report_exhaustion(task, observer);
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_running(view, out));
    }

    #[inline(always)]
    fn deliver<O: Observer>(&mut self, channel: ChannelId, observer: &mut O) {
        let slot = self.data.pop_front(channel.0 as usize).expect("ready: not empty");
        let plan = &self.setup.plan;
        let (to, names_from) = (plan.channels()[channel].to, plan.channels()[channel].names_from);
        match slot.item {
            Element::Record(record) => {
                observer.fact(Fact::Received { channel, name: record.name });
                if self.wants_records {
                    self.show_record(to, channel, &record, observer);
                }
                self.work(to, Record { name: names_from + record.name, ..record }, observer);
            }
            Element::Barrier(barrier) => self.receive_barrier(to, channel, barrier, observer),
        }
        if self.setup.plan.is_bounded() {
            self.make_room(channel, observer);
        }
    }

    /// Lets the sender's waiting output move up, now that the channel has room.
    fn make_room<O: Observer>(&mut self, channel: ChannelId, observer: &mut O) {
        let from = self.setup.plan.channels()[channel].from;
        if !self.outboxes.is_empty(from.0 as usize) {
            observer.touch(Touch::Refilling(from));
            self.router(observer).refill(from);
        }
    }

    #[inline(never)]
    fn show_record<O: Observer>(&mut self, to: TaskId, channel: ChannelId, record: &Record, observer: &mut O) {
        self.protocol(to, observer, |protocol, view, out| protocol.on_record(view, channel, record, out));
    }

    #[inline(never)]
    fn receive_barrier<O: Observer>(&mut self, to: TaskId, channel: ChannelId, barrier: Barrier, observer: &mut O) {
        observer.fact(Fact::BarrierReceived { channel, snapshot: barrier.snapshot });
        self.protocol(to, observer, |protocol, view, out| protocol.on_barrier(view, channel, barrier, out));
    }

    /// Lets the operator of `task` process one record.
    #[inline(always)]
    fn work<O: Observer>(&mut self, task: TaskId, record: Record, observer: &mut O) {
        let World { setup, tasks, data, outboxes, turns, .. } = self;
        let plan = &setup.plan;
        let operator = plan.operator_of(task);
        match operator.kind {
            Kind::Sink { .. } => return self.write(task, record, observer),
            Kind::KeyedCount { keys } | Kind::KeyedSum { keys } | Kind::Join { keys, .. } => {
                let key = keys.map_or(record.key, |keys| record.key % keys);
                observer.fact(Fact::Applied { task, name: record.name, key, value: record.value });
            }
            _ => {}
        }
        let state = &mut tasks[task].state;
        let mut router = Router { plan, data, outboxes, turns, observer };
        process(&operator.kind, plan.dictionary(), operator.names_in, state, record, |out| router.send(task, out));
    }

    fn write<O: Observer>(&mut self, task: TaskId, record: Record, observer: &mut O) {
        let at = &self.setup.plan.tasks()[task];
        let log = &mut self.external.sinks[at.rank as usize];
        match self.setup.sinks[at.operator.0 as usize].on_record() {
            Placement::Publish => {
                log.publish(record);
                observer.fact(output(task, record));
            }
            Placement::Write => {
                log.open.push(record);
                observer.fact(Fact::Written { task, name: record.name });
            }
            Placement::Drop => {}
        }
    }

    /// Calls one handler of a sink and carries out what it asks of the outside system. Nothing
    /// happens for a task that is no sink.
    pub(super) fn sink<O: Observer>(
        &mut self,
        task: TaskId,
        observer: &mut O,
        call: impl FnOnce(&dyn SinkLogic, &mut Vec<SnapshotId>, &[SnapshotId], &mut SinkEffects),
    ) {
        let at = &self.setup.plan.tasks()[task];
        let TaskState::Sink(pending) = &mut self.tasks[task].state else { return };
        let log = &mut self.external.sinks[at.rank as usize];
        let prepared: SmallVec<[SnapshotId; 8]> = log.prepared.iter().map(|(id, _)| *id).collect();
        let mut effects = SinkEffects::new();
        call(self.setup.sinks[at.operator.0 as usize], pending, &prepared, &mut effects);
        for effect in effects {
            sink_effect(log, task, effect, observer);
        }
    }

    #[inline(always)]
    fn emit<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let position = self.position(task);
        if self.is_feed(task) {
            self.feeds[task.0 as usize] += 1;
            if self.tasks[task].status != Status::Up {
                return observer.fact(Fact::Missed { task, position });
            }
        }
        observer.fact(Fact::Emitted { task, position });
        self.tasks[task].state = TaskState::Source(position + 1);
        let plan = &self.setup.plan;
        let name = plan.source_name(task, position);
        let operator = plan.operator_of(task);
        let (key, value) = operator.kind.read(position, plan.tasks()[task].index, operator.tasks.len() as u32);
        self.router(observer).send(task, Record { name, key, value });
        if position + 1 == self.setup.plan.log_length(task) {
            self.report(task, Report::Exhausted, observer);
        }
    }

    /// Tells the coordinator when a source has nothing left to emit.
    pub(super) fn report_exhaustion<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let plan = &self.setup.plan;
        if plan.kind(task).is_source() && self.position(task) == plan.log_length(task) {
            self.report(task, Report::Exhausted, observer);
        }
    }

    fn report<O: Observer>(&mut self, from: TaskId, report: Report, observer: &mut O) {
        let stamp = observer.sent(Lane::Hear(from));
        self.reports.push_back(from.0 as usize, Slot { item: Mail { item: report, old: false }, stamp });
    }

    fn notify<O: Observer>(&mut self, to: TaskId, notice: Notice, observer: &mut O) {
        let stamp = observer.sent(Lane::Tell(to, notice));
        self.notices.push_back(to.0 as usize, Slot { item: Mail { item: notice, old: false }, stamp });
    }

    fn tell<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let Mail { item, old } = self.notices.pop_front(task.0 as usize).expect("ready: not empty").item;
        let (Notice::Trigger(snapshot) | Notice::Completed(snapshot)) = item;
        if old && self.setup.fencing {
            return observer.fact(Fact::Fenced { task });
        }
        if self.tasks[task].status == Status::Down {
            return observer.fact(Fact::NoticeLost { task, snapshot });
        }
        match item {
            Notice::Trigger(id) => self.protocol(task, observer, |protocol, view, out| protocol.on_trigger(view, id, out)),
            Notice::Completed(id) => {
                observer.fact(Fact::Notified { task, snapshot: id });
                self.sink(task, observer, |sink, pending, _, out| sink.on_completed(pending, id, out));
            }
        }
    }

    fn lose<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let lost = self.notices.pop_front(task.0 as usize).expect("ready: not empty").item.item;
        let (Notice::Trigger(snapshot) | Notice::Completed(snapshot)) = lost;
        observer.fact(Fact::NoticeLost { task, snapshot });
    }

    fn hear<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let Mail { item, old } = self.reports.pop_front(task.0 as usize).expect("ready: not empty").item;
        if old && self.setup.fencing {
            return observer.fact(Fact::Fenced { task });
        }
        match item {
            Report::Ack(..) => {}
            Report::Decline(snapshot, _) => observer.fact(Fact::Declined { task, snapshot }),
            Report::Exhausted => observer.fact(Fact::Exhausted { task }),
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_report(view, task, item, out));
    }

    /// The asynchronous part of a snapshot ends: the copy becomes durable, the ack leaves.
    fn upload<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let saving = &mut self.tasks[task].saving;
        let oldest = saving.iter().position(|saving| saving.is_whole).expect("ready: one is whole");
        let Saving { snapshot, part, .. } = saving.remove(oldest);
        let records = part.channels.len() as u32;
        if let Some(stored) = self.storage.iter_mut().find(|stored| stored.id == snapshot) {
            stored.parts[task.0 as usize] = Some(part);
        }
        observer.fact(Fact::Uploaded { task, snapshot });
        self.report(task, Report::Ack(snapshot, records), observer);
    }

    fn fire<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        self.disarm(timer, observer);
        self.coordinate(observer, |coordinator, view, out| coordinator.on_timer(view, timer, out));
    }

    pub(super) fn arm<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        if let Err(at) = self.timers.binary_search(&timer) {
            self.timers.insert(at, timer);
            observer.touch(Touch::Armed(timer));
        }
    }

    pub(super) fn disarm<O: Observer>(&mut self, timer: Timer, observer: &mut O) {
        if let Ok(at) = self.timers.binary_search(&timer) {
            self.timers.remove(at);
            observer.touch(Touch::Disarmed(timer));
        }
    }

    /// Calls one handler of a task's protocol and applies what it asks for.
    #[inline(always)]
    fn protocol<O: Observer>(&mut self, task: TaskId, observer: &mut O, call: impl FnOnce(&mut ProtocolBox, &TaskView<'_>, &mut Effects)) {
        let mut effects = Effects::default();
        let view = TaskView { task, plan: &self.setup.plan, blocked: &self.blocked };
        call(&mut self.protocols[task], &view, &mut effects);
        for effect in effects.drain() {
            self.effect(task, effect, observer);
        }
    }

    #[inline(never)]
    fn effect<O: Observer>(&mut self, task: TaskId, effect: Effect, observer: &mut O) {
        match effect {
            Effect::SaveState(snapshot) => self.save_state(task, snapshot, observer),
            Effect::Broadcast(barrier) => self.router(observer).broadcast(task, barrier),
            Effect::Block(channel) => {
                self.blocked[channel.0 as usize] = true;
                observer.fact(Fact::Blocked { channel });
            }
            Effect::Unblock(channel) => {
                self.blocked[channel.0 as usize] = false;
                observer.fact(Fact::Unblocked { channel });
                observer.touch(Touch::Unblocked(channel));
            }
            Effect::Overtake(barrier) => self.overtake(task, barrier, observer),
            Effect::SaveRecord(snapshot, channel, record) => self.save_record(task, snapshot, channel, record, observer),
            Effect::Ack(snapshot) => {
                if let Some(saving) = self.saving(task, snapshot) {
                    saving.is_whole = true;
                    observer.touch(Touch::Saving(task));
                }
            }
            Effect::Decline(snapshot, why) => {
                self.tasks[task].saving.retain(|saving| saving.snapshot != snapshot);
                self.report(task, Report::Decline(snapshot, why), observer);
            }
        }
    }

    fn saving(&mut self, task: TaskId, snapshot: SnapshotId) -> Option<&mut Saving> {
        self.tasks[task].saving.iter_mut().find(|saving| saving.snapshot == snapshot)
    }

    fn save_record<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, channel: ChannelId, record: Record, observer: &mut O) {
        if let Some(saving) = self.saving(task, snapshot) {
            Arc::make_mut(&mut saving.part).channels.push((channel, record));
            observer.fact(Fact::RecordSaved { task, channel, snapshot, name: record.name });
        }
    }

    /// N8: the barrier enters every output channel at its front; the records it jumps over are
    /// contents of their channel in the snapshot, and still on their way.
    fn overtake<O: Observer>(&mut self, task: TaskId, barrier: Barrier, observer: &mut O) {
        for channel in self.setup.plan.outputs(task).to_vec() {
            let at = channel.0 as usize;
            let record = |slot: &Slot<Element>| match slot.item {
                Element::Record(record) => Some(record),
                Element::Barrier(_) => None,
            };
            let overtaken: Vec<Record> = self.data.iter(at).filter_map(record).collect();
            for record in overtaken {
                self.save_record(task, barrier.snapshot, channel, record, observer);
            }
            let stamp = observer.jumped(channel);
            self.data.push_front(at, Slot { item: Element::Barrier(barrier), stamp });
        }
    }

    /// The synchronous part of a snapshot: pre-commit (T1), then copy.
    fn save_state<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) {
        self.sink(task, observer, |sink, pending, _, out| sink.on_save(pending, snapshot, out));
        let Task { state, saving, .. } = &mut self.tasks[task];
        if let TaskState::Source(position) = *state {
            observer.fact(Fact::OffsetSaved { task, snapshot, position });
        }
        let copy = self.setup.storage.save(state);
        observer.fact(Fact::Saved { task, snapshot, entries: copy.entries() as u32, digest: copy.digest() });
        let part = Arc::new(Part { state: copy, channels: Vec::new() });
        saving.push(Saving { snapshot, part, is_whole: false });
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
        call(self.coordinator.get(), &view, &mut commands);
        for command in commands.drain() {
            self.command(command, observer);
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
            Command::Notify(snapshot) => {
                for at in 0..self.setup.plan.sinks().len() {
                    let task = self.setup.plan.sinks()[at];
                    if self.setup.plan.is_two_phase(task) {
                        self.notify(task, Notice::Completed(snapshot), observer);
                    }
                }
            }
            Command::Abort(snapshot, reason) => {
                self.storage.retain(|stored| stored.id != snapshot || stored.completed);
                observer.fact(Fact::Aborted { snapshot, reason });
            }
            Command::SetTimer(timer) => self.arm(timer, observer),
            Command::CancelTimer(timer) => self.disarm(timer, observer),
            Command::Fail => self.fail(observer),
            Command::Restore(snapshot) => self.deploy(snapshot, observer),
            Command::GiveUp => {
                self.job = Job::Failed;
                observer.fact(Fact::JobFailed);
            }
            Command::Finish => {
                self.job = Job::Finished;
                observer.fact(Fact::Finished);
            }
        }
    }

    fn trigger<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        observer.fact(Fact::Triggered { snapshot });
        let parts = vec![None; self.tasks.len()];
        self.storage.push(Stored { id: snapshot, completed: false, parts });
        for at in 0..self.setup.plan.sources().len() {
            let task = self.setup.plan.sources()[at];
            self.notify(task, Notice::Trigger(snapshot), observer);
        }
    }

    /// C12: into the store first, only then is the oldest beyond the retained number dropped.
    fn complete<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        if let Some(stored) = self.storage.iter_mut().find(|stored| stored.id == snapshot) {
            stored.completed = true;
        }
        observer.fact(Fact::Completed { snapshot });
        let completed = self.storage.iter().filter(|stored| stored.completed).count();
        let mut surplus = completed.saturating_sub(self.setup.retain as usize);
        self.storage.retain(|stored| {
            let drop = stored.completed && surplus > 0;
            surplus -= usize::from(drop);
            !drop
        });
    }
}

fn sink_effect<O: Observer>(log: &mut SinkLog, task: TaskId, effect: SinkEffect, observer: &mut O) {
    match effect {
        SinkEffect::Prepare(snapshot) => {
            log.prepare(snapshot);
            observer.fact(Fact::Prepared { task, snapshot });
        }
        SinkEffect::Commit(snapshot) => {
            let records = log.commit(snapshot);
            observer.fact(Fact::Committed { task, snapshot, again: records.is_none() });
            records.into_iter().flatten().for_each(|record| observer.fact(output(task, record)));
        }
        SinkEffect::RollBack(snapshot) => {
            log.roll_back(snapshot);
            observer.fact(Fact::RolledBack { task, snapshot });
        }
        SinkEffect::DropOpen if log.open.is_empty() => {}
        SinkEffect::DropOpen => {
            log.open.clear();
            observer.fact(Fact::OpenDropped { task });
        }
    }
}

fn output(task: TaskId, record: Record) -> Fact {
    Fact::Output { task, name: record.name, key: record.key, value: record.value }
}
