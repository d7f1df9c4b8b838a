//! Programs under test.

use std::{
	env,
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
/// Ports that the tests use: below those that the system takes for outgoing connections, which
/// could come between the choice of a port and its use.
const PORTS: (u32, u32) = (20_000, 12_000);
/// Time between two looks at whether a program has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The program `name`, which the workspace builds beside its tests.
///
/// # Panics
/// If it has not been built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
	let test = env::current_exe().expect("a test knows where it is");
	// Tests are in `deps`, programs one level above.
	let directory = test.parent().and_then(Path::parent).expect("a target directory");
	let path = directory.join(name);
	assert!(
		path.is_file(),
		"{} is not built: run `cargo build --workspace --bins` first, as `make test` does",
		path.display()
	);
	path
}

/// The `cairn` command.
#[must_use]
pub fn cairn() -> Command {
	Command::new(binary("cairn"))
}

/// A port on which nobody listens.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
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

/// A program that runs until it is stopped. Killed when dropped; its log is shown if the test
/// fails.
pub struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

impl Process {
	/// Start `command`, its output appended to `log`.
	///
	/// # Panics
	/// If it cannot be started.
	pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
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
	#[must_use]
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// Fail the test if the program has ended by itself.
	///
	/// # Panics
	/// If it has.
	pub fn ensure_running(&mut self) {
		if let Some(status) = self.child.try_wait().expect("a child's status") {
			panic!("{} ended by itself: {status}", self.name);
		}
	}

	/// SIGKILL, as `kill -9` sends it.
	pub fn kill(&mut self) {
		// It fails only for a program that has ended.
		drop(self.child.kill());
		drop(self.child.wait());
	}

	/// SIGTERM; the program must then end with exit code 0 within `limit`.
	///
	/// # Panics
	/// If it does not.
	pub fn terminate(&mut self, limit: Duration) {
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
			thread::sleep(LOOK);
		}
	}

	/// Memory that the program holds, in bytes.
	///
	/// # Panics
	/// If it does not run.
	#[must_use]
	pub fn resident_bytes(&self) -> u64 {
		let path = format!("/proc/{}/status", self.id());
		let status = fs::read_to_string(path).expect("a program that runs");
		let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
		let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).map(str::trim);
		kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a size in kB") * 1_024
	}

	/// What it has logged.
	#[must_use]
	pub fn log(&self) -> String {
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

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
	/// Its exit code; `None` after a signal.
	pub code: Option<i32>,
	/// What it wrote to standard output.
	pub output: String,
	/// What it wrote to standard error.
	pub errors: String,
}

/// Run `command` until it ends by itself.
///
/// # Panics
/// If it does not within `limit`.
pub fn run_to_end(command: &mut Command, limit: Duration) -> Ended {
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
			// What it started is in its group.
			let id = child.id().to_string();
			drop(Command::new("sh").args(["-c", "kill -s KILL -- \"-$0\"", &id]).status());
			drop(child.wait());
			let seconds = limit.as_secs();
			panic!("{command:?} still runs after {seconds} s:\n{}", tail(&read(&errors)));
		}
		thread::sleep(LOOK);
	};
	Ended { code: status.code(), output: read(&output), errors: read(&errors) }
}

/// What a file holds; nothing if there is none.
#[must_use]
pub fn read(path: &Path) -> String {
	fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &str) -> String {
	let lines = log.lines().collect::<Vec<_>>();
	let from = lines.len().saturating_sub(TAIL);
	lines[from..].iter().map(|line| format!("{line}\n")).collect()
}
