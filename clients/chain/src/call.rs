//! A call as SCALE bytes, placed by the node's live metadata.

use codec::{Compact, Encode};
use subxt::{
	Metadata,
	ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
	tx::Payload,
};

use crate::error::Error;

/// A call: its name and the SCALE of its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	/// The pallet's name in the runtime.
	pub pallet: &'static str,
	/// The call's name.
	pub call: &'static str,
	/// Its arguments, in order.
	pub args: Args,
}

/// SCALE of a call's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args(pub Vec<u8>);

impl EncodeAsFields for Args {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_fields: &mut dyn FieldIter<'_, R::TypeId>,
		_types: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

impl Payload for Call {
	type CallData = Args;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.call
	}

	fn call_data(&self) -> &Args {
		&self.args
	}
}

impl Call {
	/// A call of `pallet` whose arguments are the fields of the tuple `args`.
	pub(crate) fn new(pallet: &'static str, call: &'static str, args: impl Encode) -> Self {
		Self { pallet, call, args: Args(args.encode()) }
	}

	/// The call's bytes: pallet index, call index, arguments.
	///
	/// # Errors
	/// [`Error::Incompatible`] if the runtime has no such call.
	pub fn encode(&self, metadata: &Metadata) -> Result<Vec<u8>, Error> {
		let missing =
			|cause: &str| Error::Incompatible { call: self.name(), cause: cause.to_owned() };
		let pallet =
			metadata.pallet_by_name(self.pallet).ok_or_else(|| missing("no such pallet"))?;
		let call = pallet.call_variant_by_name(self.call).ok_or_else(|| missing("no such call"))?;
		let mut bytes = vec![pallet.call_index(), call.index];
		bytes.extend_from_slice(&self.args.0);
		Ok(bytes)
	}

	/// `Utility.batch_all`: all of `calls` in order, or none.
	///
	/// # Errors
	/// [`Error::Incompatible`] if the runtime lacks one of them.
	pub fn batch_all(calls: &[Self], metadata: &Metadata) -> Result<Self, Error> {
		let mut args = Compact(u32::try_from(calls.len()).unwrap_or(u32::MAX)).encode();
		for call in calls {
			args.extend(call.encode(metadata)?);
		}
		Ok(Self { pallet: "Utility", call: "batch_all", args: Args(args) })
	}

	/// `Pallet.call`.
	#[must_use]
	pub fn name(&self) -> String {
		format!("{}.{}", self.pallet, self.call)
	}
}
