//! A trace for Perfetto and chrome://tracing: JSON trace events.
//!
//! Facts are slices one unit long on their task's track. Every fact has a unit of its own, a thousand of
//! them a tick and more where more happens in one, so that slices never overlap and every arrow goes forward
//! in time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Exported, left_out, place, places};
use crate::kernel::Id;
use crate::report::messages::messages;
use crate::scenario::{Happened, Recording};
use crate::trace::Fact;

/// Units a tick.
const TICK: u64 = 1_000;
const PROCESS: u32 = 1;

/// Slices for facts, arrows for messages, spans for blocked channels, pending snapshots and tasks that are down.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let times = times(&recording.facts);
    let mut events: Vec<(u64, u8, Value)> = Vec::new();
    for (happened, &ts) in recording.facts.iter().zip(&times) {
        let track = place(plan, happened.fact.place(plan));
        let mut slice = json!({
            "ph": "X", "pid": PROCESS, "tid": track, "ts": ts, "dur": 1, "cat": "fact", "name": happened.fact.describe(plan),
            "args": {"step": happened.step, "fact": happened.fact.word()},
        });
        if !recording.outcome.scheduled {
            slice["args"]["at"] = json!(happened.at.0);
        }
        events.push((ts, 0, slice));
    }
    for (id, message) in messages(plan, &recording.facts).iter().enumerate() {
        let Some(received) = message.received else { continue };
        // An arrow is known by number, category and name together.
        let word = message.content.word();
        let end = |ph: &str, fact: usize| {
            let track = place(plan, recording.facts[fact].fact.place(plan));
            json!({"ph": ph, "id": id, "cat": "message", "name": word, "pid": PROCESS, "tid": track, "ts": times[fact]})
        };
        let mut finish = end("f", received);
        // To the slice around it, not to the next one.
        finish["bp"] = json!("e");
        events.push((times[message.sent], 1, end("s", message.sent)));
        events.push((times[received], 1, finish));
    }
    events.extend(spans(recording, &times));
    // A slice stands before the arrows that begin or end in it.
    events.sort_by_key(|(ts, order, _)| (*ts, *order));

    let mut list = vec![json!({"ph": "M", "pid": PROCESS, "name": "process_name", "args": {"name": recording.scenario.title()}})];
    for (track, name) in places(plan).into_iter().enumerate() {
        list.push(json!({"ph": "M", "pid": PROCESS, "tid": track, "name": "thread_name", "args": {"name": name}}));
    }
    list.extend(events.into_iter().map(|(_, _, event)| event));
    let lines: Vec<String> = list.iter().map(Value::to_string).collect();
    let text = format!("{{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n{}\n]}}\n", lines.join(",\n"));
    Exported { text, missing: left_out(recording).into_iter().collect() }
}

/// When each fact is: at its tick, or behind the fact before it.
fn times(facts: &[Happened]) -> Vec<u64> {
    let mut next = 0;
    let time = |happened: &Happened| {
        let ts = (happened.at.0 * TICK).max(next);
        next = ts + 1;
        ts
    };
    facts.iter().map(time).collect()
}

/// What a span is of, so that its end finds its beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    Blocked(usize),
    Pending(u32),
    Down(usize),
}

fn spans(recording: &Recording<'_>, times: &[u64]) -> Vec<(u64, u8, Value)> {
    let plan = recording.scenario.plan();
    let mut open: BTreeMap<Span, (u64, String, usize)> = BTreeMap::new();
    let mut closed: Vec<(u64, u64, String, usize)> = Vec::new();
    let coordinator = place(plan, None);
    for (happened, &ts) in recording.facts.iter().zip(times) {
        let fields = happened.fact.fields(plan);
        let track = place(plan, fields.task);
        let mut begin = |span, name: String, track| {
            open.entry(span).or_insert((ts, name, track));
        };
        let ended: Vec<Span> = match happened.fact {
            Fact::Blocked { channel } => {
                begin(Span::Blocked(channel.index()), format!("{} blocked", plan.channel_name(channel)), track);
                Vec::new()
            }
            Fact::Triggered { snapshot } => {
                begin(Span::Pending(snapshot.0), format!("snapshot {snapshot}"), coordinator);
                Vec::new()
            }
            Fact::Crashed { task } => {
                begin(Span::Down(task.index()), "down".to_owned(), track);
                Vec::new()
            }
            Fact::Unblocked { channel } => vec![Span::Blocked(channel.index())],
            Fact::Completed { snapshot } | Fact::Aborted { snapshot, .. } => vec![Span::Pending(snapshot.0)],
            Fact::Restored { task, .. } => vec![Span::Down(task.index())],
            Fact::Restoring { .. } => open.keys().filter(|span| matches!(span, Span::Blocked(_))).copied().collect(),
            _ => Vec::new(),
        };
        for span in ended {
            closed.extend(open.remove(&span).map(|(from, name, track)| (from, ts, name, track)));
        }
    }
    let last = times.last().copied().unwrap_or(0);
    closed.extend(open.into_values().map(|(from, name, track)| (from, last + 1, name, track)));
    closed.sort();
    let ends = |(id, (from, to, name, track)): (usize, (u64, u64, String, usize))| {
        let end = |ph: &str, ts: u64| {
            let event = json!({"ph": ph, "id": id, "cat": "span", "name": name, "pid": PROCESS, "tid": track, "ts": ts});
            (ts, 2, event)
        };
        [end("b", from), end("e", to)]
    };
    closed.into_iter().enumerate().flat_map(ends).collect()
}
