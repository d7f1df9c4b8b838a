//! What owners ask about their devices.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Json, extract::State, http::Uri};
use cairn_chain::At;
use cairn_telemetry::{Claim, Fault};
use cairn_types::{DeviceId, DeviceKey, Slot, Window};
use sp_core::{ecdsa, ed25519, sr25519};
use tokio::{sync::SemaphorePermit, task::spawn_blocking, time::timeout};

use super::{App, Failure, path::Path};
use crate::{
	gateway::{
		data::{
			fault::{DataFault, Refused},
			parameters::Parameters,
		},
		refusal::Refusal,
		store::{DeviceNote, Store},
	},
	protocol::{Count, DevicePlace, DeviceReport, ProofInfo},
	store::StoreError,
};

/// How long a request waits for its turn to ask the chain.
const PATIENCE: Duration = Duration::from_secs(1);

/// Off the async threads.
pub(super) async fn ask<T: Send + 'static>(
	app: &App,
	question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
	let store = app.store.clone();
	let answer = spawn_blocking(move || question(&store)).await;
	Ok(answer.map_err(|cause| StoreError::Database { cause: cause.to_string() })??)
}

/// A turn to ask the chain, while it is held.
async fn turn(app: &App) -> Result<SemaphorePermit<'_>, Failure> {
	match timeout(PATIENCE, app.questions.acquire()).await {
		Ok(Ok(permit)) => Ok(permit),
		Ok(Err(_)) | Err(_) => Err(Refused::from(DataFault::Busy).into()),
	}
}

/// `GET /v1/devices/by-key/{scheme}/{hex}`.
pub(super) async fn by_key(
	State(app): State<Arc<App>>,
	Path((scheme, key)): Path<(String, String)>,
) -> Result<Json<DevicePlace>, Failure> {
	let key = parse_key(&scheme, &key).ok_or_else(|| {
		Failure::new(
			axum::http::StatusCode::BAD_REQUEST,
			"bad_key",
			"The path does not name a key.",
			"Give ed25519, sr25519 or secp256k1, and the public key in hex.",
		)
	})?;
	let state = app.state()?;
	let _turn = turn(&app).await?;
	let window = state.clock.now.window;
	// The next window first: an assignment made now holds from there.
	let next = app.registry.near(window.saturating_add(1)).and_then(|facts| facts.by_key(&key));
	let device = match next {
		Some(device) => Some(device),
		None => app.chain.device_by_key(&key, At::Best).await?,
	};
	let device = device.ok_or_else(|| {
		Failure::not_found(Refusal::UnknownDevice.cause(), Refusal::UnknownDevice.remedy())
	})?;
	place(&app, device, window).await?.map(Json).ok_or_else(|| {
		Failure::new(
			axum::http::StatusCode::CONFLICT,
			Refusal::NotAssigned.code(),
			&format!("Device {device} is not assigned to this gateway."),
			Refusal::NotAssigned.remedy(),
		)
	})
}

/// A device's place: where it is active in this window or the next one, else where it is assigned.
async fn place(
	app: &App,
	device: DeviceId,
	window: Window,
) -> Result<Option<DevicePlace>, Failure> {
	let mut first = None;
	for window in [window, window.saturating_add(1)] {
		let facts = app.chain.device_facts(device, window, At::Best).await?;
		let Some(facts) = facts else { continue };
		let here = facts.assignment.filter(|place| place.gateway == app.gateway);
		let place = here.map(|assigned| DevicePlace {
			device,
			slot: assigned.slot,
			key: facts.key,
			active: facts.active,
			window,
		});
		if facts.active && place.is_some() {
			return Ok(place);
		}
		first = first.or(place);
	}
	Ok(first)
}

/// `GET /v1/devices/{id}`.
pub(super) async fn report(
	State(app): State<Arc<App>>,
	Path(device): Path<DeviceId>,
) -> Result<Json<DeviceReport>, Failure> {
	let state = app.state()?;
	let _turn = turn(&app).await?;
	let place = place(&app, device, state.clock.now.window).await?;
	let slot = place.as_ref().map(|place| place.slot);
	let (note, pending, account) = ask(&app, move |store| {
		let note = store.note(device)?;
		let pending = pending(store, device)?;
		let head = store.heads()?.keys().next_back().copied();
		let leaf = match slot {
			Some(slot) => store.ledger(head)?.leaf(slot)?,
			None => None,
		};
		Ok((note, pending, leaf.map(|leaf| leaf.account)))
	})
	.await?;
	let left_out = note.as_ref().map(left_out).unwrap_or_default();
	let (last_window, in_window, accepted) = note
		.as_ref()
		.map_or((None, 0, 0), |note| (Some(note.window), note.in_window, note.accepted));
	// A restricted network's values are for those who check it.
	let last = note.map(|note| note.last).filter(|_| !app.data.restricted);
	Ok(Json(DeviceReport {
		device,
		place,
		last_window,
		readings_in_window: in_window,
		accepted,
		last,
		rejected: rejected(&app.rejections.of(device)),
		left_out,
		pending,
		account,
	}))
}

/// Windows with stored readings of the device that are neither sealed nor given up.
fn pending(store: &Store, device: DeviceId) -> Result<Vec<Window>, StoreError> {
	let heads = store.heads()?;
	let mut pending = Vec::new();
	for (window, row) in store.windows()? {
		let open = row.lost.is_none() && !heads.contains_key(&window);
		if open && store.has_readings(window, device)? {
			pending.push(window);
		}
	}
	Ok(pending)
}

fn rejected(counts: &BTreeMap<Refusal, u64>) -> Vec<Count> {
	let counts = counts.iter().map(|(refusal, count)| Count {
		code: refusal.code().to_owned(),
		cause: refusal.cause().to_owned(),
		remedy: refusal.remedy().to_owned(),
		count: *count,
	});
	counts.collect()
}

fn left_out(note: &DeviceNote) -> Vec<Count> {
	let counts = note.left_out.iter().filter_map(|(code, count)| {
		let fault = Fault::ALL.iter().find(|fault| fault.code() == *code)?;
		Some(Count::of_fault(*fault, *count))
	});
	counts.collect()
}

/// `GET /v1/devices/{id}/proof`; `slot` says which slot to prove, by default the device's newest.
pub(super) async fn proof(
	State(app): State<Arc<App>>,
	Path(device): Path<DeviceId>,
	uri: Uri,
) -> Result<Json<ProofInfo>, Failure> {
	let asked = Parameters::new(&uri, &["slot"])?.number::<Slot>("slot")?;
	let state = app.state()?;
	let _turn = turn(&app).await?;
	let immature = || {
		Failure::not_found(
			"No sealed window with readings of this device has matured yet.",
			"Wait until one has; GET /v1/status shows the newest matured window.",
		)
	};
	let matured = app.chain.matured(app.gateway, At::Best).await?.ok_or_else(immature)?;
	let gateway = app.gateway;
	let (slots, claim) = ask(&app, move |store| {
		let slots = store.slots_of(device)?;
		let slot = asked.filter(|slot| slots.contains(slot)).or(slots.last().copied());
		let claim = match slot {
			Some(slot) => claim(store, gateway, matured.window, slot)?,
			None => None,
		};
		Ok((slots, claim))
	})
	.await?;
	let claim = claim.ok_or_else(immature)?;
	if claim.root() != Ok(matured.root) {
		return Err(Failure::new(
			axum::http::StatusCode::SERVICE_UNAVAILABLE,
			"other_ledger",
			"The gateway's store does not have the ledger that has matured on the chain.",
			"Ask again later; if it stays so, tell the operator.",
		));
	}
	let (tick, window) = (state.clock.now.tick, state.clock.now.window);
	Ok(Json(ProofInfo { claim, slots, tick, window }))
}

/// The claim of a slot in the ledger of `window`; `None` if it has no leaf there.
fn claim(
	store: &Store,
	gateway: cairn_types::GatewayId,
	window: Window,
	slot: Slot,
) -> Result<Option<Claim>, StoreError> {
	let ledger = store.ledger(Some(window))?;
	let Some(leaf) = ledger.leaf(slot)? else { return Ok(None) };
	let proof = ledger.prove(slot)?;
	let data = leaf.data.hash();
	Ok(Some(Claim { gateway, window, slot, account: leaf.account, data, proof }))
}

/// Read a key as paths name it. Pure.
fn parse_key(scheme: &str, key: &str) -> Option<DeviceKey> {
	let bytes = hex::decode(key.strip_prefix("0x").unwrap_or(key)).ok()?;
	match scheme {
		"ed25519" => Some(DeviceKey::Ed25519(ed25519::Public::from_raw(bytes.try_into().ok()?))),
		"sr25519" => Some(DeviceKey::Sr25519(sr25519::Public::from_raw(bytes.try_into().ok()?))),
		"secp256k1" => Some(DeviceKey::Secp256k1(ecdsa::Public::from_raw(bytes.try_into().ok()?))),
		_ => None,
	}
}
