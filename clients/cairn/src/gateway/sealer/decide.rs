//! What to do next, from what the chain says and what is stored. Pure.

use std::collections::BTreeMap;

use cairn_chain::views::{GatewayView, HeadView};
use cairn_telemetry::tree::empty_root;
use cairn_types::{Attempt, Moment, Window};

use crate::gateway::store::{Head, Lost};

/// Best blocks after which a batch that is not on the chain is sent again.
const RESUBMIT_BLOCKS: u32 = 4;

/// A batch that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
	/// Its window.
	pub window: Window,
	/// Its attempt.
	pub attempt: Attempt,
	/// The best block when it was sent.
	pub best: u32,
}

/// Everything that the decision depends on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
	/// The chain's window and tick.
	pub now: Moment,
	/// Number of the best block.
	pub best: u32,
	/// What the chain says of the gateway, as its next `seal` will find it: a batch that is due
	/// without a quorum is dead in it, whether or not anybody has told the chain.
	pub gateway: &'a GatewayView,
	/// The stored versions of the ledger.
	pub heads: &'a BTreeMap<Window, Head>,
	/// Windows with readings that are neither sealed nor given up, ascending.
	pub open: &'a [Window],
	/// The newest window that no reading may still be on its way for.
	pub complete: Option<Window>,
	/// The batch that was sent last.
	pub submitted: Option<Submitted>,
	/// Best block before which nothing is sent, after a failure.
	pub pause: u32,
}

/// Why there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
	/// Everything is sealed.
	Idle,
	/// A batch was sent and is not in a block yet.
	Inclusion,
	/// The last transaction failed.
	Pause,
	/// The chain's newest batch is not ours; the older ledger is, so that batch will die.
	ForeignHead,
	/// The chain's attested ledger is not ours: nothing can be built on it.
	LedgerLost,
	/// The gateway is retired.
	Retired,
}

impl Why {
	/// In words, with what to do if something is to be done.
	#[must_use]
	pub const fn text(self) -> &'static str {
		match self {
			Self::Idle => "every window is sealed",
			Self::Inclusion => "a sealed batch waits to be included in a block",
			Self::Pause => "the last transaction failed; the next try follows in a few blocks",
			Self::ForeignHead => {
				"the newest batch on the chain is not in this store; it has to die before windows can \
				 be sealed again. Remedy: if a newer copy of the data directory exists, use it; else wait"
			},
			Self::LedgerLost => {
				"the attested ledger is not in this store, so nothing can be sealed. Remedy: use the \
				 newest copy of the data directory; if there is none, retire this gateway and register another"
			},
			Self::Retired => "the gateway is retired",
		}
	}
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
	/// Nothing.
	Wait(Why),
	/// Take the ledger back to this version.
	Revert(Option<Window>),
	/// Send a stored batch.
	Submit {
		/// Its window.
		window: Window,
		/// Its attempt.
		attempt: Attempt,
	},
	/// Write down that windows cannot be sealed any more.
	GiveUp(Vec<(Window, Lost)>),
	/// Seal a window.
	Seal(Window),
}

/// Decide.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Action {
	let gateway = situation.gateway;
	let paused = situation.best < situation.pause;
	let base = gateway.sealed;
	if !knows(situation.heads, base) {
		let attested = knows(situation.heads, gateway.attested);
		return Action::Wait(if attested { Why::ForeignHead } else { Why::LedgerLost });
	}
	if let Some((window, head)) = first_above(situation.heads, base) {
		return pending(situation, base, window, head, paused);
	}
	let lost = lost(situation, base);
	if !lost.is_empty() {
		return Action::GiveUp(lost);
	}
	match situation.open.iter().find(|window| is_ripe(situation, **window)) {
		None if gateway.retired => Action::Wait(Why::Retired),
		None => Action::Wait(Why::Idle),
		Some(_) if paused => Action::Wait(Why::Pause),
		Some(window) => Action::Seal(*window),
	}
}

/// A stored batch lies above the chain's sealed head: it was never included, or it died.
fn pending(
	situation: &Situation<'_>,
	base: Option<HeadView>,
	window: Window,
	head: &Head,
	paused: bool,
) -> Action {
	let gateway = situation.gateway;
	let root = base.map_or_else(empty_root, |base| base.root);
	let fits = head.attempt == gateway.attempt
		&& head.previous_root == root
		&& window >= gateway.next_window;
	if !fits {
		return Action::Revert(base.map(|base| base.window));
	}
	let sent = situation.submitted.is_some_and(|sent| {
		sent.window == window
			&& sent.attempt == head.attempt
			&& situation.best < sent.best.saturating_add(RESUBMIT_BLOCKS)
	});
	match (sent, paused) {
		(true, _) => Action::Wait(Why::Inclusion),
		(false, true) => Action::Wait(Why::Pause),
		(false, false) => Action::Submit { window, attempt: head.attempt },
	}
}

/// Open windows behind the sealed head, or out of attempts: the chain takes no batch for them.
fn lost(situation: &Situation<'_>, base: Option<HeadView>) -> Vec<(Window, Lost)> {
	let skipped = |window: &Window| {
		base.is_some_and(|base| *window <= base.window) || *window < situation.gateway.next_window
	};
	let windows = situation.open.iter().copied().filter(skipped);
	windows.map(|window| (window, Lost::Skipped)).collect()
}

/// Whether a window is over, on the chain and for devices.
fn is_ripe(situation: &Situation<'_>, window: Window) -> bool {
	window < situation.now.window && situation.complete.is_some_and(|complete| window <= complete)
}

/// Whether the store has the ledger of a head.
fn knows(heads: &BTreeMap<Window, Head>, head: Option<HeadView>) -> bool {
	head.is_none_or(|head| heads.get(&head.window).is_some_and(|mine| mine.root == head.root))
}

/// The oldest stored version above a head.
fn first_above(heads: &BTreeMap<Window, Head>, head: Option<HeadView>) -> Option<(Window, &Head)> {
	let from = match head {
		Some(head) => head.window.checked_add(1)?,
		None => 0,
	};
	heads.range(from..).next().map(|(window, head)| (*window, head))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{GatewayId, Hash32, NetworkId};

	fn view(sealed: Option<HeadView>, attested: Option<HeadView>, attempt: u32) -> GatewayView {
		GatewayView {
			gateway: GatewayId(1),
			operator: [0; 32],
			network: NetworkId(1),
			endpoint: Vec::new(),
			retired: false,
			sealed,
			attested,
			attempt,
			next_window: sealed.map_or(0, |head| head.window + 1),
			slots: 10,
			assigned: 10,
			record: [0; 4],
			accrued: 0,
			paid: 0,
		}
	}

	fn on_chain(window: Window, attempt: u32) -> Option<HeadView> {
		Some(HeadView { window, attempt, root: root(window) })
	}

	fn root(window: Window) -> Hash32 {
		[u8::try_from(window).expect("a small window"); 32]
	}

	/// Stored versions: window and attempt, each built on the one before.
	fn stored(heads: &[(Window, u32)]) -> BTreeMap<Window, Head> {
		let mut previous_root = empty_root();
		let mut map = BTreeMap::new();
		for (window, attempt) in heads {
			let head = Head { attempt: *attempt, root: root(*window), previous_root };
			previous_root = head.root;
			map.insert(*window, head);
		}
		map
	}

	fn situation<'a>(
		gateway: &'a GatewayView,
		heads: &'a BTreeMap<Window, Head>,
		open: &'a [Window],
	) -> Situation<'a> {
		Situation {
			now: Moment { window: 10, tick: 10 },
			best: 100,
			gateway,
			heads,
			open,
			complete: Some(9),
			submitted: None,
			pause: 0,
		}
	}

	#[test]
	fn works_when_the_next_window_is_over() {
		let (gateway, heads) = (view(on_chain(5, 0), None, 0), stored(&[(5, 0)]));
		assert_eq!(decide(&situation(&gateway, &heads, &[7, 9])), Action::Seal(7));
		assert_eq!(decide(&situation(&gateway, &heads, &[10])), Action::Wait(Why::Idle));
		let early = Situation { complete: Some(8), ..situation(&gateway, &heads, &[9]) };
		assert_eq!(decide(&early), Action::Wait(Why::Idle));
	}

	#[test]
	fn works_when_nothing_was_ever_sealed() {
		let (gateway, heads) = (view(None, None, 0), stored(&[]));
		assert_eq!(decide(&situation(&gateway, &heads, &[3])), Action::Seal(3));
		let heads = stored(&[(3, 0)]);
		let submit = Action::Submit { window: 3, attempt: 0 };
		assert_eq!(decide(&situation(&gateway, &heads, &[])), submit);
	}

	#[test]
	fn works_when_the_chain_has_not_seen_a_stored_batch() {
		let (gateway, heads) = (view(on_chain(5, 2), None, 2), stored(&[(5, 2), (7, 2), (8, 2)]));
		let fresh = situation(&gateway, &heads, &[9]);
		let submit = Action::Submit { window: 7, attempt: 2 };
		assert_eq!(decide(&fresh), submit);
		let sent = Submitted { window: 7, attempt: 2, best: 98 };
		let waiting = Situation { submitted: Some(sent), ..fresh.clone() };
		assert_eq!(decide(&waiting), Action::Wait(Why::Inclusion));
		let late = Situation { best: 102, ..waiting };
		assert_eq!(decide(&late), submit);
		let paused = Situation { pause: 101, ..fresh };
		assert_eq!(decide(&paused), Action::Wait(Why::Pause));
	}

	#[test]
	fn works_when_batches_died() {
		let gateway = view(on_chain(5, 0), on_chain(5, 0), 1);
		let heads = stored(&[(5, 0), (7, 0), (8, 0)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[])), Action::Revert(Some(5)));
		// Afterwards its windows are open again.
		let heads = stored(&[(5, 0)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[7, 8])), Action::Seal(7));
	}

	#[test]
	fn works_when_the_first_batch_ever_died() {
		let (gateway, heads) = (view(None, None, 1), stored(&[(7, 0)]));
		assert_eq!(decide(&situation(&gateway, &heads, &[])), Action::Revert(None));
	}

	#[test]
	fn works_when_a_stored_batch_is_out_of_attempts() {
		let gateway = GatewayView { next_window: 8, ..view(on_chain(5, 0), None, 0) };
		let heads = stored(&[(5, 0), (7, 0)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[])), Action::Revert(Some(5)));
		let heads = stored(&[(5, 0)]);
		let expected = Action::GiveUp(vec![(4, Lost::Skipped), (7, Lost::Skipped)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[4, 7, 9])), expected);
	}

	#[test]
	fn works_when_the_heads_are_of_another_ledger() {
		let gateway = view(on_chain(7, 0), on_chain(5, 0), 0);
		let heads = stored(&[(5, 0)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[9])), Action::Wait(Why::ForeignHead));
		let heads = stored(&[]);
		assert_eq!(decide(&situation(&gateway, &heads, &[9])), Action::Wait(Why::LedgerLost));
	}

	#[test]
	fn works_when_the_gateway_is_retired() {
		let gateway = GatewayView { retired: true, ..view(on_chain(5, 0), None, 0) };
		let heads = stored(&[(5, 0)]);
		assert_eq!(decide(&situation(&gateway, &heads, &[])), Action::Wait(Why::Retired));
		// What it served before is still sealed.
		assert_eq!(decide(&situation(&gateway, &heads, &[7])), Action::Seal(7));
	}
}
