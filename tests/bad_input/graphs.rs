//! Operators, and graphs that make no sense.

use super::*;

#[test]
fn sources() {
    check_each(
        r#""records": 9, "every": "1ms""#,
        &[
            r#""every": "1ms""#,
            r#""records": 9, "file": "words.txt""#,
            r#""at": ["1ms"], "every": "1ms""#,
            r#""at": ["1ms"], "start": "1ms""#,
            r#""at": ["1ms", "x"]"#,
        ],
        expect![[r#"
            "every": "1ms"
              5:19: $.operators.A.kind: a source needs "records", "file" or "at"
            "records": 9, "file": "words.txt"
              5:51: $.operators.A.file: "file" cannot be combined with "records"
            "at": ["1ms"], "every": "1ms"
              5:35: $.operators.A.at: "at" cannot be combined with "every" or "start"
            "at": ["1ms"], "start": "1ms"
              5:35: $.operators.A.at: "at" cannot be combined with "every" or "start"
            "at": ["1ms", "x"]
              5:43: $.operators.A.at[1]: "x" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn text_files() {
    check_each(
        r#""words.txt""#,
        &[r#""word.txt""#, r#""binary.dat""#, r#""""#],
        expect![[r#"
        "word.txt"
          6:41: $.operators.words.file: cannot read word.txt: no such file (the path is relative to the scenario's folder)
        "binary.dat"
          6:41: $.operators.words.file: binary.dat is not UTF-8 text: byte 6 starts no character
        ""
          6:41: $.operators.words.file: cannot read : no such file (the path is relative to the scenario's folder)
    "#]],
    );
}

#[test]
fn filters() {
    check_each(
        r#""modulo": 2, "remainder": 1"#,
        &[r#""modulo": 2, "remainder": 2"#, r#""modulo": 2, "remainder": -1"#, r#""remainder": 1"#],
        expect![[r#"
            "modulo": 2, "remainder": 2
              7:58: $.operators.half.remainder: no number leaves remainder 2 when divided by 2
            "modulo": 2, "remainder": -1
              7:58: $.operators.half.remainder: must be at least 0, found -1
            "remainder": 1
              7:13: $.operators.half: missing field "modulo"
        "#]],
    );
}

#[test]
fn graphs_that_are_not_connected_right() {
    let source = r#""A": {"kind": "source", "records": 1}"#;
    check(
        graph(&format!(r#"{source}, "B": {{"kind": "pass"}}"#), ""),
        expect![[r#"
        2:59: $.operators.B: nothing is sent to "B" (add a channel {"from": .., "to": "B"})
    "#]],
    );
    let two = format!(r#"{source}, "p": {{"kind": "pass"}}, "q": {{"kind": "pass"}}"#);
    check(
        graph(&two, "\n{\"from\": \"A\", \"to\": \"p\"},\n{\"from\": \"p\", \"to\": \"q\"},\n{\"from\": \"q\", \"to\": \"p\"}"),
        expect![[r#"
            6:1: $.channels[2]: the channels between p, q form a cycle that no loop head closes (take one of them away, or let it lead to an operator of the kind "iterate")
        "#]],
    );
    check(
        graph(&two, "\n{\"from\": \"A\", \"to\": \"p\"},\n{\"from\": \"p\", \"to\": \"q\"},\n{\"from\": \"p\", \"to\": \"q\"}"),
        expect![[r#"
            6:1: $.channels[2]: there is a second channel from "p" to "q" (take one of them away)
        "#]],
    );
    let sink = format!(r#"{source}, "out": {{"kind": "sink", "commit": "plain"}}, "p": {{"kind": "pass"}}"#);
    check(
        graph(&sink, "\n{\"from\": \"A\", \"to\": \"out\"},\n{\"from\": \"out\", \"to\": \"p\"}"),
        expect![[r#"
        2:61: $.operators.out: "out" is a sink and cannot have an output
    "#]],
    );
    check(
        graph("", ""),
        expect![[r#"
            2:14: $.operators: there is no source (add an operator with "kind": "source")
        "#]],
    );
    check(
        graph(r#""out": {"kind": "sink", "commit": "plain"}"#, ""),
        expect![[r#"
        2:14: $.operators: there is no source (add an operator with "kind": "source")
        2:22: $.operators.out: nothing is sent to "out" (add a channel {"from": .., "to": "out"})
    "#]],
    );
    check(
        "{\"title\": \"t\", \"operators\": {\"A\": {\"kind\": \"source\", \"records\": 1}}}",
        expect![[r#"
        1:1: $: missing field "channels"
    "#]],
    );
    check(
        graph(source, r#"{"from": "A"}, {}, 7, {"to": "A"}"#),
        expect![[r#"
        3:14: $.channels[0]: missing field "to"
        3:29: $.channels[1]: missing field "from"
        3:29: $.channels[1]: missing field "to"
        3:33: $.channels[2]: expected an object, found an integer
        3:36: $.channels[3]: missing field "from"
    "#]],
    );
}

#[test]
fn joins() {
    let join = |parallelism: u32, channels: &str| {
        let operators = format!(
            "\n\"A\": {{\"kind\": \"source\", \"records\": 1}},\n\"B\": {{\"kind\": \"source\", \"records\": 1}},\n\
             \"J\": {{\"kind\": \"join\", \"parallelism\": {parallelism}}}"
        );
        graph(&operators, channels)
    };
    check(
        join(1, r#"{"from": "A", "to": "J"}"#),
        expect![[r#"
        5:6: $.operators.J: the join "J" needs exactly two inputs and has 1
    "#]],
    );
    check(
        join(2, "\n{\"from\": \"A\", \"to\": \"J\", \"partition\": \"rebalance\"},\n{\"from\": \"B\", \"to\": \"J\"}"),
        expect![[r#"
        5:6: $.operators.J: the join "J" has several tasks, so both inputs must be partitioned by "hash" (leave "partition" out, or give the join parallelism 1)
    "#]],
    );
    check(
        join(
            2,
            "\n{\"from\": \"A\", \"to\": \"J\", \"partition\": \"broadcast\"},\n{\"from\": \"B\", \"to\": \"J\", \"partition\": \"broadcast\"}",
        ),
        expect![[r#"
            5:6: $.operators.J: the join "J" has several tasks, so both inputs must be partitioned by "hash" (leave "partition" out, or give the join parallelism 1)
        "#]],
    );
}

#[test]
fn records_that_an_operator_cannot_use() {
    check_each(
        r#""kind": "filter", "modulo": 2, "remainder": 1"#,
        &[r#""kind": "split_words""#],
        expect![[r#"
        "kind": "split_words"
          7:22: $.operators.half.kind: "half" splits lines into words and is not sent any (it must be sent the lines of a file source)
    "#]],
    );
    check_each(
        r#"{"from": "half", "to": "count""#,
        &[r#"{"from": "split", "to": "count"}, {"from": "half", "to": "count""#],
        expect![[r#"
        {"from": "split", "to": "count"}, {"from": "half", "to": "count"
          9:23: $.operators.count.kind: "count" is sent text and something else; their keys mean different things
    "#]],
    );
    let behind = r#""A": {"kind": "source", "records": 1}, "n": {"kind": "keyed_count"}, "m": {"kind": "map"},
"f": {"kind": "filter", "modulo": 2}"#;

    check(
        graph(behind, r#"{"from": "A", "to": "n"}, {"from": "n", "to": "m"}, {"from": "m", "to": "f"}"#),
        expect![[r#"
        3:15: $.operators.f.kind: "f" would filter by values that depend on the order of arrival, so no run could be judged (filter before the keyed operator)
    "#]],
    );
    // A latest value is a record's own; a count of words is as much a count as one of numbers.
    let words = r#""A": {"kind": "source", "file": "words.txt"}, "n": {"kind": "split_words"}, "m": {"kind": "keyed_count"},
"f": {"kind": "filter", "modulo": 2}"#;
    let chain = |operators: &str| graph(operators, r#"{"from": "A", "to": "n"}, {"from": "n", "to": "m"}, {"from": "m", "to": "f"}"#);
    check(
        chain(&behind.replace("keyed_count", "latest")),
        expect![[r#"
        no mistake
    "#]],
    );
    check(
        chain(&behind.replace(r#""keyed_count""#, r#""average", "reset": 2"#)),
        expect![[r#"
        3:15: $.operators.f.kind: "f" would filter by values that depend on the order of arrival, so no run could be judged (filter before the keyed operator)
    "#]],
    );
    check(
        chain(words),
        expect![[r#"
        3:15: $.operators.f.kind: "f" would filter by values that depend on the order of arrival, so no run could be judged (filter before the keyed operator)
    "#]],
    );
    let many = r#""A": {"kind": "source", "records": 1000001}, "n": {"kind": "keyed_count"}"#;
    check(
        graph(many, r#"{"from": "A", "to": "n"}"#),
        expect![[r#"
        2:74: $.operators.n.kind: "n" would have up to 1000001 keys (give "keys", at most 1000000)
    "#]],
    );
    check_each(
        r#""delay": "5ms""#,
        &[r#""capacity": 1"#],
        expect![[r#"
        "capacity": 1
          no mistake
    "#]],
    );
    check_each(
        r#"{"from": "count", "to": "out", "cap"#,
        &[r#"{"from": "count", "to": "out", "partition": "forward", "cap"#],
        expect![[r#"
        {"from": "count", "to": "out", "partition": "forward", "cap
          18:49: $.channels[4].partition: a forward channel joins equal parallelisms, but "count" has 2 and "out" has 1 (use "rebalance" or "hash", or give both the same parallelism)
    "#]],
    );
}

#[test]
fn graphs_that_are_too_large() {
    let hashed = |parallelism: u32| {
        let operators = format!(
            "\n\"A\": {{\"kind\": \"source\", \"records\": 1, \"parallelism\": {parallelism}}},\n\
             \"n\": {{\"kind\": \"keyed_count\", \"parallelism\": {parallelism}}}"
        );
        graph(&operators, r#"{"from": "A", "to": "n", "partition": "hash"}"#)
    };
    check(
        hashed(1_000_000),
        expect![[r#"
        5:13: $.channels: these are 1000000000000 channels between tasks; at most 8000000
    "#]],
    );
    check(
        hashed(3_000),
        expect![[r#"
        5:13: $.channels: these are 9000000 channels between tasks; at most 8000000
    "#]],
    );
    let tasks: Vec<String> =
        (0..3).map(|n| format!("\"S{n}\": {{\"kind\": \"source\", \"records\": 1, \"parallelism\": 1000000}}")).collect();
    check(
        graph(&tasks.join(",\n"), ""),
        expect![[r#"
        2:14: $.operators: the operators have 3000000 tasks together; at most 2000000
    "#]],
    );
}

#[test]
fn names_of_operators() {
    for name in ["", "coordinator", "a[0]", "a->b", "a#1", "a+b", "a,b", "a/b", r"a\nb", r"a\u001b[31m", r#"a\"b"#] {
        let said = mistakes(graph(&format!(r#""{name}": {{"kind": "source", "records": 1}}"#), "").as_bytes());
        let [Mistake { line: 2, message, help: Some(help), .. }] = &said[..] else { panic!("{name}: {said:?}") };
        assert!(message.ends_with("cannot be an operator's name") && !message.contains(char::is_control), "{message}");
        assert!(help.contains("letters, digits"), "{help}");
    }
    check(
        graph(r#""a+b": {"kind": "source", "records": 1}"#, ""),
        expect![[r#"
            2:15: $.operators["a+b"]: "a+b" cannot be an operator's name (use letters, digits, - and _; "coordinator" is taken)
        "#]],
    );
    check(
        graph(r#""naïve 数~": {"kind": "source", "records": 0, "parallelism": 0}"#, ""),
        expect![[r#"
        2:75: $.operators["naïve 数~"].parallelism: must be at least 1, found 0
    "#]],
    );
}
