#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod cbor;
pub mod csv;
mod data;
mod decimal;
mod error;
mod json;
mod limits;
pub mod mapping;
pub mod openmetrics;
mod record;
pub mod semtech;
pub mod senml;
pub mod sparkplug;
mod text;
pub mod time;
mod units;
#[doc(hidden)]
pub mod work;

#[cfg(test)]
mod tests;

pub use decimal::Decimal;
pub use error::{Cause, FormatError};
pub use limits::Limits;
pub use mapping::{Mapping, Pattern, Row, Rule, apply};
pub use record::{Measure, Record, RecordUnit, Value};
