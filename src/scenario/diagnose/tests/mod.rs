//! Every kind of mistake, with its place and words.

mod alternatives;
mod fields;
mod hostile;
mod values;
use super::super::json::{self, Mistake, Node, Span, Value};
use super::*;
use schemars::{JsonSchema, Schema, SchemaGenerator, schema_for};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A stand-in for a real scenario, with one of every shape the schema can take.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema and the fact that it parses matter")]
struct Scenario {
    seed: u64,
    #[serde(default)]
    small: Option<u8>,
    #[serde(default)]
    offset: i64,
    #[serde(default)]
    rate: Option<f64>,
    #[serde(default)]
    strict: bool,
    operators: BTreeMap<String, Operator>,
    #[serde(default)]
    channels: Vec<Channel>,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    limits: Option<Limits>,
    #[serde(default)]
    weights: BTreeMap<u32, u8>,
    #[serde(default)]
    range: Option<(u64, String)>,
    #[serde(default)]
    nested: Option<Box<Tree>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
enum Operator {
    /// Emits records.
    Source {
        records: u64,
        #[serde(default)]
        every: Option<Duration>,
        #[serde(default)]
        parallelism: Option<u32>,
    },
    KeyedCount {
        keys: u64,
    },
    Sink {
        commit: Commit,
    },
    Limited(Limits),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Commit {
    /// Writes at once.
    Plain,
    /// Writes again over what is there.
    Idempotent,
    TwoPhase,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
struct Channel {
    from: String,
    to: String,
    partition: Partition,
    #[serde(default)]
    delay: Option<Delay>,
    #[serde(default)]
    capacity: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Partition {
    Forward,
    Hash,
    Rebalance,
    Broadcast,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema matters")]
enum Delay {
    Fixed(Duration),
    Drawn(Drawn),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema matters")]
enum Drawn {
    Uniform([Duration; 2]),
    Exponential { mean: Duration },
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
enum Fault {
    CrashAt {
        crash: String,
        at: Duration,
    },
    CrashWhen {
        crash: String,
        when: Trigger,
    },
    Stall {
        stall: String,
        from: Duration,
        #[serde(rename = "for")]
        length: Duration,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
struct Trigger {
    task: String,
    reaches: u64,
    #[serde(default)]
    snapshot: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
struct Limits {
    #[serde(deserialize_with = "up_to_a_million")]
    #[schemars(range(max = 1_000_000))]
    steps: u64,
}

fn up_to_a_million<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        steps @ ..=1_000_000 => Ok(steps),
        _ => Err(D::Error::custom("too many")),
    }
}

/// A type that contains itself by two ways that look the same.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema matters")]
enum Tree {
    Left { next: Option<Box<Tree>> },
    Right { next: Option<Box<Tree>>, leaf: u64 },
    Leaf(u64),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the fact that it parses matters")]
enum Duration {
    Text(String),
    Nanos(u64),
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": ["string", "integer"], "minimum": 0})
    }
}

fn schema() -> Json {
    schema_for!(Scenario).to_value()
}

fn mistakes(json: &str, schema: &Json) -> Vec<String> {
    match json::parse(json) {
        Ok(root) => {
            let (mistakes, _) = validate(&root, json, schema);
            mistakes.iter().map(Mistake::to_string).collect()
        }
        Err(mistake) => vec![mistake.to_string()],
    }
}

/// The complete list of mistakes in `json` has to be `expected`.
#[track_caller]
fn check(json: &str, expected: &[&str]) {
    assert_eq!(mistakes(json, &schema()), expected);
}

/// The same for the members of an otherwise faultless file, in its third line.
#[track_caller]
fn check_members(members: &str, expected: &[&str]) {
    let json = format!("{{\"seed\": 1,\n\"operators\": {{}},\n{members}}}");
    check(&json, expected);
}

const SAMPLE: &str = r#"{
  "seed": 7,
  "small": 3, "offset": -4, "rate": 1.5e0, "strict": true,
  "operators": {
    "in": {"kind": "source", "records": 100, "every": "1ms", "parallelism": 2},
    "count": {"kind": "keyed_count", "keys": 10},
    "out": {"commit": "two_phase", "kind": "sink"},
    "cap": {"kind": "limited", "steps": 1000000}
  },
  "channels": [
    {"from": "in", "to": "count", "partition": "hash", "delay": {"uniform": ["1ms", 5]}},
    {"from": "count", "to": "out", "partition": "forward", "delay": 12, "capacity": null}
  ],
  "faults": [
    {"crash": "count", "at": "3s"},
    {"crash": "count", "when": {"task": "in", "reaches": 5, "snapshot": 1}},
    {"stall": "out", "from": 1, "for": "2s"}
  ],
  "limits": {"steps": 0},
  "weights": {"1": 2, "30": 4},
  "range": [1, "é"],
  "nested": {"next": {"next": null, "leaf": 4}}
}"#;

#[test]
fn accepts_what_is_right() {
    check(SAMPLE, &[]);
    check(r#"{"operators": {}, "seed": 18446744073709551615}"#, &[]);
}
