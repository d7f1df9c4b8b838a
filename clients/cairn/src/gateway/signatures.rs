//! Signatures of readings: the dear part of ingest, off the async threads, on as many others as there
//! are processors.

use std::{num::NonZero, sync::Arc, thread};

use cairn_types::{DeviceId, DeviceKey, DeviceSignature, Hash32};
use ed25519_zebra::{Signature, VerificationKeyBytes, batch};
use tokio::{
	sync::Semaphore,
	task::{JoinError, spawn_blocking},
};

use super::{refusal::Refusal, store::Incoming};

/// Readings that are checked together, by one thread in one go.
const GROUP: usize = 128;
/// Fewer signatures are not worth one equation.
const FEW: usize = 4;

/// A reading with what has been found out about it.
pub type Judged = (DeviceId, Result<Incoming, Refusal>);

/// Checks signatures. Cheap to clone.
#[derive(Clone)]
pub struct Signatures {
	genesis: Hash32,
	/// As many groups are checked at a time: the threads that serve connections get their share.
	turns: Arc<Semaphore>,
}

impl Signatures {
	/// For the chain of `genesis`.
	#[must_use]
	pub fn new(genesis: Hash32) -> Self {
		let processors = thread::available_parallelism().map_or(1, NonZero::get);
		Self { genesis, turns: Arc::new(Semaphore::new(processors)) }
	}

	/// Refuse those readings whose signature is not that of the key beside them; the rest stays as it
	/// is, in order.
	///
	/// # Errors
	/// If a check panics.
	pub async fn check(&self, judged: Vec<Judged>) -> Result<Vec<Judged>, JoinError> {
		if judged.iter().all(|(_, verdict)| verdict.is_err()) {
			return Ok(judged);
		}
		let mut checked = Vec::with_capacity(judged.len());
		let mut judged = judged.into_iter();
		let mut groups = Vec::new();
		loop {
			let mut group = judged.by_ref().take(GROUP).collect::<Vec<_>>();
			if group.is_empty() {
				break;
			}
			// It is never closed.
			let turn = self.turns.clone().acquire_owned().await.ok();
			let genesis = self.genesis;
			groups.push(spawn_blocking(move || {
				check(&genesis, &mut group);
				drop(turn);
				group
			}));
		}
		for group in groups {
			checked.append(&mut group.await?);
		}
		Ok(checked)
	}
}

/// Check a group: its signatures of ed25519 at once if all of them are good, else each alone.
fn check(genesis: &Hash32, group: &mut [Judged]) {
	let are_good = all_good(genesis, group);
	for (_, verdict) in group {
		let is_bad = verdict.as_ref().is_ok_and(|incoming| {
			let is_known = are_good && edwards(incoming).is_some();
			!is_known && !incoming.signed.verify(genesis, &incoming.key)
		});
		if is_bad {
			*verdict = Err(Refusal::BadSignature);
		}
	}
}

/// Whether the signatures of ed25519 in a group, if they are not few, are all good: one equation with
/// random coefficients for all of them, in half the time that they take alone.
///
/// It says what they say alone, where a committee checks them: under the rules of
/// [ZIP 215](https://zips.z.cash/zip-0215), which the SDK's check follows, both are multiplied by the
/// cofactor. A wrong signature passes with a probability of 2^-128.
fn all_good(genesis: &Hash32, group: &[Judged]) -> bool {
	let incoming = || group.iter().filter_map(|(_, verdict)| verdict.as_ref().ok());
	if incoming().filter(|incoming| edwards(incoming).is_some()).count() < FEW {
		return false;
	}
	let mut equation = batch::Verifier::new();
	for incoming in incoming() {
		if let Some((key, signature)) = edwards(incoming) {
			let message = incoming.signed.reading.message(genesis);
			equation.queue((key, signature, &message));
		}
	}
	equation.verify(rand::thread_rng()).is_ok()
}

/// Key and signature of a reading, if both are of ed25519.
fn edwards(incoming: &Incoming) -> Option<(VerificationKeyBytes, Signature)> {
	match (&incoming.key, &incoming.signed.signature) {
		(DeviceKey::Ed25519(key), DeviceSignature::Ed25519(signature)) => {
			Some((VerificationKeyBytes::from(key.0), Signature::from(signature.0)))
		},
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::{DevicePair, Scheme};
	use cairn_telemetry::{Reading, SignedReading};
	use cairn_types::{NetworkId, SchemaId, schema::Values};
	use proptest::prelude::*;
	use sp_core::ed25519;

	const GENESIS: Hash32 = [9; 32];
	const SCHEMES: [Scheme; 3] = [Scheme::Ed25519, Scheme::Sr25519, Scheme::Secp256k1];

	fn reading(sequence: u64) -> Reading {
		Reading {
			network: NetworkId(1),
			schema: SchemaId(2),
			device: DeviceId(sequence % 7),
			sequence,
			anchor: [0; 32],
			time: sequence,
			values: Values::truncate_from(vec![Some(1)]),
		}
	}

	/// A reading that the key of this kind and number signs.
	fn judged(scheme: Scheme, number: u8, sequence: u64) -> Judged {
		// Zero is no secret of secp256k1.
		let pair = DevicePair::from_seed(scheme, &[number + 1; 32]);
		let reading = reading(sequence);
		let signature = pair.sign(&reading.message(&GENESIS));
		let (device, key) = (reading.device, pair.public());
		let signed = SignedReading { reading, signature };
		(device, Ok(Incoming { window: 1, signed, key }))
	}

	/// `count` readings of ed25519.
	fn of_edwards(count: u64) -> Vec<Judged> {
		(0..count).map(|sequence| judged(Scheme::Ed25519, (sequence % 5) as u8, sequence)).collect()
	}

	/// Alter what was signed.
	fn alter(judged: &mut Judged) {
		if let Ok(incoming) = &mut judged.1 {
			incoming.signed.reading.time += 1;
		}
	}

	/// What checking each alone says.
	fn alone(judged: &[Judged]) -> Vec<Judged> {
		let verdicts = judged.iter().cloned().map(|(device, verdict)| {
			let verdict = verdict.and_then(|incoming| {
				let is_good = incoming.signed.verify(&GENESIS, &incoming.key);
				if is_good { Ok(incoming) } else { Err(Refusal::BadSignature) }
			});
			(device, verdict)
		});
		verdicts.collect()
	}

	fn refused(judged: &[Judged]) -> Vec<usize> {
		let places = judged.iter().enumerate().filter(|(_, (_, verdict))| verdict.is_err());
		places.map(|(place, _)| place).collect()
	}

	#[tokio::test]
	async fn works_when_all_signatures_are_good() {
		let signatures = Signatures::new(GENESIS);
		for count in [0, 1, FEW as u64, GROUP as u64, 3 * GROUP as u64 + 1] {
			let readings = of_edwards(count);
			let checked = signatures.check(readings.clone()).await.expect("no panic");
			assert_eq!(checked, readings, "{count}");
		}
	}

	#[tokio::test]
	async fn fails_when_some_are_anothers() {
		let mut readings = of_edwards(3 * GROUP as u64);
		for place in [0, GROUP + 5, GROUP + 6] {
			alter(&mut readings[place]);
		}
		let checked = Signatures::new(GENESIS).check(readings).await.expect("no panic");
		assert_eq!(refused(&checked), [0, GROUP + 5, GROUP + 6]);
		assert_eq!(checked[0].1, Err(Refusal::BadSignature));
		// On another chain none is good.
		let readings = of_edwards(GROUP as u64);
		let checked = Signatures::new([8; 32]).check(readings).await.expect("no panic");
		assert_eq!(refused(&checked).len(), GROUP);
	}

	#[tokio::test]
	async fn what_is_refused_already_stays_so() {
		let mut readings = of_edwards(10);
		readings[3].1 = Err(Refusal::TooSoon);
		let checked = Signatures::new(GENESIS).check(readings.clone()).await.expect("no panic");
		assert_eq!(checked, readings);
		let none = vec![(DeviceId(1), Err(Refusal::WrongSchema))];
		assert_eq!(Signatures::new(GENESIS).check(none.clone()).await.expect("no panic"), none);
	}

	#[test]
	fn signatures_of_small_order_are_what_they_are_alone() {
		// Its equation holds only when it is multiplied by the cofactor.
		let mut group = of_edwards(8);
		if let Ok(incoming) = &mut group[2].1 {
			incoming.key = DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32]));
			let zero = ed25519::Signature::from_raw([0; 64]);
			incoming.signed.signature = DeviceSignature::Ed25519(zero);
			assert!(incoming.signed.verify(&GENESIS, &incoming.key));
		}
		assert!(all_good(&GENESIS, &group));
	}

	#[test]
	fn few_are_checked_alone() {
		assert!(!all_good(&GENESIS, &of_edwards(FEW as u64 - 1)));
		assert!(all_good(&GENESIS, &of_edwards(FEW as u64)));
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(32))]

		#[test]
		fn a_group_says_what_each_says_alone(
			kinds in prop::collection::vec((0..3_usize, 0..4_u8, prop::bool::weighted(0.1)), 1..40),
		) {
			let kinds = (0..).zip(&kinds);
			let mut group = kinds
				.map(|(sequence, (scheme, number, is_altered))| {
					let mut judged = judged(SCHEMES[*scheme], *number, sequence);
					if *is_altered {
						alter(&mut judged);
					}
					judged
				})
				.collect::<Vec<_>>();
			let expected = alone(&group);
			check(&GENESIS, &mut group);
			prop_assert_eq!(group, expected);
		}
	}
}
