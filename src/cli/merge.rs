//! `cutline merge`

use std::fs;
use std::path::{Path, PathBuf};

use super::args::Merge;
use super::keep::Place;
use super::output::{Problem, reason};
use super::{Exit, fuzz, keep, refuse};
use crate::explore::{Right, Suspect, zoo};
use crate::report::fuzz::{Fuzzed, Unmergeable};

/// Puts the reports of shards together and prints what they found.
pub fn merge(arguments: &Merge) -> Exit {
    let tried = arguments.out.as_ref().map_or(Ok(()), |folder| keep::try_folder(folder));
    let kept = arguments.output.as_ref().filter(|_| !arguments.replace);
    let free = tried.and_then(|()| kept.map_or(Ok(()), |path| fuzz::refuse_to_replace(path, "say --replace, or name another file")));
    let claimed = free.and_then(|()| arguments.output.as_ref().map(|path| Place::claim(path)).transpose());
    let (place, merged) = match claimed.and_then(|place| Ok((place, merged(&arguments.reports)?))) {
        Ok(ready) => ready,
        Err(problem) => return refuse(&problem),
    };
    let missing = merged.missing();
    if !missing.is_empty() && !arguments.partial {
        let message = format!("the campaign is not complete: there is no {}", merged.missing_named("\nnor "));
        return refuse(&Problem::new(
            message,
            "add the reports that are missing, run \"fuzz --resume\" for those cut short, or say --partial",
        ));
    }
    let suspect = merged.mutant().and_then(zoo::find).map_or(&Right as &dyn Suspect, |mutant| mutant);
    match store(&merged, suspect, place.as_ref(), arguments.out.as_deref()) {
        Ok(stored) => {
            let folder = arguments.out.as_ref().filter(|_| stored == Exit::AsExpected).map(|folder| folder.display().to_string());
            let printed = fuzz::print(&merged, folder.as_deref(), arguments.format);
            fuzz::judge(&merged, &arguments.require).max(printed).max(stored)
        }
        Err(exit) => exit,
    }
}

/// Writes what was asked for. What could not be written is said, and is no reason not to print it; what is not what it
/// should be when it is read back is handed to nobody.
fn store(merged: &Fuzzed, suspect: &dyn Suspect, place: Option<&Place>, folder: Option<&Path>) -> Result<Exit, Exit> {
    let written = |written: Result<(), Problem>| written.map_or_else(|problem| refuse(&problem), |()| Exit::AsExpected);
    let report = written(place.map_or(Ok(()), |place| place.write(&merged.document())));
    let Some(folder) = folder else { return Ok(report) };
    Ok(fuzz::hand_out(merged, suspect, folder)?.max(report))
}

fn merged(paths: &[PathBuf]) -> Result<Fuzzed, Problem> {
    let mut reports: Vec<(&PathBuf, Fuzzed)> = Vec::new();
    for path in paths {
        let name = path.display();
        let help = "name reports that \"cutline fuzz\" has written, with --report, --out or --format json";
        let text = fs::read_to_string(path).map_err(|error| Problem::new(format!("cannot read {name}: {}", reason(&error)), help))?;
        let report = Fuzzed::parse(&text).map_err(|message| Problem::new(format!("{name}: {message}"), help))?;
        reports.push((path, report));
    }
    let holder = |shard: u32| reports.iter().find(|(_, report)| report.shards.parts.iter().any(|part| part.shard == shard));
    let mut merged: Option<Fuzzed> = None;
    for (path, report) in &reports {
        let Some(before) = merged.take() else {
            merged = Some(report.clone());
            continue;
        };
        merged = Some(before.merge(report.clone()).map_err(|why| {
            let (first, name) = (paths[0].display(), path.display());
            match why {
                Unmergeable::Different(what) => {
                    let message = format!("{first} and {name} are of different campaigns: {what}");
                    Problem::new(message, "merge the shards of one campaign")
                }
                Unmergeable::Twice { shard, of } => {
                    let first = holder(shard).map_or(first, |(path, _)| path.display());
                    let message = format!("shard {shard} of {of} is in {first} and in {name}");
                    Problem::new(message, "leave one of them out")
                }
            }
        })?);
    }
    merged.ok_or_else(|| Problem::new("there is no report to merge", "name one or more"))
}
