//! `cutline shrink`

use std::io::Write;
use std::path::Path;

use super::args::Shrink;
use super::output::{self, Problem};
use super::{Exit, files, guard, load, refuse};
use crate::explore::{self, Right, Shrunk, Suspect, zoo};
use crate::report::printable;

/// Makes a failing scenario as small as it gets and writes what is left.
pub fn shrink(arguments: &Shrink) -> Exit {
    let suspect: &dyn Suspect = match arguments.mutant.as_deref().map(|name| (name, zoo::find(name))) {
        None => &Right,
        Some((_, Some(mutant))) => mutant,
        Some((name, None)) => return refuse(&unknown_mutant(name)),
    };
    let name = printable(&arguments.file.display().to_string());
    let scenario = match load::load(&arguments.file) {
        Ok(scenario) => arguments.seed.map_or(scenario.clone(), |seed| scenario.with_seed(seed)),
        Err(exit) => return exit,
    };
    let file = match files::read_scenario(&arguments.file) {
        Ok(bytes) => serde_json::from_slice(&bytes).expect("it was read before"),
        Err(problem) => return refuse(&problem),
    };
    match guard::guarded(|| explore::shrink(suspect, &file, &scenario)) {
        Err(panic) => {
            guard::internal_error(&name, &panic).print();
            Exit::Internal
        }
        Ok(None) => {
            let help =
                "give a --seed under which it fails, or find one with cutline fuzz; what needs a clock or a text file stays as it is";
            refuse(&Problem::new(format!("{name}: nothing is broken in the order of this run"), help))
        }
        Ok(Some(shrunk)) => store(&shrunk, arguments),
    }
}

/// What to say of a name that is nobody's.
pub fn unknown_mutant(name: &str) -> Problem {
    let nearest = zoo::ZOO.iter().map(|mutant| (strsim::damerau_levenshtein(name, mutant.name), mutant.name)).min();
    let help = nearest.map_or(String::new(), |(_, known)| format!("did you mean {known}? cutline zoo lists all"));
    Problem::new(format!("there is no mutant {}", printable(name)), help)
}

fn store(shrunk: &Shrunk, arguments: &Shrink) -> Exit {
    let path = printable(&arguments.output.display().to_string());
    if let Err(error) = write_whole(&arguments.output, &shrunk.text) {
        return refuse(&Problem::new(format!("cannot write {path}: {}", files::reason(&error)), "choose another -o"));
    }
    let proof = if shrunk.proven { "proven by exhaustive search" } else { "not proven: nothing can be left out" };
    let mutant = arguments.mutant.as_deref().map(|name| format!(" --mutant {name}")).unwrap_or_default();
    output::result(&format!(
        "{}: {} steps, {} operators, {} faults\nminimal: {proof}\nreproduce: cutline run {path}{mutant}\n",
        shrunk.class.word(),
        shrunk.steps,
        shrunk.operators,
        shrunk.faults
    ))
}

/// Nobody sees a file half written: it gets its name when it is whole.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".cutline-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
