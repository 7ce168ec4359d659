//! Layer 6: many runs of one scenario.

pub mod exhaustive;
