//! Campaigns against a protocol of one's own, as a test of somebody else would run them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cutline::engine::{Control, World};
use cutline::explore::exhaustive::{Bounds, Budget, search};
use cutline::explore::{Campaign, Campaigned, Feature, Suspect};
use cutline::model::{Barrier, ChannelId, Record, SnapshotId, TaskId, TaskState};
use cutline::oracle::Class;
use cutline::protocol::{
    Aligned, AtLeastOnce, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, Effect, Effects, Placement, ProtocolBox,
    ProtocolKind, Report, Settings, SinkEffects, SinkLogic, SnapshotProtocol, StorageLogic, TaskView, Timer,
};
use cutline::scenario::outcome::Ended;
use cutline::trace::{Refusal, Situation};
use cutline::{Fuzz, Scenario};

#[test]
fn what_keeps_its_claims_is_clean() {
    let right = || ProtocolBox::new(Aligned::new(true));
    let report = Fuzz::new(right).claims_like(ProtocolKind::Aligned).seed(7).runs(1_000).run();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.runs, report.shortest()), (1_000, None));
    assert!(report.steps > 10_000 && report.situations.len() > 20, "{report}");
    assert!(report.to_string().ends_with("nothing failed"), "{report}");
}

/// What counts is what is claimed: the same protocol is right where less is.
#[test]
fn claiming_too_much_is_found() {
    let weak = || ProtocolBox::new(AtLeastOnce::new(true));
    let fuzz = |like| Fuzz::new(weak).claims_like(like).runs(1_000).run();
    let (honest, boastful) = (fuzz(ProtocolKind::AtLeastOnce), fuzz(ProtocolKind::Aligned));
    assert!(honest.is_clean(), "{honest}");
    assert!(!boastful.is_clean());
    assert!(boastful.runs < 1_000, "nobody waits for the rest: {boastful}");
}

/// Aligned, but nothing is ever blocked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct NeverBlocks(Aligned);

impl SnapshotProtocol for NeverBlocks {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.0.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.on_barrier(task, input, barrier, out);
        out.rewrite(|effect| if matches!(effect, Effect::Block(_)) { None } else { Some(effect) });
    }
    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.0.on_input_end(task, input, out);
    }
    fn reset(&mut self) {
        self.0.reset();
    }
}

fn wrong() -> ProtocolBox {
    ProtocolBox::new(NeverBlocks(Aligned::new(true)))
}

#[test]
fn the_file_in_the_message_shows_the_failure() {
    let report = Fuzz::new(wrong).run();
    let shortest = report.shortest().expect("a failure");
    assert_eq!(shortest.class, Class::Broken("consistent_cut"), "{report}");
    assert!(report.to_string().ends_with(shortest.text.trim_end()), "{report}");
    let what = &report.failures.iter().find(|finding| finding.class == shortest.class).expect("it was found").what;
    assert!(!what.is_empty() && report.to_string().contains(what), "{report}");
    let scenario = Scenario::from_json(&shortest.text).expect("a valid scenario");
    let with = |make: fn() -> ProtocolBox| {
        let outcome = scenario.run_with(&mut |_| make(), CoordinatorBox::new(scenario.coordinator()));
        outcome.invariants.iter().any(|found| found.name == "consistent_cut" && found.verdict == "violated")
    };
    assert!(with(wrong) && !with(|| ProtocolBox::new(Aligned::new(true))), "{report}");
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let with = |threads| -> Campaigned {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| Fuzz::new(wrong).seed(3).run())
    };
    assert_eq!(with(1), with(4));
}

/// Where it is not put in, it cannot fail.
#[test]
fn scenarios_can_be_left_out() {
    let report = Fuzz::new(wrong).only_where(|_| false).runs(300).run();
    assert!(report.is_clean(), "{report}");
    let several = |scenario: &Scenario| scenario.plan().sources().len() > 1;
    assert!(!Fuzz::new(wrong).only_where(several).runs(2_000).run().is_clean());
}

/// Aligned, for one snapshot and no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fragile(Aligned);

impl SnapshotProtocol for Fragile {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        assert!(id.0 < 2, "nobody thought of snapshot {id}");
        self.0.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.on_barrier(task, input, barrier, out);
    }
    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.0.on_input_end(task, input, out);
    }
    fn on_abort(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.0.on_abort(task, id, out);
    }
    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        self.0.on_cancel(task, input, id, out);
    }
    fn reset(&mut self) {
        self.0.reset();
    }
}

fn fragile() -> ProtocolBox {
    ProtocolBox::new(Fragile(Aligned::new(true)))
}

/// The campaign goes on, and what the panic said is in the finding and in the file.
#[test]
fn a_panic_is_a_finding() {
    let report = Fuzz::new(fragile).runs(300).run();
    assert_eq!(report.runs, 256, "the whole first batch");
    let found = report.failures.iter().find(|finding| finding.class == Class::Panicked).expect("it panics");
    assert!(found.failures > 1 && found.what.contains("protocol, on_trigger: expected an answer, found a panic"), "{report}");
    assert!(found.what.contains("nobody thought of snapshot 2 (tests/own_protocol.rs:"), "{report}");
    let shrunk = found.shrunk.as_ref().expect("it is made small");
    assert!(shrunk.proven && shrunk.steps <= 3 && shrunk.operators == 1, "{report}");
    let scenario = Scenario::from_json(&shrunk.text).expect("a valid scenario");
    let outcome = scenario.run_with(&mut |_| fragile(), CoordinatorBox::new(scenario.coordinator()));
    assert_eq!(outcome.ended, Ended::Panicked);
    let of = |name: &str| outcome.invariants.iter().find(|found| found.name == name).expect("it is judged").verdict;
    assert_eq!((of("engine_sanity"), of("liveness")), ("violated", "incomplete"));
    assert_ne!(of("delivery"), "violated");
}

/// A run by the clock, and a search through every order, end in it as well.
#[test]
fn every_driver_keeps_a_panic() {
    let file = r#"{
        "title": "two snapshots",
        "operators": {"a": {"kind": "source", "records": 3, "every": "1ms"}, "count": {"kind": "keyed_count"}},
        "channels": [{"from": "a", "to": "count"}],
        "snapshots": {"protocol": "aligned", "at": ["1500us", "2500us"]}
    }"#;
    let scenario = Scenario::from_json(file).expect("a valid scenario");
    let world = || scenario.world_with(&mut |_| fragile(), CoordinatorBox::new(scenario.coordinator()));
    let outcome = scenario.run_world(world());
    assert_eq!(outcome.ended, Ended::Panicked);
    let budget = Budget { snapshots: 2, ..Budget::default() };
    let found = search(&scenario, world(), Control::INSTANT, budget, Bounds::default(), None).found.expect("it panics");
    assert_eq!((found.class, found.steps.len(), found.at_end), (Class::Panicked, 3, false));
    assert!(found.what.contains("nobody thought of snapshot 2"), "{}", found.what);
}

/// The right coordinator, without an answer to a timeout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Unprepared(Coordinator);

impl Coordination for Unprepared {
    fn on_running(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.0.on_running(view, out);
    }
    fn on_request(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.0.on_request(view, out);
    }
    fn on_timer(&mut self, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        assert!(!matches!(timer, Timer::Store(_)), "nowhere to store it");
        self.0.on_timer(view, timer, out);
    }
    fn on_report(&mut self, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        self.0.on_report(view, from, report, out);
    }
    fn on_failure(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.0.on_failure(view, out);
    }
}

#[derive(Debug)]
struct FullDisk;

impl StorageLogic for FullDisk {
    fn save(&self, _: &TaskState) -> TaskState {
        panic!("the disk is full")
    }
}

#[derive(Debug)]
struct NoConnection;

impl SinkLogic for NoConnection {
    fn on_record(&self) -> Placement {
        Placement::Write
    }
    fn on_save(&self, _: &mut Vec<SnapshotId>, _: SnapshotId, _: &mut SinkEffects) {
        panic!("no connection")
    }
}

/// Some part in the place of the right one.
struct Part(fn(&Scenario) -> World);

impl Suspect for Part {
    fn protocols(&self) -> &[ProtocolKind] {
        &[ProtocolKind::Aligned]
    }
    fn world(&self, scenario: &Scenario) -> World {
        (self.0)(scenario)
    }
}

#[test]
fn so_is_a_panic_of_any_other_part() {
    let sinks = |scenario: &Scenario| scenario.clone().with_setup(|setup| setup.sinks.fill(&NoConnection)).world();
    let storage = |scenario: &Scenario| scenario.clone().with_setup(|setup| setup.storage = &FullDisk).world();
    let coordinator = |scenario: &Scenario| {
        let unprepared = CoordinatorBox::new(Unprepared(scenario.coordinator()));
        scenario.world_with(&mut |_| scenario.protocol_of_task(), unprepared)
    };
    type Broken = fn(&Scenario) -> World;
    let parts: [(&str, Broken); 3] = [("sink: ", sinks), ("storage, save: ", storage), ("coordinator: ", coordinator)];
    for (name, world) in parts {
        let part = Part(world);
        let campaign = Campaign { seed: 1, suspect: &part };
        let failure = campaign.first_failure(500).expect("it panics");
        assert_eq!(failure.class, Class::Panicked, "{name}");
        let shrunk = campaign.shrink(failure.run).expect("it is made small");
        assert!(shrunk.proven && shrunk.text.contains(&format!("lead to this: {name}")), "{}", shrunk.text);
    }
}

/// Aligned, and one effect more with every barrier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fumbler(Aligned, Effect);

impl SnapshotProtocol for Fumbler {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.0.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        out.push(self.1);
        self.0.on_barrier(task, input, barrier, out);
    }
    fn reset(&mut self) {
        self.0.reset();
    }
}

/// An effect on a channel or a snapshot that is not there is neither a panic nor nothing.
#[test]
fn an_effect_that_does_not_fit_is_a_violation() {
    let (channel, id) = (ChannelId(77), SnapshotId(99));
    let record = Record { name: 0, key: 0, stamp: 0, value: 0 };
    let never = "expected a snapshot that was triggered, found snapshot 99";
    let no_input = "expected an input of the task, found channel 77";
    let effects = [
        (Effect::SaveState(id), "SaveState(99)", never),
        (Effect::Broadcast(Barrier::aligned(id)), "Broadcast(99)", never),
        (Effect::Overtake(id), "Overtake(99)", never),
        (Effect::Cancel(id), "Cancel(99)", never),
        (Effect::SetTimer(id), "SetTimer(99)", never),
        (Effect::Ack(id), "Ack(99)", never),
        (Effect::Decline(id, Refusal::Failed), "Decline(99)", never),
        (Effect::Prioritise(ChannelId(0), id), "Prioritise(99)", never),
        (Effect::SaveRecord(id, ChannelId(0), record), "SaveRecord(99)", never),
        (Effect::SaveOvertaken(id, ChannelId(0), 1), "SaveOvertaken(99)", never),
        (Effect::Prioritise(channel, SnapshotId(1)), "Prioritise(77)", no_input),
        (Effect::SaveRecord(SnapshotId(1), channel, record), "SaveRecord(77)", no_input),
        (Effect::SaveOvertaken(SnapshotId(1), channel, 1), "SaveOvertaken(77)", no_input),
        (Effect::Block(channel), "Block(77)", no_input),
        (Effect::Unblock(channel), "Unblock(77)", no_input),
        // The only input of the other task.
        (Effect::Block(ChannelId(1)), "Block(1)", "expected an input of the task, found channel 1"),
        (Effect::Ack(SnapshotId(1)), "Ack(1)", "expected a state saved before, found none for snapshot 1"),
        (Effect::SaveRecord(SnapshotId(1), ChannelId(0), record), "SaveRecord(1)", "found none for snapshot 1"),
    ];
    let file = r#"{
        "title": "one snapshot",
        "operators": {"a": {"kind": "source", "records": 3, "every": "1ms"}, "count": {"kind": "keyed_count"}, "out": {"kind": "sink", "commit": "plain"}},
        "channels": [{"from": "a", "to": "count"}, {"from": "count", "to": "out"}],
        "snapshots": {"protocol": "aligned", "at": ["1500us"], "final": false}
    }"#;
    let scenario = Scenario::from_json(file).expect("a valid scenario");
    for (effect, name, why) in effects {
        let fumbler = |_: TaskId| ProtocolBox::new(Fumbler(Aligned::new(true), effect));
        let outcome = scenario.run_with(&mut { fumbler }, CoordinatorBox::new(scenario.coordinator()));
        let sanity = outcome.invariants.iter().find(|found| found.name == "engine_sanity").expect("it is judged");
        let detail = sanity.detail.as_deref().unwrap_or_default();
        assert_eq!(sanity.verdict, "violated", "{name}");
        assert!(detail.starts_with(&format!("count: protocol Fumbler, on_barrier: {name}: ")) && detail.contains(why), "{name}: {detail}");
    }
}

/// What a task was told is over is void, and acking it is no fault of its protocol.
#[test]
fn what_the_coordinator_gave_up_may_still_be_acked() {
    let file = r#"{
        "title": "the first snapshot takes too long",
        "operators": {"a": {"kind": "source", "records": 9, "every": "1ms"}, "b": {"kind": "source", "records": 9, "every": "1ms"}, "count": {"kind": "keyed_count"}},
        "channels": [{"from": "a", "to": "count"}, {"from": "b", "to": "count", "delay": "5ms"}],
        "snapshots": {"protocol": "chandy_lamport", "at": ["1500us"], "timeout": "2ms"}
    }"#;
    let scenario = Scenario::from_json(file).expect("a valid scenario");
    let outcome = cutline::run(&scenario);
    assert_eq!(outcome.snapshots[0].status, "aborted");
    assert_eq!(outcome.invariants.iter().find(|found| found.name == "engine_sanity").expect("it is judged").verdict, "held");
}

fn right() -> ProtocolBox {
    ProtocolBox::new(Aligned::new(true))
}

/// What was asked for and not reached is no clean campaign, and is named.
#[test]
fn what_is_required_has_to_be_reached() {
    let fuzz = |runs| Fuzz::new(right).runs(runs).requires([Situation::CrashDuringAlignment, Situation::ChannelStateRestored]);
    let report = fuzz(2_000).run();
    assert_eq!((report.missing.clone(), report.is_clean()), (vec!["channel_state_restored"], false), "aligned saves no channels: {report}");
    assert!(report.to_string().contains("required and not reached: channel_state_restored"), "{report}");
    assert!(report.unreached.contains(&Situation::ChannelStateRestored), "{report}");
    assert!(report.features.iter().any(|(feature, runs)| *feature == Feature::TwoInputs && *runs > 0), "{report}");
    let loops = Fuzz::new(right).runs(256).requires_features([Feature::Loop]).run();
    assert_eq!(loops.missing, ["loop"], "aligned does not stand loops: {loops}");
}

/// The longer nothing new comes, the more runs have been enough.
#[test]
fn runs_since_something_new_are_counted() {
    let quiet = |runs| Fuzz::new(right).runs(runs).run().quiet_for;
    assert!(quiet(300) < 300 && quiet(20_000) > 2_000, "{} and {}", quiet(300), quiet(20_000));
}

#[test]
fn a_campaign_lasts_as_long_as_somebody_waits() {
    let asked = Arc::new(AtomicU64::new(0));
    let patient = Fuzz::new(right).runs(u64::MAX).as_long_as(move || asked.fetch_add(1, Ordering::Relaxed) < 20_000).run();
    assert!(patient.is_clean() && patient.runs >= 256, "{patient}");
    assert_eq!(patient, Fuzz::new(right).runs(patient.runs).run(), "it is the campaign of so many runs");
}

/// The files of a folder, as a test of somebody's own would read them.
fn files(folder: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).expect("a file"))).collect()
}

#[test]
fn a_campaign_goes_through_given_files() {
    let report = Fuzz::new(wrong).in_scenarios(files("scenarios/check")).expect("they are valid").run();
    assert!(!report.is_clean(), "{report}");
    assert_eq!(report, Fuzz::new(wrong).in_scenarios(files("scenarios/check")).expect("they are valid").run());
    let refused = Fuzz::new(wrong).in_scenarios([("", ""); 0]).map(|_| ()).expect_err("nothing is there");
    assert_eq!(refused.to_string(), "there is no scenario");
    let refused = Fuzz::new(wrong).in_scenarios([("bad.json", "{\"title\": \"nothing\"}")]).map(|_| ()).expect_err("it is not valid");
    assert!(refused.to_string().starts_with("bad.json: ") && refused.to_string().contains("operators"), "{refused}");
}

/// Every part can be somebody's own; what is wrong with it is found like a wrong protocol.
#[test]
fn coordinators_sinks_and_storage_can_be_of_ones_own() {
    let hasty = Fuzz::new(right).with_coordinator(|settings| {
        let settings = Settings { max_concurrent: settings.max_concurrent + 1, ..settings.clone() };
        CoordinatorBox::new(Coordinator::new(settings))
    });
    let found = |report: Campaigned| report.failures.first().map(|finding| finding.class.invariant());
    assert_eq!(found(hasty.run()), Some("coordinator_rules"));
    assert_eq!(found(Fuzz::new(right).with_sink(&Impatient).run()), Some("sink_commit_rules"));
    assert_eq!(found(Fuzz::new(right).with_storage(&Forgetful).run()), Some("restore_fidelity"));
}

/// Makes visible at once what should wait.
#[derive(Debug)]
struct Impatient;

impl SinkLogic for Impatient {
    fn on_record(&self) -> Placement {
        Placement::Publish
    }
}

/// Gives sources back as they were in the beginning.
#[derive(Debug)]
struct Forgetful;

impl StorageLogic for Forgetful {
    fn load(&self, stored: &TaskState) -> TaskState {
        match stored {
            TaskState::Source(_) => TaskState::Source(0),
            other => other.clone(),
        }
    }
}
