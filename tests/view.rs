//! The terminal diagram and the data of the page.

mod common;

use std::fs;
use std::path::Path;

use cutline::Scenario;
use cutline::report::diagram::{Glyphs, Options, diagram};
use cutline::report::frame::{Frame, Nowhere, Place, Wanted};
use cutline::report::page;
use cutline::scenario::Recording;
use expect_test::{ExpectFile, expect_file};
use serde_json::Value;

fn committed(name: &str) -> Scenario {
    let path = Path::new("scenarios").join(name);
    let read = |file: &str| fs::read(path.with_file_name(file)).map_err(|error| error.to_string());
    Scenario::parse(&path.display().to_string(), &fs::read(&path).expect("a file"), &read).expect("a valid scenario")
}

fn drawn(name: &str, options: Options) -> String {
    let scenario = committed(name);
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    diagram(&recording, options, &frame(&recording, Wanted::default()))
}

fn frame(recording: &Recording<'_>, wanted: Wanted) -> Frame {
    Frame::of(recording, wanted).expect("a place of the run")
}

fn check(name: &str, glyphs: Glyphs, expected: ExpectFile) {
    expected.assert_eq(&drawn(name, Options { glyphs, rows: 200 }));
}

#[test]
fn diagrams_read_from_top_to_bottom() {
    check("at-least-once-double.json", Glyphs::UNICODE, expect_file!["golden/diagram/at-least-once-double.txt"]);
    check("course/01-token-in-flight.json", Glyphs::UNICODE, expect_file!["golden/diagram/token-in-flight.txt"]);
    check("course/15-unaligned-backpressure.json", Glyphs::UNICODE, expect_file!["golden/diagram/unaligned-backpressure.txt"]);
    check("schedules/held-by-alignment.json", Glyphs::ASCII, expect_file!["golden/diagram/held-by-alignment.txt"]);
}

#[test]
fn ascii_is_nothing_but_ascii() {
    for name in ["at-least-once-double.json", "course/08-overlapping-snapshots.json", "word-count.json"] {
        assert!(drawn(name, Options { glyphs: Glyphs::ASCII, rows: 1_000 }).is_ascii(), "{name}");
    }
}

#[test]
fn rows_beyond_the_limit_are_counted() {
    let whole = drawn("aligned-join.json", Options { glyphs: Glyphs::ASCII, rows: 100_000 });
    let cut = drawn("aligned-join.json", Options { glyphs: Glyphs::ASCII, rows: 10 });
    let notes: Vec<&str> = cut.lines().filter_map(|line| line.strip_prefix("... ")).collect();
    let more: usize = notes.iter().filter_map(|note| note.split(' ').next()?.parse::<usize>().ok()).sum();
    let lines = |text: &str| text.lines().count();
    assert_eq!((lines(&whole), notes.len()), (lines(&cut) + more - 2, 2));
}

fn data(scenario: &Scenario, most: usize) -> Value {
    data_of(scenario, most, Wanted::default())
}

fn data_of(scenario: &Scenario, most: usize, wanted: Wanted) -> Value {
    let recording = Recording::of(scenario, scenario.world(), usize::MAX);
    serde_json::to_value(page::data(&recording, &frame(&recording, wanted).facts(&recording, most))).expect("plain data")
}

/// Columns are as long as there are facts, and point into what is there.
#[test]
fn the_data_of_a_page_holds_together() {
    for name in ["at-least-once-double.json", "course/12-phantom-deadlock.json", "word-count.json", "join.json", "fencing-off.json"] {
        let data = data(&committed(name), 5_000);
        let length = |list: &Value| list.as_array().expect("a list").len() as i64;
        for (table, unlimited) in
            [("facts", ["at", "step", "value", "snapshot"]), ("messages", ["snapshot", "snapshot", "snapshot", "snapshot"])]
        {
            let columns = data[table].as_object().expect("columns");
            let rows = columns.values().map(length).max().unwrap();
            assert!(rows > 0);
            for (column, values) in columns {
                assert_eq!(length(values), rows, "{name}: {table}.{column}");
                let limit = match column.as_str() {
                    _ if unlimited.contains(&column.as_str()) => i64::MAX,
                    "kind" if table == "facts" => length(&data["kinds"]),
                    "kind" => length(&data["message_kinds"]),
                    "task" | "from" | "to" => length(&data["tasks"]),
                    "channel" => length(&data["channels"]),
                    "record" => length(&data["records"]),
                    "sent" | "received" => length(&data["facts"]["at"]),
                    _ => i64::MAX,
                };
                let is_inside = |value: &Value| value.as_i64().is_none_or(|value| (-1..limit).contains(&value));
                assert!(values.as_array().expect("a list").iter().all(is_inside), "{name}: {table}.{column}");
            }
        }
    }
}

/// A run of many records that crashes three times, and breaks what it promises at none of them.
fn long(faults: &str) -> Scenario {
    common::scenario(&format!(
        r#"{{"title": "many records",
          "operators": {{"A": {{"kind": "source", "records": 2000, "every": "1ms"}}, "n": {{"kind": "keyed_count", "keys": 3}},
                         "out": {{"kind": "sink", "commit": "two_phase"}}}},
          "channels": [{{"from": "A", "to": "n"}}, {{"from": "n", "to": "out"}}],
          "snapshots": {{"protocol": "aligned", "interval": "100ms"}},
          "faults": {faults}}}"#
    ))
}

const THREE: &str = r#"[{"crash": "n", "at": "1.2s"}, {"slow": "n", "from": "400ms", "for": "10ms", "extra": "1ms"},
  {"crash": "out", "when": {"reaches": "completed", "snapshot": 3}}, {"crash": "A", "at": "5h"}]"#;

/// The steps that a page of at most so many facts shows.
fn shown(recording: &Recording<'_>, wanted: Wanted, most: usize) -> Result<(u64, u64), Nowhere> {
    let facts = Frame::of(recording, wanted)?.facts(recording, most);
    Ok((recording.facts[facts.start].step, recording.facts[facts.end - 1].step))
}

fn around(place: Place) -> Wanted {
    Wanted { around: Some(place), ..Wanted::default() }
}

fn crash_of(recording: &Recording<'_>, word: &str) -> u64 {
    let plan = recording.scenario.plan();
    recording.facts.iter().find(|happened| happened.fact.describe(plan) == word).expect("it happened").step
}

#[test]
fn a_part_of_a_long_run_is_found_by_step_time_and_fault() {
    let scenario = long(THREE);
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    let last = recording.facts.last().expect("a fact").step;
    let middle = |wanted: Wanted| shown(&recording, wanted, 200).map(|(from, until)| from.midpoint(until));
    let is_near =
        |found: Result<u64, Nowhere>, step: u64| assert!(found.as_ref().is_ok_and(|found| found.abs_diff(step) < 50), "{found:?} {step}");
    is_near(middle(around(Place::Step(3000))), 3000);
    is_near(middle(around(Place::Fault(1))), crash_of(&recording, "n crashes"));
    is_near(middle(around(Place::Fault(3))), crash_of(&recording, "out crashes"));
    assert_eq!(middle(around(Place::Fault(2))), middle(around(Place::Time("400ms".parse().expect("a time")))));
    is_near(middle(Wanted::default()), crash_of(&recording, "out crashes"));
    let part = |from, until| shown(&recording, Wanted { from, until, around: None }, 200);
    assert_eq!(part(Some(Place::Step(1000)), Some(Place::Step(1010))), Ok((1000, 1010)));
    assert_eq!(part(Some(Place::Step(1000)), None).map(|(from, _)| from), Ok(1000));
    assert_eq!(part(None, Some(Place::Step(1000))).map(|(_, until)| until), Ok(1000));
    assert_eq!(part(None, Some(Place::Time("5h".parse().expect("a time")))).map(|(_, until)| until), Ok(last));
    assert_eq!(shown(&recording, Wanted::default(), usize::MAX), Ok((recording.facts[0].step, last)), "all of it, if there is room");
}

#[test]
fn a_part_begins_at_the_first_violation_before_any_fault() {
    let scenario = committed("course/05-inconsistent-cut.json");
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    let step = recording.outcome.invariants.iter().find_map(|invariant| invariant.step).expect("it is violated somewhere");
    let (from, until) = shown(&recording, Wanted::default(), 4).expect("a part");
    assert!((from..=until).contains(&step), "{from}-{until}: {step}");
    let quiet = long("[]");
    let recording = Recording::of(&quiet, quiet.world(), usize::MAX);
    assert_eq!(shown(&recording, Wanted::default(), 4).map(|(from, _)| from), Ok(recording.facts[0].step), "nothing goes wrong");
}

#[test]
fn places_that_a_run_does_not_have_are_refused() {
    let scenario = long(THREE);
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    let said = |recording: &Recording<'_>, wanted| Frame::of(recording, wanted).expect_err("no such place").to_string();
    let steps = recording.outcome.steps;
    let step = said(&recording, around(Place::Step(steps + 1)));
    assert!(step.starts_with(&format!("step {}: the run ends with step {steps}, at 2", steps + 1)), "{step}");
    assert!(said(&recording, around(Place::Time("90s".parse().expect("a time")))).starts_with("90s: the run ends with step"));
    assert_eq!(said(&recording, around(Place::Fault(5))), "fault:5: the scenario lists 4 faults");
    assert_eq!(said(&recording, around(Place::Fault(4))), "fault:4: nothing came of this fault in the run");
    let backwards = Wanted { from: Some(Place::Step(9)), until: Some(Place::Step(3)), around: None };
    assert_eq!(said(&recording, backwards), "--until ends with step 3, before --from begins with step 9");
    let cut = Recording::of(&scenario, scenario.world(), 50);
    assert!(said(&cut, around(Place::Fault(1))).starts_with("fault:1: of so long a run the first 50 facts are kept, up to step"));
    let scheduled = committed("schedules/held-by-alignment.json");
    let recording = Recording::of(&scheduled, scheduled.world(), usize::MAX);
    assert_eq!(said(&recording, around(Place::Time("1ms".parse().expect("a time")))), "1ms: the run goes by its schedule and has no clock");
}

#[test]
fn a_page_says_what_it_leaves_out() {
    let scenario = committed("aligned-join.json");
    let all = data(&scenario, usize::MAX);
    let facts = all["facts"]["at"].as_array().expect("a list").len() as u64;
    assert_eq!(all["window"], serde_json::json!({"earlier": 0, "times": {}, "before": 0, "behind": 0}));
    let part = data(&scenario, 100);
    let number = |name: &str| part["window"][name].as_u64().expect("a number");
    let shown = part["facts"]["at"].as_array().expect("a list").len() as u64 - number("earlier");
    assert!((90..=110).contains(&shown) && number("before") > 0, "{shown}");
    assert_eq!(number("before") + shown + number("behind"), facts);
    assert_eq!(part["outcome"], all["outcome"], "the verdict is that of the whole run");
}

/// What happened before is told only as far as it matters: a page of a part is no larger for how late it begins.
#[test]
fn what_happened_before_is_added_up() {
    let scenario = long(THREE);
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    let late = recording.outcome.steps - 100;
    let part = data_of(&scenario, 100, Wanted { from: Some(Place::Step(late)), ..Wanted::default() });
    let (before, earlier) = (part["window"]["before"].as_u64().expect("a number"), part["window"]["earlier"].as_u64().expect("a number"));
    assert!(before > 15_000 && earlier < before / 5, "{earlier} of {before}");
    let times: u64 = part["window"]["times"].as_object().expect("sums").values().filter_map(Value::as_u64).sum();
    assert!(times > 3_000, "the effects of some 1,900 records at two places: {times}");
}

/// Lanes, and what holds them back, are those of the whole diagram.
#[test]
fn rows_of_a_part_are_those_of_the_whole() {
    for name in ["aligned-join.json", "random-crashes-soak.json", "course/15-unaligned-backpressure.json"] {
        let scenario = committed(name);
        let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
        let glyphs = Glyphs::ASCII;
        let whole = diagram(&recording, Options { glyphs, rows: usize::MAX }, &frame(&recording, Wanted::default()));
        let wanted = Wanted { from: Some(Place::Step(recording.outcome.steps / 2)), ..Wanted::default() };
        let part = diagram(&recording, Options { glyphs, rows: 8 }, &frame(&recording, wanted));
        let row = |line: &&str| !line.starts_with("...");
        let rows: Vec<&str> = part.lines().filter(row).collect();
        let head = whole.lines().zip(&rows).take_while(|(line, row)| line == *row).count();
        assert!(whole.contains(&rows[head..head + 8].join("\n")), "{name}\n{part}");
        let (before, behind) = (part.lines().nth(head).expect("a note"), part.lines().nth(head + 9).expect("a note"));
        assert!(before.starts_with("... ") && before.contains("--from 1 begins with the first"), "{before}");
        assert!(behind.starts_with("... ") && behind.contains(" goes on, -o page.html"), "{behind}");
    }
}

/// A scenario file cannot put anything into the page but text.
#[test]
fn text_of_a_file_stays_text() {
    let hostile = "</script><img src=x onerror=alert(1)><!--{{run}}";
    let scenario = common::scenario(&format!(
        r#"{{"title": "{hostile}", "story": "{hostile}", "question": "{hostile}",
          "operators": {{"A": {{"kind": "source", "records": 1}}, "out": {{"kind": "sink", "commit": "plain"}}}},
          "channels": [{{"from": "A", "to": "out"}}]}}"#
    ));
    let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
    let page = page::document(&recording, &(0..recording.facts.len()));
    assert!(!page.contains("<img"), "it would be an element");
    let run = page.split(r#"id="run">"#).nth(1).and_then(|rest| rest.split("</script>").next()).expect("the run");
    let run: Value = serde_json::from_str(run).expect("it ends where it ends");
    assert_eq!(run["scenario"]["title"], hostile);
}
