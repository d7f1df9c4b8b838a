//! What carries the sensors' values to the agents: a broker of MQTT and an exporter of Prometheus, as
//! Debian ships them.

use std::{
	ffi::OsString,
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};

use sp_core::{Pair, ed25519};
use tokio::{process::Command, time::timeout};

use super::feeds::{Login, Meters};
use crate::{
	demo::{
		place::{failed, find_program, make_directory, write_file, write_secret},
		stage::Stage,
	},
	owner::OwnerError,
};

/// How long passwords may take to be hashed.
const HASHED: Duration = Duration::from_secs(120);
/// Who may sign in at the broker: who publishes, and who listens.
const STATION: &str = "station";
const AGENT: &str = "agent";
/// What each of them may do.
const RIGHTS: &str = "user station\ntopic write city/+/weather\n\n\
	user agent\ntopic read city/+/weather\n";

/// The programs that are needed besides our own.
pub(super) struct Programs {
	broker: PathBuf,
	passwords: PathBuf,
	exporter: PathBuf,
}

impl Programs {
	/// Where they are.
	///
	/// # Errors
	/// If one is not installed.
	pub(super) fn find() -> Result<Self, OwnerError> {
		Ok(Self {
			broker: find_program("mosquitto", "mosquitto")?,
			passwords: find_program("mosquitto_passwd", "mosquitto")?,
			exporter: find_program("prometheus-node-exporter", "prometheus-node-exporter")?,
		})
	}

	/// Start a broker that admits the stations and the agent only; the agent's password is written to
	/// `agent.password` in the same directory. Returns as whom the stations sign in.
	///
	/// # Errors
	/// If a file cannot be written, or the broker does not start.
	pub(super) async fn start_broker(
		&self,
		stage: &mut Stage<'_>,
		directory: &Path,
		port: u16,
	) -> Result<Login, OwnerError> {
		let (password, other) = (secret(), secret());
		let users = directory.join("broker.users");
		write_secret(&users, &format!("{STATION}:{password}\n{AGENT}:{other}"))?;
		write_secret(&directory.join("agent.password"), &other)?;
		self.hash(&users).await?;
		let rights = directory.join("broker.acl");
		write_file(&rights, RIGHTS)?;
		let configuration = directory.join("broker.conf");
		write_file(&configuration, &broker_configuration(port, &users, &rights))?;
		let arguments: [OsString; 2] = ["-c".into(), configuration.into_os_string()];
		stage.start("mosquitto", &self.broker, &arguments)?;
		stage.reach_port(port).await?;
		Ok(Login { port, user: STATION, password })
	}

	/// Replace a file's passwords by their hashes. They are no arguments: others see those.
	async fn hash(&self, users: &Path) -> Result<(), OwnerError> {
		let mut command = Command::new(&self.passwords);
		command.arg("-U").arg(users).stdin(Stdio::null()).stdout(Stdio::null());
		let refused = |cause: String| {
			OwnerError::refused(
				format!("{} does not hash the passwords: {cause}", self.passwords.display()),
				"see that mosquitto 2 is installed: scripts/setup",
			)
		};
		let ended = timeout(HASHED, command.kill_on_drop(true).status()).await;
		let ended = ended.map_err(|_| refused("it takes too long".to_owned()))?;
		let status = ended.map_err(|cause| refused(cause.to_string()))?;
		if status.success() { Ok(()) } else { Err(refused(status.to_string())) }
	}

	/// Start an exporter that serves what the meters' file holds, and nothing of this machine.
	///
	/// # Errors
	/// If a file cannot be written, or the exporter does not start.
	pub(super) async fn start_exporter(
		&self,
		stage: &mut Stage<'_>,
		file: &Path,
		meters: &Meters,
		port: u16,
	) -> Result<(), OwnerError> {
		let directory = file.parent().unwrap_or(Path::new(""));
		make_directory(directory)?;
		meters.write(file).map_err(|cause| failed(file, &cause))?;
		let arguments: [OsString; 4] = [
			format!("--web.listen-address=127.0.0.1:{port}").into(),
			"--collector.disable-defaults".into(),
			"--collector.textfile".into(),
			format!("--collector.textfile.directory={}", directory.display()).into(),
		];
		stage.start("prometheus-node-exporter", &self.exporter, &arguments)?;
		let url = format!("http://127.0.0.1:{port}/metrics");
		stage.reach(&url, |text| text.contains("meter_energy_joules_total{")).await
	}
}

/// A secret of 256 bits, in hex.
fn secret() -> String {
	let (_, seed) = ed25519::Pair::generate();
	hex::encode(seed)
}

/// The broker's configuration. Pure.
fn broker_configuration(port: u16, users: &Path, rights: &Path) -> String {
	format!(
		"listener {port} 127.0.0.1\n\
		 allow_anonymous false\n\
		 password_file {}\n\
		 acl_file {}\n\
		 persistence false\n\
		 log_dest stderr\n\
		 user root\n",
		users.display(),
		rights.display()
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn secrets_differ_and_are_hex() {
		let (one, other) = (secret(), secret());
		assert_ne!(one, other);
		assert!(one.len() == 64 && hex::decode(one).is_ok());
	}

	#[test]
	fn the_broker_listens_on_this_machine_and_asks_who_comes() {
		let text = broker_configuration(1_883, Path::new("/a/users"), Path::new("/a/acl"));
		assert!(text.contains("listener 1883 127.0.0.1\nallow_anonymous false\n"), "{text}");
		assert!(text.contains("password_file /a/users\nacl_file /a/acl\n"), "{text}");
		for user in [STATION, AGENT] {
			assert!(RIGHTS.contains(&format!("user {user}\n")), "{user}");
		}
	}
}
