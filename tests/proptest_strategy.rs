//! Scenarios as a proptest strategy (feature `proptest`): what is right holds in all of them, and what is
//! wrong is found and made small.

mod common;

use std::cell::RefCell;

use common::violated;
use cutline::explore::DrawnScenario;
use cutline::model::{Barrier, ChannelId, SnapshotId};
use cutline::protocol::{Aligned, CoordinatorBox, Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};
use cutline::{Outcome, Scenario};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The invariants that are claimed and violated.
fn broken(outcome: &Outcome) -> Vec<&'static str> {
    outcome.invariants.iter().filter(|found| found.claimed && found.verdict == "violated").map(|found| found.name).collect()
}

#[test]
fn what_is_right_holds_in_what_is_drawn() {
    let all = ProtocolKind::ALL.into_iter().filter(|kind| !matches!(kind, ProtocolKind::None | ProtocolKind::NoMarkers));
    for protocol in all {
        let crashes = RefCell::new(0);
        let property = |drawn: DrawnScenario| {
            let outcome = cutline::run(&drawn.scenario);
            *crashes.borrow_mut() += outcome.failovers.len();
            prop_assert_eq!(broken(&outcome), [""; 0]);
            Ok(())
        };
        runner(64).run(&cutline::scenarios(protocol), property).unwrap_or_else(|error| panic!("{}: {error}", protocol.word()));
        assert!(crashes.into_inner() > 10, "{}: scenarios in which things go wrong", protocol.word());
    }
}

/// What is printed of a case is a file that can be kept.
#[test]
fn a_case_is_printed_as_its_file() {
    let property = |drawn: DrawnScenario| {
        let file = Scenario::from_json(&format!("{drawn:?}")).map_err(|mistakes| TestCaseError::fail(format!("{mistakes:?}")))?;
        prop_assert_eq!(cutline::run(&file).digest, cutline::run(&drawn.scenario).digest);
        Ok(())
    };
    runner(16).run(&cutline::scenarios(ProtocolKind::Unaligned), property).unwrap_or_else(|error| panic!("{error}"));
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
    fn reset(&mut self) {
        self.0.reset();
    }
}

fn wrong(scenario: &Scenario) -> Outcome {
    scenario.run_with(&mut |_| ProtocolBox::new(NeverBlocks(Aligned::new(true))), CoordinatorBox::new(scenario.coordinator()))
}

/// Two sources that meet and one snapshot are all that the mistake needs, and all that is left of the case.
#[test]
fn what_is_wrong_is_found_and_made_small() {
    let property = |drawn: DrawnScenario| {
        prop_assert!(!violated(&wrong(&drawn.scenario)).contains(&"consistent_cut"));
        Ok(())
    };
    let found = runner(256).run(&cutline::scenarios(ProtocolKind::Aligned), property);
    let Err(TestError::Fail(_, smallest)) = found else { panic!("not found: {found:?}") };
    let file = &smallest.file;
    assert_eq!(file["snapshots"]["at"].as_array().map(Vec::len), Some(1), "{file:#}");
    assert_eq!((&file["faults"], &file["operators"]["middle"], &file["operators"]["c"]), (&().into(), &().into(), &().into()), "{file:#}");
    assert!(file["operators"].as_object().is_some_and(|operators| operators.len() <= 3), "{file:#}");
}
