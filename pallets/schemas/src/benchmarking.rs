//! What the calls cost at worst: a schema of as many channels as allowed, names as long and as
//! alike as allowed.

use alloc::{vec, vec::Vec};
use cairn_types::{
	Channel, ChannelKind, Quantity, Schema, Unit,
	schema::{MAX_CHANNELS, MAX_NAME, Name},
};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Consideration};
use frame_system::RawOrigin;

use crate::{Call, Config, Event, NextId, Pallet};

/// A name of full length that differs from the others in its last byte only.
fn name(last: u8) -> Name {
	let mut bytes = vec![b'n'; usize::try_from(MAX_NAME).unwrap_or(1)];
	if let Some(byte) = bytes.last_mut() {
		*byte = last;
	}
	BoundedVec::truncate_from(bytes)
}

fn largest_schema() -> Schema {
	let channels: Vec<_> = (b'a'..=b'z')
		.take(usize::try_from(MAX_CHANNELS).unwrap_or(1))
		.map(|last| Channel {
			name: name(last),
			quantity: Quantity::Information,
			unit: Unit::Byte,
			scale: 18,
			kind: ChannelKind::Counter,
			min: 0,
			max: i64::MAX,
			max_change: Some(u64::MAX),
		})
		.collect();
	Schema { name: name(b'0'), version: u16::MAX, channels: BoundedVec::truncate_from(channels) }
}

fn publisher<T: Config>() -> T::AccountId {
	let owner: T::AccountId = whitelisted_caller();
	T::Deposit::ensure_successful(&owner, Pallet::<T>::footprint());
	owner
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn publish() {
		let owner = publisher::<T>();
		// Genesis may have published some.
		let id = NextId::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), largest_schema());

		assert_last_event::<T>(Event::Published { id, owner });
	}

	#[benchmark]
	fn deprecate() -> Result<(), BenchmarkError> {
		let owner = publisher::<T>();
		let id = NextId::<T>::get();
		Pallet::<T>::do_publish(owner.clone(), largest_schema())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert_last_event::<T>(Event::Deprecated { id });
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
