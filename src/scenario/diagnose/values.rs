//! Values of a wrong type, and words that are none of the valid ones.

use super::finding::Finding;
use super::kinds::{Kinds, fixed_values, is_integer};
use super::view::View;
use super::words::{MAX_LISTED, nearest, valid};
use crate::kernel::{ParseBytesError, ParseTicksError};
use crate::scenario::json::{Node, Value, quoted, shortened};

pub(super) fn wrong_type(node: &Node, kinds: Kinds, words: &[&str]) -> Finding {
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
        _ if kinds.has(Kinds::DURATION) => Some(ParseTicksError::FORM.to_owned()),
        _ if kinds.has(Kinds::SIZE) => Some(ParseBytesError::FORM.to_owned()),
        _ => (!words.is_empty()).then(|| valid("values", words)),
    };
    // `null` only stands for leaving the field out, which is not what the author wants.
    let useful = kinds.without(Kinds::NULL);
    let kinds = if useful == Kinds::NONE { kinds } else { useful };
    let message = format!("expected {}, found {found}", kinds.describe());
    Finding::new(node.span, message, help)
}

pub(super) fn no_type_fits(node: &Node, views: &[View<'_>]) -> Finding {
    let kinds = views.iter().fold(Kinds::NONE, |kinds, view| kinds.or(view.named_kinds()));
    let free = |view: &View<'_>| view.kinds().has(Kinds::STRING) && !view.has_fixed_values();
    let words = match views.iter().any(free) {
        true => Vec::new(),
        false => views.iter().flat_map(View::words).collect(),
    };
    wrong_type(node, kinds, &words)
}

/// `node` has a right type but is none of the values that `views` list.
pub(super) fn unknown_value(node: &Node, views: &[&View<'_>]) -> Finding {
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

pub(super) fn unknown_value_among(node: &Node, words: &[&str]) -> Finding {
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
