//! What the snapshots of a run cost: a fold of facts with their times.

use std::collections::BTreeMap;

use super::outcome::Costs;
use crate::kernel::Ticks;
use crate::model::{ChannelId, Plan};
use crate::trace::Fact;

/// The bytes of a record that is stored: its name, its key and its value.
pub const RECORD_BYTES: u64 = 20;
/// The bytes of a barrier: the number of its snapshot.
pub const BARRIER_BYTES: u64 = 4;

/// Adds up what snapshots cost.
#[derive(Clone, Debug)]
pub(super) struct Meter<'p> {
    plan: &'p Plan,
    /// The channels that stand blocked and since when: few, however large the graph is.
    blocked_since: BTreeMap<ChannelId, Ticks>,
    blocked: Ticks,
    sent: u64,
    channel_records: u64,
    barriers: u64,
}

impl<'p> Meter<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        Meter { plan, blocked_since: BTreeMap::new(), blocked: Ticks::ZERO, sent: 0, channel_records: 0, barriers: 0 }
    }

    #[inline(always)]
    pub fn fact(&mut self, now: Ticks, fact: Fact) {
        match fact {
            Fact::Sent { .. } => self.sent += 1,
            Fact::Received { .. } | Fact::Applied { .. } | Fact::Emitted { .. } | Fact::Written { .. } | Fact::Output { .. } => {}
            _ => self.rare_fact(now, fact),
        }
    }

    fn rare_fact(&mut self, now: Ticks, fact: Fact) {
        match fact {
            Fact::BarrierReceived { .. } => self.barriers += 1,
            Fact::RecordSaved { .. } => self.channel_records += 1,
            Fact::Blocked { channel } => {
                self.blocked_since.entry(channel).or_insert(now);
            }
            Fact::Unblocked { channel } => self.unblock(now, |blocked| blocked == channel),
            // From here on it is the crash that keeps the channel waiting, not the snapshot.
            Fact::Crashed { task } => {
                let plan = self.plan;
                self.unblock(now, |blocked| plan.channels()[blocked].to == task);
            }
            Fact::Failover => self.unblock(now, |_| true),
            _ => {}
        }
    }

    fn unblock(&mut self, now: Ticks, is_meant: impl Fn(ChannelId) -> bool) {
        let blocked = &mut self.blocked;
        self.blocked_since.retain(|&channel, &mut since| {
            let is_over = is_meant(channel);
            if is_over {
                *blocked = *blocked + now.since(since);
            }
            !is_over
        });
    }

    /// The sums of a run that ends at `now`. How many records were `replayed` is counted elsewhere;
    /// `overhead` is what every record carries for the protocol, in bytes.
    pub fn costs(&mut self, now: Ticks, replayed: u64, overhead: u64) -> Costs {
        self.unblock(now, |_| true);
        Costs {
            blocked_us: self.blocked.0,
            channel_records: self.channel_records,
            channel_bytes: self.channel_records.saturating_mul(RECORD_BYTES),
            barriers: self.barriers,
            barrier_bytes: self.barriers.saturating_mul(BARRIER_BYTES),
            piggybacked_bytes: self.sent.saturating_mul(overhead),
            replayed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;
    use crate::model::{SnapshotId, TaskId};
    use crate::scenario::{Scenario, run};

    /// One snapshot, triggered at 30 ms. Its barriers reach the count from A at 31 ms, from B at 70 ms.
    fn scenario(protocol: &str) -> Scenario {
        let text = r#"{
          "title": "two sources, one of them late",
          "operators": {
            "A": {"kind": "source", "at": ["10ms", "20ms", "40ms", "50ms"]},
            "B": {"kind": "source", "at": ["10ms", "20ms", "40ms", "100ms"]},
            "count": {"kind": "keyed_count"}
          },
          "channels": [
            {"from": "A", "to": "count", "delay": "1ms"},
            {"from": "B", "to": "count", "delay": "40ms"}
          ],
          "snapshots": {"protocol": "PROTOCOL", "at": ["30ms"], "final": false},
          "faults": [{"crash": "count", "at": "85ms"}]
        }"#;
        Scenario::from_json(&text.replace("PROTOCOL", protocol)).expect("a valid scenario")
    }

    #[test]
    fn alignment_costs_time() {
        // A's channel stands from 31 to 70 ms. Of what was emitted before the crash, A#3, A#4 and B#3 are
        // behind the cut.
        let expected = Costs { blocked_us: 39_000, barriers: 2, barrier_bytes: 8, replayed: 3, ..Costs::default() };
        assert_eq!(run(&scenario("aligned")).costs, expected);
    }

    #[test]
    fn overtaking_costs_space() {
        // At 30 ms B's barrier jumps over B#1 and B#2, which are still on their way; A's channel is empty.
        let expected = Costs { channel_records: 2, channel_bytes: 40, barriers: 2, barrier_bytes: 8, replayed: 3, ..Costs::default() };
        assert_eq!(run(&scenario("unaligned")).costs, expected);
    }

    #[test]
    fn without_snapshots_only_the_work_is_done_again() {
        assert_eq!(run(&scenario("none")).costs, Costs { replayed: 7, ..Costs::default() });
    }

    #[test]
    fn a_block_ends_with_the_receiver_the_attempt_or_the_run() {
        let scenario = scenario("aligned");
        let (a, b, count) = (ChannelId(0), ChannelId(1), scenario.plan().channels()[ChannelId(0)].to);
        let other = TaskId::from_index((count.index() + 1) % 3);
        let blocked = |facts: &[(u64, Fact)]| {
            let mut meter = Meter::new(scenario.plan());
            facts.iter().for_each(|&(at, fact)| meter.fact(Ticks(at), fact));
            meter.costs(Ticks(100), 0, 0).blocked_us
        };
        let both = [(10, Fact::Blocked { channel: a }), (30, Fact::Blocked { channel: b })];
        assert_eq!(blocked(&both), 90 + 70);
        for (end, expected) in [
            (Fact::Unblocked { channel: a }, 30 + 70),
            (Fact::Crashed { task: count }, 30 + 10),
            (Fact::Crashed { task: other }, 90 + 70),
            (Fact::Failover, 30 + 10),
            (Fact::Completed { snapshot: SnapshotId(1) }, 90 + 70),
        ] {
            assert_eq!(blocked(&[both[0], both[1], (40, end)]), expected, "{end:?}");
        }
        assert_eq!(blocked(&[both[0], (20, Fact::Blocked { channel: a })]), 90, "it was blocked already");
    }

    #[test]
    fn every_record_sent_carries_the_overhead() {
        let scenario = scenario("none");
        let mut meter = Meter::new(scenario.plan());
        (0..3).for_each(|name| meter.fact(Ticks(name), Fact::Sent { channel: ChannelId(0), name, value: 0 }));
        assert_eq!(meter.costs(Ticks(9), 0, 5), Costs { piggybacked_bytes: 15, ..Costs::default() });
    }
}
