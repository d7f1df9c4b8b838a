//! What surrounds a worker: a scripted source, a clock, a transaction pool.

use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard},
};

use cairn_telemetry::{VerdictClaim, authority::AuthoritySignature};
use codec::{Decode, Encode};
use sp_core::{
	OpaquePeerId,
	offchain::{
		Externalities, HttpError, HttpRequestId, HttpRequestStatus, OpaqueNetworkState, Timestamp,
		TransactionPool,
	},
};

use crate::mock::*;

/// How a source answers.
pub(super) enum Answer {
	Body(Vec<u8>),
	Status(u16),
	/// Not before the deadline.
	Silence,
	/// With these bytes, and no end before the deadline.
	Stall(Vec<u8>),
}

struct Request {
	uri: String,
	read: usize,
	/// It is sent, and its answer has not been read to the end.
	open: bool,
}

/// What surrounds a worker.
#[derive(Default)]
pub(super) struct World {
	/// By URI; others are answered with 404.
	pub(super) answers: BTreeMap<String, Answer>,
	/// By id.
	requests: Vec<Request>,
	/// How many of the requests tests have been told of.
	told: usize,
	/// Milliseconds since the epoch.
	pub(super) clock: u64,
	/// Milliseconds until an answer begins.
	pub(super) latency: u64,
	transactions: Vec<Vec<u8>>,
	pub(super) is_pool_full: bool,
}

impl World {
	fn wait(&mut self, id: HttpRequestId, deadline: u64) -> HttpRequestStatus {
		let request = &self.requests[usize::from(id.0)];
		assert!(request.open, "{} was sent", request.uri);
		let status = match self.answers.get(&request.uri) {
			None => Some(404),
			Some(Answer::Status(code)) => Some(*code),
			Some(Answer::Body(_) | Answer::Stall(_)) => Some(200),
			Some(Answer::Silence) => None,
		};
		let arrival = self.clock + self.latency;
		match status {
			Some(code) if arrival <= deadline => {
				self.clock = arrival;
				HttpRequestStatus::Finished(code)
			},
			_ => {
				self.clock = deadline;
				HttpRequestStatus::DeadlineReached
			},
		}
	}

	fn read(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: u64,
	) -> Result<usize, HttpError> {
		let request = &mut self.requests[usize::from(id.0)];
		if !request.open {
			return Err(HttpError::Invalid);
		}
		let (bytes, ends) = match self.answers.get(&request.uri) {
			Some(Answer::Body(bytes)) => (bytes, true),
			Some(Answer::Stall(bytes)) => (bytes, false),
			_ => return Err(HttpError::Invalid),
		};
		let left = &bytes[request.read..];
		if left.is_empty() && !ends {
			self.clock = deadline;
			return Err(HttpError::DeadlineReached);
		}
		let size = left.len().min(buffer.len());
		buffer[..size].copy_from_slice(&left[..size]);
		request.read += size;
		request.open = size > 0;
		Ok(size)
	}
}

/// A node's clock, HTTP client and transaction pool: `TestOffchainExt` answers every request with
/// 200 and at once, and the test pool takes everything.
#[derive(Clone, Default)]
pub(super) struct Node(Arc<Mutex<World>>);

impl Node {
	pub(super) fn world(&self) -> MutexGuard<'_, World> {
		self.0.lock().expect("nobody panicked")
	}

	/// URIs requested since the last call.
	pub(super) fn requests(&self) -> Vec<String> {
		let mut world = self.world();
		let told = world.told;
		world.told = world.requests.len();
		world.requests[told..].iter().map(|request| request.uri.clone()).collect()
	}

	/// Verdicts submitted since the last call.
	pub(super) fn submissions(&self) -> Vec<(VerdictClaim, AuthoritySignature)> {
		let transactions = std::mem::take(&mut self.world().transactions);
		transactions
			.into_iter()
			.map(|bytes| {
				let extrinsic = Extrinsic::decode(&mut bytes.as_slice()).expect("an extrinsic");
				let RuntimeCall::Telemetry(Call::submit_verdict { claim, signature }) =
					extrinsic.function
				else {
					panic!("not a verdict")
				};
				assert_eq!(transaction(claim, signature.clone()).encode(), bytes);
				(claim, signature)
			})
			.collect()
	}

	/// The same without signatures.
	pub(super) fn claims(&self) -> Vec<VerdictClaim> {
		self.submissions().into_iter().map(|(claim, _)| claim).collect()
	}
}

impl Externalities for Node {
	fn is_validator(&self) -> bool {
		true
	}

	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		Err(())
	}

	fn timestamp(&mut self) -> Timestamp {
		Timestamp::from_unix_millis(self.world().clock)
	}

	fn sleep_until(&mut self, _: Timestamp) {
		unreachable!("a worker does not wait for its lock")
	}

	fn random_seed(&mut self) -> [u8; 32] {
		unreachable!("a worker takes no chances")
	}

	fn http_request_start(
		&mut self,
		method: &str,
		uri: &str,
		meta: &[u8],
	) -> Result<HttpRequestId, ()> {
		assert!(method == "GET" && meta.is_empty());
		let mut world = self.world();
		let id = u16::try_from(world.requests.len()).expect("few requests");
		world.requests.push(Request { uri: uri.into(), read: 0, open: false });
		Ok(HttpRequestId(id))
	}

	fn http_request_add_header(&mut self, _: HttpRequestId, _: &str, _: &str) -> Result<(), ()> {
		unreachable!("a worker sends no headers")
	}

	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		assert!(chunk.is_empty() && deadline.is_some());
		self.world().requests[usize::from(id.0)].open = true;
		Ok(())
	}

	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		let deadline = deadline.expect("a worker never waits forever").unix_millis();
		let mut world = self.world();
		ids.iter().map(|id| world.wait(*id, deadline)).collect()
	}

	fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		unreachable!("a worker reads no headers")
	}

	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		let deadline = deadline.expect("a worker never waits forever").unix_millis();
		self.world().read(id, buffer, deadline)
	}

	fn set_authorized_nodes(&mut self, _: Vec<OpaquePeerId>, _: bool) {
		unreachable!("a worker authorises no nodes")
	}
}

impl TransactionPool for Node {
	fn submit_transaction(&mut self, extrinsic: Vec<u8>) -> Result<(), ()> {
		let mut world = self.world();
		if world.is_pool_full {
			return Err(());
		}
		world.transactions.push(extrinsic);
		Ok(())
	}
}
