//! What sinks, storage and the setup as a whole do wrong.

use super::{ANY, LOGGING, Mutant, Need, Seam};
use crate::model::{ChannelId, Kind, Record, SnapshotId, TaskState};
use crate::protocol::{Placement, ProtocolKind, SinkEffect, SinkEffects, SinkLogic, StorageLogic, Told, TwoPhase};

pub(super) const TABLE: &[Mutant] = &[
    Mutant {
        name: "commits_at_the_barrier",
        stands_for: "iceberg #9694",
        what: "commits when it saves its state, before anybody knows whether the snapshot completes",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&CommitsAtTheBarrier),
    },
    Mutant {
        name: "visible_at_once",
        stands_for: "class: a sink without transactions",
        what: "makes every record visible as it comes",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&VisibleAtOnce),
    },
    Mutant {
        name: "notice_commits_the_open",
        stands_for: "class: records behind the barrier committed with it",
        what: "commits with a notice what has come behind the snapshot's barrier too",
        caught_by: "delivery",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&CommitsTheOpen),
    },
    Mutant {
        name: "pending_forgotten_at_restore",
        stands_for: "FLINK-36455",
        what: "does not commit again after a restore what the snapshot holds as pending",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&ForgetsPending),
    },
    Mutant {
        name: "everything_rolled_back",
        stands_for: "class: a commit that is still due taken back",
        what: "takes back at a restore what the snapshot holds as pending",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&RollsAllBack),
    },
    Mutant {
        name: "everything_committed_at_restore",
        stands_for: "class: a commit that is not due",
        what: "commits at a restore all that it finds, also what the snapshot knows nothing of",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&CommitsAll),
    },
    Mutant {
        name: "only_the_named_committed",
        stands_for: "flink #6723",
        what: "commits only the snapshot that a notice names: what earlier notices would have named stays pending",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&OnlyTheNamed),
    },
    Mutant {
        name: "not_named_taken_back",
        stands_for: "class: records of an aborted snapshot dropped",
        what: "takes back what was pending before the snapshot that a notice names",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&TakesBackTheRest),
    },
    Mutant {
        name: "repeated_notice_commits_the_open",
        stands_for: "FLINK-24096",
        what: "commits what is open when a notice names nothing that is pending, as one does that comes twice",
        caught_by: "delivery",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&CommitsAgain),
    },
    Mutant {
        name: "old_notice_takes_back",
        stands_for: "class: a notice of the past that undoes the present",
        what: "takes back what is pending when a notice is older than all of it",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&TakesBackTheNewer),
    },
    Mutant {
        name: "notices_awaited_in_order",
        stands_for: "class: notices taken to come one after the other",
        what: "commits with a notice only what is next in order: after one that is missed or overtaken all stays pending",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&OnlyTheNext),
    },
    Mutant {
        name: "open_survives_the_restart",
        stands_for: "KAFKA-14402",
        what: "goes on writing after a restore into the transaction that was open before",
        caught_by: "delivery",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&KeepsOpen),
    },
    Mutant {
        name: "offset_one_ahead",
        stands_for: "DBZ-73",
        what: "sets sources behind the record that is next",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Storage(&OffsetAhead),
    },
    Mutant {
        name: "offset_one_behind",
        stands_for: "DBZ-4936",
        what: "lets sources repeat the last record before their saved position",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Storage(&OffsetBehind),
    },
    Mutant {
        name: "sources_start_over",
        stands_for: "class: offsets lost",
        what: "lets sources start from the beginning while the others have their state back",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Storage(&StartsOver),
    },
    Mutant {
        name: "last_key_not_saved",
        stands_for: "RisingWave 12654",
        what: "leaves the last key out of the copy of a keyed state",
        caught_by: "state_equals_replay",
        protocols: ANY,
        needs: &[Need::KeyedState],
        seam: Seam::Storage(&LastKeyNotSaved),
    },
    Mutant {
        name: "counts_saved_one_behind",
        stands_for: "SPARK-43404",
        what: "saves each count as it was before its last record",
        caught_by: "state_equals_replay",
        protocols: ANY,
        needs: &[Need::KeyedState],
        seam: Seam::Storage(&CountsBehind),
    },
    Mutant {
        name: "keyed_state_not_found",
        stands_for: "FLINK-12296",
        what: "brings keyed state back empty",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[Need::KeyedState],
        seam: Seam::Storage(&KeyedNotFound),
    },
    Mutant {
        name: "pending_not_saved",
        stands_for: "RisingWave 26492",
        what: "leaves pending transactions out of the copy of a sink's state",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Storage(&PendingNotSaved),
    },
    Mutant {
        name: "no_fencing",
        stands_for: "SPARK-26425",
        what: "lets messages of an attempt that is over into the next",
        caught_by: "engine_sanity",
        protocols: &[ProtocolKind::Aligned, ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout],
        needs: &[],
        seam: Seam::Setup(|setup| setup.fencing = false),
    },
    Mutant {
        name: "everybody_starts",
        stands_for: "FLINK-17994",
        what: "lets every task start the snapshot by itself, beside its barriers",
        caught_by: "consistent_cut",
        protocols: &[ProtocolKind::Aligned, ProtocolKind::Unaligned, ProtocolKind::AlignedTimeout],
        needs: &[],
        seam: Seam::Setup(|setup| setup.told = Told::Everybody),
    },
    Mutant {
        name: "retains_nothing",
        stands_for: "Arroyo 802",
        what: "cleans the latest completed snapshot up with those that are not needed any more",
        caught_by: "restore_fidelity",
        protocols: ANY,
        needs: &[],
        seam: Seam::Setup(|setup| setup.retain = 0),
    },
    Mutant {
        name: "later_attempts_left_open",
        stands_for: "FLINK-23854",
        what: "leaves what later attempts have pre-committed open at a restore (T4)",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&LeavesLaterOpen),
    },
    Mutant {
        name: "only_the_newest_committed_again",
        stands_for: "class: one pending transaction where there may be several",
        what: "commits again at a restore only the newest of those that the snapshot holds as pending",
        caught_by: "sink_commit_rules",
        protocols: ANY,
        needs: &[Need::TwoPhaseSink],
        seam: Seam::Sink(&OnlyTheNewest),
    },
    Mutant {
        name: "keeps_one_too_many",
        stands_for: "class: off by one in what is kept (C15)",
        what: "keeps one completed snapshot more than is asked for",
        caught_by: "coordinator_rules",
        protocols: ANY,
        needs: &[],
        seam: Seam::Setup(|setup| setup.retain += 1),
    },
    Mutant {
        name: "contents_back_in_reverse",
        stands_for: "class: contents restored out of order",
        what: "puts the records of a channel back in the reverse order",
        caught_by: "restore_fidelity",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Storage(&Reversed),
    },
    Mutant {
        name: "contents_back_twice",
        stands_for: "class: contents restored twice",
        what: "puts the first record of a channel back twice",
        caught_by: "restore_fidelity",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Storage(&FirstTwice),
    },
    Mutant {
        name: "first_of_contents_lost",
        stands_for: "class: off by one in what is restored of channels",
        what: "puts all records of a snapshot's channels back but the first",
        caught_by: "restore_fidelity",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Storage(&FirstLost),
    },
    Mutant {
        name: "contents_with_other_values",
        stands_for: "class: records in flight restored wrong",
        what: "puts records of channels back with other values",
        caught_by: "restore_fidelity",
        protocols: LOGGING,
        needs: &[],
        seam: Seam::Storage(&OtherValues),
    },
];

pub(super) fn is_keyed(kind: &Kind) -> bool {
    matches!(kind, Kind::Keyed { .. } | Kind::Iterate { .. })
}

#[derive(Debug)]
struct CommitsAtTheBarrier;

impl SinkLogic for CommitsAtTheBarrier {
    fn on_record(&self) -> Placement {
        Placement::Write
    }
    fn on_save(&self, _pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        out.extend([SinkEffect::Prepare(id), SinkEffect::Commit(id)]);
    }
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        TwoPhase.on_restored(pending, prepared, out);
    }
}

#[derive(Debug)]
struct VisibleAtOnce;

impl SinkLogic for VisibleAtOnce {
    fn on_record(&self) -> Placement {
        Placement::Publish
    }
}

/// Two-phase commit with one handler written anew.
macro_rules! two_phase_but {
    ($name:ident, fn $handler:ident(&self, $($parameter:ident: $type:ty),*) $body:block) => {
        #[derive(Debug)]
        struct $name;

        impl SinkLogic for $name {
            fn $handler(&self, $($parameter: $type),*) $body
            two_phase_but!(@rest $handler);
        }
    };
    (@rest on_completed) => {
        two_phase_but!(@common);
        fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
            TwoPhase.on_restored(pending, prepared, out);
        }
    };
    (@rest on_restored) => {
        two_phase_but!(@common);
        fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
            TwoPhase.on_completed(pending, id, out);
        }
    };
    (@common) => {
        fn on_record(&self) -> Placement {
            TwoPhase.on_record()
        }
        fn on_save(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
            TwoPhase.on_save(pending, id, out);
        }
    };
}

two_phase_but! {
    CommitsTheOpen,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        TwoPhase.on_completed(pending, id, out);
        out.extend([SinkEffect::Prepare(id), SinkEffect::Commit(id)]);
    }
}

two_phase_but! {
    ForgetsPending,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        let unknown = prepared.iter().filter(|&id| !pending.contains(id));
        out.extend(unknown.map(|&id| SinkEffect::RollBack(id)));
        out.push(SinkEffect::DropOpen);
        pending.clear();
    }
}

two_phase_but! {
    RollsAllBack,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        pending.clear();
        TwoPhase.on_restored(pending, prepared, out);
    }
}

two_phase_but! {
    CommitsAll,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        pending.extend(prepared.iter().filter(|id| !pending.contains(id)).copied().collect::<Vec<_>>());
        TwoPhase.on_restored(pending, prepared, out);
    }
}

two_phase_but! {
    OnlyTheNamed,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        if let Some(at) = pending.iter().position(|&other| other == id) {
            pending.remove(at);
            out.push(SinkEffect::Commit(id));
        }
    }
}

two_phase_but! {
    TakesBackTheRest,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        let due = pending.partition_point(|&other| other <= id);
        out.extend(pending.drain(..due).map(|other| if other == id { SinkEffect::Commit(other) } else { SinkEffect::RollBack(other) }));
    }
}

/// Whether a notice has nothing to commit: it has come before, or a newer one has.
fn is_old(pending: &[SnapshotId], id: SnapshotId) -> bool {
    pending.first().is_none_or(|&first| first > id)
}

two_phase_but! {
    CommitsAgain,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        if is_old(pending, id) {
            out.extend([SinkEffect::Prepare(id), SinkEffect::Commit(id)]);
        }
        TwoPhase.on_completed(pending, id, out);
    }
}

two_phase_but! {
    TakesBackTheNewer,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        if is_old(pending, id) {
            out.extend(pending.drain(..).map(SinkEffect::RollBack));
        }
        TwoPhase.on_completed(pending, id, out);
    }
}

two_phase_but! {
    OnlyTheNext,
    fn on_completed(&self, pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        if pending.first() == Some(&id) {
            TwoPhase.on_completed(pending, id, out);
        }
    }
}

two_phase_but! {
    LeavesLaterOpen,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, _prepared: &[SnapshotId], out: &mut SinkEffects) {
        TwoPhase.on_restored(pending, &[], out);
    }
}

two_phase_but! {
    OnlyTheNewest,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        let newest = pending.last().copied();
        let all = prepared.iter().filter(|&id| !pending.contains(id)).copied().collect::<Vec<_>>();
        pending.retain(|id| Some(*id) == newest);
        out.extend(all.into_iter().map(SinkEffect::RollBack));
        TwoPhase.on_restored(pending, &[], out);
    }
}

two_phase_but! {
    KeepsOpen,
    fn on_restored(&self, pending: &mut Vec<SnapshotId>, prepared: &[SnapshotId], out: &mut SinkEffects) {
        TwoPhase.on_restored(pending, prepared, out);
        out.retain(|effect| *effect != SinkEffect::DropOpen);
    }
}

#[derive(Debug)]
struct OffsetAhead;

impl StorageLogic for OffsetAhead {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(next) => TaskState::Source(next + 1),
            _ => stored.clone(),
        }
    }
}

#[derive(Debug)]
struct OffsetBehind;

impl StorageLogic for OffsetBehind {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(next) => TaskState::Source(next.saturating_sub(1)),
            _ => stored.clone(),
        }
    }
}

#[derive(Debug)]
struct StartsOver;

impl StorageLogic for StartsOver {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(_) => TaskState::Source(0),
            _ => stored.clone(),
        }
    }
}

#[derive(Debug)]
struct LastKeyNotSaved;

impl StorageLogic for LastKeyNotSaved {
    fn save(&self, state: &TaskState) -> TaskState {
        let mut copy = state.clone();
        if let TaskState::Keyed(entries) = &mut copy {
            entries.pop();
        }
        copy
    }
}

#[derive(Debug)]
struct CountsBehind;

impl StorageLogic for CountsBehind {
    fn save(&self, state: &TaskState) -> TaskState {
        let mut copy = state.clone();
        if let TaskState::Keyed(entries) = &mut copy {
            entries.iter_mut().for_each(|entry| entry.count = entry.count.saturating_sub(1));
        }
        copy
    }
}

#[derive(Debug)]
struct KeyedNotFound;

impl StorageLogic for KeyedNotFound {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Keyed(_) => TaskState::Keyed(Vec::new()),
            _ => stored.clone(),
        }
    }
}

#[derive(Debug)]
struct PendingNotSaved;

impl StorageLogic for PendingNotSaved {
    fn save(&self, state: &TaskState) -> TaskState {
        match state {
            TaskState::Sink(_) => TaskState::Sink(Vec::new()),
            _ => state.clone(),
        }
    }
}

#[derive(Debug)]
struct Reversed;

impl StorageLogic for Reversed {
    fn load_contents(&self, contents: &mut Vec<(ChannelId, Record)>) {
        contents.reverse();
    }
}

#[derive(Debug)]
struct FirstTwice;

impl StorageLogic for FirstTwice {
    fn load_contents(&self, contents: &mut Vec<(ChannelId, Record)>) {
        contents.extend(contents.first().copied());
    }
}

#[derive(Debug)]
struct FirstLost;

impl StorageLogic for FirstLost {
    fn load_contents(&self, contents: &mut Vec<(ChannelId, Record)>) {
        contents.drain(..1.min(contents.len()));
    }
}

#[derive(Debug)]
struct OtherValues;

impl StorageLogic for OtherValues {
    fn load_contents(&self, contents: &mut Vec<(ChannelId, Record)>) {
        contents.iter_mut().for_each(|(_, record)| record.value = record.value.wrapping_add(1));
    }
}
