//! The limits that the README states, simulated with the pallet's own periods and hashes.

use cairn_types::Hash32;
use sp_io::hashing::blake2_256;

use crate::maths;

/// A number that looks random: H(label ‖ a ‖ b).
fn random(label: &str, a: u32, b: Option<u32>) -> Hash32 {
	let mut bytes = label.as_bytes().to_vec();
	bytes.extend(a.to_le_bytes());
	bytes.extend(b.map(u32::to_le_bytes).into_iter().flatten());
	blake2_256(&bytes)
}

/// An author of half of all blocks knows 1 in 2⁴ periods of 4 blocks ahead, as it authors them alone.
#[test]
fn a_share_knows_whole_periods_with_its_power_of_their_length() {
	const PERIODS: usize = 10_000;
	const LENGTH: u32 = 4;
	let is_own = |block: u32| random("author", block, None)[0] < 128;
	let known =
		(0..).take(PERIODS).filter(|period| maths::blocks(*period, LENGTH).all(is_own)).count();
	let expected = PERIODS / 16;
	assert!(known.abs_diff(expected) < expected / 10, "{known} periods known, not {expected}");
}

/// All accumulators that an author can end a period with, who authors its last `outputs` and may
/// publish or withhold each.
fn reachable(honest: Hash32, outputs: impl Iterator<Item = Hash32>) -> Vec<Hash32> {
	outputs.fold(vec![honest], |reached, output| {
		let published: Vec<_> = reached.iter().map(|seed| maths::fold(seed, &output)).collect();
		[reached, published].concat()
	})
}

/// An author of a quarter of all blocks wants an event of probability 1/16. Withholding helps, by no
/// more than (1 − a)/(1 − 2a) = 3/2.
#[test]
fn withholding_raises_an_event_within_the_bound() {
	const TRIALS: u32 = 20_000;
	let happens = |seed: &Hash32| seed[0] < 16;
	let events = (0..TRIALS)
		.filter(|trial| {
			let own = (0..8).take_while(|place| random("author", *trial, Some(*place))[0] < 64);
			let outputs = own.map(|place| random("output", *trial, Some(place)));
			reachable(random("honest", *trial, Some(0)), outputs).iter().any(happens)
		})
		.count();
	let unbiased = usize::try_from(TRIALS / 16).expect("small");
	assert!(events > unbiased, "{events} events: withholding should help");
	assert!(events <= unbiased * 3 / 2, "{events} events: more than the bound");
}
