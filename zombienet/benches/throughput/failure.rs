//! Failures that the user can do something about.

use std::fmt;

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
	what: String,
	remedy: String,
}

impl Failure {
	pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
		Self { what: what.into(), remedy: remedy.into() }
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "error: {}\n  remedy: {}", self.what, self.remedy)
	}
}
