//! The programs that a demo starts, and how it makes sure that none outlives it.
//!
//! Each has a process group of its own, named by its process id: a Ctrl-C in the terminal reaches
//! the demo only, which ends them in order; what a program starts itself ends with it.

use std::{
	ffi::OsString,
	fs::File,
	io::{Read, Seek, SeekFrom},
	path::{Path, PathBuf},
	process::{Command as Blocking, Stdio},
	time::Duration,
};

use tokio::{
	process::{Child, Command},
	time::timeout,
};

use crate::owner::OwnerError;

/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(15);
/// Lines of a log that an error shows.
const TAIL_LINES: usize = 12;
/// Bytes of a log that are looked at for them.
const TAIL_BYTES: u64 = 16 * 1024;
/// What would tell programs something else than their arguments do.
const VARIABLES: [&str; 3] = ["CAIRN_SURI", "CAIRN_OWNER_SURI", "CAIRN_NODE"];

/// A program that was started.
#[derive(Debug)]
struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

/// The programs that were started, in order.
#[derive(Debug, Default)]
pub(crate) struct Processes(Vec<Process>);

impl Processes {
	/// Start a program; what it prints goes to the log.
	///
	/// # Errors
	/// If it cannot be started.
	pub(crate) fn start(
		&mut self,
		name: &str,
		program: &Path,
		arguments: &[OsString],
		log: PathBuf,
	) -> Result<(), OwnerError> {
		let output = File::create(&log)?;
		let mut command = Command::new(program);
		command
			.args(arguments)
			.env("NO_COLOR", "1")
			.stdin(Stdio::null())
			.stdout(output.try_clone()?)
			.stderr(output)
			.kill_on_drop(true);
		for variable in VARIABLES {
			command.env_remove(variable);
		}
		#[cfg(unix)]
		command.process_group(0);
		let child = command.spawn().map_err(|cause| {
			OwnerError::refused(
				format!("cannot start {}: {cause}", program.display()),
				"build it with `make build`",
			)
		})?;
		self.0.push(Process { name: name.to_owned(), child, log });
		Ok(())
	}

	/// Check that every program still runs.
	///
	/// # Errors
	/// If one ended by itself, with the end of its log.
	pub(crate) fn check(&mut self) -> Result<(), OwnerError> {
		for process in &mut self.0 {
			if let Some(status) = process.child.try_wait()? {
				let tail = tail(&process.log).unwrap_or_default();
				return Err(OwnerError::refused(
					format!(
						"{} ended by itself ({status}); its log ends with:\n{tail}",
						process.name
					),
					format!("read {} (keep it with --logs DIR)", process.log.display()),
				));
			}
		}
		Ok(())
	}

	/// End every program, the last one started first.
	pub(crate) async fn stop(&mut self) {
		while let Some(mut process) = self.0.pop() {
			end_group(&process.child, "TERM");
			if timeout(GRACE, process.child.wait()).await.is_err() {
				tracing::warn!(program = process.name, "it does not end when asked to; ending it");
				end_group(&process.child, "KILL");
				if let Err(cause) = process.child.kill().await {
					tracing::warn!(program = process.name, %cause, "cannot end it");
				}
			}
		}
	}
}

impl Drop for Processes {
	/// Reached with programs only after a panic: the programs themselves end as their handles are
	/// dropped, what they started ends here.
	fn drop(&mut self) {
		for process in self.0.iter().rev() {
			end_group(&process.child, "KILL");
		}
	}
}

/// Send a signal to a program's process group, if it has not ended.
fn end_group(child: &Child, signal: &str) {
	// Without an id it has ended, and the id may be somebody else's.
	let Some(id) = child.id() else { return };
	let script = "kill -s \"$1\" -- \"-$2\"";
	let sent = Blocking::new("sh")
		.args(["-c", script, "sh", signal, &id.to_string()])
		.stdin(Stdio::null())
		.stdout(Stdio::null())
		.stderr(Stdio::null())
		.status();
	if let Err(cause) = sent {
		tracing::warn!(%cause, "cannot send a signal");
	}
}

/// The last lines of a log.
fn tail(log: &Path) -> std::io::Result<String> {
	let mut file = File::open(log)?;
	let length = file.metadata()?.len();
	file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
	let mut bytes = Vec::new();
	file.read_to_end(&mut bytes)?;
	let text = String::from_utf8_lossy(&bytes);
	let lines = text.lines().collect::<Vec<_>>();
	let skip = lines.len().saturating_sub(TAIL_LINES);
	let shown = lines.iter().skip(skip).map(|line| format!("    {line}"));
	Ok(shown.collect::<Vec<_>>().join("\n"))
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;
	use tokio::time::sleep;

	/// Most looks at what is to happen, 20 ms apart: two minutes.
	const LOOKS: usize = 6_000;

	fn start(processes: &mut Processes, directory: &Path, script: &str) -> PathBuf {
		let log = directory.join("sh.log");
		let arguments = ["-c", script].map(OsString::from);
		processes.start("sh", Path::new("/bin/sh"), &arguments, log.clone()).expect("starts");
		log
	}

	/// Whether a process runs; one that ended and waits for its parent does not.
	fn runs(id: &str) -> bool {
		let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
		stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
	}

	/// The id of what a script started, once it has written it.
	async fn grandchild(directory: &Path) -> String {
		let file = directory.join("id");
		for _ in 0..LOOKS {
			match std::fs::read_to_string(&file) {
				Ok(id) if id.ends_with('\n') => return id.trim().to_owned(),
				_ => sleep(Duration::from_millis(20)).await,
			}
		}
		panic!("the script did not write {}", file.display());
	}

	fn family(directory: &Path) -> String {
		format!("sleep 600 & echo $! > {0}/id.new; mv {0}/id.new {0}/id; wait", directory.display())
	}

	async fn ends(id: &str) -> bool {
		for _ in 0..LOOKS {
			if !runs(id) {
				return true;
			}
			sleep(Duration::from_millis(20)).await;
		}
		false
	}

	#[tokio::test]
	async fn everything_ends_when_it_is_stopped() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let mut processes = Processes::default();
		start(&mut processes, directory.path(), &family(directory.path()));
		let id = grandchild(directory.path()).await;
		assert!(runs(&id) && processes.check().is_ok());
		processes.stop().await;
		assert!(ends(&id).await);
	}

	#[tokio::test]
	async fn everything_ends_when_the_demo_panics() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let mut processes = Processes::default();
		start(&mut processes, directory.path(), &family(directory.path()));
		let id = grandchild(directory.path()).await;
		let panicked = tokio::spawn(async move {
			let _processes = processes;
			panic!("on purpose");
		});
		assert!(panicked.await.is_err());
		assert!(ends(&id).await);
	}

	#[tokio::test]
	async fn fails_when_a_program_ends_by_itself() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let mut processes = Processes::default();
		start(&mut processes, directory.path(), "echo out of luck >&2; exit 3");
		for _ in 0..LOOKS {
			if let Err(error) = processes.check() {
				let text = error.to_string();
				assert!(text.contains("out of luck") && text.contains("exit status: 3"), "{text}");
				return;
			}
			sleep(Duration::from_millis(20)).await;
		}
		panic!("the end was not noticed");
	}
}
