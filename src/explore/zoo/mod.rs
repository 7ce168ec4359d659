//! A collection of bugs: protocols, coordinators, sinks, storage and setups that are wrong on
//! purpose, most of them after bugs that real systems had.
//!
//! A mutant is a right part in a wrapper that changes what goes in or what comes out; right code
//! knows nothing of it. What a search is worth shows in how many of them it finds, and how fast.
//!
//! Each file holds the mutants of one seam and a table of them. To add one, write its rule and a row.

mod channels;
mod coordinator;
mod handlers;
mod matrix;
mod outside;
mod wrong;

use std::sync::Arc;

pub use self::matrix::{ByCheck, Effort, Matrix, Patient, Row, Runs};

use super::campaign::Suspect;
use crate::engine::{Setup, World};
use crate::model::Plan;
use crate::protocol::{Coordinator, CoordinatorBox, ProtocolBox, ProtocolKind, SinkLogic, StorageLogic};
use crate::scenario::Scenario;

/// A protocol, coordinator, sink, storage or setup that is wrong on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Says the bug: `no_blocking`.
    pub name: &'static str,
    /// The public bug whose class it is ("FLINK-17568"), or "class: ..." for a class of errors
    /// without one bug to name.
    pub stands_for: &'static str,
    /// What it does wrong, in one sentence.
    pub what: &'static str,
    /// The invariant that is expected to catch it, by the name it has in an outcome.
    pub caught_by: &'static str,
    /// Under which protocols it is wrong.
    pub protocols: &'static [ProtocolKind],
    /// What a graph must have for the bug to show.
    pub needs: &'static [Need],
    /// Where it is put in.
    pub seam: Seam,
}

/// What a graph must have for a bug to show in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A sink that commits in two phases.
    TwoPhaseSink,
    /// A task with several inputs.
    SeveralInputs,
    /// A source that is gone after its last record.
    FinishingSource,
    /// A keyed operator.
    KeyedState,
}

impl Need {
    fn is_met_by(self, plan: &Plan) -> bool {
        let mut tasks = plan.tasks().ids();
        match self {
            Need::TwoPhaseSink => tasks.any(|task| plan.is_two_phase(task)),
            Need::SeveralInputs => tasks.any(|task| plan.inputs(task).len() > 1),
            Need::FinishingSource => tasks.any(|task| plan.kind(task).finishes()),
            Need::KeyedState => tasks.any(|task| outside::is_keyed(plan.kind(task))),
        }
    }
}

/// Where a mutant is put in, and how it is made.
#[derive(Clone, Copy, Debug)]
pub enum Seam {
    /// Around each task's right protocol.
    Protocol(fn(ProtocolBox) -> ProtocolBox),
    /// Around the right coordinator.
    Coordinator(fn(Coordinator) -> CoordinatorBox),
    /// In the place of every two-phase sink's logic.
    Sink(&'static dyn SinkLogic),
    /// In the place of storage.
    Storage(&'static dyn StorageLogic),
    /// A change of the setup, never of the graph in it.
    Setup(fn(&mut Setup)),
}

/// A mutant that nearly every run with a crash finds: a search that does not find it looks at nothing.
pub const CANARY: &str = "restores_nothing";

const TABLES: [&[Mutant]; 4] = [handlers::TABLE, channels::TABLE, coordinator::TABLE, outside::TABLE];
const COUNT: usize = handlers::TABLE.len() + channels::TABLE.len() + coordinator::TABLE.len() + outside::TABLE.len();
static ALL: [Mutant; COUNT] = joined();

const fn joined() -> [Mutant; COUNT] {
    let mut all = [TABLES[0][0]; COUNT];
    let (mut next, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            all[next] = TABLES[table][row];
            (next, row) = (next + 1, row + 1);
        }
        table += 1;
    }
    all
}

/// All mutants, seam by seam.
pub const ZOO: &[Mutant] = &ALL;

/// The mutant of that name.
pub fn find(name: &str) -> Option<&'static Mutant> {
    ALL.iter().find(|mutant| mutant.name == name)
}

impl Mutant {
    /// Whether the bug can be there at all: the right protocol, and what it needs in the graph.
    pub fn suits(&self, scenario: &Scenario) -> bool {
        let plan = &scenario.setup().plan;
        self.protocols.contains(&scenario.protocol()) && self.needs.iter().all(|need| need.is_met_by(plan))
    }

    /// A fresh world of the scenario with the bug in it.
    pub fn world(&self, scenario: &Scenario) -> World {
        let mut setup = Setup::clone(scenario.setup());
        let mut wrap: fn(ProtocolBox) -> ProtocolBox = |right| right;
        let mut coordinator = CoordinatorBox::new(scenario.coordinator());
        match self.seam {
            Seam::Protocol(wrong) => wrap = wrong,
            Seam::Coordinator(wrong) => coordinator = wrong(scenario.coordinator()),
            Seam::Sink(wrong) => setup.replace_two_phase(wrong),
            Seam::Storage(wrong) => setup.storage = wrong,
            Seam::Setup(change) => change(&mut setup),
        }
        World::new(Arc::new(setup), |_| wrap(scenario.protocol_of_task()), coordinator)
    }
}

impl Suspect for Mutant {
    fn protocols(&self) -> &[ProtocolKind] {
        self.protocols
    }
    /// Where the bug cannot be, as with a wrong sink in a scenario without one, the run is one of a right world.
    fn world(&self, scenario: &Scenario) -> World {
        if self.suits(scenario) { Mutant::world(self, scenario) } else { scenario.world() }
    }
    /// It is one bug wherever it is.
    fn simplest(&self, protocol: &str) -> Vec<ProtocolKind> {
        let until = self.protocols.iter().position(|kind| kind.word() == protocol).map_or(0, |at| at + 1);
        self.protocols[..until].to_vec()
    }
}

/// The protocols that are judged by every invariant, on dataflows.
const EXACT: &[ProtocolKind] = &[ProtocolKind::Aligned, ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout];
/// The protocols for dataflows.
const ANY: &[ProtocolKind] = &[ProtocolKind::Aligned, ProtocolKind::AtLeastOnce, ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout];
/// Those in which inputs wait.
const BLOCKING: &[ProtocolKind] = &[ProtocolKind::Aligned, ProtocolKind::AlignedTimeout];
/// Those whose snapshots hold contents of channels.
const LOGGING: &[ProtocolKind] = &[ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout];
