//! What the calls cost at worst: an account with three open cycles, all frozen since, a path of 32
//! siblings, a payee who has no account yet.

use alloc::{vec, vec::Vec};
use cairn_economics::{MAX_OPEN, Open};
use cairn_telemetry::{Account, AccountV1, Claim, Proof};
use cairn_traits::Timekeeper;
use cairn_types::{
	Amount, Cycle, DeviceId, GatewayId, NetworkId, SchemaId, Tick, schema::MAX_CHANNELS,
};
use frame_benchmarking::v2::*;
use frame_support::{
	BoundedVec,
	traits::{ConstU32, EnsureOrigin, fungible::Inspect},
};
use frame_system::RawOrigin;
use sp_runtime::DispatchError;

use crate::{
	Call, Config, CycleRecord, Cycles, Earner, Earning, Earnings, Event, MAX_CLAIMS, Pallet,
	types::kept_cycles,
};

/// Fixtures of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Let `tick` be the current tick. Cycles that begin by it need not be announced.
	fn set_tick(tick: Tick);
	/// Create an open network that admits certified devices only, of which rewards is told.
	fn certified_network() -> NetworkId;
	/// Let units be attested through a gateway of `network`, which need not exist before.
	fn note_attested(gateway: GatewayId, network: NetworkId, cycle: Cycle, units: u128);
	/// Make `claim` provable: its gateway serves `network` and has sealed, for its window, a ledger
	/// with its root, which has matured; its slot is one of the account's device, paid to `payee`.
	fn prove(claim: &Claim, network: NetworkId, payee: &AccountId);
}

const UNITS: u64 = 1_000_000;
/// The last cycle in which something is attested: accounts have the first three of them open, gateways
/// the last three.
const LAST_CYCLE: Cycle = 2 * MAX_OPEN;

fn set_cycle<T: Config>(cycle: Cycle) {
	T::BenchmarkHelper::set_tick(cycle.saturating_mul(T::Time::periods().cycle_ticks));
	if !Cycles::<T>::contains_key(cycle) {
		Pallet::<T>::do_begin(cycle);
	}
}

/// The largest claim: its slot's device had units in each of the cycles 1, 2 and 3.
fn largest_claim(index: u32) -> Claim {
	let open: Vec<_> = (1..=MAX_OPEN).map(|cycle| Open { cycle, units: UNITS }).collect();
	let totals = vec![u64::MAX; usize::try_from(MAX_CHANNELS).unwrap_or(1)];
	Claim {
		gateway: GatewayId(index),
		window: 1,
		slot: u32::MAX,
		account: Account::V1(AccountV1 {
			device: DeviceId(u64::from(index)),
			schema: SchemaId(0),
			sequence: u64::MAX,
			time: u64::MAX,
			open: BoundedVec::truncate_from(open),
			settled: 0,
			totals: BoundedVec::truncate_from(totals),
		}),
		data: [7; 32],
		proof: Proof { bitmap: u32::MAX, siblings: BoundedVec::truncate_from(vec![[7; 32]; 32]) },
	}
}

fn payee<T: Config>(index: u32) -> T::AccountId {
	account("payee", index, 0)
}

/// `count` provable claims of gateways of one network. All cycles are frozen since: those of the
/// accounts, and later ones of the gateways, which were not folded yet.
fn provable_claims<T: Config>(count: u32) -> Result<Vec<Claim>, DispatchError> {
	set_cycle::<T>(0);
	let network = T::BenchmarkHelper::certified_network();
	Pallet::<T>::do_set_weight(network, 1)?;
	for cycle in 1..=LAST_CYCLE {
		set_cycle::<T>(cycle);
		for index in 0..count {
			T::BenchmarkHelper::note_attested(GatewayId(index), network, cycle, UNITS.into());
		}
	}
	// The last one is frozen by then: H is at most two cycles.
	set_cycle::<T>(LAST_CYCLE.saturating_add(3));
	let claims: Vec<_> = (0..count).map(largest_claim).collect();
	for (claim, index) in claims.iter().zip(0..) {
		T::BenchmarkHelper::prove(claim, network, &payee::<T>(index));
	}
	Ok(claims)
}

fn has_account<T: Config>(who: &T::AccountId) -> bool {
	T::Currency::total_balance(who) >= T::Currency::minimum_balance()
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn claim_attested() -> Result<(), BenchmarkError> {
		let mut claims = provable_claims::<T>(1)?;
		let claim = claims.pop().ok_or(BenchmarkError::Stop("there is a claim"))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), claim);

		assert!(has_account::<T>(&payee::<T>(0)));
		Ok(())
	}

	#[benchmark]
	fn claim_many(n: Linear<1, { MAX_CLAIMS }>) -> Result<(), BenchmarkError> {
		let claims: BoundedVec<Claim, ConstU32<MAX_CLAIMS>> =
			BoundedVec::truncate_from(provable_claims::<T>(n)?);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), claims);

		assert!((0..n).all(|index| has_account::<T>(&payee::<T>(index))));
		Ok(())
	}

	#[benchmark]
	fn release() -> Result<(), BenchmarkError> {
		let mut claims = provable_claims::<T>(1)?;
		let claim = claims.pop().ok_or(BenchmarkError::Stop("there is a claim"))?;
		let unvested: Amount = T::Currency::minimum_balance().saturating_mul(1_000_000);
		let earning = Earning { paid: unvested, unvested, due: 0, touched: 0 };
		Earnings::<T>::insert(Earner::Slot(claim.gateway, claim.slot), earning);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), claim.gateway, claim.slot);

		assert!(has_account::<T>(&payee::<T>(0)));
		Ok(())
	}

	#[benchmark]
	fn set_payee() -> Result<(), BenchmarkError> {
		let network = T::BenchmarkHelper::certified_network();
		let Claim { gateway, slot, .. } = largest_claim(0);
		let caller: T::AccountId = whitelisted_caller();
		T::BenchmarkHelper::prove(&largest_claim(0), network, &caller);
		let payee = payee::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), gateway, slot, payee.clone());

		assert_last_event::<T>(Event::PayeeChanged { gateway, slot, payee });
		Ok(())
	}

	#[benchmark]
	fn set_weight() -> Result<(), BenchmarkError> {
		set_cycle::<T>(3);
		let network = T::BenchmarkHelper::certified_network();
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, network, u32::MAX);

		assert_last_event::<T>(Event::WeightChanged { network, weight: u32::MAX, since: 4 });
		Ok(())
	}

	#[benchmark]
	fn on_cycle() {
		let cycle = kept_cycles(&T::Time::periods());
		T::BenchmarkHelper::set_tick(cycle.saturating_mul(T::Time::periods().cycle_ticks));
		Cycles::<T>::insert(
			0,
			CycleRecord {
				emission: 0,
				parts: Default::default(),
				bootstrap: 0,
				weights: 0,
				vesting: 1,
			},
		);

		#[block]
		{
			Pallet::<T>::do_begin(cycle);
		}

		assert!(Cycles::<T>::contains_key(cycle));
		assert!(!Cycles::<T>::contains_key(0));
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
