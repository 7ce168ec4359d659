//! What campaigns draw. `docs/drawn.md` holds the limits and the features, written by this test
//! (`UPDATE_EXPECT=1 cargo test --test drawn`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cutline::Scenario;
use cutline::explore::{Feature, Features, Right, Shape, Suspect, shape};
use cutline::model::Kind;
use expect_test::expect_file;

/// So many shapes are drawn for the tables: those of about a quarter of a million runs.
const SHAPES: u64 = 40_000;

fn drawn(number: u64) -> Shape {
    shape(1, number, Right.protocols())
}

/// A size that scenarios have.
type Size = (&'static str, fn(&Scenario) -> Option<u64>);

const SIZES: [Size; 12] = [
    ("operators", |scenario| Some(scenario.plan().operators().len() as u64)),
    ("tasks", |scenario| Some(scenario.plan().tasks().len() as u64)),
    ("channels between tasks", |scenario| Some(scenario.plan().channels().len() as u64)),
    ("inputs of a task", |scenario| scenario.plan().tasks().ids().map(|task| scenario.plan().inputs(task).len() as u64).max()),
    ("tasks of an operator", |scenario| scenario.plan().operators().iter().map(|operator| operator.tasks.len() as u64).max()),
    ("records of all sources", |scenario| dataflow(scenario).map(emitted)),
    ("payments of all processes", |scenario| processes(scenario).map(emitted)),
    ("processes", |scenario| processes(scenario).map(|scenario| scenario.plan().operators().len() as u64)),
    ("loops", |scenario| Some(heads(scenario)).filter(|loops| *loops > 0)),
    ("capacity of a channel", |scenario| {
        let capacities = scenario.plan().channels().iter().map(|channel| u64::from(channel.capacity));
        capacities.filter(|capacity| *capacity != u64::from(u32::MAX)).max()
    }),
    ("snapshots asked for", |scenario| Some(scenario.setup().requests as u64 + scenario.setup().initiators.len() as u64)),
    ("snapshots under way at once", |scenario| dataflow(scenario).map(|scenario| u64::from(scenario.settings().max_concurrent))),
];

fn dataflow(scenario: &Scenario) -> Option<&Scenario> {
    Some(scenario).filter(|scenario| !scenario.plan().has_processes())
}

fn processes(scenario: &Scenario) -> Option<&Scenario> {
    Some(scenario).filter(|scenario| scenario.plan().has_processes())
}

fn emitted(scenario: &Scenario) -> u64 {
    scenario.plan().sources().iter().map(|&task| scenario.plan().log_length(task)).sum()
}

fn heads(scenario: &Scenario) -> u64 {
    scenario.plan().operators().iter().filter(|operator| matches!(operator.kind, Kind::Iterate { .. })).count() as u64
}

/// The least, the middle and the greatest of some sizes.
fn spread(mut sizes: Vec<u64>) -> [u64; 3] {
    sizes.sort_unstable();
    [sizes[0], sizes[sizes.len() / 2], sizes[sizes.len() - 1]]
}

#[test]
fn limits_and_features_are_written_down() {
    let mut sizes = vec![Vec::new(); SIZES.len()];
    let mut counts = vec![0_u64; Feature::ALL.len()];
    for number in 0..SHAPES {
        let shape = drawn(number);
        for (sizes, (_, size)) in sizes.iter_mut().zip(SIZES) {
            sizes.extend(size(&shape.scenario));
        }
        Features::of(&shape.scenario, shape.control).iter().for_each(|feature| counts[feature as usize] += 1);
    }
    let mut page = HEAD.to_owned();
    for ((what, _), sizes) in SIZES.iter().zip(sizes) {
        let [least, middle, most] = spread(sizes);
        writeln!(page, "| {what} | {least} | {middle} | {most} |").expect("a string takes all");
    }
    page += MIDDLE;
    for (feature, count) in Feature::ALL.iter().zip(counts) {
        let of_walks = [Feature::TwoFailovers, Feature::ThreeFailovers].contains(feature);
        assert!(of_walks || count > 0, "{} is never drawn", feature.word());
        let share = if of_walks { "-".to_owned() } else { format!("{}.{} %", count * 100 / SHAPES, count * 1_000 / SHAPES % 10) };
        writeln!(page, "| `{}` | {} | {share} |", feature.word(), feature.sentence()).expect("a string takes all");
    }
    expect_file!["../docs/drawn.md"].assert_eq(&page);
}

const HEAD: &str = "# What is drawn

`cutline fuzz` draws a scenario for each six runs: a graph, which four scenarios share, rules for its snapshots, and what may go wrong. Most are
small, since small ones find most bugs soonest; a few are wide, long or full. These tables are written by a test, from 40,000 drawn scenarios.

## Limits

Where a scenario has the thing at all, it has so much of it:

| what | at least | half of them up to | at most |
|---|---|---|---|
";

const MIDDLE: &str = "
## Features

The report of a campaign says of each feature how many runs had it, and `--require` demands them as it does
[situations](situations.md). The last column is the share of drawn scenarios; how often the job is restored shows only in a walk.

| feature | what is meant | share |
|---|---|---|
";

/// Two scenarios that differ in nothing would be one too many.
#[test]
fn most_scenarios_of_a_campaign_are_different() {
    let drawn: BTreeSet<String> = (0..4_000).map(|number| drawn(number).file().to_string()).collect();
    assert!(drawn.len() > 3_600, "{} of 4000 are different", drawn.len());
}
