//! What the gateway knows of the chain, refreshed with every best block.

use std::{
	sync::Arc,
	time::{Duration, Instant},
};

use cairn_chain::{
	At, BlockId, Blocks, Chain, Kind,
	views::{Clock, GatewayView, HeadView},
};
use cairn_telemetry::WindowContext;
use cairn_types::{GatewayId, Schema, SchemaId, Window};
use tokio::{sync::watch, task::spawn_blocking};

use super::{
	error::Error,
	metrics::{Metrics, gauge},
	registry::{self, Facts, Registry},
};
use crate::clock::now_millis;

/// Schemas of the network that are remembered.
const KEPT_SCHEMAS: usize = 4;
/// A state older than this is no state.
const STALE: Duration = Duration::from_secs(180);

/// The chain at one best block.
#[derive(Clone, Debug)]
pub struct ChainState {
	/// The block.
	pub best: BlockId,
	/// Where the chain is in time.
	pub clock: Clock,
	/// What it says of the gateway.
	pub gateway: GatewayView,
	/// The newest matured ledger.
	pub matured: Option<HeadView>,
	/// What steps of the current window depend on; `None` if it has no record.
	pub context: Option<WindowContext>,
	/// The network's schemas in recent cycles and the next one; the current one first.
	pub schemas: Vec<(SchemaId, Schema)>,
	/// When this was learnt.
	pub seen: Instant,
}

impl ChainState {
	/// Whether the network runs in the current window, as far as is known.
	#[must_use]
	pub fn running(&self) -> bool {
		self.context.as_ref().is_none_or(|context| context.network.active)
	}

	/// Whether this is too old to say that the gateway is healthy.
	#[must_use]
	pub fn is_stale(&self) -> bool {
		self.seen.elapsed() > STALE
	}
}

/// Where the newest state is found; `None` until the chain was reached.
pub type States = watch::Receiver<Option<Arc<ChainState>>>;

/// Follows the chain.
pub struct Follower {
	chain: Chain,
	gateway: GatewayId,
	registry: Arc<Registry>,
	metrics: Arc<Metrics>,
	states: watch::Sender<Option<Arc<ChainState>>>,
	fetched: Option<Fetched>,
}

/// Which facts were fetched.
#[derive(Clone, Copy)]
struct Fetched {
	/// Those of this window, and of the next one.
	window: Window,
	/// Those of the next one again, shortly before it begins.
	late: bool,
}

impl Follower {
	/// A follower, and where its states are found.
	#[must_use]
	pub fn new(
		chain: Chain,
		gateway: GatewayId,
		registry: Arc<Registry>,
		metrics: Arc<Metrics>,
	) -> (Self, States) {
		let (states, receiver) = watch::channel(None);
		(Self { chain, gateway, registry, metrics, states, fetched: None }, receiver)
	}

	/// Learn the first state, so that mistakes of the operator show at start.
	///
	/// # Errors
	/// If the chain cannot be reached or does not know the gateway.
	pub async fn start(&mut self) -> Result<Arc<ChainState>, Error> {
		let best = self.chain.best().await?;
		self.update(best).await
	}

	/// Follow the chain for ever.
	pub async fn run(mut self) {
		let mut blocks: Blocks = self.chain.blocks(Kind::Best);
		loop {
			let best = blocks.next().await;
			if let Err(cause) = self.update(best).await {
				tracing::warn!(block = best.number, %cause, "cannot learn the chain's state");
			}
		}
	}

	/// Learn the state at `best` and tell everybody.
	async fn update(&mut self, best: BlockId) -> Result<Arc<ChainState>, Error> {
		let before = self.states.borrow().clone();
		let state = Arc::new(self.fetch(best, before.as_deref()).await?);
		self.report(&state);
		self.refresh(&state).await;
		self.states.send_replace(Some(state.clone()));
		Ok(state)
	}

	async fn fetch(&self, best: BlockId, before: Option<&ChainState>) -> Result<ChainState, Error> {
		let at = At::Block(best.hash);
		let clock = self.chain.clock(at).await?;
		let gateway = self.chain.gateway(self.gateway, at).await?;
		let gateway = gateway.ok_or(Error::NoGateway { gateway: self.gateway })?;
		let seen = Instant::now();
		if let Some(before) = before
			&& before.clock.now.window == clock.now.window
			&& before.context.is_some()
		{
			return Ok(ChainState { best, clock, gateway, seen, ..before.clone() });
		}
		let matured = self.chain.matured(self.gateway, at).await?;
		let window = clock.now.window;
		let context = self.chain.window_context(gateway.network, window, at).await?;
		let known = before.map(|before| before.schemas.clone()).unwrap_or_default();
		let schemas = self.schemas(&gateway, context.as_ref(), known, at).await?;
		Ok(ChainState { best, clock, gateway, matured, context, schemas, seen })
	}

	/// The network's schemas: of this cycle, of the next one, and those known before.
	async fn schemas(
		&self,
		gateway: &GatewayView,
		context: Option<&WindowContext>,
		known: Vec<(SchemaId, Schema)>,
		at: At,
	) -> Result<Vec<(SchemaId, Schema)>, Error> {
		let mut schemas = Vec::new();
		if let Some(context) = context {
			schemas.push((context.network.schema_id, context.network.schema.clone()));
		}
		if let Some(network) = self.chain.network(gateway.network, at).await? {
			for id in [network.config.schema, network.next.schema] {
				if schemas.iter().all(|(known, _)| *known != id)
					&& let Some((schema, _)) = self.chain.schema(id, at).await?
				{
					schemas.push((id, schema));
				}
			}
		}
		for (id, schema) in known {
			if schemas.iter().all(|(known, _)| *known != id) {
				schemas.push((id, schema));
			}
		}
		schemas.truncate(KEPT_SCHEMAS);
		Ok(schemas)
	}

	/// Bring the registry's facts up to date: of a new window and of the one after it, and of that
	/// once more near its beginning.
	async fn refresh(&mut self, state: &ChainState) {
		let window = state.clock.now.window;
		let next = window.saturating_add(1);
		if self.fetched.is_none_or(|fetched| fetched.window != window) {
			self.reload().await;
			let known =
				self.fetch_facts(state, window).await && self.fetch_facts(state, next).await;
			if known {
				self.fetched = Some(Fetched { window, late: false });
			}
			return;
		}
		let periods = &state.clock.periods;
		let late = periods.start_of(next).saturating_sub(periods.window_millis() / 5);
		if self.fetched.is_some_and(|fetched| !fetched.late)
			&& now_millis() >= late
			&& self.fetch_facts(state, next).await
		{
			self.fetched = Some(Fetched { window, late: true });
		}
	}

	/// Read again whom the operator denies.
	async fn reload(&self) {
		let deny = self.registry.deny().clone();
		if let Err(cause) = spawn_blocking(move || deny.reload()).await {
			tracing::error!(%cause, "reading whom to deny ended early");
		}
	}

	/// What holds of the gateway's slots in a window; whose their devices are is learnt before.
	async fn ask_facts(
		&self,
		state: &ChainState,
		window: Window,
	) -> Result<Facts, cairn_chain::Error> {
		let at = At::Block(state.best.hash);
		let slots = state.gateway.slots;
		let facts = registry::fetch(&self.chain, self.gateway, slots, window, at).await?;
		self.registry.learn_owners(&facts.devices(), at).await?;
		Ok(facts)
	}

	/// Fetch the facts of a window; false if that failed.
	async fn fetch_facts(&self, state: &ChainState, window: Window) -> bool {
		match self.ask_facts(state, window).await {
			Ok(facts) => {
				if window == state.clock.now.window {
					self.metrics.devices.set(gauge(facts.len()));
				}
				self.registry.put(facts);
				true
			},
			Err(cause) => {
				tracing::warn!(window, %cause, "cannot learn the gateway's slots");
				false
			},
		}
	}

	fn report(&self, state: &ChainState) {
		let metrics = &self.metrics;
		let [attested, invalid, unavailable, no_quorum] = state.gateway.record;
		metrics.best_block.set(gauge(state.best.number));
		metrics.window.set(gauge(state.clock.now.window));
		metrics.tick.set(gauge(state.clock.now.tick));
		metrics.attested.set(gauge(attested));
		metrics.dead.set(gauge(u64::from(invalid) + u64::from(unavailable) + u64::from(no_quorum)));
		metrics.sealed_window.set(state.gateway.sealed.map_or(0, |head| gauge(head.window)));
		metrics.attested_window.set(state.gateway.attested.map_or(0, |head| gauge(head.window)));
	}
}
