//! A sequence diagram for Mermaid, which many Markdown hosts draw.
//!
//! Its arrows are level: when a message was sent is only in the note of where it was taken.

use std::fmt::Write as _;

use super::{Exported, label, left_out, place, places};
use crate::report::messages::{Content, Message, messages};
use crate::scenario::{Happened, Recording};
use crate::trace::Fact;

/// Mermaid refuses to draw more characters by default (`maxTextSize`).
const MOST_CHARACTERS: usize = 50_000;

/// What is drawn at a fact.
enum Line {
    Arrow(usize),
    Note(String),
}

/// Arrows where messages are taken, notes for what else happens to tasks and snapshots.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let all = messages(plan, &recording.facts);
    let mut lines: Vec<(usize, Line)> = Vec::new();
    for (number, message) in all.iter().enumerate() {
        lines.push((message.received.unwrap_or(message.sent), Line::Arrow(number)));
    }
    for (at, happened) in recording.facts.iter().enumerate() {
        lines.extend(note(recording, happened).map(|note| (at, Line::Note(note))));
    }
    lines.sort_by_key(|(at, _)| *at);

    let mut text = "sequenceDiagram\n".to_owned();
    for (number, name) in places(plan).iter().enumerate() {
        let _ = writeln!(text, "  participant p{number} as {}", escaped(name));
    }
    let mut missing: Vec<String> = left_out(recording).into_iter().collect();
    for (at, (_, line)) in lines.iter().enumerate() {
        let line = match line {
            Line::Arrow(number) => arrow(recording, &all[*number]),
            Line::Note(note) => note.clone(),
        };
        if text.len() + line.len() + 200 > MOST_CHARACTERS {
            let rest = lines.len() - at;
            let _ = writeln!(text, "  Note over p0,p{}: {rest} more lines are left out", plan.tasks().len());
            missing.push(format!("{rest} arrows and notes are left out: Mermaid draws at most {MOST_CHARACTERS} characters"));
            break;
        }
        text.push_str(&line);
    }
    Exported { text, missing }
}

fn arrow(recording: &Recording<'_>, message: &Message) -> String {
    let plan = recording.scenario.plan();
    let head = match (message.content, message.received) {
        (_, None) => "--x",
        (Content::Record(_), _) => "->>",
        _ => "-->>",
    };
    let (from, to) = (place(plan, message.from), place(plan, message.to));
    let fate = if message.received.is_none() { " (never taken)" } else { "" };
    format!("  p{from}{head}p{to}: {}{fate}\n", escaped(&label(recording, message)))
}

fn note(recording: &Recording<'_>, happened: &Happened) -> Option<String> {
    let plan = recording.scenario.plan();
    let is_shown = matches!(
        happened.fact,
        Fact::Emitted { .. }
            | Fact::Blocked { .. }
            | Fact::Unblocked { .. }
            | Fact::Saved { .. }
            | Fact::RecordSaved { .. }
            | Fact::ProcessSaved { .. }
            | Fact::BarrierOvertook { .. }
            | Fact::Triggered { .. }
            | Fact::Completed { .. }
            | Fact::Aborted { .. }
            | Fact::Output { .. }
            | Fact::Committed { .. }
            | Fact::Crashed { .. }
            | Fact::Restoring { .. }
            | Fact::Restored { .. }
            | Fact::JobFailed
    );
    let over = place(plan, happened.fact.place(plan));
    is_shown.then(|| format!("  Note over p{over}: {}\n", escaped(&happened.fact.describe(plan))))
}

/// `;` ends a statement and `#` begins a character's number; the arrow of a channel's name would be taken for one.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in crate::report::printable(text).chars() {
        match c {
            ';' | '#' | '<' | '>' | '"' | '{' | '}' | '%' | '&' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
