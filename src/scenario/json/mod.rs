//! Reads JSON into a tree that remembers where everything stands in the file.
//!
//! `serde_json` decides what is JSON; this module only keeps what it would
//! throw away: the place of every value and key, the order of the members,
//! repeated keys, and the digits of numbers as they were written.

mod place;
mod raw;
mod read;
mod tree;

pub use place::{LineIndex, Mistake};
pub use read::{parse, text_of};
pub use tree::{Member, Node, Span, Value, quoted, shortened};

#[cfg(test)]
mod tests;
