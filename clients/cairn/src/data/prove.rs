//! Whether the chain stands for a value. Pure: no clock, no network.
//!
//! 1. The row says what a reading says, and the reading is signed by the key that the chain has for
//!    the device in that window.
//! 2. The header is the one whose hash the chain has, and a committee attested it.
//! 3. The reading is in that batch: the payload holds it, or the device's leaf ends with it.
//!
//! Nothing a gateway says is believed: what it serves is compared with what the chain has.

use std::collections::BTreeMap;

use cairn_chain::views::{BatchStage, BatchView, DeviceView};
use cairn_geo::Placed;
use cairn_telemetry::{
	Header, HeaderV1, Reading, SignedReading, hash, header_hash,
	payload::{self, Stream, payload_root},
};
use cairn_types::{
	Dated, GatewayId, Hash32, Moment, NetworkId, Periods, Schema, Slot, Window, view,
};
use codec::{DecodeAll, Encode};

use super::{
	doubt::{Doubt, Doubted},
	row::Row,
};
use crate::{
	gateway::{
		data::{parameters::decimal, query::Filter},
		locations::held_from,
		store::Stage,
	},
	protocol::{LeafProof, ReadingProof},
};

/// What the chain says, at one block, of what a row is about.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
	/// Hash of the chain's first block.
	pub(super) genesis: Hash32,
	/// What genesis fixed.
	pub(super) periods: Periods,
	/// Where the chain is in time.
	pub(super) now: Moment,
	/// The gateway that answered.
	pub(super) gateway: GatewayId,
	/// The network that it serves.
	pub(super) network: NetworkId,
	/// The device that is said to have read.
	pub(super) device: Option<&'a DeviceView>,
	/// The schema that the reading names.
	pub(super) schema: Option<&'a Schema>,
}

/// A row that its device has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
	/// The device's place in the gateway's ledger.
	pub(super) slot: Slot,
	/// The channel's place in the schema.
	pub(super) channel: usize,
}

/// By what a reading is shown to be in its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inclusion {
	/// By the device's leaf in the ledger that the batch leads to.
	Ledger,
	/// By the readings of the whole batch.
	Payload,
}

impl Inclusion {
	/// Its name in answers.
	pub(crate) const fn name(self) -> &'static str {
		match self {
			Self::Ledger => "ledger",
			Self::Payload => "payload",
		}
	}
}

fn ensure(holds: bool, doubt: Doubt) -> Result<(), Doubted> {
	if holds { Ok(()) } else { Err(doubt.into()) }
}

/// Whether a row was asked for, and says what its device has signed, where the chain says it was.
///
/// # Errors
/// The first [`Doubt`]; the signature last but for the place.
pub(super) fn statement(
	filter: &Filter,
	row: &Row,
	proof: &ReadingProof,
	known: &Known<'_>,
) -> Result<Said, Doubted> {
	ensure(row.is_asked(filter), Doubt::NotAsked)?;
	ensure(proof.genesis == known.genesis, Doubt::OtherChain)?;
	let is_of_gateway = proof.gateway == known.gateway && row.gateway == known.gateway;
	ensure(is_of_gateway && row.network == known.network, Doubt::OtherGateway)?;
	let reading = &proof.reading.reading;
	let channel = said(row, reading, known.schema)?;
	let window = known.periods.window_at(reading.time);
	let is_in_window = proof.window == window && row.window() == Some(window);
	ensure(is_in_window, Doubt::WrongWindow)?;
	let device = known.device.ok_or(Doubt::UnknownDevice)?;
	let facts = view::facts(device.device, &device.state, window).ok_or(Doubt::UnknownDevice)?;
	ensure(proof.key == facts.key, Doubt::WrongKey)?;
	ensure(proof.reading.verify(&known.genesis, &facts.key), Doubt::BadSignature)?;
	let place = facts.assignment.filter(|place| place.gateway == known.gateway);
	let slot = place.ok_or(Doubt::NotAssigned)?.slot;
	let location = device.location.as_ref();
	let location = location.and_then(|fact| placed(fact, window, known.now));
	ensure(is_there(filter, row, location), Doubt::OtherPlace)?;
	Ok(Said { slot, channel })
}

/// The place of the row's channel in the schema, if the reading says the same as the row.
fn said(row: &Row, reading: &Reading, schema: Option<&Schema>) -> Result<usize, Doubted> {
	let ensure = |holds: bool, what: &str| {
		if holds { Ok(()) } else { Err(Doubt::RowDiffers.about(what)) }
	};
	ensure(reading.network == row.network, "network")?;
	ensure(reading.device == row.device, "device")?;
	ensure(reading.sequence == row.sequence, "sequence")?;
	ensure(reading.time == row.time, "time")?;
	let schema = schema.ok_or_else(|| Doubt::RowDiffers.about("schema"))?;
	let mut channels = schema.channels.iter().enumerate();
	let found = channels.find(|(_, channel)| channel.name.as_slice() == row.channel.as_bytes());
	let (index, channel) = found.ok_or_else(|| Doubt::RowDiffers.about("channel"))?;
	ensure(channel.quantity == row.quantity, "quantity")?;
	ensure(channel.unit == row.unit, "unit")?;
	let value = reading.values.get(index).copied().flatten();
	let value = value.map(|value| decimal(value, channel.scale));
	ensure(value == Some(row.value), "value")?;
	Ok(index)
}

/// Where the device was in a window, if the chain still says so: of the place before the last move it
/// does not say since when it held, but since when at the latest.
fn placed(place: &Dated<Placed>, window: Window, now: Moment) -> Option<&Placed> {
	let is_certain = |previous| window >= held_from(previous, place.since, now);
	let is_known = window >= place.since || place.previous.as_ref().is_some_and(is_certain);
	place.at(window).filter(|_| is_known)
}

/// Whether the device was where the row says, and in the region that was asked for.
///
/// - `place`: where the chain says that it was.
fn is_there(filter: &Filter, row: &Row, place: Option<&Placed>) -> bool {
	if filter.region.is_none() && row.cell.is_none() {
		return true;
	}
	let cell = place.map(|place| place.location.cell());
	let is_inside = filter.region.is_none_or(|region| {
		cell.is_some_and(|cell| cell.parent(region.resolution()) == Ok(region))
	});
	row.cell == cell && is_inside
}

/// The header of the reading's batch, if it is the one that the chain has attested.
///
/// - `batch`: what the chain has under the gateway, the proof's window and its batch's attempt.
///
/// # Errors
/// The first [`Doubt`].
pub(super) fn header(
	proof: &ReadingProof,
	batch: Option<&BatchView>,
	known: &Known<'_>,
) -> Result<Header, Doubted> {
	let Some(shown) = &proof.batch else {
		let is_out = [Stage::LeftOut, Stage::Lost].iter().any(|stage| stage.name() == proof.stage);
		return Err(if is_out { Doubt::LeftOut } else { Doubt::NotSealed }.into());
	};
	let digits = shown.header.strip_prefix("0x").unwrap_or(&shown.header);
	let bytes = hex::decode(digits).map_err(|_| Doubt::BadHeader)?;
	let header = Header::decode_all(&mut bytes.as_slice()).map_err(|_| Doubt::BadHeader)?;
	ensure(header.latest().attempt == shown.attempt, Doubt::BadHeader)?;
	let batch = batch.ok_or(Doubt::UnknownBatch)?;
	let name = header_hash(&known.genesis, known.gateway, proof.window, &header);
	ensure(name == batch.header_hash, Doubt::HeaderDiffers)?;
	match batch.stage {
		BatchStage::Attested { .. } => Ok(header),
		BatchStage::Pending => Err(Doubt::NotAttested.into()),
		BatchStage::Dead => Err(Doubt::DeadBatch.into()),
	}
}

/// Whether the device's leaf shows that the batch ends with this value. A leaf holds valid values
/// only, and the newest: that it does not show one means nothing.
///
/// # Errors
/// [`Doubt::WrongLeaf`] if the leaf is not in the ledger that was attested.
pub(super) fn is_in_ledger(
	said: Said,
	proof: &ReadingProof,
	header: &Header,
) -> Result<bool, Doubted> {
	let Some(LeafProof { slot, leaf, proof: path }) = &proof.leaf else { return Ok(false) };
	let root = path.root(*slot, &leaf.hash(*slot));
	let leads_there = *slot == said.slot && root == Ok(header.latest().ledger_root);
	ensure(leads_there, Doubt::WrongLeaf)?;
	let (reading, account) = (&proof.reading.reading, leaf.account.latest());
	let is_last = account.device == reading.device
		&& account.schema == reading.schema
		&& account.sequence == reading.sequence
		&& account.time == reading.time;
	let value = reading.values.get(said.channel).copied().flatten();
	let sample = leaf.data.latest().latest.get(said.channel).copied().flatten();
	let is_shown =
		sample.is_some_and(|sample| Some(sample.value) == value && sample.time == reading.time);
	Ok(is_last && is_shown)
}

/// The readings of an attested batch, by slot and sequence, each by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Payload(BTreeMap<(Slot, u64), Hash32>);

impl Payload {
	/// Read a payload that a gateway serves.
	///
	/// # Errors
	/// [`Doubt::WrongPayload`] if it is not the one that the header commits to.
	pub(super) fn read(bytes: &[u8], header: &Header) -> Result<Self, Doubted> {
		let HeaderV1 { payload_root: root, payload_size, .. } = header.latest();
		let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
		ensure(size == *payload_size && payload_root(bytes) == *root, Doubt::WrongPayload)?;
		let mut stream = Stream::new(bytes, size, ());
		let mut readings = BTreeMap::new();
		while !stream.is_finished().map_err(|_| Doubt::WrongPayload)? {
			let next = payload::next(&mut stream).map_err(|_| Doubt::WrongPayload)?;
			let (slot, signed) = next;
			let entry = |signed: &SignedReading| ((slot, signed.reading.sequence), digest(signed));
			readings.extend(signed.iter().map(entry));
		}
		Ok(Self(readings))
	}

	/// Ensure that a reading is in it.
	///
	/// # Errors
	/// [`Doubt::NotInBatch`].
	pub(super) fn ensure_holds(&self, said: Said, signed: &SignedReading) -> Result<(), Doubted> {
		let found = self.0.get(&(said.slot, signed.reading.sequence));
		ensure(found == Some(&digest(signed)), Doubt::NotInBatch)
	}
}

fn digest(signed: &SignedReading) -> Hash32 {
	hash(&[&signed.encode()])
}

#[cfg(test)]
mod tests;
