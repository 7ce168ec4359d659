//! A log for ShiViz, as it reads uploaded files: the first line is the pattern of an event, the second that of what
//! parts several runs, here none; then two lines an event, what happened and where with its vector clock. The pattern
//! is ShiViz's default, so that the log can be pasted as well: it passes over lines that do not fit.
//!
//! ShiViz knows no messages: it draws an arrow where the entry of another host grows. So every fact is an
//! event with a tick of its own, and a message that another one of the same sender overtook has no arrow.

use std::fmt::Write as _;

use super::{Exported, left_out, place, places};
use crate::model::Plan;
use crate::report::messages::messages;
use crate::report::printable;
use crate::scenario::Recording;

/// How ShiViz takes events out of a log, unless it is told otherwise.
const PATTERN: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// Every fact is an event of its task or of the coordinator.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let hosts = hosts(plan);
    let mut sent_by: Vec<Vec<usize>> = vec![Vec::new(); recording.facts.len()];
    for message in messages(plan, &recording.facts) {
        if let Some(received) = message.received {
            sent_by[received].push(message.sent);
        }
    }
    let mut clocks = vec![vec![0_u64; hosts.len()]; hosts.len()];
    // The clocks of events that somebody may still hear of.
    let mut then: Vec<Option<Vec<u64>>> = vec![None; recording.facts.len()];
    let is_sent: Vec<bool> = {
        let mut is_sent = vec![false; recording.facts.len()];
        sent_by.iter().flatten().for_each(|&sent| is_sent[sent] = true);
        is_sent
    };
    let (mut text, mut without_arrow) = (format!("{PATTERN}\n\n"), 0_u64);
    for (at, happened) in recording.facts.iter().enumerate() {
        let host = place(plan, happened.fact.place(plan));
        for &sent in &sent_by[at] {
            let from = place(plan, recording.facts[sent].fact.place(plan));
            let news = then[sent].as_ref().expect("sent before it is received");
            without_arrow += u64::from(from != host && news[from] <= clocks[host][from]);
            for (known, &new) in clocks[host].iter_mut().zip(news) {
                *known = (*known).max(new);
            }
        }
        clocks[host][host] += 1;
        if is_sent[at] {
            then[at] = Some(clocks[host].clone());
        }
        let entries = hosts.iter().zip(&clocks[host]).filter(|(_, ticks)| **ticks > 0);
        let clock: Vec<String> = entries.map(|(name, ticks)| format!("{}: {ticks}", serde_json::Value::from(name.as_str()))).collect();
        let _ = writeln!(text, "{}\n{} {{{}}}", event(&happened.fact.describe(plan)), hosts[host], clock.join(", "));
    }
    let mut missing: Vec<String> = left_out(recording).into_iter().collect();
    if without_arrow > 0 {
        missing.push(format!(
            "{without_arrow} messages were overtaken or came with news that others had brought; ShiViz draws no arrow for them"
        ));
    }
    Exported { text, missing }
}

/// The names of all places as ShiViz takes them, without a space and each once.
fn hosts(plan: &Plan) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for name in places(plan) {
        let mut host = printable(&name).replace(char::is_whitespace, "_");
        while hosts.contains(&host) {
            host.push('_');
        }
        hosts.push(host);
    }
    hosts
}

/// What happened, in words that cannot be taken for a host with its clock.
fn event(text: &str) -> String {
    match printable(text).split_once(' ') {
        Some((first, rest)) if rest.starts_with('{') => format!("{first}  {rest}"),
        _ => printable(text),
    }
}
