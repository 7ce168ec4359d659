//! The channels: what is in them, who does not take from them, what waits for room in them.

use crate::kernel::{Lists, Printed, Prints, clone_fields};
use crate::model::{ChannelId, Element, Plan, Record, TaskId};

use crate::engine::Stamp;

/// A message with its driver's stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Slot<T> {
    pub item: T,
    pub stamp: Stamp,
}

impl Slot<Element> {
    /// The record, if it is one.
    pub fn record(&self) -> Option<Record> {
        match self.item {
            Element::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// What rides along with records, where the protocol wants that; else empty.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Piggyback {
    /// What a task's records carry, by task.
    pub stamps: Vec<u32>,
    /// Records put into a channel in this attempt, by channel.
    pub counts: Vec<u32>,
}

clone_fields!(Piggyback { stamps, counts });

impl Piggyback {
    #[inline(always)]
    pub fn is_off(&self) -> bool {
        self.counts.is_empty()
    }

    #[inline(never)]
    pub fn ride(&mut self, from: TaskId, channel: ChannelId, record: &mut Record) {
        record.stamp = self.stamps[from.0 as usize];
        self.counts[channel.0 as usize] += 1;
    }
}

/// The channels of a world.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Channels {
    pub data: Printed<Lists<Slot<Element>>>,
    pub blocked: Printed<Vec<bool>>,
    /// Output that found no room, by task: channel and element.
    pub outboxes: Printed<Lists<(ChannelId, Element)>>,
    /// Whose turn it is, by port.
    pub turns: Printed<Vec<u32>>,
    pub piggyback: Printed<Piggyback>,
    /// Channels whose end was taken, sorted.
    pub ended: Printed<Vec<ChannelId>>,
}

clone_fields!(Channels { data, blocked, outboxes, turns, piggyback, ended });

impl Channels {
    pub fn new(plan: &Plan, has_stamps: bool) -> Self {
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        let piggyback = if has_stamps { Piggyback { stamps: vec![0; tasks], counts: vec![0; channels] } } else { Piggyback::default() };
        Channels {
            data: Printed::new(Lists::new(channels)),
            blocked: Printed::new(vec![false; channels]),
            outboxes: Printed::new(Lists::new(tasks)),
            turns: Printed::new(vec![0; plan.ports().len()]),
            piggyback: Printed::new(piggyback),
            ended: Printed::default(),
        }
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add(&mut self.data);
        prints.add(&mut self.blocked);
        prints.add(&mut self.outboxes);
        prints.add(&mut self.turns);
        prints.add(&mut self.piggyback);
        prints.add(&mut self.ended);
    }

    pub fn footprint(&self) -> usize {
        self.data.footprint() + self.outboxes.footprint() + self.blocked.len() + 8 * self.turns.len()
    }
}
