//! Consistent cut: for every completed snapshot and every channel, what was received before the
//! cut was sent before the cut, and what was sent and not received is recorded (Chandy and
//! Lamport 1985). It needs no crash to judge.
//!
//! Only counts and hashes are kept. Of a channel that keeps order the records before a cut are the
//! first n; of another the hash is that of a multiset.

use std::hash::{Hash, Hasher};

use super::traffic::Traffic;
use super::{First, Moment, Verdict, missing_path};
use crate::kernel::{Id, clone_fields};
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// One channel in a cut: counts and order-sensitive hashes of what was sent before its sender was
/// saved, received before its receiver was saved, and recorded as its contents.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    sent: u64,
    sent_hash: u64,
    received: u64,
    received_hash: u64,
    recorded: u64,
    recorded_hash: u64,
}

impl Ends {
    /// Received, then recorded, is what was sent: every record, once, in order where there is one.
    fn agree(&self, traffic: &Traffic, channel: ChannelId) -> bool {
        self.sent == self.received + self.recorded
            && self.sent_hash == traffic.joined(channel, self.received_hash, self.recorded_hash, self.recorded)
    }
}

/// A snapshot that is being taken: how far each channel was when its ends were saved.
#[derive(Debug)]
struct Cut {
    id: SnapshotId,
    saved: Vec<bool>,
    ends: Vec<Ends>,
    /// The first record that was received before the cut though sent after it.
    orphan: Option<(ChannelId, u64)>,
    /// The process that started it, where one did.
    initiator: Option<TaskId>,
}

clone_fields!(Cut { id, saved, ends, orphan, initiator });

/// See the module.
#[derive(Debug, Default)]
pub struct ConsistentCut {
    open: Vec<Cut>,
    /// Closed ones, for their memory.
    spare: Vec<Cut>,
    first: First,
}

// By hand: closed cuts are not copied, they are a reserve of memory.
impl Clone for ConsistentCut {
    fn clone(&self) -> Self {
        ConsistentCut { open: self.open.clone(), spare: Vec::new(), first: self.first.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        while self.open.len() > source.open.len() {
            self.spare.extend(self.open.pop());
        }
        while self.open.len() < source.open.len() {
            let fresh = self.spare.pop().unwrap_or_else(|| source.open[self.open.len()].clone());
            self.open.push(fresh);
        }
        self.open.clone_from(&source.open);
        self.first.clone_from(&source.first);
    }
}

impl ConsistentCut {
    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// A cut is judged by what lies between the saved ends of each channel: where one end is not saved
    /// yet, it will be where the channel's traffic is then, so what lies between the saved end and
    /// the present one counts. How much went through the channel before that has no future; which
    /// record was the first orphan has none either.
    pub(super) fn hash_state<H: Hasher>(&self, plan: &Plan, traffic: &Traffic, state: &mut H) {
        state.write_usize(self.open.len());
        for cut in &self.open {
            (cut.id, cut.orphan.is_some(), cut.initiator).hash(state);
            cut.saved.iter().for_each(|saved| saved.hash(state));
            for (at, ends) in cut.ends.iter().enumerate() {
                let channel = ChannelId::from_index(at);
                let has = |task: TaskId| cut.saved[task.index()];
                let (from, to) = (has(plan.channels()[channel].from), has(plan.channels()[channel].to));
                (ends.recorded, ends.recorded_hash).hash(state);
                let (sent, received) = ((ends.sent, ends.sent_hash), (ends.received, ends.received_hash));
                match (from, to) {
                    (false, false) => {}
                    (true, false) => traffic.between(channel, traffic.received_to(channel), sent).hash(state),
                    (false, true) => traffic.between(channel, received, traffic.sent_to(channel)).hash(state),
                    (true, true) => traffic.between(channel, received, sent).hash(state),
                }
            }
        }
    }

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
        if traffic.is_unordered(channel) {
            // Counts do not say which records they are of; the hashes will.
            return;
        }
        for cut in &mut self.open {
            let is_orphan = cut.saved[from] && !cut.saved[to] && traffic.received(channel) > cut.ends[at].sent;
            if is_orphan && cut.orphan.is_none() {
                cut.orphan = Some((channel, name));
            }
        }
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(
            fact,
            Fact::Triggered { .. }
                | Fact::Saved { .. }
                | Fact::Initiated { .. }
                | Fact::RecordSaved { .. }
                | Fact::Aborted { .. }
                | Fact::Completed { .. }
                | Fact::Restoring { .. }
        )
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, traffic: &Traffic, moment: Moment, fact: Fact) {
        match fact {
            Fact::Triggered { snapshot } => self.open_cut(plan, snapshot),
            Fact::Saved { task, snapshot, .. } => self.save(plan, traffic, task, snapshot),
            Fact::Initiated { task, snapshot } => {
                if let Some(cut) = self.open.iter_mut().find(|cut| cut.id == snapshot) {
                    cut.initiator = Some(task);
                }
            }
            Fact::RecordSaved { channel, snapshot, name, value } => {
                if let Some(cut) = self.open.iter_mut().find(|cut| cut.id == snapshot) {
                    let ends = &mut cut.ends[channel.index()];
                    ends.recorded += 1;
                    ends.recorded_hash = traffic.extend(channel, ends.recorded_hash, name, value);
                }
            }
            Fact::Aborted { snapshot, .. } => drop(self.close(snapshot)),
            Fact::Completed { snapshot } => {
                if let Some(cut) = self.close(snapshot) {
                    self.judge(plan, traffic, moment, &cut);
                    self.spare.push(cut);
                }
            }
            Fact::Restoring { .. } => self.forget_attempt(),
            _ => {}
        }
    }

    fn open_cut(&mut self, plan: &Plan, id: SnapshotId) {
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        let mut cut = self.spare.pop().unwrap_or_else(|| Cut { id, saved: Vec::new(), ends: Vec::new(), orphan: None, initiator: None });
        (cut.id, cut.orphan, cut.initiator) = (id, None, None);
        cut.saved.clear();
        cut.saved.resize(tasks, false);
        cut.ends.clear();
        cut.ends.resize(channels, Ends::default());
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
            let ends = &mut cut.ends[input.index()];
            (ends.received, ends.received_hash) = (traffic.received(input), traffic.received_hash(input));
        }
        for &output in plan.outputs(task) {
            let ends = &mut cut.ends[output.index()];
            (ends.sent, ends.sent_hash) = (traffic.sent(output), traffic.sent_hash(output));
        }
    }

    fn judge(&mut self, plan: &Plan, traffic: &Traffic, moment: Moment, cut: &Cut) {
        if let Some(task) = plan.tasks().ids().find(|task| !cut.saved[task.index()]) {
            let what = Fact::Completed { snapshot: cut.id }.describe(plan);
            return self.first.note(moment, what, "every task's state", format!("no state of {}", plan.task_name(task)));
        }
        let differs = |channel: &ChannelId| !cut.ends[channel.index()].agree(traffic, *channel);
        let Some(channel) = cut.orphan.map(|(channel, _)| channel).or_else(|| plan.channels().ids().find(differs)) else { return };
        let Ends { sent, received, recorded, .. } = cut.ends[channel.index()];
        let what = match cut.orphan {
            Some((_, name)) => {
                let record = plan.describe_sent(plan.tasks()[plan.channels()[channel].from].operator, name);
                format!("snapshot {}: {record} on {} was received before the cut and sent after it", cut.id, plan.channel_name(channel))
            }
            None => format!(
                "snapshot {}: the records on {} between the two states are not what is recorded of it",
                cut.id,
                plan.channel_name(channel)
            ),
        };
        let in_order = if traffic.is_unordered(channel) { "" } else { ", in order" };
        let expected = format!("the {sent} sent before the cut, each received or recorded once{in_order}");
        self.first.note(moment, what, expected, format!("{received} received and {recorded} recorded"));
    }

    pub(super) fn verdict(&self, plan: &Plan) -> Verdict {
        let missing = self.open.iter().find_map(|cut| missing_path(plan, cut.id, cut.initiator?));
        match (self.first.verdict(), missing) {
            (Verdict::Held, Some(missing)) => Verdict::Incomplete(missing),
            (verdict, _) => verdict,
        }
    }
}
