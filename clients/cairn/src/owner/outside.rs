//! Addresses that strangers have written: which of them are asked, and which are not.
//!
//! Anybody can register a gateway, at any address. Who follows such an address sends a request from
//! where he is: without bounds a stranger could let him ask whatever listens on his own machine or in
//! his network. Names are looked up by who connects, and what is connected to is what was looked at:
//! it does not help that a name leads elsewhere a moment later.

use std::{
	io,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use cairn_chain::Chain;
use reqwest::{
	Url,
	dns::{Addrs, Name, Resolve, Resolving},
};
use tokio::net::lookup_host;

/// Blocks of IPv4 that are not public, each with its length: those of IANA's registry of special
/// purposes (RFC 6890 and its updates), multicast, and what is reserved.
const INSIDE_V4: [(Ipv4Addr, u32); 14] = [
	(Ipv4Addr::new(0, 0, 0, 0), 8),
	(Ipv4Addr::new(10, 0, 0, 0), 8),
	(Ipv4Addr::new(100, 64, 0, 0), 10),
	(Ipv4Addr::new(127, 0, 0, 0), 8),
	(Ipv4Addr::new(169, 254, 0, 0), 16),
	(Ipv4Addr::new(172, 16, 0, 0), 12),
	(Ipv4Addr::new(192, 0, 0, 0), 24),
	(Ipv4Addr::new(192, 0, 2, 0), 24),
	(Ipv4Addr::new(192, 88, 99, 0), 24),
	(Ipv4Addr::new(192, 168, 0, 0), 16),
	(Ipv4Addr::new(198, 18, 0, 0), 15),
	(Ipv4Addr::new(198, 51, 100, 0), 24),
	(Ipv4Addr::new(203, 0, 113, 0), 24),
	(Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// What IANA gives out of IPv6 as global unicast addresses.
const OUTSIDE_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Blocks of it that are not public: for protocols, for documents, and what leads into IPv4.
const INSIDE_V6: [(Ipv6Addr, u32); 4] = [
	(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
	(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
	(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
	(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// The beginning of addresses that a network translates into those of IPv4 (RFC 6052).
const TRANSLATED: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/// Where addresses that strangers have written may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
	/// To public addresses only.
	Public,
	/// Anywhere.
	Anywhere,
}

/// An address that is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leads to {0}, which is not a public address")]
pub(crate) struct Inside(pub(crate) IpAddr);

/// Looks names up, and leaves public addresses only.
#[derive(Debug)]
pub(crate) struct PublicOnly;

impl Bounds {
	/// The bounds for what a chain lists: anywhere, if who asks allows it, or if the chain is for
	/// development and its node on this machine. That the node is here does not suffice: who runs a
	/// node of a public chain asks it here, too.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn of(chain: &Chain, is_allowed: bool) -> Result<Self, cairn_chain::Error> {
		if is_allowed || (is_here(chain.url()) && chain.is_for_development().await?) {
			Ok(Self::Anywhere)
		} else {
			Ok(Self::Public)
		}
	}

	/// Ensure that a URL may be asked, as far as that shows: names are for [`PublicOnly`].
	///
	/// # Errors
	/// The address that it may not be asked at.
	pub(crate) fn ensure(self, url: &str) -> Result<(), Inside> {
		let address = Url::parse(url).ok().as_ref().and_then(literal);
		match address.filter(|address| !is_public(*address)) {
			Some(address) if self == Self::Public => Err(Inside(address)),
			_ => Ok(()),
		}
	}
}

impl Resolve for PublicOnly {
	fn resolve(&self, name: Name) -> Resolving {
		Box::pin(public_addresses(name))
	}
}

async fn public_addresses(name: Name) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
	let found = public(lookup(name.as_str()).await?)?;
	let found: Addrs = Box::new(found.into_iter());
	Ok(found)
}

/// Where a URL leads, if nobody who asks public addresses only reaches anything there. What a name
/// means that is not known here cannot be said.
pub(crate) async fn hidden(url: &str) -> Option<Inside> {
	let url = Url::parse(url).ok()?;
	if let Some(address) = literal(&url) {
		return (!is_public(address)).then_some(Inside(address));
	}
	let found = lookup(url.host_str()?).await.ok()?;
	public(found).err()
}

async fn lookup(name: &str) -> io::Result<Vec<SocketAddr>> {
	// Who connects has the port.
	Ok(lookup_host((name, 0)).await?.collect())
}

/// The public ones of a name's addresses.
///
/// # Errors
/// One of the others, if there is none.
fn public(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Inside> {
	let (public, inside): (Vec<_>, Vec<_>) =
		found.into_iter().partition(|address| is_public(address.ip()));
	match inside.first() {
		Some(address) if public.is_empty() => Err(Inside(address.ip())),
		_ => Ok(public),
	}
}

/// The address that is a URL's host, unless that is a name.
fn literal(url: &Url) -> Option<IpAddr> {
	let host = url.host_str()?;
	host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a node's address is on this machine.
fn is_here(url: &str) -> bool {
	let Ok(url) = Url::parse(url) else { return false };
	match literal(&url) {
		Some(address) => address.is_loopback(),
		None => url.host_str() == Some("localhost"),
	}
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
	match address {
		IpAddr::V4(address) => is_public_v4(address),
		IpAddr::V6(address) => match embedded(address) {
			Some(address) => is_public_v4(address),
			None => is_public_v6(address),
		},
	}
}

fn is_public_v4(address: Ipv4Addr) -> bool {
	let is_in = |(block, length): &(Ipv4Addr, u32)| {
		(u32::from(address) ^ u32::from(*block)).leading_zeros() >= *length
	};
	!INSIDE_V4.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
	let is_in = |(block, length): &(Ipv6Addr, u32)| {
		(u128::from(address) ^ u128::from(*block)).leading_zeros() >= *length
	};
	is_in(&OUTSIDE_V6) && !INSIDE_V6.iter().any(is_in)
}

/// The address of IPv4 that one of IPv6 stands for.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
	let octets = address.octets();
	if octets.starts_with(&TRANSLATED) {
		let [.., a, b, c, d] = octets;
		return Some(Ipv4Addr::new(a, b, c, d));
	}
	address.to_ipv4_mapped()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn address(text: &str) -> IpAddr {
		text.parse().expect("an address")
	}

	#[test]
	fn public_addresses_are_asked() {
		for text in [
			"1.1.1.1",
			"9.255.255.255",
			"11.0.0.0",
			"100.63.255.255",
			"100.128.0.0",
			"172.15.255.255",
			"172.32.0.0",
			"192.0.1.1",
			"192.167.255.255",
			"198.17.255.255",
			"198.20.0.0",
			"223.255.255.255",
			"2001:200::1",
			"2606:4700:4700::1111",
			"2a00:1450::1",
			"::ffff:1.1.1.1",
			"64:ff9b::101:101",
		] {
			assert!(is_public(address(text)), "{text}");
		}
	}

	#[test]
	fn addresses_of_a_machine_or_a_network_are_not_asked() {
		for text in [
			"0.0.0.0",
			"10.1.2.3",
			"100.64.0.1",
			"127.0.0.1",
			"127.255.255.255",
			"169.254.169.254",
			"172.16.0.1",
			"172.31.255.255",
			"192.0.0.8",
			"192.0.2.1",
			"192.88.99.1",
			"192.168.1.1",
			"198.19.0.1",
			"198.51.100.1",
			"203.0.113.1",
			"224.0.0.1",
			"240.0.0.1",
			"255.255.255.255",
			"::",
			"::1",
			"::ffff:127.0.0.1",
			"::127.0.0.1",
			"64:ff9b::7f00:1",
			"64:ff9b:1::1",
			"100::1",
			"2001::1",
			"2001:db8::1",
			"2002:7f00:1::1",
			"3fff::1",
			"5f00::1",
			"fc00::1",
			"fd12:3456::1",
			"fe80::1",
			"ff02::1",
		] {
			assert!(!is_public(address(text)), "{text}");
		}
	}

	#[test]
	fn what_a_url_shows_is_looked_at_first() {
		for url in [
			"http://127.0.0.1:9977",
			"http://2130706433/",
			"http://0x7f.1",
			"https://[::1]:9977",
			"http://[::ffff:7f00:1]",
			"http://192.168.1.1/x",
		] {
			assert!(Bounds::Public.ensure(url).is_err(), "{url}");
			assert_eq!(Bounds::Anywhere.ensure(url), Ok(()), "{url}");
		}
		for url in ["https://gateway.example", "http://1.1.1.1:9977", "http://localhost:1"] {
			assert_eq!(Bounds::Public.ensure(url), Ok(()), "{url}");
		}
		let error = Bounds::Public.ensure("http://10.0.0.7").expect_err("private").to_string();
		assert_eq!(error, "leads to 10.0.0.7, which is not a public address");
	}

	#[test]
	fn a_name_is_worth_its_public_addresses() {
		let socket = |text: &str| SocketAddr::new(address(text), 0);
		let mixed = vec![socket("10.0.0.7"), socket("1.1.1.1"), socket("::1")];
		assert_eq!(public(mixed), Ok(vec![socket("1.1.1.1")]));
		let inside = vec![socket("10.0.0.7"), socket("::1")];
		assert_eq!(public(inside), Err(Inside(address("10.0.0.7"))));
		assert_eq!(public(Vec::new()), Ok(Vec::new()));
	}

	#[tokio::test]
	async fn a_name_of_this_machine_is_looked_through() {
		let name = "localhost".parse::<Name>().expect("a name");
		let Err(error) = PublicOnly.resolve(name).await else { panic!("it is this machine") };
		assert!(error.downcast_ref::<Inside>().is_some(), "{error}");
		assert!(hidden("http://localhost:9977").await.is_some());
		assert_eq!(hidden("http://10.0.0.7").await, Some(Inside(address("10.0.0.7"))));
		assert_eq!(hidden("http://1.1.1.1").await, None);
	}

	#[test]
	fn a_node_is_on_this_machine_or_not() {
		for url in ["ws://127.0.0.1:9944", "ws://localhost:9944", "ws://[::1]:9944"] {
			assert!(is_here(url), "{url}");
		}
		for url in ["wss://node.example", "ws://10.0.0.7:9944", "ws://localhost.example", "node"] {
			assert!(!is_here(url), "{url}");
		}
	}

	#[tokio::test]
	async fn who_allows_it_asks_anywhere_and_others_do_not() {
		let elsewhere = Chain::lazy("wss://node.example");
		assert_eq!(Bounds::of(&elsewhere, true).await.expect("no question"), Bounds::Anywhere);
		assert_eq!(Bounds::of(&elsewhere, false).await.expect("no question"), Bounds::Public);
		// Nobody listens there.
		assert!(Bounds::of(&Chain::lazy("ws://127.0.0.1:9"), false).await.is_err());
	}
}
