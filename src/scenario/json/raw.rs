//! What `serde_json` does not tell: objects with repeated keys, and brackets that stay open.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How many arrays and objects may be nested in each other.
pub const MAX_DEPTH: usize = 64;

/// The open brackets at the end of a text, found without recursion.
pub(super) struct Brackets {
    pub open: Vec<usize>,
    pub open_string: Option<usize>,
    pub too_deep: Option<usize>,
}

impl Brackets {
    /// Meaningful up to the first place where `text` is not JSON.
    pub fn of(text: &str) -> Self {
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
pub(super) struct RawMembers<'t>(pub Vec<(&'t RawValue, &'t RawValue)>);

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
