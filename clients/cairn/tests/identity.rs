//! Secure hardware by the command line, on a real node: a maker whose key is on P-256, devices with
//! root keys, a fleet from a list, and a device that was not lost.

mod support;

use std::{fs, time::Duration};

use cairn_chain::calls;
use cairn_types::{
	Admission, ChannelKind, MakerId, MeterRule, NetworkConfig, NetworkId, Quantity, Unit,
};
use serde_json::Value;
use sp_core::bounded::BoundedVec;
use tempfile::TempDir;

use support::{
	chain::{account, bounded, channel, schema, send},
	node::Node,
	process::{cairn, run_to_end},
	wait::machine,
};

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(120);

/// A node, and a directory with everybody's files.
struct Story {
	node: Node,
	directory: TempDir,
}

impl Story {
	/// Run a command in the directory; its exit code, and its answer or its error.
	fn run(&self, line: &str) -> (Option<i32>, Value) {
		let mut command = cairn();
		command
			.args(line.split_whitespace())
			.args(["--output", "json", "--node", &self.node.url()])
			.current_dir(self.directory.path());
		let ended = run_to_end(&mut command, COMMAND);
		let text = if ended.code == Some(0) { &ended.output } else { &ended.errors };
		// Errors may follow lines of a log.
		let json = text.find('{').and_then(|from| serde_json::from_str(&text[from..]).ok());
		(ended.code, json.unwrap_or_else(|| panic!("{line}: {ended:?}")))
	}

	/// Run a command that must succeed.
	fn works(&self, line: &str) -> Value {
		let (code, answer) = self.run(line);
		assert_eq!(code, Some(0), "{line}: {answer}");
		answer
	}

	/// Run a command that must fail; what it says.
	fn fails(&self, line: &str) -> String {
		let (code, answer) = self.run(line);
		assert_ne!(code, Some(0), "{line}: {answer}");
		answer["error"].as_str().expect("an error has a cause").to_owned()
	}

	/// Make a device's key and root key; returns the public parts, as arguments.
	fn keys(&self, name: &str) -> (String, String) {
		let key = self.works(&format!("agent key --key {name}.key"));
		let root = self.works(&format!("agent root-key --root-key {name}.root"));
		let text = |value: &Value| value["public"].as_str().expect("a key").to_owned();
		(format!("ed25519:{}", text(&key)), format!("p256:{}", text(&root)))
	}

	/// The maker certifies a root key.
	fn certify(&self, root: &str, serial: &str) {
		self.works(&format!(
			"maker certify --maker 0 --cert-key module.key --root-key {root} --model M-1 \
			 --batch 2026-31 --serial {serial} --out {serial}.json"
		));
	}

	/// A network that admits devices of the first maker.
	async fn network(&self) -> NetworkId {
		let operator = account("//Charlie");
		let channels = vec![channel("level", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge)];
		let publish = calls::schemas::publish(&schema(channels));
		let outcome = send(&self.node.chain, &publish, &operator).await;
		let schema = outcome.find("Schemas", "Published").expect("a schema");
		let config = NetworkConfig {
			schema,
			meter: MeterRule::Uptime { expected: 1, cap: 1 },
			admission: Admission::Certified(BoundedVec::truncate_from(vec![MakerId(0)])),
		};
		let create = calls::networks::create(&bounded(b"secure"), &config);
		let outcome = send(&self.node.chain, &create, &operator).await;
		outcome.find("Networks", "Created").expect("a network")
	}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_with_secure_hardware_live_by_the_command_line() {
	let _machine = machine().await;
	let directory = tempfile::tempdir().expect("a temporary directory");
	let node = Box::pin(Node::start("http://127.0.0.1:9")).await;
	let story = Story { node, directory };

	become_a_maker(&story);
	let network = Box::pin(story.network()).await;
	let device = register(&story, network);
	register_a_fleet(&story, network);
	lose_nothing(&story, device);
}

/// A maker with a key on P-256 and two admins.
fn become_a_maker(story: &Story) {
	story.works("agent root-key --root-key module.key");
	let made = story.works("maker register --cert-key module.key --suri //Alice");
	assert_eq!(made["maker"], 0);
	let bob = account("//Bob").address();
	story.works(&format!("maker add-admin --maker 0 --admin {bob} --suri //Alice"));
	let shown = story.works("maker show 0");
	assert_eq!(shown["admins"][1], bob);
	assert!(shown["keys"][0]["key"].as_str().is_some_and(|key| key.starts_with("p256:")));
}

/// A device whose root key the maker certified; returns its id.
fn register(story: &Story, network: NetworkId) -> u64 {
	let (_, root) = story.keys("a");
	story.certify(&root, "0001");
	let line = format!("device register --network {network} --key a.key --suri //Bob");
	let error = story.fails(&format!("{line} --certificate 0001.json"));
	assert!(error.contains("CertificateInvalid"), "{error}");
	let made = story.works(&format!("{line} --certificate 0001.json --root-key a.root"));
	let device = made["device"].as_u64().expect("an id");
	let shown = story.works(&format!("device show {device}"));
	assert_eq!(shown["root_key"].as_str().map(|key| key.replace(":", ":0x")), Some(root));
	device
}

/// Devices of a list: all, or none and the name of the one that is bad.
fn register_a_fleet(story: &Story, network: NetworkId) {
	let mut list = "key,certificate,root-key\n".to_owned();
	for (name, serial) in [("b", "0002"), ("c", "0003"), ("d", "0004")] {
		let (_, root) = story.keys(name);
		story.certify(&root, serial);
		list += &format!("{name}.key,{serial}.json,{name}.root\n");
	}
	let write = |name: &str, list: &str| {
		fs::write(story.directory.path().join(name), list).expect("writable");
	};
	write("bad.csv", &list.replace("0003.json", "0004.json"));
	write("fleet.csv", &list);
	let line = format!("device register-batch --network {network} --suri //Bob --devices");
	let error = story.fails(&format!("{line} bad.csv"));
	assert!(error.contains("c.key: Devices::CertificateInvalid"), "{error}");
	let made = story.works(&format!("{line} fleet.csv"));
	assert_eq!(made["registered"].as_array().map(Vec::len), Some(3));
	let again = story.works(&format!("{line} fleet.csv"));
	assert_eq!(again["registered"].as_array().map(Vec::len), Some(0));
	assert_eq!(again["registered_before"][2]["key_file"], "d.key");
}

/// Owner and maker ask for other keys; the device objects by its root.
fn lose_nothing(story: &Story, device: u64) {
	let (key, root) = story.keys("e");
	story.works(&format!(
		"maker approve --maker 0 --cert-key module.key --device {device} --device-key {key} \
		 --root-key {root} --out approval.json"
	));
	let line = format!("device recover {device} --key e.key --approval approval.json --suri //Bob");
	let error = story.fails(&line);
	assert!(error.contains("another root key"), "{error}");
	let asked = story.works(&format!("{line} --root-key e.root"));
	assert!(asked["due_tick"].as_u64().is_some());
	let shown = story.works(&format!("device show {device}"));
	assert_eq!(shown["recovery"]["due_tick"], asked["due_tick"]);
	let error = story.fails(&format!("device complete-recovery {device} --suri //Charlie"));
	assert!(error.contains("TooEarly"), "{error}");
	let error = story.fails(&format!("device cancel-recovery {device} --suri //Charlie"));
	assert!(error.contains("NotOwner"), "{error}");
	story.works(&format!("device cancel-recovery {device} --root-key a.root --suri //Charlie"));
	let shown = story.works(&format!("device show {device}"));
	assert!(shown["recovery"].is_null());
	let error = story.fails(&format!("{line} --root-key e.root"));
	assert!(error.contains("as of block"), "{error}");
}
