use cairn_types::{
	CertificateClaim, DeviceId, Identity, MakerId, Registration, registration::MAX_REGISTRATIONS,
};
use frame_support::{
	assert_err_ignore_postinfo, assert_noop, assert_ok, assert_storage_noop,
	dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
	weights::constants::RocksDbWeight,
};
use sp_runtime::{DispatchError, ModuleError};

use crate::{Call, Devices as DevicesMap, Makers, NextDevice, mock::*};

fn batch(registrations: Vec<Registration>) -> DispatchResultWithPostInfo {
	let registrations = registrations.try_into().expect("not too many");
	Devices::register_batch(RuntimeOrigin::signed(ALICE), OPEN, registrations)
}

/// Plain devices of ALICE, with keys of all kinds.
fn plain(count: u8) -> Vec<Registration> {
	(0..count).map(|number| registration(&ALICE, &DevicePair::new(10 + number))).collect()
}

/// An error of this pallet that names a device of the list.
fn at(error: Error, place: u8) -> DispatchError {
	let DispatchError::Module(ModuleError { index, mut error, message }) = error.into() else {
		panic!("an error of the pallet");
	};
	error[1] = place;
	DispatchError::Module(ModuleError { index, error, message })
}

#[test]
fn works_with_devices_of_every_kind() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let mut registrations = plain(3);
		registrations.push(rooted_registration(&ALICE, &DevicePair::new(20), 1));
		let pair = DevicePair::new(21);
		let certificate = Some(certificate(7, &pair.key()));
		registrations.push(Registration { certificate, ..registration(&ALICE, &pair) });
		let pair = DevicePair::new(22);
		let certificate = Some(certificate_v2(8, Identity::Root(root_key(2))));
		registrations.push(Registration { certificate, ..rooted_registration(&ALICE, &pair, 2) });

		assert_ok!(batch(registrations.clone()));
		let mut expected = Vec::new();
		for (device, registration) in (0..).map(DeviceId).zip(&registrations) {
			let maker = registration.certificate.as_ref().map(|_| MakerId(0));
			let (owner, network, key) = (ALICE, OPEN, registration.key);
			expected.push(Event::Registered { device, owner, network, key, maker });
			if let Some(root) = registration.root().copied() {
				expected.push(Event::Rooted { device, root });
			}
		}
		assert_eq!(events(), expected);
		assert_eq!(NextDevice::<Test>::get(), DeviceId(6));
		assert_eq!(held(&ALICE), 6 * device_price());
	});
}

#[test]
fn works_with_as_many_as_fit() {
	ExtBuilder::default().build_and_execute(|| {
		let count = u8::try_from(MAX_REGISTRATIONS).expect("few");
		assert_ok!(batch(plain(count)));
		assert_eq!(DevicesMap::<Test>::iter().count(), usize::from(count));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let registrations = plain(1).try_into().expect("one");
		assert_noop!(
			Devices::register_batch(RuntimeOrigin::root(), OPEN, registrations),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_empty() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(batch(Vec::new()), Error::Empty);
	});
}

#[test]
fn registers_none_and_says_which_is_bad() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		registered(&BOB, &DevicePair::new(12));
		events();
		let ways: [(u8, fn(&mut Registration), Error); 4] = [
			(2, |_| {}, Error::KeyTaken),
			(1, |bad| bad.possession.nonce = 7, Error::ProofNonceMismatch),
			(0, |bad| bad.possession = DevicePair::new(20).prove(&ALICE), Error::ProofInvalid),
			(
				1,
				|bad| bad.certificate = Some(certificate(7, &DevicePair::new(20).key())),
				Error::CertificateInvalid,
			),
		];
		for (place, spoil, error) in ways {
			let mut registrations = plain(4);
			spoil(&mut registrations[usize::from(place)]);
			assert_storage_noop!(assert_err_ignore_postinfo!(
				batch(registrations),
				at(error, place)
			));
		}
		// An error's number is where it is elsewhere: what wallets show is the same.
		assert_ne!(at(Error::KeyTaken, 2), DispatchError::from(Error::KeyTaken));
		assert_eq!(at(Error::KeyTaken, 0), DispatchError::from(Error::KeyTaken));
	});
}

#[test]
fn fails_when_two_have_one_key_or_root() {
	ExtBuilder::default().build_and_execute(|| {
		let mut twice = plain(2);
		twice.push(twice[0].clone());
		assert_err_ignore_postinfo!(batch(twice), at(Error::KeyTaken, 2));
		let rooted = [10, 11].map(|seed| rooted_registration(&ALICE, &DevicePair::new(seed), 1));
		assert_err_ignore_postinfo!(batch(rooted.to_vec()), at(Error::RootTaken, 1));
		let other = rooted_registration(&BOB, &DevicePair::new(11), 2);
		let delegation = other.delegation;
		let stolen = Registration { delegation, ..registration(&ALICE, &DevicePair::new(11)) };
		assert_err_ignore_postinfo!(batch(vec![stolen]), at(Error::DelegationInvalid, 0));
	});
}

#[test]
fn the_makers_limit_holds_within_a_batch() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let certified = |number: u8| {
			let pair = DevicePair::new(10 + number);
			let certificate = Some(certificate(number, &pair.key()));
			Registration { certificate, ..registration(&ALICE, &pair) }
		};
		let four = (0..4).map(certified).collect::<Vec<_>>();
		assert_err_ignore_postinfo!(batch(four.clone()), at(Error::TooManyCertified, 3));
		assert_ok!(batch(four[..3].to_vec()));
		assert_eq!(Makers::<Test>::get(MakerId(0)).expect("registered").devices, 3);
	});
}

/// The benchmark's devices are all of one maker; each other one is an entry more.
#[test]
fn every_maker_is_weighed() {
	ExtBuilder::default().with_makers(3).build_and_execute(|| {
		let by = |makers: [u32; 4]| -> Vec<Registration> {
			let certified = |(number, maker): (u8, u32)| {
				let pair = DevicePair::new(10 + number);
				let claim = CertificateClaim { maker: MakerId(maker), ..claim(number) };
				let certificate = Some(certify(claim, &pair.key()));
				Registration { certificate, ..registration(&ALICE, &pair) }
			};
			(0..).zip(makers).map(certified).collect()
		};
		let weight = |registrations: Vec<Registration>| {
			let registrations = registrations.try_into().expect("not too many");
			let call = Call::<Test>::register_batch { network: OPEN, registrations };
			call.get_dispatch_info().call_weight
		};
		let one = weight(by([0; 4]));
		assert_eq!(one, weight(plain(4)));
		let others = RocksDbWeight::get().reads_writes(2, 2);
		assert_eq!(weight(by([2, 0, 1, 0])), one.saturating_add(others));
		assert_ok!(batch(by([2, 0, 1, 0])));
		for (maker, devices) in [(0, 2), (1, 1), (2, 1)] {
			assert_eq!(Makers::<Test>::get(MakerId(maker)).expect("registered").devices, devices);
		}
	});
}

#[test]
fn fails_when_a_deposit_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		spend_all_but(&ALICE, 2 * device_price());
		let missing = at(Error::DepositMissing, 2);
		assert_storage_noop!(assert_err_ignore_postinfo!(batch(plain(3)), missing));
		assert_storage_noop!(assert_err_ignore_postinfo!(batch(plain(4)), missing));
		assert_ok!(batch(plain(2)));
	});
}

#[test]
fn what_was_not_tried_is_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		let mut registrations = plain(4);
		registrations[1].possession.nonce = 7;
		let registrations: cairn_types::Registrations =
			registrations.try_into().expect("not too many");
		let call = Call::<Test>::register_batch { network: OPEN, registrations };
		let declared = call.get_dispatch_info().call_weight;
		let Call::register_batch { network, registrations } = call else {
			unreachable!("it was made here")
		};
		let tried = registrations[..2].to_vec().try_into().expect("two");
		let two = Call::<Test>::register_batch { network, registrations: tried };
		let failed = Devices::register_batch(RuntimeOrigin::signed(ALICE), network, registrations);
		let used = failed.expect_err("the second is bad").post_info.actual_weight;
		assert_eq!(used, Some(two.get_dispatch_info().call_weight));
		assert!(used.is_some_and(|used| used.all_lt(declared)));
	});
}
