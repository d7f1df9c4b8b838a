//! What an agent is to do: the sources, the devices, and which record fills which channel. From a
//! TOML file, or from the options of the command line.

mod checks;
mod file;
mod place;
#[cfg(test)]
mod tests;

use std::{
	fmt, fs,
	path::{Path, PathBuf},
	time::Duration,
};

use cairn_formats::{Pattern, Rule};

use super::{
	error::Error,
	plan::{Input, Pick, SourceId},
	schema::SCRAPE_UP,
	scrape::Mapping,
	source::{Kind, Source},
};

/// Shortest and longest time between readings.
pub const INTERVALS: (Duration, Duration) =
	(Duration::from_millis(10), Duration::from_secs(86_400));
/// Most mistakes that are told of one configuration.
pub const MAX_MISTAKES: usize = 100;
/// Most bytes of a configuration.
const MOST_BYTES: u64 = 1 << 20;

/// What an agent is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
	/// Where records come from; a [`SourceId`] is a place in it.
	pub sources: Vec<Source>,
	/// Who reports them.
	pub devices: Vec<Device>,
}

/// A device of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
	/// Its name in the configuration.
	pub name: String,
	/// File with its key.
	pub key: PathBuf,
	/// File with its state.
	pub state: PathBuf,
	/// Its gateway's address.
	pub gateway: String,
	/// Shortest time between readings.
	pub interval: Duration,
	/// Most readings that wait for the gateway.
	pub queue: u64,
	/// What it takes of sources.
	pub inputs: Vec<Input>,
}

/// Something that is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
	/// The line, from 1; 0: the file as a whole.
	pub line: usize,
	/// The key, or the table.
	pub key: String,
	/// What is wrong.
	pub cause: String,
	/// What to do about it.
	pub remedy: String,
}

impl fmt::Display for Mistake {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { line, key, cause, remedy } = self;
		if *line > 0 {
			write!(f, "line {line}, {key}: ")?;
		}
		write!(f, "{cause}\n  Remedy: {remedy}")
	}
}

/// Read a configuration. Paths in it are relative to its directory.
///
/// # Errors
/// [`Error::Config`] with the mistakes that [`read`] finds.
pub fn load(path: &Path) -> Result<Config, Error> {
	let failed = |mistakes| Error::Config { path: path.to_path_buf(), mistakes };
	let unreadable = |cause: String| {
		let remedy = "name a TOML file of at most 1 MiB that this user can read".to_owned();
		failed(vec![Mistake { line: 0, key: String::new(), cause, remedy }])
	};
	let size = fs::metadata(path).map_err(|cause| unreadable(cause.to_string()))?.len();
	if size > MOST_BYTES {
		return Err(unreadable("it is larger than 1 MiB".to_owned()));
	}
	let text = fs::read_to_string(path).map_err(|cause| unreadable(cause.to_string()))?;
	let base = path.parent().unwrap_or_else(|| Path::new(""));
	read(&text, base, Path::is_file).map_err(failed)
}

/// Read a configuration's text.
///
/// - `base`: what paths in it are relative to.
/// - `is_file`: whether a file is there.
///
/// # Errors
/// Every mistake, but at most [`MAX_MISTAKES`], in the order of their lines; behind them how many more
/// there are.
pub fn read(
	text: &str,
	base: &Path,
	is_file: impl Fn(&Path) -> bool,
) -> Result<Config, Vec<Mistake>> {
	let file = file::File::read(text).map_err(|mistake| vec![mistake])?;
	checks::check(text, base, &is_file, &file)
}

/// The file with the state beside that with the key.
#[must_use]
pub fn state_file(key: &Path) -> PathBuf {
	let mut name = key.as_os_str().to_owned();
	name.push(".state");
	PathBuf::from(name)
}

/// What the options of the command line say: this machine, perhaps with scraped metrics.
///
/// # Errors
/// [`Error::Rule`], which a sound mapping does not have.
pub fn of_options(
	scrape: Option<&str>,
	mappings: &[Mapping],
	every: Duration,
) -> Result<(Vec<Source>, Vec<Input>), Error> {
	let source = |name: &str, kind| Source { name: name.to_owned(), kind, pace: every };
	let mut sources = vec![source("host", Kind::Host { every })];
	let mut inputs = vec![Input { source: SourceId(0), topic: None, pick: Pick::Host }];
	let mut add = |pick| inputs.push(Input { source: SourceId(1), topic: None, pick });
	if let Some(url) = scrape {
		sources.push(source("scrape", Kind::Scrape { url: url.to_owned(), every }));
		for Mapping { series, channel } in mappings {
			// Its selector says which records.
			let rule = Rule::new(Pattern::new("*")?, channel);
			add(Pick::Series { selector: series.clone(), rule });
		}
		let rule = Rule::new(Pattern::new(SCRAPE_UP)?, SCRAPE_UP);
		add(Pick::Records { rule, is_optional: true });
	}
	Ok((sources, inputs))
}
