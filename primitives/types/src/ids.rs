//! Names of things: newtypes, so that a gateway can never be mistaken for a network.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError {
	/// Of what.
	pub of: &'static str,
	/// The largest there is.
	pub max: u64,
}

impl core::fmt::Display for ParseIdError {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(f, "the id of a {} is a whole number from 0 to {}", self.of, self.max)
	}
}

impl core::error::Error for ParseIdError {}

macro_rules! id {
	($of:literal, $(#[$doc:meta])* $name:ident($inner:ty)) => {
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
			type Err = ParseIdError;
			fn from_str(s: &str) -> Result<Self, Self::Err> {
				let error = ParseIdError { of: $of, max: u64::MAX >> (u64::BITS - <$inner>::BITS) };
				s.parse().map(Self).map_err(|_| error)
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
	"network",
	/// A DePIN registered on Cairn.
	NetworkId(u32)
);
id!(
	"schema",
	/// A published schema.
	SchemaId(u32)
);
id!(
	"device",
	/// A registered device.
	DeviceId(u64)
);
id!(
	"maker",
	/// A manufacturer that certifies devices.
	MakerId(u32)
);
id!(
	"gateway",
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

#[cfg(test)]
mod tests {
	use alloc::string::ToString;

	use super::*;

	#[test]
	fn ids_are_whole_numbers_within_their_bounds() {
		assert_eq!("7".parse(), Ok(NetworkId(7)));
		assert_eq!(u32::MAX.to_string().parse(), Ok(GatewayId(u32::MAX)));
		assert_eq!(u64::MAX.to_string().parse(), Ok(DeviceId(u64::MAX)));
		for text in ["", "abc", "-1", "0x1", "1.0", " 1", "4294967296"] {
			let error = text.parse::<MakerId>().expect_err("no id").to_string();
			assert_eq!(error, "the id of a maker is a whole number from 0 to 4294967295");
		}
		let error = "18446744073709551616".parse::<DeviceId>().expect_err("no id");
		assert_eq!(error, ParseIdError { of: "device", max: u64::MAX });
	}
}
