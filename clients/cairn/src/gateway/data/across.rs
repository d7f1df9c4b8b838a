//! Pages of many gateways: the gateway's own rows first, then those of its peers, in the order in which
//! they are named. Pure.
//!
//! A cursor says who has the next row, by that one's own cursor, and who has been left out so far: the
//! gateway keeps nothing from page to page, and an answer that once lacked a part says so to its end.

use codec::{Decode, DecodeAll, Encode};

use super::fault::{DataFault, Refused};
use crate::data::part::MAX_CURSOR;

/// Who has a part of an answer: 0 is the gateway itself, the others are its peers.
pub type Source = u8;

/// Why a part of an answer is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Why {
	/// A peer cannot be reached, or answers as no gateway should.
	Failed,
	/// A peer does not answer in time.
	Late,
	/// Its network is restricted.
	Restricted,
}

/// Somebody whose part is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Missed {
	/// Who.
	pub source: Source,
	/// Why.
	pub why: Why,
}

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
	/// Who has its first row.
	pub source: Source,
	/// That one's own cursor; `None` for its beginning.
	pub cursor: Option<String>,
	/// Whose parts are missing before it.
	pub missed: Vec<Missed>,
}

/// What the text of a cursor holds.
#[derive(Encode, Decode)]
struct Sealed {
	source: Source,
	cursor: Option<Vec<u8>>,
	missed: Vec<Missed>,
	/// Of all this, and of the question that it belongs to.
	check: [u8; 8],
}

impl Why {
	/// Its code, cause and remedy.
	#[must_use]
	pub const fn fault(self) -> DataFault {
		match self {
			Self::Failed => DataFault::PeerFailed,
			Self::Late => DataFault::PeerLate,
			Self::Restricted => DataFault::Restricted,
		}
	}
}

impl Stand {
	/// The cursor of a page that begins here.
	///
	/// - `question`: what the cursor belongs to: what is asked, of whom.
	///
	/// # Errors
	/// [`DataFault::PeerFailed`] if the cursor of a peer is none.
	pub fn write(&self, question: &str) -> Result<String, Refused> {
		let cursor = self.cursor.as_deref().map(hex::decode).transpose();
		let cursor = cursor.map_err(|_| DataFault::PeerFailed)?;
		let (source, missed) = (self.source, self.missed.clone());
		let check = check(question, source, cursor.as_deref(), &missed);
		Ok(hex::encode(Sealed { source, cursor, missed, check }.encode()))
	}

	/// Where the page of a cursor begins.
	///
	/// - `sources`: how many there are.
	///
	/// # Errors
	/// [`DataFault::BadCursor`] if it is none, or belongs to another question.
	pub fn read(text: &str, question: &str, sources: usize) -> Result<Self, Refused> {
		let bad = || Refused::from(DataFault::BadCursor);
		if text.len() > MAX_CURSOR {
			return Err(bad());
		}
		let bytes = hex::decode(text).map_err(|_| bad())?;
		let mut input = bytes.as_slice();
		let sealed = Sealed::decode(&mut input).map_err(|_| bad())?;
		let Sealed { source, cursor, missed, check: found } = sealed;
		let expected = check(question, source, cursor.as_deref(), &missed);
		let is_ours = input.is_empty() && found == expected;
		if !is_ours || usize::from(source) >= sources || missed.len() > sources {
			return Err(bad());
		}
		Ok(Self { source, cursor: cursor.map(hex::encode), missed })
	}
}

/// Who has the first row of the page of a cursor, and that one's own cursor, whatever question it belongs
/// to; `None` if it is no cursor across gateways.
pub(crate) fn stand_of(text: &str) -> Option<(Source, Option<String>)> {
	let bytes = hex::decode(text).ok()?;
	let Sealed { source, cursor, .. } = Sealed::decode_all(&mut bytes.as_slice()).ok()?;
	Some((source, cursor.map(hex::encode)))
}

/// The first bytes of the BLAKE3 hash of a cursor's parts and the question that it belongs to.
fn check(question: &str, source: Source, cursor: Option<&[u8]>, missed: &[Missed]) -> [u8; 8] {
	let hash = blake3::hash(&(question, source, cursor, missed).encode());
	let mut check = [0; 8];
	for (byte, hashed) in check.iter_mut().zip(hash.as_bytes()) {
		*byte = *hashed;
	}
	check
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const QUESTION: &str = "from=0&to=5 http://a.example";

	fn stand() -> Stand {
		let missed = vec![Missed { source: 1, why: Why::Late }];
		Stand { source: 2, cursor: Some("00ff".to_owned()), missed }
	}

	#[test]
	fn a_cursor_belongs_to_one_question() {
		let text = stand().write(QUESTION).expect("a cursor");
		assert_eq!(Stand::read(&text, QUESTION, 3), Ok(stand()));
		assert_eq!(stand_of(&text), Some((2, Some("00ff".to_owned()))), "whoever reads it");
		assert_eq!(stand_of("00"), None);
		let refused = Err(Refused::from(DataFault::BadCursor));
		assert_eq!(Stand::read(&text, "from=0&to=6 http://a.example", 3), refused);
		assert_eq!(Stand::read(&text, "from=0&to=5 http://b.example", 3), refused);
		assert_eq!(Stand::read(&text, QUESTION, 2), refused, "there is no such peer");
		for text in ["", "0", "zz", &format!("{text}00"), &"0".repeat(MAX_CURSOR + 2)] {
			assert_eq!(Stand::read(text, QUESTION, 3), refused, "{text}");
		}
	}

	#[test]
	fn fails_when_a_peer_has_no_cursor_of_digits() {
		for cursor in ["0", "0g"] {
			let stand = Stand { cursor: Some(cursor.to_owned()), ..stand() };
			assert_eq!(stand.write(QUESTION), Err(Refused::from(DataFault::PeerFailed)));
		}
	}

	#[test]
	fn the_longest_cursor_is_one() {
		let missed = vec![Missed { source: 7, why: Why::Failed }; 33];
		let longest = Stand { source: 32, cursor: Some("ab".repeat(128)), missed };
		let text = longest.write(QUESTION).expect("a cursor");
		assert!(text.len() <= MAX_CURSOR, "{}", text.len());
		assert_eq!(Stand::read(&text, QUESTION, 33), Ok(longest));
	}

	proptest! {
		#[test]
		fn any_change_of_a_cursor_shows(place in any::<prop::sample::Index>(), bit in 0u8..8) {
			let text = stand().write(QUESTION).expect("a cursor");
			let mut bytes = hex::decode(text).expect("hex");
			let place = place.index(bytes.len());
			bytes[place] ^= 1u8 << bit;
			let read = Stand::read(&hex::encode(bytes), QUESTION, 256);
			prop_assert_eq!(read, Err(Refused::from(DataFault::BadCursor)));
		}

		#[test]
		fn no_text_is_too_much(text in "[0-9a-f]{0,200}") {
			prop_assert!(Stand::read(&text, QUESTION, 256).is_err());
		}
	}
}
