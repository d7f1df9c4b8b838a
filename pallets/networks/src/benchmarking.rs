//! What the calls cost at worst: the longest name and admission, a counter as the last channel of a
//! schema with as many channels as allowed.

use alloc::{vec, vec::Vec};
use cairn_types::{
	MakerId, MeterRule, NetworkConfig, NetworkId, SchemaId,
	meter::{Admission, MAX_ADMITTED},
	schema::{MAX_CHANNELS, MAX_NAME, Name},
};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Consideration};
use frame_system::RawOrigin;
use sp_runtime::DispatchError;

use crate::{Call, Config, Error, Event, Networks, NextId, Pallet, Stage};

/// Fixtures of other pallets.
pub trait BenchmarkHelper {
	/// Publish a schema of [`MAX_CHANNELS`] channels, the last of them a counter, and return its
	/// id.
	fn schema() -> SchemaId;
}

fn longest_name() -> Name {
	BoundedVec::truncate_from(vec![b'n'; usize::try_from(MAX_NAME).unwrap_or(1)])
}

fn largest_config<T: Config>() -> NetworkConfig {
	let makers: Vec<_> = (0..MAX_ADMITTED).map(MakerId).collect();
	NetworkConfig {
		schema: T::BenchmarkHelper::schema(),
		meter: MeterRule::Counter {
			channel: u8::try_from(MAX_CHANNELS.saturating_sub(1)).unwrap_or(0),
			max_rate: u64::MAX,
		},
		admission: Admission::Certified(BoundedVec::truncate_from(makers)),
	}
}

fn funded<T: Config>(who: T::AccountId) -> T::AccountId {
	T::Deposit::ensure_successful(&who, Pallet::<T>::footprint());
	who
}

/// A network of `owner` in `stage`, all changes of which have settled.
fn settled_network<T: Config>(
	owner: &T::AccountId,
	stage: Stage,
) -> Result<NetworkId, DispatchError> {
	let id = NextId::<T>::get();
	Pallet::<T>::do_create(owner.clone(), longest_name(), largest_config::<T>())?;
	Networks::<T>::try_mutate(id, |record| {
		let record = record.as_mut().ok_or(Error::<T>::NotFound)?;
		record.stage = stage;
		record.config.settled = 0;
		record.activity.settled = 0;
		Ok::<_, DispatchError>(())
	})?;
	Ok(id)
}

fn assert_stage<T: Config>(id: NetworkId, stage: Stage) {
	assert!(Networks::<T>::get(id).is_some_and(|record| record.stage == stage));
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn create() {
		let owner = funded::<T>(whitelisted_caller());
		let config = largest_config::<T>();
		let id = NextId::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), longest_name(), config);

		assert!(Networks::<T>::get(id).is_some_and(|record| record.owner == owner));
	}

	#[benchmark]
	fn configure() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(whitelisted_caller());
		let id = settled_network::<T>(&owner, Stage::Running)?;
		let config = largest_config::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, config.clone());

		let record = Networks::<T>::get(id);
		assert!(record.is_some_and(|record| record.config.current == config));
		Ok(())
	}

	#[benchmark]
	fn pause() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(whitelisted_caller());
		let id = settled_network::<T>(&owner, Stage::Running)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert_stage::<T>(id, Stage::Paused { by_admin: false });
		Ok(())
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(whitelisted_caller());
		let id = settled_network::<T>(&owner, Stage::Paused { by_admin: false })?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert_stage::<T>(id, Stage::Running);
		Ok(())
	}

	#[benchmark]
	fn transfer() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(whitelisted_caller());
		let id = settled_network::<T>(&owner, Stage::Running)?;
		let new_owner: T::AccountId = account("new owner", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, new_owner.clone());

		assert_last_event::<T>(Event::Offered { id, to: new_owner });
		Ok(())
	}

	#[benchmark]
	fn accept() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(account("owner", 0, 0));
		let id = settled_network::<T>(&owner, Stage::Running)?;
		let new_owner = funded::<T>(whitelisted_caller());
		Pallet::<T>::do_transfer(&owner, id, new_owner.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(new_owner.clone()), id);

		assert_last_event::<T>(Event::Transferred { id, from: owner, to: new_owner });
		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(whitelisted_caller());
		let id = settled_network::<T>(&owner, Stage::Running)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert_stage::<T>(id, Stage::Closed);
		Ok(())
	}

	#[benchmark]
	fn reap() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(account("owner", 0, 0));
		let id = settled_network::<T>(&owner, Stage::Closed)?;
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), id);

		assert_last_event::<T>(Event::Reaped { id, owner });
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
