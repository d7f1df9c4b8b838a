//! Cursors of the data API: where a page begins. Anybody may send any.

use std::str;

use cairn::gateway::data::{
	across::{Missed, Source, Stand},
	fault::{DataFault, Refused},
	query::{Filter, Place},
};
use codec::Decode;

use crate::{memory, query::filter};

/// Most characters of a cursor across gateways.
const LONGEST: usize = 1_024;
/// How many gateways there are, where a cursor does not need more.
const SOURCES: usize = 3;

/// Two queries, each with a line feed behind it, and bytes: the text of a cursor, or what a cursor holds.
/// Accepted if the bytes make a cursor of the first question.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a cursor leads elsewhere than to where it was made for, or
/// passes for one of another question, or if one that was changed passes for anything but what it is now
/// the only cursor of.
#[must_use]
pub fn cursor(input: &[u8]) -> bool {
	let mut parts = input.splitn(3, |byte| *byte == b'\n');
	let (first, second) = (parts.next().and_then(filter), parts.next().and_then(filter));
	let (Some(first), Some(second), Some(bytes)) = (first, second, parts.next()) else {
		return false;
	};
	if let Ok(text) = str::from_utf8(bytes) {
		own(text, &first);
		across(text, &first.parameters(), SOURCES);
	}
	let is_own = Place::decode(&mut &*bytes).is_ok_and(|place| {
		made(place, &first, &second);
		true
	});
	let is_across = stand(bytes).is_some_and(|stand| made_across(&stand, &first, &second));
	is_own || is_across
}

fn bad() -> Refused {
	DataFault::BadCursor.into()
}

/// Whatever passes for a gateway's own cursor is the one of where it leads.
fn own(text: &str, filter: &Filter) -> bool {
	match memory::linear(text.len(), || filter.place(text)) {
		Ok(place) => {
			assert_eq!(filter.cursor(place), text.to_ascii_lowercase());
			true
		},
		Err(refused) => {
			assert_eq!(refused, bad());
			false
		},
	}
}

/// Whatever passes for a cursor across gateways is the one of where it leads.
fn across(text: &str, question: &str, sources: usize) -> bool {
	match memory::linear(text.len(), || Stand::read(text, question, sources)) {
		Ok(stand) => {
			assert_eq!(stand.write(question), Ok(text.to_ascii_lowercase()));
			assert!(usize::from(stand.source) < sources && stand.missed.len() <= sources);
			true
		},
		Err(refused) => {
			assert_eq!(refused, bad());
			false
		},
	}
}

/// A gateway's own cursor leads to its place, and for its own question only.
fn made(place: Place, filter: &Filter, other: &Filter) {
	let text = filter.cursor(place);
	assert_eq!(filter.place(&text), Ok(place));
	assert_eq!(filter.place(&text.to_ascii_uppercase()), Ok(place));
	assert_eq!(own(&text, other), filter == other, "{text}");
	assert!(!own(&format!("{text}00"), filter) && !own(&text[2..], filter));
	for changed in changes(&text) {
		own(&changed, filter);
		assert!(filter == other || !own(&changed, other), "{changed}");
	}
}

/// Where a page across gateways begins, as SCALE has it; `None` if the bytes are not that.
fn stand(mut bytes: &[u8]) -> Option<Stand> {
	let parts = <(Source, Option<Vec<u8>>, Vec<Missed>)>::decode(&mut bytes);
	let (source, cursor, missed) = parts.ok()?;
	Some(Stand { source, cursor: cursor.map(hex::encode), missed })
}

/// A cursor across gateways leads to where it was made for, for its own question and as many gateways,
/// and each change of it shows. Whether it is one: it may be too long.
fn made_across(stand: &Stand, filter: &Filter, other: &Filter) -> bool {
	let (question, other) = (filter.parameters(), other.parameters());
	let text = stand.write(&question).expect("a cursor in hexadecimal digits");
	let sources = stand.missed.len().max(usize::from(stand.source) + 1);
	if text.len() > LONGEST {
		assert_eq!(Stand::read(&text, &question, sources), Err(bad()));
		return false;
	}
	assert_eq!(Stand::read(&text, &question, sources).as_ref(), Ok(stand));
	assert_eq!(Stand::read(&text, &question, sources - 1), Err(bad()));
	assert_eq!(across(&text, &other, sources), question == other, "{text}");
	assert!(!across(&format!("{text}00"), &question, sources));
	for changed in changes(&text) {
		assert!(!across(&changed, &question, usize::MAX), "{changed}");
	}
	true
}

/// The cursor with one bit of each of its bytes changed.
fn changes(text: &str) -> impl Iterator<Item = String> {
	let bytes = hex::decode(text).expect("cursors are hexadecimal digits");
	(0..bytes.len()).map(move |place| {
		let mut changed = bytes.clone();
		changed[place] ^= 1u8 << (place % 8);
		hex::encode(changed)
	})
}
