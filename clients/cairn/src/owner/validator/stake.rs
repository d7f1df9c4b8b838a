//! Stake and role: `cairn validator bond|nominate|unbond|withdraw|rebag|chill|start|stop`.

use cairn_chain::{
	At, ErasView, Payee, StakeView, StakingTerms, ValidatorPrefs, account_text, calls,
};
use cairn_types::Amount;

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::Receipt,
		parse,
		session::{Session, missing_event},
	},
	Whose, refused, send, stake_of, standing, together, words,
};

/// Put tokens at stake, or more of them
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn validator bond --amount 5000 --key stash.key
      Rewards are added to the stake.
  cairn validator bond --amount 5000 --payee stash --key stash.key
      Rewards can be spent.")]
pub(super) struct Bond {
	/// How much, in CAIRN, with at most 12 decimals
	#[arg(long, value_name = "TOKENS", value_parser = format::parse_amount)]
	amount: Amount,

	/// Where rewards go: staked, stash, none or an account [default: staked, later as before]
	#[arg(long, value_name = "WHERE", value_parser = words::parse_payee)]
	payee: Option<Payee>,

	#[command(flatten)]
	signing: Signing,
}

/// Back candidates with the stake, instead of validating
#[derive(Debug, clap::Args)]
pub(super) struct Nominate {
	/// Candidates: SS58, 0x-prefixed hex or a development key
	#[arg(value_name = "TARGET", required = true, num_args = 1..=16, value_parser = parse::account)]
	targets: Vec<[u8; 32]>,

	#[command(flatten)]
	signing: Signing,
}

/// Ask stake back; it stays bonded for some eras
#[derive(Debug, clap::Args)]
pub(super) struct Unbond {
	/// How much, in CAIRN, with at most 12 decimals
	#[arg(long, value_name = "TOKENS", value_parser = format::parse_amount)]
	amount: Amount,

	#[command(flatten)]
	signing: Signing,
}

/// Become a candidate, or change the terms
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn validator start --commission 5 --key stash.key
  cairn validator start --commission 2.5 --blocked --key stash.key
      Nobody may nominate it anew.")]
pub(super) struct Start {
	/// What the validator takes of rewards before they are shared, in per cent
	#[arg(long, value_name = "PERCENT", value_parser = words::parse_commission)]
	commission: u32,

	/// Take no new nominators
	#[arg(long)]
	blocked: bool,

	#[command(flatten)]
	signing: Signing,
}

/// An account's stake with what is needed to say when something of it can be withdrawn.
struct Staked {
	stake: StakeView,
	eras: ErasView,
	terms: StakingTerms,
}

impl Staked {
	async fn of(session: &Session, account: &[u8; 32], at: At) -> Result<Self, OwnerError> {
		let stake = session.chain.stake(account, at).await?;
		let stake = stake.ok_or_else(|| refused(standing::Obstacle::NotBonded))?;
		let eras = session.chain.eras(at).await?;
		Ok(Self { stake, eras, terms: session.chain.staking_terms().await? })
	}

	/// When stake can be withdrawn that is asked back now.
	fn asked_now(&self) -> String {
		let era = self.eras.planned.saturating_add(self.terms.bonding_eras);
		words::unlocks(era, &self.eras, &self.terms)
	}
}

/// Bond, or bond more.
///
/// # Errors
/// If the account does not have so much, or the call fails.
pub(super) async fn bond(session: &Session, args: &Bond) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let terms = session.chain.staking_terms().await?;
	let free = session.chain.balance(&account, At::Best).await?.free;
	ensure_free(free, args.amount, terms.existential_deposit)?;
	let stake = session.chain.stake(&account, At::Best).await?;
	let (action, name, list) = match &stake {
		None => {
			let payee = args.payee.unwrap_or(Payee::Staked);
			("bonded", "bond", vec![calls::staking::bond(args.amount, &payee)])
		},
		Some(_) => {
			let mut list = vec![calls::staking::bond_extra(args.amount)];
			list.extend(args.payee.as_ref().map(calls::staking::set_payee));
			("bonded more", "bond_extra", list)
		},
	};
	let call = together(session, &list).await?;
	let outcome = send(session, &call, &args.signing).await?;
	let bonded = outcome.find::<([u8; 32], Amount)>("Staking", "Bonded");
	let (stash, amount) = bonded.ok_or_else(|| missing_event("Staking.Bonded"))?;
	let at = At::Block(outcome.block);
	let now = session.chain.stake(&stash, at).await?.map_or(0, |stake| stake.active);
	let payee = session.chain.payee(&stash, at).await?;
	let mut receipt = Receipt::new(action, &outcome)
		.with("call", name)
		.with("stash", account_text(&stash))
		.with_amount("bonded", amount)
		.with_amount("active", now)
		.with("payee", payee.as_ref().map(words::payee));
	if stake.is_none() {
		let next = "next: cairn validator keys rotate, then start; or cairn validator nominate";
		receipt = receipt.note(next);
	}
	session.print(&receipt)
}

/// Refuse what the chain would silently cut down to what there is.
fn ensure_free(free: Amount, amount: Amount, kept: Amount) -> Result<(), OwnerError> {
	let most = free.saturating_sub(kept);
	if amount == 0 {
		return Err(OwnerError::usage("nothing is to be bonded", "name more than 0 with --amount"));
	}
	if amount <= most {
		return Ok(());
	}
	Err(OwnerError::refused(
		format!("the account can bond {} at most", format::amount(most)),
		"bond less and leave something for fees, or transfer more to the account",
	))
}

/// Back candidates.
///
/// # Errors
/// If the account validates, if one of them is no candidate or takes no nominators, or the call
/// fails.
pub(super) async fn nominate(session: &Session, args: &Nominate) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let stake = stake_of(session, &account).await?;
	let chain = &session.chain;
	if chain.candidate(&account, At::Best).await?.is_some() {
		return Err(OwnerError::refused(
			"the account validates: nominating would end that",
			"cairn validator stop, then nominate",
		));
	}
	let least = chain.staking_limits(At::Best).await?.min_nominator_bond;
	if stake.active < least {
		let lacking = format::number(least.saturating_sub(stake.active));
		let (active, least) = (format::amount(stake.active), format::amount(least));
		return Err(OwnerError::refused(
			format!("{active} is at stake, nominators need {least}"),
			format!("cairn validator bond --amount {lacking}"),
		));
	}
	let before = chain.nominations(&account, At::Best).await?.unwrap_or_default();
	for target in &args.targets {
		let prefs = chain.candidate(target, At::Best).await?;
		ensure_target(target, prefs.as_ref(), before.contains(target))?;
	}
	let call = calls::staking::nominate(&args.targets);
	let outcome = send(session, &call, &args.signing).await?;
	let targets = args.targets.iter().map(account_text).collect::<Vec<_>>();
	let shown = targets.join("\n               ");
	let receipt = Receipt::new("nominated", &outcome)
		.with("stash", account_text(&account))
		.with_amount("active", stake.active)
		.with_shown("targets", targets, shown)
		.note("it counts from the next election on, which shares the stake among them");
	session.print(&receipt)
}

/// Refuse a target that an election would ignore.
fn ensure_target(
	target: &[u8; 32],
	prefs: Option<&ValidatorPrefs>,
	is_nominated: bool,
) -> Result<(), OwnerError> {
	let target = account_text(target);
	match prefs {
		None => Err(OwnerError::refused(
			format!("{target} is no candidate: it would get nothing of the stake"),
			"leave it out, or wait until it has started to validate",
		)),
		Some(prefs) if prefs.blocked && !is_nominated => {
			Err(OwnerError::refused(format!("{target} takes no new nominators"), "leave it out"))
		},
		Some(_) => Ok(()),
	}
}

/// Ask stake back.
///
/// # Errors
/// If there is not so much, or the call fails.
pub(super) async fn unbond(session: &Session, args: &Unbond) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let before = stake_of(session, &account).await?;
	if args.amount == 0 || args.amount > before.active {
		return Err(OwnerError::refused(
			format!("{} is at stake and can be asked back", format::amount(before.active)),
			"name an amount above 0 and up to that; see `cairn validator status`",
		));
	}
	let call = calls::staking::unbond(args.amount);
	let outcome = send(session, &call, &args.signing).await?;
	let unbonded = outcome.find::<([u8; 32], Amount)>("Staking", "Unbonded");
	let (stash, amount) = unbonded.ok_or_else(|| missing_event("Staking.Unbonded"))?;
	let chilled = outcome.find::<[u8; 32]>("Staking", "Chilled").is_some();
	let staked = Staked::of(session, &stash, At::Block(outcome.block)).await?;
	let era = staked.stake.unlocking.last().map(|chunk| chunk.era);
	let mut receipt = Receipt::new("stake asked back", &outcome)
		.with("stash", account_text(&stash))
		.with_amount("unbonded", amount)
		.with_amount("active", staked.stake.active)
		.with("withdrawable_from_era", era);
	if let Some(era) = era {
		let when = words::unlocks(era, &staked.eras, &staked.terms);
		receipt = receipt.note(format!("it can be withdrawn {when}: cairn validator withdraw"));
	}
	if chilled {
		receipt =
			receipt.note("nothing is left at stake: the account neither validates nor nominates");
	}
	session.print(&receipt)
}

/// Take stake that was asked back long enough ago.
///
/// # Errors
/// If nothing can be withdrawn yet, or the call fails.
pub(super) async fn withdraw(session: &Session, signing: &Signing) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	let staked = Staked::of(session, &account, At::Best).await?;
	if staked.stake.withdrawable(staked.eras.planned) == 0 {
		return Err(nothing_to_withdraw(&staked));
	}
	let spans = session.chain.slashing_spans(&account, At::Best).await?;
	let outcome = send(session, &calls::staking::withdraw_unbonded(spans), signing).await?;
	let withdrawn = outcome.find::<([u8; 32], Amount)>("Staking", "Withdrawn");
	let (stash, amount) = withdrawn.ok_or_else(|| missing_event("Staking.Withdrawn"))?;
	let left = session.chain.stake(&stash, At::Block(outcome.block)).await?;
	let receipt = Receipt::new(format!("withdrew {}", format::amount(amount)), &outcome)
		.with("stash", account_text(&stash))
		.with_amount("withdrawn", amount)
		.with_amount("bonded", left.map_or(0, |stake| stake.total));
	session.print(&receipt)
}

fn nothing_to_withdraw(staked: &Staked) -> OwnerError {
	match staked.stake.unlocking.first() {
		None => OwnerError::refused(
			"no stake has been asked back",
			"cairn validator unbond --amount TOKENS, and withdraw some eras later",
		),
		Some(chunk) => {
			let when = words::unlocks(chunk.era, &staked.eras, &staked.terms);
			OwnerError::refused(
				"what was asked back is still bonded",
				format!("wait: {} can be withdrawn {when}", format::amount(chunk.value)),
			)
		},
	}
}

/// Put an account where its stake belongs in the list of voters.
///
/// # Errors
/// If the account is not in the list, or the call fails.
pub(super) async fn rebag(session: &Session, whose: &Whose) -> Result<(), OwnerError> {
	let account = whose.account()?;
	let outcome = send(session, &calls::voter_list::rebag(&account), &whose.signing).await?;
	// Scores count the smallest units, divided where they would not fit.
	let moved = outcome.find::<([u8; 32], u64, u64)>("VoterList", "Rebagged");
	let action = if moved.is_some() { "moved in the list of voters" } else { "was in its place" };
	let receipt = Receipt::new(action, &outcome)
		.with("account", account_text(&account))
		.with("from_bag", moved.map(|(_, from, _)| from.to_string()))
		.with("to_bag", moved.map(|(_, _, to)| to.to_string()));
	session.print(&receipt)
}

/// Stop to validate or to nominate.
///
/// # Errors
/// If the account does neither, or the call fails.
pub(super) async fn chill(session: &Session, signing: &Signing) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	stake_of(session, &account).await?;
	let validates = session.chain.candidate(&account, At::Best).await?.is_some();
	let nominates = session.chain.nominations(&account, At::Best).await?.is_some();
	if !validates && !nominates {
		return Err(OwnerError::refused(
			"the account neither validates nor nominates",
			"nothing is left to do; its stake stays bonded: cairn validator unbond --amount TOKENS",
		));
	}
	let role = if validates { "validator" } else { "nominator" };
	end_role(session, &account, role, signing).await
}

/// Stop to validate.
///
/// # Errors
/// If the account is no candidate, or the call fails.
pub(super) async fn stop(session: &Session, signing: &Signing) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	stake_of(session, &account).await?;
	if session.chain.candidate(&account, At::Best).await?.is_none() {
		return Err(OwnerError::refused(
			"the account is no candidate: there is nothing to stop",
			"see `cairn validator status`; a nominator stops with `cairn validator chill`",
		));
	}
	end_role(session, &account, "validator", signing).await
}

async fn end_role(
	session: &Session,
	account: &[u8; 32],
	role: &str,
	signing: &Signing,
) -> Result<(), OwnerError> {
	let outcome = send(session, &calls::staking::chill(), signing).await?;
	let at = At::Block(outcome.block);
	let staked = Staked::of(session, account, at).await?;
	let set = session.chain.validator_set(at).await?;
	let works = set.members.contains(account) || set.queued.iter().any(|(who, _)| who == account);
	let mut receipt =
		Receipt::new(format!("stopped: no {role} from the next election on"), &outcome)
			.with("stash", account_text(account))
			.with("role", role)
			.with_amount("active", staked.stake.active)
			.with("era", staked.eras.active);
	if works {
		let era = staked.eras.planned;
		receipt = receipt.note(format!("keep the node running until era {era} has ended"));
	}
	if staked.stake.active > 0 {
		let (amount, when) = (format::number(staked.stake.active), staked.asked_now());
		receipt = receipt.note(format!(
			"the stake stays bonded; asked back now, it can be withdrawn {when}: \
			 cairn validator unbond --amount {amount}"
		));
	}
	session.print(&receipt)
}

/// Become a candidate, or change the terms.
///
/// # Errors
/// If the account lacks something, before anything is sent; or the call fails.
pub(super) async fn start(session: &Session, args: &Start) -> Result<(), OwnerError> {
	let chain = &session.chain;
	let account = args.signing.signer()?.account();
	let at = At::Block(chain.best().await?.hash);
	let stake = chain.stake(&account, at).await?;
	let keys = chain.session_keys(&account, at).await?;
	let limits = chain.staking_limits(at).await?;
	let is_candidate = chain.candidate(&account, at).await?.is_some();
	let nominates = chain.nominations(&account, at).await?.is_some();
	let commission = args.commission;
	let obstacle =
		standing::before_start(stake.as_ref(), keys.as_ref(), &limits, commission, is_candidate);
	if let Some(obstacle) = obstacle {
		return Err(refused(obstacle));
	}
	let prefs = ValidatorPrefs { commission, blocked: args.blocked };
	let outcome = send(session, &calls::staking::validate(&prefs), &args.signing).await?;
	let when = next_election(session, At::Block(outcome.block)).await?;
	let action = if is_candidate { "terms changed" } else { "candidate from the next election on" };
	let mut receipt = Receipt::new(action, &outcome)
		.with("stash", account_text(&account))
		.with_shown("commission", commission, words::percent(commission))
		.with("blocked", args.blocked)
		.with_amount("active", stake.map_or(0, |stake| stake.active))
		.note(format!("the next election is {when}; who wins validates from the session after"));
	if nominates {
		receipt = receipt.note("the account nominates nobody any more");
	}
	session.print(&receipt.note("next: cairn validator status"))
}

/// When the next election is, in words.
async fn next_election(session: &Session, at: At) -> Result<String, OwnerError> {
	let eras = session.chain.eras(at).await?;
	let now = session.chain.validator_set(at).await?.session;
	Ok(words::next_election(now, &eras, &session.chain.staking_terms().await?))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::UnlockView;

	#[test]
	fn fails_when_more_is_bonded_than_there_is() {
		assert!(ensure_free(10, 9, 1).is_ok());
		assert!(matches!(ensure_free(10, 0, 1), Err(OwnerError::Usage { .. })));
		let error = ensure_free(format::UNIT, 2 * format::UNIT, 0).expect_err("too much");
		assert!(error.to_string().contains("1 CAIRN at most"), "{error}");
	}

	#[test]
	fn fails_when_a_target_would_be_ignored() {
		let (open, blocked) =
			(ValidatorPrefs::default(), ValidatorPrefs { commission: 0, blocked: true });
		assert!(ensure_target(&[1; 32], Some(&open), false).is_ok());
		assert!(ensure_target(&[1; 32], Some(&blocked), true).is_ok());
		let error = ensure_target(&[1; 32], Some(&blocked), false).expect_err("blocked");
		assert!(error.to_string().contains("no new nominators"), "{error}");
		let error = ensure_target(&[1; 32], None, true).expect_err("no candidate");
		assert!(error.to_string().contains("no candidate"), "{error}");
	}

	#[test]
	fn fails_when_nothing_can_be_withdrawn_and_says_when() {
		let terms = StakingTerms {
			sessions_per_era: 6,
			bonding_eras: 14,
			session_slots: 600,
			slot_millis: 6_000,
			..StakingTerms::default()
		};
		let stake = StakeView { stash: [1; 32], total: 5, active: 5, unlocking: Vec::new() };
		let eras = ErasView { active: 9, planned: 10, planned_start: 60 };
		let mut staked = Staked { stake, eras, terms };
		assert_eq!(staked.asked_now(), "from era 24 on, in at most 3 d 12 h");
		assert!(nothing_to_withdraw(&staked).to_string().contains("no stake has been asked back"));
		staked.stake.unlocking = vec![UnlockView { value: format::UNIT, era: 12 }];
		let text = nothing_to_withdraw(&staked).to_string();
		assert!(text.contains("1 CAIRN can be withdrawn from era 12 on"), "{text}");
	}
}
