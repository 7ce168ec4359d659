//! What went into and came out of every channel, in counts and order-sensitive sums: shared by
//! the oracles that judge channels.

use std::hash::{Hash, Hasher};

use crate::kernel::{Digest, Id, clone_fields};
use crate::model::{ChannelId, Plan};

/// One channel's traffic in the current attempt.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    sent: u64,
    received: u64,
    /// Polynomial hashes of the names in their order. The channel is FIFO and conserves what it
    /// carries if and only if (but for a collision) they agree whenever the counts do.
    sent_hash: u64,
    received_hash: u64,
}

/// All channels' traffic.
#[derive(Debug)]
pub(super) struct Traffic {
    flows: Vec<Flow>,
    /// By channel: whether it need not keep order; empty when all do.
    unordered: Vec<bool>,
}

/// Any odd number with well-spread bits: so that order counts.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
/// Another, so that a record's value counts beside its name.
const SPREAD: u64 = 0xD6E8_FEB8_6659_FD93;

clone_fields!(Traffic { flows, unordered });

/// A stretch of a channel's traffic, from one count to another, without what came before it: its
/// length and the hash of its names alone. As the hash of a sequence behind another is
/// `first * BASE^length + second`, this is what everything that can still be found out from the two
/// ends depends on, and nothing else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stretch {
    length: u64,
    hash: u64,
}

impl Traffic {
    /// What lies between two points of a channel. More at its beginning than at its end is a
    /// record too many: that is kept as it is.
    pub fn between(&self, channel: ChannelId, (from, from_hash): (u64, u64), (to, to_hash): (u64, u64)) -> Stretch {
        let length = to.wrapping_sub(from);
        if self.is_unordered(channel) || to >= from {
            return Stretch { length, hash: to_hash.wrapping_sub(self.joined(channel, from_hash, 0, length)) };
        }
        Stretch { length, hash: to_hash.wrapping_mul(BASE).wrapping_add(from_hash) }
    }

    /// Where the sending end is.
    pub fn sent_to(&self, channel: ChannelId) -> (u64, u64) {
        (self.sent(channel), self.sent_hash(channel))
    }

    /// Where the receiving end is.
    pub fn received_to(&self, channel: ChannelId) -> (u64, u64) {
        (self.received(channel), self.received_hash(channel))
    }

    /// What is under way, not how much ever was.
    pub fn hash_state<H: Hasher>(&self, state: &mut H) {
        for at in 0..self.flows.len() {
            let channel = ChannelId::from_index(at);
            self.between(channel, self.received_to(channel), self.sent_to(channel)).hash(state);
        }
    }

    pub fn new(plan: &Plan) -> Self {
        let unordered = plan.channels().iter().map(|channel| !channel.is_fifo);
        Traffic {
            flows: vec![Flow::default(); plan.channels().len()],
            unordered: if plan.is_ordered() { Vec::new() } else { unordered.collect() },
        }
    }

    /// A new attempt: channels are empty.
    pub fn reset(&mut self) {
        self.flows.fill(Flow::default());
    }

    /// Whether the channel need not keep order.
    #[inline(always)]
    pub fn is_unordered(&self, channel: ChannelId) -> bool {
        self.unordered.get(channel.index()).copied().unwrap_or(false)
    }

    /// The hash of a sequence with one more record; where order does not count, of a multiset.
    #[inline(always)]
    pub fn extend(&self, channel: ChannelId, hash: u64, name: u64, value: u64) -> u64 {
        let name = name ^ value.wrapping_mul(SPREAD);
        if self.is_unordered(channel) {
            return hash.wrapping_add(Digest::of_pair(name, BASE));
        }
        hash.wrapping_mul(BASE).wrapping_add(name ^ BASE)
    }

    /// The hash of one sequence behind another, from their hashes and the second one's length.
    pub fn joined(&self, channel: ChannelId, first: u64, second: u64, length: u64) -> u64 {
        if self.is_unordered(channel) {
            return first.wrapping_add(second);
        }
        (0..length).fold(first, |hash, _| hash.wrapping_mul(BASE)).wrapping_add(second)
    }

    #[inline(always)]
    pub fn send(&mut self, channel: ChannelId, name: u64, value: u64) {
        let hash = self.extend(channel, self.flows[channel.index()].sent_hash, name, value);
        let flow = &mut self.flows[channel.index()];
        flow.sent += 1;
        flow.sent_hash = hash;
    }

    /// Whether the record may be there: something was in flight, and if it was the last, the
    /// channel has given back what went in, in order where it keeps order.
    #[inline(always)]
    pub fn receive(&mut self, channel: ChannelId, name: u64, value: u64) -> bool {
        let hash = self.extend(channel, self.flows[channel.index()].received_hash, name, value);
        let flow = &mut self.flows[channel.index()];
        flow.received += 1;
        flow.received_hash = hash;
        flow.received < flow.sent || (flow.received == flow.sent && flow.received_hash == flow.sent_hash)
    }

    /// The hash of the names sent so far, in order.
    pub fn sent_hash(&self, channel: ChannelId) -> u64 {
        self.flows[channel.index()].sent_hash
    }

    /// The hash of the names received so far, in order.
    pub fn received_hash(&self, channel: ChannelId) -> u64 {
        self.flows[channel.index()].received_hash
    }

    pub fn sent(&self, channel: ChannelId) -> u64 {
        self.flows[channel.index()].sent
    }

    pub fn received(&self, channel: ChannelId) -> u64 {
        self.flows[channel.index()].received
    }
}
