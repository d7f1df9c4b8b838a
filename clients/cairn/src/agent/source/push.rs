//! SenML that is pushed over HTTP: `POST /v1/senml`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{
	Json, Router,
	body::{Body, to_bytes},
	extract::State,
	http::{HeaderMap, StatusCode, header},
	response::{IntoResponse, Response},
	routing::post,
};
use cairn_formats::{FormatError, Limits, Record, senml};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, time::timeout};

use super::{Times, read_secret, taken};
use crate::{
	agent::{
		error::Error,
		hub::Sink,
		left::{Left, Taken},
		plan::{Batch, SourceId},
	},
	clock::now_millis,
	gateway::http::server::serve,
	protocol::Problem,
};

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections at once.
const CONNECTIONS: usize = 64;
/// Seconds after which to try again while the devices are not ready.
const RETRY_AFTER: &str = "5";

/// A listener for SenML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
	/// Where it listens.
	pub listen: SocketAddr,
	/// File with the token that senders show, if they have to.
	pub token_file: Option<PathBuf>,
	/// Which times records get.
	pub times: Times,
}

/// The answer to a pack that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAnswer {
	/// Records that were read.
	pub records: u64,
	/// Values that fill channels.
	pub values: u64,
	/// What is left out, by reason.
	pub left: Vec<PushLeft>,
}

/// What is left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushLeft {
	/// A code of the guide.
	pub code: String,
	/// What is wrong.
	pub cause: String,
	/// What to do about it.
	pub remedy: String,
	/// How often.
	pub count: u64,
	/// One of the records.
	pub record: String,
}

/// A listener that has its address.
pub struct Listening {
	id: SourceId,
	listener: TcpListener,
	token: Option<String>,
	times: Times,
}

/// What requests are answered from.
struct App {
	id: SourceId,
	token: Option<String>,
	times: Times,
	sink: Arc<dyn Sink>,
}

impl Push {
	/// Take the address, read the token.
	///
	/// # Errors
	/// [`Error::Source`].
	pub async fn open(&self, id: SourceId, name: &str) -> Result<Listening, Error> {
		let token = self.token_file.as_ref().map(|path| read_secret(name, path)).transpose()?;
		let listener = TcpListener::bind(self.listen).await;
		let listener = listener.map_err(|cause| taken(name, self.listen, &cause))?;
		Ok(Listening { id, listener, token, times: self.times })
	}
}

impl Listening {
	/// Serve for ever.
	pub(super) async fn run(self, sink: Arc<dyn Sink>) {
		let Self { id, listener, token, times } = self;
		let app = Arc::new(App { id, token, times, sink });
		let router = Router::new().route("/v1/senml", post(take)).with_state(app);
		serve(listener, router, CONNECTIONS, std::future::pending()).await;
	}
}

/// A request that is not taken.
struct Refused(StatusCode, Problem);

impl Refused {
	fn new(status: StatusCode, code: &str, cause: &str, remedy: &str) -> Self {
		let problem =
			Problem { code: code.to_owned(), cause: cause.to_owned(), remedy: remedy.to_owned() };
		Self(status, problem)
	}
}

impl IntoResponse for Refused {
	fn into_response(self) -> Response {
		let Self(status, problem) = self;
		let mut response = (status, Json(problem)).into_response();
		if status == StatusCode::SERVICE_UNAVAILABLE {
			let seconds = header::HeaderValue::from_static(RETRY_AFTER);
			response.headers_mut().insert(header::RETRY_AFTER, seconds);
		}
		response
	}
}

async fn take(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	body: Body,
) -> Result<(StatusCode, Json<PushAnswer>), Refused> {
	app.admit(&headers)?;
	let is_cbor = content(&headers)?;
	let limits = Limits::default();
	let bytes = match timeout(BODY_TIMEOUT, to_bytes(body, limits.bytes)).await {
		Ok(Ok(bytes)) => bytes,
		Ok(Err(cause)) => return Err(broken(&cause)),
		Err(_) => {
			return Err(Refused::new(
				StatusCode::REQUEST_TIMEOUT,
				"too_slow",
				"The body took longer than ten seconds.",
				"Send less at once, or over a better connection.",
			));
		},
	};
	let now = now_millis();
	let mut records = decode(&bytes, is_cbor, now).map_err(|error| {
		let cause = format!("Record {}: {}", error.record, error.cause.cause());
		let code = Left::Format(error.cause).code();
		Refused::new(StatusCode::BAD_REQUEST, &code, &cause, error.cause.remedy())
	})?;
	app.times.apply(&mut records);
	let batch = Batch { source: app.id, topic: None, records: &records, now };
	Ok((StatusCode::ACCEPTED, Json(answer(records.len(), app.sink.take(&batch)))))
}

impl App {
	fn admit(&self, headers: &HeaderMap) -> Result<(), Refused> {
		if !self.is_allowed(headers) {
			return Err(Refused::new(
				StatusCode::UNAUTHORIZED,
				"no_token",
				"The request does not show the token.",
				"Send Authorization: Bearer and the token.",
			));
		}
		// A page that this machine's user looks at can send here, too; browsers say so.
		if self.token.is_none() && headers.contains_key(header::ORIGIN) {
			return Err(Refused::new(
				StatusCode::FORBIDDEN,
				"web_page",
				"A web page sent the request, and there is no token.",
				"Let a program send it, or give the source a tokenFile.",
			));
		}
		if self.sink.is_ready(self.id) {
			return Ok(());
		}
		let left = Left::NotReady;
		let status = StatusCode::SERVICE_UNAVAILABLE;
		Err(Refused::new(status, &left.code(), left.cause(), left.remedy()))
	}

	/// Compared by hashes, whose comparison takes the same time whatever they are.
	fn is_allowed(&self, headers: &HeaderMap) -> bool {
		let Some(token) = &self.token else { return true };
		let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
		let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
		blake3::hash(shown.trim().as_bytes()) == blake3::hash(token.as_bytes())
	}
}

/// Whether the body is CBOR, by its content type.
fn content(headers: &HeaderMap) -> Result<bool, Refused> {
	let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
	let content = content.unwrap_or("application/senml+json");
	let kind = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
	match kind.as_str() {
		"application/senml+json" | "application/json" => Ok(false),
		"application/senml+cbor" | "application/cbor" => Ok(true),
		_ => Err(Refused::new(
			StatusCode::UNSUPPORTED_MEDIA_TYPE,
			"no_senml",
			"The body's content type is neither application/senml+json nor application/senml+cbor.",
			"Send one of them.",
		)),
	}
}

fn broken(cause: &axum::Error) -> Refused {
	if cause.to_string().contains("limit") {
		let left = Left::Format(cairn_formats::Cause::TooLarge);
		let status = StatusCode::PAYLOAD_TOO_LARGE;
		return Refused::new(status, &left.code(), left.cause(), left.remedy());
	}
	let (cause, remedy) = ("The body ended early.", "Send all of it.");
	Refused::new(StatusCode::BAD_REQUEST, "incomplete", cause, remedy)
}

/// Read a pack.
///
/// # Errors
/// As the readers of SenML have them.
pub fn decode(bytes: &[u8], is_cbor: bool, now: u64) -> Result<Vec<Record>, FormatError> {
	let limits = Limits::default();
	if is_cbor {
		senml::decode_cbor(bytes, now, &limits)
	} else {
		senml::decode_json(bytes, now, &limits)
	}
}

fn answer(records: usize, taken: Taken) -> PushAnswer {
	let left = taken.left.into_iter().map(|(left, found)| PushLeft {
		code: left.code().into_owned(),
		cause: left.cause().to_owned(),
		remedy: left.remedy().to_owned(),
		count: found.count,
		record: found.example,
	});
	let records = u64::try_from(records).unwrap_or(u64::MAX);
	PushAnswer { records, values: taken.values, left: left.collect() }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::plan::Input;
	use std::sync::{
		Mutex, PoisonError,
		atomic::{AtomicBool, Ordering},
	};

	/// Takes the first record of a batch, if it is ready.
	#[derive(Default)]
	struct First {
		is_ready: AtomicBool,
		records: Mutex<Vec<Record>>,
	}

	impl Sink for First {
		fn take(&self, batch: &Batch<'_>) -> Taken {
			let mut taken = Taken { values: 1, ..Taken::default() };
			let (first, rest) = batch.records.split_first().expect("a record");
			self.records.lock().unwrap_or_else(PoisonError::into_inner).push(first.clone());
			rest.iter().for_each(|record| taken.leave(Left::Unmapped, &record.name));
			taken
		}

		fn leave(&self, _: SourceId, left: Left, record: &str) {
			panic!("{record}: {left}");
		}

		fn inputs(&self, _: SourceId) -> Vec<Input> {
			Vec::new()
		}

		fn is_ready(&self, _: SourceId) -> bool {
			self.is_ready.load(Ordering::Relaxed)
		}

		fn trouble(&self, _: SourceId, what: String) {
			panic!("{what}");
		}
	}

	/// A listener with a token, and its URL.
	async fn start(times: Times) -> (Arc<First>, String, tempfile::TempDir) {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let token_file = directory.path().join("token");
		write_secret(&token_file, "open sesame\n");
		let listen = SocketAddr::from(([127, 0, 0, 1], 0));
		let push = Push { listen, token_file: Some(token_file), times };
		let listening = push.open(SourceId(0), "push").await.expect("a free port");
		let address = listening.listener.local_addr().expect("an address");
		let sink = Arc::new(First::default());
		sink.is_ready.store(true, Ordering::Relaxed);
		tokio::spawn(listening.run(sink.clone()));
		(sink, format!("http://{address}/v1/senml"), directory)
	}

	fn write_secret(path: &std::path::Path, text: &str) {
		std::fs::write(path, text).expect("a file");
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;

			let mode = std::fs::Permissions::from_mode(0o600);
			std::fs::set_permissions(path, mode).expect("its mode");
		}
	}

	async fn send(url: &str, content: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
		let request = reqwest::Client::new().post(url).bearer_auth("open sesame");
		let answer = request.header("content-type", content).body(body).send().await;
		let answer = answer.expect("an answer");
		(answer.status().as_u16(), answer.text().await.expect("text"))
	}

	const PACK: &str = r#"[{"bn":"roof/","n":"temperature","u":"Cel","v":21.5,"t":1700000000},
		{"n":"uv","v":3}]"#;

	#[tokio::test]
	async fn works_when_senml_is_pushed() {
		let (sink, url, _directory) = start(Times::Stated).await;
		let (status, text) = send(&url, "application/senml+json; charset=utf-8", PACK).await;
		let answer = serde_json::from_str::<PushAnswer>(&text).expect("an answer");
		assert_eq!((status, answer.records, answer.values), (202, 2, 1));
		assert_eq!(answer.left.len(), 1);
		assert_eq!((answer.left[0].code.as_str(), answer.left[0].count), ("unmapped", 1));
		assert_eq!(answer.left[0].record, "roof/uv");
		// [{"n": "a", "v": 1}] of RFC 8428 §6.
		let cbor = vec![0x81, 0xa2, 0x00, 0x61, b'a', 0x02, 0x01];
		let (status, _) = send(&url, "application/senml+cbor", cbor).await;
		assert_eq!(status, 202);
		let records = sink.records.lock().unwrap_or_else(PoisonError::into_inner);
		let seen = records.iter().map(|record| (record.name.as_str(), record.time.is_some()));
		assert_eq!(seen.collect::<Vec<_>>(), [("roof/temperature", true), ("a", true)]);
		assert_eq!(records[0].time, Some(1_700_000_000_000));
	}

	#[tokio::test]
	async fn works_when_the_time_is_that_of_arrival() {
		let (sink, url, _directory) = start(Times::Arrival).await;
		assert_eq!(send(&url, "application/senml+json", PACK).await.0, 202);
		let records = sink.records.lock().unwrap_or_else(PoisonError::into_inner);
		assert_eq!(records[0].time, None);
	}

	#[tokio::test]
	async fn fails_when_the_request_is_not_sound() {
		let (sink, url, _directory) = start(Times::Stated).await;
		let large = "[".repeat(Limits::default().bytes + 1);
		for (content, body, status, code) in [
			("application/senml+json", "[{}]", 400, "format-53"),
			("application/senml+json", "[", 400, "format-5"),
			("application/senml+cbor", "\u{1}", 400, "format-6"),
			("text/csv", "a,b", 415, "no_senml"),
			("application/senml+json", large.as_str(), 413, "format-1"),
		] {
			let (found, text) = send(&url, content, body.to_owned()).await;
			let problem = serde_json::from_str::<Problem>(&text).expect("a problem");
			assert_eq!((found, problem.code.as_str()), (status, code), "{content}");
		}
		let answer = reqwest::Client::new().post(&url).body(PACK).bearer_auth("sesame").send();
		assert_eq!(answer.await.expect("an answer").status().as_u16(), 401);
		sink.is_ready.store(false, Ordering::Relaxed);
		let (status, text) = send(&url, "application/senml+json", PACK).await;
		assert!(status == 503 && text.contains("not_ready"), "{status} {text}");
	}

	#[tokio::test]
	async fn fails_when_a_web_page_sends_without_a_token() {
		let listen = SocketAddr::from(([127, 0, 0, 1], 0));
		let push = Push { listen, token_file: None, times: Times::Stated };
		let listening = push.open(SourceId(0), "push").await.expect("a free port");
		let address = listening.listener.local_addr().expect("an address");
		let sink = Arc::new(First::default());
		sink.is_ready.store(true, Ordering::Relaxed);
		tokio::spawn(listening.run(sink.clone()));
		let post = || reqwest::Client::new().post(format!("http://{address}/v1/senml")).body(PACK);
		let answer = post().header("origin", "https://page.example").send().await;
		let answer = answer.expect("an answer");
		assert_eq!(answer.status().as_u16(), 403);
		assert_eq!(answer.json::<Problem>().await.expect("a problem").code, "web_page");
		assert!(sink.records.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
		assert_eq!(post().send().await.expect("an answer").status().as_u16(), 202);
		// With a token, whoever shows it may send.
		let (_, url, _directory) = start(Times::Stated).await;
		let answer = reqwest::Client::new().post(&url).bearer_auth("open sesame").body(PACK);
		let answer = answer.header("origin", "https://page.example").send().await;
		assert_eq!(answer.expect("an answer").status().as_u16(), 202);
	}

	#[tokio::test]
	async fn fails_when_the_source_cannot_be_opened() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let token_file = directory.path().join("token");
		let listen = SocketAddr::from(([127, 0, 0, 1], 0));
		let push = Push { listen, token_file: Some(token_file.clone()), times: Times::Stated };
		let failed = async || push.open(SourceId(0), "push").await.err().expect("refused");
		assert!(failed().await.to_string().contains("token"));
		for (text, says) in [("", "one line"), ("a\nb\n", "one line")] {
			write_secret(&token_file, text);
			assert!(failed().await.to_string().contains(says), "{text}");
		}
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;

			let mode = std::fs::Permissions::from_mode(0o644);
			std::fs::set_permissions(&token_file, mode).expect("its mode");
			assert!(failed().await.to_string().contains("others may read"));
		}
		let held = std::net::TcpListener::bind(listen).expect("a free port");
		let listen = held.local_addr().expect("an address");
		let push = Push { listen, token_file: None, times: Times::Stated };
		let failed = push.open(SourceId(0), "push").await.err().expect("refused");
		assert!(failed.to_string().contains("cannot listen"), "{failed}");
	}
}
