//! 128-bit fingerprints of states: what an exhaustive search remembers in their place.

use std::hash::Hasher;

/// A state's fingerprint. Two states are taken for one when theirs agree: among a hundred million
/// states the chance of a single mistake is below 1 in 10^22.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// Folds whatever is hashed into a [`Fingerprint`]. The result depends only on what is written,
/// never on the platform.
///
/// Values are first packed: most of what a state consists of is small numbers, and a number below 255
/// takes one byte of the 16 that each round of multiplications takes in. What a value's width is
/// follows from what was written before it, so that no two states pack alike.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprinter {
    lanes: [u64; 2],
    /// The first word of the next round, once it is full.
    first: Option<u64>,
    /// What is being packed.
    word: u64,
    /// Bits of `word` that are used.
    used: u32,
}

const KEYS: [u64; 4] = [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03, 0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];

/// Full 64x64 multiplication with both halves folded together.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Fingerprinter { lanes: [KEYS[0], KEYS[2]], first: None, word: 0, used: 0 }
    }
}

impl Fingerprinter {
    /// A fingerprint of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fingerprint of what was written.
    pub fn value(mut self) -> Fingerprint {
        // How much of the last round is used tells zeros that were written from none.
        let used = u64::from(self.used) + if self.first.is_some() { 64 } else { 0 };
        let (low, high) = self.first.map_or((self.word, 0), |first| (first, self.word));
        self.round(low, high);
        self.round(used ^ KEYS[3], self.lanes[0].rotate_left(32));
        Fingerprint(u128::from(self.lanes[0]) << 64 | u128::from(self.lanes[1]))
    }

    #[inline(always)]
    fn round(&mut self, low: u64, high: u64) {
        let [a, b] = self.lanes;
        // Each lane takes both words in, under keys of its own; adding what it was keeps a product
        // of zero from forgetting it.
        self.lanes[0] = fold(a ^ low, high ^ KEYS[1]).wrapping_add(a.rotate_left(23));
        self.lanes[1] = fold(b ^ high, low ^ KEYS[3]).wrapping_add(b.rotate_left(29));
    }

    /// A word is full.
    #[inline]
    fn flush(&mut self) {
        let word = std::mem::take(&mut self.word);
        self.used = 0;
        match self.first.take() {
            None => self.first = Some(word),
            Some(first) => self.round(first, word),
        }
    }

    #[inline(always)]
    fn pack(&mut self, bits: u32, word: u64) {
        if self.used + bits > 64 {
            self.flush();
        }
        self.word |= word << self.used;
        self.used += bits;
    }

    /// A number of which most are small.
    #[inline(always)]
    fn number(&mut self, bits: u32, word: u64) {
        if word < 255 {
            self.pack(8, word);
        } else {
            self.pack(8, 255);
            self.pack(bits, word);
        }
    }
}

impl Hasher for Fingerprinter {
    fn finish(&self) -> u64 {
        self.value().0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.pack(8 * chunk.len() as u32, u64::from_le_bytes(word));
        }
    }

    #[inline(always)]
    fn write_u8(&mut self, word: u8) {
        self.pack(8, u64::from(word));
    }

    #[inline(always)]
    fn write_u32(&mut self, word: u32) {
        self.number(32, u64::from(word));
    }

    #[inline(always)]
    fn write_u64(&mut self, word: u64) {
        self.number(64, word);
    }

    #[inline(always)]
    fn write_usize(&mut self, word: usize) {
        self.number(64, word as u64);
    }

    // The numbers of enums' variants.
    #[inline(always)]
    fn write_isize(&mut self, word: isize) {
        self.number(64, word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::hash::Hash;

    fn of(value: impl Hash) -> Fingerprint {
        let mut state = Fingerprinter::new();
        value.hash(&mut state);
        state.value()
    }

    #[test]
    fn known_answers() {
        assert_eq!(of(0_u64), of(0_u32), "small numbers are packed alike, whatever their type");
        assert_eq!(format!("{:032x}", of((1_u64, 2_u32, 1_u64 << 40)).0), "834f20cde7efc7530d4672438525ac2f");
    }

    #[test]
    fn order_length_and_place_count() {
        let mut seen = BTreeSet::new();
        for length in 0..40_u64 {
            assert!(seen.insert(of(vec![0_u64; length as usize])), "{length} zeros");
            assert!(seen.insert(of((1..=length + 1).rev().collect::<Vec<_>>())), "down from {}", length + 1);
            assert!(seen.insert(of(255 + length)));
        }
        assert_ne!(of([1_u64, 300, 2]), of([1_u64, 2, 300]));
        assert_ne!(of([255_u64, 1]), of([1_u64, 255]));
    }

    /// Both halves must tell apart: a search of 2^32 states leans on more than 64 bits.
    #[test]
    fn each_half_alone_spreads_small_tuples() {
        let (mut high, mut low) = (BTreeSet::new(), BTreeSet::new());
        for at in 0..40_000_u64 {
            let Fingerprint(value) = of((at % 10, at / 10 % 10, at / 100 % 20, at / 2_000));
            assert!(high.insert((value >> 64) as u64) && low.insert(value as u64), "{at}");
        }
    }
}
