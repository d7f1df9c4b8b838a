//! The session key by which validators sign verdicts.

use sp_application_crypto::{KeyTypeId, app_crypto, sr25519};

/// Key type of verdict keys.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"telm");

mod app {
	use super::{KEY_TYPE, app_crypto, sr25519};
	app_crypto!(sr25519, KEY_TYPE);
}

/// A validator's verdict key.
pub type AuthorityId = app::Public;
/// A signature by a verdict key.
pub type AuthoritySignature = app::Signature;
sp_application_crypto::with_pair! {
	/// A verdict key pair.
	pub type AuthorityPair = app::Pair;
}
