//! A snapshot as lines of styled text. Pure: nothing here knows a terminal.

use cairn_chain::views::BatchStage;
use cairn_types::Window;

use super::snapshot::{Served, Snapshot, Watched};
use crate::owner::{
	batch::Batch,
	earnings::Claimable,
	format,
	rewards::show::{frozen_at, open_text},
};

/// Cells of a progress bar.
const BAR: usize = 24;
/// Batches shown of a gateway.
const MAX_BATCHES: usize = 10;
/// Notes shown.
const MAX_NOTES: usize = 8;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
	/// As it is.
	Plain,
	/// A heading.
	Strong,
	/// Less important.
	Dim,
	/// Done.
	Good,
	/// On its way.
	Busy,
	/// Wrong.
	Bad,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
	/// How it looks.
	pub(crate) style: Style,
	/// What it says.
	pub(crate) text: String,
}

/// A line.
pub(crate) type Line = Vec<Span>;

fn span(style: Style, text: impl Into<String>) -> Span {
	Span { style, text: text.into() }
}

fn plain(text: impl Into<String>) -> Line {
	vec![span(Style::Plain, text)]
}

/// The whole screen, cut to its size; `now_millis` is the machine's clock.
pub(crate) fn render(
	snapshot: &Snapshot,
	notes: &[String],
	now_millis: u64,
	(width, height): (usize, usize),
) -> Vec<Line> {
	let mut lines = head(snapshot, now_millis);
	for served in &snapshot.gateways {
		lines.push(Line::new());
		lines.extend(gateway(served, snapshot));
	}
	if let Some(device) = &snapshot.device {
		lines.push(Line::new());
		lines.extend(watched(device, snapshot));
	}
	if !notes.is_empty() {
		lines.push(Line::new());
		let skip = notes.len().saturating_sub(MAX_NOTES);
		lines.extend(notes.iter().skip(skip).map(|note| vec![span(Style::Dim, note.clone())]));
	}
	fit(lines, (width, height))
}

/// Lines cut to the screen's size, above one that says how to leave.
pub(crate) fn fit(mut lines: Vec<Line>, (width, height): (usize, usize)) -> Vec<Line> {
	lines.truncate(height.saturating_sub(1));
	lines.push(vec![span(Style::Dim, "q: quit")]);
	lines.into_iter().map(|line| cut(line, width)).collect()
}

/// Cut a line to a width in characters.
fn cut(line: Line, width: usize) -> Line {
	let mut left = width;
	let mut kept = Vec::new();
	for Span { style, text } in line {
		let text = text.chars().take(left).collect::<String>();
		left -= text.chars().count();
		if !text.is_empty() {
			kept.push(Span { style, text });
		}
	}
	kept
}

fn head(snapshot: &Snapshot, now_millis: u64) -> Vec<Line> {
	let clock = &snapshot.clock;
	let periods = &clock.periods;
	let (best, finalized) = (snapshot.best, snapshot.finalized);
	let lag = best.number.saturating_sub(finalized.number);
	let window = clock.now.window;
	let length = periods.window_millis();
	let passed = now_millis.saturating_sub(periods.start_of(window)).min(length);
	let ticks = periods.cycle_ticks;
	let place = clock.now.tick.checked_rem(ticks).unwrap_or(0);
	// Within a tick, the cycle moves on with the window.
	let in_cycle = u64::from(place).saturating_mul(length).saturating_add(passed);
	let cycle_length = u64::from(ticks).saturating_mul(length);
	let emission = match &snapshot.cycle {
		Some(cycle) => format!(", emits {}", format::amount(cycle.emission)),
		None => String::new(),
	};
	vec![
		vec![
			span(Style::Strong, format!("block {} ", best.number)),
			span(Style::Dim, format::short_hash(&best.hash)),
			span(Style::Plain, format!("  final {} (-{lag})", finalized.number)),
		],
		vec![
			span(Style::Strong, format!("window {window:<10} ")),
			span(Style::Busy, format::bar(passed, length, BAR)),
			span(
				Style::Plain,
				format!(
					" {} of {}, tick {}",
					passed / 1_000,
					format::duration(length / 1_000),
					clock.now.tick
				),
			),
		],
		vec![
			span(Style::Strong, format!("cycle  {:<10} ", clock.cycle)),
			span(Style::Busy, format::bar(in_cycle, cycle_length, BAR)),
			span(Style::Plain, format!(" tick {} of {ticks}{emission}", place + 1)),
		],
	]
}

fn gateway(served: &Served, snapshot: &Snapshot) -> Vec<Line> {
	let view = &served.view;
	let state = if view.retired { "retired" } else { "serving" };
	let mut lines = vec![vec![
		span(Style::Strong, format!("gateway {} ", view.gateway)),
		span(
			Style::Plain,
			format!(
				"{state} network {} at {}, {}",
				view.network,
				format::text(&view.endpoint),
				format::count(u64::from(view.assigned), "device")
			),
		),
	]];
	let heading = "  window      readings      units  verdicts";
	lines.push(vec![span(Style::Dim, heading)]);
	let skip = served.batches.len().saturating_sub(MAX_BATCHES);
	let newest = served.batches.iter().skip(skip).rev();
	lines.extend(newest.map(|batch| batch_line(batch, snapshot)));
	if served.batches.is_empty() {
		lines.push(vec![span(Style::Dim, "  nothing sealed in the last windows")]);
	}
	lines
}

fn batch_line(batch: &Batch, snapshot: &Snapshot) -> Line {
	let view = &batch.view;
	let clock = &snapshot.clock;
	let tick = clock.now.tick;
	let (members, quorum) = view.quorum;
	let [valid, ..] = view.verdicts;
	let bar = format::bar(u64::from(valid), u64::from(members), 8);
	let (style, stage) = match &view.stage {
		BatchStage::Pending if view.due.is_none() => {
			(Style::Dim, "waits for the one before".to_owned())
		},
		BatchStage::Pending => (Style::Busy, format!("sealed, {quorum} needed")),
		BatchStage::Attested { matures } if *matures <= tick => (Style::Good, "matured".to_owned()),
		BatchStage::Attested { matures } => {
			let left = format::ticks(matures.saturating_sub(tick), &clock.periods);
			(Style::Good, format!("attested, matures in {left}"))
		},
		BatchStage::Dead => (Style::Bad, format!("dead: {}", batch.cause_of_death())),
	};
	let attempt =
		if view.attempt > 0 { format!(" (attempt {})", view.attempt) } else { String::new() };
	let sums = view.sums;
	vec![
		span(
			Style::Plain,
			format!("  {:<10} {:>9} {:>10}  ", view.window, sums.readings, sums.units),
		),
		span(style, bar),
		span(style, format!(" {valid}/{members} {stage}{attempt}")),
	]
}

fn watched(device: &Watched, snapshot: &Snapshot) -> Vec<Line> {
	let view = &device.view;
	let window = snapshot.clock.now.window;
	let active = view.state.activity.contains(window) && window < view.state.expires;
	let (style, state) = if active { (Style::Good, "active") } else { (Style::Bad, "not active") };
	let mut lines = vec![vec![
		span(Style::Strong, format!("device {} ", view.device)),
		span(style, state),
		span(Style::Plain, format!("  {}", place_text(device, window))),
	]];
	match &device.report {
		Some(report) => {
			let here =
				if report.last_window == Some(window) { report.readings_in_window } else { 0 };
			let rejected = report.rejected.iter().map(|count| count.count).sum::<u64>();
			let rejected =
				if rejected > 0 { format!(", {rejected} rejected") } else { String::new() };
			let accepted = report.accepted;
			lines.push(plain(format!(
				"  readings   {accepted} accepted, {here} in this window{rejected}"
			)));
		},
		None => lines.push(vec![span(Style::Bad, "  readings   its gateway does not answer")]),
	}
	let Some(earning) = &device.earning else { return lines };
	for open in &earning.open {
		lines.push(plain(format!("  units      {}", open_text(open, &snapshot.clock))));
	}
	lines.push(claimable_line(device, snapshot));
	lines.push(plain(format!("  paid       {}", format::amount(earning.paid))));
	lines
}

fn place_text(device: &Watched, window: Window) -> String {
	match &device.view.state.assignment {
		None => "assigned to no gateway".to_owned(),
		Some(dated) if dated.since > window => {
			format!(
				"slot {} of gateway {} from window {} on",
				dated.current.slot, dated.current.gateway, dated.since
			)
		},
		Some(dated) => format!("slot {} of gateway {}", dated.current.slot, dated.current.gateway),
	}
}

fn claimable_line(device: &Watched, snapshot: &Snapshot) -> Line {
	let Some(earning) = &device.earning else { return Line::new() };
	let clock = &snapshot.clock;
	let next =
		earning.open.iter().find(|open| !clock.periods.is_frozen(open.cycle, clock.now.tick));
	let next = match next {
		Some(open) => {
			let tick = frozen_at(open.cycle, &clock.periods);
			format!("; more {}", format::at_tick(tick, clock.now.tick, &clock.periods))
		},
		None => String::new(),
	};
	let (style, text) = match &earning.claimable {
		Claimable::With { released, .. } if *released > 0 => {
			(Style::Good, format!("{} now{next}", format::amount(*released)))
		},
		Claimable::With { .. } | Claimable::Immature => (Style::Busy, format!("nothing now{next}")),
		Claimable::Unknown(_) => (Style::Bad, "not known: its gateway gives no proof".to_owned()),
	};
	vec![span(Style::Plain, "  claimable  "), span(style, text)]
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::watch::tests::snapshot;

	fn text(lines: &[Line]) -> String {
		let line = |line: &Line| line.iter().map(|span| span.text.as_str()).collect::<String>();
		lines.iter().map(line).collect::<Vec<_>>().join("\n")
	}

	#[test]
	fn everything_that_is_watched_is_shown() {
		let notes = vec!["claimed".to_owned()];
		let lines = render(&snapshot(25), &notes, 25 * 6_000 + 3_000, (200, 60));
		let text = text(&lines);
		for expected in [
			"block 100",
			"final 98 (-2)",
			"window 25         ████████████░░░░░░░░░░░░ 3 of 6 s, tick 25",
			"tick 2 of 4",
			"gateway 3 serving network 2",
			"attested, matures in 3 ticks, about 18 s",
			"device 7 active",
			"3 in this window",
			"cycle 6: 500 units",
			"claimable  3 CAIRN now",
			"paid       5 CAIRN",
			"claimed",
			"q: quit",
		] {
			assert!(text.contains(expected), "{expected:?} is not in\n{text}");
		}
	}

	#[test]
	fn the_screen_is_never_larger_than_the_terminal() {
		for (width, height) in [(200, 60), (40, 10), (1, 1), (0, 0)] {
			let lines = render(&snapshot(25), &[], 0, (width, height));
			assert!(lines.len() <= height.max(1));
			for line in &lines {
				let length = line.iter().map(|span| span.text.chars().count()).sum::<usize>();
				assert!(length <= width);
			}
		}
	}
}
