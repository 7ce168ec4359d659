//! Makes failures small.

use serde_json::{Value, json};

use super::campaign::Campaign;
use crate::oracle::Class;

/// A failure that was made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The scenario file, with a schedule.
    pub text: String,
    /// What is wrong in it.
    pub class: Class,
    /// Steps of its schedule.
    pub steps: usize,
    /// Operators.
    pub operators: usize,
    /// Steps of its schedule that are faults.
    pub faults: usize,
    /// Whether every order of things in it that is shorter was tried.
    pub proven: bool,
}

impl Campaign<'_> {
    /// The run as a scenario file; nothing when it does not fail.
    pub fn shrink(&self, run: u64) -> Option<Shrunk> {
        let replay = self.replay(run);
        let class = replay.class?;
        let mut file = replay.shape.file.clone();
        if let Some(snapshots) = file["snapshots"].as_object_mut() {
            snapshots.remove("at");
        }
        if let Some(script) = file.get_mut("script").and_then(Value::as_array_mut) {
            script.retain(|entry| entry.get("snapshot").is_none());
        }
        let words: Vec<&str> = replay.shape.control.words().collect();
        if !words.is_empty() {
            file["control"] = json!(words);
        }
        let plan = replay.shape.scenario.plan();
        let steps: Vec<String> = replay.steps.iter().map(|step| step.describe(plan)).collect();
        let is_fault = |step: &&String| ["crash ", "lose ", "fail "].iter().any(|word| step.starts_with(word));
        let faults = steps.iter().filter(is_fault).count();
        let operators = file["operators"].as_object().map_or(0, serde_json::Map::len);
        let count = steps.len();
        file["schedule"] = json!(steps);
        Some(Shrunk { text: format!("{file:#}\n"), class, steps: count, operators, faults, proven: false })
    }
}
