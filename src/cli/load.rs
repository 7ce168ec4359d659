//! From a path to a scenario, with everything that is wrong printed on the way.

use std::path::Path;

use super::{Exit, diagnostics, files, guard, refuse};
use crate::report::printable;
use crate::scenario::Scenario;

/// The scenario at `path`, or how the program has to end because there is none.
pub fn load(path: &Path) -> Result<Scenario, Exit> {
    let bytes = files::read_scenario(path).map_err(|problem| refuse(&problem))?;
    parse(path, &bytes, &files::read_beside(path))
}

/// The scenario at `path` with its bytes, if all of it is in them.
pub fn load_alone(path: &Path) -> Result<(Vec<u8>, Scenario), Exit> {
    let bytes = files::read_scenario(path).map_err(|problem| refuse(&problem))?;
    let scenario = parse(path, &bytes, &|_| Err("scenarios of campaigns cannot read text files".to_owned()))?;
    Ok((bytes, scenario))
}

fn parse(path: &Path, bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Scenario, Exit> {
    let name = printable(&path.display().to_string());
    let parsed = guard::guarded(|| Scenario::parse(&name, bytes, read));
    match parsed {
        Ok(Ok(scenario)) => Ok(scenario),
        Ok(Err(mistakes)) => {
            diagnostics::print(&name, bytes, &mistakes);
            Err(Exit::Usage)
        }
        Err(panic) => {
            guard::internal_error(&format!("reading {name}"), &panic).print();
            Err(Exit::Internal)
        }
    }
}
