//! How far a long command is, on standard error, and whether anybody still waits for it.

use std::io::IsTerminal;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use indicatif::ProgressBar;

use super::clock::Clock;
use super::{bar, interrupt, output};

/// Where there is no terminal, a line is written this often.
const EVERY: Duration = Duration::from_secs(10);
/// What takes less shows no bar.
const SOON: Duration = Duration::from_millis(400);

/// A bar where standard error is a terminal, else a line now and then.
pub struct Progress {
    began: Clock,
    what: &'static str,
    total: Option<u64>,
    is_terminal: bool,
    bar: OnceLock<ProgressBar>,
    note: Mutex<String>,
    told: Mutex<Clock>,
}

impl Progress {
    /// Of so many of these; nothing when their number is not known. From now on an interrupt is noted.
    pub fn new(what: &'static str, total: Option<u64>) -> Progress {
        interrupt::watch();
        let began = Clock::start();
        let is_terminal = std::io::stderr().is_terminal();
        Progress { began, what, total, is_terminal, bar: OnceLock::new(), note: Mutex::default(), told: Mutex::new(began) }
    }

    /// What is said behind the number, from now on.
    pub fn note(&self, text: impl Into<String>) {
        let text = text.into();
        if let Some(bar) = self.bar.get() {
            bar.set_message(text.clone());
        }
        if let Ok(mut note) = self.note.lock() {
            *note = text;
        }
    }

    /// So many are done.
    pub fn at(&self, done: u64) {
        if self.is_terminal {
            if self.began.elapsed() >= SOON {
                self.bar.get_or_init(|| self.show()).set_position(done);
            }
        } else if let Ok(mut told) = self.told.try_lock()
            && told.elapsed() >= EVERY
        {
            *told = Clock::start();
            let (what, note) = (self.what, self.noted());
            let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
            output::message(format_args!("{done}{of} {what}{}{note}", if note.is_empty() { "" } else { " " }));
        }
    }

    /// What [`Patience`](crate::kernel::Patience) asks: it goes on until somebody interrupts.
    pub fn lasts(&self) -> impl Fn(u64) -> bool + Sync {
        |done| {
            self.at(done);
            !interrupt::is_asked()
        }
    }

    /// The time since it began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn show(&self) -> ProgressBar {
        let bar = bar::show(self.total, self.what);
        bar.set_message(self.noted());
        bar
    }

    fn noted(&self) -> String {
        self.note.lock().map(|note| note.clone()).unwrap_or_default()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.bar.get().is_some() {
            bar::clear();
        }
    }
}
