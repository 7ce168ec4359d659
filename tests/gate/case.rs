//! One case of a barrier handler: what arrives, how the gate behaves, and what must come out.
//!
//! The words of inputs and tokens are the same in both formats of case files, so they are read
//! and written here.

use std::fmt;

/// More channels than any case needs; keeps a wrong number from asking for all memory.
pub const MOST_CHANNELS: u32 = 1024;

/// One operator with several input channels, a sequence of steps, and the expected outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: String,
    /// What happens and why it matters, for people; may have several lines.
    pub note: String,
    pub mode: Mode,
    pub channels: u32,
    /// Per channel: records and barriers come from the same process. A barrier of a local channel
    /// is not announced, and records are persisted when they are polled, not when they arrive.
    pub local: Vec<bool>,
    /// Checkpoints go on after tasks finish: the end of a channel counts as its barrier. If not,
    /// it aborts the pending checkpoint.
    pub finished_tasks: bool,
    /// Everything is delivered after each step; if not, only where `poll` and `drain` say so.
    pub eager: bool,
    /// Elements reach the handler in the listed order, whatever channel is blocked.
    pub script: bool,
    pub input: Vec<Input>,
    pub expect: Vec<Token>,
    /// The channels blocked after the last step; `None` when the case does not say.
    pub blocked: Option<Vec<u32>>,
    /// The elements not delivered after the last step; `None` when the case does not say.
    pub undelivered: Option<Vec<(u32, String)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The snapshot waits for the last barrier, and channels wait for it.
    Aligned,
    /// The snapshot is taken at the first barrier, and what it overtakes is persisted.
    Unaligned,
    /// Aligned, until a barrier's timeout has passed.
    Alternating,
    /// At least once: the snapshot waits for the last barrier, channels wait for nothing.
    Tracker,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An element arrives on a channel.
    Arrive(u32, Item),
    /// One element is delivered.
    Poll,
    /// Elements are delivered until there is none.
    Drain,
    /// The clock goes on by `ms`; with `fire` the timers that are due go off.
    Advance { ms: u64, fire: bool },
    /// The timers that are due go off.
    Fire,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Record(String),
    Barrier {
        id: u32,
        kind: Kind,
    },
    /// The marker that cancels a checkpoint.
    Cancel(u32),
    End,
}

/// How a barrier travels. A stamp is the time its checkpoint was started at, `None` the time of
/// arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Aligned,
    Unaligned {
        stamp_ms: Option<u64>,
    },
    /// Aligned until `after_ms` have passed since the stamp.
    Timeout {
        after_ms: u64,
        stamp_ms: Option<u64>,
    },
}

/// Something a handler did. Only `Informative` ones are not judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Token {
    /// `d0:r1`: a record of a channel was processed.
    Done { channel: u32, record: String },
    /// `T1a`, `T1u`: a checkpoint's snapshot was taken.
    Trigger { id: u32, unaligned: bool },
    /// `A1:cancel`: the abort of a checkpoint was reported.
    Abort { id: u32, why: Why },
    /// `p1:0:r1`: a record of a channel was persisted as in-flight input of a checkpoint.
    Persist { id: u32, channel: u32, record: String },
    /// Barriers, announcements, markers and ends consumed, channels blocked and resumed.
    Informative(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A marker cancelled it.
    Cancel,
    /// A newer checkpoint took its place.
    Subsumed,
    /// A channel ended before its barrier.
    Eos,
}

impl Case {
    /// As in `aligned, 2 channels`.
    pub fn shape(&self) -> String {
        format!("{}, {} channel{}", self.mode, self.channels, if self.channels == 1 { "" } else { "s" })
    }

    /// The case, if every channel it names exists.
    pub fn checked(self) -> Result<Case, String> {
        let fails = |what: String| Err(format!("case {}: {what}", self.id));
        if self.channels == 0 || self.channels > MOST_CHANNELS {
            return fails(format!("`{}` is no number of channels; 1 to {MOST_CHANNELS} are", self.channels));
        }
        if self.local.len() != self.channels as usize {
            return fails(format!("{} channel kinds for {} channels", self.local.len(), self.channels));
        }
        let missing = |channel: u32| channel >= self.channels;
        for input in &self.input {
            if matches!(*input, Input::Arrive(channel, _) if missing(channel)) {
                return fails(format!("`{input}`: there is no such channel"));
            }
        }
        for token in &self.expect {
            if matches!(*token, Token::Done { channel, .. } | Token::Persist { channel, .. } if missing(channel)) {
                return fails(format!("`{token}`: there is no such channel"));
            }
        }
        let left = self.undelivered.iter().flatten().map(|(channel, _)| *channel);
        for channel in self.blocked.iter().flatten().copied().chain(left) {
            if missing(channel) {
                return fails(format!("at the end: `{channel}`: there is no such channel"));
            }
        }
        Ok(self)
    }
}

impl Mode {
    const ALL: [Mode; 4] = [Mode::Aligned, Mode::Unaligned, Mode::Alternating, Mode::Tracker];

    pub fn parse(word: &str) -> Result<Mode, String> {
        let known = Mode::ALL.into_iter().find(|mode| mode.to_string() == word);
        known.ok_or_else(|| format!("`{word}` is no mode; aligned, unaligned, alternating and tracker are"))
    }
}

impl Input {
    pub fn parse(word: &str) -> Result<Input, String> {
        match word {
            "poll" => return Ok(Input::Poll),
            "drain" => return Ok(Input::Drain),
            "fire" => return Ok(Input::Fire),
            _ => {}
        }
        let wrong = || format!("`{word}` is no step; `0:r1`, `poll`, `drain`, `+50`, `+50!` and `fire` are");
        if let Some(rest) = word.strip_prefix('+') {
            let (digits, fire) = rest.strip_suffix('!').map_or((rest, true), |digits| (digits, false));
            return Ok(Input::Advance { ms: number(digits).ok_or_else(wrong)?, fire });
        }
        let (channel, item) = word.split_once(':').ok_or_else(wrong)?;
        Ok(Input::Arrive(small(channel).ok_or_else(wrong)?, Item::parse(item).map_err(|why| format!("`{word}`: {why}"))?))
    }
}

impl Item {
    /// `B` or `C` before a digit begins a barrier or a marker, `E` alone is the end; any other
    /// name is a record's.
    pub fn parse(word: &str) -> Result<Item, String> {
        if word == "E" {
            return Ok(Item::End);
        }
        if let Some(rest) = before_digit(word, 'B') {
            return barrier(rest).ok_or_else(|| format!("`{word}` is no barrier; `B7`, `B7u`, `B7t100` and `B7t100@0` are"));
        }
        if let Some(rest) = before_digit(word, 'C') {
            return small(rest).map(Item::Cancel).ok_or_else(|| format!("`{word}` is no marker; `C7` is"));
        }
        record(word).map(Item::Record).ok_or_else(|| format!("`{word}` is no name of a record"))
    }
}

impl Token {
    pub fn parse(word: &str) -> Result<Token, String> {
        let known = normative(word).or_else(|| informative(word).then(|| Token::Informative(word.to_owned())));
        known.ok_or_else(|| format!("`{word}` is no token; `d0:r1`, `T1a`, `T1u`, `A1:cancel` and `p1:0:r1` are"))
    }

    pub fn is_normative(&self) -> bool {
        !matches!(self, Token::Informative(_))
    }
}

/// An element that was left, as `0:r1`.
pub fn parse_left(word: &str) -> Result<(u32, String), String> {
    let split = word.split_once(':').and_then(|(channel, item)| Some((small(channel)?, record(item)?)));
    split.ok_or_else(|| format!("`{word}` is no element of a channel; `0:r1` is"))
}

/// A number of digits alone; `u64::from_str` would take a sign as well.
pub fn number(word: &str) -> Option<u64> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
}

pub fn small(word: &str) -> Option<u32> {
    number(word)?.try_into().ok()
}

fn barrier(text: &str) -> Option<Item> {
    let (head, stamp_ms) = match text.split_once('@') {
        Some((head, stamp)) => (head, Some(number(stamp)?)),
        None => (text, None),
    };
    if let Some(id) = head.strip_suffix('u') {
        return Some(Item::Barrier { id: small(id)?, kind: Kind::Unaligned { stamp_ms } });
    }
    if let Some((id, after)) = head.split_once('t') {
        return Some(Item::Barrier { id: small(id)?, kind: Kind::Timeout { after_ms: number(after)?, stamp_ms } });
    }
    // Without a timeout nothing asks for the stamp.
    Some(Item::Barrier { id: small(head)?, kind: Kind::Aligned })
}

fn normative(word: &str) -> Option<Token> {
    match word.chars().next()? {
        'd' => {
            let (channel, name) = word[1..].split_once(':')?;
            Some(Token::Done { channel: small(channel)?, record: record(name)? })
        }
        'T' => {
            let unaligned = word.ends_with('u');
            let id = word[1..].strip_suffix(if unaligned { 'u' } else { 'a' })?;
            Some(Token::Trigger { id: small(id)?, unaligned })
        }
        'A' => {
            let (id, why) = word[1..].split_once(':')?;
            Some(Token::Abort { id: small(id)?, why: Why::parse(why)? })
        }
        'p' => {
            let (id, rest) = word[1..].split_once(':')?;
            let (channel, name) = rest.split_once(':')?;
            Some(Token::Persist { id: small(id)?, channel: small(channel)?, record: record(name)? })
        }
        _ => None,
    }
}

/// Words such as `b0:B1`, `n0:B1t`, `c0:C1`, `e0`, `blk0`, `res0`.
fn informative(word: &str) -> bool {
    let channel_alone = ["blk", "res", "e"].iter().any(|begin| word.strip_prefix(begin).and_then(small).is_some());
    let with_item = word.strip_prefix(['b', 'n', 'c']).and_then(|rest| rest.split_once(':'));
    channel_alone || with_item.is_some_and(|(channel, item)| small(channel).is_some() && !item.is_empty())
}

fn before_digit(word: &str, letter: char) -> Option<&str> {
    word.strip_prefix(letter).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A name without blanks, since words are separated by them.
fn record(name: &str) -> Option<String> {
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| name.to_owned())
}

impl Why {
    fn parse(word: &str) -> Option<Why> {
        [Why::Cancel, Why::Subsumed, Why::Eos].into_iter().find(|why| why.to_string() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Aligned => "aligned",
            Mode::Unaligned => "unaligned",
            Mode::Alternating => "alternating",
            Mode::Tracker => "tracker",
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Arrive(channel, item) => write!(f, "{channel}:{item}"),
            Input::Poll => f.write_str("poll"),
            Input::Drain => f.write_str("drain"),
            Input::Advance { ms, fire: true } => write!(f, "+{ms}"),
            Input::Advance { ms, fire: false } => write!(f, "+{ms}!"),
            Input::Fire => f.write_str("fire"),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Record(name) => f.write_str(name),
            Item::Barrier { id, kind } => write!(f, "B{id}{kind}"),
            Item::Cancel(id) => write!(f, "C{id}"),
            Item::End => f.write_str("E"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = match self {
            Kind::Aligned => return Ok(()),
            Kind::Unaligned { stamp_ms } => {
                f.write_str("u")?;
                stamp_ms
            }
            Kind::Timeout { after_ms, stamp_ms } => {
                write!(f, "t{after_ms}")?;
                stamp_ms
            }
        };
        stamp.map_or(Ok(()), |stamp| write!(f, "@{stamp}"))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Done { channel, record } => write!(f, "d{channel}:{record}"),
            Token::Trigger { id, unaligned } => write!(f, "T{id}{}", if *unaligned { 'u' } else { 'a' }),
            Token::Abort { id, why } => write!(f, "A{id}:{why}"),
            Token::Persist { id, channel, record } => write!(f, "p{id}:{channel}:{record}"),
            Token::Informative(word) => f.write_str(word),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Cancel => "cancel",
            Why::Subsumed => "subsumed",
            Why::Eos => "eos",
        })
    }
}

/// Words with blanks between them, or `-` for none.
pub fn words<T: ToString>(things: &[T]) -> String {
    let words: Vec<String> = things.iter().map(ToString::to_string).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_is_printed_back() {
        let steps = "0:r1 1:B7 0:B7u 0:B7u@5 2:B7t100 2:B7t100@0 0:C7 0:E poll drain +50 +50! fire 0:Bob 0:E1 0:C 0:a:b";
        for word in steps.split(' ') {
            assert_eq!(Input::parse(word).map(|input| input.to_string()), Ok(word.to_owned()));
        }
        assert_eq!(Input::parse("0:B7@5"), Input::parse("0:B7"));
        let kind = Kind::Timeout { after_ms: 100, stamp_ms: Some(3) };
        assert_eq!(Input::parse("4:B7t100@3"), Ok(Input::Arrive(4, Item::Barrier { id: 7, kind })));
    }

    #[test]
    fn every_kind_of_token_is_printed_back() {
        for word in "d0:r1 T1a T12u A1:cancel A2:subsumed A3:eos p1:0:r1".split(' ') {
            let token = Token::parse(word).expect(word);
            assert!(token.is_normative(), "{word}");
            assert_eq!(token.to_string(), word);
        }
        for word in "b0:B1 b0:B1u n1:B1t c0:C4 e2 blk0 res1".split(' ') {
            assert_eq!(Token::parse(word), Ok(Token::Informative(word.to_owned())));
        }
    }

    #[test]
    fn a_wrong_word_is_named() {
        let steps = "r1 :r1 x:r1 0: -1:r1 0:B7x 0:B7ux 0:B7t 0:B7t1@ 0:B7@x 0:B7tu 0:C7x + +x +5!! polls 0:B4294967296 ä ";
        for word in steps.split(' ') {
            let why = Input::parse(word).expect_err(word);
            assert!(why.contains(&format!("`{word}`")), "{why}");
        }
        for word in "d0 d0: T1 T1x Tu A1 A1:bored p1:r1 p1:0: blk resx e b0 n0: ä x ".split(' ') {
            let why = Token::parse(word).expect_err(word);
            assert!(why.contains(&format!("`{word}`")), "{why}");
        }
        assert!(Input::parse("0:a b").is_err());
        assert!(parse_left("r1").is_err());
    }
}
