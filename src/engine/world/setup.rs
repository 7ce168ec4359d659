//! What stays the same for all runs of a scenario.

use crate::model::{Commit, Kind, Operator, Plan, Sizes, TaskId};
use crate::protocol::{Faithful, SinkLogic, StorageLogic, Told, sink_logic};

/// What stays the same for all runs of a scenario.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The graph.
    pub plan: Plan,
    /// Whether messages of an older attempt are thrown away (F5).
    pub fencing: bool,
    /// How many completed snapshots are kept, at least 1.
    pub retain: u32,
    /// How many checkpoints are asked for besides the periodic ones.
    pub requests: u32,
    /// How each operator's sink commits, by operator; the others' entries are not used.
    pub sinks: Vec<&'static dyn SinkLogic>,
    /// How storage keeps state.
    pub storage: &'static dyn StorageLogic,
    /// Whether snapshots have a budget for aligning.
    pub budget: bool,
    /// Who is told that a snapshot starts.
    pub told: Told,
    /// The processes that are to start a snapshot, once per time they do.
    pub initiators: Vec<TaskId>,
    /// Whether a source that finishes does so at the end of its data, and does not wait for a snapshot behind
    /// its last record (E2): where none will be taken.
    pub finishes_at_once: bool,
    /// What a restore does with what a snapshot holds of channels.
    pub channel_contents: ChannelContents,
    /// How many bytes parts have; nothing where nobody asks.
    pub sizes: Option<Sizes>,
}

/// What a restore does with what a snapshot holds of channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelContents {
    /// It is back in its channels, in its order, before anything new (N12).
    #[default]
    Restored,
    /// It is left out: wrong, to show what it is for.
    Forgotten,
    /// It is back, each channel's last record first: wrong, to show what the order is for.
    Backwards,
}

impl Setup {
    /// A setup in which everything is right: fencing on, one retained snapshot.
    pub fn new(plan: Plan) -> Self {
        let logic = |operator: &Operator| match operator.kind {
            Kind::Sink { commit } => sink_logic(commit),
            _ => sink_logic(Commit::Plain),
        };
        let sinks = plan.operators().iter().map(logic).collect();
        Setup {
            plan,
            fencing: true,
            retain: 1,
            requests: 0,
            sinks,
            storage: &Faithful,
            budget: false,
            told: Told::Roots,
            initiators: Vec::new(),
            finishes_at_once: false,
            channel_contents: ChannelContents::Restored,
            sizes: None,
        }
    }

    /// Puts a sink's logic in the place of each that commits in two phases.
    pub fn replace_two_phase(&mut self, logic: &'static dyn SinkLogic) {
        for &task in self.plan.sinks().iter().filter(|&&task| self.plan.is_two_phase(task)) {
            self.sinks[self.plan.tasks()[task].operator.0 as usize] = logic;
        }
    }
}
