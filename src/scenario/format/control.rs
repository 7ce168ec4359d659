//! What of the traffic with the coordinator takes steps of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::ControlKind;

/// The most steps that a schedule can list.
pub const MAX_SCHEDULE: u64 = 100_000;

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
