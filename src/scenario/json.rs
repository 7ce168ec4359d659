//! Reads JSON into a tree that remembers where everything stands in the file.
//!
//! `serde_json` decides what is JSON; this module only keeps what it would
//! throw away: the place of every value and key, the order of the members,
//! repeated keys, and the digits of numbers as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How many arrays and objects may be nested in each other.
pub const MAX_DEPTH: usize = 64;

/// Longest piece of the file that is repeated in a message.
const MAX_QUOTED: usize = 40;

/// A range of bytes in the file, `start` included and `end` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just behind the last byte.
    pub end: usize,
}

/// A JSON value and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes of the value, with its quotes or brackets.
    pub span: Span,
    /// The value itself.
    pub value: Value,
}

/// A JSON value that keeps order, repeated keys and the digits of numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number exactly as it was written.
    Number(String),
    /// A string with its escapes resolved.
    String(String),
    /// The items of an array.
    Array(Vec<Node>),
    /// The members of an object as they stand in the file, repeated keys included.
    Object(Vec<Member>),
}

/// One `"key": value` of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key with its escapes resolved.
    pub key: String,
    /// The bytes of the key, with its quotes.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The value of the first member called `key`, if this is an object that has one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.node)
    }

    /// The node at a JSON pointer such as `/operators/count/kind`.
    ///
    /// Of repeated keys the first one is taken.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, step| node.child(&unescaped(step)))
    }

    /// The place of the key of the member at a JSON pointer.
    ///
    /// `None` if nothing is there, or if it is the root or an item of an array.
    pub fn key_at(&self, pointer: &str) -> Option<Span> {
        let (parent, key) = pointer.rsplit_once('/')?;
        let member = self.at(parent)?.member(&unescaped(key))?;
        Some(member.key_span)
    }

    /// The path, like `$.operators.count.kind`, of the innermost value or key
    /// that covers the byte at `offset`.
    pub fn path_to(&self, offset: usize) -> String {
        let mut path = String::from("$");
        let mut node = self;
        loop {
            match &node.value {
                Value::Array(items) => {
                    let next = items.partition_point(|item| item.span.end <= offset);
                    match items.get(next) {
                        Some(item) if item.span.start <= offset => node = item,
                        _ => return path,
                    }
                    path.push_str(&format!("[{next}]"));
                }
                Value::Object(members) => {
                    let next = members.partition_point(|member| member.node.span.end <= offset);
                    match members.get(next) {
                        Some(member) if member.key_span.start <= offset => {
                            push_key(&mut path, &member.key);
                            node = &member.node;
                        }
                        _ => return path,
                    }
                }
                _ => return path,
            }
        }
    }

    fn member(&self, key: &str) -> Option<&Member> {
        match &self.value {
            Value::Object(members) => members.iter().find(|member| member.key == key),
            _ => None,
        }
    }

    fn child(&self, step: &str) -> Option<&Node> {
        match &self.value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => self.get(step),
        }
    }
}

/// Resolves the escapes of one step of a JSON pointer.
fn unescaped(step: &str) -> Cow<'_, str> {
    // Hardly any has one, and drawn scenarios are read by the thousand.
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}

fn push_key(path: &mut String, key: &str) {
    let plain = key.len() <= MAX_QUOTED
        && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        path.push('.');
        path.push_str(key);
    } else {
        path.push_str(&format!("[{}]", quoted(key)));
    }
}

/// `text` in double quotes, shortened and with unprintable characters escaped,
/// so that a hostile or broken file cannot garble the report.
pub fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// `text` cut to a length that fits into a message.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Finds line and column of byte offsets.
#[derive(Debug, Clone)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Indexes the lines of `text`.
    pub fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    /// The line of `offset`, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Line and column of `offset`, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line(offset);
        let start = self.starts[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }

    /// Where `error` points to.
    ///
    /// `serde_json` counts columns in bytes and names the last byte it has read.
    fn offset_of(&self, error: &serde_json::Error) -> usize {
        if error.is_eof() {
            return self.text.len();
        }
        let line = error.line().clamp(1, self.starts.len());
        let offset = (self.starts[line - 1] + error.column()).saturating_sub(1);
        self.text.floor_char_boundary(offset)
    }
}

/// Something wrong in the file: where it is, what it is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes in question.
    pub span: Span,
    /// Line of the first byte, counted from 1.
    pub line: usize,
    /// Column of the first byte in characters, counted from 1.
    pub column: usize,
    /// Path from the root of the file, like `$.operators.count.kind`.
    pub path: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// The nearest valid word, or what to do.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at the value or key of `root` that starts at `span`.
    pub fn new(root: &Node, lines: &LineIndex<'_>, span: Span, message: impl Into<String>, help: Option<String>) -> Self {
        let path = root.path_to(span.start);
        Self { path, ..Self::of_file(lines, span, message.into(), help) }
    }

    /// A mistake in a file of which there is no tree.
    fn of_file(lines: &LineIndex<'_>, span: Span, message: String, help: Option<String>) -> Self {
        let (line, column) = lines.position(span.start);
        Self { span, line, column, path: String::from("$"), message, help }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line, self.column);
        write!(f, "{line}:{column}: {}: {}", self.path, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// The text of a file, or what keeps it from being one.
pub fn text_of(bytes: &[u8]) -> Result<&str, Mistake> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    refuse_empty(text)?;
    Ok(text)
}

fn not_utf8(bytes: &[u8], at: usize) -> Mistake {
    let (valid, rest) = bytes.split_at(at);
    let valid = std::str::from_utf8(valid).unwrap_or_default();
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let bad = rest.first().copied().unwrap_or_default();
    let message = format!("byte 0x{bad:02X} is not valid UTF-8; expected a JSON file in UTF-8");
    let help = utf16.then(|| "the file looks like UTF-16; save it as UTF-8".to_owned());
    let span = Span { start: at, end: at + 1 };
    Mistake::of_file(&LineIndex::new(valid), span, message, help)
}

fn refuse_empty(text: &str) -> Result<(), Mistake> {
    if !text.trim().is_empty() {
        return Ok(());
    }
    let message = "the file is empty; expected a JSON object {...}".to_owned();
    let span = Span { start: 0, end: 0 };
    Err(Mistake::of_file(&LineIndex::new(text), span, message, None))
}

/// Reads the one JSON value in `text`.
///
/// Text that is not JSON gives the first place where it stops being JSON.
pub fn parse(text: &str) -> Result<Node, Mistake> {
    refuse_empty(text)?;
    let reader = Reader { text, lines: LineIndex::new(text) };
    let brackets = Brackets::of(text);
    let raw = serde_json::from_str::<&RawValue>(text);
    let valid_up_to = match &raw {
        Ok(_) => text.len(),
        Err(error) => reader.lines.offset_of(error),
    };
    if let Some(start) = brackets.too_deep.filter(|at| *at < valid_up_to) {
        return Err(reader.too_deep(start));
    }
    let raw = raw.map_err(|error| reader.syntax(&error, &brackets))?;
    reader.node(raw)
}

/// The open brackets at the end of a text, found without recursion.
struct Brackets {
    open: Vec<usize>,
    open_string: Option<usize>,
    too_deep: Option<usize>,
}

impl Brackets {
    /// Meaningful up to the first place where `text` is not JSON.
    fn of(text: &str) -> Self {
        let mut found = Self { open: Vec::new(), open_string: None, too_deep: None };
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            if found.open_string.is_some() {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => found.open_string = None,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => found.open_string = Some(at),
                b'[' | b'{' if found.open.len() == MAX_DEPTH => {
                    found.too_deep = Some(at);
                    break;
                }
                b'[' | b'{' => found.open.push(at),
                b']' | b'}' => drop(found.open.pop()),
                _ => {}
            }
        }
        found
    }
}

/// An object whose keys and values have not been looked into.
struct RawMembers<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for RawMembers<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawMembersVisitor(Vec::new()))
    }
}

struct RawMembersVisitor<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de: 't, 't> Visitor<'de> for RawMembersVisitor<'t> {
    type Value = RawMembers<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(member) = map.next_entry()? {
            self.0.push(member);
        }
        Ok(RawMembers(self.0))
    }
}

struct Reader<'t> {
    text: &'t str,
    lines: LineIndex<'t>,
}

impl<'t> Reader<'t> {
    /// Recurses as deep as the text is nested, which the caller has limited.
    fn node(&self, raw: &'t RawValue) -> Result<Node, Mistake> {
        let text = raw.get();
        let value = match text.as_bytes().first() {
            Some(b'{') => Value::Object(self.members(raw)?),
            Some(b'[') => {
                Value::Array(self.decode::<Vec<&'t RawValue>>(raw)?.into_iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Value::String(self.decode(raw)?),
            Some(b't' | b'f') => Value::Bool(self.decode(raw)?),
            Some(b'n') => Value::Null,
            _ => Value::Number(text.to_owned()),
        };
        let span = self.span(raw);
        Ok(Node { span, value })
    }

    fn members(&self, raw: &'t RawValue) -> Result<Vec<Member>, Mistake> {
        let RawMembers(members) = self.decode(raw)?;
        let read = members
            .into_iter()
            .map(|(key, value)| Ok(Member { key: self.decode(key)?, key_span: self.span(key), node: self.node(value)? }));
        read.collect()
    }

    fn decode<T: Deserialize<'t>>(&self, raw: &'t RawValue) -> Result<T, Mistake> {
        // The text as a whole has been checked: only half a surrogate pair is left to find.
        serde_json::from_str(raw.get()).map_err(|error| {
            let message = format!("a string that is not text: {}", bare(&error));
            Mistake::of_file(&self.lines, self.span(raw), message, None)
        })
    }

    /// `raw` borrows from the text, so the distance of the two is its offset.
    fn span(&self, raw: &RawValue) -> Span {
        let raw = raw.get();
        let start = (raw.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Span { start, end: start + raw.len() }
    }

    fn mistake(&self, start: usize, message: String, help: Option<String>) -> Mistake {
        let found = self.text.get(start..).and_then(|rest| rest.chars().next());
        let end = start + found.map_or(0, char::len_utf8);
        Mistake::of_file(&self.lines, Span { start, end }, message, help)
    }

    fn too_deep(&self, start: usize) -> Mistake {
        let message = format!("nested too deep; expected at most {MAX_DEPTH} levels");
        self.mistake(start, message, None)
    }

    fn syntax(&self, error: &serde_json::Error, brackets: &Brackets) -> Mistake {
        let start = self.lines.offset_of(error);
        if error.is_eof() {
            return self.cut_off(error, brackets);
        }
        let message = bare(error);
        if message.starts_with("control character") {
            return self.control_character(start);
        }
        let found = self.text[start..].chars().next().unwrap_or_default();
        let before = self.text[..start].trim_end();
        if matches!(found, ']' | '}') && before.ends_with(',') {
            let help = Some("remove the comma".to_owned());
            return self.mistake(start, format!("trailing comma before \"{found}\""), help);
        }
        let shown = quoted(found.encode_utf8(&mut [0; 4]));
        let message = match message.as_str() {
            "expected value" => format!("expected a JSON value, found {shown}"),
            "expected ident" => format!("expected true, false or null, found {shown}"),
            "key must be a string" => {
                format!("expected a field name in double quotes, found {shown}")
            }
            "trailing characters" => format!("expected the end of the file, found {shown}"),
            other if other.starts_with("expected") => {
                format!("{}, found {shown}", other.replace('`', "\""))
            }
            other => other.to_owned(),
        };
        self.mistake(start, message, syntax_help(found, start))
    }

    fn cut_off(&self, error: &serde_json::Error, brackets: &Brackets) -> Mistake {
        let message = match bare(error).as_str() {
            "EOF while parsing a string" => "the file ends in the middle of a string",
            "EOF while parsing a list" => "the file ends in the middle of an array",
            "EOF while parsing an object" => "the file ends in the middle of an object",
            _ => "the file ends where a value was expected",
        };
        let open = brackets.open_string.or(brackets.open.last().copied());
        let help = open.map(|at| {
            let (line, column) = self.lines.position(at);
            let bracket = &self.text[at..=at];
            format!("the {bracket} at line {line}, column {column} is never closed")
        });
        self.mistake(self.text.len(), message.to_owned(), help)
    }

    /// `serde_json` names the byte before the control character or the character itself.
    fn control_character(&self, near: usize) -> Mistake {
        let rest = self.text[near..].char_indices();
        let mut controls = rest.filter(|(_, c)| *c < ' ');
        let (skipped, found) = controls.next().unwrap_or((0, '\n'));
        let start = near + skipped;
        if matches!(found, '\n' | '\r') {
            let help = Some("close the string with a double quote".to_owned());
            return self.mistake(start, "the line ends inside a string".to_owned(), help);
        }
        let code = u32::from(found);
        let message = format!("control character U+{code:04X} inside a string");
        self.mistake(start, message, Some(format!("write it as \\u{code:04x}")))
    }
}

/// The message of `error` without the position that `serde_json` appends.
fn bare(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(cut) => message[..cut].to_owned(),
        None => message,
    }
}

fn syntax_help(found: char, start: usize) -> Option<String> {
    let help = match found {
        '\u{feff}' if start == 0 => "save the file as UTF-8 without a byte order mark",
        '\0' => "the file contains NUL bytes; save it as plain UTF-8 text",
        '\'' => "strings are written in double quotes",
        '/' | '#' => "JSON has no comments",
        'T' | 'F' | 'N' => "true, false and null are written in lower case",
        _ => return None,
    };
    Some(help.to_owned())
}

#[cfg(test)]
mod tests {
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
}
