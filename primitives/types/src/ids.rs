//! Names of things: newtypes, so that a gateway can never be mistaken for a network.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! id {
	($(#[$doc:meta])* $name:ident($inner:ty)) => {
		$(#[$doc])*
		#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
		#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
		#[derive(Serialize, Deserialize)]
		#[serde(transparent)]
		pub struct $name(pub $inner);

		impl core::fmt::Display for $name {
			fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				self.0.fmt(f)
			}
		}

		impl core::str::FromStr for $name {
			type Err = core::num::ParseIntError;
			fn from_str(s: &str) -> Result<Self, Self::Err> {
				s.parse().map(Self)
			}
		}

		impl $name {
			/// The id after this one; `None` when the id space is used up.
			#[must_use]
			pub const fn next(self) -> Option<Self> {
				match self.0.checked_add(1) {
					Some(id) => Some(Self(id)),
					None => None,
				}
			}
		}
	};
}

id!(
	/// A DePIN registered on Cairn.
	NetworkId(u32)
);
id!(
	/// A published schema.
	SchemaId(u32)
);
id!(
	/// A registered device.
	DeviceId(u64)
);
id!(
	/// A manufacturer that certifies devices.
	MakerId(u32)
);
id!(
	/// A gateway: the service that collects readings and seals batches.
	GatewayId(u32)
);

/// A place in a gateway's ledger; never reused.
pub type Slot = u32;
/// Number of a window: ⌊time / (slot duration · N)⌋.
pub type Window = u32;
/// Count of live windows: what deadlines and cycles count.
pub type Tick = u32;
/// Number of a reward period: ⌊tick / L⌋.
pub type Cycle = u32;
/// Which try at sealing a window a batch is: the number of deaths its gateway had seen.
pub type Attempt = u32;
/// Metered work of one device in one window, or of one device in one cycle.
pub type Units = u64;
