//! What should arrive where: a sequential evaluation of the graph, without channels, without
//! barriers, without failures, and without the engine's code for operators.

use std::collections::BTreeMap;

use crate::kernel::Id;
use crate::model::{Kind, OperatorId, Partition, Plan, Record, TaskId};

/// A set of lineage names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// All below this.
    All(u64),
    /// These, ascending.
    Some(Vec<u64>),
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> u64 {
        match self {
            Names::All(end) => *end,
            Names::Some(names) => names.len() as u64,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, ascending.
    pub fn iter(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            Names::All(end) => Box::new(0..*end),
            Names::Some(names) => Box::new(names.iter().copied()),
        }
    }

    /// Whether `name` is one of them.
    pub fn contains(&self, name: u64) -> bool {
        match self {
            Names::All(end) => name < *end,
            Names::Some(names) => names.binary_search(&name).is_ok(),
        }
    }
}

/// The names that arrive at every operator in a run in which nothing fails.
#[derive(Clone, Debug)]
pub struct Reference {
    arriving: Vec<Names>,
}

/// What an operator sends: all of its name space, or these records.
enum Sent {
    All,
    Some(Vec<Record>),
}

impl Reference {
    /// Evaluates the whole graph once.
    pub fn evaluate(plan: &Plan) -> Reference {
        if plan.has_processes() {
            return Reference { arriving: plan.operators().ids().map(|id| messages_to(plan, id)).collect() };
        }
        let operators = plan.operators();
        // Where every possible name is sent and no value decides, sets need not be listed.
        let listed = needs_lists(plan);
        let mut sent: Vec<Option<Sent>> = operators.iter().map(|_| None).collect();
        let mut arriving = vec![Names::All(0); operators.len()];
        for &id in plan.topological() {
            let operator = &operators[id];
            let input = all_laps(plan, id, arriving_records(plan, id, &sent));
            arriving[id.index()] = match &input {
                Sent::All => Names::All(operator.names_in),
                Sent::Some(records) => names_of(records),
            };
            let out = match input {
                _ if operator.kind.is_source() => read_logs(plan, id, listed[id.index()]),
                Sent::All => Sent::All,
                Sent::Some(records) => Sent::Some(evaluate(plan, id, &records)),
            };
            sent[id.index()] = Some(out);
        }
        Reference { arriving }
    }

    /// What arrives at `operator`.
    pub fn arriving(&self, operator: OperatorId) -> &Names {
        &self.arriving[operator.index()]
    }
}

fn names_of(records: &[Record]) -> Names {
    let mut names: Vec<u64> = records.iter().map(|record| record.name).collect();
    names.sort_unstable();
    Names::Some(names)
}

/// Sources from which an operator can be reached whose output depends on values or keys.
fn needs_lists(plan: &Plan) -> Vec<bool> {
    let is_selective =
        |kind: &Kind| matches!(kind, Kind::Filter { .. } | Kind::FlatMap { split: true, .. } | Kind::Join { .. } | Kind::Iterate { .. });
    let edges = plan.edges();
    // What is connected shares its form: an operator's inputs are all sets or all lists.
    let mut listed: Vec<bool> = plan.operators().iter().map(|operator| is_selective(&operator.kind)).collect();
    loop {
        let before = listed.clone();
        for edge in edges {
            let either = listed[edge.from.index()] || listed[edge.to.index()];
            (listed[edge.from.index()], listed[edge.to.index()]) = (either, either);
        }
        if listed == before {
            return listed;
        }
    }
}

fn read_logs(plan: &Plan, id: OperatorId, listed: bool) -> Sent {
    if !listed {
        return Sent::All;
    }
    let parallelism = plan.parallelism(id);
    let records = plan.tasks_of(id).flat_map(|task| {
        let index = plan.tasks()[task].index;
        (0..plan.log_length(task)).map(move |position| {
            let (key, value) = plan.kind(task).read(position, index, parallelism);
            Record { name: plan.source_name(task, position), key, stamp: 0, value }
        })
    });
    Sent::Some(records.collect())
}

fn arriving_records(plan: &Plan, id: OperatorId, sent: &[Option<Sent>]) -> Sent {
    let mut records = Vec::new();
    for edge in plan.edges().iter().filter(|edge| edge.to == id && !edge.is_back) {
        let space = plan.operators()[edge.from].names_out;
        let copies = if edge.partition == Partition::Broadcast { u64::from(plan.parallelism(id)) } else { 1 };
        match sent[edge.from.index()].as_ref().expect("senders come first") {
            Sent::All => return Sent::All,
            Sent::Some(out) => {
                let this_way = out.iter().filter(|record| (edge.carries.0..edge.carries.1).contains(&record.name));
                for (copy, record) in this_way.flat_map(|record| (0..copies).map(move |copy| (copy, record))) {
                    records.push(Record { name: edge.first_name + copy * space + record.name, ..*record });
                }
            }
        }
    }
    if plan.kind(TaskId(plan.operators()[id].tasks.start)).is_source() { Sent::All } else { Sent::Some(records) }
}

/// At the head of a loop every record is there once per lap. What else happens to it inside does not
/// show in its name, and nothing behind a loop goes by its value.
fn all_laps(plan: &Plan, id: OperatorId, input: Sent) -> Sent {
    match (&plan.operators()[id].kind, input) {
        (Kind::Iterate { rounds }, Sent::Some(records)) => {
            let lap = plan.operators()[id].names_in / u64::from(rounds + 1);
            let laps = |record: Record| (0..=u64::from(*rounds)).map(move |round| Record { name: record.name + round * lap, ..record });
            Sent::Some(records.into_iter().flat_map(laps).collect())
        }
        (_, input) => input,
    }
}

/// The payments that are made to an account; what automata send depends on the order of things.
fn messages_to(plan: &Plan, id: OperatorId) -> Names {
    let mut names = Vec::new();
    for edge in plan.edges().iter().filter(|edge| edge.to == id) {
        let Kind::Account { transfers, .. } = &plan.operators()[edge.from].kind else { continue };
        let port = plan.edges().iter().filter(|other| other.from == edge.from).position(|other| other.to == id);
        let to_here = transfers.iter().enumerate().filter(|(_, transfer)| Some(transfer.port as usize) == port);
        names.extend(to_here.map(|(position, _)| edge.first_name + position as u64));
    }
    names.sort_unstable();
    Names::Some(names)
}

fn evaluate(plan: &Plan, id: OperatorId, input: &[Record]) -> Vec<Record> {
    let operator = &plan.operators()[id];
    let rekeyed =
        |keys: Option<u32>| input.iter().map(move |record| Record { key: keys.map_or(record.key, |keys| record.key % keys), ..*record });
    match operator.kind {
        Kind::Filter { modulo, remainder } => input.iter().copied().filter(|record| record.value % modulo == remainder).collect(),
        Kind::Map { multiply, add } => {
            let value = |record: &Record| record.value.wrapping_mul(multiply).wrapping_add(add);
            input.iter().map(|record| Record { value: value(record), ..*record }).collect()
        }
        Kind::FlatMap { fan, split } => input.iter().flat_map(|record| parts(plan, record, fan, split)).collect(),
        Kind::KeyedCount { keys } | Kind::KeyedSum { keys } => rekeyed(keys).collect(),
        Kind::Join { keys, left } => pairs(rekeyed(keys).collect(), left, operator.names_in),
        Kind::Sink { .. } => Vec::new(),
        Kind::Account { .. } | Kind::Automaton(_) => unreachable!("processes are no dataflow"),
        Kind::Source { .. } | Kind::Pass | Kind::Union | Kind::Iterate { .. } => input.to_vec(),
    }
}

fn parts(plan: &Plan, record: &Record, fan: u32, split: bool) -> Vec<Record> {
    let name = |part: usize| record.name * u64::from(fan) + part as u64;
    if !split {
        return (0..fan as usize).map(|part| Record { name: name(part), ..*record }).collect();
    }
    let words = plan.dictionary().split(record.key).iter().enumerate();
    words.map(|(part, &word)| Record { name: name(part), key: word, value: 1, ..*record }).collect()
}

fn pairs(input: Vec<Record>, left: u64, names_in: u64) -> Vec<Record> {
    let mut by_key: BTreeMap<u32, (Vec<Record>, Vec<Record>)> = BTreeMap::new();
    for record in input {
        let sides = by_key.entry(record.key).or_default();
        if record.name < left { &mut sides.0 } else { &mut sides.1 }.push(record);
    }
    let mut out = Vec::new();
    for (key, (lefts, rights)) in by_key {
        for a in &lefts {
            out.extend(rights.iter().map(|b| Record {
                name: a.name * names_in + b.name,
                key,
                stamp: 0,
                value: a.value.wrapping_add(b.value),
            }));
        }
    }
    out
}
