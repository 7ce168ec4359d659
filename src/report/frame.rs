//! Which part of a long run a picture shows.

use std::ops::Range;

use thiserror::Error;

use crate::kernel::Ticks;
use crate::scenario::Recording;
use crate::trace::{Fact, Refusal};

/// A place in a run, as somebody names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A step by its number, from 1.
    Step(u64),
    /// A moment of a run that has a clock.
    Time(Ticks),
    /// Where a fault of the scenario begins, by its number in the file, from 1.
    Fault(usize),
}

/// What somebody wants to see. Without any of it that is what surrounds the first violation, else the first fault, else
/// the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Nothing before this.
    pub from: Option<Place>,
    /// Nothing behind this.
    pub until: Option<Place>,
    /// What surrounds this.
    pub around: Option<Place>,
}

/// Why a place is in no picture of a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Nowhere {
    /// It has steps alone.
    #[error("{0}: the run goes by its schedule and has no clock")]
    Clockless(Ticks),
    /// It ends before.
    #[error("{place}: the run ends with step {steps}{}", .time.map(|time| format!(", at {time}")).unwrap_or_default())]
    BehindTheEnd {
        /// As it was named.
        place: String,
        /// Steps of the run.
        steps: u64,
        /// The time of its end.
        time: Option<Ticks>,
    },
    /// Too few are listed.
    #[error("fault:{number}: the scenario lists {}", crate::kernel::counted(*.count as u64, "fault", "faults"))]
    NoSuchFault {
        /// Which was asked for.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// It is listed, and nothing came of it.
    #[error("fault:{0}: nothing came of this fault in the run")]
    NoFault(usize),
    /// The run is too long to be kept whole.
    #[error("{place}: of so long a run the first {} are kept, up to step {step}", crate::kernel::counted(*.facts as u64, "fact", "facts"))]
    NotKept {
        /// As it was named.
        place: String,
        /// How many are.
        facts: usize,
        /// The step of the last one.
        step: u64,
    },
    /// The end comes first.
    #[error("--until ends with step {until}, before --from begins with step {from}")]
    Backwards {
        /// The first step.
        from: u64,
        /// The last one.
        until: u64,
    },
}

/// Which steps may be shown, and which of them if they are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    first: u64,
    last: u64,
    preferred: Preferred,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preferred {
    Beginning,
    Around(u64),
    End,
}

impl Frame {
    /// The frame in which what is wanted can be seen.
    ///
    /// # Errors
    /// A place that the run does not have.
    pub fn of(recording: &Recording<'_>, wanted: Wanted) -> Result<Frame, Nowhere> {
        let step = |place: Option<Place>, is_end| place.map(|place| step(recording, place, is_end)).transpose();
        let (from, until, around) = (step(wanted.from, false)?, step(wanted.until, true)?, step(wanted.around, false)?);
        let (first, last) = (from.unwrap_or(0), until.unwrap_or(u64::MAX));
        if last < first {
            return Err(Nowhere::Backwards { from: first, until: last });
        }
        let preferred = match (from, until) {
            (Some(_), _) => Preferred::Beginning,
            (None, Some(_)) => Preferred::End,
            (None, None) => around.or_else(|| worth_seeing(recording)).map_or(Preferred::Beginning, Preferred::Around),
        };
        Ok(Frame { first, last, preferred })
    }

    /// The part of a list with ascending steps that is shown, of at most so many.
    pub fn part<T>(&self, list: &[T], step: impl Fn(&T) -> u64, most: usize) -> Range<usize> {
        let start = list.partition_point(|item| step(item) < self.first);
        let end = list.partition_point(|item| step(item) <= self.last).max(start);
        if end - start <= most {
            return start..end;
        }
        let latest = end - most;
        let start = match self.preferred {
            Preferred::Beginning => start,
            Preferred::Around(focus) => {
                let middle = list.partition_point(|item| step(item) < focus);
                middle.saturating_sub(most / 2).clamp(start, latest)
            }
            Preferred::End => latest,
        };
        start..start + most
    }

    /// The facts that are shown: of whole steps, at most about so many, and at least of one step.
    pub fn facts(&self, recording: &Recording<'_>, most: usize) -> Range<usize> {
        let facts = &recording.facts;
        let Range { start, end } = self.part(facts, |happened| happened.step, most);
        let beginning = |at: usize| facts.get(at).map_or(at, |happened| facts.partition_point(|other| other.step < happened.step));
        let start = beginning(start);
        match beginning(end) {
            end if end > start => start..end,
            // One step has more facts than there is room for.
            _ => start..facts.partition_point(|other| facts.get(start).is_some_and(|first| other.step <= first.step)),
        }
    }
}

/// The step at a place: the last one up to it where a picture ends there, else the first one from it on.
fn step(recording: &Recording<'_>, place: Place, is_end: bool) -> Result<u64, Nowhere> {
    let Recording { scenario, facts, outcome, .. } = recording;
    let of_fact = |at: usize| facts.get(at).map(|happened| happened.step);
    let found = match place {
        Place::Time(time) if outcome.scheduled => return Err(Nowhere::Clockless(time)),
        Place::Step(number) => Some(number).filter(|number| is_end || *number <= outcome.steps),
        Place::Time(time) if is_end => {
            let behind = facts.partition_point(|happened| happened.at <= time);
            return Ok(behind.checked_sub(1).and_then(of_fact).unwrap_or(0));
        }
        Place::Time(time) => of_fact(facts.partition_point(|happened| happened.at < time)),
        Place::Fault(number) if !(1..=scenario.fault_count()).contains(&number) => {
            return Err(Nowhere::NoSuchFault { number, count: scenario.fault_count() });
        }
        Place::Fault(number) => scenario.step_of_fault(number, facts),
    };
    let kept = facts.last().map_or(0, |happened| happened.step);
    match found {
        Some(step) if is_end || recording.left_out == 0 || step <= kept => Ok(step),
        _ if recording.left_out > 0 => Err(Nowhere::NotKept { place: named(place), facts: facts.len(), step: kept }),
        _ => Err(match place {
            Place::Fault(number) => Nowhere::NoFault(number),
            _ => {
                let time = (!outcome.scheduled).then_some(Ticks(outcome.virtual_time_us));
                Nowhere::BehindTheEnd { place: named(place), steps: outcome.steps, time }
            }
        }),
    }
}

/// A place as it is typed.
fn named(place: Place) -> String {
    match place {
        Place::Step(number) => format!("step {number}"),
        Place::Time(time) => time.to_string(),
        Place::Fault(number) => format!("fault:{number}"),
    }
}

/// The first step at which an invariant breaks, else that of the first fault.
fn worth_seeing(recording: &Recording<'_>) -> Option<u64> {
    let violated = recording.outcome.invariants.iter().filter(|invariant| invariant.verdict == "violated");
    let fault = || recording.facts.iter().find(|happened| is_fault(happened.fact)).map(|happened| happened.step);
    violated.filter_map(|invariant| invariant.step).min().or_else(fault)
}

fn is_fault(fact: Fact) -> bool {
    matches!(
        fact,
        Fact::Crashed { .. }
            | Fact::NoticeLost { .. }
            | Fact::NoticeRepeated { .. }
            | Fact::NoticePostponed { .. }
            | Fact::Declined { why: Refusal::Failed | Refusal::TooLarge, .. }
    )
}
