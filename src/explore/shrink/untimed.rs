//! From a run by the clock to one by its steps.

use serde_json::{Value, json};

use super::Suspect;
use crate::engine::{Control, FactSink, Step};
use crate::kernel::Ticks;
use crate::protocol::Timer;
use crate::scenario::Scenario;
use crate::trace::Fact;

struct Recorder(Vec<Step>);

impl FactSink for Recorder {
    fn fact(&mut self, _now: Ticks, _fact: Fact) {}
    fn step(&mut self, step: Step) {
        self.0.push(asked(step));
    }
}

/// Without a clock somebody has to ask for a snapshot.
pub(super) fn asked(step: Step) -> Step {
    match step {
        Step::Fire(Timer::First | Timer::Interval) => Step::Request,
        step => step,
    }
}

/// The steps of the scenario's run, and which of them have to be chosen.
pub(super) fn steps(suspect: &dyn Suspect, scenario: &Scenario) -> (Vec<Step>, Control) {
    match scenario.schedule() {
        Some(steps) => (steps.to_vec(), scenario.control()),
        None => {
            let (_, recorder, _) = scenario.drive_world(suspect.world(scenario), Recorder(Vec::new()));
            let mut steps = recorder.0;
            steps.retain(|step| *step != Step::Start);
            (steps, Control::CHANNEL)
        }
    }
}

/// The scenario without times, faults and what is said about it.
pub(super) fn file(file: &Value, steps: &[Step]) -> Value {
    let mut file = file.clone();
    remove(&mut file, &["$schema", "story", "question", "hints", "faults", "expect", "limits", "schedule", "control"]);
    if file.get("transfers").is_none() {
        remove(&mut file, &["seed"]);
    }
    for operator in file["operators"].as_object_mut().into_iter().flat_map(|operators| operators.values_mut()) {
        if let (None, Some(times)) = (operator.get("records"), operator.get("at").and_then(Value::as_array)) {
            operator["records"] = json!(times.len());
        }
        remove(operator, &["every", "start", "at", "service", "upload", "ack", "told", "restore"]);
    }
    for channel in file["channels"].as_array_mut().into_iter().flatten() {
        remove(channel, &["delay", "delays"]);
    }
    if let Some(snapshots) = file.get_mut("snapshots") {
        remove(snapshots, &["interval", "first", "timeout", "trigger", "upload", "ack", "store", "notify"]);
        let requests = steps.iter().filter(|step| **step == Step::Request).count();
        if requests > 0 {
            snapshots["at"] = json!(vec![0; requests]);
        } else {
            remove(snapshots, &["at"]);
        }
    }
    if let Some(recovery) = file.get_mut("recovery") {
        remove(recovery, &["detect", "restart", "restore"]);
        if recovery.as_object().is_some_and(serde_json::Map::is_empty) {
            remove(&mut file, &["recovery"]);
        }
    }
    file
}

fn remove(value: &mut Value, keys: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|key, _| !keys.contains(&key.as_str()));
    }
}
