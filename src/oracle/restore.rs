//! Restore fidelity: the latest completed snapshot is restored (C19), every task gets back
//! exactly what was saved of it, and sources go on right behind their saved position (S6).

use std::hash::{Hash, Hasher};

use super::state::unordered;
use super::{First, Moment, Verdict};
use crate::kernel::{Id, clone_fields};
use crate::model::{Kind, Plan, SnapshotId, TaskId, TaskState};
use crate::trace::Fact;

/// See the module.
#[derive(Debug)]
pub struct RestoreFidelity {
    saved: Vec<(SnapshotId, TaskId, u64)>,
    offsets: Vec<(SnapshotId, TaskId, u64)>,
    latest: Option<SnapshotId>,
    /// The position each source must emit next.
    next: Vec<u64>,
    initial: Vec<u64>,
    first: First,
}

clone_fields!(RestoreFidelity { saved, offsets, latest, next, initial, first });

fn is_replayable(plan: &Plan, task: TaskId) -> bool {
    !matches!(plan.kind(task), Kind::Source { replayable: false, .. })
}

impl RestoreFidelity {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Copies are found by snapshot and task, so their order has no future; nor have copies that
    /// belong to no snapshot which can still be restored.
    pub(super) fn hash_state<H: Hasher>(&self, alive: &[SnapshotId], state: &mut H) {
        self.latest.hash(state);
        self.next.iter().for_each(|next| next.hash(state));
        for copies in [&self.saved, &self.offsets] {
            let copies = copies.iter().filter(|(id, ..)| alive.contains(id));
            unordered(copies.map(|(id, task, word)| (u64::from(id.0), u64::from(task.0), *word)), state);
        }
    }

    /// For one scenario.
    pub fn new(plan: &Plan) -> Self {
        let empty_sink = TaskState::Sink(Vec::new()).digest();
        let initial = |task| match plan.kind(task) {
            Kind::Sink { .. } => empty_sink,
            Kind::Account { tokens, .. } => TaskState::Account { tokens: *tokens, next: 0 }.digest(),
            Kind::Automaton(_) => TaskState::Automaton { state: 0, next: 0 }.digest(),
            _ => 0,
        };
        RestoreFidelity {
            saved: Vec::new(),
            offsets: Vec::new(),
            latest: None,
            next: vec![0; plan.tasks().len()],
            initial: plan.tasks().ids().map(initial).collect(),
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.saved.clear();
        self.offsets.clear();
        self.next.fill(0);
        (self.latest, self.first) = (None, First::default());
    }

    #[inline(always)]
    pub(super) fn emitted(&mut self, plan: &Plan, moment: Moment, task: TaskId, position: u64) {
        let next = std::mem::replace(&mut self.next[task.index()], position + 1);
        if position != next && is_replayable(plan, task) {
            self.out_of_place(plan, moment, task, position, next);
        }
    }

    #[cold]
    #[inline(never)]
    fn out_of_place(&mut self, plan: &Plan, moment: Moment, task: TaskId, position: u64, next: u64) {
        let what = Fact::Emitted { task, position }.describe(plan);
        self.first.note(moment, what, format!("the record at position {}", next + 1), format!("position {}", position + 1));
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::Saved { .. }
                | Fact::OffsetSaved { .. }
                | Fact::Completed { .. }
                | Fact::Aborted { .. }
                | Fact::Restoring { .. }
                | Fact::Restored { .. }
        )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Saved { task, snapshot, digest, .. } => self.saved.push((snapshot, task, digest)),
            Fact::OffsetSaved { task, snapshot, position } => self.offsets.push((snapshot, task, position)),
            Fact::Completed { snapshot } => {
                // Snapshots of processes need not complete in the order of their numbers.
                self.latest = self.latest.max(Some(snapshot));
                self.saved.retain(|(id, ..)| *id >= snapshot);
                self.offsets.retain(|(id, ..)| *id >= snapshot);
            }
            Fact::Aborted { snapshot, .. } => {
                self.saved.retain(|(id, ..)| *id != snapshot);
                self.offsets.retain(|(id, ..)| *id != snapshot);
            }
            Fact::Restoring { snapshot } if snapshot != self.latest => {
                let name = |id: Option<SnapshotId>| id.map_or("no snapshot".to_owned(), |id| format!("snapshot {id}"));
                self.first.note(moment, fact.describe(plan), format!("{}, the latest completed", name(self.latest)), name(snapshot));
            }
            Fact::Restored { task, snapshot, digest } => self.restored(plan, moment, task, snapshot, digest),
            _ => {}
        }
    }

    fn restored(&mut self, plan: &Plan, moment: Moment, task: TaskId, snapshot: Option<SnapshotId>, digest: u64) {
        let copy = self.saved.iter().find(|(id, owner, _)| Some(*id) == snapshot && *owner == task);
        let expected = copy.map_or(self.initial[task.index()], |(.., digest)| *digest);
        let offset = self.offsets.iter().find(|(id, owner, _)| Some(*id) == snapshot && *owner == task);
        self.next[task.index()] = offset.map_or(0, |(.., position)| *position);
        if digest != expected && is_replayable(plan, task) {
            let what = Fact::Restored { task, snapshot, digest }.describe(plan);
            self.first.note(moment, what, format!("the state that was saved (digest {expected:016x})"), format!("digest {digest:016x}"));
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}
