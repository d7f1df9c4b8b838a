//! A gateway, and its HTTP interface as a client sees it.

use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	time::Duration,
};

use cairn::protocol::{DeviceReport, OCTETS, ReadingResult, ReadingsAnswer, ReadingsRequest};
use cairn_telemetry::{SignedReading, offchain::Part};
use cairn_types::{Attempt, DeviceId, GatewayId, Window};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	time::timeout,
};

use super::{
	process::{Process, cairn, free_port},
	wait::until,
};

/// How long a gateway may take from its start to its first answer.
const START: Duration = Duration::from_secs(240);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(5);
/// How long a connection that sends a byte now and then may live, and the time between two bytes.
const CUT: Duration = Duration::from_secs(120);
const DRIP: Duration = Duration::from_millis(250);
/// How long a reading may have to wait until it is judged for good: two windows, and as long as a busy
/// machine takes.
const JUDGED: Duration = Duration::from_secs(120);

/// A gateway's HTTP interface. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
	base: String,
	http: reqwest::Client,
}

impl Client {
	/// The gateway at `address`.
	pub(crate) fn new(address: SocketAddr) -> Self {
		// Idle connections are closed before the gateway does.
		let http = reqwest::Client::builder().timeout(ANSWER).pool_idle_timeout(IDLE);
		let http = http.build().expect("a client");
		Self { base: format!("http://{address}"), http }
	}

	/// The URL of a path.
	pub(crate) fn url(&self, path: &str) -> String {
		format!("{}{path}", self.base)
	}

	/// What is under a path; `None` if the gateway is away or answers with an error.
	pub(crate) async fn bytes(&self, path: &str) -> Option<Vec<u8>> {
		let answer = Box::pin(self.http.get(self.url(path)).send()).await.ok()?;
		let answer = answer.error_for_status().ok()?;
		Some(answer.bytes().await.ok()?.to_vec())
	}

	/// The same, as JSON.
	///
	/// # Panics
	/// If it answers in another form.
	pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
		let bytes = self.bytes(path).await?;
		let value = serde_json::from_slice(&bytes);
		Some(value.unwrap_or_else(|error| panic!("{path}: {error}")))
	}

	/// What the gateway knows of a device.
	pub(crate) async fn report(&self, device: DeviceId) -> Option<DeviceReport> {
		self.get(&format!("/v1/devices/{device}")).await
	}

	/// A part of a sealed batch.
	pub(crate) async fn part(
		&self,
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
		part: Part,
	) -> Option<Vec<u8>> {
		self.bytes(&part.path(gateway, window, attempt)).await
	}

	/// Send readings; `None` if the gateway is away.
	pub(crate) async fn post(&self, readings: &[SignedReading]) -> Option<Vec<ReadingResult>> {
		let request = ReadingsRequest { readings: readings.to_vec() };
		let request = self.http.post(self.url("/v1/readings")).json(&request);
		let answer = Box::pin(request.send()).await.ok()?.error_for_status().ok()?;
		Some(answer.json::<ReadingsAnswer>().await.ok()?.results)
	}

	/// Send one reading until it is judged for good.
	pub(crate) async fn judged(&self, reading: &SignedReading) -> ReadingResult {
		until("a reading judged for good", JUDGED, async || {
			let result = self.post(std::slice::from_ref(reading)).await?.into_iter().next()?;
			(!result.retry).then_some(result)
		})
		.await
	}

	/// Send a body of any kind; returns status and answer, or `None` if it was cut off.
	pub(crate) async fn post_body(
		&self,
		content: &str,
		body: impl Into<reqwest::Body>,
	) -> Option<(u16, Value)> {
		let request = self.http.post(self.url("/v1/readings")).header("content-type", content);
		let answer = Box::pin(request.body(body).send()).await.ok()?;
		let status = answer.status().as_u16();
		Some((status, answer.json().await.unwrap_or_default()))
	}

	/// Send SCALE.
	pub(crate) async fn post_octets(&self, body: Vec<u8>) -> Option<(u16, Value)> {
		self.post_body(OCTETS, body).await
	}

	/// Whether the gateway says that it is well.
	pub(crate) async fn is_healthy(&self) -> bool {
		self.bytes("/healthz").await.is_some()
	}
}

/// A running gateway.
pub(crate) struct Gateway {
	pub(crate) id: GatewayId,
	pub(crate) client: Client,
	address: SocketAddr,
	node: String,
	operator: String,
	options: Vec<String>,
	data: PathBuf,
	/// Before the directory: its end is logged there.
	process: Process,
	directory: TempDir,
}

impl Gateway {
	/// An address on which a gateway can be started.
	pub(crate) fn free_address() -> SocketAddr {
		SocketAddr::from(([127, 0, 0, 1], free_port()))
	}

	/// Start gateway `id`; `operator` is a development account.
	pub(crate) async fn start(
		id: GatewayId,
		operator: &str,
		node: &str,
		address: SocketAddr,
		options: &[&str],
	) -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let data = directory.path().join("gateway");
		fs::create_dir(&data).expect("a directory");
		let options = options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>();
		let log = directory.path().join("gateway.log");
		let process = spawn(id, operator, node, address, &options, &data, &log);
		let (node, operator) = (node.to_owned(), operator.to_owned());
		let client = Client::new(address);
		let mut gateway =
			Self { id, client, address, node, operator, options, data, process, directory };
		gateway.wait().await;
		gateway
	}

	/// Where it listens.
	pub(crate) const fn address(&self) -> SocketAddr {
		self.address
	}

	/// Kill -9.
	pub(crate) fn kill(&mut self) {
		self.process.kill();
	}

	/// Start it again on the same data.
	pub(crate) async fn restart(&mut self) {
		let log = self.directory.path().join("gateway.log");
		let Self { id, operator, node, address, options, data, .. } = &*self;
		let process = spawn(*id, operator, node, *address, options, data, &log);
		self.process = process;
		self.wait().await;
	}

	async fn wait(&mut self) {
		let client = self.client.clone();
		until("a healthy gateway", START, async || {
			self.process.ensure_running();
			client.is_healthy().await.then_some(())
		})
		.await;
	}

	/// Fail the test if the gateway has ended by itself.
	pub(crate) fn ensure_running(&mut self) {
		self.process.ensure_running();
	}

	/// Its process id.
	pub(crate) fn process_id(&self) -> u32 {
		self.process.id()
	}

	/// Where its store is.
	pub(crate) fn data(&self) -> &Path {
		&self.data
	}

	/// What it has logged.
	pub(crate) fn log(&self) -> String {
		self.process.log()
	}

	/// Memory that the gateway holds, in bytes.
	pub(crate) fn resident_bytes(&self) -> u64 {
		self.process.resident_bytes()
	}
}

fn spawn(
	id: GatewayId,
	operator: &str,
	node: &str,
	address: SocketAddr,
	options: &[String],
	data: &Path,
	log: &Path,
) -> Process {
	let mut command = cairn();
	command
		.args(["gateway", "run", "--id", &id.to_string(), "--suri", operator, "--node", node])
		.args(["--listen", &address.to_string()])
		.arg("--data")
		.arg(data)
		.args(options);
	Process::start("the gateway", &mut command, log)
}

/// Send `head`, then a byte now and then, until the other side answers or hangs up; returns what it
/// answered.
pub(crate) async fn trickle(address: SocketAddr, head: &str) -> String {
	let mut stream = TcpStream::connect(address).await.expect("a connection");
	stream.write_all(head.as_bytes()).await.expect("an open connection");
	let mut buffer = vec![0; 1_024];
	let cut = async {
		loop {
			match timeout(DRIP, stream.read(&mut buffer)).await {
				Ok(Ok(read)) => return read,
				Ok(Err(_)) => return 0,
				Err(_) => {
					if stream.write_all(b"x").await.is_err() {
						return 0;
					}
				},
			}
		}
	};
	let read = timeout(CUT, cut).await.expect("a slow connection is cut in time");
	String::from_utf8_lossy(&buffer[..read]).into_owned()
}
