//! What strangers send as SCALE and as JSON: in transactions, to gateways, from telemetry sources.

use std::fmt::Debug;

use cairn_telemetry::{
	Claim, Header, Leaf, Proof, Reading, SignedReading, VerdictClaim, partial::Piece,
};
use cairn_types::{
	Approval, Certificate, Delegation, Identity, NetworkConfig, Objection, Possession,
	Registration, Registrations, Schema,
};
use codec::{Decode, Encode, MaxEncodedLen};
use serde::{Serialize, de::DeserializeOwned};

use crate::memory;

/// Reads one type; whether it was accepted.
type Reader = fn(&[u8]) -> bool;

/// By the first byte, which seeds hold: append only.
const SCALE: &[Reader] = &[
	bounded::<Certificate>,
	bounded::<Registration>,
	bounded::<Registrations>,
	bounded::<Possession>,
	bounded::<Delegation>,
	bounded::<Approval>,
	bounded::<Objection>,
	bounded::<Identity>,
	bounded::<Schema>,
	bounded::<NetworkConfig>,
	bounded::<Reading>,
	bounded::<SignedReading>,
	bounded::<Header>,
	bounded::<Leaf>,
	bounded::<Proof>,
	bounded::<Claim>,
	bounded::<VerdictClaim>,
	unbounded::<Vec<SignedReading>>,
	unbounded::<Piece>,
];

/// By the first byte, which seeds hold: append only.
const JSON: &[Reader] = &[
	text::<Certificate>,
	text::<Registration>,
	text::<Vec<SignedReading>>,
	text::<Schema>,
	text::<NetworkConfig>,
	text::<Claim>,
	text::<Delegation>,
	text::<Approval>,
];

/// SCALE of one of many types, by the first byte. Accepted if nothing is left over.
///
/// # Panics
/// As [`crate::Target::run`] says; also if there is a second encoding, if it is longer than its type
/// allows, or if JSON does not carry it.
#[must_use]
pub fn scale(input: &[u8]) -> bool {
	chosen(SCALE, input)
}

/// JSON of one of many types, by the first byte.
///
/// # Panics
/// As [`crate::Target::run`] says; also if JSON or SCALE does not carry what was read.
#[must_use]
pub fn json(input: &[u8]) -> bool {
	chosen(JSON, input)
}

fn chosen(readers: &[Reader], input: &[u8]) -> bool {
	let Some((choice, rest)) = input.split_first() else { return false };
	readers[usize::from(*choice) % readers.len()](rest)
}

/// What was decoded, and how many bytes it took.
fn decoded<T: Decode + Encode>(input: &[u8]) -> Option<(T, usize)> {
	let mut rest = input;
	let value = memory::linear(input.len(), || T::decode(&mut rest)).ok()?;
	let taken = input.len() - rest.len();
	assert_eq!(value.encode(), input[..taken], "a second encoding");
	Some((value, taken))
}

fn unbounded<T: Decode + Encode>(input: &[u8]) -> bool {
	decoded::<T>(input).is_some_and(|(_, taken)| taken == input.len())
}

fn bounded<T>(input: &[u8]) -> bool
where
	T: Decode + Encode + MaxEncodedLen + Serialize + DeserializeOwned + PartialEq + Debug,
{
	let Some((value, taken)) = decoded::<T>(input) else { return false };
	assert!(taken <= T::max_encoded_len(), "{taken} bytes of {}", T::max_encoded_len());
	let text = serde_json::to_string(&value).expect("it is JSON");
	assert_eq!(serde_json::from_str::<T>(&text).ok(), Some(value), "{text}");
	taken == input.len()
}

fn text<T>(input: &[u8]) -> bool
where
	T: Decode + Encode + Serialize + DeserializeOwned + PartialEq + Debug,
{
	let read = memory::linear(input.len(), || serde_json::from_slice::<T>(input));
	let Ok(value) = read else { return false };
	let scale = value.encode();
	assert_eq!(T::decode(&mut scale.as_slice()).as_ref(), Ok(&value));
	let written = serde_json::to_string(&value).expect("it is JSON");
	assert_eq!(serde_json::from_str::<T>(&written).ok(), Some(value), "{written}");
	true
}
