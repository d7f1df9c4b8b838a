//! What those ask who propose something to token holders: whom a track speaks for, and what a call
//! would do if it were enacted now.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// Events of a dry run that are returned; the rest is only counted.
pub const MAX_EVENTS: usize = 64;

/// What a call did when it was tried out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DryRun {
	/// What it returned.
	pub result: Result<(), DispatchError>,
	/// Its first [`MAX_EVENTS`] events, each as the runtime encodes it; none on a chain without a
	/// block after genesis.
	pub events: Vec<Vec<u8>>,
	/// How many events it deposited.
	pub deposited: u32,
	/// What its enactment may weigh at most, in ps of execution.
	pub ref_time: u64,
}

/// Why a call could not be tried out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum DryRunError {
	/// There is no such track.
	UnknownTrack,
	/// The bytes are no call of this runtime.
	Undecodable,
	/// The scheduler would never find room for it in a block.
	TooHeavy {
		/// What its enactment may weigh at most, in ps of execution.
		ref_time: u64,
		/// What a block has for enactments, in ps of execution.
		limit: u64,
	},
}

sp_api::decl_runtime_apis! {
	/// What those ask who propose something to token holders.
	pub trait CairnGovernanceApi {
		/// The origin that a track's referenda speak with, encoded as `Referenda.submit` takes it;
		/// `None` if there is no such track.
		fn origin(track: u16) -> Option<Vec<u8>>;
		/// Dispatch a call as an approved referendum of the track would, on the state as it is, and
		/// say what it did. Nothing of it stays.
		fn dry_run(track: u16, call: Vec<u8>) -> Result<DryRun, DryRunError>;
	}
}
