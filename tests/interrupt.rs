//! Ctrl-C while something long is going on: what there is is printed, and the program ends with 130.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::disallowed_types, reason = "how long an interrupt takes to be heard is a matter of the wall clock")]

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left behind.
struct Ran {
    exit: Option<i32>,
    out: String,
    err: String,
    /// From the first signal to the end.
    took: Duration,
}

/// So much longer than anybody waits.
const LONG: u64 = 50_000_000;

/// A folder with scenarios: `a.json` is short, `b.json` and `c.json` are long.
fn room() -> TempDir {
    let room = TempDir::new().expect("a temporary folder");
    let scenario = |records: u64| {
        format!(
            r#"{{
              "title": "{records} records",
              "operators": {{
                "A": {{"kind": "source", "records": {records}, "every": "1us"}},
                "n": {{"kind": "keyed_count", "keys": 4}},
                "out": {{"kind": "sink", "commit": "two_phase"}}
              }},
              "channels": [{{"from": "A", "to": "n"}}, {{"from": "n", "to": "out"}}],
              "snapshots": {{"protocol": "aligned", "interval": "1s"}}
            }}"#
        )
    };
    fs::create_dir(room.path().join("all")).expect("a folder");
    for (name, records) in [("all/a.json", 10), ("all/b.json", LONG), ("all/c.json", LONG)] {
        fs::write(room.path().join(name), scenario(records)).expect("a file");
    }
    room
}

fn start(room: &TempDir, arguments: &[&str]) -> Child {
    let mut command = Command::new(cargo_bin("cutline"));
    command.current_dir(room.path()).args(arguments).env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Whether the program would rather be asked than killed.
fn catches_interrupts(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & 0b10 != 0)
}

fn interrupt(child: &Child) {
    let done = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(done.success(), "it is still running");
}

fn text(from: Option<impl Read>) -> String {
    let mut text = String::new();
    from.expect("a pipe").read_to_string(&mut text).expect("UTF-8");
    text
}

/// Interrupts the command so often as soon as it has begun its work.
fn interrupted(room: &TempDir, arguments: &[&str], times: u32) -> Ran {
    let mut child = start(room, arguments);
    let patience = Instant::now();
    while !catches_interrupts(&child) {
        assert!(patience.elapsed() < Duration::from_secs(60), "{arguments:?} does not watch for interrupts");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    for _ in 0..times {
        interrupt(&child);
        thread::sleep(Duration::from_millis(60));
    }
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let out = thread::spawn(move || text(out));
    let err = text(err);
    let exit = child.wait().expect("it ends").code();
    Ran { exit, out: out.join().expect("read"), err, took: asked.elapsed() }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}:\n{}\n{}", ran.out, ran.err))
}

#[test]
fn a_folder_prints_what_was_run() {
    let room = room();
    let ran = interrupted(&room, &["run", "all"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("all/a.json") && ran.out.contains("interrupted with things still happening"), "{}", ran.out);
    assert!(ran.out.ends_with("INTERRUPTED before 1 file: all/c.json\n"), "{}", ran.out);
}

#[test]
fn documents_of_a_folder_are_whole_and_say_so() {
    let room = room();
    let ran = interrupted(&room, &["run", "all", "--format", "json"], 1);
    let document = json(&ran);
    assert_eq!((ran.exit, &document["interrupted"], &document["not_run"]), (Some(130), &true.into(), &serde_json::json!(["all/c.json"])));
    let ended: Vec<&Value> = document["outcomes"].as_array().expect("a list").iter().map(|outcome| &outcome["ended"]).collect();
    assert_eq!(ended, ["quiet", "interrupted"]);
    let cut = document["outcomes"][1]["invariants"].as_array().expect("a list");
    assert!(cut.iter().all(|invariant| invariant["verdict"] != "violated"), "{cut:?}");

    let junit = interrupted(&room, &["run", "all", "--format", "junit"], 1);
    assert_eq!(junit.exit, Some(130), "{}", junit.err);
    assert!(junit.out.contains(r#"tests="3" skipped="1" failures="0" errors="1""#), "{}", junit.out);
    assert!(junit.out.ends_with("</testsuites>\n"), "{}", junit.out);
}

#[test]
fn a_trace_ends_with_a_whole_line() {
    let room = room();
    let ran = interrupted(&room, &["run", "all/b.json", "--trace", "facts.tsv"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("Ended early: interrupted"), "{}", ran.out);
    let trace = fs::read_to_string(room.path().join("facts.tsv")).expect("the facts up to there");
    assert!(trace.lines().count() > 10 && trace.ends_with('\n'));
    assert!(trace.lines().all(|line| line.split('\t').count() == 3), "whole lines");
}

#[test]
fn a_second_one_ends_it_at_once() {
    let room = room();
    // Whatever it is doing: making these small takes long after the first one, too.
    let ran = interrupted(&room, &["fuzz", "all/b.json", "--mutant", "restores_nothing"], 2);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.took < Duration::from_secs(5), "{:?}", ran.took);
}

#[test]
fn a_search_says_what_it_has_seen() {
    let room = room();
    let wide = r#"{
      "title": "too many orders",
      "operators": {
        "A": {"kind": "source", "records": 9}, "B": {"kind": "source", "records": 9}, "C": {"kind": "source", "records": 9},
        "n": {"kind": "keyed_count"}
      },
      "channels": [{"from": "A", "to": "n"}, {"from": "B", "to": "n"}, {"from": "C", "to": "n"}],
      "snapshots": {"protocol": "aligned", "at": [0, 0]}
    }"#;
    fs::write(room.path().join("wide.json"), wide).expect("a file");
    let arguments = ["check", "wide.json", "all/a.json", "--crashes", "3", "--control", "channel"];
    let ran = interrupted(&room, &arguments, 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("no violation found, but NOT every state seen: INTERRUPTED"), "{}", ran.out);
    assert!(ran.out.ends_with("INTERRUPTED before 1 file: all/a.json\n"), "{}", ran.out);
    let document = json(&interrupted(&room, &[&arguments[..], &["--format", "json"]].concat(), 1));
    let check = &document["checks"][0];
    assert_eq!((&document["interrupted"], &check["stopped"]), (&true.into(), &"interrupted".into()));
    assert_eq!((&check["verdict"], &document["not_run"]), (&"not_exhausted".into(), &serde_json::json!(["all/a.json"])));
    assert!(check["states"].as_u64().is_some_and(|states| states > 100), "{check}");
}

#[test]
fn a_comparison_says_how_much_was_run() {
    let room = room();
    let ran = interrupted(&room, &["compare", "all/b.json", "--protocols", "aligned,unaligned"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("INTERRUPTED; runs made: aligned 0 of 1, unaligned 0 of 1"), "{}", ran.out);
    let few = interrupted(&room, &["compare", "all/a.json", "--seeds", "100000", "--format", "json"], 1);
    let document = json(&few);
    assert_eq!((few.exit, &document["interrupted"]), (Some(130), &true.into()));
    let runs: Vec<u64> = document["protocols"].as_array().expect("a list").iter().filter_map(|column| column["runs"].as_u64()).collect();
    assert!(runs.iter().all(|&made| (1..100_000).contains(&made)) && runs[0] - runs[runs.len() - 1] <= 1, "{runs:?}");
}

#[test]
fn the_zoo_prints_the_trials_that_were_made() {
    let room = room();
    let ran = interrupted(&room, &["zoo", "--trials", "1000", "--out", "found"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("INTERRUPTED after ") && !ran.out.contains("1000/1000"), "{}", ran.out);
    let document = json(&interrupted(&room, &["zoo", "--trials", "1000", "--format", "json"], 1));
    assert_eq!(document["interrupted"], true);
}

#[test]
fn a_picture_shows_what_happened_before() {
    let room = room();
    let ran = interrupted(&room, &["view", "all/b.json", "--rows", "20"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.out.contains("A#1") && ran.out.contains("interrupted with things still happening"), "{}", ran.out);
    assert!(ran.err.contains("interrupted: there is nothing after step"), "{}", ran.err);
    let page = interrupted(&room, &["view", "all/b.json", "-o", "page.html", "--facts", "2000"], 1);
    assert_eq!((page.exit, &*page.out), (Some(130), "open page.html in a browser\n"), "{}", page.err);
    assert!(fs::read_to_string(room.path().join("page.html")).expect("a page").ends_with("</html>\n"));
}

#[test]
fn an_export_ends_early_and_says_so() {
    let room = room();
    let ran = interrupted(&room, &["export", "all/b.json", "--to", "jsonl", "-o", "facts.jsonl"], 1);
    assert_eq!(ran.exit, Some(130), "{}", ran.err);
    assert!(ran.err.contains("interrupted: there is nothing after step"), "{}", ran.err);
    let lines = fs::read_to_string(room.path().join("facts.jsonl")).expect("the facts up to there");
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && lines.lines().count() > 10);
}

#[test]
fn a_campaign_through_a_long_scenario_ends_soon() {
    let room = room();
    let ran = interrupted(&room, &["fuzz", "all/b.json", "--format", "json"], 1);
    assert_eq!((ran.exit, &json(&ran)["failures"]), (Some(130), &serde_json::json!([])), "{}", ran.err);
    assert!(ran.took < Duration::from_secs(30), "{:?}", ran.took);
}

#[test]
fn a_request_that_arrives_twice_is_one() {
    let room = room();
    let mut command = Command::new("timeout");
    command.args(["-s", "INT", "2"]).arg(cargo_bin("cutline")).args(["run", "all"]).current_dir(room.path());
    let output = command.output().expect("timeout is there");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(out.contains("INTERRUPTED before 1 file"), "{out}");
}

/// A pipe that nobody writes to is no work that could be finished.
#[test]
fn what_is_only_being_read_is_left_at_once() {
    let room = room();
    let made = Command::new("mkfifo").arg(room.path().join("pipe")).status().expect("mkfifo is there");
    assert!(made.success());
    for command in ["run", "check", "view"] {
        let mut child = start(&room, &[command, "pipe"]);
        // Opening a pipe waits for its other end, too.
        thread::sleep(Duration::from_millis(300));
        interrupt(&child);
        let patience = Instant::now();
        let ended = loop {
            match child.try_wait().expect("a child") {
                Some(ended) => break ended,
                None if patience.elapsed() > Duration::from_secs(20) => {
                    child.kill().expect("it is still running");
                    panic!("{command} waits for ever");
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        // Whoever does not watch for interrupts dies of one.
        assert!(ended.code().is_none_or(|code| code == 130), "{command}: {ended}");
    }
}
