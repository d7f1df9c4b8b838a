//! A light client, smoldot, knows the specification and some addresses. It asks no RPC server, talks
//! to the nodes as a browser does, and follows their finality.

use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use cairn_network_tests::{
	history::History, machine, network::Network, node::Node, process::Process, spec, until,
};
use serde::Deserialize;

/// Heights over which it must follow.
const FOLLOWED: u32 = 10;
/// How long it may take for its first finalized block behind genesis.
const SYNCED: Duration = Duration::from_secs(180);
/// How long for those that follow.
const FOLLOWS: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_light_client_follows_finality() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().start()).await;
	let specification = network.directory().join("light.json");
	let addresses = network.nodes().iter().map(Node::web_address).collect::<Vec<_>>();
	spec::write_with_boot_nodes(network.spec(), &addresses, &specification);
	let log = network.directory().join("light.log");
	let mut client = start(&specification, &log);

	let mut history = History::default();
	let first = until("the light client's first finalized block", SYNCED, async || {
		client.ensure_running();
		history.poll(network.nodes()).await;
		finalized(&log).into_iter().find(|(number, _)| *number > 0)
	})
	.await;
	println!("the light client has finality {:.1} s after its start", seconds(&first.1));
	let last = until("blocks that follow", FOLLOWS, async || {
		network.ensure_running();
		client.ensure_running();
		history.poll(network.nodes()).await;
		let (last, _) = finalized(&log).pop_last()?;
		(last >= first.0 + FOLLOWED && history.agreed() >= last).then_some(last)
	})
	.await;

	let known = finalized(&log);
	let followed = known.range(first.0..=last);
	assert!(followed.clone().count() > 1, "it is told of block after block");
	for (number, finalized) in followed {
		let expected = history.block(*number).map(|hash| format!("0x{}", hex::encode(hash)));
		assert_eq!(Some(&finalized.hash), expected.as_ref(), "block {number} is the nodes' block");
	}
}

/// A line that the client prints.
#[derive(Deserialize)]
struct Finalized {
	number: u32,
	hash: String,
	/// Since its start.
	millis: u32,
}

fn seconds(finalized: &Finalized) -> f64 {
	f64::from(finalized.millis) / 1_000.0
}

/// What it has printed so far, by number.
fn finalized(log: &Path) -> BTreeMap<u32, Finalized> {
	let text = cairn_network_tests::process::read(log);
	// The last line may not be complete, others are the client's log.
	let lines = text.lines().filter_map(|line| serde_json::from_str::<Finalized>(line).ok());
	lines.map(|line| (line.number, line)).collect()
}

fn start(specification: &Path, log: &Path) -> Process {
	let directory = clients().join("light");
	assert!(
		fs::exists(directory.join("node_modules/smoldot")).unwrap_or(false),
		"smoldot is not installed: scripts/setup installs it, or `npm ci` in {}",
		directory.display()
	);
	let mut command = Command::new("node");
	command.arg(directory.join("follow.mjs")).arg(specification);
	Process::start("the light client", &mut command, log)
}

/// The directory of the clients, found when the test runs: a build may be reused by other checkouts.
fn clients() -> PathBuf {
	let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	PathBuf::from(here).join("../clients")
}
