//! From a run that failed to a scenario file that shows why.

use serde_json::{Value, json};

use super::campaign::{Campaign, Replay};
use crate::engine::Step;
use crate::oracle::Class;

/// A failure as a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The scenario file.
    pub text: String,
    /// What it shows.
    pub class: Class,
    /// The steps of its schedule.
    pub steps: usize,
    /// Its operators.
    pub operators: usize,
    /// The steps of its schedule that are faults.
    pub faults: usize,
    /// Whether no smaller file shows it.
    pub proven: bool,
}

impl Campaign<'_> {
    /// The file of a run; `None` when it does not fail.
    pub fn shrink(&self, run: u64) -> Option<Shrunk> {
        let Replay { shape, steps, class } = self.replay(run);
        let class = class?;
        let plan = shape.scenario.plan();
        let mut file = shape.file;
        if let Some(snapshots) = file["snapshots"].as_object_mut() {
            snapshots.remove("at");
        }
        if let Some(script) = file.get_mut("script").and_then(Value::as_array_mut) {
            script.retain(|act| act["snapshot"].is_null());
        }
        if file.get("script").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            file.as_object_mut().expect("an object").remove("script");
        }
        file["control"] = json!(shape.control.words().collect::<Vec<_>>());
        if file["control"].as_array().is_some_and(Vec::is_empty) {
            file["control"] = json!("instant");
        }
        file["schedule"] = steps.iter().map(|step| Value::from(step.describe(plan))).collect();
        let is_fault = |step: &&Step| matches!(step, Step::Crash(_) | Step::Lose(_) | Step::FailUpload(_));
        Some(Shrunk {
            text: format!("{file:#}\n"),
            class,
            steps: steps.len(),
            operators: file["operators"].as_object().map_or(0, serde_json::Map::len),
            faults: steps.iter().filter(is_fault).count(),
            proven: false,
        })
    }
}
