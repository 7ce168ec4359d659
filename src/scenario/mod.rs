//! Layer 5: scenario files, what is valid of them, and running them.
//!
//! `format` is what was typed; `check` turns it into a [`Scenario`], or into all its mistakes;
//! [`run`] makes an [`Outcome`] of it, [`compare`](compare()) runs it under several protocols.

mod check;
mod compare;
mod costs;
mod diagnose;
pub mod format;
mod invariants;
mod json;
mod judgement;
mod notes;
mod offer;
mod onset;
pub mod outcome;
mod progress;
mod recording;
mod run;
mod standing;
mod states;
mod timeline;

pub use check::{Expectations, Range, Scenario};
pub(crate) use check::{GraphFile, Groundwork, RulesFile};
pub use compare::{Comparison, ComparisonReport, LeftOut, ProtocolSummary, compare, compare_attended};
pub use costs::{BARRIER_BYTES, RECORD_BYTES};
pub use format::schema;
pub use invariants::INVARIANTS;
pub use json::{Mistake, Span};
pub use offer::Offers;
pub use outcome::Outcome;
pub use recording::{Happened, Recording};
pub use run::{Glance, Runner, run, run_traced};
