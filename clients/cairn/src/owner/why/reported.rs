//! Checks of what the gateway says, and of what became of its batches.

use cairn_chain::views::{BatchStage, DeviceView, GatewayView};
use cairn_telemetry::{SignedReading, WindowContext};
use cairn_types::{Hash32, Window};

use super::{Facts, Finding, Reach};
use crate::{
	owner::{batch::Batch, format},
	protocol::{Count, DeviceReport},
};

/// The anchor of a reading that names none.
const NO_ANCHOR: Hash32 = [0; 32];

/// Every check of gateway, readings and batches, in order.
pub(super) fn findings(facts: &Facts, device: &DeviceView) -> Vec<Finding> {
	if device.state.assignment.is_none() {
		return Vec::new();
	}
	let mut findings = Vec::new();
	findings.push(reachable(facts));
	if let Reach::Answered(report) = &facts.reach {
		let is_fresh = is_fresh(facts, report);
		findings.push(readings(facts, report));
		findings.extend(report.rejected.iter().map(|count| refused("rejected", count, is_fresh)));
		findings.extend(report.left_out.iter().map(|count| refused("left-out", count, is_fresh)));
		if let (Some(last), Some(context)) = (&report.last, &facts.context) {
			findings.push(anchor(last, context));
			findings.extend(values(last, context));
		}
	}
	if let Some(gateway) = &facts.gateway {
		findings.extend(batches(facts, gateway));
	}
	findings
}

fn reachable(facts: &Facts) -> Finding {
	const CHECK: &str = "reachable";
	match &facts.reach {
		Reach::Nobody => {
			Finding::unknown(CHECK, "there is no gateway to ask", "assign the device to one")
		},
		Reach::Silent(cause) => {
			// Its own first sentence: the remedy here is the owner's.
			let cause = cause.lines().next().unwrap_or_default();
			Finding::bad(
				CHECK,
				format!("{cause}: it may take no readings, and gives no proofs"),
				"ask its operator, or name its address with --gateway; if it stays away, assign the \
				 device to another gateway",
			)
		},
		Reach::Other(id) => Finding::unknown(
			CHECK,
			format!("gateway {id} answers at the address given, not the device's"),
			"leave --gateway out, or name the address of the device's gateway",
		),
		Reach::Answered(_) => Finding::good(CHECK, "the gateway answers"),
	}
}

/// Whether the gateway has readings of the current window or the one before.
fn is_fresh(facts: &Facts, report: &DeviceReport) -> bool {
	let oldest = facts.clock.now.window.saturating_sub(1);
	report.last_window.is_some_and(|window| window >= oldest)
}

fn readings(facts: &Facts, report: &DeviceReport) -> Finding {
	const CHECK: &str = "readings";
	let start = "start the agent with the registered key: cairn agent run --gateway URL --key FILE";
	let (Some(window), Some(last)) = (report.last_window, &report.last) else {
		return Finding::bad(CHECK, "the gateway has no reading of it", start);
	};
	let now = facts.clock.now.window;
	let accepted = format::count(report.accepted, "reading");
	if !is_fresh(facts, report) {
		let age = facts.now_millis.saturating_sub(last.reading.time) / 1_000;
		let says = format!(
			"the last of {accepted} is {} old, of window {window}; now is window {now}",
			format::duration(age)
		);
		return Finding::bad(CHECK, says, format!("look into the agent's log; {start}"));
	}
	let here = report.readings_in_window;
	let which = if window == now { "this window" } else { "the window before" };
	Finding::good(CHECK, format!("{accepted} accepted, {here} of them in {which}"))
}

/// Readings that were not taken, or not sealed, for one reason. If others get through it is a note.
fn refused(check: &'static str, count: &Count, is_fresh: bool) -> Finding {
	let Count { code, cause, remedy, count } = count;
	let readings = format::count(*count, "reading");
	let what = if check == "rejected" { "rejected" } else { "left out of batches" };
	let says = format!("{readings} {what}: {} ({code})", cause.trim_end_matches('.'));
	if is_fresh {
		Finding::note(check, says, remedy.clone())
	} else {
		Finding::bad(check, says, remedy.clone())
	}
}

fn anchor(last: &SignedReading, context: &WindowContext) -> Finding {
	const CHECK: &str = "anchor";
	let anchor = last.reading.anchor;
	if anchor == context.required {
		return Finding::good(CHECK, "its readings carry the anchor that the window requires");
	}
	let says = if anchor == NO_ANCHOR {
		"its last reading carries no anchor: such readings are data, but count no units"
	} else {
		"its last reading carries an old anchor: such readings are data, but count no units"
	};
	Finding::bad(
		CHECK,
		says,
		"look whether the agent reaches its gateway, which tells it the anchor, and whether the clocks agree",
	)
}

/// Values of the last reading that the schema does not allow; nothing if all are well.
fn values(last: &SignedReading, context: &WindowContext) -> Option<Finding> {
	const CHECK: &str = "values";
	let network = &context.network;
	if last.reading.schema != network.schema_id {
		return Some(Finding::bad(
			CHECK,
			format!(
				"its last reading is of schema {}, its network asks for schema {}",
				last.reading.schema, network.schema_id
			),
			"start the agent again: it fetches the schema from the gateway",
		));
	}
	let channels = network.schema.channels.iter().zip(&last.reading.values);
	let outside = channels.filter_map(|(channel, value)| {
		let value = (*value)?;
		let fits = (channel.min..=channel.max).contains(&value);
		let name = format::text(&channel.name);
		(!fits).then(|| format!("{name} is {value}, not {}..={}", channel.min, channel.max))
	});
	let outside = outside.collect::<Vec<_>>();
	(!outside.is_empty()).then(|| {
		Finding::note(
			CHECK,
			format!("values outside the schema's range count nothing: {}", outside.join("; ")),
			"check the sensor and its unit",
		)
	})
}

/// What became of the gateway's last batches.
fn batches(facts: &Facts, gateway: &GatewayView) -> Vec<Finding> {
	const CHECK: &str = "batches";
	let now = facts.clock.now.window;
	let Some(sealed) = gateway.sealed else {
		let says = "the gateway has sealed nothing so far";
		return vec![Finding::wait(
			CHECK,
			format!("{says}; it seals a window when the next has begun"),
		)];
	};
	let mut findings = vec![last_batch(facts, sealed.window)];
	let dead = facts.batches.iter().filter(|batch| batch.view.stage == BatchStage::Dead);
	let dead = dead.collect::<Vec<&Batch>>();
	if let Some(last) = dead.last() {
		let batches = if dead.len() == 1 { "batch" } else { "batches" };
		let says = format!(
			"{} {batches} of the gateway's died lately; of window {}: {}",
			dead.len(),
			last.view.window,
			last.cause_of_death()
		);
		findings.push(Finding::note(
			CHECK,
			says,
			"dead windows may be sealed again in time; if it goes on, assign the device to another gateway",
		));
	}
	let behind = now.saturating_sub(sealed.window);
	if behind > facts.clock.periods.attest_ticks {
		findings.push(Finding::bad(
			CHECK,
			format!(
				"the gateway's last sealed window is {behind} windows ago: readings since are lost"
			),
			"ask its operator; if it stays behind, assign the device to another gateway",
		));
	}
	findings
}

fn last_batch(facts: &Facts, window: Window) -> Finding {
	const CHECK: &str = "batches";
	let found = facts
		.batches
		.iter()
		.rev()
		.find(|batch| batch.view.window == window && batch.view.stage != BatchStage::Dead);
	match found {
		None => Finding::good(CHECK, format!("the gateway's last sealed window is {window}")),
		Some(batch) => {
			let units = batch.view.sums.units;
			let says = format!("window {window}: {}; {units} units", batch.text(&facts.clock));
			match batch.view.stage {
				BatchStage::Pending => Finding::wait(CHECK, says),
				BatchStage::Attested { .. } | BatchStage::Dead => Finding::good(CHECK, says),
			}
		},
	}
}
