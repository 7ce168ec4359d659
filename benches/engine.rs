//! Ratios of the engine's speed to that of a bare event loop, all in one process.
//!
//! The yardstick is the classic hold model (PHOLD): pop the earliest event, push it again a
//! random time later, on the standard library's binary heap. Absolute times differ from machine
//! to machine; the ratios carry over.
//!
//! `cargo bench` prints every figure beside its bar, and fails when one is missed.
//! `cargo bench -- --memory` builds and runs the pipeline of a million tasks alone, and prints
//! the most memory that the process held.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::disallowed_types, clippy::print_stdout, reason = "a benchmark measures wall time and prints")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use cutline::Scenario;
use cutline::kernel::{EventQueue, Stream};
use cutline::scenario::Runner;
use cutline::scenario::outcome::Judgement;

/// Rounds of which the median is taken; the things compared take turns within a round.
const ROUNDS: usize = 9;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn nanos(events: u64, run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_nanos() as f64 / events as f64
}

// --- hold model --------------------------------------------------------------------------------

const MEAN: u64 = 1_000;

struct StdHeap {
    heap: BinaryHeap<Reverse<u128>>,
    sequence: u32,
}

impl StdHeap {
    fn push(&mut self, at: u64, event: u32) {
        self.heap.push(Reverse(u128::from(at) << 64 | u128::from(self.sequence) << 32 | u128::from(event)));
        self.sequence = self.sequence.wrapping_add(1);
    }
}

fn hold_std(pending: u32, events: u64) -> f64 {
    let mut stream = Stream::named(1, "phold");
    let mut queue = StdHeap { heap: BinaryHeap::new(), sequence: 0 };
    (0..pending).for_each(|event| queue.push(stream.exponential(MEAN), event));
    nanos(events, || {
        for _ in 0..events {
            let Reverse(key) = queue.heap.pop().expect("never empty");
            queue.push((key >> 64) as u64 + 1 + stream.exponential(MEAN), key as u32);
        }
        black_box(&queue.heap);
    })
}

fn hold_own(pending: u32, events: u64) -> f64 {
    let mut stream = Stream::named(1, "phold");
    let mut queue = EventQueue::new();
    (0..pending).for_each(|event| queue.push(stream.exponential(MEAN), event));
    nanos(events, || {
        for _ in 0..events {
            let (at, event) = queue.pop().expect("never empty");
            queue.push(at + 1 + stream.exponential(MEAN), event);
        }
        black_box(&queue);
    })
}

// --- engine ------------------------------------------------------------------------------------

fn parse(json: &str) -> Scenario {
    Scenario::from_json(json).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A source, four operators in a row and a sink; aligned checkpoints about every 200 records.
fn pipeline(records: u64) -> Scenario {
    parse(&format!(
        r#"{{
          "title": "1 x 6 pipeline",
          "operators": {{
            "src": {{"kind": "source", "records": {records}, "every": "10us"}},
            "a": {{"kind": "pass"}}, "b": {{"kind": "keyed_count", "keys": 16}},
            "c": {{"kind": "pass"}}, "d": {{"kind": "pass"}},
            "out": {{"kind": "sink", "commit": "two_phase"}}
          }},
          "channels": [
            {{"from": "src", "to": "a", "delay": "7us"}}, {{"from": "a", "to": "b", "delay": "9us"}},
            {{"from": "b", "to": "c", "delay": "11us"}}, {{"from": "c", "to": "d", "delay": "6us"}},
            {{"from": "d", "to": "out", "delay": "8us"}}
          ],
          "snapshots": {{"protocol": "aligned", "interval": "2ms", "timeout": "500ms", "ack": "30us"}}
        }}"#
    ))
}

/// Two sources at parallelism 4 into a keyed count at 4 into sinks at 4.
fn join(records: u64) -> Scenario {
    parse(&format!(
        r#"{{
          "title": "join at parallelism 4",
          "operators": {{
            "A": {{"kind": "source", "records": {records}, "every": "40us", "parallelism": 4}},
            "B": {{"kind": "source", "records": {records}, "every": "40us", "parallelism": 4}},
            "count": {{"kind": "keyed_count", "keys": 64, "parallelism": 4}},
            "out": {{"kind": "sink", "commit": "two_phase", "parallelism": 4}}
          }},
          "channels": [
            {{"from": "A", "to": "count", "delay": {{"uniform": ["5us", "50us"]}}}},
            {{"from": "B", "to": "count", "delay": {{"uniform": ["5us", "50us"]}}}},
            {{"from": "count", "to": "out", "delay": {{"uniform": ["5us", "50us"]}}}}
          ],
          "snapshots": {{"protocol": "aligned", "interval": "4ms", "timeout": "500ms", "ack": "30us"}}
        }}"#
    ))
}

/// Two sources of two records, a join by key, a two-phase sink, two checkpoints, one crash.
fn small() -> Scenario {
    parse(
        r#"{
          "title": "about 40 steps, one crash",
          "operators": {
            "A": {"kind": "source", "records": 2, "every": "100us"},
            "B": {"kind": "source", "records": 2, "every": "100us"},
            "count": {"kind": "keyed_count", "keys": 2},
            "out": {"kind": "sink", "commit": "two_phase"}
          },
          "channels": [
            {"from": "A", "to": "count", "delay": "10us"},
            {"from": "B", "to": "count", "delay": "90us"},
            {"from": "count", "to": "out", "delay": "10us"}
          ],
          "snapshots": {"protocol": "aligned", "at": ["110us"]},
          "recovery": {"detect": "10us", "restart": "10us"},
          "faults": [{"crash": "count", "at": "120us"}]
        }"#,
    )
}

/// Six operators, barriers, one crash, restore; about 1,800 steps.
fn medium() -> Scenario {
    parse(
        r#"{
          "title": "about 1,800 steps over 6 operators, one crash",
          "operators": {
            "src": {"kind": "source", "records": 270, "every": "10us"},
            "a": {"kind": "pass"}, "b": {"kind": "keyed_count", "keys": 16},
            "c": {"kind": "pass"}, "d": {"kind": "keyed_sum", "keys": 4},
            "out": {"kind": "sink", "commit": "two_phase"}
          },
          "channels": [
            {"from": "src", "to": "a", "delay": "7us"}, {"from": "a", "to": "b", "delay": "9us"},
            {"from": "b", "to": "c", "delay": "11us"}, {"from": "c", "to": "d", "delay": "6us"},
            {"from": "d", "to": "out", "delay": "8us"}
          ],
          "snapshots": {"protocol": "aligned", "interval": "800us", "ack": "30us"},
          "recovery": {"detect": "10us", "restart": "50us"},
          "faults": [{"crash": "b", "at": "900us"}]
        }"#,
    )
}

/// Nanoseconds per step of one run, every oracle and the digest included.
fn per_step(runner: &mut Runner<'_>) -> f64 {
    let start = Instant::now();
    let glance = runner.run(1);
    assert!(glance.held);
    start.elapsed().as_nanos() as f64 / glance.steps as f64
}

/// Runs per second.
fn per_second(runner: &mut Runner<'_>, runs: u64) -> f64 {
    let start = Instant::now();
    for seed in 0..runs {
        assert!(black_box(runner.run(seed)).held);
    }
    runs as f64 / start.elapsed().as_secs_f64()
}

// --- a million tasks ---------------------------------------------------------------------------

/// Ten operators in a row, 100,000 tasks each, forward channels; every source task has one record.
fn million() -> Scenario {
    let names: Vec<String> = (0..10).map(|stage| format!("s{stage}")).collect();
    let operators = names.iter().enumerate().map(|(stage, name)| match stage {
        0 => format!(r#""{name}": {{"kind": "source", "records": 100000, "parallelism": 100000}}"#),
        _ => format!(r#""{name}": {{"kind": "pass", "parallelism": 100000}}"#),
    });
    let channels = names.windows(2).map(|pair| format!(r#"{{"from": "{}", "to": "{}", "delay": "1ms"}}"#, pair[0], pair[1]));
    let (operators, channels): (Vec<_>, Vec<_>) = (operators.collect(), channels.collect());
    parse(&format!(r#"{{"title": "a million tasks", "operators": {{{}}}, "channels": [{}]}}"#, operators.join(","), channels.join(",")))
}

fn run_million() {
    let scenario = million();
    let outcome = cutline::run(&scenario);
    assert!(outcome.verdict == Judgement::AsExpected && outcome.steps > 1_000_000);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    println!("a pipeline of 1,000,000 tasks: {} steps, at most {peak} of memory held (bar: 524288 kB)", outcome.steps);
}

// --- the table ---------------------------------------------------------------------------------

struct Table {
    missed: u32,
}

impl Table {
    fn row(&mut self, what: &str, value: f64, unit: &str, bar: f64, is_met: bool) {
        self.missed += u32::from(!is_met);
        println!("{what:<58} {value:>12.2} {unit:<8} bar {bar:>10.2}  {}", if is_met { "met" } else { "MISSED" });
    }

    fn at_most(&mut self, what: &str, value: f64, bar: f64) {
        self.row(what, value, "x", bar, value <= bar);
    }

    fn at_least(&mut self, what: &str, value: f64, bar: f64) {
        self.row(what, value, "runs/s", bar, value >= bar);
    }
}

fn hold_rows(table: &mut Table) {
    for (pending, events, bar) in [(100, 1_000_000, 0.9), (10_000, 1_000_000, 0.6), (1_000_000, 2_000_000, 0.4)] {
        let (own, std): (Vec<f64>, Vec<f64>) = (0..ROUNDS).map(|_| (hold_own(pending, events), hold_std(pending, events))).unzip();
        let (own, std) = (median(own), median(std));
        println!("hold model, {pending} pending: own queue {own:.1} ns/event, std BinaryHeap {std:.1} ns/event");
        table.at_most(&format!("  own / std at {pending} pending"), own / std, bar);
    }
}

fn engine_rows(table: &mut Table) {
    let (pipeline, join) = (pipeline(200_000), join(100_000));
    let (mut first, mut second) = (Runner::new(&pipeline), Runner::new(&join));
    let mut figures = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        figures[0].push(hold_std(100, 1_000_000));
        figures[1].push(per_step(&mut first));
        figures[2].push(per_step(&mut second));
    }
    let [floor, pipeline, join] = figures.map(median);
    println!("std hold model at 100 pending {floor:.1} ns/event; pipeline {pipeline:.1} ns/step, join {join:.1} ns/step");
    table.at_most("  1 x 6 pipeline, aligned, all oracles / std hold", pipeline / floor, 1.6);
    table.at_most("  2-source join at parallelism 4, all oracles / std hold", join / floor, 2.4);
}

fn small_rows(table: &mut Table) {
    let (small, medium) = (small(), medium());
    let (mut first, mut second) = (Runner::new(&small), Runner::new(&medium));
    println!("small runs take {} steps, medium runs {}", first.run(0).steps, second.run(0).steps);
    let (a, b): (Vec<f64>, Vec<f64>) = (0..ROUNDS).map(|_| (per_second(&mut first, 20_000), per_second(&mut second, 1_000))).unzip();
    table.at_least("  small runs, one crash, all oracles", median(a), 120_000.0);
    table.at_least("  runs over 6 operators, one crash, all oracles", median(b), 8_000.0);
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--memory") {
        run_million();
        return ExitCode::SUCCESS;
    }
    // `cargo test --benches` runs them with this flag to see that they work; figures need optimised code.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let mut table = Table { missed: 0 };
    hold_rows(&mut table);
    engine_rows(&mut table);
    small_rows(&mut table);
    if table.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
