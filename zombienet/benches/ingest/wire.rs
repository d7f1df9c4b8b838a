//! Connections of senders.

use std::{
	io,
	net::{Ipv4Addr, SocketAddr},
};

use cairn_network_tests::ingest::{http::Frame, mqtt};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpSocket, TcpStream},
};

/// Bytes for which there is room before more is read.
const CHUNK: usize = 4 << 10;
/// Connections from one address: fewer than the ports that it has.
const PER_ADDRESS: usize = 5_000;
/// Seconds after which a broker may give up a client that is silent.
const KEEP_ALIVE: u16 = 60;
/// A CONNACK that says yes.
const WELCOME: [u8; 4] = [0x20, 2, 0, 0];

/// Connect as sender number `number`: many of them come from several addresses of this machine.
async fn connect(number: usize, to: SocketAddr) -> io::Result<TcpStream> {
	let last = u8::try_from(number / PER_ADDRESS + 2).unwrap_or(u8::MAX);
	let socket = TcpSocket::new_v4()?;
	socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))?;
	let stream = socket.connect(to).await?;
	stream.set_nodelay(true)?;
	Ok(stream)
}

/// An HTTP connection that stays open.
pub(crate) struct Connection {
	stream: TcpStream,
	come: Vec<u8>,
}

impl Connection {
	pub(crate) async fn open(number: usize, to: SocketAddr) -> io::Result<Self> {
		Ok(Self { stream: connect(number, to).await?, come: Vec::new() })
	}

	/// Send a request and wait for the whole answer: status and body.
	pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<(u16, &str), String> {
		let frame = self.exchange(request).await?;
		let body = str::from_utf8(&self.come[frame.body..frame.end]);
		Ok((frame.status, body.map_err(|cause| cause.to_string())?))
	}

	async fn exchange(&mut self, request: &[u8]) -> Result<Frame, String> {
		let broken = |cause: io::Error| format!("a connection broke: {cause}");
		self.stream.write_all(request).await.map_err(broken)?;
		self.come.clear();
		loop {
			if let Some(frame) = Frame::read(&self.come)?
				&& self.come.len() >= frame.end
			{
				return Ok(frame);
			}
			self.come.reserve(CHUNK);
			if self.stream.read_buf(&mut self.come).await.map_err(broken)? == 0 {
				return Err("the gateway closed a connection".to_owned());
			}
		}
	}
}

/// Sign in to a broker as sender number `number`.
pub(crate) async fn sign_in(number: usize, port: u16) -> io::Result<TcpStream> {
	let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
	let mut stream = connect(number, to).await?;
	stream.write_all(&mqtt::connect(&format!("sender-{number}"), KEEP_ALIVE)).await?;
	let mut answer = [0; WELCOME.len()];
	stream.read_exact(&mut answer).await?;
	if answer == WELCOME {
		return Ok(stream);
	}
	Err(io::Error::other(format!("the broker answers {answer:02x?}")))
}
