//! The data standard: which channels a device reports, in which unit.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::unit::{ConversionFault, Decimal, Quantity, SCALES, Unit, convert};

/// Most channels of one schema.
pub const MAX_CHANNELS: u32 = 16;
/// Longest name of a channel or schema, in bytes.
pub const MAX_NAME: u32 = 32;
/// A name in the SenML character set.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// Values of one reading, one place per channel.
pub type Values = BoundedVec<Option<i64>, ConstU32<MAX_CHANNELS>>;

/// Whether a channel measures a level or counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
	/// A level: goes up and down.
	Gauge,
	/// A total of what adds up: goes up, or restarts.
	Counter,
}

/// One channel. Values are integers in `unit` × 10^`scale`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
	/// SenML name: starts with a letter or digit, then also `-`, `:`, `.`, `/`, `_` (RFC 8428 §4.5.1).
	pub name: Name,
	/// What is measured.
	pub quantity: Quantity,
	/// In which unit.
	pub unit: Unit,
	/// Power of ten: a value v means v · 10^scale units. −18..=18.
	pub scale: i8,
	/// Level or total.
	pub kind: ChannelKind,
	/// Smallest valid value; at least 0 for a counter.
	pub min: i64,
	/// Largest valid value.
	pub max: i64,
	/// Most change per second between valid values; `None`: unlimited. A counter that restarts has
	/// changed by its new value.
	pub max_change: Option<u64>,
}

/// A schema: its channels in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Schema {
	/// What people call it.
	pub name: Name,
	/// The publisher's version of `name`.
	pub version: u16,
	/// 1..=16 channels.
	pub channels: BoundedVec<Channel, ConstU32<MAX_CHANNELS>>,
}

/// Why a schema is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SchemaFault {
	/// A schema without channels says nothing.
	Empty,
	/// A name is empty, or outside SenML's character set.
	BadName,
	/// Two channels share a name.
	DuplicateName,
	/// The unit does not measure the quantity.
	UnitMismatch,
	/// `min` exceeds `max`, a counter's `min` is negative, or `max_change` is zero.
	BadRange,
	/// The scale is outside −18..=18.
	BadScale,
	/// A counter is of a quantity that does not add up.
	NotCumulative,
}

impl Schema {
	/// Number of counter channels: the length of a leaf's totals.
	#[must_use]
	pub fn counters(&self) -> usize {
		self.channels.iter().filter(|channel| channel.kind == ChannelKind::Counter).count()
	}

	/// Whether the schema can be published.
	///
	/// # Errors
	/// The first [`SchemaFault`] found, channels in order.
	pub fn check(&self) -> Result<(), SchemaFault> {
		if self.channels.is_empty() {
			return Err(SchemaFault::Empty);
		}
		check_name(&self.name)?;
		for (index, channel) in self.channels.iter().enumerate() {
			channel.check()?;
			if self.channels.iter().take(index).any(|other| other.name == channel.name) {
				return Err(SchemaFault::DuplicateName);
			}
		}
		Ok(())
	}
}

impl Channel {
	/// `value` of `unit` as a value of this channel: converted exactly, then rounded once, half to
	/// even. Whether it is in the channel's range is another question.
	///
	/// It is the only way from one unit into another, so that no value becomes one of another
	/// quantity: percent of relative humidity and percent of a battery are both hundredths.
	///
	/// # Errors
	/// [`ConversionFault::OtherDimension`] unless the unit measures the channel's quantity;
	/// [`ConversionFault::BadScale`] if the channel's scale is outside [`SCALES`];
	/// [`ConversionFault::Overflow`] if the result does not fit an `i64`.
	pub fn value(&self, value: Decimal, unit: Unit) -> Result<i64, ConversionFault> {
		if !unit.measures(self.quantity) {
			return Err(ConversionFault::OtherDimension);
		}
		convert(value, unit, self.unit, self.scale)
	}

	fn check(&self) -> Result<(), SchemaFault> {
		check_name(&self.name)?;
		if !self.unit.measures(self.quantity) {
			return Err(SchemaFault::UnitMismatch);
		}
		if !SCALES.contains(&self.scale) {
			return Err(SchemaFault::BadScale);
		}
		if self.kind == ChannelKind::Counter && !self.quantity.accumulates() {
			return Err(SchemaFault::NotCumulative);
		}
		let negative_counter = self.kind == ChannelKind::Counter && self.min < 0;
		if self.min > self.max || negative_counter || self.max_change == Some(0) {
			return Err(SchemaFault::BadRange);
		}
		Ok(())
	}
}

/// Whether `name` is in SenML's character set for names and not empty (RFC 8428 §4.5.1).
#[must_use]
pub fn is_name(name: &[u8]) -> bool {
	let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"-:./_".contains(c);
	name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(allowed)
}

fn check_name(name: &[u8]) -> Result<(), SchemaFault> {
	if is_name(name) { Ok(()) } else { Err(SchemaFault::BadName) }
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn tank() -> Channel {
		Channel {
			name: BoundedVec::truncate_from(b"tank".to_vec()),
			quantity: Quantity::Level,
			unit: Unit::Percent,
			scale: -1,
			kind: ChannelKind::Gauge,
			min: 0,
			max: 1_000,
			max_change: None,
		}
	}

	fn check(channel: Channel) -> Result<(), SchemaFault> {
		let name = BoundedVec::truncate_from(b"tanks".to_vec());
		let channels = BoundedVec::truncate_from(vec![channel]);
		Schema { name, version: 1, channels }.check()
	}

	#[test]
	fn fails_when_json_has_more_channels_than_a_schema() {
		let json = |count: usize| {
			let channel = serde_json::to_string(&tank()).expect("JSON");
			let channels = vec![channel; count].join(",");
			format!("{{\"name\":[116],\"version\":1,\"channels\":[{channels}]}}")
		};
		assert!(serde_json::from_str::<Schema>(&json(16)).is_ok());
		for count in [17, 10_000] {
			assert!(serde_json::from_str::<Schema>(&json(count)).is_err(), "{count}");
		}
	}

	/// Every quantity with each of its units.
	fn measured() -> Vec<(Quantity, Unit)> {
		let quantities = Quantity::ALL.iter().copied();
		quantities.flat_map(|it| it.units().map(move |unit| (it, unit))).collect()
	}

	#[test]
	fn works_when_a_value_comes_in_another_unit_of_the_quantity() {
		assert_eq!(tank().value(Decimal::new(5, -1), Unit::One), Ok(500));
		assert_eq!(tank().value(Decimal::new(12_345, -3), Unit::BatteryPercent), Ok(123));
	}

	#[test]
	fn works_when_a_ratio_does_not_say_of_what() {
		for (quantity, unit, scale) in [
			(Quantity::Dimensionless, Unit::Percent, -1),
			(Quantity::Fraction, Unit::Permille, 0),
			(Quantity::Level, Unit::BatteryPercent, -1),
			(Quantity::Load, Unit::One, -3),
			(Quantity::RelativeHumidity, Unit::RelativeHumidity, -1),
		] {
			let channel = Channel { quantity, unit, scale, ..tank() };
			let value = channel.value(Decimal::new(25, -2), Unit::One);
			assert_eq!(value, Ok(250), "{quantity:?}");
		}
	}

	#[test]
	fn fails_when_the_unit_is_not_of_the_quantity() {
		// Each would convert into the channel's unit.
		for (quantity, unit, other) in [
			(Quantity::Level, Unit::Percent, Unit::Ppm),
			(Quantity::Level, Unit::Percent, Unit::RelativeHumidity),
			(Quantity::Dimensionless, Unit::Percent, Unit::RelativeHumidity),
			(Quantity::Dimensionless, Unit::Percent, Unit::BatteryPercent),
			(Quantity::RelativeHumidity, Unit::Percent, Unit::Ppm),
			(Quantity::RelativeHumidity, Unit::Percent, Unit::BatteryPercent),
			(Quantity::Load, Unit::One, Unit::Percent),
			(Quantity::Load, Unit::One, Unit::RelativeHumidity),
			(Quantity::SignalRatio, Unit::Decibel, Unit::BelSound),
			(Quantity::PrecipitationRate, Unit::MillimetrePerHour, Unit::KilometrePerHour),
		] {
			assert!(other.converts_to(unit), "{other:?}");
			let channel = Channel { quantity, unit, ..tank() };
			let value = channel.value(Decimal::new(1, 0), other);
			assert_eq!(value, Err(ConversionFault::OtherDimension), "{quantity:?} {other:?}");
		}
	}

	#[test]
	fn a_channel_takes_every_unit_of_its_quantity_and_no_other() {
		for (quantity, own) in measured() {
			let channel = Channel { quantity, unit: own, scale: 0, ..tank() };
			for unit in Unit::ALL {
				let value = channel.value(Decimal::new(1, 0), *unit);
				let fault = (!unit.measures(quantity)).then_some(ConversionFault::OtherDimension);
				assert_eq!(value.err(), fault, "{unit:?} as {quantity:?} in {own:?}");
			}
		}
	}

	#[test]
	fn every_quantity_can_be_a_gauge_and_those_that_add_up_a_counter() {
		for quantity in Quantity::ALL {
			for unit in quantity.units() {
				let gauge = Channel { quantity: *quantity, unit, ..tank() };
				assert_eq!(check(gauge.clone()), Ok(()), "{quantity:?} {unit:?}");
				let counter = Channel { kind: ChannelKind::Counter, ..gauge };
				let fault = (!quantity.accumulates()).then_some(SchemaFault::NotCumulative);
				assert_eq!(check(counter).err(), fault, "{quantity:?} {unit:?}");
			}
		}
	}

	#[test]
	fn fails_when_the_unit_measures_something_else() {
		for quantity in Quantity::ALL {
			for unit in Unit::ALL.iter().filter(|unit| !unit.measures(*quantity)) {
				let channel = Channel { quantity: *quantity, unit: *unit, ..tank() };
				assert_eq!(check(channel), Err(SchemaFault::UnitMismatch), "{quantity:?} {unit:?}");
			}
		}
	}

	proptest! {
		#[test]
		fn a_value_fills_a_channel_if_and_only_if_its_unit_measures_the_quantity(
			(quantity, own) in prop::sample::select(measured()),
			unit in prop::sample::select(Unit::ALL),
			value in -1_000_000i64..=1_000_000,
			(places, scale) in (-6i8..=0, 0i8..=3),
		) {
			let channel = Channel { quantity, unit: own, scale, ..tank() };
			let filled = channel.value(Decimal::from_scaled(value, places), unit);
			prop_assert_eq!(filled.is_ok(), unit.measures(quantity), "{:?}", filled);
			let is_other = filled == Err(ConversionFault::OtherDimension);
			prop_assert!(filled.is_ok() || is_other, "{:?}", filled);
		}
	}
}
