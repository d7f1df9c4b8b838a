//! What the nodes of a network have finalized: at each height one block, whoever is asked.

use std::collections::BTreeMap;

use cairn_types::Hash32;

use crate::node::Node;

/// The finalized chain, as all nodes have it.
#[derive(Debug, Default)]
pub struct History {
	/// Hashes by height, and who said so first.
	blocks: BTreeMap<u32, (Hash32, &'static str)>,
	/// Up to which height each node was asked.
	asked: BTreeMap<&'static str, u32>,
}

impl History {
	/// Ask every node that answers for what it has finalized since it was asked last.
	///
	/// # Panics
	/// If two nodes, or one at two times, finalized different blocks at a height.
	pub async fn poll(&mut self, nodes: &[Node]) {
		for node in nodes.iter().filter(|node| node.is_running()) {
			let Some(head) = node.finalized().await else { continue };
			let asked = self.asked.get(node.name()).copied().unwrap_or(0);
			for number in asked + 1..=head.number {
				// A node that has begun at a later block may not have the earlier ones yet.
				let Some(hash) = node.block_hash(number).await else { break };
				self.note(node.name(), number, hash);
			}
		}
	}

	fn note(&mut self, name: &'static str, number: u32, hash: Hash32) {
		let (known, first) = *self.blocks.entry(number).or_insert((hash, name));
		assert_eq!(
			hex::encode(known),
			hex::encode(hash),
			"{first} and {name} finalized different blocks at height {number}"
		);
		self.asked.insert(name, number);
	}

	/// Ask for everything once more: what was final stays so.
	///
	/// # Panics
	/// If a node has another block than was final.
	pub async fn poll_again(&mut self, nodes: &[Node]) {
		self.asked.clear();
		self.poll(nodes).await;
	}

	/// The height up to which every node that was asked has answered.
	#[must_use]
	pub fn agreed(&self) -> u32 {
		self.asked.values().copied().min().unwrap_or(0)
	}

	/// The block at a height.
	#[must_use]
	pub fn block(&self, number: u32) -> Option<Hash32> {
		self.blocks.get(&number).map(|(hash, _)| *hash)
	}
}
