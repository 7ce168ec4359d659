//! The timed driver: a discrete-event queue ordered by time, then order of scheduling.
//!
//! Time is only ever here. Only the first message of each lane is in the queue; a lane that
//! cannot move is parked with its reason and comes back by the one touch that ends it, so the
//! driver never scans.

use std::collections::{BTreeMap, VecDeque};

use super::faults::Watch;
use super::{Ahead, Fault, Lane, Moment, Notice, Observer, Stamp, Step, Timing, Touch, Wait, World};
use crate::kernel::{Delay, EventQueue, Id, Stream, Ticks};
use crate::model::{ChannelId, Kind, Plan, SnapshotId, TaskId};
use crate::protocol::Timer;
use crate::trace::Fact;

/// Who takes the facts of a timed run.
pub trait FactSink {
    /// Something happened at `now`.
    fn fact(&mut self, now: Ticks, fact: Fact);
    /// A step is about to be applied.
    fn step(&mut self, _step: Step) {}
}

/// Takes nothing.
impl FactSink for () {
    fn fact(&mut self, _now: Ticks, _fact: Fact) {}
}

/// When a run is stopped although it could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps.
    pub steps: u64,
    /// Simulated time.
    pub until: Ticks,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing was left to happen.
    Quiet,
    /// It took too many steps.
    Steps,
    /// It reached the end of its time with things still happening.
    Time,
}

/// No message is there.
const IDLE: u64 = u64::MAX;
/// The first message cannot be taken; a touch will bring it back.
const PARKED: u64 = u64::MAX - 1;
/// The first message stands in its task's ring.
const WAITING: u64 = u64::MAX - 2;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct LaneClock {
    /// When the first message's key in the queue is due, or one of the states above. A key with
    /// another time is stale.
    due: u64,
    /// Nothing sent later may arrive before this (FIFO).
    last: u64,
    /// The next lane in the ring of the same task.
    next: u32,
}

const FRESH_LANE: LaneClock = LaneClock { due: IDLE, last: 0, next: NONE };

/// What the driver needs of a channel with every record, in one place.
#[derive(Clone, Copy, Debug)]
struct ChannelClock {
    to: u32,
    /// The constant delay; [`LOOK_UP`] when it is random, long or may be stalled.
    delay: u32,
}

const LOOK_UP: u32 = u32::MAX;

/// A task's single thread: busy until some time, and lanes that wait for it in order.
#[derive(Clone, Copy, Debug)]
struct Desk {
    busy_until: u64,
    ring: u32,
    ring_end: u32,
    /// When its wake-up is due; [`IDLE`] when none is queued.
    wake: u64,
    /// When the next emission is due, for sources.
    emit: u64,
    /// Steps that are due and wait for the task: they come before what is in the ring.
    mail: u32,
}

impl Desk {
    #[inline(always)]
    fn is_awaited(&self) -> bool {
        self.ring != NONE || self.mail > 0
    }
}

const FRESH_DESK: Desk = Desk { busy_until: 0, ring: NONE, ring_end: NONE, wake: IDLE, emit: IDLE, mail: 0 };

/// An event is 3 bits of kind and 29 of number.
const KIND_SHIFT: u32 = 29;
const LANE: u32 = 0;
const WAKE: u32 = 1 << KIND_SHIFT;
const EMIT: u32 = 2 << KIND_SHIFT;
const AGENDA: u32 = 3 << KIND_SHIFT;
const TIMEOUT: u32 = 4 << KIND_SHIFT;
const NUMBER: u32 = (1 << KIND_SHIFT) - 1;

/// The mark, in a notice's stamp, of a message that will be lost.
const LOST: u64 = 1 << 63;

/// Steps that are due some time after something happened: timers, uploads, crashes.
#[derive(Clone, Debug, Default)]
struct Agenda {
    slots: Vec<Option<Step>>,
    free: Vec<u32>,
}

impl Agenda {
    fn add(&mut self, step: Step) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(step);
                slot
            }
            None => {
                self.slots.push(Some(step));
                (self.slots.len() - 1) as u32
            }
        }
    }

    /// The slot is free again only now, when its key has left the queue.
    fn take(&mut self, slot: u32) -> Option<Step> {
        self.free.push(slot);
        self.slots[slot as usize].take()
    }

    fn cancel(&mut self, is_void: impl Fn(Step) -> bool) {
        for slot in &mut self.slots {
            if slot.is_some_and(&is_void) {
                *slot = None;
            }
        }
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }
}

/// Everything random, one stream per purpose and entity, seeded at its first draw.
#[derive(Clone, Debug, Default)]
struct Draws {
    seed: u64,
    /// By channel.
    delays: Vec<Option<Box<Stream>>>,
    /// By task.
    services: Vec<Option<Box<Stream>>>,
    others: BTreeMap<String, Stream>,
}

impl Draws {
    fn reset(&mut self, seed: u64) {
        self.seed = seed;
        self.delays.iter_mut().for_each(|stream| *stream = None);
        self.services.iter_mut().for_each(|stream| *stream = None);
        self.others.clear();
    }

    #[inline(always)]
    fn draw(seed: u64, slots: &mut [Option<Box<Stream>>], at: usize, delay: Delay, name: impl FnOnce() -> String) -> Ticks {
        if let Delay::Constant(ticks) = delay {
            return ticks;
        }
        let stream = match &mut slots[at] {
            Some(stream) => stream,
            empty => seeded(empty, seed, &name()),
        };
        delay.draw(stream)
    }

    fn rare(&mut self, delay: Delay, name: impl FnOnce() -> String) -> Ticks {
        match delay {
            Delay::Constant(ticks) => ticks,
            _ => delay.draw(self.stream(name())),
        }
    }

    fn stream(&mut self, name: String) -> &mut Stream {
        let seed = self.seed;
        self.others.entry(name).or_insert_with_key(|name| Stream::named(seed, name))
    }
}

#[cold]
#[inline(never)]
fn seeded<'s>(slot: &'s mut Option<Box<Stream>>, seed: u64, name: &str) -> &'s mut Stream {
    slot.insert(Box::new(Stream::named(seed, name)))
}

/// Drives a world through simulated time. One value can be used for many runs and keeps its
/// memory between them.
#[derive(Debug)]
pub struct Timed<'s, S> {
    plan: &'s Plan,
    timing: &'s Timing,
    faults: &'s [Fault],
    /// Who takes the facts.
    pub sink: S,
    queue: EventQueue,
    now: u64,
    /// When what is sent in this step leaves: at the end of the service.
    departure: u64,
    steps: u64,
    lanes: Vec<LaneClock>,
    channels: Vec<ChannelClock>,
    desks: Vec<Desk>,
    /// By task: whether records keep it busy at all.
    is_serviced: Vec<bool>,
    agenda: Agenda,
    /// Armed timeouts in the order in which they are due. Nearly all of them are disarmed long
    /// before; only the first has a key in the queue, so that the queue stays short.
    timeouts: VecDeque<(u64, SnapshotId)>,
    is_timeout_queued: bool,
    draws: Draws,
    watch: Watch,
    losses: Vec<(TaskId, Notice)>,
    /// Uploads that will fail.
    failing: Vec<(TaskId, SnapshotId)>,
    /// Steps that are due and wait until their task is free, or has room for its output.
    mail: Vec<(TaskId, Step)>,
    /// By channel: how many of its listed delays are used; empty when none are listed.
    listed: Vec<u32>,
    /// Whether every channel keeps order.
    is_ordered: bool,
}

impl<'s, S: FactSink> Timed<'s, S> {
    /// A driver for one scenario.
    pub fn new(plan: &'s Plan, timing: &'s Timing, faults: &'s [Fault], sink: S) -> Self {
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        let channel_clock = |(id, channel): (ChannelId, &crate::model::Channel)| {
            let is_stalled = timing.stalls.iter().any(|stall| stall.channel == id);
            let delay = match timing.delays[channel.edge as usize] {
                Delay::Constant(ticks) if !is_stalled && !timing.listed.contains_key(&channel.edge) => {
                    u32::try_from(ticks.0).unwrap_or(LOOK_UP)
                }
                _ => LOOK_UP,
            };
            ChannelClock { to: channel.to.0, delay }
        };
        Timed {
            channels: plan.channels().pairs().map(channel_clock).collect(),
            is_serviced: plan.tasks().iter().map(|task| timing.of(task.operator).service != Delay::ZERO).collect(),
            plan,
            timing,
            faults,
            sink,
            queue: EventQueue::new(),
            now: 0,
            departure: 0,
            steps: 0,
            lanes: vec![FRESH_LANE; channels + 2 * tasks],
            desks: vec![FRESH_DESK; tasks],
            agenda: Agenda::default(),
            timeouts: VecDeque::new(),
            is_timeout_queued: false,
            draws: Draws { delays: vec![None; channels], services: vec![None; tasks], ..Draws::default() },
            watch: Watch::default(),
            losses: Vec::new(),
            failing: Vec::new(),
            mail: Vec::new(),
            listed: vec![0; if timing.listed.is_empty() { 0 } else { channels }],
            is_ordered: plan.is_ordered(),
        }
    }

    /// The time of the last step.
    pub fn now(&self) -> Ticks {
        Ticks(self.now)
    }

    /// How many steps the run took.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn reset(&mut self, seed: u64) {
        self.queue.clear();
        (self.now, self.departure, self.steps) = (0, 0, 0);
        self.lanes.fill(FRESH_LANE);
        self.desks.fill(FRESH_DESK);
        self.agenda.clear();
        self.timeouts.clear();
        self.is_timeout_queued = false;
        self.draws.reset(seed);
        self.watch.reset(self.faults, self.plan);
        self.losses.clear();
        self.failing.clear();
        self.mail.clear();
        self.listed.fill(0);
    }

    /// Runs a world that has not started to its end.
    pub fn run(&mut self, world: &mut World, seed: u64, limits: Limits) -> Stop {
        self.reset(seed);
        let stop = self.drive(world, limits);
        world.survey(self);
        stop
    }

    fn drive(&mut self, world: &mut World, limits: Limits) -> Stop {
        self.schedule_faults();
        for &at in &self.timing.requests {
            self.schedule(Step::Request, at.0);
        }
        for initiation in &self.timing.initiations {
            self.schedule(Step::Initiate(initiation.task), initiation.at.0);
        }
        self.apply(world, Step::Start, 0);
        while let Some((at, event)) = self.queue.pop() {
            if at > limits.until.0 {
                if self.is_stale(world, at, event) {
                    continue;
                }
                return Stop::Time;
            }
            if self.steps >= limits.steps {
                return Stop::Steps;
            }
            let number = event & NUMBER;
            match event & !NUMBER {
                LANE => self.on_lane(world, number, at),
                WAKE => self.on_wake(world, TaskId(number), at),
                EMIT => self.on_emit(world, TaskId(number), at),
                TIMEOUT => self.on_timeout(world, at),
                _ => self.on_agenda(world, number, at),
            }
        }
        Stop::Quiet
    }

    /// Whether an event beyond the end of time would have done nothing anyway.
    fn is_stale(&self, world: &World, at: u64, event: u32) -> bool {
        let number = event & NUMBER;
        match event & !NUMBER {
            LANE => self.lanes[number as usize].due != at,
            WAKE => self.desks[number as usize].wake != at,
            EMIT => self.desks[number as usize].emit != at || world.ready(Step::Emit(TaskId(number))).is_err(),
            TIMEOUT => self.timeouts.front().is_none_or(|&(due, _)| due > at),
            _ => self.agenda.slots[number as usize].is_none_or(|step| world.ready(step).is_err()),
        }
    }

    #[inline(always)]
    fn apply(&mut self, world: &mut World, step: Step, at: u64) {
        self.now = at;
        self.steps += 1;
        self.sink.step(step);
        world.apply(step, self);
        while let Some((task, after)) = self.watch.take_due() {
            if after > Ticks::ZERO {
                self.schedule(Step::Crash(task), at + after.0);
            } else if world.ready(Step::Crash(task)).is_ok() {
                self.steps += 1;
                self.departure = at;
                self.sink.step(Step::Crash(task));
                world.apply(Step::Crash(task), self);
            }
        }
    }

    #[inline(never)]
    fn schedule(&mut self, step: Step, at: u64) {
        let slot = self.agenda.add(step);
        self.queue.push(at, AGENDA | slot);
    }

    fn schedule_faults(&mut self) {
        for (number, fault) in self.faults.iter().enumerate() {
            match fault {
                Fault::Crash { task, moment: Moment::At(at) } => self.schedule(Step::Crash(*task), at.0),
                Fault::Crash { .. } => {}
                Fault::Lose { task, notice } => self.losses.push((*task, *notice)),
                Fault::FailUpload { task, snapshot } => self.failing.push((*task, *snapshot)),
                Fault::RandomCrashes { tasks, count, every, from } => {
                    let stream = self.draws.stream(format!("faults/{number}"));
                    let mut at = from.0;
                    let mut crashes = Vec::with_capacity(*count as usize);
                    for _ in 0..*count {
                        at = at.saturating_add(stream.exponential(every.0));
                        crashes.push((tasks[stream.below(tasks.len() as u64) as usize], at));
                    }
                    crashes.into_iter().for_each(|(task, at)| self.schedule(Step::Crash(task), at));
                }
            }
        }
    }

    // --- events -----------------------------------------------------------------------------

    #[inline(always)]
    fn on_lane(&mut self, world: &mut World, lane: u32, at: u64) {
        if self.lanes[lane as usize].due != at {
            return;
        }
        // Whoever waits for the task already comes first; else a busy channel would starve the others.
        if let Some(task) = self.desk_of(lane)
            && self.desks[task.index()].is_awaited()
        {
            return self.wait_for_desk(task, lane, at);
        }
        self.try_lane(world, lane, at);
    }

    /// The task whose time a lane's messages take; none for those to the coordinator.
    #[inline(always)]
    fn desk_of(&self, lane: u32) -> Option<TaskId> {
        match self.channels.get(lane as usize) {
            Some(channel) => Some(TaskId(channel.to)),
            None => {
                let number = lane - self.channels.len() as u32;
                (number < self.desks.len() as u32).then_some(TaskId(number))
            }
        }
    }

    /// Takes the first message of a lane if that can be done now.
    #[inline(always)]
    fn try_lane(&mut self, world: &mut World, lane: u32, at: u64) {
        let channels = self.channels.len() as u32;
        if lane >= channels {
            return self.try_control(world, lane - channels, lane, at);
        }
        let channel = ChannelId(lane);
        let task = TaskId(self.channels[channel.index()].to);
        if self.desks[task.index()].busy_until > at {
            return self.wait_for_desk(task, lane, at);
        }
        if !self.is_ordered && !self.plan.channels()[channel].is_fifo {
            return self.try_unordered(world, channel, at);
        }
        match world.ready(Step::Deliver(channel)) {
            Ok(()) => {}
            Err(Wait::Stuck(task)) => return self.join_ring(task, lane),
            Err(_) => return self.lanes[lane as usize].due = PARKED,
        }
        self.departure = at;
        let mut free = at;
        if (self.is_serviced[task.index()] || !self.timing.slows.is_empty()) && world.record_ahead(channel) {
            free += self.draw_service(task, at);
            self.departure = free;
            self.desks[task.index()].busy_until = free;
        }
        self.lanes[lane as usize].due = PARKED;
        self.apply(world, Step::Deliver(channel), at);
        self.follow_up(lane, world.data_stamp(channel), free);
    }

    /// A channel that does not keep order: what arrives first is taken first.
    #[inline(never)]
    fn try_unordered(&mut self, world: &mut World, channel: ChannelId, at: u64) {
        let Some((index, _)) = world.earliest(channel) else { return self.lanes[channel.index()].due = IDLE };
        let task = TaskId(self.channels[channel.index()].to);
        let step = Step::Take(channel, index);
        match world.ready(step) {
            Ok(()) => {}
            Err(Wait::Stuck(task)) => return self.join_ring(task, channel.0),
            Err(_) => return self.lanes[channel.index()].due = PARKED,
        }
        let free = at + self.draw_service(task, at);
        self.departure = free;
        self.desks[task.index()].busy_until = free;
        self.lanes[channel.index()].due = PARKED;
        self.apply(world, step, at);
        self.follow_up(channel.0, world.earliest(channel).map(|(_, stamp)| stamp), free);
    }

    #[inline(never)]
    fn try_control(&mut self, world: &mut World, number: u32, lane: u32, at: u64) {
        let tasks = self.plan.tasks().len() as u32;
        self.departure = at;
        if number >= tasks {
            let task = TaskId(number - tasks);
            self.lanes[lane as usize].due = PARKED;
            self.apply(world, Step::Hear(task), at);
            return self.follow_up(lane, world.report_stamp(task), at);
        }
        let task = TaskId(number);
        let is_lost = world.notice_stamp(task).is_some_and(|stamp| stamp.0 & LOST != 0);
        let step = if is_lost { Step::Lose(task) } else { Step::Tell(task) };
        if self.desks[task.index()].busy_until > at {
            return self.wait_for_desk(task, lane, at);
        }
        match world.ready(step) {
            Ok(()) => {}
            Err(Wait::Stuck(task)) => return self.join_ring(task, lane),
            Err(_) => return self.lanes[lane as usize].due = PARKED,
        }
        self.lanes[lane as usize].due = PARKED;
        self.apply(world, step, at);
        self.follow_up(lane, world.notice_stamp(task), at);
    }

    /// After the first message was taken: queues the next one, or leaves the lane idle.
    #[inline(always)]
    fn follow_up(&mut self, lane: u32, next: Option<Stamp>, free: u64) {
        match next {
            None => self.lanes[lane as usize].due = IDLE,
            Some(stamp) => self.queue_lane(lane, (stamp.0 & !LOST).max(self.now).max(free)),
        }
    }

    // Out of line: inlined at every place that sends, it would push the loop out of the
    // instruction cache.
    #[inline(never)]
    fn queue_lane(&mut self, lane: u32, at: u64) {
        self.lanes[lane as usize].due = at;
        self.queue.push(at, LANE | lane);
    }

    #[inline(never)]
    fn join_ring(&mut self, task: TaskId, lane: u32) {
        self.lanes[lane as usize].due = WAITING;
        self.lanes[lane as usize].next = NONE;
        let desk = &mut self.desks[task.index()];
        match desk.ring_end {
            NONE => desk.ring = lane,
            end => self.lanes[end as usize].next = lane,
        }
        desk.ring_end = lane;
    }

    #[inline(never)]
    fn wait_for_desk(&mut self, task: TaskId, lane: u32, at: u64) {
        self.join_ring(task, lane);
        let free = self.desks[task.index()].busy_until.max(at);
        self.queue_wake(task, free);
    }

    #[inline(never)]
    fn queue_wake(&mut self, task: TaskId, at: u64) {
        let desk = &mut self.desks[task.index()];
        if desk.wake == IDLE {
            desk.wake = at;
            self.queue.push(at, WAKE | task.0);
        }
    }

    /// The task may be free: lets the lanes in its ring go on, in order, as far as it can.
    #[inline(never)]
    fn on_wake(&mut self, world: &mut World, task: TaskId, at: u64) {
        self.desks[task.index()].wake = IDLE;
        if self.desks[task.index()].mail > 0 && self.desks[task.index()].busy_until <= at {
            self.open_mail(world, task, at);
        }
        loop {
            let desk = &mut self.desks[task.index()];
            let lane = desk.ring;
            if lane == NONE {
                return;
            }
            if desk.busy_until > at {
                let until = desk.busy_until;
                return self.queue_wake(task, until);
            }
            desk.ring = self.lanes[lane as usize].next;
            if desk.ring == NONE {
                desk.ring_end = NONE;
            }
            self.try_lane(world, lane, at);
            // What is in the ring waits for room now, and Room will wake the task again.
            if world.is_stuck(task) {
                return;
            }
        }
    }

    #[inline(always)]
    fn on_emit(&mut self, world: &mut World, task: TaskId, at: u64) {
        if self.desks[task.index()].emit != at {
            return;
        }
        self.desks[task.index()].emit = IDLE;
        if world.ready(Step::Emit(task)).is_err() {
            return;
        }
        let there = self.emit_time(task, world.position(task));
        if there > at {
            return self.queue_emit(task, there);
        }
        self.departure = at;
        self.apply(world, Step::Emit(task), at);
        let position = world.position(task);
        if position < self.plan.log_length(task) {
            self.queue_emit(task, self.emit_time(task, position).max(at));
        }
    }

    #[inline(always)]
    fn emit_time(&self, task: TaskId, position: u64) -> u64 {
        self.timing.of(self.plan.tasks()[task].operator).emit.of(position).0
    }

    #[inline(never)]
    fn queue_emit(&mut self, task: TaskId, at: u64) {
        self.desks[task.index()].emit = at;
        self.queue.push(at, EMIT | task.0);
    }

    #[inline(never)]
    fn on_agenda(&mut self, world: &mut World, slot: u32, at: u64) {
        let Some(step) = self.agenda.take(slot) else { return };
        let step = self.spoil(world, step);
        if self.comes_later(world, step, at) {
            return self.schedule(step, at);
        }
        match self.own_task(step) {
            Some(task) if self.desks[task.index()].busy_until > at || world.is_stuck(task) => self.keep(task, step, at),
            _ => self.take_due(world, step, at),
        }
    }

    fn take_due(&mut self, world: &mut World, step: Step, at: u64) {
        if world.ready(step).is_ok() {
            self.departure = at;
            self.apply(world, step, at);
        }
    }

    fn keep(&mut self, task: TaskId, step: Step, at: u64) {
        self.mail.push((task, step));
        self.desks[task.index()].mail += 1;
        let free = self.desks[task.index()].busy_until.max(at);
        self.queue_wake(task, free);
    }

    /// A task looks at what is due before it takes the next element, as a mailbox does; not while its
    /// output waits for room, which will wake it again.
    #[inline(never)]
    fn open_mail(&mut self, world: &mut World, task: TaskId, at: u64) {
        while !world.is_stuck(task) {
            let Some(first) = self.mail.iter().position(|(owner, _)| *owner == task) else { return };
            let (_, step) = self.mail.remove(first);
            self.desks[task.index()].mail -= 1;
            self.take_due(world, step, at);
        }
    }

    /// For steps that are a task's own work: whose.
    fn own_task(&self, step: Step) -> Option<TaskId> {
        match step {
            Step::Alarm(task) | Step::Initiate(task) => Some(task),
            Step::Announce(channel, _) => Some(self.plan.channels()[channel].to),
            _ => None,
        }
    }

    /// At equal times a process keeps the order of its script.
    fn comes_later(&self, world: &World, step: Step, at: u64) -> bool {
        let Step::Initiate(task) = step else { return false };
        let scripted = self.timing.initiations.iter().find(|initiation| initiation.task == task && initiation.at.0 == at);
        scripted.is_some_and(|initiation| world.position(task) < initiation.after) && self.desks[task.index()].emit == at
    }

    /// An upload that is declared to fail does.
    fn spoil(&self, world: &World, step: Step) -> Step {
        match step {
            Step::Upload(task) if world.uploading(task).is_some_and(|id| self.failing.contains(&(task, id))) => Step::FailUpload(task),
            step => step,
        }
    }

    #[inline(never)]
    fn on_timeout(&mut self, world: &mut World, at: u64) {
        self.is_timeout_queued = false;
        if let Some((_, id)) = self.timeouts.front().copied().filter(|&(due, _)| due <= at) {
            self.timeouts.pop_front();
            self.departure = at;
            self.apply(world, Step::Fire(Timer::Timeout(id)), at);
        }
        self.queue_timeout();
    }

    fn queue_timeout(&mut self) {
        if let (false, Some(&(due, _))) = (self.is_timeout_queued, self.timeouts.front()) {
            self.is_timeout_queued = true;
            self.queue.push(due, TIMEOUT);
        }
    }

    // --- draws ------------------------------------------------------------------------------

    #[inline(always)]
    fn draw_service(&mut self, task: TaskId, at: u64) -> u64 {
        let service = self.timing.of(self.plan.tasks()[task].operator).service;
        let (seed, plan) = (self.draws.seed, self.plan);
        let ticks = Draws::draw(seed, &mut self.draws.services, task.index(), service, || format!("service/{}", plan.task_name(task)));
        let slows = self.timing.slows.iter().filter(|slow| slow.task == task && (slow.from.0..slow.until.0).contains(&at));
        ticks.0 + slows.map(|slow| slow.extra.0).sum::<u64>()
    }

    #[inline(always)]
    fn data_arrival(&mut self, channel: ChannelId) -> u64 {
        match self.channels[channel.index()].delay {
            LOOK_UP => self.draw_data_arrival(channel),
            delay => self.departure.saturating_add(u64::from(delay)),
        }
    }

    fn draw_data_arrival(&mut self, channel: ChannelId) -> u64 {
        let ticks = self.listed_delay(channel).unwrap_or_else(|| self.draw_delay(channel));
        let mut arrival = self.departure.saturating_add(ticks.0);
        for stall in &self.timing.stalls {
            if stall.channel == channel && (stall.from.0..stall.until.0).contains(&arrival) {
                arrival = stall.until.0;
            }
        }
        arrival
    }

    /// The next of the delays that are listed for this channel, while there is one.
    fn listed_delay(&mut self, channel: ChannelId) -> Option<Ticks> {
        let used = self.listed.get_mut(channel.index())?;
        let delays = self.timing.listed.get(&self.plan.channels()[channel].edge)?;
        *used += 1;
        delays.get(*used as usize - 1).copied()
    }

    fn draw_delay(&mut self, channel: ChannelId) -> Ticks {
        let delay = self.timing.delays[self.plan.channels()[channel].edge as usize];
        let (seed, plan) = (self.draws.seed, self.plan);
        let name = || format!("delay/{}", plan.channel_name(channel));
        Draws::draw(seed, &mut self.draws.delays, channel.index(), delay, name)
    }

    fn draw_control(&mut self, task: TaskId, purpose: &str, delay: Delay) -> u64 {
        let plan = self.plan;
        self.now.saturating_add(self.draws.rare(delay, || format!("{purpose}/{}", plan.task_name(task))).0)
    }

    fn timer_delay(&mut self, timer: Timer) -> Ticks {
        match timer {
            Timer::First => self.timing.first,
            Timer::Interval => self.timing.interval,
            // A try at once would find the same records where they were.
            Timer::Final => self.timing.interval.max(Ticks(1_000)),
            Timer::Pause => self.timing.min_pause,
            Timer::Budget(_) => self.timing.budget,
            Timer::Timeout(_) => unreachable!("timeouts have a queue of their own"),
            Timer::Store(_) => self.draws.rare(self.timing.store, || "store".to_owned()),
            Timer::Detect => self.draws.rare(self.timing.detect, || "detect".to_owned()),
            Timer::Restart => self.draws.rare(self.timing.restart, || "restart".to_owned()),
        }
    }
}

impl<S: FactSink> Observer for Timed<'_, S> {
    #[inline(always)]
    fn fact(&mut self, fact: Fact) {
        self.sink.fact(Ticks(self.now), fact);
        if !self.watch.is_idle() {
            self.watch.see(fact, self.plan);
        }
        if let Fact::Crashed { .. } | Fact::Failover = fact {
            self.forget(fact);
        }
    }

    #[inline(always)]
    fn sent(&mut self, lane: Lane) -> Stamp {
        let channels = self.channels.len() as u32;
        let (number, arrival, mark) = match lane {
            Lane::Data(channel) => (channel.0, self.data_arrival(channel), 0),
            Lane::Tell(task, notice) => self.notice_sent(task, notice, channels),
            Lane::Hear(task) => {
                let ack = self.timing.of(self.plan.tasks()[task].operator).ack;
                let number = channels + self.plan.tasks().len() as u32 + task.0;
                (number, self.draw_control(task, "ack", ack), 0)
            }
        };
        if let (false, Lane::Data(channel)) = (self.is_ordered, lane)
            && !self.plan.channels()[channel].is_fifo
        {
            return self.sent_unordered(number, arrival);
        }
        let clock = &mut self.lanes[number as usize];
        // FIFO: nothing overtakes on a lane.
        let arrival = arrival.max(clock.last);
        clock.last = arrival;
        if clock.due == IDLE {
            self.queue_lane(number, arrival);
        }
        Stamp(arrival | mark)
    }

    /// The barrier takes the channel's delay, unless it has arrived, and what it overtook follows it.
    fn ahead(&mut self, channel: ChannelId, how: Ahead, is_first: bool) -> Stamp {
        let arrival = match how {
            Ahead::Entering => self.data_arrival(channel),
            Ahead::Waiting => self.now,
        };
        let due = self.lanes[channel.index()].due;
        if is_first && due != PARKED && due != WAITING {
            // Whatever key the overtaken head has in the queue is stale now.
            self.queue_lane(channel.0, arrival);
        }
        Stamp(arrival)
    }

    fn touch(&mut self, touch: Touch) {
        match touch {
            Touch::Unblocked(channel) => self.unpark(channel.0),
            // It leaves at once, not at the end of the receiver's service.
            Touch::Refilling(_) => self.departure = self.now,
            Touch::Cleared(channel) => self.lanes[channel.index()] = FRESH_LANE,
            Touch::Room(task) => {
                let free = self.desks[task.index()].busy_until.max(self.now);
                self.queue_wake(task, free);
                self.resume_source(task);
            }
            Touch::Coming(channel, id) => self.schedule(Step::Announce(channel, id), self.lanes[channel.index()].last),
            Touch::Alarm(task) => self.schedule(Step::Alarm(task), self.now),
            Touch::Woke(task) => {
                self.plan.inputs(task).for_each(|channel| self.unpark(channel.0));
                self.unpark(self.plan.channels().len() as u32 + task.0);
                self.resume_source(task);
            }
            Touch::Saving(task) => {
                let upload = self.timing.of(self.plan.tasks()[task].operator).upload;
                let at = self.draw_control(task, "upload", upload);
                self.schedule(Step::Upload(task), at);
            }
            Touch::Restoring(task) => {
                let restore = self.timing.of(self.plan.tasks()[task].operator).restore;
                let at = self.draw_control(task, "restore", restore);
                self.schedule(Step::Restore(task), at);
            }
            Touch::Armed(Timer::Timeout(_)) if self.timing.timeout == Ticks::NEVER => {}
            Touch::Armed(Timer::Timeout(id)) => {
                self.timeouts.push_back((self.now.saturating_add(self.timing.timeout.0), id));
                self.queue_timeout();
            }
            Touch::Disarmed(Timer::Timeout(id)) => self.timeouts.retain(|&(_, armed)| armed != id),
            Touch::Armed(timer) => {
                let delay = self.timer_delay(timer);
                if delay < Ticks::NEVER {
                    self.schedule(Step::Fire(timer), self.now.saturating_add(delay.0));
                }
            }
            Touch::Disarmed(timer) => self.agenda.cancel(|step| step == Step::Fire(timer)),
        }
    }
}

impl<S: FactSink> Timed<'_, S> {
    /// What a dead task had under way is void.
    fn forget(&mut self, fact: Fact) {
        let is_void = |task: TaskId| match fact {
            Fact::Crashed { task: dead } => dead == task,
            _ => true,
        };
        self.agenda.cancel(|step| matches!(step, Step::Upload(task) | Step::Restore(task) | Step::Alarm(task) if is_void(task)));
        self.mail.retain(|(task, _)| !is_void(*task));
        match fact {
            Fact::Crashed { task } => self.clear_desk(task),
            _ => self.plan.tasks().ids().for_each(|task| self.clear_desk(task)),
        }
    }

    /// Nobody works here any more: what waits in the ring is parked until the task is up.
    fn clear_desk(&mut self, task: TaskId) {
        let desk = &mut self.desks[task.index()];
        (desk.busy_until, desk.mail) = (self.now, 0);
        // A source that is set back emits at once what has been there for long; what cannot be
        // replayed goes by in the meantime.
        if !matches!(self.plan.kind(task), Kind::Source { replayable: false, .. }) {
            desk.emit = IDLE;
        }
        let mut lane = std::mem::replace(&mut desk.ring, NONE);
        desk.ring_end = NONE;
        while lane != NONE {
            let clock = &mut self.lanes[lane as usize];
            clock.due = PARKED;
            lane = clock.next;
        }
    }

    fn notice_sent(&mut self, task: TaskId, notice: Notice, channels: u32) -> (u32, u64, u64) {
        let timing = self.timing.of(self.plan.tasks()[task].operator);
        let (purpose, delay) = match notice {
            Notice::Trigger(_) => ("trigger", timing.trigger),
            Notice::Completed(_) | Notice::Aborted(_) => ("notify", timing.notify),
        };
        let mark = if self.losses.contains(&(task, notice)) { LOST } else { 0 };
        (channels + task.0, self.draw_control(task, purpose, delay), mark)
    }

    fn sent_unordered(&mut self, lane: u32, arrival: u64) -> Stamp {
        let due = self.lanes[lane as usize].due;
        // Not for lanes that wait: their marks are beyond any time.
        if due == IDLE || (due < WAITING && arrival < due) {
            self.queue_lane(lane, arrival);
        }
        Stamp(arrival)
    }

    fn unpark(&mut self, lane: u32) {
        if self.lanes[lane as usize].due == PARKED {
            self.queue_lane(lane, self.now);
        }
    }

    fn resume_source(&mut self, task: TaskId) {
        if self.plan.kind(task).emits() && self.desks[task.index()].emit == IDLE {
            self.queue_emit(task, self.now);
        }
    }
}
