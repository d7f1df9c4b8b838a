//! What is in a block, and how much of it could have been: of any chain made of FRAME, whether Babe
//! or Aura gives it its slots.

use cairn_types::Hash32;
use codec::{Compact, Decode};
use serde_json::{Value, json};
use subxt::Metadata;

use crate::{
	node::{Http, Node},
	state::prefix,
};

/// The first byte of a digest item that consensus puts into a header before the block's execution.
const PRE_RUNTIME: u8 = 6;
/// The bit of a transaction's first byte that says that it is signed.
const SIGNED: u8 = 0x80;
/// Hex digits in which a transaction's length and first byte are.
const HEAD_DIGITS: usize = 12;

/// A weight, as the runtime encodes it: picoseconds and bytes of proof.
type Weight = (Compact<u64>, Compact<u64>);

/// A block's facts that do not need its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
	/// Its number.
	pub number: u32,
	/// The hash of the block before.
	pub parent: Hash32,
	/// The slot in which it was made; `None` if its header does not say.
	pub slot: Option<u64>,
	/// Its signed transactions.
	pub signed: u32,
	/// Bytes of all its transactions.
	pub bytes: u64,
}

impl Block {
	/// Read the answer to `chain_getBlock`; `None` if it is none.
	#[must_use]
	pub fn read(answer: &Value) -> Option<Self> {
		let (header, extrinsics) = (&answer["block"]["header"], &answer["block"]["extrinsics"]);
		let number = header["number"].as_str()?.strip_prefix("0x")?;
		let parent = header["parentHash"].as_str()?.strip_prefix("0x")?;
		let mut logs = header["digest"]["logs"].as_array()?.iter().filter_map(Value::as_str);
		let (mut signed, mut bytes) = (0, 0);
		for extrinsic in extrinsics.as_array()? {
			let digits = extrinsic.as_str()?.strip_prefix("0x")?;
			bytes += u64::try_from(digits.len() / 2).ok()?;
			signed += u32::from(is_signed(digits)?);
		}
		Some(Self {
			number: u32::from_str_radix(number, 16).ok()?,
			parent: hex::decode(parent).ok()?.try_into().ok()?,
			slot: logs.find_map(slot),
			signed,
			bytes,
		})
	}
}

/// Whether a transaction in hex is signed; `None` if it is none.
fn is_signed(digits: &str) -> Option<bool> {
	let head = hex::decode(digits.get(..HEAD_DIGITS).unwrap_or(digits)).ok()?;
	let mut input = head.as_slice();
	Compact::<u32>::decode(&mut input).ok()?;
	Some(input.first()? & SIGNED != 0)
}

/// The slot that a digest item in hex tells; `None` if it tells none.
fn slot(item: &str) -> Option<u64> {
	let item = hex::decode(item.strip_prefix("0x")?).ok()?;
	let (kind, engine, data) = <(u8, [u8; 4], Vec<u8>)>::decode(&mut item.as_slice()).ok()?;
	let mut input = data.as_slice();
	match (kind, &engine) {
		(PRE_RUNTIME, b"aura") => u64::decode(&mut input).ok(),
		// How the slot was won, by which authority.
		(PRE_RUNTIME, b"BABE") => {
			<(u8, u32, u64)>::decode(&mut input).ok().map(|(_, _, slot)| slot)
		},
		_ => None,
	}
}

/// What normal transactions may take of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Weight, picoseconds.
	pub weight: u64,
	/// Bytes.
	pub bytes: u32,
}

impl Limits {
	/// Read them from the runtime's constants; `None` if it has none of this form, or no limit.
	#[must_use]
	pub fn read(metadata: &Metadata) -> Option<Self> {
		let system = metadata.pallet_by_name("System")?;
		let weights = system.constant_by_name("BlockWeights")?.value();
		let length = system.constant_by_name("BlockLength")?.value();
		Self::decode(weights, length)
	}

	fn decode(weights: &[u8], length: &[u8]) -> Option<Self> {
		// Of the block: base, most. Of normal transactions: base of one, most of one, most of all.
		type Beginning = (Weight, Weight, Weight, Option<Weight>, Option<Weight>);
		let (_, _, _, _, most) = Beginning::decode(&mut &weights[..]).ok()?;
		// Of normal ones first.
		let bytes = u32::decode(&mut &length[..]).ok()?;
		most.map(|(Compact(weight), _)| Self { weight, bytes })
	}
}

impl Http {
	/// A block; `None` if there is no answer, or the node does not have it.
	pub async fn block(&self, hash: Hash32) -> Option<Block> {
		let hash = format!("0x{}", hex::encode(hash));
		Block::read(&self.ask("chain_getBlock", json!([hash])).await.ok()?)
	}
}

/// The state of one block.
impl Node {
	/// What its normal transactions weigh, in picoseconds.
	pub async fn normal_weight(&self, block: Hash32) -> Option<u64> {
		let (Compact(weight), _) =
			self.stored::<Weight>(&prefix("System", "BlockWeight"), Some(block)).await?;
		Some(weight)
	}

	/// When it was made, by its author's clock, in ms.
	pub async fn moment(&self, block: Hash32) -> Option<u64> {
		self.stored(&prefix("Timestamp", "Now"), Some(block)).await
	}

	/// The length of the chain's slots in ms, whether Babe or Aura tells it.
	pub async fn slot_millis(&self) -> Option<u64> {
		for function in ["AuraApi_slot_duration", "BabeApi_configuration"] {
			let answer = self.rpc("state_call", json!([function, "0x"])).await;
			let Ok(Value::String(answer)) = answer else { continue };
			let bytes = hex::decode(answer.strip_prefix("0x")?).ok()?;
			return u64::decode(&mut bytes.as_slice()).ok();
		}
		None
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	/// A timestamp's inherent, and a signed transaction's beginning with its length.
	const BARE: &str = "0x280502000b";
	const SIGNED_HEAD: &str = "0x310284000102";

	fn pre_runtime(engine: [u8; 4], data: &[u8]) -> String {
		format!("0x{}", hex::encode((PRE_RUNTIME, engine, data.to_vec()).encode()))
	}

	fn answer(logs: &[String], extrinsics: &[&str]) -> Value {
		let parent = format!("0x{}", "07".repeat(32));
		let digest = json!({ "logs": logs });
		let header = json!({ "number": "0x1f", "parentHash": parent, "digest": digest });
		json!({ "block": { "header": header, "extrinsics": extrinsics }, "justifications": null })
	}

	#[test]
	fn works_when_aura_gives_the_slot() {
		let answer = answer(&[pre_runtime(*b"aura", &291u64.encode())], &[BARE, SIGNED_HEAD]);
		let block = Block::read(&answer).expect("a block");
		let expected =
			Block { number: 31, parent: [7; 32], slot: Some(291), signed: 1, bytes: 5 + 6 };
		assert_eq!(block, expected);
	}

	#[test]
	fn works_when_babe_gives_the_slot() {
		// A primary slot, of authority 2, with a signature behind.
		let digest = [(1u8, 2u32, 291u64).encode(), vec![9; 96]].concat();
		let seal = (5u8, *b"BABE", vec![1u8; 64]).encode();
		let logs = [format!("0x{}", hex::encode(seal)), pre_runtime(*b"BABE", &digest)];
		assert_eq!(Block::read(&answer(&logs, &[])).expect("a block").slot, Some(291));
	}

	#[test]
	fn works_when_the_header_tells_no_slot() {
		let logs = [pre_runtime(*b"pow_", &291u64.encode())];
		assert_eq!(Block::read(&answer(&logs, &[])).expect("a block").slot, None);
	}

	#[test]
	fn fails_when_there_is_no_block() {
		assert_eq!(Block::read(&Value::Null), None);
		assert_eq!(Block::read(&answer(&[], &["0x"])), None, "a transaction has a first byte");
		assert_eq!(Block::read(&answer(&[], &["no hex"])), None);
	}

	#[test]
	fn only_signed_transactions_are_signed() {
		// Version 4: signed, bare. Version 5: general, bare.
		for (digits, expected) in
			[("1084000000", true), ("1004000000", false), ("1045000000", false), ("1005", false)]
		{
			assert_eq!(is_signed(digits), Some(expected), "{digits}");
		}
	}

	#[test]
	fn works_when_limits_are_encoded_as_the_sdk_does() {
		let weight = |time: u64| (Compact(time), Compact(u64::MAX));
		let normal = (weight(100), Some(weight(1_300)), Some(weight(1_500)), None::<Weight>);
		let operational = (weight(100), None::<Weight>, Some(weight(2_000)), Some(weight(500)));
		let weights = (weight(5), weight(2_000), normal, operational).encode();
		let length = (3_932_160u32, 5_242_880u32, 5_242_880u32, None::<u32>).encode();
		let expected = Limits { weight: 1_500, bytes: 3_932_160 };
		assert_eq!(Limits::decode(&weights, &length), Some(expected));
	}

	#[test]
	fn fails_when_normal_transactions_have_no_limit() {
		let weight = (Compact(1u64), Compact(1u64));
		let weights = (weight, weight, weight, None::<Weight>, None::<Weight>).encode();
		assert_eq!(Limits::decode(&weights, &7u32.encode()), None);
		assert_eq!(Limits::decode(&[], &[]), None);
	}
}
