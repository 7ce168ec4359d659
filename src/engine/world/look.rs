//! What drivers, reports and tests look at.

use super::World;
use super::centre::Job;
use super::channels::Slot;
use crate::engine::{Notice, Stamp};
use crate::model::{ChannelId, Element, External, SnapshotId, TaskId, TaskState};
use crate::protocol::CoordinatorView;

impl World {
    /// The snapshots whose barriers are in a channel.
    pub(in crate::engine) fn barriers(&self, channel: ChannelId) -> impl Iterator<Item = SnapshotId> {
        self.channels.data.iter(channel.0 as usize).filter_map(|slot| match slot.item {
            Element::Barrier(barrier) => Some(barrier.snapshot),
            _ => None,
        })
    }

    /// The message that a task takes next from the coordinator.
    pub(in crate::engine) fn next_notice(&self, task: TaskId) -> Option<Notice> {
        self.messages.notices.front(task.0 as usize).map(|slot| slot.item.item)
    }

    pub(in crate::engine) fn has_budget(&self) -> bool {
        self.setup.budget
    }

    /// The oldest snapshot of which a part of the task waits for its upload.
    pub fn uploading(&self, task: TaskId) -> Option<SnapshotId> {
        self.tasks.upload_at(task, None).map(|at| self.tasks.savings[at].snapshot)
    }

    pub(in crate::engine) fn coordinator_view(&self) -> CoordinatorView {
        CoordinatorView {
            tasks: (self.tasks.len() - self.centre.gone.iter().filter(|gone| **gone).count()) as u32,
            all: self.tasks.len() as u32,
            latest: self.durable.latest(),
        }
    }

    /// The snapshots that storage holds: pending ones, and those that can be restored.
    pub fn stored(&self) -> impl Iterator<Item = SnapshotId> {
        self.durable.snapshots.iter().map(|stored| stored.id)
    }

    /// Every part that waits for its upload: whose, and of which snapshot.
    pub fn uploads(&self) -> impl Iterator<Item = (TaskId, SnapshotId)> {
        self.tasks.uploads()
    }

    /// The driver's stamp on the first message of a channel.
    #[inline(always)]
    pub fn data_stamp(&self, channel: ChannelId) -> Option<Stamp> {
        self.channels.data.front(channel.0 as usize).map(|slot| slot.stamp)
    }

    /// The place in a channel, and the stamp, of the element with the least stamp; of the end of the data only where
    /// no record is left.
    pub fn earliest(&self, channel: ChannelId) -> Option<(u32, Stamp)> {
        // Only records hold it back: where barriers come one after the other, it would wait for ever behind those.
        let has_records = !self.channels.has_no_record(channel);
        let slots = self.channels.data.iter(channel.0 as usize).enumerate();
        let (at, slot) = slots.min_by_key(|(_, slot)| (has_records && slot.item == Element::EndOfData, slot.stamp.0))?;
        Some((at as u32, slot.stamp))
    }

    /// The driver's stamps on the messages from the coordinator to a task, the first one first.
    pub fn notice_stamps(&self, task: TaskId) -> impl Iterator<Item = Stamp> {
        self.messages.notices.iter(task.0 as usize).map(|slot| slot.stamp)
    }

    /// The driver's stamp on the first message from a task to the coordinator.
    pub fn report_stamp(&self, task: TaskId) -> Option<Stamp> {
        self.messages.reports.front(task.0 as usize).map(|slot| slot.stamp)
    }

    /// Whether the first element of a channel is a record.
    #[inline(always)]
    pub fn record_ahead(&self, channel: ChannelId) -> bool {
        matches!(self.channels.data.front(channel.0 as usize), Some(Slot { item: Element::Record(_), .. }))
    }

    /// The position (from 0) of the record that a source task emits next.
    #[inline(always)]
    pub fn position(&self, task: TaskId) -> u64 {
        match &self.tasks[task].state {
            _ if self.is_feed(task) => self.outside.feeds[task.0 as usize],
            state => state.position().unwrap_or(0),
        }
    }

    /// Whether a task works on a record.
    #[inline(always)]
    pub fn is_busy(&self, task: TaskId) -> bool {
        self.tasks.is_busy(task)
    }

    /// Whether a task has output that does not fit.
    pub fn is_stuck(&self, task: TaskId) -> bool {
        !self.channels.outboxes.is_empty(task.0 as usize)
    }

    /// Whether a channel holds nothing.
    #[inline(always)]
    pub fn is_empty(&self, channel: ChannelId) -> bool {
        self.channels.data.is_empty(channel.0 as usize)
    }

    /// The working state of a task.
    pub fn state(&self, task: TaskId) -> &TaskState {
        &self.tasks[task].state
    }

    /// What the outside world has received.
    pub fn external(&self) -> &External {
        &self.outside.external
    }

    /// Whether the coordinator has ended the run: everything emitted and, where asked for, the
    /// final checkpoint taken or given up; or no restart is left.
    pub fn is_over(&self) -> bool {
        matches!(self.centre.job, Job::Failed | Job::Finished)
    }
}
