//! Graphs of processes: accounts that pay each other while somebody takes a snapshot.

use super::draft::{Draft, operator};
use super::{chance, pick};
use crate::kernel::{Stream, Ticks};
use crate::protocol::ProtocolKind;
use crate::scenario::format::{ChannelFile, Duration, OperatorFile, OrderFile, ScriptFile, SendAt, SnapshotAt};

const NAMES: [&str; 4] = ["P", "Q", "R", "S"];

/// Draws one.
pub fn draw(protocol: ProtocolKind, stream: &mut Stream) -> Draft {
    let mut draft = Draft::default();
    let names = &NAMES[..pick(stream, &[(6, 2), (5, 3), (1, 4)])];
    for name in names {
        draft.operator(name, operator!(Account { tokens: 1 + stream.below(5) }, 1));
    }
    // Round in a circle, so that every process hears of a snapshot whoever starts it; and some ways more.
    let more = if chance(stream, 20) { 40 } else { 0 };
    for from in 0..names.len() {
        for to in (0..names.len()).filter(|to| *to != from) {
            if to == (from + 1) % names.len() || chance(stream, more) {
                draft.connect(names[from], names[to], None);
            }
        }
    }
    if protocol == ProtocolKind::LaiYang {
        disorder(&mut draft.file.channels, stream);
    }
    for at in 0..1 + stream.below(4) {
        let channel = &draft.file.channels[stream.below(draft.file.channels.len() as u64) as usize];
        let (from, to) = (channel.from.clone(), channel.to.clone());
        draft.file.script.push(ScriptFile::Send(SendAt { at: Duration(Ticks(at)), send: 1 + stream.below(2), from, to }));
    }
    for _ in 0..pick(stream, &[(4, 1), (4, 2), (1, 3)]) {
        let snapshot = names[stream.below(names.len() as u64) as usize].to_owned();
        draft.file.script.push(ScriptFile::Snapshot(SnapshotAt { at: Duration(Ticks::ZERO), snapshot }));
    }
    draft
}

/// Colours need no order: mostly no channel keeps it, sometimes some do.
fn disorder(channels: &mut [ChannelFile], stream: &mut Stream) {
    let percent = pick(stream, &[(4, 0), (5, 100), (1, 50)]);
    for channel in channels {
        channel.order = chance(stream, percent).then_some(OrderFile::Any);
    }
}
