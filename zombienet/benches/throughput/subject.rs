//! The chains that are measured, as networks of four validators with the same funded accounts.

use std::path::PathBuf;

use cairn_chain::Signer;
use cairn_network_tests::{
	network::{Builder, Network},
	spec::{LOCAL, Plain},
};
use serde_json::{Value, json};
use sp_core::{Pair, crypto::Ss58Codec, ed25519, sr25519};

/// What each account that sends transfers has at first: a thousand tokens of ours, far more than its
/// fees on either chain.
const ENDOWMENT: u64 = 1_000_000_000_000_000;
/// The secrets of the validators, in their order.
const SECRETS: [&str; 4] = ["//Alice", "//Bob", "//Charlie", "//Dave"];

/// A chain that is measured.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
	/// Its name in the report.
	pub(crate) name: &'static str,
	/// The node's program.
	pub(crate) program: PathBuf,
	genesis: Genesis,
}

/// How its genesis gets four validators and the length of its slots.
#[derive(Clone, Copy, Debug)]
enum Genesis {
	/// The local network has the validators; the slot is a number of its genesis.
	Cairn { slot_millis: u64 },
	/// The local network of a solochain template has two validators, its runtime fixes the slot.
	Template,
}

impl Subject {
	/// Our chain with production's timing, but slots of this length.
	pub(crate) const fn cairn(program: PathBuf, slot_millis: u64) -> Self {
		Self { name: "cairn", program, genesis: Genesis::Cairn { slot_millis } }
	}

	/// The chain of a node as the SDK's solochain template has it.
	pub(crate) const fn baseline(program: PathBuf) -> Self {
		Self { name: "baseline", program, genesis: Genesis::Template }
	}

	/// A network of it in which these accounts are funded.
	pub(crate) fn network(&self, accounts: &[Signer]) -> Builder {
		let mut plain = Plain::built_in(&self.program, LOCAL);
		let funded = accounts.iter().map(|account| json!([account.address(), ENDOWMENT]));
		plain.append("/balances/balances", funded);
		match self.genesis {
			// What a genesis does not say is production's.
			Genesis::Cairn { slot_millis } => {
				plain.set("/timing", json!({ "slotDuration": slot_millis }));
			},
			Genesis::Template => {
				plain.set("/aura/authorities", json!(SECRETS.map(sr25519_address)));
				let voters = SECRETS.map(|secret| json!([ed25519_address(secret), 1]));
				plain.set("/grandpa/authorities", Value::from(voters.to_vec()));
			},
		}
		Network::builder().with_program(&self.program).with_specification(plain)
	}
}

fn sr25519_address(secret: &str) -> String {
	let pair = sr25519::Pair::from_string(secret, None).expect("a development key");
	pair.public().to_ss58check()
}

fn ed25519_address(secret: &str) -> String {
	let pair = ed25519::Pair::from_string(secret, None).expect("a development key");
	pair.public().to_ss58check()
}
