//! Readings by way of a broker with TLS that admits its users only; and what is wrong about such a
//! broker, or the gateway's options, is told by a code.

use std::{
	io::{self, Write},
	path::Path,
	sync::{Mutex, PoisonError},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
	broker::{Certificate, authority, password_of, secured, secured_by},
	*,
};
use crate::demo::place::free_ports;

/// The options of a gateway that knows its broker, and that its broker knows.
fn right(broker: &RealBroker, version: Version) -> MqttArgs {
	MqttArgs {
		mqtt: Some(format!("mqtts://127.0.0.1:{}", broker.port)),
		mqtt_version: version,
		mqtt_user: Some("gateway".to_owned()),
		mqtt_password_file: Some(broker.password_file(password_of("gateway"))),
		mqtt_ca: Some(broker.authority()),
		mqtt_client_id: None,
	}
}

/// The readings that a gateway serves from `from` on: their sequences, in its order.
async fn sequences(served: &Served, from: u64) -> Vec<u64> {
	let path = format!("/v1/data?from={from}&to={}", from + 60_000);
	let page = served.get(&path).await.json::<Value>().await.expect("JSON");
	let rows = page["rows"].as_array().expect("rows");
	rows.iter().map(|row| row["sequence"].as_u64().expect("a sequence")).collect()
}

/// Readings are stored, acknowledged and served, refusals come back; and what was acknowledged is not
/// delivered again.
async fn passes(version: Version) {
	let broker = RealBroker::start(secured).await;
	let served = Served::start(Some(state()), 1_000).await;
	let task = listen(&served, &right(&broker, version));
	connected(&served).await;
	let mut device = Device::sign_in(&broker, version).await;
	let now = now_millis();
	device.publish(&[signed(1, now), signed(2, now + 1)]).await;
	device.publish(&[signed(3, now + 2)]).await;
	stored(&served, 3).await;
	acknowledged(&broker, 2).await;
	assert_eq!(sequences(&served, now).await, [1, 2, 3]);

	let mut forged = signed(4, now + 3);
	forged.reading.time += 1;
	device.publish(&[forged]).await;
	let notice = device.refusal().await;
	assert_eq!((notice.sequence, notice.code.as_str()), (Some(4), "bad_signature"));
	assert!(!notice.remedy.is_empty() && !notice.retry);
	acknowledged(&broker, 3).await;

	task.abort();
	drop(task.await);
	let task = listen(&served, &right(&broker, version));
	device.publish(&[signed(4, now + 3)]).await;
	stored(&served, 4).await;
	acknowledged(&broker, 4).await;
	assert_eq!(served.app.metrics.duplicates.get(), 0);
	assert_eq!(sequences(&served, now).await, [1, 2, 3, 4]);
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_pass_by_tls_over_3_1_1() {
	passes(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_pass_by_tls_over_5() {
	passes(Version::V5).await;
}

/// The broker is started again while it waits for acknowledgements, and while the device sends: each
/// reading is stored, and served, once.
async fn survives_a_restart(version: Version) {
	let mut broker = RealBroker::start(secured).await;
	let served = Served::start(Some(state()), 1_000).await;
	let task = listen(&served, &right(&broker, version));
	connected(&served).await;
	let mut device = Device::sign_in(&broker, version).await;
	let now = now_millis();
	for sequence in 1..=4 {
		device.publish(&[signed(sequence, now + sequence)]).await;
	}
	stored(&served, 4).await;
	acknowledged(&broker, 4).await;

	// It loses its node: what comes now waits, and so does the broker.
	served.states.send_replace(None);
	for sequence in 5..=8 {
		device.publish(&[signed(sequence, now + sequence)]).await;
	}
	let are_waiting = || (served.app.metrics.mqtt_pending.get() == 4).then_some(());
	until("messages that wait", are_waiting).await;
	broker.stop().await;
	disconnected(&served).await;
	served.states.send_replace(Some(Arc::new(state())));
	stored(&served, 8).await;
	assert_eq!(served.app.metrics.duplicates.get(), 0);

	let sending = async {
		for sequence in 9..=12 {
			device.publish(&[signed(sequence, now + sequence)]).await;
		}
	};
	tokio::join!(sending, broker.restart());
	stored(&served, 12).await;
	// What the broker had no acknowledgement of has come once more.
	let have_come = || (served.app.metrics.duplicates.get() >= 4).then_some(());
	until("what is delivered again", have_come).await;
	device.publish(&[signed(13, now + 13)]).await;
	stored(&served, 13).await;
	acknowledged(&broker, 9).await;
	let is_counted = || (served.app.metrics.accepted.get() == 13).then_some(());
	until("readings that are counted once", is_counted).await;
	assert_eq!(sequences(&served, now).await, (1..=13).collect::<Vec<_>>());
	failed(&served, BrokerFault::Ended).await;
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_and_doubles_nothing_over_3_1_1() {
	survives_a_restart(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_and_doubles_nothing_over_5() {
	survives_a_restart(Version::V5).await;
}

/// What is retained is there for a gateway that comes later, after the broker was started again, too;
/// and it counts once.
async fn retains(version: Version) {
	let mut broker = RealBroker::start(secured).await;
	let mut device = Device::sign_in(&broker, version).await;
	let now = now_millis();
	device.send(&[signed(1, now)], true).await;
	broker.stop().await;
	broker.restart().await;
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &right(&broker, version));
	stored(&served, 1).await;
	acknowledged(&broker, 1).await;

	broker.stop().await;
	disconnected(&served).await;
	broker.restart().await;
	connected(&served).await;
	let times = || served.app.metrics.duplicates.get();
	if version == Version::V3 {
		until("the retained reading once more", || (times() >= 1).then_some(())).await;
	}
	device.publish(&[signed(2, now + 1)]).await;
	stored(&served, 2).await;
	// With MQTT 5 it comes with new subscriptions only.
	assert_eq!(times() > 0, version == Version::V3);
	assert_eq!(sequences(&served, now).await, [1, 2]);
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_retained_comes_by_tls_over_3_1_1() {
	retains(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_retained_comes_by_tls_over_5() {
	retains(Version::V5).await;
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
	/// What was logged since this was called last.
	fn take(&self) -> String {
		let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
		String::from_utf8(bytes).expect("text")
	}
}

impl Write for Log {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
		Ok(bytes.len())
	}

	fn flush(&mut self) -> io::Result<()> {
		Ok(())
	}
}

/// Options with which a gateway gets no connection, and what it then says.
struct Wrong {
	args: MqttArgs,
	fault: BrokerFault,
}

/// Everything that can be wrong between a gateway and its broker.
struct Site {
	sound: RealBroker,
	expired: RealBroker,
	of_another: RealBroker,
	plain: RealBroker,
	/// Of no broker here.
	authority: TempDir,
}

impl Site {
	async fn begin() -> Self {
		let by = |certificate| move |directory: &Path| secured_by(certificate, directory);
		let stranger = tempfile::tempdir().expect("a temporary directory");
		authority(stranger.path());
		Self {
			sound: RealBroker::start(secured).await,
			expired: RealBroker::start(by(Certificate::Expired)).await,
			of_another: RealBroker::start(by(Certificate::OfAnother)).await,
			plain: RealBroker::start(anybody).await,
			authority: stranger,
		}
	}

	fn wrongs(&self, version: Version) -> Vec<Wrong> {
		let wrong = |args, fault| Wrong { args, fault };
		let right = |broker| right(broker, version);
		let sound = right(&self.sound);
		let password = Some(self.sound.password_file("wrong"));
		let stranger = Some(self.authority.path().join("ca.pem"));
		let [nobody] = free_ports().expect("a free port");
		let at = |port: u16| Some(format!("mqtts://127.0.0.1:{port}"));
		vec![
			wrong(
				MqttArgs { mqtt_password_file: password, ..sound.clone() },
				BrokerFault::SignInRefused,
			),
			wrong(
				MqttArgs { mqtt_user: None, mqtt_password_file: None, ..sound.clone() },
				BrokerFault::SignInRefused,
			),
			wrong(MqttArgs { mqtt_ca: stranger, ..sound.clone() }, BrokerFault::Untrusted),
			wrong(right(&self.expired), BrokerFault::Expired),
			wrong(right(&self.of_another), BrokerFault::WrongHost),
			wrong(MqttArgs { mqtt: at(self.plain.port), ..sound.clone() }, BrokerFault::NoTls),
			wrong(MqttArgs { mqtt: at(nobody), ..sound.clone() }, BrokerFault::Unreachable),
			wrong(
				MqttArgs { mqtt: args(self.sound.port, version).mqtt, ..sound },
				BrokerFault::Ended,
			),
		]
	}
}

/// Let a gateway try to connect until it has failed for the reason that is to be expected.
async fn refused(Wrong { args, fault }: &Wrong) {
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, args);
	failed(&served, *fault).await;
	assert_eq!(served.app.metrics.mqtt_connected.get(), 0, "{fault:?}");
	task.abort();
	drop(task.await);
}

/// On one thread, whose log it reads.
#[tokio::test]
async fn fails_when_something_about_the_broker_is_wrong() {
	let site = Site::begin().await;
	// The first thread that comes by decides whether a line is logged at all, until somebody listens.
	refused(&site.wrongs(Version::V5)[0]).await;
	let log = Log::default();
	let writer = log.clone();
	let subscriber =
		tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
	let _listening = tracing::subscriber::set_default(subscriber);
	for version in [Version::V3, Version::V5] {
		for wrong in site.wrongs(version) {
			log.take();
			refused(&wrong).await;
			let (said, fault) = (log.take(), wrong.fault);
			let code = format!("code={:?}", fault.code());
			assert!(said.contains(&code) && said.contains(fault.remedy()), "{fault:?}: {said}");
			assert!(!said.contains(password_of("gateway")), "{said}");
		}
	}
	// Nothing else is wrong: so the gateway listens.
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &right(&site.sound, Version::V5));
	connected(&served).await;
	task.abort();
}
