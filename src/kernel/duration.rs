//! Spans of time as people write them: `250us`, `7.171ms`, `30 s`, `1m30s`, `10min`, `1h`.
//!
//! A number without a unit is refused, because other systems mean milliseconds or seconds by it.

use std::fmt;
use std::str::FromStr;

use super::ticks::Ticks;

/// From large to small, in nanoseconds; what is finer than a tick is read to say what is near it.
const UNITS: [(&str, u128); 10] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// Nanoseconds of a tick.
const TICK: u128 = 1_000;

/// How other spellings of units begin, the longer ones first.
const SPELLINGS: [(&str, &str); 9] =
    [("mic", "us"), ("mil", "ms"), ("ms", "ms"), ("min", "min"), ("us", "us"), ("ns", "ns"), ("sec", "s"), ("hour", "h"), ("day", "d")];

/// A fraction with more digits than this is finer than a tick in every unit.
const MAX_FRACTION: usize = 18;

/// How much of a text is repeated in a message.
const MAX_SHOWN: usize = 40;

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct ParseTicksError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl ParseTicksError {
    /// How to write a span of time.
    pub const FORM: &str = "write a number and a unit: \"250us\", \"7.5ms\", \"30s\", \"10min\", \"1h\", \"1m30s\"";

    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    fn no_duration(text: &str) -> Self {
        match text.trim().strip_prefix('-') {
            Some(_) => Self::new(format!("{} is negative", quoted(text)), "a span of time begins with a digit"),
            None => Self::new(format!("{} is no duration", quoted(text)), Self::FORM),
        }
    }

    /// The words for a number that has no unit: those who wrote it meant milliseconds, most likely,
    /// or what this program would print for so many microseconds.
    pub fn no_unit(number: &str, longest: Ticks) -> Self {
        if number.starts_with('-') {
            return Self::new(format!("{} is negative", shortened(number)), "a span of time begins with a digit");
        }
        let micros = number.parse().map(|micros| Ticks(micros).to_string());
        let meant = [format!("{number}ms"), micros.unwrap_or(format!("{number}s"))];
        let meant = meant.iter().filter(|text| parse(text, longest).is_ok()).map(|text| format!("\"{text}\"?"));
        let help = meant.collect::<Vec<_>>().join(" ");
        Self::new(format!("{} has no unit", shortened(number)), if help.is_empty() { Self::FORM.to_owned() } else { help })
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

impl Ticks {
    /// Reads a span of time that is not longer than `longest`.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write instead.
    pub fn parse_up_to(text: &str, longest: Ticks) -> Result<Ticks, ParseTicksError> {
        parse(text, longest)
    }
}

impl FromStr for Ticks {
    type Err = ParseTicksError;

    fn from_str(text: &str) -> Result<Ticks, ParseTicksError> {
        parse(text, Ticks::NEVER)
    }
}

/// One number and its unit.
struct Part<'t> {
    whole: &'t str,
    fraction: &'t str,
    unit: &'t str,
}

/// Reads a sum of parts, from large units to small ones.
fn parse(text: &str, longest: Ticks) -> Result<Ticks, ParseTicksError> {
    if text == "0" {
        return Ok(Ticks::ZERO);
    }
    let (mut rest, mut sum, mut is_exact, mut last) = (text, 0u128, true, u128::MAX);
    while !rest.is_empty() || last == u128::MAX {
        let (part, behind) = part(text, rest, longest)?;
        let scale = scale(text, &part)?;
        if scale >= last {
            let message = format!("{} has its units in disorder", quoted(text));
            return Err(ParseTicksError::new(message, "they go from large to small, each at most once: \"1h30min\", \"1m30s\""));
        }
        let Some(nanos) = nanos(&part, scale, &mut is_exact) else { return Err(too_long(text, longest)) };
        (sum, last, rest) = (sum + nanos, scale, behind);
    }
    let ticks = sum / TICK;
    if ticks > u128::from(longest.0) {
        return Err(too_long(text, longest));
    }
    match is_exact && sum % TICK == 0 {
        true => Ok(Ticks(ticks as u64)),
        false => Err(too_fine(text, ticks as u64)),
    }
}

/// The first part of `rest`, and what is behind it.
fn part<'t>(text: &str, rest: &'t str, longest: Ticks) -> Result<(Part<'t>, &'t str), ParseTicksError> {
    let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, behind) = rest.split_at(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(ParseTicksError::no_duration(text));
    }
    let behind = behind.trim_start_matches(' ');
    let unit = behind.len() - behind.trim_start_matches(char::is_alphabetic).len();
    let (unit, behind) = behind.split_at(unit);
    match (unit, behind) {
        ("", "") if rest == text => return Err(ParseTicksError::no_unit(text, longest)),
        ("", "") => {
            let message = format!("{} has no unit behind {}", quoted(text), quoted(number));
            return Err(ParseTicksError::new(message, ParseTicksError::FORM));
        }
        ("", _) => return Err(ParseTicksError::no_duration(text)),
        _ => {}
    }
    let next = behind.trim_start_matches(' ');
    match next.is_empty() && !behind.is_empty() {
        true => Err(ParseTicksError::no_duration(text)),
        false => Ok((Part { whole, fraction, unit }, next)),
    }
}

fn scale(text: &str, part: &Part<'_>) -> Result<u128, ParseTicksError> {
    if let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == part.unit) {
        return Ok(*nanos);
    }
    let lower = part.unit.to_lowercase();
    let exact = UNITS.iter().find(|(name, _)| *name == lower).map(|(name, _)| *name);
    let meant = exact.or_else(|| SPELLINGS.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, name)| *name));
    let help = match meant {
        Some(meant) => format!("did you mean {}?", quoted(&text.replacen(part.unit, meant, 1))),
        None => "the units are d, h, m or min, s, ms and us".to_owned(),
    };
    Err(ParseTicksError::new(format!("{} has an unknown unit {}", quoted(text), quoted(part.unit)), help))
}

/// The nanoseconds of a part; nothing if they are too many for any span of time.
fn nanos(part: &Part<'_>, scale: u128, is_exact: &mut bool) -> Option<u128> {
    let whole = u128::from(part.whole.parse::<u64>().ok()?) * scale;
    let digits = part.fraction.trim_end_matches('0');
    let known = &digits[..digits.len().min(MAX_FRACTION)];
    let power = 10u128.pow(known.len() as u32);
    let fraction = known.parse::<u128>().unwrap_or(0) * scale;
    *is_exact &= known.len() == digits.len() && fraction.is_multiple_of(power);
    Some(whole + fraction / power)
}

fn too_fine(text: &str, below: u64) -> ParseTicksError {
    let near = match below.checked_add(1) {
        Some(above) => format!("the nearest are \"{}\" and \"{}\"", Ticks(below), Ticks(above)),
        None => format!("the nearest is \"{}\"", Ticks(below)),
    };
    ParseTicksError::new(format!("{} is finer than 1us, the smallest step of time", quoted(text)), near)
}

fn too_long(text: &str, longest: Ticks) -> ParseTicksError {
    ParseTicksError::new(format!("{} is too long", quoted(text)), format!("the longest is \"{}\"", InHours(longest)))
}

/// A span that is easier to grasp in hours, if it has whole ones.
struct InHours(Ticks);

impl fmt::Display for InHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.0 {
            micros if micros > 0 && micros.is_multiple_of(3_600_000_000) => write!(f, "{}h", micros / 3_600_000_000),
            _ => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<u64, String> {
        text.parse::<Ticks>().map(|ticks| ticks.0).map_err(|error| error.to_string())
    }

    #[test]
    fn durations_are_read_in_every_form() {
        let cases = [
            ("0", 0),
            ("0us", 0),
            ("0.0ms", 0),
            ("250us", 250),
            ("250µs", 250),
            ("250μs", 250),
            ("3000ns", 3),
            ("5ms", 5_000),
            ("7.171ms", 7_171),
            ("0007ms", 7_000),
            ("30 s", 30_000_000),
            ("1m", 60_000_000),
            ("10min", 600_000_000),
            ("10 min", 600_000_000),
            ("1h", 3_600_000_000),
            ("1d", 86_400_000_000),
            ("1.5h", 5_400_000_000),
            ("1.50000000000000000000000h", 5_400_000_000),
            ("1m30s", 90_000_000),
            ("1m 30s", 90_000_000),
            ("1 h 2 min 3 s 4 ms 5 us", 3_723_004_005),
            ("1.5us500ns", 2),
            ("1m90s", 150_000_000),
            ("18446744073709551615us", u64::MAX),
        ];
        for (text, ticks) in cases {
            assert_eq!(read(text), Ok(ticks), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told_what_to_write() {
        let form = "write a number and a unit: \"250us\", \"7.5ms\", \"30s\", \"10min\", \"1h\", \"1m30s\"";
        let disorder = "they go from large to small, each at most once: \"1h30min\", \"1m30s\"";
        let cases = [
            ("", format!("\"\" is no duration; {form}")),
            ("ms", format!("\"ms\" is no duration; {form}")),
            (".5s", format!("\".5s\" is no duration; {form}")),
            ("5.s", format!("\"5.s\" is no duration; {form}")),
            ("1.2.3s", format!("\"1.2.3s\" is no duration; {form}")),
            ("1,5s", format!("\"1,5s\" is no duration; {form}")),
            (" 5s", format!("\" 5s\" is no duration; {form}")),
            ("5s ", format!("\"5s \" is no duration; {form}")),
            ("5s\n", format!("\"5s\\n\" is no duration; {form}")),
            ("5s, 3ms", format!("\"5s, 3ms\" is no duration; {form}")),
            ("soon", format!("\"soon\" is no duration; {form}")),
            ("-5ms", "\"-5ms\" is negative; a span of time begins with a digit".to_owned()),
            ("10000", "10000 has no unit; \"10000ms\"? \"10ms\"?".to_owned()),
            ("1.5", "1.5 has no unit; \"1.5ms\"? \"1.5s\"?".to_owned()),
            ("1m30", format!("\"1m30\" has no unit behind \"30\"; {form}")),
            ("30s1m", format!("\"30s1m\" has its units in disorder; {disorder}")),
            ("1m1min", format!("\"1m1min\" has its units in disorder; {disorder}")),
            ("5MS", "\"5MS\" has an unknown unit \"MS\"; did you mean \"5ms\"?".to_owned()),
            ("30 seconds", "\"30 seconds\" has an unknown unit \"seconds\"; did you mean \"30 s\"?".to_owned()),
            ("1h 30minutes", "\"1h 30minutes\" has an unknown unit \"minutes\"; did you mean \"1h 30min\"?".to_owned()),
            ("2 weeks", "\"2 weeks\" has an unknown unit \"weeks\"; the units are d, h, m or min, s, ms and us".to_owned()),
            ("1e3ms", "\"1e3ms\" has an unknown unit \"e\"; the units are d, h, m or min, s, ms and us".to_owned()),
            (
                "7.1714ms",
                "\"7.1714ms\" is finer than 1us, the smallest step of time; the nearest are \"7.171ms\" and \"7.172ms\"".to_owned(),
            ),
            ("1500ns", "\"1500ns\" is finer than 1us, the smallest step of time; the nearest are \"1us\" and \"2us\"".to_owned()),
            (
                "0.0000000000000000000000000001h",
                "\"0.0000000000000000000000000001h\" is finer than 1us, the smallest step of time; the nearest are \"0us\" and \"1us\""
                    .to_owned(),
            ),
            ("99999999999999999999s", "\"99999999999999999999s\" is too long; the longest is \"18446744073709.551615s\"".to_owned()),
            ("18446744073709551616us", "\"18446744073709551616us\" is too long; the longest is \"18446744073709.551615s\"".to_owned()),
        ];
        for (text, message) in cases {
            assert_eq!(read(text), Err(message), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_named() {
        let up_to = |text: &str| Ticks::parse_up_to(text, Ticks(7_200_000_000)).map_err(|error| error.to_string());
        assert_eq!(up_to("120min"), Ok(Ticks(7_200_000_000)));
        assert_eq!(up_to("2h1us"), Err("\"2h1us\" is too long; the longest is \"2h\"".to_owned()));
        // What would be too long is not offered.
        assert_eq!(up_to("100000000"), Err("100000000 has no unit; \"100s\"?".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(ticks in prop_oneof![any::<u64>(), 0..10_000_000u64, Just(u64::MAX)]) {
            prop_assert_eq!(read(&Ticks(ticks).to_string()), Ok(ticks));
        }

        #[test]
        fn sums_are_read_as_what_they_add_up_to(hours in 0..999u64, minutes in 0..100u64, seconds in 0..100u64, micros in 0..5_000_000u64) {
            let ticks = hours * 3_600_000_000 + minutes * 60_000_000 + seconds * 1_000_000 + micros;
            prop_assert_eq!(read(&format!("{hours}h{minutes}min {seconds} s{micros}us")), Ok(ticks));
        }

        #[test]
        fn no_text_panics_and_every_offer_can_be_read(text in "[0-9.hmsund µé-]{0,24}|\\PC{0,12}") {
            if let Err(error) = text.parse::<Ticks>() {
                for offer in error.help.split('"').skip(1).step_by(2) {
                    prop_assert!(offer.parse::<Ticks>().is_ok() || error.help.starts_with("did you mean"), "{} {}", text, error);
                }
            }
        }
    }
}
