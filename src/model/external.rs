//! What survives every crash at the far end: the system that sinks write to.

use std::hash::{Hash, Hasher};

use super::{Record, SnapshotId};
use crate::kernel::Digest;

/// What has become visible, in the form in which its order has no future: a count and a sum of
/// digests. The records themselves go out as facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Visible {
    /// Records made visible, repeated ones included.
    pub records: u64,
    /// Sum of the records' digests.
    pub sum: u64,
}

impl Visible {
    fn add(&mut self, record: Record) {
        self.records += 1;
        self.sum = self.sum.wrapping_add(Digest::of_pair(record.name, record.value));
    }
}

/// The outside system as one sink task sees it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SinkLog {
    /// Written into the transaction that is still open.
    pub open: Vec<Record>,
    /// Pre-committed transactions by the snapshot at whose barrier they were closed, ascending.
    pub prepared: Vec<(SnapshotId, Vec<Record>)>,
    /// What readers see.
    pub visible: Visible,
}

impl Clone for SinkLog {
    fn clone(&self) -> Self {
        SinkLog { open: self.open.clone(), prepared: self.prepared.clone(), visible: self.visible }
    }
    fn clone_from(&mut self, source: &Self) {
        self.open.clone_from(&source.open);
        self.prepared.clone_from(&source.prepared);
        self.visible = source.visible;
    }
}

/// A transaction becomes visible as a whole: the order of its records has no future.
fn hash_transaction<H: Hasher>(records: &[Record], state: &mut H) {
    state.write_usize(records.len());
    let mut sums = [0_u64; 2];
    for record in records {
        let key = u64::from(record.key) << 32;
        sums[0] = sums[0].wrapping_add(Digest::of_pair(record.name ^ key, record.value));
        sums[1] = sums[1].wrapping_add(Digest::of_pair(record.value, !record.name ^ key));
    }
    if !records.is_empty() {
        sums.hash(state);
    }
}

impl Hash for SinkLog {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_transaction(&self.open, state);
        state.write_usize(self.prepared.len());
        for (id, records) in &self.prepared {
            id.hash(state);
            hash_transaction(records, state);
        }
        self.visible.hash(state);
    }
}

impl SinkLog {
    /// Makes a record visible at once.
    pub fn publish(&mut self, record: Record) {
        self.visible.add(record);
    }

    /// Closes the open transaction under the id of a snapshot (T1).
    pub fn prepare(&mut self, snapshot: SnapshotId) {
        let records = std::mem::take(&mut self.open);
        self.prepared.push((snapshot, records));
    }

    /// Makes a pre-committed transaction visible and returns its records; `None` when there is
    /// no such transaction any more, because it was committed before: committing is idempotent.
    pub fn commit(&mut self, snapshot: SnapshotId) -> Option<Vec<Record>> {
        let at = self.prepared.iter().position(|(id, _)| *id == snapshot)?;
        let (_, records) = self.prepared.remove(at);
        records.iter().for_each(|&record| self.visible.add(record));
        Some(records)
    }

    /// Takes away a pre-committed transaction; its records never become visible.
    pub fn roll_back(&mut self, snapshot: SnapshotId) {
        self.prepared.retain(|(id, _)| *id != snapshot);
    }
}

/// The outside world of all sinks, one log per task that has one.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct External {
    /// Sink logs by sink task, in task order.
    pub sinks: Vec<SinkLog>,
}

impl Clone for External {
    fn clone(&self) -> Self {
        External { sinks: self.sinks.clone() }
    }
    fn clone_from(&mut self, source: &Self) {
        self.sinks.clone_from(&source.sinks);
    }
}
