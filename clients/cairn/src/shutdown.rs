//! An orderly end.

/// Ready at the first SIGINT or SIGTERM. A second one ends the process at once.
pub async fn signal() {
	first().await;
	tracing::info!("stopping; once more to stop at once");
	tokio::spawn(async {
		first().await;
		std::process::exit(130);
	});
}

#[cfg(unix)]
async fn first() {
	use tokio::signal::unix::{SignalKind, signal};

	let Ok(mut terminate) = signal(SignalKind::terminate()) else {
		tracing::warn!("cannot listen for SIGTERM");
		return interrupt().await;
	};
	tokio::select! {
		() = interrupt() => {},
		_ = terminate.recv() => {},
	}
}

#[cfg(not(unix))]
async fn first() {
	interrupt().await;
}

async fn interrupt() {
	if let Err(cause) = tokio::signal::ctrl_c().await {
		tracing::warn!(%cause, "cannot listen for SIGINT");
		std::future::pending::<()>().await;
	}
}
