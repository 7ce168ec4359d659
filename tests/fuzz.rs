//! Campaigns on the command line: the report depends on the seed and the runs alone, however they are
//! divided; what fails is kept as a file that fails again.
#![cfg(feature = "cli")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use expect_test::expect_file;
use serde_json::Value;
use tempfile::TempDir;

/// The variables in which schedulers number jobs; tests may themselves run in such a job.
const INDICES: [&str; 4] = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "CI_NODE_INDEX"];

/// What a run of the program left behind.
struct Ran {
    exit: i32,
    out: String,
    err: String,
}

/// An empty folder in which the program can be tried.
struct Room(TempDir);

impl Room {
    fn new() -> Room {
        Room(TempDir::new().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = cargo_bin_cmd!("cutline");
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"].iter().chain(&INDICES) {
            command.env_remove(name);
        }
        command.current_dir(self.0.path()).timeout(Duration::from_secs(120)).args(arguments.split_whitespace());
        command
    }

    fn cutline(&self, arguments: &str) -> Ran {
        finish(&mut self.command(arguments))
    }

    /// The JSON of a command that ends in the given way.
    fn json(&self, exit: i32, arguments: &str) -> String {
        let ran = self.cutline(&format!("{arguments} --format json"));
        assert_eq!(ran.exit, exit, "{arguments}\n{}", ran.err);
        ran.out
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.0.path()).expect("a folder").next().is_none()
    }
}

fn finish(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { exit: output.status.code().expect("it ends by itself"), out: text(output.stdout), err: text(output.stderr) }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// A mutant and so few runs that making its failures small is quick.
const FAILING: &str = "fuzz --mutant restores_nothing --runs 200 --seed 3";

#[test]
fn a_small_campaign_is_summed_up() {
    let room = Room::new();
    let ran = room.cutline("fuzz --runs 300 --seed 1 --protocols aligned,chandy_lamport");
    assert_eq!(ran.exit, 0, "{}", ran.err);
    expect_file!["golden/fuzz.txt"].assert_eq(&ran.out);
    assert!(ran.err.starts_with("300 runs, 0 failed, ") && ran.err.ends_with(" runs/s\n"), "{}", ran.err);
    assert!(room.is_empty(), "without failures nothing is written");
}

#[test]
fn jobs_do_not_matter() {
    let room = Room::new();
    for (exit, campaign) in [(0, "fuzz --runs 300 --seed 5"), (1, FAILING)] {
        let [one, four] = ["1", "4"].map(|jobs| room.json(exit, &format!("{campaign} --jobs {jobs}")));
        assert!(one == four, "{one}\n{four}");
    }
}

#[test]
fn shards_are_the_campaign() {
    let room = Room::new();
    for (exit, campaign) in [(0, "fuzz --runs 301 --seed 5"), (1, FAILING)] {
        let whole = room.json(exit, &format!("{campaign} --out whole"));
        for shard in 1..=3 {
            let ran = room.cutline(&format!("{campaign} --shard {shard}/3 --out {shard}"));
            assert!(ran.exit <= exit, "{}", ran.err);
            assert_eq!(json(&room.read(&format!("{shard}/report.json")))["shards"]["parts"][0]["shard"], shard);
        }
        let merged = room.json(exit, "merge 3/report.json 1/report.json 2/report.json -o merged.json --replace --out files");
        assert!(merged == whole && room.read("merged.json") == whole && room.read("whole/report.json") == whole, "{merged}\n{whole}");
        // In two steps, the other way round.
        room.json(exit, "merge 2/report.json 3/report.json --partial -o part.json --replace");
        assert!(room.json(exit, "merge part.json 1/report.json") == whole);
        for failures in json(&whole)["failures"].as_array().expect("a list") {
            for finding in failures["findings"].as_array().expect("a list") {
                let file = finding["file"].as_str().expect("a name");
                assert_eq!(room.read(&format!("files/{file}")), finding["scenario"].as_str().expect("text"));
                assert_eq!(room.read(&format!("whole/{file}")), finding["scenario"].as_str().expect("text"));
            }
        }
    }
}

#[test]
fn merging_says_what_does_not_fit() {
    let room = Room::new();
    for (name, arguments) in [
        ("a1", "--shard 1/3"),
        ("a2", "--shard 2/3"),
        ("seed", "--shard 3/3 --seed 9"),
        ("runs", "--shard 3/3 --runs 65"),
        ("of", "--shard 3/4"),
        ("protocols", "--shard 3/3 --protocols aligned"),
    ] {
        let runs = if arguments.contains("--runs") { "" } else { "--runs 64" };
        assert_eq!(room.cutline(&format!("fuzz {runs} {arguments} --report {name}.json")).exit, 0, "{name}");
    }
    fs::write(room.path("no.json"), "{}").expect("a file can be written");
    fs::write(room.path("old.json"), room.read("a1.json").replacen("\"version\": \"", "\"version\": \"0.0.", 1))
        .expect("it can be written");
    for (reports, words) in [
        ("a1.json a2.json", "there is no shard 3 of 3"),
        ("a1.json a2.json a1.json", "shard 1 of 3 is in a1.json and in a1.json"),
        ("a1.json seed.json", "seed 0 and 9"),
        ("a1.json runs.json", "runs 64 and 65"),
        ("a1.json of.json", "number of shards 3 and 4"),
        ("a1.json protocols.json", "of different campaigns: protocols "),
        ("a1.json no.json", "no.json: it is no report"),
        ("a1.json old.json", "written by version"),
        ("a1.json none.json", "cannot read none.json"),
    ] {
        let ran = room.cutline(&format!("merge {reports} -o merged.json"));
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{reports}");
        assert!(ran.err.contains(words), "{reports}: {}", ran.err);
    }
    assert!(!room.path("merged.json").exists());
    let ran = room.cutline("merge a1.json a2.json --partial");
    assert!(ran.exit == 0 && ran.out.contains("NOT complete: there is no shard 3 of 3"), "{}", ran.out);
}

#[test]
fn a_campaign_is_gone_on_with() {
    let room = Room::new();
    let whole = room.json(1, FAILING);
    // As it is on disk when the program was killed on its way: fewer runs, and nothing is made small.
    for shorter in ["--runs 77", "--runs 150"] {
        room.json(1, &format!("{} {shorter} --report part.json --replace", FAILING.replace(" --runs 200", "")));
        let mut part = json(&room.read("part.json"));
        part["runs_wanted"] = 200.into();
        for failures in part["failures"].as_array_mut().expect("a list") {
            failures["findings"] = Value::Array(Vec::new());
        }
        fs::write(room.path("part.json"), serde_json::to_string(&part).expect("JSON")).expect("a file can be written");
        let partial = room.cutline("merge part.json");
        assert_eq!(partial.exit, 2);
        assert!(partial.err.contains(&format!("the runs {} to 199", &shorter[7..])), "{}", partial.err);
        assert!(partial.err.contains("small scenarios for the failed runs"), "{}", partial.err);
        assert!(room.json(1, &format!("{FAILING} --report part.json --resume")) == whole);
        assert!(room.read("part.json") == whole);
    }
    // All is there: nothing is left to do.
    assert!(room.json(1, &format!("{FAILING} --report part.json --resume")) == whole);
    // There is nothing: from the beginning.
    assert!(room.json(1, &format!("{FAILING} --report new.json --resume")) == whole);
    for (arguments, words) in [
        ("--mutant restores_nothing --runs 200 --seed 4", "seed 3 and 4"),
        ("--mutant no_blocking --runs 200 --seed 3", "suspect restores_nothing and no_blocking"),
        ("--mutant restores_nothing --runs 199 --seed 3", "it has 200 runs, and only 199 are wanted"),
        ("--mutant restores_nothing --runs 200 --seed 3 --shard 1/2", "number of shards 1 and 2"),
    ] {
        let ran = room.cutline(&format!("fuzz {arguments} --report part.json --resume"));
        assert_eq!(ran.exit, 2, "{arguments}");
        assert!(ran.err.contains(words), "{arguments}: {}", ran.err);
    }
    assert_eq!(room.cutline("fuzz --resume").exit, 2);
    assert!(room.read("part.json") == whole, "a report that does not fit stays as it is");
}

#[test]
fn time_is_a_limit_too() {
    let room = Room::new();
    let report = json(&room.json(0, "fuzz --for 1ms --protocols chandy_lamport --jobs 1 --report report.json"));
    assert_eq!((&report["runs"], &report["runs_wanted"]), (&Value::from(6144), &Value::Null), "a whole block");
    assert_eq!(room.cutline("merge report.json").exit, 0);
    assert_eq!(room.cutline("fuzz --for 60").exit, 2);
    assert_eq!(room.cutline("fuzz --for 60s --runs 3").exit, 2);
}

#[test]
fn schedulers_say_which_shard_it_is() {
    let room = Room::new();
    let run = |set: &[(&str, &str)]| finish(room.command("fuzz --runs 64 --shards 4 --format json").envs(set.iter().copied()));
    let wanted = room.json(0, "fuzz --runs 64 --shard 3/4");
    for (name, value) in INDICES.iter().zip(["2", "2", "2", "3"]) {
        let ran = run(&[(name, value)]);
        assert_eq!(ran.exit, 0, "{name}: {}", ran.err);
        assert!(ran.out == wanted, "{name}");
    }
    assert!(run(&[("JOB_COMPLETION_INDEX", "2"), ("CI_NODE_INDEX", "3"), ("SLURM_ARRAY_TASK_COUNT", "1")]).out == wanted);
    for (set, words) in [
        (&[][..], "SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, CI_NODE_INDEX"),
        (&[("SLURM_ARRAY_TASK_ID", "1"), ("CI_NODE_INDEX", "1")], "disagree: SLURM_ARRAY_TASK_ID=1, CI_NODE_INDEX=1"),
        (&[("SLURM_ARRAY_TASK_ID", "4")], "SLURM_ARRAY_TASK_ID=4 is no number from 0 to 3"),
        (&[("CI_NODE_INDEX", "0")], "CI_NODE_INDEX=0 is no number from 1 to 4"),
        (&[("AWS_BATCH_JOB_ARRAY_INDEX", "x")], "AWS_BATCH_JOB_ARRAY_INDEX=x"),
    ] {
        let ran = run(set);
        assert_eq!((ran.exit, &*ran.out), (2, ""));
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    assert_eq!(room.cutline("fuzz --shard 5/4").exit, 2);
    assert_eq!(room.cutline("fuzz --shard 1/4 --shards 4").exit, 2);
}

#[test]
fn what_has_to_be_reached_is_demanded() {
    let room = Room::new();
    let ran = room.cutline("fuzz --runs 64 --protocols chandy_lamport --require job_failed,message_overtaken --report report.json");
    assert_eq!(ran.exit, 4);
    assert!(ran.err.contains("never reached: ") && ran.err.contains("message_overtaken"), "{}", ran.err);
    assert_eq!(room.cutline("fuzz --runs 64 --protocols aligned --require restored_from_snapshot").exit, 0);
    let ran = room.cutline("merge report.json --require all");
    assert!(ran.exit == 4 && ran.err.contains("alignment_blocked_channel"), "{}", ran.err);
}

#[test]
fn unknown_names_have_suggestions() {
    let room = Room::new();
    for (arguments, words) in [
        ("fuzz --mutant no_blockin", "\"no_blocking\""),
        ("fuzz --require restored_from_nothin", "\"restored_from_nothing\""),
        ("fuzz --protocols alined", "'aligned'"),
        ("fuzz --protocols no_markers", "choose from: aligned"),
        ("fuzz --mutant no_blocking --protocols lai_yang", "choose from: "),
        ("run x.json --mutant no_blockin", "\"no_blocking\""),
    ] {
        let ran = room.cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments}");
        assert!(ran.err.contains(words), "{arguments}: {}", ran.err);
    }
    assert!(room.is_empty());
}

#[test]
fn what_fails_is_kept_and_fails_again() {
    let room = Room::new();
    let ran = room.cutline("fuzz --mutant no_blocking --runs 128 --seed 2");
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let commands: Vec<&str> = ran.out.lines().filter_map(|line| line.trim().strip_prefix("reproduce: cutline ")).collect();
    assert!(!commands.is_empty(), "{}", ran.out);
    for command in commands.iter().take(3) {
        assert!(command.starts_with("run cutline-findings/") && command.ends_with(" --mutant no_blocking"), "{command}");
        let ran = room.cutline(command);
        assert!(ran.exit == 1 && ran.out.contains("VIOLATED"), "{command}\n{}", ran.out);
        assert!(!ran.out.contains("could not happen"), "every step of the schedule can happen:\n{}", ran.out);
        // The bug is the mutant's.
        let right = room.cutline(command.trim_end_matches(" --mutant no_blocking"));
        assert!(!right.out.contains("  VIOLATED "), "{command}\n{}", right.out);
    }
    // Where the bug cannot be, a run would only look as if it was harmless.
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/at-least-once-double.json");
    let ran = room.cutline(&format!("run {other} --mutant no_blocking"));
    assert!(ran.exit == 2 && ran.err.contains("there is no place for no_blocking in it"), "{}", ran.err);
}

#[test]
fn every_report_tells_of_the_canary() {
    let room = Room::new();
    let report = json(&room.json(0, "fuzz --runs 1 --protocols lai_yang"));
    assert_eq!(report["canary"]["mutant"], cutline::explore::zoo::CANARY);
    assert!(report["canary"]["found_by_run"].is_u64(), "{report}");
    assert!(room.cutline("fuzz --runs 1").out.contains("\n  canary: run "));
}

/// Whether it is asked to end or killed, the report on disk is whole, and can be gone on with.
#[cfg(unix)]
#[test]
fn an_interrupted_campaign_leaves_its_report() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    for signal in ["INT", "TERM", "KILL"] {
        let room = Room::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutline"));
        command.current_dir(room.0.path()).args("fuzz --protocols lai_yang --runs 1000000000 --jobs 1 --report report.json".split(' '));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        while !room.path("report.json").exists() {
            assert!(child.try_wait().expect("a state").is_none(), "it goes on until it is interrupted");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().expect("kill").success());
        let status = child.wait().expect("it ends");
        assert!(status.code() == Some(130) || signal == "KILL" && status.signal() == Some(9), "{signal}: {status}");
        let report = json(&room.read("report.json"));
        let runs = report["runs"].as_u64().expect("a number");
        assert!(runs > 0 && runs.is_multiple_of(6144), "{runs}");
        assert_eq!(room.cutline("merge report.json").exit, 2);
        assert_eq!(room.cutline("merge report.json --partial").exit, 0);
        let more = format!("fuzz --protocols lai_yang --runs {} --report report.json --resume", runs + 64);
        assert_eq!(json(&room.json(0, &more))["runs"], runs + 64);
    }
}

/// Given scenarios are walked through as they are, with their own graph and protocol.
#[test]
fn given_scenarios_are_walked_through() {
    let room = Room::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/check");
    let join = format!("{folder}/join-aligned.json");
    let report = json(&room.json(0, &format!("fuzz {folder} --runs 128")));
    assert_eq!((&report["runs"], report["files"].as_array().map(Vec::len)), (&Value::from(128), Some(17)));
    let ran = room.cutline(&format!("fuzz {join} --runs 256 --mutant no_blocking"));
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let command = ran.out.lines().find_map(|line| line.trim().strip_prefix("reproduce: cutline ")).expect("a command");
    let again = room.cutline(command);
    assert!(again.exit == 1 && again.out.contains("VIOLATED"), "{command}\n{}", again.out);
    let ran = room.cutline(&format!("fuzz {join} --mutant last_overtaken_lost"));
    assert!(ran.exit == 2 && ran.err.contains("no place for last_overtaken_lost"), "{}", ran.err);
    let ran = room.cutline(concat!("fuzz ", env!("CARGO_MANIFEST_DIR"), "/scenarios/word-count.json"));
    assert!(ran.exit == 2 && ran.err.contains("cannot read text files"), "{}", ran.err);
    assert_eq!(room.cutline("fuzz none.json").exit, 2);
}
