//! Processes under test.

use std::{
	fs::{self, File, OpenOptions},
	net::TcpListener,
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::atomic::{AtomicU32, Ordering},
	thread,
	time::{Duration, Instant},
};

/// Lines of a log that a failed test shows.
const TAIL: usize = 60;
/// Ports that the tests use: below those that the system takes for outgoing connections.
const PORTS: (u32, u32) = (20_000, 12_000);

/// The binary `name`, which the workspace builds beside `cairn`.
///
/// # Panics
/// If it has not been built.
pub(crate) fn binary(name: &str) -> PathBuf {
	let path = Path::new(env!("CARGO_BIN_EXE_cairn")).with_file_name(name);
	assert!(
		path.is_file(),
		"{} is not built: run `cargo build --workspace --bins` first, as `make test` does",
		path.display()
	);
	path
}

/// The `cairn` command.
pub(crate) fn cairn() -> Command {
	Command::new(env!("CARGO_BIN_EXE_cairn"))
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
	static NEXT: AtomicU32 = AtomicU32::new(0);
	let (first, count) = PORTS;
	for _ in 0..count {
		let offset = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id();
		let port = u16::try_from(first + offset % count).expect("the range lies in 16 bits");
		if TcpListener::bind(("0.0.0.0", port)).is_ok() {
			return port;
		}
	}
	panic!("every port from {first} to {} is in use", first + count - 1);
}

/// A process that runs until it is killed. Killed when dropped; its log is shown if the test fails.
pub(crate) struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

impl Process {
	/// Start `command`, its output appended to `log`.
	pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Self {
		let file = OpenOptions::new().create(true).append(true).open(log).expect("a log file");
		let output = file.try_clone().expect("a log file");
		let child = command
			.stdin(Stdio::null())
			.stdout(output)
			.stderr(file)
			.process_group(0)
			.spawn()
			.unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
		Self { name: name.to_owned(), child, log: log.to_owned() }
	}

	/// Its process id.
	pub(crate) fn id(&self) -> u32 {
		self.child.id()
	}

	/// Fail the test if the process has ended by itself.
	pub(crate) fn ensure_running(&mut self) {
		if let Some(status) = self.child.try_wait().expect("a child's status") {
			panic!("{} ended by itself: {status}", self.name);
		}
	}

	/// SIGKILL, as `kill -9` sends it.
	pub(crate) fn kill(&mut self) {
		// It fails only for a process that has ended.
		drop(self.child.kill());
		drop(self.child.wait());
	}

	/// SIGTERM; the process must then end with exit code 0 within `limit`.
	pub(crate) fn terminate(&mut self, limit: Duration) {
		let id = self.id().to_string();
		let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status();
		assert!(sent.is_ok_and(|status| status.success()), "cannot signal {}", self.name);
		let end = Instant::now() + limit;
		loop {
			if let Some(status) = self.child.try_wait().expect("a child's status") {
				assert!(status.success(), "{} ended with {status}", self.name);
				return;
			}
			assert!(Instant::now() < end, "{} still runs after SIGTERM", self.name);
			thread::sleep(Duration::from_millis(50));
		}
	}

	/// Memory that the process holds, in bytes.
	pub(crate) fn resident_bytes(&self) -> u64 {
		let path = format!("/proc/{}/status", self.id());
		let status = fs::read_to_string(path).expect("a process that runs");
		let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
		let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).map(str::trim);
		kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a size in kB") * 1_024
	}

	/// What it has logged.
	pub(crate) fn log(&self) -> String {
		read(&self.log)
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		self.kill();
		if thread::panicking() {
			eprintln!("--- the end of {}'s log\n{}---", self.name, tail(&self.log()));
		}
	}
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
	/// Its exit code; `None` after a signal.
	pub(crate) code: Option<i32>,
	/// What it wrote to standard output.
	pub(crate) output: String,
	/// What it wrote to standard error.
	pub(crate) errors: String,
}

/// Run `command` until it ends by itself; the test fails after `limit`.
pub(crate) fn run_to_end(command: &mut Command, limit: Duration) -> Ended {
	let directory = tempfile::tempdir().expect("a temporary directory");
	let (output, errors) = (directory.path().join("out"), directory.path().join("err"));
	let mut child = command
		.stdin(Stdio::null())
		.stdout(File::create(&output).expect("a file"))
		.stderr(File::create(&errors).expect("a file"))
		.process_group(0)
		.spawn()
		.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
	let end = Instant::now() + limit;
	let status = loop {
		if let Some(status) = child.try_wait().expect("a child's status") {
			break status;
		}
		if Instant::now() >= end {
			drop(child.kill());
			drop(child.wait());
			let seconds = limit.as_secs();
			panic!("{command:?} still runs after {seconds} s:\n{}", tail(&read(&errors)));
		}
		thread::sleep(Duration::from_millis(50));
	};
	Ended { code: status.code(), output: read(&output), errors: read(&errors) }
}

fn read(path: &Path) -> String {
	fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The last lines of a log.
pub(crate) fn tail(log: &str) -> String {
	let lines = log.lines().collect::<Vec<_>>();
	let from = lines.len().saturating_sub(TAIL);
	lines[from..].iter().map(|line| format!("{line}\n")).collect()
}
