//! Who waits for whom when a run is over, and since when: the reason behind what was left undone.

use crate::kernel::{Id, Ticks};
use crate::model::{ChannelId, Plan, TaskId};
use crate::trace::Fact;

/// What keeps a task from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Its output does not fit this channel.
    Room(ChannelId),
    /// It holds other inputs back until this one brings its barrier.
    Barrier(ChannelId),
}

/// Of how many tasks it is remembered since when they do what: those of a graph that somebody could look at.
const REMEMBERED: usize = 10_000;

/// A fold over the facts of a run, those about its end included.
#[derive(Debug)]
pub(super) struct Standing<'p> {
    plan: &'p Plan,
    /// By task; empty where there are too many.
    tasks: Vec<Since>,
    waits: Vec<(TaskId, Wait)>,
    left: Vec<ChannelId>,
}

impl<'p> Standing<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        let tasks = plan.tasks().len();
        let tasks = vec![Since::default(); if tasks > REMEMBERED { 0 } else { tasks }];
        Standing { plan, tasks, waits: Vec::new(), left: Vec::new() }
    }

    #[inline(always)]
    pub fn fact(&mut self, now: Ticks, fact: Fact) {
        let receiver = |channel: ChannelId| self.plan.channels()[channel].to;
        match fact {
            Fact::Emitted { task, .. } => self.note(task, |since| since.moved = now),
            Fact::Received { channel, .. }
            | Fact::BarrierReceived { channel, .. }
            | Fact::CancelReceived { channel, .. }
            | Fact::DataEndReceived { channel }
            | Fact::InputEnded { channel } => self.note(receiver(channel), |since| since.moved = now),
            Fact::Stuck { task } => self.note(task, |since| since.stuck = now),
            Fact::Blocked { channel } => self.note(receiver(channel), |since| since.aligning = now),
            Fact::Crashed { task } => self.note(task, |since| since.is_down = true),
            Fact::Restored { task, .. } => self.note(task, |since| since.is_down = false),
            Fact::WaitsForRoom { task, channel } => self.waits.push((task, Wait::Room(channel))),
            Fact::Awaited { channel } => self.waits.push((receiver(channel), Wait::Barrier(channel))),
            Fact::LeftBehind { channel, .. } => self.left.push(channel),
            _ => {}
        }
    }

    #[inline(always)]
    fn note(&mut self, task: TaskId, change: impl FnOnce(&mut Since)) {
        if let Some(since) = self.tasks.get_mut(task.index()) {
            change(since);
        }
    }

    fn since(&self, task: TaskId) -> Since {
        self.tasks.get(task.index()).copied().unwrap_or_default()
    }

    fn receiver(&self, channel: ChannelId) -> TaskId {
        self.plan.channels()[channel].to
    }

    /// Those who wait for room behind each other, so that none can ever go on.
    pub fn full_circle(&self) -> Option<String> {
        let is_full = |chain: &Chain| chain.is_circle && chain.waits.iter().all(|(_, wait)| matches!(wait, Wait::Room(_)));
        let mut chains = self.waits.iter().map(|(task, _)| self.chain(*task));
        chains.find(is_full).map(|chain| self.tell(&chain))
    }

    /// Where nothing moves any more: the circle of those who wait for each other, or the one for whom the others wait;
    /// none when nothing is left.
    pub fn explanation(&self) -> Option<String> {
        let waiting = self.waits.iter().map(|(task, _)| *task);
        let receivers = self.left.iter().map(|channel| self.receiver(*channel));
        let chains: Vec<Chain> = waiting.chain(receivers).map(|task| self.chain(task)).collect();
        chains.iter().find(|chain| chain.is_circle).or(chains.first()).map(|chain| self.tell(chain))
    }

    fn tell(&self, chain: &Chain) -> String {
        let mut parts: Vec<String> = chain.waits.iter().map(|(task, wait)| self.describe(*task, *wait)).collect();
        parts.push(if chain.is_circle { "a circle in which nobody can go on".to_owned() } else { self.idle(chain.end) });
        parts.join("; ")
    }

    /// From a task to whom it waits for, and so on, to one who waits for nobody or to one seen before.
    fn chain(&self, start: TaskId) -> Chain {
        let mut waits: Vec<(TaskId, Wait)> = Vec::new();
        let mut task = start;
        loop {
            if let Some(first) = waits.iter().position(|(seen, _)| *seen == task) {
                return Chain { waits: waits.split_off(first), end: task, is_circle: true };
            }
            let Some(&(_, wait)) = self.waits.iter().find(|(waiter, _)| *waiter == task) else {
                return Chain { waits, end: task, is_circle: false };
            };
            waits.push((task, wait));
            task = match wait {
                Wait::Room(channel) => self.receiver(channel),
                Wait::Barrier(channel) => self.plan.channels()[channel].from,
            };
        }
    }

    fn describe(&self, task: TaskId, wait: Wait) -> String {
        let name = self.plan.task_name(task);
        match wait {
            Wait::Room(channel) => {
                format!("{name} waits for room in {}{}", self.plan.channel_name(channel), told(self.since(task).stuck))
            }
            Wait::Barrier(channel) => {
                let (channel, since) = (self.plan.channel_name(channel), told(self.since(task).aligning));
                format!("{name} holds inputs back{since} and waits for the barrier of {channel}")
            }
        }
    }

    fn idle(&self, task: TaskId) -> String {
        let name = self.plan.task_name(task);
        match self.since(task) {
            Since { is_down: true, .. } => format!("{name} is down"),
            Since { moved, .. } if moved == Ticks::ZERO => format!("{name} waits for nobody"),
            Since { moved, .. } => format!("{name} waits for nobody and did nothing since {moved}"),
        }
    }
}

/// ` since 5ms`, where it is known.
fn told(since: Ticks) -> String {
    if since == Ticks::ZERO { String::new() } else { format!(" since {since}") }
}

/// Since when a task does what.
#[derive(Clone, Copy, Debug, Default)]
struct Since {
    /// When it last took or emitted something.
    moved: Ticks,
    /// Its output waits for room.
    stuck: Ticks,
    /// It holds an input back.
    aligning: Ticks,
    is_down: bool,
}

#[derive(Debug)]
struct Chain {
    waits: Vec<(TaskId, Wait)>,
    /// The last one, who waits for nobody unless it is a circle.
    end: TaskId,
    is_circle: bool,
}
