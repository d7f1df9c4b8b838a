//! Configuration of the pallets, by concern.

pub mod bag_thresholds;
pub mod cairn;
pub mod consensus;
pub mod fees;
pub mod governance;
pub mod origins;
pub mod parameters;
pub mod staking;
pub mod system;
pub mod tracks;
pub mod utility;
