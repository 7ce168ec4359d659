//! Barrier handlers against cases of known outcome: the project's own, in `tests/gate/*.cases`,
//! and any in the JSON files of the folder that `CUTLINE_GATE_CASES` names.

// A path, since the module and this file would otherwise bear the same name.
#[path = "gate/mod.rs"]
mod gate;

use std::collections::BTreeSet;
use std::path::Path;

use gate::text;

const FOLDER: &str = "CUTLINE_GATE_CASES";

#[test]
fn own_cases() {
    let failed: usize =
        gate::own().into_iter().map(|(file, cases)| gate::run_all(file, &cases.into_iter().map(Ok).collect::<Vec<_>>())).sum();
    assert_eq!(failed, 0, "cases failed; what is wrong with each is said above");
}

#[test]
fn further_cases() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        gate::say(&format!("no further cases: {FOLDER} names no folder"));
        return;
    };
    let files = gate::further(Path::new(&folder)).unwrap_or_else(|why| panic!("{FOLDER}: {why}"));
    let failed: usize = files.iter().map(|(file, cases)| gate::run_all(file, cases)).sum();
    assert_eq!(failed, 0, "cases failed; what is wrong with each is said above");
}

/// The files are written as the printer writes them, so that reading loses nothing.
#[test]
fn own_files_are_printed_back_equal() {
    for (name, file) in gate::OWN {
        let entries = gate::own_entries(name, file);
        let printed = text::print(&entries);
        let body = file.find("\ncase ").map_or("", |at| &file[at + 1..]);
        assert_eq!(printed, body, "{name}");
        assert_eq!(text::parse(&printed), Ok(entries), "{name}");
    }
}

#[test]
fn own_cases_are_told_apart_and_hold_what_is_judged_alone() {
    let entries: Vec<_> = gate::OWN.iter().flat_map(|(name, file)| gate::own_entries(name, file)).collect();
    let names: BTreeSet<_> = entries.iter().map(|entry| &entry.case.id).collect();
    let origins: BTreeSet<_> = entries.iter().map(|entry| &entry.origin).collect();
    assert_eq!((entries.len(), names.len(), origins.len()), (56, 56, 56));
    for entry in &entries {
        assert!(entry.case.expect.iter().all(gate::case::Token::is_normative), "{}", entry.case.id);
        assert!(!entry.case.note.is_empty() && !entry.rules.is_empty(), "{}", entry.case.id);
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    assert!(gate::further(&missing).expect_err("no folder").contains("missing"));
    assert!(gate::further(folder.path()).expect_err("no files").contains("no JSON file with cases"));
    std::fs::write(folder.path().join("broken.json"), "{").expect("a file");
    let why = gate::further(folder.path()).expect_err("no JSON");
    assert!(why.contains("broken.json: no JSON"), "{why}");
}

/// A case that cannot be read fails by itself; the others still run.
#[test]
fn an_unreadable_case_counts_as_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = r#"[{"id": "X", "mode": "aligned", "channels": 1, "input": ["0:B1x"], "expect": []},
        {"id": "Y", "mode": "aligned", "channels": 1, "input": [], "expect": []}]"#;
    std::fs::write(folder.path().join("b.json"), cases).expect("a file");
    let files = gate::further(folder.path()).expect("a file with cases");
    let [(name, cases)] = &files[..] else { panic!("one file") };
    let (text, failed) = gate::report(name, cases);
    assert_eq!(failed, 1);
    assert!(text.starts_with("b.json: 1 passed, 1 failed\n  case X: `0:B1x`"), "{text}");
}
