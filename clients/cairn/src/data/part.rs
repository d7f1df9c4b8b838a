//! A page of one gateway: what answers across gateways are put together from, by the command and by
//! gateways.

use super::row::{Page, Row};
use crate::{
	gateway::data::{
		across::{Source, stand_of},
		query::{Filter, Place, Reach},
	},
	owner::served::{Served, Trouble},
};

/// Most characters of a cursor.
pub(crate) const MAX_CURSOR: usize = 1_024;

/// A page, and how to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
	/// In the gateway's order.
	pub(crate) rows: Vec<Row>,
	/// The cursor of the next page, if there is one.
	pub(crate) next: Option<String>,
	/// Whether every gateway that has a part of the answer has answered.
	pub(crate) is_complete: bool,
}

/// Ask a gateway for a page of at most `limit` rows, which begins at `cursor`.
///
/// # Errors
/// If it does not answer as a gateway does. What its rows say is not looked at.
pub(crate) async fn ask(
	served: &Served,
	filter: &Filter,
	reach: Reach,
	limit: usize,
	cursor: Option<&str>,
) -> Result<Part, Trouble> {
	let path = filter.path(reach, limit, "json", cursor);
	let Page { rows, next, complete } = served.page(&path).await?;
	if rows.len() > limit {
		return Err(Trouble::Odd("answers with more rows than it was asked for".to_owned()));
	}
	let next = next.as_deref().map(cursor_of).transpose()?;
	if next.as_deref().is_some_and(|next| cursor == Some(next)) {
		return Err(Trouble::Odd("leads from page to page without end".to_owned()));
	}
	Ok(Part { rows, next, is_complete: complete })
}

/// Where a cursor leads, in the order in which rows are served: to whom of those who have a part, and to
/// which place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Destination {
	source: Source,
	/// `None` is before all of them.
	place: Option<Place>,
}

/// Where a cursor leads; `None` if it is none of a gateway of this release.
pub(super) fn destination(cursor: &str) -> Option<Destination> {
	if let Some(place) = Place::of_cursor(cursor) {
		return Some(Destination { source: 0, place: Some(place) });
	}
	let (source, cursor) = stand_of(cursor)?;
	Some(Destination { source, place: cursor.as_deref().and_then(Place::of_cursor) })
}

/// The cursor in the path of a next page. Of what a gateway says nothing else is followed.
fn cursor_of(path: &str) -> Result<String, Trouble> {
	let parameters = path.strip_prefix("/v1/data?").unwrap_or_default().split('&');
	let mut cursors = parameters.filter_map(|parameter| parameter.strip_prefix("cursor="));
	let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
	let is_cursor =
		|cursor: &&str| (1..=MAX_CURSOR).contains(&cursor.len()) && cursor.bytes().all(is_digit);
	let cursor = cursors.next().filter(is_cursor);
	let odd = || Trouble::Odd("leads from one page to something else".to_owned());
	cursor.map(str::to_owned).ok_or_else(odd)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{data::across::Stand, store::Position};

	#[test]
	fn cursors_lead_on_in_the_order_of_rows() {
		let own = |window: u32, channel: u8| {
			let place = Place { position: Position::start_of(window), channel };
			Filter::default().cursor(place)
		};
		let across = |source: u8, cursor: Option<String>| {
			let stand = Stand { source, cursor, missed: Vec::new() };
			stand.write("anything").expect("a cursor")
		};
		let ascending = [own(1, 0), own(1, 1), own(256, 0)].map(|cursor| destination(&cursor));
		assert!(ascending.is_sorted_by(|one, next| one < next), "{ascending:?}");
		let ascending = [
			across(0, Some(own(7, 0))),
			across(0, Some(own(256, 0))),
			across(1, None),
			across(1, Some(own(0, 0))),
			across(2, None),
		];
		let ascending = ascending.map(|cursor| destination(&cursor));
		assert!(ascending.is_sorted_by(|one, next| one < next), "{ascending:?}");
		assert!(ascending.iter().all(Option::is_some));
		for none in ["", "00", "ff", "0g"] {
			assert_eq!(destination(none), None, "{none}");
		}
	}

	#[test]
	fn works_when_a_path_has_a_cursor() {
		let path = "/v1/data?from=1&to=2&limit=5&format=json&cursor=00ff";
		assert_eq!(cursor_of(path), Ok("00ff".to_owned()));
		let longest = "a".repeat(MAX_CURSOR);
		assert_eq!(cursor_of(&format!("/v1/data?cursor={longest}")), Ok(longest));
	}

	#[test]
	fn fails_when_a_path_leads_elsewhere() {
		let longer = format!("/v1/data?cursor={}", "a".repeat(MAX_CURSOR + 1));
		for path in [
			"",
			"/v1/data?from=1",
			"/v1/data?cursor=",
			"/v1/data?cursor=0g",
			"/v1/data?cursor=0A",
			"/v1/data?cursor=00%26limit%3d1",
			"http://elsewhere.example/v1/data?cursor=00",
			"/v1/schema?cursor=00",
			longer.as_str(),
		] {
			assert!(matches!(cursor_of(path), Err(Trouble::Odd(_))), "{path}");
		}
	}
}
