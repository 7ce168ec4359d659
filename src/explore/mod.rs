//! Layer 6: drivers that look for trouble. Random walks, campaigns of them, exhaustive search, shrinking,
//! and the bugs that all of this must find.

mod campaign;
pub mod exhaustive;
mod given;
mod shrink;
mod strategy;
mod swarm;
mod walk;
pub mod zoo;

pub use campaign::{Campaign, Failure, Replay, Right, Suspect, Tally, Under};
pub use given::Given;
pub use shrink::Shrunk;
pub use strategy::Strategy;
pub use swarm::{Shape, shape};
pub use walk::{Spice, Walked, Walker, judge_steps};
