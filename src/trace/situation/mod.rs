//! Named interesting states that a run can reach, counted so that a test can demand them.
//!
//! Each marks a place where implementations of checkpoints have gone wrong. They are counted from
//! facts alone, at a constant price per fact.

mod count;

pub use count::Situations;

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
    /// A record that a snapshot had saved of a channel was put back into it.
    ChannelStateRestored = "channel_state_restored",
    /// A snapshot saved contents of a channel (that keeps order) in which records put there by a
    /// restore still waited.
    RestoredRecordsSavedAgain = "restored_records_saved_again",
    /// A snapshot that holds records of channels is complete.
    CompletedWithChannelState = "completed_with_channel_state",
    /// A task died while a snapshot under way held records of channels already.
    CrashWithChannelStatePending = "crash_with_channel_state_pending",
    /// A record that came by a back edge was saved with a snapshot.
    BackEdgeLogged = "back_edge_logged",
    /// A task took a barrier after saving its state while another input was blocked by one: it had
    /// begun to align and went on without.
    AlignmentTurnedUnaligned = "alignment_turned_unaligned",
    /// A barrier that was announced was moved ahead of the records it waited behind.
    AnnouncedBarrierMoved = "announced_barrier_moved",
    /// A task took a record from an input that still owed the barrier, when another had delivered it
    /// and the state was not saved.
    RecordTakenWhileAligning = "record_taken_while_aligning",
    /// A task took a record after the barrier of the same input and before it saved its state.
    RecordSlippedIntoSnapshot = "record_slipped_into_snapshot",
    /// The barrier of a newer snapshot reached a task that still waited for barriers of an older one.
    SnapshotsInterleaved = "snapshots_interleaved",
    /// A task took a barrier of a snapshot that was over.
    ObsoleteBarrierReceived = "obsolete_barrier_received",
    /// An input's end, in the place of its barrier, was the last that a task waited for.
    EndCompletedAlignment = "end_completed_alignment",
    /// A task was told that a snapshot was given up of which it had not seen anything.
    AbortHeardBeforeStart = "abort_heard_before_start",
    /// A task was told that a snapshot was given up while it waited for barriers of it.
    AbortHeardWhileAligning = "abort_heard_while_aligning",
    /// A task's part of a snapshot did not get into storage.
    UploadFailed = "upload_failed",
    /// A task's part got into storage when its snapshot was over.
    UploadOrphaned = "upload_orphaned",
    /// A task refused a snapshot that was over.
    LateDecline = "late_decline",
    /// A snapshot was given up when parts of it were in storage.
    PartialSnapshotDiscarded = "partial_snapshot_discarded",
    /// A failover gave up a snapshot.
    SnapshotAbortedByFailover = "snapshot_aborted_by_failover",
    /// A snapshot completed after a task had died and before that was noticed.
    CompletedWithTaskDown = "completed_with_task_down",
    /// A task died when another had and nobody had noticed.
    CrashBeforeDetection = "crash_before_detection",
    /// The job was restarted, although no task had died, because snapshots failed.
    FailoverBySnapshotFailures = "failover_by_snapshot_failures",
    /// The job was restored from the same snapshot as the last time.
    RestoredAgain = "restored_again",
    /// The job was restored from a snapshot that was taken after an earlier restore from a snapshot.
    RestoredSecondGeneration = "restored_second_generation",
    /// A task died when all sources had emitted everything.
    CrashAfterLastRecord = "crash_after_last_record",
    /// A task died when the coordinator had ended the job.
    CrashAfterFinish = "crash_after_finish",
    /// The last snapshot was tried once more, since the try before failed.
    FinalSnapshotRepeated = "final_snapshot_repeated",
    /// A snapshot was taken without a source that had finished; what it would have saved was noted for it.
    FinishedTaskNoted = "finished_task_noted",
    /// A source was restored at its end and finished again at once.
    FinishedTaskRestored = "finished_task_restored",
    /// A sink died while a transaction of its was pre-committed and not committed.
    CrashBetweenPrepareAndCommit = "crash_between_prepare_and_commit",
    /// The trigger of a snapshot that was under way did not arrive.
    TriggerLost = "trigger_lost",
    /// Word of a complete snapshot did not arrive.
    CompletionLost = "completion_lost",
    /// A message of the coordinator came twice.
    NoticeRepeated = "notice_repeated",
    /// A task was told again to start a snapshot that it had been told of, or an older one.
    OldTriggerHeard = "old_trigger_heard",
    /// A task was told again of the newest completion that it knew of.
    CompletionHeardAgain = "completion_heard_again",
    /// A task was told of a completion when it knew of a newer one.
    OldCompletionHeard = "old_completion_heard",
    /// A notice committed the transaction of an older complete snapshot, whose own notice had not come.
    LostNoticeMadeGood = "lost_notice_made_good",
    /// A notice committed the transaction of an older snapshot that was given up.
    AbortedTransactionCommitted = "aborted_transaction_committed",
    /// A restore committed a transaction for the first time.
    CommittedByRestore = "committed_by_restore",
    /// A process took a message that was sent before another that it had taken by the same channel.
    MessageOvertaken = "message_overtaken",
}
