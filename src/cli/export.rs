//! `cutline export`

use super::args::{Export, Tool};
use super::keep::Place;
use super::recorded::recorded;
use super::{Exit, output, refuse};
use crate::report::export;

/// Beyond so many facts a run is cut, so that no export takes all memory.
const MOST_FACTS: usize = 5_000_000;

/// Runs a scenario and writes the run in another tool's format.
pub fn export(arguments: &Export) -> Exit {
    let document = match arguments.to {
        Tool::Shiviz => export::shiviz,
        Tool::Perfetto => export::perfetto,
        Tool::Mermaid => export::mermaid,
        Tool::Dot => export::dot,
        Tool::Jsonl => export::jsonl,
    };
    let place = match arguments.output.as_ref().map(|path| Place::claim_for(&arguments.run.file, path)).transpose() {
        Ok(place) => place,
        Err(problem) => return refuse(&problem),
    };
    let (exported, exit) = match recorded(&arguments.run, MOST_FACTS, document) {
        Ok(exported) => exported,
        Err(exit) => return exit,
    };
    for missing in &exported.missing {
        output::message(format_args!("note: {missing}"));
    }
    exit.max(match &place {
        None => output::result(&exported.text),
        Some(place) => match place.write(&exported.text) {
            Ok(()) => Exit::AsExpected,
            Err(problem) => refuse(&problem),
        },
    })
}
