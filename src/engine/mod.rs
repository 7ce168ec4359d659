//! Layer 4: the world and its drivers.
//!
//! [`World`] is a value: everything that is true of the simulated system, without clock and
//! without randomness. It says which steps can happen ([`World::ready`], [`World::enabled`]) and
//! applies exactly one ([`World::apply`]). A driver chooses; [`Timed`] chooses by simulated time,
//! [`Untimed`] is told what to take.

mod apply;
mod coordinate;
mod effects;
mod end;
mod failover;
mod faults;
mod fit;
mod names;
mod obstacle;
mod puppet;
mod router;
mod step;
mod timed;
mod timing;
mod untimed;
mod world;

pub use faults::{Fault, Moment, Point, When};
pub use names::NoStep;
pub use step::{Ahead, Lane, Notice, Observer, Stamp, Step, Touch, Wait};
pub use timed::{FactSink, FaultCounts, Limits, Stop, Timed};
pub use timing::{EmitTimes, Initiation, Link, OperatorTiming, Slow, Stall, Timing, Upload};
pub use untimed::{Control, Skipped, Untimed};
pub use world::{ChannelContents, Setup, World};
