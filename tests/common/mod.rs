//! What several test files share.
#![allow(dead_code, reason = "every test file uses its own part")]

use cutline::engine::{Observer, Step, World};
use cutline::kernel::Ticks;
use cutline::trace::Fact;
use cutline::{Outcome, Scenario};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Runs `property` on random scenarios, the same ones every time.
pub fn check<T: std::fmt::Debug>(cases: u32, strategy: impl Strategy<Value = T>, property: impl Fn(T) -> Result<(), TestCaseError>) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng);
    runner.run(&strategy, property).unwrap_or_else(|error| panic!("{error}"));
}

/// A scenario from JSON that must be valid.
pub fn scenario(json: &str) -> Scenario {
    Scenario::from_json(json)
        .unwrap_or_else(|mistakes| panic!("{}\n{json}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// The verdict of one invariant.
pub fn verdict<'o>(outcome: &'o Outcome, name: &str) -> &'o str {
    outcome.invariants.iter().find(|invariant| invariant.name == name).expect("an invariant of that name").verdict
}

/// The invariants that are violated.
pub fn violated(outcome: &Outcome) -> Vec<&str> {
    outcome.invariants.iter().filter(|invariant| invariant.verdict == "violated").map(|invariant| invariant.name).collect()
}

/// Takes the first enabled step until there is none; `None` when that takes more than a million.
pub fn drive_first_enabled(world: &mut World, observer: &mut impl Observer) -> Option<u64> {
    let mut steps = Vec::new();
    for taken in 0..1_000_000 {
        steps.clear();
        world.enabled(&mut steps);
        match steps.first() {
            Some(&step) => world.apply(step, observer),
            None => return Some(taken),
        }
    }
    None
}

/// Keeps facts, and steps where there are any.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    pub facts: Vec<Fact>,
    pub steps: Vec<Step>,
}

impl Observer for Recorder {
    fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }
}

impl cutline::engine::FactSink for Recorder {
    fn fact(&mut self, _now: Ticks, fact: Fact) {
        self.facts.push(fact);
    }
    fn step(&mut self, step: Step) {
        self.steps.push(step);
    }
}

/// What a random scenario is made of; small numbers, so that a failing case can be read.
#[derive(Clone)]
pub struct Shape {
    pub seed: u64,
    pub sources: Vec<(u64, u64, u64)>,
    pub stages: Vec<(u8, u64)>,
    pub delays: Vec<(u64, u64)>,
    pub capacity: Option<u64>,
    pub interval: u64,
    pub max_concurrent: u64,
    pub control: (u64, u64, u64),
    pub crashes: Vec<(u64, u64)>,
    pub commit: u8,
}

/// One to three sources into a union or a count, up to three more operators, a sink; random
/// parallelism, delays, capacities, checkpoints and crashes.
pub fn shapes() -> impl Strategy<Value = Shape> {
    let source = (1..30u64, 100..3_000u64, 1..3u64);
    let stage = (0..7u8, 1..4u64);
    (
        (any::<u32>(), prop::collection::vec(source, 1..4), prop::collection::vec(stage, 1..4)),
        prop::collection::vec((0..2_000u64, 0..4_000u64), 8),
        prop::option::of(1..6u64),
        (1_000..8_000u64, 1..3u64, (0..2_000u64, 0..2_000u64, 0..2_000u64)),
        prop::collection::vec((any::<u32>().prop_map(u64::from), 500..50_000u64), 0..4),
        0..5u8,
    )
        .prop_map(|((seed, sources, stages), delays, capacity, (interval, max_concurrent, control), crashes, commit)| Shape {
            seed: u64::from(seed),
            sources,
            stages,
            delays,
            capacity,
            interval,
            max_concurrent,
            control,
            crashes,
            commit,
        })
}

/// A failing case is printed as the scenario file that shows it.
impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.json("aligned"))
    }
}

/// So many microseconds as a scenario says them.
pub fn us(micros: u64) -> Value {
    json!(Ticks(micros).to_string())
}

impl Shape {
    /// The shape as a scenario under a protocol.
    pub fn scenario(&self, protocol: &str) -> Scenario {
        scenario(&self.json(protocol).to_string())
    }

    fn operators(&self) -> Vec<(String, Value, u64)> {
        let mut operators = Vec::new();
        for (n, &(records, every, parallelism)) in self.sources.iter().enumerate() {
            let file = json!({"kind": "source", "records": records, "every": us(every), "parallelism": parallelism});
            operators.push((format!("s{n}"), file, parallelism));
        }
        for (n, &(kind, parallelism)) in self.stages.iter().enumerate() {
            let mut file = match kind {
                0 => json!({"kind": "pass", "service": "50us"}),
                1 => json!({"kind": "flat_map", "copies": 2}),
                2 => json!({"kind": "map", "multiply": 3, "add": 1}),
                3 => json!({"kind": "keyed_sum", "keys": 3}),
                4 => json!({"kind": "latest", "keys": 3}),
                5 => json!({"kind": "average", "keys": 2, "reset": 3}),
                _ => json!({"kind": "keyed_count", "keys": 5, "service": {"uniform": [0, "300us"]}}),
            };
            file["parallelism"] = json!(parallelism);
            operators.push((format!("o{n}"), file, parallelism));
        }
        // Something must have state, or there is little to judge.
        operators.push(("count".into(), json!({"kind": "keyed_count", "keys": 4, "parallelism": 2}), 2));
        let commit = ["two_phase", "idempotent", "plain", "upsert", "additive"][self.commit as usize];
        operators.push(("out".into(), json!({"kind": "sink", "commit": commit}), 1));
        operators
    }

    fn json(&self, protocol: &str) -> Value {
        let operators = self.operators();
        let first = self.sources.len();
        let delay = |n: usize| {
            let (a, b) = self.delays[n % self.delays.len()];
            json!({"uniform": [us(a.min(b)), us(a.max(b))]})
        };
        let mut channels: Vec<Value> =
            (0..first).map(|n| json!({"from": operators[n].0, "to": operators[first].0, "delay": delay(n)})).collect();
        channels.extend((first..operators.len() - 1).map(|n| json!({"from": operators[n].0, "to": operators[n + 1].0, "delay": delay(n)})));
        if let Some(capacity) = self.capacity {
            channels.iter_mut().for_each(|channel| channel["capacity"] = json!(capacity));
        }
        let tasks: Vec<String> = operators
            .iter()
            .flat_map(|(name, _, parallelism)| {
                (0..*parallelism).map(move |n| if *parallelism == 1 { name.clone() } else { format!("{name}[{n}]") })
            })
            .collect();
        let crashes = self.crashes.iter().map(|(who, at)| json!({"crash": tasks[*who as usize % tasks.len()], "at": us(*at)}));
        let (ack, notify, restart) = self.control;
        json!({
            "title": "a random scenario", "seed": self.seed,
            "operators": operators.iter().map(|(name, file, _)| (name.clone(), file.clone())).collect::<serde_json::Map<_, _>>(),
            "channels": channels,
            "snapshots": {"protocol": protocol, "interval": us(self.interval), "max_concurrent": self.max_concurrent, "timeout": "60ms",
                          "ack": {"uniform": [0, us(ack)]}, "upload": us(ack / 2), "notify": {"uniform": [0, us(notify)]}, "trigger": {"uniform": [0, us(ack)]}},
            "recovery": {"detect": {"uniform": [0, "1ms"]}, "restart": us(restart), "restore": {"uniform": [0, "500us"]}},
            "faults": crashes.collect::<Vec<_>>()
        })
    }
}
