//! The report: tables for people, one JSON value for programs.

use std::collections::BTreeMap;

use cairn_network_tests::{
	processors,
	throughput::{Measured, NodeLag, Row, average, bench, compare, nodes},
};
use serde_json::json;

use crate::{options::Options, subject::Subject};
use cairn_network_tests::bench::Failure;

/// The tables.
pub(crate) fn table(subjects: &[Subject], runs: &[Measured], options: &Options) -> String {
	let mut lines = vec!["# Throughput and finality of four validators".to_owned(), String::new()];
	lines.push(format!("Machine: {}.", processors::described()));
	for subject in subjects {
		lines.push(format!("{}: `{}`.", subject.name, subject.program.display()));
	}
	let Options { seconds, rest, slot, pool, .. } = options;
	lines.push(format!(
		"Each measured for {rest} s at rest and {seconds} s under load; slots of {slot} ms; {pool} \
		 transfers kept waiting."
	));
	lines.extend(["", "## Compared", ""].map(str::to_owned));
	lines.extend(comparison(subjects, &compare(subjects[0].name, runs)));
	lines.extend(["", "## Measurements", ""].map(str::to_owned));
	lines.extend(measurements(runs));
	lines.extend(["", "## Finality lag by node", ""].map(str::to_owned));
	lines.extend(lags(runs));
	lines.extend(failures(runs));
	lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Each figure's mean over the rounds, with the rounds behind; the ratio of the means.
fn comparison(subjects: &[Subject], rows: &[Row]) -> Vec<String> {
	let names = subjects.iter().map(|subject| subject.name);
	let mut head = vec!["figure"];
	head.extend(names);
	if subjects.len() > 1 {
		head.push("ratio");
	}
	let mut lines = vec![line(&head), rule(head.len())];
	for row in rows {
		let mut cells = vec![row.figure.to_owned(), rounds(&row.ours)];
		if subjects.len() > 1 {
			cells.push(rounds(&row.theirs));
			cells.push(row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
		}
		lines.push(line(&cells));
	}
	lines
}

/// A figure's mean, and its rounds if there are several.
fn rounds(rounds: &[f64]) -> String {
	let mean = number(average(rounds));
	if rounds.len() < 2 {
		return mean;
	}
	let all = rounds.iter().map(|round| number(*round)).collect::<Vec<_>>();
	format!("{mean} ({})", all.join(", "))
}

/// Large numbers whole, small ones to two places.
fn number(value: f64) -> String {
	if value.abs() < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// One line for each measurement.
fn measurements(runs: &[Measured]) -> Vec<String> {
	let head = [
		"chain",
		"round",
		"transfers",
		"per s",
		"blocks",
		"not final",
		"missed",
		"sent",
		"refused",
		"processors: nodes",
		"bench",
		"machine busy, %",
		"bound by",
	];
	let mut lines = vec![line(&head), rule(head.len())];
	for run in runs {
		let (production, sent) = (&run.production, &run.sent);
		let each = nodes(run).iter().map(|cores| format!("{cores:.2}")).collect::<Vec<_>>();
		lines.push(line(&[
			run.chain.to_owned(),
			run.round.to_string(),
			production.transfers.to_string(),
			number(production.per_second),
			format!("{} of {}", production.blocks, production.slots),
			production.open.to_string(),
			production.missed.to_string(),
			sent.accepted.to_string(),
			sent.refused.to_string(),
			each.join(" "),
			format!("{:.2}", bench(run)),
			format!("{:.0}", run.processors.busy * 1e2),
			run.bound.words().to_owned(),
		]));
	}
	lines
}

/// One line for each node of each measurement.
fn lags(runs: &[Measured]) -> Vec<String> {
	let head = [
		"chain",
		"round",
		"node",
		"rest: mean, ms",
		"max, ms",
		"mean, blocks",
		"max, blocks",
		"blocks timed",
		"load: mean, ms",
		"max, ms",
		"mean, blocks",
		"max, blocks",
		"blocks timed",
	];
	let mut lines = vec![line(&head), rule(head.len())];
	for run in runs {
		let loads = run.load.iter().map(|lag| (lag.node, lag)).collect::<BTreeMap<_, _>>();
		for rest in &run.rest {
			let mut cells = vec![run.chain.to_owned(), run.round.to_string(), rest.node.to_owned()];
			cells.extend(lag(rest));
			cells.extend(loads.get(rest.node).map_or_else(Vec::new, |load| lag(load)));
			lines.push(line(&cells));
		}
	}
	lines
}

/// The cells of a node's finality; blocks that did not become final in time are told.
fn lag(lag: &NodeLag) -> Vec<String> {
	let behind = &lag.behind;
	let timed = match behind.open {
		0 => behind.blocks.to_string(),
		open => format!("{}, {open} not final", behind.blocks),
	};
	vec![
		number(behind.mean_millis),
		number(behind.max_millis),
		number(behind.mean_blocks),
		behind.max_blocks.to_string(),
		timed,
	]
}

/// What went wrong with sending.
fn failures(runs: &[Measured]) -> Vec<String> {
	let failed = runs.iter().filter_map(|run| {
		let cause = run.sent.first_failure.as_ref()?;
		Some(format!("{}, round {}: the first failure of sending: {cause}", run.chain, run.round))
	});
	let failed = failed.collect::<Vec<_>>();
	let gap = (!failed.is_empty()).then(String::new);
	gap.into_iter().chain(failed).collect()
}

fn line(cells: &[impl AsRef<str>]) -> String {
	let cells = cells.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
	format!("| {} |", cells.join(" | "))
}

fn rule(columns: usize) -> String {
	format!("|{}", "---|".repeat(columns))
}

/// The JSON value.
pub(crate) fn json(
	subjects: &[Subject],
	runs: &[Measured],
	options: &Options,
) -> Result<String, Failure> {
	let programs = subjects.iter().map(
		|subject| json!({ "chain": subject.name, "program": subject.program.display().to_string() }),
	);
	let value = json!({
		"machine": processors::described(),
		"options": options,
		"chains": programs.collect::<Vec<_>>(),
		"compared": compare(subjects[0].name, runs),
		"measurements": runs,
	});
	serde_json::to_string_pretty(&value)
		.map_err(|cause| Failure::new(format!("no JSON: {cause}"), "report it"))
}
