//! What the calls cost at worst. [`cases`] makes, for each call and kind of key, the state in which it
//! costs most, out of the [`fixtures`].

mod cases;
mod fixtures;

use alloc::{boxed::Box, vec::Vec};
use cairn_types::{GatewayId, MakerId, NetworkId, Tick, registration::MAX_REGISTRATIONS};
use codec::{Decode, Encode};
use fixtures::{Account, Kind, root_pair};
use frame_benchmarking::v2::*;
use frame_support::{dispatch::DispatchResultWithPostInfo, traits::UnfilteredDispatchable};
use frame_system::{BlockHash, RawOrigin, pallet_prelude::BlockNumberFor};
use sp_runtime::{DispatchError, traits::Zero};

use crate::{Call, Config, Pallet};

/// What benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` enough for every deposit and bond.
	fn fund(who: &AccountId);
	/// A network that is open and admits only as many makers as it may: `maker` the last of them, and
	/// the one before it.
	fn network(maker: MakerId) -> NetworkId;
	/// A network that is open and admits every device.
	fn open_network() -> NetworkId;
	/// A gateway of `network` with a slot to give: another one with each call.
	fn gateway(network: NetworkId) -> GatewayId;
	/// Let as many ticks pass, and as many windows.
	fn advance(ticks: Tick);
}

/// A call in the state in which it costs most.
struct Case<T: Config> {
	origin: T::RuntimeOrigin,
	/// The call, encoded.
	call: Vec<u8>,
	/// Whether the call has done what it is for.
	holds: Box<dyn FnOnce() -> bool>,
}

/// A case, or why it cannot be made.
type Prepared<T> = Result<Case<T>, BenchmarkError>;

impl<T: Config> Case<T> {
	/// `caller` sends `call`; `holds` after it.
	fn new(caller: Account<T>, call: Call<T>, holds: impl FnOnce() -> bool + 'static) -> Self {
		Self::with_origin(RawOrigin::Signed(caller).into(), call, holds)
	}

	fn with_origin(
		origin: T::RuntimeOrigin,
		call: Call<T>,
		holds: impl FnOnce() -> bool + 'static,
	) -> Self {
		// `CheckGenesis` has read the genesis hash already, and every extrinsic pays for that.
		let genesis = BlockHash::<T>::hashed_key_for(BlockNumberFor::<T>::zero());
		frame_benchmarking::benchmarking::add_to_whitelist(genesis.into());
		Self { origin, call: call.encode(), holds: Box::new(holds) }
	}
}

/// What `#[extrinsic_call]` measures: decoding the call, and dispatching it.
fn dispatch<T: Config>(mut call: &[u8], origin: T::RuntimeOrigin) -> DispatchResultWithPostInfo {
	let call = Call::<T>::decode(&mut call).map_err(|_| DispatchError::Other("calls decode"))?;
	call.dispatch_bypass_filter(origin)
}

/// Makes a benchmark of each case. The module has to come out of the macro as a whole: `#[benchmarks]`
/// reads the functions in it as they are written, and would not see a macro among them.
macro_rules! measure {
	($($name:ident: $case:ident($($kind:ident)?);)*) => {
		#[benchmarks]
		mod benchmarks {
			use super::*;

			$(
				#[benchmark]
				fn $name() -> Result<(), BenchmarkError> {
					let Case { origin, call, holds } = cases::$case::<T>($(Kind::$kind)?)?;

					#[block]
					{
						dispatch::<T>(&call, origin)?;
					}

					assert!(holds());
					Ok(())
				}
			)*

			#[benchmark]
			fn register_batch(n: Linear<1, { MAX_REGISTRATIONS }>) -> Result<(), BenchmarkError> {
				let Case { origin, call, holds } = cases::register_batch::<T>(n)?;

				#[block]
				{
					dispatch::<T>(&call, origin)?;
				}

				assert!(holds());
				Ok(())
			}

			/// A signature on P-256, in wasm.
			#[benchmark]
			fn verify_p256() -> Result<(), BenchmarkError> {
				let pair = root_pair(1)?;
				let (public, signature) = (pair.public(), pair.sign(&[7; 32]));
				let is_good;

				#[block]
				{
					is_good = public.verify(&[7; 32], &signature);
				}

				assert!(is_good);
				Ok(())
			}

			impl_benchmark_test_suite!(
				Pallet,
				crate::mock::ExtBuilder::default().build(),
				crate::mock::Test
			);
		}
	};
}

measure! {
	register_ed25519: register(Ed25519);
	register_sr25519: register(Sr25519);
	register_secp256k1: register(Secp256k1);
	register_certified_ed25519: register_certified(Ed25519);
	register_certified_sr25519: register_certified(Sr25519);
	register_certified_secp256k1: register_certified(Secp256k1);
	activate: activate();
	suspend: suspend();
	retire: retire();
	reap: reap();
	rotate_key_ed25519: rotate_key(Ed25519);
	rotate_key_sr25519: rotate_key(Sr25519);
	rotate_key_secp256k1: rotate_key(Secp256k1);
	assign_gateway: assign_gateway();
	transfer: transfer();
	accept: accept();
	take_over_ed25519: take_over(Ed25519);
	take_over_sr25519: take_over(Sr25519);
	take_over_secp256k1: take_over(Secp256k1);
	cancel_transfer: cancel_transfer();
	register_maker: register_maker();
	add_maker_key: add_maker_key();
	revoke_maker_key: revoke_maker_key();
	revoke: revoke();
	revoke_retained: revoke_retained();
	certify: certify();
	retire_maker: retire_maker();
	force_retire: force_retire();
	forget: forget();
	register_rooted_ed25519: register_rooted(Ed25519);
	register_rooted_sr25519: register_rooted(Sr25519);
	register_rooted_secp256k1: register_rooted(Secp256k1);
	rotate_rooted_key_ed25519: rotate_rooted_key(Ed25519);
	rotate_rooted_key_sr25519: rotate_rooted_key(Sr25519);
	rotate_rooted_key_secp256k1: rotate_rooted_key(Secp256k1);
	recover_ed25519: recover(Ed25519);
	recover_sr25519: recover(Sr25519);
	recover_secp256k1: recover(Secp256k1);
	complete_recovery: complete_recovery();
	cancel_recovery_owner: cancel_recovery_owner();
	cancel_recovery_ed25519: cancel_recovery(Ed25519);
	cancel_recovery_sr25519: cancel_recovery(Sr25519);
	cancel_recovery_secp256k1: cancel_recovery(Secp256k1);
	cancel_recovery_root: cancel_recovery_root();
	add_maker_admin: add_maker_admin();
	remove_maker_admin: remove_maker_admin();
	assert_location: assert_location();
	assert_location_first: assert_location_first();
	describe: describe();
	expel: expel();
	force_retire_maker: force_retire_maker();
}
