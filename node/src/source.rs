//! The local telemetry source: the only place the off-chain worker reads batches from.

use std::{fmt, net::Ipv6Addr, str::FromStr};

/// Where `cairn gateway` serves its batches by default.
const LOCAL_GATEWAY: &str = "http://127.0.0.1:9977";

/// The base URL of a telemetry source: scheme, host, optional port and path, nothing else.
///
/// It never ends in a slash, so that the off-chain worker can append `/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceUrl(String);

impl SourceUrl {
	/// The gateway that runs beside a development node.
	pub(crate) fn local_gateway() -> Self {
		Self(LOCAL_GATEWAY.to_owned())
	}

	/// The URL as the off-chain worker reads it.
	pub(crate) fn as_bytes(&self) -> &[u8] {
		self.0.as_bytes()
	}
}

impl fmt::Display for SourceUrl {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(&self.0)
	}
}

/// Why a text is not the URL of a telemetry source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SourceError {
	/// Another scheme, or none.
	#[error("it must start with http:// or https://, for example {example}", example = LOCAL_GATEWAY)]
	Scheme,
	/// White space, a control character or one that URLs reserve.
	#[error("it holds a character that a URL must percent-encode, for example a space as %20")]
	Character,
	/// The flag's value shows in the process list.
	#[error("it holds credentials, which every local user could read: leave out `user:password@`")]
	Credentials,
	/// The off-chain worker appends its own path.
	#[error("it holds a query; name the base URL only, without `?` and what follows")]
	Query,
	/// Never sent to a server.
	#[error("it holds a fragment; name the base URL only, without `#` and what follows")]
	Fragment,
	/// Neither a name nor an address.
	#[error("it names no valid host; use a name, an IPv4 address or an IPv6 address in brackets")]
	Host,
	/// Not a number from 1 to 65535.
	#[error("its port is not a number from 1 to 65535")]
	Port,
}

impl FromStr for SourceUrl {
	type Err = SourceError;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let rest = text
			.strip_prefix("http://")
			.or_else(|| text.strip_prefix("https://"))
			.ok_or(SourceError::Scheme)?;
		if rest.contains('#') {
			return Err(SourceError::Fragment);
		}
		if rest.contains('?') {
			return Err(SourceError::Query);
		}
		let authority = rest.split('/').next().unwrap_or_default();
		if authority.contains('@') {
			return Err(SourceError::Credentials);
		}
		if !rest.bytes().all(is_plain) {
			return Err(SourceError::Character);
		}
		check_authority(authority)?;
		Ok(Self(text.trim_end_matches('/').to_owned()))
	}
}

/// Whether a byte may stand in a URL as it is.
fn is_plain(byte: u8) -> bool {
	byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)
}

/// Accepts `name`, `name:port`, `[v6]` and `[v6]:port`.
fn check_authority(authority: &str) -> Result<(), SourceError> {
	let port = match authority.strip_prefix('[') {
		Some(rest) => {
			let (address, port) = rest.split_once(']').ok_or(SourceError::Host)?;
			address.parse::<Ipv6Addr>().map_err(|_| SourceError::Host)?;
			port
		},
		None => {
			let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
			if host.is_empty() || !host.bytes().all(is_name) {
				return Err(SourceError::Host);
			}
			port
		},
	};
	if port.is_empty() || is_port(port) { Ok(()) } else { Err(SourceError::Port) }
}

/// Whether a byte may stand in a host's name.
fn is_name(byte: u8) -> bool {
	byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// Whether a text is `:` and a port that a client can connect to.
fn is_port(text: &str) -> bool {
	text.strip_prefix(':').is_some_and(|digits| {
		digits.bytes().all(|byte| byte.is_ascii_digit())
			&& digits.parse::<u16>().is_ok_and(|port| port != 0)
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parse(text: &str) -> Result<String, SourceError> {
		text.parse::<SourceUrl>().map(|url| url.to_string())
	}

	#[test]
	fn works_when_the_url_is_a_base() {
		for url in [
			LOCAL_GATEWAY,
			"https://gateway.example",
			"http://gateway_1:9977/site/7",
			"http://[::1]:9977",
			"http://[2001:db8::2]",
			"http://host/a%20b",
		] {
			assert_eq!(parse(url), Ok(url.to_owned()));
		}
	}

	#[test]
	fn works_when_slashes_trail() {
		assert_eq!(parse("http://127.0.0.1:9977/"), Ok(LOCAL_GATEWAY.to_owned()));
		assert_eq!(parse("http://host/site//"), Ok("http://host/site".to_owned()));
	}

	#[test]
	fn fails_when_the_url_is_not_a_base() {
		for (url, error) in [
			("", SourceError::Scheme),
			("127.0.0.1:9977", SourceError::Scheme),
			("ftp://host", SourceError::Scheme),
			("HTTP://host", SourceError::Scheme),
			("http://user:secret@host", SourceError::Credentials),
			("http://host/?a=b", SourceError::Query),
			("http://host#top", SourceError::Fragment),
			("http://", SourceError::Host),
			("http:///path", SourceError::Host),
			("http://:9977", SourceError::Host),
			("http://[::1", SourceError::Host),
			("http://[host]", SourceError::Host),
			("http://host!", SourceError::Host),
			("http://host:", SourceError::Port),
			("http://host:0", SourceError::Port),
			("http://host:+80", SourceError::Port),
			("http://host:65536", SourceError::Port),
			("http://[::1]9977", SourceError::Port),
			("http://host/a b", SourceError::Character),
			("http://host/\n", SourceError::Character),
			("http://host/ü", SourceError::Character),
		] {
			assert_eq!(parse(url), Err(error), "{url:?}");
		}
	}

	#[test]
	fn local_gateway_is_valid() {
		assert_eq!(parse(LOCAL_GATEWAY), Ok(SourceUrl::local_gateway().to_string()));
	}
}
