//! Layer 0: ticks, the event queue, seeded choice streams, typed indices, digest and fingerprints.
//!
//! Nothing here knows a word of the domain: no task, no record, no snapshot.

mod bytes;
mod delay;
mod digest;
mod duration;
mod fingerprint;
mod index;
mod lists;
mod part;
mod patience;
mod printed;
mod queue;
mod stream;
mod ticks;

pub use bytes::{Bytes, ParseBytesError};
pub use delay::Delay;
pub use digest::Digest;
pub use duration::ParseTicksError;
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use index::{Id, IdVec};
pub use lists::{List, Lists, set_bits};
pub use part::{Panic, caught, part};
pub use patience::Patience;
pub use printed::{Printed, Prints};
pub use queue::EventQueue;
pub use stream::Stream;
pub use ticks::Ticks;

pub(crate) use index::{clone_fields, id_type};

/// A number with its noun: `1 entry`, `3 entries`.
pub(crate) fn counted(count: impl Into<u64>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}
