//! What tasks, channels, keys and records are called in the scenario's terms.

use super::{Channel, ChannelId, Edge, Operator, OperatorId, Partition, Plan, TaskId};
use crate::model::Kind;

impl Plan {
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
                Kind::Keyed { keys: Some(_), .. } | Kind::Join { keys: Some(_), .. } => return key.to_string(),
                _ => {}
            }
            let Some(edge) = self.edges.iter().find(|edge| edge.to == at && !edge.is_back && !self.operators[at].kind.is_process()) else {
                return key.to_string();
            };
            at = edge.from;
        }
    }
}
