//! The chain as Cairn's clients see it: one connection that heals itself, typed calls, the runtime
//! API in the shared types, and submission with errors that say what to do.
//!
//! Nothing here is generated: calls and answers are the SCALE of the shared types, and the node's
//! live metadata says where a call is and what an error means. So one binary serves every network
//! of the same runtime generation.
//!
//! ```no_run
//! # async fn demo() -> Result<(), cairn_chain::Error> {
//! use cairn_chain::{At, Chain, Signer, SubmitOptions, calls};
//!
//! let chain = Chain::connect("ws://127.0.0.1:9944").await?;
//! let clock = chain.clock(At::Best).await?;
//! let alice = Signer::from_suri("//Alice")?;
//! let call = calls::balances::transfer_keep_alive(&[7; 32], 1_000_000_000_000);
//! let outcome = chain.submit(&call, &alice, SubmitOptions::default()).await?;
//! println!("window {}, in block {}", clock.now.window, outcome.number);
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod account;
mod api;
mod call;
pub mod calls;
mod client;
mod config;
mod curve;
mod dispatch;
mod error;
mod follow;
mod gateways;
mod governance;
mod governance_calls;
mod nonce;
mod referendum;
mod schemas;
#[cfg(test)]
mod scripted_node;
mod session;
mod signer;
mod staking;
mod staking_calls;
mod state;
mod storage;
mod submit;
mod words;

pub use account::{AccountBalance, account_text, parse_account};
pub use call::{Args, Call};
pub use client::{At, BlockId, Chain};
pub use config::CairnConfig;
pub use curve::Curve;
pub use dispatch::DispatchFailure;
pub use error::Error;
pub use follow::{Blocks, Kind};
pub use governance::{
	DevicesPolicy, Governance, PaymentState, PreimageStatus, RewardsPolicy, SealPolicy, Spec,
	Spend, Track,
};
pub use referendum::{
	AccountVote, Ballot, Casting, Closed, Conviction, Deciding, Delegating, Delegations, Deposit,
	Enactment, MAX_INLINE, Ongoing, PriorLock, Proposal, Referendum, Tally, Voting,
};
pub use schemas::SchemaView;
pub use session::{DutyStage, DutyView, NewSessionKeys, Ruling, SessionKeys, ValidatorSet};
pub use signer::Signer;
pub use sp_runtime::{Perbill, Permill};
pub use staking::{
	Era, EraView, ErasView, ExposureView, Page, Payee, SessionIndex, SlashView, StakeView,
	StakingLimits, StakingTerms, UnlockView, ValidatorPrefs,
};
pub use storage::{
	BondView, CycleView, MakerKey, MakerView, NodeView, SlotView, Vote, prefix as storage_prefix,
};
pub use submit::{Event, Outcome, Progress, SubmitOptions, Until};

pub use cairn_runtime_api as views;
pub use words::Described;
