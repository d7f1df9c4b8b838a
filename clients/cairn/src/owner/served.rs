//! What a gateway tells owners over HTTP.

use std::{sync::Arc, time::Duration};

use cairn_types::{DeviceId, Slot, Window};
use reqwest::{Client, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;

use super::{
	error::OwnerError,
	format,
	outside::{Bounds, Inside, PublicOnly},
	parse,
	patience::Patience,
};
use crate::{
	bounded::{self, Fault},
	protocol::{AnchorInfo, DeviceReport, Problem, ProofInfo, ReadingProof},
};

/// How long a gateway may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: a report is a few KiB.
const MAX_ANSWER: usize = 1024 * 1024;
/// Most bytes of a reading's proof: the largest has 8 KiB, of which half is a path of 32 hashes.
const MAX_PROOF: usize = 64 * 1024;
/// Most bytes of a page of rows: a thousand rows have 300 KiB.
const MAX_PAGE: usize = 8 * 1024 * 1024;
/// Most characters that are shown of what a gateway says.
const SHOWN: usize = 500;
/// What to do about an endpoint that nobody can ask at.
const CORRECT: &str = "its operator has to correct it: cairn gateway endpoint ID URL";

/// A gateway's HTTP interface. Redirections are not followed.
#[derive(Clone, Debug)]
pub(crate) struct Served {
	url: String,
	client: Client,
	/// How long it may take for one answer.
	limit: Duration,
	/// How long it may take for all of them.
	patience: Option<Patience>,
}

/// What came of a question.
pub(crate) type Answer<T> = Result<T, OwnerError>;

/// Why a gateway does not answer as expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
	/// The answer does not come in time.
	#[error("does not answer: {0}")]
	Late(String),
	/// It cannot be reached, or breaks off.
	#[error("does not answer: {0}")]
	Silent(String),
	/// The time that it has for all answers is over.
	#[error("does not answer everything in the time that it has")]
	Spent,
	/// Its address is not one to ask at.
	#[error(transparent)]
	Inside(#[from] Inside),
	/// It says why not.
	#[error("answers {0} ({code}): {cause}", code = .1.code, cause = .1.cause)]
	Refused(StatusCode, Problem),
	/// It answers as no gateway does.
	#[error("{0}")]
	Odd(String),
}

impl Served {
	/// The gateway at `url`.
	///
	/// # Errors
	/// If the system offers no TLS.
	pub(crate) fn new(url: &str) -> Answer<Self> {
		Self::within(url, TIMEOUT)
	}

	/// The gateway at `url`, which may take so long for an answer.
	///
	/// # Errors
	/// If the system offers no TLS.
	pub(crate) fn within(url: &str, limit: Duration) -> Answer<Self> {
		Self::made(url.trim_end_matches('/').to_owned(), limit, Bounds::Anywhere)
	}

	/// The gateway at an endpoint that the chain lists, which is what a stranger has written.
	///
	/// # Errors
	/// If it is no endpoint, or leads out of these bounds; or if the system offers no TLS.
	pub(crate) fn listed(endpoint: &str, bounds: Bounds) -> Answer<Self> {
		let url = parse::endpoint(endpoint).map_err(|cause| OwnerError::Gateway {
			url: endpoint.to_owned(),
			cause: format!("cannot be asked: {cause}"),
			remedy: CORRECT.to_owned(),
		})?;
		let is_inside = bounds.ensure(&url);
		let served = Self::made(url, TIMEOUT, bounds)?;
		is_inside.map_err(|inside| served.error(inside.into()))?;
		Ok(served)
	}

	fn made(url: String, limit: Duration, bounds: Bounds) -> Answer<Self> {
		let client = Client::builder().timeout(limit).redirect(Policy::none());
		let client = match bounds {
			Bounds::Anywhere => client,
			// A proxy would connect to addresses that nobody has looked at.
			Bounds::Public => client.no_proxy().dns_resolver(Arc::new(PublicOnly)),
		};
		let client = client.build().map_err(|cause| OwnerError::Gateway {
			url: url.clone(),
			cause: format!("cannot be asked from here: {cause}"),
			remedy: "install the system's certificates (ca-certificates)".to_owned(),
		})?;
		Ok(Self { url, client, limit, patience: None })
	}

	/// The same, which may take no longer in all.
	#[must_use]
	pub(crate) fn with_patience(self, patience: Patience) -> Self {
		Self { patience: Some(patience), ..self }
	}

	/// Give it more time, if that is limited.
	pub(crate) fn grant(&self, more: Duration) {
		if let Some(patience) = &self.patience {
			patience.grant(more);
		}
	}

	/// Where it is.
	pub(crate) fn url(&self) -> &str {
		&self.url
	}

	/// `GET /v1/anchor`.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn anchor(&self) -> Answer<AnchorInfo> {
		self.identity().await.map_err(|trouble| self.error(trouble))
	}

	/// `GET /v1/anchor`: who it is.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn identity(&self) -> Result<AnchorInfo, Trouble> {
		read(self.fetch("/v1/anchor", MAX_ANSWER).await?)
	}

	/// `GET /v1/devices/{id}`.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn report(&self, device: DeviceId) -> Answer<DeviceReport> {
		self.get(&format!("/v1/devices/{device}"), MAX_ANSWER).await
	}

	/// `GET /v1/devices/{id}/proof` of a slot; `None` if nothing of it has matured.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn proof(&self, device: DeviceId, slot: Slot) -> Answer<Option<ProofInfo>> {
		let path = format!("/v1/devices/{device}/proof?slot={slot}");
		let fetched = self.fetch(&path, MAX_ANSWER).await.map_err(|trouble| self.error(trouble))?;
		if fetched.status == StatusCode::NOT_FOUND {
			return Ok(None);
		}
		let proof = read::<ProofInfo>(fetched).map_err(|trouble| self.error(trouble))?;
		// Without a leaf for the slot, a gateway answers with another one of the device.
		Ok(Some(proof).filter(|proof| proof.claim.slot == slot))
	}

	/// A page of `GET /v1/data`, by its path.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn page<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
		read(self.fetch(path, MAX_PAGE).await?)
	}

	/// `GET /v1/proof/{window}/{device}/{sequence}`.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn reading_proof(
		&self,
		window: Window,
		device: DeviceId,
		sequence: u64,
	) -> Answer<ReadingProof> {
		self.get(&format!("/v1/proof/{window}/{device}/{sequence}"), MAX_PROOF).await
	}

	/// What is under a path, as bytes, at most so many.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn bytes(&self, path: &str, most: usize) -> Answer<Vec<u8>> {
		let fetched = self.fetch(path, most).await;
		fetched.and_then(Fetched::good).map_err(|trouble| self.error(trouble))
	}

	async fn get<T: DeserializeOwned>(&self, path: &str, most: usize) -> Answer<T> {
		let fetched = self.fetch(path, most).await;
		fetched.and_then(read).map_err(|trouble| self.error(trouble))
	}

	/// Ask, within the time that is left.
	async fn fetch(&self, path: &str, most: usize) -> Result<Fetched, Trouble> {
		let waiting = self.patience.as_ref().map(Patience::wait);
		let left = self.left();
		if left.is_zero() {
			return Err(Trouble::Spent);
		}
		let fetched = self.fetch_within(left, path, most).await;
		drop(waiting);
		match fetched {
			Err(Trouble::Late(_)) if self.left().is_zero() => Err(Trouble::Spent),
			fetched => fetched,
		}
	}

	async fn fetch_within(
		&self,
		limit: Duration,
		path: &str,
		most: usize,
	) -> Result<Fetched, Trouble> {
		let request = self.client.get(format!("{}{path}", self.url)).timeout(limit).send();
		let response = request.await.map_err(|cause| silent(&cause))?;
		let status = response.status();
		let body = bounded::read(response, most).await.map_err(|fault| match fault {
			Fault::Broken(cause) => silent(&cause),
			Fault::TooLarge(most) => Trouble::Odd(format!("answers with more than {most} bytes")),
		})?;
		Ok(Fetched { status, body })
	}

	/// How long it may take for the next answer.
	fn left(&self) -> Duration {
		self.patience.as_ref().map_or(self.limit, |patience| patience.left().min(self.limit))
	}

	/// What stops a command, with what to do about it. A gateway's own words are cut short.
	pub(crate) fn error(&self, trouble: Trouble) -> OwnerError {
		let cause = format::words(&trouble.to_string(), SHOWN);
		let remedy = match &trouble {
			Trouble::Late(_) | Trouble::Silent(_) => {
				"look whether it runs and can be reached from here; name another address with --gateway"
			},
			Trouble::Spent => {
				"ask for less at once: a device, a cell, a shorter time; `cairn data query` gives it more \
				 time with --timeout"
			},
			Trouble::Inside(_) => {
				"its operator has to name a public address: cairn gateway endpoint ID URL; if it is in \
				 your own network, name it with --gateway, or let `cairn data query` ask there with \
				 --allow-private"
			},
			Trouble::Refused(_, Problem { remedy, .. }) => remedy.as_str(),
			Trouble::Odd(_) => "check that it is a Cairn gateway of the same release",
		};
		OwnerError::Gateway { url: self.url.clone(), cause, remedy: format::words(remedy, SHOWN) }
	}

	/// It answers as no gateway does.
	pub(crate) fn odd(&self, cause: &str) -> OwnerError {
		self.error(Trouble::Odd(cause.to_owned()))
	}
}

/// What came.
#[derive(Debug)]
struct Fetched {
	status: StatusCode,
	body: Vec<u8>,
}

impl Fetched {
	/// The body of a good answer.
	fn good(self) -> Result<Vec<u8>, Trouble> {
		let Self { status, body } = self;
		if status.is_success() {
			return Ok(body);
		}
		Err(match serde_json::from_slice::<Problem>(&body) {
			Ok(problem) => Trouble::Refused(status, problem),
			Err(_) => Trouble::Odd(format!("answers {status}")),
		})
	}
}

/// What a good answer says.
fn read<T: DeserializeOwned>(fetched: Fetched) -> Result<T, Trouble> {
	serde_json::from_slice(&fetched.good()?)
		.map_err(|cause| Trouble::Odd(format!("answers what this release does not read: {cause}")))
}

fn silent(cause: &reqwest::Error) -> Trouble {
	if let Some(inside) = inside(cause) {
		return Trouble::Inside(inside);
	}
	let words = innermost(cause);
	if cause.is_timeout() { Trouble::Late(words) } else { Trouble::Silent(words) }
}

/// The address that was not connected to, if that is the cause.
fn inside(error: &(dyn std::error::Error + 'static)) -> Option<Inside> {
	let mut next = Some(error);
	while let Some(error) = next {
		if let Some(inside) = error.downcast_ref::<Inside>() {
			return Some(*inside);
		}
		next = error.source();
	}
	None
}

/// The last cause in the chain: the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
	let mut error = error;
	while let Some(source) = error.source() {
		error = source;
	}
	error.to_string()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		gateway::testing::{pair, signed_by},
		protocol::{BatchProof, LeafProof},
	};
	use cairn_economics::Open;
	use cairn_telemetry::{Account, AccountV1, Data, DataV1, Header, Leaf, Proof, ledger::Sample};
	use cairn_types::{DeviceKey, GatewayId, SchemaId, schema::MAX_CHANNELS};
	use codec::MaxEncodedLen;
	use sp_core::{Pair, bounded::BoundedVec};
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpListener,
	};

	/// A server that gives one answer to one request.
	async fn once(status: &'static str, body: impl Into<String>) -> Served {
		let body = body.into();
		let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
		let address = listener.local_addr().expect("bound");
		tokio::spawn(async move {
			let (mut stream, _) = listener.accept().await.expect("one request");
			let mut request = [0; 1024];
			let _ = stream.read(&mut request).await;
			let head = format!(
				"HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
				body.len()
			);
			let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
		});
		Served::new(&format!("http://{address}/")).expect("a client")
	}

	#[tokio::test]
	async fn works_when_nothing_has_matured() {
		let served =
			once("404 Not Found", r#"{"code":"not_found","cause":"c","remedy":"r"}"#).await;
		assert!(matches!(served.proof(DeviceId(1), 0).await, Ok(None)));
	}

	#[tokio::test]
	async fn fails_with_the_gateways_own_words() {
		let body = r#"{"code":"unsynced","cause":"No node.","remedy":"Ask again later."}"#;
		let served = once("503 Service Unavailable", body).await;
		let error = served.report(DeviceId(1)).await.expect_err("unsynced").to_string();
		assert!(
			error.contains("unsynced") && error.contains("Remedy: Ask again later."),
			"{error}"
		);
	}

	#[tokio::test]
	async fn fails_when_it_is_no_gateway() {
		let served = once("200 OK", "<html>").await;
		let error = served.anchor().await.expect_err("no JSON").to_string();
		assert!(error.contains("Remedy: check that it is a Cairn gateway"), "{error}");
	}

	#[tokio::test]
	async fn fails_when_the_answer_is_too_large() {
		let served = once("200 OK", "12345").await;
		assert_eq!(served.bytes("/v1/part", 5).await.expect("within the limit"), b"12345");
		let served = once("200 OK", "123456").await;
		let error = served.bytes("/v1/part", 5).await.expect_err("one too many").to_string();
		assert!(error.contains("answers with more than"), "{error}");
	}

	/// A proof that is as large as one can be.
	fn largest() -> ReadingProof {
		let (number, channels) = (u64::MAX, usize::try_from(MAX_CHANNELS).expect("few"));
		let device = DeviceId(number);
		let values = vec![Some(i64::MIN); channels];
		let mut reading = signed_by(device, number, number, &values);
		reading.reading.anchor = [u8::MAX; 32];
		let open = Open { cycle: u32::MAX, units: number };
		let account = AccountV1 {
			device,
			schema: SchemaId(u32::MAX),
			sequence: number,
			time: number,
			open: BoundedVec::truncate_from(vec![open; channels]),
			settled: u128::MAX,
			totals: BoundedVec::truncate_from(vec![number; channels]),
		};
		let sample = Sample { value: i64::MIN, time: number };
		let data = DataV1 { latest: BoundedVec::truncate_from(vec![Some(sample); channels]) };
		let path = vec![[u8::MAX; 32]; 32];
		ReadingProof {
			genesis: [u8::MAX; 32],
			gateway: GatewayId(u32::MAX),
			window: Window::MAX,
			reading,
			key: DeviceKey::Ed25519(pair().public()),
			stage: "accepted".to_owned(),
			batch: Some(BatchProof {
				attempt: u32::MAX,
				header: format!("0x{}", "f".repeat(2 * Header::max_encoded_len())),
				hash: [u8::MAX; 32],
				payload: Some("/".repeat(100)),
			}),
			leaf: Some(LeafProof {
				slot: Slot::MAX,
				leaf: Leaf { account: Account::V1(account), data: Data::V1(data) },
				proof: Proof { bitmap: u32::MAX, siblings: BoundedVec::truncate_from(path) },
			}),
		}
	}

	#[tokio::test]
	async fn fails_when_a_proof_is_larger_than_any() {
		let proof = largest();
		let text = serde_json::to_string(&proof).expect("serializes");
		assert!(text.len() <= 8 << 10, "{}", text.len());
		let ask = async |body: String| {
			let served = once("200 OK", body).await;
			served.reading_proof(Window::MAX, DeviceId(u64::MAX), u64::MAX).await
		};
		assert_eq!(ask(text.clone()).await.expect("the largest"), proof);
		// Blanks behind it mean nothing.
		let longer = format!("{text}{}", " ".repeat(70 << 10));
		let error = ask(longer).await.expect_err("too large").to_string();
		assert!(error.contains("answers with more than 65536 bytes"), "{error}");
	}

	#[tokio::test]
	async fn fails_when_an_endpoint_leads_to_this_machine() {
		let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
		let port = listener.local_addr().expect("bound").port();
		for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]"] {
			let error = Served::listed(&format!("http://{host}:{port}"), Bounds::Public);
			let error = error.expect_err(host).to_string();
			assert!(error.contains("is not a public address") && error.contains("--allow-private"));
		}
		// What a name means shows when it is connected to.
		let served = Served::listed(&format!("http://localhost:{port}"), Bounds::Public);
		let error = served.expect("a name").anchor().await.expect_err("this machine").to_string();
		assert!(error.contains("is not a public address"), "{error}");
		let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
		assert!(accepted.is_err(), "nobody has connected");
		for endpoint in ["http://127.0.0.1/?a=1", "http://a@127.0.0.1", "ftp://127.0.0.1", "0x1b"] {
			let error = Served::listed(endpoint, Bounds::Anywhere).expect_err(endpoint).to_string();
			assert!(error.contains("cannot be asked") && error.contains("Remedy: "), "{error}");
		}
	}

	#[tokio::test]
	async fn works_when_an_endpoint_may_be_anywhere() {
		let Served { url, .. } = once("200 OK", "12345").await;
		let served = Served::listed(&url, Bounds::Anywhere).expect("an endpoint");
		assert_eq!(served.bytes("/v1/part", 5).await.expect("an answer"), b"12345");
	}

	#[tokio::test]
	async fn fails_when_the_time_for_all_answers_is_over() {
		let url = bounded::tests::endless("200 OK", 1).await;
		let patience = Patience::new(Duration::from_millis(50));
		let served = Served::new(&url).expect("a client").with_patience(patience.clone());
		let error = served.bytes("/v1/part", 5).await.expect_err("it does not end").to_string();
		assert!(error.contains("in the time that it has"), "{error}");
		assert!(error.contains("Remedy: ask for less at once"), "{error}");
		assert!(patience.left().is_zero());
		assert_eq!(served.identity().await, Err(Trouble::Spent), "nothing is sent any more");
		served.grant(Duration::from_secs(1));
		assert!(!patience.left().is_zero());
	}

	#[tokio::test]
	async fn a_gateways_words_are_few_and_move_no_cursor() {
		let body = r#"{"code":"c","cause":"a\u001b[2Jb\n","remedy":"\u202er"}"#;
		let served = once("400 Bad Request", body).await;
		let error = served.anchor().await.expect_err("refused").to_string();
		assert!(error.ends_with("answers 400 Bad Request (c): a[2Jb\n  Remedy: r"), "{error:?}");
	}

	#[tokio::test]
	async fn fails_when_nobody_listens() {
		let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
		let address = listener.local_addr().expect("bound");
		drop(listener);
		let served = Served::new(&format!("http://{address}")).expect("a client");
		let error = served.anchor().await.expect_err("nobody").to_string();
		assert!(error.contains("does not answer") && error.contains("Remedy: "), "{error}");
	}
}
