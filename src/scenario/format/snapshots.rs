//! Protocols and how snapshots are taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::size::{Size, StorageFile};
use super::time::{DelayFile, Duration};

/// A snapshot protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterEndFile {
    /// An input that has ended counts as aligned.
    GoOn,
    /// An input that ends voids the checkpoint that is being aligned.
    GiveUp,
}

/// What becomes of the records on back edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackEdgesFile {
    /// They are part of the snapshot.
    Logged,
    /// They are not, and are lost in a failure.
    Ignored,
}

/// How snapshots are taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// How long a task's part takes to storage, whatever its size; after that it acks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<DelayFile>,
    /// Where the parts are stored; in the coordinator's memory when only sizes are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageFile>,
    /// The size of an entry of a state; `"64B"` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Size>,
    /// The size of a record that is stored as contents of a channel; `"20B"` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Size>,
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
