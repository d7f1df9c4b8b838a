//! Entities as SensorThings writes them. Pure.

use cairn_formats::Decimal;
use cairn_geo::Cell;
use cairn_types::{Channel, ChannelKind, DeviceId, NetworkId, Quantity, SchemaId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	ROOT,
	address::{Stream, observation_id},
};
use crate::{
	data::row::write_exact,
	gateway::{
		data::{
			page::Row,
			parameters::{decimal, write_time},
			quantity_name,
		},
		store::DeviceNote,
	},
};

/// What the gateway knows of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
	pub(super) device: DeviceId,
	pub(super) network: NetworkId,
	/// The schema of its newest reading.
	pub(super) schema: SchemaId,
	/// The time of that.
	pub(super) latest: u64,
}

impl Line {
	pub(super) fn new(device: DeviceId, note: &DeviceNote) -> Self {
		let reading = &note.last.reading;
		let (network, schema, latest) = (reading.network, reading.schema, reading.time);
		Self { device, network, schema, latest }
	}
}

/// A channel of a device's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamLine {
	pub(super) stream: Stream,
	pub(super) network: NetworkId,
	pub(super) channel: Channel,
}

impl StreamLine {
	fn name(&self) -> String {
		let channel = String::from_utf8_lossy(&self.channel.name);
		format!("cairn:{}:{}:{channel}", self.network, self.stream.device)
	}
}

pub(super) fn thing(line: &Line) -> Value {
	let Line { device, network, .. } = line;
	let own = format!("{ROOT}/Things({device})");
	json!({
		"@iot.id": device,
		"@iot.selfLink": own,
		"name": format!("cairn:{network}:{device}"),
		"description": format!("Device {device} of network {network}"),
		"properties": {
			"network": network,
			"schema": line.schema,
			"latest": write_time(line.latest),
		},
		"Datastreams@iot.navigationLink": format!("{own}/Datastreams"),
		"Locations@iot.navigationLink": format!("{own}/Locations"),
	})
}

pub(super) fn location(device: DeviceId, cell: Cell) -> Value {
	let own = format!("{ROOT}/Locations({device})");
	let centre = cell.centre();
	json!({
		"@iot.id": device,
		"@iot.selfLink": own,
		"name": cell,
		"description": format!("Centre of the H3 cell of device {device}"),
		"encodingType": "application/geo+json",
		"location": {
			"type": "Point",
			"coordinates": [centre.longitude(), centre.latitude()],
		},
		"properties": { "cell": cell, "resolution": cell.resolution() },
		"Things@iot.navigationLink": format!("{own}/Things"),
	})
}

pub(super) fn datastream(line: &StreamLine) -> Value {
	let StreamLine { stream, network, channel } = line;
	let own = format!("{ROOT}/Datastreams('{stream}')");
	let quantity = quantity_name(channel.quantity);
	let kind = match channel.kind {
		ChannelKind::Gauge => "gauge",
		ChannelKind::Counter => "counter",
	};
	let symbol = channel.unit.symbol();
	json!({
		"@iot.id": stream.to_string(),
		"@iot.selfLink": own,
		"name": line.name(),
		"description": format!("The {quantity} that device {} reports", stream.device),
		"observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
		"unitOfMeasurement": { "name": symbol, "symbol": symbol, "definition": null },
		"properties": {
			"network": network,
			"schema": stream.schema,
			"channel": stream.channel,
			"kind": kind,
			"scale": channel.scale,
		},
		"Observations@iot.navigationLink": format!("{own}/Observations"),
		"Thing@iot.navigationLink": format!("{own}/Thing"),
		"ObservedProperty@iot.navigationLink": format!("{own}/ObservedProperty"),
	})
}

pub(super) fn property(quantity: Quantity) -> Value {
	let name = quantity_name(quantity);
	let own = format!("{ROOT}/ObservedProperties('{name}')");
	json!({
		"@iot.id": name,
		"@iot.selfLink": own,
		"name": name,
		"definition": format!("urn:cairn:quantity:{name}"),
		"description": format!("The quantity {name} of the data standard"),
		"Datastreams@iot.navigationLink": format!("{own}/Datastreams"),
	})
}

/// An observation; its result is exact.
#[derive(Serialize)]
pub(super) struct Observation {
	#[serde(rename = "@iot.id")]
	id: String,
	#[serde(rename = "@iot.selfLink")]
	own: String,
	#[serde(rename = "phenomenonTime")]
	phenomenon_time: String,
	#[serde(rename = "resultTime")]
	result_time: String,
	#[serde(serialize_with = "write_exact")]
	result: Decimal,
	parameters: About,
	#[serde(rename = "Datastream@iot.navigationLink")]
	datastream: String,
}

#[derive(Serialize)]
struct About {
	sequence: u64,
	stage: &'static str,
	#[serde(skip_serializing_if = "Option::is_none")]
	cell: Option<Cell>,
	proof: String,
}

pub(super) fn observation(row: &Row) -> Observation {
	let id = observation_id(row.place);
	let own = format!("{ROOT}/Observations('{id}')");
	let time = write_time(row.time);
	Observation {
		datastream: format!("{own}/Datastream"),
		id,
		own,
		phenomenon_time: time.clone(),
		result_time: time,
		result: decimal(row.value, row.scale),
		parameters: About {
			sequence: row.place.position.sequence,
			stage: row.stage.name(),
			cell: row.cell,
			proof: row.proof(),
		},
	}
}
