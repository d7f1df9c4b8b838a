//! The nodes of Sparkplug that are heard: what their births said, and whom to ask for one.
//!
//! Whoever may publish may invent nodes. So a node is kept only while a birth of it is in force, or was
//! until a message of it went missing. If there are too many, first those go whose birth is in force no
//! more, then those that have been silent longest. One that is alive goes for no stranger: only for a
//! node that a topic or an input of the configuration names.

use std::{
	collections::{BTreeMap, BTreeSet},
	time::{Duration, Instant},
};

use cairn_formats::{
	Cause, Limits, Record,
	sparkplug::{Kind, NAMESPACE, Session, Topic},
};

use crate::agent::{
	plan::{Input, Pick},
	topic::TopicFilter,
};

/// Most nodes.
const MOST_NODES: usize = 256;
/// Most metrics and devices of all nodes.
const MOST_METRICS: usize = 1 << 16;
/// A node is asked for a birth at most once in this time.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Most nodes without a place that are asked in this time, besides those that are named.
const MOST_ASKED: usize = 256;
/// A node that was silent for this long may be gone without a word; if it is not, it is asked for a
/// birth when it speaks again.
const SILENT: Duration = Duration::from_secs(3_600);

/// A node's group and name.
type Key = (String, String);

/// What is known of nodes.
#[derive(Default)]
pub struct Nodes {
	kept: BTreeMap<Key, Node>,
	/// Nodes that the configuration names.
	named: BTreeSet<Key>,
	asked: Asked,
}

struct Node {
	session: Session,
	/// When a message of it was accepted last.
	heard: Instant,
	asked: Option<Instant>,
}

/// When nodes that are not kept were asked for a birth.
#[derive(Default)]
struct Asked(BTreeMap<Key, Instant>);

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
	/// None are known yet; those that these topics and inputs name will be kept before others.
	#[must_use]
	pub fn naming(topics: &[TopicFilter], inputs: &[Input]) -> Self {
		let of_inputs = inputs.iter().filter_map(|input| input.topic.as_ref());
		let of_topics = topics.iter().chain(of_inputs).filter_map(named_by_topic);
		let of_records = inputs.iter().filter_map(|input| named_by_records(&input.pick));
		Self { named: of_topics.chain(of_records).collect(), ..Self::default() }
	}

	/// Take a message of any node. Commands and states of hosts, which come by the same topics, give
	/// no records.
	///
	/// - `now`: ms since the epoch.
	///
	/// # Errors
	/// [`Trouble`] if it is no message of Sparkplug, or out of order, or there is no room for its node.
	pub fn handle(
		&mut self,
		topic: &str,
		payload: &[u8],
		now: u64,
	) -> Result<Vec<Record>, Trouble> {
		self.handle_at(topic, payload, now, Instant::now())
	}

	fn handle_at(
		&mut self,
		topic: &str,
		payload: &[u8],
		now: u64,
		at: Instant,
	) -> Result<Vec<Record>, Trouble> {
		let topic = match Topic::parse(topic) {
			Ok(Topic { kind: Kind::NodeCommand | Kind::DeviceCommand, .. })
			| Err(Cause::NotData) => return Ok(Vec::new()),
			Ok(topic) => topic,
			Err(cause) => return Err(Trouble::of(cause.to_string())),
		};
		if topic.group.len().saturating_add(topic.node.len()) > Limits::default().name {
			// No record of it could have a name.
			return Err(Trouble::of(Cause::NameTooLong.to_string()));
		}
		let key = (topic.group.to_owned(), topic.node.to_owned());
		let kept = self.kept.remove(&key);
		let is_kept = kept.is_some();
		let mut node = kept.unwrap_or_else(|| Node::new(&topic, at));
		let handled = node.session.handle(&topic, payload, now);
		if handled.is_ok() {
			node.heard = at;
		}
		let needs_birth = handled.as_ref().is_err_and(|error| error.cause.needs_rebirth());
		let is_asked = needs_birth
			&& if is_kept {
				node.ask(at)
			} else {
				self.asked.ask(&key, self.named.contains(&key), at)
			};
		let is_missed = is_kept && topic.kind != Kind::NodeDeath;
		if node.session.is_born() || is_missed {
			self.keep(key, node, at)?;
		}
		handled.map_err(|error| Trouble {
			cause: error.to_string(),
			rebirth: is_asked.then(|| format!("{NAMESPACE}/{}/NCMD/{}", topic.group, topic.node)),
		})
	}

	/// Keep a node; others go until there is room for it, as far as they may.
	fn keep(&mut self, key: Key, node: Node, at: Instant) -> Result<(), Trouble> {
		let is_named = self.named.contains(&key);
		while let Some(excess) = self.excess(&node) {
			let Some(other) = self.first_to_go(is_named, at) else {
				return Err(Trouble::of(excess));
			};
			self.kept.remove(&other);
		}
		self.kept.insert(key, node);
		Ok(())
	}

	/// What there would be too much of with one more node.
	fn excess(&self, node: &Node) -> Option<String> {
		if self.kept.len() >= MOST_NODES {
			return Some(format!("more than {MOST_NODES} nodes"));
		}
		let sizes = self.kept.values().chain([node]).map(Node::size);
		(sizes.fold(0, usize::saturating_add) > MOST_METRICS)
			.then(|| format!("more than {MOST_METRICS} metrics of all nodes"))
	}

	/// The node that goes first if there is no room for another one.
	fn first_to_go(&self, is_named: bool, at: Instant) -> Option<Key> {
		let mut first: Option<(bool, bool, bool, Instant, &Key)> = None;
		for (key, node) in &self.kept {
			let (is_alive, is_other_named) = (node.is_alive(at), self.named.contains(key));
			let may_go = match (is_named, is_other_named) {
				(true, false) => true,
				(false, true) => false,
				(true, true) | (false, false) => !is_alive,
			};
			let rank = (is_alive, is_other_named, node.session.is_born(), node.heard, key);
			if may_go && first.is_none_or(|before| rank < before) {
				first = Some(rank);
			}
		}
		first.map(|(.., key)| key.clone())
	}
}

impl Node {
	fn new(topic: &Topic<'_>, at: Instant) -> Self {
		let session = Session::new(topic.group, topic.node, Limits::default());
		Self { session, heard: at, asked: None }
	}

	/// Whether its birth is in force, and it was heard lately.
	fn is_alive(&self, at: Instant) -> bool {
		self.session.is_born() && at.saturating_duration_since(self.heard) < SILENT
	}

	/// How much is kept of it.
	fn size(&self) -> usize {
		self.session.metric_count().saturating_add(self.session.device_count())
	}

	/// Whether to ask for a birth: not, if that was done just now.
	fn ask(&mut self, at: Instant) -> bool {
		let is_due = self.asked.is_none_or(|asked| is_over(asked, at));
		if is_due {
			self.asked = Some(at);
		}
		is_due
	}
}

impl Asked {
	/// Whether to ask a node for a birth: not, if that was done just now, or too many others were
	/// asked, unless the configuration names it.
	fn ask(&mut self, key: &Key, is_named: bool, at: Instant) -> bool {
		self.0.retain(|_, asked| !is_over(*asked, at));
		let has_room = is_named || self.0.len() < MOST_ASKED;
		let is_due = has_room && !self.0.contains_key(key);
		if is_due {
			self.0.insert(key.clone(), at);
		}
		is_due
	}
}

/// Whether a node that was asked then may be asked again.
fn is_over(asked: Instant, at: Instant) -> bool {
	at.saturating_duration_since(asked) >= ASK_EVERY
}

/// The node that a filter of topics names, if it names one. Pure.
fn named_by_topic(filter: &TopicFilter) -> Option<Key> {
	let mut levels = filter.as_str().split('/');
	if levels.next() != Some(NAMESPACE) {
		return None;
	}
	let (group, _kind, node) = (levels.next()?, levels.next()?, levels.next()?);
	let is_name = |level: &str| !level.is_empty() && !level.contains(['+', '#']);
	(is_name(group) && is_name(node)).then(|| (group.to_owned(), node.to_owned()))
}

/// The node whose records an input takes, if it names one: records are called group/node/…. Pure.
fn named_by_records(pick: &Pick) -> Option<Key> {
	let pattern = match pick {
		Pick::Records { rule, .. } => String::from(rule.name.clone()),
		Pick::Names { prefix } => prefix.clone(),
		Pick::Series { .. } | Pick::Host => return None,
	};
	let start = pattern.split('*').next()?;
	let mut parts = start.splitn(3, '/');
	let (group, node) = (parts.next()?, parts.next()?);
	// Only what follows it shows that a node's name is whole.
	parts.next()?;
	(!group.is_empty() && !node.is_empty()).then(|| (group.to_owned(), node.to_owned()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_formats::{
		Pattern, Rule,
		sparkplug::{Metric, MetricValue, Payload},
	};
	use prost::Message;

	use crate::agent::plan::SourceId;

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

	/// A node's birth, with one metric.
	fn born(nodes: &mut Nodes, node: &str, at: Instant) -> Result<(), Trouble> {
		let birth = payload(0, vec![metric("flow", 1.5)]);
		let topic = format!("spBv1.0/water/NBIRTH/{node}");
		nodes.handle_at(&topic, &birth, NOW, at).map(drop)
	}

	/// Any other message of a node, with a number.
	fn said(nodes: &mut Nodes, kind: &str, node: &str, seq: u64, at: Instant) -> Option<Trouble> {
		let topic = format!("spBv1.0/water/{kind}/{node}");
		nodes.handle_at(&topic, &payload(seq, Vec::new()), NOW, at).err()
	}

	fn key(node: &str) -> Key {
		("water".to_owned(), node.to_owned())
	}

	fn is_kept(nodes: &Nodes, node: &str) -> bool {
		nodes.kept.contains_key(&key(node))
	}

	/// As many nodes as there may be, called by their numbers, born one second after the other.
	fn full(mut nodes: Nodes, begin: Instant) -> Nodes {
		for (number, seconds) in (0..MOST_NODES).zip(0..) {
			let at = begin + Duration::from_secs(seconds);
			assert_eq!(born(&mut nodes, &number.to_string(), at), Ok(()));
		}
		nodes
	}

	fn filter(text: &str) -> TopicFilter {
		TopicFilter::new(text).expect("a filter")
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
		assert!(nodes.kept.is_empty());
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

	#[test]
	fn devices_without_metrics_count_too() {
		let mut nodes = Nodes::default();
		let at = Instant::now();
		let begins = |nodes: &mut Nodes, node: &str, device: &str, seq: u64| {
			said(nodes, "DBIRTH", &format!("{node}/{device}"), seq, at)
		};
		for node in 0..5 {
			let node = node.to_string();
			assert_eq!(born(&mut nodes, &node, at), Ok(()));
			for device in 0..13_000u64 {
				let trouble = begins(&mut nodes, &node, &device.to_string(), (device + 1) % 256);
				assert_eq!(trouble, None, "{node} {device}");
			}
		}
		let sizes = |nodes: &Nodes| nodes.kept.values().map(Node::size).sum::<usize>();
		assert_eq!((born(&mut nodes, "5", at), sizes(&nodes)), (Ok(()), 65_006));
		let trouble = (0..531u64)
			.find_map(|device| begins(&mut nodes, "5", &device.to_string(), (device + 1) % 256));
		assert!(trouble.is_some_and(|trouble| trouble.cause.contains("metrics of all nodes")));
		assert_eq!((sizes(&nodes), is_kept(&nodes, "5")), (65_005, false));
	}

	#[test]
	fn strangers_without_a_birth_take_no_place() {
		let mut nodes = Nodes::naming(&[filter("spBv1.0/water/+/named")], &[]);
		let at = Instant::now();
		let asked = |nodes: &mut Nodes, node: &str, at: Instant| {
			said(nodes, "NDATA", node, 1, at).expect("no birth").rebirth.is_some()
		};
		let invented = (0..2 * MOST_NODES).map(|number| number.to_string()).collect::<Vec<_>>();
		let count = invented.iter().filter(|node| asked(&mut nodes, node, at)).count();
		assert_eq!((count, nodes.asked.0.len()), (MOST_ASKED, MOST_ASKED));
		for node in &invented {
			let topic = format!("spBv1.0/water/NBIRTH/{node}");
			assert!(nodes.handle_at(&topic, &[0xff], NOW, at).is_err());
			assert!(said(&mut nodes, "NDEATH", node, 0, at).is_some());
		}
		assert!(nodes.kept.is_empty());
		assert_eq!(born(&mut nodes, "real", at), Ok(()));
		assert_eq!(said(&mut nodes, "NDATA", "real", 1, at), None);
		// Who is kept or named is asked whatever strangers do, and all are asked again later.
		assert!(asked(&mut nodes, "real", at) && asked(&mut nodes, "named", at));
		assert!(!asked(&mut nodes, "real", at) && !asked(&mut nodes, "named", at));
		assert!(!asked(&mut nodes, "late", at) && asked(&mut nodes, "late", at + ASK_EVERY));
		assert_eq!(nodes.asked.0.len(), 1);
	}

	#[test]
	fn a_node_that_died_takes_no_place() {
		let mut nodes = Nodes::default();
		let at = Instant::now();
		for name in 0..2 * MOST_NODES {
			let name = name.to_string();
			assert_eq!(born(&mut nodes, &name, at), Ok(()));
			assert_eq!(said(&mut nodes, "NDEATH", &name, 0, at), None);
			assert!(nodes.kept.is_empty(), "{name}");
		}
		// Of one that missed a message, too.
		assert_eq!(born(&mut nodes, "pump", at), Ok(()));
		assert!(said(&mut nodes, "NDATA", "pump", 7, at).is_some());
		assert!(is_kept(&nodes, "pump"));
		assert!(said(&mut nodes, "NDEATH", "pump", 0, at).is_some());
		assert!(nodes.kept.is_empty());
	}

	#[test]
	fn renames_of_which_nobody_hears_leave_room() {
		let mut nodes = Nodes::default();
		let mut at = Instant::now();
		for name in 0..4 * MOST_NODES {
			at += SILENT / 128;
			assert_eq!(born(&mut nodes, "constant", at), Ok(()));
			assert_eq!(born(&mut nodes, &name.to_string(), at), Ok(()));
			assert!(nodes.kept.len() <= MOST_NODES);
		}
		assert!(is_kept(&nodes, "constant"));
	}

	#[test]
	fn the_dead_go_first_then_the_longest_silent_and_nobody_alive() {
		let begin = Instant::now();
		let mut nodes = full(Nodes::default(), begin);
		assert!(born(&mut nodes, "stranger", begin).is_err(), "all are alive");
		// Number 200 misses a message; numbers 0 to 10 say nothing for long.
		let at = begin + SILENT + Duration::from_secs(10);
		assert!(said(&mut nodes, "NDATA", "200", 9, at).is_some());
		for gone in [200].into_iter().chain(0..=10) {
			let gone = gone.to_string();
			assert!(is_kept(&nodes, &gone), "{gone}");
			assert_eq!(born(&mut nodes, &format!("after {gone}"), at), Ok(()));
			assert!(!is_kept(&nodes, &gone), "{gone}");
		}
		let trouble = born(&mut nodes, "stranger", at).expect_err("all others are alive");
		assert!(trouble.cause.contains("nodes") && trouble.rebirth.is_none(), "{trouble:?}");
		assert_eq!(nodes.kept.len(), MOST_NODES);
		assert_eq!(said(&mut nodes, "NDATA", "11", 1, at), None, "it is as it was");
		// The one that went is asked when it speaks again.
		let trouble = said(&mut nodes, "NDATA", "0", 1, at).expect("it has no place");
		assert_eq!(trouble.rebirth.as_deref(), Some("spBv1.0/water/NCMD/0"));
	}

	#[test]
	fn a_node_that_is_named_goes_before_strangers() {
		let begin = Instant::now();
		let named = [filter("spBv1.0/water/+/pump"), filter("spBv1.0/water/NDATA/7")];
		let mut nodes = full(Nodes::naming(&named, &[]), begin);
		assert_eq!(born(&mut nodes, "pump", begin), Ok(()));
		assert!(!is_kept(&nodes, "0"), "the longest silent one, though it is alive");
		assert!(born(&mut nodes, "stranger", begin).is_err());
		// Strangers take the places of the silent, but of none that is named.
		let at = begin + SILENT * 2;
		for stranger in 0..2 * MOST_NODES {
			let is_born = born(&mut nodes, &format!("stranger {stranger}"), at).is_ok();
			assert_eq!(is_born, stranger < MOST_NODES - 2, "{stranger}");
		}
		assert!(is_kept(&nodes, "pump") && is_kept(&nodes, "7"));
	}

	#[test]
	fn many_metrics_of_the_silent_leave_room() {
		let mut nodes = Nodes::default();
		let begin = Instant::now();
		let each = Limits::default().records;
		let metrics = (0..each).map(|number| metric(&number.to_string(), 0.0));
		let birth = payload(0, metrics.collect());
		let mut born = |node: usize, at: Instant| {
			let topic = format!("spBv1.0/water/NBIRTH/{node}");
			let is_born = nodes.handle_at(&topic, &birth, NOW, at).is_ok();
			(is_born, nodes.kept.len())
		};
		let most = MOST_METRICS / each;
		assert!((0..most).all(|node| born(node, begin).0));
		assert_eq!(born(most, begin), (false, most));
		assert_eq!(born(most, begin + SILENT), (true, most));
	}

	#[test]
	fn works_when_the_configuration_names_nodes() {
		let input = |topic: Option<&str>, pick: Pick| Input {
			source: SourceId(0),
			topic: topic.map(filter),
			pick,
		};
		let records = |name: &str| {
			let rule = Rule::new(Pattern::new(name).expect("a pattern"), "flow");
			Pick::Records { rule, is_optional: false }
		};
		let names = |prefix: &str| Pick::Names { prefix: prefix.to_owned() };
		let topics = [
			filter("#"),
			filter("spBv1.0/water/#"),
			filter("spBv1.0/+/NDATA/a"),
			filter("spBv1.0/water/+/+"),
			filter("other/water/NDATA/a"),
			filter("spBv1.0/water/NDATA"),
			filter("spBv1.0/water/NDATA/b"),
		];
		let inputs = [
			input(Some("spBv1.0/water/+/c/#"), records("*")),
			input(None, records("water/d/flow")),
			input(None, records("water/e/*")),
			input(None, records("water/f*")),
			input(None, records("water/g")),
			input(None, names("water/h/")),
			input(None, names("*/")),
			input(None, names("")),
			input(None, Pick::Host),
		];
		let nodes = Nodes::naming(&topics, &inputs);
		assert_eq!(nodes.named, BTreeSet::from(["b", "c", "d", "e", "h"].map(key)));
		assert!(Nodes::naming(&[], &[]).named.is_empty());
	}

	#[test]
	fn fails_when_no_record_could_have_a_name() {
		let mut nodes = Nodes::default();
		let node = "a".repeat(Limits::default().name);
		let trouble = born(&mut nodes, &node, Instant::now()).expect_err("too long");
		assert_eq!(trouble, Trouble::of(Cause::NameTooLong.to_string()));
		assert!(nodes.kept.is_empty() && nodes.asked.0.is_empty());
	}
}
