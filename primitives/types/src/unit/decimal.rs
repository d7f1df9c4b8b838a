//! Decimal numbers as sensors and texts give them.

use core::str::FromStr;

use super::ConversionFault;

/// The exact number mantissa · 10^exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
	/// The digits, and the sign.
	pub mantissa: i128,
	/// The power of ten.
	pub exponent: i32,
}

impl Decimal {
	/// mantissa · 10^exponent.
	#[must_use]
	pub const fn new(mantissa: i128, exponent: i32) -> Self {
		Self { mantissa, exponent }
	}

	/// A channel's value: value · 10^scale.
	#[must_use]
	pub fn from_scaled(value: i64, scale: i8) -> Self {
		Self::new(i128::from(value), i32::from(scale))
	}

	/// The number that people mean by a float: the shortest decimal that reads back as `value`.
	///
	/// # Errors
	/// [`ConversionFault::NotFinite`] if it is infinite or none.
	#[cfg(feature = "std")]
	pub fn from_f64(value: f64) -> Result<Self, ConversionFault> {
		if !value.is_finite() {
			return Err(ConversionFault::NotFinite);
		}
		alloc::format!("{value:e}").parse()
	}
}

impl FromStr for Decimal {
	type Err = ConversionFault;

	/// Read a number as JSON, OpenMetrics and most other texts write it: sign, digits with at most
	/// one point, exponent. Exact; zeros at either end do not count against its length. Time is
	/// linear in the length of `text`.
	///
	/// # Errors
	/// [`ConversionFault::NotFinite`] for `NaN` and `Inf` in any case, with a sign or without;
	/// [`ConversionFault::TooLong`] if the digits do not fit a mantissa;
	/// [`ConversionFault::Malformed`] for anything else.
	fn from_str(text: &str) -> Result<Self, ConversionFault> {
		let (is_negative, unsigned) = match text.strip_prefix('-') {
			Some(unsigned) => (true, unsigned),
			None => (false, text.strip_prefix('+').unwrap_or(text)),
		};
		if ["nan", "inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
			return Err(ConversionFault::NotFinite);
		}
		let (number, exponent) = match unsigned.split_once(['e', 'E']) {
			Some((number, exponent)) => (number, parse_exponent(exponent)?),
			None => (unsigned, 0),
		};
		let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
		let (digits, zeros) = parse_digits(whole.bytes().chain(fraction.bytes()))?;
		let mantissa = if is_negative { digits.checked_neg() } else { Some(digits) };
		let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
		// An exponent beyond 32 bits stays beyond all that can be converted.
		let exponent = exponent.saturating_add(zeros).saturating_sub(places);
		Ok(Self::new(mantissa.ok_or(ConversionFault::TooLong)?, exponent))
	}
}

/// The number that the digits make without the zeros at their end, and how many those are.
fn parse_digits(digits: impl Iterator<Item = u8>) -> Result<(i128, i32), ConversionFault> {
	let (mut number, mut zeros, mut is_empty) = (0i128, 0u32, true);
	for byte in digits {
		is_empty = false;
		match byte {
			b'0' => zeros = zeros.saturating_add(1),
			b'1'..=b'9' => {
				number = append(number, zeros, byte).ok_or(ConversionFault::TooLong)?;
				zeros = 0;
			},
			_ => return Err(ConversionFault::Malformed),
		}
	}
	if is_empty {
		return Err(ConversionFault::Malformed);
	}
	Ok((number, i32::try_from(zeros).unwrap_or(i32::MAX)))
}

/// The number with `zeros` zeros and a digit after it; `None` if it becomes too large.
fn append(number: i128, zeros: u32, digit: u8) -> Option<i128> {
	let digit = i128::from(digit.checked_sub(b'0')?);
	if number == 0 {
		return Some(digit);
	}
	let factor = 10i128.checked_pow(zeros.checked_add(1)?)?;
	number.checked_mul(factor)?.checked_add(digit)
}

/// An exponent; one beyond 32 bits becomes the largest or smallest of 32 bits.
fn parse_exponent(text: &str) -> Result<i32, ConversionFault> {
	let (is_negative, digits) = match text.strip_prefix('-') {
		Some(digits) => (true, digits),
		None => (false, text.strip_prefix('+').unwrap_or(text)),
	};
	if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
		return Err(ConversionFault::Malformed);
	}
	let size = digits.parse::<i32>().unwrap_or(i32::MAX);
	Ok(if is_negative { size.saturating_neg() } else { size })
}
