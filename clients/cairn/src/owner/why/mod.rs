//! `cairn device why`: why a device earned or did not, in words.
//!
//! [`gather`] asks the chain and the gateway; everything that reasons is pure: [`explain`] makes a
//! list of findings out of [`Facts`].

mod earned;
mod facts;
mod registry;
mod reported;

#[cfg(test)]
mod tests;

use std::fmt;

use cairn_chain::Chain;
use cairn_types::DeviceId;
use serde::Serialize;
use serde_json::json;

use super::{error::OwnerError, parse, session::Session};

pub(crate) use facts::{Facts, Reach, gather};

/// Say in words why a device earns, or what stands in the way and what to do
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn device why 7
  cairn device why 7 --gateway http://127.0.0.1:9977
  cairn device why 7 --output json | jq '.findings[] | select(.mark == \"bad\")'")]
pub(crate) struct WhyArgs {
	/// The device's id
	id: DeviceId,

	/// The gateway's address, instead of the one on the chain
	#[arg(long, value_name = "URL", value_parser = parse::url)]
	gateway: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mark {
	/// As it should be.
	Good,
	/// It keeps the device from earning.
	Bad,
	/// It comes by itself.
	Wait,
	/// It does not keep the device from earning, but costs something.
	Note,
	/// It could not be found out.
	Unknown,
}

impl Mark {
	/// One character for people.
	pub(crate) const fn sign(self) -> char {
		match self {
			Self::Good => '✓',
			Self::Bad => '✗',
			Self::Wait => '…',
			Self::Note => '!',
			Self::Unknown => '?',
		}
	}
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
	/// Which check: a stable name.
	pub(crate) check: &'static str,
	/// How it came out.
	pub(crate) mark: Mark,
	/// What was found.
	pub(crate) says: String,
	/// What to do about it.
	pub(crate) remedy: Option<String>,
}

impl Finding {
	/// All is well.
	pub(crate) fn good(check: &'static str, says: impl Into<String>) -> Self {
		Self { check, mark: Mark::Good, says: says.into(), remedy: None }
	}

	/// It comes by itself.
	pub(crate) fn wait(check: &'static str, says: impl Into<String>) -> Self {
		Self { check, mark: Mark::Wait, says: says.into(), remedy: None }
	}

	/// It keeps the device from earning.
	pub(crate) fn bad(
		check: &'static str,
		says: impl Into<String>,
		remedy: impl Into<String>,
	) -> Self {
		Self { check, mark: Mark::Bad, says: says.into(), remedy: Some(remedy.into()) }
	}

	/// It costs something.
	pub(crate) fn note(
		check: &'static str,
		says: impl Into<String>,
		remedy: impl Into<String>,
	) -> Self {
		Self { check, mark: Mark::Note, says: says.into(), remedy: Some(remedy.into()) }
	}

	/// It could not be found out.
	pub(crate) fn unknown(
		check: &'static str,
		says: impl Into<String>,
		remedy: impl Into<String>,
	) -> Self {
		Self { check, mark: Mark::Unknown, says: says.into(), remedy: Some(remedy.into()) }
	}
}

/// Every check in order: registry, gateway, readings, batches, money. Pure.
pub(crate) fn explain(facts: &Facts) -> Vec<Finding> {
	let Some(device) = &facts.device else {
		return vec![registry::unregistered(facts.id)];
	};
	let mut findings = registry::findings(facts, device);
	findings.extend(reported::findings(facts, device));
	findings.extend(earned::findings(facts, device));
	findings
}

/// Run the command.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn run(session: &Session, args: &WhyArgs) -> Result<(), OwnerError> {
	let spinner = session.spinner(format!("looking at device {}", args.id));
	let facts = Box::pin(gather(&session.chain, args.id, args.gateway.as_deref())).await?;
	drop(spinner);
	session.print(&Explained { device: args.id, findings: explain(&facts) })
}

/// Why a device earns or not, as text.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn text(chain: &Chain, id: DeviceId) -> Result<String, OwnerError> {
	let facts = Box::pin(gather(chain, id, None)).await?;
	Ok(Explained { device: id, findings: explain(&facts) }.to_string())
}

/// Why a device earns or not.
struct Explained {
	device: DeviceId,
	findings: Vec<Finding>,
}

impl Explained {
	fn with(&self, mark: Mark) -> impl Iterator<Item = &Finding> {
		self.findings.iter().filter(move |finding| finding.mark == mark)
	}

	/// The answer in one sentence.
	fn verdict(&self) -> String {
		let Self { device, .. } = self;
		if let Some(first) = self.with(Mark::Bad).next() {
			return format!("device {device} does not earn: {}", first.says);
		}
		if let Some(first) = self.with(Mark::Wait).next() {
			return format!("device {device} is on its way: {}", first.says);
		}
		match self.with(Mark::Unknown).next() {
			Some(first) => format!("nothing known is in device {device}'s way; but {}", first.says),
			None => format!("device {device} earns"),
		}
	}
}

impl Serialize for Explained {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let document = json!({
			"device": self.device,
			"earns": self.with(Mark::Bad).next().is_none(),
			"verdict": self.verdict(),
			"findings": self.findings,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Explained {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for Finding { check, mark, says, remedy } in &self.findings {
			writeln!(f, "{} {check:<11} {says}", mark.sign())?;
			if let Some(remedy) = remedy {
				writeln!(f, "              → {remedy}")?;
			}
		}
		writeln!(f, "\n{}", self.verdict())
	}
}
