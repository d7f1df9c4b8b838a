//! Where a device is: asserted by its owner, in degrees.

use cairn_chain::calls;
use cairn_geo::{Coordinates, GeoError, LOCATION_RESOLUTION, Location};
use cairn_types::{DeviceId, Window};

use super::begins;
use crate::owner::{
	error::OwnerError,
	options::OwnerSigning,
	output::Receipt,
	session::{Session, missing_event},
};

/// Assert where a device is, from the next window on; to move costs a fee
#[derive(Debug, clap::Args)]
pub(super) struct Locate {
	/// The device's id
	id: DeviceId,

	/// Latitude in degrees, north positive
	#[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
	lat: f64,

	/// Longitude in degrees, east positive
	#[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
	lon: f64,

	/// Metres above sea level, -500 to 9000
	#[arg(long, value_name = "METRES", allow_negative_numbers = true)]
	altitude: i16,

	/// Antenna gain in dBi with at most one decimal, -10 to 15
	#[arg(long, value_name = "DBI", allow_negative_numbers = true, value_parser = parse_gain)]
	gain: i16,

	#[command(flatten)]
	signing: OwnerSigning,
}

impl Locate {
	/// What is asserted: the cell that contains the place, altitude and gain. Pure.
	fn location(&self) -> Result<Location, GeoError> {
		let cell = Coordinates::new(self.lat, self.lon)?.cell(LOCATION_RESOLUTION)?;
		Location::new(cell, self.altitude, self.gain)
	}
}

/// A gain in dBi, in tenths: `2.5` is 25. Pure.
fn parse_gain(text: &str) -> Result<i16, String> {
	let bad = || format!("{text:?} is not a gain in dBi; write it with one decimal, such as 2.5");
	let (is_negative, digits) = match text.strip_prefix('-') {
		Some(digits) => (true, digits),
		None => (false, text),
	};
	let (whole, tenths) = digits.split_once('.').unwrap_or((digits, "0"));
	let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || tenths.len() != 1 || !is_number(whole) || !is_number(tenths) {
		return Err(bad());
	}
	let gain = format!("{whole}{tenths}").parse::<i16>().map_err(|_| bad())?;
	Ok(if is_negative { -gain } else { gain })
}

/// A gain in tenths of a dBi, in dBi: 25 is `2.5`. Pure.
pub(super) fn show_gain(tenths: i16) -> String {
	let sign = if tenths < 0 { "-" } else { "" };
	let size = tenths.unsigned_abs();
	format!("{sign}{}.{}", size / 10, size % 10)
}

/// Assert a location.
///
/// # Errors
/// If there is no such place, or the chain refuses it.
pub(super) async fn run(session: &Session, locate: &Locate) -> Result<(), OwnerError> {
	let location =
		locate.location().map_err(|error| OwnerError::usage(error.cause(), error.remedy()))?;
	let call = calls::devices::assert_location(locate.id, &location);
	let outcome = session.submit(&call, &locate.signing).await?;
	let event = outcome.find::<(DeviceId, Location, Window)>("Devices", "LocationAsserted");
	let (device, location, since) =
		event.ok_or_else(|| missing_event("Devices.LocationAsserted"))?;
	let receipt = Receipt::new("location asserted", &outcome)
		.with("device", device.0)
		.with("cell", location.cell().to_string())
		.with("altitude_metres", location.altitude_metres())
		.with("antenna_gain_dbi", show_gain(location.antenna_gain_decidbi()))
		.with("since_window", since)
		.note(begins(session, since).await?);
	session.print(&receipt)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn gains_are_read_as_they_are_shown() {
		for (text, tenths) in [("2.5", 25), ("-10.0", -100), ("0.0", 0), ("-0.5", -5)] {
			assert_eq!(parse_gain(text), Ok(tenths), "{text}");
			assert_eq!(show_gain(tenths), text);
		}
		assert_eq!(parse_gain("15"), Ok(150));
	}

	#[test]
	fn fails_when_a_gain_is_no_number_with_one_decimal() {
		for text in ["", "-", "2.", ".5", "2.55", "2,5", "+2", "--2", "99999", "2dBi"] {
			assert!(parse_gain(text).is_err(), "{text}");
		}
	}
}
