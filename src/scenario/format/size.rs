//! Amounts of data, and where checkpoints are stored.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::time::Duration;
use crate::kernel::Bytes;

/// An amount of data: `"64B"`, `"100kB"`, `"5MB"`, `"2GiB"`, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size(pub Bytes);

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of data")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
        text.parse().map(Size).map_err(E::custom)
    }

    /// Only zero needs no unit.
    fn visit_u64<E: Error>(self, number: u64) -> Result<Size, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An amount of data: \"64B\", \"100kB\", \"5MB\", \"2GiB\"; or 0. In whole bytes.",
            "type": ["string", "number"],
            "pattern": r"^(0|[0-9]+(\.[0-9]+)? *(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB))$",
            "minimum": 0,
            "maximum": 0,
        })
    }
}

/// Where the parts of checkpoints are stored: a word, or an object with more about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StorageFile {
    /// With what is usual.
    Word(StorageWord),
    /// With numbers.
    Detailed(StorageDetail),
}

/// Where the parts of checkpoints are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StorageWord {
    /// In the coordinator's memory: they travel with the ack.
    Coordinator,
    /// In a durable store.
    Filesystem,
}

/// Where the parts of checkpoints are stored, in numbers; its `kind` says which other fields it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StorageDetail {
    /// In the coordinator's memory: they travel with the ack.
    Coordinator {
        /// A task whose part is larger declines; `"5MB"` when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_part: Option<Size>,
    },
    /// In a durable store.
    Filesystem {
        /// How long every part takes, whatever its size; nothing when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        latency: Option<Duration>,
        /// How much of a part a task uploads in a second; any amount when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bandwidth: Option<Size>,
        /// How much the store takes in a second from all tasks, one part after the other; any amount when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shared_bandwidth: Option<Size>,
    },
}
