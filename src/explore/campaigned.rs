//! What a campaign against somebody's own parts came to.

use std::fmt;

use rayon::prelude::*;

use super::Suspect;
use super::campaign::{Campaign, Failure, Tally};
use super::feature::Feature;
use super::shrink::{Shrunk, Unshrunk};
use crate::oracle::Class;
use crate::scenario::Scenario;
use crate::trace::Situation;

/// What failed, and the shortest way to it that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number of the first run that fails in this way.
    pub run: u64,
    /// In which way.
    pub class: Class,
    /// The runs that fail in this way.
    pub failures: u64,
    /// What is wrong, in the scenario's terms.
    pub what: String,
    /// The scenario file, or why there is none.
    pub shrunk: Result<Shrunk, Unshrunk>,
}

/// What a campaign against a protocol came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaigned {
    /// Runs.
    pub runs: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// How often each named state was reached; those that never were are left out.
    pub situations: Vec<(Situation, u64)>,
    /// The named states that were never reached.
    pub unreached: Vec<Situation>,
    /// How many runs had each feature; those that none had are left out.
    pub features: Vec<(Feature, u64)>,
    /// Runs since one brought a situation or a feature that none before it had. As long as this is short beside
    /// [`runs`](Self::runs), more runs bring more; it should be most of them.
    pub quiet_for: u64,
    /// The words of what was required and not reached.
    pub missing: Vec<&'static str>,
    /// One for each way of failing, the earliest first.
    pub failures: Vec<Finding>,
}

impl Campaigned {
    pub(super) fn new(campaign: &Campaign<'_>, tally: &Tally, required: &[Situation], features: &[Feature]) -> Campaigned {
        let mut firsts: Vec<(Failure, u64)> = Vec::new();
        for &failure in &tally.failures {
            match firsts.iter_mut().find(|(first, _)| first.class == failure.class) {
                Some((_, count)) => *count += 1,
                None => firsts.push((failure, 1)),
            }
        }
        let findings = firsts.par_iter().map(|&(Failure { run, class }, failures)| {
            let shrunk = campaign.shrink(run);
            let what = shrunk.as_ref().map_or_else(ToString::to_string, |shrunk| what(campaign.suspect, shrunk));
            Finding { run, class, failures, what, shrunk }
        });
        let reached = |situation: &Situation| tally.situations[*situation as usize] > 0;
        let had = |feature: &Feature| tally.features[*feature as usize] > 0;
        let missing = required.iter().filter(|situation| !reached(situation)).map(|situation| situation.word());
        let missing = missing.chain(features.iter().filter(|feature| !had(feature)).map(|feature| feature.word()));
        Campaigned {
            runs: tally.runs,
            steps: tally.steps,
            situations: Situation::ALL.iter().copied().filter(reached).map(|one| (one, tally.situations[one as usize])).collect(),
            unreached: Situation::ALL.iter().copied().filter(|situation| !reached(situation)).collect(),
            features: Feature::ALL.iter().copied().filter(had).map(|one| (one, tally.features[one as usize])).collect(),
            quiet_for: tally.newest().map_or(0, |newest| tally.runs.saturating_sub(newest + 1)),
            missing: missing.collect(),
            failures: findings.collect(),
        }
    }

    /// Whether nothing failed, and all was reached that was required.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.missing.is_empty()
    }

    /// The shortest counterexample of all.
    pub fn shortest(&self) -> Option<&Shrunk> {
        let small = self.failures.iter().filter_map(|finding| Some((finding.run, finding.shrunk.as_ref().ok()?)));
        small.min_by_key(|(run, shrunk)| (shrunk.steps, shrunk.operators, *run)).map(|(_, shrunk)| shrunk)
    }
}

/// What the invariant has to say when the file is run.
fn what(suspect: &dyn Suspect, shrunk: &Shrunk) -> String {
    let Ok(scenario) = Scenario::from_json(&shrunk.text) else { return String::new() };
    let outcome = scenario.run_world(suspect.world(&scenario));
    let invariant = outcome.invariants.into_iter().find(|invariant| invariant.name == shrunk.class.invariant());
    invariant.and_then(|invariant| invariant.detail).unwrap_or_default()
}

/// Everything that is needed in a test's message: what failed, and the shortest counterexample as a file.
impl fmt::Display for Campaigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Campaigned { runs, steps, situations, unreached, features: _, quiet_for, missing, failures } = self;
        writeln!(f, "{runs} runs, {steps} steps, {} of {} situations reached", situations.len(), Situation::ALL.len())?;
        writeln!(f, "nothing new in the last {quiet_for} runs")?;
        let words = |names: &mut dyn Iterator<Item = &'static str>| names.collect::<Vec<_>>().join(", ");
        if !unreached.is_empty() {
            writeln!(f, "never: {}", words(&mut unreached.iter().map(|situation| situation.word())))?;
        }
        if !missing.is_empty() {
            writeln!(f, "required and not reached: {}", words(&mut missing.iter().copied()))?;
        }
        if failures.is_empty() {
            return write!(f, "nothing failed");
        }
        for Finding { run, class, failures, what, shrunk } in failures {
            let reason = if what.is_empty() { String::new() } else { format!(": {what}") };
            let small =
                shrunk.as_ref().map_or_else(|_| "not made small".to_owned(), |shrunk| format!("shortest in {} steps", shrunk.steps));
            writeln!(f, "{}: {failures} of {runs} runs, first run {run}, {small}{reason}", class.word())?;
        }
        let Some(shortest) = self.shortest() else { return Ok(()) };
        let least = match shortest.proven {
            true => "no shorter schedule of this scenario does",
            false => "a shorter schedule of this scenario may do so too",
        };
        writeln!(f, "\nThe shortest counterexample shows {}; {least}:\n", shortest.class.word())?;
        write!(f, "{}", shortest.text.trim_end())
    }
}
