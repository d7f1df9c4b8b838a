//! What holds of every reader of measurements, and of what it has read.

use cairn_formats::{
	Cause, Decimal, FormatError, Limits, Record, RecordUnit, Value, csv, senml, work,
};
use cairn_types::schema::is_name;

use crate::memory;

/// What a reader gives.
pub(crate) type Read = Result<Vec<Record>, FormatError>;

/// Small, so that inputs meet them.
pub(crate) const LIMITS: Limits = Limits { bytes: 1 << 16, records: 50, depth: 8, name: 64 };
/// 2023-11-14T22:13:20Z in milliseconds.
pub(crate) const NOW: u64 = 1_700_000_000_000;

/// How often a byte may be looked at.
const LOOKS: usize = 8;
/// SenML's times before this one count from now, in milliseconds (RFC 8428 §4.5.3).
const RELATIVE_BELOW: u64 = (1 << 28) * 1_000;

/// Run a reader of `length` bytes.
///
/// # Panics
/// If it looks at bytes too often or takes too much memory: names that short inputs share are bounded
/// by the limits, all else by the input.
pub(crate) fn linear<T>(length: usize, read: impl FnOnce() -> T) -> T {
	work::take();
	let result = memory::linear(length, read);
	let looked = work::take();
	let most = LOOKS * length + 4 * LIMITS.records * LIMITS.name;
	assert!(looked <= most, "{looked} bytes looked at for an input of {length}");
	result
}

/// Read an input, and hold the reader to what it promises; `None` if it refuses.
///
/// # Panics
/// If the reader takes more than linear work or memory, keeps more than the limits allow, names a
/// record that is not there, or if what it has read cannot be written and read back.
pub(crate) fn read(input: &[u8], reader: impl Fn(&[u8], &Limits) -> Read) -> Option<Vec<Record>> {
	match linear(input.len(), || reader(input, &LIMITS)) {
		Ok(records) => {
			keep_to_limits(input, &records, reader);
			written(&records);
			Some(records)
		},
		Err(error) => {
			refused(input, error);
			None
		},
	}
}

/// An error names a part of the input, and says something.
pub(crate) fn refused(input: &[u8], error: FormatError) {
	assert!(error.record <= input.len() + 1, "{error} in {} bytes", input.len());
	assert!(Cause::ALL.iter().any(|cause| cause.code() == error.code()), "{error}");
}

/// Limits that are just met change nothing; those that are just passed refuse.
fn keep_to_limits(input: &[u8], records: &[Record], reader: impl Fn(&[u8], &Limits) -> Read) {
	assert!(records.len() <= LIMITS.records);
	assert!(records.iter().all(|record| record.name.len() <= LIMITS.name));
	let exact = Limits { bytes: input.len(), records: records.len(), ..LIMITS };
	assert_eq!(reader(input, &exact).as_deref(), Ok(records));
	if let Some(fewer) = records.len().checked_sub(1) {
		let error = reader(input, &Limits { records: fewer, ..exact }).expect_err("too many");
		assert_eq!(error.cause, Cause::TooManyRecords);
	}
	if let Some(shorter) = input.len().checked_sub(1) {
		let refused = reader(input, &Limits { bytes: shorter, ..exact });
		assert_eq!(refused, Err(Cause::TooLarge.at(0)));
	}
}

/// What was read can be written as a table and, as far as SenML can carry it, as SenML; both read
/// back as the same records.
pub(crate) fn written(records: &[Record]) {
	table(records);
	pack(records);
	for record in records {
		if let Value::Number(number) = record.value {
			assert_eq!(number.to_string().parse::<Decimal>(), Ok(number));
		}
	}
}

/// Limits for what was written.
fn wide(records: &[Record]) -> Limits {
	Limits { bytes: usize::MAX, records: records.len(), ..LIMITS }
}

/// The records with their units as another format reads them: what is a word in one may be a unit in
/// the other. A known unit stays itself.
fn renamed(records: &[Record], unit_of: fn(&str) -> Option<RecordUnit>) -> Vec<Record> {
	let rename = |record: &Record| {
		let unit = record.unit.as_ref().and_then(|unit| unit_of(unit.symbol()));
		if matches!(record.unit, None | Some(RecordUnit::Known(_))) {
			assert_eq!(unit, record.unit);
		}
		Record { unit, ..record.clone() }
	};
	records.iter().map(rename).collect()
}

fn table(records: &[Record]) {
	let table = csv::encode(records).expect("a table carries whatever was read");
	let back = csv::decode(table.as_bytes(), &csv::Layout::canonical(), &wide(records));
	assert_eq!(back, Ok(renamed(records, RecordUnit::from_word)), "{table}");
}

fn pack(records: &[Record]) {
	let fault = |record: &Record| {
		if !is_name(record.name.as_bytes()) {
			Some(Cause::BadName)
		} else if record.time.is_some_and(|time| time < RELATIVE_BELOW) {
			Some(Cause::NotAbsolute)
		} else {
			None
		}
	};
	let expected = records.iter().map(fault).enumerate().find_map(|(index, fault)| {
		let cause = fault?;
		Some(cause.at(index + 1))
	});
	match (senml::encode_json(records), expected) {
		(Ok(pack), None) => {
			let back = senml::decode_json(pack.as_bytes(), NOW, &wide(records));
			let dated = |record: Record| Record { time: record.time.or(Some(NOW)), ..record };
			let renamed = renamed(records, RecordUnit::from_symbol);
			assert_eq!(back, Ok(renamed.into_iter().map(dated).collect::<Vec<_>>()), "{pack}");
		},
		(encoded, expected) => assert_eq!(encoded.err(), expected),
	}
}
