//! A batch's bytes: for each slot ascending, slot u32, n u8, n signed readings; nothing else. And
//! how they, and any other long answer of a source, are read: streamed, within a limit.

use alloc::{vec, vec::Vec};
use cairn_types::{Hash32, Slot};
use codec::{Decode, Encode, Input};

use crate::reading::SignedReading;

/// Bytes of a BLAKE3 chunk.
pub const CHUNK: u64 = 1_024;

const BUFFER: usize = 64 * 1024;

/// Why a source's answer could not be used. None of this is the batch's fault: the same batch may
/// be fine elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
	/// No answer, or not in time.
	Unreachable,
	/// The source answered that it does not have it.
	NotFound,
	/// The answer ended early.
	Truncated,
	/// The answer is not the one the chain's hashes commit to.
	Mismatch,
	/// The partial ledger is malformed or lacks a slot of the payload.
	BadLedger,
	/// The window's rules name a version of `step` or of the header that this code is not.
	UnknownRules,
}

/// Bytes that come one buffer at a time.
pub trait Source {
	/// Read some bytes into `buffer` and return how many; 0 means the end.
	///
	/// # Errors
	/// [`Unavailable`] if nothing more can be had.
	fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unavailable>;
}

impl Source for &[u8] {
	fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unavailable> {
		let size = self.len().min(buffer.len());
		let (now, later) = self.split_at_checked(size).unwrap_or((self, &[]));
		if let Some(part) = buffer.get_mut(..size) {
			part.copy_from_slice(now);
		}
		*self = later;
		Ok(size)
	}
}

/// Sees each byte of a stream once, in order.
pub trait Observer {
	/// `bytes` follow what was seen before.
	fn observe(&mut self, bytes: &[u8]);
}

impl Observer for () {
	fn observe(&mut self, _: &[u8]) {}
}

/// A [`Source`] as input of a decoder: buffered, at most `limit` bytes, observed.
pub struct Stream<S, O> {
	source: S,
	observer: O,
	buffer: Vec<u8>,
	at: usize,
	end: usize,
	limit: u64,
	fetched: u64,
	failed: Option<Unavailable>,
}

impl<S: Source, O: Observer> Stream<S, O> {
	/// Read at most `limit` bytes of `source`; `observer` sees them all.
	pub fn new(source: S, limit: u64, observer: O) -> Self {
		Self {
			source,
			observer,
			buffer: vec![0; BUFFER],
			at: 0,
			end: 0,
			limit,
			fetched: 0,
			failed: None,
		}
	}

	/// Bytes fetched so far.
	pub const fn fetched(&self) -> u64 {
		self.fetched
	}

	/// Whether everything up to the limit, or up to the source's end, has been consumed.
	///
	/// # Errors
	/// [`Unavailable`] if the source fails.
	pub fn is_finished(&mut self) -> Result<bool, Unavailable> {
		if self.at < self.end {
			return Ok(false);
		}
		self.refill().map(|more| !more)
	}

	/// Why a decoder's error was the source's and not the content's.
	pub const fn failure(&self) -> Option<Unavailable> {
		self.failed
	}

	/// Fetch the rest without decoding it, and return the observer.
	///
	/// # Errors
	/// [`Unavailable`] if the source fails.
	pub fn drain(mut self) -> Result<(O, u64), Unavailable> {
		while self.refill()? {}
		Ok((self.observer, self.fetched))
	}

	/// Replace the consumed buffer; false at the end.
	fn refill(&mut self) -> Result<bool, Unavailable> {
		if let Some(failure) = self.failed {
			return Err(failure);
		}
		let left = self.limit.saturating_sub(self.fetched);
		let room = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
		let target = self.buffer.get_mut(..room).unwrap_or_default();
		if target.is_empty() {
			return Ok(false);
		}
		match self.source.read(target) {
			Ok(read) => {
				let read = read.min(room);
				self.observer.observe(self.buffer.get(..read).unwrap_or_default());
				self.at = 0;
				self.end = read;
				self.fetched = self.fetched.saturating_add(read as u64);
				Ok(read > 0)
			},
			Err(failure) => {
				self.failed = Some(failure);
				Err(failure)
			},
		}
	}
}

impl<S: Source, O: Observer> Input for Stream<S, O> {
	fn remaining_len(&mut self) -> Result<Option<usize>, codec::Error> {
		Ok(None)
	}

	fn read(&mut self, into: &mut [u8]) -> Result<(), codec::Error> {
		let mut into = into;
		while !into.is_empty() {
			if self.at >= self.end && !self.refill().map_err(|_| "the source failed")? {
				return Err("the stream ended early".into());
			}
			let have = self.buffer.get(self.at..self.end).unwrap_or_default();
			let size = have.len().min(into.len());
			let (now, later) = into.split_at_mut_checked(size).ok_or("split within bounds")?;
			now.copy_from_slice(have.get(..size).unwrap_or_default());
			self.at = self.at.saturating_add(size);
			into = later;
		}
		Ok(())
	}
}

/// Hashes a payload as it passes, and keeps the one chunk a verdict's tag needs.
pub struct PayloadObserver {
	hasher: blake3::Hasher,
	seen: u64,
	wanted: u64,
	chunk: Vec<u8>,
}

impl PayloadObserver {
	/// Keep chunk `wanted`.
	#[must_use]
	pub fn new(wanted: u64) -> Self {
		Self { hasher: blake3::Hasher::new(), seen: 0, wanted, chunk: Vec::new() }
	}

	/// BLAKE3 root of everything seen, and the wanted chunk.
	#[must_use]
	pub fn finish(self) -> (Hash32, Vec<u8>) {
		(*self.hasher.finalize().as_bytes(), self.chunk)
	}
}

impl Observer for PayloadObserver {
	fn observe(&mut self, bytes: &[u8]) {
		self.hasher.update(bytes);
		let start = self.wanted.saturating_mul(CHUNK);
		let end = start.saturating_add(CHUNK);
		let here = |position: u64| {
			usize::try_from(position.saturating_sub(self.seen))
				.unwrap_or(usize::MAX)
				.min(bytes.len())
		};
		self.chunk.extend_from_slice(bytes.get(here(start)..here(end)).unwrap_or_default());
		self.seen = self.seen.saturating_add(bytes.len() as u64);
	}
}

/// BLAKE3 root of a payload: what `b3sum` prints.
#[must_use]
pub fn payload_root(payload: &[u8]) -> Hash32 {
	*blake3::hash(payload).as_bytes()
}

/// Append one device's readings to a payload.
pub fn push(payload: &mut Vec<u8>, slot: Slot, readings: &[SignedReading]) {
	slot.encode_to(payload);
	u8::try_from(readings.len()).unwrap_or(u8::MAX).encode_to(payload);
	for reading in readings {
		reading.encode_to(payload);
	}
}

/// Decode the next device's readings.
///
/// # Errors
/// Whatever the decoder says; [`Stream::failure`] tells whether the source was to blame.
pub fn next(input: &mut impl Input) -> Result<(Slot, Vec<SignedReading>), codec::Error> {
	let slot = Slot::decode(input)?;
	let count = u8::decode(input)?;
	let readings =
		(0..count).map(|_| SignedReading::decode(input)).collect::<Result<Vec<_>, _>>()?;
	Ok((slot, readings))
}
