//! What processes do, and what is looked for in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Duration;

/// What a process does at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotAt {
    /// When.
    pub at: Duration,
    /// Who.
    pub snapshot: String,
}

/// An automaton acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
