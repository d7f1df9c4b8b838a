//! Quantities and units as closed, versioned enums, and the exact conversion between units.
//!
//! Units are those of the IANA SenML registry: the primary ones of RFC 8428 §12.1 and RFC 8798 §2,
//! the secondary ones of RFC 8798 §3, and a few that both lack and many devices report. An index
//! never changes its meaning, and new ones are appended, with a new [`VERSION`]: what was signed
//! under a schema reads the same for ever. `registry.txt` beside this file is the list that tests
//! hold the code against.
//!
//! Every unit has a *reference unit*: it is an exact rational multiple of that, perhaps with an
//! exact offset. Units convert into each other if some quantity is measured in both; all units of
//! a quantity have the same reference unit, so [`convert`] is exact until its single rounding.

mod alias;
mod conversion;
mod decimal;
mod quantity;
mod table;
#[cfg(test)]
mod tests;

pub use conversion::{Conversion, ConversionFault, SCALES, convert};
pub use decimal::Decimal;
pub use quantity::Quantity;
pub use table::Unit;

/// Version of the two enums: raised when one is appended to. Version 1 ended with
/// [`Quantity::Load`] and [`Unit::DegreeOfAngle`].
pub const VERSION: u16 = 2;
