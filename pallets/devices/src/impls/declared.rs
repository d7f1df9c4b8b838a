//! What calls that check signatures are declared to weigh: it depends on the kinds of key. The runtime
//! checks P-256 itself, in wasm, which costs more than all the rest of a call: it is counted by
//! signature.

use alloc::collections::BTreeSet;
use cairn_types::{
	Approval, Certificate, CertifierSignature, Delegation, DeviceKey, DeviceSignature, MakerId,
	Objection, Registration,
};
use frame_support::{traits::Get, weights::Weight};

use crate::{Config, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
	pub(crate) fn weight_of_register(key: &DeviceKey, certificate: Option<&Certificate>) -> Weight {
		let Some(certificate) = certificate else {
			return match key {
				DeviceKey::Ed25519(_) => T::WeightInfo::register_ed25519(),
				DeviceKey::Sr25519(_) => T::WeightInfo::register_sr25519(),
				DeviceKey::Secp256k1(_) => T::WeightInfo::register_secp256k1(),
			};
		};
		let certified = match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::register_certified_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::register_certified_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::register_certified_secp256k1(),
		};
		certified.saturating_add(Self::weight_of_p256(certificate.is_p256().into()))
	}

	/// That of a device without a certificate, and what a certificate adds to one without a root.
	pub(crate) fn weight_of_register_rooted(
		key: &DeviceKey,
		certificate: Option<&Certificate>,
	) -> Weight {
		let rooted = match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::register_rooted_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::register_rooted_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::register_rooted_secp256k1(),
		};
		let certificates = Self::weight_of_register(key, certificate)
			.saturating_sub(Self::weight_of_register(key, None));
		rooted.saturating_add(certificates)
	}

	/// As many devices that one maker certified, with the dearest kind of key, and what roots and
	/// other makers add: each is an entry that is read and written.
	pub(crate) fn weight_of_register_batch(registrations: &[Registration]) -> Weight {
		let count = u32::try_from(registrations.len()).unwrap_or(u32::MAX);
		let mut signatures = 0u64;
		let mut entries = 0u64;
		for registration in registrations {
			signatures = signatures.saturating_add(registration.p256_signatures());
			entries = entries.saturating_add(u64::from(registration.delegation.is_some()));
		}
		let certificates = registrations.iter().filter_map(|known| known.certificate.as_ref());
		let makers: BTreeSet<MakerId> = certificates.map(Certificate::maker).collect();
		let others = u64::try_from(makers.len()).unwrap_or(u64::MAX).saturating_sub(1);
		entries = entries.saturating_add(others);
		T::WeightInfo::register_batch(count)
			.saturating_add(Self::weight_of_p256(signatures))
			.saturating_add(T::DbWeight::get().reads_writes(entries, entries))
	}

	pub(crate) fn weight_of_rotate_key(key: &DeviceKey) -> Weight {
		match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::rotate_key_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::rotate_key_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::rotate_key_secp256k1(),
		}
	}

	pub(crate) fn weight_of_rotate_rooted_key(key: &DeviceKey) -> Weight {
		match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::rotate_rooted_key_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::rotate_rooted_key_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::rotate_rooted_key_secp256k1(),
		}
	}

	/// The call does not name the key: the dearest kind.
	pub(crate) fn weight_of_take_over() -> Weight {
		T::WeightInfo::take_over_ed25519()
			.max(T::WeightInfo::take_over_sr25519())
			.max(T::WeightInfo::take_over_secp256k1())
	}

	/// Whether a device or a deposit is behind the number is not known before.
	pub(crate) fn weight_of_revoke() -> Weight {
		T::WeightInfo::revoke().max(T::WeightInfo::revoke_retained())
	}

	/// Whether the device is somewhere already is not known before.
	pub(crate) fn weight_of_assert_location() -> Weight {
		T::WeightInfo::assert_location().max(T::WeightInfo::assert_location_first())
	}

	pub(crate) fn weight_of_certify(certificate: &Certificate) -> Weight {
		let signatures = u64::from(certificate.is_p256());
		T::WeightInfo::certify().saturating_add(Self::weight_of_p256(signatures))
	}

	/// Benchmarked without a root key, consent being signed with ed25519.
	pub(crate) fn weight_of_recover(
		key: &DeviceKey,
		delegation: Option<&Delegation>,
		approval: &Approval,
	) -> Weight {
		let plain = match key {
			DeviceKey::Ed25519(_) => T::WeightInfo::recover_ed25519(),
			DeviceKey::Sr25519(_) => T::WeightInfo::recover_sr25519(),
			DeviceKey::Secp256k1(_) => T::WeightInfo::recover_secp256k1(),
		};
		let roots = u64::from(delegation.is_some());
		let is_p256 = matches!(approval.signature, CertifierSignature::P256(_));
		plain
			.saturating_add(Self::weight_of_p256(roots.saturating_add(is_p256.into())))
			.saturating_add(T::DbWeight::get().reads(roots))
	}

	pub(crate) fn weight_of_cancel_recovery(objection: &Objection) -> Weight {
		match objection {
			Objection::Owner => T::WeightInfo::cancel_recovery_owner(),
			Objection::Operational(DeviceSignature::Ed25519(_)) => {
				T::WeightInfo::cancel_recovery_ed25519()
			},
			Objection::Operational(DeviceSignature::Sr25519(_)) => {
				T::WeightInfo::cancel_recovery_sr25519()
			},
			Objection::Operational(DeviceSignature::Secp256k1(_)) => {
				T::WeightInfo::cancel_recovery_secp256k1()
			},
			Objection::Root(_) => T::WeightInfo::cancel_recovery_root(),
		}
	}

	/// What checking as many signatures on P-256 weighs.
	fn weight_of_p256(signatures: u64) -> Weight {
		T::WeightInfo::verify_p256().saturating_mul(signatures)
	}
}
