//! Facts as JSON Lines: one object a line, in the order of the run. A field means the same in every fact that
//! has it (`docs/view.md`).

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Exported;
use crate::model::{Kind, Plan, TaskId};
use crate::scenario::{Happened, Recording};
use crate::trace::Fact;

/// One line, its fields in a fixed order. What does not apply to a fact is not there.
struct Line(Vec<(&'static str, Value)>);

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Line {
    fn add(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        self.0.extend(value.map(|value| (name, value.into())));
    }
}

/// A line for every fact.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let mut text = String::new();
    for &Happened { at, step, fact } in &recording.facts {
        let mut line = Line(Vec::new());
        line.add("at", (!recording.outcome.scheduled).then_some(at.0));
        line.add("step", Some(step));
        line.add("fact", Some(fact.word()));
        subject(plan, fact, &mut line);
        numbers(plan, fact, &mut line);
        line.add("text", Some(fact.describe(plan)));
        text.push_str(&serde_json::to_string(&line).expect("plain data"));
        text.push('\n');
    }
    Exported::whole(text, recording)
}

/// What the fact is about.
fn subject(plan: &Plan, fact: Fact, line: &mut Line) {
    let fields = fact.fields(plan);
    let operator = fields.task.map(|task| plan.tasks()[task].operator);
    line.add("task", fields.task.map(|task| plan.task_name(task)));
    line.add("channel", fields.channel.map(|channel| plan.channel_name(channel)));
    line.add("snapshot", fields.snapshot.map(|id| id.0));
    line.add("record", fields.record.map(|record| record.text(plan)));
    // The source records that it derives from.
    line.add("of", fields.record.map(|record| record.origins(plan)));
    line.add("key", operator.zip(fields.key).map(|(operator, key)| plan.key_text(operator, key)));
}

/// Its numbers, those of messages and states by their names.
fn numbers(plan: &Plan, fact: Fact, line: &mut Line) {
    let fields = fact.fields(plan);
    let table = |task: TaskId| match plan.kind(task) {
        Kind::Automaton(table) => Some(table),
        _ => None,
    };
    // A message has the name that its sender gives it.
    let sender = fields.channel.map(|channel| plan.channels()[channel].from).or(fields.task);
    line.add("value", fields.value);
    line.add("message", sender.and_then(table).zip(fields.message).map(|(table, message)| table.message_name(message)));
    line.add("position", fields.position);
    line.add("offset", fields.offset);
    line.add("entries", fields.entries);
    line.add("bytes", fields.bytes);
    line.add("tokens", fields.tokens);
    line.add("state", fields.task.and_then(table).zip(fields.state).map(|(table, state)| table.state_name(state)));
    line.add("records", fields.records);
    line.add("elements", fields.elements);
    line.add("again", fields.again);
    line.add("reason", fields.reason);
}
