//! The terminal diagram and the data of the page.

mod common;

use std::fs;
use std::path::Path;

use cutline::Scenario;
use cutline::report::diagram::{Glyphs, Options, diagram};
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
    diagram(&Recording::of(&scenario, scenario.world(), usize::MAX), options)
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
    let more: usize = cut.split("... ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a note").parse().expect("a number");
    let lines = |text: &str| text.lines().count();
    assert_eq!(lines(&whole), lines(&cut) + more - 1);
}

fn data(scenario: &Scenario, most: usize) -> Value {
    serde_json::to_value(page::data(&Recording::of(scenario, scenario.world(), most))).expect("plain data")
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

#[test]
fn a_page_says_what_it_leaves_out() {
    let scenario = committed("aligned-join.json");
    let all = data(&scenario, usize::MAX);
    let facts = all["facts"]["at"].as_array().expect("a list").len() as u64;
    assert_eq!(all["left_out"], 0);
    assert_eq!(data(&scenario, 100)["left_out"], facts - 100);
    assert_eq!(data(&scenario, 100)["outcome"], all["outcome"], "the verdict is that of the whole run");
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
    let page = page::document(&Recording::of(&scenario, scenario.world(), usize::MAX));
    assert!(!page.contains("<img"), "it would be an element");
    let run = page.split(r#"id="run">"#).nth(1).and_then(|rest| rest.split("</script>").next()).expect("the run");
    let run: Value = serde_json::from_str(run).expect("it ends where it ends");
    assert_eq!(run["scenario"]["title"], hostile);
}
