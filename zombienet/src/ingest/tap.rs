//! Between a gateway and its broker: everything is passed on as it is, and what the gateway
//! acknowledges is noted. A device hears from the broker only, and earlier: when the broker has its
//! message. That its readings are on disk the gateway says to the broker.

use std::{
	collections::HashMap,
	io,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Instant,
};

use cairn_types::DeviceId;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{
		TcpListener, TcpStream,
		tcp::{OwnedReadHalf, OwnedWriteHalf},
	},
	sync::Semaphore,
	task::{JoinHandle, JoinSet},
};

use super::{
	figures::Sample,
	mqtt::{Packet, Packets, first_reading},
};

/// Bytes that are passed on at once.
const CHUNK: usize = 64 << 10;

/// A message: the device and the sequence of its first reading.
pub type Key = (DeviceId, u64);

/// What senders and the tap know of messages.
#[derive(Debug)]
pub struct Book {
	notes: Mutex<Notes>,
	/// Messages that may be under way besides those that are.
	room: Semaphore,
}

#[derive(Debug, Default)]
struct Notes {
	/// The version that the gateway speaks.
	level: u8,
	/// What was sent and is not acknowledged: when, and how many readings it has.
	sent: HashMap<Key, (Instant, u32)>,
	/// What the broker has delivered, by its number.
	delivered: HashMap<u16, Key>,
	samples: Vec<Sample>,
}

impl Default for Book {
	fn default() -> Self {
		Self { notes: Mutex::default(), room: Semaphore::new(0) }
	}
}

impl Book {
	/// Let so many messages be under way, when none is.
	pub fn begin(&self, room: usize) {
		self.room.forget_permits(Semaphore::MAX_PERMITS);
		self.room.add_permits(room);
	}

	/// Wait until another message may be sent.
	pub async fn wait_for_room(&self) {
		// It is never closed.
		if let Ok(permit) = self.room.acquire().await {
			permit.forget();
		}
	}

	/// The message for which there was room will not be sent: another one may.
	pub fn give_back(&self) {
		self.room.add_permits(1);
	}

	/// A message with so many readings is sent now.
	pub fn note(&self, key: Key, readings: u32) {
		self.notes().sent.insert(key, (Instant::now(), readings));
	}

	/// How many messages are not acknowledged.
	#[must_use]
	pub fn under_way(&self) -> usize {
		self.notes().sent.len()
	}

	/// What was acknowledged since this was asked last.
	#[must_use]
	pub fn samples(&self) -> Vec<Sample> {
		std::mem::take(&mut self.notes().samples)
	}

	/// Forget what will not be acknowledged any more.
	pub fn forget(&self) {
		self.notes().sent.clear();
	}

	/// A packet is about to reach the gateway.
	fn deliver(&self, packet: &Packet) {
		let mut notes = self.notes();
		if let Some((number, payload)) = packet.published(notes.level)
			&& let Some(key) = first_reading(payload)
		{
			notes.delivered.insert(number, key);
		}
	}

	/// A packet has come from the gateway.
	fn acknowledge(&self, packet: &Packet, now: Instant) {
		let mut notes = self.notes();
		if let Some(level) = packet.level() {
			notes.level = level;
			notes.delivered.clear();
		}
		let Some(number) = packet.acknowledged() else { return };
		let Some(key) = notes.delivered.remove(&number) else { return };
		let Some((since, readings)) = notes.sent.remove(&key) else { return };
		let waited = now.saturating_duration_since(since);
		notes.samples.push(Sample { at: now, waited, readings });
		drop(notes);
		self.room.add_permits(1);
	}

	fn notes(&self) -> MutexGuard<'_, Notes> {
		self.notes.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Listens for a gateway; ends when it is dropped.
#[derive(Debug)]
pub struct Tap {
	/// Where the gateway finds the broker.
	pub port: u16,
	/// What is known of messages.
	pub book: Arc<Book>,
	task: JoinHandle<()>,
}

impl Tap {
	/// In front of the broker on this port of this machine.
	///
	/// # Errors
	/// If there is no free port.
	pub async fn start(broker: u16) -> io::Result<Self> {
		let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
		let port = listener.local_addr()?.port();
		let book = Arc::<Book>::default();
		let task = tokio::spawn(listen(listener, broker, book.clone()));
		Ok(Self { port, book, task })
	}
}

impl Drop for Tap {
	fn drop(&mut self) {
		self.task.abort();
	}
}

async fn listen(listener: TcpListener, broker: u16, book: Arc<Book>) {
	let mut connections = JoinSet::new();
	while let Ok((gateway, _)) = listener.accept().await {
		// A gateway whose broker is away tries again.
		if let Ok(broker) = TcpStream::connect(("127.0.0.1", broker)).await {
			connections.spawn(pass(gateway, broker, book.clone()));
		}
	}
}

/// Pass on what comes, until either side ends.
async fn pass(gateway: TcpStream, broker: TcpStream, book: Arc<Book>) {
	let prompt = [&gateway, &broker].map(|stream| stream.set_nodelay(true));
	if prompt.iter().any(Result::is_err) {
		return;
	}
	let ((from_gateway, to_gateway), (from_broker, to_broker)) =
		(gateway.into_split(), broker.into_split());
	let down = copy(from_broker, to_gateway, |packet, _| book.deliver(packet));
	let up = copy(from_gateway, to_broker, |packet, now| book.acknowledge(packet, now));
	// What is left of both connections is dropped, and so ends.
	tokio::select! {
		_ = down => {},
		_ = up => {},
	}
}

/// Pass on what comes, when `note` has seen the packets in it.
async fn copy(
	mut from: OwnedReadHalf,
	mut to: OwnedWriteHalf,
	note: impl Fn(&Packet, Instant),
) -> io::Result<()> {
	let mut packets = Packets::default();
	let mut chunk = vec![0; CHUNK];
	loop {
		let read = from.read(&mut chunk).await?;
		if read == 0 {
			return Ok(());
		}
		let now = Instant::now();
		packets.push(&chunk[..read]);
		for packet in packets.take().map_err(io::Error::other)? {
			note(&packet, now);
		}
		to.write_all(&chunk[..read]).await?;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ingest::mqtt::{connect, publish};
	use codec::{Compact, Encode};
	use std::time::Duration;
	use tokio::time::timeout;

	const LIMIT: Duration = Duration::from_secs(30);
	/// CONNECT of MQTT 5 without properties.
	const CONNECT_5: &[u8] = b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01g";

	/// The beginning of a payload: as much as is looked at.
	fn payload(device: u64, sequence: u64) -> Vec<u8> {
		(Compact(1_u32), 1_u32, 2_u32, device, sequence).encode()
	}

	/// A gateway's connection and, behind the tap, the broker's.
	async fn connected() -> (Tap, TcpStream, TcpStream) {
		let broker = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
		let port = broker.local_addr().expect("an address").port();
		let tap = Tap::start(port).await.expect("a free port");
		let gateway = TcpStream::connect(("127.0.0.1", tap.port)).await.expect("a listener");
		let (behind, _) = broker.accept().await.expect("the tap connects");
		(tap, gateway, behind)
	}

	/// Send bytes, and see that they come out as they are.
	async fn send(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
		from.write_all(bytes).await.expect("an open connection");
		let mut come = vec![0; bytes.len()];
		timeout(LIMIT, to.read_exact(&mut come)).await.expect("in time").expect("open");
		assert_eq!(come, bytes);
	}

	#[tokio::test]
	async fn a_message_counts_when_the_gateway_acknowledges_it() {
		let (tap, mut gateway, mut broker) = connected().await;
		let book = &tap.book;
		book.begin(1);
		send(&mut gateway, &mut broker, &connect("g", 60)).await;
		book.wait_for_room().await;
		book.note((DeviceId(3), 9), 20);
		let full = timeout(Duration::from_millis(10), book.wait_for_room()).await;
		assert!(full.is_err(), "one may be under way");
		send(&mut broker, &mut gateway, &publish("t", 5, &payload(3, 9))).await;
		assert_eq!((book.under_way(), book.samples()), (1, vec![]));
		send(&mut gateway, &mut broker, &[0x40, 2, 0, 5]).await;
		let samples = book.samples();
		assert_eq!((samples.len(), samples[0].readings, book.under_way()), (1, 20, 0));
		timeout(LIMIT, book.wait_for_room()).await.expect("there is room again");
		book.give_back();
		timeout(LIMIT, book.wait_for_room()).await.expect("and again");
	}

	#[tokio::test]
	async fn what_nobody_sent_does_not_count() {
		let (tap, mut gateway, mut broker) = connected().await;
		let book = &tap.book;
		book.note((DeviceId(3), 9), 20);
		send(&mut gateway, &mut broker, CONNECT_5).await;
		let properties = [b"\0".as_slice(), &payload(3, 8)].concat();
		send(&mut broker, &mut gateway, &publish("t", 5, &properties)).await;
		send(&mut gateway, &mut broker, b"\x40\x02\0\x05\x40\x02\0\x06").await;
		assert_eq!((book.under_way(), book.samples()), (1, vec![]));
		book.forget();
		assert_eq!(book.under_way(), 0);
	}

	#[tokio::test]
	async fn a_connection_ends_with_the_other_one() {
		let (_tap, mut gateway, broker) = connected().await;
		drop(broker);
		let read = timeout(LIMIT, gateway.read(&mut [0; 1])).await.expect("in time");
		assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
	}
}
