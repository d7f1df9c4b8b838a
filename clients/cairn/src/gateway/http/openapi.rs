//! `GET /v1/openapi.json`: the interface in OpenAPI 3.1.

use axum::{http::HeaderMap, response::Response};

use super::etag;

/// The description; a test holds it against the routes.
const DOCUMENT: &str = include_str!("openapi.json");

/// Serve the description.
pub(super) async fn document(headers: HeaderMap) -> Response {
	etag::answer(&headers, "application/json", DOCUMENT, None)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{
		data::{fault::DataFault, query},
		http::{routes, sensorthings::PATHS},
	};
	use serde_json::Value;
	use std::collections::BTreeSet;

	fn described() -> Value {
		serde_json::from_str(DOCUMENT).expect("JSON")
	}

	#[test]
	fn every_route_is_described_and_nothing_else() {
		let document = described();
		let paths = document["paths"].as_object().expect("paths").keys().map(String::as_str);
		let paths = paths.collect::<BTreeSet<_>>();
		let is_view = |path: &&str| path.starts_with("/v1/sensorthings");
		let routes = routes().into_iter().map(|(path, _)| path);
		// One route of the view is many paths: those are tested beside their reader.
		let routes = routes.filter(|path| !is_view(path)).chain(PATHS.iter().copied());
		assert_eq!(paths, routes.collect::<BTreeSet<_>>());
	}

	#[test]
	fn the_parameters_of_data_are_described() {
		let document = described();
		let parameters = document["paths"]["/v1/data"]["get"]["parameters"].as_array();
		let names = parameters.expect("parameters").iter().filter_map(|parameter| {
			let query = parameter["in"] == "query";
			parameter["name"].as_str().filter(|_| query)
		});
		let known = query::PARAMETERS.iter().copied().collect::<BTreeSet<_>>();
		assert_eq!(names.collect::<BTreeSet<_>>(), known);
	}

	#[test]
	fn every_code_of_data_is_described() {
		let document = described();
		let codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["examples"]
			.as_array()
			.expect("examples")
			.iter()
			.filter_map(Value::as_str)
			.collect::<BTreeSet<_>>();
		for fault in DataFault::ALL {
			assert!(codes.contains(fault.code()), "{fault:?}");
		}
	}
}
