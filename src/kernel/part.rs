//! Parts of a run that somebody else may have written, and what becomes of the run when one of them panics.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// The part that is being called. A panic leaves it as it is, and so says whose it was.
    static CALLED: Cell<Option<&'static str>> = const { Cell::new(None) };
    /// Whether somebody waits for the panic of a part.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// Where in its code the last one was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// A panic in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The part and what it was asked: `protocol, on_barrier`.
    pub part: &'static str,
    /// What it said, and where.
    pub message: String,
}

/// Calls a part.
#[inline]
pub fn part<T>(name: &'static str, call: impl FnOnce() -> T) -> T {
    // A part may be made of others.
    let outer = CALLED.replace(Some(name));
    let result = call();
    CALLED.set(outer);
    result
}

/// What `work` comes to, or the panic of a part that it calls. Any other panic is nobody's but ours, and goes on.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    HOOK.call_once(keep_quiet);
    CALLED.set(None);
    let outer = CATCHING.replace(true);
    // What a panic leaves half done is dropped, or made anew, by whoever asks for it here.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|payload| {
        let Some(part) = CALLED.take() else { panic::resume_unwind(payload) };
        let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let said = said.filter(|said| !said.trim().is_empty());
        let place = PLACE.take().map(|place| format!(" ({place})")).unwrap_or_default();
        Panic { part, message: format!("{}{place}", said.unwrap_or("a panic without a message")) }
    })
}

/// Panics that are kept are not printed as well: a campaign may meet thousands.
fn keep_quiet() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !CATCHING.get() || CALLED.get().is_none() {
            return others(info);
        }
        PLACE.set(info.location().map(|place| format!("{}:{}", place.file(), place.line())));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_panics_is_named() {
        let panic = caught(|| part("inner", || panic!("no {}", "way"))).expect_err("a panic");
        assert_eq!(panic.part, "inner");
        assert!(panic.message.starts_with("no way (src/kernel/part.rs:"), "{}", panic.message);
        assert_eq!(caught(|| part("inner", || 3)), Ok(3));
    }

    #[test]
    fn a_part_goes_on_after_the_parts_that_it_is_made_of() {
        let nested = || {
            part("inner", || ());
            panic!("outer");
        };
        assert_eq!(caught(|| part("outer", nested)).expect_err("a panic").part, "outer");
    }

    #[test]
    fn other_panics_go_on() {
        let outside = || {
            part("inner", || ());
            panic!("ours");
        };
        assert!(panic::catch_unwind(|| caught(outside)).is_err());
    }
}
