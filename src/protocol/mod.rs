//! Layer 3: snapshot protocols and the coordinator, as pure state machines.
//!
//! A handler sees a read-only view, changes its own fields and pushes effects; the engine alone
//! applies effects. Handlers never call each other, do no I/O and know no time. To write a
//! protocol of your own implement [`SnapshotProtocol`]; to write a wrong one on purpose wrap a
//! right one and rewrite its inputs or effects.
//!
//! Room for what is not here yet: a family without coordination (independent checkpoints, message
//! logs, a recovery line) needs a timer of a task's own, which is one more anchor beside the
//! snapshot's budget in [`Effect::SetTimer`]; what it logs is an effect beside
//! [`Effect::SaveRecord`]; and choosing what to restore is already the coordinator's
//! ([`Command::Restore`]).

mod aligned;
mod aligned_cyclic;
mod alternating;
mod at_least_once;
mod chandy_lamport;
mod coordinator;
mod gate;
mod lai_yang;
mod no_markers;
mod registry;
mod seam;
mod sink;

pub use aligned::Aligned;
pub use aligned_cyclic::AlignedCyclic;
pub use alternating::Alternating;
pub use at_least_once::AtLeastOnce;
pub use chandy_lamport::ChandyLamport;
pub use coordinator::{
    Command, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, FINAL_TRIES, Report, Settings, Timer,
};
pub use lai_yang::LaiYang;
pub use no_markers::NoMarkers;
pub use registry::{Claims, Guarantee, Options, ProtocolKind, Told};
pub use seam::{Effect, Effects, ProtocolBox, SnapshotProtocol, TaskView};
pub use sink::{Faithful, Immediate, Placement, SinkEffect, SinkEffects, SinkLogic, StorageLogic, TwoPhase, sink_logic};
