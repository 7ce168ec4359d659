//! How snapshots are taken in a drawn scenario, and what may go wrong in walks through it.

use super::{Theme, chance, pick};
use crate::explore::walk::Spice;
use crate::kernel::{Stream, Ticks};
use crate::model::{Commit, Kind, Plan};
use crate::protocol::ProtocolKind;
use crate::scenario::RulesFile;
use crate::scenario::format::{AfterEndFile, Duration, ProtocolFile, SnapshotsFile};

/// Rules for a graph, and what goes wrong under them.
pub fn draw(plan: &Plan, protocol: ProtocolKind, theme: Theme, stream: &mut Stream) -> (RulesFile, Spice) {
    let mut snapshots = plain(protocol);
    let is_dataflow = !plan.has_processes();
    if is_dataflow {
        options(&mut snapshots, plan, theme, stream);
    }
    if protocol == ProtocolKind::AlignedTimeout {
        snapshots.alignment_timeout = Some(Duration(Ticks(1)));
    }
    let restarts = chance(stream, 5).then(|| stream.below(2) as u32);
    let mut spice = spice(theme, stream, comes_to_a_last_snapshot(&snapshots, plan));
    if snapshots.tolerable_failures > Some(0) {
        spice.failed_uploads = 2;
    }
    if is_dataflow && spice.losses > 0 {
        // A lost trigger leaves the tasks behind it aligning until a newer barrier comes (C8), and the end of the data
        // waits behind them: so there has to be a next one.
        snapshots.interval = Some(Duration(Ticks(1_000)));
    }
    (RulesFile { snapshots, restarts }, spice)
}

/// Nothing but the protocol.
fn plain(protocol: ProtocolKind) -> SnapshotsFile {
    SnapshotsFile {
        protocol: word(protocol),
        interval: None,
        first: None,
        at: Vec::new(),
        alignment_timeout: None,
        after_end: None,
        back_edges: None,
        timeout: None,
        min_pause: None,
        max_concurrent: None,
        tolerable_failures: None,
        retain: None,
        trigger: None,
        upload: None,
        storage: None,
        entry: None,
        record: None,
        ack: None,
        store: None,
        notify: None,
        final_checkpoint: None,
    }
}

fn word(protocol: ProtocolKind) -> ProtocolFile {
    macro_rules! same {
        ($($name:ident),*) => { match protocol { $(ProtocolKind::$name => ProtocolFile::$name,)* } };
    }
    same!(Aligned, AtLeastOnce, Unaligned, AlignedTimeout, AlignedCyclic, ChandyLamport, LaiYang, NoMarkers, None)
}

fn options(snapshots: &mut SnapshotsFile, plan: &Plan, theme: Theme, stream: &mut Stream) {
    // A source finishes behind one checkpoint, and that shows in the next ones: in those most that were under
    // way already.
    let finishes = plan.operators().iter().any(|operator| operator.kind.finishes());
    let mut requests = match theme {
        Theme::Many => 17 + stream.below(3),
        Theme::Ends => 3 + stream.below(3),
        _ => 1 + u64::from(finishes) + pick(stream, &[(5, 0), (3, 1), (2, 2)]),
    };
    if theme == Theme::Failures || chance(stream, 10) {
        let tolerable = pick(stream, &[(2, 0), (if theme == Theme::Failures { 6 } else { 1 }, 1), (1, 2)]);
        snapshots.tolerable_failures = Some(tolerable);
        // That a success lies between two failures shows only where more than those are asked for.
        requests = requests.max(2 + 2 * u64::from(tolerable.min(1)));
    }
    snapshots.at = vec![Duration(Ticks::ZERO); requests as usize];
    // Barriers that overtake meet those of other snapshots.
    let overtakes = matches!(snapshots.protocol, ProtocolFile::Unaligned | ProtocolFile::AlignedTimeout);
    if theme == Theme::Ends || chance(stream, if finishes || overtakes { 70 } else { 40 }) {
        snapshots.max_concurrent = Some(2 + stream.below(2) as u32);
    }
    if chance(stream, 25) {
        snapshots.retain = Some(2);
    }
    if theme == Theme::Many {
        // Requests that have to wait become one.
        snapshots.max_concurrent = Some(requests as u32);
    }
    if matches!(theme, Theme::Many | Theme::Failures) {
        // The end of the data must not be the end of snapshots.
        return;
    }
    // What a two-phase sink holds at the end only a last checkpoint makes visible.
    let is_two_phase = |kind: &Kind| matches!(kind, Kind::Sink { commit: Commit::TwoPhase });
    if !plan.operators().iter().any(|operator| is_two_phase(&operator.kind)) && chance(stream, 50) {
        snapshots.final_checkpoint = Some(false);
    }
    if chance(stream, 10) {
        snapshots.min_pause = Some(Duration(Ticks(1)));
    }
    // That snapshots go on is all that ends such a wait.
    if chance(stream, 15) && snapshots.protocol != ProtocolFile::AlignedTimeout {
        snapshots.after_end = Some(AfterEndFile::GiveUp);
    }
}

/// Whether a checkpoint is taken in the end whatever happens: behind a bounded channel a source whose
/// tasks downstream are still aligning never comes to its end.
fn comes_to_a_last_snapshot(snapshots: &SnapshotsFile, plan: &Plan) -> bool {
    let has_last = snapshots.final_checkpoint.is_none() && snapshots.after_end.is_none();
    has_last && !plan.is_bounded()
}

/// Word of a completion that is lost is made good by that of a later one, so there has to be a last one.
fn spice(theme: Theme, stream: &mut Stream, has_last: bool) -> Spice {
    let crashes = match theme {
        Theme::Many | Theme::Ends => stream.below(2) as u8,
        Theme::Notices => 1 + stream.below(2) as u8,
        _ => pick(stream, &[(2, 0), (6, 1), (3, 2), (1, 3)]),
    };
    let losses = pick(stream, &[(3, 0), (1, 1)]).min(u8::from(has_last));
    let failed_uploads = pick(stream, &[(1, 0), (1, 1)]);
    let early_timers = pick(stream, &[(3, 0), (2, 1)]);
    let repeats = if theme == Theme::Notices { 2 } else { pick(stream, &[(3, 0), (2, 1), (1, 2)]) };
    let postponements = pick(stream, &[(2, 0), (1, 1)]);
    match theme {
        // There is room for so much and no more in a walk: it is to be failures that are nobody else's.
        Theme::Failures => Spice { crashes: crashes.min(1), losses: 0, repeats, postponements, failed_uploads: 2, early_timers: 0 },
        _ => Spice { crashes, losses, repeats, postponements, failed_uploads, early_timers },
    }
}
