//! No false alarm: what a snapshot says of a stable property is true when the snapshot is complete
//! (Chandy and Lamport 1985, section 5). A property is stable when it stays true once it is:
//! everybody idle and nothing under way; everybody waiting and no grant under way.

use std::hash::{Hash, Hasher};

use super::{First, Moment, Verdict};
use crate::kernel::{Id, clone_fields};
use crate::model::{Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// A property of global states: every process is in the state of this number, by task (`None` for
/// any), and no message is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property(pub Vec<Option<u64>>);

#[derive(Clone, Debug, Hash)]
struct Seen {
    id: SnapshotId,
    states: Vec<Option<u64>>,
    messages: u64,
}

/// See the module.
#[derive(Debug)]
pub struct FalseAlarm<'p> {
    property: Option<&'p Property>,
    /// What is true now: each process's state, and messages under way.
    states: Vec<u64>,
    under_way: u64,
    open: Vec<Seen>,
    first: First,
}

clone_fields!(FalseAlarm<'p> { property, states, under_way, open, first });

impl<'p> FalseAlarm<'p> {
    /// Whether there is a property to watch.
    pub(super) fn is_on(&self) -> bool {
        self.property.is_some()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// What was seen for a snapshot that will never complete has no future.
    pub(super) fn hash_state<H: Hasher>(&self, alive: &[SnapshotId], state: &mut H) {
        if self.property.is_some() {
            (&self.states, self.under_way).hash(state);
            self.open.iter().filter(|seen| alive.contains(&seen.id)).for_each(|seen| seen.hash(state));
        }
    }

    /// For one scenario; without a property there is nothing to judge.
    pub fn new(plan: &Plan, property: Option<&'p Property>) -> Self {
        FalseAlarm { property, states: vec![0; plan.tasks().len()], under_way: 0, open: Vec::new(), first: First::default() }
    }

    pub(super) fn reset(&mut self) {
        self.states.fill(0);
        self.under_way = 0;
        self.open.clear();
        self.first = First::default();
    }

    #[inline(always)]
    pub(super) fn sent(&mut self) {
        self.under_way += 1;
    }

    #[inline(always)]
    pub(super) fn received(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    fn seen(&mut self, id: SnapshotId) -> Option<&mut Seen> {
        self.open.iter_mut().find(|seen| seen.id == id)
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        let Some(property) = self.property else { return };
        match fact {
            Fact::Became { task, state } => self.states[task.index()] = state,
            Fact::Triggered { snapshot } => self.open.push(Seen { id: snapshot, states: vec![None; self.states.len()], messages: 0 }),
            Fact::ProcessSaved { task, snapshot, value } => {
                if let Some(seen) = self.seen(snapshot) {
                    seen.states[task.index()] = Some(value);
                }
            }
            Fact::RecordSaved { snapshot, .. } => {
                if let Some(seen) = self.seen(snapshot) {
                    seen.messages += 1;
                }
            }
            Fact::Completed { snapshot } => {
                let Some(at) = self.open.iter().position(|seen| seen.id == snapshot) else { return };
                let seen = self.open.remove(at);
                let says_so = seen.messages == 0 && holds(property, |task| seen.states[task]);
                if says_so && let Some(actual) = self.contradiction(plan, property) {
                    let what = format!("snapshot {snapshot} says that the property holds");
                    self.first.note(moment, what, "that it does when the snapshot is complete", actual);
                }
            }
            _ => {}
        }
    }

    fn contradiction(&self, plan: &Plan, property: &Property) -> Option<String> {
        if self.under_way > 0 {
            let plural = if self.under_way == 1 { "" } else { "s" };
            return Some(format!("{} message{plural} under way", self.under_way));
        }
        let differs = |task: &TaskId| property.0[task.index()].is_some_and(|wanted| wanted != self.states[task.index()]);
        let task = plan.tasks().ids().find(differs)?;
        Some(format!("{} in {}", plan.task_name(task), plan.value_text(task, self.states[task.index()])))
    }

    /// Nothing to say where nothing is looked for.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.property.map(|_| self.first.verdict())
    }
}

fn holds(property: &Property, state: impl Fn(usize) -> Option<u64>) -> bool {
    property.0.iter().enumerate().all(|(task, wanted)| wanted.is_none() || *wanted == state(task))
}
