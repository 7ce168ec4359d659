//! The wall clock. Only what is told on standard error, and `fuzz --for`, look at it.
#![allow(clippy::disallowed_types, reason = "the command line may tell how long things took; no result depends on it")]

use std::time::{Duration, Instant};

/// Runs from when it is started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Begins now.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// The time since.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
