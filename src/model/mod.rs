//! Layer 1: what is simulated. Graph, records and lineage, operators and their state, sinks.
//!
//! Everything here is plain data and pure functions; nothing knows of snapshots in flight, of
//! crashes or of time.

mod dictionary;
mod external;
mod ids;
mod operator;
mod plan;
mod process;
mod record;
mod sizes;
mod state;

pub use dictionary::Dictionary;
pub use external::{External, SinkLog, Visible};
pub use ids::{ChannelId, OperatorId, TaskId};
pub use operator::{Commit, Kind, process};
pub use plan::{Channel, Edge, EdgeSpec, Operator, OperatorSpec, Partition, Plan, Port, Task, back_edges};
pub use process::{ReceiveRule, SendRule, Table, Transfer};
pub use record::{Barrier, BarrierKind, Element, Record, SnapshotId};
pub use sizes::Sizes;
pub use state::{Fold, JoinEntry, KeyEntry, Part, TaskState};
