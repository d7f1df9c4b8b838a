//! The owner's side of the `cairn` command: schemas, makers, networks, gateways, devices, rewards.
//!
//! Every command is the same three steps: read the chain (or a gateway), send a transaction if there
//! is something to change, and answer, for people or for programs. What decides is pure and lies
//! apart: how arguments are read and values are shown, the findings of `device why`, the events and
//! the screen of `watch`.

mod account;
mod approval;
mod batch;
pub(crate) mod certificate;
mod chain;
pub(crate) mod device;
pub(crate) mod earnings;
mod error;
pub(crate) mod format;
pub(crate) mod gateway;
mod gov;
#[cfg(test)]
mod lines;
mod maker;
mod network;
pub(crate) mod options;
mod output;
pub(crate) mod outside;
pub(crate) mod parse;
pub(crate) mod patience;
pub(crate) mod rewards;
mod schema;
pub(crate) mod served;
pub(crate) mod session;
mod validator;
pub(crate) mod watch;
mod why;

pub use account::{AccountArgs, TransferArgs};
pub use batch::BatchArgs;
pub use chain::ChainArgs;
pub use device::DeviceArgs;
pub use error::OwnerError;
pub use gateway::GatewayAdmin;
pub use gov::GovArgs;
pub use maker::MakerArgs;
pub use network::NetworkArgs;
pub use rewards::RewardsArgs;
pub use schema::SchemaArgs;
pub use validator::ValidatorArgs;
pub use watch::WatchArgs;

pub(crate) use output::{print, write_line};

pub(crate) use maker::registered as maker_registered;
pub(crate) use network::created as network_created;
pub(crate) use schema::{library_schema, published as schema_published, read as read_schema};

use cairn_chain::Chain;
use cairn_types::DeviceId;

use crate::{
	cli::{Global, Output},
	data::{self, DataArgs},
};

/// What owners of devices and operators of networks do.
#[derive(Debug, clap::Subcommand)]
pub enum OwnerCommand {
	/// Schemas: what devices report
	Schema(SchemaArgs),
	/// Makers: who certifies devices
	Maker(MakerArgs),
	/// Networks: the DePINs that live on the chain
	Network(NetworkArgs),
	/// Devices: register, activate, move, sell, end; and why one earns or does not
	Device(DeviceArgs),
	/// Rewards: what devices have earned, and claiming it
	Rewards(RewardsArgs),
	/// Validators: keys, stake, pay, and why one validates or does not
	Validator(ValidatorArgs),
	/// Governance: propose, try out, vote, delegate, and follow referenda
	Gov(GovArgs),
	/// Batches: what was sealed, and what committees say of it
	Batch(BatchArgs),
	/// Data: what devices have read, with proofs
	Data(DataArgs),
	/// Transfer tokens, and keep the sender's account alive
	Transfer(TransferArgs),
	/// Accounts: what they have
	Account(AccountArgs),
	/// The chain: blocks, windows, ticks and cycles
	Chain(ChainArgs),
	/// Watch blocks, windows, batches and rewards, live; without a terminal, a line for each event
	Watch(WatchArgs),
}

/// Run a command.
///
/// # Errors
/// Whatever stops it; [`OwnerError::exit_code`] says with which code to exit.
pub async fn run(global: &Global, command: &OwnerCommand) -> Result<(), OwnerError> {
	match command {
		OwnerCommand::Schema(args) => boxed(schema::run(global, args)).await,
		OwnerCommand::Maker(args) => boxed(maker::run(global, args)).await,
		OwnerCommand::Network(args) => boxed(network::run(global, args)).await,
		OwnerCommand::Device(args) => boxed(device::run(global, args)).await,
		OwnerCommand::Rewards(args) => boxed(rewards::run(global, args)).await,
		OwnerCommand::Validator(args) => boxed(validator::run(global, args)).await,
		OwnerCommand::Gov(args) => boxed(gov::run(global, args)).await,
		OwnerCommand::Batch(args) => boxed(batch::run(global, args)).await,
		OwnerCommand::Data(args) => boxed(data::run(global, args)).await,
		OwnerCommand::Transfer(args) => boxed(account::transfer(global, args)).await,
		OwnerCommand::Account(args) => boxed(account::run(global, args)).await,
		OwnerCommand::Chain(args) => boxed(chain::run(global, args)).await,
		OwnerCommand::Watch(args) => boxed(watch::run(global, args)).await,
	}
}

/// Run an operator's command of `cairn gateway`.
///
/// # Errors
/// Whatever stops it; [`OwnerError::exit_code`] says with which code to exit.
pub async fn run_gateway(global: &Global, command: &GatewayAdmin) -> Result<(), OwnerError> {
	boxed(gateway::run(global, command)).await
}

/// Why a device earns or not, as text.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn explain_device(chain: &Chain, id: DeviceId) -> Result<String, OwnerError> {
	boxed(why::text(chain, id)).await
}

/// An error as it is shown on the standard error: text, or JSON with cause and remedy apart.
#[must_use]
pub fn error_text(output: Output, error: &OwnerError) -> String {
	output::error_text(output, error)
}

/// Commands' futures are large; on the heap they do not overflow a worker's stack.
fn boxed<F: Future>(future: F) -> std::pin::Pin<Box<F>> {
	Box::pin(future)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[derive(Debug, clap::Args)]
	struct OwnerArgs {
		#[command(flatten)]
		global: Global,
		#[command(subcommand)]
		command: OwnerCommand,
	}

	#[derive(Debug, clap::Args)]
	struct GatewayArgs {
		#[command(subcommand)]
		command: GatewayAdmin,
	}

	#[test]
	fn the_command_line_is_consistent() {
		lines::assert_consistent::<OwnerArgs>();
		lines::assert_consistent::<GatewayArgs>();
	}

	#[test]
	fn works_when_commands_are_written_as_documented() {
		lines::assert_understood::<OwnerArgs>(&[
			"cairn schema publish --host --suri //Alice",
			"cairn schema publish --file schema.toml --key account.key",
			"cairn schema publish --library --suri //Alice",
			"cairn schema publish --library weather gpu-node --key account.key",
			"cairn schema publish --key account.key --library",
			"cairn schema library",
			"cairn schema library weather --output json",
			"cairn schema show 0 --output json",
			"cairn schema deprecate 0 --suri //Alice",
			"cairn maker register --suri //Alice",
			"cairn maker register --cert-key maker.key --suri //Alice",
			"cairn maker add-key --maker 0 --cert-key other.key --suri //Alice",
			"cairn maker revoke-key --maker 0 --index 1 --suri //Alice",
			"cairn maker revoke --maker 0 --serial 0001 --suri //Alice",
			"cairn maker show 0",
			"cairn network create --name meadow --schema 0 --uptime 3:1000 --certified 0 1 --suri //A",
			"cairn network create --name meadow --schema 0 --counter net-sent:5 --suri //Alice",
			"cairn network configure 0 --uptime 6:1000 --suri //Alice",
			"cairn network pause 0 --suri //Alice",
			"cairn network show 0",
			"cairn device register --network 0 --key device.key --owner-key account.key",
			"cairn device register --network 0 --key d --certificate c.json --suri //Bob --finalized",
			"cairn device activate 7 --suri //Bob",
			"cairn device rotate-key 7 --key new.key --suri //Bob",
			"cairn device assign-gateway 7 --gateway 0 --suri //Bob",
			"cairn device transfer 7 --to //Charlie --suri //Bob",
			"cairn device take-over 7 --key device.key --suri //Charlie",
			"cairn device describe 7 --file thing.jsonld --suri //Bob",
			"cairn device describe 7 --remove --owner-key account.key",
			"cairn device did 7 --description thing.jsonld",
			"cairn device did did:cairn:7 --output json --resolution",
			"cairn device why 7 --gateway http://127.0.0.1:9977",
			"cairn rewards show --device 7",
			"cairn rewards show --owner //Bob",
			"cairn rewards claim --device 7 8 --suri //Bob",
			"cairn rewards claim --all --suri //Bob",
			"cairn rewards release --slot 0:4 --suri //Bob",
			"cairn rewards set-payee --device 7 --to //Dave --suri //Bob",
			"cairn batch show --gateway 0 --window 5 --attempt 1",
			"cairn data query --cell 871f8ed95ffffff --verify --node ws://host:1",
			"cairn data query --network 0 --network 2 --quantity speed,energy --format senml",
			"cairn data query --gateway http://127.0.0.1:9977 --device 7 --from 1000 --format csv",
			"cairn data query --allow-private --timeout 2m",
			"cairn transfer --to //Bob --amount 1.5 --suri //Alice",
			"cairn account show //Bob",
			"cairn chain status --node ws://host:1",
			"cairn watch --gateway http://127.0.0.1:9977 --device 7 --plain",
		]);
	}

	#[test]
	fn fails_when_arguments_do_not_go_together() {
		lines::assert_refused::<OwnerArgs>(&[
			"cairn schema publish --suri //Alice",
			"cairn schema publish --host --file schema.toml --suri //Alice",
			"cairn schema publish --host --library --suri //Alice",
			"cairn schema publish --library nothing --suri //Alice",
			"cairn schema library nothing",
			"cairn network create --name meadow --schema 0 --suri //Alice",
			"cairn network create --name meadow --schema 0 --uptime 3:1 --counter a:1 --suri //Alice",
			"cairn network create --name m --schema 0 --uptime 0:1 --suri //Alice",
			"cairn rewards show",
			"cairn rewards claim --device 7 --all --suri //Bob",
			"cairn rewards release --suri //Bob",
			"cairn device register --network 0 --suri //Bob",
			"cairn device describe 7 --suri //Bob",
			"cairn device describe 7 --file thing.jsonld --remove --suri //Bob",
			"cairn device describe did:cairn:7 --remove --suri //Bob",
			"cairn device did",
			"cairn device did did:key:z6Mk",
			"cairn device did did:cairn:07",
			"cairn transfer --to nobody --amount 1 --suri //Alice",
			"cairn transfer --to //Bob --amount -1 --suri //Alice",
			"cairn batch show --gateway 0 --attempt 1",
			"cairn data query --resolution 7",
			"cairn data query --cell 871f8ed95fffffx",
			"cairn data query --quantity warmth",
			"cairn data query --from noon",
			"cairn data query --stage lost",
			"cairn data query --limit 0",
			"cairn data query --format xml",
			"cairn data query --gateway gateway.example",
			"cairn data query --timeout soon",
		]);
	}

	#[test]
	fn works_when_a_gateway_is_administered() {
		lines::assert_understood::<GatewayArgs>(&[
			"gateway register --network 0 --endpoint http://127.0.0.1:9977 --suri //Alice",
			"gateway register --network 0 --endpoint http://h --operator-key operator.key",
			"gateway endpoint 0 https://gateway.example --suri //Alice",
			"gateway endpoint 0 http://10.0.0.7:9977 --allow-private --suri //Alice",
			"gateway retire 0 --suri //Alice",
			"gateway reap 0 --suri //Alice",
			"gateway show 0",
			"gateway collect 0 --suri //Alice",
			"gateway collect 0 --batch 5 6:1 --suri //Alice",
			"gateway expire 0 --suri //Alice",
			"gateway close-slot 0 --slot 4 --suri //Alice",
		]);
	}

	#[test]
	fn fails_when_nobody_would_ask_at_an_endpoint() {
		lines::assert_refused::<GatewayArgs>(&[
			"gateway register --network 0 --endpoint http://h/?a=1 --suri //Alice",
			"gateway register --network 0 --endpoint http://name@h --suri //Alice",
			"gateway endpoint 0 http://h/#a --suri //Alice",
		]);
	}

	#[test]
	fn every_group_of_commands_has_examples() {
		for command in lines::program::<OwnerArgs>().get_subcommands() {
			let help = command.clone().render_long_help().to_string();
			assert!(help.contains("Examples:"), "{}", command.get_name());
		}
	}
}
