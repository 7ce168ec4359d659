//! Files that the program writes: places are tried before the work begins, and nothing is half there.
#![cfg(feature = "cli")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use tempfile::TempDir;

/// A record counts twice, which nobody promises not to happen.
const WRONG: &str = r#"{
  "title": "a record counts twice",
  "operators": {"A": {"kind": "source", "records": 3, "every": "1ms"}, "n": {"kind": "keyed_count"}, "out": {"kind": "sink", "commit": "plain"}},
  "channels": [{"from": "A", "to": "n"}, {"from": "n", "to": "out"}],
  "snapshots": {"protocol": "aligned"},
  "faults": [{"crash": "out", "at": "2500us"}]
}"#;

/// A campaign that fails, and is soon over.
const FAILING: &str = "fuzz --mutant restores_nothing --runs 64 --seed 3";

struct Room(TempDir);

/// What a run of the program left behind.
struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Room {
    fn new() -> Room {
        let room = Room(TempDir::new().expect("a temporary folder"));
        fs::write(room.path("wrong.json"), WRONG).expect("a file");
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn cutline(&self, arguments: &str) -> Ran {
        let mut command = cargo_bin_cmd!("cutline");
        command.current_dir(self.0.path()).env("NO_COLOR", "1").timeout(Duration::from_secs(60)).args(arguments.split(' '));
        let output = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { exit: output.status.code().expect("it ends by itself"), out: text(output.stdout), err: text(output.stderr) }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }
}

/// Whatever it would take: none of these is over within the minute that is given to it.
#[test]
fn a_place_that_cannot_be_written_is_said_before_the_work() {
    let room = Room::new();
    for (arguments, place) in [
        ("fuzz --runs 1000000000000 --out wrong.json/found", "wrong.json/found"),
        ("fuzz --runs 1000000000000 --out wrong.json", "wrong.json"),
        ("fuzz --runs 1000000000000 --report wrong.json/report.json", "wrong.json/report.json"),
        ("fuzz --runs 1000000000000 --report .", "."),
        ("zoo --trials 1000 --out wrong.json/found", "wrong.json/found"),
        ("merge none.json -o wrong.json/report.json", "wrong.json/report.json"),
        ("merge none.json --out wrong.json/found", "wrong.json/found"),
        ("shrink wrong.json -o wrong.json/small.json", "wrong.json/small.json"),
        ("view wrong.json -o wrong.json/page.html", "wrong.json/page.html"),
        ("export wrong.json --to dot -o wrong.json/graph.dot", "wrong.json/graph.dot"),
        ("run wrong.json --trace wrong.json/facts.tsv", "wrong.json/facts.tsv"),
    ] {
        let ran = room.cutline(arguments);
        assert_eq!((ran.exit, &*ran.out), (2, ""), "{arguments}: {}", ran.err);
        assert!(ran.err.starts_with(&format!("error: cannot write {place}: ")) && ran.err.contains("help: "), "{arguments}: {}", ran.err);
    }
    assert_eq!(room.names(), ["wrong.json"]);
}

#[test]
fn a_report_is_replaced_by_those_alone_who_say_so() {
    let room = Room::new();
    assert_eq!(room.cutline("fuzz --runs 10 --seed 4 --report report.json").exit, 0);
    let report = fs::read_to_string(room.path("report.json")).expect("the report");
    let again = room.cutline("fuzz --runs 20 --seed 5 --report report.json");
    assert_eq!((again.exit, &*again.out), (2, ""));
    let said = "error: report.json is there already, and is the report of a campaign of seed 4, with 10 runs\n  help: say --resume";
    assert!(again.err.starts_with(said), "{}", again.err);
    assert_eq!(fs::read_to_string(room.path("report.json")).expect("the report"), report);
    let other = room.cutline("fuzz --runs 20 --report wrong.json");
    assert!(
        other.exit == 2 && other.err.starts_with("error: wrong.json is there already, and is no report of a campaign\n"),
        "{}",
        other.err
    );
    assert_eq!(room.cutline("fuzz --runs 20 --seed 4 --report report.json --resume").exit, 0);
    assert_eq!(room.cutline("fuzz --runs 10 --seed 4 --report report.json --replace").exit, 0);
    assert_eq!(fs::read_to_string(room.path("report.json")).expect("the report"), report);
    assert_eq!(room.cutline("fuzz --runs 10 --report report.json --resume --replace").exit, 2);
    let other = room.cutline("fuzz --runs 20 --seed 5 --report report.json --resume");
    assert!(other.exit == 2 && other.err.contains("say --replace instead of --resume to begin anew"), "{}", other.err);
    let merged = room.cutline("merge report.json -o wrong.json");
    assert!(
        merged.exit == 2 && merged.err.starts_with("error: wrong.json is there already, and is no report of a campaign\n"),
        "{}",
        merged.err
    );
    assert_eq!(room.cutline("merge report.json -o report.json --replace").exit, 0);
    assert_eq!(room.names(), ["report.json", "wrong.json"], "nothing else is left");
}

#[test]
fn the_second_of_two_writers_is_refused() {
    let room = Room::new();
    let first = File::create(room.path(".report.json.lock")).expect("a file");
    first.lock().expect("nobody else has it");
    let second = room.cutline("fuzz --runs 10 --report report.json");
    assert_eq!((second.exit, &*second.out), (2, ""));
    assert!(second.err.starts_with("error: cannot write report.json: another cutline is writing it\n"), "{}", second.err);
    assert_eq!(room.cutline("fuzz --runs 10 --report other.json").exit, 0);
    // A child that another test starts just now may hold the file, too, for a moment.
    first.unlock().expect("it is held");
    drop(first);
    assert_eq!(room.cutline("fuzz --runs 10 --report report.json").exit, 0);
    assert_eq!(room.names(), ["other.json", "report.json", "wrong.json"]);
}

/// What was found is there, on standard output at least.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_was_found() {
    let room = Room::new();
    for command in ["view wrong.json -o", "export wrong.json --to dot -o", "run wrong.json --trace"] {
        let ran = room.cutline(&format!("{command} /dev/full"));
        assert!(ran.exit == 2 && ran.err.contains("cannot write /dev/full: no space left on device"), "{command}: {}", ran.err);
    }
    let shrunk = room.cutline("shrink wrong.json -o /dev/full");
    assert!(shrunk.exit == 2 && shrunk.err.contains("cannot write /dev/full: no space left on device"), "{}", shrunk.err);
    let small: Value = serde_json::from_str(&shrunk.out).expect("the small scenario");
    assert!(small["schedule"].is_array(), "{small}");
    let campaign = room.cutline(&format!("{FAILING} --report /dev/full"));
    assert!(campaign.exit == 2 && campaign.out.contains("reproduce: cutline run cutline-findings/"), "{}\n{}", campaign.out, campaign.err);
    assert_eq!(room.cutline(&format!("{FAILING} --report report.json")).exit, 1);
    let merged = room.cutline("merge report.json -o /dev/full");
    assert!(merged.exit == 2 && merged.out.contains("restores_nothing"), "{}", merged.err);
    assert_eq!(room.names(), ["cutline-findings", "report.json", "wrong.json"]);
    use std::os::unix::fs::FileTypeExt;
    assert!(fs::metadata("/dev/full").expect("it is there").file_type().is_char_device(), "it was written to, and not replaced");
}

/// A file that a link leads to is replaced, and the link stays.
#[cfg(unix)]
#[test]
fn links_stay_links() {
    let room = Room::new();
    fs::write(room.path("real.html"), "").expect("a file");
    std::os::unix::fs::symlink("real.html", room.path("link.html")).expect("a link");
    assert_eq!(room.cutline("view wrong.json -o link.html").exit, 0);
    assert!(fs::symlink_metadata(room.path("link.html")).expect("it is there").is_symlink());
    assert!(fs::read_to_string(room.path("real.html")).expect("a page").ends_with("</html>\n"));
}
