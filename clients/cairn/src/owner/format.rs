//! Numbers, names and times as people read them. Pure.

use cairn_types::{CertifierKey, DeviceKey, Hash32, Periods, RootKey, Tick, Window};

/// The token's symbol.
pub(crate) const SYMBOL: &str = "CAIRN";
/// Smallest units of one token, as a power of ten.
const DECIMALS: u32 = 12;
/// Smallest units of one token.
pub(crate) const UNIT: u128 = 10u128.pow(DECIMALS);

/// An amount of the smallest unit in tokens, without trailing zeros: `1.5 CAIRN`.
pub(crate) fn amount(smallest: u128) -> String {
	format!("{} {SYMBOL}", number(smallest))
}

/// An amount of the smallest unit as a decimal number of tokens.
pub(crate) fn number(smallest: u128) -> String {
	let (whole, rest) = (smallest / UNIT, smallest % UNIT);
	let digits = format!("{rest:012}");
	match digits.trim_end_matches('0') {
		"" => whole.to_string(),
		fraction => format!("{whole}.{fraction}"),
	}
}

/// Read an amount in tokens, with at most 12 decimals: `1.5`, `1.5 CAIRN`.
pub(crate) fn parse_amount(text: &str) -> Result<u128, String> {
	let text = text.trim();
	let digits = text.strip_suffix(SYMBOL).unwrap_or(text).trim();
	let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
	let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
		return Err(format!("{text:?} is not an amount; write tokens such as 12 or 0.5"));
	}
	if fraction.len() > DECIMALS as usize {
		return Err(format!("{text:?} has more than {DECIMALS} decimals"));
	}
	let padded = format!("{whole}{fraction:0<12}");
	padded.parse().map_err(|_| format!("{text:?} is more than there can be"))
}

/// A hash as text.
pub(crate) fn hash(hash: &Hash32) -> String {
	format!("0x{}", hex::encode(hash))
}

/// The beginning of a hash: enough to tell blocks apart.
pub(crate) fn short_hash(hash: &Hash32) -> String {
	let digits = hex::encode(hash);
	format!("0x{}…{}", digits.get(..4).unwrap_or_default(), digits.get(60..).unwrap_or_default())
}

/// Bytes that others chose: as text if they are nothing but printable text, else in hex, so that
/// nobody's name can move the cursor of somebody else's terminal.
pub(crate) fn text(bytes: &[u8]) -> String {
	match std::str::from_utf8(bytes) {
		Ok(text) if !text.is_empty() && !text.chars().any(|c| c.is_control() || is_hidden(c)) => {
			text.to_owned()
		},
		_ => format!("0x{}", hex::encode(bytes)),
	}
}

/// What others say, in so many characters at most: those that show nothing are left out.
pub(crate) fn words(text: &str, most: usize) -> String {
	text.chars().filter(|c| !c.is_control() && !is_hidden(*c)).take(most).collect()
}

/// Characters that show nothing and turn what follows: bidirectional controls, zero widths.
fn is_hidden(c: char) -> bool {
	matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A device's key: scheme and hex.
pub(crate) fn device_key(key: &DeviceKey) -> String {
	match key {
		DeviceKey::Ed25519(key) => format!("ed25519:{}", hex::encode(key.0)),
		DeviceKey::Sr25519(key) => format!("sr25519:{}", hex::encode(key.0)),
		DeviceKey::Secp256k1(key) => format!("secp256k1:{}", hex::encode(key.0)),
	}
}

/// A root key: scheme and hex.
pub(crate) fn root_key(key: &RootKey) -> String {
	match key {
		RootKey::P256(key) => format!("p256:{}", hex::encode(key.0)),
	}
}

/// A maker's certification key: scheme and hex.
pub(crate) fn certifier_key(key: &CertifierKey) -> String {
	match key {
		CertifierKey::Ed25519(key) => device_key(&DeviceKey::Ed25519(*key)),
		CertifierKey::P256(key) => root_key(&RootKey::P256(*key)),
	}
}

/// A span of time in its two largest units.
pub(crate) fn duration(seconds: u64) -> String {
	const SPANS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
	let mut rest = seconds;
	let mut words = Vec::new();
	for (length, name) in SPANS {
		let count = rest / length;
		rest %= length;
		if count > 0 {
			words.push(format!("{count} {name}"));
		} else if !words.is_empty() {
			break;
		}
	}
	words.truncate(2);
	if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// A number of ticks and how long they last at least.
pub(crate) fn ticks(count: Tick, periods: &Periods) -> String {
	let seconds = u64::from(count).saturating_mul(periods.window_millis()) / 1_000;
	let name = if count == 1 { "tick" } else { "ticks" };
	format!("{count} {name}, about {}", duration(seconds))
}

/// When a tick comes, seen from `now`.
pub(crate) fn at_tick(tick: Tick, now: Tick, periods: &Periods) -> String {
	match tick.checked_sub(now) {
		None | Some(0) => format!("since tick {tick}"),
		Some(left) => format!("at tick {tick}, in {}", ticks(left, periods)),
	}
}

/// An interval of windows in words.
pub(crate) fn interval(from: Window, until: Window) -> String {
	if until == Window::MAX {
		format!("from window {from} on")
	} else {
		format!("from window {from} until window {until}")
	}
}

/// Seconds from now until a window begins, by the machine's clock; `None` if it has begun.
pub(crate) fn seconds_until(window: Window, periods: &Periods, now_millis: u64) -> Option<u64> {
	let left = periods.start_of(window).checked_sub(now_millis)?;
	(left > 0).then(|| left.div_ceil(1_000))
}

/// A bar of `width` characters, filled in proportion; full when `of` is zero.
pub(crate) fn bar(done: u64, of: u64, width: usize) -> String {
	let cells = u64::try_from(width).unwrap_or(0);
	let filled = done.min(of).saturating_mul(cells).checked_div(of).unwrap_or(cells);
	let filled = usize::try_from(filled).unwrap_or(width).min(width);
	format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// `1 device`, `2 devices`.
pub(crate) fn count(number: u64, name: &str) -> String {
	if number == 1 { format!("1 {name}") } else { format!("{number} {name}s") }
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::ed25519;

	const PERIODS: Periods = Periods::DEVELOPMENT;

	proptest! {
		#[test]
		fn an_amount_is_read_back(smallest in any::<u128>()) {
			prop_assert_eq!(parse_amount(&amount(smallest)), Ok(smallest));
		}

		#[test]
		fn a_bar_is_as_wide_as_asked(done in any::<u64>(), of in any::<u64>(), width in 0usize..80) {
			prop_assert_eq!(bar(done, of, width).chars().count(), width);
		}
	}

	#[test]
	fn amounts_have_no_trailing_zeros() {
		assert_eq!(amount(0), "0 CAIRN");
		assert_eq!(amount(1), "0.000000000001 CAIRN");
		assert_eq!(amount(1_500_000_000_000), "1.5 CAIRN");
		assert_eq!(amount(20 * UNIT), "20 CAIRN");
	}

	#[test]
	fn works_when_an_amount_is_written_by_hand() {
		assert_eq!(parse_amount("12"), Ok(12 * UNIT));
		assert_eq!(parse_amount(".5"), Ok(UNIT / 2));
		assert_eq!(parse_amount("0.000000000001 CAIRN"), Ok(1));
		for text in ["", ".", "-1", "1e3", "1.0000000000001", "1,5", &"9".repeat(40)] {
			assert!(parse_amount(text).is_err(), "{text}");
		}
	}

	#[test]
	fn what_is_not_plain_text_is_shown_in_hex() {
		assert_eq!(text("Wetter/1".as_bytes()), "Wetter/1");
		assert_eq!(text(b"\x1b[2J"), "0x1b5b324a");
		assert_eq!(text("a\u{202e}b".as_bytes()), "0x61e280ae62");
		assert_eq!(text(b""), "0x");
		assert_eq!(text(&[0xff]), "0xff");
	}

	#[test]
	fn words_move_no_cursor_and_end() {
		assert_eq!(words("zu spät\u{1b}[2J\n\u{202e}", 99), "zu spät[2J");
		assert_eq!(words(&"ä".repeat(9), 5), "äääää");
	}

	#[test]
	fn durations_have_two_units_at_most() {
		for (seconds, expected) in [
			(0, "0 s"),
			(59, "59 s"),
			(60, "1 min"),
			(3_601, "1 h"),
			(3_660, "1 h 1 min"),
			(90_061, "1 d 1 h"),
		] {
			assert_eq!(duration(seconds), expected);
		}
	}

	#[test]
	fn ticks_say_how_long_they_last() {
		assert_eq!(at_tick(12, 10, &PERIODS), "at tick 12, in 2 ticks, about 12 s");
		assert_eq!(at_tick(11, 10, &PERIODS), "at tick 11, in 1 tick, about 6 s");
		assert_eq!(at_tick(10, 10, &PERIODS), "since tick 10");
		assert_eq!(interval(3, Window::MAX), "from window 3 on");
		assert_eq!(interval(3, 9), "from window 3 until window 9");
		assert_eq!(seconds_until(2, &PERIODS, 10_500), Some(2));
		assert_eq!(seconds_until(2, &PERIODS, 12_000), None);
	}

	#[test]
	fn bars_and_counts_are_plain() {
		assert_eq!(bar(1, 4, 8), "██░░░░░░");
		assert_eq!(bar(0, 0, 2), "██");
		assert_eq!(count(1, "block"), "1 block");
		assert_eq!(count(0, "block"), "0 blocks");
		assert_eq!(short_hash(&[0xab; 32]), "0xabab…abab");
		let key = DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]));
		assert_eq!(device_key(&key), format!("ed25519:{}", "01".repeat(32)));
	}
}
