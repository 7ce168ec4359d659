//! The state of a task: what a crash wipes and a snapshot saves.

use std::hash::{Hash, Hasher};

use super::{ChannelId, Record, SnapshotId, Table};
use crate::kernel::Digest;

/// What keyed operators know of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyEntry {
    /// Records that it stands for.
    pub count: u64,
    /// Their values added up (wrapping).
    pub sum: u64,
}

/// What a keyed operator keeps of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// How many records there were.
    Count,
    /// Their values, added up.
    Sum,
    /// The value of the last record.
    Latest,
    /// The average of the values, rounded down, since the last record that started it anew, that record included.
    Average {
        /// Records whose value is a multiple of this start it anew; at least 1.
        reset: u64,
    },
}

impl Fold {
    /// Whether a record of this value makes the ones before it forgotten.
    #[inline(always)]
    pub fn starts_anew(self, value: u64) -> bool {
        match self {
            Fold::Count | Fold::Sum => false,
            Fold::Latest => true,
            Fold::Average { reset } => value.is_multiple_of(reset),
        }
    }

    /// The number that is kept, of a key that has records.
    #[inline(always)]
    pub(super) fn result(self, entry: KeyEntry) -> u64 {
        match self {
            Fold::Count => entry.count,
            Fold::Sum | Fold::Latest => entry.sum,
            Fold::Average { .. } => entry.sum / entry.count.max(1),
        }
    }
}

/// A record that a join remembers, ordered by key, then side and name: the order of arrival has
/// no future, so it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JoinEntry {
    /// The join key.
    pub key: u32,
    /// Lineage at the join; the left side's names are the smaller ones.
    pub name: u64,
    /// Payload.
    pub value: u64,
}

/// Working state of one task.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Nothing to remember.
    Stateless,
    /// The position (from 0) of the next record to emit (S6).
    Source(u64),
    /// Entries by key; keys beyond the end have none.
    Keyed(Vec<KeyEntry>),
    /// Both sides' records, sorted.
    Join(Vec<JoinEntry>),
    /// Transactions pre-committed and not known to be committed, ascending.
    Sink(Vec<SnapshotId>),
    /// What an account holds, and how many payments it has made.
    Account {
        /// What it holds.
        tokens: u64,
        /// The next payment.
        next: u64,
    },
    /// The state an automaton is in, and how often it has acted.
    Automaton {
        /// By number.
        state: u32,
        /// The next act.
        next: u64,
    },
}

// By hand for `clone_from`, which keeps the vectors' allocations.
impl Clone for TaskState {
    fn clone(&self) -> Self {
        match self {
            TaskState::Stateless => TaskState::Stateless,
            TaskState::Source(next) => TaskState::Source(*next),
            TaskState::Keyed(entries) => TaskState::Keyed(entries.clone()),
            TaskState::Join(entries) => TaskState::Join(entries.clone()),
            TaskState::Sink(pending) => TaskState::Sink(pending.clone()),
            TaskState::Account { tokens, next } => TaskState::Account { tokens: *tokens, next: *next },
            TaskState::Automaton { state, next } => TaskState::Automaton { state: *state, next: *next },
        }
    }

    fn clone_from(&mut self, source: &Self) {
        match (self, source) {
            (TaskState::Keyed(to), TaskState::Keyed(from)) => to.clone_from(from),
            (TaskState::Join(to), TaskState::Join(from)) => to.clone_from(from),
            (TaskState::Sink(to), TaskState::Sink(from)) => to.clone_from(from),
            (to, from) => *to = from.clone(),
        }
    }
}

impl TaskState {
    /// Takes in a record under `key` and returns the new entry.
    #[inline(always)]
    pub(super) fn add(&mut self, fold: Fold, key: u32, value: u64) -> KeyEntry {
        let TaskState::Keyed(entries) = self else { unreachable!("keyed operators have keyed state") };
        let key = key as usize;
        if key >= entries.len() {
            entries.resize(key + 1, KeyEntry::default());
        }
        let entry = &mut entries[key];
        if fold.starts_anew(value) {
            *entry = KeyEntry::default();
        }
        entry.count += 1;
        entry.sum = entry.sum.wrapping_add(value);
        *entry
    }

    /// An account is paid.
    pub(super) fn receive(&mut self, value: u64) {
        let TaskState::Account { tokens, .. } = self else { unreachable!("accounts have account state") };
        *tokens += value;
    }

    /// An automaton takes a message that its state has a rule for.
    pub(super) fn accept(&mut self, table: &Table, message: u64) {
        let TaskState::Automaton { state, .. } = self else { unreachable!("automata have a state") };
        *state = table.receive_in(*state, message).unwrap_or(*state);
    }

    /// What a process shows of itself in a snapshot: its tokens, or the number of its state.
    pub fn shown(&self) -> Option<u64> {
        match self {
            TaskState::Account { tokens, .. } => Some(*tokens),
            TaskState::Automaton { state, .. } => Some(u64::from(*state)),
            _ => None,
        }
    }

    /// The position (from 0) of what a source or process sends next.
    #[inline(always)]
    pub fn position(&self) -> Option<u64> {
        match self {
            TaskState::Source(next) | TaskState::Account { next, .. } | TaskState::Automaton { next, .. } => Some(*next),
            _ => None,
        }
    }

    /// Remembers a record and hands every earlier record of the other side to `pair`.
    pub(super) fn join(&mut self, record: Record, left: u64, mut pair: impl FnMut(Record)) {
        let TaskState::Join(entries) = self else { unreachable!("joins have join state") };
        let Record { name, key, value, .. } = record;
        let start = entries.partition_point(|entry| entry.key < key);
        for entry in entries[start..].iter().take_while(|entry| entry.key == key) {
            if (entry.name < left) != (name < left) {
                pair(Record { name: entry.name, value: entry.value, ..record });
            }
        }
        let entry = JoinEntry { key, name, value };
        let at = entries.partition_point(|other| *other < entry);
        entries.insert(at, entry);
    }

    /// How many entries a snapshot of it holds.
    pub fn entries(&self) -> usize {
        match self {
            TaskState::Stateless | TaskState::Source(_) => 0,
            TaskState::Account { .. } | TaskState::Automaton { .. } => 1,
            TaskState::Keyed(entries) => entries.iter().filter(|entry| entry.count > 0).count(),
            TaskState::Join(entries) => entries.len(),
            TaskState::Sink(pending) => pending.len(),
        }
    }

    /// A fingerprint of the contents. For keyed and join state it is the sum of the entries'
    /// own digests, so that an independent fold can keep it up to date entry by entry.
    pub fn digest(&self) -> u64 {
        match self {
            TaskState::Stateless => 0,
            TaskState::Source(next) => *next,
            TaskState::Account { tokens, next } => Digest::of_pair(*tokens, *next),
            TaskState::Automaton { state, next } => Digest::of_pair(u64::from(*state), *next),
            TaskState::Keyed(entries) => {
                entries.iter().enumerate().fold(0, |sum: u64, (key, entry)| sum.wrapping_add(Self::digest_of_key(key as u32, *entry)))
            }
            TaskState::Join(entries) => {
                entries.iter().fold(0, |sum: u64, entry| sum.wrapping_add(Self::digest_of_joined(entry.key, entry.name, entry.value)))
            }
            TaskState::Sink(pending) => {
                let mut digest = Digest::new();
                pending.hash(&mut digest);
                digest.finish()
            }
        }
    }

    /// The share of one key in [`digest`](Self::digest); 0 for a key without records.
    #[inline]
    pub fn digest_of_key(key: u32, entry: KeyEntry) -> u64 {
        if entry.count == 0 { 0 } else { Digest::of_pair(entry.sum ^ (u64::from(key) << 32), entry.count) }
    }

    /// The share of one joined record in [`digest`](Self::digest).
    pub fn digest_of_joined(key: u32, name: u64, value: u64) -> u64 {
        Digest::of_pair(name ^ (u64::from(key) << 40), value)
    }
}

/// What one task contributes to a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Copy of the working state.
    pub state: TaskState,
    /// Contents of channels, in the order in which they were saved: of inputs what arrived behind
    /// the cut, of outputs what the barrier overtook.
    pub channels: Vec<(ChannelId, Record)>,
    /// Whether the task had finished: then it is restored as finished (P2, P5).
    pub is_finished: bool,
}

/// Each channel's contents go back into that channel, so how the channels' records were mixed when
/// they were saved has no future.
impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.state.hash(state);
        let is_first = |at: &usize| self.channels[..*at].iter().all(|(channel, _)| *channel != self.channels[*at].0);
        let mut channels: Vec<ChannelId> = (0..self.channels.len()).filter(is_first).map(|at| self.channels[at].0).collect();
        channels.sort_unstable();
        state.write_usize(self.channels.len());
        for channel in channels {
            self.channels.iter().filter(|(other, _)| *other == channel).for_each(|saved| saved.hash(state));
        }
    }
}
