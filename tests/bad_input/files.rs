//! Files that are no scenarios, whatever is in them.

use super::*;

#[test]
fn files_that_are_no_json() {
    check(
        "",
        expect![[r#"
        1:1: $: the file is empty; expected a JSON object {...}
    "#]],
    );
    check(
        " \n\t \n",
        expect![[r#"
        1:1: $: the file is empty; expected a JSON object {...}
    "#]],
    );
    check(
        "\u{feff}{}",
        expect![[r#"
        1:1: $: expected a JSON value, found "\u{feff}" (save the file as UTF-8 without a byte order mark)
    "#]],
    );
    check(
        "{",
        expect![[r#"
        1:2: $: the file ends in the middle of an object (the { at line 1, column 1 is never closed)
    "#]],
    );
    check(
        "{\n  \"title\": \"t\",\n  \"operators\": {\n",
        expect![[r#"
        4:1: $: the file ends in the middle of an object (the { at line 3, column 16 is never closed)
    "#]],
    );
    check(
        "{\n  \"title\": \"t",
        expect![[r#"
        2:14: $: the file ends in the middle of a string (the " at line 2, column 12 is never closed)
    "#]],
    );
    check(
        "{\"title\": \"t\",\n}",
        expect![[r#"
        2:1: $: trailing comma before "}" (remove the comma)
    "#]],
    );
    check(
        "{\"title\": \"t\"\n \"seed\": 1}",
        expect![[r#"
        2:2: $: expected "," or "}", found "\""
    "#]],
    );
    check(
        "{'title': 't'}",
        expect![[r#"
        1:2: $: expected a field name in double quotes, found "'" (strings are written in double quotes)
    "#]],
    );
    check(
        "{\"title\": \"t\"} // done",
        expect![[r#"
        1:16: $: expected the end of the file, found "/" (JSON has no comments)
    "#]],
    );
    check(
        format!("{BASE}\n}}"),
        expect![[r#"
        37:1: $: expected the end of the file, found "}"
    "#]],
    );
    check(
        format!("{BASE}\n{BASE}"),
        expect![[r#"
        37:1: $: expected the end of the file, found "{"
    "#]],
    );
    check(
        "{\"title\": \"a\nb\"}",
        expect![[r#"
        1:13: $: the line ends inside a string (close the string with a double quote)
    "#]],
    );
    check(
        "{\"title\": \"\\x\"}",
        expect![[r#"
        1:13: $: invalid escape
    "#]],
    );
    check(
        "{\"title\": \"\\ud800\"}",
        expect![[r#"
        1:11: $: a string that is not text: unexpected end of hex escape
    "#]],
    );
    check(
        "{\"seed\": 01}",
        expect![[r#"
        1:11: $: invalid number
    "#]],
    );
}

#[test]
fn files_that_are_no_scenario() {
    for (text, found) in [("[]", "an array"), ("null", "null"), ("7", "an integer"), ("\"title\"", "a string")] {
        assert_eq!(mistakes(text.as_bytes())[0].to_string(), format!("1:1: $: expected an object, found {found}"));
    }
    let missing: Vec<String> = mistakes(b"{}").into_iter().map(|mistake| mistake.message).collect();
    for field in ["title", "operators", "channels"] {
        assert!(missing.contains(&format!("missing field \"{field}\"")), "{missing:?}");
    }
    check_each(
        r#""title": "t""#,
        &[r#""title": 7"#, r#""title": null"#, r#""title": ["t"]"#],
        expect![[r#"
        "title": 7
          2:12: $.title: expected a string, found an integer
        "title": null
          2:12: $.title: expected a string, found null
        "title": ["t"]
          2:12: $.title: expected a string, found an array
    "#]],
    );
    check_each(
        r#""recovery": {"detect": "1ms"}"#,
        &[r#""recovery": []"#, r#""recovery": "all""#],
        expect![[r#"
        "recovery": []
          21:15: $.recovery: expected an object, found an array
        "recovery": "all"
          21:15: $.recovery: expected an object, found a string
    "#]],
    );
    check_each(
        r#"{"from": "words", "to": "split"}"#,
        &["null", "[]", "\"words->split\""],
        expect![[r#"
        null
          15:5: $.channels[1]: expected an object, found null
        []
          15:5: $.channels[1]: expected an object, found an array
        "words->split"
          15:5: $.channels[1]: expected an object, found a string
    "#]],
    );
    check_each(
        r#"{"kind": "split_words"}"#,
        &["null", "[]", "\"split_words\""],
        expect![[r#"
        null
          8:14: $.operators.split: expected an object, found null
        []
          8:14: $.operators.split: expected an object, found an array
        "split_words"
          8:14: $.operators.split: expected an object, found a string
    "#]],
    );
}

#[test]
fn files_that_are_no_text() {
    check(
        b"{\"title\": \"caf\xe9\"}",
        expect![[r#"
        1:15: $: byte 0xE9 is not valid UTF-8; expected a JSON file in UTF-8
    "#]],
    );
    check(
        b"{\n  \"title\": \"t\",\n  \xff",
        expect![[r#"
        3:3: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8
    "#]],
    );
    check(
        b"\xff\xfe{\0}\0",
        expect![[r#"
        1:1: $: byte 0xFF is not valid UTF-8; expected a JSON file in UTF-8 (the file looks like UTF-16; save it as UTF-8)
    "#]],
    );
    check(
        b"{\"title\": \"a\0b\"}",
        expect![[r#"
        1:13: $: control character U+0000 inside a string (write it as \u0000)
    "#]],
    );
    check(
        b"{\"title\": \"t\"}\0\0\0",
        expect![[r#"
        1:15: $: expected the end of the file, found "\0" (the file contains NUL bytes; save it as plain UTF-8 text)
    "#]],
    );
    check(
        [0; 64],
        expect![[r#"
        1:1: $: expected a JSON value, found "\0" (the file contains NUL bytes; save it as plain UTF-8 text)
    "#]],
    );
}

#[test]
fn files_that_are_nested_deeply() {
    for depth in [65, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let half = open.repeat(depth);
            for text in [format!("{half}1{}", close.repeat(depth)), half.clone(), format!("{{\"title\": {half}")] {
                let said = mistakes(text.as_bytes());
                assert!(said.len() == 1 && said[0].message.contains("nest"), "{depth} {open}: {said:?}");
            }
        }
    }
}

#[test]
fn a_long_word_is_not_repeated_in_full() {
    let long = "x".repeat(1_000_000);
    for text in [changed(r#""filter""#, &format!("\"{long}\"")), changed(r#""title""#, &format!("\"{long}\""))] {
        let said = rendered(text.as_bytes());
        assert!(said.len() < 2_000, "{} bytes", said.len());
    }
}

/// A committed scenario, with a limit on its steps.
fn committed(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let text = fs::read_to_string(path).expect("a committed scenario");
    let told = ["story", "question", "hints"].map(|field| format!("  \"{field}\":"));
    let kept: Vec<&str> = text.lines().filter(|line| !told.iter().any(|field| line.starts_with(field.as_str()))).collect();
    kept.join("\n").replacen('{', "{\n  \"limits\": {\"steps\": 900},", 1).into_bytes()
}

/// Reads and, if it can be read, runs; whatever is said must be about a place in the file.
fn survives(bytes: &[u8]) -> bool {
    match Scenario::parse("x.json", bytes, &read) {
        Ok(scenario) => run(&scenario).steps <= 1_000_000,
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "{}", String::from_utf8_lossy(bytes));
            for mistake in mistakes {
                let Mistake { span, line, column, message, .. } = &mistake;
                let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
                assert!(span.start <= span.end && span.end <= bytes.len() && (1..=lines).contains(line) && *column >= 1, "{mistake:?}");
                assert!(!message.is_empty() && !message.contains('\n'), "{mistake:?}");
            }
            false
        }
    }
}

const ROBUST: [&str; 2] = ["pipeline.json", "join.json"];

#[test]
fn truncated_files_are_refused() {
    for name in ROBUST {
        let bytes = committed(name);
        assert!(survives(&bytes), "{name}");
        let end = bytes.iter().rposition(|&byte| byte == b'}').expect("an object");
        for length in 0..=end {
            assert!(!survives(&bytes[..length]), "{name}: {length} bytes");
        }
    }
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let bytes_put = b"\"{}[],:0-9.e\\ \n\x00\x7f\xc3\xffazAZ_#>";
    let mut ran = 0;
    for name in ROBUST {
        let bytes = committed(name);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = bytes_put[(at * 7) % bytes_put.len()];
            ran += usize::from(survives(&changed));
            changed.insert(at, bytes[at]);
            ran += usize::from(survives(&changed));
            changed = bytes.clone();
            changed.remove(at);
            ran += usize::from(survives(&changed));
        }
    }
    assert!(ran > 100, "too few of the changed files could be run: {ran}");
}

#[test]
fn the_schema_has_every_field_of_the_base() {
    let schema = scenario::schema();
    let base: serde_json::Value = serde_json::from_str(BASE).expect("JSON");
    for field in base.as_object().expect("an object").keys() {
        assert!(schema["properties"].get(field).is_some(), "{field}");
    }
}
