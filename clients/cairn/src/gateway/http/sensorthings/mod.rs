//! A read-only view in the data model of OGC SensorThings 1.1 (18-088): devices are Things, channels
//! of their schemas Datastreams, values Observations, quantities ObservedProperties.
//!
//! Ids are stable: a device's number, `device-schema-channel`, `window-device-sequence-channel` and
//! a quantity's name. Links are paths of this gateway.

mod address;
mod entities;
mod filter;
mod walk;

#[cfg(test)]
pub(super) use address::PATHS;

use std::{ops::ControlFlow, sync::Arc};

use axum::{
	extract::State,
	http::{HeaderMap, Uri},
	response::Response,
};
use cairn_geo::Cell;
use cairn_types::{DeviceId, Quantity, Schema};
use serde::Serialize;
use serde_json::{Value, json};

use self::{
	address::{Address, Stream},
	entities::{Line, StreamLine, datastream, location, observation, property, thing},
	filter::Range,
	walk::{Leg, Mark, Stretch, Walk},
};
use super::{
	App, Failure,
	data::{look_up, page, to_json},
	devices::ask,
	etag,
	path::Path,
};
use crate::{
	gateway::{
		chain_state::ChainState,
		data::{
			fault::{DataFault, Refused},
			page::{Looked, Row},
			parameters::Parameters,
			query::{Filter, Place, Question},
			schemas::Known,
		},
		store::{DeviceNote, Store},
	},
	store::StoreError,
};

/// Where the view is.
pub(super) const ROOT: &str = "/v1/sensorthings";
/// Entities of a page: unless it is said, and at most.
const TOP: (usize, usize) = (100, 1_000);
/// Most entities that can be left out before a page.
const MAX_SKIP: usize = 100_000;
/// The sets of entities.
const SETS: [&str; 5] =
	["Things", "Locations", "Datastreams", "ObservedProperties", "Observations"];

/// What is known while a request is answered.
struct Request<'a> {
	app: &'a App,
	state: &'a ChainState,
	uri: &'a Uri,
	headers: &'a HeaderMap,
}

/// Which part of a set is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Paging {
	top: usize,
	skip: usize,
}

/// A page of a set.
#[derive(Serialize)]
struct Set<T> {
	#[serde(rename = "@iot.nextLink", skip_serializing_if = "Option::is_none")]
	next: Option<String>,
	value: Vec<T>,
}

/// A part of something in order, and whether there is more.
type Part<T> = (Vec<T>, bool);

/// `GET /v1/sensorthings`.
pub(super) async fn root(uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
	options(&uri, &[])?;
	let sets = SETS.map(|name| json!({ "name": name, "url": format!("{ROOT}/{name}") }));
	let body = to_json(&json!({ "value": sets }))?;
	Ok(etag::answer(&headers, "application/json", body, None))
}

/// `GET /v1/sensorthings/{set}`, with a key or without.
pub(super) async fn of_set(
	State(app): State<Arc<App>>,
	Path(set): Path<String>,
	uri: Uri,
	headers: HeaderMap,
) -> Result<Response, Failure> {
	serve(&app, &uri, &headers, Address::read(&set, None)).await
}

/// `GET /v1/sensorthings/{set}/{related}`.
pub(super) async fn of_related(
	State(app): State<Arc<App>>,
	Path((set, related)): Path<(String, String)>,
	uri: Uri,
	headers: HeaderMap,
) -> Result<Response, Failure> {
	serve(&app, &uri, &headers, Address::read(&set, Some(&related))).await
}

async fn serve(
	app: &App,
	uri: &Uri,
	headers: &HeaderMap,
	address: Option<Address>,
) -> Result<Response, Failure> {
	let address = address.ok_or_else(no_entity)?;
	let state = app.state()?;
	let request = Request { app, state: &state, uri, headers };
	match address {
		Address::Things => request.things().await,
		Address::Thing(device) | Address::ThingOfDatastream(Stream { device, .. }) => {
			request.thing(device).await
		},
		Address::ThingsOfLocation(device) => request.things_of_location(device).await,
		Address::Locations => request.locations().await,
		Address::Location(device) => request.location(device).await,
		Address::LocationsOfThing(device) => request.locations_of_thing(device).await,
		Address::Datastreams => request.datastreams(None, None).await,
		Address::DatastreamsOfThing(device) => {
			request.line(device).await?;
			request.datastreams(Some(device), None).await
		},
		Address::DatastreamsOfProperty(quantity) => request.datastreams(None, Some(quantity)).await,
		Address::Datastream(stream) => request.datastream(stream).await,
		Address::Properties => request.properties(),
		Address::Property(quantity) => request.one(&property(quantity)),
		Address::PropertyOfDatastream(stream) => {
			let line = request.stream(stream).await?;
			request.one(&property(line.channel.quantity))
		},
		Address::Observations => request.observations(None).await,
		Address::ObservationsOfDatastream(stream) => {
			request.stream(stream).await?;
			request.observations(Some(stream)).await
		},
		Address::Observation(place) => {
			let row = request.row(place).await?;
			request.one(&observation(&row))
		},
		Address::DatastreamOfObservation(place) => {
			let row = request.row(place).await?;
			let device = row.place.position.device;
			let stream = Stream { device, schema: row.schema, channel: place.channel };
			request.datastream(stream).await
		},
	}
}

impl Request<'_> {
	/// Answer with one entity.
	fn one(&self, entity: &impl Serialize) -> Result<Response, Failure> {
		options(self.uri, &[])?;
		Ok(etag::answer(self.headers, "application/json", to_json(entity)?, None))
	}

	/// Answer with a part of a set.
	fn many(&self, paging: Paging, (value, more): Part<Value>) -> Result<Response, Failure> {
		let Paging { top, skip } = paging;
		let after = skip.saturating_add(value.len());
		let next = (more && top > 0 && after <= MAX_SKIP)
			.then(|| format!("{}?$top={top}&$skip={after}", self.uri.path()));
		let body = to_json(&Set { next, value })?;
		Ok(etag::answer(self.headers, "application/json", body, None))
	}

	/// Answer with a page of a set that may be long.
	fn stretch(&self, value: Vec<Value>, next: Option<Stretch>) -> Result<Response, Failure> {
		let next = next.map(|Stretch { top, skip, from }| {
			let skip = left_out(skip);
			format!("{}?$top={top}{skip}&$skiptoken={from}", self.uri.path())
		});
		let body = to_json(&Set { next, value })?;
		Ok(etag::answer(self.headers, "application/json", body, None))
	}

	fn paging(&self) -> Result<Paging, Failure> {
		Ok(paging(&options(self.uri, &["$top", "$skip"])?)?)
	}

	fn asked(&self) -> Result<Stretch, Failure> {
		let options = options(self.uri, &["$top", "$skip", "$skiptoken"])?;
		let Paging { top, skip } = paging(&options)?;
		let from = match options.get("$skiptoken") {
			Some(token) => Mark::read(token).ok_or_else(|| Refused::from(DataFault::BadCursor))?,
			None => Mark::default(),
		};
		Ok(Stretch { top, skip, from })
	}

	/// What is known of a device.
	async fn line(&self, device: DeviceId) -> Result<Line, Failure> {
		let note = ask(self.app, move |store| store.note(device)).await?;
		note.map(|note| Line::new(device, &note)).ok_or_else(no_entity)
	}

	/// Where a device is now, if that is known.
	async fn cell(&self, device: DeviceId) -> Result<Option<Cell>, Failure> {
		let window = self.state.clock.now.window;
		ask(self.app, move |store| store.cell(device, window)).await
	}

	async fn things(&self) -> Result<Response, Failure> {
		let (asked, steps) = (self.asked()?, self.app.data.steps);
		let Leg { found, next } = look_up(self.app, self.state, move |store, _| {
			lines(store, asked, steps).map(Looked::Found)
		})
		.await?;
		self.stretch(found.iter().map(thing).collect(), next)
	}

	async fn thing(&self, device: DeviceId) -> Result<Response, Failure> {
		let line = self.line(device).await?;
		self.one(&thing(&line))
	}

	async fn things_of_location(&self, device: DeviceId) -> Result<Response, Failure> {
		let paging = self.paging()?;
		self.cell(device).await?.ok_or_else(no_entity)?;
		let line = self.line(device).await?;
		self.many(paging, part([thing(&line)], paging))
	}

	async fn locations(&self) -> Result<Response, Failure> {
		let (asked, steps) = (self.asked()?, self.app.data.steps);
		let window = self.state.clock.now.window;
		let Leg { found, next } = look_up(self.app, self.state, move |store, _| {
			let mut walk = Walk::new(asked);
			let mut visit =
				|device, cell: Cell| walk.pass(Mark { device, channel: 0 }, || (device, cell));
			let stopped = store.each_cell(window, asked.from.device, steps, &mut visit)?;
			Ok(Looked::Found(walk.end(stopped)))
		})
		.await?;
		let locations = found.into_iter().map(|(device, cell)| location(device, cell));
		self.stretch(locations.collect(), next)
	}

	async fn location(&self, device: DeviceId) -> Result<Response, Failure> {
		self.line(device).await?;
		let cell = self.cell(device).await?.ok_or_else(no_entity)?;
		self.one(&location(device, cell))
	}

	async fn locations_of_thing(&self, device: DeviceId) -> Result<Response, Failure> {
		let paging = self.paging()?;
		self.line(device).await?;
		let cell = self.cell(device).await?;
		let locations = cell.map(|cell| location(device, cell));
		self.many(paging, part(locations, paging))
	}

	async fn datastreams(
		&self,
		device: Option<DeviceId>,
		quantity: Option<Quantity>,
	) -> Result<Response, Failure> {
		let (asked, steps) = (self.asked()?, self.app.data.steps);
		let Leg { found, next } = look_up(self.app, self.state, move |store, known| {
			streams(store, known, device, quantity, asked, steps)
		})
		.await?;
		self.stretch(found.iter().map(datastream).collect(), next)
	}

	/// A stream that exists: of a device with readings, under a schema that is known.
	async fn stream(&self, stream: Stream) -> Result<StreamLine, Failure> {
		let found = look_up(self.app, self.state, move |store, known| {
			let Some(note) = store.note(stream.device)? else { return Ok(Looked::Found(None)) };
			let line = Line::new(stream.device, &note);
			Ok(match known.get(&stream.schema) {
				Some(schema) => Looked::Found(channel_of(&line, stream, schema)),
				None if stream.schema == line.schema => Looked::Missing(stream.schema),
				None => Looked::Found(None),
			})
		})
		.await?;
		found.ok_or_else(no_entity)
	}

	async fn datastream(&self, stream: Stream) -> Result<Response, Failure> {
		let line = self.stream(stream).await?;
		self.one(&datastream(&line))
	}

	fn properties(&self) -> Result<Response, Failure> {
		let paging = self.paging()?;
		let properties = Quantity::ALL.iter().map(|quantity| property(*quantity));
		self.many(paging, part(properties, paging))
	}

	/// The row at a place.
	async fn row(&self, place: Place) -> Result<Row, Failure> {
		self.app.data.ensure_open()?;
		let device = Some(place.position.device);
		let filter = Filter { device, to: u64::MAX, ..Filter::default() };
		let question = Question { filter, start: Some(place), skip: 0, limit: 1 };
		let page = page(self.app, self.state, &question).await?;
		page.rows.into_iter().find(|row| row.place == place).ok_or_else(no_entity)
	}

	async fn observations(&self, stream: Option<Stream>) -> Result<Response, Failure> {
		let options = options(self.uri, &["$top", "$skip", "$filter", "$skiptoken"])?;
		let Paging { top, skip } = paging(&options)?;
		let range = options.get("$filter").map(Range::read).transpose()?.unwrap_or_default();
		let filter = Filter {
			device: stream.map(|stream| stream.device),
			stream: stream.map(|stream| (stream.schema, stream.channel)),
			from: range.from,
			to: range.to,
			..Filter::default()
		};
		let start = options.get("$skiptoken").map(|token| filter.place(token)).transpose()?;
		self.app.data.ensure_open()?;
		let question = Question { filter, start, skip, limit: top };
		let page = page(self.app, self.state, &question).await?;
		let next = page.next.filter(|_| top > 0).map(|place| {
			let token = question.filter.cursor(place);
			let filter = range.parameter().map_or_else(String::new, |text| format!("&{text}"));
			let skip = left_out(page.skip);
			format!("{}?$top={top}{skip}{filter}&$skiptoken={token}", self.uri.path())
		});
		let value = page.rows.iter().map(observation).collect();
		let body = to_json(&Set { next, value })?;
		Ok(etag::answer(self.headers, "application/json", body, None))
	}
}

/// What a link says of entities that are to be left out from where it leads.
fn left_out(skip: usize) -> String {
	if skip > 0 { format!("&$skip={skip}") } else { String::new() }
}

fn no_entity() -> Failure {
	Refused::from(DataFault::NoEntity).into()
}

/// The options of a request, which must be among `supported`.
fn options(uri: &Uri, supported: &[&str]) -> Result<Parameters, Refused> {
	Parameters::new(uri, supported).map_err(|refused| {
		let is_option = refused.detail.as_ref().is_some_and(|name| name.starts_with('$'));
		if refused.fault == DataFault::UnknownParameter && is_option {
			Refused { fault: DataFault::UnsupportedOption, ..refused }
		} else {
			refused
		}
	})
}

fn paging(options: &Parameters) -> Result<Paging, Refused> {
	let wrong = |_| Refused::from(DataFault::BadPaging);
	let top = options.number("$top").map_err(wrong)?.unwrap_or(TOP.0);
	let skip = options.number("$skip").map_err(wrong)?.unwrap_or(0);
	if top > TOP.1 || skip > MAX_SKIP {
		return Err(DataFault::BadPaging.into());
	}
	Ok(Paging { top, skip })
}

/// Collects a part of what comes in order.
struct Wanted<T> {
	paging: Paging,
	seen: usize,
	found: Vec<T>,
	more: bool,
}

impl<T> Wanted<T> {
	const fn new(paging: Paging) -> Self {
		Self { paging, seen: 0, found: Vec::new(), more: false }
	}

	/// Take the next one, if it is in the part; breaks off behind it.
	fn add(&mut self, make: impl FnOnce() -> T) -> ControlFlow<()> {
		let place = self.seen;
		self.seen = self.seen.saturating_add(1);
		if place < self.paging.skip {
			return ControlFlow::Continue(());
		}
		if self.found.len() >= self.paging.top {
			self.more = true;
			return ControlFlow::Break(());
		}
		self.found.push(make());
		ControlFlow::Continue(())
	}

	fn part(self) -> Part<T> {
		(self.found, self.more)
	}
}

/// A part of a few things.
fn part<T>(all: impl IntoIterator<Item = T>, paging: Paging) -> Part<T> {
	let mut wanted = Wanted::new(paging);
	for one in all {
		if wanted.add(|| one).is_break() {
			break;
		}
	}
	wanted.part()
}

/// What is known of devices, of which at most so many are looked at.
fn lines(store: &Store, asked: Stretch, steps: u32) -> Result<Leg<Line>, StoreError> {
	let mut walk = Walk::new(asked);
	let mut visit = |device, note: DeviceNote| {
		walk.pass(Mark { device, channel: 0 }, || Line::new(device, &note))
	};
	let stopped = store.each_note(asked.from.device, steps, &mut visit)?;
	Ok(walk.end(stopped))
}

/// A stream of a device, if its schema has the channel.
fn channel_of(line: &Line, stream: Stream, schema: &Schema) -> Option<StreamLine> {
	let channel = schema.channels.get(usize::from(stream.channel))?.clone();
	Some(StreamLine { stream, network: line.network, channel })
}

/// The streams under the devices' newest schemas: of one device or all, of one quantity or all. At
/// most so many devices are looked at.
fn streams(
	store: &Store,
	known: &Known,
	device: Option<DeviceId>,
	quantity: Option<Quantity>,
	asked: Stretch,
	steps: u32,
) -> Result<Looked<Leg<StreamLine>>, StoreError> {
	let (mut walk, mut missing) = (Walk::new(asked), None);
	let mut visit = |device, line: &Line| {
		let Some(schema) = known.get(&line.schema) else {
			missing = Some(line.schema);
			return ControlFlow::Break(());
		};
		for (index, channel) in (0u8..).zip(&schema.channels) {
			if quantity.is_some_and(|quantity| quantity != channel.quantity) {
				continue;
			}
			let stream = Stream { device, schema: line.schema, channel: index };
			let made = || StreamLine { stream, network: line.network, channel: channel.clone() };
			walk.pass(Mark { device, channel: index }, made)?;
		}
		ControlFlow::Continue(())
	};
	let stopped = match device {
		Some(device) => {
			if let Some(note) = store.note(device)? {
				let _ = visit(device, &Line::new(device, &note));
			}
			None
		},
		None => store.each_note(asked.from.device, steps, &mut |device, note| {
			visit(device, &Line::new(device, &note))
		})?,
	};
	Ok(missing.map_or_else(|| Looked::Found(walk.end(stopped)), Looked::Missing))
}
