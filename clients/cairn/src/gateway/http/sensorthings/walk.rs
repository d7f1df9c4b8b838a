//! A page of a set that may be as long as the gateway has devices: it begins where the one before ended,
//! and looks at a bounded number of them, found or not.

use std::{fmt, ops::ControlFlow};

use cairn_types::DeviceId;

use crate::gateway::data::parameters::digits;

/// Where a page begins: a device, and a channel of its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
	pub(super) device: DeviceId,
	pub(super) channel: u8,
}

impl fmt::Display for Mark {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}-{}", self.device, self.channel)
	}
}

impl Mark {
	/// The mark that a text shows; `None` if it shows none. Up to 19 and 2 digits, as `openapi.json` has
	/// it: ids and channels never have more.
	pub(super) fn read(text: &str) -> Option<Self> {
		let (device, channel) = text.split_once('-')?;
		if device.len() > 19 || channel.len() > 2 {
			return None;
		}
		Some(Self { device: DeviceId(digits(device)?), channel: digits(channel)? })
	}
}

/// Which part of a set is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
	/// Most entities.
	pub(super) top: usize,
	/// Entities to leave out first.
	pub(super) skip: usize,
	/// Where it begins.
	pub(super) from: Mark,
}

/// What was found, and where the next page begins: nowhere, if there is nothing more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leg<T> {
	/// The entities.
	pub(super) found: Vec<T>,
	/// What is asked for next.
	pub(super) next: Option<Stretch>,
}

/// Collects what a stretch asks for.
pub(super) struct Walk<T> {
	asked: Stretch,
	/// Entities still to leave out.
	skip: usize,
	found: Vec<T>,
	/// The first entity behind the stretch.
	behind: Option<Mark>,
}

impl<T> Walk<T> {
	pub(super) const fn new(asked: Stretch) -> Self {
		Self { asked, skip: asked.skip, found: Vec::new(), behind: None }
	}

	/// Come by an entity; breaks off behind the stretch.
	pub(super) fn pass(&mut self, mark: Mark, make: impl FnOnce() -> T) -> ControlFlow<()> {
		if mark < self.asked.from {
			return ControlFlow::Continue(());
		}
		if self.skip > 0 {
			self.skip = self.skip.saturating_sub(1);
			return ControlFlow::Continue(());
		}
		if self.found.len() >= self.asked.top {
			self.behind = Some(mark);
			return ControlFlow::Break(());
		}
		self.found.push(make());
		ControlFlow::Continue(())
	}

	/// End the walk.
	///
	/// - `stopped`: the device that would have been the next one, if there is one.
	pub(super) fn end(self, stopped: Option<DeviceId>) -> Leg<T> {
		let Stretch { top, .. } = self.asked;
		let from = self.behind.or_else(|| stopped.map(|device| Mark { device, channel: 0 }));
		let next = from.filter(|_| top > 0).map(|from| Stretch { top, skip: self.skip, from });
		Leg { found: self.found, next }
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn mark(device: u64, channel: u8) -> Mark {
		Mark { device: DeviceId(device), channel }
	}

	/// Walk over devices of two channels, some at a time, as the store does.
	fn walk(devices: &[u64], asked: Stretch, most: usize) -> Leg<(u64, u8)> {
		let mut walk = Walk::new(asked);
		let ahead = devices.iter().filter(|device| **device >= asked.from.device.0);
		for (step, device) in ahead.enumerate() {
			let is_over = step >= most
				|| [0, 1].into_iter().any(|channel| {
					walk.pass(mark(*device, channel), || (*device, channel)).is_break()
				});
			if is_over {
				return walk.end(Some(DeviceId(*device)));
			}
		}
		walk.end(None)
	}

	#[test]
	fn pages_add_up_whatever_their_size_and_pace() {
		let devices = [1, 4, 5, 9];
		let all = devices.iter().flat_map(|device| [(*device, 0), (*device, 1)]);
		let all = all.collect::<Vec<_>>();
		for top in 1..=9 {
			for skip in 0..=9 {
				for most in 1..=5 {
					let mut next = Some(Stretch { top, skip, from: Mark::default() });
					let mut found = Vec::new();
					while let Some(asked) = next {
						let leg = walk(&devices, asked, most);
						assert!(leg.found.len() <= top);
						found.extend(leg.found);
						next = leg.next;
					}
					assert_eq!(found, all[skip.min(8)..], "{top} {skip} {most}");
				}
			}
		}
	}

	#[test]
	fn no_page_leads_on_without_getting_on() {
		let asked = Stretch { top: 0, skip: 0, from: Mark::default() };
		assert_eq!(walk(&[1, 2], asked, 9), Leg { found: Vec::new(), next: None });
	}

	#[test]
	fn a_mark_is_read_back() {
		for shown in [Mark::default(), mark(17, 3), mark(u64::MAX / 10, 99)] {
			assert_eq!(Mark::read(&shown.to_string()), Some(shown));
		}
		for text in ["", "1", "1-", "-1", "1-100", "1-2-3", "a-0", "+1-0", "18446744073709551615-0"]
		{
			assert_eq!(Mark::read(text), None, "{text}");
		}
	}
}
