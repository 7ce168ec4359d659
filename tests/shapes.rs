//! The shapes that make a protocol worth choosing, in exact simulated time: what grows with
//! backpressure and skew, what stays flat, what is paid for it. `docs/shapes.md` holds the tables,
//! written by this test (`UPDATE_EXPECT=1 cargo test --test shapes`).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cutline::{Outcome, Scenario};
use expect_test::expect_file;
use serde_json::{Value, json};

/// A committed scenario with some values replaced, by JSON pointer.
fn run(file: &str, changes: &[(&str, Value)]) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shapes").join(file);
    let mut scenario: Value = serde_json::from_str(&fs::read_to_string(path).expect("a committed file")).expect("JSON");
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        scenario.pointer_mut(parent).expect("a place")[field] = value.clone();
    }
    scenario["expect"] = json!({});
    cutline::run(&Scenario::from_json(&scenario.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

fn backpressure(protocol: &str, capacity: u64, more: &[(&str, Value)]) -> Outcome {
    let changes =
        [("/snapshots/protocol", json!(protocol)), ("/channels/0/capacity", json!(capacity)), ("/channels/1/capacity", json!(capacity))];
    run("backpressure.json", &[&changes, more].concat())
}

/// `apart`: by how many milliseconds B's channel is slower than A's.
fn skew(protocol: &str, apart: u64, more: &[(&str, Value)]) -> Outcome {
    let changes = [("/snapshots/protocol", json!(protocol)), ("/channels/1/delay", json!(format!("{}ms", apart + 1)))];
    run("skew.json", &[&changes, more].concat())
}

/// How long the one completed snapshot took.
fn duration(outcome: &Outcome) -> u64 {
    let snapshot = &outcome.snapshots[0];
    assert_eq!(snapshot.status, "completed", "{snapshot:?}");
    snapshot.ended_us.expect("an end") - snapshot.triggered_us
}

fn stored(outcome: &Outcome) -> u64 {
    outcome.costs.channel_records
}

fn duplicates(outcome: &Outcome) -> u64 {
    outcome.places.iter().find(|place| place.place == "count").expect("a count").duplicated
}

const CAPACITIES: [u64; 4] = [16, 32, 64, 128];
const APART: [u64; 4] = [8, 16, 32, 64];
/// What `backpressure.json` and `skew.json` say, in microseconds.
const SERVICE: u64 = 2_000;
const DELAY: u64 = 1_000;
const BUDGET: u64 = 20_000;

/// Two full channels of `capacity` records, and the records that the two sources and the count have
/// in hand: the barrier waits for all of them.
#[test]
fn aligned_duration_grows_with_backpressure() {
    for capacity in CAPACITIES {
        let outcome = backpressure("aligned", capacity, &[]);
        assert_eq!(duration(&outcome), (2 * capacity + 2) * SERVICE, "capacity {capacity}");
        assert_eq!(stored(&outcome), 0);
    }
}

#[test]
fn aligned_duration_grows_with_skew() {
    for apart in APART {
        let outcome = skew("aligned", apart, &[]);
        assert_eq!(duration(&outcome), apart * 1_000 + DELAY, "{apart} ms apart");
        assert_eq!(outcome.costs.blocked_us, apart * 1_000);
        assert_eq!((stored(&outcome), duplicates(&outcome)), (0, 0));
    }
}

/// With a timeout below what aligning takes no checkpoint ever completes.
#[test]
fn aligned_may_never_complete() {
    let often = [("/snapshots/at", json!(["100ms", "200ms", "300ms", "400ms"]))];
    let timeout = |timeout: &str| [&often[..], &[("/snapshots/timeout", json!(timeout))]].concat();
    let completed = |outcome: &Outcome| outcome.snapshots.iter().filter(|snapshot| snapshot.status == "completed").count();
    let tight = backpressure("aligned", 128, &timeout("90ms"));
    assert_eq!((tight.snapshots.len(), completed(&tight)), (4, 0));
    let unaligned = backpressure("unaligned", 128, &timeout("90ms"));
    assert_eq!((unaligned.snapshots.len(), completed(&unaligned)), (4, 4));
}

/// The barrier takes the channel's delay and the count's current record, whatever stands before it;
/// what stands before it is stored.
#[test]
fn unaligned_duration_is_flat_and_channel_state_grows() {
    let durations = CAPACITIES.map(|capacity| duration(&backpressure("unaligned", capacity, &[])));
    assert!(durations.iter().all(|&duration| duration == durations[0]), "{durations:?}");
    assert!(durations[0] <= DELAY + 2 * SERVICE, "{durations:?}");
    for capacity in CAPACITIES {
        let outcome = backpressure("unaligned", capacity, &[]);
        assert_eq!(stored(&outcome), 2 * capacity, "capacity {capacity}");
    }
}

/// Below the budget it is aligned, and costs nothing; above, it ends soon after the budget.
#[test]
fn aligned_timeout_is_cheap_below_its_budget_and_flat_above() {
    for apart in [4, 8, 16] {
        let (timed, aligned) = (skew("aligned_timeout", apart, &[]), skew("aligned", apart, &[]));
        assert_eq!((duration(&timed), stored(&timed)), (duration(&aligned), 0), "{apart} ms apart");
    }
    let durations = CAPACITIES.map(|capacity| duration(&backpressure("aligned_timeout", capacity, &[])));
    assert!(durations.iter().all(|&duration| duration == durations[0]), "{durations:?}");
    assert!((BUDGET..=BUDGET + 2 * SERVICE).contains(&durations[0]), "{durations:?}");
    let stored = CAPACITIES.map(|capacity| stored(&backpressure("aligned_timeout", capacity, &[])));
    assert!(stored.windows(2).all(|pair| pair[0] < pair[1]), "{stored:?}");
}

/// A sends one record a millisecond: what it sends between its own barrier and B's is counted before
/// the snapshot, and again after the crash.
#[test]
fn at_least_once_duplicates_what_came_behind_a_barrier() {
    for apart in APART {
        let outcome = skew("at_least_once", apart, &[]);
        assert_eq!(duplicates(&outcome), apart, "{apart} ms apart");
        assert_eq!(outcome.places.iter().map(|place| place.lost).sum::<u64>(), 0);
        assert_eq!(outcome.costs.blocked_us, 0);
    }
}

fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
}

fn table(page: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    writeln!(page, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len())).expect("a String takes all");
    rows.for_each(|row| writeln!(page, "| {} |", row.join(" | ")).expect("a String takes all"));
    page.push('\n');
}

const PROTOCOLS: [&str; 3] = ["aligned", "aligned_timeout", "unaligned"];

#[test]
fn the_page_has_the_numbers() {
    let mut page = String::from(include_str!("golden/shapes-head.md"));
    page.push_str("## Backpressure: `scenarios/shapes/backpressure.json`\n\n");
    let head = ["records a channel holds", "aligned", "aligned_timeout", "stored", "unaligned", "stored"];
    let row = |capacity: u64| {
        let [aligned, timed, unaligned] = PROTOCOLS.map(|protocol| backpressure(protocol, capacity, &[]));
        let cells = [duration(&aligned), duration(&timed), duration(&unaligned)].map(millis);
        let [aligned, timed_took, unaligned_took] = cells;
        vec![
            capacity.to_string(),
            aligned,
            timed_took,
            format!("{} records", stored(&timed)),
            unaligned_took,
            format!("{} records", stored(&unaligned)),
        ]
    };
    table(&mut page, &head, CAPACITIES.into_iter().map(row));
    page.push_str(include_str!("golden/shapes-middle.md"));
    let head = ["B is slower by", "aligned", "blocked", "at_least_once", "counted twice", "unaligned", "stored"];
    let row = |apart: u64| {
        let (aligned, tracked, unaligned) = (skew("aligned", apart, &[]), skew("at_least_once", apart, &[]), skew("unaligned", apart, &[]));
        vec![
            format!("{apart} ms"),
            millis(duration(&aligned)),
            millis(aligned.costs.blocked_us),
            millis(duration(&tracked)),
            format!("{} records", duplicates(&tracked)),
            millis(duration(&unaligned)),
            format!("{} records", stored(&unaligned)),
        ]
    };
    table(&mut page, &head, APART.into_iter().map(row));
    expect_file!["../docs/shapes.md"].assert_eq(&page);
}
