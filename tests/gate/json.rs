//! Cases in JSON: an object with a list `cases`, or that list alone. An object without that field
//! holds something else.
//!
//! A case has `id`, `mode`, `channels`, `input` and `expect`. It may have `note`, `channel_kinds`,
//! `finished_tasks`, `polling`, `gate`, and `final` with `blocked` and `undelivered`. Whatever
//! else it has is passed over.

use serde_json::Value;

use super::case::{Case, Input, Mode, Token, parse_left};

/// The cases of one file, each of which may be wrong by itself; `None` when the file holds
/// something else.
pub fn parse(text: &str) -> Result<Option<Vec<Result<Case, String>>>, String> {
    let file: Value = serde_json::from_str(text).map_err(|why| format!("no JSON: {why}"))?;
    let cases = if file.is_object() { file.get("cases") } else { Some(&file) };
    let Some(cases) = cases else { return Ok(None) };
    let cases = cases.as_array().ok_or("`cases` is no list")?;
    Ok(Some(cases.iter().enumerate().map(|(at, value)| case(at, value)).collect()))
}

fn case(at: usize, value: &Value) -> Result<Case, String> {
    let id = value.get("id").and_then(Value::as_str).map_or_else(|| format!("number {}", at + 1), str::to_owned);
    let fields = Fields(value);
    read(&id, &fields).map_err(|why| format!("case {id}: {why}"))?.checked()
}

fn read(id: &str, fields: &Fields<'_>) -> Result<Case, String> {
    let channels = channel(fields.required("channels")?)?;
    let end = Fields(fields.0.get("final").unwrap_or(&Value::Null));
    Ok(Case {
        id: id.to_owned(),
        note: fields.word("note")?.unwrap_or("").to_owned(),
        mode: Mode::parse(fields.word("mode")?.ok_or("`mode` is missing")?)?,
        channels,
        local: local(fields.optional("channel_kinds"), channels)?,
        finished_tasks: match fields.optional("finished_tasks") {
            Some(value) => value.as_bool().ok_or_else(|| format!("`finished_tasks`: {value} is neither true nor false"))?,
            None => true,
        },
        eager: fields.either("polling", "eager", "manual")?,
        script: !fields.either("gate", "blocking", "script")?,
        input: parsed(fields.required("input")?, "input", Input::parse)?,
        expect: parsed(fields.required("expect")?, "expect", Token::parse)?,
        blocked: end.optional("blocked").map(|value| list(value, "blocked")?.iter().map(channel).collect()).transpose()?,
        undelivered: end.optional("undelivered").map(|value| parsed(value, "undelivered", parse_left)).transpose()?,
    })
}

/// The fields of an object; one that is `null` counts as missing.
struct Fields<'v>(&'v Value);

impl<'v> Fields<'v> {
    fn optional(&self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn required(&self, name: &str) -> Result<&'v Value, String> {
        self.optional(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    fn word(&self, name: &str) -> Result<Option<&'v str>, String> {
        self.optional(name).map(|value| word(value, name)).transpose()
    }

    /// Whether a field has the value it also has when it is missing, not the other one.
    fn either(&self, name: &str, usual: &str, other: &str) -> Result<bool, String> {
        match self.word(name)? {
            None => Ok(true),
            Some(word) if word == usual => Ok(true),
            Some(word) if word == other => Ok(false),
            Some(word) => Err(format!("`{name}`: `{word}` is neither {usual} nor {other}")),
        }
    }
}

fn word<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("`{name}`: {value} is no text"))
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("`{name}`: {value} is no list"))
}

fn parsed<T>(value: &Value, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    list(value, name)?.iter().map(|entry| parse(word(entry, name)?)).collect()
}

fn channel(value: &Value) -> Result<u32, String> {
    value.as_u64().and_then(|number| number.try_into().ok()).ok_or_else(|| format!("`{value}` is no number of channels and no channel"))
}

/// One word per channel, or one for all; channels beyond the list are remote.
fn local(kinds: Option<&Value>, channels: u32) -> Result<Vec<bool>, String> {
    let one = |kind: &Value| match word(kind, "channel_kinds")? {
        "local" => Ok(true),
        "remote" => Ok(false),
        other => Err(format!("`channel_kinds`: `{other}` is neither remote nor local")),
    };
    let mut local: Vec<bool> = match kinds {
        None => Vec::new(),
        Some(Value::Array(kinds)) => kinds.iter().map(one).collect::<Result<_, String>>()?,
        Some(kind) => vec![one(kind)?; channels.min(super::case::MOST_CHANNELS) as usize],
    };
    let known = local.len();
    local.resize(known.max(channels.min(super::case::MOST_CHANNELS) as usize), false);
    Ok(local)
}

mod tests {
    use super::*;
    use crate::gate::case::words;

    fn only(case: &str) -> Result<Case, String> {
        let file = format!(r#"{{"format": "flink-barrier-cases/1", "surplus": 1, "cases": [{case}]}}"#);
        parse(&file).expect("a file").expect("cases").remove(0)
    }

    #[test]
    fn what_is_missing_has_its_default() {
        let case =
            only(r#"{"id": "X", "mode": "tracker", "channels": 2, "input": ["0:r1"], "expect": [], "surplus": {}}"#).expect("a case");
        assert_eq!((case.local, case.finished_tasks, case.eager, case.script), (vec![false, false], true, true, false));
        assert_eq!((case.blocked, case.undelivered), (None, None));
    }

    #[test]
    fn every_option_is_read() {
        let case = only(
            r#"{"id": "X", "mode": "alternating", "channels": 3, "channel_kinds": ["remote", "local"], "finished_tasks": false,
                "polling": "manual", "gate": "script", "note": null, "input": ["0:B7u@5", "2:B7t100@0", "+50", "+50!", "fire"],
                "expect": ["b0:B7u", "T7u", "A7:eos"], "final": {"blocked": [2], "undelivered": ["1:r1", "1:E"], "latest": 7}}"#,
        )
        .expect("a case");
        assert_eq!((case.local, case.finished_tasks, case.eager, case.script), (vec![false, true, false], false, false, true));
        assert_eq!(words(&case.input), "0:B7u@5 2:B7t100@0 +50 +50! fire");
        assert_eq!(case.blocked, Some(vec![2]));
        assert_eq!(case.undelivered, Some(vec![(1, "r1".to_owned()), (1, "E".to_owned())]));
    }

    #[test]
    fn a_mistake_names_its_case_and_word() {
        let with = |extra: &str| format!(r#"{{"id": "X", "mode": "aligned", "channels": 1, "input": ["0:r1"], "expect": [], {extra}}}"#);
        let wrong = [
            (with(r#""input": ["0:B7x"]"#), "0:B7x"),
            (with(r#""input": ["1:r1"]"#), "1:r1"),
            (with(r#""input": [7]"#), "7"),
            (with(r#""input": {}"#), "input"),
            (with(r#""expect": ["T7"]"#), "T7"),
            (with(r#""expect": ["d9:r1"]"#), "d9:r1"),
            (with(r#""mode": "sideways""#), "sideways"),
            (with(r#""channels": 0"#), "0"),
            (with(r#""channels": 4000000000, "channel_kinds": "local""#), "4000000000"),
            (with(r#""polling": "never""#), "never"),
            (with(r#""gate": 1"#), "gate"),
            (with(r#""channel_kinds": ["near"]"#), "near"),
            (with(r#""channel_kinds": ["local", "local"]"#), "2 channel kinds"),
            (with(r#""final": {"undelivered": ["r1"]}"#), "r1"),
            (with(r#""final": {"blocked": [5]}"#), "5"),
        ];
        for (text, word) in wrong {
            let why = only(&text).expect_err(&text);
            assert!(why.starts_with("case X: ") && why.contains(word), "{why}");
        }
        assert_eq!(only("{}"), Err("case number 1: `channels` is missing".to_owned()));
        assert_eq!(only("3"), Err("case number 1: `channels` is missing".to_owned()));
    }

    #[test]
    fn a_file_of_something_else_is_told_apart() {
        assert_eq!(parse(r#"{"format": "songs/1", "songs": []}"#), Ok(None));
        assert_eq!(parse("[]"), Ok(Some(Vec::new())));
        assert!(parse("{").expect_err("cut off").contains("no JSON"));
        assert!(parse(r#"{"cases": 3}"#).expect_err("a number").contains("no list"));
        assert!(parse("3").expect_err("a number").contains("no list"));
    }
}
