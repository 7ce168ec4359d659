//! How many bytes the parts of snapshots have.

use super::{OperatorId, Part};
use crate::kernel::Bytes;

/// How many bytes the parts of snapshots have, and how many are borne.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// An entry of a state.
    pub entry: Bytes,
    /// A record as contents of a channel.
    pub record: Bytes,
    /// What a task of each operator has besides, so that a large state takes no memory here.
    pub besides: Vec<Bytes>,
    /// The largest part that storage takes; any where there is none.
    pub most: Option<Bytes>,
}

impl Sizes {
    /// What a task of `operator` has to store.
    pub fn of(&self, operator: OperatorId, part: &Part) -> Bytes {
        let entries = self.entry.0.saturating_mul(part.state.entries() as u64);
        let records = self.record.0.saturating_mul(part.channels.len() as u64);
        Bytes(self.besides[operator.0 as usize].0.saturating_add(entries).saturating_add(records))
    }

    /// Whether storage does not take so much from one task.
    pub fn is_too_large(&self, bytes: Bytes) -> bool {
        self.most.is_some_and(|most| bytes > most)
    }
}
