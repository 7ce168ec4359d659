//! A snapshot protocol of your own, run against scenarios: the way in for a class, or for the
//! author of an engine who wants to know what a change of rules would do.
//!
//! ```sh
//! cargo run --example my_protocol                                  # three built-in scenarios
//! cargo run --example my_protocol -- scenarios/aligned-join.json   # any of your own
//! ```
//!
//! A protocol is one value per task and a state machine: it is told what happens and pushes
//! effects, which the engine carries out in that order, in one step. It does no I/O, knows no time
//! and sees nothing but its own task. Change a line of [`Mine`] and run again: the verdicts say what
//! the line was for.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use cutline::model::{Barrier, ChannelId, SnapshotId};
use cutline::protocol::{CoordinatorBox, Effect, Effects, ProtocolBox, SnapshotProtocol, TaskView};
use cutline::{Outcome, Scenario};

/// Stop and look: at the first barrier close every other input that has delivered one, and take the
/// state when the last is in. This is aligned snapshotting in its shortest form; the engine's own has
/// rules for cancelled and overlapping snapshots and for inputs that end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Mine {
    current: Option<SnapshotId>,
    arrived: Vec<ChannelId>,
}

impl Mine {
    fn take(&mut self, id: SnapshotId, out: &mut Effects) {
        self.current = Some(id);
        out.push(Effect::SaveState(id));
        out.push(Effect::Broadcast(Barrier::aligned(id)));
        out.push(Effect::Ack(id));
    }
}

impl SnapshotProtocol for Mine {
    /// A source is told to start one.
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.take(id, out);
    }

    /// A barrier stands between what belongs to the snapshot and what does not.
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        if Some(barrier.snapshot) <= self.current {
            return;
        }
        self.arrived.push(input);
        if self.arrived.len() < task.inputs().len() {
            // Leave this line out: records behind the barrier get into the snapshot, and are replayed too.
            out.push(Effect::Block(input));
            return;
        }
        self.take(barrier.snapshot, out);
        for input in self.arrived.drain(..).filter(|&input| task.is_blocked(input)) {
            out.push(Effect::Unblock(input));
        }
    }

    /// A new attempt starts after a failure: nothing of the old one may be remembered.
    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Two sources of different speed, a count, a crash.
fn join(title: &str, faults: &str) -> String {
    format!(
        r#"{{
          "title": "{title}",
          "operators": {{
            "A": {{"kind": "source", "records": 100, "every": "1ms"}},
            "B": {{"kind": "source", "records": 50, "every": "2ms"}},
            "count": {{"kind": "keyed_count", "keys": 4}},
            "out": {{"kind": "sink", "commit": "two_phase"}}
          }},
          "channels": [
            {{"from": "A", "to": "count", "delay": "1ms"}},
            {{"from": "B", "to": "count", "delay": "5ms"}},
            {{"from": "count", "to": "out", "delay": "1ms"}}
          ],
          "snapshots": {{"protocol": "aligned", "interval": "20ms"}},
          "faults": [{faults}]
        }}"#
    )
}

fn scenarios() -> Result<Vec<Scenario>, String> {
    let built_in = [
        join("nothing fails", ""),
        join("the count crashes between two snapshots", r#"{"crash": "count", "at": "57ms"}"#),
        join("a source crashes while the count aligns", r#"{"crash": "B", "at": "43ms"}"#),
    ];
    let files: Vec<String> = std::env::args().skip(1).collect();
    match files.is_empty() {
        true => built_in.iter().map(|text| parse("built in", text.as_bytes())).collect(),
        false => files.iter().map(|file| parse(file, &std::fs::read(file).map_err(|error| format!("{file}: {error}\n"))?)).collect(),
    }
}

/// A scenario, or all its mistakes. Text files that it reads lie beside it.
fn parse(name: &str, bytes: &[u8]) -> Result<Scenario, String> {
    let folder = std::path::Path::new(name).parent().unwrap_or(std::path::Path::new("."));
    let read = |path: &str| std::fs::read(folder.join(path)).map_err(|error| error.to_string());
    Scenario::parse(name, bytes, &read).map_err(|mistakes| mistakes.iter().map(|mistake| format!("{name}:{mistake}\n")).collect())
}

fn report(outcome: &Outcome) {
    println!("{}", outcome.title);
    let completed = outcome.snapshots.iter().filter(|snapshot| snapshot.status == "completed").count();
    println!("  snapshots   {completed} completed of {}", outcome.snapshots.len());
    println!("  guarantee   {}", outcome.guarantee.observed);
    for place in outcome.places.iter().filter(|place| place.lost + place.duplicated > 0) {
        println!("  at {}: {} lost, {} more than once: {}", place.place, place.lost, place.duplicated, place.examples.join(", "));
    }
    for invariant in outcome.invariants.iter().filter(|invariant| invariant.verdict != "held") {
        println!("  {} {}: {}", invariant.verdict, invariant.name, invariant.detail.as_deref().unwrap_or(""));
    }
}

fn main() -> std::process::ExitCode {
    match scenarios() {
        Ok(scenarios) => {
            for scenario in scenarios {
                let coordinator = CoordinatorBox::new(scenario.coordinator());
                report(&scenario.run_with(&mut |_task| ProtocolBox::new(Mine::default()), coordinator));
            }
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("{error}");
            std::process::ExitCode::from(2)
        }
    }
}
