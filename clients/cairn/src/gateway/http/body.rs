//! Reading a request's body: within a size, within a time, however it trickles in. What has come of
//! all bodies is bounded, too, so that slow ones need not wait for one another.

use std::time::Duration;

use axum::{
	body::Body,
	http::{HeaderMap, StatusCode, header},
};
use cairn_telemetry::SignedReading;
use codec::Decode;
use futures::StreamExt;
use tokio::{
	sync::{Semaphore, SemaphorePermit},
	time::timeout,
};

use super::Failure;
use crate::{
	gateway::refusal::Refusal,
	protocol::{OCTETS, ReadingsRequest},
};

/// Most bytes of a body.
pub(super) const MAX_BODY: usize = 1 << 20;
/// Most readings of one request.
pub(super) const MAX_READINGS: usize = 4_096;
/// How long the whole body may take.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes that have come of bodies which are not decoded yet, of all requests together. As a body
/// grows, up to twice as many are set aside.
pub const BODIES: usize = 256 << 20;

/// A body that has come, with its share of the room there is for bodies.
pub(super) struct Received<'a> {
	bytes: Vec<u8>,
	share: Option<SemaphorePermit<'a>>,
}

impl<'a> Received<'a> {
	/// Decode readings, and give the room back.
	///
	/// # Errors
	/// A [`Failure`] that says what is wrong with them.
	pub(super) fn decode(self, headers: &HeaderMap) -> Result<Vec<SignedReading>, Failure> {
		let readings = decode(headers, &self.bytes)?;
		if readings.len() > MAX_READINGS {
			return Err(too_large());
		}
		Ok(readings)
	}

	/// Keep what has come next.
	fn add(&mut self, chunk: &[u8], room: &'a Semaphore) -> Result<(), Failure> {
		if chunk.len() > MAX_BODY.saturating_sub(self.bytes.len()) {
			return Err(too_large());
		}
		let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
		let more = room.try_acquire_many(count).map_err(|_| busy())?;
		match &mut self.share {
			Some(share) => share.merge(more),
			None => self.share = Some(more),
		}
		self.bytes.extend_from_slice(chunk);
		Ok(())
	}
}

/// Read a body, for which there has to be `room`: a permit for each byte.
///
/// # Errors
/// A [`Failure`] if it is too large, too slow, or one too many.
pub(super) async fn receive<'a>(
	headers: &HeaderMap,
	body: Body,
	room: &'a Semaphore,
) -> Result<Received<'a>, Failure> {
	if declared_size(headers).is_some_and(|size| size > MAX_BODY) {
		return Err(too_large());
	}
	timeout(BODY_TIMEOUT, collect(body, room)).await.unwrap_or_else(|_| Err(too_slow()))
}

async fn collect(body: Body, room: &Semaphore) -> Result<Received<'_>, Failure> {
	let mut chunks = body.into_data_stream();
	let mut received = Received { bytes: Vec::new(), share: None };
	while let Some(chunk) = chunks.next().await {
		let chunk = chunk.map_err(|_| malformed("The body ended early."))?;
		received.add(&chunk, room)?;
	}
	Ok(received)
}

/// Decode a body by its content type. Pure.
fn decode(headers: &HeaderMap, bytes: &[u8]) -> Result<Vec<SignedReading>, Failure> {
	let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
	let content = content.unwrap_or("application/json");
	let kind = content.split(';').next().unwrap_or_default().trim();
	if kind.eq_ignore_ascii_case(OCTETS) {
		return decode_octets(bytes).map_err(|cause| malformed(&cause));
	}
	if kind.eq_ignore_ascii_case("application/json") {
		return serde_json::from_slice::<ReadingsRequest>(bytes)
			.map(|request| request.readings)
			.map_err(|cause| malformed(&format!("The body is not JSON of readings: {cause}.")));
	}
	Err(Failure::new(
		StatusCode::UNSUPPORTED_MEDIA_TYPE,
		Refusal::Malformed.code(),
		"The body's content type is neither application/json nor application/octet-stream.",
		Refusal::Malformed.remedy(),
	))
}

/// Decode readings in SCALE. Pure.
///
/// # Errors
/// In words.
pub(in crate::gateway) fn decode_octets(bytes: &[u8]) -> Result<Vec<SignedReading>, String> {
	let mut input = bytes;
	let readings = Vec::<SignedReading>::decode(&mut input)
		.map_err(|cause| format!("The body is not SCALE of readings: {cause}."))?;
	if input.is_empty() {
		Ok(readings)
	} else {
		Err("Bytes are left over behind the readings.".to_owned())
	}
}

fn declared_size(headers: &HeaderMap) -> Option<usize> {
	headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The answer that there is too much to do already.
pub(super) fn busy() -> Failure {
	Failure::new(
		StatusCode::SERVICE_UNAVAILABLE,
		"busy",
		"The gateway takes as many requests as it can.",
		"Send it again in a moment.",
	)
}

fn malformed(cause: &str) -> Failure {
	let refusal = Refusal::Malformed;
	Failure::new(StatusCode::BAD_REQUEST, refusal.code(), cause, refusal.remedy())
}

fn too_large() -> Failure {
	Failure::new(
		StatusCode::PAYLOAD_TOO_LARGE,
		"too_large",
		"The body has more than 1 MiB or 4,096 readings.",
		"Send fewer readings at once.",
	)
}

fn too_slow() -> Failure {
	Failure::new(
		StatusCode::REQUEST_TIMEOUT,
		"too_slow",
		"The body took longer than ten seconds.",
		"Send fewer readings at once, or over a better connection.",
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::http::HeaderValue;
	use codec::Encode;

	fn octets() -> HeaderMap {
		HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(OCTETS))])
	}

	/// Read a body where there is room for as many bytes.
	async fn read(
		headers: &HeaderMap,
		body: impl Into<Body>,
		room: usize,
	) -> Result<Vec<SignedReading>, Failure> {
		let room = Semaphore::new(room);
		receive(headers, body.into(), &room).await?.decode(headers)
	}

	#[tokio::test]
	async fn works_when_the_body_is_empty_of_readings() {
		let body = Vec::<SignedReading>::new().encode();
		let readings = read(&octets(), body, BODIES).await.expect("decodes");
		assert!(readings.is_empty());
	}

	#[tokio::test]
	async fn fails_when_the_body_is_too_large() {
		let failure = read(&octets(), vec![0u8; MAX_BODY + 1], BODIES).await.expect_err("large");
		assert_eq!(failure.status, StatusCode::PAYLOAD_TOO_LARGE);
		let mut declared = octets();
		declared.insert(header::CONTENT_LENGTH, HeaderValue::from(MAX_BODY + 1));
		let failure = read(&declared, Body::empty(), BODIES).await.expect_err("declared large");
		assert_eq!(failure.status, StatusCode::PAYLOAD_TOO_LARGE);
	}

	#[tokio::test]
	async fn fails_while_there_is_no_room_for_the_body() {
		let room = Semaphore::new(10);
		let held = receive(&octets(), Body::from(vec![0; 6]), &room).await.expect("there is room");
		let refused = receive(&octets(), Body::from(vec![0; 5]), &room).await;
		let failure = refused.map(|_| ()).expect_err("only four are left");
		assert_eq!(
			(failure.status, failure.retry_after),
			(StatusCode::SERVICE_UNAVAILABLE, Some(1))
		);
		drop(held);
		assert_eq!(room.available_permits(), 10);
		let kept = receive(&octets(), Body::from(vec![0; 10]), &room).await.expect("there is room");
		assert!(kept.decode(&octets()).is_err(), "zeroes are left over behind no readings");
		assert_eq!(room.available_permits(), 10);
	}

	#[tokio::test]
	async fn works_when_the_body_comes_in_pieces() {
		let body = Vec::<SignedReading>::new().encode();
		let pieces = body.into_iter().map(|byte| Ok::<_, std::io::Error>(vec![byte]));
		let none = [Ok(Vec::new())].into_iter();
		let body = Body::from_stream(futures::stream::iter(none.chain(pieces)));
		assert!(read(&octets(), body, 1).await.expect("one byte").is_empty());
	}
}
