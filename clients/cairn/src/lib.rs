//! The `cairn` command as a library, so that tests and other tools can run its parts.
//!
//! - [`agent`]: this machine as a device.
//! - [`data`]: what devices have read, asked of many gateways and checked against the chain.
//! - [`demo`]: all of it together on one machine.
//! - [`gateway`]: collects readings, seals windows, serves committees and owners.
//! - [`mqtt`]: connections to brokers.
//! - [`owner`]: what owners of devices and operators of networks do.
//! - [`protocol`]: what the two say to each other.

#![warn(missing_docs)]

pub mod agent;
pub mod backoff;
mod bounded;
pub mod cli;
pub mod clock;
pub mod data;
pub mod demo;
mod error;
pub mod gateway;
pub mod mqtt;
pub mod owner;
pub mod protocol;
mod secret;
pub mod shutdown;
pub mod store;

pub use error::Error;
