//! What a list of steps leads to.

use super::most_steps;
use crate::engine::{Control, FactSink, Step, Stop, Untimed, World};
use crate::kernel::{Ticks, caught};
use crate::model::TaskId;
use crate::oracle::{Broken, Oracles, Verdict};
use crate::scenario::Scenario;
use crate::trace::Fact;

/// What came out of a run by a list of steps.
pub(super) struct Judged<'s> {
    /// What is wrong.
    pub broken: Broken,
    /// All steps, those that happen at once included.
    pub steps: Vec<Step>,
    /// Whether it went in circles until it was stopped.
    pub is_endless: bool,
    oracles: Oracles<'s>,
}

impl Judged<'_> {
    /// Whether everything that is claimed held, and this invariant and the records could be judged.
    pub fn is_right(&mut self, invariant: &str) -> bool {
        let is_open = |(name, verdict): (&str, Verdict)| {
            let matters = name == invariant || name == "delivery";
            matters && verdict != Verdict::Held
        };
        self.broken.claimed.is_empty() && !self.oracles.verdicts(self.is_endless).into_iter().any(is_open)
    }
}

/// Takes the steps of a schedule that can happen, goes on in the default order, and says all that is wrong.
pub fn judge_steps(scenario: &Scenario, world: World, control: Control, steps: &[Step]) -> Broken {
    judge(scenario, world, control, steps).broken
}

/// The same, with more of what came out. However long the list is, only what goes on for ever after a step
/// of it, or after all of them, is stopped.
pub(super) fn judge<'s>(scenario: &'s Scenario, mut world: World, control: Control, steps: &[Step]) -> Judged<'s> {
    let circles = most_steps(scenario.plan());
    let mut judge = Judge { oracles: scenario.untimed_oracles(), steps: Vec::new() };
    let mut driver = Untimed::new(control, circles, &mut judge as &mut dyn FactSink);
    let ran = caught(|| {
        driver.settle(&mut world);
        for &step in steps {
            let now = world.resolve(step);
            if world.ready(now).is_ok() {
                driver.allow(circles);
                driver.take(&mut world, now);
            }
        }
        driver.allow(circles);
        driver.finish(&mut world)
    });
    // Where nothing is left to choose, things may still be happening at once.
    let is_endless = ran.as_ref().is_ok_and(|stop| *stop != Stop::Quiet || world.at_once(control).is_some());
    if let Err(panic) = &ran {
        judge.oracles.panicked(panic);
    }
    let broken = judge.oracles.broken_at_end(scenario.claims(), is_endless);
    Judged { broken, steps: judge.steps, is_endless, oracles: judge.oracles }
}

struct Judge<'s> {
    oracles: Oracles<'s>,
    steps: Vec<Step>,
}

impl FactSink for Judge<'_> {
    fn fact(&mut self, now: Ticks, fact: Fact) {
        self.oracles.fact(now, fact);
    }
    fn step(&mut self, step: Step) {
        self.oracles.step();
        self.steps.push(step);
    }
    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.oracles.shown(task, key, value);
    }
}
