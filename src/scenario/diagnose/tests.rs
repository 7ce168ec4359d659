//! Every kind of mistake, with its place and words.

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
            let mistakes = validate(&root, json, schema);
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

#[test]
fn misspelt_fields() {
    check_members(
        r#""channels": [{"frm": "a", "to": "b", "partition": "hash", "capcity": "x"}]"#,
        &[
            r#"3:15: $.channels[0].frm: unknown field "frm" (did you mean "from"?)"#,
            r#"3:59: $.channels[0].capcity: unknown field "capcity" (did you mean "capacity"?)"#,
            r#"3:70: $.channels[0].capcity: expected an integer, found a string"#,
        ],
    );
    check_members(
        r#""sed": 1, "limits": {"steps": 1, "zzz": 2}"#,
        &[
            r#"3:1: $.sed: unknown field "sed" ("seed" is already given)"#,
            r#"3:34: $.limits.zzz: unknown field "zzz" (valid fields: "steps")"#,
        ],
    );
}

/// A misspelt section must not hide what is wrong inside it.
#[test]
fn misspelt_sections_are_judged_too() {
    check(
        r#"{"seed": 1, "operatrs": {"a": {"kind": "sink", "commit": 1}}}"#,
        &[
            r#"1:13: $.operatrs: unknown field "operatrs" (did you mean "operators"?)"#,
            r#"1:58: $.operatrs.a.commit: expected a string, found an integer (valid values: "two_phase", "plain", "idempotent")"#,
        ],
    );
}

#[test]
fn several_independent_mistakes() {
    check_members(
        r#""channels": [{"from": 1, "partition": "hsah", "delay": [], "capacity": -1}, 7],
"limits": {"steps": 1000000000000000000}, "strict": "true",
"intervall": 1"#,
        &[
            r#"3:14: $.channels[0]: missing field "to""#,
            r#"3:23: $.channels[0].from: expected a string, found an integer"#,
            r#"3:39: $.channels[0].partition: unknown value "hsah" (did you mean "hash"?)"#,
            r#"3:56: $.channels[0].delay: expected a string, an integer or an object, found an array"#,
            r#"3:72: $.channels[0].capacity: must be at least 0, found -1"#,
            r#"3:77: $.channels[1]: expected an object, found an integer"#,
            r#"4:21: $.limits.steps: must be at most 1000000, found 1000000000000000000"#,
            r#"4:53: $.strict: expected true or false, found a string (write it without quotes)"#,
            r#"5:1: $.intervall: unknown field "intervall" (valid fields: "channels", "faults", "limits", "nested", "offset", "operators", "range", "rate", "seed", "small", "strict", "weights")"#,
        ],
    );
}

#[test]
fn wrong_types() {
    check_members(
        r#""channels": {"from": "a"}, "limits": [], "small": {}, "strict": 1, "offset": "5""#,
        &[
            "3:13: $.channels: expected an array, found an object",
            "3:38: $.limits: expected an object, found an array",
            "3:51: $.small: expected an integer, found an object",
            "3:65: $.strict: expected true or false, found an integer",
            "3:78: $.offset: expected an integer, found a string (write it without quotes)",
        ],
    );
    check("[]", &["1:1: $: expected an object, found an array"]);
    check("null", &["1:1: $: expected an object, found null"]);
}

#[test]
fn numbers() {
    check_members(
        r#""small": 256, "offset": -9223372036854775809, "rate": 1e999"#,
        &[
            "3:10: $.small: must be at most 255, found 256",
            "3:25: $.offset: must be at least -9223372036854775808, found -9223372036854775809",
            "3:55: $.rate: must be at most 1.7976931348623157e308, found 1e999",
        ],
    );
    check_members(
        r#""small": 1e1, "offset": -0, "rate": "fast", "limits": {"steps": -12345678901234567890123456789012345678901234567890}"#,
        &[
            "3:10: $.small: expected an integer, found 1e1 (write a whole number without a fraction or an exponent)",
            "3:25: $.offset: expected an integer, found -0 (write a whole number without a fraction or an exponent)",
            "3:37: $.rate: expected a number, found a string",
            "3:65: $.limits.steps: must be at least 0, found -123456789012345678901234567890123456789…",
        ],
    );
    check(
        r#"{"operators": {}, "seed": 18446744073709551616}"#,
        &["1:27: $.seed: must be at most 18446744073709551615, found 18446744073709551616"],
    );
}

#[test]
fn duplicate_keys() {
    check(
        "{\"seed\": 1,\n\"operators\": {\"a\": {\"kind\": \"limited\", \"steps\": 1,\n\"s\\u0074eps\": \"x\"},\n\"a\": {\"kind\": \"sink\"}},\n\"seed\": -1, \"zzz\": 0, \"zzz\": 1}",
        &[
            r#"3:1: $.operators.a.steps: duplicate key "steps"; it was first given at line 2"#,
            r#"4:1: $.operators.a: duplicate key "a"; it was first given at line 2"#,
            r#"4:6: $.operators.a: missing field "commit" (valid values: "two_phase", "plain", "idempotent")"#,
            r#"5:1: $.seed: duplicate key "seed"; it was first given at line 1"#,
            r#"5:13: $.zzz: unknown field "zzz" (valid fields: "channels", "faults", "limits", "nested", "offset", "operators", "range", "rate", "seed", "small", "strict", "weights")"#,
            r#"5:23: $.zzz: duplicate key "zzz"; it was first given at line 5"#,
        ],
    );
}

/// Judges one operator, which is all there is in the second line.
#[track_caller]
fn check_operator(operator: &str, expected: &[&str]) {
    let json = format!("{{\"seed\": 1, \"operators\": {{\"a\":\n{operator}}}}}");
    check(&json, expected);
}

const KINDS: &str = r#"(valid values: "source", "keyed_count", "sink", "limited")"#;

#[test]
fn tags_that_are_known_select_the_variant() {
    check_operator(
        r#"{"kind": "source", "records": 4, "keys": 5, "evry": 1}"#,
        &[
            r#"2:34: $.operators.a.keys: unknown field "keys" ("keys" belongs to kind "keyed_count"; valid fields: "every", "kind", "parallelism", "records")"#,
            r#"2:45: $.operators.a.evry: unknown field "evry" (did you mean "every"?)"#,
        ],
    );
    check_operator(
        r#"{"kind": "sink", "commit": "twoPhase"}"#,
        &[r#"2:28: $.operators.a.commit: unknown value "twoPhase" (did you mean "two_phase"?)"#],
    );
    check_operator(
        r#"{"kind": "source", "kind": "sink", "records": {}, "parallelism": 4294967296}"#,
        &[
            r#"2:20: $.operators.a.kind: duplicate key "kind"; it was first given at line 2"#,
            "2:47: $.operators.a.records: expected an integer, found an object",
            "2:66: $.operators.a.parallelism: must be at most 4294967295, found 4294967296",
        ],
    );
}

#[test]
fn tags_that_are_misspelt_select_the_nearest_variant() {
    check_operator(
        r#"{"kind": "sorce", "records": "x"}"#,
        &[
            r#"2:10: $.operators.a.kind: unknown value "sorce" (did you mean "source"?)"#,
            "2:30: $.operators.a.records: expected an integer, found a string",
        ],
    );
    check_operator(
        r#"{"knid": "sorce", "records": 1}"#,
        &[
            r#"2:2: $.operators.a.knid: unknown field "knid" (did you mean "kind"?)"#,
            r#"2:10: $.operators.a.knid: unknown value "sorce" (did you mean "source"?)"#,
        ],
    );
    check_operator(
        r#"{"kind": "count", "records": 1}"#,
        &[r#"2:10: $.operators.a.kind: unknown value "count" (did you mean "keyed_count"?)"#],
    );
}

/// Then only what is wrong in every variant is reported.
#[test]
fn tags_that_say_nothing_select_no_variant() {
    let unknown = format!(r#"2:10: $.operators.a.kind: unknown value "bogus" {KINDS}"#);
    check_operator(
        r#"{"kind": "bogus", "records": "x", "zzzz": 1, "keys": 4, "zzzz": 2}"#,
        &[
            &unknown,
            "2:30: $.operators.a.records: expected an integer, found a string",
            r#"2:35: $.operators.a.zzzz: unknown field "zzzz" (valid fields: "commit", "every", "keys", "kind", "parallelism", "records", "steps")"#,
            r#"2:57: $.operators.a.zzzz: duplicate key "zzzz"; it was first given at line 2"#,
        ],
    );
    let missing = format!(r#"2:1: $.operators.a: missing field "kind" {KINDS}"#);
    check_operator("{}", &[&missing]);
    check_operator(
        r#"{"records": "x", "evry": 1}"#,
        &[
            &missing,
            "2:13: $.operators.a.records: expected an integer, found a string",
            r#"2:18: $.operators.a.evry: unknown field "evry" (did you mean "every"?)"#,
        ],
    );
    let wrong = format!("2:10: $.operators.a.kind: expected a string, found an integer {KINDS}");
    check_operator(r#"{"kind": 5, "records": 1}"#, &[&wrong]);
    check_operator(r#""source""#, &["2:1: $.operators.a: expected an object, found a string"]);
}

/// Judges one delay, which is all there is in the fourth line.
#[track_caller]
fn check_delay(delay: &str, expected: &[&str]) {
    let head = r#"{"from": "a", "to": "b", "partition": "hash""#;
    check_members(&format!("\"channels\": [{head}, \"delay\":\n{delay}}}]"), expected);
}

#[test]
fn objects_with_one_key() {
    check_delay("null", &[]);
    check_delay(r#"{"unifrm": [1, 2]}"#, &[r#"4:2: $.channels[0].delay.unifrm: unknown field "unifrm" (did you mean "uniform"?)"#]);
    check_delay(
        r#"{"uniform": [1, 2, []]}"#,
        &[
            "4:13: $.channels[0].delay.uniform: expected exactly 2 items, found 3",
            "4:20: $.channels[0].delay.uniform[2]: expected a string or an integer, found an array",
        ],
    );
    check_delay(
        r#"{"uniform": [1, 2], "exponential": {"mean": 1}}"#,
        &[r#"4:21: $.channels[0].delay.exponential: field "exponential" cannot be combined with "uniform" (remove one of them)"#],
    );
    check_delay("{}", &[r#"4:1: $.channels[0].delay: missing field: expected one of "uniform", "exponential""#]);
    check_delay(r#"{"": 1}"#, &[r#"4:2: $.channels[0].delay[""]: unknown field "" (valid fields: "exponential", "uniform")"#]);
    check_delay(r#"{"xyz": 1}"#, &[r#"4:2: $.channels[0].delay.xyz: unknown field "xyz" (valid fields: "exponential", "uniform")"#]);
    check_delay("-1", &["4:1: $.channels[0].delay: must be at least 0, found -1"]);
}

#[test]
fn words_and_objects_side_by_side() {
    let schema = serde_json::json!({"oneOf": [
        {"type": "string", "enum": ["none"]},
        {"const": "some"},
        {"type": "object", "properties": {"uniform": {"type": "integer"}},
         "required": ["uniform"], "additionalProperties": false}
    ]});
    let cases = [
        ("\"nome\"", r#"1:1: $: unknown value "nome" (did you mean "none"?)"#),
        ("\"x\"", r#"1:1: $: unknown value "x" (valid values: "none", "some")"#),
        ("\"uniform\"", r#"1:1: $: unknown value "uniform" ("uniform" needs a value: {"uniform": ...})"#),
        ("1", r#"1:1: $: expected a string or an object, found an integer (valid values: "none", "some")"#),
        (r#"{"none": 1}"#, r#"1:2: $.none: unknown field "none" (valid fields: "uniform")"#),
    ];
    for (json, expected) in cases {
        let found = mistakes(json, &schema);
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
    assert!(mistakes("\"some\"", &schema).is_empty());
}

#[test]
fn objects_told_apart_by_their_fields() {
    check_members(
        r#""faults": [
{"crash": "a", "att": 1},
{"crash": "a"},
{"crash": "a", "at": 1, "when": {}},
{"stall": 1, "from": 1.5},
{},
{"crash": "a", "when": {"task": "x", "reachs": -1}},
{"bogus": 1},
{"stall": "a", "at": 5}]"#,
        &[
            r#"4:16: $.faults[0].att: unknown field "att" (did you mean "at"?)"#,
            r#"5:1: $.faults[1]: missing field "at""#,
            r#"6:25: $.faults[2].when: field "when" cannot be combined with "at" (remove one of them)"#,
            r#"7:1: $.faults[3]: missing field "for""#,
            "7:11: $.faults[3].stall: expected a string, found an integer",
            "7:22: $.faults[3].from: expected a string or an integer, found 1.5 (write a whole number without a fraction or an exponent)",
            r#"8:1: $.faults[4]: missing field: expected one of "crash", "stall""#,
            r#"9:38: $.faults[5].when.reachs: unknown field "reachs" (did you mean "reaches"?)"#,
            "9:48: $.faults[5].when.reachs: must be at least 0, found -1",
            r#"10:2: $.faults[6].bogus: unknown field "bogus" (valid fields: "at", "crash", "for", "from", "stall", "when")"#,
            r#"11:1: $.faults[7]: missing field "from""#,
            r#"11:1: $.faults[7]: missing field "for""#,
            r#"11:16: $.faults[7].at: field "at" cannot be combined with "stall" (remove one of them)"#,
        ],
    );
}

#[test]
fn maps_and_tuples() {
    check_members(
        r#""weights": {"x": 1, "1": 1000}, "range": [1]"#,
        &[
            r#"3:13: $.weights.x: unknown field "x" (the keys are whole numbers in double quotes)"#,
            r#"3:26: $.weights["1"]: must be at most 255, found 1000"#,
            "3:42: $.range: expected exactly 2 items, found 1",
        ],
    );
    check_members(
        r#""range": ["1", 2]"#,
        &[
            "3:11: $.range[0]: expected an integer, found a string (write it without quotes)",
            "3:16: $.range[1]: expected a string, found an integer",
        ],
    );
}

#[test]
fn bounds() {
    let cases = [
        (r#"{"exclusiveMinimum": 3, "type": "integer"}"#, "3", "must be at least 4, found 3"),
        (r#"{"exclusiveMaximum": 3.0, "type": "integer"}"#, "3", "must be at most 2, found 3"),
        (r#"{"minimum": 0.5, "type": "number"}"#, "0", "must be at least 0.5, found 0"),
        (r#"{"maximum": 1, "type": "number"}"#, "1.5", "must be at most 1, found 1.5"),
        (r#"{"exclusiveMinimum": 0, "type": "number"}"#, "0", "must be more than 0, found 0"),
        (r#"{"minLength": 1}"#, r#""""#, "expected at least 1 character, found 0"),
        (r#"{"maxLength": 1}"#, r#""éé""#, "expected at most 1 character, found 2"),
        (r#"{"minItems": 2}"#, "[1]", "expected at least 2 items, found 1"),
        (r#"{"maxProperties": 1}"#, r#"{"a": 1, "b": 2}"#, "expected at most 1 field, found 2"),
        (r#"{"enum": [1, 2]}"#, "3", "expected 1 or 2"),
    ];
    for (schema, json, expected) in cases {
        let schema = serde_json::from_str(schema).unwrap();
        assert_eq!(mistakes(json, &schema), [format!("1:1: $: {expected}")]);
    }
}

#[test]
fn odd_keys_and_characters_before_the_mistake() {
    check(
        r#"{"seed": 1, "operators": {"é😀 x": {"kind": "sorce", "records": 1}}, "\u0073mall": -1}"#,
        &[
            r#"1:44: $.operators["é😀 x"].kind: unknown value "sorce" (did you mean "source"?)"#,
            "1:83: $.small: must be at least 0, found -1",
        ],
    );
    check_members(
        r#""limits": {"steps": 1, "a\n\u0000\"b": 2}"#,
        &[r#"3:24: $.limits["a\n\0\"b"]: unknown field "a\n\0\"b" (valid fields: "steps")"#],
    );
}

#[test]
fn text_that_is_not_json() {
    check("", &["1:1: $: the file is empty; expected a JSON object {...}"]);
    check(&SAMPLE[..35], &["3:21: $: the file ends in the middle of a string (the \" at line 3, column 15 is never closed)"]);
    check(&format!("{SAMPLE} }}"), &["23:3: $: expected the end of the file, found \"}\""]);
    for depth in [10_000, 1_000_000] {
        let json = format!("{{\"seed\":{}", "[".repeat(depth));
        check(&json, &["1:72: $: nested too deep; expected at most 64 levels"]);
    }
}

#[test]
fn stops_after_a_hundred_mistakes() {
    let found = mistakes(&format!("[0{}]", ",0".repeat(199_999)), &item_schema());
    assert_eq!(found.len(), 101);
    assert_eq!(found[99], "1:200: $[99]: expected a string, found an integer");
    assert_eq!(found[100], "1:202: $[100]: and 199900 more");
    let exactly = mistakes(&format!("[0{}]", ",0".repeat(99)), &item_schema());
    assert_eq!(exactly.len(), 100);
    assert!(exactly[99].ends_with("expected a string, found an integer"));
}

fn item_schema() -> Json {
    serde_json::json!({"type": "array", "items": {"type": "string"}})
}

/// Alternatives inside alternatives, as deep as the reader lets them be.
#[test]
fn nested_alternatives_take_no_exponential_time() {
    let levels = 60;
    let json = format!(
        "{{\"seed\": 1, \"operators\": {{}}, \"nested\": {}\"x\"{}}}",
        "{\"leaf\": 1, \"next\": ".repeat(levels),
        "}".repeat(levels),
    );
    let found = mistakes(&json, &schema());
    let path = ".next".repeat(levels);
    assert_eq!(found.len(), 1, "{found:?}");
    let expected = format!("$.nested{path}: expected an integer or an object, found a string");
    assert!(found[0].ends_with(&expected), "{found:?}");
}

#[test]
fn schemas_that_go_in_circles_or_nowhere() {
    let schemas = [
        serde_json::json!({"$ref": "#"}),
        serde_json::json!({"anyOf": [{"$ref": "#"}, {"type": "string"}]}),
        serde_json::json!({"$ref": "#/$defs/none"}),
        serde_json::json!({"allOf": [{"$ref": "#"}, true, 5, {}], "oneOf": 3}),
        serde_json::json!(true),
    ];
    for schema in schemas {
        assert!(mistakes(SAMPLE, &schema).is_empty(), "{schema}");
    }
    let never = ["1:1: $: expected nothing, found an integer"];
    assert_eq!(mistakes("1", &serde_json::json!(false)), never);
    assert_eq!(mistakes("1", &serde_json::json!({"oneOf": []})), never);
}

#[test]
fn properties_next_to_alternatives_are_judged_together() {
    let schema = serde_json::json!({
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
        "unevaluatedProperties": false,
        "oneOf": [
            {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
            {"properties": {"c": {"type": "integer"}}, "required": ["c"]}
        ]
    });
    assert!(mistakes(r#"{"a": 1, "c": 2}"#, &schema).is_empty());
    let expected = [r#"1:2: $.d: unknown field "d" (valid fields: "a", "c")"#, "1:15: $.c: expected an integer, found true"];
    let found = mistakes(r#"{"d": 1, "c": true, "a": 1}"#, &schema);
    assert_eq!(found, expected);
}

/// Whether `serde` takes `json`, which is what the schema is to predict.
fn is_accepted(json: &str) -> bool {
    serde_json::from_str::<Scenario>(json).is_ok()
}

fn spans(node: &Node, all: &mut Vec<Span>) {
    all.push(node.span);
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| spans(item, all)),
        Value::Object(members) => {
            for member in members {
                all.push(member.key_span);
                spans(&member.node, all);
            }
        }
        _ => {}
    }
}

/// Puts every kind of value in every place and compares with `serde`.
#[test]
fn agrees_with_serde_on_replaced_values() {
    let schema = schema();
    let mut all = Vec::new();
    spans(&json::parse(SAMPLE).unwrap(), &mut all);
    let values = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "-0",
        "1e2",
        "300",
        "4294967296",
        "18446744073709551616",
        "\"\"",
        "\"kind\"",
        "\"sink\"",
        "\"hash\"",
        "[]",
        "{}",
        "[[]]",
        "{\"a\": {}}",
        "{\"kind\": \"sink\", \"commit\": \"plain\"}",
        "{\"next\": 1}",
        "{\"uniform\": [1, 2]}",
    ];
    for span in all {
        for value in values {
            let json = format!("{}{value}{}", &SAMPLE[..span.start], &SAMPLE[span.end..]);
            let found = mistakes(&json, &schema);
            assert_eq!(found.is_empty(), is_accepted(&json), "{json}\n{found:#?}");
        }
    }
}

#[test]
fn no_damage_to_the_file_panics() {
    let schema = schema();
    let bytes = SAMPLE.as_bytes();
    for length in 0..bytes.len() {
        if let Ok(text) = json::text_of(&bytes[..length]) {
            assert!(!mistakes(text, &schema).is_empty(), "{text}");
        }
    }
    for at in 0..bytes.len() {
        for byte in [0, b'\n', b'"', b'\\', b',', b'{', b']', b'-', b'9', b'x', 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[at] = byte;
            let Ok(text) = json::text_of(&damaged) else {
                continue;
            };
            let found = mistakes(text, &schema);
            assert!(!found.is_empty() || is_accepted(text), "{text}\n{found:#?}");
        }
    }
}
