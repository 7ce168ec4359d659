//! A deterministic testbed for distributed snapshots.
//!
//! `cutline` runs a dataflow inside one thread, takes snapshots of it by barriers as stream
//! processors do, crashes it, recovers it from its last snapshot, and says whether every record
//! took effect exactly once, at least once, at most once or not at all, and why.
//!
//! ```
//! let scenario = cutline::Scenario::from_json(
//!     r#"{
//!       "title": "two sources, one of them late",
//!       "operators": {
//!         "A": {"kind": "source", "at": ["10ms", "20ms", "40ms", "50ms"]},
//!         "B": {"kind": "source", "at": ["10ms", "20ms", "40ms", "50ms"]},
//!         "count": {"kind": "keyed_count"}
//!       },
//!       "channels": [
//!         {"from": "A", "to": "count", "delay": "1ms"},
//!         {"from": "B", "to": "count", "delay": "40ms"}
//!       ],
//!       "snapshots": {"protocol": "at_least_once", "at": ["30ms"]},
//!       "faults": [{"crash": "count", "at": "85ms"}]
//!     }"#,
//! )
//! .expect("a valid scenario");
//! let outcome = cutline::run(&scenario);
//! assert_eq!(outcome.guarantee.observed, "at_least_once");
//! assert_eq!(outcome.places[0].examples, ["A#3 x2", "A#4 x2"]);
//! ```
//!
//! The pages in `docs/` say the rest: `docs/format.md` has every field of a scenario, `docs/own-protocol.md`
//! shows how a protocol of your own is run and tested.
//!
//! # Shape
//!
//! ```text
//! scenario.json -> Scenario -> World --steps--> facts -> oracles -> Outcome -> report
//!                                ^ a driver chooses the next step
//! ```
//!
//! Imports run downward only, and `tests/tidy.rs` holds that:
//!
//! | layer | module | holds |
//! |---|---|---|
//! | 0 | [`kernel`] | ticks, event queue, choice streams, typed indices, digest, fingerprints; no word of the domain |
//! | 1 | [`model`] | graph, records and lineage, operators and their state, the outside world |
//! | 2 | [`trace`] | [`trace::Fact`]: the narrow waist; situations |
//! | 3 | [`protocol`] | snapshot protocols, coordinator, sinks, storage: pure state machines |
//! | 4 | [`engine`], [`oracle`] | the world, its one interpreter and drivers; the invariants, as folds over facts |
//! | 5 | [`scenario`] | the file format, what is valid of it, running it, comparing protocols |
//! | 6 | [`explore`] | random walks and campaigns of them, exhaustive search, shrinking, the bug zoo |
//! | 7 | `report` | text, JSON, JUnit, diagrams, the page, exports |
//! | 8 | `cli` | the only code that touches disk, terminal or arguments |
//!
//! # Laws
//!
//! 1. The same scenario and seed give the same bytes: facts, digest, report.
//! 2. Time and probability are integers.
//! 3. Every random purpose of every entity has a stream of its own, keyed by a stable name.
//! 4. No hash order reaches a result.
//! 5. A crash wipes what is volatile and nothing else.
//! 6. Every invariant is the only one to catch some wrong protocol, sink, storage or coordinator
//!    (`tests/oracles.rs`).
//! 7. No input makes the library panic.
//! 8. A scenario that is violated as expected passes.
//! 9. When the timed driver has nothing left to do, the world offers nothing but faults and unused
//!    requests; the steps of a timed run, applied again one by one, give an equal world and equal
//!    facts.

#[cfg(feature = "cli")]
pub mod cli;
pub mod engine;
pub mod explore;
pub mod kernel;
pub mod model;
pub mod oracle;
pub mod protocol;
#[cfg(feature = "cli")]
pub mod report;
pub mod scenario;
pub mod trace;

pub use explore::Fuzz;
#[cfg(feature = "proptest")]
pub use explore::scenarios;
pub use scenario::{Outcome, Scenario, run};

/// The code in the documentation compiles and holds.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../docs/own-protocol.md")]
    struct OwnProtocol;
}
