//! Amounts of data. A schema can refuse one but not say what to write instead.

use super::finding::Finding;
use crate::kernel::{Bytes, ParseBytesError};
use crate::scenario::json::{Node, Value};

/// What is wrong with a string or number that is meant to be an amount of data.
pub(super) fn check(node: &Node) -> Option<Finding> {
    let error = match &node.value {
        Value::String(text) => text.parse::<Bytes>().err()?,
        Value::Number(raw) if raw == "0" => return None,
        Value::Number(raw) => ParseBytesError::no_unit(raw),
        _ => return None,
    };
    Some(Finding::new(node.span, error.message, Some(error.help)))
}
