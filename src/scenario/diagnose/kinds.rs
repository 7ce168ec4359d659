//! JSON types and the fixed values of schemas.

use serde_json::{Map, Value as Json};

use crate::scenario::json::{Member, Node, Value};

/// A set of JSON types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub const STRING: Self = Self(1);
    pub const INTEGER: Self = Self(2);
    const FRACTION: Self = Self(4);
    pub const NUMBER: Self = Self(2 | 4);
    pub const BOOLEAN: Self = Self(8);
    pub const ARRAY: Self = Self(16);
    pub const OBJECT: Self = Self(32);
    pub const NULL: Self = Self(64);
    /// Strings and numbers that are spans of time; for messages only.
    pub const DURATION: Self = Self(128);
    /// Strings that are amounts of data; for messages only.
    pub const SIZE: Self = Self(256);
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(127);

    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn of_node(node: &Node) -> Self {
        match &node.value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(raw) if is_integer(raw) => Self::INTEGER,
            Value::Number(_) => Self::FRACTION,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    fn of_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::NULL,
            Json::Bool(_) => Self::BOOLEAN,
            Json::Number(number) if is_integer(&number.to_string()) => Self::INTEGER,
            Json::Number(_) => Self::FRACTION,
            Json::String(_) => Self::STRING,
            Json::Array(_) => Self::ARRAY,
            Json::Object(_) => Self::OBJECT,
        }
    }

    fn named(name: &Json) -> Self {
        match name.as_str() {
            Some("string") => Self::STRING,
            Some("integer") => Self::INTEGER,
            Some("number") => Self::NUMBER,
            Some("boolean") => Self::BOOLEAN,
            Some("array") => Self::ARRAY,
            Some("object") => Self::OBJECT,
            Some("null") => Self::NULL,
            _ => Self::NONE,
        }
    }

    /// The types that one schema object admits.
    pub fn of_schema(part: &Map<String, Json>) -> Self {
        let union = |kinds: &mut dyn Iterator<Item = Self>| kinds.fold(Self::NONE, Self::or);
        match (part.get("type"), fixed_values(part)) {
            (Some(Json::Array(names)), _) => union(&mut names.iter().map(Self::named)),
            (Some(name), _) => Self::named(name),
            (None, Some(values)) => union(&mut values.iter().map(Self::of_json)),
            (None, None) => Self::ALL,
        }
    }

    /// Like `a string or an integer`.
    pub fn describe(self) -> String {
        let mut names = Vec::new();
        let mut rest = self;
        for (kind, name) in [
            (Self::DURATION, "a duration"),
            (Self::SIZE, "an amount of data"),
            (Self::STRING, "a string"),
            (Self::NUMBER, "a number"),
            (Self::INTEGER, "an integer"),
            (Self::BOOLEAN, "true or false"),
            (Self::ARRAY, "an array"),
            (Self::OBJECT, "an object"),
            (Self::NULL, "null"),
        ] {
            if rest.has(kind) {
                names.push(name);
                rest = rest.without(kind);
            }
        }
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "nothing".to_owned(),
        }
    }
}

/// Whether a number counts as an integer for `serde_json`, which takes `-0` for a float.
pub(super) fn is_integer(raw: &str) -> bool {
    raw != "-0" && !raw.contains(['.', 'e', 'E'])
}

/// The values that `enum` or `const` admit.
pub(super) fn fixed_values(part: &Map<String, Json>) -> Option<&[Json]> {
    match (part.get("const"), part.get("enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Json::Array(values))) => Some(values),
        _ => None,
    }
}

/// The string values that `enum` or `const` admit.
pub(super) fn fixed_words(part: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let values = fixed_values(part).unwrap_or_default();
    values.iter().filter_map(Json::as_str)
}

/// Whether `node` is the value that a schema demands.
pub(super) fn same(node: &Node, value: &Json) -> bool {
    match (&node.value, value) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Number(a), Json::Number(b)) => *a == b.to_string(),
        (Value::String(a), Json::String(b)) => a == b,
        (Value::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Json::Object(b)) => {
            let held = |member: &Member| b.get(&member.key).is_some_and(|b| same(&member.node, b));
            a.len() == b.len() && a.iter().all(held)
        }
        _ => false,
    }
}
