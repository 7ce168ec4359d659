//! Words that other modules have lists of.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::engine::Control;
use crate::trace::Situation;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $words:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": $words })
            }
        }
    };
}

named!(
    /// The name of a situation.
    SituationName,
    Situation::ALL.iter().map(|situation| situation.word()).collect::<Vec<_>>()
);

named!(
    /// A kind of control steps.
    ControlKind,
    Control::KINDS.iter().map(|(_, word)| *word).collect::<Vec<_>>()
);
