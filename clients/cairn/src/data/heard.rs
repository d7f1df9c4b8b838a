//! What gateways answer, put together: each has a fair share of all that is wanted.

use cairn_types::GatewayId;
use futures::{StreamExt, TryStreamExt, stream};

use super::{
	answer::{Asked, Found},
	gateways::Gateway,
	pages::Pages,
	row::Row,
	verify::{Verdict, Verifier},
};
use crate::{
	gateway::data::query::{Filter, Reach},
	owner::OwnerError,
};

/// Gateways that are asked at once.
pub(super) const AT_ONCE: usize = 16;
/// How often what some leave of their shares is shared among the others.
const ROUNDS: usize = 8;

/// Says whether the chain stands for values.
pub(super) trait Check: Clone {
	/// A verdict for each row, in their order; none of them, if that is not asked.
	///
	/// # Errors
	/// If it cannot be found out.
	async fn check(
		&mut self,
		gateway: &Gateway,
		filter: &Filter,
		rows: &[Row],
	) -> Result<Vec<Option<Verdict>>, OwnerError>;
}

impl Check for Option<Verifier> {
	async fn check(
		&mut self,
		gateway: &Gateway,
		filter: &Filter,
		rows: &[Row],
	) -> Result<Vec<Option<Verdict>>, OwnerError> {
		match self {
			Some(verifier) => {
				let verdicts = Box::pin(verifier.verify(gateway, filter, rows)).await?;
				Ok(verdicts.into_iter().map(Some).collect())
			},
			None => Ok(vec![None; rows.len()]),
		}
	}
}

/// What a gateway has answered so far.
pub(super) struct Heard<C> {
	/// Its place among those that are asked.
	pub(super) place: usize,
	gateway: Gateway,
	check: C,
	pages: Pages,
	found: Vec<Found>,
	/// Why it does not go on.
	error: Option<OwnerError>,
}

impl<C: Check> Heard<C> {
	/// Nothing yet.
	pub(super) fn new(place: usize, gateway: Gateway, check: C) -> Self {
		// Its peers are asked themselves.
		let pages = Pages::new(Reach { own: true, partial: false });
		Self { place, gateway, check, pages, found: Vec::new(), error: None }
	}

	/// When it gets a part of what others leave, the least first: those for all of whose values the chain
	/// stands, and then those with doubts that honest gateways raise, too. `None` if it gets none: it has no
	/// more, has answered `most` values, or has raised another doubt.
	fn turn(&self, most: usize) -> Option<u8> {
		let doubts = || self.found.iter().filter_map(Found::doubted);
		let is_honest = doubts().all(|doubted| doubted.doubt.is_honest());
		let goes_on = self.error.is_none() && self.pages.has_more() && self.found.len() < most;
		(goes_on && is_honest).then(|| u8::from(doubts().next().is_some()))
	}

	/// Values that count: those that the chain does not stand for take nobody's place.
	fn counted(&self) -> usize {
		self.found.iter().filter(|found| found.doubted().is_none()).count()
	}

	/// Ask for `share` values more, and check them.
	async fn go_on(
		mut self,
		share: usize,
		filter: &Filter,
		page: usize,
	) -> Result<Self, OwnerError> {
		let rows = self.read(share, filter, page).await;
		if !rows.is_empty() {
			let verdicts = self.check.check(&self.gateway, filter, &rows).await?;
			self.found.extend(found(self.gateway.id, rows, verdicts));
		}
		Ok(self)
	}

	async fn read(&mut self, share: usize, filter: &Filter, page: usize) -> Vec<Row> {
		let mut rows = Vec::new();
		while rows.len() < share && self.pages.has_more() {
			let limit = share.saturating_sub(rows.len()).min(page);
			match Box::pin(self.read_page(filter, limit)).await {
				Ok(more) => rows.extend(more),
				// What came before is not lost.
				Err(error) => self.error = Some(error),
			}
		}
		rows
	}

	/// The rows of the next page, if all of them are such as it may answer.
	async fn read_page(&mut self, filter: &Filter, limit: usize) -> Result<Vec<Row>, OwnerError> {
		let Gateway { id, network, served } = &self.gateway;
		let rows = Box::pin(self.pages.turn(served, filter, limit)).await?;
		let wrong = rows.iter().find_map(|row| row.ensure_right(*id, *network, filter).err());
		if let Some(cause) = wrong {
			self.pages.end();
			return Err(served.odd(cause));
		}
		Ok(rows)
	}

	/// Whether no more is to be had of it.
	pub(super) fn is_whole(&self) -> bool {
		!self.pages.has_more()
	}

	/// What is told of it, and its values.
	pub(super) fn told(self) -> (Asked, Vec<Found>) {
		let Self { gateway, found, error, .. } = self;
		(Asked { error, ..Asked::heard(&gateway, found.len()) }, found)
	}
}

/// Rows with what the chain says of them.
pub(super) fn found(
	gateway: GatewayId,
	rows: Vec<Row>,
	verdicts: Vec<Option<Verdict>>,
) -> impl Iterator<Item = Found> {
	let rows = rows.into_iter().zip(verdicts);
	rows.map(move |(row, verdict)| Found { gateway, row, verdict })
}

/// Ask gateways for `most` values in all. Each is asked for its share; what one leaves, because it has no
/// more or because the chain does not stand for it, goes to those whose turn it is, in equal parts. Nobody
/// answers more than `most`, counted or not.
///
/// # Errors
/// If values cannot be checked. That a gateway fails is told of it.
pub(super) async fn gather<C: Check>(
	mut heard: Vec<Heard<C>>,
	filter: &Filter,
	most: usize,
	page: usize,
) -> Result<Vec<Heard<C>>, OwnerError> {
	for _ in 0..ROUNDS {
		let counted = heard.iter().map(Heard::counted).sum::<usize>();
		let left = most.saturating_sub(counted);
		let turn = heard.iter().filter_map(|heard| heard.turn(most)).min();
		if left == 0 || turn.is_none() {
			break;
		}
		let many = heard.iter().filter(|heard| heard.turn(most) == turn).count();
		let mut shares = shares(left, many);
		let mut asked = Vec::new();
		for heard in heard {
			let is_next = heard.turn(most) == turn;
			let share = if is_next { shares.next().unwrap_or_default() } else { 0 };
			let room = most.saturating_sub(heard.found.len());
			asked.push(Box::pin(heard.go_on(share.min(room), filter, page)));
		}
		// Who is slow holds nobody up.
		let asked = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>();
		heard = Box::pin(asked).await?;
		heard.sort_by_key(|heard| heard.place);
	}
	Ok(heard)
}

/// Equal parts for so many; where it does not come out even, the first get one more. Pure.
fn shares(whole: usize, many: usize) -> impl Iterator<Item = usize> {
	let each = whole.checked_div(many).unwrap_or_default();
	let over = whole.checked_rem(many).unwrap_or_default();
	(0..many).map(move |place| each.saturating_add(usize::from(place < over)))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn shares_are_fair_and_nothing_is_left(whole in 0usize..100_000, many in 1usize..300) {
			let shares = shares(whole, many).collect::<Vec<_>>();
			prop_assert_eq!(shares.len(), many);
			prop_assert_eq!(shares.iter().sum::<usize>(), whole);
			let (first, last) = (shares[0], shares[many - 1]);
			prop_assert!(first - last <= 1 && shares.is_sorted_by(|one, next| one >= next));
		}
	}

	#[test]
	fn nobody_has_no_share() {
		assert_eq!(shares(5, 0).count(), 0);
	}
}
