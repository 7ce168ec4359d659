//! JSON values that remember where they stand.

use std::borrow::Cow;
use std::fmt;

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

/// As JSON, with the numbers as they were written.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separated = |index: usize| if index > 0 { "," } else { "" };
        let text = |text: &String| serde_json::Value::from(text.as_str());
        match &self.value {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(raw) => f.write_str(raw),
            Value::String(value) => write!(f, "{}", text(value)),
            Value::Array(items) => {
                f.write_str("[")?;
                items.iter().enumerate().try_for_each(|(index, item)| write!(f, "{}{item}", separated(index)))?;
                f.write_str("]")
            }
            Value::Object(members) => {
                let mut members = members.iter().enumerate();
                f.write_str("{")?;
                members.try_for_each(|(index, Member { key, node, .. })| write!(f, "{}{}:{node}", separated(index), text(key)))?;
                f.write_str("}")
            }
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
