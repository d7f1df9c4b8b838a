//! Bodies of strangers' answers over HTTP, within a limit.

use reqwest::Response;

/// Why a body is not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
	/// It does not come to its end.
	#[error(transparent)]
	Broken(#[from] reqwest::Error),
	/// It is longer than it may be.
	#[error("the answer has more than {0} bytes")]
	TooLarge(usize),
}

/// The body of an answer, of at most so many bytes. What comes is counted, whatever is declared.
///
/// # Errors
/// A [`Fault`], as soon as it shows.
pub(crate) async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, Fault> {
	let mut body = Vec::new();
	while let Some(chunk) = response.chunk().await? {
		if chunk.len() > most.saturating_sub(body.len()) {
			return Err(Fault::TooLarge(most));
		}
		body.extend_from_slice(&chunk);
	}
	Ok(body)
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpListener,
	};

	/// A server that answers one request with a status, and a body of so many bytes of the alphabet,
	/// and then keeps the connection: who waits for the end waits for ever. Returns its URL.
	pub(crate) async fn endless(status: &'static str, bytes: usize) -> String {
		let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
		let address = listener.local_addr().expect("bound");
		tokio::spawn(async move {
			let (mut stream, _) = listener.accept().await.expect("one request");
			let mut request = [0; 1024];
			let _ = stream.read(&mut request).await;
			let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n");
			let chunk = format!("{bytes:x}\r\n{}\r\n", "a".repeat(bytes));
			let _ = stream.write_all(format!("{head}{chunk}").as_bytes()).await;
			// Until the client goes.
			let _ = stream.read(&mut request).await;
		});
		format!("http://{address}")
	}

	#[tokio::test]
	async fn fails_as_soon_as_there_is_too_much() {
		let url = endless("200 OK", 11).await;
		let response = reqwest::get(url).await.expect("an answer");
		let fault = read(response, 10).await.expect_err("one too many");
		assert!(matches!(fault, Fault::TooLarge(10)), "{fault}");
	}
}
