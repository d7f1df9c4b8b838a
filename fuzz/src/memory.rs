//! Counts what a reader allocates. Memory that grows faster than the input, or by what the input
//! claims its length to be, is a finding, and so is copying something again and again.
#![expect(unsafe_code, reason = "an allocator that counts has to be one")]

use std::{
	alloc::{GlobalAlloc, Layout, System},
	cell::Cell,
};

/// Bytes that may be in use at once, whatever the input: buffers of fixed size, and as many records
/// as the limits allow.
const IN_USE: usize = 1 << 20;
/// Bytes that may be asked for in all, whatever the input.
const ASKED: usize = 4 << 20;
/// What most readers may take.
const READER: PerByte = PerByte { in_use: 128, asked: 1_024 };

/// Bytes that a reader may take per byte of the input, besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerByte {
	/// In use at once: the largest structure that two bytes can stand for, while a vector of them
	/// grows.
	pub(crate) in_use: usize,
	/// Asked for in all.
	pub(crate) asked: usize,
}

// A test's or a fuzzer's thread reads one input at a time. Constants that need no destructor: the
// allocator must not allocate.
thread_local! {
	static NOW: Cell<isize> = const { Cell::new(0) };
	static MOST: Cell<isize> = const { Cell::new(0) };
	static SUM: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts by thread.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn take(size: usize) {
	let now = NOW.get().saturating_add(isize::try_from(size).unwrap_or(isize::MAX));
	NOW.set(now);
	MOST.set(MOST.get().max(now));
	SUM.set(SUM.get().saturating_add(size));
}

fn give_back(size: usize) {
	NOW.set(NOW.get().saturating_sub(isize::try_from(size).unwrap_or(isize::MAX)));
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		take(layout.size());
		// SAFETY: the caller keeps the contract of `alloc`.
		unsafe { System.alloc(layout) }
	}

	unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
		take(layout.size());
		// SAFETY: the caller keeps the contract of `alloc_zeroed`.
		unsafe { System.alloc_zeroed(layout) }
	}

	unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
		give_back(layout.size());
		// SAFETY: the caller keeps the contract of `dealloc`, and `pointer` came from `System`.
		unsafe { System.dealloc(pointer, layout) }
	}

	unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
		// Both may be there while the bytes move.
		take(size);
		give_back(layout.size());
		// SAFETY: the caller keeps the contract of `realloc`, and `pointer` came from `System`.
		unsafe { System.realloc(pointer, layout, size) }
	}
}

/// Run a reader of `length` bytes.
///
/// # Panics
/// If it takes more memory than its input accounts for.
pub(crate) fn linear<T>(length: usize, read: impl FnOnce() -> T) -> T {
	within(READER, length, read)
}

/// Run a reader of `length` bytes that takes more of each than others do.
///
/// # Panics
/// If it takes more memory than that.
pub(crate) fn within<T>(limits: PerByte, length: usize, read: impl FnOnce() -> T) -> T {
	NOW.set(0);
	MOST.set(0);
	SUM.set(0);
	let result = read();
	let (most, sum) = (usize::try_from(MOST.get()).unwrap_or(0), SUM.get());
	let in_use = IN_USE.saturating_add(limits.in_use.saturating_mul(length));
	assert!(most <= in_use, "{most} bytes in use at once for an input of {length}");
	let asked = ASKED.saturating_add(limits.asked.saturating_mul(length));
	assert!(sum <= asked, "{sum} bytes asked for in all for an input of {length}");
	result
}

#[cfg(test)]
mod tests {
	use std::hint::black_box;

	use super::*;

	#[test]
	fn works_when_memory_is_in_proportion() {
		assert_eq!(linear(8, || black_box(vec![0u8; 1 << 20]).len()), 1 << 20);
		// What was there before is no part of it.
		let before = vec![0u8; 8 << 20];
		linear(0, || drop(black_box(before)));
	}

	#[test]
	#[should_panic(expected = "in use at once for an input of 8")]
	fn fails_when_a_length_is_believed() {
		linear(8, || black_box(Vec::<u8>::with_capacity(1 << 21)).capacity());
	}

	#[test]
	#[should_panic(expected = "in use at once for an input of 0")]
	fn fails_when_a_vector_grows_too_large() {
		linear(0, || {
			let mut grown = Vec::new();
			(0..1_000_000u32).for_each(|number| grown.push(black_box(number)));
			grown.len()
		});
	}

	#[test]
	#[should_panic(expected = "asked for in all for an input of 8")]
	fn fails_when_bytes_are_copied_again_and_again() {
		linear(8, || (0..10).for_each(|_| drop(black_box(vec![0u8; 1 << 19]))));
	}
}
