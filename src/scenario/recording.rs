//! A run kept whole, for everything that looks at it afterwards.

use super::check::Scenario;
use super::outcome::Outcome;
use crate::engine::World;
use crate::kernel::{Patience, Ticks};
use crate::trace::Fact;

/// One thing that happened, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Simulated time; the number of the step in a run that has no clock.
    pub at: Ticks,
    /// The number of its step, from 1; a step can bring about several facts.
    pub step: u64,
    /// What happened.
    pub fact: Fact,
}

/// What happened in a run, and what it came to.
#[derive(Clone, Debug)]
pub struct Recording<'s> {
    /// What was run.
    pub scenario: &'s Scenario,
    /// In order.
    pub facts: Vec<Happened>,
    /// Facts at the end of the run that were not kept.
    pub left_out: u64,
    /// What the whole run came to.
    pub outcome: Outcome,
}

impl<'s> Recording<'s> {
    /// Runs a world of the scenario and keeps its first `most` facts.
    ///
    /// ```
    /// use cutline::scenario::Recording;
    ///
    /// let scenario = cutline::Scenario::from_json(
    ///     r#"{
    ///       "title": "one record",
    ///       "operators": {"A": {"kind": "source", "records": 1}, "count": {"kind": "keyed_count"}},
    ///       "channels": [{"from": "A", "to": "count"}]
    ///     }"#,
    /// )
    /// .expect("a valid scenario");
    /// let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    /// let words: Vec<&str> = recording.facts.iter().map(|happened| happened.fact.word()).collect();
    /// assert_eq!(words[..4], ["emitted", "sent", "data_ended", "data_end_sent"]);
    /// assert_eq!(recording.left_out, 0);
    /// ```
    pub fn of(scenario: &'s Scenario, world: World, most: usize) -> Self {
        Recording::attended(scenario, world, most, Patience::ENDLESS)
    }

    /// The same as long as somebody has patience, who is told the number of steps.
    pub fn attended(scenario: &'s Scenario, world: World, most: usize, patience: Patience<'_>) -> Self {
        let (mut facts, mut left_out) = (Vec::new(), 0);
        let mut keep = |at, step, fact| match facts.len() < most {
            true => facts.push(Happened { at, step, fact }),
            false => left_out += 1,
        };
        let outcome = scenario.attend_world(world, &mut keep, patience);
        Recording { scenario, facts, left_out, outcome }
    }
}
