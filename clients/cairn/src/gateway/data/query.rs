//! What is asked of the readings: read from parameters, bounded, and carried on by cursors.

use std::fmt::Write;

use cairn_geo::Cell;
use cairn_types::{DeviceId, NetworkId, Periods, Quantity, SchemaId, Window, schema};
use codec::{Decode, DecodeAll, Encode};

use super::{
	fault::{DataFault, Refused},
	parameters::{Parameters, digits, shortened},
	quantity_name, quantity_of,
};
use crate::gateway::store::{Position, Stage};

/// The longest time range of a question, ms: 31 days.
pub const MAX_RANGE: u64 = 31 * 86_400_000;
/// The time range if no beginning is given, ms.
const DEFAULT_RANGE: u64 = 3_600_000;
/// Most rows of a page, and how many without `limit`.
pub const MAX_ROWS: usize = 10_000;
const DEFAULT_ROWS: usize = 1_000;
/// Most networks that a question names.
pub const MAX_NETWORKS: usize = 64;
/// Most digits of a network's id.
const NETWORK_DIGITS: usize = 10;

/// What `scope` says if only the gateway's own values are asked for.
const OWN: &str = "own";
/// What `partial` says if a part of the answer will do.
const ALLOW: &str = "allow";

/// The parameters of `GET /v1/data`.
pub const PARAMETERS: &[&str] = &[
	"network",
	"quantity",
	"channel",
	"device",
	"cell",
	"resolution",
	"from",
	"to",
	"stage",
	"limit",
	"format",
	"scope",
	"partial",
	"cursor",
];

/// Which values are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
	/// Of these networks; all that there are, if there is none.
	pub networks: Vec<NetworkId>,
	/// Of these quantities; all, if there is none.
	pub quantities: Vec<Quantity>,
	/// Of the channel of this name.
	pub channel: Option<String>,
	/// Of this channel of this schema.
	pub stream: Option<(SchemaId, u8)>,
	/// Of this device.
	pub device: Option<DeviceId>,
	/// Of devices in this region.
	pub region: Option<Cell>,
	/// Read at this time or later, ms since the epoch.
	pub from: u64,
	/// Read before this time.
	pub to: u64,
	/// That have come at least so far; all, if `None`.
	pub stage: Option<Stage>,
}

/// Where a page begins: at a channel of a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
	/// The reading.
	pub position: Position,
	/// The place of the channel in its schema.
	pub channel: u8,
}

impl Place {
	/// The place that a cursor names, whatever filter it belongs to.
	#[must_use]
	pub fn of_cursor(cursor: &str) -> Option<Self> {
		let bytes = hex::decode(cursor).ok()?;
		Cursor::decode_all(&mut bytes.as_slice()).ok().map(|cursor| cursor.place)
	}
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
	/// Which values.
	pub filter: Filter,
	/// Where the page begins; at the beginning of the range, if `None`.
	pub start: Option<Place>,
	/// Rows to leave out at the beginning of the page.
	pub skip: usize,
	/// Most rows of the page.
	pub limit: usize,
}

/// Whose values are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
	/// Only the gateway's own, none of its peers.
	pub own: bool,
	/// Whether an answer will do that lacks those who cannot answer.
	pub partial: bool,
}

/// A request of `GET /v1/data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
	/// Which values.
	pub filter: Filter,
	/// Whose.
	pub reach: Reach,
	/// Most rows of the page.
	pub limit: usize,
	/// Where the page begins, as the page before says it.
	pub cursor: Option<String>,
}

/// What a cursor holds.
#[derive(Encode, Decode)]
struct Cursor {
	place: Place,
	/// Of the filter that it belongs to.
	filter: [u8; 8],
}

impl Filter {
	/// Read it from parameters; `now` (ms since the epoch) ends the range unless they say otherwise.
	///
	/// # Errors
	/// The first [`DataFault`] found.
	pub fn read(parameters: &Parameters, now: u64) -> Result<Self, Refused> {
		let to = parameters.time("to")?.unwrap_or(now);
		let from = parameters.time("from")?.unwrap_or(to.saturating_sub(DEFAULT_RANGE));
		if to.saturating_sub(from) > MAX_RANGE {
			return Err(DataFault::RangeTooLong.into());
		}
		Ok(Self {
			networks: networks(parameters)?,
			quantities: quantities(parameters)?,
			channel: channel(parameters)?,
			stream: None,
			device: parameters.number("device")?.map(DeviceId),
			region: region(parameters)?,
			from,
			to,
			stage: stage(parameters)?,
		})
	}

	/// The windows that the range touches; `None` if it is empty.
	#[must_use]
	pub fn windows(&self, periods: &Periods) -> Option<(Window, Window)> {
		if self.from >= self.to {
			return None;
		}
		Some((periods.window_at(self.from), periods.window_at(self.to.saturating_sub(1))))
	}

	/// The parameters that ask for the same: each value is of characters that a URL's query may hold.
	#[must_use]
	pub fn parameters(&self) -> String {
		let mut text = format!("from={}&to={}", self.from, self.to);
		if !self.networks.is_empty() {
			let ids = self.networks.iter().map(ToString::to_string);
			append(&mut text, "network", ids.collect::<Vec<_>>().join(","));
		}
		if !self.quantities.is_empty() {
			let names = self.quantities.iter().map(|quantity| quantity_name(*quantity));
			append(&mut text, "quantity", names.collect::<Vec<_>>().join(","));
		}
		if let Some(channel) = &self.channel {
			append(&mut text, "channel", channel);
		}
		if let Some(device) = self.device {
			append(&mut text, "device", device);
		}
		if let Some(region) = self.region {
			append(&mut text, "cell", region);
		}
		if let Some(stage) = self.stage {
			append(&mut text, "stage", stage.name());
		}
		text
	}

	/// The path of a page: the parameters that ask for it, and nothing else.
	#[must_use]
	pub fn path(&self, reach: Reach, limit: usize, format: &str, cursor: Option<&str>) -> String {
		let mut text = format!("/v1/data?{}", self.parameters());
		if reach.own {
			append(&mut text, "scope", OWN);
		}
		if reach.partial {
			append(&mut text, "partial", ALLOW);
		}
		append(&mut text, "limit", limit);
		append(&mut text, "format", format);
		if let Some(cursor) = cursor {
			append(&mut text, "cursor", cursor);
		}
		text
	}

	/// The cursor of a page of this filter that begins at `place`.
	#[must_use]
	pub fn cursor(&self, place: Place) -> String {
		hex::encode(Cursor { place, filter: self.digest() }.encode())
	}

	/// Where the page of a cursor begins.
	///
	/// # Errors
	/// [`DataFault::BadCursor`] if it is none, or that of another filter.
	pub fn place(&self, cursor: &str) -> Result<Place, Refused> {
		let bytes = hex::decode(cursor).map_err(|_| DataFault::BadCursor)?;
		let mut input = bytes.as_slice();
		let cursor = Cursor::decode(&mut input).map_err(|_| DataFault::BadCursor)?;
		if input.is_empty() && cursor.filter == self.digest() {
			Ok(cursor.place)
		} else {
			Err(DataFault::BadCursor.into())
		}
	}

	fn digest(&self) -> [u8; 8] {
		let text = format!("{} {:?}", self.parameters(), self.stream);
		let mut digest = [0; 8];
		for (byte, hashed) in digest.iter_mut().zip(blake3::hash(text.as_bytes()).as_bytes()) {
			*byte = *hashed;
		}
		digest
	}
}

impl Reach {
	/// Read it from parameters.
	///
	/// # Errors
	/// [`DataFault::BadParameter`].
	pub fn read(parameters: &Parameters) -> Result<Self, Refused> {
		let own = is_second(parameters, "scope", ["all", OWN])?;
		let partial = is_second(parameters, "partial", ["refuse", ALLOW])?;
		Ok(Self { own, partial })
	}
}

impl Request {
	/// Read it from the parameters of `GET /v1/data`.
	///
	/// # Errors
	/// The first [`DataFault`] found.
	pub fn read(parameters: &Parameters, now: u64) -> Result<Self, Refused> {
		let filter = Filter::read(parameters, now)?;
		let limit = parameters.number::<usize>("limit")?.unwrap_or(DEFAULT_ROWS);
		if !(1..=MAX_ROWS).contains(&limit) {
			return Err(DataFault::BadLimit.about(limit.to_string()));
		}
		let cursor = parameters.get("cursor").map(str::to_owned);
		Ok(Self { filter, reach: Reach::read(parameters)?, limit, cursor })
	}
}

/// Whether a parameter has the second of its two values; it has the first, if it is not given.
fn is_second(
	parameters: &Parameters,
	name: &str,
	[first, second]: [&str; 2],
) -> Result<bool, Refused> {
	match parameters.get(name) {
		None => Ok(false),
		Some(text) if text == first => Ok(false),
		Some(text) if text == second => Ok(true),
		Some(text) => Err(DataFault::BadParameter.about(format!("{name}={}", shortened(text)))),
	}
}

fn append(text: &mut String, name: &str, value: impl std::fmt::Display) {
	// Writing to a string does not fail.
	let _ = write!(text, "&{name}={value}");
}

fn networks(parameters: &Parameters) -> Result<Vec<NetworkId>, Refused> {
	let Some(ids) = parameters.get("network") else { return Ok(Vec::new()) };
	let wrong = || DataFault::BadParameter.about(format!("network={}", shortened(ids)));
	if ids.split(',').count() > MAX_NETWORKS {
		return Err(wrong());
	}
	let mut networks = Vec::new();
	for id in ids.split(',') {
		let number = digits::<u32>(id).filter(|_| id.len() <= NETWORK_DIGITS);
		let network = number.map(NetworkId).ok_or_else(wrong)?;
		if !networks.contains(&network) {
			networks.push(network);
		}
	}
	Ok(networks)
}

fn quantities(parameters: &Parameters) -> Result<Vec<Quantity>, Refused> {
	let Some(names) = parameters.get("quantity") else { return Ok(Vec::new()) };
	let mut quantities = Vec::new();
	for name in names.split(',') {
		let quantity = quantity_of(name);
		let quantity = quantity.ok_or_else(|| DataFault::UnknownQuantity.about(shortened(name)))?;
		if !quantities.contains(&quantity) {
			quantities.push(quantity);
		}
	}
	Ok(quantities)
}

fn channel(parameters: &Parameters) -> Result<Option<String>, Refused> {
	let Some(name) = parameters.get("channel") else { return Ok(None) };
	let longest = usize::try_from(schema::MAX_NAME).unwrap_or(usize::MAX);
	if schema::is_name(name.as_bytes()) && name.len() <= longest {
		Ok(Some(name.to_owned()))
	} else {
		Err(DataFault::BadParameter.about(format!("channel={}", shortened(name))))
	}
}

/// The cell, or the one of a coarser resolution that it descends from.
fn region(parameters: &Parameters) -> Result<Option<Cell>, Refused> {
	let resolution = parameters.number::<u8>("resolution")?;
	let Some(text) = parameters.get("cell") else {
		return match resolution {
			Some(_) => Err(DataFault::BadRegion.about("a resolution without a cell")),
			None => Ok(None),
		};
	};
	let wrong = |cause: cairn_geo::GeoError| DataFault::BadRegion.about(cause.to_string());
	let cell = text.parse::<Cell>().map_err(wrong)?;
	let region = cell.parent(resolution.unwrap_or(cell.resolution())).map_err(wrong)?;
	Ok(Some(region))
}

fn stage(parameters: &Parameters) -> Result<Option<Stage>, Refused> {
	match parameters.get("stage") {
		None => Ok(None),
		Some("accepted") => Ok(Some(Stage::Accepted)),
		Some("sealed") => Ok(Some(Stage::Sealed)),
		Some("matured") => Ok(Some(Stage::Matured)),
		Some(text) => Err(DataFault::BadParameter.about(format!("stage={}", shortened(text)))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const NOW: u64 = 1_769_860_800_000;

	fn read(query: &str) -> Result<Request, Refused> {
		let uri = format!("/v1/data?{query}").parse().expect("a URI");
		Request::read(&Parameters::new(&uri, PARAMETERS)?, NOW)
	}

	fn cell(text: &str) -> Cell {
		text.parse().expect("a cell")
	}

	#[test]
	fn works_when_nothing_is_said() {
		let question = read("").expect("reads");
		let filter = Filter { from: NOW - 3_600_000, to: NOW, ..Filter::default() };
		let reach = Reach { own: false, partial: false };
		assert_eq!(question, Request { filter, reach, limit: 1_000, cursor: None });
	}

	#[test]
	fn works_when_everything_is_said() {
		let question = read(
			"network=3,0,3&quantity=temperature,pressure,temperature&channel=t-1&device=17\
			 &cell=8c2a1072b59adff&resolution=5&from=1000&to=1970-01-01T00:00:02Z&stage=sealed&limit=7\
			 &scope=own&partial=allow&cursor=00",
		);
		let question = question.expect("reads");
		let filter = Filter {
			networks: vec![NetworkId(3), NetworkId(0)],
			quantities: vec![Quantity::Temperature, Quantity::Pressure],
			channel: Some("t-1".to_owned()),
			stream: None,
			device: Some(DeviceId(17)),
			region: Some(cell("852a1073fffffff")),
			from: 1_000,
			to: 2_000,
			stage: Some(Stage::Sealed),
		};
		let reach = Reach { own: true, partial: true };
		let cursor = Some("00".to_owned());
		let expected = Request { filter: filter.clone(), reach, limit: 7, cursor };
		assert_eq!(question, expected);
		// The parameters that it writes are read as the same.
		assert_eq!(read(&filter.parameters()).expect("reads").filter, filter);
		let path = filter.path(reach, 7, "json", Some("00"));
		let parameters = path.strip_prefix("/v1/data?").expect("a path");
		assert_eq!(read(parameters).expect("reads"), expected);
		let path = filter.path(Reach::default(), 7, "json", None);
		assert_eq!(path, format!("/v1/data?{}&limit=7&format=json", filter.parameters()));
	}

	#[test]
	fn fails_when_something_is_wrong() {
		for (query, fault) in [
			("network=-1", DataFault::BadParameter),
			("network=4294967296", DataFault::BadParameter),
			("network=", DataFault::BadParameter),
			("network=1,", DataFault::BadParameter),
			("network=00000000001", DataFault::BadParameter),
			("scope=others", DataFault::BadParameter),
			("partial=yes", DataFault::BadParameter),
			("device=x", DataFault::BadParameter),
			("channel=", DataFault::BadParameter),
			("channel=a%20b", DataFault::BadParameter),
			("channel=a123456789012345678901234567890123", DataFault::BadParameter),
			("stage=lost", DataFault::BadParameter),
			("quantity=", DataFault::UnknownQuantity),
			("quantity=temperature,warmth", DataFault::UnknownQuantity),
			("from=soon", DataFault::BadTime),
			("to=", DataFault::BadTime),
			("from=0&to=2678400001", DataFault::RangeTooLong),
			("to=18446744073709551615&from=0", DataFault::RangeTooLong),
			("limit=0", DataFault::BadLimit),
			("limit=10001", DataFault::BadLimit),
			("cell=8c2a1072b59adfx", DataFault::BadRegion),
			("cell=852a1073fffffff&resolution=6", DataFault::BadRegion),
			("resolution=6", DataFault::BadRegion),
		] {
			assert_eq!(read(query).expect_err(query).fault, fault, "{query}");
		}
		assert!(read("from=0&to=2678400000").is_ok());
		let ids = vec!["1"; MAX_NETWORKS];
		assert!(read(&format!("network={}", ids.join(","))).is_ok());
		let refused = read(&format!("network={},1", ids.join(","))).expect_err("one too many");
		assert_eq!(refused.fault, DataFault::BadParameter);
	}

	#[test]
	fn a_cursor_belongs_to_one_filter() {
		let filter = read("from=0&to=5000&device=2").expect("reads").filter;
		let position = Position { window: 9, device: DeviceId(2), sequence: 77 };
		let place = Place { position, channel: 3 };
		let cursor = filter.cursor(place);
		assert_eq!(filter.place(&cursor), Ok(place));
		assert_eq!(Place::of_cursor(&cursor), Some(place), "whoever reads it");
		let refused = Err(Refused::from(DataFault::BadCursor));
		for other in ["from=0&to=5001&device=2", "from=0&to=5000"] {
			assert_eq!(read(other).expect("reads").filter.place(&cursor), refused, "{other}");
		}
		for text in ["", "zz", &format!("{cursor}00"), &format!("0{cursor}")] {
			assert_eq!(filter.place(text), refused, "{text}");
			assert_eq!(Place::of_cursor(text), None, "{text}");
		}
		let stream = Filter { stream: Some((SchemaId(1), 0)), ..filter };
		assert!(stream.place(&cursor).is_err());
	}

	#[test]
	fn a_range_touches_whole_windows() {
		let periods = Periods::DEVELOPMENT;
		let windows = |from, to| Filter { from, to, ..Filter::default() }.windows(&periods);
		assert_eq!(windows(0, 6_000), Some((0, 0)));
		assert_eq!(windows(5_999, 6_001), Some((0, 1)));
		assert_eq!((windows(6_000, 6_000), windows(7_000, 6_000)), (None, None));
	}
}
