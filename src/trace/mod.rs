//! Layer 2, the narrow waist between the engine and everybody who reads what happened.

mod fact;
mod fields;
mod misfit;
mod situation;

pub use fact::{Fact, Reason, Refusal};
pub use fields::{Fields, Named};
pub use misfit::{Ask, Asked, Handler, Misfit, TypeName};
pub use situation::{Situation, Situations};
