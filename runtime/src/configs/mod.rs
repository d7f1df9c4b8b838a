//! Configuration of the pallets, by concern.

pub mod bag_thresholds;
pub mod cairn;
pub mod consensus;
pub mod fees;
pub mod parameters;
pub mod staking;
pub mod system;
pub mod utility;
