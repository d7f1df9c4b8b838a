//! Bytes that come in parts.

use cairn_telemetry::payload::{Source, Unavailable};

/// A source that gives some bytes at a time.
pub(crate) struct Parts<'a> {
	rest: &'a [u8],
	most: usize,
}

impl<'a> Parts<'a> {
	/// At most `most` bytes of `bytes` at a time, at least one.
	pub(crate) fn new(bytes: &'a [u8], most: u8) -> Self {
		Self { rest: bytes, most: usize::from(most).max(1) }
	}
}

impl Source for Parts<'_> {
	fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unavailable> {
		let size = self.rest.len().min(buffer.len()).min(self.most);
		let (now, later) = self.rest.split_at(size);
		buffer[..size].copy_from_slice(now);
		self.rest = later;
		Ok(size)
	}
}
