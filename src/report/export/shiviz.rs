//! A log for ShiViz: two lines an event, the first with its host and vector clock, for its default pattern
//! `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`.
//!
//! ShiViz knows no messages: it draws an arrow where the entry of another host grows. So every fact is an
//! event with a tick of its own, and a message that another one of the same sender overtook has no arrow.

use std::fmt::Write as _;

use super::{Exported, left_out, place, places};
use crate::report::messages::messages;
use crate::report::printable;
use crate::scenario::Recording;

/// Every fact is an event of its task or of the coordinator.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let hosts: Vec<String> = places(plan).iter().map(|name| name.replace(char::is_whitespace, "_")).collect();
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
    let (mut text, mut without_arrow) = (String::new(), 0_u64);
    for (at, happened) in recording.facts.iter().enumerate() {
        let host = place(plan, happened.fact.fields(plan).task);
        for &sent in &sent_by[at] {
            let from = place(plan, recording.facts[sent].fact.fields(plan).task);
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
        let _ = writeln!(text, "{} {{{}}}\n{}", hosts[host], clock.join(", "), printable(&happened.fact.describe(plan)));
    }
    let mut missing: Vec<String> = left_out(recording).into_iter().collect();
    if without_arrow > 0 {
        missing.push(format!(
            "{without_arrow} messages were overtaken or came with news that others had brought; ShiViz draws no arrow for them"
        ));
    }
    Exported { text, missing }
}
