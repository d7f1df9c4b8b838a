//! Staking as those who validate need it, read from storage: stakes, candidates, eras and what they
//! pay.
//!
//! Layouts are those of `pallet-staking`, decoded up to the field that is needed. A test holds
//! names and order of the fields against the runtime's metadata.

use std::{collections::BTreeMap, ops::Range};

use cairn_types::Amount;
use codec::{Decode, Encode};
use sp_crypto_hashing::blake2_128;
use sp_runtime::Perbill;

use crate::{
	client::{At, Chain},
	error::Error,
	state::{constant, last_account, numbers},
	storage::{prefix, twox_64_concat},
};

const PALLET: &str = "Staking";

/// Number of an era: what stake is paid for, and what validators are elected for.
pub type Era = u32;
/// Number of a session: the time for which a set of validators and their keys is fixed.
pub type SessionIndex = u32;
/// A part of a validator's backers that is paid at once.
pub type Page = u32;

/// Where rewards of a stake go: staking's `RewardDestination`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Payee {
	/// To the stash, and into its stake.
	#[codec(index = 0)]
	Staked,
	/// To the stash, to be spent.
	#[codec(index = 1)]
	Stash,
	/// To a second account; staking takes this no more.
	#[codec(index = 2)]
	Controller,
	/// To any account.
	#[codec(index = 3)]
	Account([u8; 32]),
	/// To nobody.
	#[codec(index = 4)]
	None,
}

/// On what terms somebody validates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ValidatorPrefs {
	/// What the validator takes of rewards before they are shared, in billionths.
	#[codec(compact)]
	pub commission: u32,
	/// Whether nobody may nominate it anew.
	pub blocked: bool,
}

/// Stake that somebody asked back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UnlockView {
	/// How much.
	#[codec(compact)]
	pub value: Amount,
	/// The era from which it can be withdrawn.
	#[codec(compact)]
	pub era: Era,
}

/// What an account has at stake.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StakeView {
	/// Whose.
	pub stash: [u8; 32],
	/// All that is bonded.
	#[codec(compact)]
	pub total: Amount,
	/// What of it counts in elections.
	#[codec(compact)]
	pub active: Amount,
	/// What was asked back, by era.
	pub unlocking: Vec<UnlockView>,
}

impl StakeView {
	/// What can be withdrawn in the era that is planned.
	#[must_use]
	pub fn withdrawable(&self, planned: Era) -> Amount {
		let over = self.unlocking.iter().filter(|chunk| chunk.era <= planned);
		over.map(|chunk| chunk.value).fold(0, Amount::saturating_add)
	}
}

/// What staking asks of everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StakingLimits {
	/// Least active stake of a candidate.
	pub min_validator_bond: Amount,
	/// Least active stake of a nominator.
	pub min_nominator_bond: Amount,
	/// Least commission, in billionths.
	pub min_commission: u32,
	/// Most candidates; `None`: no limit.
	pub max_candidates: Option<u32>,
	/// Candidates there are.
	pub candidates: u32,
	/// Validators that an election elects at most.
	pub seats: u32,
}

/// What genesis and the runtime fix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StakingTerms {
	/// Sessions of an era.
	pub sessions_per_era: u32,
	/// Eras that stake stays bonded after it was asked back.
	pub bonding_eras: u32,
	/// Eras behind the planned one for which rewards can be collected.
	pub kept_eras: u32,
	/// Slots of a session.
	pub session_slots: u64,
	/// Length of a slot, in ms.
	pub slot_millis: u64,
	/// What is held of an account while it has session keys.
	pub key_deposit: Amount,
	/// The least an account may hold.
	pub existential_deposit: Amount,
}

impl StakingTerms {
	/// How long so many sessions last, in seconds.
	#[must_use]
	pub const fn session_seconds(&self, sessions: u32) -> u64 {
		let millis = self.session_slots.saturating_mul(self.slot_millis);
		millis.saturating_mul(sessions as u64) / 1_000
	}

	/// How long so many eras last, in seconds.
	#[must_use]
	pub const fn era_seconds(&self, eras: u32) -> u64 {
		self.session_seconds(eras.saturating_mul(self.sessions_per_era))
	}
}

/// Where eras are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasView {
	/// The era that validators work in.
	pub active: Era,
	/// The era that was elected last: the active one, or in its last session the one after it.
	pub planned: Era,
	/// First session of the planned era.
	pub planned_start: SessionIndex,
}

/// Who backed a validator in an era.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ExposureView {
	/// All that backed it.
	#[codec(compact)]
	pub total: Amount,
	/// What of it was its own.
	#[codec(compact)]
	pub own: Amount,
	/// How many others backed it.
	pub nominators: u32,
	/// Pages of those.
	pub pages: Page,
}

/// An era of one validator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EraView {
	/// Which.
	pub era: Era,
	/// What it pays to all validators and nominators; `None` until it has ended.
	pub payout: Option<Amount>,
	/// Who backed the validator; `None` if it was not elected.
	pub exposure: Option<ExposureView>,
	/// Its commission, in billionths.
	pub commission: u32,
	/// Its points.
	pub points: u32,
	/// Everybody's points.
	pub total_points: u32,
	/// Pages that have been paid.
	pub claimed: Vec<Page>,
}

impl EraView {
	/// What the era earned: with those who backed the validator, and the validator itself. As
	/// staking rounds it, but for the last units of a commission that is paid in several pages.
	#[must_use]
	pub fn earned(&self) -> (Amount, Amount) {
		let (Some(payout), Some(exposure)) = (self.payout, self.exposure) else { return (0, 0) };
		if self.points == 0 {
			return (0, 0);
		}
		let all = Perbill::from_rational(self.points, self.total_points) * payout;
		let commission = Perbill::from_parts(self.commission) * all;
		let shared = all.saturating_sub(commission);
		let own = Perbill::from_rational(exposure.own, exposure.total) * shared;
		(all, commission.saturating_add(own))
	}
}

/// A slash that is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlashView {
	/// It is taken when this era begins.
	pub era: Era,
	/// Who did what it is for.
	pub validator: [u8; 32],
	/// What the account that was asked about loses.
	pub own: Amount,
	/// What all others lose with it.
	pub others: Amount,
}

/// Staking's `UnappliedSlash`, without reporters and their reward.
#[derive(Decode)]
struct Unapplied {
	validator: [u8; 32],
	own: Amount,
	others: Vec<([u8; 32], Amount)>,
	_reporters: Vec<[u8; 32]>,
	_reward: Amount,
}

impl Unapplied {
	/// What it takes of `account`; `None` if it has no part in it.
	fn of(&self, era: Era, account: &[u8; 32]) -> Option<SlashView> {
		let is_nominator = |(who, _): &&([u8; 32], Amount)| who == account;
		let sum = self.others.iter().map(|(_, value)| *value).fold(self.own, u128::saturating_add);
		let own = if self.validator == *account {
			self.own
		} else {
			self.others.iter().find(is_nominator)?.1
		};
		Some(SlashView { era, validator: self.validator, own, others: sum.saturating_sub(own) })
	}
}

/// Every function fails only as [`Chain`]'s questions do: no node, or one of another release.
impl Chain {
	/// What an account has at stake.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn stake(&self, stash: &[u8; 32], at: At) -> Result<Option<StakeView>, Error> {
		let bonded: Option<[u8; 32]> =
			self.stored("a bond", &by_account("Bonded", stash), at).await?;
		let Some(controller) = bonded else { return Ok(None) };
		self.stored("a stake", &ledger_key(&controller), at).await
	}

	/// Where rewards of an account's stake go.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn payee(&self, stash: &[u8; 32], at: At) -> Result<Option<Payee>, Error> {
		self.stored("a payee", &by_account("Payee", stash), at).await
	}

	/// On what terms an account is a candidate; `None` if it is none.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn candidate(
		&self,
		stash: &[u8; 32],
		at: At,
	) -> Result<Option<ValidatorPrefs>, Error> {
		self.stored("a candidate", &by_account("Validators", stash), at).await
	}

	/// Whom an account nominates; `None` if it is no nominator.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn nominations(
		&self,
		stash: &[u8; 32],
		at: At,
	) -> Result<Option<Vec<[u8; 32]>>, Error> {
		self.stored("nominations", &by_account("Nominators", stash), at).await
	}

	/// Who nominates `target`, each with its active stake, which an election may also give to
	/// others. Reads every nominator.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn nominators_of(
		&self,
		target: &[u8; 32],
		at: At,
	) -> Result<Vec<([u8; 32], Amount)>, Error> {
		let mut found = Vec::new();
		let map = prefix(PALLET, "Nominators");
		self.for_each_entry("the nominators", &map, at, |key, value| {
			if Vec::<[u8; 32]>::decode(&mut &*value)?.contains(target) {
				found.push(last_account(key)?);
			}
			Ok(())
		})
		.await?;
		let keys = found.iter().map(ledger_key).collect::<Vec<_>>();
		let mut answers = self.stored_many("the nominators' stakes", &keys, at).await?;
		let mut backing = Vec::new();
		for account in found {
			let stake: Option<StakeView> = answers.take()?;
			backing.push((account, stake.map_or(0, |stake| stake.active)));
		}
		Ok(backing)
	}

	/// How many spans of possible slashes are kept of an account: what removing its stake clears.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn slashing_spans(&self, stash: &[u8; 32], at: At) -> Result<u32, Error> {
		// Index, start and last slash of the newest span, then the lengths of those before it.
		type Spans = (u32, Era, Era, Vec<Era>);
		let spans: Option<Spans> =
			self.stored("slashing spans", &by_account("SlashingSpans", stash), at).await?;
		let count = spans.map_or(0, |(.., prior)| prior.len().saturating_add(1));
		Ok(u32::try_from(count).unwrap_or(u32::MAX))
	}

	/// What staking asks of everybody.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn staking_limits(&self, at: At) -> Result<StakingLimits, Error> {
		let keys = [
			"MinValidatorBond",
			"MinNominatorBond",
			"MinCommission",
			"MaxValidatorsCount",
			"CounterForValidators",
			"ValidatorCount",
		]
		.map(|item| prefix(PALLET, item));
		let mut answers = self.stored_many("staking's limits", &keys, at).await?;
		Ok(StakingLimits {
			min_validator_bond: answers.take_or_default()?,
			min_nominator_bond: answers.take_or_default()?,
			min_commission: answers.take_or_default()?,
			max_candidates: answers.take()?,
			candidates: answers.take_or_default()?,
			seats: answers.take_or_default()?,
		})
	}

	/// What genesis and the runtime fix.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn staking_terms(&self) -> Result<StakingTerms, Error> {
		let metadata = self.metadata().await?;
		Ok(StakingTerms {
			sessions_per_era: constant(&metadata, PALLET, "SessionsPerEra")?,
			bonding_eras: constant(&metadata, PALLET, "BondingDuration")?,
			kept_eras: constant(&metadata, PALLET, "HistoryDepth")?,
			session_slots: constant(&metadata, "Babe", "EpochDuration")?,
			slot_millis: constant(&metadata, "Babe", "ExpectedBlockTime")?,
			key_deposit: constant(&metadata, "Session", "KeyDeposit")?,
			existential_deposit: constant(&metadata, "Balances", "ExistentialDeposit")?,
		})
	}

	/// Where eras are.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn eras(&self, at: At) -> Result<ErasView, Error> {
		let keys = ["ActiveEra", "CurrentEra"].map(|item| prefix(PALLET, item));
		let mut answers = self.stored_many("the era", &keys, at).await?;
		// The active era is followed by the time of its start.
		let active: Era = answers.take_or_default()?;
		let planned: Era = answers.take_or_default()?;
		let start = by_era("ErasStartSessionIndex", planned);
		let planned_start: Option<SessionIndex> =
			self.stored("an era's first session", &start, at).await?;
		Ok(ErasView { active, planned, planned_start: planned_start.unwrap_or_default() })
	}

	/// Who was elected for an era, and with what backing.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn elected(
		&self,
		era: Era,
		at: At,
	) -> Result<BTreeMap<[u8; 32], ExposureView>, Error> {
		let mut found = BTreeMap::new();
		let map = by_era("ErasStakersOverview", era);
		self.for_each_entry("an era's validators", &map, at, |key, value| {
			found.insert(last_account(key)?, ExposureView::decode(&mut &*value)?);
			Ok(())
		})
		.await?;
		Ok(found)
	}

	/// Eras of a validator, in order.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn era_views(
		&self,
		stash: &[u8; 32],
		eras: Range<Era>,
		at: At,
	) -> Result<Vec<EraView>, Error> {
		let keys = eras.clone().flat_map(|era| {
			[
				by_era("ErasValidatorReward", era),
				by_era_and_account("ErasStakersOverview", era, stash),
				by_era_and_account("ErasValidatorPrefs", era, stash),
				by_era("ErasRewardPoints", era),
				by_era_and_account("ClaimedRewards", era, stash),
			]
		});
		let keys = keys.collect::<Vec<_>>();
		let mut answers = self.stored_many("past eras", &keys, at).await?;
		let mut views = Vec::new();
		for era in eras {
			let payout = answers.take()?;
			let exposure = answers.take()?;
			let prefs: ValidatorPrefs = answers.take_or_default()?;
			let (total_points, points): (u32, BTreeMap<[u8; 32], u32>) =
				answers.take_or_default()?;
			views.push(EraView {
				era,
				payout,
				exposure,
				commission: prefs.commission,
				points: points.get(stash).copied().unwrap_or_default(),
				total_points,
				claimed: answers.take_or_default()?,
			});
		}
		Ok(views)
	}

	/// Slashes that are scheduled for an account, as validator or nominator; by era.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn scheduled_slashes(
		&self,
		account: &[u8; 32],
		at: At,
	) -> Result<Vec<SlashView>, Error> {
		let mut found = Vec::new();
		let map = prefix(PALLET, "UnappliedSlashes");
		self.for_each_entry("scheduled slashes", &map, at, |key, value| {
			let [era] = numbers(key)?;
			let slashes = Vec::<Unapplied>::decode(&mut &*value)?;
			found.extend(slashes.iter().filter_map(|slash| slash.of(era, account)));
			Ok(())
		})
		.await?;
		found.sort_by_key(|slash| slash.era);
		Ok(found)
	}
}

fn by_account(item: &str, account: &[u8; 32]) -> Vec<u8> {
	[prefix(PALLET, item), twox_64_concat(account)].concat()
}

fn by_era(item: &str, era: Era) -> Vec<u8> {
	[prefix(PALLET, item), twox_64_concat(&era)].concat()
}

fn by_era_and_account(item: &str, era: Era, account: &[u8; 32]) -> Vec<u8> {
	[by_era(item, era), twox_64_concat(account)].concat()
}

/// The stake of an account that acts for itself, as all do by now.
fn ledger_key(account: &[u8; 32]) -> Vec<u8> {
	let hash = blake2_128(account);
	[prefix(PALLET, "Ledger"), hash.to_vec(), account.to_vec()].concat()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn era() -> EraView {
		EraView {
			era: 3,
			payout: Some(1_000),
			exposure: Some(ExposureView { total: 300, own: 100, nominators: 1, pages: 1 }),
			commission: 100_000_000,
			points: 20,
			total_points: 80,
			claimed: Vec::new(),
		}
	}

	#[test]
	fn an_era_earns_by_points_then_commission_then_stake() {
		// A quarter of 1,000; a tenth of it first, then a third of the rest.
		assert_eq!(era().earned(), (250, 100));
		assert_eq!(EraView { commission: 1_000_000_000, ..era() }.earned(), (250, 250));
	}

	#[test]
	fn an_era_earns_nothing_before_its_end_or_without_points_or_seat() {
		assert_eq!(EraView { payout: None, ..era() }.earned(), (0, 0));
		assert_eq!(EraView { exposure: None, ..era() }.earned(), (0, 0));
		assert_eq!(EraView { points: 0, total_points: 0, ..era() }.earned(), (0, 0));
	}

	#[test]
	fn stake_can_be_withdrawn_from_its_era_on() {
		let chunk = |value, era| UnlockView { value, era };
		let stake = StakeView {
			stash: [1; 32],
			total: 60,
			active: 30,
			unlocking: vec![chunk(10, 4), chunk(20, 6)],
		};
		assert_eq!([3, 4, 5, 6].map(|era| stake.withdrawable(era)), [0, 10, 10, 30]);
	}

	#[test]
	fn a_slash_says_what_an_account_loses() {
		let slash = Unapplied {
			validator: [1; 32],
			own: 5,
			others: vec![([2; 32], 3), ([3; 32], 4)],
			_reporters: Vec::new(),
			_reward: 0,
		};
		let of = |account| slash.of(9, &[account; 32]).map(|view| (view.own, view.others));
		assert_eq!(of(1), Some((5, 7)));
		assert_eq!(of(3), Some((4, 8)));
		assert_eq!(of(4), None);
	}

	#[test]
	fn terms_say_how_long_it_takes() {
		let terms = StakingTerms {
			sessions_per_era: 6,
			session_slots: 2_400,
			slot_millis: 6_000,
			..StakingTerms::default()
		};
		assert_eq!(terms.session_seconds(1), 14_400);
		assert_eq!(terms.era_seconds(14), 14 * 86_400);
	}
}
