//! `cairn gov vote|unvote|delegate|undelegate|unlock`: votes, delegations and what they lock.

use std::collections::BTreeMap;

use cairn_chain::{
	AccountVote, At, Ballot, Call, Conviction, Referendum, Track, Voting, account_text,
	calls::conviction_voting,
};
use futures::future::try_join_all;

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::Receipt,
		parse,
		session::Session,
	},
	Context,
	locks::{self, Standing, lock_blocks},
	track,
	words::{at_block, blocks},
};

/// Most votes that one transaction forgets.
const MAX_FORGOTTEN: usize = 50;

/// Vote on a referendum, or vote otherwise
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gov vote 3 aye --amount 500 --key account.key
  cairn gov vote 3 nay --amount 500 --conviction 3x --key account.key
      Counts three times; if it is rejected, the tokens stay locked for 4 periods.
  cairn gov vote 3 abstain --amount 500 --key account.key")]
pub(super) struct Vote {
	/// The referendum's index
	index: u32,

	/// For it, against it, or neither: an abstention counts as support without a side
	#[arg(value_enum)]
	side: Side,

	/// With how much, in CAIRN; a new vote replaces the old one
	#[arg(long, value_name = "CAIRN", value_parser = format::parse_amount)]
	amount: u128,

	/// How strongly: none, or 1x to 6x
	///
	/// none: a tenth of a vote for each token, and nothing is locked afterwards. 1x to 6x: as many
	/// votes for each token; if your side wins, it stays locked for 1, 2, 4, 8, 16 or 32 periods.
	#[arg(long, value_name = "STRENGTH", value_parser = conviction, default_value = "none")]
	conviction: Conviction,

	#[command(flatten)]
	signing: Signing,
}

/// A side of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Side {
	/// For it.
	Aye,
	/// Against it.
	Nay,
	/// Neither.
	Abstain,
}

/// Let another account vote for you
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gov delegate 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --track all \\
      --amount 500 --conviction 1x --key account.key
  cairn gov undelegate --track all --key account.key")]
pub(super) struct Delegate {
	/// Who votes for you: SS58, 0x-prefixed hex or a development key
	#[arg(value_name = "ACCOUNT", value_parser = parse::account)]
	to: [u8; 32],

	/// On which track, or `all`
	#[arg(long, value_name = "NAME")]
	track: String,

	/// With how much, in CAIRN
	#[arg(long, value_name = "CAIRN", value_parser = format::parse_amount)]
	amount: u128,

	/// How strongly: none, or 1x to 6x; it stays locked so long after the delegation has ended
	#[arg(long, value_name = "STRENGTH", value_parser = conviction, default_value = "none")]
	conviction: Conviction,

	#[command(flatten)]
	signing: Signing,
}

/// Vote yourself again
#[derive(Debug, clap::Args)]
pub(super) struct Undelegate {
	/// On which track, or `all`
	#[arg(long, value_name = "NAME", default_value = "all")]
	track: String,

	#[command(flatten)]
	signing: Signing,
}

/// `none`, or `1x` to `6x`.
fn conviction(text: &str) -> Result<Conviction, String> {
	let known = Conviction::ALL.into_iter().find(|known| strength(*known) == text.trim());
	known.ok_or_else(|| format!("{text:?} is not none, 1x, 2x, 3x, 4x, 5x or 6x"))
}

/// A conviction as it is written.
fn strength(conviction: Conviction) -> String {
	match conviction.number() {
		0 => "none".to_owned(),
		number => format!("{number}x"),
	}
}

impl Side {
	const fn name(self) -> &'static str {
		match self {
			Self::Aye => "aye",
			Self::Nay => "nay",
			Self::Abstain => "abstain",
		}
	}

	/// The vote.
	fn vote(self, conviction: Conviction, amount: u128) -> Result<AccountVote, OwnerError> {
		let standard = |aye| AccountVote::Standard { ballot: Ballot { aye, conviction }, amount };
		match self {
			Self::Aye => Ok(standard(true)),
			Self::Nay => Ok(standard(false)),
			Self::Abstain if conviction == Conviction::None => {
				Ok(AccountVote::SplitAbstain { aye: 0, nay: 0, abstain: amount })
			},
			Self::Abstain => Err(OwnerError::usage(
				"an abstention has no side that it could be convinced of",
				"leave --conviction out",
			)),
		}
	}
}

/// Run `cairn gov vote`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn vote(session: &Session, args: &Vote) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let vote = args.side.vote(args.conviction, args.amount)?;
	let context = Context::read(session).await?;
	let ongoing = super::ongoing(session, args.index).await?;
	let note = ensure_has(session, &account, args.amount).await?;
	let voting = session.chain.voting(&account, ongoing.track, At::Best).await?;
	if let Voting::Delegating(delegating) = voting {
		return Err(OwnerError::refused(
			format!(
				"{} votes for the account on the track {}",
				account_text(&delegating.target),
				track::name(&context.governance, ongoing.track),
			),
			"end it with `cairn gov undelegate`, then vote",
		));
	}
	let lock = lock_text(&context, args.side, args.conviction);
	tracing::warn!("{}: {lock}", format::amount(args.amount));

	let call = conviction_voting::vote(args.index, &vote);
	let outcome = session.submit(&call, &args.signing).await?;
	let counted = match args.side {
		Side::Abstain => 0,
		Side::Aye | Side::Nay => args.conviction.votes(args.amount),
	};
	let receipt = Receipt::new(format!("voted {}", args.side.name()), &outcome)
		.with("referendum", args.index)
		.with_amount("amount", args.amount)
		.with("conviction", strength(args.conviction))
		.with_shown("votes", counted.to_string(), format::number(counted))
		.with("lock_blocks", lock_blocks(args.conviction, context.governance.vote_locking_period))
		.note(lock);
	session.print(&note.into_iter().fold(receipt, Receipt::note))
}

/// For how long a vote locks its tokens.
fn lock_text(context: &Context, side: Side, conviction: Conviction) -> String {
	match lock_blocks(conviction, context.governance.vote_locking_period) {
		0 => "locked until the referendum is over, or you take the vote back".to_owned(),
		locked => {
			let wins = if side == Side::Nay { "rejected" } else { "approved" };
			let lasts = blocks(locked, context.slot_millis);
			format!("locked until the referendum is over, and for {lasts} more if it is {wins}")
		},
	}
}

/// Refuse to vote with more than the account has; returns what to mind.
async fn ensure_has(
	session: &Session,
	account: &[u8; 32],
	amount: u128,
) -> Result<Option<String>, OwnerError> {
	let balance = session.chain.balance(account, At::Best).await?;
	enough(balance.free, balance.reserved, amount)
}

fn enough(free: u128, held: u128, amount: u128) -> Result<Option<String>, OwnerError> {
	let has = free.saturating_add(held);
	if amount > has {
		return Err(OwnerError::refused(
			format!("the account has {}, not {}", format::amount(has), format::amount(amount)),
			format!("name at most {}", format::amount(has)),
		));
	}
	if amount == 0 {
		return Err(OwnerError::usage("nothing counts as nothing", "name an --amount above 0"));
	}
	// Locked tokens pay no fees.
	let left = free.saturating_sub(amount.saturating_sub(held));
	let short = left < format::UNIT;
	Ok(short.then(|| {
		format!("only {} stays for fees: what is locked cannot pay them", format::amount(left))
	}))
}

/// What an account does on tracks.
async fn votings(
	session: &Session,
	account: &[u8; 32],
	tracks: &[&Track],
) -> Result<Vec<(u16, Voting)>, OwnerError> {
	let asked = tracks.iter().map(|track| async move {
		let voting = session.chain.voting(account, track.id, At::Best).await?;
		Ok::<_, OwnerError>((track.id, voting))
	});
	try_join_all(asked).await
}

/// Run `cairn gov unvote`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn unvote(
	session: &Session,
	index: u32,
	signing: &Signing,
) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	let context = Context::read(session).await?;
	let tracks = context.governance.tracks.iter().collect::<Vec<_>>();
	let votings = votings(session, &account, &tracks).await?;
	// A referendum that is over does not say of which track it was.
	let vote = votings.iter().find_map(|(track, voting)| {
		let (_, vote) = voting.votes().iter().find(|(voted, _)| *voted == index)?;
		Some((*track, *vote))
	});
	let (track, vote) = vote.ok_or_else(|| {
		OwnerError::not_found(
			format!("vote of {} on referendum {index}", account_text(&account)),
			"sign with the account that voted",
		)
	})?;
	let call = conviction_voting::remove_vote(track, index);
	let outcome = session.submit(&call, signing).await?;
	let receipt = Receipt::new("vote taken back", &outcome)
		.with("referendum", index)
		.with("track", track::name(&context.governance, track))
		.with_amount("amount", vote.amount())
		.note("next: cairn gov unlock frees what nothing else locks");
	session.print(&receipt)
}

/// Run `cairn gov delegate`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn delegate(session: &Session, args: &Delegate) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	if args.to == account {
		return Err(OwnerError::usage("the account would delegate to itself", "name another"));
	}
	let context = Context::read(session).await?;
	let tracks = track::chosen(&context.governance, &args.track)?;
	let note = ensure_has(session, &account, args.amount).await?;
	for (id, voting) in votings(session, &account, &tracks).await? {
		ensure_idle(&track::name(&context.governance, id), &voting)?;
	}
	let calls = tracks
		.iter()
		.map(|track| conviction_voting::delegate(track.id, &args.to, args.conviction, args.amount));
	let call = joined(session, calls.collect()).await?;
	let outcome = session.submit(&call, &args.signing).await?;
	let locked = lock_blocks(args.conviction, context.governance.vote_locking_period);
	let lasts = match locked {
		0 => "locked until the delegation ends".to_owned(),
		locked => format!(
			"locked until the delegation ends, and for {} more",
			blocks(locked, context.slot_millis)
		),
	};
	let names = tracks.iter().map(|track| track.name.clone()).collect::<Vec<_>>();
	let receipt = Receipt::new("delegated", &outcome)
		.with("to", account_text(&args.to))
		.with_shown("tracks", names.clone(), names.join(", "))
		.with_amount("amount", args.amount)
		.with("conviction", strength(args.conviction))
		.with("lock_blocks", locked)
		.note(lasts)
		.note("to vote yourself again: cairn gov undelegate");
	session.print(&note.into_iter().fold(receipt, Receipt::note))
}

/// Whether an account may delegate on a track.
fn ensure_idle(track: &str, voting: &Voting) -> Result<(), OwnerError> {
	match voting {
		Voting::Delegating(delegating) => Err(OwnerError::refused(
			format!(
				"{} votes for the account on the track {track} already",
				account_text(&delegating.target)
			),
			"end it with `cairn gov undelegate`, then delegate again",
		)),
		Voting::Casting(casting) => match casting.votes.as_slice() {
			[] => Ok(()),
			votes => {
				let indices = votes.iter().map(|(index, _)| index.to_string());
				let indices = indices.collect::<Vec<_>>().join(", ");
				Err(OwnerError::refused(
					format!("the account votes itself on the track {track}: on {indices}"),
					"take these votes back with `cairn gov unvote INDEX`, or delegate other tracks",
				))
			},
		},
	}
}

/// Run `cairn gov undelegate`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn undelegate(session: &Session, args: &Undelegate) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let context = Context::read(session).await?;
	let tracks = track::chosen(&context.governance, &args.track)?;
	let delegated = votings(session, &account, &tracks).await?;
	let delegated = delegated.into_iter().filter_map(|(track, voting)| match voting {
		Voting::Delegating(delegating) => Some((track, delegating)),
		Voting::Casting(_) => None,
	});
	let delegated = delegated.collect::<Vec<_>>();
	if delegated.is_empty() {
		return Err(OwnerError::refused(
			format!("nobody votes for {} there", account_text(&account)),
			"sign with the account that delegated; see --track",
		));
	}
	let calls = delegated.iter().map(|(track, _)| conviction_voting::undelegate(*track));
	let call = joined(session, calls.collect()).await?;
	let outcome = session.submit(&call, &args.signing).await?;
	let names = delegated.iter().map(|(id, _)| track::name(&context.governance, *id));
	let names = names.collect::<Vec<_>>();
	let period = context.governance.vote_locking_period;
	let locked = delegated.iter().map(|(_, one)| lock_blocks(one.conviction, period)).max();
	let free_at = outcome.number.saturating_add(locked.unwrap_or(0));
	let when = at_block(free_at, outcome.number, context.slot_millis);
	let receipt = Receipt::new("delegation ended", &outcome)
		.with_shown("tracks", names.clone(), names.join(", "))
		.with_shown("free_at", free_at, when)
		.note("then: cairn gov unlock");
	session.print(&receipt)
}

/// Run `cairn gov unlock`.
///
/// # Errors
/// If nothing is locked, or the transaction fails.
pub(super) async fn unlock(session: &Session, signing: &Signing) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	let context = Context::read(session).await?;
	let locks = session.chain.vote_locks(&account, At::Best).await?;
	if locks.is_empty() {
		return Err(OwnerError::refused(
			format!("no votes or delegations lock anything of {}", account_text(&account)),
			"nothing is left to do; for stakes see your wallet",
		));
	}
	let is_locked = |track: &&Track| locks.iter().any(|(locked, _)| *locked == track.id);
	let tracks = context.governance.tracks.iter().filter(is_locked).collect::<Vec<_>>();
	let votings = votings(session, &account, &tracks).await?;
	let referenda = voted(session, &votings).await?;
	let period = context.governance.vote_locking_period;
	let mut calls = Vec::new();
	let mut stay = Vec::new();
	for (id, voting) in &votings {
		let referendum = |index: u32| referenda.get(&index).cloned().flatten();
		let standing = locks::standing(voting, referendum, period, context.block);
		let left = MAX_FORGOTTEN.saturating_sub(calls.len());
		let over = standing.over.iter().take(left);
		calls.extend(over.map(|index| conviction_voting::remove_vote(*id, *index)));
		stay.extend(kept(&context, *id, &standing));
		if standing.over.len() > left {
			stay.push("more votes are over than one transaction forgets: repeat it".to_owned());
		}
	}
	calls.extend(tracks.iter().map(|track| conviction_voting::unlock(track.id, &account)));
	let call = joined(session, calls).await?;
	let outcome = session.submit(&call, signing).await?;
	let after = session.chain.vote_locks(&account, At::Block(outcome.block)).await?;
	let most = |locks: &[(u16, u128)]| locks.iter().map(|(_, amount)| *amount).max().unwrap_or(0);
	let (before, now) = (most(&locks), most(&after));
	let receipt = Receipt::new("unlocked", &outcome)
		.with_amount("freed", before.saturating_sub(now))
		.with_amount("locked", now);
	session.print(&stay.into_iter().fold(receipt, Receipt::note))
}

/// The referenda that are voted on.
async fn voted(
	session: &Session,
	votings: &[(u16, Voting)],
) -> Result<BTreeMap<u32, Option<Referendum>>, OwnerError> {
	let votes = votings.iter().flat_map(|(_, voting)| voting.votes());
	let asked = votes.map(|(index, _)| async move {
		let referendum = session.chain.referendum(*index, At::Best).await?;
		Ok::<_, OwnerError>((*index, referendum))
	});
	Ok(try_join_all(asked).await?.into_iter().collect())
}

/// What stays locked on a track, and why.
fn kept(context: &Context, track: u16, standing: &Standing) -> Vec<String> {
	let name = track::name(&context.governance, track);
	let mut notes = Vec::new();
	if standing.open > 0 {
		let amount = format::amount(standing.open);
		notes.push(format!(
			"{name}: {amount} for what is not over: a delegation, or votes on open referenda"
		));
	}
	for (amount, block) in &standing.until {
		let when = at_block(*block, context.block, context.slot_millis);
		notes.push(format!("{name}: {} is free {when}", format::amount(*amount)));
	}
	notes
}

/// One call, or all of several.
async fn joined(session: &Session, calls: Vec<Call>) -> Result<Call, OwnerError> {
	match calls.as_slice() {
		[only] => Ok(only.clone()),
		calls => Ok(session.chain.batch(calls).await?),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::{Casting, Delegating, Delegations, PriorLock};

	fn context() -> Context {
		let governance = track::tests::governance();
		Context { governance, slot_millis: 6_000, block: 100 }
	}

	#[test]
	fn works_when_a_conviction_is_written() {
		assert_eq!(conviction("none"), Ok(Conviction::None));
		assert_eq!(conviction("6x"), Ok(Conviction::Locked6x));
		for known in Conviction::ALL {
			assert_eq!(conviction(&strength(known)), Ok(known));
		}
		for text in ["", "0x", "7x", "1", "x", "None"] {
			assert!(conviction(text).is_err(), "{text}");
		}
	}

	#[test]
	fn an_abstention_has_no_conviction() {
		let vote = Side::Abstain.vote(Conviction::None, 5).expect("valid");
		assert_eq!(vote, AccountVote::SplitAbstain { aye: 0, nay: 0, abstain: 5 });
		assert!(Side::Abstain.vote(Conviction::Locked1x, 5).is_err());
		let ballot = Ballot { aye: false, conviction: Conviction::Locked2x };
		let vote = Side::Nay.vote(Conviction::Locked2x, 5).expect("valid");
		assert_eq!(vote, AccountVote::Standard { ballot, amount: 5 });
	}

	#[test]
	fn fails_when_the_account_has_less() {
		let unit = format::UNIT;
		let error = enough(3 * unit, 2 * unit, 6 * unit).expect_err("it has less").to_string();
		assert!(error.contains("has 5 CAIRN, not 6 CAIRN"), "{error}");
		assert!(error.contains("Remedy: name at most 5 CAIRN"), "{error}");
		assert!(enough(unit, 0, 0).is_err());
		assert_eq!(enough(5 * unit, 0, 4 * unit).expect("it has that"), None);
		let note = enough(5 * unit, 0, 5 * unit).expect("it has that").expect("all is locked");
		assert!(note.contains("0 CAIRN stays for fees"), "{note}");
		// What is held is locked first.
		assert_eq!(enough(5 * unit, 5 * unit, 9 * unit).expect("it has that"), None);
	}

	#[test]
	fn a_lock_says_how_long_it_lasts() {
		let text = lock_text(&context(), Side::Nay, Conviction::Locked3x);
		assert!(text.contains("2800 blocks, about 4 h 40 min more if it is rejected"), "{text}");
		let text = lock_text(&context(), Side::Aye, Conviction::None);
		assert!(text.contains("take the vote back"), "{text}");
	}

	#[test]
	fn fails_when_a_track_is_in_use() {
		assert!(ensure_idle("root", &Voting::default()).is_ok());
		let vote = AccountVote::Split { aye: 1, nay: 1 };
		let casting = Casting { votes: vec![(3, vote), (5, vote)], ..Casting::default() };
		let error = ensure_idle("root", &Voting::Casting(casting)).expect_err("it votes");
		assert!(error.to_string().contains("on the track root: on 3, 5"), "{error}");
		let delegating = Delegating {
			amount: 1,
			target: [1; 32],
			conviction: Conviction::None,
			delegations: Delegations::default(),
			prior: PriorLock::default(),
		};
		assert!(ensure_idle("root", &Voting::Delegating(delegating)).is_err());
	}

	#[test]
	fn what_stays_locked_is_said() {
		let standing = Standing { over: vec![1], open: format::UNIT, until: vec![(5, 200)] };
		let notes = kept(&context(), 10, &standing);
		assert!(notes[0].starts_with("economic admin: 1 CAIRN for what is not over"), "{notes:?}");
		assert!(notes[1].contains("at block 200, in about 10 min"), "{notes:?}");
		assert!(kept(&context(), 10, &Standing::default()).is_empty());
	}
}
