//! Campaigns against a protocol that somebody brings along, for tests of their own.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::campaign::{Campaign, Suspect, Tally};
use super::campaigned::Campaigned;
use super::feature::Feature;
use super::given::Given;
use crate::engine::{Setup, World};
use crate::kernel::Patience;
use crate::protocol::{CoordinatorBox, ProtocolBox, ProtocolKind, Settings, SinkLogic, StorageLogic};
use crate::scenario::Scenario;
use crate::trace::Situation;

/// Makes a coordinator that goes by these numbers.
type MakeCoordinator = Arc<dyn Fn(&Settings) -> CoordinatorBox + Send + Sync>;

/// A protocol of somebody's own, in the place of those that it claims to be like, with other parts if they are
/// somebody's own as well.
#[derive(Clone)]
pub struct Own<F> {
    make: F,
    like: Vec<ProtocolKind>,
    suits: fn(&Scenario) -> bool,
    coordinator: Option<MakeCoordinator>,
    sink: Option<&'static dyn SinkLogic>,
    storage: Option<&'static dyn StorageLogic>,
}

impl<F> fmt::Debug for Own<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Own { like, coordinator, sink, storage, .. } = self;
        let parts = f.debug_struct("Own").field("like", like).field("coordinator", &coordinator.is_some()).finish_non_exhaustive();
        parts.and_then(|()| write!(f, " with {sink:?}, {storage:?}"))
    }
}

impl<F: Fn() -> ProtocolBox + Sync> Own<F> {
    /// What `make` makes for each task, claiming what each of these protocols does in the scenarios of that
    /// one; there must be one at least.
    pub fn new(make: F, like: &[ProtocolKind]) -> Self {
        Own { make, like: like.to_vec(), suits: |_| true, coordinator: None, sink: None, storage: None }
    }
}

impl<F: Fn() -> ProtocolBox + Sync> Suspect for Own<F> {
    fn protocols(&self) -> &[ProtocolKind] {
        &self.like
    }
    fn world(&self, scenario: &Scenario) -> World {
        if !(self.suits)(scenario) || !self.like.contains(&scenario.protocol()) {
            return scenario.world();
        }
        let right = scenario.coordinator();
        let coordinator = self.coordinator.as_ref().map(|make| make(right.settings())).unwrap_or_else(|| CoordinatorBox::new(right));
        let mut setup = Setup::clone(scenario.setup());
        if let Some(sink) = self.sink {
            setup.replace_two_phase(sink);
        }
        setup.storage = self.storage.unwrap_or(setup.storage);
        World::new(Arc::new(setup), |_| (self.make)(), coordinator)
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
#[derive(Clone)]
pub struct Fuzz<F> {
    own: Own<F>,
    seed: u64,
    runs: u64,
    lasts: Arc<dyn Fn() -> bool + Send + Sync>,
    given: Vec<(Value, Scenario)>,
    required: Vec<Situation>,
    features: Vec<Feature>,
}

impl<F> fmt::Debug for Fuzz<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fuzz { own, seed, runs, required, features, .. } = self;
        let mut parts = f.debug_struct("Fuzz");
        parts.field("own", own).field("seed", seed).field("runs", runs).field("required", required).field("features", features);
        parts.finish_non_exhaustive()
    }
}

/// A scenario that a campaign cannot run through, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0)]
pub struct Unusable(String);

impl<F: Fn() -> ProtocolBox + Sync> Fuzz<F> {
    /// A campaign of 10,000 runs with seed 0 against the protocol that `make` makes for each task, which
    /// claims what [`ProtocolKind::Aligned`] does.
    pub fn new(make: F) -> Self {
        Fuzz {
            own: Own::new(make, &[ProtocolKind::Aligned]),
            seed: 0,
            runs: 10_000,
            lasts: Arc::new(|| true),
            given: Vec::new(),
            required: Vec::new(),
            features: Vec::new(),
        }
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

    /// No more runs are begun once this says no: so a campaign can last as long as there is time. A stretch of runs that
    /// is cut is forgotten, so what is said is still the same for this many runs of this seed.
    #[must_use]
    pub fn as_long_as(mut self, lasts: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.lasts = Arc::new(lasts);
        self
    }

    /// In these scenarios in the place of drawn ones, each with its name, for what is said of it, and its text. Of those
    /// with another protocol than one that is claimed the right one runs.
    ///
    /// # Errors
    ///
    /// What is no valid scenario, or no scenario at all.
    pub fn in_scenarios<N: AsRef<str>, T: AsRef<str>>(mut self, files: impl IntoIterator<Item = (N, T)>) -> Result<Self, Unusable> {
        self.given = files.into_iter().map(|(name, text)| read(name.as_ref(), text.as_ref())).collect::<Result<_, _>>()?;
        if self.given.is_empty() { Err(Unusable("there is no scenario".to_owned())) } else { Ok(self) }
    }

    /// These have to be reached, or the campaign is not clean.
    #[must_use]
    pub fn requires(mut self, situations: impl IntoIterator<Item = Situation>) -> Self {
        self.required.extend(situations);
        self
    }

    /// Some run must have these, or the campaign is not clean.
    #[must_use]
    pub fn requires_features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.features.extend(features);
        self
    }

    /// With a coordinator of your own, made anew for each run.
    #[must_use]
    pub fn with_coordinator(mut self, make: impl Fn(&Settings) -> CoordinatorBox + Send + Sync + 'static) -> Self {
        self.own.coordinator = Some(Arc::new(make));
        self
    }

    /// With a sink of your own in the place of those that commit in two phases.
    #[must_use]
    pub fn with_sink(mut self, sink: &'static dyn SinkLogic) -> Self {
        self.own.sink = Some(sink);
        self
    }

    /// With a storage of your own.
    #[must_use]
    pub fn with_storage(mut self, storage: &'static dyn StorageLogic) -> Self {
        self.own.storage = Some(storage);
        self
    }

    /// Runs it, in parallel in the ambient pool of threads; the result is the same with any number of them.
    pub fn run(&self) -> Campaigned {
        let given = (!self.given.is_empty()).then(|| Given::new(&self.own, self.given.clone()));
        let suspect: &dyn Suspect = given.as_ref().map_or(&self.own, |given| given);
        let campaign = Campaign { seed: self.seed, suspect };
        let lasts = |_| (self.lasts)();
        let patience = Patience::new(&lasts);
        let mut tally = Tally::new();
        // A broken protocol mostly fails within the first hundred runs, and then nobody waits for the rest.
        let mut size = FIRST;
        while tally.runs < self.runs && tally.failures.is_empty() {
            let end = self.runs.min(tally.runs + size);
            let part = |part: u64| campaign.runs_attended(tally.runs..end, |run| run % PARTS == part, patience);
            let Some(parts) = (0..PARTS).into_par_iter().map(part).collect::<Option<Vec<Tally>>>() else { break };
            parts.iter().for_each(|part| tally.add(part));
            size = (size * 4).min(LARGEST);
        }
        Campaigned::new(&campaign, &tally, &self.required, &self.features)
    }
}

fn read(name: &str, text: &str) -> Result<(Value, Scenario), Unusable> {
    let no_text = |_: &str| Err("scenarios of campaigns cannot read text files".to_owned());
    let scenario = Scenario::parse(name, text.as_bytes(), &no_text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{name}: {mistake}")).collect();
        Unusable(lines.join("\n"))
    })?;
    let file = serde_json::from_str(text).map_err(|error| Unusable(format!("{name}: {error}")))?;
    Ok((file, scenario))
}

/// Runs of the first batch, and the most of a later one.
const FIRST: u64 = 256;
const LARGEST: u64 = 1 << 16;
/// Runs that share a graph are done by the same thread.
const PARTS: u64 = 64;
