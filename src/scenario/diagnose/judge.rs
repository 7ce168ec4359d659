//! What is wrong with a value that is meant to satisfy a schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::bounds::{check_number, check_size};
use super::fields::{family, foreign_field, unknown_field};
use super::finding::{Finding, Mend};
use super::kinds::{Kinds, fixed_values, same};
use super::values::{unknown_value, wrong_type};
use super::view::View;
use super::words::{nearest, valid};
use super::{duration, size};
use crate::scenario::json::{Member, Node, Span, Value, quoted};

/// How many alternatives one schema may unfold into; a schema derived from
/// types stays far below.
const MAX_ALTERNATIVES: usize = 1_000;

pub(super) struct Judge<'s> {
    schema: &'s Json,
    /// What was found for a node and a schema with alternatives, by place of
    /// the one and address of the other: without it, trying out alternatives
    /// inside alternatives takes time exponential in the depth.
    known: BTreeMap<(usize, usize), Vec<Finding>>,
}

impl<'s> Judge<'s> {
    pub fn new(schema: &'s Json) -> Self {
        Self { schema, known: BTreeMap::new() }
    }

    /// What is wrong with `node` if it is meant to satisfy `schema`.
    pub(super) fn node(&mut self, node: &Node, schema: &'s Json) -> Vec<Finding> {
        let mut findings = self.node_as_it_is(node, schema);
        for finding in findings.iter_mut().filter(|finding| finding.span == node.span && finding.mend.is_none()) {
            finding.mend = self.invent(schema, node.span).map(Mend::Replace);
        }
        findings
    }

    fn node_as_it_is(&mut self, node: &Node, schema: &'s Json) -> Vec<Finding> {
        let views = self.views(schema);
        if let [only] = views.as_slice() {
            return self.check(node, only, &[]);
        }
        let place = (node.span.start, std::ptr::from_ref(schema) as usize);
        if let Some(findings) = self.known.get(&place) {
            return findings.clone();
        }
        let findings = self.choose(node, &views);
        self.known.insert(place, findings.clone());
        findings
    }

    /// All ways to satisfy `schema`, at least one.
    pub(super) fn views(&self, schema: &'s Json) -> Vec<View<'s>> {
        let mut views = Vec::new();
        let mut start = View::default();
        self.expand(&mut start, schema);
        self.unfold(start, &mut views);
        if views.is_empty() {
            views.push(View { never: true, ..View::default() });
        }
        views
    }

    /// Adds to `view` everything that `schema` demands without a choice.
    fn expand(&self, view: &mut View<'s>, schema: &'s Json) {
        let Json::Object(part) = schema else {
            view.never |= *schema == Json::Bool(false);
            return;
        };
        // A schema that refers to itself adds nothing the second time.
        if view.parts.iter().any(|known| std::ptr::eq(*known, part)) {
            return;
        }
        view.parts.push(part);
        if let Some(target) = part.get("$ref").and_then(|name| self.resolve(name)) {
            self.expand(view, target);
        }
        for schema in part.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.expand(view, schema);
        }
        for name in ["oneOf", "anyOf"] {
            if let Some(Json::Array(branches)) = part.get(name) {
                view.pending.push(branches);
            }
        }
    }

    fn resolve(&self, name: &Json) -> Option<&'s Json> {
        self.schema.pointer(name.as_str()?.strip_prefix('#')?)
    }

    fn unfold(&self, mut view: View<'s>, views: &mut Vec<View<'s>>) {
        if view.never || views.len() >= MAX_ALTERNATIVES {
            return;
        }
        let Some(branches) = view.pending.pop() else {
            views.push(view);
            return;
        };
        for branch in branches {
            let mut view = view.clone();
            self.expand(&mut view, branch);
            self.unfold(view, views);
        }
    }

    /// What is wrong with `node` if it is meant to satisfy `view`, which was
    /// preferred to its `rivals`.
    pub(super) fn check(&mut self, node: &Node, view: &View<'s>, rivals: &[&View<'s>]) -> Vec<Finding> {
        if !view.kinds().has(Kinds::of_node(node)) {
            return vec![wrong_type(node, view.named_kinds(), &view.words())];
        }
        if view.is_size() {
            return Vec::from_iter(size::check(node));
        }
        if view.is_duration() {
            return Vec::from_iter(duration::check(node));
        }
        let admits = |part: &&Map<String, Json>| fixed_values(part).is_none_or(|values| values.iter().any(|value| same(node, value)));
        if !view.parts.iter().all(admits) {
            return vec![unknown_value(node, &[view])];
        }
        match &node.value {
            Value::Number(raw) => check_number(node, raw, view).into_iter().collect(),
            Value::String(text) => {
                let length = text.chars().count();
                check_size(node, view, length, "Length", "character").into_iter().collect()
            }
            Value::Array(items) => self.check_array(node, items, view),
            Value::Object(members) => self.check_object(node, members, view, rivals),
            Value::Null | Value::Bool(_) => Vec::new(),
        }
    }

    fn check_array(&mut self, node: &Node, items: &[Node], view: &View<'s>) -> Vec<Finding> {
        let size = check_size(node, view, items.len(), "Items", "item");
        let mut findings = Vec::from_iter(size);
        for part in &view.parts {
            let prefix = part.get("prefixItems").and_then(Json::as_array);
            let prefix = prefix.map_or(&[][..], Vec::as_slice);
            // `items: false` closes a tuple, which its size says more clearly.
            let rest = part.get("items").filter(|schema| schema.is_object());
            for (index, item) in items.iter().enumerate() {
                if let Some(schema) = prefix.get(index).or(rest) {
                    findings.extend(self.node(item, schema));
                }
            }
        }
        findings
    }

    fn check_object(&mut self, node: &Node, members: &[Member], view: &View<'s>, rivals: &[&View<'s>]) -> Vec<Finding> {
        let size = check_size(node, view, members.len(), "Properties", "field");
        let mut findings = Vec::from_iter(size);
        let present: BTreeSet<_> = members.iter().map(|member| member.key.as_str()).collect();
        let mut missing = view.required();
        missing.retain(|name| !present.contains(name));
        let mut absent = view.fields();
        absent.retain(|name| !present.contains(name));
        let mut seen = BTreeSet::new();

        for member in members {
            let mut schemas = view.schemas_for(&member.key);
            let repeated = !seen.insert(member.key.as_str());
            // A repeated field will be removed; a repeated name in a map may be renamed.
            if repeated && (schemas.is_empty() || view.has_field(&member.key)) {
                continue;
            }
            if schemas.is_empty() && view.is_closed() {
                let meant = nearest(&member.key, absent.iter().copied());
                let foreign = foreign_field(member, members, view, rivals);
                if let (Some(meant), None) = (meant, &foreign) {
                    missing.retain(|name| *name != meant);
                    schemas = view.field(meant);
                }
                let finding = foreign.unwrap_or_else(|| unknown_field(member, meant, &family(view, rivals)));
                findings.push(finding);
            }
            for schema in schemas {
                findings.extend(self.node(&member.node, schema));
            }
        }
        findings.extend(missing.iter().map(|name| self.missing(node, name, &[view])));
        findings
    }

    pub(super) fn missing(&self, node: &Node, name: &str, views: &[&View<'s>]) -> Finding {
        let schemas = views.iter().flat_map(|view| view.field(name));
        let admitted: Vec<_> = schemas.flat_map(|schema| self.views(schema)).collect();
        let words: Vec<_> = admitted.iter().flat_map(View::words).collect();
        let help = (!words.is_empty()).then(|| valid("values", &words));
        let finding = Finding::new(node.span, format!("missing field {}", quoted(name)), help);
        match self.addition(node, name, views) {
            Some(addition) => finding.mended_by(addition),
            None => finding,
        }
    }

    /// How `node` could have the field `name`. It stands at the closing bracket, where no value starts.
    pub(super) fn addition(&self, node: &Node, name: &str, views: &[&View<'s>]) -> Option<Mend> {
        let schema = views.iter().flat_map(|view| view.field(name)).next()?;
        let place = Span { start: node.span.end - 1, end: node.span.end };
        Some(Mend::Add(name.to_owned(), self.invent(schema, place)?))
    }
}
