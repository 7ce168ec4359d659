//! What a run that a limit stopped did over and over again.

use super::outcome::{Ended, FailoverReport, Outcome, SnapshotReport};

/// So many times the same is no accident.
const REPEATED: usize = 3;

/// What was repeated without progress up to the end of a run that a limit stopped; none when it made progress.
pub(super) fn repetition(outcome: &Outcome) -> Option<String> {
    if !matches!(outcome.ended, Ended::StepLimit | Ended::TimeLimit) {
        return None;
    }
    restarts(outcome).or_else(|| attempts(outcome))
}

/// The same failure again and again, from the same snapshot.
fn restarts(outcome: &Outcome) -> Option<String> {
    let last = outcome.failovers.last()?;
    let same = |failover: &&FailoverReport| (failover.restored_snapshot, &failover.cause) == (last.restored_snapshot, &last.cause);
    let times = outcome.failovers.iter().rev().take_while(same).count();
    let from = last.restored_snapshot.map_or("nothing".to_owned(), |id| format!("snapshot {id}"));
    let since = outcome.clock().moment(outcome.failovers[outcome.failovers.len() - times].at_us);
    (times >= REPEATED).then(|| {
        let failed = failed(outcome).map_or(String::new(), |failed| format!("; {failed}"));
        format!(
            "no progress since {since}: {times} failovers in a row ({}) restored from {from} and did the same again{failed}",
            last.cause
        )
    })
}

/// The same snapshot again and again.
fn attempts(outcome: &Outcome) -> Option<String> {
    failed(outcome).map(|failed| format!("no progress: {failed}"))
}

/// The last snapshots, if all of them were given up for the same reason.
fn failed(outcome: &Outcome) -> Option<String> {
    let ended = || outcome.snapshots.iter().rev().filter(|snapshot| snapshot.status != "pending");
    let last = ended().next().filter(|last| last.status == "aborted")?;
    let same = |snapshot: &&SnapshotReport| snapshot.status == "aborted" && snapshot.reason == last.reason;
    let row: Vec<&SnapshotReport> = ended().take_while(same).collect();
    let first = row.last().filter(|_| row.len() >= REPEATED)?;
    let reason = last.reason.unwrap_or("for no reason");
    let took = last.ended_us.map_or(String::new(), |end| format!(" after {}", outcome.clock().span(end - last.triggered_us)));
    Some(format!("snapshots {} to {} were all given up ({reason}{took})", first.id, last.id))
}
