//! The tasks: whether they run, their states, their protocols, and what they have on its way to storage.

use std::hash::Hash;
use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;

use crate::kernel::{IdVec, Printed, Prints, clone_fields};
use crate::model::{Kind, Part, Plan, SnapshotId, TaskId, TaskState};
use crate::protocol::ProtocolBox;

/// Whether a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) enum Status {
    Up,
    Down,
    Restoring,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Task {
    pub status: Status,
    /// A source that is done and gone (E1).
    pub is_finished: bool,
    pub state: TaskState,
}

clone_fields!(Task { status, is_finished, state });

impl Task {
    fn fresh(kind: &Kind) -> Self {
        Task { status: Status::Up, is_finished: false, state: initial_state(kind) }
    }
}

/// What a task starts with when there is nothing to restore.
pub(in crate::engine) fn initial_state(kind: &Kind) -> TaskState {
    match kind {
        Kind::Source { .. } => TaskState::Source(0),
        Kind::KeyedCount { .. } | Kind::KeyedSum { .. } | Kind::Iterate { .. } => TaskState::Keyed(Vec::new()),
        Kind::Account { tokens, .. } => TaskState::Account { tokens: *tokens, next: 0 },
        Kind::Automaton(_) => TaskState::Automaton { state: 0, next: 0 },
        Kind::Join { .. } => TaskState::Join(Vec::new()),
        Kind::Sink { .. } => TaskState::Sink(Vec::new()),
        _ => TaskState::Stateless,
    }
}

/// A task's part of a snapshot on its way to storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Saving {
    pub task: TaskId,
    pub snapshot: SnapshotId,
    pub part: Arc<Part>,
    /// Whether it is whole, so that its upload can begin.
    pub is_whole: bool,
}

/// The tasks of a world. Indexed by their ids.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Tasks {
    works: IdVec<TaskId, Printed<Task>>,
    /// A task's fingerprint tells of its protocol too, which spares a large world half of what fingerprints
    /// take: whoever changes a protocol [touches](Printed::touch) the task.
    pub protocols: IdVec<TaskId, ProtocolBox>,
    /// Tasks that are not up.
    pub missing: u32,
    /// Parts copied but not yet in durable storage, by task, each task's oldest first. Volatile.
    pub savings: Printed<Vec<Saving>>,
    /// Tasks that wait for the end of a snapshot's alignment budget, and of which, sorted.
    pub alarms: Printed<Vec<(TaskId, SnapshotId)>>,
}

impl Index<TaskId> for Tasks {
    type Output = Printed<Task>;
    #[inline(always)]
    fn index(&self, task: TaskId) -> &Printed<Task> {
        &self.works[task]
    }
}

impl IndexMut<TaskId> for Tasks {
    #[inline(always)]
    fn index_mut(&mut self, task: TaskId) -> &mut Printed<Task> {
        &mut self.works[task]
    }
}

impl Tasks {
    pub fn new(plan: &Plan, protocols: IdVec<TaskId, ProtocolBox>) -> Self {
        Tasks {
            works: plan.tasks().ids().map(|task| Printed::new(Task::fresh(plan.kind(task)))).collect(),
            protocols,
            missing: 0,
            savings: Printed::default(),
            alarms: Printed::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.works.len()
    }

    /// The places of a task's parts among the savings.
    pub fn savings_of(&self, task: TaskId) -> Range<usize> {
        let start = self.savings.partition_point(|saving| saving.task < task);
        let count = self.savings[start..].iter().take_while(|saving| saving.task == task).count();
        start..start + count
    }

    /// The snapshot whose budget a task waits for the end of.
    pub fn alarm_of(&self, task: TaskId) -> Option<SnapshotId> {
        self.alarms.iter().find(|(owner, _)| *owner == task).map(|(_, id)| *id)
    }

    pub fn set_alarm(&mut self, task: TaskId, id: Option<SnapshotId>) {
        if self.alarms.is_empty() && id.is_none() {
            return;
        }
        self.alarms.retain(|(owner, _)| *owner != task);
        if let Some(id) = id {
            let at = self.alarms.partition_point(|(owner, _)| *owner < task);
            self.alarms.insert(at, (task, id));
        }
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add_small(&self.missing);
        for (task, protocol) in self.works.iter_mut().zip(self.protocols.iter()) {
            prints.add_by(task, |task, state| (task, protocol).hash(state));
        }
        prints.add(&mut self.savings);
        prints.add(&mut self.alarms);
    }

    pub fn footprint(&self) -> usize {
        let task = size_of::<Task>() + size_of::<ProtocolBox>() + 64 + 48;
        let keyed: usize = self.works.iter().map(|task| 16 * task.state.entries()).sum();
        self.len() * task + keyed
    }

    /// Before the tasks are: they know whether their protocols have changed.
    fn clone_protocols_from(&mut self, source: &Self) {
        if self.protocols.len() != source.protocols.len() {
            return self.protocols.clone_from(&source.protocols);
        }
        let tasks = self.works.iter().zip(source.works.iter());
        let protocols = self.protocols.iter_mut().zip(source.protocols.iter());
        let changed = tasks.zip(protocols).filter(|((task, other), _)| !task.is_from(other));
        changed.for_each(|(_, (protocol, other))| protocol.clone_from(other));
    }
}

impl Clone for Tasks {
    fn clone(&self) -> Self {
        Tasks {
            works: self.works.clone(),
            protocols: self.protocols.clone(),
            missing: self.missing,
            savings: self.savings.clone(),
            alarms: self.alarms.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.clone_protocols_from(source);
        self.works.clone_from(&source.works);
        self.missing = source.missing;
        self.savings.clone_from(&source.savings);
        self.alarms.clone_from(&source.alarms);
    }
}
