//! The gateway's HTTP interface: for devices, for committee members, for owners and for operators.

mod across;
mod batches;
mod body;
mod data;
mod devices;
mod etag;
mod info;
mod openapi;
mod path;
mod patient;
mod proof;
mod readings;
mod sensorthings;
pub mod server;

#[cfg(test)]
mod across_tests;
#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod tests;

pub use self::body::BODIES;
pub(super) use self::{body::decode_octets, readings::take};

use std::{
	collections::{BTreeMap, HashMap},
	sync::{Arc, Mutex, PoisonError},
};

use axum::{
	Json, Router,
	http::StatusCode,
	response::{IntoResponse, Response},
	routing::{MethodRouter, get, post},
};
use cairn_chain::Chain;
use cairn_types::{DeviceId, GatewayId, Hash32};
use governor::DefaultKeyedRateLimiter;
use tokio::sync::Semaphore;

use super::{
	chain_state::{ChainState, States},
	data::{Data, fault::Refused},
	metrics::Metrics,
	peers::Peers,
	refusal::Refusal,
	registry::Registry,
	sealer::Status,
	signatures::Signatures,
	store::Store,
	writer::Writer,
};
use crate::{protocol::Problem, store::StoreError};

/// Devices of the gateway whose rejections are counted.
const KEPT_REJECTIONS: usize = 100_000;
/// Of these, how many may be of devices that the gateway does not have: whoever sends readings names
/// whichever it likes.
const KEPT_STRANGERS: usize = 10_000;
/// Requests that ask the chain at once: a flood of requests must not become one of the node.
pub const QUESTIONS: usize = 16;

/// Everything that requests are answered from.
pub struct App {
	/// The gateway.
	pub gateway: GatewayId,
	/// Hash of the chain's first block.
	pub genesis: Hash32,
	/// The chain.
	pub chain: Chain,
	/// What is kept.
	pub store: Store,
	/// Who writes readings.
	pub writer: Writer,
	/// Who checks their signatures.
	pub signatures: Signatures,
	/// The newest state of the chain.
	pub states: States,
	/// Who holds which slot.
	pub registry: Arc<Registry>,
	/// What Prometheus is told.
	pub metrics: Arc<Metrics>,
	/// What the sealing loop does.
	pub sealer: Status,
	/// How many requests with readings may be worked on at once.
	pub ingest: Semaphore,
	/// How many bytes may have come of bodies with readings: a permit for each.
	pub bodies: Semaphore,
	/// How many requests may ask the chain at once.
	pub questions: Semaphore,
	/// How many readings each device may send.
	pub limiter: DefaultKeyedRateLimiter<DeviceId>,
	/// How far ahead a device's clock may be, ms.
	pub tolerance_millis: u64,
	/// Readings not taken since the start, by device and reason.
	pub rejections: Rejections,
	/// What questions about data are answered from.
	pub data: Data,
	/// Whose rows they are answered from, besides.
	pub peers: Peers,
}

/// Readings not taken since the start, by device and reason.
#[derive(Default)]
pub struct Rejections(Mutex<HashMap<DeviceId, BTreeMap<Refusal, u64>>>);

impl Rejections {
	/// Count one, of a device that the gateway has or of another one.
	pub fn add(&self, device: DeviceId, is_assigned: bool, refusal: Refusal) {
		let most = if is_assigned { KEPT_REJECTIONS } else { KEPT_STRANGERS };
		let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		if devices.len() >= most && !devices.contains_key(&device) {
			return;
		}
		*devices.entry(device).or_default().entry(refusal).or_default() += 1;
	}

	/// Those of one device.
	#[must_use]
	pub fn of(&self, device: DeviceId) -> BTreeMap<Refusal, u64> {
		let devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		devices.get(&device).cloned().unwrap_or_default()
	}
}

impl App {
	/// The newest state of the chain, or the answer that there is none.
	fn state(&self) -> Result<Arc<ChainState>, Failure> {
		self.states.borrow().clone().ok_or_else(|| {
			Failure::new(
				StatusCode::SERVICE_UNAVAILABLE,
				"unsynced",
				"The gateway has not reached its node yet.",
				"Ask again later; the operator sees why in the gateway's log.",
			)
		})
	}
}

/// Every path of the interface; `openapi.json` describes each of them.
fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
	vec![
		("/v1/anchor", get(info::anchor)),
		("/v1/schema", get(info::schema)),
		("/v1/status", get(info::status)),
		("/v1/readings", post(readings::post)),
		("/v1/devices/by-key/{scheme}/{key}", get(devices::by_key)),
		("/v1/devices/{device}", get(devices::report)),
		("/v1/devices/{device}/proof", get(devices::proof)),
		("/v1/gateways/{gateway}/batches/{window}/{attempt}/{part}", get(batches::part)),
		("/v1/data", get(data::rows)),
		("/v1/proof/{window}/{device}/{sequence}", get(proof::reading)),
		("/v1/openapi.json", get(openapi::document)),
		(sensorthings::ROOT, get(sensorthings::root)),
		("/v1/sensorthings/{set}", get(sensorthings::of_set)),
		("/v1/sensorthings/{set}/{related}", get(sensorthings::of_related)),
		("/metrics", get(info::metrics)),
		("/healthz", get(info::health)),
	]
}

/// The interface.
pub fn router(app: Arc<App>) -> Router {
	let routes = routes().into_iter();
	let router = routes.fold(Router::new(), |router, (path, method)| router.route(path, method));
	router.fallback(missing).method_not_allowed_fallback(wrong_method).with_state(app)
}

async fn missing() -> Failure {
	Failure::not_found("There is nothing under this path.", "See the reference for the paths.")
}

async fn wrong_method() -> Failure {
	Failure::new(
		StatusCode::METHOD_NOT_ALLOWED,
		"wrong_method",
		"This path does not take requests of this kind.",
		"See /v1/openapi.json for what it takes.",
	)
}

/// An answer that says what is wrong and what to do.
#[derive(Debug)]
pub struct Failure {
	status: StatusCode,
	problem: Problem,
	/// Seconds after which to ask again.
	retry_after: Option<u32>,
}

impl Failure {
	fn new(status: StatusCode, code: &str, cause: &str, remedy: &str) -> Self {
		let problem =
			Problem { code: code.to_owned(), cause: cause.to_owned(), remedy: remedy.to_owned() };
		let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
		Self { status, problem, retry_after }
	}

	fn not_found(cause: &str, remedy: &str) -> Self {
		Self::new(StatusCode::NOT_FOUND, "not_found", cause, remedy)
	}
}

impl From<Refused> for Failure {
	fn from(refused: Refused) -> Self {
		let fault = refused.fault;
		let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
		Self::new(status, fault.code(), &refused.cause(), fault.remedy())
	}
}

impl From<StoreError> for Failure {
	fn from(error: StoreError) -> Self {
		tracing::error!(%error, "cannot answer a request");
		Self::new(
			StatusCode::INTERNAL_SERVER_ERROR,
			"store",
			"The gateway's store failed.",
			"Ask again later; the operator sees why in the gateway's log.",
		)
	}
}

impl From<cairn_chain::Error> for Failure {
	fn from(error: cairn_chain::Error) -> Self {
		tracing::warn!(%error, "cannot ask the chain for a request");
		Self::new(
			StatusCode::SERVICE_UNAVAILABLE,
			"unsynced",
			"The gateway cannot reach its node.",
			"Ask again later; the operator sees why in the gateway's log.",
		)
	}
}

impl IntoResponse for Failure {
	fn into_response(self) -> Response {
		let mut response = (self.status, Json(self.problem)).into_response();
		if let Some(seconds) = self.retry_after {
			response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
		}
		response
	}
}
