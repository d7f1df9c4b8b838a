//! Readings by MQTT: acknowledged when the gateway acknowledges them to the broker.

use std::{sync::Arc, time::Duration};

use cairn_network_tests::ingest::{
	figures::Measured,
	mqtt,
	plan::{self, Order},
	tap::{Book, Tap},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::tcp::{OwnedReadHalf, OwnedWriteHalf},
	task::{JoinHandle, JoinSet},
	time::{sleep, timeout},
};

use crate::{
	stage::{Sent, Stage, broken},
	supply::Request,
	timing::Signals,
	wire::sign_in,
};
use cairn_network_tests::bench::Failure;

/// Messages of one reading that may be under way at once; fewer of larger ones.
const UNDER_WAY: usize = 512;
/// How long the last ones may take.
const DRAINED: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// Measure messages of `size` readings through the broker on this port and the tap behind it.
pub(crate) async fn run(
	stage: &mut Stage<'_>,
	port: u16,
	tap: &Tap,
	size: usize,
) -> Result<Measured, Failure> {
	let mut run = stage.begin("MQTT", size).await;
	run.connections = stage.options.connections;
	let network = stage.fleet.network();
	let make = move |device, number, readings: &[u8]| {
		mqtt::publish(&mqtt::topic(network, device), mqtt::number(number), readings)
	};
	let lanes = Box::pin(stage.supply(&run, Order::Alone, make)).await;
	tap.book.begin(plan::connections(size, UNDER_WAY));
	let signals = Signals::default();
	let mut senders = JoinSet::new();
	for (number, lane) in lanes.into_iter().enumerate() {
		senders.spawn(send(number, port, lane, tap.book.clone(), signals.clone()));
	}
	let timed = stage.measure(&signals).await;
	let (mut sent, mut open) = (Sent::default(), Vec::new());
	let ended = timeout(DRAINED, async {
		// Those that wait for room get it from what is acknowledged.
		while let Some(one) = senders.join_next().await {
			let (readings, line) = one.expect("a sender does not panic").map_err(broken)?;
			sent.readings += readings;
			open.push(line);
		}
		while tap.book.under_way() > 0 {
			sleep(LOOK).await;
		}
		Ok::<(), Failure>(())
	});
	ended.await.unwrap_or_else(|_| Err(silent(&tap.book)))?;
	drop(open);
	sent.samples = tap.book.samples();
	Ok(Box::pin(stage.end(&run, &timed, &sent)).await)
}

/// The gateway does not acknowledge what it was sent.
fn silent(book: &Book) -> Failure {
	let (seconds, count) = (DRAINED.as_secs(), book.under_way());
	Failure::new(
		format!("the gateway has not acknowledged {count} messages within {seconds} s"),
		"measure again with --seconds 2; if it stays, report it",
	)
}

/// A connection: closed before the broker has read everything, it would lose messages.
struct Line {
	_to: OwnedWriteHalf,
	reader: JoinHandle<()>,
}

impl Drop for Line {
	fn drop(&mut self) {
		self.reader.abort();
	}
}

/// Send messages as far as there is room; how many readings they have.
async fn send(
	number: usize,
	port: u16,
	lane: Vec<Request>,
	book: Arc<Book>,
	signals: Signals,
) -> Result<(u64, Line), String> {
	let stream = sign_in(number, port).await;
	let stream = stream.map_err(|cause| format!("cannot sign in: {cause}"))?;
	let (from, mut to) = stream.into_split();
	let reader = tokio::spawn(ignore(from));
	let mut readings = 0;
	for request in lane {
		book.wait_for_room().await;
		if signals.is_over() {
			book.give_back();
			return Ok((readings, Line { _to: to, reader }));
		}
		book.note(request.key, request.readings);
		let written = to.write_all(&request.bytes).await;
		written.map_err(|cause| format!("the broker closed a connection: {cause}"))?;
		readings += u64::from(request.readings);
	}
	signals.run_out();
	Ok((readings, Line { _to: to, reader }))
}

/// Take the broker's acknowledgements: it has the messages, the gateway need not.
async fn ignore(mut from: OwnedReadHalf) {
	let mut come = vec![0; 4 << 10];
	while matches!(from.read(&mut come).await, Ok(read) if read > 0) {}
}
