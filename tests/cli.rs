//! The program as its users meet it: what it prints where, and how it ends.
#![cfg(feature = "cli")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use expect_test::expect_file;
use serde_json::Value;
use tempfile::TempDir;

/// A small scenario that is right, with a random delay.
const GOOD: &str = r#"{
  "title": "A <good> & \"small\" one",
  "seed": 1,
  "operators": {
    "A": {"kind": "source", "records": 20, "every": "1ms"},
    "n": {"kind": "keyed_count", "parallelism": 2},
    "out": {"kind": "sink", "commit": "two_phase"}
  },
  "channels": [
    {"from": "A", "to": "n", "delay": {"uniform": ["1ms", "9ms"]}},
    {"from": "n", "to": "out"}
  ],
  "snapshots": {"protocol": "aligned", "at": ["8ms"], "timeout": "1s"},
  "faults": [{"crash": "n[1]", "at": "12ms"}],
  "expect": {"guarantee": "exactly_once", "failovers": 1}
}"#;

/// What a run of the program left behind.
struct Ran {
    exit: i32,
    out: String,
    err: String,
}

fn program() -> Command {
    let mut command = cargo_bin_cmd!("cutline");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command.timeout(Duration::from_secs(60));
    command
}

fn finish(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { exit: output.status.code().expect("it ends by itself"), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the program in the folder of the package.
fn cutline(arguments: &[&str]) -> Ran {
    finish(program().current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments))
}

/// An empty folder in which the program can be tried.
struct Room(TempDir);

impl Room {
    fn new() -> Room {
        Room(TempDir::new().expect("a temporary folder"))
    }

    fn with(files: &[(&str, &str)]) -> Room {
        let room = Room::new();
        for (name, text) in files {
            fs::create_dir_all(room.path(name).parent().expect("a folder")).expect("a folder can be made");
            fs::write(room.path(name), text).expect("a file can be written");
        }
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn cutline(&self, arguments: &[&str]) -> Ran {
        finish(program().current_dir(self.0.path()).args(arguments))
    }
}

/// One document and nothing else.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn changed(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    GOOD.replace(from, to)
}

#[test]
fn a_file_is_run_and_explained() {
    let ran = cutline(&["run", "scenarios/aligned-join.json"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""));
    expect_file!["golden/cli/run-aligned-join.txt"].assert_eq(&ran.out);
    for part in ["Question: ", "Snapshots: ", "Guarantee: ", "Invariants\n", "Expectations\n", "\nas expected: "] {
        assert!(ran.out.contains(part), "{part}");
    }
}

#[test]
fn a_folder_is_run_and_summed_up() {
    let files = ["broadcast", "plain-sink"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.json"));
        (format!("all/{name}.json"), fs::read_to_string(path).expect("a committed scenario"))
    });
    let mut files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let wrong = changed(r#""failovers": 1"#, r#""failovers": 2"#);
    files.push(("all/more/wrong.json", &wrong));
    files.push(("all/schema.json", "not a scenario"));
    let ran = Room::with(&files).cutline(&["run", "all"]);
    assert_eq!((ran.exit, &*ran.err), (1, ""));
    expect_file!["golden/cli/run-folder.txt"].assert_eq(&ran.out);
}

#[test]
fn an_unmet_expectation_is_named() {
    let wrong = changed(r#""failovers": 1"#, r#""failovers": 2"#);
    let room = Room::with(&[("x.json", &wrong), ("good.json", GOOD)]);
    let ran = room.cutline(&["run", "x.json"]);
    assert_eq!((ran.exit, &*ran.err), (1, ""));
    assert!(ran.out.contains("failovers = 2") && ran.out.contains("NOT as expected"), "{}", ran.out);
    assert_eq!(room.cutline(&["run", "good.json", "x.json"]).exit, 1);
    let document = json(&room.cutline(&["run", "x.json", "--format", "json"]).out);
    assert_eq!(document["outcomes"][0]["verdict"], "unexpected");
    let unmet =
        document["outcomes"][0]["expectations"].as_array().expect("a list").iter().filter(|expectation| expectation["met"] == false);
    assert_eq!(unmet.collect::<Vec<_>>(), [&serde_json::json!({"expect": "failovers = 2", "met": false, "actual": "1"})]);
    let junit = room.cutline(&["run", "x.json", "--format", "junit"]);
    assert!(junit.exit == 1 && junit.out.contains("<failure") && junit.out.contains("failovers = 2"), "{}", junit.out);
}

#[test]
fn a_bad_file_is_refused() {
    let room = Room::with(&[("bad.json", &changed(r#""seed""#, r#""sead""#))]);
    for format in ["text", "json", "junit"] {
        let ran = room.cutline(&["run", "bad.json", "--format", format]);
        assert_eq!(ran.exit, 2);
        for part in ["bad.json:3:3", "$.sead", "did you mean \"seed\"?", "1 mistake"] {
            assert!(ran.err.contains(part), "{part}:\n{}", ran.err);
        }
    }
    assert_eq!(room.cutline(&["run", "bad.json"]).out, "");
}

#[test]
fn a_bad_file_does_not_keep_others_from_running() {
    let room = Room::with(&[("bad.json", "{"), ("good.json", GOOD)]);
    for arguments in [&["run", "bad.json", "good.json"][..], &["run", "good.json", "bad.json"], &["run", "."]] {
        let ran = room.cutline(arguments);
        assert_eq!(ran.exit, 2);
        assert!(ran.err.contains("bad.json:1:2"), "{}", ran.err);
        assert!(ran.out.contains("good.json") || ran.out.contains("A <good>"), "{}", ran.out);
    }
    let document = json(&room.cutline(&["run", ".", "--format", "json"]).out);
    assert_eq!(document["outcomes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_file_without_an_outcome_is_an_error_in_documents() {
    let bad = changed(r#""seed""#, r#""sead""#);
    let room = Room::with(&[("bad.json", &bad), ("good.json", GOOD), ("empty/notes.txt", "")]);
    let arguments = ["run", "bad.json", "good.json", "none.json", "empty", "--format"];
    let ran = room.cutline(&[&arguments[..], &["json"]].concat());
    assert_eq!(ran.exit, 2);
    let errors = json(&ran.out)["errors"].as_array().expect("a list").clone();
    let told = |at: usize, path: &str, message: &str| errors[at]["path"] == path && errors[at]["message"].as_str() == Some(message);
    assert!(told(0, "empty", "no scenario in empty: it has no *.json file but schema.json and hidden ones"), "{errors:?}");
    let message = errors[1]["message"].as_str().expect("text");
    assert!(errors[1]["path"] == "bad.json" && message.starts_with("3:3: $.sead: ") && message.contains("\"seed\""), "{errors:?}");
    assert!(told(2, "none.json", "cannot read none.json: no such file or folder"), "{errors:?}");
    let junit = room.cutline(&[&arguments[..], &["junit"]].concat());
    assert_eq!(junit.exit, 2);
    assert_well_formed(&junit.out);
    assert!(junit.out.contains(r#"tests="4" skipped="0" failures="0" errors="3""#), "{}", junit.out);
    assert!(junit.out.contains(r#"<testcase name="good.json: A &lt;good&gt;"#), "{}", junit.out);
    assert_eq!(json(&room.cutline(&["run", "good.json", "--format", "json"]).out).get("errors"), None);
}

/// The fields of the contract at one place of an outcome, each with the types it may have.
fn has(value: &Value, place: &str, fields: &[(&str, &str)]) {
    for (field, types) in fields {
        let found = match value.get(*field).unwrap_or_else(|| panic!("{place} has no \"{field}\": {value}")) {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_u64() => "number",
            Value::Number(_) => "other number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.split('|').any(|allowed| allowed == found), "{place}.{field} is a {found}, not {types}");
    }
}

fn has_each(outcome: &Value, list: &str, fields: &[(&str, &str)]) {
    for item in outcome[list].as_array().expect("a list") {
        has(item, list, fields);
    }
}

const OUTCOME: &[(&str, &str)] = &[
    ("scenario", "string"),
    ("title", "string"),
    ("seed", "number"),
    ("protocol", "string"),
    ("verdict", "string"),
    ("virtual_time_us", "number"),
    ("steps", "number"),
    ("digest", "string"),
    ("snapshots", "array"),
    ("failovers", "array"),
    ("guarantee", "object"),
    ("places", "array"),
    ("invariants", "array"),
    ("expectations", "array"),
    ("situations", "object"),
    ("costs", "object"),
];
/// What `run` has under `costs` and `compare` beside the rest.
const COSTS: &[(&str, &str)] = &[
    ("blocked_us", "number"),
    ("channel_records", "number"),
    ("channel_bytes", "number"),
    ("barriers", "number"),
    ("barrier_bytes", "number"),
    ("piggybacked_bytes", "number"),
    ("replayed", "number"),
];
const SNAPSHOT: &[(&str, &str)] = &[
    ("id", "number"),
    ("status", "string"),
    ("reason", "string|null"),
    ("triggered_us", "number"),
    ("ended_us", "number|null"),
    ("tasks", "array"),
];
const TASK: &[(&str, &str)] = &[
    ("task", "string"),
    ("started_us", "number|null"),
    ("acked_us", "number|null"),
    ("alignment_us", "number"),
    ("state_entries", "number"),
    ("channel_records", "number"),
    ("offset", "number|null"),
    ("finished", "bool"),
];
const FAILOVER: &[(&str, &str)] =
    &[("at_us", "number"), ("cause", "string"), ("tasks", "array"), ("restored_snapshot", "number|null"), ("resumed_us", "number|null")];
const PLACE: &[(&str, &str)] = &[
    ("place", "string"),
    ("kind", "string"),
    ("observed", "string"),
    ("records", "number"),
    ("lost", "number"),
    ("duplicated", "number"),
    ("examples", "array"),
];

#[test]
fn json_keeps_the_contract() {
    let ran = cutline(&["run", "scenarios", "--format", "json"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""));
    let document = json(&ran.out);
    has(&document, "the document", &[("format", "number"), ("version", "string"), ("outcomes", "array")]);
    assert_eq!((&document["format"], &document["version"]), (&Value::from(1), &Value::from(env!("CARGO_PKG_VERSION"))));
    let outcomes = document["outcomes"].as_array().expect("a list");
    assert!(outcomes.len() > 40, "{}", outcomes.len());
    for outcome in outcomes {
        has(outcome, "an outcome", OUTCOME);
        has(&outcome["guarantee"], "guarantee", &[("declared", "string"), ("observed", "string")]);
        has(&outcome["costs"], "costs", COSTS);
        has_each(outcome, "snapshots", SNAPSHOT);
        outcome["snapshots"].as_array().expect("a list").iter().for_each(|snapshot| has_each(snapshot, "tasks", TASK));
        has_each(outcome, "failovers", FAILOVER);
        has_each(outcome, "places", PLACE);
        has_each(outcome, "invariants", &[("name", "string"), ("verdict", "string"), ("detail", "string|null"), ("step", "number|null")]);
        has_each(outcome, "expectations", &[("expect", "string"), ("met", "bool"), ("actual", "string")]);
        let situations = outcome["situations"].as_object().expect("an object");
        assert!(situations.values().all(|count| count.as_u64().is_some_and(|count| count > 0)), "{situations:?}");
    }
}

/// All values that `list[..].field` has.
fn words<'v>(outcomes: &'v Value, list: &str, field: &str) -> BTreeSet<&'v str> {
    let items = outcomes.as_array().expect("a list").iter().flat_map(|outcome| match &outcome[list] {
        Value::Array(items) => items.iter().collect(),
        single => vec![single],
    });
    items.filter_map(|item| item[field].as_str()).collect()
}

#[test]
fn json_uses_the_words_of_the_contract() {
    let document = json(&cutline(&["run", "scenarios", "--format", "json"]).out);
    let outcomes = &document["outcomes"];
    let known = |found: BTreeSet<&str>, valid: &[&str]| {
        assert!(!found.is_empty() && found.iter().all(|word| valid.contains(word)), "{found:?}");
    };
    let guarantees = ["exactly_once", "at_least_once", "at_most_once", "none", "not_judged"];
    known(words(outcomes, "snapshots", "status"), &["completed", "aborted", "pending"]);
    known(words(outcomes, "places", "kind"), &["state", "output"]);
    known(words(outcomes, "places", "observed"), &guarantees);
    known(words(outcomes, "guarantee", "declared"), &guarantees);
    known(words(outcomes, "guarantee", "observed"), &guarantees);
    known(words(outcomes, "invariants", "verdict"), &["held", "violated", "incomplete"]);
    for outcome in outcomes.as_array().expect("a list") {
        let digest = outcome["digest"].as_str().expect("text");
        assert!(digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
        assert_eq!(outcome["verdict"], "as_expected", "{}", outcome["scenario"]);
    }
}

/// Checks that every tag is closed where it should be, and that text and values are escaped.
fn assert_well_formed(xml: &str) {
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration");
    assert!(!body.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "a character that XML cannot hold");
    let mut open = Vec::new();
    let mut rest = body;
    while let Some((text, behind)) = rest.split_once('<') {
        assert!(!text.contains('>') || text.contains("&gt;") || !open.is_empty(), "{text}");
        let (tag, behind) = behind.split_once('>').expect("a tag that ends");
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name)),
            (None, true) => {}
            (None, false) => open.push(tag.split_whitespace().next().expect("a name")),
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = behind;
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    for entity in body.split('&').skip(1) {
        let name = entity.split(';').next().expect("a first part");
        assert!(["lt", "gt", "amp", "quot", "apos"].contains(&name) || name.starts_with('#'), "&{name}");
    }
}

#[test]
fn junit_is_well_formed() {
    let hostile = changed(r#"A <good> & \"small\" one"#, r#"]]> \u001b[31m \u0000 <b> & \" ' \uffff end"#);
    let room =
        Room::with(&[("good.json", GOOD), ("hostile.json", &hostile), ("wrong.json", &changed(r#""failovers": 1"#, r#""failovers": 2"#))]);
    let ran = room.cutline(&["run", ".", "--format", "junit"]);
    assert_eq!((ran.exit, &*ran.err), (1, ""));
    assert_well_formed(&ran.out);
    assert_eq!((ran.out.matches("<testsuite ").count(), ran.out.matches("<testcase ").count()), (1, 3), "{}", ran.out);
    assert_eq!(ran.out.matches("<failure").count(), 1, "{}", ran.out);
    assert!(ran.out.contains("A &lt;good&gt; &amp;") && !ran.out.contains('\u{ffff}'), "{}", ran.out);
    let all = cutline(&["run", "scenarios", "--format", "junit"]);
    assert_well_formed(&all.out);
    assert!(!all.out.contains("<failure"));
}

#[test]
fn another_seed_is_another_run() {
    let room = Room::with(&[("good.json", GOOD)]);
    let run = |more: &[&str]| json(&room.cutline(&[&["run", "good.json", "--format", "json"], more].concat()).out)["outcomes"][0].clone();
    let (own, same, other) = (run(&[]), run(&["--seed", "1"]), run(&["--seed", "2"]));
    assert_eq!(own, same);
    assert_ne!(own["digest"], other["digest"]);
    assert_eq!((&own["seed"], &other["seed"]), (&Value::from(1), &Value::from(2)));
    assert_eq!(run(&["--seed", "18446744073709551615"])["seed"], Value::from(u64::MAX));
    assert!(room.cutline(&["run", "good.json", "--seed", "77"]).out.contains("seed 77"));
    for seed in ["-1", "x", "1.5", "18446744073709551616", ""] {
        let ran = room.cutline(&["run", "good.json", "--seed", seed]);
        assert_eq!(ran.exit, 2, "{seed}");
        assert!(seed.is_empty() || ran.err.contains("a seed is a whole number from 0 to 18446744073709551615"), "{seed}: {}", ran.err);
    }
    for command in [&["compare", "good.json"][..], &["view", "good.json"], &["shrink", "good.json", "-o", "x.json"], &["zoo"], &["fuzz"]] {
        let ran = room.cutline(&[command, &["--seed", "-1"]].concat());
        assert!(ran.exit == 2 && ran.err.contains("a seed is a whole number"), "{command:?}: {}", ran.err);
    }
}

#[test]
fn two_runs_can_be_compared() {
    let room = Room::with(&[("good.json", GOOD), ("wrong.json", &changed(r#""failovers": 1"#, r#""failovers": 2"#))]);
    let (once, twice) = (room.cutline(&["run", "good.json"]), room.cutline(&["run", "good.json", "--twice"]));
    assert_eq!((twice.exit, &twice.out), (0, &once.out));
    assert!(twice.err.contains("good.json: two runs agree"), "{}", twice.err);
    assert_eq!(room.cutline(&["run", "wrong.json", "--twice"]).exit, 1);
}

#[test]
fn facts_are_written_to_a_file() {
    let room = Room::with(&[("good.json", GOOD)]);
    let ran = room.cutline(&["run", "good.json", "--trace", "facts.tsv"]);
    assert_eq!((ran.exit, &ran.out), (0, &room.cutline(&["run", "good.json"]).out));
    let facts = fs::read_to_string(room.path("facts.tsv")).expect("the facts");
    assert!(facts.lines().count() > 100 && facts.ends_with('\n'));
    let mut last = 0;
    for line in facts.lines() {
        let [at, step, what] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let step = step.parse::<u64>().expect("a step");
        assert!(at.ends_with('s') && last <= step && !what.is_empty(), "{line}");
        last = step;
    }
    assert!(facts.contains("n[1]"));
}

#[test]
fn facts_that_cannot_be_written_are_an_error() {
    let room = Room::with(&[("good.json", GOOD), ("other.json", GOOD)]);
    for arguments in [
        &["run", "good.json", "--trace", "other.json/facts.tsv"][..],
        &["run", "good.json", "--trace", "."],
        &["run", "good.json", "--trace", "good.json"],
        &["run", "good.json", "other.json", "--trace", "facts.tsv"],
        &["run", "good.json", "--format", "json", "--trace", "-"],
    ] {
        let ran = room.cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains("help: "), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(room.path("good.json")).expect("still there"), GOOD);
}

#[test]
fn a_limit_stops_a_run() {
    let short = changed(r#""seed": 1"#, r#""seed": 1, "limits": {"steps": 10}"#);
    let early = changed(r#""seed": 1"#, r#""seed": 1, "limits": {"until": "5ms"}"#);
    let room = Room::with(&[("short.json", &short), ("early.json", &early)]);
    for (file, ended) in [("short.json", "step_limit"), ("early.json", "time_limit")] {
        let ran = room.cutline(&["run", file, "--format", "json"]);
        assert_eq!((ran.exit, &json(&ran.out)["outcomes"][0]["ended"]), (5, &Value::from(ended)));
        assert!(room.cutline(&["run", file]).out.contains("limit"), "{file}");
    }
}

#[test]
fn protocols_are_compared() {
    let ran = cutline(&["compare", "scenarios/aligned-join.json", "--protocols", "unaligned,aligned,at_least_once,none,aligned"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""));
    expect_file!["golden/cli/compare-aligned-join.txt"].assert_eq(&ran.out);
}

#[test]
fn all_protocols_that_take_snapshots_are_compared() {
    let words = |arguments: &[&str]| {
        let ran = cutline(&[&["compare", "scenarios/aligned-join.json", "--format", "json"], arguments].concat());
        assert_eq!((ran.exit, &*ran.err), (0, ""));
        let document = json(&ran.out);
        let columns = document["protocols"].as_array().expect("a list").iter();
        columns.map(|column| column["protocol"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words(&[]), ["aligned", "at_least_once", "unaligned", "chandy_lamport", "lai_yang"]);
    assert_eq!(words(&["--protocols", "none"]), ["none"]);
}

/// Under a name stand numbers of that protocol or none: what `run` refuses, `compare` refuses or leaves out.
#[test]
fn a_protocol_that_cannot_run_is_not_compared() {
    let named = |file: &str, protocols: &str| cutline(&["compare", file, "--protocols", protocols]);
    for (file, unfit, why) in [
        ("scenarios/aligned-join.json", "aligned_timeout", "alignment_timeout"),
        ("scenarios/course/02-never-occurred.json", "unaligned", "a graph of processes"),
    ] {
        let ran = named(file, &format!("chandy_lamport,{unfit}"));
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{file}");
        assert!(ran.err.contains(&format!("cannot run under {unfit}")) && ran.err.contains(why), "{}", ran.err);
        assert!(ran.err.contains("help: choose from: ") && ran.err.contains("lai_yang"), "{}", ran.err);
        let (text, document) = (cutline(&["compare", file]), json(&cutline(&["compare", file, "--format", "json"]).out));
        let left_out = document["left_out"].as_array().expect("a list");
        let row = left_out.iter().find(|row| row["protocol"] == unfit).expect("a row");
        let reason = row["reason"].as_str().expect("a reason");
        let is_told = |line: &str| line.starts_with(unfit) && line.ends_with(reason);
        assert!(reason.contains(why) && text.out.lines().any(is_told), "{}", text.out);
    }
    assert_eq!(named("scenarios/aligned-until-its-timeout.json", "aligned_timeout").exit, 0);
    let chosen = cutline(&["compare", "scenarios/aligned-join.json", "--protocols", "aligned", "--format", "json"]);
    assert_eq!(json(&chosen.out).get("left_out"), None, "somebody has chosen");
}

const COLUMN: &[(&str, &str)] = &[
    ("protocol", "string"),
    ("guarantee", "string"),
    ("lost", "number"),
    ("duplicated", "number"),
    ("snapshots_completed", "number"),
    ("snapshots_aborted", "number"),
    ("runs_inconsistent", "number"),
    ("duration_median_us", "number|null"),
    ("duration_max_us", "number|null"),
    ("failovers", "number"),
    ("recovery_max_us", "number|null"),
    ("runs_failed", "number"),
    ("runs_limited", "number"),
];

#[test]
fn a_comparison_is_what_the_runs_come_to() {
    let room = Room::with(&[("good.json", GOOD)]);
    let ran = room.cutline(&["compare", "good.json", "--seed", "5", "--seeds", "3", "--format", "json"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""));
    let document = json(&ran.out);
    has(&document, "the document", &[("format", "number"), ("version", "string"), ("scenario", "string"), ("title", "string")]);
    assert_eq!((&document["format"], &document["scenario"], &document["seeds"]), (&1.into(), &"good.json".into(), &vec![5, 6, 7].into()));
    has_each(&document, "protocols", COLUMN);
    has_each(&document, "protocols", COSTS);
    let run = |seed: &str| json(&room.cutline(&["run", "good.json", "--seed", seed, "--format", "json"]).out)["outcomes"][0].clone();
    let runs = ["5", "6", "7"].map(run);
    let column = &document["protocols"][0];
    assert_eq!(column["protocol"], runs[0]["protocol"]);
    for (field, _) in COSTS {
        assert_eq!(column[field], runs.iter().map(|run| run["costs"][field].as_u64().expect("a number")).sum::<u64>(), "{field}");
    }
    let own = json(&room.cutline(&["compare", "good.json", "--format", "json"]).out);
    assert_eq!(own["seeds"], Value::from(vec![1]), "the scenario's own seed");
}

#[test]
fn what_a_comparison_expects_is_not_judged() {
    let wrong = changed(r#""failovers": 1"#, r#""failovers": 2"#);
    let short = changed(r#""seed": 1"#, r#""seed": 1, "limits": {"steps": 10}"#);
    let room = Room::with(&[("wrong.json", &wrong), ("short.json", &short), ("bad.json", "{")]);
    assert_eq!((room.cutline(&["run", "wrong.json"]).exit, room.cutline(&["compare", "wrong.json"]).exit), (1, 0));
    let ran = room.cutline(&["compare", "short.json"]);
    assert!(ran.exit == 5 && ran.out.contains("runs stopped by a limit"), "{}", ran.out);
    for path in ["bad.json", "none.json", "."] {
        let ran = room.cutline(&["compare", path]);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{path}");
        assert!(ran.err.contains("help: ") || ran.err.contains("bad.json:1:2"), "{path}: {}", ran.err);
    }
}

#[test]
fn a_comparison_is_refused_before_anything_runs() {
    let room = Room::with(&[("good.json", GOOD)]);
    for (arguments, part) in [
        (&["--protocols", "aligned,unalined"][..], "'unaligned'"),
        (&["--protocols", "at_leats_once"], "'at_least_once'"),
        (&["--protocols", ""], "--protocols"),
        (&["--protocols", "aligned,"], "--protocols"),
        (&["--seeds", "0"], "--seeds"),
        (&["--seeds", "100001"], "--seeds"),
        (&["--seed", "18446744073709551615", "--seeds", "2"], "18446744073709551615"),
        (&["--format", "junit"], "--format"),
        (&["good.json"], "good.json"),
    ] {
        let ran = room.cutline(&[&["compare", "good.json"], arguments].concat());
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(part), "{arguments:?}: {}", ran.err);
    }
    let last = ["compare", "good.json", "--seed", "18446744073709551615"];
    assert_eq!(room.cutline(&last).exit, 0);
}

/// Its steps are those of one protocol; alone it is run and validated as any other.
#[test]
fn a_schedule_is_not_compared() {
    let file = "scenarios/schedules/held-by-alignment.json";
    let ran = cutline(&["compare", file]);
    assert_eq!((ran.exit, &*ran.out), (2, ""));
    assert!(ran.err.contains("\"schedule\"") && ran.err.contains("simulated time"), "{}", ran.err);
    assert_eq!(cutline(&["validate", file]).exit, 0);
    assert_eq!(cutline(&["run", file, "--twice", "--seed", "5"]).exit, 0);
}

/// Processes replay nothing to anybody outside, whatever their snapshots are.
#[test]
fn of_processes_no_guarantee_is_judged() {
    let file = "scenarios/course/05-inconsistent-cut.json";
    let text = cutline(&["run", file]).out;
    assert!(text.contains("\nGuarantee: not judged\n  place  kind   records  effects"), "{text}");
    let outcome = json(&cutline(&["run", file, "--format", "json"]).out)["outcomes"][0].clone();
    assert_eq!(outcome["guarantee"], serde_json::json!({"declared": "not_judged", "observed": "not_judged"}));
    assert_eq!((&outcome["places"][0]["observed"], &outcome["verdict"]), (&"not_judged".into(), &"as_expected".into()));
    let table = cutline(&["compare", file]).out;
    let row = table.lines().find(|line| line.starts_with("observed guarantee")).expect("a row");
    assert!(row.matches("not judged").count() == 3 && !row.contains("once"), "{row}");
    assert!(cutline(&["view", file]).out.contains("guarantee not judged"));
    let told = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the file");
    let room = Room::with(&[("x.json", &told.replace("\"expect\": {", "\"expect\": {\n    \"guarantee\": \"exactly_once\","))]);
    let refused = room.cutline(&["run", "x.json"]);
    assert!(refused.exit == 2 && refused.err.contains("$.expect.guarantee"), "{}", refused.err);
    assert!(refused.err.contains("no guarantee is judged of processes"), "{}", refused.err);
}

#[test]
fn files_are_validated_without_a_run() {
    let room = Room::with(&[("good.json", GOOD), ("all/bad.json", "{\"title\": 7}"), ("all/good.json", GOOD)]);
    let good = room.cutline(&["validate", "good.json"]);
    assert_eq!((good.exit, &*good.out, &*good.err), (0, "1 scenario valid\n", ""));
    let bad = room.cutline(&["validate", "all"]);
    assert_eq!((bad.exit, &*bad.out), (2, "1 of 2 scenarios valid\n"));
    assert!(bad.err.contains("bad.json:1:11") && bad.err.contains("expected a string"), "{}", bad.err);
    assert_eq!(cutline(&["validate", "scenarios"]).exit, 0);
}

#[test]
fn the_schema_is_the_committed_one() {
    let committed = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/schema.json")).expect("the schema");
    let ran = cutline(&["schema"]);
    assert_eq!((ran.exit, ran.err, ran.out), (0, String::new(), committed));
}

#[test]
fn files_that_are_not_there() {
    let room = Room::with(&[("folder.json/notes.txt", ""), ("empty/notes.txt", "")]);
    for command in ["run", "validate"] {
        for path in ["none.json", "no/such/file.json", "folder.json", "empty"] {
            let ran = room.cutline(&[command, path]);
            assert_eq!(ran.exit, 2, "{command} {path}");
            assert!(ran.err.starts_with("error: ") && ran.err.contains(path) && ran.err.contains("help: "), "{path}: {}", ran.err);
        }
    }
    let ran = room.cutline(&["run", "none.json"]);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("cannot read none.json: no such file"), "{}", ran.err);
}

#[test]
fn one_file_is_asked_for_and_a_folder_named() {
    let room = Room::with(&[("all/good.json", GOOD)]);
    for arguments in [&["view", "all"][..], &["export", "--to", "dot", "all"], &["shrink", "all", "-o", "small.json"]] {
        let ran = room.cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments:?}");
        assert_eq!(ran.err, "error: cannot read all: it is a folder\n  help: name one of the scenario files in it\n", "{arguments:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::with(&[("secret.json", GOOD)]);
    fs::set_permissions(room.path("secret.json"), fs::Permissions::from_mode(0o000)).expect("permissions can be changed");
    if File::open(room.path("secret.json")).is_ok() {
        return; // The administrator may read everything.
    }
    let ran = room.cutline(&["run", "secret.json"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.err.contains("cannot read secret.json: permission denied"), "{}", ran.err);
}

#[test]
fn a_text_file_of_a_source_is_looked_for_beside_the_scenario() {
    let text = changed(r#""records": 20"#, r#""file": "data/lines.txt""#);
    let room = Room::with(&[("all/words.json", &text)]);
    let ran = room.cutline(&["run", "all/words.json"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.err.contains("data/lines.txt") && ran.err.contains("words.json:5:37"), "{}", ran.err);
    fs::create_dir(room.path("all/data")).expect("a folder");
    fs::write(room.path("all/data/lines.txt"), "a b\nc\n".repeat(10)).expect("a file");
    let ran = room.cutline(&["run", "all/words.json"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""), "{}", ran.out);
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let room = Room::new();
    let file = File::create(room.path("huge.json")).expect("a file");
    file.set_len(100 << 20).expect("a sparse file");
    let ran = finish(program().current_dir(room.path("")).args(["run", "huge.json"]).timeout(Duration::from_secs(5)));
    assert_eq!((ran.exit, &*ran.out), (2, ""));
    assert!(ran.err.contains("huge.json") && ran.err.contains("104857600 bytes") && ran.err.len() < 1_000, "{}", ran.err);
}

#[test]
fn a_pipe_gets_no_colours() {
    let room = Room::with(&[("good.json", GOOD), ("bad.json", "{")]);
    for name in ["", "NO_COLOR"] {
        for path in ["good.json", "bad.json", "."] {
            let mut command = program();
            if !name.is_empty() {
                command.env(name, "1");
            }
            let ran = finish(command.current_dir(room.path("")).args(["run", path]));
            assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{path}");
        }
    }
}

#[test]
fn a_file_cannot_paint_on_the_terminal() {
    let hostile = changed(r#"A <good> & \"small\" one"#, r#"\u001b[31mred\u0007 \u202edeppilf"#);
    let ran = Room::with(&[("x.json", &hostile)]).cutline(&["run", "x.json"]);
    assert_eq!(ran.exit, 0);
    assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ran.out.lines().next());
}

#[test]
fn wrong_usage() {
    for arguments in [
        &[][..],
        &["rnu"],
        &["run"],
        &["validate"],
        &["compare"],
        &["run", "x.json", "--format", "xml"],
        &["run", "x.json", "--sed", "1"],
        &["run", ""],
        &["schema", "x"],
        &["view"],
        &["export", "x.json"],
        &["export", "x.json", "--to", "svg"],
        &["view", "x.json", "-o", "y.html", "--ascii"],
    ] {
        let ran = cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("Usage: cutline") || ran.err.contains("--help"), "{arguments:?}: {}", ran.err);
    }
    assert!(cutline(&["rnu"]).err.contains("unrecognized subcommand 'rnu'"));
    let exported = cutline(&["export", "chrome", "scenarios/aligned-join.json"]);
    assert_eq!((exported.exit, &*exported.out), (2, ""));
    assert!(exported.err.contains("tip: the tool goes behind --to") && exported.err.contains("perfetto"), "{}", exported.err);
    assert_eq!(cutline(&["export", "scenarios/aligned-join.json", "--to", "chrome"]).exit, 0, "Perfetto reads what Chrome does");
}

/// A narrow terminal breaks a paragraph where it has to, and nobody else does: no line but the last of one is short.
#[test]
fn help_is_broken_by_the_terminal() {
    for command in ["run", "compare", "check", "fuzz", "zoo", "merge", "view", "export", "shrink"] {
        let help = finish(program().env("COLUMNS", "60").args([command, "--help"])).out;
        let lines: Vec<&str> = help.split("Examples:").next().expect("a first part").lines().collect();
        for pair in lines.windows(2) {
            let indent = |line: &str| line.len() - line.trim_start().len();
            let goes_on =
                !pair[1].trim().is_empty() && indent(pair[0]) == indent(pair[1]) && pair[1].trim_start().starts_with(char::is_lowercase);
            let next = pair[1].split_whitespace().next().map_or(0, str::len);
            assert!(!goes_on || pair[0].len() + next >= 58, "{command}: broken by hand:\n{}\n{}", pair[0], pair[1]);
        }
    }
}

#[test]
fn help_is_a_result() {
    for arguments in [&["--help"][..], &["help"], &["run", "--help"], &["compare", "--help"], &["validate", "--help"], &["--version"]] {
        let ran = cutline(arguments);
        assert_eq!((ran.exit, &*ran.err), (0, ""), "{arguments:?}");
        assert!(!ran.out.is_empty());
    }
    assert!(cutline(&["--help"]).out.contains("Exit codes:"));
    assert_eq!(cutline(&["--version"]).out, format!("cutline {}\n", env!("CARGO_PKG_VERSION")));
}

/// "found" is a word that something has to follow, in a verdict and in the story of what a search found.
#[test]
fn what_was_found_is_always_said() {
    let none = changed(r#""failovers": 1"#, r#""failovers": 1, "places": {"n": {"examples": ["A#1"]}}"#);
    let room = Room::with(&[("none.json", &none)]);
    assert!(room.cutline(&["run", "none.json"]).out.contains("n: examples = A#1, found none\n"));
    let mut told = 0;
    for mutant in ["restores_nothing", "visible_at_once", "open_survives_the_restart"] {
        let ran = room.cutline(&["fuzz", "--runs", "200", "--mutant", mutant, "--format", "json"]);
        assert_eq!(ran.exit, 1, "{mutant}: {}", ran.err);
        let report = json(&ran.out);
        let findings =
            report["failures"].as_array().expect("a list").iter().flat_map(|class| class["findings"].as_array().expect("a list"));
        for finding in findings {
            let scenario = json(finding["scenario"].as_str().expect("text"));
            for behind in scenario["story"].as_str().expect("a story").split("found ").skip(1) {
                let word = behind.split_whitespace().next().unwrap_or("").trim_end_matches('.');
                assert!(!["", "nothing", "none"].contains(&word), "{mutant}: {}", scenario["story"]);
                told += 1;
            }
        }
    }
    assert!(told >= 3, "{told}");
}

/// Completions and manual are made of the definitions that arguments are read by: they name every command.
#[test]
fn shells_and_manuals_know_every_command() {
    let overview = cutline(&["--help"]).out;
    let rows = overview.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("commands");
    let commands: Vec<&str> = rows.lines().filter_map(|row| row.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(commands.len() >= 13 && commands.contains(&"shrink") && commands.contains(&"man"), "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = cutline(&["completions", shell]);
        assert_eq!((ran.exit, &*ran.err), (0, ""), "{shell}");
        let missing: Vec<_> = commands.iter().filter(|command| !ran.out.contains(**command)).collect();
        assert!(missing.is_empty() && ran.out.contains("twice"), "{shell}: {missing:?}");
    }
    let program = cutline(&["man"]);
    assert_eq!((program.exit, &*program.err), (0, ""));
    for command in &commands {
        assert!(program.out.contains(&format!("cutline\\-{command}(1)")), "{command}:\n{}", program.out);
        let page = cutline(&["man", command]);
        assert_eq!((page.exit, &*page.err), (0, ""), "{command}");
        assert!(page.out.contains(&format!(".TH cutline-{command} 1")), "{command}:\n{}", page.out);
    }
    assert!(cutline(&["man", "run"]).out.contains("\\-\\-twice"));
    let unknown = cutline(&["man", "rnu"]);
    assert!(unknown.exit == 2 && unknown.err.contains("choose from: run, compare"), "{}", unknown.err);
    assert_eq!(cutline(&["completions", "tcsh"]).exit, 2);
}

#[test]
fn two_processes_print_the_same_bytes() {
    for format in ["text", "json", "junit"] {
        let run = || cutline(&["run", "scenarios", "--format", format]);
        let (first, second) = (run(), run());
        assert_eq!(first.exit, 0);
        // How far a slow machine is goes to standard error and hangs on the clock.
        assert!(first.out == second.out, "{format}");
    }
}

#[test]
fn a_newcomer_in_an_empty_folder() {
    let room = Room::new();
    let ran = room.cutline(&["run", "."]);
    assert_eq!((ran.exit, &*ran.out), (2, ""));
    assert!(ran.err.contains("no scenario in .") && ran.err.contains("help: "), "{}", ran.err);
    fs::write(room.path("schema.json"), room.cutline(&["schema"]).out).expect("the schema can be kept");
    assert_eq!(room.cutline(&["run", "."]).exit, 2);
    fs::write(room.path("first.json"), GOOD).expect("a file");
    assert_eq!(room.cutline(&["validate", "."]).out, "1 scenario valid\n");
    let ran = room.cutline(&["run", "."]);
    assert_eq!((ran.exit, &*ran.err), (0, ""), "{}", ran.out);
    assert_eq!(room.cutline(&["run", "first.json", "--twice", "--trace", "facts.tsv"]).exit, 0);
}

#[test]
fn a_run_is_looked_at() {
    let room = Room::with(&[("good.json", GOOD)]);
    let ran = room.cutline(&["view", "good.json", "--ascii", "--rows", "3"]);
    assert_eq!((ran.exit, &*ran.err), (0, ""));
    assert!(ran.out.is_ascii() && ran.out.contains("more rows: --rows N draws more"), "{}", ran.out);
    let ran = room.cutline(&["view", "good.json", "-o", "pages/good.html"]);
    assert_eq!((ran.exit, &*ran.out), (0, "open pages/good.html in a browser\n"));
    assert!(fs::read_to_string(room.path("pages/good.html")).expect("a page").starts_with("<!DOCTYPE html>"));
    let ran = room.cutline(&["view", "good.json", "-o", "part.html", "--facts", "20", "--around", "fault:1"]);
    assert_eq!(ran.exit, 0);
    assert!(ran.err.contains("are left out: --from, --until or --around shows others, --facts N more"), "{}", ran.err);
    let ran = room.cutline(&["view", "good.json", "--from", "5s"]);
    assert_eq!((ran.exit, &*ran.out), (2, ""));
    assert!(ran.err.contains("error: 5s: the run ends with step") && ran.err.contains("help: name an earlier step"), "{}", ran.err);
    assert!(room.cutline(&["view", "good.json", "--around", "fault 1"]).err.contains("a place is a step (4711)"));
    for tool in ["shiviz", "perfetto", "mermaid", "dot", "jsonl"] {
        let printed = room.cutline(&["export", "good.json", "--to", tool]);
        assert_eq!((printed.exit, printed.out.is_empty()), (0, false), "{tool}");
        assert_eq!(room.cutline(&["export", "good.json", "--to", tool, "-o", "out"]).exit, 0, "{tool}");
        assert_eq!(fs::read_to_string(room.path("out")).expect("a file"), printed.out, "{tool}");
    }
}

/// Whoever mixes up the two files loses nothing.
#[test]
fn what_becomes_of_a_scenario_never_replaces_it() {
    let room = Room::with(&[("good.json", GOOD)]);
    for arguments in [&["view", "good.json", "-o", "./good.json"][..], &["export", "good.json", "--to", "dot", "-o", "good.json"]] {
        let ran = room.cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("would overwrite the scenario"), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(room.path("good.json")).expect("still there"), GOOD);
}
