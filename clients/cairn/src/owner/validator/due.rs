//! What of past eras has not been paid yet, and what a payment has paid. Pure.

use cairn_chain::{Era, EraView, ErasView, Outcome, Page, Payee};
use cairn_types::Amount;

/// Ended eras that are paid unless others are asked for.
pub(super) const RECENT_ERAS: u32 = 7;

/// Which eras to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
	/// The last few.
	Recent,
	/// All that are kept.
	All,
	/// One.
	One(Era),
}

/// Eras for which rewards can be collected: ended, and kept.
pub(super) fn payable(eras: &ErasView, kept_eras: u32) -> std::ops::Range<Era> {
	eras.planned.saturating_sub(kept_eras)..eras.active
}

/// Pages of an era that have not been paid, in order; none if the era pays nothing.
pub(super) fn unclaimed(era: &EraView) -> Vec<Page> {
	let (Some(payout), Some(exposure)) = (era.payout, era.exposure) else { return Vec::new() };
	if payout == 0 || era.points == 0 {
		return Vec::new();
	}
	// A validator whom nobody else backs has no page of nominators, but is paid as one.
	let pages = exposure.pages.max(u32::from(exposure.own > 0));
	(0..pages).filter(|page| !era.claimed.contains(page)).collect()
}

/// The pages to pay, oldest first: they are the first to be lost.
pub(super) fn select(views: &[EraView], eras: &ErasView, pick: Pick) -> Vec<(Era, Page)> {
	let is_meant = |era: Era| match pick {
		Pick::All => true,
		Pick::Recent => era >= eras.active.saturating_sub(RECENT_ERAS),
		Pick::One(one) => era == one,
	};
	let meant = views.iter().filter(|view| is_meant(view.era));
	meant.flat_map(|view| unclaimed(view).into_iter().map(|page| (view.era, page))).collect()
}

/// How many eras have something unclaimed.
pub(super) fn unclaimed_eras(views: &[EraView]) -> usize {
	views.iter().filter(|view| !unclaimed(view).is_empty()).count()
}

/// Why nothing of an era can be paid; `view` is `None` if the era is not among the payable ones.
pub(super) fn why_nothing(era: Era, view: Option<&EraView>, eras: &ErasView) -> String {
	let Some(view) = view else {
		return if era >= eras.active {
			format!("era {era} has not ended: the chain is in era {}", eras.active)
		} else {
			format!("era {era} is not kept any more: nobody can collect what it paid")
		};
	};
	if view.exposure.is_none() {
		format!("the account was not elected in era {era}")
	} else if view.points == 0 {
		format!("the account earned no points in era {era}")
	} else if view.payout.is_none_or(|payout| payout == 0) {
		format!("era {era} paid nothing to anybody")
	} else {
		format!("everything of era {era} has been collected")
	}
}

/// What a page has paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paid {
	/// The era.
	pub(super) era: Era,
	/// The page.
	pub(super) page: Page,
	/// To the validator.
	pub(super) validator: Amount,
	/// To those who backed it.
	pub(super) nominators: Amount,
	/// How many of those.
	pub(super) count: u32,
	/// The block.
	pub(super) block: u32,
}

/// What a transaction's events say was paid: each page's payments follow its beginning.
pub(super) fn paid(outcome: &Outcome) -> Vec<Paid> {
	let mut pages: Vec<([u8; 32], Paid)> = Vec::new();
	for event in outcome.events.iter().filter(|event| event.pallet == "Staking") {
		match event.name.as_str() {
			"PayoutStarted" => {
				let started = read::<(Era, [u8; 32], Page)>(&event.fields);
				pages.extend(started.map(|(era, stash, page)| {
					let block = outcome.number;
					(stash, Paid { era, page, validator: 0, nominators: 0, count: 0, block })
				}));
			},
			"Rewarded" => {
				let rewarded = read::<([u8; 32], Payee, Amount)>(&event.fields);
				if let (Some((who, _, amount)), Some((stash, page))) = (rewarded, pages.last_mut())
				{
					page.add(who == *stash, amount);
				}
			},
			_ => {},
		}
	}
	pages.into_iter().map(|(_, page)| page).collect()
}

impl Paid {
	fn add(&mut self, is_validator: bool, amount: Amount) {
		if is_validator {
			self.validator = self.validator.saturating_add(amount);
		} else {
			self.nominators = self.nominators.saturating_add(amount);
			self.count = self.count.saturating_add(1);
		}
	}
}

/// The first fields of an event.
fn read<T: codec::Decode>(fields: &[u8]) -> Option<T> {
	T::decode(&mut &*fields).ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::{Event, ExposureView};
	use codec::Encode;

	const ERAS: ErasView = ErasView { active: 20, planned: 21, planned_start: 126 };

	fn view(era: Era, pages: Page) -> EraView {
		EraView {
			era,
			payout: Some(1_000),
			exposure: Some(ExposureView { total: 30, own: 10, nominators: 300, pages }),
			commission: 0,
			points: 1,
			total_points: 2,
			claimed: Vec::new(),
		}
	}

	#[test]
	fn eras_are_payable_from_their_end_until_they_are_dropped() {
		assert_eq!(payable(&ERAS, 84), 0..20);
		assert_eq!(payable(&ERAS, 5), 16..20);
	}

	#[test]
	fn every_page_is_paid_once() {
		assert_eq!(unclaimed(&view(3, 2)), [0, 1]);
		assert_eq!(unclaimed(&EraView { claimed: vec![0], ..view(3, 2) }), [1]);
		assert_eq!(unclaimed(&EraView { claimed: vec![1, 0], ..view(3, 2) }), [0; 0]);
		assert_eq!(unclaimed(&view(3, 0)), [0]);
	}

	#[test]
	fn eras_that_pay_nothing_have_nothing_unclaimed() {
		for nothing in [
			EraView { payout: None, ..view(3, 2) },
			EraView { payout: Some(0), ..view(3, 2) },
			EraView { points: 0, ..view(3, 2) },
			EraView { exposure: None, ..view(3, 2) },
		] {
			assert!(unclaimed(&nothing).is_empty());
			assert!(!why_nothing(3, Some(&nothing), &ERAS).contains("collected"));
		}
	}

	#[test]
	fn the_oldest_era_is_paid_first() {
		let views = [view(2, 1), EraView { claimed: vec![0], ..view(13, 1) }, view(19, 2)];
		assert_eq!(select(&views, &ERAS, Pick::All), [(2, 0), (19, 0), (19, 1)]);
		assert_eq!(select(&views, &ERAS, Pick::Recent), [(19, 0), (19, 1)]);
		assert_eq!(select(&views, &ERAS, Pick::One(2)), [(2, 0)]);
		assert!(select(&views, &ERAS, Pick::One(13)).is_empty());
		assert_eq!(unclaimed_eras(&views), 2);
	}

	#[test]
	fn the_last_few_eras_include_the_seventh_before_the_active_one() {
		let views = [view(12, 1), view(13, 1)];
		assert_eq!(select(&views, &ERAS, Pick::Recent), [(13, 0)]);
	}

	#[test]
	fn an_era_without_pay_says_why() {
		let says = |era, view: Option<&EraView>| why_nothing(era, view, &ERAS);
		assert!(says(20, None).contains("has not ended"));
		assert!(says(1, None).contains("not kept"));
		assert!(says(3, Some(&EraView { exposure: None, ..view(3, 1) })).contains("not elected"));
		assert!(says(3, Some(&EraView { points: 0, ..view(3, 1) })).contains("no points"));
		assert!(says(3, Some(&EraView { payout: None, ..view(3, 1) })).contains("paid nothing"));
		assert!(says(3, Some(&view(3, 1))).contains("has been collected"));
	}

	#[test]
	fn what_was_paid_is_what_the_events_say() {
		let stash = [7u8; 32];
		let event = |name: &str, fields: Vec<u8>| Event {
			pallet: "Staking".to_owned(),
			name: name.to_owned(),
			fields,
		};
		let started = |era: Era, page: Page, next: Option<Page>| {
			event("PayoutStarted", (era, stash, page, next).encode())
		};
		let rewarded = |who: [u8; 32], amount: Amount| {
			event("Rewarded", (who, Payee::Account([9; 32]), amount).encode())
		};
		let deposit = Event { pallet: "Balances".to_owned(), ..event("Minted", Vec::new()) };
		let events = vec![
			started(5, 0, Some(1)),
			deposit,
			rewarded(stash, 10),
			rewarded([1; 32], 3),
			rewarded([2; 32], 4),
			started(5, 1, None),
			rewarded([3; 32], 5),
		];
		let outcome = Outcome { block: [0; 32], number: 12, index: 1, events };
		let page = |page, validator, nominators, count| Paid {
			era: 5,
			page,
			validator,
			nominators,
			count,
			block: 12,
		};
		assert_eq!(paid(&outcome), [page(0, 10, 7, 2), page(1, 0, 5, 1)]);
	}
}
