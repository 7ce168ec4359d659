//! Mistakes planted in good scenarios: each is reported at its own line, and nothing else is.

use std::fs;
use std::path::Path;

use cutline::Scenario;
use cutline::kernel::Stream;
use serde_json::Value as Json;

/// Scenarios that between them use most of the format.
const FILES: [&str; 19] = [
    "aligned-join.json",
    "at-least-once-double.json",
    "backpressure-stalls-barrier.json",
    "broadcast.json",
    "colours-out-of-order.json",
    "course/04-photos-without-channels.json",
    "course/11-is-it-finished.json",
    "course/25-loop-with-backedge.json",
    "failed-upload.json",
    "faults-that-never-happen.json",
    "fencing-off.json",
    "finished-source.json",
    "found/marker-behind-a-newer-one.json",
    "lost-notice-made-good.json",
    "random-crashes-soak.json",
    "schedules/held-by-alignment.json",
    "slow-task.json",
    "stalled-channel.json",
    "word-count.json",
];

/// How many pairs of mistakes are planted in each scenario.
const PAIRS: usize = 150;

/// A JSON value that stands on lines of its own, one for each value inside.
#[derive(Clone)]
struct Node {
    value: Value,
    /// Whether a mistake must be reported where it begins.
    is_planted: bool,
}

#[derive(Clone)]
enum Value {
    /// Not printed; keeps the numbers of its neighbours as they are.
    Absent,
    Plain(Json),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl From<Json> for Node {
    fn from(json: Json) -> Self {
        let value = match json {
            Json::Array(items) => Value::Array(items.into_iter().map(Node::from).collect()),
            Json::Object(members) => Value::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect()),
            plain => Value::Plain(plain),
        };
        Node { value, is_planted: false }
    }
}

impl Node {
    fn planted(json: Json) -> Self {
        Node { is_planted: true, ..json.into() }
    }

    /// The members, those of an array without keys.
    fn children(&self) -> Vec<(Option<&str>, &Node)> {
        match &self.value {
            Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Object(members) => members.iter().map(|(key, node)| (Some(key.as_str()), node)).collect(),
            Value::Plain(_) | Value::Absent => Vec::new(),
        }
    }

    fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self, |node, &index| match &mut node.value {
            Value::Array(items) => &mut items[index],
            Value::Object(members) => &mut members[index].1,
            Value::Plain(_) | Value::Absent => unreachable!("paths lead to what is there"),
        })
    }

    fn members(&mut self) -> &mut Vec<(String, Node)> {
        match &mut self.value {
            Value::Object(members) => members,
            _ => unreachable!("called for objects"),
        }
    }

    /// Writes it down, and notes the lines where a mistake must be reported.
    fn print(&self, text: &mut String, planted: &mut Vec<usize>) {
        if self.is_planted {
            planted.push(text.matches('\n').count() + 1);
        }
        let (open, close) = match &self.value {
            Value::Plain(json) => return text.push_str(&json.to_string()),
            Value::Array(_) => ('[', ']'),
            Value::Object(_) | Value::Absent => ('{', '}'),
        };
        text.push(open);
        let present = self.children().into_iter().filter(|(_, node)| !matches!(node.value, Value::Absent));
        for (number, (key, node)) in present.enumerate() {
            text.push_str(if number > 0 { ",\n" } else { "\n" });
            text.extend(key.map(|key| format!("{}: ", Json::from(key))));
            node.print(text, planted);
        }
        text.push('\n');
        text.push(close);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    MisspeltField,
    WrongType,
    BareNumber,
    UnknownName,
    MissingField,
    RepeatedKey,
    UnknownWord,
}

/// A mistake and where it is to be made: by the numbers of children, and by the keys (`*` for items).
#[derive(Clone, Debug)]
struct Plant {
    kind: Kind,
    path: Vec<usize>,
    keys: Vec<String>,
}

impl Plant {
    fn make(&self, root: &mut Node, number: usize) {
        let (&index, parents) = self.path.split_last().expect("nothing is planted at the root");
        let parent = root.at(parents);
        match self.kind {
            Kind::MisspeltField => {
                let (key, node) = &mut parent.members()[index];
                key.extend(key.chars().last());
                node.is_planted = true;
            }
            Kind::MissingField => {
                parent.members()[index].1.value = Value::Absent;
                parent.is_planted = true;
            }
            Kind::RepeatedKey => {
                let (key, node) = parent.members()[index].clone();
                parent.members().push((key, Node { is_planted: true, ..node }));
            }
            Kind::UnknownName if is_place(&self.keys) => {
                let (key, node) = &mut parent.members()[index];
                *key = format!("nobody{number}");
                node.is_planted = true;
            }
            Kind::WrongType | Kind::BareNumber | Kind::UnknownName | Kind::UnknownWord => {
                let node = root.at(&self.path);
                *node = Node::planted(self.instead_of(&node.value, number));
            }
        }
    }

    fn instead_of(&self, value: &Value, number: usize) -> Json {
        match (self.kind, value) {
            (Kind::WrongType, Value::Plain(Json::Bool(_))) => 3.5.into(),
            (Kind::WrongType, _) => true.into(),
            (Kind::BareNumber, _) => 5.into(),
            (Kind::UnknownName, Value::Plain(Json::String(text))) if self.keys[0] == "schedule" => {
                let (verb, _) = text.split_once(' ').expect("steps that name somebody");
                format!("{verb} nobody{number}").into()
            }
            (Kind::UnknownName, Value::Plain(Json::String(text))) if text.contains("->") => format!("nobody{number}->nobody").into(),
            (Kind::UnknownName, _) => format!("nobody{number}").into(),
            _ => "quite_another_word".into(),
        }
    }

    /// Whether two mistakes have nothing to do with each other.
    fn is_apart_from(&self, other: &Plant) -> bool {
        // Without these sections no name can be looked up.
        let takes_names_away = |plant: &Plant| {
            plant.kind != Kind::MisspeltField
                && matches!(plant.keys.iter().map(String::as_str).collect::<Vec<_>>()[..], ["operators" | "channels"])
        };
        let parent = |plant: &Plant| plant.path[..plant.path.len() - 1].to_vec();
        // What a field that is not there was, or which of two counts, is anybody's guess.
        let stays = |plant: &Plant| {
            !matches!(plant.kind, Kind::MissingField | Kind::RepeatedKey) && plant.keys.last().is_some_and(|key| key != "kind")
        };
        (parent(self) != parent(other) || (stays(self) && stays(other)))
            && !self.path.starts_with(&other.path)
            && !other.path.starts_with(&self.path)
            && !takes_names_away(self)
            && !takes_names_away(other)
    }
}

/// Whether it is an operator's name in what is expected.
fn is_place(keys: &[String]) -> bool {
    matches!(keys, [expect, places, _] if expect == "expect" && places == "places")
}

/// Whether the keys of the object around it are names that the author chooses.
fn is_in_a_map(keys: &[&str]) -> bool {
    matches!(keys, ["operators", _] | ["expect", "places" | "states", _] | ["expect", "states", _, "processes" | "channels", _])
}

fn is_required(keys: &[&str], neighbours: &[&str]) -> bool {
    match keys {
        ["title" | "operators" | "channels"] => true,
        ["operators", _, field] => matches!(*field, "kind" | "commit" | "tokens" | "starts" | "rules" | "modulo" | "copies" | "rounds"),
        ["channels", "*", field] => matches!(*field, "from" | "to"),
        ["snapshots", "protocol"] | ["script", "*", _] | ["faults", "*", "when", "reaches"] => true,
        ["faults", "*", field] => !matches!(*field, "from" | "tasks") || !neighbours.contains(&"random_crashes"),
        ["expect", "alignment", "*", field] => matches!(*field, "task" | "snapshot"),
        _ => false,
    }
}

fn is_name(keys: &[&str], text: &str) -> bool {
    match keys {
        ["channels", "*", field] => matches!(*field, "from" | "to"),
        ["faults", "*", "from"] => false,
        ["faults", "*", "tasks", "*"] | ["faults", "*", "when", "task"] | ["expect", "alignment", "*", "task"] => true,
        ["faults", "*", field] => matches!(*field, "crash" | "slow" | "fail_upload" | "to" | "stall"),
        ["script", "*", field] => matches!(*field, "from" | "to" | "act" | "snapshot"),
        ["operators", _, "rules", "*", "to"] => true,
        ["schedule", "*"] => text.starts_with("emit ") || text.starts_with("crash "),
        _ => false,
    }
}

/// Whether only certain words can stand there.
fn is_word(keys: &[&str]) -> bool {
    let words = [
        "kind",
        "commit",
        "partition",
        "order",
        "protocol",
        "after_end",
        "back_edges",
        "channel_state",
        "reaches",
        "lose",
        "repeat",
        "postpone",
        "job",
    ];
    match keys {
        ["operators" | "expect", "places", _] => false,
        ["expect", "situations", "*"] | ["expect", "invariants", _] | ["control"] | ["control", "*"] => true,
        [.., field] => words.contains(field) || matches!(*field, "guarantee" | "contents"),
        [] => false,
    }
}

fn is_duration(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < text.len() && matches!(unit, "us" | "ms" | "s")
}

/// Everything that can be planted in `node` and what is inside.
fn plants(node: &Node, path: &[usize], keys: &[&str], all: &mut Vec<Plant>) {
    let children = node.children();
    let neighbours: Vec<&str> = children.iter().filter_map(|(key, _)| *key).collect();
    for (index, (key, child)) in children.iter().enumerate() {
        let path = [path, &[index]].concat();
        let keys = [keys, &[key.unwrap_or("*")]].concat();
        let mut plant = |kind, is_possible: bool| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            all.extend(is_possible.then(|| Plant { kind, path: path.clone(), keys }));
        };
        let text = if let Value::Plain(Json::String(text)) = &child.value { text } else { "" };
        plant(Kind::MisspeltField, key.is_some() && !is_in_a_map(&keys));
        plant(Kind::WrongType, true);
        plant(Kind::BareNumber, is_duration(text));
        plant(Kind::UnknownName, is_name(&keys, text) || matches!(keys[..], ["expect", "places", _]));
        plant(Kind::MissingField, is_required(&keys, &neighbours));
        plant(Kind::RepeatedKey, key.is_some());
        plant(Kind::UnknownWord, !text.is_empty() && is_word(&keys));
        plants(child, &path, &keys, all);
    }
}

/// Plants these mistakes and compares the lines that are reported; says what is wrong with them.
fn check(file: &str, root: &Node, mistakes: &[&Plant]) -> Option<String> {
    let mut root = root.clone();
    for (number, plant) in mistakes.iter().enumerate() {
        plant.make(&mut root, number);
    }
    let (mut text, mut planted) = (String::new(), Vec::new());
    root.print(&mut text, &mut planted);
    let read = |path: &str| fs::read(folder().join(file).with_file_name(path)).map_err(|error| error.to_string());
    let said = Scenario::parse(file, text.as_bytes(), &read).err().unwrap_or_default();
    let lines: Vec<usize> = said.iter().map(|mistake| mistake.line).collect();
    let said = said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let made: Vec<String> = mistakes.iter().map(|plant| format!("{:?} at {}", plant.kind, plant.keys.join("."))).collect();
    (lines != planted).then(|| format!("{file}, {}, lines {planted:?}; reported:\n{said}\n", made.join(" and ")))
}

fn assert_nothing_is_wrong(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))
}

fn scenario(file: &str) -> (Node, Vec<Plant>) {
    let bytes = fs::read(folder().join(file)).expect(file);
    let root = Node::from(serde_json::from_slice::<Json>(&bytes).expect(file));
    let mut all = Vec::new();
    plants(&root, &[], &[], &mut all);
    (root, all)
}

#[test]
fn every_kind_is_planted_often() {
    let all: Vec<Plant> = FILES.iter().flat_map(|file| scenario(file).1).collect();
    for kind in [
        Kind::MisspeltField,
        Kind::WrongType,
        Kind::BareNumber,
        Kind::UnknownName,
        Kind::MissingField,
        Kind::RepeatedKey,
        Kind::UnknownWord,
    ] {
        let count = all.iter().filter(|plant| plant.kind == kind).count();
        assert!(count >= 50, "{kind:?} is planted {count} times");
    }
}

#[test]
fn nothing_is_said_of_good_scenarios() {
    assert_nothing_is_wrong(FILES.iter().filter_map(|file| check(file, &scenario(file).0, &[])).collect());
}

#[test]
fn one_mistake_is_reported_at_its_line_and_nothing_else_is() {
    let mut wrong = Vec::new();
    for file in FILES {
        let (root, all) = scenario(file);
        wrong.extend(all.iter().filter_map(|plant| check(file, &root, &[plant])));
    }
    assert_nothing_is_wrong(wrong);
}

#[test]
fn two_mistakes_are_reported_at_their_lines_and_nothing_else_is() {
    let mut wrong = Vec::new();
    for file in FILES {
        let (root, all) = scenario(file);
        let mut stream = Stream::named(1, file);
        let mut any = || &all[stream.below(all.len() as u64) as usize];
        for _ in 0..PAIRS {
            let (one, other) = (any(), any());
            if one.is_apart_from(other) {
                wrong.extend(check(file, &root, &[one, other]));
            }
        }
    }
    assert_nothing_is_wrong(wrong);
}
