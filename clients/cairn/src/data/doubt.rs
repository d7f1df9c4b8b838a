//! Why the chain does not stand for a value, each with a code that users can look up.

use std::fmt;

cairn_coded::coded! {
	/// Why the chain does not stand for a value that a gateway serves.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum Doubt(
		/// The code of the reference.
		code: &'static str,
	) {
		/// The row is not what was asked for.
		NotAsked = "not_asked": "Do not use it; tell the gateway's operator.",
		/// The gateway gives no proof of the reading.
		NoProof = "no_proof": "Ask again; readings go when they are old.",
		/// The proof is of another chain.
		OtherChain = "other_chain":
			"Name a node of the gateway's chain, or a gateway of the node's.",
		/// The proof is another gateway's, or the gateway serves another network than it says.
		OtherGateway = "other_gateway": "Ask the gateway that the chain lists for the network.",
		/// The row does not say what the signed reading says.
		RowDiffers = "row_differs": "Do not use it; tell the gateway's operator.",
		/// The time of the reading is not in the window of the proof.
		WrongWindow = "wrong_window": "Do not use it; tell the gateway's operator.",
		/// The chain knows no such device in this window.
		UnknownDevice = "unknown_device": "Look the device up: cairn device show ID.",
		/// The key that signed was not the device's in this window.
		WrongKey = "wrong_key": "Do not use it; tell the gateway's operator.",
		/// The signature is not that of the device's key.
		BadSignature = "bad_signature": "Do not use it; tell the gateway's operator.",
		/// The device had no slot of this gateway in this window.
		NotAssigned = "not_assigned": "Ask the gateway that the device had then.",
		/// The chain does not say that the device was there in this window.
		OtherPlace = "other_place": "Look the device up: cairn device show ID.",
		/// The reading is in no batch yet.
		NotSealed = "not_sealed": "Ask again when the window is over, with --stage sealed.",
		/// The reading was left out of its window's batch, or the window was given up.
		LeftOut = "left_out": "Leave such readings out with --stage sealed.",
		/// The header of the proof cannot be read.
		BadHeader = "bad_header": "Use the release of this command that belongs to the gateway's.",
		/// The chain has no such batch: not yet in a final block, or not any more.
		UnknownBatch = "unknown_batch":
			"Ask again in a moment; of old windows only an archive node knows.",
		/// The chain has another header for the batch.
		HeaderDiffers = "header_differs": "Ask again in a moment; if it stays, do not use it.",
		/// The committee has not attested the batch yet.
		NotAttested = "not_attested": "Ask again a few windows later.",
		/// The batch died without a quorum: its window may be sealed again.
		DeadBatch = "dead_batch": "Ask again a few windows later.",
		/// The leaf of the proof does not lead to the ledger that was attested.
		WrongLeaf = "wrong_leaf": "Do not use it; tell the gateway's operator.",
		/// The payload is not the one that was attested.
		WrongPayload = "wrong_payload": "Ask again; if it stays, do not use it.",
		/// The reading is not in the payload that was attested.
		NotInBatch = "not_in_batch": "Do not use it; tell the gateway's operator.",
		/// The gateway shows no more that the reading is in the batch: the batch has matured.
		NoInclusion = "no_inclusion": "Check readings before their batch matures.",
	}
}

impl Doubt {
	/// Whether values of honest gateways raise it, too: the chain does not stand for them yet, not any more,
	/// or because they were left out. Who raises it has shown a reading that a device of its own has signed.
	#[must_use]
	pub const fn is_honest(self) -> bool {
		matches!(
			self,
			Self::OtherPlace
				| Self::NotSealed
				| Self::LeftOut
				| Self::UnknownBatch
				| Self::NotAttested
				| Self::DeadBatch
				| Self::NoInclusion
		)
	}

	/// This doubt, with what it is about.
	#[must_use]
	pub fn about(self, detail: impl Into<String>) -> Doubted {
		Doubted { doubt: self, detail: Some(detail.into()) }
	}
}

/// A doubt about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubted {
	/// Why.
	pub doubt: Doubt,
	/// What of it.
	pub detail: Option<String>,
}

impl From<Doubt> for Doubted {
	fn from(doubt: Doubt) -> Self {
		Self { doubt, detail: None }
	}
}

impl fmt::Display for Doubted {
	/// What is wrong, in a sentence, and with which part of the proof.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.doubt.cause())?;
		match &self.detail {
			Some(detail) => write!(f, " ({detail})"),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_doubt_has_its_own_code_a_cause_and_a_remedy() {
		let codes = Doubt::ALL.iter().map(|doubt| doubt.code()).collect::<BTreeSet<_>>();
		assert_eq!(codes.len(), Doubt::ALL.len());
		for doubt in Doubt::ALL {
			assert!(doubt.cause().ends_with('.') && doubt.remedy().ends_with('.'), "{doubt:?}");
		}
	}

	#[test]
	fn a_doubt_names_what_it_is_about() {
		let doubted = Doubt::RowDiffers.about("unit");
		assert_eq!(
			doubted.to_string(),
			"The row does not say what the signed reading says. (unit)"
		);
		assert_eq!(Doubted::from(Doubt::LeftOut).to_string(), Doubt::LeftOut.cause());
	}
}
