//! The shape of the source tree, held by a test: imports run downward only, and never in a circle.

mod imports;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use imports::Tree;

/// The layers from bottom to top; modules in one layer do not import each other.
const LAYERS: [&[&str]; 9] =
    [&["kernel"], &["model"], &["trace"], &["protocol"], &["engine", "oracle"], &["scenario"], &["explore"], &["report"], &["cli", "main"]];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn layers() -> BTreeMap<&'static str, usize> {
    LAYERS.iter().enumerate().flat_map(|(layer, modules)| modules.iter().map(move |module| (*module, layer))).collect()
}

/// The top-level module that a source file belongs to.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix("src").expect("a file of src");
    inside.components().next().map(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()).expect("a name")
}

/// The top-level modules that a source text names as `crate::name`.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(""))
}

fn violations(module: &str, text: &str) -> Vec<String> {
    let layers = layers();
    let Some(&own) = layers.get(module) else { return vec![format!("{module} is in no layer")] };
    let allowed = |import: &str| import == module || layers.get(import).is_none_or(|&layer| layer < own);
    imports(text).filter(|import| !allowed(import)).map(|import| format!("{module} imports {import}")).collect()
}

#[test]
fn imports_run_downward_only() {
    let mut found = Vec::new();
    for file in rust_files(Path::new("src")) {
        let module = module_of(&file);
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        found.extend(violations(&module, &text).into_iter().map(|violation| format!("{}: {violation}", file.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_upward_or_sideways_import_is_seen() {
    assert_eq!(violations("kernel", "use crate::model::Plan;"), ["kernel imports model"]);
    assert_eq!(violations("oracle", "use crate::engine::World;"), ["oracle imports engine"]);
    assert_eq!(violations("model", "fn f() -> crate::trace::Fact {}"), ["model imports trace"]);
    assert_eq!(violations("engine", "use crate::kernel::Ticks;\n// crate::scenario"), [""; 0]);
}

/// No two files import each other, not even by way of others. What a `mod.rs` defines itself counts for none of the
/// files below it: Rust lets it name its children and shows them all of it, so that they are one in this. What it only
/// passes on counts as an import from the file that defines it.
#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = rust_files(Path::new("src"));
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix("src").expect("a file of src").to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(file).expect("a source file"))
        })
        .collect();
    let circles = Tree::new(texts.iter().map(|(name, text)| (&**name, &**text))).circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_seen() {
    let circles = |files: &[(&str, &str)]| Tree::new(files.iter().copied()).circles();
    let root = ("lib.rs", "mod a;\nmod b;\npub use a::One;\npub use b::Two;");
    assert_eq!(circles(&[root, ("a.rs", "use super::b::Two;"), ("b.rs", "use crate::a::One;")]), [["a", "b"]]);
    assert_eq!(circles(&[root, ("a.rs", "use super::Two;"), ("b.rs", "use crate::{\n    Other,\n    One,\n};")]), [["a", "b"]]);
    assert_eq!(circles(&[root, ("a.rs", "use super::Two;"), ("b.rs", "use super::Other;")]), [[""; 0]; 0]);
    let inner = ("a/mod.rs", "mod c;\nuse self::c::Three;\nuse crate::b::Two;");
    assert_eq!(circles(&[root, inner, ("a/c.rs", "use super::One;"), ("b.rs", "")]), [[""; 0]; 0], "a child and its own mod.rs");
    assert_eq!(circles(&[root, inner, ("a/c.rs", "use crate::b::Two;"), ("b.rs", "use super::a::c::Three;")]), [["a/c", "b"]]);
}

/// Only the command line may touch disk, terminal, threads or the wall clock.
#[test]
fn the_library_touches_nothing_outside() {
    let banned = ["std::fs", "std::io", "std::thread", "std::env", "std::process", "std::net", "println!", "eprintln!"];
    let floats = ["f32", "f64"];
    for file in rust_files(Path::new("src")) {
        if ["cli", "main"].contains(&module_of(&file).as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            // Floats are kept out of everything that decides what happens; the reader of files
            // only compares what it is given.
            let here = floats.iter().filter(|_| module_of(&file) != "scenario");
            for word in banned.iter().chain(here) {
                let hit = line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
                assert!(!hit, "{}:{}: {word}", file.display(), number + 1);
            }
        }
    }
}
