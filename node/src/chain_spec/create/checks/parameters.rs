//! The parameters: production's, and what the description has in their places.

use super::Checks;
use crate::chain_spec::create::{decimal::Decimal, input};
use cairn_runtime::ParametersGenesisConfig;
use cairn_telemetry::committee::MAX_COMMITTEE;
use sp_runtime::Permill;
use std::ops::RangeInclusive;
use toml::Spanned;

/// Decimals of a percentage that is kept in millionths.
const PERMILL_DECIMALS: u8 = 4;
/// Most cycles over which pay vests: `pallet-rewards` reads more as this many.
const MAX_VESTING_CYCLES: u32 = 1_000;
/// Ticks after which a recovery is completed: `pallet-devices` brings others into this range.
const RECOVERY_TICKS: RangeInclusive<u32> = 1..=65_536;
/// Ticks for which a device stays where it is: `pallet-devices` reads more as the last.
const MOVING_TICKS: RangeInclusive<u32> = 0..=65_536;

impl Checks<'_> {
	/// The parameters that genesis writes.
	pub(super) fn parameters(&mut self, given: &input::Parameters) -> ParametersGenesisConfig {
		let mut parameters = ParametersGenesisConfig::default();
		self.telemetry(&given.telemetry, &mut parameters);
		self.rewards(&given.rewards, &mut parameters);
		self.devices(&given.devices, &mut parameters);
		parameters
	}

	fn telemetry(&mut self, given: &input::Telemetry, parameters: &mut ParametersGenesisConfig) {
		let policy = &mut parameters.telemetry;
		let size = given.committee_size.as_ref();
		let size = size.and_then(|size| self.within("committee-size", size, 1..=MAX_COMMITTEE));
		put(&mut policy.committee_size, size);
		let attempts = given.max_attempts.as_ref();
		let attempts = attempts.and_then(|most| self.within("max-attempts", most, 1..=u8::MAX));
		put(&mut policy.max_attempts, attempts);
		for (fee, given) in [
			(&mut policy.base_fee, &given.base_fee),
			(&mut policy.reading_fee, &given.reading_fee),
			(&mut policy.kib_fee, &given.kib_fee),
		] {
			put(fee, given.as_ref().and_then(|amount| self.tokens(amount)));
		}
		put(&mut policy.committee_share, self.share(given.committee_share_percent.as_ref()));
	}

	fn rewards(&mut self, given: &input::Rewards, parameters: &mut ParametersGenesisConfig) {
		let policy = &mut parameters.rewards;
		for (share, given) in [
			(&mut policy.split.validators, &given.validators_percent),
			(&mut policy.split.treasury, &given.treasury_percent),
			(&mut policy.bootstrap_floor, &given.bootstrap_floor_percent),
			(&mut policy.bootstrap_start, &given.bootstrap_start_percent),
		] {
			put(share, self.share(given.as_ref()));
		}
		let whole = policy.split.validators.deconstruct() + policy.split.treasury.deconstruct();
		let at = given.treasury_percent.as_ref().or(given.validators_percent.as_ref());
		if let Some(at) = at
			&& whole > Permill::one().deconstruct()
		{
			let cause = "validators and treasury get more than the whole emission";
			self.mistake(at, cause, "let validators-percent and treasury-percent be 100 together");
		}
		let half_life = given.half_life.as_ref();
		let half_life = half_life.and_then(|most| self.within("half-life", most, 1..=u32::MAX));
		put(&mut policy.half_life, half_life);
		let vesting = given.vesting.as_ref();
		let vesting = vesting.and_then(|most| self.within("vesting", most, 1..=MAX_VESTING_CYCLES));
		put(&mut policy.vesting, vesting);
		put(&mut policy.default_weight, given.default_weight);
	}

	fn devices(&mut self, given: &input::Devices, parameters: &mut ParametersGenesisConfig) {
		let policy = &mut parameters.devices;
		put(&mut policy.per_cycle, given.per_cycle);
		let delay = given.recovery_ticks.as_ref();
		let delay = delay.and_then(|ticks| self.within("recovery-ticks", ticks, RECOVERY_TICKS));
		put(&mut policy.recovery_ticks, delay);
		let fee = given.moving_fee.as_ref().and_then(|amount| self.tokens(amount));
		put(&mut policy.moving_fee, fee);
		let pause = given.moving_ticks.as_ref();
		let pause = pause.and_then(|ticks| self.within("moving-ticks", ticks, MOVING_TICKS));
		put(&mut policy.moving_ticks, pause);
	}

	/// A share, given as a percentage.
	fn share(&mut self, given: Option<&Spanned<Decimal>>) -> Option<Permill> {
		given.and_then(|percent| self.percent(percent, PERMILL_DECIMALS)).map(Permill::from_parts)
	}
}

/// Puts a value into its place, if there is one.
fn put<T>(place: &mut T, value: Option<T>) {
	if let Some(value) = value {
		*place = value;
	}
}
