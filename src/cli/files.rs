//! Finds scenario files and reads them, within limits.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::interrupt;
use super::output::{Problem, reason};

/// The longest scenario file that is read, in bytes.
const MAX_SCENARIO: u64 = 16 << 20;
/// The longest text file of a source that is read, in bytes.
const MAX_TEXT: u64 = 64 << 20;

const NAME_SCENARIOS: &str = "name a scenario file, or a folder that holds *.json files";

/// The scenarios that a command line names.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, in the order of the arguments and sorted by name within a folder.
    pub files: Vec<PathBuf>,
    /// Folders that lead to no scenario, and why.
    pub problems: Vec<(PathBuf, Problem)>,
    /// Whether more than one scenario was asked for, even if only one was found.
    pub many: bool,
}

/// Looks for scenarios.
pub fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found { many: paths.len() > 1, ..Found::default() };
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => found.search(path),
            // What cannot be read is reported when it is read.
            _ => found.files.push(path.clone()),
        }
    }
    found
}

/// Whether two names lead to one file that is there.
pub fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

impl Found {
    fn search(&mut self, folder: &Path) {
        self.many = true;
        let (files, problems) = (self.files.len(), self.problems.len());
        let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
            match entry {
                Ok(entry) if is_scenario(&entry) => self.files.push(entry.into_path()),
                Ok(_) => {}
                Err(error) => self.problems.push((folder.to_owned(), unreadable_folder(folder, &error))),
            }
        }
        if self.files.len() == files && self.problems.len() == problems {
            let message = format!("no scenario in {}: it has no *.json file but schema.json and hidden ones", folder.display());
            self.problems.push((folder.to_owned(), Problem::new(message, NAME_SCENARIOS)));
        }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Symbolic links to files count, links to folders are not followed, so that there are no circles.
fn is_scenario(entry: &DirEntry) -> bool {
    let json = entry.path().extension().is_some_and(|extension| extension == "json");
    json && entry.file_name() != "schema.json" && !entry.path().is_dir()
}

fn unreadable_folder(folder: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().unwrap_or(folder).display();
    let reason = error.io_error().map_or_else(|| error.to_string(), reason);
    Problem::new(format!("cannot search {path}: {reason}"), "make the folder readable, or name the files one by one")
}

/// The bytes of a scenario file.
pub fn read_scenario(path: &Path) -> Result<Vec<u8>, Problem> {
    read(path, MAX_SCENARIO).map_err(|error| match error {
        ReadError::Io(error) if error.kind() == ErrorKind::PermissionDenied => {
            Problem::new(format!("cannot read {}: {}", path.display(), reason(&error)), "make the file readable")
        }
        ReadError::Io(error) => {
            let help = if path.is_dir() { "name one of the scenario files in it" } else { NAME_SCENARIOS };
            Problem::new(format!("cannot read {}: {}", path.display(), reason(&error)), help)
        }
        ReadError::TooLong(length) => {
            let message = format!("{}: the file {length}; a scenario may have at most {MAX_SCENARIO}", path.display());
            Problem::new(message, "move long data into text files and name them in file sources")
        }
    })
}

/// Reads the text files that the scenario at `scenario` names relative to its folder.
pub fn read_beside(scenario: &Path) -> impl Fn(&str) -> Result<Vec<u8>, String> {
    let folder = scenario.parent().unwrap_or(Path::new(""));
    move |name| {
        read(&folder.join(name), MAX_TEXT).map_err(|error| match error {
            ReadError::Io(error) => format!("cannot read {name}: {}", reason(&error)),
            ReadError::TooLong(length) => format!("cannot read {name}: the file {length}; a text file may have at most {MAX_TEXT}"),
        })
    }
}

enum ReadError {
    Io(io::Error),
    /// `has 20000000 bytes`, or what is known of a file without an end.
    TooLong(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

/// Devices and pipes have no length, so what is read is limited as well.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let length = fs::metadata(path)?.len();
    if length > limit {
        return Err(ReadError::TooLong(format!("has {length} bytes")));
    }
    let mut bytes = Vec::new();
    interrupt::reading(|| File::open(path)?.take(limit + 1).read_to_end(&mut bytes))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLong(format!("has more than {limit} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        folder
    }

    fn names(found: &Found, folder: &Path) -> Vec<String> {
        let relative = found.files.iter().map(|file| file.strip_prefix(folder).unwrap());
        relative.map(|file| file.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn folders_are_searched_in_the_order_of_names() {
        let folder = folder_with(&["b.json", "a/z.json", "a/schema.json", "c.txt", ".hidden/x.json", "a/.y.json", "B.json"]);
        let found = find(&[folder.path().to_owned()]);
        assert_eq!(names(&found, folder.path()), ["B.json", "a/z.json", "b.json"]);
        assert!(found.many && found.problems.is_empty());
    }

    #[test]
    fn a_folder_without_scenarios_is_a_problem() {
        let folder = folder_with(&["schema.json", "notes.txt"]);
        let found = find(&[folder.path().to_owned()]);
        assert_eq!((found.files.len(), found.problems.len()), (0, 1));
    }

    #[test]
    fn files_over_the_limit_are_refused_with_or_without_a_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.json");
        File::create(&path).unwrap().set_len(11).unwrap();
        assert!(matches!(read(&path, 10), Err(ReadError::TooLong(text)) if text == "has 11 bytes"));
        assert!(matches!(read(&path, 11), Ok(bytes) if bytes.len() == 11));
        if cfg!(unix) {
            assert!(matches!(read(Path::new("/dev/zero"), 10), Err(ReadError::TooLong(text)) if text == "has more than 10 bytes"));
        }
    }

    #[test]
    fn text_files_are_found_beside_the_scenario() {
        let folder = folder_with(&["data/words.txt"]);
        let scenario = folder.path().join("x.json");
        let read = read_beside(&scenario);
        assert_eq!(read("data/words.txt"), Ok(b"{}".to_vec()));
        assert_eq!(read("data/none.txt"), Err("cannot read data/none.txt: no such file or folder".to_owned()));
    }
}
