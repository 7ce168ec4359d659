//! The course: every lesson is there, pairs differ by the line that makes the lesson, the numbers that
//! `expect` has no word for come out, and cases of a well-known course come out as that course says.

#[allow(dead_code, reason = "an example's main")]
#[path = "../examples/token_case.rs"]
mod token_case;

use std::fs;
use std::path::{Path, PathBuf};

use cutline::scenario::outcome::{Judgement, SnapshotReport};
use cutline::{Outcome, Scenario, run};

/// Two lessons, and the line of each in which they differ.
const PAIRS: &[(&str, &str, &str, &str)] = &[
    ("03-bank-transfers", "04-photos-without-channels", r#""protocol": "chandy_lamport""#, r#""protocol": "no_markers""#),
    ("06-marker-overtaken", "07-lai-yang-colours", r#""protocol": "chandy_lamport""#, r#""protocol": "lai_yang""#),
    ("11-is-it-finished", "11-is-it-finished-polling", r#""protocol": "chandy_lamport""#, r#""protocol": "no_markers""#),
    ("12-phantom-deadlock", "12-phantom-deadlock-naive", r#""protocol": "chandy_lamport""#, r#""protocol": "no_markers""#),
    ("13-aligned-join", "14-at-least-once-double", r#""protocol": "aligned","#, r#""protocol": "at_least_once","#),
    ("15-unaligned-backpressure", "16-unaligned-lost-channel", r#""channel_state": "restored","#, r#""channel_state": "forgotten","#),
    ("25-loop-with-backedge", "25-loop-without-log", r#""back_edges": "logged","#, r#""back_edges": "ignored","#),
];

/// The sections of a file that are no part of the run.
const TOLD: [&str; 5] = ["title", "story", "question", "hints", "expect"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/course")
}

fn text_of(name: &str) -> String {
    let path = folder().join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all lessons, in order.
fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("there is a folder").map(|entry| entry.expect("a readable folder").file_name());
    let mut names: Vec<String> =
        files.filter_map(|file| file.to_str().and_then(|file| file.strip_suffix(".json")).map(str::to_owned)).collect();
    names.sort();
    names
}

fn outcome_of(name: &str) -> Outcome {
    run(&Scenario::from_json(&text_of(name)).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}")))
}

/// The lines that make the run. A section begins at an indentation of two and goes on to the next.
fn lines_of(text: &str) -> Vec<String> {
    let mut is_told = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some((section, _)) = line.strip_prefix("  \"").and_then(|rest| rest.split_once('"')) {
            is_told = TOLD.contains(&section);
        }
        if !is_told {
            lines.push(line.trim().to_owned());
        }
    }
    lines
}

#[test]
fn pairs_differ_by_one_line() {
    for &(left, right, ours, theirs) in PAIRS {
        let (left_lines, right_lines) = (lines_of(&text_of(left)), lines_of(&text_of(right)));
        assert_eq!(left_lines.len(), right_lines.len(), "{left} and {right}");
        let differing: Vec<_> = left_lines.iter().zip(&right_lines).filter(|(left, right)| left != right).collect();
        assert_eq!(differing, [(&ours.to_owned(), &theirs.to_owned())], "{left} and {right}");
    }
}

#[test]
fn lessons_are_told_apart_from_runs() {
    let text = "{\n  \"title\": \"x\",\n  \"seed\": 1,\n  \"expect\": {\n    \"failovers\": 1\n  }\n}\n";
    assert_eq!(lines_of(text), ["{", "\"seed\": 1,"]);
}

/// Every number of the course, and no file that its README does not name.
#[test]
fn every_lesson_is_there() {
    let names = names();
    let numbers = (1..=18).chain([25]).map(|number| format!("{number:02}-"));
    for number in numbers {
        assert!(names.iter().any(|name| name.starts_with(&number)), "no lesson {number}");
    }
    let readme = fs::read_to_string(folder().join("README.md")).expect("the course has a README");
    for name in names {
        assert!(readme.contains(&format!("`{name}.json`")), "README.md does not name {name}.json");
    }
}

/// Nothing depends on chance unless the file has a seed.
#[test]
fn lessons_have_explicit_times_or_a_seed() {
    for name in names() {
        let text = text_of(&name);
        let draws = ["uniform", "exponential", "transfers", "random_crashes"].iter().any(|word| text.contains(&format!("\"{word}\"")));
        assert_eq!(draws, text.contains("\"seed\":"), "{name}");
    }
}

fn channel_records(snapshot: &SnapshotReport) -> u64 {
    snapshot.tasks.iter().map(|task| task.channel_records).sum()
}

/// Two records of channel contents, where the lesson is about them.
#[test]
fn channel_contents_are_as_told() {
    let recorded = |name: &str| channel_records(&outcome_of(name).snapshots[0]);
    assert_eq!(recorded("13-aligned-join"), 0);
    assert_eq!(recorded("15-unaligned-backpressure"), 2);
    assert_eq!(recorded("16-unaligned-lost-channel"), 2);
    assert_eq!(recorded("25-loop-with-backedge"), 2);
    assert_eq!(recorded("25-loop-without-log"), 0);
}

#[test]
fn the_busy_ring_records_dozens_of_messages() {
    let snapshots = outcome_of("09-ring-under-load").snapshots;
    assert_eq!(snapshots.iter().map(channel_records).sum::<u64>(), 70);
}

/// The last of them starts before the first is complete.
#[test]
fn five_snapshots_overlap() {
    let snapshots = outcome_of("08-overlapping-snapshots").snapshots;
    let last_start = snapshots.iter().map(|snapshot| snapshot.triggered_us).max();
    let first_end = snapshots.iter().map(|snapshot| snapshot.ended_us).min().flatten();
    assert_eq!(snapshots.len(), 5);
    assert!(last_start < first_end, "the last starts at {last_start:?}, the first ends at {first_end:?}");
}

/// States and channel contents are those that the cases were passed on with.
#[test]
fn token_cases_come_out_as_they_should() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/token_cases");
    for (name, snapshots) in [("2nodes-simple", 1), ("2nodes-message", 1), ("3nodes-simple", 1), ("8nodes-sequential-snapshots", 2)] {
        let case = fs::read_to_string(cases.join(format!("{name}.json"))).expect("a case");
        let text = token_case::convert(&case).unwrap_or_else(|error| panic!("{name}: {error}"));
        let outcome = run(&Scenario::from_json(&text).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}")));
        let unmet: Vec<_> = outcome.expectations.iter().filter(|expectation| !expectation.met).collect();
        assert!(outcome.verdict == Judgement::AsExpected, "{name}: {unmet:#?}");
        assert_eq!(outcome.snapshots.len(), snapshots, "{name}");
    }
}
