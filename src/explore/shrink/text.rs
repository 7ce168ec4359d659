//! The scenario file of what is left: for people first.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::Draft;
use crate::engine::{Control, Step};
use crate::oracle::Class;
use crate::scenario::outcome::NOT_JUDGED;
use crate::scenario::{Outcome, Scenario};

/// One line on what kind of thing goes wrong.
fn headline(class: Class) -> &'static str {
    match class {
        Class::Duplicated => "A record counts twice",
        Class::Lost => "A record is lost",
        Class::Wrong => "A place holds what it should not",
        Class::Panicked => "A part of the run panics",
        Class::Broken("consistent_cut") => "A snapshot that is no consistent cut",
        Class::Broken("state_equals_replay") => "A snapshot of a state that nobody was in",
        Class::Broken("restore_fidelity") => "A restore of something else than was saved",
        Class::Broken("sink_commit_rules") => "A sink that commits at the wrong time",
        Class::Broken("coordinator_rules") => "A coordinator that breaks a rule of its own",
        Class::Broken("liveness") => "A run that never comes to its end",
        Class::Broken("engine_sanity") => "Messages across attempts, or a snapshot that ends twice",
        Class::Broken("conservation") => "A snapshot with too many or too few tokens",
        Class::Broken("no_false_alarm") => "An alarm without a cause",
        Class::Broken(_) => "An invariant is broken",
    }
}

/// What the run says is wrong.
fn detail(class: Class, outcome: &Outcome) -> String {
    let invariant = outcome.invariants.iter().find(|invariant| invariant.name == class.invariant());
    invariant.and_then(|invariant| invariant.detail.clone()).unwrap_or_default()
}

/// The file: one line per operator, channel and step.
pub(super) fn file(
    draft: &Draft,
    scenario: &Scenario,
    steps: &[Step],
    (class, is_claimed): (Class, bool),
    outcome: &Outcome,
    (proven, interrupted): (bool, bool),
) -> String {
    let minimal = match proven {
        _ if interrupted => "It was interrupted on the way, so more could be left out.",
        true => "Exhaustive search has shown that no shorter schedule of this scenario ends like this.",
        false => "Nothing can be left out of this schedule; it is not proven that there is no shorter one.",
    };
    let story = match is_claimed {
        true => format!(
            "Found by search and made as small as it gets. With the bug in it, these steps lead to this: {}. {minimal} What is expected is \
             what must hold once the bug is gone.",
            detail(class, outcome)
        ),
        false => format!(
            "Made as small as it gets. Nobody promises that this does not happen{}. {minimal}",
            match detail(class, outcome) {
                nothing if nothing.is_empty() => nothing,
                detail => format!(": {detail}"),
            }
        ),
    };
    let mut file = draft.file.clone();
    file["title"] = json!(format!("{}, in {} step{}", headline(class), steps.len(), if steps.len() == 1 { "" } else { "s" }));
    file["story"] = json!(story);
    list(&mut file, draft.control, steps.iter().map(|step| step.describe(scenario.plan())).collect());
    file["expect"] = match class {
        // Without the bug some of the steps may have no place.
        class if is_claimed => json!({"invariants": {class.invariant(): "held"}, "skipped": {"min": 0}}),
        Class::Duplicated | Class::Lost | Class::Wrong => unpromised(outcome),
        class => json!({"invariants": {class.invariant(): "violated"}}),
    };
    layout(&file)
}

/// What is seen and was never promised: the guarantee, or place by place where none is judged.
fn unpromised(outcome: &Outcome) -> Value {
    if outcome.guarantee.observed != NOT_JUDGED {
        return json!({"guarantee": outcome.guarantee.observed});
    }
    let seen = outcome.places.iter().map(|place| {
        let expect = json!({"lost": place.lost, "duplicated": place.duplicated, "contents": place.contents.verdict});
        (place.place.clone(), expect)
    });
    json!({"places": seen.collect::<Map<_, _>>()})
}

/// Makes a draft a scenario that lists its steps: these ask for snapshots, and nothing happens at a time.
pub(super) fn list(file: &mut Value, control: Control, steps: Vec<String>) {
    if let Some(snapshots) = file.get_mut("snapshots").and_then(Value::as_object_mut) {
        snapshots.remove("at");
    }
    if let Some(script) = file.get_mut("script").and_then(Value::as_array_mut) {
        script.retain(|entry| entry.get("snapshot").is_none());
    }
    file["control"] = match control {
        Control::INSTANT => json!("instant"),
        Control::CHANNEL => json!("channel"),
        some => some.words().collect(),
    };
    file["schedule"] = json!(steps);
}

/// The order in which people read a scenario; what is not named here comes last.
const ORDER: [&str; 12] =
    ["title", "story", "operators", "channels", "snapshots", "recovery", "detect", "script", "control", "schedule", "limits", "expect"];

pub(super) fn layout(file: &Value) -> String {
    let mut members: Vec<(&String, &Value)> = file.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
    let mut lines = Vec::new();
    for (key, value) in members {
        let mut line = format!("  {}: ", json!(key));
        match value {
            Value::Object(members) if key == "operators" => {
                let inner: Vec<String> =
                    members.iter().map(|(name, operator)| format!("    {}: {}", json!(name), inline(operator))).collect();
                let _ = write!(line, "{{\n{}\n  }}", inner.join(",\n"));
            }
            Value::Array(items) if !items.is_empty() && key != "control" => {
                let inner: Vec<String> = items.iter().map(|item| format!("    {}", inline(item))).collect();
                let _ = write!(line, "[\n{}\n  ]", inner.join(",\n"));
            }
            value => line.push_str(&inline(value)),
        }
        lines.push(line);
    }
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// On one line, `kind` first.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let (first, rest): (Vec<_>, Vec<_>) =
                members.iter().partition(|(key, _)| matches!(key.as_str(), "kind" | "from" | "protocol" | "at"));
            let all = first.into_iter().chain(rest).map(|(key, value)| format!("{}: {}", json!(key), inline(value)));
            format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        value => value.to_string(),
    }
}
