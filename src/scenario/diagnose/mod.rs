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
mod judge;
mod kinds;
mod values;
mod view;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use self::finding::{Finding, MAX_MISTAKES};
use self::judge::Judge;
use super::json::{LineIndex, Mistake, Node, Value, quoted};

/// Every mistake of `root`, the tree of `text`, measured by `schema`.
///
/// The mistakes are in the order of their places in the file. After the first
/// hundred, the last entry only says how many more there are.
pub fn validate(root: &Node, text: &str, schema: &Json) -> Vec<Mistake> {
    let lines = LineIndex::new(text);
    let mut judge = Judge::new(schema);
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

#[cfg(test)]
mod tests;
