//! Numbers and sizes out of bounds.

use serde_json::Value as Json;

use super::finding::Finding;
use super::kinds::Kinds;
use super::view::View;
use crate::scenario::json::{Node, shortened};

/// Judges a count by `min…` and `max…`, such as `minItems` and `maxItems`.
pub(super) fn check_size(node: &Node, view: &View<'_>, size: usize, keyword: &str, unit: &str) -> Option<Finding> {
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

pub(super) fn check_number(node: &Node, raw: &str, view: &View<'_>) -> Option<Finding> {
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
