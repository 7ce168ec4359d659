//! The last line of a terminal, which says how far a long command is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows a bar, towards a total where it is known.
pub fn show(total: Option<u64>, what: &str) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let form = match total {
        Some(_) => format!("{{bar:30}} {{pos}}/{{len}} {what} {{msg}}, {{eta}} left"),
        None => format!("{{spinner}} {{pos}} {what} {{msg}}, {{elapsed}}"),
    };
    // A form that indicatif does not understand is no reason to stop.
    bar.set_style(ProgressStyle::with_template(&form).unwrap_or_else(|_| ProgressStyle::default_bar()));
    *shown() = Some(bar.clone());
    bar
}

/// Takes the bar away.
pub fn clear() {
    if let Some(bar) = shown().take() {
        bar.finish_and_clear();
    }
}

/// Writes something else to the terminal, with the bar out of its way.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
