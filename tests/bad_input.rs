//! What the library says about scenario files that are wrong: one mistake for each thing that is
//! wrong, where it stands, with what was expected. And that no file makes it panic.
//!
//! Most cases change one place of a valid scenario. `UPDATE_EXPECT=1 cargo test --test bad_input`
//! rewrites the messages; read the diff as somebody who has made that mistake would.

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

#[test]
fn misspelt_fields() {
    check_each(
        r#""title""#,
        &[r#""titel""#, r#""Title""#, r#""name""#, r#""""#],
        expect![[r#"
            "titel"
              2:3: $.titel: unknown field "titel" (did you mean "title"?)
            "Title"
              2:3: $.Title: unknown field "Title" (did you mean "title"?)
            "name"
              1:1: $: missing field "title"
              2:3: $.name: unknown field "name" (valid fields: "$schema", "channels", "control", "detect", "expect", "faults", "hints", "limits", "operators", "question", "recovery", "schedule", "script", "seed", "snapshots", "story", "stream", "title", "transfers")
            ""
              1:1: $: missing field "title"
              2:3: $[""]: unknown field "" (valid fields: "$schema", "channels", "control", "detect", "expect", "faults", "hints", "limits", "operators", "question", "recovery", "schedule", "script", "seed", "snapshots", "story", "stream", "title", "transfers")
        "#]],
    );
    check_each(
        r#""records""#,
        &[r#""recrods""#, r#""parralelism""#, r#""xyzzy""#],
        expect![[r#"
            "recrods"
              5:29: $.operators.A.recrods: unknown field "recrods" (did you mean "records"?)
            "parralelism"
              5:29: $.operators.A.parralelism: unknown field "parralelism" (did you mean "parallelism"?)
            "xyzzy"
              5:29: $.operators.A.xyzzy: unknown field "xyzzy" (valid fields: "ack", "at", "every", "file", "finishes", "kind", "parallelism", "records", "replayable", "restore", "service", "start", "told", "upload")
        "#]],
    );
    check_each(
        r#""keys": 16"#,
        &[r#""key": 16"#, r#""records": 16"#],
        expect![[r#"
        "key": 16
          9:56: $.operators.count.key: unknown field "key" (did you mean "keys"?)
        "records": 16
          9:56: $.operators.count.records: unknown field "records" ("records" belongs to kind "source"; valid fields: "ack", "keys", "kind", "parallelism", "restore", "service", "told", "upload")
    "#]],
    );
    check_each(
        r#""capacity""#,
        &[r#""capcity""#],
        expect![[r#"
        "capcity"
          18:36: $.channels[4].capcity: unknown field "capcity" (did you mean "capacity"?)
    "#]],
    );
    check_each(
        r#""interval""#,
        &[r#""intervall""#],
        expect![[r#"
        "intervall"
          20:40: $.snapshots.intervall: unknown field "intervall" (did you mean "interval"?)
    "#]],
    );
    check_each(
        r#""detect""#,
        &[r#""detects""#],
        expect![[r#"
        "detects"
          21:16: $.recovery.detects: unknown field "detects" (did you mean "detect"?)
    "#]],
    );
    check_each(
        r#""lost""#,
        &[r#""losst""#],
        expect![[r#"
        "losst"
          30:54: $.expect.places.out.losst: unknown field "losst" (did you mean "lost"?)
    "#]],
    );
    check_each(
        r#""limits": {"steps""#,
        &[r#""limits": {"step""#, r#""limit": {"steps""#],
        expect![[r#"
        "limits": {"step"
          35:14: $.limits.step: unknown field "step" (did you mean "steps"?)
        "limit": {"steps"
          35:3: $.limit: unknown field "limit" (did you mean "limits"?)
    "#]],
    );
}

#[test]
fn misspelt_fields_of_faults() {
    check_each(
        r#""crash": "count[1]""#,
        &[r#""crsh": "count[1]""#, r#""kill": "count[1]""#],
        expect![[r#"
        "crsh": "count[1]"
          23:6: $.faults[0].crsh: unknown field "crsh" (did you mean "crash"?)
        "kill": "count[1]"
          23:5: $.faults[0]: missing field "crash"
          23:6: $.faults[0].kill: unknown field "kill" (valid fields: "at", "crash")
    "#]],
    );
    check_each(
        r#""at": "7ms""#,
        &[r#""att": "7ms""#],
        expect![[r#"
        "att": "7ms"
          23:27: $.faults[0].att: unknown field "att" (did you mean "at"?)
    "#]],
    );
    check_each(
        r#""at": "7ms""#,
        &[r#""at": "7ms", "for": "1ms""#],
        expect![[r#"
        "at": "7ms", "for": "1ms"
          23:40: $.faults[0].for: field "for" cannot be combined with "crash" (remove one of them)
    "#]],
    );
    check_each(
        r#", "at": "7ms""#,
        &[""],
        expect![[r#"
            (nothing)
              23:5: $.faults[0]: missing field "at"
        "#]],
    );
    check_each(
        r#""reaches": "acked", "#,
        &["", r#""reached": "acked", "#],
        expect![[r#"
            (nothing)
              24:28: $.faults[1].when: missing field "reaches" (valid values: "record_emitted", "record_received", "output_visible", "triggered", "barrier_received", "alignment_started", "state_saved", "uploaded", "acked", "all_acked", "completed", "aborted", "notified", "prepared", "committed", "crashed", "detected", "restoring", "restored", "resumed")
            "reached": "acked",
              24:29: $.faults[1].when.reached: unknown field "reached" (did you mean "reaches"?)
        "#]],
    );
    check_each(
        r#""for": "9ms""#,
        &[r#""fro": "9ms""#],
        expect![[r#"
        "fro": "9ms"
          25:45: $.faults[2].fro: unknown field "fro" (did you mean "for"?)
    "#]],
    );
    check_each(
        r#"{"crash": "count[1]", "at": "7ms"}"#,
        &["{}", "7", "\"crash\"", "null"],
        expect![[r#"
            {}
              23:5: $.faults[0]: missing field: expected one of "crash", "random_crashes", "stall", "slow", "lose", "fail_upload"
            7
              23:5: $.faults[0]: expected an object, found an integer
            "crash"
              23:5: $.faults[0]: expected an object, found a string
            null
              23:5: $.faults[0]: expected an object, found null
        "#]],
    );
}

#[test]
fn misspelt_words() {
    check_each(
        r#""filter""#,
        &[r#""fliter""#, r#""Filter""#, r#""window""#, r#""""#, "7"],
        expect![[r#"
            "fliter"
              7:22: $.operators.half.kind: unknown value "fliter" (did you mean "filter"?)
            "Filter"
              7:22: $.operators.half.kind: unknown value "Filter" (did you mean "filter"?)
            "window"
              7:22: $.operators.half.kind: unknown value "window" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "join", "iterate", "account", "automaton", "sink")
            ""
              7:22: $.operators.half.kind: unknown value "" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "join", "iterate", "account", "automaton", "sink")
            7
              7:22: $.operators.half.kind: expected a string, found an integer (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "join", "iterate", "account", "automaton", "sink")
        "#]],
    );
    check_each(
        r#""kind": "filter", "#,
        &[""],
        expect![[r#"
            (nothing)
              7:13: $.operators.half: missing field "kind" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "join", "iterate", "account", "automaton", "sink")
        "#]],
    );
    check_each(
        r#""aligned""#,
        &[r#""algined""#, r#""chandy_lamport""#, "null"],
        expect![[r#"
            "algined"
              20:29: $.snapshots.protocol: unknown value "algined" (did you mean "aligned"?)
            "chandy_lamport"
              no mistake
            null
              20:29: $.snapshots.protocol: expected a string, found null (valid values: "aligned", "unaligned", "at_least_once", "aligned_timeout", "aligned_cyclic", "chandy_lamport", "lai_yang", "no_markers", "none")
        "#]],
    );
    check_each(
        r#""plain""#,
        &[r#""plian""#, r#""two-phase""#],
        expect![[r#"
        "plian"
          11:39: $.operators.out.commit: unknown value "plian" (did you mean "plain"?)
        "two-phase"
          11:39: $.operators.out.commit: unknown value "two-phase" (did you mean "two_phase"?)
    "#]],
    );
    check_each(
        r#""forward""#,
        &[r#""foward""#, r#""random""#],
        expect![[r#"
        "foward"
          14:46: $.channels[0].partition: unknown value "foward" (did you mean "forward"?)
        "random"
          14:46: $.channels[0].partition: unknown value "random" (valid values: "forward", "hash", "rebalance", "broadcast")
    "#]],
    );
    check_each(
        r#""record_replayed""#,
        &[r#""record_replay""#],
        expect![[r#"
        "record_replay"
          32:20: $.expect.situations[0]: unknown value "record_replay" (did you mean "record_replayed"?)
    "#]],
    );
    check_each(
        r#""acked""#,
        &[r#""aked""#, r#""ack""#],
        expect![[r#"
        "aked"
          24:40: $.faults[1].when.reaches: unknown value "aked" (did you mean "acked"?)
        "ack"
          24:40: $.faults[1].when.reaches: unknown value "ack" (did you mean "acked"?)
    "#]],
    );
    check_each(
        r#""trigger""#,
        &[r#""triger""#],
        expect![[r#"
        "triger"
          27:14: $.faults[4].lose: unknown value "triger" (did you mean "trigger"?)
    "#]],
    );
    check_each(
        r#""liveness": "held""#,
        &[r#""livenes": "held""#, r#""liveness": "hold""#],
        expect![[r#"
        "livenes": "held"
          33:20: $.expect.invariants.livenes: unknown field "livenes" (did you mean "liveness"?)
        "liveness": "hold"
          33:32: $.expect.invariants.liveness: unknown value "hold" (did you mean "held"?)
    "#]],
    );
    check_each(
        r#""at_least_once""#,
        &[r#""at-least-once""#, r#""at_least_onec""#],
        expect![[r#"
        "at-least-once"
          30:37: $.expect.places.out.guarantee: unknown value "at-least-once" (did you mean "at_least_once"?)
        "at_least_onec"
          30:37: $.expect.places.out.guarantee: unknown value "at_least_onec" (did you mean "at_least_once"?)
    "#]],
    );
}

#[test]
fn misspelt_names() {
    check_each(
        r#""from": "words""#,
        &[r#""from": "word""#, r#""from": "nothing_like_it""#],
        expect![[r#"
        "from": "word"
          15:14: $.channels[1].from: there is no operator "word" (did you mean "words"?)
        "from": "nothing_like_it"
          15:14: $.channels[1].from: there is no operator "nothing_like_it" (there is: A, words, half, split, count, tally, out)
    "#]],
    );
    check_each(
        r#""to": "split""#,
        &[r#""to": "spilt""#, r#""to": "split[0]""#],
        expect![[r#"
            "to": "spilt"
              15:29: $.channels[1].to: there is no operator "spilt" (did you mean "split"?)
            "to": "split[0]"
              15:29: $.channels[1].to: there is no operator "split[0]" (did you mean "split"?)
        "#]],
    );
    check_each(
        r#""crash": "A""#,
        &[r#""crash": "a""#],
        expect![[r#"
            "crash": "a"
              24:15: $.faults[1].crash: there is no task "a" (did you mean "A"?)
        "#]],
    );
    check_each(
        r#"["tally"]"#,
        &[r#"["tall"]"#, "[]"],
        expect![[r#"
        ["tall"]
          26:54: $.faults[3].tasks[0]: there is no task "tall" (did you mean "tally"?)
        []
          26:53: $.faults[3].tasks: no task is named (take "tasks" away to mean all)
    "#]],
    );
    check_each(
        r#""task": "half""#,
        &[r#""task": "hafl""#],
        expect![[r#"
        "task": "hafl"
          24:57: $.faults[1].when.task: there is no task "hafl" (did you mean "half"?)
    "#]],
    );
    check_each(
        r#""stall": "half->count""#,
        &[r#""stall": "half->cuont""#, r#""stall": "hal->cout""#, r#""stall": "half""#, r#""stall": "out->A""#],
        expect![[r#"
            "stall": "half->cuont"
              25:15: $.faults[2].stall: there is no channel "half->cuont" (did you mean "half->count"?)
            "stall": "hal->cout"
              25:15: $.faults[2].stall: there is no channel "hal->cout" (did you mean "half->count"?)
            "stall": "half"
              25:15: $.faults[2].stall: there is no channel "half" (there is: A->half, words->split, half->count, split->tally, count->out)
            "stall": "out->A"
              25:15: $.faults[2].stall: there is no channel "out->A" (there is: A->half, words->split, half->count, split->tally, count->out)
        "#]],
    );
}

#[test]
fn task_names() {
    check_each(
        r#""crash": "count[1]""#,
        &[r#""crash": "count[2]""#, r#""crash": "count""#, r#""crash": "count[-1]""#],
        expect![[r#"
        "crash": "count[2]"
          23:15: $.faults[0].crash: there is no task "count[2]" ("count" has 2 tasks: write "count[0]" to "count[1]")
        "crash": "count"
          23:15: $.faults[0].crash: there is no task "count" ("count" has 2 tasks: write "count[0]" to "count[1]")
        "crash": "count[-1]"
          23:15: $.faults[0].crash: there is no task "count[-1]" ("count" has 2 tasks: write "count[0]" to "count[1]")
    "#]],
    );
    check_each(
        r#""crash": "A""#,
        &[r#""crash": "A[1]""#],
        expect![[r#"
        "crash": "A[1]"
          24:15: $.faults[1].crash: there is no task "A[1]" ("A" has one task: write "A")
    "#]],
    );
}

#[test]
fn repeated_keys() {
    check_each(
        r#""seed": 1"#,
        &[r#""seed": 1, "seed": 2"#, r#""seed": 1, "title": "u""#],
        expect![[r#"
        "seed": 1, "seed": 2
          3:14: $.seed: duplicate key "seed"; it was first given at line 3
        "seed": 1, "title": "u"
          3:14: $.title: duplicate key "title"; it was first given at line 2
    "#]],
    );
    check_each(
        r#""records": 9"#,
        &[r#""records": 9, "records": 9"#],
        expect![[r#"
        "records": 9, "records": 9
          5:43: $.operators.A.records: duplicate key "records"; it was first given at line 5
    "#]],
    );
    check_each(
        r#""seed": 1"#,
        &[r#""seed": 1, "s\u0065ed": 2"#],
        expect![[r#"
        "seed": 1, "s\u0065ed": 2
          3:14: $.seed: duplicate key "seed"; it was first given at line 3
    "#]],
    );
}

#[test]
fn durations() {
    check_each(
        r#""delay": "5ms""#,
        &[
            r#""delay": "5 ms""#,
            r#""delay": "7.171ms""#,
            r#""delay": "10min""#,
            r#""delay": "1m30s""#,
            r#""delay": 0"#,
            r#""delay": "0""#,
            r#""delay": 10000"#,
            r#""delay": "10000""#,
            r#""delay": "7.1714ms""#,
            r#""delay": "30s1m""#,
            r#""delay": """#,
            r#""delay": "ms""#,
            r#""delay": "5""#,
            r#""delay": "5h""#,
            r#""delay": "5MS""#,
            r#""delay": "-5ms""#,
            r#""delay": "+5ms""#,
            r#""delay": "٣ms""#,
            r#""delay": -5"#,
            r#""delay": 1.5"#,
            r#""delay": true"#,
            r#""delay": ["5ms"]"#,
        ],
        expect![[r#"
            "delay": "5 ms"
              no mistake
            "delay": "7.171ms"
              no mistake
            "delay": "10min"
              no mistake
            "delay": "1m30s"
              no mistake
            "delay": 0
              no mistake
            "delay": "0"
              no mistake
            "delay": 10000
              14:66: $.channels[0].delay: 10000 has no unit ("10000ms"? "10ms"?)
            "delay": "10000"
              14:66: $.channels[0].delay: 10000 has no unit ("10000ms"? "10ms"?)
            "delay": "7.1714ms"
              14:66: $.channels[0].delay: "7.1714ms" is finer than 1us, the smallest step of time (the nearest are "7.171ms" and "7.172ms")
            "delay": "30s1m"
              14:66: $.channels[0].delay: "30s1m" has its units in disorder (they go from large to small, each at most once: "1h30min", "1m30s")
            "delay": ""
              14:66: $.channels[0].delay: "" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "ms"
              14:66: $.channels[0].delay: "ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "5"
              14:66: $.channels[0].delay: 5 has no unit ("5ms"? "5us"?)
            "delay": "5h"
              no mistake
            "delay": "5MS"
              14:66: $.channels[0].delay: "5MS" has an unknown unit "MS" (did you mean "5ms"?)
            "delay": "-5ms"
              14:66: $.channels[0].delay: "-5ms" is negative (a span of time begins with a digit)
            "delay": "+5ms"
              14:66: $.channels[0].delay: "+5ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "٣ms"
              14:66: $.channels[0].delay: "٣ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": -5
              14:66: $.channels[0].delay: -5 is negative (a span of time begins with a digit)
            "delay": 1.5
              14:66: $.channels[0].delay: 1.5 has no unit ("1.5ms"? "1.5s"?)
            "delay": true
              14:66: $.channels[0].delay: expected a duration or an object, found true (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": ["5ms"]
              14:66: $.channels[0].delay: expected a duration or an object, found an array (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

/// Every field of the format that is a span of time.
const TIMES: [&str; 2] = [
    r#"{"title": "t",
"operators": {
  "A": {"kind": "source", "records": 9, "every": "1ms", "start": "2ms", "service": "1ms", "upload": "1ms", "ack": "1ms", "told": "1ms", "restore": "1ms"},
  "B": {"kind": "source", "at": ["1ms", "2ms"]},
  "both": {"kind": "union"}},
"channels": [{"from": "A", "to": "both", "delay": {"uniform": ["1ms", "2ms"]}, "delays": ["1ms", "2ms"]}, {"from": "B", "to": "both", "delay": {"exponential": "1ms"}}],
"snapshots": {"protocol": "aligned_timeout", "interval": "9ms", "first": "8ms", "at": ["1ms"], "alignment_timeout": "1ms", "timeout": "1s", "min_pause": "1ms",
  "trigger": "1ms", "upload": "1ms", "ack": "1ms", "store": "1ms", "notify": "1ms"},
"recovery": {"detect": "1ms", "restart": "1ms", "restore": "1ms"},
"faults": [{"crash": "A", "at": "1ms"}, {"crash": "A", "when": {"reaches": "acked", "after": "1ms"}}, {"random_crashes": 1, "every": "1ms", "from": "1ms"},
  {"stall": "A->both", "from": "1ms", "for": "1ms"}, {"slow": "A", "from": "1ms", "for": "1ms", "extra": "1ms"}],
"expect": {"alignment": [{"task": "both", "snapshot": 1, "min": "1ms", "max": "2ms"}]},
"limits": {"until": "10s"}}"#,
    r#"{"title": "t", "operators": {"N": {"kind": "account", "tokens": 1}, "M": {"kind": "account", "tokens": 1}},
"channels": [{"from": "N", "to": "M"}], "snapshots": {"protocol": "chandy_lamport"}, "transfers": {"count": 1, "every": "1ms", "amount": 1},
"script": [{"at": "1ms", "send": 1, "from": "N", "to": "M"}, {"at": "2ms", "snapshot": "N"}]}"#,
];

#[test]
fn a_number_without_a_unit_is_refused_wherever_a_time_is_meant() {
    for file in TIMES {
        assert_eq!(rendered(file.as_bytes()), "no mistake\n");
        let times: Vec<usize> =
            file.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).filter(|at| file[at + 1..].starts_with("ms\"")).collect();
        assert!(times.len() > 2);
        for at in times {
            let bare = format!("{}10000{}", &file[..at - 1], &file[at + 4..]);
            let found = mistakes(bare.as_bytes());
            let said: Vec<&str> = found.iter().map(|mistake| mistake.message.as_str()).collect();
            assert_eq!(said, ["10000 has no unit"], "{bare}");
            assert_eq!(found[0].span.start, at - 1);
        }
    }
}

/// One mistake is no reason to keep quiet about another in the same object.
#[test]
fn a_bad_duration_is_seen_beside_an_unknown_field() {
    check(
        r#"{"title":"x","operators":{"S":{"kind":"source","records":1},"o":{"kind":"sink","commit":"plain"}},"channels":[{"from":"S","to":"o"}],"snapshots":{"protocol":"aligned","timeout":"10mins","foo":1}}"#,
        expect![[r#"
            1:178: $.snapshots.timeout: "10mins" has an unknown unit "mins" (did you mean "10min"?)
            1:187: $.snapshots.foo: unknown field "foo" (valid fields: "ack", "after_end", "alignment_timeout", "at", "back_edges", "final", "first", "interval", "max_concurrent", "min_pause", "notify", "protocol", "retain", "store", "timeout", "tolerable_failures", "trigger", "upload")
        "#]],
    );
}

#[test]
fn a_delay_that_is_used_twice_is_one_mistake() {
    check_each(
        r#""commit": "plain""#,
        &[r#""commit": "plain", "told": "soon""#],
        expect![[r#"
            "commit": "plain", "told": "soon"
              11:56: $.operators.out.told: "soon" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn durations_beyond_the_limit() {
    check_each(
        r#""at": "7ms""#,
        &[r#""at": "3600001s""#, r#""at": "60001m""#, r#""at": 3600000000001"#, r#""at": 99999999999999999999999999"#, r#""at": 1e30"#],
        expect![[r#"
            "at": "3600001s"
              23:33: $.faults[0].at: "3600001s" is too long (the longest is "1000h")
            "at": "60001m"
              23:33: $.faults[0].at: "60001m" is too long (the longest is "1000h")
            "at": 3600000000001
              23:33: $.faults[0].at: 3600000000001 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "at": 99999999999999999999999999
              23:33: $.faults[0].at: 99999999999999999999999999 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "at": 1e30
              23:33: $.faults[0].at: 1e30 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
    check_each(
        r#""at": "7ms""#,
        &[r#""at": "60000m""#, r#""at": 3600000000000"#, r#""at": "0007ms""#],
        expect![[r#"
            "at": "60000m"
              no mistake
            "at": 3600000000000
              23:33: $.faults[0].at: 3600000000000 has no unit ("3600000s"?)
            "at": "0007ms"
              no mistake
        "#]],
    );
}

#[test]
fn random_delays() {
    check_each(
        r#"{"uniform": ["1ms", "2ms"]}"#,
        &[
            r#"{"uniform": ["2ms", "1ms"]}"#,
            r#"{"uniform": ["1ms", "2ms"], "exponential": "1ms"}"#,
            r#"{}"#,
            r#"{"uniform": ["1ms"]}"#,
            r#"{"uniform": ["1ms", "2ms", "3ms"]}"#,
            r#"{"uniform": "1ms"}"#,
            r#"{"unifrom": ["1ms", "2ms"]}"#,
            r#"{"normal": ["1ms", "2ms"]}"#,
            r#"{"exponential": {"mean": "1ms"}}"#,
        ],
        expect![[r#"
            {"uniform": ["2ms", "1ms"]}
              16:58: $.channels[2].delay.uniform: the range from 2ms to 1ms is empty (swap the two)
            {"uniform": ["1ms", "2ms"], "exponential": "1ms"}
              16:46: $.channels[2].delay: expected exactly one of "uniform" and "exponential"
            {}
              16:46: $.channels[2].delay: expected exactly one of "uniform" and "exponential"
            {"uniform": ["1ms"]}
              16:58: $.channels[2].delay.uniform: expected exactly 2 items, found 1
            {"uniform": ["1ms", "2ms", "3ms"]}
              16:58: $.channels[2].delay.uniform: expected exactly 2 items, found 3
            {"uniform": "1ms"}
              16:58: $.channels[2].delay.uniform: expected an array, found a string
            {"unifrom": ["1ms", "2ms"]}
              16:47: $.channels[2].delay.unifrom: unknown field "unifrom" (did you mean "uniform"?)
            {"normal": ["1ms", "2ms"]}
              16:47: $.channels[2].delay.normal: unknown field "normal" (valid fields: "exponential", "uniform")
            {"exponential": {"mean": "1ms"}}
              16:62: $.channels[2].delay.exponential: expected a duration, found an object (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn numbers() {
    check_each(
        r#""records": 9"#,
        &[
            r#""records": 1000000000000000000"#,
            r#""records": 100000001"#,
            r#""records": -1"#,
            r#""records": 9.0"#,
            r#""records": 1e3"#,
            r#""records": "9""#,
            r#""records": true"#,
        ],
        expect![[r#"
            "records": 1000000000000000000
              5:40: $.operators.A.records: must be at most 100000000, found 1000000000000000000
            "records": 100000001
              5:40: $.operators.A.records: must be at most 100000000, found 100000001
            "records": -1
              5:40: $.operators.A.records: must be at least 0, found -1
            "records": 9.0
              5:40: $.operators.A.records: expected an integer, found 9.0 (write a whole number without a fraction or an exponent)
            "records": 1e3
              5:40: $.operators.A.records: expected an integer, found 1e3 (write a whole number without a fraction or an exponent)
            "records": "9"
              5:40: $.operators.A.records: expected an integer, found a string (write it without quotes)
            "records": true
              5:40: $.operators.A.records: expected an integer, found true
        "#]],
    );
    check_each(
        r#""parallelism": 2"#,
        &[r#""parallelism": 0"#, r#""parallelism": 1000000000000000000"#, r#""parallelism": 1000001"#, r#""parallelism": -2"#],
        expect![[r#"
            "parallelism": 0
              9:53: $.operators.count.parallelism: must be at least 1, found 0
              23:15: $.faults[0].crash: there is no task "count[1]" ("count" has one task: write "count")
            "parallelism": 1000000000000000000
              9:53: $.operators.count.parallelism: must be at most 1000000, found 1000000000000000000
            "parallelism": 1000001
              9:53: $.operators.count.parallelism: must be at most 1000000, found 1000001
            "parallelism": -2
              9:53: $.operators.count.parallelism: must be at least 1, found -2
        "#]],
    );
    check_each(
        r#""keys": 16"#,
        &[r#""keys": 0"#, r#""keys": 1000001"#],
        expect![[r#"
        "keys": 0
          9:64: $.operators.count.keys: must be at least 1, found 0
        "keys": 1000001
          9:64: $.operators.count.keys: must be at most 1000000, found 1000001
    "#]],
    );
    check_each(
        r#""capacity": 8"#,
        &[r#""capacity": 0"#, r#""capacity": 1000000001"#],
        expect![[r#"
        "capacity": 0
          18:48: $.channels[4].capacity: must be at least 1, found 0
        "capacity": 1000000001
          18:48: $.channels[4].capacity: must be at most 1000000000, found 1000000001
    "#]],
    );
    check_each(
        r#""seed": 1"#,
        &[r#""seed": -1"#, r#""seed": 18446744073709551616"#, r#""stream": 2"#],
        expect![[r#"
        "seed": -1
          3:11: $.seed: must be at least 0, found -1
        "seed": 18446744073709551616
          3:11: $.seed: must be at most 18446744073709551615, found 18446744073709551616
        "stream": 2
          3:13: $.stream: must be at most 1, found 2
    "#]],
    );
    check_each(
        r#""random_crashes": 3"#,
        &[r#""random_crashes": 10001"#, r#""random_crashes": "3""#],
        expect![[r#"
        "random_crashes": 10001
          26:24: $.faults[3].random_crashes: must be at most 10000, found 10001
        "random_crashes": "3"
          26:24: $.faults[3].random_crashes: expected an integer, found a string (write it without quotes)
    "#]],
    );
    check_each(
        r#""snapshot": 1"#,
        &[r#""snapshot": 1, "nth": 0"#, r#""snapshot": -1"#, r#""snapshot": 1.0"#],
        expect![[r#"
        "snapshot": 1, "nth": 0
          24:87: $.faults[1].when.nth: must be at least 1, found 0
        "snapshot": -1
          24:77: $.faults[1].when.snapshot: must be at least 0, found -1
        "snapshot": 1.0
          24:77: $.faults[1].when.snapshot: expected an integer, found 1.0 (write a whole number without a fraction or an exponent)
    "#]],
    );
    check_each(
        r#""lost": 0"#,
        &[r#""lost": -1"#, r#""lost": "none""#, r#""lost": {"mim": 1}"#, r#""lost": 0.5"#],
        expect![[r#"
        "lost": -1
          30:62: $.expect.places.out.lost: must be at least 0, found -1
        "lost": "none"
          30:62: $.expect.places.out.lost: expected an integer or an object, found a string
        "lost": {"mim": 1}
          30:63: $.expect.places.out.lost.mim: unknown field "mim" (did you mean "min"?)
        "lost": 0.5
          30:62: $.expect.places.out.lost: expected an integer or an object, found 0.5 (write a whole number without a fraction or an exponent)
    "#]],
    );
    check_each(
        r#"{"steps": 100000}"#,
        &[r#"{"steps": -1}"#, r#"{"steps": "many"}"#, "7"],
        expect![[r#"
        {"steps": -1}
          35:23: $.limits.steps: must be at least 0, found -1
        {"steps": "many"}
          35:23: $.limits.steps: expected an integer, found a string
        7
          35:13: $.limits: expected an object, found an integer
    "#]],
    );
}

#[test]
fn sources() {
    check_each(
        r#""records": 9, "every": "1ms""#,
        &[
            r#""every": "1ms""#,
            r#""records": 9, "file": "words.txt""#,
            r#""at": ["1ms"], "every": "1ms""#,
            r#""at": ["1ms"], "start": "1ms""#,
            r#""at": ["1ms", "x"]"#,
        ],
        expect![[r#"
            "every": "1ms"
              5:19: $.operators.A.kind: a source needs "records", "file" or "at"
            "records": 9, "file": "words.txt"
              5:51: $.operators.A.file: "file" cannot be combined with "records"
            "at": ["1ms"], "every": "1ms"
              5:35: $.operators.A.at: "at" cannot be combined with "every" or "start"
            "at": ["1ms"], "start": "1ms"
              5:35: $.operators.A.at: "at" cannot be combined with "every" or "start"
            "at": ["1ms", "x"]
              5:43: $.operators.A.at[1]: "x" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn text_files() {
    check_each(
        r#""words.txt""#,
        &[r#""word.txt""#, r#""binary.dat""#, r#""""#],
        expect![[r#"
        "word.txt"
          6:41: $.operators.words.file: cannot read word.txt: no such file (the path is relative to the scenario's folder)
        "binary.dat"
          6:41: $.operators.words.file: binary.dat is not UTF-8 text: byte 6 starts no character
        ""
          6:41: $.operators.words.file: cannot read : no such file (the path is relative to the scenario's folder)
    "#]],
    );
}

#[test]
fn filters() {
    check_each(
        r#""modulo": 2, "remainder": 1"#,
        &[r#""modulo": 2, "remainder": 2"#, r#""modulo": 2, "remainder": -1"#, r#""remainder": 1"#],
        expect![[r#"
            "modulo": 2, "remainder": 2
              7:58: $.operators.half.remainder: no number leaves remainder 2 when divided by 2
            "modulo": 2, "remainder": -1
              7:58: $.operators.half.remainder: must be at least 0, found -1
            "remainder": 1
              7:13: $.operators.half: missing field "modulo"
        "#]],
    );
}

#[test]
fn graphs_that_are_not_connected_right() {
    let source = r#""A": {"kind": "source", "records": 1}"#;
    check(
        graph(&format!(r#"{source}, "B": {{"kind": "pass"}}"#), ""),
        expect![[r#"
        2:59: $.operators.B: nothing is sent to "B" (add a channel {"from": .., "to": "B"})
    "#]],
    );
    let two = format!(r#"{source}, "p": {{"kind": "pass"}}, "q": {{"kind": "pass"}}"#);
    check(
        graph(&two, "\n{\"from\": \"A\", \"to\": \"p\"},\n{\"from\": \"p\", \"to\": \"q\"},\n{\"from\": \"q\", \"to\": \"p\"}"),
        expect![[r#"
            6:1: $.channels[2]: the channels between p, q form a cycle that no loop head closes (take one of them away, or let it lead to an operator of the kind "iterate")
        "#]],
    );
    check(
        graph(&two, "\n{\"from\": \"A\", \"to\": \"p\"},\n{\"from\": \"p\", \"to\": \"q\"},\n{\"from\": \"p\", \"to\": \"q\"}"),
        expect![[r#"
            6:1: $.channels[2]: there is a second channel from "p" to "q" (take one of them away)
        "#]],
    );
    let sink = format!(r#"{source}, "out": {{"kind": "sink", "commit": "plain"}}, "p": {{"kind": "pass"}}"#);
    check(
        graph(&sink, "\n{\"from\": \"A\", \"to\": \"out\"},\n{\"from\": \"out\", \"to\": \"p\"}"),
        expect![[r#"
        2:61: $.operators.out: "out" is a sink and cannot have an output
    "#]],
    );
    check(
        graph("", ""),
        expect![[r#"
            2:14: $.operators: there is no source (add an operator with "kind": "source")
        "#]],
    );
    check(
        graph(r#""out": {"kind": "sink", "commit": "plain"}"#, ""),
        expect![[r#"
        2:14: $.operators: there is no source (add an operator with "kind": "source")
        2:22: $.operators.out: nothing is sent to "out" (add a channel {"from": .., "to": "out"})
    "#]],
    );
    check(
        "{\"title\": \"t\", \"operators\": {\"A\": {\"kind\": \"source\", \"records\": 1}}}",
        expect![[r#"
        1:1: $: missing field "channels"
    "#]],
    );
    check(
        graph(source, r#"{"from": "A"}, {}, 7, {"to": "A"}"#),
        expect![[r#"
        3:14: $.channels[0]: missing field "to"
        3:29: $.channels[1]: missing field "from"
        3:29: $.channels[1]: missing field "to"
        3:33: $.channels[2]: expected an object, found an integer
        3:36: $.channels[3]: missing field "from"
    "#]],
    );
}

#[test]
fn joins() {
    let join = |parallelism: u32, channels: &str| {
        let operators = format!(
            "\n\"A\": {{\"kind\": \"source\", \"records\": 1}},\n\"B\": {{\"kind\": \"source\", \"records\": 1}},\n\
             \"J\": {{\"kind\": \"join\", \"parallelism\": {parallelism}}}"
        );
        graph(&operators, channels)
    };
    check(
        join(1, r#"{"from": "A", "to": "J"}"#),
        expect![[r#"
        5:6: $.operators.J: the join "J" needs exactly two inputs and has 1
    "#]],
    );
    check(
        join(2, "\n{\"from\": \"A\", \"to\": \"J\", \"partition\": \"rebalance\"},\n{\"from\": \"B\", \"to\": \"J\"}"),
        expect![[r#"
        5:6: $.operators.J: the join "J" has several tasks, so both inputs must be partitioned by "hash" (leave "partition" out, or give the join parallelism 1)
    "#]],
    );
    check(
        join(
            2,
            "\n{\"from\": \"A\", \"to\": \"J\", \"partition\": \"broadcast\"},\n{\"from\": \"B\", \"to\": \"J\", \"partition\": \"broadcast\"}",
        ),
        expect![[r#"
            5:6: $.operators.J: the join "J" has several tasks, so both inputs must be partitioned by "hash" (leave "partition" out, or give the join parallelism 1)
        "#]],
    );
}

#[test]
fn records_that_an_operator_cannot_use() {
    check_each(
        r#""kind": "filter", "modulo": 2, "remainder": 1"#,
        &[r#""kind": "split_words""#],
        expect![[r#"
        "kind": "split_words"
          7:22: $.operators.half.kind: "half" splits lines into words and is not sent any (it must be sent the lines of a file source)
    "#]],
    );
    check_each(
        r#"{"from": "half", "to": "count""#,
        &[r#"{"from": "split", "to": "count"}, {"from": "half", "to": "count""#],
        expect![[r#"
        {"from": "split", "to": "count"}, {"from": "half", "to": "count"
          9:23: $.operators.count.kind: "count" is sent text and something else; their keys mean different things
    "#]],
    );
    let behind = r#""A": {"kind": "source", "records": 1}, "n": {"kind": "keyed_count"}, "m": {"kind": "map"},
"f": {"kind": "filter", "modulo": 2}"#;
    check(
        graph(behind, r#"{"from": "A", "to": "n"}, {"from": "n", "to": "m"}, {"from": "m", "to": "f"}"#),
        expect![[r#"
        3:15: $.operators.f.kind: "f" would filter by values that depend on the order of arrival, so no run could be judged (filter before the keyed operator)
    "#]],
    );
    let many = r#""A": {"kind": "source", "records": 1000001}, "n": {"kind": "keyed_count"}"#;
    check(
        graph(many, r#"{"from": "A", "to": "n"}"#),
        expect![[r#"
        2:74: $.operators.n.kind: "n" would have up to 1000001 keys (give "keys", at most 1000000)
    "#]],
    );
    check_each(
        r#""delay": "5ms""#,
        &[r#""capacity": 1"#],
        expect![[r#"
        "capacity": 1
          no mistake
    "#]],
    );
    check_each(
        r#"{"from": "count", "to": "out", "cap"#,
        &[r#"{"from": "count", "to": "out", "partition": "forward", "cap"#],
        expect![[r#"
        {"from": "count", "to": "out", "partition": "forward", "cap
          18:49: $.channels[4].partition: a forward channel joins equal parallelisms, but "count" has 2 and "out" has 1 (use "rebalance" or "hash", or give both the same parallelism)
    "#]],
    );
}

#[test]
fn graphs_that_are_too_large() {
    let hashed = |parallelism: u32| {
        let operators = format!(
            "\n\"A\": {{\"kind\": \"source\", \"records\": 1, \"parallelism\": {parallelism}}},\n\
             \"n\": {{\"kind\": \"keyed_count\", \"parallelism\": {parallelism}}}"
        );
        graph(&operators, r#"{"from": "A", "to": "n", "partition": "hash"}"#)
    };
    check(
        hashed(1_000_000),
        expect![[r#"
        5:13: $.channels: these are 1000000000000 channels between tasks; at most 8000000
    "#]],
    );
    check(
        hashed(3_000),
        expect![[r#"
        5:13: $.channels: these are 9000000 channels between tasks; at most 8000000
    "#]],
    );
    let tasks: Vec<String> =
        (0..3).map(|n| format!("\"S{n}\": {{\"kind\": \"source\", \"records\": 1, \"parallelism\": 1000000}}")).collect();
    check(
        graph(&tasks.join(",\n"), ""),
        expect![[r#"
        2:14: $.operators: the operators have 3000000 tasks together; at most 2000000
    "#]],
    );
}

#[test]
fn names_of_operators() {
    for name in ["", "coordinator", "a[0]", "a->b", "a#1", "a+b", "a,b", "a/b", r"a\nb", r"a\u001b[31m", r#"a\"b"#] {
        let said = mistakes(graph(&format!(r#""{name}": {{"kind": "source", "records": 1}}"#), "").as_bytes());
        let [Mistake { line: 2, message, help: Some(help), .. }] = &said[..] else { panic!("{name}: {said:?}") };
        assert!(message.ends_with("cannot be an operator's name") && !message.contains(char::is_control), "{message}");
        assert!(help.contains("letters, digits"), "{help}");
    }
    check(
        graph(r#""naïve 数~": {"kind": "source", "records": 0, "parallelism": 0}"#, ""),
        expect![[r#"
        2:75: $.operators["naïve 数~"].parallelism: must be at least 1, found 0
    "#]],
    );
}

#[test]
fn snapshots() {
    check_each(
        r#""interval": "6ms""#,
        &[r#""interval": "0ms""#, r#""interval": 0"#, r#""timeout": "6ms""#],
        expect![[r#"
        "interval": "0ms"
          20:52: $.snapshots.interval: the interval must be longer than zero
        "interval": 0
          20:52: $.snapshots.interval: the interval must be longer than zero
        "timeout": "6ms"
          20:67: $.snapshots.first: "first" needs an "interval" (for single checkpoints use "at": [..])
    "#]],
    );
    check_each(
        r#""first": "4ms""#,
        &[r#""max_concurrent": 0"#, r#""retain": 0"#, r#""at": "4ms""#, r#""at": ["4ms", ""]"#],
        expect![[r#"
            "max_concurrent": 0
              20:77: $.snapshots.max_concurrent: must be at least 1, found 0
            "retain": 0
              20:69: $.snapshots.retain: must be at least 1, found 0
            "at": "4ms"
              20:65: $.snapshots.at: expected an array, found a string
            "at": ["4ms", ""]
              20:73: $.snapshots.at[1]: "" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
    check_each(
        r#""protocol": "aligned", "#,
        &[""],
        expect![[r#"
            (nothing)
              20:16: $.snapshots: missing field "protocol" (valid values: "aligned", "unaligned", "at_least_once", "aligned_timeout", "aligned_cyclic", "chandy_lamport", "lai_yang", "no_markers", "none")
        "#]],
    );
}

#[test]
fn faults() {
    check_each(
        r#""reaches": "acked", "task": "half", "snapshot": 1"#,
        &[
            r#""reaches": "record_emitted", "task": "half", "snapshot": 1"#,
            r#""reaches": "completed", "task": "half", "snapshot": 1"#,
            r#""reaches": "crashed", "snapshot": 1"#,
            r#""reaches": "acked", "after": "soon""#,
        ],
        expect![[r#"
            "reaches": "record_emitted", "task": "half", "snapshot": 1
              24:86: $.faults[1].when.snapshot: this point belongs to no snapshot (take "snapshot" away, or use "nth")
            "reaches": "completed", "task": "half", "snapshot": 1
              24:61: $.faults[1].when.task: this point is reached by the coordinator, not by a task (take "task" away)
            "reaches": "crashed", "snapshot": 1
              24:63: $.faults[1].when.snapshot: this point belongs to no snapshot (take "snapshot" away, or use "nth")
            "reaches": "acked", "after": "soon"
              24:58: $.faults[1].when.after: "soon" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
    check_each(
        r#""lose": "trigger", "to": "A""#,
        &[r#""lose": "completion", "to": "A""#, r#""lose": "completion", "to": "out""#, r#""lose": "trigger", "to": "half""#],
        expect![[r#"
            "lose": "completion", "to": "A"
              27:34: $.faults[4].to: only two-phase sinks are told that; "A" is none
            "lose": "completion", "to": "out"
              27:34: $.faults[4].to: only two-phase sinks are told that; "out" is none
            "lose": "trigger", "to": "half"
              27:31: $.faults[4].to: only sources are told that; "half" is none
        "#]],
    );
    check_each(
        r#""every": "10ms", "tasks""#,
        &[r#""every": "x", "tasks""#],
        expect![[r#"
            "every": "x", "tasks"
              26:36: $.faults[3].every: "x" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn expectations() {
    check_each(
        r#"{"min": 0, "max": 99}"#,
        &[r#"{"min": 5, "max": 4}"#, r#"{"min": "5"}"#, r#""some""#, "[1, 2]"],
        expect![[r#"
        {"min": 5, "max": 4}
          31:18: $.expect.failovers: no number is in these bounds (swap the two)
        {"min": "5"}
          31:26: $.expect.failovers.min: expected an integer, found a string (write it without quotes)
        "some"
          31:18: $.expect.failovers: expected an integer or an object, found a string
        [1, 2]
          31:18: $.expect.failovers: expected an integer or an object, found an array
    "#]],
    );
    check_each(
        r#""situations": ["record_replayed"]"#,
        &[r#""alignment": [{"task": "count[0]"}]"#, r#""restored": [-1]"#, r#""restored": 1"#],
        expect![[r#"
            "alignment": [{"task": "count[0]"}]
              32:19: $.expect.alignment[0]: missing field "snapshot"
            "restored": [-1]
              32:18: $.expect.restored[0]: must be at least 0, found -1
            "restored": 1
              32:17: $.expect.restored: expected an array, found an integer
        "#]],
    );
}

#[test]
fn many_mistakes_at_once() {
    let text = changed(r#""seed": 1"#, r#""sead": 1"#)
        .replace(r#""kind": "filter""#, r#""kind": "fitler""#)
        .replace(r#""parallelism": 2"#, r#""parallelism": 0"#)
        .replace(r#""capacity": 8"#, r#""capacity": "8""#)
        .replace(r#""aligned""#, r#""alined""#)
        .replace(r#""detect": "1ms""#, r#""detect": {}"#)
        .replace(r#""random_crashes": 3"#, r#""random_crashes": -3"#)
        .replace(r#""liveness""#, r#""lifeness""#)
        .replace(r#""steps""#, r#""stops""#);
    expect_file!["golden/bad-input/many-mistakes.txt"].assert_eq(&rendered(text.as_bytes()));
}

#[test]
fn many_mistakes_of_the_graph_at_once() {
    let text = changed(r#""modulo": 2, "remainder": 1"#, r#""modulo": 2, "remainder": 3"#)
        .replace(r#""every": "1ms""#, r#""every": "1 ms""#)
        .replace(r#""words.txt""#, r#""word.txt""#)
        .replace(r#""kind": "split_words""#, r#""kind": "join""#)
        .replace(r#"{"from": "split", "to": "tally", "#, r#"{"from": "split", "to": "out", "#)
        .replace(r#"{"uniform": ["1ms", "2ms"]}"#, r#"{"uniform": ["3ms", "2ms"]}"#)
        .replace(r#""to": "out", "capacity""#, r#""to": "out", "partition": "forward", "capacity""#)
        .replace(r#""interval": "6ms""#, r#""interval": 0"#)
        .replace(r#""detect": "1ms""#, r#""detect": "soon""#);
    expect_file!["golden/bad-input/many-mistakes-of-the-graph.txt"].assert_eq(&rendered(text.as_bytes()));
}

#[test]
fn many_mistakes_of_faults_and_expectations_at_once() {
    let text = changed(r#""count[1]""#, r#""count[7]""#)
        .replace(r#""at": "7ms""#, r#""at": "7 ms""#)
        .replace(r#""reaches": "acked", "task": "half""#, r#""reaches": "record_received", "task": "hafl""#)
        .replace(r#""half->count""#, r#""half->cont""#)
        .replace(r#""to": "A", "snapshot": 2"#, r#""to": "out", "snapshot": 2"#)
        .replace(r#""lost": 0"#, r#""lost": {"min": 2, "max": 1}"#)
        .replace(r#"{"min": 0, "max": 99}"#, r#"{"min": 100, "max": 99}"#);
    expect_file!["golden/bad-input/many-mistakes-of-faults.txt"].assert_eq(&rendered(text.as_bytes()));
}

#[test]
fn mistakes_with_one_place() {
    // The words of these may still improve; there must be one of each, here.
    for (from, to, place) in [
        (r#""at": "7ms""#, r#""at": "18446744073709551616us""#, (23, 33)),
        (r#""at": "7ms""#, r#""at": "99999999999999999999999999s""#, (23, 33)),
        (r#""crash": "count[1]""#, r#""crash": "coutn[1]""#, (23, 15)),
        (r#""crash": "A""#, r#""crash": """#, (24, 15)),
        (r#"{"from": "count", "to": "out", "cap"#, r#"{"from": "count", "to": "count"}, {"from": "count", "to": "out", "cap"#, (18, 5)),
        (r#""title": "t""#, "title: t", (2, 3)),
        (r#""seed": 1"#, r#""seed": NaN"#, (3, 11)),
    ] {
        let said = mistakes(changed(from, to).as_bytes());
        let places: Vec<_> = said.iter().map(|mistake| (mistake.line, mistake.column)).collect();
        assert_eq!(places, [place], "{to}: {said:?}");
    }
}

#[test]
fn files_that_are_no_json() {
    check(
        "",
        expect![[r#"
        1:1: $: the file is empty; expected a JSON object {...}
    "#]],
    );
    check(
        " \n\t \n",
        expect![[r#"
        1:1: $: the file is empty; expected a JSON object {...}
    "#]],
    );
    check(
        "\u{feff}{}",
        expect![[r#"
        1:1: $: expected a JSON value, found "\u{feff}" (save the file as UTF-8 without a byte order mark)
    "#]],
    );
    check(
        "{",
        expect![[r#"
        1:2: $: the file ends in the middle of an object (the { at line 1, column 1 is never closed)
    "#]],
    );
    check(
        "{\n  \"title\": \"t\",\n  \"operators\": {\n",
        expect![[r#"
        4:1: $: the file ends in the middle of an object (the { at line 3, column 16 is never closed)
    "#]],
    );
    check(
        "{\n  \"title\": \"t",
        expect![[r#"
        2:14: $: the file ends in the middle of a string (the " at line 2, column 12 is never closed)
    "#]],
    );
    check(
        "{\"title\": \"t\",\n}",
        expect![[r#"
        2:1: $: trailing comma before "}" (remove the comma)
    "#]],
    );
    check(
        "{\"title\": \"t\"\n \"seed\": 1}",
        expect![[r#"
        2:2: $: expected "," or "}", found "\""
    "#]],
    );
    check(
        "{'title': 't'}",
        expect![[r#"
        1:2: $: expected a field name in double quotes, found "'" (strings are written in double quotes)
    "#]],
    );
    check(
        "{\"title\": \"t\"} // done",
        expect![[r#"
        1:16: $: expected the end of the file, found "/" (JSON has no comments)
    "#]],
    );
    check(
        format!("{BASE}\n}}"),
        expect![[r#"
        37:1: $: expected the end of the file, found "}"
    "#]],
    );
    check(
        format!("{BASE}\n{BASE}"),
        expect![[r#"
        37:1: $: expected the end of the file, found "{"
    "#]],
    );
    check(
        "{\"title\": \"a\nb\"}",
        expect![[r#"
        1:13: $: the line ends inside a string (close the string with a double quote)
    "#]],
    );
    check(
        "{\"title\": \"\\x\"}",
        expect![[r#"
        1:13: $: invalid escape
    "#]],
    );
    check(
        "{\"title\": \"\\ud800\"}",
        expect![[r#"
        1:11: $: a string that is not text: unexpected end of hex escape
    "#]],
    );
    check(
        "{\"seed\": 01}",
        expect![[r#"
        1:11: $: invalid number
    "#]],
    );
}

#[test]
fn files_that_are_no_scenario() {
    for (text, found) in [("[]", "an array"), ("null", "null"), ("7", "an integer"), ("\"title\"", "a string")] {
        assert_eq!(mistakes(text.as_bytes())[0].to_string(), format!("1:1: $: expected an object, found {found}"));
    }
    let missing: Vec<String> = mistakes(b"{}").into_iter().map(|mistake| mistake.message).collect();
    for field in ["title", "operators", "channels"] {
        assert!(missing.contains(&format!("missing field \"{field}\"")), "{missing:?}");
    }
    check_each(
        r#""title": "t""#,
        &[r#""title": 7"#, r#""title": null"#, r#""title": ["t"]"#],
        expect![[r#"
        "title": 7
          2:12: $.title: expected a string, found an integer
        "title": null
          2:12: $.title: expected a string, found null
        "title": ["t"]
          2:12: $.title: expected a string, found an array
    "#]],
    );
    check_each(
        r#""recovery": {"detect": "1ms"}"#,
        &[r#""recovery": []"#, r#""recovery": "all""#],
        expect![[r#"
        "recovery": []
          21:15: $.recovery: expected an object, found an array
        "recovery": "all"
          21:15: $.recovery: expected an object, found a string
    "#]],
    );
    check_each(
        r#"{"from": "words", "to": "split"}"#,
        &["null", "[]", "\"words->split\""],
        expect![[r#"
        null
          15:5: $.channels[1]: expected an object, found null
        []
          15:5: $.channels[1]: expected an object, found an array
        "words->split"
          15:5: $.channels[1]: expected an object, found a string
    "#]],
    );
    check_each(
        r#"{"kind": "split_words"}"#,
        &["null", "[]", "\"split_words\""],
        expect![[r#"
        null
          8:14: $.operators.split: expected an object, found null
        []
          8:14: $.operators.split: expected an object, found an array
        "split_words"
          8:14: $.operators.split: expected an object, found a string
    "#]],
    );
}

#[test]
fn files_that_are_no_text() {
    check(
        b"{\"title\": \"caf\xe9\"}",
        expect![[r#"
        1:15: $: byte 0xE9 is not valid UTF-8; expected a JSON file in UTF-8
    "#]],
    );
    check(
        b"{\n  \"title\": \"t\",\n  \xff",
        expect![[r#"
        3:3: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8
    "#]],
    );
    check(
        b"\xff\xfe{\0}\0",
        expect![[r#"
        1:1: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8 (the file looks like UTF-16; save it as UTF-8)
    "#]],
    );
    check(
        b"{\"title\": \"a\0b\"}",
        expect![[r#"
        1:13: $: control character U+0000 inside a string (write it as \u0000)
    "#]],
    );
    check(
        b"{\"title\": \"t\"}\0\0\0",
        expect![[r#"
        1:15: $: expected the end of the file, found "\0" (the file contains NUL bytes; save it as plain UTF-8 text)
    "#]],
    );
    check(
        [0; 64],
        expect![[r#"
        1:1: $: expected a JSON value, found "\0" (the file contains NUL bytes; save it as plain UTF-8 text)
    "#]],
    );
}

#[test]
fn files_that_are_nested_deeply() {
    for depth in [65, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let half = open.repeat(depth);
            for text in [format!("{half}1{}", close.repeat(depth)), half.clone(), format!("{{\"title\": {half}")] {
                let said = mistakes(text.as_bytes());
                assert!(said.len() == 1 && said[0].message.contains("nest"), "{depth} {open}: {said:?}");
            }
        }
    }
}

#[test]
fn a_long_word_is_not_repeated_in_full() {
    let long = "x".repeat(1_000_000);
    for text in [changed(r#""filter""#, &format!("\"{long}\"")), changed(r#""title""#, &format!("\"{long}\""))] {
        let said = rendered(text.as_bytes());
        assert!(said.len() < 2_000, "{} bytes", said.len());
    }
}

/// A committed scenario, with a limit on its steps.
fn committed(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let text = fs::read_to_string(path).expect("a committed scenario");
    let told = ["story", "question", "hints"].map(|field| format!("  \"{field}\":"));
    let kept: Vec<&str> = text.lines().filter(|line| !told.iter().any(|field| line.starts_with(field.as_str()))).collect();
    kept.join("\n").replacen('{', "{\n  \"limits\": {\"steps\": 900},", 1).into_bytes()
}

/// Reads and, if it can be read, runs; whatever is said must be about a place in the file.
fn survives(bytes: &[u8]) -> bool {
    match Scenario::parse("x.json", bytes, &read) {
        Ok(scenario) => run(&scenario).steps <= 1_000_000,
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "{}", String::from_utf8_lossy(bytes));
            for mistake in mistakes {
                let Mistake { span, line, column, message, .. } = &mistake;
                let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
                assert!(span.start <= span.end && span.end <= bytes.len() && (1..=lines).contains(line) && *column >= 1, "{mistake:?}");
                assert!(!message.is_empty() && !message.contains('\n'), "{mistake:?}");
            }
            false
        }
    }
}

const ROBUST: [&str; 2] = ["pipeline.json", "join.json"];

#[test]
fn truncated_files_are_refused() {
    for name in ROBUST {
        let bytes = committed(name);
        assert!(survives(&bytes), "{name}");
        let end = bytes.iter().rposition(|&byte| byte == b'}').expect("an object");
        for length in 0..=end {
            assert!(!survives(&bytes[..length]), "{name}: {length} bytes");
        }
    }
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let bytes_put = b"\"{}[],:0-9.e\\ \n\x00\x7f\xc3\xffazAZ_#>";
    let mut ran = 0;
    for name in ROBUST {
        let bytes = committed(name);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = bytes_put[(at * 7) % bytes_put.len()];
            ran += usize::from(survives(&changed));
            changed.insert(at, bytes[at]);
            ran += usize::from(survives(&changed));
            changed = bytes.clone();
            changed.remove(at);
            ran += usize::from(survives(&changed));
        }
    }
    assert!(ran > 100, "too few of the changed files could be run: {ran}");
}

#[test]
fn the_schema_has_every_field_of_the_base() {
    let schema = scenario::schema();
    let base: serde_json::Value = serde_json::from_str(BASE).expect("JSON");
    for field in base.as_object().expect("an object").keys() {
        assert!(schema["properties"].get(field).is_some(), "{field}");
    }
}

/// A scenario with a schedule, and with `more` fields.
fn scheduled(more: &str, steps: &str) -> String {
    format!(
        r#"{{"title": "t",
"operators": {{"A": {{"kind": "source", "records": 9}}, "count": {{"kind": "keyed_count", "parallelism": 2}}, "out": {{"kind": "sink", "commit": "plain"}}}},
"channels": [{{"from": "A", "to": "count"}}, {{"from": "count", "to": "out"}}],
"snapshots": {{"protocol": "aligned"}},{more}
"schedule": [
{steps}
]}}"#
    )
}

#[test]
fn steps_that_are_none() {
    let steps = r#""trigger", "emitt A", "frobnicate", "", "emit", "emit  A", "emit a", "emit count", "emit count[0]", "trigger 1",
"deliver A", "deliver A->count", "deliver A->count[2]", "deliver A->outt", "deliver A->count[1] at 1", "deliver coordinator->B",
"crash count[7]", "crash coordinator", "lose A", "timeout one", "timeout 99999999999", "announce 1 A->out", "initiate A",
7, null, "crash count[1]""#;
    check(
        scheduled("", steps),
        expect![[r#"
            6:12: $.schedule[1]: no step begins with "emitt" (did you mean "emit"?)
            6:23: $.schedule[2]: no step begins with "frobnicate" (there is: trigger, emit TASK, deliver FROM->TO, deliver FROM->TO at PLACE, begin FROM->TO at PLACE, complete TASK, deliver coordinator->TASK, deliver TASK->coordinator, upload TASK SNAPSHOT, store SNAPSHOT, timeout SNAPSHOT, crash TASK, detect, restart, restore TASK, lose coordinator->TASK, fail upload TASK SNAPSHOT, budget SNAPSHOT, announce SNAPSHOT FROM->TO, alarm TASK, initiate TASK, pause over, final)
            6:37: $.schedule[3]: no step begins with "" (there is: trigger, emit TASK, deliver FROM->TO, deliver FROM->TO at PLACE, begin FROM->TO at PLACE, complete TASK, deliver coordinator->TASK, deliver TASK->coordinator, upload TASK SNAPSHOT, store SNAPSHOT, timeout SNAPSHOT, crash TASK, detect, restart, restore TASK, lose coordinator->TASK, fail upload TASK SNAPSHOT, budget SNAPSHOT, announce SNAPSHOT FROM->TO, alarm TASK, initiate TASK, pause over, final)
            6:41: $.schedule[4]: expected "emit TASK", found "emit"
            6:49: $.schedule[5]: there is no task " A" (did you mean "A"?)
            6:60: $.schedule[6]: there is no task "a" (did you mean "A"?)
            6:70: $.schedule[7]: there is no task "count" ("count" has 2 tasks: write "count[0]" to "count[1]")
            6:84: $.schedule[8]: only sources emit, and "count[0]" is none (there is: A)
            6:101: $.schedule[9]: expected "trigger", found "trigger 1"
            7:1: $.schedule[10]: expected "deliver FROM->TO", found "deliver A"
            7:14: $.schedule[11]: there is no channel "A->count" (there is: A->count[0], A->count[1])
            7:34: $.schedule[12]: there is no channel "A->count[2]" (did you mean "A->count[0]"?)
            7:57: $.schedule[13]: there is no channel "A->outt" (did you mean "A->count"?)
            7:76: $.schedule[14]: "A->count[1]" keeps order: only its first element can be taken (write "deliver A->count[1]", or give the channel "order": "any")
            7:104: $.schedule[15]: there is no task "B" (there is: A, count, out)
            8:1: $.schedule[16]: there is no task "count[7]" ("count" has 2 tasks: write "count[0]" to "count[1]")
            8:19: $.schedule[17]: there is no task "coordinator" (there is: A, count, out)
            8:40: $.schedule[18]: expected "lose coordinator->TASK", found "lose A"
            8:50: $.schedule[19]: expected "timeout SNAPSHOT", found "timeout one"
            8:65: $.schedule[20]: expected "timeout SNAPSHOT", found "timeout 99999999999"
            8:88: $.schedule[21]: there is no channel "A->out" (did you mean "A->count"?)
            8:109: $.schedule[22]: only processes start snapshots themselves, and "A" is none (write "trigger": the coordinator starts the snapshots of a dataflow)
            9:1: $.schedule[23]: expected a string, found an integer
            9:4: $.schedule[24]: expected a string, found null
        "#]],
    );
}

#[test]
fn steps_that_happen_at_once() {
    let steps =
        r#""upload A", "fail upload A", "deliver A->coordinator", "deliver coordinator->A", "store 1", "detect", "restore A", "alarm A""#;
    check(
        scheduled("", steps),
        expect![[r#"
        6:1: $.schedule[0]: "upload A" is no step of its own here: it happens at once (take it away, or add "uploads" to "control")
        6:13: $.schedule[1]: "fail upload A" is no step of its own here: it happens at once (take it away, or add "uploads" to "control")
        6:30: $.schedule[2]: "deliver A->coordinator" is no step of its own here: it happens at once (take it away, or add "reports" to "control")
        6:56: $.schedule[3]: "deliver coordinator->A" is no step of its own here: it happens at once (take it away, or add "triggers" or "notices" to "control")
        6:82: $.schedule[4]: "store 1" is no step of its own here: it happens at once (take it away, or add "store" to "control")
        6:93: $.schedule[5]: "detect" is no step of its own here: it happens at once (take it away, or add "failover" to "control")
        6:103: $.schedule[6]: "restore A" is no step of its own here: it happens at once (take it away, or add "failover" to "control")
        6:116: $.schedule[7]: "alarm A" is no step of its own here: it happens at once (take it away, or add "alarms" to "control")
    "#]],
    );
    check(
        scheduled(r#""control": ["uploads", "triggers", "failover"],"#, steps),
        expect![[r#"
        6:30: $.schedule[2]: "deliver A->coordinator" is no step of its own here: it happens at once (take it away, or add "reports" to "control")
        6:82: $.schedule[4]: "store 1" is no step of its own here: it happens at once (take it away, or add "store" to "control")
        6:116: $.schedule[7]: "alarm A" is no step of its own here: it happens at once (take it away, or add "alarms" to "control")
    "#]],
    );
    check(
        scheduled(r#""control": "channel","#, steps),
        expect![[r#"
            no mistake
        "#]],
    );
}

#[test]
fn times_beside_a_schedule() {
    let faults = r#""faults": [{"crash": "A", "at": "1ms"}, {"crash": "A", "when": {"reaches": "acked"}}, {"random_crashes": 1, "every": "1ms"},
{"stall": "A->count", "from": "1ms", "for": "1ms"}, {"lose": "trigger", "to": "A", "snapshot": 1}, {"fail_upload": "A", "snapshot": 1}],"#;
    check(
        scheduled(faults, r#""trigger""#),
        expect![[r#"
        4:49: $.faults[0]: with a "schedule" faults are steps of it (write "crash A" into the schedule instead)
        4:78: $.faults[1]: with a "schedule" faults are steps of it (write "crash A" into the schedule instead)
        4:124: $.faults[2]: with a "schedule" faults are steps of it (write "crash TASK" into the schedule instead)
        5:1: $.faults[3]: with a "schedule" faults are steps of it (deliver what is to be late later in the schedule)
        5:53: $.faults[4]: with a "schedule" faults are steps of it (write "lose coordinator->A" into the schedule instead)
        5:100: $.faults[5]: with a "schedule" faults are steps of it (write "fail upload A" into the schedule instead)
    "#]],
    );
    let at = scheduled("", r#""trigger""#).replace(r#""aligned"}"#, r#""aligned", "at": ["1ms"], "interval": "1ms", "ack": "1ms"}"#);
    check(
        at,
        expect![[r#"
        4:44: $.snapshots.at: with a "schedule" nothing happens at a time (write "trigger" into the schedule instead)
    "#]],
    );
    let processes = |steps: &str| {
        format!(
            r#"{{"title": "t", "operators": {{"N": {{"kind": "account", "tokens": 1}}, "M": {{"kind": "account", "tokens": 1}}}},
"channels": [{{"from": "N", "to": "M"}}], "snapshots": {{"protocol": "chandy_lamport"}},
"script": [{{"at": "1us", "send": 1, "from": "N", "to": "M"}}, {{"at": "2us", "snapshot": "N"}}],
"schedule": [{steps}]}}"#
        )
    };
    check(
        processes(r#""trigger", "initiate N", "emit M""#),
        expect![[r#"
            3:62: $.script[1]: with a "schedule" snapshots are started by steps of it (write "initiate N" into the schedule instead)
            4:14: $.schedule[0]: processes start snapshots themselves (write "initiate NAME")
        "#]],
    );
}

#[test]
fn controls_that_are_none() {
    let mut text = String::new();
    for control in [r#""instatn""#, r#""reports""#, r#"["report"]"#, r#"["reports", 3]"#, "{}", "true", "[]"] {
        let said = rendered(scheduled(&format!("\"control\": {control},"), "").as_bytes());
        writeln!(text, "{control}\n  {}", said.trim_end().replace('\n', "\n  ")).unwrap();
    }
    expect![[r#"
        "instatn"
          4:49: $.control: unknown value "instatn" (did you mean "instant"?)
        "reports"
          4:49: $.control: unknown value "reports" (valid values: "instant", "channel")
        ["report"]
          4:50: $.control[0]: unknown value "report" (did you mean "reports"?)
        ["reports", 3]
          4:61: $.control[1]: expected a string, found an integer (valid values: "triggers", "notices", "reports", "uploads", "store", "failover", "alarms", "ends")
        {}
          4:49: $.control: expected a string or an array, found an object (valid values: "instant", "channel")
        true
          4:49: $.control: expected a string or an array, found true (valid values: "instant", "channel")
        []
          no mistake
    "#]].assert_eq(&text);
    // It is not only for schedules.
    check(
        changed(r#""limits""#, r#""control": ["reports"], "limits""#),
        expect![[r#"
            no mistake
        "#]],
    );
}

/// Names are looked up in a graph that is not whole, and mistakes in it are not repeated.
#[test]
fn schedules_of_graphs_that_are_wrong() {
    let steps = r#""emit A", "deliver A->count[1]", "crash nobody", "deliver count[0]->out", "initiate A""#;
    check(
        scheduled("", steps).replace(r#""keyed_count""#, r#""keyed_cuont""#),
        expect![[r#"
        2:72: $.operators.count.kind: unknown value "keyed_cuont" (did you mean "keyed_count"?)
        6:34: $.schedule[2]: there is no task "nobody" (there is: A, count, out)
    "#]],
    );
    check(
        scheduled("", steps).replace(r#""to": "out""#, r#""to": "uot""#),
        expect![[r#"
        3:68: $.channels[1].to: there is no operator "uot" (did you mean "out"?)
        6:34: $.schedule[2]: there is no task "nobody" (there is: A, count, out)
        6:75: $.schedule[4]: only processes start snapshots themselves, and "A" is none (write "trigger": the coordinator starts the snapshots of a dataflow)
    "#]],
    );
}

#[test]
fn too_many_steps() {
    let list = |step: &str, count: usize| vec![step; count].join(",");
    check(
        scheduled("", &list(r#""emit A""#, 100_001)),
        expect![[r#"
        5:13: $.schedule: expected at most 100000 items, found 100001
    "#]],
    );
    let said = rendered(scheduled("", &list(r#""emit B""#, 100_000)).as_bytes());
    assert_eq!(said.lines().count(), 101);
    expect!["6:899992: $.schedule[99999]: the steps up to here were not looked at: too many others are wrong"]
        .assert_eq(said.lines().last().unwrap_or_default());
}
