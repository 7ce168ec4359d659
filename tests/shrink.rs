//! Shrinking: what comes out is small, fails as before with the bug in it, and holds without.

mod common;

use std::fs;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use common::{scenario, violated};
use cutline::explore::{Campaign, Right, Suspect, shrink, zoo};
use cutline::scenario::outcome::Judgement;
use expect_test::expect_file;

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

#[test]
fn a_right_run_does_not_shrink() {
    let text = fs::read_to_string("scenarios/aligned-join.json").expect("a scenario");
    let file = serde_json::from_str(&text).expect("JSON");
    assert_eq!(shrink(&Right, &file, &scenario(&text)), None);
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
