//! Ctrl-C and a request to end: the first one ends the work when it can be left, the second one at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// The code with which shells show that a program was interrupted.
pub const EXIT: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt is noted.
pub fn watch() {
    // Without a handler an interrupt ends the program as ever, and the last report on disk is still whole.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(EXIT.into());
        }
    });
}

/// Whether somebody asked the program to end.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
