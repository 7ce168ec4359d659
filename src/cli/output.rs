//! The only place that writes to standard output and standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anstyle::{AnsiColor, Effects};

use super::{Exit, bar};
use crate::report::printable;

/// What went wrong, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    help: String,
}

impl Problem {
    /// The help is a single line.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { message: message.into(), help: help.into() }
    }

    /// What went wrong, on lines of its own.
    pub fn message(&self) -> String {
        self.message.lines().map(printable).collect::<Vec<_>>().join("\n")
    }

    /// Writes it to standard error.
    pub fn print(&self) {
        let red = AnsiColor::Red.on_default().effects(Effects::BOLD);
        message(format_args!("{red}error{red:#}: {}\n  help: {}", self.message(), printable(&self.help)));
    }
}

/// Why reading or writing failed, in words and without numbers of the system.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => {
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            words.to_lowercase()
        }
    }
}

/// Writes a result to standard output. A reader that went away has seen enough, which is no failure.
pub fn result(text: &str) -> Exit {
    let written = bar::aside(|| {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let help = "the result is not complete; make room, or redirect it to another place";
            Problem::new(format!("cannot write the result: {}", reason(&error)), help).print();
            Exit::Usage
        }
        _ => Exit::AsExpected,
    }
}

/// Writes a line to standard error. When nobody can read it, there is nobody to tell.
pub fn message(text: impl Display) {
    let _ = bar::aside(|| writeln!(anstream::stderr().lock(), "{text}"));
}

/// Standard output for lines that are too many to hold in memory.
pub fn stream() -> Box<dyn Write> {
    Box::new(io::stdout().lock())
}
