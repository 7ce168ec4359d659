//! Random walks: a driver that ignores time and lets chance order the steps of a small scenario.
//!
//! Faults and triggers are not left to the strategy: it would spend them at once. Their places are drawn
//! uniformly over the whole run, or at named points of the protocol, before it begins.

use smallvec::SmallVec;

use super::horizon::horizon;
use super::most_steps;
use super::strategy::{Chooser, Strategy};
use crate::engine::{Control, FactSink, Point, Step, Stop, Untimed, World};
use crate::kernel::{Patience, Prints, Stream, Ticks, caught};
use crate::model::{Plan, TaskId};
use crate::oracle::{Class, Oracles};
use crate::protocol::Timer;
use crate::scenario::Scenario;
use crate::trace::{Fact, Situations};

/// The most that may go wrong in one walk; each walk draws how much does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spice {
    /// Crashes.
    pub crashes: u8,
    /// Lost messages of the coordinator.
    pub losses: u8,
    /// Uploads that fail.
    pub failed_uploads: u8,
    /// Timeouts, pauses and alignment budgets that end while there is still something to do.
    pub early_timers: u8,
}

/// What a walk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// All steps, those that happen at once included.
    pub steps: u64,
    /// The first thing that is wrong.
    pub broken: Option<Class>,
}

/// So many triggers of a periodic timer are planned.
const PERIODIC: u32 = 3;

#[derive(Clone, Copy, Debug)]
enum Planned {
    Trigger,
    EarlyTimer,
    Fault(Step),
}

/// A crash at a named point of the protocol.
#[derive(Clone, Copy, Debug)]
struct Ambush {
    point: Point,
    /// How many more times the point has to be reached.
    left: u32,
    /// Who dies; the task that reached the point, or where none did or with another draw, this one.
    victim: TaskId,
    is_own: bool,
}

/// Reads the facts of a walk.
#[derive(Clone, Debug)]
struct Watch<'s> {
    plan: &'s Plan,
    oracles: Oracles<'s>,
    situations: Situations,
    ambush: Option<Ambush>,
    sprung: Option<TaskId>,
}

impl FactSink for Watch<'_> {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        self.oracles.fact(now, fact);
        self.situations.fact(self.plan, fact);
        if self.ambush.is_some() {
            self.lurk(fact);
        }
    }

    #[inline(always)]
    fn step(&mut self, _step: Step) {
        self.oracles.step();
    }

    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.oracles.shown(task, key, value);
    }
}

impl Watch<'_> {
    #[inline(never)]
    fn lurk(&mut self, fact: Fact) {
        let Some(ambush) = &mut self.ambush else { return };
        let Some((task, _)) = ambush.point.reached_by(fact, self.plan) else { return };
        ambush.left -= 1;
        if ambush.left == 0 {
            self.sprung = Some(task.filter(|_| ambush.is_own).unwrap_or(ambush.victim));
            self.ambush = None;
        }
    }
}

/// The points at which a crash has been somebody's bug.
const POINTS: [Point; 14] = [
    Point::Triggered,
    Point::BarrierReceived,
    Point::AlignmentStarted,
    Point::StateSaved,
    Point::Uploaded,
    Point::Acked,
    Point::AllAcked,
    Point::Completed,
    Point::Notified,
    Point::Prepared,
    Point::Committed,
    Point::Restoring,
    Point::Restored,
    Point::Resumed,
];

/// Walks through one scenario again and again, reusing all memory.
#[derive(Debug)]
pub struct Walker<'s> {
    scenario: &'s Scenario,
    control: Control,
    spice: Spice,
    /// Snapshots that are asked for.
    requests: u32,
    /// A walk that has gone so many steps ends.
    limit: u64,
    fresh: World,
    world: World,
    driver: Untimed<Watch<'s>>,
    chooser: Chooser,
    /// About how many moves a run has.
    horizon: u32,
    moves: Vec<Step>,
    /// What is planned and has not happened, latest first.
    planned: SmallVec<[(u32, Planned); 8]>,
    patience: Patience<'s>,
}

/// Moves between two looks at whether somebody still waits.
const PATIENT_FOR: u32 = 1024;

impl<'s> Walker<'s> {
    /// A walker from a world in which nothing has happened yet, of this scenario or of one that is wrong on
    /// purpose.
    pub fn new(scenario: &'s Scenario, fresh: World, control: Control, spice: Spice) -> Self {
        Walker::attended(scenario, fresh, control, spice, Patience::ENDLESS)
    }

    /// The same as long as somebody has patience, who is told the number of steps. What a walk that is cut comes to
    /// means nothing.
    pub fn attended(scenario: &'s Scenario, mut fresh: World, control: Control, spice: Spice, patience: Patience<'s>) -> Self {
        let plan = scenario.plan();
        let watch = Watch { plan, oracles: scenario.untimed_oracles(), situations: Situations::new(plan), ambush: None, sprung: None };
        let asked = scenario.setup().requests;
        // Periodic ones are due when the walk says so.
        let requests = if scenario.offers().snapshots > asked { asked.max(PERIODIC) } else { asked };
        let limit = most_steps(plan);
        // Its parts know what they are, so that a reset copies only those that a walk has changed.
        fresh.print(&mut Prints::kept(1));
        Walker {
            scenario,
            limit,
            control,
            spice,
            requests,
            world: fresh.clone(),
            fresh,
            driver: Untimed::new(control, limit, watch),
            chooser: Chooser::new(),
            horizon: horizon(scenario, requests, control),
            moves: Vec::new(),
            planned: SmallVec::new(),
            patience,
        }
    }

    /// What has been reached in the last walk.
    pub fn situations(&self) -> &Situations {
        &self.driver.sink.situations
    }

    fn reset(&mut self) {
        self.world.clone_from(&self.fresh);
        self.driver.reset(self.control);
        let watch = &mut self.driver.sink;
        watch.oracles.reset();
        watch.situations.reset();
        (watch.ambush, watch.sprung) = (None, None);
        self.planned.clear();
    }

    /// Whether somebody still waits after so many moves.
    #[inline(always)]
    fn is_attended(&self, moves: u32) -> bool {
        !moves.is_multiple_of(PATIENT_FOR) || self.patience.lasts(self.driver.steps())
    }

    fn trigger(&mut self) -> Option<Step> {
        let step = self.world.resolve(Step::Request);
        self.world.ready(step).is_ok().then_some(step)
    }

    /// One walk, all of whose choices are drawn from `stream`. The steps that were chosen, without those
    /// that happen at once, are appended to `record`.
    pub fn walk(&mut self, stream: &mut Stream, record: Option<&mut Vec<Step>>) -> Walked {
        self.reset();
        self.plan_ahead(stream);
        let strategy = Strategy::draw(stream);
        self.chooser.reset(strategy, self.horizon, stream);
        let ran = caught(|| self.go(stream, record));
        if let Err(panic) = &ran {
            self.driver.sink.oracles.panicked(panic);
            // Nobody knows how much of the last step was done.
            self.world = self.fresh.clone();
        }
        if ran == Ok(Stop::Interrupted) {
            return Walked { steps: self.driver.steps(), broken: None };
        }
        let claims = self.scenario.claims();
        let is_endless = ran.is_ok_and(|stop| stop != Stop::Quiet);
        let broken = self.driver.sink.oracles.broken_at_end(claims, is_endless).claimed;
        let broken = broken.into_iter().find(|class| !self.scenario.expects_violation(class.invariant()));
        Walked { steps: self.driver.steps(), broken }
    }

    /// From the start to the end.
    fn go(&mut self, stream: &mut Stream, mut record: Option<&mut Vec<Step>>) -> Stop {
        self.driver.settle(&mut self.world);
        let mut at = 0;
        while self.driver.steps() < self.limit {
            let Some(step) = self.next(at, stream) else { break };
            if let Some(record) = record.as_deref_mut() {
                record.push(step);
            }
            self.driver.take(&mut self.world, step);
            at += 1;
            if !self.is_attended(at) {
                return Stop::Interrupted;
            }
        }
        self.driver.finish(&mut self.world)
    }

    /// The next step: what is planned for this move, else what the strategy picks.
    #[inline]
    fn next(&mut self, at: u32, stream: &mut Stream) -> Option<Step> {
        if let Some(victim) = self.driver.sink.sprung.take()
            && self.world.ready(Step::Crash(victim)).is_ok()
        {
            return Some(Step::Crash(victim));
        }
        if self.planned.last().is_some_and(|(due, _)| *due <= at)
            && let Some(step) = self.take_planned(at)
        {
            return Some(step);
        }
        self.moves.clear();
        self.world.moves(self.control, &mut self.moves);
        if self.moves.is_empty() {
            // Nothing moves: what is planned for later comes now.
            return self.take_planned(u32::MAX);
        }
        let picked = self.chooser.pick(self.scenario.plan(), &self.moves, at, stream);
        Some(self.moves[picked])
    }

    /// The first planned thing that is due and can happen.
    #[inline(never)]
    fn take_planned(&mut self, at: u32) -> Option<Step> {
        for index in (0..self.planned.len()).rev() {
            let (due, what) = self.planned[index];
            if due > at {
                return None;
            }
            let step = match what {
                Planned::Trigger => self.trigger(),
                Planned::EarlyTimer => self.early_timer(),
                // What is said after the end is said by nobody again: a loss there is no test of anything.
                Planned::Fault(Step::Lose(_)) if self.world.is_over() => None,
                Planned::Fault(step) => Some(step).filter(|step| self.world.ready(*step).is_ok()),
            };
            if step.is_some() {
                self.planned.remove(index);
                return step;
            }
        }
        None
    }

    fn early_timer(&mut self) -> Option<Step> {
        self.moves.clear();
        self.world.prompts(&mut self.moves);
        let is_early = |step: &&Step| matches!(step, Step::Fire(Timer::Timeout(_) | Timer::Budget(_) | Timer::Pause));
        // The newest: a budget sorts after its timeout.
        self.moves.iter().rfind(is_early).copied()
    }

    fn plan_ahead(&mut self, stream: &mut Stream) {
        let plan = self.scenario.plan();
        let tasks = plan.tasks().len() as u64;
        let horizon = u64::from(self.horizon);
        let amount = |most: u8, stream: &mut Stream| stream.below(u64::from(most) + 1);
        let task = |stream: &mut Stream| TaskId(stream.below(tasks) as u32);
        for _ in 0..self.requests {
            self.planned.push((stream.below(horizon) as u32, Planned::Trigger));
        }
        let mut crashes = amount(self.spice.crashes, stream);
        if crashes > 0 && stream.below(4) == 0 {
            crashes -= 1;
            let point = POINTS[stream.below(POINTS.len() as u64) as usize];
            let (left, is_own) = (1 + stream.below(3) as u32, stream.below(3) > 0);
            self.driver.sink.ambush = Some(Ambush { point, left, victim: task(stream), is_own });
        }
        for _ in 0..crashes {
            // A failover lengthens the run.
            let at = stream.below(horizon + horizon / 4) as u32;
            self.planned.push((at, Planned::Fault(Step::Crash(task(stream)))));
        }
        for _ in 0..amount(self.spice.losses, stream) {
            self.planned.push((stream.below(horizon) as u32, Planned::Fault(Step::Lose(task(stream)))));
        }
        for _ in 0..amount(self.spice.failed_uploads, stream) {
            self.planned.push((stream.below(horizon) as u32, Planned::Fault(Step::FailUpload(task(stream), None))));
        }
        for _ in 0..amount(self.spice.early_timers, stream) {
            self.planned.push((stream.below(horizon) as u32, Planned::EarlyTimer));
        }
        self.planned.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    }
}
