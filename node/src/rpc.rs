//! The RPC methods beyond those that every node has.
//!
//! `sc-service` itself serves the legacy namespaces (`chain`, `state`, `author`, `system`,
//! `offchain`) and the new ones (`chainHead_v1`, `chainSpec_v1`, `transaction_v1`,
//! `transactionWatch_v1`, and `archive_v1` on an archive node). Here come those that know accounts
//! and consensus, and `cairn_resolveDid`, for programs that know nothing of this chain. Cairn's own
//! queries are runtime APIs, reached by `state_call` and `chainHead`.

mod cairn;

use crate::service::{
	Block, Context, FullBackend, FullClient, FullPool, Hash, Number, partial::Consensus,
};
use cairn_runtime::{AccountId, Balance, Nonce};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::ChainSpec;
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// Builds the methods for each server, the public one and the node's own.
pub(crate) type Builder =
	Box<dyn Fn(SubscriptionTaskExecutor) -> Result<RpcModule<()>, sc_service::Error>>;

/// What the methods ask.
struct Sources {
	context: Context,
	chain_spec: Box<dyn ChainSpec>,
	babe: BabeWorkerHandle<Block>,
	authorities: SharedAuthoritySet<Hash, Number>,
	voter: SharedVoterState,
	justifications: GrandpaJustificationStream<Block>,
	proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What `sc-service` calls to add the methods of this module to its own.
#[expect(clippy::result_large_err, reason = "sc-service sets the type of the closure")]
pub(crate) fn builder(
	context: &Context,
	chain_spec: &dyn ChainSpec,
	consensus: &Consensus,
	voter: &SharedVoterState,
) -> Builder {
	let authorities = consensus.grandpa.shared_authority_set().clone();
	let sources = Sources {
		context: context.clone(),
		chain_spec: chain_spec.cloned_box(),
		babe: consensus.babe_worker.clone(),
		voter: voter.clone(),
		justifications: consensus.grandpa.justification_stream(),
		proofs: FinalityProofProvider::new_for_service(
			context.backend.clone(),
			Some(authorities.clone()),
		),
		authorities,
	};
	Box::new(move |executor| module(&sources, executor).map_err(sc_service::Error::Application))
}

/// All methods in one module.
fn module(
	sources: &Sources,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	let Sources { context, chain_spec, babe, authorities, voter, justifications, proofs } = sources;
	let Context { client, pool, select_chain, keystore, .. } = context;
	let mut module = RpcModule::new(());

	let system = System::<FullPool, FullClient, Block>::new(client.clone(), pool.clone());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(system))?;
	let payment = TransactionPayment::<FullClient, Block>::new(client.clone());
	module.merge(TransactionPaymentApiServer::<Hash, RuntimeDispatchInfo<Balance>>::into_rpc(
		payment,
	))?;

	let babe_api = Babe::new(client.clone(), babe.clone(), keystore.clone(), select_chain.clone());
	module.merge(babe_api.into_rpc())?;
	let grandpa = Grandpa::new(
		executor,
		authorities.clone(),
		voter.clone(),
		justifications.clone(),
		proofs.clone(),
	);
	module.merge(grandpa.into_rpc())?;
	let sync_state =
		SyncState::new(chain_spec.cloned_box(), client.clone(), authorities.clone(), babe.clone())?;
	module.merge(sync_state.into_rpc())?;
	module.merge(cairn::module(client.clone())?)?;
	Ok(module)
}
