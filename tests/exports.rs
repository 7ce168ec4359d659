//! Exports, held to the rules of the tools that read them: what those tools do not check themselves, too.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use cutline::Scenario;
use cutline::report::export::{self, Exported};
use cutline::report::messages::messages;
use cutline::scenario::Recording;
use expect_test::expect;
use serde_json::Value;

/// So many facts of each run: some of the committed ones are long.
const FACTS: usize = 20_000;

/// The committed scenarios, the course among them.
fn committed() -> Vec<(String, Scenario)> {
    let mut found = Vec::new();
    for folder in ["scenarios", "scenarios/course", "scenarios/schedules", "scenarios/found"] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            let is_scenario =
                path.extension().is_some_and(|ending| ending == "json") && path.file_stem().is_some_and(|stem| stem != "schema");
            if !is_scenario {
                continue;
            }
            let read = |file: &str| fs::read(path.with_file_name(file)).map_err(|error| error.to_string());
            let name = path.display().to_string();
            found.push((name.clone(), Scenario::parse(&name, &fs::read(&path).expect("a file"), &read).expect("a valid scenario")));
        }
    }
    assert!(found.len() > 80);
    found
}

fn aligned_join() -> Scenario {
    committed().into_iter().find(|(name, _)| name == "scenarios/aligned-join.json").expect("it is there").1
}

/// Exports every committed scenario and has the document checked.
fn check(document: fn(&Recording<'_>) -> Exported, is_right: impl Fn(&Recording<'_>, &Exported) -> Result<(), String>) {
    for (name, scenario) in committed() {
        let recording = Recording::of(&scenario, scenario.world(), FACTS);
        let exported = document(&recording);
        is_right(&recording, &exported).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(exported, document(&recording), "{name}: the same run, the same bytes");
    }
}

/// The number in front of what a note says.
fn noted(exported: &Exported, what: &str) -> u64 {
    let note = exported.missing.iter().find(|note| note.contains(what));
    note.map_or(0, |note| note.split(' ').next().expect("a word").parse().expect("a number"))
}

type Clock = BTreeMap<String, u64>;

/// How ShiViz takes events out of a log unless it is told otherwise.
const SHIVIZ: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// Events as that pattern finds them, in a text of whatever else: what happened, host, clock.
fn shiviz_events(text: &str) -> Result<Vec<(String, String, Clock)>, String> {
    // A brace that counts nothing stands for itself in a browser.
    let pattern = SHIVIZ.replace("{.*}", r"\{.*\}");
    let pattern = regex::RegexBuilder::new(&pattern).multi_line(true).build().expect("a pattern");
    let event = |found: regex::Captures<'_>| {
        let clock = serde_json::from_str(&found["clock"]).map_err(|error| format!("{}: {error}", &found["clock"]))?;
        Ok((found["event"].to_owned(), found["host"].to_owned(), clock))
    };
    pattern.captures_iter(text.trim()).map(event).collect()
}

/// A file as ShiViz takes it when it is uploaded: pattern, delimiter of runs, log.
fn shiviz_file(text: &str) -> Result<(&str, &str, &str), String> {
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().ok_or("too short");
    Ok((part()?, part()?, part()?))
}

/// What ShiViz refuses, that clocks are transitive, which it does not look at, and how many arrows it draws.
fn shiviz_arrows(events: &[(String, String, Clock)]) -> Result<u64, String> {
    let mut last: BTreeMap<&str, Clock> = BTreeMap::new();
    let mut at: BTreeMap<(&str, u64), &Clock> = BTreeMap::new();
    let total = events.iter().fold(BTreeMap::new(), |mut total: BTreeMap<&str, u64>, (_, host, _)| {
        *total.entry(host).or_default() += 1;
        total
    });
    let mut arrows = 0;
    for (_, host, clock) in events {
        let before = last.get(host.as_str()).cloned().unwrap_or_default();
        let own = clock.get(host).ok_or(format!("{host} is not in its own clock"))?;
        if *own != before.get(host).unwrap_or(&0) + 1 {
            return Err(format!("{host} jumps to {own}"));
        }
        if let Some((other, ticks)) = clock.iter().find(|(other, ticks)| total.get(other.as_str()).is_none_or(|most| *ticks > most)) {
            return Err(format!("{host} has heard of {other} {ticks}, which never happens"));
        }
        let grown: Vec<(&String, u64)> = clock
            .iter()
            .filter(|(other, ticks)| *other != host && **ticks > *before.get(*other).unwrap_or(&0))
            .map(|(o, t)| (o, *t))
            .collect();
        for (other, ticks) in &grown {
            let theirs = at.get(&(other.as_str(), *ticks)).ok_or(format!("{host} has heard of {other} {ticks} before it happened"))?;
            if theirs.iter().any(|(third, known)| clock.get(third).is_none_or(|own| own < known)) {
                return Err(format!("{host} knows of {other} {ticks} and not of what that knew"));
            }
        }
        let is_implied = |(other, ticks): &(&String, u64)| {
            grown.iter().any(|(through, t)| through != other && at[&(through.as_str(), *t)].get(*other).is_some_and(|known| known >= ticks))
        };
        arrows += grown.iter().filter(|parent| !is_implied(parent)).count() as u64;
        last.insert(host, clock.clone());
        at.insert((host, *own), clock);
    }
    Ok(arrows)
}

#[test]
fn shiviz_draws_an_arrow_for_every_message_but_those_it_cannot() {
    let total = std::cell::Cell::new(0);
    check(export::shiviz, |recording, exported| {
        let plan = recording.scenario.plan();
        let (parser, delimiter, log) = shiviz_file(&exported.text)?;
        if (parser, delimiter) != (SHIVIZ, "") {
            return Err(format!("ShiViz would look for {parser} between {delimiter}"));
        }
        let events = shiviz_events(log)?;
        if events != shiviz_events(&exported.text)? {
            return Err("pasted it is another log".to_owned());
        }
        let told = recording.facts.iter().map(|happened| happened.fact.describe(plan));
        if !events.iter().map(|(event, ..)| event).eq(&told.collect::<Vec<_>>()) {
            return Err(format!("{} events for {} facts, or in other words", events.len(), recording.facts.len()));
        }
        let between_hosts = messages(plan, &recording.facts).into_iter().filter(|message| {
            let place = |fact: usize| recording.facts[fact].fact.place(plan);
            message.received.is_some_and(|received| place(received) != place(message.sent))
        });
        let (arrows, expected) = (shiviz_arrows(&events)?, between_hosts.count() as u64 - noted(exported, "were overtaken"));
        total.set(total.get() + arrows);
        if arrows == expected { Ok(()) } else { Err(format!("{arrows} arrows, expected {expected}")) }
    });
    assert!(total.get() > 1_000);
}

#[test]
fn a_log_that_shiviz_would_refuse_is_seen() {
    let refused = |text: &str| shiviz_arrows(&shiviz_events(text).unwrap()).unwrap_err();
    assert_eq!(refused("x\na {\"b\": 1}\n"), "a is not in its own clock");
    assert_eq!(refused("x\na {\"a\": 2}\n"), "a jumps to 2");
    assert_eq!(refused("x\na {\"a\": 1, \"b\": 1}\n"), "a has heard of b 1, which never happens");
    let incomplete = "x\nc {\"c\": 1}\nx\nb {\"b\": 1, \"c\": 1}\nx\na {\"a\": 1, \"b\": 1}\n";
    assert_eq!(refused(incomplete), "a knows of b 1 and not of what that knew");
    assert!(shiviz_events("a {b} emits\na {\"a\": 1}\nb {b} emits\nb {\"b\": 1}\n").is_err(), "an event is taken for a clock");
}

/// Names with spaces and braces stay what they are, and two that ShiViz would take for one are kept apart.
#[test]
fn shiviz_takes_no_name_for_a_clock() {
    let scenario = common::scenario(
        r#"{"title": "odd names",
          "operators": {"a {b} c": {"kind": "source", "records": 1}, "a_{b}_c": {"kind": "pass"}, "out {}": {"kind": "sink", "commit": "plain"}},
          "channels": [{"from": "a {b} c", "to": "a_{b}_c"}, {"from": "a_{b}_c", "to": "out {}"}]}"#,
    );
    let recording = Recording::of(&scenario, scenario.world(), FACTS);
    let events = shiviz_events(&export::shiviz(&recording).text).unwrap();
    assert_eq!(events.len(), recording.facts.len());
    assert_eq!(shiviz_arrows(&events), Ok(2));
    let hosts: BTreeSet<&str> = events.iter().map(|(_, host, _)| host.as_str()).collect();
    assert_eq!(Vec::from_iter(hosts), ["a_{b}_c", "a_{b}_c_", "coordinator", "out_{}"]);
}

/// Every slice, arrow end and span end in one track, as Perfetto's importer wants them.
fn perfetto(recording: &Recording<'_>, exported: &Exported) -> Result<(), String> {
    let document: Value = serde_json::from_str(&exported.text).map_err(|error| error.to_string())?;
    let events = document["traceEvents"].as_array().ok_or("no events")?;
    let (mut last, mut slices, mut starts, mut pairs) = (0, BTreeMap::<u64, (u64, u64)>::new(), BTreeSet::new(), 0_usize);
    let mut spans = BTreeSet::new();
    for event in events {
        let ph = event["ph"].as_str().ok_or("no phase")?;
        if ph == "M" {
            continue;
        }
        let number = |key: &str| event[key].as_u64().ok_or(format!("{key} is no whole number: {event}"));
        let (ts, tid) = (number("ts")?, number("tid")?);
        number("pid")?;
        if ts < last {
            return Err(format!("{event} goes back in time"));
        }
        last = ts;
        let id = (event["id"].as_u64(), event["cat"].to_string(), event["name"].to_string());
        let is_inside = slices.get(&tid).is_some_and(|(start, end)| *start <= ts && ts < *end);
        match ph {
            "X" => {
                let dur = number("dur")?;
                if dur == 0 || slices.get(&tid).is_some_and(|(_, end)| *end > ts) {
                    return Err(format!("{event} overlaps the slice before it"));
                }
                slices.insert(tid, (ts, ts + dur));
            }
            "s" if !is_inside || !starts.insert(id.clone()) => return Err(format!("{event} starts in no slice, or again")),
            "f" if !is_inside || event["bp"] != "e" || !starts.remove(&id) => {
                return Err(format!("{event} ends in no slice, or never started"));
            }
            "f" => pairs += 1,
            "b" if !spans.insert(id.clone()) => return Err(format!("{event} begins twice")),
            "e" if !spans.remove(&id) => return Err(format!("{event} never began")),
            _ => {}
        }
    }
    let taken = messages(recording.scenario.plan(), &recording.facts).iter().filter(|message| message.received.is_some()).count();
    match pairs == taken && starts.is_empty() && spans.is_empty() {
        true => Ok(()),
        false => Err(format!("{pairs} arrows for {taken} messages, {} open, {} spans open", starts.len(), spans.len())),
    }
}

#[test]
fn perfetto_finds_both_ends_of_every_arrow_in_slices() {
    check(export::perfetto, perfetto);
}

#[test]
fn a_trace_that_perfetto_would_misread_is_seen() {
    let scenario = aligned_join();
    let recording = Recording::of(&scenario, scenario.world(), FACTS);
    let right = export::perfetto(&recording);
    for (from, to) in
        [(r#""bp":"e""#, r#""bp":"x""#), (r#""dur":1"#, r#""dur":0"#), (r#""ph":"s""#, r#""ph":"t""#), (r#""ph":"b""#, r#""ph":"n""#)]
    {
        let wrong = Exported { text: right.text.replace(from, to), ..right.clone() };
        assert_ne!(wrong, right, "there is no {from} to spoil");
        assert!(perfetto(&recording, &wrong).is_err(), "{from} -> {to}");
    }
}

#[test]
fn mermaid_gets_only_what_it_can_draw() {
    check(export::mermaid, |recording, exported| {
        let mut lines = exported.text.lines();
        if lines.next() != Some("sequenceDiagram") || exported.text.len() > 50_000 {
            return Err("no sequence diagram, or too long a one".to_owned());
        }
        let (mut declared, mut arrows) = (BTreeSet::new(), 0);
        for line in lines {
            let line = line.strip_prefix("  ").ok_or(format!("not indented: {line}"))?;
            let (head, label) = match line.strip_prefix("participant ") {
                Some(rest) => {
                    let (id, name) = rest.split_once(" as ").ok_or("no name")?;
                    declared.insert(id.to_owned());
                    (id.to_owned(), name)
                }
                None => {
                    let (head, label) = line.split_once(": ").ok_or(format!("no label: {line}"))?;
                    arrows += usize::from(!head.starts_with("Note"));
                    (head.trim_start_matches("Note over ").to_owned(), label)
                }
            };
            let ids: Vec<&str> = head.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with('p')).collect();
            // A dead arrow's head is an x, which stands right before the receiver.
            if let Some(id) = ids.iter().find(|id| !declared.contains(**id)) {
                return Err(format!("{id} is not declared: {line}"));
            }
            let plain = label
                .split('#')
                .enumerate()
                .all(|(at, part)| at == 0 || part.split_once(';').is_some_and(|(code, _)| code.parse::<u32>().is_ok()));
            let stray = label.split('#').enumerate().any(|(at, part)| part.matches(';').count() > usize::from(at > 0));
            if !plain || stray || label.contains(['<', '>', '{', '}', '"']) {
                return Err(format!("a character that means something: {line}"));
            }
        }
        let all = messages(recording.scenario.plan(), &recording.facts).len();
        if exported.missing.is_empty() && arrows != all { Err(format!("{arrows} arrows for {all} messages")) } else { Ok(()) }
    });
}

#[test]
fn dot_has_every_operator_and_every_edge() {
    check(export::dot, |recording, exported| {
        let plan = recording.scenario.plan();
        let lines: Vec<&str> = exported.text.lines().map(str::trim).collect();
        let edges = lines.iter().filter(|line| line.contains(" -> ")).count();
        let nodes = lines.iter().filter(|line| line.contains("shape = ")).count();
        let is_closed = lines.first() == Some(&"digraph {") && lines.last() == Some(&"}");
        let is_quoted = lines.iter().all(|line| line.replace("\\\\", "").replace("\\\"", "").matches('"').count() % 2 == 0);
        match (nodes, edges) == (plan.operators().len(), plan.edges().len()) && is_closed && is_quoted {
            true => Ok(()),
            false => Err(format!("{nodes} nodes and {edges} edges:\n{}", exported.text)),
        }
    });
}

#[test]
fn jsonl_is_an_object_a_fact() {
    check(export::jsonl, |recording, exported| {
        let mut lines = exported.text.lines();
        for happened in &recording.facts {
            let line: Value = serde_json::from_str(lines.next().ok_or("too few lines")?).map_err(|error| error.to_string())?;
            let at = (!recording.outcome.scheduled).then_some(happened.at.0);
            let said = (line["at"].as_u64(), line["step"].as_u64(), line["fact"].as_str());
            if said != (at, Some(happened.step), Some(happened.fact.word())) {
                return Err(format!("{line} for {happened:?}"));
            }
            if line["record"].is_string() != line["of"].is_array() {
                return Err(format!("a record without origin: {line}"));
            }
        }
        if lines.next().is_none() { Ok(()) } else { Err("too many lines".to_owned()) }
    });
}

/// One field, one meaning: which facts have it, besides `step`, `fact` and `text`, which all have.
#[test]
fn a_field_means_the_same_in_every_fact() {
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, scenario) in committed() {
        let recording = Recording::of(&scenario, scenario.world(), FACTS);
        for line in export::jsonl(&recording).text.lines() {
            let line: BTreeMap<String, Value> = serde_json::from_str(line).expect("an object");
            let fact = line["fact"].as_str().expect("a word");
            for field in line.keys() {
                facts.entry(field.clone()).or_default().insert(fact.to_owned());
            }
        }
    }
    let shared = ["at", "step", "fact", "text", "task", "channel", "snapshot", "record", "of"];
    let lines = facts.iter().filter(|(field, _)| !shared.contains(&field.as_str()));
    let line = |(field, facts): (&String, &BTreeSet<String>)| format!("{field}: {}\n", Vec::from_iter(facts.iter().cloned()).join(" "));
    expect![[r#"
        again: committed
        bytes: sized
        elements: cleared left_behind
        entries: saved
        key: applied output
        message: posted record_saved
        offset: offset_saved
        position: emitted missed
        reason: aborted declined refusal_heard
        records: barrier_overtook left_behind left_open
        state: became process_saved
        tokens: process_saved
        value: applied output posted record_saved
    "#]]
    .assert_eq(&lines.map(line).collect::<String>());
    let page = include_str!("../docs/view.md");
    let undocumented: Vec<&String> = facts.keys().filter(|field| !page.contains(&format!("| `{field}` |"))).collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
}

/// A record is followed by where it comes from.
#[test]
fn origins_are_source_records() {
    let scenario = common::scenario(
        r#"{
          "title": "two sources, joined, doubled",
          "operators": {
            "A": {"kind": "source", "records": 1}, "B": {"kind": "source", "records": 1},
            "pairs": {"kind": "join", "keys": 1}, "twice": {"kind": "flat_map", "copies": 2}, "out": {"kind": "sink", "commit": "plain"}
          },
          "channels": [{"from": "A", "to": "pairs"}, {"from": "B", "to": "pairs"}, {"from": "pairs", "to": "twice"}, {"from": "twice", "to": "out"}]
        }"#,
    );
    let recording = Recording::of(&scenario, scenario.world(), FACTS);
    let text = export::jsonl(&recording).text;
    let outputs = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| line["fact"] == "output");
    let outputs: Vec<String> = outputs.map(|line| format!("{} of {}", line["record"], line["of"])).collect();
    assert_eq!(outputs, [r#""A#1+B#1.1" of ["A#1","B#1"]"#, r#""A#1+B#1.2" of ["A#1","B#1"]"#]);
}

/// A cut run says so wherever it goes.
#[test]
fn what_is_left_out_is_said() {
    let scenario = aligned_join();
    let recording = Recording::of(&scenario, scenario.world(), 10);
    for document in [export::shiviz, export::perfetto, export::mermaid, export::jsonl] {
        let missing = document(&recording).missing;
        assert!(
            missing.iter().any(|note| note == &format!("{} facts at the end of the run are left out", recording.left_out)),
            "{missing:?}"
        );
    }
}

/// What a file says must not become part of a document's form.
#[test]
fn names_and_titles_are_only_text() {
    let scenario = common::scenario(
        r#"{"title": "</script>\"; \\ x\u0007 #1",
          "operators": {"A": {"kind": "source", "records": 1}, "out": {"kind": "sink", "commit": "plain"}},
          "channels": [{"from": "A", "to": "out"}]}"#,
    );
    let recording = Recording::of(&scenario, scenario.world(), FACTS);
    perfetto(&recording, &export::perfetto(&recording)).unwrap();
}
