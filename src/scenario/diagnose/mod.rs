//! Compares a file with a JSON schema and reports every mistake at once.
//!
//! The schema is expected in the form that `schemars` derives from `serde`
//! types. Where a schema offers alternatives, the one that the author most
//! likely meant is chosen and its mistakes are reported, because "no
//! alternative matches" helps nobody.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::json::{LineIndex, Member, Mistake, Node, Span, Value, quoted, shortened};

/// How many mistakes are reported one by one.
const MAX_MISTAKES: usize = 100;

/// How many alternatives one schema may unfold into; a schema derived from
/// types stays far below.
const MAX_ALTERNATIVES: usize = 1_000;

/// How many words a help text lists.
const MAX_LISTED: usize = 30;

/// Longer words are not compared, which keeps the comparison cheap.
const MAX_COMPARED: usize = 64;

/// Every mistake of `root`, the tree of `text`, measured by `schema`.
///
/// The mistakes are in the order of their places in the file. After the first
/// hundred, the last entry only says how many more there are.
pub fn validate(root: &Node, text: &str, schema: &Json) -> Vec<Mistake> {
    let lines = LineIndex::new(text);
    let mut judge = Judge { schema, known: BTreeMap::new() };
    let mut findings = judge.node(root, schema);
    find_duplicates(root, &lines, &mut findings);
    findings.sort_by_key(|finding| finding.span.start);
    // A misspelt tag, for one, is rejected again by the variant that was meant.
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert((finding.span.start, finding.message.clone())));

    let rest = findings.len().saturating_sub(MAX_MISTAKES);
    if rest > 0 {
        findings.truncate(MAX_MISTAKES + 1);
        findings[MAX_MISTAKES].message = format!("and {rest} more");
        findings[MAX_MISTAKES].help = None;
    }
    let located = findings.into_iter().map(|finding| Mistake::new(root, &lines, finding.span, finding.message, finding.help));
    located.collect()
}

/// A mistake whose line, column and path have not been worked out.
#[derive(Clone)]
struct Finding {
    span: Span,
    message: String,
    help: Option<String>,
}

impl Finding {
    fn new(span: Span, message: String, help: Option<String>) -> Self {
        Self { span, message, help }
    }
}

fn find_duplicates(node: &Node, lines: &LineIndex<'_>, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::Array(items) => {
            for item in items {
                find_duplicates(item, lines, findings);
            }
        }
        Value::Object(members) => {
            let mut first = BTreeMap::new();
            for member in members {
                let start = member.key_span.start;
                let given = *first.entry(member.key.as_str()).or_insert(start);
                if given != start {
                    let (key, line) = (quoted(&member.key), lines.line(given));
                    let message = format!("duplicate key {key}; it was first given at line {line}");
                    findings.push(Finding::new(member.key_span, message, None));
                }
                find_duplicates(&member.node, lines, findings);
            }
        }
        _ => {}
    }
}

/// A set of JSON types.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const STRING: Self = Self(1);
    const INTEGER: Self = Self(2);
    const FRACTION: Self = Self(4);
    const NUMBER: Self = Self(2 | 4);
    const BOOLEAN: Self = Self(8);
    const ARRAY: Self = Self(16);
    const OBJECT: Self = Self(32);
    const NULL: Self = Self(64);
    const NONE: Self = Self(0);
    const ALL: Self = Self(127);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn of_node(node: &Node) -> Self {
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
    fn of_schema(part: &Map<String, Json>) -> Self {
        let union = |kinds: &mut dyn Iterator<Item = Self>| kinds.fold(Self::NONE, Self::or);
        match (part.get("type"), fixed_values(part)) {
            (Some(Json::Array(names)), _) => union(&mut names.iter().map(Self::named)),
            (Some(name), _) => Self::named(name),
            (None, Some(values)) => union(&mut values.iter().map(Self::of_json)),
            (None, None) => Self::ALL,
        }
    }

    /// Like `a string or an integer`.
    fn describe(self) -> String {
        let mut names = Vec::new();
        let mut rest = self;
        for (kind, name) in [
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
fn is_integer(raw: &str) -> bool {
    raw != "-0" && !raw.contains(['.', 'e', 'E'])
}

/// The values that `enum` or `const` admit.
fn fixed_values(part: &Map<String, Json>) -> Option<&[Json]> {
    match (part.get("const"), part.get("enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Json::Array(values))) => Some(values),
        _ => None,
    }
}

/// The string values that `enum` or `const` admit.
fn fixed_words(part: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let values = fixed_values(part).unwrap_or_default();
    values.iter().filter_map(Json::as_str)
}

/// One way to satisfy a schema: schema objects that all have to hold.
#[derive(Clone, Default)]
struct View<'s> {
    parts: Vec<&'s Map<String, Json>>,
    pending: Vec<&'s [Json]>,
    never: bool,
}

impl<'s> View<'s> {
    fn kinds(&self) -> Kinds {
        let parts = self.parts.iter();
        let all = if self.never { Kinds::NONE } else { Kinds::ALL };
        parts.fold(all, |kinds, part| kinds.and(Kinds::of_schema(part)))
    }

    fn keyword(&self, name: &str) -> impl Iterator<Item = &'s Json> {
        self.parts.iter().filter_map(move |part| part.get(name))
    }

    fn fields(&self) -> BTreeSet<&'s str> {
        let maps = self.keyword("properties").filter_map(Json::as_object);
        maps.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    fn required(&self) -> Vec<&'s str> {
        let lists = self.keyword("required").filter_map(Json::as_array);
        lists.flatten().filter_map(Json::as_str).collect()
    }

    fn field(&self, key: &str) -> Vec<&'s Json> {
        let maps = self.keyword("properties");
        maps.filter_map(|map| map.get(key)).collect()
    }

    fn has_field(&self, key: &str) -> bool {
        !self.field(key).is_empty()
    }

    /// Whether fields without a schema of their own are refused.
    fn is_closed(&self) -> bool {
        let extra = self.keyword("additionalProperties");
        let mut extra = extra.chain(self.keyword("unevaluatedProperties"));
        extra.any(|schema| *schema == Json::Bool(false))
    }

    /// The schemas for the value under `key`; none at all if `key` is not a field.
    fn schemas_for(&self, key: &str) -> Vec<&'s Json> {
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
    fn tag(&self, field: &str) -> Option<&'s str> {
        let schemas = self.field(field);
        let mut words = schemas.iter().filter_map(|schema| fixed_values(schema.as_object()?));
        match words.next()? {
            [Json::String(word)] => Some(word),
            _ => None,
        }
    }

    fn words(&self) -> Vec<&'s str> {
        let words = self.parts.iter().flat_map(|part| fixed_words(part));
        words.collect()
    }

    fn has_fixed_values(&self) -> bool {
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

/// Fields known exactly, whether the leading field is there, fields known but
/// for their spelling, few mistakes.
type Score = (usize, bool, usize, Reverse<usize>);

struct Judge<'s> {
    schema: &'s Json,
    /// What was found for a node and a schema with alternatives, by place of
    /// the one and address of the other: without it, trying out alternatives
    /// inside alternatives takes time exponential in the depth.
    known: BTreeMap<(usize, usize), Vec<Finding>>,
}

impl<'s> Judge<'s> {
    /// What is wrong with `node` if it is meant to satisfy `schema`.
    fn node(&mut self, node: &Node, schema: &'s Json) -> Vec<Finding> {
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
    fn views(&self, schema: &'s Json) -> Vec<View<'s>> {
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
    fn check(&mut self, node: &Node, view: &View<'s>, rivals: &[&View<'s>]) -> Vec<Finding> {
        if !view.kinds().has(Kinds::of_node(node)) {
            return vec![wrong_type(node, view.kinds(), &view.words())];
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
                let finding = foreign.unwrap_or_else(|| unknown_field(member, meant, view));
                findings.push(finding);
            }
            for schema in schemas {
                findings.extend(self.node(&member.node, schema));
            }
        }
        findings.extend(missing.iter().map(|name| self.missing(node, name, &[view])));
        findings
    }

    fn missing(&self, node: &Node, name: &str, views: &[&View<'s>]) -> Finding {
        let schemas = views.iter().flat_map(|view| view.field(name));
        let admitted: Vec<_> = schemas.flat_map(|schema| self.views(schema)).collect();
        let words: Vec<_> = admitted.iter().flat_map(View::words).collect();
        let help = (!words.is_empty()).then(|| valid("values", &words));
        Finding::new(node.span, format!("missing field {}", quoted(name)), help)
    }

    /// What is wrong with `node` if it is meant to satisfy one of `views`.
    fn choose(&mut self, node: &Node, views: &[View<'s>]) -> Vec<Finding> {
        let kind = Kinds::of_node(node);
        let fitting: Vec<_> = views.iter().filter(|view| view.kinds().has(kind)).collect();
        match (fitting.as_slice(), &node.value) {
            ([], _) => vec![no_type_fits(node, views)],
            ([only], Value::Object(_)) => self.check(node, only, &[]),
            (_, Value::Object(members)) => self.choose_object(node, members, &fitting),
            _ => self.choose_by_count(node, views, &fitting),
        }
    }

    fn choose_by_count(&mut self, node: &Node, views: &[View<'s>], fitting: &[&View<'s>]) -> Vec<Finding> {
        let tried = fitting.iter().map(|view| self.check(node, view, &[]));
        let fewest = tried.min_by_key(Vec::len).unwrap_or_default();
        if fewest.is_empty() || !fitting.iter().all(|view| view.has_fixed_values()) {
            return fewest;
        }
        let mut finding = unknown_value(node, fitting);
        if let Value::String(word) = &node.value {
            let keyed = |view: &View<'s>| view.required() == [word.as_str()];
            if views.iter().any(keyed) {
                let word = quoted(word);
                finding.help = Some(format!("{word} needs a value: {{{word}: ...}}"));
            }
        }
        vec![finding]
    }

    fn choose_object(&mut self, node: &Node, members: &[Member], views: &[&View<'s>]) -> Vec<Finding> {
        match common_tag(views) {
            Some(tag) => self.choose_by_tag(node, members, views, tag),
            None => self.choose_by_overlap(node, members, views),
        }
    }

    fn choose_by_tag(&mut self, node: &Node, members: &[Member], views: &[&View<'s>], tag: &'s str) -> Vec<Finding> {
        let mut words: Vec<_> = views.iter().filter_map(|view| view.tag(tag)).collect();
        words.dedup();
        let Some(member) = find_tag(members, views, tag, &words) else {
            let mut findings = vec![self.missing(node, tag, views)];
            findings.extend(self.common_mistakes(members, views, Some(tag)));
            return findings;
        };
        let Value::String(given) = &member.node.value else {
            let mut findings = vec![wrong_type(&member.node, Kinds::STRING, &words)];
            findings.extend(self.common_mistakes(members, views, Some(tag)));
            return findings;
        };
        let known = words.contains(&given.as_str());
        let meant = match known {
            true => Some(given.as_str()),
            false => misspelt(given, words.iter().copied()),
        };
        let mut findings = Vec::new();
        if !known {
            findings.push(unknown_value_among(&member.node, &words));
        }
        let selected: Vec<_> = views.iter().copied().filter(|view| view.tag(tag) == meant).collect();
        let others = match selected.as_slice() {
            [] => self.common_mistakes(members, views, Some(tag)),
            [only] => self.check(node, only, views),
            several => self.choose_by_overlap(node, members, several),
        };
        findings.extend(others);
        findings
    }

    fn choose_by_overlap(&mut self, node: &Node, members: &[Member], views: &[&View<'s>]) -> Vec<Finding> {
        let mut best: Option<(Score, Vec<Finding>)> = None;
        let mut ordered = views.to_vec();
        // Sparing the less likely views is what keeps faultless files fast.
        ordered.sort_by_key(|view| Reverse(known_fields(members, view)));
        for view in ordered {
            let findings = self.check(node, view, views);
            if findings.is_empty() {
                return findings;
            }
            let (exact, near) = overlap(members, view);
            // A type is usually recognised by its first field, as in {"crash": ..., "at": ...}.
            let lead = view.required().first().copied();
            let led = members.iter().any(|member| Some(member.key.as_str()) == lead);
            let score = (exact, led, near, Reverse(findings.len()));
            if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                best = Some((score, findings));
            }
        }
        match best {
            Some(((0, _, 0, _), findings)) if views.iter().all(|view| view.is_closed()) => {
                let common = self.nothing_in_common(node, members, views);
                if common.is_empty() { findings } else { common }
            }
            Some((_, findings)) => findings,
            None => Vec::new(),
        }
    }

    /// No field of the object belongs to any of the `views`.
    fn nothing_in_common(&mut self, node: &Node, members: &[Member], views: &[&View<'s>]) -> Vec<Finding> {
        if !members.is_empty() {
            return self.common_mistakes(members, views, None);
        }
        let mut names = Vec::new();
        for name in views.iter().filter_map(|view| view.required().first().copied()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let message = format!("missing field: expected one of {}", listed(&names));
        vec![Finding::new(node.span, message, None)]
    }

    /// The mistakes in the members other than `tag` that are there whichever
    /// of the `views` was meant.
    fn common_mistakes(&mut self, members: &[Member], views: &[&View<'s>], tag: Option<&str>) -> Vec<Finding> {
        let union = View { parts: views.iter().flat_map(|view| view.parts.iter().copied()).collect(), ..View::default() };
        let mut absent = union.fields();
        absent.retain(|name| members.iter().all(|member| member.key != *name));
        let mut findings = Vec::new();
        let mut seen = BTreeSet::from_iter(tag);
        for member in members {
            if !seen.insert(member.key.as_str()) {
                continue;
            }
            let schemas = views.iter().flat_map(|view| view.schemas_for(&member.key));
            let tried: Vec<_> = schemas.map(|schema| self.node(&member.node, schema)).collect();
            let open = views.iter().any(|view| !view.is_closed());
            match tried.into_iter().min_by_key(Vec::len) {
                Some(fewest) => findings.extend(fewest),
                None if open => {}
                None => {
                    let meant = nearest(&member.key, absent.iter().copied());
                    findings.push(unknown_field(member, meant, &union));
                }
            }
        }
        findings
    }
}

fn known_fields(members: &[Member], view: &View<'_>) -> usize {
    let known = |member: &&Member| view.has_field(&member.key);
    members.iter().filter(known).count()
}

/// How many members `view` knows, and how many more it would know if they
/// were spelt a little differently.
fn overlap(members: &[Member], view: &View<'_>) -> (usize, usize) {
    let mut absent = view.fields();
    absent.retain(|name| members.iter().all(|member| member.key != *name));
    let misspelt = |member: &&Member| {
        let near = nearest(&member.key, absent.iter().copied());
        !view.has_field(&member.key) && near.is_some()
    };
    let near = members.iter().take(MAX_MISTAKES).filter(misspelt).count();
    (known_fields(members, view), near)
}

/// The required field that tells all `views` apart by its one admitted word.
fn common_tag<'s>(views: &[&View<'s>]) -> Option<&'s str> {
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

/// The member that gives the tag, if need be under a misspelt key.
fn find_tag<'n>(members: &'n [Member], views: &[&View<'_>], tag: &str, words: &[&str]) -> Option<&'n Member> {
    let exact = members.iter().find(|member| member.key == tag);
    exact.or_else(|| {
        members.iter().find(|member| {
            let Value::String(word) = &member.node.value else {
                return false;
            };
            let unknown = views.iter().all(|view| !view.has_field(&member.key));
            unknown
                && nearest(&member.key, [tag].into_iter()).is_some()
                && (words.contains(&word.as_str()) || nearest(word, words.iter().copied()).is_some())
        })
    })
}

fn unknown_field(member: &Member, meant: Option<&str>, view: &View<'_>) -> Finding {
    let fields = Vec::from_iter(view.fields());
    let given = nearest(&member.key, fields.iter().copied());
    let help = match (meant, given) {
        (Some(meant), _) => format!("did you mean {}?", quoted(meant)),
        (None, Some(given)) => format!("{} is already given", quoted(given)),
        _ if view.keyword("patternProperties").next().is_some() => "the keys are whole numbers in double quotes".to_owned(),
        _ if fields.is_empty() => "no field is allowed here".to_owned(),
        _ => valid("fields", &fields),
    };
    let message = format!("unknown field {}", quoted(&member.key));
    Finding::new(member.key_span, message, Some(help))
}

/// Says of a field that belongs to one of the `rivals` why it is wrong in `view`.
fn foreign_field(member: &Member, members: &[Member], view: &View<'_>, rivals: &[&View<'_>]) -> Option<Finding> {
    let key = quoted(&member.key);
    let mut owners = rivals.iter().filter(|rival| rival.has_field(&member.key));
    let owner = owners.next()?;
    if let Some(tag) = common_tag(rivals) {
        let owner = quoted(owner.tag(tag)?);
        let fields = valid("fields", &Vec::from_iter(view.fields()));
        let help = format!("{key} belongs to {tag} {owner}; {fields}");
        let message = format!("unknown field {key}");
        return Some(Finding::new(member.key_span, message, Some(help)));
    }
    let mut known = members.iter().filter(|member| view.has_field(&member.key));
    let clash = known.find(|member| !owner.has_field(&member.key))?;
    let message = format!("field {key} cannot be combined with {}", quoted(&clash.key));
    let help = Some("remove one of them".to_owned());
    Some(Finding::new(member.key_span, message, help))
}

fn wrong_type(node: &Node, kinds: Kinds, words: &[&str]) -> Finding {
    let found = match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(raw) if !is_integer(raw) => shortened(raw),
        Value::Number(_) => "an integer".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    let digits = |text: &str| text.parse::<i64>().is_ok();
    let help = match &node.value {
        Value::Number(_) if kinds.has(Kinds::INTEGER) => Some("write a whole number without a fraction or an exponent".to_owned()),
        Value::String(text) if kinds.has(Kinds::INTEGER) && digits(text) => Some("write it without quotes".to_owned()),
        Value::String(text) if kinds.has(Kinds::BOOLEAN) && matches!(&**text, "true" | "false") => {
            Some("write it without quotes".to_owned())
        }
        _ => (!words.is_empty()).then(|| valid("values", words)),
    };
    // `null` only stands for leaving the field out, which is not what the author wants.
    let useful = kinds.without(Kinds::NULL);
    let kinds = if useful == Kinds::NONE { kinds } else { useful };
    let message = format!("expected {}, found {found}", kinds.describe());
    Finding::new(node.span, message, help)
}

fn no_type_fits(node: &Node, views: &[View<'_>]) -> Finding {
    let kinds = views.iter().fold(Kinds::NONE, |kinds, view| kinds.or(view.kinds()));
    let free = |view: &View<'_>| view.kinds().has(Kinds::STRING) && !view.has_fixed_values();
    let words = match views.iter().any(free) {
        true => Vec::new(),
        false => views.iter().flat_map(View::words).collect(),
    };
    wrong_type(node, kinds, &words)
}

/// `node` has a right type but is none of the values that `views` list.
fn unknown_value(node: &Node, views: &[&View<'_>]) -> Finding {
    let parts = views.iter().flat_map(|view| &view.parts);
    let values: Vec<_> = parts.filter_map(|part| fixed_values(part)).flatten().collect();
    let words: Vec<_> = values.iter().filter_map(|value| value.as_str()).collect();
    if matches!(node.value, Value::String(_)) {
        return unknown_value_among(node, &words);
    }
    let values: Vec<_> = values.iter().take(MAX_LISTED).map(|value| value.to_string()).collect();
    let message = format!("expected {}", values.join(" or "));
    Finding::new(node.span, message, None)
}

fn unknown_value_among(node: &Node, words: &[&str]) -> Finding {
    let Value::String(given) = &node.value else {
        return wrong_type(node, Kinds::STRING, words);
    };
    let help = match nearest(given, words.iter().copied()) {
        Some(word) => format!("did you mean {}?", quoted(word)),
        None => valid("values", words),
    };
    let message = format!("unknown value {}", quoted(given));
    Finding::new(node.span, message, Some(help))
}

/// Judges a count by `min…` and `max…`, such as `minItems` and `maxItems`.
fn check_size(node: &Node, view: &View<'_>, size: usize, keyword: &str, unit: &str) -> Option<Finding> {
    let limits = |side: &str| {
        let limits = view.parts.iter().filter_map(|part| part.get(&format!("{side}{keyword}")));
        limits.filter_map(Json::as_u64).collect::<Vec<_>>()
    };
    let least = limits("min").into_iter().max().unwrap_or(0);
    let most = limits("max").into_iter().min().unwrap_or(u64::MAX);
    let size = size as u64;
    if (least..=most).contains(&size) {
        return None;
    }
    let (bound, limit) = match size < least {
        _ if least == most => ("exactly", least),
        true => ("at least", least),
        false => ("at most", most),
    };
    let plural = if limit == 1 { "" } else { "s" };
    let message = format!("expected {bound} {limit} {unit}{plural}, found {size}");
    Some(Finding::new(node.span, message, None))
}

fn check_number(node: &Node, raw: &str, view: &View<'_>) -> Option<Finding> {
    let broken = match view.kinds().has(Kinds::NUMBER) {
        true => broken_float_bound(raw, view),
        false => broken_integer_bound(raw, view),
    }?;
    let message = format!("must be {broken}, found {}", shortened(raw));
    Some(Finding::new(node.span, message, None))
}

fn broken_integer_bound(raw: &str, view: &View<'_>) -> Option<String> {
    // Only a number that is out of every range fails to parse.
    let beyond = if raw.starts_with('-') { i128::MIN } else { i128::MAX };
    let value = raw.parse::<i128>().unwrap_or(beyond);
    let bounds = |name: &str, step: i128| {
        let bounds = view.keyword(name).filter_map(whole);
        bounds.map(|bound| bound.saturating_add(step)).collect::<Vec<_>>()
    };
    let (mut least, mut most) = format_range(view);
    for bound in bounds("minimum", 0).into_iter().chain(bounds("exclusiveMinimum", 1)) {
        least = least.max(bound);
    }
    for bound in bounds("maximum", 0).into_iter().chain(bounds("exclusiveMaximum", -1)) {
        most = most.min(bound);
    }
    match value {
        _ if value < least => Some(format!("at least {least}")),
        _ if value > most => Some(format!("at most {most}")),
        _ => None,
    }
}

fn whole(bound: &Json) -> Option<i128> {
    let float = || bound.as_f64().map(|bound| bound as i128);
    let unsigned = bound.as_u64().map(i128::from);
    unsigned.or(bound.as_i64().map(i128::from)).or_else(float)
}

/// The range of the Rust type behind an integer, which `schemars` gives as `format`.
fn format_range(view: &View<'_>) -> (i128, i128) {
    let formats = view.keyword("format").filter_map(Json::as_str);
    let ranges = formats.filter_map(|format| {
        let (unsigned, bits) = match format.strip_prefix("uint") {
            Some(bits) => (true, bits),
            None => (false, format.strip_prefix("int")?),
        };
        let bits = if bits.is_empty() { 64 } else { bits.parse::<u32>().ok()? };
        let signed = bits.checked_sub(1)?;
        match unsigned {
            true => Some((0, 1_i128.checked_shl(bits).filter(|_| bits < 127)? - 1)),
            false if bits < 128 => Some((-(1_i128 << signed), (1_i128 << signed) - 1)),
            false => None,
        }
    });
    let widest = (i128::from(i64::MIN), i128::from(u64::MAX));
    ranges.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))).unwrap_or(widest)
}

fn broken_float_bound(raw: &str, view: &View<'_>) -> Option<String> {
    let value = raw.parse::<f64>().ok()?;
    if value.is_infinite() {
        let bound = if value > 0.0 { "at most" } else { "at least" };
        return Some(format!("{bound} {:e}", f64::MAX.copysign(value)));
    }
    let broken = |name: &str, wrong: fn(&f64, &f64) -> bool, text: &str| {
        let mut bounds = view.keyword(name).filter_map(Json::as_f64);
        let bound = bounds.find(|bound| wrong(&value, bound))?;
        Some(format!("{text} {bound}"))
    };
    broken("minimum", f64::lt, "at least")
        .or_else(|| broken("maximum", f64::gt, "at most"))
        .or_else(|| broken("exclusiveMinimum", f64::le, "more than"))
        .or_else(|| broken("exclusiveMaximum", f64::ge, "less than"))
}

/// Whether `node` is the value that a schema demands.
fn same(node: &Node, value: &Json) -> bool {
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

/// The candidate that was probably meant by `word`.
fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let ranked = candidates.filter_map(|other| Some((likeness(word, other)?, other)));
    let best = ranked.min_by_key(|(rank, _)| *rank);
    best.map(|(_, candidate)| candidate)
}

/// The candidate that `word` is but for a slip of the pen.
fn misspelt<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let best = nearest(word, candidates)?;
    let (only_contained, _) = likeness(word, best)?;
    (!only_contained).then_some(best)
}

/// Whether one word is merely contained in the other, and how far they are
/// apart; nothing if they have little in common.
fn likeness(word: &str, other: &str) -> Option<(bool, usize)> {
    if word.len() > MAX_COMPARED {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['_', '-', ' '], "");
    let (mut short, mut long) = (plain(word), plain(other));
    if short.chars().count() > long.chars().count() {
        std::mem::swap(&mut short, &mut long);
    }
    let length = long.chars().count();
    let distance = strsim::damerau_levenshtein(&short, &long);
    let close = distance <= (length / 3).max(1) && distance < length;
    let contained = short.chars().count() >= 3 && long.contains(&short);
    (close || contained).then_some((!close, distance))
}

fn valid(what: &str, words: &[&str]) -> String {
    format!("valid {what}: {}", listed(words))
}

fn listed(words: &[&str]) -> String {
    let mut shown: Vec<_> = words.iter().take(MAX_LISTED).map(|word| quoted(word)).collect();
    if words.len() > MAX_LISTED {
        shown.push(format!("and {} more", words.len() - MAX_LISTED));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests;
