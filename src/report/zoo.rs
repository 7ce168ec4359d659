//! The kill matrix, as a table and as a document.

use serde::Serialize;
use serde_json::{Map, Value};

use super::text::{Page, Style, count, paint, table};
use crate::explore::Shrunk;
use crate::explore::zoo::{ByCheck, Matrix, Row};
use crate::scenario::outcome::FORMAT;

/// The JSON document.
#[derive(Clone, Debug, Serialize)]
pub struct Document<'m> {
    /// The version of this form.
    pub format: u32,
    /// The version of the program.
    pub version: &'static str,
    /// Campaigns for each mutant.
    pub trials: u32,
    /// The seed of the first.
    pub seed: u64,
    /// A campaign gives up after so many runs.
    pub limit: u64,
    /// Whether somebody ended it before all was done: mutants and trials are those that were made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// In the order of the table, or as they were asked for.
    pub mutants: Vec<Entry<'m>>,
}

/// One mutant. What is not known, because it was not found or not often enough, is `null`.
#[derive(Clone, Debug, Serialize)]
pub struct Entry<'m> {
    /// Its name.
    pub name: &'m str,
    /// The public bug whose class it is.
    pub stands_for: &'m str,
    /// What it does wrong.
    pub what: &'m str,
    /// Whether any trial found it.
    pub found: bool,
    /// How many did.
    pub trials_found: u32,
    /// Runs until it was found: the median, of two the lower; `null` when that trial gave up.
    pub runs_median: Option<u64>,
    /// So many runs are enough for nineteen of twenty trials.
    pub runs_p95: Option<u64>,
    /// The most.
    pub runs_worst: Option<u64>,
    /// The invariants that were violated first, the most frequent first.
    pub killers: Vec<&'static str>,
    /// In how many trials each of them was.
    pub kills: Map<String, Value>,
    /// The invariant that alone was violated in the first failing run of every trial.
    pub only_killer: Option<&'static str>,
    /// What exhaustive search of small scenarios says: `yes`, `no` or `not_exhausted`.
    pub found_by_check: &'static str,
    /// The steps of the smallest counterexample's schedule.
    pub shortest_steps: Option<usize>,
    /// Its operators.
    pub shortest_operators: Option<usize>,
    /// The faults among its steps.
    pub shortest_faults: Option<usize>,
    /// Whether no shorter schedule of that scenario fails in the same way.
    pub proven: bool,
    /// Whether the trials that were shrunk end in the same file; `null` when fewer than two were.
    pub same_file: Option<bool>,
}

impl<'m> Entry<'m> {
    fn of(row: &'m Row) -> Self {
        let shortest = row.shortest.as_ref();
        Entry {
            name: &row.name,
            stands_for: &row.stands_for,
            what: &row.what,
            found: row.found > 0,
            trials_found: row.found,
            runs_median: row.runs.median,
            runs_p95: row.runs.p95,
            runs_worst: row.runs.worst,
            killers: row.killers.iter().map(|(name, _)| *name).collect(),
            kills: row.killers.iter().map(|&(name, count)| (name.to_owned(), count.into())).collect(),
            only_killer: row.only_killer,
            found_by_check: row.by_check.word(),
            shortest_steps: shortest.map(|shrunk| shrunk.steps),
            shortest_operators: shortest.map(|shrunk| shrunk.operators),
            shortest_faults: shortest.map(|shrunk| shrunk.faults),
            proven: shortest.is_some_and(|shrunk| shrunk.proven),
            same_file: row.same_file,
        }
    }
}

/// One document, ending in a line break.
pub fn document(matrix: &Matrix) -> String {
    let effort = matrix.effort;
    let report = Document {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION"),
        trials: effort.trials,
        seed: effort.seed,
        limit: effort.limit,
        interrupted: matrix.interrupted,
        mutants: matrix.rows.iter().map(Entry::of).collect(),
    };
    // Strings, numbers and lists: there is nothing that JSON could refuse.
    serde_json::to_string_pretty(&report).expect("a matrix is always JSON") + "\n"
}

/// A row for each mutant, and what they come to.
pub fn text(matrix: &Matrix, style: &Style) -> String {
    let mut page = Page::new(style);
    let effort = matrix.effort;
    let mutants = count(matrix.rows.len(), "mutant");
    let trials = count(effort.trials, "trial");
    page.line(0, paint(style.strong, format_args!("{mutants}, {trials} each, seeds from {}", effort.seed)));
    page.line(0, format!("A trial gives up after {}.", count(effort.limit, "run")));
    if matrix.interrupted {
        let made = count(matrix.rows.iter().map(|row| row.trials).sum::<u32>(), "trial");
        page.line(0, paint(style.bad, format_args!("INTERRUPTED after {made}; what was not done by then is left out.")));
    }
    page.gap();
    let mut table = table();
    table.set_header(["mutant", "stands for", "found", "median", "p95", "worst", "check", "killers", "shortest", "proven"]);
    for row in &matrix.rows {
        table.add_row(cells(row, effort.limit));
    }
    page.table(0, &mut table, &[2, 3, 4, 5]);
    page.gap();
    totals(&mut page, matrix, style);
    page.text
}

fn cells(row: &Row, limit: u64) -> [String; 10] {
    let Row { name, stands_for, found, trials, .. } = row;
    let killers: Vec<String> = row.killers.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let check = match row.by_check {
        ByCheck::NotExhausted => "not exhausted",
        other => other.word(),
    };
    let shortest = row.shortest.as_ref();
    [
        name.clone(),
        stands_for.clone(),
        format!("{found}/{trials}"),
        runs(row.runs.median, limit),
        runs(row.runs.p95, limit),
        runs(row.runs.worst, limit),
        check.to_owned(),
        if killers.is_empty() { "-".to_owned() } else { killers.join(", ") },
        shortest.map_or("-".to_owned(), shape),
        shortest.map_or("-", |shrunk| if shrunk.proven { "yes" } else { "no" }).to_owned(),
    ]
}

fn shape(shrunk: &Shrunk) -> String {
    let Shrunk { steps, operators, faults, .. } = shrunk;
    format!("{}, {}, {}", count(steps, "step"), count(operators, "operator"), count(faults, "fault"))
}

fn runs(runs: Option<u64>, limit: u64) -> String {
    runs.map_or_else(|| format!(">{limit}"), |runs| runs.to_string())
}

fn totals(page: &mut Page, matrix: &Matrix, style: &Style) {
    let rows = &matrix.rows;
    let share = |part: usize, of: usize| match (part * 100).checked_div(of) {
        Some(percent) => format!("{part} of {of} ({percent}%)"),
        None => "none".to_owned(),
    };
    let number = |is_it: fn(&Row) -> bool| rows.iter().filter(|row| is_it(row)).count();
    let found = number(|row| row.found > 0);
    let colour = if matrix.is_complete() { style.good } else { style.bad };
    page.line(0, paint(colour, format_args!("found            {}", share(found, rows.len()))));
    page.line(0, format!("found by check   {}", share(number(|row| row.by_check == ByCheck::Yes), rows.len())));
    let all = matrix.runs();
    page.line(0, format!("median of runs   {}", runs(all.median, matrix.effort.limit)));
    page.line(0, format!("worst p95        {}", runs(all.p95, matrix.effort.limit)));
    let shrunk = number(|row| row.shortest.is_some());
    let proven = number(|row| row.shortest.as_ref().is_some_and(|shrunk| shrunk.proven));
    page.line(0, format!("proven shortest  {}", share(proven, shrunk)));
    page.line(0, format!("same file        {}", share(number(|row| row.same_file == Some(true)), number(|row| row.same_file.is_some()))));
    let missed: Vec<&str> = rows.iter().filter(|row| row.found == 0).map(|row| row.name.as_str()).collect();
    if !missed.is_empty() {
        page.line(0, paint(style.bad, format_args!("NOT FOUND        {}", missed.join(", "))));
    }
    page.gap();
    page.line(0, paint(style.strong, "Caught by one invariant alone, in every trial"));
    let mut table = table();
    table.set_header(["invariant", "mutants", "which"]);
    for (invariant, only) in matrix.only_killers() {
        table.add_row([invariant.to_owned(), only.len().to_string(), if only.is_empty() { "-".to_owned() } else { only.join(", ") }]);
    }
    page.table(0, &mut table, &[1]);
}
