//! Messages between connection and reader: bounded in number and bytes, the newest win.

use std::{
	collections::VecDeque,
	sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::mqtt::link::Message;

/// Most messages that wait.
const MOST_MESSAGES: usize = 1_024;
/// Most bytes of their payloads and topics.
const MOST_BYTES: usize = 16 << 20;

/// A queue that forgets the oldest.
#[derive(Default)]
pub(super) struct Queue {
	held: Mutex<Held>,
	arrived: Notify,
}

#[derive(Default)]
struct Held {
	messages: VecDeque<Message>,
	bytes: usize,
	lost: u64,
}

impl Queue {
	/// Append a message; the oldest ones go until it fits.
	pub(super) fn push(&self, message: Message) {
		let mut held = self.held();
		held.bytes = held.bytes.saturating_add(size(&message));
		held.messages.push_back(message);
		while held.messages.len() > MOST_MESSAGES
			|| (held.bytes > MOST_BYTES && held.messages.len() > 1)
		{
			held.take();
			held.lost = held.lost.saturating_add(1);
		}
		drop(held);
		self.arrived.notify_one();
	}

	/// The oldest message, when there is one.
	pub(super) async fn pop(&self) -> Message {
		loop {
			if let Some(message) = self.take() {
				return message;
			}
			self.arrived.notified().await;
		}
	}

	/// How many messages were lost since this was last asked.
	pub(super) fn take_lost(&self) -> u64 {
		std::mem::take(&mut self.held().lost)
	}

	/// The oldest message, if there is one.
	pub(super) fn take(&self) -> Option<Message> {
		self.held().take()
	}

	fn held(&self) -> MutexGuard<'_, Held> {
		self.held.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Held {
	fn take(&mut self) -> Option<Message> {
		let message = self.messages.pop_front()?;
		self.bytes = self.bytes.saturating_sub(size(&message));
		Some(message)
	}
}

const fn size(message: &Message) -> usize {
	message.topic.len().saturating_add(message.payload.len())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::mqtt::link::Receipt;
	use std::time::Duration;
	use tokio::time::timeout;

	fn message(number: usize, bytes: usize) -> Message {
		let (topic, payload) = (number.to_string(), vec![0; bytes]);
		Message { topic, payload, is_retained: false, receipt: Receipt(None) }
	}

	#[test]
	fn the_oldest_go_in_a_flood() {
		let queue = Queue::default();
		(0..MOST_MESSAGES + 10).for_each(|number| queue.push(message(number, 1)));
		assert_eq!((queue.take_lost(), queue.take_lost()), (10, 0));
		assert_eq!(queue.take().map(|message| message.topic), Some("10".to_owned()));
	}

	#[test]
	fn the_oldest_go_when_they_are_large() {
		let queue = Queue::default();
		(0..10).for_each(|number| queue.push(message(number, MOST_BYTES / 4)));
		let mut left = 0;
		while queue.take().is_some() {
			left += 1;
		}
		assert_eq!((left, queue.take_lost(), queue.held().bytes), (3, 7, 0));
		// One is always kept, or nothing of its size would ever come through.
		queue.push(message(0, MOST_BYTES * 2));
		assert!(queue.take().is_some());
	}

	#[tokio::test]
	async fn a_reader_waits_for_the_next_one() {
		let queue = Queue::default();
		let (message, ()) = tokio::join!(queue.pop(), async {
			tokio::task::yield_now().await;
			queue.push(message(7, 0));
		});
		assert_eq!(message.topic, "7");
		assert!(timeout(Duration::from_millis(20), queue.pop()).await.is_err());
	}
}
