//! Spans of time and delays.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::kernel::Ticks;

/// The longest span of time that can be written: 1,000 hours.
pub const LONGEST: Ticks = Ticks(3_600_000_000_000);

/// A span of time: `"250us"`, `"7.5ms"`, `"30s"`, `"10min"`, `"1h"`, `"1m30s"`, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration(pub Ticks);

impl Duration {
    /// The same for the engine.
    pub fn ticks(self) -> Ticks {
        self.0
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        Ticks::parse_up_to(text, LONGEST).map(Duration).map_err(E::custom)
    }

    /// Only zero needs no unit.
    fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time: numbers with units, from large to small: \"250us\", \"7.5ms\", \"30s\", \"10min\", \"1h\", \"1m30s\"; or 0. In whole microseconds, at most 1000 hours.",
            "type": ["string", "number"],
            "pattern": r"^(0|[0-9]+(\.[0-9]+)? *(d|h|min|m|s|ms|us|µs|μs|ns)( *[0-9]+(\.[0-9]+)? *(d|h|min|m|s|ms|us|µs|μs|ns))*)$",
            "minimum": 0,
            "maximum": 0,
        })
    }
}

/// How long something takes: always the same, or drawn from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DelayFile {
    /// Always the same.
    Constant(Duration),
    /// Drawn.
    Random(RandomDelay),
}

/// A distribution of delays; give exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomDelay {
    /// Uniform between two values, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniform: Option<(Duration, Duration)>,
    /// Exponential-like with this mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponential: Option<Duration>,
}
