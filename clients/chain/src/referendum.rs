//! Referenda, votes and what they lock, as the runtime stores them and takes them in calls.
//!
//! A test encodes them by the runtime's own types and decodes them here.

use cairn_types::{Amount, Hash32};
use codec::{Decode, Encode, Input, Output};
use sp_crypto_hashing::blake2_256;
use sp_runtime::Perbill;

/// Longest call that a referendum holds itself, in bytes; a longer one is noted as a preimage.
pub const MAX_INLINE: usize = 128;

/// A referendum, present or past.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub enum Referendum {
	/// Not decided yet.
	Ongoing(Ongoing),
	/// Approved: its call was scheduled.
	Approved(Closed),
	/// Rejected.
	Rejected(Closed),
	/// Cancelled by another referendum.
	Cancelled(Closed),
	/// Its decision never began.
	TimedOut(Closed),
	/// Killed by another referendum in this block; its deposits are lost.
	Killed(u32),
}

/// A referendum that is not decided yet.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Ongoing {
	/// Its track.
	pub track: u16,
	/// Whom it speaks for: every track's origin is encoded as two bytes, pallet and variant.
	pub origin: [u8; 2],
	/// The call.
	pub proposal: Proposal,
	/// When it is to be enacted.
	pub enactment: Enactment,
	/// The block it was submitted in.
	pub submitted: u32,
	/// Deposit of who submitted it.
	pub submission_deposit: Deposit,
	/// Deposit without which no decision begins.
	pub decision_deposit: Option<Deposit>,
	/// The decision, once it has begun.
	pub deciding: Option<Deciding>,
	/// The votes.
	pub tally: Tally,
	/// Whether it waits for another decision of its track to end.
	pub in_queue: bool,
}

/// A referendum that is over.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Closed {
	/// The block in which it ended.
	pub at: u32,
	/// Deposit of who submitted it, while it is held.
	pub submission_deposit: Option<Deposit>,
	/// Deposit of who let the decision begin, while it is held.
	pub decision_deposit: Option<Deposit>,
}

/// An amount that is held of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Deposit {
	/// Whose.
	pub who: [u8; 32],
	/// How much.
	pub amount: Amount,
}

/// A decision under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
pub struct Deciding {
	/// The block in which it began.
	pub since: u32,
	/// The block in which it is approved if it keeps passing until then; `None` while it does not
	/// pass.
	pub confirming: Option<u32>,
}

/// The call of a referendum.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Proposal {
	/// By its hash alone; never made any more.
	Legacy(Hash32),
	/// The call itself, of at most [`MAX_INLINE`] bytes.
	Inline(Vec<u8>),
	/// By hash and length of its preimage.
	Lookup {
		/// BLAKE2b-256 of the call.
		hash: Hash32,
		/// The call's length in bytes.
		length: u32,
	},
}

impl Proposal {
	/// How a referendum holds this call.
	#[must_use]
	pub fn of(call: &[u8]) -> Self {
		if call.len() <= MAX_INLINE {
			return Self::Inline(call.to_vec());
		}
		let length = u32::try_from(call.len()).unwrap_or(u32::MAX);
		Self::Lookup { hash: blake2_256(call), length }
	}
}

/// When an approved call is dispatched; never before the track's least time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Enactment {
	/// In this block.
	At(u32),
	/// So many blocks after the approval.
	After(u32),
}

/// The votes on a referendum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
pub struct Tally {
	/// For it, each vote times its conviction.
	pub ayes: Amount,
	/// Against it, each vote times its conviction.
	pub nays: Amount,
	/// Tokens behind ayes and abstentions, without conviction.
	pub support: Amount,
}

impl Tally {
	/// The ayes' share of ayes and nays; zero without either.
	#[must_use]
	pub fn approval(&self) -> Perbill {
		match self.ayes.saturating_add(self.nays) {
			0 => Perbill::zero(),
			all => Perbill::from_rational(self.ayes, all),
		}
	}

	/// The support's share of all tokens there are.
	#[must_use]
	pub fn support_of(&self, issuance: Amount) -> Perbill {
		Perbill::from_rational(self.support, issuance)
	}
}

/// How strongly somebody votes: more votes for a longer lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Conviction {
	/// A tenth of a vote for each token; nothing is locked after the referendum.
	None,
	/// One vote; locked for one period.
	Locked1x,
	/// Two votes; locked for 2 periods.
	Locked2x,
	/// Three votes; locked for 4 periods.
	Locked3x,
	/// Four votes; locked for 8 periods.
	Locked4x,
	/// Five votes; locked for 16 periods.
	Locked5x,
	/// Six votes; locked for 32 periods.
	Locked6x,
}

impl Conviction {
	/// All of them, by strength.
	pub const ALL: [Self; 7] = [
		Self::None,
		Self::Locked1x,
		Self::Locked2x,
		Self::Locked3x,
		Self::Locked4x,
		Self::Locked5x,
		Self::Locked6x,
	];

	/// Votes for each token; 0 stands for a tenth.
	#[must_use]
	pub const fn number(self) -> u8 {
		match self {
			Self::None => 0,
			Self::Locked1x => 1,
			Self::Locked2x => 2,
			Self::Locked3x => 3,
			Self::Locked4x => 4,
			Self::Locked5x => 5,
			Self::Locked6x => 6,
		}
	}

	/// Lock periods after a referendum that went the voter's way.
	#[must_use]
	pub const fn lock_periods(self) -> u32 {
		match self {
			Self::None => 0,
			Self::Locked1x => 1,
			Self::Locked2x => 2,
			Self::Locked3x => 4,
			Self::Locked4x => 8,
			Self::Locked5x => 16,
			Self::Locked6x => 32,
		}
	}

	/// What an amount counts with this conviction, rounded down.
	#[must_use]
	pub fn votes(self, amount: Amount) -> Amount {
		match self {
			Self::None => amount / 10,
			strong => amount.saturating_mul(Amount::from(strong.number())),
		}
	}
}

/// A side and a conviction, in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
	/// For it, or against it.
	pub aye: bool,
	/// How strongly.
	pub conviction: Conviction,
}

/// The bit that says aye.
const AYE: u8 = 0b1000_0000;

impl Encode for Ballot {
	fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
		let side = if self.aye { AYE } else { 0 };
		output.push_byte(self.conviction.number() | side);
	}
}

impl Decode for Ballot {
	fn decode<I: Input>(input: &mut I) -> Result<Self, codec::Error> {
		let byte = input.read_byte()?;
		let number = byte & !AYE;
		let conviction = Conviction::ALL.into_iter().find(|known| known.number() == number);
		let conviction = conviction.ok_or("no such conviction")?;
		Ok(Self { aye: byte & AYE != 0, conviction })
	}
}

/// An account's vote on a referendum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AccountVote {
	/// One way.
	Standard {
		/// Which, and how strongly.
		ballot: Ballot,
		/// With how much.
		amount: Amount,
	},
	/// Both ways, without conviction.
	Split {
		/// For it.
		aye: Amount,
		/// Against it.
		nay: Amount,
	},
	/// Any way, without conviction.
	SplitAbstain {
		/// For it.
		aye: Amount,
		/// Against it.
		nay: Amount,
		/// Support without a side.
		abstain: Amount,
	},
}

impl AccountVote {
	/// What it locks.
	#[must_use]
	pub const fn amount(&self) -> Amount {
		match *self {
			Self::Standard { amount, .. } => amount,
			Self::Split { aye, nay } => aye.saturating_add(nay),
			Self::SplitAbstain { aye, nay, abstain } => {
				aye.saturating_add(nay).saturating_add(abstain)
			},
		}
	}
}

/// What others have delegated to an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
pub struct Delegations {
	/// Votes, times their conviction.
	pub votes: Amount,
	/// Tokens behind them.
	pub capital: Amount,
}

/// A lock that is left of earlier votes and delegations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
pub struct PriorLock {
	/// The first block in which it can be lifted.
	pub until: u32,
	/// How much.
	pub amount: Amount,
}

/// What an account does on a track.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub enum Voting {
	/// It votes itself.
	Casting(Casting),
	/// Another account votes for it.
	Delegating(Delegating),
}

/// Votes of an account on a track.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
pub struct Casting {
	/// Referenda and votes, by referendum.
	pub votes: Vec<(u32, AccountVote)>,
	/// What counts with it.
	pub delegations: Delegations,
	/// What is left of earlier ones.
	pub prior: PriorLock,
}

/// An account's delegation on a track.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Delegating {
	/// How much.
	pub amount: Amount,
	/// To whom.
	pub target: [u8; 32],
	/// How strongly.
	pub conviction: Conviction,
	/// What others delegated to the account itself; it counts nowhere.
	pub delegations: Delegations,
	/// What is left of earlier votes.
	pub prior: PriorLock,
}

impl Default for Voting {
	fn default() -> Self {
		Self::Casting(Casting::default())
	}
}

impl Voting {
	/// The account's own votes.
	#[must_use]
	pub fn votes(&self) -> &[(u32, AccountVote)] {
		match self {
			Self::Casting(casting) => &casting.votes,
			Self::Delegating(_) => &[],
		}
	}

	/// What is left of earlier votes and delegations.
	#[must_use]
	pub const fn prior(&self) -> PriorLock {
		match self {
			Self::Casting(casting) => casting.prior,
			Self::Delegating(delegating) => delegating.prior,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_short_call_is_held_inline() {
		assert_eq!(Proposal::of(&[7; 128]), Proposal::Inline(vec![7; 128]));
		let long = [7; 129];
		let expected = Proposal::Lookup { hash: blake2_256(&long), length: 129 };
		assert_eq!(Proposal::of(&long), expected);
	}

	#[test]
	fn a_ballot_is_one_byte() {
		for aye in [false, true] {
			for conviction in Conviction::ALL {
				let ballot = Ballot { aye, conviction };
				let bytes = ballot.encode();
				assert_eq!(bytes.len(), 1);
				assert_eq!(Ballot::decode(&mut bytes.as_slice()), Ok(ballot));
			}
		}
		assert_eq!(Ballot { aye: true, conviction: Conviction::Locked2x }.encode(), [0x82]);
		assert!(Ballot::decode(&mut [7].as_slice()).is_err());
	}

	#[test]
	fn conviction_is_worth_votes() {
		assert_eq!(Conviction::None.votes(19), 1);
		assert_eq!(Conviction::Locked3x.votes(10), 30);
		assert_eq!(Conviction::Locked6x.votes(Amount::MAX), Amount::MAX);
		let periods = Conviction::ALL.map(Conviction::lock_periods);
		assert_eq!(periods, [0, 1, 2, 4, 8, 16, 32]);
	}

	#[test]
	fn a_tally_has_shares() {
		let tally = Tally { ayes: 3, nays: 1, support: 5 };
		assert_eq!(tally.approval(), Perbill::from_percent(75));
		assert_eq!(tally.support_of(50), Perbill::from_percent(10));
		assert_eq!(Tally::default().approval(), Perbill::zero());
		assert_eq!(Tally::default().support_of(50), Perbill::zero());
	}

	#[test]
	fn a_vote_locks_all_of_it() {
		let ballot = Ballot { aye: true, conviction: Conviction::None };
		assert_eq!(AccountVote::Standard { ballot, amount: 7 }.amount(), 7);
		assert_eq!(AccountVote::Split { aye: 1, nay: 2 }.amount(), 3);
		assert_eq!(AccountVote::SplitAbstain { aye: 1, nay: 2, abstain: 4 }.amount(), 7);
	}
}
