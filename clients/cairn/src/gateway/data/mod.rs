//! What anybody may ask of stored readings: by quantity, region, time and network.
//!
//! [`query`] reads and bounds what is asked, [`page`] answers it from the store, [`schemas`] tells
//! what values mean, [`across`] leads from the gateway's own rows to those of its peers. All that
//! decides is pure; the interface is in [`http`](super::http).

pub mod across;
pub mod fault;
pub mod page;
pub mod parameters;
pub mod query;
pub mod schemas;

use std::time::Duration;

use cairn_types::{Periods, Quantity};
use tokio::sync::Semaphore;

use self::{
	fault::{DataFault, Refused},
	schemas::Schemas,
};
use super::store::Keep;
use crate::{cli::parse_duration, clock::millis};

/// Readings, or devices, that are looked at for one page, found or not.
pub const STEPS: u32 = 100_000;
/// Questions that are answered at once.
const AT_ONCE: usize = 8;

/// What a gateway's operator says of the data API.
#[derive(Clone, Debug, clap::Args)]
pub struct DataArgs {
	/// How long readings of matured windows stay to be asked for.
	#[arg(long, value_parser = parse_duration, default_value = "7d")]
	pub data_retention: Duration,
	/// Most readings that stay; the oldest go first.
	#[arg(long, default_value_t = 10_000_000)]
	pub data_readings: u64,
	/// The network is restricted: raw readings go to committee members only.
	#[arg(long)]
	pub restricted: bool,
}

/// How long and how much of matured windows is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
	/// ms.
	pub millis: u64,
	/// Readings.
	pub readings: u64,
}

impl Retention {
	/// What is kept at `now` (ms since the epoch).
	#[must_use]
	pub fn keep(&self, periods: &Periods, now: u64) -> Keep {
		let from = periods.window_at(now.saturating_sub(self.millis));
		Keep { from, readings: self.readings }
	}
}

/// What questions are answered from, besides the store.
pub struct Data {
	/// What values mean.
	pub schemas: Schemas,
	/// Whether raw readings are kept to committee members.
	pub restricted: bool,
	/// How many questions are answered at once.
	pub permits: Semaphore,
	/// How many readings, or devices, are looked at for one page, found or not.
	pub steps: u32,
}

impl Data {
	/// As the operator says it.
	#[must_use]
	pub fn new(args: &DataArgs, schemas: Schemas) -> Self {
		let (restricted, permits) = (args.restricted, Semaphore::new(AT_ONCE));
		Self { schemas, restricted, permits, steps: STEPS }
	}

	/// Ensure that the gateway's own readings may be served to anybody.
	///
	/// # Errors
	/// [`DataFault::Restricted`].
	pub fn ensure_open(&self) -> Result<(), Refused> {
		if self.restricted { Err(DataFault::Restricted.into()) } else { Ok(()) }
	}
}

impl DataArgs {
	/// How long and how much of matured windows is kept.
	#[must_use]
	pub fn retention(&self) -> Retention {
		Retention { millis: millis(self.data_retention), readings: self.data_readings }
	}
}

/// A quantity's name, as schemas write it.
#[must_use]
pub fn quantity_name(quantity: Quantity) -> String {
	match serde_json::to_value(quantity) {
		Ok(serde_json::Value::String(name)) => name,
		// A variant without fields is a text.
		_ => String::new(),
	}
}

/// The quantity of a name.
#[must_use]
pub fn quantity_of(name: &str) -> Option<Quantity> {
	Quantity::ALL.iter().copied().find(|quantity| quantity_name(*quantity) == name)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_quantity_is_found_by_its_name() {
		for quantity in Quantity::ALL {
			let name = quantity_name(*quantity);
			assert_eq!(quantity_of(&name), Some(*quantity), "{name}");
		}
		assert_eq!(quantity_name(Quantity::RelativeHumidity), "relativeHumidity");
		assert_eq!(quantity_of("Temperature"), None);
	}

	#[test]
	fn retention_counts_back_from_now() {
		let periods = Periods::DEVELOPMENT;
		let retention = Retention { millis: 60_000, readings: 5 };
		assert_eq!(retention.keep(&periods, 120_000), Keep { from: 10, readings: 5 });
		assert_eq!(retention.keep(&periods, 1_000), Keep { from: 0, readings: 5 });
	}
}
