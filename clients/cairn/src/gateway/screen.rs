//! What of a reading can be judged without store and signature: form and time. Pure.

use std::collections::BTreeSet;

use cairn_chain::views::Clock;
use cairn_telemetry::SignedReading;
use cairn_types::{DeviceId, NetworkId, SchemaId, Window};

use super::refusal::Refusal;

/// What readings are judged by.
#[derive(Clone, Debug)]
pub struct Screen<'a> {
	/// The gateway's network.
	pub network: NetworkId,
	/// Where the chain is in time.
	pub clock: &'a Clock,
	/// Schemas of the network in recent cycles and the next one, with their channel counts.
	pub schemas: &'a [(SchemaId, usize)],
	/// Whether the network runs in the chain's window.
	pub running: bool,
	/// The gateway's clock, ms since the epoch.
	pub now_millis: u64,
	/// How far ahead a device's clock may be, ms.
	pub tolerance_millis: u64,
}

impl Screen<'_> {
	/// Judge everything but place and signature; returns the reading's window.
	///
	/// # Errors
	/// The first [`Refusal`].
	pub fn form(&self, signed: &SignedReading) -> Result<Window, Refusal> {
		let reading = &signed.reading;
		if reading.network != self.network {
			return Err(Refusal::WrongNetwork);
		}
		let schema = self.schemas.iter().find(|(id, _)| *id == reading.schema);
		let (_, channels) = schema.ok_or(Refusal::WrongSchema)?;
		if reading.values.len() != *channels {
			return Err(Refusal::ChannelCount);
		}
		if reading.time > self.now_millis.saturating_add(self.tolerance_millis) {
			return Err(Refusal::FutureDated);
		}
		let window = self.clock.periods.window_at(reading.time);
		if window == self.clock.now.window && !self.running {
			return Err(Refusal::NetworkInactive);
		}
		Ok(window)
	}
}

/// Hold readings back that follow one that may come later: taken now, they would make it too late.
pub fn hold_back<T>(judged: &mut [(DeviceId, Result<T, Refusal>)]) {
	let mut waiting = BTreeSet::new();
	for (device, verdict) in judged {
		match verdict {
			Err(refusal) if refusal.retry() => {
				waiting.insert(*device);
			},
			Ok(_) if waiting.contains(&*device) => *verdict = Err(Refusal::Waiting),
			_ => {},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_telemetry::Reading;
	use cairn_types::{DeviceSignature, Moment, Periods, schema::Values};
	use sp_core::ed25519;

	fn clock() -> Clock {
		Clock {
			now: Moment { window: 5, tick: 5 },
			cycle: 1,
			periods: Periods::DEVELOPMENT,
			record: None,
			required: [0; 32],
			upcoming: [0; 32],
		}
	}

	fn screen(clock: &Clock) -> Screen<'_> {
		Screen {
			network: NetworkId(1),
			clock,
			schemas: &[(SchemaId(2), 1), (SchemaId(3), 2)],
			running: true,
			now_millis: 33_000,
			tolerance_millis: 2_000,
		}
	}

	fn signed(change: impl FnOnce(&mut Reading)) -> SignedReading {
		let mut reading = Reading {
			network: NetworkId(1),
			schema: SchemaId(2),
			device: DeviceId(4),
			sequence: 1,
			anchor: [0; 32],
			time: 32_000,
			values: Values::truncate_from(vec![Some(1)]),
		};
		change(&mut reading);
		// Nobody looks at it here.
		let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
		SignedReading { reading, signature }
	}

	#[test]
	fn works_when_the_reading_is_sound() {
		let clock = clock();
		let screen = screen(&clock);
		assert_eq!(screen.form(&signed(|_| {})), Ok(5));
		// Late ones are the store's to judge.
		assert_eq!(screen.form(&signed(|reading| reading.time = 1)), Ok(0));
		// A device's clock may be a little ahead, into the next window too.
		assert_eq!(screen.form(&signed(|reading| reading.time = 35_000)), Ok(5));
		let late = Screen { now_millis: 35_000, ..screen };
		assert_eq!(late.form(&signed(|reading| reading.time = 36_500)), Ok(6));
	}

	#[test]
	fn fails_when_the_form_is_wrong() {
		let clock = clock();
		let screen = screen(&clock);
		type Change = fn(&mut Reading);
		let cases: [(Change, Refusal); 5] = [
			(|reading| reading.network = NetworkId(2), Refusal::WrongNetwork),
			(|reading| reading.schema = SchemaId(4), Refusal::WrongSchema),
			(|reading| reading.schema = SchemaId(3), Refusal::ChannelCount),
			(|reading| reading.values = Values::default(), Refusal::ChannelCount),
			(|reading| reading.time = 35_001, Refusal::FutureDated),
		];
		for (change, refusal) in cases {
			assert_eq!(screen.form(&signed(change)), Err(refusal));
		}
		let paused = Screen { running: false, ..screen };
		assert_eq!(paused.form(&signed(|_| {})), Err(Refusal::NetworkInactive));
	}

	#[test]
	fn readings_behind_a_retryable_one_wait() {
		let mut judged = [
			(DeviceId(1), Ok(1)),
			(DeviceId(1), Err(Refusal::BadSignature)),
			(DeviceId(1), Ok(2)),
			(DeviceId(2), Err(Refusal::TooSoon)),
			(DeviceId(2), Ok(3)),
			(DeviceId(1), Ok(4)),
		];
		hold_back(&mut judged);
		let verdicts = judged.map(|(_, verdict)| verdict);
		let expected = [
			Ok(1),
			Err(Refusal::BadSignature),
			Ok(2),
			Err(Refusal::TooSoon),
			Err(Refusal::Waiting),
			Ok(4),
		];
		assert_eq!(verdicts, expected);
	}
}
