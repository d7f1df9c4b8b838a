//! Which broker, as whom, and whose certificates are trusted.

use std::{fs::File, io::Read, path::Path, path::PathBuf, sync::Arc, time::Duration};

use cairn_types::{GatewayId, NetworkId};
use rustls::ClientConfig;

use super::{MAX_PAYLOAD, MAX_PENDING};
use crate::{
	gateway::error::Error,
	mqtt::{
		Address, Version,
		link::{Limits, Settings},
		tls,
	},
	secret,
};

/// Most bytes of a file of certificates.
const MAX_BYTES: u64 = 4 << 20;
/// Most bytes of a packet besides its payload: topic and properties.
const OVERHEAD: u32 = 64 << 10;
/// How long a broker that speaks MQTT 5 keeps messages while the gateway is away, seconds: 7 days.
const SESSION: u32 = 7 * 86_400;

/// What a gateway's operator says of a broker.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct MqttArgs {
	/// Take readings from this broker, too: mqtt://HOST:PORT, or mqtts://HOST:PORT with TLS; the
	/// usual ports need not be named.
	#[arg(long, value_name = "URL")]
	pub mqtt: Option<String>,
	/// Version of the protocol.
	#[arg(long, value_enum, default_value_t = Version::V5)]
	pub mqtt_version: Version,
	/// Name of the broker's user.
	#[arg(long, value_name = "NAME")]
	pub mqtt_user: Option<String>,
	/// File with the user's password: one line, mode 0600.
	#[arg(long, value_name = "FILE", requires = "mqtt_user")]
	pub mqtt_password_file: Option<PathBuf>,
	/// Certificates in PEM from which the broker's must follow; the system's, if none are named.
	#[arg(long, value_name = "FILE")]
	pub mqtt_ca: Option<PathBuf>,
	/// Under which name the broker keeps messages for the gateway [default: cairn-gateway-ID].
	#[arg(long, value_name = "NAME")]
	pub mqtt_client_id: Option<String>,
}

/// A broker to connect to.
#[derive(Clone)]
pub struct Broker {
	/// Where it is.
	pub address: Address,
	/// Set if it speaks TLS.
	pub tls: Option<Arc<ClientConfig>>,
	/// The protocol.
	pub version: Version,
	/// Name and password.
	pub login: Option<(String, String)>,
	/// Under which name the broker keeps the session.
	pub client_id: String,
	/// The gateway's network.
	pub network: NetworkId,
}

impl Broker {
	/// How to connect. The broker keeps what was not acknowledged, unless it is asked to forget it.
	///
	/// - `packet_v3`: most bytes of a packet of MQTT 3.1.1.
	pub(super) fn settings(&self, forget: bool, packet_v3: usize) -> Settings {
		let Self { address, tls, version, login, client_id, .. } = self.clone();
		let kept = (!forget).then_some(SESSION);
		Settings {
			address,
			tls,
			version,
			login,
			client_id,
			kept,
			by_receipt: true,
			limits: limits(packet_v3),
		}
	}
}

/// What a connection of the gateway bears.
fn limits(packet_v3: usize) -> Limits {
	Limits {
		keep_alive: Duration::from_secs(30),
		packet_v3,
		packet_v5: u32::try_from(MAX_PAYLOAD).unwrap_or(u32::MAX).saturating_add(OVERHEAD),
		waiting: u16::try_from(MAX_PENDING).ok(),
		requests: 1_024,
		inflight: 64,
	}
}

impl MqttArgs {
	/// The broker; `None` if none was named.
	///
	/// # Errors
	/// [`Error::Mqtt`] if something that was said does not hold.
	pub fn broker(&self, gateway: GatewayId, network: NetworkId) -> Result<Option<Broker>, Error> {
		let Some(url) = &self.mqtt else { return Ok(None) };
		let address = Address::read(url).map_err(|cause| {
			wrong(&format!(
				"--mqtt: {cause}; write mqtt://HOST:PORT or mqtts://HOST:PORT, and name a user by \
				 --mqtt-user"
			))
		})?;
		let login = match (&self.mqtt_user, &self.mqtt_password_file) {
			(Some(user), Some(file)) => Some((user.clone(), password(file)?)),
			(Some(user), None) => Some((user.clone(), String::new())),
			(None, _) => None,
		};
		let tls = if address.is_secure { Some(client(self.mqtt_ca.as_deref())?) } else { None };
		let client_id = match &self.mqtt_client_id {
			Some(name) if name.is_empty() => return Err(wrong("the name of the client is empty")),
			Some(name) => name.clone(),
			None => format!("cairn-gateway-{gateway}"),
		};
		let version = self.mqtt_version;
		Ok(Some(Broker { address, tls, version, login, client_id, network }))
	}
}

fn wrong(cause: &str) -> Error {
	Error::Mqtt { cause: cause.to_owned() }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
	let failed = |cause: std::io::Error| wrong(&format!("{}: {cause}", file.display()));
	let mut bytes = Vec::new();
	let opened = File::open(file).map_err(failed)?;
	opened.take(MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
	Ok(bytes)
}

/// The secret in a file that only its owner may read, as for the agent.
fn password(file: &Path) -> Result<String, Error> {
	secret::read(file).map_err(|fault| wrong(&format!("{}; {}", fault.cause, fault.remedy)))
}

/// A client of TLS that trusts the certificates of a file, or the system's.
fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
	let Some(file) = ca else {
		return tls::client(None)
			.map_err(|cause| wrong(&format!("{cause}; name some with --mqtt-ca")));
	};
	let failed = |cause: String| wrong(&format!("{}: {cause}", file.display()));
	tls::client(Some(&read(file)?)).map_err(failed)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::secret::tests::{allow, write};
	use std::fs;

	fn args(url: &str) -> MqttArgs {
		MqttArgs { mqtt: Some(url.to_owned()), ..MqttArgs::default() }
	}

	fn broker(args: &MqttArgs) -> Result<Option<Broker>, Error> {
		args.broker(GatewayId(3), NetworkId(1))
	}

	fn refused(args: &MqttArgs) -> String {
		broker(args).err().expect("refused").to_string()
	}

	#[test]
	fn works_when_a_broker_is_named() {
		assert!(broker(&MqttArgs::default()).expect("nothing is wrong").is_none());
		let plain = broker(&args("mqtt://broker.example")).expect("reads").expect("a broker");
		let (host, port) = (plain.address.host.as_str(), plain.address.port);
		assert_eq!((host, port), ("broker.example", 1_883));
		assert_eq!((plain.client_id.as_str(), plain.version), ("cairn-gateway-3", Version::V5));
		assert!(plain.tls.is_none() && plain.login.is_none());
	}

	#[test]
	fn fails_when_the_url_is_another() {
		for url in ["", "http://broker", "mqtt://user:secret@broker", "mqtts://[::1]"] {
			let cause = refused(&args(url));
			assert!(cause.contains("--mqtt-user") && cause.contains("Remedy"), "{url}: {cause}");
			assert!(!cause.contains("secret"), "{cause}");
		}
		let nameless = MqttArgs { mqtt_client_id: Some(String::new()), ..args("mqtt://b") };
		assert!(refused(&nameless).contains("client"));
	}

	#[test]
	fn works_when_the_user_has_a_password() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("password");
		write(&file, "pass word\n");
		let user = Some("gateway".to_owned());
		let mut asked = MqttArgs { mqtt_user: user, ..args("mqtt://b") };
		let login = |asked: &MqttArgs| broker(asked).expect("reads").expect("a broker").login;
		assert_eq!(login(&asked), Some(("gateway".to_owned(), String::new())));
		asked.mqtt_password_file = Some(file.clone());
		assert_eq!(login(&asked), Some(("gateway".to_owned(), "pass word".to_owned())));
		write(&file, [0xff, 0xfe]);
		assert!(refused(&asked).contains("not text"));
		write(&file, "pass word\nsecond line\n");
		assert!(refused(&asked).contains("one line"));
		asked.mqtt_password_file = Some(directory.path().join("none"));
		assert!(refused(&asked).contains("none"));
	}

	#[cfg(unix)]
	#[test]
	fn fails_when_others_may_read_the_password() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("password");
		write(&file, "pass word\n");
		allow(&file, 0o644);
		let mqtt_password_file = Some(file);
		let user = Some("gateway".to_owned());
		let asked = MqttArgs { mqtt_user: user, mqtt_password_file, ..args("mqtt://b") };
		let cause = refused(&asked);
		assert!(cause.contains("mode 644") && cause.contains("chmod 600"), "{cause}");
		assert!(!cause.contains("pass word"), "{cause}");
	}

	#[test]
	fn fails_when_nobody_is_trusted() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("ca.pem");
		let asked = MqttArgs { mqtt_ca: Some(file.clone()), ..args("mqtts://b") };
		assert!(refused(&asked).contains("ca.pem"), "there is no such file");
		fs::write(&file, "").expect("a file");
		assert!(refused(&asked).contains("no certificate"));
		let block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
		fs::write(&file, block).expect("a file");
		assert!(refused(&asked).contains("ca.pem"));
	}
}
