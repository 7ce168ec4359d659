//! A snapshot protocol of your own, tried in random small scenarios until one breaks what it claims:
//! what a test of yours would do, in one assertion.
//!
//! ```sh
//! cargo run --example fuzz_my_protocol
//! ```
//!
//! [`Mine`] claims to be aligned, and forgets to hold anything back. The report ends with a scenario
//! file: its schedule is the order of steps in which the mistake shows.
//! Inputs that end are left out of the search: it does not know them, and would fail on them too.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use cutline::model::{Barrier, ChannelId, SnapshotId};
use cutline::protocol::{Effect, Effects, ProtocolBox, ProtocolKind, SnapshotProtocol, TaskView};
use cutline::{Fuzz, Scenario};

/// Counts barriers and takes the state when the last is in. What comes behind an early barrier gets
/// into the snapshot, though its sender's part of the snapshot knows nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Mine {
    current: Option<SnapshotId>,
    arrived: Vec<ChannelId>,
}

impl Mine {
    fn take(&mut self, id: SnapshotId, out: &mut Effects) {
        self.arrived.clear();
        out.push(Effect::SaveState(id));
        out.push(Effect::Broadcast(Barrier::aligned(id)));
        out.push(Effect::Ack(id));
    }
}

impl SnapshotProtocol for Mine {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.current = Some(id);
        self.take(id, out);
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        if self.current < Some(barrier.snapshot) {
            self.current = Some(barrier.snapshot);
            self.arrived.clear();
        }
        if self.current == Some(barrier.snapshot) {
            self.arrived.push(input);
            if self.arrived.len() == task.inputs().len() {
                self.take(barrier.snapshot, out);
            }
        }
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

fn no_input_ends(scenario: &Scenario) -> bool {
    let plan = scenario.plan();
    !plan.sources().iter().any(|&source| plan.kind(source).finishes())
}

fn main() -> std::process::ExitCode {
    let fuzz = Fuzz::new(|| ProtocolBox::new(Mine::default())).claims_like(ProtocolKind::Aligned).only_where(no_input_ends);
    let report = fuzz.seed(7).runs(2_000).run();
    println!("{report}");
    // In a test: assert!(report.is_clean(), "{report}"). Here the mistake is there on purpose.
    if report.is_clean() {
        eprintln!("the mistake was not found");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}
