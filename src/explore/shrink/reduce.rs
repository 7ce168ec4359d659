//! What can be made smaller in a scenario: each reduction is one step down.

use serde_json::{Map, Value, json};

use super::Draft;
use crate::engine::Control;
use crate::explore::campaign::Suspect;
use crate::explore::exhaustive::Budget;
use crate::protocol::ProtocolKind;

/// The `n`th candidate of a kind of reduction; `None` when there are no more.
pub(super) type Reduction = fn(&Draft, usize) -> Option<Draft>;

/// In the order in which they are tried: what removes most comes first.
pub(super) const REDUCTIONS: [Reduction; 8] = [rules, control, budgets, operators, tasks, options, records, kinds];

/// What may happen in the smallest scenarios, least first: faults, which control steps are steps of their
/// own, and whether several snapshots may be under way.
const SETTINGS: [(Budget, Control, bool); 11] = {
    const NONE: Budget = Budget {
        snapshots: 1,
        crashes: 0,
        losses: 0,
        repeats: 0,
        postponements: 0,
        failed_uploads: 0,
        timeouts: 0,
        alignments: 0,
        finals: 0,
    };
    const UPLOADS: Control = Control::UPLOADS;
    [
        (NONE, Control::INSTANT, false),
        (Budget { crashes: 1, ..NONE }, Control::INSTANT, false),
        (Budget { snapshots: 2, ..NONE }, Control::INSTANT, true),
        (Budget { snapshots: 2, crashes: 1, ..NONE }, Control::INSTANT, false),
        (Budget { timeouts: 1, alignments: 1, ..NONE }, UPLOADS, false),
        (Budget { losses: 1, ..NONE }, Control::TRIGGERS.with(Control::NOTICES), false),
        (Budget { repeats: 1, ..NONE }, Control::TRIGGERS.with(Control::NOTICES), false),
        (Budget { postponements: 1, ..NONE }, Control::NOTICES, false),
        (Budget { failed_uploads: 1, ..NONE }, UPLOADS, false),
        (Budget { crashes: 1, ..NONE }, Control::CHANNEL, false),
        (Budget { snapshots: 2, timeouts: 1, alignments: 1, ..NONE }, Control::REPORTS.with(Control::NOTICES), true),
    ]
};

/// The smallest scenarios there are, whatever the draft was: that they fail does not depend on how the
/// failure was found, so that ever so different runs end in the same file.
pub(super) fn smallest(draft: &Draft, suspect: &dyn Suspect) -> Vec<Draft> {
    if is_of_processes(draft) {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    // The simplest protocol first, whatever it takes to fail there.
    for protocol in suspect.simplest(draft.file["snapshots"]["protocol"].as_str().unwrap_or_default()) {
        for (budget, control, several) in SETTINGS {
            let mut rules = draft.clone();
            rules.file.as_object_mut().expect("a file is an object").remove("recovery");
            rules.file["snapshots"] = json!({"at": vec![0; budget.snapshots as usize]});
            if several {
                rules.file["snapshots"]["max_concurrent"] = json!(2);
            }
            (rules.budget, rules.control) = (budget, control);
            drafts.extend(with_graphs(&rules, protocol));
        }
    }
    drafts
}

/// Small graphs, smallest first, with the rules of the draft.
pub(super) fn templates(draft: &Draft, suspect: &dyn Suspect) -> Vec<Draft> {
    if is_of_processes(draft) {
        return Vec::new();
    }
    let protocols = suspect.simplest(draft.file["snapshots"]["protocol"].as_str().unwrap_or_default());
    protocols.into_iter().flat_map(|protocol| with_graphs(draft, protocol)).collect()
}

fn is_of_processes(draft: &Draft) -> bool {
    let is_process = |operator: &Value| operator["kind"] == "account" || operator["kind"] == "automaton";
    draft.file["operators"].as_object().is_some_and(|all| all.values().any(is_process))
}

fn with_graphs(draft: &Draft, protocol: ProtocolKind) -> Vec<Draft> {
    let is_finishing = |operator: &Value| operator["finishes"] == true;
    let finishes = draft.file["operators"].as_object().is_some_and(|all| all.values().any(is_finishing));
    let mut rules = draft.clone();
    rules.file["snapshots"]["protocol"] = json!(protocol.word());
    if protocol == ProtocolKind::AlignedTimeout {
        rules.file["snapshots"]["alignment_timeout"] = json!(1);
    } else {
        rules.file["snapshots"].as_object_mut().expect("rules are an object").remove("alignment_timeout");
    }
    let mut drafts = Vec::new();
    for (records, finishing) in [(1, false), (2, false), (1, true), (2, true)] {
        if !finishing || finishes {
            drafts.extend(graphs(records, finishing).iter().map(|graph| with_graph(&rules, graph)));
        }
    }
    drafts
}

/// Chains, smallest first; each task of the source has so many records.
fn graphs(records: u64, finishing: bool) -> Vec<Vec<(&'static str, Value)>> {
    let source = |tasks: u64| {
        let mut source = json!({"kind": "source", "records": records * tasks});
        if tasks > 1 {
            source["parallelism"] = json!(tasks);
        }
        if finishing {
            source["finishes"] = json!(true);
        }
        source
    };
    let (count, out) = (json!({"kind": "keyed_count"}), json!({"kind": "sink", "commit": "two_phase"}));
    let wide = json!({"kind": "keyed_count", "parallelism": 2});
    vec![
        vec![("a", source(1))],
        vec![("a", source(1)), ("count", count.clone())],
        vec![("a", source(1)), ("out", out.clone())],
        vec![("a", source(2)), ("count", count.clone())],
        vec![("a", source(2)), ("out", out.clone())],
        vec![("a", source(1)), ("count", count.clone()), ("out", out.clone())],
        vec![("a", source(2)), ("count", count), ("out", out.clone())],
        vec![("a", source(2)), ("count", wide), ("out", out)],
    ]
}

fn with_graph(draft: &Draft, graph: &[(&str, Value)]) -> Draft {
    let mut draft = draft.clone();
    draft.file["operators"] = graph.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect::<Map<_, _>>().into();
    draft.file["channels"] = graph.windows(2).map(|pair| json!({"from": pair[0].0, "to": pair[1].0})).collect();
    draft
}

/// All rules but the protocol back to what they are by default, then one by one.
fn rules(draft: &Draft, n: usize) -> Option<Draft> {
    let keys: Vec<String> = removable_rules(draft);
    let mut smaller = draft.clone();
    let rules = |file: &mut Value, key: &str| {
        let (group, name) = key.split_once('/').expect("group/name");
        if let Some(members) = file[group].as_object_mut() {
            members.remove(name);
        }
    };
    match n {
        0 if keys.len() > 1 => keys.iter().for_each(|key| rules(&mut smaller.file, key)),
        _ => rules(&mut smaller.file, keys.get(n - usize::from(keys.len() > 1))?),
    }
    if smaller.file["recovery"].as_object().is_some_and(Map::is_empty) {
        smaller.file.as_object_mut().expect("a file is an object").remove("recovery");
    }
    Some(smaller)
}

fn removable_rules(draft: &Draft) -> Vec<String> {
    let names = |group: &str| {
        let members = draft.file[group].as_object().into_iter().flatten();
        members.map(|(name, _)| format!("{group}/{name}")).collect::<Vec<_>>()
    };
    let mut needed = vec!["snapshots/protocol", "snapshots/at"];
    if draft.file["snapshots"]["protocol"] == ProtocolKind::AlignedTimeout.word() {
        needed.push("snapshots/alignment_timeout");
    }
    let mut keys = names("snapshots");
    keys.extend(if draft.file.get("recovery").is_some() { names("recovery") } else { Vec::new() });
    keys.retain(|key| !needed.contains(&key.as_str()));
    keys
}

/// More happens at once: everything, then one kind after the other.
fn control(draft: &Draft, n: usize) -> Option<Draft> {
    let kinds: Vec<Control> = Control::KINDS.iter().map(|(kind, _)| *kind).filter(|kind| draft.control.has(*kind)).collect();
    let several = usize::from(kinds.len() > 1);
    let control = if n == 0 && several == 1 { Control::INSTANT } else { draft.control.without(*kinds.get(n - several)?) };
    Some(Draft { control, ..draft.clone() })
}

/// One fault, timer or snapshot less.
fn budgets(draft: &Draft, n: usize) -> Option<Draft> {
    let mut smaller = draft.clone();
    let budget = &mut smaller.budget;
    let counts = [
        &mut budget.crashes,
        &mut budget.losses,
        &mut budget.repeats,
        &mut budget.postponements,
        &mut budget.failed_uploads,
        &mut budget.timeouts,
        &mut budget.alignments,
        &mut budget.finals,
    ];
    let used: Vec<&mut u32> = counts.into_iter().filter(|count| **count > 0).collect();
    let kinds = used.len();
    if let Some(count) = used.into_iter().nth(n) {
        *count -= 1;
        return Some(smaller);
    }
    if n > kinds {
        return None;
    }
    // Requests beyond the budget would stay open for ever.
    let at = smaller.file["snapshots"]["at"].as_array_mut()?;
    if at.len() as u32 > budget.snapshots {
        at.truncate(budget.snapshots as usize);
        return Some(smaller);
    }
    at.pop()?;
    budget.snapshots = budget.snapshots.min(at.len() as u32);
    Some(smaller)
}

fn names(draft: &Draft) -> Vec<String> {
    draft.file["operators"].as_object().map(|operators| operators.keys().cloned().collect()).unwrap_or_default()
}

/// Without one operator: what came to it goes on to where it sent.
fn operators(draft: &Draft, n: usize) -> Option<Draft> {
    let name = names(draft).into_iter().nth(n)?;
    let mut smaller = draft.clone();
    smaller.file["operators"].as_object_mut()?.remove(&name);
    let channels = smaller.file["channels"].as_array_mut()?;
    let (touching, mut kept): (Vec<Value>, Vec<Value>) =
        std::mem::take(channels).into_iter().partition(|channel| channel["from"] == name || channel["to"] == name);
    for into in touching.iter().filter(|channel| channel["to"] == name && channel["from"] != name) {
        for out in touching.iter().filter(|channel| channel["from"] == name && channel["to"] != name) {
            let bridge = json!({"from": into["from"], "to": out["to"]});
            let is_there = |channel: &Value| channel["from"] == bridge["from"] && channel["to"] == bridge["to"];
            if !kept.iter().any(is_there) {
                kept.push(bridge);
            }
        }
    }
    *channels = kept;
    if let Some(script) = smaller.file.get_mut("script").and_then(Value::as_array_mut) {
        script.retain(|entry| ["from", "to", "snapshot", "act"].iter().all(|key| entry[key] != name));
    }
    Some(smaller)
}

/// One task instead of several; or two sources of one operator as one with several tasks.
fn tasks(draft: &Draft, n: usize) -> Option<Draft> {
    let wide: Vec<String> = names(draft).into_iter().filter(|name| draft.file["operators"][name].get("parallelism").is_some()).collect();
    let name = wide.get(n)?;
    let mut smaller = draft.clone();
    smaller.file["operators"][name].as_object_mut()?.remove("parallelism");
    Some(smaller)
}

/// What operators and channels say beyond the necessary.
fn options(draft: &Draft, n: usize) -> Option<Draft> {
    let mut places = Vec::new();
    for name in names(draft) {
        let members = draft.file["operators"][&name].as_object()?;
        let removable = members.keys().filter(|key| matches!(key.as_str(), "finishes" | "replayable" | "keys" | "multiply" | "add"));
        places.extend(removable.map(|key| format!("/operators/{name}/{key}")));
    }
    for (at, channel) in draft.file["channels"].as_array()?.iter().enumerate() {
        let removable = channel.as_object()?.keys().filter(|key| !matches!(key.as_str(), "from" | "to"));
        places.extend(removable.map(|key| format!("/channels/{at}/{key}")));
    }
    let (parent, key) = places.get(n)?.rsplit_once('/')?;
    let mut smaller = draft.clone();
    smaller.file.pointer_mut(parent)?.as_object_mut()?.remove(key);
    Some(smaller)
}

/// Fewer records: half of a source's, then one less; fewer entries of a script.
fn records(draft: &Draft, n: usize) -> Option<Draft> {
    let mut candidates = Vec::new();
    for name in names(draft) {
        let operator = &draft.file["operators"][&name];
        let Some(records) = operator["records"].as_u64() else { continue };
        candidates.extend([records / 2, records.saturating_sub(1)].into_iter().filter(|&fewer| fewer > 0 && fewer < records).map(
            |fewer| {
                let mut smaller = draft.clone();
                smaller.file["operators"][&name]["records"] = json!(fewer);
                smaller
            },
        ));
    }
    for at in 0..draft.file["script"].as_array().map_or(0, Vec::len) {
        let mut smaller = draft.clone();
        smaller.file["script"].as_array_mut()?.remove(at);
        candidates.push(smaller);
    }
    candidates.into_iter().nth(n)
}

/// Simpler operators and sinks, smaller numbers.
fn kinds(draft: &Draft, n: usize) -> Option<Draft> {
    let mut candidates = Vec::new();
    for name in names(draft) {
        let operator = &draft.file["operators"][&name];
        let simpler = match operator["kind"].as_str()? {
            "map" | "flat_map" | "union" => Some(json!({"kind": "pass"})),
            "keyed_sum" | "latest" | "average" => Some(json!({"kind": "keyed_count"})),
            "iterate" if operator["rounds"] != 1 => Some(json!({"kind": "iterate", "rounds": 1})),
            "account" if operator["tokens"] != 1 => Some(json!({"kind": "account", "tokens": 1})),
            _ => None,
        };
        if let Some(mut simpler) = simpler {
            for key in ["parallelism", "keys"] {
                if let Some(value) = operator.get(key).filter(|_| simpler["kind"] != "account") {
                    simpler[key] = value.clone();
                }
            }
            let mut smaller = draft.clone();
            smaller.file["operators"][&name] = simpler;
            candidates.push(smaller);
        }
    }
    for name in names(draft) {
        if draft.file["operators"][&name]["reset"].as_u64().is_some_and(|reset| reset > 1) {
            let mut smaller = draft.clone();
            smaller.file["operators"][&name]["reset"] = json!(1);
            candidates.push(smaller);
        }
    }
    for rule in ["max_concurrent", "retain"] {
        if draft.file["snapshots"][rule].as_u64().is_some_and(|number| number > 2) {
            let mut smaller = draft.clone();
            smaller.file["snapshots"][rule] = json!(2);
            candidates.push(smaller);
        }
    }
    for (at, entry) in draft.file["script"].as_array().into_iter().flatten().enumerate() {
        if entry["send"].as_u64().is_some_and(|amount| amount > 1) {
            let mut smaller = draft.clone();
            smaller.file["script"][at]["send"] = json!(1);
            candidates.push(smaller);
        }
    }
    candidates.into_iter().nth(n)
}

/// Sinks that commit nothing.
pub(super) fn sinks(draft: &Draft, n: usize) -> Option<Draft> {
    let is_two_phase = |name: &String| draft.file["operators"][name]["commit"] == "two_phase";
    let name = names(draft).into_iter().filter(is_two_phase).nth(n)?;
    let mut smaller = draft.clone();
    smaller.file["operators"][name]["commit"] = json!("plain");
    Some(smaller)
}

/// Operators named by what they do, sources first, and channels in that order.
pub(super) fn renamed(draft: &Draft) -> Option<Draft> {
    let operators = draft.file["operators"].as_object()?;
    let mut taken: Vec<(String, String)> = Vec::new();
    for (name, operator) in operators {
        let kind = operator["kind"].as_str()?;
        let wishes: &[&str] = match kind {
            "source" => &["a", "b", "c", "d"],
            "sink" => &["out", "log"],
            "keyed_count" | "keyed_sum" | "latest" | "average" => &["count", "total", "third"],
            "account" | "automaton" => return None,
            "join" => &["pairs"],
            "iterate" => &["loop"],
            _ => &["pass", "next", "last"],
        };
        let free = wishes.iter().find(|wish| taken.iter().all(|(_, used)| used != *wish))?;
        taken.push((name.clone(), (*free).to_owned()));
    }
    let new_name = |old: &Value| taken.iter().find(|(name, _)| *old == **name).map(|(_, new)| new.clone());
    let mut renamed = draft.clone();
    renamed.file["operators"] =
        operators.iter().map(|(name, operator)| Some((new_name(&json!(name))?, operator.clone()))).collect::<Option<Map<_, _>>>()?.into();
    let mut channels = Vec::new();
    for channel in draft.file["channels"].as_array()? {
        let mut channel = channel.clone();
        channel["from"] = json!(new_name(&channel["from"])?);
        channel["to"] = json!(new_name(&channel["to"])?);
        channels.push(channel);
    }
    channels.sort_by_key(|channel| (channel["from"].to_string(), channel["to"].to_string()));
    renamed.file["channels"] = Value::Array(channels);
    Some(renamed)
}
