//! What a gateway notes of devices and windows.

use cairn_telemetry::SignedReading;
use cairn_types::Window;
use codec::{Decode, Encode};
use redb::ReadableTable;

use crate::store::{StoreError, decode};

/// What is known of a device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceNote {
	/// Its newest stored reading.
	pub last: SignedReading,
	/// The window of that reading.
	pub window: Window,
	/// Stored readings of that window.
	pub in_window: u32,
	/// Readings stored ever.
	pub accepted: u64,
	/// Stored readings that were left out of a batch: code of the fault, count.
	pub left_out: Vec<(u8, u64)>,
}

impl DeviceNote {
	/// Count a stored reading that was left out because of the fault with this code.
	pub fn leave_out(&mut self, code: u8) {
		match self.left_out.iter_mut().find(|(known, _)| *known == code) {
			Some((_, count)) => *count = count.saturating_add(1),
			None => self.left_out.push((code, 1)),
		}
	}
}

/// Why the readings of a window will never be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Lost {
	/// The chain has no record of the window: it had no block.
	NoRecord,
	/// No attestation could come in time any more.
	TooOld,
	/// A later window is sealed, or the window is out of attempts.
	Skipped,
	/// None of its readings may stand in a batch.
	Inadmissible,
	/// The network did not run in it.
	NetworkPaused,
}

impl Lost {
	/// Name in metrics and logs.
	#[must_use]
	pub const fn name(self) -> &'static str {
		match self {
			Self::NoRecord => "no_record",
			Self::TooOld => "too_old",
			Self::Skipped => "skipped",
			Self::Inadmissible => "inadmissible",
			Self::NetworkPaused => "network_paused",
		}
	}
}

/// What is stored of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct WindowRow {
	/// Stored readings.
	pub readings: u32,
	/// Their bytes in a payload, roughly.
	pub bytes: u64,
	/// Set if the window will never be sealed.
	pub lost: Option<Lost>,
}

/// A window's row; the default if nothing is stored of it.
pub(super) fn read_row(
	table: &impl ReadableTable<u32, &'static [u8]>,
	window: Window,
) -> Result<WindowRow, StoreError> {
	match table.get(window)? {
		Some(bytes) => decode("a window's row", bytes.value()),
		None => Ok(WindowRow::default()),
	}
}
