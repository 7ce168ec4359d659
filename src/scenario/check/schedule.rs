//! Runs without a clock: the listed steps, and what happens at once beside them.

use std::collections::BTreeMap;

use super::faults::without_indices;
use super::{Checker, list, nearest};
use crate::engine::{Control, NoStep, Step};
use crate::model::{ChannelId, Plan, TaskId};
use crate::scenario::format::{ControlFile, ControlWord, FaultFile, ScriptFile, SnapshotsFile};
use crate::scenario::json::quoted;

/// How many mistakes of a schedule are reported one by one.
const MAX_MISTAKES: usize = 100;

/// The processes that listed steps make start a snapshot, once for each time.
pub(super) fn initiators(steps: &[Step]) -> Vec<TaskId> {
    let initiator = |step: &Step| if let Step::Initiate(task) = step { Some(*task) } else { None };
    steps.iter().filter_map(initiator).collect()
}

impl Checker<'_> {
    pub(super) fn control(&mut self) -> Control {
        match self.read("/control") {
            None | Some(ControlFile::Word(ControlWord::Instant)) => Control::INSTANT,
            Some(ControlFile::Word(ControlWord::Channel)) => Control::CHANNEL,
            Some(ControlFile::Kinds(words)) => {
                let kind = |word: &str| Control::KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind);
                words.iter().filter_map(|word| kind(&word.0)).fold(Control::INSTANT, Control::with)
            }
        }
    }

    /// The listed steps; `None` when the run has a clock.
    pub(super) fn schedule(&mut self, plan: &Plan, control: Control) -> Option<Vec<Step>> {
        self.file.root.at("/schedule")?;
        self.nothing_by_time();
        let length = self.length("/schedule");
        let before = self.mistakes.len();
        // Schedules repeat themselves, and looking names up takes a while in a large graph.
        let mut known: BTreeMap<String, Step> = BTreeMap::new();
        let mut steps = Vec::with_capacity(length);
        for at in 0..length {
            let place = format!("/schedule/{at}");
            let Some(text) = self.read::<String>(&place) else { continue };
            let step = known.get(&text).copied().or_else(|| self.step(plan, control, &place, &text));
            steps.extend(step);
            known.extend(step.map(|step| (text, step)));
            if self.mistakes.len() >= before + MAX_MISTAKES {
                self.mistake(
                    &format!("/schedule/{}", length - 1),
                    "the steps up to here were not looked at: too many others are wrong",
                    None,
                );
                break;
            }
        }
        Some(steps)
    }

    /// What happens at a time cannot be meant where nothing has one.
    fn nothing_by_time(&mut self) {
        let asked: Option<SnapshotsFile> = self.read("/snapshots");
        if asked.is_some_and(|file| !file.at.is_empty()) {
            let help = "write \"trigger\" into the schedule instead".to_owned();
            self.mistake("/snapshots/at", "with a \"schedule\" nothing happens at a time", Some(help));
        }
        for at in 0..self.length("/faults") {
            let place = format!("/faults/{at}");
            let fault: Option<FaultFile> = self.read(&place);
            let help = match &fault {
                Some(FaultFile::CrashAt(file)) => format!("write \"crash {}\" into the schedule instead", file.crash),
                Some(FaultFile::CrashWhen(file)) => format!("write \"crash {}\" into the schedule instead", file.crash),
                Some(FaultFile::Lose(file)) => format!("write \"lose coordinator->{}\" into the schedule instead", file.to),
                Some(FaultFile::Repeat(file)) => format!("write \"repeat coordinator->{}\" into the schedule instead", file.to),
                Some(FaultFile::Postpone(file)) => format!("write \"postpone coordinator->{}\" into the schedule instead", file.to),
                Some(FaultFile::FailUpload(file)) => format!("write \"fail upload {}\" into the schedule instead", file.fail_upload),
                Some(FaultFile::RandomCrashes(_)) => "write \"crash TASK\" into the schedule instead".to_owned(),
                Some(FaultFile::Stall(_) | FaultFile::Slow(_)) => "deliver what is to be late later in the schedule".to_owned(),
                None => continue,
            };
            self.mistake(&place, "with a \"schedule\" faults are steps of it", Some(help));
        }
        for at in 0..self.length("/script") {
            let place = format!("/script/{at}");
            if let Some(ScriptFile::Snapshot(file)) = self.read(&place) {
                let help = format!("write \"initiate {}\" into the schedule instead", file.snapshot);
                self.mistake(&place, "with a \"schedule\" snapshots are started by steps of it", Some(help));
            }
        }
    }

    fn step(&mut self, plan: &Plan, control: Control, place: &str, text: &str) -> Option<Step> {
        let (message, help) = match Step::parse(text, plan) {
            Ok(step) => {
                let wrong = self.senseless(plan, control, step, text);
                let is_fine = wrong.is_none();
                if let Some((message, help)) = wrong {
                    self.mistake(place, message, help);
                }
                return is_fine.then_some(step);
            }
            Err(NoStep::Task(name)) => {
                self.task(plan, place, &name);
                return None;
            }
            Err(NoStep::Channel(name)) => {
                self.no_such_channel(plan, place, &name);
                return None;
            }
            Err(NoStep::Form(form)) => (format!("expected {}, found {}", quoted(form), quoted(text)), None),
            Err(NoStep::Word(word)) => {
                let words = || Step::forms().iter().filter_map(|form| form.split(' ').next());
                let help = nearest(&word, words()).unwrap_or_else(|| format!("there is: {}", Step::forms().join(", ")));
                (format!("no step begins with {}", quoted(&word)), Some(help))
            }
        };
        self.mistake(place, message, help);
        None
    }

    /// Why a step that can be read can never happen.
    fn senseless(&self, plan: &Plan, control: Control, step: Step, text: &str) -> Option<(String, Option<String>)> {
        let name = |task| plan.task_name(task);
        match step {
            _ if control.forestalls(step) && self.file.is_certain("/control") => {
                let kinds = if let Step::FailUpload(..) = step { Control::UPLOADS } else { Control::of(step) };
                let words: Vec<String> = kinds.words().map(quoted).collect();
                let help = format!("take it away, or add {} to \"control\"", words.join(" or "));
                Some((format!("{} is no step of its own here: it happens at once", quoted(text)), Some(help)))
            }
            Step::Emit(task) if self.knows(&name(task)) && !plan.kind(task).emits() => {
                let sources = plan.sources().iter().map(|&source| name(source)).take(20).collect::<Vec<_>>();
                let help = list(sources.iter().map(String::as_str));
                Some((format!("only sources emit, and {} is none", quoted(&name(task))), Some(help)))
            }
            Step::Initiate(task) if self.knows(&name(task)) && !plan.kind(task).is_process() => {
                let help = "write \"trigger\": the coordinator starts the snapshots of a dataflow".to_owned();
                Some((format!("only processes start snapshots themselves, and {} is none", quoted(&name(task))), Some(help)))
            }
            Step::Request if plan.has_processes() => {
                Some(("processes start snapshots themselves".to_owned(), Some("write \"initiate NAME\"".to_owned())))
            }
            Step::Take(channel, _) if plan.channels()[channel].is_fifo && self.are_orders_certain() => {
                let channel = plan.channel_name(channel);
                let help = format!("write \"deliver {channel}\", or give the channel \"order\": \"any\"");
                Some((format!("{} keeps order: only its first element can be taken", quoted(&channel)), Some(help)))
            }
            _ => None,
        }
    }

    fn are_orders_certain(&self) -> bool {
        (0..self.length("/channels")).all(|at| self.file.is_certain(&format!("/channels/{at}/order")))
    }

    fn no_such_channel(&mut self, plan: &Plan, place: &str, name: &str) {
        if self.may_be_left_out(name) {
            return;
        }
        let (names, bare) = (self.channel_names(), without_indices(name));
        let is_meant = |channel: &ChannelId| without_indices(&plan.channel_name(*channel)) == bare;
        let between = plan.channels().ids().take(10_000).filter(is_meant).take(20);
        let tasks: Vec<String> = between.map(|channel| plan.channel_name(channel)).collect();
        let known = || if tasks.is_empty() { &names } else { &tasks }.iter().map(String::as_str);
        // Without indices every one of them is as near as the others.
        let help = nearest(name, known()).filter(|_| tasks.is_empty() || name != bare).unwrap_or_else(|| list(known()));
        self.mistake(place, format!("there is no channel {}", quoted(name)), Some(help));
    }
}
