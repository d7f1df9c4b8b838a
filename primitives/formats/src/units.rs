//! The one place that asks the data standard about units.

use cairn_types::{
	Channel, Unit,
	unit::{self, ConversionFault},
};

use crate::{Cause, Decimal};

/// Symbols of the registry of SenML's secondary units (RFC 8798 §3), which need base version 26
/// (RFC 9100 §4).
const SECONDARY: &[&str] = &[
	"ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "VAh",
	"kVAh", "Wh/km", "KiB", "GB", "Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3", "ug/l",
	"g/l", "mg/l", "mm/h", "m/h", "ppm", "ppb", "ppt", "/100", "/1000", "hPa", "mm", "cm", "km",
	"km/h",
];

/// The unit of a SenML symbol. Comparing with every unit takes bounded time.
pub(crate) fn by_symbol(symbol: &str) -> Option<Unit> {
	Unit::from_senml(symbol)
}

/// The unit of a symbol or word that is not SenML.
pub(crate) fn by_word(word: &str) -> Option<Unit> {
	Unit::from_name(word)
}

/// Whether a symbol is of SenML's secondary units.
pub(crate) fn is_secondary(symbol: &str) -> bool {
	SECONDARY.contains(&symbol)
}

/// The unit of a value's integral over time: the unit times seconds, where there is one.
pub(crate) const fn integrated(unit: Unit) -> Option<Unit> {
	Some(match unit {
		Unit::One => Unit::Second,
		Unit::Watt => Unit::Joule,
		Unit::VoltAmpereReactive => Unit::VoltAmpereReactiveSecond,
		Unit::Ampere => Unit::Coulomb,
		Unit::MetrePerSecondSquared => Unit::MetrePerSecond,
		Unit::MetrePerSecond => Unit::Metre,
		Unit::CubicMetrePerSecond => Unit::CubicMetre,
		Unit::LitrePerSecond => Unit::Litre,
		Unit::BitPerSecond => Unit::Bit,
		Unit::BytePerSecond => Unit::Byte,
		Unit::Hertz | Unit::PerSecond => Unit::Count,
		Unit::Volt => Unit::Weber,
		_ => return None,
	})
}

/// `value` of the unit `from` as an integer of `channel`: exact, then rounded once, half to even.
///
/// # Errors
/// [`Cause::UnitMismatch`] unless the unit measures the channel's quantity; [`Cause::OutOfRange`] if
/// the integer does not fit an `i64`, or the channel's scale is outside −18..=18.
pub(crate) fn value_of(channel: &Channel, value: Decimal, from: Unit) -> Result<i64, Cause> {
	let value = unit::Decimal::new(value.mantissa(), i32::from(value.exponent()));
	channel.value(value, from).map_err(|fault| match fault {
		ConversionFault::OtherDimension => Cause::UnitMismatch,
		_ => Cause::OutOfRange,
	})
}
