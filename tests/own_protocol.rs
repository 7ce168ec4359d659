//! Campaigns against a protocol of one's own, as a test of somebody else would run them.

use cutline::explore::Campaigned;
use cutline::model::{Barrier, ChannelId, SnapshotId};
use cutline::oracle::Class;
use cutline::protocol::{Aligned, AtLeastOnce, CoordinatorBox, Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};
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
    assert!(report.to_string().ends_with(shortest.shrunk.text.trim_end()), "{report}");
    assert!(!shortest.what.is_empty() && report.to_string().contains(&shortest.what), "{report}");
    let scenario = Scenario::from_json(&shortest.shrunk.text).expect("a valid scenario");
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
