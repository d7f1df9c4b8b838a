//! Metrics of other programs, scraped as Prometheus does it.

use std::{str::FromStr, time::Duration};

use cairn_formats::{
	Limits, Record,
	openmetrics::{self, Dialect},
};
use reqwest::{Response, header};

use super::client::chain;
use crate::bounded::{self, Fault};

/// How long a scrape may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// What of a scrape is read: exporters of large systems write some megabytes.
const LIMITS: Limits = Limits { bytes: 8 << 20, records: 1 << 17, depth: 0, name: 1_024 };
/// What OpenMetrics is served as.
const OPENMETRICS: &str = "application/openmetrics-text";

/// The series of a metric that have some labels: `metric`, or `metric{label="value",…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
	metric: String,
	/// Names and values; the values are escaped as in the name of a record.
	labels: Vec<(String, String)>,
}

impl FromStr for Selector {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong =
			|| format!("{text:?} selects no series: write metric or metric{{label=\"value\"}}");
		let (metric, labels) = match text.split_once('{') {
			Some((metric, rest)) => {
				let labels = rest.trim_end().strip_suffix('}').ok_or_else(wrong)?;
				let labels = labels.split(',').filter(|label| !label.trim().is_empty());
				(metric, labels.map(parse_label).collect::<Option<Vec<_>>>().ok_or_else(wrong)?)
			},
			None => (text, Vec::new()),
		};
		let metric = metric.trim();
		if metric.is_empty() || metric.contains(['}', '"', '=']) {
			return Err(wrong());
		}
		Ok(Self { metric: metric.to_owned(), labels })
	}
}

impl Selector {
	/// Whether it selects a series, by the name of its record.
	#[must_use]
	pub fn matches(&self, series: &str) -> bool {
		let (metric, labels) = series.split_once('{').unwrap_or((series, ""));
		metric == self.metric
			&& self.labels.iter().all(|(name, value)| label(labels, name) == value.as_str())
	}
}

impl std::fmt::Display for Selector {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let labels = self.labels.iter().map(|(name, value)| format!("{name}=\"{value}\""));
		match labels.collect::<Vec<_>>().join(",") {
			labels if labels.is_empty() => f.write_str(&self.metric),
			labels => write!(f, "{}{{{labels}}}", self.metric),
		}
	}
}

fn parse_label(text: &str) -> Option<(String, String)> {
	let (name, value) = text.split_once('=')?;
	let value = value.trim().trim_matches('"');
	let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
	Some((name.trim().to_owned(), value))
}

/// The value of a label, escaped, in what follows the brace of a record's name. A label that is not
/// there has an empty value.
fn label<'a>(labels: &'a str, wanted: &str) -> &'a str {
	let mut rest = labels;
	while let Some((name, after)) = rest.split_once("=\"") {
		let Some(end) = quote(after) else { return "" };
		let (value, behind) = after.split_at(end);
		if name == wanted {
			return value;
		}
		// A quote, and a comma or the closing brace.
		rest = behind.get(2..).unwrap_or_default();
	}
	""
}

/// The place of the first quote that is not escaped.
fn quote(text: &str) -> Option<usize> {
	let mut is_escaped = false;
	text.bytes().position(|byte| {
		let is_end = byte == b'"' && !is_escaped;
		is_escaped = byte == b'\\' && !is_escaped;
		is_end
	})
}

/// Which metric fills which channel: `metric=channel`, or `metric{label="value",…}=channel`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
	/// The series, whose values are added up.
	pub series: Selector,
	/// The channel.
	pub channel: String,
}

impl FromStr for Mapping {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong = || {
			format!(
				"{text:?} is not a mapping: write metric=channel or metric{{label=\"value\"}}=channel"
			)
		};
		let (series, channel) = text.rsplit_once('=').ok_or_else(wrong)?;
		let channel = channel.trim();
		if channel.is_empty() || channel.contains('}') {
			return Err(wrong());
		}
		let series = series.parse().map_err(|_| wrong())?;
		Ok(Self { series, channel: channel.to_owned() })
	}
}

/// Read an exposition.
///
/// # Errors
/// In words, if it is none.
pub fn parse(input: &[u8], dialect: Dialect) -> Result<Vec<Record>, String> {
	openmetrics::decode(input, dialect, &LIMITS).map_err(|error| match error.record {
		0 => error.to_string(),
		line => format!("line {line}: {}", error.cause),
	})
}

/// Scrape `url`.
///
/// # Errors
/// In words, if nothing usable comes in time.
pub async fn scrape(client: &reqwest::Client, url: &str) -> Result<Vec<Record>, String> {
	let request = client.get(url).timeout(TIMEOUT);
	let response = request.send().await.and_then(Response::error_for_status);
	let response = response.map_err(|cause| chain(&cause))?;
	let dialect = dialect(&response);
	let bytes = bounded::read(response, LIMITS.bytes).await.map_err(|fault| match fault {
		Fault::Broken(cause) => chain(&cause),
		Fault::TooLarge(_) => "the answer is larger than 8 MiB".to_owned(),
	})?;
	parse(&bytes, dialect)
}

/// The format that an answer says it is in.
fn dialect(response: &Response) -> Dialect {
	let content = response.headers().get(header::CONTENT_TYPE);
	let content = content.and_then(|value| value.to_str().ok()).unwrap_or_default();
	if content.trim_start().starts_with(OPENMETRICS) {
		Dialect::OpenMetrics
	} else {
		Dialect::Prometheus
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const SERIES: [&str; 4] = [
		"node_load1",
		"cpu_total{cpu=\"0\",mode=\"user\"}",
		"cpu_total{cpu=\"1\",mode=\"idle\"}",
		"disk_free{device=\"a\\\"b,c=\\\"\",path=\"C:\\\\\"}",
	];

	fn selected(text: &str) -> Vec<usize> {
		let selector = text.parse::<Selector>().expect("a selector");
		let places = SERIES.iter().enumerate().filter(|(_, series)| selector.matches(series));
		places.map(|(place, _)| place).collect()
	}

	#[test]
	fn works_when_series_are_selected() {
		for (text, places) in [
			("node_load1", vec![0]),
			("cpu_total", vec![1, 2]),
			(" cpu_total { mode=\"user\" }", vec![1]),
			("cpu_total{mode=user, cpu=0}", vec![1]),
			("cpu_total{mode=\"steal\"}", vec![]),
			("cpu_total{host=\"\"}", vec![1, 2]),
			("disk_free{path=\"C:\\\"}", vec![3]),
			("disk_free{c=\"\"}", vec![3]),
			("other", vec![]),
		] {
			assert_eq!(selected(text), places, "{text}");
		}
	}

	#[test]
	fn a_selector_is_shown_as_it_is_written() {
		for text in ["node_load1", "cpu_total{mode=\"user\"}", "cpu_total{a=\"1\",b=\"2\"}"] {
			assert_eq!(text.parse::<Selector>().expect("a selector").to_string(), text);
		}
	}

	#[test]
	fn works_when_a_mapping_is_read() {
		let mapping = "cpu{mode=\"user\"}=cpu-time".parse::<Mapping>().expect("a mapping");
		assert_eq!(mapping.channel, "cpu-time");
		assert_eq!(mapping.series.to_string(), "cpu{mode=\"user\"}");
	}

	#[test]
	fn fails_when_a_mapping_is_none() {
		for text in ["", "metric", "=channel", "metric=", "metric{a=1=channel", "metric{a}=channel"]
		{
			assert!(text.parse::<Mapping>().is_err(), "{text}");
		}
	}

	#[test]
	fn fails_when_the_exposition_is_none() {
		let text = b"# TYPE a gauge\na 1\na{ 2\n";
		let error = parse(text, Dialect::Prometheus).expect_err("a broken line");
		assert!(error.starts_with("line 3: BadLabel (code 90)"), "{error}");
		let error = parse(b"a 1\n", Dialect::OpenMetrics).expect_err("no end");
		assert!(error.starts_with("MissingEof (code 92)"), "{error}");
	}
}
