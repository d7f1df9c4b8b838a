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

impl Served {
	/// The gateway at `url`.
	///
	/// # Errors
	/// If the system offers no TLS.
	pub(crate) fn new(url: &str) -> Answer<Self> {
		let url = url.trim_end_matches('/').to_owned();
		let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build();
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
		self.get("/v1/anchor").await
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
		let response = self.send(&path).await?;
		if response.status() == StatusCode::NOT_FOUND {
			return Ok(None);
		}
		let proof: ProofInfo = self.read(response).await?;
		// Without a leaf for the slot, a gateway answers with another one of the device.
		Ok(Some(proof).filter(|proof| proof.claim.slot == slot))
	}

	/// A page of `GET /v1/data`, by its path.
	///
	/// # Errors
	/// If it does not answer as expected.
	pub(crate) async fn page<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
		let response = self.send(path).await?;
		self.read_within(response, MAX_PAGE).await
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
		let response = self.send(path).await?;
		self.body(response, most).await
	}

	async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
		let response = self.send(path).await?;
		self.read(response).await
	}

	async fn send(&self, path: &str) -> Answer<Response> {
		let request = self.client.get(format!("{}{path}", self.url)).send();
		request.await.map_err(|cause| self.silent(&cause))
	}

	async fn read<T: DeserializeOwned>(&self, response: Response) -> Answer<T> {
		self.read_within(response, MAX_ANSWER).await
	}

	async fn read_within<T: DeserializeOwned>(&self, response: Response, most: usize) -> Answer<T> {
		let body = self.body(response, most).await?;
		serde_json::from_slice(&body)
			.map_err(|cause| self.odd(&format!("answers what this release does not read: {cause}")))
	}

	/// The body of a good answer.
	async fn body(&self, response: Response, most: usize) -> Answer<Vec<u8>> {
		let status = response.status();
		let body = bounded::read(response, most).await.map_err(|fault| match fault {
			Fault::Broken(cause) => self.silent(&cause),
			Fault::TooLarge(most) => self.odd(&format!("answers with more than {most} bytes")),
		})?;
		if status.is_success() {
			return Ok(body);
		}
		match serde_json::from_slice::<Problem>(&body) {
			Ok(Problem { code, cause, remedy }) => Err(OwnerError::Gateway {
				url: self.url.clone(),
				cause: format!("answers {status} ({code}): {cause}"),
				remedy,
			}),
			Err(_) => Err(self.odd(&format!("answers {status}"))),
		}
	}

	fn silent(&self, cause: &reqwest::Error) -> OwnerError {
		OwnerError::Gateway {
			url: self.url.clone(),
			cause: format!("does not answer: {}", innermost(cause)),
			remedy: "look whether it runs and can be reached from here; name another address with --gateway"
				.to_owned(),
		}
	}

	/// It answers as no gateway does.
	pub(crate) fn odd(&self, cause: &str) -> OwnerError {
		OwnerError::Gateway {
			url: self.url.clone(),
			cause: cause.to_owned(),
			remedy: "check that it is a Cairn gateway of the same release".to_owned(),
		}
	}
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
