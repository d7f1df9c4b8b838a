//! What is checked before the node starts, and what to do about what is found.
//!
//! The SDK handles some set-ups badly: it panics (a flag that overflows, no home directory), serves
//! on another port than the one asked for (JSON-RPC), goes on without listening (p2p, metrics) or
//! reports only the system's error. Here each of them is a [`Problem`]: a cause and a remedy.

use sc_cli::RunCmd;
use sc_network::{Multiaddr, multiaddr::Protocol};
use sc_service::{Configuration, DatabaseSource, config::RpcEndpoint};
use std::{
	fmt, fs, io,
	net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
	path::{Path, PathBuf},
};

/// Connections that the network accepts at all: `sc-network`'s own bound.
const MAX_PEERS: u32 = 10_000;
/// Transactions in the pool; above it a node spends its time on sorting them.
const MAX_POOL_TRANSACTIONS: usize = 1_000_000;
/// Kilobytes of transactions in the pool: 16 GiB.
const MAX_POOL_KIB: usize = 16 * 1024 * 1024;
/// Bytes of the trie cache: 1 TiB.
const MAX_TRIE_CACHE_BYTES: usize = 1 << 40;
/// Seconds for which an invalid transaction is refused: a year.
const MAX_BAN_SECONDS: u64 = 365 * 24 * 60 * 60;
/// Bytes of a network key, raw and as hex digits.
const NODE_KEY_BYTES: usize = 32;

/// A set-up that cannot work: the cause, and on a second line the remedy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
	/// A flag's value that the node cannot work with.
	#[error("{flag}: {cause}\n  Remedy: {remedy}")]
	Flag { flag: &'static str, cause: String, remedy: String },

	/// `--chain` names nothing.
	#[error(
		"there is no chain `{name}`: it is neither `dev` nor `local` nor a file that can be read\n  \
		 Remedy: give --chain the path of the network's specification, a JSON file"
	)]
	UnknownChain { name: String },

	/// A specification that no chain can start from.
	#[error(
		"the chain specification cannot be used: {cause}\n  \
		 Remedy: take the file that the network publishes, or write a new one with \
		 `cairn-node chain-spec --chain local --output spec.json`"
	)]
	Spec { cause: String },

	/// The binary was built for tests.
	#[error(
		"this binary holds no runtime: it was built with SKIP_WASM_BUILD\n  \
		 Remedy: build it again without SKIP_WASM_BUILD, or give --chain a specification file"
	)]
	NoRuntime,

	/// There is no default place for the data.
	#[error(
		"no home directory is known: HOME is not set and the user has no entry in /etc/passwd\n  \
		 Remedy: set HOME, or name a data directory with --base-path"
	)]
	NoHome,

	/// A directory or a file of the node is read-only.
	#[error(
		"cannot write to the {what} {path}: {source}\n  \
		 Remedy: give the node's user write access (`chown`, `chmod`, a mount that is not \
		 read-only), or name another directory with --base-path"
	)]
	NotWritable { what: &'static str, path: PathBuf, source: io::Error },

	/// The same, found later, without the path.
	#[error(
		"the node was refused access to a file: {detail}\n  \
		 Remedy: give the node's user write access to the base path and the temporary directory, \
		 or name others with --base-path and TMPDIR"
	)]
	Denied { detail: String },

	/// A database that `cairn-node` does not read.
	#[error(
		"{path} holds a RocksDB database, which another program made: cairn-node uses ParityDB \
		 only\n  \
		 Remedy: name another directory with --base-path, or remove {path} if it is not needed"
	)]
	RocksDb { path: PathBuf },

	/// The database's files are not what a ParityDB of this chain looks like.
	#[error(
		"the database cannot be read; it is damaged or another program made it: {detail}\n  \
		 Remedy: name another directory with --base-path, or remove the database with \
		 `cairn-node purge-chain` and the same --chain and --base-path, then sync again"
	)]
	ForeignDatabase { detail: String },

	/// The database belongs to a chain of the same id.
	#[error(
		"the database {path} belongs to another chain: its genesis is {found}, that of the chain \
		 specification is {expected}\n  \
		 Remedy: start with the specification that made the database (--chain FILE), or with \
		 another --base-path, or remove the database with `cairn-node purge-chain`"
	)]
	ForeignGenesis { path: PathBuf, found: String, expected: String },

	/// Another process has it open.
	#[error(
		"the database is in use by another process\n  \
		 Remedy: stop the other cairn-node, or start this one with another --base-path"
	)]
	DatabaseInUse,

	/// The pruning mode is fixed when a database is made.
	#[error(
		"the database was made with another pruning mode: {detail}\n  \
		 Remedy: leave out --state-pruning, or start with another --base-path"
	)]
	Pruning { detail: String },

	/// A command over a database that was never made.
	#[error(
		"there is no database at {path}\n  \
		 Remedy: give the --chain and --base-path with which the node runs; run it once to make one"
	)]
	NoDatabase { path: PathBuf },

	/// The disk is full.
	#[error(
		"no space is left on the device: {detail}\n  \
		 Remedy: free some space, or move the data and name its place with --base-path"
	)]
	DiskFull { detail: String },

	/// Another process listens there.
	#[error(
		"the {service} cannot listen on {address}: the port is in use, perhaps by another \
		 cairn-node\n  \
		 Remedy: stop the other process (`ss -lntup` names it), or choose another port with {flag}"
	)]
	PortBusy { service: &'static str, address: SocketAddr, flag: &'static str },

	/// The same, found later, without the address.
	#[error(
		"a port is in use: {detail}\n  \
		 Remedy: choose different ports with --port, --rpc-port and --prometheus-port"
	)]
	SomePortBusy { detail: String },

	/// The system does not let the node listen there.
	#[error(
		"the {service} cannot listen on {address}: {source}\n  \
		 Remedy: choose an address of this machine and a port above 1023 with {flag}"
	)]
	CannotListen {
		service: &'static str,
		address: SocketAddr,
		source: io::Error,
		flag: &'static str,
	},

	/// The off-chain worker's HTTP client needs them.
	#[error(
		"the off-chain worker cannot start: {0}\n  \
		 Remedy: install CA certificates (`apt install ca-certificates`), or name a file of them \
		 in SSL_CERT_FILE, or start with --offchain-worker never (a validator then checks no \
		 batches)"
	)]
	NoCertificates(#[source] io::Error),

	/// A validator must keep its network identity.
	#[error(
		"a validator needs a network key, and there is none at {path}\n  \
		 Remedy: make one and keep it, with `cairn-node key generate-node-key --file {path}` \
		 (its directory must exist); for a test network --unsafe-force-node-key-generation makes one"
	)]
	NoNodeKey { path: PathBuf },

	/// The network key's file holds something else.
	#[error(
		"{path} holds no network key: {cause}\n  \
		 Remedy: write 64 hex digits without a line break, or 32 bytes, or make a new key with \
		 `cairn-node key generate-node-key --file FILE`"
	)]
	NodeKey { path: PathBuf, cause: String },

	/// There is nobody to ask.
	#[error(
		"purge-chain asks before it removes a database, and there is no terminal to ask on\n  \
		 Remedy: run it with -y"
	)]
	Unconfirmed,
}

impl Problem {
	/// The known problem that a report of the SDK describes; its errors are texts by then.
	pub(crate) fn explain(report: &str) -> Option<Self> {
		let says = |texts: &[&str]| texts.iter().any(|text| report.contains(*text));
		let detail = report.to_owned();
		Some(if says(&["Database file is in use"]) {
			Self::DatabaseInUse
		} else if says(&["Incompatible pruning modes"]) {
			Self::Pruning { detail }
		} else if says(&["No space left on device"]) {
			Self::DiskFull { detail }
		} else if says(&["Permission denied", "Read-only file system"]) {
			Self::Denied { detail }
		} else if says(&["Address already in use"]) {
			Self::SomePortBusy { detail }
		} else if says(&["Corruption: ", "Unexpected DB-Type", "Invalid column", "Migration error"])
		{
			Self::ForeignDatabase { detail }
		} else if says(&["Failed to get runtime version", "Error parsing spec file"]) {
			Self::Spec { cause: detail }
		} else {
			return None;
		})
	}

	/// A flag whose value is out of range.
	fn flag(flag: &'static str, cause: impl fmt::Display, remedy: impl fmt::Display) -> Self {
		Self::Flag { flag, cause: cause.to_string(), remedy: remedy.to_string() }
	}
}

/// Checks the values that the SDK takes unchecked and later overflows, or panics on.
pub(crate) fn flags(command: &RunCmd) -> Result<(), Problem> {
	let network = &command.network_params;
	let peers = [network.in_peers, network.in_peers_light, network.out_peers];
	let peers = peers.into_iter().fold(0u32, u32::saturating_add);
	at_most("--in-peers, --in-peers-light and --out-peers together", peers, MAX_PEERS)?;
	let pool = &command.pool_config;
	at_most("--pool-limit", pool.pool_limit, MAX_POOL_TRANSACTIONS)?;
	at_most("--pool-kbytes", pool.pool_kbytes, MAX_POOL_KIB)?;
	at_most("--tx-ban-seconds", pool.tx_ban_seconds.unwrap_or_default(), MAX_BAN_SECONDS)?;
	at_most("--trie-cache-size", command.import_params.trie_cache_size, MAX_TRIE_CACHE_BYTES)?;
	if let Some(file) = &command.keystore_params.password_filename {
		fs::File::open(file).map_err(|error| {
			let cause = format!("cannot read {}: {error}", file.display());
			Problem::flag("--password-filename", cause, "name a file that the node's user can read")
		})?;
	}
	match &command.import_params.wasm_runtime_overrides {
		Some(path) if !path.is_dir() => Err(Problem::flag(
			"--wasm-runtime-overrides",
			format!("{} is not a directory", path.display()),
			"name the directory that holds the runtimes, or leave the flag out",
		)),
		_ => Ok(()),
	}
}

/// Refuses a value above its limit.
fn at_most<T: PartialOrd + fmt::Display>(
	flag: &'static str,
	value: T,
	limit: T,
) -> Result<(), Problem> {
	if value > limit {
		let cause = format!("{value} is more than the node can work with");
		return Err(Problem::flag(flag, cause, format!("give at most {limit}")));
	}
	Ok(())
}

/// Checks that there is a default place for the data; `sc-service` panics where there is none.
pub(crate) fn home() -> Result<(), Problem> {
	std::env::home_dir().map(drop).ok_or(Problem::NoHome)
}

/// Checks the directories that the node keeps below `data`, and creates `data`.
///
/// - `data`: the chain's directory in the base path.
/// - `keystore`: where the keys are if not in `data`.
pub(crate) fn directories(data: &Path, keystore: Option<&Path>) -> Result<(), Problem> {
	let foreign = ["db", "db/full"].map(|name| data.join(name));
	let mark =
		|path: &PathBuf| ["CURRENT", "db_version"].iter().any(|file| path.join(file).exists());
	if let Some(path) = foreign.into_iter().find(mark) {
		return Err(Problem::RocksDb { path });
	}
	writable("data directory", data)?;
	if let Some(path) = keystore {
		writable("keystore", path)?;
	}
	for (what, name) in [
		("network directory", "network"),
		("keystore", "keystore"),
		("database", "paritydb"),
		("database", "paritydb/full"),
	] {
		let path = data.join(name);
		if path.exists() {
			writable(what, &path)?;
		}
	}
	files(&data.join("paritydb/full"))
}

/// Checks that a directory exists, or can be created, and that files can be made in it.
fn writable(what: &'static str, path: &Path) -> Result<(), Problem> {
	let probe = path.join(format!(".cairn-node-{}", std::process::id()));
	fs::create_dir_all(path)
		.and_then(|()| fs::write(&probe, []))
		.and_then(|()| fs::remove_file(&probe))
		.map_err(|source| Problem::NotWritable { what, path: path.to_owned(), source })
}

/// Checks that each file of the database can be written: one made by root is a common mistake.
fn files(database: &Path) -> Result<(), Problem> {
	let what = "database";
	let refused = |path: &Path, source: io::Error| {
		let path = path.to_owned();
		Problem::NotWritable { what, path, source }
	};
	let entries = match fs::read_dir(database) {
		Ok(entries) => entries,
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
		Err(error) => return Err(refused(database, error)),
	};
	for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
		fs::OpenOptions::new().write(true).open(&path).map_err(|error| refused(&path, error))?;
	}
	Ok(())
}

/// Checks a network key's file, if there is one.
pub(crate) fn node_key(path: &Path) -> Result<(), Problem> {
	let problem = |cause: String| Problem::NodeKey { path: path.to_owned(), cause };
	match fs::read(path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
		Err(error) => Err(problem(error.to_string())),
		Ok(bytes) if bytes.len() == NODE_KEY_BYTES => Ok(()),
		Ok(bytes)
			if bytes.len() == 2 * NODE_KEY_BYTES && bytes.iter().all(u8::is_ascii_hexdigit) =>
		{
			Ok(())
		},
		Ok(bytes) => Err(problem(format!("its {} bytes are not a key", bytes.len()))),
	}
}

/// Whether a database was made at this place.
pub(crate) fn has_database(source: &DatabaseSource) -> bool {
	source.path().is_some_and(|path| path.join("metadata").is_file())
}

/// Checks that there is a database, for commands that would otherwise create an empty one.
pub(crate) fn database(source: &DatabaseSource) -> Result<(), Problem> {
	if has_database(source) {
		return Ok(());
	}
	Err(Problem::NoDatabase { path: source.path().map(Path::to_owned).unwrap_or_default() })
}

/// Checks every port that the node is going to listen on.
pub(crate) fn ports(config: &Configuration) -> Result<(), Problem> {
	config.rpc.addr.iter().flatten().try_for_each(rpc)?;
	if let Some(prometheus) = &config.prometheus_config {
		let exporter = Listener::new("Prometheus exporter", "--prometheus-port", prometheus.port);
		exporter.check()?;
	}
	config.network.listen_addresses.iter().try_for_each(p2p)
}

/// Checks an endpoint of the JSON-RPC server.
fn rpc(endpoint: &RpcEndpoint) -> Result<(), Problem> {
	if endpoint.max_buffer_capacity_per_connection == 0 {
		return Err(Problem::flag(
			"--rpc-message-buffer-capacity-per-connection",
			"no connection can work without a buffer",
			"give at least 1",
		));
	}
	let is_origin = |origin: &String| origin != "*" && origin.bytes().all(|b| b.is_ascii_graphic());
	if let Some(origin) = endpoint.cors.iter().flatten().find(|origin| !is_origin(origin)) {
		return Err(Problem::flag(
			"--rpc-cors",
			format!("{origin:?} is not an origin"),
			"give origins such as https://example.org, or `all` alone for every origin",
		));
	}
	if endpoint.retry_random_port {
		return Ok(());
	}
	let mut listener = Listener::new("JSON-RPC server", "--rpc-port", endpoint.listen_addr);
	listener.is_optional = endpoint.is_optional;
	listener.check()
}

/// Checks an address of the p2p network; both network back ends only log that they cannot listen.
fn p2p(address: &Multiaddr) -> Result<(), Problem> {
	let (transport, socket) = socket(address).ok_or_else(|| {
		let cause = format!("{address} is not an IP address with a TCP or UDP port");
		Problem::flag("--listen-addr", cause, "give an address such as /ip4/0.0.0.0/tcp/30333")
	})?;
	let mut listener = Listener::new("p2p network", "--port or --listen-addr", socket);
	listener.transport = transport;
	// The default set has one address for IPv6, which the machine may lack.
	listener.is_optional = socket.is_ipv6() && socket.ip().is_unspecified();
	listener.check()
}

/// The socket that a listen address asks for.
fn socket(address: &Multiaddr) -> Option<(Transport, SocketAddr)> {
	let mut parts = address.iter();
	let ip = match parts.next()? {
		Protocol::Ip4(ip) => IpAddr::V4(ip),
		Protocol::Ip6(ip) => IpAddr::V6(ip),
		_ => return None,
	};
	match parts.next()? {
		Protocol::Tcp(port) => Some((Transport::Tcp, SocketAddr::new(ip, port))),
		Protocol::Udp(port) => Some((Transport::Udp, SocketAddr::new(ip, port))),
		_ => None,
	}
}

/// What a port is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
	Tcp,
	Udp,
}

/// A part of the node that is going to listen.
#[derive(Debug)]
struct Listener {
	service: &'static str,
	flag: &'static str,
	address: SocketAddr,
	transport: Transport,
	/// Whether the node works without it if the machine has no such address.
	is_optional: bool,
}

impl Listener {
	/// A TCP listener that the node needs.
	fn new(service: &'static str, flag: &'static str, address: SocketAddr) -> Self {
		Self { service, flag, address, transport: Transport::Tcp, is_optional: false }
	}

	/// Listens for a moment, to learn whether it is possible.
	fn check(&self) -> Result<(), Problem> {
		let Self { service, flag, address, transport, is_optional } = *self;
		let result = match transport {
			Transport::Tcp => TcpListener::bind(address).map(drop),
			Transport::Udp => UdpSocket::bind(address).map(drop),
		};
		match result {
			Ok(()) => Ok(()),
			Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
				Err(Problem::PortBusy { service, address, flag })
			},
			Err(_) if is_optional => Ok(()),
			Err(source) => Err(Problem::CannotListen { service, address, source, flag }),
		}
	}
}

#[cfg(test)]
mod tests;
