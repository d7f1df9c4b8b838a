//! Committees: who is drawn, how often, and how many verdicts attest a batch.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::{
	committee::{MAX_COMMITTEE, draw, quorum},
	hash,
	verdict::chunk_index,
};

/// Pearson's statistic of counts that should be equal, rounded down.
fn chi_square(counts: &[u32], expected: u32) -> u32 {
	counts.iter().map(|count| count.abs_diff(expected).pow(2)).sum::<u32>() / expected
}

#[test]
fn each_validator_is_drawn_equally_often() {
	let (mut members, mut first) = ([0u32; 20], [0u32; 20]);
	for number in 0u32..4_000 {
		let drawn = draw(&hash(&[b"draw", &number.to_le_bytes()]), 20, 5);
		first[drawn[0] as usize] += 1;
		drawn.iter().for_each(|member| members[*member as usize] += 1);
	}
	// 19 degrees of freedom: the seeds are fixed, and 1 in 10,000 sets of seeds exceeds 50.
	assert!(chi_square(&members, 1_000) < 50, "{members:?}");
	assert!(chi_square(&first, 200) < 50, "{first:?}");
}

#[test]
fn two_thirds_rounded_up_attest() {
	let table =
		[(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (21, 14), (64, 43)];
	for (members, verdicts) in table {
		assert_eq!(quorum(members), verdicts, "{members} members");
	}
}

proptest! {
	#[test]
	fn a_committee_is_of_distinct_validators(
		seed in any::<[u8; 32]>(), validators in 0u32..300, size in 0u32..100,
	) {
		let drawn = draw(&seed, validators, size);
		prop_assert_eq!(drawn.len() as u32, size.min(validators).min(MAX_COMMITTEE));
		prop_assert!(drawn.iter().all(|member| *member < validators));
		prop_assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), drawn.len());
	}

	#[test]
	fn a_smaller_committee_is_the_beginning_of_a_larger_one(
		seed in any::<[u8; 32]>(), validators in 0u32..300, size in 0u32..64,
	) {
		let (smaller, larger) = (draw(&seed, validators, size), draw(&seed, validators, 64));
		prop_assert!(larger.starts_with(&smaller));
	}

	#[test]
	fn two_quorums_share_more_than_an_honest_members_worth(members in 1u32..=64) {
		prop_assert!(quorum(members) <= members);
		prop_assert!(3 * quorum(members) >= 2 * members);
		prop_assert!(3 * (quorum(members) - 1) < 2 * members);
	}

	#[test]
	fn a_tags_chunk_is_one_of_the_payloads(
		seed in any::<[u8; 32]>(), member in 0u32..64, size in 1u64..10_000_000,
	) {
		prop_assert!(chunk_index(&seed, member, size) * 1_024 < size);
	}
}
