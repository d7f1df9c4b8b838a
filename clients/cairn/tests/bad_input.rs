//! Nothing that a device, a gateway, a stranger or a source sends breaks the path: it is refused by a
//! code, or it counts nothing, or it dies and is sealed again; and nothing earned is lost.

mod support;

use std::time::Duration;

use cairn::{
	agent::{DevicePair, Scheme},
	protocol::{AnchorInfo, OCTETS, ReadingStatus},
};
use cairn_chain::{
	At, Chain, Signer, calls,
	views::{BatchStage, BatchView, GatewayView},
};
use cairn_telemetry::{
	Header, HeaderV1, Reading, SignedReading, Verdict, VerdictClaim, offchain::Part,
};
use cairn_types::{
	ChannelKind, DeviceId, DeviceSignature, GatewayId, Hash32, NetworkId, Periods, Quantity,
	SchemaId, Slot, Unit, Window, schema::Values,
};
use codec::Encode;
use futures::stream;
use serde_json::{Value, json};
use sp_core::ed25519;
use tokio::{join, net::TcpStream};

use support::{
	books::Books,
	chain::{CAP, EXPECTED, Network, account, channel, of, placed, refused, schema},
	device::{Beacon, Device, next_anchor, pair},
	gateway::{Client, Gateway, trickle},
	hand::{Hand, bad_headers},
	node::{Node, Refused},
	source::{Mode, Source},
	verdict::{Booth, false_verdicts, rejection, sign, verdict_key},
	wait::{machine, now_millis, until},
	window_begun,
};

/// How long a window may take until it is sealed, attested, dead, or all of it once more.
const SEALED: Duration = Duration::from_secs(120);
const ATTESTED: Duration = Duration::from_secs(120);
const DEAD: Duration = Duration::from_secs(120);
const AGAIN: Duration = Duration::from_secs(240);
/// Batches that are judged by hand at most: one, unless the machine stands still meanwhile.
const BATCHES: u32 = 3;
/// Connections that the gateway keeps open at most, and how many are held against it.
const CONNECTIONS: usize = 64;
const HELD: usize = 100;
/// What node and gateway may hold more than before, however much is sent to them.
const MEMORY: u64 = 512 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_is_sent_breaks_the_path() {
	let _machine = machine().await;
	let mut story = Box::pin(Story::begin()).await;
	Box::pin(story.bad_readings_are_refused_by_a_code()).await;
	Box::pin(story.bad_bodies_are_refused_and_cut()).await;
	Box::pin(story.unanchored_readings_count_nothing()).await;
	Box::pin(story.bad_seals_are_refused_by_a_code()).await;
	let late = Box::pin(story.bad_verdicts_are_refused_by_a_code()).await;
	Box::pin(story.a_batch_with_false_sums_dies(late)).await;
	Box::pin(story.what_nobody_can_check_is_sealed_again()).await;
	story.gateway.ensure_running();
	story.node.ensure_running();
}

/// Devices of the gateway, and three that it must not take.
struct Devices {
	good: Device,
	silent: Device,
	stale: Device,
	steady: Device,
	unassigned: Device,
	inactive: Device,
	/// Of an owner whom the gateway's operator denies.
	denied: Device,
}

/// Everything that runs. Dropped in this order.
struct Story {
	gateway: Gateway,
	node: Node,
	source: Source,
	network: NetworkId,
	genesis: Hash32,
	periods: Periods,
	devices: Devices,
	hand: Hand,
}

impl Story {
	/// A node that reads batches through a source, a gateway behind it, and one by hand.
	async fn begin() -> Self {
		let address = Gateway::free_address();
		let source = Source::start(address).await;
		let node = Node::start(&source.url()).await;
		let (chain, owner) = (&node.chain, account("//Ferdie"));
		let level = channel("level", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge);
		let second = channel("second", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge);
		let network = Network::create(chain, &schema(vec![level, second])).await;
		let id = network.gateway(chain, &account("//Dave")).await;
		let hands = network.gateway(chain, &account("//Eve")).await;

		let devices = devices(chain, &network, &owner, id).await;
		let played = register(chain, &network, &owner, pair(Scheme::Ed25519, 7)).await;
		network.assign(chain, &owner, &[played.id], hands).await;
		let slot = placed(chain, played.id).await;
		let hand = Hand::new(hands, account("//Eve"), played, slot);

		let connections = CONNECTIONS.to_string();
		let options = ["--max-connections", connections.as_str(), "--deny-owner", "//Bob"];
		let gateway = Gateway::start(id, "//Dave", &node.url(), address, &options).await;
		let periods = of(chain.clock(At::Best)).await.periods;
		let (network, genesis) = (network.id, network.genesis);
		Self { gateway, node, source, network, genesis, periods, devices, hand }
	}

	fn client(&self) -> &Client {
		&self.gateway.client
	}

	fn chain(&self) -> &Chain {
		&self.node.chain
	}

	async fn anchor(&self) -> AnchorInfo {
		next_anchor(self.client(), 0, &self.periods).await
	}

	/// The anchor at a moment in the first half of a window in which the chain is, too.
	async fn anchor_of_new_window(&self) -> AnchorInfo {
		until("a new window on the chain", SEALED, async || {
			let window = window_begun(&self.periods, 2).await;
			let info = self.client().get::<AnchorInfo>("/v1/anchor").await?;
			(info.window == window).then_some(info)
		})
		.await
	}

	async fn view(&self) -> GatewayView {
		of(self.chain().gateway(self.gateway.id, At::Best)).await.expect("a gateway")
	}

	fn books(&self, from: Window) -> Books {
		Books::new(self.chain(), self.client(), self.gateway.id, self.network, from)
	}
}

async fn register(chain: &Chain, network: &Network, owner: &Signer, pair: DevicePair) -> Device {
	let id = network.register(chain, owner, &pair).await;
	Device::new(network, id, pair)
}

/// Register devices with keys of every kind; all but one are assigned to `gateway`, all but another
/// active. One is somebody else's.
async fn devices(chain: &Chain, network: &Network, owner: &Signer, gateway: GatewayId) -> Devices {
	let other = account("//Bob");
	let denied = register(chain, network, &other, pair(Scheme::Ed25519, 8)).await;
	network.assign(chain, &other, &[denied.id], gateway).await;
	let register = |scheme, number| register(chain, network, owner, pair(scheme, number));
	let good = register(Scheme::Ed25519, 1).await;
	let silent = register(Scheme::Sr25519, 2).await;
	let stale = register(Scheme::Secp256k1, 3).await;
	let steady = register(Scheme::Ed25519, 4).await;
	let unassigned = register(Scheme::Ed25519, 5).await;
	let inactive = register(Scheme::Ed25519, 6).await;
	let active = [good.id, silent.id, stale.id, steady.id];
	network.assign(chain, owner, &active, gateway).await;
	let call = calls::devices::assign_gateway(inactive.id, gateway);
	support::chain::send(chain, &call, owner).await;
	Devices { good, silent, stale, steady, unassigned, inactive, denied }
}

// Readings

impl Story {
	/// Each fault of a reading has a code, a cause and a remedy; none of it is stored.
	async fn bad_readings_are_refused_by_a_code(&self) {
		let Devices { good, silent, stale, steady, .. } = &self.devices;
		let info = self.anchor_of_new_window().await;
		let first = good.now(10, &info);
		let time = first.reading.time;
		self.ensure_accepted(&first).await;
		// Keys of the other kinds; without an anchor, so that they earn nothing yet.
		for device in [silent, stale] {
			let reading = device.sign(device.reading(10, [0; 32], now_millis()));
			self.ensure_accepted(&reading).await;
		}
		let again = self.client().judged(&first).await;
		assert_eq!(again.status, ReadingStatus::Duplicate, "a replay is not counted twice");
		for (code, reading) in self.bad_readings(&first) {
			self.ensure_refused(&reading, code).await;
		}
		let report = self.client().report(good.id).await.expect("a report");
		assert_eq!((report.accepted, report.last), (1, Some(first)));

		// Once its window is sealed, the gateway takes no more readings of it.
		let window = u64::from(self.periods.window_at(time));
		until("the first window sealed", SEALED, async || {
			let status = self.client().get::<Value>("/v1/status").await?;
			status["closed"].as_u64().filter(|closed| *closed >= window)
		})
		.await;
		let late = steady.sign(steady.reading(1, info.required, time));
		self.ensure_refused(&late, "too_old").await;
	}

	/// Readings that must be refused after `first`, each with its code.
	fn bad_readings(&self, first: &SignedReading) -> Vec<(&'static str, SignedReading)> {
		let Devices { good, silent, steady, unassigned, inactive, denied, .. } = &self.devices;
		let base = good.reading(11, first.reading.anchor, now_millis());
		let time = base.time;
		let with = |change: fn(&mut Reading)| {
			let mut reading = base.clone();
			change(&mut reading);
			good.sign(reading)
		};
		let by = |device: &Device| device.sign(device.reading(11, [0; 32], time));
		let forged = Device { id: good.id, ..steady.clone() }.sign(base.clone());
		let other_kind = Device { id: good.id, ..silent.clone() }.sign(base.clone());
		let mut altered = with(|_| {});
		altered.reading.values = Values::truncate_from(vec![Some(1), Some(1)]);
		let unsigned = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
		let unsigned = SignedReading { signature: unsigned, ..with(|_| {}) };
		let elsewhere = Device { genesis: [9; 32], ..good.clone() };
		let late = good.reading(11, first.reading.anchor, first.reading.time);
		// Those that depend on what is stored first: the window will be sealed.
		vec![
			("out_of_order", with(|reading| reading.sequence = 9)),
			("out_of_order", with(|reading| reading.sequence = 10)),
			("out_of_order", good.sign(late)),
			("bad_signature", unsigned),
			("bad_signature", forged),
			("bad_signature", other_kind),
			("bad_signature", altered),
			("bad_signature", elsewhere.sign(base.clone())),
			("wrong_network", with(|reading| reading.network = NetworkId(reading.network.0 + 1))),
			("wrong_schema", with(|reading| reading.schema = SchemaId(reading.schema.0 + 1))),
			("channel_count", with(|reading| reading.values = Values::default())),
			("channel_count", with(|reading| reading.values = all_channels())),
			("future_dated", with(|reading| reading.time += 3_600_000)),
			("unknown_device", with(|reading| reading.device = DeviceId(9_999))),
			("not_assigned", by(unassigned)),
			("inactive", by(inactive)),
			("denied", by(denied)),
		]
	}

	async fn ensure_accepted(&self, reading: &SignedReading) {
		let result = self.client().judged(reading).await;
		assert_eq!(result.status, ReadingStatus::Accepted, "{result:?}");
	}

	async fn ensure_refused(&self, reading: &SignedReading, code: &str) {
		let result = self.client().judged(reading).await;
		assert_eq!(result.status, ReadingStatus::Rejected, "{code}: {result:?}");
		assert_eq!(result.code.as_deref(), Some(code), "{result:?}");
		let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
		assert!(said(&result.cause) && said(&result.remedy), "{result:?}");
	}
}

/// As many values as a reading can hold.
fn all_channels() -> Values {
	Values::truncate_from(vec![Some(1); 16])
}

// Bodies and connections

impl Story {
	/// Bodies that are no readings, too large, too slow; and more connections than there is room for.
	async fn bad_bodies_are_refused_and_cut(&self) {
		let json = "application/json";
		let good = &self.devices.good;
		let sound = serde_json::to_value(good.now(90, &self.anchor().await)).expect("JSON");
		let mut bare = json!({ "readings": [sound] });
		bare["readings"][0].as_object_mut().expect("an object").remove("signature");
		let mut long = json!({ "readings": [sound] });
		long["readings"][0]["reading"]["values"] = json!(vec![0; 17]);
		let many = vec![good.sign(good.reading(90, [0; 32], 1)); 4_097].encode();
		let left_over = [Vec::<SignedReading>::new().encode(), vec![1]].concat();
		for (content, body, status, code) in [
			(json, b"{".to_vec(), 400, "malformed"),
			(json, b"{\"readings\":[{}]}".to_vec(), 400, "malformed"),
			(json, bare.to_string().into_bytes(), 400, "malformed"),
			(json, long.to_string().into_bytes(), 400, "malformed"),
			(json, "[".repeat(100_000).into_bytes(), 400, "malformed"),
			(OCTETS, vec![0xff; 64], 400, "malformed"),
			(OCTETS, left_over, 400, "malformed"),
			(OCTETS, many, 413, "too_large"),
			("text/plain", Vec::new(), 415, "malformed"),
		] {
			let what = format!("{content}, {} bytes", body.len());
			let (found, problem) = self.client().post_body(content, body).await.expect(&what);
			assert_eq!((found, &problem["code"]), (status, &json!(code)), "{what}: {problem}");
			assert!(problem["remedy"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
		}
		self.huge_bodies_are_refused().await;
		self.slow_connections_are_cut().await;
		self.held_connections_are_survived().await;
	}

	/// Refused by a status, or by closing the connection; and not held in memory.
	async fn huge_bodies_are_refused(&self) {
		let before = self.gateway.resident_bytes();
		let little = self.client().post_octets(vec![0; 2 << 20]).await;
		let declared = self.client().post_octets(vec![0; 256 << 20]).await;
		let piece = vec![0u8; 1 << 20];
		let pieces = (0..1_024).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
		let endless = reqwest::Body::wrap_stream(stream::iter(pieces));
		let endless = self.client().post_body(OCTETS, endless).await;
		for answer in [little, declared, endless].into_iter().flatten() {
			assert_eq!(answer.0, 413, "{}", answer.1);
		}
		let grown = self.gateway.resident_bytes().saturating_sub(before);
		assert!(grown < MEMORY, "the gateway holds {grown} bytes more");
		self.ensure_healthy("huge bodies").await;
	}

	/// Bodies and headers that come byte by byte.
	async fn slow_connections_are_cut(&self) {
		let address = self.gateway.address();
		let head = format!("POST /v1/readings HTTP/1.1\r\nHost: {address}\r\n");
		let body = format!("{head}Content-Type: {OCTETS}\r\nContent-Length: 100000\r\n\r\n");
		let header = format!("{head}X-Slow: ");
		let (body, header) = join!(trickle(address, &body), trickle(address, &header));
		assert!(body.is_empty() || body.starts_with("HTTP/1.1 408"), "{body}");
		assert!(header.is_empty() || header.starts_with("HTTP/1.1 4"), "{header}");
		self.ensure_healthy("slow connections").await;
	}

	/// More idle connections than the gateway keeps: it drops them in time and answers others.
	async fn held_connections_are_survived(&self) {
		let mut held = Vec::new();
		for _ in 0..HELD {
			held.push(TcpStream::connect(self.gateway.address()).await.expect("a connection"));
		}
		self.ensure_healthy("connections that are still held").await;
		drop(held);
	}

	async fn ensure_healthy(&self, after: &str) {
		let what = format!("a healthy gateway after {after}");
		until(&what, SEALED, async || self.client().is_healthy().await.then_some(())).await;
	}
}

// Anchors

impl Story {
	/// Without an anchor, or with an old one, a reading is taken and worth nothing.
	async fn unanchored_readings_count_nothing(&self) {
		let Devices { good, silent, stale, .. } = &self.devices;
		let old = self.anchor().await;
		until("another anchor", SEALED, async || {
			let info = self.anchor().await;
			let passed = info.window > old.window + 1;
			(passed && info.required != old.required && info.upcoming != old.required).then_some(())
		})
		.await;
		let info = self.anchor_of_new_window().await;
		let readings = [
			good.now(20, &info),
			silent.sign(silent.reading(20, [0; 32], now_millis())),
			stale.sign(stale.reading(20, old.required, now_millis())),
		];
		for reading in &readings {
			assert_eq!(self.periods.window_at(reading.reading.time), info.window);
			self.ensure_accepted(reading).await;
		}
		let mut books = self.books(info.window);
		until("the readings attested", ATTESTED, async || {
			books.poll().await?;
			books.windows.get(&info.window).map(|_| ())
		})
		.await;
		let attested = &books.windows[&info.window];
		for (device, units) in [(good, CAP / EXPECTED), (silent, 0), (stale, 0)] {
			let slot = placed(self.chain(), device.id).await;
			assert_eq!(attested.units.get(&slot), Some(&units), "device {}", device.id);
		}
		for device in [silent, stale] {
			self.ensure_nothing_earned(device).await;
		}
	}

	async fn ensure_nothing_earned(&self, device: &Device) {
		let slot: Slot = placed(self.chain(), device.id).await;
		let account = until("a sealed account", SEALED, async || {
			let account = self.client().report(device.id).await?.account?;
			(account.latest().sequence == 20).then_some(account)
		})
		.await;
		let latest = account.latest();
		assert!(latest.open.is_empty() && latest.settled == 0, "{latest:?}");
		let id = self.gateway.id;
		let shown = of(self.chain().claimable(id, slot, &account, At::Best)).await;
		assert_eq!(shown, (0, 0));
	}
}

// Seals

impl Story {
	/// What the chain can see by itself of a header.
	async fn bad_seals_are_refused_by_a_code(&self) {
		let (chain, hand) = (self.chain(), &self.hand);
		let now = self.window_just_ended().await + 1;
		let header = hand.blank(chain, now - 1).await;
		for (window, error) in [
			(now + 100, "Telemetry::WindowNotOver"),
			(Window::MAX, "Telemetry::WindowNotOver"),
			(1, "Telemetry::WindowNotAfter"),
		] {
			assert_eq!(hand.refused(chain, window, &header).await, error, "window {window}");
		}
		let call = |gateway| calls::telemetry::seal(gateway, now - 1, &Header::V1(header.clone()));
		let anothers = refused(chain, &call(self.gateway.id), &hand.operator).await;
		assert_eq!(anothers, "Telemetry::NotOperator");
		let nobodys = refused(chain, &call(GatewayId(9_999)), &hand.operator).await;
		assert_eq!(nobodys, "Telemetry::GatewayNotFound");
		for (change, error) in bad_headers() {
			// The window that has just ended: an old one could become too old meanwhile.
			let window = self.window_just_ended().await;
			let mut header = hand.blank(chain, window).await;
			change(&mut header);
			assert_eq!(hand.refused(chain, window, &header).await, error, "{header:?}");
		}
		let view = hand.view(chain).await;
		assert_eq!((view.sealed, view.attempt), (None, 0));
	}

	/// The window before the chain's, in which there was a block.
	async fn window_just_ended(&self) -> Window {
		let chain = self.chain();
		until("a window with a block", SEALED, async || {
			let window = Box::pin(chain.clock(At::Best)).await.ok()?.now.window - 1;
			let context = chain.window_context(self.network, window, At::Best);
			Box::pin(context).await.ok()??;
			Some(window)
		})
		.await
	}

	/// An anchored reading of the hand's device in a window that is over when this returns.
	async fn reading_by_hand(&self, sequence: u64) -> (Window, Vec<SignedReading>) {
		let chain = self.chain();
		let info = self.anchor_of_new_window().await;
		let reading = self.hand.device.now(sequence, &info);
		let window = self.periods.window_at(reading.reading.time);
		until("the window's end", SEALED, async || {
			let clock = Box::pin(chain.clock(At::Best)).await.ok()?;
			(clock.now.window > window).then_some(())
		})
		.await;
		(window, vec![reading])
	}

	async fn batch_by_hand(&self, window: Window, attempt: u32) -> BatchView {
		let view = of(self.chain().batch_view(self.hand.id, window, attempt, At::Best)).await;
		view.expect("a sealed batch")
	}
}

// Verdicts

impl Story {
	/// Only a drawn member's key decides, once, about this batch of this chain. The node's own worker
	/// hears nothing from the source until its verdict would come too late: if it were told that there
	/// is nothing, it would say so on the chain as soon as the last tick begins.
	/// Returns how many batches died before, because the time for verdicts was over.
	async fn bad_verdicts_are_refused_by_a_code(&mut self) -> u32 {
		self.source.set(Mode::Silent);
		for late in 0..BATCHES {
			let (window, readings) = self.reading_by_hand(1).await;
			let chain = self.chain();
			let batch = self.hand.batch(chain, window, readings).await;
			self.hand.seal(chain, window, &batch.header).await;
			let judged = Box::pin(self.judge_by_hand(window, &batch.header)).await;
			if let Ok(()) = judged {
				self.source.set(Mode::Honest);
				self.hand.keep(batch);
				return late;
			}
			println!("window {window}: the time for verdicts was over too early; once more");
			until("the late batch's death", DEAD, async || {
				let view = Box::pin(self.chain().gateway(self.hand.id, At::Best)).await.ok()??;
				(view.attempt > batch.header.attempt).then_some(())
			})
			.await;
		}
		panic!("the time for verdicts was over too early, {BATCHES} times");
	}

	/// Give a batch false verdicts, then the only sound one, within the two ticks that it has.
	async fn judge_by_hand(&self, window: Window, header: &HeaderV1) -> Result<(), Late> {
		let chain = self.chain();
		let booth = Booth::open(&self.node, self.genesis).await;
		let alice = verdict_key("//Alice");
		let sound = self.sound_verdict(&booth, window, header.attempt).await?;
		ensure_false_verdicts_are_refused(&booth, &sound).await?;

		let ballot = booth.ballot(&self.genesis, &sound, &alice);
		let taken = in_time(self.node.submit_bytes(&ballot).await)?;
		assert!(taken.is_ok(), "the member's own verdict: {taken:?}");
		until("the batch decided", ATTESTED, async || {
			let view = chain.batch_view(self.hand.id, window, sound.attempt, At::Best);
			match Box::pin(view).await.ok()??.stage {
				BatchStage::Pending => None,
				BatchStage::Attested { .. } => Some(Ok(())),
				BatchStage::Dead => Some(Err(Late)),
			}
		})
		.await?;
		let again = booth.vote(&VerdictClaim { tag: [8; 32], ..sound }, &alice).await;
		// 8: voted; 4 if the batch has become due meanwhile.
		assert!(matches!(rejection(&again), Some(8 | 4)), "a member votes once: {again:?}");
		let replayed = self.node.submit_bytes(&ballot).await;
		assert!(replayed.is_err(), "a verdict is taken once: {replayed:?}");
		let bare = self.node.submit_bytes(&booth.bare(&sound, &alice)).await;
		assert!(bare.is_err(), "a bare extrinsic authorises nothing: {bare:?}");
		let signature = sign(&sound, &self.genesis, &alice);
		let call = calls::telemetry::submit_verdict(&sound, &signature);
		let signed = refused(chain, &call, &account("//Bob")).await;
		assert_eq!(signed, "BadOrigin", "a verdict is nobody's signed transaction");
		let twice = self.hand.refused(chain, window, header).await;
		assert_eq!(twice, "Telemetry::WindowNotAfter", "a window is sealed once");
		assert_eq!(self.batch_by_hand(window, sound.attempt).await.verdicts, [1, 0, 0]);
		Ok(())
	}

	/// A verdict as the only member may give it.
	async fn sound_verdict(
		&self,
		booth: &Booth<'_>,
		window: Window,
		attempt: u32,
	) -> Result<VerdictClaim, Late> {
		let header_hash = self.batch_by_hand(window, attempt).await.header_hash;
		let record = of(self.chain().clock(At::Best)).await.record.expect("a recorded window");
		let (gateway, session) = (self.hand.id, record.session);
		let (member, verdict, tag) = (0, Verdict::Valid, [7; 32]);
		let claim =
			VerdictClaim { gateway, window, attempt, header_hash, session, member, verdict, tag };
		// The batch's session is that of its seal: with it a verdict gets as far as the tag (code 9).
		let alice = verdict_key("//Alice");
		for session in session.saturating_sub(1)..=session + 1 {
			let probe = VerdictClaim { session, tag: [0; 32], ..claim };
			if rejection(&in_time(booth.vote(&probe, &alice).await)?) == Some(9) {
				return Ok(VerdictClaim { session, ..claim });
			}
		}
		panic!("no session around {session} is the batch's");
	}
}

/// The time for verdicts about a batch is over.
#[derive(Debug)]
struct Late;

/// What came of a verdict, unless it came too late: its batch is due (code 4), or dead (2).
fn in_time(result: Result<Value, Refused>) -> Result<Result<Value, Refused>, Late> {
	match rejection(&result) {
		Some(2 | 4) => Err(Late),
		_ => Ok(result),
	}
}

/// Each false verdict is refused for its own reason, and so is a signature by another or for another
/// chain.
async fn ensure_false_verdicts_are_refused(
	booth: &Booth<'_>,
	sound: &VerdictClaim,
) -> Result<(), Late> {
	let (alice, bob) = (verdict_key("//Alice"), verdict_key("//Bob"));
	// Code 6 until the committee's seed is known.
	until("the committee's seed", SEALED, async || {
		let stranger = VerdictClaim { member: 1, ..*sound };
		(rejection(&booth.vote(&stranger, &bob).await) != Some(6)).then_some(())
	})
	.await;
	for (claim, code) in false_verdicts(sound) {
		let result = in_time(booth.vote(&claim, &alice).await)?;
		assert_eq!(rejection(&result), Some(code), "{claim:?}: {result:?}");
	}
	let anothers = in_time(booth.vote(sound, &bob).await)?;
	assert_eq!(rejection(&anothers), Some(10), "another's signature: {anothers:?}");
	let elsewhere = booth.ballot(&[9; 32], sound, &alice);
	let elsewhere = in_time(booth.node.submit_bytes(&elsewhere).await)?;
	assert_eq!(rejection(&elsewhere), Some(10), "another chain's: {elsewhere:?}");
	Ok(())
}

// Batches that die

impl Story {
	/// More units than the readings are worth, few enough for the chain to take: the committee
	/// refuses them.
	async fn a_batch_with_false_sums_dies(&self, late: u32) {
		let (chain, hand) = (self.chain(), &self.hand);
		let (window, readings) = self.reading_by_hand(2).await;
		let mut batch = hand.batch(chain, window, readings).await;
		assert_eq!(batch.header.sums.units, u128::from(CAP / EXPECTED));
		batch.header.sums.units = u128::from(CAP);
		let attempt = batch.header.attempt;
		hand.publish(&self.source, &batch);
		hand.seal(chain, window, &batch.header).await;
		until("the false batch's death", DEAD, async || {
			let view = Box::pin(chain.gateway(hand.id, At::Best)).await.ok()??;
			(view.attempt > attempt).then_some(())
		})
		.await;
		let view = hand.view(chain).await;
		let [attested, invalid, unavailable, missing] = view.record;
		let counts = (attested, invalid, unavailable + missing);
		assert_eq!(counts, (1, 1, late), "one attested, one invalid, and those before");
		assert_eq!(view.sealed, view.attested, "heads return to what was attested");
		let dead = self.batch_by_hand(window, attempt).await;
		assert_eq!((dead.stage, dead.verdicts), (BatchStage::Dead, [0, 1, 0]));
		let late = VerdictClaim {
			gateway: hand.id,
			window,
			attempt,
			header_hash: dead.header_hash,
			session: 0,
			member: 0,
			verdict: Verdict::Valid,
			tag: [7; 32],
		};
		let booth = Booth::open(&self.node, self.genesis).await;
		let result = booth.vote(&late, &verdict_key("//Alice")).await;
		assert_eq!(rejection(&result), Some(2), "nothing wakes the dead: {result:?}");
	}

	/// A source that has nothing, lies, is silent or never ends, and a gateway that is killed after
	/// it has sealed: batches die, are sealed again, and every reading is attested in the end.
	async fn what_nobody_can_check_is_sealed_again(&mut self) {
		let from = of(self.chain().clock(At::Best)).await.now.window;
		let mut books = self.books(from);
		let beacon = Beacon::start(self.devices.steady.clone(), self.client().clone());
		until("the beacon's first reading", ATTESTED, async || {
			(!beacon.accepted().is_empty()).then_some(())
		})
		.await;
		for mode in [
			Mode::Garbage,
			Mode::Silent,
			Mode::Endless(Part::Header),
			Mode::Endless(Part::Ledger),
			Mode::Endless(Part::Payload),
		] {
			self.survive(mode, &mut books).await;
		}
		self.survive_a_killed_gateway(&mut books).await;

		let accepted = beacon.stop().await;
		let steady = self.devices.steady.id;
		until("every reading that was taken in an attested batch", AGAIN, async || {
			books.poll().await?;
			books.sequences(steady).is_superset(&accepted).then_some(())
		})
		.await;
		assert_eq!(
			books.sequences(steady),
			accepted,
			"each reading that was taken is attested, once"
		);
	}

	/// Let the committee read from a source of that kind until a batch has died; then from an honest
	/// one until its window is attested.
	async fn survive(&self, mode: Mode, books: &mut Books) {
		let (lies, streamed) = (self.source.lies(), self.source.streamed());
		let before = self.node.resident_bytes();
		let mut peak = before;
		self.source.set(mode);
		self.wait_for_death(mode, books, || peak = peak.max(self.node.resident_bytes())).await;
		self.source.set(Mode::Honest);
		assert!(self.source.lies() > lies, "{mode:?}: the committee read from the source");
		if matches!(mode, Mode::Endless(_)) {
			assert!(self.source.streamed() > streamed, "{mode:?}: some of it was taken");
		}
		let grown = peak.saturating_sub(before);
		assert!(grown < MEMORY, "{mode:?}: the node holds {grown} bytes more");
		self.wait_for_recovery(books).await;
	}

	/// Kill the gateway as soon as a batch is on the chain, before anybody has read it.
	async fn survive_a_killed_gateway(&mut self, books: &mut Books) {
		self.source.set(Mode::Closed);
		let before = self.view().await.sealed.map_or(0, |head| head.window);
		until("a sealed batch", SEALED, async || {
			// The gateway may forget what was attested while it is away.
			books.poll().await?;
			let view = Box::pin(self.chain().gateway(self.gateway.id, At::Best)).await.ok()??;
			view.sealed.filter(|head| head.window > before)
		})
		.await;
		self.gateway.kill();
		self.source.set(Mode::Honest);
		self.wait_for_death("the gateway is killed", books, || {}).await;
		self.gateway.restart().await;
		self.wait_for_recovery(books).await;
	}

	async fn wait_for_death(
		&self,
		why: impl std::fmt::Debug,
		books: &mut Books,
		mut look: impl FnMut(),
	) {
		let before = self.view().await.attempt;
		until(&format!("a batch's death ({why:?})"), DEAD, async || {
			look();
			// Without the gateway there is nothing to book.
			let _booked = books.poll().await;
			let view = Box::pin(self.chain().gateway(self.gateway.id, At::Best)).await.ok()??;
			(view.attempt > before).then_some(())
		})
		.await;
	}

	/// Wait until the window that the chain is in now is attested, and with it all before.
	async fn wait_for_recovery(&self, books: &mut Books) {
		let window = of(self.chain().clock(At::Best)).await.now.window;
		until("what died attested again", AGAIN, async || {
			books.poll().await?;
			let view = Box::pin(self.chain().gateway(self.gateway.id, At::Best)).await.ok()??;
			view.attested.filter(|head| head.window >= window).map(|_| ())
		})
		.await;
	}
}
