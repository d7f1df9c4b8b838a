//! What a transaction costs.
//!
//! A picosecond of execution costs the smallest unit: a token buys a second. Bytes are priced so
//! that filling a block with bytes costs what filling it with work costs.

use crate::{
	Balance, Balances, Runtime, RuntimeEvent,
	configs::system::{MAX_BLOCK_BYTES, MAX_BLOCK_REF_TIME},
};
use frame_support::{
	parameter_types,
	traits::ConstU8,
	weights::{ConstantMultiplier, IdentityFee},
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{FixedPointNumber, Perquintill};

parameter_types! {
	/// Price of a byte: the price of a whole block's work over its bytes, rounded down.
	pub ByteFee: Balance =
		Balance::from(MAX_BLOCK_REF_TIME)
			.checked_div(Balance::from(MAX_BLOCK_BYTES))
			.unwrap_or(1);
	/// How full blocks are when fees stay as they are: a load four times the usual one still fits.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// How fast fees follow load: a day of full blocks at 6 s doubles them.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	/// Idle blocks cost what the weights say, never less: wallets can show a price list.
	pub MinimumMultiplier: Multiplier = Multiplier::from_u32(1);
	/// Congestion can exclude nobody for ever.
	pub MaximumMultiplier: Multiplier = Multiplier::from_u32(1_000);
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	// Burned, tips too.
	type OnChargeTransaction = FungibleAdapter<Balances, ()>;
	type WeightToFee = IdentityFee<Balance>;
	type LengthToFee = ConstantMultiplier<Balance, ByteFee>;
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
