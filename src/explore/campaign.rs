//! Campaigns: many runs, each a function of the campaign's seed and its own number alone, so that any
//! number of jobs, shards and sessions gives the same result.

use std::ops::Range;

use super::distinct::Distinct;
use super::feature::{Feature, Features};
use super::swarm::{Family, MEMBERS, Shape};
use super::walk::Walker;
use crate::engine::{Step, World};
use crate::kernel::{Patience, Stream};
use crate::oracle::Class;
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::trace::Situation;

/// What a campaign tries.
pub trait Suspect: Sync {
    /// The protocols under which it makes sense; not empty.
    fn protocols(&self) -> &[ProtocolKind];
    /// A fresh world of the scenario, with the suspect in it.
    fn world(&self, scenario: &Scenario) -> World;
    /// Under which protocols a failure under `protocol` may be looked for instead, simplest first.
    fn simplest(&self, protocol: &str) -> Vec<ProtocolKind> {
        self.protocols().iter().copied().filter(|kind| kind.word() == protocol).collect()
    }
    /// Whether it is nothing but what comes with the program, so that there is nothing right to hold it against.
    fn is_right(&self) -> bool {
        false
    }
    /// Whether its scenarios are drawn, so that one is as good as another.
    fn draws(&self) -> bool {
        true
    }
    /// The `number`th family of scenarios of a campaign, with how they are walked, each by its number in the family:
    /// drawn ones.
    fn family(&self, seed: u64, number: u64) -> Box<dyn Fn(u64) -> Shape + '_> {
        let family = Family::draw(seed, number, self.protocols());
        Box::new(move |member| family.member(member))
    }
}

/// What comes with the program, which must never fail.
#[derive(Clone, Copy, Debug)]
pub struct Right;

const RIGHT: [ProtocolKind; 7] = [
    ProtocolKind::Aligned,
    ProtocolKind::AtLeastOnce,
    ProtocolKind::Unaligned,
    ProtocolKind::AlignedTimeout,
    ProtocolKind::AlignedCyclic,
    ProtocolKind::ChandyLamport,
    ProtocolKind::LaiYang,
];

impl Suspect for Right {
    fn protocols(&self) -> &[ProtocolKind] {
        &RIGHT
    }
    fn world(&self, scenario: &Scenario) -> World {
        scenario.world()
    }
    fn is_right(&self) -> bool {
        true
    }
}

/// A suspect under fewer protocols than make sense for it.
#[derive(Clone)]
pub struct Under<'s> {
    /// What is tried.
    pub suspect: &'s dyn Suspect,
    /// Not empty, and all of them the suspect's own.
    pub protocols: Vec<ProtocolKind>,
}

impl Suspect for Under<'_> {
    fn protocols(&self) -> &[ProtocolKind] {
        &self.protocols
    }
    fn world(&self, scenario: &Scenario) -> World {
        self.suspect.world(scenario)
    }
    fn simplest(&self, protocol: &str) -> Vec<ProtocolKind> {
        self.suspect.simplest(protocol).into_iter().filter(|kind| self.protocols.contains(kind)).collect()
    }
    fn is_right(&self) -> bool {
        self.suspect.is_right()
    }
}

/// So many runs in a row share [`SLOTS`] shapes, in turn: making one costs about as much as a run of it.
const EPOCH: u64 = 6 * SLOTS;
const SLOTS: u64 = MEMBERS * FAMILIES;
/// The families of an epoch. Slots that are so far apart belong to one, so that shards by powers of two have whole
/// families.
const FAMILIES: u64 = 256;
/// So many families are made in a row before any of them is walked: making shapes and walking through them push each
/// other's code out of the processor's caches.
const BATCH: usize = 32;

/// A campaign's fixed parts.
#[derive(Clone, Copy)]
pub struct Campaign<'c> {
    /// What all draws depend on.
    pub seed: u64,
    /// What is tried.
    pub suspect: &'c dyn Suspect,
}

/// A run that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The number of the run.
    pub run: u64,
    /// The first thing that was wrong.
    pub class: Class,
}

/// What some runs of a campaign came to. Tallies of disjoint runs add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// By situation: how often it was reached.
    pub situations: Vec<u64>,
    /// By feature: how many runs had it.
    pub features: Vec<u64>,
    /// By situation, then by feature: the first run that had it; [`NEVER`] where none did.
    pub firsts: Vec<u64>,
    /// The scenarios that were drawn.
    pub shapes: Distinct,
    /// Ascending by run.
    pub failures: Vec<Failure>,
}

/// In the place of a run's number: there is none.
pub const NEVER: u64 = u64::MAX;

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        let (situations, features) = (Situation::ALL.len(), Feature::ALL.len());
        Tally {
            situations: vec![0; situations],
            features: vec![0; features],
            firsts: vec![NEVER; situations + features],
            ..Tally::default()
        }
    }

    /// A run reached a situation so often.
    fn reached(&mut self, run: u64, situation: Situation, count: u64) {
        let at = situation as usize;
        self.situations[at] += count;
        self.firsts[at] = self.firsts[at].min(run);
    }

    /// A run had a feature.
    fn had(&mut self, run: u64, feature: Feature) {
        let (at, first) = (feature as usize, self.situations.len() + feature as usize);
        self.features[at] += 1;
        self.firsts[first] = self.firsts[first].min(run);
    }

    /// The last run that brought something that no run with a lower number had: a situation, or a feature.
    pub fn newest(&self) -> Option<u64> {
        self.firsts.iter().copied().filter(|first| *first != NEVER).max()
    }

    /// Adds another one's runs.
    pub fn add(&mut self, other: &Tally) {
        self.runs += other.runs;
        self.steps += other.steps;
        let own = self.situations.iter_mut().chain(&mut self.features);
        for (count, more) in own.zip(other.situations.iter().chain(&other.features)) {
            *count += more;
        }
        for (first, other) in self.firsts.iter_mut().zip(&other.firsts) {
            *first = (*first).min(*other);
        }
        self.shapes.join(&other.shapes);
        self.failures.extend(&other.failures);
        self.failures.sort_unstable();
    }
}

/// A failed run, taken up again: what it ran on and the steps it chose.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The scenario and how it was walked.
    pub shape: Shape,
    /// The chosen steps, those that happen at once left out.
    pub steps: Vec<Step>,
    /// What was wrong.
    pub class: Option<Class>,
}

impl Campaign<'_> {
    /// So many runs, from a multiple of it on, are made with the least effort.
    pub const BLOCK: u64 = EPOCH;
    /// So many runs, from a multiple of it on, are the fewest that are made together.
    pub const LEAST: u64 = 64;
    /// The parts of a block that can be made apart with no more effort: see [`part_of`](Self::part_of).
    pub const PARTS: u64 = 16;

    /// To which part of its block a run belongs: runs of different parts share nothing.
    pub fn part_of(run: u64) -> u64 {
        run % FAMILIES % Campaign::PARTS
    }

    /// The shape that a run uses.
    fn shape(&self, run: u64) -> Shape {
        let family = self.suspect.family(self.seed, run / EPOCH * FAMILIES + run % FAMILIES);
        family(run % SLOTS / FAMILIES)
    }

    fn stream(&self, run: u64) -> Stream {
        Stream::numbered(self.seed, "run", run)
    }

    /// Runs those numbers of `range` of which `mine` says so, in one thread.
    pub fn runs(&self, range: Range<u64>, mine: impl Fn(u64) -> bool) -> Tally {
        self.runs_attended(range, mine, Patience::ENDLESS).unwrap_or_default()
    }

    /// The same as long as somebody has patience; of runs that are cut nothing is said.
    pub fn runs_attended(&self, range: Range<u64>, mine: impl Fn(u64) -> bool, patience: Patience<'_>) -> Option<Tally> {
        let mut tally = Tally::new();
        let mut from = range.start;
        while from < range.end && patience.lasts(tally.runs) {
            let end = ((from / EPOCH + 1) * EPOCH).min(range.end);
            self.epoch(from..end, &mine, &mut tally, patience);
            from = end;
        }
        patience.lasts(tally.runs).then_some(tally)
    }

    /// The runs of one epoch, some families at a time and shape by shape.
    fn epoch(&self, range: Range<u64>, mine: &impl Fn(u64) -> bool, tally: &mut Tally, patience: Patience<'_>) {
        let runs_of = |member, number| {
            let first = range.start / SLOTS * SLOTS + member * FAMILIES + number;
            (first..range.end).step_by(SLOTS as usize).filter(|run| range.contains(run) && mine(*run))
        };
        let members = |number| (0..MEMBERS).filter(move |&member| runs_of(member, number).next().is_some());
        let numbers: Vec<u64> = (0..FAMILIES).filter(|&number| members(number).next().is_some()).collect();
        for batch in numbers.chunks(BATCH) {
            let mut shapes = Vec::new();
            for &number in batch {
                let family = self.suspect.family(self.seed, range.start / EPOCH * FAMILIES + number);
                shapes.extend(members(number).map(|member| (family(member), runs_of(member, number))));
            }
            for (shape, runs) in shapes {
                self.walk(&shape, runs, tally, patience);
            }
        }
        tally.failures.sort_unstable();
    }

    /// Some runs of one shape.
    fn walk(&self, shape: &Shape, runs: impl Iterator<Item = u64>, tally: &mut Tally, patience: Patience<'_>) {
        let mut walker = self.walker(shape, patience);
        let features = Features::of(&shape.scenario, shape.control);
        shape.print().into_iter().for_each(|print| tally.shapes.meet(print as u32));
        for run in runs {
            if !patience.lasts(tally.runs) {
                return;
            }
            let walked = walker.walk(&mut self.stream(run), None);
            tally.runs += 1;
            tally.steps += walked.steps;
            for (situation, count) in walker.situations().reached() {
                tally.reached(run, situation, count);
            }
            for feature in features.or(Features::of_walk(walker.situations())).iter() {
                tally.had(run, feature);
            }
            tally.failures.extend(walked.broken.map(|class| Failure { run, class }));
        }
    }

    fn walker<'s>(&self, shape: &'s Shape, patience: Patience<'s>) -> Walker<'s> {
        Walker::attended(&shape.scenario, self.suspect.world(&shape.scenario), shape.control, shape.spice, patience)
    }

    /// The first run below `limit` that fails.
    pub fn first_failure(&self, limit: u64) -> Option<Failure> {
        self.first_failure_attended(limit, Patience::ENDLESS).flatten()
    }

    /// The same as long as somebody has patience; nothing is known when there is none any more.
    pub(super) fn first_failure_attended(&self, limit: u64, patience: Patience<'_>) -> Option<Option<Failure>> {
        let mut from = 0;
        // One run of each shape at first, then more: an easy bug is found before the second shape is made.
        let mut size = 1;
        while from < limit {
            let end = (from + size).min(limit);
            let found = self.runs_attended(from..end, |_| true, patience)?.failures.into_iter().next();
            if found.is_some() {
                return Some(found);
            }
            (from, size) = (end, (size * 2).min(EPOCH));
        }
        Some(None)
    }

    /// Does a run again and keeps what it chose.
    pub fn replay(&self, run: u64) -> Replay {
        let shape = self.shape(run);
        let mut steps = Vec::new();
        let class = self.walker(&shape, Patience::ENDLESS).walk(&mut self.stream(run), Some(&mut steps)).broken;
        Replay { shape, steps, class }
    }
}
