//! `cairn gateway register|endpoint|retire|reap|show|collect|expire`: the operator's transactions.

use std::fmt;

use cairn_chain::{
	At, Outcome, account_text, calls,
	views::{BatchStage, BatchView, Clock, GatewayView, HeadView},
};
use cairn_types::{Attempt, GatewayId, NetworkId, Slot, Window};
use serde::Serialize;
use serde_json::{Value, json};
use sp_core::bounded::BoundedVec;

use super::{
	batch::{Batch, recent},
	error::OwnerError,
	format,
	options::Signing,
	output::{Receipt, Smallest},
	outside::{Bounds, hidden},
	parse,
	session::{Session, missing_event},
};
use crate::cli::Global;

/// Batches that one `collect` pays for.
const MAX_COLLECTED: usize = 16;

/// What a gateway's operator sends to the chain.
#[derive(Debug, clap::Subcommand)]
pub enum GatewayAdmin {
	/// Register a gateway of yours for a network, against a bond; prints its id
	Register(Register),
	/// Tell where devices reach a gateway from now on
	Endpoint(Endpoint),
	/// Retire a gateway with the next window; keep it running until its devices have claimed
	Retire(One),
	/// Remove a retired gateway and return its bond; repeat while batches are left
	Reap(One),
	/// Show a gateway, its heads, its record and its last batches
	Show(Show),
	/// Pay out the fees of batches whose time for verdicts is over: to their committees
	Collect(Collect),
	/// Let a batch die that is due without a quorum, so that its window can be sealed again
	Expire(One),
	/// Give up a slot that has ended, and take its deposit back; claim first
	CloseSlot(CloseSlot),
}

/// A gateway, and who signs.
#[derive(Debug, clap::Args)]
pub struct One {
	/// The gateway's id
	id: GatewayId,
	#[command(flatten)]
	signing: Signing,
}

/// Register a gateway of yours for a network, against a bond; prints its id
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gateway register --network 0 --endpoint https://gateway.example --key operator.key
  cairn gateway run --id 0 --operator-key operator.key")]
pub struct Register {
	/// The one network that it serves
	#[arg(long, value_name = "ID")]
	network: NetworkId,
	/// Where devices, owners and committee members reach it: host, port and path, no parameters
	#[arg(long, value_name = "URL", value_parser = parse::endpoint)]
	endpoint: String,
	#[command(flatten)]
	place: Place,
	#[command(flatten)]
	signing: Signing,
}

/// Tell where devices reach a gateway from now on
#[derive(Debug, clap::Args)]
pub struct Endpoint {
	/// The gateway's id
	id: GatewayId,
	/// Where devices, owners and committee members reach it: host, port and path, no parameters
	#[arg(value_name = "URL", value_parser = parse::endpoint)]
	endpoint: String,
	#[command(flatten)]
	place: Place,
	#[command(flatten)]
	signing: Signing,
}

/// Where an endpoint may be.
#[derive(Debug, clap::Args)]
struct Place {
	/// Let the endpoint be an address that is not public: for a chain whose owners and readers are all
	/// in one network
	///
	/// Others' commands do not ask there, unless they say so: it would be an address of their own
	/// network. On a chain for development whose node is on this machine any address will do.
	#[arg(long)]
	allow_private: bool,
}

/// Show a gateway, its heads, its record and its last batches
#[derive(Debug, clap::Args)]
pub struct Show {
	/// The gateway's id
	id: GatewayId,
}

/// Pay out the fees of batches whose time for verdicts is over: to their committees
#[derive(Debug, clap::Args)]
pub struct Collect {
	/// The gateway's id
	id: GatewayId,
	/// A batch, as WINDOW or WINDOW:ATTEMPT; without one, all of its last batches that are due
	#[arg(long, value_name = "BATCH", value_parser = batch_name, num_args = 1.., value_delimiter = ',')]
	batch: Vec<(Window, Attempt)>,
	#[command(flatten)]
	signing: Signing,
}

/// Give up a slot that has ended, and take its deposit back; claim first
#[derive(Debug, clap::Args)]
pub struct CloseSlot {
	/// The gateway's id
	id: GatewayId,
	/// The slot
	#[arg(long)]
	slot: Slot,
	#[command(flatten)]
	signing: Signing,
}

/// `WINDOW` or `WINDOW:ATTEMPT`.
fn batch_name(text: &str) -> Result<(Window, Attempt), String> {
	let bad = |_| format!("{text:?} is not WINDOW or WINDOW:ATTEMPT, for example 291000:0");
	let (window, attempt) = text.split_once(':').unwrap_or((text, "0"));
	Ok((window.parse().map_err(bad)?, attempt.parse().map_err(bad)?))
}

/// Run an operator's command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, command: &GatewayAdmin) -> Result<(), OwnerError> {
	use calls::telemetry;

	let session = &Session::open(global).await?;
	match command {
		GatewayAdmin::Register(register) => {
			let endpoint = endpoint(&register.endpoint)?;
			Box::pin(register.place.ensure(session, &register.endpoint)).await?;
			let call = telemetry::register_gateway(register.network, &endpoint);
			let outcome = session.submit(&call, &register.signing).await?;
			let id = registered(&outcome)?;
			let receipt = Receipt::new("gateway registered", &outcome)
				.with("gateway", id.0)
				.with("network", register.network.0)
				.with("endpoint", register.endpoint.clone())
				.note(format!("next: cairn gateway run --id {id} --operator-key FILE"));
			session.print(&receipt)
		},
		GatewayAdmin::Endpoint(args) => {
			let call = telemetry::update_endpoint(args.id, &endpoint(&args.endpoint)?);
			Box::pin(args.place.ensure(session, &args.endpoint)).await?;
			let receipt = |outcome: &Outcome| {
				receipt("endpoint updated", args.id, outcome)
					.with("endpoint", args.endpoint.clone())
			};
			session.submit_and_print(&call, &args.signing, receipt).await
		},
		GatewayAdmin::Retire(one) => {
			let outcome = session.submit(&telemetry::retire_gateway(one.id), &one.signing).await?;
			let event = outcome.find::<(GatewayId, Window)>("Telemetry", "GatewayRetired");
			let (id, until) = event.ok_or_else(|| missing_event("Telemetry.GatewayRetired"))?;
			let receipt = receipt("gateway retired", id, &outcome)
				.with("until_window", until)
				.note("keep it running: owners need its proofs to claim what they earned");
			session.print(&receipt)
		},
		GatewayAdmin::Reap(one) => {
			let outcome = session.submit(&telemetry::reap_gateway(one.id), &one.signing).await?;
			let gone = outcome.find::<GatewayId>("Telemetry", "GatewayReaped").is_some();
			let action = if gone { "gateway removed" } else { "some batches removed: repeat" };
			session.print(&receipt(action, one.id, &outcome).with("removed", gone))
		},
		GatewayAdmin::Show(show) => run_show(session, show.id).await,
		GatewayAdmin::Collect(collect) => run_collect(session, collect).await,
		GatewayAdmin::Expire(one) => {
			let call = telemetry::expire(one.id);
			let receipt = |outcome: &Outcome| receipt("dead batches removed", one.id, outcome);
			session.submit_and_print(&call, &one.signing, receipt).await
		},
		GatewayAdmin::CloseSlot(close) => {
			let call = telemetry::close_leaf(close.id, close.slot);
			let receipt = |outcome: &Outcome| {
				receipt("slot closed", close.id, outcome).with("slot", close.slot)
			};
			session.submit_and_print(&call, &close.signing, receipt).await
		},
	}
}

/// The id of the gateway that a transaction registered.
///
/// # Errors
/// If the event is missing.
pub(crate) fn registered(outcome: &Outcome) -> Result<GatewayId, OwnerError> {
	type Fields = (GatewayId, [u8; 32], NetworkId);
	let event = outcome.find::<Fields>("Telemetry", "GatewayRegistered");
	event.map(|(id, ..)| id).ok_or_else(|| missing_event("Telemetry.GatewayRegistered"))
}

/// A gateway's address as the chain keeps it.
///
/// # Errors
/// If it is too long.
pub(crate) fn endpoint(url: &str) -> Result<calls::telemetry::Endpoint, OwnerError> {
	BoundedVec::try_from(url.as_bytes().to_vec()).map_err(|_| {
		OwnerError::usage("an endpoint has at most 128 bytes", "use a shorter address")
	})
}

impl Place {
	/// Ensure that owners and readers ask at an endpoint.
	///
	/// # Errors
	/// If it leads to no public address, and may not; or the node does not answer.
	async fn ensure(&self, session: &Session, url: &str) -> Result<(), OwnerError> {
		match Bounds::of(&session.chain, self.allow_private).await? {
			Bounds::Anywhere => Ok(()),
			Bounds::Public => ensure_public(url).await,
		}
	}
}

async fn ensure_public(url: &str) -> Result<(), OwnerError> {
	match hidden(url).await {
		None => Ok(()),
		Some(inside) => Err(OwnerError::usage(
			format!("the endpoint {url} {inside}: owners and readers elsewhere do not ask there"),
			"give an address that they reach; with --allow-private it may be in a network that all of \
			 them are in",
		)),
	}
}

/// A gateway of the chain.
///
/// # Errors
/// If there is none.
pub(crate) async fn find(session: &Session, id: GatewayId) -> Result<GatewayView, OwnerError> {
	session.chain.gateway(id, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("gateway {id}"),
			"take the id that `cairn gateway register` printed; a retired gateway may be gone",
		)
	})
}

fn receipt(action: &'static str, id: GatewayId, outcome: &Outcome) -> Receipt {
	Receipt::new(action, outcome).with("gateway", id.0)
}

async fn run_show(session: &Session, id: GatewayId) -> Result<(), OwnerError> {
	let gateway = find(session, id).await?;
	let clock = session.clock().await?;
	let matured = session.chain.matured(id, At::Best).await?;
	let batches = recent(&session.chain, &gateway, &clock).await?;
	session.print(&Shown { gateway, clock, matured, batches })
}

async fn run_collect(session: &Session, collect: &Collect) -> Result<(), OwnerError> {
	let named = if collect.batch.is_empty() {
		let gateway = find(session, collect.id).await?;
		let clock = session.clock().await?;
		let batches = recent(&session.chain, &gateway, &clock).await?;
		let over = batches.into_iter().filter(|batch| match batch.view.stage {
			BatchStage::Pending => false,
			BatchStage::Attested { .. } => batch.view.due.is_some_and(|due| clock.now.tick >= due),
			BatchStage::Dead => true,
		});
		over.map(|batch| (batch.view.window, batch.view.attempt)).collect()
	} else {
		collect.batch.clone()
	};
	if named.is_empty() {
		return Err(OwnerError::refused(
			"the time for verdicts is over for none of the gateway's last batches",
			"see `cairn gateway show`; name older ones with --batch",
		));
	}
	let mut receipts = Vec::new();
	for chunk in named.chunks(MAX_COLLECTED) {
		let batches = chunk.iter().map(|(window, attempt)| (collect.id, *window, *attempt));
		let batches = BoundedVec::truncate_from(batches.collect());
		let call = calls::telemetry::collect(&batches);
		match session.submit(&call, &collect.signing).await {
			Ok(outcome) => receipts.push(collected(collect.id, &outcome)),
			// What was collected before needs no error if the command chose the batches.
			Err(error) if collect.batch.is_empty() && is_collected(&error) => {
				for batch in &batches {
					let one = BoundedVec::truncate_from(vec![*batch]);
					let call = calls::telemetry::collect(&one);
					match session.submit(&call, &collect.signing).await {
						Ok(outcome) => receipts.push(collected(collect.id, &outcome)),
						Err(error) if is_collected(&error) => {},
						Err(error) => return Err(error),
					}
				}
			},
			Err(error) => return Err(error),
		}
	}
	for receipt in &receipts {
		session.print(receipt)?;
	}
	if receipts.is_empty() {
		return Err(OwnerError::refused(
			"the fees of the gateway's last batches have been paid out already",
			"nothing is left to do",
		));
	}
	Ok(())
}

fn is_collected(error: &OwnerError) -> bool {
	error.dispatch_name() == Some("Telemetry::AlreadyCollected")
}

fn collected(id: GatewayId, outcome: &Outcome) -> Receipt {
	type Fields = (GatewayId, Window, Attempt, u128, u32, u128);
	let batches = outcome.all::<Fields>("Telemetry", "Collected");
	let words = batches.iter().map(|(_, window, _, share, members, _)| {
		let members = format::count(u64::from(*members), "member");
		format!("window {window}: {} to each of {members}", format::amount(*share))
	});
	let words = words.collect::<Vec<_>>().join("\n               ");
	let batches = batches.iter().map(|(_, window, attempt, share, members, returned)| {
		json!({
			"window": window,
			"attempt": attempt,
			"share": Smallest(*share),
			"members": members,
			"returned": Smallest(*returned),
		})
	});
	receipt("fees paid out", id, outcome).with_shown("batches", batches.collect::<Vec<_>>(), words)
}

/// A gateway as it is shown.
struct Shown {
	gateway: GatewayView,
	clock: Clock,
	matured: Option<HeadView>,
	batches: Vec<Batch>,
}

fn head_json(head: &HeadView) -> Value {
	json!({ "window": head.window, "attempt": head.attempt, "root": format::hash(&head.root) })
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let gateway = &self.gateway;
		let [attested, invalid, unavailable, no_quorum] = gateway.record;
		let document = json!({
			"gateway": gateway.gateway,
			"operator": account_text(&gateway.operator),
			"network": gateway.network,
			"endpoint": format::text(&gateway.endpoint),
			"retired": gateway.retired,
			"sealed": gateway.sealed.as_ref().map(head_json),
			"attested": gateway.attested.as_ref().map(head_json),
			"matured": self.matured.as_ref().map(head_json),
			"attempt": gateway.attempt,
			"next_window": gateway.next_window,
			"slots": gateway.slots,
			"assigned": gateway.assigned,
			"batches": {
				"attested": attested,
				"invalid": invalid,
				"unavailable": unavailable,
				"no_quorum": no_quorum,
			},
			"accrued": Smallest(gateway.accrued),
			"paid": Smallest(gateway.paid),
			"window": self.clock.now.window,
			"recent": self.batches.iter().map(|batch| batch.json(&self.clock)).collect::<Vec<_>>(),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let gateway = &self.gateway;
		let state = if gateway.retired { "retired" } else { "serving" };
		writeln!(f, "gateway {}: {state} network {}", gateway.gateway, gateway.network)?;
		writeln!(f, "  operator     {}", account_text(&gateway.operator))?;
		writeln!(f, "  endpoint     {}", format::text(&gateway.endpoint))?;
		let slots = format::count(u64::from(gateway.slots), "slot");
		writeln!(f, "  devices      {} assigned, {slots} given so far", gateway.assigned)?;
		let window = |head: Option<&HeadView>| match head {
			Some(head) => format!("window {}", head.window),
			None => "none".to_owned(),
		};
		let now = self.clock.now.window;
		writeln!(f, "  sealed       {} (now is {now})", window(gateway.sealed.as_ref()))?;
		writeln!(f, "  attested     {}", window(gateway.attested.as_ref()))?;
		writeln!(f, "  matured      {}", window(self.matured.as_ref()))?;
		let [attested, invalid, unavailable, missing] = gateway.record;
		let dead =
			format!("{invalid} invalid, {unavailable} unavailable, {missing} without a quorum");
		writeln!(f, "  batches      {attested} attested, {dead}")?;
		let (accrued, paid) = (format::amount(gateway.accrued), format::amount(gateway.paid));
		writeln!(f, "  earned       {accrued} by its devices, {paid} of it claimed")?;
		for batch in &self.batches {
			let BatchView { window, attempt, .. } = &batch.view;
			writeln!(f, "  window {window} attempt {attempt}: {}", batch.text(&self.clock))?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_batch_is_named() {
		assert_eq!(batch_name("12"), Ok((12, 0)));
		assert_eq!(batch_name("12:3"), Ok((12, 3)));
		for text in ["", ":", "12:", "a:1", "-1"] {
			assert!(batch_name(text).is_err(), "{text}");
		}
	}

	#[tokio::test]
	async fn fails_when_nobody_elsewhere_asks_at_an_endpoint() {
		for url in ["http://127.0.0.1:9977", "http://192.168.1.1/x", "http://localhost:9977"] {
			let error = ensure_public(url).await.expect_err(url);
			assert!(matches!(error, OwnerError::Usage { .. }), "{error}");
			assert!(error.to_string().contains("Remedy: give an address that they reach"));
		}
		assert!(ensure_public("https://1.1.1.1:9977").await.is_ok());
	}

	#[test]
	fn fails_when_an_endpoint_is_too_long() {
		assert!(endpoint("http://127.0.0.1:9977").is_ok());
		assert!(endpoint(&format!("http://{}", "x".repeat(130))).is_err());
	}
}
