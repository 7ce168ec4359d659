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
    /// By task: how many inputs, of those from outside its loop, have not come to the end of their data; at the
    /// [leader](Plan::leader) of a loop for all of it. Empty for processes, which come to no end.
    pub awaited: Printed<Vec<u32>>,
    /// How many ends of data are on their way.
    pub ends: u32,
    /// Channels whose end was taken, sorted.
    pub ended: Printed<Vec<ChannelId>>,
}

clone_fields!(Channels { data, blocked, outboxes, turns, piggyback, awaited, ends, ended });

/// What each task awaits when an attempt begins.
fn awaited(plan: &Plan) -> Vec<u32> {
    let mut awaited = vec![0; if plan.has_processes() { 0 } else { plan.tasks().len() }];
    if !awaited.is_empty() {
        for (_, channel) in plan.channels().pairs().filter(|(id, _)| !plan.is_inside(*id)) {
            awaited[plan.leader(channel.to).0 as usize] += 1;
        }
    }
    awaited
}

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
            awaited: Printed::new(awaited(plan)),
            ends: 0,
            ended: Printed::default(),
        }
    }

    /// A new attempt begins.
    pub fn await_ends(&mut self, plan: &Plan) {
        *self.awaited = awaited(plan);
    }

    /// Whether no record is in a channel.
    pub fn has_no_record(&self, channel: ChannelId) -> bool {
        self.data.iter(channel.0 as usize).all(|slot| slot.record().is_none())
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add(&mut self.data);
        prints.add(&mut self.blocked);
        prints.add(&mut self.outboxes);
        prints.add(&mut self.turns);
        prints.add(&mut self.piggyback);
        prints.add(&mut self.awaited);
        prints.add_small(&self.ends);
        prints.add(&mut self.ended);
    }

    pub fn footprint(&self) -> usize {
        self.data.footprint() + self.outboxes.footprint() + self.blocked.len() + 4 * (self.turns.len() + self.awaited.len())
    }
}
