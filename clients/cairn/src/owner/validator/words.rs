//! Commissions, payees and eras as people write and read them. Pure.

use cairn_chain::{Era, ErasView, Payee, StakingTerms, account_text};

use super::super::{format, parse};

/// Billionths of one per cent.
const PERCENT: u32 = 10_000_000;
/// Decimals of a commission in per cent.
const DECIMALS: usize = 7;

/// Read a commission in per cent, with at most seven decimals, as billionths: `5`, `2.5%`.
pub(super) fn parse_commission(text: &str) -> Result<u32, String> {
	let bad = || format!("{text:?} is not a commission; write per cent such as 5 or 2.5");
	let digits = text.trim();
	let digits = digits.strip_suffix('%').unwrap_or(digits).trim();
	let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
	let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
		return Err(bad());
	}
	if fraction.len() > DECIMALS {
		return Err(format!("{text:?} has more than {DECIMALS} decimals"));
	}
	let billionths = format!("{whole}{fraction:0<DECIMALS$}").parse::<u64>().map_err(|_| bad())?;
	match u32::try_from(billionths) {
		Ok(billionths) if billionths <= 100 * PERCENT => Ok(billionths),
		_ => Err(format!("{text:?} is more than 100 per cent")),
	}
}

/// Billionths in per cent, without trailing zeros: `2.5%`.
pub(super) fn percent(billionths: u32) -> String {
	let (whole, rest) = (billionths / PERCENT, billionths % PERCENT);
	let digits = format!("{rest:0DECIMALS$}");
	match digits.trim_end_matches('0') {
		"" => format!("{whole}%"),
		fraction => format!("{whole}.{fraction}%"),
	}
}

/// A part of a whole in per cent, rounded down to one decimal; nothing of nothing is 0%.
pub(super) fn share(part: u32, of: u32) -> String {
	let tenths = u64::from(part).saturating_mul(1_000).checked_div(u64::from(of)).unwrap_or(0);
	percent(u32::try_from(tenths).unwrap_or(u32::MAX).saturating_mul(PERCENT / 10))
}

/// Read where rewards go: `staked`, `stash`, `none` or an account.
pub(super) fn parse_payee(text: &str) -> Result<Payee, String> {
	match text {
		"staked" => Ok(Payee::Staked),
		"stash" => Ok(Payee::Stash),
		"none" => Ok(Payee::None),
		other => parse::account(other)
			.map(Payee::Account)
			.map_err(|_| format!("{text:?} is not staked, stash, none or an account")),
	}
}

/// Where rewards go, as it is read back.
pub(super) fn payee(payee: &Payee) -> String {
	match payee {
		Payee::Staked => "staked".to_owned(),
		Payee::Stash => "stash".to_owned(),
		Payee::Controller => "controller".to_owned(),
		Payee::Account(account) => account_text(account),
		Payee::None => "none".to_owned(),
	}
}

/// From when on what is unlocked in `era` can be withdrawn.
pub(super) fn unlocks(era: Era, eras: &ErasView, terms: &StakingTerms) -> String {
	match era.checked_sub(eras.planned) {
		None | Some(0) => format!("since era {era}"),
		Some(left) => {
			let most = format::duration(terms.era_seconds(left));
			format!("from era {era} on, in at most {most}")
		},
	}
}

/// When the next election is: at the beginning of the last session of an era.
pub(super) fn next_election(session: u32, eras: &ErasView, terms: &StakingTerms) -> String {
	let ahead = terms.sessions_per_era.saturating_sub(1);
	let next = eras.planned_start.saturating_add(ahead);
	match next.checked_sub(session) {
		None | Some(0) => "with the next session".to_owned(),
		Some(left) => {
			let most = format::duration(terms.session_seconds(left));
			format!("at the beginning of session {next}, in at most {most}")
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn terms() -> StakingTerms {
		StakingTerms {
			sessions_per_era: 6,
			session_slots: 600,
			slot_millis: 6_000,
			..StakingTerms::default()
		}
	}

	#[test]
	fn works_when_a_commission_is_in_per_cent() {
		for (text, billionths, shown) in [
			("0", 0, "0%"),
			("5", 50_000_000, "5%"),
			("2.5%", 25_000_000, "2.5%"),
			(" 100 % ", 1_000_000_000, "100%"),
			("0.0000001", 1, "0.0000001%"),
		] {
			assert_eq!(parse_commission(text), Ok(billionths), "{text}");
			assert_eq!(percent(billionths), shown);
		}
	}

	#[test]
	fn fails_when_it_is_no_commission() {
		for text in
			["", "%", ".5", "-1", "5,5", "101", "100.1", "0.00000001", "1e2", &"9".repeat(30)]
		{
			assert!(parse_commission(text).is_err(), "{text}");
		}
	}

	#[test]
	fn shares_have_one_decimal() {
		assert_eq!(share(1, 3), "33.3%");
		assert_eq!(share(3, 3), "100%");
		assert_eq!(share(0, 0), "0%");
	}

	#[test]
	fn a_payee_is_read_back() {
		let account = Payee::Account(parse::account("//Bob").expect("a development key"));
		for chosen in [Payee::Staked, Payee::Stash, Payee::None, account] {
			assert_eq!(parse_payee(&payee(&chosen)), Ok(chosen));
		}
		for text in ["", "controller", "Stash", "nobody"] {
			assert!(parse_payee(text).is_err(), "{text}");
		}
	}

	#[test]
	fn times_are_counted_from_the_planned_era() {
		let eras = ErasView { active: 9, planned: 10, planned_start: 60 };
		assert_eq!(unlocks(10, &eras, &terms()), "since era 10");
		assert_eq!(unlocks(12, &eras, &terms()), "from era 12 on, in at most 12 h");
		assert_eq!(next_election(65, &eras, &terms()), "with the next session");
		let expected = "at the beginning of session 65, in at most 5 h";
		assert_eq!(next_election(60, &eras, &terms()), expected);
	}
}
