//! A table that is replayed: each row now, in the pace of its times or as fast as its devices
//! report.

use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
	time::Duration,
};

use cairn_formats::{
	Cause, Decimal, FormatError, Limits, Record, Value,
	csv::{self, Layout},
};
use tokio::time::{Instant, sleep, sleep_until};

use super::read_file;
use crate::{
	agent::{
		error::Error,
		hub::Sink,
		plan::{Batch, SourceId},
	},
	clock::now_millis,
};

/// What of a table is read.
const LIMITS: Limits = Limits { bytes: 32 << 20, records: 1 << 18, depth: 0, name: 256 };
/// How often to look whether the devices are ready.
const LOOK: Duration = Duration::from_millis(100);
/// How late a row may be without those behind it being put off.
const SLACK: Duration = Duration::from_millis(100);
/// A longer gap between two rows is as long as this: time must not overflow.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// A table to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
	/// The file.
	pub file: PathBuf,
	/// What its columns mean.
	pub layout: Layout,
	/// How fast.
	pub pace: Pace,
	/// Whether to begin again at the end.
	pub repeat: bool,
	/// Names of records that count up: over repeats they go on from where they were.
	pub counters: BTreeSet<String>,
}

/// How fast a table is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
	/// As its times say, so many times as fast.
	Times {
		/// At least 1.
		speed: u32,
	},
	/// A row for each reading of the slowest device.
	Fast,
}

/// Records of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
	/// Its time in the table.
	pub time: Option<u64>,
	/// Its records; they have no time, because they are replayed now.
	pub records: Vec<Record>,
}

/// A table that was read.
pub struct Player {
	id: SourceId,
	name: String,
	/// At least one.
	steps: Vec<Step>,
	/// When each step comes, after the first.
	offsets: Vec<Duration>,
	/// How long a round lasts.
	round: Duration,
	/// How much each counter rises in a round.
	rises: BTreeMap<String, Decimal>,
	repeat: bool,
}

impl Replay {
	/// Read the table.
	///
	/// - `gap`: time between two rows where the table's times do not say.
	///
	/// # Errors
	/// [`Error::Source`].
	pub fn open(&self, id: SourceId, name: &str, gap: Duration) -> Result<Player, Error> {
		let failed = |cause: String, remedy: &'static str| Error::Source {
			name: name.to_owned(),
			cause: format!("{}: {cause}", self.file.display()),
			remedy,
		};
		let bytes = read_file(name, &self.file, u64::try_from(LIMITS.bytes).unwrap_or(u64::MAX))?;
		let steps = steps(&bytes, &self.layout).map_err(|error| {
			failed(format!("row {}: {}", error.record, error.cause.cause()), error.cause.remedy())
		})?;
		if steps.is_empty() {
			return Err(failed("it has no rows".to_owned(), "name a table with rows"));
		}
		let rises = rises(&steps, &self.counters)
			.map_err(|cause| failed(cause.cause().to_owned(), cause.remedy()))?;
		let (offsets, round) = offsets(&steps, self.pace, gap);
		let (name, repeat) = (name.to_owned(), self.repeat);
		Ok(Player { id, name, steps, offsets, round, rises, repeat })
	}
}

impl Player {
	/// Replay the table, once its devices are ready.
	pub(super) async fn run(self, sink: &dyn Sink) {
		while !sink.is_ready(self.id) {
			sleep(LOOK).await;
		}
		let mut begin = Instant::now();
		let mut rounds = 0u64;
		loop {
			for (step, offset) in self.steps.iter().zip(&self.offsets) {
				sleep_until(begin + *offset).await;
				begin += delay(begin + *offset, Instant::now());
				let mut records = step.records.clone();
				if let Err(cause) = self.raise(&mut records, rounds) {
					sink.trouble(self.id, format!("a counter is too large: {cause}"));
					return;
				}
				let now = now_millis();
				sink.take(&Batch { source: self.id, topic: None, records: &records, now });
			}
			if !self.repeat {
				tracing::info!(source = self.name, rows = self.steps.len(), "replayed the table");
				return;
			}
			begin += self.round;
			rounds = rounds.saturating_add(1);
		}
	}

	/// Let counters go on from where they were.
	fn raise(&self, records: &mut [Record], rounds: u64) -> Result<(), Cause> {
		for record in records {
			if let (Some(rise), Value::Number(number)) =
				(self.rises.get(&record.name), &mut record.value)
			{
				*number = number.plus(rise.times(Decimal::from(rounds))?)?;
			}
		}
		Ok(())
	}
}

/// By how much the rows to come are put off, since one that was due at `due` comes `now` only: after a
/// machine stood still, they keep their distance, and none is merged with the one before. Pure.
fn delay(due: Instant, now: Instant) -> Duration {
	let late = now.saturating_duration_since(due);
	if late < SLACK { Duration::ZERO } else { late }
}

/// The rows of a table, in order of their times; rows of one time are one. Pure.
///
/// # Errors
/// As the reader of tables has them.
pub fn steps(table: &[u8], layout: &Layout) -> Result<Vec<Step>, FormatError> {
	let mut steps = Vec::<Step>::new();
	let mut names = BTreeSet::<String>::new();
	for mut record in csv::decode(table, layout, &LIMITS)? {
		let time = record.time.take();
		// Without times, a row begins where a name comes again.
		let is_same = steps.last().is_some_and(|step| step.time == time)
			&& (time.is_some() || !names.contains(&record.name));
		if !is_same {
			names.clear();
			steps.push(Step { time, records: Vec::new() });
		}
		names.insert(record.name.clone());
		if let Some(step) = steps.last_mut() {
			step.records.push(record);
		}
	}
	// Stable: rows without a time stay before the others.
	steps.sort_by_key(|step| step.time);
	Ok(steps)
}

/// When each step comes after the first one, and when the next round begins. Pure.
fn offsets(steps: &[Step], pace: Pace, gap: Duration) -> (Vec<Duration>, Duration) {
	let mut offsets = Vec::with_capacity(steps.len());
	let (mut at, mut last) = (Duration::ZERO, gap);
	for (index, step) in steps.iter().enumerate() {
		if let Some(before) = index.checked_sub(1).and_then(|index| steps.get(index)) {
			last = match (pace, before.time, step.time) {
				(Pace::Times { speed }, Some(before), Some(time)) => {
					let millis = Duration::from_millis(time.saturating_sub(before));
					(millis / speed.max(1)).min(LONGEST)
				},
				_ => gap,
			};
			at = at.saturating_add(last);
		}
		offsets.push(at);
	}
	// Rows without a gap between them must not make rounds without an end.
	(offsets, at.saturating_add(last.max(Duration::from_millis(1))))
}

/// How much each counter rises from its first value to its last. Pure.
fn rises(steps: &[Step], counters: &BTreeSet<String>) -> Result<BTreeMap<String, Decimal>, Cause> {
	let mut ends = BTreeMap::<&String, (Decimal, Decimal)>::new();
	let records = steps.iter().flat_map(|step| &step.records);
	for record in records.filter(|record| counters.contains(&record.name)) {
		let Value::Number(number) = record.value else { continue };
		ends.entry(&record.name).or_insert((number, number)).1 = number;
	}
	let negative = Decimal::from(-1i64);
	let rise = |(name, (first, last)): (&String, (Decimal, Decimal))| {
		Ok((name.clone(), last.plus(first.times(negative)?)?))
	};
	ends.into_iter().map(rise).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::{
		left::{Left, Taken},
		plan::Input,
	};
	use cairn_formats::csv::{Column, Shape, TimeColumn, TimeForm};
	use std::sync::{Mutex, PoisonError};

	const TABLE: &str = "time,cars,speed\n\
		2024-01-01T00:00:00Z,5,50\n\
		2024-01-01T00:00:10Z,9,\n\
		2024-01-01T00:00:20Z,15,48.5\n";

	fn layout() -> Layout {
		let column = Column::Name("time".to_owned());
		Layout {
			delimiter: ',',
			header: true,
			decimal_comma: false,
			time: Some(TimeColumn { column, form: TimeForm::Rfc3339 }),
			shape: Shape::Wide(Vec::new()),
		}
	}

	fn replay(file: PathBuf, pace: Pace, repeat: bool) -> Replay {
		let counters = BTreeSet::from(["cars".to_owned()]);
		Replay { file, layout: layout(), pace, repeat, counters }
	}

	#[test]
	fn rows_keep_their_distance_after_a_pause() {
		let due = Instant::now();
		let pause = Duration::from_secs(5);
		assert_eq!(delay(due, due + pause), pause);
		assert_eq!(
			delay(due, due + SLACK / 2),
			Duration::ZERO,
			"a wake-up is always a little late"
		);
		assert_eq!(delay(due + pause, due), Duration::ZERO);
	}

	/// Name and value of each record.
	fn shown(step: &[Record]) -> Vec<String> {
		let shown = step.iter().map(|record| match &record.value {
			Value::Number(number) => format!("{} {number}", record.name),
			other => format!("{} {other:?}", record.name),
		});
		shown.collect()
	}

	/// Keeps what it is given; ready at the third look.
	#[derive(Default)]
	struct Kept {
		looks: Mutex<u32>,
		steps: Mutex<Vec<(u64, Vec<String>)>>,
	}

	impl Sink for Kept {
		fn take(&self, batch: &Batch<'_>) -> Taken {
			let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
			steps.push((batch.now, shown(batch.records)));
			assert!(batch.records.iter().all(|record| record.time.is_none()));
			Taken::default()
		}

		fn leave(&self, _: SourceId, left: Left, record: &str) {
			panic!("{record}: {left}");
		}

		fn inputs(&self, _: SourceId) -> Vec<Input> {
			Vec::new()
		}

		fn is_ready(&self, _: SourceId) -> bool {
			let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
			*looks += 1;
			*looks > 2
		}

		fn trouble(&self, _: SourceId, what: String) {
			panic!("{what}");
		}
	}

	fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("table.csv");
		std::fs::write(&file, text).expect("a file");
		(directory, file)
	}

	#[test]
	fn rows_become_steps() {
		let found = steps(TABLE.as_bytes(), &layout()).expect("a table");
		let records = found.iter().map(|step| shown(&step.records)).collect::<Vec<_>>();
		assert_eq!(
			records,
			[vec!["cars 5", "speed 50"], vec!["cars 9"], vec!["cars 15", "speed 48.5"]]
		);
		let untimed = Layout { time: None, ..layout() };
		let found = steps(b"a,b\n1,2\n3,4\n5,\n", &untimed).expect("a table");
		let records = found.iter().map(|step| shown(&step.records)).collect::<Vec<_>>();
		assert_eq!(records, [vec!["a 1", "b 2"], vec!["a 3", "b 4"], vec!["a 5"]]);
		let mixed = "time,a\n1970-01-01T00:00:09Z,2\n1970-01-01T00:00:04Z,1\n";
		let found = steps(mixed.as_bytes(), &layout()).expect("a table");
		assert_eq!(
			found.iter().map(|step| step.time).collect::<Vec<_>>(),
			[Some(4_000), Some(9_000)]
		);
	}

	#[test]
	fn steps_come_in_their_pace() {
		let steps = steps(TABLE.as_bytes(), &layout()).expect("a table");
		let gap = Duration::from_secs(3);
		let seconds = |pace| {
			let (offsets, round) = offsets(&steps, pace, gap);
			let offsets = offsets.into_iter().chain([round]);
			offsets.map(|offset| offset.as_secs()).collect::<Vec<_>>()
		};
		assert_eq!(seconds(Pace::Times { speed: 1 }), [0, 10, 20, 30]);
		assert_eq!(seconds(Pace::Times { speed: 5 }), [0, 2, 4, 6]);
		assert_eq!(seconds(Pace::Fast), [0, 3, 6, 9]);
		let (_, round) = offsets(&steps, Pace::Fast, Duration::ZERO);
		assert!(round > Duration::ZERO);
	}

	#[tokio::test]
	async fn counters_go_on_over_repeats() {
		let (_directory, file) = file(TABLE);
		let player = replay(file, Pace::Times { speed: 1_000 }, true);
		let player = player.open(SourceId(0), "traffic", Duration::from_secs(1)).expect("opens");
		let kept = Kept::default();
		let enough = async {
			while kept.steps.lock().unwrap_or_else(PoisonError::into_inner).len() < 6 {
				sleep(Duration::from_millis(5)).await;
			}
		};
		tokio::select! {
			() = player.run(&kept) => panic!("it repeats"),
			() = enough => {},
			() = sleep(Duration::from_secs(120)) => panic!("not in time"),
		}
		let steps = kept.steps.into_inner().unwrap_or_else(PoisonError::into_inner);
		let cars = steps.iter().take(6).map(|(_, step)| step[0].as_str()).collect::<Vec<_>>();
		assert_eq!(cars, ["cars 5", "cars 9", "cars 15", "cars 15", "cars 19", "cars 25"]);
		assert!(steps.is_sorted_by_key(|(now, _)| *now));
	}

	#[tokio::test]
	async fn works_when_a_table_is_replayed_once() {
		let (_directory, file) = file(TABLE);
		let player = replay(file, Pace::Fast, false);
		let player = player.open(SourceId(0), "traffic", Duration::from_millis(1)).expect("opens");
		let kept = Kept::default();
		player.run(&kept).await;
		assert_eq!(kept.steps.lock().unwrap_or_else(PoisonError::into_inner).len(), 3);
	}

	#[test]
	fn fails_when_there_is_no_table() {
		let open = |file: PathBuf| {
			let opened = replay(file, Pace::Fast, false).open(SourceId(0), "traffic", LOOK);
			opened.err().expect("refused").to_string()
		};
		for (text, says) in [
			("", "it has no rows"),
			("time,cars\n", "it has no rows"),
			("cars\n1\n", "row 1"),
			("time,cars\n2024-01-01T00:00:00Z,5\nyesterday,6\n", "row 3"),
		] {
			let (_directory, file) = file(text);
			let error = open(file);
			assert!(error.contains(says) && error.contains("table.csv"), "{error}");
		}
		assert!(open(PathBuf::from("/nowhere/table.csv")).contains("nowhere"));
	}
}
