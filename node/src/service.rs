//! Puts the node together: client, network, consensus, off-chain worker, RPC.

pub(crate) mod consensus;
pub(crate) mod network;
pub(crate) mod offchain;
pub(crate) mod partial;
mod seals;

use self::{
	network::Network,
	partial::{Consensus, Parts},
	seals::SealKeeper,
};
use crate::{error::Error, rpc, source::SourceUrl};
use cairn_runtime::RuntimeApi;
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_babe::BabeBlockImport;
use sc_consensus_grandpa::{GrandpaBlockImport, SharedVoterState};
use sc_executor::WasmExecutor;
use sc_network::{
	Litep2pNetworkBackend, Multiaddr, NetworkBackend, NetworkWorker, config::NetworkBackendType,
};
use sc_service::{Configuration, Role, SpawnTasksParams, TFullBackend, TFullClient, TaskManager};
use sc_telemetry::Telemetry;
use sc_transaction_pool::TransactionPoolHandle;
use sp_consensus_babe::inherents::BabeCreateInherentDataProviders;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, NumberFor};
use std::{path::PathBuf, sync::Arc};
use substrate_prometheus_endpoint::Registry;

/// A block whose extrinsics the node does not look into.
pub(crate) use cairn_runtime::opaque::Block;

/// What identifies a block.
pub(crate) type Hash = <Block as BlockT>::Hash;
/// The height of a block.
pub(crate) type Number = NumberFor<Block>;
/// Executes the runtime; only the standard host functions, so that light clients can too.
pub(crate) type FullExecutor = WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Gives access to the chain and its state.
pub(crate) type FullClient = TFullClient<Block, RuntimeApi, FullExecutor>;
/// Keeps the chain and its state on disk.
pub(crate) type FullBackend = TFullBackend<Block>;
/// Chooses the fork to build on.
pub(crate) type FullSelectChain = LongestChain<FullBackend, Block>;
/// Keeps transactions until they are in a block.
pub(crate) type FullPool = TransactionPoolHandle<Block, FullClient>;
/// Verifies and queues blocks that arrive.
pub(crate) type FullImportQueue = DefaultImportQueue<Block>;
/// Imports blocks, minding GRANDPA's authority changes.
pub(crate) type FullGrandpaImport =
	GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// Imports blocks, minding BABE's epochs first, and keeps their seals.
pub(crate) type FullBlockImport = SealKeeper<
	BabeBlockImport<
		Block,
		FullClient,
		FullGrandpaImport,
		BabeCreateInherentDataProviders<Block>,
		FullSelectChain,
	>,
>;

/// What the parts of the running node share.
#[derive(Clone)]
pub(crate) struct Context {
	pub(crate) client: Arc<FullClient>,
	pub(crate) backend: Arc<FullBackend>,
	pub(crate) pool: Arc<FullPool>,
	pub(crate) select_chain: FullSelectChain,
	pub(crate) keystore: KeystorePtr,
	pub(crate) settings: Settings,
}

/// What is needed of the configuration after `sc-service` has taken it.
#[derive(Clone)]
pub(crate) struct Settings {
	/// Whether the node validates.
	pub(crate) role: Role,
	/// How the node calls itself.
	pub(crate) name: String,
	/// Whether to author while no peer is connected.
	pub(crate) force_authoring: bool,
	/// Whether to take part in finality.
	pub(crate) is_grandpa_enabled: bool,
	/// Where metrics are registered.
	pub(crate) registry: Option<Registry>,
	/// Addresses that the operator wants others to use.
	pub(crate) public_addresses: Vec<Multiaddr>,
	/// Whether private addresses may be published: in local networks only.
	pub(crate) publishes_private_addresses: bool,
	/// Where addresses of other validators are kept.
	pub(crate) network_directory: Option<PathBuf>,
}

impl Settings {
	fn new(config: &Configuration) -> Self {
		Self {
			role: config.role,
			name: config.network.node_name.clone(),
			force_authoring: config.force_authoring,
			is_grandpa_enabled: !config.disable_grandpa,
			registry: config.prometheus_registry().cloned(),
			public_addresses: config.network.public_addresses.clone(),
			publishes_private_addresses: config.network.allow_non_globals_in_dht,
			network_directory: config.network.net_config_path.clone(),
		}
	}
}

/// Starts a node, full or validating.
///
/// - `source`: where the off-chain worker reads batches.
pub(crate) fn new_full(
	config: Configuration,
	source: Option<SourceUrl>,
) -> Result<TaskManager, Error> {
	match config.network.network_backend {
		NetworkBackendType::Litep2p => start::<Litep2pNetworkBackend>(config, source),
		NetworkBackendType::Libp2p => start::<NetworkWorker<Block, Hash>>(config, source),
	}
}

/// Starts a node on the network back end `N`.
fn start<N: NetworkBackend<Block, Hash>>(
	mut config: Configuration,
	source: Option<SourceUrl>,
) -> Result<TaskManager, Error> {
	let Parts {
		client,
		backend,
		task_manager: mut tasks,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool: pool,
		other: consensus,
	} = partial::new(&config)?;
	let keystore = keystore_container.keystore();
	let settings = Settings::new(&config);
	let context = Context { client, backend, pool, select_chain, keystore, settings };
	offchain::configure(&config, &context.backend, source.as_ref());

	let authorities = consensus.grandpa.shared_authority_set();
	let network = network::start::<N>(&mut config, &context, import_queue, authorities, &tasks)?;
	if config.offchain_worker.enabled {
		offchain::spawn_worker(&context, &network.service, &tasks)?;
	}
	offchain::spawn_metrics(&context, &tasks)?;

	let voter = SharedVoterState::empty();
	let rpc_builder = rpc::builder(&context, config.chain_spec.as_ref(), &consensus, &voter);
	let Consensus { block_import, grandpa, babe, mut telemetry, .. } = consensus;
	let Network { service, sync, system_rpc, transactions, finality } = network;
	// Inserts the development keys too: authoring and voting have to come after it.
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: context.client.clone(),
		backend: context.backend.clone(),
		task_manager: &mut tasks,
		keystore: context.keystore.clone(),
		transaction_pool: context.pool.clone(),
		rpc_builder,
		network: service.clone(),
		system_rpc_tx: system_rpc,
		tx_handler_controller: transactions,
		sync_service: sync.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	let telemetry = telemetry.as_ref().map(Telemetry::handle);
	if context.settings.role.is_authority() {
		consensus::spawn_author(&context, block_import, babe, &sync, telemetry.clone(), &tasks)?;
		network::spawn_authority_discovery(&context, &service, &tasks);
	}
	if let Some(finality) = finality {
		let link = consensus::Link { grandpa, voter, service, sync, finality };
		consensus::spawn_voter(&context, link, telemetry, &tasks)?;
	}
	Ok(tasks)
}
