//! A comparison of protocols, as a table and as a document.

use super::text::{Page, Style, count, paint, table};
use super::{guarantee_word, printable};
use crate::kernel::Ticks;
use crate::scenario::outcome::FORMAT;
use crate::scenario::{Comparison, ComparisonReport, LeftOut, ProtocolSummary};

/// One document, ending in a line break.
pub fn document(comparison: &Comparison) -> String {
    let report = ComparisonReport { format: FORMAT, version: env!("CARGO_PKG_VERSION"), comparison };
    // Strings, numbers and lists: there is nothing that JSON could refuse.
    serde_json::to_string_pretty(&report).expect("a comparison is always JSON") + "\n"
}

/// A table with a column per protocol.
pub fn text(comparison: &Comparison, style: &Style) -> String {
    let mut page = Page::new(style);
    let title = if comparison.title.trim().is_empty() { &comparison.scenario } else { &comparison.title };
    page.line(0, paint(style.strong, printable(title)));
    page.line(0, heading(comparison));
    if comparison.interrupted {
        page.line(0, paint(style.bad, interrupted(comparison)));
    }
    if comparison.protocols.is_empty() {
        return page.text;
    }
    page.gap();
    let mut table = table();
    let words = comparison.protocols.iter().map(|summary| summary.protocol);
    table.set_header([""].into_iter().chain(words));
    let is_shown = |row: &&Row| !row.is_rare || comparison.protocols.iter().any(|summary| (row.cell)(summary) != "0");
    for row in ROWS.iter().filter(is_shown) {
        let cells = comparison.protocols.iter().map(row.cell);
        table.add_row([row.label.to_owned()].into_iter().chain(cells));
    }
    page.table(0, &mut table, &(1..=comparison.protocols.len()).collect::<Vec<_>>());
    left_out(&mut page, &comparison.left_out);
    if !comparison.notes.is_empty() {
        page.gap();
    }
    comparison.notes.iter().for_each(|note| page.wrapped(0, &format!("note: {note}")));
    page.text
}

/// A comparison does not hide whom it did not ask.
fn left_out(page: &mut Page, left_out: &[LeftOut]) {
    if left_out.is_empty() {
        return;
    }
    page.gap();
    let mut table = table();
    table.set_header(["left out", "because"]);
    table.add_rows(left_out.iter().map(|LeftOut { protocol, reason }| [*protocol, *reason]));
    page.table(0, &mut table, &[]);
}

fn heading(comparison: &Comparison) -> String {
    let protocols = count(comparison.protocols.len(), "protocol");
    match comparison.seeds[..] {
        [seed] => format!("{protocols}, seed {seed}"),
        [first, .., last] => format!("{protocols}, {} seeds from {first} to {last}, all seeds taken together", comparison.seeds.len()),
        [] => format!("{protocols}, no seed"),
    }
}

/// How much there is of a comparison that somebody ended.
fn interrupted(comparison: &Comparison) -> String {
    let seeds = comparison.seeds.len();
    let made = comparison.protocols.iter().map(|summary| format!("{} {} of {seeds}", summary.protocol, summary.runs));
    let none = comparison.not_run.iter().map(|protocol| format!("{protocol} 0 of {seeds}"));
    format!("INTERRUPTED; runs made: {}", made.chain(none).collect::<Vec<_>>().join(", "))
}

struct Row {
    label: &'static str,
    /// Left out when it would say 0 everywhere.
    is_rare: bool,
    cell: fn(&ProtocolSummary) -> String,
}

const fn row(label: &'static str, cell: fn(&ProtocolSummary) -> String) -> Row {
    Row { label, is_rare: false, cell }
}

const fn rare(label: &'static str, cell: fn(&ProtocolSummary) -> String) -> Row {
    Row { label, is_rare: true, cell }
}

const ROWS: [Row; 19] = [
    row("observed guarantee, weakest", |summary| guarantee_word(summary.guarantee).to_owned()),
    row("records lost, total", |summary| summary.lost.to_string()),
    row("records duplicated, total", |summary| summary.duplicated.to_string()),
    row("snapshots completed, total", |summary| summary.snapshots_completed.to_string()),
    row("snapshots aborted, total", |summary| summary.snapshots_aborted.to_string()),
    row("runs with an inconsistent cut", |summary| summary.runs_inconsistent.to_string()),
    row("snapshot duration, median", |summary| span(summary.duration_median_us)),
    row("snapshot duration, longest", |summary| span(summary.duration_max_us)),
    row("channels blocked, total", |summary| Ticks(summary.costs.blocked_us).to_string()),
    row("channel records stored, total", |summary| summary.costs.channel_records.to_string()),
    row("channel bytes stored, total", |summary| summary.costs.channel_bytes.to_string()),
    row("barriers received, total", |summary| summary.costs.barriers.to_string()),
    row("barrier bytes, total", |summary| summary.costs.barrier_bytes.to_string()),
    row("piggybacked bytes, total", |summary| summary.costs.piggybacked_bytes.to_string()),
    row("failovers, total", |summary| summary.failovers.to_string()),
    row("records replayed, total", |summary| summary.costs.replayed.to_string()),
    row("recovery time, longest", |summary| span(summary.recovery_max_us)),
    rare("runs whose job failed", |summary| summary.runs_failed.to_string()),
    rare("runs stopped by a limit", |summary| summary.runs_limited.to_string()),
];

fn span(us: Option<u64>) -> String {
    us.map_or("-".to_owned(), |us| Ticks(us).to_string())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::scenario::outcome::Costs;

    fn sample() -> Comparison {
        let costs = Costs { blocked_us: 39_000, barriers: 3, barrier_bytes: 12, replayed: 4, ..Costs::default() };
        let aligned = ProtocolSummary {
            protocol: "aligned",
            runs: 3,
            guarantee: "exactly_once",
            lost: 0,
            duplicated: 0,
            snapshots_completed: 2,
            snapshots_aborted: 1,
            runs_inconsistent: 0,
            duration_median_us: Some(1_500),
            duration_max_us: Some(41_000),
            costs,
            failovers: 1,
            recovery_max_us: Some(7_000),
            runs_failed: 0,
            runs_limited: 0,
        };
        let costs = Costs { channel_records: 2, channel_bytes: 40, piggybacked_bytes: 1, ..Costs::default() };
        let none = ProtocolSummary {
            protocol: "lossy",
            guarantee: "none",
            lost: 3,
            duplicated: 12,
            snapshots_completed: 0,
            runs_inconsistent: 3,
            duration_median_us: None,
            duration_max_us: None,
            costs,
            recovery_max_us: None,
            runs_limited: 1,
            ..aligned.clone()
        };
        Comparison {
            scenario: "x.json".into(),
            title: "Two of\tthem".into(),
            seeds: vec![4, 5, 6],
            interrupted: false,
            not_run: Vec::new(),
            protocols: vec![aligned, none],
            left_out: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_comparison_is_a_table() {
        expect![[r#"
            Two of them
            2 protocols, 3 seeds from 4 to 6, all seeds taken together

                                                aligned  lossy
            observed guarantee, weakest    exactly_once   none
            records lost, total                       0      3
            records duplicated, total                 0     12
            snapshots completed, total                2      0
            snapshots aborted, total                  1      1
            runs with an inconsistent cut             0      3
            snapshot duration, median             1.5ms      -
            snapshot duration, longest             41ms      -
            channels blocked, total                39ms    0us
            channel records stored, total             0      2
            channel bytes stored, total               0     40
            barriers received, total                  3      0
            barrier bytes, total                     12      0
            piggybacked bytes, total                  0      1
            failovers, total                          1      1
            records replayed, total                   4      0
            recovery time, longest                  7ms      -
            runs stopped by a limit                   0      1
        "#]]
        .assert_eq(&text(&sample(), &Style::plain()));
    }

    #[test]
    fn what_was_left_out_is_named() {
        let none = LeftOut { protocol: "none", reason: "it takes no snapshots" };
        let timeout = LeftOut { protocol: "aligned_timeout", reason: "it needs something" };
        let text = text(&Comparison { left_out: vec![timeout, none], ..sample() }, &Style::plain());
        let (_, last) = text.rsplit_once("\n\n").expect("a last part");
        expect![[r#"
            left out         because
            aligned_timeout  it needs something
            none             it takes no snapshots
        "#]]
        .assert_eq(last);
    }

    #[test]
    fn the_heading_says_which_seeds() {
        let with = |seeds: &[u64]| heading(&Comparison { seeds: seeds.to_vec(), ..sample() });
        assert_eq!(with(&[7]), "2 protocols, seed 7");
        assert_eq!(with(&[7, 8]), "2 protocols, 2 seeds from 7 to 8, all seeds taken together");
    }

    #[test]
    fn what_was_not_waited_for_is_named() {
        let cut = Comparison { interrupted: true, not_run: vec!["unaligned"], ..sample() };
        let line = "INTERRUPTED; runs made: aligned 3 of 3, lossy 3 of 3, unaligned 0 of 3";
        assert!(text(&cut, &Style::plain()).contains(line), "{}", text(&cut, &Style::plain()));
        let none = text(&Comparison { protocols: Vec::new(), ..cut }, &Style::plain());
        assert!(none.ends_with("INTERRUPTED; runs made: unaligned 0 of 3\n"), "{none}");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = text(&sample(), &Style::coloured());
        assert_ne!(coloured, text(&sample(), &Style::plain()));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text(&sample(), &Style::plain()));
    }
}
