//! The names of the invariants, in the order of the outcome.

/// Every invariant that a run is judged by; the last two only where there are tokens to count, or a
/// property to find.
pub const INVARIANTS: [&str; 10] = [
    "delivery",
    "consistent_cut",
    "state_equals_replay",
    "restore_fidelity",
    "sink_commit_rules",
    "coordinator_rules",
    "liveness",
    "engine_sanity",
    "conservation",
    "no_false_alarm",
];
