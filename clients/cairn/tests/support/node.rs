//! A development node.

use std::{
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use cairn_chain::{At, Chain};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
	process::{Process, binary, free_port},
	wait::until,
};

/// How long a node may take from its start to its first new block: an unoptimised node compiles its
/// runtime for a while, and longer beside others.
pub(crate) const START: Duration = Duration::from_secs(240);

/// The ports of a node.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
	pub(crate) rpc: u16,
	pub(crate) p2p: u16,
	pub(crate) metrics: u16,
}

impl Ports {
	/// Three free ones.
	pub(crate) fn free() -> Self {
		Self { rpc: free_port(), p2p: free_port(), metrics: free_port() }
	}
}

/// `cairn-node` with a data directory and ports of its own.
pub(crate) fn command(data: &Path, ports: Ports) -> Command {
	let mut command = Command::new(binary("cairn-node"));
	command
		.arg("--base-path")
		.arg(data)
		.args(["--rpc-port", &ports.rpc.to_string()])
		.args(["--port", &ports.p2p.to_string()])
		.args(["--prometheus-port", &ports.metrics.to_string()]);
	command
}

/// The JSON-RPC error that a node answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
	pub(crate) code: i64,
	pub(crate) data: String,
}

/// A running node of a chain with one validator.
pub(crate) struct Node {
	/// The chain, by this node.
	pub(crate) chain: Chain,
	ports: Ports,
	source: String,
	data: PathBuf,
	http: reqwest::Client,
	/// Before the directory: its end is logged there.
	process: Process,
	directory: TempDir,
}

impl Node {
	/// Start a chain whose only committee member reads batches from `source`.
	pub(crate) async fn start(source: &str) -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let data = directory.path().join("node");
		let ports = Ports::free();
		let process = spawn(&data, ports, source, directory.path());
		let mut node = Self {
			chain: Chain::lazy(&format!("ws://127.0.0.1:{}", ports.rpc)),
			ports,
			source: source.to_owned(),
			data,
			http: reqwest::Client::new(),
			process,
			directory,
		};
		node.wait_for_block(0).await;
		node
	}

	/// Where its RPC is.
	pub(crate) fn url(&self) -> String {
		self.chain.url().to_owned()
	}

	/// Kill -9.
	pub(crate) fn kill(&mut self) {
		self.process.kill();
	}

	/// Start it again on the same data, and wait until the chain goes on.
	pub(crate) async fn restart(&mut self) {
		self.process = spawn(&self.data, self.ports, &self.source, self.directory.path());
		let chain = self.chain.clone();
		let best = until("the restarted node's answer", START, async || {
			self.process.ensure_running();
			Box::pin(chain.best()).await.ok()
		})
		.await;
		self.wait_for_block(best.number).await;
	}

	/// Wait for a block above `number`, on which the runtime answers.
	async fn wait_for_block(&mut self, number: u32) {
		let chain = self.chain.clone();
		until("a new block", START, async || {
			self.process.ensure_running();
			let best = Box::pin(chain.best()).await.ok()?;
			Box::pin(chain.clock(At::Block(best.hash))).await.ok()?;
			(best.number > number).then_some(())
		})
		.await;
	}

	/// Fail the test if the node has ended.
	pub(crate) fn ensure_running(&mut self) {
		self.process.ensure_running();
	}

	/// Its process id.
	pub(crate) fn process_id(&self) -> u32 {
		self.process.id()
	}

	/// Memory that the node holds, in bytes.
	pub(crate) fn resident_bytes(&self) -> u64 {
		self.process.resident_bytes()
	}

	/// A JSON-RPC request over HTTP.
	pub(crate) async fn rpc(&self, method: &str, params: Value) -> Result<Value, Refused> {
		let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
		let url = format!("http://127.0.0.1:{}", self.ports.rpc);
		let request = self.http.post(url).timeout(Duration::from_secs(60)).json(&body);
		let answer = request.send().await.expect("the node answers");
		let mut answer = answer.json::<Value>().await.expect("the node answers in JSON");
		match answer.get("error") {
			Some(error) => Err(Refused {
				code: error["code"].as_i64().expect("an error has a code"),
				data: error["data"].as_str().unwrap_or_default().to_owned(),
			}),
			None => Ok(answer["result"].take()),
		}
	}

	/// Send an extrinsic as bytes.
	pub(crate) async fn submit_bytes(&self, bytes: &[u8]) -> Result<Value, Refused> {
		let text = format!("0x{}", hex::encode(bytes));
		self.rpc("author_submitExtrinsic", json!([text])).await
	}
}

fn spawn(data: &Path, ports: Ports, source: &str, logs: &Path) -> Process {
	let mut command = command(data, ports);
	command.args(["--dev", "--telemetry-source", source]);
	Process::start("the node", &mut command, &logs.join("node.log"))
}
