//! The static graph: operators, their tasks, the channels between tasks, and the arithmetic of
//! lineage names.
//!
//! A channel's receiver decides its number: the inputs of a task are one contiguous range.

mod build;
mod names;
mod shape;

use std::ops::Range;

pub use shape::back_edges;

use super::{ChannelId, Commit, Dictionary, Kind, OperatorId, TaskId};
use crate::kernel::{IdVec, counted};

/// How the records of one edge are spread over the receiving tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    /// Task i to task i; both sides have the same parallelism.
    Forward,
    /// By the record's key.
    Hash,
    /// In turn; every sending task starts with the first receiver.
    Rebalance,
    /// A copy to everybody.
    Broadcast,
}

/// An operator as asked for.
#[derive(Clone, Debug)]
pub struct OperatorSpec {
    /// Its name in the scenario.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// How many tasks it has, at least 1.
    pub parallelism: u32,
}

/// An edge as asked for.
#[derive(Clone, Debug)]
pub struct EdgeSpec {
    /// The sending operator.
    pub from: OperatorId,
    /// The receiving operator.
    pub to: OperatorId,
    /// How records are spread.
    pub partition: Partition,
    /// How many elements each channel holds before its sender has to wait; `u32::MAX` is no bound.
    pub capacity: u32,
    /// Whether its channels keep order.
    pub is_fifo: bool,
}

/// An operator in the plan.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Its name in the scenario.
    pub name: Box<str>,
    /// What it does.
    pub kind: Kind,
    /// Its tasks.
    pub tasks: Range<u32>,
    /// How many lineage names its inputs can carry: names on arrival are below this.
    pub names_in: u64,
    /// How many lineage names it can send.
    pub names_out: u64,
    /// For sources: the first name of each task.
    bases: Box<[u64]>,
}

/// A task in the plan.
#[derive(Clone, Debug)]
pub struct Task {
    /// The operator it is an instance of.
    pub operator: OperatorId,
    /// Which instance, from 0.
    pub index: u32,
    /// For sinks its place among all sink tasks, for stateful tasks its place among those.
    pub rank: u32,
    /// For sources: how many records its log holds.
    log: u64,
    inputs: Range<u32>,
    ports: Range<u32>,
    /// The one channel out, where there is exactly one: most tasks of most graphs.
    only_output: Option<ChannelId>,
}

/// A logical edge between two operators.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The sending operator.
    pub from: OperatorId,
    /// The receiving operator.
    pub to: OperatorId,
    /// How records are spread.
    pub partition: Partition,
    /// Elements per channel; `u32::MAX` is no bound.
    pub capacity: u32,
    /// Whether it closes a loop: it leads to an [`Kind::Iterate`] from behind it.
    pub is_back: bool,
    /// Whether its channels give back what they carry in the order it was put in.
    pub is_fifo: bool,
    /// The sender's names that go this way: all, but for the ways out of an [`Kind::Iterate`].
    pub carries: (u64, u64),
    /// The first name, at the receiver, of what comes this way.
    pub first_name: u64,
}

/// One task's way out along one edge: the channels it can choose from.
#[derive(Clone, Debug)]
pub struct Port {
    /// How it chooses.
    pub partition: Partition,
    /// What the receiver takes keys modulo of; `u32::MAX` when it does not. Records that share a
    /// key there must go to one task.
    pub keys: u32,
    /// The names that go this way.
    pub carries: (u64, u64),
    first: u32,
    count: u32,
}

/// A channel in the plan.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The sending task.
    pub from: TaskId,
    /// The receiving task.
    pub to: TaskId,
    /// The edge it belongs to.
    pub edge: u32,
    /// Elements it holds before the sender has to wait; `u32::MAX` is no bound.
    pub capacity: u32,
    /// Whether it gives back what it carries in the order it was put in.
    pub is_fifo: bool,
    /// Whether it closes a loop.
    pub is_back: bool,
    /// What is added to a sender's name to get the receiver's, so that records that arrive by
    /// different ways have different names.
    pub names_from: u64,
}

/// The whole static graph. Built once per scenario and shared by all its runs.
#[derive(Clone, Debug)]
pub struct Plan {
    operators: IdVec<OperatorId, Operator>,
    tasks: IdVec<TaskId, Task>,
    edges: Vec<Edge>,
    channels: IdVec<ChannelId, Channel>,
    ports: Vec<Port>,
    outputs: Vec<ChannelId>,
    dictionary: Dictionary,
    order: Vec<OperatorId>,
    sources: Vec<TaskId>,
    sinks: Vec<TaskId>,
    stateful: Vec<TaskId>,
    is_bounded: bool,
    is_ordered: bool,
    /// The operators of each loop.
    loops: Vec<Vec<OperatorId>>,
}

/// Why a graph cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The lineage of a record no longer fits a 64-bit number.
    #[error("operator \"{0}\" can emit more than 2^62 different records; use fewer records or joins")]
    TooManyNames(String),
    /// There is a directed cycle that no [`Kind::Iterate`] closes.
    #[error("the graph has a cycle")]
    Cycle,
}

impl Plan {
    /// All operators in the order of the scenario.
    pub fn operators(&self) -> &IdVec<OperatorId, Operator> {
        &self.operators
    }

    /// All operators, senders before receivers.
    pub fn topological(&self) -> &[OperatorId] {
        &self.order
    }

    /// All tasks, operator by operator.
    pub fn tasks(&self) -> &IdVec<TaskId, Task> {
        &self.tasks
    }

    /// All edges in the order of the scenario.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// All channels; those into one task stand together.
    pub fn channels(&self) -> &IdVec<ChannelId, Channel> {
        &self.channels
    }

    /// All tasks that send on their own account: sources, processes.
    pub fn sources(&self) -> &[TaskId] {
        &self.sources
    }

    /// All sink tasks.
    pub fn sinks(&self) -> &[TaskId] {
        &self.sinks
    }

    /// All tasks that keep state which a record changes.
    pub fn stateful(&self) -> &[TaskId] {
        &self.stateful
    }

    /// Lines and words of file sources.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The operator that a task is an instance of.
    #[inline(always)]
    pub fn operator_of(&self, task: TaskId) -> &Operator {
        &self.operators[self.tasks[task].operator]
    }

    /// What a task does.
    #[inline(always)]
    pub fn kind(&self, task: TaskId) -> &Kind {
        &self.operator_of(task).kind
    }

    /// How many tasks an operator has.
    pub fn parallelism(&self, operator: OperatorId) -> u32 {
        self.operators[operator].tasks.len() as u32
    }

    /// The tasks of an operator.
    pub fn tasks_of(&self, operator: OperatorId) -> impl DoubleEndedIterator<Item = TaskId> + use<> {
        self.operators[operator].tasks.clone().map(TaskId)
    }

    /// The channels into a task.
    #[inline]
    pub fn inputs(&self, task: TaskId) -> impl DoubleEndedIterator<Item = ChannelId> + ExactSizeIterator + use<> {
        self.tasks[task].inputs.clone().map(ChannelId)
    }

    /// The channels out of a task, edge by edge.
    #[inline]
    pub fn outputs(&self, task: TaskId) -> &[ChannelId] {
        let ports = &self.ports[self.port_range(task)];
        let (Some(first), Some(last)) = (ports.first(), ports.last()) else { return &[] };
        &self.outputs[first.first as usize..(last.first + last.count) as usize]
    }

    /// The one channel out of a task; `None` when there are several or none.
    #[inline(always)]
    pub fn only_output(&self, task: TaskId) -> Option<ChannelId> {
        self.tasks[task].only_output
    }

    /// Whether any channel has a bound.
    #[inline(always)]
    pub fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    /// Whether records can go round.
    #[inline(always)]
    pub fn has_loops(&self) -> bool {
        !self.loops.is_empty()
    }

    /// The loop that a task is part of.
    #[inline]
    fn loop_of(&self, task: TaskId) -> Option<&[OperatorId]> {
        let operator = self.tasks[task].operator;
        self.loops.iter().find(|members| members.contains(&operator)).map(Vec::as_slice)
    }

    /// The task that stands for all that come to the end of their data together: the first one of a loop, each
    /// alone elsewhere.
    #[inline]
    pub fn leader(&self, task: TaskId) -> TaskId {
        self.loop_of(task).map_or(task, |members| TaskId(self.operators[members[0]].tasks.start))
    }

    /// The tasks that come to the end of their data together with this one.
    pub fn companions(&self, task: TaskId) -> impl Iterator<Item = TaskId> + use<'_> {
        let members = self.loop_of(task).unwrap_or_default();
        let alone = if members.is_empty() { Some(task) } else { None };
        members.iter().flat_map(|&id| self.tasks_of(id)).chain(alone)
    }

    /// Whether a channel stays inside a loop.
    #[inline]
    pub fn is_inside(&self, channel: ChannelId) -> bool {
        let Channel { from, to, .. } = self.channels[channel];
        self.has_loops() && self.loop_of(from).is_some() && self.leader(from) == self.leader(to)
    }

    /// Whether every channel keeps order.
    #[inline(always)]
    pub fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// Whether a channel closes a loop.
    pub fn is_back_edge(&self, channel: ChannelId) -> bool {
        self.channels[channel].is_back
    }

    /// Whether a barrier must not overtake records in a channel: those between equal tasks and
    /// those that carry copies cannot be dealt out anew (semantics 3, FORCED-ALIGNED).
    pub fn must_align(&self, channel: ChannelId) -> bool {
        matches!(self.edges[self.channels[channel].edge as usize].partition, Partition::Forward | Partition::Broadcast)
    }

    /// Whether this is a graph of processes, not a dataflow.
    pub fn has_processes(&self) -> bool {
        self.operators.iter().any(|operator| operator.kind.is_process())
    }

    /// What a process's saved value stands for: `5 tokens`, `state wait`; a plain number elsewhere.
    pub fn value_text(&self, task: TaskId, value: u64) -> String {
        match self.kind(task) {
            Kind::Automaton(table) => format!("state {}", table.state_name(value)),
            Kind::Account { .. } => counted(value, "token", "tokens"),
            _ => value.to_string(),
        }
    }

    /// What a message of a process stands for.
    pub fn message_text(&self, channel: ChannelId, value: u64) -> String {
        match self.kind(self.channels[channel].from) {
            Kind::Automaton(table) => table.message_name(value).to_owned(),
            _ => value.to_string(),
        }
    }

    /// The numbers of a task's ports.
    #[inline(always)]
    pub fn port_range(&self, task: TaskId) -> Range<usize> {
        let ports = &self.tasks[task].ports;
        ports.start as usize..ports.end as usize
    }

    /// All ports of all tasks.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// The channels that a port leads to, by receiver.
    #[inline(always)]
    pub fn port_channels(&self, port: &Port) -> &[ChannelId] {
        &self.outputs[port.first as usize..(port.first + port.count) as usize]
    }

    /// The lineage name, at the receiving operator, of a record sent under `name`.
    #[inline(always)]
    pub fn arriving_name(&self, channel: ChannelId, name: u64) -> u64 {
        self.channels[channel].names_from + name
    }

    /// How many records the log of a source task holds.
    #[inline(always)]
    pub fn log_length(&self, task: TaskId) -> u64 {
        self.tasks[task].log
    }

    /// The name of the record at `position` (from 0) of a source task's log.
    #[inline(always)]
    pub fn source_name(&self, task: TaskId, position: u64) -> u64 {
        self.operator_of(task).bases[self.tasks[task].index as usize] + position
    }

    /// Whether a sink of this plan commits in two phases, so that it wants notifications.
    pub fn is_two_phase(&self, task: TaskId) -> bool {
        matches!(self.kind(task), Kind::Sink { commit: Commit::TwoPhase })
    }
}
