//! A node that cannot start says why and what to do, and ends with an exit code: it never panics.

mod support;

use std::{
	fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command,
	time::Duration,
};

use cairn_chain::Chain;
use serde_json::Value;
use tempfile::TempDir;

use support::{
	node::{self, Ports},
	process::{Ended, Process, binary, run_to_end},
	wait::{machine, until},
};

/// How long a node may take to find out that it cannot start: some only after it has compiled its
/// runtime.
const LIMIT: Duration = Duration::from_secs(240);
/// A path that nobody can make.
const NOWHERE: &str = "/proc/nonexistent";

fn directory() -> TempDir {
	tempfile::tempdir().expect("a temporary directory")
}

/// A development node in `data`, with free ports.
fn dev(data: &Path) -> Command {
	let mut command = node::command(data, Ports::free());
	command.arg("--dev");
	command
}

/// The command must fail with a message that holds each of `texts`, one of them the remedy.
fn ensure_refused(command: &mut Command, texts: &[&str]) {
	let Ended { code, output, errors } = run_to_end(command, LIMIT);
	assert!(code.is_some_and(|code| code != 0), "exit code {code:?} of {command:?}\n{errors}");
	for text in texts {
		assert!(errors.contains(text), "{text:?} is not in the message of {command:?}\n{errors}");
	}
	for text in [errors, output] {
		assert!(!text.contains("panicked"), "{command:?} panicked\n{text}");
	}
}

#[tokio::test]
async fn fails_when_a_flag_is_wrong() {
	let _machine = machine().await;
	let data = directory();
	// What the command line itself refuses points to the help; the rest names its remedy.
	let (help, remedy) = ("--help", "Remedy: ");
	let cases: [(&[&str], [&str; 2]); 9] = [
		(&["--no-such-flag"], ["--no-such-flag", help]),
		(&["--in-peers", "many"], ["--in-peers", help]),
		(&["--telemetry-source", "gateway:9977"], ["http://", help]),
		(&["--telemetry-source", "http://user:secret@host"], ["credentials", help]),
		(&["--in-peers", "4294967295"], ["--in-peers", remedy]),
		(&["--pool-limit", "99999999999"], ["--pool-limit", remedy]),
		(&["--trie-cache-size", "18446744073709551615"], ["--trie-cache-size", remedy]),
		(&["--password-filename", NOWHERE], ["--password-filename", remedy]),
		(&["--rpc-cors", "ex ample"], ["--rpc-cors", remedy]),
	];
	for (arguments, texts) in cases {
		ensure_refused(dev(data.path()).args(arguments), &texts);
	}
}

#[tokio::test]
async fn fails_when_a_file_is_not_what_a_flag_names() {
	let _machine = machine().await;
	let data = directory();
	let file = data.path().join("file.json");
	fs::write(&file, "{\n").expect("a file");
	let file = file.to_str().expect("UTF-8");
	let mut command = dev(data.path());
	ensure_refused(command.args(["--node-key-file", file]), &["no network key", "Remedy: "]);
	for (chain, text) in [(NOWHERE, "there is no chain"), (file, "specification")] {
		let mut command = node::command(data.path(), Ports::free());
		ensure_refused(command.args(["--chain", chain]), &[text, "Remedy: "]);
	}
}

#[tokio::test]
async fn fails_when_a_port_is_in_use() {
	let _machine = machine().await;
	let data = directory();
	let holder = TcpListener::bind(("0.0.0.0", 0)).expect("a free port");
	let busy = holder.local_addr().expect("an address").port();
	for (ports, flag) in [
		(Ports { rpc: busy, ..Ports::free() }, "--rpc-port"),
		(Ports { p2p: busy, ..Ports::free() }, "--port"),
		(Ports { metrics: busy, ..Ports::free() }, "--prometheus-port"),
	] {
		let mut command = node::command(data.path(), ports);
		let address = format!(":{busy}");
		ensure_refused(command.arg("--dev"), &[&address, "the port is in use", "Remedy: ", flag]);
	}
}

#[tokio::test]
async fn fails_when_the_database_is_read_only() {
	let _machine = machine().await;
	let data = directory();
	let chain = data.path().join("chains/cairn_dev");
	let database = chain.join("paritydb/full");
	fs::create_dir_all(&database).expect("a directory");
	fs::write(database.join("metadata"), "version = 8\n").expect("a file");
	for path in [database.join("metadata"), database, chain] {
		let mode = fs::metadata(&path).expect("it exists").permissions().mode();
		let read_only = fs::Permissions::from_mode(mode & !0o222);
		fs::set_permissions(&path, read_only).expect("chmod");
		let mut command = without_override(&dev(data.path()));
		let path_text = path.to_str().expect("UTF-8");
		ensure_refused(&mut command, &["cannot write", path_text, "Remedy: "]);
		fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
	}
}

/// `command` for which permissions hold even if root runs the tests: without the right to override
/// them.
fn without_override(command: &Command) -> Command {
	let status = fs::read_to_string("/proc/self/status").expect("a process has a status");
	let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
	let rights = rights.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
	// Bit 1: CAP_DAC_OVERRIDE.
	let overrides = rights.expect("rights in hex") & 0b10 != 0;
	let mut wrapped = if overrides {
		let mut setpriv = Command::new("setpriv");
		setpriv
			.arg("--bounding-set=-dac_override,-dac_read_search")
			.arg("--inh-caps=-dac_override,-dac_read_search")
			.arg(command.get_program());
		setpriv
	} else {
		Command::new(command.get_program())
	};
	wrapped.args(command.get_args());
	wrapped
}

#[tokio::test]
async fn fails_when_another_program_made_the_database() {
	let _machine = machine().await;
	let data = directory();
	let chain = data.path().join("chains/cairn_dev");
	fs::create_dir_all(chain.join("db/full")).expect("a directory");
	fs::write(chain.join("db/full/CURRENT"), "MANIFEST-000001\n").expect("a file");
	ensure_refused(&mut dev(data.path()), &["RocksDB", "Remedy: "]);

	let data = directory();
	let database = data.path().join("chains/cairn_dev/paritydb/full");
	fs::create_dir_all(&database).expect("a directory");
	fs::write(database.join("metadata"), "not a database\n").expect("a file");
	ensure_refused(&mut dev(data.path()), &["damaged or another program made it", "Remedy: "]);
}

#[tokio::test]
async fn fails_when_the_database_is_another_chains() {
	let _machine = machine().await;
	let files = directory();
	let spec = files.path().join("other.json");
	fs::write(&spec, other_chain()).expect("a file");
	let spec = spec.to_str().expect("UTF-8");
	let (data, ports) = (directory(), Ports::free());
	let mut command = node::command(data.path(), ports);
	let log = files.path().join("node.log");
	// Alone it makes blocks, which tells that it has its database.
	command.args(["--chain", spec, "--alice", "--force-authoring"]);
	command.arg("--unsafe-force-node-key-generation");
	let mut other = Process::start("the node", &mut command, &log);
	let chain = Chain::lazy(&format!("ws://127.0.0.1:{}", ports.rpc));
	until("the other chain's first block", LIMIT, async || {
		other.ensure_running();
		let best = Box::pin(chain.best()).await.ok()?;
		(best.number > 0).then_some(())
	})
	.await;
	// Killed, it may leave a database that nothing was flushed to yet.
	other.terminate(LIMIT);
	ensure_refused(&mut dev(data.path()), &["belongs to another chain", "Remedy: "]);
}

/// The development chain with one unit more in an account: the same id, another genesis.
fn other_chain() -> String {
	let mut command = Command::new(binary("cairn-node"));
	let written = run_to_end(command.args(["chain-spec", "--chain", "dev"]), LIMIT);
	assert_eq!(written.code, Some(0), "{}", written.errors);
	let mut spec = serde_json::from_str::<Value>(&written.output).expect("a specification");
	let pointer = "/genesis/runtimeGenesis/patch/balances/balances/0/1";
	let balance = spec.pointer_mut(pointer).expect("an endowed account");
	*balance = (balance.as_u64().expect("a balance") + 1).into();
	spec.to_string()
}

#[tokio::test]
async fn fails_when_there_are_no_ca_certificates() {
	let _machine = machine().await;
	let data = directory();
	let mut command = dev(data.path());
	// Both: with the file alone, those of the system's directory would do.
	command.env("SSL_CERT_FILE", NOWHERE).env("SSL_CERT_DIR", NOWHERE);
	ensure_refused(&mut command, &["off-chain worker", "CA certificates", "Remedy: "]);
}
