//! The hook in both variants, and the call.

use cairn_types::{Window, WindowRecord};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get, Hooks};
use frame_system::pallet_prelude::BlockNumberFor;

use crate::{
	BenchmarkHelper, Call, Config, Event, INITIAL_RULES, MAX_PAYLOAD, Now, Pallet, Recorded, Rules,
	RulesVersion, TimeState, Windows,
};

/// The current window; the next one is opened.
const CURRENT: Window = 9;
/// The newest version of the rules.
const NEWEST: u32 = 5;

#[benchmarks]
mod benchmarks {
	use super::*;

	fn record<T: Config>(ordinal: u32, window: Window, tick: u32, rules: u32) {
		let anchor = [9; 32];
		let record =
			WindowRecord { tick, anchor, required: anchor, session: 0, rules, first_block: window };
		Windows::<T>::insert(window, record);
		Recorded::<T>::insert(ordinal, window);
		Rules::<T>::insert(rules, INITIAL_RULES);
	}

	/// Two records to prune, each the last of its version of the rules, and a full current window
	/// at a tick that begins a cycle, so that the next one does not.
	fn prepare<T: Config>(slot_of: Window) -> TimeState {
		let periods = T::Periods::get();
		let tick = periods.cycle_ticks.saturating_mul(periods.mature_ticks().saturating_add(1));
		record::<T>(0, 0, 0, 1);
		record::<T>(1, 1, 0, 2);
		record::<T>(2, CURRENT, tick, 3);
		RulesVersion::<T>::put(NEWEST);
		Rules::<T>::insert(NEWEST, INITIAL_RULES);
		let state = TimeState {
			window: CURRENT,
			tick,
			blocks: periods.window_slots,
			interrupted: false,
			anchor: [9; 32],
			oldest: 0,
			next: 3,
		};
		Now::<T>::put(state);
		T::BenchmarkHelper::set_slot(
			u64::from(slot_of).saturating_mul(u64::from(periods.window_slots)),
		);
		state
	}

	#[benchmark]
	fn on_initialize_block() {
		let before = prepare::<T>(CURRENT);
		let now: BlockNumberFor<T> = 100u32.into();

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}

		assert_eq!(Now::<T>::get(), Some(before.note_block(false)));
	}

	/// The callback returns its own weight; the event of the cycle is measured here.
	#[benchmark]
	fn on_initialize_window() {
		let before = prepare::<T>(CURRENT.saturating_add(1));
		let now: BlockNumberFor<T> = 100u32.into();

		#[block]
		{
			Pallet::<T>::on_initialize(now);
			Pallet::<T>::deposit_event(Event::CycleBegan { cycle: 0 });
		}

		let state = Now::<T>::get().expect("there was a block");
		assert_eq!(state.tick, before.tick.saturating_add(1));
		assert_eq!((state.oldest, state.next), (2, 4));
		assert!(!Rules::<T>::contains_key(1) && !Rules::<T>::contains_key(2));
	}

	/// A version that no window came to use is replaced.
	#[benchmark]
	fn set_rules() -> Result<(), BenchmarkError> {
		prepare::<T>(CURRENT);
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 1, MAX_PAYLOAD);

		assert!(!Rules::<T>::contains_key(NEWEST));
		assert!(Rules::<T>::contains_key(NEWEST.saturating_add(1)));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
