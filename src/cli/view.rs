//! `cutline view`

use std::path::Path;

use super::args::View;
use super::recorded::recorded;
use super::{Exit, keep, output, refuse};
use crate::report::diagram::{Glyphs, Options, diagram};
use crate::report::{page, printable};

/// A row of the diagram takes at most so many facts; what is beyond all rows need not be kept.
const FACTS_PER_ROW: usize = 1_000;

/// Runs a scenario and draws the run, or makes a page of it.
pub fn view(arguments: &View) -> Exit {
    let shown = match &arguments.output {
        None => recorded(&arguments.run, arguments.rows.saturating_mul(FACTS_PER_ROW), |recording| diagram(recording, options(arguments))),
        Some(_) => recorded(&arguments.run, arguments.facts, page::document),
    };
    match (shown, &arguments.output) {
        (Err(exit), _) => exit,
        (Ok((text, exit)), None) => exit.max(output::result(&text)),
        (Ok((page, exit)), Some(path)) => exit.max(store(&arguments.run.file, path, &page)),
    }
}

fn options(arguments: &View) -> Options {
    let glyphs = if arguments.ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
    Options { glyphs, rows: arguments.rows }
}

fn store(scenario: &Path, path: &Path, page: &str) -> Exit {
    match keep::write_of(scenario, path, page) {
        Ok(()) => output::result(&format!("open {} in a browser\n", printable(&path.display().to_string()))),
        Err(problem) => refuse(&problem),
    }
}
