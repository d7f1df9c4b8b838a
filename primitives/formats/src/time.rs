//! Times of the formats, as milliseconds since the Unix epoch, rounded down.

use crate::{Cause, Decimal, work};

/// Days before each month of a year that is no leap year.
const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const MILLIS_PER_MINUTE: u64 = 60_000;
/// Number of leap years in years 1 to 1969 of the Gregorian calendar.
const LEAPS_BEFORE_1970: u64 = 477;

/// Milliseconds of a time in seconds since the epoch, rounded down.
///
/// # Errors
/// [`Cause::BadTime`] before 1970, or beyond 64 bits.
pub fn from_seconds(seconds: Decimal) -> Result<u64, Cause> {
	seconds.floor(3).and_then(|millis| u64::try_from(millis).ok()).ok_or(Cause::BadTime)
}

/// Milliseconds of a time in milliseconds since the epoch, rounded down.
///
/// # Errors
/// [`Cause::BadTime`] before 1970, or beyond 64 bits.
pub fn from_millis(millis: Decimal) -> Result<u64, Cause> {
	millis.floor(0).and_then(|millis| u64::try_from(millis).ok()).ok_or(Cause::BadTime)
}

/// Seconds of a time in milliseconds: exact.
#[must_use]
pub fn to_seconds(millis: u64) -> Decimal {
	// At most 20 digits and an exponent of -3.
	Decimal::new(i128::from(millis), -3).unwrap_or_default()
}

/// Milliseconds of a time as RFC 3339 §5.6 writes it: `2024-02-29T23:59:59.999+01:00`. A blank may
/// stand for the T, ` GMT` or ` UTC` for the Z. A leap second counts as the first of the next
/// minute.
///
/// # Errors
/// [`Cause::BadTime`] if it is anything else, has no zone, or lies before 1970.
pub fn from_rfc3339(text: &str) -> Result<u64, Cause> {
	work::add(text.len());
	let (head, rest) = text.split_at_checked(19).ok_or(Cause::BadTime)?;
	let minutes = minutes_of(head)?;
	let seconds = head.get(17..).and_then(two_digits).filter(|seconds| *seconds <= 60);
	let (millis, zone) = fraction(rest)?;
	let local = minutes
		.saturating_mul(MILLIS_PER_MINUTE)
		.saturating_add(seconds.ok_or(Cause::BadTime)?.saturating_mul(1_000))
		.saturating_add(millis);
	let (is_behind, offset) = offset(zone)?;
	let offset = offset.saturating_mul(MILLIS_PER_MINUTE);
	let utc = if is_behind { local.checked_add(offset) } else { local.checked_sub(offset) };
	utc.ok_or(Cause::BadTime)
}

/// Minutes between the epoch and the minute of `YYYY-MM-DDThh:mm:`.
fn minutes_of(head: &str) -> Result<u64, Cause> {
	let bytes = head.as_bytes();
	let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
	let is_separated = separators.iter().all(|(at, mark)| bytes.get(*at) == Some(mark))
		&& matches!(bytes.get(10), Some(b'T' | b't' | b' '));
	if !is_separated {
		return Err(Cause::BadTime);
	}
	let part = |start: usize| {
		let end = start.saturating_add(2);
		head.get(start..end).and_then(two_digits).ok_or(Cause::BadTime)
	};
	let year = part(0)?.saturating_mul(100).saturating_add(part(2)?);
	let (hour, minute) = (part(11)?, part(14)?);
	if hour > 23 || minute > 59 {
		return Err(Cause::BadTime);
	}
	let days = days_of(year, part(5)?, part(8)?).ok_or(Cause::BadTime)?;
	Ok(days.saturating_mul(24).saturating_add(hour).saturating_mul(60).saturating_add(minute))
}

/// Days between the epoch and a date of the Gregorian calendar; `None` if there is no such date.
fn days_of(year: u64, month: u64, day: u64) -> Option<u64> {
	let index = usize::try_from(month.checked_sub(1)?).ok()?;
	let before = *DAYS_BEFORE.get(index)?;
	let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
	let after = DAYS_BEFORE.get(index.checked_add(1)?).copied().unwrap_or(365);
	let length = after.checked_sub(before)?.checked_add(u64::from(is_leap && month == 2))?;
	if !(1..=length).contains(&day) {
		return None;
	}
	let past = year.checked_sub(1)?;
	let leaps = (past / 4).checked_sub(past / 100)?.checked_add(past / 400)?;
	year.checked_sub(1970)?
		.checked_mul(365)?
		.checked_add(leaps.checked_sub(LEAPS_BEFORE_1970)?)?
		.checked_add(before)?
		.checked_add(u64::from(is_leap && month > 2))?
		.checked_add(day.checked_sub(1)?)
}

/// Milliseconds of `.fraction`, rounded down, and what follows.
fn fraction(rest: &str) -> Result<(u64, &str), Cause> {
	let Some(digits) = rest.strip_prefix('.') else { return Ok((0, rest)) };
	let zone = digits.trim_start_matches(|c: char| c.is_ascii_digit());
	let digits = digits.strip_suffix(zone).filter(|digits| !digits.is_empty());
	let millis = digits.ok_or(Cause::BadTime)?.bytes().chain(*b"000").take(3);
	let millis = millis.fold(0u64, |sum, digit| {
		sum.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
	});
	Ok((millis, zone))
}

/// Whether the zone is behind UTC, and by how many minutes it differs.
fn offset(zone: &str) -> Result<(bool, u64), Cause> {
	if matches!(zone, "Z" | "z" | " GMT" | " UTC") {
		return Ok((false, 0));
	}
	let (sign, rest) = zone.split_at_checked(1).ok_or(Cause::BadTime)?;
	let (hours, minutes) = rest.split_once(':').ok_or(Cause::BadTime)?;
	let hours = two_digits(hours).filter(|hours| *hours <= 23).ok_or(Cause::BadTime)?;
	let minutes = two_digits(minutes).filter(|minutes| *minutes <= 59).ok_or(Cause::BadTime)?;
	let offset = hours.saturating_mul(60).saturating_add(minutes);
	match sign {
		"+" => Ok((false, offset)),
		"-" => Ok((true, offset)),
		_ => Err(Cause::BadTime),
	}
}

/// The number of exactly two digits.
fn two_digits(text: &str) -> Option<u64> {
	let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
	if is_number { text.parse().ok() } else { None }
}
