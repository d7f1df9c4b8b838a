#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod agent_config;
pub mod batch;
pub mod certificate;
pub mod csv;
pub mod cursor;
pub mod did;
pub mod document;
pub mod keys;
pub mod ledger;
pub mod mapping;
mod memory;
pub mod number;
pub mod openmetrics;
pub mod p256;
pub mod payload;
pub mod proof;
pub mod query;
mod records;
pub mod scale;
pub mod semtech;
pub mod senml;
mod source;
pub mod sparkplug;
pub mod step;
pub mod thing;
mod world;

/// One reader of strangers' bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
	/// What its binary, its corpus, its dictionary and its findings are called.
	pub name: &'static str,
	/// Reads an input, and says whether it was accepted. A panic is a finding.
	pub run: fn(&[u8]) -> bool,
}

/// Every target, in order of its name.
pub const TARGETS: &[Target] = &[
	Target { name: "agent_config", run: agent_config::agent_config },
	Target { name: "batch", run: batch::batch },
	Target { name: "certificate", run: certificate::certificate },
	Target { name: "csv", run: csv::csv },
	Target { name: "cursor", run: cursor::cursor },
	Target { name: "did", run: did::did },
	Target { name: "did_document", run: document::did_document },
	Target { name: "did_facts", run: document::did_facts },
	Target { name: "json", run: scale::json },
	Target { name: "keys", run: keys::keys },
	Target { name: "ledger", run: ledger::ledger },
	Target { name: "mapping", run: mapping::mapping },
	Target { name: "number", run: number::number },
	Target { name: "openmetrics", run: openmetrics::openmetrics },
	Target { name: "p256", run: p256::p256 },
	Target { name: "payload", run: payload::payload },
	Target { name: "proof", run: proof::proof },
	Target { name: "query", run: query::query },
	Target { name: "scale", run: scale::scale },
	Target { name: "semtech", run: semtech::semtech },
	Target { name: "senml_cbor", run: senml::cbor },
	Target { name: "senml_json", run: senml::json },
	Target { name: "sparkplug", run: sparkplug::sparkplug },
	Target { name: "step", run: step::step },
	Target { name: "thing", run: thing::thing },
];
