//! Whether everything came out as the scenario expects, and what did not.

use super::check::{Expectations, Scenario};
use super::outcome::{Ended, FaultOutcome, InvariantOutcome, Outcome, PlaceOutcome, SkippedStep};

/// Skipped steps that are named one by one.
const SKIPPED: usize = 9;

/// What keeps an outcome from being as expected, a line each: none when it is.
pub(super) fn complaints(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let expect = &scenario.expect;
    let mut lines = skipped(expect, &outcome.skipped);
    let unmet = outcome.expectations.iter().filter(|expectation| !expectation.met);
    lines.extend(unmet.map(|expectation| format!("expected {}, found {}", expectation.expect, expectation.actual)));
    lines.extend(
        outcome.invariants.iter().filter(|invariant| is_open(expect, invariant)).filter_map(|invariant| broken(outcome, invariant)),
    );
    lines.extend(end(expect, outcome.ended));
    lines.extend(untested(scenario, outcome));
    lines.extend(outcome.places.iter().filter_map(|place| unkept(expect, outcome, place)));
    lines
}

/// Faults that never happened, where that is a failure.
fn untested(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let is_open = |(number, fault): &(usize, &FaultOutcome)| fault.happened == 0 && !scenario.expect.names_fault(*number);
    let open = outcome.faults.iter().enumerate().filter(|_| scenario.is_strict).filter(is_open);
    open.map(|(_, fault)| format!("never happened: {} ({})", fault.fault, fault.place)).collect()
}

/// A list of steps that is not followed shows something else than it says.
fn skipped(expect: &Expectations, skipped: &[SkippedStep]) -> Vec<String> {
    if expect.names_skipped() {
        return Vec::new();
    }
    let line = |skipped: &SkippedStep| format!("skipped no. {} of the schedule, {}: {}", skipped.step, skipped.name, skipped.why);
    let more = skipped.len().saturating_sub(SKIPPED);
    skipped.iter().take(SKIPPED).map(line).chain((more > 0).then(|| format!("skipped {more} more steps"))).collect()
}

/// Whether an invariant is judged, and not by an expectation of its own.
fn is_open(expect: &Expectations, invariant: &InvariantOutcome) -> bool {
    invariant.claimed && !expect.names_invariant(invariant.name)
}

fn broken(outcome: &Outcome, invariant: &InvariantOutcome) -> Option<String> {
    let detail = invariant.detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
    let step = invariant.step.map_or(String::new(), |step| format!(" (step {step})"));
    match (invariant.verdict, invariant.name) {
        // That it did not come to an end is not the run's fault.
        ("incomplete", _) if outcome.ended == Ended::Interrupted => None,
        ("violated", name) => Some(format!("violated {name}{detail}{step}")),
        // The places say what is missing.
        ("incomplete", "delivery") => None,
        ("incomplete", "liveness") if outcome.ended == Ended::JobFailed => None,
        ("incomplete", name) if !outcome.snapshots.is_empty() => Some(format!("cannot judge {name}{detail}")),
        _ => None,
    }
}

fn end(expect: &Expectations, ended: Ended) -> Option<String> {
    let is_named = match ended {
        Ended::Quiet => true,
        Ended::Interrupted | Ended::Panicked => false,
        Ended::JobFailed => expect.names_job(),
        Ended::StepLimit | Ended::TimeLimit => expect.names_job() || expect.expects_violation("liveness"),
    };
    ended.reason().filter(|_| !is_named).map(str::to_owned)
}

/// What is promised at a place and not observed there, unless the file expects it.
fn unkept(expect: &Expectations, outcome: &Outcome, place: &PlaceOutcome) -> Option<String> {
    let is_told = outcome.invariants.iter().any(|invariant| invariant.name == "delivery" && invariant.verdict == "violated");
    if is_told || outcome.ended == Ended::Interrupted || place.kept || expect.names_invariant("delivery") {
        return None;
    }
    // A job that ends before its time delivers less: who expects the one expects the other.
    let is_lost = place.lost > 0 && !expect.names_losses(&place.place) && !expect.names_end();
    let is_repeated = place.duplicated > 0 && !expect.names_repetitions(&place.place);
    let what = match (is_lost, is_repeated) {
        (true, true) => format!(": {} lost, {} duplicated", place.lost, place.duplicated),
        (true, false) => format!(": {} lost", place.lost),
        (false, true) => format!(": {} duplicated", place.duplicated),
        (false, false) if place.lost + place.duplicated > 0 || expect.names_guarantee(&place.place) => return None,
        (false, false) => String::new(),
    };
    Some(format!("{}: promised {}, observed {}{what}", place.place, place.declared, place.observed))
}
