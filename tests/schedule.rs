//! Runs without a clock: listed steps, what is left out of them and why, and timed runs as lists of steps.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{Recorder, scenario, shapes, verdict};
use cutline::engine::{Control, NoStep, Step, Stop, Untimed};
use cutline::model::{SnapshotId, TaskId};
use cutline::protocol::Timer;
use cutline::report::Batch;
use cutline::report::text::{self, Style};
use cutline::scenario::outcome::Judgement;
use cutline::scenario::{Runner, compare};
use cutline::{Outcome, Scenario, run};
use expect_test::{Expect, expect, expect_file};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Two sources into a count, with `more` fields, under a protocol.
fn two_sources(protocol: &str, more: &str, schedule: &[&str]) -> Scenario {
    scenario(&format!(
        r#"{{"title": "t", "operators": {{
             "A": {{"kind": "source", "records": 3}}, "B": {{"kind": "source", "records": 2}}, "count": {{"kind": "keyed_count"}}}},
           "channels": [{{"from": "A", "to": "count"}}, {{"from": "B", "to": "count"}}],
           "snapshots": {{"protocol": "{protocol}"}}, {more} "schedule": {}}}"#,
        json!(schedule)
    ))
}

/// What was left out and why, what became of snapshots, and what shows.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    for step in &outcome.skipped {
        writeln!(text, "{} {}: {}", step.step, step.name, step.why).unwrap();
    }
    for snapshot in &outcome.snapshots {
        writeln!(text, "snapshot {} {} {}", snapshot.id, snapshot.status, snapshot.reason.unwrap_or("")).unwrap();
    }
    for place in &outcome.places {
        writeln!(text, "{}: {} lost, {} duplicated", place.place, place.lost, place.duplicated).unwrap();
    }
    assert_eq!(outcome.verdict == Judgement::Unexpected, !outcome.skipped.is_empty(), "a skipped step is a surprise, and the only one");
    text
}

fn check(scenario: &Scenario, expected: Expect) {
    expected.assert_eq(&told(&run(scenario)));
}

#[test]
fn what_cannot_happen_is_left_out_and_explained() {
    let steps = [
        "start",
        "deliver A->count",
        "emit B",
        "emit B",
        "emit B",
        "trigger",
        "timeout 2",
        "pause over",
        "final",
        "deliver B->count",
        "deliver B->count",
        "deliver B->count",
        "emit B",
        "budget 1",
        "lose coordinator->A",
        "repeat coordinator->A",
        "postpone coordinator->A",
    ];
    check(
        &two_sources("aligned", "", &steps),
        expect![[r#"
            2 deliver A->count: nothing is in the channel
            5 emit B: B has nothing left to emit
            7 timeout 2: snapshot 2 does not wait for acks
            8 pause over: there is no pause
            9 final: no last checkpoint waits to be tried again
            13 emit B: B has nothing left to emit
            14 budget 1: snapshot 1 has no alignment budget to use up
            15 lose coordinator->A: no message of the coordinator is on its way to A
            16 repeat coordinator->A: no message of the coordinator is on its way to A
            17 postpone coordinator->A: what A hears next of the coordinator is no word of a completion with another message behind it
            snapshot 1 completed 
            snapshot 2 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
    // The other source's barrier is in, and its channel blocked.
    check(
        &two_sources("aligned", "", &["trigger", "deliver B->count", "emit B", "deliver B->count"]),
        expect![[r#"
            4 deliver B->count: count has blocked the channel until its other barriers are in
            snapshot 1 completed 
            snapshot 2 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
    check(
        &two_sources("none", r#""control": ["failover"],"#, &["crash A", "crash A", "emit A", "restore A", "detect", "restart", "emit A"]),
        expect![[r#"
            2 crash A: A is down already
            3 emit A: A is down
            4 restore A: A is not being restored
            7 emit A: A is being restored
            count: 0 lost, 0 duplicated
        "#]],
    );
}

/// The same order under a list of what is not at once: acks, then also parts.
#[test]
fn control_says_what_takes_steps_of_its_own() {
    let steps = ["trigger", "deliver A->count", "deliver B->count", "deliver A->coordinator", "deliver B->coordinator", "crash count"];
    check(
        &two_sources("aligned", r#""control": ["reports"],"#, &steps),
        expect![[r#"
            snapshot 1 aborted failover
            snapshot 2 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
    let steps = [
        "trigger",
        "deliver A->count",
        "deliver B->count",
        "deliver A->coordinator",
        "upload A",
        "upload B",
        "deliver A->coordinator",
        "deliver B->coordinator",
        "fail upload count",
        "deliver count->coordinator",
    ];
    check(
        &two_sources("aligned", r#""control": ["uploads", "reports"],"#, &steps),
        expect![[r#"
            4 deliver A->coordinator: no message of A is on its way to the coordinator
            snapshot 1 aborted declined
            snapshot 2 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
    // The lost trigger leaves B's channel blocked until a newer barrier comes.
    let steps = [
        "trigger",
        "lose coordinator->A",
        "deliver coordinator->B",
        "deliver B->count",
        "timeout 1",
        "deliver coordinator->count",
        "trigger",
    ];
    check(
        &two_sources("aligned", r#""control": ["triggers", "notices"],"#, &steps),
        expect![[r#"
            snapshot 1 aborted timeout
            snapshot 2 completed 
            snapshot 3 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
}

/// Word of a completion that comes late or twice finds nothing to do (K8, T2); a trigger that comes twice starts nothing
/// (K1).
#[test]
fn messages_that_come_late_or_twice_do_no_harm() {
    let steps = [
        "emit A",
        "deliver A->out",
        "trigger",
        "repeat coordinator->A",
        "deliver coordinator->A",
        "deliver coordinator->A",
        "deliver A->out",
        "postpone coordinator->out",
        "emit A",
        "deliver A->out",
        "trigger",
        "deliver coordinator->A",
        "deliver A->out",
        "repeat coordinator->out",
        "postpone coordinator->out",
        "deliver coordinator->out",
        "deliver coordinator->out",
        "deliver coordinator->out",
    ];
    let scenario = scenario(
        &json!({
            "title": "t",
            "operators": {"A": {"kind": "source", "records": 2}, "out": {"kind": "sink", "commit": "two_phase"}},
            "channels": [{"from": "A", "to": "out"}],
            "snapshots": {"protocol": "aligned"},
            "control": ["triggers", "notices"], "schedule": steps
        })
        .to_string(),
    );
    let outcome = run(&scenario);
    let skipped: Vec<&str> = outcome.skipped.iter().map(|step| step.why.as_str()).collect();
    let alone = "what out hears next of the coordinator is no word of a completion with another message behind it";
    assert_eq!(skipped, [alone], "at first nothing is there to overtake it");
    let (_, Recorder { facts, .. }, _) = scenario.drive(Recorder::default());
    let told: Vec<String> = facts.iter().map(|fact| fact.describe(scenario.plan())).filter(|line| is_told(line)).collect();
    expect![[r#"
        notice of snapshot 1 to A sent once more
        A is told to start snapshot 1
        A is told to start snapshot 1
        out pre-commits transaction 1
        A is told to start snapshot 2
        out pre-commits transaction 2
        notice of snapshot 1 to out sent once more
        notice of snapshot 1 to out overtaken by the next one
        out is told that snapshot 2 is complete
        out commits transaction 1
        out commits transaction 2
        out is told that snapshot 1 is complete
        out is told that snapshot 1 is complete
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
}

/// Whether it is about messages of the coordinator, or what comes of them.
fn is_told(line: &str) -> bool {
    ["is told", "notice of", "pre-commits", "commits"].iter().any(|word| line.contains(word))
}

/// Triggers at an interval are triggers, too; and one that comes for ever does not keep a run alive.
#[test]
fn a_trigger_is_what_there_is() {
    let text = |steps: &[&str], control: &[&str]| {
        json!({
            "title": "t",
            "operators": {"A": {"kind": "source", "records": 3}, "B": {"kind": "source", "records": 3}, "count": {"kind": "keyed_count"}},
            "channels": [{"from": "A", "to": "count"}, {"from": "B", "to": "count", "capacity": 1}],
            "snapshots": {"protocol": "aligned", "interval": "1ms"},
            "control": control, "schedule": steps
        })
        .to_string()
    };
    check(
        &scenario(&text(&["trigger", "deliver A->count", "deliver B->count", "trigger"], &[])),
        expect![[r#"
            snapshot 1 completed 
            snapshot 2 completed 
            snapshot 3 completed 
            count: 0 lost, 0 duplicated
        "#]],
    );
    // A's barrier never comes, B's channel is blocked and full: only the timeout helps.
    let outcome = run(&scenario(&text(&["trigger", "lose coordinator->A"], &["triggers"])));
    assert_eq!((verdict(&outcome, "liveness"), outcome.snapshots[0].reason), ("held", Some("timeout")), "{:#?}", outcome.invariants);
}

/// A job that fails has not delivered everything; repetitions that nobody forbids do not change that.
#[test]
fn a_failed_job_lost_nothing_yet() {
    let outcome = run(&scenario(
        r#"{"title": "t", "operators": {"A": {"kind": "source", "records": 2}, "out": {"kind": "sink", "commit": "plain"}},
           "channels": [{"from": "A", "to": "out"}], "snapshots": {"protocol": "at_least_once"}, "recovery": {"restarts": 1},
           "schedule": ["emit A", "deliver A->out", "crash A", "emit A", "deliver A->out", "crash A"]}"#,
    ));
    let place = &outcome.places[0];
    assert_eq!((place.declared, place.lost, place.duplicated), ("at_least_once", 1, 1));
    assert_eq!(verdict(&outcome, "delivery"), "incomplete");
}

#[test]
fn processes_start_snapshots_by_steps() {
    let file = json!({
        "title": "t",
        "operators": {"N1": {"kind": "account", "tokens": 1}, "N2": {"kind": "account", "tokens": 0}},
        "channels": [{"from": "N1", "to": "N2"}, {"from": "N2", "to": "N1"}],
        "snapshots": {"protocol": "chandy_lamport"},
        "script": [{"at": "1ms", "send": 1, "from": "N1", "to": "N2"}],
        "schedule": ["initiate N2", "emit N1", "deliver N2->N1", "deliver N1->N2", "initiate N2", "initiate N1"],
        "expect": {"states": {"1": {"processes": {"N1": 0, "N2": 0}, "channels": {"N1->N2": [1]}}}}
    });
    let outcome = run(&scenario(&file.to_string()));
    assert_eq!((outcome.verdict, outcome.snapshots.len()), (Judgement::AsExpected, 3), "{outcome:#?}");
}

#[test]
fn channels_without_order_are_taken_from_anywhere() {
    let file = json!({
        "title": "t",
        "operators": {"N1": {"kind": "account", "tokens": 3}, "N2": {"kind": "account", "tokens": 0}},
        "channels": [{"from": "N1", "to": "N2", "order": "any"}, {"from": "N2", "to": "N1"}],
        "snapshots": {"protocol": "lai_yang"},
        "script": [{"at": "1us", "send": 1, "from": "N1", "to": "N2"}, {"at": "2us", "send": 2, "from": "N1", "to": "N2"}],
        "schedule": ["emit N1", "emit N1", "deliver N1->N2 at 1", "deliver N1->N2 at 1"]
    });
    let outcome = run(&scenario(&file.to_string()));
    let why: Vec<&str> = outcome.skipped.iter().map(|step| step.why.as_str()).collect();
    assert_eq!(why, ["the channel holds fewer elements"]);
}

fn two_tasks() -> Scenario {
    let file = json!({
        "title": "t",
        "operators": {"A": {"kind": "source", "records": 3, "parallelism": 2}, "to at 2": {"kind": "keyed_count", "parallelism": 2}, "x-": {"kind": "pass"}},
        "channels": [{"from": "A", "to": "x-"}, {"from": "x-", "to": "to at 2"}]
    });
    scenario(&file.to_string())
}

/// Every step that there is can be written and read.
#[test]
fn steps_are_read_as_they_are_described() {
    let scenario = two_tasks();
    let plan = scenario.plan();
    let id = SnapshotId(7);
    let mut steps = vec![Step::Start, Step::Request];
    let timers = [Timer::Final, Timer::Pause, Timer::Timeout(id), Timer::Store(id), Timer::Budget(id), Timer::Detect, Timer::Restart];
    steps.extend(timers.map(Step::Fire));
    for task in plan.tasks().ids() {
        let kinds: [fn(TaskId) -> Step; 10] = [
            Step::Emit,
            Step::Tell,
            Step::Hear,
            Step::Lose,
            Step::Repeat,
            Step::Postpone,
            Step::Restore,
            Step::Crash,
            Step::Alarm,
            Step::Initiate,
        ];
        steps.extend(kinds.map(|kind| kind(task)));
        for snapshot in [None, Some(id)] {
            steps.extend([Step::Upload(task, snapshot), Step::FailUpload(task, snapshot)]);
        }
    }
    for channel in plan.channels().ids() {
        steps.extend([Step::Deliver(channel), Step::Take(channel, 2), Step::Announce(channel, id)]);
    }
    for step in steps {
        assert_eq!(Step::parse(&step.describe(plan), plan), Ok(step), "{}", step.describe(plan));
    }
    for timer in [Timer::First, Timer::Interval] {
        assert_eq!(Step::parse(&Step::Fire(timer).describe(plan), plan), Ok(Step::Request));
    }
    assert!(matches!(Step::parse("deliver x-->to at 2[0]", plan), Ok(Step::Deliver(_))), "names may hold \" at \" and dashes");
    let channel = |name: &str| Err(NoStep::Channel(name.to_owned()));
    assert_eq!(Step::parse("deliver A->x-", plan), channel("A->x-"), "A has two tasks");
    assert_eq!(Step::parse("deliver A[00]->x-", plan), channel("A[00]->x-"), "a task has one name");
    assert_eq!(Step::parse("deliver x-->A[0]", plan), channel("x-->A[0]"));
    for (text, form) in [("timeout -1", "timeout SNAPSHOT"), ("announce 1", "announce SNAPSHOT FROM->TO"), ("pause", "pause over")] {
        assert_eq!(Step::parse(text, plan), Err(NoStep::Form(form)));
    }
}

/// Every form is named where schedules are explained.
#[test]
fn the_format_page_names_every_step() {
    let page = include_str!("../docs/format.md");
    let missing: Vec<&&str> = Step::forms().iter().filter(|form| !page.contains(&format!("`{form}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A timed run is a list of steps: taken one by one, or written down, read back and taken, they give
/// the same facts and an equal world.
#[test]
fn a_timed_run_can_be_followed() {
    for protocol in ["aligned", "at_least_once", "unaligned", "none"] {
        common::check(60, shapes(), |shape| {
            let scenario = shape.scenario(protocol);
            let plan = scenario.plan();
            let (end, timed, _) = scenario.drive(Recorder::default());
            let read = |step: &Step| Step::parse(&step.describe(plan), plan).expect("it can be read back");
            let written: Vec<Step> = timed.steps.iter().map(read).collect();
            for (step, read) in timed.steps.iter().zip(&written) {
                let is_trigger = matches!(step, Step::Fire(Timer::First | Timer::Interval));
                prop_assert!(step == read || (is_trigger && *read == Step::Request), "{:?} became {:?}", step, read);
            }
            for steps in [&timed.steps, &written] {
                let mut world = scenario.world();
                let mut untimed = Untimed::new(Control::CHANNEL, 1_000_000, Recorder::default());
                prop_assert_eq!(untimed.follow(&mut world, steps.iter().copied()), vec![]);
                prop_assert_eq!(untimed.finish(&mut world), Stop::Quiet);
                prop_assert_eq!(untimed.steps(), timed.steps.len() as u64, "nothing was left to do");
                prop_assert!(world == end, "the worlds differ");
                prop_assert_eq!(&untimed.sink.facts, &timed.facts);
            }
            Ok(())
        });
    }
}

/// A timed run written into the file that it came from gives the same run, whichever way it is driven.
#[test]
fn a_timed_run_can_be_written_down() {
    common::check(40, shapes(), |shape| {
        let mut file: Value = serde_json::from_str(&format!("{shape:?}")).expect("a scenario");
        let timed = scenario(&file.to_string());
        let (_, recorded, _) = timed.drive(Recorder::default());
        file.as_object_mut().expect("an object").remove("faults");
        file["control"] = json!("channel");
        file["schedule"] = recorded.steps.iter().map(|step| step.describe(timed.plan())).collect();
        let scheduled = scenario(&file.to_string());
        let (before, after) = (run(&timed), run(&scheduled));
        prop_assert_eq!(&after.skipped, &vec![]);
        prop_assert_eq!((after.verdict, after.steps), (before.verdict, before.steps));
        prop_assert_eq!((&after.places, &after.situations, &after.outputs), (&before.places, &before.situations, &before.outputs));
        let (_, driven, stop) = scheduled.drive(Recorder::default());
        prop_assert_eq!((driven, stop), (recorded, Stop::Quiet));
        let glance = Runner::new(&scheduled).run(99);
        prop_assert_eq!((format!("{:016x}", glance.digest), glance.steps), (after.digest.clone(), after.steps));
        prop_assert_eq!(&run(&scheduled.clone().with_seed(99)).digest, &after.digest, "no seed changes anything");
        let replayed = timed.replay(timed.world(), Control::CHANNEL, scheduled.schedule().expect("it has one").iter().copied());
        prop_assert_eq!(&replayed.digest, &after.digest);
        Ok(())
    });
}

#[test]
fn a_limit_of_steps_ends_a_schedule() {
    let scenario = two_sources("aligned", r#""limits": {"steps": 3},"#, &["emit A", "emit A", "emit A"]);
    let outcome = run(&scenario);
    assert_eq!(outcome.skipped[0].why, "the limit of steps was reached before");
    assert_eq!((outcome.steps, verdict(&outcome, "liveness")), (3, "violated"));
}

/// What another protocol cannot do is left out.
#[test]
fn a_schedule_is_followed_as_far_as_a_protocol_can() {
    use cutline::protocol::ProtocolKind::{Aligned, AtLeastOnce};
    let steps = ["trigger", "deliver A->count", "emit A", "deliver A->count", "deliver B->count", "crash count"];
    let comparison = compare(&two_sources("at_least_once", "", &steps), &[Aligned, AtLeastOnce], &[1]);
    assert_eq!(comparison.protocols.iter().map(|summary| summary.duplicated).collect::<Vec<_>>(), [0, 1]);
}

fn committed(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/schedules").join(format!("{name}.json"));
    scenario(&fs::read_to_string(path).expect("a committed scenario"))
}

#[test]
fn the_committed_schedules_read_as_they_do() {
    let page = |name: &str| text::outcome(&run(&committed(name)), &Style::plain());
    expect_file!["golden/schedules/twice-without-alignment.txt"].assert_eq(&page("twice-without-alignment"));
    expect_file!["golden/schedules/held-by-alignment.txt"].assert_eq(&page("held-by-alignment"));
    expect_file!["golden/schedules/overtaken-and-restored.txt"].assert_eq(&page("overtaken-and-restored"));
}

/// A skipped step is named in text and document; without one there is nothing of it.
#[test]
fn skipped_steps_are_reported() {
    let steps: Vec<&str> = std::iter::once("deliver A->count").chain(std::iter::repeat_n("emit B", 14)).collect();
    let outcome = run(&two_sources("none", "", &steps));
    let page = text::outcome(&outcome, &Style::plain());
    let (_, rest) = page.split_once("\n\n").expect("a title");
    let (skipped, _) = rest.split_once("\n\n").expect("more");
    expect![[r#"
        13 steps of the schedule could not happen
          no. 1   deliver A->count  nothing is in the channel
          no. 4   emit B            B has nothing left to emit
          no. 5   emit B            B has nothing left to emit
          no. 6   emit B            B has nothing left to emit
          no. 7   emit B            B has nothing left to emit
          no. 8   emit B            B has nothing left to emit
          no. 9   emit B            B has nothing left to emit
          no. 10  emit B            B has nothing left to emit
          no. 11  emit B            B has nothing left to emit
          ... and 3 more steps
          no. 15  emit B            B has nothing left to emit
          Take them out of "schedule", or list what they wait for before them."#]]
    .assert_eq(skipped);
    let summary = text::summary(&Batch::of(std::slice::from_ref(&outcome)), &Style::plain());
    assert!(summary.contains("skipped no. 1 of the schedule, deliver A->count: nothing is in the channel"), "{summary}");
    let document = serde_json::to_value(&outcome).expect("a document");
    assert_eq!(document["scheduled"], true);
    assert_eq!(document["skipped"][0], json!({"step": 1, "name": "deliver A->count", "why": "nothing is in the channel"}));
    let timed = serde_json::to_value(run(&two_tasks())).expect("a document");
    assert!(timed.get("scheduled").is_none() && timed.get("skipped").is_none());
}

/// An announcement that overtook another would make the older barrier, which still waits, void without a word.
#[test]
fn barriers_are_announced_in_their_order() {
    let steps = ["trigger", "trigger", "announce 2 A->count", "announce 1 A->count", "announce 2 A->count"];
    let control = r#""alignment_timeout": "1us", "max_concurrent": 2}, "control": ["alarms"],"#;
    let text = format!(
        r#"{{"title": "t", "operators": {{"A": {{"kind": "source", "records": 1}}, "count": {{"kind": "keyed_count"}}}},
           "channels": [{{"from": "A", "to": "count"}}],
           "snapshots": {{"protocol": "aligned_timeout", {control} "schedule": {}}}"#,
        json!(steps)
    );
    let outcome = run(&scenario(&text));
    let skipped: Vec<&str> = outcome.skipped.iter().map(|step| step.why.as_str()).collect();
    assert_eq!(skipped, ["the barrier of snapshot 1 is to be announced first in A->count"]);
}
