//! A running 64-bit digest: the fingerprint by which two runs are compared.

use std::hash::Hasher;

/// Folds words into 64 bits. The result depends only on the words and their order, never on
/// the platform. It detects difference; it does not resist an adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(u64);

const KEY_A: u64 = 0x9E37_79B9_7F4A_7C15;
const KEY_B: u64 = 0xD1B5_4A32_D192_ED03;

/// Full 64x64 multiplication with both halves folded together: every input bit reaches every
/// output bit in one instruction pair.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Default for Digest {
    fn default() -> Self {
        Digest(KEY_A)
    }
}

impl Digest {
    /// A digest of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds two words.
    #[inline(always)]
    pub fn pair(&mut self, a: u64, b: u64) {
        // The rotation keeps (a, b) after (c, d) apart from (c, d) after (a, b).
        self.0 = fold(self.0.rotate_left(23) ^ a ^ KEY_A, b ^ KEY_B).wrapping_add(self.0);
    }

    /// The digest so far.
    #[inline]
    pub fn value(self) -> u64 {
        self.0
    }

    /// The digest of two words on their own: for sums in which order does not count.
    #[inline(always)]
    pub fn of_pair(a: u64, b: u64) -> u64 {
        let mut digest = Digest::new();
        digest.pair(a, b);
        digest.value()
    }
}

/// Lets any `Hash` value be folded in. Text and slices are read as little-endian words, so the
/// result is the same on every platform.
impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.pair(u64::from_le_bytes(word), chunk.len() as u64);
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.pair(u64::from(word), 1);
    }

    fn write_u32(&mut self, word: u32) {
        self.pair(u64::from(word), 4);
    }

    fn write_u64(&mut self, word: u64) {
        self.pair(word, 8);
    }

    fn write_usize(&mut self, word: usize) {
        self.pair(word as u64, 8);
    }

    fn write_isize(&mut self, word: isize) {
        self.pair(word as u64, 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let mut digest = Digest::new();
        digest.pair(1, 2);
        digest.pair(3, 4);
        assert_eq!(digest.value(), 8_757_766_420_313_478_780);
    }

    #[test]
    fn order_and_place_of_words_count() {
        let of = |pairs: &[(u64, u64)]| {
            let mut digest = Digest::new();
            pairs.iter().for_each(|&(a, b)| digest.pair(a, b));
            digest.value()
        };
        assert_ne!(of(&[(1, 2), (3, 4)]), of(&[(3, 4), (1, 2)]));
        assert_ne!(of(&[(1, 2)]), of(&[(2, 1)]));
        assert_ne!(of(&[(0, 0)]), of(&[(0, 0), (0, 0)]));
    }
}
