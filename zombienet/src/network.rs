//! A network: validators with development keys, nodes that join later, and what befalls them.

use std::{
	path::{Path, PathBuf},
	time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
	namespaces::Namespaces,
	node::{Node, Peers, Place, Role, Settings},
	process::binary,
	spec::{self, Patch, Plain},
	until,
};

/// The validators of the built-in local network.
pub const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// How long a network may take from its start to its first finalized block: unoptimised nodes compile
/// their runtime, all at once.
const START: Duration = Duration::from_secs(300);
/// How long connections may take to end after peers were removed.
const SEPARATED: Duration = Duration::from_secs(30);

/// How the nodes are connected.
enum Wires {
	/// By the machine's loopback: peers are removed and added by RPC to cut the network.
	Loopback {
		/// Whether nodes talk only to peers that they were told of.
		only: bool,
	},
	/// By bridges between namespaces.
	Namespaces(Namespaces),
}

/// A running network. Everything ends when it is dropped.
pub struct Network {
	/// Its nodes: the validators, then those that were added. Dropped before what they run in.
	nodes: Vec<Node>,
	wires: Wires,
	spec: PathBuf,
	directory: TempDir,
}

/// What a network is to be.
#[derive(Default)]
#[must_use]
pub struct Builder {
	/// What the nodes run; `None` is `cairn-node`.
	program: Option<PathBuf>,
	/// What they start from; `None` is the local network that their program has built in.
	plain: Option<Plain>,
	patches: Vec<Patch>,
	source: Option<String>,
	sourceless: Option<usize>,
	can_be_cut: bool,
}

impl Builder {
	/// Nodes of this program.
	pub fn with_program(mut self, program: &Path) -> Self {
		self.program = Some(program.to_owned());
		self
	}

	/// Nodes that start from this specification.
	pub fn with_specification(mut self, plain: Plain) -> Self {
		self.plain = Some(plain);
		self
	}

	/// Sessions of 30 s, eras of a minute.
	pub fn with_short_eras(mut self) -> Self {
		self.patches.extend(spec::short_eras());
		self
	}

	/// A value of the genesis: JSON pointer into it, value.
	pub fn with(mut self, pointer: &'static str, value: Value) -> Self {
		self.patches.push((pointer, value));
		self
	}

	/// Where validators read batches.
	pub fn with_source(mut self, url: String) -> Self {
		self.source = Some(url);
		self
	}

	/// A validator that has no source.
	pub fn without_source(mut self, validator: usize) -> Self {
		self.sourceless = Some(validator);
		self
	}

	/// Connect the nodes so that the network can be cut.
	pub fn that_can_be_cut(mut self) -> Self {
		self.can_be_cut = true;
		self
	}

	/// Start it; returns when every node has finalized a block.
	///
	/// # Panics
	/// If that does not come about.
	pub async fn start(self) -> Network {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let spec = self.write(directory.path());
		let wires = self.wires();
		let nodes = (0..VALIDATORS.len())
			.map(|index| self.validator(index, &wires, &spec, directory.path()))
			.collect();
		let mut network = Network { nodes, wires, spec, directory };
		for index in 0..network.nodes.len() {
			let peers = network.peers_of(index);
			let node = &mut network.nodes[index];
			node.introduce(peers);
			node.start();
		}
		network.finalized_above(0, START).await;
		network
	}

	/// Write the specification that the nodes share.
	fn write(&self, directory: &Path) -> PathBuf {
		let program = self.program.clone().unwrap_or_else(|| binary("cairn-node"));
		let plain = self.plain.clone();
		let mut plain = plain.unwrap_or_else(|| Plain::built_in(&program, spec::LOCAL));
		for (pointer, value) in &self.patches {
			plain.set(pointer, value.clone());
		}
		plain.write(&program, directory)
	}

	fn wires(&self) -> Wires {
		let loopback = Wires::Loopback { only: self.can_be_cut };
		if !self.can_be_cut {
			return loopback;
		}
		let count = u8::try_from(VALIDATORS.len()).expect("few validators");
		match Namespaces::new(count) {
			Ok(namespaces) => Wires::Namespaces(namespaces),
			Err(error) => {
				println!("no network namespaces ({error}): peers are removed by RPC instead");
				loopback
			},
		}
	}

	fn validator(&self, index: usize, wires: &Wires, spec: &Path, directory: &Path) -> Node {
		let name = VALIDATORS[index];
		let source = self.source.clone().filter(|_| self.sourceless != Some(index));
		let program = self.program.clone();
		let role = Role::Development(name);
		let settings = Settings { program, source, ..Settings::new(name, role) };
		let place = match wires {
			Wires::Loopback { .. } => Place::loopback(),
			Wires::Namespaces(namespaces) => {
				namespaces.place(u8::try_from(index).expect("few validators"))
			},
		};
		Node::new(settings, place, spec, directory)
	}
}

impl Network {
	/// Four validators, as the built-in local network has them.
	pub fn builder() -> Builder {
		Builder::default()
	}

	/// Its nodes: the validators first, then those that were added.
	#[must_use]
	pub fn nodes(&self) -> &[Node] {
		&self.nodes
	}

	/// A node; to start and stop it.
	pub fn node(&mut self, index: usize) -> &mut Node {
		&mut self.nodes[index]
	}

	/// Its raw specification.
	#[must_use]
	pub fn spec(&self) -> &Path {
		&self.spec
	}

	/// Where a story may keep files.
	#[must_use]
	pub fn directory(&self) -> &Path {
		self.directory.path()
	}

	/// Start one more node, which knows all others; returns its index.
	///
	/// # Panics
	/// If the network is made to be cut: others would not talk to it.
	pub fn add(&mut self, settings: Settings) -> usize {
		assert!(
			matches!(self.wires, Wires::Loopback { only: false }),
			"a network that can be cut takes no further nodes"
		);
		let index = self.nodes.len();
		self.nodes.push(Node::new(settings, Place::loopback(), &self.spec, self.directory.path()));
		let peers = self.peers_of(index);
		let node = self.node(index);
		node.introduce(peers);
		node.start();
		index
	}

	fn peers_of(&self, index: usize) -> Peers {
		let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != index);
		Peers {
			addresses: others.map(|(_, node)| node.address()).collect(),
			only: matches!(self.wires, Wires::Loopback { only: true }),
		}
	}

	/// Fail the test if a node has ended that nobody stopped.
	pub fn ensure_running(&mut self) {
		self.nodes.iter_mut().for_each(Node::ensure_running);
	}

	/// Wait until every node that runs has finalized a block above `number`; returns the height that
	/// all of them have finalized.
	pub async fn finalized_above(&mut self, number: u32, limit: Duration) -> u32 {
		until(&format!("a finalized block above {number} on every node"), limit, async || {
			self.ensure_running();
			let lowest = self.finalized_everywhere().await?;
			(lowest > number).then_some(lowest)
		})
		.await
	}

	/// The height that every node that runs has finalized; `None` if one of them does not answer.
	pub async fn finalized_everywhere(&self) -> Option<u32> {
		let mut lowest = u32::MAX;
		for node in self.nodes.iter().filter(|node| node.is_running()) {
			lowest = lowest.min(node.finalized().await?.number);
		}
		Some(lowest)
	}

	/// Wait until the best block of each of these nodes is above `number`.
	pub async fn best_above(&mut self, nodes: &[usize], number: u32, limit: Duration) {
		until(&format!("best blocks above {number} on nodes {nodes:?}"), limit, async || {
			self.ensure_running();
			for index in nodes {
				let best = self.nodes[*index].best().await?;
				if best.number <= number {
					return None;
				}
			}
			Some(())
		})
		.await;
	}
}

/// Cutting a network, and making it whole again.
impl Network {
	/// How it is cut.
	#[must_use]
	pub const fn how_it_is_cut(&self) -> &'static str {
		match self.wires {
			Wires::Loopback { .. } => "peers are removed by RPC",
			Wires::Namespaces(_) => "bridges between network namespaces",
		}
	}

	/// Cut these nodes off from the others.
	///
	/// # Panics
	/// If that is not possible.
	pub async fn cut(&self, nodes: &[usize]) {
		match &self.wires {
			Wires::Namespaces(namespaces) => {
				let numbers = nodes.iter().map(|index| u8::try_from(*index).expect("few nodes"));
				namespaces.cut(&numbers.collect::<Vec<_>>()).expect("interfaces can be moved");
			},
			Wires::Loopback { .. } => {
				for (here, there) in self.across(nodes) {
					let peer = json!([self.nodes[there].peer()]);
					let removed = self.nodes[here].rpc("system_removeReservedPeer", peer).await;
					removed.expect("a peer can be removed");
				}
				self.wait_until_separated(nodes).await;
			},
		}
	}

	/// Make the network whole again after these nodes were cut off.
	///
	/// # Panics
	/// If that is not possible.
	pub async fn heal(&self, nodes: &[usize]) {
		match &self.wires {
			Wires::Namespaces(namespaces) => {
				namespaces.heal().expect("interfaces can be moved");
			},
			Wires::Loopback { .. } => {
				for (here, there) in self.across(nodes) {
					let peer = json!([self.nodes[there].address()]);
					let added = self.nodes[here].rpc("system_addReservedPeer", peer).await;
					added.expect("a peer can be added");
				}
			},
		}
	}

	/// Every ordered pair of nodes of which one is in `nodes`, the other not.
	fn across(&self, nodes: &[usize]) -> Vec<(usize, usize)> {
		let all = 0..self.nodes.len();
		let pairs = all.clone().flat_map(|here| all.clone().map(move |there| (here, there)));
		pairs.filter(|(here, there)| nodes.contains(here) != nodes.contains(there)).collect()
	}

	async fn wait_until_separated(&self, nodes: &[usize]) {
		until("the network cut", SEPARATED, async || {
			for (here, there) in self.across(nodes) {
				let peers = self.nodes[here].rpc("system_peers", json!([])).await.ok()?;
				let other = self.nodes[there].peer();
				if peers.as_array()?.iter().any(|peer| peer["peerId"] == other) {
					return None;
				}
			}
			Some(())
		})
		.await;
	}
}
