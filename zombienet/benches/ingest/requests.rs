//! Readings over HTTP.

use std::{net::SocketAddr, time::Instant};

use cairn_network_tests::ingest::{
	figures::{Measured, Sample},
	http,
	plan::Order,
};
use tokio::task::JoinSet;

use crate::{
	stage::{Sent, Stage, broken},
	supply::Request,
	timing::Signals,
	wire::Connection,
};
use cairn_network_tests::bench::Failure;

/// Measure requests of `size` readings to the gateway at `address`.
pub(crate) async fn run(
	stage: &mut Stage<'_>,
	address: SocketAddr,
	size: usize,
) -> Result<Measured, Failure> {
	let run = stage.begin("HTTP", size).await;
	let host = address.to_string();
	let make = move |_, _, readings: &[u8]| http::post(&host, readings);
	let lanes = Box::pin(stage.supply(&run, Order::Mixed, make)).await;
	let signals = Signals::default();
	let mut senders = JoinSet::new();
	for (number, lane) in lanes.into_iter().enumerate() {
		senders.spawn(send(number, address, lane, signals.clone()));
	}
	let timed = stage.measure(&signals).await;
	let mut sent = Sent::default();
	while let Some(one) = senders.join_next().await {
		sent.add(one.expect("a sender does not panic").map_err(broken)?);
	}
	Ok(Box::pin(stage.end(&run, &timed, &sent)).await)
}

/// Send one request after the other, each when the one before is answered.
async fn send(
	number: usize,
	address: SocketAddr,
	lane: Vec<Request>,
	signals: Signals,
) -> Result<Sent, String> {
	let connection = Connection::open(number, address).await;
	let mut connection = connection.map_err(|cause| format!("cannot connect: {cause}"))?;
	let mut sent = Sent::default();
	for request in lane {
		if signals.is_over() {
			return Ok(sent);
		}
		let since = Instant::now();
		let (status, body) = connection.ask(&request.bytes).await?;
		let at = Instant::now();
		let stored = if status == 200 { http::accepted(body) } else { 0 };
		let readings = u32::try_from(stored).unwrap_or(u32::MAX);
		sent.readings += u64::from(request.readings);
		sent.samples.push(Sample { at, waited: at - since, readings });
		if readings < request.readings && sent.first_refusal.is_none() {
			sent.first_refusal = Some(excerpt(status, body));
		}
	}
	signals.run_out();
	Ok(sent)
}

/// What an answer says of readings that it does not accept.
fn excerpt(status: u16, body: &str) -> String {
	let from = body.find("\"rejected\"").or_else(|| body.find("\"duplicate\"")).unwrap_or(0);
	let words = body.get(from..).unwrap_or_default().chars().take(200).collect::<String>();
	format!("{status} {words}")
}
