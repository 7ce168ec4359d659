//! Simulated time in whole ticks of one microsecond.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

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

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a duration; write a whole number and a unit: \"250us\", \"5ms\", \"2s\", \"1m\"")]
pub struct ParseTicksError(String);

impl FromStr for Ticks {
    type Err = ParseTicksError;

    fn from_str(text: &str) -> Result<Ticks, ParseTicksError> {
        let bad = || ParseTicksError(text.to_owned());
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let scale = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            _ => return Err(bad()),
        };
        let number: u64 = number.parse().map_err(|_| bad())?;
        number.checked_mul(scale).map(Ticks).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit() {
        let read = |text: &str| text.parse::<Ticks>().map(|ticks| ticks.0);
        assert_eq!(read("0us"), Ok(0));
        assert_eq!(read("250us"), Ok(250));
        assert_eq!(read("5ms"), Ok(5_000));
        assert_eq!(read("2s"), Ok(2_000_000));
        assert_eq!(read("1m"), Ok(60_000_000));
        for bad in ["", "5", "ms", "-5ms", "1.5ms", "5 ms", "5MS", "99999999999999999999s", "18446744073709551615s"] {
            assert!(read(bad).is_err(), "{bad:?} was taken for a duration");
        }
    }

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
