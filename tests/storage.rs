//! Where parts of checkpoints go, how large they are, and how long that takes.

use cutline::scenario::outcome::{Outcome, TaskRow};
use cutline::scenario::{Scenario, run, run_traced};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Six records by way of a count into a sink, and a checkpoint behind the fourth.
fn scenario(snapshots: Value, count: Value) -> Value {
    let mut file = json!({
        "title": "t",
        "operators": {
            "S": {"kind": "source", "records": 6, "every": "10ms"},
            "count": {"kind": "keyed_count", "keys": 3},
            "out": {"kind": "sink", "commit": "idempotent"}
        },
        "channels": [{"from": "S", "to": "count"}, {"from": "count", "to": "out"}],
        "snapshots": {"protocol": "aligned", "at": ["45ms"], "final": false}
    });
    merge(&mut file["snapshots"], snapshots);
    merge(&mut file["operators"]["count"], count);
    file
}

fn merge(into: &mut Value, members: Value) {
    let Value::Object(members) = members else { panic!("an object") };
    into.as_object_mut().expect("an object").extend(members);
}

fn outcome(file: &Value) -> Outcome {
    run(&Scenario::from_json(&file.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{file:#}")))
}

/// What the first checkpoint came to, and the rows of the count.
fn first(outcome: &Outcome) -> (&'static str, Vec<&TaskRow>) {
    let snapshot = &outcome.snapshots[0];
    (snapshot.status, snapshot.tasks.iter().filter(|row| row.task.starts_with("count")).collect())
}

/// The checkpoint of this scenario ends so, and the count has so many bytes and takes so long to store them.
#[track_caller]
fn check(snapshots: Value, count: Value, status: &str, bytes: u64, upload_us: Option<u64>) {
    let outcome = outcome(&scenario(snapshots, count));
    let (found, rows) = first(&outcome);
    assert_eq!((found, rows[0].bytes, rows[0].upload_us), (status, Some(bytes), upload_us), "{rows:?}");
}

#[test]
fn a_part_has_its_entries_and_what_its_task_has_besides() {
    check(json!({"storage": "filesystem"}), json!({}), "completed", 3 * 64, Some(0));
    check(json!({"entry": "1kB"}), json!({}), "completed", 3_000, Some(0));
    check(json!({"entry": "1KiB"}), json!({"state": "2MB"}), "completed", 2_003_072, Some(0));
}

#[test]
fn the_coordinator_takes_just_what_fits() {
    let memory = |most: &str| json!({"storage": {"kind": "coordinator", "max_part": most}, "entry": "10B"});
    check(memory("30B"), json!({}), "completed", 30, Some(0));
    check(memory("29B"), json!({}), "aborted", 30, None);
    // 5MB when nothing is said.
    check(json!({"entry": 0}), json!({"state": "5MB"}), "completed", 5_000_000, Some(0));
    check(json!({"entry": "1B"}), json!({"state": "5MB"}), "aborted", 5_000_003, None);
    check(json!({"storage": "filesystem"}), json!({"state": "2GiB"}), "completed", (2 << 30) + 192, Some(0));
}

#[test]
fn whoever_refuses_says_both_numbers() {
    let outcome = outcome(&scenario(json!({"storage": "coordinator"}), json!({"state": "6MB"})));
    let (_, rows) = first(&outcome);
    let why = rows[0].refused.as_deref().expect("refused");
    assert!(why.contains("6.000192MB") && why.contains("5MB"), "{why}");
}

#[test]
fn a_part_takes_its_bytes_to_the_store() {
    let store =
        |latency: &str, bandwidth: &str| json!({"entry": 0, "storage": {"kind": "filesystem", "latency": latency, "bandwidth": bandwidth}});
    check(store("0us", "100MB"), json!({"state": "5MB"}), "completed", 5_000_000, Some(50_000));
    check(store("7ms", "100MB"), json!({"state": "5MB"}), "completed", 5_000_000, Some(57_000));
    check(store("7ms", "3B"), json!({"state": "1B"}), "completed", 1, Some(7_000 + 333_334));
}

#[test]
fn an_upload_that_is_given_does_not_look_at_bytes() {
    let storage = json!({"kind": "filesystem", "bandwidth": "1B"});
    check(json!({"storage": storage, "upload": "2ms"}), json!({}), "completed", 192, Some(2_000));
    let storage = json!({"kind": "filesystem", "latency": "50ms"});
    check(json!({"storage": storage}), json!({"upload": "3ms"}), "completed", 192, Some(3_000));
}

#[test]
fn parts_go_through_what_is_shared_one_after_the_other() {
    let mut file = scenario(
        json!({"entry": 0, "storage": {"kind": "filesystem", "latency": "1ms", "shared_bandwidth": "100MB"}}),
        json!({"state": "1MB", "parallelism": 3}),
    );
    let waits = |file: &Value| {
        let outcome = outcome(file);
        let mut waits: Vec<Option<u64>> = first(&outcome).1.iter().map(|row| row.upload_us).collect();
        waits.sort_unstable();
        waits
    };
    assert_eq!(waits(&file), [11_000, 21_000, 31_000].map(Some));
    let storage = file["snapshots"]["storage"].as_object_mut().expect("an object");
    storage.insert("bandwidth".to_owned(), json!("50MB"));
    // Each needs 20ms of its own at least.
    assert_eq!(waits(&file), [21_000, 21_000, 31_000].map(Some));
    file["snapshots"]["storage"]["shared_bandwidth"] = json!("1GB");
    assert_eq!(waits(&file), [21_000, 21_000, 21_000].map(Some));
}

#[test]
fn records_in_channels_have_their_size() {
    let mut file = scenario(json!({"protocol": "unaligned", "at": ["35ms"], "entry": 0, "record": "7B"}), json!({"service": "30ms"}));
    file["operators"]["S"]["every"] = json!("5ms");
    let outcome = outcome(&file);
    let snapshot = &outcome.snapshots[0];
    let records: u64 = snapshot.tasks.iter().map(|row| row.channel_records).sum();
    assert_eq!((snapshot.status, snapshot.bytes().map(|bytes| bytes.0)), ("completed", Some(7 * records)));
    assert!(records > 0, "{snapshot:?}");
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let file = scenario(json!({}), json!({}));
    let mut facts = Vec::new();
    let outcome = run_traced(&Scenario::from_json(&file.to_string()).expect("valid"), &mut |_, _, fact| facts.push(fact.word()));
    assert!(outcome.snapshots.iter().all(|snapshot| snapshot.bytes().is_none()));
    assert!(!facts.contains(&"sized"));
    let document = serde_json::to_string(&outcome.snapshots).expect("plain data");
    assert!(!document.contains("bytes") && !document.contains("upload_us"), "{document}");
}

#[test]
fn amounts_that_are_none_are_explained() {
    for (snapshots, message) in [
        (json!({"entry": 5}), "5 has no unit"),
        (json!({"entry": "5mb"}), "has a unit that is not known"),
        (json!({"storage": "filesistem"}), "filesistem"),
        (json!({"storage": {"kind": "filesystem", "bandwidth": 0}}), "nothing is ever stored"),
        (json!({"storage": {"kind": "coordinator", "bandwidth": "1MB"}}), "bandwidth"),
    ] {
        let mistakes = Scenario::from_json(&scenario(snapshots.clone(), json!({})).to_string()).expect_err("a mistake");
        assert!(mistakes.iter().any(|mistake| format!("{mistake:?}").contains(message)), "{snapshots}: {mistakes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A checkpoint is complete only if every part fits, and every part that does not is refused with its numbers.
    #[test]
    fn no_checkpoint_has_a_part_that_does_not_fit(
        (entry, state, most) in (0..40u64, 0..120u64, 0..200u64),
        (parallelism, protocol) in (1..4u64, prop::sample::select(vec!["aligned", "unaligned", "at_least_once", "chandy_lamport", "lai_yang"])),
        crash in prop::option::of(20_000..70_000u64),
    ) {
        let bytes = |bytes: u64| json!(format!("{bytes}B"));
        let storage = json!({"kind": "coordinator", "max_part": bytes(most)});
        let mut file = scenario(
            json!({"protocol": protocol, "at": ["25ms", "45ms"], "storage": storage, "entry": bytes(entry)}),
            json!({"state": bytes(state), "parallelism": parallelism}),
        );
        if let Some(at) = crash {
            file["faults"] = json!([{"crash": "S", "at": format!("{at}us")}]);
        }
        let outcome = outcome(&file);
        for invariant in &outcome.invariants {
            prop_assert!(invariant.verdict != "violated" || !invariant.claimed, "{:?}", invariant);
        }
        for snapshot in &outcome.snapshots {
            for row in &snapshot.tasks {
                let fits = row.bytes.is_none_or(|bytes| bytes <= most);
                prop_assert!(fits || snapshot.status != "completed", "{:?}", snapshot);
                prop_assert_eq!(row.refused.is_some(), !fits, "{:?}", row);
                prop_assert!(fits || row.acked_us.is_none(), "{:?}", row);
            }
        }
    }
}
