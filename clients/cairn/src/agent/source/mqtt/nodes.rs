//! The nodes of Sparkplug that are heard: what their births said, and whom to ask for one.

use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

use cairn_formats::{
	Cause, Limits, Record,
	sparkplug::{Kind, NAMESPACE, Session, Topic},
};

/// Most nodes.
const MOST_NODES: usize = 256;
/// Most metrics of all nodes.
const MOST_METRICS: usize = 1 << 16;
/// A node is asked for a birth at most once in this time.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// What is known of nodes.
#[derive(Default)]
pub struct Nodes(BTreeMap<(String, String), Node>);

struct Node {
	session: Session,
	asked: Option<Instant>,
}

/// A message that gives no records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
	/// Why.
	pub cause: String,
	/// The topic on which to ask for a birth, if that helps and was not done just now.
	pub rebirth: Option<String>,
}

impl Trouble {
	const fn of(cause: String) -> Self {
		Self { cause, rebirth: None }
	}
}

impl Nodes {
	/// Take a message of any node. Commands and states of hosts, which come by the same topics, give
	/// no records.
	///
	/// - `now`: ms since the epoch.
	///
	/// # Errors
	/// [`Trouble`] if it is no message of Sparkplug, or out of order.
	pub fn handle(
		&mut self,
		topic: &str,
		payload: &[u8],
		now: u64,
	) -> Result<Vec<Record>, Trouble> {
		let topic = match Topic::parse(topic) {
			Ok(Topic { kind: Kind::NodeCommand | Kind::DeviceCommand, .. })
			| Err(Cause::NotData) => return Ok(Vec::new()),
			Ok(topic) => topic,
			Err(cause) => return Err(Trouble::of(cause.to_string())),
		};
		let key = (topic.group.to_owned(), topic.node.to_owned());
		if self.0.len() >= MOST_NODES && !self.0.contains_key(&key) {
			return Err(Trouble::of(format!("more than {MOST_NODES} nodes")));
		}
		let node = self.0.entry(key.clone()).or_insert_with(|| Node {
			session: Session::new(topic.group, topic.node, Limits::default()),
			asked: None,
		});
		let handled = node.session.handle(&topic, payload, now).map_err(|error| Trouble {
			cause: error.to_string(),
			rebirth: error.cause.needs_rebirth().then(|| node.ask(&topic)).flatten(),
		});
		let metrics = self.0.values().map(|node| node.session.metric_count());
		if metrics.fold(0, usize::saturating_add) > MOST_METRICS {
			self.0.remove(&key);
			return Err(Trouble::of(format!("more than {MOST_METRICS} metrics of all nodes")));
		}
		handled
	}
}

impl Node {
	/// The topic on which to ask for a birth, unless that was done just now.
	fn ask(&mut self, topic: &Topic<'_>) -> Option<String> {
		if self.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY) {
			return None;
		}
		self.asked = Some(Instant::now());
		Some(format!("{NAMESPACE}/{}/NCMD/{}", topic.group, topic.node))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_formats::sparkplug::{Metric, MetricValue, Payload};
	use prost::Message;

	const NOW: u64 = 1_700_000_000_000;
	/// `DataType` of a double.
	const DOUBLE: u32 = 10;

	fn payload(seq: u64, metrics: Vec<Metric>) -> Vec<u8> {
		Payload { timestamp: Some(NOW), metrics, seq: Some(seq) }.encode_to_vec()
	}

	fn metric(name: &str, value: f64) -> Metric {
		Metric {
			name: Some(name.to_owned()),
			datatype: Some(DOUBLE),
			value: Some(MetricValue::Double(value)),
			..Metric::default()
		}
	}

	#[test]
	fn works_when_a_node_is_born_and_reports() {
		let mut nodes = Nodes::default();
		let birth = payload(0, vec![metric("flow", 1.5)]);
		let records = nodes.handle("spBv1.0/water/NBIRTH/pump", &birth, NOW).expect("a birth");
		assert_eq!(records[0].name, "water/pump/flow");
		let data = payload(1, vec![metric("flow", 2.5)]);
		let records = nodes.handle("spBv1.0/water/NDATA/pump", &data, NOW).expect("data");
		assert_eq!((records.len(), records[0].time), (1, Some(NOW)));
	}

	#[test]
	fn a_node_is_asked_for_its_birth_now_and_then() {
		let mut nodes = Nodes::default();
		let data = payload(1, vec![metric("flow", 2.5)]);
		let mut asked = |node: &str| {
			let topic = format!("spBv1.0/water/NDATA/{node}");
			nodes.handle(&topic, &data, NOW).expect_err("no birth").rebirth
		};
		assert_eq!(asked("pump").as_deref(), Some("spBv1.0/water/NCMD/pump"));
		assert_eq!(asked("pump"), None);
		assert_eq!(asked("other").as_deref(), Some("spBv1.0/water/NCMD/other"));
	}

	#[test]
	fn commands_and_states_give_nothing() {
		let mut nodes = Nodes::default();
		for topic in ["spBv1.0/STATE/host", "spBv1.0/water/NCMD/pump", "spBv1.0/water/DCMD/pump/1"]
		{
			assert_eq!(nodes.handle(topic, &[], NOW), Ok(Vec::new()), "{topic}");
		}
		assert!(nodes.0.is_empty());
	}

	#[test]
	fn fails_when_it_is_something_else() {
		let mut nodes = Nodes::default();
		for (topic, payload) in [("water/pump", vec![]), ("spBv1.0/water/NBIRTH/pump", vec![0xff])]
		{
			let trouble = nodes.handle(topic, &payload, NOW).expect_err("refused");
			assert_eq!(trouble.rebirth, None, "{topic}");
		}
	}

	#[test]
	fn memory_is_bounded() {
		let mut nodes = Nodes::default();
		let birth = payload(0, vec![metric("flow", 1.5)]);
		let mut born = |number: usize| {
			let topic = format!("spBv1.0/water/NBIRTH/{number}");
			nodes.handle(&topic, &birth, NOW).is_ok()
		};
		assert!((0..MOST_NODES).all(&mut born));
		assert!(!born(MOST_NODES) && born(0));

		let mut nodes = Nodes::default();
		let each = Limits::default().records;
		let metrics = (0..each).map(|number| metric(&number.to_string(), 0.0));
		let birth = payload(0, metrics.collect());
		let mut born = |number: usize| {
			let topic = format!("spBv1.0/water/NBIRTH/{number}");
			nodes.handle(&topic, &birth, NOW).is_ok()
		};
		assert!((0..MOST_METRICS / each).all(&mut born));
		assert!(!born(MOST_NODES));
	}
}
