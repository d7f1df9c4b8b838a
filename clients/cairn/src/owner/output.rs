//! How answers are written: text for people, one JSON document for programs.

use std::{
	fmt,
	io::{self, IsTerminal, Write},
};

use cairn_chain::Outcome;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{error::OwnerError, format};
use crate::cli::Output;

/// Write an answer to the standard output.
///
/// # Errors
/// If it cannot be written; a reader that went away is no error.
pub(crate) fn print(
	output: Output,
	answer: &(impl Serialize + fmt::Display),
) -> Result<(), OwnerError> {
	let text = match output {
		Output::Text => answer.to_string(),
		Output::Json => serde_json::to_string_pretty(answer).map_err(io::Error::other)?,
	};
	write_line(&mut io::stdout().lock(), text.trim_end())
}

/// An error as it is shown: for programs, cause and remedy apart.
pub(crate) fn error_text(output: Output, error: &OwnerError) -> String {
	match output {
		Output::Text => format!("Error: {error}"),
		Output::Json => {
			let message = error.to_string();
			let (cause, remedy) = split_remedy(&message);
			serde_json::json!({ "error": cause, "remedy": remedy }).to_string()
		},
	}
}

/// Whether progress may be shown: for people, on a terminal.
pub(crate) fn shows_progress(output: Output) -> bool {
	output == Output::Text && io::stderr().is_terminal()
}

/// Write a line; a closed pipe ends the output, not the command.
pub(crate) fn write_line(out: &mut impl Write, line: &str) -> Result<(), OwnerError> {
	match writeln!(out, "{line}").and_then(|()| out.flush()) {
		Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
		other => Ok(other?),
	}
}

/// A message's cause, and its remedy if it names one.
fn split_remedy(message: &str) -> (&str, Option<&str>) {
	match message.split_once("Remedy: ") {
		Some((cause, remedy)) => (cause.trim(), Some(remedy.trim())),
		None => (message, None),
	}
}

/// An amount, as text of the smallest unit: JSON's numbers are too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Smallest(pub(crate) u128);

impl Serialize for Smallest {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(&self.0)
	}
}

impl fmt::Display for Smallest {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&format::amount(self.0))
	}
}

/// What a transaction has done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
	action: String,
	/// Name, value, and how people see it if that is another way.
	fields: Vec<(&'static str, Value, Option<String>)>,
	notes: Vec<String>,
	place: Place,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
	number: u32,
	hash: [u8; 32],
	index: u32,
}

impl Receipt {
	/// A receipt that says what was done, in a few words.
	pub(crate) fn new(action: impl Into<String>, outcome: &Outcome) -> Self {
		let place = Place { number: outcome.number, hash: outcome.block, index: outcome.index };
		Self { action: action.into(), fields: Vec::new(), notes: Vec::new(), place }
	}

	/// Add what programs read and people see.
	#[must_use]
	pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
		self.fields.push((name, value.into(), None));
		self
	}

	/// Add an amount.
	#[must_use]
	pub(crate) fn with_amount(self, name: &'static str, amount: u128) -> Self {
		self.with_shown(name, amount.to_string(), format::amount(amount))
	}

	/// Add what programs and people see in different ways.
	#[must_use]
	pub(crate) fn with_shown(
		mut self,
		name: &'static str,
		value: impl Into<Value>,
		shown: String,
	) -> Self {
		self.fields.push((name, value.into(), Some(shown)));
		self
	}

	/// Add what only people need: when it holds, what to do next.
	#[must_use]
	pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
		self.notes.push(note.into());
		self
	}
}

impl Serialize for Receipt {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let mut map = serializer.serialize_map(None)?;
		map.serialize_entry("action", &self.action)?;
		for (name, value, _) in &self.fields {
			map.serialize_entry(name, value)?;
		}
		map.serialize_entry("block", &self.place.number)?;
		map.serialize_entry("block_hash", &format::hash(&self.place.hash))?;
		map.serialize_entry("extrinsic", &self.place.index)?;
		map.end()
	}
}

impl fmt::Display for Receipt {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{}", self.action)?;
		for (name, value, shown) in &self.fields {
			let shown = shown.clone().unwrap_or_else(|| plain(value));
			if !value.is_null() {
				writeln!(f, "  {:<12} {shown}", name.replace('_', " "))?;
			}
		}
		let Place { number, hash, .. } = &self.place;
		writeln!(f, "  {:<12} {number} ({})", "block", format::short_hash(hash))?;
		for note in &self.notes {
			writeln!(f, "  {note}")?;
		}
		Ok(())
	}
}

/// A value without quotation marks.
fn plain(value: &Value) -> String {
	match value {
		Value::String(text) => text.clone(),
		other => other.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn receipt() -> Receipt {
		let outcome = Outcome { block: [1; 32], number: 7, index: 2, events: Vec::new() };
		Receipt::new("maker registered", &outcome)
			.with("maker", 3)
			.with_amount("bond", format::UNIT)
			.note("next: certify")
	}

	#[test]
	fn a_receipt_has_stable_names() {
		let value = serde_json::to_value(receipt()).expect("serializes");
		let hash = format::hash(&[1; 32]);
		let expected = serde_json::json!({
			"action": "maker registered", "maker": 3, "bond": "1000000000000",
			"block": 7, "block_hash": hash, "extrinsic": 2,
		});
		assert_eq!(value, expected);
	}

	#[test]
	fn a_receipt_tells_people_what_is_next() {
		let text = receipt().to_string();
		assert!(
			text.starts_with("maker registered\n  maker        3\n  bond         1 CAIRN\n"),
			"{text}"
		);
		assert!(text.contains("block        7 (0x0101…0101)") && text.contains("next: certify"));
	}

	#[test]
	fn amounts_are_text_in_json() {
		let value = serde_json::to_value(Smallest(u128::MAX)).expect("serializes");
		assert_eq!(value, Value::String(u128::MAX.to_string()));
		assert_eq!(Smallest(5 * format::UNIT).to_string(), "5 CAIRN");
	}

	#[test]
	fn a_closed_pipe_is_no_error() {
		struct Closed;
		impl Write for Closed {
			fn write(&mut self, _: &[u8]) -> io::Result<usize> {
				Err(io::ErrorKind::BrokenPipe.into())
			}
			fn flush(&mut self) -> io::Result<()> {
				Ok(())
			}
		}
		assert!(write_line(&mut Closed, "text").is_ok());
	}

	#[test]
	fn a_remedy_is_a_field_of_its_own() {
		let error = OwnerError::usage("no key", "give one");
		let expected = r#"{"error":"no key","remedy":"give one"}"#;
		assert_eq!(error_text(Output::Json, &error), expected);
		assert_eq!(error_text(Output::Text, &error), "Error: no key\n  Remedy: give one");
		assert_eq!(split_remedy("no\n  Remedy: do"), ("no", Some("do")));
		assert_eq!(split_remedy("no"), ("no", None));
	}
}
