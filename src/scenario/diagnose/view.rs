//! One way to satisfy a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::kinds::{Kinds, fixed_values, fixed_words};

/// One way to satisfy a schema: schema objects that all have to hold.
#[derive(Clone, Default)]
pub(super) struct View<'s> {
    pub parts: Vec<&'s Map<String, Json>>,
    pub pending: Vec<&'s [Json]>,
    pub never: bool,
}

impl<'s> View<'s> {
    pub fn kinds(&self) -> Kinds {
        let parts = self.parts.iter();
        let all = if self.never { Kinds::NONE } else { Kinds::ALL };
        parts.fold(all, |kinds, part| kinds.and(Kinds::of_schema(part)))
    }

    pub fn keyword(&self, name: &str) -> impl Iterator<Item = &'s Json> {
        self.parts.iter().filter_map(move |part| part.get(name))
    }

    pub fn fields(&self) -> BTreeSet<&'s str> {
        let maps = self.keyword("properties").filter_map(Json::as_object);
        maps.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    pub fn required(&self) -> Vec<&'s str> {
        let lists = self.keyword("required").filter_map(Json::as_array);
        lists.flatten().filter_map(Json::as_str).collect()
    }

    pub fn field(&self, key: &str) -> Vec<&'s Json> {
        let maps = self.keyword("properties");
        maps.filter_map(|map| map.get(key)).collect()
    }

    pub fn has_field(&self, key: &str) -> bool {
        !self.field(key).is_empty()
    }

    /// Whether fields without a schema of their own are refused.
    pub fn is_closed(&self) -> bool {
        let extra = self.keyword("additionalProperties");
        let mut extra = extra.chain(self.keyword("unevaluatedProperties"));
        extra.any(|schema| *schema == Json::Bool(false))
    }

    /// The schemas for the value under `key`; none at all if `key` is not a field.
    pub fn schemas_for(&self, key: &str) -> Vec<&'s Json> {
        let mut schemas = self.field(key);
        let patterns = self.keyword("patternProperties").filter_map(Json::as_object);
        let matching = patterns.flatten().filter(|(pattern, _)| matches_pattern(pattern, key));
        schemas.extend(matching.map(|(_, schema)| schema));
        if schemas.is_empty() {
            let extra = self.keyword("additionalProperties");
            schemas.extend(extra.filter(|schema| schema.is_object()));
        }
        schemas
    }

    /// The one word that `field` has to be, if it is the tag of an enum variant.
    pub fn tag(&self, field: &str) -> Option<&'s str> {
        let schemas = self.field(field);
        let mut words = schemas.iter().filter_map(|schema| fixed_values(schema.as_object()?));
        match words.next()? {
            [Json::String(word)] => Some(word),
            _ => None,
        }
    }

    pub fn words(&self) -> Vec<&'s str> {
        let words = self.parts.iter().flat_map(|part| fixed_words(part));
        words.collect()
    }

    /// Whether a span of time is meant.
    pub fn is_duration(&self) -> bool {
        self.keyword("$ref").any(|name| *name == "#/$defs/Duration")
    }

    /// Whether an amount of data is meant.
    pub fn is_size(&self) -> bool {
        self.keyword("$ref").any(|name| *name == "#/$defs/Size")
    }

    /// The types to name in a message.
    pub fn named_kinds(&self) -> Kinds {
        if self.is_size() {
            return self.kinds().without(Kinds::STRING.or(Kinds::NUMBER)).or(Kinds::SIZE);
        }
        match self.is_duration() {
            true => self.kinds().without(Kinds::STRING.or(Kinds::NUMBER)).or(Kinds::DURATION),
            false => self.kinds(),
        }
    }

    pub fn has_fixed_values(&self) -> bool {
        self.parts.iter().any(|part| fixed_values(part).is_some())
    }
}

/// `schemars` uses patterns only for maps with integer keys; others are let pass.
fn matches_pattern(pattern: &str, key: &str) -> bool {
    let digits = match pattern {
        r"^\d+$" => key,
        r"^-?\d+$" => key.strip_prefix('-').unwrap_or(key),
        _ => return true,
    };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The required field that tells all `views` apart by its one admitted word.
pub(super) fn common_tag<'s>(views: &[&View<'s>]) -> Option<&'s str> {
    let candidates = views.first()?.required();
    candidates.into_iter().find(|name| {
        let words = views.iter().map(|view| {
            let required = view.required().contains(name);
            view.tag(name).filter(|_| required)
        });
        match words.collect::<Option<BTreeSet<_>>>() {
            Some(words) => words.len() > 1,
            None => false,
        }
    })
}

/// The required field that tells `view` from some of the others, as "stall" does of a fault.
pub(super) fn lead<'s>(view: &View<'s>, views: &[&View<'s>]) -> Option<&'s str> {
    view.required().into_iter().find(|name| !views.iter().all(|other| other.required().contains(name)))
}
