//! Verdict keys of sessions, kept while a batch refers to them.

use cairn_telemetry::authority::AuthorityId;
use frame_support::{traits::OneSessionHandler, weights::Weight};
use sp_runtime::BoundToRuntimeAppPublic;
use sp_staking::SessionIndex;

use cairn_traits::CurrentSession;

use crate::{
	Config, Keys, NewestSession, Pallet, Sessions, StaleSessions, WeightInfo, types::SessionRecord,
};

/// Keys that one step in idle time removes.
pub(crate) const KEYS_DROPPED_AT_ONCE: u32 = 16;

impl<T: Config> BoundToRuntimeAppPublic for Pallet<T> {
	type Public = AuthorityId;
}

impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
	type Key = AuthorityId;

	fn on_genesis_session<'a, I>(validators: I)
	where
		I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
		T::AccountId: 'a,
	{
		Self::note_session(T::Session::session(), validators);
	}

	// Also when nothing has changed: a batch names the session of its seal, whose keys must be there.
	fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
	where
		I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
		T::AccountId: 'a,
	{
		Self::note_session(T::Session::session(), validators);
	}

	fn on_disabled(_: u32) {}
}

impl<T: Config> Pallet<T> {
	fn note_session<'a>(
		session: SessionIndex,
		validators: impl Iterator<Item = (&'a T::AccountId, AuthorityId)>,
	) where
		T::AccountId: 'a,
	{
		let mut count = 0u32;
		for (stash, key) in validators {
			Keys::<T>::insert(session, count, (stash.clone(), key));
			count = count.saturating_add(1);
		}
		let before = NewestSession::<T>::get();
		if before != session && Sessions::<T>::get(before).is_some_and(|old| old.references == 0) {
			StaleSessions::<T>::insert(before, ());
		}
		NewestSession::<T>::put(session);
		Sessions::<T>::insert(session, SessionRecord { validators: count, references: 0 });
	}

	/// One batch more refers to `session`.
	pub(crate) fn refer(session: SessionIndex) {
		Sessions::<T>::mutate_extant(session, |record| {
			record.references = record.references.saturating_add(1);
		});
	}

	/// One batch less refers to `session`; without any, a past session's keys are removed in idle
	/// time.
	pub(crate) fn release(session: SessionIndex) {
		Sessions::<T>::mutate_extant(session, |record| {
			record.references = record.references.saturating_sub(1);
			if record.references == 0 && session != NewestSession::<T>::get() {
				StaleSessions::<T>::insert(session, ());
			}
		});
	}

	/// Remove keys of stale sessions as far as `remaining` goes. Keys are dense from 0, so each step
	/// removes the last ones and shortens the record: no cursor is kept.
	pub(crate) fn drop_stale_keys(remaining: Weight) -> Weight {
		let step = T::WeightInfo::drop_stale_keys();
		let mut used = Weight::zero();
		while used.saturating_add(step).all_lte(remaining) {
			used = used.saturating_add(step);
			let Some(session) = StaleSessions::<T>::iter_keys().next() else { break };
			let Some(record) = Sessions::<T>::get(session) else {
				StaleSessions::<T>::remove(session);
				continue;
			};
			let left = record.validators.saturating_sub(KEYS_DROPPED_AT_ONCE);
			(left..record.validators).for_each(|member| Keys::<T>::remove(session, member));
			if left == 0 {
				Sessions::<T>::remove(session);
				StaleSessions::<T>::remove(session);
			} else {
				Sessions::<T>::insert(session, SessionRecord { validators: left, ..record });
			}
		}
		used
	}
}
