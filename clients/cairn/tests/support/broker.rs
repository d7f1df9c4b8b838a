//! A broker of MQTT: a real mosquitto with TLS, users and a memory, and clients that publish to it.

use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::Command,
	sync::Arc,
	time::Duration,
};

use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use rustls::{
	ClientConfig, RootCertStore,
	crypto::ring,
	pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
	process::{Ended, Process, free_port, run_to_end},
	wait::until,
};

/// Debian's broker. It is not on every user's path.
const BROKER: &str = "/usr/sbin/mosquitto";
/// How long the broker may take to be there, and to end.
const START: Duration = Duration::from_secs(30);
/// How long a client may take.
const CLIENT: Duration = Duration::from_secs(60);
/// Who may sign in, with their passwords.
const USERS: [(&str, &str); 3] =
	[("agent", "open sesame"), ("gateway", "well known"), ("sensor", "secret")];
/// What the guide of gateways asks of a broker.
const FOR_GATEWAYS: &str = "max_inflight_messages 256\nmax_queued_messages 0\n\
	set_tcp_nodelay true\nmessage_size_limit 262144\n";
/// Most bytes of a packet that a device sends or hears.
const PACKET: usize = 1 << 20;

/// A running broker. It remembers retained messages when it is started again.
pub(crate) struct Broker {
	/// Where it listens, on this machine.
	pub(crate) port: u16,
	/// Before the directory: its end is logged there.
	process: Process,
	directory: TempDir,
}

impl Broker {
	/// Make certificates and users, and start a broker that admits them only.
	///
	/// # Panics
	/// If mosquitto or openssl is missing, or the broker does not start.
	pub(crate) async fn start() -> Self {
		Self::start_with("").await
	}

	/// The same, set up as gateways want it.
	///
	/// # Panics
	/// As [`Broker::start`].
	pub(crate) async fn for_gateways() -> Self {
		Self::start_with(FOR_GATEWAYS).await
	}

	async fn start_with(lines: &str) -> Self {
		assert!(
			fs::exists(BROKER).unwrap_or(false),
			"{BROKER} is missing: `apt-get install mosquitto mosquitto-clients`, as `make setup` does"
		);
		let directory = tempfile::tempdir().expect("a temporary directory");
		let port = free_port();
		certificates(directory.path());
		users(directory.path());
		configure(directory.path(), port, lines);
		let process = spawn(directory.path());
		let mut broker = Self { port, process, directory };
		broker.wait().await;
		broker
	}

	/// The certificate of the authority that signed the broker's.
	pub(crate) fn authority(&self) -> PathBuf {
		self.directory.path().join("ca.pem")
	}

	/// The password of a user.
	///
	/// # Panics
	/// If there is no such user.
	pub(crate) fn password(user: &str) -> &'static str {
		let found = USERS.iter().find(|(name, _)| *name == user).expect("a user");
		found.1
	}

	/// The file with the password of whoever is to connect, for its owner's eyes only; written anew.
	pub(crate) fn password_file(&self, password: &str) -> PathBuf {
		let file = self.directory.path().join("password");
		fs::write(&file, password).expect("a file");
		fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file's mode");
		file
	}

	/// How a device connects that is called `name`.
	///
	/// # Panics
	/// If the authority's certificate cannot be read.
	pub(crate) fn device(&self, name: &str) -> MqttOptions {
		let mut roots = RootCertStore::empty();
		let authority = fs::read(self.authority()).expect("a file");
		let authority = CertificateDer::from_pem_slice(&authority).expect("a certificate");
		roots.add(authority).expect("an authority");
		let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
			.with_safe_default_protocol_versions()
			.expect("versions of TLS")
			.with_root_certificates(roots)
			.with_no_client_auth();
		let mut options = MqttOptions::new(name, "localhost", self.port);
		options
			.set_max_packet_size(PACKET, PACKET)
			.set_credentials("sensor", Self::password("sensor"))
			.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls))));
		options
	}

	/// End the broker, and start it again with what it remembers.
	pub(crate) async fn restart(&mut self) {
		self.process.terminate(START);
		self.process = spawn(self.directory.path());
		self.wait().await;
	}

	async fn wait(&mut self) {
		let port = self.port;
		until("the broker", START, async || {
			self.process.ensure_running();
			TcpStream::connect(("127.0.0.1", port)).await.ok()
		})
		.await;
	}

	/// Fail the test if the broker has ended by itself.
	pub(crate) fn ensure_running(&mut self) {
		self.process.ensure_running();
	}

	/// Publish a message.
	pub(crate) fn publish(&self, topic: &str, payload: &[u8], is_retained: bool) {
		let file = self.directory.path().join("payload");
		fs::write(&file, payload).expect("a file");
		let mut command = self.client("mosquitto_pub");
		command.args(["-t", topic, "-q", "1", "-f"]).arg(&file);
		if is_retained {
			command.arg("-r");
		}
		succeed(&mut command);
	}

	/// Publish each line as a message of its own, as fast as it goes.
	pub(crate) fn flood(&self, topic: &str, lines: &str) {
		let file = self.directory.path().join("lines");
		fs::write(&file, lines).expect("a file");
		let client = self.client("mosquitto_pub");
		let mut command = Command::new("sh");
		command.args(["-c", "file=$1; shift; exec \"$@\" -l <\"$file\"", "sh"]).arg(&file);
		command.arg(client.get_program()).args(client.get_args()).args(["-t", topic, "-q", "0"]);
		succeed(&mut command);
	}

	/// A client that ends with the first message of a topic, or fails when there is none in time.
	pub(crate) fn listener(&self, topic: &str) -> Command {
		let mut command = self.client("mosquitto_sub");
		let seconds = CLIENT.as_secs().to_string();
		command.args(["-t", topic, "-C", "1", "-W", &seconds, "-F", "%t"]);
		command
	}

	/// One of mosquitto's clients, signed in.
	fn client(&self, program: &str) -> Command {
		let mut command = Command::new(program);
		let port = self.port.to_string();
		command.args(["-h", "127.0.0.1", "-p", &port, "-u", "sensor", "-P"]);
		command.arg(Self::password("sensor")).arg("--cafile").arg(self.authority());
		command
	}
}

/// Run a client to its end, which must be a good one.
///
/// # Panics
/// If it fails.
pub(crate) fn succeed(command: &mut Command) -> String {
	let Ended { code, output, errors } = run_to_end(command, CLIENT);
	assert_eq!(code, Some(0), "{command:?}\n{errors}");
	output
}

fn spawn(directory: &Path) -> Process {
	let mut command = Command::new(BROKER);
	command.arg("-c").arg(directory.join("mosquitto.conf"));
	Process::start("the broker", &mut command, &directory.join("broker.log"))
}

fn configure(directory: &Path, port: u16, lines: &str) {
	let place = directory.display();
	let text = format!(
		"listener {port} 127.0.0.1\n\
		 cafile {place}/ca.pem\n\
		 certfile {place}/server.pem\n\
		 keyfile {place}/server.key\n\
		 allow_anonymous false\n\
		 password_file {place}/users\n\
		 persistence true\n\
		 persistence_location {place}/\n\
		 log_dest stderr\n\
		 user root\n{lines}"
	);
	fs::write(directory.join("mosquitto.conf"), text).expect("a file");
}

fn users(directory: &Path) {
	let file = directory.join("users");
	fs::write(&file, "").expect("a file");
	for (user, password) in USERS {
		let mut command = Command::new("mosquitto_passwd");
		succeed(command.arg("-b").arg(&file).args([user, password]));
	}
}

/// An authority, and a certificate of it for this machine.
fn certificates(directory: &Path) {
	let extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\n\
		basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n";
	fs::write(directory.join("extensions"), extensions).expect("a file");
	let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	let authority = ["-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"];
	openssl(directory, &["req", "-subj", "/CN=end-to-end"], &[&curve[..], &authority[..]].concat());
	let request = ["-keyout", "server.key", "-out", "server.csr"];
	openssl(directory, &["req", "-subj", "/CN=localhost"], &[&curve[..], &request[..]].concat());
	let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"];
	let made = ["-CAcreateserial", "-days", "2", "-out", "server.pem", "-extfile", "extensions"];
	openssl(directory, &sign, &made);
}

fn openssl(directory: &Path, first: &[&str], rest: &[&str]) {
	let mut command = Command::new("openssl");
	succeed(command.current_dir(directory).args(first).args(rest));
}
