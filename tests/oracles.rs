//! Law 6: every invariant is the only one to catch some protocol, sink, storage or coordinator
//! that is wrong on purpose. A mutant is a right one plus a rewrite at its seam.

mod common;

use common::{scenario, violated};
use cutline::Scenario;
use cutline::explore::zoo;
use cutline::model::{Barrier, ChannelId, KeyEntry, Record, SnapshotId, TaskId, TaskState};
use cutline::protocol::{
    Aligned, Alternating, ChandyLamport, Command, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, Effect, Effects,
    Placement, ProtocolBox, Report, SinkEffect, SinkEffects, SinkLogic, SnapshotProtocol, StorageLogic, TaskView, Timer,
};
use cutline::trace::Reason;

/// Two sources of unequal speed, a keyed count, a two-phase sink; checkpoints, and `faults`.
fn join(faults: &str) -> Scenario {
    join_with(faults, r#""notify": "500us", "store": "100us""#)
}

/// The same, with more about its snapshots.
fn join_with(faults: &str, snapshots: &str) -> Scenario {
    scenario(&format!(
        r#"{{
          "title": "mutants run on this",
          "operators": {{
            "A": {{"kind": "source", "records": 40, "every": "1ms"}},
            "B": {{"kind": "source", "records": 40, "every": "1ms"}},
            "count": {{"kind": "keyed_count", "keys": 4}},
            "out": {{"kind": "sink", "commit": "two_phase"}}
          }},
          "channels": [
            {{"from": "A", "to": "count", "delay": "100us"}},
            {{"from": "B", "to": "count", "delay": "3ms"}},
            {{"from": "count", "to": "out", "delay": "100us"}}
          ],
          "snapshots": {{"protocol": "aligned", "interval": "10ms", "timeout": "20ms", {snapshots}}},
          "recovery": {{"detect": "1ms", "restart": "1ms"}},
          "faults": [{faults}]
        }}"#
    ))
}

const CRASH: &str = r#"{"crash": "count", "at": "27500us"}"#;

/// Runs a scenario with a wrong protocol in every task.
fn with_protocol(scenario: &Scenario, mutant: impl Fn() -> ProtocolBox) -> cutline::Outcome {
    let coordinator = CoordinatorBox::new(scenario.coordinator());
    scenario.run_with(&mut |_| mutant(), coordinator)
}

/// Runs a scenario with a wrong coordinator.
fn with_coordinator(scenario: &Scenario, bug: CoordinatorBug) -> cutline::Outcome {
    let wrong = WrongCoordinator { inner: scenario.coordinator(), bug, kept: None };
    scenario.run_with(&mut |_| ProtocolBox::new(Aligned::new(true)), CoordinatorBox::new(wrong))
}

fn with_sink(scenario: Scenario, sink: &'static dyn SinkLogic) -> cutline::Outcome {
    let scenario = scenario.with_setup(|setup| setup.sinks.fill(sink));
    cutline::run(&scenario)
}

fn with_storage(scenario: Scenario, storage: &'static dyn StorageLogic) -> cutline::Outcome {
    cutline::run(&scenario.with_setup(|setup| setup.storage = storage))
}

/// The mutant's run breaks exactly this invariant, and the right run breaks none.
fn check(mutant: &cutline::Outcome, right: &Scenario, only: &str) {
    check_all(mutant, right, &[only]);
}

/// The same where one cannot be broken without the others.
fn check_all(mutant: &cutline::Outcome, right: &Scenario, these: &[&str]) {
    assert_eq!(violated(&cutline::run(right)), [""; 0], "the right run");
    let details: Vec<_> = mutant.invariants.iter().filter_map(|invariant| invariant.detail.as_deref()).collect();
    assert_eq!(violated(mutant), these, "{details:#?}");
}

// --- protocols ---------------------------------------------------------------------------------

/// Aligned, with its effects rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rewritten<const BUG: u8> {
    inner: Aligned,
}

const NO_BLOCKING: u8 = 0;
const NO_UNBLOCKING: u8 = 1;

impl<const BUG: u8> Rewritten<BUG> {
    fn boxed() -> ProtocolBox {
        ProtocolBox::new(Rewritten::<BUG> { inner: Aligned::new(true) })
    }

    fn rewrite(effect: Effect) -> Option<Effect> {
        match (BUG, effect) {
            (NO_BLOCKING, Effect::Block(_)) | (NO_UNBLOCKING, Effect::Unblock(_)) => None,
            _ => Some(effect),
        }
    }
}

impl<const BUG: u8> SnapshotProtocol for Rewritten<BUG> {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.inner.on_trigger(task, id, out);
        out.rewrite(Self::rewrite);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.inner.on_barrier(task, input, barrier, out);
        out.rewrite(Self::rewrite);
    }
    fn reset(&mut self) {
        self.inner.reset();
    }
}

/// Without blocking, records behind an early barrier are in the snapshot. No crash follows, so
/// nothing else shows.
#[test]
fn consistent_cut_catches_aligned_without_blocking() {
    let right = join("");
    check(&with_protocol(&right, Rewritten::<NO_BLOCKING>::boxed), &right, "consistent_cut");
}

/// Without unblocking, the first checkpoint's inputs stay shut for ever.
#[test]
fn liveness_catches_aligned_without_unblocking() {
    let right = join("");
    check(&with_protocol(&right, Rewritten::<NO_UNBLOCKING>::boxed), &right, "liveness");
}

/// Unaligned, without what was in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ForgetsInFlight {
    inner: Alternating,
}

impl SnapshotProtocol for ForgetsInFlight {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.inner.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.inner.on_barrier(task, input, barrier, out);
    }
    fn on_record(&mut self, _task: &TaskView<'_>, _input: ChannelId, _record: &Record, _out: &mut Effects) {}
    fn wants_records(&self) -> bool {
        true
    }
    fn reset(&mut self) {
        self.inner.reset();
    }
}

/// Unaligned, with other values in the records that were in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ForgesInFlight {
    inner: Alternating,
}

impl SnapshotProtocol for ForgesInFlight {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.inner.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.inner.on_barrier(task, input, barrier, out);
    }
    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        self.inner.on_record(task, input, record, out);
        out.rewrite(|effect| match effect {
            Effect::SaveRecord(id, channel, record) => Some(Effect::SaveRecord(id, channel, Record { value: record.value + 1, ..record })),
            effect => Some(effect),
        });
    }
    fn wants_records(&self) -> bool {
        true
    }
    fn reset(&mut self) {
        self.inner.reset();
    }
}

/// Its timeout gives the snapshot up, and in the end all is well: what is wrong is that nothing else could have ended it.
#[test]
fn liveness_catches_a_snapshot_that_only_its_timeout_ends() {
    let job = |faults: &str| {
        scenario(&format!(
            r#"{{
              "title": "one checkpoint, and the last one",
              "operators": {{"S": {{"kind": "source", "records": 1}}, "out": {{"kind": "sink", "commit": "two_phase"}}}},
              "channels": [{{"from": "S", "to": "out"}}],
              "snapshots": {{"protocol": "aligned", "at": [0], "timeout": "10ms"}},
              "faults": [{faults}]
            }}"#
        ))
    };
    let right = job("");
    let mutant = zoo::find("trigger_swallowed").expect("of the zoo");
    check(&right.run_world(mutant.world(&right)), &right, "liveness");
    let lost = cutline::run(&job(r#"{"lose": "trigger", "to": "S", "snapshot": 2}"#));
    assert_eq!((violated(&lost), lost.faults[0].happened), (Vec::<&str>::new(), 1), "a message that was lost is no hang");
}

/// The right records come back into the right channels, each once, and are added up as they are: only the sum is not
/// that of a run without failures. Nothing was lost and nothing shows twice, so no guarantee is left.
#[test]
fn forged_values_show_in_the_channels_and_in_the_contents() {
    let right = scenario(
        r#"{
          "title": "a late trigger",
          "operators": {
            "A": {"kind": "source", "records": 40},
            "B": {"kind": "source", "records": 40, "told": "4ms"},
            "sum": {"kind": "keyed_sum", "keys": 4},
            "out": {"kind": "sink", "commit": "upsert"}
          },
          "channels": [{"from": "A", "to": "sum"}, {"from": "B", "to": "sum"}, {"from": "sum", "to": "out"}],
          "snapshots": {"protocol": "unaligned", "interval": "10ms"},
          "faults": [{"crash": "sum", "at": "16ms"}]
        }"#,
    );
    let forged = with_protocol(&right, || ProtocolBox::new(ForgesInFlight { inner: Alternating::unaligned(true) }));
    check_all(&forged, &right, &["delivery", "consistent_cut"]);
    for place in &forged.places {
        assert_eq!((place.lost, place.duplicated, place.observed), (0, 0, "none"), "{place:?}");
        assert_eq!(place.contents.verdict, "wrong");
    }
}

/// What was in flight is in no state and not recorded: the next failure would lose it.
#[test]
fn consistent_cut_catches_unaligned_without_in_flight_records() {
    // B is told late: its records of the meantime are behind the count's cut and before B's.
    let right = scenario(
        r#"{
          "title": "a late trigger",
          "operators": {
            "A": {"kind": "source", "records": 40},
            "B": {"kind": "source", "records": 40, "told": "4ms"},
            "count": {"kind": "keyed_count", "keys": 4}
          },
          "channels": [{"from": "A", "to": "count"}, {"from": "B", "to": "count"}],
          "snapshots": {"protocol": "aligned", "interval": "10ms"}
        }"#,
    );
    let unaligned = with_protocol(&right, || ProtocolBox::new(Alternating::unaligned(true)));
    assert_eq!(violated(&unaligned), [""; 0], "the right one");
    check(&with_protocol(&right, || ProtocolBox::new(ForgetsInFlight { inner: Alternating::unaligned(true) })), &right, "consistent_cut");
}

// --- sinks -------------------------------------------------------------------------------------

/// Commits at the barrier, before anybody knows whether the checkpoint completes.
#[derive(Debug)]
struct CommitsAtTheBarrier;

impl SinkLogic for CommitsAtTheBarrier {
    fn on_record(&self) -> Placement {
        Placement::Write
    }
    fn on_save(&self, _pending: &mut Vec<SnapshotId>, id: SnapshotId, out: &mut SinkEffects) {
        out.push(SinkEffect::Prepare(id));
        out.push(SinkEffect::Commit(id));
    }
}

/// Without a crash every record is visible once: only the rule says that it was too early.
#[test]
fn sink_rules_catch_a_commit_before_completion() {
    let right = join("");
    check(&with_sink(join(""), &CommitsAtTheBarrier), &right, "sink_commit_rules");
}

/// Throws records away.
#[derive(Debug)]
struct Forgetful;

impl SinkLogic for Forgetful {
    fn on_record(&self) -> Placement {
        Placement::Drop
    }
}

#[test]
fn delivery_catches_a_sink_that_drops_records() {
    let right = join("");
    check(&with_sink(join(""), &Forgetful), &right, "delivery");
}

// --- storage -----------------------------------------------------------------------------------

/// Keeps keyed state without its first key.
#[derive(Debug)]
struct DropsAKeyOnSave;

impl StorageLogic for DropsAKeyOnSave {
    fn save(&self, state: &TaskState) -> TaskState {
        let mut copy = state.clone();
        if let TaskState::Keyed(entries) = &mut copy {
            entries.iter_mut().take(1).for_each(|entry| entry.count = 0);
        }
        copy
    }
}

#[test]
fn state_equals_replay_catches_a_lossy_copy() {
    let right = join("");
    check(&with_storage(join(""), &DropsAKeyOnSave), &right, "state_equals_replay");
}

/// Brings keyed state back with something else in its first keys.
#[derive(Debug)]
struct Meddles(fn(&mut KeyEntry));

impl StorageLogic for Meddles {
    fn load(&self, stored: &TaskState) -> TaskState {
        let mut copy = stored.clone();
        if let TaskState::Keyed(entries) = &mut copy {
            entries.iter_mut().take(2).for_each(self.0);
        }
        copy
    }
}

/// One checkpoint, one crash, and no snapshot that could show what a restore has done.
fn restored_once() -> Scenario {
    scenario(
        r#"{
          "title": "one checkpoint, one crash",
          "operators": {"A": {"kind": "source", "records": 40}, "count": {"kind": "keyed_count", "keys": 4}},
          "channels": [{"from": "A", "to": "count"}],
          "snapshots": {"protocol": "aligned", "at": ["10ms"], "final": false},
          "faults": [{"crash": "count", "at": "15ms"}]
        }"#,
    )
}

/// The right records are counted, and a count does not show the sum of its values.
#[test]
fn restore_fidelity_catches_a_lossy_load() {
    const FORGETS_SUMS: &Meddles = &Meddles(|entry| entry.sum = 0);
    check(&with_storage(restored_once(), FORGETS_SUMS), &restored_once(), "restore_fidelity");
}

/// Every record shows once by lineage, and the counts are wrong.
#[test]
fn a_count_that_is_restored_wrong_is_never_exactly_once() {
    const COUNTS_ONE_MORE: &Meddles = &Meddles(|entry| entry.count += 1);
    let outcome = with_storage(restored_once(), COUNTS_ONE_MORE);
    assert_eq!(violated(&outcome), ["delivery", "restore_fidelity"]);
    let count = &outcome.places[0];
    assert_eq!((count.lost, count.duplicated, count.observed), (0, 0, "at_least_once"));
    assert_eq!(count.contents.examples, ["key 0: 11 instead of 10", "key 1: 11 instead of 10"]);

    const COUNTS_ONE_LESS: &Meddles = &Meddles(|entry| entry.count -= 1);
    let outcome = with_storage(restored_once(), COUNTS_ONE_LESS);
    assert_eq!((outcome.places[0].observed, outcome.places[0].contents.wrong), ("at_most_once", 2));
}

/// Sets sources back one record too far ahead (the classic offset error).
#[derive(Debug)]
struct SkipsARecord;

impl StorageLogic for SkipsARecord {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(next) => TaskState::Source(next + 1),
            other => other.clone(),
        }
    }
}

#[test]
fn a_skipped_record_is_lost_and_named() {
    let outcome = with_storage(join(CRASH), &SkipsARecord);
    assert_eq!(violated(&outcome), ["delivery", "restore_fidelity"]);
    assert_eq!(outcome.places[0].lost, 2, "one record of each source");
}

// --- coordinators ------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum CoordinatorBug {
    /// Restores the first completed snapshot instead of the latest.
    RestoresTheFirst,
    /// Gives up a snapshot that is complete.
    AbortsTheCompleted,
    /// Notifies before the metadata is durable.
    NotifiesTooEarly,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct WrongCoordinator {
    inner: Coordinator,
    bug: CoordinatorBug,
    kept: Option<SnapshotId>,
}

impl WrongCoordinator {
    fn rewrite(&mut self, out: &mut Commands) {
        let (bug, kept) = (self.bug, &mut self.kept);
        out.rewrite(|command| match (bug, command) {
            (CoordinatorBug::RestoresTheFirst, Command::Complete(id)) => {
                kept.get_or_insert(id);
                Some(command)
            }
            (CoordinatorBug::AbortsTheCompleted, Command::Complete(id)) => {
                *kept = Some(id);
                Some(command)
            }
            (CoordinatorBug::RestoresTheFirst, Command::Restore(_)) => Some(Command::Restore(*kept)),
            (CoordinatorBug::NotifiesTooEarly, Command::Store(id)) => {
                *kept = Some(id);
                Some(Command::Notify(id))
            }
            _ => Some(command),
        });
        if self.bug == CoordinatorBug::NotifiesTooEarly {
            self.kept.take().into_iter().for_each(|id| out.push(Command::Store(id)));
        }
        if self.bug == CoordinatorBug::AbortsTheCompleted {
            self.kept.take().into_iter().for_each(|id| out.push(Command::Abort(id, Reason::Subsumed)));
        }
    }
}

impl Coordination for WrongCoordinator {
    fn on_running(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.inner.on_running(view, out);
        self.rewrite(out);
    }
    fn on_request(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.inner.on_request(view, out);
        self.rewrite(out);
    }
    fn on_timer(&mut self, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        self.inner.on_timer(view, timer, out);
        self.rewrite(out);
    }
    fn on_report(&mut self, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        self.inner.on_report(view, from, report, out);
        self.rewrite(out);
    }
    fn on_failure(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.inner.on_failure(view, out);
        self.rewrite(out);
    }
}

/// All checkpoints are retained, so the old one is whole: sources and state go back together
/// and only what was already committed shows twice.
#[test]
fn restore_fidelity_catches_an_older_snapshot() {
    let faults = CRASH;
    let retained = |scenario: Scenario| scenario.with_setup(|setup| setup.retain = 10);
    let outcome = with_coordinator(&retained(join(faults)), CoordinatorBug::RestoresTheFirst);
    assert_eq!(outcome.failovers[0].restored_snapshot, Some(1));
    assert_eq!(violated(&outcome), ["delivery", "restore_fidelity"]);
}

#[test]
fn engine_sanity_catches_a_snapshot_that_ends_twice() {
    let right = join("");
    check(&with_coordinator(&right, CoordinatorBug::AbortsTheCompleted), &right, "engine_sanity");
}

/// The notice is there before the metadata is.
#[test]
fn a_notice_before_completion_breaks_the_rules_of_sinks_and_coordinator() {
    let right = join_with("", r#""store": "2ms""#);
    let both = ["sink_commit_rules", "coordinator_rules"];
    check_all(&with_coordinator(&right, CoordinatorBug::NotifiesTooEarly), &right, &both);
}

/// Two snapshots at once are no harm, and still they are not allowed here.
#[test]
fn coordinator_rules_catch_one_more_than_may_be_pending() {
    let right = join_with("", r#""at": ["12ms", "12ms"]"#);
    let mutant = zoo::find("one_more_at_once").expect("it is in the zoo");
    check(&right.run_world(mutant.world(&right)), &right, "coordinator_rules");
}

/// What each kind of abort is called is part of the contract.
#[test]
fn reasons_have_words() {
    let words = [Reason::Timeout, Reason::Subsumed, Reason::Failover, Reason::Declined].map(Reason::word);
    assert_eq!(words, ["timeout", "subsumed", "failover", "declined"]);
}

// --- processes ---------------------------------------------------------------------------------

/// Chandy and Lamport, with one token too many in everything that is recorded of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Counterfeits {
    inner: ChandyLamport,
}

impl SnapshotProtocol for Counterfeits {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.inner.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.inner.on_barrier(task, input, barrier, out);
    }
    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        self.inner.on_record(task, input, record, out);
        out.rewrite(|effect| match effect {
            Effect::SaveRecord(id, channel, record) => Some(Effect::SaveRecord(id, channel, Record { value: record.value + 1, ..record })),
            effect => Some(effect),
        });
    }
    fn wants_records(&self) -> bool {
        true
    }
    fn reset(&mut self) {
        self.inner.reset();
    }
}

/// The right records are recorded in the right places; only what they are worth is wrong.
#[test]
fn counterfeit_tokens_break_conservation_and_the_cut() {
    let right = scenario(
        r#"{
          "title": "a payment on its way",
          "operators": {"A": {"kind": "account", "tokens": 5}, "B": {"kind": "account", "tokens": 5}},
          "channels": [{"from": "A", "to": "B", "delay": "4ms"}, {"from": "B", "to": "A", "delay": "3ms"}],
          "snapshots": {"protocol": "chandy_lamport"},
          "script": [{"at": "1ms", "send": 2, "from": "A", "to": "B"}, {"at": "2ms", "snapshot": "B"}]
        }"#,
    );
    check_all(&with_protocol(&right, || ProtocolBox::new(Counterfeits::default())), &right, &["consistent_cut", "conservation"]);
}

/// Everybody is idle at the cut, and B was about to say something: a property that does not stay true
/// is none that a snapshot can find, however consistent.
#[test]
fn no_false_alarm_catches_a_property_that_is_not_stable() {
    let with = |state: &str| {
        scenario(&format!(
            r#"{{
              "title": "idle for now",
              "operators": {{
                "A": {{"kind": "automaton", "starts": "idle", "rules": [{{"in": "idle", "receive": "work", "become": "busy"}}]}},
                "B": {{"kind": "automaton", "starts": "idle", "rules": [{{"in": "idle", "send": "work", "to": "A", "become": "{state}"}}]}}
              }},
              "channels": [{{"from": "A", "to": "B", "delay": "4ms"}}, {{"from": "B", "to": "A", "delay": "1ms"}}],
              "snapshots": {{"protocol": "chandy_lamport"}},
              "script": [{{"at": "1ms", "snapshot": "B"}}, {{"at": "2ms", "act": "B"}}],
              "detect": {{"everybody": "{state}"}}
            }}"#
        ))
    };
    check(&cutline::run(&with("idle")), &with("busy"), "no_false_alarm");
}
