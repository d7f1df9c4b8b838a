use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A window of a second.
const LENGTH: u64 = 1_000;
/// Bytes of the largest reading.
const LARGEST: u64 = 10;

/// `millis` after the window's beginning.
fn after(millis: u64) -> Left {
	Left { millis: LENGTH.saturating_sub(millis), of: LENGTH }
}

fn readings(readings: u32) -> Limits {
	Limits { readings, bytes: u64::MAX }
}

/// A batch that is filled as the store fills it.
struct Batch {
	limits: Limits,
	devices: Vec<DeviceId>,
	reserve: Reserve,
	tally: Tally,
}

impl Batch {
	fn of(limits: Limits, devices: u64) -> Self {
		let devices = (0..devices).map(DeviceId).collect::<Vec<_>>();
		let tally = Tally::default();
		let reserve = Reserve::new(limits, LARGEST, &devices, &tally, after(0));
		Self { limits, devices, reserve, tally }
	}

	fn send(&mut self, device: u64, bytes: u64) -> bool {
		let (device, row) = (DeviceId(device), &mut self.tally.row);
		let fits = row.readings < self.limits.readings && row.bytes + bytes <= self.limits.bytes;
		if !fits || !self.reserve.admits(device, row, bytes) {
			return false;
		}
		row.readings += 1;
		row.bytes += bytes;
		*self.tally.devices.entry(device).or_default() += 1;
		self.reserve.take(device);
		true
	}

	/// Send for devices `from` and later, in turn, until nobody is taken any more.
	fn flood(&mut self, from: u64) {
		let devices = u64::try_from(self.devices.len()).expect("few");
		let mut is_taken = true;
		while is_taken {
			is_taken = false;
			for device in from..devices {
				is_taken |= self.send(device, LARGEST);
			}
		}
	}

	/// The reserve that a gateway makes which starts at this time.
	fn again(&self, left: Left) -> Reserve {
		Reserve::new(self.limits, LARGEST, &self.devices, &self.tally, left)
	}

	/// All that is kept, summed up, and whether it fits beside what is stored.
	fn audit(&self, reserve: &Reserve) {
		let kept = self.devices.iter().map(|device| reserve.kept_for(*device)).collect::<Vec<_>>();
		assert_eq!(reserve.total, kept.iter().sum::<u32>());
		for (places, count) in (0..).zip(&reserve.counts) {
			let found = kept.iter().filter(|kept| **kept == places).count();
			assert!(reserve.share == 0 || u32::try_from(found) == Ok(*count), "{reserve:?}");
		}
		assert!(
			reserve.leaves_room(&self.tally.row, 0, 0),
			"{reserve:?} beside {:?}",
			self.tally.row
		);
	}
}

#[test]
fn a_share_is_the_batch_over_its_devices() {
	let rules = Limits { readings: 65_536, bytes: 16 << 20 };
	let cases =
		[(1, 128), (512, 128), (513, 127), (1_024, 64), (10_000, 6), (65_536, 1), (65_537, 0)];
	for (devices, expected) in cases {
		assert_eq!(share(rules, 145, devices), expected, "{devices}");
	}
	assert_eq!(share(rules, 280, 512), 117, "bytes are shared, too");
	assert_eq!(share(rules, 145, 0), 0);
	let unknown = Limits { readings: u32::MAX, bytes: u64::MAX };
	assert_eq!(share(unknown, 280, 10_000), 128);
}

#[test]
fn what_is_kept_shrinks_with_the_time_that_is_left() {
	let parts = [0, 1, 250, 251, 500, 501, 750, 751, 999, 1_000, 2_000];
	let parts = parts.map(|millis| after(millis).part(4));
	assert_eq!(parts, [4, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1]);
	assert_eq!((after(0).part(0), after(1_000).part(0), after(1_000).part(1)), (0, 0, 1));
	let periods = Periods { slot_millis: 100, window_slots: 10, ..Periods::DEVELOPMENT };
	let at = |now| Left::at(7, &periods, now);
	assert_eq!(
		[6_000, 7_000, 7_250, 9_000].map(at),
		[after(0), after(0), after(250), after(1_000)]
	);
}

#[test]
fn a_flood_leaves_every_device_its_share() {
	let mut batch = Batch::of(readings(1_000), 10);
	let taken = (0..200).filter(|_| batch.send(9, 1)).count();
	assert_eq!(taken, 100);
	for device in 0..9 {
		assert!((0..100).all(|_| batch.send(device, LARGEST)), "{device}");
	}
	assert!(!batch.send(0, 1), "the batch is full");
}

#[test]
fn what_silent_devices_do_not_use_is_free_again() {
	let mut batch = Batch::of(readings(1_000), 10);
	let taken = [0, 500, 900, 1_000].map(|millis| {
		batch.reserve.release(after(millis));
		(0..1_000).filter(|_| batch.send(0, 1)).count()
	});
	// Its own 100; of the nine others' first a half, then four tenths; and one place stays for each.
	assert_eq!(taken, [100, 450, 360, 81]);
	for device in 1..10 {
		assert!(batch.send(device, 1), "{device}");
	}
	assert!(!batch.send(1, 1));
}

#[test]
fn who_has_no_slot_uses_what_is_kept_for_nobody() {
	let mut batch = Batch::of(readings(7), 3);
	assert_eq!((0..9).filter(|_| batch.send(77, 1)).count(), 1, "7 is 3 × 2 and 1");
	batch.flood(0);
	assert_eq!(batch.tally.devices[&DeviceId(0)], 2);
}

#[test]
fn more_devices_than_places_are_taken_as_they_come() {
	let mut batch = Batch::of(readings(3), 4);
	assert_eq!(batch.reserve.share(), 0);
	assert_eq!((0..9).filter(|_| batch.send(0, 1)).count(), 3);
}

/// A hundred of 5,000 devices send as much as any device may, evenly, and all others nothing.
#[test]
fn few_busy_devices_among_many_silent_ones_are_not_held_back() {
	let mut batch = Batch::of(readings(65_536), 5_000);
	for round in 0..128 {
		batch.reserve.release(after(round * LENGTH / 128));
		assert!((0..100).all(|device| batch.send(device, LARGEST)), "{round}");
	}
}

#[test]
fn a_rule_that_changes_cuts_everybody_alike() {
	let mut batch = Batch::of(readings(100), 10);
	assert!((0..10).all(|_| batch.send(0, 1)));
	batch.limits = readings(50);
	let reserve = batch.again(after(0));
	assert_eq!(reserve.share(), 5);
	// Nine devices may have 40 places: four each.
	let kept = batch.devices.iter().map(|device| reserve.kept_for(*device));
	assert_eq!(kept.collect::<Vec<_>>(), [0, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
}

#[test]
fn a_reserve_is_made_once_for_what_it_depends_on() {
	let facts = Arc::new(Facts::default());
	let basis = Basis { facts, limits: readings(10), largest: LARGEST };
	let mut shares = Shares::default();
	let mut asked = 0;
	let mut prepare = |shares: &mut Shares, window, basis: &Basis| {
		let know = || {
			asked += 1;
			Ok::<_, Infallible>((vec![DeviceId(1), DeviceId(2)], Tally::default()))
		};
		let Ok(()) = shares.prepare(window, basis.clone(), after(0), know);
		asked
	};
	assert_eq!(prepare(&mut shares, 5, &basis), 1);
	assert_eq!(prepare(&mut shares, 5, &basis), 1);
	assert_eq!(prepare(&mut shares, 6, &basis), 2);
	let other = Basis { facts: Arc::new(Facts::default()), ..basis.clone() };
	assert_eq!(prepare(&mut shares, 5, &other), 3);
	assert_eq!(prepare(&mut shares, 5, &Basis { limits: readings(8), ..other }), 4);
	assert_eq!(shares.of(5).map(Reserve::share), Some(4));
	shares.forget_before(6);
	assert_eq!((shares.of(5), shares.of(6).map(Reserve::share)), (None, Some(5)));
}

#[test]
fn a_crowded_window_is_told_once() {
	let basis = Basis { facts: Arc::default(), limits: readings(4), largest: LARGEST };
	let mut shares = Shares::default();
	shares.refuse(5);
	assert_eq!(shares.crowded(), None, "nothing is kept in it");
	let know = || Ok::<_, Infallible>((vec![DeviceId(1)], Tally::default()));
	let Ok(()) = shares.prepare(5, basis.clone(), after(0), know);
	assert_eq!(shares.crowded(), None);
	shares.refuse(5);
	assert_eq!(shares.crowded(), Some((5, 4)));
	let Ok(()) = shares.prepare(5, Basis { limits: readings(2), ..basis }, after(0), know);
	shares.refuse(5);
	assert_eq!(shares.crowded(), None);
}

#[test]
fn works_when_the_busiest_devices_are_named() {
	assert_eq!(busiest(&Tally::default()), "");
	let devices = [(DeviceId(7), 1), (DeviceId(3), 9), (DeviceId(5), 1)];
	let tally = Tally { devices: devices.into(), ..Tally::default() };
	assert_eq!(busiest(&tally), "3: 9, 5: 1, 7: 1");
	let devices = (0..100).map(|device| (DeviceId(device), 2)).collect();
	assert_eq!(busiest(&Tally { devices, ..tally }).split(", ").count(), TOLD);
}

/// The last moment at which so many places are kept for a device that has used none of them.
fn latest(share: u32, places: u32) -> u64 {
	let kept = |millis: &u64| after(*millis).part(share) >= places;
	(0..=LENGTH).rev().find(kept).expect("at the beginning")
}

proptest! {
	#[test]
	fn a_place_that_is_kept_is_never_refused(
		devices in 1u64..12,
		places in 0u32..150,
		bytes in prop::option::of(0u64..1_500),
		steps in prop::collection::vec((0u64..14, 0u64..30, 1..=LARGEST), 1..300),
	) {
		let limits = Limits { readings: places, bytes: bytes.unwrap_or(u64::MAX) };
		let mut batch = Batch::of(limits, devices);
		let mut now = 0;
		for (device, millis, bytes) in steps {
			now += millis;
			batch.reserve.release(after(now));
			let kept = batch.reserve.kept_for(DeviceId(device));
			let is_taken = batch.send(device, bytes);
			prop_assert!(is_taken || kept == 0, "{kept} places were kept for {device}");
			batch.audit(&batch.reserve);
		}
	}

	#[test]
	fn a_device_that_keeps_pace_has_its_share_whatever_others_send(
		devices in 2u64..30,
		each in 1u32..40,
		rest in 0u32..2,
		part in 0.0f64..=1.0,
		lags in prop::collection::vec(0.0f64..=1.0, 40),
	) {
		let places = each * u32::try_from(devices).expect("few") + rest;
		let mut batch = Batch::of(readings(places), devices);
		let share = batch.reserve.share();
		prop_assert_eq!(share, each);
		// From none of its share to all of it; each reading comes before it would be late.
		let wanted = (f64::from(share) * part).round() as u32;
		batch.flood(1);
		let mut now = 0;
		for (sent, lag) in (0..wanted).zip(lags) {
			now = now.max((latest(share, wanted - sent) as f64 * lag) as u64);
			batch.reserve.release(after(now));
			batch.flood(1);
			prop_assert!(batch.send(0, LARGEST), "reading {sent} of {wanted} at {now}");
			batch.flood(1);
		}
	}

	#[test]
	fn a_device_that_is_late_has_what_is_kept_for_the_time_that_is_left(
		devices in 2u64..30,
		each in 1u32..40,
		now in 0..=LENGTH,
	) {
		let places = each * u32::try_from(devices).expect("few");
		let mut batch = Batch::of(readings(places), devices);
		for millis in (0..=now).step_by(10).chain([now]) {
			batch.reserve.release(after(millis));
			batch.flood(1);
		}
		let taken = (0..u32::try_from(LENGTH).expect("small")).filter(|_| batch.send(0, 1)).count();
		prop_assert_eq!(u32::try_from(taken), Ok(after(now).part(each)));
	}

	#[test]
	fn a_gateway_that_starts_again_keeps_its_word(
		devices in 1u64..12,
		places in 0u32..150,
		steps in prop::collection::vec((0u64..14, 0u64..30), 0..200),
	) {
		let mut batch = Batch::of(readings(places), devices);
		let mut now = 0;
		let mut is_on_pace = true;
		for (device, millis) in steps {
			now += millis;
			let before = batch.reserve.total;
			batch.reserve.release(after(now));
			is_on_pace &= batch.reserve.total == before;
			batch.send(device, LARGEST);
		}
		let again = batch.again(after(now));
		batch.audit(&again);
		prop_assert_eq!(&again, &batch.again(after(now)));
		for device in &batch.devices {
			let had = batch.tally.devices.get(device).copied().unwrap_or(0);
			let most = again.share().saturating_sub(had).min(after(now).part(again.share()));
			prop_assert!(again.kept_for(*device) <= most);
			// Nobody has lost a place by being late: everybody is kept what was kept before.
			prop_assert!(!is_on_pace || again.kept_for(*device) == batch.reserve.kept_for(*device));
		}
	}
}
