//! `cutline export`

use super::args::{Export, Tool};
use super::recorded::recorded;
use super::{Exit, keep, output, refuse};
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
    let (exported, exit) = match recorded(&arguments.run, MOST_FACTS, document) {
        Ok(exported) => exported,
        Err(exit) => return exit,
    };
    for missing in &exported.missing {
        output::message(format_args!("note: {missing}"));
    }
    exit.max(match &arguments.output {
        None => output::result(&exported.text),
        Some(path) => match keep::write_of(&arguments.run.file, path, &exported.text) {
            Ok(()) => Exit::AsExpected,
            Err(problem) => refuse(&problem),
        },
    })
}
