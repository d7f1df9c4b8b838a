//! `cairn gov tracks`: what each track needs, and how long it takes; and finding one by its name.

use std::fmt;

use cairn_chain::{Curve, Governance, Perbill, Track};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	super::{error::OwnerError, format, output::Smallest},
	words::{percent, span},
};

/// The track of a name or id: `economic admin`, `economic-admin`, `10`.
///
/// # Errors
/// If there is none; names all.
pub(super) fn find<'a>(governance: &'a Governance, name: &str) -> Result<&'a Track, OwnerError> {
	let plain = plain(name);
	let is_it = |track: &&Track| track.name == plain || track.id.to_string() == plain;
	governance.tracks.iter().find(is_it).ok_or_else(|| {
		let names = governance.tracks.iter().map(|track| format!("{:?}", track.name));
		let names = names.collect::<Vec<_>>().join(", ");
		OwnerError::usage(
			format!("there is no track {name:?}"),
			format!("name one of {names}; see `cairn gov tracks`"),
		)
	})
}

/// The track of a name, or all of them.
///
/// # Errors
/// If there is none; names all.
pub(super) fn chosen<'a>(
	governance: &'a Governance,
	name: &str,
) -> Result<Vec<&'a Track>, OwnerError> {
	if plain(name) == "all" {
		return Ok(governance.tracks.iter().collect());
	}
	Ok(vec![find(governance, name)?])
}

/// The name of a track; its number if the runtime has it no more.
pub(super) fn name(governance: &Governance, id: u16) -> String {
	governance.track(id).map_or_else(|| format!("track {id}"), |track| track.name.clone())
}

fn plain(name: &str) -> String {
	name.trim().to_lowercase().replace(['-', '_'], " ")
}

/// The tracks as they are shown.
pub(super) struct Shown {
	/// What is fixed for all referenda.
	pub(super) governance: Governance,
	/// Length of a block's slot.
	pub(super) slot_millis: u64,
}

/// What a curve asks for as a decision goes on.
fn curve_json(curve: &Curve) -> Value {
	let points = [0, 25, 50, 75, 100].map(|passed| {
		let needed = percent(curve.threshold(Perbill::from_percent(passed)));
		json!({ "passed": format!("{passed}%"), "needed": needed })
	});
	json!(points)
}

fn curve_text(curve: &Curve) -> String {
	let needed = |passed| percent(curve.threshold(Perbill::from_percent(passed)));
	format!("{} at first, {} half way, {} at the end", needed(0), needed(50), needed(100))
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let Governance { tracks, submission_deposit, undeciding_timeout, vote_locking_period } =
			&self.governance;
		let tracks = tracks.iter().map(|track| {
			json!({
				"id": track.id,
				"name": track.name,
				"max_deciding": track.max_deciding,
				"decision_deposit": Smallest(track.decision_deposit),
				"prepare_blocks": track.prepare_period,
				"decision_blocks": track.decision_period,
				"confirm_blocks": track.confirm_period,
				"enactment_blocks": track.min_enactment_period,
				"approval": curve_json(&track.min_approval),
				"support": curve_json(&track.min_support),
			})
		});
		let document = json!({
			"tracks": tracks.collect::<Vec<_>>(),
			"submission_deposit": Smallest(*submission_deposit),
			"undeciding_timeout_blocks": undeciding_timeout,
			"vote_locking_blocks": vote_locking_period,
			"slot_millis": self.slot_millis,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Governance { tracks, submission_deposit, undeciding_timeout, vote_locking_period } =
			&self.governance;
		let lasts = |blocks: u32| span(blocks, self.slot_millis);
		for track in tracks {
			let deposit = format::amount(track.decision_deposit);
			let Track { id, name, max_deciding, .. } = track;
			writeln!(f, "{id:>3}  {name}: decides {max_deciding} at once, each for {deposit}")?;
			writeln!(
				f,
				"       prepares {}, decides within {}, confirms {}, enacts after {}",
				lasts(track.prepare_period),
				lasts(track.decision_period),
				lasts(track.confirm_period),
				lasts(track.min_enactment_period),
			)?;
			writeln!(f, "       approval {}", curve_text(&track.min_approval))?;
			writeln!(f, "       support  {}", curve_text(&track.min_support))?;
		}
		writeln!(f, "submitting holds {}", format::amount(*submission_deposit))?;
		let timeout = lasts(*undeciding_timeout);
		writeln!(f, "a referendum whose decision has not begun ends after {timeout}")?;
		writeln!(f, "a lock period is {}", lasts(*vote_locking_period))
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;

	/// Two tracks: root, and one that decides within 1,000 blocks.
	pub(in super::super) fn governance() -> Governance {
		let track = |id, name: &str| Track {
			id,
			name: name.to_owned(),
			max_deciding: 5,
			decision_deposit: 1_000 * format::UNIT,
			prepare_period: 20,
			decision_period: 1_000,
			confirm_period: 100,
			min_enactment_period: 10,
			min_approval: Curve::LinearDecreasing {
				length: Perbill::from_percent(100),
				floor: Perbill::from_percent(50),
				ceil: Perbill::from_percent(100),
			},
			min_support: Curve::LinearDecreasing {
				length: Perbill::from_percent(100),
				floor: Perbill::from_percent(0),
				ceil: Perbill::from_percent(50),
			},
		};
		Governance {
			tracks: vec![track(0, "root"), track(10, "economic admin")],
			submission_deposit: 10 * format::UNIT,
			undeciding_timeout: 2_000,
			vote_locking_period: 700,
		}
	}

	#[test]
	fn works_when_a_track_is_named_in_any_way() {
		let governance = governance();
		for name in ["economic admin", "economic-admin", "Economic_Admin", " 10 "] {
			assert_eq!(find(&governance, name).expect("it is there").id, 10, "{name}");
		}
		assert_eq!(chosen(&governance, "all").expect("there are some").len(), 2);
		assert_eq!(chosen(&governance, "root").expect("it is there").len(), 1);
		assert_eq!(super::name(&governance, 10), "economic admin");
		assert_eq!(super::name(&governance, 11), "track 11");
	}

	#[test]
	fn fails_when_there_is_no_such_track_and_names_all() {
		for name in ["", "economic", "1", "admin"] {
			let error = find(&governance(), name).expect_err(name).to_string();
			assert!(error.contains("\"root\", \"economic admin\""), "{error}");
		}
	}

	#[test]
	fn tracks_say_what_they_need() {
		let shown = Shown { governance: governance(), slot_millis: 6_000 };
		let text = shown.to_string();
		for expected in [
			" 10  economic admin: decides 5 at once, each for 1000 CAIRN",
			"prepares 2 min, decides within 1 h 40 min, confirms 10 min, enacts after 1 min",
			"approval 100% at first, 75% half way, 50% at the end",
			"support  50% at first, 25% half way, 0% at the end",
			"submitting holds 10 CAIRN",
			"a lock period is 1 h 10 min",
		] {
			assert!(text.contains(expected), "{expected}: {text}");
		}
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["tracks"][1]["name"], "economic admin");
		assert_eq!(value["tracks"][1]["approval"][2]["needed"], "75%");
		assert_eq!(value["submission_deposit"], "10000000000000");
	}
}
