//! Integer delay distributions.

use super::{Stream, Ticks};

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// Always the same; draws nothing.
    Constant(Ticks),
    /// Uniform between two values, both included.
    Uniform(Ticks, Ticks),
    /// Exponential-like with this mean; see [`Stream::exponential`].
    Exponential(Ticks),
}

impl Delay {
    /// No delay at all.
    pub const ZERO: Delay = Delay::Constant(Ticks::ZERO);

    /// Whether drawing needs a stream.
    pub fn is_random(self) -> bool {
        !matches!(self, Delay::Constant(_))
    }

    /// One value.
    #[inline]
    pub fn draw(self, stream: &mut Stream) -> Ticks {
        match self {
            Delay::Constant(ticks) => ticks,
            Delay::Uniform(low, high) => Ticks(stream.between(low.0, high.0)),
            Delay::Exponential(mean) => Ticks(stream.exponential(mean.0)),
        }
    }

    /// The largest value that can come out.
    pub fn longest(self) -> Ticks {
        match self {
            Delay::Constant(ticks) => ticks,
            Delay::Uniform(_, high) => high,
            Delay::Exponential(mean) => Ticks(mean.0.saturating_mul(43)),
        }
    }
}
