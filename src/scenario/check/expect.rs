//! What a scenario expects, and whether it came out.

use super::{Checker, list, nearest, pointer};
use crate::kernel::Ticks;
use crate::model::Plan;
use crate::scenario::format::{
    Bounds, Duration, ExpectFile, GuaranteeFile, JobFile, Number, PlaceExpect, ShownFile, StateExpect, VerdictFile,
};
use crate::scenario::json::quoted;
use crate::scenario::outcome::{ExpectationOutcome, GlobalState, JobEnd, Outcome, PlaceOutcome, Shown};

/// Bounds of a number, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

impl Range {
    fn holds(self, value: u64) -> bool {
        (self.min..=self.max).contains(&value)
    }

    fn text(self) -> String {
        match self {
            Range { min, max } if min == max => format!("= {min}"),
            Range { min, max: u64::MAX } => format!(">= {min}"),
            Range { min: 0, max } => format!("<= {max}"),
            Range { min, max } => format!("in {min}..={max}"),
        }
    }
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expectation {
    Job(JobEnd),
    Guarantee(&'static str),
    PlaceGuarantee(String, &'static str),
    PlaceCount(String, &'static str, Range),
    PlaceExamples(String, Vec<String>),
    PlaceContents(String, &'static str),
    PlaceRows(String, Vec<String>),
    Completed(Range),
    Aborted(Range),
    Failovers(Range),
    /// How often the fault of this number takes place.
    Fault(usize, Range),
    Skipped(Range),
    Restored(Vec<Option<u32>>),
    Alignment {
        task: String,
        snapshot: u32,
        range: Range,
    },
    Process {
        snapshot: u32,
        process: String,
        value: Shown,
    },
    Channel {
        snapshot: u32,
        channel: String,
        messages: Vec<Shown>,
    },
    Visited {
        snapshot: u32,
        visited: bool,
    },
    Situation(String),
    Invariant(String, &'static str),
}

/// All that a scenario expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    items: Vec<Expectation>,
}

fn guarantee(file: GuaranteeFile) -> &'static str {
    match file {
        GuaranteeFile::ExactlyOnce => "exactly_once",
        GuaranteeFile::AtLeastOnce => "at_least_once",
        GuaranteeFile::AtMostOnce => "at_most_once",
        GuaranteeFile::None => "none",
    }
}

fn job(file: JobFile) -> JobEnd {
    match file {
        JobFile::Finished => JobEnd::Finished,
        JobFile::Failed => JobEnd::Failed,
        JobFile::Stuck => JobEnd::Stuck,
        JobFile::Stopped => JobEnd::Stopped,
    }
}

fn verdict(file: VerdictFile) -> &'static str {
    match file {
        VerdictFile::Held => "held",
        VerdictFile::Violated => "violated",
        VerdictFile::Incomplete => "incomplete",
    }
}

impl Checker<'_> {
    pub(super) fn expectations(&mut self, plan: &Plan) -> Expectations {
        let file: ExpectFile = self.read("/expect").unwrap_or_default();
        let mut items: Vec<Expectation> = file.job.map(|file| Expectation::Job(job(file))).into_iter().collect();
        items.extend(file.guarantee.map(|file| Expectation::Guarantee(guarantee(file))));
        self.no_guarantee(plan, "/expect/guarantee");
        for (name, place) in &file.places {
            self.place(plan, name, place, &mut items);
        }
        let counts = [
            ("snapshots_completed", &file.snapshots_completed, Expectation::Completed as fn(Range) -> Expectation),
            ("snapshots_aborted", &file.snapshots_aborted, Expectation::Aborted),
            ("failovers", &file.failovers, Expectation::Failovers),
            ("skipped", &file.skipped, Expectation::Skipped),
        ];
        for (field, number, make) in counts {
            items.extend(number.as_ref().map(|number| make(self.range(&format!("/expect/{field}"), number))));
        }
        items.extend(self.expected_faults(file.faults.as_deref().unwrap_or_default()));
        items.extend(file.restored.map(Expectation::Restored));
        for (n, alignment) in file.alignment.iter().enumerate() {
            let place = format!("/expect/alignment/{n}");
            self.task(plan, &format!("{place}/task"), &alignment.task);
            let min = alignment.min.map_or(Ticks::ZERO, Duration::ticks).0;
            let max = alignment.max.map_or(Ticks::NEVER, Duration::ticks).0;
            if min > max && self.file.is_certain(&place) {
                self.mistake(&place, "no time is in these bounds", Some("swap the two".to_owned()));
            }
            let range = Range { min, max };
            items.push(Expectation::Alignment { task: alignment.task.clone(), snapshot: alignment.snapshot, range });
        }
        for (id, state) in &file.states {
            self.state(plan, id, state, &mut items);
        }
        items.extend(file.situations.into_iter().map(|name| Expectation::Situation(name.0)));
        items.extend(file.invariants.0.into_iter().map(|(name, file)| Expectation::Invariant(name, verdict(file))));
        Expectations { items }
    }

    fn expected_faults(&mut self, numbers: &[Number]) -> Vec<Expectation> {
        let faults = self.length("/faults");
        if !numbers.is_empty() && numbers.len() != faults && !self.file.is_doubtful("/faults") {
            let message = format!("expected a number for each of the {faults} faults, found {}", numbers.len());
            self.mistake("/expect/faults", message, None);
        }
        let range = |(at, number)| Expectation::Fault(at, self.range(&format!("/expect/faults/{at}"), number));
        numbers.iter().enumerate().map(range).collect()
    }

    fn state(&mut self, plan: &Plan, id: &str, file: &StateExpect, items: &mut Vec<Expectation>) {
        let at = pointer(&["expect", "states", id]);
        let Ok(snapshot) = id.parse::<u32>() else {
            return self.mistake_in_key(&at, format!("{} is no snapshot's number", quoted(id)), Some("they count from \"1\"".to_owned()));
        };
        if !plan.has_processes() && self.knows_all() {
            self.mistake_in_key(&at, "only snapshots of processes record a global state", None);
        }
        for (process, value) in &file.processes {
            self.task_in_key(plan, &format!("{at}{}", pointer(&["processes", process])), process);
            items.push(Expectation::Process { snapshot, process: process.clone(), value: shown(value) });
        }
        let names: Vec<String> = plan.channels().ids().map(|channel| plan.channel_name(channel)).collect();
        for channel in file.channels.keys().filter(|channel| !names.contains(channel)) {
            if self.may_be_left_out(channel) {
                continue;
            }
            let names = || names.iter().map(String::as_str);
            let help = nearest(channel, names()).unwrap_or_else(|| list(names()));
            let place = format!("{at}{}", pointer(&["channels", channel]));
            self.mistake_in_key(&place, format!("there is no channel {}", quoted(channel)), Some(help));
        }
        // A golden state is whole: channels without messages need not be named.
        for channel in names.iter().filter(|_| !file.processes.is_empty() || !file.channels.is_empty()) {
            let messages = file.channels.get(channel).map(|messages| messages.iter().map(shown).collect()).unwrap_or_default();
            items.push(Expectation::Channel { snapshot, channel: channel.clone(), messages });
        }
        items.extend(file.visited.map(|visited| Expectation::Visited { snapshot, visited }));
    }

    fn range(&mut self, place: &str, number: &Number) -> Range {
        match number {
            Number::Exactly(value) => Range { min: *value, max: *value },
            Number::Between(Bounds { min, max }) => {
                let range = Range { min: min.unwrap_or(0), max: max.unwrap_or(u64::MAX) };
                if range.min > range.max && self.file.is_certain(place) {
                    self.mistake(place, "no number is in these bounds", Some("swap the two".to_owned()));
                }
                range
            }
        }
    }

    /// Nobody can observe a guarantee of processes.
    fn no_guarantee(&mut self, plan: &Plan, at: &str) {
        if plan.has_processes() && self.root.at(at).is_some() {
            let help = "leave it out; \"lost\" and \"duplicated\" of a place and the verdict of \"delivery\" can be expected";
            let message = "no guarantee is judged of processes: they replay nothing to anybody outside";
            self.mistake(at, message, Some(help.to_owned()));
        }
    }

    fn place(&mut self, plan: &Plan, name: &str, file: &PlaceExpect, items: &mut Vec<Expectation>) {
        let at = pointer(&["expect", "places", name]);
        let is_place = |operator: &&crate::model::Operator| operator.kind.is_stateful() || operator.kind.is_sink();
        let places: Vec<&str> = plan.operators().iter().filter(is_place).map(|operator| &*operator.name).collect();
        if !places.contains(&name) && self.knows(name) {
            let help = nearest(name, places.iter().copied()).unwrap_or_else(|| list(places.iter().copied()));
            self.mistake_in_key(&at, format!("{} is no stateful operator and no sink", quoted(name)), Some(help));
        }
        self.no_guarantee(plan, &format!("{at}/guarantee"));
        let owned = || name.to_owned();
        items.extend(file.guarantee.map(|file| Expectation::PlaceGuarantee(owned(), guarantee(file))));
        let counts = [("effects", &file.effects), ("lost", &file.lost), ("duplicated", &file.duplicated)];
        for (field, number) in counts {
            if let Some(number) = number {
                let range = self.range(&format!("{at}/{field}"), number);
                items.push(Expectation::PlaceCount(owned(), field, range));
            }
        }
        items.extend(file.examples.clone().map(|names| Expectation::PlaceExamples(owned(), names)));
        items.extend(file.contents.map(|file| Expectation::PlaceContents(owned(), file.word())));
        items.extend(file.wrong_rows.clone().map(|rows| Expectation::PlaceRows(owned(), rows)));
    }
}

impl Expectations {
    /// Compares with what came out.
    pub(in crate::scenario) fn judge(&self, outcome: &Outcome) -> Vec<ExpectationOutcome> {
        self.items.iter().map(|item| item.judge(outcome)).collect()
    }

    /// Whether it says in so many words how many steps of the schedule may be left out.
    pub(in crate::scenario) fn names_skipped(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Expectation::Skipped(_)))
    }

    /// Whether it says how often the fault of this number takes place.
    pub(in crate::scenario) fn names_fault(&self, number: usize) -> bool {
        self.names(|item| matches!(item, Expectation::Fault(at, _) if *at == number))
    }

    fn names(&self, is_meant: impl Fn(&Expectation) -> bool) -> bool {
        self.items.iter().any(is_meant)
    }

    /// Whether it says what becomes of the job.
    pub(in crate::scenario) fn names_job(&self) -> bool {
        self.names(|item| matches!(item, Expectation::Job(_)))
    }

    /// Whether it says that the job ends otherwise than by doing all that it has to do.
    pub(in crate::scenario) fn names_end(&self) -> bool {
        self.names(|item| matches!(item, Expectation::Job(end) if *end != JobEnd::Finished))
    }

    /// Whether it says what guarantee is observed at a place.
    pub(in crate::scenario) fn names_guarantee(&self, place: &str) -> bool {
        self.names_count(place, "guarantee")
    }

    /// Whether it says how many records are lost at a place.
    pub(in crate::scenario) fn names_losses(&self, place: &str) -> bool {
        self.names_count(place, "lost")
    }

    /// Whether it says how many records show more than once at a place.
    pub(in crate::scenario) fn names_repetitions(&self, place: &str) -> bool {
        self.names_count(place, "duplicated")
    }

    fn names_count(&self, place: &str, what: &str) -> bool {
        self.names(|item| match item {
            Expectation::Guarantee(_) => true,
            Expectation::PlaceGuarantee(name, _) | Expectation::PlaceExamples(name, _) => name == place,
            Expectation::PlaceCount(name, field, _) => name == place && *field == what,
            _ => false,
        })
    }

    /// Whether a verdict of this invariant is expected in so many words.
    pub(in crate::scenario) fn names_invariant(&self, name: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Expectation::Invariant(expected, _) if expected == name))
    }

    /// Whether it is expected that this invariant is violated.
    pub(in crate::scenario) fn expects_violation(&self, name: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Expectation::Invariant(expected, "violated") if expected == name))
    }
}

fn shown(file: &ShownFile) -> Shown {
    match file {
        ShownFile::Tokens(tokens) => Shown::Number(*tokens),
        ShownFile::Word(word) => Shown::Word(word.clone()),
    }
}

fn listed(messages: &[Shown]) -> String {
    format!("[{}]", messages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn state(outcome: &Outcome, snapshot: u32) -> Option<&GlobalState> {
    outcome.snapshots.iter().find(|report| report.id == snapshot)?.state.as_ref()
}

fn place<'o>(outcome: &'o Outcome, name: &str) -> &'o PlaceOutcome {
    outcome.places.iter().find(|place| place.place == name).expect("checked: the place is there")
}

fn equal(what: &str, expected: &str, actual: &str) -> (String, bool, String) {
    (format!("{what} = {expected}"), expected == actual, actual.to_owned())
}

fn within(what: &str, range: Range, actual: u64) -> (String, bool, String) {
    (format!("{what} {}", range.text()), range.holds(actual), actual.to_string())
}

fn joined(texts: &[String], between: &str) -> String {
    if texts.is_empty() { "none".to_owned() } else { texts.join(between) }
}

fn restored_text(restored: &[Option<u32>]) -> String {
    let names = restored.iter().map(|snapshot| snapshot.map_or("nothing".to_owned(), |id| id.to_string()));
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

impl Expectation {
    fn judge(&self, outcome: &Outcome) -> ExpectationOutcome {
        let (expect, met, actual) = self.compare(outcome);
        ExpectationOutcome { expect, met, actual }
    }

    fn compare(&self, outcome: &Outcome) -> (String, bool, String) {
        let with_status = |status: &str| outcome.snapshots.iter().filter(|snapshot| snapshot.status == status).count() as u64;
        match self {
            Expectation::Job(expected) => equal("job", expected.word(), outcome.job.word()),
            Expectation::Guarantee(expected) => equal("guarantee", expected, outcome.guarantee.observed),
            Expectation::PlaceGuarantee(name, expected) => equal(&format!("{name}: guarantee"), expected, place(outcome, name).observed),
            Expectation::PlaceCount(name, field, range) => {
                let place = place(outcome, name);
                let actual = match *field {
                    "effects" => place.effects,
                    "lost" => place.lost,
                    _ => place.duplicated,
                };
                within(&format!("{name}: {field}"), *range, actual)
            }
            Expectation::PlaceExamples(name, expected) => {
                // `A#3 x2` is the record A#3 and how often it shows.
                let name_of = |text: &'_ String| text.rsplit_once(" x").map_or(text.clone(), |(name, _)| name.to_owned());
                let shown: Vec<String> = place(outcome, name).examples.iter().map(name_of).collect();
                equal(&format!("{name}: examples"), &joined(expected, " "), &joined(&shown, " "))
            }
            Expectation::PlaceContents(name, expected) => {
                equal(&format!("{name}: contents"), expected, place(outcome, name).contents.verdict)
            }
            Expectation::PlaceRows(name, expected) => {
                equal(&format!("{name}: wrong_rows"), &joined(expected, ", "), &joined(&place(outcome, name).contents.examples, ", "))
            }
            Expectation::Completed(range) => within("snapshots_completed", *range, with_status("completed")),
            Expectation::Aborted(range) => within("snapshots_aborted", *range, with_status("aborted")),
            Expectation::Failovers(range) => within("failovers", *range, outcome.failovers.len() as u64),
            Expectation::Fault(number, range) => {
                // A run by a list of steps has the faults of its list.
                let Some(fault) = outcome.faults.get(*number) else {
                    return (format!("fault {} {}", number + 1, range.text()), false, "no fault of the file in a run by steps".to_owned());
                };
                within(&format!("fault {} ({})", number + 1, fault.fault), *range, fault.happened)
            }
            Expectation::Skipped(range) => within("skipped", *range, outcome.skipped.len() as u64),
            Expectation::Restored(expected) => {
                let actual: Vec<_> =
                    outcome.failovers.iter().filter(|failover| failover.restarted).map(|failover| failover.restored_snapshot).collect();
                equal("restored", &restored_text(expected), &restored_text(&actual))
            }
            Expectation::Alignment { task, snapshot, range } => alignment(outcome, task, *snapshot, *range),
            Expectation::Process { snapshot, process, value } => {
                let found = state(outcome, *snapshot).and_then(|state| state.processes.iter().find(|found| found.process == *process));
                let actual = found.map_or("not recorded".to_owned(), |found| found.value.to_string());
                equal(&format!("snapshot {snapshot}: {process}"), &value.to_string(), &actual)
            }
            Expectation::Channel { snapshot, channel, messages } => {
                let found = state(outcome, *snapshot).and_then(|state| state.channels.iter().find(|found| found.channel == *channel));
                let actual = found.map_or("not recorded".to_owned(), |found| listed(&found.messages));
                equal(&format!("snapshot {snapshot}: {channel}"), &listed(messages), &actual)
            }
            Expectation::Visited { snapshot, visited } => {
                let found = state(outcome, *snapshot).and_then(|state| state.visited);
                let actual = found.map_or("unknown".to_owned(), |visited| visited.to_string());
                equal(&format!("snapshot {snapshot}: visited"), &visited.to_string(), &actual)
            }
            Expectation::Situation(name) => {
                let count = outcome.situations.get(name.as_str()).copied().unwrap_or(0);
                (format!("situation {name}"), count > 0, format!("{count} times"))
            }
            Expectation::Invariant(name, expected) => {
                let found = outcome.invariants.iter().find(|invariant| invariant.name == name);
                equal(name, expected, found.map_or("unknown", |invariant| invariant.verdict))
            }
        }
    }
}

fn alignment(outcome: &Outcome, task: &str, snapshot: u32, range: Range) -> (String, bool, String) {
    let what = format!("alignment of {task} for snapshot {snapshot}");
    let clock = outcome.clock();
    let expect = match range {
        Range { min, max: u64::MAX } => format!("{what} >= {}", clock.span(min)),
        Range { min, max } => format!("{what} in {}..={}", clock.span(min), clock.span(max)),
    };
    let rows = outcome.snapshots.iter().filter(|report| report.id == snapshot).flat_map(|report| &report.tasks);
    match rows.into_iter().find(|row| row.task == task) {
        Some(row) => (expect, range.holds(row.alignment_us), clock.span(row.alignment_us)),
        None => (expect, false, "no such snapshot".to_owned()),
    }
}
