//! Text in bounded memory.

use alloc::string::String;
use core::{fmt, str};

/// Bytes of a [`Buffer`]: the sign, digits, point and exponent of any number here.
const BUFFER: usize = 64;

/// A short text on the stack.
pub(crate) struct Buffer {
	bytes: [u8; BUFFER],
	used: usize,
}

impl Default for Buffer {
	fn default() -> Self {
		Self { bytes: [0; BUFFER], used: 0 }
	}
}

impl Buffer {
	/// What was written.
	pub(crate) fn text(&self) -> &str {
		self.bytes.get(..self.used).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
	}
}

impl fmt::Write for Buffer {
	fn write_str(&mut self, text: &str) -> fmt::Result {
		let end = self.used.checked_add(text.len()).ok_or(fmt::Error)?;
		let place = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
		place.copy_from_slice(text.as_bytes());
		self.used = end;
		Ok(())
	}
}

/// Append anything that can be displayed.
pub(crate) fn append(text: &mut String, what: impl fmt::Display) {
	// Writing to a string fails only if `what` does, and nothing here does.
	let _ = fmt::Write::write_fmt(text, format_args!("{what}"));
}
