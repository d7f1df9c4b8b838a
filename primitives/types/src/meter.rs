//! How readings become units, and who is admitted: what a network's operator decides.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::{
	ids::{MakerId, SchemaId, Units},
	schema::{ChannelKind, Schema},
};

/// Most makers that one network admits.
pub const MAX_ADMITTED: u32 = 16;

/// How readings become units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum MeterRule {
	/// The window is cut into `expected` equal intervals; units = ⌊cap · hit intervals / expected⌋.
	Uptime {
		/// Intervals in a window, 1..=128.
		expected: u16,
		/// Units of a device that hits every interval.
		cap: Units,
	},
	/// Units are the credited increase of a counter channel.
	Counter {
		/// Index of the metered channel.
		channel: u8,
		/// Most units per second that are credited.
		max_rate: u64,
	},
}

/// Why a meter rule cannot be used with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum MeterFault {
	/// `expected` is 0 or above 128, or a cap or rate is zero.
	OutOfRange,
	/// The schema has no such channel.
	NoChannel,
	/// The channel is not a counter.
	NotACounter,
}

impl MeterRule {
	/// Most units one device can have in a window of `window_millis`; saturating.
	#[must_use]
	pub fn cap(&self, window_millis: u64) -> Units {
		match self {
			Self::Uptime { cap, .. } => *cap,
			Self::Counter { max_rate, .. } => max_units(*max_rate, window_millis),
		}
	}

	/// Whether the rule is sound by itself and with `schema`.
	///
	/// # Errors
	/// The first [`MeterFault`] found.
	pub fn check(&self, schema: &Schema) -> Result<(), MeterFault> {
		match self {
			Self::Uptime { expected, cap } => {
				if *expected == 0 || *expected > 128 || *cap == 0 {
					return Err(MeterFault::OutOfRange);
				}
			},
			Self::Counter { channel, max_rate } => {
				if *max_rate == 0 {
					return Err(MeterFault::OutOfRange);
				}
				let channel =
					schema.channels.get(usize::from(*channel)).ok_or(MeterFault::NoChannel)?;
				if channel.kind != ChannelKind::Counter {
					return Err(MeterFault::NotACounter);
				}
			},
		}
		Ok(())
	}
}

/// ⌊rate · millis / 1000⌋, saturating: what a counter of at most `rate` per second adds in `millis`.
#[must_use]
pub fn max_units(rate: u64, millis: u64) -> Units {
	let product = u128::from(rate).saturating_mul(u128::from(millis));
	Units::try_from(product.checked_div(1_000).unwrap_or(0)).unwrap_or(Units::MAX)
}

/// Who may put devices into a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum Admission {
	/// Any device.
	Open,
	/// Devices with a certificate of one of these makers.
	Certified(BoundedVec<MakerId, ConstU32<MAX_ADMITTED>>),
}

impl Admission {
	/// Whether a device certified by `maker` (or by nobody) is admitted.
	#[must_use]
	pub fn admits(&self, maker: Option<MakerId>) -> bool {
		match self {
			Self::Open => true,
			Self::Certified(makers) => maker.is_some_and(|maker| makers.contains(&maker)),
		}
	}

	/// Whether only certified devices are admitted.
	#[must_use]
	pub const fn is_certified(&self) -> bool {
		matches!(self, Self::Certified(_))
	}
}

/// What of a network is dated by cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NetworkConfig {
	/// The schema of the network's readings.
	pub schema: SchemaId,
	/// How readings become units.
	pub meter: MeterRule,
	/// Who is admitted.
	pub admission: Admission,
}
