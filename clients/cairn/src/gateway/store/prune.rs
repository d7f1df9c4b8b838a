//! Forgetting what nobody can ask for any more.

use cairn_types::Window;
use redb::{ReadableTable, WriteTransaction};

use super::{
	CHANGES, DROPPED, HEADERS, HEADS, Keep, LEAVES, NODES, PAYLOADS, PIECES, READINGS, Store,
	WINDOWS, archive,
};
use crate::store::StoreError;

impl Store {
	/// Forget what lies behind the matured ledger of `matured`: older versions of its nodes, batches
	/// up to it, and of readings what is neither sealed nor to be kept. The matured ledger itself
	/// stays whole.
	///
	/// # Errors
	/// If the store fails; then nothing was forgotten.
	pub fn prune(&self, matured: Window, keep: Keep) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		prune_ledger(&transaction, matured)?;
		archive::archive(&transaction, matured)?;
		archive::forget(&transaction, keep)?;
		transaction.open_table(HEADS)?.retain_in(..matured, |_, _| false)?;
		transaction.open_table(HEADERS)?.retain_in(..=(matured, u32::MAX), |_, _| false)?;
		transaction.open_table(PAYLOADS)?.retain_in(..=(matured, u32::MAX), |_, _| false)?;
		transaction.open_table(PIECES)?.retain_in(..=(matured, u32::MAX), |_, _| false)?;
		transaction.commit()?;
		Ok(())
	}

	/// Forget the readings of given-up windows before `before`; returns how many windows.
	///
	/// # Errors
	/// If the store fails; then nothing was forgotten.
	pub fn forget_lost(&self, before: Window) -> Result<usize, StoreError> {
		let lost = self
			.windows()?
			.into_iter()
			.filter(|(window, row)| *window < before && row.lost.is_some());
		let lost = lost.map(|(window, _)| window).collect::<Vec<_>>();
		if lost.is_empty() {
			return Ok(0);
		}
		let transaction = self.database.begin_write()?;
		for window in &lost {
			forget_windows(&transaction, *window, *window)?;
		}
		transaction.commit()?;
		Ok(lost.len())
	}
}

/// Remove the versions that a window up to `matured` superseded.
fn prune_ledger(transaction: &WriteTransaction, matured: Window) -> Result<(), StoreError> {
	let mut nodes = transaction.open_table(NODES)?;
	let mut leaves = transaction.open_table(LEAVES)?;
	let mut changes = transaction.open_table(CHANGES)?;
	let mut superseded = Vec::new();
	for entry in changes.range(..=(matured, u8::MAX, u32::MAX))? {
		let (key, version) = entry?;
		let (_, level, index) = key.value();
		if let Some(version) = version.value() {
			superseded.push((level, index, version));
		}
	}
	for (level, index, version) in superseded {
		nodes.remove((level, index, version))?;
		if level == 0 {
			leaves.remove((index, version))?;
		}
	}
	changes.retain_in(..=(matured, u8::MAX, u32::MAX), |_, _| false)?;
	Ok(())
}

/// Forget readings and rows of windows `from..=to`.
pub(super) fn forget_windows(
	transaction: &WriteTransaction,
	from: Window,
	to: Window,
) -> Result<(), StoreError> {
	let range = (from, 0, 0)..=(to, u64::MAX, u64::MAX);
	transaction.open_table(READINGS)?.retain_in(range.clone(), |_, _| false)?;
	transaction.open_table(DROPPED)?.retain_in(range, |_, _| false)?;
	transaction.open_table(WINDOWS)?.retain_in(from..=to, |_, _| false)?;
	Ok(())
}
