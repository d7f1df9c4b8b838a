//! A batch's readings, as a telemetry source serves them.

use cairn_telemetry::{
	SignedReading,
	payload::{CHUNK, PayloadObserver, Source, Stream, next, payload_root, push},
};
use cairn_types::{Hash32, Slot};

use crate::{memory, source::Parts};

/// Chunks of which one is kept.
const CHUNKS: u8 = 8;

/// What was seen of a payload.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
	devices: Vec<(Slot, Vec<SignedReading>)>,
	is_whole: bool,
	root: Hash32,
	chunk: Vec<u8>,
	fetched: u64,
}

/// Two bytes, and a payload: how many bytes come at a time, and which chunk is kept. Accepted if it is
/// one of at least one device.
///
/// # Panics
/// As [`crate::Target::run`] says; also if it matters in which parts a payload comes, or if what was
/// read is not what was sent.
#[must_use]
pub fn payload(input: &[u8]) -> bool {
	let Some((&[parts, chunk], bytes)) = input.split_first_chunk::<2>() else { return false };
	let wanted = chunk % CHUNKS;
	let whole = memory::linear(input.len(), || seen(bytes, bytes.len(), wanted));
	assert_eq!(seen(Parts::new(bytes, parts), bytes.len(), wanted), whole);
	assert_eq!(whole.root, payload_root(bytes));
	let size = usize::try_from(CHUNK).expect("a chunk fits memory");
	let kept = bytes.chunks(size).nth(usize::from(wanted)).unwrap_or_default();
	assert_eq!(whole.chunk, kept);
	assert_eq!(whole.fetched, length(bytes.len()));

	let mut written = Vec::new();
	for (slot, readings) in &whole.devices {
		push(&mut written, *slot, readings);
	}
	assert!(bytes.starts_with(&written));
	assert_eq!(whole.is_whole, written.len() == bytes.len());
	let half = bytes.len() / 2;
	assert_eq!(seen(bytes, half, wanted).fetched, length(half));
	whole.is_whole && !whole.devices.is_empty()
}

/// Read at most `limit` bytes.
fn seen(source: impl Source, limit: usize, wanted: u8) -> Seen {
	let mut stream = Stream::new(source, length(limit), PayloadObserver::new(wanted.into()));
	let mut devices = Vec::new();
	let mut is_whole = true;
	while is_whole && !stream.is_finished().expect("memory does not fail") {
		match next(&mut stream) {
			Ok(device) => devices.push(device),
			Err(_) => is_whole = false,
		}
	}
	let (observer, fetched) = stream.drain().expect("memory does not fail");
	let (root, chunk) = observer.finish();
	Seen { devices, is_whole, root, chunk, fetched }
}

fn length(bytes: usize) -> u64 {
	u64::try_from(bytes).expect("lengths have 64 bits at most")
}
