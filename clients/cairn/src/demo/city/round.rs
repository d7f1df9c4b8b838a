//! One question to all networks of the city, and whether its answer is as it should be.

use std::{collections::BTreeSet, time::Duration};

use cairn_chain::{At, Chain};
use cairn_formats::{Limits, senml};
use cairn_geo::Cell;
use cairn_types::{DeviceId, GatewayId, Periods, Window};

use super::setup::{Device, Network};
use crate::{
	data::{
		answer::Answer,
		ask::{Question, ask},
	},
	gateway::{data::query::Filter, store::Stage},
	owner::OwnerError,
};

/// Most values of an answer.
const MOST: usize = 10_000;
/// How long a gateway may take.
const TIME: Duration = Duration::from_secs(30);

/// A question, its answer, and what was made of it.
pub(super) struct Round {
	/// The window that was asked about.
	pub(super) window: Window,
	/// What came from devices in the cell, each value checked.
	pub(super) answer: Answer,
	/// Devices that report but are not in the cell.
	pub(super) elsewhere: BTreeSet<DeviceId>,
	/// The answer as a pack of SenML.
	pub(super) pack: String,
	/// What had to hold.
	pub(super) checks: Vec<Check>,
}

/// Something that has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
	/// What.
	pub(super) what: &'static str,
	/// Why it does not.
	pub(super) failed: Option<String>,
}

impl Round {
	/// Whether everything holds.
	pub(super) fn holds(&self) -> bool {
		self.checks.iter().all(|check| check.failed.is_none())
	}

	/// What does not hold.
	pub(super) fn failures(&self) -> Vec<String> {
		let failed =
			|check: &Check| check.failed.as_ref().map(|cause| format!("{}: {cause}", check.what));
		self.checks.iter().filter_map(failed).collect()
	}
}

/// The newest window whose batches of all gateways are attested in the last final block; `None` if
/// there is none yet.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn newest(
	chain: &Chain,
	gateways: &[GatewayId],
) -> Result<Option<Window>, OwnerError> {
	let at = At::Block(chain.finalized().await?.hash);
	let mut newest = None;
	for gateway in gateways {
		let view = chain.gateway(*gateway, at).await?;
		let Some(head) = view.and_then(|view| view.attested) else { return Ok(None) };
		newest = Some(newest.map_or(head.window, |window: Window| window.min(head.window)));
	}
	Ok(newest)
}

/// Ask all networks about the devices in a cell, in one window.
///
/// # Errors
/// If the node or a gateway does not answer.
pub(super) async fn ask_about(
	chain: &Chain,
	networks: &[Network],
	cell: Cell,
	periods: &Periods,
	window: Window,
) -> Result<Round, OwnerError> {
	let everywhere = question(networks, None, periods, window);
	let inside = Question { verify: true, ..question(networks, Some(cell), periods, window) };
	let answer = Box::pin(ask(Some(chain), &inside)).await?;
	let everywhere = Box::pin(ask(Some(chain), &everywhere)).await?;
	let heard = everywhere.rows.iter().map(|found| found.row.device).collect::<BTreeSet<_>>();
	let elsewhere = devices(networks, |device| !device.is_inside);
	let elsewhere = elsewhere.intersection(&heard).copied().collect();
	let pack = answer.senml().map_err(|cause| {
		OwnerError::refused(format!("the answer is no SenML: {cause}"), "report it")
	})?;
	let checks = checks(networks, &answer, &elsewhere, &pack);
	Ok(Round { window, answer, elsewhere, pack, checks })
}

/// What is asked of the networks. Pure.
fn question(
	networks: &[Network],
	region: Option<Cell>,
	periods: &Periods,
	window: Window,
) -> Question {
	let from = periods.start_of(window);
	let filter = Filter {
		region,
		from,
		to: from.saturating_add(periods.window_millis()),
		stage: Some(Stage::Sealed),
		..Filter::default()
	};
	let networks = networks.iter().map(|network| network.id).collect();
	// Whoever the chain lists is asked.
	let gateways = Vec::new();
	Question {
		filter,
		networks,
		gateways,
		through: None,
		most: MOST,
		verify: false,
		allow_private: false,
		time: TIME,
	}
}

fn devices(networks: &[Network], wanted: impl Fn(&Device) -> bool) -> BTreeSet<DeviceId> {
	let all = networks.iter().flat_map(|network| &network.devices);
	all.filter(|device| wanted(device)).map(|device| device.id).collect()
}

/// What has to hold of an answer. Pure.
fn checks(
	networks: &[Network],
	answer: &Answer,
	elsewhere: &BTreeSet<DeviceId>,
	pack: &str,
) -> Vec<Check> {
	let check = |what, failed: Result<(), String>| Check { what, failed: failed.err() };
	vec![
		check("every network answers", every_network(networks, answer)),
		check("every value is proved", every_value(answer)),
		check("the answer is of the devices in the cell", devices_inside(networks, answer)),
		check("devices elsewhere report too", devices_elsewhere(networks, elsewhere)),
		check("one pack of SenML has all values", one_pack(answer, pack)),
	]
}

fn ensure(holds: bool, cause: impl FnOnce() -> String) -> Result<(), String> {
	if holds { Ok(()) } else { Err(cause()) }
}

fn every_network(networks: &[Network], answer: &Answer) -> Result<(), String> {
	let silent = answer.asked.iter().find_map(|asked| asked.error.as_ref());
	ensure(silent.is_none(), || silent.map(ToString::to_string).unwrap_or_default())?;
	ensure(answer.is_whole, || format!("there are more than {MOST} values"))?;
	let has_values = |network: &&Network| {
		let mut rows = answer.rows.iter();
		rows.any(|found| found.row.network == network.id && found.gateway == network.gateway)
	};
	let mut missing = networks.iter().filter(|network| !has_values(network));
	let missing = missing.next();
	ensure(missing.is_none(), || {
		format!("nothing of {}", missing.map_or("", |network| network.name.as_str()))
	})
}

fn every_value(answer: &Answer) -> Result<(), String> {
	let doubts = answer.doubts();
	let counts = doubts.iter().map(|(doubt, count)| format!("{count} {}", doubt.code()));
	ensure(doubts.is_empty(), || counts.collect::<Vec<_>>().join(", "))?;
	ensure(answer.rows.iter().all(|found| found.proved().is_some()), || {
		"values were not checked".to_owned()
	})
}

fn devices_inside(networks: &[Network], answer: &Answer) -> Result<(), String> {
	let found = answer.rows.iter().map(|found| found.row.device).collect::<BTreeSet<_>>();
	let inside = devices(networks, |device| device.is_inside);
	ensure(found == inside, || {
		let list = |ids: Vec<&DeviceId>| {
			ids.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
		};
		let missing = list(inside.difference(&found).collect());
		let strange = list(found.difference(&inside).collect());
		format!("missing: {missing}; not in the cell: {strange}")
	})
}

fn devices_elsewhere(networks: &[Network], heard: &BTreeSet<DeviceId>) -> Result<(), String> {
	let outside = devices(networks, |device| !device.is_inside);
	let silent = outside.difference(heard).map(ToString::to_string).collect::<Vec<_>>();
	ensure(silent.is_empty(), || format!("nothing of {}", silent.join(", ")))
}

fn one_pack(answer: &Answer, pack: &str) -> Result<(), String> {
	let limits = Limits { bytes: pack.len(), ..Limits::default() };
	let records = senml::decode_json(pack.as_bytes(), 0, &limits);
	let records = records.map_err(|cause| cause.to_string())?;
	ensure(records == answer.records(), || {
		format!("{} records of {} values", records.len(), answer.rows.len())
	})
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use crate::{
		data::{
			answer::{Asked, Found, tests::found},
			doubt::Doubt,
		},
		demo::city::{plan::tests::plan, setup::tests::networks},
	};

	/// An answer in which each device of the cell says one thing.
	pub(in crate::demo::city) fn round(networks: &[Network]) -> Round {
		let inside = networks.iter().flat_map(|network| {
			let devices = network.devices.iter().filter(|device| device.is_inside);
			devices.map(|device| found(network.id.0, device.id.0, "23.15"))
		});
		let elsewhere = devices(networks, |device| !device.is_inside);
		of(networks, inside.collect(), elsewhere)
	}

	fn of(networks: &[Network], rows: Vec<Found>, elsewhere: BTreeSet<DeviceId>) -> Round {
		let asked = networks.iter().map(|network| Asked {
			gateway: Some(network.gateway),
			network: Some(network.id),
			url: network.url.clone(),
			rows: 2,
			error: None,
		});
		let answer = Answer {
			filter: Filter { region: Some(plan().cell), ..Filter::default() },
			at: None,
			is_whole: true,
			asked: asked.collect(),
			left_out: 0,
			rows,
		};
		let pack = answer.senml().expect("SenML");
		let checks = checks(networks, &answer, &elsewhere, &pack);
		Round { window: 294_976_800, answer, elsewhere, pack, checks }
	}

	#[test]
	fn a_window_is_asked_for_from_its_beginning_to_its_end() {
		let networks = networks();
		let cell = Some(plan().cell);
		let question = question(&networks, cell, &Periods::DEVELOPMENT, 10);
		assert_eq!((question.filter.from, question.filter.to), (60_000, 66_000));
		assert_eq!(question.filter.region, cell);
		assert_eq!((question.networks.len(), question.gateways.len()), (3, 0));
	}

	#[test]
	fn works_when_everybody_answers_and_all_is_proved() {
		let round = round(&networks());
		assert!(round.holds() && round.failures().is_empty(), "{:?}", round.failures());
		assert_eq!(round.checks.len(), 5);
	}

	#[test]
	fn fails_when_anything_is_missing_or_doubted() {
		let networks = networks();
		let failed = |round: &Round| {
			let failed = round.checks.iter().filter(|check| check.failed.is_some());
			failed.map(|check| check.what).collect::<Vec<_>>()
		};
		let again = |change: &dyn Fn(&mut Vec<Found>, &mut BTreeSet<DeviceId>)| {
			let Round { answer, mut elsewhere, .. } = round(&networks);
			let mut rows = answer.rows;
			change(&mut rows, &mut elsewhere);
			of(&networks, rows, elsewhere)
		};

		let silent = again(&|rows, _| rows.retain(|found| found.gateway != GatewayId(2)));
		assert_eq!(
			failed(&silent),
			["every network answers", "the answer is of the devices in the cell"]
		);
		let doubted = again(&|rows, _| rows[0].verdict = Some(Err(Doubt::BadSignature.into())));
		assert_eq!(doubted.failures(), ["every value is proved: 1 bad_signature"]);
		let unchecked = again(&|rows, _| rows[0].verdict = None);
		assert_eq!(unchecked.failures(), ["every value is proved: values were not checked"]);
		let strange = again(&|rows, _| rows.push(found(0, 2, "5")));
		assert_eq!(
			strange.failures(),
			["the answer is of the devices in the cell: missing: ; not in the cell: 2"]
		);
		let alone = again(&|_, elsewhere| {
			elsewhere.pop_first();
		});
		assert_eq!(alone.failures(), ["devices elsewhere report too: nothing of 2"]);
		let timeless = again(&|rows, _| rows[0].row.time = 5);
		assert_eq!(failed(&timeless), ["one pack of SenML has all values"]);
	}

	#[test]
	fn fails_when_a_gateway_is_away() {
		let networks = networks();
		let mut round = round(&networks);
		round.answer.asked[1].error = Some(OwnerError::refused("away", "look"));
		let checks = checks(&networks, &round.answer, &round.elsewhere, &round.pack);
		let failed = checks[0].failed.as_deref().unwrap_or_default();
		assert!(failed.starts_with("away"), "{failed}");
	}
}
