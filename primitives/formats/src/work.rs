//! Counts the bytes that readers look at, in tests only: linear time is checked without a clock.

#[cfg(test)]
std::thread_local! {
	static WORK: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// Note that `bytes` more bytes are looked at.
#[cfg(test)]
pub(crate) fn add(bytes: usize) {
	WORK.set(WORK.get().saturating_add(bytes));
}

/// Note that `bytes` more bytes are looked at.
#[cfg(not(test))]
pub(crate) const fn add(_: usize) {}

/// The bytes looked at since the last call.
#[cfg(test)]
pub(crate) fn take() -> usize {
	WORK.replace(0)
}
