//! Secure hardware by the command line, on a real node: a maker whose key is on P-256, devices with
//! root keys, a fleet from a list, a device that was not lost, and its DID document until its end.

mod support;

use std::{collections::BTreeSet, fs, time::Duration};

use cairn::agent::{DevicePair, Scheme};
use cairn_chain::{At, Chain, calls};
use cairn_did::{Codec, check_document, check_resolution, decode_multikey, thing_name};
use cairn_types::{
	Admission, ChannelKind, MakerId, MeterRule, NetworkConfig, NetworkId, Quantity, Unit,
};
use futures::future::join_all;
use serde_json::{Value, json};
use sp_core::bounded::BoundedVec;
use tempfile::TempDir;

use support::{
	chain::{Network, account, bounded, channel, schema, send},
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

	/// What the node answers who resolves a DID, at the best block or another: a valid answer.
	async fn resolve(&self, did: &str, at: Option<&str>) -> Value {
		let asked = Box::pin(self.node.rpc("cairn_resolveDid", json!([did, at]))).await;
		let answer = asked.unwrap_or_else(|refused| panic!("{did}: {refused:?}"));
		assert_eq!(check_resolution(did, &answer), Ok(()), "{answer}");
		answer
	}

	/// The code with which the node refuses to resolve.
	async fn refuses_to_resolve(&self, params: Value) -> i64 {
		let asked = Box::pin(self.node.rpc("cairn_resolveDid", params)).await;
		asked.expect_err("it cannot be answered").code
	}

	/// The document that the command prints, and the node answers with: the same, and valid.
	async fn document(&self, device: u64) -> Value {
		let printed = self.works(&format!("device did {device}"));
		assert_eq!(check_document(&printed), Ok(()), "{printed}");
		let did = format!("did:cairn:{device}");
		assert_eq!(self.works(&format!("device did {did}")), printed);
		let answer = Box::pin(self.resolve(&did, None)).await;
		assert_eq!(answer["didDocument"], printed);
		printed
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
	Box::pin(be_known_by_others(&story, device)).await;
	Box::pin(register_at_once(&story)).await;
}

/// Devices of one owner, registered by programs that do not know of each other: each proof names the
/// nonce that its transaction gets in the end.
async fn register_at_once(story: &Story) {
	let chain = &story.node.chain;
	let level = channel("level", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge);
	let network = Box::pin(Network::create(chain, &schema(vec![level]))).await;
	let (chain, network, owner) = (chain, &network, account("//Ferdie"));
	let pairs = [61, 62, 63, 64].map(|seed| DevicePair::from_seed(Scheme::Ed25519, &[seed; 32]));
	let before = chain.next_nonce(&owner.account()).await.expect("a nonce");
	let url = story.node.url();
	let register = async |pair| {
		let chain = Chain::connect(&url).await.expect("a connection");
		network.register(&chain, &owner, pair).await
	};
	let registered = join_all(pairs.iter().map(register)).await;
	let after = chain.next_nonce(&owner.account()).await.expect("a nonce");
	assert_eq!(after - before, 4, "one transaction each");
	assert_eq!(registered.iter().collect::<BTreeSet<_>>().len(), 4, "{registered:?}");
	for (pair, device) in pairs.iter().zip(registered) {
		let found = chain.device_by_key(&pair.public(), At::Best).await.expect("an answer");
		assert_eq!(found, Some(device));
	}
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

/// Others know the device by its DID: its keys, what its owner says it is, and that it has ended.
async fn be_known_by_others(story: &Story, device: u64) {
	let did = format!("did:cairn:{device}");
	let document = Box::pin(story.document(device)).await;
	names_its_root(story, device, &document);
	describe(story, device);
	let described = Box::pin(story.document(device)).await;
	let before = Box::pin(story.resolve(&did, None)).await;
	assert_eq!(before["didDocument"], described);
	assert_eq!(before["didDocumentMetadata"], json!({ "deactivated": false }));

	story.works(&format!("device retire {device} --suri //Bob"));
	let ended = Box::pin(story.document(device)).await;
	assert_eq!(ended, json!({ "@context": ["https://www.w3.org/ns/did/v1"], "id": did }));
	let whole = story.works(&format!("device did {device} --resolution"));
	assert_eq!(check_resolution(&did, &whole), Ok(()));
	assert_eq!(whole["didDocumentMetadata"], json!({ "deactivated": true }));
	let error = story.fails(&format!("device describe {device} --remove --suri //Bob"));
	assert!(error.contains("WrongStage"), "{error}");

	let block = before["didResolutionMetadata"]["blockHash"].as_str();
	let then = Box::pin(story.resolve(&did, block)).await;
	assert_eq!(then, before, "what was is still known of the block");
	Box::pin(ask_for_others(story)).await;
}

/// The root key of the document is the one that the chain knows.
fn names_its_root(story: &Story, device: u64, document: &Value) {
	let shown = story.works(&format!("device show {device}"));
	let root = document["capabilityDelegation"][0].as_str().expect("it has a root");
	let (_, multikey) = root.split_once('#').expect("a fragment");
	let (codec, key) = decode_multikey(multikey).expect("a key");
	assert_eq!(codec, Codec::P256);
	assert_eq!(shown["root_key"], format!("p256:{}", hex::encode(key)));
	assert_eq!(document["authentication"].as_array().map(Vec::len), Some(1));
	assert_eq!(document.get("assertionMethod"), None, "it was never active");
	let owner = document["controller"].as_str().expect("it has an owner");
	assert!(owner.ends_with(&format!(":{}", account("//Bob").address())), "{owner}");
}

/// The owner, and nobody else, attaches a description, by which everybody knows the file.
fn describe(story: &Story, device: u64) {
	let write = |name: &str, text: &str| {
		fs::write(story.directory.path().join(name), text).expect("writable");
	};
	let thing = json!({
		"@context": "https://www.w3.org/2022/wot/td/v1.1",
		"id": format!("did:cairn:{device}"),
		"title": "Meter",
		"securityDefinitions": { "nosec_sc": { "scheme": "nosec" } },
		"security": "nosec_sc",
	});
	let text = thing.to_string();
	write("thing.jsonld", &text);
	write("other.jsonld", &format!("{text}\n"));
	write("bad.jsonld", &text.replace("nosec_sc\":", "basic_sc\":"));

	let line = format!("device describe {device} --file");
	let error = story.fails(&format!("{line} bad.jsonld --suri //Bob"));
	assert!(error.contains("BadSecurity, code 7"), "{error}");
	let error = story.fails(&format!("{line} thing.jsonld --suri //Charlie"));
	assert!(error.contains("NotOwner"), "{error}");
	let error = story.fails(&format!("device did {device} --description thing.jsonld"));
	assert!(error.contains("no Thing Description is attached"), "{error}");
	let made = story.works(&format!("{line} thing.jsonld --suri //Bob"));
	let hash = cairn_did::thing_hash(text.as_bytes());
	assert_eq!(made["sha256"], format!("0x{}", hex::encode(hash)));
	let error = story.fails(&format!("{line} thing.jsonld --suri //Bob"));
	assert!(error.contains("AlreadyDescribed"), "{error}");

	let document = story.works(&format!("device did {device} --description thing.jsonld"));
	assert_eq!(document["service"][0]["serviceEndpoint"], thing_name(&hash));
	let error = story.fails(&format!("device did {device} --description other.jsonld"));
	assert!(error.contains("is not the Thing Description"), "{error}");
}

/// There are answers for what has no document, and errors for what has no answer.
async fn ask_for_others(story: &Story) {
	for (did, error) in [
		("did:cairn:999999", "notFound"),
		("did:cairn:07", "invalidDid"),
		("did:cairn:7#key", "invalidDid"),
		("not a did", "invalidDid"),
		("did:web:example.com", "methodNotSupported"),
	] {
		let answer = Box::pin(story.resolve(did, None)).await;
		assert_eq!(answer["didResolutionMetadata"]["error"], error, "{did}");
	}
	let error = story.fails("device did did:cairn:999999");
	assert!(error.contains("no device with the DID did:cairn:999999"), "{error}");
	let nowhere = format!("0x{}", "07".repeat(32));
	let unknown = json!(["did:cairn:0", nowhere]);
	assert_eq!(Box::pin(story.refuses_to_resolve(unknown)).await, 9_001);
	assert_eq!(Box::pin(story.refuses_to_resolve(json!([]))).await, -32_602);
}
