//! Snapshots, faults and what is expected.

use super::*;

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
