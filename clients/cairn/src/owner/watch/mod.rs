//! `cairn watch`: the chain, a gateway and a device, live or line by line.

mod event;
mod screen;
mod snapshot;
mod terminal;

#[cfg(test)]
pub(crate) mod tests;

use std::{
	env,
	io::{self, ErrorKind, IsTerminal, Write},
	time::Duration,
};

use cairn_chain::{BlockId, Chain, Kind};
use cairn_types::DeviceId;
use serde_json::json;
use tokio::{
	sync::mpsc,
	time::{MissedTickBehavior, interval},
};

pub(crate) use screen::{Line, Span, Style, fit};
pub(crate) use snapshot::{Collector, Snapshot};
pub(crate) use terminal::{Input, Terminal};

use self::event::{Event, events};
use super::{error::OwnerError, parse};
use crate::{
	cli::{Global, Output},
	clock::now_millis,
};

/// How often bars move without a new block.
const REDRAW: Duration = Duration::from_millis(500);
/// Notes that are kept.
const MAX_NOTES: usize = 100;

/// Watch blocks, windows, batches and rewards, live; without a terminal, a line for each event
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn watch
  cairn watch --device 7
      The device, its gateway, and what can be claimed.
  cairn watch --gateway http://127.0.0.1:9977
  cairn watch --device 7 --output json
      One JSON document for each event.

Lines instead of the live view: --plain, NO_COLOR, or an output that is no terminal.")]
pub struct WatchArgs {
	/// A gateway's address, instead of the one on the chain
	#[arg(long, value_name = "URL", value_parser = parse::url)]
	gateway: Option<String>,

	/// A device, with its gateway and its rewards
	#[arg(long, value_name = "ID")]
	device: Option<DeviceId>,

	/// Print a line for each event instead of the live view
	#[arg(long)]
	plain: bool,
}

/// Run the command until the user stops it.
///
/// # Errors
/// If the node cannot be reached at first, or the terminal goes away.
pub(crate) async fn run(global: &Global, args: &WatchArgs) -> Result<(), OwnerError> {
	let chain = Box::pin(Chain::connect(&global.node)).await?;
	let url = args.gateway.as_deref();
	let mut collector = Box::pin(Collector::new(&chain, url, args.device)).await?;
	let mut viewer = Viewer::new(global.output, !args.plain)?;
	let mut blocks = chain.blocks(Kind::Best);
	let stop = crate::shutdown::signal();
	tokio::pin!(stop);
	loop {
		let block = tokio::select! {
			block = blocks.next() => block,
			() = viewer.quit() => return Ok(()),
			() = &mut stop => return Ok(()),
		};
		let shown = match Box::pin(collector.snapshot(block)).await {
			Ok(snapshot) => viewer.show(snapshot),
			// The node is away for a while: the next block tells.
			Err(error) => viewer.note(&error.to_string()),
		};
		match shown {
			// Whoever read the lines has enough.
			Err(OwnerError::Terminal(error)) if error.kind() == ErrorKind::BrokenPipe => {
				return Ok(());
			},
			other => other?,
		}
	}
}

/// Whether a live view makes sense: for people, on a terminal, with colours.
pub(crate) fn is_live(output: Output) -> bool {
	let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
	let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
	output == Output::Text && is_terminal && !no_color
}

/// Shows snapshots: live, or as lines of what happened.
pub(crate) struct Viewer {
	output: Output,
	screen: Option<(Terminal, mpsc::UnboundedReceiver<Input>)>,
	last: Option<Snapshot>,
	notes: Vec<String>,
}

impl Viewer {
	/// Live if it is wanted and makes sense.
	///
	/// # Errors
	/// If the terminal cannot be taken over.
	pub(crate) fn new(output: Output, wants_live: bool) -> Result<Self, OwnerError> {
		let screen = if wants_live && is_live(output) { Some(Terminal::enter()?) } else { None };
		Ok(Self { output, screen, last: None, notes: Vec::new() })
	}

	/// Show what there is, and tell what happened.
	///
	/// # Errors
	/// If it cannot be written.
	pub(crate) fn show(&mut self, snapshot: Snapshot) -> Result<(), OwnerError> {
		for event in events(self.last.as_ref(), &snapshot) {
			self.tell(snapshot.best, &event)?;
		}
		self.last = Some(snapshot);
		self.redraw()
	}

	/// Tell something that is not on the chain.
	///
	/// # Errors
	/// If it cannot be written.
	pub(crate) fn note(&mut self, text: &str) -> Result<(), OwnerError> {
		let best =
			self.last.as_ref().map_or(BlockId { number: 0, hash: [0; 32] }, |last| last.best);
		self.tell(best, &Event::Note { text: text.to_owned() })?;
		self.redraw()
	}

	/// Ready when the user asks to stop; until then the live view is kept moving.
	pub(crate) async fn quit(&mut self) {
		let mut redraw = interval(REDRAW);
		redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
		loop {
			let Some((_, inputs)) = &mut self.screen else {
				return std::future::pending().await;
			};
			tokio::select! {
				input = inputs.recv() => match input {
					Some(Input::Resize) => {},
					Some(Input::Quit) | None => return,
				},
				_ = redraw.tick() => {},
			}
			if self.redraw().is_err() {
				return;
			}
		}
	}

	fn tell(&mut self, best: BlockId, event: &Event) -> Result<(), OwnerError> {
		let line = match self.output {
			Output::Text => format!("#{:<7} {event}", best.number),
			Output::Json => json!({ "block": best.number, "what": event }).to_string(),
		};
		if self.screen.is_none() {
			let mut out = io::stdout().lock();
			writeln!(out, "{line}")?;
			out.flush()?;
		} else {
			self.notes.push(line);
			let excess = self.notes.len().saturating_sub(MAX_NOTES);
			self.notes.drain(..excess);
		}
		Ok(())
	}

	fn redraw(&mut self) -> Result<(), OwnerError> {
		if let (Some((terminal, _)), Some(snapshot)) = (&mut self.screen, &self.last) {
			let lines = screen::render(snapshot, &self.notes, now_millis(), terminal.size());
			terminal.draw(&lines)?;
		}
		Ok(())
	}
}
