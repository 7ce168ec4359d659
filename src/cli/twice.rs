//! Runs a scenario twice and finds where the two runs part.

use std::fmt;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::output::Problem;
use crate::kernel::{Patience, Ticks};
use crate::report::{Batch, json, printable};
use crate::scenario::outcome::Ended;
use crate::scenario::{Outcome, Scenario, run_traced};
use crate::trace::Fact;

/// Facts that are handed over together.
const BATCH: usize = 4_096;
/// Batches that the first run may be ahead.
const AHEAD: usize = 16;

/// Runs `scenario` once more: what differs from `first`, if anything does and somebody waits for it.
pub fn compare(scenario: &Scenario, first: &Outcome, patience: Patience<'_>) -> Option<Problem> {
    let second = scenario.attend_world(scenario.world(), &mut |_, _, _| {}, patience);
    if second == *first || second.ended == Ended::Interrupted {
        return None;
    }
    let difference = match first_difference(scenario) {
        Some((one, other)) => format!("the first fact that differs:\n  {}\n  {}", shown(one, scenario), shown(other, scenario)),
        None => different_lines(first, &second),
    };
    let name = format!("{} with seed {}", first.scenario, first.seed);
    let digests = format!("digests {} and {}", first.digest, second.digest);
    let help = "this is a defect of cutline; please report it with the scenario file and the seed";
    Some(Problem::new(format!("two runs of {name} differ ({digests}); {difference}"), help))
}

/// A fact with its time and the number of its step.
type Line = (Ticks, u64, Fact);

fn shown(line: Option<Line>, scenario: &Scenario) -> impl fmt::Display {
    line.map_or("the run is over".to_owned(), |(at, step, fact)| {
        format!("at {at}, step {step}: {}", printable(&fact.describe(scenario.plan())))
    })
}

/// The first facts in which two more runs differ. They run side by side, because a long trace fits into no memory.
fn first_difference(scenario: &Scenario) -> Option<(Option<Line>, Option<Line>)> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || in_batches(scenario, &mut |batch| drop(sender.send(batch))));
        let mut first = receiver.into_iter().flatten();
        let mut found = None;
        run_traced(scenario, &mut |at, step, fact| {
            if found.is_none() {
                let (one, other) = (first.next(), Some((at, step, fact)));
                found = (one != other).then_some((one, other));
            }
        });
        found.or_else(|| first.next().map(|line| (Some(line), None)))
    })
}

fn in_batches(scenario: &Scenario, send: &mut dyn FnMut(Vec<Line>)) {
    let mut batch = Vec::with_capacity(BATCH);
    run_traced(scenario, &mut |at, step, fact| {
        batch.push((at, step, fact));
        if batch.len() == BATCH {
            send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    });
    send(batch);
}

/// For when the facts agree and only what was made of them does not.
fn different_lines(first: &Outcome, second: &Outcome) -> String {
    let documents = [first, second].map(|outcome| json::document(&Batch::of(std::slice::from_ref(outcome))));
    let mut lines = documents[0].lines().zip(documents[1].lines());
    match lines.find(|(one, other)| one != other) {
        Some((one, other)) => format!("two more runs agree in every fact, the outcomes differ:\n  {}\n  {}", one.trim(), other.trim()),
        None => "two more runs agree in every fact, and so do the outcomes as far as they are printed".to_owned(),
    }
}
