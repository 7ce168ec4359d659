//! What happens after a crash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::DelayFile;

/// What becomes of the channel contents of a snapshot when it is restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelStateFile {
    /// They are back in their channels before anything new.
    #[default]
    Restored,
    /// They are forgotten: wrong, to show what they are for.
    Forgotten,
    /// They are back with each channel's last record first: wrong, to show what their order is for.
    Backwards,
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
