//! Facts are what did happen, one small value each. The engine emits
//! them; oracles, timelines and traces read nothing else.

use std::fmt::Write as _;

use super::{Asked, Misfit};
use crate::kernel::{Bytes, Digest, counted};
use crate::model::{ChannelId, Fold, Kind, Plan, SnapshotId, TaskId};

/// Why a snapshot was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not all acks came in time (C11).
    Timeout,
    /// A newer one completed first (C12).
    Subsumed,
    /// A task failed (C19).
    Failover,
    /// A task refused (C11).
    Declined,
}

impl Reason {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Timeout => "timeout",
            Reason::Subsumed => "subsumed",
            Reason::Failover => "failover",
            Reason::Declined => "declined",
        }
    }
}

/// Why a task refuses a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A newer one has begun; that is nobody's failure (C18).
    Subsumed,
    /// A cancellation marker came in its place (B3).
    Cancelled,
    /// An input ended, and checkpoints do not go on after that (B7).
    InputEnded,
    /// The task had finished when it was asked (P3).
    Finished,
    /// It could not be taken.
    Failed,
    /// Its part does not fit where parts are stored.
    TooLarge,
}

impl Refusal {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Refusal::Subsumed => "subsumed",
            Refusal::Cancelled => "cancelled",
            Refusal::InputEnded => "input ended",
            Refusal::Finished => "finished",
            Refusal::Failed => "failed",
            Refusal::TooLarge => "too large",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub enum Fact {
    /// A source read this position (from 0) of its log.
    Emitted { task: TaskId, position: u64 },
    /// A record of a source that cannot replay went by while its task was down.
    Missed { task: TaskId, position: u64 },
    /// A record was put into a channel, under the sender's name for it.
    Sent { channel: ChannelId, name: u64, value: u64 },
    /// A record was taken from a channel, under the sender's name for it.
    Received { channel: ChannelId, name: u64, value: u64 },
    /// A record changed the state of a task, under the receiver's name for it.
    Applied { task: TaskId, name: u64, key: u32, value: u64 },
    /// A sink wrote a record into its open transaction.
    Written { task: TaskId, name: u64 },
    /// A record became visible in the outside world.
    Output { task: TaskId, name: u64, key: u32, value: u64 },
    /// A task has output that does not fit its channels and stops.
    Stuck { task: TaskId },
    /// Somebody asks the coordinator for a snapshot: the scenario, a process, or the periodic trigger.
    Requested,
    /// The pause that follows on a completed snapshot is over (C5).
    PauseOver,
    /// The coordinator asked the sources for a snapshot.
    Triggered { snapshot: SnapshotId },
    /// A task was told to start a snapshot.
    TriggerReceived { task: TaskId, snapshot: SnapshotId },
    /// A barrier was put into a channel.
    BarrierSent { channel: ChannelId, snapshot: SnapshotId },
    /// A cancellation marker was put into a channel.
    CancelSent { channel: ChannelId, snapshot: SnapshotId },
    /// A channel was ended by its sender.
    EndSent { channel: ChannelId },
    /// The sender's data has ended: no record comes behind this.
    DataEndSent { channel: ChannelId },
    /// The end of the sender's data was taken.
    DataEndReceived { channel: ChannelId },
    /// The task is at the end of its data: a source has emitted everything, another task has seen the end on
    /// every input.
    DataEnded { task: TaskId },
    /// A barrier was taken from a channel.
    BarrierReceived { channel: ChannelId, snapshot: SnapshotId },
    /// The task takes nothing more from a channel for now.
    Blocked { channel: ChannelId },
    /// The task takes from the channel again.
    Unblocked { channel: ChannelId },
    /// A task copied its state into a snapshot.
    Saved { task: TaskId, snapshot: SnapshotId, entries: u32, digest: u64 },
    /// A task saved a record as contents of an input channel.
    RecordSaved { channel: ChannelId, snapshot: SnapshotId, name: u64, value: u64 },
    /// What a process saved: its tokens, or the number of its state.
    ProcessSaved { task: TaskId, snapshot: SnapshotId, value: u64 },
    /// A record of a restored snapshot was put back into its channel.
    Reinstated { channel: ChannelId, name: u64, value: u64 },
    /// A source noted its position in a snapshot.
    OffsetSaved { task: TaskId, snapshot: SnapshotId, position: u64 },
    /// The task has all of its part of the snapshot: what remains is to store it.
    Whole { task: TaskId, snapshot: SnapshotId },
    /// So many bytes the task has to store for the snapshot.
    Sized { task: TaskId, snapshot: SnapshotId, bytes: u64 },
    /// The copy is in durable storage and the ack is on its way.
    Uploaded { task: TaskId, snapshot: SnapshotId },
    /// The coordinator counted a task's ack.
    Acked { task: TaskId, snapshot: SnapshotId },
    /// The coordinator ignored an ack: late, duplicate or unknown (C10).
    AckIgnored { task: TaskId, snapshot: SnapshotId },
    /// A task refused a snapshot.
    Declined { task: TaskId, snapshot: SnapshotId, why: Refusal },
    /// The coordinator heard that a task refused a snapshot.
    RefusalHeard { task: TaskId, snapshot: SnapshotId, why: Refusal },
    /// A task was told that a snapshot was given up.
    AbortHeard { task: TaskId, snapshot: SnapshotId },
    /// What a task had saved of a snapshot was dropped before it was in storage (K7).
    PartDropped { task: TaskId, snapshot: SnapshotId },
    /// A cancellation marker was taken from a channel.
    CancelReceived { channel: ChannelId, snapshot: SnapshotId },
    /// A channel has ended: its sender has finished.
    InputEnded { channel: ChannelId },
    /// A source has finished; it takes part in no snapshot any more.
    TaskFinished { task: TaskId },
    /// A process starts a snapshot.
    Initiated { task: TaskId, snapshot: SnapshotId },
    /// A barrier that waits behind records was announced to its receiver.
    Announced { channel: ChannelId, snapshot: SnapshotId },
    /// A barrier went ahead of so many records in its channel.
    BarrierOvertook { channel: ChannelId, snapshot: SnapshotId, records: u32 },
    /// The snapshot's alignment budget is used up.
    Overdue { snapshot: SnapshotId },
    /// The snapshot's timeout has come, and nothing else could happen.
    StoodStill { snapshot: SnapshotId },
    /// A process is about to send a message of this value: so many tokens, or a message's number.
    Posted { task: TaskId, value: u64 },
    /// A process changed its state.
    Became { task: TaskId, state: u64 },
    /// Every task's ack is in; the metadata is being written.
    AllAcked { snapshot: SnapshotId },
    /// A snapshot is durable and can be restored.
    Completed { snapshot: SnapshotId },
    /// A completed snapshot is not kept any longer (C15).
    Discarded { snapshot: SnapshotId },
    /// A snapshot was given up.
    Aborted { snapshot: SnapshotId, reason: Reason },
    /// A task was told that a snapshot is complete.
    Notified { task: TaskId, snapshot: SnapshotId },
    /// A message from the coordinator was lost on the way.
    NoticeLost { task: TaskId, snapshot: SnapshotId },
    /// A message from the coordinator was sent once more.
    NoticeRepeated { task: TaskId, snapshot: SnapshotId },
    /// A message from the coordinator was overtaken by the next one.
    NoticePostponed { task: TaskId, snapshot: SnapshotId },
    /// A sink closed its transaction at the barrier (T1).
    Prepared { task: TaskId, snapshot: SnapshotId },
    /// A sink committed a transaction; `again` when it had been committed before.
    Committed { task: TaskId, snapshot: SnapshotId, again: bool },
    /// A sink took a pre-committed transaction back.
    RolledBack { task: TaskId, snapshot: SnapshotId },
    /// A sink dropped what was in its open transaction.
    OpenDropped { task: TaskId },
    /// A task died; its volatile state is gone.
    Crashed { task: TaskId },
    /// The coordinator noticed a failure; every task of the old attempt is stopped.
    Failover,
    /// The channel lost what was in it, because its attempt is over.
    Cleared { channel: ChannelId, elements: u32 },
    /// The coordinator chose what to restore.
    Restoring { snapshot: Option<SnapshotId> },
    /// A task is up with the state of that snapshot, or with none.
    Restored { task: TaskId, snapshot: Option<SnapshotId>, digest: u64 },
    /// All tasks are up again.
    Resumed,
    /// A message of an older attempt was thrown away on arrival (F5).
    Fenced { task: TaskId },
    /// The coordinator heard that a source has emitted everything.
    Exhausted { task: TaskId },
    /// No restart is left.
    JobFailed,
    /// The coordinator has nothing more to do.
    Finished,
    /// Somebody asked for something that does not fit, and it was not done.
    Refused { asked: Asked, why: Misfit },
    /// The run is over and this channel still holds something: so many records, so many barriers and the like.
    LeftBehind { channel: ChannelId, records: u32, marks: u32 },
    /// The run is over and a sink's transactions still hold records that nobody will ever see.
    LeftOpen { task: TaskId, records: u32 },
    /// The run is over and the task's output still waits for room in this channel.
    WaitsForRoom { task: TaskId, channel: ChannelId },
    /// The run is over and the receiver still holds this channel back.
    HeldBack { channel: ChannelId },
    /// The run is over and the receiver, which holds others back, still waits for the barrier of this channel.
    Awaited { channel: ChannelId },
}

impl Fact {
    /// Four words that say the same; the first is unique to the kind of fact.
    fn words(self) -> [u64; 4] {
        let snap = |snapshot: SnapshotId| u64::from(snapshot.0);
        let task = |task: TaskId| u64::from(task.0);
        let channel = |channel: ChannelId| u64::from(channel.0);
        let opt = |snapshot: Option<SnapshotId>| snapshot.map_or(u64::MAX, snap);
        match self {
            Fact::Emitted { task: t, position } => [1, task(t), position, 0],
            Fact::Missed { task: t, position } => [2, task(t), position, 0],
            Fact::Sent { channel: c, name, .. } => [3, channel(c), name, 0],
            Fact::Received { channel: c, name, .. } => [4, channel(c), name, 0],
            Fact::Applied { task: t, name, key, value } => [5 | (u64::from(key) << 32), task(t), name, value],
            Fact::Written { task: t, name } => [6, task(t), name, 0],
            Fact::Output { task: t, name, key, value } => [7 | (u64::from(key) << 32), task(t), name, value],
            Fact::Stuck { task: t } => [8, task(t), 0, 0],
            Fact::Triggered { snapshot } => [9, snap(snapshot), 0, 0],
            Fact::BarrierReceived { channel: c, snapshot } => [10, channel(c), snap(snapshot), 0],
            Fact::Blocked { channel: c } => [11, channel(c), 0, 0],
            Fact::Unblocked { channel: c } => [12, channel(c), 0, 0],
            Fact::Saved { task: t, snapshot, entries, digest } => [13 | (u64::from(entries) << 32), task(t), snap(snapshot), digest],
            Fact::OffsetSaved { task: t, snapshot, position } => [14, task(t), snap(snapshot), position],
            Fact::Uploaded { task: t, snapshot } => [15, task(t), snap(snapshot), 0],
            Fact::Acked { task: t, snapshot } => [16, task(t), snap(snapshot), 0],
            Fact::AckIgnored { task: t, snapshot } => [17, task(t), snap(snapshot), 0],
            Fact::Declined { task: t, snapshot, why } => [18, task(t), snap(snapshot), why as u64],
            Fact::Completed { snapshot } => [19, snap(snapshot), 0, 0],
            Fact::Aborted { snapshot, reason } => [20, snap(snapshot), reason as u64, 0],
            Fact::Notified { task: t, snapshot } => [21, task(t), snap(snapshot), 0],
            Fact::NoticeLost { task: t, snapshot } => [22, task(t), snap(snapshot), 0],
            Fact::NoticeRepeated { task: t, snapshot } => [74, task(t), snap(snapshot), 0],
            Fact::NoticePostponed { task: t, snapshot } => [75, task(t), snap(snapshot), 0],
            Fact::Prepared { task: t, snapshot } => [23, task(t), snap(snapshot), 0],
            Fact::Committed { task: t, snapshot, again } => [24, task(t), snap(snapshot), u64::from(again)],
            Fact::RolledBack { task: t, snapshot } => [25, task(t), snap(snapshot), 0],
            Fact::OpenDropped { task: t } => [26, task(t), 0, 0],
            Fact::Crashed { task: t } => [27, task(t), 0, 0],
            Fact::Failover => [28, 0, 0, 0],
            Fact::Cleared { channel: c, elements } => [29, channel(c), u64::from(elements), 0],
            Fact::Restoring { snapshot } => [30, opt(snapshot), 0, 0],
            Fact::Restored { task: t, snapshot, digest } => [31, task(t), opt(snapshot), digest],
            Fact::Resumed => [32, 0, 0, 0],
            Fact::Fenced { task: t } => [33, task(t), 0, 0],
            Fact::Exhausted { task: t } => [34, task(t), 0, 0],
            Fact::JobFailed => [35, 0, 0, 0],
            Fact::Finished => [36, 0, 0, 0],
            Fact::LeftBehind { channel: c, records, marks } => [38, channel(c), u64::from(records), u64::from(marks)],
            Fact::RecordSaved { channel: c, snapshot, name, value } => [39, channel(c) | (snap(snapshot) << 32), name, value],
            Fact::Reinstated { channel: c, name, value } => [40, channel(c), name, value],
            Fact::ProcessSaved { task: t, snapshot, value } => [41, task(t), snap(snapshot), value],
            Fact::AbortHeard { task: t, snapshot } => [42, task(t), snap(snapshot), 0],
            Fact::PartDropped { task: t, snapshot } => [43, task(t), snap(snapshot), 0],
            Fact::CancelReceived { channel: c, snapshot } => [44, channel(c), snap(snapshot), 0],
            Fact::InputEnded { channel: c } => [45, channel(c), 0, 0],
            Fact::TaskFinished { task: t } => [46, task(t), 0, 0],
            Fact::Initiated { task: t, snapshot } => [47, task(t), snap(snapshot), 0],
            Fact::Announced { channel: c, snapshot } => [48, channel(c), snap(snapshot), 0],
            Fact::BarrierOvertook { channel: c, snapshot, records } => [49, channel(c), snap(snapshot), u64::from(records)],
            Fact::Overdue { snapshot } => [50, snap(snapshot), 0, 0],
            Fact::StoodStill { snapshot } => [61, snap(snapshot), 0, 0],
            Fact::Requested => [62, 0, 0, 0],
            Fact::PauseOver => [63, 0, 0, 0],
            Fact::Whole { task: t, snapshot } => [64, task(t), snap(snapshot), 0],
            Fact::RefusalHeard { task: t, snapshot, why } => [65, task(t), snap(snapshot), why as u64],
            Fact::Discarded { snapshot } => [66, snap(snapshot), 0, 0],
            Fact::Sized { task: t, snapshot, bytes } => [76, task(t), snap(snapshot), bytes],
            Fact::Posted { task: t, value } => [51, task(t), value, 0],
            Fact::Became { task: t, state } => [52, task(t), state, 0],
            Fact::AllAcked { snapshot } => [37, snap(snapshot), 0, 0],
            Fact::BarrierSent { channel: c, snapshot } => [53, channel(c), snap(snapshot), 0],
            Fact::CancelSent { channel: c, snapshot } => [54, channel(c), snap(snapshot), 0],
            Fact::EndSent { channel: c } => [55, channel(c), 0, 0],
            Fact::DataEndSent { channel: c } => [57, channel(c), 0, 0],
            Fact::DataEndReceived { channel: c } => [58, channel(c), 0, 0],
            Fact::DataEnded { task: t } => [59, task(t), 0, 0],
            Fact::TriggerReceived { task: t, snapshot } => [56, task(t), snap(snapshot), 0],
            Fact::Refused { asked: Asked { task: t, by, ask, number, .. }, why } => {
                [60, t.map_or(u64::MAX, task), u64::from(number), by as u64 | (ask as u64) << 8 | (why as u64) << 16]
            }
            Fact::LeftOpen { task: t, records } => [70, task(t), u64::from(records), 0],
            Fact::WaitsForRoom { task: t, channel: c } => [71, task(t), channel(c), 0],
            Fact::HeldBack { channel: c } => [72, channel(c), 0, 0],
            Fact::Awaited { channel: c } => [73, channel(c), 0, 0],
        }
    }

    /// The word for this kind of fact in documents.
    pub fn word(self) -> &'static str {
        match self {
            Fact::Emitted { .. } => "emitted",
            Fact::Missed { .. } => "missed",
            Fact::Sent { .. } => "sent",
            Fact::Received { .. } => "received",
            Fact::Applied { .. } => "applied",
            Fact::Written { .. } => "written",
            Fact::Output { .. } => "output",
            Fact::Stuck { .. } => "stuck",
            Fact::Requested => "requested",
            Fact::PauseOver => "pause_over",
            Fact::Triggered { .. } => "triggered",
            Fact::TriggerReceived { .. } => "trigger_received",
            Fact::BarrierSent { .. } => "barrier_sent",
            Fact::CancelSent { .. } => "cancel_sent",
            Fact::EndSent { .. } => "end_sent",
            Fact::DataEndSent { .. } => "data_end_sent",
            Fact::DataEndReceived { .. } => "data_end_received",
            Fact::DataEnded { .. } => "data_ended",
            Fact::BarrierReceived { .. } => "barrier_received",
            Fact::Blocked { .. } => "blocked",
            Fact::Unblocked { .. } => "unblocked",
            Fact::Saved { .. } => "saved",
            Fact::RecordSaved { .. } => "record_saved",
            Fact::ProcessSaved { .. } => "process_saved",
            Fact::Reinstated { .. } => "reinstated",
            Fact::OffsetSaved { .. } => "offset_saved",
            Fact::Whole { .. } => "whole",
            Fact::Sized { .. } => "sized",
            Fact::Uploaded { .. } => "uploaded",
            Fact::Acked { .. } => "acked",
            Fact::AckIgnored { .. } => "ack_ignored",
            Fact::Declined { .. } => "declined",
            Fact::RefusalHeard { .. } => "refusal_heard",
            Fact::AbortHeard { .. } => "abort_heard",
            Fact::PartDropped { .. } => "part_dropped",
            Fact::CancelReceived { .. } => "cancel_received",
            Fact::InputEnded { .. } => "input_ended",
            Fact::TaskFinished { .. } => "task_finished",
            Fact::Initiated { .. } => "initiated",
            Fact::Announced { .. } => "announced",
            Fact::BarrierOvertook { .. } => "barrier_overtook",
            Fact::Overdue { .. } => "overdue",
            Fact::StoodStill { .. } => "stood_still",
            Fact::Posted { .. } => "posted",
            Fact::Became { .. } => "became",
            Fact::AllAcked { .. } => "all_acked",
            Fact::Completed { .. } => "completed",
            Fact::Discarded { .. } => "discarded",
            Fact::Aborted { .. } => "aborted",
            Fact::Notified { .. } => "notified",
            Fact::NoticeLost { .. } => "notice_lost",
            Fact::NoticeRepeated { .. } => "notice_repeated",
            Fact::NoticePostponed { .. } => "notice_postponed",
            Fact::Prepared { .. } => "prepared",
            Fact::Committed { .. } => "committed",
            Fact::RolledBack { .. } => "rolled_back",
            Fact::OpenDropped { .. } => "open_dropped",
            Fact::Crashed { .. } => "crashed",
            Fact::Failover => "failover",
            Fact::Cleared { .. } => "cleared",
            Fact::Restoring { .. } => "restoring",
            Fact::Restored { .. } => "restored",
            Fact::Resumed => "resumed",
            Fact::Fenced { .. } => "fenced",
            Fact::Exhausted { .. } => "exhausted",
            Fact::JobFailed => "job_failed",
            Fact::Finished => "finished",
            Fact::LeftBehind { .. } => "left_behind",
            Fact::Refused { .. } => "refused",
            Fact::LeftOpen { .. } => "left_open",
            Fact::WaitsForRoom { .. } => "waits_for_room",
            Fact::HeldBack { .. } => "held_back",
            Fact::Awaited { .. } => "awaited",
        }
    }

    /// Folds the fact, and when it happened, into a digest.
    #[inline(always)]
    pub fn fold_into(self, at: u64, digest: &mut Digest) {
        // The facts that come with every record are folded in half the work.
        let short = |digest: &mut Digest, kind: u64, place: u32, name: u64| digest.pair(at ^ (kind << 48), name ^ (u64::from(place) << 32));
        match self {
            Fact::Emitted { task, position } => short(digest, 1, task.0, position),
            Fact::Sent { channel, name, .. } => short(digest, 3, channel.0, name),
            Fact::Received { channel, name, .. } => short(digest, 4, channel.0, name),
            Fact::Written { task, name } => short(digest, 6, task.0, name),
            Fact::Applied { task, name, key, value } => {
                short(digest, 5, task.0, name);
                digest.pair(u64::from(key), value);
            }
            Fact::Output { task, name, key, value } => {
                short(digest, 7, task.0, name);
                digest.pair(u64::from(key), value);
            }
            _ => self.fold_rare(at, digest),
        }
    }

    #[inline(never)]
    fn fold_rare(self, at: u64, digest: &mut Digest) {
        let [kind, a, b, c] = self.words();
        digest.pair(at ^ (kind << 48), a ^ (kind >> 32 << 32));
        digest.pair(b, c);
    }

    /// The fact as one line in the scenario's terms.
    pub fn describe(self, plan: &Plan) -> String {
        let task = |task: TaskId| plan.task_name(task);
        let channel = |channel: ChannelId| plan.channel_name(channel);
        let sent = |c: ChannelId, name: u64| plan.describe_sent(plan.tasks()[plan.channels()[c].from].operator, name);
        let here = |t: TaskId, name: u64| plan.describe(plan.tasks()[t].operator, name);
        let read = |t: TaskId, position: u64| plan.describe_sent(plan.tasks()[t].operator, plan.source_name(t, position));
        let key = |t: TaskId, key: u32| plan.key_text(plan.tasks()[t].operator, key);
        match self {
            Fact::Emitted { task: t, position } if plan.kind(t).is_process() => {
                format!("{} does step {} of its script", task(t), position + 1)
            }
            Fact::Emitted { task: t, position } => format!("{} emits {}", task(t), read(t, position)),
            Fact::Missed { task: t, position } => format!("{} is down and misses {}", task(t), read(t, position)),
            Fact::Sent { channel: c, name, .. } => format!("{} sent on {}", sent(c, name), channel(c)),
            Fact::Received { channel: c, name, .. } => format!("{} received on {}", sent(c, name), channel(c)),
            Fact::Applied { task: t, name, key: k, value } => match plan.kind(t) {
                &Kind::Keyed { fold, .. } if fold != Fold::Count => {
                    format!("{} {} {}, which is {value}, under key {}", task(t), verb(fold, value), here(t, name), key(t, k))
                }
                Kind::Join { .. } => format!("{} keeps {} under key {}", task(t), here(t, name), key(t, k)),
                Kind::Account { .. } => format!("{} gets {} with {}", task(t), plan.value_text(t, value), here(t, name)),
                _ => format!("{} counts {} under key {}", task(t), here(t, name), key(t, k)),
            },
            Fact::Written { task: t, name } => format!("{} writes {} into its open transaction", task(t), here(t, name)),
            Fact::Output { task: t, name, key: k, value } => {
                format!("{} makes {} visible: {} = {value}", task(t), here(t, name), key(t, k))
            }
            Fact::Stuck { task: t } => format!("{} has no room for its output", task(t)),
            Fact::Requested => "a snapshot is asked for".to_owned(),
            Fact::PauseOver => "the pause after a snapshot is over".to_owned(),
            Fact::Triggered { snapshot } => format!("snapshot {snapshot} triggered"),
            Fact::TriggerReceived { task: t, snapshot } => format!("{} is told to start snapshot {snapshot}", task(t)),
            Fact::BarrierSent { channel: c, snapshot } => format!("barrier {snapshot} sent on {}", channel(c)),
            Fact::CancelSent { channel: c, snapshot } => format!("cancellation of {snapshot} sent on {}", channel(c)),
            Fact::EndSent { channel: c } => format!("end sent on {}", channel(c)),
            Fact::DataEndSent { channel: c } => format!("end of data sent on {}", channel(c)),
            Fact::DataEndReceived { channel: c } => format!("end of data received on {}", channel(c)),
            Fact::DataEnded { task: t } if plan.kind(t).emits() => format!("{} has emitted everything", task(t)),
            Fact::DataEnded { task: t } => format!("{} is at the end of its data", task(t)),
            Fact::BarrierReceived { channel: c, snapshot } => format!("barrier {snapshot} received on {}", channel(c)),
            Fact::Blocked { channel: c } => format!("{} blocked", channel(c)),
            Fact::Unblocked { channel: c } => format!("{} unblocked", channel(c)),
            Fact::Saved { task: t, snapshot, .. } if plan.kind(t).is_source() => {
                format!("{} saves its position for snapshot {snapshot}", task(t))
            }
            Fact::Saved { task: t, snapshot, entries, .. } => {
                format!("{} saved for snapshot {snapshot}: {}", task(t), counted(entries, "entry", "entries"))
            }
            Fact::RecordSaved { channel: c, snapshot, name, .. } => {
                format!("{} on {} saved for snapshot {snapshot}", sent(c, name), channel(c))
            }
            Fact::ProcessSaved { task: t, snapshot, value } => {
                format!("{} recorded for snapshot {snapshot}: {}", task(t), plan.value_text(t, value))
            }
            Fact::AbortHeard { task: t, snapshot } => format!("{} is told that snapshot {snapshot} was given up", task(t)),
            Fact::PartDropped { task: t, snapshot } => format!("{} drops its part of snapshot {snapshot}", task(t)),
            Fact::CancelReceived { channel: c, snapshot } => format!("cancellation of {snapshot} received on {}", channel(c)),
            Fact::InputEnded { channel: c } => format!("{} has ended", channel(c)),
            Fact::TaskFinished { task: t } => format!("{} has finished", task(t)),
            Fact::Initiated { task: t, snapshot } => format!("{} starts snapshot {snapshot}", task(t)),
            Fact::Announced { channel: c, snapshot } => format!("barrier {snapshot} announced on {}", channel(c)),
            Fact::BarrierOvertook { channel: c, snapshot, records } => {
                format!("barrier {snapshot} goes ahead of {} on {}", counted(records, "record", "records"), channel(c))
            }
            Fact::Overdue { snapshot } => format!("snapshot {snapshot} has used up its time for aligning"),
            Fact::StoodStill { snapshot } => format!("nothing can happen any more but that snapshot {snapshot} is given up"),
            Fact::Posted { task: t, value } => match plan.kind(t) {
                Kind::Automaton(table) => format!("{} says {}", task(t), table.message_name(value)),
                _ => format!("{} pays {}", task(t), plan.value_text(t, value)),
            },
            Fact::Became { task: t, state } => format!("{} becomes {}", task(t), plan.value_text(t, state)),
            Fact::Reinstated { channel: c, name, .. } => format!("{} is back on {}", sent(c, name), channel(c)),
            Fact::OffsetSaved { task: t, snapshot, position } => {
                format!("{} saved for snapshot {snapshot}: {} emitted", task(t), counted(position, "record", "records"))
            }
            Fact::Whole { task: t, snapshot } => format!("{} has its part of snapshot {snapshot}", task(t)),
            Fact::Sized { task: t, snapshot, bytes } => format!("{} has {} to store for snapshot {snapshot}", task(t), Bytes(bytes)),
            Fact::Uploaded { task: t, snapshot } => format!("{} uploaded its part of snapshot {snapshot} and acks", task(t)),
            Fact::Acked { task: t, snapshot } => format!("ack of {} for snapshot {snapshot} counted", task(t)),
            Fact::AckIgnored { task: t, snapshot } => format!("ack of {} for snapshot {snapshot} ignored", task(t)),
            Fact::Declined { task: t, snapshot, why } => format!("{} declines snapshot {snapshot}: {}", task(t), why.word()),
            Fact::RefusalHeard { task: t, snapshot, why } => {
                format!("the coordinator hears that {} declines snapshot {snapshot}: {}", task(t), why.word())
            }
            Fact::AllAcked { snapshot } => format!("all acks for snapshot {snapshot} are in"),
            Fact::Completed { snapshot } => format!("snapshot {snapshot} completed"),
            Fact::Discarded { snapshot } => format!("snapshot {snapshot} is kept no longer"),
            Fact::Aborted { snapshot, reason } => format!("snapshot {snapshot} aborted: {}", reason.word()),
            Fact::Notified { task: t, snapshot } => format!("{} is told that snapshot {snapshot} is complete", task(t)),
            Fact::NoticeLost { task: t, snapshot } => format!("notice of snapshot {snapshot} to {} lost", task(t)),
            Fact::NoticeRepeated { task: t, snapshot } => format!("notice of snapshot {snapshot} to {} sent once more", task(t)),
            Fact::NoticePostponed { task: t, snapshot } => {
                format!("notice of snapshot {snapshot} to {} overtaken by the next one", task(t))
            }
            Fact::Prepared { task: t, snapshot } => format!("{} pre-commits transaction {snapshot}", task(t)),
            Fact::Committed { task: t, snapshot, again } => {
                let mut line = format!("{} commits transaction {snapshot}", task(t));
                if again {
                    line.write_str(" (was committed before)").expect("writing to a String");
                }
                line
            }
            Fact::RolledBack { task: t, snapshot } => format!("{} aborts transaction {snapshot}", task(t)),
            Fact::OpenDropped { task: t } => format!("{} drops its open transaction", task(t)),
            Fact::Crashed { task: t } => format!("{} crashes", task(t)),
            Fact::Failover => "failure noticed: all tasks are stopped".to_owned(),
            Fact::Cleared { channel: c, elements } => format!("{} cleared of {}", channel(c), counted(elements, "element", "elements")),
            Fact::Restoring { snapshot: Some(snapshot) } => format!("restoring from snapshot {snapshot}"),
            Fact::Restoring { snapshot: None } => "restoring from nothing".to_owned(),
            Fact::Restored { task: t, .. } => format!("{} is up", task(t)),
            Fact::Resumed => "all tasks are up again".to_owned(),
            Fact::Fenced { task: t } => format!("message of an older attempt of {} dropped", task(t)),
            Fact::Exhausted { task: t } => format!("the coordinator hears that {} is at the end of its data", task(t)),
            Fact::JobFailed => "no restart is left: the job has failed".to_owned(),
            Fact::LeftBehind { channel: c, records, marks } => format!("{} left in {}", load(records, marks), channel(c)),
            Fact::LeftOpen { task: t, records } => {
                format!("{} left in transactions of {}", counted(records, "record", "records"), task(t))
            }
            Fact::WaitsForRoom { task: t, channel: c } => format!("{} still waits for room in {}", task(t), channel(c)),
            Fact::HeldBack { channel: c } => format!("{} is still held back", channel(c)),
            Fact::Awaited { channel: c } => format!("the barrier of {} is still waited for", channel(c)),
            Fact::Finished => "the coordinator is done".to_owned(),
            Fact::Refused { asked, why } => {
                let (expected, found) = why.because(asked.number);
                format!("{}: expected {expected}, found {found}", asked.describe(plan))
            }
        }
    }
}

/// What a channel holds, records and marks counted apart.
fn load(records: u32, marks: u32) -> String {
    let some = |count: u32, one: &str, many: &str| (count > 0).then(|| counted(count, one, many));
    let parts = [some(records, "record", "records"), some(marks, "barrier or other mark", "barriers and other marks")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What a keyed operator does with a record of this value.
fn verb(fold: Fold, value: u64) -> &'static str {
    match fold {
        Fold::Count => "counts",
        Fold::Sum => "adds",
        Fold::Latest => "keeps",
        Fold::Average { .. } if fold.starts_anew(value) => "starts anew with",
        Fold::Average { .. } => "averages",
    }
}
