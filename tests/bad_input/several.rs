//! Several mistakes in one file.

use super::*;

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
    expect_file!["../golden/bad-input/many-mistakes.txt"].assert_eq(&rendered(text.as_bytes()));
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
    expect_file!["../golden/bad-input/many-mistakes-of-the-graph.txt"].assert_eq(&rendered(text.as_bytes()));
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
    expect_file!["../golden/bad-input/many-mistakes-of-faults.txt"].assert_eq(&rendered(text.as_bytes()));
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

/// What can be said of an object is said, whatever else is wrong in it.
#[test]
fn no_mistake_hides_another_in_the_same_object() {
    check_each(
        r#"{"crash": "count[1]", "at": "7ms"}"#,
        &[
            r#"{"crash": "nobody", "at": 7, "xyzzy": 1}"#,
            r#"{"crash": "count[7]", "when": {"reaches": "akced", "task": "nobody", "after": 3}}"#,
            r#"{"lose": "trigger", "to": "nobody"}"#,
            r#"{"random_crashes": 1, "every": "5", "tasks": ["nobody", "somebody"]}"#,
        ],
        expect![[r#"
            {"crash": "nobody", "at": 7, "xyzzy": 1}
              23:15: $.faults[0].crash: there is no task "nobody" (there is: A, words, half, split, count, tally, out)
              23:31: $.faults[0].at: 7 has no unit ("7ms"? "7us"?)
              23:34: $.faults[0].xyzzy: unknown field "xyzzy" (valid fields: "at", "crash", "when")
            {"crash": "count[7]", "when": {"reaches": "akced", "task": "nobody", "after": 3}}
              23:15: $.faults[0].crash: there is no task "count[7]" ("count" has 2 tasks: write "count[0]" to "count[1]")
              23:47: $.faults[0].when.reaches: unknown value "akced" (did you mean "acked"?)
              23:64: $.faults[0].when.task: there is no task "nobody" (there is: A, words, half, split, count, tally, out)
              23:83: $.faults[0].when.after: 3 has no unit ("3ms"? "3us"?)
            {"lose": "trigger", "to": "nobody"}
              23:5: $.faults[0]: missing field "snapshot"
              23:31: $.faults[0].to: there is no task "nobody" (there is: A, words, half, split, count, tally, out)
            {"random_crashes": 1, "every": "5", "tasks": ["nobody", "somebody"]}
              23:36: $.faults[0].every: 5 has no unit ("5ms"? "5us"?)
              23:51: $.faults[0].tasks[0]: there is no task "nobody" (there is: A, words, half, split, count, tally, out)
              23:61: $.faults[0].tasks[1]: there is no task "somebody" (there is: A, words, half, split, count, tally, out)
        "#]],
    );
    check_each(
        r#"{"from": "count", "to": "out", "capacity": 8}"#,
        &[r#"{"from": "count", "to": "nobody", "capacity": "8"}, {"form": "somebody", "to": "out", "delay": 3}"#],
        expect![[r#"
            {"from": "count", "to": "nobody", "capacity": "8"}, {"form": "somebody", "to": "out", "delay": 3}
              18:29: $.channels[4].to: there is no operator "nobody" (there is: A, words, half, split, count, tally, out)
              18:51: $.channels[4].capacity: expected an integer, found a string (write it without quotes)
              18:58: $.channels[5].form: unknown field "form" (did you mean "from"?)
              18:66: $.channels[5].form: there is no operator "somebody" (there is: A, words, half, split, count, tally, out)
              18:100: $.channels[5].delay: 3 has no unit ("3ms"? "3us"?)
        "#]],
    );
    check_each(
        r#""interval": "6ms", "first": "4ms""#,
        &[r#""first": "4ms", "timeout": "10mon", "xyzzy": 1"#, r#""first": "4ms", "timeout": "10mon""#],
        expect![[r#"
            "first": "4ms", "timeout": "10mon", "xyzzy": 1
              20:67: $.snapshots.timeout: "10mon" has an unknown unit "mon" (the units are d, h, m or min, s, ms and us)
              20:76: $.snapshots.xyzzy: unknown field "xyzzy" (valid fields: "ack", "after_end", "alignment_timeout", "at", "back_edges", "entry", "final", "first", "interval", "max_concurrent", "min_pause", "notify", "protocol", "record", "retain", "storage", "store", "timeout", "tolerable_failures", "trigger", "upload")
            "first": "4ms", "timeout": "10mon"
              20:49: $.snapshots.first: "first" needs an "interval" (for single checkpoints use "at": [..])
              20:67: $.snapshots.timeout: "10mon" has an unknown unit "mon" (the units are d, h, m or min, s, ms and us)
        "#]],
    );
    check_each(
        r#""failovers": {"min": 0, "max": 99}"#,
        &[r#""failovers": {"min": 9, "max": 1}, "xyzzy": 1, "alignment": [{"task": "nobody", "snapshot": "1", "min": "2ms", "max": 1}]"#],
        expect![[r#"
            "failovers": {"min": 9, "max": 1}, "xyzzy": 1, "alignment": [{"task": "nobody", "snapshot": "1", "min": "2ms", "max": 1}]
              31:18: $.expect.failovers: no number is in these bounds (swap the two)
              31:40: $.expect.xyzzy: unknown field "xyzzy" (valid fields: "alignment", "failovers", "faults", "guarantee", "invariants", "job", "places", "restored", "situations", "skipped", "snapshots_aborted", "snapshots_completed", "states")
              31:75: $.expect.alignment[0].task: there is no task "nobody" (there is: A, words, half, split, count, tally, out)
              31:97: $.expect.alignment[0].snapshot: expected an integer, found a string (write it without quotes)
              31:123: $.expect.alignment[0].max: 1 has no unit ("1ms"? "1us"?)
        "#]],
    );
    check_each(
        r#""records": 9, "every": "1ms""#,
        &[r#""at": ["5ms", "3ms", "4ms", 2], "every": "1x""#],
        expect![[r#"
        "at": ["5ms", "3ms", "4ms", 2], "every": "1x"
          5:35: $.operators.A.at: "at" cannot be combined with "every" or "start"
          5:43: $.operators.A.at[1]: 3ms is before 5ms; records come in the order of their times
          5:57: $.operators.A.at[3]: 2 has no unit ("2ms"? "2us"?)
          5:70: $.operators.A.every: "1x" has an unknown unit "x" (the units are d, h, m or min, s, ms and us)
    "#]],
    );
}

/// A mistake in one section is no reason to keep quiet about the graph, nor the other way round.
#[test]
fn no_section_hides_the_mistakes_of_another() {
    let text = changed(r#""interval": "6ms""#, r#""interval": 6"#)
        .replace(r#"{"from": "split", "to": "tally", "delay": {"exponential": "3ms"}}"#, r#"{"from": "split", "to": "out"}"#)
        .replace(r#""lost": 0"#, r#""lost": "0""#)
        .replace(r#""out": {"guarantee""#, r#""half": {"guarantee""#);
    check(
        &text,
        expect![[r#"
        10:14: $.operators.tally: nothing is sent to "tally" (add a channel {"from": .., "to": "tally"})
        20:52: $.snapshots.interval: 6 has no unit ("6ms"? "6us"?)
        30:16: $.expect.places.half: "half" is no stateful operator and no sink (there is: count, tally, out)
        30:63: $.expect.places.half.lost: expected an integer or an object, found a string (write it without quotes)
    "#]],
    );
}
