//! The nearest words, and lists of them.

use crate::scenario::json::quoted;

/// How many words a help text lists.
pub(super) const MAX_LISTED: usize = 30;

/// Longer words are not compared, which keeps the comparison cheap.
const MAX_COMPARED: usize = 64;

/// The candidate that was probably meant by `word`.
pub(super) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let ranked = candidates.filter_map(|other| Some((likeness(word, other)?, other)));
    let best = ranked.min_by_key(|(rank, _)| *rank);
    best.map(|(_, candidate)| candidate)
}

/// The candidate that `word` is but for a slip of the pen.
pub(super) fn misspelt<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
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

pub(super) fn valid(what: &str, words: &[&str]) -> String {
    format!("valid {what}: {}", listed(words))
}

pub(super) fn listed(words: &[&str]) -> String {
    let mut shown: Vec<_> = words.iter().take(MAX_LISTED).map(|word| quoted(word)).collect();
    if words.len() > MAX_LISTED {
        shown.push(format!("and {} more", words.len() - MAX_LISTED));
    }
    shown.join(", ")
}
