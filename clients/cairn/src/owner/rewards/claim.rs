//! Claiming: fetch proofs, send them, say what was paid.

use std::fmt;

use cairn_chain::{Outcome, account_text, calls};
use cairn_telemetry::Claim;
use cairn_types::{Amount, GatewayId, Slot};
use serde::Serialize;
use serde_json::json;
use sp_core::bounded::BoundedVec;

use super::super::{
	earnings::{Claimable, Gateways, SlotEarning},
	error::OwnerError,
	format,
	options::SignBy,
	output::Smallest,
	session::Session,
};

/// Claims of one transaction.
const MAX_CLAIMS: usize = 16;

/// What the chain says a claim has paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paid {
	/// The gateway.
	pub(crate) gateway: GatewayId,
	/// The slot.
	pub(crate) slot: Slot,
	/// Who was paid.
	pub(crate) payee: [u8; 32],
	/// What was turned into pay.
	pub(crate) earned: Amount,
	/// What was released, and so minted.
	pub(crate) released: Amount,
	/// What is left to be released.
	pub(crate) unvested: Amount,
	/// The block.
	pub(crate) block: u32,
}

/// Claim what slots have earned, and print what was paid.
///
/// # Errors
/// If nothing is claimable, or a claim fails.
pub(crate) async fn run(
	session: &Session,
	url: Option<&str>,
	slots: &[(GatewayId, Slot)],
	signing: &impl SignBy,
) -> Result<(), OwnerError> {
	let mut gateways = Gateways::new(&session.chain, url).await?;
	let spinner = session.spinner("fetching proofs");
	let seen = |seen| spinner.say(format!("fetching proofs: {seen} of {} slots", slots.len()));
	let earnings = Box::pin(gateways.earnings(slots, seen)).await?;
	drop(spinner);
	let (claims, skipped) = sort(&earnings);
	if claims.is_empty() {
		return Err(nothing(&skipped));
	}
	let mut report = Report { paid: Vec::new(), failed: Vec::new(), skipped };
	for chunk in claims.chunks(MAX_CLAIMS) {
		settle(session, chunk, signing, &mut report).await?;
	}
	session.print(&report)?;
	match report.failed.first() {
		None => Ok(()),
		Some((slot, cause)) => Err(OwnerError::refused(
			format!(
				"{} failed; {slot}: {cause}",
				format::count(report.failed.len() as u64, "claim")
			),
			"follow the remedy of each; claims that succeeded stay",
		)),
	}
}

/// What can be claimed, and why the rest cannot. Pure.
fn sort(earnings: &[SlotEarning]) -> (Vec<&Claim>, Vec<(String, String)>) {
	let mut claims = Vec::new();
	let mut skipped = Vec::new();
	for earning in earnings {
		let SlotEarning { gateway, slot, device, until, claimable, .. } = earning;
		let name = super::slot_text(*gateway, *slot, *device, *until);
		match claimable {
			Claimable::With { claim, .. } if claimable.pays() => claims.push(claim.as_ref()),
			Claimable::With { .. } => {
				skipped
					.push((name, "nothing is claimable now: no cycle was frozen since".to_owned()));
			},
			Claimable::Immature => {
				skipped.push((name, "no sealed window with its readings has matured".to_owned()));
			},
			Claimable::Unknown(cause) => skipped.push((name, cause.clone())),
		}
	}
	(claims, skipped)
}

fn nothing(skipped: &[(String, String)]) -> OwnerError {
	let lines = skipped.iter().map(|(slot, cause)| format!("\n  {slot}: {cause}"));
	OwnerError::refused(
		format!("nothing is claimable now{}", lines.collect::<String>()),
		"see `cairn rewards show` for when more comes, and `cairn device why` for what is in the way",
	)
}

/// Send claims together; one by one if one of them spoils the others.
async fn settle(
	session: &Session,
	claims: &[&Claim],
	signing: &impl SignBy,
	report: &mut Report,
) -> Result<(), OwnerError> {
	let together = send(session, claims, signing).await;
	match together {
		Ok(outcome) => {
			report.paid.extend(paid(&outcome));
			return Ok(());
		},
		Err(error) if error.dispatch_name().is_none() => return Err(error),
		Err(error) if claims.len() == 1 => {
			let name = claims.first().map(|claim| claim_text(claim)).unwrap_or_default();
			report.failed.push((name, error.to_string()));
			return Ok(());
		},
		Err(_) => {},
	}
	for claim in claims {
		match send(session, &[*claim], signing).await {
			Ok(outcome) => report.paid.extend(paid(&outcome)),
			Err(error) if error.dispatch_name().is_none() => return Err(error),
			Err(error) => report.failed.push((claim_text(claim), error.to_string())),
		}
	}
	Ok(())
}

/// Send one claim, or several as one transaction.
///
/// # Errors
/// If one of them fails.
pub(crate) async fn send(
	session: &Session,
	claims: &[&Claim],
	signing: &impl SignBy,
) -> Result<Outcome, OwnerError> {
	let call = match claims {
		[claim] => calls::rewards::claim_attested(claim),
		_ => {
			let claims = claims.iter().map(|claim| (*claim).clone()).collect();
			calls::rewards::claim_many(&BoundedVec::truncate_from(claims))
		},
	};
	session.submit(&call, signing).await
}

/// What a transaction's events say was paid.
pub(crate) fn paid(outcome: &Outcome) -> Vec<Paid> {
	type Fields = (GatewayId, Slot, [u8; 32], Amount, Amount, Amount);
	let events = outcome.all::<Fields>("Rewards", "Claimed");
	let paid = events.into_iter().map(|(gateway, slot, payee, earned, released, unvested)| Paid {
		gateway,
		slot,
		payee,
		earned,
		released,
		unvested,
		block: outcome.number,
	});
	paid.collect()
}

fn claim_text(claim: &Claim) -> String {
	format!("slot {} of gateway {}", claim.slot, claim.gateway)
}

/// What claims have paid.
struct Report {
	paid: Vec<Paid>,
	failed: Vec<(String, String)>,
	skipped: Vec<(String, String)>,
}

impl Report {
	fn total(&self) -> Amount {
		self.paid.iter().map(|paid| paid.released).fold(0, u128::saturating_add)
	}
}

impl Serialize for Report {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let paid = self.paid.iter().map(|paid| {
			json!({
				"gateway": paid.gateway,
				"slot": paid.slot,
				"payee": account_text(&paid.payee),
				"earned": Smallest(paid.earned),
				"paid": Smallest(paid.released),
				"unvested": Smallest(paid.unvested),
				"block": paid.block,
			})
		});
		let because = |(slot, cause): &(String, String)| json!({ "slot": slot, "cause": cause });
		let document = json!({
			"paid": Smallest(self.total()),
			"claims": paid.collect::<Vec<_>>(),
			"failed": self.failed.iter().map(because).collect::<Vec<_>>(),
			"skipped": self.skipped.iter().map(because).collect::<Vec<_>>(),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for Paid { gateway, slot, payee, released, unvested, block, .. } in &self.paid {
			let (amount, payee) = (format::amount(*released), account_text(payee));
			writeln!(
				f,
				"paid {amount} to {payee}: slot {slot} of gateway {gateway}, block {block}"
			)?;
			if *unvested > 0 {
				writeln!(f, "  {} is released by later claims", format::amount(*unvested))?;
			}
		}
		for (slot, cause) in &self.skipped {
			writeln!(f, "not claimed: {slot}: {cause}")?;
		}
		if self.paid.len() > 1 {
			writeln!(f, "paid {} in all", format::amount(self.total()))?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::Event;
	use cairn_telemetry::{Account, AccountV1, Proof};
	use cairn_types::{DeviceId, SchemaId, Window};
	use codec::Encode;

	fn claim() -> Claim {
		let account = AccountV1 {
			device: DeviceId(7),
			schema: SchemaId(0),
			sequence: 1,
			time: 1,
			open: Default::default(),
			settled: 0,
			totals: Default::default(),
		};
		Claim {
			gateway: GatewayId(2),
			window: 9,
			slot: 3,
			account: Account::V1(account),
			data: [0; 32],
			proof: Proof::default(),
		}
	}

	fn earning(claimable: Claimable) -> SlotEarning {
		SlotEarning {
			gateway: GatewayId(2),
			slot: 3,
			device: DeviceId(7),
			payee: [1; 32],
			until: Window::MAX,
			paid: 0,
			unvested: 0,
			claimable,
			open: Vec::new(),
		}
	}

	fn with(earned: u128, released: u128) -> SlotEarning {
		earning(Claimable::With { claim: Box::new(claim()), earned, released })
	}

	#[test]
	fn only_what_pays_is_claimed() {
		let unknown = earning(Claimable::Unknown("no answer".to_owned()));
		let earnings = [with(5, 5), with(0, 0), with(0, 1), earning(Claimable::Immature), unknown];
		let (claims, skipped) = sort(&earnings);
		assert_eq!((claims.len(), skipped.len()), (2, 3));
		let error = nothing(&skipped).to_string();
		assert!(error.contains("device 7, slot 3 of gateway 2: no answer"), "{error}");
	}

	#[test]
	fn what_was_paid_is_what_the_events_say() {
		let event = |slot: u32, earned: u128, released: u128| Event {
			pallet: "Rewards".to_owned(),
			name: "Claimed".to_owned(),
			fields: (GatewayId(2), slot, [1u8; 32], earned, released, earned - released).encode(),
		};
		let other = Event { name: "Released".to_owned(), ..event(9, 1, 1) };
		let events = vec![event(3, 10, 4), other, event(4, 5, 5)];
		let outcome = Outcome { block: [0; 32], number: 12, index: 1, events };
		let paid = paid(&outcome);
		assert_eq!(
			paid.iter().map(|paid| (paid.slot, paid.released)).collect::<Vec<_>>(),
			[(3, 4), (4, 5)]
		);
		let report = Report { paid, failed: Vec::new(), skipped: Vec::new() };
		assert_eq!(report.total(), 9);
		let value = serde_json::to_value(&report).expect("serializes");
		assert_eq!(value["claims"][0]["unvested"], "6");
		assert!(report.to_string().contains("in all"));
	}
}
