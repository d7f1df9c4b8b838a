//! Which share of the bootstrap pool a network has.

use cairn_traits::{NetworkRegistry, OnNetworkChange};
use cairn_types::{Cycle, NetworkId};
use frame_support::{dispatch::DispatchResult, ensure};

use crate::{Config, Error, Event, NetworkWeight, Pallet, WeightSum, Weights, types::Clock};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_weight(network: NetworkId, weight: u32) -> DispatchResult {
		let since = Clock::read::<T::Time>().next_cycle();
		let config = T::Networks::config(network, since).ok_or(Error::<T>::NotFound)?;
		ensure!(T::Networks::is_open(network), Error::<T>::WrongStage);
		ensure!(config.admission.is_certified(), Error::<T>::NotCertified);
		let record = NetworkWeight { granted: weight, ..Self::weight_record(network) };

		Self::put_weight(network, record, weight, since);

		Self::deposit_event(Event::WeightChanged { network, weight, since });
		Ok(())
	}

	/// A network's record, or that of one which was just created.
	fn weight_record(network: NetworkId) -> NetworkWeight {
		Weights::<T>::get(network)
			.unwrap_or_else(|| NetworkWeight::new(Self::params().default_weight))
	}

	/// What a network's change of admission or stage makes of its weight.
	fn note_weight(network: NetworkId, record: NetworkWeight, weight: u32) {
		let since = Clock::read::<T::Time>().next_cycle();
		let changes = record.history.newest() != weight;

		Self::put_weight(network, record, weight, since);

		if changes {
			Self::deposit_event(Event::WeightChanged { network, weight, since });
		}
	}

	/// Let a network have `weight` from the cycle `since` on, which is the next one, and keep the sum.
	fn put_weight(network: NetworkId, mut record: NetworkWeight, weight: u32, since: Cycle) {
		let before = record.history.newest();
		if weight != before {
			record.history.set(since, weight);
			WeightSum::<T>::mutate(|sum| {
				let others = sum.newest().saturating_sub(u64::from(before));
				sum.set(since, others.saturating_add(u64::from(weight)));
			});
		}
		Weights::<T>::insert(network, record);
	}
}

impl<T: Config> OnNetworkChange for Pallet<T> {
	fn on_created(id: NetworkId, certified: bool) {
		Self::on_configured(id, certified);
	}

	/// What was granted is lost with the first cycle in which the network admits devices without a
	/// certificate. They stay when it admits certified ones only again: an owner who opened a network,
	/// filled it with key pairs and closed it again would share the pool with them ever after.
	fn on_configured(id: NetworkId, certified: bool) {
		let record = Self::weight_record(id);
		let granted = if certified { record.granted } else { 0 };
		Self::note_weight(id, NetworkWeight { granted, ..record }, granted);
	}

	fn on_closed(id: NetworkId) {
		let record = NetworkWeight { granted: 0, ..Self::weight_record(id) };
		Self::note_weight(id, record, 0);
	}
}
