//! Why a question is not answered, each with a code that users can look up.

cairn_coded::coded! {
	/// Why a question about data is not answered.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum DataFault(
		/// The code of the reference.
		code: &'static str,
		/// The status of the answer.
		status: u16,
	) {
		/// The path has a part that is not of its kind.
		BadPath = "bad_path", 400: "Write numbers as decimal digits; see /v1/openapi.json.",
		/// There is no such parameter here.
		UnknownParameter = "unknown_parameter", 400: "See /v1/openapi.json for the parameters.",
		/// A parameter is given twice.
		RepeatedParameter = "repeated_parameter", 400:
			"Give it once; separate quantities and networks by commas.",
		/// A parameter's value is not of its kind.
		BadParameter = "bad_parameter", 400:
			"Write numbers as decimal digits; see /v1/openapi.json.",
		/// A time is neither RFC 3339 nor milliseconds since 1970.
		BadTime = "bad_time", 400: "Write 2026-01-31T12:00:00Z or 1769860800000.",
		/// The time range is longer than 31 days.
		RangeTooLong = "range_too_long", 400: "Ask for parts of it.",
		/// There is no such quantity in the data standard.
		UnknownQuantity = "unknown_quantity", 400: "Write it as schemas do, as in temperature.",
		/// The region is not a cell of H3, or coarser cells of it were asked for at a finer
		/// resolution.
		BadRegion = "bad_region", 400:
			"Give a cell as H3 prints it, and no finer resolution than its own.",
		/// The number of rows is not within 1 to 10,000.
		BadLimit = "bad_limit", 400: "Ask for 1 to 10,000 rows a page.",
		/// The cursor is not one of this gateway, is of another question, or the gateway's peers
		/// have changed.
		BadCursor = "bad_cursor", 400: "Follow the link to the next page as it is, or begin anew.",
		/// There is no such format.
		BadFormat = "bad_format", 400: "Ask for json, senml, cbor or csv.",
		/// No format that the request accepts is served.
		NotAcceptable = "not_acceptable", 406:
			"Accept JSON, SenML in JSON or CBOR, or CSV; see /v1/openapi.json.",
		/// The network is restricted: its raw readings are served to committee members only.
		Restricted = "restricted", 403: "Ask the network's operator for access.",
		/// Neither this gateway nor one of its peers serves the network.
		NetworkNotServed = "network_not_served", 404:
			"Ask a gateway of that network; the chain lists them.",
		/// Another gateway that has a part of the answer does not answer as it should.
		PeerFailed = "peer_failed", 502:
			"Ask for other networks, or with partial=allow for the answer without it.",
		/// Another gateway that has a part of the answer does not answer in time.
		PeerLate = "peer_late", 504: "Ask again, or with partial=allow for the answer without it.",
		/// There is no such reading, or not any more.
		NoReading = "no_reading", 404:
			"Take the place from a row of /v1/data; readings go when they are old.",
		/// There is no such entity.
		NoEntity = "no_entity", 404: "Follow the links from /v1/sensorthings.",
		/// The option of OData is unknown or not supported here.
		UnsupportedOption = "unsupported_option", 400:
			"Use $top, $skip and, for Observations, $filter.",
		/// The filter is not of the form that is supported.
		BadFilter = "bad_filter", 400: "Write phenomenonTime ge TIME and phenomenonTime lt TIME.",
		/// $top is not within 0 to 1,000, or $skip not within 0 to 100,000.
		BadPaging = "bad_paging", 400: "Ask for pages of at most 1,000, and follow @iot.nextLink.",
		/// The gateway answers as many questions as it can.
		Busy = "busy", 503: "Ask again in a moment.",
	}
}

impl DataFault {
	/// This fault, with what it is about.
	#[must_use]
	pub fn about(self, detail: impl Into<String>) -> Refused {
		Refused { fault: self, detail: Some(detail.into()) }
	}
}

/// A question that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
	/// Why.
	pub fault: DataFault,
	/// What of it.
	pub detail: Option<String>,
}

impl Refused {
	/// What is wrong, in a sentence, and with which part of the question.
	#[must_use]
	pub fn cause(&self) -> String {
		let cause = self.fault.cause();
		self.detail
			.as_ref()
			.map_or_else(|| cause.to_owned(), |detail| format!("{cause} ({detail})"))
	}
}

impl From<DataFault> for Refused {
	fn from(fault: DataFault) -> Self {
		Self { fault, detail: None }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_fault_has_its_own_code_a_cause_and_a_remedy() {
		let codes = DataFault::ALL.iter().map(|fault| fault.code()).collect::<BTreeSet<_>>();
		assert_eq!(codes.len(), DataFault::ALL.len());
		for fault in DataFault::ALL {
			assert!(fault.cause().ends_with('.') && fault.remedy().ends_with('.'), "{fault:?}");
			assert!((400..600).contains(&fault.status()), "{fault:?}");
		}
	}

	#[test]
	fn a_cause_names_what_it_is_about() {
		let refused = DataFault::UnknownParameter.about("colour");
		assert_eq!(refused.cause(), "There is no such parameter here. (colour)");
		assert_eq!(Refused::from(DataFault::Busy).cause(), DataFault::Busy.cause());
	}
}
