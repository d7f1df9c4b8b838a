//! What people configure, and what devices send by it: a mapping and a pack of SenML.

use cairn_formats::{
	Mapping, Record, Row, Rule, apply,
	mapping::{MAX_RULES, records},
	senml,
};
use cairn_types::{Channel, ChannelKind, Quantity, Schema, Unit};

use crate::{
	memory,
	records::{LIMITS, NOW},
};

/// A mapping in JSON, a zero byte, and a pack of SenML in JSON; without the first two the pack alone,
/// whose names are the schema's. Accepted if the mapping turns the pack into rows.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a mapping written anew is another one, if the order of
/// records matters, or if rows written as records give other rows.
#[must_use]
pub fn mapping(input: &[u8]) -> bool {
	let schema = schema();
	let end = input.iter().position(|byte| *byte == 0);
	let (mapping, pack) = match end {
		Some(end) => (configured(&input[..end]), &input[end + 1..]),
		None => (Mapping::of_schema(&schema, "").ok(), input),
	};
	let (Some(mapping), Ok(records)) = (mapping, senml::decode_json(pack, NOW, &LIMITS)) else {
		return false;
	};
	let applied = memory::linear(input.len(), || apply(&schema, &mapping, &records, NOW));
	match applied {
		Ok(rows) => {
			sound(&schema, &mapping, &records, &rows);
			true
		},
		Err(error) => {
			assert!(error.record <= records.len(), "{error}");
			assert!(error.record > 0 || !is_bound(&schema, &mapping), "{error}");
			false
		},
	}
}

/// A thermometer, a meter and a door.
pub(crate) fn schema() -> Schema {
	let channel = |name: &[u8], quantity, unit, scale| Channel {
		name: name.to_vec().try_into().expect("a short name"),
		quantity,
		unit,
		scale,
		kind: ChannelKind::Gauge,
		min: i64::MIN,
		max: i64::MAX,
		max_change: None,
	};
	let channels = vec![
		channel(b"temp", Quantity::Temperature, Unit::Celsius, -2),
		channel(b"energy", Quantity::Energy, Unit::KilowattHour, -3),
		channel(b"open", Quantity::Count, Unit::Count, 0),
		// Its unit is of other quantities, too.
		channel(b"fill", Quantity::Level, Unit::Percent, -1),
	];
	Schema {
		name: b"room".to_vec().try_into().expect("a short name"),
		version: 1,
		channels: channels.try_into().expect("few channels"),
	}
}

/// A mapping, which is written as it was read.
fn configured(json: &[u8]) -> Option<Mapping> {
	let mapping: Mapping = memory::linear(json.len(), || serde_json::from_slice(json)).ok()?;
	let written = serde_json::to_string(&mapping).expect("a mapping is JSON");
	assert_eq!(serde_json::from_str::<Mapping>(&written).ok(), Some(mapping.clone()), "{written}");
	Some(mapping)
}

/// Whether every rule names a channel, states no unit of another quantity, and they are not too many.
fn is_bound(schema: &Schema, mapping: &Mapping) -> bool {
	let is_its = |rule: &Rule| {
		let mut channels = schema.channels.iter();
		let channel = channels.find(|it| it.name.as_slice() == rule.channel.as_bytes());
		let measures = |unit: Unit| channel.is_some_and(|it| unit.measures(it.quantity));
		channel.is_some() && rule.stated_unit().is_none_or(measures)
	};
	mapping.rules.len() <= MAX_RULES && mapping.rules.iter().all(is_its)
}

fn sound(schema: &Schema, mapping: &Mapping, given: &[Record], rows: &[Row]) {
	assert!(rows.len() <= given.len());
	assert!(rows.is_sorted_by(|earlier, later| earlier.time < later.time));
	for row in rows {
		assert_eq!(row.values.len(), schema.channels.len());
		assert!(row.values.iter().any(Option::is_some));
	}
	let backwards: Vec<_> = given.iter().rev().cloned().collect();
	assert_eq!(apply(schema, mapping, &backwards, NOW).as_deref(), Ok(rows));
	let own = Mapping::of_schema(schema, "a/").expect("no pattern");
	let written = records(schema, "a/", rows);
	assert_eq!(apply(schema, &own, &written, NOW).as_deref(), Ok(rows));
}
