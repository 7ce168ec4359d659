//! What the oracles that judge channels share.

use std::hash::Hasher;

use super::traffic::Traffic;
use super::{ConsistentCut, Moment};
use crate::kernel::clone_fields;
use crate::model::{ChannelId, Plan};
use crate::trace::Fact;

/// All channels' traffic, and the cuts through it. They stay together: what a cut means hangs on how
/// far the traffic is.
#[derive(Debug)]
pub(super) struct Channels {
    pub traffic: Traffic,
    pub cut: ConsistentCut,
}

clone_fields!(Channels { traffic, cut });

impl Channels {
    pub fn new(plan: &Plan) -> Self {
        Channels { traffic: Traffic::new(plan), cut: ConsistentCut::new() }
    }

    pub fn reset(&mut self) {
        self.traffic.reset();
        self.cut.reset();
    }

    /// Whether the channel's traffic allows the record.
    #[inline(always)]
    pub fn received(&mut self, plan: &Plan, channel: ChannelId, name: u64, value: u64) -> bool {
        let is_sound = self.traffic.receive(channel, name, value);
        self.cut.received(plan, &self.traffic, channel, name);
        is_sound
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub fn reads(fact: Fact) -> bool {
        ConsistentCut::reads(fact) || matches!(fact, Fact::Reinstated { .. })
    }

    pub fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            // The old attempt is over: whatever of it arrives from here on is a ghost.
            Fact::Restoring { .. } => self.traffic.reset(),
            Fact::Reinstated { channel, name, value } => self.traffic.send(channel, name, value),
            _ => {}
        }
        self.cut.rare_fact(plan, &self.traffic, moment, fact);
    }

    pub fn hash_state<H: Hasher>(&self, plan: &Plan, state: &mut H) {
        self.traffic.hash_state(state);
        self.cut.hash_state(plan, &self.traffic, state);
    }
}
