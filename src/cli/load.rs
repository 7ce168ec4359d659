//! From a path to a scenario, with everything that is wrong printed on the way.

use std::path::Path;

use super::output::Problem;
use super::{Exit, Failure, diagnostics, files, guard};
use crate::explore::zoo::{Mutant, Need};
use crate::report::printable;
use crate::scenario::Scenario;

/// The scenario at `path`, or what has been printed because there is none.
pub fn load(path: &Path) -> Result<Scenario, Failure> {
    let bytes = files::read_scenario(path).map_err(|problem| Failure::print(&problem, Exit::Usage))?;
    parse(path, &bytes, &files::read_beside(path))
}

/// The scenario at `path`, to be run under another seed than its own and with a bug, if any.
pub fn load_to_run(path: &Path, seed: Option<u64>, mutant: Option<&Mutant>) -> Result<Scenario, Failure> {
    let mut scenario = load(path)?;
    if let Some(seed) = seed {
        scenario = scenario.with_seed(seed);
    }
    match mutant.filter(|mutant| !mutant.suits(&scenario)) {
        Some(mutant) => Err(Failure::print(&no_place(path, mutant), Exit::Usage)),
        None => Ok(scenario),
    }
}

/// A bug that cannot be there would make a run look right.
fn no_place(file: &Path, mutant: &Mutant) -> Problem {
    let protocols: Vec<_> = mutant.protocols.iter().map(|protocol| protocol.word()).collect();
    let needs = mutant.needs.iter().map(|need| match need {
        Need::TwoPhaseSink => ", a two_phase sink",
        Need::SeveralInputs => ", a task with several inputs",
        Need::FinishingSource => ", a source that finishes",
        Need::KeyedState => ", a keyed operator",
    });
    let needs: String = needs.collect();
    let message = format!("{}: there is no place for {} in it", file.display(), mutant.name);
    Problem::new(message, format!("it needs one of the protocols {}{needs}", protocols.join(" or ")))
}

/// The scenario at `path` with its bytes, if all of it is in them.
pub fn load_alone(path: &Path) -> Result<(Vec<u8>, Scenario), Failure> {
    let bytes = files::read_scenario(path).map_err(|problem| Failure::print(&problem, Exit::Usage))?;
    let scenario = parse(path, &bytes, &|_| Err("scenarios of campaigns cannot read text files".to_owned()))?;
    Ok((bytes, scenario))
}

fn parse(path: &Path, bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Scenario, Failure> {
    let name = printable(&path.display().to_string());
    let parsed = guard::guarded(|| Scenario::parse(&name, bytes, read));
    match parsed {
        Ok(Ok(scenario)) => Ok(scenario),
        Ok(Err(mistakes)) => {
            diagnostics::print(&name, bytes, &mistakes);
            let lines: Vec<String> = mistakes.iter().map(|mistake| printable(&mistake.to_string())).collect();
            Err(Failure { exit: Exit::Usage, message: lines.join("\n") })
        }
        Err(panic) => Err(Failure::print(&guard::internal_error(&format!("reading {name}"), &panic), Exit::Internal)),
    }
}
