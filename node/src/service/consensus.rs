//! Authoring with BABE and voting with GRANDPA.

use super::{
	Block, Context, FullBlockImport, FullClient, FullSelectChain, Hash, Number, network::Finality,
};
use crate::error::Error;
use sc_basic_authorship::ProposerFactory;
use sc_consensus_babe::{BabeLink, BabeParams, SlotProportion};
use sc_consensus_grandpa::{GrandpaParams, LinkHalf, SharedVoterState, VotingRulesBuilder};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use sc_service::TaskManager;
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
	SlotDuration,
	inherents::{BabeCreateInherentDataProviders, InherentDataProvider},
};
use std::{sync::Arc, time::Duration};

/// Blocks between the justifications that are kept, and from which warp sync proves finality.
pub(crate) const JUSTIFICATION_PERIOD: u32 = 512;
/// How long a vote is expected to travel through the network: a third of the shortest slot.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// The part of a slot in which a block is filled; the rest is for sending and importing it.
const PROPOSAL_SLOT_PORTION: f32 = 0.5;

/// What the voter works with besides the [`Context`].
pub(crate) struct Link {
	pub(crate) grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
	pub(crate) voter: SharedVoterState,
	pub(crate) service: Arc<dyn NetworkService>,
	pub(crate) sync: Arc<SyncingService<Block>>,
	pub(crate) finality: Finality,
}

/// The inherents of a block: the time, and the slot that it falls into.
pub(crate) fn inherent_data_providers(
	slot_duration: SlotDuration,
) -> BabeCreateInherentDataProviders<Block> {
	Arc::new(move |_: Hash, ()| async move {
		let time = sp_timestamp::InherentDataProvider::from_system_time();
		let slot = InherentDataProvider::from_timestamp_and_slot_duration(*time, slot_duration);
		Ok::<_, Box<dyn std::error::Error + Send + Sync>>((slot, time))
	})
}

/// Starts the task that authors blocks in the slots of this validator's keys.
///
/// It holds back while finality lags, so that a stalled network does not grow without end.
pub(crate) fn spawn_author(
	context: &Context,
	block_import: FullBlockImport,
	babe_link: BabeLink<Block>,
	sync: &Arc<SyncingService<Block>>,
	telemetry: Option<TelemetryHandle>,
	tasks: &TaskManager,
) -> Result<(), Error> {
	let env = ProposerFactory::new(
		tasks.spawn_handle(),
		context.client.clone(),
		context.pool.clone(),
		context.settings.registry.as_ref(),
		telemetry.clone(),
	);
	let author = sc_consensus_babe::start_babe(BabeParams {
		keystore: context.keystore.clone(),
		client: context.client.clone(),
		select_chain: context.select_chain.clone(),
		env,
		block_import,
		sync_oracle: sync.clone(),
		justification_sync_link: sync.clone(),
		create_inherent_data_providers: inherent_data_providers(babe_link.config().slot_duration()),
		force_authoring: context.settings.force_authoring,
		backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::<Number>::default()),
		babe_link,
		block_proposal_slot_portion: SlotProportion::new(PROPOSAL_SLOT_PORTION),
		max_block_proposal_slot_portion: None,
		telemetry,
	})?;
	tasks.spawn_essential_handle().spawn_blocking("babe-proposer", "block-authoring", author);
	Ok(())
}

/// Starts the task that votes on finality, or follows it if the node does not validate.
pub(crate) fn spawn_voter(
	context: &Context,
	link: Link,
	telemetry: Option<TelemetryHandle>,
	tasks: &TaskManager,
) -> Result<(), Error> {
	let settings = &context.settings;
	let config = sc_consensus_grandpa::Config {
		gossip_duration: GOSSIP_DURATION,
		justification_generation_period: JUSTIFICATION_PERIOD,
		observer_enabled: false,
		local_role: settings.role,
		name: Some(settings.name.clone()),
		keystore: settings.role.is_authority().then(|| context.keystore.clone()),
		telemetry: telemetry.clone(),
		protocol_name: link.finality.protocol,
	};
	let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
		config,
		link: link.grandpa,
		network: link.service,
		sync: link.sync,
		notification_service: link.finality.notifications,
		voting_rule: VotingRulesBuilder::default().build(),
		prometheus_registry: settings.registry.clone(),
		shared_voter_state: link.voter,
		telemetry,
		// Sends the reports of equivocations.
		offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(context.pool.clone()),
	})?;
	tasks.spawn_essential_handle().spawn_blocking("grandpa-voter", "finality", voter);
	Ok(())
}
