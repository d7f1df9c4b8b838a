//! A node of a network: where it listens, what it is for, and how it is asked.

use std::{
	fs,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use cairn_chain::{BlockId, Chain};
use cairn_types::Hash32;
use serde_json::{Value, json};
use sp_crypto_hashing::blake2_256;

use crate::process::{Process, binary, free_port, run_to_end};

/// How long an answer may take: a node that compiles a new runtime answers late.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a node may take to end after a signal: it gives its own tasks 60 s.
const END: Duration = Duration::from_secs(120);
/// How long a node's command may take that only reads a key.
const KEY_READ: Duration = Duration::from_secs(30);

/// Where a node listens, and from where it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
	/// JSON-RPC.
	pub rpc: SocketAddr,
	/// The p2p network over TCP.
	pub p2p: SocketAddr,
	/// The p2p network over WebSocket, for light clients.
	pub web: SocketAddr,
	/// The network namespace in which the node runs.
	pub namespace: Option<String>,
}

impl Place {
	/// Free ports of this machine.
	#[must_use]
	pub fn loopback() -> Self {
		let socket = || SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), free_port());
		Self { rpc: socket(), p2p: socket(), web: socket(), namespace: None }
	}
}

/// What a node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
	/// It follows the chain.
	Full,
	/// It validates with keys of its own keystore, once there are any.
	Validator,
	/// It validates with the development keys of this name, such as `alice`.
	Development(&'static str),
}

/// How to start a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
	/// Its name: of its files too.
	pub name: &'static str,
	/// What it is for.
	pub role: Role,
	/// What it runs: `cairn-node`, unless another program is named.
	pub program: Option<PathBuf>,
	/// Where its off-chain worker reads batches.
	pub source: Option<String>,
	/// Further flags.
	pub options: Vec<String>,
}

impl Settings {
	/// A `cairn-node` without a telemetry source and without further flags.
	#[must_use]
	pub const fn new(name: &'static str, role: Role) -> Self {
		Self { name, role, program: None, source: None, options: Vec::new() }
	}

	fn flags(&self) -> Vec<String> {
		let role = match self.role {
			Role::Full => None,
			Role::Validator => Some("--validator".to_owned()),
			Role::Development(name) => Some(format!("--{name}")),
		};
		let source = self.source.iter().map(|url| format!("--telemetry-source={url}"));
		role.into_iter().chain(source).chain(self.options.iter().cloned()).collect()
	}
}

/// Whom a node knows from the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
	/// Addresses, each with the peer's id.
	pub addresses: Vec<String>,
	/// Whether it talks to nobody else.
	pub only: bool,
}

impl Peers {
	fn flags(&self) -> Vec<String> {
		// Without slots, a peer that is no longer reserved is disconnected.
		const ONLY: &[&str] =
			&["--reserved-only", "--in-peers=0", "--in-peers-light=0", "--out-peers=0"];
		let known = self.addresses.iter().map(|address| format!("--reserved-nodes={address}"));
		let only = if self.only { ONLY } else { &[] };
		known.chain(only.iter().map(|flag| (*flag).to_owned())).collect()
	}
}

/// A node.
pub struct Node {
	/// The chain, by this node.
	pub chain: Chain,
	settings: Settings,
	place: Place,
	peer: String,
	peers: Peers,
	spec: PathBuf,
	/// Where data, key and log are, each named after the node.
	directory: PathBuf,
	http: Http,
	process: Option<Process>,
}

impl Node {
	/// A node that does not run yet, with a network key that follows from its name.
	///
	/// # Panics
	/// If its key cannot be written.
	#[must_use]
	pub fn new(settings: Settings, place: Place, spec: &Path, directory: &Path) -> Self {
		let chain = Chain::lazy(&format!("ws://{}", place.rpc));
		let http = Http::new(place.rpc);
		let (spec, directory) = (spec.to_owned(), directory.to_owned());
		let (peer, peers) = (String::new(), Peers::default());
		let mut node =
			Self { chain, settings, place, peer, peers, spec, directory, http, process: None };
		node.make_key();
		node
	}

	fn make_key(&mut self) {
		let file = self.file("key");
		fs::write(&file, hex::encode(blake2_256(self.name().as_bytes()))).expect("a file");
		let mut command = Command::new(binary("cairn-node"));
		let read =
			run_to_end(command.args(["key", "inspect-node-key", "--file"]).arg(file), KEY_READ);
		assert_eq!(read.code, Some(0), "{}", read.errors);
		self.peer = read.output.trim().to_owned();
	}

	fn file(&self, extension: &str) -> PathBuf {
		self.directory.join(format!("{}.{extension}", self.name()))
	}

	/// Its name.
	#[must_use]
	pub const fn name(&self) -> &'static str {
		self.settings.name
	}

	/// Its process, while it runs.
	#[must_use]
	pub fn process_id(&self) -> Option<u32> {
		self.process.as_ref().map(Process::id)
	}

	/// Its id on the p2p network.
	#[must_use]
	pub fn peer(&self) -> &str {
		&self.peer
	}

	/// Where other nodes reach it.
	#[must_use]
	pub fn address(&self) -> String {
		let Place { p2p, .. } = self.place;
		format!("/ip4/{}/tcp/{}/p2p/{}", p2p.ip(), p2p.port(), self.peer)
	}

	/// Where light clients reach it.
	#[must_use]
	pub fn web_address(&self) -> String {
		let Place { web, .. } = self.place;
		format!("/ip4/{}/tcp/{}/ws/p2p/{}", web.ip(), web.port(), self.peer)
	}

	/// Let it know these peers from its next start on.
	pub fn introduce(&mut self, peers: Peers) {
		self.peers = peers;
	}

	/// Start it, on the data of the last start if there was one.
	pub fn start(&mut self) {
		let mut command = self.command();
		self.process = Some(Process::start(self.name(), &mut command, &self.file("log")));
	}

	/// Kill -9.
	pub fn kill(&mut self) {
		if let Some(mut process) = self.process.take() {
			process.kill();
		}
	}

	/// End it in order.
	pub fn stop(&mut self) {
		if let Some(mut process) = self.process.take() {
			process.terminate(END);
		}
	}

	/// Whether it was started and not stopped.
	#[must_use]
	pub const fn is_running(&self) -> bool {
		self.process.is_some()
	}

	/// Fail the test if it runs no more though nobody stopped it.
	pub fn ensure_running(&mut self) {
		if let Some(process) = &mut self.process {
			process.ensure_running();
		}
	}

	/// What it has logged so far.
	#[must_use]
	pub fn log(&self) -> String {
		crate::process::read(&self.file("log"))
	}

	fn command(&self) -> Command {
		let Place { rpc, p2p, web, namespace } = &self.place;
		let mut command = self.program(namespace.as_deref());
		command
			.arg("--chain")
			.arg(&self.spec)
			.arg("--base-path")
			.arg(self.file("data"))
			.arg("--node-key-file")
			.arg(self.file("key"))
			.args(["--name", self.name()])
			.args(["--rpc-port", &rpc.port().to_string()])
			// Requests come for addresses other than localhost too.
			.args(["--rpc-methods", "unsafe", "--rpc-cors", "all"])
			.args(["--listen-addr", &format!("/ip4/{}/tcp/{}", p2p.ip(), p2p.port())])
			.args(["--listen-addr", &format!("/ip4/{}/tcp/{}/ws", web.ip(), web.port())])
			.args(["--no-mdns", "--no-prometheus", "--no-telemetry"])
			.args(self.settings.flags())
			.args(self.peers.flags());
		if namespace.is_some() {
			command.arg("--unsafe-rpc-external");
		}
		command
	}

	/// Its program, in a network namespace if one is named.
	fn program(&self, namespace: Option<&str>) -> Command {
		let program = self.settings.program.clone().unwrap_or_else(|| binary("cairn-node"));
		let Some(namespace) = namespace else { return Command::new(program) };
		// `ip` becomes the node: the process id is the node's.
		let mut command = Command::new("ip");
		command.args(["netns", "exec", namespace]).arg(program);
		command
	}
}

impl Node {
	/// Its best block; `None` if it does not answer.
	pub async fn best(&self) -> Option<BlockId> {
		Box::pin(self.chain.best()).await.ok()
	}

	/// The last block that it has finalized; `None` if it does not answer.
	pub async fn finalized(&self) -> Option<BlockId> {
		Box::pin(self.chain.finalized()).await.ok()
	}

	/// The block of its best chain at this height; `None` if there is none or it does not answer.
	pub async fn block_hash(&self, number: u32) -> Option<Hash32> {
		Box::pin(self.chain.block_hash(number)).await.ok()?
	}

	/// Ask it by JSON-RPC over HTTP.
	///
	/// # Errors
	/// What the node or the transport says.
	pub async fn rpc(&self, method: &str, params: Value) -> Result<Value, String> {
		self.http.ask(method, params).await
	}

	/// Who asks it by JSON-RPC over HTTP.
	#[must_use]
	pub const fn http(&self) -> &Http {
		&self.http
	}

	/// The version of the runtime at its best block; `None` if it does not answer.
	pub async fn spec_version(&self) -> Option<u64> {
		let version = self.rpc("state_getRuntimeVersion", json!([])).await.ok()?;
		version["specVersion"].as_u64()
	}
}

/// Asks a node by JSON-RPC over HTTP. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
	url: String,
	client: reqwest::Client,
}

impl Http {
	fn new(address: SocketAddr) -> Self {
		let client = reqwest::Client::builder().timeout(ANSWER).build().expect("a client");
		Self { url: format!("http://{address}"), client }
	}

	/// Ask.
	///
	/// # Errors
	/// What the node or the transport says.
	pub async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
		let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
		let request = self.client.post(&self.url).json(&body);
		let answer = Box::pin(request.send()).await.map_err(|error| error.to_string())?;
		let answer = Box::pin(answer.json::<Value>()).await;
		let mut answer = answer.map_err(|error| error.to_string())?;
		match answer.get("error") {
			Some(error) => Err(format!("{method}: {error}")),
			None => Ok(answer["result"].take()),
		}
	}
}
