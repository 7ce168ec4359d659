//! The end of the data, which travels in band (E1), and the end of tasks (E2).
//!
//! A source that has emitted everything says so behind its last record; another task passes it on once it
//! has seen it on every input, and tells the coordinator. Records in a loop have no last one that anybody
//! could see: its tasks come to the end together, when nothing comes into the loop any more and none goes
//! round in it.

use super::Observer;
use super::world::World;
use crate::kernel::Id;
use crate::model::{ChannelId, SnapshotId, TaskId, TaskState};
use crate::protocol::Report;
use crate::trace::Fact;

impl World {
    /// A source may be at its end; not while its last record waits for room.
    pub(super) fn look_for_end<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let plan = &self.setup.plan;
        if !plan.kind(task).emits() || self.position(task) != plan.log_length(task) || !self.channels.outboxes.is_empty(task.index()) {
            return;
        }
        if plan.kind(task).is_process() {
            return self.report(task, Report::DataEnded, observer);
        }
        self.end_data(task, observer);
    }

    /// The end of the sender's data was taken from a channel.
    #[inline(never)]
    pub(super) fn take_end_of_data<O: Observer>(&mut self, channel: ChannelId, observer: &mut O) {
        observer.fact(Fact::DataEndReceived { channel });
        self.channels.ends -= 1;
        let plan = &self.setup.plan;
        let (to, leader) = (plan.channels()[channel].to, plan.leader(plan.channels()[channel].to));
        let awaited = &mut self.channels.awaited[leader.index()];
        // Where nothing is fenced, ends of an older attempt come as well.
        if *awaited > 0 {
            *awaited -= 1;
            self.look_round(to, observer);
        }
    }

    /// Whether a task, and the loop that it is part of, is at the end of its data now.
    #[inline(never)]
    pub(super) fn look_round<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let plan = &self.setup.plan;
        let leader = plan.leader(task);
        if self.channels.awaited[leader.index()] > 0 || plan.companions(task).any(|member| !self.is_drained(member)) {
            return;
        }
        // Nothing can bring it here a second time in this attempt.
        self.channels.awaited[leader.index()] = u32::MAX;
        let members: Vec<TaskId> = plan.companions(task).collect();
        members.into_iter().for_each(|member| self.end_data(member, observer));
    }

    /// Whether a task works on no record, none of its loop is on its way to it, and none of its own waits for room.
    fn is_drained(&self, task: TaskId) -> bool {
        let plan = &self.setup.plan;
        let mut inside = plan.inputs(task).filter(|&input| plan.is_inside(input));
        !self.tasks.is_busy(task) && self.channels.outboxes.is_empty(task.index()) && inside.all(|input| self.channels.has_no_record(input))
    }

    fn end_data<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        observer.fact(Fact::DataEnded { task });
        self.router(observer).end_data(task);
        self.report(task, Report::DataEnded, observer);
        if !self.setup.plan.kind(task).finishes() {
            return;
        }
        if self.setup.finishes_at_once {
            return self.finish(task, observer);
        }
        let (taken, at) = (self.tasks[task].taken, self.tasks.closing.partition_point(|(owner, _)| *owner < task));
        self.tasks.closing.insert(at, (task, taken));
    }

    /// E2: a source that is at its end has finished once a snapshot behind its last record is complete.
    pub(super) fn close<O: Observer>(&mut self, task: TaskId, completed: SnapshotId, observer: &mut O) {
        let is_due = |(owner, taken): &(TaskId, u32)| *owner == task && completed.0 > *taken;
        if let Some(at) = self.tasks.closing.iter().position(is_due) {
            self.tasks.closing.remove(at);
            self.finish(task, observer);
        }
    }

    pub(super) fn finish<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        self.tasks[task].is_finished = true;
        observer.fact(Fact::TaskFinished { task });
        self.router(observer).end(task);
        self.report(task, Report::Finished, observer);
    }

    /// A source that cannot replay goes on where its feed is; any source may already be at its end, and one that
    /// had finished has (P5).
    pub(super) fn rewind<O: Observer>(&mut self, task: TaskId, had_finished: bool, observer: &mut O) {
        if self.is_feed(task) {
            self.tasks[task].state = TaskState::Source(self.outside.feeds[task.index()]);
        }
        self.look_for_end(task, observer);
        if had_finished && !self.tasks[task].is_finished {
            self.tasks.closing.retain(|(owner, _)| *owner != task);
            self.finish(task, observer);
        }
    }
}
