//! The one interpreter: applies a step. What a step makes protocols ask for is in `effects`, what
//! passes between tasks and coordinator in `coordinate`.

use smallvec::SmallVec;

use super::router::Router;
use super::world::{Job, Status, World};
use super::{Observer, Step, Touch};
use crate::kernel::part;
use crate::model::{ChannelId, Element, Kind, Record, SinkLog, SnapshotId, TaskId, TaskState, Transfer, process};
use crate::protocol::{Placement, SinkEffect, SinkEffects, SinkLogic, SnapshotProtocol};
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
            Step::Repeat(task) => self.repeat(task, observer),
            Step::Postpone(task) => self.postpone(task, observer),
            Step::Upload(task, snapshot) => self.upload(task, snapshot, observer),
            Step::Restore(task) => self.restore(task, observer),
            Step::Fire(timer) => self.fire(timer, observer),
            Step::Request => {
                self.centre.requests -= 1;
                observer.fact(Fact::Requested);
                self.coordinate(observer, |coordinator, view, out| coordinator.on_request(view, out));
            }
            Step::Crash(task) => self.crash(task, observer),
            Step::FailUpload(task, snapshot) => self.fail_upload(task, snapshot, observer),
            Step::Take(channel, index) => self.take(channel, index, observer),
            Step::Begin(channel, index) => self.begin(channel, index, observer),
            Step::Complete(task) => self.complete_work(task, observer),
            Step::Announce(channel, snapshot) => self.announce(channel, snapshot, observer),
            Step::Alarm(task) => self.alarm(task, observer),
            Step::Initiate(task) => self.initiate(task, observer),
            Step::Emit(_) | Step::Deliver(_) => unreachable!("handled by apply"),
        }
    }

    fn start<O: Observer>(&mut self, observer: &mut O) {
        self.centre.job = Job::Running;
        for task in self.setup.plan.tasks().ids() {
            observer.touch(Touch::Woke(task));
            self.look_for_end(task, observer);
        }
        self.coordinate(observer, |coordinator, view, out| coordinator.on_running(view, out));
    }

    #[inline(always)]
    fn deliver<O: Observer>(&mut self, channel: ChannelId, observer: &mut O) {
        let slot = self.channels.data.pop_front(channel.0 as usize).expect("ready: not empty");
        self.receive(channel, slot.item, observer);
        if self.setup.plan.is_bounded() {
            self.make_room(channel, observer);
        }
        if self.setup.plan.has_loops() {
            self.look_round(self.setup.plan.channels()[channel].to, observer);
        }
    }

    /// Lets the receiver of a channel take one element of it.
    #[inline(always)]
    pub(super) fn receive<O: Observer>(&mut self, channel: ChannelId, element: Element, observer: &mut O) {
        match element {
            Element::Record(record) => {
                self.accept_record(channel, &record, observer);
                self.work(channel, record, observer);
            }
            _ => self.receive_mark(self.setup.plan.channels()[channel].to, channel, element, observer),
        }
    }

    #[inline(always)]
    fn accept_record<O: Observer>(&mut self, channel: ChannelId, record: &Record, observer: &mut O) {
        // A colour can make the task save its state before it takes the record.
        if self.fixed.wants_records {
            self.show_record(self.setup.plan.channels()[channel].to, channel, record, observer);
        }
        observer.fact(Fact::Received { channel, name: record.name, value: record.value });
    }

    /// A record leaves its channel; what comes of it comes at the end of the service.
    #[inline(never)]
    fn begin<O: Observer>(&mut self, channel: ChannelId, index: u32, observer: &mut O) {
        let slot = self.channels.data.remove(channel.0 as usize, index as usize).expect("ready: it is there");
        let record = slot.record().expect("ready: it is a record");
        self.accept_record(channel, &record, observer);
        self.tasks.take_in_hand(self.setup.plan.channels()[channel].to, channel, record);
        if self.setup.plan.is_bounded() {
            self.make_room(channel, observer);
        }
    }

    #[inline(never)]
    fn complete_work<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let (channel, record) = self.tasks.put_down(task).expect("ready: it works on one");
        self.work(channel, record, observer);
        if self.setup.plan.has_loops() {
            self.look_round(task, observer);
        }
    }

    /// A channel that does not keep order: whatever is next, wherever it stands.
    #[inline(never)]
    fn take<O: Observer>(&mut self, channel: ChannelId, index: u32, observer: &mut O) {
        let slot = self.channels.data.remove(channel.0 as usize, index as usize).expect("ready: it is there");
        self.receive(channel, slot.item, observer);
        if self.setup.plan.is_bounded() {
            self.make_room(channel, observer);
        }
        if self.setup.plan.has_loops() {
            self.look_round(self.setup.plan.channels()[channel].to, observer);
        }
    }

    /// Lets the sender's waiting output move up, now that the channel has room.
    fn make_room<O: Observer>(&mut self, channel: ChannelId, observer: &mut O) {
        let from = self.setup.plan.channels()[channel].from;
        if !self.channels.outboxes.is_empty(from.0 as usize) {
            observer.touch(Touch::Refilling(from));
            self.router(observer).refill(from);
            if self.channels.outboxes.is_empty(from.0 as usize) {
                self.all_sent(from, observer);
            }
        }
    }

    /// What waited for room behind a task's last record can leave now.
    fn all_sent<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        if !self.setup.plan.kind(task).is_process() {
            self.look_for_end(task, observer);
        }
        if self.setup.plan.has_loops() {
            self.look_round(task, observer);
        }
    }

    #[inline(never)]
    fn show_record<O: Observer>(&mut self, to: TaskId, channel: ChannelId, record: &Record, observer: &mut O) {
        self.protocol(to, observer, |protocol, view, out| protocol.on_record(view, channel, record, out));
    }

    #[inline(never)]
    fn receive_mark<O: Observer>(&mut self, to: TaskId, channel: ChannelId, element: Element, observer: &mut O) {
        match element {
            Element::Record(_) => unreachable!("records are no marks"),
            Element::Barrier(barrier) => {
                observer.fact(Fact::BarrierReceived { channel, snapshot: barrier.snapshot });
                self.protocol(to, observer, |protocol, view, out| protocol.on_barrier(view, channel, barrier, out));
            }
            Element::Cancel(snapshot) => {
                observer.fact(Fact::CancelReceived { channel, snapshot });
                self.protocol(to, observer, |protocol, view, out| protocol.on_cancel(view, channel, snapshot, out));
            }
            Element::EndOfData => self.take_end_of_data(channel, observer),
            Element::End => {
                observer.fact(Fact::InputEnded { channel });
                if let Err(at) = self.channels.ended.binary_search(&channel) {
                    self.channels.ended.insert(at, channel);
                }
                if !self.has_open_input(to) {
                    observer.touch(Touch::Woke(to));
                }
                self.protocol(to, observer, |protocol, view, out| protocol.on_input_end(view, channel, out));
                self.pass_voids(to, observer);
            }
        }
    }

    /// Lets the receiver of a channel process one record of it.
    #[inline(always)]
    fn work<O: Observer>(&mut self, channel: ChannelId, record: Record, observer: &mut O) {
        let World { setup, tasks, channels, .. } = self;
        let plan = &setup.plan;
        let (task, names_from) = (plan.channels()[channel].to, plan.channels()[channel].names_from);
        let record = Record { name: names_from + record.name, ..record };
        let operator = plan.operator_of(task);
        match operator.kind {
            Kind::Sink { .. } => return self.write(task, record, observer),
            Kind::Keyed { keys, .. } | Kind::Join { keys, .. } => {
                let key = keys.map_or(record.key, |keys| record.key % keys);
                observer.fact(Fact::Applied { task, name: record.name, key, value: record.value });
            }
            Kind::Iterate { .. } | Kind::Account { .. } => {
                observer.fact(Fact::Applied { task, name: record.name, key: record.key, value: record.value });
            }
            Kind::Automaton(_) => return self.accept(task, record, observer),
            _ => {}
        }
        let state = &mut tasks[task].state;
        let mut router = Router { plan, channels, observer };
        process(&operator.kind, plan.dictionary(), operator.names_in, state, record, |out| router.send(task, out));
    }

    fn write<O: Observer>(&mut self, task: TaskId, record: Record, observer: &mut O) {
        let at = &self.setup.plan.tasks()[task];
        let log = &mut self.outside.external.sinks[at.rank as usize];
        match part("sink, on_record", || self.setup.sinks[at.operator.0 as usize].on_record()) {
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
        if !self.setup.plan.kind(task).is_sink() {
            return;
        }
        let at = &self.setup.plan.tasks()[task];
        let TaskState::Sink(pending) = &mut self.tasks[task].state else { return };
        let log = &mut self.outside.external.sinks[at.rank as usize];
        let prepared: SmallVec<[SnapshotId; 8]> = log.prepared.iter().map(|(id, _)| *id).collect();
        let mut effects = SinkEffects::new();
        part("sink", || call(self.setup.sinks[at.operator.0 as usize], pending, &prepared, &mut effects));
        for effect in effects {
            sink_effect(log, task, effect, observer);
        }
    }

    #[inline(always)]
    fn emit<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let position = self.position(task);
        if self.is_feed(task) {
            self.outside.feeds[task.0 as usize] += 1;
            if self.tasks[task].status != Status::Up {
                return observer.fact(Fact::Missed { task, position });
            }
        }
        observer.fact(Fact::Emitted { task, position });
        let plan = &self.setup.plan;
        if plan.kind(task).is_process() {
            self.act(task, position, observer);
        } else {
            self.tasks[task].state = TaskState::Source(position + 1);
            let name = plan.source_name(task, position);
            let operator = plan.operator_of(task);
            let (key, value) = operator.kind.read(position, plan.tasks()[task].index, operator.tasks.len() as u32);
            self.router(observer).send(task, Record { name, key, stamp: 0, value });
        }
        if position + 1 == self.setup.plan.log_length(task) {
            self.look_for_end(task, observer);
        }
    }

    /// A process does the next thing of its script.
    #[inline(never)]
    fn act<O: Observer>(&mut self, task: TaskId, position: u64, observer: &mut O) {
        let World { setup, tasks, channels, .. } = self;
        let plan = &setup.plan;
        let (port, value) = match (plan.kind(task), &mut tasks[task].state) {
            (Kind::Account { transfers, .. }, TaskState::Account { tokens, next }) => {
                let Transfer { port, amount } = transfers[position as usize];
                let amount = amount.min(*tokens);
                (*tokens, *next) = (*tokens - amount, position + 1);
                observer.fact(Fact::Posted { task, value: amount });
                (port, amount)
            }
            (Kind::Automaton(table), TaskState::Automaton { state, next }) => {
                *next = position + 1;
                // Nothing to do in this state: the act goes by.
                let Some(rule) = table.send_in(*state) else { return };
                *state = rule.then;
                observer.fact(Fact::Posted { task, value: rule.message });
                observer.fact(Fact::Became { task, state: u64::from(rule.then) });
                observer.touch(Touch::Woke(task));
                (rule.port, rule.message)
            }
            _ => unreachable!("a process has a process's state"),
        };
        let mut router = Router { plan, channels, observer };
        router.send_to(task, port, Record { name: position, key: 0, stamp: 0, value });
    }

    /// An automaton takes a message; in its new state it may take others.
    #[inline(never)]
    fn accept<O: Observer>(&mut self, task: TaskId, record: Record, observer: &mut O) {
        let plan = &self.setup.plan;
        process(plan.kind(task), plan.dictionary(), 0, &mut self.tasks[task].state, record, |_| {});
        if let Some(state) = self.tasks[task].state.shown() {
            observer.fact(Fact::Became { task, state });
        }
        observer.touch(Touch::Woke(task));
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
