//! Each problem is provoked for real where a test can: on sockets, directories and flags.

use super::*;
use crate::cli::Cli;
use sc_cli::SubstrateCli;
use sc_service::config::{RpcBatchRequestConfig, RpcMethods};
use tempfile::TempDir;

fn directory() -> TempDir {
	tempfile::tempdir().expect("a temporary directory")
}

fn run(arguments: &[&str]) -> RunCmd {
	Cli::try_from_iter(std::iter::once(&"cairn-node").chain(arguments)).expect("valid flags").run
}

fn multiaddr(text: &str) -> Multiaddr {
	text.parse().expect("a valid address")
}

/// A port that this test listens on.
fn busy() -> (TcpListener, SocketAddr) {
	let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
	let address = listener.local_addr().expect("a bound socket");
	(listener, address)
}

fn endpoint(listen_addr: SocketAddr) -> RpcEndpoint {
	RpcEndpoint {
		listen_addr,
		batch_config: RpcBatchRequestConfig::Unlimited,
		max_connections: 1,
		max_payload_in_mb: 1,
		max_payload_out_mb: 1,
		max_subscriptions_per_connection: 1,
		max_buffer_capacity_per_connection: 1,
		rate_limit: None,
		rate_limit_trust_proxy_headers: false,
		rate_limit_whitelisted_ips: Vec::new(),
		cors: None,
		rpc_methods: RpcMethods::Auto,
		is_optional: false,
		retry_random_port: false,
	}
}

#[test]
fn flags_works_when_they_are_the_defaults() {
	flags(&run(&[])).expect("the defaults are valid");
	flags(&run(&["--dev"])).expect("the defaults are valid");
}

#[test]
fn flags_fails_when_a_value_would_overflow() {
	for arguments in [
		["--in-peers", "4294967295"],
		["--in-peers-light", "4294967295"],
		["--out-peers", "10000"],
		["--pool-limit", "18446744073709551615"],
		["--pool-kbytes", "18446744073709551615"],
		["--tx-ban-seconds", "18446744073709551615"],
		["--trie-cache-size", "18446744073709551615"],
	] {
		let result = flags(&run(&arguments));
		assert!(matches!(result, Err(Problem::Flag { .. })), "{arguments:?}");
	}
}

#[test]
fn flags_fails_when_a_path_leads_nowhere() {
	for flag in ["--password-filename", "--wasm-runtime-overrides"] {
		let result = flags(&run(&[flag, "/nowhere/at/all"]));
		assert!(matches!(result, Err(Problem::Flag { flag: found, .. }) if found == flag));
	}
}

#[test]
fn directories_works_when_there_is_nothing_yet() {
	let base = directory();
	let data = base.path().join("chains/cairn_dev");
	directories(&data, Some(&base.path().join("keys"))).expect("a writable directory");
	assert!(data.is_dir());
	assert_eq!(fs::read_dir(&data).expect("a readable directory").count(), 0, "no probe remains");
}

#[test]
fn directories_works_when_there_is_a_database() {
	let data = directory();
	let database = data.path().join("paritydb/full");
	fs::create_dir_all(&database).expect("a writable directory");
	fs::write(database.join("metadata"), "version=8").expect("a writable file");
	directories(data.path(), None).expect("a writable database");
	assert!(has_database(&DatabaseSource::ParityDb { path: database.clone() }));
	assert_eq!(fs::read_dir(&database).expect("a readable directory").count(), 1);
}

#[test]
fn directories_fails_when_a_file_is_in_the_way() {
	let base = directory();
	let file = base.path().join("file");
	fs::write(&file, "").expect("a writable file");
	let result = directories(&file.join("chains/cairn_dev"), None);
	assert!(matches!(result, Err(Problem::NotWritable { what: "data directory", .. })));
	let result = directories(base.path(), Some(&file));
	assert!(matches!(result, Err(Problem::NotWritable { what: "keystore", .. })));
}

#[test]
fn directories_fails_when_another_program_made_the_database() {
	for place in ["db", "db/full"] {
		let data = directory();
		let database = data.path().join(place);
		fs::create_dir_all(&database).expect("a writable directory");
		fs::write(database.join("CURRENT"), "").expect("a writable file");
		let result = directories(data.path(), None);
		assert!(matches!(result, Err(Problem::RocksDb { path }) if path == database));
	}
}

#[test]
fn node_key_works_when_it_is_raw_hex_or_absent() {
	let base = directory();
	let file = base.path().join("key");
	node_key(&file).expect("an absent key is made later");
	fs::write(&file, [7u8; NODE_KEY_BYTES]).expect("a writable file");
	node_key(&file).expect("a raw key");
	fs::write(&file, "0f".repeat(NODE_KEY_BYTES)).expect("a writable file");
	node_key(&file).expect("a key in hex");
}

#[test]
fn node_key_fails_when_it_is_something_else() {
	let base = directory();
	assert!(matches!(node_key(base.path()), Err(Problem::NodeKey { .. })), "a directory");
	let file = base.path().join("key");
	for content in [String::new(), format!("{}\n", "0f".repeat(NODE_KEY_BYTES)), "zz".repeat(32)] {
		fs::write(&file, &content).expect("a writable file");
		assert!(matches!(node_key(&file), Err(Problem::NodeKey { .. })), "{content:?}");
	}
}

#[test]
fn database_fails_when_there_is_none() {
	let path = directory().path().join("paritydb/full");
	let result = database(&DatabaseSource::ParityDb { path: path.clone() });
	assert!(matches!(result, Err(Problem::NoDatabase { path: found }) if found == path));
	assert!(!path.exists(), "looking creates nothing");
}

#[test]
fn rpc_works_when_the_port_is_free() {
	let (listener, address) = busy();
	drop(listener);
	rpc(&endpoint(address)).expect("a free port");
}

#[test]
fn rpc_fails_when_the_port_is_busy() {
	let (_listener, address) = busy();
	let result = rpc(&endpoint(address));
	assert!(matches!(result, Err(Problem::PortBusy { flag: "--rpc-port", .. })));
	let optional = RpcEndpoint { is_optional: true, ..endpoint(address) };
	assert!(matches!(rpc(&optional), Err(Problem::PortBusy { .. })));
}

#[test]
fn rpc_works_when_another_port_will_do() {
	let (_listener, address) = busy();
	rpc(&RpcEndpoint { retry_random_port: true, ..endpoint(address) }).expect("any port will do");
}

#[test]
fn rpc_fails_when_the_server_would_panic() {
	let address = SocketAddr::from(([127, 0, 0, 1], 0));
	for origin in ["*", "https://a b", "ü", "\n"] {
		let cors = Some(vec![origin.to_owned()]);
		let result = rpc(&RpcEndpoint { cors, ..endpoint(address) });
		assert!(matches!(result, Err(Problem::Flag { flag: "--rpc-cors", .. })), "{origin:?}");
	}
	let result = rpc(&RpcEndpoint { max_buffer_capacity_per_connection: 0, ..endpoint(address) });
	assert!(matches!(result, Err(Problem::Flag { .. })));
}

#[test]
fn listener_fails_when_the_machine_has_no_such_address() {
	// 192.0.2.0/24 is reserved for documentation (RFC 5737).
	let address = SocketAddr::from(([192, 0, 2, 1], 9944));
	let result = Listener::new("JSON-RPC server", "--rpc-port", address).check();
	assert!(matches!(result, Err(Problem::CannotListen { .. })));
	let optional = RpcEndpoint { is_optional: true, ..endpoint(address) };
	rpc(&optional).expect("an optional endpoint may be missing");
}

#[test]
fn p2p_fails_when_the_port_is_busy() {
	let (_listener, address) = busy();
	let tcp = format!("/ip4/127.0.0.1/tcp/{}", address.port());
	for text in [tcp.clone(), format!("{tcp}/ws")] {
		assert!(matches!(p2p(&multiaddr(&text)), Err(Problem::PortBusy { .. })), "{text}");
	}
	let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
	let port = socket.local_addr().expect("a bound socket").port();
	let udp = multiaddr(&format!("/ip4/127.0.0.1/udp/{port}/webrtc-direct"));
	assert!(matches!(p2p(&udp), Err(Problem::PortBusy { .. })));
}

#[test]
fn p2p_fails_when_the_address_is_not_one_to_listen_on() {
	for text in ["/dns/example.org/tcp/30333", "/memory/7", "/ip4/127.0.0.1"] {
		assert!(matches!(p2p(&multiaddr(text)), Err(Problem::Flag { .. })), "{text}");
	}
}

#[test]
fn p2p_works_when_the_port_is_any() {
	for text in ["/ip4/127.0.0.1/tcp/0", "/ip4/0.0.0.0/udp/0/webrtc-direct", "/ip6/::/tcp/0"] {
		p2p(&multiaddr(text)).expect("some port is free");
	}
}

#[test]
fn explain_knows_what_the_sdk_reports() {
	for (report, expected) in [
		("Backend error: Database file is in use. (os error 11)", "another process"),
		("State Database error: StateDb(Incompatible pruning modes [..])", "--state-pruning"),
		("Backend error: IO Error: No space left on device (os error 28)", "free some space"),
		("Permission denied (os error 13)", "write access"),
		("IO Error: Read-only file system (os error 30)", "write access"),
		("Application: Address already in use (os error 98)", "different ports"),
		("Backend error: Corruption: Bad metadata", "purge-chain"),
		("Failed to get runtime version: x", "chain-spec"),
	] {
		let text = Problem::explain(report).expect("a known report").to_string();
		assert!(text.contains(expected) && text.contains("\n  Remedy: "), "{text}");
	}
	assert!(Problem::explain("something new").is_none());
}
