//! Topics of MQTT, and filters for them. Pure.

/// A filter of topics: `+` stands for one level, `#` at the end for all that follow (MQTT 5.0 §4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicFilter(String);

impl TopicFilter {
	/// Read a filter.
	///
	/// # Errors
	/// In words, if it is empty, longer than 65,535 bytes, or has a wildcard beside other characters
	/// or a `#` before its end.
	pub fn new(text: &str) -> Result<Self, String> {
		let has_wildcard = |level: &str| level.contains(['+', '#']);
		let last = text.split('/').count().saturating_sub(1);
		let is_sound = |(place, level): (usize, &str)| {
			!has_wildcard(level) || level == "+" || (level == "#" && place == last)
		};
		let fits = (1..=usize::from(u16::MAX)).contains(&text.len()) && !text.contains('\0');
		if fits && text.split('/').enumerate().all(is_sound) {
			Ok(Self(text.to_owned()))
		} else {
			Err(format!("{text:?} is not a filter of topics"))
		}
	}

	/// The filter as it is written.
	#[must_use]
	pub fn as_str(&self) -> &str {
		&self.0
	}

	/// Whether a topic passes. Topics that begin with `$` are the broker's own: no wildcard in the
	/// first place stands for them. Linear in the topic.
	#[must_use]
	pub fn matches(&self, topic: &str) -> bool {
		if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
			return false;
		}
		let mut levels = topic.split('/');
		for wanted in self.0.split('/') {
			match (wanted, levels.next()) {
				("#", _) => return true,
				("+", Some(_)) => {},
				(wanted, Some(level)) if wanted == level => {},
				_ => return false,
			}
		}
		levels.next().is_none()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn filter(text: &str) -> TopicFilter {
		TopicFilter::new(text).expect("a filter")
	}

	#[test]
	fn works_when_a_topic_passes() {
		for (text, topic) in [
			("a/b", "a/b"),
			("a/+", "a/b"),
			("+/b", "a/b"),
			("a/+/c", "a//c"),
			("#", "a/b"),
			("a/#", "a/b/c"),
			("a/#", "a"),
			("+/+", "/a"),
			("$SYS/#", "$SYS/x"),
			("é/+", "é/ü"),
		] {
			assert!(filter(text).matches(topic), "{text} {topic}");
		}
	}

	#[test]
	fn fails_when_a_topic_does_not_pass() {
		for (text, topic) in [
			("a/b", "a"),
			("a", "a/b"),
			("a/+", "a"),
			("a/+", "a/b/c"),
			("a/b", "a/B"),
			("#", "$SYS/x"),
			("+/x", "$SYS/x"),
		] {
			assert!(!filter(text).matches(topic), "{text} {topic}");
		}
	}

	#[test]
	fn fails_when_it_is_no_filter() {
		let long = "a".repeat(65_536);
		for text in ["", "a+", "a/#/b", "a/b#", "+a/b", "##", "a\0b", &long] {
			assert!(TopicFilter::new(text).is_err(), "{text}");
		}
	}
}
