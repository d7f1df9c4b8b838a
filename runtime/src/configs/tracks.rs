//! The tracks of referenda: what each origin's proposals need to pass, and how long they take.
//!
//! Periods are given in minutes of production; genesis says how many blocks a *governance day* has,
//! so that a test network passes a referendum within minutes by the same WASM.

use super::origins::Origin;
use crate::{Balance, BlockNumber, OriginCaller, RuntimeOrigin, currency::UNIT, timing};
use alloc::borrow::Cow;
use frame_support::traits::OriginTrait;
use frame_system::RawOrigin;
use pallet_referenda::{Curve, Track, TrackInfo};
use sp_runtime::{FixedI64, str_array};

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
/// All decisions are to be made within four weeks.
const DECISION: u32 = 28 * DAY;

const fn percent(x: u128) -> FixedI64 {
	FixedI64::from_rational(x, 100)
}

/// Approval: near unanimity at once, 80 % after four days, simple majority at the end.
const APPROVAL_STRICT: Curve =
	Curve::make_reciprocal(4, 28, percent(80), percent(50), percent(100));
/// Approval: 100 % at once, simple majority after two weeks.
const APPROVAL_LINEAR: Curve = Curve::make_linear(14, 28, percent(50), percent(100));
/// Support: half of all tokens at once, none at the end.
const SUPPORT_WIDE: Curve = Curve::make_linear(28, 28, percent(0), percent(50));
/// Support: half of all tokens at once, 5 % after a week, next to none at the end.
const SUPPORT_NARROW: Curve = Curve::make_reciprocal(7, 28, percent(5), percent(0), percent(50));
/// Support: a tenth of all tokens at once, 1 % after a week.
const SUPPORT_LIGHT: Curve = Curve::make_reciprocal(7, 28, percent(1), percent(0), percent(10));

/// A track as it is written down.
struct Plan {
	id: u16,
	name: &'static str,
	/// Referenda decided at once.
	deciding: u32,
	/// Decision deposit, in tokens.
	deposit: Balance,
	/// Minutes of preparation, decision, confirmation and enactment.
	minutes: [u32; 4],
	approval: Curve,
	support: Curve,
}

const fn plan(
	id: u16,
	name: &'static str,
	deciding: u32,
	deposit: Balance,
	minutes: [u32; 4],
	approval: Curve,
	support: Curve,
) -> Plan {
	Plan { id, name, deciding, deposit, minutes, approval, support }
}

/// Ids are part of stored referenda and votes: a track is only ever added.
const PLANS: [Plan; 10] = [
	plan(0, "root", 1, 10_000, [2 * HOUR, DECISION, DAY, DAY], APPROVAL_STRICT, SUPPORT_WIDE),
	plan(
		1,
		"whitelisted caller",
		10,
		1_000,
		[30, DECISION, 30, 10],
		APPROVAL_STRICT,
		SUPPORT_NARROW,
	),
	plan(
		10,
		"economic admin",
		5,
		1_000,
		[2 * HOUR, DECISION, DAY, DAY],
		APPROVAL_LINEAR,
		SUPPORT_NARROW,
	),
	plan(
		11,
		"network admin",
		10,
		500,
		[2 * HOUR, DECISION, 12 * HOUR, HOUR],
		APPROVAL_LINEAR,
		SUPPORT_NARROW,
	),
	plan(
		20,
		"referendum canceller",
		100,
		1_000,
		[2 * HOUR, 7 * DAY, 3 * HOUR, 10],
		APPROVAL_LINEAR,
		SUPPORT_NARROW,
	),
	plan(
		21,
		"referendum killer",
		100,
		2_000,
		[2 * HOUR, DECISION, 3 * HOUR, 10],
		APPROVAL_LINEAR,
		SUPPORT_NARROW,
	),
	plan(
		30,
		"small spender",
		50,
		100,
		[4 * HOUR, DECISION, DAY, DAY],
		APPROVAL_LINEAR,
		SUPPORT_LIGHT,
	),
	plan(
		31,
		"medium spender",
		20,
		200,
		[4 * HOUR, DECISION, 2 * DAY, DAY],
		APPROVAL_LINEAR,
		SUPPORT_LIGHT,
	),
	plan(
		32,
		"big spender",
		10,
		500,
		[4 * HOUR, DECISION, 4 * DAY, DAY],
		APPROVAL_LINEAR,
		SUPPORT_NARROW,
	),
	plan(
		33,
		"treasurer",
		5,
		1_000,
		[2 * HOUR, DECISION, 7 * DAY, DAY],
		APPROVAL_STRICT,
		SUPPORT_WIDE,
	),
];

impl Plan {
	fn track(&self) -> Track<u16, Balance, BlockNumber> {
		let [prepare, decision, confirm, enactment] = self.minutes.map(timing::governance_blocks);
		Track {
			id: self.id,
			info: TrackInfo {
				name: str_array(self.name),
				max_deciding: self.deciding,
				decision_deposit: self.deposit.saturating_mul(UNIT),
				prepare_period: prepare,
				decision_period: decision,
				confirm_period: confirm,
				min_enactment_period: enactment,
				min_approval: self.approval.clone(),
				min_support: self.support.clone(),
			},
		}
	}
}

/// The tracks of this chain.
pub struct Tracks;

impl pallet_referenda::TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = u16;
	type RuntimeOrigin = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
		PLANS.iter().map(|plan| Cow::Owned(plan.track()))
	}

	fn track_for(origin: &Self::RuntimeOrigin) -> Result<u16, ()> {
		match origin {
			OriginCaller::system(RawOrigin::Root) => Ok(0),
			OriginCaller::Origins(origin) => Ok(match origin {
				Origin::WhitelistedCaller => 1,
				Origin::EconomicAdmin => 10,
				Origin::NetworkAdmin => 11,
				Origin::ReferendumCanceller => 20,
				Origin::ReferendumKiller => 21,
				Origin::SmallSpender => 30,
				Origin::MediumSpender => 31,
				Origin::BigSpender => 32,
				Origin::Treasurer => 33,
			}),
			_ => Err(()),
		}
	}
}
