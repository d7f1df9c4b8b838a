//! Reading a request's body: within a size, within a time, however it trickles in.

use std::time::Duration;

use axum::{
	body::{Body, to_bytes},
	http::{HeaderMap, StatusCode, header},
};
use cairn_telemetry::SignedReading;
use codec::Decode;
use tokio::time::timeout;

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

/// Read and decode a body of readings.
///
/// # Errors
/// A [`Failure`] that says what is wrong with it.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<SignedReading>, Failure> {
	if declared_size(headers).is_some_and(|size| size > MAX_BODY) {
		return Err(too_large());
	}
	let bytes = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await {
		Ok(Ok(bytes)) => bytes,
		Ok(Err(error)) if error.to_string().contains("limit") => return Err(too_large()),
		Ok(Err(_)) => return Err(malformed("The body ended early.")),
		Err(_) => return Err(too_slow()),
	};
	let readings = decode(headers, &bytes)?;
	if readings.len() > MAX_READINGS {
		return Err(too_large());
	}
	Ok(readings)
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

	#[tokio::test]
	async fn works_when_the_body_is_empty_of_readings() {
		let body = Vec::<SignedReading>::new().encode();
		let readings = read(&octets(), Body::from(body)).await.expect("decodes");
		assert!(readings.is_empty());
	}

	#[tokio::test]
	async fn fails_when_the_body_is_too_large() {
		let failure = read(&octets(), Body::from(vec![0; MAX_BODY + 1])).await.expect_err("large");
		assert_eq!(failure.status, StatusCode::PAYLOAD_TOO_LARGE);
		let mut declared = octets();
		declared.insert(header::CONTENT_LENGTH, HeaderValue::from(MAX_BODY + 1));
		let failure = read(&declared, Body::empty()).await.expect_err("declared large");
		assert_eq!(failure.status, StatusCode::PAYLOAD_TOO_LARGE);
	}
}
