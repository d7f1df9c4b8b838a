//! Origins that referenda speak with, each with its own track.

pub use pallet::*;

/// Names what referenda may do without being root.
#[frame_support::pallet]
pub mod pallet {
	use crate::{Balance, currency::UNIT};
	use frame_support::pallet_prelude::*;

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Whom an approved referendum speaks for. Tracks are found by it: a variant is only ever added
	/// at the end.
	#[derive(Clone, Copy, Debug, PartialEq, Eq)]
	#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
	#[pallet::origin]
	pub enum Origin {
		/// Dispatches as root what the technical committee has whitelisted.
		WhitelistedCaller,
		/// Sets parameters, the emission's split, networks' weights and the rules of batches.
		EconomicAdmin,
		/// Pauses networks, retires devices, convicts makers, deprecates schemas.
		NetworkAdmin,
		/// Cancels referenda; their deposits are returned.
		ReferendumCanceller,
		/// Kills referenda; their deposits are lost.
		ReferendumKiller,
		/// Spends little.
		SmallSpender,
		/// Spends more.
		MediumSpender,
		/// Spends much.
		BigSpender,
		/// Spends any amount of the treasury's.
		Treasurer,
	}

	impl Origin {
		/// Most that one spend may pay; zero for origins that do not spend.
		pub const fn spends(self) -> Balance {
			match self {
				Self::SmallSpender => 1_000 * UNIT,
				Self::MediumSpender => 10_000 * UNIT,
				Self::BigSpender => 100_000 * UNIT,
				Self::Treasurer => Balance::MAX,
				Self::WhitelistedCaller
				| Self::EconomicAdmin
				| Self::NetworkAdmin
				| Self::ReferendumCanceller
				| Self::ReferendumKiller => 0,
			}
		}
	}
}

use crate::{Balance, RuntimeOrigin};
use frame_support::traits::EnsureOrigin;

/// Declares a type that lets one origin through.
macro_rules! ensure_origin {
	($(#[$doc:meta] $name:ident;)+) => {$(
		#[$doc]
		pub struct $name;

		impl EnsureOrigin<RuntimeOrigin> for $name {
			type Success = ();

			fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
				match Result::<Origin, RuntimeOrigin>::from(origin.clone()) {
					Ok(Origin::$name) => Ok(()),
					_ => Err(origin),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
				Ok(Origin::$name.into())
			}
		}
	)+};
}

ensure_origin! {
	#[doc = "Only [`Origin::WhitelistedCaller`]."]
	WhitelistedCaller;
	#[doc = "Only [`Origin::EconomicAdmin`]."]
	EconomicAdmin;
	#[doc = "Only [`Origin::NetworkAdmin`]."]
	NetworkAdmin;
	#[doc = "Only [`Origin::ReferendumCanceller`]."]
	ReferendumCanceller;
	#[doc = "Only [`Origin::ReferendumKiller`]."]
	ReferendumKiller;
	#[doc = "Only [`Origin::Treasurer`]."]
	Treasurer;
}

/// Whoever spends, with the most that one spend may pay.
pub struct Spender;

impl EnsureOrigin<RuntimeOrigin> for Spender {
	type Success = Balance;

	fn try_origin(origin: RuntimeOrigin) -> Result<Balance, RuntimeOrigin> {
		match Result::<Origin, RuntimeOrigin>::from(origin.clone()) {
			Ok(spender) if spender.spends() > 0 => Ok(spender.spends()),
			_ => Err(origin),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		Ok(Origin::Treasurer.into())
	}
}
