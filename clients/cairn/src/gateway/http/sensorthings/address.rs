//! Which entities a path names: `Things(17)/Datastreams`. Pure.

use std::fmt;

use cairn_types::{DeviceId, Quantity, SchemaId};

use crate::gateway::{
	data::{parameters::digits, quantity_of, query::Place},
	store::Position,
};

/// A channel of a device's schema: where a Datastream's observations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
	pub(super) device: DeviceId,
	pub(super) schema: SchemaId,
	pub(super) channel: u8,
}

impl fmt::Display for Stream {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}-{}-{}", self.device, self.schema, self.channel)
	}
}

impl Stream {
	fn read(text: &str) -> Option<Self> {
		let mut parts = text.split('-');
		let device = DeviceId(digits(parts.next()?)?);
		let schema = SchemaId(digits(parts.next()?)?);
		let channel = digits(parts.next()?)?;
		if parts.next().is_some() { None } else { Some(Self { device, schema, channel }) }
	}
}

/// An observation's id.
pub(super) fn observation_id(place: Place) -> String {
	let Place { position: Position { window, device, sequence }, channel } = place;
	format!("{window}-{device}-{sequence}-{channel}")
}

fn read_observation(text: &str) -> Option<Place> {
	let mut parts = text.split('-');
	let window = digits(parts.next()?)?;
	let device = DeviceId(digits(parts.next()?)?);
	let sequence = digits(parts.next()?)?;
	let channel = digits(parts.next()?)?;
	let position = Position { window, device, sequence };
	if parts.next().is_some() { None } else { Some(Place { position, channel }) }
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
	Things,
	Thing(DeviceId),
	DatastreamsOfThing(DeviceId),
	LocationsOfThing(DeviceId),
	Locations,
	Location(DeviceId),
	ThingsOfLocation(DeviceId),
	Datastreams,
	Datastream(Stream),
	ObservationsOfDatastream(Stream),
	ThingOfDatastream(Stream),
	PropertyOfDatastream(Stream),
	Properties,
	Property(Quantity),
	DatastreamsOfProperty(Quantity),
	Observations,
	Observation(Place),
	DatastreamOfObservation(Place),
}

/// Every path below the gateway, as `openapi.json` has it.
#[cfg(test)]
pub(in crate::gateway::http) const PATHS: &[&str] = &[
	"/v1/sensorthings",
	"/v1/sensorthings/Things",
	"/v1/sensorthings/Things({device})",
	"/v1/sensorthings/Things({device})/Datastreams",
	"/v1/sensorthings/Things({device})/Locations",
	"/v1/sensorthings/Locations",
	"/v1/sensorthings/Locations({device})",
	"/v1/sensorthings/Locations({device})/Things",
	"/v1/sensorthings/Datastreams",
	"/v1/sensorthings/Datastreams('{stream}')",
	"/v1/sensorthings/Datastreams('{stream}')/Observations",
	"/v1/sensorthings/Datastreams('{stream}')/Thing",
	"/v1/sensorthings/Datastreams('{stream}')/ObservedProperty",
	"/v1/sensorthings/ObservedProperties",
	"/v1/sensorthings/ObservedProperties('{quantity}')",
	"/v1/sensorthings/ObservedProperties('{quantity}')/Datastreams",
	"/v1/sensorthings/Observations",
	"/v1/sensorthings/Observations('{observation}')",
	"/v1/sensorthings/Observations('{observation}')/Datastream",
];

impl Address {
	/// Read the one or two parts of a path below the root; `None` if they name nothing.
	pub(super) fn read(set: &str, related: Option<&str>) -> Option<Self> {
		let (name, key) = split(set)?;
		match name {
			"Things" => Self::things(key, related),
			"Locations" => Self::locations(key, related),
			"Datastreams" => Self::datastreams(key, related),
			"ObservedProperties" => Self::properties(key, related),
			"Observations" => Self::observations(key, related),
			_ => None,
		}
	}

	fn things(key: Option<&str>, related: Option<&str>) -> Option<Self> {
		let Some(key) = key else { return related.is_none().then_some(Self::Things) };
		let device = DeviceId(digits(key)?);
		match related {
			None => Some(Self::Thing(device)),
			Some("Datastreams") => Some(Self::DatastreamsOfThing(device)),
			Some("Locations") => Some(Self::LocationsOfThing(device)),
			Some(_) => None,
		}
	}

	fn locations(key: Option<&str>, related: Option<&str>) -> Option<Self> {
		let Some(key) = key else { return related.is_none().then_some(Self::Locations) };
		let device = DeviceId(digits(key)?);
		match related {
			None => Some(Self::Location(device)),
			Some("Things") => Some(Self::ThingsOfLocation(device)),
			Some(_) => None,
		}
	}

	fn datastreams(key: Option<&str>, related: Option<&str>) -> Option<Self> {
		let Some(key) = key else { return related.is_none().then_some(Self::Datastreams) };
		let stream = Stream::read(unquote(key)?)?;
		match related {
			None => Some(Self::Datastream(stream)),
			Some("Observations") => Some(Self::ObservationsOfDatastream(stream)),
			Some("Thing") => Some(Self::ThingOfDatastream(stream)),
			Some("ObservedProperty") => Some(Self::PropertyOfDatastream(stream)),
			Some(_) => None,
		}
	}

	fn properties(key: Option<&str>, related: Option<&str>) -> Option<Self> {
		let Some(key) = key else { return related.is_none().then_some(Self::Properties) };
		let quantity = quantity_of(unquote(key)?)?;
		match related {
			None => Some(Self::Property(quantity)),
			Some("Datastreams") => Some(Self::DatastreamsOfProperty(quantity)),
			Some(_) => None,
		}
	}

	fn observations(key: Option<&str>, related: Option<&str>) -> Option<Self> {
		let Some(key) = key else { return related.is_none().then_some(Self::Observations) };
		let place = read_observation(unquote(key)?)?;
		match related {
			None => Some(Self::Observation(place)),
			Some("Datastream") => Some(Self::DatastreamOfObservation(place)),
			Some(_) => None,
		}
	}
}

/// A set's name, and the key in parentheses if there is one.
fn split(set: &str) -> Option<(&str, Option<&str>)> {
	match set.split_once('(') {
		None => Some((set, None)),
		Some((name, rest)) => Some((name, Some(rest.strip_suffix(')')?))),
	}
}

/// What is within single quotes.
fn unquote(key: &str) -> Option<&str> {
	key.strip_prefix('\'')?.strip_suffix('\'')
}

#[cfg(test)]
mod tests {
	use super::*;

	const STREAM: Stream = Stream { device: DeviceId(17), schema: SchemaId(2), channel: 1 };

	fn place() -> Place {
		let position = Position { window: 9, device: DeviceId(17), sequence: 5 };
		Place { position, channel: 1 }
	}

	fn read(path: &str) -> Option<Address> {
		match path.split_once('/') {
			None => Address::read(path, None),
			Some((set, related)) => Address::read(set, Some(related)),
		}
	}

	#[test]
	fn works_when_a_path_names_entities() {
		let device = DeviceId(17);
		let addresses = [
			Address::Things,
			Address::Thing(device),
			Address::DatastreamsOfThing(device),
			Address::LocationsOfThing(device),
			Address::Locations,
			Address::Location(device),
			Address::ThingsOfLocation(device),
			Address::Datastreams,
			Address::Datastream(STREAM),
			Address::ObservationsOfDatastream(STREAM),
			Address::ThingOfDatastream(STREAM),
			Address::PropertyOfDatastream(STREAM),
			Address::Properties,
			Address::Property(Quantity::Temperature),
			Address::DatastreamsOfProperty(Quantity::Temperature),
			Address::Observations,
			Address::Observation(place()),
			Address::DatastreamOfObservation(place()),
		];
		let paths = PATHS.iter().filter_map(|path| path.strip_prefix("/v1/sensorthings/"));
		for (path, address) in paths.zip(addresses) {
			let path = path
				.replace("{device}", "17")
				.replace("{stream}", &STREAM.to_string())
				.replace("{quantity}", "temperature")
				.replace("{observation}", &observation_id(place()));
			assert_eq!(read(&path), Some(address), "{path}");
		}
		assert_eq!(PATHS.len(), addresses.len() + 1);
	}

	#[test]
	fn fails_when_a_path_names_nothing() {
		for path in [
			"",
			"things",
			"Sensors",
			"Things(",
			"Things()",
			"Things(-1)",
			"Things('17')",
			"Things(18446744073709551616)",
			"Things/Datastreams",
			"Things(17)/Observations",
			"Locations(17)/Locations",
			"Locations/Things",
			"Datastreams(17-2-1)",
			"Datastreams('17-2')",
			"Datastreams('17-2-1-1')",
			"Datastreams('17-2-256')",
			"Datastreams('17-2-1')/Datastreams",
			"Datastreams/Thing",
			"ObservedProperties(temperature)",
			"ObservedProperties('warmth')",
			"ObservedProperties('temperature')/Things",
			"ObservedProperties/Datastreams",
			"Observations('9-17-5')",
			"Observations('9-17-5-1-1')",
			"Observations('4294967296-17-5-1')",
			"Observations('9-17-5-1')/Thing",
			"Observations/Datastream",
		] {
			assert_eq!(read(path), None, "{path}");
		}
	}
}
