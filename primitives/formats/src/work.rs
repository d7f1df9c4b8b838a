//! Counts the bytes that readers look at, in builds with debug assertions: tests and fuzzing check
//! that time is linear without a clock.

#[cfg(any(test, all(feature = "std", debug_assertions)))]
std::thread_local! {
	static WORK: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// Note that `bytes` more bytes are looked at.
#[cfg(any(test, all(feature = "std", debug_assertions)))]
pub(crate) fn add(bytes: usize) {
	WORK.set(WORK.get().saturating_add(bytes));
}

/// Note that `bytes` more bytes are looked at.
#[cfg(not(any(test, all(feature = "std", debug_assertions))))]
pub(crate) const fn add(_: usize) {}

/// The bytes that this thread has looked at since the last call; 0 in builds that do not count.
#[cfg(any(test, all(feature = "std", debug_assertions)))]
pub fn take() -> usize {
	WORK.replace(0)
}

/// The bytes that this thread has looked at since the last call; 0 in builds that do not count.
#[cfg(not(any(test, all(feature = "std", debug_assertions))))]
pub const fn take() -> usize {
	0
}
