//! Campaigns against a protocol that somebody brings along, for tests of their own.

use std::fmt;

use rayon::prelude::*;

use super::campaign::{Campaign, Failure, Suspect, Tally};
use super::shrink::{Shrunk, Unshrunk};
use crate::engine::World;
use crate::oracle::Class;
use crate::protocol::{CoordinatorBox, ProtocolBox, ProtocolKind};
use crate::scenario::Scenario;
use crate::trace::Situation;

/// A protocol of somebody's own, in the place of those that it claims to be like.
#[derive(Clone, Debug)]
pub struct Own<F> {
    make: F,
    like: Vec<ProtocolKind>,
    suits: fn(&Scenario) -> bool,
}

impl<F: Fn() -> ProtocolBox + Sync> Own<F> {
    /// What `make` makes for each task, claiming what each of these protocols does in the scenarios of that
    /// one; there must be one at least.
    pub fn new(make: F, like: &[ProtocolKind]) -> Self {
        Own { make, like: like.to_vec(), suits: |_| true }
    }
}

impl<F: Fn() -> ProtocolBox + Sync> Suspect for Own<F> {
    fn protocols(&self) -> &[ProtocolKind] {
        &self.like
    }
    fn world(&self, scenario: &Scenario) -> World {
        if !(self.suits)(scenario) {
            return scenario.world();
        }
        scenario.world_with(&mut |_| (self.make)(), CoordinatorBox::new(scenario.coordinator()))
    }
}

/// A campaign against a protocol of your own: random small dataflows and processes, random orders of
/// everything that can happen in them, crashes, lost messages and failed uploads, judged by every invariant
/// that its claims name. What fails is shrunk to a scenario file.
///
/// ```
/// use cutline::model::{Barrier, ChannelId, SnapshotId};
/// use cutline::protocol::{Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};
///
/// /// Takes its state at the first barrier, and waits for no other.
/// #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
/// struct Hasty(Option<SnapshotId>);
///
/// impl SnapshotProtocol for Hasty {
///     fn on_trigger(&mut self, _: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
///         if self.0 < Some(id) {
///             self.0 = Some(id);
///             out.push(Effect::SaveState(id));
///             out.push(Effect::Broadcast(Barrier::aligned(id)));
///             out.push(Effect::Ack(id));
///         }
///     }
///     fn on_barrier(&mut self, task: &TaskView<'_>, _: ChannelId, barrier: Barrier, out: &mut Effects) {
///         self.on_trigger(task, barrier.snapshot, out);
///     }
///     fn reset(&mut self) {
///         self.0 = None;
///     }
/// }
///
/// let report = cutline::Fuzz::new(|| ProtocolBox::new(Hasty::default())).claims_like(ProtocolKind::Aligned).runs(500).run();
/// assert!(!report.is_clean());
/// println!("{report}");
/// ```
#[derive(Clone, Debug)]
pub struct Fuzz<F> {
    own: Own<F>,
    seed: u64,
    runs: u64,
}

impl<F: Fn() -> ProtocolBox + Sync> Fuzz<F> {
    /// A campaign of 10,000 runs with seed 0 against the protocol that `make` makes for each task, which
    /// claims what [`ProtocolKind::Aligned`] does.
    pub fn new(make: F) -> Self {
        Fuzz { own: Own::new(make, &[ProtocolKind::Aligned]), seed: 0, runs: 10_000 }
    }

    /// It claims what this protocol does, and runs in its scenarios.
    #[must_use]
    pub fn claims_like(mut self, protocol: ProtocolKind) -> Self {
        self.own.like = vec![protocol];
        self
    }

    /// What all draws depend on: another seed, other runs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The most runs. Once something fails, no more are begun than belong to the same batch.
    #[must_use]
    pub fn runs(mut self, runs: u64) -> Self {
        self.runs = runs;
        self
    }

    /// Leaves alone the scenarios that the protocol is not made for: the right one takes its place there, and
    /// such a run counts like any other.
    #[must_use]
    pub fn only_where(mut self, suits: fn(&Scenario) -> bool) -> Self {
        self.own.suits = suits;
        self
    }

    /// Runs it, in parallel in the ambient pool of threads; the result is the same with any number of them.
    pub fn run(&self) -> Campaigned {
        let campaign = Campaign { seed: self.seed, suspect: &self.own };
        let mut tally = Tally::new();
        // A broken protocol mostly fails within the first hundred runs, and then nobody waits for the rest.
        let mut size = FIRST;
        while tally.runs < self.runs && tally.failures.is_empty() {
            let end = self.runs.min(tally.runs + size);
            let part = |part: u64| campaign.runs(tally.runs..end, |run| run % PARTS == part);
            let parts: Vec<Tally> = (0..PARTS).into_par_iter().map(part).collect();
            parts.iter().for_each(|part| tally.add(part));
            size *= 4;
        }
        Campaigned::new(&campaign, tally)
    }
}

/// Runs of the first batch.
const FIRST: u64 = 256;
/// Runs that share a shape are done by the same thread.
const PARTS: u64 = 64;

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
    /// One for each way of failing, the earliest first.
    pub failures: Vec<Finding>,
}

impl Campaigned {
    fn new(campaign: &Campaign<'_>, tally: Tally) -> Campaigned {
        let Tally { runs, steps, situations, failures, .. } = tally;
        let mut firsts: Vec<(Failure, u64)> = Vec::new();
        for failure in failures {
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
        let failures = findings.collect();
        let counted = Situation::ALL.iter().copied().zip(situations).filter(|(_, count)| *count > 0);
        Campaigned { runs, steps, situations: counted.collect(), failures }
    }

    /// Whether nothing failed.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty()
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
        let Campaigned { runs, steps, situations, failures } = self;
        writeln!(f, "{runs} runs, {steps} steps, {} of {} situations reached", situations.len(), Situation::ALL.len())?;
        if self.is_clean() {
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
