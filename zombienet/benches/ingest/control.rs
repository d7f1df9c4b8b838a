//! What this machine does without a gateway: bare checks of signatures, bare commits.

use std::{
	fs::{self, OpenOptions},
	io::{self, Seek, SeekFrom, Write},
	path::Path,
	process::{Command, Stdio},
	time::{Duration, Instant},
};

use cairn::agent::{DevicePair, Scheme};
use cairn_network_tests::bench::Failure;
use cairn_network_tests::ingest::figures::{Control, Waits};
use sp_crypto_hashing::blake2_256;

/// How long each is measured.
const LENGTH: Duration = Duration::from_secs(3);
/// Keys, each with a message: more than stay in the processor's nearest memory.
const KEYS: u32 = 1_024;
/// Bytes that a commit writes, and bytes of the file that they are written to in turns.
const COMMIT: usize = 64 << 10;
const FILE: u64 = 16 << 20;

/// Measure both, commits in this directory.
pub(crate) fn measure(directory: &Path) -> Result<Control, Failure> {
	let failed = |cause: io::Error| {
		Failure::new(
			format!("cannot write in {}: {cause}", directory.display()),
			"name another directory by TMPDIR",
		)
	};
	let waits = commits(directory).map_err(failed)?;
	let seconds = waits.iter().sum::<Duration>().as_secs_f64();
	Ok(Control {
		signatures: signatures(),
		written: COMMIT,
		commits: waits.len() as f64 / seconds,
		commit_waits: Waits::of(waits),
	})
}

/// Checks a second, on one processor.
fn signatures() -> f64 {
	let signed = (0..KEYS).map(|number| {
		let seed = blake2_256(&number.to_le_bytes());
		let pair = DevicePair::from_seed(Scheme::Ed25519, &seed);
		let message = blake2_256(&seed);
		(pair.public(), message, pair.sign(&message))
	});
	let signed = signed.collect::<Vec<_>>();
	let begin = Instant::now();
	let mut checked = 0_u32;
	while begin.elapsed() < LENGTH {
		for (key, message, signature) in &signed {
			assert!(key.verify(message, signature), "a signature is good");
		}
		checked += KEYS;
	}
	f64::from(checked) / begin.elapsed().as_secs_f64()
}

/// How long it takes to write some bytes of a file and to have them on the disk, again and again.
fn commits(directory: &Path) -> io::Result<Vec<Duration>> {
	let path = directory.join("control");
	let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
	let bytes = vec![0xa5; COMMIT];
	while file.stream_position()? < FILE {
		file.write_all(&bytes)?;
	}
	file.sync_all()?;
	let (begin, mut waits) = (Instant::now(), Vec::new());
	while begin.elapsed() < LENGTH {
		if file.stream_position()? >= FILE {
			file.seek(SeekFrom::Start(0))?;
		}
		let since = Instant::now();
		file.write_all(&bytes)?;
		file.sync_data()?;
		waits.push(since.elapsed());
	}
	fs::remove_file(&path)?;
	Ok(waits)
}

/// The kind of file system that a directory is on, as the system calls it.
pub(crate) fn file_system(directory: &Path) -> String {
	let mut command = Command::new("stat");
	command.args(["-f", "-c", "%T"]).arg(directory).stdin(Stdio::null()).stderr(Stdio::null());
	let output = command.output().ok().filter(|output| output.status.success());
	let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
	text.filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
