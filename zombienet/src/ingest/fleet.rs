//! Devices of one owner, registered many at a time and assigned to one gateway.

use cairn::agent::{DevicePair, Scheme};
use cairn_chain::{BlockId, Call, Chain, Outcome, Signer, SubmitOptions, calls};
use cairn_telemetry::{Reading, SignedReading};
use cairn_types::{
	Admission, ChannelKind, DeviceId, DeviceKey, GatewayId, Hash32, MakerId, MeterRule,
	NetworkConfig, NetworkId, Possession, Quantity, Registration, Registrations, SchemaId, Unit,
	certificate::possession_message, registration::MAX_REGISTRATIONS, schema::Values,
};
use futures::future::join_all;
use sp_core::bounded::BoundedVec;
use sp_crypto_hashing::blake2_256;

use crate::shared::chain::{CAP, EXPECTED, account, bounded, channel, of, schema, send};

/// Channels of a reading.
pub const CHANNELS: usize = 4;
/// Who runs the gateway: its secret.
pub const OPERATOR: &str = "//Dave";
/// Who creates the network.
const FOUNDER: &str = "//Charlie";
/// Who owns the devices.
const OWNER: &str = "//Ferdie";
/// Devices for which transactions are sent before any of them is waited for.
const ROUND: usize = 2_048;
/// Devices that one transaction activates and assigns.
const ASSIGNED: usize = 50;

/// A device and its key.
struct Member {
	id: DeviceId,
	pair: DevicePair,
}

/// Devices of a network, assigned to a gateway.
pub struct Fleet {
	genesis: Hash32,
	network: NetworkId,
	schema: SchemaId,
	gateway: GatewayId,
	members: Vec<Member>,
}

impl Fleet {
	/// A network that admits everybody, and a gateway at `endpoint`; no devices yet.
	///
	/// # Panics
	/// If the chain refuses one of them.
	pub async fn found(chain: &Chain, endpoint: &str) -> Self {
		let founder = account(FOUNDER);
		let names = ["a", "b", "c", "d"];
		let channels =
			names.map(|name| channel(name, Quantity::Count, Unit::Count, 0, ChannelKind::Gauge));
		let call = calls::schemas::publish(&schema(channels.to_vec()));
		let outcome = send(chain, &call, &founder).await;
		let schema = outcome.find("Schemas", "Published").expect("a schema");
		let expected = u16::try_from(EXPECTED).expect("small");
		let config = NetworkConfig {
			schema,
			meter: MeterRule::Uptime { expected, cap: CAP },
			admission: Admission::Open,
		};
		let call = calls::networks::create(&bounded(b"ingest"), &config);
		let outcome = send(chain, &call, &founder).await;
		let network = outcome.find("Networks", "Created").expect("a network");
		let call = calls::telemetry::register_gateway(network, &bounded(endpoint.as_bytes()));
		let outcome = send(chain, &call, &account(OPERATOR)).await;
		let gateway = outcome.find("Telemetry", "GatewayRegistered").expect("a gateway");
		let genesis = of(chain.genesis()).await;
		Self { genesis, network, schema, gateway, members: Vec::new() }
	}

	/// Register devices, and assign them to the gateway from the next window on, until there are
	/// `count`.
	///
	/// # Panics
	/// If the chain refuses some.
	pub async fn grow(&mut self, chain: &Chain, count: usize) {
		let owner = account(OWNER);
		while self.members.len() < count {
			let first = self.members.len();
			let last = count.min(first + ROUND);
			let pairs = (first..last).map(pair).collect::<Vec<_>>();
			let ids = Box::pin(self.register(chain, &owner, &pairs)).await;
			assert_eq!(ids.len(), pairs.len(), "an event for each device");
			Box::pin(self.assign(chain, &owner, &ids)).await;
			let members = ids.into_iter().zip(pairs).map(|(id, pair)| Member { id, pair });
			self.members.extend(members);
		}
	}

	async fn register(&self, chain: &Chain, owner: &Signer, pairs: &[DevicePair]) -> Vec<DeviceId> {
		type Fields = (DeviceId, [u8; 32], NetworkId, DeviceKey, Option<MakerId>);
		// Final: a proof that names another block dies with it in a reorganisation.
		let block = of(chain.finalized()).await;
		let most = usize::try_from(MAX_REGISTRATIONS).expect("small");
		let call = |(nonce, pairs): (u32, &[DevicePair])| {
			let registrations = pairs
				.iter()
				.map(|pair| registration(pair, &self.genesis, block, &owner.account(), nonce));
			let registrations: Registrations = BoundedVec::truncate_from(registrations.collect());
			calls::devices::register_batch(self.network, &registrations)
		};
		let first = of(chain.next_nonce(&owner.account())).await;
		let calls = (first..).zip(pairs.chunks(most)).map(call).collect::<Vec<_>>();
		let outcomes = Box::pin(submit(chain, owner, first, &calls)).await;
		let events =
			outcomes.iter().flat_map(|outcome| outcome.all::<Fields>("Devices", "Registered"));
		events.map(|(device, ..)| device).collect()
	}

	async fn assign(&self, chain: &Chain, owner: &Signer, devices: &[DeviceId]) {
		let mut calls = Vec::new();
		for devices in devices.chunks(ASSIGNED) {
			let both = devices.iter().flat_map(|device| {
				let assign = calls::devices::assign_gateway(*device, self.gateway);
				[assign, calls::devices::activate(*device)]
			});
			calls.push(of(chain.batch(&both.collect::<Vec<_>>())).await);
		}
		let first = of(chain.next_nonce(&owner.account())).await;
		Box::pin(submit(chain, owner, first, &calls)).await;
	}

	/// The gateway.
	#[must_use]
	pub const fn gateway(&self) -> GatewayId {
		self.gateway
	}

	/// The network.
	#[must_use]
	pub const fn network(&self) -> NetworkId {
		self.network
	}

	/// How many devices there are.
	#[must_use]
	pub const fn len(&self) -> usize {
		self.members.len()
	}

	/// Whether there is none.
	#[must_use]
	pub const fn is_empty(&self) -> bool {
		self.members.is_empty()
	}

	/// The id of a device.
	///
	/// # Panics
	/// If there are fewer.
	#[must_use]
	pub fn id(&self, device: usize) -> DeviceId {
		self.members[device].id
	}

	/// A reading of a device, signed. Its time is its sequence.
	///
	/// # Panics
	/// If there are fewer devices.
	#[must_use]
	pub fn sign(&self, device: usize, time: u64, anchor: Hash32) -> SignedReading {
		let Member { id, pair } = &self.members[device];
		let level = i64::try_from(time % 1_000).ok();
		let reading = Reading {
			network: self.network,
			schema: self.schema,
			device: *id,
			sequence: time,
			anchor,
			time,
			values: Values::truncate_from(vec![level; CHANNELS]),
		};
		let signature = pair.sign(&reading.message(&self.genesis));
		SignedReading { reading, signature }
	}
}

/// The key of a device, always the same one.
fn pair(number: usize) -> DevicePair {
	let seed = blake2_256(format!("ingest {number}").as_bytes());
	DevicePair::from_seed(Scheme::Ed25519, &seed)
}

/// What registers a device, in the transaction of `owner` with `nonce`. Pure.
fn registration(
	pair: &DevicePair,
	genesis: &Hash32,
	block: BlockId,
	owner: &[u8; 32],
	nonce: u32,
) -> Registration {
	let key = pair.public();
	let message = possession_message(genesis, block.number, &block.hash, owner, nonce, &key);
	let possession = Possession { block: block.number, nonce, signature: pair.sign(&message) };
	Registration { key, possession, delegation: None, certificate: None }
}

/// Send calls with nonces from `first` on, and wait for all of them.
async fn submit(chain: &Chain, signer: &Signer, first: u32, calls: &[Call]) -> Vec<Outcome> {
	let sent = (first..).zip(calls).map(|(nonce, call)| {
		let options = SubmitOptions { nonce: Some(nonce), ..SubmitOptions::default() };
		of(chain.submit(call, signer, options))
	});
	join_all(sent.collect::<Vec<_>>()).await
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ingest::mqtt::first_reading;
	use codec::Encode;

	fn fleet() -> Fleet {
		let members = (0..3_u64)
			.zip(0..)
			.map(|(id, number)| Member { id: DeviceId(10 + id), pair: pair(number) });
		Fleet {
			genesis: [9; 32],
			network: NetworkId(1),
			schema: SchemaId(2),
			gateway: GatewayId(3),
			members: members.collect(),
		}
	}

	#[test]
	fn readings_are_those_of_their_device() {
		let fleet = fleet();
		let signed = fleet.sign(2, 5_500, [7; 32]);
		assert_eq!((signed.reading.device, fleet.id(2)), (DeviceId(12), DeviceId(12)));
		assert!(signed.verify(&[9; 32], &pair(2).public()));
		assert!(!signed.verify(&[9; 32], &pair(1).public()));
		assert_eq!(signed.reading.values.len(), CHANNELS);
		assert_eq!(first_reading(&vec![signed].encode()), Some((DeviceId(12), 5_500)));
	}

	#[test]
	fn a_registration_proves_possession_to_its_owner() {
		let block = BlockId { number: 4, hash: [5; 32] };
		let registration = registration(&pair(1), &[9; 32], block, &[6; 32], 8);
		let message =
			|nonce| possession_message(&[9; 32], 4, &[5; 32], &[6; 32], nonce, &registration.key);
		let signature = &registration.possession.signature;
		assert!(registration.key.verify(&message(8), signature));
		assert!(!registration.key.verify(&message(9), signature));
		assert_eq!((registration.possession.block, registration.possession.nonce), (4, 8));
	}
}
