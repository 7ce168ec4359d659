//! Fields that are unknown, missing or repeated.

use super::*;

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
            r#"3:1: $.sed: unknown field "sed" (valid fields: "channels", "faults", "limits", "nested", "offset", "operators", "range", "rate", "seed", "small", "strict", "weights")"#,
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
