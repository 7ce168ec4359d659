//! Where in a run the faults of its file begin.

use super::check::{Part, Scenario};
use super::recording::Happened;
use crate::engine::{Fault, Moment};
use crate::kernel::Ticks;
use crate::trace::Fact;

impl Scenario {
    /// How many faults the file lists; what goes wrong in a schedule is none of them.
    pub fn fault_count(&self) -> usize {
        self.planned.len()
    }

    /// The step of a run at which the fault of this number, from 1, begins; none where it never comes about.
    ///
    /// # Panics
    /// If the file does not list so many.
    pub fn step_of_fault(&self, number: usize, facts: &[Happened]) -> Option<u64> {
        // What is slow for a while leaves no fact of its own.
        let from = match self.planned[number - 1].part() {
            Part::Fault(fault) => return self.step_of(&self.faults[*fault], facts),
            Part::Stalls(stalls) => self.timing.stalls.get(stalls.start)?.from,
            Part::Slow(slow) => self.timing.slows.get(*slow)?.from,
        };
        first(facts, |at, _| at >= from)
    }

    fn step_of(&self, fault: &Fault, facts: &[Happened]) -> Option<u64> {
        match fault {
            Fault::Crash { task, moment } => {
                let due = match moment {
                    Moment::At(at) => *at,
                    Moment::When(when) => when.due(self.plan(), facts.iter().map(|happened| (happened.at, happened.fact)))?,
                };
                first(facts, |at, fact| at >= due && fact == Fact::Crashed { task: *task })
            }
            Fault::RandomCrashes { tasks, from, .. } => {
                first(facts, |at, fact| at >= *from && matches!(fact, Fact::Crashed { task } if tasks.contains(&task)))
            }
            Fault::FailUpload { task, snapshot } => {
                first(facts, |_, fact| matches!(fact, Fact::Declined { task: who, snapshot: of, .. } if (who, of) == (*task, *snapshot)))
            }
            Fault::Lose { task, notice } => {
                let lost = Fact::NoticeLost { task: *task, snapshot: notice.snapshot() };
                first(facts, |_, fact| fact == lost)
            }
            Fault::Repeat { task, notice } => {
                let repeated = Fact::NoticeRepeated { task: *task, snapshot: notice.snapshot() };
                first(facts, |_, fact| fact == repeated)
            }
            Fault::Postpone { task, snapshot, .. } => {
                let postponed = Fact::NoticePostponed { task: *task, snapshot: *snapshot };
                first(facts, |_, fact| fact == postponed)
            }
        }
    }
}

/// The step of the first fact of which this is true.
fn first(facts: &[Happened], is_it: impl Fn(Ticks, Fact) -> bool) -> Option<u64> {
    facts.iter().find(|happened| is_it(happened.at, happened.fact)).map(|happened| happened.step)
}
