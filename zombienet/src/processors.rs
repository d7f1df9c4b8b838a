//! Who works on this machine's processors: programs, by their process ids, and all together. And work
//! for all of them.

use std::{num::NonZero, thread, time::Instant};

use procfs::{
	CpuInfo, Current, CurrentSI, KernelStats, ProcError, ProcResult, process::Process,
	ticks_per_second,
};
use serde::Serialize;

/// What processors had done at one moment, counted since their start.
#[derive(Clone, Debug)]
pub struct Counters {
	at: Instant,
	/// Ticks of each program, in user and system mode.
	programs: Vec<u64>,
	/// Ticks in which any processor worked.
	busy: u64,
	/// Ticks of all processors.
	all: u64,
}

/// How much of the processors was used in some time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Usage {
	/// Processors that each program kept busy, on average.
	pub programs: Vec<f64>,
	/// Share of all processors' time in which they worked, whoever for.
	pub busy: f64,
}

impl Counters {
	/// Read them for the programs of these process ids.
	///
	/// # Errors
	/// If one of them does not run, or `/proc` cannot be read.
	pub fn read(ids: &[u32]) -> ProcResult<Self> {
		let programs = ids.iter().map(|id| ticks(*id)).collect::<ProcResult<_>>()?;
		let total = KernelStats::current()?.total;
		let idle = total.idle + total.iowait.unwrap_or(0);
		// Time of guests is in that of users already.
		let others = [total.irq, total.softirq, total.steal].iter().flatten().sum::<u64>();
		let busy = total.user + total.nice + total.system + others;
		Ok(Self { at: Instant::now(), programs, busy, all: busy + idle })
	}

	/// What was used since `earlier`, which was read for the same programs.
	#[must_use]
	pub fn since(&self, earlier: &Self) -> Usage {
		let seconds = self.at.saturating_duration_since(earlier.at).as_secs_f64();
		let share = |part: u64, whole: f64| if whole > 0.0 { float(part) / whole } else { 0.0 };
		let available = seconds * float(ticks_per_second());
		let pairs = self.programs.iter().zip(&earlier.programs);
		let programs = pairs.map(|(now, then)| share(now.saturating_sub(*then), available));
		let all = float(self.all.saturating_sub(earlier.all));
		Usage {
			programs: programs.collect(),
			busy: share(self.busy.saturating_sub(earlier.busy), all),
		}
	}
}

fn ticks(id: u32) -> ProcResult<u64> {
	let id = i32::try_from(id);
	let id = id.map_err(|cause| ProcError::Other(format!("no process id: {cause}")))?;
	let stat = Process::new(id)?.stat()?;
	Ok(stat.utime + stat.stime)
}

/// Exact up to 2^53 ticks, which no machine lives to see.
fn float(ticks: u64) -> f64 {
	ticks as f64
}

/// The processors of this machine, for people: how many, and of which kind.
#[must_use]
pub fn described() -> String {
	let info = CpuInfo::current().ok();
	let count = std::thread::available_parallelism().map_or(1, usize::from);
	let model = info.as_ref().and_then(|info| info.model_name(0)).unwrap_or("unknown");
	format!("{count} × {model}")
}

/// Do this for every item, on all processors; the results are in the order of the items.
///
/// # Panics
/// If one of them does.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
	let threads = thread::available_parallelism().map_or(1, NonZero::get);
	let size = items.len().div_ceil(threads).max(1);
	let act = &act;
	thread::scope(|scope| {
		let parts = items.chunks(size);
		let parts = parts.map(|part| scope.spawn(move || part.iter().map(act).collect::<Vec<_>>()));
		// All of them are started before the first is waited for.
		let parts = parts.collect::<Vec<_>>();
		parts.into_iter().flat_map(|part| part.join().expect("nobody fails")).collect()
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[test]
	fn works_when_programs_work() {
		let at = Instant::now();
		let second = ticks_per_second();
		let earlier = Counters { at, programs: vec![5, 7], busy: 100, all: 1_000 };
		let later = Counters {
			at: at + Duration::from_secs(2),
			programs: vec![5 + second, 7 + 3 * second],
			busy: 400,
			all: 1_400,
		};
		let expected = Usage { programs: vec![0.5, 1.5], busy: 0.75 };
		assert_eq!(later.since(&earlier), expected);
	}

	#[test]
	fn nothing_is_used_in_no_time() {
		let counters = Counters { at: Instant::now(), programs: vec![5], busy: 1, all: 2 };
		let expected = Usage { programs: vec![0.0], busy: 0.0 };
		assert_eq!(counters.since(&counters), expected);
	}

	#[test]
	fn counters_only_grow() {
		let own = [std::process::id()];
		let earlier = Counters::read(&own).expect("this process runs");
		let later = Counters::read(&own).expect("this process runs");
		assert!(later.programs >= earlier.programs);
		assert!(later.busy > 0 && later.all > later.busy);
	}

	#[test]
	fn results_are_in_the_order_of_the_items() {
		for count in [0, 1, 2, 7, 100] {
			let items = (0..count).collect::<Vec<u32>>();
			let expected = items.iter().map(|item| item * 2).collect::<Vec<_>>();
			assert_eq!(in_parallel(&items, |item| item * 2), expected);
		}
	}

	#[test]
	fn fails_when_a_program_does_not_run() {
		// Process ids are smaller.
		assert!(Counters::read(&[u32::MAX]).is_err());
		assert!(Counters::read(&[i32::MAX.unsigned_abs()]).is_err());
	}
}
