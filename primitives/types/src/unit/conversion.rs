//! Values of one unit in another, exactly, then rounded once. No floats.

use core::{cmp::Ordering, ops::RangeInclusive};

use sp_core::U512;

use super::{Decimal, Unit};

/// The powers of ten in which a channel may count its unit.
pub const SCALES: RangeInclusive<i8> = -18..=18;

/// Values below 10^this convert to zero but for their sign, which decides a tie: the smallest
/// distance from zero at which rounding changes is a ratio of half of 10^-18 parts per trillion.
const SMALLEST: i32 = -35;
/// Values from 10^this on fit no result: the largest one is a ratio of 2^63 · 10^18, in parts per
/// trillion.
const LARGEST: i32 = 50;

/// What a value in a unit is in its reference unit: value · factor + offset, as fractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
	/// Reference units per unit: numerator and denominator, neither of them zero.
	pub factor: (u128, u128),
	/// What is added: numerator and denominator, the latter not zero.
	pub offset: (i128, u128),
}

cairn_coded::coded! {
	/// Why a value cannot be converted.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum ConversionFault(
		/// The code of the reference.
		code: &'static str,
	) {
		/// The unit does not measure the channel's quantity.
		OtherDimension = "other_dimension": "Report in a unit of the channel's quantity.",
		/// The value does not fit 64 bits in the channel's unit and scale.
		Overflow = "overflow": "Check the sensor; else use a schema of a larger scale or unit.",
		/// The value is infinite or not a number.
		NotFinite = "not_finite": "Leave a value out that the sensor does not have.",
		/// The text is not a decimal number.
		Malformed = "malformed_number":
			"Write digits with at most one point, and perhaps an exponent.",
		/// The number has more than 38 digits.
		TooLong = "too_many_digits": "Round it: no sensor measures that precisely.",
		/// The scale is outside −18..=18.
		BadScale = "bad_scale": "Choose a power of ten within it.",
	}
}

/// The integer r for which r · 10^scale of the unit `to` is nearest to `value` of the unit `from`.
///
/// With v · a + b the value in the reference unit that both share, as [`Unit::conversion`] has it:
/// r = (value · a_from + b_from − b_to) / (a_to · 10^scale). It is computed as one fraction of
/// integers and rounded once, half to even. The factors are those of RFC 8428 §12.1 and RFC 8798
/// §3. Time and memory are bounded, whatever the value.
///
/// Which quantity is measured is not known here: `/100` shares one with `%RH` and another one with
/// `%EL`. Who fills a channel asks [`crate::Channel::value`].
///
/// # Errors
/// [`ConversionFault::OtherDimension`] unless some quantity is measured in both units;
/// [`ConversionFault::BadScale`] if the scale is outside [`SCALES`];
/// [`ConversionFault::Overflow`] if r does not fit an `i64`.
pub(crate) fn convert(
	value: Decimal,
	from: Unit,
	to: Unit,
	scale: i8,
) -> Result<i64, ConversionFault> {
	if !from.converts_to(to) {
		return Err(ConversionFault::OtherDimension);
	}
	if !SCALES.contains(&scale) {
		return Err(ConversionFault::BadScale);
	}
	let value = bounded(value).ok_or(ConversionFault::Overflow)?;
	let fraction = fraction(value, from.conversion(), to.conversion(), scale);
	fraction.and_then(Fraction::round).ok_or(ConversionFault::Overflow)
}

/// A value that rounds as `value` does and whose fraction fits; `None` if it is too large for any
/// result.
fn bounded(value: Decimal) -> Option<Decimal> {
	let Some(last_place) = value.mantissa.unsigned_abs().checked_ilog10() else {
		return Some(Decimal::default());
	};
	// 10^place <= |value| < 10^(place + 1)
	let place = value.exponent.saturating_add(i32::try_from(last_place).ok()?);
	if place >= LARGEST {
		None
	} else if place < SMALLEST {
		Some(Decimal::new(value.mantissa.signum(), SMALLEST))
	} else {
		Some(value)
	}
}

/// A number, as sign and fraction.
#[derive(Clone, Copy)]
struct Fraction {
	is_negative: bool,
	numerator: U512,
	/// Not zero.
	denominator: U512,
}

/// The result of a conversion before it is rounded. 512 bits are enough for every bounded value and
/// every two units; `None` stands for more.
fn fraction(value: Decimal, from: Conversion, to: Conversion, scale: i8) -> Option<Fraction> {
	let (up, down) = powers(value.exponent)?;
	let (scale_down, scale_up) = powers(i32::from(scale))?;
	let shift = difference(from.offset, to.offset)?;
	let (from_factor, to_factor) = (widened(from.factor), widened(to.factor));
	let shift_divisor = U512::from(shift.1);

	let scaled = product([
		U512::from(value.mantissa.unsigned_abs()),
		up,
		from_factor.0,
		shift_divisor,
		to_factor.1,
		scale_up,
	])?;
	let shifted =
		product([U512::from(shift.0.unsigned_abs()), down, from_factor.1, to_factor.1, scale_up])?;
	let (is_negative, numerator) = sum((value.mantissa < 0, scaled), (shift.0 < 0, shifted))?;
	let denominator = product([down, from_factor.1, shift_divisor, to_factor.0, scale_down])?;
	Some(Fraction { is_negative, numerator, denominator })
}

impl Fraction {
	/// The nearest integer, the even one of two that are as near; `None` if it does not fit.
	fn round(self) -> Option<i64> {
		let floor = self.numerator.checked_div(self.denominator)?;
		let rest = self.numerator.checked_rem(self.denominator)?;
		let rounds_up = match rest.checked_add(rest)?.cmp(&self.denominator) {
			Ordering::Less => false,
			Ordering::Equal => floor.bit(0),
			Ordering::Greater => true,
		};
		let magnitude = u64::try_from(floor).ok()?.checked_add(u64::from(rounds_up))?;
		if self.is_negative {
			0i64.checked_sub_unsigned(magnitude)
		} else {
			i64::try_from(magnitude).ok()
		}
	}
}

/// 10^exponent as numerator and denominator.
fn powers(exponent: i32) -> Option<(U512, U512)> {
	let power = U512::from(10u8).checked_pow(U512::from(exponent.unsigned_abs()))?;
	let one = U512::one();
	Some(if exponent < 0 { (one, power) } else { (power, one) })
}

/// a − b of two fractions.
fn difference(a: (i128, u128), b: (i128, u128)) -> Option<(i128, u128)> {
	let left = a.0.checked_mul(i128::try_from(b.1).ok()?)?;
	let right = b.0.checked_mul(i128::try_from(a.1).ok()?)?;
	Some((left.checked_sub(right)?, a.1.checked_mul(b.1)?))
}

fn widened((numerator, denominator): (u128, u128)) -> (U512, U512) {
	(U512::from(numerator), U512::from(denominator))
}

fn product<const N: usize>(factors: [U512; N]) -> Option<U512> {
	factors.into_iter().try_fold(U512::one(), U512::checked_mul)
}

/// The sum of two numbers, each as sign and magnitude.
fn sum(a: (bool, U512), b: (bool, U512)) -> Option<(bool, U512)> {
	if a.0 == b.0 {
		Some((a.0, a.1.checked_add(b.1)?))
	} else if a.1 >= b.1 {
		Some((a.0, a.1.checked_sub(b.1)?))
	} else {
		Some((b.0, b.1.checked_sub(a.1)?))
	}
}
