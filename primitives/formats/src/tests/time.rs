//! Times.

use proptest::prelude::*;

use super::decimal;
use crate::{Cause, time};

#[test]
fn works_when_a_time_has_its_zone() {
	for (text, millis) in [
		("1970-01-01T00:00:00Z", 0),
		("1970-01-01T01:00:00+01:00", 0),
		("2000-02-29T23:59:59.999Z", 951_868_799_999),
		("2023-11-14T22:13:20Z", 1_700_000_000_000),
		("2023-11-14T23:43:20.5+01:30", 1_700_000_000_500),
		("2023-11-14t14:13:20-08:00", 1_700_000_000_000),
		("2023-11-14 22:13:20 GMT", 1_700_000_000_000),
		("2023-11-14 22:13:20 UTC", 1_700_000_000_000),
		("2013-03-31T16:21:17.528002Z", 1_364_746_877_528),
		("2016-12-31T23:59:60Z", 1_483_228_800_000),
		("9999-12-31T23:59:59.999999Z", 253_402_300_799_999),
	] {
		assert_eq!(time::from_rfc3339(text), Ok(millis), "{text}");
	}
}

#[test]
fn fails_when_a_time_is_none() {
	for text in [
		"",
		"now",
		"2023-11-14",
		"2023-11-14T22:13:20",
		"2023-11-14T22:13Z",
		"2023-11-14T22:13:20.Z",
		"2023-11-14T22:13:20,5Z",
		"2023-13-14T22:13:20Z",
		"2023-00-14T22:13:20Z",
		"2023-02-29T22:13:20Z",
		"1900-02-29T22:13:20Z",
		"2023-04-31T22:13:20Z",
		"2023-11-00T22:13:20Z",
		"2023-11-14T24:00:00Z",
		"2023-11-14T22:60:20Z",
		"2023-11-14T22:13:61Z",
		"2023-11-14T22:13:20+0100",
		"2023-11-14T22:13:20+24:00",
		"2023-11-14T22:13:20 CET",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"+023-11-14T22:13:20Z",
		"2023-11-14T22:13:2٠Z",
	] {
		assert_eq!(time::from_rfc3339(text), Err(Cause::BadTime), "{text}");
	}
}

#[test]
fn seconds_are_rounded_down_to_milliseconds() {
	assert_eq!(time::from_seconds(decimal("1604676851.123999")), Ok(1_604_676_851_123));
	assert_eq!(time::from_millis(decimal("1604676851123.9")), Ok(1_604_676_851_123));
	for text in ["-1", "-0.0001", "1e20"] {
		assert_eq!(time::from_seconds(decimal(text)), Err(Cause::BadTime), "{text}");
	}
	assert_eq!(time::from_millis(decimal("-1")), Err(Cause::BadTime));
}

proptest! {
	#[test]
	fn milliseconds_survive_as_seconds(millis in any::<u64>()) {
		prop_assert_eq!(time::from_seconds(time::to_seconds(millis)), Ok(millis));
	}

	#[test]
	fn a_day_later_is_a_day_later(year in 1971u32..9999, month in 1u32..=12, day in 1u32..=27) {
		let at = |day: u32| time::from_rfc3339(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
		prop_assert_eq!(at(day).expect("a day") + 86_400_000, at(day + 1).expect("a day"));
		let new_year = |year: u32| time::from_rfc3339(&format!("{year:04}-01-01T00:00:00Z")).expect("a day");
		let eve = time::from_rfc3339(&format!("{year:04}-12-31T00:00:00Z")).expect("a day");
		prop_assert_eq!(eve + 86_400_000, new_year(year + 1));
		let days = (new_year(year + 1) - new_year(year)) / 86_400_000;
		let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
		prop_assert_eq!(days, if is_leap { 366 } else { 365 });
	}
}
