//! What must come out of a run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::time::Duration;
use super::words::SituationName;
use crate::scenario::invariants::INVARIANTS;

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
    /// Whether what the place holds at the end is what a run without failures leaves there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<ContentsFile>,
    /// The first few wrong rows: `["key 7: 3 instead of 2"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_rows: Option<Vec<String>>,
}

/// What is said of the contents of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentsFile {
    /// Every row is as it should be.
    Right,
    /// Some row is wrong, missing, or too many.
    Wrong,
    /// No row is wrong, and some could not be judged.
    NotJudged,
}

impl ContentsFile {
    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            ContentsFile::Right => "right",
            ContentsFile::Wrong => "wrong",
            ContentsFile::NotJudged => "not_judged",
        }
    }
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

/// What became of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobFile {
    /// It did all that it had to do; of processes: nothing moves any more.
    Finished,
    /// It failed for good: no restart was left.
    Failed,
    /// Nothing can happen any more, and it has not finished.
    Stuck,
    /// A limit stopped it with things still happening.
    Stopped,
}

/// What must come out of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectFile {
    /// What became of the job; when not given, it must not fail, nor be stopped by a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobFile>,
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
    /// How often each fault takes place, in the order of `faults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<Number>>,
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
