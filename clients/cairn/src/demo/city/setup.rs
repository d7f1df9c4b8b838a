//! What the city puts on a fresh chain: schemas of the library, a maker, networks, gateways, and
//! devices that say where they are.

use std::path::Path;

use cairn_chain::{Call, Chain, Outcome, Signer, SubmitOptions, calls};
use cairn_geo::{Cell, Location};
use cairn_types::{
	DeviceId, DeviceKey, GatewayId, MakerId, NetworkConfig, NetworkId, Registration, Registrations,
	SchemaId, Window, meter::Admission,
};
use futures::future::try_join_all;
use sp_core::bounded::BoundedVec;

use super::plan::{NetworkPlan, Plan};
use crate::{
	agent::{self, DevicePair, Occasion, Scheme},
	demo::setup::{become_maker, certify, register_gateway, send},
	owner::{OwnerError, library_schema, maker_registered, session::missing_event},
};

/// Secrets of the gateways' operators: each sends its own transactions, so that none waits for
/// another's.
pub(super) const SEALERS: [&str; 3] = ["//Charlie", "//Dave", "//Eve"];

/// Who does what: accounts that a development chain endows.
pub(super) struct Cast {
	/// Maker, and operator of the networks.
	operator: Signer,
	/// Owner of the devices.
	owner: Signer,
	/// Operators of the gateways.
	sealers: Vec<Signer>,
}

impl Cast {
	/// The accounts.
	///
	/// # Errors
	/// Never, as long as development keys are secrets.
	pub(super) fn new() -> Result<Self, OwnerError> {
		Ok(Self {
			operator: Signer::from_suri("//Alice")?,
			owner: Signer::from_suri("//Bob")?,
			sealers: SEALERS
				.iter()
				.map(|secret| Signer::from_suri(secret))
				.collect::<Result<_, _>>()?,
		})
	}
}

/// A network of the city, on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
	/// Its id.
	pub(super) id: NetworkId,
	/// Its name.
	pub(super) name: String,
	/// The name of its schema.
	pub(super) schema: String,
	/// Where its values come from, in words.
	pub(super) input: String,
	/// Its gateway.
	pub(super) gateway: GatewayId,
	/// Where that is.
	pub(super) url: String,
	/// Its devices.
	pub(super) devices: Vec<Device>,
}

/// A device of the city, on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
	/// Its id.
	pub(super) id: DeviceId,
	/// Its name.
	pub(super) name: String,
	/// Where it is.
	pub(super) cell: Cell,
	/// Whether that is in the cell that is asked about.
	pub(super) is_inside: bool,
}

/// A device that is to be registered.
struct Candidate {
	name: String,
	pair: DevicePair,
	location: Location,
}

/// Put the city on the chain; returns its networks, and the first window in which all devices work.
///
/// - `urls`: where the gateways are going to be, one for each network.
/// - `keys`: directory in which the devices' keys are made.
///
/// # Errors
/// If the chain refuses anything.
pub(super) async fn build(
	chain: &Chain,
	cast: &Cast,
	plan: &Plan,
	urls: &[String],
	keys: &Path,
) -> Result<(Vec<Network>, Window), OwnerError> {
	let (maker, schemas) = Box::pin(publish(chain, cast, plan)).await?;
	let ids = Box::pin(create(chain, cast, plan, maker, &schemas)).await?;
	let candidates = candidates(plan, keys)?;
	let gateways = ids.iter().zip(&cast.sealers).zip(urls);
	let gateways = gateways
		.map(|((network, sealer), url)| Box::pin(register_gateway(chain, sealer, *network, url)));
	let (gateways, devices) = tokio::try_join!(
		try_join_all(gateways),
		Box::pin(register(chain, cast, maker, &ids, &candidates)),
	)?;
	let from = Box::pin(put_to_work(chain, cast, &gateways, &devices, &candidates)).await?;

	let mut networks = Vec::new();
	let places = plan.networks.iter().zip(ids).zip(gateways).zip(urls);
	for ((((planned, id), gateway), url), (ids, candidates)) in
		places.zip(devices.iter().zip(&candidates))
	{
		let devices = ids.iter().zip(candidates).map(|(id, it)| device_of(*id, it, plan.cell));
		networks.push(Network {
			id,
			name: planned.name.clone(),
			schema: planned.schema.clone(),
			input: planned.input.clone(),
			gateway,
			url: url.clone(),
			devices: devices.collect(),
		});
	}
	Ok((networks, from))
}

fn device_of(id: DeviceId, candidate: &Candidate, asked: Cell) -> Device {
	let cell = candidate.location.cell();
	let is_inside = cell.parent(asked.resolution()) == Ok(asked);
	Device { id, name: candidate.name.clone(), cell, is_inside }
}

/// Publish the networks' schemas and register the maker, in one transaction.
async fn publish(
	chain: &Chain,
	cast: &Cast,
	plan: &Plan,
) -> Result<(MakerId, Vec<SchemaId>), OwnerError> {
	let publish = |network: &NetworkPlan| {
		library_schema(&network.schema).map(|schema| calls::schemas::publish(&schema))
	};
	let mut all = plan.networks.iter().map(publish).collect::<Result<Vec<_>, OwnerError>>()?;
	all.push(become_maker()?);
	let outcome = together(chain, &cast.operator, &all).await?;
	let published = outcome.all::<(SchemaId, [u8; 32])>("Schemas", "Published");
	let ids = published.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
	ensure_all(ids.len(), plan.networks.len(), "Schemas.Published")?;
	Ok((maker_registered(&outcome)?, ids))
}

/// Create the networks, which admit the maker's devices, in one transaction.
async fn create(
	chain: &Chain,
	cast: &Cast,
	plan: &Plan,
	maker: MakerId,
	schemas: &[SchemaId],
) -> Result<Vec<NetworkId>, OwnerError> {
	let create = |(network, schema): (&NetworkPlan, &SchemaId)| {
		let config = NetworkConfig {
			schema: *schema,
			meter: network.meter,
			admission: Admission::Certified(BoundedVec::truncate_from(vec![maker])),
		};
		let name = BoundedVec::truncate_from(network.name.as_bytes().to_vec());
		calls::networks::create(&name, &config)
	};
	let all = plan.networks.iter().zip(schemas).map(create).collect::<Vec<_>>();
	let outcome = together(chain, &cast.operator, &all).await?;
	let created = outcome.all::<(NetworkId, [u8; 32], u32)>("Networks", "Created");
	ensure_all(created.len(), plan.networks.len(), "Networks.Created")?;
	Ok(created.into_iter().map(|(id, ..)| id).collect())
}

/// The devices of each network, with keys of their own.
fn candidates(plan: &Plan, keys: &Path) -> Result<Vec<Vec<Candidate>>, OwnerError> {
	let of_network = |network: &NetworkPlan| {
		let candidates = network.devices.iter().map(|device| {
			let key = keys.join(format!("{}.key", device.name));
			let (pair, _) = agent::load_or_make(&key, Scheme::Ed25519)?;
			Ok(Candidate { name: device.name.clone(), pair, location: device.location()? })
		});
		candidates.collect::<Result<Vec<_>, OwnerError>>()
	};
	plan.networks.iter().map(of_network).collect()
}

/// Register all devices in one transaction, a batch for each network.
async fn register(
	chain: &Chain,
	cast: &Cast,
	maker: MakerId,
	networks: &[NetworkId],
	candidates: &[Vec<Candidate>],
) -> Result<Vec<Vec<DeviceId>>, OwnerError> {
	type Fields = (DeviceId, [u8; 32], NetworkId, DeviceKey, Option<MakerId>);

	let (owner, genesis) = (cast.owner.account(), chain.genesis().await?);
	let call = |nonce| async move {
		let block = chain.finalized().await?;
		let occasion = Occasion { genesis, block, owner, nonce };
		let registration = |candidate: &Candidate| {
			let key = candidate.pair.public();
			Ok(Registration {
				key,
				possession: occasion.prove(&candidate.pair),
				delegation: None,
				certificate: Some(certify(&genesis, maker, &key, &candidate.name)?),
			})
		};
		let mut all = Vec::new();
		for (network, candidates) in networks.iter().zip(candidates) {
			let each = candidates.iter().map(registration);
			let each = each.collect::<Result<Vec<_>, OwnerError>>()?;
			let registrations: Registrations = BoundedVec::truncate_from(each);
			all.push(calls::devices::register_batch(*network, &registrations));
		}
		Ok::<_, OwnerError>(chain.batch(&all).await?)
	};
	let sent = chain.submit_made(&cast.owner, SubmitOptions::default(), call);
	let outcome = Box::pin(sent).await?;
	let registered = outcome.all::<Fields>("Devices", "Registered");
	let id = |candidate: &Candidate| {
		let key = candidate.pair.public();
		let found = registered.iter().find(|(_, _, _, registered, _)| *registered == key);
		found.map(|(id, ..)| *id).ok_or_else(|| missing_event("Devices.Registered"))
	};
	let ids = |candidates: &Vec<Candidate>| {
		candidates.iter().map(id).collect::<Result<Vec<_>, OwnerError>>()
	};
	candidates.iter().map(ids).collect()
}

/// Assign each device to its network's gateway, activate it and say where it is, in one transaction;
/// returns the first window in which all of that holds.
async fn put_to_work(
	chain: &Chain,
	cast: &Cast,
	gateways: &[GatewayId],
	devices: &[Vec<DeviceId>],
	candidates: &[Vec<Candidate>],
) -> Result<Window, OwnerError> {
	let mut all = Vec::new();
	for ((gateway, devices), candidates) in gateways.iter().zip(devices).zip(candidates) {
		for (device, candidate) in devices.iter().zip(candidates) {
			all.push(calls::devices::assign_gateway(*device, *gateway));
			all.push(calls::devices::activate(*device));
			all.push(calls::devices::assert_location(*device, &candidate.location));
		}
	}
	let outcome = together(chain, &cast.owner, &all).await?;
	let placed = outcome.all::<(DeviceId, Location, Window)>("Devices", "LocationAsserted");
	ensure_all(placed.len(), devices.iter().map(Vec::len).sum(), "Devices.LocationAsserted")?;
	let active = outcome.all::<(DeviceId, Window, Window)>("Devices", "Activated");
	let since = placed.into_iter().map(|(.., since)| since);
	let since = since.chain(active.into_iter().map(|(_, from, _)| from));
	since.max().ok_or_else(|| missing_event("Devices.Activated"))
}

/// Send calls as one: all of them, or none.
async fn together(chain: &Chain, signer: &Signer, all: &[Call]) -> Result<Outcome, OwnerError> {
	let call = chain.batch(all).await?;
	send(chain, &call, signer).await
}

fn ensure_all(found: usize, expected: usize, event: &str) -> Result<(), OwnerError> {
	if found == expected { Ok(()) } else { Err(missing_event(event)) }
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use crate::demo::city::plan::tests::plan;
	use std::collections::BTreeSet;

	/// The city, as it would be on a chain.
	pub(in crate::demo::city) fn networks() -> Vec<Network> {
		let (plan, directory) = (plan(), tempfile::tempdir().expect("a temporary directory"));
		let candidates = candidates(&plan, directory.path()).expect("keys and places");
		let network = |(id, (planned, candidates)): (u32, (&NetworkPlan, &Vec<Candidate>))| {
			let devices = (u64::from(id) * 10..).zip(candidates);
			Network {
				id: NetworkId(id),
				name: planned.name.clone(),
				schema: planned.schema.clone(),
				input: planned.input.clone(),
				gateway: GatewayId(id),
				url: format!("http://127.0.0.1:{id}"),
				devices: devices.map(|(id, it)| device_of(DeviceId(id), it, plan.cell)).collect(),
			}
		};
		(0..).zip(plan.networks.iter().zip(&candidates)).map(network).collect()
	}

	#[test]
	fn everybody_has_an_account_of_their_own() {
		let cast = Cast::new().expect("development keys");
		let all = cast.sealers.iter().chain([&cast.operator, &cast.owner]);
		let accounts = all.map(Signer::account).collect::<BTreeSet<_>>();
		assert_eq!(accounts.len(), SEALERS.len() + 2);
		assert_eq!(plan().networks.len(), SEALERS.len(), "a gateway's operator for each network");
	}

	#[test]
	fn devices_have_keys_of_their_own_and_are_inside_or_not() {
		let networks = networks();
		for network in &networks {
			let inside = network.devices.iter().filter(|device| device.is_inside).count();
			assert!(inside > 0 && inside < network.devices.len(), "{}", network.name);
		}
		let devices = networks.iter().flat_map(|network| &network.devices);
		let ids = devices.map(|device| device.id).collect::<BTreeSet<_>>();
		assert_eq!(ids.len(), 9);
	}

	#[test]
	fn fails_when_an_event_is_missing() {
		assert!(ensure_all(2, 2, "Networks.Created").is_ok());
		let error = ensure_all(1, 2, "Networks.Created").expect_err("one is missing");
		assert!(error.to_string().contains("Networks.Created"), "{error}");
	}
}
