//! The terminal while something is watched live: taken over, and given back whatever happens.

use std::{
	io::{self, Stdout, Write},
	sync::{
		Arc,
		atomic::{AtomicBool, Ordering},
	},
	time::Duration,
};

use crossterm::{
	cursor::{Hide, MoveTo, Show},
	event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
	execute, queue,
	style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor},
	terminal::{
		BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
		LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
	},
};
use tokio::sync::mpsc;

use super::screen::{Line, Style};

/// How long the keyboard is waited for at a time.
const POLL: Duration = Duration::from_millis(100);

/// What the user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
	/// Asked to stop.
	Quit,
	/// Changed the terminal's size.
	Resize,
}

/// The terminal, taken over until this is dropped.
pub(crate) struct Terminal {
	out: Stdout,
	ended: Arc<AtomicBool>,
}

impl Terminal {
	/// Take the terminal over; what the user does comes through the channel.
	///
	/// # Errors
	/// If it is none.
	pub(crate) fn enter() -> io::Result<(Self, mpsc::UnboundedReceiver<Input>)> {
		enable_raw_mode()?;
		let terminal = Self { out: io::stdout(), ended: Arc::new(AtomicBool::new(false)) };
		execute!(io::stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
		let (sender, receiver) = mpsc::unbounded_channel();
		let ended = terminal.ended.clone();
		std::thread::spawn(move || listen(&ended, &sender));
		Ok((terminal, receiver))
	}

	/// Its size, in characters.
	pub(crate) fn size(&self) -> (usize, usize) {
		let (width, height) = size().unwrap_or((80, 24));
		(usize::from(width), usize::from(height))
	}

	/// Draw lines from the top; what was below is gone.
	///
	/// # Errors
	/// If the terminal is gone.
	pub(crate) fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
		queue!(self.out, BeginSynchronizedUpdate)?;
		for (row, line) in (0u16..).zip(lines) {
			queue!(self.out, MoveTo(0, row))?;
			for span in line {
				paint(&mut self.out, span.style)?;
				queue!(self.out, Print(&span.text), ResetColor, SetAttribute(Attribute::Reset))?;
			}
			queue!(self.out, Clear(ClearType::UntilNewLine))?;
		}
		let below = u16::try_from(lines.len()).unwrap_or(u16::MAX);
		queue!(
			self.out,
			MoveTo(0, below),
			Clear(ClearType::FromCursorDown),
			EndSynchronizedUpdate
		)?;
		self.out.flush()
	}
}

impl Drop for Terminal {
	fn drop(&mut self) {
		self.ended.store(true, Ordering::Relaxed);
		// Nothing can be done if the terminal is gone.
		let _ = execute!(self.out, Show, LeaveAlternateScreen);
		let _ = disable_raw_mode();
	}
}

fn paint(out: &mut Stdout, style: Style) -> io::Result<()> {
	match style {
		Style::Plain => Ok(()),
		Style::Strong => queue!(out, SetAttribute(Attribute::Bold)),
		Style::Dim => queue!(out, SetAttribute(Attribute::Dim)),
		Style::Good => queue!(out, SetForegroundColor(Color::Green)),
		Style::Busy => queue!(out, SetForegroundColor(Color::Cyan)),
		Style::Bad => queue!(out, SetForegroundColor(Color::Red)),
	}
}

/// Pass on what the user does, until the terminal is given back.
fn listen(ended: &AtomicBool, sender: &mpsc::UnboundedSender<Input>) {
	while !ended.load(Ordering::Relaxed) {
		let input = match event::poll(POLL) {
			Ok(true) => match event::read() {
				Ok(event) => read(&event),
				Err(_) => return,
			},
			Ok(false) => None,
			Err(_) => return,
		};
		if let Some(input) = input
			&& sender.send(input).is_err()
		{
			return;
		}
	}
}

/// What an event means. Pure.
fn read(event: &Event) -> Option<Input> {
	match event {
		Event::Resize(..) => Some(Input::Resize),
		Event::Key(KeyEvent { code, modifiers, kind, .. }) if *kind != KeyEventKind::Release => {
			let control = modifiers.contains(KeyModifiers::CONTROL);
			let quits = match code {
				KeyCode::Esc | KeyCode::Char('q') => true,
				// In raw mode the terminal makes no signal of it.
				KeyCode::Char('c') => control,
				_ => false,
			};
			quits.then_some(Input::Quit)
		},
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_that_quit() {
		let key = |code, modifiers| read(&Event::Key(KeyEvent::new(code, modifiers)));
		assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Some(Input::Quit));
		assert_eq!(key(KeyCode::Esc, KeyModifiers::NONE), Some(Input::Quit));
		assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Input::Quit));
		assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
		assert_eq!(read(&Event::Resize(1, 1)), Some(Input::Resize));
	}
}
