//! Finality on every node, from what the nodes announce.

use std::{
	sync::{Arc, Mutex},
	time::Instant,
};

use cairn_chain::{Chain, Kind};
use cairn_network_tests::{
	lag::{Behind, Lag},
	node::Node,
	throughput::NodeLag,
};
use tokio::task::JoinSet;

/// Watches the nodes of a network until it is dropped.
pub(crate) struct Watch {
	lags: Vec<(&'static str, Arc<Mutex<Lag>>)>,
	_tasks: JoinSet<()>,
}

impl Watch {
	/// Watch these nodes.
	pub(crate) fn start(nodes: &[Node]) -> Self {
		let mut tasks = JoinSet::new();
		let lags = nodes.iter().map(|node| {
			let lag = Arc::new(Mutex::new(Lag::default()));
			for kind in [Kind::Best, Kind::Finalized] {
				tasks.spawn(follow(node.chain.clone(), kind, lag.clone()));
			}
			(node.name(), lag)
		});
		let lags = lags.collect();
		Self { lags, _tasks: tasks }
	}

	/// Finality of the blocks that were first seen in this time, on each node.
	pub(crate) fn between(&self, from: Instant, to: Instant) -> Vec<NodeLag> {
		let lags = self.lags.iter();
		lags.map(|(node, lag)| NodeLag { node, behind: behind(lag, from, to) }).collect()
	}

	/// Whether every node has finalized the blocks that it saw in this time.
	pub(crate) fn is_settled(&self, from: Instant, to: Instant) -> bool {
		self.lags.iter().all(|(_, lag)| behind(lag, from, to).open == 0)
	}
}

fn behind(lag: &Mutex<Lag>, from: Instant, to: Instant) -> Behind {
	lag.lock().expect("nobody fails with it").between(from, to)
}

async fn follow(chain: Chain, kind: Kind, lag: Arc<Mutex<Lag>>) {
	let mut blocks = chain.blocks(kind);
	loop {
		let number = Box::pin(blocks.next()).await.number;
		let now = Instant::now();
		let mut lag = lag.lock().expect("nobody fails with it");
		match kind {
			Kind::Best => lag.note_best(number, now),
			Kind::Finalized => lag.note_finalized(number, now),
		}
	}
}
