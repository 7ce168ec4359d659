//! placeholder
pub mod engine;
pub mod kernel;
pub mod model;
pub mod oracle;
pub mod protocol;
pub mod scenario;
pub mod trace;

pub use scenario::{Outcome, Scenario, run};
