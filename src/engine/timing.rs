//! How long things take: everything about time that a scenario says, for the timed driver alone.

use std::collections::BTreeMap;

use crate::kernel::{Bytes, Delay, Ticks};
use crate::model::{ChannelId, OperatorId, TaskId};

/// When the records of a source are in its log, and so can be emitted at the earliest. A source
/// that was set back emits what has been there for long without delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmitTimes {
    /// Record n (from 0) at start + n * every.
    Every {
        /// The first record's time.
        start: Ticks,
        /// The distance between records of one task.
        every: Ticks,
    },
    /// Explicit times; records beyond the list come with the last.
    At(Vec<Ticks>),
}

impl EmitTimes {
    /// When the record at `position` is there.
    #[inline]
    pub fn of(&self, position: u64) -> Ticks {
        match self {
            EmitTimes::Every { start, every } => *start + Ticks(every.0.saturating_mul(position)),
            EmitTimes::At(times) => times.get(position as usize).or(times.last()).copied().unwrap_or(Ticks::ZERO),
        }
    }
}

/// While it lasts, what would arrive on a channel arrives at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// The channel.
    pub channel: ChannelId,
    /// From when on.
    pub from: Ticks,
    /// Until when.
    pub until: Ticks,
}

/// While it lasts, a task takes longer for each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// The task.
    pub task: TaskId,
    /// From when on.
    pub from: Ticks,
    /// Until when.
    pub until: Ticks,
    /// Added to the service time of each record.
    pub extra: Ticks,
}

/// How long a part takes to storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// So long, whatever its size.
    Takes(Delay),
    /// As long as its bytes take over the [link](Timing::link).
    BySize,
}

/// The way from tasks to storage. Rates are in bytes a second, at least 1; where there is none, any amount takes no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What each part takes besides.
    pub latency: Ticks,
    /// What each task has for itself.
    pub own: Option<Bytes>,
    /// What all tasks share: parts go through one after the other, in the order in which they were whole.
    pub shared: Option<Bytes>,
}

impl Link {
    /// When so many bytes that are whole at `now` are in storage, and from when on the shared way is free again; it is
    /// free now from `free` on.
    pub fn stored(&self, now: Ticks, free: Ticks, bytes: Bytes) -> (Ticks, Ticks) {
        let over = |rate: Option<Bytes>| Ticks(rate.map_or(0, |rate| bytes.micros_at(rate.0)));
        let free = now.max(free) + over(self.shared);
        ((now + over(self.own)).max(free) + self.latency, free)
    }
}

/// The times of one operator's tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorTiming {
    /// For sources: when records are there.
    pub emit: EmitTimes,
    /// How long a record keeps a task busy; its output leaves at the end.
    pub service: Delay,
    /// From the trigger at the coordinator to the task.
    pub trigger: Delay,
    /// From the copy of the state to its last byte in durable storage.
    pub upload: Upload,
    /// From the task to the coordinator.
    pub ack: Delay,
    /// From the completion at the coordinator to the task.
    pub notify: Delay,
    /// How long a task takes to load its state.
    pub restore: Delay,
}

impl Default for OperatorTiming {
    fn default() -> Self {
        OperatorTiming {
            emit: EmitTimes::Every { start: Ticks::ZERO, every: Ticks::ZERO },
            service: Delay::ZERO,
            trigger: Delay::ZERO,
            upload: Upload::Takes(Delay::ZERO),
            ack: Delay::ZERO,
            notify: Delay::ZERO,
            restore: Delay::ZERO,
        }
    }
}

/// A process starts a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initiation {
    /// When.
    pub at: Ticks,
    /// Which process.
    pub task: TaskId,
    /// How many things of its script it does before, where the times are equal.
    pub after: u64,
}

/// Everything about time that a scenario says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// By operator.
    pub operators: Vec<OperatorTiming>,
    /// How long a channel takes, by edge.
    pub delays: Vec<Delay>,
    /// Explicit delays of the first messages of each channel in the order they are sent, by edge.
    pub listed: BTreeMap<u32, Vec<Ticks>>,
    /// The first periodic trigger after (re)start.
    pub first: Ticks,
    /// The distance between periodic triggers.
    pub interval: Ticks,
    /// The minimum pause after a completed checkpoint.
    pub min_pause: Ticks,
    /// When a pending checkpoint is given up.
    pub timeout: Ticks,
    /// From the trigger to the end of the budget for aligning.
    pub budget: Ticks,
    /// The way of parts whose size matters.
    pub link: Link,
    /// From the last ack to durable metadata.
    pub store: Delay,
    /// From a crash to its being noticed.
    pub detect: Delay,
    /// From the stop of the old attempt to the deployment of the new one.
    pub restart: Delay,
    /// When checkpoints are asked for.
    pub requests: Vec<Ticks>,
    /// When processes start snapshots.
    pub initiations: Vec<Initiation>,
    /// Channels that stand still for a while.
    pub stalls: Vec<Stall>,
    /// Tasks that are slow for a while.
    pub slows: Vec<Slow>,
}

impl Timing {
    /// Nothing takes time: `operators` operators, `edges` edges, no periodic trigger.
    pub fn instant(operators: usize, edges: usize) -> Self {
        Timing {
            operators: vec![OperatorTiming::default(); operators],
            delays: vec![Delay::ZERO; edges],
            listed: BTreeMap::new(),
            budget: Ticks::NEVER,
            initiations: Vec::new(),
            first: Ticks::ZERO,
            interval: Ticks::ZERO,
            min_pause: Ticks::ZERO,
            timeout: Ticks::NEVER,
            link: Link::default(),
            store: Delay::ZERO,
            detect: Delay::ZERO,
            restart: Delay::ZERO,
            requests: Vec::new(),
            stalls: Vec::new(),
            slows: Vec::new(),
        }
    }

    /// The times of one operator's tasks.
    #[inline(always)]
    pub fn of(&self, operator: OperatorId) -> &OperatorTiming {
        &self.operators[operator.0 as usize]
    }
}
