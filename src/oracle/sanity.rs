//! Engine sanity: the simulator itself does not cheat.
//!
//! Channels are FIFO and conserve what they carry; nobody works while dead; nothing crosses
//! from one attempt into the next; snapshot ids grow and end once (C7, F5).

use super::{First, Moment, Verdict};
use crate::kernel::{Id, Lists};
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// See the module.
#[derive(Clone, Debug)]
pub struct EngineSanity {
    /// Names in flight, by channel.
    in_flight: Lists<u64>,
    down: Vec<bool>,
    newest: Option<SnapshotId>,
    pending: Vec<SnapshotId>,
    first: First,
}

impl EngineSanity {
    /// For one scenario.
    pub fn new(plan: &Plan) -> Self {
        EngineSanity {
            in_flight: Lists::new(plan.channels().len()),
            down: vec![false; plan.tasks().len()],
            newest: None,
            pending: Vec::new(),
            first: First::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.in_flight.clear_all();
        self.down.fill(false);
        (self.newest, self.first) = (None, First::default());
        self.pending.clear();
    }

    #[inline(always)]
    pub(super) fn sent(&mut self, channel: ChannelId, name: u64) {
        self.in_flight.push_back(channel.index(), name);
    }

    #[inline(always)]
    pub(super) fn received(&mut self, plan: &Plan, moment: Moment, channel: ChannelId, name: u64) {
        let oldest = self.in_flight.pop_front(channel.index());
        if oldest != Some(name) {
            self.out_of_order(plan, moment, channel, name, oldest);
        }
        self.alive(plan, moment, plan.channels()[channel].to);
    }

    #[cold]
    fn out_of_order(&mut self, plan: &Plan, moment: Moment, channel: ChannelId, name: u64, oldest: Option<u64>) {
        let sender = plan.tasks()[plan.channels()[channel].from].operator;
        let expected = match oldest {
            Some(name) => format!("{}, the oldest record in flight", plan.describe_sent(sender, name)),
            None => "nothing: no record of this attempt is in flight".to_owned(),
        };
        let what = Fact::Received { channel, name }.describe(plan);
        self.first.note(moment, what, expected, plan.describe_sent(sender, name));
    }

    #[inline(always)]
    fn alive(&mut self, plan: &Plan, moment: Moment, task: TaskId) {
        if self.down[task.index()] {
            let what = format!("{} works", plan.task_name(task));
            self.first.note(moment, what, "a task that is up", "a task that is down");
        }
    }

    #[inline(always)]
    pub(super) fn emitted(&mut self, plan: &Plan, moment: Moment, task: TaskId) {
        self.alive(plan, moment, task);
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        match fact {
            Fact::Crashed { task } => self.down[task.index()] = true,
            Fact::Failover => self.down.fill(true),
            // The old attempt is over: whatever of it arrives from here on is a ghost.
            Fact::Restoring { .. } => self.in_flight.clear_all(),
            Fact::Restored { task, .. } => self.down[task.index()] = false,
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
            _ => {}
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}
