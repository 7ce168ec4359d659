//! Running a scenario.

use std::collections::BTreeMap;

use super::check::Scenario;
use super::costs::Meter;
use super::outcome::{Ended, GuaranteePair, InvariantOutcome, Judgement, Outcome, PlaceOutcome, SnapshotReport};
use super::states::States;
use super::timeline::Timeline;
use crate::engine::{FactSink, Step, Stop, Timed, World};
use crate::kernel::{Digest, Ticks};
use crate::model::{SnapshotId, TaskId};
use crate::oracle::{Oracles, PlaceReport, Verdict};
use crate::protocol::{Coordinator, CoordinatorBox, Guarantee, ProtocolBox};
use crate::trace::{Fact, Situation, Situations};

/// Runs a scenario under its own seed.
///
/// ```
/// let scenario = cutline::Scenario::from_json(
///     r#"{
///       "title": "a first run",
///       "operators": {
///         "clicks": {"kind": "source", "records": 100, "every": "1ms"},
///         "count": {"kind": "keyed_count", "keys": 4},
///         "out": {"kind": "sink", "commit": "two_phase"}
///       },
///       "channels": [{"from": "clicks", "to": "count"}, {"from": "count", "to": "out"}],
///       "snapshots": {"protocol": "aligned", "interval": "20ms"},
///       "faults": [{"crash": "count", "at": "57ms"}]
///     }"#,
/// )
/// .expect("a valid scenario");
/// let outcome = cutline::run(&scenario);
/// assert_eq!(outcome.guarantee.observed, "exactly_once");
/// assert_eq!(outcome.failovers[0].restored_snapshot, Some(2));
/// ```
pub fn run(scenario: &Scenario) -> Outcome {
    run_traced(scenario, &mut |_, _, _| {})
}

/// Runs a scenario and hands every fact to `trace`, with its time and the number of its step.
pub fn run_traced(scenario: &Scenario, trace: &mut dyn FnMut(Ticks, u64, Fact)) -> Outcome {
    let protocol = || scenario.protocol.make(scenario.options);
    let coordinator = CoordinatorBox::new(Coordinator::new(scenario.settings.clone()));
    run_with(scenario, &mut |_| protocol(), coordinator, trace)
}

impl Scenario {
    /// Runs the scenario with protocols and a coordinator of your own in the place of its own.
    /// What is judged and promised stays what the scenario says.
    pub fn run_with(&self, protocol: &mut dyn FnMut(TaskId) -> ProtocolBox, coordinator: CoordinatorBox) -> Outcome {
        run_with(self, protocol, coordinator, &mut |_, _, _| {})
    }

    /// The right coordinator for this scenario.
    pub fn coordinator(&self) -> Coordinator {
        Coordinator::new(self.settings.clone())
    }

    /// A world in which nothing has happened yet, for drivers of your own.
    pub fn world(&self) -> World {
        World::new(self.setup.clone(), |_| self.protocol.make(self.options), CoordinatorBox::new(self.coordinator()))
    }

    /// Runs the scenario by simulated time for `sink` alone: no oracle, no outcome. Returns the
    /// world as it is at the end.
    pub fn drive<S: FactSink>(&self, sink: S) -> (World, S, Stop) {
        let mut world = self.world();
        let mut timed = Timed::new(&self.setup.plan, &self.timing, &self.faults, sink);
        let stop = timed.run(&mut world, self.seed, self.limits);
        (world, timed.sink, stop)
    }

    /// The same scenario with another setup: with sinks or storage that are wrong on purpose.
    #[must_use]
    pub fn with_setup(mut self, change: impl FnOnce(&mut crate::engine::Setup)) -> Scenario {
        let mut setup = (*self.setup).clone();
        change(&mut setup);
        self.setup = setup.into();
        self
    }

    /// Everything that this scenario is judged by, before anything has happened.
    pub fn oracles(&self) -> Oracles<'_> {
        // An ack that comes in the timeout's last tick still has to be stored.
        let longest = self.timing.timeout + self.timing.store.longest();
        Oracles::new(&self.setup.plan, &self.reference, &self.promises, self.property.as_ref(), longest)
    }
}

/// Everything that reads the facts of a full run.
struct Judge<'s> {
    oracles: Oracles<'s>,
    timeline: Timeline<'s>,
    states: States<'s>,
    meter: Meter<'s>,
    situations: Situations,
    digest: Digest,
    scenario: &'s Scenario,
    trace: &'s mut dyn FnMut(Ticks, u64, Fact),
}

impl FactSink for Judge<'_> {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        fact.fold_into(now.0, &mut self.digest);
        self.oracles.fact(now, fact);
        self.timeline.fact(now, fact);
        self.states.fact(fact);
        self.meter.fact(now, fact);
        self.situations.fact(&self.scenario.setup.plan, fact);
        (self.trace)(now, self.oracles.moment().step, fact);
    }

    #[inline(always)]
    fn step(&mut self, _step: Step) {
        self.oracles.step();
        self.states.step();
    }
}

fn run_with(
    scenario: &Scenario,
    protocol: &mut dyn FnMut(TaskId) -> ProtocolBox,
    coordinator: CoordinatorBox,
    trace: &mut dyn FnMut(Ticks, u64, Fact),
) -> Outcome {
    let plan = &scenario.setup.plan;
    let judge = Judge {
        oracles: scenario.oracles(),
        timeline: Timeline::new(plan),
        states: States::new(plan),
        meter: Meter::new(plan),
        situations: Situations::new(plan),
        digest: Digest::new(),
        scenario,
        trace,
    };
    let mut world = World::new(scenario.setup.clone(), protocol, coordinator);
    let mut timed = Timed::new(plan, &scenario.timing, &scenario.faults, judge);
    let stop = timed.run(&mut world, scenario.seed, scenario.limits);
    let (now, steps) = (timed.now(), timed.steps());
    timed.sink.outcome(stop, now, steps)
}

impl Judge<'_> {
    fn outcome(mut self, stop: Stop, now: Ticks, steps: u64) -> Outcome {
        let scenario = self.scenario;
        let situations: BTreeMap<&'static str, u64> =
            self.situations.reached().map(|(situation, count)| (situation.word(), count)).collect();
        let ended = match stop {
            Stop::Steps => Ended::StepLimit,
            Stop::Time => Ended::TimeLimit,
            Stop::Quiet if situations.contains_key("job_failed") => Ended::JobFailed,
            Stop::Quiet => Ended::Quiet,
        };
        let replayed = self.situations.count(Situation::RecordReplayed);
        let reports = self.oracles.delivery.reports();
        let mut outcome = Outcome {
            scenario: scenario.name.clone(),
            title: scenario.title.clone(),
            question: scenario.question.clone(),
            seed: scenario.seed,
            protocol: scenario.protocol.word(),
            verdict: Judgement::AsExpected,
            ended,
            virtual_time_us: now.0,
            steps,
            digest: format!("{:016x}", self.digest.value()),
            snapshots: self.snapshots(),
            failovers: self.timeline.failovers(),
            guarantee: overall(&reports),
            places: reports.iter().map(|report| self.place(report)).collect(),
            invariants: self.invariants(stop != Stop::Quiet),
            expectations: Vec::new(),
            situations,
            costs: self.meter.costs(now, replayed, scenario.protocol.record_overhead()),
            outputs: self.timeline.outputs(),
        };
        outcome.expectations = scenario.expect.judge(&outcome);
        outcome.verdict = judgement(scenario, &outcome);
        outcome
    }

    fn snapshots(&self) -> Vec<SnapshotReport> {
        let mut snapshots = self.timeline.snapshots();
        for snapshot in &mut snapshots {
            snapshot.state = self.states.state(SnapshotId(snapshot.id));
        }
        snapshots
    }

    fn place(&self, report: &PlaceReport) -> PlaceOutcome {
        let plan = &self.scenario.setup.plan;
        let example = |&(name, count): &(u64, u64)| format!("{} x{count}", plan.describe(report.operator, name));
        PlaceOutcome {
            place: plan.operators()[report.operator].name.to_string(),
            kind: report.kind.word(),
            declared: report.promised.word(),
            observed: report.observed.word(),
            records: report.records,
            effects: report.effects,
            lost: report.lost,
            duplicated: report.duplicated,
            examples: report.examples.iter().map(example).collect(),
        }
    }

    fn invariants(&mut self, cut_short: bool) -> Vec<InvariantOutcome> {
        let claims = self.scenario.claims;
        let judged = self.oracles.verdicts(cut_short);
        let outcome = |(name, verdict): (&'static str, Verdict)| {
            let (detail, step) = match &verdict {
                Verdict::Held => (None, None),
                Verdict::Incomplete(why) => (Some(why.clone()), None),
                Verdict::Violated(violation) => {
                    let detail = format!("{}: expected {}, found {}", violation.what, violation.expected, violation.actual);
                    (Some(detail), Some(violation.moment.step))
                }
            };
            InvariantOutcome { name, verdict: verdict.word(), claimed: claims.judges(name), detail, step }
        };
        judged.into_iter().map(outcome).collect()
    }
}

fn overall(reports: &[PlaceReport]) -> GuaranteePair {
    let both = |pick: fn(&PlaceReport) -> Guarantee| reports.iter().map(pick).fold(Guarantee::ExactlyOnce, Guarantee::and).word();
    GuaranteePair { declared: both(|report| report.promised), observed: both(|report| report.observed) }
}

/// As expected: every expectation met, and every invariant that is claimed and not expected
/// otherwise in so many words did hold, or could not be judged because the job failed.
fn judgement(scenario: &Scenario, outcome: &Outcome) -> Judgement {
    let is_broken = |invariant: &InvariantOutcome| {
        let is_open = !scenario.expect.names_invariant(invariant.name);
        invariant.claimed && is_open && invariant.verdict == "violated"
    };
    let is_met = outcome.expectations.iter().all(|expectation| expectation.met);
    let is_ended = !matches!(outcome.ended, Ended::StepLimit | Ended::TimeLimit) || scenario.expect.names_invariant("liveness");
    if is_met && is_ended && !outcome.invariants.iter().any(is_broken) { Judgement::AsExpected } else { Judgement::Unexpected }
}

/// The result of a run in a campaign: only what every run needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// How many steps it took.
    pub steps: u64,
    /// The fingerprint of all facts with their times.
    pub digest: u64,
    /// Whether every claimed invariant held.
    pub held: bool,
}

/// Oracles and digest without the tables of an [`Outcome`].
#[derive(Debug)]
struct Glancer<'s> {
    oracles: Oracles<'s>,
    digest: Digest,
}

impl FactSink for Glancer<'_> {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        fact.fold_into(now.0, &mut self.digest);
        self.oracles.fact(now, fact);
    }

    #[inline(always)]
    fn step(&mut self, _step: Step) {
        self.oracles.step();
    }
}

/// Runs one scenario under many seeds, with every oracle, reusing all memory.
#[derive(Debug)]
pub struct Runner<'s> {
    scenario: &'s Scenario,
    fresh: World,
    world: World,
    timed: Timed<'s, Glancer<'s>>,
}

impl<'s> Runner<'s> {
    /// A runner for one scenario.
    pub fn new(scenario: &'s Scenario) -> Self {
        let glancer = Glancer { oracles: scenario.oracles(), digest: Digest::new() };
        let fresh = scenario.world();
        Runner {
            scenario,
            world: fresh.clone(),
            fresh,
            timed: Timed::new(&scenario.setup.plan, &scenario.timing, &scenario.faults, glancer),
        }
    }

    /// One run.
    pub fn run(&mut self, seed: u64) -> Glance {
        self.world.clone_from(&self.fresh);
        self.timed.sink.digest = Digest::new();
        self.timed.sink.oracles.reset();
        let stop = self.timed.run(&mut self.world, seed, self.scenario.limits);
        let claims = self.scenario.claims;
        let verdicts = self.timed.sink.oracles.verdicts(stop != Stop::Quiet);
        let held = |(name, verdict): &(&str, Verdict)| !matches!(verdict, Verdict::Violated(_)) || !claims.judges(name);
        Glance { steps: self.timed.steps(), digest: self.timed.sink.digest.value(), held: verdicts.iter().all(held) }
    }
}
