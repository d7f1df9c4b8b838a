//! Quantities and units as closed, versioned enums, and the exact conversion between units.
//!
//! Units are those of the IANA SenML registry: the primary ones of RFC 8428 §12.1 and RFC 8798 §2,
//! the secondary ones of RFC 8798 §3, and a few that both lack and many devices report. An index
//! never changes its meaning, and new ones are appended, with a new [`VERSION`]: what was signed
//! under a schema reads the same for ever. `registry.txt` beside this file is the list that tests
//! hold the code against.
//!
//! Every unit has a *reference unit*: it is an exact rational multiple of that, perhaps with an
//! exact offset. All units of a quantity have the same reference unit, so conversion is exact until
//! its single rounding.
//!
//! Many units are of one quantity, some of several: a ratio may say how full something is, or how
//! humid. So two units that convert into each other need not measure the same, and nothing outside
//! this crate converts from unit to unit: [`Channel::value`](crate::Channel::value) knows what is
//! measured.

mod alias;
mod conversion;
mod decimal;
mod quantity;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use conversion::convert;
pub use conversion::{Conversion, ConversionFault, SCALES};
pub use decimal::Decimal;
pub use quantity::Quantity;
pub use table::Unit;

/// Version of the two enums: raised when one is appended to. Version 1 ended with
/// [`Quantity::Load`] and [`Unit::DegreeOfAngle`].
pub const VERSION: u16 = 2;
