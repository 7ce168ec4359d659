//! What the library says about scenario files that are wrong: one mistake for each thing that is
//! wrong, where it stands, with what was expected. And that no file makes it panic.
//!
//! Most cases change one place of a valid scenario. `UPDATE_EXPECT=1 cargo test --test bad_input`
//! rewrites the messages; read the diff as somebody who has made that mistake would.

mod fields;
mod files;
mod graphs;
mod rules;
mod schedules;
mod several;
mod values;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cutline::scenario::{Mistake, run};
use cutline::{Scenario, scenario};
use expect_test::{Expect, expect, expect_file};

/// A valid scenario, for cases that change it.
const BASE: &str = r#"{
  "title": "t",
  "seed": 1,
  "operators": {
    "A": {"kind": "source", "records": 9, "every": "1ms"},
    "words": {"kind": "source", "file": "words.txt"},
    "half": {"kind": "filter", "modulo": 2, "remainder": 1},
    "split": {"kind": "split_words"},
    "count": {"kind": "keyed_count", "parallelism": 2, "keys": 16},
    "tally": {"kind": "keyed_sum"},
    "out": {"kind": "sink", "commit": "plain"}
  },
  "channels": [
    {"from": "A", "to": "half", "partition": "forward", "delay": "5ms"},
    {"from": "words", "to": "split"},
    {"from": "half", "to": "count", "delay": {"uniform": ["1ms", "2ms"]}},
    {"from": "split", "to": "tally", "delay": {"exponential": "3ms"}},
    {"from": "count", "to": "out", "capacity": 8}
  ],
  "snapshots": {"protocol": "aligned", "interval": "6ms", "first": "4ms"},
  "recovery": {"detect": "1ms"},
  "faults": [
    {"crash": "count[1]", "at": "7ms"},
    {"crash": "A", "when": {"reaches": "acked", "task": "half", "snapshot": 1}},
    {"stall": "half->count", "from": "8ms", "for": "9ms"},
    {"random_crashes": 3, "every": "10ms", "tasks": ["tally"]},
    {"lose": "trigger", "to": "A", "snapshot": 2}
  ],
  "expect": {
    "places": {"out": {"guarantee": "at_least_once", "lost": 0}},
    "failovers": {"min": 0, "max": 99},
    "situations": ["record_replayed"],
    "invariants": {"liveness": "held"}
  },
  "limits": {"steps": 100000}
}"#;

fn read(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "words.txt" => Ok(b"to be or not\nto be".to_vec()),
        "binary.dat" => Ok(b"to be \xff".to_vec()),
        _ => Err(format!("cannot read {path}: no such file")),
    }
}

fn mistakes(bytes: &[u8]) -> Vec<Mistake> {
    Scenario::parse("x.json", bytes, &read).err().unwrap_or_default()
}

fn rendered(bytes: &[u8]) -> String {
    let mistakes = mistakes(bytes);
    assert!(mistakes.is_sorted_by_key(|mistake| mistake.span), "in order of place: {mistakes:#?}");
    match mistakes.is_empty() {
        true => "no mistake\n".to_owned(),
        false => mistakes.iter().map(|mistake| format!("{mistake}\n")).collect(),
    }
}

/// The mistakes of a whole file, one a line.
fn check(text: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&rendered(text.as_ref()));
}

/// The base with one place changed, which must be there exactly once.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from} is ambiguous or gone");
    BASE.replace(from, to)
}

/// What is said when `from` of the base is replaced by each of the others: the replacement, then
/// its mistakes, one a line.
fn check_each(from: &str, others: &[&str], expected: Expect) {
    let mut text = String::new();
    for to in others {
        let said = rendered(changed(from, to).as_bytes());
        let shown = if to.is_empty() { "(nothing)" } else { to.trim_end() };
        writeln!(text, "{shown}\n  {}", said.trim_end().replace('\n', "\n  ")).unwrap();
    }
    expected.assert_eq(&text);
}

/// A scenario of these operators and channels.
fn graph(operators: &str, channels: &str) -> String {
    format!("{{\"title\": \"t\",\n\"operators\": {{{operators}}},\n\"channels\": [{channels}]}}")
}

#[test]
fn the_base_has_no_mistake() {
    check(
        BASE,
        expect![[r#"
        no mistake
    "#]],
    );
}
