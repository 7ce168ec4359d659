//! The file as it would be without its mistakes, so that none of them hides another.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Mend};
use crate::scenario::json::{Member, Node, Span, Value};

type Mends<'m> = BTreeMap<usize, Vec<&'m Mend>>;

/// A file that can be read, and what of it is not as it was written.
pub struct Mended<'f> {
    /// The file. Everything stands where it was written, or where it is missing.
    pub root: Cow<'f, Node>,
    /// Where values start that nobody has written, or that are in doubt.
    doubtful: BTreeSet<usize>,
    /// Where values start that stand under a guessed key.
    guessed: BTreeSet<usize>,
    /// Where objects start of which a field is guessed or lost: it may be any of those that are not given.
    robbed: BTreeSet<usize>,
}

impl<'f> Mended<'f> {
    /// A file without a mistake.
    pub fn faultless(root: &'f Node) -> Self {
        Self { root: Cow::Borrowed(root), doubtful: BTreeSet::new(), guessed: BTreeSet::new(), robbed: BTreeSet::new() }
    }

    pub(super) fn new(root: &'f Node, findings: &[Finding]) -> Self {
        let mut mends = Mends::new();
        let mut mended = Self::faultless(root);
        for Finding { span, mend, .. } in findings {
            match mend {
                Some(mend) => mends.entry(span.start).or_default().push(mend),
                None => drop(mended.doubtful.insert(span.start)),
            }
        }
        if !mends.is_empty() {
            mended.root = Cow::Owned(mended.node(root.clone(), &mends));
        }
        mended
    }

    /// Whether nothing had to be mended.
    pub fn is_as_written(&self) -> bool {
        matches!(self.root, Cow::Borrowed(_))
    }

    /// Whether the value that `pointer` names was not written, or is in doubt.
    pub fn is_doubtful(&self, pointer: &str) -> bool {
        !self.doubtful.is_empty() && self.root.at(pointer).is_some_and(|node| self.doubtful.contains(&node.span.start))
    }

    /// Whether the file says the whole value that `pointer` names, or clearly leaves it out.
    pub fn is_certain(&self, pointer: &str) -> bool {
        // Drawn scenarios are read by the thousand, and nothing is wrong with them.
        if [&self.doubtful, &self.guessed, &self.robbed].into_iter().all(BTreeSet::is_empty) {
            return true;
        }
        let mut parents = pointer.match_indices('/').map(|(at, _)| &pointer[..at]);
        if parents.clone().any(|parent| self.is_doubtful(parent)) {
            return false;
        }
        match self.root.at(pointer) {
            Some(Node { span, .. }) => {
                let touched = |places: &BTreeSet<usize>| places.range(span.start..span.end).next().is_some();
                ![&self.doubtful, &self.guessed, &self.robbed].into_iter().any(touched)
            }
            None => {
                let parent = parents.next_back().and_then(|parent| self.root.at(parent));
                parent.is_none_or(|parent| !self.robbed.contains(&parent.span.start))
            }
        }
    }

    fn node(&mut self, node: Node, mends: &Mends<'_>) -> Node {
        let Node { span, value } = node;
        let here = mends.get(&span.start).map_or(&[][..], Vec::as_slice);
        if let Some(invented) = here.iter().find_map(|mend| if let Mend::Replace(node) = mend { Some(node) } else { None }) {
            self.doubtful.insert(span.start);
            return invented.clone();
        }
        let value = match value {
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.node(item, mends)).collect()),
            Value::Object(members) => {
                let mut kept = self.members(span, members, mends);
                kept.extend(here.iter().filter_map(|mend| self.added(mend)));
                Value::Object(kept)
            }
            plain => plain,
        };
        Node { span, value }
    }

    fn members(&mut self, object: Span, members: Vec<Member>, mends: &Mends<'_>) -> Vec<Member> {
        let mut given: BTreeSet<String> = members.iter().map(|member| member.key.clone()).collect();
        let mut kept = Vec::with_capacity(members.len());
        for mut member in members {
            let mut is_kept = true;
            for mend in mends.get(&member.key_span.start).into_iter().flatten() {
                match mend {
                    Mend::Rename(key) if given.insert(key.clone()) => member.key.clone_from(key),
                    Mend::Guess(key) if given.insert(key.clone()) => {
                        member.key.clone_from(key);
                        self.guessed.insert(member.node.span.start);
                        self.robbed.insert(object.start);
                    }
                    Mend::Repeated(first) => {
                        self.doubtful.insert(*first);
                        is_kept = false;
                    }
                    _ => {
                        self.robbed.insert(object.start);
                        is_kept = false;
                    }
                }
            }
            if is_kept {
                kept.push(Member { node: self.node(member.node, mends), ..member });
            }
        }
        kept
    }

    fn added(&mut self, mend: &Mend) -> Option<Member> {
        let Mend::Add(key, node) = mend else { return None };
        self.doubtful.insert(node.span.start);
        Some(Member { key: key.clone(), key_span: node.span, node: node.clone() })
    }
}
