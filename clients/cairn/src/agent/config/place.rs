//! Where in a configuration things stand.

use std::ops::Range;

use super::Mistake;

/// A configuration's text, in which places are found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a>(pub(super) &'a str);

impl Places<'_> {
	/// A mistake at some bytes.
	pub(super) fn mistake(self, span: Range<usize>, cause: String, remedy: String) -> Mistake {
		let before = self.0.get(..span.start).unwrap_or_default();
		let line = before.split('\n').count();
		let start = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
		let text = self.0.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
		let key = key(text, span.start.saturating_sub(start))
			.unwrap_or_else(|| self.key(start.saturating_add(text.len())));
		Mistake { line, key, cause, remedy }
	}

	/// The line on which a table begins; the first one if it is written otherwise.
	pub(super) fn table(self, name: &str) -> usize {
		let above = format!("{name}.");
		let is_header = |line: &str| {
			let inner = line.trim().strip_prefix('[').and_then(|line| line.split_once(']'));
			let inner =
				inner.map(|(inner, _)| inner.trim_start_matches('[').replace(['"', '\''], ""));
			inner.is_some_and(|inner| inner.trim() == name || inner.trim().starts_with(&above))
		};
		self.0.lines().position(is_header).unwrap_or(0).saturating_add(1)
	}

	/// The nearest key above the end of a line: that of a value over several lines.
	fn key(self, end: usize) -> String {
		let above = self.0.get(..end).unwrap_or_default();
		let found = above.rsplit('\n').find_map(|text| key(text, text.len()));
		found.unwrap_or_else(|| "the file".to_owned())
	}
}

/// The key of the value, or the key, that begins at `column` of a line; of a table's header, its
/// name.
fn key(line: &str, column: usize) -> Option<String> {
	let trimmed = line.trim();
	if trimmed.starts_with('#') {
		return None;
	}
	if trimmed.starts_with('[') && !line.get(..column).unwrap_or(line).contains('=') {
		return Some(trimmed.split('#').next().unwrap_or_default().trim().to_owned());
	}
	let before = line.get(..column).unwrap_or(line);
	let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
	if let Some((before, _)) = before.rsplit_once('=') {
		let before = before.trim_end();
		let name = before.rsplit(|c| !is_key(c)).next().unwrap_or_default();
		return (!name.is_empty()).then(|| name.to_owned());
	}
	let name = line.get(column..).unwrap_or_default().trim_start();
	let name = name.split(|c| !is_key(c)).next().unwrap_or_default();
	let is_followed = line.contains('=');
	(!name.is_empty() && is_followed).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
	use super::*;

	const TEXT: &str = "\
# A comment = 1
gateway = \"x\"

[source.a.csv] # here
layout = { time = { column = 5 } }
topics = [
	\"a\",
	\"b\",
]
[[device]]
speed = 1
";

	fn at(part: &str) -> (usize, String) {
		let start = TEXT.find(part).expect("in the text");
		let places = Places(TEXT);
		let mistake = places.mistake(start..start + 1, String::new(), String::new());
		(mistake.line, mistake.key)
	}

	#[test]
	fn works_when_a_place_is_named() {
		for (part, line, key) in [
			("gateway", 2, "gateway"),
			("\"x\"", 2, "gateway"),
			("[source.a.csv]", 4, "[source.a.csv]"),
			("a.csv", 4, "[source.a.csv]"),
			("{ time", 5, "layout"),
			("{ column", 5, "time"),
			("5 }", 5, "column"),
			("\"b\"", 8, "topics"),
			("[[device", 10, "[[device]]"),
			("1\n", 11, "speed"),
		] {
			// "1\n" is found in the comment first.
			let start = TEXT.rfind(part).expect("in the text");
			let found = Places(TEXT).mistake(start..start + 1, String::new(), String::new());
			assert_eq!((found.line, found.key.as_str()), (line, key), "{part}");
		}
		assert_eq!(at("A comment").0, 1);
	}

	#[test]
	fn works_when_a_table_is_looked_for() {
		let places = Places("a = 1\n[source.x.csv]\n[source.\"y\".mqtt]\n[[device]]\n");
		assert_eq!([places.table("source.x"), places.table("source.y")], [2, 3]);
		assert_eq!([places.table("device"), places.table("other")], [4, 1]);
	}
}
