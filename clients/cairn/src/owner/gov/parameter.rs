//! What governance may tune, by name: ranges, values as they are written, and the calls that set
//! them. Pure.

use std::fmt::Write;

use cairn_chain::{Call, DevicesPolicy, Permill, RewardsPolicy, SealPolicy, calls::parameters};
use cairn_telemetry::committee::MAX_COMMITTEE;

use super::super::format;

/// Most cycles over which pay vests; pallet-rewards reads more as this.
const MAX_VESTING_CYCLES: u32 = 1_000;
/// Most ticks that a recovery takes; pallet-devices reads more as this.
const MAX_RECOVERY_TICKS: u32 = 65_536;
/// Most ticks that a device has to stay where it is; pallet-devices reads more as this.
const MAX_MOVING_TICKS: u32 = 65_536;

/// A number that governance may tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
	CommitteeSize,
	MaxAttempts,
	BaseFee,
	ReadingFee,
	KibFee,
	CommitteeShare,
	Validators,
	Treasury,
	BootstrapFloor,
	BootstrapStart,
	HalfLife,
	Vesting,
	DefaultWeight,
	DevicesPerCycle,
	RecoveryTicks,
	MovingFee,
	MovingTicks,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
	/// A number from the first to the second.
	Count(u32, u32),
	/// Tokens.
	Amount,
	/// A part of the whole.
	Share,
}

impl Parameter {
	/// All of them, as they are listed.
	pub(super) const ALL: [Self; 17] = [
		Self::CommitteeSize,
		Self::MaxAttempts,
		Self::BaseFee,
		Self::ReadingFee,
		Self::KibFee,
		Self::CommitteeShare,
		Self::Validators,
		Self::Treasury,
		Self::BootstrapFloor,
		Self::BootstrapStart,
		Self::HalfLife,
		Self::Vesting,
		Self::DefaultWeight,
		Self::DevicesPerCycle,
		Self::RecoveryTicks,
		Self::MovingFee,
		Self::MovingTicks,
	];

	/// Its name.
	pub(super) const fn name(self) -> &'static str {
		match self {
			Self::CommitteeSize => "telemetry.committee-size",
			Self::MaxAttempts => "telemetry.max-attempts",
			Self::BaseFee => "telemetry.base-fee",
			Self::ReadingFee => "telemetry.reading-fee",
			Self::KibFee => "telemetry.kib-fee",
			Self::CommitteeShare => "telemetry.committee-share",
			Self::Validators => "rewards.validators",
			Self::Treasury => "rewards.treasury",
			Self::BootstrapFloor => "rewards.bootstrap-floor",
			Self::BootstrapStart => "rewards.bootstrap-start",
			Self::HalfLife => "rewards.half-life",
			Self::Vesting => "rewards.vesting",
			Self::DefaultWeight => "rewards.default-weight",
			Self::DevicesPerCycle => "devices.per-cycle",
			Self::RecoveryTicks => "devices.recovery-ticks",
			Self::MovingFee => "devices.moving-fee",
			Self::MovingTicks => "devices.moving-ticks",
		}
	}

	/// What it takes.
	pub(super) const fn range(self) -> Range {
		match self {
			Self::CommitteeSize => Range::Count(1, MAX_COMMITTEE),
			Self::MaxAttempts => Range::Count(1, u8::MAX as u32),
			Self::BaseFee | Self::ReadingFee | Self::KibFee | Self::MovingFee => Range::Amount,
			Self::CommitteeShare
			| Self::Validators
			| Self::Treasury
			| Self::BootstrapFloor
			| Self::BootstrapStart => Range::Share,
			Self::HalfLife => Range::Count(1, u32::MAX),
			Self::Vesting => Range::Count(1, MAX_VESTING_CYCLES),
			Self::DefaultWeight | Self::DevicesPerCycle => Range::Count(0, u32::MAX),
			Self::RecoveryTicks => Range::Count(1, MAX_RECOVERY_TICKS),
			Self::MovingTicks => Range::Count(0, MAX_MOVING_TICKS),
		}
	}

	/// What it means.
	pub(super) const fn meaning(self) -> &'static str {
		match self {
			Self::CommitteeSize => "members of a committee, at most",
			Self::MaxAttempts => "deaths of its own after which a window is skipped",
			Self::BaseFee => "fee of a batch",
			Self::ReadingFee => "fee per reading",
			Self::KibFee => "fee per started KiB of payload",
			Self::CommitteeShare => "the committee's part of the fee",
			Self::Validators => "validators' share of the emission",
			Self::Treasury => "treasury's share of the emission; the rest is the networks'",
			Self::BootstrapFloor => "share of the networks' part that the bootstrap pool keeps",
			Self::BootstrapStart => "share of the networks' part that it began with",
			Self::HalfLife => "cycles in which that share halves",
			Self::Vesting => "cycles over which pay vests",
			Self::DefaultWeight => "weight of a new certified network in the bootstrap pool",
			Self::DevicesPerCycle => "devices that one maker certifies in a cycle, at most",
			Self::RecoveryTicks => "ticks until lost keys are replaced, if nobody objects",
			Self::MovingFee => "fee for asserting another location; burned",
			Self::MovingTicks => "ticks for which a device stays where it is; H + 1 at least",
		}
	}
}

impl Range {
	/// Read a value; what is out of range is refused with the range.
	fn parse(self, text: &str) -> Result<u128, String> {
		let bad = || format!("{text:?} is out of range: write {self}");
		match self {
			Self::Count(least, most) => {
				let number = text.parse::<u32>().map_err(|_| bad())?;
				let fits = (least..=most).contains(&number);
				fits.then_some(u128::from(number)).ok_or_else(bad)
			},
			Self::Amount => format::parse_amount(text),
			Self::Share => parse_share(text).ok_or_else(bad),
		}
	}

	/// A value as it is written.
	pub(super) fn show(self, value: u128) -> String {
		match self {
			Self::Count(..) => value.to_string(),
			Self::Amount => format::amount(value),
			Self::Share => {
				let (whole, rest) = (value / PERCENT, value % PERCENT);
				let digits = format!("{rest:04}");
				match digits.trim_end_matches('0') {
					"" => format!("{whole}%"),
					fraction => format!("{whole}.{fraction}%"),
				}
			},
		}
	}
}

impl std::fmt::Display for Range {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Count(least, u32::MAX) => write!(f, "a number from {least}"),
			Self::Count(least, most) => write!(f, "a number from {least} to {most}"),
			Self::Amount => f.write_str("an amount in CAIRN, such as 0.02"),
			Self::Share => f.write_str("a share from 0% to 100%, such as 12.5%"),
		}
	}
}

/// Millionths of a percent.
const PERCENT: u128 = 10_000;

/// A share in millionths: `12.5%`, with at most four decimals.
fn parse_share(text: &str) -> Option<u128> {
	let number = text.strip_suffix('%')?.trim();
	let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
	let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || fraction.len() > 4 || !is_number(whole) || !is_number(fraction) {
		return None;
	}
	let parts = format!("{whole}{fraction:0<4}").parse::<u128>().ok()?;
	(parts <= 100 * PERCENT).then_some(parts)
}

/// `--set PARAMETER=VALUE`: amounts in the smallest unit, shares in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
	/// Which.
	pub(super) parameter: Parameter,
	/// To what.
	pub(super) value: u128,
}

/// Read a change.
pub(super) fn parse(text: &str) -> Result<Change, String> {
	let (name, value) = text
		.split_once('=')
		.ok_or_else(|| format!("{text:?} is not PARAMETER=VALUE; {}", list()))?;
	let parameter = Parameter::ALL.into_iter().find(|known| known.name() == name.trim());
	let parameter =
		parameter.ok_or_else(|| format!("there is no parameter {name:?}; {}", list()))?;
	let value = parameter.range().parse(value.trim())?;
	Ok(Change { parameter, value })
}

/// All names with their ranges.
fn list() -> String {
	let mut text = "parameters are:".to_owned();
	for parameter in Parameter::ALL {
		// Writing into a string does not fail.
		let _ = write!(text, "\n  {}: {}", parameter.name(), parameter.range());
	}
	text
}

/// The parameters' values; `None` is one that governance deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
	/// `telemetry.SealPolicy`.
	pub(super) telemetry: Option<SealPolicy>,
	/// `rewards.Emission`.
	pub(super) rewards: Option<RewardsPolicy>,
	/// `devices.RegistryPolicy`.
	pub(super) devices: Option<DevicesPolicy>,
}

impl Values {
	/// A parameter's value.
	pub(super) fn get(&self, parameter: Parameter) -> Option<u128> {
		let share = |share: Permill| u128::from(share.deconstruct());
		let Self { telemetry, rewards, devices } = self;
		Some(match parameter {
			Parameter::CommitteeSize => u128::from(telemetry.as_ref()?.committee_size),
			Parameter::MaxAttempts => u128::from(telemetry.as_ref()?.max_attempts),
			Parameter::BaseFee => telemetry.as_ref()?.base_fee,
			Parameter::ReadingFee => telemetry.as_ref()?.reading_fee,
			Parameter::KibFee => telemetry.as_ref()?.kib_fee,
			Parameter::CommitteeShare => share(telemetry.as_ref()?.committee_share),
			Parameter::Validators => share(rewards.as_ref()?.validators),
			Parameter::Treasury => share(rewards.as_ref()?.treasury),
			Parameter::BootstrapFloor => share(rewards.as_ref()?.bootstrap_floor),
			Parameter::BootstrapStart => share(rewards.as_ref()?.bootstrap_start),
			Parameter::HalfLife => u128::from(rewards.as_ref()?.half_life),
			Parameter::Vesting => u128::from(rewards.as_ref()?.vesting),
			Parameter::DefaultWeight => u128::from(rewards.as_ref()?.default_weight),
			Parameter::DevicesPerCycle => u128::from(devices.as_ref()?.per_cycle),
			Parameter::RecoveryTicks => u128::from(devices.as_ref()?.recovery_ticks),
			Parameter::MovingFee => devices.as_ref()?.moving_fee,
			Parameter::MovingTicks => u128::from(devices.as_ref()?.moving_ticks),
		})
	}

	/// Change a value; `None` if the parameter it belongs to is deleted.
	fn set(&mut self, Change { parameter, value }: Change) -> Option<()> {
		let number = u32::try_from(value).unwrap_or(u32::MAX);
		let share = Permill::from_parts(number);
		let Self { telemetry, rewards, devices } = self;
		match parameter {
			Parameter::CommitteeSize => telemetry.as_mut()?.committee_size = number,
			Parameter::MaxAttempts => {
				telemetry.as_mut()?.max_attempts = u8::try_from(number).unwrap_or(u8::MAX);
			},
			Parameter::BaseFee => telemetry.as_mut()?.base_fee = value,
			Parameter::ReadingFee => telemetry.as_mut()?.reading_fee = value,
			Parameter::KibFee => telemetry.as_mut()?.kib_fee = value,
			Parameter::CommitteeShare => telemetry.as_mut()?.committee_share = share,
			Parameter::Validators => rewards.as_mut()?.validators = share,
			Parameter::Treasury => rewards.as_mut()?.treasury = share,
			Parameter::BootstrapFloor => rewards.as_mut()?.bootstrap_floor = share,
			Parameter::BootstrapStart => rewards.as_mut()?.bootstrap_start = share,
			Parameter::HalfLife => rewards.as_mut()?.half_life = number,
			Parameter::Vesting => rewards.as_mut()?.vesting = number,
			Parameter::DefaultWeight => rewards.as_mut()?.default_weight = number,
			Parameter::DevicesPerCycle => devices.as_mut()?.per_cycle = number,
			Parameter::RecoveryTicks => devices.as_mut()?.recovery_ticks = number,
			Parameter::MovingFee => devices.as_mut()?.moving_fee = value,
			Parameter::MovingTicks => devices.as_mut()?.moving_ticks = number,
		}
		Some(())
	}

	/// These values with `changes`; says why there can be none such.
	pub(super) fn with(mut self, changes: &[Change]) -> Result<Self, String> {
		let before = self;
		for change in changes {
			let name = change.parameter.name();
			if self.get(change.parameter) == Some(change.value) {
				let value = change.parameter.range().show(change.value);
				return Err(format!("{name} is {value} already"));
			}
			self.set(*change).ok_or_else(|| {
				format!("{name} cannot be set alone: governance deleted what it is part of")
			})?;
		}
		if let Some(RewardsPolicy { validators, treasury, .. }) = self.rewards
			&& self.rewards != before.rewards
		{
			let together = validators.deconstruct().saturating_add(treasury.deconstruct());
			if u128::from(together) > 100 * PERCENT {
				let shown = Range::Share.show(u128::from(together));
				return Err(format!(
					"validators and treasury would get {shown} of the emission together"
				));
			}
		}
		Ok(self)
	}

	/// The calls that turn `before` into these values.
	pub(super) fn calls(&self, before: &Self) -> Vec<Call> {
		let mut calls = Vec::new();
		if let Some(policy) = &self.telemetry
			&& self.telemetry != before.telemetry
		{
			calls.push(parameters::set_seal_policy(policy));
		}
		if let Some(policy) = &self.rewards
			&& self.rewards != before.rewards
		{
			calls.push(parameters::set_emission(policy));
		}
		if let Some(policy) = &self.devices
			&& self.devices != before.devices
		{
			calls.push(parameters::set_registry_policy(policy));
		}
		calls
	}

	/// The groups of values of which one change sets all: what others change in them meanwhile is
	/// undone.
	pub(super) fn whole_groups(&self, before: &Self) -> Vec<&'static str> {
		let telemetry = (self.telemetry != before.telemetry).then_some("telemetry");
		let rewards = (self.rewards != before.rewards).then_some("rewards");
		let devices = (self.devices != before.devices).then_some("devices");
		[telemetry, rewards, devices].into_iter().flatten().collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Values as production has them.
	const VALUES: Values = Values {
		telemetry: Some(SealPolicy {
			committee_size: 21,
			max_attempts: 3,
			base_fee: 10_000_000_000,
			reading_fee: 100_000_000,
			kib_fee: 10_000_000,
			committee_share: Permill::from_percent(80),
		}),
		rewards: Some(RewardsPolicy {
			validators: Permill::from_percent(30),
			treasury: Permill::from_percent(10),
			bootstrap_floor: Permill::from_percent(5),
			bootstrap_start: Permill::from_percent(80),
			half_life: 730,
			vesting: 30,
			default_weight: 0,
		}),
		devices: Some(DevicesPolicy {
			per_cycle: 10_000,
			recovery_ticks: 1_008,
			moving_fee: 1_000_000_000_000,
			moving_ticks: 1_008,
		}),
	};

	#[test]
	fn works_when_a_change_is_in_range() {
		for (text, parameter, value) in [
			("telemetry.base-fee=0.02", Parameter::BaseFee, 20_000_000_000),
			("telemetry.committee-size=64", Parameter::CommitteeSize, 64),
			("telemetry.committee-share=12.5%", Parameter::CommitteeShare, 125_000),
			("rewards.vesting = 30", Parameter::Vesting, 30),
			("rewards.treasury=100%", Parameter::Treasury, 1_000_000),
			("devices.per-cycle=5000", Parameter::DevicesPerCycle, 5_000),
			("devices.recovery-ticks=65536", Parameter::RecoveryTicks, 65_536),
			("devices.moving-fee=2.5", Parameter::MovingFee, 2_500_000_000_000),
			("devices.moving-ticks=0", Parameter::MovingTicks, 0),
		] {
			assert_eq!(parse(text), Ok(Change { parameter, value }), "{text}");
		}
	}

	#[test]
	fn fails_when_a_value_is_out_of_range() {
		for (text, range) in [
			("telemetry.committee-size=0", "from 1 to 64"),
			("telemetry.committee-size=65", "from 1 to 64"),
			("telemetry.max-attempts=256", "from 1 to 255"),
			("telemetry.base-fee=-1", "not an amount"),
			("telemetry.committee-share=101%", "0% to 100%"),
			("telemetry.committee-share=50", "0% to 100%"),
			("telemetry.committee-share=1.23456%", "0% to 100%"),
			("rewards.vesting=0", "from 1 to 1000"),
			("rewards.vesting=1001", "from 1 to 1000"),
			("rewards.half-life=0", "from 1"),
			("devices.per-cycle=x", "from 0"),
			("devices.recovery-ticks=0", "from 1 to 65536"),
			("devices.moving-ticks=65537", "from 0 to 65536"),
			("devices.moving-fee=x", "not an amount"),
		] {
			let error = parse(text).expect_err(text);
			assert!(error.contains(range), "{text}: {error}");
		}
	}

	#[test]
	fn fails_when_a_name_is_unknown_and_lists_all() {
		for text in ["telemetry.fee=1", "vesting=1", "rewards.vesting", ""] {
			let error = parse(text).expect_err(text);
			for parameter in Parameter::ALL {
				assert!(error.contains(parameter.name()), "{text}: {error}");
			}
		}
	}

	#[test]
	fn every_value_is_read_as_it_is_shown() {
		for parameter in Parameter::ALL {
			let value = VALUES.get(parameter).expect("it is there");
			let text = format!("{}={}", parameter.name(), parameter.range().show(value));
			assert_eq!(parse(&text), Ok(Change { parameter, value }), "{text}");
		}
	}

	#[test]
	fn every_parameter_is_set_by_itself() {
		for parameter in Parameter::ALL {
			let value = VALUES.get(parameter).expect("it is there") + 1;
			let changed = VALUES.with(&[Change { parameter, value }]).expect("it can be set");
			assert_eq!(changed.get(parameter), Some(value));
			assert_eq!(changed.calls(&VALUES).len(), 1);
			for other in Parameter::ALL.into_iter().filter(|other| *other != parameter) {
				assert_eq!(changed.get(other), VALUES.get(other), "{other:?}");
			}
		}
	}

	#[test]
	fn changes_of_one_group_are_one_call() {
		let change = |text| parse(text).expect("it is in range");
		let changes = [
			change("rewards.vesting=60"),
			change("rewards.half-life=365"),
			change("devices.per-cycle=1"),
		];
		let changed = VALUES.with(&changes).expect("they can be set");
		let rewards =
			RewardsPolicy { vesting: 60, half_life: 365, ..VALUES.rewards.expect("it is there") };
		let devices = DevicesPolicy { per_cycle: 1, ..VALUES.devices.expect("it is there") };
		let expected =
			[parameters::set_emission(&rewards), parameters::set_registry_policy(&devices)];
		assert_eq!(changed.calls(&VALUES), expected);
		assert_eq!(changed.whole_groups(&VALUES), ["rewards", "devices"]);
	}

	#[test]
	fn fails_when_a_change_makes_no_sense() {
		let change = |text| parse(text).expect("it is in range");
		let same = VALUES.with(&[change("rewards.vesting=30")]).expect_err("it is so already");
		assert_eq!(same, "rewards.vesting is 30 already");
		let much = VALUES.with(&[change("rewards.validators=95%")]).expect_err("it is too much");
		assert!(much.contains("105%"), "{much}");
		let deleted = Values { rewards: None, ..VALUES };
		let error = deleted.with(&[change("rewards.vesting=60")]).expect_err("it is deleted");
		assert!(error.contains("governance deleted"), "{error}");
	}
}
