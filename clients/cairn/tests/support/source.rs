//! A telemetry source between node and gateway: it passes requests on, or lies in several ways.

use std::{
	collections::HashMap,
	convert::Infallible,
	net::SocketAddr,
	sync::{
		Arc, Mutex, PoisonError,
		atomic::{AtomicU64, Ordering},
	},
};

use axum::{
	Router,
	body::{Body, Bytes},
	extract::State,
	http::{StatusCode, Uri},
	response::{IntoResponse, Response},
};
use cairn_telemetry::offchain::Part;
use futures::stream;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::gateway::Client;

/// Bytes that an endless answer has at most.
pub(crate) const ENDLESS: u64 = 10 << 30;
/// Bytes in each piece of an endless answer.
const PIECE: usize = 1 << 16;

/// What the source does with requests for the gateway's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
	/// Pass them on.
	Honest,
	/// Answer that nothing can be had.
	Closed,
	/// Answer with bytes that mean nothing.
	Garbage,
	/// Never answer.
	Silent,
	/// Answer requests for this part with ten gigabytes, others honestly.
	Endless(Part),
}

/// A running source.
pub(crate) struct Source {
	shared: Arc<Shared>,
	address: SocketAddr,
	task: JoinHandle<()>,
}

struct Shared {
	mode: watch::Sender<Mode>,
	/// The honest gateway.
	upstream: Client,
	/// Answers by path, whatever the mode.
	shelf: Mutex<HashMap<String, Vec<u8>>>,
	/// Requests met by a lie.
	lies: AtomicU64,
	/// Bytes of endless answers that somebody took.
	streamed: AtomicU64,
}

impl Source {
	/// Start a source before the gateway at `upstream`.
	pub(crate) async fn start(upstream: SocketAddr) -> Self {
		let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
		let address = listener.local_addr().expect("an address");
		let shared = Arc::new(Shared {
			mode: watch::Sender::new(Mode::Honest),
			upstream: Client::new(upstream),
			shelf: Mutex::default(),
			lies: AtomicU64::new(0),
			streamed: AtomicU64::new(0),
		});
		let router = Router::new().fallback(answer).with_state(shared.clone());
		let task = tokio::spawn(async move {
			axum::serve(listener, router).await.expect("the source serves");
		});
		Self { shared, address, task }
	}

	/// Its URL.
	pub(crate) fn url(&self) -> String {
		format!("http://{}", self.address)
	}

	/// Do this from now on; ends answers that the mode before left open.
	pub(crate) fn set(&self, mode: Mode) {
		self.shared.mode.send_replace(mode);
	}

	/// Serve `bytes` under `path`.
	pub(crate) fn put(&self, path: String, bytes: Vec<u8>) {
		let mut shelf = self.shared.shelf.lock().unwrap_or_else(PoisonError::into_inner);
		shelf.insert(path, bytes);
	}

	/// Requests met by a lie so far.
	pub(crate) fn lies(&self) -> u64 {
		self.shared.lies.load(Ordering::Relaxed)
	}

	/// Bytes of endless answers that somebody took so far.
	pub(crate) fn streamed(&self) -> u64 {
		self.shared.streamed.load(Ordering::Relaxed)
	}
}

impl Drop for Source {
	fn drop(&mut self) {
		self.task.abort();
	}
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
	let path = uri.path();
	let kept = shared.shelf.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
	if let Some(bytes) = kept {
		return bytes.into_response();
	}
	let mode = *shared.mode.borrow();
	let honest = match mode {
		Mode::Honest => true,
		Mode::Endless(part) => !path.ends_with(name(part)),
		Mode::Closed | Mode::Garbage | Mode::Silent => false,
	};
	if honest {
		return match shared.upstream.bytes(path).await {
			Some(bytes) => bytes.into_response(),
			None => StatusCode::NOT_FOUND.into_response(),
		};
	}
	shared.lies.fetch_add(1, Ordering::Relaxed);
	match mode {
		Mode::Garbage => vec![0xa5; 4_096].into_response(),
		Mode::Silent => {
			let mut modes = shared.mode.subscribe();
			// An error means that the source is gone.
			drop(modes.wait_for(|mode| *mode != Mode::Silent).await);
			StatusCode::SERVICE_UNAVAILABLE.into_response()
		},
		Mode::Endless(_) => endless(shared, mode).into_response(),
		Mode::Honest | Mode::Closed => StatusCode::SERVICE_UNAVAILABLE.into_response(),
	}
}

/// Zeros, until [`ENDLESS`] bytes were sent or the mode is another one.
fn endless(shared: Arc<Shared>, mode: Mode) -> Body {
	let piece = Bytes::from(vec![0; PIECE]);
	let pieces = stream::unfold((shared, 0), move |(shared, sent)| {
		let piece = piece.clone();
		async move {
			if sent >= ENDLESS || *shared.mode.borrow() != mode {
				return None;
			}
			shared.streamed.fetch_add(PIECE as u64, Ordering::Relaxed);
			Some((Ok::<_, Infallible>(piece), (shared, sent + PIECE as u64)))
		}
	});
	Body::from_stream(pieces)
}

/// The last part of the path of a batch's part.
const fn name(part: Part) -> &'static str {
	match part {
		Part::Header => "/header",
		Part::Ledger => "/ledger",
		Part::Payload => "/payload",
	}
}
