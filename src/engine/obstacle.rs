//! What keeps a step from happening, in the words of the scenario.

use super::world::{Job, Status};
use super::{Control, Step, Wait, World};
use crate::model::TaskId;
use crate::protocol::Timer;

impl World {
    /// What keeps `step`, which waits for `wait`, from happening, for somebody who has listed it.
    pub fn obstacle(&self, step: Step, wait: Wait, control: Control) -> String {
        if control.forestalls(step) {
            return "it happens at once, as soon as it can".to_owned();
        }
        match wait {
            Wait::Empty => self.nothing_there(step),
            Wait::Blocked => self.blocked_by(step),
            Wait::Stuck(task) => format!("{} waits for room in a channel that it sends to", self.name(task)),
            Wait::Busy(task) => format!("{} works on a record (list \"complete {}\" before)", self.name(task), self.name(task)),
            Wait::Down(task) => self.not_up(task),
            Wait::Open => "inputs of the task have not ended yet, and it hears of the snapshot behind them".to_owned(),
            Wait::Unwilling => "the receiver does not take this message in its present state".to_owned(),
            Wait::Never => self.not_offered(step),
        }
    }

    fn name(&self, task: TaskId) -> String {
        self.plan().task_name(task)
    }

    fn not_up(&self, task: TaskId) -> String {
        let state = if self.tasks[task].status == Status::Restoring { "being restored" } else { "down" };
        format!("{} is {state}", self.name(task))
    }

    fn nothing_there(&self, step: Step) -> String {
        match step {
            Step::Emit(task) => format!("{} has nothing left to emit", self.name(task)),
            Step::Tell(task) => format!("no message of the coordinator is on its way to {}", self.name(task)),
            Step::Hear(task) => format!("no message of {} is on its way to the coordinator", self.name(task)),
            Step::Take(channel, _) if self.plan().channels()[channel].is_fifo => "the channel keeps order".to_owned(),
            Step::Take(channel, _) if !self.is_empty(channel) => "the channel holds fewer elements".to_owned(),
            _ => "nothing is in the channel".to_owned(),
        }
    }

    fn blocked_by(&self, step: Step) -> String {
        let to = |channel| self.name(self.plan().channels()[channel].to);
        match step {
            Step::Deliver(channel) | Step::Take(channel, _) | Step::Begin(channel, _) => {
                format!("{} has blocked the channel until its other barriers are in", to(channel))
            }
            _ => "the channel is blocked".to_owned(),
        }
    }

    fn not_offered(&self, step: Step) -> String {
        match step {
            Step::Emit(_) | Step::Request | Step::Initiate(_) | Step::Crash(_) if self.centre.job == Job::Failed => {
                "the job has failed".to_owned()
            }
            Step::Emit(_) | Step::Request | Step::Initiate(_) if self.centre.job != Job::Running => "the job is over".to_owned(),
            Step::Emit(task) => format!("{} is no source", self.name(task)),
            Step::Request | Step::Fire(Timer::First | Timer::Interval) => "no trigger is left".to_owned(),
            Step::Initiate(task) => format!("no snapshot is left for {} to start", self.name(task)),
            Step::Crash(task) if self.tasks[task].status == Status::Down => format!("{} is down already", self.name(task)),
            Step::Crash(task) if self.tasks[task].is_finished => format!("{} has finished", self.name(task)),
            Step::Crash(_) => "the job is over".to_owned(),
            Step::Lose(task) | Step::Repeat(task) => format!("no message of the coordinator is on its way to {}", self.name(task)),
            Step::Postpone(task) => {
                format!("what {} hears next of the coordinator is no word of a completion with another message behind it", self.name(task))
            }
            Step::Upload(task, None) | Step::FailUpload(task, None) => format!("{} has nothing to upload", self.name(task)),
            Step::Upload(task, Some(id)) | Step::FailUpload(task, Some(id)) => {
                format!("{} has no part of snapshot {id} to upload", self.name(task))
            }
            Step::Restore(task) => format!("{} is not being restored", self.name(task)),
            Step::Announce(channel, id) => {
                let name = self.plan().channel_name(channel);
                match self.unannounced(channel) {
                    Some(first) if first < id => format!("the barrier of snapshot {first} is to be announced first in {name}"),
                    _ => format!("no barrier of snapshot {id} waits unannounced in {name}"),
                }
            }
            Step::Begin(..) => "what comes next in the channel is no record".to_owned(),
            Step::Complete(task) => format!("{} works on no record", self.name(task)),
            Step::Alarm(task) => format!("{} waits for no alignment budget that is used up", self.name(task)),
            Step::Fire(Timer::Timeout(id)) => format!("snapshot {id} does not wait for acks"),
            Step::Fire(Timer::Store(id)) => format!("snapshot {id} does not wait to be stored"),
            Step::Fire(Timer::Budget(id)) => format!("snapshot {id} has no alignment budget to use up"),
            Step::Fire(Timer::Final) => "no last checkpoint waits to be tried again".to_owned(),
            Step::Fire(Timer::Pause) => "there is no pause".to_owned(),
            Step::Fire(Timer::Detect) => "there is no failure to be noticed".to_owned(),
            Step::Fire(Timer::Restart) => "the job does not wait to be deployed again".to_owned(),
            _ => "it cannot happen in this state".to_owned(),
        }
    }
}
