//! Metrics of other programs on this machine, scraped as Prometheus does it.

use std::{str::FromStr, time::Duration};

use prometheus_parse::{Scrape, Value};

/// How long a scrape may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Most bytes of a scrape.
const MAX_BYTES: usize = 8 << 20;

/// Which metric fills which channel: `metric=channel`, or `metric{label="value",…}=channel`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
	/// The metric's name.
	pub metric: String,
	/// Labels that its series must have.
	pub labels: Vec<(String, String)>,
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
		let (metric, labels) = match series.split_once('{') {
			Some((metric, rest)) => {
				let labels = rest.trim_end().strip_suffix('}').ok_or_else(wrong)?;
				let labels = labels.split(',').filter(|label| !label.trim().is_empty());
				(metric, labels.map(parse_label).collect::<Option<Vec<_>>>().ok_or_else(wrong)?)
			},
			None => (series, Vec::new()),
		};
		let (metric, channel) = (metric.trim(), channel.trim());
		if metric.is_empty() || channel.is_empty() || channel.contains('}') {
			return Err(wrong());
		}
		Ok(Self { metric: metric.to_owned(), labels, channel: channel.to_owned() })
	}
}

fn parse_label(text: &str) -> Option<(String, String)> {
	let (name, value) = text.split_once('=')?;
	Some((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
}

/// Scraped metrics.
#[derive(Debug)]
pub struct Metrics(Scrape);

impl Metrics {
	/// Read the text format of Prometheus or OpenMetrics.
	///
	/// # Errors
	/// In words, if it is neither.
	pub fn parse(text: &str) -> Result<Self, String> {
		let lines = text.lines().map(|line| Ok(line.to_owned()));
		Scrape::parse(lines).map(Self).map_err(|cause| cause.to_string())
	}

	/// The sum of all series that a mapping selects; `None` if there is none.
	#[must_use]
	pub fn value(&self, mapping: &Mapping) -> Option<f64> {
		let selected = self.0.samples.iter().filter(|sample| {
			sample.metric == mapping.metric
				&& mapping
					.labels
					.iter()
					.all(|(name, value)| sample.labels.get(name) == Some(value.as_str()))
		});
		let values = selected.filter_map(|sample| match sample.value {
			Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => Some(value),
			Value::Histogram(_) | Value::Summary(_) => None,
		});
		values.reduce(|sum, value| sum + value)
	}
}

/// Scrape `url`.
///
/// # Errors
/// In words, if nothing usable comes in time.
pub async fn scrape(client: &reqwest::Client, url: &str) -> Result<Metrics, String> {
	let mut response = client
		.get(url)
		.timeout(TIMEOUT)
		.send()
		.await
		.and_then(reqwest::Response::error_for_status)
		.map_err(|cause| cause.to_string())?;
	let mut bytes = Vec::new();
	while let Some(chunk) = response.chunk().await.map_err(|cause| cause.to_string())? {
		if bytes.len().saturating_add(chunk.len()) > MAX_BYTES {
			return Err("the answer is larger than 8 MiB".to_owned());
		}
		bytes.extend_from_slice(&chunk);
	}
	Metrics::parse(&String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	const TEXT: &str = "\
# HELP node_cpu_seconds_total Seconds.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1.5
node_cpu_seconds_total{cpu=\"1\",mode=\"user\"} 2
node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 100
# TYPE node_load1 gauge
node_load1 0.25
# EOF
";

	#[test]
	fn works_when_a_mapping_selects_series() {
		let metrics = Metrics::parse(TEXT).expect("parses");
		for (mapping, value) in [
			("node_load1=load1", Some(0.25)),
			("node_cpu_seconds_total{mode=\"user\"}=cpu-time", Some(3.5)),
			("node_cpu_seconds_total{mode=user, cpu=0}=cpu-time", Some(1.5)),
			("node_cpu_seconds_total=cpu-time", Some(103.5)),
			("node_cpu_seconds_total{mode=\"steal\"}=cpu-time", None),
			("other=load1", None),
		] {
			let parsed = mapping.parse::<Mapping>().expect("a mapping");
			assert_eq!(metrics.value(&parsed), value, "{mapping}");
		}
	}

	#[test]
	fn fails_when_a_mapping_is_none() {
		for text in ["", "metric", "=channel", "metric=", "metric{a=1=channel", "metric{a}=channel"]
		{
			assert!(text.parse::<Mapping>().is_err(), "{text}");
		}
	}
}
