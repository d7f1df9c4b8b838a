//! Numbers and times as texts, floats, and units.

use std::str;

use cairn_formats::{
	Cause, Decimal,
	time::{from_millis, from_rfc3339, from_seconds, to_seconds},
};
use cairn_types::{Channel, ChannelKind, Unit, unit};

use crate::records::linear;

const MILLIS_PER_DAY: u64 = 86_400_000;

/// A text that may be a number or a time; its first bytes are floats and a value of a channel as well.
/// Accepted if it is a number or a time.
///
/// # Panics
/// As [`crate::Target::run`] says; also if what is written is not what was read, if a float is not the
/// one that its shortest decimal stands for, if a unit does not convert into itself, or if a channel
/// takes a unit that does not measure its quantity.
#[must_use]
pub fn number(input: &[u8]) -> bool {
	if let Some((head, _)) = input.split_first_chunk::<10>() {
		let [unit, scale, bits @ ..] = head;
		floats(u64::from_le_bytes(*bits));
		converts(*unit, *scale, i64::from_le_bytes(*bits));
	}
	let Ok(text) = str::from_utf8(input) else { return false };
	let number = linear(text.len(), || text.parse::<Decimal>());
	if let Ok(number) = number {
		decimal(number);
	}
	agrees(text, number);
	let moment = linear(text.len(), || from_rfc3339(text));
	if let Ok(millis) = moment {
		written(millis);
	}
	number.is_ok() || moment.is_ok()
}

fn decimal(number: Decimal) {
	let text = number.to_string();
	assert_eq!(text.parse::<Decimal>(), Ok(number), "{text}");
	assert_eq!(number.plus(Decimal::ZERO), Ok(number));
	assert_eq!(number.times(Decimal::ONE), Ok(number));
	if let Ok(millis) = from_seconds(number) {
		assert_eq!(from_seconds(to_seconds(millis)), Ok(millis));
	}
	if let Ok(millis) = from_millis(number) {
		assert_eq!(from_millis(Decimal::from(millis)), Ok(millis));
	}
}

/// The data standard's own reader of numbers says the same, but for the size of the exponent.
fn agrees(text: &str, number: Result<Decimal, Cause>) {
	match (text.parse::<unit::Decimal>(), number) {
		(Ok(theirs), Ok(ours)) => {
			assert_eq!(Decimal::new(theirs.mantissa, theirs.exponent.into()), Ok(ours));
		},
		(Ok(theirs), Err(cause)) => {
			assert_eq!(cause, Cause::NumberTooLong);
			assert_eq!(Decimal::new(theirs.mantissa, theirs.exponent.into()), Err(cause));
		},
		(Err(_), ours) => assert!(ours.is_err(), "{text}"),
	}
}

/// The shortest decimal of a float reads back as it.
fn floats(bits: u64) {
	let double = f64::from_bits(bits);
	match Decimal::from_f64(double) {
		Ok(number) => assert_eq!(number.to_string().parse::<f64>(), Ok(double)),
		Err(cause) => assert!(cause == Cause::NotFinite && !double.is_finite(), "{double}"),
	}
	let [b0, b1, b2, b3, ..] = bits.to_le_bytes();
	let single = f32::from_le_bytes([b0, b1, b2, b3]);
	match Decimal::from_f32(single) {
		Ok(number) => assert_eq!(number.to_string().parse::<f32>(), Ok(single)),
		Err(cause) => assert!(cause == Cause::NotFinite && !single.is_finite(), "{single}"),
	}
}

/// A channel's value is itself in the channel's unit and scale. Other units are refused exactly if they
/// do not measure the channel's quantity, else they give a value unless it is too large.
fn converts(unit: u8, scale: u8, value: i64) {
	let unit_at = |place: u8| Unit::ALL[usize::from(place) % Unit::ALL.len()];
	let (own, scales) = (unit_at(unit), unit::SCALES);
	let span = u8::try_from(scales.clone().count()).expect("few scales");
	let scale = scales.start() + i8::try_from(scale % span).expect("few scales");
	let [from, measured, ..] = value.to_le_bytes();
	let (from, quantities) = (unit_at(from), own.quantities());
	let channel = Channel {
		name: b"value".to_vec().try_into().expect("a short name"),
		quantity: quantities[usize::from(measured) % quantities.len()],
		unit: own,
		scale,
		kind: ChannelKind::Gauge,
		min: i64::MIN,
		max: i64::MAX,
		max_change: None,
	};
	let number = unit::Decimal::from_scaled(value, scale);
	assert_eq!(channel.value(number, own), Ok(value));
	let is_other = channel.value(number, from) == Err(unit::ConversionFault::OtherDimension);
	assert_eq!(is_other, !from.measures(channel.quantity), "{from:?} for {channel:?}");
}

/// A time, written with Z, reads back as it.
fn written(millis: u64) {
	let (days, rest) = (millis / MILLIS_PER_DAY, millis % MILLIS_PER_DAY);
	let (year, month, day) = date(days);
	if year > 9_999 {
		return;
	}
	let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
	let (seconds, fraction) = (rest / 1_000 % 60, rest % 1_000);
	let text = format!(
		"{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{fraction:03}Z"
	);
	assert_eq!(from_rfc3339(&text), Ok(millis), "{text}");
}

/// Year, month and day of a day after the epoch. Counts years from March, so that the leap day is the
/// last: then months have 153 days in five.
fn date(days: u64) -> (u64, u64, u64) {
	// Days since March 1 of year 0, in cycles of 400 years.
	let days = days + 719_468;
	let (cycle, day) = (days / 146_097, days % 146_097);
	let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
	let day = day - (365 * year + year / 4 - year / 100);
	let month = (5 * day + 2) / 153;
	let day = day - (153 * month + 2) / 5 + 1;
	let is_next_year = month >= 10;
	let month = if is_next_year { month - 9 } else { month + 3 };
	(400 * cycle + year + u64::from(is_next_year), month, day)
}
