//! Layer 6: drivers that look for trouble. Random walks, campaigns of them, exhaustive search, shrinking,
//! and the bugs that all of this must find.

mod campaign;
mod campaigned;
#[cfg(feature = "proptest")]
mod cases;
mod distinct;
pub mod exhaustive;
mod feature;
mod given;
mod horizon;
mod judge;
mod own;
mod shrink;
mod strategy;
mod swarm;
mod walk;
pub mod zoo;

pub use campaign::{Campaign, Failure, NEVER, Replay, Right, Suspect, Tally, Under};
pub use campaigned::{Campaigned, Finding};
#[cfg(feature = "proptest")]
pub use cases::{DrawnScenario, scenarios};
pub use distinct::Distinct;
pub use feature::{Feature, Features};
pub use given::Given;
pub use judge::judge_steps;
pub use own::{Fuzz, Own, Unusable};
pub use shrink::{Shrunk, Unshrunk, confirm, shrink, shrink_attended};
pub use strategy::Strategy;
pub use swarm::{Shape, shape};
pub use walk::{Spice, Walked, Walker};

use crate::model::Plan;

/// A run of a small scenario that takes so many steps is going in circles: of a million drawn ones that came to
/// their end none took 600.
const MOST_STEPS: u64 = 2_000;

/// The same of any scenario: each record passes every operator, some of them more than once and again after
/// each crash.
fn most_steps(plan: &Plan) -> u64 {
    let records: u64 = plan.tasks().ids().map(|task| plan.log_length(task)).sum();
    records.saturating_mul(plan.operators().len() as u64 * 64).max(MOST_STEPS)
}
