//! This machine as a device, from an empty chain to a paid claim.

mod setup;
mod stats;

use std::{ffi::OsString, path::Path};

use cairn_chain::{At, Chain, Kind, Signer, SubmitOptions, calls};
use cairn_types::{DeviceId, GatewayId};
use futures::future::LocalBoxFuture;
use tokio::time::timeout;

use self::{
	setup::Cast,
	stats::{Claimed, Stats},
};
use super::{
	place,
	scenario::{End, Story, Summary},
	setup::register_gateway,
	stage::{GatewayRun, ONCE, Stage},
};
use crate::{
	agent::{self, Scheme},
	cli::Output,
	owner::{
		OwnerError,
		earnings::Claimable,
		explain_device, format,
		rewards::claim::paid,
		watch::{Collector, Snapshot, Viewer},
	},
};

/// The story, and what has been seen of it.
#[derive(Default)]
pub(super) struct Host {
	stats: Stats,
}

/// What was set up: who is watched, and who claims.
struct Scene {
	chain: Chain,
	node_url: String,
	gateway: GatewayId,
	gateway_url: String,
	device: DeviceId,
	owner: Signer,
}

impl Story for Host {
	fn play<'a>(
		&'a mut self,
		stage: &'a mut Stage<'_>,
	) -> LocalBoxFuture<'a, Result<End, OwnerError>> {
		Box::pin(async move {
			let scene = Box::pin(set_up(stage)).await?;
			if !stage.once {
				return Box::pin(self.follow(stage, &scene)).await;
			}
			match timeout(ONCE, Box::pin(self.follow(stage, &scene))).await {
				Ok(Ok(End::Done)) => {
					let variables = Box::pin(scene.variables()).await?;
					Box::pin(stage.run_then(&variables)).await.map(|()| End::Done)
				},
				Ok(end) => end,
				Err(_) => {
					let reasons = explain_device(&scene.chain, scene.device).await?;
					Err(OwnerError::refused(
						format!("no claim was paid within {} s\n{reasons}", ONCE.as_secs()),
						"see the checks above; keep the logs with --logs DIR",
					))
				},
			}
		})
	}

	fn goal(&self) -> &'static str {
		"a claim was paid"
	}

	fn is_proved(&self) -> bool {
		self.stats.is_proved()
	}

	fn summary(&self, stage: &Stage<'_>) -> Result<Summary, OwnerError> {
		Summary::new(&self.stats.summary(stage.first_block, stage.began.elapsed()))
	}
}

/// Start the node, put everything on its chain, start gateway and agent.
async fn set_up(stage: &mut Stage<'_>) -> Result<Scene, OwnerError> {
	let [rpc, p2p, http] = place::free_ports()?;
	let node_url = format!("ws://127.0.0.1:{rpc}");
	let gateway_url = format!("http://127.0.0.1:{http}");
	stage.start_node(rpc, p2p, &gateway_url)?;
	stage.say(&format!("node started, {node_url}"));
	let chain = stage.first_block(&node_url).await?;
	stage.say("the first block is there");

	let Cast { operator, sealer, owner } = Cast::new()?;
	let ground = setup::ground(&chain, &operator).await?;
	let (schema, maker, network) = (ground.schema, ground.maker, ground.network);
	stage.say(&format!("schema {schema}, maker {maker} and network {network} are on the chain"));
	let key = stage.directory.join("device.key");
	let (pair, _) = agent::load_or_make(&key, Scheme::Ed25519)?;
	let (gateway, device) = tokio::try_join!(
		Box::pin(register_gateway(&chain, &sealer, network, &gateway_url)),
		Box::pin(setup::register_device(&chain, &owner, ground, &pair)),
	)?;
	stage.say(&format!("gateway {gateway} and device {device} are registered"));
	stage.start_gateway(&GatewayRun {
		id: gateway,
		name: "cairn gateway",
		secret: setup::SEALER_SECRET,
		port: http,
		node: &node_url,
		peers: Vec::new(),
	})?;
	let from = setup::put_to_work(&chain, &owner, device, gateway).await?;
	stage.say(&format!("device {device} works for gateway {gateway} from window {from} on"));
	stage.reach_gateway(&gateway_url).await?;
	start_agent(stage, &key, &gateway_url)?;
	stage.say("gateway and agent run");
	Ok(Scene { chain, node_url, gateway, gateway_url, device, owner })
}

fn start_agent(stage: &mut Stage<'_>, key: &Path, gateway: &str) -> Result<(), OwnerError> {
	let arguments: [OsString; 8] = [
		"agent".into(),
		"run".into(),
		"--gateway".into(),
		gateway.into(),
		"--key".into(),
		key.as_os_str().to_owned(),
		"--interval".into(),
		"1s".into(),
	];
	stage.start("cairn agent", &place::this_program()?, &arguments)
}

impl Scene {
	/// What a command finds in its environment.
	async fn variables(&self) -> Result<[(&'static str, String); 6], OwnerError> {
		let missing = |what: &str| OwnerError::refused(format!("{what} is gone"), "run it again");
		let batch = self.chain.matured(self.gateway, At::Best).await?;
		let batch = batch.ok_or_else(|| missing("the matured batch"))?;
		let device = self.chain.device(self.device, At::Best).await?;
		let assignment = device.and_then(|device| device.state.assignment);
		let slot = assignment.ok_or_else(|| missing("the device's slot"))?.current.slot;
		Ok([
			("CAIRN_WS", self.node_url.clone()),
			("CAIRN_DEVICE", self.device.to_string()),
			("CAIRN_GATEWAY", self.gateway.to_string()),
			("CAIRN_SLOT", slot.to_string()),
			("CAIRN_WINDOW", batch.window.to_string()),
			("CAIRN_ATTEMPT", batch.attempt.to_string()),
		])
	}
}

impl Host {
	/// Show every block and claim whatever can be claimed, until the user stops it or, if it is to
	/// happen once, a claim was paid.
	async fn follow(&mut self, stage: &mut Stage<'_>, scene: &Scene) -> Result<End, OwnerError> {
		let url = Some(scene.gateway_url.as_str());
		let mut collector = Collector::new(&scene.chain, url, Some(scene.device)).await?;
		let mut viewer = match stage.output {
			Output::Text => Some(Viewer::new(stage.output, !stage.once)?),
			Output::Json => None,
		};
		let mut blocks = scene.chain.blocks(Kind::Best);
		loop {
			let block = tokio::select! {
				block = blocks.next() => block,
				() = quit(&mut viewer) => return Ok(End::Stopped),
			};
			stage.processes.check()?;
			let snapshot = match Box::pin(collector.snapshot(block)).await {
				Ok(snapshot) => snapshot,
				// If it was more than a moment's trouble, the next check or the deadline tells.
				Err(error) => {
					note(&mut viewer, &[error.to_string()])?;
					continue;
				},
			};
			self.stats.note(&snapshot);
			if let Some(viewer) = &mut viewer {
				viewer.show(snapshot.clone())?;
			}
			let claimed = Box::pin(self.claim(stage, scene, &snapshot)).await;
			note(&mut viewer, &claimed.notes)?;
			if let (true, Some(claim)) = (stage.once, claimed.paid) {
				return if claim.paid == claim.displayed {
					Ok(End::Done)
				} else {
					Err(differs(claim))
				};
			}
		}
	}

	/// Claim what a snapshot shows as claimable.
	async fn claim(&mut self, stage: &Stage<'_>, scene: &Scene, snapshot: &Snapshot) -> Claiming {
		let earning = snapshot.device.as_ref().and_then(|device| device.earning.as_ref());
		let Some(Claimable::With { claim, released, .. }) = earning.map(|it| &it.claimable) else {
			return Claiming::default();
		};
		let displayed = *released;
		if displayed == 0 {
			return Claiming::default();
		}
		let mut notes = vec![format!("claiming {}", format::amount(displayed))];
		let call = calls::rewards::claim_attested(claim);
		let sent = scene.chain.submit(&call, &scene.owner, SubmitOptions::default()).await;
		let outcome = match sent {
			Ok(outcome) => outcome,
			Err(error) => {
				notes.push(format!("the claim failed: {error}"));
				return Claiming { notes, paid: None };
			},
		};
		let after = stage.began.elapsed();
		let amount = paid(&outcome).iter().map(|paid| paid.released).fold(0, u128::saturating_add);
		let claimed = Claimed { displayed, paid: amount, after };
		self.stats.claims.push(claimed);
		let block = outcome.number;
		notes.push(format!(
			"claimed: paid {} in block {block}, {:.1} s after the node's start",
			format::amount(amount),
			after.as_secs_f64()
		));
		Claiming { notes, paid: Some(claimed) }
	}
}

/// What came of a claim.
#[derive(Default)]
struct Claiming {
	notes: Vec<String>,
	paid: Option<Claimed>,
}

fn differs(claim: Claimed) -> OwnerError {
	OwnerError::refused(
		format!(
			"the claim paid {}, but {} was displayed as claimable",
			format::amount(claim.paid),
			format::amount(claim.displayed)
		),
		"report it: what is displayed has to be what a claim pays",
	)
}

/// Tell who watches.
fn note(viewer: &mut Option<Viewer>, texts: &[String]) -> Result<(), OwnerError> {
	let Some(viewer) = viewer else { return Ok(()) };
	texts.iter().try_for_each(|text| viewer.note(text))
}

/// Ready when the user asks a live view to stop.
async fn quit(viewer: &mut Option<Viewer>) {
	match viewer {
		Some(viewer) => viewer.quit().await,
		None => std::future::pending().await,
	}
}
