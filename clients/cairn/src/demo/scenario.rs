//! The stories that a demo can tell.

use std::fmt;

use futures::future::LocalBoxFuture;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{city::City, host::Host, stage::Stage};
use crate::owner::OwnerError;

/// Which story is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scenario {
	/// This machine as a device, from an empty chain to a paid claim
	#[default]
	Host,
	/// Three networks of a city: one question to all of them, each value of the answer proved
	City,
}

impl Scenario {
	/// The story, from its beginning.
	pub(super) fn story(self) -> Box<dyn Story> {
		match self {
			Self::Host => Box::new(Host::default()),
			Self::City => Box::new(City::default()),
		}
	}
}

/// How a story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
	/// As it should.
	Done,
	/// The user stopped it.
	Stopped,
}

/// A story that a demo tells.
pub(super) trait Story {
	/// From the node's start to the end. May be dropped at any time: what it started on the stage is
	/// ended by others.
	///
	/// # Errors
	/// Whatever stops it; with --once also that it did not come to its end in time.
	fn play<'a>(
		&'a mut self,
		stage: &'a mut Stage<'_>,
	) -> LocalBoxFuture<'a, Result<End, OwnerError>>;

	/// What a story that is told once has to reach, in words that follow "before".
	fn goal(&self) -> &'static str;

	/// Whether that was reached, and everything was as it should be.
	fn is_proved(&self) -> bool;

	/// What has happened.
	///
	/// # Errors
	/// If it cannot be written.
	fn summary(&self, stage: &Stage<'_>) -> Result<Summary, OwnerError>;
}

/// What has happened in a story, for people and for programs.
#[derive(Debug)]
pub(super) struct Summary {
	text: String,
	json: Box<RawValue>,
}

impl Summary {
	/// Of whatever can be shown to both.
	///
	/// # Errors
	/// If it cannot be written as JSON.
	pub(super) fn new(shown: &(impl Serialize + fmt::Display)) -> Result<Self, OwnerError> {
		let json = serde_json::to_string_pretty(shown).and_then(RawValue::from_string);
		Ok(Self { text: shown.to_string(), json: json.map_err(std::io::Error::other)? })
	}
}

impl fmt::Display for Summary {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.text)
	}
}

impl Serialize for Summary {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		self.json.serialize(serializer)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::ValueEnum;

	#[test]
	fn every_story_begins_unproved_and_has_a_goal() {
		for scenario in Scenario::value_variants() {
			let story = scenario.story();
			assert!(!story.is_proved() && !story.goal().is_empty(), "{scenario:?}");
		}
		assert_eq!(Scenario::default(), Scenario::Host);
	}

	#[test]
	fn a_summary_is_shown_as_it_was_made() {
		struct Shown;

		impl fmt::Display for Shown {
			fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
				f.write_str("three")
			}
		}

		impl Serialize for Shown {
			fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
				serializer.serialize_u8(3)
			}
		}

		let summary = Summary::new(&Shown).expect("writes");
		assert_eq!(summary.to_string(), "three");
		assert_eq!(serde_json::to_string(&summary).expect("serializes"), "3");
	}
}
