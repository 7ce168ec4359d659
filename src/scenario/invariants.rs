//! The names of the invariants, in the order of the outcome.

/// Every invariant that a run is judged by.
pub const INVARIANTS: [&str; 7] =
    ["delivery", "consistent_cut", "state_equals_replay", "restore_fidelity", "sink_commit_rules", "liveness", "engine_sanity"];
