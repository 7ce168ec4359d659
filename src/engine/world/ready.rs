//! Which steps can happen, and what the others wait for.

use super::channels::Slot;
use super::messages::Mail;
use super::{Job, Status, World};
use crate::engine::{Notice, Step, Wait};
use crate::model::{Barrier, BarrierKind, ChannelId, Element, Kind, SnapshotId, TaskId, TaskState};
use crate::protocol::Told;

impl World {
    /// Whether `step` can happen now, or what it waits for.
    #[inline(always)]
    pub fn ready(&self, step: Step) -> Result<(), Wait> {
        match step {
            Step::Deliver(channel) => {
                let at = channel.0 as usize;
                if self.channels.data.is_empty(at) {
                    return Err(Wait::Empty);
                }
                if self.channels.blocked[at] {
                    return Err(Wait::Blocked);
                }
                if self.fixed.is_picky && !self.is_welcome(channel, 0) {
                    return Err(Wait::Unwilling);
                }
                self.can_receive(channel)
            }
            Step::Emit(task) => self.can_emit(task),
            _ => self.ready_control(step),
        }
    }

    /// Whether every task is up and has sent all its output: mostly so, and then none has to be looked at.
    #[inline(always)]
    fn can_all_work(&self) -> bool {
        self.tasks.missing == 0 && self.tasks.busy == 0 && self.channels.outboxes.are_empty()
    }

    #[inline(always)]
    fn can_receive(&self, channel: ChannelId) -> Result<(), Wait> {
        if self.can_all_work() { Ok(()) } else { self.can_work(self.setup.plan.channels()[channel].to) }
    }

    #[inline(always)]
    fn can_work(&self, task: TaskId) -> Result<(), Wait> {
        if self.tasks.is_busy(task) { Err(Wait::Busy(task)) } else { self.can_send(task) }
    }

    #[inline(always)]
    fn can_send(&self, task: TaskId) -> Result<(), Wait> {
        if self.tasks[task].status != Status::Up {
            return Err(Wait::Down(task));
        }
        if !self.channels.outboxes.is_empty(task.0 as usize) {
            return Err(Wait::Stuck(task));
        }
        Ok(())
    }

    /// Whether a task is told to start a snapshot (P2) while ends of its inputs, and older barriers
    /// before them, are still on their way: it hears of it behind them.
    fn awaits_ends(&self, task: TaskId) -> bool {
        let is_trigger = |slot: &Slot<Mail<Notice>>| matches!(slot.item.item, Notice::Trigger(_));
        let is_root = self.centre.gone.is_empty() || self.setup.told != Told::Roots || self.setup.plan.kind(task).emits();
        !is_root && self.messages.notices.front(task.0 as usize).is_some_and(is_trigger) && self.has_open_input(task)
    }

    pub(in crate::engine) fn has_open_input(&self, task: TaskId) -> bool {
        let plan = &self.setup.plan;
        plan.inputs(task).any(|input| !plan.is_back_edge(input) && !self.channels.ended.contains(&input))
    }

    /// Whether the receiver takes the element at `index` in its present state.
    fn is_welcome(&self, channel: ChannelId, index: u32) -> bool {
        let to = self.setup.plan.channels()[channel].to;
        let element = self.channels.data.iter(channel.0 as usize).nth(index as usize);
        if element.is_some_and(|slot| slot.item == Element::EndOfData) {
            return self.setup.plan.channels()[channel].is_fifo || self.channels.has_no_record(channel);
        }
        match (self.setup.plan.kind(to), &self.tasks[to].state, element.and_then(Slot::record)) {
            (Kind::Automaton(table), TaskState::Automaton { state, .. }, Some(record)) => table.receive_in(*state, record.value).is_some(),
            _ => true,
        }
    }

    fn can_begin(&self, channel: ChannelId, index: u32) -> Result<(), Wait> {
        match self.channels.data.iter(channel.0 as usize).nth(index as usize) {
            Some(slot) if slot.record().is_none() => Err(Wait::Never),
            _ if index == 0 => self.ready(Step::Deliver(channel)),
            _ => self.can_take(channel, index),
        }
    }

    fn can_take(&self, channel: ChannelId, index: u32) -> Result<(), Wait> {
        let at = channel.0 as usize;
        if self.setup.plan.channels()[channel].is_fifo || self.channels.data.len(at) <= index as usize {
            return Err(Wait::Empty);
        }
        if self.channels.blocked[at] {
            return Err(Wait::Blocked);
        }
        if self.fixed.is_picky && !self.is_welcome(channel, index) {
            return Err(Wait::Unwilling);
        }
        self.can_receive(channel)
    }

    /// The first barrier that waits in the channel and of which its receiver does not know. Announcements of a channel
    /// come in the order of its barriers: one of a newer snapshot would make an older barrier that still waits void.
    pub(in crate::engine) fn unannounced(&self, channel: ChannelId) -> Option<SnapshotId> {
        let news = BarrierKind::Timed { is_announced: false, overtook: None };
        let unknown = |slot: &Slot<Element>| match slot.item {
            Element::Barrier(Barrier { snapshot, kind }) if kind == news => Some(snapshot),
            _ => None,
        };
        self.channels.data.iter(channel.0 as usize).find_map(unknown)
    }

    #[inline(always)]
    fn can_emit(&self, task: TaskId) -> Result<(), Wait> {
        if self.centre.job != Job::Running {
            return Err(Wait::Never);
        }
        let Some(next) = self.tasks[task].state.position() else { return Err(Wait::Never) };
        let next = if self.is_feed(task) { self.outside.feeds[task.0 as usize] } else { next };
        if next >= self.setup.plan.log_length(task) {
            return Err(Wait::Empty);
        }
        match self.can_send(task) {
            // What a source cannot replay goes by even while nobody listens.
            Err(Wait::Down(_)) if self.is_feed(task) => Ok(()),
            result => result,
        }
    }

    #[inline(always)]
    pub(in crate::engine) fn is_feed(&self, task: TaskId) -> bool {
        // No feed at all is the usual case.
        !self.outside.feeds.is_empty() && matches!(self.setup.plan.kind(task), Kind::Source { replayable: false, .. })
    }

    fn ready_control(&self, step: Step) -> Result<(), Wait> {
        let offered = |yes: bool| if yes { Ok(()) } else { Err(Wait::Never) };
        match step {
            Step::Start => offered(self.centre.job == Job::NotStarted),
            Step::Begin(channel, index) => self.can_begin(channel, index),
            Step::Complete(task) => offered(self.tasks.is_busy(task)),
            Step::Tell(task) => self.can_be_told(task),
            Step::Lose(task) | Step::Repeat(task) => offered(!self.messages.notices.is_empty(task.0 as usize)),
            // A trigger that a newer one overtakes is never taken (K1), which is a loss.
            Step::Postpone(task) => offered(self.hears_of_completion(task) && self.messages.notices.len(task.0 as usize) > 1),
            Step::Hear(task) if self.messages.reports.is_empty(task.0 as usize) => Err(Wait::Empty),
            Step::Hear(_) => Ok(()),
            Step::Upload(task, id) | Step::FailUpload(task, id) => offered(self.tasks.upload_at(task, id).is_some()),
            Step::Restore(task) => offered(self.tasks[task].status == Status::Restoring),
            Step::Fire(timer) => offered(self.centre.timers.binary_search(&timer).is_ok()),
            Step::Request => offered(self.centre.job == Job::Running && self.centre.requests > 0),
            Step::Crash(task) => offered(self.can_fail() && self.tasks[task].status != Status::Down && !self.tasks[task].is_finished),
            Step::Take(channel, index) => self.can_take(channel, index),
            Step::Announce(channel, id) if self.unannounced(channel) != Some(id) => Err(Wait::Never),
            Step::Announce(channel, _) => self.can_work(self.setup.plan.channels()[channel].to),
            Step::Alarm(task) => match self.tasks.alarm_of(task) {
                Some(id) if self.centre.overdue.contains(&id) => self.can_work(task),
                _ => Err(Wait::Never),
            },
            Step::Initiate(task) if self.centre.job != Job::Running || !self.centre.initiations.contains(&task) => Err(Wait::Never),
            Step::Initiate(task) => self.can_work(task),
            Step::Emit(_) | Step::Deliver(_) => unreachable!("handled by ready"),
        }
    }

    /// Whether what a task hears next of the coordinator is that a snapshot is complete.
    pub fn hears_of_completion(&self, task: TaskId) -> bool {
        matches!(self.next_notice(task), Some(Notice::Completed(_)))
    }

    #[inline]
    pub(in crate::engine) fn can_be_told(&self, task: TaskId) -> Result<(), Wait> {
        match (self.messages.notices.is_empty(task.0 as usize), self.tasks[task].status) {
            (true, _) => Err(Wait::Empty),
            // The message finds nobody and is lost (F3).
            (_, Status::Down) => Ok(()),
            (_, Status::Restoring) => Err(Wait::Down(task)),
            (_, Status::Up) if self.awaits_ends(task) => Err(Wait::Open),
            (_, Status::Up) => self.can_work(task),
        }
    }

    /// A job that has ended can still fail while its last notices or records are on their way.
    fn can_fail(&self) -> bool {
        let is_told = |at: usize| !self.messages.notices.is_empty(at);
        let moves = || (0..self.tasks.len()).any(is_told) || (0..self.channels.blocked.len()).any(|at| !self.channels.data.is_empty(at));
        self.centre.job == Job::Running || (self.centre.job == Job::Finished && moves())
    }
}
