//! Compares a file with a JSON schema and reports every mistake at once.
//!
//! The schema is expected in the form that `schemars` derives from `serde`
//! types. Where a schema offers alternatives, the one that the author most
//! likely meant is chosen and its mistakes are reported, because "no
//! alternative matches" helps nobody.

mod bounds;
mod choose;
mod duration;
mod fields;
mod finding;
mod invent;
mod judge;
mod kinds;
mod mend;
mod size;
mod values;
mod view;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use self::finding::{Finding, MAX_MISTAKES, Mend};
use self::judge::Judge;
use super::json::{LineIndex, Mistake, Node, Value, quoted};

pub use self::mend::Mended;

/// Every mistake of `root`, the tree of `text`, measured by `schema`; and what can be read of it
/// all the same.
///
/// The mistakes are in the order of their places in the file. After the first
/// hundred, the last entry only says how many more there are.
pub fn validate<'f>(root: &'f Node, text: &str, schema: &Json) -> (Vec<Mistake>, Mended<'f>) {
    let lines = LineIndex::new(text);
    let mut findings = Judge::new(schema).node(root, schema);
    find_duplicates(root, &lines, &mut findings);
    findings.sort_by_key(|finding| finding.span.start);
    let mistakes = reported(root, &lines, &findings);
    (mistakes, Mended::new(root, &findings))
}

fn reported(root: &Node, lines: &LineIndex<'_>, findings: &[Finding]) -> Vec<Mistake> {
    // A misspelt tag, for one, is rejected again by the variant that was meant.
    let mut seen = BTreeSet::new();
    let once: Vec<_> = findings.iter().filter(|finding| seen.insert((finding.span.start, &finding.message))).collect();
    let located = |finding: &&Finding| Mistake::new(root, lines, finding.span, finding.message.clone(), finding.help.clone());
    let mut mistakes: Vec<_> = once.iter().take(MAX_MISTAKES).map(located).collect();
    if let Some(next) = once.get(MAX_MISTAKES) {
        let message = format!("and {} more", once.len() - MAX_MISTAKES);
        mistakes.push(Mistake::new(root, lines, next.span, message, None));
    }
    mistakes
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
                let given = *first.entry(member.key.as_str()).or_insert(member);
                if given.key_span != member.key_span {
                    let (key, line) = (quoted(&member.key), lines.line(given.key_span.start));
                    let message = format!("duplicate key {key}; it was first given at line {line}");
                    let repeated = Mend::Repeated(given.node.span.start);
                    findings.push(Finding::new(member.key_span, message, None).mended_by(repeated));
                }
                find_duplicates(&member.node, lines, findings);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
