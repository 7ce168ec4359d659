//! Where something stands in a file, and what is wrong there.

use std::fmt;

use super::tree::{Node, Span};

/// Finds line and column of byte offsets.
#[derive(Debug, Clone)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Indexes the lines of `text`.
    pub fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    /// The line of `offset`, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Line and column of `offset`, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line(offset);
        let start = self.starts[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }

    /// Where `error` points to.
    ///
    /// `serde_json` counts columns in bytes and names the last byte it has read.
    pub(super) fn offset_of(&self, error: &serde_json::Error) -> usize {
        if error.is_eof() {
            return self.text.len();
        }
        let line = error.line().clamp(1, self.starts.len());
        let offset = (self.starts[line - 1] + error.column()).saturating_sub(1);
        self.text.floor_char_boundary(offset)
    }
}

/// Something wrong in the file: where it is, what it is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes in question.
    pub span: Span,
    /// Line of the first byte, counted from 1.
    pub line: usize,
    /// Column of the first byte in characters, counted from 1.
    pub column: usize,
    /// Path from the root of the file, like `$.operators.count.kind`.
    pub path: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// The nearest valid word, or what to do.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at the value or key of `root` that starts at `span`.
    pub fn new(root: &Node, lines: &LineIndex<'_>, span: Span, message: impl Into<String>, help: Option<String>) -> Self {
        let path = root.path_to(span.start);
        Self { path, ..Self::of_file(lines, span, message.into(), help) }
    }

    /// A mistake in a file of which there is no tree.
    pub(super) fn of_file(lines: &LineIndex<'_>, span: Span, message: String, help: Option<String>) -> Self {
        let (line, column) = lines.position(span.start);
        Self { span, line, column, path: String::from("$"), message, help }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line, self.column);
        write!(f, "{line}:{column}: {}: {}", self.path, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}
