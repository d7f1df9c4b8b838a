//! One device's step: from its leaf and its readings of a window to its leaf after, and the units
//! they are worth.

use cairn_economics::{RateSource, count, fold};
use cairn_types::{
	DeviceId, Hash32, MeterRule, Periods, Rules, Units, Window,
	ids::Tick,
	meter::max_units,
	schema::{Channel, ChannelKind, Values},
	view::NetworkFacts,
};
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::bounded::BoundedVec;

use crate::{
	fault::Fault,
	ledger::{Account, AccountV1, Data, DataV1, Leaf, Sample},
	reading::{MAX_DEVICE_READINGS, Reading, SignedReading},
};

/// The version of [`step`] that this code is.
pub const STEP_VERSION: u16 = 1;

/// Everything about a window and a network that a step depends on: the same for every verifier.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowContext {
	/// Hash of the chain's first block.
	pub genesis: Hash32,
	/// The window.
	pub window: Window,
	/// Its tick.
	pub tick: Tick,
	/// The anchor its readings must carry to count units.
	pub required: Hash32,
	/// Version of `rules`.
	pub rules_version: u32,
	/// The rules recorded with the window.
	pub rules: Rules,
	/// The periods that genesis fixed.
	pub periods: Periods,
	/// The network, its schema and meter in the window's cycle.
	pub network: NetworkFacts,
}

/// What a step yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
	/// The leaf after.
	pub leaf: Leaf,
	/// Units of the window's cycle that the readings are worth.
	pub units: Units,
	/// Readings with values outside the schema's range or rate: they count nothing.
	pub outliers: u32,
	/// Readings without the required anchor: they credit nothing.
	pub unanchored: u32,
}

/// Fold a device's readings of a window into its leaf.
///
/// Readings come in sequence order, 1..=128. Signatures, assignment and activity are not judged
/// here (see [`crate::check`]). Units are rounded down: ⌊cap · hits / expected⌋ for `Uptime`; for
/// `Counter` each credit is min(increase, ⌊max rate · Δt⌋), their sum capped by the window's length.
/// Frozen cycles are settled at the rates of `rates`, judged at the window's tick.
///
/// # Errors
/// The first [`Fault`] of the readings, in order.
pub fn step(
	context: &WindowContext,
	rates: &impl RateSource,
	device: DeviceId,
	leaf: Option<&Leaf>,
	readings: &[SignedReading],
) -> Result<Step, Fault> {
	if readings.is_empty() || readings.len() > MAX_DEVICE_READINGS {
		return Err(Fault::ReadingCount);
	}
	let mut meter = Meter::new(context, device, leaf)?;
	for signed in readings {
		meter.take(&signed.reading)?;
	}
	meter.finish(rates)
}

/// A step under way.
struct Meter<'a> {
	context: &'a WindowContext,
	account: AccountV1,
	latest: DataV1,
	/// Whether a reading came before: sequence and time of `account` then bind.
	begun: bool,
	/// Uptime: the last interval hit, and how many were.
	interval: Option<u64>,
	hits: u64,
	/// Counter: sum of credits.
	credits: u64,
	outliers: u32,
	unanchored: u32,
}

impl<'a> Meter<'a> {
	fn new(
		context: &'a WindowContext,
		device: DeviceId,
		leaf: Option<&Leaf>,
	) -> Result<Self, Fault> {
		let network = &context.network;
		let mut account = match leaf {
			Some(leaf) => leaf.account.latest().clone(),
			None => AccountV1 {
				device,
				schema: network.schema_id,
				sequence: 0,
				time: 0,
				open: Default::default(),
				settled: 0,
				totals: Default::default(),
			},
		};
		if account.device != device {
			return Err(Fault::WrongDevice);
		}
		let restart = leaf.is_none() || account.schema != network.schema_id;
		let latest = match leaf {
			Some(leaf) if !restart => leaf.data.latest().clone(),
			_ => {
				account.schema = network.schema_id;
				account.totals =
					BoundedVec::truncate_from(alloc::vec![0; network.schema.counters()]);
				let channels = network.schema.channels.len();
				DataV1 { latest: BoundedVec::truncate_from(alloc::vec![None; channels]) }
			},
		};
		Ok(Self {
			context,
			account,
			latest,
			begun: leaf.is_some(),
			interval: None,
			hits: 0,
			credits: 0,
			outliers: 0,
			unanchored: 0,
		})
	}

	/// Fold one reading.
	fn take(&mut self, reading: &Reading) -> Result<(), Fault> {
		self.ensure_sound(reading)?;
		self.begun = true;
		self.account.sequence = reading.sequence;
		self.account.time = reading.time;
		if !self.is_plausible(&reading.values, reading.time) {
			self.outliers = self.outliers.saturating_add(1);
			return Ok(());
		}
		if reading.anchor == self.context.required {
			self.credit(reading);
		} else {
			self.unanchored = self.unanchored.saturating_add(1);
		}
		for (latest, value) in self.latest.latest.iter_mut().zip(&reading.values) {
			if let Some(value) = value {
				*latest = Some(Sample { value: *value, time: reading.time });
			}
		}
		Ok(())
	}

	fn ensure_sound(&self, reading: &Reading) -> Result<(), Fault> {
		let WindowContext { network, periods, window, .. } = self.context;
		let checks = [
			(reading.network == network.network, Fault::WrongNetwork),
			(reading.schema == network.schema_id, Fault::WrongSchema),
			(reading.device == self.account.device, Fault::WrongDevice),
			(reading.values.len() == network.schema.channels.len(), Fault::ChannelCount),
			(periods.window_at(reading.time) == *window, Fault::WrongWindow),
			(!self.begun || reading.sequence > self.account.sequence, Fault::SequenceOrder),
			(!self.begun || reading.time > self.account.time, Fault::TimeOrder),
		];
		checks.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(*fault))
	}

	/// Whether every value lies in its channel's range and has not changed too fast.
	fn is_plausible(&self, values: &Values, time: u64) -> bool {
		let channels = &self.context.network.schema.channels;
		channels.iter().zip(values).zip(&self.latest.latest).all(|((channel, value), latest)| {
			value.is_none_or(|value| is_plausible(channel, value, time, latest.as_ref()))
		})
	}

	/// Count what an anchored, plausible reading adds.
	fn credit(&mut self, reading: &Reading) {
		let WindowContext { network, periods, window, .. } = self.context;
		let metered = match network.meter {
			MeterRule::Counter { channel, max_rate } => Some((usize::from(channel), max_rate)),
			MeterRule::Uptime { expected, .. } => {
				let offset = reading.time.saturating_sub(periods.start_of(*window));
				let interval = offset
					.saturating_mul(u64::from(expected))
					.checked_div(periods.window_millis())
					.unwrap_or(0);
				if self.interval != Some(interval) {
					self.interval = Some(interval);
					self.hits = self.hits.saturating_add(1);
				}
				None
			},
		};
		let counters = network
			.schema
			.channels
			.iter()
			.zip(&reading.values)
			.zip(&self.latest.latest)
			.enumerate()
			.filter(|(_, ((channel, _), _))| channel.kind == ChannelKind::Counter);
		for (total, (index, ((_, value), latest))) in self.account.totals.iter_mut().zip(counters) {
			let (Some(value), Some(latest)) = (value, latest) else { continue };
			let increase = increase(latest.value, *value);
			*total = total.saturating_add(increase);
			if let Some((channel, max_rate)) = metered
				&& channel == index
			{
				let elapsed = reading.time.saturating_sub(latest.time);
				let credit = increase.min(max_units(max_rate, elapsed));
				self.credits = self.credits.saturating_add(credit);
			}
		}
	}

	fn units(&self) -> Units {
		let millis = self.context.periods.window_millis();
		match self.context.network.meter {
			MeterRule::Uptime { expected, cap } => {
				let product = u128::from(cap).saturating_mul(u128::from(self.hits));
				let units = product.checked_div(u128::from(expected)).unwrap_or(0);
				Units::try_from(units).unwrap_or(cap).min(cap)
			},
			MeterRule::Counter { max_rate, .. } => self.credits.min(max_units(max_rate, millis)),
		}
	}

	fn finish(mut self, rates: &impl RateSource) -> Result<Step, Fault> {
		let units = self.units();
		let WindowContext { periods, tick, .. } = self.context;
		let worth = fold(&mut self.account.open, *tick, periods, rates);
		self.account.settled = self.account.settled.saturating_add(worth);
		// Folded first, at most two cycles before this one are open; more would be no ledger of ours.
		count(&mut self.account.open, periods.cycle_of(*tick), units)
			.map_err(|_| Fault::LedgerRoot)?;
		Ok(Step {
			leaf: Leaf { account: Account::V1(self.account), data: Data::V1(self.latest) },
			units,
			outliers: self.outliers,
			unanchored: self.unanchored,
		})
	}
}

/// What a counter has added from `old` to `new`; after a restart it has added `new`.
fn increase(old: i64, new: i64) -> u64 {
	let from = if new < old { 0 } else { old };
	u64::try_from(new.saturating_sub(from)).unwrap_or(0)
}

fn is_plausible(channel: &Channel, value: i64, time: u64, latest: Option<&Sample>) -> bool {
	if value < channel.min || value > channel.max {
		return false;
	}
	let (Some(limit), Some(latest)) = (channel.max_change, latest) else { return true };
	// A counter that restarts has added its new value: without this bound, a value just below the
	// latest would add nearly all of it to the totals.
	let change = match channel.kind {
		ChannelKind::Gauge => value.abs_diff(latest.value),
		ChannelKind::Counter => increase(latest.value, value),
	};
	let elapsed = u128::from(time.saturating_sub(latest.time));
	u128::from(change).saturating_mul(1_000) <= u128::from(limit).saturating_mul(elapsed)
}
