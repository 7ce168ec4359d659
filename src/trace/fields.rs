//! A fact taken apart: where it happened and what it is about, for documents and pictures.

use super::Fact;
use crate::model::{ChannelId, OperatorId, Plan, SnapshotId, TaskId};

/// A record as it is called somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// By whose names.
    pub operator: OperatorId,
    /// Whether it is the name under which that operator sent it; else that of its arrival there.
    pub is_sent: bool,
    /// The name.
    pub name: u64,
}

impl Named {
    /// What it is called in the scenario's terms.
    pub fn text(self, plan: &Plan) -> String {
        match self.is_sent {
            true => plan.describe_sent(self.operator, self.name),
            false => plan.describe(self.operator, self.name),
        }
    }

    /// The source records that it derives from.
    pub fn origins(self, plan: &Plan) -> Vec<String> {
        match self.is_sent {
            true => plan.origins_sent(self.operator, self.name),
            false => plan.origins(self.operator, self.name),
        }
    }
}

/// What a fact says, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Where it happened; nothing for what the coordinator does alone.
    pub task: Option<TaskId>,
    /// The channel it is about.
    pub channel: Option<ChannelId>,
    /// The snapshot it is about.
    pub snapshot: Option<SnapshotId>,
    /// The record it is about.
    pub record: Option<Named>,
    /// The record's key, where the record takes effect.
    pub key: Option<u32>,
    /// A number: a record's value, a count of entries, records or elements, a position, a state.
    pub value: Option<u64>,
    /// Why.
    pub reason: Option<&'static str>,
}

impl Fact {
    /// What the fact says, field by field.
    pub fn fields(self, plan: &Plan) -> Fields {
        let none = Fields::default();
        let at = |task: TaskId| Fields { task: Some(task), ..none };
        let part = |task: TaskId, snapshot: SnapshotId| Fields { snapshot: Some(snapshot), ..at(task) };
        let coordinator = |snapshot: SnapshotId| Fields { snapshot: Some(snapshot), ..none };
        let operator = |task: TaskId| plan.tasks()[task].operator;
        let here = |task: TaskId, name: u64| Some(Named { operator: operator(task), is_sent: false, name });
        let sender = |channel: ChannelId| plan.channels()[channel].from;
        let sent = |channel: ChannelId, name: u64| Some(Named { operator: operator(sender(channel)), is_sent: true, name });
        let leaving = |channel: ChannelId| Fields { channel: Some(channel), ..at(sender(channel)) };
        let coming = |channel: ChannelId| Fields { channel: Some(channel), ..at(plan.channels()[channel].to) };
        match self {
            Fact::Emitted { task, position } | Fact::Missed { task, position } => {
                let name = if plan.kind(task).is_process() { position } else { plan.source_name(task, position) };
                let record = Some(Named { operator: operator(task), is_sent: true, name });
                Fields { record, value: Some(position), ..at(task) }
            }
            Fact::Sent { channel, name } => Fields { record: sent(channel, name), ..leaving(channel) },
            Fact::Received { channel, name } | Fact::Reinstated { channel, name } => {
                Fields { record: sent(channel, name), ..coming(channel) }
            }
            Fact::Applied { task, name, key, value } | Fact::Output { task, name, key, value } => {
                Fields { record: here(task, name), key: Some(key), value: Some(value), ..at(task) }
            }
            Fact::Written { task, name } => Fields { record: here(task, name), ..at(task) },
            Fact::Stuck { task }
            | Fact::TaskFinished { task }
            | Fact::OpenDropped { task }
            | Fact::Crashed { task }
            | Fact::Fenced { task }
            | Fact::Exhausted { task } => at(task),
            Fact::Triggered { snapshot } | Fact::Overdue { snapshot } | Fact::AllAcked { snapshot } | Fact::Completed { snapshot } => {
                coordinator(snapshot)
            }
            Fact::Aborted { snapshot, reason } => Fields { reason: Some(reason.word()), ..coordinator(snapshot) },
            Fact::BarrierSent { channel, snapshot } | Fact::CancelSent { channel, snapshot } => {
                Fields { snapshot: Some(snapshot), ..leaving(channel) }
            }
            Fact::EndSent { channel } => leaving(channel),
            Fact::BarrierReceived { channel, snapshot }
            | Fact::CancelReceived { channel, snapshot }
            | Fact::Announced { channel, snapshot } => Fields { snapshot: Some(snapshot), ..coming(channel) },
            Fact::Blocked { channel } | Fact::Unblocked { channel } | Fact::InputEnded { channel } => coming(channel),
            Fact::Saved { task, snapshot, entries, .. } => Fields { value: Some(entries.into()), ..part(task, snapshot) },
            Fact::RecordSaved { channel, snapshot, name, value } => {
                Fields { snapshot: Some(snapshot), record: sent(channel, name), value: Some(value), ..coming(channel) }
            }
            Fact::ProcessSaved { task, snapshot, value } => Fields { value: Some(value), ..part(task, snapshot) },
            Fact::OffsetSaved { task, snapshot, position } => Fields { value: Some(position), ..part(task, snapshot) },
            Fact::TriggerReceived { task, snapshot }
            | Fact::Uploaded { task, snapshot }
            | Fact::Acked { task, snapshot }
            | Fact::AckIgnored { task, snapshot }
            | Fact::AbortHeard { task, snapshot }
            | Fact::PartDropped { task, snapshot }
            | Fact::Initiated { task, snapshot }
            | Fact::Notified { task, snapshot }
            | Fact::NoticeLost { task, snapshot }
            | Fact::Prepared { task, snapshot }
            | Fact::RolledBack { task, snapshot } => part(task, snapshot),
            Fact::Declined { task, snapshot, why } => Fields { reason: Some(why.word()), ..part(task, snapshot) },
            Fact::BarrierOvertook { channel, snapshot, records } => {
                Fields { snapshot: Some(snapshot), value: Some(records.into()), ..coming(channel) }
            }
            Fact::Posted { task, value } | Fact::Became { task, state: value } => Fields { value: Some(value), ..at(task) },
            Fact::Committed { task, snapshot, again } => Fields { value: Some(again.into()), ..part(task, snapshot) },
            Fact::Cleared { channel, elements } | Fact::LeftBehind { channel, elements } => {
                Fields { value: Some(elements.into()), ..coming(channel) }
            }
            Fact::Restoring { snapshot } => Fields { snapshot, ..none },
            Fact::Restored { task, snapshot, .. } => Fields { snapshot, ..at(task) },
            Fact::Failover | Fact::Resumed | Fact::JobFailed | Fact::Finished => none,
        }
    }
}
