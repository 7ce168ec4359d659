//! What is planned to go wrong, in the words of reports, and how often it did.

use std::ops::Range;

use crate::engine::FaultCounts;
use crate::kernel::Ticks;
use crate::scenario::format::{FaultFile, NoticeFile, PointFile, WhenFile};
use crate::scenario::outcome::FaultOutcome;

/// One fault of the file.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its JSON pointer in the file.
    place: String,
    text: String,
    part: Part,
}

/// Where the engine counts how often a fault takes place.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum Part {
    Fault(usize),
    /// One for each channel between the two operators.
    Stalls(Range<usize>),
    Slow(usize),
}

impl Planned {
    pub(super) fn new(place: &str, file: &FaultFile, part: Part) -> Self {
        Planned { place: place.to_owned(), text: describe(file), part }
    }

    pub(in crate::scenario) fn part(&self) -> &Part {
        &self.part
    }

    pub(in crate::scenario) fn outcome(&self, counts: &FaultCounts) -> FaultOutcome {
        let happened = match &self.part {
            Part::Fault(number) => u64::from(counts.faults[*number]),
            Part::Stalls(numbers) => counts.stalls[numbers.clone()].iter().map(|count| u64::from(*count)).sum(),
            Part::Slow(number) => u64::from(counts.slows[*number]),
        };
        FaultOutcome { place: self.place.clone(), fault: self.text.clone(), happened }
    }
}

fn describe(file: &FaultFile) -> String {
    let span = |from: Ticks, duration: Ticks| format!("from {from} for {duration}");
    match file {
        FaultFile::CrashAt(file) => format!("crash {} at {}", file.crash, file.at.ticks()),
        FaultFile::CrashWhen(file) => format!("crash {} {}", file.crash, condition(&file.when)),
        FaultFile::RandomCrashes(file) => {
            let whom = file.tasks.as_ref().map_or(String::new(), |tasks| format!(" of {}", tasks.join(", ")));
            format!("{} random crashes{whom}, about {} apart", file.random_crashes, file.every.ticks())
        }
        FaultFile::Stall(file) => format!("stall {} {}", file.stall, span(file.from.ticks(), file.duration.ticks())),
        FaultFile::Slow(file) => {
            format!("slow {} {}, {} more a record", file.slow, span(file.from.ticks(), file.duration.ticks()), file.extra.ticks())
        }
        FaultFile::Lose(file) => {
            format!("lose the {} of snapshot {} to {}", notice(file.lose), file.snapshot, file.to)
        }
        FaultFile::Repeat(file) => format!("repeat the {} of snapshot {} to {}", notice(file.repeat), file.snapshot, file.to),
        FaultFile::Postpone(file) => {
            format!("postpone the completion of snapshot {} to {} by {}", file.snapshot, file.to, file.by.ticks())
        }
        FaultFile::FailUpload(file) => format!("fail the upload of {} for snapshot {}", file.fail_upload, file.snapshot),
    }
}

fn notice(kind: NoticeFile) -> &'static str {
    match kind {
        NoticeFile::Trigger => "trigger",
        NoticeFile::Completion => "completion",
    }
}

/// `1ms after count reaches alignment_started of snapshot 2 for the 3rd time`
fn condition(when: &WhenFile) -> String {
    let after = match when.after {
        Some(after) if after.ticks() > Ticks::ZERO => format!("{} after", after.ticks()),
        _ => "when".to_owned(),
    };
    let who = when.task.as_deref().map_or(String::new(), |task| format!("{task} reaches "));
    let snapshot = when.snapshot.map_or(String::new(), |snapshot| format!(" of snapshot {snapshot}"));
    let nth = when.nth.filter(|nth| *nth > 1).map_or(String::new(), |nth| format!(" for the {}", ordinal(nth)));
    format!("{after} {who}{}{snapshot}{nth}", word(when.reaches))
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending} time")
}

/// The word in files.
fn word(point: PointFile) -> String {
    match serde_json::to_value(point) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("a point is written as a word"),
    }
}
