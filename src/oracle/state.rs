//! Oracles as part of a state that a search remembers.
//!
//! What an oracle knows decides what it will say, so two worlds that look alike are one state only if
//! the oracles agree as well. The other way round nothing that has no future may tell states apart,
//! or equal states are explored again and again: no times, no absolute counters, no order in which
//! things were noted, nothing about snapshots that are neither pending nor kept.

use std::hash::{Hash, Hasher};

use super::Oracles;
use crate::kernel::{Digest, Prints, clone_fields};
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
    channels,
    delivery,
    state_replay,
    restore,
    sinks,
    coordinator,
    liveness,
    sanity,
    conservation,
    false_alarm,
    alive,
    is_unsettled,
    panic,
});

impl Oracles<'_> {
    /// About how many bytes the oracles take up.
    pub fn footprint(&self) -> usize {
        let per_task = 3 * 32 + 16 + 24 + 2;
        size_of::<Self>() + self.plan.tasks().len() * per_task + self.plan.channels().len() * (32 + 48 + 8) + 512
    }

    /// Adds the fingerprints of what the oracles remember as far as it has a future. `alive` are the
    /// snapshots that are pending or can be restored.
    ///
    /// Where the run is, its [`Moment`](super::Moment), is left out: it is told, never judged by.
    pub fn print(&mut self, alive: &[SnapshotId], prints: &mut Prints) {
        if self.alive != alive {
            self.alive.clear();
            self.alive.extend_from_slice(alive);
            self.delivery.touch();
            self.state_replay.touch();
            self.restore.touch();
            self.liveness.touch();
            self.false_alarm.touch();
        }
        let plan = self.plan;
        prints.add_by(&mut self.channels, |channels, state| {
            channels.cut.is_broken().hash(state);
            channels.hash_state(plan, state);
        });
        prints.add_by(&mut self.delivery, |delivery, state| {
            delivery.hash_state(alive, state);
        });
        prints.add_by(&mut self.state_replay, |replay, state| {
            replay.is_broken().hash(state);
            replay.hash_state(plan, alive, state);
        });
        prints.add_by(&mut self.restore, |restore, state| {
            restore.is_broken().hash(state);
            restore.hash_state(alive, state);
        });
        prints.add_by(&mut self.sinks, |sinks, state| {
            sinks.is_broken().hash(state);
            sinks.hash_state(state);
        });
        prints.add_by(&mut self.coordinator, |coordinator, state| {
            coordinator.is_broken().hash(state);
            coordinator.hash_state(state);
        });
        prints.add_by(&mut self.liveness, |liveness, state| {
            liveness.is_broken().hash(state);
            liveness.hash_state(alive.first().copied(), state);
        });
        prints.add_by(&mut self.sanity, |sanity, state| {
            sanity.is_broken().hash(state);
            sanity.hash_state(state);
        });
        prints.add_by(&mut self.conservation, |conservation, state| {
            conservation.is_broken().hash(state);
            conservation.hash_state(state);
        });
        prints.add_by(&mut self.false_alarm, |false_alarm, state| {
            false_alarm.is_broken().hash(state);
            false_alarm.hash_state(alive, state);
        });
    }
}
