//! The file format, one to one: what was typed. [`Scenario`](super::Scenario) is what is valid.
//!
//! The JSON schema is generated from these types, and the reader's diagnostics from the schema,
//! so a field exists in exactly one place.

mod channels;
mod control;
mod expect;
mod faults;
mod operators;
mod processes;
mod recovery;
mod size;
mod snapshots;
mod time;
mod words;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use channels::{ChannelFile, OrderFile, PartitionFile};
pub use control::{ControlFile, ControlWord, MAX_SCHEDULE};
pub use expect::{
    AlignmentExpect, Bounds, ContentsFile, ExpectFile, GuaranteeFile, InvariantsExpect, JobFile, Number, PlaceExpect, ShownFile,
    StateExpect, VerdictFile,
};
pub use faults::{
    CrashAt, CrashWhen, FailUploadFile, FaultFile, LateFile, LoseFile, NoticeFile, PointFile, PostponeFile, RandomCrashes, RepeatFile,
    SlowFile, StallFile, WhenFile,
};
pub use operators::{CommitFile, Common, MAX_PARALLELISM, MAX_RECORDS, OperatorFile, RuleFile};
pub use processes::{ActAt, DetectFile, ScriptFile, SendAt, SnapshotAt, TransfersFile};
pub use recovery::{ChannelStateFile, RecoveryFile, ScopeFile};
pub use size::{Size, StorageDetail, StorageFile, StorageWord};
pub use snapshots::{AfterEndFile, BackEdgesFile, ProtocolFile, SnapshotsFile};
pub use time::{DelayFile, Duration, LONGEST, RandomDelay};
pub use words::{ControlKind, SituationName};

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

/// The JSON schema of scenario files. Made once: a campaign checks thousands of scenarios.
pub fn schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| schemars::schema_for!(File).to_value());
    &SCHEMA
}
