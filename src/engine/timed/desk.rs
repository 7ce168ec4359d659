//! A task's single thread: what waits until it is free, and in which order it goes on.

use super::{FactSink, IDLE, NONE, Timed, WAITING, WAKE};
use crate::engine::{Step, Wait, World};
use crate::kernel::Id;
use crate::model::TaskId;

impl<S: FactSink> Timed<'_, S> {
    #[inline(never)]
    pub(super) fn join_ring(&mut self, task: TaskId, lane: u32) {
        self.lanes[lane as usize].due = WAITING;
        self.lanes[lane as usize].next = NONE;
        let desk = &mut self.desks[task.index()];
        match desk.ring_end {
            NONE => desk.ring = lane,
            end => self.lanes[end as usize].next = lane,
        }
        desk.ring_end = lane;
    }

    #[inline(never)]
    pub(super) fn wait_for_desk(&mut self, task: TaskId, lane: u32, at: u64) {
        self.join_ring(task, lane);
        let free = self.desks[task.index()].busy_until.max(at);
        self.queue_wake(task, free);
    }

    #[inline(never)]
    pub(super) fn queue_wake(&mut self, task: TaskId, at: u64) {
        let desk = &mut self.desks[task.index()];
        if desk.wake == IDLE {
            desk.wake = at;
            self.queue.push(at, WAKE | task.0);
        }
    }

    /// The task may be free: lets the lanes in its ring go on, in order, as far as it can.
    #[inline(never)]
    pub(super) fn on_wake(&mut self, world: &mut World, task: TaskId, at: u64) {
        if self.desks[task.index()].wake != at {
            return;
        }
        self.desks[task.index()].wake = IDLE;
        if world.is_busy(task) {
            match self.desks[task.index()].busy_until {
                until if until > at => return self.queue_wake(task, until),
                _ => self.take_due(world, Step::Complete(task), at),
            }
        }
        if self.has_mail(task) {
            match self.desks[task.index()].busy_until {
                until if until > at => return self.queue_wake(task, until),
                _ => self.open_mail(world, task, at),
            }
        }
        loop {
            let desk = &mut self.desks[task.index()];
            let lane = desk.ring;
            if lane == NONE {
                return;
            }
            if desk.busy_until > at {
                let until = desk.busy_until;
                return self.queue_wake(task, until);
            }
            desk.ring = self.lanes[lane as usize].next;
            if desk.ring == NONE {
                desk.ring_end = NONE;
            }
            self.try_lane(world, lane, at);
            // What is in the ring waits for room now, and Room will wake the task again.
            if world.is_stuck(task) {
                return;
            }
        }
    }

    #[inline(always)]
    pub(super) fn has_mail(&self, task: TaskId) -> bool {
        // None at all is the usual case.
        !self.mail.is_empty() && self.mail.iter().any(|(owner, _)| *owner == task)
    }

    pub(super) fn keep(&mut self, task: TaskId, step: Step, at: u64) {
        self.mail.push((task, step));
        let free = self.desks[task.index()].busy_until.max(at);
        self.queue_wake(task, free);
    }

    /// A task looks at what is due before it takes the next element, as a mailbox does; not while its
    /// output waits for room, which will wake it again.
    #[inline(never)]
    pub(super) fn open_mail(&mut self, world: &mut World, task: TaskId, at: u64) {
        while !world.is_stuck(task) {
            let Some(first) = self.mail.iter().position(|(owner, _)| *owner == task) else { return };
            if let Err(Wait::Down(_)) = world.ready(self.mail[first].1) {
                return;
            }
            let (_, step) = self.mail.remove(first);
            self.take_due(world, step, at);
        }
    }

    /// For steps that are a task's own work: whose.
    pub(super) fn own_task(&self, step: Step) -> Option<TaskId> {
        match step {
            Step::Alarm(task) | Step::Initiate(task) => Some(task),
            Step::Announce(channel, _) => Some(self.plan.channels()[channel].to),
            _ => None,
        }
    }

    /// At equal times a process keeps the order of its script.
    pub(super) fn comes_later(&self, world: &World, step: Step, at: u64) -> bool {
        let Step::Initiate(task) = step else { return false };
        let scripted = self.timing.initiations.iter().find(|initiation| initiation.task == task && initiation.at.0 == at);
        scripted.is_some_and(|initiation| world.position(task) < initiation.after) && self.desks[task.index()].emit == at
    }
}
