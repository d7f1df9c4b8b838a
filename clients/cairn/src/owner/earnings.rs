//! What slots have earned: paid, to be released, claimable now, and units of open cycles. Gathered
//! from the chain and from the gateways that hold the proofs.

use std::{collections::BTreeMap, time::Duration};

use cairn_chain::{At, Chain};
use cairn_economics::Open;
use cairn_telemetry::{Account, Claim};
use cairn_types::{Amount, DeviceId, GatewayId, Slot, Window, view::DeviceState};
use futures::{StreamExt, stream};

use super::{error::OwnerError, format, outside::Bounds, patience::Patience, served::Served};

/// Slots that are asked about at once.
const ASKED: usize = 16;
/// How long a gateway may take for its answers about all slots: who withholds them holds nobody up.
const TIME: Duration = Duration::from_secs(30);
/// How much longer it may take for each slot that it has answered.
const SLOT_TIME: Duration = Duration::from_millis(100);

/// What a slot has earned.
#[derive(Clone, Debug)]
pub(crate) struct SlotEarning {
	/// The gateway.
	pub(crate) gateway: GatewayId,
	/// The place in its ledger.
	pub(crate) slot: Slot,
	/// Whose slot.
	pub(crate) device: DeviceId,
	/// Who is paid.
	pub(crate) payee: [u8; 32],
	/// First window after the assignment; `Window::MAX` while it lasts.
	pub(crate) until: Window,
	/// Entitlement already turned into pay.
	pub(crate) paid: Amount,
	/// Of that, not released yet.
	pub(crate) unvested: Amount,
	/// What a claim would pay now.
	pub(crate) claimable: Claimable,
	/// Units of cycles that were open in the newest ledger that the gateway has sealed.
	pub(crate) open: Vec<Open<u64>>,
}

/// What a claim would pay now, as the chain says.
#[derive(Clone, Debug)]
pub(crate) enum Claimable {
	/// With this claim, so much is turned into pay, and so much of it released at once.
	With {
		/// The claim, proved against the newest matured ledger.
		claim: Box<Claim>,
		/// What is turned into pay.
		earned: Amount,
		/// What is released at once.
		released: Amount,
	},
	/// No ledger with this slot has matured.
	Immature,
	/// The gateway that has the proof does not give it.
	Unknown(String),
}

impl Claimable {
	/// What is released at once; zero if it is not known.
	pub(crate) fn released(&self) -> Amount {
		match self {
			Self::With { released, .. } => *released,
			Self::Immature | Self::Unknown(_) => 0,
		}
	}

	/// Whether a claim would change anything.
	pub(crate) fn pays(&self) -> bool {
		matches!(self, Self::With { earned, released, .. } if *earned > 0 || *released > 0)
	}
}

/// Where gateways answer: as the chain says, unless told otherwise.
pub(crate) struct Gateways {
	chain: Chain,
	/// Where endpoints of the chain may lead.
	bounds: Bounds,
	named: Option<(GatewayId, Served)>,
	known: BTreeMap<GatewayId, Result<Served, String>>,
}

impl Gateways {
	/// Gateways at their endpoints; the one at `url`, if given, there.
	///
	/// # Errors
	/// If nothing answers at `url`, or the node does not answer.
	pub(crate) async fn new(chain: &Chain, url: Option<&str>) -> Result<Self, OwnerError> {
		// Whoever has a gateway in his own network names it.
		let bounds = Bounds::of(chain, false).await?;
		let named = match url {
			Some(url) => {
				let served = Served::new(url)?;
				let anchor = served.anchor().await?;
				ensure_same_chain(chain, &served, &anchor.genesis).await?;
				Some((anchor.gateway, served))
			},
			None => None,
		};
		Ok(Self { chain: chain.clone(), bounds, named, known: BTreeMap::new() })
	}

	/// The gateway that was named.
	pub(crate) fn named(&self) -> Option<GatewayId> {
		self.named.as_ref().map(|(id, _)| *id)
	}

	/// Where a gateway answers, or why that is not known.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn at(&mut self, id: GatewayId) -> Result<Result<Served, String>, OwnerError> {
		if let Some((named, served)) = &self.named
			&& *named == id
		{
			return Ok(Ok(served.clone()));
		}
		if let Some(known) = self.known.get(&id) {
			return Ok(known.clone());
		}
		let view = self.chain.gateway(id, At::Best).await?;
		let found = match view {
			None => Err(format!("gateway {id} is gone")),
			Some(view) => endpoint(&view.endpoint, self.bounds),
		};
		self.known.insert(id, found.clone());
		Ok(found)
	}

	/// What a slot has earned; `None` if there is no such slot any more.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn earning(
		&mut self,
		gateway: GatewayId,
		slot: Slot,
	) -> Result<Option<SlotEarning>, OwnerError> {
		let served = self.at(gateway).await?;
		earning(&self.chain, &served, gateway, slot).await
	}

	/// What slots have earned, in their order, without those that are not any more. Several are asked
	/// about at once, and `seen` is told after how many there is an answer.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn earnings(
		&mut self,
		slots: &[(GatewayId, Slot)],
		seen: impl Fn(usize),
	) -> Result<Vec<SlotEarning>, OwnerError> {
		let mut served = BTreeMap::new();
		let mut asked = Vec::new();
		for (gateway, slot) in slots {
			if !served.contains_key(gateway) {
				let patient = |served: Served| served.with_patience(Patience::new(TIME));
				served.insert(*gateway, self.at(*gateway).await?.map(patient));
			}
			let served = served.get(gateway).cloned();
			asked.extend(served.map(|served| (served, *gateway, *slot)));
		}
		let chain = &self.chain;
		let mut answers = stream::iter(asked)
			.map(
				|(served, gateway, slot)| async move { earning(chain, &served, gateway, slot).await },
			)
			.buffered(ASKED)
			.enumerate();
		let mut found = Vec::new();
		while let Some((index, answer)) = answers.next().await {
			found.extend(answer?);
			seen(index + 1);
		}
		Ok(found)
	}
}

/// What a slot has earned by the gateway that is served there, or why that is not known.
async fn earning(
	chain: &Chain,
	served: &Result<Served, String>,
	gateway: GatewayId,
	slot: Slot,
) -> Result<Option<SlotEarning>, OwnerError> {
	let Some(view) = chain.earning(gateway, slot, At::Best).await? else {
		return Ok(None);
	};
	let device = view.slot.device;
	let (claimable, open) = match served {
		Ok(served) => {
			let claimable = claimable(chain, served, device, slot).await?;
			let open = open_cycles(served, device, slot, &claimable).await;
			(claimable, open)
		},
		Err(cause) => (Claimable::Unknown(cause.clone()), Vec::new()),
	};
	Ok(Some(SlotEarning {
		gateway,
		slot,
		device,
		payee: view.slot.payee,
		until: view.slot.until,
		paid: view.paid,
		unvested: view.unvested,
		claimable,
		open,
	}))
}

async fn ensure_same_chain(
	chain: &Chain,
	served: &Served,
	genesis: &[u8; 32],
) -> Result<(), OwnerError> {
	if chain.genesis().await? == *genesis {
		return Ok(());
	}
	Err(OwnerError::Gateway {
		url: served.url().to_owned(),
		cause: "serves another chain than the node".to_owned(),
		remedy: "name a gateway and a node of the same chain".to_owned(),
	})
}

/// A gateway at the address that the chain keeps, or why it is not asked.
fn endpoint(bytes: &[u8], bounds: Bounds) -> Result<Served, String> {
	Served::listed(&format::text(bytes), bounds).map_err(|error| error.to_string())
}

/// What a claim for a slot would pay now.
async fn claimable(
	chain: &Chain,
	served: &Served,
	device: DeviceId,
	slot: Slot,
) -> Result<Claimable, OwnerError> {
	let answer = match served.proof(device, slot).await {
		Ok(answer) => answer,
		Err(error) => return Ok(Claimable::Unknown(error.to_string())),
	};
	served.grant(SLOT_TIME);
	let Some(proof) = answer else { return Ok(Claimable::Immature) };
	let claim = proof.claim;
	let (earned, released) = chain.claimable(claim.gateway, slot, &claim.account, At::Best).await?;
	Ok(Claimable::With { claim: Box::new(claim), earned, released })
}

/// Units of open cycles: of the newest sealed ledger if it is this slot's, else of the proved one.
async fn open_cycles(
	served: &Served,
	device: DeviceId,
	slot: Slot,
	claimable: &Claimable,
) -> Vec<Open<u64>> {
	let proved = match claimable {
		Claimable::With { claim, .. } => Some(&claim.account),
		Claimable::Immature => None,
		// Who did not answer one question is not asked another.
		Claimable::Unknown(_) => return Vec::new(),
	};
	let report = served.report(device).await.ok();
	let sealed = report
		.filter(|report| report.place.as_ref().is_some_and(|place| place.slot == slot))
		.and_then(|report| report.account);
	sealed.as_ref().or(proved).map(units).unwrap_or_default()
}

/// Units of an account's open cycles.
pub(crate) fn units(account: &Account) -> Vec<Open<u64>> {
	account.latest().open.to_vec()
}

/// The places that a device's record remembers, newest first.
pub(crate) fn places(state: &DeviceState) -> Vec<(GatewayId, Slot)> {
	let Some(dated) = &state.assignment else { return Vec::new() };
	let places = [Some(&dated.current), dated.previous.as_ref()];
	places.into_iter().flatten().map(|place| (place.gateway, place.slot)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{Activity, Dated, DeviceKey, NetworkId, view::Assignment};
	use sp_core::ed25519;

	#[test]
	fn a_device_has_earned_in_its_old_place_too() {
		let place = |gateway, slot| Assignment { gateway: GatewayId(gateway), slot };
		let key = DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]));
		let moved = Dated::new(place(1, 2), 3, 0).change(place(4, 5), 9, 9, 20);
		let mut state = DeviceState {
			network: NetworkId(0),
			maker: None,
			key: Dated::new(key, 0, 0),
			assignment: None,
			activity: Activity::NEVER,
			expires: Window::MAX,
		};
		assert!(places(&state).is_empty());
		state.assignment = Some(moved.expect("settled"));
		assert_eq!(places(&state), [(GatewayId(4), 5), (GatewayId(1), 2)]);
	}

	#[test]
	fn an_endpoint_that_is_none_is_not_asked() {
		assert!(endpoint(b"http://127.0.0.1:9977", Bounds::Anywhere).is_ok());
		let error = endpoint(b"http://127.0.0.1:9977", Bounds::Public).expect_err("this machine");
		assert!(error.contains("127.0.0.1, which is not a public") && error.contains("Remedy: "));
		assert!(endpoint(b"https://gateway.example", Bounds::Public).is_ok());
		for none in ["http://gateway.example/?a=1", "file:///etc/passwd"] {
			assert!(endpoint(none.as_bytes(), Bounds::Anywhere).is_err(), "{none}");
		}
		assert!(endpoint(&[0xff], Bounds::Anywhere).is_err());
	}
}
