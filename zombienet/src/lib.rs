//! The harness of the network tests: real nodes of one chain, on this machine, that are killed,
//! doubled, cut off from each other and upgraded; a deadline on every wait.
//!
//! - [`process`]: programs under test, started in a group of their own and stopped by their id.
//! - [`spec`]: the network's specification, with another genesis where a story needs one.
//! - [`node`], [`network`]: validators and full nodes that find each other, and what befalls them.
//! - [`namespaces`]: network namespaces, so that a network can be cut in two.
//! - [`history`]: what every node has finalized, which must never differ.
//! - [`lag`]: how far finality lies behind.
//! - [`intake`], [`block`]: transactions on their way into blocks, and what is in these.
//! - [`processors`], [`throughput`]: who works on the processors, and what a measurement comes to.
//! - [`account`], [`send`], [`settle`]: who sends transactions, and sending them.
//! - [`state`], [`events`], [`referendum`]: the chain, as a node answers and as far as the client
//!   library does not know it.
//! - [`field`]: a gateway and devices that report for ever.
//! - [`mod@bench`]: a program that measures: arguments, failures, exit codes.
//! - [`ingest`]: a gateway that many devices send to, and what a measurement of it comes to.
//!
//! Each file in `tests/` tells one story and can be run alone; what is in `benches/` measures.

pub mod bench;
pub mod block;
pub mod events;
pub mod field;
pub mod history;
pub mod ingest;
pub mod intake;
pub mod lag;
pub mod namespaces;
pub mod network;
pub mod node;
pub mod processors;
pub mod referendum;
mod shared;
pub mod spec;
pub mod state;
pub mod throughput;

pub use shared::{
	chain::{account, send, settle},
	process,
	wait::{machine, now_millis, until},
};
