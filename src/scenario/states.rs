//! What processes and channels were in, and what snapshots recorded of them: for graphs of
//! processes, which are small enough to be followed state by state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

use super::outcome::{ChannelState, GlobalState, ProcessState, Shown};
use crate::kernel::{Digest, Id};
use crate::model::{ChannelId, Kind, Plan, SnapshotId, TaskId};
use crate::trace::Fact;

/// A global state: every process's value, every channel's messages by name and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    processes: Vec<u64>,
    channels: Vec<VecDeque<(u64, u64)>>,
}

impl World {
    fn initial(plan: &Plan) -> Self {
        World {
            processes: plan.tasks().ids().map(|task| initial(plan, task)).collect(),
            channels: vec![VecDeque::new(); plan.channels().len()],
        }
    }

    /// A fingerprint of all values; names of messages are not seen by anybody.
    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.processes.hash(&mut digest);
        for channel in &self.channels {
            channel.len().hash(&mut digest);
            channel.iter().for_each(|(_, value)| value.hash(&mut digest));
        }
        digest.finish()
    }
}

fn initial(plan: &Plan, task: TaskId) -> u64 {
    match plan.kind(task) {
        Kind::Account { tokens, .. } => *tokens,
        _ => 0,
    }
}

/// Follows a run of processes; does nothing for a dataflow.
#[derive(Clone, Debug)]
pub(super) struct States<'p> {
    plan: &'p Plan,
    is_on: bool,
    now: World,
    /// The value of the message that a process is about to send.
    posted: Vec<u64>,
    recorded: BTreeMap<SnapshotId, (World, Vec<bool>)>,
    visited: BTreeSet<u64>,
}

impl<'p> States<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        let is_on = plan.has_processes();
        States {
            plan,
            is_on,
            now: if is_on { World::initial(plan) } else { World::default() },
            posted: vec![0; if is_on { plan.tasks().len() } else { 0 }],
            recorded: BTreeMap::new(),
            visited: BTreeSet::new(),
        }
    }

    /// A step begins: the state that the last one left was visited.
    #[inline(always)]
    pub fn step(&mut self) {
        if self.is_on {
            self.visited.insert(self.now.digest());
        }
    }

    #[inline(always)]
    pub fn fact(&mut self, fact: Fact) {
        if self.is_on {
            self.follow(fact);
        }
    }

    fn follow(&mut self, fact: Fact) {
        let is_account = |task: TaskId| matches!(self.plan.kind(task), Kind::Account { .. });
        match fact {
            Fact::Posted { task, value } => {
                self.posted[task.index()] = value;
                if is_account(task) {
                    self.now.processes[task.index()] -= value;
                }
            }
            Fact::Became { task, state } => self.now.processes[task.index()] = state,
            Fact::Applied { task, value, .. } if is_account(task) => self.now.processes[task.index()] += value,
            Fact::Sent { channel, name, .. } => {
                let value = self.posted[self.plan.channels()[channel].from.index()];
                self.now.channels[channel.index()].push_back((name, value));
            }
            Fact::Received { channel, name, .. } => {
                let messages = &mut self.now.channels[channel.index()];
                if let Some(at) = messages.iter().position(|(other, _)| *other == name) {
                    messages.remove(at);
                }
            }
            Fact::Cleared { channel, .. } => self.now.channels[channel.index()].clear(),
            Fact::Triggered { snapshot } => {
                let empty = (World::initial(self.plan), vec![false; self.plan.tasks().len()]);
                self.recorded.insert(snapshot, empty);
            }
            Fact::ProcessSaved { task, snapshot, value } => {
                if let Some((world, saved)) = self.recorded.get_mut(&snapshot) {
                    (world.processes[task.index()], saved[task.index()]) = (value, true);
                }
            }
            Fact::RecordSaved { channel, snapshot, name, value } => {
                if let Some((world, _)) = self.recorded.get_mut(&snapshot) {
                    world.channels[channel.index()].push_back((name, value));
                }
            }
            Fact::Restored { task, snapshot, .. } => {
                let saved = snapshot.and_then(|id| self.recorded.get(&id)).map(|(world, _)| world.processes[task.index()]);
                self.now.processes[task.index()] = saved.unwrap_or(initial(self.plan, task));
            }
            Fact::Reinstated { channel, name, .. } => self.reinstate(channel, name),
            _ => {}
        }
    }

    /// A message that was under way is again; its value is what the newest snapshot recorded of it.
    fn reinstate(&mut self, channel: ChannelId, name: u64) {
        let recorded = self
            .recorded
            .values()
            .rev()
            .find_map(|(world, _)| world.channels[channel.index()].iter().copied().find(|(other, _)| *other == name));
        self.now.channels[channel.index()].extend(recorded);
    }

    /// What a snapshot recorded, as far as it got.
    pub fn state(&self, id: SnapshotId) -> Option<GlobalState> {
        let (world, saved) = self.recorded.get(&id)?;
        let processes = self
            .plan
            .tasks()
            .ids()
            .filter(|task| saved[task.index()])
            .map(|task| ProcessState { process: self.plan.task_name(task), value: self.shown(task, world.processes[task.index()]) });
        let channels = self.plan.channels().pairs().filter(|(_, channel)| saved[channel.to.index()]).map(|(id, _)| ChannelState {
            channel: self.plan.channel_name(id),
            messages: world.channels[id.index()].iter().map(|&(_, value)| self.message(id, value)).collect(),
        });
        let is_whole = saved.iter().all(|saved| *saved);
        let visited = is_whole.then(|| self.visited.contains(&world.digest()) || self.now.digest() == world.digest());
        Some(GlobalState { processes: processes.collect(), channels: channels.collect(), visited })
    }

    fn shown(&self, task: TaskId, value: u64) -> Shown {
        match self.plan.kind(task) {
            Kind::Automaton(table) => Shown::Word(table.state_name(value).to_owned()),
            _ => Shown::Number(value),
        }
    }

    fn message(&self, channel: ChannelId, value: u64) -> Shown {
        match self.plan.kind(self.plan.channels()[channel].from) {
            Kind::Automaton(table) => Shown::Word(table.message_name(value).to_owned()),
            _ => Shown::Number(value),
        }
    }
}
