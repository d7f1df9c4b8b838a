//! `GET /v1/proof/{window}/{device}/{sequence}`: what proves a stored reading.

use std::sync::Arc;

use axum::{
	extract::State,
	http::{HeaderMap, Uri},
	response::Response,
};
use cairn_telemetry::{Header, header_hash, offchain::Part};
use cairn_types::{Attempt, DeviceId, GatewayId, Hash32, Window};
use codec::Encode;

use super::{App, Failure, data::to_json, devices::ask, etag, path::Path};
use crate::{
	gateway::{
		data::{
			fault::{DataFault, Refused},
			parameters::Parameters,
		},
		store::{Kept, Position, Stage, Store},
	},
	protocol::{BatchProof, LeafProof, ReadingProof},
	store::StoreError,
};

/// Serve a reading with what proves it.
pub(super) async fn reading(
	State(app): State<Arc<App>>,
	Path((window, device, sequence)): Path<(Window, DeviceId, u64)>,
	uri: Uri,
	headers: HeaderMap,
) -> Result<Response, Failure> {
	Parameters::new(&uri, &[])?;
	app.state()?;
	app.data.ensure_open()?;
	let position = Position { window, device, sequence };
	let (genesis, gateway) = (app.genesis, app.gateway);
	let found = ask(&app, move |store| prove(store, genesis, gateway, position)).await?;
	let found = found.ok_or_else(|| Refused::from(DataFault::NoReading))?;
	Ok(etag::answer(&headers, "application/json", to_json(&found)?, None))
}

/// What proves the reading at `position`; `None` if there is none.
fn prove(
	store: &Store,
	genesis: Hash32,
	gateway: GatewayId,
	position: Position,
) -> Result<Option<ReadingProof>, StoreError> {
	let Some(kept) = store.kept(position)? else { return Ok(None) };
	let Kept { stored, stage, .. } = kept;
	let window = position.window;
	let sealed = sealed(store, window, stage)?;
	let leaf = if sealed.is_some() { leaf(store, position)? } else { None };
	let batch = sealed.map(|(attempt, header)| BatchProof {
		attempt,
		hash: header_hash(&genesis, gateway, window, &header),
		header: format!("0x{}", hex::encode(header.encode())),
		// What has matured is served no more.
		payload: (stage == Stage::Sealed).then(|| Part::Payload.path(gateway, window, attempt)),
	});
	Ok(Some(ReadingProof {
		genesis,
		gateway,
		window,
		reading: stored.signed,
		key: stored.key,
		stage: stage.name().to_owned(),
		batch,
		leaf,
	}))
}

/// The batch of a reading that is in one.
fn sealed(
	store: &Store,
	window: Window,
	stage: Stage,
) -> Result<Option<(Attempt, Header)>, StoreError> {
	match stage {
		Stage::Matured => {
			let archived = store.archived(window)?;
			Ok(archived.map(|archived| (archived.attempt, archived.header)))
		},
		Stage::Sealed => {
			let Some(head) = store.heads()?.get(&window).copied() else { return Ok(None) };
			let header = store.header(window, head.attempt)?;
			Ok(header.map(|header| (head.attempt, header)))
		},
		Stage::LeftOut | Stage::Lost | Stage::Accepted => Ok(None),
	}
}

/// The device's leaf in the ledger of the window, if this reading is what it ends with. Older
/// versions than the matured one are not kept.
fn leaf(store: &Store, position: Position) -> Result<Option<LeafProof>, StoreError> {
	if !store.heads()?.contains_key(&position.window) {
		return Ok(None);
	}
	let ledger = store.ledger(Some(position.window))?;
	for slot in store.slots_of(position.device)?.into_iter().rev() {
		let Some(leaf) = ledger.leaf(slot)? else { continue };
		let account = leaf.account.latest();
		if account.device == position.device && account.sequence == position.sequence {
			let proof = ledger.prove(slot)?;
			return Ok(Some(LeafProof { slot, leaf, proof }));
		}
	}
	Ok(None)
}
