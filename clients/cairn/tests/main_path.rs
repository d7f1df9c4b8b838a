//! The main path on this machine: its hardware and a real exporter are read, signed, sealed, attested
//! and paid; and neither a killed gateway nor a killed node changes what is paid.

mod support;

use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use cairn::{
	agent::{self, Scheme, State},
	protocol::{DeviceReport, ProofInfo},
};
use cairn_chain::{At, Chain, Signer, calls, views::Clock};
use cairn_telemetry::Claim;
use cairn_types::{
	Channel, ChannelKind, Cycle, DeviceId, GatewayId, Periods, Quantity, Slot, Unit, Window,
};
use tempfile::TempDir;

use support::{
	books::Books,
	chain::{Network, account, channel, of, placed, refused, schema, send},
	device::{Beacon, Device, pair},
	gateway::{Client, Gateway},
	node::Node,
	process::{Process, cairn, free_port, run_to_end},
	wait::{machine, until},
	window_begun,
};

/// Debian's exporter of a host's metrics.
const EXPORTER: &str = "/usr/bin/prometheus-node-exporter";
/// How long an agent or an exporter may take to be there.
const START: Duration = Duration::from_secs(180);
/// How long a window may take until its cycle is frozen: two minutes if all goes well.
const PAID: Duration = Duration::from_secs(420);
/// How long a process may take to end after a signal.
const END: Duration = Duration::from_secs(120);

/// The host's own values: the agent knows these names.
const HARDWARE: [&str; 4] = ["cpu-time", "memory-used", "uptime", "scrape-up"];
/// Values that only the exporter gives.
const SCRAPED: [(&str, &str); 2] =
	[("node_context_switches_total", "context-switches"), ("node_load1", "exporter-load")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_of_this_machine_are_paid_whatever_is_killed() {
	let _machine = machine().await;
	let mut story = Box::pin(Story::begin()).await;

	let window = Box::pin(story.first_window()).await;
	let first = Box::pin(story.claim_including(window)).await;
	Box::pin(story.ensure_hardware_is_read()).await;

	let window = window_begun(&story.periods, 5).await;
	story.gateway.kill();
	story.gateway.restart().await;
	let second = Box::pin(story.claim_including(window)).await;
	assert!(second > first, "a later claim adds to what was paid");
	Box::pin(story.ensure_nothing_is_missing(window)).await;

	let window = window_begun(&story.periods, 5).await;
	story.node.kill();
	story.node.restart().await;
	let window = story.resume(window).await;
	let third = Box::pin(story.claim_including(window)).await;
	assert!(third > second, "a later claim adds to what was paid");

	Box::pin(story.ensure_claims_are_refused()).await;
	Box::pin(story.ensure_everything_was_delivered()).await;
}

/// A device in the gateway's ledger.
#[derive(Clone, Copy)]
struct Place {
	device: DeviceId,
	slot: Slot,
}

/// What was registered.
struct Registered {
	network: Network,
	id: GatewayId,
	host: DeviceId,
	other: Device,
}

/// Register network and gateway, the device whose key is in `key`, and one that the test plays.
async fn register(chain: &Chain, owner: &Signer, key: &Path) -> Registered {
	let network = Network::create(chain, &schema(channels())).await;
	let id = network.gateway(chain, &account("//Dave")).await;
	let made = agent::load(key).expect("the key that was just made");
	let host = network.register(chain, owner, &made).await;
	let played = pair(Scheme::Sr25519, 1);
	let other = network.register(chain, owner, &played).await;
	network.assign(chain, owner, &[host, other], id).await;
	let other = Device::new(&network, other, played);
	Registered { network, id, host, other }
}

/// Everything that runs. Dropped in this order.
struct Story {
	agent: Process,
	_exporter: Process,
	_beacon: Beacon,
	gateway: Gateway,
	node: Node,
	books: Books,
	host: Place,
	other: Place,
	owner: Signer,
	periods: Periods,
	/// The cycle in which the network was made: it weighs nothing yet.
	made_in: Cycle,
	key: PathBuf,
	_directory: TempDir,
}

impl Story {
	/// Start node, gateway, exporter and agent, and a second device that the test plays.
	async fn begin() -> Self {
		let address = Gateway::free_address();
		let node = Node::start(&format!("http://{address}")).await;
		let chain = &node.chain;
		let directory = tempfile::tempdir().expect("a temporary directory");
		let key = directory.path().join("device.key");
		make_key(&key);
		let owner = account("//Ferdie");
		let Registered { network, id, host, other } = register(chain, &owner, &key).await;

		let gateway = Gateway::start(id, "//Dave", &node.url(), address, &["--grace", "10s"]).await;
		let host = Place { device: host, slot: placed(chain, host).await };
		let place = Place { device: other.id, slot: placed(chain, other.id).await };
		let clock = of(chain.clock(At::Best)).await;
		let books = Books::new(chain, &gateway.client, id, network.id, clock.now.window);
		let (exporter, metrics) = start_exporter(&directory).await;
		let agent = start_agent(&directory, &key, address, &metrics);
		let beacon = Beacon::start(other, gateway.client.clone());
		Self {
			agent,
			_exporter: exporter,
			_beacon: beacon,
			gateway,
			node,
			books,
			host,
			other: place,
			owner,
			periods: clock.periods,
			made_in: clock.cycle,
			key,
			_directory: directory,
		}
	}

	fn client(&self) -> &Client {
		&self.gateway.client
	}

	fn id(&self) -> GatewayId {
		self.gateway.id
	}

	/// The first attested window in which the host has earned something: from the cycle after the
	/// network's making on.
	async fn first_window(&mut self) -> Window {
		let (books, slot, made_in) = (&mut self.books, self.host.slot, self.made_in);
		until("the host's first attested units", PAID, async || {
			self.agent.ensure_running();
			books.poll().await?;
			let mut windows = books.windows.iter().filter(|(_, window)| window.cycle > made_in);
			let earned = windows.find(|(_, window)| window.units.get(&slot) > Some(&0));
			earned.map(|(window, _)| *window)
		})
		.await
	}

	/// The node was killed in `window`: what was booked shortly before, the chain may have lost.
	/// Returns the window that the chain is in now.
	async fn resume(&mut self, window: Window) -> Window {
		self.books.rewind(window.saturating_sub(3));
		of(self.node.chain.clock(At::Best)).await.now.window
	}

	/// A proof for the host under which the first attested window from `from` on is paid for, at a
	/// time when nothing becomes payable for three more ticks.
	async fn proof(&mut self, from: Window) -> (ProofInfo, Clock) {
		let path = format!("/v1/devices/{}/proof", self.host.device);
		let (gateway, chain) = (self.gateway.client.clone(), self.node.chain.clone());
		let books = &mut self.books;
		until("a proof of a frozen cycle", PAID, async || {
			self.agent.ensure_running();
			books.poll().await?;
			let (window, attested) = books.windows.range(from..).next()?;
			let clock = Box::pin(chain.clock(At::Best)).await.ok()?;
			let frozen =
				|tick| (0..).take_while(|cycle| clock.periods.is_frozen(*cycle, tick)).count();
			let tick = clock.now.tick;
			let lasts = frozen(tick) == frozen(tick + 3);
			if !lasts || !clock.periods.is_frozen(attested.cycle, tick) {
				return None;
			}
			let info = gateway.get::<ProofInfo>(&path).await?;
			(info.claim.window >= *window).then_some((info, clock))
		})
		.await
	}

	/// Claim for the host when the first attested window from `from` on is paid for, and hold what is
	/// paid against what is shown and against the readings. Returns all that was paid so far.
	async fn claim_including(&mut self, from: Window) -> u128 {
		let (ProofInfo { claim, .. }, clock) = self.proof(from).await;
		let (chain, slot) = (&self.node.chain, self.host.slot);
		let entitled = self.books.entitlement(&clock, slot, claim.window).await;
		let paid = of(chain.earning(self.id(), slot, At::Best)).await.map_or(0, |view| view.paid);
		let due = entitled.checked_sub(paid).expect("never more is paid than was earned");
		assert!(due > 0, "the host has earned something since the last claim");
		let shown = of(chain.claimable(self.id(), slot, &claim.account, At::Best)).await;
		assert_eq!(shown, (due, due), "what is shown is what the readings are worth");

		let before = of(chain.balance(&self.owner.account(), At::Best)).await.free;
		let call = calls::rewards::claim_attested(&claim);
		// Anybody may send it; so the payee's balance changes by the pay alone.
		let outcome = send(chain, &call, &account("//Eve")).await;
		type Claimed = (GatewayId, Slot, [u8; 32], u128, u128, u128);
		let event = outcome.find::<Claimed>("Rewards", "Claimed");
		let expected = (self.id(), slot, self.owner.account(), due, due, 0);
		assert_eq!(event, Some(expected), "what is paid is what was shown");
		let at = At::Block(outcome.block);
		let after = of(chain.balance(&self.owner.account(), at)).await.free;
		assert_eq!(after - before, due, "the payee has it");
		let earning = of(chain.earning(self.id(), slot, at)).await.expect("a slot");
		assert_eq!((earning.paid, earning.unvested), (entitled, 0));
		entitled
	}

	async fn report(&self) -> DeviceReport {
		let client = self.client().clone();
		let device = self.host.device;
		until("the gateway's report", START, async || client.report(device).await).await
	}

	/// The agent has read the machine itself, and what only the exporter knows.
	async fn ensure_hardware_is_read(&self) {
		// A scrape that takes too long, on a busy machine, costs one reading its values.
		until("a reading with every channel", START, async || {
			let last = self.report().await.last?.reading;
			let is_read = |(channel, value): (&Channel, &Option<i64>)| match channel.name.as_slice()
			{
				b"scrape-up" => *value == Some(1),
				_ => value.is_some(),
			};
			channels().iter().zip(&last.values).all(is_read).then_some(())
		})
		.await;
		let rejected = self.report().await.rejected;
		let for_good = rejected.iter().find(|count| count.code == "bad_signature");
		assert!(for_good.is_none(), "{rejected:?}");
	}

	/// Every sequence number from the first one on is in the gateway's store, and up to `window` in an
	/// attested batch.
	async fn ensure_nothing_is_missing(&self, window: Window) {
		let attested = self.books.sequences(self.host.device);
		let first = *attested.first().expect("attested readings");
		let report = self.report().await;
		let last = report.last.expect("a stored reading").reading.sequence;
		assert_eq!(report.accepted, last - first + 1, "each reading was taken once");
		assert!(report.left_out.is_empty(), "{:?}", report.left_out);
		let newest = *attested.last().expect("attested readings");
		let count = u64::try_from(attested.len()).expect("few");
		assert_eq!(count, newest - first + 1, "no reading is missing in the batches");
		let sequences = self.books.windows.get(&window).map(|window| &window.sequences);
		let here = sequences.and_then(|sequences| sequences.get(&self.host.device));
		assert!(here.is_some(), "the window in which the gateway was killed has readings");
	}

	/// Nothing is paid twice, nor by another slot's account or path.
	async fn ensure_claims_are_refused(&mut self) {
		let (ProofInfo { claim, .. }, _) = self.proof(0).await;
		let chain = &self.node.chain;
		let path = format!("/v1/devices/{}/proof", self.other.device);
		let other = self.client().get::<ProofInfo>(&path).await.expect("a proof").claim;
		assert_eq!(other.slot, self.other.slot);
		let eve = account("//Eve");

		// What froze since the last claim is paid once.
		let call = calls::rewards::claim_attested(&claim);
		let due = of(chain.claimable(self.id(), claim.slot, &claim.account, At::Best)).await.0;
		if due > 0 {
			send(chain, &call, &eve).await;
		}
		assert_eq!(refused(chain, &call, &eve).await, "Rewards::NothingToClaim");

		let slot = claim.slot;
		let anothers_account = Claim { slot, ..other.clone() };
		let anothers_path = Claim { proof: other.proof, ..claim.clone() };
		let anothers_data = Claim { data: other.data, ..claim.clone() };
		let richer = Claim { account: richer(&claim), ..claim };
		for (claim, error) in [
			(anothers_account, "Rewards::WrongDevice"),
			(anothers_path, "Telemetry::WrongRoot"),
			(anothers_data, "Telemetry::WrongRoot"),
			(richer, "Telemetry::WrongRoot"),
		] {
			let call = calls::rewards::claim_attested(&claim);
			assert_eq!(refused(chain, &call, &eve).await, error);
		}
	}

	/// Stop the agent in an orderly way: what it has made is in the gateway's store, or still in its
	/// queue; nothing was refused or lost.
	async fn ensure_everything_was_delivered(&mut self) {
		let first = *self.books.sequences(self.host.device).first().expect("attested readings");
		self.agent.terminate(END);
		let mut file = self.key.clone().into_os_string();
		file.push(".state");
		let state = State::open(file.as_ref(), 1).expect("the agent's state");
		let counts = state.counts().expect("the agent's counts");
		let queue = state.peek(usize::MAX).expect("the agent's queue");
		let report = self.report().await;
		let last = report.last.expect("a stored reading").reading.sequence;
		assert_eq!((counts.refused, counts.overflowed), (0, 0));
		assert_eq!(counts.queued, counts.delivered + queue.len() as u64);
		// The end may have come between the gateway's answer and the agent's note of it.
		let unnoted = queue.iter().filter(|signed| signed.reading.sequence <= last).count() as u64;
		assert_eq!(report.accepted, counts.delivered + unnoted, "what was sent was taken");
		assert_eq!(report.accepted, last - first + 1, "no sequence is missing");
		self.gateway.ensure_running();
		self.node.ensure_running();
	}
}

/// An account that says more than was earned.
fn richer(claim: &Claim) -> cairn_telemetry::Account {
	let mut account = claim.account.latest().clone();
	account.settled += 1_000_000_000_000;
	cairn_telemetry::Account::V1(account)
}

/// What the network's devices report: some of what an agent reads of its host, and what it scrapes.
fn channels() -> Vec<Channel> {
	use ChannelKind::{Counter, Gauge};
	let [cpu, memory, uptime, scraped] = HARDWARE;
	let [(_, switches), (_, load)] = SCRAPED;
	vec![
		channel(cpu, Quantity::Duration, Unit::Millisecond, 0, Counter),
		channel(memory, Quantity::Information, Unit::Byte, 0, Gauge),
		channel(uptime, Quantity::Duration, Unit::Second, 0, Counter),
		channel(scraped, Quantity::Dimensionless, Unit::One, 0, Gauge),
		channel(switches, Quantity::Count, Unit::Count, 0, Counter),
		channel(load, Quantity::Load, Unit::One, -2, Gauge),
	]
}

fn make_key(file: &Path) {
	let mut command = cairn();
	let made = run_to_end(command.args(["agent", "key", "--key"]).arg(file), END);
	assert_eq!(made.code, Some(0), "{}", made.errors);
	assert!(made.output.contains("ed25519 0x"), "the public key is shown: {}", made.output);
}

/// Start an exporter of its own, not the system's; returns where its metrics are.
async fn start_exporter(directory: &TempDir) -> (Process, String) {
	assert!(
		fs::exists(EXPORTER).unwrap_or(false),
		"{EXPORTER} is missing: `apt-get install prometheus-node-exporter`, as `make setup` does"
	);
	let address = format!("127.0.0.1:{}", free_port());
	let mut command = Command::new(EXPORTER);
	command.arg(format!("--web.listen-address={address}"));
	let log = directory.path().join("exporter.log");
	let mut exporter = Process::start("the exporter", &mut command, &log);
	let url = format!("http://{address}/metrics");
	until("the exporter's metrics", START, async || {
		exporter.ensure_running();
		let text = reqwest::get(&url).await.ok()?.text().await.ok()?;
		SCRAPED.iter().all(|(metric, _)| text.contains(metric)).then_some(())
	})
	.await;
	(exporter, url)
}

fn start_agent(directory: &TempDir, key: &Path, gateway: SocketAddr, metrics: &str) -> Process {
	let mut command = cairn();
	command
		.args(["agent", "run", "--gateway", &format!("http://{gateway}"), "--interval", "1s"])
		.arg("--key")
		.arg(key)
		.args(["--scrape", metrics]);
	for (metric, channel) in SCRAPED {
		command.args(["--map", &format!("{metric}={channel}")]);
	}
	Process::start("the agent", &mut command, &directory.path().join("agent.log"))
}
