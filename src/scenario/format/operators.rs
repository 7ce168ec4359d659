//! Operators and their tables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::size::Size;
use super::time::{DelayFile, Duration};

/// The most records a source can have.
pub const MAX_RECORDS: u64 = 100_000_000;
/// The most tasks one operator can have.
pub const MAX_PARALLELISM: u64 = 1_000_000;

/// Repeats the fields that every kind of operator has.
macro_rules! operators {
    ($($(#[$meta:meta])* $kind:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {
        /// An operator; its `kind` says which other fields it has.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
                /// What each of its tasks has to store besides the entries of its state; nothing when not given.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                state: Option<Size>,
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
            pub state: Option<Size>,
            pub ack: Option<&'f DelayFile>,
            pub told: Option<&'f DelayFile>,
            pub restore: Option<&'f DelayFile>,
        }

        impl OperatorFile {
            /// The fields that every kind of operator has.
            pub fn common(&self) -> Common<'_> {
                match self {
                    $(OperatorFile::$kind { parallelism, service, upload, state, ack, told, restore, .. } => Common {
                        parallelism: parallelism.unwrap_or(1),
                        service: service.as_ref(),
                        upload: upload.as_ref(),
                        state: *state,
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
    /// Keeps the last value of a key and sends it on.
    Latest {
        /// Key := key modulo this; when not given every key is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000))]
        keys: Option<u32>,
    }
    /// Averages values by key and sends the new average, rounded down.
    Average {
        /// Key := key modulo this; when not given every key is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000_000))]
        keys: Option<u32>,
        /// A record whose value is a multiple of this starts the average of its key anew, with itself.
        #[schemars(range(min = 1))]
        reset: u64,
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

/// When a sink's records become visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommitFile {
    /// At once; a replayed record is visible twice.
    Plain,
    /// At once, by identity: what is written again takes the place of what was there.
    Idempotent,
    /// At once, by key: a record takes the place of what its key had.
    Upsert,
    /// At once: a record is added to what its key had, each time that it is written.
    Additive,
    /// When the checkpoint that covers them is complete.
    TwoPhase,
}
