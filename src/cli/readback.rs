//! Nothing is handed out that was not run in the form in which it is handed out.

use std::fs;
use std::path::Path;

use super::output::{Problem, reason};
use super::{Exit, guard};
use crate::explore::{Suspect, confirm};
use crate::report::printable;

/// Reads small scenarios back from where they were written and runs them: each must fail in the way that is
/// said of it, and what it expects must hold for the right program.
pub fn all<'f>(suspect: &dyn Suspect, folder: &Path, files: impl Iterator<Item = (&'f str, &'f str)>) -> Result<(), Exit> {
    for (file, class) in files {
        one(suspect, &folder.join(file), class)?;
    }
    Ok(())
}

/// The same of one file.
pub fn one(suspect: &dyn Suspect, path: &Path, class: &str) -> Result<(), Exit> {
    let read = fs::read_to_string(path).map_err(|error| format!("it cannot be read: {}", reason(&error)));
    let confirmed = read.and_then(|text| guard::guarded(|| confirm(suspect, &text, class)).unwrap_or_else(Err));
    confirmed.map_err(|why| {
        let help = "this is a defect of cutline; please report it with this file";
        let name = printable(&path.display().to_string());
        Problem::new(format!("{name} was read back and run, and is not what it should be: {why}"), help).print();
        Exit::Internal
    })
}
