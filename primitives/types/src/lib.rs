//! Types shared by pallets, node and clients: ids, units, schemas, keys, facts and time.
//!
//! Nothing here knows FRAME, a clock or I/O: everything is a pure function of its arguments.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub mod activity;
pub mod certificate;
pub mod fact;
pub mod ids;
pub mod key;
pub mod meter;
pub mod registration;
pub mod root;
pub mod schema;
mod text;
pub mod time;
pub mod unit;
pub mod view;

pub use activity::Activity;
pub use certificate::{
	Approval, Certificate, CertificateClaim, CertificateClaimV2, CertificateV1, CertificateV2,
	CertifierKey, CertifierSignature, Identity, Objection, Possession, Serial,
};
pub use fact::{Dated, TooEarly};
pub use ids::*;
pub use key::{DeviceKey, DeviceSignature};
pub use meter::{Admission, MeterRule, NetworkConfig};
pub use registration::{Registration, Registrations};
#[cfg(feature = "signing")]
pub use root::P256Pair;
pub use root::{Delegation, P256Public, P256Signature, RootKey, RootSignature};
pub use schema::{Channel, ChannelKind, Schema, SchemaFault};
pub use time::{Moment, Periods, Rules, WindowRecord};
pub use unit::{ConversionFault, Decimal, Quantity, Unit};

/// A blake2-256 hash or a BLAKE3 root: 32 bytes.
pub type Hash32 = [u8; 32];
/// Balances as the runtime counts them, in the smallest unit.
pub type Amount = u128;

#[cfg(test)]
mod tests {
	mod vectors;
}
