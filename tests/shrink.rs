//! Shrinking: what comes out is small, fails as before with the bug in it, and holds without.

mod common;

use std::fs;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use common::{scenario, violated};
use cutline::explore::{Campaign, Right, Suspect, Unshrunk, confirm, shrink, shrink_attended, zoo};
use cutline::kernel::Patience;
use cutline::scenario::outcome::Judgement;
use expect_test::expect_file;
use serde_json::{Value, json};

/// The first failure of a mutant, shrunk, is small and a test by itself: red with the bug, green without.
fn check(name: &str, seed: u64) -> String {
    let mutant = zoo::find(name).unwrap_or_else(|| panic!("no mutant {name}"));
    let campaign = Campaign { seed, suspect: mutant };
    let failure = campaign.first_failure(20_000).unwrap_or_else(|| panic!("{name} is not found"));
    let shrunk = campaign.shrink(failure.run).expect("a run that fails");
    assert!(shrunk.operators <= 4 && shrunk.faults <= 2 && shrunk.steps <= 20, "{name}: {}", shrunk.text);
    assert!(shrunk.proven, "{name} is not proven minimal:\n{}", shrunk.text);
    let small = scenario(&shrunk.text);
    let wrong = small.run_world(Suspect::world(mutant, &small));
    assert!(violated(&wrong).contains(&failure.class.invariant()), "{name}: {:?}\n{}", violated(&wrong), shrunk.text);
    assert!(wrong.skipped.is_empty(), "{name}: every step of the schedule happens with the bug:\n{}", shrunk.text);
    let right = cutline::run(&small);
    assert_eq!(violated(&right), [""; 0], "{name}: the right one on\n{}", shrunk.text);
    assert_eq!(right.verdict, Judgement::AsExpected, "{name}: green once the bug is gone\n{}", shrunk.text);
    shrunk.text
}

/// One of every seam and class.
#[test]
fn failures_of_the_zoo_get_small() {
    let names = [
        "no_blocking",
        "never_resumed",
        "contents_not_reinstated",
        "restores_nothing",
        "ids_start_again",
        "commits_at_the_barrier",
        "offset_one_ahead",
        "last_key_not_saved",
        "open_survives_the_restart",
        "completes_with_one_missing",
    ];
    for name in names {
        check(name, 1);
    }
}

/// However a bug was found, the same file comes out.
#[test]
fn different_runs_of_one_bug_end_in_one_file() {
    for name in ["no_blocking", "overtaken_not_saved", "restores_nothing", "last_key_not_saved"] {
        assert_eq!(check(name, 1), check(name, 2), "{name}");
    }
}

#[test]
fn the_smallest_way_past_a_missing_alignment() {
    expect_file!["golden/shrink/no_blocking.json"].assert_eq(&check("no_blocking", 1));
}

/// A run of one's own: what nobody promised is made small as well, and stays what it was.
#[test]
fn a_duplicate_under_at_least_once() {
    let text = fs::read_to_string("scenarios/at-least-once-double.json").expect("a scenario");
    let file = serde_json::from_str(&text).expect("JSON");
    let shrunk = shrink(&Right, &file, &scenario(&text)).expect("something to shrink");
    expect_file!["golden/shrink/at-least-once-double.json"].assert_eq(&shrunk.text);
    let outcome = cutline::run(&scenario(&shrunk.text));
    assert_eq!((outcome.guarantee.observed, outcome.verdict), ("at_least_once", Judgement::AsExpected));
}

/// Whenever it is interrupted: what is handed out fails in the same way, and says that it is not the smallest.
#[test]
fn what_is_cut_on_the_way_still_fails() {
    let text = fs::read_to_string("scenarios/at-least-once-double.json").expect("a scenario");
    let file = serde_json::from_str(&text).expect("JSON");
    let cut = |most: u64| shrink_attended(&Right, &file, &scenario(&text), Patience::new(&|tried| tried < most));
    let whole = cut(u64::MAX).expect("something to shrink");
    assert!(!whole.interrupted && whole.proven);
    assert_eq!(cut(0), Err(Unshrunk::Interrupted));
    let mut sizes = Vec::new();
    for shrunk in [5, 10, 20, 40].into_iter().filter_map(|most| cut(most).ok()) {
        assert!(shrunk.interrupted && !shrunk.proven && shrunk.class == whole.class);
        assert!(shrunk.text.contains("It was interrupted on the way, so more could be left out."), "{}", shrunk.text);
        let outcome = cutline::run(&scenario(&shrunk.text));
        assert_eq!((outcome.guarantee.observed, outcome.verdict), ("at_least_once", Judgement::AsExpected), "{}", shrunk.text);
        sizes.push((shrunk.operators, shrunk.steps));
    }
    assert!(sizes.len() >= 2 && sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > (whole.operators, whole.steps), "{sizes:?}");
}

#[test]
fn a_right_run_does_not_shrink() {
    let text = fs::read_to_string("scenarios/aligned-join.json").expect("a scenario");
    let file = serde_json::from_str(&text).expect("JSON");
    assert_eq!(shrink(&Right, &file, &scenario(&text)), Err(Unshrunk::Right));
}

fn cutline() -> Command {
    cargo_bin_cmd!("cutline")
}

#[test]
fn the_command_writes_a_scenario_that_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = folder.path().join("small.json");
    let shrink = cutline().args(["shrink", "scenarios/at-least-once-double.json", "-o"]).arg(&small).assert().success();
    let said = String::from_utf8_lossy(&shrink.get_output().stdout).into_owned();
    assert!(said.starts_with("duplicated: 8 steps, 3 operators, 1 fault\nminimal: proven by exhaustive search\n"), "{said}");
    cutline().arg("run").arg(&small).assert().success();
}

#[test]
fn the_command_says_what_is_wrong_with_its_arguments() {
    let out = ["-o", "/dev/null"];
    let right = cutline().args(["shrink", "scenarios/aligned-join.json"]).args(out).assert().code(2);
    assert!(String::from_utf8_lossy(&right.get_output().stderr).contains("nothing is broken in the order of this run"));
    let unknown = cutline().args(["shrink", "scenarios/aligned-join.json", "--mutant", "no_blockin"]).args(out).assert().code(2);
    assert!(String::from_utf8_lossy(&unknown.get_output().stderr).contains("\"no_blocking\""));
}

/// What `shrink` writes for a file under a seed, and how it runs.
fn written(path: &str, seed: &str) -> (String, Value, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    let small = folder.path().join("small.json");
    let shrink = cutline().args(["shrink", path, "--seed", seed, "-o"]).arg(&small).assert().success();
    let said = String::from_utf8_lossy(&shrink.get_output().stdout).into_owned();
    let text = fs::read_to_string(&small).expect("it was written");
    let run = cutline().arg("run").arg(&small).assert();
    (said, serde_json::from_str(&text).expect("JSON"), run.get_output().status.code())
}

/// Payments that are drawn, and a property to detect, are part of what fails.
#[test]
fn what_processes_do_is_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let drawn = folder.path().join("drawn.json");
    let file = json!({
        "title": "payments from the seed, and a channel that keeps no order",
        "operators": {"P": {"kind": "account", "tokens": 5}, "Q": {"kind": "account", "tokens": 5}},
        "channels": [{"from": "P", "to": "Q", "order": "any", "delay": {"uniform": ["1ms", "20ms"]}}, {"from": "Q", "to": "P", "delay": "1ms"}],
        "snapshots": {"protocol": "chandy_lamport"},
        "transfers": {"count": 5, "every": "2ms", "amount": 2},
        "script": [{"at": "10ms", "snapshot": "P"}]
    });
    fs::write(&drawn, file.to_string()).expect("a file");
    let (said, small, exit) = written(drawn.to_str().expect("plain"), "1");
    assert_eq!(exit, Some(1), "{said}{small:#}");
    assert!(said.starts_with("conservation: "), "{said}");
    assert!(small["script"].as_array().is_some_and(|script| !script.is_empty()) && small.get("transfers").is_none(), "{small:#}");
}

/// The course's wrong detections of a stable property stay wrong.
#[test]
fn a_property_is_in_the_file() {
    for path in ["scenarios/course/11-is-it-finished-polling.json", "scenarios/course/12-phantom-deadlock-naive.json"] {
        let (said, small, exit) = written(path, "1");
        // Nobody promised otherwise, so the file expects what it shows.
        assert_eq!(exit, Some(0), "{path}: {said}{small:#}");
        assert!(said.starts_with("no_false_alarm: ") == small.get("detect").is_some(), "{path}: {said}{small:#}");
    }
}

/// What a list of steps cannot show is said.
#[test]
fn what_needs_a_clock_or_another_file_is_named() {
    let spiral = json!({
        "title": "every checkpoint takes too long, and every time it all begins anew",
        "operators": {
            "S": {"kind": "source", "records": 200, "every": "1ms"},
            "slow": {"kind": "keyed_count", "service": "4ms"},
            "out": {"kind": "sink", "commit": "two_phase"}
        },
        "channels": [{"from": "S", "to": "slow", "capacity": 50}, {"from": "slow", "to": "out"}],
        "snapshots": {"protocol": "aligned", "interval": "50ms", "timeout": "100ms", "tolerable_failures": 0},
        "recovery": {"detect": "1ms", "restart": "10ms"}
    });
    let shrunk = shrink(&Right, &spiral, &scenario(&spiral.to_string()));
    assert!(matches!(shrunk, Err(Unshrunk::Endless { steps: 1_000.. })), "{shrunk:?}");
    let out = ["-o", "/dev/null"];
    let text = cutline().args(["shrink", "scenarios/word-count.json"]).args(out).assert().code(2);
    assert!(String::from_utf8_lossy(&text.get_output().stderr).contains("reads a text file"));
}

/// A run that was stopped by its limit did not fail.
#[test]
fn a_limit_is_no_failure() {
    let text = fs::read_to_string("scenarios/aligned-join.json").expect("a scenario");
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    for steps in [11, 12, 13, 24, 25, 60] {
        file["limits"] = json!({"steps": steps});
        let shrunk = shrink(&Right, &file, &scenario(&file.to_string()));
        assert!(matches!(shrunk, Err(Unshrunk::Endless { .. } | Unshrunk::Right)), "{steps}: {shrunk:?}");
    }
}

/// What does not do what is said of it is not handed out.
#[test]
fn what_is_not_confirmed_is_refused() {
    let mutant = zoo::find("no_blocking").expect("it is there");
    let text = check("no_blocking", 1);
    let class = "consistent_cut";
    assert_eq!(confirm(mutant, &text, class), Ok(()));
    let because = |text: &str, class: &str| confirm(mutant, text, class).expect_err("refused");
    assert!(because(&text, "liveness").contains("its steps do not show liveness"));
    assert!(because("{", class).contains("it cannot be read"));
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    file["expect"]["failovers"] = json!(7);
    assert!(because(&file.to_string(), class).contains("the right program fails in it too: failovers = 7 is"));
    file["expect"] = json!({"invariants": {"consistent_cut": "violated"}, "skipped": {"min": 0}});
    assert!(because(&file.to_string(), class).contains("comes out as expected"));
    file["schedule"] = json!([]);
    assert!(because(&file.to_string(), class).contains("do not show"));
}
