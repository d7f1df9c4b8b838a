//! What every command over the database needs: client, pool, import queue and consensus.

use super::{
	Block, FullBackend, FullBlockImport, FullClient, FullExecutor, FullImportQueue, FullPool,
	FullSelectChain,
};
use crate::{
	error::Error,
	preflight::{self, Problem},
	service::{
		consensus::{JUSTIFICATION_PERIOD, inherent_data_providers},
		seals::{SealKeeper, SealedReports, Seals},
	},
};
use cairn_runtime::RuntimeApi;
use sc_consensus::LongestChain;
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, ImportQueueParams};
use sc_consensus_grandpa::{GrandpaPruningFilter, LinkHalf};
use sc_service::{
	BuildGenesisBlock, Configuration, GenesisBlockBuilder, PartialComponents, TaskManager,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_babe::BabeConfiguration;
use sp_consensus_grandpa::GrandpaApi;
use sp_runtime::traits::Block as _;
use std::{path::Path, sync::Arc};

/// Messages to the telemetry servers that may wait.
const TELEMETRY_BUFFER: usize = 16;

/// The parts of a node that has no network yet.
pub(crate) type Parts = PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	FullImportQueue,
	FullPool,
	Consensus,
>;

/// What links block import, authoring and voting.
pub(crate) struct Consensus {
	pub(crate) block_import: FullBlockImport,
	pub(crate) grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
	pub(crate) babe: BabeLink<Block>,
	pub(crate) babe_worker: BabeWorkerHandle<Block>,
	pub(crate) telemetry: Option<Telemetry>,
}

/// Opens the database, or makes it, and builds the parts over it.
///
/// Fails if the database belongs to another chain than the specification describes.
pub(crate) fn new(config: &Configuration) -> Result<Parts, Error> {
	let is_new = !preflight::has_database(&config.database);
	let worker = telemetry(config)?;
	let executor: FullExecutor = sc_service::new_wasm_executor(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			worker.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor.clone(),
			// Warp sync proves finality with the justifications of old blocks.
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);
	if !is_new {
		ensure_genesis(config, &client, &backend, executor)?;
	}
	let telemetry = worker.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", "telemetry", worker.run());
		telemetry
	});

	let select_chain = LongestChain::new(backend.clone());
	let transaction_pool = pool(config, &client, &task_manager);
	let parts = (&client, &select_chain, &transaction_pool, &task_manager);
	let (other, import_queue) = consensus(config, parts, telemetry)?;
	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other,
	})
}

/// The reporter to the telemetry servers that the specification or the command line names.
fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
	let Some(endpoints) = config.telemetry_endpoints.clone().filter(|all| !all.is_empty()) else {
		return Ok(None);
	};
	let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// Checks that the database was made from the chain specification in use.
///
/// `sc-service` does not: it would go on with the chain that it finds.
fn ensure_genesis(
	config: &Configuration,
	client: &FullClient,
	backend: &Arc<FullBackend>,
	executor: FullExecutor,
) -> Result<(), Error> {
	let storage = config.chain_spec.as_storage_builder();
	// Nothing is written: the operation is dropped.
	let builder =
		GenesisBlockBuilder::<Block, _, _>::new(storage, false, backend.clone(), executor)?;
	let (genesis, _operation) = builder.build_genesis_block()?;
	let (expected, found) = (genesis.hash(), client.info().genesis_hash);
	if expected == found {
		return Ok(());
	}
	Err(Problem::ForeignGenesis {
		path: config.database.path().map(Path::to_owned).unwrap_or_default(),
		found: format!("{found:?}"),
		expected: format!("{expected:?}"),
	}
	.into())
}

/// The transaction pool of the kind that the command line asks for, fork-aware by default.
fn pool(config: &Configuration, client: &Arc<FullClient>, tasks: &TaskManager) -> Arc<FullPool> {
	let spawner = tasks.spawn_essential_handle();
	let is_validator = config.role.is_authority().into();
	Arc::new(
		sc_transaction_pool::Builder::new(spawner, client.clone(), is_validator)
			.with_options(config.transaction_pool.clone())
			.with_prometheus(config.prometheus_registry())
			.build(),
	)
}

/// Links BABE over GRANDPA over the client.
fn consensus(
	config: &Configuration,
	(client, select_chain, pool, tasks): (
		&Arc<FullClient>,
		&FullSelectChain,
		&Arc<FullPool>,
		&TaskManager,
	),
	telemetry: Option<Telemetry>,
) -> Result<(Consensus, FullImportQueue), Error> {
	let handle = telemetry.as_ref().map(Telemetry::handle);
	let babe_config = sc_consensus_babe::configuration(&**client)?;
	ensure_consensus(client, &babe_config)?;
	let slot_duration = babe_config.slot_duration();

	let (grandpa_import, grandpa) =
		sc_consensus_grandpa::block_import::<FullBackend, Block, FullClient, FullSelectChain>(
			client.clone(),
			JUSTIFICATION_PERIOD,
			client,
			select_chain.clone(),
			handle.clone(),
		)?;
	let seals = Seals::default();
	let reports = SealedReports::new(pool.clone(), seals.clone());
	let (babe_import, babe) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import.clone(),
		client.clone(),
		inherent_data_providers(slot_duration),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(reports),
	)?;
	let block_import = SealKeeper::new(babe_import, seals);
	let (import_queue, babe_worker) = sc_consensus_babe::import_queue(ImportQueueParams {
		link: babe.clone(),
		block_import: block_import.clone(),
		justification_import: Some(Box::new(grandpa_import)),
		client: client.clone(),
		slot_duration,
		spawner: &tasks.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		telemetry: handle,
	})?;
	Ok((Consensus { block_import, grandpa, babe, babe_worker, telemetry }, import_queue))
}

/// Checks that a chain can start: without authorities GRANDPA panics, without slots BABE does.
fn ensure_consensus(client: &FullClient, babe: &BabeConfiguration) -> Result<(), Error> {
	let refuse = |cause: &str| -> Result<(), Error> {
		Err(Problem::Spec { cause: cause.to_owned() }.into())
	};
	if babe.slot_duration == 0 {
		return refuse("its slots last no time");
	}
	let chain = client.info();
	if chain.best_number != 0 {
		// The state of the genesis may be pruned, and the chain did start.
		return Ok(());
	}
	if babe.authorities.is_empty() {
		return refuse("it names no BABE authority, so nobody could author a block");
	}
	let authorities = client
		.runtime_api()
		.grandpa_authorities(chain.genesis_hash)
		.map_err(sp_blockchain::Error::from)?;
	if authorities.is_empty() {
		return refuse("it names no GRANDPA authority, so nobody could finalize a block");
	}
	Ok(())
}
