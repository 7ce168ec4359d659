//! Nothing is handed out that was not run in the form in which it is handed out.

use std::fs;
use std::path::Path;

use super::output::{Problem, reason};
use super::{Exit, guard, keep};
use crate::explore::{Suspect, confirm};
use crate::report::printable;

/// Reads small scenarios back from where they were written and runs them: each must fail in the way that is
/// said of it, and what it expects must hold for the right program.
pub fn all<'f>(suspect: &dyn Suspect, folder: &Path, files: impl Iterator<Item = (&'f str, &'f str, &'f str)>) -> Result<(), Exit> {
    for (file, written, class) in files {
        one(suspect, &folder.join(file), written, class)?;
    }
    Ok(())
}

/// The same of one file, which must be what was written, to the letter.
pub fn one(suspect: &dyn Suspect, path: &Path, written: &str, class: &str) -> Result<(), Exit> {
    let read = || fs::read_to_string(path).map_err(|error| format!("it cannot be read: {}", reason(&error)));
    // What went into a device or a pipe is not there any more.
    let read = if keep::is_special(path) { Ok(written.to_owned()) } else { read() };
    let read = read.and_then(|text| if text == written { Ok(text) } else { Err("somebody else has written it since".to_owned()) });
    let confirmed = read.and_then(|text| guard::guarded(|| confirm(suspect, &text, class)).unwrap_or_else(Err));
    confirmed.map_err(|why| {
        let help = "this is a defect of cutline; please report it with this file";
        let name = printable(&path.display().to_string());
        Problem::new(format!("{name} was read back and run, and is not what it should be: {why}"), help).print();
        Exit::Internal
    })
}
