//! A real broker, as its operator sets it up.

use std::{
	fs,
	net::TcpStream as Probe,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::until;
use crate::{demo::place::free_ports, secret};

/// Debian's broker.
const BROKER: &str = "/usr/sbin/mosquitto";
/// Who may sign in, with their passwords.
const USERS: [(&str, &str); 2] = [("gateway", "open sesame"), ("device", "secret")];
/// What they may do: as the operator's guide says.
const GRANTS: &str = "user gateway\ntopic read cairn/1/readings/1/+\n\
	topic write cairn/1/refusals/1/#\nuser device\ntopic write cairn/1/readings/1/4\n\
	topic read cairn/1/refusals/1/4\n";
/// A key on P-256.
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
/// How an authority keeps its books.
const BOOKS: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nrand_serial = yes\n\
	new_certs_dir = .\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n";

/// What a broker's certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
	/// For this machine, now.
	Sound,
	/// For this machine, and over.
	Expired,
	/// For another one, now.
	OfAnother,
}

/// A running broker; ends when dropped.
pub(super) struct RealBroker {
	child: Child,
	pub(super) port: u16,
	directory: TempDir,
}

impl RealBroker {
	/// Start one; `lines` are added to its configuration, after its listener.
	pub(super) async fn start(lines: impl Fn(&Path) -> String) -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let [port] = free_ports().expect("a free port");
		let user = "user root\nmax_queued_messages 0\n";
		let more = lines(directory.path());
		let text = format!("{user}listener {port} 127.0.0.1\n{more}");
		fs::write(directory.path().join("broker.conf"), text).expect("a file");
		let mut broker = Self { child: Self::spawn(directory.path()), port, directory };
		broker.wait().await;
		broker
	}

	fn spawn(directory: &Path) -> Child {
		let mut command = Command::new(BROKER);
		command.arg("-c").arg(directory.join("broker.conf"));
		let log = fs::File::create(directory.join("log")).expect("a file");
		command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
		command.spawn().expect("mosquitto is installed: make setup")
	}

	async fn wait(&mut self) {
		let port = self.port;
		until("a broker that listens", || {
			let ended = self.child.try_wait().expect("a child's status");
			assert!(ended.is_none(), "the broker has ended: {}", self.log());
			Probe::connect(("127.0.0.1", port)).ok()
		})
		.await;
	}

	pub(super) fn kill(&mut self) {
		drop(self.child.kill());
		drop(self.child.wait());
	}

	/// End it as its operator does: it writes down what it keeps.
	pub(super) async fn stop(&mut self) {
		let id = self.child.id().to_string();
		let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status();
		assert!(sent.is_ok_and(|status| status.success()), "it runs");
		let child = &mut self.child;
		let ended = until("a broker that ends", || child.try_wait().expect("a child's status"));
		let status = ended.await;
		assert!(status.success(), "{status}: {}", self.log());
	}

	pub(super) async fn restart(&mut self) {
		self.child = Self::spawn(self.directory.path());
		self.wait().await;
	}

	/// The certificate of the authority that signed the broker's.
	pub(super) fn authority(&self) -> PathBuf {
		self.directory.path().join("ca.pem")
	}

	/// A file with a password.
	pub(super) fn password_file(&self, password: &str) -> PathBuf {
		let file = self.directory.path().join(format!("password-{password}"));
		secret::tests::write(&file, password);
		file
	}

	/// How many messages a client has acknowledged since the broker was started last.
	pub(super) fn acknowledged_by(&self, client: &str) -> usize {
		self.log().matches(&format!("Received PUBACK from {client} ")).count()
	}

	fn log(&self) -> String {
		fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
	}
}

impl Drop for RealBroker {
	fn drop(&mut self) {
		self.kill();
	}
}

/// The password of a user.
pub(super) fn password_of(user: &str) -> &'static str {
	USERS.iter().find(|(name, _)| *name == user).expect("a user").1
}

/// A broker that keeps nothing, for anybody.
pub(super) fn anybody(_: &Path) -> String {
	"persistence false\nallow_anonymous true\nlog_dest stderr\nlog_type all\n".to_owned()
}

/// A broker with TLS that admits its users only, lets each do what it has to, keeps what it has to,
/// and tells what it does.
pub(super) fn secured(directory: &Path) -> String {
	secured_by(Certificate::Sound, directory)
}

/// The same, by a certificate of any kind.
pub(super) fn secured_by(certificate: Certificate, directory: &Path) -> String {
	authority(directory);
	certify(certificate, directory);
	fs::write(directory.join("users"), "").expect("a file");
	for (user, password) in USERS {
		run(directory, "mosquitto_passwd", &["-b", "users", user, password]);
	}
	fs::write(directory.join("grants"), GRANTS).expect("a file");
	let place = directory.display();
	format!(
		"allow_anonymous false\npassword_file {place}/users\nacl_file {place}/grants\n\
		 cafile {place}/ca.pem\ncertfile {place}/broker.pem\nkeyfile {place}/broker.key\n\
		 persistence true\npersistence_location {place}/\nlog_dest stderr\nlog_type all\n"
	)
}

/// An authority: its key and its certificate.
pub(super) fn authority(directory: &Path) {
	let own = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority"];
	run(directory, "openssl", &[&["req", "-x509"][..], &KEY, &own].concat());
}

/// A key of the broker, and the authority's certificate of it.
fn certify(certificate: Certificate, directory: &Path) {
	let request = ["-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker"];
	run(directory, "openssl", &[&["req"][..], &KEY, &request].concat());
	let name = match certificate {
		Certificate::Sound | Certificate::Expired => "IP:127.0.0.1",
		Certificate::OfAnother => "DNS:another.example",
	};
	let dates: &[&str] = match certificate {
		Certificate::Sound | Certificate::OfAnother => &["-days", "2"],
		Certificate::Expired => &["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"],
	};
	for (file, text) in [
		("names", format!("subjectAltName={name}\n")),
		("books", BOOKS.to_owned()),
		("index", String::new()),
	] {
		fs::write(directory.join(file), text).expect("a file");
	}
	let sign = ["ca", "-batch", "-notext", "-config", "books", "-extfile", "names"];
	let with = ["-in", "broker.csr", "-cert", "ca.pem", "-keyfile", "ca.key", "-out", "broker.pem"];
	run(directory, "openssl", &[&sign[..], &with, dates].concat());
}

/// Run a program to its end.
fn run(directory: &Path, program: &str, arguments: &[&str]) {
	let output = Command::new(program).args(arguments).current_dir(directory).output();
	let output = output.unwrap_or_else(|cause| panic!("{program}: {cause}"));
	assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}
