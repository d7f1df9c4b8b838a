//! W3C Thing Descriptions, as owners attach them to devices.

use cairn_did::{Did, MAX_THING, ThingFault, check_thing, is_uri, thing_hash, thing_name};
use cairn_types::DeviceId;
use serde_json::{Value, json};

use crate::memory;

/// The device that descriptions are to be of, and another one.
const DEVICE: Did = Did(DeviceId(7));
const OTHER: Did = Did(DeviceId(8));
/// The contexts of Thing Description 1.0 and 1.1.
const TD_1_0: &str = "https://www.w3.org/2019/wot/td/v1";
const TD_1_1: &str = "https://www.w3.org/2022/wot/td/v1.1";
/// The members that every description has, each with the fault of one that lacks it.
const NEEDED: [(&str, ThingFault); 4] = [
	("@context", ThingFault::BadContext),
	("title", ThingFault::BadTitle),
	("securityDefinitions", ThingFault::BadDefinitions),
	("security", ThingFault::BadSecurity),
];

/// Bytes that may be the Thing Description of device 7. Accepted if they are.
///
/// # Panics
/// As [`crate::Target::run`] says; also if another reader of the same rules says something else, if it
/// matters how the JSON is written, if a description whose end is missing or whose device is another one
/// passes, or if its name is no URI.
#[must_use]
pub fn thing(input: &[u8]) -> bool {
	let verdict = memory::linear(input.len(), || check_thing(input, DEVICE));
	assert!(is_uri(&thing_name(&thing_hash(input))));
	if input.len() > MAX_THING {
		assert_eq!(verdict, Err(ThingFault::TooLarge));
		return false;
	}
	let Ok(value) = serde_json::from_slice::<Value>(input) else {
		assert_eq!(verdict, Err(ThingFault::NotJson));
		return false;
	};
	assert_eq!(verdict, judged(&value), "{value}");
	assert_eq!(check(&value, DEVICE), verdict, "{value}");
	match verdict {
		Ok(()) => {
			if let Some((_, cut)) = input.trim_ascii_end().split_last() {
				assert_eq!(check_thing(cut, DEVICE), Err(ThingFault::NotJson));
			}
			needed(&value);
			owned(&value);
		},
		Err(ThingFault::OtherDevice) => {
			let id = value["id"].as_str().expect("an id");
			let other = id.parse::<Did>().expect("a device");
			assert_eq!(check_thing(input, other), Ok(()), "{value}");
		},
		Err(_) => {},
	}
	verdict.is_ok()
}

fn check(thing: &Value, device: Did) -> Result<(), ThingFault> {
	let written = serde_json::to_vec(thing).expect("it is JSON");
	check_thing(&written, device)
}

/// The same rules, read another way.
fn judged(thing: &Value) -> Result<(), ThingFault> {
	let members = thing.as_object().ok_or(ThingFault::NotAnObject)?;
	let contexts = listed(&thing["@context"]);
	let is_known = contexts.starts_with(&[Some(TD_1_1)])
		|| contexts.starts_with(&[Some(TD_1_0), Some(TD_1_1)]);
	let names = listed(&thing["security"]);
	let schemes = thing["securityDefinitions"].as_object();
	let is_scheme = |scheme: &Value| matches!(scheme["scheme"], Value::String(_));
	let is_name = |name: &Option<&str>| {
		name.is_some_and(|name| thing["securityDefinitions"].get(name).is_some())
	};
	let rules = [
		is_known,
		matches!(thing["title"], Value::String(_)),
		schemes.is_some_and(|all| !all.is_empty() && all.values().all(is_scheme)),
		!names.is_empty() && names.iter().all(is_name),
	];
	let broken = NEEDED.iter().zip(rules).find(|(_, is_kept)| !is_kept);
	if let Some(((_, fault), _)) = broken {
		return Err(*fault);
	}
	let Some(id) = members.get("id") else { return Ok(()) };
	let id = id.as_str().filter(|id| is_uri(id)).ok_or(ThingFault::BadId)?;
	let number = id.strip_prefix("did:cairn:").and_then(|number| number.parse::<u64>().ok());
	match number.map(|number| Did(DeviceId(number))) {
		Some(device) if device != DEVICE && device.to_string() == id => {
			Err(ThingFault::OtherDevice)
		},
		_ => Ok(()),
	}
}

/// The texts of a list, or of what stands for a list of one; `None` for what is no text.
fn listed(value: &Value) -> Vec<Option<&str>> {
	match value {
		Value::Array(values) => values.iter().map(Value::as_str).collect(),
		one => vec![one.as_str()],
	}
}

/// A description without a member that it needs is refused for that; another one changes nothing.
fn needed(thing: &Value) {
	for (name, fault) in NEEDED {
		let mut less = thing.clone();
		less.as_object_mut().expect("a map").remove(name);
		assert_eq!(check(&less, DEVICE), Err(fault), "without {name}");
	}
	let mut more = thing.clone();
	more["note"] = json!({ "id": 7 });
	assert_eq!(check(&more, DEVICE), Ok(()));
}

/// With a device's DID it is that device's; without an id it is any's.
fn owned(thing: &Value) {
	let mut own = thing.clone();
	own["id"] = json!(DEVICE.to_string());
	assert_eq!(check(&own, DEVICE), Ok(()));
	assert_eq!(check(&own, OTHER), Err(ThingFault::OtherDevice));
	own.as_object_mut().expect("a map").remove("id");
	assert_eq!(check(&own, OTHER), Ok(()));
}
