//! `cairn validator payout`: paying what eras have earned, once or each era as it ends.

use std::{fmt, io, slice, time::Duration};

use cairn_chain::{At, BlockId, Era, EraView, ErasView, Kind, Outcome, Page, account_text, calls};
use cairn_types::Amount;
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::{Smallest, write_line},
		parse,
		session::Session,
	},
	due::{self, Paid, Pick, RECENT_ERAS},
	refusal, stake_of, together,
};
use crate::{backoff::Backoff, cli::Output, shutdown};

/// Pages that one transaction pays: each weighs at first as much as one with 256 nominators, some
/// 70 ms, and other transactions want a place in the block, too.
const PAGES_AT_ONCE: usize = 8;
/// First limit of the pause after something went wrong.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause after something went wrong.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Pay what past eras have earned: to the validator and to those who backed it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn validator payout --key stash.key
      What is unclaimed of the last seven eras.
  cairn validator payout --all --key account.key \\
      --stash 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
      Anybody can pay for anybody; rewards go to those who earned them.
  cairn validator payout --watch --key account.key \\
      --stash 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
      Let a machine do it: pay each era when it ends, until Ctrl-C.")]
pub(super) struct Payout {
	/// One era, instead of the last seven
	#[arg(long, value_name = "N", conflicts_with_all = ["all", "watch"])]
	era: Option<Era>,

	/// All eras that are kept, instead of the last seven
	#[arg(long, conflicts_with = "watch")]
	all: bool,

	/// The validator's account [default: the one that signs]
	#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
	stash: Option<[u8; 32]>,

	/// Keep running: pay what is unclaimed, then each era when it ends
	#[arg(long)]
	watch: bool,

	#[command(flatten)]
	signing: Signing,
}

/// Run the command.
///
/// # Errors
/// If nothing is unclaimed, or a payment fails; with `--watch` only at first.
pub(super) async fn run(session: &Session, args: &Payout) -> Result<(), OwnerError> {
	let signer = args.signing.signer()?;
	let stash = args.stash.unwrap_or_else(|| signer.account());
	stake_of(session, &stash).await?;
	let payer = Payer { session, stash, signing: &args.signing };
	if args.watch {
		return tokio::select! {
			ended = Box::pin(payer.follow()) => ended,
			() = shutdown::signal() => Ok(()),
		};
	}
	let pick = match args.era {
		Some(era) => Pick::One(era),
		None if args.all => Pick::All,
		None => Pick::Recent,
	};
	Box::pin(payer.once(pick)).await
}

/// Who pays for whom.
struct Payer<'a> {
	session: &'a Session,
	stash: [u8; 32],
	signing: &'a Signing,
}

/// The eras that can be paid.
struct Past {
	eras: ErasView,
	views: Vec<EraView>,
}

impl Payer<'_> {
	/// Pay what is chosen, and print what was paid.
	async fn once(&self, pick: Pick) -> Result<(), OwnerError> {
		let past = self.past().await?;
		let pages = due::select(&past.views, &past.eras, pick);
		if pages.is_empty() {
			return Err(nothing(&past, pick));
		}
		let mut report = Report::new(self.stash);
		let result = self.pay(&pages, &mut report).await;
		if pick == Pick::Recent {
			report.older = older(&past);
		}
		if result.is_ok() || !report.paid.is_empty() {
			self.session.print(&report)?;
		}
		result
	}

	/// Pay what is unclaimed, then each era when its end is final. Ends only if nobody can be told.
	async fn follow(&self) -> Result<(), OwnerError> {
		let mut blocks = self.session.chain.blocks(Kind::Finalized);
		let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
		let mut settled = None;
		loop {
			let block = blocks.next().await;
			match Box::pin(self.settle_until(block, settled)).await {
				Ok(active) => {
					settled = Some(active);
					backoff.reset();
				},
				Err(error @ OwnerError::Terminal(_)) => return Err(error),
				Err(error) => {
					let pause = backoff.next(None);
					tracing::warn!(%error, seconds = pause.as_secs(), "cannot pay; trying again");
					sleep(pause).await;
				},
			}
		}
	}

	/// Pay everything unclaimed if another era is active than the `settled` one; returns the active
	/// era of a block.
	async fn settle_until(&self, block: BlockId, settled: Option<Era>) -> Result<Era, OwnerError> {
		let active = self.session.chain.eras(At::Block(block.hash)).await?.active;
		if settled == Some(active) {
			return Ok(active);
		}
		let past = self.past().await?;
		let pages = due::select(&past.views, &past.eras, Pick::All);
		if pages.is_empty() {
			tracing::info!(era = active, "nothing is unclaimed; waiting for the era's end");
		}
		let mut report = Report::new(self.stash);
		let result = self.pay(&pages, &mut report).await;
		if !report.paid.is_empty() {
			self.tell(&report)?;
		}
		result.map(|()| active)
	}

	/// Say what was paid: a text, or one line of JSON.
	fn tell(&self, report: &Report) -> Result<(), OwnerError> {
		match self.session.output {
			Output::Text => self.session.print(report),
			Output::Json => {
				let line = serde_json::to_string(report).map_err(io::Error::other)?;
				write_line(&mut io::stdout().lock(), &line)
			},
		}
	}

	/// The eras that can be paid, at the best block.
	async fn past(&self) -> Result<Past, OwnerError> {
		let chain = &self.session.chain;
		let at = At::Block(chain.best().await?.hash);
		let eras = chain.eras(at).await?;
		let kept = chain.staking_terms().await?.kept_eras;
		let views = chain.era_views(&self.stash, due::payable(&eras, kept), at).await?;
		Ok(Past { eras, views })
	}

	/// Pay pages, several with each transaction; after an error the report has what came before.
	async fn pay(&self, pages: &[(Era, Page)], report: &mut Report) -> Result<(), OwnerError> {
		for chunk in pages.chunks(PAGES_AT_ONCE) {
			match self.send(chunk).await {
				// One that somebody else has paid spoils them all.
				Err(error) if refusal::is_claimed(&error) => {
					self.pay_one_by_one(chunk, report).await?;
				},
				sent => report.add(&sent.map_err(refusal::explain)?),
			}
		}
		Ok(())
	}

	async fn pay_one_by_one(
		&self,
		pages: &[(Era, Page)],
		report: &mut Report,
	) -> Result<(), OwnerError> {
		for page in pages {
			match self.send(slice::from_ref(page)).await {
				Err(error) if refusal::is_claimed(&error) => report.taken += 1,
				sent => report.add(&sent.map_err(refusal::explain)?),
			}
		}
		Ok(())
	}

	async fn send(&self, pages: &[(Era, Page)]) -> Result<Outcome, OwnerError> {
		let payouts = pages
			.iter()
			.map(|(era, page)| calls::staking::payout_stakers_by_page(&self.stash, *era, *page));
		let call = together(self.session, &payouts.collect::<Vec<_>>()).await?;
		self.session.submit(&call, self.signing).await
	}
}

/// How many eras before the last few have something unclaimed.
fn older(past: &Past) -> usize {
	let first = past.eras.active.saturating_sub(RECENT_ERAS);
	let end = past.views.partition_point(|view| view.era < first);
	due::unclaimed_eras(past.views.get(..end).unwrap_or_default())
}

fn nothing(past: &Past, pick: Pick) -> OwnerError {
	if let Pick::One(era) = pick {
		let view = past.views.iter().find(|view| view.era == era);
		return OwnerError::refused(
			format!("nothing can be paid: {}", due::why_nothing(era, view, &past.eras)),
			"see `cairn validator status` for the eras that are unclaimed",
		);
	}
	match older(past) {
		0 => OwnerError::refused(
			"nothing is unclaimed",
			"wait for the end of the era; `cairn validator payout --watch` does that for you",
		),
		eras => OwnerError::refused(
			format!("nothing of the last {RECENT_ERAS} eras is unclaimed"),
			format!("{} before them: add --all", format::count(eras as u64, "unclaimed era")),
		),
	}
}

/// What was paid.
struct Report {
	stash: [u8; 32],
	paid: Vec<Paid>,
	/// Pages that somebody else paid in the meantime.
	taken: usize,
	/// Eras before those that were meant, with something unclaimed.
	older: usize,
}

impl Report {
	const fn new(stash: [u8; 32]) -> Self {
		Self { stash, paid: Vec::new(), taken: 0, older: 0 }
	}

	fn add(&mut self, outcome: &Outcome) {
		self.paid.extend(due::paid(outcome));
	}

	/// To the validator, and to its nominators.
	fn totals(&self) -> (Amount, Amount) {
		let sum =
			|part: fn(&Paid) -> Amount| self.paid.iter().map(part).fold(0, Amount::saturating_add);
		(sum(|paid| paid.validator), sum(|paid| paid.nominators))
	}
}

impl Serialize for Report {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let payouts = self.paid.iter().map(|paid| {
			json!({
				"era": paid.era,
				"page": paid.page,
				"validator": Smallest(paid.validator),
				"nominators": Smallest(paid.nominators),
				"nominator_count": paid.count,
				"block": paid.block,
			})
		});
		let (validator, nominators) = self.totals();
		let document = json!({
			"stash": account_text(&self.stash),
			"validator": Smallest(validator),
			"nominators": Smallest(nominators),
			"payouts": payouts.collect::<Vec<_>>(),
			"paid_by_others": self.taken,
			"older_unclaimed_eras": self.older,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let stash = account_text(&self.stash);
		for Paid { era, page, validator, nominators, count, block } in &self.paid {
			let page = if *page == 0 { String::new() } else { format!(", page {page}") };
			write!(f, "era {era}{page}: {} to {stash}", format::amount(*validator))?;
			if *count > 0 {
				let count = format::count(u64::from(*count), "nominator");
				write!(f, ", {} to {count}", format::amount(*nominators))?;
			}
			writeln!(f, ", block {block}")?;
		}
		if self.paid.len() > 1 {
			let (validator, nominators) = self.totals();
			let (validator, nominators) = (format::amount(validator), format::amount(nominators));
			writeln!(f, "paid in all: {validator} to the validator, {nominators} to nominators")?;
		}
		if self.taken > 0 {
			let pages = format::count(self.taken as u64, "page");
			writeln!(f, "paid by somebody else in the meantime: {pages}")?;
		}
		if self.older > 0 {
			let eras = format::count(self.older as u64, "older era");
			writeln!(f, "still unclaimed: {eras}; pay with --all")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::ExposureView;

	fn view(era: Era, points: u32) -> EraView {
		EraView {
			era,
			payout: Some(1_000),
			exposure: Some(ExposureView { total: 30, own: 10, nominators: 3, pages: 1 }),
			commission: 0,
			points,
			total_points: 2,
			claimed: Vec::new(),
		}
	}

	fn past(views: Vec<EraView>) -> Past {
		let eras = ErasView { active: 20, planned: 20, planned_start: 120 };
		Past { eras, views }
	}

	#[test]
	fn older_eras_are_not_forgotten() {
		let past = past(vec![view(2, 1), view(3, 0), view(12, 1), view(13, 0)]);
		assert_eq!(older(&past), 2);
		let text = nothing(&past, Pick::Recent).to_string();
		assert!(text.contains("last 7 eras") && text.contains("2 unclaimed eras"), "{text}");
	}

	#[test]
	fn nothing_to_pay_says_why() {
		let past = past(vec![view(13, 0)]);
		let text = nothing(&past, Pick::One(13)).to_string();
		assert!(text.contains("no points in era 13"), "{text}");
		assert!(nothing(&past, Pick::All).to_string().contains("--watch"));
	}

	#[test]
	fn a_report_adds_up() {
		let page = |era, page, count: u32| Paid {
			era,
			page,
			validator: format::UNIT,
			nominators: Amount::from(count) * format::UNIT,
			count,
			block: 9,
		};
		let mut report = Report::new([1; 32]);
		report.paid = vec![page(3, 0, 2), page(3, 1, 0)];
		report.taken = 1;
		report.older = 1;
		let text = report.to_string();
		for expected in [
			"era 3: 1 CAIRN to 5",
			", 2 CAIRN to 2 nominators, block 9",
			"era 3, page 1: 1 CAIRN to 5",
			"2 CAIRN to the validator, 2 CAIRN to nominators",
			"somebody else in the meantime: 1 page",
			"still unclaimed: 1 older era",
		] {
			assert!(text.contains(expected), "{text}");
		}
		let value = serde_json::to_value(&report).expect("serializes");
		assert_eq!(value["validator"], "2000000000000");
		assert_eq!(value["payouts"][1]["page"], 1);
	}
}
