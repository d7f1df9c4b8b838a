//! Expositions of OpenMetrics and Prometheus.

use std::fmt::Write;

use cairn_formats::{
	Limits, Record, Value,
	openmetrics::{Dialect, decode},
};

use crate::records::{LIMITS, read};

/// An exposition, read as either format.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a series' name is not the series as one may write it.
#[must_use]
pub fn openmetrics(input: &[u8]) -> bool {
	let dialects = [Dialect::OpenMetrics, Dialect::Prometheus];
	let accepted = dialects.map(|dialect| {
		let records = read(input, |input, limits| decode(input, dialect, limits));
		records.inspect(|records| exposed(records)).is_some()
	});
	accepted.contains(&true)
}

/// Names, values and times make an exposition that reads back as the same.
fn exposed(records: &[Record]) {
	let mut text = String::new();
	for record in records {
		let Value::Number(number) = record.value else { panic!("samples are numbers") };
		write!(text, "{} {number}", record.name).expect("a string grows");
		if let Some(millis) = record.time {
			write!(text, " {millis}").expect("a string grows");
		}
		text.push('\n');
	}
	let limits = Limits { bytes: usize::MAX, ..LIMITS };
	let expected = records.iter().map(|record| Record { unit: None, ..record.clone() });
	let back = decode(text.as_bytes(), Dialect::Prometheus, &limits);
	assert_eq!(back, Ok(expected.collect::<Vec<_>>()), "{text}");
}
