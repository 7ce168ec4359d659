//! Restore fidelity: the latest completed snapshot is restored (C19), every task gets back
//! exactly what was saved of it, every channel the records that were saved of it, each once and in their order, before
//! anything else happens (N12), and sources go on right behind their saved position (S6).

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::state::unordered;
use super::{First, Moment, Verdict};
use crate::kernel::{Digest, Id, clone_fields, counted};
use crate::model::{ChannelId, Kind, Plan, SnapshotId, TaskId, TaskState};
use crate::trace::Fact;

/// The records of one channel in a snapshot: how many, and a hash that hangs on their order where the channel keeps one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Contents {
    records: u32,
    hash: u64,
}

impl Contents {
    fn add(&mut self, plan: &Plan, channel: ChannelId, name: u64, value: u64) {
        let record = Digest::of_pair(name, value);
        self.records += 1;
        self.hash = match plan.channels()[channel].is_fifo {
            true => Digest::of_pair(self.hash, record),
            false => self.hash.wrapping_add(record),
        };
    }
}

/// See the module.
#[derive(Debug)]
pub struct RestoreFidelity {
    saved: Vec<(SnapshotId, TaskId, u64)>,
    offsets: Vec<(SnapshotId, TaskId, u64)>,
    /// What snapshots hold of channels.
    contents: BTreeMap<(SnapshotId, ChannelId), Contents>,
    /// What a restore has put back in this step; nothing when there is none.
    put_back: Option<(Option<SnapshotId>, BTreeMap<ChannelId, Contents>)>,
    latest: Option<SnapshotId>,
    /// The position each task must emit next, by task as far as one has emitted: most tasks never do.
    next: Vec<u64>,
    first: First,
}

clone_fields!(RestoreFidelity { saved, offsets, contents, put_back, latest, next, first });

/// What a task starts with when there is nothing to restore.
fn initial(plan: &Plan, task: TaskId) -> u64 {
    match plan.kind(task) {
        Kind::Sink { .. } => TaskState::Sink(Vec::new()).digest(),
        Kind::Account { tokens, .. } => TaskState::Account { tokens: *tokens, next: 0 }.digest(),
        Kind::Automaton(_) => TaskState::Automaton { state: 0, next: 0 }.digest(),
        _ => 0,
    }
}

fn is_replayable(plan: &Plan, task: TaskId) -> bool {
    !matches!(plan.kind(task), Kind::Source { replayable: false, .. })
}

impl RestoreFidelity {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Copies are found by snapshot and task, so their order has no future; nor have copies that
    /// belong to no snapshot which can still be restored.
    pub(super) fn hash_state<H: Hasher>(&self, alive: &[SnapshotId], state: &mut H) {
        self.latest.hash(state);
        // How far the list goes has no future.
        let used = self.next.iter().rposition(|next| *next > 0).map_or(0, |last| last + 1);
        self.next[..used].hash(state);
        let contents = self.contents.iter().filter(|((id, _), _)| alive.contains(id));
        unordered(contents.map(|((id, channel), of)| (u64::from(id.0), u64::from(channel.0), of.hash)), state);
        for copies in [&self.saved, &self.offsets] {
            let copies = copies.iter().filter(|(id, ..)| alive.contains(id));
            unordered(copies.map(|(id, task, word)| (u64::from(id.0), u64::from(task.0), *word)), state);
        }
    }

    /// For one scenario.
    pub(super) fn new() -> Self {
        RestoreFidelity {
            saved: Vec::new(),
            offsets: Vec::new(),
            contents: BTreeMap::new(),
            put_back: None,
            latest: None,
            next: Vec::new(),
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.saved.clear();
        self.offsets.clear();
        self.contents.clear();
        self.next.fill(0);
        (self.put_back, self.latest, self.first) = (None, None, First::default());
    }

    /// Whether the end of the step has to be looked at.
    pub(super) fn is_unsettled(&self) -> bool {
        self.put_back.is_some()
    }

    /// The step of a restore is over: all that was saved of channels is back in them, and nothing else.
    pub(super) fn settle(&mut self, plan: &Plan, moment: Moment) {
        let Some((snapshot, put_back)) = self.put_back.take() else { return };
        let saved = self.contents.iter().filter(|((id, _), _)| Some(*id) == snapshot).map(|((_, channel), contents)| (*channel, *contents));
        let saved: BTreeMap<ChannelId, Contents> = saved.collect();
        let differs = |channel: &&ChannelId| saved.get(channel) != put_back.get(channel);
        let Some(channel) = saved.keys().chain(put_back.keys()).find(differs) else { return };
        let records = |contents: Option<&Contents>| counted(contents.map_or(0, |contents| contents.records), "record", "records");
        let what = format!("{} is restored", plan.channel_name(*channel));
        let expected = format!("the {} that were saved of it, in their order (N12)", records(saved.get(channel)));
        self.first.note(moment, what, expected, format!("{} that are not those", records(put_back.get(channel))));
    }

    #[inline(always)]
    pub(super) fn emitted(&mut self, plan: &Plan, moment: Moment, task: TaskId, position: u64) {
        if task.index() >= self.next.len() {
            self.next.resize(task.index() + 1, 0);
        }
        let next = std::mem::replace(&mut self.next[task.index()], position + 1);
        if position != next && is_replayable(plan, task) {
            self.out_of_place(plan, moment, task, position, next);
        }
    }

    #[cold]
    #[inline(never)]
    fn out_of_place(&mut self, plan: &Plan, moment: Moment, task: TaskId, position: u64, next: u64) {
        let what = Fact::Emitted { task, position }.describe(plan);
        self.first.note(moment, what, format!("the record at position {}", next + 1), format!("position {}", position + 1));
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::Saved { .. }
                | Fact::OffsetSaved { .. }
                | Fact::RecordSaved { .. }
                | Fact::Reinstated { .. }
                | Fact::Completed { .. }
                | Fact::Aborted { .. }
                | Fact::Restoring { .. }
                | Fact::Restored { .. }
        )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Saved { task, snapshot, digest, .. } => self.saved.push((snapshot, task, digest)),
            Fact::OffsetSaved { task, snapshot, position } => self.offsets.push((snapshot, task, position)),
            Fact::RecordSaved { channel, snapshot, name, value } => {
                self.contents.entry((snapshot, channel)).or_default().add(plan, channel, name, value);
            }
            Fact::Reinstated { channel, name, value } => {
                if let Some((_, put_back)) = &mut self.put_back {
                    put_back.entry(channel).or_default().add(plan, channel, name, value);
                }
            }
            Fact::Completed { snapshot } => {
                // Snapshots of processes need not complete in the order of their numbers.
                self.latest = self.latest.max(Some(snapshot));
                self.saved.retain(|(id, ..)| *id >= snapshot);
                self.offsets.retain(|(id, ..)| *id >= snapshot);
                self.contents.retain(|(id, _), _| *id >= snapshot);
            }
            Fact::Aborted { snapshot, .. } => {
                self.saved.retain(|(id, ..)| *id != snapshot);
                self.offsets.retain(|(id, ..)| *id != snapshot);
                self.contents.retain(|(id, _), _| *id != snapshot);
            }
            Fact::Restoring { snapshot } => {
                self.put_back = Some((snapshot, BTreeMap::new()));
                if snapshot != self.latest {
                    let name = |id: Option<SnapshotId>| id.map_or("no snapshot".to_owned(), |id| format!("snapshot {id}"));
                    self.first.note(moment, fact.describe(plan), format!("{}, the latest completed", name(self.latest)), name(snapshot));
                }
            }
            Fact::Restored { task, snapshot, digest } => self.restored(plan, moment, task, snapshot, digest),
            _ => {}
        }
    }

    fn restored(&mut self, plan: &Plan, moment: Moment, task: TaskId, snapshot: Option<SnapshotId>, digest: u64) {
        let copy = self.saved.iter().find(|(id, owner, _)| Some(*id) == snapshot && *owner == task);
        let expected = copy.map_or_else(|| initial(plan, task), |(.., digest)| *digest);
        let offset = self.offsets.iter().find(|(id, owner, _)| Some(*id) == snapshot && *owner == task);
        // Where nobody has emitted yet there is nothing to set back.
        if let Some(next) = self.next.get_mut(task.index()) {
            *next = offset.map_or(0, |(.., position)| *position);
        }
        if digest != expected && is_replayable(plan, task) {
            let what = Fact::Restored { task, snapshot, digest }.describe(plan);
            self.first.note(moment, what, format!("the state that was saved (digest {expected:016x})"), format!("digest {digest:016x}"));
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}
