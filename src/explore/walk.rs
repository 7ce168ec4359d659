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
use crate::protocol::{FINAL_TRIES, Timer};
use crate::scenario::Scenario;
use crate::trace::{Fact, Situations};

/// The most that may go wrong in one walk; each walk draws how much does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spice {
    /// Crashes.
    pub crashes: u8,
    /// Lost messages of the coordinator.
    pub losses: u8,
    /// Messages of the coordinator that come twice.
    pub repeats: u8,
    /// Words of a completion that the next message overtakes.
    pub postponements: u8,
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

/// What may keep snapshots from completing in one walk, of all kinds together: losses, uploads that fail, timers that
/// are early. Each spoils at most one try of the last checkpoint, of which there are [`FINAL_TRIES`]; so most of them
/// are left to what fails by itself, as when a source finishes while its trigger is on the way (P3). Crashes do not
/// count: after one the tries begin anew.
const MOST_SPOILT: u64 = 2;
const _: () = assert!(MOST_SPOILT < FINAL_TRIES as u64);

/// A crash that follows close upon something comes within so many moves of it.
const SHORTLY: u64 = 8;

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
    /// So many moves later.
    after: u32,
}

/// Reads the facts of a walk.
#[derive(Clone, Debug)]
struct Watch<'s> {
    plan: &'s Plan,
    oracles: Oracles<'s>,
    situations: Situations,
    ambushes: SmallVec<[Ambush; 3]>,
    /// Who dies in how many moves from now.
    sprung: SmallVec<[(TaskId, u32); 3]>,
}

impl FactSink for Watch<'_> {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        self.oracles.fact(now, fact);
        self.situations.fact(self.plan, fact);
        if !self.ambushes.is_empty() {
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
        let Watch { plan, ambushes, sprung, .. } = self;
        ambushes.retain(|ambush| {
            let Some((task, _)) = ambush.point.reached_by(fact, plan) else { return true };
            ambush.left -= 1;
            if ambush.left == 0 {
                sprung.push((task.filter(|_| ambush.is_own).unwrap_or(ambush.victim), ambush.after));
            }
            ambush.left > 0
        });
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

/// Where a failover is met by the next crash.
const RECOVERY: [Point; 4] = [Point::Crashed, Point::Restoring, Point::Resumed, Point::Resumed];

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
    /// Who does not hear the word of a completion that waits for it, until there is something to overtake it.
    waiting: Option<TaskId>,
    /// Who is told of completions.
    listeners: Vec<TaskId>,
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
        let watch = Watch {
            plan,
            oracles: scenario.untimed_oracles(),
            situations: Situations::new(plan),
            ambushes: SmallVec::new(),
            sprung: SmallVec::new(),
        };
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
            waiting: None,
            listeners: plan.tasks().ids().filter(|&task| plan.is_two_phase(task) || plan.kind(task).finishes()).collect(),
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
        watch.ambushes.clear();
        watch.sprung.clear();
        self.planned.clear();
        self.waiting = None;
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
        if !self.driver.sink.sprung.is_empty() {
            self.spring(at);
        }
        if self.planned.last().is_some_and(|(due, _)| *due <= at)
            && let Some(step) = self.take_planned(at)
        {
            return Some(step);
        }
        self.moves.clear();
        self.world.moves(self.control, &mut self.moves);
        if let Some(task) = self.waiting {
            self.moves.retain(|step| *step != Step::Tell(task));
        }
        if self.moves.is_empty() {
            // Nothing moves: what is planned for later comes now, then the last checkpoint once more.
            return self.take_planned(u32::MAX).or_else(|| Some(Step::Fire(Timer::Final)).filter(|step| self.world.ready(*step).is_ok()));
        }
        let picked = self.chooser.pick(self.scenario.plan(), &self.moves, at, stream);
        Some(self.moves[picked])
    }

    /// The first planned thing that is due and can happen.
    #[inline(never)]
    fn take_planned(&mut self, at: u32) -> Option<Step> {
        self.waiting = None;
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
            if let Planned::Fault(Step::Postpone(task)) = what
                && self.world.hears_of_completion(task)
            {
                self.waiting = Some(task);
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

    /// Crashes whose points were reached are planned from now on.
    #[inline(never)]
    fn spring(&mut self, at: u32) {
        while let Some((victim, after)) = self.driver.sink.sprung.pop() {
            let due = at + after;
            let place = self.planned.partition_point(|(other, _)| *other > due);
            self.planned.insert(place, (due, Planned::Fault(Step::Crash(victim))));
        }
    }

    fn plan_ahead(&mut self, stream: &mut Stream) {
        let horizon = u64::from(self.horizon);
        let crashes = amount(self.spice.crashes, stream);
        // A failover lengthens the run.
        let span = horizon + horizon / 4 * crashes;
        for _ in 0..self.requests {
            // Before a crash there is to be something to restore, and a snapshot takes a while to complete.
            let latest = if crashes > 0 { stream.below(horizon) + 1 } else { horizon };
            self.planned.push((stream.below(latest) as u32, Planned::Trigger));
        }
        for number in 0..crashes {
            self.plan_crash(number as u32, span, stream);
        }
        let Spice { losses, failed_uploads, early_timers, .. } = self.spice;
        let lost = |victim| Planned::Fault(Step::Lose(victim));
        let failed = |victim| Planned::Fault(Step::FailUpload(victim, None));
        let kinds: [(u8, &dyn Fn(TaskId) -> Planned); 3] =
            [(losses, &lost), (failed_uploads, &failed), (early_timers, &|_| Planned::EarlyTimer)];
        let mut left = MOST_SPOILT;
        for (most, what) in kinds {
            let count = amount(most, stream).min(left);
            left -= count;
            for _ in 0..count {
                let victim = self.task(stream);
                self.planned.push((stream.below(horizon) as u32, what(victim)));
            }
        }
        self.plan_notices(span, stream);
        self.planned.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    }

    /// What goes wrong with messages and must do no harm. Those that happen at once are nearly never there to be met.
    fn plan_notices(&mut self, span: u64, stream: &mut Stream) {
        let Spice { repeats, postponements, .. } = self.spice;
        let is_heard = self.control.has(Control::NOTICES) && !self.listeners.is_empty();
        if is_heard || self.control.has(Control::TRIGGERS) {
            for _ in 0..amount(repeats, stream) {
                let is_notice = is_heard && (!self.control.has(Control::TRIGGERS) || stream.below(2) == 0);
                let task = if is_notice { self.listener(stream) } else { self.task(stream) };
                self.planned.push((stream.below(span) as u32, Planned::Fault(Step::Repeat(task))));
            }
        }
        if is_heard {
            for _ in 0..amount(postponements, stream) {
                let task = self.listener(stream);
                self.planned.push((stream.below(span) as u32, Planned::Fault(Step::Postpone(task))));
            }
        }
    }

    /// The crash of this number, from 0: close upon the one before it, so that no snapshot lies between; when one snapshot
    /// more is complete than there were crashes, so that one does; at a point of the protocol; or anywhere.
    fn plan_crash(&mut self, number: u32, span: u64, stream: &mut Stream) {
        let victim = self.task(stream);
        let is_told_late = self.control.has(Control::NOTICES) && self.spice.repeats > 0;
        let ambushes = &mut self.driver.sink.ambushes;
        let mut lie_in_wait = |point, left, is_own, after| ambushes.push(Ambush { point, left, victim, is_own, after });
        match stream.below(8) {
            0..3 if number > 0 => {
                let point = RECOVERY[stream.below(RECOVERY.len() as u64) as usize];
                lie_in_wait(point, number, false, stream.below(SHORTLY) as u32);
            }
            3..5 => lie_in_wait(Point::Completed, number + 1, false, stream.below(SHORTLY) as u32),
            // What a task makes of word that is late or comes twice shows in what it does between that and the crash.
            5 | 6 if is_told_late && stream.below(2) == 0 => {
                lie_in_wait(Point::Notified, 1 + stream.below(4) as u32, false, 1 + stream.below(SHORTLY) as u32);
            }
            5 | 6 => {
                let point = POINTS[stream.below(POINTS.len() as u64) as usize];
                lie_in_wait(point, 1 + stream.below(3) as u32, stream.below(3) > 0, 0);
            }
            _ => self.planned.push((stream.below(span) as u32, Planned::Fault(Step::Crash(victim)))),
        }
    }

    fn listener(&self, stream: &mut Stream) -> TaskId {
        self.listeners[stream.below(self.listeners.len() as u64) as usize]
    }

    fn task(&self, stream: &mut Stream) -> TaskId {
        TaskId(stream.below(self.scenario.plan().tasks().len() as u64) as u32)
    }
}

/// How much of this there is in a walk.
fn amount(most: u8, stream: &mut Stream) -> u64 {
    stream.below(u64::from(most) + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_more_is_spoilt_than_the_last_checkpoint_bears() {
        let file = json!({
            "title": "t",
            "operators": {"a": {"kind": "source", "records": 2}, "out": {"kind": "sink", "commit": "two_phase"}},
            "channels": [{"from": "a", "to": "out"}],
            "snapshots": {"protocol": "aligned", "at": [0]}
        });
        let scenario = Scenario::from_draft(&file).expect("a valid scenario");
        let spice = Spice { crashes: 3, losses: 3, repeats: 3, postponements: 3, failed_uploads: 3, early_timers: 3 };
        let mut walker = Walker::new(&scenario, scenario.world(), Control::CHANNEL, spice);
        let mut reached = [0; MOST_SPOILT as usize + 1];
        for number in 0..1_000 {
            walker.reset();
            walker.plan_ahead(&mut Stream::numbered(0, "run", number));
            let spoils = |what: &Planned| matches!(what, Planned::EarlyTimer | Planned::Fault(Step::Lose(_) | Step::FailUpload(..)));
            reached[walker.planned.iter().filter(|(_, what)| spoils(what)).count()] += 1;
        }
        assert!(reached.iter().all(|walks| *walks > 0), "{reached:?}");
    }
}
