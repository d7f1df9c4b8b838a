//! Between sources and devices: what a source gives goes to the devices that have an input from it.

use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use cairn_types::SchemaId;
use tokio::sync::Notify;

use super::{
	inbox::{Inbox, Moment},
	left::{Left, LeftCount, Taken},
	plan::{Batch, Input, Plan, SourceId, Span},
};

/// Every so many of one kind of trouble are told about, after the first.
const TELL_EVERY: u64 = 1_000;

/// Who takes what sources give.
pub trait Sink: Send + Sync {
	/// Take a batch; says what became of it.
	fn take(&self, batch: &Batch<'_>) -> Taken;

	/// Note that a source leaves something out itself.
	fn leave(&self, source: SourceId, left: Left, record: &str);

	/// What devices take of this source.
	fn inputs(&self, source: SourceId) -> Vec<Input>;

	/// Whether somebody can take what this source gives.
	fn is_ready(&self, source: SourceId) -> bool;

	/// Note that a source gave something that cannot be read, or has other trouble that may pass.
	fn trouble(&self, source: SourceId, what: String);
}

/// What a device knows, as soon as it knows it.
struct Standing {
	plan: Arc<Plan>,
	span: Span,
}

/// A device as sources see it.
pub struct Post {
	/// Its name in the configuration.
	pub name: String,
	/// What it takes.
	pub inputs: Vec<Input>,
	standing: RwLock<Option<Standing>>,
	inbox: Mutex<Inbox>,
	arrived: Notify,
}

impl Post {
	/// A device that knows nothing yet.
	#[must_use]
	pub fn new(name: String, inputs: Vec<Input>) -> Self {
		Self {
			name,
			inputs,
			standing: RwLock::default(),
			inbox: Mutex::default(),
			arrived: Notify::new(),
		}
	}

	/// Take values by this plan from now on, of these times; what was reported already stays so.
	pub fn follow(&self, plan: &Arc<Plan>, mut span: Span) {
		let mut standing = self.standing.write().unwrap_or_else(PoisonError::into_inner);
		if let Some(before) = standing.as_ref() {
			span.after = span.after.max(before.span.after);
			if before.plan.schema_id() != plan.schema_id() {
				// What waits is ordered by another schema's channels.
				self.inbox().clear();
			}
		}
		*standing = Some(Standing { plan: plan.clone(), span });
	}

	/// Ready when values wait.
	pub async fn arrived(&self) {
		while self.inbox().is_empty() {
			self.arrived.notified().await;
		}
	}

	/// What is to be reported now, and under which schema; values of its times or earlier count no
	/// more.
	///
	/// - `interval`: ms between readings.
	#[must_use]
	pub fn moments(&self, interval: u64) -> Option<(SchemaId, Vec<Moment>)> {
		// The plan must not change before its values are taken.
		let mut standing = self.standing.write().unwrap_or_else(PoisonError::into_inner);
		let Standing { plan, span } = standing.as_mut()?;
		let moments = self.inbox().take(span.after, interval);
		if let Some(last) = moments.last() {
			span.after = last.time;
		}
		Some((plan.schema_id(), moments))
	}

	fn is_ready(&self) -> bool {
		self.standing.read().unwrap_or_else(PoisonError::into_inner).is_some()
	}

	/// Take a batch; returns for each record whether an input is for it.
	fn take(&self, batch: &Batch<'_>, taken: &mut Taken) -> Vec<bool> {
		let name = |index: usize| batch.records.get(index).map_or("", |it| it.name.as_str());
		let standing = self.standing.read().unwrap_or_else(PoisonError::into_inner);
		let Some(Standing { plan, span }) = standing.as_ref() else {
			(0..batch.records.len()).for_each(|index| taken.leave(Left::NotReady, name(index)));
			return vec![true; batch.records.len()];
		};
		let routed = plan.route(batch, *span);
		let channels = plan.schema().channels.len();
		let mut inbox = self.inbox();
		let mut has_new = false;
		for fate in routed.fates {
			let put =
				fate.value.and_then(|(time, value)| inbox.put(channels, time, fate.channel, value));
			match put {
				Ok(()) => {
					taken.values = taken.values.saturating_add(1);
					has_new = true;
				},
				Err(left) => taken.leave(left, name(fate.record)),
			}
		}
		if has_new {
			self.arrived.notify_one();
		}
		routed.is_wanted
	}

	fn inbox(&self) -> MutexGuard<'_, Inbox> {
		self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// All sources and all devices.
pub struct Hub {
	/// Names of the sources, in their order.
	sources: Vec<String>,
	posts: Vec<Arc<Post>>,
	counts: Mutex<BTreeMap<(usize, Option<Left>), u64>>,
}

impl Hub {
	/// Join sources, by their names, with devices.
	#[must_use]
	pub fn new(sources: Vec<String>, posts: Vec<Arc<Post>>) -> Self {
		Self { sources, posts, counts: Mutex::default() }
	}

	/// Devices with an input from a source.
	fn fed(&self, source: SourceId) -> impl Iterator<Item = &Arc<Post>> {
		let takes = move |post: &&Arc<Post>| post.inputs.iter().any(|input| input.source == source);
		self.posts.iter().filter(takes)
	}

	/// Count what happened, and whether to tell about it: the first time, and now and then.
	fn is_news(&self, source: SourceId, left: Option<Left>, more: u64) -> bool {
		let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
		let count = counts.entry((source.0, left)).or_default();
		let before = *count;
		*count = count.saturating_add(more);
		before == 0 || before / TELL_EVERY != *count / TELL_EVERY
	}

	fn name(&self, source: SourceId) -> &str {
		self.sources.get(source.0).map_or("", String::as_str)
	}

	fn tell(&self, source: SourceId, left: Left, found: &LeftCount) {
		let LeftCount { count, example } = found;
		if !self.is_news(source, Some(left), *count) {
			return;
		}
		let (source, code) = (self.name(source), left.code());
		let (cause, remedy) = (left.cause(), left.remedy());
		if left.is_usual() {
			tracing::debug!(source, %code, cause, remedy, record = example, count, "left out");
		} else {
			tracing::warn!(source, %code, cause, remedy, record = example, count, "left out");
		}
	}
}

impl Sink for Hub {
	fn take(&self, batch: &Batch<'_>) -> Taken {
		let mut taken = Taken::default();
		let mut is_wanted = vec![false; batch.records.len()];
		for post in self.fed(batch.source) {
			let wanted = post.take(batch, &mut taken);
			is_wanted.iter_mut().zip(wanted).for_each(|(all, one)| *all |= one);
		}
		let unwanted = batch.records.iter().zip(is_wanted).filter(|(_, is_wanted)| !is_wanted);
		unwanted.for_each(|(record, _)| taken.leave(Left::Unmapped, &record.name));
		taken.left.iter().for_each(|(left, found)| self.tell(batch.source, *left, found));
		taken
	}

	fn leave(&self, source: SourceId, left: Left, record: &str) {
		self.tell(source, left, &LeftCount { count: 1, example: record.to_owned() });
	}

	fn inputs(&self, source: SourceId) -> Vec<Input> {
		let inputs = self.posts.iter().flat_map(|post| &post.inputs);
		inputs.filter(|input| input.source == source).cloned().collect()
	}

	fn is_ready(&self, source: SourceId) -> bool {
		self.fed(source).all(|post| post.is_ready())
	}

	fn trouble(&self, source: SourceId, what: String) {
		if self.is_news(source, None, 1) {
			tracing::warn!(source = self.name(source), "{what}");
		} else {
			tracing::debug!(source = self.name(source), "{what}");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::{
		plan::Pick,
		schema::{host_schema, scrape_up},
	};
	use cairn_formats::{Pattern, Record, Rule};
	use std::time::Duration;
	use tokio::time::timeout;

	const NOW: u64 = 1_700_000_000_000;
	const SOURCE: SourceId = SourceId(0);

	fn post(record: &str) -> Arc<Post> {
		let rule = Rule::new(Pattern::new(record).expect("a pattern"), "scrape-up");
		let pick = Pick::Records { rule, is_optional: false };
		let inputs = vec![Input { source: SOURCE, topic: None, pick }];
		Arc::new(Post::new(record.to_owned(), inputs))
	}

	fn plan(post: &Post, id: u32) -> Arc<Plan> {
		Arc::new(Plan::new(SchemaId(id), &host_schema(), &post.inputs).expect("a plan"))
	}

	fn batch(records: &[Record]) -> Batch<'_> {
		Batch { source: SOURCE, topic: None, records, now: NOW }
	}

	fn counts(taken: &Taken) -> Vec<(Left, u64)> {
		taken.left.iter().map(|(left, found)| (*left, found.count)).collect()
	}

	/// Two devices; only the second one's record comes.
	fn hub() -> (Hub, [Arc<Post>; 2]) {
		let posts = [post("other"), post("scrape-up")];
		(Hub::new(vec!["source".to_owned()], posts.to_vec()), posts)
	}

	#[tokio::test]
	async fn what_comes_goes_to_the_devices_that_want_it() {
		let (hub, [first, second]) = hub();
		let stray = Record { name: "stray".to_owned(), ..scrape_up(true) };
		let records = [scrape_up(true), stray];
		assert!(!hub.is_ready(SOURCE));
		let inputs = [first.inputs.clone(), second.inputs.clone()].concat();
		assert_eq!((hub.inputs(SOURCE), hub.inputs(SourceId(1))), (inputs, Vec::new()));
		let taken = hub.take(&batch(&records));
		assert_eq!((taken.values, counts(&taken)), (0, vec![(Left::NotReady, 4)]));

		first.follow(&plan(&first, 1), Span::default());
		assert!(!hub.is_ready(SOURCE));
		second.follow(&plan(&second, 1), Span::default());
		assert!(hub.is_ready(SOURCE));
		let taken = hub.take(&batch(&records));
		assert_eq!((taken.values, counts(&taken)), (1, vec![(Left::Unmapped, 1)]));
		timeout(Duration::from_secs(120), second.arrived()).await.expect("a value");
		let (schema, moments) = second.moments(1_000).expect("a plan");
		assert_eq!((schema, moments.len(), moments[0].time), (SchemaId(1), 1, NOW));
		assert_eq!(first.moments(1_000), Some((SchemaId(1), Vec::new())));
		// The same moment does not come twice.
		let taken = hub.take(&batch(&records));
		assert_eq!(taken.left.get(&Left::Late).map(|found| found.count), Some(1));
	}

	#[test]
	fn values_of_another_schema_are_forgotten() {
		let (hub, [_, second]) = hub();
		second.follow(&plan(&second, 1), Span::default());
		assert_eq!(hub.take(&batch(&[scrape_up(true)])).values, 1);
		second.follow(&plan(&second, 2), Span::default());
		assert_eq!(second.moments(1_000), Some((SchemaId(2), Vec::new())));
	}

	#[test]
	fn trouble_is_told_about_now_and_then() {
		let (hub, _) = hub();
		assert!(hub.is_news(SOURCE, None, 1) && !hub.is_news(SOURCE, None, 1));
		assert!(hub.is_news(SOURCE, Some(Left::Late), 1));
		assert!(hub.is_news(SOURCE, None, 998) && !hub.is_news(SOURCE, None, 1));
	}
}
