//! The queue, without a broker.

use cairn_types::{
	DeviceKey, Slot,
	view::{Assignment, DeviceFacts},
};
use codec::Encode;
use sp_core::Pair;

use super::*;
use crate::{
	clock::now_millis,
	gateway::{
		deny::DenyArgs,
		registry::Facts,
		testing::{
			DEVICE, GATEWAY, Options, Served, facts, facts_of_many, pair, signed, signed_by, state,
			state_with_room_for,
		},
	},
};

/// The topic of [`DEVICE`].
const TOPIC: &str = "cairn/1/readings/1/4";
/// A device of which nobody can say whether it belongs to the gateway: the chain does not answer.
const UNKNOWN: DeviceId = DeviceId(77);

fn message(topic: &str, payload: Vec<u8>) -> Message {
	let (topic, receipt) = (topic.to_owned(), Receipt(Some(1)));
	Message { topic, payload, is_retained: false, receipt }
}

fn of_unknown(sequence: u64, time: u64) -> Message {
	let readings = vec![signed_by(UNKNOWN, sequence, time, &[Some(1)])];
	message("cairn/1/readings/1/77", readings.encode())
}

/// A device of the gateway that is not active, in its slot.
fn inactive(slot: Slot, device: u64) -> (Slot, DeviceFacts) {
	let facts = DeviceFacts {
		device: DeviceId(device),
		network: NetworkId(1),
		key: DeviceKey::Ed25519(pair().public()),
		active: false,
		assignment: Some(Assignment { gateway: GATEWAY, slot }),
	};
	(slot, facts)
}

fn intake(served: &Served) -> Intake {
	let mut intake = Intake::new(served.app.clone(), NetworkId(1));
	intake.reconnected();
	intake
}

/// Wait until everything that came was judged once.
async fn judged(intake: &mut Intake) {
	while intake.job.is_some() {
		intake.work().await;
	}
}

/// How many receipts are to be sent, and what is refused by which code; they are taken away.
fn outcome(intake: &mut Intake) -> (usize, Vec<(Option<u64>, String, bool)>) {
	let receipts = intake.receipts.drain(..).count();
	let refused = intake.notices.drain(..).map(|(_, bytes)| {
		let notice = serde_json::from_slice::<RefusalNotice>(&bytes).expect("JSON");
		(notice.sequence, notice.code, notice.retry)
	});
	(receipts, refused.collect())
}

#[tokio::test]
async fn a_message_is_acknowledged_when_its_readings_are_stored() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	let readings = vec![signed(1, now), signed(2, now + 1)];
	intake.push(message(TOPIC, readings.encode()));
	assert_eq!(outcome(&mut intake), (0, vec![]), "nothing is stored yet");
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (1, vec![]));
	let note = served.app.store.note(DEVICE).expect("reads").expect("is there");
	assert_eq!(note.accepted, 2);
	// What is sent again is acknowledged again.
	intake.push(message(TOPIC, readings.encode()));
	judged(&mut intake).await;
	assert_eq!((outcome(&mut intake), intake.bytes), ((1, vec![]), 0));
	let metrics = served.app.metrics.text().expect("writes");
	assert!(metrics.contains("cairn_gateway_mqtt_messages_total{kind=\"readings\"} 2"));
	assert!(metrics.contains("cairn_gateway_readings_duplicate_total 2"));
}

#[tokio::test]
async fn fails_when_a_message_is_wrong() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	let mut forged = signed(1, now);
	forged.reading.sequence = 2;
	let mut network = signed(3, now);
	network.reading.network = NetworkId(7);
	let refused = |sequence: Option<u64>, code: &str| vec![(sequence, code.to_owned(), false)];
	for (topic, payload, expected) in [
		(TOPIC, vec![0xff; 8], refused(None, "malformed")),
		(
			TOPIC,
			[Vec::<SignedReading>::new().encode(), vec![1]].concat(),
			refused(None, "malformed"),
		),
		(TOPIC, vec![0; MAX_PAYLOAD + 1], refused(None, "too_large")),
		(
			TOPIC,
			vec![signed_by(UNKNOWN, 9, now, &[Some(1)])].encode(),
			refused(Some(9), "wrong_topic"),
		),
		(TOPIC, vec![network].encode(), refused(Some(3), "wrong_topic")),
		(TOPIC, vec![forged].encode(), refused(Some(2), "bad_signature")),
		(TOPIC, Vec::<SignedReading>::new().encode(), vec![]),
		// Nobody asked for these.
		("cairn/1/readings/2/4", vec![signed(1, now)].encode(), vec![]),
		("other", vec![signed(1, now)].encode(), vec![]),
	] {
		intake.push(message(topic, payload));
		judged(&mut intake).await;
		assert_eq!(outcome(&mut intake), (1, expected), "{topic}");
	}
	assert_eq!(served.app.store.note(DEVICE).expect("reads"), None);
}

#[tokio::test]
async fn fails_when_the_operator_denies_the_device() {
	let deny = DenyArgs { deny: vec![DEVICE], ..DenyArgs::default() };
	let served = Served::made(Options { state: Some(state()), deny, ..Options::default() }).await;
	let mut intake = intake(&served);
	intake.push(message(TOPIC, vec![signed(1, now_millis())].encode()));
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (1, vec![(Some(1), "denied".to_owned(), false)]));
	let metrics = served.app.metrics.text().expect("writes");
	assert!(metrics.contains("cairn_gateway_readings_rejected_total{code=\"denied\"} 1"));
}

#[tokio::test]
async fn fails_when_a_device_has_had_its_share() {
	let state = state_with_room_for(2);
	let window = state.clock.now.window;
	let served = Served::start(Some(state), 100).await;
	served.app.registry.put(facts_of_many(window, &[DEVICE, DeviceId(5)]));
	let mut intake = intake(&served);
	let now = now_millis();
	intake.push(message(TOPIC, vec![signed(1, now), signed(2, now + 1)].encode()));
	judged(&mut intake).await;
	// It is not held: what waits would keep the messages of others out.
	assert_eq!(outcome(&mut intake), (1, vec![(Some(2), "over_share".to_owned(), false)]));
}

#[tokio::test]
async fn what_the_gateway_cannot_do_yet_it_does_later() {
	let served = Served::start(None, 100).await;
	let mut intake = intake(&served);
	intake.hold = Duration::ZERO;
	intake.push(message(TOPIC, vec![signed(1, now_millis())].encode()));
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (0, vec![]), "it does not know its chain");
	assert!(intake.retry.is_some());
	let synced = state();
	served.app.registry.put(facts(synced.clock.now.window));
	served.states.send_replace(Some(Arc::new(synced)));
	// The second try.
	intake.work().await;
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (1, vec![]));
	assert!(served.app.store.note(DEVICE).expect("reads").is_some());
}

#[tokio::test]
async fn what_cannot_be_judged_is_held_in_order_and_then_given_up() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	intake.push(of_unknown(1, now));
	judged(&mut intake).await;
	// Others do not wait for it, its own later ones do.
	intake.push(message(TOPIC, vec![signed(1, now)].encode()));
	intake.push(of_unknown(2, now + 1));
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (1, vec![]));
	let waiting = intake.pending.iter().map(|pending| pending.readings[0].reading.sequence);
	assert_eq!(waiting.collect::<Vec<_>>(), [1, 2]);
	intake.hold = Duration::ZERO;
	intake.work().await;
	judged(&mut intake).await;
	let (receipts, refused) = outcome(&mut intake);
	assert_eq!((receipts, refused.len(), intake.bytes), (2, 2, 0));
	assert!(refused.iter().all(|(_, code, retry)| code == "too_soon" && *retry), "{refused:?}");
}

#[tokio::test]
async fn the_queue_is_bounded() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	for sequence in 1..=20 {
		intake.push(of_unknown(sequence, now + sequence));
	}
	assert_eq!(intake.pending.len(), MAX_OF_DEVICE);
	let (receipts, refused) = outcome(&mut intake);
	assert_eq!((receipts, refused.len()), (4, 4));
	assert_eq!(refused[0], (Some(17), "rate_limited".to_owned(), true));
	let most = u64::try_from(MAX_PENDING - MAX_OF_DEVICE).expect("small");
	// The gateway has them, but they are not active, and the chain cannot be asked when they will be.
	let rows = (0..).zip(1_000..1_000 + most).map(|(slot, device)| inactive(slot, device));
	let window = state().clock.now.window;
	served.app.registry.put(Facts::new(window, rows.collect()));
	for device in 1_000..1_000 + most {
		assert!(intake.has_room());
		let readings = vec![signed_by(DeviceId(device), 1, now, &[Some(1)])];
		intake.push(message(&format!("cairn/1/readings/1/{device}"), readings.encode()));
	}
	assert!(!intake.has_room(), "{} wait", intake.pending.len());
	let mut other = Intake::new(served.app.clone(), NetworkId(1));
	other.bytes = MAX_BYTES;
	assert!(!other.has_room());
	for _ in 0..MAX_NOTICES + 3 {
		other.refuse(DeviceId(1_000), None, Refusal::Malformed);
	}
	assert_eq!(other.notices.len(), MAX_NOTICES);
	assert_eq!(served.app.metrics.mqtt_notices_dropped.get(), 3);
}

/// Whoever may publish on any topic names devices as it likes.
#[tokio::test]
async fn strangers_leave_room_for_the_devices_of_the_gateway() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	for device in 1_000..1_100 {
		let readings = vec![signed_by(DeviceId(device), 1, now, &[Some(1)])];
		intake.push(message(&format!("cairn/1/readings/1/{device}"), readings.encode()));
	}
	assert_eq!(intake.pending.len(), MAX_OF_STRANGERS);
	let (receipts, refused) = outcome(&mut intake);
	assert_eq!((receipts, refused.len()), (100 - MAX_OF_STRANGERS, 100 - MAX_OF_STRANGERS));
	assert!(refused.iter().all(|(_, code, retry)| code == "rate_limited" && *retry));
	intake.push(message(TOPIC, vec![signed(1, now)].encode()));
	assert_eq!(intake.pending.len(), MAX_OF_STRANGERS + 1);
}

/// A few large messages are as much as many small ones.
#[tokio::test]
async fn large_messages_of_strangers_leave_room_for_the_devices_of_the_gateway() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	let of = |device: u64| vec![signed_by(DeviceId(device), 1, now, &[Some(1)]); 1_000].encode();
	let large = of(1_000).len();
	assert!(large > MAX_BYTES_OF_STRANGERS / MAX_OF_STRANGERS && large < MAX_PAYLOAD, "{large}");
	for device in 1_000..1_064 {
		intake.push(message(&format!("cairn/1/readings/1/{device}"), of(device)));
	}
	let most = MAX_BYTES_OF_STRANGERS.div_ceil(large);
	assert_eq!((intake.pending.len(), intake.bytes), (most, most * large));
	assert!(intake.has_room());
	intake.push(message(TOPIC, vec![signed(1, now)].encode()));
	assert_eq!(intake.pending.len(), most + 1);
}

/// A message of many readings brings as many refusals.
#[tokio::test]
async fn refusals_of_strangers_leave_room_for_those_of_the_gateways_devices() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	for sequence in 0..=MAX_NOTICES as u64 {
		intake.refuse(UNKNOWN, Some(sequence), Refusal::RateLimited);
	}
	assert_eq!(intake.notices.len(), MAX_NOTICES_WITH_STRANGERS);
	intake.refuse(DEVICE, Some(1), Refusal::OutOfOrder);
	assert_eq!(intake.notices.len(), MAX_NOTICES_WITH_STRANGERS + 1);
	let dropped = served.app.metrics.mqtt_notices_dropped.get();
	assert_eq!(dropped, (MAX_NOTICES + 1 - MAX_NOTICES_WITH_STRANGERS) as u64);
}

/// Messages of QoS 0, which no limit of the broker holds back, while the broker takes nothing.
#[tokio::test]
async fn a_flood_leaves_a_bounded_queue() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	for _ in 0..10 * MAX_NOTICES {
		let (topic, payload) = (TOPIC.to_owned(), vec![0xff]);
		intake.push(Message { topic, payload, is_retained: false, receipt: Receipt(None) });
	}
	assert_eq!((intake.receipts.len(), intake.notices.len()), (0, MAX_NOTICES));
	assert!(intake.has_room() && intake.bytes == 0);
}

#[tokio::test]
async fn acknowledgements_do_not_wait_for_refusals() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	intake.push(message(TOPIC, vec![0xff]));
	intake.push(message(TOPIC, vec![0xff]));
	// There is room for as many requests as there are acknowledgements.
	let options = rumqttc::MqttOptions::new("gateway", "127.0.0.1", 9);
	let (client, _events) = rumqttc::AsyncClient::new(options, 2);
	let requests = Requests::V3(client);
	intake.flush(&requests);
	assert_eq!((intake.receipts.len(), intake.notices.len()), (0, 2));
	intake.disconnected();
	let (client, _events) =
		rumqttc::AsyncClient::new(rumqttc::MqttOptions::new("gateway", "127.0.0.1", 9), 4);
	intake.flush(&Requests::V3(client));
	assert_eq!(intake.notices.len(), 2, "nothing is sent without a connection");
}

#[tokio::test]
async fn receipts_hold_for_one_connection() {
	let served = Served::start(Some(state()), 100).await;
	let mut intake = intake(&served);
	let now = now_millis();
	intake.push(message(TOPIC, vec![signed(1, now)].encode()));
	judged(&mut intake).await;
	intake.push(message(TOPIC, vec![0xff]));
	assert_eq!((intake.receipts.len(), intake.notices.len()), (2, 1));
	intake.reconnected();
	assert_eq!(outcome(&mut intake).1.len(), 1, "only the refusal is still sent");
	// What came before is stored, but it is for the broker to send it again.
	intake.push(message(TOPIC, vec![signed(2, now + 1)].encode()));
	intake.reconnected();
	judged(&mut intake).await;
	assert_eq!(outcome(&mut intake), (0, vec![]));
	let note = served.app.store.note(DEVICE).expect("reads").expect("is there");
	assert_eq!(note.accepted, 2);
}
