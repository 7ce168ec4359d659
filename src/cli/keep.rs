//! Files that are there whole or not at all, at places that were tried before the work began.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::files::is_same;
use super::output::{Problem, reason};

/// A file that will be written, and that nobody else writes until then.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    _lock: Option<Lock>,
}

impl Place {
    /// Tries whether the file can be written, and keeps others of this program from it.
    pub fn claim(path: &Path) -> Result<Place, Problem> {
        let lock = prepare(path).map_err(|error| cannot_write(path, &error))?;
        match lock {
            Claim::Taken => {
                let message = format!("cannot write {}: another cutline is writing it", path.display());
                Err(Problem::new(message, "wait until that one has ended, or name another file"))
            }
            Claim::Free(lock) => Ok(Place { path: path.to_owned(), _lock: lock }),
        }
    }

    /// The same for what becomes of a scenario, wherever that is but over the scenario itself.
    pub fn claim_for(scenario: &Path, path: &Path) -> Result<Place, Problem> {
        if is_same(scenario, path) {
            return Err(Problem::new(format!("{} would overwrite the scenario", path.display()), "name another file"));
        }
        Place::claim(path)
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file under another name and puts it in its place when all of it is on disk: whoever is killed leaves
    /// the last whole one.
    pub fn write(&self, text: &str) -> Result<(), Problem> {
        write(&self.path, text)
    }
}

/// Writes a file as a [`Place`] does.
pub fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let written = Draft::begin(path).and_then(|mut draft| {
        draft.write_all(text.as_bytes())?;
        draft.keep()
    });
    written.map_err(|error| cannot_write(path, &error))
}

/// What there is to say of a file that could not be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot write {}: {}", path.display(), reason(error));
    Problem::new(message, "name a place that can be written to")
}

/// A file on its way: it is in its place when it is kept, and gone when it is dropped.
#[derive(Debug)]
pub struct Draft {
    out: BufWriter<Target>,
}

#[derive(Debug)]
enum Target {
    /// A device or a pipe, which takes what comes.
    Direct(File),
    /// Under another name, for this one.
    Aside(NamedTempFile, PathBuf),
}

impl Draft {
    /// Begins a file for this name; its folder is made if it is not there.
    pub fn begin(path: &Path) -> io::Result<Draft> {
        // What a link leads to is replaced, and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let target = if is_special(&path) {
            Target::Direct(OpenOptions::new().write(true).open(&path)?)
        } else {
            let folder = folder_of(&path);
            fs::create_dir_all(folder)?;
            Target::Aside(NamedTempFile::new_in(folder)?, path)
        };
        Ok(Draft { out: BufWriter::new(target) })
    }

    /// Puts the file in its place.
    pub fn keep(self) -> io::Result<()> {
        match self.out.into_inner().map_err(io::IntoInnerError::into_error)? {
            Target::Direct(_) => Ok(()),
            Target::Aside(file, path) => {
                file.as_file().sync_all()?;
                readable(&file)?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Direct(file) => file.write(bytes),
            Target::Aside(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether it is there and neither a file nor a folder.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

/// Whether a file is somebody's already.
enum Claim {
    Free(Option<Lock>),
    Taken,
}

fn prepare(path: &Path) -> io::Result<Claim> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if is_special(path) {
        return Ok(Claim::Free(None));
    }
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    NamedTempFile::new_in(folder)?;
    Lock::take(path)
}

/// A file beside another, locked while that one is written.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(path: &Path) -> io::Result<Claim> {
        let Some(name) = path.file_name() else { return Ok(Claim::Free(None)) };
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".lock");
        let path = path.with_file_name(hidden);
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(Claim::Taken),
                // Where nothing can be locked, nobody is kept away.
                Err(TryLockError::Error(_)) => return Ok(Claim::Free(None)),
                // Whoever had it before may have taken it away in between.
                Ok(()) if is_there(&file, &path) => return Ok(Claim::Free(Some(Lock { path, _file: file }))),
                Ok(()) => {}
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // One that stays behind is in nobody's way: it is not locked any more.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_same = |one: &fs::Metadata, other: &fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    file.metadata().is_ok_and(|one| fs::metadata(path).is_ok_and(|other| is_same(&one, &other)))
}

#[cfg(not(unix))]
fn is_there(_file: &File, _path: &Path) -> bool {
    true
}

/// Tries whether files can be written into a folder. One that is not there is made when there is a file for it.
pub fn try_folder(folder: &Path) -> Result<(), Problem> {
    let is_there = |folder: &&Path| fs::symlink_metadata(folder).is_ok();
    let nearest = folder.ancestors().find(is_there).filter(|folder| !folder.as_os_str().is_empty());
    let tried = nearest.map_or_else(|| NamedTempFile::new_in("."), NamedTempFile::new_in);
    match tried {
        Ok(_) => Ok(()),
        Err(_) if nearest.is_some_and(|nearest| !nearest.is_dir()) => Err(cannot_write(folder, &ErrorKind::NotADirectory.into())),
        Err(error) => Err(cannot_write(folder, &error)),
    }
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
