//! What always holds between blocks.

use alloc::{collections::BTreeSet, vec::Vec};
use cairn_types::{Window, WindowRecord};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

use crate::{Config, Now, Pallet, Recorded, Rules, RulesVersion, Windows, types::TimeState};

impl<T: Config> Pallet<T> {
	/// Check every invariant of the pallet.
	///
	/// # Errors
	/// The reason of the first one that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let Some(state) = Now::<T>::get() else {
			Self::nothing_is_recorded_before_the_first_block()?;
			return Self::the_rules_are_those_of_kept_windows_and_the_newest(&[]);
		};
		let queue = Self::every_queued_window_has_a_record(&state)?;
		Self::nothing_else_is_recorded(&queue)?;
		Self::windows_ascend_and_nothing_falls(&queue)?;
		Self::anchors_are_chained(&queue)?;
		Self::the_current_window_is_the_newest_recorded(&state, &queue)?;
		Self::the_rules_are_those_of_kept_windows_and_the_newest(&queue)
	}

	fn nothing_is_recorded_before_the_first_block() -> Result<(), TryRuntimeError> {
		ensure!(
			Windows::<T>::iter_keys().next().is_none()
				&& Recorded::<T>::iter_keys().next().is_none(),
			"there are records without a first block"
		);
		Ok(())
	}

	fn every_queued_window_has_a_record(
		state: &TimeState,
	) -> Result<Vec<(Window, WindowRecord)>, TryRuntimeError> {
		let queue: Option<Vec<_>> = (state.oldest..state.next).map(Self::recorded).collect();
		queue.ok_or_else(|| "an ordinal has no window, or a queued window no record".into())
	}

	fn nothing_else_is_recorded(queue: &[(Window, WindowRecord)]) -> Result<(), TryRuntimeError> {
		ensure!(
			Windows::<T>::iter_keys().count() == queue.len(),
			"a window that is not queued has a record"
		);
		ensure!(
			Recorded::<T>::iter_keys().count() == queue.len(),
			"an ordinal outside the queue has a window"
		);
		Ok(())
	}

	fn windows_ascend_and_nothing_falls(
		queue: &[(Window, WindowRecord)],
	) -> Result<(), TryRuntimeError> {
		for ((window, record), (later, next)) in queue.iter().zip(queue.iter().skip(1)) {
			ensure!(window < later, "the windows of the queue do not ascend");
			ensure!(record.first_block < next.first_block, "the first blocks do not ascend");
			ensure!(record.session <= next.session, "a later window has an earlier session");
			ensure!(record.rules <= next.rules, "a later window has an older version of the rules");
			ensure!(
				next.tick == record.tick || Some(next.tick) == record.tick.checked_add(1),
				"from one record to the next, ticks do not rise by none or one"
			);
		}
		Ok(())
	}

	fn anchors_are_chained(queue: &[(Window, WindowRecord)]) -> Result<(), TryRuntimeError> {
		ensure!(
			queue
				.iter()
				.zip(queue.iter().skip(1))
				.all(|((_, record), (_, next))| next.required == record.anchor),
			"a window does not require the anchor of the last one recorded before it"
		);
		Ok(())
	}

	fn the_current_window_is_the_newest_recorded(
		state: &TimeState,
		queue: &[(Window, WindowRecord)],
	) -> Result<(), TryRuntimeError> {
		let (window, record) = queue.last().ok_or("no window is recorded")?;
		ensure!(state.window == *window, "the current window is not the newest recorded one");
		ensure!(state.tick == record.tick, "the current tick is not that of the current window");
		ensure!(state.anchor == record.anchor, "the anchor is not that of the current window");
		ensure!(state.blocks > 0, "the current window has no block");
		Ok(())
	}

	fn the_rules_are_those_of_kept_windows_and_the_newest(
		queue: &[(Window, WindowRecord)],
	) -> Result<(), TryRuntimeError> {
		let mut needed: BTreeSet<u32> = queue.iter().map(|(_, record)| record.rules).collect();
		needed.insert(RulesVersion::<T>::get());
		ensure!(
			Rules::<T>::iter_keys().collect::<BTreeSet<_>>() == needed,
			"the rules kept are not those of kept windows and the newest"
		);
		Ok(())
	}
}
