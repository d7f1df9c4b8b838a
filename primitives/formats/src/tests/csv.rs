//! Tables.

use proptest::prelude::*;

use super::{any_records, limits, number, record, sum, text};
use crate::{
	Cause, FormatError, Limits, Record, RecordUnit, Value,
	csv::{
		Column, Layout, LongColumns, MAX_COLUMNS, Shape, TimeColumn, TimeForm, ValueColumn, decode,
		encode,
	},
};

fn wide(columns: Vec<ValueColumn>) -> Layout {
	Layout { time: None, shape: Shape::Wide(columns), ..Layout::canonical() }
}

fn column(place: &str, name: Option<&str>, unit: Option<&str>) -> ValueColumn {
	ValueColumn {
		column: Column::try_from(place.to_owned()).expect("a column"),
		name: name.map(ToOwned::to_owned),
		unit: unit.map(ToOwned::to_owned),
	}
}

fn timed(layout: Layout, place: &str, form: TimeForm) -> Layout {
	let column = Column::try_from(place.to_owned()).expect("a column");
	Layout { time: Some(TimeColumn { column, form }), ..layout }
}

fn read(table: &str, layout: &Layout) -> Result<Vec<Record>, FormatError> {
	decode(table.as_bytes(), layout, &limits())
}

#[test]
fn works_when_a_header_names_the_columns() {
	let layout = wide(vec![
		column("temp", Some("room/temperature"), Some("Cel")),
		column("open", None, None),
	]);
	let layout = timed(layout, "when", TimeForm::Rfc3339);
	let table = "\u{feff}when, temp ,open,note\r\n\
		2023-11-14T22:13:20Z, 21.50 ,true,\"a, b\"\r\n\
		\r\n\
		2023-11-14T22:13:21.5+00:00,,FALSE,\"say \"\"no\"\"\"";
	let expected = vec![
		record("room/temperature", Some(1_700_000_000_000), "Cel", number("21.5")),
		record("open", Some(1_700_000_000_000), "", Value::Bool(true)),
		record("open", Some(1_700_000_001_500), "", Value::Bool(false)),
	];
	assert_eq!(read(table, &layout), Ok(expected));
}

#[test]
fn works_when_columns_are_counted() {
	let columns =
		vec![column("#2", Some("a"), Some("°C")), column("#3", Some("b"), Some("furlong"))];
	let layout = Layout { header: false, delimiter: ';', decimal_comma: true, ..wide(columns) };
	let layout = timed(layout, "#1", TimeForm::Seconds);
	let records = read("1700000000,25;21,5;1e3\n;7;8\n", &layout);
	let other = |name, time, value| Record {
		unit: Some(RecordUnit::Other("furlong".to_owned())),
		..record(name, time, "", value)
	};
	let expected = vec![
		record("a", Some(1_700_000_000_250), "Cel", number("21.5")),
		other("b", Some(1_700_000_000_250), number("1000")),
		record("a", None, "Cel", number("7")),
		other("b", None, number("8")),
	];
	assert_eq!(records, Ok(expected));
}

#[test]
fn works_when_no_column_is_listed() {
	let layout = timed(wide(Vec::new()), "t", TimeForm::Millis);
	let expected =
		vec![record("a", Some(5), "", number("1")), record("b", Some(5), "", number("2"))];
	assert_eq!(read("a,t,b\n1,5,2\n", &layout), Ok(expected));
	assert_eq!(read("", &layout), Ok(Vec::new()));
	assert_eq!(read("a,t,b", &layout), Ok(Vec::new()));
}

#[test]
fn works_when_each_row_is_a_record() {
	let layout = Layout {
		time: None,
		shape: Shape::Long(LongColumns {
			name: Column::Index(1),
			value: Column::Index(0),
			unit: None,
			kind: None,
		}),
		header: false,
		..Layout::canonical()
	};
	assert_eq!(read("1.5,x\n", &layout), Ok(vec![record("x", None, "", number("1.5"))]));
}

#[test]
fn there_is_one_encoding() {
	let records = [
		record("a", Some(1_700_000_000_000), "Cel", number("21.50")),
		sum("a", None, "W", number("1e3")),
		record("t{a=\"b\",c=\"d\"}", None, "", Value::Bool(true)),
		record("a", None, "", text("x\r\ny")),
		record("a", None, "", text("")),
		record("a", None, "", Value::Data(vec![0xfb, 0xff])),
	];
	let expected = "time,name,value,unit,kind\n\
		1700000000000,a,21.5,Cel,number\n\
		,a,1000,W,sum\n\
		,\"t{a=\"\"b\"\",c=\"\"d\"\"}\",true,,bool\n\
		,a,\"x\r\ny\",,text\n\
		,a,,,text\n\
		,a,-_8,,data\n";
	assert_eq!(encode(&records).as_deref(), Ok(expected));
	assert_eq!(read(expected, &Layout::canonical()), Ok(records.to_vec()));
}

#[test]
fn fails_when_a_table_cannot_carry_a_record() {
	let bad = [
		(record("", None, "", number("1")), Cause::BadName),
		(sum("a", None, "", text("1")), Cause::NotANumber),
	];
	for (bad, cause) in bad {
		assert_eq!(encode(&[record("a", None, "", number("1")), bad]), Err(cause.at(2)));
	}
}

#[test]
fn fails_when_a_row_breaks_the_rules() {
	let canonical = Layout::canonical();
	let comma = Layout { decimal_comma: true, delimiter: ';', ..wide(Vec::new()) };
	let many = vec!["1"; MAX_COLUMNS + 1].join(",");
	for (table, layout, number, cause) in [
		("time,name,value,unit\n", &canonical, 1, Cause::NoColumn),
		("time,name,value,unit,kind\n1,a,1,V\n", &canonical, 2, Cause::RaggedRow),
		("time,name,value,unit,kind\n,a,1,V,number,\n", &canonical, 2, Cause::RaggedRow),
		("time,name,value,unit,kind\n,a,1,V,integer\n", &canonical, 2, Cause::BadKind),
		("time,name,value,unit,kind\n,a,yes,,bool\n", &canonical, 2, Cause::WrongType),
		("time,name,value,unit,kind\n,a,!,,data\n", &canonical, 2, Cause::BadData),
		("time,name,value,unit,kind\n,,1,,number\n", &canonical, 2, Cause::BadName),
		("time,name,value,unit,kind\n,a,,,number\n", &canonical, 2, Cause::BadNumber),
		("time,name,value,unit,kind\n-1,a,1,,number\n", &canonical, 2, Cause::BadTime),
		("time,name,value,unit,kind\nnow,a,1,,number\n", &canonical, 2, Cause::BadNumber),
		("a\nten\n", &wide(Vec::new()), 2, Cause::BadNumber),
		("a\nNaN\n", &wide(Vec::new()), 2, Cause::NotFinite),
		("a,\n1,2\n", &wide(Vec::new()), 1, Cause::BadName),
		("a\n1.000,5\n", &comma, 2, Cause::BadNumber),
		(many.as_str(), &wide(Vec::new()), 1, Cause::TooManyColumns),
	] {
		assert_eq!(read(table, layout), Err(cause.at(number)), "{table}");
	}
	let refused = decode(b"a\n\xff\n", &wide(Vec::new()), &limits());
	assert_eq!(refused, Err(Cause::BadUtf8.at(0)));
}

#[test]
fn works_when_there_are_as_many_columns_as_allowed() {
	let header: Vec<_> = (0..MAX_COLUMNS).map(|place| format!("c{place}")).collect();
	let table = format!("{}\n{}\n", header.join(","), vec!["1"; MAX_COLUMNS].join(","));
	assert_eq!(read(&table, &wide(Vec::new())).map(|records| records.len()), Ok(MAX_COLUMNS));
}

#[test]
fn fails_when_a_layout_makes_no_sense() {
	let nameless = Layout { header: false, ..wide(vec![column("#1", None, None)]) };
	let headless = Layout { header: false, ..wide(vec![column("a", Some("a"), None)]) };
	let all = Layout { header: false, ..wide(Vec::new()) };
	for (layout, number, cause) in [
		(nameless, 1, Cause::BadLayout),
		(headless, 1, Cause::BadLayout),
		(all, 1, Cause::BadLayout),
		(wide(vec![column("#2", None, None)]), 1, Cause::NoColumn),
		(Layout { delimiter: '"', ..wide(Vec::new()) }, 0, Cause::BadLayout),
		(Layout { delimiter: '\n', ..wide(Vec::new()) }, 0, Cause::BadLayout),
		(Layout { delimiter: '€', ..wide(Vec::new()) }, 0, Cause::BadLayout),
	] {
		assert_eq!(read("1\n", &layout), Err(cause.at(number)), "{layout:?}");
	}
	for text in ["", "#0"] {
		assert_eq!(Column::try_from(text.to_owned()), Err(Cause::BadLayout));
	}
}

#[test]
fn fails_when_a_limit_is_passed() {
	let (table, layout) = ("ab\n1\n2\n", wide(Vec::new()));
	let exact = Limits { bytes: table.len(), records: 2, name: 2, ..limits() };
	let read = |limits: &Limits| decode(table.as_bytes(), &layout, limits);
	assert_eq!(read(&exact).map(|records| records.len()), Ok(2));
	assert_eq!(read(&Limits { bytes: table.len() - 1, ..exact }), Err(Cause::TooLarge.at(0)));
	assert_eq!(read(&Limits { records: 1, ..exact }), Err(Cause::TooManyRecords.at(3)));
	assert_eq!(read(&Limits { name: 1, ..exact }), Err(Cause::NameTooLong.at(2)));
}

#[test]
fn a_layout_is_written_as_people_configure_it() {
	let json = r##"{
		"delimiter": ";",
		"decimalComma": true,
		"time": { "column": "#1", "form": "rfc3339" },
		"shape": { "wide": [{ "column": "temp", "unit": "Cel" }] }
	}"##;
	let layout: Layout = serde_json::from_str(json).expect("a layout");
	let expected = Layout {
		delimiter: ';',
		decimal_comma: true,
		..timed(wide(vec![column("temp", None, Some("Cel"))]), "#1", TimeForm::Rfc3339)
	};
	assert_eq!(layout, expected);
	let written = serde_json::to_string(&layout).expect("writes");
	assert_eq!(serde_json::from_str::<Layout>(&written).expect("reads"), layout);
}

proptest! {
	#[test]
	fn what_is_encoded_reads_back(records in any_records()) {
		let table = encode(&records).expect("a table can carry them");
		prop_assert_eq!(read(&table, &Layout::canonical()), Ok(records));
	}

	#[test]
	fn rows_are_those_that_the_csv_crate_reads(table in "([a-c,\"]{0,6}\r?\n){0,6}[a-c,\"]{0,6}") {
		// Every field is a text of a long table with one column: only the splitting counts.
		let mut reader = ::csv::ReaderBuilder::new()
			.has_headers(false)
			.flexible(true)
			.from_reader(table.as_bytes());
		let theirs: Vec<Vec<String>> = reader
			.records()
			.map(|row| row.expect("UTF-8").iter().map(ToOwned::to_owned).collect())
			.collect();
		let mut rows = crate::csv::rows::Rows::new(table.as_bytes(), b',');
		let mut ours = Vec::new();
		while let Some(row) = rows.advance().expect("few columns") {
			let fields = (0..row.len()).map(|place| row.field(place).expect("there").to_owned());
			ours.push(fields.collect::<Vec<_>>());
		}
		prop_assert_eq!(ours, theirs);
	}
}
