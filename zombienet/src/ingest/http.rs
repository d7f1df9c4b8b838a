//! HTTP as far as a sender needs it: whole requests, made before they are sent, and answers as they
//! come in. Pure.

use cairn::protocol::OCTETS;

/// Most bytes that the head of an answer may have.
const MAX_HEAD: usize = 16 << 10;

/// A request that brings readings, over a connection that stays open.
#[must_use]
pub fn post(host: &str, body: &[u8]) -> Vec<u8> {
	let length = body.len();
	let head = format!(
		"POST /v1/readings HTTP/1.1\r\nhost: {host}\r\ncontent-type: {OCTETS}\r\n\
		 content-length: {length}\r\n\r\n"
	);
	[head.as_bytes(), body].concat()
}

/// Where an answer ends in what has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
	/// Its status.
	pub status: u16,
	/// Where its body begins.
	pub body: usize,
	/// Where it ends, and the next answer begins.
	pub end: usize,
}

impl Frame {
	/// The answer that `bytes` begin with; `None` if its head is not complete yet. Its body need not
	/// be there.
	///
	/// # Errors
	/// In words, if that is no answer whose length is known.
	pub fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
		let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
			let is_long = bytes.len() > MAX_HEAD;
			return if is_long {
				Err("the head of an answer does not end".to_owned())
			} else {
				Ok(None)
			};
		};
		let text = str::from_utf8(&bytes[..head]).map_err(|cause| cause.to_string())?;
		let mut lines = text.split("\r\n");
		let first = lines.next().unwrap_or_default();
		let status =
			first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
		let status = status.ok_or_else(|| format!("an answer begins with {first:?}"))?;
		let length = lines.find_map(|line| {
			let (name, value) = line.split_once(':')?;
			let is_length = name.eq_ignore_ascii_case("content-length");
			is_length.then(|| value.trim().parse::<usize>().ok())?
		});
		let length = length.ok_or("an answer does not say its length")?;
		let body = head + 4;
		Ok(Some(Self { status, body, end: body + length }))
	}
}

/// How many results of an answer say that a reading is stored now.
#[must_use]
pub fn accepted(body: &str) -> usize {
	body.matches("\"status\":\"accepted\"").count()
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn::protocol::{ReadingResult, ReadingStatus, ReadingsAnswer};
	use cairn_types::DeviceId;

	const ANSWER: &[u8] =
		b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nretry-after: 1\r\n\r\nhelloHTTP";

	#[test]
	fn a_request_says_what_it_brings() {
		let request = post("127.0.0.1:9", &[1, 2, 3]);
		let text = String::from_utf8_lossy(&request);
		assert!(text.starts_with("POST /v1/readings HTTP/1.1\r\nhost: 127.0.0.1:9\r\n"), "{text}");
		assert!(text.contains("\r\ncontent-length: 3\r\n\r\n"), "{text}");
		assert!(text.contains("content-type: application/octet-stream"), "{text}");
		assert!(request.ends_with(&[1, 2, 3]));
	}

	#[test]
	fn an_answer_ends_where_it_says() {
		let frame = Frame::read(ANSWER).expect("an answer").expect("a whole head");
		assert_eq!((frame.status, &ANSWER[frame.body..frame.end]), (503, b"hello".as_slice()));
		for cut in 0..frame.body {
			assert_eq!(Frame::read(&ANSWER[..cut]), Ok(None), "{cut}");
		}
		assert_eq!(Frame::read(&ANSWER[..frame.body]), Ok(Some(frame)), "the body may come later");
	}

	#[test]
	fn fails_when_it_is_no_answer() {
		for text in [
			"SSH-2.0-OpenSSH\r\n\r\n",
			"HTTP/1.1 abc\r\ncontent-length: 1\r\n\r\n",
			"HTTP/1.1 200 OK\r\n\r\n",
			"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
		] {
			assert!(Frame::read(text.as_bytes()).is_err(), "{text}");
		}
		assert!(Frame::read(&vec![b'x'; MAX_HEAD + 1]).is_err());
		assert!(Frame::read(b"\xff\r\n\r\n").is_err());
	}

	#[test]
	fn results_are_counted_as_the_gateway_writes_them() {
		let result = |sequence, status| ReadingResult {
			device: DeviceId(1),
			sequence,
			status,
			code: None,
			cause: None,
			remedy: None,
			retry: false,
		};
		let statuses = [ReadingStatus::Accepted, ReadingStatus::Rejected, ReadingStatus::Accepted];
		let results = (0..).zip(statuses).map(|(sequence, status)| result(sequence, status));
		let answer = ReadingsAnswer { results: results.collect() };
		let text = serde_json::to_string(&answer).expect("serializes");
		assert_eq!(accepted(&text), 2, "{text}");
		assert_eq!(accepted(""), 0);
	}
}
