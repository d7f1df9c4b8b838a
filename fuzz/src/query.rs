//! What anybody asks of a gateway's readings: the query of `GET /v1/data`.

use std::{collections::BTreeSet, str};

use cairn::gateway::data::{
	fault::{DataFault, Refused},
	parameters::Parameters,
	query::{Filter, MAX_NETWORKS, MAX_RANGE, MAX_ROWS, PARAMETERS, Request},
};
use cairn_types::{
	Periods,
	schema::{MAX_NAME, is_name},
};

use crate::{memory, records::NOW};

/// The path before a query.
const PATH: &str = "/v1/data?";
/// Longest sentence that says what is wrong, in characters, however long the query is.
const LONGEST_CAUSE: usize = 400;

/// The query of a URL. Accepted if it is a question.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a question is beyond what may be asked, if it is another one
/// when it is written, or if it matters in which order parameters come or whether they are
/// percent-encoded.
#[must_use]
pub fn query(input: &[u8]) -> bool {
	let Ok(text) = str::from_utf8(input) else { return false };
	let read = memory::linear(text.len(), || parameters(text));
	let Some(read) = read else { return false };
	let parameters = match read {
		Ok(parameters) => parameters,
		Err(refused) => {
			short(&refused);
			return false;
		},
	};
	spelled(text, &parameters);
	match memory::linear(text.len(), || Request::read(&parameters, NOW)) {
		Ok(request) => {
			bounded(&request);
			written(&request);
			dated(&request, &parameters);
			true
		},
		Err(refused) => {
			short(&refused);
			false
		},
	}
}

/// What is asked for by a query; `None` if no question has it.
pub(crate) fn filter(query: &[u8]) -> Option<Filter> {
	let parameters = parameters(str::from_utf8(query).ok()?)?.ok()?;
	Request::read(&parameters, NOW).ok().map(|request| request.filter)
}

/// The parameters of a query; `None` if no URL has it.
fn parameters(query: &str) -> Option<Result<Parameters, Refused>> {
	let uri = format!("{PATH}{query}").parse().ok()?;
	Some(Parameters::new(&uri, PARAMETERS))
}

/// A refusal is the asker's, and short.
fn short(refused: &Refused) {
	assert!((400..500).contains(&refused.fault.status()), "{refused:?}");
	assert_ne!(refused.fault, DataFault::BadCursor, "only who answers looks at cursors");
	assert!(refused.cause().chars().count() <= LONGEST_CAUSE, "{refused:?}");
}

/// The same parameters in another order, and with each character percent-encoded.
fn spelled(text: &str, parameters: &Parameters) {
	let same = Some(Ok(parameters.clone()));
	// A fragment is at the end, and not asked for.
	let query = text.split('#').next().unwrap_or_default();
	let backwards: Vec<_> = query.split('&').rev().collect();
	assert_eq!(self::parameters(&backwards.join("&")), same, "{text}");
	let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
	let given = PARAMETERS.iter().copied().filter_map(|name| Some((name, parameters.get(name)?)));
	let pairs: Vec<_> =
		given.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
	assert_eq!(self::parameters(&pairs.join("&")), same, "{text}");
}

/// A question is one that may be asked.
fn bounded(request: &Request) {
	let Request { filter, limit, .. } = request;
	assert!((1..=MAX_ROWS).contains(limit));
	assert!(filter.to.saturating_sub(filter.from) <= MAX_RANGE);
	let networks: BTreeSet<_> = filter.networks.iter().collect();
	assert!(networks.len() == filter.networks.len() && networks.len() <= MAX_NETWORKS);
	let mut quantities = filter.quantities.iter();
	while let Some(quantity) = quantities.next() {
		assert!(!quantities.as_slice().contains(quantity), "{quantity:?} comes twice");
	}
	if let Some(channel) = &filter.channel {
		let length = u32::try_from(channel.len());
		assert!(is_name(channel.as_bytes()) && length.is_ok_and(|length| length <= MAX_NAME));
	}
	assert_eq!(filter.stream, None);
	let windows = filter.windows(&Periods::DEVELOPMENT);
	assert_eq!(windows.is_some(), filter.from < filter.to);
	assert!(windows.is_none_or(|(first, last)| first <= last));
}

/// The path that asks for it reads back as it. What is no cursor is not written into one.
fn written(request: &Request) {
	let is_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
	let cursor = request.cursor.as_deref().filter(is_digits);
	let path = request.filter.path(request.reach, request.limit, "json", cursor);
	let query = path.strip_prefix(PATH).expect("the path of the interface");
	let back = parameters(query).expect("a URL").and_then(|back| Request::read(&back, NOW));
	let expected = Request { cursor: cursor.map(ToOwned::to_owned), ..request.clone() };
	assert_eq!(back, Ok(expected), "{path}");
}

/// A question that says when its range ends is the same at any time.
fn dated(request: &Request, parameters: &Parameters) {
	assert_eq!(request.cursor.as_deref(), parameters.get("cursor"));
	if parameters.get("to").is_some() {
		assert_eq!(Request::read(parameters, 0).as_ref(), Ok(request));
	} else {
		assert_eq!(request.filter.to, NOW);
	}
}
