//! Why a value of a source is not used, each with a code that users can look up.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use cairn_formats::Cause;

/// Why a record, or what it says of a channel, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
	/// No input of a device is for it.
	Unmapped,
	/// The device does not know its schema yet.
	NotReady,
	/// The broker kept it for an unknown time.
	Retained,
	/// Its time lies ahead.
	Future,
	/// Its time lies before the windows that can still be sealed.
	TooOld,
	/// The device has a newer reading.
	Late,
	/// Another value of the channel has the same time.
	Conflict,
	/// It lies outside the channel's range.
	OutOfRange,
	/// More came at once than is kept.
	Overflow,
	/// Its format or its rule says no.
	Format(Cause),
}

impl Left {
	/// Every reason but those of formats.
	pub const OWN: [Self; 9] = [
		Self::Unmapped,
		Self::NotReady,
		Self::Retained,
		Self::Future,
		Self::TooOld,
		Self::Late,
		Self::Conflict,
		Self::OutOfRange,
		Self::Overflow,
	];

	/// The code of the guide, or `format-` and that of the reference of formats.
	#[must_use]
	pub fn code(self) -> Cow<'static, str> {
		Cow::Borrowed(match self {
			Self::Unmapped => "unmapped",
			Self::NotReady => "not_ready",
			Self::Retained => "retained",
			Self::Future => "future",
			Self::TooOld => "too_old",
			Self::Late => "late",
			Self::Conflict => "conflict",
			Self::OutOfRange => "out_of_range",
			Self::Overflow => "overflow",
			Self::Format(cause) => return Cow::Owned(format!("format-{}", cause.code())),
		})
	}

	/// What is wrong, in a sentence.
	#[must_use]
	pub fn cause(self) -> &'static str {
		match self {
			Self::Unmapped => "No input of a device is for this record.",
			Self::NotReady => "The device has not learned its schema from the gateway yet.",
			Self::Retained => "The broker kept the message, and it does not say how old it is.",
			Self::Future => "Its time lies more than two seconds ahead of this clock.",
			Self::TooOld => "Its time lies before the window in which readings still count.",
			Self::Late => "The device has signed a reading of this time or a later one.",
			Self::Conflict => "Another value of this channel has the same time.",
			Self::OutOfRange => "The value lies outside the channel's range.",
			Self::Overflow => "More values came at once than are kept.",
			Self::Format(cause) => cause.cause(),
		}
	}

	/// What to do about it.
	#[must_use]
	pub const fn remedy(self) -> &'static str {
		match self {
			Self::Unmapped => "Add an input for it, if it is wanted.",
			Self::NotReady => "Nothing, unless it lasts: then look whether the gateway answers.",
			Self::Retained => "Let the sender state times, or do without the retained message.",
			Self::Future => "Set both clocks, or give the source times = \"arrival\".",
			Self::TooOld => "Send values sooner, or set the sender's clock.",
			Self::Late => "Let one source fill the channel, and send values in order.",
			Self::Conflict => "Narrow the input's record, topic or unit.",
			Self::OutOfRange => "Check the sensor, and the input's unit and scale.",
			Self::Overflow => "Send less often, or in smaller parts.",
			Self::Format(cause) => cause.remedy(),
		}
	}

	/// Whether it is an everyday matter: most sources say more than is wanted.
	#[must_use]
	pub const fn is_usual(self) -> bool {
		matches!(self, Self::Unmapped | Self::NotReady)
	}
}

impl fmt::Display for Left {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: {} Remedy: {}", self.code(), self.cause(), self.remedy())
	}
}

/// How often something was left out, and one record of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftCount {
	/// How often.
	pub count: u64,
	/// Name of the first such record.
	pub example: String,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
	/// Values that fill channels.
	pub values: u64,
	/// What is left out, by reason.
	pub left: BTreeMap<Left, LeftCount>,
}

impl Taken {
	/// Note something that is left out.
	pub fn leave(&mut self, left: Left, record: &str) {
		let entry = self.left.entry(left).or_default();
		if entry.count == 0 {
			record.clone_into(&mut entry.example);
		}
		entry.count = entry.count.saturating_add(1);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_reason_has_its_own_code_a_cause_and_a_remedy() {
		let formats = Cause::ALL.iter().map(|cause| Left::Format(*cause));
		let all = Left::OWN.into_iter().chain(formats).collect::<Vec<_>>();
		let codes = all.iter().map(|left| left.code()).collect::<BTreeSet<_>>();
		assert_eq!(codes.len(), all.len());
		for left in all {
			assert!(left.cause().ends_with('.') && left.remedy().ends_with('.'), "{left}");
		}
	}

	#[test]
	fn the_guide_explains_every_reason() {
		let guide = include_str!("../../../../docs/src/guides/agent.md");
		for left in Left::OWN {
			let row = format!("| `{}` | {} | {} |", left.code(), left.cause(), left.remedy());
			assert!(guide.contains(&row), "the guide lacks this row:\n{row}");
		}
	}

	#[test]
	fn the_first_record_is_the_example() {
		let mut taken = Taken::default();
		taken.leave(Left::Late, "a");
		taken.leave(Left::Late, "b");
		let expected = LeftCount { count: 2, example: "a".to_owned() };
		assert_eq!(taken.left, BTreeMap::from([(Left::Late, expected)]));
	}
}
