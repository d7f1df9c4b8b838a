//! Data of the pallet that knows no `Config`, and the checks that need nothing else.

use cairn_types::{Activity, Dated, NetworkConfig, meter::Admission, schema::Name};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Where a network is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Its readings count.
	Running,
	/// Its readings do not count until it is resumed.
	Paused {
		/// Whether governance paused it: then only governance resumes it.
		by_admin: bool,
	},
	/// It has ended for good.
	Closed,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NetworkRecord<AccountId, Ticket> {
	/// Who runs it and pays for it.
	pub owner: AccountId,
	/// To whom the owner offers it.
	pub offered: Option<AccountId>,
	/// What people call it.
	pub name: Name,
	/// Schema, meter rule and admission, dated by cycle.
	pub config: Dated<NetworkConfig>,
	/// In which windows it runs.
	pub activity: Activity,
	/// Where it is in its life.
	pub stage: Stage,
	/// The owner's deposit for this record.
	pub ticket: Ticket,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller<AccountId> {
	/// Governance.
	Admin,
	/// An account.
	Account(AccountId),
}

/// Why nobody could be admitted as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdmissionFault {
	/// It admits the devices of no maker at all.
	NoMakers,
	/// It names a maker twice.
	DuplicateMaker,
}

/// Whether `admission` names at least one maker, and none twice, if it names makers.
pub(crate) fn check_admission(admission: &Admission) -> Result<(), AdmissionFault> {
	let Admission::Certified(makers) = admission else { return Ok(()) };
	if makers.is_empty() {
		return Err(AdmissionFault::NoMakers);
	}
	for (index, maker) in makers.iter().enumerate() {
		if makers.iter().take(index).any(|other| other == maker) {
			return Err(AdmissionFault::DuplicateMaker);
		}
	}
	Ok(())
}
