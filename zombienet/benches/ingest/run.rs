//! The whole run: one gateway under load, then a fresh one with many devices.

use std::{sync::Arc, time::Duration};

use cairn_chain::At;
use cairn_network_tests::bench::Failure;
use cairn_network_tests::ingest::{
	figures::{Connected, Measured, Memory},
	fleet::Fleet,
	plan::Calendar,
	site::{Broker, Site, Station},
	tap::Tap,
};
use cairn_types::Periods;
use fdlimit::Outcome;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
	connected::{self, Crowd, Watched},
	control, messages,
	options::{Options, Transport},
	report::Report,
	requests,
	stage::Stage,
};

/// Files that this program has open besides its connections.
const FILES: u64 = 1_000;
/// How long a gateway may take to notice that connections are closed.
const SETTLED: Duration = Duration::from_secs(5);
/// Windows between now and the first in which readings are dated: everything is over before it begins.
const AHEAD: u32 = 600;
/// What the gateway under load is told: devices' clocks may be ahead, and one device may send much.
const UNDER_LOAD: [&str; 6] =
	["--clock-tolerance", "30d", "--device-rate", "1000000", "--device-burst", "1000000"];

/// Who runs besides the gateway.
struct Field {
	site: Site,
	broker: Option<(Broker, Tap)>,
	periods: Periods,
}

/// Measure what the user asks for.
pub(crate) async fn run(options: &Options) -> Result<Report, Failure> {
	let files = open_files(options)?;
	let broker = broker(options).await?;
	tell("starting a node");
	let site = Box::pin(Site::start()).await;
	let clock = Box::pin(site.chain().clock(At::Best)).await.map_err(chain_failed)?;
	let endpoint = format!("http://{}", site.address());
	let mut fleet = Box::pin(Fleet::found(site.chain(), &endpoint)).await;
	let mut memory = Vec::new();
	let mut field = Field { site, broker, periods: clock.periods };

	let station = Box::pin(field.gateway(&fleet, &UNDER_LOAD)).await;
	memory.push(field.memory("at rest, no devices", &station));
	let directory = station.data().to_owned();
	tell("measuring the machine alone");
	let alone = spawn_blocking(move || {
		control::measure(&directory).map(|found| (found, control::file_system(&directory)))
	});
	let (control, file_system) = alone.await.expect("it does not panic")?;
	tell(&format!("registering {} devices", options.senders));
	Box::pin(fleet.grow(field.site.chain(), options.senders)).await;
	Box::pin(station.wait_for_devices(fleet.len())).await;
	memory.push(field.memory(&format!("{} devices registered", fleet.len()), &station));
	let fleet = Arc::new(fleet);
	let measured = Box::pin(field.throughput(options, &fleet, station)).await?;
	field.ensure_running();

	let fleet = Arc::into_inner(fleet).expect("nobody else has it any more");
	let connected = match options.devices {
		0 => Vec::new(),
		_ => Box::pin(field.crowd(options, fleet, &mut memory)).await?,
	};
	Ok(Report {
		options: options.clone(),
		file_system,
		open_files: files,
		control,
		measured,
		memory,
		connected,
	})
}

impl Field {
	/// A fresh gateway.
	async fn gateway(&self, fleet: &Fleet, options: &[&str]) -> Station {
		tell("starting a gateway");
		let url = self.broker.as_ref().map(|(_, tap)| format!("mqtt://127.0.0.1:{}", tap.port));
		let mut options = options.to_vec();
		if let Some(url) = &url {
			options.extend(["--mqtt", url.as_str()]);
		}
		let station = Box::pin(self.site.gateway(fleet.gateway(), &options)).await;
		if url.is_some() {
			Box::pin(station.wait_for_broker()).await;
		}
		station
	}

	/// Process ids: gateway, bench, node and, if there is one, broker.
	fn programs(&self, station: &Station) -> Vec<u32> {
		let broker = self.broker.as_ref().map(|(broker, _)| broker.process_id());
		let mut programs = vec![station.process_id(), std::process::id(), self.site.node_id()];
		programs.extend(broker);
		programs
	}

	fn memory(&self, stage: &str, station: &Station) -> Memory {
		let broker = self.broker.as_ref();
		Memory {
			stage: stage.to_owned(),
			gateway_bytes: station.resident_bytes(),
			broker_bytes: broker.map_or(0, |(broker, _)| broker.resident_bytes()),
		}
	}

	fn ensure_running(&mut self) {
		self.site.ensure_running();
		if let Some((broker, _)) = &mut self.broker {
			broker.ensure_running();
		}
	}

	/// Readings per second, in every way that the user asks for; the gateway ends with it.
	async fn throughput(
		&self,
		options: &Options,
		fleet: &Arc<Fleet>,
		station: Station,
	) -> Result<Vec<Measured>, Failure> {
		let clock = Box::pin(self.site.chain().clock(At::Best)).await.map_err(chain_failed)?;
		let programs = self.programs(&station);
		let first = clock.now.window.saturating_add(AHEAD);
		let mut stage = Stage {
			options,
			fleet: fleet.clone(),
			station: &station,
			programs: &programs,
			calendar: Calendar::new(&self.periods, first),
		};
		let mut measured = Vec::new();
		if options.has(Transport::Http) {
			for size in &options.sizes {
				tell(&format!("HTTP, {size} readings a request"));
				let address = self.site.address();
				measured.push(Box::pin(requests::run(&mut stage, address, *size)).await?);
			}
		}
		if let Some((broker, tap)) = &self.broker {
			for size in &options.sizes {
				tell(&format!("MQTT, {size} readings a message"));
				measured.push(Box::pin(messages::run(&mut stage, broker.port, tap, *size)).await?);
			}
		}
		Ok(measured)
	}

	/// Many devices at once, with a gateway that has held none before.
	async fn crowd(
		&mut self,
		options: &Options,
		mut fleet: Fleet,
		memory: &mut Vec<Memory>,
	) -> Result<Vec<Connected>, Failure> {
		tell(&format!("registering devices until there are {}", options.devices));
		Box::pin(fleet.grow(self.site.chain(), options.devices)).await;
		let fleet = Arc::new(fleet);
		let most = (fleet.len() + 1_000).to_string();
		let mut station =
			Box::pin(self.gateway(&fleet, &["--max-connections", most.as_str()])).await;
		Box::pin(station.wait_for_devices(fleet.len())).await;
		memory.push(self.memory(&format!("{} devices registered", fleet.len()), &station));
		let programs = self.programs(&station);
		let broker = self.broker.as_ref();
		let watched = Watched {
			station: &station,
			broker: broker.map(|(broker, _)| broker),
			programs: &programs,
			windows: options.windows,
		};
		let anchors = Box::pin(station.anchors()).await;
		let crowd = Crowd::new(fleet.clone(), anchors, self.periods.window_millis());
		let mut connected = Vec::new();
		if options.has(Transport::Http) {
			tell(&format!("connecting {} devices to the gateway", fleet.len()));
			let address = self.site.address();
			connected.push(Box::pin(connected::over_http(&crowd, address, &watched)).await?);
			sleep(SETTLED).await;
			memory.push(self.memory("connections closed", &station));
		}
		if let Some((broker, tap)) = broker {
			tell(&format!("connecting {} devices to the broker", fleet.len()));
			let (port, book) = (broker.port, &tap.book);
			connected.push(Box::pin(connected::over_mqtt(&crowd, port, book, &watched)).await?);
		}
		station.ensure_running();
		self.ensure_running();
		Ok(connected)
	}
}

fn tell(what: &str) {
	eprintln!("{what}");
}

fn chain_failed(cause: cairn_chain::Error) -> Failure {
	Failure::new(cause.to_string(), "run it again; if it fails again, report it")
}

/// Let this program, and those that it starts, have as many open files as the system allows; how many.
fn open_files(options: &Options) -> Result<u64, Failure> {
	let wanted = u64::try_from(options.devices).unwrap_or(u64::MAX).saturating_add(FILES);
	let limit = match fdlimit::raise_fd_limit() {
		Ok(Outcome::LimitRaised { to, .. }) => to,
		Ok(Outcome::Unsupported) => u64::MAX,
		Err(cause) => return Err(Failure::new(cause.to_string(), "raise it by ulimit -n")),
	};
	if limit >= wanted {
		return Ok(limit);
	}
	let what = format!("a program may open {limit} files here; {wanted} are needed");
	Err(Failure::new(what, "raise the hard limit (ulimit -Hn, as root), or lower --devices"))
}

/// A broker and the tap behind it, if readings are to go that way.
async fn broker(options: &Options) -> Result<Option<(Broker, Tap)>, Failure> {
	if !options.has(Transport::Mqtt) {
		return Ok(None);
	}
	if !Broker::is_installed() {
		let remedy = "apt-get install mosquitto, as `make setup` does, or --transports http";
		return Err(Failure::new("there is no broker of MQTT", remedy));
	}
	tell("starting a broker");
	let broker = Box::pin(Broker::start()).await;
	let tap = Tap::start(broker.port).await;
	let tap = tap.map_err(|cause| Failure::new(cause.to_string(), "run it again"))?;
	Ok(Some((broker, tap)))
}
