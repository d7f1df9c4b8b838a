//! What the city is: networks, devices, places, and the files that feed them. They lie in
//! `scenarios/city`, to be copied.

use cairn_formats::csv::{Column, Layout, Shape, TimeColumn, TimeForm};
use cairn_geo::{Cell, Coordinates, GeoError, LOCATION_RESOLUTION, Location};
use cairn_types::MeterRule;
use serde::Deserialize;

use crate::{
	agent::source::replay::{Step, steps},
	owner::OwnerError,
};

macro_rules! embedded {
	($name:literal) => {
		include_str!(concat!("../../../scenarios/city/", $name))
	};
}

const CITY: &str = embedded!("city.toml");
/// Configurations of agents, by the names that the plan gives them.
const AGENTS: [(&str, &str); 3] = [
	("traffic.toml", embedded!("traffic.toml")),
	("weather.toml", embedded!("weather.toml")),
	("energy.toml", embedded!("energy.toml")),
];
/// The table that an agent replays, beside its configuration.
pub(super) const TRAFFIC: (&str, &str) = ("traffic.csv", embedded!("traffic.csv"));
/// What the weather stations say.
const WEATHER: &str = embedded!("weather.csv");
/// How much power the meters measure.
const ENERGY: &str = embedded!("energy.csv");

/// Where the configurations look for the broker and for the exporter.
const BROKER: &str = "mqtt://127.0.0.1:1883";
const EXPORTER: &str = "http://127.0.0.1:9100/metrics";

/// A city.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
	/// Its name.
	pub(super) name: String,
	/// The cell that is asked about.
	pub(super) cell: Cell,
	/// Its networks.
	#[serde(rename = "network")]
	pub(super) networks: Vec<NetworkPlan>,
}

/// A network of the city.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkPlan {
	/// Its name on the chain.
	pub(super) name: String,
	/// Its schema, of the library.
	pub(super) schema: String,
	/// How readings become units.
	pub(super) meter: MeterRule,
	/// File with the configuration of its devices' agent.
	pub(super) agent: String,
	/// Where its values come from, in words.
	pub(super) input: String,
	/// Its devices.
	#[serde(rename = "device")]
	pub(super) devices: Vec<DevicePlan>,
}

/// A device of a network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DevicePlan {
	/// Its name, and that of its key's file.
	pub(super) name: String,
	latitude: f64,
	longitude: f64,
	altitude: i16,
}

/// Where a configuration is to look for what.
pub(super) struct Addresses<'a> {
	/// The gateway.
	pub(super) gateway: &'a str,
	/// The broker.
	pub(super) broker: &'a str,
	/// The exporter's metrics.
	pub(super) exporter: &'a str,
}

impl Plan {
	/// The city.
	///
	/// # Errors
	/// Never, as long as the test of it passes.
	pub(super) fn load() -> Result<Self, OwnerError> {
		toml::from_str(CITY).map_err(|cause| broken("city.toml", &cause.to_string()))
	}
}

impl DevicePlan {
	/// Where it is.
	///
	/// # Errors
	/// If there is no such place.
	pub(super) fn location(&self) -> Result<Location, OwnerError> {
		let place = || -> Result<Location, GeoError> {
			let cell =
				Coordinates::new(self.latitude, self.longitude)?.cell(LOCATION_RESOLUTION)?;
			Location::new(cell, self.altitude, 0)
		};
		place().map_err(|error| broken("city.toml", error.cause()))
	}
}

impl NetworkPlan {
	/// The configuration of its devices' agent, with these addresses in place of its own.
	///
	/// # Errors
	/// If there is no such file.
	pub(super) fn configuration(&self, addresses: &Addresses<'_>) -> Result<String, OwnerError> {
		let found = AGENTS.iter().find(|(name, _)| *name == self.agent);
		let (_, text) = found.ok_or_else(|| broken("city.toml", "it names no file of an agent"))?;
		Ok(text.lines().map(|line| addressed(line, addresses) + "\n").collect())
	}
}

/// A line of a configuration with other addresses.
fn addressed(line: &str, addresses: &Addresses<'_>) -> String {
	let Addresses { gateway, broker, exporter } = addresses;
	if line.starts_with("gateway = ") {
		return format!("gateway = \"{gateway}\"");
	}
	line.replace(BROKER, broker).replace(EXPORTER, exporter)
}

/// What the weather stations say, minute by minute: records named `station/channel`.
///
/// # Errors
/// Never, as long as the test of it passes.
pub(super) fn weather() -> Result<Vec<Step>, OwnerError> {
	table("weather.csv", WEATHER)
}

/// How much power the meters measure, minute by minute: records named `meter/power`, in watts.
///
/// # Errors
/// Never, as long as the test of it passes.
pub(super) fn energy() -> Result<Vec<Step>, OwnerError> {
	table("energy.csv", ENERGY)
}

fn table(name: &str, text: &str) -> Result<Vec<Step>, OwnerError> {
	let column = Column::Name("time".to_owned());
	let layout = Layout {
		delimiter: ',',
		header: true,
		decimal_comma: false,
		time: Some(TimeColumn { column, form: TimeForm::Rfc3339 }),
		shape: Shape::Wide(Vec::new()),
	};
	steps(text.as_bytes(), &layout).map_err(|error| broken(name, error.cause.cause()))
}

fn broken(file: &str, cause: &str) -> OwnerError {
	OwnerError::File {
		path: format!("scenarios/city/{file}"),
		cause: cause.to_owned(),
		remedy: "install a release of this command".to_owned(),
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use crate::{
		agent::config::{self, Config},
		owner::library_schema,
	};
	use cairn_types::Channel;
	use std::{collections::BTreeSet, path::Path};

	pub(in crate::demo::city) fn plan() -> Plan {
		Plan::load().expect("the city's file")
	}

	const ADDRESSES: Addresses<'static> = Addresses {
		gateway: "http://127.0.0.1:2",
		broker: "mqtt://127.0.0.1:3",
		exporter: "http://127.0.0.1:4/metrics",
	};

	fn configured(network: &NetworkPlan) -> (String, Config) {
		let text = network.configuration(&ADDRESSES).expect("a configuration");
		let config = config::read(&text, Path::new(""), |_| true);
		let config = config.unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", network.agent));
		(text, config)
	}

	#[test]
	fn networks_and_devices_are_what_the_chain_takes() {
		let plan = plan();
		let mut names = BTreeSet::new();
		for network in &plan.networks {
			let schema = library_schema(&network.schema).expect("in the library");
			assert_eq!(network.meter.check(&schema), Ok(()), "{}", network.name);
			assert!(network.devices.len() >= 2, "several devices");
			for device in &network.devices {
				device.location().expect("a place");
				assert!(names.insert(&device.name), "{} twice", device.name);
			}
		}
		assert_eq!(plan.networks.len(), 3);
	}

	#[test]
	fn each_network_has_devices_in_the_cell_and_elsewhere() {
		let plan = plan();
		let is_inside = |device: &DevicePlan| {
			let cell = device.location().expect("a place").cell();
			cell.parent(plan.cell.resolution()) == Ok(plan.cell)
		};
		for network in &plan.networks {
			let inside = network.devices.iter().filter(|device| is_inside(device)).count();
			assert!(inside > 0 && inside < network.devices.len(), "{}", network.name);
		}
	}

	#[test]
	fn each_agent_reports_its_networks_devices() {
		for network in &plan().networks {
			let (text, config) = configured(network);
			let devices = config.devices.iter().map(|device| device.name.as_str());
			let expected = network.devices.iter().map(|device| device.name.as_str());
			assert_eq!(devices.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
			for device in &config.devices {
				assert_eq!(device.gateway, ADDRESSES.gateway);
				assert_eq!(device.key, Path::new("keys").join(format!("{}.key", device.name)));
			}
			for own in [BROKER, EXPORTER, ":9977", ":9978", ":9979"] {
				assert!(!text.contains(own), "{}: {own}", network.agent);
			}
		}
	}

	#[test]
	fn what_is_played_fills_channels() {
		let plan = plan();
		let fits = |schema: &str, steps: &[Step], devices: &[DevicePlan]| {
			let schema = library_schema(schema).expect("in the library");
			let devices = devices.iter().map(|device| device.name.as_str());
			let devices = devices.collect::<BTreeSet<_>>();
			for record in steps.iter().flat_map(|step| &step.records) {
				let (device, channel) =
					record.name.split_once('/').expect("a device and a channel");
				let is_it = |known: &Channel| known.name.as_slice() == channel.as_bytes();
				assert!(schema.channels.iter().any(is_it), "{}", record.name);
				assert!(devices.contains(device), "{}", record.name);
			}
			assert!(steps.len() > 10 && steps.iter().all(|step| step.time.is_some()));
		};
		let table = |(name, text): (&str, &str)| table(name, text).expect("a table");
		let [traffic, stations, meters] = plan.networks.as_slice() else { panic!("three") };
		fits(&traffic.schema, &table(TRAFFIC), &traffic.devices);
		fits(&stations.schema, &weather().expect("a table"), &stations.devices);
		fits(&meters.schema, &energy().expect("a table"), &meters.devices);
	}
}
