//! Spans of time. A schema can refuse one but not say what to write instead.

use super::finding::Finding;
use crate::kernel::{ParseTicksError, Ticks};
use crate::scenario::format::LONGEST;
use crate::scenario::json::{Node, Value};

/// What is wrong with a string or number that is meant to be a span of time.
pub(super) fn check(node: &Node) -> Option<Finding> {
    let error = match &node.value {
        Value::String(text) => Ticks::parse_up_to(text, LONGEST).err()?,
        Value::Number(raw) if raw == "0" => return None,
        Value::Number(raw) => ParseTicksError::no_unit(raw, LONGEST),
        _ => return None,
    };
    Some(Finding::new(node.span, error.message, Some(error.help)))
}
