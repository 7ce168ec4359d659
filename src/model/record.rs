//! What travels in channels.

use std::fmt;

/// Number of a snapshot. Ids grow strictly and are never used twice, gaps are normal (C7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub u32);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A data element.
///
/// `name` is the record's lineage: a number in the name space of the operator that sent it,
/// from which [`Plan::describe`](super::Plan::describe) finds the source records it derives
/// from. Names are pure arithmetic on the graph, so a replayed record has the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// Lineage, unique among all records that the sending operator can ever emit.
    pub name: u64,
    /// What hash partitioning and keyed state go by.
    pub key: u32,
    /// Payload: a number, or 1 for a word.
    pub value: u64,
}

/// Control element `B(k)` of snapshot k in a channel; Chandy and Lamport's marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Barrier {
    /// The snapshot it belongs to.
    pub snapshot: SnapshotId,
}

/// One element of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// Data.
    Record(Record),
    /// The line between before and after a snapshot.
    Barrier(Barrier),
}
