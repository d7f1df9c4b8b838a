use cairn_types::{Channel, ChannelKind, SchemaId, Unit};
use codec::{Compact, DecodeAll, Encode};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

use crate::{Call, NextId, SchemaRecord, Schemas, mock::*};

/// Publishing a schema of `channels` fails with `error`, and changes nothing.
fn assert_refused(channels: Vec<Channel>, error: Error) {
	assert_noop!(Registry::publish(RuntimeOrigin::signed(ALICE), schema(channels)), error);
}

#[test]
fn works_when_sound() {
	ExtBuilder::default().build_and_execute(|| {
		let published = schema(vec![temperature(), traffic()]);
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), published.clone()));
		let record = Schemas::<Test>::get(SchemaId(0)).expect("published");
		let SchemaRecord { owner, schema, deprecated, .. } = record;
		assert_eq!((owner, schema, deprecated), (ALICE, published, false));
		assert_eq!(NextId::<Test>::get(), SchemaId(1));
		assert_eq!(events(), [Event::Published { id: SchemaId(0), owner: ALICE }]);
	});
}

#[test]
fn works_when_published_twice() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), schema(vec![traffic()])));
		assert_ok!(Registry::publish(RuntimeOrigin::signed(BOB), schema(vec![traffic()])));
		assert_eq!(
			events(),
			[
				Event::Published { id: SchemaId(0), owner: ALICE },
				Event::Published { id: SchemaId(1), owner: BOB },
			]
		);
	});
}

#[test]
fn the_deposit_is_that_of_the_longest_record() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), schema(vec![traffic()])));
		assert_eq!(held(ALICE), deposit());
		let many = (0..16).map(|i| Channel { name: name(&format!("c{i}")), ..traffic() });
		assert_ok!(Registry::publish(RuntimeOrigin::signed(BOB), schema(many.collect())));
		assert_eq!(held(BOB), deposit());
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(
				Registry::publish(origin, schema(vec![traffic()])),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn fails_when_the_deposit_cannot_be_held() {
	// The existential deposit cannot be held too.
	ExtBuilder::default().with_balance(BOB, deposit()).build_and_execute(|| {
		assert_noop!(
			Registry::publish(RuntimeOrigin::signed(BOB), schema(vec![traffic()])),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn fails_when_ids_are_used_up() {
	ExtBuilder::default().build_and_execute(|| {
		NextId::<Test>::put(SchemaId(u32::MAX));
		assert_refused(vec![traffic()], Error::TooManySchemas);
		NextId::<Test>::kill();
	});
}

#[test]
fn fails_when_empty() {
	ExtBuilder::default().build_and_execute(|| assert_refused(vec![], Error::Empty));
}

#[test]
fn fails_when_a_name_is_bad() {
	ExtBuilder::default().build_and_execute(|| {
		for bad in ["", "-a", "a b", "ä"] {
			assert_refused(vec![Channel { name: name(bad), ..traffic() }], Error::BadName);
		}
		let mut named = schema(vec![traffic()]);
		named.name = name("no spaces");
		assert_noop!(Registry::publish(RuntimeOrigin::signed(ALICE), named), Error::BadName);
	});
}

#[test]
fn fails_when_a_name_is_doubled() {
	ExtBuilder::default().build_and_execute(|| {
		assert_refused(vec![traffic(), temperature(), traffic()], Error::DuplicateName);
	});
}

#[test]
fn fails_when_the_unit_does_not_measure_the_quantity() {
	ExtBuilder::default().build_and_execute(|| {
		assert_refused(vec![Channel { unit: Unit::Volt, ..traffic() }], Error::UnitMismatch);
	});
}

#[test]
fn fails_when_a_range_is_bad() {
	ExtBuilder::default().build_and_execute(|| {
		let bad = [
			Channel { min: 1, max: 0, ..temperature() },
			Channel { min: 1, max: 0, ..traffic() },
			Channel { min: -1, ..traffic() },
			Channel { max_change: Some(0), ..temperature() },
			Channel { max_change: Some(0), ..traffic() },
		];
		for channel in bad {
			assert_refused(vec![channel], Error::BadRange);
		}
	});
}

#[test]
fn works_when_a_range_is_as_narrow_and_wide_as_can_be() {
	ExtBuilder::default().build_and_execute(|| {
		let channels = vec![
			Channel { name: name("one"), min: -7, max: -7, ..temperature() },
			Channel { name: name("all"), min: i64::MIN, max: i64::MAX, ..temperature() },
			Channel { name: name("slow"), max_change: Some(1), ..temperature() },
			Channel { name: name("fast"), max_change: Some(u64::MAX), ..traffic() },
			Channel { name: name("large"), scale: 18, ..temperature() },
			Channel { name: name("small"), scale: -18, ..temperature() },
		];
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), schema(channels)));
	});
}

#[test]
fn fails_when_a_counter_does_not_add_up() {
	ExtBuilder::default().build_and_execute(|| {
		let counter = Channel { kind: ChannelKind::Counter, min: 0, ..temperature() };
		assert_refused(vec![traffic(), counter], Error::NotCumulative);
	});
}

#[test]
fn fails_when_a_scale_is_bad() {
	ExtBuilder::default().build_and_execute(|| {
		for scale in [-19, 19] {
			assert_refused(vec![Channel { scale, ..temperature() }], Error::BadScale);
		}
	});
}

/// No call holds more than sixteen, however many a transaction says it has.
#[test]
fn fails_to_decode_when_there_are_a_million_channels() {
	for (count, works) in [(16usize, true), (17, false), (1_000_000, false)] {
		let length = Compact(u32::try_from(count).expect("a million"));
		let mut bytes = (0u8, name("weather"), 1u16, length).encode();
		bytes.extend(traffic().encode().repeat(count));
		let call = Call::<Test>::decode_all(&mut bytes.as_slice());
		assert_eq!(call.is_ok(), works, "{count}");
	}
}
