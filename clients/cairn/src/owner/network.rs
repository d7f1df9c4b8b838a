//! `cairn network`: the DePINs that live on the chain.

use std::fmt;

use cairn_chain::{At, Call, Outcome, account_text, calls, views::Clock, views::NetworkView};
use cairn_types::{
	MakerId, MeterRule, NetworkConfig, NetworkId, SchemaId,
	meter::{Admission, MAX_ADMITTED},
	schema::Name,
};
use serde::Serialize;
use serde_json::{Value, json};
use sp_core::bounded::BoundedVec;

use super::{
	error::OwnerError,
	format,
	options::Signing,
	output::{Receipt, Smallest},
	parse::{self, Counter, Uptime},
	schema,
	session::{Session, missing_event},
};
use crate::cli::Global;

const EXAMPLES: &str = "\
Examples:
  cairn network create --name meadow --schema 0 --uptime 3:1000 --certified 0 --suri //Alice
      Devices of maker 0 earn up to 1000 units a window: a reading in each third of it.
  cairn network create --name mesh --schema 1 --counter net-received:1000000 --key account.key
      Any device; units are the increase of a counter, at most a million a second.
  cairn network configure 0 --uptime 6:1000 --key account.key
      What is not named stays. Holds from the next cycle on.
  cairn network pause 0 --key account.key
  cairn network show 0 --output json";

/// Networks: the DePINs that live on the chain
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct NetworkArgs {
	#[command(subcommand)]
	command: NetworkCommand,
}

/// Networks: the DePINs that live on the chain
#[derive(Debug, clap::Subcommand)]
enum NetworkCommand {
	/// Create a network, against a deposit; prints its id
	Create(Create),
	/// Change schema, meter rule or admission from the next cycle on
	Configure(Configure),
	/// Stop a network with the next window; what was earned stays
	Pause(One),
	/// Let a paused network run again
	Resume(One),
	/// Close a network for good
	Close(One),
	/// Remove a closed network and return its deposit
	Reap(One),
	/// Offer a network to another owner
	Transfer {
		/// The network's id
		id: NetworkId,
		/// Who may accept it; your own account withdraws an offer
		#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
		to: [u8; 32],
		#[command(flatten)]
		signing: Signing,
	},
	/// Take a network that was offered to you
	Accept(One),
	/// Show a network
	Show {
		/// The network's id
		id: NetworkId,
	},
}

/// A network, and who signs.
#[derive(Debug, clap::Args)]
struct One {
	/// The network's id
	id: NetworkId,
	#[command(flatten)]
	signing: Signing,
}

/// Create a network, against a deposit; prints its id
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("meter").required(true).args(["uptime", "counter"]))]
struct Create {
	/// A label: letters, digits and - : . / _
	#[arg(long, value_parser = parse::name)]
	name: Name,

	/// What its devices report
	#[arg(long, value_name = "ID")]
	schema: SchemaId,

	#[command(flatten)]
	rule: Rule,

	#[command(flatten)]
	signing: Signing,
}

/// Change schema, meter rule or admission from the next cycle on
#[derive(Debug, clap::Args)]
struct Configure {
	/// The network's id
	id: NetworkId,

	/// What its devices report
	#[arg(long, value_name = "ID")]
	schema: Option<SchemaId>,

	#[command(flatten)]
	rule: Rule,

	/// Admit every device: the network has no part in the bootstrap pool then
	#[arg(long, conflicts_with = "certified")]
	open: bool,

	#[command(flatten)]
	signing: Signing,
}

/// What counts, and who may join.
#[derive(Debug, clap::Args)]
struct Rule {
	/// Units for being there: EXPECTED equal intervals of a window, CAP units if all hold a reading
	#[arg(long, value_name = "EXPECTED:CAP", conflicts_with = "counter")]
	uptime: Option<Uptime>,

	/// Units for use: the increase of a counter channel (name or index), at most MAXRATE a second
	#[arg(long, value_name = "CHANNEL:MAXRATE")]
	counter: Option<Counter>,

	/// Admit devices certified by these makers only; without it, every device
	#[arg(long, value_name = "MAKER", num_args = 1.., value_delimiter = ',')]
	certified: Vec<MakerId>,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &NetworkArgs) -> Result<(), OwnerError> {
	use calls::networks;

	let session = Session::open(global).await?;
	match &args.command {
		NetworkCommand::Create(create) => run_create(&session, create).await,
		NetworkCommand::Configure(configure) => run_configure(&session, configure).await,
		NetworkCommand::Pause(one) => {
			send(&session, one, networks::pause(one.id), "network paused").await
		},
		NetworkCommand::Resume(one) => {
			send(&session, one, networks::resume(one.id), "network resumed").await
		},
		NetworkCommand::Close(one) => {
			send(&session, one, networks::close(one.id), "network closed").await
		},
		NetworkCommand::Reap(one) => {
			send(&session, one, networks::reap(one.id), "network removed").await
		},
		NetworkCommand::Accept(one) => {
			send(&session, one, networks::accept(one.id), "network accepted").await
		},
		NetworkCommand::Transfer { id, to, signing } => {
			let receipt = |outcome: &Outcome| {
				Receipt::new("network offered", outcome)
					.with("network", id.0)
					.with("to", account_text(to))
					.note(format!("the other account takes it with `cairn network accept {id}`"))
			};
			session.submit_and_print(&networks::transfer(*id, to), signing, receipt).await
		},
		NetworkCommand::Show { id } => {
			let network = find(&session, *id).await?;
			let clock = session.clock().await?;
			let pool = session.chain.cycle_view(clock.cycle, At::Best).await?;
			let pool = pool.map_or(0, |cycle| cycle.pool(network.weight));
			session.print(&Shown { network, clock, pool })
		},
	}
}

async fn send(
	session: &Session,
	one: &One,
	call: Call,
	action: &'static str,
) -> Result<(), OwnerError> {
	let receipt = |outcome: &Outcome| Receipt::new(action, outcome).with("network", one.id.0);
	session.submit_and_print(&call, &one.signing, receipt).await
}

async fn run_create(session: &Session, create: &Create) -> Result<(), OwnerError> {
	let config = NetworkConfig {
		schema: create.schema,
		meter: meter(session, create.schema, &create.rule).await?,
		admission: admission(&create.rule.certified)?,
	};
	let call = calls::networks::create(&create.name, &config);
	let outcome = session.submit(&call, &create.signing).await?;
	let (id, from) = created(&outcome)?;
	let mut receipt = Receipt::new("network created", &outcome)
		.with("network", id.0)
		.with("from_window", from)
		.note(format!("next: cairn gateway register --network {id} --endpoint URL"));
	if !config.admission.is_certified() {
		receipt = receipt.note("it admits every device, so it has no part in the bootstrap pool");
	}
	session.print(&receipt)
}

async fn run_configure(session: &Session, configure: &Configure) -> Result<(), OwnerError> {
	let rule = &configure.rule;
	let now = find(session, configure.id).await?.next;
	let schema = configure.schema.unwrap_or(now.schema);
	let has_meter = rule.uptime.is_some() || rule.counter.is_some();
	let config = NetworkConfig {
		schema,
		meter: if has_meter { meter(session, schema, rule).await? } else { now.meter },
		admission: match (configure.open, rule.certified.is_empty()) {
			(true, _) => Admission::Open,
			(false, true) => now.admission.clone(),
			(false, false) => admission(&rule.certified)?,
		},
	};
	if config == now {
		return Err(OwnerError::usage(
			"this is what holds already",
			"name --schema, --uptime, --counter, --certified or --open with another value",
		));
	}
	let call = calls::networks::configure(configure.id, &config);
	let outcome = session.submit(&call, &configure.signing).await?;
	let event = outcome.find::<(NetworkId, NetworkConfig, u32)>("Networks", "Configured");
	let (id, _, since) = event.ok_or_else(|| missing_event("Networks.Configured"))?;
	let receipt = Receipt::new("network configured", &outcome)
		.with("network", id.0)
		.with("since_cycle", since)
		.note("a second change is accepted when nothing before it can be checked any more");
	session.print(&receipt)
}

/// The id of the network that a transaction created, and the first window in which it runs.
///
/// # Errors
/// If the event is missing.
pub(crate) fn created(outcome: &Outcome) -> Result<(NetworkId, u32), OwnerError> {
	let event = outcome.find::<(NetworkId, [u8; 32], u32)>("Networks", "Created");
	event.map(|(id, _, from)| (id, from)).ok_or_else(|| missing_event("Networks.Created"))
}

async fn find(session: &Session, id: NetworkId) -> Result<NetworkView, OwnerError> {
	session.chain.network(id, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("network {id}"),
			"take the id that `cairn network create` printed; a closed network may be gone",
		)
	})
}

async fn meter(session: &Session, schema: SchemaId, rule: &Rule) -> Result<MeterRule, OwnerError> {
	let (schema, _) = schema::find(session, schema).await?;
	parse::meter(rule.uptime, rule.counter.as_ref(), &schema)
		.map_err(|cause| OwnerError::usage(cause, "see `cairn schema show ID` for its channels"))
}

fn admission(makers: &[MakerId]) -> Result<Admission, OwnerError> {
	if makers.is_empty() {
		return Ok(Admission::Open);
	}
	let makers = BoundedVec::try_from(makers.to_vec()).map_err(|_| {
		OwnerError::usage(
			format!("a network admits at most {MAX_ADMITTED} makers"),
			"name fewer with --certified",
		)
	})?;
	Ok(Admission::Certified(makers))
}

/// A meter rule in words.
pub(crate) fn meter_text(meter: &MeterRule) -> String {
	match meter {
		MeterRule::Uptime { expected, cap } => {
			format!("uptime: {expected} intervals a window, up to {cap} units")
		},
		MeterRule::Counter { channel, max_rate } => {
			format!("counter: channel {channel}, at most {max_rate} units a second")
		},
	}
}

/// An admission in words.
pub(crate) fn admission_text(admission: &Admission) -> String {
	match admission {
		Admission::Open => "every device".to_owned(),
		Admission::Certified(makers) => {
			let names = makers.iter().map(ToString::to_string).collect::<Vec<_>>();
			format!("devices certified by maker {}", names.join(", "))
		},
	}
}

fn config_json(config: &NetworkConfig) -> Value {
	json!({ "schema": config.schema, "meter": config.meter, "admission": config.admission })
}

/// A network as it is shown.
struct Shown {
	network: NetworkView,
	clock: Clock,
	/// Its pool in the current cycle.
	pool: u128,
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let network = &self.network;
		let document = json!({
			"network": network.network,
			"name": format::text(&network.name),
			"owner": account_text(&network.owner),
			"stage": format::text(&network.stage),
			"config": config_json(&network.config),
			"next_config": config_json(&network.next),
			"weight": network.weight,
			"cycle": self.clock.cycle,
			"cycle_pool": Smallest(self.pool),
			"cycle_units": network.units.to_string(),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let NetworkView { network, owner, name, stage, config, next, weight, units } =
			&self.network;
		let cycle = self.clock.cycle;
		writeln!(f, "network {network} {}: {}", format::text(name), format::text(stage))?;
		writeln!(f, "  owner        {}", account_text(owner))?;
		for (label, config) in [("now", config), ("next cycle", next)] {
			if label != "now" && next == &self.network.config {
				continue;
			}
			writeln!(f, "  {label}")?;
			writeln!(f, "    schema     {}", config.schema)?;
			writeln!(f, "    meter      {}", meter_text(&config.meter))?;
			writeln!(f, "    admits     {}", admission_text(&config.admission))?;
		}
		let pool = format::amount(self.pool);
		writeln!(
			f,
			"  cycle {cycle}: weight {weight}, {units} units attested so far, shares {pool}"
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{Moment, Periods};

	fn view(next: NetworkConfig) -> NetworkView {
		NetworkView {
			network: NetworkId(2),
			owner: [7; 32],
			name: b"meadow".to_vec(),
			stage: b"Running".to_vec(),
			config: config(),
			next,
			weight: 1,
			units: 500,
		}
	}

	fn config() -> NetworkConfig {
		NetworkConfig {
			schema: SchemaId(0),
			meter: MeterRule::Uptime { expected: 3, cap: 1_000 },
			admission: Admission::Certified(BoundedVec::truncate_from(vec![MakerId(4)])),
		}
	}

	fn clock() -> Clock {
		let periods = Periods::DEVELOPMENT;
		let now = Moment { window: 10, tick: 8 };
		Clock { now, cycle: 2, periods, record: None, required: [0; 32], upcoming: [0; 32] }
	}

	#[test]
	fn a_network_is_shown_in_words() {
		let shown = Shown { network: view(config()), clock: clock(), pool: 3 * format::UNIT };
		let text = shown.to_string();
		for expected in ["network 2 meadow: Running", "3 intervals", "maker 4", "shares 3 CAIRN"] {
			assert!(text.contains(expected), "{text}");
		}
		assert!(!text.contains("next cycle"));
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["cycle_pool"], "3000000000000");
		assert_eq!(value["config"]["meter"]["uptime"]["cap"], 1_000);
	}

	#[test]
	fn a_change_to_come_is_shown() {
		let next = NetworkConfig { admission: Admission::Open, ..config() };
		let shown = Shown { network: view(next), clock: clock(), pool: 0 };
		assert!(shown.to_string().contains("every device"));
	}

	#[test]
	fn without_makers_everybody_is_admitted() {
		assert_eq!(admission(&[]).expect("open"), Admission::Open);
		let many = (0..17).map(MakerId).collect::<Vec<_>>();
		assert!(admission(&many).is_err());
	}
}
