//! What calls that check a device's signature are declared to weigh: it depends on the kind of key.

use cairn_types::DeviceKey;
use frame_support::weights::Weight;

use crate::{Config, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
	pub(crate) fn weight_of_register(key: &DeviceKey, is_certified: bool) -> Weight {
		match (key, is_certified) {
			(DeviceKey::Ed25519(_), false) => T::WeightInfo::register_ed25519(),
			(DeviceKey::Sr25519(_), false) => T::WeightInfo::register_sr25519(),
			(DeviceKey::Secp256k1(_), false) => T::WeightInfo::register_secp256k1(),
			(DeviceKey::Ed25519(_), true) => T::WeightInfo::register_certified_ed25519(),
			(DeviceKey::Sr25519(_), true) => T::WeightInfo::register_certified_sr25519(),
			(DeviceKey::Secp256k1(_), true) => T::WeightInfo::register_certified_secp256k1(),
		}
	}

	pub(crate) fn weight_of_rotate_key(key: &DeviceKey) -> Weight {
		match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::rotate_key_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::rotate_key_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::rotate_key_secp256k1(),
		}
	}

	/// The call does not name the key: the dearest kind.
	pub(crate) fn weight_of_take_over() -> Weight {
		T::WeightInfo::take_over_ed25519()
			.max(T::WeightInfo::take_over_sr25519())
			.max(T::WeightInfo::take_over_secp256k1())
	}
}
