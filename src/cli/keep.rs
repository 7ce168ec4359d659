//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::files::is_same;
use super::output::{Problem, reason};

/// Writes a file under another name and puts it in its place when all of it is on disk: whoever is killed
/// leaves the last whole one.
pub fn write(path: &Path, text: &str) -> Result<(), Problem> {
    replace(path, text).map_err(|error| {
        let message = format!("cannot write {}: {}", path.display(), reason(&error));
        Problem::new(message, "name a place that can be written to")
    })
}

/// Writes what became of a scenario, wherever that is but over the scenario itself.
pub fn write_of(scenario: &Path, path: &Path, text: &str) -> Result<(), Problem> {
    if is_same(scenario, path) {
        return Err(Problem::new(format!("{} would overwrite the scenario", path.display()), "name another file"));
    }
    write(path, text)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    readable(&file)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Temporary files are their owner's alone; results are as readable as what else a program writes.
#[cfg(unix)]
fn readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &NamedTempFile) -> io::Result<()> {
    Ok(())
}

/// Writes files into a folder, which is made if there is one to write; what is there as it should be stays.
pub fn write_all<'f>(folder: &Path, files: impl Iterator<Item = (&'f str, &'f str)>) -> Result<(), Problem> {
    for (name, text) in files {
        let path: PathBuf = folder.join(name);
        if fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes()) {
            continue;
        }
        write(&path, text)?;
    }
    Ok(())
}
