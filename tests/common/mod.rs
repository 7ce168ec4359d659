//! What several test files share.
#![allow(dead_code, reason = "every test file uses its own part")]

use cutline::engine::{Observer, Step, World};
use cutline::kernel::Ticks;
use cutline::trace::Fact;
use cutline::{Outcome, Scenario};

/// A scenario from JSON that must be valid.
pub fn scenario(json: &str) -> Scenario {
    Scenario::from_json(json)
        .unwrap_or_else(|mistakes| panic!("{}\n{json}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// The verdict of one invariant.
pub fn verdict<'o>(outcome: &'o Outcome, name: &str) -> &'o str {
    outcome.invariants.iter().find(|invariant| invariant.name == name).expect("an invariant of that name").verdict
}

/// The invariants that are violated.
pub fn violated(outcome: &Outcome) -> Vec<&str> {
    outcome.invariants.iter().filter(|invariant| invariant.verdict == "violated").map(|invariant| invariant.name).collect()
}

/// Takes the first enabled step until there is none; `None` when that takes more than a million.
pub fn drive_first_enabled(world: &mut World, observer: &mut impl Observer) -> Option<u64> {
    let mut steps = Vec::new();
    for taken in 0..1_000_000 {
        steps.clear();
        world.enabled(&mut steps);
        match steps.first() {
            Some(&step) => world.apply(step, observer),
            None => return Some(taken),
        }
    }
    None
}

/// Keeps facts, and steps where there are any.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    pub facts: Vec<Fact>,
    pub steps: Vec<Step>,
}

impl Observer for Recorder {
    fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }
}

impl cutline::engine::FactSink for Recorder {
    fn fact(&mut self, _now: Ticks, fact: Fact) {
        self.facts.push(fact);
    }
    fn step(&mut self, step: Step) {
        self.steps.push(step);
    }
}
