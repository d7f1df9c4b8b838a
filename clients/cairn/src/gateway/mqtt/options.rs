//! Which broker, as whom, and whose certificates are trusted.

use std::{fs::File, io::Read, path::Path, path::PathBuf, sync::Arc};

use cairn_types::{GatewayId, NetworkId};
use reqwest::Url;
use rustls::ClientConfig;

use crate::{gateway::error::Error, tls};

/// Most bytes of a file of certificates or of a password.
const MAX_BYTES: u64 = 4 << 20;

/// A version of MQTT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
	/// MQTT 3.1.1.
	#[value(name = "3.1.1")]
	V3,
	/// MQTT 5.
	#[default]
	#[value(name = "5")]
	V5,
}

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
	/// File with the user's password.
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
	/// Its host.
	pub host: String,
	/// Its port.
	pub port: u16,
	/// Set if it speaks TLS.
	pub tls: Option<Arc<ClientConfig>>,
	/// The protocol.
	pub version: Version,
	/// Name and password.
	pub login: Option<(String, String)>,
	/// Under which name the broker keeps the session.
	pub client_id: String,
	/// The gateway.
	pub gateway: GatewayId,
	/// Its network.
	pub network: NetworkId,
}

impl MqttArgs {
	/// The broker; `None` if none was named.
	///
	/// # Errors
	/// [`Error::Mqtt`] if something that was said does not hold.
	pub fn broker(&self, gateway: GatewayId, network: NetworkId) -> Result<Option<Broker>, Error> {
		let Some(url) = &self.mqtt else { return Ok(None) };
		let Address { host, port, is_secret } = Address::read(url)?;
		let login = match (&self.mqtt_user, &self.mqtt_password_file) {
			(Some(user), Some(file)) => Some((user.clone(), password(file)?)),
			(Some(user), None) => Some((user.clone(), String::new())),
			(None, _) => None,
		};
		let tls = if is_secret { Some(client(self.mqtt_ca.as_deref())?) } else { None };
		let client_id = match &self.mqtt_client_id {
			Some(name) if name.is_empty() => return Err(wrong("the name of the client is empty")),
			Some(name) => name.clone(),
			None => format!("cairn-gateway-{gateway}"),
		};
		let version = self.mqtt_version;
		Ok(Some(Broker { host, port, tls, version, login, client_id, gateway, network }))
	}
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
	host: String,
	port: u16,
	is_secret: bool,
}

impl Address {
	/// Read a URL: a scheme, a host and perhaps a port. Pure.
	fn read(text: &str) -> Result<Self, Error> {
		let url = Url::parse(text).map_err(|cause| wrong(&format!("{text:?}: {cause}")))?;
		let (is_secret, usual) = match url.scheme() {
			"mqtt" => (false, 1_883),
			"mqtts" => (true, 8_883),
			_ => return Err(wrong(&format!("{text:?} begins with neither mqtt:// nor mqtts://"))),
		};
		let is_plain = url.username().is_empty()
			&& url.password().is_none()
			&& matches!(url.path(), "" | "/")
			&& url.query().is_none()
			&& url.fragment().is_none();
		let host = url.host_str().filter(|host| !host.is_empty() && is_plain);
		let host = host.ok_or_else(|| {
			wrong("the URL may have a host and a port only; the user goes to --mqtt-user")
		})?;
		Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(usual), is_secret })
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

/// The first line of a file.
fn password(file: &Path) -> Result<String, Error> {
	let bytes = read(file)?;
	let text = String::from_utf8(bytes);
	let text = text.map_err(|_| wrong(&format!("{} is not text", file.display())))?;
	Ok(text.lines().next().unwrap_or_default().to_owned())
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
		assert_eq!((plain.host.as_str(), plain.port), ("broker.example", 1_883));
		assert_eq!((plain.client_id.as_str(), plain.version), ("cairn-gateway-3", Version::V5));
		assert!(plain.tls.is_none() && plain.login.is_none());
		for (url, host, port, is_secret) in [
			("mqtt://127.0.0.1:99/", "127.0.0.1", 99, false),
			("mqtts://b", "b", 8_883, true),
			("mqtt://[::1]:1884", "[::1]", 1_884, false),
		] {
			let address = Address::read(url).expect(url);
			assert_eq!(address, Address { host: host.to_owned(), port, is_secret });
		}
	}

	#[test]
	fn fails_when_the_url_is_another() {
		for url in [
			"",
			"broker",
			"http://broker",
			"mqtt://",
			"mqtt://user@broker",
			"mqtt://user:secret@broker",
			"mqtt://broker/topic",
			"mqtt://broker?qos=1",
			"mqtt://broker#x",
			"mqtt://broker:99999",
		] {
			let cause = refused(&args(url));
			assert!(cause.contains("Remedy"), "{url}: {cause}");
			assert!(!cause.contains("secret"), "{cause}");
		}
		let nameless = MqttArgs { mqtt_client_id: Some(String::new()), ..args("mqtt://b") };
		assert!(refused(&nameless).contains("client"));
	}

	#[test]
	fn works_when_the_user_has_a_password() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("password");
		fs::write(&file, "pass word\nsecond line\n").expect("a file");
		let user = Some("gateway".to_owned());
		let mut asked = MqttArgs { mqtt_user: user, ..args("mqtt://b") };
		let login = |asked: &MqttArgs| broker(asked).expect("reads").expect("a broker").login;
		assert_eq!(login(&asked), Some(("gateway".to_owned(), String::new())));
		asked.mqtt_password_file = Some(file.clone());
		assert_eq!(login(&asked), Some(("gateway".to_owned(), "pass word".to_owned())));
		fs::write(&file, [0xff, 0xfe]).expect("a file");
		assert!(refused(&asked).contains("not text"));
		asked.mqtt_password_file = Some(directory.path().join("none"));
		assert!(refused(&asked).contains("none"));
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
