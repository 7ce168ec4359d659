//! The file format, one to one: what was typed. [`Scenario`](super::Scenario) is what is valid.
//!
//! The JSON schema is generated from these types, and the reader's diagnostics from the schema,
//! so a field exists in exactly one place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::invariants::INVARIANTS;
use crate::engine::Control;
use crate::trace::Situation;

/// The longest span of time that can be written: 1,000 hours.
pub const MAX_TICKS: u64 = 3_600_000_000_000;
/// The most records a source can have.
pub const MAX_RECORDS: u64 = 100_000_000;
/// The most tasks one operator can have.
pub const MAX_PARALLELISM: u64 = 1_000_000;
/// The most steps that a schedule can list.
pub const MAX_SCHEDULE: u64 = 100_000;

/// A span of time: `"250us"`, `"5ms"`, `"2s"`, `"1m"`, or a whole number of microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Duration {
    /// Number and unit.
    Text(String),
    /// Microseconds.
    Micros(u64),
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time: \"250us\", \"5ms\", \"2s\", \"1m\", or a whole number of microseconds; at most 1000 hours.",
            "type": ["string", "integer"],
            "pattern": "^[0-9]+(us|ms|s|m)$",
            "minimum": 0,
            "maximum": MAX_TICKS,
        })
    }
}

/// How long something takes: always the same, or drawn from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DelayFile {
    /// Always the same.
    Constant(Duration),
    /// Drawn.
    Random(RandomDelay),
}

/// A distribution of delays; give exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomDelay {
    /// Uniform between two values, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniform: Option<(Duration, Duration)>,
    /// Exponential-like with this mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponential: Option<Duration>,
}

/// A whole scenario file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "cutline scenario")]
pub struct File {
    /// Where an editor finds this schema.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the choice streams; draws never change within a version.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 1))]
    pub stream: u32,
    /// One line that says what the scenario shows.
    pub title: String,
    /// What happens, in a few sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// What to ask a class before the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What to look at, or which line to change and run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// The seed of every random choice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seed: u64,
    /// The operators by name.
    pub operators: BTreeMap<String, OperatorFile>,
    /// Who sends to whom.
    pub channels: Vec<ChannelFile>,
    /// How snapshots are taken; without it none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<SnapshotsFile>,
    /// What processes do at which time, in the order of the list where times are equal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<ScriptFile>,
    /// Payments drawn from the seed, besides the script's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers: Option<TransfersFile>,
    /// A stable property that snapshots are taken to find: `no_false_alarm` judges whether it is true
    /// when one says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect: Option<DetectFile>,
    /// What happens after a crash.
    #[serde(default)]
    pub recovery: RecoveryFile,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultFile>,
    /// The steps of the run in their order, instead of a clock: `"trigger"`, `"emit A"`, `"deliver A->B"`,
    /// `"crash B"`; after the last one the run goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_SCHEDULE))]
    pub schedule: Option<Vec<String>>,
    /// For runs without a clock: what of the traffic with the coordinator takes steps of its own;
    /// `instant` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlFile>,
    /// What must come out.
    #[serde(default)]
    pub expect: ExpectFile,
    /// When the run is stopped although it could go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsFile>,
}

fn one() -> u32 {
    1
}
fn is_one(value: &u32) -> bool {
    *value == 1
}
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Repeats the fields that every kind of operator has.
macro_rules! operators {
    ($($(#[$meta:meta])* $kind:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {
        /// An operator; its `kind` says which other fields it has.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
        pub enum OperatorFile {
            $($(#[$meta])* $kind {
                $($(#[$field_meta])* $field: $type,)*
                /// How many tasks it has; 1 when not given.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[schemars(range(min = 1, max = MAX_PARALLELISM))]
                parallelism: Option<u32>,
                /// How long a record keeps a task busy.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                service: Option<DelayFile>,
                /// How long a task's part of a snapshot takes to storage; overrides `snapshots.upload`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                upload: Option<DelayFile>,
                /// How long a report takes to the coordinator; overrides `snapshots.ack`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                ack: Option<DelayFile>,
                /// How long the coordinator's messages take to it; overrides `snapshots.trigger` and `snapshots.notify`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                told: Option<DelayFile>,
                /// How long a task takes to load its state; overrides `recovery.restore`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                restore: Option<DelayFile>,
            },)*
        }

        /// The fields that every kind of operator has.
        #[derive(Clone, Copy, Debug)]
        #[allow(missing_docs, reason = "documented in OperatorFile")]
        pub struct Common<'f> {
            pub parallelism: u32,
            pub service: Option<&'f DelayFile>,
            pub upload: Option<&'f DelayFile>,
            pub ack: Option<&'f DelayFile>,
            pub told: Option<&'f DelayFile>,
            pub restore: Option<&'f DelayFile>,
        }

        impl OperatorFile {
            /// The fields that every kind of operator has.
            pub fn common(&self) -> Common<'_> {
                match self {
                    $(OperatorFile::$kind { parallelism, service, upload, ack, told, restore, .. } => Common {
                        parallelism: parallelism.unwrap_or(1),
                        service: service.as_ref(),
                        upload: upload.as_ref(),
                        ack: ack.as_ref(),
                        told: told.as_ref(),
                        restore: restore.as_ref(),
                    },)*
                }
            }
        }
    };
}

operators! {
    /// Reads a log: generated records (numbers from 1) or the lines of a text file.
    Source {
        /// How many records its tasks have together; the number is the record's key and value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = MAX_RECORDS))]
        records: Option<u64>,
        /// A text file, its path relative to the scenario's folder; every line is a record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// The time between two records of one task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Duration>,
        /// The first record's time; when not given, one `every` after the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Duration>,
        /// Explicit times of the records, instead of `every` and `start`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Vec<Duration>>,
        /// Whether it can be set back after a failure; true when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replayable: Option<bool>,
        /// Whether its tasks are gone after their last record, so that checkpoints go on without them;
        /// false when not given: they stay, to take part in the last checkpoint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finishes: Option<bool>,
    }
    /// Sends on what it gets.
    Pass {}
    /// Sends on what it gets from several inputs.
    Union {}
    /// value := value * multiply + add.
    Map {
        /// Factor; 1 when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        multiply: Option<u64>,
        /// Summand; 0 when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        add: Option<u64>,
    }
    /// Keeps the records whose value leaves the given remainder.
    Filter {
        /// Divisor.
        #[schemars(range(min = 1))]
        modulo: u64,
        /// The remainder that is kept; 0 when not given.
        #[serde(default)]
        remainder: u64,
    }
    /// Sends several copies of each record.
    FlatMap {
        /// How many.
        #[schemars(range(min = 0, max = 1000))]
        copies: u32,
    }
    /// Splits lines into words, in lower case.
    SplitWords {}
    /// Counts records by key and sends the new count.
    KeyedCount {
        /// Key := key modulo this; when not given every key is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000))]
        keys: Option<u32>,
    }
    /// Adds up values by key and sends the new sum.
    KeyedSum {
        /// Key := key modulo this; when not given every key is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000))]
        keys: Option<u32>,
    }
    /// Pairs every record of its first input with every record of its second that has the same key.
    Join {
        /// Key := key modulo this; when not given every key is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000))]
        keys: Option<u32>,
    }
    /// The head of a loop: counts every record on every lap and sends it round; after `rounds` rounds
    /// the record leaves by the other channels.
    Iterate {
        /// How often a record goes round.
        #[schemars(range(min = 1, max = 1000))]
        rounds: u32,
    }
    /// A process that holds tokens, and pays and is paid as the script or `transfers` says.
    Account {
        /// What it has in the beginning.
        tokens: u64,
    }
    /// A process with a table of states, sends and receives. It acts as the script says.
    Automaton {
        /// The state it starts in.
        starts: String,
        /// What it does in which state.
        rules: Vec<RuleFile>,
    }
    /// Hands records to the outside world.
    Sink {
        /// When they become visible.
        commit: CommitFile,
    }
}

/// One line of an automaton's table; exactly one of `send` and `receive`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The state it holds in.
    #[serde(rename = "in")]
    pub state: String,
    /// A message that it sends when the script lets it act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// To whom it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A message that it takes; without a rule for it the message waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<String>,
    /// The state after that.
    #[serde(rename = "become")]
    pub then: String,
}

/// What a process does at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ScriptFile {
    /// An account pays another.
    Send(SendAt),
    /// A process starts a snapshot.
    Snapshot(SnapshotAt),
    /// An automaton follows the first `send` rule of its state, if there is one.
    Act(ActAt),
}

/// An account pays another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendAt {
    /// When.
    pub at: Duration,
    /// How many tokens; what is there when that is less.
    pub send: u64,
    /// Who pays.
    pub from: String,
    /// Who is paid.
    pub to: String,
}

/// A process starts a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotAt {
    /// When.
    pub at: Duration,
    /// Who.
    pub snapshot: String,
}

/// An automaton acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActAt {
    /// When.
    pub at: Duration,
    /// Who.
    pub act: String,
}

/// Payments drawn from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransfersFile {
    /// How many each account makes.
    #[schemars(range(max = 100_000))]
    pub count: u32,
    /// The mean time between two of one account.
    pub every: Duration,
    /// The most tokens of one.
    #[schemars(range(min = 1))]
    pub amount: u64,
}

/// A property of global states that stays true once it is: every process is in one of its named
/// states, and no message is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectFile {
    /// The state that every process must be in.
    pub everybody: String,
}

/// When a sink's records become visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommitFile {
    /// At once; a replayed record is visible twice.
    Plain,
    /// At once, by identity: writing a record again changes nothing.
    Idempotent,
    /// When the checkpoint that covers them is complete.
    TwoPhase,
}

/// How the records of a channel are spread over the receiving tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionFile {
    /// Task i to task i; both sides have the same parallelism.
    Forward,
    /// By key.
    Hash,
    /// In turn.
    Rebalance,
    /// A copy to every task.
    Broadcast,
}

/// The order in which a channel gives back what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderFile {
    /// First in, first out: nothing overtakes.
    Fifo,
    /// Each element by its own delay.
    Any,
}

/// Who sends to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelFile {
    /// The sending operator.
    pub from: String,
    /// The receiving operator.
    pub to: String,
    /// How records are spread; when not given: `hash` into keyed operators, `forward` between
    /// equal parallelisms, else `rebalance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionFile>,
    /// How long an element takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayFile>,
    /// Explicit delays of the first elements of each channel in the order they are sent, barriers
    /// included; after them `delay`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delays: Vec<Duration>,
    /// Whether elements arrive in the order they were sent; when not given they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderFile>,
    /// How many elements each channel holds before its sender has to wait; no bound when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub capacity: Option<u32>,
}

/// A snapshot protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolFile {
    /// Inputs whose barrier is early wait for the others: exactly once.
    Aligned,
    /// No input waits, and the barrier overtakes records, which are saved with the snapshot: exactly once.
    Unaligned,
    /// No input waits: records behind an early barrier count twice after a failure.
    AtLeastOnce,
    /// Aligned at first; when that takes longer than `alignment_timeout`, unaligned.
    AlignedTimeout,
    /// Aligned, and the records on back edges of loops are logged until the barrier has gone round.
    AlignedCyclic,
    /// Markers as in 1985: nobody waits, and channel contents are recorded. Any graph.
    ChandyLamport,
    /// Colours instead of order: for channels that do not keep it. Any graph.
    LaiYang,
    /// Wrong on purpose: everybody saves its own state when told, and nobody looks at channels.
    NoMarkers,
    /// No snapshots: every failure starts from the beginning.
    None,
}

/// Whether checkpoints are taken after a source has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterEndFile {
    /// An input that has ended counts as aligned.
    GoOn,
    /// An input that ends voids the checkpoint that is being aligned.
    GiveUp,
}

/// What becomes of the records on back edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackEdgesFile {
    /// They are part of the snapshot.
    Logged,
    /// They are not, and are lost in a failure.
    Ignored,
}

/// What becomes of the channel contents of a snapshot when it is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelStateFile {
    /// They are back in their channels before anything new.
    Restored,
    /// They are forgotten: wrong, to show what they are for.
    Forgotten,
}

/// How snapshots are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotsFile {
    /// The protocol.
    pub protocol: ProtocolFile,
    /// The time between periodic triggers; none when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// The first periodic trigger after a (re)start; one interval when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Duration>,
    /// Times at which a checkpoint is asked for besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<Duration>,
    /// For `aligned_timeout`: how long after its trigger a checkpoint may still align.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment_timeout: Option<Duration>,
    /// Whether checkpoints are taken after a source has finished; `go_on` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_end: Option<AfterEndFile>,
    /// For `aligned_cyclic`: what becomes of the records on back edges; `logged` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_edges: Option<BackEdgesFile>,
    /// When a pending checkpoint is given up; 10 minutes when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The least time between a completion and the next trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_pause: Option<Duration>,
    /// How many may be pending at once; 1 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_concurrent: Option<u32>,
    /// Consecutive failed checkpoints beyond which the job fails over; any number when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerable_failures: Option<u32>,
    /// How many completed snapshots are kept; 1 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub retain: Option<u32>,
    /// How long a trigger takes to a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<DelayFile>,
    /// How long a task's part takes to storage; after that it acks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<DelayFile>,
    /// How long a report takes to the coordinator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<DelayFile>,
    /// How long the metadata takes to storage; after that the snapshot is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<DelayFile>,
    /// How long the notice of a completion takes to a sink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<DelayFile>,
    /// Whether a last checkpoint is taken when every source is at its end; true when not given.
    #[serde(rename = "final", default, skip_serializing_if = "Option::is_none")]
    pub final_checkpoint: Option<bool>,
}

/// Which tasks are restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeFile {
    /// All of them.
    #[default]
    All,
}

/// What happens after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryFile {
    /// From the crash to its being noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect: Option<DelayFile>,
    /// From then to the deployment of the new attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<DelayFile>,
    /// How long each task takes to load its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<DelayFile>,
    /// How many restarts there are before the job has failed; any number when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// Whether messages of an older attempt are thrown away; true when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fencing: Option<bool>,
    /// What becomes of the channel contents of a snapshot; `restored` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_state: Option<ChannelStateFile>,
    /// Which tasks are restarted.
    #[serde(default)]
    pub scope: ScopeFile,
}

/// A named point of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it; engine::Point has the facts behind them")]
pub enum PointFile {
    RecordEmitted,
    RecordReceived,
    OutputVisible,
    Triggered,
    BarrierReceived,
    AlignmentStarted,
    StateSaved,
    Uploaded,
    Acked,
    AllAcked,
    Completed,
    Aborted,
    Notified,
    Prepared,
    Committed,
    Crashed,
    Detected,
    Restoring,
    Restored,
    Resumed,
}

/// A condition on what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenFile {
    /// The task that reaches the point; anybody when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The point.
    pub reaches: PointFile,
    /// For which snapshot; any when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u32>,
    /// The how-manieth time; the first when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub nth: Option<u32>,
    /// How long after; at once when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
}

/// A message of the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeFile {
    /// To a source: start a snapshot.
    Trigger,
    /// To a sink: the snapshot is complete.
    Completion,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FaultFile {
    /// A task dies at a time.
    CrashAt(CrashAt),
    /// A task dies when something has happened.
    CrashWhen(CrashWhen),
    /// Tasks die at random times.
    RandomCrashes(RandomCrashes),
    /// A channel stands still for a while.
    Stall(StallFile),
    /// A task is slow for a while.
    Slow(SlowFile),
    /// A message of the coordinator is lost.
    Lose(LoseFile),
    /// A task's part of a snapshot does not get into storage.
    FailUpload(FailUploadFile),
}

/// A task's part of a snapshot does not get into storage, and the task refuses the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailUploadFile {
    /// The task.
    pub fail_upload: String,
    /// The snapshot.
    pub snapshot: u32,
}

/// A task dies at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashAt {
    /// The task.
    pub crash: String,
    /// When.
    pub at: Duration,
}

/// A task dies when something has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashWhen {
    /// The task.
    pub crash: String,
    /// What has happened.
    pub when: WhenFile,
}

/// Tasks die at random times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomCrashes {
    /// How often.
    #[schemars(range(max = 10_000))]
    pub random_crashes: u32,
    /// The mean time between two.
    pub every: Duration,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Duration>,
    /// Which tasks; all when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<String>>,
}

/// A channel stands still for a while: what would arrive then arrives at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StallFile {
    /// `"from->to"`, operators or tasks.
    pub stall: String,
    /// From when on.
    pub from: Duration,
    /// How long.
    #[serde(rename = "for")]
    pub duration: Duration,
}

/// A task is slow for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowFile {
    /// The task.
    pub slow: String,
    /// From when on.
    pub from: Duration,
    /// How long.
    #[serde(rename = "for")]
    pub duration: Duration,
    /// What each record takes more.
    pub extra: Duration,
}

/// A message of the coordinator is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseFile {
    /// Which kind.
    pub lose: NoticeFile,
    /// To which task.
    pub to: String,
    /// Of which snapshot.
    pub snapshot: u32,
}

/// A number that must come out: exactly, or within bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Number {
    /// Exactly.
    Exactly(u64),
    /// Within bounds.
    Between(Bounds),
}

/// Bounds, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// How often records show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "protocol::Guarantee has the definitions")]
pub enum GuaranteeFile {
    ExactlyOnce,
    AtLeastOnce,
    AtMostOnce,
    None,
}

/// What must be seen at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceExpect {
    /// The strongest guarantee observed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<GuaranteeFile>,
    /// Effects that show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Number>,
    /// Records that do not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Number>,
    /// Records that show more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicated: Option<Number>,
    /// The first few records that do not show exactly once, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<Vec<String>>,
}

/// How long a task must have aligned for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlignmentExpect {
    /// The task.
    pub task: String,
    /// The snapshot.
    pub snapshot: u32,
    /// At least so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Duration>,
    /// At most so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Duration>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "oracle::Verdict has the definitions")]
pub enum VerdictFile {
    Held,
    Violated,
    Incomplete,
}

macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $words:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": $words })
            }
        }
    };
}

named!(
    /// The name of a situation.
    SituationName,
    Situation::ALL.iter().map(|situation| situation.word()).collect::<Vec<_>>()
);

named!(
    /// A kind of control steps.
    ControlKind,
    Control::KINDS.iter().map(|(_, word)| *word).collect::<Vec<_>>()
);

/// All control steps at once or as steps of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlWord {
    /// Everything happens as soon as it can.
    Instant,
    /// Everything takes steps of its own.
    Channel,
}

/// Which control steps are steps of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ControlFile {
    /// All of them, or none.
    Word(ControlWord),
    /// These.
    Kinds(Vec<ControlKind>),
}

/// What a process shows of itself: tokens, or the name of a state; also a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ShownFile {
    /// Tokens.
    Tokens(u64),
    /// A state or a message.
    Word(String),
}

/// What a snapshot of processes recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateExpect {
    /// By process.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processes: BTreeMap<String, ShownFile>,
    /// By channel, `from->to`: its messages in order. Channels that are not named must be empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, Vec<ShownFile>>,
    /// Whether the run was ever in the recorded state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited: Option<bool>,
}

/// What must come out of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectFile {
    /// The strongest guarantee observed over all places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<GuaranteeFile>,
    /// What must be seen at single places, by operator.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, PlaceExpect>,
    /// Snapshots completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots_completed: Option<Number>,
    /// Snapshots aborted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots_aborted: Option<Number>,
    /// Failovers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failovers: Option<Number>,
    /// Steps of the schedule that could not happen; none may be left out when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Number>,
    /// What each failover restored: a snapshot's number, or null for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Vec<Option<u32>>>,
    /// What snapshots of processes recorded, by the snapshot's number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, StateExpect>,
    /// How long tasks aligned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alignment: Vec<AlignmentExpect>,
    /// Situations that must be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub situations: Vec<SituationName>,
    /// Verdicts of invariants; `held` for those that are not named and that the protocol claims.
    #[serde(default, skip_serializing_if = "InvariantsExpect::is_empty")]
    pub invariants: InvariantsExpect,
}

/// When a run is stopped although it could go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    /// Steps; 500 million when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Simulated time; a generous bound computed from the scenario when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// Verdicts by the invariant's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InvariantsExpect(pub BTreeMap<String, VerdictFile>);

impl InvariantsExpect {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl JsonSchema for InvariantsExpect {
    fn schema_name() -> Cow<'static, str> {
        "InvariantsExpect".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let verdict = generator.subschema_for::<VerdictFile>();
        let properties: serde_json::Map<String, serde_json::Value> =
            INVARIANTS.iter().map(|name| ((*name).to_owned(), verdict.clone().to_value())).collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// The JSON schema of scenario files. Made once: a campaign checks thousands of scenarios.
pub fn schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| schemars::schema_for!(File).to_value());
    &SCHEMA
}
