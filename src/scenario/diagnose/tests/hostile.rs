//! Files and schemas of every shape: each is judged, soon and without a panic.

use super::*;

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
