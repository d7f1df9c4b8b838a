//! Labels, and the one name that a series has.

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::is_blank;
use crate::{Cause, work};

/// Names and values of labels; values are escaped.
pub(super) type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// Read labels up to the closing brace, which is read too.
///
/// - `allows_comma`: a comma may stand before the brace.
pub(super) fn read_labels<'a>(
	text: &'a str,
	labels: &mut Labels<'a>,
	allows_comma: bool,
) -> Result<&'a str, Cause> {
	let mut rest = text.trim_start_matches(is_blank);
	loop {
		if let Some(after) = rest.strip_prefix('}') {
			return if labels.is_empty() || allows_comma {
				Ok(after)
			} else {
				Err(Cause::BadLabel)
			};
		}
		let (name, after) = rest.split_once('=').ok_or(Cause::BadLabel)?;
		let name = name.trim_end_matches(is_blank);
		if !is_label_name(name) {
			return Err(Cause::BadLabel);
		}
		let after = after.trim_start_matches(is_blank).strip_prefix('"').ok_or(Cause::BadLabel)?;
		let (value, after) = read_value(after)?;
		labels.push((name, value));
		rest = after.trim_start_matches(is_blank);
		match rest.strip_prefix(',') {
			Some(after) => rest = after.trim_start_matches(is_blank),
			None => return rest.strip_prefix('}').ok_or(Cause::BadLabel),
		}
	}
}

/// The value up to its quote, which is read too. Escapes that the format does not know stand for
/// themselves: their backslash is escaped.
fn read_value(text: &str) -> Result<(Cow<'_, str>, &str), Cause> {
	let mut escaped = None::<String>;
	let mut rest = text;
	loop {
		let mark = rest.find(['"', '\\']).ok_or(Cause::BadLabel)?;
		let (plain, marked) = rest.split_at_checked(mark).ok_or(Cause::BadLabel)?;
		if let Some(after) = marked.strip_prefix('"') {
			let value = match escaped {
				Some(mut value) => {
					value.push_str(plain);
					Cow::Owned(value)
				},
				None => Cow::Borrowed(plain),
			};
			return Ok((value, after));
		}
		let value = escaped.get_or_insert_default();
		value.push_str(plain);
		let mut after = marked.chars();
		after.next();
		match after.next().ok_or(Cause::BadLabel)? {
			known @ ('n' | '"' | '\\') => value.extend(['\\', known]),
			other => value.extend(['\\', '\\', other]),
		}
		rest = after.as_str();
	}
}

fn is_label_name(name: &str) -> bool {
	name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
		&& name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The series' name: labels in order of their names, so that the order of writing does not matter.
pub(super) fn series(
	metric: &str,
	labels: &mut Labels<'_>,
	longest: usize,
) -> Result<String, Cause> {
	labels.retain(|(_, value)| !value.is_empty());
	let braces = usize::from(!labels.is_empty());
	let mut length = metric.len().saturating_add(braces);
	for (name, value) in labels.iter() {
		// Mark, equals sign and two quotes.
		length = length.saturating_add(name.len()).saturating_add(value.len()).saturating_add(4);
	}
	work::add(length);
	if length > longest {
		return Err(Cause::NameTooLong);
	}
	// So many as fit a name: sorting them is no more than linear in the line.
	labels.sort_unstable_by_key(|(name, _)| *name);
	let repeats = labels.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
	if repeats {
		return Err(Cause::DuplicateLabel);
	}
	let mut series = String::with_capacity(length);
	series.push_str(metric);
	let mut mark = '{';
	for (name, value) in labels.iter() {
		series.push(mark);
		series.push_str(name);
		series.push_str("=\"");
		series.push_str(value);
		series.push('"');
		mark = ',';
	}
	if braces > 0 {
		series.push('}');
	}
	Ok(series)
}
