//! State equals replay: what a snapshot holds of a task is what an independent fold of the
//! records that the task took in makes of them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::state::unordered;
use super::{First, Moment, Verdict};
use crate::kernel::clone_fields;
use crate::model::{Fold, KeyEntry, Kind, OperatorId, Partition, Plan, SnapshotId, TaskId, TaskState};
use crate::trace::Fact;

/// The fold's own idea of one task's state.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shadow {
    entries: Vec<KeyEntry>,
    digest: u64,
    /// For accounts.
    paid: Option<Box<Paid>>,
}

/// What an account was paid and has paid so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Paid {
    received: u64,
    given: u64,
    payments: u64,
}

clone_fields!(Shadow { entries, digest, paid });

impl Shadow {
    /// Back to that of no records; keeps the memory.
    fn clear(&mut self) {
        self.entries.clear();
        (self.digest, self.paid) = (0, None);
    }
}

/// A copy that a restore may go back to, with its digest.
#[derive(Clone, Debug)]
struct Copied {
    id: SnapshotId,
    task: TaskId,
    digest: u64,
    shadow: Arc<Shadow>,
}

/// See the module.
#[derive(Debug)]
pub struct StateReplay {
    /// By stateful task.
    shadows: Vec<Shadow>,
    saved: Vec<Copied>,
    latest: Option<SnapshotId>,
    first: First,
}

clone_fields!(StateReplay { shadows, saved, latest, first });

impl StateReplay {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Of an account only what it holds and how often it paid has a future, not how it came by it:
    /// that is its digest. Copies count while their snapshot can be restored, in any order.
    pub(super) fn hash_state<H: Hasher>(&self, plan: &Plan, alive: &[SnapshotId], state: &mut H) {
        for (shadow, &task) in self.shadows.iter().zip(plan.stateful()) {
            match plan.kind(task) {
                Kind::Account { .. } => Self::digest(plan, task, shadow).hash(state),
                _ => (&shadow.entries, shadow.digest).hash(state),
            }
        }
        let copies = self.saved.iter().filter(|copy| alive.contains(&copy.id));
        unordered(copies.map(|copy| (u64::from(copy.id.0), u64::from(copy.task.0), copy.digest)), state);
    }

    /// For one scenario.
    pub fn new(plan: &Plan) -> Self {
        StateReplay { shadows: vec![Shadow::default(); plan.stateful().len()], saved: Vec::new(), latest: None, first: First::default() }
    }

    pub(super) fn reset(&mut self) {
        self.shadows.iter_mut().for_each(Shadow::clear);
        self.saved.clear();
        (self.latest, self.first) = (None, First::default());
    }

    #[inline(always)]
    pub(super) fn applied(&mut self, plan: &Plan, task: TaskId, name: u64, key: u32, value: u64) {
        let shadow = &mut self.shadows[rank(plan, task)];
        match plan.kind(task) {
            Kind::Join { .. } => {
                shadow.digest = shadow.digest.wrapping_add(TaskState::digest_of_joined(key, name, value));
                return;
            }
            Kind::Account { .. } => return shadow.paid.get_or_insert_default().received += value,
            _ => {}
        }
        let at = key as usize;
        if at >= shadow.entries.len() {
            shadow.entries.resize(at + 1, KeyEntry::default());
        }
        let entry = &mut shadow.entries[at];
        *entry = match *plan.kind(task) {
            Kind::Keyed { fold: Fold::Latest, .. } => KeyEntry { count: 1, sum: value },
            Kind::Keyed { fold: Fold::Average { reset }, .. } if value.is_multiple_of(reset) => KeyEntry { count: 1, sum: value },
            _ => KeyEntry { count: entry.count + 1, sum: entry.sum.wrapping_add(value) },
        };
    }

    fn digest(plan: &Plan, task: TaskId, shadow: &Shadow) -> u64 {
        if let Kind::Account { tokens, .. } = plan.kind(task) {
            let Paid { received, given, payments } = shadow.paid.as_deref().copied().unwrap_or_default();
            return TaskState::Account { tokens: (tokens + received).wrapping_sub(given), next: payments }.digest();
        }
        let shares = shadow.entries.iter().enumerate().map(|(key, &entry)| TaskState::digest_of_key(key as u32, entry));
        shares.fold(shadow.digest, u64::wrapping_add)
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(fact, Fact::Posted { .. } | Fact::Saved { .. } | Fact::Completed { .. } | Fact::Aborted { .. } | Fact::Restored { .. })
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Posted { task, value } if plan.kind(task).is_stateful() => {
                let paid = self.shadows[rank(plan, task)].paid.get_or_insert_default();
                (paid.given, paid.payments) = (paid.given + value, paid.payments + 1);
            }
            Fact::Saved { task, snapshot, digest, .. } if plan.kind(task).is_stateful() => {
                let shadow = &self.shadows[rank(plan, task)];
                let expected = Self::digest(plan, task, shadow);
                if expected != digest {
                    let what = fact.describe(plan);
                    let expected = format!("the state that its records give (digest {expected:016x})");
                    self.first.note(moment, what, expected, format!("digest {digest:016x}"));
                }
                self.saved.push(Copied { id: snapshot, task, digest: expected, shadow: Arc::new(shadow.clone()) });
            }
            Fact::Completed { snapshot } => {
                // One completed snapshot back, so that a restore of the wrong one is still judged.
                let keep = self.latest.replace(snapshot).unwrap_or(snapshot);
                self.saved.retain(|copy| copy.id >= keep);
            }
            Fact::Aborted { snapshot, .. } => self.saved.retain(|copy| copy.id != snapshot),
            Fact::Restored { task, snapshot, .. } if plan.kind(task).is_stateful() => {
                let copy = self.saved.iter().find(|copy| Some(copy.id) == snapshot && copy.task == task);
                let shadow = &mut self.shadows[rank(plan, task)];
                match copy {
                    Some(copy) => shadow.clone_from(&copy.shadow),
                    None => shadow.clear(),
                }
            }
            _ => {}
        }
    }

    /// Where all inputs of a keyed operator are partitioned by key, a key lives in one task only.
    fn split_key(&self, plan: &Plan) -> Option<(OperatorId, u32)> {
        let is_by_key = |id: OperatorId| plan.edges().iter().filter(|edge| edge.to == id).all(|edge| edge.partition == Partition::Hash);
        let is_keyed = |id: &OperatorId| matches!(plan.operators()[*id].kind, Kind::Keyed { .. });
        plan.operators().ids().filter(|id| is_keyed(id) && is_by_key(*id)).find_map(|id| {
            let mut seen = Vec::new();
            plan.tasks_of(id).find_map(|task| first_shared(&mut seen, &self.shadows[rank(plan, task)].entries)).map(|key| (id, key))
        })
    }

    pub(super) fn verdict(&mut self, plan: &Plan, moment: Moment) -> Verdict {
        if let Some((operator, key)) = self.split_key(plan) {
            let what = format!("key {} of {}", plan.key_text(operator, key), plan.operators()[operator].name);
            self.first.note(moment, what, "the state of one task", "the state of several");
        }
        self.first.verdict()
    }
}

#[inline(always)]
fn rank(plan: &Plan, task: TaskId) -> usize {
    plan.tasks()[task].rank as usize
}

/// Marks the keys that have records and returns the first that was marked before.
fn first_shared(seen: &mut Vec<bool>, entries: &[KeyEntry]) -> Option<u32> {
    if entries.len() > seen.len() {
        seen.resize(entries.len(), false);
    }
    let used = entries.iter().enumerate().filter(|(_, entry)| entry.count > 0);
    used.map(|(key, _)| key).find(|&key| std::mem::replace(&mut seen[key], true)).map(|key| key as u32)
}
