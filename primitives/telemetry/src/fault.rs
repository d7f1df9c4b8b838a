//! What can be wrong with a batch, each with a code that verdicts carry and documents explain.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

cairn_coded::coded! {
	/// Why a batch is invalid.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
	#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
	#[serde(rename_all = "camelCase")]
	#[repr(u8)]
	pub enum Fault(
		/// The code that verdicts carry.
		code: u8,
	) {
		/// The payload is not a sequence of slots with signed readings.
		Malformed = 1: "Seal with the payload codec of this version.",
		/// Slots do not ascend.
		SlotOrder = 2: "Put each slot once, in ascending order.",
		/// A slot has no reading or more than 128.
		ReadingCount = 3: "Keep at most 128 readings of a device in a window.",
		/// A reading names another network than the gateway's.
		WrongNetwork = 4: "Accept readings of the gateway's own network only.",
		/// A reading names another schema than the network's in this cycle.
		WrongSchema = 5: "Sign readings under the network's current schema.",
		/// A reading names another device than its slot belongs to.
		WrongDevice = 6: "Put readings under the slot of the device that signed them.",
		/// The slot belongs to nobody in this window.
		Unassigned = 7: "Assign the device to the gateway; it holds from the next window.",
		/// The device is not active in this window, or its certificate has ended.
		Inactive = 8: "Activate the device; it holds from the next window.",
		/// A reading's time lies outside the batch's window.
		WrongWindow = 9: "Seal a reading in the window that contains its signed time.",
		/// Sequence numbers do not strictly increase.
		SequenceOrder = 10: "Count the device's sequence up with every reading.",
		/// Times do not strictly increase.
		TimeOrder = 11: "Set the device's clock; times must increase with every reading.",
		/// A reading has another number of values than the schema has channels.
		ChannelCount = 12: "Give one value (or none) per channel of the schema.",
		/// A signature does not verify under the device's key of this window.
		BadSignature = 13: "Sign with the key registered for this window.",
		/// The ledger root is not the previous ledger folded by step.
		LedgerRoot = 14: "Rebuild the ledger from the last attested one.",
		/// The transition root does not commit to the steps.
		TransitionRoot = 15: "Rebuild the transition tree from the payload.",
		/// Units, readings or devices do not add up.
		Sums = 16: "State the sums of the transition tree's root.",
		/// The batch holds more readings or bytes than the rules allow.
		TooLarge = 17: "Leave readings to the next window or use more gateways.",
		/// The batch names other rules than its window's.
		WrongRules = 18: "Name the rules version recorded with the window.",
		/// The network is paused or closed in this window.
		NetworkInactive = 19: "Wait until the network runs again.",
	}
}
