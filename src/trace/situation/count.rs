//! Counting situations from facts.

use super::Situation;
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::{Fact, Reason, Refusal};

/// A snapshot that was triggered and is not over.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: SnapshotId,
    /// Parts in storage.
    parts: u32,
    is_all_acked: bool,
    /// Whether it holds records of channels.
    is_logged: bool,
    /// Whether it was triggered when all sources had emitted everything.
    is_final: bool,
}

/// What there is to know of a task. Snapshots are noted as their number plus one, 0 for none.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// Saved parts that are not in storage.
    saving: u32,
    /// Blocked inputs.
    blocked: u32,
    /// The newest snapshot of which a barrier came, and how many inputs are in for it.
    begun: u32,
    arrived: u32,
    /// Up to which nothing is waited for: saved, refused, or all barriers are in.
    settled: u32,
    saved: u32,
    /// The newest snapshots that it was told to start, and of whose completion it was told.
    triggered: u32,
    notified: u32,
    /// Inputs that have ended.
    ended: u32,
    /// Transactions that are pre-committed and not committed; they outlive the task.
    prepared: u32,
    is_finished: bool,
}

impl Marks {
    fn is_waiting(&self) -> bool {
        self.begun > self.settled
    }

    /// What is left when the task is stopped.
    fn stopped(self) -> Marks {
        Marks { prepared: self.prepared, ..Marks::default() }
    }
}

/// What makes a sink commit just now.
#[derive(Clone, Copy, Debug, Default)]
enum Cause {
    #[default]
    Unknown,
    Notice(SnapshotId),
    Restore,
}

/// What a restore has put into a channel.
#[derive(Clone, Copy, Debug, Default)]
struct Refilled {
    /// Records not taken yet.
    left: u32,
    /// The newest snapshot that has saved contents since, plus one.
    saved_by: u32,
}

/// Counts situations from facts.
#[derive(Clone, Debug, Default)]
pub struct Situations {
    counts: Vec<u64>,
    /// What a record taken from a channel could matter to: tasks that wait for barriers, records
    /// that were put back, channels without order. Mostly 0, so that such a fact costs nothing.
    watched: u32,
    /// The task that came up last, while it has not emitted anything; a number that no task has for none.
    fresh: u32,
    /// By task: the furthest position emitted; all else.
    emitted: Vec<u64>,
    tasks: Vec<Marks>,
    /// By channel: the newest barrier taken in this attempt, plus one.
    barriers: Vec<u32>,
    /// By channel, where barriers are announced: the newest announced, plus one.
    announced: Vec<u32>,
    /// By channel, once a restore has put records back.
    refilled: Vec<Refilled>,
    /// By channel, where messages of processes can overtake each other: the highest name taken, plus one.
    names: Vec<u64>,
    /// Oldest first.
    pending: Vec<Pending>,
    /// The newest snapshot, and which of the 64 newest are complete: bit n is that of newest - n.
    newest: u32,
    complete: u64,
    recovering: bool,
    finished: bool,
    /// Tasks whose death was not noticed yet.
    down: u32,
    notices: u32,
    listeners: u32,
    /// Sources that have emitted everything in this attempt.
    /// How many sources, and how many tasks, have said that they are at the end of their data.
    exhausted: u32,
    at_end: u32,
    /// Whether the last snapshot has been taken in this attempt.
    is_final_spoilt: bool,
    restored: Option<SnapshotId>,
    /// The first snapshot after a restore from one.
    second_generation: Option<SnapshotId>,
    cause: Cause,
    /// Whose alignment the end of an input has just completed.
    ending: Option<TaskId>,
}

const NOBODY: u32 = u32::MAX;

impl Situations {
    /// Nothing counted yet.
    pub fn new(plan: &Plan) -> Self {
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        // What process plans call names are places in a script, so they show the order of sending.
        let is_unordered = plan.has_processes() && !plan.is_ordered();
        Situations {
            counts: vec![0; Situation::ALL.len()],
            listeners: plan.sinks().iter().filter(|&&sink| plan.is_two_phase(sink)).count() as u32,
            emitted: vec![0; tasks],
            tasks: vec![Marks::default(); tasks],
            barriers: vec![0; channels],
            names: vec![0; if is_unordered { channels } else { 0 }],
            watched: u32::from(is_unordered),
            fresh: NOBODY,
            ..Situations::default()
        }
    }

    /// Back to nothing counted, for another run of the same plan; keeps all memory.
    pub fn reset(&mut self) {
        self.counts.fill(0);
        self.emitted.fill(0);
        self.tasks.fill(Marks::default());
        self.pending.clear();
        self.stop();
        (self.newest, self.complete, self.down) = (0, 0, 0);
        (self.recovering, self.finished) = (false, false);
        (self.restored, self.second_generation) = (None, None);
    }

    /// How often a situation was reached.
    pub fn count(&self, situation: Situation) -> u64 {
        self.counts[situation as usize]
    }

    /// How often each situation was reached, in the order of [`Situation::ALL`].
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Adds the counts of another run, of whatever plan.
    pub fn merge(&mut self, other: &Situations) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| *ours += theirs);
    }

    /// Every situation that was reached, with its count.
    pub fn reached(&self) -> impl Iterator<Item = (Situation, u64)> + '_ {
        Situation::ALL.iter().map(|&situation| (situation, self.count(situation))).filter(|(_, count)| *count > 0)
    }

    fn hit(&mut self, situation: Situation) {
        self.counts[situation as usize] += 1;
    }

    fn hit_if(&mut self, is_reached: bool, situation: Situation) {
        self.counts[situation as usize] += u64::from(is_reached);
    }

    /// Takes one fact in.
    #[inline(always)]
    pub fn fact(&mut self, plan: &Plan, fact: Fact) {
        match fact {
            Fact::Sent { .. } | Fact::Applied { .. } | Fact::Written { .. } | Fact::Output { .. } => {}
            Fact::Received { channel, name, .. } => {
                if self.watched > 0 {
                    self.received(plan, channel, name);
                }
            }
            Fact::Emitted { task, position } => {
                self.fresh = NOBODY;
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

    #[cold]
    #[inline(never)]
    fn received(&mut self, plan: &Plan, channel: ChannelId, name: u64) {
        let at = channel.0 as usize;
        if let Some(refilled) = self.refilled.get_mut(at).filter(|refilled| refilled.left > 0) {
            refilled.left -= 1;
            self.watched -= 1;
        }
        if let Some(highest) = self.names.get_mut(at) {
            let is_late = name < *highest;
            *highest = (*highest).max(name + 1);
            self.hit_if(is_late, Situation::MessageOvertaken);
        }
        let task = self.tasks[plan.channels()[channel].to.0 as usize];
        if task.is_waiting() && self.is_pending(SnapshotId(task.begun - 1)) {
            let is_behind = self.barriers[at] > task.settled;
            self.hit(if is_behind { Situation::RecordSlippedIntoSnapshot } else { Situation::RecordTakenWhileAligning });
        }
    }

    fn rare_fact(&mut self, plan: &Plan, fact: Fact) {
        let receiver = |channel| plan.channels()[channel].to;
        match fact {
            Fact::Missed { .. } => self.hit(Situation::RecordMissed),
            Fact::BarrierOvertook { channel, snapshot, .. } => {
                self.hit(Situation::BarrierOvertookRecords);
                let is_announced = self.announced.get(channel.0 as usize) == Some(&(snapshot.0 + 1));
                self.hit_if(is_announced, Situation::AnnouncedBarrierMoved);
            }
            Fact::Announced { channel, snapshot } => {
                self.announced.resize(self.barriers.len(), 0);
                self.announced[channel.0 as usize] = snapshot.0 + 1;
            }
            Fact::RecordSaved { channel, snapshot, .. } => self.record_saved(plan, channel, snapshot),
            Fact::Reinstated { channel, .. } => self.reinstated(plan, channel),
            Fact::Overdue { .. } => self.hit(Situation::AlignmentTimedOut),
            Fact::BarrierReceived { channel, snapshot } => self.barrier(plan, receiver(channel), channel, snapshot),
            Fact::CancelReceived { .. } => self.hit(Situation::CancellationReceived),
            Fact::InputEnded { channel } => self.input_ended(plan, receiver(channel), channel),
            Fact::TaskFinished { task } => {
                self.hit(Situation::TaskFinished);
                self.hit_if(self.fresh == task.0, Situation::FinishedTaskRestored);
                self.tasks[task.0 as usize].is_finished = true;
            }
            Fact::PartDropped { task, .. } => {
                self.hit(Situation::AbortDroppedPart);
                self.part_gone(task);
            }
            Fact::Stuck { .. } => self.hit(Situation::BackpressureStoppedSender),
            Fact::Triggered { snapshot } => self.triggered(plan, snapshot),
            Fact::Blocked { channel } => {
                self.tasks[receiver(channel).0 as usize].blocked += 1;
                self.hit(Situation::AlignmentBlockedChannel);
            }
            Fact::Unblocked { channel } => {
                let task = &mut self.tasks[receiver(channel).0 as usize];
                task.blocked = task.blocked.saturating_sub(1);
            }
            Fact::Saved { task, snapshot, .. } => self.saved(task, snapshot),
            Fact::Uploaded { task, snapshot } => {
                self.part_gone(task);
                match self.find(snapshot) {
                    Some(at) => self.pending[at].parts += 1,
                    None => self.hit(Situation::UploadOrphaned),
                }
            }
            Fact::AckIgnored { .. } => self.hit(Situation::LateAckIgnored),
            Fact::Declined { task, snapshot, why } => self.declined(task, snapshot, why),
            Fact::AbortHeard { task, snapshot } => {
                let task = self.tasks[task.0 as usize];
                self.hit_if(task.begun.max(task.settled) <= snapshot.0, Situation::AbortHeardBeforeStart);
                self.hit_if(task.is_waiting() && task.begun == snapshot.0 + 1, Situation::AbortHeardWhileAligning);
            }
            Fact::AllAcked { snapshot } => {
                if let Some(at) = self.find(snapshot) {
                    self.pending[at].is_all_acked = true;
                }
            }
            Fact::Completed { snapshot } => self.completed(snapshot),
            Fact::Aborted { snapshot, reason } => self.aborted(snapshot, reason),
            Fact::TriggerReceived { task, snapshot } => {
                let newest = &mut self.tasks[task.0 as usize].triggered;
                let is_old = snapshot.0 < *newest;
                *newest = (*newest).max(snapshot.0 + 1);
                self.hit_if(is_old, Situation::OldTriggerHeard);
            }
            Fact::Notified { task, snapshot } => self.notified(task, snapshot),
            Fact::NoticeRepeated { snapshot, .. } => {
                self.hit(Situation::NoticeRepeated);
                self.notices += u32::from(self.is_complete(snapshot));
            }
            Fact::NoticeLost { snapshot, .. } => self.notice_lost(snapshot),
            Fact::Prepared { task, .. } => self.tasks[task.0 as usize].prepared += 1,
            Fact::Committed { again: true, .. } => self.hit(Situation::CommitRepeated),
            Fact::Committed { task, snapshot, again: false } => self.committed(task, snapshot),
            Fact::RolledBack { task, .. } => {
                self.hit(Situation::TransactionRolledBack);
                self.settle_transaction(task);
            }
            Fact::Crashed { task } => self.crashed(plan, task),
            Fact::Failover => self.failover(),
            Fact::Restoring { snapshot } => self.restoring(snapshot),
            Fact::Restored { task, .. } => (self.fresh, self.cause) = (task.0, Cause::Restore),
            Fact::Resumed => self.recovering = false,
            Fact::Exhausted { task } => {
                self.exhausted += u32::from(plan.kind(task).emits());
                self.at_end += 1;
            }
            Fact::Fenced { .. } => self.hit(Situation::OldMessageFenced),
            Fact::JobFailed => self.hit(Situation::JobFailed),
            Fact::Finished => self.finished = true,
            _ => {}
        }
    }

    fn find(&self, snapshot: SnapshotId) -> Option<usize> {
        self.pending.iter().rposition(|pending| pending.id == snapshot)
    }

    fn is_pending(&self, snapshot: SnapshotId) -> bool {
        self.find(snapshot).is_some()
    }

    /// Whether it is one of the 64 newest and complete.
    fn is_complete(&self, snapshot: SnapshotId) -> bool {
        let age = self.newest.wrapping_sub(snapshot.0);
        age < u64::BITS && self.complete >> age & 1 == 1
    }

    fn has_emitted_all(&self, plan: &Plan) -> bool {
        !plan.has_processes() && self.exhausted >= plan.sources().len() as u32
    }

    fn is_drained(&self, plan: &Plan) -> bool {
        !plan.has_processes() && self.at_end >= plan.tasks().len() as u32
    }

    fn triggered(&mut self, plan: &Plan, snapshot: SnapshotId) {
        self.complete = self.complete.checked_shl(snapshot.0.saturating_sub(self.newest)).unwrap_or(0);
        self.newest = self.newest.max(snapshot.0);
        let is_final = self.is_drained(plan);
        self.hit_if(is_final && self.is_final_spoilt, Situation::FinalSnapshotRepeated);
        if self.restored.is_some() {
            self.second_generation.get_or_insert(snapshot);
        }
        self.pending.push(Pending { id: snapshot, parts: 0, is_all_acked: false, is_logged: false, is_final });
        self.hit_if(self.pending.len() > 1, Situation::OverlappingSnapshots);
    }

    fn completed(&mut self, snapshot: SnapshotId) {
        self.hit_if(self.down > 0, Situation::CompletedWithTaskDown);
        self.notices += self.listeners;
        let age = self.newest.wrapping_sub(snapshot.0);
        self.complete |= 1u64.checked_shl(age).unwrap_or(0);
        if let Some(at) = self.find(snapshot) {
            let pending = self.pending.remove(at);
            self.hit_if(pending.is_logged, Situation::CompletedWithChannelState);
        }
    }

    fn aborted(&mut self, snapshot: SnapshotId, reason: Reason) {
        match reason {
            Reason::Timeout => self.hit(Situation::SnapshotTimedOut),
            Reason::Subsumed => self.hit(Situation::SnapshotSubsumed),
            Reason::Failover => self.hit(Situation::SnapshotAbortedByFailover),
            Reason::Declined => {}
        }
        if let Some(at) = self.find(snapshot) {
            let pending = self.pending.remove(at);
            self.hit_if(pending.parts > 0, Situation::PartialSnapshotDiscarded);
            self.is_final_spoilt |= pending.is_final;
        }
    }

    fn notified(&mut self, task: TaskId, snapshot: SnapshotId) {
        let newest = &mut self.tasks[task.0 as usize].notified;
        let (id, known) = (snapshot.0 + 1, *newest);
        *newest = known.max(id);
        self.hit_if(id == known, Situation::CompletionHeardAgain);
        self.hit_if(id < known, Situation::OldCompletionHeard);
        self.notices = self.notices.saturating_sub(1);
        self.cause = Cause::Notice(snapshot);
    }

    fn notice_lost(&mut self, snapshot: SnapshotId) {
        self.hit(Situation::NoticeLost);
        if self.is_pending(snapshot) {
            self.hit(Situation::TriggerLost);
        } else if self.is_complete(snapshot) {
            self.hit(Situation::CompletionLost);
            self.notices = self.notices.saturating_sub(1);
        }
    }

    fn saved(&mut self, task: TaskId, snapshot: SnapshotId) {
        let ended = self.ending.take();
        let marks = &mut self.tasks[task.0 as usize];
        marks.saved = snapshot.0 + 1;
        let is_by_end = ended == Some(task) && marks.begun == marks.saved;
        if marks.is_finished {
            // The coordinator wrote it down in the task's place.
            return self.hit(Situation::FinishedTaskNoted);
        }
        marks.saving += 1;
        self.settle(task, snapshot);
        self.hit_if(is_by_end, Situation::EndCompletedAlignment);
    }

    fn part_gone(&mut self, task: TaskId) {
        let marks = &mut self.tasks[task.0 as usize];
        marks.saving = marks.saving.saturating_sub(1);
    }

    fn declined(&mut self, task: TaskId, snapshot: SnapshotId, why: Refusal) {
        self.hit(Situation::SnapshotDeclined);
        self.hit_if(why == Refusal::Failed, Situation::UploadFailed);
        self.hit_if(!self.is_pending(snapshot), Situation::LateDecline);
        // What was saved and not whole goes with it.
        if matches!(why, Refusal::Failed | Refusal::TooLarge) || self.tasks[task.0 as usize].saved == snapshot.0 + 1 {
            self.part_gone(task);
        }
        self.settle(task, snapshot);
    }

    /// The task waits for no barrier of this snapshot, or of older ones, any more.
    fn settle(&mut self, task: TaskId, snapshot: SnapshotId) {
        let marks = &mut self.tasks[task.0 as usize];
        let was_waiting = marks.is_waiting();
        marks.settled = marks.settled.max(snapshot.0 + 1);
        self.watched -= u32::from(was_waiting && !marks.is_waiting());
    }

    fn barrier(&mut self, plan: &Plan, task: TaskId, channel: ChannelId, snapshot: SnapshotId) {
        let id = snapshot.0 + 1;
        self.hit_if(!self.is_pending(snapshot), Situation::ObsoleteBarrierReceived);
        self.ending = None;
        let marks = &mut self.tasks[task.0 as usize];
        let turned = marks.begun == id && marks.saved == id && marks.blocked > 0;
        let interleaved = id > marks.begun && marks.is_waiting();
        if id > marks.begun {
            let was_waiting = marks.is_waiting();
            (marks.begun, marks.arrived) = (id, marks.ended + 1);
            self.watched += u32::from(!was_waiting && marks.is_waiting());
        } else if id == marks.begun && self.barriers[channel.0 as usize] < id {
            marks.arrived += 1;
        }
        let is_whole = marks.arrived as usize >= plan.inputs(task).len();
        let barrier = &mut self.barriers[channel.0 as usize];
        *barrier = (*barrier).max(id);
        if is_whole {
            self.settle_begun(task);
        }
        self.hit_if(turned, Situation::AlignmentTurnedUnaligned);
        self.hit_if(interleaved, Situation::SnapshotsInterleaved);
    }

    fn settle_begun(&mut self, task: TaskId) {
        if let Some(begun) = self.tasks[task.0 as usize].begun.checked_sub(1) {
            self.settle(task, SnapshotId(begun));
        }
    }

    fn input_ended(&mut self, plan: &Plan, task: TaskId, channel: ChannelId) {
        self.hit_if(!self.pending.is_empty(), Situation::InputEndedDuringSnapshot);
        let marks = &mut self.tasks[task.0 as usize];
        marks.ended += 1;
        if marks.is_waiting() && self.barriers[channel.0 as usize] < marks.begun {
            marks.arrived += 1;
            if marks.arrived as usize >= plan.inputs(task).len() {
                self.settle_begun(task);
                self.ending = Some(task);
            }
        }
    }

    fn record_saved(&mut self, plan: &Plan, channel: ChannelId, snapshot: SnapshotId) {
        self.hit(Situation::ChannelStateRecorded);
        self.hit_if(plan.is_back_edge(channel), Situation::BackEdgeLogged);
        if let Some(at) = self.find(snapshot) {
            self.pending[at].is_logged = true;
        }
        // What restores put back is at the front, so it is what is saved first.
        if let Some(refilled) = self.refilled.get_mut(channel.0 as usize)
            && refilled.left > 0
            && refilled.saved_by <= snapshot.0
        {
            refilled.saved_by = snapshot.0 + 1;
            self.hit(Situation::RestoredRecordsSavedAgain);
        }
    }

    fn reinstated(&mut self, plan: &Plan, channel: ChannelId) {
        self.hit(Situation::ChannelStateRestored);
        if plan.channels()[channel].is_fifo {
            self.refilled.resize(self.barriers.len(), Refilled::default());
            self.refilled[channel.0 as usize].left += 1;
            self.watched += 1;
        }
    }

    fn committed(&mut self, task: TaskId, snapshot: SnapshotId) {
        match self.cause {
            Cause::Restore => self.hit(Situation::CommittedByRestore),
            Cause::Notice(newer) if snapshot < newer && self.is_complete(snapshot) => self.hit(Situation::LostNoticeMadeGood),
            Cause::Notice(newer) if snapshot < newer => self.hit(Situation::AbortedTransactionCommitted),
            Cause::Notice(_) | Cause::Unknown => {}
        }
        self.settle_transaction(task);
    }

    fn settle_transaction(&mut self, task: TaskId) {
        let marks = &mut self.tasks[task.0 as usize];
        marks.prepared = marks.prepared.saturating_sub(1);
    }

    fn restoring(&mut self, snapshot: Option<SnapshotId>) {
        self.hit(match snapshot {
            Some(_) => Situation::RestoredFromSnapshot,
            None => Situation::RestoredFromNothing,
        });
        if snapshot.is_some() {
            self.hit_if(snapshot == self.restored, Situation::RestoredAgain);
            let is_second = self.second_generation.is_some_and(|first| snapshot >= Some(first));
            self.hit_if(is_second, Situation::RestoredSecondGeneration);
            self.restored = snapshot;
        }
    }

    fn crashed(&mut self, plan: &Plan, task: TaskId) {
        let marks = &mut self.tasks[task.0 as usize];
        let was = *marks;
        *marks = was.stopped();
        self.watched -= u32::from(was.is_waiting());
        self.hit_if(was.saving > 0, Situation::CrashBetweenSaveAndAck);
        self.hit_if(was.blocked > 0, Situation::CrashDuringAlignment);
        self.hit_if(was.prepared > 0, Situation::CrashBetweenPrepareAndCommit);
        self.hit_if(self.pending.iter().any(|pending| pending.is_all_acked), Situation::CrashBetweenAckAndCompletion);
        self.hit_if(self.pending.iter().any(|pending| pending.is_logged), Situation::CrashWithChannelStatePending);
        self.hit_if(self.notices > 0, Situation::CrashBetweenCompletionAndNotice);
        self.hit_if(self.recovering, Situation::CrashDuringRecovery);
        self.hit_if(self.down > 0, Situation::CrashBeforeDetection);
        self.down += 1;
        let is_late = self.has_emitted_all(plan);
        self.hit_if(is_late && !self.finished, Situation::CrashAfterLastRecord);
        self.hit_if(self.finished, Situation::CrashAfterFinish);
    }

    fn failover(&mut self) {
        self.hit_if(self.down == 0, Situation::FailoverBySnapshotFailures);
        (self.recovering, self.finished, self.down) = (true, false, 0);
        self.tasks.iter_mut().for_each(|marks| *marks = marks.stopped());
        self.stop();
    }

    /// Forgets what does not outlive an attempt.
    fn stop(&mut self) {
        self.barriers.fill(0);
        self.announced.fill(0);
        self.refilled.fill(Refilled::default());
        self.names.fill(0);
        self.watched = u32::from(!self.names.is_empty());
        (self.fresh, self.notices, self.exhausted, self.at_end, self.is_final_spoilt) = (NOBODY, 0, 0, 0, false);
        (self.cause, self.ending) = (Cause::Unknown, None);
    }
}
