//! The collection of bugs: the table is in order, and a search over small random scenarios finds
//! every one of them, by the invariant that is meant to.

mod common;

use std::collections::BTreeSet;

use common::scenario;
use cutline::explore::zoo::{self, Mutant, ZOO};
use cutline::protocol::ProtocolKind;
use cutline::scenario::INVARIANTS;
use cutline::{Outcome, Scenario};
use serde_json::{Value, json};

/// As many scenarios as the search may try under each protocol.
const SCENARIOS: u64 = 1_000;

#[test]
fn the_table_is_in_order() {
    assert!(ZOO.len() >= 34, "{}", ZOO.len());
    let names: BTreeSet<&str> = ZOO.iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), ZOO.len(), "every name is there once");
    for mutant in ZOO {
        let Mutant { name, stands_for, what, caught_by, protocols, .. } = mutant;
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert!(!stands_for.is_empty() && !what.is_empty() && !protocols.is_empty(), "{name}");
        assert!(INVARIANTS.contains(caught_by), "{name}: {caught_by}");
        assert!(std::ptr::eq(zoo::find(name).expect("its own name"), mutant), "{name}");
    }
    assert!(zoo::find(zoo::CANARY).is_some());
    assert!(zoo::find("no_such_bug").is_none());
}

/// Small numbers from a seed (SplitMix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.range(1, 100) <= percent
    }

    fn delay(&mut self, most: u64) -> Value {
        let (a, b) = (self.range(0, most), self.range(0, most));
        json!({"uniform": [us(a.min(b)), us(a.max(b))]})
    }
}

fn us(ticks: u64) -> String {
    format!("{ticks}us")
}

/// One to three sources, a union or a shuffle into a count, a sink; a few records, checkpoints
/// that are in each other's way, up to two crashes and some lost messages.
fn draw(seed: u64, protocol: &str) -> Value {
    let mut draws = Draws(seed);
    let d = &mut draws;
    let (sources, parallelism) = (d.range(1, 3), d.range(1, 2));
    let finishes = d.chance(40);
    let mut operators = serde_json::Map::new();
    let mut channels = Vec::new();
    let mut tasks = Vec::new();
    let capacity = d.chance(40).then(|| d.range(1, 4));
    let has_middle = d.chance(50);
    let into = if has_middle { "middle" } else { "count" };
    for n in 0..sources {
        let name = format!("s{n}");
        let own = if d.chance(30) { 2 } else { 1 };
        operators.insert(
            name.clone(),
            json!({"kind": "source", "records": d.range(3, 14), "every": us(d.range(200, 2_000)), "parallelism": own, "finishes": finishes}),
        );
        channels.push(json!({"from": name, "to": into, "delay": d.delay(4_000)}));
        tasks.extend((0..own).map(|at| if own == 1 { name.clone() } else { format!("{name}[{at}]") }));
    }
    let triggered = tasks.clone();
    let mut add = |name: &str, file: Value| {
        operators.insert(name.to_owned(), file);
        tasks.extend((0..parallelism).map(|at| if parallelism == 1 { name.to_owned() } else { format!("{name}[{at}]") }));
    };
    if has_middle {
        add("middle", json!({"kind": "pass", "parallelism": parallelism, "service": us(d.range(0, 500))}));
        channels.push(json!({"from": "middle", "to": "count", "delay": d.delay(2_000)}));
    }
    add("count", json!({"kind": "keyed_count", "keys": 3, "parallelism": parallelism, "service": us(d.range(0, 1_000))}));
    let is_two_phase = d.chance(75);
    operators.insert("out".into(), json!({"kind": "sink", "commit": if is_two_phase { "two_phase" } else { "idempotent" }}));
    tasks.push("out".into());
    channels.push(json!({"from": "count", "to": "out", "delay": d.delay(1_000)}));
    if let Some(capacity) = capacity {
        channels.iter_mut().for_each(|channel| channel["capacity"] = json!(capacity));
    }
    let timeout = if d.chance(50) { d.range(1_500, 10_000) } else { 60_000 };
    let mut faults: Vec<Value> = Vec::new();
    for _ in 0..d.range(0, 2) {
        let task = &tasks[d.range(0, tasks.len() as u64 - 1) as usize];
        faults.push(json!({"crash": task, "at": us(d.range(1_000, 25_000))}));
    }
    if d.chance(25) {
        let task = &triggered[d.range(0, triggered.len() as u64 - 1) as usize];
        faults.push(json!({"lose": "trigger", "to": task, "snapshot": d.range(1, 3)}));
    }
    if is_two_phase && d.chance(25) {
        faults.push(json!({"lose": "completion", "to": "out", "snapshot": d.range(1, 3)}));
    }
    if d.chance(25) {
        let task = &triggered[d.range(0, triggered.len() as u64 - 1) as usize];
        faults.push(json!({"repeat": "trigger", "to": task, "snapshot": d.range(1, 3)}));
    }
    if is_two_phase && d.chance(25) {
        faults.push(json!({"repeat": "completion", "to": "out", "snapshot": d.range(1, 3)}));
    }
    if is_two_phase && d.chance(25) {
        faults.push(json!({"postpone": "completion", "to": "out", "snapshot": d.range(1, 3), "by": us(d.range(0, 10_000))}));
    }
    if d.chance(25) {
        let task = &tasks[d.range(0, tasks.len() as u64 - 1) as usize];
        faults.push(json!({"fail_upload": task, "snapshot": d.range(1, 3)}));
    }
    let mut file = json!({
        "title": "a random scenario", "seed": seed, "operators": operators, "channels": channels, "faults": faults,
        "snapshots": {
            "protocol": protocol, "interval": us(d.range(1_500, 6_000)), "timeout": us(timeout), "max_concurrent": d.range(1, 2),
            "retain": d.range(1, 2), "alignment_timeout": us(d.range(0, 2_000)), "trigger": d.delay(1_500), "upload": d.delay(1_000),
            "ack": d.delay(1_000), "store": d.delay(1_000), "notify": d.delay(2_000)
        },
        "recovery": {"detect": d.delay(1_000), "restart": us(d.range(0, 3_000)), "restore": d.delay(500)},
        "limits": {"steps": 20_000}
    });
    // Limits that a coordinator has to keep, and requests beside the periodic ones.
    if d.chance(40) {
        // Where time is short every snapshot fails, and a job that starts over for that reason does so for ever.
        file["snapshots"]["timeout"] = json!("60ms");
        file["snapshots"]["tolerable_failures"] = json!(d.range(0, 2));
        for _ in 0..d.range(0, 3) {
            let task = &tasks[d.range(0, tasks.len() as u64 - 1) as usize];
            let fault = json!({"fail_upload": task, "snapshot": d.range(1, 5)});
            file["faults"].as_array_mut().expect("a list").push(fault);
        }
    }
    if d.chance(30) {
        file["snapshots"]["min_pause"] = json!(us(d.range(500, 3_000)));
    }
    if d.chance(30) {
        file["recovery"]["restarts"] = json!(d.range(0, 2));
    }
    if d.chance(40) {
        let mut at: Vec<u64> = (0..d.range(1, 4)).map(|_| d.range(0, 20_000)).collect();
        at.sort_unstable();
        file["snapshots"]["at"] = at.into_iter().map(us).collect();
    }
    file
}

/// The claimed invariants that are violated.
fn caught(outcome: &Outcome) -> Vec<&'static str> {
    outcome.invariants.iter().filter(|found| found.claimed && found.verdict == "violated").map(|found| found.name).collect()
}

/// Whether what the sink holds at the end never became visible for a reason that the right world has
/// no answer to: the last checkpoint was given up as often as it is tried, or its notice was lost and
/// no other followed. Nothing can be said of a mutant there.
fn ends_without_a_commit(file: &Value, right: &Outcome) -> bool {
    let Some(last) = right.snapshots.last() else { return false };
    let is_its_notice = |fault: &Value| fault["lose"] == "completion" && fault["snapshot"] == last.id;
    last.status == "aborted" || file["faults"].as_array().is_some_and(|faults| faults.iter().any(is_its_notice))
}

#[derive(Default)]
struct Hunt {
    tried: u64,
    /// Scenarios until it was caught by anything, and until it was by the invariant that is named.
    killed: Option<u64>,
    expected: Option<u64>,
    by: BTreeSet<&'static str>,
    kills: u64,
}

/// Tries every mutant of a protocol on random scenarios until it is caught as expected. Returns the
/// scenarios in which the right world is caught.
fn hunt(protocol: ProtocolKind, hunts: &mut [Hunt]) -> Vec<String> {
    let mut false_alarms = Vec::new();
    for seed in 0..SCENARIOS {
        let wanted = |(mutant, hunt): &(&Mutant, &mut Hunt)| mutant.protocols.contains(&protocol) && hunt.expected.is_none();
        let mut open: Vec<_> = ZOO.iter().zip(hunts.iter_mut()).filter(wanted).collect();
        if open.is_empty() {
            break;
        }
        let file = draw(seed, protocol.word());
        let scenario: Scenario = scenario(&file.to_string());
        let right = cutline::run(&scenario);
        let alarms = caught(&right);
        if !alarms.is_empty() {
            if !ends_without_a_commit(&file, &right) {
                false_alarms.push(format!("{alarms:?} {file}"));
            }
            continue;
        }
        for (mutant, hunt) in open.iter_mut().filter(|(mutant, _)| mutant.suits(&scenario)) {
            let by = caught(&scenario.run_world(mutant.world(&scenario)));
            hunt.tried += 1;
            if !by.is_empty() {
                hunt.kills += 1;
                hunt.killed.get_or_insert(hunt.tried);
            }
            if by.contains(&mutant.caught_by) {
                hunt.expected.get_or_insert(hunt.tried);
            }
            hunt.by.extend(by);
        }
    }
    false_alarms
}

#[test]
#[allow(clippy::print_stdout, reason = "how hard each is to find is worth reading")]
fn every_mutant_is_found() {
    let mut hunts: Vec<Hunt> = ZOO.iter().map(|_| Hunt::default()).collect();
    let protocols = [ProtocolKind::Aligned, ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout, ProtocolKind::AtLeastOnce];
    let false_alarms: Vec<String> = protocols.into_iter().flat_map(|protocol| hunt(protocol, &mut hunts)).collect();
    for (mutant, hunt) in ZOO.iter().zip(&hunts) {
        let count = |count: Option<u64>| count.map_or("never".to_owned(), |count| count.to_string());
        println!(
            "{:32} found after {:>5}, as expected after {:>5}, in {}/{}: {:?} expected {}",
            mutant.name,
            count(hunt.killed),
            count(hunt.expected),
            hunt.kills,
            hunt.tried,
            hunt.by,
            mutant.caught_by
        );
    }
    assert_eq!(false_alarms, [""; 0], "what is right is caught by nothing");
    let survivors: Vec<&str> = ZOO.iter().zip(&hunts).filter(|(_, hunt)| hunt.expected.is_none()).map(|(mutant, _)| mutant.name).collect();
    assert_eq!(survivors, [""; 0], "not caught as expected");
}

/// What a mutant of each kind cannot be missed by: for every invariant `tests/oracles.rs` has something
/// wrong that nothing else notices. The zoo alone does not say so of all of them: `conservation` and
/// `no_false_alarm` judge graphs of processes, and the mutants whose protocols run on those break the cut
/// as well. There `no_false_alarm` is the only one to see a property that does not stay true. Nothing breaks
/// `conservation` alone: where states are what their records give, and channels hold what was sent and not received with
/// its values, no token is missing. It is kept because it is the form in which the texts say so.
#[test]
fn every_invariant_is_the_only_one_to_catch_something() {
    let text = include_str!("oracles.rs");
    let calls = || text.lines().map(str::trim).filter(|line| line.starts_with("check("));
    for invariant in INVARIANTS.into_iter().filter(|invariant| *invariant != "conservation") {
        let alone = format!(", \"{invariant}\");");
        assert!(calls().any(|call| call.ends_with(&alone)), "{invariant}: no mutant in tests/oracles.rs that it alone catches");
    }
    let named: BTreeSet<&str> = ZOO.iter().map(|mutant| mutant.caught_by).collect();
    let unnamed: Vec<&str> = INVARIANTS.iter().copied().filter(|invariant| !named.contains(invariant)).collect();
    assert_eq!(unnamed, ["conservation", "no_false_alarm"], "invariants that no mutant of the zoo is named for");
}
