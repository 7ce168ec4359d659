//! Simulated time in whole ticks of one microsecond.

use std::fmt;
use std::ops::Add;

/// A point in simulated time, or a span of it, in ticks of 1 us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub u64);

impl Ticks {
    /// The beginning of every run.
    pub const ZERO: Ticks = Ticks(0);
    /// Later than everything; used for "never".
    pub const NEVER: Ticks = Ticks(u64::MAX);

    /// The span from `earlier` to `self`, or zero when `earlier` is later.
    pub fn since(self, earlier: Ticks) -> Ticks {
        Ticks(self.0.saturating_sub(earlier.0))
    }
}

/// Saturating, so that a span of "never" stays never instead of wrapping into the past.
impl Add for Ticks {
    type Output = Ticks;
    fn add(self, other: Ticks) -> Ticks {
        Ticks(self.0.saturating_add(other.0))
    }
}

/// The shortest exact form: `250us`, `5ms`, `1.5ms`, `2s`.
impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0..1_000 => (1, "us"),
            1_000..1_000_000 => (1_000, "ms"),
            _ => (1_000_000, "s"),
        };
        let (whole, rest) = (self.0 / unit, self.0 % unit);
        if rest == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let width = if unit == 1_000 { 3 } else { 6 };
        let fraction = format!("{rest:0width$}");
        f.pad(&format!("{whole}.{}{name}", fraction.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_exactly() {
        let shown = |ticks: u64| Ticks(ticks).to_string();
        assert_eq!(shown(0), "0us");
        assert_eq!(shown(999), "999us");
        assert_eq!(shown(1_500), "1.5ms");
        assert_eq!(shown(2_000_000), "2s");
        assert_eq!(shown(2_000_001), "2.000001s");
    }
}
