//! Where the validator reads batches: a proxy in front of the city's gateways, because a node reads
//! one source. On a server a web server does it.

use std::{
	collections::BTreeMap,
	net::{Ipv4Addr, SocketAddr},
	sync::{Arc, OnceLock},
};

use axum::{
	Router,
	extract::State,
	http::{StatusCode, Uri},
	response::{IntoResponse, Response},
};
use cairn_types::GatewayId;
use tokio::task::JoinSet;

use crate::{
	gateway::http::server::{listen, serve},
	owner::{OwnerError, served::Served},
};

/// Connections at once.
const CONNECTIONS: usize = 64;
/// Most bytes of a part of a batch.
const MAX_PART: usize = 16 << 20;

/// The proxy. Ends with the task that it runs in.
pub(super) struct Source {
	address: SocketAddr,
	gateways: Arc<OnceLock<BTreeMap<GatewayId, Served>>>,
}

impl Source {
	/// Listen at a free port of this machine; as one of `tasks`.
	///
	/// # Errors
	/// If there is no port.
	pub(super) async fn start(tasks: &mut JoinSet<()>) -> Result<Self, OwnerError> {
		let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
		let listener = listen(any).await;
		let listener = listener.map_err(|error| {
			OwnerError::refused(error.to_string(), "see that this machine has a free port")
		})?;
		let address = listener.local_addr()?;
		let gateways = Arc::<OnceLock<BTreeMap<GatewayId, Served>>>::default();
		let router = Router::new().fallback(answer).with_state(gateways.clone());
		tasks.spawn(serve(listener, router, CONNECTIONS, std::future::pending()));
		Ok(Self { address, gateways })
	}

	/// Its address.
	pub(super) fn url(&self) -> String {
		format!("http://{}", self.address)
	}

	/// Pass requests on to these gateways from now on. Only the first call counts.
	///
	/// # Errors
	/// If the system offers no HTTP.
	pub(super) fn serve(
		&self,
		gateways: impl IntoIterator<Item = (GatewayId, String)>,
	) -> Result<(), OwnerError> {
		let served = gateways.into_iter().map(|(id, url)| Ok((id, Served::new(&url)?)));
		let served = served.collect::<Result<BTreeMap<_, _>, OwnerError>>()?;
		// They are known once.
		let _ = self.gateways.set(served);
		Ok(())
	}
}

/// The gateway that a path is about: `/v1/gateways/3/…` is about gateway 3. Pure.
fn gateway_of(path: &str) -> Option<GatewayId> {
	path.strip_prefix("/v1/gateways/")?.split('/').next()?.parse().ok()
}

async fn answer(
	State(gateways): State<Arc<OnceLock<BTreeMap<GatewayId, Served>>>>,
	uri: Uri,
) -> Response {
	let known = gateways.get();
	let served = gateway_of(uri.path()).and_then(|id| known.and_then(|known| known.get(&id)));
	let Some(served) = served else { return StatusCode::NOT_FOUND.into_response() };
	match served.bytes(uri.path(), MAX_PART).await {
		Ok(bytes) => bytes.into_response(),
		Err(error) => {
			tracing::debug!(%error, "a gateway does not serve a part of a batch");
			StatusCode::NOT_FOUND.into_response()
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{
		store::SealedWindow,
		testing::{GATEWAY, Served as Gateways, state},
	};
	use cairn_telemetry::{HeaderV1, Sums, offchain::Part};

	#[test]
	fn a_path_names_its_gateway() {
		assert_eq!(gateway_of("/v1/gateways/3/batches/7/0/header"), Some(GatewayId(3)));
		for path in ["/v1/gateways/x/batches/7/0/header", "/v1/gateways/", "/v1/data", "/"] {
			assert_eq!(gateway_of(path), None, "{path}");
		}
	}

	#[tokio::test]
	async fn requests_reach_the_gateway_that_they_are_for() {
		let running = Gateways::start(Some(state()), 9).await;
		let header = HeaderV1 {
			attempt: 2,
			previous_root: [0; 32],
			ledger_root: [1; 32],
			transition_root: [0; 32],
			sums: Sums::default(),
			payload_root: [0; 32],
			payload_size: 3,
			rules: 1,
		};
		let sealed = SealedWindow {
			window: 7,
			header,
			payload: vec![1, 2, 3],
			pieces: Vec::new(),
			nodes: BTreeMap::new(),
			leaves: Vec::new(),
			dropped: Vec::new(),
		};
		running.app.store.commit_seal(&sealed).expect("a commit");

		let mut tasks = JoinSet::new();
		let source = Source::start(&mut tasks).await.expect("a port");
		let get = async |path: &str| {
			let answer = reqwest::get(format!("{}{path}", source.url())).await;
			let answer = answer.expect("an answer").error_for_status().ok()?;
			Some(answer.bytes().await.expect("a body").to_vec())
		};
		let path = Part::Payload.path(GATEWAY, 7, 2);
		assert_eq!(get(&path).await, None, "no gateway is known yet");
		source.serve([(GATEWAY, running.url(""))]).expect("HTTP");
		assert_eq!(get(&path).await, Some(vec![1, 2, 3]));
		assert_eq!(get(&Part::Payload.path(GATEWAY, 7, 3)).await, None);
		assert_eq!(get(&Part::Payload.path(GatewayId(9), 7, 2)).await, None);
		assert_eq!(get("/healthz").await, None, "only batches are passed on");
	}
}
