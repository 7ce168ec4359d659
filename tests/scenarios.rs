//! The committed scenarios: each comes out as it says, the same every time, and as it did before.
//!
//! `UPDATE_EXPECT=1 cargo test --test scenarios` rewrites the golden outcomes and the schema.
//! Look at the diff: a changed digest means that runs have changed for everybody.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cutline::protocol::ProtocolKind;
use cutline::scenario::outcome::{Judgement, Outcome};
use cutline::trace::Situation;
use cutline::{Scenario, run};
use expect_test::expect_file;
use serde_json::Value;

/// Scenarios that show a lesson together, and the one line in which they differ.
const PAIRS: &[(&str, &str, &str)] = &[
    ("aligned-join", "at-least-once-double", "/snapshots"),
    ("backpressure-stalls-barrier", "backpressure-none", "/operators/work"),
    ("counts-upserted", "counts-upserted-at-least-once", "/snapshots"),
    ("crash-before-completion", "crash-after-completion", "/faults/0"),
    ("fencing-on", "fencing-off", "/recovery"),
    ("flink-observed-s01-at-least-once", "flink-observed-s01-aligned", "/snapshots"),
    ("flink-observed-s01-at-least-once", "flink-observed-s01-skewless", "/operators/B"),
    ("latest-restored-in-order", "latest-restored-backwards", "/recovery"),
    ("lost-notice-made-good", "lost-notice-then-crash", "/faults/1"),
    ("min-pause", "no-min-pause", "/snapshots"),
    ("overlapping-snapshots", "one-snapshot-at-a-time", "/snapshots"),
    ("plain-sink", "additive-sink", "/operators/out"),
    ("plain-sink", "idempotent-sink", "/operators/out"),
    ("plain-sink", "no-snapshots", "/snapshots"),
    ("plain-sink", "two-phase-sink", "/operators/out"),
    ("plain-sink", "upsert-sink", "/operators/out"),
    ("restart-limit-reached", "restart-limit-enough", "/recovery"),
    ("stalled-channel", "crash-during-alignment", "/faults/1"),
    ("stalled-channel", "stalled-channel-at-least-once", "/snapshots"),
    ("subsumed-snapshot", "lost-trigger-keeps-others-waiting", "/snapshots"),
    ("tolerable-failures-exceeded", "tolerable-failures-enough", "/snapshots"),
    ("two-phase-sink", "volatile-source", "/operators/S"),
    ("values-added-at-least-once", "values-upserted-at-least-once", "/operators/out"),
];

/// What a scenario says about itself, which is no part of the run.
const TOLD: [&str; 6] = ["$schema", "title", "story", "question", "hints", "expect"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn bytes_of(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.json"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the scenarios in a folder below the one of all, in no order.
fn names_in(subfolder: &str) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder().join(subfolder)).expect("there is a folder of scenarios");
    let files =
        entries.map(|entry| entry.expect("a readable folder").path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    let names = files.map(|path| path.file_stem().expect("a name").to_str().expect("plain names").to_owned());
    names.filter(|name| name != "schema").map(move |name| format!("{subfolder}{name}"))
}

/// The names of all scenarios, in order; those in subfolders with their folder.
fn names() -> Vec<String> {
    let mut names: Vec<String> = names_in("").chain(names_in("course/")).chain(names_in("schedules/")).collect();
    names.sort();
    names
}

fn load(name: &str) -> Scenario {
    let read = |path: &str| fs::read(folder().join(path)).map_err(|error| error.to_string());
    Scenario::parse(name, &bytes_of(name), &read).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"))
}

/// What is not as expected, one line each.
fn surprises(outcome: &Outcome) -> String {
    let unmet = outcome.expectations.iter().filter(|expectation| !expectation.met);
    let unmet = unmet.map(|expectation| format!("expected {}, found {}", expectation.expect, expectation.actual));
    let broken = outcome.invariants.iter().filter(|invariant| invariant.verdict != "held");
    let broken = broken.map(|invariant| format!("{} {}: {:?}", invariant.name, invariant.verdict, invariant.detail));
    unmet.chain(broken).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_scenario_comes_out_as_expected() {
    for name in names() {
        let outcome = run(&load(&name));
        assert!(outcome.verdict == Judgement::AsExpected, "{name}:\n{}", surprises(&outcome));
    }
}

#[test]
fn every_scenario_runs_the_same_twice() {
    for name in names() {
        let scenario = load(&name);
        assert_eq!(run(&scenario), run(&scenario), "{name}");
    }
}

/// Everything that depends on the protocol follows it.
#[test]
fn a_scenario_under_another_protocol_is_the_file_with_another_word() {
    let read = |path: &str| fs::read(folder().join(path)).map_err(|error| error.to_string());
    for name in names() {
        let (scenario, text) = (load(&name), String::from_utf8(bytes_of(&name)).expect("UTF-8"));
        let (before, word) = text.split_once(r#""protocol": ""#).expect("a protocol");
        let (_, after) = word.split_once('"').expect("the end of a word");
        for protocol in ProtocolKind::ALL {
            let text = format!(r#"{before}"protocol": "{}"{after}"#, protocol.word());
            let typed = Scenario::parse(&name, text.as_bytes(), &read);
            assert_eq!(typed.is_err(), scenario.refusal(protocol).is_some(), "{name} under {}: {typed:#?}", protocol.word());
            let Some(typed) = typed.ok().filter(|_| scenario.protocols().contains(&protocol)) else { continue };
            let turned = scenario.under(protocol);
            assert_eq!(format!("{turned:?}"), format!("{typed:?}"), "{name} under {}", protocol.word());
            assert_eq!(run(&turned), run(&typed), "{name} under {}", protocol.word());
        }
    }
}

#[test]
fn every_scenario_has_a_story_a_question_and_hints() {
    for name in names() {
        let file: Value = serde_json::from_slice(&bytes_of(&name)).expect("JSON");
        let schema = if name.contains('/') { "../schema.json" } else { "./schema.json" };
        assert_eq!(file["$schema"], schema, "{name}");
        for field in ["title", "story", "question"] {
            assert!(file[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert!(file["hints"].as_array().is_some_and(|hints| !hints.is_empty()), "{name} has no hints");
        let is_judged = !load(&name).plan().has_processes();
        assert_eq!(file["expect"]["guarantee"].is_string(), is_judged, "{name}: a guarantee is expected where one is judged");
    }
}

fn golden_line(name: &str) -> String {
    let outcome = run(&load(name));
    let mut line =
        format!("{name}.json {} {} steps {} us {}", outcome.digest, outcome.steps, outcome.virtual_time_us, outcome.guarantee.observed);
    for place in &outcome.places {
        write!(line, " {}:{}/{}", place.place, place.lost, place.duplicated).expect("writing to a String");
    }
    line
}

/// File, digest, steps, virtual time, guarantee, and lost/duplicated records of every place.
#[test]
fn outcomes_are_the_golden_ones() {
    let lines: Vec<String> = names().iter().map(|name| golden_line(name) + "\n").collect();
    expect_file!["golden/outcomes.txt"].assert_eq(&lines.concat());
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let schema = serde_json::to_string_pretty(&cutline::scenario::schema()).expect("a schema is JSON");
    expect_file!["../scenarios/schema.json"].assert_eq(&(schema + "\n"));
}

/// Counts the words of a text on its own: letters and inner apostrophes, in lower case.
fn count_words(text: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for piece in text.to_lowercase().split(|c: char| !c.is_ascii_alphabetic() && c != '\'') {
        let word = piece.trim_matches('\'');
        if !word.is_empty() {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn committed_word_counts_are_right_under_any_seed() {
    let text = fs::read_to_string(folder().join("data/soliloquy.txt")).expect("the speech");
    let expected = count_words(&text);
    assert_eq!((expected["to"], expected["sleep"], expected["question"]), (15, 5, 1), "as counted in the text with other means");
    for seed in 0..20 {
        let outcome = run(&load("word-count").with_seed(seed));
        assert_eq!(outcome.guarantee.observed, "exactly_once", "seed {seed}:\n{}", surprises(&outcome));
        let counts: BTreeMap<String, u64> = outcome.outputs[0].rows.iter().map(|(word, row)| (word.clone(), row.value)).collect();
        assert_eq!(counts, expected, "seed {seed}");
    }
}

/// The lines of a scenario that make the run: one per operator, channel and fault, else one per
/// section; each under its name.
fn lines_of(name: &str) -> BTreeMap<String, Value> {
    let Value::Object(file) = serde_json::from_slice(&bytes_of(name)).expect("JSON") else { panic!("{name} is no object") };
    let mut lines = BTreeMap::new();
    for (section, value) in file.into_iter().filter(|(section, _)| !TOLD.contains(&section.as_str())) {
        match (section.as_str(), value) {
            ("operators", Value::Object(items)) => lines.extend(items.into_iter().map(|(key, item)| (format!("/operators/{key}"), item))),
            (_, Value::Array(items)) => lines.extend(items.into_iter().enumerate().map(|(n, item)| (format!("/{section}/{n}"), item))),
            (_, value) => drop(lines.insert(format!("/{section}"), value)),
        }
    }
    lines
}

#[test]
fn pairs_differ_by_one_line() {
    for &(left, right, line) in PAIRS {
        let (ours, theirs) = (lines_of(left), lines_of(right));
        let mut differing: Vec<&String> = ours.keys().chain(theirs.keys()).filter(|&key| ours.get(key) != theirs.get(key)).collect();
        differing.sort();
        differing.dedup();
        assert_eq!(differing, [line], "{left} and {right}");
    }
}

#[test]
fn every_hint_names_a_scenario_that_there_is() {
    let names = names();
    for name in &names {
        let file: Value = serde_json::from_slice(&bytes_of(name)).expect("JSON");
        let told = format!("{} {}", file["story"], file["hints"]);
        let named = told.split(|c: char| c.is_whitespace() || c == '"').filter_map(|word| word.split_once(".json").map(|(stem, _)| stem));
        let beside = name.rfind('/').map_or("", |at| &name[..=at]);
        for stem in named {
            assert!(names.contains(&format!("{beside}{stem}")), "{name} names {stem}.json");
        }
    }
}

/// Law 6: what is counted can be reached, and some committed scenario does.
#[test]
fn every_situation_is_reached() {
    let reached: std::collections::BTreeSet<&str> = names().iter().flat_map(|name| run(&load(name)).situations.into_keys()).collect();
    let missing: Vec<&str> = Situation::ALL.iter().map(|situation| situation.word()).filter(|word| !reached.contains(word)).collect();
    assert_eq!(missing, [""; 0]);
}
