//! What token holders decide by: tracks and rules from the node's live metadata; referenda, votes,
//! locks, parameters and the treasury's spends from storage; and what a call would do, from the
//! runtime.

use cairn_runtime_api::governance::{DryRun, DryRunError};
use cairn_types::{Amount, Hash32, Tick};
use codec::{Decode, Encode};
use sp_crypto_hashing::blake2_128;
use sp_runtime::{DispatchError, Permill};
use subxt::Metadata;

use crate::{
	client::{At, Chain},
	curve::Curve,
	dispatch::DispatchFailure,
	error::Error,
	referendum::{Deposit, Referendum, Voting},
	state::constant,
	storage::{prefix, twox_64_concat},
};

/// Where `telemetry.SealPolicy` is among the runtime's parameters: group and number.
pub(crate) const SEAL_POLICY: [u8; 2] = [0, 0];
/// Where `rewards.Emission` is.
pub(crate) const EMISSION: [u8; 2] = [1, 0];
/// Where `devices.RegistryPolicy` is.
pub(crate) const REGISTRY_POLICY: [u8; 2] = [2, 0];

/// A track: what its referenda need, and how long they take. Periods are in blocks.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Track {
	/// Its id.
	pub id: u16,
	/// Its name.
	pub name: String,
	/// Referenda decided at once.
	pub max_deciding: u32,
	/// Deposit without which no decision begins.
	pub decision_deposit: Amount,
	/// From submission to decision, at least.
	pub prepare_period: u32,
	/// What a decision takes at most, unless it is being confirmed then.
	pub decision_period: u32,
	/// For how long it has to pass without a break.
	pub confirm_period: u32,
	/// From approval to enactment, at least.
	pub min_enactment_period: u32,
	/// The share of ayes it needs.
	pub min_approval: Curve,
	/// The share of all tokens it needs.
	pub min_support: Curve,
}

/// What is fixed for all referenda. Periods are in blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governance {
	/// The tracks, by id.
	pub tracks: Vec<Track>,
	/// What submitting a referendum holds.
	pub submission_deposit: Amount,
	/// From submission until a referendum whose decision has not begun is over.
	pub undeciding_timeout: u32,
	/// Lock period of a vote with conviction.
	pub vote_locking_period: u32,
}

impl Governance {
	/// What the runtime's metadata says.
	///
	/// # Errors
	/// [`Error::Undecodable`] if the runtime has no governance, or another one.
	pub fn of(metadata: &Metadata) -> Result<Self, Error> {
		let mut tracks: Vec<Track> = constant(metadata, "Referenda", "Tracks")?;
		for track in &mut tracks {
			// Names are padded to one length.
			let length = track.name.trim_end_matches('\0').len();
			track.name.truncate(length);
		}
		Ok(Self {
			tracks,
			submission_deposit: constant(metadata, "Referenda", "SubmissionDeposit")?,
			undeciding_timeout: constant(metadata, "Referenda", "UndecidingTimeout")?,
			vote_locking_period: constant(metadata, "ConvictionVoting", "VoteLockingPeriod")?,
		})
	}

	/// The track of an id.
	#[must_use]
	pub fn track(&self, id: u16) -> Option<&Track> {
		self.tracks.iter().find(|track| track.id == id)
	}
}

/// How a `RuntimeVersion` begins: name, implementation, authoring version, version.
type SpecHead = (String, String, u32, u32);

/// Name and version of a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
	/// What the runtime is called.
	pub name: String,
	/// Its version.
	pub version: u32,
}

impl Spec {
	/// From the SCALE of a `RuntimeVersion`, whatever else it says.
	///
	/// # Errors
	/// The decoder's, if it is none.
	pub fn decode(mut bytes: &[u8]) -> Result<Self, codec::Error> {
		let (name, _, _, version) = SpecHead::decode(&mut bytes)?;
		Ok(Self { name, version })
	}
}

/// What sealing costs and how committees are formed: the parameter `telemetry.SealPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealPolicy {
	/// Members of a committee, at most.
	pub committee_size: u32,
	/// Own deaths after which a window is skipped.
	pub max_attempts: u8,
	/// Fee of any batch.
	pub base_fee: Amount,
	/// Fee per reading.
	pub reading_fee: Amount,
	/// Fee per started KiB of payload.
	pub kib_fee: Amount,
	/// The committee's part of the fee.
	pub committee_share: Permill,
}

/// How the emission is split, tapered and vested: the parameter `rewards.Emission`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RewardsPolicy {
	/// Validators' share of the emission.
	pub validators: Permill,
	/// Treasury's share of the emission.
	pub treasury: Permill,
	/// Share of the networks' part that the bootstrap pool keeps for ever.
	pub bootstrap_floor: Permill,
	/// Share of the networks' part that the bootstrap pool begins with.
	pub bootstrap_start: Permill,
	/// Cycles in which that share halves.
	pub half_life: u32,
	/// Cycles over which pay vests.
	pub vesting: u32,
	/// Weight of a new certified network in the bootstrap pool.
	pub default_weight: u32,
}

/// What makers may certify, how long a recovery takes, and what moving costs: the parameter
/// `devices.RegistryPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DevicesPolicy {
	/// Most devices that one maker certifies in a cycle.
	pub per_cycle: u32,
	/// Ticks between the request of a recovery and its completion.
	pub recovery_ticks: Tick,
	/// What it costs to assert another location than before.
	pub moving_fee: Amount,
	/// Ticks for which a device stays where it is.
	pub moving_ticks: Tick,
}

/// What the chain knows of a preimage.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub enum PreimageStatus {
	/// Noted by somebody, and not needed by any scheduled call.
	Unrequested {
		/// Who noted it, and what is held for it.
		ticket: Deposit,
		/// Its length in bytes.
		length: u32,
	},
	/// Needed by scheduled calls.
	Requested {
		/// Who noted it, and what is held for it.
		ticket: Option<Deposit>,
		/// How many need it.
		count: u32,
		/// Its length in bytes, if it is there.
		length: Option<u32>,
	},
}

impl PreimageStatus {
	/// Whether the preimage itself is there.
	#[must_use]
	pub const fn is_noted(&self) -> bool {
		matches!(self, Self::Unrequested { .. } | Self::Requested { length: Some(_), .. })
	}

	/// Who noted it, and what is held for it.
	#[must_use]
	pub const fn ticket(&self) -> Option<&Deposit> {
		match self {
			Self::Unrequested { ticket, .. } => Some(ticket),
			Self::Requested { ticket, .. } => ticket.as_ref(),
		}
	}
}

/// A spend that a referendum approved.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Spend {
	/// How much.
	pub amount: Amount,
	/// To whom.
	pub beneficiary: [u8; 32],
	/// The first block in which it can be paid out.
	pub valid_from: u32,
	/// The block from which it cannot be paid out any more.
	pub expire_at: u32,
	/// Whether it was paid out.
	pub state: PaymentState,
}

/// What became of a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
pub enum PaymentState {
	/// Waits to be paid out.
	Pending,
	/// Was paid out.
	Attempted,
	/// Could not be paid out; may be tried again.
	Failed,
}

/// Every function fails only as [`Chain`]'s questions do: no node, or one of another release.
impl Chain {
	/// What is fixed for all referenda.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn governance(&self) -> Result<Governance, Error> {
		let metadata = self.metadata().await?;
		Governance::of(&metadata)
	}

	/// Name and version of the chain's runtime.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn spec(&self) -> Result<Spec, Error> {
		let metadata = self.metadata().await?;
		let (name, _, _, version): SpecHead = constant(&metadata, "System", "Version")?;
		Ok(Spec { name, version })
	}

	/// A referendum.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn referendum(&self, index: u32, at: At) -> Result<Option<Referendum>, Error> {
		self.stored("a referendum", &referendum_key(index), at).await
	}

	/// Every referendum there ever was, by index.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn referenda(&self, at: At) -> Result<Vec<(u32, Referendum)>, Error> {
		const REQUEST: &str = "the referenda";
		let count = self.stored(REQUEST, &prefix("Referenda", "ReferendumCount"), at).await?;
		self.entries(REQUEST, count.unwrap_or(0), referendum_key, at).await
	}

	/// What an account does on a track.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn voting(&self, account: &[u8; 32], track: u16, at: At) -> Result<Voting, Error> {
		let key = [
			prefix("ConvictionVoting", "VotingFor"),
			twox_64_concat(account),
			twox_64_concat(&track),
		]
		.concat();
		Ok(self.stored("an account's votes", &key, at).await?.unwrap_or_default())
	}

	/// What votes and delegations lock of an account, by track. All of it is locked by the largest.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn vote_locks(
		&self,
		account: &[u8; 32],
		at: At,
	) -> Result<Vec<(u16, Amount)>, Error> {
		let key = [prefix("ConvictionVoting", "ClassLocksFor"), twox_64_concat(account)].concat();
		Ok(self.stored("an account's locks", &key, at).await?.unwrap_or_default())
	}

	/// All tokens there are.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn total_issuance(&self, at: At) -> Result<Amount, Error> {
		let key = prefix("Balances", "TotalIssuance");
		Ok(self.stored("the issuance", &key, at).await?.unwrap_or(0))
	}

	/// A preimage of that length.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn preimage(
		&self,
		hash: &Hash32,
		length: u32,
		at: At,
	) -> Result<Option<Vec<u8>>, Error> {
		let key = [prefix("Preimage", "PreimageFor"), (hash, length).encode()].concat();
		self.stored("a preimage", &key, at).await
	}

	/// What the chain knows of a preimage; `None` if nothing.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn preimage_status(
		&self,
		hash: &Hash32,
		at: At,
	) -> Result<Option<PreimageStatus>, Error> {
		let key = [prefix("Preimage", "RequestStatusFor"), hash.to_vec()].concat();
		self.stored("a preimage's state", &key, at).await
	}

	/// The parameter `telemetry.SealPolicy`; `None` if governance deleted it.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn seal_policy(&self, at: At) -> Result<Option<SealPolicy>, Error> {
		self.parameter(SEAL_POLICY, at).await
	}

	/// The parameter `rewards.Emission`; `None` if governance deleted it.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn rewards_policy(&self, at: At) -> Result<Option<RewardsPolicy>, Error> {
		self.parameter(EMISSION, at).await
	}

	/// The parameter `devices.RegistryPolicy`; `None` if governance deleted it.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn devices_policy(&self, at: At) -> Result<Option<DevicesPolicy>, Error> {
		self.parameter(REGISTRY_POLICY, at).await
	}

	/// The treasury's approved spends that it still keeps, by index.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn spends(&self, at: At) -> Result<Vec<(u32, Spend)>, Error> {
		const REQUEST: &str = "the treasury's spends";
		let count = self.stored(REQUEST, &prefix("Treasury", "SpendCount"), at).await?;
		self.entries(REQUEST, count.unwrap_or(0), spend_key, at).await
	}

	/// An approved spend of the treasury.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn spend(&self, index: u32, at: At) -> Result<Option<Spend>, Error> {
		self.stored("a spend of the treasury", &spend_key(index), at).await
	}

	/// The origin that a track's referenda speak with, encoded; `None` if there is no such track.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn track_origin(&self, track: u16, at: At) -> Result<Option<Vec<u8>>, Error> {
		self.call_api("CairnGovernanceApi_origin", &track.encode(), at).await
	}

	/// What a call would do if a referendum of the track enacted it now. Nothing of it stays.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn dry_run(
		&self,
		track: u16,
		call: &[u8],
		at: At,
	) -> Result<Result<DryRun, DryRunError>, Error> {
		self.call_api("CairnGovernanceApi_dry_run", &(track, call).encode(), at).await
	}

	async fn parameter<T: Decode>(&self, place: [u8; 2], at: At) -> Result<Option<T>, Error> {
		let key = [prefix("Parameters", "Parameters"), blake2_128_concat(&place)].concat();
		let value: Option<([u8; 2], T)> = self.stored("a parameter", &key, at).await?;
		Ok(value.map(|(_, value)| value))
	}

	/// Entries `0..count` of a map by index; those that are gone are left out.
	async fn entries<T: Decode>(
		&self,
		request: &str,
		count: u32,
		key: impl Fn(u32) -> Vec<u8>,
		at: At,
	) -> Result<Vec<(u32, T)>, Error> {
		let keys = (0..count).map(key).collect::<Vec<_>>();
		let mut answers = self.stored_many(request, &keys, at).await?;
		let mut found = Vec::new();
		for index in 0..count {
			if let Some(value) = answers.take()? {
				found.push((index, value));
			}
		}
		Ok(found)
	}
}

impl DispatchFailure {
	/// An error of the runtime, in the words of its documentation.
	#[must_use]
	pub fn of(error: &DispatchError, metadata: &Metadata) -> Self {
		Self::decode(&error.encode(), metadata)
	}
}

fn referendum_key(index: u32) -> Vec<u8> {
	[prefix("Referenda", "ReferendumInfoFor"), blake2_128_concat(&index)].concat()
}

fn spend_key(index: u32) -> Vec<u8> {
	[prefix("Treasury", "Spends"), twox_64_concat(&index)].concat()
}

/// A key's part under the hasher `Blake2_128Concat`.
fn blake2_128_concat(key: &impl Encode) -> Vec<u8> {
	let bytes = key.encode();
	[blake2_128(&bytes).as_slice(), &bytes].concat()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_version_is_read_whatever_follows() {
		let bytes = ("cairn", "other", 1u32, 7u32, vec![1u8, 2, 3]).encode();
		let expected = Spec { name: "cairn".to_owned(), version: 7 };
		assert_eq!(Spec::decode(&bytes), Ok(expected));
		assert!(Spec::decode(&bytes[..4]).is_err());
	}

	#[test]
	fn a_preimage_says_who_noted_it() {
		let ticket = Deposit { who: [7; 32], amount: 10 };
		let noted = [vec![0], ticket.encode(), 99u32.encode()].concat();
		let noted = PreimageStatus::decode(&mut noted.as_slice()).expect("it decodes");
		assert_eq!(noted, PreimageStatus::Unrequested { ticket: ticket.clone(), length: 99 });
		assert!(noted.is_noted());
		assert_eq!(noted.ticket(), Some(&ticket));

		let wanted = PreimageStatus::Requested { ticket: None, count: 1, length: None };
		assert!(!wanted.is_noted() && wanted.ticket().is_none());
	}
}
