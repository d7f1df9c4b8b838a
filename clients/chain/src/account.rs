//! Accounts as people write them.

use codec::{Decode, Encode};
use sp_core::{
	Pair,
	crypto::{AccountId32, Ss58AddressFormat, Ss58Codec},
	sr25519,
};
use sp_crypto_hashing::{blake2_128, twox_128};

use crate::error::Error;

/// SS58 prefix of Cairn's networks: the generic one.
const SS58_PREFIX: u16 = 42;

/// Read an account: SS58 of any network, 0x-prefixed hex, or a development secret (`//Alice`).
///
/// # Errors
/// [`Error::BadAccount`] if it is none of these.
pub fn parse_account(text: &str) -> Result<[u8; 32], Error> {
	let text = text.trim();
	let bad = || Error::BadAccount { text: text.to_owned() };
	if let Some(digits) = text.strip_prefix("0x") {
		let bytes = hex::decode(digits).map_err(|_| bad())?;
		return bytes.try_into().map_err(|_| bad());
	}
	if text.starts_with("//") {
		let pair = sr25519::Pair::from_string(text, None).map_err(|_| bad())?;
		return Ok(pair.public().0);
	}
	let (account, _) = AccountId32::from_ss58check_with_version(text).map_err(|_| bad())?;
	Ok(account.into())
}

/// An account in SS58.
#[must_use]
pub fn account_text(account: &[u8; 32]) -> String {
	AccountId32::from(*account).to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// What an account has, as `frame_system` keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct AccountBalance {
	/// Transactions sent.
	pub nonce: u32,
	consumers: u32,
	providers: u32,
	sufficients: u32,
	/// What can be spent, before freezes.
	pub free: u128,
	/// What is held: deposits, bonds, stakes.
	pub reserved: u128,
	/// What of `free` may not leave the account.
	pub frozen: u128,
	flags: u128,
}

/// Storage key of `System.Account` of an account.
pub(crate) fn balance_key(account: &[u8; 32]) -> Vec<u8> {
	let mut key = [twox_128(b"System"), twox_128(b"Account")].concat();
	key.extend(blake2_128(account));
	key.extend(account);
	key
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

	#[test]
	fn works_when_an_account_is_written_in_any_form() {
		let alice = parse_account(ALICE).expect("SS58");
		assert_eq!(parse_account("//Alice").expect("development key"), alice);
		assert_eq!(parse_account(&format!("0x{}", hex::encode(alice))).expect("hex"), alice);
		assert_eq!(account_text(&alice), ALICE);
	}

	#[test]
	fn fails_when_it_is_no_account() {
		for text in ["", "0x12", "alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ"] {
			assert!(matches!(parse_account(text), Err(Error::BadAccount { .. })), "{text}");
		}
	}
}
