//! Which record of which source fills which channel of a device. Pure.

use std::collections::BTreeSet;

use cairn_formats::{Cause, Decimal, Mapping, Measure, Pattern, Record, RecordUnit, Rule, Value};
use cairn_types::{Channel, Schema, SchemaId, Unit};

use super::{
	error::Error, left::Left, schema::host_quantity, scrape::Selector, topic::TopicFilter,
};
use crate::gateway::data::quantity_name;

/// A record's time may be this much ahead of the clock, and then counts as now: clocks differ.
pub const AHEAD_MILLIS: u64 = 2_000;

/// A source's place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub usize);

/// What a source gave at once.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
	/// The source.
	pub source: SourceId,
	/// The topic by which it came, of sources that have topics.
	pub topic: Option<&'a str>,
	/// The records.
	pub records: &'a [Record],
	/// When it came, ms since the epoch: the time of records that have none.
	pub now: u64,
}

/// What of a source a device takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
	/// The source.
	pub source: SourceId,
	/// By which topics, if not by any.
	pub topic: Option<TopicFilter>,
	/// Which records.
	pub pick: Pick,
}

/// Which records fill which channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
	/// Those of a rule fill its channel.
	Records {
		/// The rule.
		rule: Rule,
		/// Whether schemas may lack the channel.
		is_optional: bool,
	},
	/// Series, added up, fill a channel.
	Series {
		/// Which series.
		selector: Selector,
		/// What becomes of their sum.
		rule: Rule,
	},
	/// Those that are named as the channels are fill them, where no other input of the device names
	/// the channel.
	Names {
		/// What stands before the channel's name; one `*` stands for anything.
		prefix: String,
	},
	/// Those of a host, where no other input of the device names the channel.
	Host,
}

impl Pick {
	/// The channel that is named.
	const fn channel(&self) -> Option<&String> {
		match self {
			Self::Records { rule, .. } | Self::Series { rule, .. } => Some(&rule.channel),
			Self::Names { .. } | Self::Host => None,
		}
	}
}

/// What times a device can still report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
	/// Time of its newest reading: times only go up.
	pub after: u64,
	/// The earliest time that may still count.
	pub oldest: u64,
}

impl Span {
	/// The time under which a value of `time` that came at `now` is reported.
	///
	/// # Errors
	/// [`Left::Future`], [`Left::TooOld`] or [`Left::Late`].
	pub const fn judge(self, time: u64, now: u64) -> Result<u64, Left> {
		if time > now.saturating_add(AHEAD_MILLIS) {
			return Err(Left::Future);
		}
		let time = if time > now { now } else { time };
		if time < self.oldest {
			Err(Left::TooOld)
		} else if time <= self.after {
			Err(Left::Late)
		} else {
			Ok(time)
		}
	}
}

/// What becomes of a record, or of several series together, in one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
	/// The record's place in the batch; of several, the first one's.
	pub record: usize,
	/// How many records there are.
	pub count: usize,
	/// The channel's place in the schema.
	pub channel: usize,
	/// Time and value, in the channel's unit and scale, or why there is none.
	pub value: Result<(u64, i64), Left>,
}

/// What becomes of a batch at one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
	/// In the order of the device's inputs.
	pub fates: Vec<Fate>,
	/// Of each record, whether some input is for it.
	pub is_wanted: Vec<bool>,
}

/// Records of one source that fill one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Feed {
	source: SourceId,
	topic: Option<TopicFilter>,
	/// Series that are added up first.
	selector: Option<Selector>,
	channel: usize,
	/// One rule.
	mapping: Mapping,
}

/// How the channels of one schema are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
	schema_id: SchemaId,
	schema: Schema,
	feeds: Vec<Feed>,
}

impl Plan {
	/// Fill `schema` from these inputs.
	///
	/// # Errors
	/// If an input names a channel that the schema lacks, or states a unit that does not measure its
	/// channel's quantity, if a channel of a host's name is of another quantity, or if nothing is
	/// filled.
	pub fn new(schema_id: SchemaId, schema: &Schema, inputs: &[Input]) -> Result<Self, Error> {
		let named = inputs.iter().filter_map(|input| input.pick.channel());
		let named = named.map(String::as_bytes).collect::<BTreeSet<_>>();
		let mut plan = Self { schema_id, schema: schema.clone(), feeds: Vec::new() };
		for input in inputs {
			match &input.pick {
				Pick::Records { rule, is_optional } => match place(schema, &rule.channel) {
					Some((place, channel)) => {
						ensure_unit(rule, channel, || rule.name.clone().into())?;
						plan.add(input, None, place, rule.clone());
					},
					None if *is_optional => {},
					None => return Err(unknown(schema, &rule.channel)),
				},
				Pick::Series { selector, rule } => {
					let found = place(schema, &rule.channel);
					let (place, channel) = found.ok_or_else(|| unknown(schema, &rule.channel))?;
					ensure_unit(rule, channel, || selector.to_string())?;
					plan.add(input, Some(selector.clone()), place, rule.clone());
				},
				Pick::Names { prefix } => {
					let others = others(schema, &named);
					others
						.for_each(|(place, channel)| plan.add_named(input, prefix, place, channel));
				},
				Pick::Host => {
					for (place, channel) in others(schema, &named) {
						if is_hosts(channel)? {
							plan.add_named(input, "", place, channel);
						}
					}
				},
			}
		}
		if plan.feeds.is_empty() {
			return Err(Error::NoChannel { channels: names(schema) });
		}
		Ok(plan)
	}

	fn add(&mut self, input: &Input, selector: Option<Selector>, channel: usize, rule: Rule) {
		let (source, topic) = (input.source, input.topic.clone());
		let mapping = Mapping { rules: vec![rule] };
		self.feeds.push(Feed { source, topic, selector, channel, mapping });
	}

	fn add_named(&mut self, input: &Input, prefix: &str, place: usize, channel: &Channel) {
		let name = text(channel);
		// Names of channels have no `*`, and the configuration has looked for more than one.
		if let Ok(pattern) = Pattern::new(&format!("{prefix}{name}")) {
			self.add(input, None, place, Rule::new(pattern, &name));
		}
	}

	/// The schema that is filled.
	#[must_use]
	pub const fn schema_id(&self) -> SchemaId {
		self.schema_id
	}

	/// What it says.
	#[must_use]
	pub const fn schema(&self) -> &Schema {
		&self.schema
	}

	/// Names of channels that nothing fills.
	#[must_use]
	pub fn unfilled(&self) -> Vec<String> {
		let filled = self.feeds.iter().map(|feed| feed.channel).collect::<BTreeSet<_>>();
		let channels = self.schema.channels.iter().enumerate();
		channels.filter(|(place, _)| !filled.contains(place)).map(|(_, it)| text(it)).collect()
	}

	/// Find out what becomes of a batch. Linear in records times inputs.
	#[must_use]
	pub fn route(&self, batch: &Batch<'_>, span: Span) -> Routed {
		let is_wanted = vec![false; batch.records.len()];
		let mut routed = Routed { fates: Vec::new(), is_wanted };
		for feed in self.feeds.iter().filter(|feed| feed.is_for(batch)) {
			match &feed.selector {
				Some(selector) => self.route_series(feed, selector, batch, span, &mut routed),
				None => self.route_records(feed, batch, span, &mut routed),
			}
		}
		routed
	}

	fn route_records(&self, feed: &Feed, batch: &Batch<'_>, span: Span, routed: &mut Routed) {
		for (index, (record, is_wanted)) in
			batch.records.iter().zip(&mut routed.is_wanted).enumerate()
		{
			if feed.mapping.covers(record) {
				*is_wanted = true;
				let value = self.value(feed, record, batch.now, span);
				routed.fates.push(Fate { record: index, count: 1, channel: feed.channel, value });
			}
		}
	}

	fn route_series(
		&self,
		feed: &Feed,
		selector: &Selector,
		batch: &Batch<'_>,
		span: Span,
		routed: &mut Routed,
	) {
		let mut picked = Vec::new();
		for (index, (record, is_wanted)) in
			batch.records.iter().zip(&mut routed.is_wanted).enumerate()
		{
			if selector.matches(&record.name) {
				*is_wanted = true;
				picked.push((index, record));
			}
		}
		let Some((first, record)) = picked.first().copied() else { return };
		let value = sum(picked.iter().map(|(_, record)| *record)).map_err(Left::Format);
		let value = value.and_then(|sum| {
			let joined =
				Record { value: Value::Number(sum), unit: known(record), ..record.clone() };
			self.value(feed, &joined, batch.now, span)
		});
		let (count, channel) = (picked.len(), feed.channel);
		routed.fates.push(Fate { record: first, count, channel, value });
	}

	/// Time and value of a record in a feed's channel.
	fn value(
		&self,
		feed: &Feed,
		record: &Record,
		now: u64,
		span: Span,
	) -> Result<(u64, i64), Left> {
		let time = span.judge(record.time.unwrap_or(now), now)?;
		let one = std::slice::from_ref(record);
		let rows = cairn_formats::apply(&self.schema, &feed.mapping, one, now);
		let rows = rows.map_err(|error| Left::Format(error.cause))?;
		let value = rows.first().and_then(|row| row.values.get(feed.channel).copied().flatten());
		let value = value.ok_or(Left::Unmapped)?;
		let channel = self.schema.channels.get(feed.channel).ok_or(Left::Unmapped)?;
		if (channel.min..=channel.max).contains(&value) {
			Ok((time, value))
		} else {
			Err(Left::OutOfRange)
		}
	}
}

impl Feed {
	fn is_for(&self, batch: &Batch<'_>) -> bool {
		let passes = |filter: &TopicFilter| batch.topic.is_some_and(|topic| filter.matches(topic));
		self.source == batch.source && self.topic.as_ref().is_none_or(passes)
	}
}

/// The sum of numbers; what is none of the series' values does not count.
fn sum<'a>(records: impl Iterator<Item = &'a Record>) -> Result<Decimal, Cause> {
	records.filter(|record| record.measure == Measure::Value).try_fold(
		Decimal::ZERO,
		|sum, record| match &record.value {
			Value::Number(number) => sum.plus(*number),
			_ => Ok(sum),
		},
	)
}

/// The unit of series, if it is of the data standard: an exporter's own words say nothing of it.
fn known(record: &Record) -> Option<RecordUnit> {
	record.unit.clone().filter(|unit| matches!(unit, RecordUnit::Known(_)))
}

/// The channel of a name, and its place.
fn place<'a>(schema: &'a Schema, name: &str) -> Option<(usize, &'a Channel)> {
	let mut channels = schema.channels.iter().enumerate();
	channels.find(|(_, channel)| channel.name.as_slice() == name.as_bytes())
}

/// Whether the unit that a rule states, if it does, measures what the channel does.
fn ensure_unit(
	rule: &Rule,
	channel: &Channel,
	input: impl FnOnce() -> String,
) -> Result<(), Error> {
	let quantity = channel.quantity;
	match rule.stated_unit() {
		Some(unit) if !unit.measures(quantity) => {
			let units = quantity.units().map(Unit::symbol).collect::<Vec<_>>();
			Err(Error::InputUnit {
				input: input(),
				unit: unit.symbol().to_owned(),
				channel: text(channel),
				quantity: quantity_name(quantity),
				units: units.join(", "),
			})
		},
		_ => Ok(()),
	}
}

/// Channels that are not named.
fn others<'a>(
	schema: &'a Schema,
	named: &BTreeSet<&[u8]>,
) -> impl Iterator<Item = (usize, &'a Channel)> {
	let channels = schema.channels.iter().enumerate();
	channels.filter(move |(_, channel)| !named.contains(channel.name.as_slice()))
}

/// Whether the agent reads a channel of this name of its host. What it reads is known, so that its
/// unit need not tell: a load is not the humidity that `/` could be as well.
fn is_hosts(channel: &Channel) -> Result<bool, Error> {
	let Some(quantity) = host_quantity(&channel.name) else { return Ok(false) };
	if quantity == channel.quantity {
		return Ok(true);
	}
	Err(Error::OtherQuantity {
		channel: text(channel),
		found: quantity_name(channel.quantity),
		expected: quantity_name(quantity),
	})
}

fn unknown(schema: &Schema, channel: &str) -> Error {
	Error::UnknownChannel { channel: channel.to_owned(), channels: names(schema) }
}

/// A channel's name.
pub(super) fn text(channel: &Channel) -> String {
	String::from_utf8_lossy(&channel.name).into_owned()
}

/// A schema's channels, for messages.
fn names(schema: &Schema) -> String {
	schema.channels.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::{
		host::{HostReading, Measure as HostMeasure},
		schema::{host_records, host_schema, scrape_up},
	};
	use cairn_types::{ChannelKind, Quantity};
	use sp_core::bounded::BoundedVec;

	const ID: SchemaId = SchemaId(1);
	const NOW: u64 = 1_700_000_000_000;
	const HOST: SourceId = SourceId(0);
	const OTHER: SourceId = SourceId(1);

	fn input(source: SourceId, pick: Pick) -> Input {
		Input { source, topic: None, pick }
	}

	fn records_of(name: &str, channel: &str) -> Pick {
		let rule = Rule::new(Pattern::new(name).expect("a pattern"), channel);
		Pick::Records { rule, is_optional: false }
	}

	fn series_of(selector: &str, channel: &str) -> Pick {
		let rule = Rule::new(Pattern::new("*").expect("a pattern"), channel);
		Pick::Series { selector: selector.parse().expect("a selector"), rule }
	}

	fn number(name: &str, value: &str, unit: Option<Unit>) -> Record {
		Record {
			name: name.to_owned(),
			time: None,
			measure: Measure::Value,
			unit: unit.map(RecordUnit::Known),
			value: Value::Number(value.parse().expect("a number")),
		}
	}

	fn batch(source: SourceId, records: &[Record]) -> Batch<'_> {
		Batch { source, topic: None, records, now: NOW }
	}

	/// Channel and value of each fate.
	fn values(routed: &Routed) -> Vec<(usize, Result<i64, Left>)> {
		let fates = routed.fates.iter();
		fates.map(|fate| (fate.channel, fate.value.map(|(_, value)| value))).collect()
	}

	/// A thermometer in centidegrees, and a level in percent.
	fn room() -> Schema {
		let channel = |name: &str, quantity, unit, scale, min, max| Channel {
			name: BoundedVec::truncate_from(name.as_bytes().to_vec()),
			quantity,
			unit,
			scale,
			kind: ChannelKind::Gauge,
			min,
			max,
			max_change: None,
		};
		let channels = vec![
			channel("temperature", Quantity::Temperature, Unit::Celsius, -2, -4_000, 8_500),
			channel("level", Quantity::Level, Unit::Percent, 0, 0, 100),
		];
		let name = BoundedVec::truncate_from(b"room".to_vec());
		Schema { name, version: 1, channels: BoundedVec::truncate_from(channels) }
	}

	fn reading() -> HostReading {
		let mut reading = HostReading::default();
		reading.set(HostMeasure::CpuTime, 123_456u64);
		reading.set(HostMeasure::Load1, Decimal::new(1_257, -3).expect("small"));
		reading.set(HostMeasure::MemoryUsed, 4_096u64);
		reading
	}

	#[test]
	fn works_when_the_schema_is_the_hosts() {
		let plan = Plan::new(ID, &host_schema(), &[input(HOST, Pick::Host)]).expect("a plan");
		assert_eq!((plan.unfilled(), plan.schema_id()), (vec!["scrape-up".to_owned()], ID));
		let records = host_records(&reading());
		let routed = plan.route(&batch(HOST, &records), Span::default());
		assert_eq!(values(&routed), [(0, Ok(123_456)), (1, Ok(126)), (2, Ok(4_096))]);
		assert_eq!(routed.is_wanted, [true; 3]);
		let others = plan.route(&batch(OTHER, &records), Span::default());
		assert_eq!(others, Routed { fates: Vec::new(), is_wanted: vec![false; 3] });
	}

	#[test]
	fn works_when_a_schema_has_some_of_the_channels_in_other_units() {
		let mut schema = host_schema();
		let wanted = [b"cpu-time".as_slice(), b"memory-used"];
		schema.channels.retain(|channel| wanted.contains(&channel.name.as_slice()));
		schema.channels[0].unit = Unit::Second;
		schema.channels[1].scale = 3;
		let plan = Plan::new(ID, &schema, &[input(HOST, Pick::Host)]).expect("a plan");
		let routed = plan.route(&batch(HOST, &host_records(&reading())), Span::default());
		assert_eq!(values(&routed), [(0, Ok(123)), (1, Ok(4))]);
	}

	#[test]
	fn works_when_series_are_added_up() {
		let inputs = [
			input(OTHER, series_of("requests_total{code=\"200\"}", "uptime")),
			input(OTHER, records_of("scrape-up", "scrape-up")),
			input(HOST, Pick::Host),
		];
		let plan = Plan::new(ID, &host_schema(), &inputs).expect("a plan");
		assert_eq!(plan.unfilled(), Vec::<String>::new());
		let records = [
			number("requests_total{code=\"200\",host=\"a\"}", "5", None),
			number("requests_total{code=\"404\",host=\"a\"}", "7", None),
			number("requests_total{code=\"200\",host=\"b\"}", "1.5", None),
			scrape_up(true),
		];
		let routed = plan.route(&batch(OTHER, &records), Span::default());
		// Half to even.
		assert_eq!(values(&routed), [(9, Ok(6)), (10, Ok(1))]);
		assert_eq!((routed.fates[0].record, routed.fates[0].count), (0, 2));
		assert_eq!(routed.is_wanted, [true, false, true, true]);
	}

	#[test]
	fn an_input_that_names_a_channel_goes_before_names() {
		let names = |prefix: &str| Pick::Names { prefix: prefix.to_owned() };
		let inputs = [input(OTHER, names("roof/")), input(OTHER, records_of("t", "temperature"))];
		let plan = Plan::new(ID, &room(), &inputs).expect("a plan");
		let records = [
			number("roof/temperature", "1", None),
			number("roof/level", "0.5", Some(Unit::One)),
			number("t", "296.15", Some(Unit::Kelvin)),
		];
		let routed = plan.route(&batch(OTHER, &records), Span::default());
		assert_eq!(values(&routed), [(1, Ok(50)), (0, Ok(2_300))]);
		let plan = Plan::new(ID, &room(), &[input(OTHER, names("*/"))]).expect("a plan");
		let routed = plan.route(&batch(OTHER, &records), Span::default());
		assert_eq!(values(&routed), [(0, Ok(100)), (1, Ok(50))]);
	}

	#[test]
	fn works_when_the_topic_passes() {
		let topic = TopicFilter::new("city/+/roof").expect("a filter");
		let pick = records_of("t", "temperature");
		let inputs = [Input { source: OTHER, topic: Some(topic), pick }];
		let plan = Plan::new(ID, &room(), &inputs).expect("a plan");
		let records = [number("t", "20", None)];
		for (topic, count) in [(Some("city/a/roof"), 1), (Some("city/a/cellar"), 0), (None, 0)] {
			let batch = Batch { topic, ..batch(OTHER, &records) };
			assert_eq!(plan.route(&batch, Span::default()).fates.len(), count, "{topic:?}");
		}
	}

	#[test]
	fn values_that_cannot_be_used_are_left_out_each_for_its_reason() {
		let inputs = [input(OTHER, records_of("*", "temperature"))];
		let plan = Plan::new(ID, &room(), &inputs).expect("a plan");
		let base = number("t", "20", None);
		let other = Some(RecordUnit::Other("degrees".to_owned()));
		let span = Span { after: NOW - 10, oldest: NOW - 20 };
		for (record, expected) in [
			(base.clone(), Ok((NOW, 2_000))),
			(number("t", "85.004", None), Ok((NOW, 8_500))),
			(number("t", "85.01", None), Err(Left::OutOfRange)),
			(number("t", "20", Some(Unit::Volt)), Err(Left::Format(Cause::UnitMismatch))),
			(Record { unit: other, ..base.clone() }, Err(Left::Format(Cause::UnknownUnit))),
			(
				Record { value: Value::Text("hot".to_owned()), ..base.clone() },
				Err(Left::Format(Cause::NotANumber)),
			),
			(Record { time: Some(NOW - 10), ..base.clone() }, Err(Left::Late)),
			(Record { time: Some(NOW - 21), ..base.clone() }, Err(Left::TooOld)),
			(Record { time: Some(NOW - 9), ..base.clone() }, Ok((NOW - 9, 2_000))),
			(Record { time: Some(NOW + AHEAD_MILLIS), ..base.clone() }, Ok((NOW, 2_000))),
			(Record { time: Some(NOW + AHEAD_MILLIS + 1), ..base.clone() }, Err(Left::Future)),
		] {
			let routed = plan.route(&batch(OTHER, std::slice::from_ref(&record)), span);
			assert_eq!(routed.fates[0].value, expected, "{record:?}");
		}
	}

	#[test]
	fn values_in_units_of_another_quantity_are_left_out() {
		let inputs =
			[input(OTHER, records_of("*", "level")), input(OTHER, series_of("s", "level"))];
		let plan = Plan::new(ID, &room(), &inputs).expect("a plan");
		let other = Err(Left::Format(Cause::UnitMismatch));
		for (value, unit, expected) in [
			("50", None, Ok(50)),
			("0.5", Some(Unit::One), Ok(50)),
			("50", Some(Unit::Percent), Ok(50)),
			("50", Some(Unit::BatteryPercent), Ok(50)),
			// Hundredths and millionths, but not of what is full.
			("50", Some(Unit::RelativeHumidity), other),
			("50", Some(Unit::Ppm), other),
		] {
			// As a record, and as a series.
			let routed = plan.route(&batch(OTHER, &[number("s", value, unit)]), Span::default());
			assert_eq!(values(&routed), [(1, expected); 2], "{unit:?}");
		}
	}

	/// An input that states units.
	fn stating(pick: Pick, unit: Option<Unit>, only_unit: Option<&str>) -> Pick {
		let only_unit = only_unit.map(str::to_owned);
		let stated = |rule| Rule { unit, only_unit, ..rule };
		match pick {
			Pick::Records { rule, is_optional } => {
				Pick::Records { rule: stated(rule), is_optional }
			},
			Pick::Series { selector, rule } => Pick::Series { selector, rule: stated(rule) },
			other => other,
		}
	}

	#[test]
	fn works_when_an_input_says_what_its_values_are() {
		let pick = stating(records_of("l", "level"), Some(Unit::Percent), None);
		let plan = Plan::new(ID, &room(), &[input(OTHER, pick)]).expect("a plan");
		let records = [number("l", "50", Some(Unit::RelativeHumidity))];
		let routed = plan.route(&batch(OTHER, &records), Span::default());
		assert_eq!(values(&routed), [(1, Ok(50))]);
	}

	#[test]
	fn fails_when_an_input_states_a_unit_of_another_quantity() {
		let refused = |pick| match Plan::new(ID, &room(), &[input(OTHER, pick)]) {
			Err(error @ Error::InputUnit { .. }) => error.to_string(),
			other => panic!("{other:?}"),
		};
		let records = || records_of("hall/*", "level");
		assert_eq!(
			refused(stating(records(), Some(Unit::RelativeHumidity), None)),
			"the input \"hall/*\" is in %RH, but its channel \"level\" is of the quantity level\n  \
			 Remedy: state one of /, /100, %EL, or name another channel"
		);
		let only = refused(stating(records(), None, Some("ppm")));
		assert!(only.starts_with("the input \"hall/*\" is in ppm, "), "{only}");
		let series = series_of("fill{tank=\"1\"}", "temperature");
		let series = refused(stating(series, Some(Unit::Volt), None));
		assert!(series.contains("is in V, but its channel \"temperature\""), "{series}");
		assert!(series.contains("fill{tank=") && series.contains("one of K, Cel,"), "{series}");
		// The schema may lack the channel of an input that is optional, but not take it for another.
		let Pick::Records { rule, .. } = stating(records(), Some(Unit::Volt), None) else { return };
		assert!(refused(Pick::Records { rule, is_optional: true }).contains("is in V"));
	}

	#[test]
	fn fails_when_a_hosts_channel_is_of_another_quantity() {
		let host = [input(HOST, Pick::Host)];
		let place = host_schema().channels.iter().position(|it| it.name.as_slice() == b"load1");
		let place = place.expect("a host has a load");
		for quantity in Unit::One.quantities() {
			let mut schema = host_schema();
			schema.channels[place].quantity = *quantity;
			assert_eq!(schema.check(), Ok(()));
			let plan = Plan::new(ID, &schema, &host);
			if *quantity == Quantity::Load {
				assert!(plan.is_ok());
			} else {
				assert!(matches!(plan, Err(Error::OtherQuantity { .. })), "{quantity:?}");
			}
		}
	}

	#[test]
	fn fails_when_channels_do_not_fit() {
		let unknown = Plan::new(ID, &room(), &[input(OTHER, records_of("t", "x"))]);
		assert!(matches!(unknown, Err(Error::UnknownChannel { .. })));
		let unknown = Plan::new(ID, &room(), &[input(OTHER, series_of("t", "x"))]);
		assert!(matches!(unknown, Err(Error::UnknownChannel { .. })));
		let host = [input(HOST, Pick::Host)];
		// A host has a temperature, too.
		let mut outside = room();
		outside.channels[0].name = BoundedVec::truncate_from(b"outside".to_vec());
		assert!(matches!(Plan::new(ID, &outside, &host), Err(Error::NoChannel { .. })));
		let Pick::Records { rule, .. } = records_of("scrape-up", "scrape-up") else { return };
		let optional = [input(OTHER, Pick::Records { rule, is_optional: true })];
		assert!(matches!(Plan::new(ID, &room(), &optional), Err(Error::NoChannel { .. })));
	}
}
