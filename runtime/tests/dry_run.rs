//! What a call would do is found out without doing it.

#[expect(dead_code, reason = "these tests need blocks, and nothing that happens in them")]
mod support;

use cairn_runtime::{
	Balance, Block, BlockNumber, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, System,
	configs::{
		parameters::{DevicesPolicy, RuntimeParameters, dynamic_params::devices, production},
		tracks::Tracks,
	},
};
use cairn_runtime_api::governance::{
	DryRun, DryRunError, MAX_EVENTS, runtime_decl_for_cairn_governance_api::CairnGovernanceApi,
};
use codec::{Decode, Encode};
use frame_support::traits::Get;
use pallet_referenda::TracksInfo;
use sp_runtime::DispatchError;
use std::thread;
use support::{next_block, run};

const ROOT: u16 = 0;
const NETWORK_ADMIN: u16 = 11;
const SMALL_SPENDER: u16 = 30;
/// Native frames without optimisation are large: room for as deep a call as decodes, in bytes.
const DEEP_STACK: usize = 512 << 20;

fn dry_run(track: u16, call: impl Into<RuntimeCall>) -> Result<DryRun, DryRunError> {
	let call: RuntimeCall = call.into();
	<Runtime as CairnGovernanceApi<Block>>::dry_run(track, call.encode())
}

/// Sets how many devices a maker certifies in a cycle.
fn set_devices(count: u32) -> pallet_parameters::Call<Runtime> {
	let policy = DevicesPolicy { per_cycle: count, ..production::DEVICES };
	let parameter = devices::Parameters::RegistryPolicy(devices::RegistryPolicy, Some(policy));
	pallet_parameters::Call::set_parameter { key_value: RuntimeParameters::Devices(parameter) }
}

#[test]
fn works_when_the_call_would_succeed() {
	run(|| {
		next_block();
		let (before, policy) = (System::event_count(), devices::RegistryPolicy::get());
		let tried = dry_run(ROOT, set_devices(5)).expect("it can be tried out");
		assert_eq!(tried.result, Ok(()));
		assert_eq!(tried.deposited, 1);
		let [event] = tried.events.as_slice() else { panic!("{tried:?}") };
		let event = RuntimeEvent::decode(&mut event.as_slice()).expect("an event");
		assert!(matches!(
			event,
			RuntimeEvent::Parameters(pallet_parameters::Event::Updated { .. })
		));
		assert!(tried.ref_time > 0);

		// Nothing of it stays.
		assert_eq!(devices::RegistryPolicy::get(), policy);
		assert_eq!(System::event_count(), before);
	});
}

#[test]
fn works_when_there_are_more_events_than_are_returned() {
	run(|| {
		next_block();
		let count = u32::try_from(MAX_EVENTS).expect("it is small") + 1;
		let calls = (0..count).map(|number| set_devices(number).into()).collect();
		let batch = pallet_utility::Call::<Runtime>::batch_all { calls };
		let tried = dry_run(ROOT, batch).expect("it can be tried out");
		assert_eq!(tried.result, Ok(()));
		assert_eq!(tried.events.len(), MAX_EVENTS);
		assert!(tried.deposited > count);
	});
}

#[test]
fn fails_when_the_tracks_origin_may_not() {
	run(|| {
		next_block();
		let tried = dry_run(SMALL_SPENDER, set_devices(5)).expect("it can be tried out");
		assert_eq!(tried.result, Err(DispatchError::BadOrigin));
		let set_storage = frame_system::Call::<Runtime>::set_storage { items: Vec::new() };
		let tried = dry_run(NETWORK_ADMIN, set_storage).expect("it can be tried out");
		assert_eq!(tried.result, Err(DispatchError::BadOrigin));
	});
}

#[test]
fn fails_when_there_is_nothing_to_try_out() {
	run(|| {
		let call = RuntimeCall::from(set_devices(5)).encode();
		let ask = |track, call: &[u8]| {
			<Runtime as CairnGovernanceApi<Block>>::dry_run(track, call.to_vec())
		};
		assert_eq!(ask(2, &call), Err(DryRunError::UnknownTrack));
		assert_eq!(ask(ROOT, &[]), Err(DryRunError::Undecodable));
		assert_eq!(ask(ROOT, &call[..call.len() - 1]), Err(DryRunError::Undecodable));
		assert_eq!(ask(ROOT, &[call, vec![0]].concat()), Err(DryRunError::Undecodable));
	});
}

#[test]
fn fails_when_no_block_has_room_for_the_call() {
	run(|| {
		let call = Box::new(set_devices(5).into());
		let weight = <Runtime as pallet_scheduler::Config>::MaximumWeight::get();
		let heavy = pallet_utility::Call::<Runtime>::with_weight { call, weight };
		let expected = weight.ref_time();
		match dry_run(ROOT, heavy) {
			Err(DryRunError::TooHeavy { ref_time, limit }) => {
				assert_eq!(limit, expected);
				assert!(ref_time > limit);
			},
			other => panic!("{other:?}"),
		}
	});
}

#[test]
fn calls_are_not_nested_without_end() {
	let story = || {
		run(|| {
			let mut call = RuntimeCall::from(set_devices(5));
			for _ in 0..300 {
				call = pallet_utility::Call::<Runtime>::batch_all { calls: vec![call] }.into();
			}
			assert_eq!(dry_run(ROOT, call), Err(DryRunError::Undecodable));
		});
	};
	let deep = thread::Builder::new().stack_size(DEEP_STACK).spawn(story).expect("a thread");
	deep.join().expect("the story ends well");
}

/// Clients read the origin of a stored referendum as two bytes.
#[test]
fn every_track_has_an_origin_of_two_bytes() {
	run(|| {
		for track in <Tracks as TracksInfo<Balance, BlockNumber>>::track_ids() {
			let origin = <Runtime as CairnGovernanceApi<Block>>::origin(track);
			let origin = origin.unwrap_or_else(|| panic!("track {track} has no origin"));
			assert_eq!(origin.len(), 2, "track {track}");
			let origin = OriginCaller::decode(&mut origin.as_slice()).expect("an origin");
			let found = <Tracks as TracksInfo<Balance, BlockNumber>>::track_for(&origin);
			assert_eq!(found, Ok(track));
		}
		assert_eq!(<Runtime as CairnGovernanceApi<Block>>::origin(2), None);
	});
}
