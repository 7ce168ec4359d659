//! `cutline shrink`

use serde_json::Value;

use super::args::Shrink;
use super::keep::Place;
use super::output::{self, Problem};
use super::progress::Progress;
use super::{Exit, files, guard, load, readback, refuse};
use crate::explore::{self, Right, Shrunk, Suspect, Unshrunk};
use crate::kernel::{Patience, counted};
use crate::report::printable;
use crate::scenario::Scenario;

/// Makes a failing scenario as small as it gets and writes what is left.
pub fn shrink(arguments: &Shrink) -> Exit {
    let suspect: &dyn Suspect = match arguments.mutant {
        None => &Right,
        Some(mutant) => mutant,
    };
    let name = printable(&arguments.file.display().to_string());
    let place = match Place::claim_for(&arguments.file, &arguments.output) {
        Ok(place) => place,
        Err(problem) => return refuse(&problem),
    };
    let scenario = match load::load(&arguments.file) {
        Ok(scenario) => arguments.seed.map_or(scenario.clone(), |seed| scenario.with_seed(seed)),
        Err(failure) => return failure.exit,
    };
    let file = match files::read_scenario(&arguments.file) {
        Ok(bytes) => serde_json::from_slice(&bytes).expect("it was read before"),
        Err(problem) => return refuse(&problem),
    };
    match guard::guarded(|| attended(suspect, &file, &scenario)) {
        Err(panic) => {
            guard::internal_error(&name, &panic).print();
            Exit::Internal
        }
        Ok(Err(unshrunk)) if unshrunk.is_defect() => {
            guard::internal_error(&name, &unshrunk.to_string()).print();
            Exit::Internal
        }
        Ok(Err(Unshrunk::Interrupted)) => {
            output::message(format_args!("{name}: {}", Unshrunk::Interrupted));
            Exit::Interrupted
        }
        Ok(Err(unshrunk)) => refuse(&Problem::new(format!("{name}: {unshrunk}"), help(&unshrunk))),
        Ok(Ok(shrunk)) => store(&shrunk, suspect, arguments, &place),
    }
}

/// Shows how far it is, and can be interrupted.
fn attended(suspect: &dyn Suspect, file: &Value, scenario: &Scenario) -> Result<Shrunk, Unshrunk> {
    let progress = Progress::new("candidates", None);
    let lasts = progress.lasts();
    explore::shrink_attended(suspect, file, scenario, Patience::new(&lasts))
}

/// What to do with a run that cannot be made small.
fn help(unshrunk: &Unshrunk) -> &'static str {
    match unshrunk {
        Unshrunk::Endless { .. } => "see with \"cutline view\" what is repeated; a smaller \"limits\": {\"until\": ..} shortens it",
        Unshrunk::Clocked(_) => {
            "make it smaller by hand: leave out operators, records and faults as long as \"cutline run\" shows the same"
        }
        Unshrunk::TooLong => "give it fewer records, or a \"limits\": {\"until\": ..} behind what is broken",
        Unshrunk::ReadsText(_) => "give the source \"records\" in the place of \"file\"",
        Unshrunk::RightToo => "leave out --mutant",
        Unshrunk::Right | Unshrunk::Unfaithful(_) | Unshrunk::Interrupted => {
            "give a --seed under which it fails, or find one with cutline fuzz"
        }
    }
}

fn store(shrunk: &Shrunk, suspect: &dyn Suspect, arguments: &Shrink, place: &Place) -> Exit {
    let path = printable(&place.path().display().to_string());
    if let Err(problem) = place.write(&shrunk.text) {
        // It may have taken long to find.
        return refuse(&problem).max(output::result(&shrunk.text));
    }
    if let Err(exit) = readback::one(suspect, place.path(), &shrunk.text, shrunk.class.word()) {
        return exit;
    }
    let (proof, exit) = match (shrunk.interrupted, shrunk.proven) {
        (true, _) => ("INTERRUPTED: more could be left out", Exit::Interrupted),
        (false, true) => ("proven by exhaustive search", Exit::AsExpected),
        (false, false) => ("not proven: nothing can be left out", Exit::AsExpected),
    };
    let mutant = arguments.mutant.map(|mutant| format!(" --mutant {}", mutant.name)).unwrap_or_default();
    exit.max(output::result(&format!(
        "{}: {}, {}, {}\nminimal: {proof}\nreproduce: cutline run {path}{mutant}\n",
        shrunk.class.word(),
        counted(shrunk.steps as u64, "step", "steps"),
        counted(shrunk.operators as u64, "operator", "operators"),
        counted(shrunk.faults as u64, "fault", "faults"),
    )))
}
