//! How long somebody waits for long work.

use std::fmt;

/// Whoever waits for long work: told now and then how much of it is done, it says whether to go on. No clock and
/// no signal is in it, only the answer.
#[derive(Clone, Copy)]
pub struct Patience<'p>(&'p (dyn Fn(u64) -> bool + Sync));

impl Patience<'static> {
    /// Waits as long as it takes.
    pub const ENDLESS: Patience<'static> = Patience(&|_| true);
}

impl<'p> Patience<'p> {
    /// Asks `lasts`, which is told how much is done.
    pub fn new(lasts: &'p (dyn Fn(u64) -> bool + Sync)) -> Self {
        Patience(lasts)
    }

    /// Whether to go on, now that so much is done.
    pub fn lasts(self, done: u64) -> bool {
        (self.0)(done)
    }
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patience")
    }
}
