//! How records and barriers get into channels.

use super::world::{Channels, Slot, World};
use super::{Lane, Observer, Touch};
use crate::model::{Barrier, BarrierKind, ChannelId, Element, Partition, Plan, Record, SnapshotId, TaskId};
use crate::trace::Fact;

/// What sending touches of a world, while a task's state is borrowed elsewhere.
pub(super) struct Router<'a, O> {
    pub plan: &'a Plan,
    pub channels: &'a mut Channels,
    pub observer: &'a mut O,
}

/// The receiver of a key among `count`: multiplicative hashing, then scaling by the high half,
/// so that neighbouring keys spread and every platform agrees.
#[inline(always)]
fn receiver_of(key: u32, keys: u32, count: usize) -> usize {
    let key = if keys == u32::MAX { key } else { key % keys };
    let hash = key.wrapping_mul(0x9E37_79B9).rotate_left(15).wrapping_mul(0x85EB_CA6B);
    ((u64::from(hash) * count as u64) >> 32) as usize
}

/// That an element was put into a channel.
#[inline(always)]
fn sent(channel: ChannelId, element: &Element) -> Fact {
    match *element {
        Element::Record(record) => Fact::Sent { channel, name: record.name, value: record.value },
        Element::Barrier(barrier) => Fact::BarrierSent { channel, snapshot: barrier.snapshot },
        Element::Cancel(snapshot) => Fact::CancelSent { channel, snapshot },
        Element::EndOfData => Fact::DataEndSent { channel },
        Element::End => Fact::EndSent { channel },
    }
}

impl<O: Observer> Router<'_, O> {
    /// Sends a record out of every port of `task`.
    #[inline(always)]
    pub fn send(&mut self, task: TaskId, record: Record) {
        match self.plan.only_output(task) {
            Some(channel) => self.put(task, channel, record),
            None => self.choose(task, record),
        }
    }

    #[inline(always)]
    fn choose(&mut self, task: TaskId, record: Record) {
        for at in self.plan.port_range(task) {
            let plan = self.plan;
            let port = &plan.ports()[at];
            if !(port.carries.0..port.carries.1).contains(&record.name) {
                continue;
            }
            let channels = plan.port_channels(port);
            match port.partition {
                Partition::Forward => self.put(task, channels[0], record),
                Partition::Hash => self.put(task, channels[receiver_of(record.key, port.keys, channels.len())], record),
                Partition::Rebalance => {
                    let turn = self.channels.turns[at];
                    self.channels.turns[at] = if turn as usize + 1 == channels.len() { 0 } else { turn + 1 };
                    self.put(task, channels[turn as usize], record);
                }
                Partition::Broadcast => channels.iter().for_each(|&channel| self.put(task, channel, record)),
            }
        }
    }

    /// Puts a record into its channel, or behind what already waits for room.
    #[inline(always)]
    fn put(&mut self, task: TaskId, channel: ChannelId, record: Record) {
        if !self.plan.is_bounded() {
            return self.push(channel, Element::Record(record));
        }
        self.put_bounded(task, channel, record);
    }

    fn put_bounded(&mut self, task: TaskId, channel: ChannelId, record: Record) {
        let capacity = self.plan.channels()[channel].capacity;
        if capacity == u32::MAX || self.has_room(channel, capacity) && self.channels.outboxes.is_empty(task.0 as usize) {
            return self.push(channel, Element::Record(record));
        }
        // An unbounded channel is passed at once even when another port waits: records of one
        // channel stay in order, and no channel's order depends on another's.
        if self.channels.outboxes.is_empty(task.0 as usize) {
            self.observer.fact(Fact::Stuck { task });
        }
        self.channels.outboxes.push_back(task.0 as usize, (channel, Element::Record(record)));
    }

    #[inline(always)]
    fn has_room(&self, channel: ChannelId, capacity: u32) -> bool {
        self.channels.data.len(channel.0 as usize) < capacity as usize
    }

    /// Sends a record out of one port of `task`, by its place among the task's ports.
    pub fn send_to(&mut self, task: TaskId, port: u32, record: Record) {
        let port = &self.plan.ports()[self.plan.port_range(task).start + port as usize];
        self.put(task, self.plan.port_channels(port)[0], record);
    }

    #[inline(always)]
    pub fn push(&mut self, channel: ChannelId, mut element: Element) {
        self.observer.fact(sent(channel, &element));
        if let Element::Record(record) = &mut element
            && !self.channels.piggyback.is_off()
        {
            self.channels.piggyback.ride(self.plan.channels()[channel].from, channel, record);
        }
        let stamp = self.observer.sent(Lane::Data(channel));
        self.channels.data.push_back(channel.0 as usize, Slot { item: element, stamp });
    }

    /// Appends a barrier to every output channel. A full channel does not hold it back; while it
    /// is there it takes a place like a record.
    pub fn broadcast(&mut self, task: TaskId, barrier: Barrier) {
        let plan = self.plan;
        for &channel in plan.outputs(task) {
            let kind = match barrier.kind {
                BarrierKind::Counting { .. } => {
                    BarrierKind::Counting { sent: self.channels.piggyback.counts.get(channel.0 as usize).copied().unwrap_or(0) }
                }
                BarrierKind::Timed { .. } if plan.must_align(channel) => BarrierKind::Aligned,
                kind => kind,
            };
            self.push(channel, Element::Barrier(Barrier { kind, ..barrier }));
            if let BarrierKind::Timed { .. } = kind {
                self.observer.touch(Touch::Coming(channel, barrier.snapshot));
            }
        }
    }

    /// Appends a cancellation marker to every output channel.
    pub fn cancel(&mut self, task: TaskId, snapshot: SnapshotId) {
        let plan = self.plan;
        plan.outputs(task).iter().for_each(|&channel| self.push(channel, Element::Cancel(snapshot)));
    }

    /// Says on every channel that leaves the task, or the loop that it is part of, that its data has ended.
    pub fn end_data(&mut self, task: TaskId) {
        let plan = self.plan;
        for &channel in plan.outputs(task).iter().filter(|&&channel| !plan.is_inside(channel)) {
            self.channels.ends += 1;
            self.push(channel, Element::EndOfData);
        }
    }

    /// Ends every output channel.
    pub fn end(&mut self, task: TaskId) {
        let plan = self.plan;
        plan.outputs(task).iter().for_each(|&channel| self.push(channel, Element::End));
    }

    /// Lets waiting output of `task` move on, now that a channel of its has room.
    pub fn refill(&mut self, task: TaskId) {
        let at = task.0 as usize;
        while let Some(&(channel, element)) = self.channels.outboxes.front(at) {
            if !self.has_room(channel, self.plan.channels()[channel].capacity) {
                return;
            }
            self.channels.outboxes.pop_front(at);
            self.push(channel, element);
            if self.channels.outboxes.is_empty(at) {
                self.observer.touch(Touch::Room(task));
            }
        }
    }
}

impl World {
    /// What sending touches, beside the tasks.
    #[inline(always)]
    pub(super) fn router<'a, O>(&'a mut self, observer: &'a mut O) -> Router<'a, O> {
        Router { plan: &self.setup.plan, channels: &mut self.channels, observer }
    }
}
