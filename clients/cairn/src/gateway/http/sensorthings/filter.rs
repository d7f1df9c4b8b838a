//! The part of OData's `$filter` that observations can be asked for with: a range of
//! `phenomenonTime`. Pure.

use crate::gateway::data::{
	fault::{DataFault, Refused},
	parameters::{read_time, shortened, write_time},
};

/// Times from the first on, before the second, ms since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
	pub(super) from: u64,
	pub(super) to: u64,
}

impl Default for Range {
	fn default() -> Self {
		Self { from: 0, to: u64::MAX }
	}
}

impl Range {
	/// Read comparisons of `phenomenonTime` that are joined by `and`.
	///
	/// # Errors
	/// [`DataFault::BadFilter`] or [`DataFault::BadTime`].
	pub(super) fn read(text: &str) -> Result<Self, Refused> {
		let terms = text.split(" and ");
		terms.map(str::trim).try_fold(Self::default(), |range, term| {
			let mut words = term.split_whitespace();
			let (name, operator) = (words.next(), words.next());
			let (Some("phenomenonTime"), Some(operator), Some(time), None) =
				(name, operator, words.next(), words.next())
			else {
				return Err(DataFault::BadFilter.about(shortened(term)));
			};
			let millis = read_time(time);
			range.and(operator, millis.ok_or_else(|| DataFault::BadTime.about(shortened(time)))?)
		})
	}

	fn and(self, operator: &str, time: u64) -> Result<Self, Refused> {
		let after = time.saturating_add(1);
		Ok(match operator {
			"ge" => Self { from: self.from.max(time), ..self },
			"gt" => Self { from: self.from.max(after), ..self },
			"lt" => Self { to: self.to.min(time), ..self },
			"le" => Self { to: self.to.min(after), ..self },
			"eq" => Self { from: self.from.max(time), to: self.to.min(after) },
			_ => return Err(DataFault::BadFilter.about(shortened(operator))),
		})
	}

	/// The parameter that says the same, for a URL; `None` for all times.
	pub(super) fn parameter(self) -> Option<String> {
		let all = Self::default();
		let from = (self.from > all.from).then(|| term("ge", self.from));
		let to = (self.to < all.to).then(|| term("lt", self.to));
		let terms = from.into_iter().chain(to).collect::<Vec<_>>();
		(!terms.is_empty()).then(|| format!("$filter={}", terms.join("%20and%20")))
	}
}

fn term(operator: &str, time: u64) -> String {
	format!("phenomenonTime%20{operator}%20{}", write_time(time))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_times_are_compared() {
		for (text, from, to) in [
			("phenomenonTime ge 1970-01-01T00:00:01Z", 1_000, u64::MAX),
			("phenomenonTime gt 1000", 1_001, u64::MAX),
			("phenomenonTime lt 1000", 0, 1_000),
			("phenomenonTime le 1000", 0, 1_001),
			("phenomenonTime eq 1000", 1_000, 1_001),
			("phenomenonTime ge 5 and phenomenonTime lt 9 and  phenomenonTime ge 7", 7, 9),
			("phenomenonTime ge 9 and phenomenonTime lt 5", 9, 5),
		] {
			assert_eq!(Range::read(text), Ok(Range { from, to }), "{text}");
		}
	}

	#[test]
	fn fails_when_the_filter_is_another() {
		for text in [
			"",
			"phenomenonTime",
			"phenomenonTime ge",
			"phenomenonTime ne 5",
			"result gt 5",
			"phenomenonTime ge 5 or phenomenonTime lt 4",
			"phenomenonTime ge 5 and ",
			"(phenomenonTime ge 5)",
		] {
			assert_eq!(Range::read(text).expect_err(text).fault, DataFault::BadFilter, "{text}");
		}
		let refused = Range::read("phenomenonTime ge noon").expect_err("no time");
		assert_eq!(refused.fault, DataFault::BadTime);
	}

	#[test]
	fn a_range_is_read_as_it_is_written() {
		assert_eq!(Range::default().parameter(), None);
		for range in [
			Range { from: 5, to: 1_000 },
			Range { from: 0, to: 1_769_860_800_001 },
			Range { from: 7, to: u64::MAX },
		] {
			let parameter = range.parameter().expect("not all times");
			let text = parameter.strip_prefix("$filter=").expect("a filter").replace("%20", " ");
			assert_eq!(Range::read(&text), Ok(range));
		}
	}
}
