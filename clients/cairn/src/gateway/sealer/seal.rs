//! Sealing one window.

use std::{collections::BTreeSet, time::Instant};

use cairn_chain::At;
use cairn_telemetry::{
	WindowContext,
	seal::{SealError, seal},
};
use cairn_types::{Attempt, Cycle, Tick, Window};

use super::{
	Sealer,
	select::{Candidate, Selection, cycles, group, select},
};
use crate::{
	gateway::{
		chain_state::ChainState,
		error::Error,
		registry::{self, Facts},
		store::{Dropped, Lost, SealedWindow, Store},
	},
	store::StoreError,
};

/// A window whose readings are grouped; rates are still to be asked for.
struct Prepared {
	context: WindowContext,
	/// The version of the ledger to build on.
	base: Option<Window>,
	attempt: Attempt,
	candidates: Vec<Candidate>,
	/// Readings without a slot.
	homeless: Vec<Dropped>,
}

/// What came of sealing.
enum Outcome {
	Sealed { readings: u64, devices: u32, dropped: Vec<Dropped> },
	Inadmissible { dropped: Vec<Dropped> },
}

impl Sealer {
	/// Seal `window` and store it; sending follows. Gives the window up if it cannot be sealed.
	pub(super) async fn seal(&mut self, state: &ChainState, window: Window) -> Result<(), Error> {
		let context = match self.context(state, window).await? {
			Ok(context) => context,
			Err(lost) => return self.give_up(vec![(window, lost)]).await,
		};
		self.blocking(move |store| store.close(window)).await?;
		let slots = state.gateway.slots;
		let facts = registry::fetch(&self.chain, self.gateway, slots, window, At::Best).await?;
		let start = Instant::now();
		let base = state.gateway.sealed.map(|head| head.window);
		let attempt = state.gateway.attempt;
		let prepared = self.blocking(move |store| prepare(store, context, base, attempt, &facts));
		let prepared = prepared.await?;
		let needed = cycles(&prepared.context, &prepared.candidates);
		self.learn_rates(state, needed).await?;
		let rates = self.rates.clone();
		let outcome = self
			.blocking(move |store| {
				finish(store, prepared, &|cycle: Cycle| rates.get(&cycle).copied().unwrap_or(0))
			})
			.await?;
		self.metrics.seal_seconds.observe(start.elapsed().as_secs_f64());
		self.report(window, outcome).await
	}

	/// What a step of `window` depends on, or why the window cannot be sealed (any more).
	pub(super) async fn context(
		&self,
		state: &ChainState,
		window: Window,
	) -> Result<Result<WindowContext, Lost>, Error> {
		let network = state.gateway.network;
		let context = self.chain.window_context(network, window, At::Best).await?;
		Ok(match context {
			None => Err(Lost::NoRecord),
			Some(context) if is_late(&context, state.clock.now.tick) => Err(Lost::TooOld),
			Some(context) if !context.network.active => Err(Lost::NetworkPaused),
			Some(context) => Ok(context),
		})
	}

	/// Ask for the rates of frozen cycles that are not known yet. A cycle without a rate is worth
	/// zero, and asked for again next time.
	async fn learn_rates(
		&mut self,
		state: &ChainState,
		needed: BTreeSet<Cycle>,
	) -> Result<(), Error> {
		for cycle in needed {
			if self.rates.contains_key(&cycle) {
				continue;
			}
			let rate = self.chain.rate(state.gateway.network, cycle, At::Best).await?;
			if let Some(rate) = rate {
				self.rates.insert(cycle, rate);
			}
		}
		let kept = state.clock.cycle.saturating_sub(state.clock.periods.kept_cycles);
		self.rates.retain(|cycle, _| *cycle >= kept);
		Ok(())
	}

	async fn report(&mut self, window: Window, outcome: Outcome) -> Result<(), Error> {
		let dropped = match &outcome {
			Outcome::Sealed { dropped, .. } | Outcome::Inadmissible { dropped } => dropped,
		};
		for Dropped { device, sequence, fault } in dropped {
			self.metrics.left_out.with_label_values(&[format!("{fault:?}").as_str()]).inc();
			tracing::debug!(window, %device, sequence, %fault, "a reading is left out");
		}
		match outcome {
			Outcome::Sealed { readings, devices, dropped } => {
				self.metrics.sealed.inc();
				tracing::info!(window, readings, devices, left_out = dropped.len(), "sealed");
				Ok(())
			},
			Outcome::Inadmissible { .. } => self.give_up(vec![(window, Lost::Inadmissible)]).await,
		}
	}
}

/// Whether a batch sealed at `tick` would be due at once: the chain would take it, and let it die.
fn is_late(context: &WindowContext, tick: Tick) -> bool {
	context.tick.saturating_add(context.periods.attest_ticks) <= tick
}

/// Group the window's stored readings, with the leaves they build on.
fn prepare(
	store: &Store,
	context: WindowContext,
	base: Option<Window>,
	attempt: Attempt,
	facts: &Facts,
) -> Result<Prepared, StoreError> {
	let readings = store.readings(context.window)?;
	let ledger = store.ledger(base)?;
	let (candidates, homeless) = group(facts, readings, |slot| ledger.leaf(slot))?;
	Ok(Prepared { context, base, attempt, candidates, homeless })
}

/// Select, seal and store.
fn finish(
	store: &Store,
	prepared: Prepared,
	rates: &impl cairn_economics::RateSource,
) -> Result<Outcome, StoreError> {
	let Prepared { context, base, attempt, candidates, homeless } = prepared;
	let Selection { devices, mut dropped } = select(&context, rates, candidates);
	dropped.extend(homeless);
	if devices.is_empty() {
		store.note_dropped(context.window, &dropped)?;
		return Ok(Outcome::Inadmissible { dropped });
	}
	let mut ledger = store.ledger(base)?;
	let slots = devices.iter().map(|device| device.slot).collect::<Vec<_>>();
	let pieces = ledger.pieces(&slots)?;
	let sealed = match seal(&context, rates, attempt, &devices, &mut ledger) {
		Ok(sealed) => sealed,
		Err(SealError::Store(cause)) => return Err(cause),
		// Nothing of a window in which the network does not run can be sealed; size was selected.
		Err(SealError::Empty | SealError::Batch(_)) => {
			return Ok(Outcome::Inadmissible { dropped });
		},
		// Selection ran the same step on the same leaf: only a damaged store can differ.
		Err(SealError::Fault { .. }) => return Err(StoreError::Undecodable { what: "a ledger" }),
	};
	let window = context.window;
	let sums = sealed.header.sums;
	let sealed = SealedWindow {
		window,
		header: sealed.header,
		payload: sealed.payload,
		pieces,
		nodes: ledger.into_changes(),
		leaves: sealed.leaves,
		dropped: dropped.clone(),
	};
	store.commit_seal(&sealed)?;
	Ok(Outcome::Sealed { readings: sums.readings, devices: sums.devices, dropped })
}
