//! What snapshots are for, on random graphs of processes, dataflows and loops: consistent cuts while
//! they are taken, the effects of a failure-free run after they are restored.
//!
//! Every property that says "never" comes with a share of cases in which something could have
//! happened, and every protocol that is out of its depth must be caught in a share of cases.

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;

use common::{Recorder, check, scenario, us, verdict, violated};
use cutline::engine::{Step, World};
use cutline::kernel::Id;
use cutline::model::{ChannelId, SnapshotId, TaskState};
use cutline::protocol::ProtocolKind::{self, Aligned, AlignedCyclic, AlignedTimeout, AtLeastOnce, ChandyLamport, LaiYang, Unaligned};
use cutline::protocol::Timer;
use cutline::scenario::run_traced;
use cutline::trace::{Fact, Refusal};
use cutline::{Outcome, Scenario};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// Protocols that promise exactly once on a dataflow without loops.
const EXACT: [ProtocolKind; 5] = [Aligned, Unaligned, AlignedTimeout, ChandyLamport, LaiYang];

/// In how many of how many cases something happened.
#[derive(Default)]
struct Share {
    hits: Cell<u32>,
    cases: Cell<u32>,
}

impl Share {
    fn note(&self, hit: bool) {
        self.hits.set(self.hits.get() + u32::from(hit));
        self.cases.set(self.cases.get() + 1);
    }

    /// An oracle that never fires is no oracle, and a case in which nothing happens is no case.
    fn require(&self, percent: u32, what: impl std::fmt::Display) {
        let (hits, cases) = (self.hits.get(), self.cases.get());
        assert!(hits * 100 >= cases * percent, "{what}: only {hits} of {cases} cases, and at least {percent} % are required");
    }
}

// --- random scenarios ----------------------------------------------------------------------------

/// A scenario file; a failing one is printed as it would be typed.
#[derive(Clone)]
struct Case(Value);

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Case {
    fn scenario(&self) -> Scenario {
        scenario(&self.0.to_string())
    }

    fn without_faults(&self) -> Scenario {
        let mut file = self.0.clone();
        file["faults"] = json!([]);
        Case(file).scenario()
    }

    /// The names of all tasks.
    fn tasks(&self) -> Vec<String> {
        let operators = self.0["operators"].as_object().expect("operators");
        let of = |(name, file): (&String, &Value)| match file["parallelism"].as_u64().unwrap_or(1) {
            1 => vec![name.clone()],
            parallelism => (0..parallelism).map(|n| format!("{name}[{n}]")).collect(),
        };
        operators.iter().flat_map(of).collect()
    }

    fn with_faults(mut self, crashes: &[Crash], random: Option<(u32, u64)>) -> Case {
        let tasks = self.tasks();
        let crash = |(who, moment): &Crash| match moment {
            Moment::At(at) => json!({"crash": who.get(&tasks), "at": us(*at)}),
            Moment::Reached(point, nth, after) => {
                json!({"crash": who.get(&tasks), "when": {"reaches": point, "nth": nth, "after": us(*after)}})
            }
        };
        let mut faults: Vec<Value> = crashes.iter().map(crash).collect();
        faults.extend(random.map(|(count, every)| json!({"random_crashes": count, "every": us(every)})));
        self.0["faults"] = json!(faults);
        self
    }

    /// With messages to sinks that come twice or late.
    fn with_messages(mut self, messages: &[(u32, Option<u64>)]) -> Case {
        let message = |(snapshot, late): &(u32, Option<u64>)| match late {
            None => json!({"repeat": "completion", "to": "out", "snapshot": snapshot}),
            Some(by) => json!({"postpone": "completion", "to": "out", "snapshot": snapshot, "by": us(*by)}),
        };
        // Nobody else is told.
        self.0["operators"]["out"]["commit"] = json!("two_phase");
        self.0["snapshots"]["final"] = json!(true);
        self.0["faults"].as_array_mut().expect("faults").extend(messages.iter().map(message));
        self
    }

    /// A two-phase sink shows the last records with the last checkpoint, so there has to be one.
    fn settled(mut self) -> Case {
        if self.0["operators"]["out"]["commit"] == "two_phase" {
            self.0["snapshots"]["final"] = json!(true);
        }
        self
    }

    /// The same with channels, picked by `picks`, that do not keep order.
    fn unordered(mut self, picks: &[bool]) -> Case {
        let channels = self.0["channels"].as_array_mut().expect("channels");
        channels.iter_mut().zip(picks.iter().cycle()).filter(|(_, pick)| **pick).for_each(|(channel, _)| channel["order"] = json!("any"));
        self
    }
}

/// When a task dies.
#[derive(Clone, Debug)]
enum Moment {
    At(u64),
    /// So long after this point was reached for the how-manieth time.
    Reached(&'static str, u32, u64),
}

/// Which task dies when.
type Crash = (Index, Moment);

/// Crashes after one of `points`, at once or a little later.
fn crashes_after(points: &'static [&'static str]) -> impl Strategy<Value = Crash> {
    let after = prop_oneof![Just(0), 0..4_000u64];
    let moment = (prop::sample::select(points), 1..5u32, after).prop_map(|(point, nth, after)| Moment::Reached(point, nth, after));
    (any::<Index>(), moment)
}

/// Crashes at any time and at the points of a snapshot; half of them when there is one to restore.
fn crashes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Crash>> {
    const OTHERS: &[&str] = &["triggered", "barrier_received", "state_saved", "uploaded", "all_acked", "restored"];
    let at = (any::<Index>(), (500..30_000u64).prop_map(Moment::At));
    prop::collection::vec(prop_oneof![2 => crashes_after(&["completed"]), 1 => crashes_after(OTHERS), 1 => at], count)
}

/// A delay of any kind, about so long at the most.
fn delays(longest: u64) -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..=longest).prop_map(us),
        (0..=longest, 0..=longest).prop_map(|(a, b)| json!({"uniform": [us(a.min(b)), us(a.max(b))]})),
        (0..=longest / 2).prop_map(|mean| json!({"exponential": us(mean)})),
    ]
}

/// Channels' delays; a few are an order of magnitude longer.
fn ways(longest: u64) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(prop_oneof![4 => delays(longest), 1 => delays(longest * 10)], 12)
}

fn put_delays(channels: &mut [Value], delays: &[Value]) {
    channels.iter_mut().zip(delays.iter().cycle()).for_each(|(channel, delay)| channel["delay"] = delay.clone());
}

/// The coordinator's side of a stream's checkpoints.
fn checkpoints() -> impl Strategy<Value = Value> {
    let budget = prop_oneof![Just(0u64), 0..5_000u64, Just(100_000u64)];
    let times = (delays(2_000), delays(1_000), delays(500), delays(2_000), delays(2_000));
    (500..5_000u64, 1..4u64, budget, prop::bool::weighted(0.8), times).prop_map(
        |(interval, max_concurrent, budget, is_final, (ack, upload, store, notify, trigger))| {
            json!({
                "protocol": "aligned", "interval": us(interval), "max_concurrent": max_concurrent, "timeout": "10s",
                "alignment_timeout": us(budget), "final": is_final,
                "ack": ack, "upload": upload, "store": store, "notify": notify, "trigger": trigger,
            })
        },
    )
}

fn recovery() -> impl Strategy<Value = Value> {
    (delays(1_000), delays(2_000), delays(500))
        .prop_map(|(detect, restart, restore)| json!({"detect": detect, "restart": restart, "restore": restore}))
}

/// Two to six accounts: a ring, so that everybody can reach everybody, and channels across it, which
/// make smaller rings; payments that are drawn, and one to five snapshots by anybody at any time.
fn banks(tokens: impl Strategy<Value = u64>) -> impl Strategy<Value = Case> {
    (
        (any::<u32>(), prop::collection::vec(tokens, 2..7), prop::collection::vec(any::<(Index, Index)>(), 0..8)),
        ways(3_000),
        (0..15u32, 50..2_000u64, 1..12u64),
        prop::collection::vec((any::<Index>(), 0..15_000u64), 1..6),
        (delays(3_000), delays(1_000), delays(500)),
        recovery(),
    )
        .prop_map(|((seed, tokens, across), delays, (count, every, amount), starts, (ack, upload, store), recovery)| {
            let names: Vec<String> = (0..tokens.len()).map(|n| format!("p{n}")).collect();
            let ring = (0..names.len()).map(|n| (n, (n + 1) % names.len()));
            let mut edges: Vec<(usize, usize)> = ring.collect();
            for (from, to) in across.iter().map(|(from, to)| (from.index(names.len()), to.index(names.len()))) {
                if !edges.contains(&(from, to)) {
                    edges.push((from, to));
                }
            }
            let mut channels: Vec<Value> = edges.iter().map(|&(from, to)| json!({"from": names[from], "to": names[to]})).collect();
            put_delays(&mut channels, &delays);
            let accounts = names.iter().zip(&tokens).map(|(name, tokens)| (name.clone(), json!({"kind": "account", "tokens": tokens})));
            let script: Vec<Value> = starts.iter().map(|(who, at)| json!({"at": us(*at), "snapshot": who.get(&names)})).collect();
            Case(json!({
                "title": "random accounts", "seed": seed,
                "operators": accounts.collect::<Map<_, _>>(),
                "channels": channels,
                "transfers": {"count": count, "every": us(every), "amount": amount},
                "script": script,
                "snapshots": {"protocol": "chandy_lamport", "ack": ack, "upload": upload, "store": store},
                "recovery": recovery,
            }))
        })
}

/// What a random dataflow is put together from.
#[derive(Default)]
struct Graph {
    operators: Map<String, Value>,
    channels: Vec<Value>,
}

/// A random operator: its kind, how many tasks, how long a record takes.
type Stage = (u8, u64, Value);

fn stages(kinds: std::ops::Range<u8>, most: usize) -> impl Strategy<Value = Vec<Stage>> {
    prop::collection::vec((kinds, 1..4u64, prop_oneof![2 => Just(json!(0)), 1 => delays(300)]), 0..=most)
}

/// A random source: records, time between them, tasks, whether it finishes.
type Source = (u64, u64, u64, bool);

fn sources(count: std::ops::Range<usize>, finishes: bool) -> impl Strategy<Value = Vec<Source>> {
    prop::collection::vec((1..20u64, 200..2_000u64, 1..4u64, any::<bool>().prop_map(move |it| it && finishes)), count)
}

/// Up to here the kinds of stages do not depend on the order of arrival.
const STATELESS: u8 = 4;
/// How many kinds of stages there are.
const KINDS: u8 = 8;

impl Graph {
    fn add(&mut self, name: &str, file: Value, from: &[String]) {
        self.operators.insert(name.to_owned(), file);
        self.channels.extend(from.iter().map(|from| json!({"from": from, "to": name})));
    }

    fn sources(&mut self, prefix: &str, sources: &[Source]) -> Vec<String> {
        for (n, &(records, every, parallelism, finishes)) in sources.iter().enumerate() {
            let mut file = json!({"kind": "source", "records": records, "every": us(every), "parallelism": parallelism});
            if finishes {
                file["finishes"] = json!(true);
            }
            self.add(&format!("{prefix}{n}"), file, &[]);
        }
        (0..sources.len()).map(|n| format!("{prefix}{n}")).collect()
    }

    /// Appends stages behind `from` and says who is last.
    fn stages(&mut self, prefix: &str, mut from: Vec<String>, stages: &[Stage]) -> Vec<String> {
        for (n, (kind, parallelism, service)) in stages.iter().enumerate() {
            let mut file = match kind {
                0 => json!({"kind": "pass"}),
                1 => json!({"kind": "map", "multiply": 3, "add": 1}),
                2 => json!({"kind": "flat_map", "copies": 2}),
                3 => json!({"kind": "union"}),
                4 => json!({"kind": "keyed_sum", "keys": 3}),
                5 => json!({"kind": "latest", "keys": 3}),
                6 => json!({"kind": "average", "keys": 2, "reset": 3}),
                _ => json!({"kind": "keyed_count", "keys": 5}),
            };
            file["parallelism"] = json!(parallelism);
            file["service"] = service.clone();
            let name = format!("{prefix}{n}");
            self.add(&name, file, &from);
            from = vec![name];
        }
        from
    }

    /// One operator, so that a join has two inputs whatever comes before it.
    fn one(&mut self, name: &str, from: Vec<String>) -> Vec<String> {
        if from.len() > 1 {
            self.add(name, json!({"kind": "union"}), &from);
            return vec![name.to_owned()];
        }
        from
    }

    /// Some channels get a partition that is not the usual one; joins, and the last keyed operator,
    /// need theirs.
    fn put_partitions(&mut self, picks: &[u8]) {
        for (channel, pick) in self.channels.iter_mut().zip(picks.iter().cycle()) {
            if !["join", "count", "out"].contains(&channel["to"].as_str().expect("a name")) {
                match pick {
                    0 => channel["partition"] = json!("broadcast"),
                    1 => channel["partition"] = json!("rebalance"),
                    2 => channel["partition"] = json!("hash"),
                    _ => {}
                }
            }
        }
    }
}

/// One or two branches of sources and operators that meet in a union, a keyed operator or a join; more
/// operators, a keyed count or sum, a sink. `kinds` are the kinds of the stages.
fn flows(kinds: std::ops::Range<u8>, finishes: bool) -> impl Strategy<Value = Case> {
    let keyed = kinds.end > STATELESS;
    (
        (any::<u32>(), sources(1..3, finishes), stages(kinds.clone(), 2)),
        (sources(0..3, finishes), stages(kinds.clone(), 2), 0..5u8, stages(kinds, 1)),
        (ways(2_000), prop::option::weighted(0.4, 1..6u64), prop::collection::vec(0..12u8, 12)),
        (any::<bool>(), 1..4u64, any::<bool>()),
        (checkpoints(), recovery()),
    )
        .prop_map(
            move |(
                (seed, a, left),
                (b, right, meets, tail),
                (delays, capacity, partitions),
                (sums, parallelism, is_two_phase),
                (snapshots, recovery),
            )| {
                let mut graph = Graph::default();
                let from = graph.sources("a", &a);
                let mut from = graph.stages("l", from, &left);
                if !b.is_empty() {
                    let other = graph.sources("b", &b);
                    let other = graph.stages("r", other, &right);
                    if meets < 2 {
                        let sides = [graph.one("lu", from), graph.one("ru", other)].concat();
                        graph.add("join", json!({"kind": "join", "keys": 5, "parallelism": parallelism}), &sides);
                        from = vec!["join".to_owned()];
                    } else {
                        from.extend(other);
                        let file = if meets == 2 && keyed {
                            json!({"kind": "keyed_count", "keys": 7, "parallelism": 2})
                        } else {
                            json!({"kind": "union"})
                        };
                        graph.add("meet", file, &from);
                        from = vec!["meet".to_owned()];
                    }
                }
                let from = graph.stages("t", from, &tail);
                graph.put_partitions(&partitions);
                let kind = if sums { "keyed_sum" } else { "keyed_count" };
                graph.add("count", json!({"kind": kind, "keys": 4, "parallelism": parallelism}), &from);
                let commit = if is_two_phase { "two_phase" } else { "idempotent" };
                graph.add("out", json!({"kind": "sink", "commit": commit}), &["count".to_owned()]);
                put_delays(&mut graph.channels, &delays);
                if let Some(capacity) = capacity {
                    graph.channels.iter_mut().for_each(|channel| channel["capacity"] = json!(capacity));
                }
                Case(json!({
                    "title": "a random dataflow", "seed": seed, "operators": graph.operators, "channels": graph.channels,
                    "snapshots": snapshots, "recovery": recovery,
                }))
                .settled()
            },
        )
}

/// Sources into a loop of one to three operators, and from there to a count and a sink.
fn loops(finishes: bool) -> impl Strategy<Value = Case> {
    let body = prop::collection::vec((0..4u8, 1..3u64, delays(200)), 1..4);
    (
        (any::<u32>(), sources(1..3, finishes), stages(0..STATELESS, 1)),
        (1..5u64, 1..3u64, body),
        (ways(1_000), any::<bool>(), any::<bool>()),
        (checkpoints(), recovery()),
    )
        .prop_map(|((seed, sources, before), (rounds, parallelism, body), (delays, counts, is_two_phase), (snapshots, recovery))| {
            let mut graph = Graph::default();
            let from = graph.sources("a", &sources);
            let from = graph.stages("l", from, &before);
            graph.add("head", json!({"kind": "iterate", "rounds": rounds, "parallelism": parallelism}), &from);
            let mut last = "head".to_owned();
            for (n, (kind, parallelism, service)) in body.iter().enumerate() {
                let mut file = match kind {
                    0 => json!({"kind": "pass"}),
                    1 => json!({"kind": "map", "multiply": 2}),
                    2 => json!({"kind": "keyed_count"}),
                    _ => json!({"kind": "keyed_sum"}),
                };
                (file["parallelism"], file["service"]) = (json!(parallelism), service.clone());
                let name = format!("body{n}");
                graph.add(&name, file, &[last]);
                last = name;
            }
            graph.channels.push(json!({"from": last, "to": "head"}));
            let mut from = "head".to_owned();
            if counts {
                graph.add("count", json!({"kind": "keyed_count", "keys": 4, "parallelism": 2}), &[from]);
                from = "count".to_owned();
            }
            let commit = if is_two_phase { "two_phase" } else { "idempotent" };
            graph.add("out", json!({"kind": "sink", "commit": commit}), &[from]);
            put_delays(&mut graph.channels, &delays);
            Case(json!({
                "title": "a random loop", "seed": seed, "operators": graph.operators, "channels": graph.channels,
                "snapshots": snapshots, "recovery": recovery,
            }))
            .settled()
        })
}

/// The same with crashes at random times.
fn crashing(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    let random = prop::option::of((1..4u32, 1_000..20_000u64));
    (cases, crashes(0..3), random).prop_map(|(case, crashes, random)| case.with_faults(&crashes, random))
}

/// The same with up to two messages of the coordinator to the sink that come twice or late.
fn disturbed(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    (cases, prop::collection::btree_map(1..4u32, prop::option::of(0..8_000u64), 1..3))
        .prop_map(|(case, messages)| case.with_messages(&messages.into_iter().collect::<Vec<_>>()))
}

/// The same with channels that do not keep order, at least the first.
fn unordered(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    (cases, prop::collection::vec(prop::bool::weighted(0.7), 12)).prop_map(|(case, mut picks)| {
        picks[0] = true;
        case.unordered(&picks)
    })
}

// --- what is looked at ---------------------------------------------------------------------------

/// How many snapshots completed.
fn completed(outcome: &Outcome) -> usize {
    outcome.snapshots.iter().filter(|snapshot| snapshot.status == "completed").count()
}

/// Tokens that each completed snapshot found with accounts and in channels.
fn tokens(outcome: &Outcome) -> Vec<u64> {
    let whole = outcome.snapshots.iter().filter(|snapshot| snapshot.status == "completed");
    let states = whole.map(|snapshot| snapshot.state.as_ref().expect("a snapshot of processes"));
    let found = states.map(|state| {
        let held = state.processes.iter().map(|process| &process.value);
        let shown = held.chain(state.channels.iter().flat_map(|channel| &channel.messages));
        shown.map(|shown| shown.to_string().parse::<u64>().expect("a number of tokens")).sum()
    });
    found.collect()
}

fn total(case: &Case) -> u64 {
    let accounts = case.0["operators"].as_object().expect("operators");
    accounts.values().map(|account| account["tokens"].as_u64().expect("tokens")).sum()
}

fn holds(kind: ProtocolKind, outcome: &Outcome) -> Result<(), TestCaseError> {
    prop_assert_eq!(violated(outcome), [""; 0], "{}: {:#?}", kind.word(), outcome.invariants);
    Ok(())
}

/// Every place shows every record once.
fn is_exactly_once(kind: ProtocolKind, outcome: &Outcome) -> Result<(), TestCaseError> {
    holds(kind, outcome)?;
    prop_assert_eq!(outcome.guarantee.observed, "exactly_once", "{}: {:#?}", kind.word(), outcome.places);
    Ok(())
}

fn is_restored(outcome: &Outcome) -> bool {
    outcome.failovers.iter().any(|failover| failover.restored_snapshot.is_some())
}

// --- graphs of processes -------------------------------------------------------------------------

fn is_bank_snapshot_sound(case: &Case, kind: ProtocolKind, outcome: &Outcome) -> Result<(), TestCaseError> {
    holds(kind, outcome)?;
    prop_assert_eq!(verdict(outcome, "consistent_cut"), "held", "{}", kind.word());
    prop_assert_eq!(verdict(outcome, "conservation"), "held", "{}", kind.word());
    prop_assert_eq!(tokens(outcome), vec![total(case); completed(outcome)], "{}", kind.word());
    Ok(())
}

#[test]
fn snapshots_of_processes_are_consistent_and_conserve_tokens() {
    let (in_channels, overlapping) = (Share::default(), Share::default());
    check(1_000, banks(0..40u64), |case| {
        let scenario = case.scenario();
        for kind in [ChandyLamport, LaiYang] {
            let outcome = cutline::run(&scenario.under(kind));
            is_bank_snapshot_sound(&case, kind, &outcome)?;
            prop_assert_eq!(
                completed(&outcome),
                case.0["script"].as_array().expect("a script").len(),
                "{}: {:#?}",
                kind.word(),
                outcome.snapshots
            );
            in_channels.note(outcome.situations.contains_key("channel_state_recorded"));
            overlapping.note(outcome.situations.contains_key("overlapping_snapshots"));
        }
        Ok(())
    });
    in_channels.require(30, "snapshots with messages in channels");
    overlapping.require(30, "snapshots that overlap");
}

#[test]
fn without_order_colours_hold_and_markers_break() {
    let (in_channels, broken) = (Share::default(), Share::default());
    check(1_000, unordered(banks(0..40u64)), |case| {
        let scenario = case.scenario();
        let outcome = cutline::run(&scenario.under(LaiYang));
        is_bank_snapshot_sound(&case, LaiYang, &outcome)?;
        prop_assert_eq!(completed(&outcome), outcome.snapshots.len(), "{:#?}", outcome.snapshots);
        in_channels.note(outcome.situations.contains_key("channel_state_recorded"));
        let outcome = cutline::run(&scenario.under(ChandyLamport));
        broken.note(verdict(&outcome, "consistent_cut") == "violated");
        Ok(())
    });
    in_channels.require(30, "snapshots with messages in channels");
    broken.require(10, "markers that break");
}

/// What accounts hold in the end, and what they have paid.
fn balances(world: &World) -> Vec<(u64, u64)> {
    let of = |task| match world.state(task) {
        TaskState::Account { tokens, next } => (*tokens, *next),
        other => panic!("{other:?} is no account"),
    };
    world.plan().tasks().ids().map(of).collect()
}

/// With tokens for every payment the order of payments does not matter.
fn check_balances(cases: impl Strategy<Value = Case>, kinds: &[ProtocolKind]) {
    let restored = Share::default();
    let cases =
        (cases, prop::collection::vec(crashes_after(&["completed"]), 1..4)).prop_map(|(case, crashes)| case.with_faults(&crashes, None));
    check(600, cases, |case| {
        let (scenario, calm) = (case.scenario(), case.without_faults());
        let expected = balances(&calm.drive(()).0);
        prop_assert_eq!(expected.iter().map(|(tokens, _)| tokens).sum::<u64>(), total(&case));
        for &kind in kinds {
            let scenario = scenario.under(kind);
            let outcome = cutline::run(&scenario);
            is_bank_snapshot_sound(&case, kind, &outcome)?;
            prop_assert_eq!(&balances(&scenario.drive(()).0), &expected, "{}", kind.word());
            restored.note(is_restored(&outcome));
        }
        Ok(())
    });
    restored.require(50, "runs that restore a snapshot");
}

#[test]
fn after_a_crash_accounts_end_as_without_it() {
    check_balances(banks(1_000..2_000u64), &[ChandyLamport, LaiYang]);
}

#[test]
fn after_a_crash_accounts_end_as_without_it_where_nothing_keeps_order() {
    check_balances(unordered(banks(1_000..2_000u64)), &[LaiYang]);
}

// --- dataflows -----------------------------------------------------------------------------------

#[test]
fn checkpoints_of_dataflows_are_consistent() {
    let (several, in_channels, blocked) = (Share::default(), Share::default(), Share::default());
    check(500, flows(0..KINDS, false), |case| {
        let scenario = case.scenario();
        for kind in EXACT {
            let outcome = cutline::run(&scenario.under(kind));
            is_exactly_once(kind, &outcome)?;
            prop_assert_eq!(verdict(&outcome, "consistent_cut"), "held", "{}", kind.word());
            prop_assert_eq!(verdict(&outcome, "state_equals_replay"), "held", "{}", kind.word());
            several.note(completed(&outcome) > 1);
            match kind {
                Aligned => blocked.note(outcome.situations.contains_key("alignment_blocked_channel")),
                _ => in_channels.note(outcome.situations.contains_key("channel_state_recorded")),
            }
        }
        Ok(())
    });
    several.require(80, "runs with several checkpoints");
    in_channels.require(30, "runs with records in channels");
    blocked.require(50, "runs with blocked channels");
}

#[test]
fn without_order_only_colours_hold_on_dataflows() {
    let broken = [Aligned, Unaligned, AlignedTimeout, ChandyLamport].map(|kind| (kind, Share::default()));
    check(500, crashing(unordered(flows(0..KINDS, false))), |case| {
        let scenario = case.scenario();
        let outcome = cutline::run(&scenario.under(LaiYang));
        is_exactly_once(LaiYang, &outcome)?;
        for (kind, share) in &broken {
            share.note(verdict(&cutline::run(&scenario.under(*kind)), "consistent_cut") == "violated");
        }
        Ok(())
    });
    broken.iter().for_each(|(kind, share)| share.require(10, kind.word()));
}

#[test]
fn after_crashes_dataflows_end_as_without_them() {
    let restored = Share::default();
    check(600, crashing(flows(0..KINDS, false)), |case| {
        let scenario = case.scenario();
        for kind in EXACT {
            let outcome = cutline::run(&scenario.under(kind));
            is_exactly_once(kind, &outcome)?;
            restored.note(is_restored(&outcome));
        }
        Ok(())
    });
    restored.require(25, "runs that restore a checkpoint");
}

/// The last value of every key that readers see, and for two-phase sinks how many records they saw.
fn visible(case: &Case, outcome: &Outcome) -> BTreeMap<String, (u64, u64)> {
    let is_two_phase = case.0["operators"]["out"]["commit"] == "two_phase";
    let rows = &outcome.outputs[0].rows;
    rows.iter().map(|(key, row)| (key.clone(), (row.value, if is_two_phase { row.records } else { 0 }))).collect()
}

/// Where nothing before the last keyed operator goes by the order of arrival.
#[test]
fn after_crashes_readers_see_what_they_see_without_them() {
    let restored = Share::default();
    check(500, crashing(flows(0..STATELESS, false)), |case| {
        let (scenario, calm) = (case.scenario(), case.without_faults());
        let expected = visible(&case, &cutline::run(&calm));
        for kind in EXACT {
            let outcome = cutline::run(&scenario.under(kind));
            is_exactly_once(kind, &outcome)?;
            prop_assert_eq!(&visible(&case, &outcome), &expected, "{}", kind.word());
            restored.note(is_restored(&outcome));
        }
        Ok(())
    });
    restored.require(25, "runs that restore a checkpoint");
}

// --- loops ---------------------------------------------------------------------------------------

#[test]
fn loops_are_exactly_once_with_their_back_edges_logged() {
    let (restored, logged) = (Share::default(), Share::default());
    let (in_need, lossy) = (Share::default(), Share::default());
    check(600, crashing(loops(false)), |case| {
        let scenario = case.scenario();
        for kind in [AlignedCyclic, ChandyLamport, LaiYang] {
            let outcome = cutline::run(&scenario.under(kind));
            is_exactly_once(kind, &outcome)?;
            restored.note(is_restored(&outcome));
            logged.note(outcome.situations.contains_key("channel_state_recorded"));
        }
        let mut ignored = case.clone();
        ignored.0["snapshots"]["back_edges"] = json!("ignored");
        let outcome = cutline::run(&ignored.scenario().under(AlignedCyclic));
        in_need.note(is_restored(&outcome));
        if is_restored(&outcome) {
            lossy.note(outcome.places.iter().any(|place| place.lost > 0));
        }
        Ok(())
    });
    restored.require(25, "runs that restore a checkpoint");
    logged.require(40, "runs with records on their way round");
    in_need.require(25, "runs that restore a checkpoint without the back edges");
    lossy.require(20, "runs that lose what was on the back edges");
}

// --- sources that finish -------------------------------------------------------------------------

/// Whether a checkpoint that was triggered after the coordinator knew of a finished source completed.
fn goes_on(facts: &[Fact]) -> bool {
    let (mut is_gone, mut late) = (false, Vec::new());
    facts.iter().any(|fact| {
        match *fact {
            Fact::Exhausted { .. } => is_gone = true,
            Fact::Failover => is_gone = false,
            Fact::Triggered { snapshot } if is_gone => late.push(snapshot),
            _ => {}
        }
        matches!(fact, Fact::Completed { snapshot } if late.contains(snapshot))
    })
}

fn check_finishing(cases: impl Strategy<Value = Case>, kinds: &[ProtocolKind]) {
    let goes = kinds.iter().map(|_| Share::default()).collect::<Vec<_>>();
    check(300, crashing(cases), |case| {
        let scenario = case.scenario();
        let finishes = scenario.plan().operators().iter().any(|operator| operator.kind.finishes());
        for (&kind, share) in kinds.iter().zip(&goes) {
            let mut facts = Vec::new();
            let outcome = run_traced(&scenario.under(kind), &mut |_, _, fact| facts.push(fact));
            prop_assert!(
                violated(&outcome).iter().all(|name| kind == AtLeastOnce && *name == "consistent_cut"),
                "{}: {:#?}",
                kind.word(),
                outcome.invariants
            );
            for place in &outcome.places {
                prop_assert!(place.lost == 0 && (place.duplicated == 0 || kind == AtLeastOnce), "{}: {:?}", kind.word(), place);
            }
            if finishes {
                share.note(goes_on(&facts));
            }
        }
        Ok(())
    });
    kinds.iter().zip(&goes).for_each(|(kind, share)| share.require(70, kind.word()));
}

#[test]
fn checkpoints_go_on_after_sources_have_finished() {
    check_finishing(flows(0..KINDS, true), &[Aligned, AtLeastOnce, Unaligned, AlignedTimeout, ChandyLamport, LaiYang]);
}

#[test]
fn checkpoints_of_loops_go_on_after_sources_have_finished() {
    check_finishing(loops(true), &[AlignedCyclic, ChandyLamport, LaiYang]);
}

/// When sources finish, the last checkpoint can be given up, too: readers may not see the rest. Nothing
/// else breaks.
#[test]
fn checkpoints_may_be_given_up_when_sources_finish() {
    let given_up = Share::default();
    check(300, crashing(flows(0..KINDS, true)), |mut case| {
        case.0["snapshots"]["after_end"] = json!("give_up");
        // None is taken once a source is gone, so one has to be under way when the first comes to its end.
        case.0["snapshots"]["interval"] = json!("150us");
        let scenario = case.scenario();
        for kind in [Aligned, AtLeastOnce, Unaligned, AlignedTimeout] {
            let mut is_given_up = false;
            let outcome = run_traced(&scenario.under(kind), &mut |_, _, fact| {
                is_given_up |= matches!(fact, Fact::Declined { why: Refusal::InputEnded, .. });
            });
            let is_known = |name: &&str| *name == "delivery" || (kind == AtLeastOnce && *name == "consistent_cut");
            prop_assert!(violated(&outcome).iter().all(is_known), "{}: {:#?}", kind.word(), outcome.invariants);
            for place in &outcome.places {
                let is_lost = place.lost > 0 && place.kind == "state";
                prop_assert!(!is_lost && (place.duplicated == 0 || kind == AtLeastOnce), "{}: {:?}", kind.word(), place);
            }
            given_up.note(is_given_up);
        }
        Ok(())
    });
    given_up.require(20, "checkpoints given up");
}

// --- at least once -------------------------------------------------------------------------------

/// Sources straight into a keyed count, and one crash.
fn doubles() -> impl Strategy<Value = Case> {
    (any::<u32>(), sources(1..4, false), 1..4u64, ways(3_000), (checkpoints(), recovery()), crashes(1..2)).prop_map(
        |(seed, sources, parallelism, delays, (snapshots, recovery), crashes)| {
            let mut graph = Graph::default();
            let from = graph.sources("a", &sources);
            graph.add("count", json!({"kind": "keyed_count", "keys": 4, "parallelism": parallelism}), &from);
            put_delays(&mut graph.channels, &delays);
            let case = Case(json!({
                "title": "sources into a count", "seed": seed, "operators": graph.operators, "channels": graph.channels,
                "snapshots": snapshots, "recovery": recovery,
            }));
            case.with_faults(&crashes, None)
        },
    )
}

/// Records that tasks took behind a barrier of the restored snapshot before they saved their state.
fn behind_the_barrier(scenario: &Scenario, facts: &[Fact]) -> Option<u64> {
    let restored = facts.iter().find_map(|fact| match fact {
        Fact::Restoring { snapshot } => Some(*snapshot),
        _ => None,
    });
    let id: SnapshotId = restored??;
    let channels = scenario.plan().channels();
    let mut early = vec![false; channels.len()];
    let mut records = 0;
    for fact in facts {
        match *fact {
            Fact::BarrierReceived { channel, snapshot } if snapshot == id => early[channel.index()] = true,
            Fact::Saved { task, snapshot, .. } if snapshot == id => {
                scenario.plan().inputs(task).for_each(|input: ChannelId| early[input.index()] = false)
            }
            Fact::Received { channel, .. } if early[channel.index()] => records += 1,
            _ => {}
        }
    }
    Some(records)
}

#[test]
fn at_least_once_counts_twice_what_came_behind_a_barrier() {
    let (restored, doubled) = (Share::default(), Share::default());
    check(1_000, doubles(), |case| {
        let scenario = case.scenario().under(AtLeastOnce);
        let mut facts = Vec::new();
        let outcome = run_traced(&scenario, &mut |_, _, fact| facts.push(fact));
        let early = behind_the_barrier(&scenario, &facts);
        let place = &outcome.places[0];
        prop_assert_eq!(place.lost, 0);
        prop_assert_eq!(place.duplicated, early.unwrap_or(0));
        prop_assert_eq!(place.effects, place.records + early.unwrap_or(0));
        restored.note(early.is_some());
        early.into_iter().for_each(|early| doubled.note(early > 0));
        Ok(())
    });
    restored.require(25, "runs that restore a checkpoint");
    doubled.require(30, "restored runs that count twice");
}

#[test]
fn at_least_once_never_loses() {
    let doubled = Share::default();
    check(600, crashing(flows(0..KINDS, false)), |case| {
        let outcome = cutline::run(&case.scenario().under(AtLeastOnce));
        prop_assert!(violated(&outcome).iter().all(|name| *name == "consistent_cut"), "{:#?}", outcome.invariants);
        prop_assert!(outcome.places.iter().all(|place| place.lost == 0), "{:#?}", outcome.places);
        if is_restored(&outcome) {
            doubled.note(outcome.places.iter().any(|place| place.kind == "state" && place.duplicated > 0));
        }
        Ok(())
    });
    doubled.require(20, "restored runs that count twice");
}

// --- law 9 ---------------------------------------------------------------------------------------

/// The steps of a timed run, one by one, give an equal world and equal facts, and at its end only
/// requests and budgets are left.
fn is_replayable(scenario: &Scenario) -> Result<(), TestCaseError> {
    let (world, recorder, _) = scenario.drive(Recorder::default());
    let (mut replayed, mut facts) = (scenario.world(), Recorder::default());
    for &step in &recorder.steps {
        prop_assert_eq!(replayed.ready(step), Ok(()), "{:?}", step);
        replayed.apply(step, &mut facts);
    }
    replayed.survey(&mut facts);
    prop_assert!(replayed == world, "the worlds differ");
    prop_assert_eq!(facts.facts, recorder.facts);
    let mut left = Vec::new();
    world.enabled(&mut left);
    left.retain(|step| !matches!(step, Step::Request | Step::Fire(Timer::Budget(_))));
    prop_assert_eq!(left, Vec::<Step>::new(), "the timed driver left something asleep");
    Ok(())
}

fn check_replay(cases: u32, strategy: impl Strategy<Value = Case>, kinds: &[ProtocolKind]) {
    check_replay_of(cases, crashing(strategy), kinds);
}

fn check_replay_of(cases: u32, strategy: impl Strategy<Value = Case>, kinds: &[ProtocolKind]) {
    check(cases, strategy, |case| {
        let scenario = case.scenario();
        kinds.iter().try_for_each(|kind| is_replayable(&scenario.under(*kind)))
    });
}

#[test]
fn timed_runs_of_dataflows_can_be_replayed() {
    let kinds = [Aligned, AtLeastOnce, Unaligned, AlignedTimeout, ChandyLamport, LaiYang];
    check_replay(200, flows(0..KINDS, true), &kinds);
    check_replay(200, unordered(flows(0..KINDS, false)), &kinds);
    check_replay_of(200, disturbed(crashing(flows(0..KINDS, true))), &kinds);
}

#[test]
fn timed_runs_of_loops_can_be_replayed() {
    check_replay(200, loops(true), &[AlignedCyclic, ChandyLamport, LaiYang]);
}

#[test]
fn timed_runs_of_processes_can_be_replayed() {
    check_replay(200, banks(0..40u64), &[ChandyLamport, LaiYang, ProtocolKind::NoMarkers]);
    check_replay(200, unordered(banks(0..40u64)), &[ChandyLamport, LaiYang, ProtocolKind::NoMarkers]);
}

/// Law 7, for whoever prints a trace.
#[test]
fn every_fact_can_be_described() {
    let strategy = prop_oneof![crashing(banks(0..40u64)).boxed(), crashing(flows(0..KINDS, true)).boxed(), crashing(loops(true)).boxed()];
    check(200, strategy, |case| {
        let scenario = case.scenario();
        for kind in scenario.protocols() {
            let scenario = scenario.under(kind);
            let mut lines = 0;
            let mut print = |_, _, fact: Fact| lines += usize::from(!fact.describe(scenario.plan()).is_empty());
            run_traced(&scenario, &mut print);
            prop_assert!(lines > 0);
        }
        Ok(())
    });
}

// --- channels that must keep order ---------------------------------------------------------------

/// Where every input must stay aligned no budget turns a snapshot: nothing of such a channel is stored,
/// however late the other barrier is.
#[test]
fn a_budget_does_not_count_where_barriers_must_keep_their_place() {
    let outcome = |partition: &str| {
        let text = json!({
            "title": "two inputs, one late",
            "operators": {
                "A": {"kind": "source", "records": 40}, "B": {"kind": "source", "records": 40}, "both": {"kind": "union"}
            },
            "channels": [
                {"from": "A", "to": "both", "partition": partition, "delay": "1ms"},
                {"from": "B", "to": "both", "partition": partition, "delay": "20ms"}
            ],
            "snapshots": {"protocol": "aligned_timeout", "alignment_timeout": "500us", "at": ["10500us"], "final": false}
        });
        cutline::run(&Scenario::from_json(&text.to_string()).expect("a valid scenario"))
    };
    let stored = |partition: &str| outcome(partition).costs.channel_records;
    assert_eq!((stored("forward"), stored("broadcast")), (0, 0));
    assert!(stored("rebalance") > 0);
}
