//! What a device is registered with.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::{Certificate, Delegation, DeviceKey, Possession, RootKey};

/// Most devices that one call registers.
pub const MAX_REGISTRATIONS: u32 = 64;
/// Devices that one call registers.
pub type Registrations = BoundedVec<Registration, ConstU32<MAX_REGISTRATIONS>>;

/// A device's keys, what they prove, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Registration {
	/// Its operational key.
	pub key: DeviceKey,
	/// That key names the owner.
	pub possession: Possession,
	/// Its root key names the operational key, if it has a root key.
	pub delegation: Option<Delegation>,
	/// Its maker's certificate.
	pub certificate: Option<Certificate>,
}

impl Registration {
	/// Its root key.
	#[must_use]
	pub fn root(&self) -> Option<&RootKey> {
		self.delegation.as_ref().map(|delegation| &delegation.root)
	}

	/// How many of its signatures are of P-256.
	#[must_use]
	pub fn p256_signatures(&self) -> u64 {
		let root = u64::from(self.delegation.is_some());
		let certified = self.certificate.as_ref().is_some_and(Certificate::is_p256);
		root.saturating_add(u64::from(certified))
	}
}
