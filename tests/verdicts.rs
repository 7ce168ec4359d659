//! When an outcome is as expected: never because nothing could be judged, and never without a word about what did
//! not happen.

mod common;

use common::{scenario, verdict};
use cutline::protocol::ProtocolKind;
use cutline::scenario::outcome::{JobEnd, Judgement};
use cutline::{Outcome, run};
use serde_json::{Value, json};

/// A job that fails for good with everything in an open transaction.
fn failing() -> Value {
    json!({
        "title": "the job fails for good",
        "operators": {"S": {"kind": "source", "records": 5, "every": "1ms"}, "out": {"kind": "sink", "commit": "two_phase"}},
        "channels": [{"from": "S", "to": "out"}],
        "snapshots": {"protocol": "aligned"},
        "recovery": {"restarts": 0},
        "faults": [{"crash": "out", "at": "3ms"}]
    })
}

fn outcome(file: &Value) -> Outcome {
    run(&scenario(&file.to_string()))
}

/// The outcome of `file` when it expects this.
fn expecting(mut file: Value, expect: Value) -> Outcome {
    file["expect"] = expect;
    outcome(&file)
}

fn is_as_expected(outcome: &Outcome) -> bool {
    assert_eq!(outcome.verdict == Judgement::AsExpected, outcome.complaints.is_empty(), "{:?}", outcome.complaints);
    outcome.complaints.is_empty()
}

#[test]
fn a_job_that_failed_for_good_is_not_as_expected() {
    let outcome = outcome(&failing());
    assert_eq!(outcome.job, JobEnd::Failed);
    assert!(!is_as_expected(&outcome));
    let complaints = ["the job failed: no restart was left", "out: promised exactly_once, observed at_most_once: 5 lost"];
    assert_eq!(outcome.complaints, complaints);
}

#[test]
fn unless_the_file_says_that_it_fails() {
    assert!(is_as_expected(&expecting(failing(), json!({"job": "failed"}))));
    for other in ["finished", "stuck", "stopped"] {
        assert!(!is_as_expected(&expecting(failing(), json!({"job": other}))), "{other}");
    }
    // What was lost is not what became of the job.
    for loss in
        [json!({"guarantee": "at_most_once"}), json!({"places": {"out": {"lost": 5}}}), json!({"invariants": {"delivery": "incomplete"}})]
    {
        assert_eq!(expecting(failing(), loss).complaints, ["the job failed: no restart was left"]);
    }
}

/// A loop whose channels fill up: nothing moves any more, and nothing was delivered.
fn stuck() -> Value {
    json!({
        "title": "a loop whose channels are full",
        "operators": {
            "S": {"kind": "source", "records": 6, "every": "1ms"},
            "head": {"kind": "iterate", "rounds": 3},
            "body": {"kind": "pass", "service": "2ms"},
            "out": {"kind": "sink", "commit": "idempotent"}
        },
        "channels": [
            {"from": "S", "to": "head", "capacity": 2},
            {"from": "head", "to": "body", "capacity": 1},
            {"from": "body", "to": "head", "capacity": 1},
            {"from": "head", "to": "out"}
        ],
        "snapshots": {"protocol": "aligned_cyclic", "at": ["10ms"]}
    })
}

#[test]
fn a_guarantee_that_is_not_observed_is_not_as_expected_whatever_else_the_file_expects() {
    let liveness = json!({"liveness": "violated"});
    let outcome = expecting(stuck(), json!({"invariants": liveness}));
    assert_eq!(outcome.job, JobEnd::Stuck);
    let complaints =
        ["head: promised exactly_once, observed at_most_once: 19 lost", "out: promised exactly_once, observed at_most_once: 6 lost"];
    assert_eq!(outcome.complaints, complaints);
    let of_out = json!({"places": {"out": {"lost": {"min": 1}}}, "invariants": liveness});
    assert_eq!(expecting(stuck(), of_out).complaints, [complaints[0]], "it says nothing of head");
    let of_repetitions = json!({"places": {"out": {"duplicated": 0}}, "invariants": liveness});
    assert_eq!(expecting(stuck(), of_repetitions).complaints, complaints, "it says nothing of losses");
    for named in [
        json!({"guarantee": "at_most_once", "invariants": liveness}),
        json!({"job": "stuck", "invariants": liveness}),
        json!({"invariants": {"liveness": "violated", "delivery": "incomplete"}}),
        json!({"places": {"out": {"lost": 6}, "head": {"guarantee": "at_most_once"}}, "invariants": liveness}),
    ] {
        let outcome = expecting(stuck(), named);
        assert!(is_as_expected(&outcome), "{:?}", outcome.complaints);
    }
}

#[test]
fn a_limit_is_named_by_what_becomes_of_the_job() {
    let mut endless = failing();
    endless["limits"] = json!({"until": "2ms"});
    assert!(!is_as_expected(&outcome(&endless)));
    let expected = expecting(endless, json!({"job": "stopped", "invariants": {"liveness": "violated"}}));
    assert!(is_as_expected(&expected), "{:?}", expected.complaints);
}

/// Five records into a two-phase sink, a checkpoint every 2 ms.
fn without_last() -> Value {
    json!({
        "title": "no last checkpoint",
        "operators": {"S": {"kind": "source", "records": 5, "every": "1ms"}, "out": {"kind": "sink", "commit": "two_phase"}},
        "channels": [{"from": "S", "to": "out"}],
        "snapshots": {"protocol": "aligned", "interval": "2ms", "final": false}
    })
}

#[test]
fn what_waits_in_a_transaction_because_the_file_takes_no_last_checkpoint_is_counted_and_no_complaint() {
    let outcome = outcome(&without_last());
    assert!(is_as_expected(&outcome), "{:?}", outcome.complaints);
    assert_eq!((outcome.job, verdict(&outcome, "delivery")), (JobEnd::Finished, "held"));
    let out = &outcome.places[0];
    assert_eq!((out.declared, out.lost, out.uncommitted), ("at_most_once", 1, 1));
}

#[test]
fn what_is_lost_elsewhere_is_a_complaint_even_then() {
    let mut file = without_last();
    file["operators"]["n"] = json!({"kind": "keyed_count"});
    file["channels"] = json!([{"from": "S", "to": "n"}, {"from": "n", "to": "out"}]);
    file["snapshots"]["protocol"] = json!("unaligned");
    file["recovery"] = json!({"channel_state": "forgotten", "restart": "1ms"});
    file["operators"]["n"]["service"] = json!("1500us");
    file["channels"][0]["partition"] = json!("rebalance");
    file["operators"]["n"]["parallelism"] = json!(2);
    file["operators"]["S"]["records"] = json!(60);
    file["operators"]["S"]["every"] = json!("200us");
    file["faults"] = json!([{"crash": "out", "at": "9ms"}]);
    let outcome = outcome(&file);
    assert!(outcome.places.iter().any(|place| place.lost > place.uncommitted), "{:#?}", outcome.places);
    assert!(!is_as_expected(&outcome));
}

/// A snapshot that is not expected to be whole is no word about a run that is stopped.
#[test]
fn only_who_expects_a_hang_or_a_stop_expects_a_limit() {
    for (expect, is_told) in [
        (json!({"invariants": {"liveness": "incomplete"}}), false),
        (json!({"invariants": {"liveness": "violated"}}), true),
        (json!({"job": "stopped"}), true),
    ] {
        let mut file = failing();
        file["faults"] = json!([]);
        file["limits"] = json!({"steps": 5});
        let outcome = expecting(file, expect.clone());
        let complains = outcome.complaints.iter().any(|line| line.starts_with("stopped by the step limit"));
        assert_eq!(complains, !is_told, "{expect}: {:?}", outcome.complaints);
    }
}

/// What each kind of fault counts, and what is said of it.
#[test]
fn every_fault_says_how_often_it_took_place() {
    let mut file = failing();
    file["operators"]["S"]["records"] = json!(20);
    file["snapshots"] = json!({"protocol": "aligned", "interval": "4ms"});
    file["recovery"] = json!({"detect": "500us", "restart": "1ms"});
    file["faults"] = json!([
        {"crash": "out", "at": "3ms"},
        // It is down already.
        {"crash": "out", "at": "3200us"},
        {"crash": "out", "when": {"reaches": "record_received", "task": "out", "nth": 12}},
        {"crash": "out", "when": {"reaches": "record_received", "task": "out", "nth": 12, "after": "1h"}},
        {"lose": "completion", "to": "out", "snapshot": 1},
        {"lose": "trigger", "to": "S", "snapshot": 90},
        {"fail_upload": "out", "snapshot": 2},
        {"stall": "S->out", "from": "14500us", "for": "2ms"},
        {"slow": "out", "from": "18500us", "for": "1ms", "extra": "10us"},
        {"random_crashes": 3, "every": "1us", "from": "30ms", "tasks": ["out"]},
        {"repeat": "trigger", "to": "S", "snapshot": 3},
        {"repeat": "completion", "to": "out", "snapshot": 90},
        {"postpone": "completion", "to": "out", "snapshot": 3, "by": "9ms"},
        {"postpone": "completion", "to": "out", "snapshot": 90, "by": "1ms"}
    ]);
    let outcome = outcome(&file);
    let counts: Vec<u64> = outcome.faults.iter().map(|fault| fault.happened).collect();
    assert_eq!(counts, [1, 0, 1, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1, 0], "{:#?}", outcome.faults);
    assert_eq!(outcome.faults[1].fault, "crash out at 3.2ms");
    assert_eq!(outcome.faults[1].place, "/faults/1");
    assert_eq!(outcome.faults[3].fault, "crash out 3600s after out reaches record_received for the 12th time");
}

#[test]
fn a_fault_that_never_happens_can_be_expected_and_can_be_a_failure() {
    let file = |expect: Value| {
        let mut file = failing();
        file["faults"] = json!([{"crash": "out", "at": "1h"}, {"stall": "S->out", "from": "1ms", "for": "1ms"}]);
        file["expect"] = expect;
        scenario(&file.to_string())
    };
    assert!(is_as_expected(&run(&file(json!({})))));
    let strict = run(&file(json!({})).strict());
    assert_eq!(strict.complaints, ["never happened: crash out at 3600s (/faults/0)"]);
    assert!(is_as_expected(&run(&file(json!({"faults": [0, {"min": 1}]})).strict())));
    let wrong = run(&file(json!({"faults": [1, 2]})));
    assert_eq!(
        wrong.complaints,
        ["expected fault 1 (crash out at 3600s) = 1, found 0", "expected fault 2 (stall S->out from 1ms for 1ms) = 2, found 1"]
    );
}

#[test]
fn a_setting_that_does_nothing_is_named() {
    let notes = |change: fn(&mut Value)| {
        let mut file = failing();
        file["faults"] = json!([]);
        file["operators"]["mid"] = json!({"kind": "map"});
        file["channels"] = json!([{"from": "S", "to": "mid"}, {"from": "mid", "to": "out"}]);
        file["snapshots"]["interval"] = json!("2ms");
        change(&mut file);
        outcome(&file).notes
    };
    assert!(notes(|_| {}).is_empty());
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 5] = [
        (|file| file["snapshots"]["protocol"] = json!("unaligned"), "under unaligned every channel of this job stays aligned"),
        (|file| file["snapshots"]["alignment_timeout"] = json!("1ms"), "\"alignment_timeout\" does nothing under \"aligned\""),
        (|file| file["snapshots"]["back_edges"] = json!("ignored"), "\"back_edges\" does nothing under \"aligned\""),
        (|file| file["snapshots"]["protocol"] = json!("none"), "\"interval\" and \"at\" do nothing under \"none\""),
        (|file| file["operators"]["S"]["service"] = json!("1ms"), "\"service\" of \"S\" does nothing"),
    ];
    for (change, expected) in cases {
        let notes = notes(change);
        assert_eq!(notes.len(), 1, "{expected}: {notes:?}");
        assert!(notes[0].starts_with(expected), "{}", notes[0]);
    }
    let given_up = notes(|file| {
        file["operators"]["S"]["finishes"] = json!(true);
        file["snapshots"]["after_end"] = json!("give_up");
    });
    assert!(given_up.len() == 1 && given_up[0].contains("no checkpoint was taken any more"), "{given_up:?}");
    let timed = notes(|file| {
        file["snapshots"] = json!({"protocol": "aligned_timeout", "interval": "2ms", "alignment_timeout": "1s"});
        file["operators"]["mid"]["parallelism"] = json!(2);
    });
    assert_eq!(timed, ["\"alignment_timeout\" did nothing: every snapshot was over before 1s had passed, so all of them were aligned"]);
}

#[test]
fn a_comparison_says_where_a_protocol_cannot_show_what_it_is_for() {
    let scenario = scenario(include_str!("../scenarios/every-channel-aligned.json"));
    let comparison = cutline::scenario::compare(&scenario, &[ProtocolKind::Aligned, ProtocolKind::Unaligned], &[0]);
    let [note] = &comparison.notes[..] else { panic!("{:?}", comparison.notes) };
    assert!(note.starts_with("under unaligned every channel of this job stays aligned"), "{note}");
}

/// What `liveness` says of a run.
fn hang(file: &Value) -> String {
    let outcome = outcome(file);
    let liveness = outcome.invariants.into_iter().find(|invariant| invariant.name == "liveness").expect("judged");
    assert_eq!(liveness.verdict, "violated");
    liveness.detail.expect("it says why")
}

#[test]
fn a_hang_is_explained_by_who_waits_for_whom() {
    let circle =
        "body waits for room in body->head since 7ms; head waits for room in head->body since 5ms; a circle in which nobody can go on";
    assert!(hang(&stuck()).ends_with(circle), "{}", hang(&stuck()));
    // The checkpoints that time out for ever are no reason.
    let mut periodic = stuck();
    periodic["snapshots"] = json!({"protocol": "aligned_cyclic", "interval": "10ms", "timeout": "20ms"});
    periodic["limits"] = json!({"until": "1s"});
    assert!(hang(&periodic).ends_with(circle), "{}", hang(&periodic));
    let left = "found it waits for its timeout; 1 record left in head->body: ";
    assert!(hang(&periodic).contains(left), "{}", hang(&periodic));
}

#[test]
fn what_is_repeated_without_progress_is_said() {
    let mut spiral = failing();
    spiral["operators"] = json!({
        "S": {"kind": "source", "records": 200, "every": "1ms"},
        "slow": {"kind": "keyed_count", "service": "4ms"},
        "out": {"kind": "sink", "commit": "two_phase"}
    });
    spiral["channels"] = json!([{"from": "S", "to": "slow", "capacity": 50}, {"from": "slow", "to": "out"}]);
    spiral["snapshots"] = json!({"protocol": "aligned", "interval": "50ms", "timeout": "100ms", "tolerable_failures": 0});
    spiral["recovery"] = json!({"detect": "1ms", "restart": "10ms"});
    spiral["faults"] = json!([]);
    spiral["limits"] = json!({"until": "1s"});
    let told = hang(&spiral);
    let sentence = "no progress since 150ms: 6 failovers in a row (too many failed checkpoints) restored from nothing and did the same again; \
                    snapshots 1 to 6 were all given up (timeout after 100ms)";
    assert!(told.ends_with(sentence), "{told}");
    // A run that a limit stops in the middle of its work repeats nothing.
    spiral["snapshots"] = json!({"protocol": "aligned", "interval": "50ms"});
    spiral["limits"] = json!({"until": "300ms"});
    assert!(!hang(&spiral).contains("no progress"), "{}", hang(&spiral));
}
