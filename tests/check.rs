//! Exhaustive search: a committed list of small scenarios, each explored to its end, with pinned
//! counts; protocols that are wrong on purpose are found, by a shortest way.
//!
//! `UPDATE_EXPECT=1 cargo test --test check` rewrites the golden counts. A count that changes means
//! that a state has more or less in it than before.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use common::scenario;
use cutline::Scenario;
use cutline::engine::{Control, World};
use cutline::explore::exhaustive::{Bounds, Budget, Explored, Unfinished, search};
use cutline::model::{Barrier, ChannelId, SnapshotId, TaskState};
use cutline::oracle::Class;
use cutline::protocol::{Aligned, Effect, Effects, ProtocolBox, SnapshotProtocol, StorageLogic, TaskView};
use cutline::scenario::outcome::Judgement;
use expect_test::expect_file;

/// Explored in the release profile only, by the gate: too many states for a test.
const LARGE: [&str; 1] = ["join-aligned-timeout"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/check")
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("a folder of scenarios");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut names: Vec<String> = files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn load(name: &str) -> Scenario {
    let bytes = fs::read(folder().join(format!("{name}.json"))).expect("a committed scenario");
    Scenario::parse(name, &bytes, &|_| Err("no files".to_owned())).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"))
}

fn explore(scenario: &Scenario, world: World, wanted: Option<Class>) -> Explored {
    let budget = Budget::of(&scenario.offers());
    search(scenario, world, budget.needs(), budget, Bounds::default(), wanted)
}

fn line(name: &str, explored: &Explored) -> String {
    let Explored { states, transitions, depth, ends, .. } = explored;
    let mut line = format!("{name}: {states} states, {transitions} transitions, depth {depth}, {ends} ends");
    for example in &explored.allowed {
        write!(line, "; {} after {}", example.class.word(), example.steps.len()).expect("writing to a String");
    }
    line + "\n"
}

#[test]
fn no_order_of_things_breaks_what_is_claimed() {
    let mut lines = String::new();
    for name in names().iter().filter(|name| !LARGE.contains(&name.as_str())) {
        let scenario = load(name);
        let explored = explore(&scenario, scenario.world(), None);
        assert_eq!(explored.found, None, "{name}");
        assert!(explored.is_exhausted(), "{name}");
        lines += &line(name, &explored);
    }
    expect_file!["golden/check.txt"].assert_eq(&lines);
}

/// They are files like all others: run by simulated time they hold as well.
#[test]
fn the_list_runs_by_time_too() {
    for name in names() {
        assert_eq!(cutline::run(&load(&name)).verdict, Judgement::AsExpected, "{name}");
    }
}

/// At least once means that there are duplicates, and the search shows a shortest way to one.
#[test]
fn at_least_once_shows_its_shortest_duplicate() {
    let scenario = load("join-at-least-once");
    let explored = explore(&scenario, scenario.world(), Some(Class::Duplicated));
    let found = explored.found.expect("a duplicate");
    let steps: Vec<String> = found.steps.iter().map(|step| step.describe(scenario.plan())).collect();
    let expected = [
        "trigger",
        "deliver A->count",
        "emit A",
        "deliver A->count",
        "deliver B->count",
        "deliver count->out",
        "deliver count->out",
        "crash A",
        "emit A",
        "deliver A->count",
    ];
    assert_eq!((steps.iter().map(String::as_str).collect::<Vec<_>>(), &*found.what), (expected.to_vec(), "state of count: A#1 x2"));
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    for name in ["join-aligned", "join-at-least-once"] {
        let scenario = load(name);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| explore(&scenario, scenario.world(), None))
        };
        assert_eq!(with(1), with(2), "{name}");
    }
}

#[test]
fn bounds_stop_a_search_and_it_says_so() {
    let scenario = load("join-aligned");
    let budget = Budget::of(&scenario.offers());
    let stopped = |bounds| search(&scenario, scenario.world(), Control::INSTANT, budget, bounds, None);
    let explored = stopped(Bounds { states: 1000, ..Bounds::default() });
    assert_eq!((explored.states, explored.unfinished), (1000, Some(Unfinished::States)));
    let explored = stopped(Bounds { bytes: 1 << 16, ..Bounds::default() });
    assert_eq!(explored.unfinished, Some(Unfinished::Bytes));
    assert!(!explored.is_exhausted());
}

/// A budget of nothing leaves the records and, at the ends, what follows by itself.
#[test]
fn budgets_are_kept() {
    let scenario = load("line-aligned").with_requests(0);
    let nothing = Budget::default();
    let explored = search(&scenario, scenario.world(), Control::INSTANT, nothing, Bounds::default(), None);
    assert!(explored.is_exhausted() && explored.found.is_none());
    let more = search(&scenario, scenario.world(), Control::INSTANT, Budget { crashes: 1, ..nothing }, Bounds::default(), None);
    assert!(more.states > explored.states && more.is_exhausted());
}

// --- wrong on purpose --------------------------------------------------------------------------

/// Aligned, but nothing is ever blocked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct NeverBlocks(Aligned);

impl SnapshotProtocol for NeverBlocks {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.0.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.on_barrier(task, input, barrier, out);
        out.rewrite(|effect| if matches!(effect, Effect::Block(_)) { None } else { Some(effect) });
    }
    fn reset(&mut self) {
        self.0.reset();
    }
}

#[test]
fn aligned_without_blocking_is_caught_by_its_cut_and_by_its_duplicates() {
    let scenario = load("join-aligned");
    let world = || scenario.world_of(&mut |_| ProtocolBox::new(NeverBlocks(Aligned::new(true))));
    let cut = explore(&scenario, world(), None).found.expect("a counterexample");
    // Trigger, a barrier, a record from behind it (two steps), the other barrier, and the sink's part
    // behind that record (two steps).
    assert_eq!((cut.class, cut.steps.len(), cut.at_end), (Class::Broken("consistent_cut"), 7, false), "{cut:#?}");
    let duplicate = explore(&scenario, world(), Some(Class::Duplicated)).found.expect("a counterexample");
    assert_eq!((duplicate.class, duplicate.steps.len()), (Class::Duplicated, 10), "{duplicate:#?}");
}

/// Sets sources back one record too far ahead.
#[derive(Debug)]
struct SkipsARecord;

impl StorageLogic for SkipsARecord {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(next) => TaskState::Source(next + 1),
            other => other.clone(),
        }
    }
}

/// What is lost shows only in an end, which is judged without steps of the search's choice.
#[test]
fn a_lost_record_shows_in_an_end() {
    let scenario = load("line-aligned").with_setup(|setup| setup.storage = &SkipsARecord);
    let lost = explore(&scenario, scenario.world(), Some(Class::Lost)).found.expect("a counterexample");
    // The source went on behind A#2, whose first sending died with the crash.
    assert_eq!((lost.at_end, &*lost.what), (true, "state of count: A#2 x0, key 0: 1 instead of 2; output of out: A#2 x0"), "{lost:#?}");
}

// --- the command -------------------------------------------------------------------------------

fn cutline(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("cutline").expect("the program");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("it runs")
}

fn code(arguments: &[&str]) -> Option<i32> {
    cutline(arguments).status.code()
}

const LINE: &str = "scenarios/check/line-aligned.json";

#[test]
fn the_command_says_by_its_exit_what_it_found() {
    assert_eq!(code(&["check", LINE]), Some(0));
    assert_eq!(code(&["check", LINE, "--max-states", "10"]), Some(5));
    assert_eq!(code(&["check", LINE, "--control", "nothing"]), Some(2));
    assert_eq!(code(&["check", LINE, "--losses", "1", "--control", "instant"]), Some(2));
    assert_eq!(code(&["check", "scenarios/check/none.json"]), Some(2));
    let ghosts = |expect: &str| {
        let text = fs::read_to_string(folder().join("line-aligned.json")).expect("a scenario");
        let text = text.replace(r#""restart": "1ms""#, r#""restart": "1ms", "fencing": false"#);
        let (before, after) = text.split_once(r#""expect": {"#).expect("what is expected");
        let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
        fs::write(file.path(), format!(r#"{before}"expect": {{"invariants": {expect}, {after}"#)).expect("written");
        code(&["check", file.path().to_str().expect("plain")])
    };
    assert_eq!(ghosts("{}"), Some(1));
    assert_eq!(ghosts(r#"{"delivery": "violated", "engine_sanity": "violated"}"#), Some(0));
}

#[test]
fn the_document_is_the_same_with_any_number_of_threads() {
    let document = |jobs| cutline(&["check", "scenarios/check/join-at-least-once.json", "--format", "json", "--jobs", jobs]).stdout;
    let one = document("1");
    assert_eq!(one, document("2"));
    let json: serde_json::Value = serde_json::from_slice(&one).expect("JSON");
    assert_eq!((&json["format"], &json["checks"][0]["verdict"]), (&1.into(), &"held".into()));
    assert_eq!(json["checks"][0]["allowed"][0]["class"], "consistent_cut");
}

/// Two records race into the row of one key: which one came last decides what will be said of the table, so it tells
/// states apart. What is added up has no such order.
#[test]
fn the_last_writer_of_a_row_is_part_of_the_state() {
    let explored = |commit: &str| {
        let scenario = scenario(&format!(
            r#"{{
              "title": "a race",
              "operators": {{
                "A": {{"kind": "source", "records": 1}}, "B": {{"kind": "source", "records": 1}},
                "double": {{"kind": "map", "multiply": 2}}, "out": {{"kind": "sink", "commit": "{commit}"}}
              }},
              "channels": [{{"from": "A", "to": "double"}}, {{"from": "double", "to": "out"}}, {{"from": "B", "to": "out"}}],
              "snapshots": {{"protocol": "none"}}
            }}"#
        ));
        explore(&scenario, scenario.world(), None)
    };
    let (added, written) = (explored("additive"), explored("upsert"));
    assert_eq!((added.ends, written.ends), (1, 2));
    assert_eq!((added.found, written.found), (None, None), "either may be last");
}
