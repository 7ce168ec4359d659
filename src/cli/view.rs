//! `cutline view`

use std::ops::Range;

use super::args::View;
use super::keep::Place;
use super::output::Problem;
use super::recorded::recorded;
use super::{Exit, output, refuse};
use crate::kernel::counted;
use crate::report::diagram::{Glyphs, Options, diagram};
use crate::report::frame::{Frame, Nowhere, Wanted};
use crate::report::{page, printable};
use crate::scenario::Recording;

/// So many facts of a run are kept to choose from: half a gigabyte.
const MOST_KEPT: usize = 10_000_000;

/// Runs a scenario and draws the run, or makes a page of it.
pub fn view(arguments: &View) -> Exit {
    let View { from, until, around, .. } = *arguments;
    let place = arguments.output.as_ref().map(|path| Place::claim_for(&arguments.run.file, path)).transpose();
    let place = match place {
        Ok(place) => place,
        Err(problem) => return refuse(&problem),
    };
    let shown = recorded(&arguments.run, MOST_KEPT, |recording| {
        let frame = Frame::of(recording, Wanted { from, until, around })?;
        Ok(match &place {
            None => (diagram(recording, options(arguments), &frame), None),
            Some(_) => page(recording, frame.facts(recording, arguments.facts)),
        })
    });
    match (shown, &place) {
        (Err(exit), _) => exit,
        (Ok((Err(nowhere), exit)), _) => exit.max(refuse(&misplaced(&nowhere))),
        (Ok((Ok((text, _)), exit)), None) => exit.max(output::result(&text)),
        (Ok((Ok((page, note)), exit)), Some(place)) => {
            let stored = store(place, &page);
            note.iter().for_each(output::message);
            exit.max(stored)
        }
    }
}

fn options(arguments: &View) -> Options {
    let glyphs = if arguments.ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
    Options { glyphs, rows: arguments.rows }
}

/// The page, and what of the run is not in it.
fn page(recording: &Recording<'_>, shown: Range<usize>) -> (String, Option<String>) {
    let facts = |count: u64| counted(count, "fact", "facts");
    let (before, behind) = (shown.start as u64, (recording.facts.len() - shown.end) as u64 + recording.left_out);
    let step = |at: usize| recording.facts.get(at).map_or(0, |happened| happened.step);
    let note = (before + behind > 0).then(|| {
        format!(
            "the page shows steps {} to {} of {}; {} before and {} behind them are left out: \
             --from, --until or --around shows others, --facts N more",
            step(shown.start),
            step(shown.end.saturating_sub(1)),
            recording.outcome.steps,
            facts(before),
            facts(behind)
        )
    });
    (page::document(recording, &shown), note)
}

fn misplaced(nowhere: &Nowhere) -> Problem {
    let help = match nowhere {
        Nowhere::Clockless(_) => "name a step by its number",
        Nowhere::BehindTheEnd { .. } | Nowhere::NotKept { .. } => "name an earlier step or time",
        Nowhere::NoSuchFault { .. } | Nowhere::NoFault(_) => "name a step or a time instead; \"cutline run\" lists the failovers",
        Nowhere::Backwards { .. } => "swap them",
    };
    Problem::new(nowhere.to_string(), help)
}

fn store(place: &Place, page: &str) -> Exit {
    match place.write(page) {
        Ok(()) => output::result(&format!("open {} in a browser\n", printable(&place.path().display().to_string()))),
        Err(problem) => refuse(&problem),
    }
}
