//! What anybody may ask about the gateway itself.

use std::sync::Arc;

use axum::{
	Json,
	extract::State,
	http::{StatusCode, header},
	response::{IntoResponse, Response},
};
use cairn_chain::views::HeadView;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{App, Failure};
use crate::{
	clock::now_millis,
	protocol::{AnchorInfo, SchemaInfo, hash},
	store::StoreError,
};

/// `GET /v1/anchor`.
pub(super) async fn anchor(State(app): State<Arc<App>>) -> Result<Json<AnchorInfo>, Failure> {
	let state = app.state()?;
	let (schema_id, _) = state.schemas.first().ok_or_else(no_schema)?;
	Ok(Json(AnchorInfo {
		genesis: app.genesis,
		network: state.gateway.network,
		schema_id: *schema_id,
		gateway: app.gateway,
		window: state.clock.now.window,
		window_millis: state.clock.periods.window_millis(),
		required: state.clock.required,
		upcoming: state.clock.upcoming,
		now_millis: now_millis(),
	}))
}

/// `GET /v1/schema`.
pub(super) async fn schema(State(app): State<Arc<App>>) -> Result<Json<SchemaInfo>, Failure> {
	let state = app.state()?;
	let (schema_id, schema) = state.schemas.first().ok_or_else(no_schema)?;
	Ok(Json(SchemaInfo { schema_id: *schema_id, schema: schema.clone() }))
}

fn no_schema() -> Failure {
	Failure::new(
		StatusCode::SERVICE_UNAVAILABLE,
		"no_schema",
		"The gateway does not know its network's schema yet.",
		"Ask again when the next window has begun.",
	)
}

/// `GET /v1/status`.
pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<Value>, Failure> {
	let state = app.state()?;
	let store = app.store.clone();
	let stored = spawn_blocking(move || {
		Ok::<_, StoreError>((store.heads()?, store.windows()?, store.closed()?, store.devices()?))
	});
	let stored = stored.await.map_err(|cause| StoreError::Database { cause: cause.to_string() })?;
	let (heads, windows, closed, devices) = stored?;
	let windows = windows.iter().map(|(window, row)| {
		json!({
			"window": window,
			"readings": row.readings,
			"sealed": heads.contains_key(window),
			"given_up": row.lost.map(|lost| lost.name()),
		})
	});
	let [attested, invalid, unavailable, no_quorum] = state.gateway.record;
	Ok(Json(json!({
		"gateway": app.gateway,
		"network": state.gateway.network,
		"genesis": hash::text(&app.genesis),
		"endpoint": String::from_utf8_lossy(&state.gateway.endpoint),
		"best_block": state.best.number,
		"window": state.clock.now.window,
		"tick": state.clock.now.tick,
		"cycle": state.clock.cycle,
		"attempt": state.gateway.attempt,
		"next_window": state.gateway.next_window,
		"sealed": state.gateway.sealed.map(head),
		"attested": state.gateway.attested.map(head),
		"matured": state.matured.map(head),
		"batches": {
			"attested": attested,
			"invalid": invalid,
			"unavailable": unavailable,
			"no_quorum": no_quorum,
		},
		"devices": { "assigned": state.gateway.assigned, "seen": devices },
		"closed": closed,
		"windows": windows.collect::<Vec<_>>(),
		"waiting": app.sealer.get().map(|why| why.text()),
		"store_bytes": app.store.bytes(),
		"now_millis": now_millis(),
	})))
}

fn head(head: HeadView) -> Value {
	json!({ "window": head.window, "attempt": head.attempt, "root": hash::text(&head.root) })
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
	match app.metrics.text() {
		Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
		Err(cause) => {
			tracing::error!(%cause, "cannot write the metrics");
			StatusCode::INTERNAL_SERVER_ERROR.into_response()
		},
	}
}

/// `GET /healthz`: 200 while readings are taken and the chain is followed.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<&'static str, Failure> {
	let state = app.state()?;
	if state.is_stale() {
		return Err(Failure::new(
			StatusCode::SERVICE_UNAVAILABLE,
			"stale",
			"No block has come for three minutes.",
			"Look whether the node runs and is in sync.",
		));
	}
	if !app.writer.is_alive() {
		return Err(Failure::new(
			StatusCode::SERVICE_UNAVAILABLE,
			"store",
			"Readings are not written any more.",
			"Look into the gateway's log, then start it again.",
		));
	}
	Ok("ok\n")
}
