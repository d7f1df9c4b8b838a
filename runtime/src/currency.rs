//! The token's units and the prices of state.

use crate::Balance;

/// Decimals of the token; `build.rs` puts the same number into the metadata hash.
pub const DECIMALS: u8 = 12;
/// Symbol of the token.
pub const SYMBOL: &str = "CAIRN";

/// One token.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a token.
pub const MILLI: Balance = UNIT / 1_000;

/// The least an account may hold: some thirty transfers, so that dust costs more than it clogs.
pub const EXISTENTIAL_DEPOSIT: Balance = 10 * MILLI;
/// Deposit for an entry in state.
pub const DEPOSIT_PER_ITEM: Balance = 10 * EXISTENTIAL_DEPOSIT;
/// Deposit for a byte in state; 100 bytes weigh as much as an entry.
pub const DEPOSIT_PER_BYTE: Balance = DEPOSIT_PER_ITEM / 100;

/// Deposit for `items` entries with `bytes` of keys and values together.
pub const fn deposit(items: Balance, bytes: Balance) -> Balance {
	DEPOSIT_PER_ITEM.saturating_mul(items).saturating_add(DEPOSIT_PER_BYTE.saturating_mul(bytes))
}
