//! Where devices are, window by window, as their owners assert it on the chain.
//!
//! The chain knows where a device is and was before its last move. The gateway looks once in every
//! window, in finalized state, and keeps what it learns: so a device that moves takes no reading along
//! that came from elsewhere.

use std::ops::RangeInclusive;

use cairn_chain::{At, BlockId, Blocks, Chain, Kind};
use cairn_geo::{Cell, FINEST_RESOLUTION, Placed};
use cairn_types::{Dated, DeviceId, GatewayId, Moment, Window};
use tokio::task::spawn_blocking;

use super::{error::Error, registry, store::Store};

/// Devices asked for at once.
const PART: usize = 1_024;
/// Bits of a cell's index that say where it is: its base cell, and a digit for each resolution. Digits
/// beyond its own resolution are all ones (H3's specification of the index).
const PATH_BITS: u32 = 52;
/// Bits of a digit.
const DIGIT_BITS: u32 = 3;

/// The first window of each place of a device, ascending.
pub type Told = Vec<(Window, Cell)>;

/// Where a device was, as far as the gateway knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track(Told);

impl Track {
	/// As it was kept.
	#[must_use]
	pub const fn new(places: Told) -> Self {
		Self(places)
	}

	/// The first window of each place, ascending.
	#[must_use]
	pub fn places(&self) -> &[(Window, Cell)] {
		&self.0
	}

	/// The first and the last window of each place, ascending; the newest one has no end.
	pub fn spans(&self) -> impl Iterator<Item = (Window, Window, Cell)> {
		let ends = self.0.iter().skip(1).map(|(next, _)| next.saturating_sub(1));
		let spans = self.0.iter().zip(ends.chain([Window::MAX]));
		spans.map(|((from, cell), until)| (*from, until, *cell))
	}

	/// Where the device was in `window`; `None` if it was nowhere, or that is not known.
	#[must_use]
	pub fn at(&self, window: Window) -> Option<Cell> {
		let held = self.0.iter().rev().find(|(from, _)| *from <= window);
		held.map(|(_, cell)| *cell)
	}

	/// Forget the places in which the device was before `window` only: not its newest one.
	pub fn forget(&mut self, window: Window) {
		let over = self.0.iter().skip(1).take_while(|(next, _)| *next <= window).count();
		self.0.drain(..over);
	}

	/// Learn what the chain tells. What is known of the time before stays.
	pub fn learn(&mut self, told: &[(Window, Cell)]) {
		for (from, cell) in told {
			if self.at(*from) == Some(*cell) {
				continue;
			}
			self.0.retain(|(known, _)| known < from);
			// After a reorganisation of the chain the device may not have moved after all.
			if self.at(*from) != Some(*cell) {
				self.0.push((*from, *cell));
			}
		}
	}
}

/// Whether what is in `cell` is in `region`. A cell coarser than the region is in none of it: where
/// in the cell the device is, nobody knows. Descent is by digits, as H3 has it.
#[must_use]
pub fn contains(region: Cell, cell: Cell) -> bool {
	cell.parent(region.resolution()) == Ok(region)
}

/// Where the cell of an index lies among those of all resolutions, in an order in which what is in a
/// region lies together. Pure.
#[must_use]
pub const fn path(index: u64) -> u64 {
	index & ones(PATH_BITS)
}

/// The paths of the cells that are in `region`, as [`contains`] has it, and of no others. Pure.
#[must_use]
pub fn paths(region: Cell) -> RangeInclusive<u64> {
	let last = path(region.index());
	let finer = FINEST_RESOLUTION.saturating_sub(region.resolution());
	let first = last & !ones(DIGIT_BITS.saturating_mul(u32::from(finer)));
	first..=last
}

/// So many ones, fewer than 64.
const fn ones(bits: u32) -> u64 {
	!(u64::MAX << bits)
}

/// From which window on, at the latest, the place held that a device had before it moved. Pure.
///
/// A fact does not say that, but at which tick the place was asserted. A window has at most one tick, so
/// that many windows ago it was asserted at the latest; and it held in the window of the move.
///
/// - `since`: first window of the place after it.
#[must_use]
pub(crate) fn held_from(previous: &Placed, since: Window, now: Moment) -> Window {
	let ago = now.tick.saturating_sub(previous.asserted);
	let from = now.window.saturating_sub(ago).saturating_add(1);
	from.min(since.saturating_sub(1))
}

/// What a fact of the chain tells at `now`. Pure.
fn told(place: &Dated<Placed>, now: Moment) -> Told {
	let mut told = Vec::new();
	if let Some(previous) = &place.previous {
		told.push((held_from(previous, place.since, now), previous.location.cell()));
	}
	told.push((place.since, place.current.location.cell()));
	told
}

/// Keeps the store's places up to date.
pub struct Locator {
	chain: Chain,
	gateway: GatewayId,
	store: Store,
	/// The window in which it looked last.
	looked: Option<Window>,
}

impl Locator {
	/// One that has not looked yet.
	#[must_use]
	pub fn new(chain: Chain, gateway: GatewayId, store: Store) -> Self {
		Self { chain, gateway, store, looked: None }
	}

	/// Follow the chain for ever. May be dropped at any await: what is learnt is kept whole or not.
	pub async fn run(mut self) {
		let mut blocks: Blocks = self.chain.blocks(Kind::Finalized);
		loop {
			let block = blocks.next().await;
			if let Err(cause) = self.update(block).await {
				tracing::warn!(block = block.number, %cause, "cannot learn where devices are");
			}
		}
	}

	/// Look with the first block of a window: what was asserted in the windows before, it knows, and
	/// what is asserted later holds later.
	async fn update(&mut self, block: BlockId) -> Result<(), Error> {
		let at = At::Block(block.hash);
		let now = self.chain.clock(at).await?.now;
		if self.looked == Some(now.window) {
			return Ok(());
		}
		for part in self.devices(now.window, at).await?.chunks(PART) {
			let facts = self.chain.locations(part, at).await?;
			let learnt = facts.iter().map(|(device, place)| (*device, told(place, now)));
			let (store, learnt) = (self.store.clone(), learnt.collect::<Vec<_>>());
			let changed = spawn_blocking(move || store.learn(&learnt)).await??;
			if changed > 0 {
				tracing::info!(devices = changed, window = now.window, "learnt places of devices");
			}
		}
		self.looked = Some(now.window);
		Ok(())
	}

	/// The devices that may report to this gateway in `window`.
	async fn devices(&self, window: Window, at: At) -> Result<Vec<DeviceId>, Error> {
		// It may be younger than the last finalized block.
		let Some(gateway) = self.chain.gateway(self.gateway, at).await? else {
			return Ok(Vec::new());
		};
		let facts = registry::fetch(&self.chain, self.gateway, gateway.slots, window, at).await?;
		Ok(facts.devices())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_geo::Location;
	use proptest::prelude::*;

	/// A cell of resolution 12 in New York.
	const CELL: &str = "8c2a1072b59adff";
	/// Ticks between two moves of a device, at least.
	const PAUSE: u32 = 3;

	fn cell() -> Cell {
		CELL.parse().expect("a cell")
	}

	/// One of a few places next to each other.
	fn place(number: usize) -> Cell {
		cell().neighbours()[number % 6]
	}

	fn placed(cell: Cell, asserted: u32) -> Placed {
		Placed::new(Location::new(cell, 0, 0).expect("valid"), asserted)
	}

	#[test]
	fn a_coarse_cell_is_not_in_a_finer_region() {
		for resolution in 0..=12 {
			assert!(contains(cell().parent(resolution).expect("coarser"), cell()), "{resolution}");
		}
		let coarse = cell().parent(6).expect("coarser");
		assert!(!contains(cell(), coarse));
		assert!(cell().neighbours().iter().all(|neighbour| !contains(cell(), *neighbour)));
	}

	/// Any cell, as H3's specification writes its index, of few base cells and often of the same
	/// ancestors. One of the base cells is a pentagon.
	fn any_cell() -> impl Strategy<Value = Cell> {
		let digits = prop::collection::vec(prop_oneof![Just(2u64), 0u64..7], 15);
		let parts = (0u8..=FINEST_RESOLUTION, 2u64..6, digits);
		parts.prop_filter_map("a pentagon lacks it", |(resolution, base, digits)| {
			let head = (1 << 59) | (u64::from(resolution) << 52) | (base << 45);
			let index = (1u8..).zip(digits).fold(head, |index, (level, digit)| {
				let digit = if level <= resolution { digit } else { 7 };
				index | (digit << (3 * (FINEST_RESOLUTION - level)))
			});
			Cell::new(index).ok()
		})
	}

	#[test]
	fn spans_join() {
		let track = Track::new(vec![(3, place(0)), (9, place(1)), (10, place(2))]);
		let spans = track.spans().collect::<Vec<_>>();
		assert_eq!(spans, [(3, 8, place(0)), (9, 9, place(1)), (10, Window::MAX, place(2))]);
		assert_eq!(Track::default().spans().count(), 0);
	}

	#[test]
	fn works_when_a_device_is_placed_for_the_first_time() {
		let fact = Dated::new(placed(place(0), 7), 9, 20);
		let mut track = Track::default();
		assert_eq!(track.at(9), None);
		track.learn(&told(&fact, Moment { window: 8, tick: 7 }));
		assert_eq!(
			(track.at(8), track.at(9), track.at(900)),
			(None, Some(place(0)), Some(place(0)))
		);
	}

	#[test]
	fn a_move_leaves_what_was_before() {
		let fact = Dated::new(placed(place(0), 7), 9, 10);
		let mut track = Track::default();
		track.learn(&told(&fact, Moment { window: 9, tick: 8 }));
		let moved = fact.change(placed(place(1), 12), 14, 12, 20).expect("settled");
		// What is told in any later window, and again, is the same.
		for window in [14, 15, 99, 99] {
			track.learn(&told(&moved, Moment { window, tick: window - 1 }));
			assert_eq!(track.places(), [(9, place(0)), (14, place(1))]);
		}
	}

	#[test]
	fn a_place_is_not_known_before_it_must_have_held() {
		let fact = Dated::new(placed(place(0), 7), 9, 10);
		let moved = fact.change(placed(place(1), 12), 14, 12, 20).expect("settled");
		let told = |window, tick| told(&moved, Moment { window, tick });
		// Every window had a tick: it was asserted in window 8.
		assert_eq!(told(20, 19), [(9, place(0)), (14, place(1))]);
		// Three windows had none, nobody knows which.
		assert_eq!(told(23, 19), [(12, place(0)), (14, place(1))]);
		// It was still there when it moved.
		assert_eq!(told(99, 19), [(13, place(0)), (14, place(1))]);
	}

	#[test]
	fn a_place_that_was_missed_is_told_by_the_chain() {
		let mut track = Track::new(vec![(3, place(0))]);
		let fact = Dated::new(placed(place(1), 10), 12, 13);
		let moved = fact.change(placed(place(2), 20), 22, 20, 30).expect("settled");
		track.learn(&told(&moved, Moment { window: 40, tick: 39 }));
		assert_eq!(track.places(), [(3, place(0)), (12, place(1)), (22, place(2))]);
	}

	#[test]
	fn another_antenna_is_no_move() {
		let mut track = Track::default();
		let fact = Dated::new(placed(place(0), 7), 9, 10);
		let higher = Placed::new(Location::new(place(0), 30, 0).expect("valid"), 12);
		let changed = fact.change(higher, 14, 12, 20).expect("settled");
		track.learn(&told(&changed, Moment { window: 15, tick: 14 }));
		assert_eq!(track.places(), [(9, place(0))]);
	}

	#[test]
	fn a_move_that_a_reorganisation_took_back_is_none() {
		let mut track = Track::default();
		for (from, number) in [(0, 1), (14, 0), (14, 1)] {
			track.learn(&[(from, place(number))]);
		}
		assert_eq!(track.places(), [(0, place(1))]);
	}

	/// What happens in a window: whether it has a tick, where the device moves in it, and whether the
	/// gateway looks at its beginning.
	type Step = (bool, Option<usize>, bool);

	/// A gateway that looks at least once between two moves, and what it should know: by window, where
	/// the device was; and the window of its first look.
	fn follow(steps: &[Step]) -> (Track, Vec<Option<Cell>>, usize) {
		let mut track = Track::default();
		let mut fact: Option<Dated<Placed>> = None;
		let (mut truth, mut first, mut moved) = (Vec::new(), None, false);
		let mut now = Moment { window: 0, tick: 0 };
		for (index, (ticks, target, looks)) in steps.iter().enumerate() {
			now.window = u32::try_from(index).expect("few");
			now.tick += u32::from(*ticks);
			truth.push(fact.as_ref().and_then(|fact| fact.at(now.window)).map(cell_of));
			let target = target
				.map(place)
				.filter(|_| fact.as_ref().is_none_or(|fact| now.tick >= fact.settled));
			if *looks || (moved && target.is_some()) || index + 1 == steps.len() {
				if let Some(fact) = &fact {
					track.learn(&told(fact, now));
				}
				(first, moved) = (first.or(Some(index)), false);
			}
			let Some(target) = target else { continue };
			let (next, settled) = (placed(target, now.tick), now.tick + PAUSE);
			let since = now.window + 1;
			fact = Some(match fact {
				None => Dated::new(next, since, settled),
				Some(fact) => fact.change(next, since, now.tick, settled).expect("settled"),
			});
			moved = true;
		}
		(track, truth, first.unwrap_or_default())
	}

	fn cell_of(placed: &Placed) -> Cell {
		placed.location.cell()
	}

	proptest! {
		#[test]
		fn the_paths_of_a_region_are_those_of_what_it_contains(
			cell in any_cell(),
			other in any_cell(),
			resolution in 0u8..=FINEST_RESOLUTION,
		) {
			let region = cell.parent(resolution).unwrap_or(cell);
			for inner in [cell, other, region, other.parent(resolution).unwrap_or(other)] {
				let is_listed = paths(region).contains(&path(inner.index()));
				prop_assert_eq!(is_listed, contains(region, inner), "{:?} {:?}", region, inner);
			}
			prop_assert!(contains(region, cell));
			prop_assert_eq!(path(cell.index()) == path(other.index()), cell == other);
		}

		#[test]
		fn what_is_forgotten_is_missed_by_nobody(
			places in prop::collection::vec((0u32..20, 0usize..6), 0..8),
			needed in 0u32..25,
		) {
			let mut track = Track::default();
			for (from, number) in places {
				track.learn(&[(from, place(number))]);
			}
			let mut rest = track.clone();
			rest.forget(needed);
			for window in needed..30 {
				prop_assert_eq!(rest.at(window), track.at(window), "window {}", window);
			}
			let over = rest.places().iter().filter(|(from, _)| *from <= needed);
			prop_assert!(over.count() <= 1, "{:?}", rest);
			// What the chain tells again, of this place and the one before, is forgotten again.
			let (_, told) = track.places().split_at(track.places().len().saturating_sub(2));
			let mut again = rest.clone();
			again.learn(told);
			again.forget(needed);
			prop_assert_eq!(again, rest);
		}

		#[test]
		fn a_gateway_that_follows_knows_every_place_and_never_a_wrong_one(
			steps in prop::collection::vec(
				(prop::bool::weighted(0.7), prop::option::of(0usize..6), any::<bool>()),
				1..60,
			),
		) {
			let (track, truth, first) = follow(&steps);
			for (window, place) in truth.into_iter().enumerate() {
				let known = track.at(u32::try_from(window).expect("few"));
				if window >= first {
					prop_assert_eq!(known, place, "window {} of {:?}", window, track);
				} else {
					prop_assert!(known.is_none() || known == place, "window {window} of {track:?}");
				}
			}
			prop_assert!(track.places().is_sorted_by(|a, b| a.0 < b.0 && a.1 != b.1));
		}
	}
}
