//! Which of several alternatives the author most likely meant.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::fields::{unknown, unknown_field};
use super::finding::{Finding, MAX_MISTAKES};
use super::judge::Judge;
use super::kinds::Kinds;
use super::values::{no_type_fits, unknown_value, unknown_value_among, wrong_type};
use super::view::{View, common_tag, lead};
use super::words::{listed, misspelt, nearest, valid};
use crate::scenario::json::{Member, Node, Value, quoted};

/// Whether the leading field is there, fields known exactly, fields known but
/// for their spelling, few mistakes.
type Score = (bool, usize, usize, Reverse<usize>);

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
            findings.extend(self.common_mistakes(members, views, tag));
            return findings;
        };
        let Value::String(given) = &member.node.value else {
            let mut findings = vec![wrong_type(&member.node, Kinds::STRING, &words)];
            findings.extend(self.common_mistakes(members, views, tag));
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
            [] => self.common_mistakes(members, views, tag),
            [only] => self.check(node, only, views),
            several => self.choose_by_overlap(node, members, several),
        };
        findings.extend(others);
        findings
    }

    fn choose_by_overlap(&mut self, node: &Node, members: &[Member], views: &[&View<'s>]) -> Vec<Finding> {
        let mut best: Option<(Score, &View<'s>, Vec<Finding>)> = None;
        let mut ordered = views.to_vec();
        // Sparing the less likely views is what keeps faultless files fast.
        ordered.sort_by_key(|view| Reverse(known_fields(members, view)));
        for view in ordered {
            let findings = self.check(node, view, views);
            if findings.is_empty() {
                return findings;
            }
            let score = score(members, view, views, findings.len());
            if best.as_ref().is_none_or(|(highest, ..)| score > *highest) {
                best = Some((score, view, findings));
            }
        }
        match best {
            Some(((_, 0, 0, _), _, findings)) if views.iter().all(|view| view.is_closed()) => {
                let common = self.nothing_in_common(node, members, views);
                if common.is_empty() { findings } else { common }
            }
            Some((score, _, findings)) => self.without_a_guess(node, members, views, (score, findings)),
            None => Vec::new(),
        }
    }

    /// Several of the `views` may be as likely as the best one; then they differ in what is missing.
    fn without_a_guess(&self, node: &Node, members: &[Member], views: &[&View<'s>], best: (Score, Vec<Finding>)) -> Vec<Finding> {
        let (highest, mut findings) = best;
        let is_as_likely = |view: &&&View<'s>| {
            let score = score(members, view, views, 0);
            (score.0, score.1, score.2) == (highest.0, highest.1, highest.2)
        };
        let missing = |view: &&View<'s>| view.required().into_iter().find(|name| members.iter().all(|member| member.key != *name));
        let mut names: Vec<_> = views.iter().filter(is_as_likely).filter_map(missing).collect();
        names.dedup();
        let is_missing = |finding: &Finding| finding.span == node.span;
        if names.len() > 1 && findings.iter().any(is_missing) {
            findings.retain(|finding| !is_missing(finding));
            findings.push(self.one_of(node, &names, views));
        }
        findings
    }

    fn one_of(&self, node: &Node, names: &[&str], views: &[&View<'s>]) -> Finding {
        let finding = Finding::new(node.span, format!("missing field: expected one of {}", listed(names)), None);
        Finding { mend: names.first().and_then(|name| self.addition(node, name, views)), ..finding }
    }

    /// No field of the object belongs to any of the `views`.
    fn nothing_in_common(&self, node: &Node, members: &[Member], views: &[&View<'s>]) -> Vec<Finding> {
        let mut names: Vec<_> = views.iter().filter_map(|view| lead(view, views).or(view.required().first().copied())).collect();
        names.dedup();
        if members.is_empty() {
            return vec![self.one_of(node, &names, views)];
        }
        let mut seen = BTreeSet::new();
        let once = members.iter().filter(|member| seen.insert(&member.key));
        once.map(|member| unknown(member, format!("expected one of {}", listed(&names)))).collect()
    }

    /// The mistakes in the members other than `tag` that are there whichever
    /// of the `views` was meant.
    fn common_mistakes(&mut self, members: &[Member], views: &[&View<'s>], tag: &str) -> Vec<Finding> {
        let union = View { parts: views.iter().flat_map(|view| view.parts.iter().copied()).collect(), ..View::default() };
        let mut absent = union.fields();
        absent.retain(|name| members.iter().all(|member| member.key != *name));
        let mut findings = Vec::new();
        let mut seen = BTreeSet::from([tag]);
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
                    findings.push(match nearest(&member.key, absent.iter().copied()) {
                        Some(meant) => unknown_field(member, Some(meant), &union),
                        None => unknown(member, valid(&format!("fields of every {tag}"), &shared_fields(views))),
                    });
                }
            }
        }
        findings
    }
}

fn score<'s>(members: &[Member], view: &View<'s>, views: &[&View<'s>], mistakes: usize) -> Score {
    let (exact, near) = overlap(members, view);
    let lead = lead(view, views);
    let is_led = members.iter().any(|member| Some(member.key.as_str()) == lead);
    (is_led, exact, near, Reverse(mistakes))
}

fn shared_fields<'s>(views: &[&View<'s>]) -> Vec<&'s str> {
    let all = views.iter().flat_map(|view| view.fields()).collect::<BTreeSet<_>>();
    all.into_iter().filter(|name| views.iter().all(|view| view.has_field(name))).collect()
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
