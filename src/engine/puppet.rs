//! A world by hand: what single handlers are tested with, where no sender and no clock is there.

use super::world::World;
use super::{Observer, Touch};
use crate::model::{BarrierKind, ChannelId, Element, SnapshotId};
use crate::trace::Fact;

impl World {
    /// Puts an element into a channel as if its sender had. An unaligned barrier goes ahead of the
    /// records there and counts them.
    pub fn put<O: Observer>(&mut self, channel: ChannelId, element: Element, observer: &mut O) {
        match element {
            Element::Barrier(barrier) if matches!(barrier.kind, BarrierKind::Unaligned { .. }) => {
                self.put_ahead(channel, barrier.snapshot, observer);
            }
            element => self.router(observer).push(channel, element),
        }
    }

    /// Lets the receiver of a channel take an element at once, whatever is in the channel and
    /// whether or not it is blocked.
    pub fn hand<O: Observer>(&mut self, channel: ChannelId, element: Element, observer: &mut O) {
        self.receive(channel, element, observer);
    }

    /// The alignment budget of a snapshot is used up. It is one for all tasks; those that wait for it
    /// get to know when they have time.
    pub fn use_up_budget<O: Observer>(&mut self, snapshot: SnapshotId, observer: &mut O) {
        observer.fact(Fact::Overdue { snapshot });
        self.centre.overdue.push(snapshot);
        for (task, _) in self.tasks.alarms.iter().filter(|(_, id)| *id == snapshot) {
            observer.touch(Touch::Alarm(*task));
        }
    }

    /// What a channel holds, first to last.
    pub fn contents(&self, channel: ChannelId) -> impl Iterator<Item = Element> {
        self.channels.data.iter(channel.0 as usize).map(|slot| slot.item)
    }
}
