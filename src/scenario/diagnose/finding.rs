//! What is found wrong.

use crate::scenario::json::{Node, Span};

/// How many mistakes are reported one by one.
pub(super) const MAX_MISTAKES: usize = 100;

/// A mistake whose line, column and path have not been worked out.
#[derive(Clone)]
pub(super) struct Finding {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
    /// How the file could go on without it.
    pub mend: Option<Mend>,
}

impl Finding {
    pub fn new(span: Span, message: String, help: Option<String>) -> Self {
        Self { span, message, help, mend: None }
    }

    pub fn mended_by(self, mend: Mend) -> Self {
        Self { mend: Some(mend), ..self }
    }
}

/// What to do about a mistake at a place.
#[derive(Clone)]
pub(super) enum Mend {
    /// Another key, which the object needs.
    Rename(String),
    /// Another key, which may be another one yet.
    Guess(String),
    /// A member that nobody knows is taken away.
    Remove,
    /// A member that is given again is taken away, and the value of the first one, which starts
    /// here, is in doubt.
    Repeated(usize),
    /// Another field.
    Add(String, Node),
    /// Another value.
    Replace(Node),
}
