//! What the calls cost at worst: certified devices that are assigned to a gateway, on a network that
//! admits as few makers as possible, with keys of each kind.

use alloc::vec::Vec;
use cairn_traits::Timekeeper;
use cairn_types::{
	Certificate, CertificateClaim, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32,
	MakerId, NetworkId, Possession, Serial, Tick,
	certificate::{MAX_SERIAL, possession_message},
};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use sp_core::{crypto::KeyTypeId, ed25519};
use sp_runtime::{
	SaturatedConversion, Saturating,
	traits::{Hash, One},
};

use crate::{
	Call, Config, Devices, MAX_MAKER_KEYS, Makers, NextDevice, NextMaker, Offers, Pallet, Serials,
	Stage,
};

/// What benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` enough for every deposit and bond.
	fn fund(who: &AccountId);
	/// A network that is open and admits only as many makers as it may, `maker` the last of them.
	fn network(maker: MakerId) -> NetworkId;
	/// A network that is open and admits every device.
	fn open_network() -> NetworkId;
	/// A gateway of `network` with a slot to give: another one with each call.
	fn gateway(network: NetworkId) -> GatewayId;
	/// Let as many ticks pass, and as many windows.
	fn advance(ticks: Tick);
}

type Helper<T> = <T as Config>::BenchmarkHelper;
type Account<T> = <T as frame_system::Config>::AccountId;
type Registration<T> = (Account<T>, NetworkId, DeviceKey, Possession, Option<Certificate>);

const KEYS: KeyTypeId = KeyTypeId(*b"devb");

#[derive(Clone, Copy)]
enum Kind {
	Ed25519,
	Sr25519,
	Secp256k1,
}

/// A device on the chain, with what is needed to act for it.
struct Fixture<T: Config> {
	owner: Account<T>,
	maker: MakerId,
	maker_admin: Account<T>,
	maker_key: ed25519::Public,
	network: NetworkId,
	device: DeviceId,
	key: DeviceKey,
}

fn generate(kind: Kind, name: &str) -> DeviceKey {
	let seed = Some(name.as_bytes().to_vec());
	match kind {
		Kind::Ed25519 => DeviceKey::Ed25519(sp_io::crypto::ed25519_generate(KEYS, seed)),
		Kind::Sr25519 => DeviceKey::Sr25519(sp_io::crypto::sr25519_generate(KEYS, seed)),
		Kind::Secp256k1 => DeviceKey::Secp256k1(sp_io::crypto::ecdsa_generate(KEYS, seed)),
	}
}

fn sign(key: &DeviceKey, message: &[u8; 32]) -> Result<DeviceSignature, BenchmarkError> {
	match key {
		DeviceKey::Ed25519(public) => {
			sp_io::crypto::ed25519_sign(KEYS, public, message).map(DeviceSignature::Ed25519)
		},
		DeviceKey::Sr25519(public) => {
			sp_io::crypto::sr25519_sign(KEYS, public, message).map(DeviceSignature::Sr25519)
		},
		DeviceKey::Secp256k1(public) => sp_io::crypto::ecdsa_sign_prehashed(KEYS, public, message)
			.map(DeviceSignature::Secp256k1),
	}
	.ok_or(BenchmarkError::Stop("the key is not in the keystore"))
}

/// End the current block and return its number.
fn end_block<T: Config>() -> u32 {
	let number = frame_system::Pallet::<T>::block_number();
	frame_system::BlockHash::<T>::insert(number, T::Hashing::hash(b"a recent block"));
	frame_system::Pallet::<T>::set_block_number(number.saturating_add(BlockNumberFor::<T>::one()));
	number.saturated_into()
}

/// A proof that is fresh now.
fn possession<T: Config>(
	key: &DeviceKey,
	owner: &Account<T>,
) -> Result<Possession, BenchmarkError> {
	end_block::<T>();
	let block = end_block::<T>();
	let hash: Hash32 =
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(block)).into();
	let nonce: u32 = frame_system::Pallet::<T>::account_nonce(owner).saturated_into();
	let genesis = Pallet::<T>::genesis();
	let message = possession_message(&genesis, block, &hash, owner.as_ref(), nonce, key);
	Ok(Possession { block, nonce, signature: sign(key, &message)? })
}

/// A number of full length.
fn serial(last: u8) -> Serial {
	let mut bytes = alloc::vec![b's'; usize::try_from(MAX_SERIAL).unwrap_or(1)];
	if let Some(byte) = bytes.last_mut() {
		*byte = last;
	}
	Serial::truncate_from(bytes)
}

fn certificate<T: Config>(
	maker: MakerId,
	maker_key: &ed25519::Public,
	key: &DeviceKey,
	number: u8,
) -> Result<Certificate, BenchmarkError> {
	let claim = CertificateClaim {
		maker,
		key_index: 0,
		model: serial(b'm'),
		serial: serial(number),
		expiry: u64::MAX,
	};
	let message = claim.message(&Pallet::<T>::genesis(), key);
	match sign(&DeviceKey::Ed25519(*maker_key), &message)? {
		DeviceSignature::Ed25519(signature) => Ok(Certificate { claim, signature }),
		_ => Err(BenchmarkError::Stop("makers sign with ed25519")),
	}
}

/// A maker with as many keys as it may have, of which the first signs.
fn maker<T: Config>(
	name: &'static str,
) -> Result<(MakerId, Account<T>, ed25519::Public), BenchmarkError> {
	let admin: Account<T> = account(name, 0, 0);
	Helper::<T>::fund(&admin);
	let maker = NextMaker::<T>::get();
	let mut keys: Vec<ed25519::Public> = Vec::new();
	for index in 0..MAX_MAKER_KEYS {
		let seed = alloc::format!("//{name}//{index}");
		keys.push(sp_io::crypto::ed25519_generate(KEYS, Some(seed.into_bytes())));
	}
	let first = *keys.first().ok_or(BenchmarkError::Stop("a maker has keys"))?;
	Pallet::<T>::do_register_maker(admin.clone(), first)?;
	for key in keys.into_iter().skip(1) {
		Pallet::<T>::do_add_maker_key(&admin, maker, key)?;
	}
	Ok((maker, admin, first))
}

/// A certified device of `owner` that is registered only.
fn registered<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let (maker, maker_admin, maker_key) = maker::<T>("maker")?;
	let network = Helper::<T>::network(maker);
	Helper::<T>::fund(&owner);
	let key = generate(Kind::Sr25519, "//device");
	let device = NextDevice::<T>::get();
	let proof = possession::<T>(&key, &owner)?;
	let certificate = certificate::<T>(maker, &maker_key, &key, b'0')?;
	Pallet::<T>::do_register(owner.clone(), network, key, &proof, Some(&certificate))?;
	Ok(Fixture { owner, maker, maker_admin, maker_key, network, device, key })
}

/// A certified device that is active and assigned to a gateway, all of it settled.
fn active<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let fixture = registered::<T>(owner)?;
	let gateway = Helper::<T>::gateway(fixture.network);
	Pallet::<T>::do_activate(&fixture.owner, fixture.device)?;
	Pallet::<T>::do_assign_gateway(&fixture.owner, fixture.device, gateway)?;
	settle::<T>();
	Ok(fixture)
}

/// Wait until what was changed may be changed again.
fn settle<T: Config>() {
	Helper::<T>::advance(T::Time::periods().mature_ticks().saturating_add(2));
	let blocks: BlockNumberFor<T> = T::MaxProofAge::get().into();
	let number = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(number.saturating_add(blocks));
}

/// The arguments of `register` with a certificate.
fn certified_registration<T: Config>(kind: Kind) -> Result<Registration<T>, BenchmarkError> {
	let owner: Account<T> = whitelisted_caller();
	let (maker, _, maker_key) = maker::<T>("maker")?;
	let network = Helper::<T>::network(maker);
	Helper::<T>::fund(&owner);
	let key = generate(kind, "//device");
	let proof = possession::<T>(&key, &owner)?;
	let certificate = certificate::<T>(maker, &maker_key, &key, b'0')?;
	Ok((owner, network, key, proof, Some(certificate)))
}

/// The arguments of `register` without a certificate.
fn registration<T: Config>(kind: Kind) -> Result<Registration<T>, BenchmarkError> {
	let owner: Account<T> = whitelisted_caller();
	let network = Helper::<T>::open_network();
	Helper::<T>::fund(&owner);
	let key = generate(kind, "//device");
	let proof = possession::<T>(&key, &owner)?;
	Ok((owner, network, key, proof, None))
}

/// The arguments of `rotate_key` at worst: there is a previous key to forget.
fn rotation<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, DeviceKey, Possession), BenchmarkError> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	let first = generate(Kind::Sr25519, "//first");
	let proof = possession::<T>(&first, &owner)?;
	Pallet::<T>::do_rotate_key(&owner, device, first, &proof)?;
	settle::<T>();
	let second = generate(kind, "//second");
	let proof = possession::<T>(&second, &owner)?;
	Ok((owner, device, second, proof))
}

/// The arguments of `take_over` at worst: the device is assigned, and offered to somebody else.
fn take_over_of<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, Possession), BenchmarkError> {
	let Fixture { owner, device, .. } = active::<T>(account("seller", 0, 0))?;
	let key = generate(kind, "//device//taken");
	let proof = possession::<T>(&key, &owner)?;
	Pallet::<T>::do_rotate_key(&owner, device, key, &proof)?;
	Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;
	let caller: Account<T> = whitelisted_caller();
	Helper::<T>::fund(&caller);
	let proof = possession::<T>(&key, &caller)?;
	Ok((caller, device, proof))
}

fn stage_of<T: Config>(device: DeviceId) -> Option<Stage> {
	Devices::<T>::get(device).map(|record| record.stage)
}

fn owner_of<T: Config>(device: DeviceId) -> Option<Account<T>> {
	Devices::<T>::get(device).map(|record| record.owner)
}

fn key_of<T: Config>(device: DeviceId) -> Option<DeviceKey> {
	Devices::<T>::get(device).map(|record| record.state.key.current)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_ed25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) = registration::<T>(Kind::Ed25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_sr25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) = registration::<T>(Kind::Sr25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) = registration::<T>(Kind::Secp256k1)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_certified_ed25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) = certified_registration::<T>(Kind::Ed25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_certified_sr25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) = certified_registration::<T>(Kind::Sr25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_certified_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, certificate) =
			certified_registration::<T>(Kind::Secp256k1)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register(RawOrigin::Signed(owner), network, key, proof, certificate);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	/// For the second time.
	#[benchmark]
	fn activate() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_suspend(&owner, device)?;
		settle::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device);

		assert_eq!(stage_of::<T>(device), Some(Stage::Active));
		Ok(())
	}

	#[benchmark]
	fn suspend() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device);

		assert_eq!(stage_of::<T>(device), Some(Stage::Suspended));
		Ok(())
	}

	/// Of an offered device.
	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device);

		assert_eq!(stage_of::<T>(device), Some(Stage::Retired));
		Ok(())
	}

	/// Of a device with a previous key and a certificate that stands for it, by somebody else.
	#[benchmark]
	fn reap() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(account("owner", 0, 0))?;
		let key = generate(Kind::Sr25519, "//second");
		let proof = possession::<T>(&key, &owner)?;
		Pallet::<T>::do_rotate_key(&owner, device, key, &proof)?;
		Pallet::<T>::do_retire(&owner, device)?;
		settle::<T>();
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), device);

		assert_eq!(stage_of::<T>(device), None);
		Ok(())
	}

	#[benchmark]
	fn rotate_key_ed25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof) = rotation::<T>(Kind::Ed25519)?;

		#[extrinsic_call]
		rotate_key(RawOrigin::Signed(owner), device, key, proof);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn rotate_key_sr25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof) = rotation::<T>(Kind::Sr25519)?;

		#[extrinsic_call]
		rotate_key(RawOrigin::Signed(owner), device, key, proof);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn rotate_key_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof) = rotation::<T>(Kind::Secp256k1)?;

		#[extrinsic_call]
		rotate_key(RawOrigin::Signed(owner), device, key, proof);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	/// From one gateway to another.
	#[benchmark]
	fn assign_gateway() -> Result<(), BenchmarkError> {
		let Fixture { owner, network, device, .. } = active::<T>(whitelisted_caller())?;
		let gateway = Helper::<T>::gateway(network);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device, gateway);

		let assignment = Devices::<T>::get(device).and_then(|record| record.state.assignment);
		assert_eq!(assignment.map(|held| held.current.gateway), Some(gateway));
		Ok(())
	}

	#[benchmark]
	fn transfer() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		let to: Account<T> = account("buyer", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device, to.clone());

		assert_eq!(Offers::<T>::get(device), Some(to));
		Ok(())
	}

	#[benchmark]
	fn accept() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(account("seller", 0, 0))?;
		let caller: Account<T> = whitelisted_caller();
		Helper::<T>::fund(&caller);
		Pallet::<T>::do_transfer(&owner, device, caller.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), device);

		assert_eq!(owner_of::<T>(device), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn take_over_ed25519() -> Result<(), BenchmarkError> {
		let (caller, device, proof) = take_over_of::<T>(Kind::Ed25519)?;

		#[extrinsic_call]
		take_over(RawOrigin::Signed(caller.clone()), device, proof);

		assert_eq!(owner_of::<T>(device), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn take_over_sr25519() -> Result<(), BenchmarkError> {
		let (caller, device, proof) = take_over_of::<T>(Kind::Sr25519)?;

		#[extrinsic_call]
		take_over(RawOrigin::Signed(caller.clone()), device, proof);

		assert_eq!(owner_of::<T>(device), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn take_over_secp256k1() -> Result<(), BenchmarkError> {
		let (caller, device, proof) = take_over_of::<T>(Kind::Secp256k1)?;

		#[extrinsic_call]
		take_over(RawOrigin::Signed(caller.clone()), device, proof);

		assert_eq!(owner_of::<T>(device), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn cancel_transfer() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_transfer(&owner, device, account("buyer", 0, 0))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device);

		assert!(!Offers::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn register_maker() {
		let admin: Account<T> = whitelisted_caller();
		Helper::<T>::fund(&admin);
		let maker = NextMaker::<T>::get();
		let key = sp_io::crypto::ed25519_generate(KEYS, Some(b"//maker".to_vec()));

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), key);

		assert!(Makers::<T>::contains_key(maker));
	}

	/// The last that it may have.
	#[benchmark]
	fn add_maker_key() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		let last = Makers::<T>::mutate_extant(maker, |record| record.keys.pop())
			.ok_or(BenchmarkError::Stop("a maker has keys"))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker, last.public);

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		assert!(record.has_key(&last.public));
		Ok(())
	}

	#[benchmark]
	fn revoke_maker_key() -> Result<(), BenchmarkError> {
		let (maker, admin, key) = maker::<T>("maker")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker, 0);

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		assert!(record.keys.iter().any(|known| known.public == key && known.revoked));
		Ok(())
	}

	/// Of a number whose certificate stands for an active device.
	#[benchmark]
	fn revoke() -> Result<(), BenchmarkError> {
		let Fixture { maker, maker_admin, device, .. } = active::<T>(whitelisted_caller())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(maker_admin), maker, serial(b'0'));

		assert_eq!(stage_of::<T>(device), Some(Stage::Suspended));
		Ok(())
	}

	/// With another number, so that the old one has to be paid for by itself.
	#[benchmark]
	fn certify() -> Result<(), BenchmarkError> {
		let Fixture { owner, maker, maker_key, device, key, .. } =
			active::<T>(whitelisted_caller())?;
		let certificate = certificate::<T>(maker, &maker_key, &key, b'1')?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device, certificate);

		assert!(Serials::<T>::contains_key(maker, serial(b'1')));
		Ok(())
	}

	#[benchmark]
	fn retire_maker() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		settle::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker);

		assert!(!Makers::<T>::contains_key(maker));
		Ok(())
	}

	/// Of an offered device.
	#[benchmark]
	fn force_retire() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;
		let origin =
			T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, device);

		assert_eq!(stage_of::<T>(device), Some(Stage::Retired));
		Ok(())
	}

	/// Of a revoked number whose maker has left, by somebody else.
	#[benchmark]
	fn forget() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		Pallet::<T>::do_revoke(admin.clone(), maker, serial(b'0'))?;
		settle::<T>();
		Pallet::<T>::do_retire_maker(&admin, maker)?;
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), maker, serial(b'0'));

		assert!(!Serials::<T>::contains_key(maker, serial(b'0')));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
