//! The static graph: operators, their tasks, the channels between tasks, and the arithmetic of
//! lineage names.
//!
//! A channel's receiver decides its number: the inputs of a task are one contiguous range.

use std::ops::Range;

use super::{Commit, Dictionary, Kind};
use crate::kernel::{Id, IdVec, counted, id_type};

id_type!(
    /// A logical vertex of the dataflow.
    OperatorId
);
id_type!(
    /// One parallel instance of an operator; the unit that crashes, snapshots and acks.
    TaskId
);
id_type!(
    /// A directed link from task to task.
    ChannelId
);

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
    /// Lays out tasks and channels. `specs` and `edges` must be consistent: edges name existing
    /// operators, forward edges join equal parallelisms, parallelism is at least 1.
    pub fn build(specs: Vec<OperatorSpec>, edges: Vec<EdgeSpec>, dictionary: Dictionary) -> Result<Plan, PlanError> {
        let is_back = back_edges(&specs, &edges);
        let mut plan = Plan {
            operators: IdVec::new(),
            tasks: IdVec::new(),
            edges: Vec::with_capacity(edges.len()),
            channels: IdVec::new(),
            ports: Vec::new(),
            outputs: Vec::new(),
            dictionary,
            order: topological_order(&specs, &edges, &is_back).ok_or(PlanError::Cycle)?,
            sources: Vec::new(),
            sinks: Vec::new(),
            stateful: Vec::new(),
            is_bounded: edges.iter().any(|edge| edge.capacity != u32::MAX),
            is_ordered: edges.iter().all(|edge| edge.is_fifo),
            loops: loops(&specs, &edges),
        };
        for spec in specs {
            plan.add_operator(spec);
        }
        for (edge, is_back) in edges.into_iter().zip(is_back) {
            let EdgeSpec { from, to, partition, capacity, is_fifo } = edge;
            plan.edges.push(Edge { from, to, partition, capacity, is_back, is_fifo, carries: (0, u64::MAX), first_name: 0 });
        }
        plan.assign_names()?;
        plan.add_channels();
        plan.add_ports();
        Ok(plan)
    }

    fn add_operator(&mut self, spec: OperatorSpec) {
        let first = self.tasks.len() as u32;
        let tasks = first..first + spec.parallelism;
        let operator = OperatorId::from_index(self.operators.len());
        for index in 0..spec.parallelism {
            let rank = if spec.kind.is_sink() { self.sinks.len() } else { self.stateful.len() } as u32;
            let task = {
                let log = spec.kind.log_length(index, spec.parallelism);
                self.tasks.push(Task { operator, index, rank, log, inputs: 0..0, ports: 0..0, only_output: None })
            };
            if spec.kind.emits() {
                self.sources.push(task);
            }
            match spec.kind {
                Kind::Sink { .. } => self.sinks.push(task),
                _ if spec.kind.is_stateful() => self.stateful.push(task),
                _ => {}
            }
        }
        let bases = spec.kind.source_bases(spec.parallelism);
        self.operators.push(Operator { name: spec.name.into(), kind: spec.kind, tasks, names_in: 0, names_out: 0, bases });
    }

    /// Gives every operator its name spaces and every edge its first name at the receiver.
    fn assign_names(&mut self) -> Result<(), PlanError> {
        let edges_into = self.edges_into();
        for id in self.order.clone() {
            let mut names_in = 0u64;
            for &edge in &edges_into[id.index()] {
                let Edge { from, partition, is_back, .. } = self.edges[edge as usize];
                if is_back || self.operators[id].kind.is_process() {
                    continue;
                }
                self.edges[edge as usize].first_name = names_in;
                let copies = if partition == Partition::Broadcast { self.parallelism(id) } else { 1 };
                names_in = names_in.saturating_add(self.operators[from].names_out.saturating_mul(u64::from(copies)));
            }
            if let Kind::Iterate { rounds } = self.operators[id].kind {
                names_in = self.name_laps(id, &edges_into[id.index()], names_in, rounds);
            }
            let operator = &self.operators[id];
            let names_out = operator.kind.names_out(names_in);
            if names_in.max(names_out) >= 1 << 62 {
                return Err(PlanError::TooManyNames(operator.name.to_string()));
            }
            let operator = &mut self.operators[id];
            (operator.names_in, operator.names_out) = (names_in, names_out);
        }
        self.name_messages(&edges_into);
        Ok(())
    }

    /// A record that goes round gets the next lap's name on its way back in; after the last lap it
    /// leaves by the other ways.
    fn name_laps(&mut self, id: OperatorId, edges_into: &[u32], lap: u64, rounds: u32) -> u64 {
        for &edge in edges_into {
            let edge = &mut self.edges[edge as usize];
            edge.first_name = if edge.is_back { lap } else { edge.first_name };
        }
        let inside = lap.saturating_mul(u64::from(rounds));
        let reaches_back = reaches(&self.edges, id);
        for edge in self.edges.iter_mut().filter(|edge| edge.from == id) {
            edge.carries = if reaches_back[edge.to.index()] { (0, inside) } else { (inside, u64::MAX) };
        }
        inside.saturating_add(lap)
    }

    /// What processes send has names of its own, whatever they got before: their order is nobody's.
    fn name_messages(&mut self, edges_into: &[Vec<u32>]) {
        for id in self.operators.ids().filter(|id| self.operators[*id].kind.is_process()).collect::<Vec<_>>() {
            let mut names_in = 0;
            for &edge in &edges_into[id.index()] {
                self.edges[edge as usize].first_name = names_in;
                names_in += self.operators[self.edges[edge as usize].from].names_out;
            }
            self.operators[id].names_in = names_in;
        }
    }

    fn edges_into(&self) -> Vec<Vec<u32>> {
        let mut into = vec![Vec::new(); self.operators.len()];
        for (index, edge) in self.edges.iter().enumerate() {
            into[edge.to.index()].push(index as u32);
        }
        into
    }

    fn add_channels(&mut self) {
        let into = self.edges_into();
        for to in self.tasks.ids() {
            let first = self.channels.len() as u32;
            let (operator, index) = (self.tasks[to].operator, self.tasks[to].index);
            for &number in &into[operator.index()] {
                let edge = &self.edges[number as usize];
                let senders = self.operators[edge.from].tasks.clone();
                let senders = match edge.partition {
                    Partition::Forward => senders.start + index..senders.start + index + 1,
                    _ => senders,
                };
                let copy = if edge.partition == Partition::Broadcast { u64::from(index) } else { 0 };
                let names_from = edge.first_name + copy * self.operators[edge.from].names_out;
                let Edge { capacity, is_fifo, is_back, .. } = *edge;
                for from in senders {
                    self.channels.push(Channel { from: TaskId(from), to, edge: number, capacity, is_fifo, is_back, names_from });
                }
            }
            self.tasks[to].inputs = first..self.channels.len() as u32;
        }
    }

    fn add_ports(&mut self) {
        let mut leaving: IdVec<TaskId, Vec<ChannelId>> = vec![Vec::new(); self.tasks.len()].into();
        for (id, channel) in self.channels.pairs() {
            leaving[channel.from].push(id);
        }
        for task in self.tasks.ids() {
            let first = self.ports.len() as u32;
            // By edge, then by receiver: the stable sort keeps channel order, which is the
            // receiver's.
            leaving[task].sort_by_key(|&channel| self.channels[channel].edge);
            for group in leaving[task].chunk_by(|&a, &b| self.channels[a].edge == self.channels[b].edge) {
                let edge = &self.edges[self.channels[group[0]].edge as usize];
                let keys = self.operators[edge.to].kind.keys().unwrap_or(u32::MAX);
                let (first, count) = (self.outputs.len() as u32, group.len() as u32);
                let port = Port { partition: edge.partition, keys, carries: edge.carries, first, count };
                self.ports.push(port);
                self.outputs.extend_from_slice(group);
            }
            self.tasks[task].ports = first..self.ports.len() as u32;
            self.tasks[task].only_output = match leaving[task][..] {
                [channel] => Some(channel),
                _ => None,
            };
        }
    }

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

    /// `count`, or `count[1]` when the operator has more than one task.
    pub fn task_name(&self, task: TaskId) -> String {
        let operator = self.operator_of(task);
        match operator.tasks.len() {
            1 => operator.name.to_string(),
            _ => format!("{}[{}]", operator.name, self.tasks[task].index),
        }
    }

    /// `views[0]->count[1]`.
    pub fn channel_name(&self, channel: ChannelId) -> String {
        let Channel { from, to, .. } = self.channels[channel];
        format!("{}->{}", self.task_name(from), self.task_name(to))
    }

    /// The task of that name, with or without an index; an operator with several tasks needs one.
    pub fn find_task(&self, name: &str) -> Option<TaskId> {
        let (operator, index) = match name.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
            Some((operator, index)) => (operator, Some(index.parse::<u32>().ok()?)),
            None => (name, None),
        };
        let operator = self.operators.iter().find(|candidate| *candidate.name == *operator)?;
        let tasks = operator.tasks.clone();
        match index {
            Some(index) => tasks.clone().nth(index as usize).map(TaskId),
            None if tasks.len() == 1 => Some(TaskId(tasks.start)),
            None => None,
        }
    }

    /// What a record that arrives at `operator` under `name` derives from, in the scenario's
    /// terms: `A#3`, `views[1]#17`, `lines#2.5` for the fifth part of a split record,
    /// `A#1+B#2` for a joined pair. Positions count from 1.
    pub fn describe(&self, operator: OperatorId, name: u64) -> String {
        if let Kind::Iterate { rounds } = self.operators[operator].kind {
            let lap = self.operators[operator].names_in / u64::from(rounds + 1);
            if lap > 0 && name >= lap {
                return format!("{} lap {}", self.describe(operator, name % lap), name / lap);
            }
        }
        match self.sender_of(operator, name) {
            Some((from, sent)) => self.describe_sent(from, sent),
            None => format!("?{name}"),
        }
    }

    /// Who sent the record that is called `name` on arrival at `operator`, and under which name; not by a back
    /// edge.
    fn sender_of(&self, operator: OperatorId, name: u64) -> Option<(OperatorId, u64)> {
        let into = self.edges.iter().filter(|edge| edge.to == operator && !edge.is_back);
        into.into_iter().find_map(|&Edge { from, first_name, partition, .. }| {
            let copies = if partition == Partition::Broadcast { self.parallelism(operator) } else { 1 };
            let space = self.operators[from].names_out;
            let is_its = (first_name..first_name + space * u64::from(copies)).contains(&name);
            is_its.then(|| (from, (name - first_name) % space.max(1)))
        })
    }

    /// Like [`describe`](Self::describe), for a record as `operator` sent it.
    pub fn describe_sent(&self, operator: OperatorId, name: u64) -> String {
        let Operator { kind, bases, tasks, .. } = &self.operators[operator];
        match kind {
            Kind::Account { .. } | Kind::Automaton(_) => format!("{}#{}", self.operators[operator].name, name + 1),
            Kind::Source { .. } => {
                let index = bases.partition_point(|&base| base <= name).saturating_sub(1);
                let task = TaskId(tasks.start + index as u32);
                format!("{}#{}", self.task_name(task), name - bases[index] + 1)
            }
            Kind::FlatMap { fan, .. } => {
                let fan = u64::from((*fan).max(1));
                format!("{}.{}", self.describe(operator, name / fan), name % fan + 1)
            }
            Kind::Join { .. } => {
                let names_in = self.operators[operator].names_in.max(1);
                let (left, right) = (name / names_in, name % names_in);
                format!("{}+{}", self.describe(operator, left), self.describe(operator, right))
            }
            _ => self.describe(operator, name),
        }
    }

    /// The source records that a record derives from, by what they are called; `name` as on arrival at
    /// `operator`.
    pub fn origins(&self, operator: OperatorId, name: u64) -> Vec<String> {
        let name = match self.operators[operator].kind {
            Kind::Iterate { rounds } => name % (self.operators[operator].names_in / u64::from(rounds + 1)).max(1),
            _ => name,
        };
        self.sender_of(operator, name).map_or(Vec::new(), |(from, sent)| self.origins_sent(from, sent))
    }

    /// Like [`origins`](Self::origins), for a record as `operator` sent it.
    pub fn origins_sent(&self, operator: OperatorId, name: u64) -> Vec<String> {
        let Operator { kind, names_in, .. } = &self.operators[operator];
        match kind {
            Kind::Source { .. } | Kind::Account { .. } | Kind::Automaton(_) => vec![self.describe_sent(operator, name)],
            Kind::FlatMap { fan, .. } => self.origins(operator, name / u64::from((*fan).max(1))),
            Kind::Join { .. } => {
                let mut origins = self.origins(operator, name / (*names_in).max(1));
                origins.extend(self.origins(operator, name % (*names_in).max(1)));
                origins
            }
            _ => self.origins(operator, name),
        }
    }

    /// How a key of this operator's output is shown: the word where keys are words.
    pub fn key_text(&self, operator: OperatorId, key: u32) -> String {
        let mut at = operator;
        loop {
            match self.operators[at].kind {
                Kind::FlatMap { split: true, .. } => return self.dictionary.word(key).to_owned(),
                Kind::KeyedCount { keys: Some(_) } | Kind::KeyedSum { keys: Some(_) } => return key.to_string(),
                _ => {}
            }
            let Some(edge) = self.edges.iter().find(|edge| edge.to == at && !edge.is_back && !self.operators[at].kind.is_process()) else {
                return key.to_string();
            };
            at = edge.from;
        }
    }

    /// Whether a sink of this plan commits in two phases, so that it wants notifications.
    pub fn is_two_phase(&self, task: TaskId) -> bool {
        matches!(self.kind(task), Kind::Sink { commit: Commit::TwoPhase })
    }
}

fn graph_of(operators: usize, edges: impl Iterator<Item = (OperatorId, OperatorId)>) -> petgraph::graph::DiGraph<(), ()> {
    let mut graph = petgraph::graph::DiGraph::new();
    let nodes: Vec<_> = (0..operators).map(|_| graph.add_node(())).collect();
    for (from, to) in edges {
        graph.add_edge(nodes[from.index()], nodes[to.index()], ());
    }
    graph
}

/// By edge: whether it leads back to the head of a loop from behind it.
pub fn back_edges(specs: &[OperatorSpec], edges: &[EdgeSpec]) -> Vec<bool> {
    let graph = graph_of(specs.len(), edges.iter().map(|edge| (edge.from, edge.to)));
    let node = |id: OperatorId| petgraph::graph::NodeIndex::new(id.index());
    let leads_back = |edge: &EdgeSpec| petgraph::algo::has_path_connecting(&graph, node(edge.to), node(edge.from), None);
    edges.iter().map(|edge| matches!(specs[edge.to.index()].kind, Kind::Iterate { .. }) && leads_back(edge)).collect()
}

/// The operators of each loop, ascending. Processes have none that comes to an end.
fn loops(specs: &[OperatorSpec], edges: &[EdgeSpec]) -> Vec<Vec<OperatorId>> {
    if specs.iter().any(|spec| spec.kind.is_process()) {
        return Vec::new();
    }
    let graph = graph_of(specs.len(), edges.iter().map(|edge| (edge.from, edge.to)));
    let mut components = petgraph::algo::tarjan_scc(&graph);
    components.retain(|component| component.len() > 1);
    let members = components.into_iter().map(|component| component.into_iter().map(|node| OperatorId::from_index(node.index())));
    let mut loops: Vec<Vec<OperatorId>> = members.map(Iterator::collect).collect();
    loops.iter_mut().for_each(|members| members.sort_unstable());
    loops.sort_unstable();
    loops
}

/// By operator: whether `to` can be reached from it.
fn reaches(edges: &[Edge], to: OperatorId) -> Vec<bool> {
    let operators = edges.iter().map(|edge| edge.from.index().max(edge.to.index()) + 1).max().unwrap_or(0);
    let graph = graph_of(operators, edges.iter().map(|edge| (edge.to, edge.from)));
    let mut found = vec![false; operators];
    let mut walk = petgraph::visit::Dfs::new(&graph, petgraph::graph::NodeIndex::new(to.index()));
    while let Some(node) = walk.next(&graph) {
        found[node.index()] = true;
    }
    found
}

impl Plan {
    /// The graph of operators; an edge is weighted with its place in [`edges`](Self::edges).
    pub fn graph(&self) -> petgraph::graph::DiGraph<OperatorId, u32> {
        let mut graph = petgraph::graph::DiGraph::new();
        let nodes: Vec<_> = self.operators.ids().map(|operator| graph.add_node(operator)).collect();
        for (at, edge) in (0..).zip(&self.edges) {
            graph.add_edge(nodes[edge.from.index()], nodes[edge.to.index()], at);
        }
        graph
    }

    /// The operators that `from` has no path to: a snapshot that starts there never reaches them.
    pub fn unreachable_from(&self, from: OperatorId) -> Vec<OperatorId> {
        let graph = graph_of(self.operators.len(), self.edges.iter().map(|edge| (edge.from, edge.to)));
        let node = |id: OperatorId| petgraph::graph::NodeIndex::new(id.index());
        self.operators.ids().filter(|&to| !petgraph::algo::has_path_connecting(&graph, node(from), node(to), None)).collect()
    }
}

/// Senders before receivers, back edges aside. Processes have no such order and need none.
fn topological_order(specs: &[OperatorSpec], edges: &[EdgeSpec], is_back: &[bool]) -> Option<Vec<OperatorId>> {
    let is_process = |edge: &EdgeSpec| specs[edge.to.index()].kind.is_process();
    let forward = edges.iter().zip(is_back).filter(|(edge, is_back)| !**is_back && !is_process(edge));
    let graph = graph_of(specs.len(), forward.map(|(edge, _)| (edge.from, edge.to)));
    let order = petgraph::algo::toposort(&graph, None).ok()?;
    Some(order.into_iter().map(|node| OperatorId::from_index(node.index())).collect())
}
