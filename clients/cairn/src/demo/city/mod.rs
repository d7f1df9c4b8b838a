//! Three networks of one city: traffic counters replayed from a table, weather in SenML over MQTT,
//! electricity meters by Prometheus. One question returns the values of all of them for one cell and
//! window, in one format, and each value is proved against the chain.

mod feeds;
mod inputs;
mod plan;
mod report;
mod round;
mod setup;
mod source;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use cairn_chain::{At, Chain, Kind};
use cairn_types::{GatewayId, Periods, Window};
use futures::future::LocalBoxFuture;
use tokio::{
	task::JoinSet,
	time::{MissedTickBehavior, interval, timeout},
};

use self::{
	feeds::Meters,
	inputs::Programs,
	plan::{Addresses, Plan, TRAFFIC},
	report::{Facts, Report, SIMULATED},
	round::{Round, ask_about, newest},
	setup::{Cast, Network, SEALERS},
	source::Source,
};
use super::{
	place,
	scenario::{End, Story, Summary},
	stage::{GatewayRun, ONCE, Stage},
};
use crate::owner::{
	OwnerError, library_schema,
	watch::{Input, Terminal, fit, is_live},
};

/// How long everything may take to be there, from the node's start on.
const SET_UP: Duration = Duration::from_secs(300);
/// How often a live view is drawn without news.
const REDRAW: Duration = Duration::from_millis(500);
/// Notes that a live view shows.
const NOTES: usize = 4;
/// Ports: node, its peers, broker, exporter.
const PORTS: usize = 4;

/// The story, and what has been seen of it.
#[derive(Default)]
pub(super) struct City {
	facts: Option<Facts>,
	round: Option<Round>,
	proved: Option<Duration>,
}

/// What was set up: who is asked.
struct Scene {
	chain: Chain,
	node_url: String,
	periods: Periods,
	facts: Facts,
	/// The first window in which all devices work.
	from: Window,
	/// Proxy, stations and meters: they end with this.
	_tasks: JoinSet<()>,
}

impl Story for City {
	fn play<'a>(
		&'a mut self,
		stage: &'a mut Stage<'_>,
	) -> LocalBoxFuture<'a, Result<End, OwnerError>> {
		Box::pin(async move {
			let scene = timeout(SET_UP, Box::pin(set_up(stage))).await;
			let scene = scene.map_err(|_| not_set_up())??;
			self.facts = Some(scene.facts.clone());
			if !stage.once {
				return Box::pin(self.follow(stage, &scene)).await;
			}
			let until = format!("waiting, at most {} s, for a window that all", ONCE.as_secs());
			stage.say(&format!("{until} gateways have sealed and committees attested"));
			match timeout(ONCE, Box::pin(self.follow(stage, &scene))).await {
				Ok(Ok(End::Done)) => {
					let variables = self.variables(&scene);
					Box::pin(stage.run_then(&variables)).await.map(|()| End::Done)
				},
				Ok(end) => end,
				Err(_) => Err(self.unproved()),
			}
		})
	}

	fn goal(&self) -> &'static str {
		"every value was proved"
	}

	fn is_proved(&self) -> bool {
		self.proved.is_some()
	}

	fn summary(&self, stage: &Stage<'_>) -> Result<Summary, OwnerError> {
		Summary::new(&Report {
			facts: self.facts.as_ref(),
			round: self.round.as_ref(),
			first_block: stage.first_block,
			proved: self.proved,
			lasted: stage.began.elapsed(),
		})
	}
}

fn not_set_up() -> OwnerError {
	OwnerError::refused(
		format!("the city was not set up within {} s", SET_UP.as_secs()),
		"look into the logs; keep them with --logs DIR",
	)
}

/// Start the node, put the city on its chain, start gateways, inputs and agents.
async fn set_up(stage: &mut Stage<'_>) -> Result<Scene, OwnerError> {
	let (plan, programs) = (Plan::load()?, Programs::find()?);
	stage.say(SIMULATED);
	let mut tasks = JoinSet::new();
	let source = Source::start(&mut tasks).await?;
	let [rpc, p2p, broker, exporter] = place::free_ports::<PORTS>()?;
	let ports = place::free_ports::<{ SEALERS.len() }>()?;
	let urls = ports.map(|port| format!("http://127.0.0.1:{port}"));
	let node_url = format!("ws://127.0.0.1:{rpc}");
	stage.start_node(rpc, p2p, &source.url())?;
	stage.say(&format!("node started, {node_url}"));
	let chain = stage.first_block(&node_url).await?;
	stage.say("the first block is there");

	let directory = stage.directory.join("city");
	place::make_directory(&directory)?;
	let (cast, keys) = (Cast::new()?, directory.join("keys"));
	let (networks, from) = Box::pin(setup::build(&chain, &cast, &plan, &urls, &keys)).await?;
	for Network { id, name, devices, .. } in &networks {
		let count = devices.len();
		stage.say(&format!("network {id}, {name}: {count} devices are registered and placed"));
	}
	source.serve(networks.iter().map(|network| (network.gateway, network.url.clone())))?;
	start_gateways(stage, &networks, ports, &node_url).await?;
	let servers = Servers { directory, broker, exporter };
	Box::pin(servers.start(stage, &programs, &plan, &networks, &mut tasks)).await?;
	let periods = chain.clock(At::Best).await?.periods;
	let facts = Facts { city: plan.name, cell: plan.cell, networks };
	Ok(Scene { chain, node_url, periods, facts, from, _tasks: tasks })
}

async fn start_gateways(
	stage: &mut Stage<'_>,
	networks: &[Network],
	ports: [u16; SEALERS.len()],
	node: &str,
) -> Result<(), OwnerError> {
	for ((network, secret), port) in networks.iter().zip(SEALERS).zip(ports) {
		// Each answers for the whole city.
		let others = networks.iter().filter(|other| other.gateway != network.gateway);
		let peers = others.map(|other| other.url.clone()).collect();
		let name = format!("cairn gateway {}", network.name);
		stage.start_gateway(&GatewayRun {
			id: network.gateway,
			name: &name,
			secret,
			port,
			node,
			peers,
		})?;
	}
	for network in networks {
		stage.reach_gateway(&network.url).await?;
	}
	stage
		.say("a gateway for each network runs, and a proxy from which the validator reads batches");
	Ok(())
}

/// What brings values to the agents, and where.
struct Servers {
	directory: PathBuf,
	/// Ports.
	broker: u16,
	exporter: u16,
}

impl Servers {
	/// Start broker, exporter, agents, and what stands for sensors.
	async fn start(
		&self,
		stage: &mut Stage<'_>,
		programs: &Programs,
		plan: &Plan,
		networks: &[Network],
		tasks: &mut JoinSet<()>,
	) -> Result<(), OwnerError> {
		let login = programs.start_broker(stage, &self.directory, self.broker).await?;
		tasks.spawn(feeds::publish(login, plan::weather()?, library_schema("weather")?));
		let (steps, mut meters) = (plan::energy()?, Meters::default());
		if let Some(first) = steps.first() {
			meters.advance(first);
		}
		let file = self.directory.join("meters").join("meters.prom");
		programs.start_exporter(stage, &file, &meters, self.exporter).await?;
		tasks.spawn(feeds::count(meters, file, steps));
		stage.say("mosquitto and prometheus-node-exporter run, stations and meters speak");
		let (name, table) = TRAFFIC;
		place::write_file(&self.directory.join(name), table)?;
		for (planned, network) in plan.networks.iter().zip(networks) {
			self.start_agent(stage, planned, network)?;
		}
		stage.say("an agent for each network runs");
		Ok(())
	}

	fn start_agent(
		&self,
		stage: &mut Stage<'_>,
		planned: &plan::NetworkPlan,
		network: &Network,
	) -> Result<(), OwnerError> {
		let addresses = Addresses {
			gateway: &network.url,
			broker: &format!("mqtt://127.0.0.1:{}", self.broker),
			exporter: &format!("http://127.0.0.1:{}/metrics", self.exporter),
		};
		let file = self.directory.join(&planned.agent);
		place::write_file(&file, &planned.configuration(&addresses)?)?;
		let arguments: [OsString; 4] =
			["agent".into(), "run".into(), "--config".into(), file.into_os_string()];
		let name = format!("cairn agent {}", network.name);
		stage.start(&name, &place::this_program()?, &arguments)
	}
}

impl City {
	/// Ask about every window that all networks have had attested, until the user stops it or, if it is
	/// to happen once, everything held.
	async fn follow(&mut self, stage: &mut Stage<'_>, scene: &Scene) -> Result<End, OwnerError> {
		let gateways = scene.facts.networks.iter().map(|network| network.gateway);
		let gateways = gateways.collect::<Vec<GatewayId>>();
		let mut view = View::new(stage)?;
		let mut blocks = scene.chain.blocks(Kind::Finalized);
		let mut asked = None::<Window>;
		loop {
			tokio::select! {
				_ = blocks.next() => {},
				() = view.quit(&scene.facts, self.round.as_ref()) => return Ok(End::Stopped),
			}
			stage.processes.check()?;
			let window = match Box::pin(newest(&scene.chain, &gateways)).await {
				Ok(window) => {
					window.filter(|window| *window >= scene.from && Some(*window) > asked)
				},
				Err(error) => {
					view.note(stage, error.to_string());
					continue;
				},
			};
			let Some(window) = window else { continue };
			asked = Some(window);
			let Facts { cell, networks, .. } = &scene.facts;
			let round = ask_about(&scene.chain, networks, *cell, &scene.periods, window);
			match Box::pin(round).await {
				Ok(round) => {
					let holds = round.holds();
					view.tell(stage, &round);
					self.round = Some(round);
					if holds && self.proved.is_none() {
						self.proved = Some(stage.began.elapsed());
					}
					if holds && stage.once {
						return Ok(End::Done);
					}
				},
				// If it was more than a moment's trouble, the next window or the deadline tells.
				Err(error) => view.note(stage, error.to_string()),
			}
		}
	}

	/// What a command finds in its environment.
	fn variables(&self, scene: &Scene) -> [(&'static str, String); 5] {
		let filter = self.round.as_ref().map(|round| &round.answer.filter);
		let (from, until) = filter.map_or((0, 0), |filter| (filter.from, filter.to));
		let urls = scene.facts.networks.iter().map(|network| network.url.as_str());
		[
			("CAIRN_WS", scene.node_url.clone()),
			("CAIRN_CELL", scene.facts.cell.to_string()),
			("CAIRN_FROM", from.to_string()),
			("CAIRN_UNTIL", until.to_string()),
			("CAIRN_GATEWAYS", urls.collect::<Vec<_>>().join(" ")),
		]
	}

	/// Why it did not come to its end in time.
	fn unproved(&self) -> OwnerError {
		let failures = self.round.as_ref().map(Round::failures);
		let cause = failures.map_or_else(
			|| "no window was attested of all gateways".to_owned(),
			|failures| failures.join("; "),
		);
		OwnerError::refused(
			format!("not every value was proved within {} s: {cause}", ONCE.as_secs()),
			"look into the logs; keep them with --logs DIR",
		)
	}
}

/// Shows answers: live, or a line for each.
struct View {
	screen: Option<(Terminal, tokio::sync::mpsc::UnboundedReceiver<Input>)>,
	notes: Vec<String>,
}

impl View {
	/// Live if that makes sense.
	fn new(stage: &Stage<'_>) -> Result<Self, OwnerError> {
		let wants_live = !stage.once && is_live(stage.output);
		let screen = if wants_live { Some(Terminal::enter()?) } else { None };
		Ok(Self { screen, notes: Vec::new() })
	}

	/// Tell what came of a question.
	fn tell(&mut self, stage: &Stage<'_>, round: &Round) {
		self.notes.clear();
		let (window, values) = (round.window, round.answer.rows.len());
		if self.screen.is_some() {
			return;
		}
		match round.failures().as_slice() {
			[] => stage.say(&format!("window {window}: {values} values, each of them proved")),
			failures => stage.say(&format!("window {window}: {}", failures.join("; "))),
		}
	}

	/// Tell about trouble.
	fn note(&mut self, stage: &Stage<'_>, text: String) {
		if self.screen.is_none() {
			stage.say(&text);
			return;
		}
		self.notes.push(text);
		let excess = self.notes.len().saturating_sub(NOTES);
		self.notes.drain(..excess);
	}

	/// Ready when the user asks a live view to stop; until then it is kept as it should be.
	async fn quit(&mut self, facts: &Facts, round: Option<&Round>) {
		let Some((terminal, inputs)) = &mut self.screen else {
			return std::future::pending().await;
		};
		let mut redraw = interval(REDRAW);
		redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
		loop {
			let lines = fit(facts.screen(round, &self.notes), terminal.size());
			if terminal.draw(&lines).is_err() {
				return;
			}
			tokio::select! {
				input = inputs.recv() => match input {
					Some(Input::Resize) => {},
					Some(Input::Quit) | None => return,
				},
				_ = redraw.tick() => {},
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::demo::city::{round::tests::round, setup::tests::networks};

	#[test]
	fn what_does_not_hold_is_named() {
		let city = City::default();
		let text = city.unproved().to_string();
		assert!(text.contains("no window was attested"), "{text}");

		let mut round = round(&networks());
		round.checks[0].failed = Some("nothing of city-energy".to_owned());
		let city = City { round: Some(round), ..City::default() };
		let text = city.unproved().to_string();
		assert!(text.contains("every network answers: nothing of city-energy"), "{text}");
	}
}
