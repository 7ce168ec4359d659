//! What goes wrong with the contents of channels.

use super::handlers::Account;
use super::wrong::{ProtocolBug, protocol};
use super::{LOGGING, Mutant, Need, Seam};
use crate::engine::ChannelContents;
use crate::model::{Barrier, BarrierKind, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};

pub(super) const TABLE: &[Mutant] = &[
    Mutant {
        name: "overtaken_not_saved",
        stands_for: "class: no contents of channels",
        what: "does not save the records that a barrier went ahead of",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Protocol(protocol::<OvertakenNotSaved>),
    },
    Mutant {
        name: "arrivals_not_saved",
        stands_for: "class: no log of the channels",
        what: "does not save what it takes from inputs that still owe their barrier",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout, ProtocolKind::ChandyLamport, ProtocolKind::LaiYang],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<ArrivalsNotSaved>),
    },
    Mutant {
        name: "saves_past_the_barrier",
        stands_for: "class: contents not bounded by the barrier",
        what: "saves all that stands in the channel, though some of it was sent after the cut",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Protocol(protocol::<SavesPast>),
    },
    Mutant {
        name: "last_overtaken_lost",
        stands_for: "class: off by one in the contents",
        what: "saves one record too few of those that a barrier went ahead of",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Protocol(protocol::<LastLost>),
    },
    Mutant {
        name: "batches_swapped",
        stands_for: "FLINK-17564",
        what: "saves what a barrier went ahead of before what had arrived earlier on that channel",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<Swapped>),
    },
    Mutant {
        name: "recorded_under_the_neighbour",
        stands_for: "FLINK-20654",
        what: "saves what arrives as contents of the next input from the same operator",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<UnderTheNeighbour>),
    },
    Mutant {
        name: "only_the_first_input_saved",
        stands_for: "FLINK-18139",
        what: "looks at its first input for the contents of all",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<OnlyTheFirst>),
    },
    Mutant {
        name: "void_barrier_ends_the_log",
        stands_for: "FLINK-20654",
        what: "saves nothing more of an input once it brought a barrier of an older snapshot",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Unaligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<VoidEndsTheLog>),
    },
    Mutant {
        name: "upstream_switch_ignored",
        stands_for: "class: a switch of the sender not noticed",
        what: "takes a barrier that went ahead of records for one that kept its place",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Protocol(protocol::<SwitchIgnored>),
    },
    Mutant {
        name: "contents_saved_twice",
        stands_for: "class: contents saved twice",
        what: "saves every record of a channel twice",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<SavedTwice>),
    },
    Mutant {
        name: "contents_not_reinstated",
        stands_for: "FLINK-31963",
        what: "restores the states of a snapshot without the contents of its channels",
        caught_by: "delivery",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Setup(|setup| setup.channel_contents = ChannelContents::Forgotten),
    },
];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OvertakenNotSaved;

impl ProtocolBug for OvertakenNotSaved {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect).filter(|effect| !matches!(effect, Effect::SaveOvertaken(..)))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct ArrivalsNotSaved;

impl ProtocolBug for ArrivalsNotSaved {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect).filter(|effect| !matches!(effect, Effect::SaveRecord(..)))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct SavesPast;

impl ProtocolBug for SavesPast {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(match effect {
            Effect::SaveOvertaken(id, input, _) => Effect::SaveOvertaken(id, input, u32::MAX),
            _ => effect,
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct LastLost;

impl ProtocolBug for LastLost {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(match effect {
            Effect::SaveOvertaken(id, input, count) => Effect::SaveOvertaken(id, input, count.saturating_sub(1)),
            _ => effect,
        })
    }
}

/// What has arrived and waits for what was overtaken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Swapped(Vec<(SnapshotId, ChannelId, Record)>);

impl ProtocolBug for Swapped {
    fn edit_all(&mut self, _task: &TaskView<'_>, out: &mut Effects) {
        let asked = std::mem::take(out).drain().collect::<Vec<_>>();
        let mut whole = None;
        for effect in asked {
            match effect {
                Effect::SaveRecord(id, input, record) => {
                    self.0.push((id, input, record));
                    continue;
                }
                // What is held of older snapshots has nowhere to go.
                Effect::SaveState(id) => self.0.retain(|(held, ..)| *held == id),
                Effect::Decline(id, _) => self.0.retain(|(held, ..)| *held != id),
                Effect::Ack(id) => whole = Some(id),
                _ => {}
            }
            out.push(effect);
            if let Effect::SaveOvertaken(id, input, _) = effect {
                self.release(out, |held, channel| (held, channel) == (id, input));
            }
        }
        if let Some(id) = whole {
            self.release(out, |held, _| held == id);
        }
    }
}

impl Swapped {
    fn release(&mut self, out: &mut Effects, is_due: impl Fn(SnapshotId, ChannelId) -> bool) {
        self.0.retain(|&(id, input, record)| {
            let is_due = is_due(id, input);
            if is_due {
                out.push(Effect::SaveRecord(id, input, record));
            }
            !is_due
        });
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct UnderTheNeighbour;

impl ProtocolBug for UnderTheNeighbour {
    fn edit_all(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        // Records of another operator would mean nothing there.
        let sender = |input: ChannelId| task.plan.tasks()[task.plan.channels()[input].from].operator;
        let next = |input: ChannelId| {
            let from_same = || task.inputs().filter(|&other| sender(other) == sender(input));
            from_same().find(|other| *other > input).or_else(|| from_same().next()).unwrap_or(input)
        };
        out.rewrite(|effect| {
            Some(match effect {
                Effect::SaveRecord(id, input, record) => Effect::SaveRecord(id, next(input), record),
                _ => effect,
            })
        });
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OnlyTheFirst;

impl ProtocolBug for OnlyTheFirst {
    fn edit_all(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        let is_first = |input| task.inputs().next() == Some(input);
        out.rewrite(|effect| match effect {
            Effect::SaveRecord(_, input, _) | Effect::SaveOvertaken(_, input, _) => Some(effect).filter(|_| is_first(input)),
            _ => Some(effect),
        });
    }
}

/// The account, and the inputs that are not looked at any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct VoidEndsTheLog(Account, Vec<ChannelId>);

impl ProtocolBug for VoidEndsTheLog {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect).filter(|effect| !matches!(effect, Effect::SaveRecord(_, input, _) if self.1.contains(input)))
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        if self.0.is_void(barrier.snapshot) {
            self.1.push(input);
            self.1.dedup();
        }
        if self.0.barrier(input, barrier.snapshot) {
            self.1.clear();
        }
        right.on_barrier(task, input, barrier, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct SwitchIgnored;

impl ProtocolBug for SwitchIgnored {
    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let kind = match barrier.kind {
            BarrierKind::Unaligned { .. } => BarrierKind::Aligned,
            kind => kind,
        };
        right.on_barrier(task, input, Barrier { kind, ..barrier }, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct SavedTwice;

impl ProtocolBug for SavedTwice {
    fn edit_all(&mut self, _task: &TaskView<'_>, out: &mut Effects) {
        for effect in std::mem::take(out).drain() {
            out.push(effect);
            if let Effect::SaveRecord(..) | Effect::SaveOvertaken(..) = effect {
                out.push(effect);
            }
        }
    }
}
