//! Spans of time and delays.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The longest span of time that can be written: 1,000 hours.
pub const MAX_TICKS: u64 = 3_600_000_000_000;

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
