//! `GET /v1/data`.

use std::sync::Arc;

use axum::{
	extract::State,
	http::{HeaderMap, HeaderName, StatusCode, Uri, header},
	response::Response,
};
use cairn_formats::{FormatError, Record, csv, senml};
use cairn_types::{GatewayId, NetworkId};
use serde::Serialize;

use super::{
	App, Failure,
	across::{self, Holder, Share},
	devices::ask,
	etag,
};
use crate::{
	clock::now_millis,
	data::row::Row,
	gateway::{
		chain_state::ChainState,
		data::{
			fault::{DataFault, Refused},
			page::{Looked, Page, look},
			parameters::Parameters,
			query::{self, Filter, Question, Request},
			schemas::Known,
		},
		store::Store,
	},
	protocol::Problem,
	store::StoreError,
};

/// Schemas that one question may need to be looked up.
const LOOKUPS: usize = 16;

/// The formats of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
	Json,
	Senml,
	Cbor,
	Csv,
}

impl Format {
	/// In order of preference.
	const ALL: [Self; 4] = [Self::Json, Self::Senml, Self::Cbor, Self::Csv];

	const fn name(self) -> &'static str {
		match self {
			Self::Json => "json",
			Self::Senml => "senml",
			Self::Cbor => "cbor",
			Self::Csv => "csv",
		}
	}

	const fn content(self) -> &'static str {
		match self {
			Self::Json => "application/json",
			Self::Senml => "application/senml+json",
			Self::Cbor => "application/senml+cbor",
			Self::Csv => "text/csv",
		}
	}

	/// The one that is asked for: by the parameter, else by what the client accepts. Pure.
	fn choose(parameter: Option<&str>, accept: Option<&str>) -> Result<Self, Refused> {
		if let Some(name) = parameter {
			let format = Self::ALL.into_iter().find(|format| format.name() == name);
			return format.ok_or_else(|| DataFault::BadFormat.into());
		}
		let accept = accept.filter(|accept| !accept.trim().is_empty());
		let Some(accept) = accept else { return Ok(Self::Json) };
		let weighed = Self::ALL.map(|format| (weight(accept, format.content()), format));
		let mut best = (0, None);
		for (weight, format) in weighed {
			if weight > best.0 {
				best = (weight, Some(format));
			}
		}
		best.1.ok_or_else(|| DataFault::NotAcceptable.into())
	}
}

/// What a content type weighs in an Accept field (RFC 9110 §12.5.1), 0 to 1,000: that of the most
/// specific range that it is in. Pure.
fn weight(accept: &str, content: &str) -> u16 {
	let family = content.split('/').next().unwrap_or_default();
	let mut best = (0, 0);
	for range in accept.split(',') {
		let mut parts = range.split(';').map(str::trim);
		let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
		let specific = match kind.split_once('/') {
			_ if kind == content => 3,
			Some((of, "*")) if of == family => 2,
			Some(("*", "*")) => 1,
			_ => continue,
		};
		let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, permille);
		if specific >= best.0 {
			best = (specific, quality);
		}
	}
	best.1
}

/// A weight of at most three decimal places in thousandths; 0 for what is none.
fn permille(text: &str) -> u16 {
	let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
	let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
	let fraction = if digits { format!("{fraction:0<3}").parse::<u16>().ok() } else { None };
	match (whole, fraction) {
		("0", Some(fraction)) => fraction,
		("1", Some(0)) => 1_000,
		_ => 0,
	}
}

/// Whose records an answer has, in their order, how many of each, and where the proofs of those are.
const GATEWAYS: &str = "cairn-gateways";
/// Whose records an answer lacks, and why.
const MISSING: &str = "cairn-missing";

/// Serve a page of rows.
pub(super) async fn rows(
	State(app): State<Arc<App>>,
	uri: Uri,
	headers: HeaderMap,
) -> Result<Response, Failure> {
	let parameters = Parameters::new(&uri, query::PARAMETERS)?;
	let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
	let format = Format::choose(parameters.get("format"), accept)?;
	let request = Request::read(&parameters, now_millis())?;
	let state = app.state()?;
	let page = Box::pin(across::page(&app, &state, &request)).await?;
	let Request { filter, reach, limit, .. } = &request;
	let next = page.next.as_deref();
	let next = next.map(|cursor| filter.path(*reach, *limit, format.name(), Some(cursor)));
	let body: Vec<u8> = match format {
		Format::Json => json(&page, filter, next.as_deref())?.into(),
		Format::Senml => senml::encode_json(&records(&page, format)).map_err(unwritable)?.into(),
		Format::Cbor => senml::encode_cbor(&records(&page, format)).map_err(unwritable)?,
		Format::Csv => csv::encode(&records(&page, format)).map_err(unwritable)?.into(),
	};
	let about = about(&page, format);
	Ok(etag::answer_about(&headers, format.content(), body, next.as_deref(), about))
}

/// Answer a question with a page of rows.
pub(super) async fn page(
	app: &App,
	state: &ChainState,
	question: &Question,
) -> Result<Page, Failure> {
	let (question, periods) = (question.clone(), state.clock.periods);
	let steps = app.data.steps;
	look_up(app, state, move |store, known| look(store, &question, known, &periods, steps)).await
}

/// Look something up in the store, with the schemas that it needs.
pub(super) async fn look_up<T: Send + 'static>(
	app: &App,
	state: &ChainState,
	question: impl Fn(&Store, &Known) -> Result<Looked<T>, StoreError> + Send + Sync + 'static,
) -> Result<T, Failure> {
	let Ok(_permit) = app.data.permits.try_acquire() else {
		return Err(Refused::from(DataFault::Busy).into());
	};
	let question = Arc::new(question);
	for _ in 0..LOOKUPS {
		let (known, question) = (app.data.schemas.with(&state.schemas), question.clone());
		match ask(app, move |store| question(store, &known)).await? {
			Looked::Found(found) => return Ok(found),
			Looked::Missing(schema) => {
				if app.data.schemas.learn(schema).await.is_none() {
					break;
				}
			},
		}
	}
	Err(unlearnt())
}

/// The answer if a schema cannot be learnt now.
fn unlearnt() -> Failure {
	Failure::new(
		StatusCode::SERVICE_UNAVAILABLE,
		"unsynced",
		"The gateway cannot learn a schema from its node.",
		"Ask again later; the operator sees why in the gateway's log.",
	)
}

fn unwritable(cause: FormatError) -> Failure {
	internal(&cause)
}

fn internal(cause: &dyn std::fmt::Display) -> Failure {
	tracing::error!(%cause, "cannot write an answer");
	Failure::new(
		StatusCode::INTERNAL_SERVER_ERROR,
		"internal",
		"The answer could not be written.",
		"Report it: this is not your mistake.",
	)
}

/// Whether a format can say a row: SenML has no times that long ago.
fn is_sayable(row: &Row, format: Format) -> bool {
	match format {
		Format::Json | Format::Csv => true,
		Format::Senml | Format::Cbor => row.is_datable(),
	}
}

fn records(page: &across::Page, format: Format) -> Vec<Record> {
	let rows = page.shares.iter().flat_map(|share| &share.rows);
	rows.filter(|row| is_sayable(row, format)).map(Row::record).collect()
}

/// Whose records are in an answer, and whose are missing: formats of records have no place for it.
fn about(page: &across::Page, format: Format) -> Vec<(HeaderName, String)> {
	let shares = page.shares.iter().map(|Share { holder, rows }| {
		let count = rows.iter().filter(|row| is_sayable(row, format)).count();
		format!("{}rows={count}", named(holder))
	});
	let missing = page.missing.iter();
	let missing =
		missing.map(|(holder, why)| format!("{}code={}", named(holder), why.fault().code()));
	let fields = [(GATEWAYS, shares.collect::<Vec<_>>()), (MISSING, missing.collect())];
	let said = fields.into_iter().filter(|(_, items)| !items.is_empty());
	said.map(|(name, items)| (HeaderName::from_static(name), items.join(", "))).collect()
}

/// What is known of a gateway, as parameters that others follow.
fn named(holder: &Holder) -> String {
	let Holder { gateway, network, url } = holder;
	let gateway = gateway.map(|id| format!("gateway={id};"));
	let network = network.map(|id| format!("network={id};"));
	let url = url.as_ref().map(|url| format!("url=\"{url}\";"));
	[gateway, network, url].into_iter().flatten().collect()
}

/// The body in our own JSON.
#[derive(Serialize)]
struct Rows<'a> {
	from: u64,
	to: u64,
	/// Whether every gateway that has a part of the answer has answered, on this page and before it.
	complete: bool,
	gateways: Vec<HolderJson<'a>>,
	rows: Vec<&'a Row>,
	#[serde(skip_serializing_if = "Option::is_none")]
	next: Option<&'a str>,
}

/// A gateway whose rows are on the page, or missing.
#[derive(Serialize)]
struct HolderJson<'a> {
	#[serde(skip_serializing_if = "Option::is_none")]
	gateway: Option<GatewayId>,
	#[serde(skip_serializing_if = "Option::is_none")]
	network: Option<NetworkId>,
	/// Where it is, and the proofs of its rows; not for the one that answers.
	#[serde(skip_serializing_if = "Option::is_none")]
	url: Option<&'a str>,
	rows: usize,
	#[serde(skip_serializing_if = "Option::is_none")]
	failure: Option<Problem>,
}

fn json(page: &across::Page, filter: &Filter, next: Option<&str>) -> Result<String, Failure> {
	let rows = page.shares.iter().flat_map(|share| &share.rows).collect();
	let shares = page.shares.iter().map(|share| holder_json(&share.holder, share.rows.len(), None));
	let missing = page.missing.iter();
	let missing = missing.map(|(holder, why)| holder_json(holder, 0, Some(why.fault())));
	let gateways = shares.chain(missing).collect();
	let (from, to, complete) = (filter.from, filter.to, page.missing.is_empty());
	to_json(&Rows { from, to, complete, gateways, rows, next })
}

fn holder_json(holder: &Holder, rows: usize, fault: Option<DataFault>) -> HolderJson<'_> {
	let Holder { gateway, network, url } = holder;
	let failure = fault.map(|fault| Problem {
		code: fault.code().to_owned(),
		cause: fault.cause().to_owned(),
		remedy: fault.remedy().to_owned(),
	});
	HolderJson { gateway: *gateway, network: *network, url: url.as_deref(), rows, failure }
}

/// A body in JSON.
pub(super) fn to_json(body: &impl Serialize) -> Result<String, Failure> {
	serde_json::to_string(body).map_err(|cause| internal(&cause))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_format_is_asked_for() {
		for (parameter, accept, format) in [
			(None, None, Format::Json),
			(None, Some(" "), Format::Json),
			(None, Some("*/*"), Format::Json),
			(None, Some("application/*;q=0.5, text/csv;q=0.4"), Format::Json),
			(None, Some("application/senml+json"), Format::Senml),
			(None, Some("application/senml+cbor"), Format::Cbor),
			(None, Some("application/senml+json;q=0.5, application/senml+cbor"), Format::Cbor),
			(None, Some("text/csv, application/json;q=0.9"), Format::Csv),
			(None, Some("Text/CSV"), Format::Csv),
			(None, Some("text/html, text/*;q=0.2"), Format::Csv),
			(None, Some("application/json;q=0, */*;q=0.1"), Format::Senml),
			(Some("senml"), Some("text/csv"), Format::Senml),
			(Some("cbor"), Some("application/json"), Format::Cbor),
			(Some("csv"), Some("image/png"), Format::Csv),
		] {
			assert_eq!(Format::choose(parameter, accept), Ok(format), "{parameter:?} {accept:?}");
		}
	}

	#[test]
	fn fails_when_no_format_is_served() {
		for accept in ["image/png", "*/*;q=0", "text/csv;q=0.0000", "application/jsonp"] {
			let refused = Format::choose(None, Some(accept)).expect_err(accept);
			assert_eq!(refused.fault, DataFault::NotAcceptable);
		}
		let refused = Format::choose(Some("xml"), None).expect_err("xml");
		assert_eq!(refused.fault, DataFault::BadFormat);
	}

	#[test]
	fn weights_are_thousandths() {
		for (text, weight) in [
			("1", 1_000),
			("1.000", 1_000),
			("0", 0),
			("0.5", 500),
			("0.05", 50),
			("0.123", 123),
			("1.1", 0),
			("2", 0),
			("x", 0),
			("0.x", 0),
			("", 0),
		] {
			assert_eq!(permille(text), weight, "{text}");
		}
	}
}
