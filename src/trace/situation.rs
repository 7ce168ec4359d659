//! Named interesting states that a run can reach, counted so that a test can demand them.

use super::{Fact, Reason};
use crate::model::{Plan, SnapshotId, TaskId};

macro_rules! situations {
    ($($(#[$meta:meta])* $name:ident = $word:literal,)*) => {
        /// A named interesting state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Situation { $($(#[$meta])* $name,)* }

        impl Situation {
            /// All of them.
            pub const ALL: &'static [Situation] = &[$(Situation::$name,)*];

            /// The word used in files and output.
            pub fn word(self) -> &'static str {
                match self { $(Situation::$name => $word,)* }
            }
        }
    };
}

situations! {
    /// A task blocked an input whose barrier was early.
    AlignmentBlockedChannel = "alignment_blocked_channel",
    /// A barrier overtook records in a channel.
    BarrierOvertookRecords = "barrier_overtook_records",
    /// Records of a channel were saved with a snapshot.
    ChannelStateRecorded = "channel_state_recorded",
    /// A snapshot used up its budget for aligning.
    AlignmentTimedOut = "alignment_timed_out",
    /// A task learned from a cancellation marker that a snapshot was given up.
    CancellationReceived = "cancellation_received",
    /// An input ended while a snapshot was under way.
    InputEndedDuringSnapshot = "input_ended_during_snapshot",
    /// A source finished and was gone.
    TaskFinished = "task_finished",
    /// A task dropped what it had saved of a snapshot that was given up.
    AbortDroppedPart = "abort_dropped_part",
    /// A sender had to stop because a channel was full.
    BackpressureStoppedSender = "backpressure_stopped_sender",
    /// Two snapshots were under way at once.
    OverlappingSnapshots = "overlapping_snapshots",
    /// A snapshot ran out of time.
    SnapshotTimedOut = "snapshot_timed_out",
    /// A newer snapshot completed before an older one.
    SnapshotSubsumed = "snapshot_subsumed",
    /// A task refused a snapshot.
    SnapshotDeclined = "snapshot_declined",
    /// An ack came when nobody waited for it.
    LateAckIgnored = "late_ack_ignored",
    /// A task died between copying its state and handing the copy to storage.
    CrashBetweenSaveAndAck = "crash_between_save_and_ack",
    /// A task died, with all acks in, before the snapshot was durable.
    CrashBetweenAckAndCompletion = "crash_between_ack_and_completion",
    /// A task died after a snapshot completed and before the last notice of it arrived.
    CrashBetweenCompletionAndNotice = "crash_between_completion_and_notice",
    /// A task died while an input of it was blocked.
    CrashDuringAlignment = "crash_during_alignment",
    /// A task died before all were up again.
    CrashDuringRecovery = "crash_during_recovery",
    /// The job was restored from a snapshot.
    RestoredFromSnapshot = "restored_from_snapshot",
    /// The job was restored with no snapshot to restore.
    RestoredFromNothing = "restored_from_nothing",
    /// A source emitted a record that it had emitted before.
    RecordReplayed = "record_replayed",
    /// A record of a source that cannot replay went by unheard.
    RecordMissed = "record_missed",
    /// A transaction was committed again after a restore.
    CommitRepeated = "commit_repeated",
    /// A pre-committed transaction of a later attempt was taken back.
    TransactionRolledBack = "transaction_rolled_back",
    /// A message of an older attempt was thrown away.
    OldMessageFenced = "old_message_fenced",
    /// A message of the coordinator did not arrive.
    NoticeLost = "notice_lost",
    /// No restart was left.
    JobFailed = "job_failed",
}

/// Counts situations from facts.
#[derive(Clone, Debug, Default)]
pub struct Situations {
    counts: Vec<u64>,
    pending: u32,
    recovering: bool,
    storing: u32,
    notices: i64,
    listeners: i64,
    /// By task: saved parts not yet uploaded, blocked inputs, the furthest position emitted.
    saving: Vec<u32>,
    blocked: Vec<u32>,
    emitted: Vec<u64>,
}

impl Situations {
    /// Nothing counted yet.
    pub fn new(plan: &Plan) -> Self {
        let tasks = plan.tasks().len();
        Situations {
            counts: vec![0; Situation::ALL.len()],
            listeners: plan.sinks().iter().filter(|&&sink| plan.is_two_phase(sink)).count() as i64,
            saving: vec![0; tasks],
            blocked: vec![0; tasks],
            emitted: vec![0; tasks],
            ..Situations::default()
        }
    }

    /// How often a situation was reached.
    pub fn count(&self, situation: Situation) -> u64 {
        self.counts[situation as usize]
    }

    /// Every situation that was reached, with its count.
    pub fn reached(&self) -> impl Iterator<Item = (Situation, u64)> + '_ {
        Situation::ALL.iter().map(|&situation| (situation, self.count(situation))).filter(|(_, count)| *count > 0)
    }

    fn hit(&mut self, situation: Situation) {
        self.counts[situation as usize] += 1;
    }

    /// Takes one fact in.
    #[inline(always)]
    pub fn fact(&mut self, plan: &Plan, fact: Fact) {
        match fact {
            Fact::Sent { .. } | Fact::Received { .. } | Fact::Applied { .. } | Fact::Written { .. } | Fact::Output { .. } => {}
            Fact::Emitted { task, position } => {
                let furthest = &mut self.emitted[task.0 as usize];
                if position < *furthest {
                    self.hit(Situation::RecordReplayed);
                } else {
                    *furthest = position + 1;
                }
            }
            _ => self.rare_fact(plan, fact),
        }
    }

    fn rare_fact(&mut self, plan: &Plan, fact: Fact) {
        let receiver = |channel| plan.channels()[channel].to.0 as usize;
        match fact {
            Fact::Missed { .. } => self.hit(Situation::RecordMissed),
            Fact::BarrierOvertook { .. } => self.hit(Situation::BarrierOvertookRecords),
            Fact::RecordSaved { .. } => self.hit(Situation::ChannelStateRecorded),
            Fact::Overdue { .. } => self.hit(Situation::AlignmentTimedOut),
            Fact::CancelReceived { .. } => self.hit(Situation::CancellationReceived),
            Fact::InputEnded { .. } if self.pending > 0 => self.hit(Situation::InputEndedDuringSnapshot),
            Fact::TaskFinished { .. } => self.hit(Situation::TaskFinished),
            Fact::PartDropped { .. } => self.hit(Situation::AbortDroppedPart),
            Fact::Stuck { .. } => self.hit(Situation::BackpressureStoppedSender),
            Fact::Triggered { .. } => {
                self.pending += 1;
                if self.pending > 1 {
                    self.hit(Situation::OverlappingSnapshots);
                }
            }
            Fact::Blocked { channel } => {
                self.blocked[receiver(channel)] += 1;
                self.hit(Situation::AlignmentBlockedChannel);
            }
            Fact::Unblocked { channel } => self.blocked[receiver(channel)] = self.blocked[receiver(channel)].saturating_sub(1),
            Fact::Saved { task, .. } => self.saving[task.0 as usize] += 1,
            Fact::Uploaded { task, .. } => self.saving[task.0 as usize] = self.saving[task.0 as usize].saturating_sub(1),
            Fact::AckIgnored { .. } => self.hit(Situation::LateAckIgnored),
            Fact::Declined { .. } => self.hit(Situation::SnapshotDeclined),
            Fact::AllAcked { .. } => self.storing += 1,
            Fact::Completed { .. } => self.ended(None),
            Fact::Aborted { reason, .. } => self.ended(Some(reason)),
            Fact::Notified { .. } => self.notices -= 1,
            Fact::NoticeLost { .. } => self.hit(Situation::NoticeLost),
            Fact::Committed { again: true, .. } => self.hit(Situation::CommitRepeated),
            Fact::RolledBack { .. } => self.hit(Situation::TransactionRolledBack),
            Fact::Crashed { task } => self.crashed(task),
            Fact::Failover => {
                self.recovering = true;
                self.notices = 0;
                self.saving.fill(0);
                self.blocked.fill(0);
            }
            Fact::Restoring { snapshot } => self.restoring(snapshot),
            Fact::Resumed => self.recovering = false,
            Fact::Fenced { .. } => self.hit(Situation::OldMessageFenced),
            Fact::JobFailed => self.hit(Situation::JobFailed),
            _ => {}
        }
    }

    fn ended(&mut self, aborted: Option<Reason>) {
        self.pending = self.pending.saturating_sub(1);
        self.storing = self.storing.saturating_sub(u32::from(aborted.is_none() || self.pending == 0));
        match aborted {
            None => self.notices = self.listeners,
            Some(Reason::Timeout) => self.hit(Situation::SnapshotTimedOut),
            Some(Reason::Subsumed) => self.hit(Situation::SnapshotSubsumed),
            Some(Reason::Failover | Reason::Declined) => {}
        }
    }

    fn restoring(&mut self, snapshot: Option<SnapshotId>) {
        self.hit(match snapshot {
            Some(_) => Situation::RestoredFromSnapshot,
            None => Situation::RestoredFromNothing,
        });
    }

    fn crashed(&mut self, task: TaskId) {
        let at = task.0 as usize;
        if std::mem::take(&mut self.saving[at]) > 0 {
            self.hit(Situation::CrashBetweenSaveAndAck);
        }
        if std::mem::take(&mut self.blocked[at]) > 0 {
            self.hit(Situation::CrashDuringAlignment);
        }
        if self.storing > 0 {
            self.hit(Situation::CrashBetweenAckAndCompletion);
        }
        if self.notices > 0 {
            self.hit(Situation::CrashBetweenCompletionAndNotice);
        }
        if self.recovering {
            self.hit(Situation::CrashDuringRecovery);
        }
    }
}
