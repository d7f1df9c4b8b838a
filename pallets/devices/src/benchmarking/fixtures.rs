//! Keys and what they sign; makers, and devices somewhere in their lives.

use alloc::{format, vec, vec::Vec};
use cairn_geo::{Cell, GROUP_CELLS, GroupCounts, Location};
use cairn_traits::Timekeeper;
use cairn_types::{
	Approval, Certificate, CertificateClaim, CertificateV1, CertifierKey, CertifierSignature,
	Delegation, DeviceId, DeviceKey, DeviceSignature, Hash32, MakerId, NetworkId, P256Pair,
	Possession, Registration, RootKey, RootSignature, Serial,
	certificate::{MAX_SERIAL, possession_message, recovery_message},
	root::delegation_message,
};
use frame_benchmarking::v2::*;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::{crypto::KeyTypeId, ed25519};
use sp_runtime::{
	SaturatedConversion, Saturating,
	traits::{Hash, One},
};

use super::BenchmarkHelper;
use crate::{
	CellCounts, Config, DeviceByRoot, Devices, MAX_MAKER_ADMINS, MAX_MAKER_KEYS, NextDevice,
	NextMaker, Pallet,
};

pub(super) type Helper<T> = <T as Config>::BenchmarkHelper;
pub(super) type Account<T> = <T as frame_system::Config>::AccountId;

const KEYS: KeyTypeId = KeyTypeId(*b"devb");

/// A cell of resolution 12, in no pentagon. Shares no group that counts devices with
/// [`SECOND_PLACE`].
pub(super) const FIRST_PLACE: u64 = 0x08c0_0eb4_e474_3dff;
/// See [`FIRST_PLACE`].
pub(super) const SECOND_PLACE: u64 = 0x08c0_2c2b_0654_5bff;

/// Devices in each cell of a crowded group: as many as a sum of them can count. Each count takes four
/// bytes.
pub(super) const CROWD: u32 = u32::MAX / 49;

/// A kind of operational key.
#[derive(Clone, Copy)]
pub(super) enum Kind {
	Ed25519,
	Sr25519,
	Secp256k1,
}

/// A maker with as many keys and admins as it may have.
pub(super) struct Maker<T: Config> {
	pub(super) id: MakerId,
	/// Left the bond.
	pub(super) admin: Account<T>,
	/// Its first key, with which it signs.
	pub(super) key: ed25519::Public,
}

/// A device on the chain, with what is needed to act for it.
pub(super) struct Fixture<T: Config> {
	pub(super) owner: Account<T>,
	/// Certified it.
	pub(super) maker: Maker<T>,
	/// May certify it, too.
	pub(super) other_maker: Maker<T>,
	pub(super) network: NetworkId,
	pub(super) device: DeviceId,
	pub(super) key: DeviceKey,
}

/// `who`, who can pay for everything.
pub(super) fn funded<T: Config>(who: Account<T>) -> Account<T> {
	Helper::<T>::fund(&who);
	who
}

pub(super) fn generate(kind: Kind, name: &str) -> DeviceKey {
	let seed = Some(name.as_bytes().to_vec());
	match kind {
		Kind::Ed25519 => DeviceKey::Ed25519(sp_io::crypto::ed25519_generate(KEYS, seed)),
		Kind::Sr25519 => DeviceKey::Sr25519(sp_io::crypto::sr25519_generate(KEYS, seed)),
		Kind::Secp256k1 => DeviceKey::Secp256k1(sp_io::crypto::ecdsa_generate(KEYS, seed)),
	}
}

pub(super) fn sign(key: &DeviceKey, message: &Hash32) -> Result<DeviceSignature, BenchmarkError> {
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

/// Makers sign with ed25519: what checks on P-256 add is measured by itself.
fn maker_sign(
	key: &ed25519::Public,
	message: &Hash32,
) -> Result<ed25519::Signature, BenchmarkError> {
	sp_io::crypto::ed25519_sign(KEYS, key, message)
		.ok_or(BenchmarkError::Stop("the key is not in the keystore"))
}

/// A root's pair. Keystores have none on P-256.
pub(super) fn root_pair(seed: u8) -> Result<P256Pair, BenchmarkError> {
	P256Pair::from_secret(&[seed; 32]).ok_or(BenchmarkError::Stop("no scalar"))
}

/// End the current block and return its number.
fn end_block<T: Config>() -> u32 {
	let number = frame_system::Pallet::<T>::block_number();
	frame_system::BlockHash::<T>::insert(number, T::Hashing::hash(b"a recent block"));
	frame_system::Pallet::<T>::set_block_number(number.saturating_add(BlockNumberFor::<T>::one()));
	number.saturated_into()
}

fn hash_of<T: Config>(block: u32) -> Hash32 {
	frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(block)).into()
}

/// A proof that is fresh now, and names a block that no other one does.
pub(super) fn possession<T: Config>(
	key: &DeviceKey,
	owner: &Account<T>,
) -> Result<Possession, BenchmarkError> {
	end_block::<T>();
	let block = end_block::<T>();
	let hash = hash_of::<T>(block);
	let nonce: u32 = frame_system::Pallet::<T>::account_nonce(owner).saturated_into();
	let genesis = Pallet::<T>::genesis();
	let message = possession_message(&genesis, block, &hash, owner.as_ref(), nonce, key);
	Ok(Possession { block, nonce, signature: sign(key, &message)? })
}

/// A root names `key`, for the owner, block and nonce of a proof.
pub(super) fn delegation<T: Config>(
	seed: u8,
	owner: &Account<T>,
	key: &DeviceKey,
	proof: &Possession,
) -> Result<Delegation, BenchmarkError> {
	let pair = root_pair(seed)?;
	let root = RootKey::P256(pair.public());
	let Possession { block, nonce, .. } = proof;
	let (genesis, hash) = (Pallet::<T>::genesis(), hash_of::<T>(*block));
	let message = delegation_message(&genesis, *block, &hash, owner.as_ref(), *nonce, &root, key);
	Ok(Delegation { root, signature: RootSignature::P256(pair.sign(&message)) })
}

/// A number of full length.
pub(super) fn serial(last: u8) -> Serial {
	let mut bytes = vec![b's'; usize::try_from(MAX_SERIAL).unwrap_or(1)];
	if let Some(byte) = bytes.last_mut() {
		*byte = last;
	}
	Serial::truncate_from(bytes)
}

pub(super) fn certificate<T: Config>(
	maker: &Maker<T>,
	key: &DeviceKey,
	number: u8,
) -> Result<Certificate, BenchmarkError> {
	let claim = CertificateClaim {
		maker: maker.id,
		key_index: 0,
		model: serial(b'm'),
		serial: serial(number),
		expiry: u64::MAX,
	};
	let signature = maker_sign(&maker.key, &claim.message(&Pallet::<T>::genesis(), key))?;
	Ok(Certificate::V1(CertificateV1 { claim, signature }))
}

/// The consent of a maker to the recovery of a device that it certified.
pub(super) fn approval<T: Config>(
	maker: &Maker<T>,
	device: DeviceId,
	key: &DeviceKey,
	root: Option<&RootKey>,
) -> Result<Approval, BenchmarkError> {
	let record = Devices::<T>::get(device).ok_or(BenchmarkError::Stop("no device"))?;
	let genesis = Pallet::<T>::genesis();
	let message = recovery_message(&genesis, maker.id, 0, device, record.changed, key, root);
	let signature = CertifierSignature::Ed25519(maker_sign(&maker.key, &message)?);
	Ok(Approval { key_index: 0, signature })
}

pub(super) fn maker<T: Config>(name: &'static str) -> Result<Maker<T>, BenchmarkError> {
	let admin = funded::<T>(account(name, 0, 0));
	let id = NextMaker::<T>::get();
	let mut keys: Vec<ed25519::Public> = Vec::new();
	for index in 0..MAX_MAKER_KEYS {
		let seed = format!("//{name}//{index}").into_bytes();
		keys.push(sp_io::crypto::ed25519_generate(KEYS, Some(seed)));
	}
	let key = *keys.first().ok_or(BenchmarkError::Stop("a maker has keys"))?;
	Pallet::<T>::do_register_maker(admin.clone(), CertifierKey::Ed25519(key))?;
	for key in keys.into_iter().skip(1) {
		Pallet::<T>::do_add_maker_key(&admin, id, CertifierKey::Ed25519(key))?;
	}
	for number in 1..MAX_MAKER_ADMINS {
		Pallet::<T>::do_add_maker_admin(&admin, id, account("admin", number, 0))?;
	}
	Ok(Maker { id, admin, key })
}

/// What registers a device without a root key, certified by `maker` if there is one.
pub(super) fn registration<T: Config>(
	owner: &Account<T>,
	key: DeviceKey,
	maker: Option<&Maker<T>>,
	number: u8,
) -> Result<Registration, BenchmarkError> {
	let possession = possession::<T>(&key, owner)?;
	let certificate = maker.map(|maker| certificate::<T>(maker, &key, number)).transpose()?;
	Ok(Registration { key, possession, delegation: None, certificate })
}

/// A certified device of `owner` that is active, assigned to a gateway and somewhere in a crowd, all
/// of it settled.
pub(super) fn active<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let fixture = unplaced::<T>(owner)?;
	let (owner, device, location) = (&fixture.owner, fixture.device, place(FIRST_PLACE)?);
	Pallet::<T>::do_assert_location(owner, device, location)?;
	crowd::<T>(location);
	Pallet::<T>::do_describe(owner, device, Some([1; 32]))?;
	settle::<T>();
	Ok(fixture)
}

/// A certified device of `owner` that is active and assigned to a gateway, and nobody knows where.
pub(super) fn unplaced<T: Config>(owner: Account<T>) -> Result<Fixture<T>, BenchmarkError> {
	let owner = funded::<T>(owner);
	let (maker, other_maker) = (maker::<T>("maker")?, maker::<T>("other maker")?);
	let network = Helper::<T>::network(other_maker.id);
	let key = generate(Kind::Sr25519, "//device");
	let device = NextDevice::<T>::get();
	let registration = registration::<T>(&owner, key, Some(&maker), b'0')?;
	Pallet::<T>::do_register(&owner, network, &registration)?;
	Pallet::<T>::do_activate(&owner, device)?;
	Pallet::<T>::do_assign_gateway(&owner, device, Helper::<T>::gateway(network))?;
	Ok(Fixture { owner, maker, other_maker, network, device, key })
}

/// A location in a cell.
pub(super) fn place(index: u64) -> Result<Location, BenchmarkError> {
	let cell = Cell::new(index).map_err(|_| BenchmarkError::Stop("no cell"))?;
	Location::new(cell, 400, 25).map_err(|_| BenchmarkError::Stop("no location"))
}

/// Have [`CROWD`] devices in every cell of the groups that count who is at `location`.
pub(super) fn crowd<T: Config>(location: Location) {
	for spot in location.spots() {
		CellCounts::<T>::insert(spot.group(), GroupCounts::from([CROWD; GROUP_CELLS]));
	}
}

/// Wait until what was changed may be changed again.
pub(super) fn settle<T: Config>() {
	Helper::<T>::advance(T::Time::periods().mature_ticks().saturating_add(2));
	let blocks: BlockNumberFor<T> = T::MaxProofAge::get().into();
	let number = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(number.saturating_add(blocks));
}

/// Wait until a maker may leave with its bond.
pub(super) fn part<T: Config>() {
	settle::<T>();
	Helper::<T>::advance(T::LeavingTicks::get());
}

/// Give a device a root, as if it had been registered with one.
pub(super) fn take_root<T: Config>(device: DeviceId) -> Result<(), BenchmarkError> {
	let root = RootKey::P256(root_pair(1)?.public());
	DeviceByRoot::<T>::insert(root, device);
	Devices::<T>::mutate_extant(device, |record| record.root = Some(root));
	Ok(())
}

impl<T: Config> Fixture<T> {
	/// Have the device sign with a new key of this kind; the one before it is remembered.
	pub(super) fn rotate(&self, kind: Kind) -> Result<DeviceKey, BenchmarkError> {
		let key = generate(kind, "//rotated");
		let proof = possession::<T>(&key, &self.owner)?;
		Pallet::<T>::do_rotate_key(&self.owner, self.device, key, &proof, None)?;
		Ok(key)
	}

	/// Ask for other keys, one of them a root: what is kept is as long as it can be.
	pub(super) fn request(&self) -> Result<(), BenchmarkError> {
		let Self { owner, maker, device, .. } = self;
		let key = generate(Kind::Secp256k1, "//recovered");
		let proof = possession::<T>(&key, owner)?;
		let delegation = delegation::<T>(2, owner, &key, &proof)?;
		let approval = approval::<T>(maker, *device, &key, Some(&delegation.root))?;
		Pallet::<T>::do_recover(owner, *device, key, &proof, Some(&delegation), &approval)?;
		Ok(())
	}

	/// Offer the device to somebody.
	pub(super) fn offer(&self) -> Result<(), BenchmarkError> {
		Pallet::<T>::do_transfer(&self.owner, self.device, account("offered to", 0, 0))?;
		Ok(())
	}
}
