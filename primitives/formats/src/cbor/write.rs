//! CBOR (RFC 8949), written: lengths are definite, and heads as short as they can be (§4.1).

use alloc::vec::Vec;
use core::fmt::Write;

use super::{BIGNUM, DECIMAL_FRACTION, FALSE, NEGATIVE_BIGNUM, TRUE};
use crate::{Decimal, text::Buffer};

/// Major types of §3.1, in the bits where a head has them.
const UNSIGNED: u8 = 0x00;
const NEGATIVE: u8 = 0x20;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;
const TAG: u8 = 0xc0;
const SIMPLE: u8 = 0xe0;
/// Heads of floats (§3.3).
const HALF: u8 = 0xf9;
const SINGLE: u8 = 0xfa;
const DOUBLE: u8 = 0xfb;

/// The head of an array of so many items, which follow.
pub(crate) fn array(out: &mut Vec<u8>, items: usize) {
	head(out, ARRAY, length(items));
}

/// The head of a map of so many pairs, which follow.
pub(crate) fn map(out: &mut Vec<u8>, pairs: usize) {
	head(out, MAP, length(pairs));
}

/// A byte string.
pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
	head(out, BYTES, length(bytes.len()));
	out.extend_from_slice(bytes);
}

/// A text.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
	head(out, TEXT, length(text.len()));
	out.extend_from_slice(text.as_bytes());
}

/// A boolean.
pub(crate) fn boolean(out: &mut Vec<u8>, is_true: bool) {
	out.push(SIMPLE | if is_true { TRUE } else { FALSE });
}

/// A number, exact: an integer if it is one of 64 bits, else a float if that reads back as this
/// decimal, else a decimal fraction.
pub(crate) fn number(out: &mut Vec<u8>, number: Decimal) {
	let whole = if number.exponent() < 0 { None } else { number.floor(0) };
	if let Some((major, argument)) = whole.and_then(integer) {
		head(out, major, argument);
	} else if let Some(float) = float(number) {
		float.write(out);
	} else {
		head(out, TAG, DECIMAL_FRACTION);
		head(out, ARRAY, 2);
		integer_or_bignum(out, number.exponent().into());
		integer_or_bignum(out, number.mantissa());
	}
}

/// A float of the least width in which it is the same number, for who widens it and for who takes
/// it for its shortest decimal.
enum Float {
	Half(u16),
	Single(u32),
	Double(u64),
}

impl Float {
	fn write(self, out: &mut Vec<u8>) {
		match self {
			Self::Half(bits) => {
				out.push(HALF);
				out.extend_from_slice(&bits.to_be_bytes());
			},
			Self::Single(bits) => {
				out.push(SINGLE);
				out.extend_from_slice(&bits.to_be_bytes());
			},
			Self::Double(bits) => {
				out.push(DOUBLE);
				out.extend_from_slice(&bits.to_be_bytes());
			},
		}
	}
}

/// The float whose shortest decimal is this number; `None` if there is none.
fn float(number: Decimal) -> Option<Float> {
	let mut digits = Buffer::default();
	// 39 digits and 5 of the exponent fit.
	write!(digits, "{}e{}", number.mantissa(), number.exponent()).ok()?;
	let double = digits.text().parse::<f64>().ok()?;
	if Decimal::from_f64(double) != Ok(number) {
		return None;
	}
	let single = digits.text().parse::<f32>().ok()?;
	let is_same = f64::from(single).to_bits() == double.to_bits();
	if !is_same || Decimal::from_f32(single) != Ok(number) {
		return Some(Float::Double(double.to_bits()));
	}
	let bits = single.to_bits();
	Some(half(bits).map_or(Float::Single(bits), Float::Half))
}

/// The bits of the half that equals a single; `None` if there is none, or it is below 2^-14.
fn half(bits: u32) -> Option<u16> {
	let (sign, exponent, fraction) =
		((bits >> 16) & 0x8000, (bits >> 23) & 0xff, bits & 0x007f_ffff);
	// The biases differ by 127 - 15.
	let exponent = exponent.checked_sub(112)?;
	if !(1..=30).contains(&exponent) || fraction & 0x1fff != 0 {
		return None;
	}
	u16::try_from(sign | (exponent << 10) | (fraction >> 13)).ok()
}

fn integer_or_bignum(out: &mut Vec<u8>, number: i128) {
	if let Some((major, argument)) = integer(number) {
		return head(out, major, argument);
	}
	let (tag, rest) = if number < 0 { (NEGATIVE_BIGNUM, !number) } else { (BIGNUM, number) };
	let digits = rest.to_be_bytes();
	let zeros = digits.iter().take_while(|digit| **digit == 0).count();
	head(out, TAG, tag);
	bytes(out, digits.get(zeros..).unwrap_or_default());
}

/// Major type and argument of an integer; `None` if it needs more than 64 bits.
fn integer(number: i128) -> Option<(u8, u64)> {
	let (major, argument) = if number < 0 { (NEGATIVE, !number) } else { (UNSIGNED, number) };
	Some((major, u64::try_from(argument).ok()?))
}

/// A major type with its argument, in as few bytes as hold it.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
	if let Ok(byte) = u8::try_from(argument) {
		if byte >= 24 {
			out.push(major | 24);
		}
		// Below 24 the argument is in the head itself.
		out.push(if byte < 24 { major | byte } else { byte });
	} else if let Ok(short) = u16::try_from(argument) {
		out.push(major | 25);
		out.extend_from_slice(&short.to_be_bytes());
	} else if let Ok(word) = u32::try_from(argument) {
		out.push(major | 26);
		out.extend_from_slice(&word.to_be_bytes());
	} else {
		out.push(major | 27);
		out.extend_from_slice(&argument.to_be_bytes());
	}
}

fn length(items: usize) -> u64 {
	u64::try_from(items).unwrap_or(u64::MAX)
}
