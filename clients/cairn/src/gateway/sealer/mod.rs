//! The sealing loop: follows the chain, folds each finished window into the ledger, and brings the
//! chain a header for it.
//!
//! Order makes it safe against a kill at any moment: a window is closed, sealed and stored with its
//! ledger in one commit, and only then sent. Whatever the chain shows afterwards is reconciled by
//! [`mod@decide`]: sent again, taken back, or given up.

pub mod decide;
mod seal;
pub mod select;

use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_chain::{Chain, Signer, SubmitOptions, calls};
use cairn_types::{Attempt, Cycle, GatewayId, Periods, Window};
use tokio::{
	task::spawn_blocking,
	time::{sleep, timeout},
};

use self::decide::{Action, Situation, Submitted, Why, decide};
use super::{
	chain_state::{ChainState, States},
	data::Retention,
	error::Error,
	metrics::{Metrics, gauge},
	store::{Head, Lost, Store, WindowRow},
};
use crate::clock::{millis, now_millis};

/// Longest wait for a transaction's block before the loop looks around again.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(120);
/// Best blocks without transactions after a failure: first, and at most.
const PAUSE_BLOCKS: (u32, u32) = (2, 64);
/// Actions in one go before the chain is looked at again.
const ACTIONS: usize = 64;

/// How long after the gateway's start readings may arrive that devices kept while it was away, if a
/// quarter of a window is longer: an agent tries again after a minute at most.
const RETURN: Duration = Duration::from_secs(75);

/// The sealing loop.
pub struct Sealer {
	chain: Chain,
	signer: Signer,
	gateway: GatewayId,
	store: Store,
	states: States,
	metrics: Arc<Metrics>,
	status: Status,
	/// How long after a window's end readings may still arrive; `None`: a quarter of a window, at
	/// most 30 s.
	grace: Option<Duration>,
	/// When the gateway was started, ms since the epoch.
	began: u64,
	/// How much of matured windows is kept.
	retention: Retention,
	/// Rates of frozen cycles: they never change.
	rates: BTreeMap<Cycle, u128>,
	submitted: Option<Submitted>,
	pause: u32,
	pause_blocks: u32,
	pruned: Option<Window>,
	warned: Option<Why>,
}

/// What the sealing loop last found, for `/v1/status`.
#[derive(Clone, Default)]
pub struct Status(Arc<Mutex<Option<Why>>>);

impl Status {
	/// Why there was nothing to do, if there was nothing to do.
	#[must_use]
	pub fn get(&self) -> Option<Why> {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn set(&self, why: Option<Why>) {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
	}
}

impl Sealer {
	/// A loop that has not begun.
	#[must_use]
	pub fn new(
		chain: Chain,
		signer: Signer,
		gateway: GatewayId,
		store: Store,
		states: States,
		metrics: Arc<Metrics>,
		grace: Option<Duration>,
		retention: Retention,
	) -> Self {
		Self {
			chain,
			signer,
			gateway,
			store,
			states,
			metrics,
			status: Status::default(),
			grace,
			began: now_millis(),
			retention,
			rates: BTreeMap::new(),
			submitted: None,
			pause: 0,
			pause_blocks: PAUSE_BLOCKS.0,
			pruned: None,
			warned: None,
		}
	}

	/// Where the loop tells what it does.
	#[must_use]
	pub fn status(&self) -> Status {
		self.status.clone()
	}

	/// Seal for ever. May be dropped at any await: nothing is half done.
	pub async fn run(mut self) {
		if let Err(cause) = self.resume().await {
			tracing::warn!(%cause, "cannot look at the stored batches");
		}
		loop {
			if let Err(cause) = self.turn().await {
				tracing::warn!(%cause, "sealing goes on with the next block");
				self.hold();
			}
			let pause = self.until_grace();
			tokio::select! {
				changed = self.states.changed() => {
					if changed.is_err() {
						return;
					}
				},
				() = sleep(pause) => {},
			}
		}
	}

	/// A batch that an earlier run stored may have been sent just before it ended: give it the time
	/// to appear before it is sent again.
	async fn resume(&mut self) -> Result<(), Error> {
		let best = match self.states.borrow().as_ref() {
			Some(state) => state.best.number,
			None => return Ok(()),
		};
		let heads = self.blocking(Store::heads).await?;
		self.submitted = heads.last_key_value().map(|(window, head)| Submitted {
			window: *window,
			attempt: head.attempt,
			best,
		});
		Ok(())
	}

	/// Do what is to be done at the newest state.
	async fn turn(&mut self) -> Result<(), Error> {
		let Some(state) = self.states.borrow_and_update().clone() else { return Ok(()) };
		self.prune(&state).await?;
		for _ in 0..ACTIONS {
			let action = self.next(&state).await?;
			match action {
				Action::Wait(why) => {
					self.wait(why);
					return Ok(());
				},
				Action::Revert(version) => self.revert(version).await?,
				Action::Submit { window, attempt } => {
					if self.context(&state, window).await?.is_ok() {
						self.status.set(None);
						return self.submit(&state, window, attempt).await;
					}
					// Nobody could attest it any more: sealing again will give the window up.
					self.revert(state.gateway.sealed.map(|head| head.window)).await?;
				},
				Action::GiveUp(windows) => self.give_up(windows).await?,
				Action::Seal(window) => self.seal(&state, window).await?,
			}
		}
		Ok(())
	}

	/// Decide the next action.
	async fn next(&mut self, state: &ChainState) -> Result<Action, Error> {
		let heads = self.blocking(Store::heads).await?;
		let rows = self.blocking(Store::windows).await?;
		let open = open(&heads, &rows);
		self.metrics.open_windows.set(gauge(open.len()));
		Ok(decide(&Situation {
			now: state.clock.now,
			best: state.best.number,
			gateway: &state.gateway,
			heads: &heads,
			open: &open,
			complete: self.complete(state),
			submitted: self.submitted,
			pause: self.pause,
		}))
	}

	/// The newest window that no reading may still be on its way for.
	fn complete(&self, state: &ChainState) -> Option<Window> {
		complete(&state.clock.periods, self.waits(state), now_millis())
	}

	fn waits(&self, state: &ChainState) -> Waits {
		let quarter = Duration::from_millis(state.clock.periods.window_millis() / 4);
		let grace = self.grace.unwrap_or_else(|| quarter.min(Duration::from_secs(30)));
		let back = grace.max(quarter.min(RETURN));
		Waits { grace: millis(grace), until: self.began.saturating_add(millis(back)) }
	}

	/// Time until the last window's grace has passed; long if it has.
	fn until_grace(&self) -> Duration {
		let state = self.states.borrow();
		let Some(state) = state.as_ref() else { return Duration::from_secs(5) };
		let Waits { grace, until } = self.waits(state);
		let end = state.clock.periods.start_of(state.clock.now.window).saturating_add(grace);
		match end.max(until).checked_sub(now_millis()) {
			Some(left) if left > 0 => Duration::from_millis(left),
			_ => Duration::from_secs(60),
		}
	}

	fn wait(&mut self, why: Why) {
		self.status.set(Some(why));
		let stuck = matches!(why, Why::ForeignHead | Why::LedgerLost);
		self.metrics.stuck.set(i64::from(stuck));
		if stuck && self.warned != Some(why) {
			tracing::error!("{}", why.text());
		}
		self.warned = stuck.then_some(why);
	}

	/// Send nothing for some blocks, longer after each failure.
	fn hold(&mut self) {
		let best = self.states.borrow().as_ref().map_or(0, |state| state.best.number);
		self.pause = best.saturating_add(self.pause_blocks);
		self.pause_blocks = self.pause_blocks.saturating_mul(2).min(PAUSE_BLOCKS.1);
	}

	async fn revert(&mut self, version: Option<Window>) -> Result<(), Error> {
		tracing::warn!(?version, "the chain's heads returned: taking the ledger back");
		self.blocking(move |store| store.revert(version)).await
	}

	async fn give_up(&mut self, windows: Vec<(Window, Lost)>) -> Result<(), Error> {
		let rows = self.blocking(Store::windows).await?;
		for (window, lost) in &windows {
			let readings = rows.get(window).map_or(0, |row| row.readings);
			self.metrics.given_up.with_label_values(&[lost.name()]).inc();
			self.metrics.lost_readings.inc_by(u64::from(readings));
			tracing::warn!(window, reason = lost.name(), readings, "a window is given up");
		}
		self.blocking(move |store| store.give_up(&windows)).await
	}

	async fn submit(
		&mut self,
		state: &ChainState,
		window: Window,
		attempt: Attempt,
	) -> Result<(), Error> {
		let header = self.blocking(move |store| store.header(window, attempt)).await?;
		let Some(header) = header else {
			// Its bytes are gone: take it back, and seal the window again.
			return self.revert(window.checked_sub(1)).await;
		};
		self.submitted = Some(Submitted { window, attempt, best: state.best.number });
		let call = calls::telemetry::seal(self.gateway, window, &header);
		self.send("seal", &call, || tracing::info!(window, attempt, "sealed on the chain")).await
	}

	/// Send a transaction and wait for its block; failures are counted and make the loop pause.
	async fn send(
		&mut self,
		name: &str,
		call: &cairn_chain::Call,
		done: impl FnOnce(),
	) -> Result<(), Error> {
		let sent = self.chain.submit(call, &self.signer, SubmitOptions::default());
		let result = match timeout(SUBMIT_TIMEOUT, Box::pin(sent)).await {
			Ok(Ok(_)) => "ok",
			Ok(Err(cause)) => {
				tracing::warn!(%cause, "cannot {name}");
				if cause.dispatch_name().is_some() { "failed" } else { "not_included" }
			},
			Err(_) => "timed_out",
		};
		self.metrics.transactions.with_label_values(&[name, result]).inc();
		if result == "ok" {
			self.pause_blocks = PAUSE_BLOCKS.0;
			done();
		} else {
			self.hold();
		}
		Ok(())
	}

	/// Forget what has matured.
	async fn prune(&mut self, state: &ChainState) -> Result<(), Error> {
		let Some(matured) = state.matured else { return Ok(()) };
		if self.pruned.is_some_and(|pruned| pruned >= matured.window) {
			return Ok(());
		}
		let ticks = state.clock.periods.mature_ticks();
		let keep = self.retention.keep(&state.clock.periods, now_millis());
		let forgotten = state.clock.now.window.saturating_sub(ticks.saturating_mul(4));
		self.blocking(move |store| {
			let ours = store.heads()?.get(&matured.window).map(|head| head.root);
			if ours == Some(matured.root) {
				store.prune(matured.window, keep)?;
			}
			store.forget_lost(forgotten)
		})
		.await?;
		self.pruned = Some(matured.window);
		Ok(())
	}

	/// Ask the store, off the async threads.
	async fn blocking<T: Send + 'static>(
		&self,
		ask: impl FnOnce(&Store) -> Result<T, crate::store::StoreError> + Send + 'static,
	) -> Result<T, Error> {
		let store = self.store.clone();
		Ok(spawn_blocking(move || ask(&store)).await??)
	}
}

/// What readings are waited for, in ms.
#[derive(Clone, Copy)]
struct Waits {
	/// After a window's end.
	grace: u64,
	/// Since the epoch: before, those of windows that ended while the gateway was away.
	until: u64,
}

/// The newest window that no reading may still be on its way for at `now`, ms since the epoch. Pure.
fn complete(periods: &Periods, waits: Waits, now: u64) -> Option<Window> {
	let Waits { grace, until } = waits;
	if now < until { None } else { periods.window_at(now.saturating_sub(grace)).checked_sub(1) }
}

/// Windows with readings that are neither sealed nor given up. Pure.
fn open(heads: &BTreeMap<Window, Head>, rows: &BTreeMap<Window, WindowRow>) -> Vec<Window> {
	let open = rows.iter().filter(|(window, row)| {
		row.lost.is_none() && row.readings > 0 && !heads.contains_key(*window)
	});
	open.map(|(window, _)| *window).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::testing::periods;

	#[test]
	fn a_window_is_complete_after_its_grace() {
		let periods = periods();
		let end = periods.start_of(8);
		let at = |now| complete(&periods, Waits { grace: 500, until: 0 }, now);
		assert_eq!((at(end + 499), at(end + 500)), (Some(6), Some(7)));
	}

	/// Devices kept what they measured while the gateway was away, and have to hear that it is back.
	#[test]
	fn after_a_start_no_window_is_complete_at_once() {
		let periods = periods();
		let start = periods.start_of(8) + 400;
		let at = |now| complete(&periods, Waits { grace: 500, until: start + 900 }, now);
		assert_eq!((at(start), at(start + 899), at(start + 900)), (None, None, Some(7)));
	}

	#[test]
	fn windows_are_open_until_sealed_or_given_up() {
		let row = |lost| WindowRow { readings: 1, bytes: 1, lost };
		let rows = BTreeMap::from([
			(1, row(None)),
			(2, row(Some(Lost::TooOld))),
			(3, row(None)),
			(4, WindowRow::default()),
		]);
		let head = Head { attempt: 0, root: [1; 32], previous_root: [0; 32] };
		assert_eq!(open(&BTreeMap::from([(1, head)]), &rows), [3]);
	}
}
