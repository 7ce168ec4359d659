//! What a run comes to: the machine-readable contract. Fields are added, never renamed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kernel::Bytes;
use crate::kernel::Ticks;

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

/// The word for a guarantee that nobody can observe: a graph of processes replays nothing to anybody outside.
pub const NOT_JUDGED: &str = "not_judged";

/// Whether everything came out as the scenario expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Every expectation is met, every invariant that is claimed held, what is promised was observed, and the run
    /// came to its end; or the scenario expects otherwise.
    AsExpected,
    /// Something is not.
    Unexpected,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Nothing was left to happen.
    Quiet,
    /// No restart was left.
    JobFailed,
    /// It took more steps than its limit.
    StepLimit,
    /// It reached the end of its simulated time with things still happening.
    TimeLimit,
    /// Somebody asked for its end with things still happening.
    Interrupted,
    /// A protocol, coordinator, sink or storage panicked.
    Panicked,
}

impl Ended {
    /// Whether things were still happening.
    pub fn is_cut(self) -> bool {
        matches!(self, Ended::StepLimit | Ended::TimeLimit | Ended::Interrupted)
    }

    /// Why a run ended although things were left to happen.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Ended::Quiet => None,
            Ended::JobFailed => Some("the job failed: no restart was left"),
            Ended::StepLimit => Some("stopped by the step limit (limits.steps) with things still happening"),
            Ended::TimeLimit => Some("stopped by the time limit (limits.until) with things still happening"),
            Ended::Interrupted => Some("interrupted with things still happening"),
            Ended::Panicked => Some("a part of the run panicked"),
        }
    }
}

/// What became of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEnd {
    /// It did all that it had to do; of processes: nothing moves any more.
    Finished,
    /// No restart was left.
    Failed,
    /// Nothing can happen any more, and it has not finished.
    Stuck,
    /// A limit stopped it.
    Stopped,
}

impl JobEnd {
    /// The word used in files and output.
    pub fn word(self) -> &'static str {
        match self {
            JobEnd::Finished => "finished",
            JobEnd::Failed => "failed",
            JobEnd::Stuck => "stuck",
            JobEnd::Stopped => "stopped",
        }
    }
}

/// One task's row in a snapshot's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskRow {
    /// The task.
    pub task: String,
    /// When it first saw the snapshot.
    pub started_us: Option<u64>,
    /// When the coordinator counted its ack.
    pub acked_us: Option<u64>,
    /// How long it held inputs back.
    pub alignment_us: u64,
    /// Entries of its state in the snapshot.
    pub state_entries: u64,
    /// Records of its channels in the snapshot.
    pub channel_records: u64,
    /// What it has to store; nothing where the scenario says nothing of sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long that took to storage, once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_us: Option<u64>,
    /// Why it refused, where storage does not take so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// For sources: records emitted before the barrier.
    pub offset: Option<u64>,
    /// Whether it had finished before, so that the coordinator wrote its part down.
    pub finished: bool,
}

/// What is shown of a process or a message: tokens, or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// Tokens.
    Number(u64),
    /// The name of a state or of a message.
    Word(String),
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::Number(number) => write!(f, "{number}"),
            Shown::Word(word) => f.write_str(word),
        }
    }
}

/// One process's recorded state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessState {
    /// The process.
    pub process: String,
    /// Its tokens, or the name of its state.
    pub value: Shown,
}

/// One channel's recorded contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelState {
    /// The channel.
    pub channel: String,
    /// Its messages in order.
    pub messages: Vec<Shown>,
}

/// What a snapshot recorded of processes and channels; of those alone whose state it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GlobalState {
    /// In the order of the scenario.
    pub processes: Vec<ProcessState>,
    /// Every channel whose receiver is recorded.
    pub channels: Vec<ChannelState>,
    /// Whether the run was ever in this state; unknown while it is not whole. A consistent cut need
    /// not be a state that occurred, only one that could have (Chandy and Lamport 1985, section 4).
    pub visited: Option<bool>,
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotReport {
    /// Its number.
    pub id: u32,
    /// `completed`, `aborted` or `pending`.
    pub status: &'static str,
    /// Why it was aborted.
    pub reason: Option<&'static str>,
    /// When it was triggered.
    pub triggered_us: u64,
    /// When it completed or was aborted.
    pub ended_us: Option<u64>,
    /// For graphs of processes: what it recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<GlobalState>,
    /// The table that the tasks filled in, in the order of the scenario.
    pub tasks: Vec<TaskRow>,
}

impl SnapshotReport {
    /// What its tasks have to store together; nothing where the scenario says nothing of sizes.
    pub fn bytes(&self) -> Option<Bytes> {
        let sizes: Vec<u64> = self.tasks.iter().filter_map(|row| row.bytes).collect();
        (!sizes.is_empty()).then(|| Bytes(sizes.into_iter().fold(0, u64::saturating_add)))
    }
}

/// One failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailoverReport {
    /// When the first task died.
    pub at_us: u64,
    /// `crash count[1]`, or why else the job was stopped.
    pub cause: String,
    /// The tasks that died.
    pub tasks: Vec<String>,
    /// Whether the job was deployed again.
    pub restarted: bool,
    /// The snapshot restored, or none.
    pub restored_snapshot: Option<u32>,
    /// When all tasks were up again.
    pub resumed_us: Option<u64>,
}

/// What was promised and what was seen; both [`NOT_JUDGED`] for processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuaranteePair {
    /// What protocol, sources and sinks promise together.
    pub declared: &'static str,
    /// The strongest guarantee that what was seen satisfies.
    pub observed: &'static str,
}

/// How often records show at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceOutcome {
    /// The operator.
    pub place: String,
    /// `state` or `output`.
    pub kind: &'static str,
    /// What is promised there.
    pub declared: &'static str,
    /// The strongest guarantee that what was seen satisfies.
    pub observed: &'static str,
    /// Whether that is what is promised, or more.
    #[serde(skip)]
    pub kept: bool,
    /// Records that should show.
    pub records: u64,
    /// Effects that do show.
    pub effects: u64,
    /// Records that do not show.
    pub lost: u64,
    /// Records that show more than once.
    pub duplicated: u64,
    /// The first few that do not show exactly once: `A#3 x2`, `B#1 x0`.
    pub examples: Vec<String>,
    /// What the place holds at the end, beside what a run without failures leaves there.
    pub contents: ContentsOutcome,
    /// Records in transactions that were never committed.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncommitted: u64,
}

/// What a place holds at the end of a run, beside what it should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContentsOutcome {
    /// `right`, `wrong`, or `not_judged` where rows were not judged and none is wrong.
    pub verdict: &'static str,
    /// Rows that should be there and were judged: of a state or a table by key one per key, else one per record.
    pub rows: u64,
    /// Rows that are wrong, that are missing, or that should not be there.
    pub wrong: u64,
    /// Rows that were not judged.
    pub not_judged: u64,
    /// Why rows were not judged.
    pub why: Option<&'static str>,
    /// The first few wrong rows: `key 7: 3 instead of 2`.
    pub examples: Vec<String>,
}

/// What one invariant says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvariantOutcome {
    /// Its name.
    pub name: &'static str,
    /// `held`, `violated` or `incomplete`.
    pub verdict: &'static str,
    /// Whether the protocol claims it, so that a violation is a failure unless expected.
    pub claimed: bool,
    /// What broke it, what it asks for and what was found instead.
    pub detail: Option<String>,
    /// The step of the first violation.
    pub step: Option<u64>,
}

/// One expectation of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpectationOutcome {
    /// What was expected: `failovers = 1`.
    pub expect: String,
    /// Whether it came out.
    pub met: bool,
    /// What came out.
    pub actual: String,
}

/// What readers of a sink see in the end: the last value of each key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputTable {
    /// The sink.
    pub place: String,
    /// Key, last value and how many records it was written by.
    pub rows: BTreeMap<String, OutputRow>,
}

/// One key of an output table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutputRow {
    /// The value of the record that became visible last.
    pub value: u64,
    /// How many records became visible.
    pub records: u64,
}

/// What the snapshots of a run cost, and what the failures did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Costs {
    /// How long channels stood blocked, all channels added up. A span that nothing else ends is over
    /// when the receiver dies, at a failover, and at the end of the run.
    pub blocked_us: u64,
    /// Records stored as contents of channels, in snapshots that were given up as well.
    pub channel_records: u64,
    /// The bytes of these, [`RECORD_BYTES`](super::RECORD_BYTES) each.
    pub channel_bytes: u64,
    /// Barriers taken from channels; those that a failover threw away are not counted.
    pub barriers: u64,
    /// The bytes of these, [`BARRIER_BYTES`](super::BARRIER_BYTES) each.
    pub barrier_bytes: u64,
    /// Bytes that records carried through channels for the protocol.
    pub piggybacked_bytes: u64,
    /// Records that sources emitted again, because they went back with a failover.
    pub replayed: u64,
}

impl Costs {
    /// Adds the costs of another run.
    pub fn add(&mut self, other: &Costs) {
        // Every field by name, so that none is forgotten.
        let Costs { blocked_us, channel_records, channel_bytes, barriers, barrier_bytes, piggybacked_bytes, replayed } = self;
        *blocked_us = blocked_us.saturating_add(other.blocked_us);
        *channel_records += other.channel_records;
        *channel_bytes += other.channel_bytes;
        *barriers += other.barriers;
        *barrier_bytes += other.barrier_bytes;
        *piggybacked_bytes += other.piggybacked_bytes;
        *replayed += other.replayed;
    }
}

/// A step of the schedule that could not happen when its turn came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkippedStep {
    /// The how-manieth of the schedule, from 1.
    pub step: u64,
    /// The step.
    pub name: String,
    /// What kept it from happening.
    pub why: String,
}

/// What a run counts by: how its times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Simulated time.
    Time,
    /// Steps: nothing has a time.
    Steps,
}

impl Clock {
    /// A point of the run: `20ms`, `step 20`.
    pub fn moment(self, at: u64) -> String {
        match self {
            Clock::Time => Ticks(at).to_string(),
            Clock::Steps => format!("step {at}"),
        }
    }

    /// From one point to another: `3ms`, `3 steps`.
    pub fn span(self, span: u64) -> String {
        match (self, span) {
            (Clock::Time, _) => Ticks(span).to_string(),
            (Clock::Steps, 1) => "1 step".to_owned(),
            (Clock::Steps, _) => format!("{span} steps"),
        }
    }
}

impl Outcome {
    /// What the run counts by.
    pub fn clock(&self) -> Clock {
        if self.scheduled { Clock::Steps } else { Clock::Time }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A fault of the scenario, and how often it took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultOutcome {
    /// Its JSON pointer in the file: `/faults/0`.
    pub place: String,
    /// The fault: `crash count at 57ms`.
    pub fault: String,
    /// Crashes; messages lost, repeated, overtaken or held up; uploads failed; records that took longer. 0 when it tested nothing.
    pub happened: u64,
}

/// What a run comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The file, as it was named.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The scenario's question, for text output.
    #[serde(skip)]
    pub question: Option<String>,
    /// The seed of the run.
    pub seed: u64,
    /// The snapshot protocol.
    pub protocol: &'static str,
    /// Whether everything came out as expected.
    pub verdict: Judgement,
    /// Everything that did not, a line each.
    pub complaints: Vec<String>,
    /// How the run ended.
    pub ended: Ended,
    /// What became of the job.
    pub job: JobEnd,
    /// Whether the run followed a list of steps and no clock: every `_us` counts steps then.
    #[serde(skip_serializing_if = "is_false")]
    pub scheduled: bool,
    /// The listed steps that could not happen; one of them is enough for an unexpected outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedStep>,
    /// The time of the last step.
    pub virtual_time_us: u64,
    /// How many steps it took.
    pub steps: u64,
    /// The fingerprint of all facts with their times, 16 hex digits.
    pub digest: String,
    /// Every fault of the scenario, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultOutcome>,
    /// Settings that can do nothing here, or did nothing, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// All snapshots in order.
    pub snapshots: Vec<SnapshotReport>,
    /// All failovers in order.
    pub failovers: Vec<FailoverReport>,
    /// Over all places.
    pub guarantee: GuaranteePair,
    /// Every stateful operator and every sink.
    pub places: Vec<PlaceOutcome>,
    /// Every invariant.
    pub invariants: Vec<InvariantOutcome>,
    /// Every expectation of the scenario.
    pub expectations: Vec<ExpectationOutcome>,
    /// Situations reached, with how often.
    pub situations: BTreeMap<&'static str, u64>,
    /// What the snapshots cost.
    pub costs: Costs,
    /// What readers of the sinks see in the end.
    pub outputs: Vec<OutputTable>,
}

/// A file that gave no outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileError {
    /// The file, or the folder in which there was none, as it was named.
    pub path: String,
    /// Why; for a file that is no valid scenario every mistake, a line each.
    pub message: String,
}

/// The document that `run --format json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'o> {
    /// [`FORMAT`].
    pub format: u32,
    /// The program's version.
    pub version: &'static str,
    /// Whether somebody asked for an end before all was run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// One per scenario.
    pub outcomes: &'o [Outcome],
    /// The files that gave none.
    #[serde(skip_serializing_if = "<[FileError]>::is_empty")]
    pub errors: &'o [FileError],
    /// The files that nobody waited for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub not_run: &'o [String],
}
