//! The listening socket: bounded connections, bounded time for headers, an orderly end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	server::graceful::GracefulShutdown,
	service::TowerToHyperService,
};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::{OwnedSemaphorePermit, Semaphore},
	time::{sleep, timeout},
};

use super::patient::Patient;
use crate::gateway::error::Error;

/// How long a request's headers may take, and how long a connection may idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// In which time a client has to take some of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long open requests may take to finish at the end.
const DRAIN: Duration = Duration::from_secs(10);
/// Most bytes of headers.
const HEADER_BYTES: usize = 16 * 1024;

/// Listen on `address`.
///
/// # Errors
/// [`Error::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
	let failed = |cause: std::io::Error| Error::Listen { address, cause: cause.to_string() };
	TcpListener::bind(address).await.map_err(failed)
}

/// Serve until `stop` is ready, then let open requests finish.
pub async fn serve(
	listener: TcpListener,
	router: Router,
	connections: usize,
	stop: impl Future<Output = ()>,
) {
	let graceful = GracefulShutdown::new();
	let permits = Arc::new(Semaphore::new(connections));
	tokio::pin!(stop);
	loop {
		tokio::select! {
			accepted = accept(&listener, &permits) => {
				let Some((stream, permit)) = accepted else { break };
				spawn(stream, router.clone(), &graceful, permit);
			},
			() = &mut stop => break,
		}
	}
	drop(listener);
	if timeout(DRAIN, graceful.shutdown()).await.is_err() {
		tracing::warn!("requests were cut off: they took longer than ten seconds to finish");
	}
}

/// The next connection, when there is room for one; `None` if there will never be.
async fn accept(
	listener: &TcpListener,
	permits: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
	let permit = permits.clone().acquire_owned().await.ok()?;
	loop {
		match listener.accept().await {
			Ok((stream, _)) => return Some((stream, permit)),
			Err(cause) => {
				// Out of file descriptors, or a connection that went away at once.
				tracing::warn!(%cause, "cannot accept a connection");
				sleep(Duration::from_millis(100)).await;
			},
		}
	}
}

fn spawn(
	stream: TcpStream,
	router: Router,
	graceful: &GracefulShutdown,
	permit: OwnedSemaphorePermit,
) {
	if let Err(cause) = stream.set_nodelay(true) {
		tracing::debug!(%cause, "cannot set TCP_NODELAY");
	}
	let mut builder = http1::Builder::new();
	builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES);
	let service = TowerToHyperService::new(router);
	let stream = TokioIo::new(Patient::new(stream, WRITE_TIMEOUT));
	let connection = builder.serve_connection(stream, service);
	let watched = graceful.watcher().watch(connection);
	tokio::spawn(async move {
		if let Err(cause) = watched.await {
			tracing::debug!(%cause, "a connection ended early");
		}
		drop(permit);
	});
}
