//! What tasks do wrong with barriers.

use super::wrong::{ProtocolBug, protocol};
use super::{ANY, BLOCKING, EXACT, LOGGING, Mutant, Need, Seam};
use crate::model::{Barrier, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};
use crate::trace::Refusal;

pub(super) const TABLE: &[Mutant] = &[
    Mutant {
        name: "no_blocking",
        stands_for: "class: no alignment",
        what: "takes records behind an early barrier before the others are in",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Aligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<NoBlocking>),
    },
    Mutant {
        name: "never_resumed",
        stands_for: "class: alignment that does not end",
        what: "takes nothing more from an input once it was blocked",
        caught_by: "liveness",
        protocols: BLOCKING,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<NeverResumed>),
    },
    Mutant {
        name: "trigger_swallowed",
        stands_for: "class: a request without an answer",
        what: "does nothing at every second trigger, and says nothing: only its timeout ends the snapshot",
        caught_by: "liveness",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Protocol(protocol::<Swallowed>),
    },
    Mutant {
        name: "snapshot_at_the_first_barrier",
        stands_for: "class: one barrier taken for all",
        what: "saves its state at the first barrier, and blocks as it should",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Aligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<AtTheFirst>),
    },
    Mutant {
        name: "tracker_takes_the_first",
        stands_for: "class: one barrier taken for all",
        what: "saves its state at the first barrier: what the others' inputs still hold is lost",
        caught_by: "delivery",
        protocols: &[ProtocolKind::AtLeastOnce],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<AtTheFirst>),
    },
    Mutant {
        name: "last_barrier_not_awaited",
        stands_for: "class: one barrier too few",
        what: "ends the alignment one barrier early",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Aligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<OneTooFew>),
    },
    Mutant {
        name: "tracker_awaits_one_too_few",
        stands_for: "class: one barrier too few",
        what: "saves its state with one barrier missing",
        caught_by: "delivery",
        protocols: &[ProtocolKind::AtLeastOnce],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<OneTooFew>),
    },
    Mutant {
        name: "state_saved_late",
        stands_for: "FLINK-17568",
        what: "takes one more record between the barrier and the copy of its state",
        caught_by: "consistent_cut",
        protocols: EXACT,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<SavedLate>),
    },
    Mutant {
        name: "ended_input_still_awaited",
        stands_for: "FLINK-2491",
        what: "waits for the barriers of inputs that have ended",
        caught_by: "liveness",
        protocols: BLOCKING,
        needs: &[Need::SeveralInputs, Need::FinishingSource],
        seam: Seam::Protocol(protocol::<EndsNotCounted>),
    },
    Mutant {
        name: "end_counted_twice",
        stands_for: "class: an end counted beside its barrier",
        what: "counts the end of an input that has given its barrier as the barrier of another",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout],
        needs: &[Need::SeveralInputs, Need::FinishingSource],
        seam: Seam::Protocol(protocol::<EndCountedTwice>),
    },
    Mutant {
        name: "void_barrier_blocks",
        stands_for: "class: a void barrier has an effect",
        what: "blocks the input of a barrier that is void, and never takes from it again",
        caught_by: "liveness",
        protocols: EXACT,
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<VoidBlocks>),
    },
    Mutant {
        name: "older_barrier_counts",
        stands_for: "class: barriers counted without their number",
        what: "counts a barrier of an older snapshot for the pending one",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Unaligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<OlderCounts>),
    },
    Mutant {
        name: "newer_barrier_ignored",
        stands_for: "class: a newer barrier does not subsume",
        what: "pays no heed to barriers of newer snapshots while one is pending",
        caught_by: "delivery",
        protocols: &[ProtocolKind::Unaligned],
        needs: &[Need::SeveralInputs, Need::TwoPhaseSink],
        seam: Seam::Protocol(protocol::<NewerIgnored>),
    },
    Mutant {
        name: "ends_survive_the_restart",
        stands_for: "class: alignment outlives its attempt",
        what: "still knows after a restart which inputs had ended, and does not await their barriers",
        caught_by: "consistent_cut",
        protocols: EXACT,
        needs: &[Need::SeveralInputs, Need::FinishingSource],
        seam: Seam::Protocol(protocol::<NeverReset>),
    },
    Mutant {
        name: "skipped_number_panics",
        stands_for: "class: an assertion that holds as long as nothing fails",
        what: "takes it for granted that it is told of every snapshot, and panics when one is left out",
        caught_by: "engine_sanity",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Protocol(protocol::<NoneSkipped>),
    },
    Mutant {
        name: "refuses_every_second",
        stands_for: "class: a snapshot given up for no reason",
        what: "refuses every second snapshot as if a newer one had begun",
        caught_by: "liveness",
        protocols: ANY,
        needs: &[],
        seam: Seam::Protocol(protocol::<RefusesSecond>),
    },
    Mutant {
        name: "every_second_ack_forgotten",
        stands_for: "class: an answer that does not come",
        what: "takes its part of every second snapshot, and never says so",
        caught_by: "liveness",
        protocols: ANY,
        needs: &[],
        seam: Seam::Protocol(protocol::<AckForgotten>),
    },
    Mutant {
        name: "numbers_wrap_at_sixteen",
        stands_for: "class: a counter that is too narrow",
        what: "takes the number of a snapshot modulo 16",
        caught_by: "liveness",
        protocols: EXACT,
        needs: &[],
        seam: Seam::Protocol(protocol::<Wraps>),
    },
    Mutant {
        name: "fourth_input_not_awaited",
        stands_for: "class: a set of inputs that is too narrow",
        what: "waits for the barriers of its first three inputs only",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Aligned],
        needs: &[Need::SeveralInputs],
        seam: Seam::Protocol(protocol::<ThreeInputs>),
    },
    Mutant {
        name: "values_in_flight_changed",
        stands_for: "class: records in flight saved wrong",
        what: "saves the records of channels with other values",
        caught_by: "consistent_cut",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Protocol(protocol::<ValuesChanged>),
    },
];

/// A wrapper's own account of the newest snapshot at its task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Account {
    /// The highest id that was begun or given up.
    pub newest: Option<SnapshotId>,
    /// It has begun and has not ended.
    pub is_pending: bool,
    /// Inputs that have delivered its barrier.
    pub arrived: Vec<ChannelId>,
}

impl Account {
    /// A barrier is about to be handed on; says whether it begins a snapshot.
    pub fn barrier(&mut self, input: ChannelId, id: SnapshotId) -> bool {
        let is_newer = self.newest < Some(id);
        if is_newer {
            *self = Account { newest: Some(id), is_pending: true, arrived: Vec::new() };
        }
        if self.newest == Some(id) && !self.arrived.contains(&input) {
            self.arrived.push(input);
        }
        is_newer
    }

    /// Whether a barrier of `id` would change nothing.
    pub fn is_void(&self, id: SnapshotId) -> bool {
        Some(id) < self.newest || (Some(id) == self.newest && !self.is_pending)
    }

    pub fn effect(&mut self, effect: Effect) {
        if let Effect::Ack(id) | Effect::Decline(id, _) | Effect::Cancel(id) = effect
            && Some(id) >= self.newest
        {
            (self.newest, self.is_pending) = (Some(id), false);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NoBlocking;

impl ProtocolBug for NoBlocking {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect).filter(|effect| !matches!(effect, Effect::Block(_)))
    }
}

/// The last snapshot that it was told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NoneSkipped(Option<SnapshotId>);

impl ProtocolBug for NoneSkipped {
    fn on_trigger(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if let Some(last) = self.0.replace(id) {
            assert_eq!(id.0, last.0 + 1, "snapshots follow each other");
        }
        right.on_trigger(task, id, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NeverResumed;

impl ProtocolBug for NeverResumed {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect).filter(|effect| !matches!(effect, Effect::Unblock(_)))
    }
}

/// Whether the next trigger is one of those that nothing comes of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Swallowed(bool);

impl ProtocolBug for Swallowed {
    fn on_trigger(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if !self.0 {
            right.on_trigger(task, id, out);
        }
        self.0 = !self.0;
    }
}

/// The newest that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct AtTheFirst(Option<SnapshotId>);

impl ProtocolBug for AtTheFirst {
    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        let mut rest = Effects::default();
        right.on_barrier(task, input, barrier, &mut rest);
        if task.inputs().len() > 1 && self.0 < Some(id) {
            self.0 = Some(id);
            [Effect::SaveState(id), Effect::Broadcast(Barrier::aligned(id)), Effect::Ack(id)]
                .into_iter()
                .for_each(|effect| out.push(effect));
        }
        self.drop_taken(task, &mut rest, out);
    }

    fn on_input_end(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        let mut rest = Effects::default();
        right.on_input_end(task, input, &mut rest);
        self.drop_taken(task, &mut rest, out);
    }
}

impl AtTheFirst {
    /// What is left to do of a snapshot that is taken already.
    fn drop_taken(&self, task: &TaskView<'_>, rest: &mut Effects, out: &mut Effects) {
        let is_taken = |id| task.inputs().len() > 1 && self.0 == Some(id);
        let is_again = |effect: &Effect| match *effect {
            Effect::SaveState(id) | Effect::Ack(id) => is_taken(id),
            Effect::Broadcast(barrier) => is_taken(barrier.snapshot),
            _ => false,
        };
        rest.drain().filter(|effect| !is_again(effect)).for_each(|effect| out.push(effect));
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OneTooFew(Account);

impl ProtocolBug for OneTooFew {
    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.barrier(input, barrier.snapshot);
        right.on_barrier(task, input, barrier, out);
        let is_newest = self.0.newest == Some(barrier.snapshot);
        if is_newest && self.0.arrived.len() > 1 && self.0.arrived.len() + 1 == task.inputs().len() || is_newest && task.inputs().len() == 2
        {
            feed_missing(&self.0, right, task, barrier.snapshot, out);
        }
    }
}

/// Hands on barriers that have not come; then nothing waits.
fn feed_missing(account: &Account, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
    let missing = task.inputs().filter(|input| !account.arrived.contains(input));
    missing.for_each(|input| right.on_barrier(task, input, Barrier::aligned(id), out));
    out.rewrite(|effect| Some(effect).filter(|effect| !matches!(effect, Effect::Block(_))));
}

/// What is held back, and whether a record was taken since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct SavedLate {
    held: Vec<Effect>,
    is_late: bool,
}

impl SavedLate {
    fn release(&mut self, out: &mut Effects) {
        self.held.drain(..).for_each(|effect| out.push(effect));
        self.is_late = false;
    }

    fn hold(&mut self, task: &TaskView<'_>, asked: &mut Effects, out: &mut Effects) {
        for effect in asked.drain() {
            match effect {
                Effect::SaveState(_) | Effect::SaveOvertaken(..) | Effect::Ack(_) if task.inputs().len() > 1 => self.held.push(effect),
                _ => out.push(effect),
            }
        }
    }
}

impl ProtocolBug for SavedLate {
    fn on_trigger(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.release(out);
        right.on_trigger(task, id, out);
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.release(out);
        let mut asked = Effects::default();
        right.on_barrier(task, input, barrier, &mut asked);
        self.hold(task, &mut asked, out);
    }

    fn on_input_end(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.release(out);
        right.on_input_end(task, input, out);
    }

    /// A record is shown before it is processed: the copy is made when the next one comes.
    fn on_record(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        if self.is_late {
            self.release(out);
        }
        self.is_late = !self.held.is_empty();
        if right.wants_records() {
            right.on_record(task, input, record, out);
        }
    }

    fn wants_records(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct EndsNotCounted;

impl ProtocolBug for EndsNotCounted {
    fn on_input_end(&mut self, _right: &mut ProtocolBox, _task: &TaskView<'_>, _input: ChannelId, _out: &mut Effects) {}
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct EndCountedTwice(Account);

impl ProtocolBug for EndCountedTwice {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect)
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.barrier(input, barrier.snapshot);
        right.on_barrier(task, input, barrier, out);
    }

    fn on_input_end(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        right.on_input_end(task, input, out);
        let open = task.inputs().len() - self.0.arrived.len();
        if let (true, true, 1, Some(id)) = (self.0.is_pending, self.0.arrived.contains(&input), open, self.0.newest) {
            feed_missing(&self.0, right, task, id, out);
        }
    }
}

/// The account, and the inputs that are blocked for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct VoidBlocks(Account, Vec<ChannelId>);

impl ProtocolBug for VoidBlocks {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect).filter(|effect| !matches!(effect, Effect::Unblock(input) if self.1.contains(input)))
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        if self.0.is_void(barrier.snapshot) && !self.1.contains(&input) {
            self.1.push(input);
            out.push(Effect::Block(input));
        }
        self.0.barrier(input, barrier.snapshot);
        right.on_barrier(task, input, barrier, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct OlderCounts(Account);

impl ProtocolBug for OlderCounts {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect)
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = self.0.newest.filter(|_| self.0.is_pending).map_or(barrier.snapshot, |pending| pending.max(barrier.snapshot));
        self.0.barrier(input, id);
        right.on_barrier(task, input, Barrier { snapshot: id, ..barrier }, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NewerIgnored(Account);

impl ProtocolBug for NewerIgnored {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect)
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        if self.0.is_pending && self.0.newest < Some(barrier.snapshot) {
            return;
        }
        self.0.barrier(input, barrier.snapshot);
        right.on_barrier(task, input, barrier, out);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct NeverReset;

impl ProtocolBug for NeverReset {
    const FORGETS: bool = false;
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RefusesSecond;

impl ProtocolBug for RefusesSecond {
    fn edit_all(&mut self, _task: &TaskView<'_>, out: &mut Effects) {
        for effect in std::mem::take(out).drain() {
            match effect {
                Effect::Ack(id) if id.0 % 2 == 0 => out.push(Effect::Decline(id, Refusal::Subsumed)),
                _ => out.push(effect),
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct AckForgotten;

impl ProtocolBug for AckForgotten {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect).filter(|effect| !matches!(effect, Effect::Ack(id) if id.0 % 2 == 0))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Wraps;

impl Wraps {
    fn narrow(id: SnapshotId) -> SnapshotId {
        SnapshotId(id.0 % 16)
    }
}

impl ProtocolBug for Wraps {
    fn on_trigger(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        right.on_trigger(task, Wraps::narrow(id), out);
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        right.on_barrier(task, input, Barrier { snapshot: Wraps::narrow(barrier.snapshot), ..barrier }, out);
    }
}

/// What has come of the pending snapshot by inputs that are awaited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct ThreeInputs(Account);

impl ProtocolBug for ThreeInputs {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        self.0.effect(effect);
        Some(effect)
    }

    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        right.on_barrier(task, input, barrier, out);
        self.0.barrier(input, barrier.snapshot);
        if task.inputs().len() > 3 && task.inputs().take(3).all(|input| self.0.arrived.contains(&input)) {
            for other in task.inputs().skip(3).filter(|&other| !self.0.arrived.contains(&other)).collect::<Vec<_>>() {
                right.on_barrier(task, other, barrier, out);
                self.0.barrier(other, barrier.snapshot);
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct ValuesChanged;

impl ProtocolBug for ValuesChanged {
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(match effect {
            Effect::SaveRecord(id, input, record) => {
                Effect::SaveRecord(id, input, Record { value: record.value.wrapping_add(1), ..record })
            }
            _ => effect,
        })
    }
}
