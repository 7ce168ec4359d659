//! The kill matrix: what it says of mutants that are easy to find, and of what is no mutant at all.
//!
//! `UPDATE_EXPECT=1 cargo test --test zoo_matrix` rewrites the golden table.
#![cfg(feature = "cli")]

use assert_cmd::cargo::cargo_bin_cmd;
use cutline::explore::Right;
use cutline::explore::zoo::{self, ByCheck, Effort, Matrix, Patient, Runs, ZOO};
use cutline::kernel::Patience;
use expect_test::expect_file;
use serde_json::{Value, json};

const EASY: &str = "no_blocking,restores_nothing,last_key_not_saved";

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = cargo_bin_cmd!("cutline");
    let output = command.env("NO_COLOR", "1").arg("zoo").args(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn easy_mutants_are_found_in_every_trial() {
    let (exit, text, _) = run(&["--only", EASY, "--trials", "3", "--seed", "5"]);
    assert_eq!(exit, Some(0));
    expect_file!["golden/zoo-matrix.txt"].assert_eq(&text);
}

/// The document has a fixed form, and the number of threads is no part of it.
#[test]
fn the_document_is_the_same_with_any_number_of_threads() {
    let document = |jobs| run(&["--only", EASY, "--trials", "3", "--format", "json", "--jobs", jobs]);
    let (exit, text, _) = document("1");
    assert_eq!(exit, Some(0));
    assert_eq!(text, document("4").1);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["format"], &json["version"], &json["trials"]), (&json!(1), &json!(env!("CARGO_PKG_VERSION")), &json!(3)));
    let mutants = json["mutants"].as_array().expect("a list");
    let names: Vec<&str> = mutants.iter().filter_map(|mutant| mutant["name"].as_str()).collect();
    assert_eq!(names.join(","), EASY);
    for mutant in mutants {
        let known = zoo::find(mutant["name"].as_str().expect("a name")).expect("of the table");
        assert_eq!((&mutant["stands_for"], &mutant["what"]), (&json!(known.stands_for), &json!(known.what)));
        assert_eq!((&mutant["found"], &mutant["trials_found"]), (&json!(true), &json!(3)), "{mutant}");
        let runs = ["runs_median", "runs_p95", "runs_worst"].map(|name| mutant[name].as_u64().expect("a number"));
        assert!(runs[0] >= 1 && runs.is_sorted(), "{mutant}");
        assert!(mutant["killers"].as_array().is_some_and(|killers| killers.contains(&json!(known.caught_by))), "{mutant}");
        assert!(["yes", "no", "not_exhausted"].contains(&mutant["found_by_check"].as_str().expect("a word")), "{mutant}");
        for name in ["shortest_steps", "shortest_operators", "shortest_faults"] {
            assert!(mutant[name].is_u64(), "{name}: {mutant}");
        }
        assert!(mutant["proven"].is_boolean() && mutant["same_file"].is_boolean(), "{mutant}");
    }
}

/// Every counterexample, as it lies on disk, fails with its bug in the way that is said of it, and is as
/// expected without: one that the right program shows too is none.
#[test]
fn counterexamples_fail_with_the_bug_and_hold_without() {
    let room = tempfile::tempdir().expect("a folder");
    let folder = room.path().join("of/its/own");
    let (exit, text, err) = run(&["--trials", "1", "--format", "json", "--out", folder.to_str().expect("plain")]);
    assert_eq!(exit, Some(0), "{err}");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let killers = |at: usize| json["mutants"][at]["killers"].as_array().expect("a list");
    for (at, mutant) in ZOO.iter().enumerate() {
        let file = folder.join(format!("{}.json", mutant.name));
        let ran = |more: &[&str]| {
            let output = cargo_bin_cmd!("cutline").env("NO_COLOR", "1").args(["run", "--format", "json"]).arg(&file).args(more).output();
            let output = output.expect("it runs");
            (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
        };
        let (exit, right) = ran(&[]);
        assert_eq!(exit, Some(0), "{}: the right program: {right}", mutant.name);
        let (exit, wrong) = ran(&["--mutant", mutant.name]);
        assert_eq!(exit, Some(1), "{}: {wrong}", mutant.name);
        let outcome: Value = serde_json::from_str(&wrong).expect("JSON");
        let invariants = outcome["outcomes"][0]["invariants"].as_array().expect("a list");
        let is_killer = |invariant: &&Value| invariant["verdict"] == "violated" && killers(at).contains(&invariant["name"]);
        assert!(invariants.iter().any(|invariant| is_killer(&invariant)), "{}: {wrong}", mutant.name);
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let (exit, out, err) = run(&["--only", "no_blokcing"]);
    assert_eq!((exit, &*out), (Some(2), ""));
    assert!(err.contains("did you mean no_blocking?"), "{err}");
    let (exit, _, err) = run(&["--only", "no_blocking", "--out", "Cargo.toml"]);
    assert!(exit == Some(2) && err.contains("cannot write Cargo.toml"), "{exit:?} {err}");
    assert_eq!(run(&["--trials", "0"]).0, Some(2));
}

/// A mutant that is not found in the runs it is given is no success.
#[test]
fn giving_up_is_an_exit_of_its_own() {
    let hard = ["--only", "restores_nothing", "--trials", "1", "--runs", "1"];
    let (exit, text, _) = run(&hard);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("NOT FOUND        restores_nothing"), "{text}");
}

/// What has no bug has no killer: nothing is claimed to be found, and nothing is shrunk.
#[test]
fn what_is_right_is_not_found() {
    let right = Patient { name: "right", stands_for: "nothing", what: "is right", suspect: &Right };
    let easy = Patient::from(zoo::find(zoo::CANARY).expect("the canary"));
    let matrix = Matrix::of_patients(&[right, easy], Effort { trials: 2, seed: 1, limit: 300 }, Patience::ENDLESS);
    assert!(!matrix.is_complete());
    let [right, easy] = &matrix.rows[..] else { panic!("two rows") };
    assert_eq!((right.found, right.trials, right.runs), (0, 2, Runs::default()));
    assert!(right.killers.is_empty() && right.shortest.is_none() && right.same_file.is_none() && right.only_killer.is_none());
    assert_ne!(right.by_check, ByCheck::Yes);
    assert_eq!((easy.found, easy.by_check), (2, ByCheck::Yes));
    assert_eq!(matrix.runs().worst, None, "one of them was never found");
}

#[test]
fn the_names_on_the_command_line_are_those_of_the_table() {
    for name in EASY.split(',') {
        assert!(ZOO.iter().any(|mutant| mutant.name == name), "{name}");
    }
}
