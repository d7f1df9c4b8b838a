//! Which anchor a reading needs, from what the gateway last said. Pure.

use cairn_types::{Hash32, Window};

use crate::protocol::AnchorInfo;

/// The window that `time` lies in.
#[must_use]
pub fn window_at(info: &AnchorInfo, time: u64) -> Window {
	let window = time.checked_div(info.window_millis).unwrap_or(0);
	Window::try_from(window).unwrap_or(Window::MAX)
}

/// The anchor of a reading at `time`. For windows after the chain's it is the one that is required if
/// no window in between is recorded; for windows before it none is known, and the reading counts no
/// units.
#[must_use]
pub fn anchor_at(info: &AnchorInfo, time: u64) -> Hash32 {
	let window = window_at(info, time);
	match window.cmp(&info.window) {
		std::cmp::Ordering::Less => [0; 32],
		std::cmp::Ordering::Equal => info.required,
		std::cmp::Ordering::Greater => info.upcoming,
	}
}

/// How often to ask for the anchor, ms: several times in a window.
#[must_use]
pub fn refresh_millis(info: &AnchorInfo) -> u64 {
	(info.window_millis / 6).clamp(500, 30_000)
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{GatewayId, NetworkId, SchemaId};

	fn info() -> AnchorInfo {
		AnchorInfo {
			genesis: [1; 32],
			network: NetworkId(1),
			schema_id: SchemaId(1),
			gateway: GatewayId(1),
			window: 5,
			window_millis: 6_000,
			required: [2; 32],
			upcoming: [3; 32],
			now_millis: 33_000,
		}
	}

	#[test]
	fn the_anchor_follows_the_readings_window() {
		let info = info();
		for (time, anchor) in [
			(29_999, [0; 32]),
			(30_000, [2; 32]),
			(35_999, [2; 32]),
			(36_000, [3; 32]),
			(60_000, [3; 32]),
		] {
			assert_eq!(anchor_at(&info, time), anchor, "{time}");
		}
	}

	#[test]
	fn the_anchor_is_asked_for_several_times_in_a_window() {
		assert_eq!(refresh_millis(&info()), 1_000);
		let long = AnchorInfo { window_millis: 600_000, ..info() };
		assert_eq!(refresh_millis(&long), 30_000);
		assert_eq!(window_at(&long, 1_200_000), 2);
	}
}
