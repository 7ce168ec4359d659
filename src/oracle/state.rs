//! Oracles as part of a state that a search remembers.
//!
//! What an oracle knows decides what it will say, so two worlds that look alike are one state only if
//! the oracles agree as well. The other way round nothing that has no future may tell states apart,
//! or equal states are explored again and again: no times, no absolute counters, no order in which
//! things were noted, nothing about snapshots that are neither pending nor kept.

use std::hash::{Hash, Hasher};

use super::Oracles;
use crate::kernel::{Digest, clone_fields};
use crate::model::SnapshotId;

/// Hashes words as a multiset: their order has no future. Two sums of independent digests, so that
/// no half of a fingerprint hangs on 64 bits.
pub(super) fn unordered<H: Hasher>(words: impl Iterator<Item = (u64, u64, u64)>, state: &mut H) {
    let (mut count, mut sums) = (0_u64, [0_u64; 2]);
    for (a, b, c) in words {
        let place = a | b << 32;
        count += 1;
        sums[0] = sums[0].wrapping_add(Digest::of_pair(place, c));
        sums[1] = sums[1].wrapping_add(Digest::of_pair(c, !place));
    }
    count.hash(state);
    if count > 0 {
        sums.hash(state);
    }
}

clone_fields!(Oracles<'p> {
    plan,
    moment,
    traffic,
    delivery,
    consistent_cut,
    state_replay,
    restore,
    sinks,
    liveness,
    sanity,
    conservation,
    false_alarm,
});

impl Oracles<'_> {
    /// About how many bytes the oracles take up.
    pub fn footprint(&self) -> usize {
        let per_task = 3 * 32 + 16 + 24 + 2;
        size_of::<Self>() + self.plan.tasks().len() * per_task + self.plan.channels().len() * (32 + 48 + 8) + 512
    }

    /// Hashes what the oracles remember as far as it has a future. `alive` are the snapshots that are
    /// pending or can be restored.
    ///
    /// Where the run is, its [`Moment`](super::Moment), is left out: it is told, never judged by.
    pub fn hash_state<H: Hasher>(&self, alive: &[SnapshotId], state: &mut H) {
        self.broken_bits().hash(state);
        self.traffic.hash_state(state);
        self.delivery.hash_state(alive, state);
        self.consistent_cut.hash_state(self.plan, &self.traffic, state);
        self.state_replay.hash_state(self.plan, alive, state);
        self.restore.hash_state(alive, state);
        self.sinks.hash_state(state);
        self.liveness.hash_state(state);
        self.sanity.hash_state(state);
        self.conservation.hash_state(state);
        self.false_alarm.hash_state(alive, state);
    }
}
