//! Outcomes for people: one scenario in full, or many in a table.
//!
//! Words carry the meaning; colour only repeats it.

mod page;
mod snapshots;
mod untested;

pub use page::Style;
pub(super) use page::{Page, count, paint, table};

use page::{ends, lines, right};
use snapshots::count_of;

use super::{Batch, complaints, guarantee, guarantee_word, is_broken, is_named, printable, reason};
use crate::scenario::outcome::{Clock, ContentsOutcome, FailoverReport, Judgement, NOT_JUDGED, Outcome, PlaceOutcome, SkippedStep};

/// Failovers shown before the last one.
const FAILOVERS: usize = 9;
/// Skipped steps shown before the last one.
const SKIPPED: usize = 9;
/// Files that nobody waited for and that are named.
const NOT_RUN: usize = 5;

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

impl Page {
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

#[cfg(test)]
mod tests;
