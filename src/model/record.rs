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
    /// What the sender's protocol lets its records carry (Lai and Yang's colour); 0 for most.
    pub stamp: u32,
    /// Payload: a number, or 1 for a word.
    pub value: u64,
}

/// How a barrier travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarrierKind {
    /// It keeps its place among the records.
    Aligned,
    /// It keeps its place for now: its arrival is announced, and the receiver may move it to the
    /// front once the snapshot's alignment budget is used up.
    Timed {
        /// Its receiver knows of it.
        is_announced: bool,
        /// The records that it was moved ahead of; `None` while it keeps its place.
        overtook: Option<u32>,
    },
    /// It goes ahead of the records in its channel.
    Unaligned {
        /// The records that it went ahead of.
        overtook: u32,
    },
    /// It says how many records were sent before it, so that the channel need not keep order.
    Counting {
        /// Records that its sender had put into this channel since it came up.
        sent: u32,
    },
}

/// Control element `B(k)` of snapshot k in a channel; Chandy and Lamport's marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Barrier {
    /// The snapshot it belongs to.
    pub snapshot: SnapshotId,
    /// How it travels.
    pub kind: BarrierKind,
}

impl Barrier {
    /// One that keeps its place.
    pub fn aligned(snapshot: SnapshotId) -> Self {
        Barrier { snapshot, kind: BarrierKind::Aligned }
    }

    /// One that keeps its place for now.
    pub fn timed(snapshot: SnapshotId) -> Self {
        Barrier { snapshot, kind: BarrierKind::Timed { is_announced: false, overtook: None } }
    }

    /// How many records of its channel it went ahead of; they follow it.
    pub fn overtook(self) -> u32 {
        match self.kind {
            BarrierKind::Unaligned { overtook } => overtook,
            BarrierKind::Timed { overtook, .. } => overtook.unwrap_or(0),
            BarrierKind::Aligned | BarrierKind::Counting { .. } => 0,
        }
    }

    /// Whether it goes ahead of records.
    pub fn is_urgent(self) -> bool {
        matches!(self.kind, BarrierKind::Unaligned { .. } | BarrierKind::Timed { overtook: Some(_), .. })
    }
}

/// One element of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// Data.
    Record(Record),
    /// The line between before and after a snapshot.
    Barrier(Barrier),
    /// The sender gave this snapshot up; its barrier will not come, or came for nothing (K6, K9).
    Cancel(SnapshotId),
    /// The sender has no data left: barriers can still come, records can not (E1).
    EndOfData,
    /// The sender has finished; nothing comes after this (E2).
    End,
}
