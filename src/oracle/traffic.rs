//! What went into and came out of every channel, in counts and order-sensitive sums: shared by
//! the oracles that judge channels.

use crate::kernel::{Digest, Id};
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
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    flows: Vec<Flow>,
    /// By channel: whether it need not keep order; empty when all do.
    unordered: Vec<bool>,
}

/// Any odd number with well-spread bits: so that order counts.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

impl Traffic {
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

    /// The hash of a sequence with one more name; where order does not count, of a multiset.
    #[inline(always)]
    pub fn extend(&self, channel: ChannelId, hash: u64, name: u64) -> u64 {
        if self.is_unordered(channel) {
            return hash.wrapping_add(Digest::of_pair(name, BASE));
        }
        hash.wrapping_mul(BASE).wrapping_add(name ^ BASE)
    }

    /// The hash of one sequence behind another, from their hashes and the second one's length.
    pub fn joined(&self, channel: ChannelId, first: u64, second: u64, length: u64) -> u64 {
        let base = if self.is_unordered(channel) { 1 } else { BASE };
        (0..length).fold(first, |hash, _| hash.wrapping_mul(base)).wrapping_add(second)
    }

    #[inline(always)]
    pub fn send(&mut self, channel: ChannelId, name: u64) {
        let hash = self.extend(channel, self.flows[channel.index()].sent_hash, name);
        let flow = &mut self.flows[channel.index()];
        flow.sent += 1;
        flow.sent_hash = hash;
    }

    /// Whether the record may be there: something was in flight, and if it was the last, the
    /// channel has given back what went in, in order where it keeps order.
    #[inline(always)]
    pub fn receive(&mut self, channel: ChannelId, name: u64) -> bool {
        let hash = self.extend(channel, self.flows[channel.index()].received_hash, name);
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
