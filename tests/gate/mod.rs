//! Cases of a barrier handler, from the project's own files and from a folder.

pub mod bench;
pub mod case;
pub mod json;
pub mod judge;
mod mutants;
pub mod text;

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use case::{Case, words};
use text::Entry;

/// The project's own files: name and text.
pub const OWN: [(&str, &str); 5] = [
    ("aligned.cases", include_str!("aligned.cases")),
    ("unaligned.cases", include_str!("unaligned.cases")),
    ("alternating.cases", include_str!("alternating.cases")),
    ("tracker.cases", include_str!("tracker.cases")),
    ("own.cases", include_str!("own.cases")),
];

/// The project's own cases, by file.
pub fn own() -> Vec<(&'static str, Vec<Case>)> {
    let cases = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.case).collect();
    OWN.iter().map(|(name, text)| (*name, cases(own_entries(name, text)))).collect()
}

/// What one of the project's own files holds, which is always right.
pub fn own_entries(name: &str, text: &str) -> Vec<Entry> {
    text::parse(text).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// A file's name and its cases, each of which may be wrong by itself.
type Cases = (String, Vec<Result<Case, String>>);

/// The cases of all JSON files in a folder, in the order of their names.
pub fn further(folder: &Path) -> Result<Vec<Cases>, String> {
    let about = |what: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", what.display());
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(|why| about(folder, &why))?.collect();
    let mut paths: Vec<_> = entries.map_err(|why| about(folder, &why))?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|why| about(&path, &why))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match json::parse(&text).map_err(|why| about(&path, &why))? {
            Some(cases) => files.push((name, cases)),
            None => say(&format!("{name}: passed over, it has no list `cases`")),
        }
    }
    if files.iter().all(|(_, cases)| cases.is_empty()) {
        return Err(about(folder, &"no JSON file with cases"));
    }
    Ok(files)
}

/// Runs one file's cases and says how they did; returns how many failed.
pub fn run_all(file: &str, cases: &[Result<Case, String>]) -> usize {
    let (text, failed) = report(file, cases);
    say(&text);
    failed
}

/// How many of a file's cases passed, what is wrong with the others, and how many others there are.
pub fn report(file: &str, cases: &[Result<Case, String>]) -> (String, usize) {
    let failures: Vec<String> = cases.iter().filter_map(|case| failure(case.as_ref())).collect();
    let count = format!("{file}: {} passed, {} failed", cases.len() - failures.len(), failures.len());
    let lines: Vec<&str> = std::iter::once(&count).chain(&failures).map(String::as_str).collect();
    (lines.join("\n"), failures.len())
}

/// The one way out: unlike with `println!`, the test runner shows it for tests that pass, too.
pub fn say(text: &str) {
    // Nobody may be reading; the verdict does not depend on it.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// What there is to say of a case that fails.
fn failure(case: Result<&Case, &String>) -> Option<String> {
    let case = match case {
        Ok(case) => case,
        Err(why) => return Some(format!("  {why}")),
    };
    // A handler that panics fails its case, not those after it.
    let Ok(ran) = panic::catch_unwind(AssertUnwindSafe(|| bench::run(case))) else {
        return Some(described(case, "the handler panicked", "nothing"));
    };
    let why = judge::judge(case, &ran.tokens, &ran.blocked, &ran.undelivered).err()?;
    let left: Vec<String> = ran.undelivered.iter().map(|(channel, item)| format!("{channel}:{item}")).collect();
    let found = format!("{}; blocked {}; left {}", words(&ran.tokens), words(&ran.blocked), words(&left));
    Some(described(case, &why, &found))
}

fn described(case: &Case, why: &str, found: &str) -> String {
    let mut expected = words(&case.expect);
    if let Some(blocked) = &case.blocked {
        expected.push_str(&format!("; blocked {}", words(blocked)));
    }
    if let Some(left) = &case.undelivered {
        let left: Vec<String> = left.iter().map(|(channel, item)| format!("{channel}:{item}")).collect();
        expected.push_str(&format!("; left {}", words(&left)));
    }
    let options = [(!case.eager, ", polling manual"), (case.script, ", gate script"), (!case.finished_tasks, ", finished_tasks off")];
    let options: String = options.iter().filter(|(is, _)| *is).map(|(_, option)| *option).collect();
    format!(
        "  {} ({}{options}): {why}\n    input    {}\n    expected {expected}\n    found    {found}",
        case.id,
        case.shape(),
        words(&case.input)
    )
}
