//! Values that a schema admits, to stand in for those that it refuses.

use serde_json::Value as Json;

use super::bounds::check_number;
use super::judge::Judge;
use super::kinds::Kinds;
use super::view::View;
use crate::scenario::json::{Member, Node, Span, Value};

/// How deep an invented value may be nested: a type may need one of its own kind.
const MAX_DEPTH: usize = 8;

impl<'s> Judge<'s> {
    /// A small value that satisfies `schema`, if one is easily found.
    pub(super) fn invent(&self, schema: &'s Json, span: Span) -> Option<Node> {
        self.invent_nested(schema, span, MAX_DEPTH)
    }

    fn invent_nested(&self, schema: &'s Json, span: Span, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        // `null` would say that the field is left out.
        let views = self.views(schema);
        views.iter().filter(|view| view.kinds() != Kinds::NULL).find_map(|view| self.invent_for(view, span, depth))
    }

    fn invent_for(&self, view: &View<'s>, span: Span, depth: usize) -> Option<Node> {
        let kinds = view.kinds();
        let value = match view.words().first() {
            Some(word) => Value::String((*word).to_owned()),
            None if view.has_fixed_values() => return None,
            None if view.is_duration() || view.is_size() => Value::Number("0".to_owned()),
            None if kinds.has(Kinds::STRING) => Value::String(String::new()),
            None if kinds.has(Kinds::INTEGER) => return small_number(view, span),
            None if kinds.has(Kinds::BOOLEAN) => Value::Bool(false),
            None if kinds.has(Kinds::ARRAY) => Value::Array(self.invent_items(view, span, depth)?),
            None if kinds.has(Kinds::OBJECT) => Value::Object(self.invent_members(view, span, depth)?),
            None => return None,
        };
        Some(Node { span, value })
    }

    fn invent_items(&self, view: &View<'s>, span: Span, depth: usize) -> Option<Vec<Node>> {
        let prefixes = view.keyword("prefixItems").filter_map(Json::as_array);
        prefixes.flatten().map(|schema| self.invent_nested(schema, span, depth)).collect()
    }

    fn invent_members(&self, view: &View<'s>, span: Span, depth: usize) -> Option<Vec<Member>> {
        let member = |key: &str| {
            let node = self.invent_nested(view.field(key).first()?, span, depth)?;
            Some(Member { key: key.to_owned(), key_span: span, node })
        };
        view.required().into_iter().map(member).collect()
    }
}

fn small_number(view: &View<'_>, span: Span) -> Option<Node> {
    let numbers = ["0", "1"].map(|raw| Node { span, value: Value::Number(raw.to_owned()) });
    numbers.into_iter().find(|node| matches!(&node.value, Value::Number(raw) if check_number(node, raw, view).is_none()))
}
