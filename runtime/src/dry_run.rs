//! Answers to [`cairn_runtime_api::governance::CairnGovernanceApi`]: what a call would do if a
//! referendum enacted it now.
//!
//! Anyone may ask, so a call is dispatched only if it decodes within the depth of an extrinsic and
//! weighs no more than the scheduler would run: a question costs a node at most what an enactment
//! costs it.

use crate::{
	Balance, BlockNumber, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin, System,
	configs::{origins::Origin, tracks::Tracks},
};
use alloc::vec::Vec;
use cairn_runtime_api::governance::{DryRun, DryRunError, MAX_EVENTS};
use codec::{Decode, DecodeLimit, Encode};
use core::iter;
use frame_support::{
	MAX_EXTRINSIC_DEPTH,
	dispatch::GetDispatchInfo,
	storage::{TransactionOutcome, with_transaction_unchecked},
	traits::Get,
	weights::Weight,
};
use frame_system::RawOrigin;
use pallet_referenda::TracksInfo;
use pallet_scheduler::WeightInfo;
use sp_runtime::traits::Dispatchable;

/// The origin that a track's referenda speak with.
pub(crate) fn origin(track: u16) -> Option<OriginCaller> {
	let root = iter::once(OriginCaller::system(RawOrigin::Root));
	// Variants are only ever added at the end: the first number that is none is behind the last.
	let named = (0..=u8::MAX)
		.map_while(|variant| Origin::decode(&mut [variant].as_slice()).ok())
		.map(OriginCaller::Origins);
	root.chain(named).find(|origin| track_of(origin) == Some(track))
}

/// Dispatch `call` as an approved referendum of `track` would, and undo it.
pub(crate) fn dry_run(track: u16, call: &[u8]) -> Result<DryRun, DryRunError> {
	let origin = origin(track).ok_or(DryRunError::UnknownTrack)?;
	let length = u32::try_from(call.len()).unwrap_or(u32::MAX);
	let mut input = call;
	let call = RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut input)
		.map_err(|_| DryRunError::Undecodable)?;

	let weight = enactment_weight(&call, length);
	let limit = <Runtime as pallet_scheduler::Config>::MaximumWeight::get();
	let ref_time = weight.ref_time();
	if weight.any_gt(limit) {
		return Err(DryRunError::TooHeavy { ref_time, limit: limit.ref_time() });
	}
	Ok(try_out(origin, call, ref_time))
}

fn track_of(origin: &OriginCaller) -> Option<u16> {
	<Tracks as TracksInfo<Balance, BlockNumber>>::track_for(origin).ok()
}

/// What the scheduler needs for the call where it comes first in an agenda, at most: fetched from
/// its preimage, by a task with a name. Never less than what the scheduler counts.
fn enactment_weight(call: &RuntimeCall, length: u32) -> Weight {
	type Scheduler = <Runtime as pallet_scheduler::Config>::WeightInfo;

	let agenda = <Runtime as pallet_scheduler::Config>::MaxScheduledPerBlock::get();
	Scheduler::service_agendas_base()
		.saturating_add(Scheduler::service_agenda_base(agenda))
		.saturating_add(Scheduler::service_task_fetched(length))
		.saturating_add(Scheduler::service_task_named())
		.saturating_add(Scheduler::execute_dispatch_unsigned())
		.saturating_add(call.get_dispatch_info().call_weight)
}

fn try_out(origin: OriginCaller, call: RuntimeCall, ref_time: u64) -> DryRun {
	with_transaction_unchecked(|| {
		// Those of the last block are still there.
		System::reset_events();
		let result = match call.dispatch(RuntimeOrigin::from(origin)) {
			Ok(_) => Ok(()),
			Err(failure) => Err(failure.error),
		};
		let mut events = Vec::new();
		let mut deposited: u32 = 0;
		for record in System::read_events_no_consensus() {
			deposited = deposited.saturating_add(1);
			if events.len() < MAX_EVENTS {
				events.push(record.event.encode());
			}
		}
		TransactionOutcome::Rollback(DryRun { result, events, deposited, ref_time })
	})
}
