//! The timed driver: a discrete-event queue ordered by time, then order of scheduling.
//!
//! Time is only ever here. Only the first message of each lane is in the queue; a lane that
//! cannot move is parked with its reason and comes back by the one touch that ends it, so the
//! driver never scans.

mod agenda;
mod counts;
mod desk;
mod draws;
mod notices;
mod observe;

use std::collections::VecDeque;

pub use self::counts::FaultCounts;

use self::agenda::Agenda;
use self::draws::Draws;
use self::notices::Troubles;

use super::faults::Watch;
use super::{Fault, Moment, Stamp, Step, Timing, Wait, World};
use crate::kernel::{Bytes, Delay, EventQueue, Id, Ticks};
use crate::model::{ChannelId, Element, Plan, SnapshotId, TaskId};
use crate::protocol::Timer;
use crate::trace::Fact;

/// Who takes the facts of a timed run.
pub trait FactSink {
    /// Something happened at `now`.
    fn fact(&mut self, now: Ticks, fact: Fact);
    /// A step is about to be applied.
    fn step(&mut self, _step: Step) {}
    /// Whether to go on; a driver asks before every step.
    fn goes_on(&mut self) -> bool {
        true
    }
    /// The run is over, and this is what the state of a task shows for a key.
    fn shown(&mut self, _task: TaskId, _key: u32, _value: u64) {}
}

/// Takes nothing.
impl FactSink for () {
    fn fact(&mut self, _now: Ticks, _fact: Fact) {}
}

// One that is behind a pointer saves a copy of the engine for each that reads facts: where it does not have to
// be fast, that is where it belongs.
impl<S: FactSink + ?Sized> FactSink for &mut S {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        (**self).fact(now, fact);
    }
    #[inline(always)]
    fn step(&mut self, step: Step) {
        (**self).step(step);
    }
    #[inline(always)]
    fn goes_on(&mut self) -> bool {
        (**self).goes_on()
    }
    #[inline(always)]
    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        (**self).shown(task, key, value);
    }
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
    /// Who takes the facts wanted no more of them.
    Interrupted,
    /// A part of it panicked.
    Panicked,
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
}

const FRESH_DESK: Desk = Desk { busy_until: 0, ring: NONE, ring_end: NONE, wake: IDLE, emit: IDLE };

/// An event is 3 bits of kind and 29 of number.
const KIND_SHIFT: u32 = 29;
const LANE: u32 = 0;
const WAKE: u32 = 1 << KIND_SHIFT;
const EMIT: u32 = 2 << KIND_SHIFT;
const AGENDA: u32 = 3 << KIND_SHIFT;
const TIMEOUT: u32 = 4 << KIND_SHIFT;
const NUMBER: u32 = (1 << KIND_SHIFT) - 1;

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
    counts: FaultCounts,
    troubles: Troubles,
    /// Uploads that will fail.
    failing: Vec<(TaskId, SnapshotId)>,
    /// The size of the part that became whole last.
    sized: Bytes,
    /// When the way to storage that all tasks share is free.
    link_free: Ticks,
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
            draws: Draws::new(channels, tasks),
            watch: Watch::default(),
            counts: FaultCounts::default(),
            troubles: Troubles::default(),
            failing: Vec::new(),
            sized: Bytes(0),
            link_free: Ticks::ZERO,
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

    /// How often each fault of the last run took place.
    pub fn fault_counts(&self) -> &FaultCounts {
        &self.counts
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
        self.counts.reset(self.faults.len(), self.timing.stalls.len(), self.timing.slows.len());
        self.troubles.clear();
        self.failing.clear();
        (self.sized, self.link_free) = (Bytes(0), Ticks::ZERO);
        self.mail.clear();
        self.listed.fill(0);
    }

    /// Runs a world that has not started to its end.
    pub fn run(&mut self, world: &mut World, seed: u64, limits: Limits) -> Stop {
        self.reset(seed);
        let stop = self.drive(world, limits);
        if stop != Stop::Interrupted {
            world.survey(self);
        }
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
            if !self.sink.goes_on() {
                return Stop::Interrupted;
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
        while let Some((task, after, fault)) = self.watch.take_due() {
            if after > Ticks::ZERO {
                self.schedule_crash(task, at.saturating_add(after.0), fault);
            } else if world.ready(Step::Crash(task)).is_ok() {
                self.counts.faults[fault] += 1;
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

    fn schedule_crash(&mut self, task: TaskId, at: u64, fault: usize) {
        self.counts.expect_crash(at, task, fault);
        self.schedule(Step::Crash(task), at);
    }

    fn schedule_faults(&mut self) {
        for (number, fault) in self.faults.iter().enumerate() {
            match fault {
                Fault::Crash { task, moment: Moment::At(at) } => self.schedule_crash(*task, at.0, number),
                Fault::Crash { .. } => {}
                Fault::Lose { .. } | Fault::Repeat { .. } | Fault::Postpone { .. } => self.troubles.expect(fault),
                Fault::FailUpload { task, snapshot } => self.failing.push((*task, *snapshot)),
                Fault::RandomCrashes { tasks, count, every, from } => {
                    let stream = self.draws.stream(format!("faults/{number}"));
                    let mut at = from.0;
                    let mut crashes = Vec::with_capacity(*count as usize);
                    for _ in 0..*count {
                        at = at.saturating_add(stream.exponential(every.0));
                        crashes.push((tasks[stream.below(tasks.len() as u64) as usize], at));
                    }
                    crashes.into_iter().for_each(|(task, at)| self.schedule_crash(task, at, number));
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
            && (self.desks[task.index()].ring != NONE || self.has_mail(task))
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
            Err(Wait::Stuck(task) | Wait::Busy(task)) => return self.join_ring(task, lane),
            Err(_) => return self.lanes[lane as usize].due = PARKED,
        }
        self.departure = at;
        self.lanes[lane as usize].due = PARKED;
        let mut free = at;
        if (self.is_serviced[task.index()] || !self.timing.slows.is_empty()) && world.record_ahead(channel) {
            free += self.draw_service(task, at);
        }
        if free > at {
            self.begin(world, Step::Begin(channel, 0), task, at, free);
        } else {
            self.apply(world, Step::Deliver(channel), at);
        }
        self.follow_up(lane, world.data_stamp(channel), free);
    }

    /// A task takes a record in hand: what comes of it comes at the end of the service.
    #[inline(never)]
    fn begin(&mut self, world: &mut World, step: Step, task: TaskId, at: u64, free: u64) {
        self.desks[task.index()].busy_until = free;
        self.apply(world, step, at);
        // It may have died of what it took.
        if self.desks[task.index()].busy_until == free {
            self.queue_wake(task, free);
        }
    }

    /// A channel that does not keep order: what arrives first is taken first.
    #[inline(never)]
    fn try_unordered(&mut self, world: &mut World, channel: ChannelId, at: u64) {
        let Some((index, _)) = world.earliest(channel) else { return self.lanes[channel.index()].due = IDLE };
        let task = TaskId(self.channels[channel.index()].to);
        let step = Step::Take(channel, index);
        match world.ready(step) {
            Ok(()) => {}
            Err(Wait::Stuck(task) | Wait::Busy(task)) => return self.join_ring(task, channel.0),
            Err(_) => return self.lanes[channel.index()].due = PARKED,
        }
        let is_record = matches!(world.contents(channel).nth(index as usize), Some(Element::Record(_)));
        let free = at + if is_record { self.draw_service(task, at) } else { 0 };
        self.departure = at;
        self.lanes[channel.index()].due = PARKED;
        if free > at {
            self.begin(world, Step::Begin(channel, index), task, at, free);
        } else {
            self.apply(world, step, at);
        }
        self.follow_up(channel.0, world.earliest(channel).map(|(_, stamp)| stamp), free);
    }

    #[inline(never)]
    fn try_control(&mut self, world: &mut World, number: u32, lane: u32, at: u64) {
        let tasks = self.plan.tasks().len() as u32;
        if number < tasks {
            return self.try_notice(world, TaskId(number), at);
        }
        let task = TaskId(number - tasks);
        self.departure = at;
        self.lanes[lane as usize].due = PARKED;
        self.apply(world, Step::Hear(task), at);
        self.follow_up(lane, world.report_stamp(task), at);
    }

    /// After the first message was taken: queues the next one, or leaves the lane idle.
    #[inline(always)]
    fn follow_up(&mut self, lane: u32, next: Option<Stamp>, free: u64) {
        match next {
            None => self.lanes[lane as usize].due = IDLE,
            Some(stamp) => self.queue_lane(lane, stamp.0.max(self.now).max(free)),
        }
    }

    // Out of line: inlined at every place that sends, it would push the loop out of the
    // instruction cache.
    #[inline(never)]
    fn queue_lane(&mut self, lane: u32, at: u64) {
        self.lanes[lane as usize].due = at;
        self.queue.push(at, LANE | lane);
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
        if self.comes_later(world, step, at) {
            return self.schedule(step, at);
        }
        match self.own_task(step) {
            Some(task) if matches!((step, world.ready(step)), (Step::Initiate(_), Err(Wait::Down(_)))) => self.mail.push((task, step)),
            Some(task) if self.desks[task.index()].busy_until > at || world.is_busy(task) || world.is_stuck(task) => {
                self.keep(task, step, at);
            }
            _ => self.take_due(world, step, at),
        }
    }

    fn take_due(&mut self, world: &mut World, step: Step, at: u64) {
        let happens = world.ready(step).is_ok();
        match step {
            Step::Crash(task) => self.counts.crash_due(at, task, happens),
            Step::FailUpload(task, Some(snapshot)) if happens => self.counts.upload_failed(self.faults, task, snapshot),
            _ => {}
        }
        if happens {
            self.departure = at;
            self.apply(world, step, at);
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
}
