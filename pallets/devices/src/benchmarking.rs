//! What the calls cost at worst: certified devices that are assigned to a gateway, on a network that
//! admits as few makers as possible, with keys of each kind.

use alloc::vec::Vec;
use cairn_geo::{Cell, Location};
use cairn_traits::Timekeeper;
use cairn_types::{
	Approval, Certificate, CertificateClaim, CertificateV1, CertifierKey, CertifierSignature,
	Delegation, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32, MakerId, NetworkId,
	Objection, P256Pair, Possession, Registration, RootKey, RootSignature, Serial, Tick,
	certificate::{MAX_SERIAL, objection_message, possession_message, recovery_message},
	registration::MAX_REGISTRATIONS,
	root::delegation_message,
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
	Call, CellCounts, Config, Devices, Locations, MAX_MAKER_ADMINS, MAX_MAKER_KEYS,
	MAX_MOVING_TICKS, Makers, NextDevice, NextMaker, Offers, Pallet, Recoveries, Serials, Stage,
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
type Arguments<T> = (Account<T>, NetworkId, DeviceKey, Possession, Option<Certificate>);

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
		DeviceSignature::Ed25519(signature) => {
			Ok(Certificate::V1(CertificateV1 { claim, signature }))
		},
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
	Pallet::<T>::do_register_maker(admin.clone(), CertifierKey::Ed25519(first))?;
	for key in keys.into_iter().skip(1) {
		Pallet::<T>::do_add_maker_key(&admin, maker, CertifierKey::Ed25519(key))?;
	}
	for number in 1..MAX_MAKER_ADMINS {
		Pallet::<T>::do_add_maker_admin(&admin, maker, account("admin", number, 0))?;
	}
	Ok((maker, admin, first))
}

/// A root's pair. Keystores have none on P-256.
fn root_pair(seed: u8) -> Result<P256Pair, BenchmarkError> {
	P256Pair::from_secret(&[seed; 32]).ok_or(BenchmarkError::Stop("no scalar"))
}

/// A root names `key`, for the owner, block and nonce of a proof.
fn delegation<T: Config>(
	seed: u8,
	owner: &Account<T>,
	key: &DeviceKey,
	proof: &Possession,
) -> Result<Delegation, BenchmarkError> {
	let pair = root_pair(seed)?;
	let root = RootKey::P256(pair.public());
	let Possession { block, nonce, .. } = proof;
	let hash: Hash32 =
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(*block)).into();
	let genesis = Pallet::<T>::genesis();
	let message = delegation_message(&genesis, *block, &hash, owner.as_ref(), *nonce, &root, key);
	Ok(Delegation { root, signature: RootSignature::P256(pair.sign(&message)) })
}

/// A certified device of `owner` that is registered only.
fn registered<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let (maker, maker_admin, maker_key) = maker::<T>("maker")?;
	let network = Helper::<T>::network(maker);
	Helper::<T>::fund(&owner);
	let key = generate(Kind::Sr25519, "//device");
	let device = NextDevice::<T>::get();
	let proof = possession::<T>(&key, &owner)?;
	let certificate = Some(certificate::<T>(maker, &maker_key, &key, b'0')?);
	let delegation = None;
	let registration = Registration { key, possession: proof, delegation, certificate };
	Pallet::<T>::do_register(&owner, network, &registration)?;
	Ok(Fixture { owner, maker, maker_admin, maker_key, network, device, key })
}

/// Give a device a root, as if it had been registered with one.
fn take_root<T: Config>(device: DeviceId) -> Result<(), BenchmarkError> {
	let root = RootKey::P256(root_pair(1)?.public());
	crate::DeviceByRoot::<T>::insert(root, device);
	Devices::<T>::mutate_extant(device, |record| record.root = Some(root));
	Ok(())
}

/// A cell of resolution 12. Shares no ancestor of those that count devices with [`SECOND_PLACE`].
const FIRST_PLACE: u64 = 0x08c0_0eb4_e474_3dff;
/// See [`FIRST_PLACE`].
const SECOND_PLACE: u64 = 0x08c0_2c2b_0654_5bff;

/// A location in a cell.
fn place(index: u64) -> Result<Location, BenchmarkError> {
	let cell = Cell::new(index).map_err(|_| BenchmarkError::Stop("no cell"))?;
	Location::new(cell, 400, 25).map_err(|_| BenchmarkError::Stop("no location"))
}

/// A certified device that is active, assigned to a gateway and somewhere, all of it settled.
fn active<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let fixture = registered::<T>(owner)?;
	let gateway = Helper::<T>::gateway(fixture.network);
	Pallet::<T>::do_activate(&fixture.owner, fixture.device)?;
	Pallet::<T>::do_assign_gateway(&fixture.owner, fixture.device, gateway)?;
	Pallet::<T>::do_assert_location(&fixture.owner, fixture.device, place(FIRST_PLACE)?)?;
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
fn certified_registration<T: Config>(kind: Kind) -> Result<Arguments<T>, BenchmarkError> {
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
fn registration<T: Config>(kind: Kind) -> Result<Arguments<T>, BenchmarkError> {
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
	Pallet::<T>::do_rotate_key(&owner, device, first, &proof, None)?;
	settle::<T>();
	request::<T>(device)?;
	let second = generate(kind, "//second");
	let proof = possession::<T>(&second, &owner)?;
	Ok((owner, device, second, proof))
}

/// Ask for another key for a device with a root: what is kept is as long as it can be.
fn request<T: Config>(device: DeviceId) -> Result<(), BenchmarkError> {
	let Some(record) = Devices::<T>::get(device) else {
		return Err(BenchmarkError::Stop("no device"));
	};
	let key = generate(Kind::Secp256k1, "//recovered");
	let proof = possession::<T>(&key, &record.owner)?;
	let delegation = delegation::<T>(2, &record.owner, &key, &proof)?;
	let approval = approval::<T>(device, &key, Some(&delegation.root))?;
	Pallet::<T>::do_recover(&record.owner, device, key, &proof, Some(&delegation), &approval)?;
	Ok(())
}

/// The consent of the maker of a device, by its first key.
fn approval<T: Config>(
	device: DeviceId,
	key: &DeviceKey,
	root: Option<&RootKey>,
) -> Result<Approval, BenchmarkError> {
	let record = Devices::<T>::get(device).ok_or(BenchmarkError::Stop("no device"))?;
	let certified = record.certified.ok_or(BenchmarkError::Stop("no certificate"))?;
	let maker = Makers::<T>::get(certified.maker).ok_or(BenchmarkError::Stop("no maker"))?;
	let Some(CertifierKey::Ed25519(public)) = maker.key(0).map(|key| key.public) else {
		return Err(BenchmarkError::Stop("no key"));
	};
	let genesis = Pallet::<T>::genesis();
	let message = recovery_message(&genesis, certified.maker, 0, device, record.changed, key, root);
	match sign(&DeviceKey::Ed25519(public), &message)? {
		DeviceSignature::Ed25519(signature) => {
			Ok(Approval { key_index: 0, signature: CertifierSignature::Ed25519(signature) })
		},
		_ => Err(BenchmarkError::Stop("makers sign with ed25519")),
	}
}

/// The arguments of `recover`, without a root.
fn recovery<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, DeviceKey, Possession, Approval), BenchmarkError> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	let key = generate(kind, "//recovered");
	let proof = possession::<T>(&key, &owner)?;
	let approval = approval::<T>(device, &key, None)?;
	Ok((owner, device, key, proof, approval))
}

/// A device for which a recovery was requested, with an operational key of this kind, and what its
/// present keys sign to object.
fn pending<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, DeviceKey, Hash32), BenchmarkError> {
	let Fixture { owner, device, .. } = active::<T>(account("owner", 0, 0))?;
	let present = generate(kind, "//present");
	let proof = possession::<T>(&present, &owner)?;
	Pallet::<T>::do_rotate_key(&owner, device, present, &proof, None)?;
	take_root::<T>(device)?;
	settle::<T>();
	request::<T>(device)?;
	let recovery = Recoveries::<T>::get(device).ok_or(BenchmarkError::Stop("no recovery"))?;
	let genesis = Pallet::<T>::genesis();
	let message = objection_message(&genesis, device, recovery.requested, &recovery.key);
	Ok((owner, device, present, message))
}

/// The arguments of `register_rooted` without a certificate.
fn rooted<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, NetworkId, DeviceKey, Possession, Delegation), BenchmarkError> {
	let (owner, network, key, proof, _) = registration::<T>(kind)?;
	let delegation = delegation::<T>(1, &owner, &key, &proof)?;
	Ok((owner, network, key, proof, delegation))
}

/// The arguments of `rotate_rooted_key` at worst.
fn rooted_rotation<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, DeviceKey, Possession, RootSignature), BenchmarkError> {
	let (owner, device, key, proof) = rotation::<T>(kind)?;
	take_root::<T>(device)?;
	let signature = delegation::<T>(1, &owner, &key, &proof)?.signature;
	Ok((owner, device, key, proof, signature))
}

/// The arguments of `take_over` at worst: the device is assigned, and offered to somebody else.
fn take_over_of<T: Config>(
	kind: Kind,
) -> Result<(Account<T>, DeviceId, Possession), BenchmarkError> {
	let Fixture { owner, device, .. } = active::<T>(account("seller", 0, 0))?;
	let key = generate(kind, "//device//taken");
	let proof = possession::<T>(&key, &owner)?;
	Pallet::<T>::do_rotate_key(&owner, device, key, &proof, None)?;
	Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;
	request::<T>(device)?;
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

	/// Of an offered device for which a recovery was requested.
	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;
		request::<T>(device)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device);

		assert_eq!(stage_of::<T>(device), Some(Stage::Retired));
		Ok(())
	}

	/// Of a device with a previous key, a root and a certificate that stands for it, by somebody else.
	#[benchmark]
	fn reap() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(account("owner", 0, 0))?;
		let key = generate(Kind::Sr25519, "//second");
		let proof = possession::<T>(&key, &owner)?;
		Pallet::<T>::do_rotate_key(&owner, device, key, &proof, None)?;
		take_root::<T>(device)?;
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
		request::<T>(device)?;

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

	/// With a key on P-256: that it is one is checked.
	#[benchmark]
	fn register_maker() -> Result<(), BenchmarkError> {
		let admin: Account<T> = whitelisted_caller();
		Helper::<T>::fund(&admin);
		let maker = NextMaker::<T>::get();
		let key = CertifierKey::P256(root_pair(1)?.public());

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), key);

		assert!(Makers::<T>::contains_key(maker));
		Ok(())
	}

	/// The last that it may have, on P-256.
	#[benchmark]
	fn add_maker_key() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		Pallet::<T>::do_revoke_maker_key(&admin, maker, 0)?;
		let key = CertifierKey::P256(root_pair(1)?.public());

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker, key);

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		assert!(record.has_key(&key));
		Ok(())
	}

	#[benchmark]
	fn revoke_maker_key() -> Result<(), BenchmarkError> {
		let (maker, admin, key) = maker::<T>("maker")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker, 0);

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		let key = CertifierKey::Ed25519(key);
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

	/// Of an offered device for which a recovery was requested.
	#[benchmark]
	fn force_retire() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_transfer(&owner, device, account("other", 0, 0))?;
		request::<T>(device)?;
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

	#[benchmark]
	fn register_rooted_ed25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, delegation) = rooted::<T>(Kind::Ed25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register_rooted(RawOrigin::Signed(owner), network, key, proof, delegation, None);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_rooted_sr25519() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, delegation) = rooted::<T>(Kind::Sr25519)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register_rooted(RawOrigin::Signed(owner), network, key, proof, delegation, None);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn register_rooted_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, network, key, proof, delegation) = rooted::<T>(Kind::Secp256k1)?;
		let device = NextDevice::<T>::get();

		#[extrinsic_call]
		register_rooted(RawOrigin::Signed(owner), network, key, proof, delegation, None);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn rotate_rooted_key_ed25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, signature) = rooted_rotation::<T>(Kind::Ed25519)?;

		#[extrinsic_call]
		rotate_rooted_key(RawOrigin::Signed(owner), device, key, proof, signature);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn rotate_rooted_key_sr25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, signature) = rooted_rotation::<T>(Kind::Sr25519)?;

		#[extrinsic_call]
		rotate_rooted_key(RawOrigin::Signed(owner), device, key, proof, signature);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	#[benchmark]
	fn rotate_rooted_key_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, signature) = rooted_rotation::<T>(Kind::Secp256k1)?;

		#[extrinsic_call]
		rotate_rooted_key(RawOrigin::Signed(owner), device, key, proof, signature);

		assert_eq!(key_of::<T>(device), Some(key));
		Ok(())
	}

	/// Certified devices without roots, with the dearest kind of key.
	#[benchmark]
	fn register_batch(n: Linear<1, { MAX_REGISTRATIONS }>) -> Result<(), BenchmarkError> {
		let owner: Account<T> = whitelisted_caller();
		let (maker, _, maker_key) = maker::<T>("maker")?;
		let network = Helper::<T>::network(maker);
		Helper::<T>::fund(&owner);
		let first = NextDevice::<T>::get();
		let mut registrations = Vec::new();
		let mut last = None;
		for number in 0..n {
			let name = alloc::format!("//device//{number}");
			let key = generate(Kind::Secp256k1, &name);
			let number = u8::try_from(number).map_err(|_| BenchmarkError::Stop("too many"))?;
			let certificate = Some(certificate::<T>(maker, &maker_key, &key, number)?);
			let possession = possession::<T>(&key, &owner)?;
			registrations.push(Registration { key, possession, delegation: None, certificate });
			last = Some(key);
		}
		let registrations = registrations.try_into().map_err(|_| "too many")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), network, registrations);

		let device = DeviceId(first.0.saturating_add(n.into()).saturating_sub(1));
		assert_eq!(key_of::<T>(device), last);
		Ok(())
	}

	#[benchmark]
	fn recover_ed25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, approval) = recovery::<T>(Kind::Ed25519)?;

		#[extrinsic_call]
		recover(RawOrigin::Signed(owner), device, key, proof, None, approval);

		assert!(Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn recover_sr25519() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, approval) = recovery::<T>(Kind::Sr25519)?;

		#[extrinsic_call]
		recover(RawOrigin::Signed(owner), device, key, proof, None, approval);

		assert!(Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn recover_secp256k1() -> Result<(), BenchmarkError> {
		let (owner, device, key, proof, approval) = recovery::<T>(Kind::Secp256k1)?;

		#[extrinsic_call]
		recover(RawOrigin::Signed(owner), device, key, proof, None, approval);

		assert!(Recoveries::<T>::contains_key(device));
		Ok(())
	}

	/// Of a device with a previous key to forget and a root to replace, by somebody else.
	#[benchmark]
	fn complete_recovery() -> Result<(), BenchmarkError> {
		let (_, device, present, _) = pending::<T>(Kind::Sr25519)?;
		Recoveries::<T>::mutate_extant(device, |recovery| recovery.due = 0);
		settle::<T>();
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), device);

		assert_ne!(key_of::<T>(device), Some(present));
		Ok(())
	}

	#[benchmark]
	fn cancel_recovery_owner() -> Result<(), BenchmarkError> {
		let (owner, device, ..) = pending::<T>(Kind::Sr25519)?;

		#[extrinsic_call]
		cancel_recovery(RawOrigin::Signed(owner), device, Objection::Owner);

		assert!(!Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn cancel_recovery_ed25519() -> Result<(), BenchmarkError> {
		let (_, device, present, message) = pending::<T>(Kind::Ed25519)?;
		let objection = Objection::Operational(sign(&present, &message)?);
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		cancel_recovery(RawOrigin::Signed(caller), device, objection);

		assert!(!Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn cancel_recovery_sr25519() -> Result<(), BenchmarkError> {
		let (_, device, present, message) = pending::<T>(Kind::Sr25519)?;
		let objection = Objection::Operational(sign(&present, &message)?);
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		cancel_recovery(RawOrigin::Signed(caller), device, objection);

		assert!(!Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn cancel_recovery_secp256k1() -> Result<(), BenchmarkError> {
		let (_, device, present, message) = pending::<T>(Kind::Secp256k1)?;
		let objection = Objection::Operational(sign(&present, &message)?);
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		cancel_recovery(RawOrigin::Signed(caller), device, objection);

		assert!(!Recoveries::<T>::contains_key(device));
		Ok(())
	}

	#[benchmark]
	fn cancel_recovery_root() -> Result<(), BenchmarkError> {
		let (_, device, _, message) = pending::<T>(Kind::Sr25519)?;
		let signature = RootSignature::P256(root_pair(1)?.sign(&message));
		let caller: Account<T> = whitelisted_caller();

		#[extrinsic_call]
		cancel_recovery(RawOrigin::Signed(caller), device, Objection::Root(signature));

		assert!(!Recoveries::<T>::contains_key(device));
		Ok(())
	}

	/// The last that there may be.
	#[benchmark]
	fn add_maker_admin() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		Makers::<T>::mutate_extant(maker, |record| record.admins.pop());
		let added: Account<T> = account("added", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(admin), maker, added.clone());

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		assert!(record.admins.contains(&added));
		Ok(())
	}

	/// The one that left the bond, by another.
	#[benchmark]
	fn remove_maker_admin() -> Result<(), BenchmarkError> {
		let (maker, admin, _) = maker::<T>("maker")?;
		let caller: Account<T> = whitelisted_caller();
		Helper::<T>::fund(&caller);
		Pallet::<T>::do_remove_maker_admin(&admin, maker, account("admin", 1, 0))?;
		Pallet::<T>::do_add_maker_admin(&admin, maker, caller.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), maker, admin);

		let record = Makers::<T>::get(maker).ok_or(BenchmarkError::Stop("no maker"))?;
		assert_eq!(record.payer, caller);
		Ok(())
	}

	/// To where none of the cells is the same, for a fee.
	#[benchmark]
	fn assert_location() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Helper::<T>::advance(T::MovingTicks::get().min(MAX_MOVING_TICKS));
		let location = place(SECOND_PLACE)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device, location);

		let known = Locations::<T>::get(device).ok_or(BenchmarkError::Stop("no location"))?;
		assert_eq!(known.place.current.location, location);
		assert_eq!(CellCounts::<T>::iter().count(), 9);
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

	/// One description instead of another.
	#[benchmark]
	fn describe() -> Result<(), BenchmarkError> {
		let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
		Pallet::<T>::do_describe(&owner, device, Some([1; 32]))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), device, Some([2; 32]));

		assert_eq!(crate::Descriptions::<T>::get(device), Some([2; 32]));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
