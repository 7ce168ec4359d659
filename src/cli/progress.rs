//! How far a long command is, on standard error.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::clock::Clock;
use super::output;

/// Where there is no terminal, a line is written this often.
const EVERY: Duration = Duration::from_secs(10);

/// A bar where standard error is a terminal, else a line now and then.
pub struct Progress {
    began: Clock,
    bar: Option<ProgressBar>,
    told: Clock,
    /// Runs that were there before it began.
    before: u64,
}

impl Progress {
    /// Of so many runs; nothing when their number is not known.
    pub fn new(total: Option<u64>, before: u64) -> Progress {
        let began = Clock::start();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let form =
                if total.is_some() { "{bar:30} {pos}/{len} runs {msg}, {eta} left" } else { "{spinner} {pos} runs {msg}, {elapsed}" };
            // A form that indicatif does not understand is no reason to stop.
            bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Progress { began, bar, told: began, before }
    }

    /// So many runs have been made, and so many of them failed.
    pub fn at(&mut self, runs: u64, failed: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("({failed} failed)"));
            bar.set_position(runs);
        } else if self.told.elapsed() >= EVERY {
            self.told = Clock::start();
            output::message(self.line(runs, failed));
        }
    }

    /// All is done.
    pub fn finish(self, runs: u64, failed: u64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        output::message(self.line(runs, failed));
    }

    fn line(&self, runs: u64, failed: u64) -> String {
        let took = self.began.elapsed().as_millis();
        let rate = u128::from(runs - self.before) * 1000 / took.max(1);
        format!("{runs} runs, {failed} failed, {}.{:03} s, {rate} runs/s", took / 1000, took % 1000)
    }
}
