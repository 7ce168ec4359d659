//! Spans of time and other numbers.

use super::*;

#[test]
fn durations() {
    check_each(
        r#""delay": "5ms""#,
        &[
            r#""delay": "5 ms""#,
            r#""delay": "7.171ms""#,
            r#""delay": "10min""#,
            r#""delay": "1m30s""#,
            r#""delay": 0"#,
            r#""delay": "0""#,
            r#""delay": 10000"#,
            r#""delay": "10000""#,
            r#""delay": "7.1714ms""#,
            r#""delay": "30s1m""#,
            r#""delay": """#,
            r#""delay": "ms""#,
            r#""delay": "5""#,
            r#""delay": "5h""#,
            r#""delay": "5MS""#,
            r#""delay": "-5ms""#,
            r#""delay": "+5ms""#,
            r#""delay": "٣ms""#,
            r#""delay": -5"#,
            r#""delay": 1.5"#,
            r#""delay": true"#,
            r#""delay": ["5ms"]"#,
        ],
        expect![[r#"
            "delay": "5 ms"
              no mistake
            "delay": "7.171ms"
              no mistake
            "delay": "10min"
              no mistake
            "delay": "1m30s"
              no mistake
            "delay": 0
              no mistake
            "delay": "0"
              no mistake
            "delay": 10000
              14:66: $.channels[0].delay: 10000 has no unit ("10000ms"? "10ms"?)
            "delay": "10000"
              14:66: $.channels[0].delay: 10000 has no unit ("10000ms"? "10ms"?)
            "delay": "7.1714ms"
              14:66: $.channels[0].delay: "7.1714ms" is finer than 1us, the smallest step of time (the nearest are "7.171ms" and "7.172ms")
            "delay": "30s1m"
              14:66: $.channels[0].delay: "30s1m" has its units in disorder (they go from large to small, each at most once: "1h30min", "1m30s")
            "delay": ""
              14:66: $.channels[0].delay: "" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "ms"
              14:66: $.channels[0].delay: "ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "5"
              14:66: $.channels[0].delay: 5 has no unit ("5ms"? "5us"?)
            "delay": "5h"
              no mistake
            "delay": "5MS"
              14:66: $.channels[0].delay: "5MS" has an unknown unit "MS" (did you mean "5ms"?)
            "delay": "-5ms"
              14:66: $.channels[0].delay: "-5ms" is negative (a span of time begins with a digit)
            "delay": "+5ms"
              14:66: $.channels[0].delay: "+5ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": "٣ms"
              14:66: $.channels[0].delay: "٣ms" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": -5
              14:66: $.channels[0].delay: -5 is negative (a span of time begins with a digit)
            "delay": 1.5
              14:66: $.channels[0].delay: 1.5 has no unit ("1.5ms"? "1.5s"?)
            "delay": true
              14:66: $.channels[0].delay: expected a duration or an object, found true (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "delay": ["5ms"]
              14:66: $.channels[0].delay: expected a duration or an object, found an array (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

/// Every field of the format that is a span of time.
const TIMES: [&str; 2] = [
    r#"{"title": "t",
"operators": {
  "A": {"kind": "source", "records": 9, "every": "1ms", "start": "2ms", "service": "1ms", "upload": "1ms", "ack": "1ms", "told": "1ms", "restore": "1ms"},
  "B": {"kind": "source", "at": ["1ms", "2ms"]},
  "both": {"kind": "union"}},
"channels": [{"from": "A", "to": "both", "delay": {"uniform": ["1ms", "2ms"]}, "delays": ["1ms", "2ms"]}, {"from": "B", "to": "both", "delay": {"exponential": "1ms"}}],
"snapshots": {"protocol": "aligned_timeout", "interval": "9ms", "first": "8ms", "at": ["1ms"], "alignment_timeout": "1ms", "timeout": "1s", "min_pause": "1ms",
  "trigger": "1ms", "upload": "1ms", "ack": "1ms", "store": "1ms", "notify": "1ms"},
"recovery": {"detect": "1ms", "restart": "1ms", "restore": "1ms"},
"faults": [{"crash": "A", "at": "1ms"}, {"crash": "A", "when": {"reaches": "acked", "after": "1ms"}}, {"random_crashes": 1, "every": "1ms", "from": "1ms"},
  {"stall": "A->both", "from": "1ms", "for": "1ms"}, {"slow": "A", "from": "1ms", "for": "1ms", "extra": "1ms"}],
"expect": {"alignment": [{"task": "both", "snapshot": 1, "min": "1ms", "max": "2ms"}]},
"limits": {"until": "10s"}}"#,
    r#"{"title": "t", "operators": {"N": {"kind": "account", "tokens": 1}, "M": {"kind": "account", "tokens": 1}},
"channels": [{"from": "N", "to": "M"}], "snapshots": {"protocol": "chandy_lamport"}, "transfers": {"count": 1, "every": "1ms", "amount": 1},
"script": [{"at": "1ms", "send": 1, "from": "N", "to": "M"}, {"at": "2ms", "snapshot": "N"}]}"#,
];

#[test]
fn a_number_without_a_unit_is_refused_wherever_a_time_is_meant() {
    for file in TIMES {
        assert_eq!(rendered(file.as_bytes()), "no mistake\n");
        let times: Vec<usize> =
            file.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).filter(|at| file[at + 1..].starts_with("ms\"")).collect();
        assert!(times.len() > 2);
        for at in times {
            let bare = format!("{}10000{}", &file[..at - 1], &file[at + 4..]);
            let found = mistakes(bare.as_bytes());
            let said: Vec<&str> = found.iter().map(|mistake| mistake.message.as_str()).collect();
            assert_eq!(said, ["10000 has no unit"], "{bare}");
            assert_eq!(found[0].span.start, at - 1);
        }
    }
}

/// One mistake is no reason to keep quiet about another in the same object.
#[test]
fn a_bad_duration_is_seen_beside_an_unknown_field() {
    check(
        r#"{"title":"x","operators":{"S":{"kind":"source","records":1},"o":{"kind":"sink","commit":"plain"}},"channels":[{"from":"S","to":"o"}],"snapshots":{"protocol":"aligned","timeout":"10mins","foo":1}}"#,
        expect![[r#"
            1:178: $.snapshots.timeout: "10mins" has an unknown unit "mins" (did you mean "10min"?)
            1:187: $.snapshots.foo: unknown field "foo" (valid fields: "ack", "after_end", "alignment_timeout", "at", "back_edges", "entry", "final", "first", "interval", "max_concurrent", "min_pause", "notify", "protocol", "record", "retain", "storage", "store", "timeout", "tolerable_failures", "trigger", "upload")
        "#]],
    );
}

#[test]
fn a_delay_that_is_used_twice_is_one_mistake() {
    check_each(
        r#""commit": "plain""#,
        &[r#""commit": "plain", "told": "soon""#],
        expect![[r#"
            "commit": "plain", "told": "soon"
              11:56: $.operators.out.told: "soon" is no duration (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn durations_beyond_the_limit() {
    check_each(
        r#""at": "7ms""#,
        &[r#""at": "3600001s""#, r#""at": "60001m""#, r#""at": 3600000000001"#, r#""at": 99999999999999999999999999"#, r#""at": 1e30"#],
        expect![[r#"
            "at": "3600001s"
              23:33: $.faults[0].at: "3600001s" is too long (the longest is "1000h")
            "at": "60001m"
              23:33: $.faults[0].at: "60001m" is too long (the longest is "1000h")
            "at": 3600000000001
              23:33: $.faults[0].at: 3600000000001 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "at": 99999999999999999999999999
              23:33: $.faults[0].at: 99999999999999999999999999 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
            "at": 1e30
              23:33: $.faults[0].at: 1e30 has no unit (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
    check_each(
        r#""at": "7ms""#,
        &[r#""at": "60000m""#, r#""at": 3600000000000"#, r#""at": "0007ms""#],
        expect![[r#"
            "at": "60000m"
              no mistake
            "at": 3600000000000
              23:33: $.faults[0].at: 3600000000000 has no unit ("3600000s"?)
            "at": "0007ms"
              no mistake
        "#]],
    );
}

#[test]
fn random_delays() {
    check_each(
        r#"{"uniform": ["1ms", "2ms"]}"#,
        &[
            r#"{"uniform": ["2ms", "1ms"]}"#,
            r#"{"uniform": ["1ms", "2ms"], "exponential": "1ms"}"#,
            r#"{}"#,
            r#"{"uniform": ["1ms"]}"#,
            r#"{"uniform": ["1ms", "2ms", "3ms"]}"#,
            r#"{"uniform": "1ms"}"#,
            r#"{"unifrom": ["1ms", "2ms"]}"#,
            r#"{"normal": ["1ms", "2ms"]}"#,
            r#"{"exponential": {"mean": "1ms"}}"#,
        ],
        expect![[r#"
            {"uniform": ["2ms", "1ms"]}
              16:58: $.channels[2].delay.uniform: the range from 2ms to 1ms is empty (swap the two)
            {"uniform": ["1ms", "2ms"], "exponential": "1ms"}
              16:46: $.channels[2].delay: expected exactly one of "uniform" and "exponential"
            {}
              16:46: $.channels[2].delay: expected exactly one of "uniform" and "exponential"
            {"uniform": ["1ms"]}
              16:58: $.channels[2].delay.uniform: expected exactly 2 items, found 1
            {"uniform": ["1ms", "2ms", "3ms"]}
              16:58: $.channels[2].delay.uniform: expected exactly 2 items, found 3
            {"uniform": "1ms"}
              16:58: $.channels[2].delay.uniform: expected an array, found a string
            {"unifrom": ["1ms", "2ms"]}
              16:47: $.channels[2].delay.unifrom: unknown field "unifrom" (did you mean "uniform"?)
            {"normal": ["1ms", "2ms"]}
              16:47: $.channels[2].delay.normal: unknown field "normal" (valid fields: "exponential", "uniform")
            {"exponential": {"mean": "1ms"}}
              16:62: $.channels[2].delay.exponential: expected a duration, found an object (write a number and a unit: "250us", "7.5ms", "30s", "10min", "1h", "1m30s")
        "#]],
    );
}

#[test]
fn numbers() {
    check_each(
        r#""records": 9"#,
        &[
            r#""records": 1000000000000000000"#,
            r#""records": 100000001"#,
            r#""records": -1"#,
            r#""records": 9.0"#,
            r#""records": 1e3"#,
            r#""records": "9""#,
            r#""records": true"#,
        ],
        expect![[r#"
            "records": 1000000000000000000
              5:40: $.operators.A.records: must be at most 100000000, found 1000000000000000000
            "records": 100000001
              5:40: $.operators.A.records: must be at most 100000000, found 100000001
            "records": -1
              5:40: $.operators.A.records: must be at least 0, found -1
            "records": 9.0
              5:40: $.operators.A.records: expected an integer, found 9.0 (write a whole number without a fraction or an exponent)
            "records": 1e3
              5:40: $.operators.A.records: expected an integer, found 1e3 (write a whole number without a fraction or an exponent)
            "records": "9"
              5:40: $.operators.A.records: expected an integer, found a string (write it without quotes)
            "records": true
              5:40: $.operators.A.records: expected an integer, found true
        "#]],
    );
    check_each(
        r#""parallelism": 2"#,
        &[r#""parallelism": 0"#, r#""parallelism": 1000000000000000000"#, r#""parallelism": 1000001"#, r#""parallelism": -2"#],
        expect![[r#"
            "parallelism": 0
              9:53: $.operators.count.parallelism: must be at least 1, found 0
            "parallelism": 1000000000000000000
              9:53: $.operators.count.parallelism: must be at most 1000000, found 1000000000000000000
            "parallelism": 1000001
              9:53: $.operators.count.parallelism: must be at most 1000000, found 1000001
            "parallelism": -2
              9:53: $.operators.count.parallelism: must be at least 1, found -2
        "#]],
    );
    check_each(
        r#""keys": 16"#,
        &[r#""keys": 0"#, r#""keys": 1000001"#],
        expect![[r#"
        "keys": 0
          9:64: $.operators.count.keys: must be at least 1, found 0
        "keys": 1000001
          9:64: $.operators.count.keys: must be at most 1000000, found 1000001
    "#]],
    );
    check_each(
        r#""capacity": 8"#,
        &[r#""capacity": 0"#, r#""capacity": 1000000001"#],
        expect![[r#"
        "capacity": 0
          18:48: $.channels[4].capacity: must be at least 1, found 0
        "capacity": 1000000001
          18:48: $.channels[4].capacity: must be at most 1000000000, found 1000000001
    "#]],
    );
    check_each(
        r#""seed": 1"#,
        &[r#""seed": -1"#, r#""seed": 18446744073709551616"#, r#""stream": 2"#],
        expect![[r#"
        "seed": -1
          3:11: $.seed: must be at least 0, found -1
        "seed": 18446744073709551616
          3:11: $.seed: must be at most 18446744073709551615, found 18446744073709551616
        "stream": 2
          3:13: $.stream: must be at most 1, found 2
    "#]],
    );
    check_each(
        r#""random_crashes": 3"#,
        &[r#""random_crashes": 10001"#, r#""random_crashes": "3""#],
        expect![[r#"
        "random_crashes": 10001
          26:24: $.faults[3].random_crashes: must be at most 10000, found 10001
        "random_crashes": "3"
          26:24: $.faults[3].random_crashes: expected an integer, found a string (write it without quotes)
    "#]],
    );
    check_each(
        r#""snapshot": 1"#,
        &[r#""snapshot": 1, "nth": 0"#, r#""snapshot": -1"#, r#""snapshot": 1.0"#],
        expect![[r#"
        "snapshot": 1, "nth": 0
          24:87: $.faults[1].when.nth: must be at least 1, found 0
        "snapshot": -1
          24:77: $.faults[1].when.snapshot: must be at least 0, found -1
        "snapshot": 1.0
          24:77: $.faults[1].when.snapshot: expected an integer, found 1.0 (write a whole number without a fraction or an exponent)
    "#]],
    );
    check_each(
        r#""lost": 0"#,
        &[r#""lost": -1"#, r#""lost": "none""#, r#""lost": {"mim": 1}"#, r#""lost": 0.5"#],
        expect![[r#"
        "lost": -1
          30:62: $.expect.places.out.lost: must be at least 0, found -1
        "lost": "none"
          30:62: $.expect.places.out.lost: expected an integer or an object, found a string
        "lost": {"mim": 1}
          30:63: $.expect.places.out.lost.mim: unknown field "mim" (did you mean "min"?)
        "lost": 0.5
          30:62: $.expect.places.out.lost: expected an integer or an object, found 0.5 (write a whole number without a fraction or an exponent)
    "#]],
    );
    check_each(
        r#"{"steps": 100000}"#,
        &[r#"{"steps": -1}"#, r#"{"steps": "many"}"#, "7"],
        expect![[r#"
        {"steps": -1}
          35:23: $.limits.steps: must be at least 0, found -1
        {"steps": "many"}
          35:23: $.limits.steps: expected an integer, found a string
        7
          35:13: $.limits: expected an object, found an integer
    "#]],
    );
}
