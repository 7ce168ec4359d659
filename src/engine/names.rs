//! What steps are called: in schedules, in output, in what people write.

use super::Step;
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::protocol::Timer;

/// Every step that there is, in the form in which it is written.
const FORMS: [&str; 25] = [
    "trigger",
    "emit TASK",
    "deliver FROM->TO",
    "deliver FROM->TO at PLACE",
    "begin FROM->TO at PLACE",
    "complete TASK",
    "deliver coordinator->TASK",
    "deliver TASK->coordinator",
    "upload TASK SNAPSHOT",
    "store SNAPSHOT",
    "timeout SNAPSHOT",
    "crash TASK",
    "detect",
    "restart",
    "restore TASK",
    "lose coordinator->TASK",
    "repeat coordinator->TASK",
    "postpone coordinator->TASK",
    "fail upload TASK SNAPSHOT",
    "budget SNAPSHOT",
    "announce SNAPSHOT FROM->TO",
    "alarm TASK",
    "initiate TASK",
    "pause over",
    "final",
];

/// Why a text is no step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStep {
    /// No step begins like this.
    #[error("no step begins with \"{0}\"")]
    Word(String),
    /// The words behind the first are not those that it needs.
    #[error("expected \"{0}\"")]
    Form(&'static str),
    /// There is no such task.
    #[error("there is no task \"{0}\"")]
    Task(String),
    /// There is no such channel.
    #[error("there is no channel \"{0}\"")]
    Channel(String),
}

impl Step {
    /// Every step that there is, in the form in which it is written.
    pub fn forms() -> &'static [&'static str] {
        &FORMS
    }

    /// The step in the scenario's terms, as in a schedule. All that ask for a checkpoint are called
    /// `trigger`, whoever asks.
    pub fn describe(self, plan: &Plan) -> String {
        match self {
            Step::Start => "start".to_owned(),
            Step::Emit(task) => format!("emit {}", plan.task_name(task)),
            Step::Deliver(channel) => format!("deliver {}", plan.channel_name(channel)),
            Step::Begin(channel, 0) => format!("begin {}", plan.channel_name(channel)),
            Step::Begin(channel, index) => format!("begin {} at {index}", plan.channel_name(channel)),
            Step::Complete(task) => format!("complete {}", plan.task_name(task)),
            Step::Tell(task) => format!("deliver coordinator->{}", plan.task_name(task)),
            Step::Hear(task) => format!("deliver {}->coordinator", plan.task_name(task)),
            Step::Lose(task) => format!("lose coordinator->{}", plan.task_name(task)),
            Step::Repeat(task) => format!("repeat coordinator->{}", plan.task_name(task)),
            Step::Postpone(task) => format!("postpone coordinator->{}", plan.task_name(task)),
            Step::Upload(task, id) => format!("upload {}{}", plan.task_name(task), of_snapshot(id)),
            Step::Restore(task) => format!("restore {}", plan.task_name(task)),
            Step::Request | Step::Fire(Timer::First | Timer::Interval) => "trigger".to_owned(),
            Step::Fire(Timer::Final) => "final".to_owned(),
            Step::Fire(Timer::Pause) => "pause over".to_owned(),
            Step::Fire(Timer::Timeout(id)) => format!("timeout {id}"),
            Step::Fire(Timer::Store(id)) => format!("store {id}"),
            Step::Fire(Timer::Budget(id)) => format!("budget {id}"),
            Step::Fire(Timer::Detect) => "detect".to_owned(),
            Step::Fire(Timer::Restart) => "restart".to_owned(),
            Step::Crash(task) => format!("crash {}", plan.task_name(task)),
            Step::FailUpload(task, id) => format!("fail upload {}{}", plan.task_name(task), of_snapshot(id)),
            Step::Take(channel, index) => format!("deliver {} at {index}", plan.channel_name(channel)),
            Step::Announce(channel, id) => format!("announce {id} {}", plan.channel_name(channel)),
            Step::Alarm(task) => format!("alarm {}", plan.task_name(task)),
            Step::Initiate(task) => format!("initiate {}", plan.task_name(task)),
        }
    }

    /// The step that is described so. `trigger` gives [`Step::Request`], in whose place a world takes the
    /// trigger that it has ([`World::resolve`](super::World::resolve)); everything else comes back as it
    /// was.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str, plan: &Plan) -> Result<Step, NoStep> {
        let plain = match text {
            "start" => Some(Step::Start),
            "trigger" => Some(Step::Request),
            "final" => Some(Step::Fire(Timer::Final)),
            "pause over" => Some(Step::Fire(Timer::Pause)),
            "detect" => Some(Step::Fire(Timer::Detect)),
            "restart" => Some(Step::Fire(Timer::Restart)),
            _ => None,
        };
        if let Some(step) = plain {
            return Ok(step);
        }
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let form = |word: &str| FORMS.into_iter().find(|form| form.split(' ').next() == Some(word));
        let Some(form) = form(word) else { return Err(NoStep::Word(word.to_owned())) };
        let parts = Parts { plan, form };
        match word {
            "emit" => parts.task(rest).map(Step::Emit),
            "upload" => parts.upload(rest, Step::Upload),
            "restore" => parts.task(rest).map(Step::Restore),
            "crash" => parts.task(rest).map(Step::Crash),
            "alarm" => parts.task(rest).map(Step::Alarm),
            "initiate" => parts.task(rest).map(Step::Initiate),
            "fail" => parts.upload(rest.strip_prefix("upload ").ok_or(NoStep::Form(form))?, Step::FailUpload),
            "lose" => parts.told(rest).map(Step::Lose),
            "repeat" => parts.told(rest).map(Step::Repeat),
            "postpone" => parts.told(rest).map(Step::Postpone),
            "store" => parts.snapshot(rest).map(|id| Step::Fire(Timer::Store(id))),
            "timeout" => parts.snapshot(rest).map(|id| Step::Fire(Timer::Timeout(id))),
            "budget" => parts.snapshot(rest).map(|id| Step::Fire(Timer::Budget(id))),
            "announce" => {
                let (id, channel) = rest.split_once(' ').ok_or(NoStep::Form(form))?;
                Ok(Step::Announce(parts.channel(channel)?, parts.snapshot(id)?))
            }
            "complete" => parts.task(rest).map(Step::Complete),
            "begin" => parts.place(rest).map(|(channel, index)| Step::Begin(channel, index.unwrap_or(0))),
            "deliver" => parts.deliver(rest),
            _ => Err(NoStep::Form(form)),
        }
    }
}

/// Reads what stands behind the first word.
struct Parts<'p> {
    plan: &'p Plan,
    form: &'static str,
}

impl Parts<'_> {
    fn deliver(&self, rest: &str) -> Result<Step, NoStep> {
        if let Some(task) = rest.strip_prefix("coordinator->") {
            return self.task(task).map(Step::Tell);
        }
        if let Some(task) = rest.strip_suffix("->coordinator") {
            return self.task(task).map(Step::Hear);
        }
        self.place(rest).map(|(channel, place)| place.map_or(Step::Deliver(channel), |place| Step::Take(channel, place)))
    }

    /// Whom the coordinator tells something.
    fn told(&self, rest: &str) -> Result<TaskId, NoStep> {
        self.task(rest.strip_prefix("coordinator->").ok_or(NoStep::Form(self.form))?)
    }

    /// A channel, and a place in it where one is said. Names may hold spaces: what is a channel as a whole is one.
    fn place(&self, rest: &str) -> Result<(ChannelId, Option<u32>), NoStep> {
        let whole = self.channel(rest);
        let place = rest.rsplit_once(" at ").and_then(|(channel, place)| Some((channel, number(place)?)));
        match place {
            Some((channel, place)) if whole.is_err() => self.channel(channel).map(|channel| (channel, Some(place))),
            _ => whole.map(|channel| (channel, None)),
        }
    }

    /// Without a number it is about the oldest part. Names may hold spaces: what is a task as a whole is one.
    fn upload(&self, rest: &str, step: fn(TaskId, Option<SnapshotId>) -> Step) -> Result<Step, NoStep> {
        let whole = self.task(rest);
        match rest.rsplit_once(' ') {
            Some((task, id)) if whole.is_err() => Ok(step(self.task(task)?, Some(self.snapshot(id)?))),
            _ => whole.map(|task| step(task, None)),
        }
    }

    fn task(&self, name: &str) -> Result<TaskId, NoStep> {
        match self.find(name) {
            _ if name.is_empty() => Err(NoStep::Form(self.form)),
            task => task.ok_or_else(|| NoStep::Task(name.to_owned())),
        }
    }

    /// One name for each task: `count[01]` and `A[0]` of a single task are none.
    fn find(&self, name: &str) -> Option<TaskId> {
        self.plan.find_task(name).filter(|task| self.plan.task_name(*task) == name)
    }

    fn channel(&self, name: &str) -> Result<ChannelId, NoStep> {
        // No name of an operator holds `>`, but it may end with `-`.
        let ends = name.split_once('>').and_then(|(from, to)| Some((from.strip_suffix('-')?, to)));
        let (from, to) = ends.ok_or(NoStep::Form(self.form))?;
        let between = |from: TaskId, to: TaskId| self.plan.inputs(to).find(|input| self.plan.channels()[*input].from == from);
        let found = self.find(from).and_then(|from| between(from, self.find(to)?));
        found.ok_or_else(|| NoStep::Channel(name.to_owned()))
    }

    fn snapshot(&self, text: &str) -> Result<SnapshotId, NoStep> {
        number(text).map(SnapshotId).ok_or(NoStep::Form(self.form))
    }
}

fn of_snapshot(id: Option<SnapshotId>) -> String {
    id.map_or_else(String::new, |id| format!(" {id}"))
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
