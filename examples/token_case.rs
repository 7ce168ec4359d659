//! Turns a token-passing case into a scenario file.
//!
//! ```sh
//! cargo run --example token_case -- 3nodes-simple.json > 3nodes-simple.scenario.json
//! cargo run -- run 3nodes-simple.scenario.json
//! ```
//!
//! The input is JSON of this form (the form in which the cases of a well-known course on
//! distributed systems are passed on; other fields are not looked at):
//!
//! ```json
//! {"name": "2nodes-message",
//!  "nodes": [{"id": "N1", "tokens": 1}, {"id": "N2", "tokens": 0}],
//!  "links": [["N1", "N2"], ["N2", "N1"]],
//!  "timed_events": [{"at_x100": 99, "op": "send", "src": "N1", "dst": "N2", "tokens": 1},
//!                   {"at_x100": 99, "op": "snapshot", "node": "N2"}],
//!  "per_channel": {"N1->N2": {"transit_x100": [302, 400]}, "N2->N1": {"transit_x100": [202]}},
//!  "expected_snapshots": [{"id": 0, "tokens": {"N1": 0, "N2": 0},
//!                          "messages": [{"src": "N1", "dst": "N2", "tokens": 1}]}]}
//! ```
//!
//! Times and transit times are in hundredths of a tick; a tick becomes a millisecond. Transit times
//! are those of every message of a channel, markers included, in the order they are sent. Snapshots
//! are numbered from 1 in a scenario, from 0 there. What is expected becomes what the scenario
//! expects, so that running it says whether all came out.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    name: String,
    nodes: Vec<Node>,
    links: Vec<(String, String)>,
    timed_events: Vec<Event>,
    #[serde(default)]
    per_channel: BTreeMap<String, Transit>,
    #[serde(default)]
    expected_snapshots: Vec<Snapshot>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    tokens: u64,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Event {
    Send { at_x100: u64, src: String, dst: String, tokens: u64 },
    Snapshot { at_x100: u64, node: String },
}

#[derive(Default, Deserialize)]
struct Transit {
    #[serde(default)]
    transit_x100: Vec<u64>,
}

#[derive(Deserialize)]
struct Snapshot {
    id: u64,
    tokens: BTreeMap<String, u64>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    src: String,
    dst: String,
    tokens: u64,
}

/// A hundredth of a tick is ten microseconds.
fn time(hundredths: u64) -> String {
    format!("{}us", hundredths * 10)
}

fn scenario(case: &Case) -> Value {
    let operators: Map<String, Value> =
        case.nodes.iter().map(|node| (node.id.clone(), json!({"kind": "account", "tokens": node.tokens}))).collect();
    let channel = |(from, to): &(String, String)| {
        let transit = case.per_channel.get(&format!("{from}->{to}")).map_or(&[][..], |transit| &transit.transit_x100);
        json!({"from": from, "to": to, "delays": transit.iter().map(|&transit| time(transit)).collect::<Vec<_>>()})
    };
    let event = |event: &Event| match event {
        Event::Send { at_x100, src, dst, tokens } => json!({"at": time(*at_x100), "send": tokens, "from": src, "to": dst}),
        Event::Snapshot { at_x100, node } => json!({"at": time(*at_x100), "snapshot": node}),
    };
    json!({
        "title": format!("Tokens: {}", case.name),
        "story": "Nodes pass tokens to each other; every message takes the time that the case gives it.",
        "operators": operators,
        "channels": case.links.iter().map(channel).collect::<Vec<_>>(),
        "snapshots": {"protocol": "chandy_lamport"},
        "script": case.timed_events.iter().map(event).collect::<Vec<_>>(),
        "expect": {
            "snapshots_completed": case.expected_snapshots.len(),
            "states": case.expected_snapshots.iter().map(state).collect::<Map<_, _>>(),
            "invariants": {"consistent_cut": "held", "conservation": "held"},
        },
    })
}

fn state(snapshot: &Snapshot) -> (String, Value) {
    let mut channels: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for Message { src, dst, tokens } in &snapshot.messages {
        channels.entry(format!("{src}->{dst}")).or_default().push(*tokens);
    }
    ((snapshot.id + 1).to_string(), json!({"processes": snapshot.tokens, "channels": channels}))
}

/// The text of a case as the text of a scenario.
pub fn convert(case: &str) -> Result<String, String> {
    let case: Case = serde_json::from_str(case).map_err(|error| error.to_string())?;
    serde_json::to_string_pretty(&scenario(&case)).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: token_case FILE");
        return ExitCode::from(2);
    };
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    match text.and_then(|text| convert(&text)) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}
