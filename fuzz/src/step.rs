//! One device's step, from whatever leaf a telemetry source serves.

use cairn_telemetry::{
	Leaf, SignedReading, Step, WindowContext, reading::MAX_DEVICE_READINGS, step::step as fold,
};
use cairn_types::{Cycle, DeviceId, MeterRule};
use codec::{Decode, Encode, MaxEncodedLen};

use crate::{memory, world};

/// The meter rule (odd: uptime), then in SCALE a leaf or none, then signed readings, whose signatures
/// count nothing here. Accepted if the step has no fault.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a step yields more than the meter's cap, or takes anything
/// back.
#[must_use]
pub fn step(input: &[u8]) -> bool {
	let Some((meter, mut rest)) = input.split_first() else { return false };
	let Ok(leaf) = Option::<Leaf>::decode(&mut rest) else { return false };
	let mut readings = Vec::new();
	while !rest.is_empty() && readings.len() <= MAX_DEVICE_READINGS {
		let Ok(reading) = SignedReading::decode(&mut rest) else { return false };
		readings.push(reading);
	}
	let world = world::batch();
	let mut context = world.context.clone();
	if meter % 2 == 1 {
		context.network.meter = MeterRule::Uptime { expected: 6, cap: 600 };
	}
	let device = readings.first().map_or(DeviceId(0), |first| first.reading.device);
	let rates = |cycle: Cycle| world.rate(cycle);
	let stepped =
		memory::linear(input.len(), || fold(&context, &rates, device, leaf.as_ref(), &readings));
	let Ok(stepped) = stepped else { return false };
	sound(&context, device, leaf.as_ref(), &readings, &stepped);
	true
}

fn sound(
	context: &WindowContext,
	device: DeviceId,
	before: Option<&Leaf>,
	readings: &[SignedReading],
	stepped: &Step,
) {
	assert!(stepped.units <= context.network.meter.cap(context.periods.window_millis()));
	let left_out = u64::from(stepped.outliers) + u64::from(stepped.unanchored);
	assert!(usize::try_from(left_out).is_ok_and(|count| count <= readings.len()));
	assert!(stepped.leaf.encoded_size() <= Leaf::max_encoded_len());
	let after = stepped.leaf.account.latest();
	let last = &readings.last().expect("a step has readings").reading;
	assert_eq!((after.device, after.schema), (device, context.network.schema_id));
	assert_eq!((after.sequence, after.time), (last.sequence, last.time));
	let Some(before) = before.map(|leaf| leaf.account.latest()) else {
		assert_eq!(after.totals.len(), context.network.schema.counters());
		return;
	};
	assert!(after.settled >= before.settled);
	if after.schema == before.schema {
		assert_eq!(after.totals.len(), before.totals.len());
		assert!(after.totals.iter().zip(&before.totals).all(|(after, before)| after >= before));
	}
}
