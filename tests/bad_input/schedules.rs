//! Runs without a clock.

use super::*;

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
            6:23: $.schedule[2]: no step begins with "frobnicate" (there is: trigger, emit TASK, deliver FROM->TO, deliver FROM->TO at PLACE, begin FROM->TO at PLACE, complete TASK, deliver coordinator->TASK, deliver TASK->coordinator, upload TASK SNAPSHOT, store SNAPSHOT, timeout SNAPSHOT, crash TASK, detect, restart, restore TASK, lose coordinator->TASK, repeat coordinator->TASK, postpone coordinator->TASK, fail upload TASK SNAPSHOT, budget SNAPSHOT, announce SNAPSHOT FROM->TO, alarm TASK, initiate TASK, pause over, final)
            6:37: $.schedule[3]: no step begins with "" (there is: trigger, emit TASK, deliver FROM->TO, deliver FROM->TO at PLACE, begin FROM->TO at PLACE, complete TASK, deliver coordinator->TASK, deliver TASK->coordinator, upload TASK SNAPSHOT, store SNAPSHOT, timeout SNAPSHOT, crash TASK, detect, restart, restore TASK, lose coordinator->TASK, repeat coordinator->TASK, postpone coordinator->TASK, fail upload TASK SNAPSHOT, budget SNAPSHOT, announce SNAPSHOT FROM->TO, alarm TASK, initiate TASK, pause over, final)
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
{"stall": "A->count", "from": "1ms", "for": "1ms"}, {"lose": "trigger", "to": "A", "snapshot": 1}, {"fail_upload": "A", "snapshot": 1},
{"repeat": "trigger", "to": "A", "snapshot": 1}, {"postpone": "completion", "to": "out", "snapshot": 1, "by": "1ms"}],"#;

    check(
        scheduled(faults, r#""trigger""#),
        expect![[r#"
            4:49: $.faults[0]: with a "schedule" faults are steps of it (write "crash A" into the schedule instead)
            4:78: $.faults[1]: with a "schedule" faults are steps of it (write "crash A" into the schedule instead)
            4:124: $.faults[2]: with a "schedule" faults are steps of it (write "crash TASK" into the schedule instead)
            5:1: $.faults[3]: with a "schedule" faults are steps of it (deliver what is to be late later in the schedule)
            5:53: $.faults[4]: with a "schedule" faults are steps of it (write "lose coordinator->A" into the schedule instead)
            5:100: $.faults[5]: with a "schedule" faults are steps of it (write "fail upload A" into the schedule instead)
            6:1: $.faults[6]: with a "schedule" faults are steps of it (write "repeat coordinator->A" into the schedule instead)
            6:50: $.faults[7]: with a "schedule" faults are steps of it (write "postpone coordinator->out" into the schedule instead)
            6:83: $.faults[7].to: only two-phase sinks are told that; "out" is none
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
            6:75: $.schedule[4]: only processes start snapshots themselves, and "A" is none (write "trigger": the coordinator starts the snapshots of a dataflow)
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
