//! Many devices, each connected and with a reading in every window.

use std::{
	io,
	net::SocketAddr,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};

use cairn::agent::anchor_at;
use cairn_network_tests::{
	ingest::{
		figures::{Acknowledged, Connected, Sample, Shares},
		fleet::Fleet,
		http, mqtt,
		plan::next_moment,
		site::{Anchors, Broker, Station},
		tap::Book,
	},
	now_millis,
};
use codec::Encode;
use futures::stream::{self, StreamExt};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	task::JoinSet,
	time::sleep,
};

use crate::{
	timing,
	wire::{Connection, sign_in},
};
use cairn_network_tests::bench::Failure;

/// Connections that are made at a time.
const AT_ONCE: usize = 64;
/// How long a device waits whose gateway is busy.
const BUSY: Duration = Duration::from_millis(250);
/// How often a reading is sent to a busy gateway.
const TRIES: usize = 8;
/// Time between two looks at memory.
const LOOK: Duration = Duration::from_secs(1);

/// What devices share.
pub(crate) struct Crowd {
	pub(crate) fleet: Arc<Fleet>,
	pub(crate) anchors: Anchors,
	pub(crate) window_millis: u64,
	notes: Mutex<Notes>,
}

/// What became of readings.
#[derive(Default)]
struct Notes {
	samples: Vec<Sample>,
	busy: u64,
	failed: u64,
	first_failure: Option<String>,
}

/// Whose memory and processors are looked at.
pub(crate) struct Watched<'a> {
	pub(crate) station: &'a Station,
	pub(crate) broker: Option<&'a Broker>,
	/// Process ids: gateway, bench, node and, if there is one, broker.
	pub(crate) programs: &'a [u32],
	/// Windows for which devices report.
	pub(crate) windows: u64,
}

impl Crowd {
	pub(crate) fn new(fleet: Arc<Fleet>, anchors: Anchors, window_millis: u64) -> Arc<Self> {
		Arc::new(Self { fleet, anchors, window_millis, notes: Mutex::default() })
	}

	fn notes(&self) -> MutexGuard<'_, Notes> {
		self.notes.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn fail(&self, cause: impl FnOnce() -> String) {
		let mut notes = self.notes();
		notes.failed += 1;
		notes.first_failure.get_or_insert_with(cause);
	}

	/// Wait for a device's moment in the next window; devices have theirs evenly spaced.
	async fn wait(&self, device: usize) {
		let place = u64::try_from(device).expect("few devices");
		let count = u64::try_from(self.fleet.len()).expect("few devices");
		let offset = place * self.window_millis / count;
		let now = now_millis();
		let moment = next_moment(now, self.window_millis, offset);
		sleep(Duration::from_millis(moment - now)).await;
	}

	/// A device's reading of now: its time, and SCALE of it alone.
	fn reading(&self, device: usize) -> (u64, Vec<u8>) {
		let time = now_millis();
		let anchor = anchor_at(&self.anchors.newest(), time);
		(time, vec![self.fleet.sign(device, time, anchor)].encode())
	}
}

/// Connect every device to the gateway, let all of them report, and measure.
pub(crate) async fn over_http(
	crowd: &Arc<Crowd>,
	address: SocketAddr,
	watched: &Watched<'_>,
) -> Result<Connected, Failure> {
	let begin = Instant::now();
	let open = |device| Connection::open(device, address);
	let connections = Box::pin(connect(crowd.fleet.len(), open)).await?;
	let seconds = begin.elapsed().as_secs_f64();
	let host: Arc<str> = address.to_string().into();
	let mut devices = JoinSet::new();
	for (device, connection) in connections.into_iter().enumerate() {
		devices.spawn(post(crowd.clone(), device, connection, host.clone()));
	}
	let connected = Box::pin(measure(crowd, watched, "HTTP", None)).await;
	// Devices end as they are dropped.
	Ok(Connected { connect_seconds: seconds, ..connected })
}

/// Connect every device to the broker, let all of them report, and measure.
pub(crate) async fn over_mqtt(
	crowd: &Arc<Crowd>,
	port: u16,
	book: &Arc<Book>,
	watched: &Watched<'_>,
) -> Result<Connected, Failure> {
	let begin = Instant::now();
	let open = |device| sign_in(device, port);
	let connections = Box::pin(connect(crowd.fleet.len(), open)).await?;
	let seconds = begin.elapsed().as_secs_f64();
	let mut devices = JoinSet::new();
	for (device, stream) in connections.into_iter().enumerate() {
		devices.spawn(publish(crowd.clone(), device, stream, book.clone()));
	}
	let connected = Box::pin(measure(crowd, watched, "MQTT", Some(book.as_ref()))).await;
	Ok(Connected { connect_seconds: seconds, ..connected })
}

/// Connections of `count` devices, in order.
async fn connect<T, F: Future<Output = io::Result<T>>>(
	count: usize,
	open: impl Fn(usize) -> F,
) -> Result<Vec<T>, Failure> {
	let opened = stream::iter(0..count).map(open).buffered(AT_ONCE);
	let opened = opened.collect::<Vec<io::Result<T>>>().await;
	opened.into_iter().collect::<io::Result<Vec<T>>>().map_err(|cause| {
		let what = format!("{count} devices cannot be connected: {cause}");
		Failure::new(what, "raise the limit of open files (ulimit -Hn), or lower --devices")
	})
}

/// A device that posts.
async fn post(crowd: Arc<Crowd>, device: usize, mut connection: Connection, host: Arc<str>) {
	loop {
		crowd.wait(device).await;
		let (_, reading) = crowd.reading(device);
		let request = http::post(&host, &reading);
		let since = Instant::now();
		if let Err(cause) = try_to_post(&crowd, &mut connection, &request, since).await {
			return crowd.fail(|| cause);
		}
	}
}

/// Send a reading, again while the gateway is busy.
async fn try_to_post(
	crowd: &Crowd,
	connection: &mut Connection,
	request: &[u8],
	since: Instant,
) -> Result<(), String> {
	for _ in 0..TRIES {
		let (status, body) = connection.ask(request).await?;
		let at = Instant::now();
		if status == 503 {
			crowd.notes().busy += 1;
			sleep(BUSY).await;
			continue;
		}
		if http::accepted(body) == 1 {
			crowd.notes().samples.push(Sample { at, waited: at - since, readings: 1 });
		} else {
			let words = body.chars().take(300).collect::<String>();
			crowd.fail(|| format!("{status} {words}"));
		}
		return Ok(());
	}
	crowd.fail(|| format!("the gateway was busy {TRIES} times"));
	Ok(())
}

/// A device that publishes.
async fn publish(crowd: Arc<Crowd>, device: usize, mut stream: TcpStream, book: Arc<Book>) {
	let id = crowd.fleet.id(device);
	let topic = mqtt::topic(crowd.fleet.network(), id);
	for index in 0.. {
		crowd.wait(device).await;
		let (time, reading) = crowd.reading(device);
		let packet = mqtt::publish(&topic, mqtt::number(index), &reading);
		book.note((id, time), 1);
		if let Err(cause) = exchange(&mut stream, &packet).await {
			return crowd.fail(|| format!("the broker closed a connection: {cause}"));
		}
	}
}

/// Send a packet, and take the broker's PUBACK.
async fn exchange(stream: &mut TcpStream, packet: &[u8]) -> io::Result<()> {
	stream.write_all(packet).await?;
	let mut acknowledgement = [0; 4];
	stream.read_exact(&mut acknowledgement).await?;
	Ok(())
}

/// Let a window pass in which all devices report for the first time, then measure.
async fn measure(
	crowd: &Crowd,
	watched: &Watched<'_>,
	transport: &'static str,
	book: Option<&Book>,
) -> Connected {
	let Watched { station, broker, programs, windows } = watched;
	let window = Duration::from_millis(crowd.window_millis);
	sleep(window).await;
	let now = now_millis();
	sleep(Duration::from_millis(next_moment(now, crowd.window_millis, 0) - now)).await;
	let before = Box::pin(station.counters()).await;
	let (from, earlier) = (Instant::now(), timing::read(programs));
	let end = from + window * u32::try_from(*windows).expect("few windows");
	let (mut gateway_bytes, mut broker_bytes) = (0, 0);
	while Instant::now() < end {
		sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
		gateway_bytes = gateway_bytes.max(station.resident_bytes());
		broker_bytes = broker_bytes.max(broker.map_or(0, Broker::resident_bytes));
	}
	let (to, later) = (Instant::now(), timing::read(programs));
	let counters = Box::pin(station.counters()).await.since(&before);
	let mut notes = std::mem::take(&mut *crowd.notes());
	notes.samples.extend(book.map(Book::samples).unwrap_or_default());
	Connected {
		transport,
		devices: crowd.fleet.len(),
		connect_seconds: 0.0,
		windows: *windows,
		acknowledged: Acknowledged::between(&notes.samples, from, to),
		processors: Shares::of(&later.since(&earlier)),
		counters,
		busy: notes.busy,
		failed: notes.failed,
		first_failure: notes.first_failure,
		gateway_bytes,
		broker_bytes,
	}
}
