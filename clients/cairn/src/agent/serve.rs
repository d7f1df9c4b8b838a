//! Running sources and devices together, until the end.

use std::{collections::BTreeMap, sync::Arc};

use cairn_types::DeviceKey;
use tokio::{
	sync::watch,
	task::{JoinError, JoinSet},
};
use tracing::Instrument;

use super::{
	client::Client,
	config::{Config, Device},
	error::Error,
	hub::{Hub, Post, Sink},
	key::load,
	run::Agent,
	source,
	state::State,
};

/// Run an agent until `stop` is ready, or its last device cannot go on.
///
/// # Errors
/// If a file or address cannot be used; else, at the end, what stopped the first device that could
/// not go on.
pub async fn run(config: &Config, stop: impl Future<Output = ()>) -> Result<(), Error> {
	let post = |device: &Device| Arc::new(Post::new(device.name.clone(), device.inputs.clone()));
	let posts = config.devices.iter().map(post).collect::<Vec<_>>();
	let agents = config.devices.iter().zip(&posts).map(|(device, post)| agent(device, post));
	let agents = agents.collect::<Result<Vec<_>, Error>>()?;
	ensure_distinct(agents.iter().map(|agent| (agent.post.name.as_str(), agent.pair.public())))?;
	let names = config.sources.iter().map(|source| source.name.clone()).collect();
	let hub: Arc<dyn Sink> = Arc::new(Hub::new(names, posts));
	let mut sources = JoinSet::new();
	for job in source::open(&config.sources).await? {
		sources.spawn(Box::pin(job.run(hub.clone())));
	}
	let (stopping, ended) = watch::channel(false);
	let mut devices = JoinSet::new();
	for agent in agents {
		devices.spawn(Box::pin(report(agent, ended.clone())));
	}
	tracing::info!(
		sources = config.sources.len(),
		devices = config.devices.len(),
		"the agent runs"
	);
	watch_over(&mut sources, &mut devices, &stopping, stop).await
}

/// What became of a device: its name, and what stopped it.
type Ended = (String, Result<(), Error>);

/// Wait for the end of every device. A device that cannot go on leaves the others alone; a source
/// that panics ends them all.
async fn watch_over(
	sources: &mut JoinSet<()>,
	devices: &mut JoinSet<Ended>,
	stopping: &watch::Sender<bool>,
	stop: impl Future<Output = ()>,
) -> Result<(), Error> {
	tokio::pin!(stop);
	let mut is_stopping = false;
	let mut result = Ok(());
	while !devices.is_empty() {
		let failed = tokio::select! {
			() = &mut stop, if !is_stopping => {
				is_stopping = true;
				stopping.send_replace(true);
				Ok(())
			},
			Some(ended) = devices.join_next() => of_device(ended),
			Some(ended) = sources.join_next() => ended.map_err(|cause| {
				stopping.send_replace(true);
				task(&cause)
			}),
		};
		// The first failure says most.
		result = result.and(failed);
	}
	result
}

fn of_device(ended: Result<Ended, JoinError>) -> Result<(), Error> {
	let (name, result) = ended.map_err(|cause| task(&cause))?;
	result.inspect_err(|cause| {
		if !name.is_empty() {
			tracing::error!(device = name, %cause, "the device cannot go on");
		}
	})
}

fn task(cause: &JoinError) -> Error {
	Error::Task(cause.to_string())
}

/// A device that is ready to run.
fn agent(device: &Device, post: &Arc<Post>) -> Result<Agent, Error> {
	Ok(Agent {
		pair: load(&device.key)?,
		state: State::open(&device.state, device.queue)?,
		client: Client::new(&device.gateway)?,
		interval: device.interval,
		post: post.clone(),
	})
}

/// Check that no two devices sign with one key, which two files may hold or two paths name: each would
/// count readings of its own, and the gateway refuse the one's as out of order. Takes names and keys.
fn ensure_distinct<'a>(devices: impl Iterator<Item = (&'a str, DeviceKey)>) -> Result<(), Error> {
	let mut names = BTreeMap::new();
	for (device, key) in devices {
		if let Some(other) = names.insert(key, device) {
			return Err(Error::SameKey { device: device.to_owned(), other: other.to_owned() });
		}
	}
	Ok(())
}

async fn report(agent: Agent, mut stop: watch::Receiver<bool>) -> Ended {
	let name = agent.post.name.clone();
	let stopped = async move {
		// An error means that nobody is left to say so.
		drop(stop.wait_for(|is_stopping| *is_stopping).await);
	};
	let span = if name.is_empty() {
		tracing::Span::none()
	} else {
		tracing::info_span!("device", name = name.as_str())
	};
	let result = Box::pin(agent.run(stopped).instrument(span)).await;
	(name, result)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::key::{DevicePair, Scheme};
	use std::{future::pending, time::Duration};
	use tokio::time::{sleep, timeout};

	async fn over(
		mut sources: JoinSet<()>,
		mut devices: JoinSet<Ended>,
		stop: impl Future<Output = ()>,
	) -> (bool, Result<(), Error>) {
		let (stopping, _ended) = watch::channel(false);
		let watched = watch_over(&mut sources, &mut devices, &stopping, stop);
		let result = timeout(Duration::from_secs(120), watched).await.expect("in time");
		(*stopping.borrow(), result)
	}

	fn device(devices: &mut JoinSet<Ended>, millis: u64, result: Result<(), Error>) {
		devices.spawn(async move {
			sleep(Duration::from_millis(millis)).await;
			("roof".to_owned(), result)
		});
	}

	#[tokio::test]
	async fn the_first_failure_is_told_when_the_last_device_has_ended() {
		let mut devices = JoinSet::new();
		device(&mut devices, 50, Ok(()));
		device(&mut devices, 1, Err(Error::Options("first")));
		device(&mut devices, 20, Err(Error::Options("second")));
		let (is_stopping, result) = over(JoinSet::new(), devices, pending()).await;
		assert!(!is_stopping && matches!(result, Err(Error::Options("first"))), "{result:?}");
	}

	#[test]
	fn fails_when_two_devices_have_one_key() {
		let key = |seed: u8| DevicePair::from_seed(Scheme::Ed25519, &[seed; 32]).public();
		let devices = [("roof", key(1)), ("cellar", key(2)), ("attic", key(1))];
		assert!(ensure_distinct(devices[..2].iter().copied()).is_ok());
		let error = ensure_distinct(devices.into_iter()).expect_err("one key").to_string();
		assert!(error.contains(r#""roof" and "attic" have the same key"#), "{error}");
		assert!(error.contains("Remedy: "), "{error}");
	}

	#[tokio::test]
	async fn works_when_it_is_to_stop() {
		let mut devices = JoinSet::new();
		device(&mut devices, 50, Ok(()));
		let (is_stopping, result) = over(JoinSet::new(), devices, async {}).await;
		assert!(is_stopping && result.is_ok(), "{result:?}");
	}

	#[tokio::test]
	async fn a_source_that_has_ended_leaves_the_devices_alone() {
		let (mut sources, mut devices) = (JoinSet::new(), JoinSet::new());
		sources.spawn(async {});
		device(&mut devices, 50, Ok(()));
		let (is_stopping, result) = over(sources, devices, pending()).await;
		assert!(!is_stopping && result.is_ok(), "{result:?}");
	}

	#[tokio::test]
	async fn fails_when_a_source_panics() {
		let (mut sources, mut devices) = (JoinSet::new(), JoinSet::new());
		sources.spawn(async { panic!("on purpose") });
		device(&mut devices, 50, Ok(()));
		let (is_stopping, result) = over(sources, devices, pending()).await;
		assert!(is_stopping && matches!(result, Err(Error::Task(_))), "{result:?}");
	}
}
