//! Data of the pallet that knows no `Config`.

use cairn_types::Schema;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A published schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SchemaRecord<AccountId, Ticket> {
	/// Who published it, pays for it and may deprecate it.
	pub owner: AccountId,
	/// What it says; never changes.
	pub schema: Schema,
	/// Whether networks may not choose it any more.
	pub deprecated: bool,
	/// The owner's deposit for this record.
	pub ticket: Ticket,
}

/// A schema was already deprecated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlreadyDeprecated;

impl<AccountId, Ticket> SchemaRecord<AccountId, Ticket> {
	/// A schema that networks may choose.
	pub(crate) const fn current(owner: AccountId, schema: Schema, ticket: Ticket) -> Self {
		Self { owner, schema, deprecated: false, ticket }
	}

	/// The same schema, not to be chosen any more.
	///
	/// # Errors
	/// [`AlreadyDeprecated`] if it was that before.
	pub(crate) fn deprecate(self) -> Result<Self, AlreadyDeprecated> {
		if self.deprecated {
			return Err(AlreadyDeprecated);
		}
		Ok(Self { deprecated: true, ..self })
	}
}
