//! What protocols ask for, carried out.

use std::sync::Arc;

use smallvec::SmallVec;

use super::world::{Saving, Slot, World};
use super::{Ahead, Observer, Touch};
use crate::kernel::part;
use crate::model::{Barrier, BarrierKind, ChannelId, Element, Part, Record, SnapshotId, TaskId};
use crate::protocol::{Effect, Effects, ProtocolBox, Report, SnapshotProtocol, TaskView};
use crate::trace::{Fact, Refusal};

impl World {
    /// Calls one handler of a task's protocol and applies what it asks for.
    #[inline(always)]
    pub(super) fn protocol<O: Observer>(
        &mut self,
        task: TaskId,
        observer: &mut O,
        call: impl FnOnce(&mut ProtocolBox, &TaskView<'_>, &mut Effects),
    ) {
        let mut effects = Effects::default();
        let view = TaskView { task, plan: &self.setup.plan, blocked: &self.channels.blocked, overdue: &self.centre.overdue };
        self.tasks[task].touch();
        call(&mut self.tasks.protocols[task], &view, &mut effects);
        if !self.channels.piggyback.is_off() {
            self.channels.piggyback.stamps[task.0 as usize] = self.tasks.protocols[task].stamp();
        }
        let by = effects.by;
        for effect in effects.drain() {
            if self.fits(task, by, effect, observer) {
                self.effect(task, effect, observer);
            }
        }
    }

    #[inline(never)]
    fn effect<O: Observer>(&mut self, task: TaskId, effect: Effect, observer: &mut O) {
        match effect {
            Effect::SaveState(snapshot) if self.tasks.is_void(task, snapshot) => {}
            Effect::SaveState(snapshot) => self.save_state(task, snapshot, observer),
            Effect::Broadcast(Barrier { snapshot, .. }) | Effect::Overtake(snapshot) if self.tasks.is_void(task, snapshot) => {
                self.pass_void(task, snapshot, observer);
            }
            Effect::Broadcast(barrier) => self.router(observer).broadcast(task, barrier),
            Effect::Block(channel) => {
                self.channels.blocked[channel.0 as usize] = true;
                observer.fact(Fact::Blocked { channel });
            }
            Effect::Unblock(channel) => {
                self.channels.blocked[channel.0 as usize] = false;
                observer.fact(Fact::Unblocked { channel });
                observer.touch(Touch::Unblocked(channel));
            }
            Effect::Overtake(snapshot) => self.overtake(task, snapshot, observer),
            Effect::Cancel(snapshot) => self.router(observer).cancel(task, snapshot),
            Effect::Prioritise(channel, snapshot) => self.prioritise(channel, snapshot, observer),
            Effect::SaveOvertaken(snapshot, channel, count) => self.save_overtaken(task, snapshot, channel, count, observer),
            Effect::SetTimer(snapshot) => {
                self.tasks.set_alarm(task, Some(snapshot));
                if self.centre.overdue.contains(&snapshot) {
                    observer.touch(Touch::Alarm(task));
                }
            }
            Effect::CancelTimer => self.tasks.set_alarm(task, None),
            Effect::SaveRecord(snapshot, channel, record) => self.save_record(task, snapshot, channel, record, observer),
            Effect::Ack(snapshot) => {
                if let Some(saving) = self.saving(task, snapshot) {
                    saving.is_whole = true;
                    observer.fact(Fact::Whole { task, snapshot });
                    if self.setup.sizes.is_none() || self.is_taken(task, snapshot, observer) {
                        observer.touch(Touch::Saving(task, snapshot));
                    }
                }
            }
            Effect::Decline(snapshot, why) => {
                self.tasks.savings.retain(|saving| (saving.task, saving.snapshot) != (task, snapshot));
                observer.fact(Fact::Declined { task, snapshot, why });
                self.report(task, Report::Decline(snapshot, why), observer);
            }
        }
    }

    /// K2: a task that was told that a snapshot is given up does not take it, whatever its handler asks for;
    /// where the barrier would leave, a cancellation marker does, once.
    fn pass_void<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) {
        if let Some(at) = self.tasks.void_at(task, snapshot)
            && !self.tasks.voids[at].is_passed_on
        {
            self.tasks.voids[at].is_passed_on = true;
            self.router(observer).cancel(task, snapshot);
        }
    }

    /// Where every input has ended no barrier comes any more that could be turned into a marker, and the
    /// tasks behind would wait for one: so they are told at once, as by a task that stops (K9).
    pub(super) fn pass_voids<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        if self.tasks.voids.is_empty() || self.setup.plan.kind(task).emits() || self.has_open_input(task) {
            return;
        }
        let ids: SmallVec<[SnapshotId; 4]> = self.tasks.voids.iter().filter(|void| void.task == task).map(|void| void.snapshot).collect();
        ids.into_iter().for_each(|id| self.pass_void(task, id, observer));
    }

    fn saving(&mut self, task: TaskId, snapshot: SnapshotId) -> Option<&mut Saving> {
        let of_task = self.tasks.savings_of(task);
        self.tasks.savings[of_task].iter_mut().find(|saving| saving.snapshot == snapshot)
    }

    fn save_record<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, channel: ChannelId, record: Record, observer: &mut O) {
        if let Some(saving) = self.saving(task, snapshot) {
            Arc::make_mut(&mut saving.part).channels.push((channel, record));
            observer.fact(Fact::RecordSaved { channel, snapshot, name: record.name, value: record.value });
        }
    }

    /// N2: records that the barrier of their channel went ahead of are contents of the channel; they
    /// are still on their way.
    fn save_overtaken<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, channel: ChannelId, count: u32, observer: &mut O) {
        let records: Vec<Record> = self.channels.data.iter(channel.0 as usize).filter_map(Slot::record).take(count as usize).collect();
        records.into_iter().for_each(|record| self.save_record(task, snapshot, channel, record, observer));
    }

    /// N8: the barrier enters every output channel at its front.
    fn overtake<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) {
        for channel in self.setup.plan.outputs(task).to_vec() {
            if self.setup.plan.must_align(channel) {
                self.router(observer).push(channel, Element::Barrier(Barrier::aligned(snapshot)));
            } else {
                self.put_ahead(channel, snapshot, observer);
            }
        }
    }

    /// An unaligned barrier enters a channel: ahead of all records, behind other barriers that did.
    pub(super) fn put_ahead<O: Observer>(&mut self, channel: ChannelId, snapshot: SnapshotId, observer: &mut O) {
        let overtook = self.channels.data.iter(channel.0 as usize).filter_map(Slot::record).count() as u32;
        let barrier = Barrier { snapshot, kind: BarrierKind::Unaligned { overtook } };
        observer.fact(Fact::BarrierSent { channel, snapshot });
        self.insert_ahead(channel, barrier, overtook, Ahead::Entering, observer);
    }

    fn insert_ahead<O: Observer>(&mut self, channel: ChannelId, barrier: Barrier, records: u32, how: Ahead, observer: &mut O) {
        let at = channel.0 as usize;
        if records > 0 {
            observer.fact(Fact::BarrierOvertook { channel, snapshot: barrier.snapshot, records });
        }
        let is_urgent = |slot: &Slot<Element>| matches!(slot.item, Element::Barrier(barrier) if barrier.is_urgent());
        let is_first = !self.channels.data.front(at).is_some_and(is_urgent);
        let stamp = observer.ahead(channel, how, is_first);
        self.channels.data.insert_behind(at, Slot { item: Element::Barrier(barrier), stamp }, is_urgent);
    }

    /// A barrier that waits in its input channel is moved ahead of the records there.
    fn prioritise<O: Observer>(&mut self, channel: ChannelId, snapshot: SnapshotId, observer: &mut O) {
        let at = channel.0 as usize;
        let is_it = |slot: &Slot<Element>| matches!(slot.item, Element::Barrier(barrier) if barrier.snapshot == snapshot);
        let Some(index) = self.channels.data.iter(at).position(is_it) else { return };
        let overtook = self.channels.data.iter(at).take(index).filter_map(Slot::record).count() as u32;
        self.channels.data.remove(at, index);
        let kind = BarrierKind::Timed { is_announced: true, overtook: Some(overtook) };
        self.insert_ahead(channel, Barrier { snapshot, kind }, overtook, Ahead::Waiting, observer);
    }

    /// N1: a barrier that may be moved ahead has arrived, and its receiver gets to know.
    pub(super) fn announce<O: Observer>(&mut self, channel: ChannelId, snapshot: SnapshotId, observer: &mut O) {
        let mut announced = None;
        self.channels.data.for_each_mut(channel.0 as usize, |slot| {
            if let Element::Barrier(Barrier { snapshot: id, kind: BarrierKind::Timed { is_announced, .. } }) = &mut slot.item
                && *id == snapshot
            {
                *is_announced = true;
                announced = Some(slot.item);
            }
        });
        if let Some(Element::Barrier(barrier)) = announced {
            observer.fact(Fact::Announced { channel, snapshot });
            let to = self.setup.plan.channels()[channel].to;
            self.protocol(to, observer, |protocol, view, out| protocol.on_announcement(view, channel, barrier, out));
        }
    }

    /// The snapshot's budget is used up and the task has time to see it.
    pub(super) fn alarm<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        if let Some(snapshot) = self.tasks.alarm_of(task) {
            self.tasks.set_alarm(task, None);
            self.protocol(task, observer, |protocol, view, out| protocol.on_timer(view, snapshot, out));
        }
    }

    /// The synchronous part of a snapshot: pre-commit (T1), then copy.
    fn save_state<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) {
        self.sink(task, observer, |sink, pending, _, out| sink.on_save(pending, snapshot, out));
        self.tasks.forget_voids(task, snapshot);
        self.tasks[task].taken = self.tasks[task].taken.max(snapshot.0);
        let state = &self.tasks[task].state;
        if let Some(position) = state.position() {
            observer.fact(Fact::OffsetSaved { task, snapshot, position });
        }
        if let Some(value) = state.shown() {
            observer.fact(Fact::ProcessSaved { task, snapshot, value });
        }
        let copy = part("storage, save", || self.setup.storage.save(state));
        observer.fact(Fact::Saved { task, snapshot, entries: copy.entries() as u32, digest: copy.digest() });
        let part = Arc::new(Part { state: copy, channels: Vec::new(), is_finished: false });
        let newest = self.tasks.savings_of(task).end;
        self.tasks.savings.insert(newest, Saving { task, snapshot, part, is_whole: false });
    }

    fn take_whole(&mut self, task: TaskId, snapshot: Option<SnapshotId>) -> Saving {
        let at = self.tasks.upload_at(task, snapshot).expect("ready: it is whole");
        self.tasks.savings.remove(at)
    }

    /// Whether storage takes the task's part, which is whole. What travels with the ack must fit the coordinator's memory:
    /// a task that has more refuses, before anything is on its way.
    #[inline(never)]
    fn is_taken<O: Observer>(&mut self, task: TaskId, snapshot: SnapshotId, observer: &mut O) -> bool {
        let at = self.tasks.upload_at(task, Some(snapshot)).expect("it is whole");
        let Some(sizes) = &self.setup.sizes else { return true };
        let bytes = sizes.of(self.setup.plan.tasks()[task].operator, &self.tasks.savings[at].part);
        let is_too_large = sizes.is_too_large(bytes);
        observer.fact(Fact::Sized { task, snapshot, bytes: bytes.0 });
        if is_too_large {
            self.refuse(task, Some(snapshot), Refusal::TooLarge, observer);
        }
        !is_too_large
    }

    /// The asynchronous part of a snapshot fails (K5): no ack but a refusal.
    pub(super) fn fail_upload<O: Observer>(&mut self, task: TaskId, snapshot: Option<SnapshotId>, observer: &mut O) {
        self.refuse(task, snapshot, Refusal::Failed, observer);
    }

    fn refuse<O: Observer>(&mut self, task: TaskId, snapshot: Option<SnapshotId>, why: Refusal, observer: &mut O) {
        let Saving { snapshot, .. } = self.take_whole(task, snapshot);
        observer.fact(Fact::Declined { task, snapshot, why });
        self.report(task, Report::Decline(snapshot, why), observer);
    }

    /// The asynchronous part of a snapshot ends: the copy becomes durable, the ack leaves.
    pub(super) fn upload<O: Observer>(&mut self, task: TaskId, snapshot: Option<SnapshotId>, observer: &mut O) {
        let Saving { snapshot, part, .. } = self.take_whole(task, snapshot);
        self.durable.put(snapshot, task, part);
        observer.fact(Fact::Uploaded { task, snapshot });
        self.report(task, Report::Ack(snapshot), observer);
    }
}
