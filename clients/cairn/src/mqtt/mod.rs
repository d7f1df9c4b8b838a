//! Connections to brokers of MQTT, 3.1.1 and 5: what agent and gateway have in common.

mod fault;
pub(crate) mod link;
pub(crate) mod tls;

pub use fault::BrokerFault;

use reqwest::Url;
use serde::Deserialize;

/// A version of MQTT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
pub enum Version {
	/// MQTT 3.1.1.
	#[value(name = "3.1.1")]
	#[serde(rename = "3.1.1")]
	V3,
	/// MQTT 5.
	#[default]
	#[value(name = "5")]
	#[serde(rename = "5")]
	V5,
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
	/// Name or address of the machine.
	pub host: String,
	/// The port.
	pub port: u16,
	/// Whether by TLS.
	pub is_secure: bool,
}

impl Address {
	/// Read a URL: `mqtt://` or `mqtts://`, a host and perhaps a port. Pure.
	///
	/// # Errors
	/// In words, without the URL: it may hold a password.
	pub fn read(text: &str) -> Result<Self, String> {
		let url = Url::parse(text).map_err(|cause| cause.to_string())?;
		let (is_secure, usual) = match url.scheme() {
			"mqtt" => (false, 1_883),
			"mqtts" => (true, 8_883),
			_ => return Err("it is no address by mqtt or mqtts".to_owned()),
		};
		let host = url.host_str().filter(|host| !host.is_empty());
		let host = host.ok_or_else(|| "it names no host".to_owned())?.to_owned();
		if is_secure && host.starts_with('[') {
			return Err("certificates are checked by name".to_owned());
		}
		if !url.username().is_empty() || url.password().is_some() {
			return Err("it holds a user".to_owned());
		}
		let is_plain = matches!(url.path(), "" | "/");
		if !is_plain || url.query().is_some() || url.fragment().is_some() {
			return Err("it holds more than a host and a port".to_owned());
		}
		Ok(Self { host, port: url.port().unwrap_or(usual), is_secure })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_broker_is_named() {
		for (url, host, port, is_secure) in [
			("mqtt://broker.example", "broker.example", 1_883, false),
			("mqtt://127.0.0.1:99/", "127.0.0.1", 99, false),
			("mqtts://b", "b", 8_883, true),
			("mqtt://[::1]:1884", "[::1]", 1_884, false),
		] {
			let address = Address { host: host.to_owned(), port, is_secure };
			assert_eq!(Address::read(url), Ok(address), "{url}");
		}
	}

	#[test]
	fn fails_when_the_url_is_another() {
		for (url, says) in [
			("", "relative"),
			("broker", "relative"),
			("http://broker", "mqtt or mqtts"),
			("mqtt://", "no host"),
			("mqtts://[::1]", "by name"),
			("mqtt://user@broker", "a user"),
			("mqtt://user:secret@broker", "a user"),
			("mqtt://broker/topic", "more than"),
			("mqtt://broker?qos=1", "more than"),
			("mqtt://broker#x", "more than"),
			("mqtt://broker:99999", "port"),
		] {
			let cause = Address::read(url).expect_err(url);
			assert!(cause.contains(says) && !cause.contains("secret"), "{url}: {cause}");
		}
	}
}
