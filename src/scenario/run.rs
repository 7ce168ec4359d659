//! Running a scenario.

use std::collections::BTreeMap;

use super::check::{SCHEDULED_STEPS, Scenario};
use super::costs::Meter;
use super::judgement::complaints;
use super::outcome::{
    ContentsOutcome, Ended, GuaranteePair, InvariantOutcome, JobEnd, Judgement, NOT_JUDGED, Outcome, PlaceOutcome, SkippedStep,
    SnapshotReport,
};
use super::progress::repetition;
use super::standing::Standing;
use super::states::States;
use super::timeline::Timeline;
use crate::engine::{Control, FactSink, FaultCounts, Setup, Skipped, Step, Stop, Timed, Untimed, World};
use crate::kernel::{Digest, Panic, Patience, Ticks, caught};
use crate::model::{SnapshotId, TaskId};
use crate::oracle::{Oracles, PlaceReport, Rules, Verdict};
use crate::protocol::{Coordinator, CoordinatorBox, Guarantee, ProtocolBox};
use crate::trace::{Fact, Situation, Situations};

/// Runs a scenario under its own seed: by its schedule where it has one, else by simulated time.
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
    judged_run(scenario, scenario.world(), trace, Patience::ENDLESS)
}

impl Scenario {
    /// Runs the scenario with protocols and a coordinator of your own in the place of its own.
    /// What is judged and promised stays what the scenario says.
    pub fn run_with(&self, protocol: &mut dyn FnMut(TaskId) -> ProtocolBox, coordinator: CoordinatorBox) -> Outcome {
        self.run_world(self.world_with(protocol, coordinator))
    }

    /// Runs the scenario from a world of your own, which must have the scenario's graph.
    pub fn run_world(&self, world: World) -> Outcome {
        judged_run(self, world, &mut |_, _, _| {}, Patience::ENDLESS)
    }

    /// The same, and every fact is handed to `trace`, with its time and the number of its step.
    pub fn trace_world(&self, world: World, trace: &mut dyn FnMut(Ticks, u64, Fact)) -> Outcome {
        judged_run(self, world, trace, Patience::ENDLESS)
    }

    /// The same as long as somebody has patience, who is told the number of steps: a run that is cut says so in its outcome.
    pub fn attend_world(&self, world: World, trace: &mut dyn FnMut(Ticks, u64, Fact), patience: Patience<'_>) -> Outcome {
        judged_run(self, world, trace, patience)
    }

    /// The right coordinator for this scenario.
    pub fn coordinator(&self) -> Coordinator {
        Coordinator::new(self.settings.clone())
    }

    /// The right protocol of one task in this scenario.
    pub fn protocol_of_task(&self) -> ProtocolBox {
        self.protocol.make(self.options)
    }

    /// A world in which nothing has happened yet, for drivers of your own.
    pub fn world(&self) -> World {
        self.world_with(&mut |_| self.protocol_of_task(), CoordinatorBox::new(self.coordinator()))
    }

    /// The same with protocols and a coordinator of your own.
    pub fn world_with(&self, protocol: &mut dyn FnMut(TaskId) -> ProtocolBox, coordinator: CoordinatorBox) -> World {
        World::new(self.setup.clone(), protocol, coordinator)
    }

    /// Runs a world of this scenario, which may have parts that are wrong on purpose, by a list of steps
    /// and to its end, with every oracle. Steps that cannot happen are left out and named in the outcome.
    ///
    /// ```
    /// use cutline::engine::{Control, Step};
    ///
    /// let scenario = cutline::Scenario::from_json(
    ///     r#"{
    ///       "title": "one record",
    ///       "operators": {"A": {"kind": "source", "records": 1}, "count": {"kind": "keyed_count"}},
    ///       "channels": [{"from": "A", "to": "count"}]
    ///     }"#,
    /// )
    /// .expect("a valid scenario");
    /// let steps = ["deliver A->count", "emit A", "deliver A->count"].map(|text| Step::parse(text, scenario.plan()).expect("a step"));
    /// let outcome = scenario.replay(scenario.world(), Control::INSTANT, steps);
    /// assert_eq!(outcome.skipped[0].why, "nothing is in the channel");
    /// assert_eq!(outcome.places[0].effects, 1);
    /// ```
    pub fn replay(&self, world: World, control: Control, steps: impl IntoIterator<Item = Step>) -> Outcome {
        replay(self, world, (control, steps), &mut |_, _, _| {}, Patience::ENDLESS)
    }

    /// Runs the scenario as [`run`] does for `sink` alone: no oracle, no outcome. Returns the world as
    /// it is at the end.
    pub fn drive<S: FactSink>(&self, sink: S) -> (World, S, Stop) {
        self.drive_world(self.world(), sink)
    }

    /// The same for a fresh world of this scenario that has parts of your own in it.
    pub fn drive_world<S: FactSink>(&self, world: World, mut sink: S) -> (World, S, Stop) {
        let (world, stop) = self.drive_for(world, &mut sink);
        (world, sink, stop)
    }

    fn drive_for(&self, mut world: World, sink: &mut dyn FactSink) -> (World, Stop) {
        let ran = caught(|| match &self.schedule {
            Some(steps) => {
                let mut untimed = Untimed::new(self.control, self.limits.steps, sink);
                untimed.follow(&mut world, steps.iter().copied());
                untimed.finish(&mut world)
            }
            None => Timed::new(&self.setup.plan, &self.timing, &self.faults, sink).run(&mut world, self.seed, self.limits),
        });
        (world, ran.unwrap_or(Stop::Panicked))
    }

    /// The same scenario with another setup: with sinks or storage that are wrong on purpose.
    #[must_use]
    pub fn with_setup(mut self, change: impl FnOnce(&mut Setup)) -> Scenario {
        let mut setup = (*self.setup).clone();
        change(&mut setup);
        self.setup = setup.into();
        self
    }

    /// All invariants, for drivers that have no clock: nothing is too late for them.
    pub fn untimed_oracles(&self) -> Oracles<'_> {
        self.oracles(false)
    }

    /// All invariants, as a run of the scenario is judged by them.
    pub(crate) fn own_oracles(&self) -> Oracles<'_> {
        self.oracles(self.schedule.is_none())
    }

    /// The most steps of a run by a list. What has a clock may take many more, and each snapshot of an endless run is
    /// kept: its limit is none for a list.
    fn listed_steps(&self) -> u64 {
        if self.schedule.is_some() { self.limits.steps } else { self.limits.steps.min(SCHEDULED_STEPS) }
    }

    /// The same scenario with runs of at most so many steps.
    pub(crate) fn with_steps(mut self, most: u64) -> Scenario {
        self.limits.steps = self.limits.steps.min(most);
        self
    }

    fn oracles(&self, has_clock: bool) -> Oracles<'_> {
        // An ack that comes in the timeout's last tick still has to be stored.
        let longest = if has_clock { self.timing.timeout + self.timing.store.longest() } else { Ticks::NEVER };
        let rules = Rules { settings: self.settings.clone(), retain: self.setup.retain, timeout: longest };
        Oracles::new(&self.setup.plan, &self.reference, &self.promises, self.property.as_ref(), rules)
    }
}

/// Everything that reads the facts of a full run.
struct Judge<'s> {
    oracles: Oracles<'s>,
    timeline: Timeline<'s>,
    states: States<'s>,
    meter: Meter<'s>,
    standing: Standing<'s>,
    situations: Situations,
    digest: Digest,
    scenario: &'s Scenario,
    trace: &'s mut dyn FnMut(Ticks, u64, Fact),
    patience: Patience<'s>,
}

/// Steps between two looks at whether somebody still waits.
const PATIENT_FOR: u64 = 1024;

impl FactSink for Judge<'_> {
    #[inline(always)]
    fn fact(&mut self, now: Ticks, fact: Fact) {
        fact.fold_into(now.0, &mut self.digest);
        self.oracles.fact(now, fact);
        self.timeline.fact(now, fact);
        self.states.fact(fact);
        self.meter.fact(now, fact);
        self.standing.fact(now, fact);
        self.situations.fact(&self.scenario.setup.plan, fact);
        (self.trace)(now, self.oracles.moment().step, fact);
    }

    #[inline(always)]
    fn step(&mut self, _step: Step) {
        self.oracles.step();
        self.states.step();
    }

    #[inline(always)]
    fn goes_on(&mut self) -> bool {
        let step = self.oracles.moment().step;
        !step.is_multiple_of(PATIENT_FOR) || self.patience.lasts(step)
    }

    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.oracles.shown(task, key, value);
    }
}

fn judged_run(scenario: &Scenario, mut world: World, trace: &mut dyn FnMut(Ticks, u64, Fact), patience: Patience<'_>) -> Outcome {
    if let Some(steps) = &scenario.schedule {
        return replay(scenario, world, (scenario.control, steps.iter().copied()), trace, patience);
    }
    let judge = Judge::new(scenario, true, trace, patience);
    let mut timed = Timed::new(&scenario.setup.plan, &scenario.timing, &scenario.faults, judge);
    let ran = caught(|| timed.run(&mut world, scenario.seed, scenario.limits));
    let stop = timed.sink.stop(ran);
    let (now, steps) = (timed.now(), timed.steps());
    let counts = timed.fault_counts().clone();
    timed.sink.outcome(stop, (now, steps), &counts, None)
}

fn replay(
    scenario: &Scenario,
    mut world: World,
    (control, steps): (Control, impl IntoIterator<Item = Step>),
    trace: &mut dyn FnMut(Ticks, u64, Fact),
    patience: Patience<'_>,
) -> Outcome {
    let mut judge = Judge::new(scenario, false, trace, patience);
    let mut untimed = Untimed::new(control, scenario.listed_steps(), &mut judge as &mut dyn FactSink);
    let mut skipped = Vec::new();
    let ran = caught(|| {
        skipped = untimed.follow(&mut world, steps);
        untimed.finish(&mut world)
    });
    let steps = untimed.steps();
    let stop = judge.stop(ran);
    judge.outcome(stop, (Ticks(steps), steps), &FaultCounts::default(), Some(skipped))
}

impl<'s> Judge<'s> {
    fn new(scenario: &'s Scenario, has_clock: bool, trace: &'s mut dyn FnMut(Ticks, u64, Fact), patience: Patience<'s>) -> Self {
        let plan = &scenario.setup.plan;
        Judge {
            oracles: scenario.oracles(has_clock),
            timeline: Timeline::new(plan, scenario.setup.sizes.as_ref().and_then(|sizes| sizes.most)),
            states: States::new(plan),
            meter: Meter::new(plan),
            standing: Standing::new(plan),
            situations: Situations::new(plan),
            digest: Digest::new(),
            scenario,
            trace,
            patience,
        }
    }

    /// How a run ended, whose panic is kept if it ended in one.
    fn stop(&mut self, ran: Result<Stop, Panic>) -> Stop {
        ran.unwrap_or_else(|panic| {
            self.oracles.panicked(&panic);
            Stop::Panicked
        })
    }

    /// `skipped` of a run by a list of steps.
    fn outcome(mut self, stop: Stop, (now, steps): (Ticks, u64), counts: &FaultCounts, skipped: Option<Vec<Skipped>>) -> Outcome {
        let scenario = self.scenario;
        let scheduled = skipped.is_some();
        let situations: BTreeMap<&'static str, u64> =
            self.situations.reached().map(|(situation, count)| (situation.word(), count)).collect();
        let ended = match stop {
            Stop::Steps => Ended::StepLimit,
            Stop::Time => Ended::TimeLimit,
            Stop::Interrupted => Ended::Interrupted,
            Stop::Panicked => Ended::Panicked,
            Stop::Quiet if situations.contains_key("job_failed") => Ended::JobFailed,
            Stop::Quiet => Ended::Quiet,
        };
        let replayed = self.situations.count(Situation::RecordReplayed);
        let reports = self.oracles.places(stop != Stop::Quiet);
        let mut outcome = Outcome {
            scenario: scenario.name.clone(),
            title: scenario.title.clone(),
            question: scenario.question.clone(),
            seed: scenario.seed,
            protocol: scenario.protocol.word(),
            verdict: Judgement::AsExpected,
            complaints: Vec::new(),
            ended,
            job: self.job(ended),
            scheduled,
            skipped: skipped.into_iter().flatten().map(|step| self.skipped(step)).collect(),
            virtual_time_us: now.0,
            steps,
            digest: format!("{:016x}", self.digest.value()),
            faults: scenario.planned.iter().filter(|_| !scheduled).map(|planned| planned.outcome(counts)).collect(),
            notes: Vec::new(),
            snapshots: self.snapshots(),
            failovers: self.timeline.failovers(),
            guarantee: self.overall(&reports),
            places: reports.iter().map(|report| self.place(report)).collect(),
            invariants: Vec::new(),
            expectations: Vec::new(),
            situations,
            costs: self.meter.costs(now, replayed, scenario.protocol.record_overhead()),
            outputs: self.timeline.outputs(),
        };
        outcome.invariants = self.invariants(stop, repetition(&outcome));
        outcome.notes = scenario.notes(&outcome);
        outcome.expectations = scenario.expect.judge(&outcome);
        outcome.complaints = complaints(scenario, &outcome);
        if !outcome.complaints.is_empty() {
            outcome.verdict = Judgement::Unexpected;
        }
        outcome
    }

    fn overall(&self, reports: &[PlaceReport]) -> GuaranteePair {
        let both = |pick: fn(&PlaceReport) -> Guarantee| reports.iter().map(pick).fold(Guarantee::ExactlyOnce, Guarantee::and);
        self.pair(both(|report| report.promised), both(|report| report.observed))
    }

    fn pair(&self, promised: Guarantee, observed: Guarantee) -> GuaranteePair {
        if self.scenario.plan().has_processes() {
            return GuaranteePair { declared: NOT_JUDGED, observed: NOT_JUDGED };
        }
        GuaranteePair { declared: promised.word(), observed: observed.word() }
    }

    fn job(&self, ended: Ended) -> JobEnd {
        match ended {
            Ended::JobFailed => JobEnd::Failed,
            Ended::StepLimit | Ended::TimeLimit | Ended::Interrupted | Ended::Panicked => JobEnd::Stopped,
            // Nobody ends a job of processes.
            Ended::Quiet if self.timeline.is_finished() || self.scenario.settings.endless => JobEnd::Finished,
            Ended::Quiet => JobEnd::Stuck,
        }
    }

    fn skipped(&self, Skipped { number, step, why }: Skipped) -> SkippedStep {
        SkippedStep { step: number as u64, name: step.describe(&self.scenario.setup.plan), why }
    }

    fn snapshots(&self) -> Vec<SnapshotReport> {
        let mut snapshots = self.timeline.snapshots();
        for snapshot in &mut snapshots {
            snapshot.state = self.states.state(SnapshotId(snapshot.id));
        }
        snapshots
    }

    /// What is behind a run that does not come to its end. What is only on its way when a limit stops it says nothing.
    fn hang(&self, stop: Stop, repeated: Option<String>) -> Option<String> {
        match stop {
            Stop::Quiet => self.standing.explanation(),
            _ => self.standing.full_circle().or(repeated),
        }
    }

    fn place(&self, report: &PlaceReport) -> PlaceOutcome {
        let plan = &self.scenario.setup.plan;
        let example = |&(name, count): &(u64, u64)| format!("{} x{count}", plan.describe(report.operator, name));
        let GuaranteePair { declared, observed } = self.pair(report.promised, report.observed);
        PlaceOutcome {
            place: plan.operators()[report.operator].name.to_string(),
            kind: report.kind.word(),
            declared,
            observed,
            kept: observed == NOT_JUDGED || report.observed.satisfies(report.promised),
            records: report.records,
            effects: report.effects,
            lost: report.lost,
            duplicated: report.duplicated,
            examples: report.examples.iter().map(example).collect(),
            contents: ContentsOutcome {
                verdict: report.contents.verdict(),
                rows: report.contents.rows,
                wrong: report.contents.wrong,
                not_judged: report.contents.open,
                why: report.contents.why,
                examples: report.contents.examples.iter().map(|row| report.wrong_row(plan, row)).collect(),
            },
            uncommitted: report.waiting,
        }
    }

    /// `repeated` is what a run that a limit stopped did without progress.
    fn invariants(&mut self, stop: Stop, repeated: Option<String>) -> Vec<InvariantOutcome> {
        let claims = self.scenario.claims;
        let judged = self.oracles.verdicts(stop != Stop::Quiet);
        // That it did not come to an end is not the run's fault.
        let is_excused = |name: &str| stop == Stop::Interrupted && name == "liveness";
        let outcome = |(name, verdict): (&'static str, Verdict)| {
            let verdict = if is_excused(name) { Verdict::Incomplete("the run was interrupted".to_owned()) } else { verdict };
            let (detail, step) = match &verdict {
                Verdict::Held => (None, None),
                Verdict::Incomplete(why) => (Some(why.clone()), None),
                Verdict::Violated(violation) => {
                    let why = if name == "liveness" { self.hang(stop, repeated.clone()) } else { None };
                    let why = why.map_or(String::new(), |why| format!(": {why}"));
                    let detail = format!("{}: expected {}, found {}{why}", violation.what, violation.expected, violation.actual);
                    (Some(detail), Some(violation.moment.step))
                }
            };
            InvariantOutcome { name, verdict: verdict.word(), claimed: claims.judges(name), detail, step }
        };
        judged.into_iter().map(outcome).collect()
    }
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

    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.oracles.shown(task, key, value);
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
        let glancer = Glancer { oracles: scenario.oracles(scenario.schedule.is_none()), digest: Digest::new() };
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
        let (stop, steps) = match &self.scenario.schedule {
            Some(steps) => {
                let sink: &mut dyn FactSink = &mut self.timed.sink;
                let mut untimed = Untimed::new(self.scenario.control, self.scenario.limits.steps, sink);
                untimed.follow(&mut self.world, steps.iter().copied());
                (untimed.finish(&mut self.world), untimed.steps())
            }
            None => (self.timed.run(&mut self.world, seed, self.scenario.limits), self.timed.steps()),
        };
        let claims = self.scenario.claims;
        let verdicts = self.timed.sink.oracles.verdicts(stop != Stop::Quiet);
        let held = |(name, verdict): &(&str, Verdict)| !matches!(verdict, Verdict::Violated(_)) || !claims.judges(name);
        Glance { steps, digest: self.timed.sink.digest.value(), held: verdicts.iter().all(held) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_limit_of_lists() {
        let scenario = |rest: &str| {
            let text = format!(
                r#"{{"title": "t", "operators": {{"A": {{"kind": "source", "records": 1}}, "n": {{"kind": "keyed_count"}}}},
                "channels": [{{"from": "A", "to": "n"}}]{rest}}}"#
            );
            Scenario::from_json(&text).expect("a valid scenario")
        };
        assert_eq!(scenario("").listed_steps(), SCHEDULED_STEPS);
        assert_eq!(scenario(r#", "limits": {"steps": 7}"#).listed_steps(), 7);
        assert_eq!(scenario(r#", "schedule": [], "limits": {"steps": 5000000}"#).listed_steps(), 5_000_000);
    }
}
