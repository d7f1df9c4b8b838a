//! What the calls and hooks do, and what other pallets ask.

mod claims;
mod emission;
mod queries;
mod units;
mod weighing;

pub use emission::ValidatorReward;
