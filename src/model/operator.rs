//! What operators do with a record.

use std::sync::Arc;

use super::{Dictionary, Fold, Record, Table, TaskState, Transfer};

/// How a sink makes its records visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Commit {
    /// Every record is visible at once; a replayed record is visible twice.
    Plain,
    /// Every record is visible at once, by its identity: what is written again takes the place of what was
    /// there.
    Idempotent,
    /// Every record is visible at once, by its key: it takes the place of what its key had.
    Upsert,
    /// Every record is visible at once, and is added to what its key had.
    Additive,
    /// Records are written into a transaction that is pre-committed at the barrier and
    /// committed when the checkpoint is known to be complete (T1-T4).
    TwoPhase,
}

impl Commit {
    /// Whether to write a record again changes nothing, so that nobody sees how often it was written.
    pub fn absorbs(self) -> bool {
        matches!(self, Commit::Idempotent | Commit::Upsert)
    }

    /// The word used in scenario files.
    pub fn word(self) -> &'static str {
        match self {
            Commit::Plain => "plain",
            Commit::Idempotent => "idempotent",
            Commit::Upsert => "upsert",
            Commit::Additive => "additive",
            Commit::TwoPhase => "two_phase",
        }
    }
}

/// What an operator does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads a log.
    Source {
        /// Records of all its tasks together; record n (from 0) is in the log of task n mod parallelism.
        records: u64,
        /// Whether it can be set back to an earlier position.
        replayable: bool,
        /// For text: the dictionary's number of its first line.
        first_line: Option<u32>,
        /// Whether its tasks are gone after their last record (E1); else they stay for snapshots.
        finishes: bool,
    },
    /// Sends on what it gets.
    Pass,
    /// Sends on what it gets, from several inputs.
    Union,
    /// value := value * multiply + add.
    Map {
        /// Factor.
        multiply: u64,
        /// Summand.
        add: u64,
    },
    /// Drops every record whose value leaves another remainder.
    Filter {
        /// Divisor, at least 1.
        modulo: u64,
        /// The remainder that is kept.
        remainder: u64,
    },
    /// Sends several records for one.
    FlatMap {
        /// The largest number of records for one.
        fan: u32,
        /// Splits a line into its words; else it sends `fan` copies.
        split: bool,
    },
    /// Keeps a number for each key and sends the new one of the record's key.
    Keyed {
        /// Key := key mod this.
        keys: Option<u32>,
        /// What the number is.
        fold: Fold,
    },
    /// Pairs every record of its first edge with every record of its second that has the same key.
    Join {
        /// Key := key mod this.
        keys: Option<u32>,
        /// Names below this came by the first edge.
        left: u64,
    },
    /// The head of a loop: counts every record by key on every lap and sends it round; after so many
    /// rounds it leaves.
    Iterate {
        /// Rounds, at least 1.
        rounds: u32,
    },
    /// A process that holds tokens, pays some of them to others and keeps what it is paid.
    Account {
        /// What it has in the beginning.
        tokens: u64,
        /// What it pays, in order.
        transfers: Arc<[Transfer]>,
    },
    /// A process with a table of states, sends and receives.
    Automaton(Arc<Table>),
    /// Hands records to the outside world.
    Sink {
        /// When they become visible.
        commit: Commit,
    },
}

impl Kind {
    /// The word used in scenario files.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Source { .. } => "source",
            Kind::Pass => "pass",
            Kind::Union => "union",
            Kind::Map { .. } => "map",
            Kind::Filter { .. } => "filter",
            Kind::FlatMap { split: true, .. } => "split_words",
            Kind::FlatMap { .. } => "flat_map",
            Kind::Keyed { fold: Fold::Count, .. } => "keyed_count",
            Kind::Keyed { fold: Fold::Sum, .. } => "keyed_sum",
            Kind::Keyed { fold: Fold::Latest, .. } => "latest",
            Kind::Keyed { fold: Fold::Average { .. }, .. } => "average",
            Kind::Join { .. } => "join",
            Kind::Iterate { .. } => "iterate",
            Kind::Account { .. } => "account",
            Kind::Automaton(_) => "automaton",
            Kind::Sink { .. } => "sink",
        }
    }

    /// Whether it reads a log.
    pub fn is_source(&self) -> bool {
        matches!(self, Kind::Source { .. })
    }

    /// Whether it is a process of a message-passing graph, not an operator of a dataflow.
    pub fn is_process(&self) -> bool {
        matches!(self, Kind::Account { .. } | Kind::Automaton(_))
    }

    /// Whether its tasks are gone after their last record.
    pub fn finishes(&self) -> bool {
        matches!(self, Kind::Source { finishes: true, .. })
    }

    /// Whether it sends on its own account.
    pub fn emits(&self) -> bool {
        self.is_source() || self.is_process()
    }

    /// Whether it hands records to the outside world.
    pub fn is_sink(&self) -> bool {
        matches!(self, Kind::Sink { .. })
    }

    /// Whether what it sends for a record depends on the records before it.
    pub fn accumulates(&self) -> bool {
        matches!(self, Kind::Keyed { fold: Fold::Count | Fold::Sum | Fold::Average { .. }, .. })
    }

    /// Whether it keeps state that a record changes.
    pub fn is_stateful(&self) -> bool {
        matches!(self, Kind::Keyed { .. } | Kind::Join { .. } | Kind::Iterate { .. } | Kind::Account { .. })
    }

    /// Whether what it keeps depends on the order in which its records come.
    pub fn goes_by_order(&self) -> bool {
        matches!(self, Kind::Keyed { fold: Fold::Latest | Fold::Average { .. }, .. })
    }

    /// What it takes keys modulo of, if it does.
    pub fn keys(&self) -> Option<u32> {
        match *self {
            Kind::Keyed { keys, .. } | Kind::Join { keys, .. } => keys,
            _ => None,
        }
    }

    /// The size of its name space, given that of its inputs together.
    pub(super) fn names_out(&self, names_in: u64) -> u64 {
        match *self {
            Kind::Source { records, .. } => records,
            Kind::Account { ref transfers, .. } => transfers.len() as u64,
            Kind::Automaton(ref table) => u64::from(table.acts),
            Kind::FlatMap { fan, .. } => names_in.saturating_mul(u64::from(fan)),
            // A pair is named left * names_in + right.
            Kind::Join { .. } => names_in.saturating_mul(names_in),
            Kind::Sink { .. } => 0,
            _ => names_in,
        }
    }

    pub(super) fn log_length(&self, index: u32, parallelism: u32) -> u64 {
        let records = match *self {
            Kind::Source { records, .. } => records,
            Kind::Account { ref transfers, .. } => return transfers.len() as u64,
            Kind::Automaton(ref table) => return u64::from(table.acts),
            _ => return 0,
        };
        let (index, parallelism) = (u64::from(index), u64::from(parallelism));
        records.saturating_sub(index).div_ceil(parallelism)
    }

    pub(super) fn source_bases(&self, parallelism: u32) -> Box<[u64]> {
        if !self.is_source() {
            return Box::default();
        }
        let lengths = (0..parallelism).map(|index| self.log_length(index, parallelism));
        lengths.scan(0, |next, length| Some(std::mem::replace(next, *next + length))).collect()
    }

    /// The record at `position` of the log of task `index`, without its name: what is read again
    /// after a failure is the same by construction.
    #[inline]
    pub fn read(&self, position: u64, index: u32, parallelism: u32) -> (u32, u64) {
        let number = position * u64::from(parallelism) + u64::from(index);
        match *self {
            Kind::Source { first_line: Some(line), .. } => (line + number as u32, 1),
            _ => (number as u32 + 1, number + 1),
        }
    }
}

#[inline(always)]
fn key_of(key: u32, keys: Option<u32>) -> u32 {
    match keys {
        Some(keys) => key % keys,
        None => key,
    }
}

impl TaskState {
    /// What it shows for each key: the number that is kept of it, the values that a join remembers added up, the
    /// tokens of an account.
    pub fn show(&self, kind: &Kind, mut show: impl FnMut(u32, u64)) {
        match self {
            TaskState::Keyed(entries) => {
                let fold = if let Kind::Keyed { fold, .. } = *kind { fold } else { Fold::Count };
                let entries = (0..).zip(entries).filter(|(_, entry)| entry.count > 0);
                entries.for_each(|(key, entry)| show(key, fold.result(*entry)));
            }
            TaskState::Join(entries) => {
                let by_key = entries.chunk_by(|a, b| a.key == b.key);
                by_key.for_each(|entries| show(entries[0].key, entries.iter().map(|entry| entry.value).fold(0, u64::wrapping_add)));
            }
            TaskState::Account { tokens, .. } => show(0, *tokens),
            TaskState::Stateless | TaskState::Source(_) | TaskState::Sink(_) | TaskState::Automaton { .. } => {}
        }
    }
}

/// Lets an operator process one record: changes `state` and hands what is sent to `send`.
///
/// Sources and sinks do not come here; they touch the outside world.
#[inline(always)]
pub fn process(kind: &Kind, dictionary: &Dictionary, names_in: u64, state: &mut TaskState, record: Record, mut send: impl FnMut(Record)) {
    match *kind {
        Kind::Pass | Kind::Union => send(record),
        Kind::Map { multiply, add } => {
            send(Record { value: record.value.wrapping_mul(multiply).wrapping_add(add), ..record });
        }
        Kind::Filter { modulo, remainder } => {
            if record.value % modulo == remainder {
                send(record);
            }
        }
        Kind::FlatMap { fan, split: false } => {
            (0..u64::from(fan)).for_each(|part| send(Record { name: record.name * u64::from(fan) + part, ..record }));
        }
        Kind::FlatMap { fan, split: true } => {
            for (part, &word) in dictionary.split(record.key).iter().enumerate() {
                send(Record { name: record.name * u64::from(fan) + part as u64, key: word, value: 1, ..record });
            }
        }
        Kind::Keyed { keys, fold } => {
            let key = key_of(record.key, keys);
            let entry = state.add(fold, key, record.value);
            send(Record { key, value: fold.result(entry), ..record });
        }
        Kind::Iterate { .. } => {
            state.add(Fold::Count, record.key, record.value);
            send(record);
        }
        Kind::Account { .. } => state.receive(record.value),
        Kind::Automaton(ref table) => state.accept(table, record.value),
        Kind::Join { keys, left } => {
            let record = Record { key: key_of(record.key, keys), ..record };
            state.join(record, left, |earlier| {
                let (a, b) = if record.name < left { (record, earlier) } else { (earlier, record) };
                send(Record { name: a.name * names_in + b.name, value: a.value.wrapping_add(b.value), ..record });
            });
        }
        Kind::Source { .. } | Kind::Sink { .. } => unreachable!("sources and sinks do not process"),
    }
}
