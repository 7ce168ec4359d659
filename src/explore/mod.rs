//! Layer 6: drivers that look for trouble. Random walks, campaigns of them, exhaustive search, shrinking,
//! and the bugs that all of this must find.

mod campaign;
#[cfg(feature = "proptest")]
mod cases;
pub mod exhaustive;
mod given;
mod own;
mod shrink;
mod strategy;
mod swarm;
mod walk;
pub mod zoo;

pub use campaign::{Campaign, Failure, Replay, Right, Suspect, Tally, Under};
#[cfg(feature = "proptest")]
pub use cases::{DrawnScenario, scenarios};
pub use given::Given;
pub use own::{Campaigned, Finding, Fuzz, Own};
pub use shrink::{Shrunk, shrink};
pub use strategy::Strategy;
pub use swarm::{Shape, shape};
pub use walk::{Spice, Walked, Walker, judge_steps};
