//! Values of one device that wait to be signed: in bounded memory, however much comes. Pure.

use std::collections::BTreeMap;

use cairn_types::schema::Values;

use super::left::Left;

/// Most times of which values wait.
pub const MOST_ROWS: usize = 4_096;

/// One place per channel.
type Row = Vec<Option<i64>>;

/// What a reading is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
	/// ms since the epoch.
	pub time: u64,
	/// One place per channel.
	pub values: Values,
}

/// Values by their times.
#[derive(Debug, Default)]
pub struct Inbox {
	rows: BTreeMap<u64, Row>,
}

impl Inbox {
	/// Whether nothing waits.
	#[must_use]
	pub fn is_empty(&self) -> bool {
		self.rows.is_empty()
	}

	/// Forget everything: the schema is another one.
	pub fn clear(&mut self) {
		self.rows.clear();
	}

	/// Keep a value. Where as many times are kept as may be, the earliest one goes.
	///
	/// - `channels`: how many the schema has.
	///
	/// # Errors
	/// [`Left::Conflict`] if the channel has another value of this time; [`Left::Overflow`] if this
	/// time would be the one that goes.
	pub fn put(
		&mut self,
		channels: usize,
		time: u64,
		channel: usize,
		value: i64,
	) -> Result<(), Left> {
		if self.rows.len() >= MOST_ROWS && !self.rows.contains_key(&time) {
			if self.rows.first_key_value().is_some_and(|(first, _)| time < *first) {
				return Err(Left::Overflow);
			}
			self.rows.pop_first();
		}
		let row = self.rows.entry(time).or_insert_with(|| vec![None; channels]);
		let place = row.get_mut(channel).ok_or(Left::Unmapped)?;
		match place.replace(value) {
			Some(held) if held != value => {
				*place = Some(held);
				Err(Left::Conflict)
			},
			_ => Ok(()),
		}
	}

	/// Take what is to be reported, in order of time: at most one moment for each interval since
	/// `after`, the newest values of each channel in it, under the newest time in it. What comes
	/// later than the rest, by less than half an interval, waits for its own interval.
	///
	/// - `after`: time of the newest reading, 0 if there is none; values of it or earlier are dropped.
	/// - `interval`: ms, at least 1.
	#[must_use]
	pub fn take(&mut self, after: u64, interval: u64) -> Vec<Moment> {
		let interval = interval.max(1);
		let rows = std::mem::take(&mut self.rows);
		let mut rows = rows.into_iter().filter(|(time, _)| *time > after).peekable();
		let origin = match after {
			0 => rows.peek().map_or(0, |(first, _)| *first),
			after => after,
		};
		let mut cells = BTreeMap::<u64, (u64, Row)>::new();
		for (time, row) in rows {
			let cell = time.saturating_sub(origin) / interval;
			match cells.get_mut(&cell) {
				Some((newest, held)) => {
					*newest = time;
					merge(held, &row);
				},
				None => drop(cells.insert(cell, (time, row))),
			}
		}
		if let Some((cell, (time, row))) = cells.pop_last() {
			let before = cells.last_key_value().map(|(_, (time, _))| *time);
			if before.is_some_and(|before| time.saturating_sub(before) < interval / 2) {
				self.rows.insert(time, row);
			} else {
				cells.insert(cell, (time, row));
			}
		}
		let moment = |(time, row)| Moment { time, values: Values::truncate_from(row) };
		cells.into_values().map(moment).collect()
	}
}

/// Newer values go before older ones.
fn merge(held: &mut Row, newer: &Row) {
	for (held, newer) in held.iter_mut().zip(newer) {
		*held = newer.or(*held);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn inbox(rows: &[(u64, usize, i64)]) -> Inbox {
		let mut inbox = Inbox::default();
		for (time, channel, value) in rows {
			inbox.put(2, *time, *channel, *value).expect("kept");
		}
		inbox
	}

	fn taken(inbox: &mut Inbox, after: u64, interval: u64) -> Vec<(u64, Vec<Option<i64>>)> {
		let moments = inbox.take(after, interval).into_iter();
		moments.map(|moment| (moment.time, moment.values.to_vec())).collect()
	}

	#[test]
	fn works_when_values_of_one_interval_are_merged() {
		let mut inbox = inbox(&[(1_003, 0, 1), (1_005, 1, 2), (1_007, 0, 3)]);
		assert_eq!(taken(&mut inbox, 1_000, 10), [(1_007, vec![Some(3), Some(2)])]);
		assert!(inbox.is_empty());
	}

	#[test]
	fn works_when_a_backlog_comes() {
		let mut inbox = inbox(&[(1_009, 0, 1), (1_019, 0, 2), (1_039, 0, 3)]);
		let moment = |time, value| (time, vec![Some(value), None]);
		let expected = [moment(1_009, 1), moment(1_019, 2), moment(1_039, 3)];
		assert_eq!(taken(&mut inbox, 1_000, 10), expected);
	}

	#[test]
	fn what_comes_shortly_after_the_rest_waits() {
		let mut inbox = inbox(&[(1_001, 0, 1), (1_009, 0, 2), (1_010, 1, 3)]);
		assert_eq!(taken(&mut inbox, 1_000, 10), [(1_009, vec![Some(2), None])]);
		assert!(!inbox.is_empty());
		assert_eq!(taken(&mut inbox, 1_009, 10), [(1_010, vec![None, Some(3)])]);
	}

	#[test]
	fn what_is_not_newer_is_dropped() {
		let mut inbox = inbox(&[(999, 0, 1), (1_000, 0, 2)]);
		assert!(taken(&mut inbox, 1_000, 10).is_empty());
		assert!(inbox.is_empty());
	}

	#[test]
	fn fails_when_two_values_have_one_time() {
		let mut inbox = inbox(&[(5, 0, 1), (5, 0, 1)]);
		assert_eq!(inbox.put(2, 5, 0, 2), Err(Left::Conflict));
		assert_eq!(taken(&mut inbox, 0, 10), [(5, vec![Some(1), None])]);
	}

	#[test]
	fn the_earliest_go_when_too_many_come() {
		let mut inbox = Inbox::default();
		let most = u64::try_from(MOST_ROWS).expect("small");
		for time in 1..=most + 10 {
			assert_eq!(inbox.put(1, time, 0, 1), Ok(()));
		}
		assert_eq!(inbox.put(1, 5, 0, 1), Err(Left::Overflow));
		let moments = inbox.take(0, 1);
		assert_eq!(moments.len(), MOST_ROWS);
		assert_eq!(moments.first().map(|moment| moment.time), Some(11));
	}

	proptest! {
		#[test]
		fn times_go_up_and_the_newest_values_are_reported(
			rows in prop::collection::vec((1u64..2_000, 0usize..2, any::<i64>()), 1..60),
			interval in 1u64..300,
		) {
			let (mut inbox, mut newest) = (Inbox::default(), [None::<(u64, i64)>; 2]);
			for (time, channel, value) in rows {
				if inbox.put(2, time, channel, value).is_ok()
					&& newest[channel].is_none_or(|(held, _)| held <= time)
				{
					newest[channel] = Some((time, value));
				}
			}
			let (mut last, mut seen) = (0, [None; 2]);
			// What waits at first is taken next time.
			for _ in 0..2 {
				for moment in inbox.take(last, interval) {
					prop_assert!(moment.time > last);
					last = moment.time;
					for (seen, value) in seen.iter_mut().zip(&moment.values) {
						*seen = value.or(*seen);
					}
				}
			}
			prop_assert!(inbox.is_empty());
			prop_assert_eq!(seen, newest.map(|held| held.map(|(_, value)| value)));
		}
	}
}
