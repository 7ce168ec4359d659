use super::*;

fn refusal(text: &str) -> String {
    match parse(text) {
        Ok(node) => panic!("accepted as {node:?}"),
        Err(mistake) => mistake.to_string(),
    }
}

#[test]
fn keeps_order_duplicates_and_digits() {
    let text = r#" {"b": 1e3, "a": [true, null], "b": 100000000000000000000} "#;
    let root = parse(text).unwrap();
    let Value::Object(members) = &root.value else { panic!("not an object") };
    let keys: Vec<_> = members.iter().map(|member| member.key.as_str()).collect();
    assert_eq!(keys, ["b", "a", "b"]);
    assert_eq!(members[0].node.value, Value::Number("1e3".into()));
    let big = Value::Number("100000000000000000000".into());
    assert_eq!(members[2].node.value, big);
    assert_eq!(root.at("/a/0").unwrap().value, Value::Bool(true));
    assert_eq!(root.at("/a/1").unwrap().value, Value::Null);
}

#[test]
fn spans_cover_exactly_the_text_of_keys_and_values() {
    let text = "{ \"é\\u0041/~\" :\n [ 12 , \"x\\ny\" ] }";
    let root = parse(text).unwrap();
    let covered = |span: Span| &text[span.start..span.end];
    let key = root.key_at("/éA~1~0").unwrap();
    assert_eq!(covered(key), "\"é\\u0041/~\"");
    assert_eq!(covered(root.at("/éA~1~0/0").unwrap().span), "12");
    assert_eq!(covered(root.at("/éA~1~0/1").unwrap().span), "\"x\\ny\"");
    assert_eq!(covered(root.span), text);
}

#[test]
fn pointers_that_lead_nowhere_find_nothing() {
    let root = parse(r#"{"a": [1]}"#).unwrap();
    for pointer in ["/b", "/a/1", "/a/x", "/a/0/0", "a", "/a/-"] {
        assert_eq!(root.at(pointer), None, "{pointer}");
    }
    assert_eq!(root.key_at(""), None);
    assert_eq!(root.key_at("/a/0"), None);
}

#[test]
fn paths_quote_odd_keys() {
    let text = r#"{"a": {"two words": [0, {"x-y": 1}], "": 2}}"#;
    let root = parse(text).unwrap();
    let path = |needle: &str| root.path_to(text.find(needle).unwrap());
    assert_eq!(path("1}"), r#"$.a["two words"][1]["x-y"]"#);
    assert_eq!(path("\"two"), r#"$.a["two words"]"#);
    assert_eq!(path("2}"), r#"$.a[""]"#);
    assert_eq!(path("{\"two"), "$.a");
}

#[test]
fn columns_count_characters() {
    let text = "é\n\u{1F600}x\r\ny";
    let lines = LineIndex::new(text);
    assert_eq!(lines.position(text.find('x').unwrap()), (2, 2));
    assert_eq!(lines.position(text.find('y').unwrap()), (3, 1));
    assert_eq!(lines.position(usize::MAX), (3, 2));
    assert_eq!(lines.position(4), (2, 1));
}

#[test]
fn tells_what_is_wrong_with_text_that_is_not_json() {
    let cases = [
        ("", "1:1: $: the file is empty; expected a JSON object {...}"),
        (" \n", "1:1: $: the file is empty; expected a JSON object {...}"),
        ("{\"a\": [1,\n 2", "2:3: $: the file ends in the middle of an array (the [ at line 1, column 7 is never closed)"),
        ("{\"a\": \"é", "1:9: $: the file ends in the middle of a string (the \" at line 1, column 7 is never closed)"),
        ("{\"a\":", "1:6: $: the file ends where a value was expected (the { at line 1, column 1 is never closed)"),
        ("{\"a\": 1} x", "1:10: $: expected the end of the file, found \"x\""),
        ("{\"é\": 1 \"b\": 2}", "1:9: $: expected \",\" or \"}\", found \"\\\"\""),
        ("{\"a\": [1,]}", "1:10: $: trailing comma before \"]\" (remove the comma)"),
        ("{\"a\": 1,\n}", "2:1: $: trailing comma before \"}\" (remove the comma)"),
        ("{a: 1}", "1:2: $: expected a field name in double quotes, found \"a\""),
        ("{\"a\": 1, // why\n}", "1:10: $: expected a field name in double quotes, found \"/\" (JSON has no comments)"),
        ("{\"a\": \"b\n\"}", "1:9: $: the line ends inside a string (close the string with a double quote)"),
        ("{\"a\": \"é\u{1}\"}", "1:9: $: control character U+0001 inside a string (write it as \\u0001)"),
        ("{\"a\": True}", "1:7: $: expected a JSON value, found \"T\" (true, false and null are written in lower case)"),
        ("{\"a\": \0}", "1:7: $: expected a JSON value, found \"\\0\" (the file contains NUL bytes; save it as plain UTF-8 text)"),
        ("\u{feff}{}", "1:1: $: expected a JSON value, found \"\\u{feff}\" (save the file as UTF-8 without a byte order mark)"),
        ("[01]", "1:3: $: invalid number"),
        ("[\"\\x\"]", "1:4: $: invalid escape"),
        ("[1,\n \"\\ud800\"]", "2:2: $: a string that is not text: unexpected end of hex escape"),
    ];
    for (text, expected) in cases {
        assert_eq!(refusal(text), expected, "{text:?}");
    }
}

#[test]
fn refuses_deep_nesting_at_its_place() {
    let expected = "1:65: $: nested too deep; expected at most 64 levels";
    for depth in [65, 10_000, 1_000_000] {
        let open = "[".repeat(depth);
        assert_eq!(refusal(&open), expected);
        assert_eq!(refusal(&format!("{open}{}", "]".repeat(depth))), expected);
    }
    let objects = "{\"[\":".repeat(10_000);
    assert!(refusal(&objects).starts_with("1:321: $: nested too deep"));
    let early = format!("[x{}", "[".repeat(1_000));
    assert!(refusal(&early).starts_with("1:2: $: expected a JSON value"));
    let deepest = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert!(parse(&deepest).is_ok());
}

#[test]
fn refuses_bytes_that_are_not_utf8() {
    let refusal = |bytes| text_of(bytes).unwrap_err().to_string();
    assert_eq!(refusal(b"{\n\"\xc3\xa9\xff\""), "2:3: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8");
    assert_eq!(
        refusal(b"\xff\xfe{\0}\0"),
        "1:1: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8 (the file looks like UTF-16; save it as UTF-8)"
    );
    assert_eq!(refusal(b""), "1:1: $: the file is empty; expected a JSON object {...}");
    assert_eq!(text_of(b"{}"), Ok("{}"));
}
