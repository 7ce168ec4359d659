//! Compares what a handler did with what a case expects of it, in what is laid down alone:
//!
//! 1. snapshots and aborts, as one sequence;
//! 2. per checkpoint, which records were persisted, each once and in any order;
//! 3. per channel, the records processed and where the snapshots were among them;
//! 4. at the end, the channels blocked and the elements left, if the case says.
//!
//! The order between two channels is a convention and does not count.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Token};

/// What is wrong, if anything: the first difference, with what was expected and what was found.
pub fn judge(case: &Case, actual: &[Token], blocked: &[u32], undelivered: &[(u32, String)]) -> Result<(), String> {
    same("snapshots and aborts", &outcomes(&case.expect), &outcomes(actual))?;
    persisted(&case.expect, actual)?;
    for channel in channels(&case.expect).union(&channels(actual)) {
        let what = format!("channel {channel}, records and snapshots");
        same(&what, &seen_by(*channel, &case.expect), &seen_by(*channel, actual))?;
    }
    if let Some(expected) = &case.blocked {
        same("blocked at the end", &sorted(expected), &sorted(blocked))?;
    }
    if let Some(expected) = &case.undelivered {
        same("left at the end", &by_channel(expected), &by_channel(undelivered))?;
    }
    Ok(())
}

/// Two sequences are the same, or where they part.
fn same(what: &str, expected: &[String], found: &[String]) -> Result<(), String> {
    let Some(at) = (0..expected.len().max(found.len())).find(|at| expected.get(*at) != found.get(*at)) else { return Ok(()) };
    let word = |words: &[String]| words.get(at).map_or_else(|| "nothing".to_owned(), |word| format!("`{word}`"));
    Err(format!("{what}, number {}: expected {}, found {}", at + 1, word(expected), word(found)))
}

fn outcomes(tokens: &[Token]) -> Vec<String> {
    let wanted = tokens.iter().filter(|token| matches!(token, Token::Trigger { .. } | Token::Abort { .. }));
    wanted.map(ToString::to_string).collect()
}

/// Records may bear one name; what is persisted is compared with its number of times.
fn persisted(expected: &[Token], found: &[Token]) -> Result<(), String> {
    let (expected, found) = (times_persisted(expected), times_persisted(found));
    let all: BTreeSet<&Token> = expected.keys().chain(found.keys()).copied().collect();
    for token in all {
        let count = |times: &BTreeMap<&Token, usize>| times.get(token).copied().unwrap_or(0);
        let (expected, found) = (count(&expected), count(&found));
        if expected != found {
            return Err(format!("persisted records: expected `{token}` {}, found it {}", times(expected), times(found)));
        }
    }
    Ok(())
}

fn times_persisted(tokens: &[Token]) -> BTreeMap<&Token, usize> {
    let mut times = BTreeMap::new();
    for token in tokens.iter().filter(|token| matches!(token, Token::Persist { .. })) {
        *times.entry(token).or_default() += 1;
    }
    times
}

fn times(count: usize) -> String {
    match count {
        0 => "not at all".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// The channels whose records were processed.
fn channels(tokens: &[Token]) -> BTreeSet<u32> {
    let channel = |token: &Token| if let Token::Done { channel, .. } = token { Some(*channel) } else { None };
    tokens.iter().filter_map(channel).collect()
}

fn seen_by(channel: u32, tokens: &[Token]) -> Vec<String> {
    let seen = |token: &&Token| match token {
        Token::Done { channel: other, .. } => *other == channel,
        Token::Trigger { .. } => true,
        _ => false,
    };
    tokens.iter().filter(seen).map(ToString::to_string).collect()
}

fn sorted(channels: &[u32]) -> Vec<String> {
    let mut channels = channels.to_vec();
    channels.sort_unstable();
    channels.iter().map(ToString::to_string).collect()
}

fn by_channel(left: &[(u32, String)]) -> Vec<String> {
    let mut left = left.to_vec();
    left.sort_by_key(|(channel, _)| *channel);
    left.iter().map(|(channel, item)| format!("{channel}:{}", brief(item))).collect()
}

/// A barrier without its times, since nothing says whether they belong to its name.
fn brief(item: &str) -> &str {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    match item.strip_prefix('B').map(digits) {
        None | Some(0) => item,
        Some(id) => {
            let kind = item[1 + id..].starts_with(['u', 't']);
            &item[..1 + id + usize::from(kind)]
        }
    }
}

mod tests {
    use super::*;
    use crate::gate::text;

    const CASE: &str = "case x
        mode unaligned, 2 channels
        in -
        out d0:r1 T1u p1:1:r2 p1:1:r3 d1:r2 A1:cancel d0:r4 T2u d1:r3
        blocked 0 1
        left 0:r5 1:r6 0:B3t";

    const RIGHT: &str = "d0:r1 p1:1:r2 p1:1:r3 T1u d1:r2 A1:cancel d0:r4 T2u d1:r3";

    fn judged(tokens: &str, blocked: &[u32], left: &str) -> Result<(), String> {
        let case = text::parse(CASE).expect("a case").remove(0).case;
        let tokens: Vec<Token> = tokens.split(' ').map(|word| Token::parse(word).expect(word)).collect();
        let left: Vec<_> = left.split(' ').map(|word| crate::gate::case::parse_left(word).expect(word)).collect();
        judge(&case, &tokens, blocked, &left)
    }

    #[track_caller]
    fn red(tokens: &str, why: &str) {
        assert_eq!(judged(tokens, &[0, 1], "0:r5 0:B3t 1:r6"), Err(why.to_owned()));
    }

    #[test]
    fn the_order_between_channels_does_not_count() {
        assert_eq!(judged(RIGHT, &[1, 0], "1:r6 0:r5 0:B3t100@0"), Ok(()));
        let other = "b0:B1u T1u d1:r2 d0:r1 A1:cancel p1:1:r3 d0:r4 blk0 T2u d1:r3 p1:1:r2";
        red(other, "channel 0, records and snapshots, number 1: expected `d0:r1`, found `T1u`");
        let other = "b0:B1u d0:r1 T1u d0:r4 d1:r2 A1:cancel p1:1:r3 blk0 T2u d1:r3 p1:1:r2";
        assert_eq!(judged(other, &[0, 1], "0:r5 0:B3t 1:r6"), Ok(()));
    }

    #[test]
    fn a_wrong_sequence_of_snapshots_and_aborts_is_seen() {
        red(&RIGHT.replace("T1u", "T1a"), "snapshots and aborts, number 1: expected `T1u`, found `T1a`");
        red(&RIGHT.replace(" A1:cancel", ""), "snapshots and aborts, number 2: expected `A1:cancel`, found `T2u`");
        red(&RIGHT.replace("A1:cancel", "A1:eos"), "snapshots and aborts, number 2: expected `A1:cancel`, found `A1:eos`");
        red(&format!("{RIGHT} A2:eos"), "snapshots and aborts, number 4: expected nothing, found `A2:eos`");
        red(
            &RIGHT.replace("A1:cancel d0:r4 T2u", "T2u A1:cancel d0:r4"),
            "snapshots and aborts, number 2: expected `A1:cancel`, found `T2u`",
        );
    }

    #[test]
    fn a_wrong_set_of_persisted_records_is_seen() {
        red(&RIGHT.replace("p1:1:r2 ", ""), "persisted records: expected `p1:1:r2` once, found it not at all");
        red(&RIGHT.replace("p1:1:r2", "p1:1:r2 p1:1:r2"), "persisted records: expected `p1:1:r2` once, found it twice");
        red(&RIGHT.replace("p1:1:r3", "p2:1:r3"), "persisted records: expected `p1:1:r3` once, found it not at all");
        red(&RIGHT.replace("p1:1:r3", "p1:1:r3 p1:0:r4"), "persisted records: expected `p1:0:r4` not at all, found it once");
    }

    #[test]
    fn a_record_on_the_wrong_side_of_a_snapshot_is_seen() {
        red(&RIGHT.replace("d0:r4 T2u", "T2u d0:r4"), "channel 0, records and snapshots, number 3: expected `d0:r4`, found `T2u`");
        red(&RIGHT.replace(" d1:r3", ""), "channel 1, records and snapshots, number 4: expected `d1:r3`, found nothing");
        red(&format!("{RIGHT} d2:r9"), "channel 2, records and snapshots, number 3: expected nothing, found `d2:r9`");
        red(&RIGHT.replace("d1:r2", "d1:r3"), "channel 1, records and snapshots, number 2: expected `d1:r2`, found `d1:r3`");
    }

    #[test]
    fn a_wrong_end_is_seen() {
        let right = "0:r5 0:B3t 1:r6";
        assert_eq!(judged(RIGHT, &[0], right), Err("blocked at the end, number 2: expected `1`, found nothing".to_owned()));
        assert_eq!(judged(RIGHT, &[0, 0, 1], right), Err("blocked at the end, number 2: expected `1`, found `0`".to_owned()));
        let swapped = judged(RIGHT, &[0, 1], "0:B3t 0:r5 1:r6");
        assert_eq!(swapped, Err("left at the end, number 1: expected `0:r5`, found `0:B3t`".to_owned()));
        let other_kind = judged(RIGHT, &[0, 1], "0:r5 0:B3u 1:r6");
        assert_eq!(other_kind, Err("left at the end, number 2: expected `0:B3t`, found `0:B3u`".to_owned()));
    }

    #[test]
    fn an_end_that_no_case_speaks_of_does_not_count() {
        let silent = text::parse("case x\n mode aligned, 1 channel\n in -\n out -").expect("a case").remove(0).case;
        assert_eq!(judge(&silent, &[], &[0], &[(0, "r1".to_owned())]), Ok(()));
    }
}
