//! From a run by the clock to one by its steps.

use serde_json::{Value, json};
use thiserror::Error;

use super::Suspect;
use crate::engine::{Control, FactSink, Step, Stop};
use crate::kernel::{Patience, Ticks};
use crate::model::{Kind, Plan, TaskId, Transfer};
use crate::oracle::Oracles;
use crate::protocol::Timer;
use crate::scenario::{Mistake, Scenario};
use crate::trace::Fact;

/// The most steps of a run that is made small.
const MOST_LISTED: usize = 1_000_000;

/// Why there is no small scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unshrunk {
    /// Nothing is broken.
    #[error("nothing is broken in the order of this run")]
    Right,
    /// The right program shows the same.
    #[error("the right program fails in the same way, so this is no counterexample of the bug")]
    RightToo,
    /// These are broken by the clock and not by the order of the steps.
    #[error(
        "{} broken, but not by the order of the steps: taken in the same order without a clock, they break nothing, and a list of steps has no times",
        are(.0)
    )]
    Clocked(Vec<&'static str>),
    /// The clock alone keeps it going.
    #[error(
        "the run was stopped after {steps} steps, with things still happening; taken in the same order without a clock, the steps come \
         to an end and break nothing: what is repeated for ever is repeated because of its times, and a list of steps has none"
    )]
    Endless {
        /// How many were taken.
        steps: usize,
    },
    /// There are too many steps.
    #[error("the run takes more than {MOST_LISTED} steps, too many to make a list of")]
    TooLong,
    /// A source of this name reads a text file.
    #[error("\"{0}\" reads a text file, and a small scenario is one file alone")]
    ReadsText(String),
    /// Somebody asked for its end.
    #[error("it was interrupted before there was anything small to hand out")]
    Interrupted,
    /// What was made does not do what is said of it; nothing was handed out.
    #[error("the small scenario was read back and run, and {0}")]
    Unfaithful(String),
}

fn are(invariants: &[&str]) -> String {
    format!("{} {}", invariants.join(" and "), if invariants.len() == 1 { "is" } else { "are" })
}

impl Unshrunk {
    /// A draft that is no scenario.
    pub(super) fn unfaithful(mistakes: &[Mistake]) -> Self {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Unshrunk::Unfaithful(format!("it cannot be read: {}", mistakes.join("; ")))
    }

    /// Whether it is a defect of the program, and not a property of the run.
    pub fn is_defect(&self) -> bool {
        matches!(self, Unshrunk::Unfaithful(_))
    }
}

/// A run by its steps.
pub(super) struct Run {
    pub steps: Vec<Step>,
    /// Which of them have to be chosen.
    pub control: Control,
    /// The claimed invariants that it broke by the clock.
    pub broken: Vec<&'static str>,
    stop: Stop,
}

impl Run {
    /// Why nothing is broken by the steps.
    pub fn why_not(self) -> Unshrunk {
        match self {
            Run { stop: Stop::Steps | Stop::Time, steps, .. } => Unshrunk::Endless { steps: steps.len() + 1 }, // The start is not listed.
            Run { broken, .. } if broken.is_empty() => Unshrunk::Right,
            Run { broken, .. } => Unshrunk::Clocked(broken),
        }
    }
}

struct Recorder<'s> {
    steps: Vec<Step>,
    oracles: Oracles<'s>,
    patience: Patience<'s>,
}

/// Steps between two looks at whether somebody still waits.
const PATIENT_FOR: usize = 1024;

impl FactSink for Recorder<'_> {
    fn fact(&mut self, now: Ticks, fact: Fact) {
        self.oracles.fact(now, fact);
    }
    fn step(&mut self, step: Step) {
        self.oracles.step();
        if step != Step::Start && self.steps.len() <= MOST_LISTED {
            self.steps.push(asked(step));
        }
    }
    fn goes_on(&mut self) -> bool {
        !self.steps.len().is_multiple_of(PATIENT_FOR) || self.patience.lasts(0)
    }
    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.oracles.shown(task, key, value);
    }
}

/// Without a clock somebody has to ask for a snapshot.
pub(super) fn asked(step: Step) -> Step {
    match step {
        Step::Fire(Timer::First | Timer::Interval) => Step::Request,
        step => step,
    }
}

/// The steps of the scenario's run.
pub(super) fn run(suspect: &dyn Suspect, scenario: &Scenario, patience: Patience<'_>) -> Result<Run, Unshrunk> {
    if let Some(steps) = scenario.schedule() {
        return Ok(Run { steps: steps.to_vec(), control: scenario.control(), broken: Vec::new(), stop: Stop::Quiet });
    }
    let short = scenario.clone().with_steps(MOST_LISTED as u64);
    let recorder = Recorder { steps: Vec::new(), oracles: short.own_oracles(), patience };
    let (_, Recorder { steps, mut oracles, .. }, stop) = short.drive_world(suspect.world(&short), recorder);
    if stop == Stop::Steps && steps.len() >= MOST_LISTED {
        return Err(Unshrunk::TooLong);
    }
    if stop == Stop::Interrupted {
        return Err(Unshrunk::Interrupted);
    }
    let broken = oracles.broken_at_end(scenario.claims(), false).claimed.into_iter().map(|class| class.invariant());
    // Whoever is stopped has not come to its end: that is no failure.
    let broken = broken.filter(|name| stop == Stop::Quiet || !matches!(*name, "liveness" | "delivery"));
    let panicked = (stop == Stop::Panicked).then_some("engine_sanity");
    Ok(Run { broken: broken.chain(panicked).collect(), steps, control: Control::CHANNEL, stop })
}

/// What only a clock, or a reader, has an eye for, by the part of the file that it is in.
pub(super) const FILE: [&str; 10] = ["$schema", "story", "question", "hints", "seed", "faults", "expect", "limits", "schedule", "control"];
pub(super) const OPERATOR: [&str; 8] = ["every", "start", "at", "service", "upload", "ack", "told", "restore"];
pub(super) const CHANNEL: [&str; 2] = ["delay", "delays"];
pub(super) const SNAPSHOTS: [&str; 8] = ["interval", "first", "timeout", "trigger", "upload", "ack", "store", "notify"];
pub(super) const RECOVERY: [&str; 3] = ["detect", "restart", "restore"];

/// The scenario of a file without times, faults and what is said about it.
pub(super) fn file(file: &Value, scenario: &Scenario, steps: &[Step]) -> Result<Value, Unshrunk> {
    let mut file = file.clone();
    remove(&mut file, &FILE);
    for (name, operator) in file["operators"].as_object_mut().into_iter().flatten() {
        if operator.get("file").is_some() {
            return Err(Unshrunk::ReadsText(name.clone()));
        }
        if let (None, Some(times)) = (operator.get("records"), operator.get("at").and_then(Value::as_array)) {
            operator["records"] = json!(times.len());
        }
        remove(operator, &OPERATOR);
    }
    if file.get("transfers").is_some() {
        remove(&mut file, &["transfers"]);
        let others = file["script"].as_array().into_iter().flatten().filter(|entry| entry.get("send").is_none());
        file["script"] = others.cloned().chain(payments(scenario.plan())).collect();
    }
    for channel in file["channels"].as_array_mut().into_iter().flatten() {
        remove(channel, &CHANNEL);
    }
    if let Some(snapshots) = file.get_mut("snapshots") {
        remove(snapshots, &SNAPSHOTS);
        let requests = steps.iter().filter(|step| **step == Step::Request).count();
        if requests > 0 {
            snapshots["at"] = json!(vec![0; requests]);
        } else {
            remove(snapshots, &["at"]);
        }
    }
    if let Some(recovery) = file.get_mut("recovery") {
        remove(recovery, &RECOVERY);
        if recovery.as_object().is_some_and(serde_json::Map::is_empty) {
            remove(&mut file, &["recovery"]);
        }
    }
    Ok(file)
}

/// Everything that accounts pay, by script or drawn, as lines of a script: each account's in its order.
fn payments(plan: &Plan) -> Vec<Value> {
    let mut entries = Vec::new();
    for (id, operator) in plan.operators().ids().zip(plan.operators().iter()) {
        let Kind::Account { transfers, .. } = &operator.kind else { continue };
        let ways: Vec<&str> = plan.edges().iter().filter(|edge| edge.from == id).map(|edge| &*plan.operators()[edge.to].name).collect();
        let payment = |(at, transfer): (usize, &Transfer)| json!({"at": Ticks(at as u64).to_string(), "send": transfer.amount, "from": operator.name, "to": ways[transfer.port as usize]});
        entries.extend(transfers.iter().enumerate().map(payment));
    }
    entries
}

fn remove(value: &mut Value, keys: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::explore::shrink::{as_listed, text};

    fn scenarios(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files.extend(scenarios(&path));
            } else if path.extension().is_some_and(|ending| ending == "json") && !path.ends_with("schema.json") {
                files.push(path);
            }
        }
        files
    }

    /// All that a run without a clock depends on.
    fn seen(scenario: &Scenario) -> [String; 4] {
        let (setup, oracles) = (format!("{:?}", scenario.setup()), format!("{:?}", scenario.untimed_oracles()));
        [setup, oracles, format!("{:?}", scenario.coordinator()), format!("{:?} {:?}", scenario.protocol_of_task(), scenario.claims())]
    }

    /// Whatever a scenario can say that is no time is in the small one, too.
    #[test]
    fn a_scenario_that_is_written_is_the_same_scenario() {
        let (mut compared, mut reads_text) = (0, 0);
        for path in scenarios(Path::new("scenarios")) {
            let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a file")).expect("JSON");
            // Periodic triggers become requests.
            if let Some(snapshots) = file.get_mut("snapshots") {
                remove(snapshots, &["interval", "first"]);
            }
            let Ok(scenario) = Scenario::from_json(&file.to_string()) else {
                reads_text += u32::from(matches!(self::file(&file, &empty(), &[]), Err(Unshrunk::ReadsText(_))));
                continue;
            };
            let mut draft = self::file(&file, &scenario, &[]).expect("it can be written");
            text::list(&mut draft, Control::INSTANT, Vec::new());
            let written = Scenario::from_json(&text::layout(&draft)).expect("it can be read");
            assert_eq!(seen(&as_listed(&scenario, &[])), seen(&written), "{}", path.display());
            compared += 1;
        }
        assert!(compared > 60 && reads_text > 0, "{compared} compared, {reads_text} read a text file");
    }

    fn empty() -> Scenario {
        let file = json!({"title": "one source", "operators": {"a": {"kind": "source", "records": 1}}, "channels": []});
        Scenario::from_draft(&file).expect("a scenario")
    }
}
