//! Asking one gateway for all that it knows, and checking each value at the gateway that has sealed it.

use std::collections::BTreeMap;

use cairn_chain::Chain;
use cairn_types::GatewayId;
use futures::{StreamExt, TryStreamExt, stream};

use super::{
	answer::{Answer, Asked},
	ask::Question,
	doubt::{Doubt, Doubted},
	gateways::{Gateway, MOST, Manner, of_id},
	heard::{AT_ONCE, Check, found},
	pages::Pages,
	row::Row,
	verify::{Verdict, Verifier, first_line},
};
use crate::{
	gateway::data::query::{Filter, Reach},
	owner::OwnerError,
};

/// Ask one gateway for all that it knows.
///
/// # Errors
/// If it does not answer as it should, or values cannot be checked.
pub(super) async fn ask_through(
	chain: Option<&Chain>,
	question: &Question,
	manner: Manner,
	gateway: Gateway,
	verifier: Option<Verifier>,
	page: usize,
) -> Result<Answer, OwnerError> {
	let filter = &Filter { networks: question.networks.clone(), ..question.filter.clone() };
	let mut pages = Pages::new(Reach::default());
	let mut rows = Vec::new();
	while rows.len() < question.most && pages.has_more() {
		let limit = question.most.saturating_sub(rows.len()).min(page);
		rows.extend(Box::pin(pages.turn(&gateway.served, filter, limit)).await?);
	}
	let sealers = by_sealer(rows);
	if sealers.len() > MOST {
		let cause = format!("answers with rows of more than {MOST} gateways");
		return Err(gateway.served.odd(&cause));
	}
	let mut answer = Answer::new(filter.clone(), verifier.as_ref().map(Verifier::at));
	answer.is_whole = !pages.has_more();
	if sealers.is_empty() {
		answer.asked.push(Asked::heard(&gateway, 0));
	}
	let checked = sealers.into_iter().map(|(id, rows)| {
		let (verifier, through) = (verifier.clone(), &gateway);
		Box::pin(async move {
			let verdicts = check(chain, verifier, through, manner, filter, id, &rows).await?;
			Ok::<_, OwnerError>((id, rows, verdicts))
		})
	});
	let checked = stream::iter(checked).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>();
	let mut checked = Box::pin(checked).await?;
	checked.sort_by_key(|(id, ..)| *id);
	for (id, rows, verdicts) in checked {
		answer.asked.push(Asked {
			gateway: Some(id),
			network: rows.first().map(|row| row.network),
			url: gateway.served.url().to_owned(),
			rows: rows.len(),
			error: None,
		});
		answer.rows.extend(found(id, rows, verdicts));
	}
	Ok(answer)
}

/// Rows by the gateway that has sealed them, as they say, each gateway's in their order.
fn by_sealer(rows: Vec<Row>) -> BTreeMap<GatewayId, Vec<Row>> {
	let mut sealers = BTreeMap::<GatewayId, Vec<Row>>::new();
	for row in rows {
		sealers.entry(row.gateway).or_default().push(row);
	}
	sealers
}

/// Check rows of gateway `id` by its own proofs, wherever the chain says that it is.
///
/// - `through`: who has passed the rows on.
async fn check(
	chain: Option<&Chain>,
	mut verifier: Option<Verifier>,
	through: &Gateway,
	manner: Manner,
	filter: &Filter,
	id: GatewayId,
	rows: &[Row],
) -> Result<Vec<Option<Verdict>>, OwnerError> {
	let Some(chain) = chain.filter(|_| verifier.is_some() && id != through.id) else {
		return verifier.check(through, filter, rows).await;
	};
	let doubted = |doubted: Doubted| Ok(vec![Some(Err(doubted)); rows.len()]);
	let Some(listed) = of_id(chain, id).await? else {
		return doubted(Doubt::OtherGateway.about("the chain has no such gateway"));
	};
	match Box::pin(listed.meet(manner)).await {
		Ok(gateway) => verifier.check(&gateway, filter, rows).await,
		Err(error) => doubted(Doubt::NoProof.about(first_line(&error))),
	}
}
