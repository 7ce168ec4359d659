//! Whether a file does what is said of it.

use super::Suspect;
use crate::explore::judge::judge;
use crate::oracle::Class;
use crate::scenario::Scenario;
use crate::scenario::outcome::{Judgement, Outcome};

/// Reads the text of a small scenario and runs it: with the suspect it must fail in the way that `class`
/// names, and where that breaks a claim, what it expects must hold for the right program.
///
/// # Errors
/// What is not so.
pub fn confirm(suspect: &dyn Suspect, text: &str, class: &str) -> Result<(), String> {
    let scenario = Scenario::from_json(text).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        format!("it cannot be read: {}", mistakes.join("; "))
    })?;
    let steps = scenario.schedule().ok_or("it lists no steps")?;
    let broken = judge(&scenario, suspect.world(&scenario), scenario.control(), steps).broken;
    let is_in = |classes: &[Class]| classes.iter().any(|other| other.word() == class);
    let (is_claimed, is_allowed) = (is_in(&broken.claimed), is_in(&broken.allowed));
    if !is_claimed && !is_allowed {
        return Err(format!("its steps do not show {class}"));
    }
    let failed = scenario.run_world(suspect.world(&scenario));
    match (is_claimed, failed.verdict) {
        (true, Judgement::AsExpected) => return Err(format!("it shows {class}, and comes out as expected")),
        (false, Judgement::Unexpected) => return Err(format!("what it expects does not come out: {}", unmet(&failed))),
        _ => {}
    }
    if is_claimed && !suspect.is_right() {
        let right = crate::scenario::run(&scenario);
        if right.verdict == Judgement::Unexpected {
            return Err(format!("the right program fails in it too: {}", unmet(&right)));
        }
    }
    Ok(())
}

/// What is not as expected.
fn unmet(outcome: &Outcome) -> String {
    let violated = outcome.invariants.iter().filter(|invariant| invariant.claimed && invariant.verdict == "violated");
    let violated = violated.map(|invariant| format!("{} is violated", invariant.name));
    let unmet = outcome.expectations.iter().filter(|expectation| !expectation.met);
    let unmet = unmet.map(|expectation| format!("{} is {}", expectation.expect, expectation.actual));
    let all: Vec<String> = violated.chain(unmet).collect();
    if all.is_empty() { format!("it ended by {:?}", outcome.ended) } else { all.join("; ") }
}
