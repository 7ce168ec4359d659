//! What goes wrong, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Duration;

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
    /// A message of the coordinator comes twice.
    Repeat(RepeatFile),
    /// Word of a complete snapshot is late, and others overtake it.
    Postpone(PostponeFile),
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

/// A message of the coordinator comes twice: when it arrives it is sent once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatFile {
    /// Which kind.
    pub repeat: NoticeFile,
    /// To which task.
    pub to: String,
    /// Of which snapshot.
    pub snapshot: u32,
}

/// What can be late and do no harm: a trigger that a newer one overtakes is never taken, and that is a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateFile {
    /// To a sink: the snapshot is complete.
    Completion,
}

/// Word of a complete snapshot is late, and what arrives meanwhile overtakes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostponeFile {
    /// Which kind.
    pub postpone: LateFile,
    /// To which task.
    pub to: String,
    /// Of which snapshot.
    pub snapshot: u32,
    /// How much later it arrives.
    pub by: Duration,
}
