//! Fields, words and names that are not there, or there twice.

use super::*;

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
              5:29: $.operators.A.xyzzy: unknown field "xyzzy" (valid fields: "ack", "at", "every", "file", "finishes", "kind", "parallelism", "records", "replayable", "restore", "service", "start", "state", "told", "upload")
        "#]],
    );
    check_each(
        r#""keys": 16"#,
        &[r#""key": 16"#, r#""records": 16"#],
        expect![[r#"
            "key": 16
              9:56: $.operators.count.key: unknown field "key" (did you mean "keys"?)
            "records": 16
              9:56: $.operators.count.records: unknown field "records" ("records" belongs to kind "source"; valid fields: "ack", "keys", "kind", "parallelism", "restore", "service", "state", "told", "upload")
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
              23:6: $.faults[0].kill: unknown field "kill" (valid fields: "at", "crash", "when")
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
              23:40: $.faults[0].for: unknown field "for" ("for" belongs to "stall", "slow"; valid fields: "at", "crash", "when")
        "#]],
    );
    check_each(
        r#", "at": "7ms""#,
        &[""],
        expect![[r#"
            (nothing)
              23:5: $.faults[0]: missing field: expected one of "at", "when"
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
              23:5: $.faults[0]: missing field: expected one of "crash", "random_crashes", "stall", "slow", "lose", "repeat", "postpone", "fail_upload"
            7
              23:5: $.faults[0]: expected an object, found an integer
            "crash"
              23:5: $.faults[0]: expected an object, found a string
            null
              23:5: $.faults[0]: expected an object, found null
        "#]],
    );
}

/// Only what belongs to the operator or the fault that is meant is offered.
#[test]
fn fields_of_what_is_meant() {
    check_each(
        r#""commit": "plain""#,
        &[r#""commit": "plain", "committer": "plain""#, r#""commit": "plain", "keys": 4"#],
        expect![[r#"
            "commit": "plain", "committer": "plain"
              11:48: $.operators.out.committer: unknown field "committer" (valid fields: "ack", "commit", "kind", "parallelism", "restore", "service", "state", "told", "upload")
            "commit": "plain", "keys": 4
              11:48: $.operators.out.keys: unknown field "keys" ("keys" belongs to kind "keyed_count", "keyed_sum", "latest", "average", "join"; valid fields: "ack", "commit", "kind", "parallelism", "restore", "service", "state", "told", "upload")
        "#]],
    );
    check_each(
        r#""kind": "keyed_sum""#,
        &[r#""kind": "tally", "xyzzy": 1"#, r#""kind": "latest", "reset": 2"#, r#""kind": "average", "reset": 0"#, r#""kind": "average""#],
        expect![[r#"
            "kind": "tally", "xyzzy": 1
              10:23: $.operators.tally.kind: unknown value "tally" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "latest", "average", "join", "iterate", "account", "automaton", "sink")
              10:32: $.operators.tally.xyzzy: unknown field "xyzzy" (valid fields of every kind: "ack", "kind", "parallelism", "restore", "service", "state", "told", "upload")
            "kind": "latest", "reset": 2
              10:33: $.operators.tally.reset: unknown field "reset" ("reset" belongs to kind "average"; valid fields: "ack", "keys", "kind", "parallelism", "restore", "service", "state", "told", "upload")
            "kind": "average", "reset": 0
              10:43: $.operators.tally.reset: must be at least 1, found 0
            "kind": "average"
              10:14: $.operators.tally: missing field "reset"
        "#]],
    );
    check_each(
        r#"{"stall": "half->count", "from": "8ms", "for": "9ms"}"#,
        &[
            r#"{"stall": "half->count", "from": "8ms", "for": "9ms", "xyzzy": 1}"#,
            r#"{"slow": "half", "from": "8ms", "for": "9ms", "tasks": []}"#,
            r#"{"crash": "half", "xyzzy": 1}"#,
            r#"{"fail_upload": "half", "from": "8ms", "for": "9ms"}"#,
            r#"{"lsoe": "trigger", "to": "A", "snapshot": 1}"#,
            r#"{"xyzzy": 1}"#,
        ],
        expect![[r#"
            {"stall": "half->count", "from": "8ms", "for": "9ms", "xyzzy": 1}
              25:59: $.faults[2].xyzzy: unknown field "xyzzy" (valid fields: "for", "from", "stall")
            {"slow": "half", "from": "8ms", "for": "9ms", "tasks": []}
              25:5: $.faults[2]: missing field "extra"
              25:51: $.faults[2].tasks: unknown field "tasks" ("tasks" belongs to "random_crashes"; valid fields: "extra", "for", "from", "slow")
            {"crash": "half", "xyzzy": 1}
              25:5: $.faults[2]: missing field: expected one of "at", "when"
              25:23: $.faults[2].xyzzy: unknown field "xyzzy" (valid fields: "at", "crash", "when")
            {"fail_upload": "half", "from": "8ms", "for": "9ms"}
              25:5: $.faults[2]: missing field "snapshot"
              25:29: $.faults[2].from: unknown field "from" ("from" belongs to "random_crashes", "stall", "slow"; valid fields: "fail_upload", "snapshot")
              25:44: $.faults[2].for: unknown field "for" ("for" belongs to "stall", "slow"; valid fields: "fail_upload", "snapshot")
            {"lsoe": "trigger", "to": "A", "snapshot": 1}
              25:6: $.faults[2].lsoe: unknown field "lsoe" (did you mean "lose"?)
            {"xyzzy": 1}
              25:6: $.faults[2].xyzzy: unknown field "xyzzy" (expected one of "crash", "random_crashes", "stall", "slow", "lose", "repeat", "postpone", "fail_upload")
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
              7:22: $.operators.half.kind: unknown value "window" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "latest", "average", "join", "iterate", "account", "automaton", "sink")
            ""
              7:22: $.operators.half.kind: unknown value "" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "latest", "average", "join", "iterate", "account", "automaton", "sink")
            7
              7:22: $.operators.half.kind: expected a string, found an integer (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "latest", "average", "join", "iterate", "account", "automaton", "sink")
        "#]],
    );
    check_each(
        r#""kind": "filter", "#,
        &[""],
        expect![[r#"
            (nothing)
              7:13: $.operators.half: missing field "kind" (valid values: "source", "pass", "union", "map", "filter", "flat_map", "split_words", "keyed_count", "keyed_sum", "latest", "average", "join", "iterate", "account", "automaton", "sink")
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
