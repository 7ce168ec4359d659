//! What a place holds at the end of a run in which nothing fails, as far as that does not depend on
//! the order of arrival.

use super::rows::{At, LISTED, Line, Row, Sure};
use crate::model::{Commit, Fold, Kind, OperatorId, Plan, TaskId};

/// What one place holds at the end.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// It holds nothing that anybody could look at.
    Nothing,
    /// A number for each key: a state, or a table that is written by key.
    ByKey(Cells),
    /// A row for each record, by key and name.
    ByName(Vec<Named>),
    /// Nobody knows, and why.
    Unknown(&'static str),
}

/// Why whole places are not judged.
const TOO_MANY: &str = "there are too many records to list them";
const PAYMENTS: &str = "what an account pays may depend on what it has been paid";

/// A row of a sink that keeps records apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub name: u64,
    pub key: u32,
    pub value: u64,
    pub sure: Sure,
}

/// A number for each key, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    values: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    key: u32,
    from: u32,
    right: u32,
    replaced: u32,
}

/// What is right for one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'e> {
    pub key: u32,
    /// One of these; none is known where there are none.
    pub right: &'e [u64],
    /// Values that are there for a while, and then replaced by others.
    pub replaced: &'e [u64],
}

impl Cells {
    fn add(&mut self, key: u32, right: &[u64], replaced: &[u64]) {
        let from = self.values.len() as u32;
        self.values.extend_from_slice(right);
        self.values.extend_from_slice(replaced);
        self.cells.push(Cell { key, from, right: right.len() as u32, replaced: replaced.len() as u32 });
    }

    fn add_known(&mut self, key: u32, value: Option<u64>) {
        self.add(key, value.as_slice(), &[]);
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The largest key and one more.
    pub fn keys(&self) -> usize {
        self.cells.last().map_or(0, |cell| cell.key as usize + 1)
    }

    pub fn iter(&self) -> impl Iterator<Item = Wanted<'_>> {
        self.cells.iter().map(|&Cell { key, from, right, replaced }| {
            let values = &self.values[from as usize..(from + right + replaced) as usize];
            let (right, replaced) = values.split_at(right as usize);
            Wanted { key, right, replaced }
        })
    }
}

impl Expected {
    /// Where nobody lists the records.
    pub fn too_many(kind: &Kind) -> Expected {
        if kind.is_sink() || kind.is_stateful() { Expected::Unknown(TOO_MANY) } else { Expected::Nothing }
    }

    /// What `rows`, which arrive at `operator`, leave there.
    pub fn of(plan: &Plan, operator: OperatorId, rows: &[Row]) -> Expected {
        let operator = &plan.operators()[operator];
        let by_key = |cells: fn(&mut Cells, &Plan, &[Row])| by_key(plan, rows, cells);
        match &operator.kind {
            kind if rows.len() as u64 > LISTED => Expected::too_many(kind),
            Kind::Keyed { fold: Fold::Count, .. } | Kind::Iterate { .. } => {
                by_key(|cells, _, rows| cells.add_known(rows[0].key, Some(rows.len() as u64)))
            }
            Kind::Keyed { fold: Fold::Sum, .. } | Kind::Join { .. } | Kind::Sink { commit: Commit::Additive } => {
                by_key(|cells, _, rows| cells.add_known(rows[0].key, sum(rows)))
            }
            Kind::Sink { commit: Commit::Upsert } => by_key(upserted),
            kind @ Kind::Sink { .. } if operator.names_in > LISTED => Expected::too_many(kind),
            Kind::Sink { .. } => by_name(rows),
            _ => Expected::Nothing,
        }
    }

    /// What an operator keeps that sends `rows` and shows of each key what it has sent last.
    pub fn of_results(plan: &Plan, kind: &Kind, rows: &[Row]) -> Expected {
        if rows.len() as u64 > LISTED { Expected::too_many(kind) } else { by_key(plan, rows, sent_last) }
    }

    /// What a process holds: an account that can always pay what it is to pay.
    pub fn of_process(plan: &Plan, id: OperatorId) -> Expected {
        let Kind::Account { tokens, transfers } = &plan.operators()[id].kind else { return Expected::Nothing };
        let payments = |of: OperatorId| match &plan.operators()[of].kind {
            Kind::Account { transfers, .. } => &transfers[..],
            _ => &[],
        };
        let total = |of: OperatorId| payments(of).iter().map(|transfer| transfer.amount).fold(0, u64::saturating_add);
        let can_pay = |of: OperatorId| matches!(plan.operators()[of].kind, Kind::Account { tokens, .. } if total(of) <= tokens);
        if !plan.operators().ids().all(can_pay) {
            return Expected::Unknown(PAYMENTS);
        }
        let paid: u64 = transfers.iter().map(|transfer| transfer.amount).sum();
        let mut cells = Cells::default();
        cells.add_known(0, Some((tokens + received(plan, id)).saturating_sub(paid)));
        Expected::ByKey(cells)
    }
}

/// What others pay to an account.
fn received(plan: &Plan, id: OperatorId) -> u64 {
    let task = TaskId(plan.operators()[id].tasks.start);
    let from = plan.inputs(task).map(|channel| (channel, plan.channels()[channel].from));
    let paid = from.map(|(channel, payer)| {
        let port = plan.outputs(payer).iter().position(|&other| other == channel);
        let Kind::Account { transfers, .. } = plan.kind(payer) else { return 0 };
        let here = transfers.iter().filter(|transfer| Some(transfer.port as usize) == port);
        here.map(|transfer| transfer.amount).sum()
    });
    paid.sum()
}

fn by_key(plan: &Plan, rows: &[Row], add: fn(&mut Cells, &Plan, &[Row])) -> Expected {
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|row| (row.key, row.at, row.line, row.name));
    let mut cells = Cells::default();
    rows.chunk_by(|a, b| a.key == b.key).for_each(|of_key| add(&mut cells, plan, of_key));
    Expected::ByKey(cells)
}

fn sum(rows: &[Row]) -> Option<u64> {
    rows.iter().try_fold(0_u64, |sum, row| Some(sum.wrapping_add(row.known()?)))
}

/// What a table holds under a key that is written again and again.
fn upserted(cells: &mut Cells, plan: &Plan, rows: &[Row]) {
    let right = last_values(plan, rows);
    let mut replaced = if right.is_empty() { Vec::new() } else { distinct(rows) };
    replaced.retain(|value| right.binary_search(value).is_err());
    cells.add(rows[0].key, &right, &replaced);
}

/// What the tasks that have a key show of it together, each its own last value.
fn sent_last(cells: &mut Cells, plan: &Plan, rows: &[Row]) {
    let tasks: Vec<Vec<u64>> = rows.chunk_by(|a, b| a.at == b.at).map(|of_task| last_values(plan, of_task)).collect();
    let are_tasks = || rows.iter().all(|row| matches!(row.at, At::Task(_)));
    let right = match &tasks[..] {
        _ if rows.iter().any(|row| row.at == At::Anywhere) => Vec::new(),
        [alone] => alone.clone(),
        tasks if are_tasks() && tasks.iter().all(|values| values.len() == 1) => {
            vec![tasks.iter().map(|values| values[0]).fold(0, u64::wrapping_add)]
        }
        _ => Vec::new(),
    };
    cells.add(rows[0].key, &right, &[]);
}

/// What can come last of these: the last record of every line of arrival. None where that is not known.
fn last_values(plan: &Plan, rows: &[Row]) -> Vec<u64> {
    let is_alone = |row: &Row| !row.line.is_ordered;
    let last = |line: &[Row]| line[line.len() - 1];
    let lasts: Vec<Row> = rows.chunk_by(|a, b| a.line.id == b.line.id && !is_alone(a) && !is_alone(b)).map(last).collect();
    let values = distinct(&lasts);
    let is_known = lasts.iter().all(|row| row.known().is_some());
    if is_known && (values.len() == 1 || all_can_be_last(plan, &lasts)) { values } else { Vec::new() }
}

fn distinct(rows: &[Row]) -> Vec<u64> {
    let mut values: Vec<u64> = rows.iter().filter_map(Row::known).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Where nothing has to wait for room, any line can come last. Where something has, a line can if it comes from a source
/// of its own, which may be late.
fn all_can_be_last(plan: &Plan, lasts: &[Row]) -> bool {
    let mut sources: Vec<u32> = lasts.iter().map(|row| row.line.source).collect();
    sources.sort_unstable();
    let is_apart = !sources.contains(&Line::SEVERAL) && sources.windows(2).all(|pair| pair[0] != pair[1]);
    lasts.iter().all(|row| row.line.is_ordered) && (is_apart || !plan.is_bounded())
}

/// Rows of which nobody knows the value for certain make the others that share values with them unknown, too.
fn by_name(rows: &[Row]) -> Expected {
    let named = |row: &Row| Named { name: row.name, key: row.key, value: row.value, sure: row.sure };
    let mut rows: Vec<Named> = rows.iter().map(named).collect();
    rows.sort_unstable_by_key(|row| (row.key, row.name));
    for of_key in rows.chunk_by_mut(|a, b| a.key == b.key) {
        if of_key.iter().any(|row| row.sure == Sure::Not) {
            of_key.iter_mut().filter(|row| row.sure == Sure::Shared).for_each(|row| row.sure = Sure::Not);
        }
    }
    Expected::ByName(rows)
}
