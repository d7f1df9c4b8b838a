//! The programs that are measured: a development node, a gateway, a broker. Each ends when it is
//! dropped.

use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use cairn::protocol::AnchorInfo;
use cairn_chain::Chain;
use cairn_types::GatewayId;
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::watch, task::JoinHandle, time::sleep};

use super::{
	figures::{Counters, metric, refusals},
	fleet::OPERATOR,
};
use crate::{
	process::{Process, free_port},
	shared::{gateway::Gateway, node::Node},
	until,
};

/// Debian's broker. It is not on every user's path.
const BROKER: &str = "/usr/sbin/mosquitto";
/// How long a broker may take to listen.
const START: Duration = Duration::from_secs(30);
/// How long a place may take to hold on the chain, and the gateway to know it.
const PLACED: Duration = Duration::from_secs(120);
/// How often the gateway is asked what readings have to name.
const REFRESHED: Duration = Duration::from_millis(500);
/// How long a gateway may take to find its broker.
const FOUND: Duration = Duration::from_secs(60);
/// Messages that the broker lets be under way to the gateway: as many as the gateway takes.
const INFLIGHT: usize = 256;

/// A chain of one node, whose committee reads batches from one gateway.
pub struct Site {
	node: Node,
	address: SocketAddr,
}

impl Site {
	/// Start the node.
	///
	/// # Panics
	/// If it makes no block in time.
	pub async fn start() -> Self {
		let address = Gateway::free_address();
		let node = Box::pin(Node::start(&format!("http://{address}"))).await;
		Self { node, address }
	}

	/// The chain.
	#[must_use]
	pub const fn chain(&self) -> &Chain {
		&self.node.chain
	}

	/// Where a gateway listens.
	#[must_use]
	pub const fn address(&self) -> SocketAddr {
		self.address
	}

	/// The node's process id.
	#[must_use]
	pub fn node_id(&self) -> u32 {
		self.node.process_id()
	}

	/// End with an error if the node has ended.
	///
	/// # Panics
	/// If it has.
	pub fn ensure_running(&mut self) {
		self.node.ensure_running();
	}

	/// Start gateway `id` with an empty store.
	///
	/// # Panics
	/// If it is not well in time.
	pub async fn gateway(&self, id: GatewayId, options: &[&str]) -> Station {
		let (node, address) = (self.node.url(), self.address);
		Station(Box::pin(Gateway::start(id, OPERATOR, &node, address, options)).await)
	}
}

/// A running gateway.
pub struct Station(Gateway);

impl Station {
	/// Its process id.
	#[must_use]
	pub fn process_id(&self) -> u32 {
		self.0.process_id()
	}

	/// Memory that it holds, in bytes.
	#[must_use]
	pub fn resident_bytes(&self) -> u64 {
		self.0.resident_bytes()
	}

	/// Where its store is.
	#[must_use]
	pub fn data(&self) -> &Path {
		self.0.data()
	}

	/// End with an error if it has ended by itself.
	///
	/// # Panics
	/// If it has.
	pub fn ensure_running(&mut self) {
		self.0.ensure_running();
	}

	/// What it counts.
	///
	/// # Panics
	/// If it does not answer.
	pub async fn counters(&self) -> Counters {
		Counters::read(&self.metrics().await)
	}

	/// How many readings it has refused since its start, by code.
	///
	/// # Panics
	/// If it does not answer.
	pub async fn refusals(&self) -> String {
		refusals(&self.metrics().await)
	}

	async fn metrics(&self) -> String {
		let bytes = Box::pin(self.0.client.bytes("/metrics")).await.expect("an answer");
		String::from_utf8(bytes).expect("text")
	}

	/// What readings have to name, from now on.
	///
	/// # Panics
	/// If it does not answer.
	pub async fn anchors(&self) -> Anchors {
		let client = self.0.client.clone();
		let first = Box::pin(client.get::<AnchorInfo>("/v1/anchor")).await.expect("an answer");
		let (sender, newest) = watch::channel(first);
		let task = tokio::spawn(async move {
			while !sender.is_closed() {
				sleep(REFRESHED).await;
				// What cannot be had now is had the next time.
				if let Some(info) = Box::pin(client.get::<AnchorInfo>("/v1/anchor")).await {
					sender.send_replace(info);
				}
			}
		});
		Anchors { newest, task }
	}

	/// Wait until it knows that `count` devices are assigned to it.
	///
	/// # Panics
	/// If it does not in time.
	pub async fn wait_for_devices(&self, count: usize) {
		until("the devices' places", PLACED, async || {
			let devices = Box::pin(self.counters()).await.devices;
			(devices >= count as f64).then_some(())
		})
		.await;
	}

	/// Wait until it takes readings from the broker.
	///
	/// # Panics
	/// If it does not in time.
	pub async fn wait_for_broker(&self) {
		until("a gateway that listens to its broker", FOUND, async || {
			let text = Box::pin(self.metrics()).await;
			let connected = metric(&text, "cairn_gateway_mqtt_connected");
			(connected > 0.0).then_some(())
		})
		.await;
	}
}

/// What readings have to name: what the gateway last said. It is asked until this is dropped.
#[derive(Debug)]
pub struct Anchors {
	newest: watch::Receiver<AnchorInfo>,
	task: JoinHandle<()>,
}

impl Anchors {
	/// The newest.
	#[must_use]
	pub fn newest(&self) -> AnchorInfo {
		self.newest.borrow().clone()
	}
}

impl Drop for Anchors {
	fn drop(&mut self) {
		self.task.abort();
	}
}

/// A running mosquitto that admits everybody on this machine, and keeps messages for who is away.
pub struct Broker {
	/// Where it listens.
	pub port: u16,
	/// Before the directory: its end is logged there.
	process: Process,
	_directory: TempDir,
}

impl Broker {
	/// Whether there is one on this machine.
	#[must_use]
	pub fn is_installed() -> bool {
		fs::exists(BROKER).unwrap_or(false)
	}

	/// Start it.
	///
	/// # Panics
	/// If it does not listen in time.
	pub async fn start() -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let port = free_port();
		let file = configure(directory.path(), port);
		let mut command = Command::new(BROKER);
		command.arg("-c").arg(file);
		let log = directory.path().join("broker.log");
		let process = Process::start("the broker", &mut command, &log);
		let mut broker = Self { port, process, _directory: directory };
		until("the broker", START, async || {
			broker.process.ensure_running();
			TcpStream::connect(("127.0.0.1", port)).await.ok()
		})
		.await;
		broker
	}

	/// Its process id.
	#[must_use]
	pub fn process_id(&self) -> u32 {
		self.process.id()
	}

	/// Memory that it holds, in bytes.
	#[must_use]
	pub fn resident_bytes(&self) -> u64 {
		self.process.resident_bytes()
	}

	/// End with an error if it has ended.
	///
	/// # Panics
	/// If it has.
	pub fn ensure_running(&mut self) {
		self.process.ensure_running();
	}
}

fn configure(directory: &Path, port: u16) -> PathBuf {
	let place = directory.display();
	let text = format!(
		"listener {port} 127.0.0.1\n\
		 allow_anonymous true\n\
		 persistence true\n\
		 persistence_location {place}/\n\
		 max_inflight_messages {INFLIGHT}\n\
		 max_queued_messages 0\n\
		 set_tcp_nodelay true\n\
		 connection_messages false\n\
		 log_dest stderr\n\
		 log_type error\n\
		 log_type warning\n\
		 user root\n"
	);
	let file = directory.join("mosquitto.conf");
	fs::write(&file, text).expect("a file");
	file
}
