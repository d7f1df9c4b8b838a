//! How far finality lies behind on a node, whether it is looked at again and again or announces its
//! blocks.

use std::{
	collections::BTreeMap,
	fmt,
	time::{Duration, Instant},
};

use serde::Serialize;

use crate::node::Node;

/// The best and the finalized blocks of a node, and when each became known.
#[derive(Clone, Debug, Default)]
pub struct Lag {
	/// When each height was first seen as the best; without the one that was the best already when
	/// watching began: since when is not known.
	seen: BTreeMap<u32, Instant>,
	/// When each of them was first known to be final.
	settled: BTreeMap<u32, Instant>,
	/// The highest block seen.
	highest: Option<u32>,
	best: Option<u32>,
	finalized: Option<u32>,
	/// Blocks between the best and the finalized one, from each time on.
	distances: Vec<(Instant, u32)>,
	/// The times of the first and of the last news.
	noted: Option<(Instant, Instant)>,
}

impl Lag {
	/// Ask a node that runs; `None` if it does not answer.
	pub async fn look(&mut self, node: &Node) -> Option<()> {
		let (best, finalized) = (node.best().await?.number, node.finalized().await?.number);
		self.note(best, finalized, Instant::now());
		Some(())
	}

	/// Take down what a look has shown.
	pub fn note(&mut self, best: u32, finalized: u32, now: Instant) {
		self.see(best, now);
		self.settle(finalized, now);
		self.note_distance(now);
	}

	/// Take down a best block that the node has announced.
	pub fn note_best(&mut self, number: u32, now: Instant) {
		self.see(number, now);
		self.note_distance(now);
	}

	/// Take down a finalized block that the node has announced; those below it are final too.
	pub fn note_finalized(&mut self, number: u32, now: Instant) {
		// What is final has been the best, even if that was not announced.
		if self.highest.is_some_and(|highest| number > highest) {
			self.see(number, now);
		}
		self.settle(number, now);
		self.note_distance(now);
	}

	fn see(&mut self, number: u32, now: Instant) {
		if let Some(highest) = self.highest {
			let newly = highest.saturating_add(1)..=number;
			self.seen.extend(newly.map(|height| (height, now)));
		}
		self.highest = self.highest.max(Some(number));
		self.best = Some(number);
	}

	fn settle(&mut self, number: u32, now: Instant) {
		let from = self.finalized.map_or(0, |finalized| finalized.saturating_add(1));
		if from <= number {
			let newly = self.seen.range(from..=number);
			self.settled.extend(newly.map(|(height, _)| (*height, now)));
		}
		self.finalized = self.finalized.max(Some(number));
	}

	fn note_distance(&mut self, now: Instant) {
		let first = self.noted.map_or(now, |(first, _)| first);
		self.noted = Some((first, now));
		let (Some(best), Some(finalized)) = (self.best, self.finalized) else { return };
		let distance = best.saturating_sub(finalized);
		if self.distances.last().is_none_or(|(_, last)| *last != distance) {
			self.distances.push((now, distance));
		}
	}

	/// The lag from the first news to the last.
	#[must_use]
	pub fn whole(&self) -> Behind {
		self.noted.map_or_else(Behind::default, |(first, last)| self.between(first, last))
	}

	/// The lag of the blocks that were first seen from `from` to before `to`, whenever they became
	/// final, and the distance between best and finalized block in that time.
	#[must_use]
	pub fn between(&self, from: Instant, to: Instant) -> Behind {
		let (mut delays, mut open) = (Vec::new(), 0);
		for (height, seen) in self.seen.iter().filter(|(_, seen)| (from..to).contains(*seen)) {
			match self.settled.get(height) {
				Some(settled) => delays.push(settled.saturating_duration_since(*seen)),
				None => open += 1,
			}
		}
		let blocks = u32::try_from(delays.len()).unwrap_or(u32::MAX);
		let mean = delays.iter().sum::<Duration>() / blocks.max(1);
		let max = delays.iter().max().copied().unwrap_or_default();
		let (mean_blocks, max_blocks) = self.distance(from, to);
		Behind {
			mean_millis: mean.as_secs_f64() * 1e3,
			max_millis: max.as_secs_f64() * 1e3,
			mean_blocks,
			max_blocks,
			blocks,
			open,
		}
	}

	/// Mean over time and maximum of the blocks between the best and the finalized one.
	fn distance(&self, from: Instant, to: Instant) -> (f64, u32) {
		let ends = self.distances.iter().skip(1).map(|(next, _)| *next).chain([to]);
		let (mut weighted, mut time, mut max) = (0.0, 0.0, 0);
		for ((begun, distance), end) in self.distances.iter().zip(ends) {
			let lasted = end.min(to).saturating_duration_since((*begun).max(from));
			if !lasted.is_zero() {
				weighted += f64::from(*distance) * lasted.as_secs_f64();
				time += lasted.as_secs_f64();
				max = max.max(*distance);
			}
		}
		let mean = if time > 0.0 { weighted / time } else { 0.0 };
		(mean, max)
	}
}

/// How far finality lay behind on one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Behind {
	/// Mean time from a block's first sight as the best to its finality, ms.
	pub mean_millis: f64,
	/// The longest of these times, ms.
	pub max_millis: f64,
	/// Blocks between the best and the finalized one, the mean over time.
	pub mean_blocks: f64,
	/// The most blocks between them.
	pub max_blocks: u32,
	/// Blocks whose finality was timed.
	pub blocks: u32,
	/// Blocks that were not final when watching ended: they are not in the times.
	pub open: u32,
}

impl fmt::Display for Behind {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"finality lag: {:.1} s on average, {:.1} s at most; {:.1} blocks on average, {} at most",
			self.mean_millis / 1e3,
			self.max_millis / 1e3,
			self.mean_blocks,
			self.max_blocks
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A clock that can be set.
	struct Clock(Instant);

	impl Clock {
		fn at(&self, millis: u64) -> Instant {
			self.0 + Duration::from_millis(millis)
		}
	}

	fn clock() -> Clock {
		Clock(Instant::now())
	}

	fn close(left: f64, right: f64) -> bool {
		(left - right).abs() < 1e-6
	}

	#[test]
	fn works_when_blocks_are_announced() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note_finalized(7, clock.at(0));
		lag.note_best(10, clock.at(0));
		lag.note_best(11, clock.at(1_000));
		lag.note_best(12, clock.at(2_000));
		lag.note_finalized(11, clock.at(4_000));
		lag.note_finalized(12, clock.at(6_000));

		let behind = lag.between(clock.at(0), clock.at(10_000));
		assert_eq!((behind.blocks, behind.open), (2, 0));
		assert!(close(behind.mean_millis, 3_500.0), "3 s and 4 s");
		assert!(close(behind.max_millis, 4_000.0));
		assert_eq!(behind.max_blocks, 5, "12 over 7");
		// 3 blocks for 1 s, 4 for 1 s, 5 for 2 s, 1 for 2 s, none for 4 s.
		assert!(close(behind.mean_blocks, 1.9));
	}

	#[test]
	fn works_when_a_node_is_looked_at() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note(5, 3, clock.at(0));
		lag.note(7, 5, clock.at(2_000));
		lag.note(8, 7, clock.at(3_000));

		let behind = lag.whole();
		assert_eq!((behind.blocks, behind.open), (2, 0), "blocks 6 and 7, both seen at 2 s");
		assert!(close(behind.mean_millis, 1_000.0));
		assert_eq!(behind.max_blocks, 2, "best and finalized of one look belong together");
		assert!(close(behind.mean_blocks, 2.0));
	}

	#[test]
	fn the_best_block_at_the_beginning_is_not_timed() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note(5, 3, clock.at(0));
		lag.note(5, 5, clock.at(100));
		lag.note(5, 5, clock.at(200));
		assert_eq!(lag.whole().blocks, 0);
	}

	#[test]
	fn blocks_are_timed_by_their_first_sight() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note_best(5, clock.at(0));
		lag.note_best(6, clock.at(1_000));
		lag.note_best(5, clock.at(2_000));
		lag.note_best(6, clock.at(3_000));
		lag.note_finalized(6, clock.at(4_000));
		let behind = lag.between(clock.at(0), clock.at(5_000));
		assert_eq!(behind.blocks, 1);
		assert!(close(behind.max_millis, 3_000.0), "a reorganisation does not start anew");
	}

	#[test]
	fn only_blocks_seen_in_the_time_count() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note(0, 0, clock.at(0));
		for second in 1..=9 {
			let number = u32::try_from(second).expect("small");
			lag.note(number, number - 1, clock.at(second * 1_000));
		}
		let behind = lag.between(clock.at(3_000), clock.at(6_000));
		assert_eq!((behind.blocks, behind.open), (3, 0), "3, 4 and 5");
		let behind = lag.between(clock.at(8_000), clock.at(20_000));
		assert_eq!((behind.blocks, behind.open), (1, 1), "9 is not final yet");
	}

	#[test]
	fn what_is_final_has_been_seen() {
		let (clock, mut lag) = (clock(), Lag::default());
		lag.note_best(5, clock.at(0));
		lag.note_finalized(7, clock.at(1_000));
		let behind = lag.between(clock.at(0), clock.at(2_000));
		assert_eq!((behind.blocks, behind.open), (2, 0));
		assert!(close(behind.max_millis, 0.0));
	}

	#[test]
	fn nothing_is_behind_without_news() {
		assert_eq!(Lag::default().whole(), Behind::default());
	}
}
