//! A failed call, in the words of the runtime's own documentation.

use codec::Decode;
use sp_runtime::{DispatchError, ModuleError};
use subxt::Metadata;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {docs}")]
pub struct DispatchFailure {
	/// `Pallet::Error`, or the runtime's own word.
	pub name: String,
	/// Cause and remedy, from the runtime's documentation.
	pub docs: String,
	/// Which item of a list it is about, for calls that say so; else zero.
	pub place: u8,
}

impl DispatchFailure {
	/// Decode the fields of `System.ExtrinsicFailed`.
	pub(crate) fn decode(mut fields: &[u8], metadata: &Metadata) -> Self {
		match DispatchError::decode(&mut fields) {
			Ok(DispatchError::Module(error)) => Self::of_module(&error, metadata),
			Ok(other) => Self::of_runtime(other),
			Err(cause) => Self {
				name: "Unknown".to_owned(),
				docs: format!(
					"The runtime reports an error that this release does not know ({cause}). \
					 Remedy: use the release of this command that belongs to the chain's runtime."
				),
				place: 0,
			},
		}
	}

	fn of_module(error: &ModuleError, metadata: &Metadata) -> Self {
		let [variant, place, ..] = error.error;
		let pallet = metadata.pallet_by_error_index(error.index);
		let found = pallet
			.as_ref()
			.and_then(|pallet| Some((pallet.name(), pallet.error_variant_by_index(variant)?)));
		match found {
			Some((pallet, variant)) => Self {
				name: format!("{pallet}::{}", variant.name),
				docs: join(&variant.docs),
				place,
			},
			None => Self {
				name: format!("Pallet {} error {variant}", error.index),
				docs: "The metadata does not name it. Remedy: look the pallet's errors up in the \
				       reference of the chain's release."
					.to_owned(),
				place,
			},
		}
	}

	fn of_runtime(error: DispatchError) -> Self {
		let remedy = match error {
			DispatchError::BadOrigin | DispatchError::RootNotAllowed => {
				"sign with the account that the call belongs to"
			},
			DispatchError::Token(_) => "put more of the token into the signing account",
			DispatchError::CannotLookup => "name an existing account",
			DispatchError::NoProviders => {
				"give the account at least the existential deposit before the call"
			},
			DispatchError::ConsumerRemaining | DispatchError::TooManyConsumers => {
				"release what the account still holds, then call again"
			},
			DispatchError::Exhausted | DispatchError::Unavailable => "call again later",
			_ => "report it with the block's number: this is not a mistake of the caller",
		};
		let name = format!("{error:?}");
		let docs = <&'static str>::from(error);
		Self { name, docs: format!("{docs}. Remedy: {remedy}."), place: 0 }
	}
}

/// Documentation lines as one paragraph.
fn join(lines: &[String]) -> String {
	let words = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
	words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use sp_runtime::TokenError;

	#[test]
	fn works_when_the_error_is_the_runtimes_own() {
		let failure =
			DispatchFailure::of_runtime(DispatchError::Token(TokenError::FundsUnavailable));
		assert!(failure.name.contains("FundsUnavailable"));
		assert!(failure.docs.contains("Remedy: put more of the token"));
	}

	#[test]
	fn documentation_lines_become_one_paragraph() {
		let lines = [" The root is another.", "", " Rebuild it."].map(str::to_owned);
		assert_eq!(join(&lines), "The root is another. Rebuild it.");
	}

	#[test]
	fn other_bytes_behind_the_error_do_not_matter() {
		let mut bytes = DispatchError::BadOrigin.encode();
		bytes.extend([1, 2, 3]);
		assert_eq!(DispatchError::decode(&mut bytes.as_slice()), Ok(DispatchError::BadOrigin));
	}
}
