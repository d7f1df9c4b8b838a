//! Verdict keys of sessions; [`Pallet::sweep`] removes those that no batch refers to any more.

use cairn_telemetry::authority::AuthorityId;
use frame_support::traits::OneSessionHandler;
use sp_runtime::BoundToRuntimeAppPublic;
use sp_staking::SessionIndex;

use cairn_traits::CurrentSession;

use crate::{Config, Keys, NewestSession, Pallet, Sessions};

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
		NewestSession::<T>::put(session);
		Sessions::<T>::insert(session, count);
	}
}
