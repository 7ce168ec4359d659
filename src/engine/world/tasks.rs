//! The tasks: whether they run, their states, their protocols, and what they have on its way to storage.

use std::hash::Hash;
use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;

use crate::kernel::{IdVec, Printed, Prints, clone_fields};
use crate::model::{ChannelId, Kind, Part, Plan, Record, SnapshotId, TaskId, TaskState};
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
    /// A source that is done and gone (E2).
    pub is_finished: bool,
    /// The highest snapshot that its state was saved for in this attempt; 0 for none.
    pub taken: u32,
    pub state: TaskState,
}

clone_fields!(Task { status, is_finished, taken, state });

impl Task {
    fn fresh(kind: &Kind) -> Self {
        Task { status: Status::Up, is_finished: false, taken: 0, state: initial_state(kind) }
    }
}

/// What a task starts with when there is nothing to restore.
pub(in crate::engine) fn initial_state(kind: &Kind) -> TaskState {
    match kind {
        Kind::Source { .. } => TaskState::Source(0),
        Kind::Keyed { .. } | Kind::Iterate { .. } => TaskState::Keyed(Vec::new()),
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

/// A snapshot that a task was told is given up before it took it (K2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Void {
    pub task: TaskId,
    pub snapshot: SnapshotId,
    /// Whether the tasks behind have been told.
    pub is_passed_on: bool,
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
    /// By task, each task's oldest first. Volatile.
    pub voids: Printed<Vec<Void>>,
    /// The record that a task works on, by task, and the channel that it came by; empty until the first is taken in
    /// hand. Volatile.
    hands: Printed<Vec<Option<(ChannelId, Record)>>>,
    /// How many there are.
    pub busy: u32,
    /// Sources at the end of their data that wait for a snapshot behind their last record, and the newest that
    /// they had taken before (E2). Sorted. Volatile.
    pub closing: Printed<Vec<(TaskId, u32)>>,
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
            voids: Printed::default(),
            hands: Printed::default(),
            busy: 0,
            closing: Printed::default(),
            alarms: Printed::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.works.len()
    }

    /// Whether a task works on a record.
    #[inline(always)]
    pub fn is_busy(&self, task: TaskId) -> bool {
        self.busy > 0 && self.hands.get(task.0 as usize).is_some_and(Option::is_some)
    }

    pub fn take_in_hand(&mut self, task: TaskId, channel: ChannelId, record: Record) {
        if self.hands.is_empty() {
            let tasks = self.works.len();
            self.hands.resize(tasks, None);
        }
        self.busy += 1;
        self.hands[task.0 as usize] = Some((channel, record));
    }

    /// What a task had in hand; it has no more.
    pub fn put_down(&mut self, task: TaskId) -> Option<(ChannelId, Record)> {
        if !self.is_busy(task) {
            return None;
        }
        self.busy -= 1;
        self.hands[task.0 as usize].take()
    }

    /// The places of a task's parts among the savings.
    pub fn savings_of(&self, task: TaskId) -> Range<usize> {
        let start = self.savings.partition_point(|saving| saving.task < task);
        let count = self.savings[start..].iter().take_while(|saving| saving.task == task).count();
        start..start + count
    }

    /// The place of a whole part of the task, that of `snapshot` or else the oldest, among the savings.
    pub fn upload_at(&self, task: TaskId, snapshot: Option<SnapshotId>) -> Option<usize> {
        // Mostly nothing is on its way.
        if self.savings.is_empty() {
            return None;
        }
        let is_it = |saving: &Saving| saving.is_whole && snapshot.is_none_or(|id| saving.snapshot == id);
        self.savings_of(task).find(|&at| is_it(&self.savings[at]))
    }

    /// Every part that waits for its upload.
    pub fn uploads(&self) -> impl Iterator<Item = (TaskId, SnapshotId)> {
        self.savings.iter().filter(|saving| saving.is_whole).map(|saving| (saving.task, saving.snapshot))
    }

    /// The place of a snapshot among those that the task does not take any more.
    pub fn void_at(&self, task: TaskId, snapshot: SnapshotId) -> Option<usize> {
        self.voids.iter().position(|void| (void.task, void.snapshot) == (task, snapshot))
    }

    pub fn is_void(&self, task: TaskId, snapshot: SnapshotId) -> bool {
        self.void_at(task, snapshot).is_some()
    }

    /// The task was told that a snapshot is given up, which it has not taken.
    pub fn add_void(&mut self, task: TaskId, snapshot: SnapshotId) {
        let key = |void: &Void| (void.task, void.snapshot);
        if let Err(at) = self.voids.binary_search_by_key(&(task, snapshot), key) {
            self.voids.insert(at, Void { task, snapshot, is_passed_on: false });
        }
    }

    /// The task has taken a newer one, or is gone: nothing of those up to `newest` can come any more.
    pub fn forget_voids(&mut self, task: TaskId, newest: SnapshotId) {
        if !self.voids.is_empty() {
            self.voids.retain(|void| void.task != task || void.snapshot > newest);
        }
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
        prints.add(&mut self.voids);
        prints.add(&mut self.hands);
        prints.add(&mut self.closing);
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
            voids: self.voids.clone(),
            hands: self.hands.clone(),
            busy: self.busy,
            closing: self.closing.clone(),
            alarms: self.alarms.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.clone_protocols_from(source);
        self.works.clone_from(&source.works);
        self.missing = source.missing;
        self.savings.clone_from(&source.savings);
        self.voids.clone_from(&source.voids);
        self.hands.clone_from(&source.hands);
        self.busy = source.busy;
        self.closing.clone_from(&source.closing);
        self.alarms.clone_from(&source.alarms);
    }
}
