//! Weights of the calls.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// What each call costs.
pub trait WeightInfo {
	/// `register_gateway`.
	fn register_gateway() -> Weight;
	/// `update_endpoint`.
	fn update_endpoint() -> Weight;
	/// `retire_gateway`.
	fn retire_gateway() -> Weight;
	/// `seal`.
	fn seal() -> Weight;
	/// `submit_verdict`, attesting.
	fn submit_verdict() -> Weight;
	/// Authorising `submit_verdict`, drawing the committee.
	fn authorize_submit_verdict() -> Weight;
	/// `expire`.
	fn expire() -> Weight;
	/// `collect` of `b` batches with full committees.
	fn collect(b: u32) -> Weight;
	/// `close_leaf`.
	fn close_leaf() -> Weight;
	/// `reap_gateway`.
	fn reap_gateway() -> Weight;
	/// One step of removing stale keys.
	fn drop_stale_keys() -> Weight;
}
