//! A fact taken apart: where it happened and what it is about, for documents and pictures.

use super::Fact;
use crate::model::{ChannelId, Kind, OperatorId, Plan, SnapshotId, TaskId};

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
    /// The task it is about; nothing for what the coordinator does alone.
    pub task: Option<TaskId>,
    /// The channel it is about.
    pub channel: Option<ChannelId>,
    /// The snapshot it is about.
    pub snapshot: Option<SnapshotId>,
    /// The record it is about.
    pub record: Option<Named>,
    /// The record's key, where the record takes effect.
    pub key: Option<u32>,
    /// The record's value: tokens, in a graph of accounts.
    pub value: Option<u64>,
    /// What is said, where automata talk to each other: the message's number.
    pub message: Option<u64>,
    /// The place, from 0, of what is emitted or missed in its source's log, or in the script of a process.
    pub position: Option<u64>,
    /// How many a source, or a process, had emitted when it saved.
    pub offset: Option<u64>,
    /// Entries of the state that is saved.
    pub entries: Option<u64>,
    /// Bytes that are to be stored.
    pub bytes: Option<u64>,
    /// The tokens of an account.
    pub tokens: Option<u64>,
    /// The state of an automaton, by number.
    pub state: Option<u64>,
    /// Records that a barrier goes ahead of.
    pub records: Option<u64>,
    /// Elements of a channel that are cleared away or left.
    pub elements: Option<u64>,
    /// Whether a transaction had been committed before.
    pub again: Option<bool>,
    /// Why.
    pub reason: Option<&'static str>,
}

impl Fields {
    /// The number among the fields; no fact has two.
    pub fn number(&self) -> Option<u64> {
        let Fields { value, message, position, offset, entries, bytes, tokens, state, records, elements, again, .. } = *self;
        let numbers = [value, message, position, offset, entries, bytes, tokens, state, records, elements, again.map(u64::from)];
        numbers.into_iter().flatten().next()
    }
}

impl Fact {
    /// The task where it happened; none for the coordinator, which also counts what tasks report.
    pub fn place(self, plan: &Plan) -> Option<TaskId> {
        match self {
            Fact::Acked { .. } | Fact::AckIgnored { .. } | Fact::RefusalHeard { .. } | Fact::Exhausted { .. } => None,
            other => other.fields(plan).task,
        }
    }

    /// What the fact says, field by field.
    pub fn fields(self, plan: &Plan) -> Fields {
        let by = By { plan };
        match self {
            Fact::Emitted { task, position } | Fact::Missed { task, position } => {
                let name = if plan.kind(task).is_process() { position } else { plan.source_name(task, position) };
                let record = Some(Named { operator: by.operator(task), is_sent: true, name });
                Fields { record, position: Some(position), ..by.at(task) }
            }
            Fact::Sent { channel, name, .. } => Fields { record: by.sent(channel, name), ..by.leaving(channel) },
            Fact::Received { channel, name, .. } | Fact::Reinstated { channel, name, .. } => {
                Fields { record: by.sent(channel, name), ..by.coming(channel) }
            }
            Fact::Applied { task, name, key, value } | Fact::Output { task, name, key, value } => {
                Fields { record: by.here(task, name), key: Some(key), value: Some(value), ..by.at(task) }
            }
            Fact::Written { task, name } => Fields { record: by.here(task, name), ..by.at(task) },
            Fact::Stuck { task }
            | Fact::TaskFinished { task }
            | Fact::OpenDropped { task }
            | Fact::Crashed { task }
            | Fact::Fenced { task }
            | Fact::DataEnded { task }
            | Fact::Exhausted { task } => by.at(task),
            Fact::Triggered { snapshot }
            | Fact::Overdue { snapshot }
            | Fact::StoodStill { snapshot }
            | Fact::Discarded { snapshot }
            | Fact::AllAcked { snapshot }
            | Fact::Completed { snapshot } => by.coordinator(snapshot),
            Fact::Aborted { snapshot, reason } => Fields { reason: Some(reason.word()), ..by.coordinator(snapshot) },
            Fact::BarrierSent { channel, snapshot } | Fact::CancelSent { channel, snapshot } => {
                Fields { snapshot: Some(snapshot), ..by.leaving(channel) }
            }
            Fact::EndSent { channel } | Fact::DataEndSent { channel } => by.leaving(channel),
            Fact::BarrierReceived { channel, snapshot }
            | Fact::CancelReceived { channel, snapshot }
            | Fact::Announced { channel, snapshot } => Fields { snapshot: Some(snapshot), ..by.coming(channel) },
            Fact::Blocked { channel } | Fact::Unblocked { channel } | Fact::InputEnded { channel } | Fact::DataEndReceived { channel } => {
                by.coming(channel)
            }
            Fact::Saved { task, snapshot, entries, .. } => Fields { entries: Some(entries.into()), ..by.part(task, snapshot) },
            Fact::RecordSaved { channel, snapshot, name, value } => {
                let record = Fields { snapshot: Some(snapshot), record: by.sent(channel, name), ..by.coming(channel) };
                by.said(by.sender(channel), value, record)
            }
            Fact::Sized { task, snapshot, bytes } => Fields { bytes: Some(bytes), ..by.part(task, snapshot) },
            Fact::ProcessSaved { task, snapshot, value } => by.has(task, value, by.part(task, snapshot)),
            Fact::OffsetSaved { task, snapshot, position } => Fields { offset: Some(position), ..by.part(task, snapshot) },
            Fact::TriggerReceived { task, snapshot }
            | Fact::Whole { task, snapshot }
            | Fact::Uploaded { task, snapshot }
            | Fact::Acked { task, snapshot }
            | Fact::AckIgnored { task, snapshot }
            | Fact::AbortHeard { task, snapshot }
            | Fact::PartDropped { task, snapshot }
            | Fact::Initiated { task, snapshot }
            | Fact::Notified { task, snapshot }
            | Fact::NoticeLost { task, snapshot }
            | Fact::NoticeRepeated { task, snapshot }
            | Fact::NoticePostponed { task, snapshot }
            | Fact::Prepared { task, snapshot }
            | Fact::RolledBack { task, snapshot } => by.part(task, snapshot),
            Fact::Declined { task, snapshot, why } | Fact::RefusalHeard { task, snapshot, why } => {
                Fields { reason: Some(why.word()), ..by.part(task, snapshot) }
            }
            Fact::BarrierOvertook { channel, snapshot, records } => {
                Fields { snapshot: Some(snapshot), records: Some(records.into()), ..by.coming(channel) }
            }
            Fact::Posted { task, value } => by.said(task, value, by.at(task)),
            Fact::Became { task, state } => by.has(task, state, by.at(task)),
            Fact::Committed { task, snapshot, again } => Fields { again: Some(again), ..by.part(task, snapshot) },
            Fact::Cleared { channel, elements } => Fields { elements: Some(elements.into()), ..by.coming(channel) },
            Fact::LeftBehind { channel, records, marks } => {
                Fields { records: Some(records.into()), elements: Some((records + marks).into()), ..by.coming(channel) }
            }
            Fact::LeftOpen { task, records } => Fields { records: Some(records.into()), ..by.at(task) },
            Fact::WaitsForRoom { channel, .. } => by.leaving(channel),
            Fact::HeldBack { channel } | Fact::Awaited { channel } => by.coming(channel),
            Fact::Restoring { snapshot } => Fields { snapshot, ..Fields::default() },
            Fact::Restored { task, snapshot, .. } => Fields { snapshot, ..by.at(task) },
            Fact::Refused { asked, .. } => {
                Fields { task: asked.task, value: Some(asked.number.into()), reason: Some(asked.ask.word()), ..Fields::default() }
            }
            Fact::Requested | Fact::PauseOver | Fact::Failover | Fact::Resumed | Fact::JobFailed | Fact::Finished => Fields::default(),
        }
    }
}

/// The fields that facts of one kind share.
struct By<'p> {
    plan: &'p Plan,
}

impl By<'_> {
    fn at(&self, task: TaskId) -> Fields {
        Fields { task: Some(task), ..Fields::default() }
    }

    fn part(&self, task: TaskId, snapshot: SnapshotId) -> Fields {
        Fields { snapshot: Some(snapshot), ..self.at(task) }
    }

    fn coordinator(&self, snapshot: SnapshotId) -> Fields {
        Fields { snapshot: Some(snapshot), ..Fields::default() }
    }

    fn operator(&self, task: TaskId) -> OperatorId {
        self.plan.tasks()[task].operator
    }

    fn sender(&self, channel: ChannelId) -> TaskId {
        self.plan.channels()[channel].from
    }

    /// A record under the name of its arrival.
    fn here(&self, task: TaskId, name: u64) -> Option<Named> {
        Some(Named { operator: self.operator(task), is_sent: false, name })
    }

    /// A record under its sender's name.
    fn sent(&self, channel: ChannelId, name: u64) -> Option<Named> {
        Some(Named { operator: self.operator(self.sender(channel)), is_sent: true, name })
    }

    fn leaving(&self, channel: ChannelId) -> Fields {
        Fields { channel: Some(channel), ..self.at(self.sender(channel)) }
    }

    fn coming(&self, channel: ChannelId) -> Fields {
        Fields { channel: Some(channel), ..self.at(self.plan.channels()[channel].to) }
    }

    fn is_automaton(&self, task: TaskId) -> bool {
        matches!(self.plan.kind(task), Kind::Automaton(_))
    }

    /// What a record is worth, or what a message says.
    fn said(&self, by: TaskId, number: u64, fields: Fields) -> Fields {
        match self.is_automaton(by) {
            true => Fields { message: Some(number), ..fields },
            false => Fields { value: Some(number), ..fields },
        }
    }

    /// What a process has, or in which state it is.
    fn has(&self, task: TaskId, number: u64, fields: Fields) -> Fields {
        match self.is_automaton(task) {
            true => Fields { state: Some(number), ..fields },
            false => Fields { tokens: Some(number), ..fields },
        }
    }
}
