//! Which of several alternatives was meant.

use super::*;

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
            r#"2:35: $.operators.a.zzzz: unknown field "zzzz" (valid fields of every kind: "kind")"#,
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
    check_delay(r#"{"": 1}"#, &[r#"4:2: $.channels[0].delay[""]: unknown field "" (expected one of "uniform", "exponential")"#]);
    check_delay(r#"{"xyz": 1}"#, &[r#"4:2: $.channels[0].delay.xyz: unknown field "xyz" (expected one of "uniform", "exponential")"#]);
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
            r#"5:1: $.faults[1]: missing field: expected one of "at", "when""#,
            r#"6:25: $.faults[2].when: field "when" cannot be combined with "at" (remove one of them)"#,
            r#"7:1: $.faults[3]: missing field "for""#,
            "7:11: $.faults[3].stall: expected a string, found an integer",
            "7:22: $.faults[3].from: expected a string or an integer, found 1.5 (write a whole number without a fraction or an exponent)",
            r#"8:1: $.faults[4]: missing field: expected one of "crash", "stall""#,
            r#"9:38: $.faults[5].when.reachs: unknown field "reachs" (did you mean "reaches"?)"#,
            "9:48: $.faults[5].when.reachs: must be at least 0, found -1",
            r#"10:2: $.faults[6].bogus: unknown field "bogus" (expected one of "crash", "stall")"#,
            r#"11:1: $.faults[7]: missing field "from""#,
            r#"11:1: $.faults[7]: missing field "for""#,
            r#"11:16: $.faults[7].at: unknown field "at" ("at" belongs to "crash"; valid fields: "for", "from", "stall")"#,
        ],
    );
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
