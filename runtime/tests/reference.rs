//! The generated part of docs/src/reference follows the code: calls, errors and faults.
//!
//! `CAIRN_BLESS=1 cargo test -p cairn-runtime --test reference` writes the pages anew.

use cairn_runtime::{Balance, BlockNumber, configs::tracks::Tracks, currency::UNIT, timing};
use cairn_telemetry::Fault;
use pallet_referenda::{Curve, TracksInfo};
use pallet_telemetry::Rejection;
use scale_info::{MetaType, TypeDef, Variant, form::MetaForm};
use sp_runtime::Perbill;
use std::{fmt::Write, fs, path::PathBuf};

const NOTE: &str = "<!-- Generated from the runtime's metadata: edit the code's documentation, then \
	run `CAIRN_BLESS=1 cargo test -p cairn-runtime --test reference`. -->";

/// Index of the first of our own pallets.
const FIRST: u8 = 60;

fn variants(ty: &MetaType) -> Vec<Variant<MetaForm>> {
	match ty.type_info().type_def {
		TypeDef::Variant(def) => def.variants.into_iter().collect(),
		_ => Vec::new(),
	}
}

/// Documentation as one paragraph that fits into a table's cell.
fn paragraph(docs: &[&str]) -> String {
	let text: Vec<_> =
		docs.iter().map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
	text.join(" ").replace('|', "\\|").replace("[`", "`").replace("`]", "`")
}

fn calls() -> String {
	let mut page = format!("# Calls\n\n{NOTE}\n");
	for pallet in
		cairn_runtime::documentation().pallets.iter().filter(|pallet| pallet.index >= FIRST)
	{
		let Some(calls) = &pallet.calls else { continue };
		let _ = writeln!(page, "\n## {} ({})\n", pallet.name, pallet.index);
		page.push_str("| index | call | arguments | what it does |\n|---|---|---|---|\n");
		for call in variants(&calls.ty) {
			let arguments: Vec<_> = call
				.fields
				.iter()
				.map(|field| {
					let ty =
						field.type_name.unwrap_or_default().replace("T::AccountId", "AccountId");
					format!("{}: `{ty}`", field.name.unwrap_or_default())
				})
				.collect();
			let (index, name) = (call.index, call.name);
			let what = paragraph(&call.docs);
			let _ = writeln!(page, "| {index} | `{name}` | {} | {what} |", arguments.join(", "));
		}
	}
	page
}

fn errors() -> String {
	let mut page = format!(
		"# Errors\n\n{NOTE}\n\nA call that fails says which pallet's error it met; the text gives the \
		 cause and what to do. What checks say of a batch, and why the pool refuses a verdict, is at \
		 the end.\n"
	);
	for pallet in
		cairn_runtime::documentation().pallets.iter().filter(|pallet| pallet.index >= FIRST)
	{
		let Some(errors) = &pallet.error else { continue };
		let _ = writeln!(page, "\n## {} ({})\n", pallet.name, pallet.index);
		page.push_str("| index | error | cause and remedy |\n|---|---|---|\n");
		for error in variants(&errors.ty) {
			let what = paragraph(&error.docs);
			let _ = writeln!(page, "| {} | `{}` | {what} |", error.index, error.name);
		}
	}
	page.push_str("\n## Faults of a batch\n\nThe code of an `Invalid` verdict.\n\n");
	page.push_str("| code | fault | cause | remedy |\n|---|---|---|---|\n");
	for fault in Fault::ALL {
		let (code, cause, remedy) = (fault.code(), fault.cause(), fault.remedy());
		let _ = writeln!(page, "| {code} | `{fault:?}` | {cause} | {remedy} |");
	}
	page.push_str("\n## Refused verdicts\n\n`InvalidTransaction::Custom(code)` of the pool.\n\n");
	page.push_str("| code | rejection | cause and remedy |\n|---|---|---|\n");
	for rejection in Rejection::ALL {
		let _ = writeln!(page, "| {} | `{rejection:?}` | {} |", rejection.code(), rejection.text());
	}
	page
}

/// Minutes as people say it.
fn duration(minutes: u32) -> String {
	match minutes {
		days if days % 1_440 == 0 => format!("{} d", days / 1_440),
		hours if hours % 60 == 0 => format!("{} h", hours / 60),
		_ => format!("{minutes} min"),
	}
}

/// What a curve asks for at the beginning, after a quarter and a half of the time, and at the end.
fn curve(curve: &Curve) -> String {
	let at = |percent| curve.threshold(Perbill::from_percent(percent)).deconstruct();
	let shown = [0, 25, 50, 100].map(|percent| format!("{:.1}", f64::from(at(percent)) / 1e7));
	shown.join(" → ")
}

fn tracks() -> String {
	let mut page = format!(
		"# Tracks\n\n{NOTE}\n\nWhat a referendum needs, by whom it speaks for. Periods are those of \
		 production, where a governance day is a day; genesis fixes how many blocks it has. Shares \
		 are in percent: at the beginning of the decision period, after a quarter and after half of \
		 it, and at its end.\n\n"
	);
	page.push_str(
		"| id | track | at once | deposit | prepare | decide | confirm | enact | approval | support |\n",
	);
	page.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
	let minutes = |blocks: u32| duration(blocks / (timing::governance_days(1) / 1_440));
	for track in <Tracks as TracksInfo<Balance, BlockNumber>>::tracks() {
		let info = &track.info;
		let name = String::from_utf8_lossy(&info.name).trim_end_matches('\0').to_owned();
		let periods = [
			info.prepare_period,
			info.decision_period,
			info.confirm_period,
			info.min_enactment_period,
		];
		let _ = writeln!(
			page,
			"| {} | {name} | {} | {} | {} | {} | {} |",
			track.id,
			info.max_deciding,
			info.decision_deposit / UNIT,
			periods.map(minutes).join(" | "),
			curve(&info.min_approval),
			curve(&info.min_support),
		);
	}
	page
}

fn compare(name: &str, page: &str) {
	let path = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test"))
		.join("../docs/src/reference")
		.join(name);
	if std::env::var_os("CAIRN_BLESS").is_some() {
		fs::write(&path, page).expect("the page can be written");
	}
	let written = fs::read_to_string(&path).unwrap_or_default();
	assert_eq!(written, page, "{name} is not what the code says: see the head of this test");
}

#[test]
fn the_page_of_calls_follows_the_code() {
	sp_io::TestExternalities::default().execute_with(|| compare("calls.md", &calls()));
}

#[test]
fn the_page_of_tracks_follows_the_code() {
	sp_io::TestExternalities::default().execute_with(|| compare("tracks.md", &tracks()));
}

#[test]
fn the_page_of_errors_follows_the_code() {
	sp_io::TestExternalities::default().execute_with(|| compare("errors.md", &errors()));
}

#[test]
fn every_error_names_its_cause_and_a_remedy() {
	sp_io::TestExternalities::default().execute_with(|| {
		for pallet in
			cairn_runtime::documentation().pallets.iter().filter(|pallet| pallet.index >= FIRST)
		{
			let Some(errors) = &pallet.error else { continue };
			for error in variants(&errors.ty) {
				assert!(!error.docs.is_empty(), "{}::{} has no text", pallet.name, error.name);
			}
		}
	});
}
