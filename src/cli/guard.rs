//! Turns a panic into an error message, so that one defect does not lose the results of other scenarios.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Mutex;

use super::output::Problem;

static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps what a panic says for the error message instead of printing it at once.
pub fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        let text = describe(info);
        // The first one is the cause, later ones are threads that wait for it.
        FIRST.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(text);
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| format!("\n{backtrace}"));
    format!("{message}{}{}", place.unwrap_or_default(), backtrace.unwrap_or_default())
}

/// The result of `work`, or what its panic said.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic leaves half done is dropped with the scenario it belongs to.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let first = FIRST.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        first.unwrap_or_else(|| "no message".to_owned())
    })
}

/// The error that tells of a panic in `what`.
pub fn internal_error(what: &str, panic: &str) -> Problem {
    let help = "this is a defect of cutline; please report it with the scenario file and the seed";
    Problem::new(format!("internal error in {what}: {panic}"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(guarded(|| 3), Ok(3));
        assert!(guarded(|| panic!("out of bounds")).is_err());
    }
}
