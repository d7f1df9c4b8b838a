//! Emission, rates, tapers and vesting in integer arithmetic: no floats, every rounding stated.
//!
//! Fractions are Q64: an integer x means x / 2^64.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

mod accrual;
mod emission;
mod fold;
mod rate;
mod vesting;

pub use accrual::{Accrual, NotCovered};
pub use emission::{Parts, Split, emission, taper};
pub use fold::{MAX_OPEN, Open, OpenCycles, RateSource, TooManyOpen, count, fold};
pub use rate::{ONE, Rate, product, rate, value};
pub use vesting::{kept_share, released};
