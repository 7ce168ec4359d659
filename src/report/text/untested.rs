//! What a run did not test: faults that never happened, settings that did nothing.

use super::Page;
use crate::report::printable;
use crate::scenario::outcome::{FaultOutcome, Outcome};

/// Columns of the word that says how often a fault took place.
const TIMES: usize = 10;

impl Page {
    /// Every fault of the scenario with how often it took place.
    pub(super) fn faults(&mut self, outcome: &Outcome) {
        if outcome.faults.is_empty() {
            return;
        }
        self.heading("Faults");
        for (number, fault) in outcome.faults.iter().enumerate() {
            let times = format!("{:<TIMES$}", times(fault.happened));
            let times = if is_open(outcome, number, fault) { self.bad(times) } else { times };
            self.line(2, format_args!("{times} {}", printable(&fault.fault)));
        }
    }

    pub(super) fn notes(&mut self, outcome: &Outcome) {
        if outcome.notes.is_empty() {
            return;
        }
        self.heading("Notes");
        for note in &outcome.notes {
            self.wrapped(2, note);
        }
    }

    /// For a list of scenarios: what was not tested in this one.
    pub(super) fn untested(&mut self, outcome: &Outcome) {
        let open = outcome.faults.iter().enumerate().filter(|(number, fault)| is_open(outcome, *number, fault));
        let never = open.map(|(_, fault)| format!("never happened: {}", fault.fault));
        let lines: Vec<String> = never.chain(outcome.notes.iter().cloned()).collect();
        for line in lines {
            self.wrapped(0, &format!("note: {}: {line}", printable(&outcome.scenario)));
        }
    }
}

/// Whether a fault never took place and the scenario does not say how often it should.
fn is_open(outcome: &Outcome, number: usize, fault: &FaultOutcome) -> bool {
    let name = format!("fault {} ", number + 1);
    fault.happened == 0 && !outcome.expectations.iter().any(|expectation| expectation.expect.starts_with(&name))
}

fn times(happened: u64) -> String {
    match happened {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        more => format!("{more} times"),
    }
}
