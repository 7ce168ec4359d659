//! Values of a wrong type, and numbers and sizes out of bounds.

use super::*;

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
