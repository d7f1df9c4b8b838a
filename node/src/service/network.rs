//! The network: sync, gossip, warp proofs and the discovery of other validators.

use super::{Block, Context, FullBackend, FullImportQueue, Hash, Number};
use crate::error::Error;
use futures::{StreamExt, future};
use sc_authority_discovery::{Role, WorkerConfig};
use sc_consensus_grandpa::{SharedAuthoritySet, warp_proof::NetworkProvider};
use sc_network::{
	Event, NetworkBackend, NotificationService, ProtocolName, config::FullNetworkConfiguration,
	service::traits::NetworkService,
};
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_service::{BuildNetworkParams, Configuration, TaskManager, WarpSyncConfig};
use sc_utils::mpsc::TracingUnboundedSender;
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

/// Peers that warp sync waits for by default.
const WARP_PEERS: usize = 3;

/// The running network.
pub(crate) struct Network {
	/// Peers and what they send.
	pub(crate) service: Arc<dyn NetworkService>,
	/// What is known of the chain elsewhere.
	pub(crate) sync: Arc<SyncingService<Block>>,
	/// Answers the `system` RPC methods.
	pub(crate) system_rpc: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
	/// Propagates transactions.
	pub(crate) transactions: TransactionsHandlerController<Hash>,
	/// GRANDPA's part of it, if the node takes part.
	pub(crate) finality: Option<Finality>,
}

/// The protocol of GRANDPA's votes.
pub(crate) struct Finality {
	pub(crate) protocol: ProtocolName,
	pub(crate) notifications: Box<dyn NotificationService>,
}

/// Starts the network on the back end `N`.
pub(crate) fn start<N: NetworkBackend<Block, Hash>>(
	config: &mut Configuration,
	context: &Context,
	import_queue: FullImportQueue,
	authorities: &SharedAuthoritySet<Hash, Number>,
	tasks: &TaskManager,
) -> Result<Network, Error> {
	let validators = authorities.current_authorities().len().get();
	let peers = warp_peers(validators, config.role.is_authority());
	config.network.min_peers_to_start_warp_sync = peers;
	let config: &Configuration = config;

	let registry = config.prometheus_registry();
	let metrics = N::register_notification_metrics(registry);
	let mut net_config =
		FullNetworkConfiguration::<Block, Hash, N>::new(&config.network, registry.cloned());
	// Only if somebody will answer: litep2p closes every connection on which a protocol is dead.
	let finality = context.settings.is_grandpa_enabled.then(|| {
		let genesis = context.client.info().genesis_hash;
		let protocol = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
		let (votes, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<Block, N>(
			protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
		net_config.add_notification_protocol(votes);
		Finality { protocol, notifications }
	});

	let (backend, authorities) = (context.backend.clone(), authorities.clone());
	let warp = NetworkProvider::<Block, FullBackend>::new(backend, authorities, Vec::new());
	let (service, system_rpc, transactions, sync, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config,
			net_config,
			client: context.client.clone(),
			transaction_pool: context.pool.clone(),
			spawn_handle: tasks.spawn_handle(),
			spawn_essential_handle: tasks.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp))),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;
	Ok(Network { service, sync, system_rpc, transactions, finality })
}

/// Peers that warp sync waits for, where the network may be too small for the default.
///
/// A small network has no more peers to offer than its validators, of which this node may be one.
fn warp_peers(validators: usize, is_validator: bool) -> Option<usize> {
	let others = validators.saturating_sub(usize::from(is_validator)).max(1);
	(others < WARP_PEERS).then_some(others)
}

/// Publishes this validator's addresses and looks for those of the others.
pub(crate) fn spawn_authority_discovery(
	context: &Context,
	service: &Arc<dyn NetworkService>,
	tasks: &TaskManager,
) {
	let settings = &context.settings;
	let events = service.event_stream("authority-discovery").filter_map(|event| {
		future::ready(match event {
			Event::Dht(event) => Some(event),
			_ => None,
		})
	});
	let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
		WorkerConfig {
			publish_non_global_ips: settings.publishes_private_addresses,
			public_addresses: settings.public_addresses.clone(),
			// No node is so old that it would not sign its records.
			strict_record_validation: true,
			persisted_cache_directory: settings.network_directory.clone(),
			..Default::default()
		},
		context.client.clone(),
		Arc::new(service.clone()),
		Box::pin(events),
		Role::PublishAndDiscover(context.keystore.clone()),
		settings.registry.clone(),
		tasks.spawn_handle(),
	);
	tasks.spawn_handle().spawn("authority-discovery-worker", "networking", worker.run());
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn warp_peers_are_never_more_than_the_network_has() {
		for (validators, is_validator, expected) in [
			(0, false, Some(1)),
			(1, true, Some(1)),
			(1, false, Some(1)),
			(2, true, Some(1)),
			(2, false, Some(2)),
			(3, true, Some(2)),
			(3, false, None),
			(4, true, None),
			(100, false, None),
		] {
			assert_eq!(warp_peers(validators, is_validator), expected, "{validators} validators");
		}
	}
}
