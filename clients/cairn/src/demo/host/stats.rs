//! What a demo has seen, and the summary at its end.

use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
	time::Duration,
};

use cairn_chain::views::BatchStage;
use cairn_types::{Amount, Attempt, Window};
use serde::Serialize;
use serde_json::json;

use crate::{
	clock::millis,
	owner::{format, watch::Snapshot},
};

/// A claim that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
	/// What was displayed as claimable before.
	pub(super) displayed: Amount,
	/// What the chain says was paid.
	pub(super) paid: Amount,
	/// Time since the node was started.
	pub(super) after: Duration,
}

/// What a demo has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats {
	blocks: u32,
	finalized: u32,
	sealed: BTreeSet<(Window, Attempt)>,
	attested: BTreeMap<Window, u128>,
	readings: u64,
	/// Claims that were paid.
	pub(super) claims: Vec<Claimed>,
}

impl Stats {
	/// Count what a snapshot shows.
	pub(super) fn note(&mut self, snapshot: &Snapshot) {
		self.blocks = self.blocks.max(snapshot.best.number);
		self.finalized = self.finalized.max(snapshot.finalized.number);
		for batch in snapshot.gateways.iter().flat_map(|served| &served.batches) {
			let view = &batch.view;
			self.sealed.insert((view.window, view.attempt));
			if let BatchStage::Attested { .. } = view.stage {
				self.attested.insert(view.window, view.sums.units);
			}
		}
		let report = snapshot.device.as_ref().and_then(|device| device.report.as_ref());
		if let Some(report) = report {
			self.readings = self.readings.max(report.accepted);
		}
	}

	fn units(&self) -> u128 {
		self.attested.values().fold(0, |sum, units| sum.saturating_add(*units))
	}

	fn paid(&self) -> Amount {
		self.claims.iter().fold(0, |sum, claim| sum.saturating_add(claim.paid))
	}

	/// Whether a claim was paid, each with what was displayed.
	pub(super) fn is_proved(&self) -> bool {
		!self.claims.is_empty() && self.claims.iter().all(|claim| claim.paid == claim.displayed)
	}

	/// The summary after so much time.
	///
	/// - `first_block`: time from the node's start to its first block.
	pub(super) const fn summary(&self, first_block: Duration, lasted: Duration) -> Summary<'_> {
		Summary { stats: self, first_block, lasted }
	}
}

/// The summary at a demo's end.
#[derive(Clone, Debug)]
pub(super) struct Summary<'a> {
	stats: &'a Stats,
	first_block: Duration,
	lasted: Duration,
}

/// Seconds with one decimal.
fn seconds(duration: Duration) -> String {
	format!("{:.1}", duration.as_secs_f64())
}

impl Serialize for Summary<'_> {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let Stats { blocks, finalized, sealed, attested, readings, claims } = self.stats;
		let listed = claims.iter().map(|claim| {
			json!({
				"displayed": claim.displayed.to_string(),
				"paid": claim.paid.to_string(),
				"after_millis": millis(claim.after),
			})
		});
		let document = json!({
			"blocks": blocks,
			"finalized": finalized,
			"windows_sealed": sealed.len(),
			"windows_attested": attested.len(),
			"readings": readings,
			"units": self.stats.units().to_string(),
			"paid": self.stats.paid().to_string(),
			"claims": listed.collect::<Vec<_>>(),
			"first_block_millis": millis(self.first_block),
			"first_claim_millis": claims.first().map(|claim| millis(claim.after)),
			"millis": millis(self.lasted),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Summary<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Stats { blocks, finalized, sealed, attested, readings, claims } = self.stats;
		writeln!(f, "the demo ran for {} s", seconds(self.lasted))?;
		writeln!(f, "  blocks       {blocks}, {finalized} of them final")?;
		writeln!(f, "  windows      {} sealed, {} attested", sealed.len(), attested.len())?;
		writeln!(f, "  readings     {readings}")?;
		writeln!(f, "  units        {}", self.stats.units())?;
		let count = format::count(u64::try_from(claims.len()).unwrap_or(u64::MAX), "claim");
		writeln!(f, "  paid         {} in {count}", format::amount(self.stats.paid()))?;
		writeln!(f, "  first block  after {} s", seconds(self.first_block))?;
		match claims.first() {
			Some(claim) => writeln!(f, "  first claim  paid after {} s", seconds(claim.after)),
			None => writeln!(f, "  first claim  none"),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::watch::tests::snapshot;

	fn claimed(displayed: Amount, paid: Amount) -> Claimed {
		Claimed { displayed, paid, after: Duration::from_millis(90_500) }
	}

	#[test]
	fn what_was_seen_is_counted_once() {
		let mut stats = Stats::default();
		stats.note(&snapshot(25));
		stats.note(&snapshot(26));
		stats.claims.push(claimed(5, 5));
		let summary = stats.summary(Duration::from_secs(2), Duration::from_secs(100));
		let value = serde_json::to_value(&summary).expect("serializes");
		assert_eq!(value["windows_sealed"], 1);
		assert_eq!(value["windows_attested"], 1);
		assert_eq!(value["units"], "1000");
		assert_eq!(value["readings"], 40);
		assert_eq!(
			(&value["first_block_millis"], &value["millis"]),
			(&json!(2_000), &json!(100_000))
		);
		assert_eq!(value["first_claim_millis"], 90_500);
		let text = summary.to_string();
		assert!(
			text.contains("first claim  paid after 90.5 s") && text.contains("1 claim"),
			"{text}"
		);
	}

	#[test]
	fn a_demo_is_proved_by_claims_that_paid_what_was_displayed() {
		let mut stats = Stats::default();
		assert!(!stats.is_proved());
		stats.claims.push(claimed(5, 5));
		assert!(stats.is_proved());
		stats.claims.push(claimed(5, 4));
		assert!(!stats.is_proved());
	}
}
