//! Steps: what is credited never exceeds what was metered.

use std::collections::BTreeSet;

use cairn_types::{DeviceId, MeterRule, Periods, meter::max_units};
use proptest::prelude::*;

use super::world::{
	COUNTER, NO_ANCHOR, PERIODS, Plan, UPTIME, context, meter, planned, plans, rates, reading,
	unsigned,
};
use crate::{Fault, Leaf, SignedReading, Step, WindowContext, step::step};

const DEVICE: DeviceId = DeviceId(7);

fn signed(context: &WindowContext, base: u64, plans: &[Plan]) -> Vec<SignedReading> {
	planned(context, DEVICE, base, plans).into_iter().map(unsigned).collect()
}

fn next(context: &WindowContext) -> WindowContext {
	WindowContext { window: context.window + 1, tick: context.tick + 1, ..context.clone() }
}

/// The step, if there is a reading.
fn take(context: &WindowContext, leaf: Option<&Leaf>, readings: &[SignedReading]) -> Option<Step> {
	let stepped = || step(context, &rates, DEVICE, leaf, readings).expect("sound readings");
	(!readings.is_empty()).then(stepped)
}

/// A leaf with one window's readings, or none.
fn before(context: &WindowContext, plans: &[Plan]) -> Option<Leaf> {
	take(context, None, &signed(context, 0, plans)).map(|step| step.leaf)
}

#[test]
fn fails_when_readings_are_out_of_order_or_repeated() {
	let context = context(UPTIME);
	let at = |sequence, after| unsigned(reading(&context, DEVICE, sequence, after, &[None; 3]));
	let found = |leaf: Option<&Leaf>, readings: &[SignedReading]| {
		step(&context, &rates, DEVICE, leaf, readings).map(|step| step.units)
	};
	assert_eq!(found(None, &[at(1, 0), at(2, 1)]), Ok(100));
	assert_eq!(found(None, &[at(2, 0), at(1, 1)]), Err(Fault::SequenceOrder));
	assert_eq!(found(None, &[at(1, 0), at(1, 1)]), Err(Fault::SequenceOrder));
	assert_eq!(found(None, &[at(1, 1), at(2, 0)]), Err(Fault::TimeOrder));
	assert_eq!(found(None, &[at(1, 0), at(2, 0)]), Err(Fault::TimeOrder));
	assert_eq!(found(None, &[]), Err(Fault::ReadingCount));
	let many: Vec<_> = (0..129).map(|number| at(number, number)).collect();
	assert_eq!(found(None, &many), Err(Fault::ReadingCount));
	assert_eq!(found(None, &many[..128]), Ok(100));
}

proptest! {
	#[test]
	fn units_never_exceed_the_meters_cap(meter in meter(), first in plans(), second in plans()) {
		let context = context(meter);
		let leaf = before(&context, &first);
		let context = next(&context);
		let readings = signed(&context, 1_000, &second);
		let Some(after) = take(&context, leaf.as_ref(), &readings) else { return Ok(()) };
		prop_assert!(after.units <= meter.cap(PERIODS.window_millis()));
		prop_assert!(after.outliers + after.unanchored <= readings.len() as u32);
		let (account, last) = (after.leaf.account.latest(), &readings[readings.len() - 1].reading);
		prop_assert_eq!((account.sequence, account.time), (last.sequence, last.time));
		let opened = leaf.as_ref().map_or(0, open_units);
		prop_assert_eq!(open_units(&after.leaf), opened + after.units);
	}

	#[test]
	fn without_the_anchor_nothing_is_credited(
		meter in meter(), first in plans(), second in plans(), wrong in any::<[u8; 32]>(),
	) {
		let context = context(meter);
		let leaf = before(&context, &first);
		let context = next(&context);
		let mut readings = signed(&context, 1_000, &second);
		let anchor = if wrong == context.required { NO_ANCHOR } else { wrong };
		readings.iter_mut().for_each(|signed| signed.reading.anchor = anchor);
		let Some(after) = take(&context, leaf.as_ref(), &readings) else { return Ok(()) };
		prop_assert_eq!(after.units, 0);
		prop_assert_eq!(after.outliers + after.unanchored, readings.len() as u32);
		let totals = leaf.map_or_else(|| vec![0; 2], |leaf| leaf.account.latest().totals.to_vec());
		prop_assert_eq!(after.leaf.account.latest().totals.to_vec(), totals);
	}

	#[test]
	fn a_reading_never_counts_twice(meter in meter(), plans in plans(), renumbered in 1_000u64..) {
		let context = context(meter);
		let mut readings = signed(&context, 0, &plans);
		let Some(after) = take(&context, None, &readings) else { return Ok(()) };
		let again = |context: &WindowContext, readings: &[SignedReading]| {
			step(context, &rates, DEVICE, Some(&after.leaf), readings).map(|step| step.units)
		};
		prop_assert_eq!(again(&context, &readings), Err(Fault::SequenceOrder));
		prop_assert_eq!(again(&next(&context), &readings), Err(Fault::WrongWindow));
		readings[0].reading.sequence = renumbered;
		prop_assert_eq!(again(&context, &readings), Err(Fault::TimeOrder));
	}

	#[test]
	fn a_counters_units_never_exceed_its_rate_nor_its_increase(
		start in 0i64..10_000, adds in prop::collection::vec((1u64..1_500, 0i64..400), 1..8),
	) {
		let context = context(COUNTER);
		let values = |value| [None, Some(value), None];
		let first = unsigned(reading(&context, DEVICE, 0, 5_000, &values(start)));
		let leaf = take(&context, None, &[first]).map(|step| step.leaf);
		let context = next(&context);
		let (mut after, mut value, mut readings) = (0u64, start, Vec::new());
		for (gap, add) in adds {
			if after + gap >= 6_000 {
				break;
			}
			after += gap;
			value += add;
			readings.push(unsigned(reading(&context, DEVICE, after, after, &values(value))));
		}
		let stepped = take(&context, leaf.as_ref(), &readings).expect("at least one reading");
		let increase = u64::try_from(value - start).expect("it only rises");
		prop_assert!(stepped.units <= max_units(100, 1_000 + after));
		prop_assert!(stepped.units <= increase);
		prop_assert_eq!(stepped.leaf.account.latest().totals.to_vec(), vec![increase, 0]);
	}

	#[test]
	fn what_a_counter_adds_does_not_depend_on_where_windows_end(
		adds in prop::collection::vec((100u64..1_500, 0u64..=100), 2..60),
	) {
		let wide = WindowContext {
			window: 3_000_000,
			periods: Periods { window_slots: 600, ..PERIODS },
			..context(COUNTER)
		};
		let (mut after, mut value, mut readings) = (0u64, 0i64, Vec::new());
		for (gap, percent) in adds {
			after += gap;
			value += i64::try_from(gap * percent / 2_000).expect("at most half the rate");
			let values = [Some(20), Some(value), None];
			readings.push(unsigned(reading(&wide, DEVICE, after, after, &values)));
		}
		let at_once = take(&wide, None, &readings).expect("at least two readings");
		let (mut leaf, mut units) = (None, 0);
		let window = |signed: &SignedReading| PERIODS.window_at(signed.reading.time);
		for part in readings.chunk_by(|a, b| window(a) == window(b)) {
			let window = window(&part[0]);
			let narrow = WindowContext { window, periods: PERIODS, ..wide.clone() };
			let stepped = take(&narrow, leaf.as_ref(), part).expect("a part is not empty");
			units += stepped.units;
			leaf = Some(stepped.leaf);
		}
		prop_assert_eq!(leaf, Some(at_once.leaf));
		prop_assert_eq!(units, at_once.units);
		let increase = u64::try_from(value).expect("it only rises") - first_value(&readings);
		prop_assert_eq!(units, increase);
	}

	#[test]
	fn uptime_is_the_share_of_the_intervals_hit(
		expected in 1u16..=128,
		cap in 1u64..,
		times in prop::collection::btree_set(0u64..6_000, 1..128),
	) {
		let context = context(MeterRule::Uptime { expected, cap });
		let readings = times.iter().map(|at| reading(&context, DEVICE, *at, *at, &[None; 3]));
		let readings: Vec<SignedReading> = readings.map(unsigned).collect();
		let hit: BTreeSet<u64> = times.iter().map(|at| at * u64::from(expected) / 6_000).collect();
		let units = u128::from(cap) * hit.len() as u128 / u128::from(expected);
		let stepped = take(&context, None, &readings).expect("at least one reading");
		prop_assert_eq!(u128::from(stepped.units), units);
	}

	#[test]
	fn implausible_values_are_not_kept(first in plans(), second in plans()) {
		let context = context(COUNTER);
		let leaf = before(&context, &first);
		let context = next(&context);
		let readings = signed(&context, 1_000, &second);
		let Some(after) = take(&context, leaf.as_ref(), &readings) else { return Ok(()) };
		let channels = &context.network.schema.channels;
		for (sample, channel) in after.leaf.data.latest().latest.iter().zip(channels) {
			let valid = |value: i64| (channel.min..=channel.max).contains(&value);
			prop_assert!(sample.as_ref().is_none_or(|sample| valid(sample.value)));
		}
	}
}

/// Units of all open cycles.
fn open_units(leaf: &Leaf) -> u64 {
	leaf.account.latest().open.iter().map(|open| open.units).sum()
}

/// What the counter showed first: a start, not an increase.
fn first_value(readings: &[SignedReading]) -> u64 {
	let value = readings[0].reading.values[1].expect("every reading has one");
	u64::try_from(value).expect("it only rises")
}
