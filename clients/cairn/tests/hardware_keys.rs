//! Root keys in other hands: OpenSSL, and a TPM 2.0 as software, which tpm2-tools reach as they reach
//! one in hardware. What they sign is what the chain verifies.

use std::{
	fs,
	os::unix::net::UnixStream,
	path::{Path, PathBuf},
	process::Stdio,
	time::{Duration, Instant},
};

use cairn::agent::P256Signer;
use cairn_types::{
	DeviceKey, Hash32, RootKey, RootSignature, certificate::possession_message,
	root::delegation_message,
};
use sp_core::{Pair, ed25519};
use tempfile::TempDir;
use tokio::{
	process::{Child, Command},
	time::{sleep, timeout},
};

/// How long a tool may take.
const TOOL: Duration = Duration::from_secs(120);
/// How long a TPM may take to start.
const START: Duration = Duration::from_secs(120);
/// Where the TPM keeps the key.
const HANDLE: &str = "0x81000001";
/// Signatures of each kind: half of all have a high `s` before it is normalized, so that all of them
/// have a low one by chance once in 65,536 runs.
const SIGNATURES: u8 = 16;

/// Run a tool in a directory.
async fn run(directory: &Path, program: &str, arguments: &[&str]) {
	let mut command = Command::new(program);
	command.args(arguments).current_dir(directory).stdin(Stdio::null()).kill_on_drop(true);
	let output = timeout(TOOL, command.output()).await;
	let output = output.unwrap_or_else(|_| panic!("{program} takes longer than {TOOL:?}"));
	let output = output.unwrap_or_else(|cause| panic!("{program}: {cause}; run scripts/setup"));
	let said = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// Write a description of a key whose public part is in the file `public`.
fn describe(directory: &Path, name: &str, public: &str, sign: &[&str]) -> PathBuf {
	let path = directory.join(name);
	let words = sign.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
	let text = format!("public = {public:?}\nsign = [{words}]\n");
	fs::write(&path, text).expect("writable");
	path
}

/// What a device signs when it is registered: its root key names its operational key.
fn message(root: &RootKey, nonce: u8) -> Hash32 {
	let key = DeviceKey::Ed25519(ed25519::Pair::from_seed(&[nonce; 32]).public());
	delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], nonce.into(), root, &key)
}

/// Whatever it signs, the chain accepts, and for nothing else.
async fn assert_signs(description: &Path) {
	let signer = P256Signer::load(description).expect("a description");
	let root = RootKey::P256(signer.public());
	for nonce in 0..SIGNATURES {
		let message = message(&root, nonce);
		let signature = signer.sign(&message).await.expect("it signs");
		assert!(signature.is_low_s());
		let signature = RootSignature::P256(signature);
		assert!(root.verify(&message, &signature));
		assert!(!root.verify(&self::message(&root, nonce + 1), &signature));
	}
}

#[tokio::test]
async fn works_when_openssl_signs() {
	let directory = TempDir::new().expect("a temporary directory");
	let directory = directory.path();
	let make = ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "root.pem"];
	run(directory, "openssl", &make).await;
	let secret = directory.join("root.pem");
	let secret = secret.to_str().expect("plain text");
	for (public, form, encoding) in [
		("compressed.pem", "compressed", "PEM"),
		("uncompressed.pem", "uncompressed", "PEM"),
		("uncompressed.der", "uncompressed", "DER"),
	] {
		let show = ["ec", "-in", "root.pem", "-pubout", "-conv_form", form];
		let arguments = [&show[..], &["-outform", encoding, "-out", public]].concat();
		run(directory, "openssl", &arguments).await;
	}
	let files = ["openssl", "dgst", "-sha256", "-sign", secret, "-out", "{signature}", "{message}"];
	let streams = &files[..5];
	assert_signs(&describe(directory, "files.toml", "compressed.pem", &files)).await;
	assert_signs(&describe(directory, "streams.toml", "uncompressed.pem", streams)).await;
	let der = describe(directory, "der.toml", "uncompressed.der", streams);
	let pem = directory.join("files.toml");
	let public = |path: &Path| P256Signer::load(path).expect("a description").public();
	assert_eq!(public(&der), public(&pem));
}

#[tokio::test]
async fn fails_when_openssl_signs_with_another_key_or_hash() {
	let directory = TempDir::new().expect("a temporary directory");
	let directory = directory.path();
	for name in ["root.pem", "other.pem"] {
		let make = ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name];
		run(directory, "openssl", &make).await;
	}
	run(directory, "openssl", &["ec", "-in", "root.pem", "-pubout", "-out", "root.pub"]).await;
	for (secret, hash) in [("other.pem", "-sha256"), ("root.pem", "-sha384")] {
		let secret = directory.join(secret);
		let secret = secret.to_str().expect("plain text");
		let sign = ["openssl", "dgst", hash, "-sign", secret];
		let description = describe(directory, "wrong.toml", "root.pub", &sign);
		let signer = P256Signer::load(&description).expect("a description");
		let error = signer.sign(&[7; 32]).await.expect_err("it is another signature");
		assert!(error.to_string().contains("not this key's"), "{error}");
	}
}

/// A TPM 2.0 as software, reached by a socket in its directory; it ends with the test.
struct Tpm {
	process: Child,
	directory: TempDir,
}

impl Tpm {
	async fn start() -> Self {
		let directory = TempDir::new().expect("a temporary directory");
		let at = |name: &str| directory.path().join(name).display().to_string();
		let process = Command::new("swtpm")
			.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
			.args(["--tpmstate", &format!("dir={}", directory.path().display())])
			.args(["--server", &format!("type=unixio,path={}", at("tpm"))])
			.args(["--ctrl", &format!("type=unixio,path={}", at("tpm.ctrl"))])
			.stdin(Stdio::null())
			.stdout(Stdio::null())
			.stderr(Stdio::null())
			.kill_on_drop(true)
			.spawn()
			.unwrap_or_else(|cause| panic!("swtpm: {cause}; run scripts/setup"));
		let mut tpm = Self { process, directory };
		let begun = Instant::now();
		while UnixStream::connect(tpm.directory.path().join("tpm.ctrl")).is_err() {
			let ended = tpm.process.try_wait().expect("it can be asked");
			assert!(ended.is_none(), "the TPM ended: {ended:?}");
			assert!(begun.elapsed() < START, "the TPM does not start");
			sleep(Duration::from_millis(20)).await;
		}
		tpm
	}

	/// How tools reach it.
	fn address(&self) -> String {
		format!("swtpm:path={}", self.directory.path().join("tpm").display())
	}

	/// Make a key on P-256 that cannot leave it, and write its public part into `root.pem`.
	async fn make_key(&self) {
		let address = self.address();
		let may = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign";
		let tools: [&[&str]; 4] = [
			&["createprimary", "-C", "o", "-G", "ecc256:ecdsa-sha256", "-a", may, "-c", "key.ctx"],
			&["evictcontrol", "-C", "o", "-c", "key.ctx", HANDLE],
			&["flushcontext", "-t"],
			&["readpublic", "-c", HANDLE, "-f", "pem", "-o", "root.pem"],
		];
		for words in tools {
			let (tool, arguments) = words.split_first().expect("a tool");
			let quiet: &[&str] = if *tool == "flushcontext" { &[] } else { &["-Q"] };
			let arguments = [&["-T", address.as_str()][..], quiet, arguments].concat();
			run(self.directory.path(), &format!("tpm2_{tool}"), &arguments).await;
		}
	}
}

#[tokio::test]
async fn works_when_a_tpm_signs() {
	let mut tpm = Tpm::start().await;
	tpm.make_key().await;
	let (address, directory) = (tpm.address(), tpm.directory.path());
	let own = ["tpm2_sign", "-Q", "-T", &address, "-c", HANDLE, "-g", "sha256"];
	let files = ["-o", "{signature}", "{message}"];
	let plain = [&own[..], &["-f", "plain"], &files].concat();
	let own = [&own[..], &files].concat();
	assert_signs(&describe(directory, "plain.toml", "root.pem", &plain)).await;
	assert_signs(&describe(directory, "own.toml", "root.pem", &own)).await;
	tpm.process.kill().await.expect("it can be ended");

	// A TPM that is gone signs nothing, and is not waited for.
	let signer = P256Signer::load(&directory.join("plain.toml")).expect("a description");
	let error = timeout(TOOL, signer.sign(&[7; 32])).await.expect("in time");
	let error = error.expect_err("there is no TPM").to_string();
	assert!(error.contains("Remedy: "), "{error}");
}

/// The two kinds of signature that come with a registration are told apart by their domains.
#[test]
fn a_delegation_is_no_proof_of_possession() {
	let pair = ed25519::Pair::from_seed(&[1; 32]);
	let key = DeviceKey::Ed25519(pair.public());
	let root = RootKey::P256(cairn_types::P256Public([2; 33]));
	let delegation = delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], 5, &root, &key);
	assert_ne!(delegation, possession_message(&[1; 32], 2, &[3; 32], &[4; 32], 5, &key));
}
