//! Swarm: every run of a campaign has a small scenario of its own, drawn from its number.
//!
//! On a straight line with one crash a third of the known bugs are impossible, so shapes, protocol
//! options and faults are switched on and off from scenario to scenario (Groce et al. 2012).

use serde_json::{Map, Value, json};

use super::walk::Spice;
use crate::engine::Control;
use crate::kernel::{Stream, Ticks};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;

/// A drawn scenario and how walks go through it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The scenario file, without faults: those come with each walk.
    pub file: Value,
    /// The same, checked.
    pub scenario: Scenario,
    /// Which control steps walks order.
    pub control: Control,
    /// What may go wrong.
    pub spice: Spice,
}

/// Draws from weighted choices.
fn pick<T: Copy>(stream: &mut Stream, choices: &[(u64, T)]) -> T {
    let total = choices.iter().map(|(weight, _)| weight).sum();
    let mut at = stream.below(total);
    for &(weight, choice) in choices {
        if at < weight {
            return choice;
        }
        at -= weight;
    }
    unreachable!("less than the total")
}

fn chance(stream: &mut Stream, percent: u64) -> bool {
    stream.below(100) < percent
}

/// The `number`th shape of a campaign under one of `protocols`.
pub fn shape(seed: u64, number: u64, protocols: &[ProtocolKind]) -> Shape {
    let mut stream = Stream::numbered(seed, "shape", number);
    let stream = &mut stream;
    let protocol = protocols[stream.below(protocols.len() as u64) as usize];
    let mut draft = Draft::new(protocol);
    let has_processes = protocol.is_classic() && chance(stream, 60);
    if has_processes {
        draft.processes(stream);
    } else if protocol == ProtocolKind::AlignedCyclic && chance(stream, 80) {
        draft.looped(stream);
    } else {
        draft.dataflow(stream);
    }
    draft.rules(stream);
    let spice = spice(stream, draft.comes_to_a_last_snapshot());
    if !has_processes && spice.losses > 0 {
        // A lost trigger leaves the tasks behind it aligning until a newer barrier comes (C8), and the end of the data
        // waits behind them: so there has to be a next one.
        draft.snapshots.insert("interval".to_owned(), json!("1ms"));
    }
    let file = draft.file();
    let scenario = Scenario::from_draft(&file).unwrap_or_else(|mistakes| panic!("a drawn scenario is valid: {mistakes:?}\n{file:#}"));
    let mut control = control(stream);
    if scenario.plan().operators().iter().any(|operator| operator.kind.finishes()) && chance(stream, 60) {
        // Word of a completion that comes late: the source takes part in more before it is gone.
        control = control.with(Control::NOTICES);
    }
    Shape { file, scenario, control, spice }
}

/// Word of a completion that is lost is made good by that of a later one, so there has to be a last one. What is
/// drawn here keeps it from completing less often than it is tried.
fn spice(stream: &mut Stream, has_last: bool) -> Spice {
    let crashes = pick(stream, &[(1, 0), (6, 1), (4, 2)]);
    let losses = pick(stream, &[(3, 0), (1, 1)]).min(u8::from(has_last));
    let failed_uploads = pick(stream, &[(1, 0), (1, 1)]);
    let early_timers = pick(stream, &[(3, 0), (2, 1)]).min(2 - losses - failed_uploads);
    Spice { crashes, losses, failed_uploads, early_timers }
}

pub(super) fn control(stream: &mut Stream) -> Control {
    match stream.below(10) {
        0..5 => Control::INSTANT,
        5..8 => {
            let kinds = Control::KINDS.iter().filter(|_| stream.below(2) == 0);
            kinds.fold(Control::INSTANT, |control, (kind, _)| control.with(*kind))
        }
        _ => Control::CHANNEL,
    }
}

/// A scenario file in the making.
struct Draft {
    protocol: ProtocolKind,
    operators: Map<String, Value>,
    channels: Vec<Value>,
    snapshots: Map<String, Value>,
    recovery: Map<String, Value>,
    script: Vec<Value>,
}

impl Draft {
    fn new(protocol: ProtocolKind) -> Self {
        let snapshots = Map::from_iter([("protocol".to_owned(), json!(protocol.word()))]);
        Draft { protocol, operators: Map::new(), channels: Vec::new(), snapshots, recovery: Map::new(), script: Vec::new() }
    }

    fn file(self) -> Value {
        let mut file = json!({
            "title": "a drawn scenario",
            "operators": self.operators,
            "channels": self.channels,
            "snapshots": self.snapshots,
        });
        if !self.recovery.is_empty() {
            file["recovery"] = Value::Object(self.recovery);
        }
        if !self.script.is_empty() {
            file["script"] = Value::Array(self.script);
        }
        file
    }

    /// Whether a checkpoint is taken in the end whatever happens: behind a bounded channel a source whose
    /// tasks downstream are still aligning never comes to its end.
    fn comes_to_a_last_snapshot(&self) -> bool {
        let has_last = !self.snapshots.contains_key("final") && !self.snapshots.contains_key("after_end");
        has_last && self.channels.iter().all(|channel| channel.get("capacity").is_none())
    }

    fn operator(&mut self, name: &str, operator: Value) {
        self.operators.insert(name.to_owned(), operator);
    }

    fn channel(&mut self, from: &str, to: &str, capacity: Option<u32>) {
        let mut channel = json!({"from": from, "to": to});
        if let Some(capacity) = capacity {
            channel["capacity"] = json!(capacity);
        }
        self.channels.push(channel);
    }

    fn source(&mut self, name: &str, stream: &mut Stream, parallelism: u64, may_finish: bool) {
        // One that finishes comes to its end soon, so that it is gone while others still send.
        let least = u64::from(!may_finish || chance(stream, 30));
        let mut source = json!({"kind": "source", "records": parallelism * (least + stream.below(2)) + stream.below(2)});
        if parallelism > 1 {
            source["parallelism"] = json!(parallelism);
        }
        if may_finish {
            source["finishes"] = json!(true);
        } else if chance(stream, 4) {
            source["replayable"] = json!(false);
        }
        self.operator(name, source);
    }

    fn sink(&mut self, name: &str, stream: &mut Stream, parallelism: u64) {
        let commit = pick(stream, &[(6, "two_phase"), (1, "idempotent"), (1, "plain"), (1, "upsert"), (1, "additive")]);
        let mut sink = json!({"kind": "sink", "commit": commit});
        if parallelism > 1 {
            sink["parallelism"] = json!(parallelism);
        }
        self.operator(name, sink);
    }

    /// Something with state in the middle, so that there is much to judge.
    fn keyed(&mut self, name: &str, stream: &mut Stream, parallelism: u64) {
        let kind = pick(stream, &[(3, "keyed_count"), (1, "keyed_sum")]);
        let mut operator = json!({"kind": kind, "keys": 1 + stream.below(3)});
        if parallelism > 1 {
            operator["parallelism"] = json!(parallelism);
        }
        self.operator(name, operator);
    }

    /// Something without state.
    fn stateless(&mut self, name: &str, stream: &mut Stream) {
        let operator = match stream.below(4) {
            0 => json!({"kind": "map", "multiply": 3, "add": 1}),
            1 => json!({"kind": "flat_map", "copies": 2}),
            _ => json!({"kind": "pass"}),
        };
        self.operator(name, operator);
    }

    fn dataflow(&mut self, stream: &mut Stream) {
        let finishes = chance(stream, 40);
        let capacity = pick(stream, &[(6, None), (2, Some(1)), (1, Some(2))]);
        match pick(stream, &[(3, 'l'), (8, 'j'), (3, 's'), (2, 'd'), (2, 'c'), (1, 'p'), (2, 'f'), (1, 't')]) {
            'l' => {
                self.source("a", stream, 1, finishes);
                self.keyed("count", stream, 1);
                self.sink("out", stream, 1);
                self.channel("a", "count", capacity);
                self.channel("count", "out", capacity);
            }
            // Several sources into one operator.
            'j' => {
                let names = &["a", "b", "c"][..pick(stream, &[(5, 2), (1, 3)])];
                for name in names {
                    let may_finish = finishes && stream.below(3) > 0;
                    self.source(name, stream, 1, may_finish);
                    self.channel(name, "count", capacity);
                }
                self.keyed("count", stream, 1);
                if chance(stream, 75) {
                    self.sink("out", stream, 1);
                    self.channel("count", "out", capacity);
                }
            }
            // Everybody to everybody.
            's' => {
                self.source("a", stream, 2, finishes);
                self.keyed("count", stream, 2);
                let sinks = 1 + stream.below(2);
                self.sink("out", stream, sinks);
                self.channel("a", "count", capacity);
                self.channel("count", "out", capacity);
            }
            // A diamond.
            'd' => {
                self.source("a", stream, 1, finishes);
                self.stateless("left", stream);
                self.stateless("right", stream);
                self.keyed("count", stream, 1);
                self.sink("out", stream, 1);
                for (from, to) in [("a", "left"), ("a", "right"), ("left", "count"), ("right", "count"), ("count", "out")] {
                    self.channel(from, to, capacity);
                }
            }
            // Two operators with state one behind the other.
            'c' => {
                self.source("a", stream, 1, finishes);
                self.source("b", stream, 1, false);
                self.keyed("first", stream, 1);
                let parallelism = 1 + stream.below(2);
                self.keyed("second", stream, parallelism);
                self.sink("out", stream, 1);
                for (from, to) in [("a", "first"), ("b", "first"), ("first", "second"), ("second", "out")] {
                    self.channel(from, to, capacity);
                }
            }
            // A join of pairs.
            'p' => {
                self.source("a", stream, 1, finishes);
                self.source("b", stream, 1, false);
                self.operator("pairs", json!({"kind": "join", "keys": 1}));
                self.sink("out", stream, 1);
                for (from, to) in [("a", "pairs"), ("b", "pairs"), ("pairs", "out")] {
                    self.channel(from, to, capacity);
                }
            }
            // A union in front of two sinks.
            'f' => {
                self.source("a", stream, 1, finishes);
                self.source("b", stream, 1, false);
                self.operator("merge", json!({"kind": "union"}));
                self.sink("out", stream, 1);
                self.sink("log", stream, 1);
                for (from, to) in [("a", "merge"), ("b", "merge"), ("merge", "out"), ("merge", "log")] {
                    self.channel(from, to, capacity);
                }
            }
            // Channels that must keep their place: forward and broadcast.
            _ => {
                self.source("a", stream, 2, finishes);
                self.operator("pass", json!({"kind": "pass", "parallelism": 2}));
                self.keyed("count", stream, 1);
                self.sink("out", stream, 2);
                self.channel("a", "pass", capacity);
                self.channel("pass", "count", capacity);
                self.channel("count", "out", capacity);
                if chance(stream, 50) {
                    self.channels[2]["partition"] = json!("broadcast");
                }
            }
        }
    }

    fn looped(&mut self, stream: &mut Stream) {
        self.source("a", stream, 1, false);
        self.operator("loop", json!({"kind": "iterate", "rounds": 1 + stream.below(2)}));
        self.stateless_body();
        self.sink("out", stream, 1);
        for (from, to) in [("a", "loop"), ("loop", "body"), ("body", "loop"), ("loop", "out")] {
            self.channel(from, to, None);
        }
    }

    fn stateless_body(&mut self) {
        self.operator("body", json!({"kind": "pass"}));
    }

    /// Accounts that pay each other while somebody takes a snapshot.
    fn processes(&mut self, stream: &mut Stream) {
        let names = &["P", "Q", "R"][..2 + stream.below(2) as usize];
        for name in names {
            self.operator(name, json!({"kind": "account", "tokens": 1 + stream.below(5)}));
        }
        let order = (self.protocol == ProtocolKind::LaiYang && chance(stream, 60)).then_some("any");
        for (from, to) in ring(names) {
            self.channel(from, to, None);
            if let Some(order) = order {
                self.channels.last_mut().expect("just pushed")["order"] = json!(order);
            }
        }
        for at in 0..1 + stream.below(4) {
            let (from, to) = ring(names).nth(stream.below(names.len() as u64) as usize).expect("as many channels as names");
            self.script.push(json!({"at": Ticks(at).to_string(), "send": 1 + stream.below(2), "from": from, "to": to}));
        }
        for _ in 0..1 + stream.below(2) {
            let name = names[stream.below(names.len() as u64) as usize];
            self.script.push(json!({"at": 0, "snapshot": name}));
        }
    }

    fn rules(&mut self, stream: &mut Stream) {
        let mut set = |key: &str, value: Value| drop(self.snapshots.insert(key.to_owned(), value));
        if self.script.is_empty() {
            // A source finishes behind one checkpoint, and that shows in the next ones: in those most that were under
            // way already.
            let finishes = self.operators.values().any(|operator| operator["finishes"] == true);
            set("at", json!(vec![0; 1 + u64::from(finishes) as usize + stream.below(3) as usize]));
            if chance(stream, if finishes { 70 } else { 40 }) {
                set("max_concurrent", json!(2 + stream.below(2)));
            }
            if chance(stream, 25) {
                set("retain", json!(2));
            }
            // What a two-phase sink holds at the end only a last checkpoint makes visible.
            if !self.operators.values().any(|operator| operator["commit"] == "two_phase") && chance(stream, 50) {
                set("final", json!(false));
            }
            if chance(stream, 10) {
                set("tolerable_failures", json!(0));
            }
            if chance(stream, 10) {
                set("min_pause", json!("1us"));
            }
            // That snapshots go on is all that ends such a wait.
            if chance(stream, 15) && self.protocol != ProtocolKind::AlignedTimeout {
                set("after_end", json!("give_up"));
            }
        }
        if self.protocol == ProtocolKind::AlignedTimeout {
            set("alignment_timeout", json!("1us"));
        }
        if chance(stream, 5) {
            self.recovery.insert("restarts".to_owned(), json!(stream.below(2)));
        }
    }
}

/// From each to the next.
fn ring<'n>(names: &'n [&'n str]) -> impl Iterator<Item = (&'n str, &'n str)> {
    (0..names.len()).map(|at| (names[at], names[(at + 1) % names.len()]))
}
