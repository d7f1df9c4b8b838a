//! What a gateway tells owners over HTTP.

use std::time::Duration;

use cairn_types::{DeviceId, Slot, Window};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;

use super::error::OwnerError;
use crate::{
	bounded::{self, Fault},
	protocol::{AnchorInfo, DeviceReport, Problem, ProofInfo, ReadingProof},
};

/// How long a gateway may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: reports and proofs are a few KiB.
const MAX_ANSWER: usize = 1024 * 1024;
/// Most bytes of a page of rows: a thousand rows have 300 KiB.
const MAX_PAGE: usize = 8 * 1024 * 1024;

/// A gateway's HTTP interface.
#[derive(Clone, Debug)]
pub(crate) struct Served {
	url: String,
	client: Client,
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
		let url = url.trim_end_matches('/').to_owned();
		let client = Client::builder().timeout(limit).redirect(Policy::none()).build();
		let client = client.map_err(|cause| OwnerError::Gateway {
			url: url.clone(),
			cause: format!("cannot be asked from here: {cause}"),
			remedy: "install the system's certificates (ca-certificates)".to_owned(),
		})?;
		Ok(Self { url, client })
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
		let response = self.send("/v1/anchor").await?;
		read(response, MAX_ANSWER).await
	}

	/// `GET /v1/devices/{id}`.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn report(&self, device: DeviceId) -> Answer<DeviceReport> {
		self.get(&format!("/v1/devices/{device}")).await
	}

	/// `GET /v1/devices/{id}/proof` of a slot; `None` if nothing of it has matured.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn proof(&self, device: DeviceId, slot: Slot) -> Answer<Option<ProofInfo>> {
		let path = format!("/v1/devices/{device}/proof?slot={slot}");
		let response = self.send(&path).await.map_err(|trouble| self.error(trouble))?;
		if response.status() == StatusCode::NOT_FOUND {
			return Ok(None);
		}
		let proof = read::<ProofInfo>(response, MAX_ANSWER).await;
		let proof = proof.map_err(|trouble| self.error(trouble))?;
		// Without a leaf for the slot, a gateway answers with another one of the device.
		Ok(Some(proof).filter(|proof| proof.claim.slot == slot))
	}

	/// A page of `GET /v1/data`, by its path.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn page<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
		let response = self.send(path).await?;
		read(response, MAX_PAGE).await
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
		self.get(&format!("/v1/proof/{window}/{device}/{sequence}")).await
	}

	/// What is under a path, as bytes, at most so many.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn bytes(&self, path: &str, most: usize) -> Answer<Vec<u8>> {
		let response = self.send(path).await.map_err(|trouble| self.error(trouble))?;
		body(response, most).await.map_err(|trouble| self.error(trouble))
	}

	async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
		let response = self.send(path).await.map_err(|trouble| self.error(trouble))?;
		read(response, MAX_ANSWER).await.map_err(|trouble| self.error(trouble))
	}

	async fn send(&self, path: &str) -> Result<Response, Trouble> {
		let request = self.client.get(format!("{}{path}", self.url)).send();
		request.await.map_err(|cause| silent(&cause))
	}

	/// What stops a command, with what to do about it.
	pub(crate) fn error(&self, trouble: Trouble) -> OwnerError {
		let cause = trouble.to_string();
		let remedy = match trouble {
			Trouble::Late(_) | Trouble::Silent(_) => {
				"look whether it runs and can be reached from here; name another address with --gateway"
					.to_owned()
			},
			Trouble::Refused(_, Problem { remedy, .. }) => remedy,
			Trouble::Odd(_) => "check that it is a Cairn gateway of the same release".to_owned(),
		};
		OwnerError::Gateway { url: self.url.clone(), cause, remedy }
	}

	/// It answers as no gateway does.
	pub(crate) fn odd(&self, cause: &str) -> OwnerError {
		self.error(Trouble::Odd(cause.to_owned()))
	}
}

/// A good answer of at most so many bytes.
async fn read<T: DeserializeOwned>(response: Response, most: usize) -> Result<T, Trouble> {
	let body = body(response, most).await?;
	serde_json::from_slice(&body)
		.map_err(|cause| Trouble::Odd(format!("answers what this release does not read: {cause}")))
}

/// The body of a good answer.
async fn body(response: Response, most: usize) -> Result<Vec<u8>, Trouble> {
	let status = response.status();
	let body = bounded::read(response, most).await.map_err(|fault| match fault {
		Fault::Broken(cause) => silent(&cause),
		Fault::TooLarge(most) => Trouble::Odd(format!("answers with more than {most} bytes")),
	})?;
	if status.is_success() {
		return Ok(body);
	}
	Err(match serde_json::from_slice::<Problem>(&body) {
		Ok(problem) => Trouble::Refused(status, problem),
		Err(_) => Trouble::Odd(format!("answers {status}")),
	})
}

fn silent(cause: &reqwest::Error) -> Trouble {
	let words = innermost(cause);
	if cause.is_timeout() { Trouble::Late(words) } else { Trouble::Silent(words) }
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
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpListener,
	};

	/// A server that gives one answer to one request.
	async fn once(status: &'static str, body: &'static str) -> Served {
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
