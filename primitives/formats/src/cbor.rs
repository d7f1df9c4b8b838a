//! CBOR (RFC 8949), as much as measurements use: a reader that recurses nowhere, allocates nothing
//! but what it skips by depth, and looks at each byte once; and a writer.

pub(crate) mod write;

use alloc::vec::Vec;
use core::str;

use crate::{Cause, Decimal, work};

/// Simple values of §3.3.
const FALSE: u8 = 20;
const TRUE: u8 = 21;
/// Tags of §3.4.3 and §3.4.4.
const BIGNUM: u64 = 2;
const NEGATIVE_BIGNUM: u64 = 3;
const DECIMAL_FRACTION: u64 = 4;

/// How many bytes or items follow; `None`: until a break.
pub(crate) type Length = Option<u64>;

/// What an item begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
	Unsigned(u64),
	/// -1 - n.
	Negative(u64),
	Bytes(Length),
	Text(Length),
	Array(Length),
	Map(Length),
	Tag(u64),
	Simple(u8),
	Half(u16),
	Single(u32),
	Double(u64),
	Break,
}

/// A scalar value.
pub(crate) enum Scalar<'a> {
	Number(Decimal),
	Text(&'a str),
	Bytes(&'a [u8]),
	Bool(bool),
}

/// A map's key.
pub(crate) enum Key<'a> {
	Number(i128),
	Text(&'a str),
}

/// Reads items one after the other.
pub(crate) struct Reader<'a> {
	rest: &'a [u8],
	depth: usize,
}

impl<'a> Reader<'a> {
	/// Read `input`, skipping no deeper than `depth`.
	pub(crate) const fn new(input: &'a [u8], depth: usize) -> Self {
		Self { rest: input, depth }
	}

	/// Whether everything was read.
	pub(crate) const fn is_finished(&self) -> bool {
		self.rest.is_empty()
	}

	fn take(&mut self, length: u64) -> Result<&'a [u8], Cause> {
		let length = usize::try_from(length).map_err(|_| Cause::Truncated)?;
		let (taken, rest) = self.rest.split_at_checked(length).ok_or(Cause::Truncated)?;
		work::add(length);
		self.rest = rest;
		Ok(taken)
	}

	fn array<const N: usize>(&mut self) -> Result<[u8; N], Cause> {
		let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Cause::Truncated)?;
		work::add(N);
		self.rest = rest;
		Ok(*taken)
	}

	/// The next item's head.
	pub(crate) fn head(&mut self) -> Result<Head, Cause> {
		let [first] = self.array::<1>()?;
		let (kind, info) = (first >> 5, first & 0x1f);
		if kind == 7 {
			return self.simple_or_float(info);
		}
		let argument = match info {
			0..=23 => Some(u64::from(info)),
			24 => Some(u64::from(u8::from_be_bytes(self.array()?))),
			25 => Some(u64::from(u16::from_be_bytes(self.array()?))),
			26 => Some(u64::from(u32::from_be_bytes(self.array()?))),
			27 => Some(u64::from_be_bytes(self.array()?)),
			31 => None,
			_ => return Err(Cause::Malformed),
		};
		match (kind, argument) {
			(0, Some(number)) => Ok(Head::Unsigned(number)),
			(1, Some(number)) => Ok(Head::Negative(number)),
			(2, length) => Ok(Head::Bytes(length)),
			(3, length) => Ok(Head::Text(length)),
			(4, length) => Ok(Head::Array(length)),
			(5, length) => Ok(Head::Map(length)),
			(6, Some(tag)) => Ok(Head::Tag(tag)),
			_ => Err(Cause::Malformed),
		}
	}

	fn simple_or_float(&mut self, info: u8) -> Result<Head, Cause> {
		match info {
			0..=23 => Ok(Head::Simple(info)),
			// Simple values below 32 have one byte only (§3.3).
			24 => {
				let [value] = self.array()?;
				if value < 32 { Err(Cause::Malformed) } else { Ok(Head::Simple(value)) }
			},
			25 => Ok(Head::Half(u16::from_be_bytes(self.array()?))),
			26 => Ok(Head::Single(u32::from_be_bytes(self.array()?))),
			27 => Ok(Head::Double(u64::from_be_bytes(self.array()?))),
			31 => Ok(Head::Break),
			_ => Err(Cause::Malformed),
		}
	}

	/// Whether a break is next; if so it is read.
	fn at_break(&mut self) -> bool {
		match self.rest.split_first() {
			Some((0xff, rest)) => {
				work::add(1);
				self.rest = rest;
				true
			},
			_ => false,
		}
	}

	/// Let `read` read each of the items of an array, or each pair of a map.
	pub(crate) fn each(
		&mut self,
		length: Length,
		mut read: impl FnMut(&mut Self) -> Result<(), Cause>,
	) -> Result<(), Cause> {
		let mut left = length;
		loop {
			match left {
				Some(0) => return Ok(()),
				Some(items) => left = Some(items.saturating_sub(1)),
				None if self.at_break() => return Ok(()),
				None => {},
			}
			read(self)?;
		}
	}

	/// A scalar: an integer, float, decimal fraction, text, byte string or boolean. Texts and byte
	/// strings have a definite length (RFC 8428 §6).
	pub(crate) fn scalar(&mut self) -> Result<Scalar<'a>, Cause> {
		Ok(match self.head()? {
			Head::Unsigned(number) => Scalar::Number(Decimal::from(number)),
			Head::Negative(number) => Scalar::Number(Decimal::new(!i128::from(number), 0)?),
			Head::Half(bits) => Scalar::Number(half(bits)?),
			Head::Single(bits) => Scalar::Number(Decimal::from_f32(f32::from_bits(bits))?),
			Head::Double(bits) => Scalar::Number(Decimal::from_f64(f64::from_bits(bits))?),
			Head::Tag(DECIMAL_FRACTION) => Scalar::Number(self.decimal_fraction()?),
			Head::Text(Some(length)) => Scalar::Text(self.text(length)?),
			Head::Bytes(Some(length)) => Scalar::Bytes(self.take(length)?),
			Head::Simple(TRUE) => Scalar::Bool(true),
			Head::Simple(FALSE) => Scalar::Bool(false),
			Head::Break => return Err(Cause::Malformed),
			_ => return Err(Cause::WrongType),
		})
	}

	/// A map's key: an integer or a text.
	pub(crate) fn key(&mut self) -> Result<Key<'a>, Cause> {
		match self.head()? {
			Head::Unsigned(number) => Ok(Key::Number(i128::from(number))),
			Head::Negative(number) => Ok(Key::Number(!i128::from(number))),
			Head::Text(Some(length)) => self.text(length).map(Key::Text),
			Head::Break => Err(Cause::Malformed),
			_ => Err(Cause::WrongType),
		}
	}

	fn text(&mut self, length: u64) -> Result<&'a str, Cause> {
		str::from_utf8(self.take(length)?).map_err(|_| Cause::BadUtf8)
	}

	/// Exponent and mantissa (RFC 8949 §3.4.4).
	fn decimal_fraction(&mut self) -> Result<Decimal, Cause> {
		if self.head()? != Head::Array(Some(2)) {
			return Err(Cause::Malformed);
		}
		let exponent = match self.head()? {
			Head::Unsigned(number) => i64::try_from(number).ok(),
			Head::Negative(number) => i64::try_from(number).ok().map(|number| !number),
			_ => return Err(Cause::Malformed),
		};
		let exponent = exponent.ok_or(Cause::NumberTooLong)?;
		let mantissa = match self.head()? {
			Head::Tag(tag @ (BIGNUM | NEGATIVE_BIGNUM)) => self.bignum(tag)?,
			Head::Unsigned(number) => i128::from(number),
			Head::Negative(number) => !i128::from(number),
			_ => return Err(Cause::Malformed),
		};
		Decimal::new(mantissa, exponent)
	}

	fn bignum(&mut self, tag: u64) -> Result<i128, Cause> {
		let Head::Bytes(Some(length)) = self.head()? else { return Err(Cause::Malformed) };
		let mut number = 0i128;
		for byte in self.take(length)? {
			number = number
				.checked_mul(256)
				.and_then(|number| number.checked_add(i128::from(*byte)))
				.ok_or(Cause::NumberTooLong)?;
		}
		Ok(if tag == NEGATIVE_BIGNUM { !number } else { number })
	}

	/// Skip one item with all that it contains.
	pub(crate) fn skip(&mut self) -> Result<(), Cause> {
		// Items left in each open array, map or tag; none: until a break.
		let mut open = Vec::<Length>::new();
		loop {
			let inside = match self.head()? {
				Head::Bytes(Some(length)) | Head::Text(Some(length)) => {
					self.take(length)?;
					Some(0)
				},
				Head::Bytes(None) | Head::Text(None) => None,
				Head::Array(length) => length,
				Head::Map(length) => {
					length.map(|pairs| pairs.checked_mul(2).ok_or(Cause::Truncated)).transpose()?
				},
				Head::Tag(_) => Some(1),
				Head::Break if open.pop() == Some(None) => Some(0),
				Head::Break => return Err(Cause::Malformed),
				_ => Some(0),
			};
			if inside != Some(0) {
				if open.len() >= self.depth {
					return Err(Cause::TooDeep);
				}
				open.push(inside);
			} else if close(&mut open) {
				return Ok(());
			}
		}
	}
}

/// Count an item as read, and close what it completes; whether nothing is open.
fn close(open: &mut Vec<Length>) -> bool {
	while let Some(inner) = open.last_mut() {
		match inner {
			Some(left) if *left <= 1 => {},
			Some(left) => {
				*left = left.saturating_sub(1);
				return false;
			},
			None => return false,
		}
		open.pop();
	}
	true
}

/// The number of a half float: widened to a single, which is exact, then its shortest decimal.
fn half(bits: u16) -> Result<Decimal, Cause> {
	let bits = u32::from(bits);
	let (sign, exponent, fraction) = ((bits & 0x8000) << 16, (bits >> 10) & 0x1f, bits & 0x3ff);
	let single = match (exponent, fraction) {
		(0x1f, _) => return Err(Cause::NotFinite),
		(0, 0) => sign,
		(0, _) => {
			// Subnormal: fraction · 2^-24, of which the highest bit becomes the implied one.
			let shift = fraction.leading_zeros().saturating_sub(21);
			let exponent = 113u32.saturating_sub(shift);
			let fraction = fraction.checked_shl(shift).unwrap_or(0) & 0x3ff;
			sign | (exponent << 23) | (fraction << 13)
		},
		// The biases differ by 127 - 15.
		_ => sign | (exponent.saturating_add(112) << 23) | (fraction << 13),
	};
	Decimal::from_f32(f32::from_bits(single))
}
