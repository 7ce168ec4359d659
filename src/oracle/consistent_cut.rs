//! Consistent cut: for every completed snapshot and every channel, what was received before the
//! cut was sent before the cut, and what was sent and not received is recorded (Chandy and
//! Lamport 1985). It needs no crash to judge.
//!
//! Only counts are kept. A channel is FIFO, so the records before a cut are the first n.

use super::traffic::Traffic;
use super::{First, Moment, Verdict};
use crate::kernel::Id;
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// A snapshot that is being taken: how far each channel was when its ends were saved.
#[derive(Clone, Debug)]
struct Cut {
    id: SnapshotId,
    saved: Vec<bool>,
    sent: Vec<u64>,
    received: Vec<u64>,
    /// The first record that was received before the cut though sent after it.
    orphan: Option<(ChannelId, u64)>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct ConsistentCut {
    open: Vec<Cut>,
    /// Closed ones, for their memory.
    spare: Vec<Cut>,
    first: First,
}

impl ConsistentCut {
    /// For one scenario.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn reset(&mut self) {
        self.forget_attempt();
        self.first = First::default();
    }

    fn forget_attempt(&mut self) {
        self.spare.append(&mut self.open);
    }

    #[inline(always)]
    pub(super) fn received(&mut self, plan: &Plan, traffic: &Traffic, channel: ChannelId, name: u64) {
        if !self.open.is_empty() {
            self.look_for_orphans(plan, traffic, channel, name);
        }
    }

    #[inline(never)]
    fn look_for_orphans(&mut self, plan: &Plan, traffic: &Traffic, channel: ChannelId, name: u64) {
        let (from, to) = (plan.channels()[channel].from.index(), plan.channels()[channel].to.index());
        let at = channel.index();
        for cut in &mut self.open {
            let is_orphan = cut.saved[from] && !cut.saved[to] && traffic.received(channel) > cut.sent[at];
            if is_orphan && cut.orphan.is_none() {
                cut.orphan = Some((channel, name));
            }
        }
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, traffic: &Traffic, moment: Moment, fact: Fact) {
        match fact {
            Fact::Triggered { snapshot } => self.open_cut(plan, snapshot),
            Fact::Saved { task, snapshot, .. } => self.save(plan, traffic, task, snapshot),
            Fact::Aborted { snapshot, .. } => drop(self.close(snapshot)),
            Fact::Completed { snapshot } => {
                if let Some(cut) = self.close(snapshot) {
                    self.judge(plan, moment, &cut);
                    self.spare.push(cut);
                }
            }
            Fact::Restoring { .. } => self.forget_attempt(),
            _ => {}
        }
    }

    fn open_cut(&mut self, plan: &Plan, id: SnapshotId) {
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        let mut cut =
            self.spare.pop().unwrap_or_else(|| Cut { id, saved: Vec::new(), sent: Vec::new(), received: Vec::new(), orphan: None });
        (cut.id, cut.orphan) = (id, None);
        cut.saved.clear();
        cut.saved.resize(tasks, false);
        cut.sent.clear();
        cut.sent.resize(channels, 0);
        cut.received.clear();
        cut.received.resize(channels, 0);
        self.open.push(cut);
    }

    fn close(&mut self, id: SnapshotId) -> Option<Cut> {
        let at = self.open.iter().position(|cut| cut.id == id)?;
        Some(self.open.remove(at))
    }

    fn save(&mut self, plan: &Plan, traffic: &Traffic, task: TaskId, id: SnapshotId) {
        let Some(cut) = self.open.iter_mut().find(|cut| cut.id == id) else { return };
        cut.saved[task.index()] = true;
        for input in plan.inputs(task) {
            cut.received[input.index()] = traffic.received(input);
        }
        for &output in plan.outputs(task) {
            cut.sent[output.index()] = traffic.sent(output);
        }
    }

    fn judge(&mut self, plan: &Plan, moment: Moment, cut: &Cut) {
        if let Some(task) = plan.tasks().ids().find(|task| !cut.saved[task.index()]) {
            let what = Fact::Completed { snapshot: cut.id }.describe(plan);
            return self.first.note(moment, what, "every task's state", format!("no state of {}", plan.task_name(task)));
        }
        let differs = |channel: &ChannelId| cut.sent[channel.index()] != cut.received[channel.index()];
        let Some(channel) = cut.orphan.map(|(channel, _)| channel).or_else(|| plan.channels().ids().find(differs)) else { return };
        let (sent, received) = (cut.sent[channel.index()], cut.received[channel.index()]);
        let what = match cut.orphan {
            Some((_, name)) => {
                let record = plan.describe_sent(plan.tasks()[plan.channels()[channel].from].operator, name);
                format!("snapshot {}: {record} on {} was received before the cut and sent after it", cut.id, plan.channel_name(channel))
            }
            None => format!("snapshot {}: records on {} were sent before the cut and are in no state", cut.id, plan.channel_name(channel)),
        };
        self.first.note(moment, what, format!("{sent} records received, as many as were sent"), format!("{received} records received"));
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.first.verdict()
    }
}
