//! What kind of failure a run shows: by it two failures are one bug or two.

use super::{Oracles, PlaceReport, Verdict};
use crate::protocol::{Claims, Guarantee};

/// The kind of a failure. A smaller scenario stands for a larger one only if it fails in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An invariant other than `delivery` is broken.
    Broken(&'static str),
    /// Effects show more often than is promised.
    Duplicated,
    /// Effects show less often than is promised.
    Lost,
    /// A place holds what no repetition and no loss explains.
    Wrong,
    /// A part of the run that somebody may have written panicked.
    Panicked,
}

impl Class {
    /// The invariant that says so.
    pub fn invariant(self) -> &'static str {
        match self {
            Class::Broken(name) => name,
            Class::Duplicated | Class::Lost | Class::Wrong => "delivery",
            Class::Panicked => "engine_sanity",
        }
    }

    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Class::Broken(name) => name,
            Class::Duplicated => "duplicated",
            Class::Lost => "lost",
            Class::Wrong => "wrong",
            Class::Panicked => "panicked",
        }
    }
}

impl Claims {
    /// Whether an invariant is judged at all under these claims.
    pub fn judges(self, invariant: &str) -> bool {
        self.consistent_cut || !matches!(invariant, "consistent_cut" | "conservation" | "no_false_alarm")
    }
}

/// What is broken at some moment of a run, or at its end: what breaks a promise, and what does not
/// because nobody promised otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// Claimed, and broken.
    pub claimed: Vec<Class>,
    /// Not claimed: at least once shows duplicates, that is what it says.
    pub allowed: Vec<Class>,
}

impl Broken {
    /// Whether all is well.
    pub fn is_empty(&self) -> bool {
        self.claimed.is_empty() && self.allowed.is_empty()
    }

    fn add(&mut self, class: Class, is_claimed: bool) {
        if is_claimed { &mut self.claimed } else { &mut self.allowed }.push(class);
    }
}

/// The invariants that are broken for good by what happens, in the order of the bits of
/// [`Oracles::broken_bits`].
const INVARIANTS: [&str; 9] = [
    "consistent_cut",
    "state_equals_replay",
    "restore_fidelity",
    "sink_commit_rules",
    "coordinator_rules",
    "liveness",
    "engine_sanity",
    "conservation",
    "no_false_alarm",
];

impl Oracles<'_> {
    /// One bit per invariant that is broken for good.
    pub(super) fn broken_bits(&self) -> u16 {
        let broken = [
            self.channels.cut.is_broken(),
            self.state_replay.is_broken(),
            self.restore.is_broken(),
            self.sinks.is_broken(),
            self.coordinator.is_broken(),
            self.liveness.is_broken(),
            self.sanity.is_broken(),
            self.conservation.is_broken(),
            self.false_alarm.is_broken(),
        ];
        (0..).zip(broken).fold(0, |bits, (at, broken)| bits | u16::from(broken) << at)
    }

    /// What is broken already, at any moment of a run: every invariant that was broken once, and
    /// effects that show more often than promised, in visible output or in the state of a task that is
    /// up. What is lost shows at the end only.
    #[inline]
    pub fn broken_so_far(&self, claims: Claims) -> Broken {
        let mut broken = Broken::default();
        let bits = self.broken_bits();
        if bits != 0 {
            let names = INVARIANTS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            names.for_each(|(_, name)| broken.add(Class::Broken(name), claims.judges(name)));
        }
        match self.delivery.repeats(|task| self.sanity.is_down(task)) {
            (true, _) => broken.add(Class::Duplicated, true),
            (false, true) => broken.add(Class::Duplicated, false),
            (false, false) => {}
        }
        broken
    }

    /// The first of what is claimed and already broken.
    pub fn broken(&self, claims: Claims) -> Option<Class> {
        self.broken_so_far(claims).claimed.first().copied()
    }

    /// The run is over: what is broken, what was broken first in front. `cut_short` says that it went in
    /// circles until somebody stopped it, which is no end to come to.
    pub fn broken_at_end(&mut self, claims: Claims, cut_short: bool) -> Broken {
        let mut found: Vec<(u64, Class, bool)> = Vec::new();
        let panicked = self.panic.is_some();
        for (invariant, verdict) in self.verdicts(cut_short) {
            match verdict {
                // Not judged: the job failed, or something is stuck; then nothing has come to its end.
                Verdict::Incomplete(_) => {}
                _ if invariant == "delivery" => {
                    let step = self.moment().step;
                    found.extend(self.deliveries(cut_short).map(|(class, is_forbidden)| (step, class, is_forbidden)));
                }
                Verdict::Violated(violation) if panicked && invariant == "engine_sanity" => {
                    found.push((violation.moment.step, Class::Panicked, true));
                }
                Verdict::Violated(violation) => found.push((violation.moment.step, Class::Broken(invariant), claims.judges(invariant))),
                Verdict::Held => {}
            }
        }
        found.sort_unstable();
        let mut broken = Broken::default();
        found.into_iter().for_each(|(_, class, is_claimed)| broken.add(class, is_claimed));
        broken
    }

    /// What becomes of records, and of what places hold, that is not exactly once, and whether that is forbidden
    /// somewhere.
    fn deliveries(&mut self, cut_short: bool) -> impl Iterator<Item = (Class, bool)> + use<> {
        let (mut duplicated, mut lost, mut wrong) = (None, None, None);
        let settled = self.is_settled(cut_short);
        for PlaceReport { astray, promised, .. } in self.delivery.faults(settled) {
            let note = |seen: &mut Option<bool>, is_there: bool, is_forbidden: bool| {
                if is_there {
                    *seen = Some(seen.unwrap_or(false) || is_forbidden);
                }
            };
            note(&mut duplicated, astray.more, promised.forbids_duplicates());
            note(&mut lost, astray.less, promised.forbids_losses());
            note(&mut wrong, astray.other, promised != Guarantee::None);
        }
        let found = [(Class::Duplicated, duplicated), (Class::Lost, lost), (Class::Wrong, wrong)];
        found.into_iter().filter_map(|(class, seen)| Some((class, seen?)))
    }
}
