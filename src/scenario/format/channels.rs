//! Channels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::{DelayFile, Duration};

/// How the records of a channel are spread over the receiving tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderFile {
    /// First in, first out: nothing overtakes.
    Fifo,
    /// Each element by its own delay.
    Any,
}

/// Who sends to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
