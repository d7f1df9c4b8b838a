//! What committee members fetch: the parts of sealed batches.

use std::sync::Arc;

use axum::{
	body::Body,
	extract::State,
	http::header,
	response::{IntoResponse, Response},
};
use cairn_telemetry::offchain::Part;
use cairn_types::{Attempt, GatewayId, Window};
use tokio::task::spawn_blocking;

use super::{App, Failure, path::Path};
use crate::{protocol::OCTETS, store::StoreError};

/// A part of a sealed batch, as bytes.
pub(super) async fn part(
	State(app): State<Arc<App>>,
	Path((gateway, window, attempt, name)): Path<(GatewayId, Window, Attempt, String)>,
) -> Result<Response, Failure> {
	let Some(part) = part_of(&name).filter(|_| gateway == app.gateway) else {
		return Err(unknown());
	};
	let store = app.store.clone();
	let bytes = spawn_blocking(move || store.part(window, attempt, part)).await;
	let bytes = bytes.map_err(|cause| StoreError::Database { cause: cause.to_string() })??;
	let bytes = bytes.ok_or_else(unknown)?;
	// The content length follows from the body.
	Ok(([(header::CONTENT_TYPE, OCTETS)], Body::from(bytes)).into_response())
}

fn part_of(name: &str) -> Option<Part> {
	match name {
		"header" => Some(Part::Header),
		"ledger" => Some(Part::Ledger),
		"payload" => Some(Part::Payload),
		_ => None,
	}
}

fn unknown() -> Failure {
	Failure::not_found(
		"This gateway has no such batch, or it has matured.",
		"Ask for a batch of this gateway that the chain shows as pending or attested.",
	)
}
