//! Connections are not kept for clients that do not read.

use std::{
	io::{self, IoSlice},
	pin::Pin,
	task::{Context, Poll, ready},
	time::Duration,
};

use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	time::{Sleep, sleep},
};

/// Bytes that a client has to take in time, if it does not take all.
const LEAST: usize = 64 << 10;

/// A stream whose writes have to get on: what waits is given up, unless [`LEAST`] bytes are taken in
/// each `limit`. Otherwise those who ask for much and read nothing would keep all connections there
/// are.
pub(super) struct Patient<S> {
	stream: S,
	limit: Duration,
	/// Set while writes have had to wait.
	deadline: Option<Pin<Box<Sleep>>>,
	/// Bytes taken since then.
	taken: usize,
}

impl<S> Patient<S> {
	pub(super) const fn new(stream: S, limit: Duration) -> Self {
		Self { stream, limit, deadline: None, taken: 0 }
	}

	fn reset(&mut self) {
		self.deadline = None;
		self.taken = 0;
	}

	/// What became of a write, or that it has waited too long; `count` tells how many bytes went.
	fn judge<T>(
		&mut self,
		written: Poll<io::Result<T>>,
		count: impl FnOnce(&T) -> usize,
		context: &mut Context<'_>,
	) -> Poll<io::Result<T>> {
		if let Poll::Ready(result) = written {
			let count = result.as_ref().map_or(0, count);
			self.taken = self.taken.saturating_add(count);
			if self.taken >= LEAST {
				self.reset();
			}
			return Poll::Ready(result);
		}
		let limit = self.limit;
		if self.deadline.is_none() {
			self.taken = 0;
		}
		let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(limit)));
		ready!(deadline.as_mut().poll(context));
		Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
	}
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
		// The client goes on: what it asks next is another matter.
		self.reset();
		Poll::Ready(Ok(()))
	}
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		let written = Pin::new(&mut self.stream).poll_write(context, bytes);
		self.judge(written, |count| *count, context)
	}

	fn poll_write_vectored(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		slices: &[IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
		self.judge(written, |count| *count, context)
	}

	fn is_write_vectored(&self) -> bool {
		self.stream.is_write_vectored()
	}

	fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		let flushed = Pin::new(&mut self.stream).poll_flush(context);
		self.judge(flushed, |()| 0, context)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		let ended = Pin::new(&mut self.stream).poll_shutdown(context);
		self.judge(ended, |()| 0, context)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt, duplex},
		time::timeout,
	};

	/// Much longer than anything here takes.
	const LONG: Duration = Duration::from_secs(120);
	const SHORT: Duration = Duration::from_millis(100);

	#[tokio::test]
	async fn works_when_it_is_read_at_leisure() {
		let (near, mut far) = duplex(1 << 10);
		let mut patient = Patient::new(near, LONG);
		let reading = tokio::spawn(async move {
			let (mut buffer, mut all) = (vec![0; 32 << 10], 0);
			while all < 4 * LEAST {
				all += far.read(&mut buffer).await.expect("a stream");
			}
			all
		});
		patient.write_all(&vec![7; 4 * LEAST]).await.expect("it is read");
		patient.flush().await.expect("it is read");
		assert_eq!(reading.await.expect("no panic"), 4 * LEAST);
	}

	#[tokio::test]
	async fn fails_when_nobody_reads() {
		let (near, _far) = duplex(1 << 10);
		let mut patient = Patient::new(near, SHORT);
		let written = timeout(LONG, patient.write_all(&[7; 4 << 10])).await;
		let error = written.expect("given up in time").expect_err("nobody reads");
		assert_eq!(error.kind(), io::ErrorKind::TimedOut);
	}

	#[tokio::test]
	async fn fails_when_it_is_read_too_slowly() {
		let (near, mut far) = duplex(64);
		let mut patient = Patient::new(near, SHORT);
		let reading = tokio::spawn(async move {
			while far.read_u8().await.is_ok() {
				sleep(SHORT / 20).await;
			}
		});
		let written = timeout(LONG, patient.write_all(&vec![7; LEAST])).await;
		let error = written.expect("given up in time").expect_err("a byte at a time");
		assert_eq!(error.kind(), io::ErrorKind::TimedOut);
		drop(patient);
		reading.await.expect("no panic");
	}

	#[tokio::test]
	async fn a_pause_between_requests_does_not_count() {
		// Longer than the machine keeps this waiting while an answer is read.
		let limit = SHORT * 30;
		let (near, mut far) = duplex(16);
		let mut patient = Patient::new(near, limit);
		for _ in 0..2 {
			let mut answer = [0; 64];
			let (written, read) =
				tokio::join!(patient.write_all(&[7; 64]), far.read_exact(&mut answer));
			written.expect("it is read");
			read.expect("it is written");
			sleep(limit + SHORT).await;
			far.write_all(b"?").await.expect("there is room");
			assert_eq!(patient.read_u8().await.expect("a byte"), b'?');
		}
	}
}
