//! Messages of the coordinator on their way to a task, and what goes wrong with them.

use super::{FactSink, IDLE, PARKED, Timed, WAITING};
use crate::engine::{Fault, Notice, Stamp, Step, Wait, World};
use crate::kernel::{Id, Ticks};
use crate::model::{SnapshotId, TaskId};

/// The marks in a message's stamp, above all times: what will happen to it when it arrives.
const LOST: u64 = 1 << 63;
const REPEATED: u64 = 1 << 62;
/// It lets pass what arrives before it.
const LATE: u64 = 1 << 61;
const TIME: u64 = LATE - 1;

/// What is still to go wrong with messages: each of these meets one.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles {
    losses: Vec<(TaskId, Notice)>,
    repeats: Vec<(TaskId, Notice)>,
    postponements: Vec<(TaskId, SnapshotId, Ticks)>,
}

impl Troubles {
    pub fn clear(&mut self) {
        self.losses.clear();
        self.repeats.clear();
        self.postponements.clear();
    }

    /// A fault of the scenario, where it is one of these.
    pub fn expect(&mut self, fault: &Fault) {
        match fault {
            Fault::Lose { task, notice } => self.losses.push((*task, *notice)),
            Fault::Repeat { task, notice } => self.repeats.push((*task, *notice)),
            Fault::Postpone { task, snapshot, by } => self.postponements.push((*task, *snapshot, *by)),
            Fault::Crash { .. } | Fault::RandomCrashes { .. } | Fault::FailUpload { .. } => {}
        }
    }

    /// The marks of a message that is sent now, and how much later it arrives.
    fn meet(&mut self, task: TaskId, notice: Notice) -> (u64, Ticks) {
        let mark = |list: &mut Vec<(TaskId, Notice)>, mark| take(list, |expected| *expected == (task, notice)).map_or(0, |_| mark);
        let marks = mark(&mut self.losses, LOST) | mark(&mut self.repeats, REPEATED);
        let is_it = |(whose, snapshot, _): &(TaskId, SnapshotId, Ticks)| (*whose, Notice::Completed(*snapshot)) == (task, notice);
        match take(&mut self.postponements, is_it) {
            Some((_, _, by)) => (marks | LATE, by),
            None => (marks, Ticks::ZERO),
        }
    }
}

/// Takes the first of which this is true out of a list.
fn take<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Option<T> {
    list.iter().position(is_it).map(|at| list.remove(at))
}

impl<S: FactSink> Timed<'_, S> {
    fn notice_lane(&self, task: TaskId) -> u32 {
        self.channels.len() as u32 + task.0
    }

    pub(super) fn notice_sent(&mut self, task: TaskId, notice: Notice) -> Stamp {
        let timing = self.timing.of(self.plan.tasks()[task].operator);
        let (purpose, delay) = match notice {
            Notice::Trigger(_) => ("trigger", timing.trigger),
            Notice::Completed(_) | Notice::Aborted(_) => ("notify", timing.notify),
        };
        let arrival = self.draw_control(task, purpose, delay);
        let (marks, late) = self.troubles.meet(task, notice);
        let lane = self.notice_lane(task);
        let clock = &mut self.lanes[lane as usize];
        // FIFO: nothing overtakes on a lane but what is late.
        clock.last = clock.last.max(arrival);
        let due = clock.last.saturating_add(late.0);
        if clock.due == IDLE || (clock.due < WAITING && due < clock.due) {
            self.queue_lane(lane, due);
        }
        Stamp(due | marks)
    }

    /// When the next message to a task can be taken, or overtaken.
    fn notice_due(world: &World, task: TaskId) -> Option<Stamp> {
        let mut stamps = world.notice_stamps(task).map(|stamp| stamp.0);
        let first = stamps.next()?;
        let next = stamps.next().filter(|_| first & LATE != 0).unwrap_or(first);
        Some(Stamp((first & TIME).min(next & TIME)))
    }

    /// Lets a task take the next message of the coordinator, if that can be done now.
    #[inline(never)]
    pub(super) fn try_notice(&mut self, world: &mut World, task: TaskId, at: u64) {
        let lane = self.notice_lane(task);
        if self.desks[task.index()].busy_until > at {
            return self.wait_for_desk(task, lane, at);
        }
        self.departure = at;
        self.let_pass(world, task, at);
        let (marks, notice) = (world.notice_stamps(task).next().unwrap_or_default().0, world.next_notice(task));
        let step = if marks & LOST != 0 { Step::Lose(task) } else { Step::Tell(task) };
        match world.ready(step) {
            Ok(()) => {}
            Err(Wait::Stuck(task) | Wait::Busy(task)) => return self.join_ring(task, lane),
            Err(_) => return self.lanes[lane as usize].due = PARKED,
        }
        self.lanes[lane as usize].due = PARKED;
        if let Some(notice) = notice.filter(|_| marks & REPEATED != 0) {
            self.counts.repeated(self.faults, task, notice);
            self.apply(world, Step::Repeat(task), at);
        }
        if let Some(notice) = notice.filter(|_| marks & LOST != 0) {
            self.counts.lost(self.faults, task, notice);
        }
        self.apply(world, step, at);
        self.follow_up(lane, Self::notice_due(world, task), at);
    }

    /// A message that is late goes behind the next one, which is there.
    fn let_pass(&mut self, world: &mut World, task: TaskId, at: u64) {
        let late = world.notice_stamps(task).next().filter(|stamp| stamp.0 & LATE != 0 && stamp.0 & TIME > at);
        if let (Some(_), Some(Notice::Completed(snapshot))) = (late, world.next_notice(task)) {
            self.counts.postponed(self.faults, task, snapshot);
            self.apply(world, Step::Postpone(task), at);
        }
    }
}
