//! Arguments as people write them. Pure; each error says what was expected.

use std::{fs, path::Path, str::FromStr};

use cairn_types::{
	ChannelKind, DeviceKey, MeterRule, RootKey, Schema, Serial, Units,
	certificate::MAX_SERIAL,
	schema::{MAX_NAME, Name, is_name},
};
use sp_core::{bounded::BoundedVec, ecdsa, ed25519, sr25519};

use crate::agent;

/// `--uptime EXPECTED:CAP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uptime {
	/// Intervals in a window.
	pub(crate) expected: u16,
	/// Units of a device that hits every interval.
	pub(crate) cap: Units,
}

impl FromStr for Uptime {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bad = || format!("{text:?} is not EXPECTED:CAP, for example 3:1000");
		let (expected, cap) = text.split_once(':').ok_or_else(bad)?;
		let expected = expected.parse().map_err(|_| bad())?;
		let cap = cap.parse().map_err(|_| bad())?;
		if !(1..=128).contains(&expected) || cap == 0 {
			return Err("EXPECTED is 1 to 128 readings in a window, CAP at least 1 unit".to_owned());
		}
		Ok(Self { expected, cap })
	}
}

/// A channel of a schema, by place or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChannelName {
	/// Its index.
	Index(u8),
	/// Its name.
	Name(String),
}

/// `--counter CHANNEL:MAXRATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
	/// The metered channel.
	pub(crate) channel: ChannelName,
	/// Most units per second that are credited.
	pub(crate) max_rate: u64,
}

impl FromStr for Counter {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bad = || format!("{text:?} is not CHANNEL:MAXRATE, for example net-received:1000000");
		// Names may contain colons: the rate is behind the last one.
		let (channel, max_rate) = text.rsplit_once(':').ok_or_else(bad)?;
		let max_rate = max_rate.parse().map_err(|_| bad())?;
		if max_rate == 0 || channel.is_empty() {
			return Err(bad());
		}
		let channel = match channel.parse() {
			Ok(index) => ChannelName::Index(index),
			Err(_) => ChannelName::Name(channel.to_owned()),
		};
		Ok(Self { channel, max_rate })
	}
}

/// The meter rule that the arguments describe, checked against the schema.
pub(crate) fn meter(
	uptime: Option<Uptime>,
	counter: Option<&Counter>,
	schema: &Schema,
) -> Result<MeterRule, String> {
	match (uptime, counter) {
		(Some(Uptime { expected, cap }), None) => Ok(MeterRule::Uptime { expected, cap }),
		(None, Some(counter)) => {
			let channel = counter_index(&counter.channel, schema)?;
			Ok(MeterRule::Counter { channel, max_rate: counter.max_rate })
		},
		_ => Err("name one meter rule: --uptime or --counter".to_owned()),
	}
}

/// Index of a counter channel.
fn counter_index(wanted: &ChannelName, schema: &Schema) -> Result<u8, String> {
	let found = schema.channels.iter().enumerate().find(|(index, channel)| match wanted {
		ChannelName::Index(wanted) => usize::from(*wanted) == *index,
		ChannelName::Name(wanted) => channel.name.as_slice() == wanted.as_bytes(),
	});
	let is_counter = |kind| kind == ChannelKind::Counter;
	match found {
		Some((index, channel)) if is_counter(channel.kind) => {
			u8::try_from(index).map_err(|_| "a schema has at most 16 channels".to_owned())
		},
		Some(_) => Err(format!("the channel is a gauge; counters are: {}", counters(schema))),
		None => Err(format!("the schema has no such channel; counters are: {}", counters(schema))),
	}
}

fn counters(schema: &Schema) -> String {
	let channels = schema.channels.iter().filter(|channel| channel.kind == ChannelKind::Counter);
	let names = channels.map(|channel| String::from_utf8_lossy(&channel.name).into_owned());
	let names = names.collect::<Vec<_>>();
	if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A device's key: `ed25519:HEX`, `sr25519:HEX`, `secp256k1:HEX`, or with a space as `cairn agent key`
/// prints it; without a scheme it is ed25519.
pub(crate) fn device_key(text: &str) -> Result<DeviceKey, String> {
	let (scheme, digits) = text.trim().split_once([':', ' ']).unwrap_or(("ed25519", text));
	let digits = digits.trim();
	let digits = digits.strip_prefix("0x").unwrap_or(digits);
	let remedy = "write the key as `cairn agent key` prints it";
	let bytes = hex::decode(digits).map_err(|_| format!("{digits:?} is not hex; {remedy}"))?;
	let length = |expected: usize| format!("a {scheme} key has {expected} bytes; {remedy}");
	let short = || <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| length(32));
	match scheme {
		"ed25519" => Ok(DeviceKey::Ed25519(ed25519::Public::from_raw(short()?))),
		"sr25519" => Ok(DeviceKey::Sr25519(sr25519::Public::from_raw(short()?))),
		"secp256k1" => {
			let bytes = <[u8; 33]>::try_from(bytes.as_slice()).map_err(|_| length(33))?;
			Ok(DeviceKey::Secp256k1(ecdsa::Public::from_raw(bytes)))
		},
		_ => Err(format!("{scheme:?} is not ed25519, sr25519 or secp256k1; {remedy}")),
	}
}

/// A root key: `p256:HEX`, as `cairn agent root-key` prints it, or the name of a file with a public
/// key in PEM or DER.
pub(crate) fn root_key(text: &str) -> Result<RootKey, String> {
	let bytes = if Path::new(text).is_file() {
		fs::read(text).map_err(|cause| format!("{text}: {cause}"))?
	} else {
		text.as_bytes().to_vec()
	};
	agent::root::public_key(&bytes).map(RootKey::P256)
}

/// A serial number, model or batch: 1 to 32 bytes.
pub(crate) fn serial(text: &str) -> Result<Serial, String> {
	if text.is_empty() {
		return Err(format!("it is empty; write 1 to {MAX_SERIAL} bytes"));
	}
	BoundedVec::try_from(text.as_bytes().to_vec())
		.map_err(|_| format!("it is too long; write 1 to {MAX_SERIAL} bytes"))
}

/// A name in SenML's character set.
pub(crate) fn name(text: &str) -> Result<Name, String> {
	if !is_name(text.as_bytes()) {
		let rule = "a name starts with a letter or digit; then also - : . / _";
		return Err(rule.to_owned());
	}
	BoundedVec::try_from(text.as_bytes().to_vec())
		.map_err(|_| format!("a name has at most {MAX_NAME} bytes"))
}

/// A gateway's address: http or https, not ending in a slash.
pub(crate) fn url(text: &str) -> Result<String, String> {
	const REMEDY: &str = "write for example http://127.0.0.1:9977";
	let text = text.trim_end_matches('/');
	let parsed = reqwest::Url::parse(text)
		.map_err(|cause| format!("{text:?} is not a URL ({cause}); {REMEDY}"))?;
	let is_web = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
	if is_web {
		Ok(text.to_owned())
	} else {
		Err(format!("{text:?} does not begin with http:// or https://; {REMEDY}"))
	}
}

/// A gateway's address as the chain may list it: [`url`] with host, port and path, and nothing else, in
/// the one way in which it is asked.
pub(crate) fn endpoint(text: &str) -> Result<String, String> {
	let url = url(text)?;
	let parsed = reqwest::Url::parse(&url).map_err(|cause| format!("{text:?}: {cause}"))?;
	let is_anonymous = parsed.username().is_empty() && parsed.password().is_none();
	if !is_anonymous || parsed.query().is_some() || parsed.fragment().is_some() {
		return Err(format!(
			"{text:?} has a name, a password or parameters, and nobody would ask there; write for \
			 example https://gateway.example"
		));
	}
	Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

/// An account; see [`cairn_chain::parse_account`].
pub(crate) fn account(text: &str) -> Result<[u8; 32], String> {
	cairn_chain::parse_account(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{Channel, Quantity, Unit};
	use sp_core::Pair;

	fn channel(name: &str, kind: ChannelKind) -> Channel {
		Channel {
			name: BoundedVec::truncate_from(name.as_bytes().to_vec()),
			quantity: Quantity::Count,
			unit: Unit::Count,
			scale: 0,
			kind,
			min: 0,
			max: 100,
			max_change: None,
		}
	}

	fn schema() -> Schema {
		let channels =
			vec![channel("level", ChannelKind::Gauge), channel("net:rx", ChannelKind::Counter)];
		Schema {
			name: BoundedVec::truncate_from(b"demo".to_vec()),
			version: 1,
			channels: BoundedVec::truncate_from(channels),
		}
	}

	#[test]
	fn works_when_the_meter_is_uptime() {
		let uptime = "3:1000".parse::<Uptime>().expect("a meter");
		let rule = MeterRule::Uptime { expected: 3, cap: 1_000 };
		assert_eq!(meter(Some(uptime), None, &schema()), Ok(rule));
		for text in ["", "3", "3:", ":5", "0:5", "129:5", "3:0", "3:5:7", "-1:5"] {
			assert!(text.parse::<Uptime>().is_err(), "{text}");
		}
	}

	#[test]
	fn works_when_the_meter_is_a_counter() {
		for text in ["net:rx:50", "1:50"] {
			let counter = text.parse::<Counter>().expect("a meter");
			let rule = MeterRule::Counter { channel: 1, max_rate: 50 };
			assert_eq!(meter(None, Some(&counter), &schema()), Ok(rule), "{text}");
		}
		for text in ["", "net", ":50", "net:", "net:0", "net:x"] {
			assert!(text.parse::<Counter>().is_err(), "{text}");
		}
	}

	#[test]
	fn fails_when_the_channel_is_no_counter() {
		for text in ["level:5", "0:5", "9:5", "other:5"] {
			let counter = text.parse::<Counter>().expect("a meter");
			let error = meter(None, Some(&counter), &schema()).expect_err("no counter");
			assert!(error.contains("counters are: net:rx"), "{error}");
		}
		assert!(meter(None, None, &schema()).is_err());
	}

	#[test]
	fn works_when_a_key_is_of_any_scheme() {
		let ed = DeviceKey::Ed25519(ed25519::Pair::from_seed(&[1; 32]).public());
		let sr = DeviceKey::Sr25519(sr25519::Pair::from_seed(&[1; 32]).public());
		let k1 = DeviceKey::Secp256k1(ecdsa::Pair::from_seed(&[1; 32]).public());
		for key in [ed, sr, k1] {
			assert_eq!(device_key(&super::super::format::device_key(&key)), Ok(key));
		}
		let printed = format!("sr25519 0x{}", crate::agent::key_hex(&sr));
		assert_eq!(device_key(&printed), Ok(sr));
		for text in ["", "ed25519:12", "rsa:00", "ed25519:zz", "secp256k1:0101"] {
			assert!(device_key(text).is_err(), "{text}");
		}
	}

	#[test]
	fn works_when_a_root_key_is_printed_or_in_a_file() {
		let point = "036ddc417590b47817b3575971fc1d5e324c11ea895e4396467a5e87a5e0a2b77e";
		let key = root_key(&format!("p256:{point}")).expect("a key");
		assert_eq!(super::super::format::root_key(&key), format!("p256:{point}"));
		assert_eq!(root_key(&format!("p256 0x{point}")), Ok(key));
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("root.pub");
		fs::write(&file, format!("{point}\n")).expect("writable");
		assert_eq!(root_key(&file.to_string_lossy()), Ok(key));
		for text in ["", "p256:", "ed25519:00", "nowhere.pem"] {
			assert!(root_key(text).is_err(), "{text}");
		}
	}

	#[test]
	fn fails_when_names_and_serials_are_out_of_bounds() {
		assert!(name("meadow").is_ok() && serial("A-1").is_ok());
		let long = "x".repeat(33);
		for text in ["", "-a", "a b", "ü", &long] {
			assert!(name(text).is_err(), "{text}");
		}
		assert!(serial("").is_err() && serial(&long).is_err());
	}

	#[test]
	fn fails_when_a_gateway_is_not_on_the_web() {
		assert_eq!(url("http://127.0.0.1:9977/"), Ok("http://127.0.0.1:9977".to_owned()));
		for text in ["", "127.0.0.1:9977", "ftp://host", "file:///etc/passwd", "http://"] {
			let error = url(text).expect_err(text);
			assert!(error.contains("write for example http://"), "{text}: {error}");
			assert!(endpoint(text).is_err(), "{text}");
		}
	}

	#[test]
	fn an_endpoint_is_host_port_and_path() {
		for (text, written) in [
			("http://127.0.0.1:9977/", "http://127.0.0.1:9977"),
			("https://Gateway.example/cairn//", "https://gateway.example/cairn"),
			("http://[::1]:9977", "http://[::1]:9977"),
			("http://2130706433", "http://127.0.0.1"),
		] {
			assert_eq!(endpoint(text), Ok(written.to_owned()));
		}
		for text in [
			"http://192.168.1.1/x?reboot=1&y=",
			"http://gateway.example?",
			"http://gateway.example/#here",
			"http://name@gateway.example",
			"http://:secret@gateway.example",
		] {
			let error = endpoint(text).expect_err(text);
			assert!(error.contains("nobody would ask there"), "{error}");
		}
	}
}
