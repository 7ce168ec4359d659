//! Which of several alternatives the author most likely meant.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::fields::unknown_field;
use super::finding::{Finding, MAX_MISTAKES};
use super::judge::Judge;
use super::kinds::Kinds;
use super::values::{no_type_fits, unknown_value, unknown_value_among, wrong_type};
use super::view::{View, common_tag};
use super::words::{listed, misspelt, nearest};
use crate::scenario::json::{Member, Node, Value, quoted};

/// Fields known exactly, whether the leading field is there, fields known but
/// for their spelling, few mistakes.
type Score = (usize, bool, usize, Reverse<usize>);

impl<'s> Judge<'s> {
    /// What is wrong with `node` if it is meant to satisfy one of `views`.
    pub(super) fn choose(&mut self, node: &Node, views: &[View<'s>]) -> Vec<Finding> {
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
