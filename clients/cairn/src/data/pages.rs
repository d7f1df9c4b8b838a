//! The pages of one gateway, one after the other. It may lead on and on, but not for ever: no value comes
//! twice, a page without values leads to a later place, and such pages are counted.

use std::{collections::BTreeSet, time::Duration};

use cairn_types::{DeviceId, GatewayId, Window};

use super::{
	part::{self, Destination, Part, destination},
	row::Row,
};
use crate::{
	gateway::data::query::{Filter, Reach},
	owner::{OwnerError, served::Served},
};

/// Most pages without a value: a gateway looks at 100,000 readings for one, and keeps ten million unless
/// its operator says otherwise.
const MOST_EMPTY: usize = 256;
/// What a gateway may take longer for each value that it answers.
const ROW_TIME: Duration = Duration::from_millis(2);

/// Goes through the pages of a gateway.
#[derive(Debug)]
pub(super) struct Pages {
	reach: Reach,
	next: Next,
	seen: BTreeSet<Name>,
	/// The latest place that a page led to.
	furthest: Option<Destination>,
	/// Pages without a value.
	empty: usize,
}

/// Where the next page begins.
#[derive(Debug)]
enum Next {
	/// At the beginning.
	First,
	/// At a cursor.
	At(String),
	/// There is none.
	None,
}

/// What there is one value of: sealer, window, device, sequence, channel. Its proof would hold for each.
type Name = (GatewayId, Option<Window>, DeviceId, u64, String);

impl Pages {
	/// From the beginning on.
	pub(super) const fn new(reach: Reach) -> Self {
		Self { reach, next: Next::First, seen: BTreeSet::new(), furthest: None, empty: 0 }
	}

	/// Whether there may be more values.
	pub(super) const fn has_more(&self) -> bool {
		!matches!(self.next, Next::None)
	}

	/// Read no further.
	pub(super) fn end(&mut self) {
		self.next = Next::None;
	}

	/// The values of the next page, at most `limit`.
	///
	/// # Errors
	/// If the gateway does not answer, or leads on without end. Then there is no more of it.
	pub(super) async fn turn(
		&mut self,
		served: &Served,
		filter: &Filter,
		limit: usize,
	) -> Result<Vec<Row>, OwnerError> {
		let cursor = match std::mem::replace(&mut self.next, Next::None) {
			Next::None => return Ok(Vec::new()),
			Next::First => None,
			Next::At(cursor) => Some(cursor),
		};
		let part = part::ask(served, filter, self.reach, limit, cursor.as_deref()).await;
		let Part { rows, next, is_complete } = part.map_err(|trouble| served.error(trouble))?;
		if !is_complete {
			return Err(served.odd("answers a part, where the whole was asked for"));
		}
		if !rows.iter().all(|row| self.seen.insert(name(row))) {
			return Err(served.odd("answers with one value more than once"));
		}
		if let Some(next) = next {
			self.ensure_leads_on(served, &next, rows.is_empty())?;
			self.next = Next::At(next);
		}
		let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
		served.grant(ROW_TIME.saturating_mul(count));
		Ok(rows)
	}

	/// Ensure that a page without values leads to a later place than all before it, and that there are
	/// not too many.
	fn ensure_leads_on(
		&mut self,
		served: &Served,
		next: &str,
		is_empty: bool,
	) -> Result<(), OwnerError> {
		let place = destination(next);
		if is_empty && place <= self.furthest {
			return Err(served.odd("leads from page to page without end"));
		}
		self.furthest = self.furthest.max(place);
		self.empty = self.empty.saturating_add(usize::from(is_empty));
		if self.empty > MOST_EMPTY {
			return Err(OwnerError::Gateway {
				url: served.url().to_owned(),
				cause: format!("has no value on {MOST_EMPTY} pages, and leads on"),
				remedy: "ask for less: a shorter time, a cell, a device".to_owned(),
			});
		}
		Ok(())
	}
}

fn name(row: &Row) -> Name {
	(row.gateway, row.window(), row.device, row.sequence, row.channel.clone())
}
