//! Layer 3: snapshot protocols and the coordinator, as pure state machines.
//!
//! A handler sees a read-only view, changes its own fields and pushes effects; the engine alone
//! applies effects. Handlers never call each other, do no I/O and know no time. To write a
//! protocol of your own implement [`SnapshotProtocol`]; to write a wrong one on purpose wrap a
//! right one and rewrite its inputs or effects.

mod aligned;
mod at_least_once;
mod coordinator;
mod registry;
mod seam;
mod sink;
mod unaligned;

pub use aligned::Aligned;
pub use at_least_once::AtLeastOnce;
pub use coordinator::{Command, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, Report, Settings, Timer};
pub use registry::{Claims, Guarantee, ProtocolFactory, ProtocolKind};
pub use seam::{Effect, Effects, ProtocolBox, Refusal, SnapshotProtocol, TaskView};
pub use sink::{Faithful, Immediate, Placement, SinkEffect, SinkEffects, SinkLogic, StorageLogic, TwoPhase, sink_logic};
pub use unaligned::Unaligned;
