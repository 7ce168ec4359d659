//! What went into and came out of every channel, in counts and order-sensitive sums: shared by
//! the oracles that judge channels.

use crate::kernel::Id;
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
}

/// Any odd number with well-spread bits: so that order counts.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of one sequence behind another, from their hashes and the second one's length.
pub(super) fn joined(first: u64, second: u64, length: u64) -> u64 {
    (0..length).fold(first, |hash, _| hash.wrapping_mul(BASE)).wrapping_add(second)
}

#[inline(always)]
pub(super) fn extend(hash: u64, name: u64) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(name ^ BASE)
}

impl Traffic {
    pub fn new(plan: &Plan) -> Self {
        Traffic { flows: vec![Flow::default(); plan.channels().len()] }
    }

    /// A new attempt: channels are empty.
    pub fn reset(&mut self) {
        self.flows.fill(Flow::default());
    }

    #[inline(always)]
    pub fn send(&mut self, channel: ChannelId, name: u64) {
        let flow = &mut self.flows[channel.index()];
        flow.sent += 1;
        flow.sent_hash = extend(flow.sent_hash, name);
    }

    /// Whether the record may be there: something was in flight, and if it was the last, the
    /// channel has given back what went in, in order.
    #[inline(always)]
    pub fn receive(&mut self, channel: ChannelId, name: u64) -> bool {
        let flow = &mut self.flows[channel.index()];
        flow.received += 1;
        flow.received_hash = extend(flow.received_hash, name);
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
