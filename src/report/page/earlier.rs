//! What a page of a later part of a run holds of what happened before: all that its state comes from, and the
//! whole story of every record that comes up in it. Effects of other records are added up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use crate::kernel::IdVec;
use crate::model::{ChannelId, Kind, Plan, SnapshotId, TaskId};
use crate::scenario::{Happened, Recording};
use crate::trace::{Fact, Named};

/// A fact of the page.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// What happened, and when; of several effects the last one, with the sum of the values.
    pub happened: Happened,
    /// For how many effects of records that do not come up it stands.
    pub lump: Option<u64>,
}

impl Told {
    /// A fact as it was.
    pub fn alone(happened: Happened) -> Told {
        Told { happened, lump: None }
    }
}

/// What is told of the facts before the part that is shown. `also` are records that come up although no fact names them.
pub fn earlier(recording: &Recording<'_>, shown: &Range<usize>, also: impl Iterator<Item = Named>) -> Vec<Told> {
    let plan = recording.scenario.plan();
    let (before, rest) = recording.facts.split_at(shown.start);
    if before.is_empty() {
        return Vec::new();
    }
    let standing = Standing::after(plan, before);
    let mut topics = Topics::of(plan, &standing);
    also.for_each(|record| topics.add(record));
    rest[..shown.len()].iter().for_each(|happened| topics.add_all(happened.fact));
    let mut digest = Digest { plan, topics, standing: &standing, told: Vec::new(), sums: BTreeMap::new() };
    before.iter().enumerate().for_each(|(at, happened)| digest.fact(at, *happened));
    digest.tell_sums(|_| true);
    digest.told
}

/// What is in a channel: a record, or a mark of a snapshot.
type Element = (Option<Named>, Option<SnapshotId>);

/// How things stand when the part that is shown begins, as far as later facts take it up.
struct Standing {
    /// By channel: records and snapshots of what is in it.
    queues: IdVec<ChannelId, VecDeque<Element>>,
    /// By task: what its transactions hold that is not committed; the open one has no number yet.
    transactions: IdVec<TaskId, BTreeMap<Option<SnapshotId>, Vec<Named>>>,
    /// By channel: the fact that blocked it.
    blocked: IdVec<ChannelId, Option<usize>>,
    /// By task: the fact that says how far it has read.
    read: IdVec<TaskId, Option<usize>>,
    /// Records that took effect more than once, or whose effect was set back.
    moved: Vec<Named>,
    /// Snapshots that were restored, the last one that was completed, and the last one that has begun.
    snapshots: BTreeSet<SnapshotId>,
}

impl Standing {
    fn after(plan: &Plan, before: &[Happened]) -> Standing {
        let mut standing = Standing {
            queues: plan.channels().ids().map(|_| VecDeque::new()).collect(),
            transactions: plan.tasks().ids().map(|_| BTreeMap::new()).collect(),
            blocked: plan.channels().ids().map(|_| None).collect(),
            read: plan.tasks().ids().map(|_| None).collect(),
            moved: Vec::new(),
            snapshots: BTreeSet::new(),
        };
        let newest = |before: &[Happened], is_it: fn(Fact) -> bool| {
            before.iter().rev().find(|happened| is_it(happened.fact)).and_then(|happened| happened.fact.fields(plan).snapshot)
        };
        let mut effects = Effects::default();
        for (at, happened) in before.iter().enumerate() {
            standing.move_on(plan, happened.fact);
            standing.note(plan, at, happened.fact);
            effects.fact(plan, happened.fact);
        }
        standing.snapshots.extend(newest(before, |fact| matches!(fact, Fact::Completed { .. })));
        standing.snapshots.extend(newest(before, |fact| matches!(fact, Fact::Triggered { .. } | Fact::Initiated { .. })));
        standing.moved = effects.moved;
        standing
    }

    /// What goes into channels and transactions, and out of them.
    fn move_on(&mut self, plan: &Plan, fact: Fact) {
        let fields = fact.fields(plan);
        let element = (fields.record, fields.snapshot);
        match fact {
            Fact::Sent { channel, .. }
            | Fact::Reinstated { channel, .. }
            | Fact::BarrierSent { channel, .. }
            | Fact::CancelSent { channel, .. } => {
                self.queues[channel].push_back(element);
            }
            Fact::Received { channel, .. } | Fact::BarrierReceived { channel, .. } | Fact::CancelReceived { channel, .. } => {
                let queue = &mut self.queues[channel];
                if let Some(place) = queue.iter().position(|other| *other == element) {
                    queue.remove(place);
                }
            }
            Fact::Cleared { channel, .. } => self.queues[channel].clear(),
            Fact::Written { task, .. } => self.transactions[task].entry(None).or_default().extend(fields.record),
            Fact::Prepared { task, snapshot } => {
                let open = self.transactions[task].remove(&None).unwrap_or_default();
                self.transactions[task].insert(Some(snapshot), open);
            }
            Fact::Committed { task, snapshot, .. } | Fact::RolledBack { task, snapshot } => {
                self.transactions[task].remove(&Some(snapshot));
            }
            Fact::OpenDropped { task } => {
                self.transactions[task].remove(&None);
            }
            _ => {}
        }
    }

    fn note(&mut self, plan: &Plan, at: usize, fact: Fact) {
        match fact {
            Fact::Emitted { task, .. } | Fact::Missed { task, .. } => self.read[task] = Some(at),
            Fact::Blocked { channel } => self.blocked[channel] = Some(at),
            Fact::Unblocked { channel } => self.blocked[channel] = None,
            Fact::Failover => plan.channels().ids().for_each(|channel| self.blocked[channel] = None),
            Fact::Restoring { snapshot } => self.snapshots.extend(snapshot),
            _ => {}
        }
    }
}

/// Finds the records with more than one effect, and those whose effect a restore has set back.
#[derive(Default)]
struct Effects {
    /// By whether it is an output: where, and of which record.
    seen: BTreeSet<(bool, TaskId, Named)>,
    /// By task: what is in its state, in order.
    state: BTreeMap<TaskId, Vec<Named>>,
    /// How much of that a snapshot has.
    saved: BTreeMap<(TaskId, SnapshotId), usize>,
    moved: Vec<Named>,
}

impl Effects {
    fn fact(&mut self, plan: &Plan, fact: Fact) {
        match (fact, fact.fields(plan).record) {
            (Fact::Applied { task, .. }, Some(record)) => {
                self.see((false, task, record));
                self.state.entry(task).or_default().push(record);
            }
            (Fact::Output { task, .. }, Some(record)) => self.see((true, task, record)),
            (Fact::Saved { task, snapshot, .. }, _) => {
                self.saved.insert((task, snapshot), self.state.get(&task).map_or(0, Vec::len));
            }
            (Fact::Restored { task, snapshot, .. }, _) => {
                let kept = snapshot.and_then(|snapshot| self.saved.get(&(task, snapshot)).copied()).unwrap_or(0);
                let state = self.state.entry(task).or_default();
                self.moved.extend(state.drain(kept.min(state.len())..));
            }
            _ => {}
        }
    }

    fn see(&mut self, effect: (bool, TaskId, Named)) {
        if !self.seen.insert(effect) {
            self.moved.push(effect.2);
        }
    }
}

/// What comes up in the part that is shown: source records by what they are called, with all that derives from them,
/// and snapshots.
struct Topics<'p> {
    plan: &'p Plan,
    sources: BTreeSet<String>,
    snapshots: BTreeSet<SnapshotId>,
    /// Records that were asked about.
    known: BTreeMap<Named, bool>,
}

impl<'p> Topics<'p> {
    fn of(plan: &'p Plan, standing: &Standing) -> Topics<'p> {
        let mut topics = Topics { plan, sources: BTreeSet::new(), snapshots: standing.snapshots.clone(), known: BTreeMap::new() };
        for (record, snapshot) in plan.channels().ids().flat_map(|channel| &standing.queues[channel]) {
            record.iter().for_each(|record| topics.add(*record));
            topics.snapshots.extend(*snapshot);
        }
        let open = plan.tasks().ids().flat_map(|task| standing.transactions[task].values().flatten());
        open.chain(&standing.moved).for_each(|record| topics.add(*record));
        topics
    }

    fn add_all(&mut self, fact: Fact) {
        let fields = fact.fields(self.plan);
        fields.record.iter().for_each(|record| self.add(*record));
        self.snapshots.extend(fields.snapshot);
    }

    fn add(&mut self, record: Named) {
        if self.known.insert(record, true) != Some(true) {
            self.sources.extend(record.origins(self.plan));
        }
    }

    /// Whether anything that comes up derives from the same source record.
    fn has(&mut self, record: Named) -> bool {
        let Topics { plan, sources, known, .. } = self;
        *known.entry(record).or_insert_with(|| record.origins(plan).iter().any(|origin| sources.contains(origin)))
    }
}

/// Effects that are added up: whether they are outputs, where, under which key.
type Sum = (bool, TaskId, u32);

/// Effects under one key, added up in the order in which they are told: where a record makes those before it
/// forgotten, it stands alone between them and what follows.
#[derive(Clone, Copy, Debug, Default)]
struct Lumps {
    forgotten: Option<Told>,
    anew: Option<Told>,
    since: Option<Told>,
}

impl Lumps {
    fn add(&mut self, effect: Told, starts_anew: bool) {
        if starts_anew {
            let forgotten = [self.forgotten, self.anew, self.since].into_iter().flatten().reduce(added);
            *self = Lumps { forgotten, anew: Some(effect), since: None };
        } else {
            self.since = Some(self.since.map_or(effect, |since| added(since, effect)));
        }
    }

    fn told(self) -> impl Iterator<Item = Told> {
        [self.forgotten, self.anew, self.since].into_iter().flatten()
    }
}

/// Two lumps of effects as one.
fn added(before: Told, last: Told) -> Told {
    let sum = |fact: Fact, more: u64| match fact {
        Fact::Applied { task, name, key, value } => Fact::Applied { task, name, key, value: value.saturating_add(more) },
        Fact::Output { task, name, key, value } => Fact::Output { task, name, key, value: value.saturating_add(more) },
        other => other,
    };
    let more = if let Fact::Applied { value, .. } | Fact::Output { value, .. } = before.happened.fact { value } else { 0 };
    let happened = Happened { fact: sum(last.happened.fact, more), ..last.happened };
    Told { happened, lump: before.lump.zip(last.lump).map(|(before, last)| before + last) }
}

/// Goes through the facts before and keeps what is told of them.
struct Digest<'p> {
    plan: &'p Plan,
    topics: Topics<'p>,
    standing: &'p Standing,
    told: Vec<Told>,
    sums: BTreeMap<Sum, Lumps>,
}

impl Digest<'_> {
    fn fact(&mut self, at: usize, happened: Happened) {
        if !self.is_told(at, happened.fact) {
            match happened.fact {
                Fact::Applied { task, key, value, .. } => {
                    let starts_anew = matches!(self.plan.kind(task), Kind::Keyed { fold, .. } if fold.starts_anew(value));
                    self.add((false, task, key), happened, starts_anew);
                }
                Fact::Output { task, key, .. } => self.add((true, task, key), happened, false),
                _ => {}
            }
            return;
        }
        match happened.fact {
            // What is saved is what was counted up to there.
            Fact::Saved { task, .. } => self.tell_sums(|(is_output, of, _)| !is_output && of == task),
            // What comes in between is told in between.
            Fact::Applied { task, key, .. } if self.plan.kind(task).goes_by_order() => self.tell_sums(|sum| sum == (false, task, key)),
            // What was counted since is gone.
            Fact::Restored { task, .. } => self.sums.retain(|(is_output, of, _), _| *is_output || *of != task),
            _ => {}
        }
        self.told.push(Told::alone(happened));
    }

    fn is_told(&mut self, at: usize, fact: Fact) -> bool {
        let fields = fact.fields(self.plan);
        match fact {
            Fact::Stuck { .. } | Fact::Unblocked { .. } => false,
            Fact::Blocked { channel } => self.standing.blocked[channel] == Some(at),
            Fact::Prepared { .. } | Fact::Committed { .. } | Fact::RolledBack { .. } => true,
            Fact::RecordSaved { snapshot, .. } => self.topics.snapshots.contains(&snapshot),
            Fact::Emitted { task, .. } | Fact::Missed { task, .. } if self.standing.read[task] == Some(at) => true,
            _ => match (fields.record, fields.snapshot) {
                (Some(record), _) => self.topics.has(record),
                (None, Some(snapshot)) => self.topics.snapshots.contains(&snapshot),
                (None, None) => true,
            },
        }
    }

    fn add(&mut self, sum: Sum, happened: Happened, starts_anew: bool) {
        self.sums.entry(sum).or_default().add(Told { happened, lump: Some(1) }, starts_anew);
    }

    fn tell_sums(&mut self, is_due: impl Fn(Sum) -> bool) {
        let Digest { sums, told, .. } = self;
        sums.retain(|sum, lumps| {
            let is_due = is_due(*sum);
            if is_due {
                told.extend(lumps.told());
            }
            !is_due
        });
    }
}
