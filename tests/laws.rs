//! The laws of the engine, on random scenarios (law numbers as in the crate documentation).

mod common;

use common::{Recorder, check, drive_first_enabled, scenario, shapes, violated};
use cutline::Scenario;
use cutline::engine::{Step, World};
use cutline::kernel::Ticks;
use cutline::model::TaskId;
use cutline::trace::Fact;
use proptest::prelude::*;

/// Law 1: the first run in a process and a later one give the same outcome, digest included.
#[test]
fn the_same_seed_gives_the_same_outcome() {
    check(60, shapes(), |shape| {
        let scenario = shape.scenario("aligned");
        let first = cutline::run(&scenario);
        cutline::run(&scenario.clone().with_seed(shape.seed + 1));
        prop_assert_eq!(&first, &cutline::run(&scenario));
        Ok(())
    });
}

/// Law 1, for reused memory: a runner's thousandth run equals a fresh one.
#[test]
fn reused_memory_changes_nothing() {
    check(30, shapes(), |shape| {
        let scenario = shape.scenario("aligned");
        let fresh = cutline::scenario::Runner::new(&scenario).run(3);
        let mut reused = cutline::scenario::Runner::new(&scenario);
        for seed in 0..20 {
            reused.run(seed);
        }
        prop_assert_eq!(fresh, reused.run(3));
        let outcome = cutline::run(&scenario.clone().with_seed(3));
        prop_assert_eq!(format!("{:016x}", fresh.digest), outcome.digest);
        Ok(())
    });
}

/// When each record is emitted by one source, and when it arrives from there.
fn times_of(scenario: &Scenario, operator: &str) -> Vec<(Ticks, String)> {
    let mut seen = Vec::new();
    let plan = scenario.plan();
    cutline::scenario::run_traced(scenario, &mut |now, _, fact| {
        let text = fact.describe(plan);
        if matches!(fact, Fact::Received { .. }) && text.contains(&format!("{operator}->")) {
            seen.push((now, text));
        }
    });
    seen
}

/// Law 3: taking an operator away does not shift anybody else's draws.
#[test]
fn removing_an_operator_shifts_no_draw() {
    let json = |more: &str, channel: &str| {
        format!(
            r#"{{"title": "draws", "seed": 5,
              "operators": {{"A": {{"kind": "source", "records": 50}}, {more} "count": {{"kind": "keyed_count"}}}},
              "channels": [{channel} {{"from": "A", "to": "count", "delay": {{"uniform": ["1ms", "90ms"]}}}}]}}"#
        )
    };
    let with =
        scenario(&json(r#""B": {"kind": "source", "records": 50},"#, r#"{"from": "B", "to": "count", "delay": {"exponential": "4ms"}},"#));
    let without = scenario(&json("", ""));
    assert_eq!(times_of(&with, "A"), times_of(&without, "A"));
    assert_ne!(times_of(&with, "A"), times_of(&with.clone().with_seed(6), "A"), "the draws do depend on the seed");
}

/// Law 9: what a timed run did, applied step by step to a fresh world, gives the same facts and
/// an equal world; and at its end the world offers nothing more.
#[test]
fn a_timed_run_can_be_replayed_step_by_step() {
    for protocol in ["aligned", "at_least_once", "unaligned", "none"] {
        check(150, shapes(), |shape| {
            let scenario = shape.scenario(protocol);
            let (world, recorder, _) = scenario.drive(Recorder::default());
            let mut replayed = scenario.world();
            let mut facts = Recorder::default();
            for &step in &recorder.steps {
                prop_assert_eq!(replayed.ready(step), Ok(()), "{:?}", step);
                replayed.apply(step, &mut facts);
            }
            prop_assert!(replayed == world, "the worlds differ");
            // What is said of the end of a run is said by the driver, not by a step.
            let is_of_the_end = |fact: &Fact| matches!(fact, Fact::LeftBehind { .. } | Fact::LeftOpen { .. });
            let happened: Vec<Fact> = recorder.facts.into_iter().filter(|fact| !is_of_the_end(fact)).collect();
            prop_assert_eq!(facts.facts, happened);
            let mut left = Vec::new();
            world.enabled(&mut left);
            prop_assert_eq!(left, Vec::<Step>::new(), "the timed driver left something asleep");
            Ok(())
        });
    }
}

/// What is left of a world when order and checkpoints are taken away.
fn final_state(world: &World) -> String {
    let tasks = world.plan().tasks().ids();
    let states: Vec<String> = tasks.map(|task: TaskId| format!("{:?}", world.state(task))).collect();
    let visible: Vec<u64> = world.external().sinks.iter().map(|log| log.visible.records).collect();
    format!("{states:?} {visible:?}")
}

/// The same world under a driver without time, which takes the first step that is offered.
#[test]
fn a_driver_without_time_comes_to_the_same_end() {
    check(80, shapes(), |shape| {
        // Rebalancing and running sums depend on the order of arrival, which is the driver's choice.
        let shape =
            common::Shape { crashes: Vec::new(), stages: shape.stages.into_iter().map(|(kind, _)| (kind % 3, 1)).collect(), ..shape };
        let scenario = shape.scenario("aligned");
        let (timed, ..) = scenario.drive(());
        let mut world = scenario.world();
        prop_assert!(drive_first_enabled(&mut world, &mut ()).is_some(), "it does not end");
        prop_assert!(world.is_over());
        prop_assert_eq!(final_state(&world), final_state(&timed));
        Ok(())
    });
}

/// Aligned and unaligned are never worse than exactly once, whatever crashes when.
fn check_exactly_once(protocol: &str) {
    check(400, shapes(), |shape| {
        let outcome = cutline::run(&shape.scenario(protocol));
        prop_assert_eq!(violated(&outcome), Vec::<&str>::new(), "{:#?}", outcome.invariants);
        for place in &outcome.places {
            // Plain and additive sinks.
            let may_repeat = matches!(shape.commit, 2 | 4) && place.kind == "output";
            prop_assert!(place.lost == 0 && (place.duplicated == 0 || may_repeat), "{:?}", place);
            prop_assert!(place.contents.wrong == 0 || may_repeat, "{:?}", place);
        }
        Ok(())
    });
}

#[test]
fn aligned_is_exactly_once() {
    check_exactly_once("aligned");
}

#[test]
fn unaligned_is_exactly_once() {
    check_exactly_once("unaligned");
}

/// At-least-once never loses, and does duplicate in a fair share of the runs that restore a
/// snapshot: an oracle that never fires is no oracle.
#[test]
fn at_least_once_never_loses_and_does_duplicate() {
    let (restored, duplicated) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    check(400, shapes(), |shape| {
        let outcome = cutline::run(&shape.scenario("at_least_once"));
        prop_assert!(violated(&outcome).iter().all(|name| *name == "consistent_cut"), "{:#?}", outcome.invariants);
        prop_assert!(outcome.places.iter().all(|place| place.lost == 0), "{:?}", outcome.places);
        let is_restored = outcome.failovers.iter().any(|failover| failover.restored_snapshot.is_some());
        let is_duplicated = outcome.places.iter().any(|place| place.kind == "state" && place.duplicated > 0);
        restored.set(restored.get() + u32::from(is_restored));
        duplicated.set(duplicated.get() + u32::from(is_duplicated));
        Ok(())
    });
    let (restored, duplicated) = (restored.get(), duplicated.get());
    assert!(restored >= 100, "only {restored} of 400 runs restored a snapshot");
    assert!(duplicated * 10 >= restored, "{duplicated} of {restored} restored runs counted twice");
}

/// With any limit of steps a run ends by it, or as it would have ended without.
#[test]
fn a_limit_of_steps_is_never_taken_for_the_end() {
    let text = |more: &str| {
        format!(
            r#"{{
              "title": "t",
              "operators": {{"A": {{"kind": "source", "records": 2}}, "B": {{"kind": "source", "records": 1}},
                            "count": {{"kind": "keyed_count"}}, "out": {{"kind": "sink", "commit": "two_phase"}}}},
              "channels": [{{"from": "A", "to": "count"}}, {{"from": "B", "to": "count"}}, {{"from": "count", "to": "out"}}],
              "snapshots": {{"protocol": "aligned"}}{more}
            }}"#
        )
    };
    for more in ["", r#", "schedule": ["emit A", "trigger", "crash count"]"#] {
        let free = cutline::run(&scenario(&text(more)));
        for steps in 1..=free.steps + 1 {
            let limited = cutline::run(&scenario(&text(&format!(r#"{more}, "limits": {{"steps": {steps}}}"#))));
            if limited.ended != cutline::scenario::outcome::Ended::StepLimit {
                assert_eq!((limited.steps, &limited.digest, limited.verdict), (free.steps, &free.digest, free.verdict), "limit {steps}");
            }
        }
    }
}

/// An upload that counts took at least its own delay, whatever was timed out, aborted or crashed in between: a step
/// is about the snapshot that it was scheduled for.
#[test]
fn an_upload_is_of_its_own_snapshot() {
    let (mut judged, mut voided) = (0, 0);
    for seed in 0..300_u64 {
        let (upload, timeout, every) = (1 + seed % 13, 2 + seed / 13 % 9, 1 + seed % 7);
        let scenario = scenario(&format!(
            r#"{{
              "title": "t", "seed": {seed},
              "operators": {{"A": {{"kind": "source", "records": 20, "every": "2ms", "upload": "{upload}ms"}},
                            "count": {{"kind": "keyed_count", "upload": "{upload}ms"}}}},
              "channels": [{{"from": "A", "to": "count", "delay": "1ms"}}],
              "snapshots": {{"protocol": "aligned", "interval": "{every}ms", "timeout": "{timeout}ms", "max_concurrent": 3}},
              "recovery": {{"detect": "1ms", "restart": "2ms"}},
              "faults": [{{"random_crashes": 2, "tasks": ["A", "count"], "every": "15ms"}}],
              "limits": {{"until": "300ms"}}
            }}"#
        ));
        let mut saved: Vec<(TaskId, u32, Ticks)> = Vec::new();
        cutline::scenario::run_traced(&scenario, &mut |now, _, fact| match fact {
            Fact::Saved { task, snapshot, .. } => saved.push((task, snapshot.0, now)),
            Fact::Uploaded { task, snapshot } => {
                let (_, _, since) = saved.iter().rfind(|(owner, id, _)| (*owner, *id) == (task, snapshot.0)).expect("it was saved");
                assert!(now.since(*since) >= Ticks(upload * 1000), "seed {seed}: {}", fact.describe(scenario.plan()));
                judged += 1;
            }
            Fact::PartDropped { .. } => voided += 1,
            _ => {}
        });
    }
    assert!(judged > 500 && voided > 500, "{judged} judged, {voided} void");
}
