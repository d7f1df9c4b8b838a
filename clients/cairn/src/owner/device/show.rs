//! What the chain knows of a device.

use std::fmt;

use cairn_chain::{
	account_text,
	views::{Clock, DeviceView},
};
use cairn_geo::Placed;
use cairn_types::{
	DeviceId, Window,
	view::{Assignment, DeviceFacts, facts},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	super::{error::OwnerError, format, session::Session},
	locate::show_gain,
};

/// Show a device.
///
/// # Errors
/// If there is none, or the node does not answer.
pub(crate) async fn run(session: &Session, id: DeviceId) -> Result<(), OwnerError> {
	let device = super::find(session, id).await?;
	let clock = session.clock().await?;
	session.print(&Shown { device, clock })
}

/// A device as it is shown.
struct Shown {
	device: DeviceView,
	clock: Clock,
}

impl Shown {
	/// What holds in the current window.
	fn now(&self) -> Option<DeviceFacts> {
		facts(self.device.device, &self.device.state, self.clock.now.window)
	}
}

fn assignment_json(assignment: &Assignment) -> Value {
	json!({ "gateway": assignment.gateway, "slot": assignment.slot })
}

fn place_json(placed: &Placed) -> Value {
	let Placed { location, vector, asserted } = placed;
	json!({
		"cell": location.cell(),
		"altitude_metres": location.altitude_metres(),
		"antenna_gain_dbi": show_gain(location.antenna_gain_decidbi()),
		"vector": vector,
		"asserted_tick": asserted,
	})
}

/// A place on a line: its cell, the cell's centre in degrees, altitude and gain.
fn place_text(placed: &Placed) -> String {
	let location = placed.location;
	let centre = location.cell().centre();
	format!(
		"cell {} ({:.4}, {:.4}), {} m, {} dBi",
		location.cell(),
		centre.latitude(),
		centre.longitude(),
		location.altitude_metres(),
		show_gain(location.antenna_gain_decidbi()),
	)
}

/// A window, or nothing if it never comes.
fn some_window(window: Window) -> Option<Window> {
	(window != Window::MAX).then_some(window)
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let DeviceView {
			device,
			owner,
			stage,
			state,
			serial,
			root,
			changed,
			inherited,
			recovery,
			location,
		} = &self.device;
		let now = self.now();
		let recovery = recovery.as_ref().map(|recovery| {
			json!({
				"key": format::device_key(&recovery.key),
				"root_key": recovery.root.as_ref().map(format::root_key),
				"requested_block": recovery.requested,
				"due_tick": recovery.due,
			})
		});
		let document = json!({
			"device": device,
			"owner": account_text(owner),
			"network": state.network,
			"stage": format::text(stage),
			"window": self.clock.now.window,
			"active": now.is_some_and(|facts| facts.active),
			"active_from": state.activity.from,
			"active_until": some_window(state.activity.until),
			"key": format::device_key(&state.key.current),
			"key_since": state.key.since,
			"previous_key": state.key.previous.as_ref().map(format::device_key),
			"assignment": state.assignment.as_ref().map(|dated| assignment_json(&dated.current)),
			"assignment_since": state.assignment.as_ref().map(|dated| dated.since),
			"previous_assignment": state
				.assignment
				.as_ref()
				.and_then(|dated| dated.previous.as_ref())
				.map(assignment_json),
			"maker": state.maker,
			"serial": serial.as_ref().map(|(_, serial)| format::text(serial)),
			"certificate_until": some_window(state.expires),
			"root_key": root.as_ref().map(format::root_key),
			"changed_block": changed,
			"key_inherited": inherited,
			"recovery": recovery,
			"location": location.as_ref().map(|dated| place_json(&dated.current)),
			"location_since": location.as_ref().map(|dated| dated.since),
			"previous_location": location
				.as_ref()
				.and_then(|dated| dated.previous.as_ref())
				.map(place_json),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let DeviceView {
			device,
			owner,
			stage,
			state,
			serial,
			root,
			inherited,
			recovery,
			location,
			..
		} = &self.device;
		let window = self.clock.now.window;
		let active =
			if self.now().is_some_and(|facts| facts.active) { "active" } else { "not active" };
		writeln!(f, "device {device}: {}, {active} in window {window}", format::text(stage))?;
		writeln!(f, "  owner        {}", account_text(owner))?;
		writeln!(f, "  network      {}", state.network)?;
		let key = format::device_key(&state.key.current);
		writeln!(f, "  key          {key} since window {}", state.key.since)?;
		if *inherited {
			writeln!(f, "               an earlier owner's, who may have kept it: rotate it")?;
		}
		if let Some(root) = root {
			writeln!(f, "  root key     {}", format::root_key(root))?;
		}
		if let Some(recovery) = recovery {
			let when = format::at_tick(recovery.due, self.clock.now.tick, &self.clock.periods);
			let key = format::device_key(&recovery.key);
			writeln!(f, "  recovery     {key}, may be completed {when}")?;
		}
		match &state.assignment {
			None => writeln!(f, "  gateway      none")?,
			Some(dated) => {
				let Assignment { gateway, slot } = dated.current;
				let since = if dated.since > window { "from" } else { "since" };
				writeln!(
					f,
					"  gateway      {gateway}, slot {slot}, {since} window {}",
					dated.since
				)?;
			},
		}
		if let Some(dated) = location {
			let since = if dated.since > window { "from" } else { "since" };
			let place = place_text(&dated.current);
			writeln!(f, "  location     {place}, {since} window {}", dated.since)?;
		}
		let activity = state.activity;
		if activity.until > activity.from {
			writeln!(f, "  active       {}", format::interval(activity.from, activity.until))?;
		}
		if let Some((maker, serial)) = serial {
			let until = match some_window(state.expires) {
				Some(window) => format!(", until window {window}"),
				None => String::new(),
			};
			writeln!(f, "  certificate  maker {maker}, serial {}{until}", format::text(serial))?;
		}
		writeln!(f, "  next: cairn device why {device}")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::views::RecoveryView;
	use cairn_geo::Location;
	use cairn_types::{
		Activity, Dated, DeviceKey, GatewayId, MakerId, Moment, NetworkId, P256Public, Periods,
		RootKey, view::DeviceState,
	};
	use sp_core::ed25519;

	fn place_of_test() -> Placed {
		let cell = "8c2a1072b59adff".parse().expect("a cell");
		Placed::new(Location::new(cell, 30, 25).expect("valid"), 9)
	}

	fn shown() -> Shown {
		let periods = Periods::DEVELOPMENT;
		let key = DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]));
		let place = Assignment { gateway: GatewayId(3), slot: 4 };
		let state = DeviceState {
			network: NetworkId(2),
			maker: Some(MakerId(5)),
			key: Dated::new(key, 10, 18),
			assignment: Some(Dated::new(place, 10, 18)),
			activity: Activity::open(10, 500),
			expires: 500,
		};
		let device = DeviceView {
			device: DeviceId(7),
			owner: [9; 32],
			stage: b"Active".to_vec(),
			state,
			serial: Some((MakerId(5), b"0001".to_vec())),
			root: Some(RootKey::P256(P256Public([2; 33]))),
			changed: 40,
			inherited: true,
			recovery: Some(RecoveryView { key, root: None, requested: 60, due: 20 }),
			location: Some(Dated::new(place_of_test(), 11, 18)),
		};
		let now = Moment { window: 12, tick: 12 };
		let clock =
			Clock { now, cycle: 3, periods, record: None, required: [0; 32], upcoming: [0; 32] };
		Shown { device, clock }
	}

	#[test]
	fn a_device_is_shown_with_what_holds_now() {
		let text = shown().to_string();
		for expected in [
			"device 7: Active, active in window 12",
			"gateway      3, slot 4, since window 10",
			"from window 10 until window 500",
			"maker 5, serial 0001, until window 500",
			"root key     p256:0202",
			"may be completed at tick 20, in 8 ticks",
			"location     cell 8c2a1072b59adff (40.",
			"30 m, 2.5 dBi, since window 11",
		] {
			assert!(text.contains(expected), "{text}");
		}
	}

	#[test]
	fn a_key_that_an_earlier_owner_may_have_is_told() {
		let mut shown = shown();
		assert!(shown.to_string().contains("rotate it"), "{shown}");
		shown.device.inherited = false;
		assert!(!shown.to_string().contains("rotate it"), "{shown}");
	}

	#[test]
	fn programs_read_the_same() {
		let value = serde_json::to_value(shown()).expect("serializes");
		assert_eq!(value["active"], true);
		assert_eq!(value["assignment"], json!({ "gateway": 3, "slot": 4 }));
		assert_eq!(value["previous_assignment"], Value::Null);
		assert_eq!(value["certificate_until"], 500);
		assert_eq!(value["changed_block"], 40);
		assert_eq!(value["key_inherited"], true);
		assert_eq!(value["recovery"]["requested_block"], 60);
		assert_eq!(value["location"]["cell"], "8c2a1072b59adff");
		assert_eq!(value["location"]["asserted_tick"], 9);
		assert_eq!(value["location_since"], 11);
		assert_eq!(value["previous_location"], Value::Null);
	}
}
