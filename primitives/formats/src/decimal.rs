//! Exact decimal numbers: no value passes through a float.

use core::{
	fmt::{self, Write},
	str::FromStr,
};

use alloc::string::String;
use cairn_types::unit::{self, ConversionFault};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Cause, text::Buffer, work};

/// Largest exponent that is written as zeros.
const WRITTEN_ZEROS: i16 = 20;
/// Smallest exponent that is written with a point.
const WRITTEN_PLACES: i16 = -40;

/// The exact number mantissa · 10^exponent.
///
/// The mantissa does not end in a zero, and zero has the exponent 0: equal numbers are equal
/// values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
	mantissa: i128,
	exponent: i16,
}

impl Decimal {
	/// Nought.
	pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };
	/// One.
	pub const ONE: Self = Self { mantissa: 1, exponent: 0 };

	/// mantissa · 10^exponent.
	///
	/// # Errors
	/// [`Cause::NumberTooLong`] if the exponent, without zeros at the mantissa's end, leaves 16
	/// bits, or if the mantissa has no negative of 128 bits: no text could be read as it.
	pub fn new(mantissa: i128, exponent: i64) -> Result<Self, Cause> {
		if mantissa == 0 {
			return Ok(Self::ZERO);
		}
		if mantissa == i128::MIN {
			return Err(Cause::NumberTooLong);
		}
		let (mut mantissa, mut exponent) = (mantissa, exponent);
		// At most 38 times: an i128 has no more digits.
		while mantissa % 10 == 0 {
			mantissa /= 10;
			exponent = exponent.saturating_add(1);
		}
		let exponent = i16::try_from(exponent).map_err(|_| Cause::NumberTooLong)?;
		Ok(Self { mantissa, exponent })
	}

	/// The digits, and the sign.
	#[must_use]
	pub const fn mantissa(self) -> i128 {
		self.mantissa
	}

	/// The power of ten.
	#[must_use]
	pub const fn exponent(self) -> i16 {
		self.exponent
	}

	/// The shortest decimal that reads back as the same double.
	///
	/// # Errors
	/// [`Cause::NotFinite`] if it is infinite or not a number.
	pub fn from_f64(value: f64) -> Result<Self, Cause> {
		if value.is_finite() { shortest(value) } else { Err(Cause::NotFinite) }
	}

	/// The shortest decimal that reads back as the same single: 1.2, not 1.2000000476837158.
	///
	/// # Errors
	/// [`Cause::NotFinite`] if it is infinite or not a number.
	pub fn from_f32(value: f32) -> Result<Self, Cause> {
		if value.is_finite() { shortest(value) } else { Err(Cause::NotFinite) }
	}

	/// The exact sum.
	///
	/// # Errors
	/// [`Cause::NumberTooLong`] if it has more than 38 digits.
	pub fn plus(self, other: Self) -> Result<Self, Cause> {
		if self.mantissa == 0 {
			return Ok(other);
		}
		if other.mantissa == 0 {
			return Ok(self);
		}
		let (high, low) =
			if self.exponent > other.exponent { (self, other) } else { (other, self) };
		let sum = power_of_ten(i32::from(high.exponent).saturating_sub(i32::from(low.exponent)))
			.and_then(|factor| high.mantissa.checked_mul(factor))
			.and_then(|aligned| aligned.checked_add(low.mantissa))
			.ok_or(Cause::NumberTooLong)?;
		Self::new(sum, i64::from(low.exponent))
	}

	/// The exact product.
	///
	/// # Errors
	/// [`Cause::NumberTooLong`] if it has more than 38 digits or too large an exponent.
	pub fn times(self, other: Self) -> Result<Self, Cause> {
		let product = self.mantissa.checked_mul(other.mantissa).ok_or(Cause::NumberTooLong)?;
		Self::new(product, i64::from(self.exponent).saturating_add(i64::from(other.exponent)))
	}

	/// ⌊self · 10^places⌋: rounded down, also below zero; `None` if it does not fit.
	#[must_use]
	pub fn floor(self, places: i8) -> Option<i128> {
		let exponent = i32::from(self.exponent).saturating_add(i32::from(places));
		if exponent >= 0 {
			return self.mantissa.checked_mul(power_of_ten(exponent)?);
		}
		match power_of_ten(exponent.saturating_neg()) {
			Some(divisor) => self.mantissa.checked_div_euclid(divisor),
			// Nearer to zero than any power that fits.
			None => Some(if self.mantissa < 0 { -1 } else { 0 }),
		}
	}
}

impl From<i64> for Decimal {
	fn from(value: i64) -> Self {
		// 18 zeros at most move into the exponent.
		Self::new(i128::from(value), 0).unwrap_or_default()
	}
}

impl From<u64> for Decimal {
	fn from(value: u64) -> Self {
		// 19 zeros at most move into the exponent.
		Self::new(i128::from(value), 0).unwrap_or_default()
	}
}

impl FromStr for Decimal {
	type Err = Cause;

	/// Read sign, digits with at most one point, and perhaps an exponent: JSON's numbers, and those
	/// of every text format here. Exact, and linear in the length.
	///
	/// # Errors
	/// [`Cause::NotFinite`] for `NaN` and `Inf` in any case, [`Cause::NumberTooLong`] beyond 38
	/// digits without zeros at either end, else [`Cause::BadNumber`].
	fn from_str(text: &str) -> Result<Self, Cause> {
		work::add(text.len());
		let number = text.parse::<unit::Decimal>().map_err(|fault| match fault {
			ConversionFault::NotFinite => Cause::NotFinite,
			ConversionFault::TooLong => Cause::NumberTooLong,
			_ => Cause::BadNumber,
		})?;
		Self::new(number.mantissa, i64::from(number.exponent))
	}
}

impl fmt::Display for Decimal {
	/// The shortest of plain digits, digits with a point, and digits with an exponent that JSON can
	/// carry; it reads back as the same value.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let sign = if self.mantissa < 0 { "-" } else { "" };
		let digits = self.mantissa.unsigned_abs();
		if (1..=WRITTEN_ZEROS).contains(&self.exponent) {
			let zeros = usize::from(self.exponent.unsigned_abs());
			return write!(f, "{sign}{digits}{:0<zeros$}", "");
		}
		if !(WRITTEN_PLACES..0).contains(&self.exponent) {
			write!(f, "{sign}{digits}")?;
			return if self.exponent == 0 { Ok(()) } else { write!(f, "e{}", self.exponent) };
		}
		let places = usize::from(self.exponent.unsigned_abs());
		let mut padded = Buffer::default();
		write!(padded, "{digits:0width$}", width = places.saturating_add(1))?;
		let text = padded.text();
		let point = text.len().saturating_sub(places);
		let (whole, fraction) = text.split_at_checked(point).ok_or(fmt::Error)?;
		write!(f, "{sign}{whole}.{fraction}")
	}
}

impl Serialize for Decimal {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Decimal {
	/// From a text, so that no reader makes a float of it.
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
	}
}

/// What is written of a float: no more digits than tell it from its neighbours.
fn shortest(value: impl fmt::LowerExp) -> Result<Decimal, Cause> {
	let mut digits = Buffer::default();
	write!(digits, "{value:e}").map_err(|_| Cause::NumberTooLong)?;
	digits.text().parse()
}

/// 10^exponent; `None` if it does not fit.
fn power_of_ten(exponent: i32) -> Option<i128> {
	10i128.checked_pow(u32::try_from(exponent).ok()?)
}
