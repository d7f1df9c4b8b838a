//! Each finding, from the facts that lead to it.

use super::*;
use crate::{
	owner::{
		batch::tests::{batch, clock},
		earnings::{Claimable, SlotEarning},
		format::UNIT,
	},
	protocol::{Count, DeviceReport},
};
use cairn_chain::{
	CycleView, Vote,
	views::{BatchStage, DeviceView, GatewayView, HeadView, NetworkView},
};
use cairn_economics::Open;
use cairn_telemetry::{
	Account, AccountV1, Claim, Fault, Proof, Reading, SignedReading, WindowContext,
};
use cairn_types::{
	Activity, Dated, DeviceKey, DeviceSignature, GatewayId, MakerId, MeterRule, NetworkConfig,
	NetworkId, Rules, SchemaId, Window,
	meter::Admission,
	schema::Values,
	view::{Assignment, DeviceState, NetworkFacts},
};
use sp_core::{bounded::BoundedVec, ed25519};

const NOW: u32 = 25;
const ID: DeviceId = DeviceId(7);
const ANCHOR: [u8; 32] = [8; 32];

fn device() -> DeviceView {
	let key = DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]));
	let place = Assignment { gateway: GatewayId(3), slot: 4 };
	let state = DeviceState {
		network: NetworkId(2),
		maker: Some(MakerId(5)),
		key: Dated::new(key, 10, 18),
		assignment: Some(Dated::new(place, 10, 18)),
		activity: Activity::open(10, 500),
		expires: 500,
	};
	let serial = Some((MakerId(5), b"0001".to_vec()));
	DeviceView {
		device: ID,
		owner: [9; 32],
		stage: b"Active".to_vec(),
		state,
		serial,
		root: None,
		changed: 0,
		inherited: false,
		recovery: None,
		location: None,
	}
}

fn network() -> NetworkView {
	let makers = BoundedVec::truncate_from(vec![MakerId(5)]);
	let config = NetworkConfig {
		schema: SchemaId(0),
		meter: MeterRule::Uptime { expected: 3, cap: 1_000 },
		admission: Admission::Certified(makers),
	};
	NetworkView {
		network: NetworkId(2),
		owner: [6; 32],
		name: b"meadow".to_vec(),
		stage: b"Running".to_vec(),
		next: config.clone(),
		config,
		weight: 1,
		units: 1_000,
	}
}

fn gateway() -> GatewayView {
	let head = HeadView { window: 24, attempt: 0, root: [0; 32] };
	GatewayView {
		gateway: GatewayId(3),
		operator: [5; 32],
		network: NetworkId(2),
		endpoint: b"http://127.0.0.1:9977".to_vec(),
		retired: false,
		sealed: Some(head),
		attested: Some(head),
		attempt: 0,
		next_window: 25,
		slots: 5,
		assigned: 1,
		record: [1, 0, 0, 0],
		accrued: 0,
		paid: 0,
	}
}

fn account() -> Account {
	Account::V1(AccountV1 {
		device: ID,
		schema: SchemaId(0),
		sequence: 9,
		time: 9,
		open: Default::default(),
		settled: 0,
		totals: Default::default(),
	})
}

fn reading() -> SignedReading {
	let reading = Reading {
		network: NetworkId(2),
		schema: SchemaId(0),
		device: ID,
		sequence: 9,
		anchor: ANCHOR,
		time: 25 * 6_000,
		values: Values::default(),
	};
	let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
	SignedReading { reading, signature }
}

fn report() -> DeviceReport {
	DeviceReport {
		device: ID,
		place: None,
		last: Some(reading()),
		last_window: Some(NOW),
		readings_in_window: 3,
		accepted: 40,
		rejected: Vec::new(),
		left_out: Vec::new(),
		pending: vec![NOW],
		account: Some(account()),
	}
}

fn context() -> WindowContext {
	WindowContext {
		genesis: [0; 32],
		window: NOW,
		tick: NOW,
		required: ANCHOR,
		rules_version: 0,
		rules: Rules { step: 1, header: 1, max_readings: 1_000, max_payload: 1_000_000 },
		periods: clock(NOW).periods,
		network: NetworkFacts {
			network: NetworkId(2),
			schema_id: SchemaId(0),
			schema: crate::agent::host_schema(),
			meter: MeterRule::Uptime { expected: 3, cap: 1_000 },
			active: true,
		},
	}
}

fn earning() -> SlotEarning {
	let claim = Claim {
		gateway: GatewayId(3),
		window: 16,
		slot: 4,
		account: account(),
		data: [0; 32],
		proof: Proof::default(),
	};
	let claimable =
		Claimable::With { claim: Box::new(claim), earned: 3 * UNIT, released: 3 * UNIT };
	SlotEarning {
		gateway: GatewayId(3),
		slot: 4,
		device: ID,
		payee: [9; 32],
		until: Window::MAX,
		paid: 2 * UNIT,
		unvested: 0,
		claimable,
		open: vec![Open { cycle: 6, units: 500 }],
	}
}

/// A device for which everything is as it should be.
fn healthy() -> Facts {
	let cycle = CycleView {
		emission: 20 * UNIT,
		parts: [0; 3],
		bootstrap: 10 * UNIT,
		weights: 1,
		vesting: 1,
	};
	let mut attested = batch(BatchStage::Attested { matures: 32 }, [4, 0, 0], vec![Vote::Valid; 4]);
	attested.view.window = 24;
	Facts {
		id: ID,
		clock: clock(NOW),
		now_millis: 25 * 6_000 + 2_000,
		device: Some(device()),
		is_convicted: false,
		network: Some(network()),
		weights: vec![(3, 1)],
		cycle: Some(cycle),
		gateway: Some(gateway()),
		reach: Reach::Answered(Box::new(report())),
		context: Some(context()),
		batches: vec![attested],
		earnings: vec![earning()],
	}
}

/// The finding of a check, the first if there are several.
fn found(facts: &Facts, check: &str) -> Finding {
	let findings = explain(facts);
	let found = findings.iter().find(|finding| finding.check == check);
	found.unwrap_or_else(|| panic!("no finding of {check} in {findings:?}")).clone()
}

/// The device of some facts.
fn of(facts: &mut Facts) -> &mut DeviceView {
	facts.device.as_mut().expect("healthy facts have a device")
}

/// The gateway's report of some facts.
fn said(facts: &mut Facts) -> &mut DeviceReport {
	match &mut facts.reach {
		Reach::Answered(report) => report,
		_ => panic!("healthy facts have a report"),
	}
}

/// The last reading that the gateway has.
fn last(facts: &mut Facts) -> &mut Reading {
	&mut said(facts).last.as_mut().expect("healthy facts have a reading").reading
}

/// Facts that differ from healthy ones.
fn with(change: impl FnOnce(&mut Facts)) -> Facts {
	let mut facts = healthy();
	change(&mut facts);
	facts
}

fn assert_found(facts: &Facts, check: &str, mark: Mark, words: &str) {
	let finding = found(facts, check);
	assert_eq!(finding.mark, mark, "{finding:?}");
	assert!(finding.says.contains(words), "{finding:?} does not say {words:?}");
	let needs_remedy = matches!(mark, Mark::Bad | Mark::Note | Mark::Unknown);
	assert_eq!(finding.remedy.is_some(), needs_remedy, "{finding:?}");
}

#[test]
fn works_when_everything_is_as_it_should_be() {
	let findings = explain(&healthy());
	let checks = findings.iter().map(|finding| finding.check).collect::<Vec<_>>();
	let expected = [
		"registered",
		"active",
		"certificate",
		"assigned",
		"network",
		"gateway",
		"reachable",
		"readings",
		"anchor",
		"batches",
		"units",
		"pool",
		"claimable",
	];
	assert_eq!(checks, expected);
	assert!(findings.iter().all(|finding| finding.mark == Mark::Good), "{findings:?}");
	let explained = Explained { device: ID, findings };
	assert_eq!(explained.verdict(), "device 7 earns");
	assert!(explained.to_string().contains("✓ claimable"));
	assert_eq!(serde_json::to_value(&explained).expect("serializes")["earns"], true);
}

#[test]
fn a_device_that_is_not_there_has_one_finding() {
	let facts = with(|facts| facts.device = None);
	assert_eq!(explain(&facts).len(), 1);
	assert_found(&facts, "registered", Mark::Bad, "no device 7");
}

#[test]
fn activity_is_explained() {
	let never = with(|facts| {
		let device = of(facts);
		device.stage = b"Registered".to_vec();
		device.state.activity = Activity::NEVER;
	});
	assert_found(&never, "active", Mark::Bad, "never activated");
	let soon = with(|facts| of(facts).state.activity = Activity::open(NOW + 1, 500));
	assert_found(&soon, "active", Mark::Wait, "from window 26 on, in 4 s");
	let suspended = with(|facts| {
		let device = of(facts);
		device.stage = b"Suspended".to_vec();
		device.state.activity = Activity::open(10, 500).end(20, 28);
	});
	assert_found(&suspended, "active", Mark::Bad, "suspended since window 20");
	let remedy = found(&suspended, "active").remedy.expect("a remedy");
	assert!(remedy.contains("possible at tick 28, in 3 ticks"), "{remedy}");
	let retired = with(|facts| of(facts).stage = b"Retired".to_vec());
	assert_found(&retired, "active", Mark::Bad, "retired for good");
	let lapsed = with(|facts| of(facts).state.activity = Activity::open(10, 20));
	assert_found(&lapsed, "active", Mark::Bad, "certificate ended in window 20");
}

#[test]
fn certificates_are_explained() {
	let missing = with(|facts| of(facts).serial = None);
	assert_found(&missing, "certificate", Mark::Bad, "certified devices only");
	let open = with(|facts| {
		of(facts).serial = None;
		facts.network.as_mut().expect("a network").config.admission = Admission::Open;
	});
	assert_found(&open, "certificate", Mark::Good, "asks for none");
	let ended = with(|facts| of(facts).state.expires = NOW);
	assert_found(&ended, "certificate", Mark::Bad, "ended in window 25");
	let ending = with(|facts| of(facts).state.expires = NOW + 2);
	assert_found(&ending, "certificate", Mark::Note, "good until window 27");
	let convicted = with(|facts| facts.is_convicted = true);
	assert_found(&convicted, "certificate", Mark::Note, "maker 5, serial 0001: the maker was");
	let suspended = with(|facts| {
		facts.is_convicted = true;
		of(facts).stage = b"Suspended".to_vec();
	});
	assert_found(&suspended, "certificate", Mark::Bad, "convicted");
	// A convicted maker signs no renewal.
	let both = with(|facts| {
		facts.is_convicted = true;
		of(facts).state.expires = NOW;
	});
	assert_found(&both, "certificate", Mark::Bad, "ended in window 25");
	let remedy = found(&both, "certificate").remedy.expect("a remedy");
	assert!(remedy.contains("ask another maker"), "{remedy}");
}

#[test]
fn a_key_to_come_is_explained() {
	let facts = with(|facts| of(facts).state.key.since = NOW + 1);
	assert_found(&facts, "key", Mark::Wait, "from window 26 on");
}

#[test]
fn assignments_are_explained() {
	let nobody = with(|facts| {
		of(facts).state.assignment = None;
		facts.gateway = None;
		facts.reach = Reach::Nobody;
		facts.earnings = Vec::new();
	});
	assert_found(&nobody, "assigned", Mark::Bad, "no gateway");
	assert!(explain(&nobody).iter().all(|finding| finding.check != "reachable"));
	let soon = with(|facts| {
		let place = Assignment { gateway: GatewayId(3), slot: 4 };
		of(facts).state.assignment = Some(Dated::new(place, NOW + 1, 40));
	});
	assert_found(&soon, "assigned", Mark::Wait, "slot 4 of gateway 3 from window 26 on");
}

#[test]
fn networks_and_gateways_are_explained() {
	let paused = with(|facts| {
		facts.network.as_mut().expect("a network").stage = b"Paused by its owner".to_vec();
	});
	assert_found(&paused, "network", Mark::Bad, "paused by its owner");
	let closed =
		with(|facts| facts.network.as_mut().expect("a network").stage = b"Closed".to_vec());
	assert_found(&closed, "network", Mark::Bad, "closed for good");
	let gone = with(|facts| facts.network = None);
	assert_found(&gone, "network", Mark::Bad, "network 2 is gone");
	let retired = with(|facts| facts.gateway.as_mut().expect("a gateway").retired = true);
	assert_found(&retired, "gateway", Mark::Bad, "retired");
	let removed = with(|facts| facts.gateway = None);
	assert_found(&removed, "gateway", Mark::Bad, "gateway 3 is gone");
}

#[test]
fn a_gateway_that_does_not_answer_is_explained() {
	let cause = "the gateway at http://h does not answer: refused\n  Remedy: start it".to_owned();
	let silent = with(|facts| facts.reach = Reach::Silent(cause));
	assert_found(&silent, "reachable", Mark::Bad, "does not answer: refused");
	assert!(!found(&silent, "reachable").says.contains("Remedy"));
	let other = with(|facts| facts.reach = Reach::Other(GatewayId(9)));
	assert_found(&other, "reachable", Mark::Unknown, "gateway 9 answers");
}

#[test]
fn missing_and_old_readings_are_explained() {
	let none = with(|facts| {
		let report = said(facts);
		report.last = None;
		report.last_window = None;
	});
	assert_found(&none, "readings", Mark::Bad, "no reading");
	let old = with(|facts| {
		said(facts).last_window = Some(NOW - 5);
		last(facts).time = 20 * 6_000;
	});
	assert_found(&old, "readings", Mark::Bad, "32 s old, of window 20");
}

#[test]
fn refused_readings_are_explained() {
	let count = Count {
		code: "future_dated".to_owned(),
		cause: "The reading's time lies ahead of the gateway's clock.".to_owned(),
		remedy: "Set the device's clock.".to_owned(),
		count: 3,
	};
	let some = with(|facts| said(facts).rejected = vec![count.clone()]);
	assert_found(&some, "rejected", Mark::Note, "3 readings rejected");
	let all = with(|facts| {
		let report = said(facts);
		report.rejected = vec![count];
		report.last_window = Some(1);
	});
	assert_found(&all, "rejected", Mark::Bad, "(future_dated)");
	let left = Count::of_fault(Fault::Inactive, 1);
	let left = with(|facts| said(facts).left_out = vec![left]);
	assert_found(&left, "left-out", Mark::Note, "1 reading left out of batches");
}

#[test]
fn anchors_and_values_are_explained() {
	let none = with(|facts| last(facts).anchor = [0; 32]);
	assert_found(&none, "anchor", Mark::Bad, "no anchor");
	let old = with(|facts| last(facts).anchor = [3; 32]);
	assert_found(&old, "anchor", Mark::Bad, "an old anchor");
	let outlier = with(|facts| last(facts).values = Values::truncate_from(vec![Some(-1)]));
	assert_found(&outlier, "values", Mark::Note, "cpu-time is -1");
	let schema = with(|facts| last(facts).schema = SchemaId(8));
	assert_found(&schema, "values", Mark::Bad, "of schema 8");
}

#[test]
fn batches_are_explained() {
	let nothing = with(|facts| facts.gateway.as_mut().expect("a gateway").sealed = None);
	assert_found(&nothing, "batches", Mark::Wait, "sealed nothing so far");
	let pending = with(|facts| {
		for batch in &mut facts.batches {
			batch.view.stage = BatchStage::Pending;
			batch.view.verdicts = [1, 0, 0];
		}
	});
	assert_found(&pending, "batches", Mark::Wait, "window 24: sealed, 1 of 4 valid");
	let dead = with(|facts| {
		let votes = vec![Vote::Invalid(Fault::BadSignature)];
		facts.batches.push(batch(BatchStage::Dead, [0, 1, 0], votes));
	});
	let findings = explain(&dead);
	let note = findings.iter().find(|finding| finding.mark == Mark::Note).expect("a note");
	assert!(note.says.contains("1 batch of the gateway's died lately; of window 20"), "{note:?}");
	assert!(note.says.contains("BadSignature (code 13)"), "{note:?}");
	let behind = with(|facts| {
		facts.gateway.as_mut().expect("a gateway").sealed.as_mut().expect("sealed").window = 10;
	});
	let findings = explain(&behind);
	assert!(findings.iter().any(|finding| {
		finding.check == "batches"
			&& finding.mark == Mark::Bad
			&& finding.says.contains("15 windows")
	}));
}

#[test]
fn units_are_explained() {
	let none = with(|facts| facts.earnings[0].open.clear());
	assert_found(&none, "units", Mark::Bad, "count no units");
	let early = with(|facts| {
		facts.earnings[0].open.clear();
		said(facts).account = None;
	});
	assert_found(&early, "units", Mark::Wait, "no window with its readings is sealed yet");
	assert_found(
		&healthy(),
		"units",
		Mark::Good,
		"cycle 6: 500 units, frozen and claimable at tick 36",
	);
}

#[test]
fn the_networks_share_is_explained() {
	// 500 of 1000 units of a pool of ten tokens.
	assert_found(&healthy(), "pool", Mark::Good, "the device's part would be 5 CAIRN");
	let open = with(|facts| {
		facts.network.as_mut().expect("a network").config.admission = Admission::Open;
	});
	assert_found(&open, "pool", Mark::Bad, "admits every device");
	let mut weightless = with(|facts| facts.network.as_mut().expect("a network").weight = 0);
	assert_found(&weightless, "pool", Mark::Bad, "worth nothing");
	weightless.weights = vec![(7, 1)];
	assert_found(&weightless, "pool", Mark::Wait, "no weight in cycle 6; 1 from cycle 7 on");
}

#[test]
fn what_can_be_claimed_is_explained() {
	assert_found(&healthy(), "claimable", Mark::Good, "3 CAIRN now for device 7");
	assert_found(&healthy(), "claimable", Mark::Good, "paid 2 CAIRN so far");
	let immature = with(|facts| facts.earnings[0].claimable = Claimable::Immature);
	assert_found(&immature, "claimable", Mark::Wait, "cycle 6 is frozen at tick 36");
	let unknown = with(|facts| {
		facts.earnings[0].claimable = Claimable::Unknown("no answer\n  Remedy: wait".to_owned());
	});
	assert_found(&unknown, "claimable", Mark::Unknown, "no answer; paid 2 CAIRN");
	let verdict = Explained { device: ID, findings: explain(&unknown) }.verdict();
	assert!(verdict.starts_with("nothing known is in device 7's way"), "{verdict}");
}

#[test]
fn the_first_obstacle_is_the_verdict() {
	let facts = with(|facts| {
		of(facts).state.assignment = None;
		facts.network.as_mut().expect("a network").stage = b"Closed".to_vec();
	});
	let explained = Explained { device: ID, findings: explain(&facts) };
	assert!(
		explained.verdict().starts_with("device 7 does not earn: it is assigned to no gateway")
	);
	assert!(explained.to_string().contains("✗ assigned"));
	assert!(explained.to_string().contains("→ cairn device assign-gateway 7"));
}
