//! Answering a question from the store: one page of rows, in bounded time and memory.

use std::{collections::BTreeSet, ops::ControlFlow};

use cairn_geo::Cell;
use cairn_types::{
	Channel, DeviceId, GatewayId, NetworkId, Periods, Quantity, SchemaId, Unit, Window,
};

use super::{
	parameters::decimal,
	query::{Filter, Place, Question},
	schemas::Known,
};
use crate::{
	data::row::{Row as Said, proof_path},
	gateway::{
		locations::contains,
		store::{Kept, Position, Stage, Store, Walked},
	},
	store::StoreError,
};

/// One value of one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
	/// Where it stands.
	pub place: Place,
	/// The network.
	pub network: NetworkId,
	/// When it was read, ms since the epoch.
	pub time: u64,
	/// The schema of the reading.
	pub schema: SchemaId,
	/// Name of the channel.
	pub channel: String,
	/// What is measured.
	pub quantity: Quantity,
	/// In which unit.
	pub unit: Unit,
	/// The value, in units × 10^scale.
	pub value: i64,
	/// Power of ten.
	pub scale: i8,
	/// How far the reading has come.
	pub stage: Stage,
	/// Where the device was then, if that is known.
	pub cell: Option<Cell>,
}

impl Row {
	/// What a gateway says of it to others.
	#[must_use]
	pub(crate) fn said(&self, gateway: GatewayId) -> Said {
		Said {
			gateway,
			network: self.network,
			device: self.place.position.device,
			sequence: self.place.position.sequence,
			time: self.time,
			channel: self.channel.clone(),
			quantity: self.quantity,
			unit: self.unit,
			value: decimal(self.value, self.scale),
			stage: self.stage,
			cell: self.cell,
			proof: self.proof(),
		}
	}

	/// Where its proof is.
	#[must_use]
	pub fn proof(&self) -> String {
		let Position { window, device, sequence } = self.place.position;
		proof_path(window, device, sequence)
	}
}

/// Some rows, and where the next ones begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
	/// In the order of [`Place`].
	pub rows: Vec<Row>,
	/// `None`: there are no more. A page may be short, even empty, and have a next one.
	pub next: Option<Place>,
	/// Rows that are still to be left out from there on.
	pub skip: usize,
}

/// What came of looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked<T> {
	/// What was looked for.
	Found(T),
	/// A schema is needed that is not known.
	Missing(SchemaId),
}

/// Look for the page that a question asks for.
///
/// - `steps`: how many readings are looked at, then the page ends; and how many places in a region: if
///   there are more, all readings are looked at, wherever they come from.
///
/// # Errors
/// If the store fails.
pub fn look(
	store: &Store,
	question: &Question,
	schemas: &Known,
	periods: &Periods,
	steps: u32,
) -> Result<Looked<Page>, StoreError> {
	let Some((first, last)) = question.filter.windows(periods) else {
		return Ok(Looked::Found(Page::default()));
	};
	let begin = Place { position: Position::start_of(first), channel: 0 };
	let start = question.start.unwrap_or(begin).max(begin);
	let devices = devices(store, &question.filter, (start.position.window, last), steps)?;
	let mut page = Builder::new(question, schemas, start);
	let mut visit = |kept: Kept| page.add(&kept);
	let walked = store.walk(start.position, last, devices.as_ref(), steps, &mut visit)?;
	Ok(page.finish(walked))
}

/// The devices that can have rows in the windows from the first to the last; `None` for all, too, if to
/// look them up takes too many steps.
fn devices(
	store: &Store,
	filter: &Filter,
	windows: (Window, Window),
	steps: u32,
) -> Result<Option<BTreeSet<DeviceId>>, StoreError> {
	match (filter.device, filter.region) {
		(Some(device), _) => Ok(Some(BTreeSet::from([device]))),
		(None, Some(region)) => store.inside(region, windows, steps),
		(None, None) => Ok(None),
	}
}

/// Whether a channel is asked for.
fn wants(filter: &Filter, schema: SchemaId, index: u8, channel: &Channel) -> bool {
	let of_quantity = filter.quantities.is_empty() || filter.quantities.contains(&channel.quantity);
	let is_named = |name: &String| name.as_bytes() == channel.name.as_slice();
	let of_name = filter.channel.as_ref().is_none_or(is_named);
	let of_stream = filter.stream.is_none_or(|stream| stream == (schema, index));
	of_quantity && of_name && of_stream
}

/// A channel's value in a reading.
fn row(kept: &Kept, place: Place, channel: &Channel, value: i64) -> Row {
	let reading = &kept.stored.signed.reading;
	Row {
		place,
		network: reading.network,
		time: reading.time,
		schema: reading.schema,
		channel: String::from_utf8_lossy(&channel.name).into_owned(),
		quantity: channel.quantity,
		unit: channel.unit,
		value,
		scale: channel.scale,
		stage: kept.stage,
		cell: kept.cell,
	}
}

/// Makes a page of the readings that it is shown.
struct Builder<'a> {
	question: &'a Question,
	schemas: &'a Known,
	start: Place,
	/// Rows still to leave out.
	skip: usize,
	rows: Vec<Row>,
	/// Set when the page is full.
	next: Option<Place>,
	missing: Option<SchemaId>,
}

impl<'a> Builder<'a> {
	fn new(question: &'a Question, schemas: &'a Known, start: Place) -> Self {
		let skip = question.skip;
		Self { question, schemas, start, skip, rows: Vec::new(), next: None, missing: None }
	}

	/// Add a reading's values; breaks off when the page is full or a schema is missing.
	fn add(&mut self, kept: &Kept) -> ControlFlow<()> {
		let (question, schemas) = (self.question, self.schemas);
		let filter = &question.filter;
		let reading = &kept.stored.signed.reading;
		let in_time = (filter.from..filter.to).contains(&reading.time);
		let of_network = filter.networks.is_empty() || filter.networks.contains(&reading.network);
		let of_stage = filter.stage.is_none_or(|least| kept.stage >= least);
		let is_inside = |region| kept.cell.is_some_and(|cell| contains(region, cell));
		let of_region = filter.region.is_none_or(is_inside);
		if !in_time || !of_network || !of_stage || !of_region {
			return ControlFlow::Continue(());
		}
		let Some(schema) = schemas.get(&reading.schema) else {
			self.missing = Some(reading.schema);
			return ControlFlow::Break(());
		};
		let from = if kept.position == self.start.position { self.start.channel } else { 0 };
		for (index, (channel, value)) in (0u8..).zip(schema.channels.iter().zip(&reading.values)) {
			let Some(value) = value.filter(|_| index >= from) else { continue };
			if !wants(filter, reading.schema, index, channel) {
				continue;
			}
			if self.skip > 0 {
				self.skip -= 1;
				continue;
			}
			let place = Place { position: kept.position, channel: index };
			if self.rows.len() >= question.limit {
				self.next = Some(place);
				return ControlFlow::Break(());
			}
			self.rows.push(row(kept, place, channel, value));
		}
		ControlFlow::Continue(())
	}

	fn finish(self, walked: Walked) -> Looked<Page> {
		if let Some(schema) = self.missing {
			return Looked::Missing(schema);
		}
		let next = match (self.next, walked) {
			(Some(next), _) => Some(next),
			(None, Walked::Paused(position)) => Some(Place { position, channel: 0 }),
			(None, Walked::Done) => None,
		};
		Looked::Found(Page { rows: self.rows, next, skip: self.skip })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{
		data::STEPS,
		shares::Shares,
		store::{Identity, Incoming, Limits},
		testing::{DEVICE, GATEWAY, GENESIS, periods, schema_of_two, signed_by},
	};
	use crate::store::Cache;
	use cairn_types::DeviceKey;
	use sp_core::ed25519;
	use std::sync::Arc;

	const OTHER: DeviceId = DeviceId(9);
	const HERE: &str = "8c2a1072b59adff";
	const THERE: &str = "8c1fb46741ae9ff";
	const HOUR: u64 = 3_600_000;
	/// The beginning of the first window with readings.
	const START: u64 = 500_000 * HOUR;

	/// A store in which two devices have two readings in each of three windows. The other device moves
	/// before the third.
	fn store() -> (tempfile::TempDir, Store) {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let identity = Identity { genesis: GENESIS, gateway: GATEWAY };
		let store = Store::open(directory.path(), identity, Cache::SMALL).expect("a new store");
		let readings = (0..6u64).flat_map(|number| {
			let time = START + number * HOUR / 2;
			// The second channel has a value every other time.
			let values = [i64::try_from(number).ok(), (number % 2 == 1).then_some(0)];
			[DEVICE, OTHER].map(|device| Incoming {
				window: periods().window_at(time),
				signed: signed_by(device, number + 1, time, &values),
				key: DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32])),
			})
		});
		let limits = Limits { readings: 1_000, bytes: 1_000_000 };
		let taken = store
			.ingest(vec![readings.collect()], limits, &mut Shares::default())
			.expect("the store works");
		assert!(taken[0].iter().all(Result::is_ok), "{taken:?}");
		let moves = vec![(499_000, cell(HERE)), (500_002, cell(THERE))];
		store.learn(&[(OTHER, moves)]).expect("learns");
		(directory, store)
	}

	fn cell(text: &str) -> Cell {
		text.parse().expect("a cell")
	}

	fn known() -> Known {
		Known::from([(SchemaId(2), Arc::new(schema_of_two()))])
	}

	fn question(filter: Filter) -> Question {
		Question { filter, start: None, skip: 0, limit: 1_000 }
	}

	fn everything() -> Filter {
		Filter { from: START, to: START + 3 * HOUR, ..Filter::default() }
	}

	/// The page, as device, sequence and channel of each row.
	fn page(store: &Store, question: &Question) -> (Vec<(u64, u64, u8)>, Option<Place>) {
		let looked = look(store, question, &known(), &periods(), STEPS);
		let Looked::Found(page) = looked.expect("the store works") else { panic!("it is known") };
		let place = |row: &Row| {
			let Place { position, channel } = row.place;
			(position.device.0, position.sequence, channel)
		};
		(page.rows.iter().map(place).collect(), page.next)
	}

	#[test]
	fn works_when_everything_is_asked_for() {
		let (_directory, store) = store();
		let (rows, next) = page(&store, &question(everything()));
		let window = |first: u64| {
			[DEVICE.0, OTHER.0].map(|device| {
				// Even numbers are odd sequences: those have one value only.
				[(device, first, 0), (device, first + 1, 0), (device, first + 1, 1)]
			})
		};
		let expected = [1, 3, 5].map(window).concat().concat();
		assert_eq!((rows, next), (expected, None));
	}

	#[test]
	fn a_row_says_what_its_value_means() {
		let (_directory, store) = store();
		let filter = Filter { device: Some(OTHER), from: START + HOUR / 2, ..everything() };
		let looked = look(&store, &question(filter), &known(), &periods(), STEPS);
		let Ok(Looked::Found(page)) = looked else { panic!("{looked:?}") };
		let row = page.rows.first().expect("a row");
		let position = Position { window: 500_000, device: OTHER, sequence: 2 };
		let expected = Row {
			place: Place { position, channel: 0 },
			network: NetworkId(1),
			time: START + HOUR / 2,
			schema: SchemaId(2),
			channel: "level".to_owned(),
			quantity: Quantity::Dimensionless,
			unit: Unit::One,
			value: 1,
			scale: 0,
			stage: Stage::Accepted,
			cell: Some(cell(HERE)),
		};
		assert_eq!(*row, expected);
		let said = page.rows.get(1).expect("a second row").said(GATEWAY);
		assert_eq!((said.gateway, said.window()), (GATEWAY, Some(500_000)));
		let everywhere = everything();
		assert!(said.is_asked(&everywhere) && said.is_inside(&everywhere) && said.is_possible());
		assert_eq!(said.record().name, "cairn:1:9:temperature");
		assert_eq!(said.value.to_string(), "0");
	}

	#[test]
	fn works_when_less_is_asked_for() {
		let (_directory, store) = store();
		let count = |filter: Filter| page(&store, &question(filter)).0.len();
		assert_eq!(count(everything()), 18);
		let region = |text: &str| cell(text).parent(5).ok();
		let (inside, elsewhere) = (region(HERE), region(THERE));
		for (filter, rows) in [
			(Filter { device: Some(DEVICE), ..everything() }, 9),
			(Filter { device: Some(DeviceId(1)), ..everything() }, 0),
			(Filter { region: inside, ..everything() }, 6),
			(Filter { region: inside, device: Some(DEVICE), ..everything() }, 0),
			(Filter { region: inside, device: Some(OTHER), ..everything() }, 6),
			(Filter { region: elsewhere, ..everything() }, 3),
			(Filter { region: elsewhere, to: START + 2 * HOUR, ..everything() }, 0),
			(Filter { region: cell(HERE).neighbours().first().copied(), ..everything() }, 0),
			(Filter { quantities: vec![Quantity::Temperature], ..everything() }, 6),
			(Filter { quantities: vec![Quantity::Pressure], ..everything() }, 0),
			(Filter { channel: Some("level".to_owned()), ..everything() }, 12),
			(Filter { channel: Some("levels".to_owned()), ..everything() }, 0),
			(Filter { stream: Some((SchemaId(2), 1)), ..everything() }, 6),
			(Filter { stream: Some((SchemaId(3), 1)), ..everything() }, 0),
			(Filter { networks: vec![NetworkId(2), NetworkId(1)], ..everything() }, 18),
			(Filter { networks: vec![NetworkId(2)], ..everything() }, 0),
			(Filter { stage: Some(Stage::Accepted), ..everything() }, 18),
			(Filter { stage: Some(Stage::Sealed), ..everything() }, 0),
			(Filter { to: START + HOUR / 2, ..everything() }, 2),
			(Filter { from: START + 1, to: START + HOUR / 2 + 1, ..everything() }, 4),
			(Filter { to: START, ..everything() }, 0),
		] {
			assert_eq!(count(filter.clone()), rows, "{filter:?}");
		}
	}

	#[test]
	fn pages_add_up_whatever_their_size() {
		let (_directory, store) = store();
		let (all, _) = page(&store, &question(everything()));
		for limit in 1..=19 {
			let (mut rows, mut start, mut pages) = (Vec::new(), None, 0);
			loop {
				let asked = Question { start, limit, ..question(everything()) };
				let (more, next) = page(&store, &asked);
				assert!(more.len() <= limit);
				rows.extend(more);
				pages += 1;
				match next {
					Some(next) => start = Some(next),
					None => break,
				}
			}
			assert_eq!((&rows, pages), (&all, 18usize.div_ceil(limit)), "{limit}");
		}
		let asked = Question { skip: 5, limit: 2, ..question(everything()) };
		assert_eq!(page(&store, &asked).0, all[5..7]);
	}

	/// All rows, page by page, of which each looks at so many readings.
	fn rows(store: &Store, question: Question, steps: u32) -> Vec<Row> {
		let (mut asked, mut rows) = (question, Vec::new());
		loop {
			let looked = look(store, &asked, &known(), &periods(), steps);
			let Ok(Looked::Found(page)) = looked else { panic!("{looked:?}") };
			assert!(page.rows.len() <= asked.limit);
			rows.extend(page.rows);
			let Some(next) = page.next else { return rows };
			assert!(asked.start.is_none_or(|start| start < next), "it gets on");
			asked = Question { start: Some(next), skip: page.skip, ..asked };
		}
	}

	#[test]
	fn pages_add_up_whatever_they_look_at_and_leave_out() {
		let (_directory, store) = store();
		// Two are in the region: too many to look up for a page of one step.
		store.learn(&[(DEVICE, vec![(500_001, cell(HERE))])]).expect("learns");
		let region = cell(HERE).parent(5).ok();
		assert_eq!(devices(&store, &Filter { region, ..everything() }, (0, 500_002), 1), Ok(None));
		for filter in [
			everything(),
			Filter { region, ..everything() },
			Filter { device: Some(OTHER), ..everything() },
		] {
			let all = rows(&store, question(filter.clone()), STEPS);
			for (steps, limit) in (1..=13).flat_map(|steps| [1, 4, 99].map(|limit| (steps, limit)))
			{
				for skip in [0, 1, 3, 5, 17, 18, 40] {
					let asked = Question { skip, limit, ..question(filter.clone()) };
					let expected = all.get(skip..).unwrap_or_default();
					assert_eq!(rows(&store, asked, steps), expected, "{steps} {limit} {skip}");
				}
			}
		}
	}

	#[test]
	fn fails_when_a_schema_is_not_known() {
		let (_directory, store) = store();
		let asked = question(everything());
		let looked = look(&store, &asked, &Known::new(), &periods(), STEPS);
		assert_eq!(looked, Ok(Looked::Missing(SchemaId(2))));
	}
}
