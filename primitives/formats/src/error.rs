//! What can be wrong with an input, each with a code that clients carry and documents explain.

use core::fmt;

cairn_coded::coded! {
	/// Why an input is refused.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	#[repr(u16)]
	pub enum Cause(
		/// The code; it never changes its meaning.
		code: u16,
	) {
		/// The input has more bytes than allowed.
		TooLarge = 1: "Send it in parts, or raise the limit.",
		/// The input has more records than allowed.
		TooManyRecords = 2: "Send it in parts, or raise the limit.",
		/// Values are nested deeper than allowed.
		TooDeep = 3: "Send flat records.",
		/// A name is longer than allowed.
		NameTooLong = 4: "Shorten the name, or raise the limit.",
		/// The input ends in the middle of something.
		Truncated = 5: "Send all of it; a datagram or upload may have been cut.",
		/// The input does not follow the format's grammar.
		Malformed = 6: "Compare it with the format's examples, and check which format is sent.",
		/// Text is not UTF-8.
		BadUtf8 = 7: "Encode text as UTF-8.",
		/// A value has another type than the format wants in its place.
		WrongType = 8: "Send numbers as numbers and text as text.",
		/// Text in the place of a number is none.
		BadNumber = 9: "Write digits with at most one point, and perhaps an exponent.",
		/// A number has more than 38 digits, or an exponent beyond 16 bits.
		NumberTooLong = 10: "Round it: no sensor measures that precisely.",
		/// A number is infinite or not a number.
		NotFinite = 11: "Leave a value out that the sensor does not have.",
		/// A time is malformed, lacks its zone, or lies before 1970 or beyond 64 bits of
		/// milliseconds.
		BadTime = 12: "Write times as the format's reference says, with Z or an offset.",
		/// A name is missing, or has characters that the format does not allow.
		BadName = 13: "Rename the source.",
		/// Binary data is not base64.
		BadData = 14: "Encode binary data as the format's reference says.",
		/// One label or field occurs twice.
		DuplicateLabel = 15: "Send it once.",

		/// A rule names a channel that the schema does not have.
		UnknownChannel = 30: "Name a channel of the network's schema.",
		/// A name pattern is empty or has more than one `*`.
		BadPattern = 31: "Write the whole name, or one `*` for any part of it.",
		/// A mapping has more than 256 rules.
		TooManyRules = 32: "Join rules with a `*`.",
		/// The record's unit is unknown.
		UnknownUnit = 33: "State the unit in the rule.",
		/// The record's unit does not measure the channel's quantity.
		UnitMismatch = 34:
			"Report in a unit of the channel's quantity, or state the unit in the rule.",
		/// The rule's record is text or data, but a channel takes numbers.
		NotANumber = 35: "Map records that hold numbers or booleans.",
		/// The value does not fit 64 bits in the channel's unit and scale.
		OutOfRange = 36: "Check the sensor; else use a schema of a larger scale or unit.",
		/// Two records give one channel different values at one time.
		Conflict = 37: "Narrow the rule's name or unit, or give the records their times.",
		/// A rule is for a unit that does not measure its channel's quantity.
		RuleUnitMismatch = 38: "State a unit of the channel's quantity, or name another channel.",

		/// A field that must be understood is unknown: its label ends in `_`.
		UnknownMandatory = 50: "Send without this extension.",
		/// The pack's version is not supported.
		UnsupportedVersion = 51: "Send base version 10 or 26 (RFC 8428, RFC 9100).",
		/// Records of one pack differ in version.
		VersionConflict = 52: "State the version once, in the first record.",
		/// A record has neither value nor sum.
		NoValue = 53: "Give each record one of v, vb, vs, vd, or s.",
		/// A record has more than one value.
		ManyValues = 54: "Give each value a record of its own.",
		/// A SenML time is before mid-1978, which would be read as relative.
		NotAbsolute = 55: "Leave the time out, or set the clock.",

		/// The layout names no column, a delimiter that is not a plain character, or a name without
		/// a header.
		BadLayout = 70: "Correct the layout.",
		/// The header lacks a column that the layout names.
		NoColumn = 71: "Name a column as the header does.",
		/// A row has another number of fields than the first.
		RaggedRow = 72: "Quote fields that contain the delimiter; fill up short rows.",
		/// A row has more than 1,024 fields.
		TooManyColumns = 73: "Check the delimiter, or drop columns.",
		/// The kind of a record is none of number, sum, bool, text, data.
		BadKind = 74: "Write one of them.",

		/// A label of a series is malformed.
		BadLabel = 90: "Write name=\"value\", with \\\\, \\\" and \\n escaped.",
		/// A TYPE, UNIT or HELP line is malformed, repeated, or comes after its samples.
		BadMetadata = 91: "Write each once, before the samples; a unit ends the metric's name.",
		/// The exposition does not end in `# EOF`.
		MissingEof = 92: "Send all of it; if it is Prometheus' older format, say so.",
		/// Something comes after `# EOF`.
		AfterEof = 93: "End the exposition with `# EOF`.",

		/// The topic is not spBv1.0/group/type/node or …/device, or is another node's.
		BadTopic = 110: "Subscribe to spBv1.0/#, and keep a session for each node.",
		/// Data came before the birth that explains it.
		NeedsBirth = 111: "Ask the node for a rebirth.",
		/// A message is missing: the sequence number is not the next one.
		SequenceGap = 112: "Ask the node for a rebirth.",
		/// The message has no sequence number of 0 to 255.
		NoSequence = 113: "Number every message but NDEATH.",
		/// A metric is not in the birth.
		UnknownMetric = 114: "Ask the node for a rebirth.",
		/// Two metrics of a node share an alias.
		AliasConflict = 115: "Give every metric of a node its own alias.",
		/// The node has more metrics, or devices, than allowed.
		TooManyMetrics = 116: "Report fewer metrics, or raise the limit.",
		/// The death belongs to an earlier birth.
		StaleDeath = 117: "Nothing needs to be done: a newer birth is in force.",
		/// The message is a command or a host's state, which carry no measurements.
		NotData = 118: "Subscribe to births, data and deaths only.",

		/// The protocol version is neither 1 nor 2.
		BadVersion = 130: "Use a forwarder of Semtech's UDP protocol.",
		/// The kind of datagram is unknown.
		BadIdentifier = 131: "Use a forwarder of Semtech's UDP protocol.",
		/// The acknowledgement carries another token than the datagram sent.
		WrongToken = 132: "Ignore it: it answers another datagram.",
		/// A packet's size is not that of its data.
		WrongSize = 133: "Check the forwarder: it has lost a part of the packet.",
	}
}

impl Cause {
	/// This cause, found in a record: its number from 1, or 0 for the input as a whole.
	#[must_use]
	pub const fn at(self, record: usize) -> FormatError {
		FormatError { record, cause: self }
	}

	/// Whether a Sparkplug node should be asked for a rebirth.
	#[must_use]
	pub const fn needs_rebirth(self) -> bool {
		matches!(self, Self::NeedsBirth | Self::SequenceGap | Self::UnknownMetric)
	}
}

/// Why an input is refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatError {
	/// Number of the record, row, line, metric or packet, from 1; 0: the input as a whole.
	pub record: usize,
	/// What is wrong with it.
	pub cause: Cause,
}

impl FormatError {
	/// The cause's code.
	#[must_use]
	pub const fn code(&self) -> u16 {
		self.cause.code()
	}
}

impl fmt::Display for FormatError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if self.record > 0 {
			write!(f, "record {}: ", self.record)?;
		}
		fmt::Display::fmt(&self.cause, f)
	}
}

impl core::error::Error for FormatError {}
