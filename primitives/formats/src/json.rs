//! JSON whose numbers stay texts.
//!
//! `serde_json` reads the structure and hands over each value as raw text, so numbers are exact
//! without its feature `arbitrary_precision`, which would change how every other crate of a build
//! reads numbers. Skipped values are not recursed into.

use alloc::{borrow::Cow, string::String};

use serde_json::{error::Category, value::RawValue};

use crate::{Cause, Decimal, text, work};

/// A value of a JSON member.
pub(crate) enum Json<'a> {
	Number(Decimal),
	Text(Cow<'a, str>),
	Bool(bool),
	/// Null, array or object.
	Other,
}

impl<'a> Json<'a> {
	/// What a raw value says.
	pub(crate) fn read(raw: &'a RawValue) -> Result<Self, Cause> {
		let json = raw.get();
		match json.as_bytes().first() {
			Some(b'"') => read_text(json).map(Self::Text),
			Some(b'-' | b'0'..=b'9') => json.parse().map(Self::Number),
			Some(b't') => Ok(Self::Bool(true)),
			Some(b'f') => Ok(Self::Bool(false)),
			_ => Ok(Self::Other),
		}
	}

	/// The number.
	pub(crate) fn number(raw: &'a RawValue) -> Result<Decimal, Cause> {
		match Self::read(raw)? {
			Self::Number(number) => Ok(number),
			_ => Err(Cause::WrongType),
		}
	}

	/// The text.
	pub(crate) fn text(raw: &'a RawValue) -> Result<Cow<'a, str>, Cause> {
		match Self::read(raw)? {
			Self::Text(text) => Ok(text),
			_ => Err(Cause::WrongType),
		}
	}
}

fn read_text(json: &str) -> Result<Cow<'_, str>, Cause> {
	work::add(json.len());
	let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
	match inner {
		Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
		// Escapes, of which lone surrogates are refused only here.
		_ => serde_json::from_str::<String>(json).map(Cow::Owned).map_err(|_| Cause::Malformed),
	}
}

/// What an error of the JSON reader means.
pub(crate) fn cause(error: &serde_json::Error) -> Cause {
	match error.classify() {
		Category::Eof => Cause::Truncated,
		_ => Cause::Malformed,
	}
}

/// Append a text as a JSON string.
pub(crate) fn quote(into: &mut String, value: &str) {
	into.push('"');
	for c in value.chars() {
		match c {
			'"' => into.push_str("\\\""),
			'\\' => into.push_str("\\\\"),
			'\n' => into.push_str("\\n"),
			c if u32::from(c) < 0x20 => text::append(into, format_args!("\\u{:04x}", u32::from(c))),
			c => into.push(c),
		}
	}
	into.push('"');
}
