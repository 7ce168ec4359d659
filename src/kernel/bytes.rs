//! Amounts of data as people write them: `64B`, `5MB`, `1.5GB`, `2GiB`.
//!
//! A number without a unit is refused, because other systems mean kilobytes or megabytes by it.

use std::fmt;
use std::str::FromStr;

/// An amount of data, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// From large to small, thousands before multiples of 1,024, which are read and not written.
const UNITS: [(&str, u64); 9] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// A fraction with more digits than this is finer than a byte in every unit.
const MAX_FRACTION: usize = 12;
/// How much of a text is repeated in a message.
const MAX_SHOWN: usize = 40;

/// Why a text is no amount of data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct ParseBytesError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl ParseBytesError {
    /// How to write an amount of data.
    pub const FORM: &str = "write a number and a unit: \"64B\", \"100kB\", \"5MB\", \"2GiB\"";

    fn new(text: &str, what: &str, help: impl Into<String>) -> Self {
        let cut = text.char_indices().nth(MAX_SHOWN).map_or(text, |(at, _)| &text[..at]);
        ParseBytesError { message: format!("{cut:?} {what}"), help: help.into() }
    }

    /// The words for a number that has no unit.
    pub fn no_unit(number: &str) -> Self {
        let meant = format!("{number}B");
        let help = if meant.parse::<Bytes>().is_ok() { format!("\"{meant}\"? \"{number}MB\"?") } else { Self::FORM.to_owned() };
        ParseBytesError { message: format!("{number} has no unit"), help }
    }
}

impl Bytes {
    /// How long so many bytes take at so many bytes a second, in microseconds, rounded up; `rate` is at least 1.
    pub fn micros_at(self, rate: u64) -> u64 {
        let micros = (u128::from(self.0) * 1_000_000).div_ceil(u128::from(rate.max(1)));
        u64::try_from(micros).unwrap_or(u64::MAX)
    }
}

impl FromStr for Bytes {
    type Err = ParseBytesError;

    fn from_str(text: &str) -> Result<Bytes, ParseBytesError> {
        if text == "0" {
            return Ok(Bytes(0));
        }
        let error = |what: &str| ParseBytesError::new(text, what, ParseBytesError::FORM);
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim_start_matches(' '));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(error("is no amount of data"));
        }
        if unit.is_empty() {
            return Err(ParseBytesError::no_unit(text));
        }
        let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let near = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
            let help = near.map_or(ParseBytesError::FORM.to_owned(), |(name, _)| format!("did you mean \"{number}{name}\"?"));
            return Err(ParseBytesError::new(text, "has a unit that is not known", help));
        };
        let fraction = fraction.trim_end_matches('0');
        let too_fine = || error("is finer than a byte");
        if fraction.len() > MAX_FRACTION {
            return Err(too_fine());
        }
        let too_large = || error("is more than can be counted");
        let tenths = 10u128.pow(fraction.len() as u32);
        let whole: u128 = whole.parse::<u64>().map_err(|_| too_large())?.into();
        let parts = (whole * tenths + fraction.parse::<u128>().unwrap_or(0)) * u128::from(scale);
        match parts % tenths {
            0 => u64::try_from(parts / tenths).map(Bytes).map_err(|_| too_large()),
            _ => Err(too_fine()),
        }
    }
}

/// In the largest unit of thousands of which it is a number with at most six digits behind the point: always exact.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |&(name, scale): &(&'static str, u64)| {
            let millionths = u128::from(self.0) * 1_000_000;
            let is_thousands = !name.ends_with("iB");
            let fits = self.0 >= scale && is_thousands && millionths.is_multiple_of(scale.into());
            fits.then(|| (millionths / u128::from(scale), name))
        };
        let (millionths, name) = UNITS.iter().find_map(exact).unwrap_or((0, "B"));
        let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        if rest == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let fraction = format!("{rest:06}");
        f.pad(&format!("{whole}.{}{name}", fraction.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_printed_exactly_and_read_back() {
        for (bytes, text) in [
            (0, "0B"),
            (64, "64B"),
            (1_000, "1kB"),
            (1_024, "1.024kB"),
            (1_234_567, "1.234567MB"),
            (1_234_567_891, "1234.567891MB"),
            (5_000_000, "5MB"),
            (1_500_000_000, "1.5GB"),
            (2 << 30, "2147.483648MB"),
            (u64::MAX, "18446744073709.551615MB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(Bytes(bytes)));
        }
    }

    #[test]
    fn what_is_no_amount_is_explained() {
        let message = |text: &str| text.parse::<Bytes>().expect_err(text).to_string();
        assert_eq!(message("5"), "5 has no unit; \"5B\"? \"5MB\"?");
        assert_eq!(message("5mb"), "\"5mb\" has a unit that is not known; did you mean \"5MB\"?");
        assert!(message("MB").starts_with("\"MB\" is no amount of data"));
        assert!(message("-1MB").starts_with("\"-1MB\" is no amount of data"));
        assert!(message("1.5B").starts_with("\"1.5B\" is finer than a byte"));
        assert!(message("99999999TB").starts_with("\"99999999TB\" is more than can be counted"));
        assert!(message("5 furlongs").starts_with("\"5 furlongs\" has a unit that is not known"));
    }

    #[test]
    fn a_rate_gives_a_time_rounded_up() {
        assert_eq!(Bytes(5_000_000).micros_at(100_000_000), 50_000);
        assert_eq!(Bytes(1).micros_at(3_000_000), 1);
        assert_eq!(Bytes(0).micros_at(1), 0);
    }
}
