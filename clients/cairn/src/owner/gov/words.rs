//! Shares and spans of blocks as people read them. Pure.

use cairn_chain::Perbill;

use super::super::format;

/// A share in percent, rounded down to a hundredth: `52.31%`.
pub(super) fn percent(share: Perbill) -> String {
	const HUNDREDTH: u32 = 100_000;
	let hundredths = share.deconstruct() / HUNDREDTH;
	let (whole, rest) = (hundredths / 100, hundredths % 100);
	let digits = format!("{rest:02}");
	match digits.trim_end_matches('0') {
		"" => format!("{whole}%"),
		fraction => format!("{whole}.{fraction}%"),
	}
}

/// How long a number of blocks lasts, if every slot has its block.
pub(super) fn span(blocks: u32, slot_millis: u64) -> String {
	format::duration(u64::from(blocks).saturating_mul(slot_millis) / 1_000)
}

/// A number of blocks and how long they last.
pub(super) fn blocks(count: u32, slot_millis: u64) -> String {
	let lasts = span(count, slot_millis);
	format!("{}, about {lasts}", format::count(u64::from(count), "block"))
}

/// When a block comes, seen from `now`.
pub(super) fn at_block(block: u32, now: u32, slot_millis: u64) -> String {
	match block.checked_sub(now) {
		None | Some(0) => format!("since block {block}"),
		Some(left) => format!("at block {block}, in about {}", span(left, slot_millis)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shares_are_rounded_down() {
		assert_eq!(percent(Perbill::from_percent(50)), "50%");
		assert_eq!(percent(Perbill::from_parts(523_199_999)), "52.31%");
		assert_eq!(percent(Perbill::from_parts(500_000_000 - 1)), "49.99%");
		assert_eq!(percent(Perbill::from_parts(5_000_000)), "0.5%");
		assert_eq!(percent(Perbill::zero()), "0%");
		assert_eq!(percent(Perbill::one()), "100%");
	}

	#[test]
	fn blocks_say_how_long_they_last() {
		assert_eq!(blocks(600, 6_000), "600 blocks, about 1 h");
		assert_eq!(blocks(1, 1_000), "1 block, about 1 s");
		assert_eq!(at_block(700, 100, 6_000), "at block 700, in about 1 h");
		assert_eq!(at_block(100, 100, 6_000), "since block 100");
		assert_eq!(at_block(99, 100, 6_000), "since block 99");
	}
}
