//! What came of a question, as people and programs read it.

use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
};

use cairn_chain::BlockId;
use cairn_formats::{Decimal, FormatError, Record, csv, senml};
use cairn_geo::Cell;
use cairn_types::{Attempt, DeviceId, GatewayId, NetworkId, Quantity, Unit, Window};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{
	doubt::{Doubt, Doubted},
	gateways::{Gateway, Listed},
	row::{Row, write_exact, write_stage},
	verify::{Proved, Verdict, first_line},
};
use crate::{
	cli::Output,
	gateway::{
		data::{parameters::write_time, query::Filter},
		store::Stage,
	},
	owner::{OwnerError, error_text, format},
};

/// Most gateways whose failures one error tells.
const TOLD: usize = 8;

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Answer {
	/// Which values were asked for.
	pub(crate) filter: Filter,
	/// The final block that values were checked against, if they were.
	pub(crate) at: Option<BlockId>,
	/// Whether these are all rows of those who answered.
	pub(crate) is_whole: bool,
	/// Who was asked.
	pub(crate) asked: Vec<Asked>,
	/// How many gateways of the chain were not, because they are too many.
	pub(crate) left_out: usize,
	/// By gateway, in the gateway's order.
	pub(crate) rows: Vec<Found>,
}

/// A gateway that was asked.
#[derive(Debug)]
pub(crate) struct Asked {
	/// Its id.
	pub(crate) gateway: Option<GatewayId>,
	/// Its network, if it answered.
	pub(crate) network: Option<NetworkId>,
	/// Where it is.
	pub(crate) url: String,
	/// Rows that it answered.
	pub(crate) rows: usize,
	/// Why it did not answer, or not all.
	pub(crate) error: Option<OwnerError>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
	/// Who serves it.
	pub(crate) gateway: GatewayId,
	/// What it says.
	pub(crate) row: Row,
	/// Whether the chain stands for it, if that was asked.
	pub(crate) verdict: Option<Verdict>,
}

impl Asked {
	/// One that answered.
	pub(super) fn heard(gateway: &Gateway, rows: usize) -> Self {
		Self {
			gateway: Some(gateway.id),
			network: Some(gateway.network),
			url: gateway.served.url().to_owned(),
			rows,
			error: None,
		}
	}

	/// One that did not.
	pub(super) fn silent(listed: &Listed, error: OwnerError) -> Self {
		Self {
			gateway: listed.id,
			network: None,
			url: listed.url.clone(),
			rows: 0,
			error: Some(error),
		}
	}
}

impl Answer {
	/// Nobody was asked yet.
	pub(super) fn new(filter: Filter, at: Option<BlockId>) -> Self {
		Self { filter, at, is_whole: true, asked: Vec::new(), left_out: 0, rows: Vec::new() }
	}

	/// The values as a pack of SenML. Times before mid-1978, which it cannot say, are left out.
	///
	/// # Errors
	/// As the format has them.
	pub(crate) fn senml(&self) -> Result<String, FormatError> {
		let datable = self.rows.iter().filter(|found| found.row.is_datable());
		let records = datable.map(|found| found.row.record()).collect::<Vec<_>>();
		senml::encode_json(&records)
	}

	/// The values as a table in CSV.
	///
	/// # Errors
	/// As the format has them.
	pub(crate) fn csv(&self) -> Result<String, FormatError> {
		csv::encode(&self.records())
	}

	/// The values as records of exchange formats.
	pub(crate) fn records(&self) -> Vec<Record> {
		self.rows.iter().map(|found| found.row.record()).collect()
	}

	/// How many values the chain does not stand for, by the reason.
	pub(crate) fn doubts(&self) -> BTreeMap<Doubt, usize> {
		let mut doubts = BTreeMap::new();
		for doubted in self.rows.iter().filter_map(Found::doubted) {
			*doubts.entry(doubted.doubt).or_default() += 1;
		}
		doubts
	}

	/// Whether nobody is left out, failed, or has more.
	fn is_complete(&self) -> bool {
		let is_heard = self.asked.iter().all(|asked| asked.error.is_none());
		self.is_whole && self.left_out == 0 && is_heard
	}

	/// That gateways were left out, if they were, and what to do about it.
	pub(crate) fn note(&self) -> Option<String> {
		let more = format::count(self.left_out as u64, "gateway");
		(self.left_out > 0).then(|| {
			format!(
				"{more} of the chain not asked, to keep the question short: choose networks with \
				 --network, or gateways with --gateway"
			)
		})
	}

	/// Ensure that everybody answered, and that the chain stands for every value that was to be checked.
	///
	/// # Errors
	/// That of the gateways which did not answer, or what is doubted.
	pub(crate) fn ensure_sound(self) -> Result<(), OwnerError> {
		let doubts = self.doubts();
		let count = self.asked.len();
		let failed = self.asked.into_iter().filter_map(|asked| asked.error);
		if let Some(error) = failures(failed.collect(), count) {
			return Err(error);
		}
		let Some((doubt, _)) = doubts.first_key_value() else { return Ok(()) };
		let counts = doubts.iter().map(|(doubt, count)| format!("{count} {}", doubt.code()));
		let counts = counts.collect::<Vec<_>>().join(", ");
		let values = format::count(doubts.values().sum::<usize>() as u64, "value");
		Err(OwnerError::refused(
			format!("the chain does not stand for {values}: {counts}; {}", doubt.cause()),
			doubt.remedy(),
		))
	}
}

/// What went wrong with gateways of so many, as one error.
fn failures(mut errors: Vec<OwnerError>, of: usize) -> Option<OwnerError> {
	if errors.len() <= 1 {
		return errors.pop();
	}
	let mut causes = errors.iter().take(TOLD).map(first_line).collect::<Vec<_>>();
	let more = errors.len().saturating_sub(TOLD);
	if more > 0 {
		causes.push(format!("and {more} others"));
	}
	let remedies = errors.iter().take(TOLD).map(remedy).collect::<BTreeSet<_>>();
	let remedies = remedies.into_iter().collect::<Vec<_>>();
	Some(OwnerError::refused(
		format!("{} of {of} gateways have not answered all: {}", errors.len(), causes.join("; ")),
		remedies.join("; "),
	))
}

/// What an error says to do about it.
fn remedy(error: &OwnerError) -> String {
	let text = error.to_string();
	text.split_once("Remedy: ").map(|(_, remedy)| remedy.to_owned()).unwrap_or_default()
}

impl Found {
	/// The doubt about it.
	pub(crate) fn doubted(&self) -> Option<&Doubted> {
		self.verdict.as_ref().and_then(|verdict| verdict.as_ref().err())
	}

	/// Its proof.
	pub(crate) fn proved(&self) -> Option<&Proved> {
		self.verdict.as_ref().and_then(|verdict| verdict.as_ref().ok())
	}
}

impl fmt::Display for Proved {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { gateway, window, attempt, attested_in, .. } = self;
		write!(f, "batch {gateway}/{window}/{attempt}, attested")?;
		match attested_in {
			Some(block) => write!(f, " in block {block}"),
			None => Ok(()),
		}
	}
}

/// Lines of cells, in columns of one width; no blanks at the end of a line.
pub(crate) fn columns<const N: usize>(lines: &[[String; N]]) -> Vec<String> {
	let mut widths = [0; N];
	for line in lines {
		for (width, cell) in widths.iter_mut().zip(line) {
			*width = cell.chars().count().max(*width);
		}
	}
	let padded = lines.iter().map(|line| {
		let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
		cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
	});
	padded.collect()
}

impl fmt::Display for Answer {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let heading =
			["network", "device", "time", "channel", "value", "unit", "stage", "cell", ""];
		let mut lines = vec![heading.map(str::to_owned)];
		lines.extend(self.rows.iter().map(cells));
		if !self.rows.is_empty() {
			columns(&lines).iter().try_for_each(|line| writeln!(f, "{line}"))?;
		}
		let (rows, asked) = (self.rows.len() as u64, self.asked.len() as u64);
		let (rows, asked) = (format::count(rows, "value"), format::count(asked, "gateway"));
		let more = if self.is_whole { "" } else { "; there are more" };
		writeln!(f, "{rows} of {asked}{more}")?;
		for Asked { rows, error, .. } in &self.asked {
			let Some(error) = error else { continue };
			// Its remedy is on a line of its own.
			let error = error.to_string().replace('\n', "\n  ");
			match *rows {
				0 => writeln!(f, "  {error}")?,
				rows => writeln!(f, "  after {}, {error}", format::count(rows as u64, "value"))?,
			}
		}
		if let Some(note) = self.note() {
			writeln!(f, "  {note}")?;
		}
		let Some(BlockId { number, hash }) = &self.at else { return Ok(()) };
		let proved = self.rows.iter().filter(|found| found.proved().is_some()).count();
		let block = format::short_hash(hash);
		writeln!(f, "{proved} proved against block {number} ({block}), which is final")?;
		for (doubt, count) in self.doubts() {
			writeln!(f, "  {count} {}: {} {}", doubt.code(), doubt.cause(), doubt.remedy())?;
		}
		Ok(())
	}
}

/// A line of the table.
fn cells(found: &Found) -> [String; 9] {
	let row = &found.row;
	let proof = match &found.verdict {
		None => String::new(),
		Some(Ok(proved)) => proved.to_string(),
		Some(Err(doubted)) => doubted.doubt.code().to_owned(),
	};
	[
		row.network.to_string(),
		row.device.to_string(),
		write_time(row.time),
		row.channel.clone(),
		row.value.to_string(),
		row.unit.symbol().to_owned(),
		row.stage.name().to_owned(),
		row.cell.map(|cell| cell.to_string()).unwrap_or_default(),
		proof,
	]
}

/// An answer for programs.
#[derive(Serialize)]
struct AnswerJson<'a> {
	from: u64,
	until: u64,
	cell: Option<Cell>,
	complete: bool,
	#[serde(skip_serializing_if = "Option::is_none")]
	verified_at: Option<BlockJson>,
	gateways: Vec<AskedJson<'a>>,
	#[serde(skip_serializing_if = "Option::is_none")]
	not_asked: Option<usize>,
	rows: &'a [Found],
}

#[derive(Serialize)]
struct BlockJson {
	block: u32,
	hash: String,
}

#[derive(Serialize)]
struct AskedJson<'a> {
	gateway: Option<GatewayId>,
	network: Option<NetworkId>,
	url: &'a str,
	rows: usize,
	/// Cause and remedy.
	#[serde(skip_serializing_if = "Option::is_none")]
	failure: Option<Box<RawValue>>,
}

impl Serialize for Answer {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let answer = AnswerJson {
			from: self.filter.from,
			until: self.filter.to,
			cell: self.filter.region,
			complete: self.is_complete(),
			verified_at: self.at.as_ref().map(|BlockId { number, hash }| BlockJson {
				block: *number,
				hash: format::hash(hash),
			}),
			gateways: self.asked.iter().map(asked_json).collect(),
			not_asked: (self.left_out > 0).then_some(self.left_out),
			rows: &self.rows,
		};
		answer.serialize(serializer)
	}
}

fn asked_json(asked: &Asked) -> AskedJson<'_> {
	let failure = asked.error.as_ref().map(|error| error_text(Output::Json, error));
	AskedJson {
		gateway: asked.gateway,
		network: asked.network,
		url: &asked.url,
		rows: asked.rows,
		failure: failure.and_then(|text| RawValue::from_string(text).ok()),
	}
}

/// A value for programs: not a gateway's row, but what it and the chain say of one value.
#[derive(Serialize)]
struct FoundJson<'a> {
	network: NetworkId,
	gateway: GatewayId,
	device: DeviceId,
	sequence: u64,
	time: u64,
	channel: &'a str,
	quantity: Quantity,
	unit: Unit,
	#[serde(serialize_with = "write_exact")]
	value: Decimal,
	#[serde(serialize_with = "write_stage")]
	stage: Stage,
	#[serde(skip_serializing_if = "Option::is_none")]
	cell: Option<Cell>,
	#[serde(skip_serializing_if = "Option::is_none")]
	proof: Option<ProofJson>,
}

/// Whether the chain stands for a value: in which batch, or why not.
#[derive(Serialize)]
#[serde(untagged)]
enum ProofJson {
	Proved {
		verified: bool,
		window: Window,
		attempt: Attempt,
		header_hash: String,
		attested_in: Option<u32>,
		by: &'static str,
	},
	Doubted {
		verified: bool,
		code: &'static str,
		cause: String,
		remedy: &'static str,
	},
}

impl Serialize for Found {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let row = &self.row;
		let found = FoundJson {
			network: row.network,
			gateway: self.gateway,
			device: row.device,
			sequence: row.sequence,
			time: row.time,
			channel: &row.channel,
			quantity: row.quantity,
			unit: row.unit,
			value: row.value,
			stage: row.stage,
			cell: row.cell,
			proof: self.verdict.as_ref().map(proof_json),
		};
		found.serialize(serializer)
	}
}

fn proof_json(verdict: &Verdict) -> ProofJson {
	match verdict {
		Ok(proved) => ProofJson::Proved {
			verified: true,
			window: proved.window,
			attempt: proved.attempt,
			header_hash: format::hash(&proved.header_hash),
			attested_in: proved.attested_in,
			by: proved.by.name(),
		},
		Err(doubted) => ProofJson::Doubted {
			verified: false,
			code: doubted.doubt.code(),
			cause: doubted.to_string(),
			remedy: doubted.doubt.remedy(),
		},
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::data::prove::Inclusion;
	use cairn_formats::Limits;
	use serde_json::{Value, json};

	const CELL: &str = "8c2a1072b59adff";

	/// A temperature that the chain stands for.
	pub(crate) fn found(network: u32, device: u64, value: &str) -> Found {
		let proved = Proved {
			gateway: GatewayId(network),
			window: 294_976_800,
			attempt: 0,
			header_hash: [7; 32],
			attested_in: Some(57),
			by: Inclusion::Payload,
		};
		let row = Row {
			gateway: GatewayId(network),
			network: NetworkId(network),
			device: DeviceId(device),
			sequence: 12,
			time: 1_769_860_800_123,
			channel: "temperature".to_owned(),
			quantity: Quantity::Temperature,
			unit: Unit::Celsius,
			value: value.parse().expect("a number"),
			stage: Stage::Sealed,
			cell: Some(CELL.parse().expect("a cell")),
			proof: format!("/v1/proof/294976800/{device}/12"),
		};
		Found { gateway: GatewayId(network), row, verdict: Some(Ok(proved)) }
	}

	fn answer(rows: Vec<Found>) -> Answer {
		let filter = Filter { from: 1, to: 1_769_860_801_000, ..Filter::default() };
		let at = BlockId { number: 60, hash: [3; 32] };
		let asked = Asked {
			gateway: Some(GatewayId(1)),
			network: Some(NetworkId(1)),
			url: "http://gateway.example".to_owned(),
			rows: rows.len(),
			error: None,
		};
		Answer { asked: vec![asked], rows, ..Answer::new(filter, Some(at)) }
	}

	fn doubtful() -> Found {
		let doubted = Doubt::RowDiffers.about("unit");
		Found { verdict: Some(Err(doubted)), ..found(1, 5, "-4") }
	}

	#[test]
	fn people_see_a_table_and_what_it_is_proved_by() {
		let answer = answer(vec![found(1, 4, "23.15"), doubtful()]);
		let text = answer.to_string();
		let lines = text.lines().collect::<Vec<_>>();
		assert_eq!(
			lines[0],
			"network  device  time                      channel      value  unit  stage   cell"
		);
		assert_eq!(
			lines[1],
			format!(
				"1        4       2026-01-31T12:00:00.123Z  temperature  23.15  Cel   sealed  {CELL}  \
				 batch 1/294976800/0, attested in block 57"
			)
		);
		assert!(lines[2].ends_with("row_differs"), "{text}");
		assert_eq!(lines[3], "2 values of 1 gateway");
		assert_eq!(lines[4], "1 proved against block 60 (0x0303…0303), which is final");
		assert!(lines[5].starts_with("  1 row_differs: The row does not say"), "{text}");
	}

	#[test]
	fn programs_read_exact_values_and_proofs() {
		let large = found(2, 6, "9223372036854775807");
		let answer = answer(vec![found(1, 4, "23.15"), doubtful(), large]);
		let text = serde_json::to_string(&answer).expect("serializes");
		assert!(text.contains("\"value\":9223372036854775807,"), "{text}");
		let value = serde_json::from_str::<Value>(&text).expect("JSON");
		let expected = json!({
			"network": 1,
			"gateway": 1,
			"device": 4,
			"sequence": 12,
			"time": 1_769_860_800_123u64,
			"channel": "temperature",
			"quantity": "temperature",
			"unit": "Cel",
			"value": 23.15,
			"stage": "sealed",
			"cell": CELL,
			"proof": {
				"verified": true,
				"window": 294_976_800,
				"attempt": 0,
				"header_hash": format::hash(&[7; 32]),
				"attested_in": 57,
				"by": "payload",
			},
		});
		assert_eq!(value["rows"][0], expected);
		let doubt = &value["rows"][1]["proof"];
		assert_eq!((&doubt["verified"], &doubt["code"]), (&json!(false), &json!("row_differs")));
		assert_eq!(
			(&value["complete"], &value["verified_at"]["block"]),
			(&json!(true), &json!(60))
		);
	}

	#[test]
	fn the_formats_have_one_record_for_each_value() {
		let mut old = found(1, 5, "1");
		old.row.time = 5;
		let answer = answer(vec![found(1, 4, "23.15"), found(2, 9, "-0.5"), old]);
		let pack = answer.senml().expect("SenML");
		let records = senml::decode_json(pack.as_bytes(), 0, &Limits::default()).expect("SenML");
		assert_eq!(records, answer.records()[..2], "SenML has no times that long ago");
		let table = answer.csv().expect("CSV");
		let layout = csv::Layout::canonical();
		let read = csv::decode(table.as_bytes(), &layout, &Limits::default());
		assert_eq!(read, Ok(answer.records()));
	}

	#[test]
	fn fails_when_a_value_is_doubted_or_somebody_silent() {
		assert!(answer(vec![found(1, 4, "1")]).ensure_sound().is_ok());
		assert!(answer(Vec::new()).ensure_sound().is_ok());
		let error = answer(vec![doubtful(), found(1, 4, "1"), doubtful()]).ensure_sound();
		let error = error.expect_err("two doubts").to_string();
		assert!(error.contains("does not stand for 2 values: 2 row_differs;"), "{error}");

		let mut partial = answer(vec![found(1, 4, "1")]);
		let listed = Listed { id: Some(GatewayId(2)), ..Listed::named("http://away.example") };
		let error = OwnerError::Gateway {
			url: listed.url.clone(),
			cause: "does not answer: refused".to_owned(),
			remedy: "look".to_owned(),
		};
		partial.asked.push(Asked::silent(&listed, error));
		let text = partial.to_string();
		let told =
			"  the gateway at http://away.example does not answer: refused\n    Remedy: look\n";
		assert!(text.contains(told), "{text}");
		let value = serde_json::to_value(&partial).expect("serializes");
		assert_eq!((&value["complete"], &value["gateways"][1]["rows"]), (&json!(false), &json!(0)));
		assert_eq!(value["gateways"][1]["failure"]["remedy"], "look");
		let error = partial.ensure_sound().expect_err("one is silent").to_string();
		assert!(error.contains("http://away.example"), "{error}");
	}

	#[test]
	fn one_error_tells_of_all_who_have_failed() {
		let error = |number: usize| OwnerError::Gateway {
			url: format!("http://{number}.example"),
			cause: "is away".to_owned(),
			remedy: format!("look {}", number % 2),
		};
		assert!(failures(Vec::new(), 9).is_none());
		let one = failures(vec![error(1)], 9).expect("an error").to_string();
		assert_eq!(one, "the gateway at http://1.example is away\n  Remedy: look 1");
		let many = failures((0..10).map(error).collect(), 11).expect("an error").to_string();
		let begin =
			"10 of 11 gateways have not answered all: the gateway at http://0.example is away; ";
		assert!(many.starts_with(begin), "{many}");
		let end = "http://7.example is away; and 2 others\n  Remedy: look 0; look 1";
		assert!(many.ends_with(end), "{many}");
	}

	#[test]
	fn who_was_not_asked_is_told() {
		let whole = answer(vec![found(1, 4, "1")]);
		assert_eq!(whole.note(), None);
		assert!(serde_json::to_value(&whole).expect("serializes").get("not_asked").is_none());
		let short = Answer { left_out: 44, ..whole };
		let text = short.to_string();
		assert!(
			text.contains("  44 gateways of the chain not asked") && text.contains("--network")
		);
		let value = serde_json::to_value(&short).expect("serializes");
		assert_eq!((&value["complete"], &value["not_asked"]), (&json!(false), &json!(44)));
		assert!(short.ensure_sound().is_ok(), "nothing is wrong with what came");
	}

	#[test]
	fn columns_are_as_wide_as_their_widest_cell() {
		let lines = [["a", "b", ""], ["äöü", "c", "d"]].map(|line| line.map(str::to_owned));
		assert_eq!(columns(&lines), ["a    b", "äöü  c  d"]);
	}
}
