//! Facts as JSON Lines: one object a line, in the order of the run.

use serde::Serialize;

use super::Exported;
use crate::scenario::{Happened, Recording};

/// One line. What does not apply to a fact is not there.
#[derive(Serialize)]
struct Line<'l> {
    /// Microseconds; steps in a run without a clock.
    at: u64,
    step: u64,
    fact: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// The source records that it derives from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    text: &'l str,
}

/// A line for every fact.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let mut text = String::new();
    for &Happened { at, step, fact } in &recording.facts {
        let fields = fact.fields(plan);
        let operator = fields.task.map(|task| plan.tasks()[task].operator);
        let line = Line {
            at: at.0,
            step,
            fact: fact.word(),
            task: fields.task.map(|task| plan.task_name(task)),
            channel: fields.channel.map(|channel| plan.channel_name(channel)),
            snapshot: fields.snapshot.map(|id| id.0),
            record: fields.record.map(|record| record.text(plan)),
            of: fields.record.map_or(Vec::new(), |record| record.origins(plan)),
            key: operator.zip(fields.key).map(|(operator, key)| plan.key_text(operator, key)),
            value: fields.value,
            reason: fields.reason,
            text: &fact.describe(plan),
        };
        text.push_str(&serde_json::to_string(&line).expect("plain data"));
        text.push('\n');
    }
    Exported::whole(text, recording)
}
