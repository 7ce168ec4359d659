//! When an outcome is as expected: never because nothing could be judged, and never without a word about what did
//! not happen.

mod common;

use common::{scenario, verdict};
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
