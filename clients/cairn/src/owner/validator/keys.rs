//! `cairn validator keys`: session keys, in the node and on the chain.

use std::fmt;

use cairn_chain::{
	At, Error, Outcome, SessionKeys, StakingTerms, ValidatorSet, account_text, calls,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::Receipt,
		session::Session,
	},
	Whose, refusal,
};

const EXAMPLES: &str = "\
Examples:
  cairn validator keys rotate --key stash.key
      On the node's own machine; elsewhere through a tunnel: ssh -L 9944:127.0.0.1:9944 HOST
  cairn validator keys show --key stash.key
  cairn validator keys show 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --output json";

/// Session keys: what a validator's node signs with
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Keys {
	#[command(subcommand)]
	command: KeysCommand,
}

/// Session keys: what a validator's node signs with
#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
	/// Let the node make new keys, and register them for the signing account
	Rotate(Signing),
	/// Show the keys that an account has registered, and whether the node has them
	Show(Whose),
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn run(session: &Session, args: &Keys) -> Result<(), OwnerError> {
	match &args.command {
		KeysCommand::Rotate(signing) => Box::pin(rotate(session, signing)).await,
		KeysCommand::Show(whose) => Box::pin(show(session, &whose.account()?)).await,
	}
}

async fn rotate(session: &Session, signing: &Signing) -> Result<(), OwnerError> {
	let chain = &session.chain;
	let account = signing.signer()?.account();
	let before = chain.session_keys(&account, At::Best).await?;
	let terms = chain.staking_terms().await?;
	if before.is_none() {
		let free = chain.balance(&account, At::Best).await?.free;
		ensure_deposit(free, &terms)?;
	}
	let new = chain.new_session_keys(&account).await?;
	let call = calls::session::set_keys(&new.keys, &new.proof);
	let outcome =
		session.submit(&call, signing).await.map_err(|error| explain(error, terms.key_deposit))?;
	let now = chain.validator_set(At::Block(outcome.block)).await?.session;
	let deposit = before.is_none().then_some(terms.key_deposit);
	let mut receipt = receipt(&outcome, &account, &new.keys, deposit);
	let from = works_from(now);
	let wait = format::duration(terms.session_seconds(2));
	receipt = receipt.with("session", now).with("works_from", from).note(format!(
		"they work from the session after next, session {from}, in at most {wait}, and only for an \
		 account that is elected"
	));
	session.print(
		&receipt
			.note("until then the node works with those it had: keep its keystore")
			.note("next: cairn validator start --commission PERCENT"),
	)
}

fn receipt(
	outcome: &Outcome,
	account: &[u8; 32],
	keys: &SessionKeys,
	deposit: Option<u128>,
) -> Receipt {
	let mut receipt =
		Receipt::new("session keys registered", outcome).with("stash", account_text(account));
	for (name, key) in keys.named() {
		receipt = receipt.with(name, format::hash(&key));
	}
	match deposit {
		Some(deposit) => receipt.with_amount("deposit", deposit),
		None => receipt,
	}
}

/// The session from which keys work that are registered in session `now`: the keys of the next one
/// are queued already.
const fn works_from(now: u32) -> u32 {
	now.saturating_add(2)
}

/// Refuse before the node makes keys that nobody could register.
fn ensure_deposit(free: u128, terms: &StakingTerms) -> Result<(), OwnerError> {
	let needed = terms.key_deposit.saturating_add(terms.existential_deposit);
	if free >= needed { Ok(()) } else { Err(too_poor(terms.key_deposit)) }
}

fn too_poor(deposit: u128) -> OwnerError {
	OwnerError::refused(
		format!("the signing account cannot pay the deposit for keys, {}", format::amount(deposit)),
		"transfer more to it: the deposit, the transaction's fee, and what an account must keep; \
		 the deposit returns when the keys are purged",
	)
}

/// Why keys were not registered.
fn explain(error: OwnerError, deposit: u128) -> OwnerError {
	let is_poor = error.dispatch_name().is_some_and(|name| name.starts_with("Token("));
	if is_poor { too_poor(deposit) } else { refusal::explain(error) }
}

async fn show(session: &Session, account: &[u8; 32]) -> Result<(), OwnerError> {
	let chain = &session.chain;
	let at = At::Block(chain.best().await?.hash);
	let keys = chain.session_keys(account, at).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("session keys of {}", account_text(account)),
			"cairn validator keys rotate, on the node's own machine",
		)
	})?;
	let set = chain.validator_set(at).await?;
	let in_node = in_node(session, &keys).await?;
	session.print(&Shown { account: *account, keys, set, in_node })
}

/// Whether the node has the secrets of these keys; `None` if it does not tell.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn in_node(
	session: &Session,
	keys: &SessionKeys,
) -> Result<Option<bool>, OwnerError> {
	match session.chain.has_session_keys(keys).await {
		Ok(answer) => Ok(Some(answer)),
		Err(Error::UnsafeRpc { .. }) => Ok(None),
		Err(error) => Err(error.into()),
	}
}

/// Which keys an account works with in the next session, beside those it has registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
	/// None: it is not among the validators.
	No,
	/// The registered ones.
	Same,
	/// Older ones.
	Other,
}

/// How the keys of the next session compare with the registered ones. Pure.
pub(super) fn queued(account: &[u8; 32], keys: &SessionKeys, set: &ValidatorSet) -> Queued {
	match set.queued.iter().find(|(stash, _)| stash == account) {
		None => Queued::No,
		Some((_, queued)) if queued == keys => Queued::Same,
		Some(_) => Queued::Other,
	}
}

/// Keys as they are shown.
struct Shown {
	account: [u8; 32],
	keys: SessionKeys,
	set: ValidatorSet,
	in_node: Option<bool>,
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let named =
			self.keys.named().map(|(name, key)| (name.to_owned(), json!(format::hash(&key))));
		let keys: Map<String, Value> = named.into_iter().collect();
		let queued = match queued(&self.account, &self.keys, &self.set) {
			Queued::No => Value::Null,
			Queued::Same => json!("same"),
			Queued::Other => json!("other"),
		};
		let document = json!({
			"stash": account_text(&self.account),
			"keys": keys,
			"session": self.set.session,
			"queued": queued,
			"node_has_keys": self.in_node,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "session keys of {}", account_text(&self.account))?;
		for (name, key) in self.keys.named() {
			writeln!(f, "  {:<19} {}", name.replace('_', " "), format::hash(&key))?;
		}
		let next = self.set.session.saturating_add(1);
		let queued = match queued(&self.account, &self.keys, &self.set) {
			Queued::No => format!("the account does not validate in session {next}"),
			Queued::Same => format!("the account works with them in session {next}"),
			Queued::Other => format!("the account works with older ones still in session {next}"),
		};
		writeln!(f, "  {queued}")?;
		let in_node = match self.in_node {
			Some(true) => "this node has all of them",
			Some(false) => {
				"this node does not have all of them: cairn validator keys rotate makes new ones"
			},
			None => "this node says only to its own machine whether it has them",
		};
		writeln!(f, "  {in_node}")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::DispatchFailure;

	const STASH: [u8; 32] = [9; 32];

	fn keys(first: u8) -> SessionKeys {
		SessionKeys {
			babe: [first; 32],
			grandpa: [2; 32],
			authority_discovery: [3; 32],
			telemetry: [4; 32],
		}
	}

	fn set(queued: Vec<([u8; 32], SessionKeys)>) -> ValidatorSet {
		ValidatorSet { session: 11, queued, ..ValidatorSet::default() }
	}

	#[test]
	fn keys_work_from_the_session_after_next() {
		assert_eq!(works_from(7), 9);
	}

	#[test]
	fn fails_when_the_deposit_cannot_be_paid() {
		let terms = StakingTerms {
			key_deposit: 10 * format::UNIT,
			existential_deposit: 1,
			..StakingTerms::default()
		};
		assert!(ensure_deposit(10 * format::UNIT + 1, &terms).is_ok());
		let text = ensure_deposit(10 * format::UNIT, &terms).expect_err("too little").to_string();
		assert!(text.contains("10 CAIRN") && text.contains("Remedy: "), "{text}");
		let failure = DispatchFailure {
			name: "Token(FundsUnavailable)".to_owned(),
			docs: String::new(),
			place: 0,
		};
		let text = explain(OwnerError::Chain(Error::Dispatch(failure)), format::UNIT).to_string();
		assert!(text.contains("deposit for keys, 1 CAIRN"), "{text}");
	}

	#[test]
	fn keys_are_shown_with_where_they_are() {
		let mut shown =
			Shown { account: STASH, keys: keys(1), set: set(Vec::new()), in_node: Some(true) };
		let text = shown.to_string();
		assert!(
			text.contains("authority discovery") && text.contains("does not validate"),
			"{text}"
		);
		assert!(text.contains("this node has all of them"), "{text}");
		shown.set = set(vec![(STASH, keys(5))]);
		shown.in_node = None;
		assert!(shown.to_string().contains("older ones still in session 12"));
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["queued"], "other");
		assert_eq!(value["node_has_keys"], Value::Null);
		assert_eq!(value["keys"]["telemetry"], format::hash(&[4; 32]));
		assert_eq!(queued(&STASH, &keys(5), &shown.set), Queued::Same);
	}
}
