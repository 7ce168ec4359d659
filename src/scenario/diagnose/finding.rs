//! What is found wrong.

use super::mend::Mend;
use crate::scenario::json::Span;

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
