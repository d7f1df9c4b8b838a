//! The validator binary of Cairn.
//!
//! `cairn-node` runs one node of the chain, or one of the maintenance commands over its database.
//! Entry points: [`command`] decides what to run, [`service`] starts the node, [`preflight`]
//! refuses a set-up that cannot work, with the remedy.

mod chain_spec;
mod cli;
mod command;
mod error;
#[cfg(test)]
mod geometry;
mod preflight;
mod rpc;
mod service;
mod source;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {error}");
			ExitCode::FAILURE
		},
	}
}
