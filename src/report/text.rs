//! Outcomes for people: one scenario in full, or many in a table.
//!
//! Words carry the meaning; colour only repeats it.

use std::fmt::Display;

use anstyle::{AnsiColor, Effects};
use comfy_table::{CellAlignment, Table, presets};

use super::{Batch, complaints, guarantee, guarantee_word, is_broken, is_named, printable, reason};
use crate::scenario::outcome::{
    ChannelState, Clock, ContentsOutcome, FailoverReport, GlobalState, Judgement, NOT_JUDGED, Outcome, PlaceOutcome, Shown, SkippedStep,
    SnapshotReport, TaskRow,
};

/// Columns that text is kept within.
const WIDTH: usize = 100;
/// Snapshots shown in full before the last one.
const SNAPSHOTS: usize = 4;
/// Failovers shown before the last one.
const FAILOVERS: usize = 9;
/// Skipped steps shown before the last one.
const SKIPPED: usize = 9;
/// Files that nobody waited for and that are named.
const NOT_RUN: usize = 5;
/// Tasks shown of one snapshot.
const TASKS: usize = 16;

/// How words are set off: in colour, or not at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub(super) strong: anstyle::Style,
    pub(super) good: anstyle::Style,
    pub(super) bad: anstyle::Style,
    faint: anstyle::Style,
}

impl Style {
    /// Nothing but characters.
    pub fn plain() -> Style {
        Style::default()
    }

    /// ANSI colours.
    pub fn coloured() -> Style {
        let plain = anstyle::Style::new();
        Style {
            strong: plain.effects(Effects::BOLD),
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().effects(Effects::BOLD),
            faint: plain.effects(Effects::DIMMED),
        }
    }

    fn verdict(&self, verdict: Judgement) -> String {
        match verdict {
            Judgement::AsExpected => paint(self.good, "as expected"),
            Judgement::Unexpected => paint(self.bad, "NOT as expected"),
        }
    }
}

pub(super) fn paint(style: anstyle::Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// One scenario: what happened, what was guaranteed, and whether that was expected.
pub fn outcome(outcome: &Outcome, style: &Style) -> String {
    let mut page = Page::new(style);
    page.title(outcome);
    page.skipped(outcome);
    page.faults(outcome);
    page.failovers(outcome);
    page.snapshots(outcome);
    page.places(outcome);
    page.invariants(outcome);
    page.expectations(outcome);
    page.notes(outcome);
    page.verdict(outcome);
    page.text
}

/// Many scenarios: a line each, what is wrong with the unexpected ones, and how many there are of each.
pub fn summary(batch: &Batch<'_>, style: &Style) -> String {
    let Batch { outcomes, not_run, .. } = *batch;
    let mut page = Page::new(style);
    if !outcomes.is_empty() {
        page.overview(outcomes);
    }
    let unexpected: Vec<_> = outcomes.iter().filter(|outcome| outcome.verdict == Judgement::Unexpected).collect();
    for outcome in &unexpected {
        page.complaints(outcome);
    }
    page.gap();
    outcomes.iter().for_each(|outcome| page.untested(outcome));
    let good = outcomes.len() - unexpected.len();
    page.line(0, format_args!("{}: {good} as expected, {} not", count(outcomes.len(), "scenario"), unexpected.len()));
    if !not_run.is_empty() {
        page.line(0, paint(style.bad, interrupted(not_run)));
    }
    page.text
}

/// Names the files that nobody waited for.
pub(super) fn interrupted(not_run: &[String]) -> String {
    let named = not_run[..not_run.len().min(NOT_RUN)].join(", ");
    let more = not_run.len().saturating_sub(NOT_RUN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("INTERRUPTED before {}: {}{more}", count(not_run.len(), "file"), printable(&named))
}

/// Text under construction.
pub(super) struct Page {
    pub(super) text: String,
    style: Style,
}

impl Page {
    pub(super) fn new(style: &Style) -> Page {
        Page { text: String::new(), style: *style }
    }

    fn title(&mut self, outcome: &Outcome) {
        let title = if outcome.title.trim().is_empty() { &outcome.scenario } else { &outcome.title };
        self.line(0, paint(self.style.strong, printable(title)));
        if let Some(question) = &outcome.question {
            self.wrapped(0, &format!("Question: {question}"));
        }
        if let Some(stopped) = outcome.ended.reason() {
            self.line(0, paint(self.style.bad, format_args!("Ended early: {stopped}")));
        }
    }

    fn skipped(&mut self, outcome: &Outcome) {
        let skipped = &outcome.skipped;
        if skipped.is_empty() {
            return;
        }
        self.heading(paint(self.style.bad, format_args!("{} of the schedule could not happen", count(skipped.len(), "step"))));
        let (first, last) = ends(skipped, SKIPPED);
        let mut table = table();
        let cells = |step: &SkippedStep| [format!("no. {}", step.step), printable(&step.name), printable(&step.why)];
        table.add_rows(first.iter().chain(last).map(cells));
        for (at, line) in lines(&table).into_iter().enumerate() {
            if at == first.len() {
                self.more(2, skipped.len() - first.len() - last.len(), "step");
            }
            self.line(2, line);
        }
        self.line(2, "Take them out of \"schedule\", or list what they wait for before them.");
    }

    fn failovers(&mut self, outcome: &Outcome) {
        let failovers = &outcome.failovers;
        self.heading(match (failovers.len(), outcome.costs.replayed) {
            (0, _) => "No failover".to_owned(),
            (number, replayed) => format!("{}, {} replayed", count(number, "failover"), count(replayed, "record")),
        });
        let (first, last) = ends(failovers, FAILOVERS);
        let shown = first.len() + last.len();
        let mut table = table();
        table.add_rows(
            first.iter().chain(last).enumerate().map(|(at, failover)| failover_cells(failover, outcome.clock(), at + 1 == shown)),
        );
        for (at, line) in lines(&table).into_iter().enumerate() {
            if at == first.len() {
                self.more(2, failovers.len() - shown, "failover");
            }
            self.line(2, line);
        }
    }

    fn snapshots(&mut self, outcome: &Outcome) {
        let (snapshots, clock) = (&outcome.snapshots, outcome.clock());
        self.heading(snapshot_counts(snapshots));
        let (first, last) = ends(snapshots, SNAPSHOTS);
        for snapshot in first {
            self.snapshot(snapshot, clock);
        }
        self.more(2, snapshots.len() - first.len() - last.len(), "snapshot");
        for snapshot in last {
            self.snapshot(snapshot, clock);
        }
    }

    fn snapshot(&mut self, snapshot: &SnapshotReport, clock: Clock) {
        self.line(2, snapshot_line(snapshot, clock));
        // In the order in which the coordinator got to know them, which is how the table fills up.
        let mut rows: Vec<&TaskRow> = snapshot.tasks.iter().collect();
        rows.sort_by_key(|row| (row.acked_us.is_none() && !row.finished, row.acked_us.or(row.started_us)));
        let mut table = table();
        table.set_header(["task", "recorded", "started", "aligned for", "acked"]);
        table.add_rows(rows.iter().take(TASKS).map(|row| task_cells(row, clock, snapshot.state.as_ref())));
        self.table(4, &mut table, &[2, 3, 4]);
        self.more(4, rows.len().saturating_sub(TASKS), "task");
        if let Some(state) = &snapshot.state {
            self.global_state(state);
        }
    }

    fn global_state(&mut self, state: &GlobalState) {
        let contents = state.channels.iter().filter(|channel| !channel.messages.is_empty());
        for ChannelState { channel, messages } in contents.clone() {
            let messages: Vec<String> = messages.iter().map(ToString::to_string).collect();
            self.wrapped(4, &format!("in {}: {}", printable(channel), printable(&messages.join(", "))));
        }
        if contents.count() == 0 {
            self.line(4, "nothing in channels");
        }
        if let Some(total) = tokens(state) {
            self.line(4, total);
        }
        match state.visited {
            Some(true) => self.line(4, "the run was in this state"),
            Some(false) => self.line(4, "the run was never in this state"),
            None => {}
        }
    }

    fn places(&mut self, outcome: &Outcome) {
        self.heading(format!("Guarantee: {}", guarantee(&outcome.guarantee)));
        if outcome.places.is_empty() {
            return;
        }
        let mut table = table();
        let is_judged = outcome.guarantee.observed != NOT_JUDGED;
        // Of what is not judged two columns would say nothing else.
        let words: &[&str] = if is_judged { &["promised", "observed"] } else { &[] };
        table.set_header([&["place", "kind"], words, &["records", "effects", "lost", "duplicated"]].concat());
        table.add_rows(outcome.places.iter().map(|place| place_cells(place, is_judged)));
        let first = 2 + words.len();
        self.table(2, &mut table, &[first, first + 1, first + 2, first + 3]);
        for place in &outcome.places {
            self.examples(place);
            self.contents(place);
        }
    }

    fn contents(&mut self, place: &PlaceOutcome) {
        let ContentsOutcome { wrong, not_judged, why, examples, .. } = &place.contents;
        if *wrong > 0 {
            let more = if *wrong > examples.len() as u64 { ", ..." } else { "" };
            self.wrapped(2, &format!("{}: {} at the end: {}{more}", place.place, count(wrong, "wrong row"), examples.join(", ")));
        }
        if let Some(why) = why {
            let rows = if *not_judged > 0 { count(not_judged, "row") } else { "contents".to_owned() };
            self.wrapped(2, &format!("{}: {rows} not judged: {why}", place.place));
        }
    }

    fn examples(&mut self, place: &PlaceOutcome) {
        let (lost, repeated): (Vec<_>, Vec<_>) = place.examples.iter().partition(|example| example.ends_with(" x0"));
        let lost: Vec<_> = lost.iter().map(|example| example.trim_end_matches(" x0")).collect();
        let repeated: Vec<_> = repeated.iter().map(|example| example.as_str()).collect();
        for (what, names, total) in [("not shown", lost, place.lost), ("shown more than once", repeated, place.duplicated)] {
            if !names.is_empty() {
                let more = if total > names.len() as u64 { ", ..." } else { "" };
                self.wrapped(2, &format!("{}: {what}: {}{more}", place.place, names.join(", ")));
            }
        }
    }

    fn invariants(&mut self, outcome: &Outcome) {
        if !outcome.invariants.is_empty() {
            self.heading("Invariants");
        }
        for invariant in &outcome.invariants {
            let (word, style) = match invariant.verdict {
                "held" => ("held", self.style.good),
                "violated" if is_broken(invariant, outcome) => ("VIOLATED", self.style.bad),
                "violated" => ("VIOLATED", self.style.faint),
                other => (other, self.style.faint),
            };
            let claim = match invariant.verdict {
                _ if !invariant.claimed => " (not claimed by this protocol)",
                "violated" if is_named(invariant, outcome) => " (see the expectations)",
                _ => "",
            };
            self.line(2, format_args!("{} {}{claim}", paint(style, format_args!("{word:<10}")), invariant.name));
            let reason = reason(invariant);
            if !reason.is_empty() {
                self.wrapped(13, reason.trim_start_matches([':', ' ']));
            }
        }
    }

    fn expectations(&mut self, outcome: &Outcome) {
        if outcome.expectations.is_empty() {
            return self.heading("No expectations");
        }
        self.heading("Expectations");
        for expectation in &outcome.expectations {
            let (word, style) = if expectation.met { ("met", self.style.good) } else { ("NOT MET", self.style.bad) };
            let actual = if expectation.met { String::new() } else { format!(", found {}", expectation.actual) };
            let word = paint(style, format_args!("{word:<10}"));
            self.line(2, format_args!("{word} {}", printable(&format!("{}{actual}", expectation.expect))));
        }
    }

    fn verdict(&mut self, outcome: &Outcome) {
        self.gap();
        let Outcome { steps, digest, seed, .. } = outcome;
        let (verdict, steps) = (self.style.verdict(outcome.verdict), count(*steps, "step"));
        let time = match outcome.clock() {
            Clock::Time => format!(" in {} of simulated time", Clock::Time.moment(outcome.virtual_time_us)),
            Clock::Steps => String::new(),
        };
        self.line(0, format_args!("{verdict}: {steps}{time}, digest {digest}, seed {seed}"));
    }

    fn overview(&mut self, outcomes: &[Outcome]) {
        let mut table = table();
        table.set_header(["scenario", "protocol", "promised", "observed", "snapshots", "failovers", "verdict"]);
        table.add_rows(outcomes.iter().map(overview_cells));
        right(&mut table, &[5]);
        let mut lines = lines(&table).into_iter();
        self.line(0, paint(self.style.strong, lines.next().unwrap_or_default()));
        for (line, outcome) in lines.zip(outcomes) {
            let cells = line.trim_end_matches(Style::plain().verdict(outcome.verdict).as_str());
            self.line(0, format_args!("{cells}{}", self.style.verdict(outcome.verdict)));
        }
    }

    fn complaints(&mut self, outcome: &Outcome) {
        self.gap();
        let name = format!("{} (seed {})", printable(&outcome.scenario), outcome.seed);
        self.line(0, format_args!("{name}: {}", self.style.verdict(outcome.verdict)));
        for complaint in complaints(outcome) {
            self.wrapped(2, &complaint);
        }
    }

    pub(super) fn bad(&self, text: impl Display) -> String {
        paint(self.style.bad, text)
    }

    pub(super) fn heading(&mut self, text: impl Display) {
        self.gap();
        self.line(0, paint(self.style.strong, text));
    }

    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// `... and 3 more snapshots`
    fn more(&mut self, indent: usize, hidden: usize, what: &str) {
        if hidden > 0 {
            let plural = if hidden == 1 { "" } else { "s" };
            self.line(indent, paint(self.style.faint, format_args!("... and {hidden} more {what}{plural}")));
        }
    }

    pub(super) fn line(&mut self, indent: usize, text: impl Display) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text.to_string().trim_end());
        self.text.push('\n');
    }

    /// A table with a header; the columns of numbers are aligned to the right.
    pub(super) fn table(&mut self, indent: usize, table: &mut Table, numbers: &[usize]) {
        right(table, numbers);
        for (at, line) in lines(table).into_iter().enumerate() {
            self.line(indent, if at == 0 { paint(self.style.faint, line) } else { line });
        }
    }

    /// Text broken at spaces, with later lines further in.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str) {
        let text = printable(text);
        let (mut line, mut inner) = (String::new(), indent);
        for word in text.split_whitespace() {
            if !line.is_empty() && inner + line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(inner, std::mem::take(&mut line));
                inner = indent + 2;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(inner, line);
    }
}

pub(super) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn right(table: &mut Table, columns: &[usize]) {
    for &column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The lines of a table with two spaces between columns and none around them.
fn lines(table: &Table) -> Vec<String> {
    let mut table = table.clone();
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The first `head` items and the last one.
fn ends<T>(items: &[T], head: usize) -> (&[T], &[T]) {
    if items.len() <= head + 1 {
        return (items, &[]);
    }
    (&items[..head], &items[items.len() - 1..])
}

fn failover_cells(failover: &FailoverReport, clock: Clock, is_last: bool) -> [String; 4] {
    let restored = match (failover.restored_snapshot, failover.resumed_us) {
        (Some(snapshot), _) => format!("restored from snapshot {snapshot}"),
        (None, Some(_)) => "restored from nothing".into(),
        (None, None) => "not restored".into(),
    };
    let resumed = match failover.resumed_us {
        Some(at) => format!("back up at {}", clock.moment(at)),
        None if is_last => "never back up".into(),
        None => "interrupted by the next".into(),
    };
    [clock.moment(failover.at_us), printable(&failover.cause), restored, resumed]
}

fn snapshot_counts(snapshots: &[SnapshotReport]) -> String {
    let counts = ["completed", "aborted", "pending"].map(|status| (count_of(snapshots, status), status));
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, status)| format!("{count} {status}"));
    match counts.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "No snapshot".into(),
        counts => format!("Snapshots: {counts}"),
    }
}

fn count_of(snapshots: &[SnapshotReport], status: &str) -> usize {
    snapshots.iter().filter(|snapshot| snapshot.status == status).count()
}

fn snapshot_line(snapshot: &SnapshotReport, clock: Clock) -> String {
    let SnapshotReport { id, status, .. } = snapshot;
    let triggered = match clock {
        Clock::Time => clock.moment(snapshot.triggered_us),
        Clock::Steps => format!("at {}", clock.moment(snapshot.triggered_us)),
    };
    let reason = snapshot.reason.map_or(String::new(), |reason| format!(" ({reason})"));
    let took = snapshot.ended_us.map(|ended| clock.span(ended.saturating_sub(snapshot.triggered_us)));
    let took = took.map_or(String::new(), |span| match *status {
        "aborted" => format!(", given up after {span}"),
        _ => format!(", took {span}"),
    });
    format!("snapshot {id} {status}{reason}, triggered {triggered}{took}")
}

fn task_cells(row: &TaskRow, clock: Clock, state: Option<&GlobalState>) -> [String; 5] {
    let time = |at: Option<u64>| at.map_or("-".into(), |at| clock.moment(at));
    let aligned = if row.alignment_us == 0 { "-".into() } else { clock.span(row.alignment_us) };
    [
        printable(&row.task),
        state.map_or_else(|| recorded(row), |state| process_state(row, state)),
        time(row.started_us),
        aligned,
        time(row.acked_us),
    ]
}

/// `10 tokens in all: 8 with processes, 2 in channels`, once every process is recorded.
fn tokens(state: &GlobalState) -> Option<String> {
    state.visited?;
    let number = |shown: &Shown| match shown {
        Shown::Number(number) => Some(*number),
        Shown::Word(_) => None,
    };
    let held: u64 = state.processes.iter().map(|process| number(&process.value)).sum::<Option<u64>>()?;
    let moving: u64 = state.channels.iter().flat_map(|channel| &channel.messages).map(number).sum::<Option<u64>>()?;
    Some(format!("{} in all: {held} with processes, {moving} in channels", count(held + moving, "token")))
}

/// What a snapshot recorded of a process itself.
fn process_state(row: &TaskRow, state: &GlobalState) -> String {
    match state.processes.iter().find(|process| process.process == row.task).map(|process| &process.value) {
        None => "-".into(),
        Some(Shown::Number(tokens)) => count(tokens, "token"),
        Some(Shown::Word(word)) => printable(word),
    }
}

/// What a task put into a snapshot: its offset or its state, and what was in its channels.
fn recorded(row: &TaskRow) -> String {
    let own = match row.offset {
        _ if row.acked_us.is_none() && row.state_entries == 0 && row.offset.is_none() => "-".into(),
        Some(offset) if row.finished => format!("finished at offset {offset}"),
        Some(offset) => format!("offset {offset}"),
        None if row.state_entries == 1 => "1 entry".into(),
        None => format!("{} entries", row.state_entries),
    };
    match row.channel_records {
        0 => own,
        1 => own + ", 1 record in channels",
        records => format!("{own}, {records} records in channels"),
    }
}

fn place_cells(place: &PlaceOutcome, is_judged: bool) -> Vec<String> {
    let mut cells = vec![printable(&place.place), place.kind.to_owned()];
    if is_judged {
        cells.extend([place.declared.to_owned(), place.observed.to_owned()]);
    }
    cells.extend([place.records, place.effects, place.lost, place.duplicated].map(|number| number.to_string()));
    cells
}

fn overview_cells(outcome: &Outcome) -> [String; 7] {
    let completed = count_of(&outcome.snapshots, "completed").to_string();
    let snapshots = match count_of(&outcome.snapshots, "aborted") {
        0 => completed,
        aborted => format!("{completed}, {aborted} aborted"),
    };
    let (scenario, failovers) = (printable(&outcome.scenario), outcome.failovers.len().to_string());
    let [declared, observed] = [outcome.guarantee.declared, outcome.guarantee.observed].map(|word| guarantee_word(word).to_owned());
    [scenario, outcome.protocol.into(), declared, observed, snapshots, failovers, Style::plain().verdict(outcome.verdict)]
}

/// `1 scenario`, `2 scenarios`
pub(super) fn count(number: impl Display, what: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::report::sample;

    fn check(text: String, expected: Expect) {
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH), "a line of {longest:?} characters");
        expected.assert_eq(&text);
    }

    #[test]
    fn a_run_as_expected() {
        check(
            outcome(&sample::as_expected(), &Style::plain()),
            expect![[r#"
            Aligned barriers keep a count exactly-once

            No failover

            Snapshots: 1 completed
              snapshot 1 completed, triggered 20ms, took 3ms
                task       recorded                           started  aligned for   acked
                clicks[0]  offset 20                             20ms            -    21ms
                out[0]     0 entries                           21.7ms            -  22.5ms
                count[0]   16 entries, 2 records in channels   20.4ms       1.25ms    23ms

            Guarantee: promised exactly_once, observed exactly_once
              place  kind   promised      observed      records  effects  lost  duplicated
              count  state  exactly_once  exactly_once      600      600     0           0

            Invariants
              held       delivery
              held       consistent_cut

            Expectations
              met        guarantee = exactly_once

            as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
        "#]],
        );
    }

    #[test]
    fn a_run_with_everything_going_wrong() {
        check(
            outcome(&sample::unexpected(), &Style::plain()),
            expect![[r#"
                Without alignment records show twice
                Question: Which records will be counted twice after the crash, and would a slower channel make them
                  more or fewer?

                3 failovers, 0 records replayed
                  15us   crash out[0]     restored from nothing     back up at 15.015ms
                  57ms   crash count[0]   restored from snapshot 1  back up at 72ms
                  410ms  crash clicks[0]  not restored              never back up

                Snapshots: 5 completed, 1 aborted, 1 pending
                  snapshot 1 completed, triggered 20ms, took 3ms
                    task       recorded                           started  aligned for   acked
                    clicks[0]  offset 20                             20ms            -    21ms
                    out[0]     0 entries                           21.7ms            -  22.5ms
                    count[0]   16 entries, 2 records in channels   20.4ms       1.25ms    23ms
                  snapshot 2 aborted (timeout), triggered 40ms, given up after 200ms
                    task       recorded                           started  aligned for  acked
                    clicks[0]  offset 20                             40ms            -   41ms
                    count[0]   16 entries, 2 records in channels   40.4ms       1.25ms   43ms
                    out[0]     -                                        -            -      -
                  snapshot 3 completed, triggered 60ms, took 3ms
                    task       recorded                           started  aligned for   acked
                    clicks[0]  offset 20                             60ms            -    61ms
                    out[0]     0 entries                           61.7ms            -  62.5ms
                    count[0]   16 entries, 2 records in channels   60.4ms       1.25ms    63ms
                  snapshot 4 completed, triggered 80ms, took 3ms
                    task       recorded                           started  aligned for   acked
                    clicks[0]  offset 20                             80ms            -    81ms
                    out[0]     0 entries                           81.7ms            -  82.5ms
                    count[0]   16 entries, 2 records in channels   80.4ms       1.25ms    83ms
                  ... and 2 more snapshots
                  snapshot 7 pending, triggered 400ms
                    task       recorded                           started  aligned for    acked
                    clicks[0]  offset 20                            400ms            -    401ms
                    out[0]     0 entries                          401.7ms            -  402.5ms
                    count[0]   16 entries, 2 records in channels  400.4ms       1.25ms    403ms

                Guarantee: promised at_least_once, observed none
                  place  kind    promised       observed       records  effects  lost  duplicated
                  count  state   at_least_once  at_least_once      600      602     0           2
                  out    output  at_least_once  at_least_once      600      600     1           1
                  count: shown more than once: clicks#3 x2, clicks#4 x2
                  count: 2 wrong rows at the end: key 3: 41 instead of 40, key 4: 39 instead of 38
                  out: not shown: clicks#1
                  out: shown more than once: clicks#4 x3

                Invariants
                  VIOLATED   delivery
                             B#1 is not visible at out, nor in any transaction that could still be committed;
                               expected every record at least once; found 0 effects (step 17001)
                  VIOLATED   consistent_cut (not claimed by this protocol)
                             clicks#3 received before the cut
                  incomplete liveness
                             the run was cut short

                Expectations
                  NOT MET    failovers = 1, found 2
                  met        guarantee = at_least_once

                NOT as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
            "#]],
        );
    }

    #[test]
    fn a_run_in_which_nothing_happened() {
        let nothing = Outcome {
            snapshots: Vec::new(),
            places: Vec::new(),
            expectations: Vec::new(),
            invariants: Vec::new(),
            ..sample::as_expected()
        };
        check(
            outcome(&nothing, &Style::plain()),
            expect![[r#"
                Aligned barriers keep a count exactly-once

                No failover

                No snapshot

                Guarantee: promised exactly_once, observed exactly_once

                No expectations

                as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
            "#]],
        );
    }

    #[test]
    fn many_runs_are_a_table() {
        let table = |outcomes: &[Outcome]| summary(&Batch::of(outcomes), &Style::plain());
        expect![[r#"
            scenario                            protocol       promised       observed      snapshots     failovers  verdict
            scenarios/aligned.json              aligned        exactly_once   exactly_once  1                     0  as expected
            scenarios/lossy/at_least_once.json  at_least_once  at_least_once  none          5, 1 aborted          3  NOT as expected

            scenarios/lossy/at_least_once.json (seed 7): NOT as expected
              expected failovers = 1, found 2
              violated delivery: B#1 is not visible at out, nor in any transaction that could still be
                committed; expected every record at least once; found 0 effects (step 17001)

            2 scenarios: 1 as expected, 1 not
        "#]]
        .assert_eq(&table(&[sample::as_expected(), sample::unexpected()]));
        expect![[r#"
            0 scenarios: 0 as expected, 0 not
        "#]]
        .assert_eq(&table(&[]));
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let outcomes = [sample::as_expected(), sample::unexpected()];
        let bare = |text: String| anstream::adapter::strip_str(&text).to_string();
        assert_eq!(bare(summary(&Batch::of(&outcomes), &Style::coloured())), summary(&Batch::of(&outcomes), &Style::plain()));
        for one in &outcomes {
            assert_ne!(outcome(one, &Style::coloured()), outcome(one, &Style::plain()));
            assert_eq!(bare(outcome(one, &Style::coloured())), outcome(one, &Style::plain()));
        }
    }
}
