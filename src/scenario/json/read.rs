//! From text to a tree, or to the first place where the text is no JSON.

use serde::de::Deserialize;
use serde_json::value::RawValue;

use super::place::{LineIndex, Mistake};
use super::raw::{Brackets, MAX_DEPTH, RawMembers};
use super::tree::{Member, Node, Span, Value, quoted};

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
