//! Named choice streams: every purpose and entity draws from a ChaCha8 stream of its own, so
//! that removing an operator does not shift anybody else's draws.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded stream of integers. Bounded draws are done here, not by a library, because library
/// sampling may change its results between releases; the test vectors below fix them.
#[derive(Clone, Debug)]
pub struct Stream {
    cipher: ChaCha8Rng,
}

impl Stream {
    /// The stream that belongs to `name` under `seed`, for example `delay/clicks->count#0`.
    pub fn named(seed: u64, name: &str) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (lane, bytes) in key[8..].chunks_mut(8).enumerate() {
            bytes.copy_from_slice(&hash_name(name, lane as u64).to_le_bytes());
        }
        Stream { cipher: ChaCha8Rng::from_seed(key) }
    }

    /// The stream of the `number`th entity of a kind: what [`named`](Self::named) is for few entities with
    /// names, this is for millions of runs.
    pub fn numbered(seed: u64, kind: &str, number: u64) -> Self {
        let mut key = [0; 32];
        let words = [seed, number, hash_name(kind, 4), hash_name(kind, 5)];
        for (bytes, word) in key.chunks_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Stream { cipher: ChaCha8Rng::from_seed(key) }
    }

    /// The next 64 bits.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.cipher.next_u64()
    }

    /// A uniform draw from `0..bound`, exact for every bound (Lemire 2019, multiply and
    /// reject). A `bound` of 0 gives 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.draw()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.draw()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A uniform draw from `low..=high`; the ends may be equal. Panics when `low > high`.
    #[inline]
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "an empty range");
        match (high - low).checked_add(1) {
            Some(span) => low + self.below(span),
            None => self.draw(),
        }
    }

    /// An exponential-like draw with the given mean, from integers alone.
    ///
    /// `-log2(u)` is taken as the number of leading zeros plus a linear interpolation of the
    /// mantissa; that has mean 1.5, so two thirds of it times `mean` has mean `mean`. The
    /// result is at most `43 * mean`.
    #[inline]
    pub fn exponential(&mut self, mean: u64) -> u64 {
        let bits = self.draw() | 1;
        let zeros = u128::from(bits.leading_zeros());
        let mantissa = u128::from((bits << zeros) >> 31) & 0xFFFF_FFFF;
        let log = (zeros << 32) + (0x1_0000_0000 - mantissa);
        ((u128::from(mean) * log * 2 / 3) >> 32) as u64
    }
}

/// FNV-1a over the name, finished with the splitmix64 mixer; `lane` separates the key words.
fn hash_name(name: &str, lane: u64) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325 ^ lane;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws<T>(name: &str, draw: impl Fn(&mut Stream) -> T) -> Vec<T> {
        let mut stream = Stream::named(7, name);
        (0..4).map(|_| draw(&mut stream)).collect()
    }

    /// The published test vectors of stream version 1: seed 7, name `delay/clicks->count#0`. They
    /// were computed by another implementation, from the definitions alone.
    #[test]
    fn test_vectors_of_stream_version_1() {
        let name = "delay/clicks->count#0";
        assert_eq!(
            draws(name, Stream::draw),
            [14_605_812_161_056_924_074, 13_821_341_812_719_356_329, 3_560_052_723_532_298_119, 10_398_580_432_620_156_556]
        );
        assert_eq!(draws(name, |s| s.below(10)), [7, 7, 1, 5]);
        assert_eq!(draws(name, |s| s.between(1_000, 5_000)), [4_167, 3_997, 1_772, 3_255]);
        assert_eq!(draws(name, |s| s.exponential(1_000)), [277, 334, 1_637, 581]);
    }

    #[test]
    fn names_and_seeds_separate_streams() {
        assert_ne!(draws("a", Stream::draw), draws("b", Stream::draw));
        assert_ne!(Stream::named(1, "a").draw(), Stream::named(2, "a").draw());
    }

    #[test]
    fn bounded_draws_stay_in_range_and_reach_both_ends() {
        let mut stream = Stream::named(1, "range");
        let mut seen = [0u32; 5];
        for _ in 0..10_000 {
            seen[(stream.between(3, 7) - 3) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (1_800..2_200).contains(&count)), "{seen:?}");
        assert_eq!((stream.below(0), stream.below(1), stream.between(9, 9)), (0, 0, 9));
        stream.between(0, u64::MAX);
    }

    #[test]
    fn exponential_draws_have_the_mean_and_the_shape() {
        let mut stream = Stream::named(1, "exponential");
        let draws: Vec<u64> = (0..100_000).map(|_| stream.exponential(1_000)).collect();
        let mean = draws.iter().sum::<u64>() / draws.len() as u64;
        let above = |limit| draws.iter().filter(|&&draw| draw > limit).count();
        assert!((980..1_020).contains(&mean), "mean {mean}");
        // e^-1 and e^-3 of all draws lie above one and three means.
        assert!((34_000..40_000).contains(&above(1_000)), "{}", above(1_000));
        assert!((3_800..6_000).contains(&above(3_000)), "{}", above(3_000));
        assert!(draws.iter().all(|&draw| draw <= 43_000));
    }
}
