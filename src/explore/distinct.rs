//! How many different things there are among many, without keeping them all.

use std::collections::BTreeSet;

/// The smallest fingerprints of what was met. Up to [`Distinct::KEPT`] different ones are counted; how many more there
/// are shows in how close together these lie. Of two of them that are joined, what both met counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    smallest: BTreeSet<u32>,
}

impl Distinct {
    /// So many are counted, and more are told to about three in a hundred.
    pub const KEPT: usize = 1024;

    /// Meets something, by its fingerprint.
    pub fn meet(&mut self, fingerprint: u32) {
        if self.smallest.len() == Distinct::KEPT && self.smallest.last().is_none_or(|last| fingerprint >= *last) {
            return;
        }
        if self.smallest.insert(fingerprint) && self.smallest.len() > Distinct::KEPT {
            self.smallest.pop_last();
        }
    }

    /// Meets what another one has met.
    pub fn join(&mut self, other: &Distinct) {
        other.smallest.iter().for_each(|fingerprint| self.meet(*fingerprint));
    }

    /// How many different ones there were; and whether that is exact.
    pub fn count(&self) -> (u64, bool) {
        match self.smallest.last() {
            Some(&last) if self.smallest.len() == Distinct::KEPT => (((Distinct::KEPT as u64 - 1) << 32) / (u64::from(last) + 1), false),
            _ => (self.smallest.len() as u64, true),
        }
    }

    /// The kept fingerprints, ascending, as one word of hex digits.
    pub fn word(&self) -> String {
        self.smallest.iter().map(|fingerprint| format!("{fingerprint:08x}")).collect()
    }

    /// Reads such a word.
    pub fn from_word(word: &str) -> Option<Distinct> {
        let digits = word.as_bytes().chunks(8).map(|chunk| Some(chunk).filter(|chunk| chunk.len() == 8));
        let numbers = digits.map(|chunk| u32::from_str_radix(std::str::from_utf8(chunk?).ok()?, 16).ok());
        let numbers: Vec<u32> = numbers.collect::<Option<_>>()?;
        let is_one = numbers.is_sorted_by(|a, b| a < b) && numbers.len() <= Distinct::KEPT;
        is_one.then(|| Distinct { smallest: numbers.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Digest;

    fn of(numbers: impl Iterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::default();
        numbers.for_each(|number| distinct.meet(Digest::of_pair(number, 0) as u32));
        distinct
    }

    #[test]
    fn few_are_counted_and_many_are_estimated() {
        assert_eq!(of((0..900).chain(0..900)).count(), (900, true));
        let (about, is_exact) = of((0..20_000).chain(0..20_000)).count();
        assert!(!is_exact && (18_500..21_500).contains(&about), "{about}");
    }

    #[test]
    fn what_two_have_met_counts_once() {
        let mut joined = of(0..3_000);
        joined.join(&of(2_000..5_000));
        assert_eq!(joined, of(0..5_000));
    }

    #[test]
    fn a_word_is_read_back() {
        let distinct = of(0..5_000);
        assert_eq!(Distinct::from_word(&distinct.word()), Some(distinct));
        for word in ["1", "0000000g", "0000000200000001", "0000000100000001", "éééé"] {
            assert_eq!(Distinct::from_word(word), None, "{word}");
        }
    }
}
