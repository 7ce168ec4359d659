//! One scenario under several protocols and seeds: what each protocol keeps and what it costs.

use serde::Serialize;

use super::check::Scenario;
use super::outcome::{Costs, Ended, FailoverReport, InvariantOutcome, NOT_JUDGED, Outcome};
use crate::kernel::Patience;
use crate::protocol::{Guarantee, ProtocolKind};

/// What a scenario comes to under one protocol, over all places and seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtocolSummary {
    /// The snapshot protocol.
    pub protocol: &'static str,
    /// The seeds that it ran under: the first so many.
    pub runs: u64,
    /// The weakest guarantee observed, or [`NOT_JUDGED`].
    pub guarantee: &'static str,
    /// Records that do not show at a place.
    pub lost: u64,
    /// Records that show more than once at a place.
    pub duplicated: u64,
    /// Snapshots completed.
    pub snapshots_completed: u64,
    /// Snapshots given up.
    pub snapshots_aborted: u64,
    /// Runs in which some completed snapshot is no consistent cut, does not conserve tokens or raises a false alarm.
    pub runs_inconsistent: u64,
    /// From trigger to completion: the median, the lower one of two; none when no snapshot completed.
    pub duration_median_us: Option<u64>,
    /// The longest time from trigger to completion.
    pub duration_max_us: Option<u64>,
    /// What the snapshots cost.
    #[serde(flatten)]
    pub costs: Costs,
    /// Failovers.
    pub failovers: u64,
    /// The longest time from a failure until all tasks were up again; none when that never happened.
    pub recovery_max_us: Option<u64>,
    /// Runs in which the job failed because no restart was left.
    pub runs_failed: u64,
    /// Runs that a limit stopped with things still happening.
    pub runs_limited: u64,
}

/// A protocol that a scenario was not run under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The protocol.
    pub protocol: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl From<(ProtocolKind, &'static str)> for LeftOut {
    fn from((protocol, reason): (ProtocolKind, &'static str)) -> LeftOut {
        LeftOut { protocol: protocol.word(), reason }
    }
}

/// A scenario under several protocols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The file, as it was named.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The seeds; every protocol ran under each of them, unless somebody asked for an end.
    pub seeds: Vec<u64>,
    /// Whether somebody did, before all was run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The protocols whose first run somebody did not wait for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_run: Vec<&'static str>,
    /// One per protocol.
    pub protocols: Vec<ProtocolSummary>,
    /// Why a protocol could not show here what it is for, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The protocols that it was not run under, where nobody has chosen or where the scenario is not valid under them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// The document that `compare --format json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonReport<'c> {
    /// [`FORMAT`](super::outcome::FORMAT).
    pub format: u32,
    /// The program's version.
    pub version: &'static str,
    /// The rest of the fields.
    #[serde(flatten)]
    pub comparison: &'c Comparison,
}

/// Runs a scenario under every one of the protocols and seeds. What the scenario expects is not judged.
/// Protocols under which its file would be refused are left out.
/// A schedule is followed as far as a protocol can follow it, which compares orders more than protocols:
/// `cutline compare` refuses scenarios that have one.
///
/// ```
/// use cutline::protocol::ProtocolKind;
///
/// let scenario = cutline::Scenario::from_json(
///     r#"{
///       "title": "two sources, one of them late",
///       "operators": {
///         "A": {"kind": "source", "records": 50, "every": "1ms"},
///         "B": {"kind": "source", "records": 50, "every": "1ms"},
///         "count": {"kind": "keyed_count"}
///       },
///       "channels": [{"from": "A", "to": "count"}, {"from": "B", "to": "count", "delay": "5ms"}],
///       "snapshots": {"protocol": "aligned", "interval": "10ms"},
///       "faults": [{"crash": "count", "at": "37ms"}]
///     }"#,
/// )
/// .expect("a valid scenario");
/// let comparison = cutline::scenario::compare(&scenario, &[ProtocolKind::Unaligned, ProtocolKind::AtLeastOnce], &[1, 2, 3]);
/// let [unaligned, at_least_once] = &comparison.protocols[..] else { panic!("one for each") };
/// assert!(unaligned.duplicated == 0 && unaligned.costs.channel_records > 0);
/// assert!(at_least_once.duplicated > 0 && at_least_once.costs.channel_records == 0);
/// ```
pub fn compare(scenario: &Scenario, protocols: &[ProtocolKind], seeds: &[u64]) -> Comparison {
    compare_attended(scenario, protocols, seeds, Patience::ENDLESS)
}

/// The same as long as somebody has patience, who is told the number of runs. A run that is cut counts for nothing.
pub fn compare_attended(scenario: &Scenario, protocols: &[ProtocolKind], seeds: &[u64], patience: Patience<'_>) -> Comparison {
    let refused = |&protocol: &ProtocolKind| Some((protocol, scenario.refusal(protocol)?));
    let left_out: Vec<LeftOut> = protocols.iter().filter_map(refused).map(LeftOut::from).collect();
    let fit = protocols.iter().copied().filter(|&protocol| scenario.refusal(protocol).is_none());
    let mut columns: Vec<Column> = fit.map(|protocol| Column::new(scenario, protocol)).collect();
    let notes = columns.iter().filter_map(|column| column.scenario.stays_aligned()).collect();
    // Seed by seed, so that whoever ends it early has about as much of each protocol.
    let count = columns.len();
    let runs = seeds.iter().flat_map(|&seed| (0..count).map(move |column| (column, seed)));
    let is_complete = (0..).zip(runs).all(|(done, (column, seed))| {
        let lasts = |_| patience.lasts(done);
        lasts(0) && columns[column].add(seed, Patience::new(&lasts))
    });
    let summaries = columns.into_iter().map(|column| column.tally.summary(column.protocol));
    let (protocols, not_run): (Vec<_>, Vec<_>) = summaries.partition(|summary| summary.runs > 0 || is_complete);
    Comparison {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        seeds: seeds.to_vec(),
        interrupted: !is_complete,
        not_run: not_run.into_iter().map(|summary| summary.protocol).collect(),
        protocols,
        notes,
        left_out,
    }
}

/// A scenario under one protocol.
struct Column {
    protocol: ProtocolKind,
    scenario: Scenario,
    tally: Tally,
}

impl Column {
    fn new(scenario: &Scenario, protocol: ProtocolKind) -> Column {
        Column { protocol, scenario: scenario.under(protocol), tally: Tally::default() }
    }

    /// Runs it under one more seed; whether it came to its end.
    fn add(&mut self, seed: u64, patience: Patience<'_>) -> bool {
        self.scenario = self.scenario.clone().with_seed(seed);
        let outcome = self.scenario.attend_world(self.scenario.world(), &mut |_, _, _| {}, patience);
        let is_whole = outcome.ended != Ended::Interrupted;
        if is_whole {
            self.tally.add(&outcome);
        }
        is_whole
    }
}

/// What several runs come to together.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    lost: u64,
    duplicated: u64,
    guarantee: Option<Guarantee>,
    aborted: u64,
    durations: Vec<u64>,
    costs: Costs,
    failovers: u64,
    recovery: Option<u64>,
    failed: u64,
    limited: u64,
    inconsistent: u64,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.lost += outcome.places.iter().map(|place| place.lost).sum::<u64>();
        self.duplicated += outcome.places.iter().map(|place| place.duplicated).sum::<u64>();
        // Losses of one run or place and repetitions of another add up.
        let observed = Guarantee::of_word(outcome.guarantee.observed);
        self.guarantee = observed.map(|observed| self.guarantee.map_or(observed, |before| before.and(observed)));
        self.aborted += outcome.snapshots.iter().filter(|snapshot| snapshot.status == "aborted").count() as u64;
        let completed = outcome.snapshots.iter().filter(|snapshot| snapshot.status == "completed");
        self.durations.extend(completed.filter_map(|snapshot| Some(snapshot.ended_us? - snapshot.triggered_us)));
        self.costs.add(&outcome.costs);
        self.failovers += outcome.failovers.len() as u64;
        self.recovery = self.recovery.max(longest_recovery(&outcome.failovers));
        let is_broken = |invariant: &InvariantOutcome| {
            invariant.verdict == "violated" && matches!(invariant.name, "consistent_cut" | "conservation" | "no_false_alarm")
        };
        self.inconsistent += u64::from(outcome.invariants.iter().any(is_broken));
        self.failed += u64::from(outcome.ended == Ended::JobFailed);
        self.limited += u64::from(matches!(outcome.ended, Ended::StepLimit | Ended::TimeLimit));
    }

    fn summary(mut self, protocol: ProtocolKind) -> ProtocolSummary {
        self.durations.sort_unstable();
        let middle = self.durations.len().saturating_sub(1) / 2;
        ProtocolSummary {
            protocol: protocol.word(),
            runs: self.runs,
            guarantee: self.guarantee.map_or(NOT_JUDGED, Guarantee::word),
            lost: self.lost,
            duplicated: self.duplicated,
            snapshots_completed: self.durations.len() as u64,
            snapshots_aborted: self.aborted,
            runs_inconsistent: self.inconsistent,
            duration_median_us: self.durations.get(middle).copied(),
            duration_max_us: self.durations.last().copied(),
            costs: self.costs,
            failovers: self.failovers,
            recovery_max_us: self.recovery,
            runs_failed: self.failed,
            runs_limited: self.limited,
        }
    }
}

/// From a failure until all tasks were up again. A failover that the next one interrupts goes on in it.
fn longest_recovery(failovers: &[FailoverReport]) -> Option<u64> {
    let mut since = None;
    let mut longest = None;
    for failover in failovers {
        let from = *since.get_or_insert(failover.at_us);
        if let Some(resumed) = failover.resumed_us {
            longest = longest.max(Some(resumed - from));
            since = None;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failover(at_us: u64, resumed_us: Option<u64>) -> FailoverReport {
        FailoverReport { at_us, cause: String::new(), tasks: Vec::new(), restarted: true, restored_snapshot: None, resumed_us }
    }

    #[test]
    fn an_interrupted_recovery_counts_from_the_first_failure() {
        assert_eq!(longest_recovery(&[]), None);
        assert_eq!(longest_recovery(&[failover(10, Some(17)), failover(30, Some(34))]), Some(7));
        assert_eq!(longest_recovery(&[failover(10, None), failover(14, Some(20)), failover(30, Some(35))]), Some(10));
        assert_eq!(longest_recovery(&[failover(10, Some(12)), failover(30, None)]), Some(2));
    }

    #[test]
    fn the_median_is_one_of_the_durations() {
        let of = |durations: &[u64]| {
            let tally = Tally { durations: durations.to_vec(), ..Tally::default() };
            let summary = tally.summary(ProtocolKind::Aligned);
            (summary.snapshots_completed, summary.duration_median_us, summary.duration_max_us)
        };
        assert_eq!(of(&[]), (0, None, None));
        assert_eq!(of(&[7]), (1, Some(7), Some(7)));
        assert_eq!(of(&[9, 1]), (2, Some(1), Some(9)));
        assert_eq!(of(&[9, 1, 5]), (3, Some(5), Some(9)));
    }

    #[test]
    fn what_the_file_leaves_out_or_sets_counts_under_every_protocol() {
        let text = |more: &str| {
            let rest = r#""operators": {"A": {"kind": "source", "records": 5}, "n": {"kind": "keyed_count"}}"#;
            format!(r#"{{"title": "t", {rest}, "channels": [{{"from": "A", "to": "n"}}]{more}}}"#)
        };
        let parsed = |more: &str| Scenario::from_json(&text(more)).expect("a valid scenario");
        let aligned = r#", "snapshots": {"protocol": "aligned"}"#;
        assert_eq!(format!("{:?}", parsed("").under(ProtocolKind::Aligned)), format!("{:?}", parsed(aligned)));
        let until = r#", "limits": {"until": "3ms"}"#;
        let turned = parsed(until).under(ProtocolKind::Aligned);
        assert_eq!(format!("{turned:?}"), format!("{:?}", parsed(&format!("{aligned}{until}"))));
        assert_eq!(compare(&parsed(until), &[ProtocolKind::Aligned], &[0, 1]).protocols[0].runs_limited, 2);
    }

    #[test]
    fn seeds_add_up() {
        let text = r#"{
          "title": "a random delay",
          "operators": {"A": {"kind": "source", "records": 20}, "B": {"kind": "source", "records": 20}, "n": {"kind": "keyed_count"}},
          "channels": [{"from": "A", "to": "n", "delay": {"uniform": ["1ms", "9ms"]}}, {"from": "B", "to": "n", "delay": "3ms"}],
          "snapshots": {"protocol": "aligned", "interval": "4ms"},
          "faults": [{"crash": "n", "at": "15ms"}]
        }"#;
        let scenario = Scenario::from_json(text).expect("a valid scenario");
        let of = |seeds: &[u64]| compare(&scenario, &[ProtocolKind::AtLeastOnce], seeds).protocols.remove(0);
        let (one, other, both) = (of(&[1]), of(&[2]), of(&[1, 2]));
        assert_ne!(one, other, "the seeds make a difference");
        let added = |field: fn(&ProtocolSummary) -> u64| assert_eq!(field(&both), field(&one) + field(&other));
        added(|summary| summary.lost);
        added(|summary| summary.duplicated);
        added(|summary| summary.snapshots_completed);
        added(|summary| summary.costs.barriers);
        added(|summary| summary.costs.replayed);
        added(|summary| summary.failovers);
        assert_eq!(both.duration_max_us, one.duration_max_us.max(other.duration_max_us));
    }
}
