//! The parameters of a URL: each known, and given once.

use std::collections::BTreeMap;

use axum::{extract::Query, http::Uri};
use cairn_formats::{Decimal, time};

use super::fault::{DataFault, Refused};

/// The parameters of a request's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
	/// Read those of `uri`, which must be among `known`.
	///
	/// # Errors
	/// [`DataFault::UnknownParameter`] or [`DataFault::RepeatedParameter`].
	pub fn new(uri: &Uri, known: &[&str]) -> Result<Self, Refused> {
		let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
		let Query(pairs) = pairs.map_err(|_| DataFault::BadParameter)?;
		let mut parameters = BTreeMap::new();
		for (name, value) in pairs {
			if !known.contains(&name.as_str()) {
				return Err(DataFault::UnknownParameter.about(shortened(&name)));
			}
			if parameters.insert(name.clone(), value).is_some() {
				return Err(DataFault::RepeatedParameter.about(name));
			}
		}
		Ok(Self(parameters))
	}

	/// A parameter's text.
	#[must_use]
	pub fn get(&self, name: &str) -> Option<&str> {
		self.0.get(name).map(String::as_str)
	}

	/// A number in decimal digits, without a sign.
	///
	/// # Errors
	/// [`DataFault::BadParameter`].
	pub fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<Option<T>, Refused> {
		let Some(text) = self.get(name) else { return Ok(None) };
		let wrong = || DataFault::BadParameter.about(format!("{name}={}", shortened(text)));
		digits(text).map(Some).ok_or_else(wrong)
	}

	/// A time, in ms since the epoch.
	///
	/// # Errors
	/// [`DataFault::BadTime`].
	pub fn time(&self, name: &str) -> Result<Option<u64>, Refused> {
		let Some(text) = self.get(name) else { return Ok(None) };
		let wrong = || DataFault::BadTime.about(format!("{name}={}", shortened(text)));
		read_time(text).map(Some).ok_or_else(wrong)
	}
}

/// The number of decimal digits only; `None` for anything else.
#[must_use]
pub fn digits<T: TryFrom<u64>>(text: &str) -> Option<T> {
	let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
	let number = if plain { text.parse::<u64>().ok() } else { None };
	number.and_then(|number| T::try_from(number).ok())
}

/// A time as RFC 3339, or as milliseconds since the epoch.
#[must_use]
pub fn read_time(text: &str) -> Option<u64> {
	digits(text).or_else(|| time::from_rfc3339(text).ok())
}

/// A time of milliseconds since the epoch as RFC 3339 in UTC, with milliseconds. Proleptic Gregorian
/// calendar, by H. Hinnant's `civil_from_days`; exact.
#[must_use]
pub fn write_time(millis: u64) -> String {
	let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
	let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
	let (seconds, fraction) = (rest / 1_000 % 60, rest % 1_000);
	// Days since 0000-03-01; eras have 400 years.
	let days = days + 719_468;
	let (era, day) = (days / 146_097, days % 146_097);
	let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
	let day = day - (365 * year + year / 4 - year / 100);
	let month = (5 * day + 2) / 153;
	let day = day - (153 * month + 2) / 5 + 1;
	let month = if month < 10 { month + 3 } else { month - 9 };
	let year = era * 400 + year + u64::from(month <= 2);
	format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{fraction:03}Z")
}

/// A channel's value as an exact decimal number.
#[must_use]
pub fn decimal(value: i64, scale: i8) -> Decimal {
	// A 64-bit integer and a scale of 8 bits are far within the limits of a decimal.
	Decimal::new(i128::from(value), i64::from(scale)).unwrap_or_default()
}

/// The first characters of a text, to show what is meant.
#[must_use]
pub fn shortened(text: &str) -> String {
	text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn read(query: &str) -> Result<Parameters, Refused> {
		let uri = format!("/v1/data?{query}").parse().expect("a URI");
		Parameters::new(&uri, &["limit", "from"])
	}

	#[test]
	fn works_when_parameters_are_known() {
		let parameters = read("limit=007&from=2026-01-31T12%3A00%3A00Z").expect("reads");
		assert_eq!(parameters.number::<u32>("limit"), Ok(Some(7)));
		assert_eq!(parameters.time("from"), Ok(Some(1_769_860_800_000)));
		assert_eq!(parameters.number::<u32>("to"), Ok(None));
		assert_eq!(read("from=5").expect("reads").time("from"), Ok(Some(5)));
	}

	#[test]
	fn fails_when_parameters_are_wrong() {
		let fault = |query: &str| read(query).expect_err(query).fault;
		assert_eq!(fault("colour=red"), DataFault::UnknownParameter);
		assert_eq!(fault("limit=1&limit=1"), DataFault::RepeatedParameter);
		for text in ["", "-1", "+1", "1.0", "1e3", "18446744073709551616", "x"] {
			let uri = format!("limit={}", text.replace('+', "%2B"));
			let parameters = read(&uri).expect("reads");
			let refused = parameters.number::<u64>("limit").expect_err(text);
			assert_eq!(refused.fault, DataFault::BadParameter);
		}
		assert!(read("limit=4294967296").expect("reads").number::<u32>("limit").is_err());
		for text in ["", "yesterday", "2026-01-31", "2026-13-31T12:00:00Z", "2026-01-31T12:00:00"] {
			let parameters = read(&format!("from={text}")).expect("reads");
			assert_eq!(parameters.time("from").expect_err(text).fault, DataFault::BadTime);
		}
	}

	#[test]
	fn works_when_a_time_is_written() {
		for (millis, text) in [
			(0, "1970-01-01T00:00:00.000Z"),
			(951_782_399_999, "2000-02-28T23:59:59.999Z"),
			(951_782_400_000, "2000-02-29T00:00:00.000Z"),
			(4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
			(4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
			(1_769_860_800_000, "2026-01-31T12:00:00.000Z"),
		] {
			assert_eq!(write_time(millis), text);
		}
	}

	proptest! {
		#[test]
		fn a_time_reads_back_as_it_was_written(millis in 0u64..253_402_300_800_000) {
			prop_assert_eq!(read_time(&write_time(millis)), Some(millis));
		}
	}
}
