//! What a page knows of a run. Facts and messages stand in columns: a hundred thousand of them stay small
//! and are read in no time. In columns of numbers -1 is "none".

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;

use super::earlier::{Told, earlier};
use crate::kernel::{Id, counted};
use crate::model::{Fold, Kind, OperatorId, Plan};
use crate::report::messages::{Content, messages};
use crate::scenario::outcome::{Outcome, PlaceOutcome};
use crate::scenario::{Happened, Recording};
use crate::trace::{Fact, Named};

/// The version of the document in the page.
const FORMAT: u32 = 1;

/// The document in the page.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub struct Page<'r> {
    pub format: u32,
    pub version: &'static str,
    pub scenario: About<'r>,
    /// Whether times are microseconds (`time`) or count steps (`steps`).
    pub clock: &'static str,
    pub operators: Vec<OperatorData>,
    pub tasks: Vec<TaskData>,
    pub channels: Vec<ChannelData>,
    pub records: Vec<RecordData>,
    /// The words that `facts.kind` counts.
    pub kinds: Vec<&'static str>,
    pub facts: Facts,
    /// The words that `messages.kind` counts.
    pub message_kinds: [&'static str; 7],
    pub messages: Messages,
    /// By place of the outcome: the first records that should show there and do so in none of these facts.
    pub uncounted: Vec<Vec<usize>>,
    pub window: Shown,
    pub outcome: &'r Outcome,
}

/// Which part of the run the page steps through.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// So many of the first facts lie before it: the state at its beginning is made of them.
    pub earlier: usize,
    /// By fact, where that is not one: for how many of records that do not come up it stands.
    pub times: BTreeMap<usize, u64>,
    /// Facts of the run before it.
    pub before: u64,
    /// Facts of the run behind it.
    pub behind: u64,
}

/// What the file says about itself.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields of a scenario file")]
pub struct About<'r> {
    pub path: &'r str,
    pub title: &'r str,
    pub story: Option<&'r str>,
    pub question: Option<&'r str>,
    pub hints: &'r [String],
    pub seed: u64,
    pub protocol: &'static str,
}

/// An operator; its tasks by number.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub struct OperatorData {
    pub name: String,
    pub kind: &'static str,
    /// How a sink commits.
    pub commit: Option<&'static str>,
    /// A record whose value is a multiple of this makes those before it forgotten under its key.
    pub reset: Option<u64>,
    pub tasks: Vec<usize>,
}

/// A task; its operator by number.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub struct TaskData {
    pub name: String,
    pub operator: usize,
    /// An account's tokens in the beginning.
    pub tokens: Option<u64>,
    /// The names of an automaton's states.
    pub states: Vec<String>,
}

/// A channel; its ends are tasks by number.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub struct ChannelData {
    pub name: String,
    pub from: usize,
    pub to: usize,
    pub capacity: Option<u32>,
    pub ordered: bool,
    pub back: bool,
}

/// A record as it is called at one place; two ways to a place make two of them with one text.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are what the words say")]
pub struct RecordData {
    pub text: String,
    /// The source records that it derives from.
    pub of: Vec<String>,
}

/// Facts in columns.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "see trace::Fields")]
pub struct Facts {
    pub at: Vec<u64>,
    pub step: Vec<u64>,
    pub kind: Vec<usize>,
    pub task: Vec<i64>,
    pub channel: Vec<i64>,
    pub snapshot: Vec<i64>,
    pub record: Vec<i64>,
    pub key: Vec<Option<String>>,
    /// The number that a fact of its kind has: a record's value, a position, a count.
    pub value: Vec<i64>,
    pub text: Vec<String>,
}

/// Messages in columns; `sent` and `received` are facts by number.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "see report::messages")]
pub struct Messages {
    pub kind: Vec<usize>,
    pub from: Vec<i64>,
    pub to: Vec<i64>,
    pub channel: Vec<i64>,
    pub record: Vec<i64>,
    pub snapshot: Vec<i64>,
    pub sent: Vec<usize>,
    pub received: Vec<i64>,
}

/// Numbers things in the order in which they come up.
#[derive(Debug)]
struct Numbers<T: Ord> {
    numbers: BTreeMap<T, usize>,
    list: Vec<T>,
}

impl<T: Ord + Copy> Numbers<T> {
    fn new() -> Self {
        Numbers { numbers: BTreeMap::new(), list: Vec::new() }
    }

    fn of(&mut self, thing: T) -> usize {
        let Numbers { numbers, list } = self;
        *numbers.entry(thing).or_insert_with(|| {
            list.push(thing);
            list.len() - 1
        })
    }
}

fn column<I: Id>(id: Option<I>) -> i64 {
    number(id.map(Id::index))
}

fn number(index: Option<usize>) -> i64 {
    index.map_or(-1, |index| index as i64)
}

/// A part of a run for its page.
pub fn data<'r>(recording: &'r Recording<'_>, shown: &Range<usize>) -> Page<'r> {
    let (scenario, plan) = (recording.scenario, recording.scenario.plan());
    let mut records = Numbers::new();
    let mut kinds = Numbers::new();
    let uncounted: Vec<Vec<Named>> = recording.outcome.places.iter().map(|place| uncounted(recording, shown, place)).collect();
    let mut told = earlier(recording, shown, uncounted.iter().flatten().copied());
    let window = window(recording, shown, &told);
    told.extend(recording.facts[shown.clone()].iter().copied().map(Told::alone));
    let facts = facts(plan, &told, &mut kinds, &mut records);
    let happened: Vec<Happened> = told.iter().map(|told| told.happened).collect();
    let messages = message_columns(plan, &happened, &mut records);
    let uncounted = uncounted.iter().map(|place| place.iter().map(|record| records.of(*record)).collect()).collect();
    let records = records.list.iter().map(|record| RecordData { text: record.text(plan), of: record.origins(plan) });
    Page {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION"),
        scenario: About {
            path: &recording.outcome.scenario,
            title: scenario.title(),
            story: scenario.story(),
            question: scenario.question(),
            hints: scenario.hints(),
            seed: scenario.seed(),
            protocol: recording.outcome.protocol,
        },
        clock: if recording.outcome.scheduled { "steps" } else { "time" },
        operators: operators(plan),
        tasks: tasks(plan),
        channels: channels(plan),
        records: records.collect(),
        kinds: kinds.list,
        facts,
        message_kinds: Content::WORDS,
        messages,
        uncounted,
        window,
        outcome: &recording.outcome,
    }
}

fn window(recording: &Recording<'_>, shown: &Range<usize>, earlier: &[Told]) -> Shown {
    Shown {
        earlier: earlier.len(),
        times: earlier.iter().enumerate().filter_map(|(at, told)| Some((at, told.lump?))).collect(),
        before: shown.start as u64,
        behind: (recording.facts.len() - shown.end) as u64 + recording.left_out,
    }
}

fn operators(plan: &Plan) -> Vec<OperatorData> {
    let operator = |operator: &crate::model::Operator| OperatorData {
        name: operator.name.to_string(),
        kind: operator.kind.word(),
        commit: match operator.kind {
            Kind::Sink { commit } => Some(commit.word()),
            _ => None,
        },
        reset: match operator.kind {
            Kind::Keyed { fold: Fold::Latest, .. } => Some(1),
            Kind::Keyed { fold: Fold::Average { reset }, .. } => Some(reset),
            _ => None,
        },
        tasks: operator.tasks.clone().map(|task| task as usize).collect(),
    };
    plan.operators().iter().map(operator).collect()
}

fn tasks(plan: &Plan) -> Vec<TaskData> {
    let task = |task| TaskData {
        name: plan.task_name(task),
        operator: plan.tasks()[task].operator.index(),
        tokens: match plan.kind(task) {
            Kind::Account { tokens, .. } => Some(*tokens),
            _ => None,
        },
        states: match plan.kind(task) {
            Kind::Automaton(table) => table.state_names().map(str::to_owned).collect(),
            _ => Vec::new(),
        },
    };
    plan.tasks().ids().map(task).collect()
}

fn channels(plan: &Plan) -> Vec<ChannelData> {
    let channel = |(id, channel): (_, &crate::model::Channel)| ChannelData {
        name: plan.channel_name(id),
        from: channel.from.index(),
        to: channel.to.index(),
        capacity: (channel.capacity != u32::MAX).then_some(channel.capacity),
        ordered: channel.is_fifo,
        back: channel.is_back,
    };
    plan.channels().pairs().map(channel).collect()
}

fn facts(plan: &Plan, told: &[Told], kinds: &mut Numbers<&'static str>, records: &mut Numbers<Named>) -> Facts {
    let mut facts = Facts::default();
    for &Told { happened: Happened { at, step, fact }, lump } in told {
        let fields = fact.fields(plan);
        facts.at.push(at.0);
        facts.step.push(step);
        facts.kind.push(kinds.of(fact.word()));
        facts.task.push(column(fields.task));
        facts.channel.push(column(fields.channel));
        facts.snapshot.push(fields.snapshot.map_or(-1, |id| id.0.into()));
        let record = fields.record.filter(|_| lump.is_none());
        facts.record.push(number(record.map(|record| records.of(record))));
        let operator = fields.task.map(|task| plan.tasks()[task].operator);
        facts.key.push(operator.zip(fields.key).map(|(operator, key)| plan.key_text(operator, key)));
        // Beyond 2^53 a page would round; nothing it shows is so large but what tests make up.
        facts.value.push(fields.number().map_or(-1, |number| number.min(1 << 53) as i64));
        facts.text.push(match lump {
            None => fact.describe(plan),
            Some(times) => format!("{} before", counted(times, "effect", "effects")),
        });
    }
    facts
}

fn message_columns(plan: &Plan, happened: &[Happened], records: &mut Numbers<Named>) -> Messages {
    let mut columns = Messages::default();
    for message in messages(plan, happened) {
        columns.kind.push(message.content.kind());
        columns.from.push(column(message.from));
        columns.to.push(column(message.to));
        columns.channel.push(column(message.channel));
        let record = match happened[message.sent].fact {
            fact @ (Fact::Sent { .. } | Fact::Reinstated { .. }) => fact.fields(plan).record,
            _ => None,
        };
        columns.record.push(number(record.map(|record| records.of(record))));
        columns.snapshot.push(message.content.snapshot().map_or(-1, |id| id.0.into()));
        columns.sent.push(message.sent);
        columns.received.push(number(message.received));
    }
    columns
}

/// So many records of a place that are counted in no fact are named.
const MOST_UNCOUNTED: usize = 100;

/// The records that should show at a place and do so in no fact up to the end of what is shown, as far as there is room.
fn uncounted(recording: &Recording<'_>, shown: &Range<usize>, place: &PlaceOutcome) -> Vec<Named> {
    let plan = recording.scenario.plan();
    let Some((operator, _)) = plan.operators().pairs().find(|(_, operator)| *operator.name == *place.place) else { return Vec::new() };
    let counted: BTreeSet<u64> = recording.facts[..shown.end].iter().filter_map(|happened| effect(plan, happened.fact, operator)).collect();
    let uncounted = recording.scenario.arriving(operator).filter(|name| !counted.contains(name)).take(MOST_UNCOUNTED);
    uncounted.map(|name| Named { operator, is_sent: false, name }).collect()
}

/// The record that a fact makes show at an operator: in a sink's output, in the state of others.
fn effect(plan: &Plan, fact: Fact, operator: OperatorId) -> Option<u64> {
    let is_sink = plan.operators()[operator].kind.is_sink();
    match fact {
        Fact::Applied { task, name, .. } if !is_sink && plan.tasks()[task].operator == operator => Some(name),
        Fact::Output { task, name, .. } if is_sink && plan.tasks()[task].operator == operator => Some(name),
        _ => None,
    }
}
