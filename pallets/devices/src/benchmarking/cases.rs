//! Each call in the state in which it costs most: of devices that are certified, assigned to a gateway
//! and somewhere, of makers with as many keys and admins as may be, sent by who pays least besides.

use cairn_geo::Location;
use cairn_types::{
	CertifierKey, DeviceId, DeviceKey, Hash32, Objection, Registration, RootSignature,
	certificate::objection_message,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get};

use super::{
	BenchmarkHelper, Case, Prepared,
	fixtures::{
		Account, CROWD, FIRST_PLACE, Fixture, Helper, Kind, Maker, SECOND_PLACE, active, approval,
		certificate, crowd, delegation, funded, generate, maker, part, place, possession,
		registration, root_pair, serial, settle, sign, take_root, unplaced,
	},
};
use crate::{
	Call, CellCounts, Config, Descriptions, Devices, Locations, MakerRecordOf, Makers, NextDevice,
	NextMaker, Offers, Pallet, Recoveries, SerialState, Serials, Stage,
};

fn is_in<T: Config>(device: DeviceId, stage: Stage) -> bool {
	Devices::<T>::get(device).is_some_and(|record| record.stage == stage)
}

fn is_at<T: Config>(device: DeviceId, location: Location) -> bool {
	Locations::<T>::get(device).is_some_and(|known| known.place.current.location == location)
}

fn is_owned_by<T: Config>(device: DeviceId, owner: &Account<T>) -> bool {
	Devices::<T>::get(device).is_some_and(|record| record.owner == *owner)
}

fn signs_with<T: Config>(device: DeviceId, key: &DeviceKey) -> bool {
	Devices::<T>::get(device).is_some_and(|record| record.state.key.current == *key)
}

/// `caller` changes a maker; `holds` of its record then.
fn maker_case<T: Config>(
	caller: Account<T>,
	call: Call<T>,
	maker: &Maker<T>,
	holds: impl FnOnce(MakerRecordOf<T>) -> bool + 'static,
) -> Case<T> {
	let id = maker.id;
	Case::new(caller, call, move || Makers::<T>::get(id).is_some_and(holds))
}

/// Without a certificate, on a network that admits every device.
pub(super) fn register<T: Config>(kind: Kind) -> Prepared<T> {
	register_with(kind, None)
}

/// By the last maker that the network admits.
pub(super) fn register_certified<T: Config>(kind: Kind) -> Prepared<T> {
	register_with(kind, Some(&maker::<T>("maker")?))
}

fn register_with<T: Config>(kind: Kind, maker: Option<&Maker<T>>) -> Prepared<T> {
	let owner = funded::<T>(whitelisted_caller());
	let network =
		maker.map_or_else(Helper::<T>::open_network, |maker| Helper::<T>::network(maker.id));
	let registration = registration(&owner, generate(kind, "//device"), maker, b'0')?;
	let Registration { key, possession, certificate, .. } = registration;
	let device = NextDevice::<T>::get();
	let call = Call::register { network, key, possession, certificate };
	Ok(Case::new(owner, call, move || signs_with::<T>(device, &key)))
}

/// For the second time.
pub(super) fn activate<T: Config>() -> Prepared<T> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	Pallet::<T>::do_suspend(&owner, device)?;
	settle::<T>();
	Ok(Case::new(owner, Call::activate { device }, move || is_in::<T>(device, Stage::Active)))
}

pub(super) fn suspend<T: Config>() -> Prepared<T> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	Ok(Case::new(owner, Call::suspend { device }, move || is_in::<T>(device, Stage::Suspended)))
}

/// Somebody else's device, by a maker that the network does not name.
pub(super) fn expel<T: Config>() -> Prepared<T> {
	let Fixture { device, .. } = active::<T>(account("owner", 0, 0))?;
	let unnamed = maker::<T>("unnamed maker")?;
	Devices::<T>::mutate_extant(device, |record| record.state.maker = Some(unnamed.id));
	let holds = move || is_in::<T>(device, Stage::Suspended);
	Ok(Case::new(whitelisted_caller(), Call::expel { device }, holds))
}

/// An offered device for which a recovery was requested.
pub(super) fn retire<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(whitelisted_caller())?;
	fixture.offer()?;
	fixture.request()?;
	let Fixture { owner, device, .. } = fixture;
	Ok(Case::new(owner, Call::retire { device }, move || is_in::<T>(device, Stage::Retired)))
}

/// As [`retire`], of somebody else's device.
pub(super) fn force_retire<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(account("owner", 0, 0))?;
	fixture.offer()?;
	fixture.request()?;
	let device = fixture.device;
	let origin =
		T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
	let call = Call::force_retire { device };
	Ok(Case::with_origin(origin, call, move || is_in::<T>(device, Stage::Retired)))
}

/// A device with a previous key, a root and a certificate that stands for it, by somebody else.
pub(super) fn reap<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(account("owner", 0, 0))?;
	fixture.rotate(Kind::Sr25519)?;
	let Fixture { owner, device, .. } = fixture;
	take_root::<T>(device)?;
	Pallet::<T>::do_retire(&owner, device)?;
	settle::<T>();
	let holds = move || !Devices::<T>::contains_key(device);
	Ok(Case::new(whitelisted_caller(), Call::reap { device }, holds))
}

/// There is a previous key to forget and a recovery to cancel.
fn rotatable<T: Config>() -> Result<Fixture<T>, BenchmarkError> {
	let fixture = active::<T>(whitelisted_caller())?;
	fixture.rotate(Kind::Sr25519)?;
	settle::<T>();
	fixture.request()?;
	Ok(fixture)
}

/// See [`rotatable`].
pub(super) fn rotate_key<T: Config>(kind: Kind) -> Prepared<T> {
	let Fixture { owner, device, .. } = rotatable::<T>()?;
	let key = generate(kind, "//second");
	let possession = possession::<T>(&key, &owner)?;
	let call = Call::rotate_key { device, key, possession };
	Ok(Case::new(owner, call, move || signs_with::<T>(device, &key)))
}

/// See [`rotatable`].
pub(super) fn rotate_rooted_key<T: Config>(kind: Kind) -> Prepared<T> {
	let Fixture { owner, device, .. } = rotatable::<T>()?;
	take_root::<T>(device)?;
	let key = generate(kind, "//second");
	let possession = possession::<T>(&key, &owner)?;
	let signature = delegation::<T>(1, &owner, &key, &possession)?.signature;
	let call = Call::rotate_rooted_key { device, key, possession, signature };
	Ok(Case::new(owner, call, move || signs_with::<T>(device, &key)))
}

/// From one gateway to another.
pub(super) fn assign_gateway<T: Config>() -> Prepared<T> {
	let Fixture { owner, network, device, .. } = active::<T>(whitelisted_caller())?;
	let gateway = Helper::<T>::gateway(network);
	let holds = move || {
		let assignment = Devices::<T>::get(device).and_then(|record| record.state.assignment);
		assignment.is_some_and(|held| held.current.gateway == gateway)
	};
	Ok(Case::new(owner, Call::assign_gateway { device, gateway }, holds))
}

/// Instead of an earlier offer.
pub(super) fn transfer<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(whitelisted_caller())?;
	fixture.offer()?;
	let Fixture { owner, device, .. } = fixture;
	let to: Account<T> = account("buyer", 0, 0);
	let call = Call::transfer { device, to: to.clone() };
	Ok(Case::new(owner, call, move || Offers::<T>::get(device) == Some(to)))
}

/// A device for which a recovery was requested.
pub(super) fn accept<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(account("seller", 0, 0))?;
	let caller = funded::<T>(whitelisted_caller());
	Pallet::<T>::do_transfer(&fixture.owner, fixture.device, caller.clone())?;
	fixture.request()?;
	let device = fixture.device;
	let owner = caller.clone();
	Ok(Case::new(caller, Call::accept { device }, move || is_owned_by::<T>(device, &owner)))
}

/// A device for which a recovery was requested, offered to somebody else.
pub(super) fn take_over<T: Config>(kind: Kind) -> Prepared<T> {
	let fixture = active::<T>(account("seller", 0, 0))?;
	let key = fixture.rotate(kind)?;
	fixture.offer()?;
	fixture.request()?;
	let caller = funded::<T>(whitelisted_caller());
	let device = fixture.device;
	let call = Call::take_over { device, possession: possession::<T>(&key, &caller)? };
	let owner = caller.clone();
	Ok(Case::new(caller, call, move || is_owned_by::<T>(device, &owner)))
}

pub(super) fn cancel_transfer<T: Config>() -> Prepared<T> {
	let fixture = active::<T>(whitelisted_caller())?;
	fixture.offer()?;
	let Fixture { owner, device, .. } = fixture;
	let holds = move || !Offers::<T>::contains_key(device);
	Ok(Case::new(owner, Call::cancel_transfer { device }, holds))
}

/// With a key on P-256: that it is one is checked.
pub(super) fn register_maker<T: Config>() -> Prepared<T> {
	let admin = funded::<T>(whitelisted_caller());
	let maker = NextMaker::<T>::get();
	let key = CertifierKey::P256(root_pair(1)?.public());
	let holds = move || Makers::<T>::contains_key(maker);
	Ok(Case::new(admin, Call::register_maker { key }, holds))
}

/// In the place of the oldest revoked one, on P-256.
pub(super) fn add_maker_key<T: Config>() -> Prepared<T> {
	let maker = maker::<T>("maker")?;
	Pallet::<T>::do_revoke_maker_key(&maker.admin, maker.id, 0)?;
	let key = CertifierKey::P256(root_pair(1)?.public());
	let call = Call::add_maker_key { maker: maker.id, key };
	Ok(maker_case(maker.admin.clone(), call, &maker, move |record| record.has_key(&key)))
}

pub(super) fn revoke_maker_key<T: Config>() -> Prepared<T> {
	let maker = maker::<T>("maker")?;
	let call = Call::revoke_maker_key { maker: maker.id, index: 0 };
	Ok(maker_case(maker.admin.clone(), call, &maker, |record| record.is_revoked(0)))
}

/// The last that there may be.
pub(super) fn add_maker_admin<T: Config>() -> Prepared<T> {
	let maker = maker::<T>("maker")?;
	Makers::<T>::mutate_extant(maker.id, |record| record.admins.pop());
	let admin: Account<T> = account("added", 0, 0);
	let call = Call::add_maker_admin { maker: maker.id, admin: admin.clone() };
	let holds = move |record: MakerRecordOf<T>| record.admins.contains(&admin);
	Ok(maker_case(maker.admin.clone(), call, &maker, holds))
}

/// The one that left the bond, by another.
pub(super) fn remove_maker_admin<T: Config>() -> Prepared<T> {
	let maker = maker::<T>("maker")?;
	let caller = funded::<T>(whitelisted_caller());
	Pallet::<T>::do_remove_maker_admin(&maker.admin, maker.id, account("admin", 1, 0))?;
	Pallet::<T>::do_add_maker_admin(&maker.admin, maker.id, caller.clone())?;
	let call = Call::remove_maker_admin { maker: maker.id, admin: maker.admin.clone() };
	let payer = caller.clone();
	let holds = move |record: MakerRecordOf<T>| record.bond.is_some_and(|bond| bond.payer == payer);
	Ok(maker_case(caller, call, &maker, holds))
}

pub(super) fn retire_maker<T: Config>() -> Prepared<T> {
	let Maker { id, admin, .. } = maker::<T>("maker")?;
	part::<T>();
	let holds = move || !Makers::<T>::contains_key(id);
	Ok(Case::new(admin, Call::retire_maker { maker: id }, holds))
}

/// With as many keys as may be, all of them to revoke.
pub(super) fn force_retire_maker<T: Config>() -> Prepared<T> {
	let Maker { id, .. } = maker::<T>("maker")?;
	let origin =
		T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
	let call = Call::force_retire_maker { maker: id };
	let holds = move || Makers::<T>::get(id).is_some_and(|record| record.is_convicted());
	Ok(Case::with_origin(origin, call, holds))
}

/// A number whose certificate stands for an active device.
pub(super) fn revoke<T: Config>() -> Prepared<T> {
	let Fixture { maker, device, .. } = active::<T>(account("owner", 0, 0))?;
	let call = Call::revoke { maker: maker.id, serial: serial(b'0') };
	Ok(Case::new(maker.admin, call, move || is_in::<T>(device, Stage::Suspended)))
}

/// A number whose certificate was replaced: the owner's deposit for it returns.
pub(super) fn revoke_retained<T: Config>() -> Prepared<T> {
	let Fixture { owner, maker, device, key, .. } = active::<T>(account("owner", 0, 0))?;
	let replacement = certificate(&maker, &key, b'1')?;
	Pallet::<T>::do_certify(owner, device, &replacement)?;
	let Maker { id, admin, .. } = maker;
	let call = Call::revoke { maker: id, serial: serial(b'0') };
	let holds = move || {
		let entry = Serials::<T>::get(id, serial(b'0'));
		entry.is_some_and(|entry| entry.state == SerialState::Revoked)
	};
	Ok(Case::new(admin, call, holds))
}

/// Another maker's, after the end of the first one, whose number has to be paid for by itself.
pub(super) fn certify<T: Config>() -> Prepared<T> {
	let Fixture { owner, other_maker, device, key, .. } = active::<T>(whitelisted_caller())?;
	Devices::<T>::mutate_extant(device, |record| {
		record.state.activity.until = record.state.activity.from;
	});
	let certificate = certificate(&other_maker, &key, b'1')?;
	let id = other_maker.id;
	let holds = move || {
		is_in::<T>(device, Stage::Suspended) && Serials::<T>::contains_key(id, serial(b'1'))
	};
	Ok(Case::new(owner, Call::certify { device, certificate }, holds))
}

/// A revoked number whose maker has left, by somebody else.
pub(super) fn forget<T: Config>() -> Prepared<T> {
	let Maker { id, admin, .. } = maker::<T>("maker")?;
	Pallet::<T>::do_revoke(admin.clone(), id, serial(b'0'))?;
	part::<T>();
	Pallet::<T>::do_retire_maker(&admin, id)?;
	let call = Call::forget { maker: id, serial: serial(b'0') };
	let holds = move || !Serials::<T>::contains_key(id, serial(b'0'));
	Ok(Case::new(whitelisted_caller(), call, holds))
}

/// Without a certificate: what one adds, it adds to [`register`], too.
pub(super) fn register_rooted<T: Config>(kind: Kind) -> Prepared<T> {
	let owner = funded::<T>(whitelisted_caller());
	let network = Helper::<T>::open_network();
	let key = generate(kind, "//device");
	let possession = possession::<T>(&key, &owner)?;
	let delegation = delegation::<T>(1, &owner, &key, &possession)?;
	let device = NextDevice::<T>::get();
	let call = Call::register_rooted { network, key, possession, delegation, certificate: None };
	Ok(Case::new(owner, call, move || signs_with::<T>(device, &key)))
}

/// Certified devices without roots, with the dearest kind of key, whose proofs name different blocks.
pub(super) fn register_batch<T: Config>(count: u32) -> Prepared<T> {
	let owner = funded::<T>(whitelisted_caller());
	let maker = maker::<T>("maker")?;
	let network = Helper::<T>::network(maker.id);
	let first = NextDevice::<T>::get();
	let mut registrations = alloc::vec::Vec::new();
	for number in 0..count {
		let key = generate(Kind::Sr25519, &alloc::format!("//device//{number}"));
		let number = u8::try_from(number).map_err(|_| BenchmarkError::Stop("too many"))?;
		registrations.push(registration(&owner, key, Some(&maker), number)?);
	}
	let registrations = registrations.try_into().map_err(|_| BenchmarkError::Stop("too many"))?;
	let next = DeviceId(first.0.saturating_add(count.into()));
	let holds = move || NextDevice::<T>::get() == next;
	Ok(Case::new(owner, Call::register_batch { network, registrations }, holds))
}

/// Without a root, whose check is weighed by itself.
pub(super) fn recover<T: Config>(kind: Kind) -> Prepared<T> {
	let Fixture { owner, maker, device, .. } = active::<T>(whitelisted_caller())?;
	let key = generate(kind, "//recovered");
	let possession = possession::<T>(&key, &owner)?;
	let approval = approval(&maker, device, &key, None)?;
	let call = Call::recover { device, key, possession, delegation: None, approval };
	Ok(Case::new(owner, call, move || Recoveries::<T>::contains_key(device)))
}

/// A device for which a recovery was requested, with a root and an operational key of this kind, that
/// key, and what its present keys sign to object.
fn pending<T: Config>(kind: Kind) -> Result<(Fixture<T>, DeviceKey, Hash32), BenchmarkError> {
	let fixture = active::<T>(account("owner", 0, 0))?;
	let device = fixture.device;
	let present = fixture.rotate(kind)?;
	take_root::<T>(device)?;
	settle::<T>();
	fixture.request()?;
	let recovery = Recoveries::<T>::get(device).ok_or(BenchmarkError::Stop("no recovery"))?;
	let genesis = Pallet::<T>::genesis();
	let message = objection_message(&genesis, device, recovery.requested, &recovery.key);
	Ok((fixture, present, message))
}

/// A device with a previous key to forget and a root to replace, by somebody else.
pub(super) fn complete_recovery<T: Config>() -> Prepared<T> {
	let (Fixture { device, .. }, present, _) = pending::<T>(Kind::Sr25519)?;
	Recoveries::<T>::mutate_extant(device, |recovery| recovery.due = 0);
	settle::<T>();
	let holds = move || !signs_with::<T>(device, &present);
	Ok(Case::new(whitelisted_caller(), Call::complete_recovery { device }, holds))
}

pub(super) fn cancel_recovery_owner<T: Config>() -> Prepared<T> {
	let (Fixture { owner, device, .. }, ..) = pending::<T>(Kind::Sr25519)?;
	Ok(cancel_case(owner, device, Objection::Owner))
}

/// By somebody else, who has the operational key's signature.
pub(super) fn cancel_recovery<T: Config>(kind: Kind) -> Prepared<T> {
	let (Fixture { device, .. }, present, message) = pending::<T>(kind)?;
	let objection = Objection::Operational(sign(&present, &message)?);
	Ok(cancel_case(whitelisted_caller(), device, objection))
}

/// By somebody else, who has the root key's signature.
pub(super) fn cancel_recovery_root<T: Config>() -> Prepared<T> {
	let (Fixture { device, .. }, _, message) = pending::<T>(Kind::Sr25519)?;
	let signature = RootSignature::P256(root_pair(1)?.sign(&message));
	Ok(cancel_case(whitelisted_caller(), device, Objection::Root(signature)))
}

fn cancel_case<T: Config>(caller: Account<T>, device: DeviceId, objection: Objection) -> Case<T> {
	let holds = move || !Recoveries::<T>::contains_key(device);
	Case::new(caller, Call::cancel_recovery { device, objection }, holds)
}

/// To where none of the three groups that count it is the same, for a fee: each is left and entered,
/// and all six have devices in every cell.
pub(super) fn assert_location<T: Config>() -> Prepared<T> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	Helper::<T>::advance(T::Policy::get().clamped().moving_ticks);
	let (left, location) = (place(FIRST_PLACE)?, place(SECOND_PLACE)?);
	crowd::<T>(location);
	let holds = move || {
		is_at::<T>(device, location)
			&& CellCounts::<T>::iter().count() == 6
			&& Pallet::<T>::cell_count(left.cell()) == CROWD.saturating_sub(1)
			&& Pallet::<T>::cell_count(location.cell()) == CROWD.saturating_add(1)
	};
	Ok(Case::new(owner, Call::assert_location { device, location }, holds))
}

/// For the first time, where devices are in every cell of its groups.
pub(super) fn assert_location_first<T: Config>() -> Prepared<T> {
	let Fixture { owner, device, .. } = unplaced::<T>(whitelisted_caller())?;
	let location = place(SECOND_PLACE)?;
	crowd::<T>(location);
	let holds = move || {
		is_at::<T>(device, location)
			&& CellCounts::<T>::iter().count() == 3
			&& Pallet::<T>::cell_count(location.cell()) == CROWD.saturating_add(1)
	};
	Ok(Case::new(owner, Call::assert_location { device, location }, holds))
}

/// One description instead of another.
pub(super) fn describe<T: Config>() -> Prepared<T> {
	let Fixture { owner, device, .. } = active::<T>(whitelisted_caller())?;
	let description = Some([2; 32]);
	let call = Call::describe { device, description };
	Ok(Case::new(owner, call, move || Descriptions::<T>::get(device) == description))
}
