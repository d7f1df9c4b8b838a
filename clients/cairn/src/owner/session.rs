//! A connection to the chain and a way to answer: what every command works with.

use std::{
	future::ready,
	sync::{Mutex, PoisonError},
	time::Duration,
};

use cairn_chain::{At, Call, Chain, Outcome, Progress, SubmitOptions, Until};
use indicatif::ProgressBar;
use serde::Serialize;

use super::{
	error::OwnerError,
	options::SignBy,
	output::{self, Receipt},
};
use crate::cli::{Global, Output};

/// How often a spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// What every command works with.
#[derive(Clone, Debug)]
pub(crate) struct Session {
	/// The chain.
	pub(crate) chain: Chain,
	/// How to answer.
	pub(crate) output: Output,
}

impl Session {
	/// Connect.
	///
	/// # Errors
	/// If the node cannot be reached.
	pub(crate) async fn open(global: &Global) -> Result<Self, OwnerError> {
		let chain = Box::pin(Chain::connect(&global.node)).await?;
		Ok(Self { chain, output: global.output })
	}

	/// Answer.
	///
	/// # Errors
	/// If the answer cannot be written.
	pub(crate) fn print(
		&self,
		answer: &(impl Serialize + std::fmt::Display),
	) -> Result<(), OwnerError> {
		output::print(self.output, answer)
	}

	/// A spinner with a message, hidden where nobody looks.
	pub(crate) fn spinner(&self, message: impl Into<String>) -> Spinner {
		if !output::shows_progress(self.output) {
			return Spinner(ProgressBar::hidden());
		}
		let message: String = message.into();
		let spinner = ProgressBar::new_spinner();
		spinner.set_message(message);
		spinner.enable_steady_tick(TICK);
		Spinner(spinner)
	}

	/// Sign a call, send it and wait for it, with a spinner.
	///
	/// # Errors
	/// If there is no key, or the call fails.
	pub(crate) async fn submit(
		&self,
		call: &Call,
		signing: &impl SignBy,
	) -> Result<Outcome, OwnerError> {
		self.submit_made(signing, |_| ready(Ok(call.clone()))).await
	}

	/// [`Session::submit`] for a call that says its transaction's nonce itself: `call` makes it, and
	/// once more if that nonce was used meanwhile.
	///
	/// # Errors
	/// If there is no key, or the call cannot be made or fails.
	pub(crate) async fn submit_made<A>(
		&self,
		signing: &impl SignBy,
		call: impl Fn(u32) -> A,
	) -> Result<Outcome, OwnerError>
	where
		A: Future<Output = Result<Call, OwnerError>>,
	{
		let signer = signing.signer()?;
		let until = if signing.finalized() { Until::Finalized } else { Until::InBlock };
		let shown = Mutex::new(None::<(String, Spinner)>);
		let lock = || shown.lock().unwrap_or_else(PoisonError::into_inner);
		let made = |nonce| {
			// Whoever signs for a device may ask for a password: nothing moves meanwhile.
			drop(lock().take());
			let call = call(nonce);
			async {
				let call = call.await?;
				let name = call.name();
				let spinner = self.spinner(format!("{name}: signing as {}", signer.address()));
				*lock() = Some((name, spinner));
				Ok(call)
			}
		};
		let tell = |progress| {
			if let Some((name, spinner)) = &*lock() {
				spinner.say(format!("{name}: {}", describe(progress)));
			}
		};
		let options = SubmitOptions { until, nonce: None, progress: Some(&tell) };
		Box::pin(self.chain.submit_made(&signer, options, made)).await
	}

	/// Send a call and print what it did.
	///
	/// # Errors
	/// As [`Session::submit`].
	pub(crate) async fn submit_and_print(
		&self,
		call: &Call,
		signing: &impl SignBy,
		receipt: impl FnOnce(&Outcome) -> Receipt,
	) -> Result<(), OwnerError> {
		let outcome = self.submit(call, signing).await?;
		self.print(&receipt(&outcome))
	}

	/// Chain time at the best block.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn clock(&self) -> Result<cairn_chain::views::Clock, OwnerError> {
		Ok(self.chain.clock(At::Best).await?)
	}
}

/// A spinner that is gone when it is dropped.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
	/// Show another message.
	pub(crate) fn say(&self, message: impl Into<String>) {
		let message: String = message.into();
		self.0.set_message(message);
	}
}

impl Drop for Spinner {
	fn drop(&mut self) {
		self.0.finish_and_clear();
	}
}

/// What a transaction has come to, in words.
fn describe(progress: Progress) -> String {
	match progress {
		Progress::Signed(nonce) => format!("signed with nonce {nonce}"),
		Progress::InPool => "waiting for a block".to_owned(),
		Progress::InBlock(_) => "in a block".to_owned(),
		Progress::Retracted => "its block was replaced; waiting for another".to_owned(),
		Progress::Finalized(_) => "final".to_owned(),
	}
}

/// An event that the runtime promises is missing, or has other fields.
pub(crate) fn missing_event(name: &str) -> OwnerError {
	OwnerError::refused(
		format!("the transaction succeeded, but its event {name} is not what this command expects"),
		"use the release of this command that belongs to the chain's runtime",
	)
}
