//! Network namespaces: each node of a network gets interfaces of its own, so that the network can be
//! cut in two as a broken cable does it, without a word to either side.
//!
//! A node has two interfaces. By one it is reached from the test, always; by the other it talks to
//! its peers. The host's ends of the latter hang on one bridge while the network is whole, and on two
//! while it is cut. Needs `ip` (iproute2) and the right to use it.

use std::{
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
	process::{Command, Stdio},
	time::Duration,
};

use crate::node::Place;

/// The ports of every node: each has addresses of its own.
const RPC_PORT: u16 = 9_944;
const P2P_PORT: u16 = 30_333;
const WEB_PORT: u16 = 30_334;
/// A port on which nobody listens.
const CLOSED_PORT: u16 = 9;
/// How long a way through may take; none is longer than this machine.
const REACHED: Duration = Duration::from_secs(3);
/// What `timeout` ends with if a command was too slow.
const TOO_SLOW: i32 = 124;

/// Namespaces and what connects them; gone when dropped.
#[derive(Debug)]
pub struct Namespaces {
	/// Part of every name: two tests do not share any.
	process: u32,
	count: u8,
}

impl Namespaces {
	/// Make `count` namespaces, all connected.
	///
	/// # Errors
	/// If the system does not permit it, or something filters what passes between them.
	pub fn new(count: u8) -> io::Result<Self> {
		// Complete from here on, so that what follows is undone if a part of it fails.
		let namespaces = Self { process: std::process::id(), count };
		namespaces.make()?;
		namespaces.probe()?;
		Ok(namespaces)
	}

	fn make(&self) -> io::Result<()> {
		for bridge in [self.control(), self.whole(), self.other()] {
			ip(&["link", "add", &bridge, "type", "bridge"])?;
			ip(&["link", "set", &bridge, "up"])?;
		}
		ip(&["addr", "add", &format!("{}/24", self.host_address()), "dev", &self.control()])?;
		for node in 0..self.count {
			let namespace = self.name(node);
			ip(&["netns", "add", &namespace])?;
			ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
			let (control, peers) = (self.control_end(node), self.peers_end(node));
			self.connect(node, "control", &control, &self.control(), self.control_address(node))?;
			self.connect(node, "peers", &peers, &self.whole(), self.peers_address(node))?;
		}
		Ok(())
	}

	/// Give a node the interface `inside`, whose other end hangs on `bridge`.
	fn connect(
		&self,
		node: u8,
		inside: &str,
		outside: &str,
		bridge: &str,
		address: Ipv4Addr,
	) -> io::Result<()> {
		let namespace = self.name(node);
		let kind = ["type", "veth", "peer", "name", inside, "netns", &namespace];
		ip(&[["link", "add", outside].as_slice(), &kind].concat())?;
		ip(&["link", "set", outside, "master", bridge])?;
		ip(&["link", "set", outside, "up"])?;
		ip(&["-n", &namespace, "addr", "add", &format!("{address}/24"), "dev", inside])?;
		ip(&["-n", &namespace, "link", "set", inside, "up"])
	}

	/// Learn whether packets get through: a host may filter bridges.
	fn probe(&self) -> io::Result<()> {
		let first = SocketAddr::new(IpAddr::V4(self.control_address(0)), CLOSED_PORT);
		if let Err(error) = TcpStream::connect_timeout(&first, REACHED)
			&& error.kind() != io::ErrorKind::ConnectionRefused
		{
			return Err(error);
		}
		let Some(last) = self.count.checked_sub(1) else { return Ok(()) };
		let target = format!(": </dev/tcp/{}/{CLOSED_PORT}", self.peers_address(last));
		let seconds = REACHED.as_secs().to_string();
		let status = Command::new("ip")
			.args(["netns", "exec", &self.name(0), "timeout", &seconds, "bash", "-c", &target])
			.stdin(Stdio::null())
			.stderr(Stdio::null())
			.status()?;
		if status.code() == Some(TOO_SLOW) {
			return Err(io::Error::other("nothing gets from one namespace to another"));
		}
		Ok(())
	}

	/// Where node number `node` listens.
	#[must_use]
	pub fn place(&self, node: u8) -> Place {
		let control = IpAddr::V4(self.control_address(node));
		let peers = IpAddr::V4(self.peers_address(node));
		Place {
			rpc: SocketAddr::new(control, RPC_PORT),
			p2p: SocketAddr::new(peers, P2P_PORT),
			web: SocketAddr::new(peers, WEB_PORT),
			namespace: Some(self.name(node)),
		}
	}

	/// Cut these nodes off from the others.
	///
	/// # Errors
	/// If `ip` does not do it.
	pub fn cut(&self, nodes: &[u8]) -> io::Result<()> {
		nodes.iter().try_for_each(|node| self.hang(*node, &self.other()))
	}

	/// Connect all of them again.
	///
	/// # Errors
	/// If `ip` does not do it.
	pub fn heal(&self) -> io::Result<()> {
		(0..self.count).try_for_each(|node| self.hang(node, &self.whole()))
	}

	fn hang(&self, node: u8, bridge: &str) -> io::Result<()> {
		ip(&["link", "set", &self.peers_end(node), "master", bridge])
	}

	fn name(&self, node: u8) -> String {
		format!("cairn-{}-{node}", self.process)
	}

	// Names of interfaces have at most 15 characters.

	fn control(&self) -> String {
		format!("c{}c", self.process)
	}

	fn whole(&self) -> String {
		format!("c{}w", self.process)
	}

	fn other(&self) -> String {
		format!("c{}o", self.process)
	}

	fn control_end(&self, node: u8) -> String {
		format!("c{}h{node}", self.process)
	}

	fn peers_end(&self, node: u8) -> String {
		format!("c{}p{node}", self.process)
	}

	// Of 198.18.0.0/15, which RFC 2544 sets apart for tests of networks.

	fn subnet(&self) -> u8 {
		self.process.to_le_bytes()[0]
	}

	fn host_address(&self) -> Ipv4Addr {
		Ipv4Addr::new(198, 18, self.subnet(), 1)
	}

	fn control_address(&self, node: u8) -> Ipv4Addr {
		Ipv4Addr::new(198, 18, self.subnet(), node + 2)
	}

	fn peers_address(&self, node: u8) -> Ipv4Addr {
		Ipv4Addr::new(198, 19, self.subnet(), node + 2)
	}
}

impl Drop for Namespaces {
	fn drop(&mut self) {
		// What was never made cannot be removed; an interface goes with its namespace.
		for node in 0..self.count {
			drop(ip(&["link", "del", &self.control_end(node)]));
			drop(ip(&["link", "del", &self.peers_end(node)]));
			drop(ip(&["netns", "del", &self.name(node)]));
		}
		for bridge in [self.control(), self.whole(), self.other()] {
			drop(ip(&["link", "del", &bridge]));
		}
	}
}

fn ip(arguments: &[&str]) -> io::Result<()> {
	let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output()?;
	if output.status.success() {
		return Ok(());
	}
	let said = String::from_utf8_lossy(&output.stderr);
	Err(io::Error::other(format!("ip {}: {}", arguments.join(" "), said.trim())))
}

/// Whether this process may make network namespaces, and what stands in the way.
///
/// # Errors
/// What stands in the way.
pub fn available() -> io::Result<()> {
	Namespaces::new(2).map(drop)
}
