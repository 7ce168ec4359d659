//! Layer 4, beside the engine: invariants as folds over facts. An oracle never sees the engine.
//!
//! Each file holds one invariant. All of them are incremental, so that a long run needs no
//! stored trace.

mod answers;
mod channels;
mod class;
mod conservation;
mod consistent_cut;
mod contents;
mod coordinator;
mod delivery;
mod expected;
mod false_alarm;
mod liveness;
mod reference;
mod restore;
mod rows;
mod sanity;
mod sinks;
mod state;
mod state_replay;
mod traffic;

pub use class::{Broken, Class};
pub use conservation::Conservation;
pub use consistent_cut::ConsistentCut;
pub use contents::{Astray, Contents, RowOf, WrongRow};
pub use coordinator::CoordinatorRules;
pub use delivery::{Delivery, Place, PlaceKind, PlaceReport, Promise};
pub use false_alarm::{FalseAlarm, Property};
pub use liveness::Liveness;
pub use reference::{Names, Reference};
pub use restore::RestoreFidelity;
pub use sanity::EngineSanity;
pub use sinks::SinkRules;
pub use state_replay::StateReplay;

use std::sync::Arc;

use self::channels::Channels;
use crate::kernel::{Panic, Printed, Ticks};
use crate::model::{Plan, SnapshotId, TaskId};
use crate::protocol::Settings;
use crate::trace::Fact;

/// Where in a run a fact stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Simulated time.
    pub at: Ticks,
    /// Number of the step, from 1.
    pub step: u64,
}

/// The first thing that broke an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When; the end of the run for what only the end shows.
    pub moment: Moment,
    /// What happened, in the scenario's terms.
    pub what: String,
    /// What the invariant asks for.
    pub expected: String,
    /// What was found instead.
    pub actual: String,
}

/// What an invariant says of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing broke it.
    Held,
    /// Something did.
    Violated(Box<Violation>),
    /// The run does not allow a judgement, because of this.
    Incomplete(String),
}

impl Verdict {
    /// The word used in output.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Violated(_) => "violated",
            Verdict::Incomplete(_) => "incomplete",
        }
    }
}

/// Keeps the first violation; later ones are mostly its consequences. Shared, because a search
/// copies oracles that are broken where that is allowed.
#[derive(Clone, Debug, Default)]
struct First(Option<Arc<Violation>>);

impl First {
    /// Whether there is one.
    #[inline(always)]
    fn is_some(&self) -> bool {
        self.0.is_some()
    }

    #[cold]
    fn note(&mut self, moment: Moment, what: String, expected: impl Into<String>, actual: impl Into<String>) {
        if self.0.is_none() {
            let (expected, actual) = (expected.into(), actual.into());
            self.0 = Some(Arc::new(Violation { moment, what, expected, actual }));
        }
    }

    /// Adds to what was found instead.
    fn also(&mut self, found: &str) {
        if let Some(violation) = &mut self.0 {
            let violation = Arc::make_mut(violation);
            violation.actual = format!("{}; {found}", violation.actual);
        }
    }

    fn verdict(&self) -> Verdict {
        match &self.0 {
            None => Verdict::Held,
            Some(violation) => Verdict::Violated(Box::new((**violation).clone())),
        }
    }
}

/// Why a snapshot that starts at `initiator` can never complete, if so: whom it has no path to.
fn missing_path(plan: &Plan, id: SnapshotId, initiator: TaskId) -> Option<String> {
    let from = plan.tasks()[initiator].operator;
    let to = *plan.unreachable_from(from).first()?;
    let (from, to) = (&plan.operators()[from].name, &plan.operators()[to].name);
    Some(format!("snapshot {id} starts at {from}, and there is no path from {from} to {to}: {to} never records its state"))
}

/// How a run ended, as far as the oracles need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub moment: Moment,
    /// Whether it was stopped with things still happening.
    pub cut_short: bool,
}

/// The numbers of a scenario that its coordinator is held to.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Those that it goes by itself.
    pub settings: Settings,
    /// How many completed snapshots are kept.
    pub retain: u32,
    /// When a pending snapshot must have ended.
    pub timeout: Ticks,
}

/// All invariants together. What they remember of a run is part of the state of a search: see
/// [`print`](Oracles::print).
#[derive(Debug)]
pub struct Oracles<'p> {
    plan: &'p Plan,
    moment: Moment,
    channels: Printed<Channels>,
    delivery: Printed<Delivery<'p>>,
    state_replay: Printed<StateReplay>,
    restore: Printed<RestoreFidelity>,
    sinks: Printed<SinkRules>,
    coordinator: Printed<CoordinatorRules>,
    liveness: Printed<Liveness>,
    sanity: Printed<EngineSanity>,
    conservation: Printed<Conservation>,
    false_alarm: Printed<FalseAlarm<'p>>,
    /// The snapshots that the fingerprints know to be pending or restorable.
    alive: Vec<SnapshotId>,
    /// Whether the step that goes on has to be looked at when it is over.
    is_unsettled: bool,
    /// Ends a run, so no state of a search has any.
    panic: First,
}

impl<'p> Oracles<'p> {
    /// Oracles for one scenario.
    pub fn new(plan: &'p Plan, reference: &'p Reference, promises: &'p [Promise], property: Option<&'p Property>, rules: Rules) -> Self {
        Oracles {
            plan,
            moment: Moment::default(),
            channels: Printed::new(Channels::new(plan)),
            delivery: Printed::new(Delivery::new(plan, reference, promises)),
            state_replay: Printed::new(StateReplay::new(plan)),
            restore: Printed::new(RestoreFidelity::new()),
            sinks: Printed::new(SinkRules::new(plan)),
            coordinator: Printed::new(CoordinatorRules::new(rules.settings.clone(), rules.retain)),
            liveness: Printed::new(Liveness::new(plan, rules.timeout)),
            sanity: Printed::new(EngineSanity::new(plan)),
            conservation: Printed::new(Conservation::new(plan)),
            false_alarm: Printed::new(FalseAlarm::new(plan, property)),
            alive: Vec::new(),
            is_unsettled: false,
            panic: First::default(),
        }
    }

    /// Forgets the last run and keeps the memory.
    pub fn reset(&mut self) {
        self.moment = Moment::default();
        self.channels.reset();
        self.delivery.reset();
        self.state_replay.reset();
        self.restore.reset();
        self.sinks.reset();
        self.coordinator.reset();
        self.liveness.reset();
        self.sanity.reset();
        self.conservation.reset();
        self.false_alarm.reset();
        self.is_unsettled = false;
        self.panic = First::default();
    }

    /// A part of the run panicked; that was its end.
    pub fn panicked(&mut self, panic: &Panic) {
        self.panic.note(self.moment, panic.part.to_owned(), "an answer", format!("a panic: {}", panic.message));
    }

    /// A step begins.
    #[inline(always)]
    pub fn step(&mut self) {
        self.settle();
        self.moment.step += 1;
    }

    /// A step is over: what it obliged somebody to must be done. Whoever looks at what is broken between two steps
    /// says so first.
    #[inline(always)]
    pub fn settle(&mut self) {
        if self.is_unsettled {
            self.settle_all();
        }
    }

    #[inline(never)]
    fn settle_all(&mut self) {
        let (plan, moment) = (self.plan, self.moment);
        self.is_unsettled = false;
        if self.sinks.is_unsettled() {
            self.sinks.settle(plan, moment);
        }
        if self.restore.is_unsettled() {
            self.restore.settle(plan, moment);
        }
        if self.coordinator.is_unsettled() {
            self.coordinator.settle(plan, moment);
        }
        if self.liveness.is_unsettled() {
            self.liveness.settle(plan, moment);
        }
    }

    /// Takes one fact in. The facts that come with every record go straight to the oracles that
    /// read them; the rare ones go to all.
    #[inline(always)]
    pub fn fact(&mut self, now: Ticks, fact: Fact) {
        self.moment.at = now;
        let (plan, moment) = (self.plan, self.moment);
        match fact {
            Fact::Sent { channel, name, value } => {
                self.channels.traffic.send(channel, name, value);
                if self.false_alarm.is_on() {
                    self.false_alarm.sent();
                }
            }
            Fact::Received { channel, name, value } => {
                let is_sound = self.channels.received(plan, channel, name, value);
                if self.false_alarm.is_on() {
                    self.false_alarm.received();
                }
                if !is_sound || self.sanity.is_any_down() {
                    self.sanity.received(plan, moment, channel, name, is_sound);
                }
            }
            Fact::Applied { task, name, key, value } => {
                self.delivery.applied(task, name);
                self.state_replay.applied(plan, task, name, key, value);
            }
            Fact::Emitted { task, position } => {
                self.restore.emitted(plan, moment, task, position);
                if self.sanity.is_any_down() {
                    self.sanity.emitted(plan, moment, task);
                }
            }
            Fact::Written { .. } => {}
            Fact::Output { task, name, key, value } => {
                self.delivery.output(task, name, key, value);
                if !self.sinks.allows_output(plan, task) {
                    self.sinks.uncommitted(plan, moment, task, name);
                }
            }
            _ => self.rare_fact(fact),
        }
    }

    #[inline(never)]
    fn rare_fact(&mut self, fact: Fact) {
        let (plan, moment) = (self.plan, self.moment);
        // Whoever is asked counts as changed; so only those are who do something with the fact.
        if self.sinks.is_committing() {
            self.sinks.end_commit();
        }
        if Channels::reads(fact) {
            self.channels.rare_fact(plan, moment, fact);
        }
        if Delivery::reads(fact) {
            self.delivery.rare_fact(fact);
        }
        if StateReplay::reads(fact) {
            self.state_replay.rare_fact(plan, moment, fact);
        }
        if RestoreFidelity::reads(fact) {
            self.restore.rare_fact(plan, moment, fact);
            self.is_unsettled |= self.restore.is_unsettled();
        }
        if SinkRules::reads(fact) {
            self.sinks.rare_fact(plan, moment, fact);
            self.is_unsettled |= self.sinks.is_unsettled();
        }
        if CoordinatorRules::reads(fact) {
            self.coordinator.rare_fact(plan, moment, fact);
            self.is_unsettled |= self.coordinator.is_unsettled();
        }
        if Liveness::reads(fact) {
            self.liveness.rare_fact(plan, moment, fact);
            self.is_unsettled |= self.liveness.is_unsettled();
        }
        if self.sanity.reads(fact) {
            self.sanity.rare_fact(plan, moment, fact);
        }
        if self.conservation.is_on() {
            self.conservation.rare_fact(plan, moment, fact);
        }
        if self.false_alarm.is_on() {
            self.false_alarm.rare_fact(plan, moment, fact);
        }
    }

    /// The run is over, and this is what the state of a task shows for a key.
    pub fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.delivery.shown(task, key, value);
    }

    /// Whether everything has come to its end, so that what is not there will never be.
    fn is_settled(&self, cut_short: bool) -> bool {
        !(cut_short || self.panic.is_some() || self.liveness.job_failed() || self.liveness.is_stuck(self.plan))
    }

    /// The run is over: every place with what shows there, in the order of the promises.
    pub fn places(&mut self, cut_short: bool) -> Vec<PlaceReport> {
        let settled = self.is_settled(cut_short);
        self.delivery.reports(settled)
    }

    /// The run is over: every invariant that there is something to judge for with its verdict, in a
    /// fixed order.
    pub fn verdicts(&mut self, cut_short: bool) -> Vec<(&'static str, Verdict)> {
        let panicked = self.panic.is_some();
        if !panicked {
            self.settle();
        }
        let end = End { moment: self.moment, cut_short: cut_short || panicked };
        let (failed, settled) = (self.liveness.job_failed() || panicked, self.is_settled(cut_short));
        let mut verdicts = vec![
            ("delivery", self.delivery.verdict(end, settled)),
            ("consistent_cut", self.channels.cut.verdict(self.plan)),
            ("state_equals_replay", self.state_replay.verdict(self.plan, self.moment)),
            ("restore_fidelity", self.restore.verdict()),
            ("sink_commit_rules", self.sinks.verdict(self.plan, end, failed)),
            ("coordinator_rules", self.coordinator.verdict()),
            ("liveness", if panicked { self.no_end() } else { self.liveness.verdict(self.plan, end) }),
            ("engine_sanity", if panicked { self.panic.verdict() } else { self.sanity.verdict() }),
        ];
        verdicts.extend(self.conservation.verdict().map(|verdict| ("conservation", verdict)));
        verdicts.extend(self.false_alarm.verdict().map(|verdict| ("no_false_alarm", verdict)));
        verdicts
    }

    fn no_end(&self) -> Verdict {
        Verdict::Incomplete("the run ended in a panic".to_owned())
    }

    /// Where the run is.
    pub fn moment(&self) -> Moment {
        self.moment
    }
}
