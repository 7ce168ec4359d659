//! What should arrive where, and what it should leave there: a sequential evaluation of the graph,
//! without channels, without barriers, without failures, and without the engine's code for operators.
//!
//! What a run without failures leaves depends on the order of arrival, which is nobody's. So a record
//! is followed together with what of its value holds in every order, and with what must come before it.

use std::collections::BTreeMap;

use super::expected::Expected;
use super::rows::{At, LISTED, Line, Row, Sure};
use crate::kernel::{Digest, Id};
use crate::model::{Edge, Fold, Kind, OperatorId, Partition, Plan};

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

/// What arrives at every operator in a run in which nothing fails, and what it leaves there.
#[derive(Clone, Debug)]
pub struct Reference {
    arriving: Vec<Names>,
    left: Vec<Expected>,
}

impl Reference {
    /// Evaluates the whole graph once.
    pub fn evaluate(plan: &Plan) -> Reference {
        let operators = plan.operators();
        if plan.has_processes() {
            let arriving = operators.ids().map(|id| messages_to(plan, id)).collect();
            return Reference { arriving, left: operators.ids().map(|id| Expected::of_process(plan, id)).collect() };
        }
        // Where every possible name is sent and no value decides, sets need not be listed to be known.
        let by_value = goes_by_values(plan);
        let is_small = operators.iter().all(|operator| operator.names_in.max(operator.names_out) <= LISTED);
        let mut sent: Vec<Option<Vec<Row>>> = vec![None; operators.len()];
        let mut arriving = vec![Names::All(0); operators.len()];
        let mut left = vec![Expected::Nothing; operators.len()];
        for &id in plan.topological() {
            let (at, operator) = (id.index(), &operators[id]);
            if !by_value[at] && !is_small {
                arriving[at] = Names::All(operator.names_in);
                left[at] = Expected::too_many(&operator.kind);
                continue;
            }
            let rows = if operator.kind.is_source() { read_logs(plan, id) } else { all_laps(plan, id, arriving_rows(plan, id, &sent)) };
            if !operator.kind.is_source() {
                arriving[at] = if by_value[at] { names_of(&rows) } else { Names::All(operator.names_in) };
            }
            if !operator.kind.goes_by_order() {
                left[at] = Expected::of(plan, id, &rows);
            }
            let results = evaluate(plan, id, rows);
            if operator.kind.goes_by_order() {
                left[at] = Expected::of_results(plan, &operator.kind, &results);
            }
            sent[at] = Some(results);
        }
        Reference { arriving, left }
    }

    /// What arrives at `operator`.
    pub fn arriving(&self, operator: OperatorId) -> &Names {
        &self.arriving[operator.index()]
    }

    /// What `operator` leaves in its state, or in the outside world.
    pub(super) fn left(&self, operator: OperatorId) -> &Expected {
        &self.left[operator.index()]
    }
}

fn names_of(rows: &[Row]) -> Names {
    let mut names: Vec<u64> = rows.iter().map(|row| row.name).collect();
    names.sort_unstable();
    Names::Some(names)
}

/// Operators connected to one whose output depends on values or keys.
fn goes_by_values(plan: &Plan) -> Vec<bool> {
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

fn read_logs(plan: &Plan, id: OperatorId) -> Vec<Row> {
    let parallelism = plan.parallelism(id);
    let records = plan.tasks_of(id).flat_map(|task| {
        let index = plan.tasks()[task].index;
        (0..plan.log_length(task)).map(move |position| {
            let (key, value) = plan.kind(task).read(position, index, parallelism);
            let line = Line { is_ordered: true, id: u64::from(task.0), place: position as u32, source: task.0 };
            Row { name: plan.source_name(task, position), key, value, sure: Sure::Own, line, at: At::Task(index) }
        })
    });
    records.collect()
}

fn arriving_rows(plan: &Plan, id: OperatorId, sent: &[Option<Vec<Row>>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, edge) in plan.edges().iter().enumerate().filter(|(_, edge)| edge.to == id && !edge.is_back) {
        let copies = if edge.partition == Partition::Broadcast { plan.parallelism(id) } else { 1 };
        let out = sent[edge.from.index()].as_ref().expect("senders come first, and what is connected is all listed");
        let this_way = out.iter().filter(|row| (edge.carries.0..edge.carries.1).contains(&row.name));
        rows.extend(this_way.flat_map(|row| (0..copies).map(move |copy| arrive(plan, number, edge, copy, *row))));
    }
    rows
}

/// A record behind an edge: what it is called there, at which task, and what it keeps of its line.
fn arrive(plan: &Plan, number: usize, edge: &Edge, copy: u32, row: Row) -> Row {
    let keys = plan.operators()[edge.to].kind.keys();
    let key = keys.map_or(row.key, |keys| row.key % keys);
    let at = match edge.partition {
        _ if plan.parallelism(edge.to) == 1 => At::Task(0),
        // The task is that of the key before, and others that share the new one may be elsewhere.
        Partition::Forward if matches!(row.at, At::Key(_)) && key != row.key => At::Anywhere,
        Partition::Forward => row.at,
        Partition::Hash => At::Key(keys.unwrap_or(u32::MAX)),
        Partition::Broadcast => At::Task(copy),
        Partition::Rebalance => At::Anywhere,
    };
    let way = match at {
        At::Task(task) => u64::from(task),
        At::Key(_) => u64::from(key),
        At::Anywhere => 0,
    };
    let line = Line {
        is_ordered: row.line.is_ordered && edge.is_fifo && at != At::Anywhere,
        id: Digest::of_pair(row.line.id, (number as u64) << 32 | way),
        ..row.line
    };
    let name = edge.first_name + u64::from(copy) * plan.operators()[edge.from].names_out + row.name;
    Row { name, key, line, at, ..row }
}

/// At the head of a loop every record is there once per lap; which lap of which record comes first
/// depends on the order.
fn all_laps(plan: &Plan, id: OperatorId, rows: Vec<Row>) -> Vec<Row> {
    let Kind::Iterate { rounds } = plan.operators()[id].kind else { return rows };
    let lap = plan.operators()[id].names_in / u64::from(rounds + 1);
    let body = loop_body(plan, id);
    let mut laps = Vec::with_capacity(rows.len() * (rounds as usize + 1));
    for row in rows {
        let line = Line { is_ordered: false, ..row.line };
        let at = if plan.parallelism(id) == 1 { At::Task(0) } else { At::Anywhere };
        let mut row = Row { line, at, ..row };
        for _ in 0..=rounds {
            laps.push(row);
            row = match &body {
                Some(maps) => Row { value: maps.iter().fold(row.value, |value, map| mapped(value, *map)), ..row },
                None => Row { sure: Sure::Not, ..row },
            };
            row.name += lap;
        }
    }
    laps
}

/// What one lap makes of a value, where that does not depend on what else goes round.
fn loop_body(plan: &Plan, head: OperatorId) -> Option<Vec<(u64, u64)>> {
    let mut maps = Vec::new();
    let goes_round = |edge: &&Edge| edge.from == head && edge.carries.0 == 0 && edge.carries.1 != u64::MAX;
    let mut round = plan.edges().iter().filter(goes_round);
    let (mut edge, None) = (round.next()?, round.next()) else { return None };
    while edge.to != head {
        match plan.operators()[edge.to].kind {
            Kind::Pass | Kind::Keyed { fold: Fold::Latest, .. } => {}
            Kind::Map { multiply, add } => maps.push((multiply, add)),
            _ => return None,
        }
        let mut out = plan.edges().iter().filter(|other| other.from == edge.to);
        let (Some(next), None) = (out.next(), out.next()) else { return None };
        edge = next;
    }
    Some(maps)
}

fn mapped(value: u64, (multiply, add): (u64, u64)) -> u64 {
    value.wrapping_mul(multiply).wrapping_add(add)
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

/// What an operator sends for what arrives.
fn evaluate(plan: &Plan, id: OperatorId, rows: Vec<Row>) -> Vec<Row> {
    let operator = &plan.operators()[id];
    match operator.kind {
        Kind::Filter { modulo, remainder } => rows.into_iter().filter(|row| row.value % modulo == remainder).collect(),
        Kind::Map { multiply, add } => rows.into_iter().map(|row| Row { value: mapped(row.value, (multiply, add)), ..row }).collect(),
        Kind::FlatMap { fan, split } => rows.iter().flat_map(|row| parts(plan, row, fan, split)).collect(),
        // A latest value is a record's own.
        Kind::Keyed { fold: Fold::Latest, .. } => rows,
        Kind::Keyed { fold, .. } => running(id, rows, fold),
        Kind::Join { left, .. } => pairs(&rows, left, operator.names_in),
        Kind::Sink { .. } => Vec::new(),
        Kind::Account { .. } | Kind::Automaton(_) => unreachable!("processes are no dataflow"),
        Kind::Source { .. } | Kind::Pass | Kind::Union | Kind::Iterate { .. } => rows,
    }
}

fn parts(plan: &Plan, row: &Row, fan: u32, split: bool) -> Vec<Row> {
    let part = |part: u32| {
        let line = Line { place: row.line.place.wrapping_mul(fan).wrapping_add(part), ..row.line };
        Row { name: row.name * u64::from(fan) + u64::from(part), line, ..*row }
    };
    if !split {
        return (0..fan).map(part).collect();
    }
    // A word's task is that of its line's key.
    let at = if matches!(row.at, At::Key(_)) { At::Anywhere } else { row.at };
    let words = (0..).zip(plan.dictionary().split(row.key));
    words.map(|(place, &word)| Row { key: word, value: 1, at, ..part(place) }).collect()
}

/// What a keyed operator sends: for each record what it and those before it come to.
fn running(id: OperatorId, mut rows: Vec<Row>, fold: Fold) -> Vec<Row> {
    rows.sort_unstable_by_key(|row| (row.key, row.at, row.line, row.name));
    for of_key in rows.chunk_by_mut(|a, b| a.key == b.key) {
        let first = of_key[0].at;
        let is_together = |at: At| if let At::Task(_) = first { matches!(at, At::Task(_)) } else { at == first };
        if first == At::Anywhere || !of_key.iter().all(|row| is_together(row.at)) {
            let line = |row: &Row| Line { is_ordered: false, ..row.line };
            of_key.iter_mut().for_each(|row| *row = Row { sure: Sure::Not, at: At::Anywhere, line: line(row), ..*row });
            continue;
        }
        of_key.chunk_by_mut(|a, b| a.at == b.at).for_each(|of_task| run_in_one_task(id, of_task, fold));
    }
    rows
}

/// The results for one key in one task are a line, whatever the order of arrival. They are the same where all steps
/// are; the last one is, where all steps are known and none makes those before it forgotten.
fn run_in_one_task(id: OperatorId, rows: &mut [Row], fold: Fold) {
    let step = |row: &Row| if fold == Fold::Count { Some(1) } else { row.known() };
    let forgets = |row: &Row| matches!(fold, Fold::Average { reset } if row.known().is_some_and(|value| value.is_multiple_of(reset)));
    let first = rows[0];
    let is_line = rows.iter().all(|row| row.line.is_ordered && row.line.id == first.line.id);
    let is_alike = rows.iter().all(|row| step(row) == step(&first));
    let is_of_one = rows.iter().all(|row| row.line.source == first.line.source);
    let way = match first.at {
        At::Task(task) => u64::from(task),
        _ => u64::from(u32::MAX),
    };
    let line = Line {
        is_ordered: true,
        id: Digest::of_pair(!u64::from(id.0), u64::from(first.key) << 32 | way),
        place: 0,
        source: if is_of_one { first.line.source } else { Line::SEVERAL },
    };
    let end = if rows.iter().any(forgets) { None } else { rows.len().checked_sub(1) };
    let (mut total, mut from, mut is_own) = (Some(0_u64), 0, is_line);
    for (place, row) in rows.iter_mut().enumerate() {
        if forgets(row) {
            (total, from) = (Some(0), place);
        }
        total = total.and_then(|total| Some(total.wrapping_add(step(row)?)));
        is_own &= row.sure == Sure::Own;
        let sure = match total {
            Some(_) if is_own => Sure::Own,
            Some(_) if is_line || is_alike || Some(place) == end => Sure::Shared,
            _ => Sure::Not,
        };
        let records = if let Fold::Average { .. } = fold { place - from + 1 } else { 1 };
        let value = total.unwrap_or(0) / records as u64;
        *row = Row { value, sure, line: Line { place: place as u32, ..line }, ..*row };
    }
}

fn pairs(rows: &[Row], left: u64, names_in: u64) -> Vec<Row> {
    let mut by_key: BTreeMap<u32, (Vec<Row>, Vec<Row>)> = BTreeMap::new();
    for &row in rows {
        let sides = by_key.entry(row.key).or_default();
        if row.name < left { &mut sides.0 } else { &mut sides.1 }.push(row);
    }
    let sides = by_key.values();
    sides.flat_map(|(lefts, rights)| lefts.iter().flat_map(|a| rights.iter().map(|b| pair(a, b, names_in)))).collect()
}

/// Which of its two records a pair has to wait for depends on the order, and so does its place.
fn pair(a: &Row, b: &Row, names_in: u64) -> Row {
    let sure = match (a.sure, b.sure) {
        (Sure::Own, Sure::Own) => Sure::Own,
        (Sure::Not, _) | (_, Sure::Not) => Sure::Not,
        _ => Sure::Shared,
    };
    let source = if a.line.source == b.line.source { a.line.source } else { Line::SEVERAL };
    Row {
        name: a.name * names_in + b.name,
        key: a.key,
        value: a.value.wrapping_add(b.value),
        sure,
        line: Line { is_ordered: false, source, ..a.line },
        at: if a.at == b.at { a.at } else { At::Anywhere },
    }
}
