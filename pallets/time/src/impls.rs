//! The hook, the call, and what others ask.

use cairn_traits::{ConsensusSlot, CurrentSession, Entropy, OnCycle, Timekeeper};
use cairn_types::{Hash32, Moment, Periods, Window, WindowRecord};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Defensive, DefensiveOption, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{SaturatedConversion, traits::Zero};

use crate::{
	Config, Error, Event, LOG_TARGET, Now, Pallet, Recorded, Rules, RulesVersion, WeightInfo,
	Windows,
	types::{TimeState, check_rules},
};

/// Records removed at most when a window opens: one more than is added, so that a backlog shrinks.
const PRUNED_PER_WINDOW: u32 = 2;

impl<T: Config> Pallet<T> {
	/// Count the block `now`; open a window with it if it is the first of one.
	pub(crate) fn do_note_block(now: BlockNumberFor<T>) -> Weight {
		let periods = T::Periods::get();
		let window = periods.window_of_slot(T::Slot::slot());
		let migrating = T::Migrating::get();
		match Now::<T>::get() {
			// Slots never go backwards: `<` does not happen.
			Some(state) if window <= state.window => {
				Now::<T>::put(state.note_block(migrating));
				Self::always().saturating_add(T::WeightInfo::on_initialize_block())
			},
			before => Self::do_open(&periods, before, window, migrating, now.saturated_into()),
		}
	}

	/// Open `window` with its first block; `before` is the state in the last recorded one.
	fn do_open(
		periods: &Periods,
		before: Option<TimeState>,
		window: Window,
		migrating: bool,
		first_block: u32,
	) -> Weight {
		let anchor = T::Entropy::newest();
		let (mut state, required, advanced) = match before {
			None => (TimeState::first(window, anchor, migrating), Self::genesis(), true),
			Some(state) => {
				let adds_tick = state.adds_tick(window, periods.window_slots);
				(state.open(window, adds_tick, anchor, migrating), state.anchor, adds_tick)
			},
		};
		let tick = state.tick;
		let session = T::Session::session();
		let rules = RulesVersion::<T>::get();
		let record = WindowRecord { tick, anchor, required, session, rules, first_block };

		Windows::<T>::insert(window, record);
		Recorded::<T>::insert(state.next.saturating_sub(1), window);
		state.oldest = Self::prune(periods, &state);
		Now::<T>::put(state);

		Self::deposit_event(Event::WindowOpened { window, tick });
		log::debug!(target: LOG_TARGET, "window {window} opened at tick {tick}");
		let begins_cycle = advanced && tick.is_multiple_of(periods.cycle_ticks);
		let told = if begins_cycle { Self::begin_cycle(periods, tick) } else { Weight::zero() };
		Self::always().saturating_add(T::WeightInfo::on_initialize_window()).saturating_add(told)
	}

	/// What benchmarks leave out, for the block's other calls to find it at hand: the periods are read
	/// here, [`Now`] is read and written.
	fn always() -> Weight {
		T::DbWeight::get().reads_writes(2, 1)
	}

	fn begin_cycle(periods: &Periods, tick: u32) -> Weight {
		let cycle = periods.cycle_of(tick);
		Self::deposit_event(Event::CycleBegan { cycle });
		T::OnCycle::on_cycle(cycle)
	}

	/// Remove a few of the oldest records if nothing can refer to them any more; returns the ordinal
	/// of the oldest that is left.
	fn prune(periods: &Periods, state: &TimeState) -> u32 {
		let mut ordinal = state.oldest;
		let mut candidate = Self::recorded(ordinal);
		for _ in 0..PRUNED_PER_WINDOW {
			let Some((window, record)) =
				candidate.filter(|(_, record)| Self::is_past(periods, record, state))
			else {
				break;
			};
			Recorded::<T>::remove(ordinal);
			Windows::<T>::remove(window);
			ordinal = ordinal.saturating_add(1);
			candidate =
				Self::recorded(ordinal).defensive_proof("the newest record is never in the past");
			// Versions never fall along the queue: no later record has this one either.
			if candidate.is_some_and(|(_, next)| next.rules != record.rules) {
				Rules::<T>::remove(record.rules);
			}
		}
		ordinal
	}

	/// Whether everything sealed for a window has matured before the current tick.
	fn is_past(periods: &Periods, record: &WindowRecord, state: &TimeState) -> bool {
		state.tick > record.tick.saturating_add(periods.mature_ticks())
	}

	/// The record with an ordinal.
	pub(crate) fn recorded(ordinal: u32) -> Option<(Window, WindowRecord)> {
		let window = Recorded::<T>::get(ordinal)?;
		Some((window, Windows::<T>::get(window)?))
	}

	/// Write new limits as a new version.
	pub(crate) fn do_set_rules(max_readings: u32, max_payload: u64) -> DispatchResult {
		check_rules(max_readings, max_payload).map_err(Error::<T>::from)?;
		let newest = RulesVersion::<T>::get();
		let current = Rules::<T>::get(newest).defensive_ok_or(Error::<T>::Inconsistent)?;
		let rules = cairn_types::Rules { max_readings, max_payload, ..current };
		ensure!(rules != current, Error::<T>::AlreadySet);
		let used = Now::<T>::get()
			.and_then(|state| Windows::<T>::get(state.window))
			.is_some_and(|record| record.rules == newest);
		let version = newest.saturating_add(1);

		if !used {
			Rules::<T>::remove(newest);
		}
		Rules::<T>::insert(version, rules);
		RulesVersion::<T>::put(version);

		Self::deposit_event(Event::RulesSet { version });
		Ok(())
	}

	fn genesis() -> Hash32 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).into()
	}
}

impl<T: Config> Timekeeper for Pallet<T> {
	fn periods() -> Periods {
		T::Periods::get()
	}

	fn now() -> Moment {
		Now::<T>::get().map(|state| state.moment()).unwrap_or_default()
	}

	fn window(window: Window) -> Option<WindowRecord> {
		Windows::<T>::get(window)
	}

	fn rules(version: u32) -> Option<cairn_types::Rules> {
		Rules::<T>::get(version)
	}
}
