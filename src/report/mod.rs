//! Layer 7: outcomes as text and documents. Every report is a `String`; where it goes is not decided here.

pub mod check;
pub mod compare;
pub mod diagram;
pub mod export;
pub mod frame;
pub mod fuzz;
pub mod json;
pub mod junit;
pub mod messages;
pub mod page;
pub mod text;
pub mod zoo;

use crate::scenario::outcome::{FileError, GuaranteePair, InvariantOutcome, NOT_JUDGED, Outcome};

/// What came of several files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch<'b> {
    /// One per scenario that was run.
    pub outcomes: &'b [Outcome],
    /// The files that gave none.
    pub errors: &'b [FileError],
    /// The files that nobody waited for.
    pub not_run: &'b [String],
}

impl Batch<'_> {
    /// Nothing but outcomes.
    pub fn of(outcomes: &[Outcome]) -> Batch<'_> {
        Batch { outcomes, ..Batch::default() }
    }
}

/// `text` on one line, with a stand-in for every character that a terminal or an XML reader would not
/// show as it is. Names and titles come from files, and a file must not be able to garble a report.
pub fn printable(text: &str) -> String {
    text.chars().map(shown).collect()
}

fn shown(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || is_format(c) => '\u{fffd}',
        c => c,
    }
}

/// Marks that change the direction of text or the meaning of a file, and what no document may contain.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Everything that keeps an outcome from being as expected, a line each.
fn complaints(outcome: &Outcome) -> Vec<String> {
    outcome.complaints.iter().map(|line| printable(line)).collect()
}

/// `promised at_least_once, observed exactly_once`
fn guarantee(pair: &GuaranteePair) -> String {
    match pair.observed {
        NOT_JUDGED => guarantee_word(NOT_JUDGED).to_owned(),
        observed => format!("promised {}, observed {observed}", pair.declared),
    }
}

/// A guarantee as people read it.
fn guarantee_word(word: &'static str) -> &'static str {
    if word == NOT_JUDGED { "not judged" } else { word }
}

/// Whether an invariant that is claimed is violated. Where the scenario says what it expects of it, that counts instead.
fn is_broken(invariant: &InvariantOutcome, outcome: &Outcome) -> bool {
    invariant.claimed && invariant.verdict == "violated" && !is_named(invariant, outcome)
}

/// Whether the scenario says what it expects of an invariant.
fn is_named(invariant: &InvariantOutcome, outcome: &Outcome) -> bool {
    outcome.expectations.iter().any(|expectation| expectation.expect.split(' ').next() == Some(invariant.name))
}

/// What an invariant has to say, and the step at which it was broken.
fn reason(invariant: &InvariantOutcome) -> String {
    let detail = invariant.detail.as_ref().map(|detail| format!(": {detail}"));
    let step = invariant.step.map(|step| format!(" (step {step})"));
    detail.unwrap_or_default() + &step.unwrap_or_default()
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_file_can_garble_a_report() {
        assert_eq!(printable("a\u{1b}[31mb\nc\td\u{202e}e"), "a\u{fffd}[31mb c d\u{fffd}e");
        assert_eq!(printable("Straße → 東京"), "Straße → 東京");
    }

    #[test]
    fn complaints_are_what_made_the_outcome_unexpected() {
        assert_eq!(complaints(&sample::as_expected()), Vec::<String>::new());
        let lines = complaints(&sample::unexpected());
        assert_eq!(lines[0], "expected failovers = 1, found 2");
        assert!(lines[1].starts_with("violated delivery: "), "{lines:?}");
        assert_eq!(lines.len(), 2, "an invariant that is not claimed is no complaint: {lines:?}");
    }
}
