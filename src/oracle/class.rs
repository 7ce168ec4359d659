//! What kind of failure a run shows: by it two failures are one bug or two.

use super::{Oracles, Verdict};
use crate::protocol::Claims;

/// The kind of a failure. A smaller scenario stands for a larger one only if it fails in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An invariant other than `delivery` is broken.
    Broken(&'static str),
    /// Effects show more often than is promised.
    Duplicated,
    /// Effects show less often than is promised.
    Lost,
}

impl Class {
    /// The invariant that says so.
    pub fn invariant(self) -> &'static str {
        match self {
            Class::Broken(name) => name,
            Class::Duplicated | Class::Lost => "delivery",
        }
    }

    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Class::Broken(name) => name,
            Class::Duplicated => "duplicated",
            Class::Lost => "lost",
        }
    }
}

impl Claims {
    /// Whether an invariant is judged at all under these claims.
    pub fn judges(self, invariant: &str) -> bool {
        self.consistent_cut || !matches!(invariant, "consistent_cut" | "conservation" | "no_false_alarm")
    }
}

impl Oracles<'_> {
    /// The run is over: every invariant that is claimed and broken.
    pub fn broken_at_end(&mut self, claims: Claims, cut_short: bool) -> Vec<(Class, u64)> {
        let verdicts = self.verdicts(cut_short);
        let mut broken: Vec<(Class, u64)> = Vec::new();
        for (invariant, verdict) in verdicts {
            let Verdict::Violated(violation) = verdict else { continue };
            if claims.judges(invariant) {
                broken.push((self.class_of(invariant), violation.moment.step));
            }
        }
        broken.sort_by_key(|&(class, step)| (step, class));
        broken
    }

    fn class_of(&mut self, invariant: &'static str) -> Class {
        if invariant != "delivery" {
            return Class::Broken(invariant);
        }
        let is_broken = |report: &&super::PlaceReport| !report.observed.satisfies(report.promised);
        let reports = self.delivery.reports();
        let duplicates = reports.iter().filter(is_broken).any(|report| report.duplicated > 0 && report.promised.forbids_duplicates());
        if duplicates { Class::Duplicated } else { Class::Lost }
    }
}
