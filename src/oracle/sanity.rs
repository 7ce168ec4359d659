//! Engine sanity: the simulator itself does not cheat.
//!
//! Channels are FIFO and conserve what they carry; nobody works while dead; nothing crosses
//! from one attempt into the next; snapshot ids grow and end once (C7, F5); and nobody asks the engine for
//! what is not there.

use std::hash::{Hash, Hasher};

use super::{First, Moment, Verdict};
use crate::kernel::{Id, clone_fields};
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// See the module.
#[derive(Debug)]
pub struct EngineSanity {
    down: Vec<bool>,
    /// Whether any task is down: asked with every record.
    any_down: bool,
    newest: Option<SnapshotId>,
    pending: Vec<SnapshotId>,
    first: First,
}

clone_fields!(EngineSanity { down, any_down, newest, pending, first });

impl EngineSanity {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Whether a task is known to be down, or not to be up again yet.
    pub(super) fn is_down(&self, task: TaskId) -> bool {
        self.any_down && self.down[task.index()]
    }

    /// Whether any task is down.
    #[inline(always)]
    pub(super) fn is_any_down(&self) -> bool {
        self.any_down
    }

    /// `any_down` only saves the question; what is pending here is pending for liveness, too.
    pub(super) fn hash_state<H: Hasher>(&self, state: &mut H) {
        self.down.iter().for_each(|down| down.hash(state));
        self.newest.hash(state);
    }

    /// For one scenario.
    pub fn new(plan: &Plan) -> Self {
        EngineSanity { down: vec![false; plan.tasks().len()], any_down: false, newest: None, pending: Vec::new(), first: First::default() }
    }

    pub(super) fn reset(&mut self) {
        self.down.fill(false);
        self.any_down = false;
        (self.newest, self.first) = (None, First::default());
        self.pending.clear();
    }

    /// `is_sound` says whether the channel's traffic allows the record.
    #[inline(always)]
    pub(super) fn received(&mut self, plan: &Plan, moment: Moment, channel: ChannelId, name: u64, is_sound: bool) {
        if !is_sound {
            self.ghost(plan, moment, channel, name);
        }
        if self.any_down {
            self.alive(plan, moment, plan.channels()[channel].to);
        }
    }

    #[cold]
    #[inline(never)]
    fn ghost(&mut self, plan: &Plan, moment: Moment, channel: ChannelId, name: u64) {
        let what = Fact::Received { channel, name, value: 0 }.describe(plan);
        self.first.note(moment, what, "what was sent on this channel in this attempt, in order", "something else");
    }

    #[cold]
    #[inline(never)]
    fn alive(&mut self, plan: &Plan, moment: Moment, task: TaskId) {
        if self.down[task.index()] {
            let what = format!("{} works", plan.task_name(task));
            self.first.note(moment, what, "a task that is up", "a task that is down");
        }
    }

    #[inline(always)]
    pub(super) fn emitted(&mut self, plan: &Plan, moment: Moment, task: TaskId) {
        if self.any_down {
            self.alive(plan, moment, task);
        }
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(&self, fact: Fact) -> bool {
        match fact {
            Fact::Crashed { .. }
            | Fact::Failover
            | Fact::Restored { .. }
            | Fact::Resumed
            | Fact::Triggered { .. }
            | Fact::Completed { .. }
            | Fact::Aborted { .. }
            | Fact::Refused { .. } => true,
            Fact::Saved { .. } => self.any_down,
            _ => false,
        }
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Crashed { task } => {
                self.down[task.index()] = true;
                self.any_down = true;
            }
            Fact::Failover => {
                self.down.fill(true);
                self.any_down = true;
            }
            Fact::Restored { task, .. } => self.down[task.index()] = false,
            Fact::Resumed => self.any_down = self.down.contains(&true),
            Fact::Saved { task, .. } => self.alive(plan, moment, task),
            Fact::Triggered { snapshot } => {
                if self.newest >= Some(snapshot) {
                    let what = fact.describe(plan);
                    self.first.note(moment, what, "an id that was never used", format!("id {snapshot} again"));
                }
                self.newest = Some(snapshot);
                self.pending.push(snapshot);
            }
            Fact::Completed { snapshot } | Fact::Aborted { snapshot, .. } => match self.pending.iter().position(|&id| id == snapshot) {
                Some(at) => drop(self.pending.remove(at)),
                None => self.first.note(moment, fact.describe(plan), "a pending snapshot", "one that is not pending"),
            },
            Fact::Refused { asked, why } => {
                let (expected, found) = why.because(asked.number);
                self.first.note(moment, asked.describe(plan), expected, found);
            }
            _ => {}
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}
