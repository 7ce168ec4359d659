//! Layer 6: looking for bugs, and a collection of bugs to look for.

pub mod zoo;
