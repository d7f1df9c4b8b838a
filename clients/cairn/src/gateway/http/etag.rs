//! Answers that a client need not fetch again: each has a tag of its content.

use axum::{
	body::Body,
	http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
	response::{IntoResponse, Response},
};

/// An answer of some content, or that the client has it already.
///
/// - `headers`: of the request.
/// - `link`: to the next page.
pub(super) fn answer(
	headers: &HeaderMap,
	content: &'static str,
	body: impl Into<Vec<u8>>,
	link: Option<&str>,
) -> Response {
	answer_about(headers, content, body, link, Vec::new())
}

/// The same, with what else there is to say of the content: that has a part in its tag.
pub(super) fn answer_about(
	headers: &HeaderMap,
	content: &'static str,
	body: impl Into<Vec<u8>>,
	link: Option<&str>,
	about: Vec<(HeaderName, String)>,
) -> Response {
	let body = body.into();
	let tag = tag_of(&body, &about);
	let mut response = if matches(headers, &tag) {
		StatusCode::NOT_MODIFIED.into_response()
	} else {
		let mut response = Body::from(body).into_response();
		response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
		response
	};
	let fields = response.headers_mut();
	// What has not matured may change its stage: caches have to ask.
	fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
	fields.insert(header::VARY, HeaderValue::from_static("accept"));
	insert(fields, header::ETAG, &tag);
	for (name, text) in about {
		insert(fields, name, &text);
	}
	if let Some(link) = link {
		insert(fields, header::LINK, &format!("<{link}>; rel=\"next\""));
	}
	response
}

fn insert(fields: &mut HeaderMap, name: header::HeaderName, value: &str) {
	// Tags and links are of visible ASCII.
	if let Ok(value) = HeaderValue::from_str(value) {
		fields.insert(name, value);
	}
}

/// A tag that differs whenever the content does: half of its BLAKE3 hash. Pure.
fn tag_of(content: &[u8], about: &[(HeaderName, String)]) -> String {
	let mut hasher = blake3::Hasher::new();
	hasher.update(content);
	for (name, text) in about {
		hasher.update(b"\0").update(name.as_str().as_bytes()).update(b": ").update(text.as_bytes());
	}
	let hash = hasher.finalize().to_hex();
	format!("\"{}\"", hash.chars().take(32).collect::<String>())
}

/// Whether the client has the content of this tag already (RFC 9110 §13.1.2, weak comparison). Pure.
fn matches(headers: &HeaderMap, tag: &str) -> bool {
	let fields = headers.get_all(header::IF_NONE_MATCH).iter();
	let texts = fields.filter_map(|field| field.to_str().ok());
	let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
	tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn asked(value: &'static str) -> HeaderMap {
		HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))])
	}

	#[test]
	fn works_when_the_client_has_the_content() {
		let tag = tag_of(b"content", &[]);
		assert_eq!(tag.len(), 34);
		assert_ne!(tag, tag_of(b"contents", &[]));
		let own = Box::leak(format!("\"x\", W/{tag}").into_boxed_str());
		for value in ["*", own] {
			assert!(matches(&asked(value), &tag), "{value}");
		}
		for value in ["", "\"x\"", "x, y"] {
			assert!(!matches(&asked(value), &tag), "{value}");
		}
		assert!(!matches(&HeaderMap::new(), &tag));
	}

	#[test]
	fn what_is_said_of_the_content_is_in_its_tag() {
		let about = |text: &str| vec![(HeaderName::from_static("cairn-missing"), text.to_owned())];
		let tags = [tag_of(b"a", &[]), tag_of(b"a", &about("b")), tag_of(b"a", &about("c"))];
		assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
		let answered = answer_about(&asked("*"), "text/csv", "a".to_owned(), None, about("b"));
		assert_eq!(answered.status(), StatusCode::NOT_MODIFIED);
		assert_eq!(answered.headers()["cairn-missing"], "b");
	}

	#[test]
	fn an_answer_has_its_tag_and_the_way_on() {
		let answered = answer(&HeaderMap::new(), "text/csv", "a".to_owned(), Some("/v1/data?x"));
		assert_eq!(answered.status(), StatusCode::OK);
		assert_eq!(answered.headers()["link"], "</v1/data?x>; rel=\"next\"");
		assert_eq!(answered.headers()["content-type"], "text/csv");
		let again = answer(&asked("*"), "text/csv", "a".to_owned(), None);
		assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
		assert_eq!(again.headers()["etag"], answered.headers()["etag"]);
		assert!(!again.headers().contains_key("content-type"));
	}
}
