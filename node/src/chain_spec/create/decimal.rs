//! Decimal numbers of a description, read into integers: a float would round amounts.

use cairn_runtime::{
	Balance,
	currency::{DECIMALS, UNIT},
};
use serde::Deserialize;
use std::fmt;

/// A number that may have decimals.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or a string such as \"0.5\"")]
pub(super) enum Decimal {
	/// Written as an integer.
	Whole(u64),
	/// Written as a string.
	Text(String),
}

impl Decimal {
	/// The number in units of 10^-`decimals`; fails with what is wrong with it.
	pub(super) fn scaled(&self, decimals: u8) -> Result<u128, String> {
		let text = match self {
			Self::Whole(number) => number.to_string(),
			Self::Text(text) => text.clone(),
		};
		let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
		let is_number = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
		if whole.is_empty() || text.ends_with('.') || !is_number {
			return Err("is not a decimal number".to_owned());
		}
		let width = usize::from(decimals);
		if fraction.len() > width {
			return Err(format!("has more than {decimals} decimals"));
		}
		format!("{whole}{fraction:0<width$}")
			.parse()
			.map_err(|_| "is more than the chain can count".to_owned())
	}
}

impl fmt::Display for Decimal {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Whole(number) => number.fmt(formatter),
			Self::Text(text) => write!(formatter, "{text:?}"),
		}
	}
}

/// An amount in tokens, as a description says it.
pub(super) fn in_tokens(amount: Balance) -> String {
	let width = usize::from(DECIMALS);
	let text = format!("{}.{:0width$}", amount / UNIT, amount % UNIT);
	text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
