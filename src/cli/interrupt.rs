//! Ctrl-C and a request to end: the first one ends the work when it can be left, the second one at once.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::clock::Clock;

/// The code with which shells show that a program was interrupted.
pub const EXIT: u8 = 130;

static ASKED: OnceLock<Clock> = OnceLock::new();

/// Whether something is being read that may never come, as from a pipe that nobody writes to.
static IS_READING: AtomicBool = AtomicBool::new(false);

/// What is nearly done may take so long after an interrupt.
const GRACE: Duration = Duration::from_secs(4);

/// One request may arrive twice: `timeout` sends it to the program and to its group.
const ECHO: Duration = Duration::from_millis(30);

/// From now on an interrupt is noted.
pub fn watch() {
    // Without a handler an interrupt ends the program as ever, and the last report on disk is still whole.
    let _ = ctrlc::set_handler(|| {
        let asked = ASKED.get_or_init(Clock::start);
        if asked.elapsed() > ECHO || IS_READING.load(Ordering::SeqCst) {
            process::exit(EXIT.into());
        }
    });
}

/// Reads, and is ended by the first interrupt: there is nothing to finish yet.
pub fn reading<T>(read: impl FnOnce() -> T) -> T {
    IS_READING.store(true, Ordering::SeqCst);
    let read = read();
    IS_READING.store(false, Ordering::SeqCst);
    read
}

/// Whether somebody asked the program to end.
pub fn is_asked() -> bool {
    ASKED.get().is_some()
}

/// Whether that was so long ago that nobody waits for what could still be finished.
pub fn is_urgent() -> bool {
    ASKED.get().is_some_and(|asked| asked.elapsed() > GRACE)
}
