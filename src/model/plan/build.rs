//! Laying out a graph: tasks, lineage names, channels and ports.

use super::shape::{back_edges, loops, reaches, topological_order};
use super::{Channel, ChannelId, Edge, EdgeSpec, Operator, OperatorId, OperatorSpec, Partition, Plan, PlanError, Port, Task, TaskId};
use crate::kernel::{Id, IdVec};
use crate::model::{Dictionary, Kind};

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
}
