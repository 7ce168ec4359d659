//! Scenarios as a proptest strategy, for properties of your own.
//!
//! What [`shape`](super::shape) draws from one number is put together from sizes here, so that proptest
//! can make a failing case smaller by itself: fewer sources, records, tasks, snapshots and crashes, shorter
//! delays.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::kernel::Ticks;
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;

/// A scenario that was drawn; it runs by simulated time.
#[derive(Clone)]
pub struct DrawnScenario {
    /// The scenario file.
    pub file: Value,
    /// The same, checked.
    pub scenario: Scenario,
}

/// A failing case is printed as the scenario file that shows it.
impl fmt::Debug for DrawnScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.file)
    }
}

/// Sizes, each of which is simpler when it is smaller; times in microseconds.
#[derive(Clone, Debug)]
struct Sizes {
    /// Records, the time between two of them, the delay of the way to the count, whether it is gone at the end.
    sources: Vec<(u64, u64, u64, bool)>,
    /// Whether something without state stands between sources and count.
    has_middle: bool,
    /// What the operator with state keeps, the simplest first; by its place in [`STATES`].
    state: usize,
    parallelism: u64,
    capacity: Option<u64>,
    /// When snapshots are asked for.
    snapshots: Vec<u64>,
    max_concurrent: u64,
    /// How long the coordinator's messages and uploads take.
    control: u64,
    /// Who dies, and when.
    crashes: Vec<(usize, u64)>,
    has_sink: bool,
}

/// Operators with state, from the one whose errors are easiest to read to those whose result depends on the order.
const STATES: [&str; 4] = ["keyed_count", "keyed_sum", "latest", "average"];

/// The latest time at which somebody asks for a snapshot or dies.
const LATEST: u64 = 12_000;

/// Small dataflows under this protocol, with random delays, snapshots and crashes.
///
/// ```
/// use cutline::protocol::ProtocolKind;
/// use proptest::prelude::*;
/// use proptest::test_runner::TestRunner;
///
/// TestRunner::deterministic()
///     .run(&cutline::scenarios(ProtocolKind::Aligned), |drawn| {
///         // A protocol of your own: drawn.scenario.run_with(..)
///         let outcome = cutline::run(&drawn.scenario);
///         prop_assert!(outcome.invariants.iter().all(|invariant| invariant.verdict != "violated"));
///         Ok(())
///     })
///     .unwrap();
/// ```
///
/// # Panics
///
/// Under protocols for graphs of processes alone there is none to draw: every one of them runs on dataflows
/// too, so this never happens with those that there are.
pub fn scenarios(protocol: ProtocolKind) -> impl Strategy<Value = DrawnScenario> {
    let source = (1..6u64, 100..3_000u64, 0..4_000u64, prop::bool::weighted(0.2));
    let graph = (vec(source, 1..4), any::<bool>(), 0..STATES.len(), 1..3u64, option::of(1..4u64), any::<bool>());
    let events = (vec(500..LATEST, 1..4), 1..3u64, 0..2_000u64, vec((0..8usize, 500..LATEST), 0..3));
    let sizes = (graph, events).prop_map(|((sources, has_middle, state, parallelism, capacity, has_sink), events)| {
        let (snapshots, max_concurrent, control, crashes) = events;
        Sizes { sources, has_middle, state, parallelism, capacity, snapshots, max_concurrent, control, crashes, has_sink }
    });
    sizes.prop_map(move |sizes| {
        let file = sizes.file(protocol);
        let scenario = Scenario::from_draft(&file).unwrap_or_else(|mistakes| panic!("a drawn scenario is valid: {mistakes:?}\n{file:#}"));
        DrawnScenario { file, scenario }
    })
}

/// So many microseconds as they are written.
fn time(micros: u64) -> Value {
    json!(Ticks(micros).to_string())
}

impl Sizes {
    fn file(&self, protocol: ProtocolKind) -> Value {
        let mut operators = Map::new();
        let mut channels: Vec<Value> = Vec::new();
        let mut tasks: Vec<String> = Vec::new();
        let mut add = |name: &str, mut operator: Value, parallelism: u64| {
            if parallelism > 1 {
                operator["parallelism"] = json!(parallelism);
            }
            operators.insert(name.to_owned(), operator);
            tasks.extend((0..parallelism).map(|task| if parallelism == 1 { name.to_owned() } else { format!("{name}[{task}]") }));
        };
        let into = if self.has_middle { "middle" } else { "count" };
        for (name, &(records, every, delay, finishes)) in ["a", "b", "c"].into_iter().zip(&self.sources) {
            let mut source = json!({"kind": "source", "records": records, "every": time(every)});
            if finishes {
                source["finishes"] = json!(true);
            }
            add(name, source, 1);
            channels.push(json!({"from": name, "to": into, "delay": time(delay)}));
        }
        if self.has_middle {
            add("middle", json!({"kind": "pass"}), self.parallelism);
            channels.push(json!({"from": "middle", "to": "count", "delay": "100us"}));
        }
        let mut count = json!({"kind": STATES[self.state], "keys": 3});
        if count["kind"] == "average" {
            count["reset"] = json!(2);
        }
        add("count", count, self.parallelism);
        if self.has_sink {
            add("out", json!({"kind": "sink", "commit": "two_phase"}), 1);
            channels.push(json!({"from": "count", "to": "out", "delay": "100us"}));
        }
        if let Some(capacity) = self.capacity {
            channels.iter_mut().for_each(|channel| channel["capacity"] = json!(capacity));
        }
        let mut at = self.snapshots.clone();
        at.sort_unstable();
        let at: Vec<Value> = at.into_iter().map(time).collect();
        let mut snapshots = json!({"protocol": protocol.word(), "at": at});
        if self.max_concurrent > 1 {
            snapshots["max_concurrent"] = json!(self.max_concurrent);
        }
        if self.control > 0 {
            for word in ["trigger", "upload", "ack", "store", "notify"] {
                snapshots[word] = json!({"uniform": [0, time(self.control)]});
            }
        }
        if protocol == ProtocolKind::AlignedTimeout {
            snapshots["alignment_timeout"] = json!("1ms");
        }
        let mut file = json!({"title": "a drawn scenario", "operators": operators, "channels": channels, "snapshots": snapshots});
        if !self.crashes.is_empty() {
            let crashes = self.crashes.iter().map(|(who, at)| json!({"crash": tasks[who % tasks.len()], "at": time(*at)}));
            file["faults"] = crashes.collect();
            file["recovery"] = json!({"detect": "1ms", "restart": "1ms"});
        }
        file
    }
}
