//! The gateway as an agent sees it.

use std::time::Duration;

use cairn_telemetry::SignedReading;
use cairn_types::DeviceKey;
use codec::Encode;
use reqwest::{Response, StatusCode, Url, header};
use serde::de::DeserializeOwned;

use super::{
	error::Error,
	key::{key_hex, scheme_of},
};
use crate::{
	bounded,
	protocol::{
		AnchorInfo, DevicePlace, OCTETS, Problem, ReadingResult, ReadingsAnswer, SchemaInfo,
	},
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Idle connections are closed before the gateway does.
const IDLE: Duration = Duration::from_secs(8);
/// Most bytes of an answer: results for some hundred readings have some hundred KiB.
const MAX_ANSWER: usize = 4 << 20;
/// Most bytes of a problem, which has three texts.
const MAX_PROBLEM: usize = 64 << 10;

/// A gateway's HTTP interface.
#[derive(Clone)]
pub struct Client {
	http: reqwest::Client,
	base: String,
}

impl Client {
	/// The gateway at `url`.
	///
	/// # Errors
	/// [`Error::BadUrl`].
	pub fn new(url: &str) -> Result<Self, Error> {
		let bad = |cause: String| Error::BadUrl { url: url.to_owned(), cause };
		let parsed = Url::parse(url).map_err(|cause| bad(cause.to_string()))?;
		if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
			return Err(bad("it names no host by http or https".to_owned()));
		}
		let http = reqwest::Client::builder()
			.connect_timeout(CONNECT_TIMEOUT)
			.timeout(TIMEOUT)
			.pool_idle_timeout(IDLE)
			.user_agent(concat!("cairn-agent/", env!("CARGO_PKG_VERSION")))
			.build()
			.map_err(|cause| bad(cause.to_string()))?;
		Ok(Self { http, base: url.trim_end_matches('/').to_owned() })
	}

	/// The transport, for other addresses too.
	#[must_use]
	pub const fn http(&self) -> &reqwest::Client {
		&self.http
	}

	/// Where the gateway is.
	#[must_use]
	pub fn url(&self) -> &str {
		&self.base
	}

	/// What is needed to sign.
	///
	/// # Errors
	/// If the gateway does not answer, or with a problem.
	pub async fn anchor(&self) -> Result<AnchorInfo, Error> {
		self.get("the anchor", "/v1/anchor").await
	}

	/// How values are ordered.
	///
	/// # Errors
	/// If the gateway does not answer, or with a problem.
	pub async fn schema(&self) -> Result<SchemaInfo, Error> {
		self.get("the schema", "/v1/schema").await
	}

	/// The place of the device with `key`.
	///
	/// # Errors
	/// If the gateway does not answer, or does not know the device.
	pub async fn place(&self, key: &DeviceKey) -> Result<DevicePlace, Error> {
		let path = format!("/v1/devices/by-key/{}/{}", scheme_of(key).name(), key_hex(key));
		self.get("this device's place", &path).await
	}

	/// Send readings; one result for each, in order.
	///
	/// # Errors
	/// If the gateway does not answer, or takes none of them.
	pub async fn send(&self, readings: &[SignedReading]) -> Result<Vec<ReadingResult>, Error> {
		let request = self
			.http
			.post(format!("{}/v1/readings", self.base))
			.header(header::CONTENT_TYPE, OCTETS)
			.body(readings.encode());
		let answer = self.answer::<ReadingsAnswer>("readings", request).await?;
		if answer.results.len() == readings.len() {
			Ok(answer.results)
		} else {
			Err(self.unreachable("it answers for another number of readings"))
		}
	}

	async fn get<T: DeserializeOwned>(&self, what: &'static str, path: &str) -> Result<T, Error> {
		let request = self.http.get(format!("{}{path}", self.base));
		self.answer(what, request).await
	}

	async fn answer<T: DeserializeOwned>(
		&self,
		what: &'static str,
		request: reqwest::RequestBuilder,
	) -> Result<T, Error> {
		let response = request.send().await.map_err(|cause| self.unreachable(&chain(&cause)))?;
		if response.status().is_success() {
			let body = bounded::read(response, MAX_ANSWER).await;
			let body = body.map_err(|fault| self.unreachable(&chain(&fault)))?;
			return serde_json::from_slice(&body).map_err(|cause| {
				self.unreachable(&format!("its answer is not understood: {cause}"))
			});
		}
		Err(self.refusal(what, response).await)
	}

	async fn refusal(&self, what: &'static str, response: Response) -> Error {
		let status = response.status();
		let retry_after = retry_after(&response);
		let body = bounded::read(response, MAX_PROBLEM).await.unwrap_or_default();
		match serde_json::from_slice::<Problem>(&body) {
			Ok(problem) => Error::Refused { what, problem, retry_after },
			Err(_) => self.unreachable(&format!("it answers {status} and does not say why")),
		}
	}

	fn unreachable(&self, cause: &str) -> Error {
		Error::Unreachable { url: self.base.clone(), cause: cause.to_owned() }
	}
}

fn retry_after(response: &Response) -> Option<u64> {
	let busy = matches!(
		response.status(),
		StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
	);
	let value = response.headers().get(header::RETRY_AFTER).filter(|_| busy)?;
	value.to_str().ok()?.parse().ok()
}

/// An error with its causes: reqwest hides what matters behind them.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
	let mut text = error.to_string();
	let mut cause = error.source();
	while let Some(inner) = cause {
		text.push_str(": ");
		text.push_str(&inner.to_string());
		cause = inner.source();
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::bounded::tests::endless;

	#[test]
	fn fails_when_the_url_is_none() {
		for url in ["", "127.0.0.1:9977", "ftp://host", "http://"] {
			assert!(matches!(Client::new(url), Err(Error::BadUrl { .. })), "{url}");
		}
		let client = Client::new("http://host:1/site/").expect("a URL");
		assert_eq!(client.url(), "http://host:1/site");
	}

	#[tokio::test]
	async fn fails_when_nobody_listens() {
		let client = Client::new("http://127.0.0.1:9").expect("a URL");
		assert!(matches!(client.anchor().await, Err(Error::Unreachable { .. })));
	}

	#[tokio::test]
	async fn fails_when_an_answer_is_too_large() {
		for (status, bytes, says) in [
			("200 OK", MAX_ANSWER + 1, "more than 4194304 bytes"),
			("503 Service Unavailable", MAX_PROBLEM + 1, "does not say why"),
		] {
			let client = Client::new(&endless(status, bytes).await).expect("a URL");
			let error = client.anchor().await.expect_err("too large").to_string();
			assert!(error.contains(says), "{error}");
		}
	}
}
